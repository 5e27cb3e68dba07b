"""Exact backward induction after one message: every continuation that is rational, with the beliefs for which it is.

Audiences move in order, each sees all earlier moves, nobody's own move changes a belief; so the belief is the same at
every node and the continuation is a game of perfect information whose payoffs are linear forms over that belief.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import product

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.pieces_sequential_cone import Cone, Form, normalised
from doubletalk.equilibrium.pieces_sequential_node import Step, Stretch
from doubletalk.equilibrium.pieces_sequential_plays import Node, Play

__all__ = ["Describe", "combined", "continuations", "pruned", "stepped"]

Describe = Callable[[Node, str], str]


def continuations(
    node: Node,
    counts: Sequence[int],
    whole: Cone,
    terminal: Callable[[Node], Play],
    describe: Describe,
    asked: Sequence[Form] = (),
) -> list[Stretch]:
    """All stretches from *node* on: exact pieces first, then outer bounds of curved parts.

    ``counts`` [audience] -> number of its actions; ``terminal`` gives the payoffs after the last action;
    ``describe`` turns (node, reason) into words; ``asked``: beliefs at which curved parts are resolved exactly.
    """
    if len(node) == len(counts):
        return [Stretch(whole, (terminal(node),))]
    after = [continuations((*node, a), counts, whole, terminal, describe, asked) for a in range(counts[len(node)])]
    found: list[Stretch] = []
    for cone, picked in combined(whole, after):
        found += stepped(Step(node, [stretch.plays for stretch in picked], asked), cone, picked, describe)
    return pruned(found)


def stepped(step: Step, cone: Cone, picked: Sequence[Stretch], describe: Describe) -> list[Stretch]:
    """The stretches of one step over *cone* after the *picked* ones; an outer bound where one of those is curved."""
    reasons = sorted({stretch.curved for stretch in picked if stretch.curved})
    if reasons:
        curved = [stretch for stretch in picked if stretch.curved]
        firm = all(stretch.ray_exact for stretch in curved)
        covered = frozenset(map(normalised, cone.rays)).intersection(*(stretch.covered for stretch in curved))
        return [Stretch(cone, step.outer(cone), reason, ray_exact=firm, covered=covered) for reason in reasons]
    return [
        replace(stretch, curved=describe(step.node, stretch.curved)) if stretch.curved else stretch
        for stretch in step.stretches(cone)
    ]


def combined(whole: Cone, after: Sequence[Sequence[Stretch]]) -> Iterator[tuple[Cone, tuple[Stretch, ...]]]:
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
    groups: dict[tuple[object, ...], list[Stretch]] = {}
    for stretch in stretches:
        groups.setdefault(_kind(stretch), []).append(stretch)
    united = []
    for members in groups.values():
        keys = frozenset(play.key for play in members[0].plays)
        cones = _united([stretch.cone for stretch in members])
        united += [(keys, replace(members[0], cone=cone, covered=_covered(cone, members))) for cone in cones]
    kept = []
    for i, (keys, one) in enumerate(united):
        clock.check()
        if not any(
            i != k and _replaces(other, one) and keys < more and other.cone.contains(one.cone)
            for k, (more, other) in enumerate(united)
        ):
            kept.append(one)
    return [one for one in kept if not one.curved] + [one for one in kept if one.curved]


def _kind(stretch: Stretch) -> tuple[object, ...]:
    """Equal for stretches that differ in their beliefs alone."""
    strict = tuple(frozenset(play.key for play in group) for group in stretch.groups)
    keys = frozenset(play.key for play in stretch.plays)
    return stretch.curved or "", keys, strict, stretch.reached_only, stretch.ray_exact


def _covered(cone: Cone, members: Sequence[Stretch]) -> frozenset[Form]:
    """The extreme beliefs of a union of the members' cones at which each member that reaches so far is covered.

    What is extreme in the union is extreme in every member that holds it.
    """
    if not any(one.covered for one in members):
        return frozenset()
    ends = [(frozenset(map(normalised, one.cone.rays)), one.covered) for one in members]
    return frozenset(
        ray for ray in map(normalised, cone.rays) if all(ray in covered for rays, covered in ends if ray in rays)
    )


def _replaces(larger: Stretch, smaller: Stretch) -> bool:
    """Whether a stretch with more plans and beliefs makes the smaller one needless; a bound must also ask for less."""
    return larger.curved == smaller.curved and (
        not larger.curved
        or (
            not larger.groups
            and not larger.reached_only
            and (smaller.ray_exact or not larger.ray_exact)
            and larger.covered.intersection(map(normalised, smaller.cone.rays)) <= smaller.covered
        )
    )


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
