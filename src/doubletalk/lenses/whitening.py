r"""Coefficients as standard normal coordinates z: each prior's own quantiles.

    c = Q(Phi(z)),    Q the quantile function of the prior, Phi that of the standard normal distribution,

so that the prior of z is standard normal and independent, whatever the family. Of a coefficient on which the record
says little the posterior is then nearly normal too, also where it piles up at the edge of what is possible; in
logarithms it would have a long tail there. A normal approximation of the posterior, and draws around it, are better
for it.

Source: the non-centred parametrisation, Papaspiliopoulos, Roberts and Skoeld (2007), Statistical Science 22.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy import stats
from scipy.special import ndtr, ndtri, ndtri_exp

from doubletalk.longgame.coordinates import BOUNDED, POSITIVE, Coordinates
from doubletalk.longgame.declaration import LongGame

__all__ = ["Whitened", "whitened"]

Floats = npt.NDArray[np.float64]

FARTHEST = 8.0
"""Coordinates beyond so many standard deviations are taken at them when coefficients are worked out."""


@dataclass(frozen=True)
class Whitened(Coordinates):
    """As :class:`~doubletalk.longgame.coordinates.Coordinates`, with z in the place of u."""

    @cached_property
    def _families(self) -> list[tuple[str, tuple[float, ...]]]:
        return [(c.prior.family, c.prior.parameters) for c in self.coefficients]

    def free(self, u: Floats) -> Floats:
        """[.., d] coefficients at coordinates [.., d]."""
        z = np.clip(np.asarray(u, dtype=float), -FARTHEST, FARTHEST)
        found = np.array(z)
        for k, (family, given) in enumerate(self._families):
            found[..., k] = _quantile(family, given, z[..., k])
        return found

    def turning(self, u: Floats) -> Floats:
        """[.., d] dc/dz = phi(z) / p(c)."""
        z = np.clip(np.asarray(u, dtype=float), -FARTHEST, FARTHEST)
        c, found = self.free(z), np.ones(z.shape)
        for k, (family, given) in enumerate(self._families):
            if family == "normal":
                found[..., k] = given[1]
            else:
                found[..., k] = np.exp(stats.norm.logpdf(z[..., k]) - _prior(family, given).logpdf(c[..., k]))
        return found

    def inner(self, z: Floats) -> tuple[Floats, Floats]:
        """[d] the coordinates of ``Coordinates`` (logarithms, logits, the number itself) at z [d], and du/dz."""
        c, slope = self.free(z), self.turning(z)
        u, turn = c.copy(), slope.copy()
        for k, (family, given) in enumerate(self._families):
            if family in POSITIVE:
                u[k], turn[k] = np.log(c[k]), slope[k] / c[k]
            elif family in BOUNDED:
                low, high = given if family == "uniform" else (0.0, 1.0)
                below, above = c[k] - low, high - c[k]
                u[k], turn[k] = np.log(below / above), slope[k] * (high - low) / (below * above)
        return u, turn

    def log_prior(self, u: Floats) -> tuple[Floats, Floats]:
        """Log density of z, summed over the last axis, and its gradient [.., d]."""
        z = np.asarray(u, dtype=float)
        return np.asarray(stats.norm.logpdf(z).sum(-1)), -z

    def start(self) -> Floats:
        """Coordinates of the file's values, no farther than two standard deviations."""
        return np.asarray(np.clip(self.at(np.array([c.value for c in self.coefficients])), -2.0, 2.0))

    def at(self, c: Floats) -> Floats:
        """[d] coordinates of coefficients [d], no farther than four standard deviations."""
        found = np.array([
            (value - given[0]) / given[1] if family == "normal" else ndtri(_prior(family, given).cdf(value))
            for value, (family, given) in zip(c, self._families, strict=True)
        ])  # fmt: skip
        return np.asarray(np.clip(found, -4.0, 4.0))

    def log_density(self, c: Floats) -> Floats:
        """[N] log prior density of coefficients [N, d]."""
        parts = [_prior(*given).logpdf(c[:, k]) for k, given in enumerate(self._families)]
        return np.asarray(np.sum(parts, axis=0))

    def spread(self) -> Floats:
        """[d] prior standard deviations of z."""
        return np.ones(len(self.coefficients))

    def draw(self, count: int, random: np.random.Generator) -> Floats:
        """[count, d] draws of z from the prior."""
        return random.standard_normal((count, len(self.coefficients)))


def whitened(game: LongGame) -> Whitened:
    """The coordinates of a game; InputError where no coefficient has a prior."""
    plain = Coordinates.of(game)
    return Whitened(plain.coefficients, plain.places, plain.fixed)


def _quantile(family: str, given: tuple[float, ...], z: Floats) -> Floats:
    if family == "normal":
        return np.asarray(given[0] + given[1] * z)
    if family == "half_normal":  # -Phi^-1(Phi(-z) / 2): no digits are lost at either end
        return np.asarray(-given[0] * ndtri_exp(stats.norm.logcdf(-z) - np.log(2.0)))
    prior = _prior(family, given)
    return np.asarray(np.where(z < 0, prior.ppf(ndtr(z)), prior.isf(ndtr(-z))))


def _prior(family: str, given: tuple[float, ...]):  # type: ignore[no-untyped-def]
    if family == "normal":
        return stats.norm(*given)
    if family == "half_normal":
        return stats.halfnorm(scale=given[0])
    if family == "uniform":
        return stats.uniform(given[0], given[1] - given[0])
    if family == "gamma":
        return stats.gamma(given[0], scale=1 / given[1])
    return stats.beta(*given)
