"""Coefficients as unconstrained coordinates u, with their prior densities.

normal: c = u; half_normal, gamma: c = exp(u); uniform, beta: c = low + (high - low) / (1 + exp(-u)). With ``scores`` a
half_normal of scale sd has c = sd Phi^-1((1 + Phi(u)) / 2), whose u is standard normal, so that a posterior near the
prior is near normal too. The density of u is that of c times |dc/du|.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import scipy.special
from scipy.special import betaln, erf, expit, gammaln, log_expit, ndtr, ndtri

from doubletalk.errors import InputError
from doubletalk.game.wording import unknown
from doubletalk.longgame.declaration import Coefficient, LongGame, Prior

__all__ = ["Coordinates", "Density", "held", "traced", "with_priors_scaled"]

Floats = npt.NDArray[np.float64]

POSITIVE = ("half_normal", "gamma")
BOUNDED = ("uniform", "beta")
MOST_LOG = 50.0


class Density(NamedTuple):
    """Priors as numbers, one formula for all families and for NumPy and JAX alike; arrays [d] unless said otherwise.

    A coordinate stands for c = u (``plain`` 1), exp(u) (``positive`` 1), width Phi^-1((1 + Phi(u)) / 2) (``half`` 1)
    or low + width s(u) (else), and with v = u for ``half``, else c,

        log p(u) = constant - ((v - mean) weight)^2 / 2 + power u - rate c + left log s(u) + right log s(-u),

    s the logistic function, Phi that of the standard normal. ``places`` are positions in ``fixed`` [k + 3], see
    :class:`Coordinates`.
    """

    plain: Any
    positive: Any
    half: Any
    low: Any
    width: Any
    constant: Any
    mean: Any
    weight: Any
    power: Any
    rate: Any
    left: Any
    right: Any
    places: Any
    fixed: Any


@dataclass(frozen=True)
class Coordinates:
    """What a game estimates, d numbers with a prior, as coordinates u in R^d.

    coefficients  those d: coefficients in the file's order, then the belief at the start and the chances of leaving a
                  stance, where they have a prior
    places        [d] their positions in ``fixed``
    fixed         [k + 3] the file's values: all k coefficients, the belief, the chances of leaving each stance
    scores        whether half-normal ones are in normal scores instead of logarithms
    """

    coefficients: tuple[Coefficient, ...]
    places: tuple[int, ...]
    fixed: tuple[float, ...]
    scores: bool = False

    @classmethod
    def of(cls, game: LongGame, scores: bool = False) -> Coordinates:
        """The coordinates of a game; InputError where nothing has a prior."""
        hazard = game.hazard if len(game.stances) == 2 else (0.0, 0.0)
        everything = [*game.coefficients, *game.unobserved]
        free = [(k, c) for k, c in enumerate(everything) if c.prior.family != "fixed"]
        if not free:
            raise InputError(
                "no coefficient has a prior, so there is nothing to estimate; give prior: {normal: [0, 1]}",
                game.path or None,
            )
        return cls(
            tuple(c for _, c in free), tuple(k for k, _ in free), (*game.values, float(game.belief), *hazard), scores
        )

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the d numbers."""
        return tuple(c.name for c in self.coefficients)

    @cached_property
    def density(self) -> Density:
        """The priors as numbers."""
        rows = np.array([_numbers(c.prior, self.scores) for c in self.coefficients], dtype=float).T
        numbers = dict(zip(Density._fields, rows, strict=False))
        return Density(**numbers, places=np.array(self.places, dtype=np.int32), fixed=np.array(self.fixed, dtype=float))

    def free(self, u: Floats) -> Floats:
        """[.., d] numbers at coordinates [.., d]."""
        return np.asarray(_free(np, scipy.special, self.density, np.asarray(u, dtype=float)))

    def turning(self, u: Floats) -> Floats:
        """[.., d] dc/du."""
        d, c = self.density, self.free(u)
        share = (c - d.low) * (d.low + d.width - c) / d.width
        scaled = d.half * c / d.width
        folded = 0.5 * d.width * np.exp(np.clip(0.5 * (scaled**2 - np.asarray(u) ** 2), -700.0, 700.0))
        found = np.where(d.half > 0, folded, share)
        return np.asarray(np.where(d.plain > 0, 1.0, np.where(d.positive > 0, c, found)))

    def whole(self, u: Floats) -> Floats:
        """[.., k + 3] all coefficients, the belief at the start and the chances of leaving a stance."""
        free = self.free(u)
        found = np.broadcast_to(np.array(self.fixed, dtype=float), (*free.shape[:-1], len(self.fixed))).copy()
        found[..., list(self.places)] = free
        return found

    def all(self, u: Floats) -> Floats:
        """[.., k] all coefficients, those without a prior as the file has them."""
        return self.whole(u)[..., :-3]

    def log_prior(self, u: Floats) -> tuple[Floats, Floats]:
        """Log density of u, summed over the last axis, and its gradient [.., d]."""
        u, d = np.asarray(u, dtype=float), self.density
        c, turning = self.free(u), self.turning(u)
        v, moving = np.where(d.half > 0, u, c), np.where(d.half > 0, 1.0, turning)
        slope = d.power + d.left * expit(-u) - d.right * expit(u) - d.rate * turning
        slope = slope - (v - d.mean) * d.weight**2 * moving
        return np.asarray(_log_prior(np, log_expit, d, u, c)), slope

    def at(self, c: Floats) -> Floats:
        """[d] coordinates of coefficients [d], the inverse of ``free``; kept off the edges of what is possible."""
        pairs = zip(self.coefficients, c, strict=True)
        return np.array([_coordinate(k.prior, float(value), self.scores) for k, value in pairs])

    def start(self) -> Floats:
        """Coordinates of the file's values, kept off the edges."""
        return np.array([_start(c, self.scores) for c in self.coefficients])

    def spread(self) -> Floats:
        """[d] rough prior standard deviations of u, to scale the first steps of a climb."""
        return np.array([c.prior.parameters[1] if c.prior.family == "normal" else 1.0 for c in self.coefficients])

    def draw(self, count: int, random: np.random.Generator) -> Floats:
        """[count, d] draws of the coordinates from the prior."""
        columns = [_drawn(c.prior, count, random, self.scores) for c in self.coefficients]
        return np.stack(columns, axis=1)


