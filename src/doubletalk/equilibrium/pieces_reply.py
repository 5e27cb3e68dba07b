"""Pieces of one audience that is answered: the sender replies last, knowing everything (theory, section 3).

The sender's payoff from (t, m, a) is the largest over its replies there, and the reply is one of the maximisers
C*(t, m, a). Where maximisers differ for an audience, the mixture gamma(c | t, m, a) is part of the equilibrium; it
enters through further unknowns

    y(t, m, a, c) = x(t, m) gamma(c | t, m, a) >= 0,     sum_c y(t, m, a, c) = x(t, m),

so that the expected payoff of an action, sum x(t, m) sum_c gamma u_j = sum_c y u_j, is linear in (x, y). Replies that
give every audience the same payoff are not told apart: the first in order stands for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm

from ppl import Linear_Expression, MIP_Problem

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.response import Block, Piece, ResponseComplex, Row, Station, Vertex
from doubletalk.equilibrium.solution import Distribution
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Cell, Game

__all__ = [
    "BeliefTest",
    "ReplyPlan",
    "difference",
    "integers",
    "pairs_of",
    "plan_replies",
    "reply_complex",
    "reply_reader",
]

Option = tuple[int, tuple[Rational, ...]]
"""An optimal reply and what it gives each audience."""


@dataclass(frozen=True)
class ReplyPlan:
    """Every optimal reply, and the unknowns that mixtures of them need.

    ``pairs``    all possible (type, message), the order of the first unknowns
    ``value``    (pair, actions) -> the sender's payoff with an optimal reply
    ``options``  (pair, actions) -> the replies kept there, in order: optimal ones, then (for Nash) all others
    ``weights``  (pair, actions, reply) -> index of the unknown y, present exactly where there are several options
    ``unknowns`` the number of x and y together
    ``links``    sum of the y minus x, for each (pair, actions) with several options
    ``threats``  (pair, actions) -> those of its ``weights`` whose replies are not optimal (for Nash only)
    """

    pairs: tuple[tuple[int, int], ...]
    value: Mapping[tuple[int, tuple[int, ...]], Rational]
    options: Mapping[tuple[int, tuple[int, ...]], tuple[Option, ...]]
    weights: Mapping[tuple[int, tuple[int, ...], int], int]
    unknowns: int
    links: tuple[Row, ...]
    threats: Mapping[tuple[int, tuple[int, ...]], tuple[int, ...]] = field(default_factory=dict)

    def payoff_row(self, pair: int, actions: tuple[int, ...], audience: int) -> dict[int, Rational]:
        """The audience's payoff at (pair, actions) times x(pair), as a linear form over the unknowns."""
        options = self.options[pair, actions]
        if len(options) == 1:
            return {pair: options[0][1][audience]}
        return {self.weights[pair, actions, c]: given[audience] for c, given in options}


def pairs_of(game: Game) -> tuple[tuple[int, int], ...]:
    """All possible (type, message), by type and then by message."""
    return tuple((t, m) for t, sendable in enumerate(game.available) for m in sendable)


def plan_replies(game: Game, equal_ones: bool = True, threats: bool = False) -> ReplyPlan:
    """The optimal replies after every possible play of the audiences.

    ``equal_ones``: whether tied replies that pay everybody the same are all kept, or only the first of them.
    ``threats``: whether replies that are not optimal are kept too, as Nash play allows them where it does not arrive.

    Cost: one pass over the game's histories.
    """
    pairs = pairs_of(game)
    value, options = {}, {}
    weights: dict[tuple[int, tuple[int, ...], int], int] = {}
    links: list[Row] = []
    worse: dict[tuple[int, tuple[int, ...]], tuple[int, ...]] = {}
    for index, (t, m) in enumerate(pairs):
        clock.check()
        for actions in game.action_profiles(m):
            best, kept = _optimal(game, t, m, actions, equal_ones)
            optimal = len(kept)
            if threats:
                kept += _others(game, t, m, actions, kept)
            value[index, actions] = best
            options[index, actions] = kept
            if len(kept) > 1:
                row = {index: -ONE}
                for c, _ in kept:
                    weights[index, actions, c] = len(pairs) + len(weights)
                    row[weights[index, actions, c]] = ONE
                links.append(row)
            if len(kept) > optimal:
                worse[index, actions] = tuple(weights[index, actions, c] for c, _ in kept[optimal:])
    return ReplyPlan(pairs, value, options, weights, len(pairs) + len(weights), tuple(links), worse)


