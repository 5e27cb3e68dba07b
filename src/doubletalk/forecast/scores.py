"""Scores of probability forecasts of one move among several.

Sources: Good (1952), Rational Decisions, JRSS B 14 (log score); Brier (1950), Monthly Weather Review 78; Gneiting and
Raftery (2007), Strictly Proper Scoring Rules, JASA 102; Newey and West (1987), Econometrica 55 (standard errors of
means of overlapping forecasts).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError
from doubletalk.evidence.uncertainty import exact_interval

__all__ = ["Bin", "MeanScore", "brier_scores", "calibration", "log_scores", "mean_score", "reliability"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
CALIBRATION_LEVEL = 0.95
EDGES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)
"""Edges of the bins of a reliability diagram."""


def _checked(probabilities: Floats, outcomes: Ints) -> None:
    if probabilities.ndim != 2 or outcomes.shape != probabilities.shape[:1]:
        raise DoubletalkError(
            f"probabilities of shape {probabilities.shape} and outcomes of shape {outcomes.shape}; "
            "expected (n, moves) and (n,)"
        )
    if np.any(probabilities < 0) or np.any(np.abs(probabilities.sum(axis=1) - 1) > 1e-8):
        raise DoubletalkError("each row of probabilities must be non-negative and sum to 1")


def log_scores(probabilities: Floats, outcomes: Ints) -> Floats:
    """The log score of each forecast, ``ln p(outcome)`` in nats; higher is better, 0 is best, ``-inf`` for ruled out.

    ``probabilities`` has shape (n, moves) with rows that sum to 1; ``outcomes`` has shape (n,) and indexes moves.
    """
    _checked(probabilities, outcomes)
    with np.errstate(divide="ignore"):
        return np.asarray(np.log(probabilities[np.arange(len(outcomes)), outcomes]), dtype=np.float64)


def brier_scores(probabilities: Floats, outcomes: Ints) -> Floats:
    """The Brier score of each forecast, ``sum_k (p_k - 1{k = outcome})^2``: lower is better, 0 to 2."""
    _checked(probabilities, outcomes)
    happened = np.eye(probabilities.shape[1])[outcomes]
    return np.asarray(((probabilities - happened) ** 2).sum(axis=1), dtype=np.float64)


@dataclass(frozen=True)
class MeanScore:
    """A mean of n scores and its standard error (``nan`` for fewer than two)."""

    mean: float
    error: float
    count: int


def mean_score(scores: Floats, overlap: int = 0) -> MeanScore:
    """The mean of scores in order of time, with the Newey-West standard error over ``overlap`` lags.

    Forecasts h periods ahead from successive origins overlap in h - 1 periods: pass ``overlap = h - 1``. With weights
    ``w_l = 1 - l / (overlap + 1)`` the variance of the mean is ``(g_0 + 2 sum_l w_l g_l) / n``, g autocovariances.
    """
    n = len(scores)
    mean = float(np.mean(scores)) if n else float("nan")
    if n < 2 or not np.isfinite(mean):
        return MeanScore(mean, float("nan"), n)
    centred = scores - mean
    variance = float(centred @ centred) / n
    for lag in range(1, min(overlap, n - 1) + 1):
        variance += 2 * (1 - lag / (overlap + 1)) * float(centred[lag:] @ centred[:-lag]) / n
    return MeanScore(mean, float(np.sqrt(max(variance, 0.0) / (n - 1))), n)


@dataclass(frozen=True)
class Bin:
    """One bar of a reliability diagram: forecasts of any move with probability in [low, high)."""

    low: float
    high: float
    count: int
    forecast: float
    happened: float
    interval: tuple[float, float]


def calibration(probabilities: Floats, outcomes: Ints, edges: Sequence[float] = EDGES) -> list[Bin]:
    """The reliability of forecasts of one move: see :func:`reliability`."""
    _checked(probabilities, outcomes)
    return reliability(probabilities.ravel(), np.eye(probabilities.shape[1])[outcomes].ravel(), edges)


def reliability(stated: Floats, came: Floats, edges: Sequence[float] = EDGES) -> list[Bin]:
    """For all pairs (forecast probability, whether the move came) by forecast probability, how often the move came.

    Empty bins are left out. The interval is exact (Clopper and Pearson) at 95 per cent and takes pairs for
    independent, which they are only roughly: several belong to one forecast.
    """
    bins = []
    for low, high in pairwise(edges):
        inside = (stated >= low) & ((stated < high) | ((high == edges[-1]) & (stated <= high)))
        count = int(inside.sum())
        if count:
            hits = int(came[inside].sum())
            interval = exact_interval(hits, count, CALIBRATION_LEVEL)
            bins.append(Bin(low, high, count, float(stated[inside].mean()), hits / count, interval))
    return bins
