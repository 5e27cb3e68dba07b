"""Coefficients as standard normal coordinates u: each prior's own quantiles.

    c = Q(Phi(u)),    Q the quantile function of the prior, Phi that of the standard normal distribution,

so that the prior of u is standard normal and independent, whatever the family:

    log p(u | y) = log p(y | c(u)) - |u|^2 / 2 + constant.

Of a coefficient on which the record says little the posterior is then nearly normal too, also where it piles up at the
edge of what is possible; in logarithms it would have a long tail there. A normal approximation of the posterior, and
draws around it, are better for it. Everything that is fitted to a record works in these coordinates.

normal: c = mean + sd u; half_normal: c = sd Phi^-1((1 + Phi(u)) / 2); uniform: c = low + (high - low) Phi(u); gamma:
log c, and beta: log c / (1 - c), from a table at u = -8, -7.95, .., 8 with the exact values and slopes there, by cubic
interpolation, whose relative error is below 1e-6.

Sources: Hoff (2007), Annals of Applied Statistics 1 (normal scores); Papaspiliopoulos, Roberts and Skoeld (2007),
Statistical Science 22 (the non-centred parametrisation).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.special
from scipy import stats
from scipy.special import betainc, betaincinv, betaln, gammainc, gammaincc, gammaincinv, gammaln, ndtr, ndtri

from doubletalk.errors import InputError
from doubletalk.game.wording import unknown
from doubletalk.longgame.declaration import Coefficient, LongGame, Prior

__all__ = ["Coordinates", "Density", "held", "traced", "with_priors_scaled"]

Floats = npt.NDArray[np.float64]

FARTHEST = 8.0
"""Coordinates beyond so many standard deviations of the prior are taken at them, but for normal priors."""

KNOTS = 321
"""Of the table of a gamma's or a beta's quantiles."""

BEGIN = (-2.0, 3.0)
"""The coordinates of the file's values, with which a climb begins, are kept within these."""

TINY = 1e-280


class Density(NamedTuple):
    """The quantile functions as numbers, one formula for all families, for NumPy and JAX alike; arrays [d] unless said.

    A coordinate stands for low + width u (``normal`` 1), width Phi^-1((1 + Phi(u)) / 2) (``half`` 1), exp g(u)
    (``gamma`` 1), 1 / (1 + exp(-g(u))) (``beta`` 1) or low + width Phi(u) (else). ``values`` and ``slopes`` [d, knots]
    are those of g, [d, 2] zeros where no family needs them; ``places`` are positions in ``fixed`` [k + 3], see
    :class:`Coordinates`.
    """

    normal: Any
    half: Any
    gamma: Any
    beta: Any
    low: Any
    width: Any
    values: Any
    slopes: Any
    places: Any
    fixed: Any


