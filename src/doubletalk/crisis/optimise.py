"""Newton's method with damping, for likelihoods that come with exact first and second derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["GRADIENT_TOLERANCE", "Maximum", "maximise"]

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array, Array]]

GRADIENT_TOLERANCE = 1e-8
"""A maximum is reached when no component of the gradient of the log-likelihood is larger."""
LARGEST_ALLOWANCE = 1e4
MOST_STEPS = 300
DAMPING = (1e-12, 1e-3, 1e12)
"""Smallest, first, largest damping relative to the curvature."""


@dataclass(frozen=True)
class Maximum:
    """Where the search ended: point, value, gradient, Hessian there, steps, and whether it converged (or why not)."""

    point: Array
    value: float
    gradient: Array
    hessian: Array
    steps: int
    converged: bool
    message: str

    @property
    def gradient_size(self) -> float:
        """The largest component of the gradient in absolute value."""
        return float(np.abs(self.gradient).max(initial=0.0))


def maximise(
    objective: Objective, start: Array, *, tolerance: float = GRADIENT_TOLERANCE, steps: int = MOST_STEPS
) -> Maximum:
    """A local maximum of *objective*, which gives value, gradient and Hessian.

    Levenberg-Marquardt damping in units of the curvature: steps solve (-H + damping diag) step = gradient, with the
    damping raised until the matrix is positive definite and the value does not fall. Ends when the gradient is below
    *tolerance* and a further step gains nothing. Where the value is beyond a million, the tolerance grows with it:
    no gradient is exact to more digits than the value.
    """
    point = np.array(start, dtype=np.float64)
    value, gradient, hessian = objective(point)
    damping = DAMPING[1]
    for step_number in range(steps):
        size = float(np.abs(gradient).max(initial=0.0))
        allowed = _allowed(tolerance, value)
        scale = np.maximum(np.abs(np.diag(hessian)), 1e-10)
        done = size < allowed
        while True:
            step = _step(hessian, gradient, scale, damping)
            if step is not None:
                tried = objective(point + step)
                better = tried[0] > value or (tried[0] >= value - 1e-13 * abs(value) and _smaller(tried[1], gradient))
                if np.isfinite(tried[0]) and better:
                    break
            if done or damping >= DAMPING[2]:
                message = "converged" if done else "no step improves the log-likelihood"
                return Maximum(point, value, gradient, hessian, step_number, done, message)
            damping = max(damping * 8.0, 1e-8)
        point, (value, gradient, hessian) = point + step, tried
        damping = max(damping / 20.0, DAMPING[0])
        if done and not float(np.abs(gradient).max(initial=0.0)) < 0.5 * size:
            return Maximum(point, value, gradient, hessian, step_number + 1, True, "converged")
    size = float(np.abs(gradient).max(initial=0.0))
    reached = size < _allowed(tolerance, value)
    words = "converged" if reached else f"stopped after {steps} steps"
    return Maximum(point, value, gradient, hessian, steps, reached, words)


def _allowed(tolerance: float, value: float) -> float:
    """Grows with a value beyond a million, to LARGEST_ALLOWANCE times: a value beyond all counts is no reason."""
    return tolerance * min(max(1.0, 1e-6 * abs(value)), LARGEST_ALLOWANCE)


def _smaller(new: Array, old: Array) -> bool:
    return float(np.abs(new).max(initial=0.0)) < float(np.abs(old).max(initial=0.0))


def _step(hessian: Array, gradient: Array, scale: Array, damping: float) -> Array | None:
    matrix = -hessian + np.diag(damping * scale)
    root = 1.0 / np.sqrt(scale)
    try:
        factor = np.linalg.cholesky(matrix * root[:, None] * root)
    except np.linalg.LinAlgError:
        return None
    half = np.linalg.solve(factor, gradient * root)
    return np.asarray(np.linalg.solve(factor.T, half) * root)
