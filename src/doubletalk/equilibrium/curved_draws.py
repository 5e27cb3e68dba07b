"""What the draws for points of a curved set share: a part of the assessment is drawn, a programme finds the rest.

Three kinds, because what is drawn must not be what the equilibrium pins down:

    the strategy x and the mixtures of all audiences but the last      -> the last audience's mixtures
    the strategy x and what the first of two audiences gets            -> all mixtures, in realisation weights
    every plan, from those at which each type's messages are best      -> the strategy x, beliefs, tied replies

The first two are in ``curved_draws_responses``, the third in ``curved_draws_strategy``.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import ppl

from doubletalk.equilibrium.desk import Desk
from doubletalk.equilibrium.pieces_reply import integers
from doubletalk.equilibrium.pieces_sequential_plays import Node, decode
from doubletalk.equilibrium.response import Point, Row
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["Behaviour", "Draft", "Moves", "average", "read_plan", "solved"]

CORNERS = 3
"""Solutions of each programme that are averaged."""

Moves = frozenset[tuple[Node, int]]
Behaviour = dict[Node, tuple[Rational, ...]]


@dataclass(frozen=True)
class Draft:
    """An assessment in numbers.

    ``x``        one entry per unknown; ``beliefs`` the same at each station where nobody arrives, the pairs' entries
                 summing to one
    ``plans``    [station] -> node -> probability of each action
    """

    x: Point
    beliefs: Mapping[int, Point]
    plans: Sequence[Behaviour]


def read_plan(game: Game, desk: Desk, o: int, weights: Mapping[int, Rational]) -> Behaviour | None:
    """What a mixture of response columns does at every node; None where a bound says nothing of a node."""
    (block,) = desk.wider.stations[o].blocks
    places = block.behaviour.places  # type: ignore[attr-defined]
    total = dict.fromkeys(places, ZERO)
    for c, share in weights.items():
        if share != 0:
            for place, more in zip(places, desk.point(o, desk.numbers.columns[c][2]), strict=True):
                total[place] += share * more
    counts = [len(labels) for labels in game.actions_after(game.cells()[o].messages[0])]
    nodes = (h for depth in range(len(counts)) for h in product(*(range(n) for n in counts[:depth])))
    try:
        return decode(total, {node: counts[len(node)] for node in nodes})
    except ZeroDivisionError:
        return None


def solved(
    size: int, sums: Sequence[Sequence[int]], rows: Sequence[Row], rng: random.Random, totals: Point | None = None
) -> Point | None:
    """The average of a few extreme weights with these sums (one each, unless *totals*), rows nonnegative, or None."""
    programme = ppl.MIP_Problem(size)
    for u in range(size):
        programme.add_constraint(ppl.Variable(u) >= 0)
    for k, group in enumerate(sums):
        total = ONE if totals is None else totals[k]
        programme.add_constraint(ppl.Linear_Expression(dict.fromkeys(group, int(total.q)), -int(total.p)) == 0)
    for row in rows:
        whole = integers(list(row.values()))
        programme.add_constraint(ppl.Linear_Expression(dict(zip(row, whole, strict=True)), 0) >= 0)
    if not programme.is_satisfiable():
        return None
    corners = []
    for _ in range(CORNERS):
        goal = ppl.Linear_Expression({u: rng.randint(-9, 9) for u in range(size)}, 0)
        programme.set_objective_function(goal)
        programme.set_optimization_mode("maximization")
        best = programme.optimizing_point()
        bottom = Rational(int(best.divisor()))
        corners.append(tuple(Rational(int(best.coefficient(ppl.Variable(u)))) / bottom for u in range(size)))
    return average(corners, [ONE] * len(corners))


def average(points: Sequence[Point], shares: Sequence[Rational]) -> Point:
    """The mixture of the points with these shares, made to sum to one."""
    total = sum(shares, ZERO)
    return tuple(
        sum((share * point[k] for share, point in zip(shares, points, strict=True)), ZERO) / total
        for k in range(len(points[0]))
    )
