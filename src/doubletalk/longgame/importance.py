"""Weighted draws from the posterior by adaptive importance sampling, and the marginal likelihood with its error.

Proposals are multivariate t: around the mode with the Laplace covariance, around it with half the record's curvature
(for ridges and shoulders that leave the normal approximation), the prior's (for what no mode tells of), and around any
further fits that are given. Four tenths of the draws are from these. Then in rounds each part gets draws by how much of
the posterior's weight it accounts for so far, and a part is added with the mean and covariance of the draws so far,
weighed by w^p with the largest power p <= 1 that leaves enough effective draws. In the end every draw is weighed
against the whole mixture by the counts n_k drawn,

    w = posterior / sum_k (n_k / N) t_k,    log p(y) ~ log mean w,    standard error sd(w) / (mean(w) sqrt N),

so that weights are bounded wherever one part has tails as heavy as the posterior's. The weights' Pareto k says whether
the error can be believed: below 0.7 it can. That the later parts depend on the earlier draws is a bias of order 1/N.

Sources: Geweke (1989), Econometrica 57; Owen and Zhou (2000), JASA 95 (mixtures); Cornuet, Marin, Mira and Robert
(2012), Scandinavian Journal of Statistics 39 (adaptive multiple importance sampling); Cappe, Douc, Guillin, Marin and
Robert (2008), Statistics and Computing 18 (shares of the parts); Vehtari, Simpson, Gelman, Yao
and Gabry (2024), JMLR 25.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, logsumexp

from doubletalk.longgame.fitting import QuickFit
from doubletalk.longgame.posterior import Point, Posterior
from doubletalk.longgame.smoothing import TRUSTED, judged

__all__ = ["DEGREES", "Part", "Weighted", "importance", "moments", "moments_of_groups", "summed"]

Floats = npt.NDArray[np.float64]

DEGREES = 10.0
"""Of freedom: enough that in many dimensions most proposals are not far out, few enough for tails."""

FIRST, ROUNDS = 0.4, 3
"""Share of the draws before adaptation, and rounds of it."""

LEAST_ROUND = 20
"""With fewer draws than this a round there is none."""

BEGIN = (0.5, 0.2, 0.1, 0.2)
"""Shares of the first draws: Laplace, half the curvature, the prior, all further fits (else with Laplace)."""

NEW = 0.25
"""Of a round's draws that the part with the moments so far gets."""


@dataclass(frozen=True)
class Part:
    """A multivariate t with ``DEGREES`` of freedom: centre [d], root [d, d] of its scale, and how many were drawn."""

    centre: Floats
    root: Floats
    count: int

    @classmethod
    def of(cls, centre: Floats, covariance: Floats, count: int) -> Part:
        """With the scale of a covariance [d, d]."""
        return cls(centre, np.asarray(np.linalg.cholesky(covariance)), count)

    def draw(self, random: np.random.Generator) -> Floats:
        """[count, d] draws."""
        scale = np.sqrt(DEGREES / random.chisquare(DEGREES, self.count))
        return np.asarray(
            self.centre + (random.standard_normal((self.count, len(self.centre))) * scale[:, None]) @ self.root.T
        )

    def log_density(self, u: Floats) -> Floats:
        """[N] at *u* [N, d]."""
        d = u.shape[1]
        z = np.linalg.solve(self.root, (u - self.centre).T)
        constant = gammaln((DEGREES + d) / 2) - gammaln(DEGREES / 2) - d / 2 * np.log(DEGREES * np.pi)
        volume = float(np.log(np.diag(self.root)).sum())
        return np.asarray(constant - volume - (DEGREES + d) / 2 * np.log1p((z**2).sum(axis=0) / DEGREES))


