"""D1 in the exchange, worked out a second time from its definition, in every world, without the refinement module.

Only `alarm` and `both` can go unsent, and only the two mouthpieces can send them, so a belief is one number b: the
chance of a hedger. What the client can be given after such a message is then a finite union of points and segments in
the plane of (payoff of the hedger, payoff of the captive): the Kremlin is indifferent at one b after each move of the
West, the West between two moves at one b or, where the Kremlin is indifferent, at one mixture.
"""

from __future__ import annotations

from itertools import combinations, pairwise, product

import pytest

from doubletalk.case.finding import find_case
from doubletalk.case.loading import load_case
from doubletalk.equilibrium import solve
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.refinement import refine

CASE = load_case(find_case("belarus"))
MOVES = ("pressure", "relieve", "demand")
Pair = tuple[Rational, Rational]
Segment = tuple[Pair, Pair]


class Unsent:
    """The exchange after an unsent message, written out by hand from the payoffs of the game."""

    def __init__(self, p: dict[str, Rational], message: str) -> None:
        self.p, self.message = p, message

    def ends(self, stance: str, west: str, pays: bool) -> tuple[Rational, Rational, Rational]:
        """(client, West, Kremlin) once the reply is chosen; there are no ties in these worlds."""
        p = self.p
        talk = -p["ca"] - (p["cc"] if self.message == "both" else ZERO) - (ZERO if west == "relieve" else p["cw"])
        gift = p["s"] if pays else ZERO
        stays = p["k"] - p["s"] if pays else ZERO
        if west == "pressure":
            return talk + gift, -p["e"], stays
        if west == "relieve":
            turn = p["v"] if stance == "hedger" else -p["base"]
            assert turn != gift
            if turn > gift:
                return talk + p["rho"] + turn, p["g"], -p["L"]
            return talk + p["rho"] + gift, -p["l"], stays
        turn = p["rho"] - (p["d"] if stance == "hedger" else p["rho"] + p["s"] + p["D"])
        assert turn != gift
        if turn > gift:
            return talk + turn, p["G"] - p["e"] - p["w"], -p["M"]
        return talk + gift, -p["e"] - p["w"], stays

    def mean(self, who: int, west: str, pays: bool, b: Rational) -> Rational:
        return b * self.ends("hedger", west, pays)[who] + (1 - b) * self.ends("captive", west, pays)[who]

    def ties(self) -> list[Rational]:
        """Beliefs at which somebody may be indifferent, the Kremlin taken as pure."""
        lines = [[(self.mean(2, w, a, b)) for b in (ZERO, ONE)] for w in MOVES for a in (True, False)]
        pairs = list(zip(lines[::2], lines[1::2], strict=True))
        west = [[self.mean(1, w, a, b) for b in (ZERO, ONE)] for w in MOVES for a in (True, False)]
        pairs += list(combinations(west, 2))
        found = {ZERO, ONE}
        for (f0, f1), (g0, g1) in pairs:
            if f1 - f0 != g1 - g0:
                b = (g0 - f0) / (f1 - f0 - g1 + g0)
                if 0 < b < 1:
                    found.add(b)
        return sorted(found)

    def pure(self, west: str, pays: bool) -> Pair:
        return self.ends("hedger", west, pays)[0], self.ends("captive", west, pays)[0]

    def at(self, b: Rational) -> list[Segment]:
        """All that the client can be given when the belief is b."""
        best = {}
        for w in MOVES:
            yes, no = self.mean(2, w, True, b), self.mean(2, w, False, b)
            best[w] = [True] if yes > no else [False] if no > yes else [True, False]
        mixing = [w for w in MOVES if len(best[w]) == 2]
        assert len(mixing) <= 1  # two ties of the Kremlin at one belief would need a plane
        out: list[Segment] = []
        for chosen in product(*(best[w] for w in MOVES)):
            pays = dict(zip(MOVES, chosen, strict=True))
            worth = {w: self.mean(1, w, pays[w], b) for w in MOVES}
            out += self._west(worth, {w: self.pure(w, pays[w]) for w in MOVES})
        for w in mixing:
            out += self._mixed(w, best, b)
        return out

    def _west(self, worth: dict[str, Rational], gives: dict[str, Pair]) -> list[Segment]:
        top = [w for w in MOVES if worth[w] == max(worth.values())]
        assert len(top) <= 2
        return [(gives[top[0]], gives[top[-1]])]

    def _mixed(self, w: str, best: dict[str, list[bool]], b: Rational) -> list[Segment]:
        """The Kremlin mixes after w: w itself with each mixture good enough, and w mixed with the next best move."""
        others = [x for x in MOVES if x != w]
        worth = {x: self.mean(1, x, best[x][0], b) for x in others}
        outside = max(worth.values())
        no, yes = self.mean(1, w, False, b), self.mean(1, w, True, b)
        cuts = [ZERO, ONE]
        if yes != no and 0 < (outside - no) / (yes - no) < 1:
            cuts.insert(1, (outside - no) / (yes - no))
        out: list[Segment] = []
        for low, high in pairwise(cuts):
            middle = (low + high) / 2
            if no + middle * (yes - no) >= outside:
                out.append((self._blend(w, low), self._blend(w, high)))
        if len(cuts) == 3:
            rival = [x for x in others if worth[x] == outside]
            assert len(rival) == 1
            out.append((self._blend(w, cuts[1]), self.pure(rival[0], best[rival[0]][0])))
        return out

    def _blend(self, w: str, x: Rational) -> Pair:
        (a, b), (c, d) = self.pure(w, False), self.pure(w, True)
        return a + x * (c - a), b + x * (d - b)

    def everything(self) -> list[Segment]:
        beliefs = self.ties()
        beliefs += [(a + b) / 2 for a, b in pairwise(beliefs)]
        return [segment for b in beliefs for segment in self.at(b)]


