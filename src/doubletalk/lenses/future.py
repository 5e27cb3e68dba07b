r"""Leave-future-out scores: each period predicted from those before it, one step ahead.

    score_t = log p(y_t | y_1 .. y_{t-1}) = log \int p(y_t | y_1 .. y_{t-1}, c) p(c | y_1 .. y_{t-1}) dc

from an origin on, all from one sequential Monte Carlo run over the record (:mod:`doubletalk.longgame.sequential`),
whose particles are weighted by what was done and renewed where fewer than half would be effective. By the chain rule
the scores from the origin on add up to log p(y_1 .. y_T) - log p(y_1 .. y_{origin - 1}); those of all periods add up to
the log marginal likelihood, by a road that knows no mode.

An actor's score is that of its own move given the moves made before it in the same period; the actors' scores add up to
the period's. The standard error of a sum over periods is sqrt(P) times the standard deviation over the P periods.

Sources: Buerkner, Gabry and Vehtari (2020), J. Stat. Comput. Simul. 90 (the scores); Chopin (2002), Biometrika 89.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from doubletalk.longgame.sequential import Stage
from doubletalk.longgame.smoothing import TRUSTED

__all__ = ["FutureScores", "leave_future_out", "paired"]

Floats = npt.NDArray[np.float64]

@dataclass(frozen=True)
class FutureScores:
    """Scores of P periods.

    periods   [P] their numbers, from 0
    scores    [P, actors] log predictive probabilities
    k         [P] Pareto k of the weights with which each was predicted
    refits    the numbers of periods within which the particles were renewed
    errors    Monte-Carlo standard errors: [actors + 1], of each actor's sum and of the whole
    log_evidence, evidence_error   log marginal likelihood of the whole record by this road, with its standard error
    particles, evaluations         in a stage, and in all; ``failed`` of these found no equilibrium
    """

    periods: npt.NDArray[np.int64]
    scores: Floats
    k: Floats
    refits: tuple[int, ...]
    errors: Floats
    log_evidence: float = float("nan")
    evidence_error: float = float("nan")
    particles: int = 0
    evaluations: int = 0
    failed: int = 0

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


def leave_future_out(run: Iterable[Stage], origin: int) -> FutureScores:
    """Scores of the periods from *origin* on, from the stages of a record, the last of which reaches its end.

    The variances of the stages have to be counted from the origin on.
    """
    last = None
    for stage in run:
        last = stage
    if last is None or not last.last:
        raise ValueError("the stages do not reach the record's end")
    periods = last.terms.shape[1]
    if not 0 < origin < periods:
        raise ValueError(f"the origin must be from 1 to {periods - 1}, found {origin}")
    if last.counted != origin:
        raise ValueError(f"the variances are counted from period {last.counted} on, the scores from {origin} on")
    whole = last.scored()
    renewed = np.flatnonzero(whole.renewals)
    return FutureScores(
        np.arange(origin, periods), whole.scores[origin:], whole.shapes[origin:],
        tuple(int(t) for t in renewed if t >= origin), np.sqrt(whole.variances[:-1]),
        float(whole.scores.sum()) + whole.log_share, float(np.sqrt(whole.variances[-1])), len(whole.u),
        whole.evaluations, whole.failed,
    )  # fmt: skip
