"""Points of a curved set with given plans of the audiences: the sender's strategy, beliefs and tied replies."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from doubletalk.equilibrium.assembly import Leaf
from doubletalk.equilibrium.curved_draws import Behaviour, Draft, read_plan, solved
from doubletalk.equilibrium.desk import Desk
from doubletalk.equilibrium.pieces_reply import ReplyPlan, difference
from doubletalk.equilibrium.pieces_sequential_plays import Node
from doubletalk.equilibrium.response import Point, Row
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["drawn_strategy"]


def drawn_strategy(
    game: Game, desk: Desk, plan: ReplyPlan, leaf: Leaf, prior: Point, rng: random.Random
) -> Draft | None:
    """An equilibrium of the choice with plans that are drawn, or None."""
    used, pieces = leaf
    factors = desk.side.factors(used, pieces)
    if factors is None:
        return None
    drawn: dict[int, Rational] = {}
    for factor in factors:
        shares = [Rational(rng.randint(0, 2)) for _ in factor.weights]
        if not any(shares):
            shares[rng.randrange(len(shares))] = ONE
        total = sum(shares, ZERO)
        for share, weight in zip(shares, factor.weights, strict=True):
            for c, w in weight.items():
                drawn[c] = drawn.get(c, ZERO) + w * share / total
    plans = []
    for o, k in enumerate(pieces):
        one = read_plan(game, desk, o, {c: drawn.get(c, ZERO) for c in desk.numbers.piece_columns[k]})
        if one is None:
            return None
        plans.append(one)
    reached = [o for o, station in enumerate(desk.wider.stations) if not used.isdisjoint(station.pairs)]
    rows = [row for o in reached for row in _rational(game, plan, desk.wider.stations[o].pairs, o, plans[o])]
    x = _strategy(desk, plan, used, prior, rows, rng)
    if x is None:
        return None
    beliefs = {}
    for o, station in enumerate(desk.wider.stations):
        if o not in reached:
            belief = _belief(desk, station.pairs, list(_rational(game, plan, station.pairs, o, plans[o])), rng)
            if belief is None:
                return None
            beliefs[o] = belief
    return Draft(x, beliefs, plans)


def _strategy(
    desk: Desk, plan: ReplyPlan, used: frozenset[int], prior: Point, rows: list[Row], rng: random.Random
) -> Point | None:
    """A strategy that sends *used* messages only and obeys the rows, or None."""
    unknowns = [u for u, owner in enumerate(desk.numbers.owner) if owner in used]
    place = {u: n for n, u in enumerate(unknowns)}
    sums = [[place[i] for i in sorted(used) if plan.pairs[i][0] == t] for t in range(len(prior))]
    return _spread(desk, place, sums, prior, rows, rng)


def _belief(desk: Desk, pairs: Sequence[int], rows: list[Row], rng: random.Random) -> Point | None:
    """A belief over these pairs, tied replies included, that obeys the rows, or None."""
    unknowns = [u for u, owner in enumerate(desk.numbers.owner) if owner in pairs]
    place = {u: n for n, u in enumerate(unknowns)}
    return _spread(desk, place, [[place[i] for i in pairs]], (ONE,), rows, rng)


def _spread(
    desk: Desk,
    place: Mapping[int, int],
    sums: list[list[int]],
    totals: Point,
    rows: Sequence[Row],
    rng: random.Random,
) -> Point | None:
    """Weights over the unknowns with a place, where the links hold and the rows are nonnegative."""
    live = [{place[u]: v for u, v in row.items() if u in place} for row in rows]
    for link in desk.wider.links:
        small = {place[u]: v for u, v in link.items() if u in place}
        live += [small, {n: -v for n, v in small.items()}]
    found = solved(len(place), sums, live, rng, totals)
    if found is None:
        return None
    return tuple(found[place[u]] if u in place else ZERO for u in range(desk.wider.unknowns))


def _rational(game: Game, plan: ReplyPlan, pairs: Sequence[int], o: int, plays: Behaviour) -> Iterator[Row]:
    """Forms over x that are nonnegative where every action played at the station is best."""
    profiles = list(game.action_profiles(game.cells()[o].messages[0]))

    def worth(node: Node) -> Row:
        total: dict[int, Rational] = {}
        for actions in profiles:
            chance = ONE
            for d in range(len(node), len(actions)):
                chance *= plays[actions[:d]][actions[d]]
            if chance != 0 and actions[: len(node)] == node:
                for i in pairs:
                    for u, v in plan.payoff_row(i, actions, len(node) - 1).items():
                        total[u] = total.get(u, ZERO) + chance * v
        return total

    for node, shares in plays.items():
        forms = [worth((*node, a)) for a in range(len(shares))]
        for a, b in product(range(len(shares)), repeat=2):
            if a != b and shares[a] != 0:
                yield difference(forms[a], forms[b])
