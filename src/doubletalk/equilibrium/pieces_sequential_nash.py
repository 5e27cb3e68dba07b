"""Backward induction for Nash play: an audience is a best reply only where play arrives (theory, section 2, end).

At a node that play reaches, let B be the actions with positive probability. After an action in B play arrives and goes
on as Nash play; after any other action it does not, and the later audiences may do anything, a threat included:

    N(h) = union over B of {mix over B : after a in B a plan of N(h, a), after the others any plan,
                            V_a = V_b for a, b in B, V_b >= V_a for a not in B}

The conditions have the form that ``pieces_sequential_node`` solves; only the plans that may follow differ with B.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain, combinations
from math import prod

from doubletalk.equilibrium.pieces_sequential_cone import Cone, Form
from doubletalk.equilibrium.pieces_sequential_node import Step, Stretch
from doubletalk.equilibrium.pieces_sequential_plays import Node, Play, plays_choosing
from doubletalk.equilibrium.pieces_sequential_tree import Describe, combined, pruned, stepped
from doubletalk.errors import TooLarge

__all__ = ["MOST_PLANS", "free_plans", "nash_continuations"]

MOST_PLANS = 2000
"""Pure plans of all audiences after one message beyond which the Nash concept is refused."""


def free_plans(node: Node, counts: Sequence[int], terminal: Callable[[Node], Play]) -> list[Play]:
    """Every pure plan from *node* on; their mixtures are all plans. Raises TooLarge past ``MOST_PLANS``."""
    many = 1
    for j in range(len(counts) - 1, len(node) - 1, -1):
        many = counts[j] * many ** counts[j]
        if many > MOST_PLANS:
            raise TooLarge(
                f"the audiences have more than {MOST_PLANS} pure plans after one message ({prod(counts)} plays), too "
                "many for the Nash concept, where anything may happen off the path; ask for --concept sequential"
            )
    return _free(node, counts, terminal)


def _free(node: Node, counts: Sequence[int], terminal: Callable[[Node], Play]) -> list[Play]:
    if len(node) == len(counts):
        return [terminal(node)]
    after = [_free((*node, a), counts, terminal) for a in range(counts[len(node)])]
    return [play for a in range(len(after)) for play in plays_choosing(node, a, after)]


def nash_continuations(
    node: Node,
    counts: Sequence[int],
    whole: Cone,
    terminal: Callable[[Node], Play],
    describe: Describe,
    asked: Sequence[Form] = (),
) -> list[Stretch]:
    """All stretches of Nash play from a reached *node* on: exact pieces first, then outer bounds of curved parts.

    Arguments as for ``pieces_sequential_tree.continuations``.
    """
    if len(node) == len(counts):
        return [Stretch(whole, (terminal(node),))]
    actions = range(counts[len(node)])
    after = [nash_continuations((*node, a), counts, whole, terminal, describe, asked) for a in actions]
    free = [[Stretch(whole, tuple(free_plans((*node, a), counts, terminal)))] for a in actions]
    found: list[Stretch] = []
    for best in chain.from_iterable(combinations(actions, size) for size in range(1, len(actions) + 1)):
        for cone, picked in combined(whole, [after[a] if a in best else free[a] for a in actions]):
            step = Step(node, [stretch.plays for stretch in picked], asked, best)
            found += stepped(step, cone, picked, describe)
    return pruned([stretch for stretch in found if stretch.plays])
