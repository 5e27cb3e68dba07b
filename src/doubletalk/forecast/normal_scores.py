"""Coordinates in which the prior is standard normal: v = Phi^-1(F(c)), F each coefficient's prior distribution.

A record says little about many coefficients of a long game, and their posterior is then near their prior. In these
coordinates that is near normal, whatever the family; in logarithms, for instance, a half-normal prior has a long tail
to the left that a normal approximation misses, and importance weights blow up. The log posterior of v is

    l(c(v)) - |v|^2 / 2 + constant,

with no Jacobian, and the Laplace approximation in v follows from that in u by the chain rule: with u = h(v), g and H
the gradient and Hessian of the log likelihood l in u,

    dl/dv = h' g,     d2l/dv2 = h' H h' + diag(h'' g),

and one Newton step from v(u*), u* the mode in u, gives the mode in v to second order.

Source: Hoff (2007), Annals of Applied Statistics 1 (normal scores); Tierney and Kadane (1986), JASA 81.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from doubletalk.longgame.coordinates import Coordinates
from doubletalk.longgame.declaration import Prior

__all__ = ["from_scores", "laplace_in_scores", "to_scores"]

Floats = npt.NDArray[np.float64]

MOST = 8.0
"""Scores are kept within this many standard deviations of the prior."""

BOUNDED = ("uniform", "beta")
STEP = 1e-4
LEAST_CURVATURE = 0.05


def _distribution(prior: Prior) -> Any:
    given = prior.parameters
    if prior.family == "normal":
        return stats.norm(given[0], given[1])
    if prior.family == "half_normal":
        return stats.halfnorm(0, given[0])
    if prior.family == "gamma":
        return stats.gamma(given[0], scale=1 / given[1])
    return stats.beta(*given) if prior.family == "beta" else stats.uniform()


def _bounds(prior: Prior) -> tuple[float, float]:
    return (prior.parameters[0], prior.parameters[1]) if prior.family == "uniform" else (0.0, 1.0)


def to_scores(coordinates: Coordinates, u: Floats) -> Floats:
    """Scores v [d] of the coordinates u [d]."""
    found = []
    for coefficient, value in zip(coordinates.coefficients, coordinates.free(u), strict=True):
        prior = _distribution(coefficient.prior)
        if coefficient.prior.family in BOUNDED:
            low, high = _bounds(coefficient.prior)
            value = (value - low) / (high - low)
        below = prior.cdf(value) < 0.5
        found.append(stats.norm.ppf(prior.cdf(value)) if below else stats.norm.isf(prior.sf(value)))
    return np.asarray(np.clip(np.array(found), -MOST, MOST), dtype=np.float64)


def from_scores(coordinates: Coordinates, v: Floats) -> Floats:
    """The coordinates u [d] of scores v [d]."""
    found = []
    for coefficient, score in zip(coordinates.coefficients, np.clip(v, -MOST, MOST), strict=True):
        prior = _distribution(coefficient.prior)
        value = prior.ppf(stats.norm.cdf(score)) if score < 0 else prior.isf(stats.norm.sf(score))
        if coefficient.prior.family in BOUNDED:
            low, high = _bounds(coefficient.prior)
            value = low + (high - low) * value
        found.append(value)
    return coordinates.at(np.array(found, dtype=float))


def laplace_in_scores(coordinates: Coordinates, u: Floats, hessian: Floats) -> tuple[Floats, Floats]:
    """Mode [d] and covariance [d, d] in scores from the mode u and ``hessian``, minus the second derivatives there."""
    v = to_scores(coordinates, u)
    up, at, down = (from_scores(coordinates, v + shift) for shift in (STEP, 0.0, -STEP))
    first, second = (up - down) / (2 * STEP), (up - 2 * at + down) / STEP**2
    prior_slope = coordinates.log_prior(u)[1]
    prior_curvature = np.array([_second(coordinates, u, k) for k in range(len(u))])
    slope = -prior_slope  # at the mode the likelihood's slope is minus the prior's
    curved = first[:, None] * (-hessian - np.diag(prior_curvature)) * first + np.diag(slope * second)
    values, vectors = np.linalg.eigh(np.eye(len(u)) - curved)
    covariance = (vectors / np.maximum(values, LEAST_CURVATURE)) @ vectors.T
    return v + covariance @ (first * slope - v), covariance


def _second(coordinates: Coordinates, u: Floats, k: int) -> float:
    move = np.zeros_like(u)
    move[k] = STEP
    above, below = (coordinates.log_prior(u + sign * move)[1][k] for sign in (1, -1))
    return float((above - below) / (2 * STEP))
