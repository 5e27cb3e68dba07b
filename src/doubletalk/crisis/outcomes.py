r"""The log-likelihood of one game's outcome counts in the three indices that matter, with first and second derivatives.

    z1 = c - barWA,  z2 = c - bara,  w = F^{-1}(pR)
    log P(SQ) = log F(z1) + log F(z2)
    log P(CD) = log(S + B) + log F(-w)
    log P(SF) = log S + log F(w)
    log P(BD) = log B + log F(w)

with S and B of :mod:`doubletalk.crisis.tails`. A's indices and B's index appear in separate sums. The sums for SQ, SF
and BD are concave in (z1, z2) (S and B are probabilities of a convex cone shifted by (z1, z2)), those in w are concave;
only log(S + B) is not.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from doubletalk.crisis.tails import LOG_ROOT_2PI, Tails, inverse_mills, tails

__all__ = ["OUTCOMES", "Indices", "LogLikelihood", "index_likelihood", "log_odds_terms", "log_probabilities"]

Array = NDArray[np.float64]

OUTCOMES = ("sq", "cd", "sf", "bd")


class Indices(NamedTuple):
    """The indices of every game; ``d`` = z2 - z1 = barWA - bara is kept apart because c may be huge."""

    z1: Array
    z2: Array
    d: Array
    w: Array


class LogLikelihood(NamedTuple):
    """Log-likelihood by game (games,), gradient (games, 3) and Hessian (games, 3, 3) in (z1, z2, w)."""

    value: Array
    gradient: Array
    hessian: Array


def log_probabilities(at: Indices, known: Tails | None = None) -> Array:
    """Log probabilities of sq, cd, sf, bd: (games, 4)."""
    t = known if known is not None else tails(at.z1, at.z2, at.d)
    resist, concede = log_ndtr(at.w), log_ndtr(-at.w)
    challenge = np.logaddexp(t.log_s, t.log_b)
    rows = (log_ndtr(at.z1) + log_ndtr(at.z2), challenge + concede, t.log_s + resist, t.log_b + resist)
    return np.stack(rows, axis=-1)


def index_likelihood(at: Indices, counts: Array, known: Tails | None = None) -> LogLikelihood:
    """The log-likelihood of *counts* (games, 4: sq, cd, sf, bd), without the multinomial constant."""
    t = known if known is not None else tails(at.z1, at.z2, at.d)
    logs = log_probabilities(at, t)
    value = (counts * logs).sum(axis=-1)
    sq, cd, sf, bd = counts.T
    gradient = np.zeros((*at.z1.shape, 3))
    hessian = np.zeros((*at.z1.shape, 3, 3))
    for weight, first, second in (
        (sq, *_status_quo(at)),
        (sf, *_own_way(t.cross_s, t.hazard_s, at.z1, at.d, _both(at, t.log_s))),
        (bd, *_turned(*_own_way(t.cross_b, t.hazard_b, at.z2, -at.d, _both(at, t.log_b)))),
        (cd, *_challenge(at, t)),
    ):
        gradient[..., :2] += weight[..., None] * first
        hessian[..., :2, :2] += weight[..., None, None] * second
    resisted = sf + bd
    up, down = inverse_mills(at.w), inverse_mills(-at.w)
    gradient[..., 2] = resisted * up - cd * down
    hessian[..., 2, 2] = -resisted * up * (at.w + up) - cd * down * (down - at.w)
    return LogLikelihood(value, gradient, hessian)


def _both(at: Indices, log_tail: Array) -> Array:
    """f(z1) f(z2) divided by a tail."""
    return np.asarray(np.exp(-0.5 * at.z1**2 - 0.5 * at.z2**2 - 2.0 * LOG_ROOT_2PI - log_tail))


def _status_quo(at: Indices) -> tuple[Array, Array]:
    m1, m2 = inverse_mills(at.z1), inverse_mills(at.z2)
    zero = np.zeros_like(m1)
    return np.stack([m1, m2], axis=-1), _symmetric(-m1 * (at.z1 + m1), zero, -m2 * (at.z2 + m2))


def _own_way(cross: Array, hazard: Array, z: Array, d: Array, both: Array) -> tuple[Array, Array]:
    """Derivatives of log S in (z1, z2): S1 = -(g + f1 F2), S2 = g, g1 = g d/2 - f1 f2/2, g2 = -g d/2 - f1 f2/2."""
    own, other = -(cross + hazard), cross
    s11 = -0.5 * cross * d + 0.5 * both + z * hazard
    s12 = 0.5 * cross * d - 0.5 * both
    s22 = -0.5 * cross * d - 0.5 * both
    first = np.stack([own, other], axis=-1)
    return first, _symmetric(s11 - own * own, s12 - own * other, s22 - other * other)


def _turned(first: Array, second: Array) -> tuple[Array, Array]:
    """The same with z1 and z2 exchanged."""
    return first[..., ::-1], second[..., ::-1, ::-1]


def _challenge(at: Indices, t: Tails) -> tuple[Array, Array]:
    """Derivatives of log pC: its own are -f1 F2 and -f2 F1."""
    log_c = np.logaddexp(t.log_s, t.log_b)
    first = -np.stack([t.hazard_s * np.exp(t.log_s - log_c), t.hazard_b * np.exp(t.log_b - log_c)], axis=-1)
    one, two = first[..., 0], first[..., 1]
    both = _both(at, log_c)
    return first, _symmetric(-at.z1 * one - one * one, -both - one * two, -at.z2 * two - two * two)


def _symmetric(a: Array, b: Array, c: Array) -> Array:
    return np.stack([np.stack([a, b], axis=-1), np.stack([b, c], axis=-1)], axis=-2)


def log_odds_terms(at: Indices, t: Tails) -> tuple[Array, Array]:
    """First (games, 2) and second (games, 2, 2) derivatives of log(B/S) in (z1, z2)."""
    first_s, second_s = _own_way(t.cross_s, t.hazard_s, at.z1, at.d, _both(at, t.log_s))
    first_b, second_b = _turned(*_own_way(t.cross_b, t.hazard_b, at.z2, -at.d, _both(at, t.log_b)))
    return first_b - first_s, second_b - second_s
