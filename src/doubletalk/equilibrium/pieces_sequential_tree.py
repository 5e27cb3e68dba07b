"""Exact backward induction after one message: every continuation that is rational, with the beliefs for which it is.

Audiences move in order, each sees all earlier moves, nobody's own move changes a belief; so the belief is the same at
every node and the continuation is a game of perfect information whose payoffs are linear forms over that belief.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import product

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.pieces_sequential_cone import Cone
from doubletalk.equilibrium.pieces_sequential_node import Step, Stretch
from doubletalk.equilibrium.pieces_sequential_plays import Node, Play

__all__ = ["continuations", "pruned"]

Describe = Callable[[Node, str], str]


def continuations(
    node: Node, counts: Sequence[int], whole: Cone, terminal: Callable[[Node], Play], describe: Describe
) -> list[Stretch]:
    """All stretches from *node* on: exact pieces first, then outer bounds of curved parts.

    ``counts`` [audience] -> number of its actions; ``terminal`` gives the payoffs after the last action;
    ``describe`` turns (node, reason) into words.
    """
    if len(node) == len(counts):
        return [Stretch(whole, (terminal(node),))]
    after = [continuations((*node, a), counts, whole, terminal, describe) for a in range(counts[len(node)])]
    found: list[Stretch] = []
    for cone, picked in _combinations(whole, after):
        step = Step(node, [stretch.plays for stretch in picked])
        reasons = sorted({stretch.curved for stretch in picked if stretch.curved})
        if reasons:
            found += [Stretch(cone, step.outer(cone), reason) for reason in reasons]
            continue
        for stretch in step.stretches(cone):
            found.append(
                Stretch(stretch.cone, stretch.plays, describe(node, stretch.curved)) if stretch.curved else stretch
            )
    return pruned(found)


def _combinations(whole: Cone, after: Sequence[Sequence[Stretch]]) -> Iterator[tuple[Cone, tuple[Stretch, ...]]]:
    """One stretch after every action, with their common beliefs; choices that a richer one replaces are skipped."""
    richer = [[_richer(one, choices) for one in choices] for choices in after]

    def extend(a: int, cone: Cone, picked: tuple[int, ...]) -> Iterator[tuple[Cone, tuple[int, ...]]]:
        clock.check()
        if a == len(after):
            yield cone, picked
            return
        for k, stretch in enumerate(after[a]):
            common = stretch.cone if len(after) == 1 else cone.meet(stretch.cone)
            if not common.empty:
                yield from extend(a + 1, common, (*picked, k))

    for cone, picked in extend(0, whole, ()):
        if not any(bigger.contains(cone) for a, k in enumerate(picked) for bigger in richer[a][k]):
            yield cone, tuple(after[a][k] for a, k in enumerate(picked))


def _richer(one: Stretch, choices: Sequence[Stretch]) -> list[Cone]:
    """Cones of the exact stretches that hold all plans of *one* and more."""
    if one.curved:
        return []
    keys = {play.key for play in one.plays}
    return [
        other.cone
        for other in choices
        if not other.curved and len(other.plays) > len(keys) and keys < {play.key for play in other.plays}
    ]


def pruned(stretches: Sequence[Stretch]) -> list[Stretch]:
    """Stretches with equal plans united where that is a cone, those inside another left out; bounds last."""
    groups: dict[tuple[str, frozenset[object]], list[Stretch]] = {}
    for stretch in stretches:
        groups.setdefault((stretch.curved or "", frozenset(play.key for play in stretch.plays)), []).append(stretch)
    united: list[tuple[frozenset[object], Stretch]] = []
    for (_, keys), members in groups.items():
        cones = _united([stretch.cone for stretch in members])
        united += [(keys, Stretch(cone, members[0].plays, members[0].curved)) for cone in cones]
    kept = []
    for i, (keys, one) in enumerate(united):
        clock.check()
        if not any(
            i != k and one.curved == other.curved and keys < more and other.cone.contains(one.cone)
            for k, (more, other) in enumerate(united)
        ):
            kept.append(one)
    return [one for one in kept if not one.curved] + [one for one in kept if one.curved]


def _united(cones: list[Cone]) -> list[Cone]:
    """Cones joined two by two for as long as a union is a cone."""
    done = False
    while not done:
        done = True
        clock.check()
        for i, k in product(range(len(cones)), repeat=2):
            if i < k:
                both = cones[i].joined(cones[k])
                if both is not None:
                    cones = [c for n, c in enumerate(cones) if n not in (i, k)] + [both]
                    done = False
                    break
    return cones
