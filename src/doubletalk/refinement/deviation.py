"""One unsent message: what types get there from the responses that some beliefs make rational.

The responses are the pieces (Q, Z) of the message's station (theory, section 3). MBR(B), the mixed best replies of all
audiences to a common belief in B, is the union of the Z whose Q meets B: a union of polytopes. On each the payoff of a
type is linear, so that every question "is there a response in MBR(B) with which ..." is one exact linear system.

Equilibrium payoffs u* are given as the extreme points of a polytope, because they vary in some components. Questions
then have two answers: *possible*, for some u* in the polytope, and *certain*, for all of them. The second is claimed
only when one piece answers at every extreme point; as the answers on one piece form a convex set in (response, u*), it
then answers in between. With a single u* the two are the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from doubletalk.equilibrium.polyhedra import Polytope, StrictSystem
from doubletalk.equilibrium.response import Piece, ResponseComplex, Row
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game
from doubletalk.refinement.beliefs import Beliefs, on

__all__ = ["ABOVE", "AT_LEAST", "AT_MOST", "BELOW", "EQUAL", "Deviation", "Limit", "Point"]

Point = tuple[Rational, ...]
"""Equilibrium payoffs u*, by type."""

Limit = tuple[int, str]
"""(type, sense): how what the type gets from the response compares with its u*."""

ABOVE, AT_LEAST, EQUAL, AT_MOST, BELOW = ">", ">=", "=", "<=", "<"


class Deviation:
    """The station of one message that nobody sends, seen by all audiences.

    ``types`` can send the message; pieces are numbered as in the station. ``pair_of`` type -> its unknown among the
    beliefs; ``unknowns`` those with all that are tied to them, ascending
    """

    def __init__(self, game: Game, complex_: ResponseComplex, station: int) -> None:
        self.game, self._complex = game, complex_
        self._station = complex_.stations[station]
        self.pair_of = {complex_.pairs[i][0]: i for i in self._station.pairs}
        self.types = tuple(sorted(self.pair_of))
        (m,) = {complex_.pairs[i][1] for i in self._station.pairs}
        self.message = game.messages[m]
        self._met: dict[Beliefs, tuple[int, ...]] = {}
        self._gains = [
            [
                [{t: block.vertices[v].payoffs.get(i, ZERO) for t, i in self.pair_of.items()} for v in support]
                for block, support in zip(self._station.blocks, piece.support, strict=True)
            ]
            for piece in self._station.pieces
        ]
        self._pure = [self._pure_payoffs(k) for k in range(len(self._gains))]

        here = set(self._station.pairs)
        self._links = [link for link in complex_.links if min(link) in here]
        self.unknowns = sorted(here.union(*self._links))

    def _pure_payoffs(self, k: int) -> list[dict[int, Rational]]:
        """What each combination of extreme responses of piece k pays the types."""
        found = []
        for choice in product(*self._gains[k]):
            base = {t: self._complex.base[i] for t, i in self.pair_of.items()}
            found.append({t: sum((gain[t] for gain in choice), value) for t, value in base.items()})
        return found

    # ---- which responses are rational for some belief --------------------------------------------------------------

    def replies_to(self, beliefs: Beliefs) -> tuple[int, ...]:
        """The pieces whose union of responses is MBR(*beliefs*)."""
        if beliefs not in self._met:
            pieces = enumerate(self._station.pieces)
            self._met[beliefs] = tuple(k for k, piece in pieces if self._meets(piece, beliefs))
        return self._met[beliefs]

    def replies_on(self, allowed: Iterable[int]) -> tuple[int, ...]:
        """The pieces of MBR(beliefs on the *allowed* types)."""
        return self.replies_to(on(allowed, self.types))

    def _meets(self, piece: Piece, beliefs: Beliefs) -> bool:
        """Whether Q holds a nonzero belief of the set."""
        unknowns = self.unknowns
        place = {u: n for n, u in enumerate(unknowns)}
        body = Polytope(len(unknowns) + beliefs.extra)
        body.equal({place[i]: ONE for i in self._station.pairs}, ONE)
        for row, equal in self._rows_of(piece):
            (body.equal if equal else body.at_least)({place[u]: v for u, v in row.items()})
        for line, equal in beliefs.lines:
            named = {place[self.pair_of[i]] if i >= 0 else len(unknowns) - 1 - i: v for i, v in line}
            if equal:
                body.equal(named)
            else:
                body.at_least(named)
        return not body.is_empty()

    def _rows_of(self, piece: Piece) -> Iterator[tuple[Row, bool]]:
        """(row, whether it vanishes or is at least 0) on Q, the ties between unknowns among them."""
        for row in (*self._links, *piece.equal):
            yield row, True
        for row in piece.at_least:
            yield row, False

    def belief_rows(self, k: int) -> Iterator[tuple[Row, bool]]:
        """The rows of the beliefs of piece *k*, over ``unknowns``: (row, whether it vanishes or is at least 0)."""
        return self._rows_of(self._station.pieces[k])

    def larger(self, k: int) -> list[int]:
        """The pieces that have all responses of piece *k* and more."""
        mine = self._station.pieces[k].support
        return [
            n
            for n, piece in enumerate(self._station.pieces)
            if piece.support != mine and all(set(a) <= set(b) for a, b in zip(mine, piece.support, strict=True))
        ]

    # ---- what they pay ---------------------------------------------------------------------------------------------

    def least(self, sender_type: int, pieces: Sequence[int]) -> Rational:
        """The least that any response of the pieces pays the type."""
        return min(pay[sender_type] for k in pieces for pay in self._pure[k])

    def most(self, sender_type: int, pieces: Sequence[int]) -> Rational:
        """The most that any response of the pieces pays the type."""
        return max(pay[sender_type] for k in pieces for pay in self._pure[k])

    def between(self, sender_type: int, k: int) -> tuple[Rational, Rational]:
        """The least and the most that responses of piece *k* pay the type."""
        values = [pay[sender_type] for pay in self._pure[k]]
        return min(values), max(values)

    def sizes(self, k: int) -> list[int]:
        """How many extreme responses piece *k* has in each block."""
        return [len(block) for block in self._gains[k]]

    def payoff_row(self, k: int, t: int) -> tuple[list[Rational], Rational]:
        """What the type gets over the weights of piece *k*'s extreme responses, block after block; the constant."""
        return [gain[t] for block in self._gains[k] for gain in block], self._complex.base[self.pair_of[t]]

    def possible(self, pieces: Iterable[int], points: Sequence[Point], limits: Sequence[Limit]) -> bool:
        """Whether some response of the pieces meets all *limits* for some u* in the hull of *points*."""
        return any(self._exists(k, points, limits) for k in pieces)

    def certain(self, pieces: Iterable[int], points: Sequence[Point], limits: Sequence[Limit]) -> bool:
        """Whether, for every u* in the hull of *points*, some response of one and the same piece meets all *limits*."""
        return any(all(self._exists(k, (point,), limits) for point in points) for k in pieces)

    def _exists(self, k: int, points: Sequence[Point], limits: Sequence[Limit]) -> bool:
        pure = self._pure[k]
        for t, sense in limits:
            low, high = min(pay[t] for pay in pure), max(pay[t] for pay in pure)
            if not _may(sense, low - max(p[t] for p in points), high - min(p[t] for p in points)):
                return False
        if any(all(_holds(sense, pay[t] - p[t]) for t, sense in limits) for pay in pure for p in points):
            return True
        if len(pure) == 1 and len(points) == 1:
            return False
        return not self._system(k, points, limits).is_empty()

    def _system(self, k: int, points: Sequence[Point], limits: Sequence[Limit]) -> StrictSystem:
        """Weights on the extreme responses of each block, then on the points, then one slack for each strict limit."""
        sizes = [len(block) for block in self._gains[k]]
        strict = [n for n, (_, sense) in enumerate(limits) if sense in (ABOVE, BELOW)]
        first_point = sum(sizes)
        first_slack = first_point + len(points)
        slack = {n: first_slack + i for i, n in enumerate(strict)}
        system = StrictSystem(first_slack + len(strict), slack.values())
        at = 0
        for size in [*sizes, len(points)]:
            system.equal(dict.fromkeys(range(at, at + size), ONE), ONE)
            at += size
        for n, (t, sense) in enumerate(limits):
            gain = self._gain_row(k, points, t)
            base = self._complex.base[self.pair_of[t]]
            if sense == EQUAL:
                system.equal(gain, -base)
                continue
            sign = ONE if sense in (ABOVE, AT_LEAST) else -ONE
            row = {i: sign * v for i, v in gain.items()}
            if n in slack:
                system.equal({**row, slack[n]: -ONE}, -sign * base)
            else:
                system.at_least(row, -sign * base)
        return system

    def _gain_row(self, k: int, points: Sequence[Point], t: int) -> dict[int, Rational]:
        """u(t, m, response) - u*(t), but for the constant base, over the weights."""
        row = [gain[t] for block in self._gains[k] for gain in block]
        row += [-point[t] for point in points]
        return {i: v for i, v in enumerate(row) if v != 0}

    def _mixtures(self, k: int) -> Polytope:
        """Weights on the extreme responses of each block of piece *k*, then a one."""
        sizes = [*(len(block) for block in self._gains[k]), 1]
        body = Polytope(sum(sizes))
        at = 0
        for size in sizes:
            body.equal(dict.fromkeys(range(at, at + size), ONE), ONE)
            at += size
        return body

    def example(self, k: int, point: Point, limits: Sequence[Limit]) -> dict[int, Rational]:
        """What the types get from one response of piece *k* that meets the limits: the mean of its closure's corners.

        The limits must be possible; the mean lies strictly inside every strict limit, as some corner does.
        """
        body = self._mixtures(k)
        rows = {t: self._gain_row(k, (point,), t) for t in self.types}
        for t, sense in limits:
            base = self._complex.base[self.pair_of[t]]
            if sense == EQUAL:
                body.equal(rows[t], -base)
            else:
                sign = ONE if sense in (ABOVE, AT_LEAST) else -ONE
                body.at_least({i: sign * v for i, v in rows[t].items()}, -sign * base)
        corners = body.vertices()
        mean = [sum((x[i] for x in corners), ZERO) / len(corners) for i in range(body.size)]
        return {
            t: point[t] + sum((v * mean[i] for i, v in row.items()), self._complex.base[self.pair_of[t]])
            for t, row in rows.items()
        }

    def least_gain(self, winner: int, willing: int, pieces: Iterable[int], point: Point) -> Rational | None:
        """The least gain of type *winner* over the responses from which type *willing* does not lose; None if none."""
        found: list[Rational] = []
        for k in pieces:
            body = self._mixtures(k)
            body.at_least(self._gain_row(k, (point,), willing), -self._complex.base[self.pair_of[willing]])
            row = self._gain_row(k, (point,), winner)
            base = self._complex.base[self.pair_of[winner]]
            found += [sum((v * x[i] for i, v in row.items()), base) for x in body.vertices()]
        return min(found, default=None)


def _holds(sense: str, gain: Rational) -> bool:
    if sense == EQUAL:
        return bool(gain == 0)
    if sense == ABOVE:
        return bool(gain > 0)
    if sense == BELOW:
        return bool(gain < 0)
    return bool(gain >= 0 if sense == AT_LEAST else gain <= 0)


def _may(sense: str, low: Rational, high: Rational) -> bool:
    """Whether a gain between *low* and *high* can meet the limit."""
    if sense == EQUAL:
        return bool(low <= 0 <= high)
    return _holds(sense, high if sense in (ABOVE, AT_LEAST) else low)
