"""Where a change of equilibria is to be expected along one parameter, found without solving.

Equilibria change their shape where the belief behind a message, when whole types send it, crosses a break-even belief
of the audiences. Both are rational functions of the parameter: for every set of types that could send one message the
posterior is compared with every breakpoint of the window, and the crossings are computed exactly. They are candidates
only: exact solves at and on both sides of one confirm it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations

from doubletalk.case.best import payoff_trait
from doubletalk.case.sweep import find_threshold
from doubletalk.case.window import WindowRoles, find_window
from doubletalk.errors import InputError
from doubletalk.exact import ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["crossings"]


def crossings(
    make: Callable[[Mapping[str, Rational]], Game], roles: WindowRoles, name: str, low: Rational, high: Rational
) -> tuple[Rational, ...]:
    """The values of parameter *name* between *low* and *high* at which some posterior crosses some breakpoint."""
    memory: dict[Rational, tuple[bool | None, ...]] = {}

    def signs(x: Rational) -> tuple[bool | None, ...]:
        if x not in memory:
            try:
                memory[x] = _signs(make({name: x}), roles)
            except InputError:
                memory[x] = ()
        return memory[x]

    at_low, at_high = signs(low), signs(high)
    if len(at_low) != len(at_high):
        return ()
    found: set[Rational] = set()
    for k, (before, after) in enumerate(zip(at_low, at_high, strict=True)):
        if before is not None and after is not None and before != after:
            threshold = find_threshold(_entry(signs, k), low, high, found)
            if threshold.value is not None:
                found.add(threshold.value)
    return tuple(sorted(x for x in found if low < x < high))


def _entry(signs: Callable[[Rational], tuple[bool | None, ...]], k: int) -> Callable[[Rational], bool | None]:
    def entry(x: Rational) -> bool | None:
        found = signs(x)
        return found[k] if k < len(found) else None

    return entry


def _signs(game: Game, roles: WindowRoles) -> tuple[bool | None, ...]:
    """For each set of types and each named end: whether its posterior is above it; None where the end is missing."""
    _, (has, _) = payoff_trait(game)
    ends = [end.value for end in find_window(game, roles).endpoints()]
    marks: list[bool | None] = []
    for size in range(1, len(game.types) + 1):
        for group in combinations(range(len(game.types)), size):
            mass = sum((game.prior[t] for t in group), ZERO)
            belief = sum((game.prior[t] for t in group if game.types[t] in has), ZERO) / mass
            marks += [None if end is None else belief > end for end in ends]
    return tuple(marks)
