"""The solver's own order of axes, chosen so that its loops run over neighbouring memory. NumPy only.

State variables fall in two groups: those that drift by themselves (X: all their combinations, flat) and those that
moves push (E, flat). Arrays are ordered [X, belief, m1, .., mI, E]; everything before E is a plain outer loop. Moves
after which play goes on alike are one kind, and kinds with the same transitions one class: what follows is computed
once for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from doubletalk.longgame.layout import Shape

__all__ = ["by_kind", "drift", "inward", "joint", "narrowed", "of_classes", "outward", "pushed", "split"]

Floats = npt.NDArray[np.float64]
Array = Any

DENSE_ENTRIES = 6_000_000
"""Up to so many entries the transition of the pushed variables is one matrix; beyond, variable by variable."""


def pushed(shape: Shape) -> tuple[int, ...]:
    """Positions of the variables that do not drift by themselves."""
    return tuple(place for place in range(len(shape.levels)) if place not in shape.drifting)


def split(shape: Shape) -> tuple[int, int]:
    """Sizes of X and E."""
    return (
        int(np.prod([shape.levels[p] for p in shape.drifting], dtype=int)),
        int(np.prod([shape.levels[p] for p in pushed(shape)], dtype=int)),
    )


def inward(shape: Shape, table: Array, middle: int) -> Array:
    """From [v.., rest.., belief] to [X, belief, rest.., E], with *middle* axes in the rest; levels must be full."""
    count = len(shape.levels)
    rest = tuple(range(count, count + middle))
    order = (*shape.drifting, count + middle, *rest, *pushed(shape))
    x, e = split(shape)
    sizes = tuple(table.shape[axis] for axis in (count + middle, *rest))
    return table.transpose(order).reshape((x, *sizes, e))


def outward(shape: Shape, table: Array, middle: int) -> Array:
    """The inverse of :func:`inward`."""
    count, inner = len(shape.levels), pushed(shape)
    sizes = table.shape[1:-1]
    spread = table.reshape((*(shape.levels[p] for p in shape.drifting), *sizes, *(shape.levels[p] for p in inner)))
    given = [*shape.drifting, count + middle, *range(count, count + middle), *inner]
    return spread.transpose([given.index(axis) for axis in range(count + middle + 1)])


def narrowed(shape: Shape, table: Floats) -> Floats:
    """A table over [.., v.., m..] that may be of length 1 on any axis, as [.., X, m.., E] with full X and E."""
    count, moves = len(shape.levels), len(shape.moves)
    lead = table.ndim - count - moves
    sizes = (*table.shape[:lead], *shape.levels, *table.shape[lead + count :])
    full = np.broadcast_to(table, sizes)
    order = (*range(lead), *(lead + p for p in shape.drifting), *range(lead + count, lead + count + moves),
             *(lead + p for p in pushed(shape)))  # fmt: skip
    x, e = split(shape)
    return np.ascontiguousarray(full.transpose(order)).reshape(
        (*table.shape[:lead], x, *table.shape[lead + count :], e)
    )


def drift(shape: Shape, tables: Sequence[Floats]) -> Floats:
    """P[X, X'] of the drifting variables."""
    matrix: Floats = np.ones((1, 1))
    for place in shape.drifting:
        own = tables[place].reshape(shape.levels[place], shape.levels[place])
        matrix = np.asarray(np.kron(matrix, own), dtype=np.float64)
    return matrix


def by_kind(shape: Shape, table: Floats, first: int, actors: Sequence[int]) -> Floats:
    """A table with one entry a kind of these actors' moves, whose axes start at *first*; of length 1 they stay so."""
    for i in actors:
        kinds = shape.kinds[i]
        if table.shape[first + i] > 1:
            table = np.take(table, [kinds.index(k) for k in range(max(kinds) + 1)], first + i)
    return table


def of_classes(shape: Shape, tables: Sequence[Floats]) -> tuple[Floats, ...]:
    """The pushed variables' tables, one entry a class of moves: [X or 1, c1, .., cI, v.. of E or 1, next level]."""
    found = []
    for place in pushed(shape):
        table = tables[place]
        for i, (kinds, classes) in enumerate(zip(shape.kinds, shape.classes, strict=True)):
            axis = len(shape.levels) + i
            if table.shape[axis] > 1:
                table = np.take(table, [kinds.index(classes.index(k)) for k in range(max(classes) + 1)], axis)
        count, moves = len(shape.levels), len(shape.moves)
        outer = any(table.shape[p] > 1 for p in shape.drifting)
        if outer:
            sizes = tuple(shape.levels[p] if p in shape.drifting else table.shape[p] for p in range(count))
            table = np.broadcast_to(table, (*sizes, *table.shape[count:]))
        order = (*shape.drifting, *range(count, count + moves), *pushed(shape), count + moves)
        x = split(shape)[0] if outer else 1
        turned = np.ascontiguousarray(table.transpose(order))
        found.append(turned.reshape((x, *turned.shape[len(shape.drifting) :])))
    return tuple(found)


def joint(shape: Shape, steps: Sequence[Floats]) -> Floats | None:
    """P as [X or 1, E', (classes.., E)], or None when it would exceed ``DENSE_ENTRIES``; *steps* of ``of_classes``."""
    inner = [shape.levels[p] for p in pushed(shape)]
    kinds = tuple(max(own) + 1 for own in shape.classes)
    outer = max((step.shape[0] for step in steps), default=1)
    _, e = split(shape)
    if outer * e * e * int(np.prod(kinds)) > DENSE_ENTRIES:
        return None
    whole: Floats = np.ones((1,) * (1 + len(kinds) + 2 * len(inner)))
    for n, step in enumerate(steps):
        whole = whole * step.reshape(step.shape[:-1] + tuple(inner[n] if k == n else 1 for k in range(len(inner))))
    whole = np.broadcast_to(whole, (outer, *kinds, *inner, *inner)).reshape(outer, int(np.prod(kinds)) * e, e)
    return np.ascontiguousarray(whole.transpose(0, 2, 1))