def _others(game: Game, t: int, m: int, actions: tuple[int, ...], kept: tuple[Option, ...]) -> tuple[Option, ...]:
    """The replies there that are not in *kept*."""
    known = {c for c, _ in kept}
    left = (c for c in game.reply_range(t, m, actions) if c not in known)
    return tuple((c, tuple(game.payoffs[t, m, actions, c][1:])) for c in left)


def _optimal(
    game: Game, t: int, m: int, actions: tuple[int, ...], equal_ones: bool
) -> tuple[Rational, tuple[Option, ...]]:
    """The sender's best payoff there, and its optimal replies (one of each kind unless *equal_ones*)."""
    replies = game.reply_range(t, m, actions)
    if len(replies) == 1:
        payoffs = game.payoffs[t, m, actions, replies[0]]
        return payoffs[0], ((replies[0], tuple(payoffs[1:])),)
    every = [(c, game.payoffs[t, m, actions, c]) for c in replies]
    best = max(payoffs[0] for _, payoffs in every)
    optimal = [(c, tuple(payoffs[1:])) for c, payoffs in every if payoffs[0] == best]
    if equal_ones:
        return best, tuple(optimal)
    first = {given: c for c, given in reversed(optimal)}
    return best, tuple((c, given) for c, given in optimal if first[given] == c)


@dataclass(frozen=True)
class ReplyReader:
    """Turns a point of the x-side into the sender's replies (``ResponseComplex.replies``)."""

    game: Game
    plan: ReplyPlan

    def __call__(self, point: tuple[Rational, ...]) -> dict[str, dict[str, Distribution]]:
        """Type -> reply node -> reply -> probability, at every node that the type's own messages lead to.

        y(t, m, a, c) / x(t, m) where x(t, m) > 0 and replies tie; the first optimal reply elsewhere.
        """
        game, plan = self.game, self.plan
        found: dict[str, dict[str, Distribution]] = {}
        for index, (t, m) in enumerate(plan.pairs):
            for actions in game.action_profiles(m):
                labels = game.replies.get((t, m, actions))
                if not labels:
                    continue
                options = plan.options[index, actions]
                total = point[index]
                if len(options) == 1 or total == 0:
                    mixture: Distribution = {labels[options[0][0]]: ONE}
                else:
                    shares = ((c, point[plan.weights[index, actions, c]] / total) for c, _ in options)
                    mixture = {labels[c]: share for c, share in shares if share != 0}
                found.setdefault(game.types[t], {})[game.reply_node(m, actions)] = mixture
        return found


def reply_reader(game: Game, plan: ReplyPlan) -> ReplyReader | None:
    """The reader of replies, or None in a game without them."""
    return ReplyReader(game, plan) if any(game.replies.values()) else None


@dataclass(frozen=True)
class _PureActions:
    """``Block.behaviour`` of one audience at one observation: the point is the mixture itself."""

    audience: str
    information_set: str
    labels: tuple[str, ...]

    def __call__(self, point: tuple[Rational, ...]) -> dict[str, dict[str, Distribution]]:
        mixture = {label: weight for label, weight in zip(self.labels, point, strict=True) if weight != 0}
        return {self.audience: {self.information_set: mixture}}


def reply_complex(game: Game, concept: str = "sequential") -> ResponseComplex:
    """The response complex of a game with one audience, with or without replies, any number of types.

    At observation o, for each set B of actions that can be the maximisers:

        Q(B) = {(x, y): E_a = E_b for a, b in B,  E_b >= E_a for a not in B},     Z(B) = mixtures over B,

    with E_a(x, y) the sum over the pairs that lead to o of the audience's payoff from a times x. Complete: gaps = ().
    In concept "nash" the y run over all replies, and Q(B) has besides y(t, m, a, c) = 0 for a in B and c not optimal:
    where play arrives the reply is a best one, and after other actions it may be any, a threat included. For a
    smaller support the conditions are fewer, so that mixtures over part of B stay equilibria with Q(B). Every Nash
    equilibrium whose mixture has support B has its (x, y) in Q(B), hence completeness.

    Only those B are kept for which Q(B), with the links, holds some nonzero x (an exact linear programme).

    Errors: ``ValueError`` when the game has more than one audience.
    Cost: at most 2^actions small exact programmes per observation; a set is tried only if all its parts passed.
    Source: theory, section 3 (sequence form of the sender; Koller, Megiddo & von Stengel 1996).
    """
    if len(game.audiences) != 1:
        raise ValueError(f"reply_complex is for one audience; game '{game.title}' has {len(game.audiences)}")
    plan = plan_replies(game, threats=concept == "nash")
    stations = tuple(_station(game, plan, cell) for cell in game.cells())
    return ResponseComplex(
        pairs=plan.pairs,
        unknowns=plan.unknowns,
        links=plan.links,
        base=(ZERO,) * len(plan.pairs),
        stations=stations,
        replies=reply_reader(game, plan),
    )


