r"""Pareto smoothing of importance weights, and sums of weighted draws with their Monte-Carlo error.

The largest weights are replaced by the expected order statistics of a generalised Pareto distribution fitted to them;
its shape k says how far the weighted sums can be believed. Below 0.7 they can.

Sources: Vehtari, Simpson, Gelman, Yao and Gabry (2024), JMLR 25; Zhang and Stephens (2009), Technometrics 51.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

__all__ = ["LEAST_EFFECTIVE", "TRUSTED", "judged", "pareto_fit", "smoothed"]

Floats = npt.NDArray[np.float64]

TRUSTED = 0.7
"""Pareto k above which weighted sums are not to be trusted."""

LEAST_EFFECTIVE = 10.0
"""Fewer effective draws than this decide nothing: their error is itself not known."""

LEAST = 5
"""Fewest weights in a tail to which a distribution is fitted."""


def pareto_fit(excess: Floats) -> tuple[float, float]:
    """Shape k and scale sigma of a generalised Pareto distribution for *excess* [m] over a threshold, all positive.

    Zhang and Stephens' estimate, the shape drawn a little towards 1/2, as if ten further observations had that shape.
    """
    ordered = np.sort(excess)
    m = len(ordered)
    count = 30 + int(np.sqrt(m))
    spread = 1 - np.sqrt(count / (np.arange(1, count + 1) - 0.5))
    b = spread / (3 * ordered[int(m / 4 + 0.5) - 1]) + 1 / ordered[-1]
    shapes = np.log1p(-b[:, None] * ordered).mean(axis=1)
    profile = m * (np.log(-b / shapes) - shapes - 1)
    share = np.exp(profile - logsumexp(profile))
    centre = float(share @ b)
    shape = float(np.log1p(-centre * ordered).mean())
    return (m * shape + 10 * 0.5) / (m + 10), -shape / centre


def smoothed(log_weights: Floats) -> tuple[Floats, float]:
    """Normalised log weights [N] with a smoothed tail, and k (nan where the tail has too few weights to be fitted)."""
    logs = np.asarray(log_weights, dtype=float) - np.max(log_weights)
    n = len(logs)
    tail = int(np.ceil(min(n / 5, 3 * np.sqrt(n))))
    order = np.argsort(logs)
    if tail < LEAST or not np.isfinite(logs[order[-tail - 1]]):
        return logs - logsumexp(logs), float("nan")
    largest = order[-tail:]
    threshold = float(np.exp(logs[order[-tail - 1]]))
    excess = np.exp(logs[largest]) - threshold
    if (excess > 0).sum() < LEAST:
        return logs - logsumexp(logs), float("nan")
    shape, scale = pareto_fit(excess[excess > 0])
    places = (np.arange(1, tail + 1) - 0.5) / tail
    expected = -np.log1p(-places) if abs(shape) < 1e-12 else np.expm1(-shape * np.log1p(-places)) / shape
    logs[largest] = np.minimum(np.log(threshold + scale * expected), 0.0)
    return logs - logsumexp(logs), shape


def judged(log_weights: Floats) -> tuple[Floats, float]:
    """As :func:`smoothed`, with k at most 1/2 where the largest weight is below sqrt(N) times the mean.

    Of N weights with a heavier tail one would be larger. The shape is free of scale: of weights that hardly differ it
    may come out at anything, and says nothing.
    """
    found, shape = smoothed(log_weights)
    even = float(np.max(log_weights) - logsumexp(log_weights)) < -0.5 * np.log(len(log_weights))
    return found, min(shape, 0.5) if even else shape
