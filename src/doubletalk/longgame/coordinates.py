"""Coefficients as unconstrained coordinates u, with their prior densities: logarithms and logits, with the Jacobian.

half_normal, gamma: c = exp(u); uniform, beta: c = low + (high - low) / (1 + exp(-u)); normal: c = u. The density of u
is that of c times |dc/du|.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import betaln, expit, gammaln, log_expit

from doubletalk.errors import InputError
from doubletalk.game.wording import unknown
from doubletalk.longgame.declaration import Coefficient, LongGame, Prior

__all__ = ["Coordinates", "held", "with_priors_scaled"]

Floats = npt.NDArray[np.float64]

POSITIVE = ("half_normal", "gamma")
BOUNDED = ("uniform", "beta")


@dataclass(frozen=True)
class Coordinates:
    """The d coefficients of a game that have a prior, as coordinates u in R^d.

    coefficients  those d, in the file's order
    places        [d] their positions among all coefficients
    fixed         [k] the file's values of all coefficients
    """

    coefficients: tuple[Coefficient, ...]
    places: tuple[int, ...]
    fixed: tuple[float, ...]

    @classmethod
    def of(cls, game: LongGame) -> Coordinates:
        """The coordinates of a game; InputError where no coefficient has a prior."""
        free = [(k, c) for k, c in enumerate(game.coefficients) if c.prior.family != "fixed"]
        if not free:
            raise InputError(
                "no coefficient has a prior, so there is nothing to estimate; give prior: {normal: [0, 1]}",
                game.path or None,
            )
        return cls(tuple(c for _, c in free), tuple(k for k, _ in free), tuple(game.values))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the d coefficients."""
        return tuple(c.name for c in self.coefficients)

    def _kind(self, families: tuple[str, ...]) -> npt.NDArray[np.int64]:
        return np.array([k for k, c in enumerate(self.coefficients) if c.prior.family in families], dtype=np.int64)

    def _bounds(self) -> tuple[Floats, Floats]:
        chosen = [self.coefficients[k].prior for k in self._kind(BOUNDED)]
        pairs = [p.parameters if p.family == "uniform" else (0.0, 1.0) for p in chosen]
        return np.array([low for low, _ in pairs]), np.array([high for _, high in pairs])

    def free(self, u: Floats) -> Floats:
        """[.., d] coefficients at coordinates [.., d]."""
        found = np.array(u, dtype=float)
        positive, bounded = self._kind(POSITIVE), self._kind(BOUNDED)
        found[..., positive] = np.exp(np.minimum(found[..., positive], 50.0))
        if len(bounded):
            low, high = self._bounds()
            found[..., bounded] = low + (high - low) * expit(found[..., bounded])
        return found

    def turning(self, u: Floats) -> Floats:
        """[.., d] dc/du."""
        c, found = self.free(u), np.ones(np.shape(u))
        positive, bounded = self._kind(POSITIVE), self._kind(BOUNDED)
        found[..., positive] = c[..., positive]
        if len(bounded):
            low, high = self._bounds()
            found[..., bounded] = (c[..., bounded] - low) * (high - c[..., bounded]) / (high - low)
        return found

    def all(self, u: Floats) -> Floats:
        """[.., k] all coefficients, those without a prior as the file has them."""
        free = self.free(u)
        found = np.broadcast_to(np.array(self.fixed, dtype=float), (*free.shape[:-1], len(self.fixed))).copy()
        found[..., list(self.places)] = free
        return found

    def log_prior(self, u: Floats) -> tuple[Floats, Floats]:
        """Log density of u, summed over the last axis, and its gradient [.., d]."""
        u = np.asarray(u, dtype=float)
        c, each, slope = self.free(u), np.zeros(u.shape), np.zeros(u.shape)
        for families, density in ((("normal",), _normal), (("half_normal",), _half), (("gamma",), _gamma),
                                  (BOUNDED, _share)):  # fmt: skip
            index = self._kind(families)
            if len(index):
                first, second = _parameters([self.coefficients[k].prior for k in index])
                each[..., index], slope[..., index] = density(u[..., index], c[..., index], first, second)
        return each.sum(-1), slope

    def start(self) -> Floats:
        """Coordinates of the file's values, kept off the edges."""
        return np.array([_start(c) for c in self.coefficients])

    def spread(self) -> Floats:
        """[d] rough prior standard deviations of u, to scale the first steps of a climb."""
        return np.array([c.prior.parameters[1] if c.prior.family == "normal" else 1.0 for c in self.coefficients])

    def draw(self, count: int, random: np.random.Generator) -> Floats:
        """[count, d] draws of the coordinates from the prior."""
        columns = [_drawn(c.prior, count, random) for c in self.coefficients]
        return np.stack(columns, axis=1)


def _parameters(priors: list[Prior]) -> tuple[Floats, Floats]:
    given = [(1.0, 1.0) if p.family == "uniform" else (*p.parameters, 0.0)[:2] for p in priors]
    return np.array([a for a, _ in given]), np.array([b for _, b in given])


def _normal(u: Floats, c: Floats, mean: Floats, sd: Floats) -> tuple[Floats, Floats]:
    z = (c - mean) / sd
    return -0.5 * z**2 - np.log(sd) - 0.5 * np.log(2 * np.pi), -z / sd


def _half(u: Floats, c: Floats, sd: Floats, _: Floats) -> tuple[Floats, Floats]:
    z = (c / sd) ** 2
    return -0.5 * z + 0.5 * np.log(2 / np.pi) - np.log(sd) + u, 1 - z


def _gamma(u: Floats, c: Floats, shape: Floats, rate: Floats) -> tuple[Floats, Floats]:
    return shape * np.log(rate) - gammaln(shape) + shape * u - rate * c, shape - rate * c


def _share(u: Floats, c: Floats, a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """On (0, 1): the density of the scaled share has the same integral."""
    return a * log_expit(u) + b * log_expit(-u) - betaln(a, b), a * expit(-u) - b * expit(u)


def _start(coefficient: Coefficient) -> float:
    family, given, value = coefficient.prior.family, coefficient.prior.parameters, coefficient.value
    if family in POSITIVE:
        return float(np.log(max(value, 0.05)))
    if family in BOUNDED:
        low, high = given if family == "uniform" else (0.0, 1.0)
        share = min(max((value - low) / (high - low), 0.02), 0.98)
        return float(np.log(share / (1 - share)))
    return value


def _drawn(prior: Prior, count: int, random: np.random.Generator) -> Floats:
    family, given = prior.family, prior.parameters
    if family == "normal":
        return random.normal(given[0], given[1], count)
    if family == "half_normal":
        return np.log(np.maximum(np.abs(random.normal(0.0, given[0], count)), 1e-12))
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
