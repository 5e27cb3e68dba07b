"""Functions of the belief on a uniform grid over [0, 1]: the cubic spline through the grid's values.

On a cell, with s in [0, 1] the share of the way across it,

    f = (1 + 2 s)(1 - s)^2 f0 + s (1 - s)^2 d0 + s^2 (3 - 2 s) f1 - s^2 (1 - s) d1,

f0, f1 the values and d0, d1 the slopes (per cell) at its ends. The slopes are those of the not-a-knot spline, linear in
the values: the curve has two continuous derivatives, so that likelihoods have no kinks at the grid's points. With three
points it is the parabola through them, with two the straight line.

Where an actor follows a rule that jumps in the belief, curves jump too and a spline would swing past them: there every
function is taken as straight between the grid's points (``straight``).

Source: de Boor (1978), A Practical Guide to Splines, chapter IV.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

__all__ = ["belief_grid", "curve_weights", "interpolated", "log_chances_at", "placed", "slopes", "slopes_matrix"]

Array: TypeAlias = Any


def belief_grid(points: int) -> Array:
    """Beliefs 0, 1/(B-1), .., 1; with one point the belief plays no part."""
    return jnp.linspace(0.0, 1.0, points) if points > 1 else jnp.zeros(1)


@cache
def slopes_matrix(points: int) -> npt.NDArray[np.float64]:
    """D with slopes = D @ values, per cell of the grid; read only."""
    n = points
    if n < 4:
        rows = {1: [[0.0]], 2: [[-1.0, 1.0]] * 2, 3: [[-1.5, 2.0, -0.5], [-0.5, 0.0, 0.5], [0.5, -2.0, 1.5]]}[n]
        return np.array(rows)
    left, right = np.zeros((n, n)), np.zeros((n, n))
    for k in range(1, n - 1):  # second derivatives agree at the inner points
        left[k, k - 1 : k + 2] = 1, 4, 1
        right[k, k - 1], right[k, k + 1] = -3, 3
    left[0, :2], right[0, :3] = (1, 2), (-2.5, 2, 0.5)  # third derivatives agree at the second point
    left[-1, -2:], right[-1, -3:] = (2, 1), (-0.5, -2, 2.5)  # and at the last but one
    matrix: npt.NDArray[np.float64] = np.asarray(np.linalg.solve(left, right), dtype=np.float64)
    matrix.flags.writeable = False
    return matrix


def slopes(table: Array, axis: int) -> Array:
    """Slopes per cell at the grid's points, for values on the grid along *axis*."""
    matrix = jnp.asarray(slopes_matrix(table.shape[axis]))
    return jnp.moveaxis(jnp.tensordot(matrix, table, axes=([1], [axis])), 0, axis)


def placed(points: int, at: Array, straight: bool = False) -> tuple[Array, tuple[Array, Array, Array, Array]]:
    """The cell of each belief, and its weights on (f0, d0, f1, d1)."""
    position = at * (points - 1)
    cell = jnp.clip(jnp.floor(jax.lax.stop_gradient(position)).astype(jnp.int32), 0, points - 2)
    s = position - cell
    r = 1 - s
    if straight:
        return cell, (r, jnp.zeros_like(s), s, jnp.zeros_like(s))
    return cell, ((1 + 2 * s) * r * r, s * r * r, s * s * (3 - 2 * s), -s * s * r)


def interpolated(tables: list[tuple[Array, Array]], at: Array, axis: int, straight: bool = False) -> list[Array]:
    """Each table at the beliefs *at*, from its values and slopes on the grid along *axis*, which is else as *at*."""
    points = at.shape[axis]
    if points == 1:
        return [jnp.broadcast_to(values, at.shape) for values, _ in tables]
    cell, (v0, w0, v1, w1) = placed(points, at, straight)
    found = []
    for pair in tables:
        values, slope = (jnp.broadcast_to(part, at.shape) for part in pair)
        f0, f1 = (jnp.take_along_axis(values, cell + k, axis=axis, mode="clip") for k in (0, 1))
        d0, d1 = (jnp.take_along_axis(slope, cell + k, axis=axis, mode="clip") for k in (0, 1))
        found.append(v0 * f0 + w0 * d0 + v1 * f1 + w1 * d1)
    return found


def curve_weights(points: int, at: Array, straight: bool = False) -> Array:
    """W [n, points] with W @ values = the curve through the values at the beliefs *at* [n]."""
    if points == 1:
        return jnp.ones((at.shape[0], 1))
    cell, (v0, w0, v1, w1) = placed(points, at, straight)
    matrix, unit = jnp.asarray(slopes_matrix(points)), jnp.eye(points)
    parts = ((v0, unit, 0), (w0, matrix, 0), (v1, unit, 1), (w1, matrix, 1))
    return sum(weight[:, None] * rows[cell + k] for weight, rows, k in parts)


def log_chances_at(logs: Array, belief: Array) -> Array:
    """Log choice probabilities [.., moves] at one belief from those on the grid, [.., moves, points].

    Choice values are interpolated and the softmax taken after that: log probabilities differ from choice values by a
    constant over moves, which is a function of the belief and drops out.
    """
    points = logs.shape[-1]
    curve = curve_weights(points, jnp.reshape(belief, (1,)))[0]
    return jax.nn.log_softmax(logs @ curve, axis=-1)
