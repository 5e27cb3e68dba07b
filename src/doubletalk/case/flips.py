"""What would change an answer: the nearest value of each parameter at which it flips, the others held.

``wide`` looks from nothing to four times the default and names the threshold exactly where it is rational; ``near``
looks a quarter below and above only and gives the two values between which the answer flips, for answers that cost a
solve each.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from doubletalk.case.sweep import find_threshold
from doubletalk.case.verdicts import Flip
from doubletalk.errors import InputError
from doubletalk.exact import ONE, Rational, rational

__all__ = ["NEAR", "WIDE", "nearest_flips"]

NEAR = (ONE * 3 / 4, ONE * 5 / 4)
"""Multiples of the default looked up by a quick search."""

WIDE = (
    *(ONE * k / 8 for k in (7, 6, 5, 4, 3, 2, 1, 0)),
    *(ONE * k / 8 for k in (9, 10, 11, 12, 14, 16, 20, 24, 32)),
)
"""Multiples of the default at which the answer is looked up: from nothing to four times the default."""
STEPS_FROM_ZERO = tuple(rational(x) for x in ("1/8", "1/4", "1/2", "1", "2", "4"))
"""Values looked up for a parameter whose default is 0."""


def nearest_flips(
    answer: Callable[[Mapping[str, Rational]], str], defaults: Mapping[str, Rational], wide: bool = True
) -> tuple[Flip, ...]:
    """For each parameter the nearest flip downwards and upwards ; values with no game end the walk."""
    here = answer({})
    found = []
    for name, default in defaults.items():

        def at(x: Rational, name: str = name) -> str:
            try:
                return answer({name: x})
            except InputError:
                return "no game"

        values = [default * f for f in (WIDE if wide else NEAR)] if default != 0 else list(STEPS_FROM_ZERO)
        below = sorted((x for x in values if x < default), reverse=True)
        above = sorted(x for x in values if x > default)
        for direction, walk in (("down", below), ("up", above)):
            flip = _walk(at, name, default, direction, walk, here, wide)
            if flip is not None:
                found.append(flip)
    return tuple(found)


def _walk(
    at: Callable[[Rational], str],
    name: str,
    default: Rational,
    direction: str,
    walk: list[Rational],
    here: str,
    exact: bool,
) -> Flip | None:
    last = default
    for x in walk:
        beyond = at(x)
        if beyond == "no game":
            return None
        if beyond != here:
            low, high = min(last, x), max(last, x)
            if not exact:
                return Flip(name, default, direction, None, low, high, beyond)
            threshold = find_threshold(at, low, high)
            return Flip(name, default, direction, threshold.value, threshold.low, threshold.high, beyond)
        last = x
    return None