def _cut(segment: Segment, star: Pair) -> list[Pair]:
    """Points of a segment that show every sign of (payoff less star): its ends, where it crosses, between these."""
    (a, b), (c, d) = segment
    shares = {ZERO, ONE}
    for start, end, level in ((a, c, star[0]), (b, d, star[1])):
        if start != end and 0 < (level - start) / (end - start) < 1:
            shares.add((level - start) / (end - start))
    ordered = sorted(shares)
    ordered += [(x + y) / 2 for x, y in pairwise(ordered)]
    return [(a + x * (c - a), b + x * (d - b)) for x in ordered]


def passes(node: Unsent, star: Pair) -> bool:
    """Cho and Kreps' D1: strike out a type whose every reason to deviate is a strict one of the other; then ask
    whether some answer to a belief on those left keeps both at home."""
    points = [(x - star[0], y - star[1]) for s in node.everything() for x, y in _cut(s, star)]
    hedger_out = all(y > 0 for x, y in points if x >= 0)
    captive_out = all(x > 0 for x, y in points if y >= 0)
    if hedger_out == captive_out:  # none is struck out, or each for want of any reason
        left = points
    else:
        belief = ZERO if hedger_out else ONE
        left = [(x - star[0], y - star[1]) for s in node.at(belief) for x, y in _cut(s, star)]
    return any(x <= 0 and y <= 0 for x, y in left)


@pytest.mark.parametrize("world", CASE.worlds, ids=lambda world: world.name)
def test_d1_of_the_exchange_agrees_with_its_definition(world) -> None:  # type: ignore[no-untyped-def]
    """In this world every outcome with settled payoffs survives D1 exactly where the definition, by hand, says so."""
    game = CASE.games["exchange"].game(world.values)
    checked = 0
    for outcome in refine(solve(game), ["d1"]).outcomes:
        if outcome.payoffs is None:
            continue
        paid = outcome.payoffs["client"]
        star = (paid["hedger,mouthpiece"], paid["captive,mouthpiece"])
        sent = {m for f in outcome.families for e in f.sender_extremes for plan in e.values() for m in plan}
        assert {"court", "quiet"} <= sent
        expected = all(passes(Unsent(dict(game.parameters), m), star) for m in ("alarm", "both") if m not in sent)
        assert outcome.survives["d1"] is expected, outcome.id
        checked += 1
    assert checked