def _station(game: Game, plan: ReplyPlan, cell: Cell) -> Station:
    """One observation of the only audience."""
    here = tuple(i for i, (_, m) in enumerate(plan.pairs) if m in cell.messages)
    audience = game.audiences[0]
    labels = audience.actions[audience.observation_of[cell.messages[0]]]
    vertices, expected, never = [], [], []
    for a in range(len(labels)):
        form: dict[int, Rational] = {}
        for i in here:
            form.update(plan.payoff_row(i, (a,), 0))
        expected.append(form)
        never.append({y: ONE for i in here for y in plan.threats.get((i, (a,)), ())})
        unit = tuple(ONE if b == a else ZERO for b in range(len(labels)))
        vertices.append(Vertex({i: plan.value[i, (a,)] for i in here}, unit))
    behaviour = _PureActions(audience.name, game.information_set(0, cell.messages[0], ()), labels)
    pieces = tuple(_pieces(expected, never, BeliefTest(plan, here)))
    return Station(cell.key, here, (Block(tuple(vertices), behaviour),), pieces)


def _pieces(expected: Sequence[Row], never: Sequence[Row], beliefs: BeliefTest) -> Iterator[Piece]:
    """One piece for each set of actions that can be the maximisers, small sets first.

    ``never``  [action] -> the sum of the weights that are zero where the action is taken
    """
    count = len(expected)
    alive: list[tuple[int, ...]] = [(a,) for a in range(count)]
    while alive:
        passed = set()
        for together in alive:
            first = expected[together[0]]
            equal: tuple[Row, ...] = tuple(difference(first, expected[a]) for a in together[1:])
            others = (a for a in range(count) if a not in together)
            at_least = tuple(row for row in (difference(first, expected[a]) for a in others) if row)
            unused = tuple(never[a] for a in together)
            equal = tuple(row for row in equal if row) + tuple(row for row in unused if row)
            if beliefs.exist(equal, at_least):
                passed.add(together)
                yield Piece(equal, at_least, (together,), simplex=True)
        alive = [s for s in _one_larger(passed, count) if all(part in passed for part in _parts(s))]


def _one_larger(sets: Iterable[tuple[int, ...]], count: int) -> list[tuple[int, ...]]:
    return sorted((*s, a) for s in sets for a in range(s[-1] + 1, count))


def _parts(together: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    return (together[:k] + together[k + 1 :] for k in range(len(together)))


def difference(first: Row, second: Row) -> dict[int, Rational]:
    """The form *first* - *second*, zero coefficients left out."""
    row = dict(first)
    for index, value in second.items():
        row[index] = row.get(index, ZERO) - value
    return {index: value for index, value in row.items() if value != 0}


def integers(values: Sequence[Rational]) -> list[int]:
    """The values times the least positive number that makes them whole."""
    common = lcm(*(int(v.q) for v in values)) if values else 1
    return [int(v.p) * (common // int(v.q)) for v in values]


class BeliefTest:
    """Asks whether some belief at one observation satisfies given rows; x >= 0, y >= 0 and the links always hold."""

    def __init__(self, plan: ReplyPlan, pairs: tuple[int, ...]) -> None:
        inside = set(pairs)
        links = [row for row in plan.links if any(i in inside for i in row)]
        names = sorted(inside.union(*links))
        self._place = {index: k for k, index in enumerate(names)}
        total = Linear_Expression([1 if index in inside else 0 for index in names], -1)
        self._always = [Linear_Expression([0] * k + [1], 0) >= 0 for k in range(len(names))]
        self._always += [self._expression(row) == 0 for row in links]
        self._always.append(total == 0)

    def _expression(self, row: Row) -> Linear_Expression:
        dense = [0] * len(self._place)
        for index, value in zip(row, integers(list(row.values())), strict=True):
            dense[self._place[index]] = value
        return Linear_Expression(dense, 0)

    def exist(self, equal: Iterable[Row], at_least: Iterable[Row]) -> bool:
        """Whether a belief exists with the *equal* rows zero and the *at_least* rows nonnegative."""
        clock.check()
        problem = MIP_Problem(len(self._place))
        for constraint in self._always:
            problem.add_constraint(constraint)
        for row in equal:
            problem.add_constraint(self._expression(row) == 0)
        for row in at_least:
            problem.add_constraint(self._expression(row) >= 0)
        return bool(problem.is_satisfiable())
