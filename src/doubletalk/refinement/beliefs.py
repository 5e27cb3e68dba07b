"""Convex sets of beliefs about the type, as linear rows, so that they can be met with the belief cone of a piece."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from doubletalk.exact import ONE, ZERO, Rational

__all__ = ["Beliefs", "hull", "meet", "on", "ray"]

Line = tuple[tuple[tuple[int, Rational], ...], bool]
"""(coefficients, whether it must vanish): a row over beliefs (index t >= 0) and further unknowns (-1, -2, ...)."""


@dataclass(frozen=True)
class Beliefs:
    """{x : there are y >= 0 with every line's value 0, or >= 0}: a convex cone of unnormalised beliefs x(t) >= 0.

    ``extra`` is the number of further unknowns y, named -1, -2, ... in the lines.
    """

    lines: tuple[Line, ...] = ()
    extra: int = 0


def _line(row: Mapping[int, Rational], equal: bool) -> Line:
    return tuple(sorted((i, v) for i, v in row.items() if v != 0)), equal


def on(allowed: Iterable[int], types: Sequence[int]) -> Beliefs:
    """All beliefs on the *allowed* ones of *types*."""
    kept = set(allowed)
    return Beliefs(tuple(_line({t: ONE}, True) for t in types if t not in kept))


def hull(generators: Sequence[Mapping[int, Rational]], types: Sequence[int]) -> Beliefs:
    """The convex cone of the *generators* (type -> weight)."""
    lines = []
    for t in types:
        row = {-1 - k: -g[t] for k, g in enumerate(generators) if g.get(t, ZERO) != 0}
        lines.append(_line({t: ONE, **row}, True))
    return Beliefs(tuple(lines), len(generators))


def ray(weights: Mapping[int, Rational], loose: Iterable[int], types: Sequence[int]) -> Beliefs:
    """{x : x(t) = s weights(t), for t in *loose* 0 <= x(t) <= s weights(t), some s >= 0}; other types have none."""
    free = set(loose)
    lines = []
    for t in types:
        bound = weights.get(t, ZERO)
        if t in free:
            lines.append(_line({t: -ONE, -1: bound}, False))
        else:
            lines.append(_line({t: ONE, -1: -bound}, True))
    return Beliefs(tuple(lines), 1)


def meet(sets: Sequence[Beliefs]) -> Beliefs:
    """The beliefs in all of the *sets*."""
    lines: list[Line] = []
    extra = 0
    for one in sets:
        for row, equal in one.lines:
            lines.append((tuple((i if i >= 0 else i - extra, v) for i, v in row), equal))
        extra += one.extra
    return Beliefs(tuple(lines), extra)
