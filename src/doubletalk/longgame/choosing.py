"""Choosing between policies whose worth is uncertain: regret, the chance of being best, minimax regret, switch points.

Worth is a table over policies and draws (of coefficients, of stances): larger is better. Source of the criterion:
Savage (1951), The Theory of Statistical Decision, JASA 46.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError

__all__ = ["Choice", "Stretch", "best_by_belief", "choose"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Choice:
    """What a table of worth says of each policy; arrays of shape (P,), in the order of ``policies``.

    Attributes:
        mean: mean worth over draws; ``error``: its standard error over draws.
        mean_regret: mean of ``max_q W[q, d] - W[p, d]``; ``most_regret``: its largest value over draws.
        best: share of draws in which the policy is best, ties shared equally.
        minimax: index of the policy with the smallest largest regret.
    """

    policies: tuple[str, ...]
    mean: Floats
    error: Floats
    mean_regret: Floats
    most_regret: Floats
    best: Floats
    minimax: int


def choose(policies: Sequence[str], worth: Floats) -> Choice:
    """Compare policies by a table ``worth`` of shape (policies, draws)."""
    if worth.ndim != 2 or worth.shape[0] != len(policies) or worth.shape[1] < 1:
        raise DoubletalkError(f"worth has shape {worth.shape}; expected ({len(policies)} policies, at least one draw)")
    if not np.all(np.isfinite(worth)):
        raise DoubletalkError("worth has values that are not finite; leave out the draws that were not solved")
    draws = worth.shape[1]
    regret = worth.max(axis=0) - worth
    winners = regret == 0
    most = regret.max(axis=1)
    error = worth.std(axis=1, ddof=1) / np.sqrt(draws) if draws > 1 else np.full(len(policies), np.nan)
    return Choice(
        tuple(policies),
        worth.mean(axis=1),
        error,
        regret.mean(axis=1),
        most,
        (winners / winners.sum(axis=0)).mean(axis=1),
        int(np.argmin(most)),
    )


@dataclass(frozen=True)
class Stretch:
    """Between two beliefs one policy is best."""

    low: float
    high: float
    policy: str


def best_by_belief(policies: Sequence[str], beliefs: Floats, worth: Floats) -> list[Stretch]:
    """Which policy is best on which stretch of beliefs, worth being linear between the grid's points.

    ``beliefs`` of shape (B,) increases, ``worth`` has shape (policies, B). Switch points are exact for the interpolated
    worth: crossings of straight lines. Stretches cover the grid; the policy first in the list wins ties.
    """
    if worth.shape != (len(policies), len(beliefs)) or len(beliefs) < 2 or np.any(np.diff(beliefs) <= 0):
        raise DoubletalkError("beliefs must increase, two at least, and worth have shape (policies, beliefs)")
    stretches: list[Stretch] = []
    for i in range(len(beliefs) - 1):
        cuts = _cuts(worth[:, i], worth[:, i + 1])
        for left, right in pairwise(cuts):
            middle = (left + right) / 2
            best = policies[int(np.argmax((1 - middle) * worth[:, i] + middle * worth[:, i + 1]))]
            low, high = (float(beliefs[i] + x * (beliefs[i + 1] - beliefs[i])) for x in (left, right))
            if stretches and stretches[-1].policy == best:
                stretches[-1] = Stretch(stretches[-1].low, high, best)
            else:
                stretches.append(Stretch(low, high, best))
    return stretches


def _cuts(left: Floats, right: Floats) -> list[float]:
    """Where two lines cross inside a grid cell, as shares of the cell, with its ends 0 and 1."""
    cuts = {0.0, 1.0}
    for p in range(len(left)):
        for q in range(p):
            before, after = left[p] - left[q], right[p] - right[q]
            if before * after < 0:
                cuts.add(float(before / (before - after)))
    return sorted(cuts)
