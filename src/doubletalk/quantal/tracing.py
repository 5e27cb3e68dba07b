"""Following a curve F(x) = 0 of N equations in N + 1 unknowns: pseudo-arclength continuation.

Predictor: a step along the tangent. Corrector: Newton in the hyperplane through the predicted point and across the
tangent, so that turning points in the last unknown are passed. At a simple bifurcation the curve is followed
straight on, because the tangent keeps its direction.

Source: Keller (1977), Numerical solution of bifurcation and nonlinear eigenvalue problems; Turocy (2005), A dynamic
homotopy interpretation of the logistic quantal response equilibrium correspondence, Games and Economic Behavior 51.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from doubletalk.quantal.form import Array

__all__ = ["System", "corrected", "tangent_at", "traced_step"]

System: TypeAlias = Callable[[Array], tuple[Array, Array]]
"""x (N + 1,) -> F (N,) and its Jacobian (N, N + 1)."""

ITERATIONS = 12
CONTRACTION = 0.5
FIRST_CORRECTION = 0.5
"""Largest first Newton step that is trusted, in log-odds (and in rationality times the range of payoffs)."""
ROUNDING = 1e-8
"""Newton steps below this, relative to the largest unknown, may be rounding."""
TURN = 0.9
"""Least cosine between the tangents at both ends of a step."""


def tangent_at(system: System, x: Array, direction: Array) -> Array | None:
    """The unit tangent at *x* that points the way of *direction*; None where it is not unique."""
    _, jacobian = system(x)
    right = np.zeros(len(x))
    right[-1] = 1.0
    try:
        found = np.linalg.solve(np.vstack([jacobian, direction]), right)
    except np.linalg.LinAlgError:
        return None
    length = float(np.linalg.norm(found))
    return np.asarray(found / length) if np.isfinite(length) else None


def corrected(system: System, start: Array, across: Array, tolerance: float) -> tuple[Array, float] | None:
    """Newton from *start* on F(x) = 0 and across . (x - start) = 0: the point, and the length of the first step.

    None when the steps do not shrink by half each time, or a matrix is singular. Steps that stop shrinking when they
    are down to rounding end the iteration; whether the point is good enough is for its residual to say.
    """
    x, first, last = start, 0.0, np.inf
    for iteration in range(ITERATIONS):
        value, jacobian = system(x)
        right = np.append(value, across @ (x - start))
        try:
            step = np.linalg.solve(np.vstack([jacobian, across]), -right)
        except np.linalg.LinAlgError:
            return None
        length = float(np.abs(step).max())
        if not np.isfinite(length):
            return None
        x = x + step
        first = length if iteration == 0 else first
        if length <= tolerance:
            return x, first
        if length > CONTRACTION * last:
            return (x, first) if last <= ROUNDING * (1.0 + float(np.abs(x).max())) else None
        last = length
    return None


def traced_step(
    system: System, x: Array, tangent: Array, length: float, tolerance: float
) -> tuple[Array, Array, float] | None:
    """One step of *length*: the new point, its tangent, and the first correction; None when it must be shorter."""
    found = corrected(system, x + length * tangent, tangent, tolerance)
    if found is None or found[1] > FIRST_CORRECTION:
        return None
    turned = tangent_at(system, found[0], tangent)
    if turned is None or turned @ tangent < TURN:
        return None
    return found[0], turned, found[1]
