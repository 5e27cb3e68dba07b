"""Plans of play after a message, as vectors in which mixing is linear.

A plan says what every later audience does at every node h (the actions taken so far), reached or not. It is written
as weights on (h, breaks, a): the weight of action a at node h, where the bit d of ``breaks`` is set when the plan
itself gives probability zero to stepping onto the node h[:d]. A node that the plan reaches carries its realisation
weight; a node that it does not reach starts afresh with the weight of its parent. Averages of such vectors are
averages in realisation weights, on the path and, node by node, off it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from ppl import Constraint_System, Linear_Expression

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.pieces_reply import integers
from doubletalk.equilibrium.pieces_sequential_cone import Form
from doubletalk.equilibrium.polyhedra import settled
from doubletalk.exact import ONE, ZERO, Rational

__all__ = ["Node", "Place", "Play", "chosen", "constrained", "decode", "encoded", "mixed", "plays_choosing"]

Node = tuple[int, ...]
"""The actions taken so far; the length says who moves."""

Place = tuple[Node, int, int]
"""(node, breaks, action)."""


@dataclass(frozen=True)
class Play:
    """One plan from some node on.

    ``weights``  place -> weight, zeros left out
    ``forms``    [audience] -> its expected payoff as a form over beliefs
    ``payoffs``  [pair of the station] -> the sender's expected payoff
    """

    weights: Mapping[Place, Rational]
    forms: tuple[Form, ...]
    payoffs: tuple[Rational, ...]

    @cached_property
    def key(self) -> frozenset[tuple[Place, Rational]]:
        """Equal for equal plans."""
        return frozenset(self.weights.items())


def chosen(node: Node, action: int, branches: Sequence[Play]) -> Play:
    """The plan that takes *action* at *node* and goes on by ``branches[a]`` after every action a."""
    weights: dict[Place, Rational] = {(node, 0, action): ONE}
    fresh = 1 << (len(node) + 1)
    for a, play in enumerate(branches):
        if a == action:
            weights.update(play.weights)
        else:
            weights.update({(h, breaks | fresh, b): w for (h, breaks, b), w in play.weights.items()})
    return Play(weights, branches[action].forms, branches[action].payoffs)


def plays_choosing(node: Node, action: int, choices: Sequence[Sequence[Play]]) -> list[Play]:
    """``chosen`` for every combination of continuations."""
    found = []
    for branches in product(*choices):
        clock.check()
        found.append(chosen(node, action, branches))
    return found


def mixed(plays: Sequence[Play], shares: Sequence[Rational]) -> Play:
    """The average of plans with the given shares, which sum to one."""
    live = [(play, share) for play, share in zip(plays, shares, strict=True) if share != 0]
    if len(live) == 1:
        return live[0][0]
    weights: dict[Place, Rational] = {}
    for play, share in live:
        for place, weight in play.weights.items():
            weights[place] = weights.get(place, ZERO) + share * weight
    first = live[0][0]
    forms = tuple(
        tuple(sum((share * play.forms[j][i] for play, share in live), ZERO) for i in range(len(first.forms[j])))
        for j in range(len(first.forms))
    )
    payoffs = tuple(
        sum((share * play.payoffs[p] for play, share in live), ZERO) for p in range(len(first.payoffs))
    )
    return Play(weights, forms, payoffs)


def constrained(
    factors: Sequence[Sequence[Play]], rows: Iterable[tuple[Sequence[Sequence[Rational]], bool]]
) -> list[tuple[Play, ...]]:
    """Extreme points of {one mixture of each factor's plans: every row holds}, as one mixed plan per factor.

    A row is (coefficients [factor][plan], equal): the sum of coefficient times share is zero, or nonnegative.
    """
    sizes = [len(factor) for factor in factors]
    starts = [sum(sizes[:k]) for k in range(len(sizes))]
    total = sum(sizes)
    system = Constraint_System()
    for i in range(total):
        system.insert(Linear_Expression([0] * i + [1], 0) >= 0)
    for start, size in zip(starts, sizes, strict=True):
        system.insert(Linear_Expression([0] * start + [1] * size, -1) == 0)
    for coefficients, equal in rows:
        expression = Linear_Expression(integers([c for part in coefficients for c in part]), 0)
        system.insert(expression == 0 if equal else expression >= 0)
    body = settled(total, system)
    found: dict[tuple[frozenset[tuple[Place, Rational]], ...], tuple[Play, ...]] = {}
    if body.is_empty():
        return []
    points = []
    for generator in body.minimized_generators():
        bottom = Rational(int(generator.divisor()))
        points.append(tuple(Rational(int(c)) / bottom for c in generator.coefficients()))
    for point in sorted(points, reverse=True):
        clock.check()
        plays = tuple(
            mixed(factor, point[start : start + size])
            for factor, start, size in zip(factors, starts, sizes, strict=True)
        )
        found.setdefault(tuple(play.key for play in plays), plays)
    return list(found.values())


def encoded(behaviour: Mapping[Node, Sequence[Rational]]) -> dict[Place, Rational]:
    """The weights, zeros included, of every place that speaks of what *behaviour* does: what ``decode`` reads.

    A plan does *behaviour* when its weights agree at these places; others say what would follow moves that are made.
    """
    mass: dict[Node, Rational] = {(): ONE}
    breaks: dict[Node, int] = {(): 0}
    weights = {}
    for node in sorted(behaviour, key=len):
        if node:
            step = mass[node[:-1]] * behaviour[node[:-1]][node[-1]]
            breaks[node] = breaks[node[:-1]] if step != 0 else breaks[node[:-1]] | (1 << len(node))
            mass[node] = step if step != 0 else mass[node[:-1]]
        for a, share in enumerate(behaviour[node]):
            weights[node, breaks[node], a] = mass[node] * share
    return weights


def decode(weights: Mapping[Place, Rational], counts: Mapping[Node, int]) -> dict[Node, tuple[Rational, ...]]:
    """What the plan does at every node: node -> probability of each action.

    ``counts`` gives the number of actions at each node, parents before children. A node stepped onto with positive
    weight keeps its parent's breaks; otherwise it starts afresh.
    """
    breaks: dict[Node, int] = {(): 0}
    behaviour = {}
    for node, count in counts.items():
        if node:
            parent = breaks[node[:-1]]
            reached = weights.get((node[:-1], parent, node[-1]), ZERO) != 0
            breaks[node] = parent if reached else parent | (1 << len(node))
        mass = [weights.get((node, breaks[node], a), ZERO) for a in range(count)]
        total = sum(mass, ZERO)
        behaviour[node] = tuple(w / total for w in mass)
    return behaviour
