"""Forecasters compared on the same outcomes: mean scores, paired differences, and what they say in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from doubletalk.forecast.scores import MeanScore, brier_scores, log_scores, mean_score

__all__ = ["ALL_ACTORS", "ALL_STATES", "SURE", "Row", "compared", "verdict", "verdicts", "with_error"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

ALL_ACTORS, ALL_STATES = "all actors", "all states"
"""The rows in which the scores of all actors, or of all variables of the state, are added up, period by period."""

SURE = 2.0
"""Standard errors beyond which a difference counts as a win or a loss."""


@dataclass(frozen=True)
class Row:
    """Scores of one forecaster for one actor.

    ahead       how many periods ahead; 0: all periods of one forecast together
    gain        the mean log score less the reference's, paired by outcome: above 0 the forecaster is better
    brier_gain  the mean Brier score less the reference's: below 0 the forecaster is better
    """

    forecaster: str
    actor: str
    ahead: int
    log_score: MeanScore
    brier: MeanScore
    gain: MeanScore
    brier_gain: MeanScore


def compared(
    forecasters: Sequence[str], actors: Sequence[str], tables: Sequence[Sequence[Floats]], outcomes: Ints,
    ahead: int, overlap: int = 0, together: str = ALL_ACTORS,
) -> list[Row]:  # fmt: skip
    """Rows for every forecaster and actor and, where there are several actors, for their sum, called *together*.

    ``tables[f][a]`` [n, moves] holds the forecasts of n outcomes [n, actors], in order of time; the first forecaster is
    the reference. ``overlap`` is the number of lags over which scores depend on each other.
    """
    logs, briers = (
        [[score(table, outcomes[:, a]) for a, table in enumerate(each)] for each in tables]
        for score in (log_scores, brier_scores)
    )
    names = list(actors)
    if len(names) > 1:
        names.append(together)
        for scores in (logs, briers):
            for each in scores:
                each.append(np.sum(each, axis=0))
    return [
        Row(
            forecaster,
            actor,
            ahead,
            mean_score(logs[f][a], overlap),
            mean_score(briers[f][a], overlap),
            mean_score(_less(logs[f][a], logs[0][a]), overlap),
            mean_score(_less(briers[f][a], briers[0][a]), overlap),
        )
        for f, forecaster in enumerate(forecasters)
        for a, actor in enumerate(names)
    ]


def _less(mine: Floats, other: Floats) -> Floats:
    """Differences; where both ruled out what came, neither is better."""
    both = np.isneginf(mine) & np.isneginf(other)
    return np.where(both, 0.0, mine - np.where(both, 0.0, other))


def verdict(gain: MeanScore) -> str:
    """``better``, ``worse``, or ``no difference beyond the error`` for a difference in log scores; one has no error."""
    ruled_out = np.isinf(gain.mean)
    if gain.count < 2 and not ruled_out:
        return "no error from one period"
    if gain.mean == 0 or not (ruled_out or abs(gain.mean) > SURE * gain.error):
        return "no difference beyond the error"
    return "better" if gain.mean > 0 else "worse"


def verdicts(rows: Sequence[Row], reference: str) -> list[str]:
    """Sentences on how the reference, the first forecaster, fares against each other one: wins and losses alike."""
    told = []
    for ahead in dict.fromkeys(row.ahead for row in rows):
        when = f"{_count(ahead)} ahead" if ahead else "Over the periods of this forecast"
        for other in dict.fromkeys(row.forecaster for row in rows if row.forecaster != reference):
            pairs = [row for row in rows if row.ahead == ahead and row.forecaster == other]
            words = [f"{row.actor} {_difference(row.gain)}" for row in pairs]
            told.append(f"{when}, {reference} against {other}: {'; '.join(words)}.")
    return told


def with_error(gain: MeanScore) -> str:
    """A difference with its sign, and its standard error where there is one."""
    return f"{gain.mean:+.3f} ± {gain.error:.3f}" if np.isfinite(gain.error) else f"{gain.mean:+.3f}"


def _difference(gain: MeanScore) -> str:
    mine = MeanScore(-gain.mean, gain.error, gain.count)
    return f"{with_error(mine)} ({verdict(mine)})"


def _count(periods: int) -> str:
    words = ("", "One period", "Two periods", "Three periods", "Four periods")
    return words[periods] if periods < len(words) else f"{periods} periods"