@dataclass(frozen=True)
class Coordinates:
    """What a game estimates, d numbers with a prior, as coordinates u in R^d.

    coefficients  those d: coefficients in the file's order, then the belief at the start and the chances of leaving a
                  stance, where they have a prior
    places        [d] their positions in ``fixed``
    fixed         [k + 3] the file's values: all k coefficients, the belief, the chances of leaving each stance
    """

    coefficients: tuple[Coefficient, ...]
    places: tuple[int, ...]
    fixed: tuple[float, ...]

    @classmethod
    def of(cls, game: LongGame) -> Coordinates:
        """The coordinates of a game; InputError where nothing has a prior."""
        hazard = game.hazard if len(game.stances) == 2 else (0.0, 0.0)
        everything = [*game.coefficients, *game.unobserved]
        free = [(k, c) for k, c in enumerate(everything) if c.prior.family != "fixed"]
        if not free:
            raise InputError(
                "no coefficient has a prior, so there is nothing to estimate; give prior: {normal: [0, 1]}",
                game.path or None,
            )
        return cls(tuple(c for _, c in free), tuple(k for k, _ in free), (*game.values, float(game.belief), *hazard))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the d numbers."""
        return tuple(c.name for c in self.coefficients)

    @cached_property
    def density(self) -> Density:
        """The quantile functions as numbers."""
        priors = [c.prior for c in self.coefficients]
        flags = np.array([[float(prior.family == family) for prior in priors] for family in _FAMILIES])
        spans = np.array([_span(prior) for prior in priors], dtype=float)
        tables = [_table(prior) for prior in priors]
        if all(table is None for table in tables):
            shape = np.zeros((len(priors), 2, 2))
        else:
            shape = np.array([np.zeros((2, KNOTS)) if table is None else table for table in tables])
        return Density(
            flags[0], flags[1], flags[2], flags[3], spans[:, 0], spans[:, 1], shape[:, 0], shape[:, 1],
            np.array(self.places, dtype=np.int32), np.array(self.fixed, dtype=float),
        )  # fmt: skip

    def free(self, u: Floats) -> Floats:
        """[.., d] numbers at coordinates [.., d]."""
        return np.asarray(_free(np, scipy.special, self.density, np.asarray(u, dtype=float)))

    def whole(self, u: Floats) -> Floats:
        """[.., k + 3] all coefficients, the belief at the start and the chances of leaving a stance."""
        free = self.free(u)
        found = np.broadcast_to(np.array(self.fixed, dtype=float), (*free.shape[:-1], len(self.fixed))).copy()
        found[..., list(self.places)] = free
        return found

    def all(self, u: Floats) -> Floats:
        """[.., k] all coefficients, those without a prior as the file has them."""
        return self.whole(u)[..., :-3]

    def at(self, c: Floats) -> Floats:
        """[d] coordinates of coefficients [d], the inverse of ``free``; within ``FARTHEST`` but for normal priors."""
        return np.array([_coordinate(k.prior, float(value)) for k, value in zip(self.coefficients, c, strict=True)])

    def start(self) -> Floats:
        """[d] coordinates of the file's values, with which a climb begins."""
        return np.asarray(np.clip(self.at(np.array([c.value for c in self.coefficients])), *BEGIN))

    def log_density(self, c: Floats) -> Floats:
        """[N] log prior density of coefficients [N, d]."""
        parts = [_distribution(k.prior).logpdf(c[:, i]) for i, k in enumerate(self.coefficients)]
        return np.asarray(np.sum(parts, axis=0))

    def draw(self, count: int, random: np.random.Generator) -> Floats:
        """[count, d] draws of the coordinates from the prior."""
        return random.standard_normal((count, len(self.coefficients)))


_FAMILIES = ("normal", "half_normal", "gamma", "beta")


def _span(prior: Prior) -> tuple[float, float]:
    """Low and width of a family that is a scale and a shift, else 0 and 1."""
    given = prior.parameters
    if prior.family == "normal":
        return given[0], given[1]
    if prior.family == "half_normal":
        return 0.0, given[0]
    return (given[0], given[1] - given[0]) if prior.family == "uniform" else (0.0, 1.0)


def _distribution(prior: Prior) -> Any:
    given = prior.parameters
    if prior.family == "normal":
        return stats.norm(*given)
    if prior.family == "half_normal":
        return stats.halfnorm(scale=given[0])
    if prior.family == "gamma":
        return stats.gamma(given[0], scale=1 / given[1])
    return stats.beta(*given) if prior.family == "beta" else stats.uniform(given[0], given[1] - given[0])


def _table(prior: Prior) -> Floats | None:
    """[2, KNOTS] values and slopes of g at the knots, for a gamma or a beta prior."""
    if prior.family not in ("gamma", "beta"):
        return None
    u, (a, b) = np.linspace(-FARTHEST, FARTHEST, KNOTS), prior.parameters
    below, above = ndtr(u), ndtr(-u)
    log_normal = -0.5 * u**2 - 0.5 * np.log(2 * np.pi)
    if prior.family == "gamma":
        standard = np.where(u < 0, gammaincinv(a, below), scipy.special.gammainccinv(a, above))
        logs = _log_or_tail(standard, (np.log(below) + gammaln(a + 1)) / a)
        return np.array([logs - np.log(b), np.exp(log_normal - a * logs + np.exp(logs) + gammaln(a))])
    low = np.where(u < 0, betaincinv(a, b, below), 1 - betaincinv(b, a, above))
    high = np.where(u < 0, 1 - betaincinv(a, b, below), betaincinv(b, a, above))
    log_low = _log_or_tail(low, (np.log(below) + np.log(a) + betaln(a, b)) / a)
    log_high = _log_or_tail(high, (np.log(above) + np.log(b) + betaln(a, b)) / b)
    return np.array([log_low - log_high, np.exp(log_normal - a * log_low - b * log_high + betaln(a, b))])


