"""Fitting a long game's coefficients to a record, quickly: the posterior mode and a Laplace approximation around it.

The mode maximises log likelihood + log prior in normal scores u (``coordinates.py``), with the equilibrium solved
inside and gradients by the implicit function theorem: a climb by L-BFGS, then Newton steps with the second derivatives,
which are differences of gradients. The covariance of u is the inverse of minus those. The log marginal likelihood is

    log p(y) ~ log p(y | c*) + log p(u*) + d/2 log 2 pi - 1/2 log det H.

It is an approximation, good when the posterior is near normal in u; ``importance.py`` measures how good. Source:
Tierney and Kadane (1986), JASA 81.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.longgame.declaration import LongGame, Prior
from doubletalk.longgame.likelihood import Observed
from doubletalk.longgame.posterior import Point, Posterior

__all__ = ["LENSES", "QuickFit", "fit_mode", "lens", "quick_fit"]

Floats = npt.NDArray[np.float64]

HALF_WIDTH = 1.6448536269514722
"""Half of a 90 % interval, in standard deviations."""

LENSES = ("mixed", "first", "last")
"""Lenses over the stance: both possible, only the first, only the last."""

LEAST_CURVATURE = 0.05
"""Eigenvalues of H are taken as at least this where it is not curved; the prior alone has 1."""

SETTLED = 1e-4
"""A mode is one when a Newton step would raise the log posterior by less than half of this."""


@dataclass(frozen=True)
class QuickFit:
    """A Laplace approximation of the posterior.

    names, mode, low, high   coefficients that were estimated; posterior mode and 90 % interval of the approximation
    log_likelihood           at the mode; ``log_posterior`` with the prior, in u; ``log_evidence`` by Laplace
    gradient                 largest entry of the gradient at the mode; ``decrement`` g H^-1 g, how nearly it is one
    curved                   False when the Hessian has a direction of no curvature: intervals are then not given (nan)
                             and the covariance is that with a curvature of at least ``LEAST_CURVATURE``
    beliefs                  [T + 1] P(last stance) at the mode, before each period and after the last
    terms                    [T, actors] log probabilities of what was done
    u, covariance            [d], [d, d] the mode and the covariance in coordinates
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
    u: Floats
    covariance: Floats
    decrement: float

    @property
    def settled(self) -> bool:
        """Whether the climb ended at a mode with curvature in every direction."""
        return self.curved and self.decrement < SETTLED


def lens(game: LongGame, which: str) -> LongGame:
    """The game under a lens: ``mixed`` as it is; ``first`` or ``last`` with that stance known and never left."""
    if which not in LENSES:
        raise InputError(f"unknown lens {which!r}; expected one of {', '.join(LENSES)}")
    if which == "mixed" or len(game.stances) == 1:
        return game
    fixed = Prior("fixed")
    return replace(
        game, belief=float(which == "last"), hazard=(0.0, 0.0), belief_prior=fixed, hazard_priors=(fixed, fixed)
    )


def quick_fit(
    game: LongGame, observed: Observed, *, points: int | None = 4, steps: int = 200,
    progress: Callable[[int, float], None] | None = None,
) -> QuickFit:  # fmt: skip
    """Posterior mode and Laplace approximation; ``points`` is the belief grid used while fitting (None: the file's).

    Raises ``DoubletalkError`` where no equilibrium is found at the mode. Starts at the file's values; one start.
    """
    return fit_mode(Posterior(game, observed, points), steps=steps, progress=progress)


def fit_mode(
    posterior: Posterior, *, begin: Floats | None = None, steps: int = 200,
    progress: Callable[[int, float], None] | None = None,
) -> QuickFit:  # fmt: skip
    """As :func:`quick_fit`, for a posterior; afterwards it knows the slopes at the mode and evaluates faster."""
    origin = posterior.coordinates.start() if begin is None else begin
    posterior.slopes, posterior.last = None, None

    def target(u: Floats) -> tuple[float, Floats]:
        found = posterior(u, 1e-5)
        if progress is not None:
            progress(posterior.count, found.value)
        return (-found.value, -found.slope) if found.good else (1e10, np.zeros_like(u))

    options = {"maxiter": steps, "ftol": 1e-9, "gtol": 1e-3, "maxcor": 20}
    found = minimize(target, origin, jac=True, method="L-BFGS-B", options=options)
    point, hessian = _polished(posterior, posterior(found.x, 1e-7), progress)
    if not point.residual < 1e-6:
        raise DoubletalkError(f"the equilibrium at the mode has residual {point.residual:.1g}; 1e-6 is needed")
    return _laplace(posterior, posterior(point.u, 1e-9, point), hessian)


def _polished(
    posterior: Posterior, point: Point, progress: Callable[[int, float], None] | None
) -> tuple[Point, Floats]:
    """Newton steps from *point*, each with the curvature at the last place where it was taken."""
    hessian = posterior.curvature(point)
    for round_ in range(3):
        away = 0.0
        for _ in range(6):
            direction = _solved(hessian, point.slope)
            decrement = float(point.slope @ direction)
            share, better = 1.0, None
            while share > 0.05:
                new = posterior(point.u + share * direction, 1e-7, point)
                if new.good and new.value > point.value - 1e-9:
                    better = new
                    break
                share /= 3
            if better is None:
                break
            away += share * np.sqrt(max(decrement, 0.0))
            point = better
            if progress is not None:
                progress(posterior.count, point.value)
            if decrement < 1e-8:
                break
        if away < 0.1 or round_ == 2:
            break
        hessian = posterior.curvature(point)
    return point, hessian


def _solved(hessian: Floats, slope: Floats) -> Floats:
    """H^-1 g with the eigenvalues of H made positive, at least ``LEAST_CURVATURE``, so that the step climbs."""
    values, vectors = np.linalg.eigh(hessian)
    return np.asarray(vectors @ ((vectors.T @ slope) / np.maximum(np.abs(values), LEAST_CURVATURE)))


def _laplace(posterior: Posterior, point: Point, hessian: Floats) -> QuickFit:
    d = len(point.u)
    eigenvalues, vectors = np.linalg.eigh(hessian)
    curved = bool(eigenvalues.min() > 1e-6)
    kept = eigenvalues if curved else np.maximum(eigenvalues, LEAST_CURVATURE)
    covariance = np.asarray((vectors / kept) @ vectors.T)
    spread = np.sqrt(np.diag(covariance)) if curved else np.full(d, np.nan)
    free = posterior.coordinates.free
    evidence = point.value + d / 2 * np.log(2 * np.pi) - 0.5 * np.log(eigenvalues).sum() if curved else np.nan
    return QuickFit(
        posterior.names, free(point.u), free(point.u - HALF_WIDTH * spread), free(point.u + HALF_WIDTH * spread),
        point.likelihood, point.value, float(evidence), float(np.abs(point.slope).max()), point.residual, curved,
        posterior.count, point.beliefs, point.terms, point.u, covariance,
        float(point.slope @ _solved(hessian, point.slope)),
    )  # fmt: skip
