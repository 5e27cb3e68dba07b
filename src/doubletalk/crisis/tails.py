r"""Probabilities of the two ways in which a challenge, resisted, ends; logarithms that hold far into the tails.

With z1 = c - barWA, z2 = c - bara and d = z2 - z1 = barWA - bara (given on its own, for c may be huge):

    S = P(challenge, would stand firm) = P(e1 > z1, e2 < e1 + d) = F2(d/sqrt 2, -z1, 1/sqrt 2)
    B = P(challenge, would back down)  = P(e2 > z2, e1 < e2 - d) = F2(-d/sqrt 2, -z2, 1/sqrt 2)
    S + B = pC = 1 - F(z1) F(z2)

B is the same function as S with the roles exchanged, so neither is ever a difference of larger numbers. For moderate
arguments the Drezner-Wesolowsky integral serves (both its terms are positive: relative accuracy). Elsewhere the
log-concave integrand of S = int_{z1}^inf f(u) F(u + d) du is integrated around its mode, with exp(-z1^2/2) taken out.

Hazards: with S moving as c rises, -d log S/dc = f(z1) F(z2)/S, increasing in c because the density of the better of
two normals, restricted to one of them, is log-concave (Prekopa 1973).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx, log_ndtr, ndtr

from doubletalk.crisis.bivariate import gauss_legendre

__all__ = ["LOG_ROOT_2PI", "Tails", "inverse_mills", "log_tail", "tails"]

Array = NDArray[np.float64]

LOG_ROOT_2PI = 0.5 * float(np.log(2.0 * np.pi))
NODES = 24
WINDOW_NODES = 48
MODERATE_Z = 6.0
MODERATE_D = 8.0
DROP = 40.0
"""The window ends where the integrand has fallen by exp(-40)."""
FAR_WIDTH = 9.0


class Tails(NamedTuple):
    """What the likelihood needs of S and B at (z1, z2): one entry per game.

    log_s, log_b        logarithms of S and B
    log_odds            log(B / S), exact also where both underflow
    cross_s, cross_b    g/S and g/B with g = dS/dz2 = dB/dz1 = f(d/sqrt 2) F(-(z1 + z2)/sqrt 2) / sqrt 2
    hazard_s, hazard_b  f(z1) F(z2) / S and f(z2) F(z1) / B
    """

    log_s: Array
    log_b: Array
    log_odds: Array
    cross_s: Array
    cross_b: Array
    hazard_s: Array
    hazard_b: Array


def inverse_mills(x: Array) -> Array:
    """f(x) / F(x), which grows like -x to the left."""
    return np.asarray(np.sqrt(2.0 / np.pi) / erfcx(-x / np.sqrt(2.0)))


def log_tail(z: Array, d: Array) -> Array:
    """log P(e1 > z, e2 < e1 + d) + max(z, 0)^2 / 2: of moderate size however large *z* is."""
    value = np.empty(z.shape)
    moderate = (z < MODERATE_Z) & (np.abs(d) < MODERATE_D)
    value[moderate] = _integral(z[moderate], d[moderate])
    far = ~moderate
    if far.any():
        value[far] = _window(z[far], d[far])
    return value


def _integral(z: Array, d: Array) -> Array:
    """F2(d/sqrt 2, -z, 1/sqrt 2) by its integral over the correlation."""
    nodes, weights = gauss_legendre(NODES)
    sine = np.sin(nodes * (np.pi / 4.0))
    half = 0.5 / ((1.0 - sine) * (1.0 + sine))
    h, k = d * np.sqrt(0.5), -z
    exponent = np.multiply.outer(-(h * h + k * k), half)
    exponent += np.multiply.outer(2.0 * h * k, half * sine)
    # below -700 the term is nothing beside F(h) F(k)
    density = np.exp(np.maximum(exponent, -700.0, out=exponent), out=exponent) @ weights
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(ndtr(h) * ndtr(k) + density / 8.0) + 0.5 * np.maximum(z, 0.0) ** 2)


def _window(z: Array, d: Array) -> Array:
    """The same by int_z^inf f(u) F(u + d) du, with u = base + s, base = max(z, 0) and s from its mode."""
    base = np.maximum(z, 0.0)
    start = z - base
    mode = _mode(base, d, start)
    slope = base + mode - inverse_mills(base + mode + d)
    # exp(-slope s - s^2/2) bounds the decay: the curvature of -log is at least 1
    right = np.where(slope > 0.0, 2.0 * DROP / (slope + np.sqrt(slope * slope + 2.0 * DROP)), FAR_WIDTH)
    left = np.where(mode > start, np.minimum(FAR_WIDTH, mode - start), 0.0)
    nodes, weights = gauss_legendre(WINDOW_NODES)
    width = left + right
    s = (mode - left)[..., None] + width[..., None] * nodes
    exponent = -s * (base[..., None] + 0.5 * s) + log_ndtr(base[..., None] + s + d[..., None])
    top = exponent.max(axis=-1)
    return np.asarray(top + np.log(width * (np.exp(exponent - top[..., None]) @ weights)) - LOG_ROOT_2PI)


def _mode(base: Array, d: Array, start: Array) -> Array:
    """Where inverse_mills(base + s + d) = base + s, or *start* when the integrand falls from there on.

    The difference is convex and decreasing in s, so that Newton's steps overshoot once at most.
    """
    s = np.maximum(start, -0.5 * d - base)
    for _ in range(60):
        mills = inverse_mills(base + s + d)
        fall = mills * (base + s + d + mills) + 1.0
        before, s = s, np.maximum(start, s + (mills - base - s) / fall)
        if not (np.abs(s - before) > 1e-6 * (1.0 + np.abs(s))).any():
            break
    return s


def tails(z1: Array, z2: Array, d: Array) -> Tails:
    """S, B, their ratio and first derivatives at *z1*, *z2* = *z1* + *d*; all arrays of one shape."""
    scaled_s, scaled_b = log_tail(z1, d), log_tail(z2, -d)
    up1, up2 = np.maximum(z1, 0.0), np.maximum(z2, 0.0)
    half1, half2 = 0.5 * up1 * up1, 0.5 * up2 * up2
    both = (z1 > 0.0) & (z2 > 0.0)
    # z1^2/2 - z2^2/2 without losing the digits of d
    shift = np.where(both, -0.5 * d * (z1 + z2), half1 - half2)
    own1 = 0.5 * (up1 - z1) * (up1 + z1)
    own2 = 0.5 * (up2 - z2) * (up2 + z2)
    hazard_s = np.exp(own1 - LOG_ROOT_2PI + log_ndtr(z2) - scaled_s)
    hazard_b = np.exp(own2 - LOG_ROOT_2PI + log_ndtr(z1) - scaled_b)
    v = (z1 + z2) * np.sqrt(0.5)
    # log g: for v > 0, -d^2/4 - v^2/2 = -(z1^2 + z2^2)/2
    positive = v > 0.0
    with np.errstate(over="ignore"):
        mills = np.where(positive, np.log(0.5 * erfcx(np.maximum(v, 0.0) * np.sqrt(0.5))), log_ndtr(-v))
    shared = mills - LOG_ROOT_2PI - 0.5 * np.log(2.0)
    own_g1 = np.where(positive, own1 - 0.5 * z2 * z2, half1 - 0.25 * d * d)
    own_g2 = np.where(positive, own2 - 0.5 * z1 * z1, half2 - 0.25 * d * d)
    return Tails(
        log_s=scaled_s - half1,
        log_b=scaled_b - half2,
        log_odds=scaled_b - scaled_s + shift,
        cross_s=np.exp(own_g1 + shared - scaled_s),
        cross_b=np.exp(own_g2 + shared - scaled_b),
        hazard_s=hazard_s,
        hazard_b=hazard_b,
    )
