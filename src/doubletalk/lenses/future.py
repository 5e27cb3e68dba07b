r"""Leave-future-out scores: each period predicted from those before it, one step ahead.

    score_t = log p(y_t | y_1 .. y_{t-1}) = log \int p(y_t | y_1 .. y_{t-1}, c) p(c | y_1 .. y_{t-1}) dc

from an origin on. Draws from the posterior given the periods before a refit are reweighted by what happened since;
where the Pareto k of the weights passes 0.7 the lens is fitted again. By the chain rule the scores from the origin on
add up to log p(y_1 .. y_T) - log p(y_1 .. y_{origin - 1}), which two marginal likelihoods give by another road.

An actor's score is that of its own move given the moves made before it in the same period; the actors' scores add up to
the period's. The standard error of a sum over periods is sqrt(P) times the standard deviation over the P periods.

Source: Buerkner, Gabry and Vehtari (2020), J. Stat. Comput. Simul. 90.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from doubletalk.lenses.evidence import LensEvidence
from doubletalk.longgame.smoothing import TRUSTED, judged

__all__ = ["FutureScores", "leave_future_out", "paired"]

Floats = npt.NDArray[np.float64]

Fit = Callable[[int, Floats | None], LensEvidence]
"""Fit to the first so many periods, from a mode or from nothing; the result has draws."""


@dataclass(frozen=True)
class FutureScores:
    """Scores of P periods.

    periods   [P] their numbers, from 0
    scores    [P, actors] log predictive probabilities
    k         [P] Pareto k of the weights with which each was predicted
    refits    the numbers of periods before which the lens was fitted
    errors    Monte-Carlo standard errors: [actors + 1], of each actor's sum and of the whole
    """

    periods: npt.NDArray[np.int64]
    scores: Floats
    k: Floats
    refits: tuple[int, ...]
    errors: Floats

    @property
    def total(self) -> float:
        """Sum of all scores: the log score."""
        return float(self.scores.sum())

    @property
    def error(self) -> float:
        """Standard error of the log score over periods (not of the Monte-Carlo draws)."""
        return spread(self.scores.sum(axis=1))

    @property
    def trusted(self) -> bool:
        """Whether no weights are beyond Pareto k 0.7."""
        return bool((self.k < TRUSTED).all())


def spread(values: Floats) -> float:
    """sqrt(P) sd, the standard error of a sum of P values; nan for fewer than two."""
    return float(np.sqrt(len(values)) * values.std(ddof=1)) if len(values) > 1 else float("nan")


def paired(one: FutureScores, other: FutureScores, actor: int | None = None) -> tuple[float, float]:
    """Difference of two log scores over the same periods (of one actor, or of all), with its paired standard error."""
    if not np.array_equal(one.periods, other.periods):
        raise ValueError("the two scores are of different periods, so they cannot be paired")
    difference = one.scores - other.scores
    values = difference.sum(axis=1) if actor is None else difference[:, actor]
    return float(values.sum()), spread(values)


def leave_future_out(fit: Fit, periods: int, origin: int, tell: Callable[[int], None] | None = None) -> FutureScores:
    """Scores of the periods from *origin* to *periods* - 1; *tell* is called with each period's number."""
    if not 0 < origin < periods:
        raise ValueError(f"the origin must be from 1 to {periods - 1}, found {origin}")
    scores, shapes, refits, variance = [], [], [], np.zeros(0)
    block: _Block | None = None
    begin: Floats | None = None
    for t in range(origin, periods):
        if tell is not None:
            tell(t)
        weights, k = block.weights(t) if block is not None else (np.zeros(0), float("nan"))
        if block is None or not k < TRUSTED:
            variance = variance + block.variance() if block is not None else variance
            fresh = fit(t, begin)
            block, begin = _Block(fresh, t), fresh.fit.u
            refits.append(t)
            weights, k = block.weights(t)
        scores.append(block.score(t, weights))
        shapes.append(k)
        if len(variance) == 0:
            variance = np.zeros(len(scores[0]) + 1)
    assert block is not None
    errors = np.sqrt(variance + block.variance())
    return FutureScores(np.arange(origin, periods), np.array(scores), np.array(shapes), tuple(refits), errors)


class _Block:
    """Draws of one fit, and what each of them adds to the error of the scores made with them."""

    def __init__(self, found: LensEvidence, fitted: int) -> None:
        if found.draws is None:
            raise ValueError("the fit has no draws")
        self.draws, self.fitted = found.draws, fitted
        self.influence: Floats = np.zeros((len(found.draws.log_weights), found.draws.terms.shape[2] + 1))

    def weights(self, t: int) -> tuple[Floats, float]:
        """Weights of the draws given all periods before *t*, and Pareto k."""
        since = self.draws.terms[:, self.fitted : t].sum(axis=(1, 2))
        with np.errstate(invalid="ignore"):
            logs = np.where(np.isfinite(self.draws.log_weights), self.draws.log_weights + since, -np.inf)
        found, k = judged(logs)
        return np.exp(found), k

    def score(self, t: int, weights: Floats) -> Floats:
        """[actors] scores of period *t*."""
        with np.errstate(divide="ignore"):
            logs = np.log(weights)
        live = weights > 0
        along = np.concatenate([np.zeros((live.sum(), 1)), self.draws.terms[live, t].cumsum(axis=1)], axis=1)
        parts = logs[live, None] + along  # [draws, actors + 1]
        reached = logsumexp(parts, axis=0)
        shares = np.exp(parts - reached)
        self.influence[live, :-1] += shares[:, 1:] - shares[:, :-1]
        self.influence[live, -1] += shares[:, -1] - shares[:, 0]
        return np.asarray(np.diff(reached))

    def variance(self) -> Floats:
        """[actors + 1] Monte-Carlo variances of the sums so far."""
        return np.asarray((self.influence**2).sum(axis=0))