@dataclass(frozen=True)
class Weighted:
    """N draws with weights.

    points        the draws; ``log_weights`` [N] posterior over proposal; ``weights`` [N], summing to 1
    log_evidence  log marginal likelihood; ``error`` its Monte-Carlo standard error
    effective     effective number of draws, 1 / sum of squared weights
    pareto_k      tail index of the weights; above 0.7 the error is not to be trusted
    failed        draws at which no equilibrium was found; their weight is 0
    """

    points: tuple[Point, ...]
    log_weights: Floats
    weights: Floats
    log_evidence: float
    error: float
    effective: float
    pareto_k: float
    failed: int

    @property
    def u(self) -> Floats:
        """[N, d] the draws."""
        return np.array([point.u for point in self.points])

    def mean(self, table: Floats) -> Floats:
        """Weighted mean over the first axis."""
        return np.asarray(np.tensordot(self.weights, table, axes=1))

    @property
    def trusted(self) -> bool:
        """Whether the weights carry what is said of the posterior: Pareto k below 0.7, and 2 d effective draws."""
        return self.pareto_k < TRUSTED and self.effective >= 2 * self.points[0].u.size

    def moments(self) -> tuple[Floats, Floats]:
        """Mean [d] and covariance [d, d] of the posterior as the draws have them, see :func:`moments`."""
        return moments(self.u, self.log_weights)

    def without_equilibria(self) -> Weighted:
        """The same without what takes room: the points' equilibria and multipliers."""
        nothing = np.zeros(0)
        return replace(self, points=tuple(replace(point, x=nothing, adjoint=nothing) for point in self.points))

    def spread_out(self, count: int, random: np.random.Generator) -> Floats:
        """[count, d] draws from all over the posterior, for chains to begin at: by their weights, tempered."""
        weights = _tempered(self.log_weights, 2.0 * self.points[0].u.size)
        return self.u[random.choice(len(weights), size=count, replace=count > int((weights > 0).sum()), p=weights)]


def summed(log_weights: Floats) -> tuple[float, float, float, float]:
    """Of log weights [N]: log mean, its standard error, the effective number of draws, and Pareto k."""
    n = len(log_weights)
    total = float(logsumexp(log_weights) - np.log(n))
    shares = np.exp(log_weights - total)
    error = float(shares.std(ddof=1) / np.sqrt(n)) if n > 1 else float("nan")
    return total, error, float(shares.sum() ** 2 / (shares**2).sum()), judged(log_weights)[1]


def importance(
    posterior: Posterior, fit: QuickFit, draws: int, seed: int = 1,
    progress: Callable[[int, int], None] | None = None, tolerance: float = 1e-4, more: Sequence[QuickFit] = (),
) -> Weighted:  # fmt: skip
    """*draws* weighted draws from the posterior around a settled quick fit and *more* fits, see above.

    Solving begins at the equilibrium of the mode, as it does for the sampler.
    """
    random, base = np.random.default_rng(seed), posterior(fit.u, 1e-8)
    each = int((1 - FIRST) * draws / ROUNDS)
    rounds = ROUNDS if each >= LEAST_ROUND else 0
    points: list[Point] = []

    def drawn(part: Part) -> None:
        for u in part.draw(random):
            points.append(posterior(u, tolerance, base, gradient=False, along=False))
            if progress is not None:
                progress(len(points), draws)

    parts = _first(fit, more, draws - rounds * each)
    for part in parts:
        drawn(part)
    logs = _weighed(points, parts)
    for _ in range(rounds):
        coming = _next(points, parts, logs, each)
        for part in coming:
            drawn(part)
        counts = [*(part.count for part in parts), 0]
        parts = [replace(part, count=part.count + n) for part, n in zip(coming, counts, strict=True)]
        logs = _weighed(points, parts)
    evidence, error, effective, k = summed(logs)
    failed = sum(not point.good for point in points)
    return Weighted(tuple(points), logs, np.exp(logs - logsumexp(logs)), evidence, error, effective, k, failed)


def _first(fit: QuickFit, more: Sequence[QuickFit], draws: int) -> list[Part]:
    """The parts with which drawing begins."""
    d, shares = len(fit.u), list(BEGIN[:3])
    shares = [*shares, *(BEGIN[3] / len(more) for _ in more)] if more else [shares[0] + BEGIN[3], *shares[1:]]
    around = [(fit.u, fit.covariance), (fit.u, _half_curved(fit.covariance)), (np.zeros(d), np.eye(d)),
              *((each.u, each.covariance) for each in more)]  # fmt: skip
    counts = _split(np.array(shares), draws)
    return [Part.of(*given, int(count)) for given, count in zip(around, counts, strict=True)]


def _next(points: Sequence[Point], parts: Sequence[Part], log_weights: Floats, draws: int) -> list[Part]:
    """The parts with the draws of the next round, and the new part as the last."""
    u = np.array([point.u for point in points])
    weights = _tempered(log_weights, 2.0 * u.shape[1])
    logs = np.array([np.log(max(part.count, 1)) + part.log_density(u) for part in parts])
    shares = (1 - NEW) * (np.exp(logs - logsumexp(logs, axis=0)) @ weights)
    *counts, new = _split(np.array([*shares, NEW]), draws)
    old = [replace(part, count=int(count)) for part, count in zip(parts, counts, strict=True)]
    return [*old, Part.of(*moments(u, log_weights), int(new))]


