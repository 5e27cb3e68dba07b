"""Evaluation from rolling origins: forecast from each period with what was known then, and score what came.

Nothing later than the origin is used by any forecaster; scores h periods ahead are means over origins with standard
errors for their overlap. Differences against a reference are paired by origin.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError
from doubletalk.forecast.baselines import Forecaster
from doubletalk.forecast.history import History
from doubletalk.forecast.scores import Bin, MeanScore, brier_scores, calibration, log_scores, mean_score

__all__ = ["Evaluation", "Row", "rolling_origin", "score_forecast"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Row:
    """Scores of one forecaster for one actor, h periods ahead; ``gain`` is the mean log score less the reference's."""

    forecaster: str
    actor: str
    ahead: int
    log_score: MeanScore
    brier: MeanScore
    gain: MeanScore


@dataclass(frozen=True)
class Evaluation:
    """Rows for every forecaster, actor and number of periods ahead, and calibration one period ahead."""

    origins: tuple[str, ...]
    reference: str
    rows: tuple[Row, ...]
    reliability: dict[tuple[str, str], list[Bin]]


def rolling_origin(
    history: History,
    forecasters: Sequence[Forecaster],
    first: int,
    horizon: int,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Forecast 1, ..., ``horizon`` periods from every origin ``first, first + 1, ...``; score against what came.

    The origin t is forecast from the periods before t. The first forecaster is the reference of ``gain``.
    """
    if not 2 <= first <= len(history) - 1:
        raise DoubletalkError(
            f"the first origin is period {first}; expected 2 to {len(history) - 1} of {len(history)} periods"
        )
    if horizon < 1 or not forecasters:
        raise DoubletalkError("a rolling evaluation needs at least one forecaster and a horizon of at least 1")
    origins = range(first, len(history))
    stated: dict[tuple[int, int, int], list[Floats]] = {}
    came: dict[tuple[int, int], list[int]] = {}
    for number, origin in enumerate(origins):
        _forecast_from(history, forecasters, origin, horizon, stated, came)
        if progress is not None:
            progress(number + 1, len(origins))
    return _evaluation(history, forecasters, [history.periods[t] for t in origins], stated, came)


def _forecast_from(
    history: History,
    forecasters: Sequence[Forecaster],
    origin: int,
    horizon: int,
    stated: dict[tuple[int, int, int], list[Floats]],
    came: dict[tuple[int, int], list[int]],
) -> None:
    steps = min(horizon, len(history) - origin)
    past = history.before(origin)
    for f, forecaster in enumerate(forecasters):
        ahead = forecaster.forecast(past, steps, history.covariates[origin : origin + steps])
        for a, table in enumerate(ahead):
            for h in range(steps):
                stated.setdefault((f, a, h), []).append(table[h])
    for a in range(len(history.actors)):
        for h in range(steps):
            came.setdefault((a, h), []).append(int(history.chosen[origin + h, a]))


def _evaluation(
    history: History,
    forecasters: Sequence[Forecaster],
    origins: list[str],
    stated: dict[tuple[int, int, int], list[Floats]],
    came: dict[tuple[int, int], list[int]],
) -> Evaluation:
    rows, reliability = [], {}
    for (f, a, h), tables in stated.items():
        outcomes = np.array(came[a, h])
        logs = log_scores(np.array(tables), outcomes)
        rows.append(
            Row(
                forecasters[f].name,
                history.actors[a],
                h + 1,
                mean_score(logs, h),
                mean_score(brier_scores(np.array(tables), outcomes), h),
                mean_score(logs - log_scores(np.array(stated[0, a, h]), outcomes), h),
            )
        )
        if h == 0:
            reliability[forecasters[f].name, history.actors[a]] = calibration(np.array(tables), outcomes)
    return Evaluation(tuple(origins), forecasters[0].name, tuple(rows), reliability)


def score_forecast(tables: Sequence[Floats], chosen: Ints) -> list[tuple[MeanScore, MeanScore]]:
    """Mean log and Brier scores, per actor, of one forecast: tables of shape (H, moves), ``chosen`` of (H, actors)."""
    scores = []
    for a, table in enumerate(tables):
        outcomes = chosen[: len(table), a]
        scores.append(
            (
                mean_score(log_scores(table[: len(outcomes)], outcomes)),
                mean_score(brier_scores(table[: len(outcomes)], outcomes)),
            )
        )
    return scores
