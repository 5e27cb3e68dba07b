"""Draws of the coefficients from their posterior, given what was known when a forecast begins.

*Quick*: the posterior mode and adaptive importance sampling around it (:mod:`doubletalk.longgame.importance`). The
Pareto k of the weights says whether the draws stand for the posterior (below 0.7) or not. *Sequential*: particles that
begin as draws from the prior and go through the record (:mod:`doubletalk.longgame.sequential`), one from each chain.
When further periods of the record become known, a draw's weight is multiplied by the likelihood of what was done in
them,

    w_d(t)  proportional to  w_d(r) prod_{r <= s < t} P(moves in s | state, draw d),

which is exact but for the draws running thin: the effective number of draws says how thin. Source of the update:
Chopin (2002), Biometrika 89.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from doubletalk.errors import DoubletalkError
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.fitting import fit_mode
from doubletalk.longgame.importance import importance
from doubletalk.longgame.likelihood import Observed
from doubletalk.longgame.posterior import Point, Posterior
from doubletalk.longgame.sequential import TOLERANCE as PARTICLES
from doubletalk.longgame.sequential import Stage, neutral_start, particles_of, stages

__all__ = ["TRUSTED_K", "Draws", "Standing", "filed_draws", "quick_draws", "sequential_draws", "stage_draws"]

Floats = npt.NDArray[np.float64]
Tell = Callable[[float | None, str], None]

TOLERANCE, LEAST_DRAWS, LENGTH = 1e-4, 2, 64

TRUSTED_K = 0.7
"""Pareto k of importance weights above which their errors are not to be trusted."""


@dataclass(frozen=True)
class Standing:
    """Draws as they stand when the first t periods are known: weights [D], beliefs [D], the effective number."""

    weights: Floats
    beliefs: Floats
    effective: float


@dataclass(frozen=True)
class Draws:
    """D weighted draws given the first ``until`` periods of the record.

    points    the draws with their equilibria; ``log_weights`` [D] up to a constant
    method    in words; ``settled`` False where the fit is no mode; ``pareto_k`` nan where it does not apply
    mode      [d] coordinates from which the next fit can start
    failed    draws at which no equilibrium was found, which are left out
    """

    posterior: Posterior
    points: tuple[Point, ...]
    log_weights: Floats
    until: int
    method: str
    settled: bool
    pareto_k: float
    mode: Floats
    failed: int = 0

    def at(self, period: int) -> Standing:
        """Weights and beliefs when the periods before *period* are known; *period* is at least ``until``."""
        logs = self.log_weights + np.array([p.terms[self.until : period].sum() for p in self.points])
        weights = np.exp(logs - logsumexp(logs))
        beliefs = np.array([np.clip(p.beliefs[period], 0.0, 1.0) for p in self.points])
        return Standing(weights, beliefs, float(1 / (weights**2).sum()))

    @property
    def coefficients(self) -> Floats:
        """[D, d] the draws' coefficients."""
        return self.posterior.coordinates.free(np.array([p.u for p in self.points]))


def padded(observed: Observed) -> Observed:
    """The record with its last period repeated up to a multiple of 64, so that records of like length share programs.

    Periods from ``until`` on have no weight and nothing is read off them.
    """
    rows = len(np.asarray(observed.moves))
    index = np.minimum(np.arange(-(-rows // LENGTH) * LENGTH), rows - 1)
    return Observed(*(jnp.asarray(np.asarray(part)[index]) for part in observed))


def quick_draws(
    game: LongGame, observed: Observed, until: int, *, count: int, seed: int, points: int | None = 5,
    begin: Floats | None = None, tell: Tell | None = None,
) -> Draws:  # fmt: skip
    """Draws around the posterior mode given the first *until* periods; ``begin`` [d] is where the climb starts.

    Draws at which solving does not end are left out and counted: their density is taken as zero, which is no proof that
    there is no equilibrium. Raises ``DoubletalkError`` where no equilibrium is found at the mode or at enough draws.
    """
    say: Tell = tell or (lambda share, words: None)
    observed = padded(observed)
    posterior = Posterior(game, observed, points, until=until)
    fit = fit_mode(posterior, begin=begin, progress=lambda n, value: say(None, f"fit: log posterior {value:.3f}"))
    drawn = importance(posterior, fit, count, seed, lambda n, whole: say(n / whole, "drawing coefficients"))
    good = [n for n, point in enumerate(drawn.points) if point.good]
    if len(good) < LEAST_DRAWS:
        raise DoubletalkError(f"an equilibrium was found at {len(good)} of {count} draws, too few to go on")
    weights = drawn.log_weights[good]
    return Draws(
        posterior, tuple(drawn.points[n] for n in good), weights - logsumexp(weights), until,
        "quick: adaptive importance sampling", fit.settled, drawn.pareto_k, fit.u, drawn.failed,
    )  # fmt: skip


def sequential_draws(
    game: LongGame, observed: Observed, until: int, *, count: int, seed: int, points: int | None = 5,
    tell: Tell | None = None,
) -> Draws:  # fmt: skip
    """*count* draws of the particles that went through the first *until* periods; it takes minutes, see ``sequential``.

    The same particles as those of a rolling evaluation with this seed hold when the same periods are known.
    """
    posterior = Posterior(game, Observed(*(jnp.asarray(np.asarray(part)[:until]) for part in observed)), points)
    for stage in stages(particles_of(posterior), len(posterior.names), count, seed=seed, tell=tell):
        if stage.last:
            return stage_draws(stage, posterior, count)
    raise AssertionError("a run of stages ends with the last")


def stage_draws(stage: Stage, posterior: Posterior, count: int) -> Draws:
    """*count* of a stage's particles, evenly spaced, those that met counted together, with their equilibria."""
    places, met = stage.drawn(count)
    base = neutral_start(posterior)
    points = [posterior(stage.u[n], PARTICLES, base, gradient=False, along=False) for n in places]
    until, done = divmod(stage.datum, stage.terms.shape[2])
    counted = [stage.terms[n, until, :done].sum() for n in places] if done else np.zeros(len(places))
    part = stage.share * stage.terms[places, until, done] if stage.share else 0.0
    return Draws(
        posterior, tuple(points), np.log(met) - np.asarray(counted) - part, until, "sequential Monte Carlo", True,
        np.nan, stage.u.mean(axis=0),
    )  # fmt: skip


def filed_draws(game: LongGame, observed: Observed, until: int, *, points: int | None = 5) -> Draws:
    """One draw: the coefficients as the file has them, fitted to nothing."""
    posterior = Posterior(game, padded(observed), points, until=until)
    u = posterior.coordinates.start()
    point = posterior(u, 1e-8, gradient=False, rescue=True)
    if not point.good:
        raise DoubletalkError(f"no equilibrium found at the file's coefficients: residual {point.residual:.1g}")
    return Draws(posterior, (point,), np.zeros(1), until, "the file's coefficients, fitted to nothing", True, np.nan, u)