def _split(shares: Floats, draws: int) -> npt.NDArray[np.int64]:
    """Whole numbers in proportion to shares; what rounding leaves goes to the largest."""
    counts = np.floor(shares / shares.sum() * draws).astype(np.int64)
    counts[int(np.argmax(shares))] += draws - counts.sum()
    return np.asarray(counts)


def _half_curved(covariance: Floats) -> Floats:
    """The covariance with half the record's curvature, the prior's being the identity: ((H + I) / 2)^-1."""
    return np.asarray(np.linalg.inv((np.linalg.inv(covariance) + np.eye(len(covariance))) / 2))


def _weighed(points: Sequence[Point], parts: Sequence[Part]) -> Floats:
    """[N] log posterior less log proposal of all draws, -inf where no equilibrium was found."""
    u, shares = np.array([point.u for point in points]), np.array([part.count for part in parts]) / len(points)
    proposal = logsumexp([np.log(s) + part.log_density(u) for s, part in zip(shares, parts, strict=True) if s], axis=0)
    return np.asarray(np.array([point.value if point.good else -np.inf for point in points]) - proposal)


def _tempered(log_weights: Floats, effective: float) -> Floats:
    """Weights w^p, summing to 1, with the largest p <= 1 that leaves *effective* draws, if any does."""

    def at(power: float) -> Floats:
        logs = np.where(np.isfinite(log_weights), power * log_weights, -np.inf)
        return np.asarray(np.exp(logs - logsumexp(logs)))

    low, high = 0.0, 1.0
    if 1 / (at(1.0) ** 2).sum() >= effective:
        return at(1.0)
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if 1 / (at(middle) ** 2).sum() >= effective else (low, middle)
    return at(low)


def moments(u: Floats, log_weights: Floats) -> tuple[Floats, Floats]:
    """Mean and covariance of draws [N, d] with tempered weights that leave 2 d effective draws.

    The covariance is drawn towards its diagonal as if by d further draws without correlation.
    """
    d = u.shape[1]
    weights = _tempered(log_weights, 2.0 * d)
    effective = 1 / float((weights**2).sum())
    mean = weights @ u
    away = u - mean
    covariance = away.T @ (away * weights[:, None]) * effective / max(effective - 1, 1)
    share = effective / (effective + d)
    return mean, np.asarray(share * covariance + (1 - share) * np.diag(np.diag(covariance)))


def moments_of_groups(u: Floats, log_weights: Floats, groups: npt.NDArray[np.int64]) -> tuple[Floats, Floats]:
    r"""Mean and covariance of draws [N, d] that are independent only between the *groups* [N] they belong to.

    With z the draws in units of their standard deviations, R their correlations, and R_g what group g adds to R, all
    correlations are multiplied by 1 - lambda,

        lambda = sum_{i != j} V_ij / sum_{i != j} R_ij^2,    V = sum_g (R_g - w_g R)^2    (w_g the group's weight),

    the amount that minimises the expected squared error (Schaefer and Strimmer 2005, Statistical Applications in
    Genetics and Molecular Biology 4, target D), at least by d further draws without correlation, at most by 1. Weights
    are tempered as by :func:`moments`. A draw that is repeated within its group changes nothing.
    """
    d, count = u.shape[1], int(groups.max()) + 1
    weights = _tempered(log_weights, 2.0 * d)
    mass = np.bincount(groups, weights, count)
    effective = 1 / float((mass**2).sum())
    mean = weights @ u
    spread = np.sqrt(weights @ (u - mean) ** 2)
    z = (u - mean) / spread
    products = weights[:, None, None] * z[:, :, None] * z[:, None, :]
    added = np.zeros((count, d, d))
    np.add.at(added, groups, products)
    correlation = added.sum(axis=0)
    noise = ((added - mass[:, None, None] * correlation) ** 2).sum(axis=0)
    apart = ~np.eye(d, dtype=bool)
    signal = float((correlation[apart] ** 2).sum())
    least = d / (effective + d)
    share = float(np.clip(noise[apart].sum() / signal, least, 1.0)) if signal else 1.0
    correlation = (1 - share) * correlation + share * np.eye(d)
    return mean, np.asarray(correlation * np.outer(spread, spread))
