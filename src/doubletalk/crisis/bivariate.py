r"""The bivariate normal distribution function and its derivatives, vectorised, to 1e-12 and better.

From the identity dF2/dr = f2 (Plackett 1954), with r = sin t,

    F2(h, k, r) = F(h) F(k) + 1/(2 pi) int_0^{asin r} exp(-(h^2 + k^2 - 2 h k sin t) / (2 cos^2 t)) dt

which is Drezner & Wesolowsky's (1990) form; the integrand is smooth unless |r| is close to 1. There, integrating down
from r = 1 instead, with x = cos t and b = h - k,

    F2(h, k, r) = F(min(h, k)) - 1/(2 pi) int_0^{sqrt(1 - r^2)} exp(-b^2/(2 x^2) - h k/(1 + s)) / s dx

with s = sqrt(1 - x^2), whose only rough place is x = 0; panels that halve towards it resolve every b.
Gauss-Legendre rules throughout.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

__all__ = ["BivariateNormal", "bivariate_normal", "bivariate_normal_cdf", "gauss_legendre", "normal_density"]

Array = NDArray[np.float64]

STEEP = 0.9
"""Correlations above it in absolute value are integrated down from 1."""
NODES = 40
PANELS = 44
PANEL_NODES = 14
BLOCK = 2048
"""Points worked on at once, which bounds the memory."""
FAR = 40.0
"""F(-40) is below 1e-349: arguments beyond are the same as infinite ones."""


class BivariateNormal(NamedTuple):
    """Value of F2(h, k, r) and its partial derivatives, all of the common shape of h, k, r."""

    value: Array
    by_h: Array
    by_k: Array
    by_r: Array


@lru_cache(maxsize=16)
def gauss_legendre(count: int) -> tuple[Array, Array]:
    """Nodes and weights on [0, 1]."""
    nodes, weights = np.polynomial.legendre.leggauss(count)
    return (nodes + 1.0) / 2.0, weights / 2.0


def normal_density(x: Array) -> Array:
    """Density f(x) of the standard normal."""
    return np.asarray(np.exp(-0.5 * x * x) / np.sqrt(2.0 * np.pi))


def bivariate_normal_cdf(h: ArrayLike, k: ArrayLike, r: ArrayLike) -> Array:
    """P(X <= h, Y <= k) for standard normal X, Y with correlation *r*; arguments broadcast, infinities allowed.

    Absolute error below 1e-13. Raises ValueError where |r| > 1 or an argument is not a number.
    """
    h, k, r = _checked(h, k, r)
    value = np.empty(h.shape)
    flat = [x.ravel() for x in (h, k, r)]
    for start in range(0, h.size, BLOCK):
        part = slice(start, start + BLOCK)
        value.ravel()[part] = _block(*(x[part] for x in flat))
    return np.clip(value, 0.0, 1.0)


def bivariate_normal(h: ArrayLike, k: ArrayLike, r: ArrayLike) -> BivariateNormal:
    """The distribution function with its derivatives.

    dF2/dh = f(h) F((k - r h)/sqrt(1 - r^2)), the same with h and k exchanged, dF2/dr = f2(h, k, r).
    At |r| = 1 the derivatives are those of the limit; dF2/dr is infinite where h = r k.
    """
    h, k, r = _checked(h, k, r)
    # 1 - r^2 as a product: no digits lost near |r| = 1
    square = (1.0 - r) * (1.0 + r)
    root = np.sqrt(square)
    with np.errstate(divide="ignore", invalid="ignore"):
        by_h = normal_density(h) * ndtr(_ratio(k - r * h, root))
        by_k = normal_density(k) * ndtr(_ratio(h - r * k, root))
        exponent = -0.5 * (h * h + _ratio((k - r * h) ** 2, square))
        by_r = np.exp(exponent) / (2.0 * np.pi * root)
    by_r = np.where(root > 0.0, by_r, np.where(k == r * h, np.inf, 0.0))
    return BivariateNormal(bivariate_normal_cdf(h, k, r), by_h, by_k, by_r)


def _block(h: Array, k: Array, r: Array) -> Array:
    value = np.empty(h.shape)
    gentle = np.abs(r) <= STEEP
    value[gentle] = _gentle(h[gentle], k[gentle], r[gentle])
    up = r > STEEP
    value[up] = _steep(h[up], k[up], r[up])
    down = r < -STEEP
    value[down] = ndtr(h[down]) - _steep(h[down], -k[down], -r[down])
    return value


def _checked(h: ArrayLike, k: ArrayLike, r: ArrayLike) -> tuple[Array, Array, Array]:
    h, k, r = np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in (h, k, r)))
    if np.isnan(h).any() or np.isnan(k).any() or not (np.abs(r) <= 1.0).all():
        raise ValueError("expected numbers h and k and a correlation r from -1 to 1")
    return np.clip(h, -FAR, FAR), np.clip(k, -FAR, FAR), np.asarray(r)


def _ratio(top: Array, bottom: Array) -> Array:
    """*top* / *bottom*, with 0 / 0 = 0."""
    return np.asarray(np.where(top == 0.0, 0.0, top / bottom))


def _gentle(h: Array, k: Array, r: Array) -> Array:
    nodes, weights = gauss_legendre(NODES)
    end = np.arcsin(r)
    sine = np.sin(end[..., None] * nodes)
    exponent = -(h * h + k * k)[..., None] + 2.0 * (h * k)[..., None] * sine
    values = np.exp(0.5 * exponent / ((1.0 - sine) * (1.0 + sine)))
    return np.asarray(ndtr(h) * ndtr(k) + end * (values @ weights) / (2.0 * np.pi))


def _steep(h: Array, k: Array, r: Array) -> Array:
    nodes, weights = gauss_legendre(PANEL_NODES)
    high = 0.5 ** np.arange(PANELS)
    grid = (high[:, None] * (1.0 + nodes) / 2.0).ravel()
    grid_weights = (high[:, None] * weights / 2.0).ravel()
    end = np.sqrt((1.0 - r) * (1.0 + r))
    x = np.maximum(end[..., None] * grid, 1e-150)
    s = np.sqrt((1.0 - x) * (1.0 + x))
    with np.errstate(over="ignore"):
        exponent = -0.5 * ((h - k)[..., None] / x) ** 2 - (h * k)[..., None] / (1.0 + s)
    values = np.exp(exponent) / s
    return np.asarray(ndtr(np.minimum(h, k)) - end * (values @ grid_weights) / (2.0 * np.pi))
