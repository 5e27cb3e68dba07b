"""Where one size alone changes what the window looks like, exactly.

The shape of a window is the list of its segments without their ends: which action of the first audience is best, and
what the offer does. It changes only where two break-even beliefs meet or a reply of the sender turns: at v = s, at
d = rho, where l/(g+l) meets s/L. Each such place is found along one parameter, the others held, named as a rational
and confirmed just below it, at it and just above it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from doubletalk.case.sweep import find_threshold
from doubletalk.case.window import Window, WindowRoles, find_window
from doubletalk.errors import InputError
from doubletalk.exact import ONE, Rational, rational
from doubletalk.game.model import Game

__all__ = ["REACH", "StructuralThreshold", "structural_thresholds"]

REACH = tuple(ONE * 2**k / 9 for k in range(4)) + tuple(ONE * 10 * 2**k / 9 for k in range(4))
"""Multiples of a parameter between which its nearest thresholds are looked for: from a ninth to nearly nine times."""

_NEAR = rational("1/1000000000")
"""How near to a threshold, relative to the distance from the default, the search for a nearer one begins."""

_Best: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class StructuralThreshold:
    """At ``value`` of ``parameter`` (now ``default``) the window changes its shape, the other parameters held.

    ``direction`` "down" or "up" from the default; ``low`` and ``high`` bracket it where ``value`` is None
    ``best_here``, ``best_beyond`` best actions of the first audience in the order of the belief, on either side
    ``offer_here``, ``offer_beyond`` what the offer does in that order
    """

    parameter: str
    default: Rational
    direction: str
    value: Rational | None
    low: Rational
    high: Rational
    best_here: _Best
    best_beyond: _Best
    offer_here: tuple[str, ...]
    offer_beyond: tuple[str, ...]


def structural_thresholds(
    make: Callable[[Mapping[str, Rational]], Game],
    roles: WindowRoles,
    base: Mapping[str, Rational],
    parameters: Iterable[str],
) -> tuple[StructuralThreshold, ...]:
    """For each of *parameters* the nearest threshold below and above its value in *base* (else the file's)."""
    values = make(base).parameters
    found = []
    for name in parameters:
        default = values[name]
        if default == 0:
            continue
        shapes: dict[Rational, tuple[_Best, tuple[str, ...]] | None] = {}

        def shape(
            x: Rational,
            name: str = name,
            shapes: dict[Rational, tuple[_Best, tuple[str, ...]] | None] = shapes,
        ) -> tuple[_Best, tuple[str, ...]] | None:
            if x not in shapes:
                try:
                    shapes[x] = _shape(find_window(make({**base, name: x}), roles))
                except InputError:  # no game at this value
                    shapes[x] = None
            return shapes[x]

        here = shape(default)
        below = [default * f for f in reversed(REACH) if f < 1]
        above = [default * f for f in REACH if f > 1]
        for direction, walk in (("down", below), ("up", above)):
            last = default
            for x in walk:
                beyond = shape(x)
                if beyond is None or here is None:
                    break
                if beyond != here:
                    threshold = _threshold(shape, name, default, direction, last, x)
                    found += [threshold] if threshold is not None else []
                    break
                last = x
    return tuple(found)


def _threshold(
    shape: Callable[[Rational], tuple[_Best, tuple[str, ...]] | None],
    name: str,
    default: Rational,
    direction: str,
    last: Rational,
    x: Rational,
) -> StructuralThreshold | None:
    here = shape(default)
    while True:  # until nothing changes any more between the default and the threshold
        threshold = find_threshold(shape, min(last, x), max(last, x))
        down = direction == "down"
        inside, outside = (threshold.above, threshold.below) if down else (threshold.below, threshold.above)
        if inside == here or not threshold.exact:
            break
        x = threshold.value + (last - threshold.value) * _NEAR
    if inside is None or outside is None:
        return None
    ends = (threshold.value, threshold.low, threshold.high)
    return StructuralThreshold(name, default, direction, *ends, inside[0], outside[0], inside[1], outside[1])


def _shape(window: Window) -> tuple[_Best, tuple[str, ...]]:
    best: list[tuple[str, ...]] = []
    offer: list[str] = []
    for segment in window.segments:
        if not best or best[-1] != segment.best:
            best.append(segment.best)
        if not offer or offer[-1] != segment.offer:
            offer.append(segment.offer)
    return tuple(best), tuple(offer)