def _log_or_tail(values: Floats, tail: Floats) -> Floats:
    """Logarithms, from the leading term of the tail where a value is too small to have one."""
    return np.asarray(np.where(values > TINY, np.log(np.maximum(values, TINY)), tail))


def _free(xp: Any, special: Any, d: Density, u: Any) -> Any:
    """c at u; *xp* is NumPy or JAX's, *special* its functions ``ndtr`` and ``ndtri``."""
    near = xp.clip(u, -FARTHEST, FARTHEST)
    folded = -special.ndtri(0.5 * special.ndtr(-xp.where(d.half > 0, near, 0.0)))
    found = xp.where(d.half > 0, d.width * folded, d.low + d.width * special.ndtr(near))
    found = xp.where(d.normal > 0, d.low + d.width * u, found)
    if d.values.shape[-1] == 2:
        return found
    g = _interpolated(xp, d, near)
    raised = xp.exp(xp.where(d.gamma > 0, g, 0.0))
    share = 1 / (1 + xp.exp(-xp.where(d.beta > 0, g, 0.0)))
    return xp.where(d.gamma > 0, raised, xp.where(d.beta > 0, share, found))


def _interpolated(xp: Any, d: Density, u: Any) -> Any:
    """g at u [.., d], by the cubic with the table's values and slopes at both ends of a cell."""
    step = 2 * FARTHEST / (KNOTS - 1)
    cell = xp.clip(xp.floor((u + FARTHEST) / step), 0, KNOTS - 2).astype(int)
    s, row = (u + FARTHEST) / step - cell, xp.arange(u.shape[-1])
    r = 1 - s
    values = (1 + 2 * s) * r * r * d.values[row, cell] + s * s * (3 - 2 * s) * d.values[row, cell + 1]
    return values + step * (s * r * r * d.slopes[row, cell] - s * s * r * d.slopes[row, cell + 1])


def traced(xp: Any, special: Any, d: Density, u: Any) -> tuple[Any, Any]:
    """The whole vector [k + 3] at u [d] and log p(u), with JAX's functions, to be differentiated."""
    prior = -0.5 * u @ u - 0.5 * np.log(2 * np.pi) * u.shape[-1]
    return xp.asarray(d.fixed).at[d.places].set(_free(xp, special, d, u)), prior


def _coordinate(prior: Prior, value: float) -> float:
    given = prior.parameters
    if prior.family == "normal":
        return (value - given[0]) / given[1]
    if prior.family == "half_normal":
        above = 2 * ndtr(-value / given[0])
        below = scipy.special.erf(value / given[0] / np.sqrt(2.0))
    elif prior.family == "gamma":
        below, above = gammainc(given[0], given[1] * value), gammaincc(given[0], given[1] * value)
    else:
        low, width = _span(prior)
        share = min(max((value - low) / width, 0.0), 1.0)
        a, b = given if prior.family == "beta" else (1.0, 1.0)
        below, above = betainc(a, b, share), betainc(b, a, 1 - share)
    found = ndtri(below) if below < 0.5 else -ndtri(above)
    return float(np.clip(found, -FARTHEST, FARTHEST))


def held(game: LongGame, settings: Mapping[str, float]) -> LongGame:
    """The game with some coefficients held at given values, without a prior."""
    names = [c.name for c in game.coefficients]
    for name in settings:
        if name not in names:
            raise InputError(unknown("coefficient", name, names), game.path or None)
    fixed = tuple(
        replace(c, value=float(settings[c.name]), prior=Prior("fixed")) if c.name in settings else c
        for c in game.coefficients
    )
    return replace(game, coefficients=fixed)


def with_priors_scaled(game: LongGame, scale: float) -> LongGame:
    """The game with every normal, half-normal and gamma prior made *scale* times as wide; means of normals stay."""
    if not scale > 0:
        raise InputError(f"the scale of the priors must be positive, found {scale}")

    def wider(prior: Prior) -> Prior:
        given = prior.parameters
        if prior.family == "normal":
            return replace(prior, parameters=(given[0], given[1] * scale))
        if prior.family == "half_normal":
            return replace(prior, parameters=(given[0] * scale,))
        if prior.family == "gamma":
            return replace(prior, parameters=(given[0], given[1] / scale))
        return prior

    return replace(game, coefficients=tuple(replace(c, prior=wider(c.prior)) for c in game.coefficients))