def _numbers(prior: Prior, scores: bool) -> tuple[float, ...]:
    """plain, positive, half, low, width, constant, mean, weight, power, rate, left, right."""
    family, given = prior.family, prior.parameters
    if family == "normal":
        mean, sd = given
        return 1, 0, 0, 0, 1, -np.log(sd) - 0.5 * np.log(2 * np.pi), mean, 1 / sd, 0, 0, 0, 0
    if family == "half_normal" and scores:
        return 0, 0, 1, 0, given[0], -0.5 * np.log(2 * np.pi), 0, 1, 0, 0, 0, 0
    if family == "half_normal":
        return 0, 1, 0, 0, 1, 0.5 * np.log(2 / np.pi) - np.log(given[0]), 0, 1 / given[0], 1, 0, 0, 0
    if family == "gamma":
        shape, rate = given
        return 0, 1, 0, 0, 1, shape * np.log(rate) - gammaln(shape), 0, 0, shape, rate, 0, 0
    low, high = given if family == "uniform" else (0.0, 1.0)
    a, b = given if family == "beta" else (1.0, 1.0)
    return 0, 0, 0, low, high - low, -betaln(a, b), 0, 0, 0, 0, a, b


def _free(xp: Any, special: Any, d: Density, u: Any) -> Any:
    """c at u; *xp* is NumPy or JAX's, *special* its functions ``ndtr`` and ``ndtri``."""
    raised = xp.exp(xp.minimum(xp.where(d.positive > 0, u, 0.0), MOST_LOG))
    share = 1 / (1 + xp.exp(-xp.clip(u, -700.0, 700.0)))
    folded = -special.ndtri(0.5 * special.ndtr(-xp.clip(xp.where(d.half > 0, u, 0.0), -8.0, 37.0)))
    other = xp.where(d.half > 0, d.width * folded, d.low + d.width * share)
    return xp.where(d.plain > 0, u, xp.where(d.positive > 0, raised, other))


def _log_prior(xp: Any, log_share: Any, d: Density, u: Any, c: Any) -> Any:
    v = xp.where(d.half > 0, u, c)
    each = d.constant - 0.5 * ((v - d.mean) * d.weight) ** 2 + d.power * u - d.rate * c
    return xp.sum(each + d.left * log_share(u) + d.right * log_share(-u), axis=-1)


def traced(xp: Any, special: Any, log_share: Any, d: Density, u: Any) -> tuple[Any, Any]:
    """The whole vector [k + 3] at u [d] and log p(u), with JAX's functions, to be differentiated."""
    c = _free(xp, special, d, u)
    return xp.asarray(d.fixed).at[d.places].set(c), _log_prior(xp, log_share, d, u, c)


def _coordinate(prior: Prior, value: float, scores: bool) -> float:
    family, given = prior.family, prior.parameters
    if family == "half_normal" and scores:
        share = erf(value / given[0] / np.sqrt(2.0))
        return float(ndtri(max(share, 1e-300)) if share < 0.5 else -ndtri(max(2 * ndtr(-value / given[0]), 1e-300)))
    if family in POSITIVE:
        return float(np.log(max(value, 1e-300)))
    if family in BOUNDED:
        low, high = given if family == "uniform" else (0.0, 1.0)
        share = min(max((value - low) / (high - low), 1e-15), 1 - 1e-15)
        return float(np.log(share / (1 - share)))
    return value


def _start(coefficient: Coefficient, scores: bool) -> float:
    family, given, value = coefficient.prior.family, coefficient.prior.parameters, coefficient.value
    if family == "half_normal" and scores:
        return float(ndtri(min(max(2 * ndtr(value / given[0]) - 1, 0.02), 0.9999)))
    if family in POSITIVE:
        return float(np.log(max(value, 0.05)))
    if family in BOUNDED:
        low, high = given if family == "uniform" else (0.0, 1.0)
        share = min(max((value - low) / (high - low), 0.02), 0.98)
        return float(np.log(share / (1 - share)))
    return value


def _drawn(prior: Prior, count: int, random: np.random.Generator, scores: bool) -> Floats:
    family, given = prior.family, prior.parameters
    if family == "normal":
        return random.normal(given[0], given[1], count)
    if family == "half_normal":
        values = np.abs(random.normal(0.0, given[0], count))
        if not scores:
            return np.log(np.maximum(values, 1e-12))
        return np.asarray(-ndtri(np.minimum(2 * ndtr(-values / given[0]), 1 - 1e-16)))
    if family == "gamma":
        return np.log(np.maximum(random.gamma(given[0], 1 / given[1], count), 1e-12))
    a, b = given if family == "beta" else (1.0, 1.0)
    share = random.beta(a, b, size=count)
    share = np.clip(share, 1e-12, 1 - 1e-12)
    return np.asarray(np.log(share / (1 - share)))


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
