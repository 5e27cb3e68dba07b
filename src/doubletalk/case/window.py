r"""The window: for which belief an offer works, is pocketed, or only raises the price that another pays.

Two audiences move in turn and payoffs depend on the type through a two-valued trait, so after each action of the first
audience the second one's best response, and with it the first one's payoff, is a piecewise linear function of the
belief b. Both players' payoffs from a *fixed* continuation are linear in b, hence every breakpoint is the root of a
linear equation with rational coefficients: exact, with no search.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import combinations, pairwise

from doubletalk.case.best import best_response, payoff_trait, type_belief
from doubletalk.errors import InputError
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["Endpoint", "Line", "Move", "Segment", "Window", "WindowRoles", "find_window", "how_it_moves"]


@dataclass(frozen=True)
class WindowRoles:
    """Which players and actions of the game play which part (``window:`` of case.yaml).

    ``first`` offers or not; ``second`` watches it and may ``outbid``. ``offer`` is given for words, ``screen`` only
    against steps, ``stick`` is neither.
    """

    first: str
    second: str
    offer: str
    stick: str
    screen: str | None
    outbid: str


@dataclass(frozen=True)
class Line:
    """payoff(b) = ``at_zero`` + ``slope`` * b."""

    at_zero: Rational
    slope: Rational

    def __call__(self, b: Rational) -> Rational:
        """The payoff at belief *b*."""
        return self.at_zero + self.slope * b


@dataclass(frozen=True)
class Segment:
    """An open interval of beliefs on which everything is constant or linear.

    ``best``     best actions of the first audience (several only where they tie throughout)
    ``response`` first audience's action -> what the second one then does
    ``payoffs``  first audience's action -> its payoff as a line in b
    ``offer``    what the offer does here: "works", "pocketed", "outbid" (it only raises the price that the other pays),
                 "paid anyway" (the other pays even without it)
    """

    low: Rational
    high: Rational
    best: tuple[str, ...]
    response: Mapping[str, str]
    payoffs: Mapping[str, Line]
    offer: str
    screen_beats_offer: bool | None


@dataclass(frozen=True)
class Endpoint:
    """A named belief at which something changes."""

    name: str
    value: Rational | None


@dataclass(frozen=True)
class Window:
    """The whole picture. ``belief_in`` is the trait value whose probability b is; ``prior`` its prior."""

    roles: WindowRoles
    belief_in: str
    prior: Rational
    breakpoints: tuple[Rational, ...]
    segments: tuple[Segment, ...]

    def zones(self, offer: str) -> tuple[tuple[Rational, Rational], ...]:
        """Maximal open intervals on which the offer does that ("works", "pocketed", "outbid", "paid anyway")."""
        return self._joined(lambda segment: segment.offer == offer)

    def where_best(self, action: str) -> tuple[tuple[Rational, Rational], ...]:
        """Maximal open intervals on which the first audience does best by *action* alone."""
        return self._joined(lambda segment: segment.best == (action,))

    def where_screen_beats_offer(self) -> tuple[tuple[Rational, Rational], ...]:
        """Maximal open intervals on which demands beat the offer."""
        return self._joined(lambda segment: bool(segment.screen_beats_offer))

    def _joined(self, wanted: Callable[[Segment], bool]) -> tuple[tuple[Rational, Rational], ...]:
        found: list[tuple[Rational, Rational]] = []
        for segment in self.segments:
            if not wanted(segment):
                continue
            if found and found[-1][1] == segment.low:
                found[-1] = (found[-1][0], segment.high)
            else:
                found.append((segment.low, segment.high))
        return tuple(found)

    def endpoints(self) -> tuple[Endpoint, ...]:
        """The ends that the report names; None where there is no such end."""
        roles = self.roles
        works, outbid = self.zones("works"), self.zones("outbid")
        screened = self._joined(lambda s: roles.screen is not None and s.response.get(roles.screen) == roles.outbid)
        named = [
            (f"{roles.offer} starts to work", works[0][0] if works else None),
            (f"{roles.offer} stops working", works[-1][1] if works else None),
            (f"{roles.second} starts to outbid after {roles.offer}", outbid[0][0] if outbid else None),
        ]
        if roles.screen is not None:
            best, beats = self.where_best(roles.screen), self.where_screen_beats_offer()
            named += [
                (f"{roles.second} starts to outbid after {roles.screen}", screened[0][0] if screened else None),
                (f"{roles.screen} starts to be best", best[0][0] if best else None),
                (f"{roles.screen} stops being best", best[-1][1] if best else None),
                (f"{roles.screen} stops beating {roles.offer}", beats[0][1] if beats else None),
            ]
        best = self.where_best(roles.offer)
        named += [
            (f"{roles.offer} starts to be best", best[0][0] if best else None),
            (f"{roles.offer} stops being best", best[-1][1] if best else None),
        ]
        return tuple(Endpoint(name, value) for name, value in named)

    def table(self) -> list[dict[str, str]]:
        """One row per segment, exact numbers as text: for a figure and a table."""
        rows = []
        for s in self.segments:
            row = {
                "from": str(s.low),
                "to": str(s.high),
                "best": " or ".join(s.best),
                "offer": s.offer,
                "demands_beat_offer": "" if s.screen_beats_offer is None else str(s.screen_beats_offer).lower(),
            }
            for action, line in s.payoffs.items():
                row[f"{self.roles.second} after {action}"] = s.response[action]
                row[f"payoff of {action} at from"] = str(line(s.low))
                row[f"payoff of {action} at to"] = str(line(s.high))
            rows.append(row)
        return rows


@dataclass(frozen=True)
class Move:
    """How one endpoint moves when one parameter is a tenth smaller or larger."""

    parameter: str
    endpoint: str
    value: Rational | None
    at_less: Rational | None
    at_more: Rational | None

    @property
    def direction(self) -> str:
        """One of "up", "down", "still", "gone" (it vanishes) and "mixed" (both changes move it the same way)."""
        if self.value is None or self.at_less is None or self.at_more is None:
            return "still" if self.value is None and self.at_less is None and self.at_more is None else "gone"
        down, up = self.value - self.at_less, self.at_more - self.value
        if down == 0 and up == 0:
            return "still"
        if down >= 0 and up >= 0:
            return "up"
        return "down" if down <= 0 and up <= 0 else "mixed"


def find_window(game: Game, roles: WindowRoles, message: str | None = None) -> Window:
    """The window of *game* after *message* (the first one when None), exact.

    Raises ``InputError`` when a role names what the game lacks, or the belief is not one number.
    """
    first, second = _check(game, roles)
    m = game.messages.index(message) if message is not None else 0
    value, (has, _) = payoff_trait(game)
    prior = sum((p for p, t in zip(game.prior, game.types, strict=True) if t in has), ZERO)
    actions = game.actions_after(m)[first]
    cuts = {ZERO, ONE}
    ends = [_lines(game, m, a) for a in range(len(actions))]
    for options in ends:  # where the second audience is indifferent
        cuts |= {b for x, y in combinations(options, 2) if (b := _root(x[1], y[1])) is not None}
    points = sorted(cuts)
    for low, high in list(pairwise(points)):  # where the first one is
        chosen = [_chosen(options, (low + high) / 2) for options in ends]
        cuts |= {b for x, y in combinations(chosen, 2) if (b := _root(x[0], y[0])) is not None and low < b < high}
    points = sorted(cuts)
    segments = [_segment(game, roles, m, ends, low, high, first, second) for low, high in pairwise(points)]
    kept = _merge_alike(segments)
    breakpoints = tuple(segment.low for segment in kept[1:])
    return Window(roles, value, prior, breakpoints, kept)


def _check(game: Game, roles: WindowRoles) -> tuple[int, int]:
    names = [audience.name for audience in game.audiences]
    if names != [roles.first, roles.second] or game.audiences[1].watches != (0,):
        raise InputError(
            f"window: expected two audiences, '{roles.first}' then '{roles.second}', the second watching the first; "
            f"game '{game.title}' has {', '.join(names)}"
        )
    for who, action in ((0, roles.offer), (0, roles.stick), (0, roles.screen), (1, roles.outbid)):
        known = game.audiences[who].actions[0]
        if action is not None and action not in known:
            raise InputError(f"window: found action '{action}', expected one of {', '.join(known)} ({names[who]})")
    return 0, 1


def _lines(game: Game, m: int, action: int) -> list[tuple[Line, Line, str]]:
    """[second audience's action] -> (first audience's payoff, second's payoff, label), linear in b."""
    found = []
    for k, label in enumerate(game.actions_after(m)[1]):
        at = []
        for b in (ZERO, ONE):
            at.append(_expected(game, m, (action, k), b))
        first = Line(at[0][0], at[1][0] - at[0][0])
        second = Line(at[0][1], at[1][1] - at[0][1])
        found.append((first, second, label))
    return found


def _expected(game: Game, m: int, profile: tuple[int, int], b: Rational) -> tuple[Rational, Rational]:
    """Expected payoffs of both audiences at belief *b*; at a tie of the sender's replies, the first one listed."""
    belief = type_belief(game, None, b)
    _, sides = payoff_trait(game)
    totals = [ZERO, ZERO]
    for t, chance in enumerate(belief):
        if chance == 0:
            continue
        side = next(names for names in sides if game.types[t] in names)
        source = next(game.types.index(n) for n in side if m in game.available[game.types.index(n)])
        rows = [game.payoffs[source, m, profile, c] for c in game.reply_range(source, m, profile)]
        best = max(rows, key=lambda row: row[0])
        totals = [totals[0] + chance * best[1], totals[1] + chance * best[2]]
    return totals[0], totals[1]


def _root(x: Line, y: Line) -> Rational | None:
    """The belief strictly between 0 and 1 at which two lines cross."""
    if x.slope == y.slope:
        return None
    b = (y.at_zero - x.at_zero) / (x.slope - y.slope)
    return b if 0 < b < 1 else None


def _chosen(options: list[tuple[Line, Line, str]], b: Rational) -> tuple[Line, Line, str]:
    return max(options, key=lambda option: option[1](b))


def _segment(
    game: Game,
    roles: WindowRoles,
    m: int,
    ends: list[list[tuple[Line, Line, str]]],
    low: Rational,
    high: Rational,
    first: int,
    second: int,
) -> Segment:
    middle = (low + high) / 2
    actions = game.actions_after(m)[first]
    chosen = {action: _chosen(options, middle) for action, options in zip(actions, ends, strict=True)}
    best = best_response(game, first, m, type_belief(game, None, middle), {})
    payoffs = {action: option[0] for action, option in chosen.items()}
    response = {action: option[2] for action, option in chosen.items()}
    offer = "pocketed"
    if response[roles.offer] == roles.outbid:
        offer = "paid anyway" if response[roles.stick] == roles.outbid else "outbid"
    elif payoffs[roles.offer](middle) > payoffs[roles.stick](middle):
        offer = "works"
    beats = None if roles.screen is None else payoffs[roles.screen](middle) > payoffs[roles.offer](middle)
    return Segment(low, high, best.possible, response, payoffs, offer, beats)


def _merge_alike(segments: list[Segment]) -> tuple[Segment, ...]:
    kept: list[Segment] = []
    for s in segments:
        last = kept[-1] if kept else None
        if last and (last.best, last.response, last.payoffs, last.offer, last.screen_beats_offer) == (
            s.best,
            s.response,
            s.payoffs,
            s.offer,
            s.screen_beats_offer,
        ):
            kept[-1] = Segment(last.low, s.high, s.best, s.response, s.payoffs, s.offer, s.screen_beats_offer)
        else:
            kept.append(s)
    return tuple(kept)


def how_it_moves(
    make: Callable[[Mapping[str, Rational]], Game], roles: WindowRoles, defaults: Mapping[str, Rational]
) -> tuple[Move, ...]:
    """Every endpoint recomputed with each parameter a tenth smaller and a tenth larger."""
    here = {e.name: e.value for e in find_window(make({}), roles).endpoints()}
    moves = []
    for name, default in defaults.items():
        ends: list[dict[str, Rational | None]] = []
        for factor in (ONE * 9 / 10, ONE * 11 / 10):
            try:
                window = find_window(make({name: default * factor}), roles)
                ends.append({e.name: e.value for e in window.endpoints()})
            except InputError:
                ends.append({})
        moves += [Move(name, end, value, ends[0].get(end), ends[1].get(end)) for end, value in here.items()]
    return tuple(moves)
