"""Fitting a long game's coefficients to a record, quickly: the posterior mode and a Laplace approximation around it.

The mode maximises log likelihood + log prior in unconstrained coordinates u (log for positive coefficients, logit for
bounded ones, with the Jacobian), with the equilibrium solved inside and gradients by the implicit function theorem; the
covariance of u is the inverse Hessian there, from central differences of the gradient. The log marginal likelihood is

    log p(y) ~ log p(y | c*) + log p(u*) + d/2 log 2 pi - 1/2 log det H.

It is an approximation, good when the posterior is near normal in u; nothing here measures how good. Source: Tierney
and Kadane (1986), JASA 81.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.longgame.declaration import Coefficient, LongGame
from doubletalk.longgame.engine import Tables, Unknown, period, start, tables_of
from doubletalk.longgame.layout import Shape
from doubletalk.longgame.likelihood import Observed, log_likelihood
from doubletalk.longgame.solving import equilibrium, residual

__all__ = ["LENSES", "QuickFit", "lens", "quick_fit"]

Array: TypeAlias = Any
Floats = npt.NDArray[np.float64]

HALF_WIDTH = 1.6448536269514722
"""Half of a 90 % interval, in standard deviations."""

LENSES = ("mixed", "first", "last")
"""Lenses over the stance: both possible, only the first, only the last."""


@dataclass(frozen=True)
class QuickFit:
    """A Laplace approximation of the posterior.

    names, mode, low, high   coefficients that were estimated; posterior mode and 90 % interval of the approximation
    log_likelihood           at the mode; ``log_posterior`` with the prior, in u; ``log_evidence`` by Laplace
    gradient                 largest entry of the gradient at the mode: how nearly it is one
    curved                   False when the Hessian has a direction of no curvature: intervals are then not given (nan)
    beliefs                  [T + 1] P(last stance) at the mode, before each period and after the last
    terms                    [T, actors] log probabilities of what was done
    """

    names: tuple[str, ...]
    mode: Floats
    low: Floats
    high: Floats
    log_likelihood: float
    log_posterior: float
    log_evidence: float
    gradient: float
    residual: float
    curved: bool
    evaluations: int
    beliefs: Floats
    terms: Floats


def lens(game: LongGame, which: str) -> LongGame:
    """The game under a lens: ``mixed`` as it is; ``first`` or ``last`` with that stance known and never left."""
    if which not in LENSES:
        raise InputError(f"unknown lens {which!r}; expected one of {', '.join(LENSES)}")
    if which == "mixed" or len(game.stances) == 1:
        return game
    return replace(game, belief=float(which == "last"), hazard=(0.0, 0.0))


def _value(coefficient: Coefficient, u: Array) -> Array:
    family, given = coefficient.prior.family, coefficient.prior.parameters
    if family in ("half_normal", "gamma"):
        return jnp.exp(u)
    if family in ("uniform", "beta"):
        low, high = given if family == "uniform" else (0.0, 1.0)
        return low + (high - low) / (1 + jnp.exp(-u))
    return u


def _log_prior(coefficient: Coefficient, u: Array) -> Array:
    """Log density of u: that of the coefficient times |d coefficient / du|."""
    family, given = coefficient.prior.family, coefficient.prior.parameters
    c = _value(coefficient, u)
    if family == "normal":
        return -0.5 * ((c - given[0]) / given[1]) ** 2 - jnp.log(given[1]) - 0.5 * jnp.log(2 * jnp.pi)
    if family == "half_normal":
        return -0.5 * (c / given[0]) ** 2 + 0.5 * jnp.log(2 / jnp.pi) - jnp.log(given[0]) + u
    if family == "gamma":
        shape, rate = given
        return shape * jnp.log(rate) - jax.scipy.special.gammaln(shape) + (shape - 1) * u - rate * c + u
    a, b = given if family == "beta" else (1.0, 1.0)  # on (0, 1); the density of the scaled share has the same integral
    share = 1 / (1 + jnp.exp(-u))
    return a * jnp.log(share) + b * jnp.log1p(-share) - jax.scipy.special.betaln(a, b)


def _start(coefficient: Coefficient) -> float:
    family, given = coefficient.prior.family, coefficient.prior.parameters
    value = coefficient.value
    if family in ("half_normal", "gamma"):
        return float(np.log(max(value, 0.05)))
    if family in ("uniform", "beta"):
        low, high = given if family == "uniform" else (0.0, 1.0)
        share = min(max((value - low) / (high - low), 0.02), 0.98)
        return float(np.log(share / (1 - share)))
    return value


class _Objective:
    """Minus the log posterior in u and its gradient; each evaluation starts the equilibrium from the last one."""

    def __init__(self, game: LongGame, observed: Observed, progress: Callable[[int, float], None] | None) -> None:
        self.game, self.progress = game, progress
        self.free = [k for k, c in enumerate(game.coefficients) if c.prior.family != "fixed"]
        if not self.free:
            raise InputError(
                "no coefficient has a prior, so there is nothing to estimate; give prior: {normal: [0, 1]}"
            )
        self.shape, self.tables = tables_of(game)
        self.fixed = jnp.asarray(game.values)
        self.guess: Unknown = start(self.shape)
        self.count = 0
        shape = self.shape
        self._program = jax.jit(
            jax.value_and_grad(lambda u, t, g, o, b: self._target(u, shape, t, g, o, b), has_aux=True)
        )
        self.observed = observed

    def coefficients(self, u: Array) -> Array:
        values = self.fixed
        for place, k in enumerate(self.free):
            values = values.at[k].set(_value(self.game.coefficients[k], u[place]))
        return values

    def _target(self, u: Array, shape: Shape, tables: Tables, guess: Unknown, observed: Observed, belief: Array) -> Any:
        c = self.coefficients(u)
        found = equilibrium(shape, tables, c, guess)
        _, play = period(shape, tables, c, found)
        value, terms, beliefs = log_likelihood(shape, tables, play, observed, belief)
        prior = sum(_log_prior(self.game.coefficients[k], u[place]) for place, k in enumerate(self.free))
        return -(value + prior), (found, value, terms, beliefs, residual(shape, tables, c, found))

    def __call__(self, u: Floats) -> tuple[float, Floats, Any]:
        given = (self.tables, self.guess, self.observed, jnp.asarray(self.game.belief))
        (value, rest), slope = self._program(jnp.asarray(u), *given)
        self.count += 1
        if np.isfinite(float(value)):
            self.guess = rest[0]
        if self.progress is not None:
            self.progress(self.count, -float(value))
        return float(value), np.asarray(slope), rest


def quick_fit(
    game: LongGame, observed: Observed, *, points: int | None = 7, steps: int = 200,
    progress: Callable[[int, float], None] | None = None,
) -> QuickFit:  # fmt: skip
    """Posterior mode and Laplace approximation; ``points`` is the belief grid used while fitting (None: the file's).

    Raises ``DoubletalkError`` where no equilibrium is found at the mode. Starts at the file's values; one start.
    """
    if points is not None and len(game.stances) == 2:
        game = replace(game, points=points)
    objective = _Objective(game, observed, progress)
    begin = np.array([_start(game.coefficients[k]) for k in objective.free])

    def target(u: Floats) -> tuple[float, Floats]:
        value, slope, _ = objective(u)
        return (value, slope) if np.isfinite(value) and np.isfinite(slope).all() else (1e10, np.zeros_like(u))

    found = minimize(
        target, begin, jac=True, method="L-BFGS-B", options={"maxiter": steps, "ftol": 1e-12, "gtol": 1e-5}
    )
    mode = np.asarray(found.x)
    value, slope, rest = objective(mode)
    if not float(rest[4]) < 1e-8:
        raise DoubletalkError(f"the equilibrium at the mode has residual {float(rest[4]):.1g}; 1e-8 is needed")
    hessian = _hessian(objective, mode)
    return _laplace(objective, mode, value, slope, rest, hessian)


def _hessian(objective: _Objective, mode: Floats, step: float = 1e-3) -> Floats:
    rows = []
    for k in range(len(mode)):
        move = np.zeros_like(mode)
        move[k] = step
        rows.append((objective(mode + move)[1] - objective(mode - move)[1]) / (2 * step))
    matrix = np.array(rows)
    return np.asarray((matrix + matrix.T) / 2)


def _laplace(objective: _Objective, mode: Floats, value: float, slope: Floats, rest: Any, hessian: Floats) -> QuickFit:
    coefficients = [objective.game.coefficients[k] for k in objective.free]
    eigenvalues = np.linalg.eigvalsh(hessian)
    curved = bool(eigenvalues.min() > 1e-6)
    spread = np.sqrt(np.diag(np.linalg.inv(hessian))) if curved else np.full(len(mode), np.nan)

    def at(places: Floats) -> Floats:
        return np.array([float(_value(c, jnp.asarray(u))) for c, u in zip(coefficients, places, strict=True)])

    evidence = -value + len(mode) / 2 * np.log(2 * np.pi) - 0.5 * np.log(eigenvalues).sum() if curved else np.nan
    return QuickFit(
        tuple(c.name for c in coefficients), at(mode), at(mode - HALF_WIDTH * spread), at(mode + HALF_WIDTH * spread),
        float(rest[1]), -value, float(evidence), float(np.abs(slope).max()), float(rest[4]), curved,
        objective.count, np.asarray(rest[3]), np.asarray(rest[2]),
    )  # fmt: skip
