"""Draws from the posterior by importance sampling around the mode, and the marginal likelihood with its error.

Proposals are multivariate t around the mode, with the Laplace covariance, made wider or not. With weights
w = posterior / proposal,

    log p(y) ~ log mean w,   standard error sd(w) / (mean(w) sqrt N),

and draws are resampled by weight. The weights' Pareto k says whether the error can be believed: below 0.7 it can.
Sources: Geweke (1989), Econometrica 57; Vehtari, Simpson, Gelman, Yao and Gabry (2024), JMLR 25.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, logsumexp

from doubletalk.errors import DoubletalkError
from doubletalk.longgame.fitting import QuickFit
from doubletalk.longgame.posterior import Point, Posterior
from doubletalk.longgame.smoothing import smoothed

__all__ = ["Weighted", "importance"]

Floats = npt.NDArray[np.float64]

DEGREES = 7.0


@dataclass(frozen=True)
class Weighted:
    """N draws with weights.

    points        the draws; ``weights`` [N], summing to 1
    log_evidence  log marginal likelihood; ``error`` its Monte-Carlo standard error
    effective     effective number of draws, 1 / sum of squared weights
    pareto_k      tail index of the weights; above 0.7 the error is not to be trusted
    failed        draws at which no equilibrium was found; their weight is 0
    """

    points: tuple[Point, ...]
    weights: Floats
    log_evidence: float
    error: float
    effective: float
    pareto_k: float
    failed: int

    def mean(self, table: Floats) -> Floats:
        """Weighted mean over the first axis."""
        return np.asarray(np.tensordot(self.weights, table, axes=1))


def importance(
    posterior: Posterior, fit: QuickFit, draws: int, seed: int = 1,
    progress: Callable[[int, int], None] | None = None, tolerance: float = 1e-5, degrees: float = DEGREES,
    wider: float = 1.0,
) -> Weighted:  # fmt: skip
    """Weighted draws from the posterior around a settled quick fit.

    The proposals have *degrees* of freedom and are *wider* than the approximation by that factor. In many dimensions
    few degrees propose mostly too far out; where the coordinates make the posterior near normal, many are better.
    """
    if not fit.curved:
        raise DoubletalkError("the posterior has a flat direction at the mode, so nothing can be drawn around it")
    random, d = np.random.default_rng(seed), len(fit.u)
    root = wider * np.linalg.cholesky(fit.covariance)
    base = posterior(fit.u, 1e-8)
    points, logs, failed = [], [], 0
    constant = (gammaln((degrees + d) / 2) - gammaln(degrees / 2) - d / 2 * np.log(degrees * np.pi)
                - np.log(np.diag(root)).sum())  # fmt: skip
    for n in range(draws):
        z = random.standard_normal(d) * np.sqrt(degrees / random.chisquare(degrees))
        point = posterior(fit.u + root @ z, tolerance, base, gradient=False)
        points.append(point)
        proposed = constant - (degrees + d) / 2 * np.log1p(float(z @ z) / degrees)
        logs.append(point.value - proposed if point.good else -np.inf)
        failed += not point.good
        if progress is not None:
            progress(n + 1, draws)
    log_weights = np.array(logs)
    evidence = float(logsumexp(log_weights) - np.log(draws))
    shares = np.exp(log_weights - evidence)
    weights = shares / shares.sum()
    error = float(shares.std(ddof=1) / np.sqrt(draws)) if draws > 1 else float("nan")
    return Weighted(
        tuple(points), weights, evidence, error, float(1 / (weights**2).sum()), smoothed(log_weights)[1], failed
    )
