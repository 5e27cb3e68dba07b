"""Sobol indices of a function of independent inputs: the estimators, with a quadratic surrogate as control variate.

    first  S_i = Var E(f | x_i) / Var f         total  T_i = E Var(f | all but x_i) / Var f

On two scrambled Sobol' samples A and B, and A with column i of B (C_i), a row j of the sample gives

    f_B (f_Ci - f_A),    (f_Ci - f_A)^2 / 2,    (f_A^2 + f_B^2) / 2,

f less its mean, with expectations Var E(f | x_i), E Var(f | all but x_i) and Var f. Where f is close to a quadratic s
in the inputs, whose shares are known exactly, the same terms of s are subtracted and its exact shares added, so that
only the noise of f - s is left. s is fitted to the other three quarters of the rows, so that nothing is used twice, and
kept only where it explains more than half of the variance of rows that it has not seen.

Sources: Sobol' (1993), Mathematical Modelling and Computational Experiments 1; Saltelli and others (2010), Computer
Physics Communications 181 (the estimators); Owen (2013), Monte Carlo theory, chapter 8 (control variates).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

__all__ = ["Indices", "sobol_indices"]

Floats = npt.NDArray[np.float64]
FOLDS = 4
LEAST_ROWS = 8
"""Rows of the sample below which no surrogate is fitted."""
GRID = 4096
CONFIDENCE = 0.9


@dataclass(frozen=True)
class Indices:
    """First-order and total indices [inputs] with the ends of 90 % intervals; mean and variance of the function.

    surrogate  share of the variance that the quadratic explains in rows not used to fit it; nan where none was used
    """

    first: Floats
    first_low: Floats
    first_high: Floats
    total: Floats
    total_low: Floats
    total_high: Floats
    mean: float
    variance: float
    surrogate: float


def sobol_indices(
    function: Callable[[Floats], Floats], inputs: Sequence[Any], sample: int, random: np.random.Generator
) -> Indices:
    """Indices of *function* [rows, inputs] -> [rows] with *inputs* frozen distributions of SciPy.

    sample    N, a power of two; the function is evaluated at N (inputs + 2) points

    Intervals are those of a ratio of means, with t quantiles (delta method); the points are spread more evenly than
    random ones, so they are rather too wide than too narrow. A function that does not vary has indices nan.
    """
    k = len(inputs)
    unit = stats.qmc.Sobol(2 * k, rng=random).random(sample)
    base, other = unit[:, :k], unit[:, k:]
    points = [base, other]
    for i in range(k):
        mixed = base.copy()
        mixed[:, i] = other[:, i]
        points.append(mixed)
    whole = np.concatenate(points)
    drawn = np.column_stack([each.ppf(whole[:, i]) for i, each in enumerate(inputs)])
    values = np.asarray(function(drawn), dtype=float).reshape(k + 2, sample)
    mean = float(values[:2].mean())
    if np.ptp(values) <= 1e-12 * (1 + abs(mean)):
        nothing = np.full(k, np.nan)
        return Indices(nothing, nothing, nothing, nothing, nothing, nothing, mean, 0.0, np.nan)
    contributions, explained = _contributions(values - mean, drawn.reshape(k + 2, sample, k), inputs)
    ends = [_interval(part, contributions[2]) for part in contributions[:2]]
    return Indices(*ends[0], *ends[1], mean, float(contributions[2].mean()), explained)


def _terms(values: Floats) -> tuple[Floats, Floats, Floats]:
    """Each row's terms: [inputs, N], [inputs, N], [N]; values [inputs + 2, N], of A, of B, of each C_i."""
    moved = values[2:] - values[0]
    return values[1] * moved, moved**2 / 2, (values[0] ** 2 + values[1] ** 2) / 2


def _contributions(
    values: Floats, drawn: Floats, inputs: Sequence[Any]
) -> tuple[tuple[Floats, Floats, Floats], float]:
    """Each row's terms, with the surrogate's replaced by their expectations where it is good."""
    plain = _terms(values)
    k, rows = values.shape[0] - 2, values.shape[1]
    if rows < LEAST_ROWS:
        return plain, np.nan
    fold = np.arange(rows) % FOLDS
    pairs = 2 * (1 + 2 * k + k * (k - 1) // 2) <= (rows - rows // FOLDS) * (k + 2)
    if not pairs and 2 * (1 + 2 * k) > (rows - rows // FOLDS) * (k + 2):
        return plain, np.nan
    columns, own = _columns(drawn.reshape(-1, k), inputs, pairs)
    columns = columns.reshape(k + 2, rows, -1)
    better = tuple(np.empty_like(part) for part in plain)
    missed = np.empty((2, rows))
    for n in range(FOLDS):
        new, seen = fold == n, fold != n
        given = columns[:, seen].reshape(-1, columns.shape[2])
        weights = np.linalg.lstsq(given, values[:, seen].reshape(-1), rcond=1e-8)[0]
        guess = columns[:, new] @ weights
        missed[:, new] = (values[:, new] - guess)[:2]
        exact = ((own[0] @ weights**2)[:, None], (own[1] @ weights**2)[:, None], (weights[1:] ** 2).sum())
        left, said = _terms(values[:, new] - weights[0]), _terms(guess - weights[0])
        for part, a, b, expected in zip(better, left, said, exact, strict=True):
            part[..., new] = a - b + expected
    explained = 1 - float((missed**2).mean() / plain[2].mean())
    return ((better[0], better[1], better[2]), explained) if explained > 0.5 else (plain, np.nan)


def _columns(drawn: Floats, inputs: Sequence[Any], pairs: bool) -> tuple[Floats, tuple[Floats, Floats]]:
    """Polynomials that are orthonormal under the inputs' distributions, and which belong to which input.

    1; of each input degree one and two; with *pairs* products of two of degree one. The second part has rows of 0 and 1
    [input, column]: columns in this input alone, and columns in which it takes part.
    """
    grid, k = (np.arange(GRID) + 0.5) / GRID, len(inputs)
    ones, twos = [], []
    for i, each in enumerate(inputs):
        ladder = each.ppf(grid)
        middle, spread = ladder.mean(), ladder.std()
        z = (ladder - middle) / spread
        skew = (z**3).mean()
        scale = (z * z - 1 - skew * z).std()
        x = (drawn[:, i] - middle) / spread
        ones.append(x)
        twos.append((x * x - 1 - skew * x) / scale)
    members: list[set[int]] = [set(), *({i} for i in range(k)), *({i} for i in range(k))]
    columns = [np.ones(len(drawn)), *ones, *twos]
    if pairs:
        for i in range(k):
            for j in range(i):
                columns.append(ones[i] * ones[j])
                members.append({i, j})
    alone = np.array([[float(each == {i}) for each in members] for i in range(k)])
    among = np.array([[float(i in each) for each in members] for i in range(k)])
    return np.stack(columns, axis=1), (alone, among)


def _interval(part: Floats, variance: Floats) -> tuple[Floats, Floats, Floats]:
    """Ratios of means [inputs] with the ends of their intervals."""
    rows, whole = len(variance), variance.mean()
    ratio = part.mean(axis=1) / whole
    error = (part - ratio[:, None] * variance).std(axis=1, ddof=1) / (np.sqrt(rows) * whole)
    wide = float(stats.t.ppf((1 + CONFIDENCE) / 2, rows - 1)) * error
    return ratio, ratio - wide, ratio + wide
