"""Uncertainty of a share, and p-values of many statements taken together."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["LEVEL", "exact_interval", "holm"]

LEVEL = 0.9


def exact_interval(successes: int, trials: int, level: float = LEVEL) -> tuple[float, float]:
    """Clopper-Pearson interval of a binomial share: it covers the true share at least ``level`` of the time.

    low = B(a/2; k, n - k + 1), high = B(1 - a/2; k + 1, n - k), with B the quantile of the beta distribution and
    a = 1 - level; 0 where k = 0 and 1 where k = n. It takes the trials for independent, which triggers within one
    window of each other are not: then it is too short.

    Source: Clopper & Pearson (1934), Biometrika 26. ValueError unless 0 <= successes <= trials and trials >= 1.
    """
    if not (trials >= 1 and 0 <= successes <= trials):
        raise ValueError(f"{successes} of {trials}: expected a count from 0 to the number of trials")
    from scipy.stats import beta

    tail = (1 - level) / 2
    low = float(beta.ppf(tail, successes, trials - successes + 1)) if successes else 0.0
    high = float(beta.ppf(1 - tail, successes + 1, trials - successes)) if successes < trials else 1.0
    return low, high


def holm(values: Sequence[float | None]) -> list[float | None]:
    """Holm's adjusted p-values, in the order given; None (no test) stays None and does not count.

    With p(1) <= ... <= p(m):  adjusted p(i) = max over j <= i of min(1, (m - j + 1) p(j)). Rejecting where the adjusted
    value is at most a keeps the chance of any false rejection at most a, whatever hangs together with what.

    Source: Holm (1979), Scandinavian Journal of Statistics 6.
    """
    tested = sorted((p, k) for k, p in enumerate(values) if p is not None)
    out: list[float | None] = [None] * len(values)
    highest = 0.0
    for rank, (p, k) in enumerate(tested):
        highest = max(highest, min(1.0, (len(tested) - rank) * p))
        out[k] = highest
    return out
