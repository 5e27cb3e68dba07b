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
from doubletalk.forecast.compare import ALL_ACTORS, Row, compared
from doubletalk.forecast.history import History
from doubletalk.forecast.scores import Bin, calibration, reliability

__all__ = ["Evaluation", "reliability_together", "rolling_origin"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Evaluation:
    """Rows for every forecaster, actor and number of periods ahead, and calibration one period ahead.

    ``reliability`` is by forecaster and actor, ``together`` by forecaster, the moves of all actors taken together.
    """

    origins: tuple[str, ...]
    reference: str
    rows: tuple[Row, ...]
    reliability: dict[tuple[str, str], list[Bin]]
    together: dict[str, list[Bin]]


def rolling_origin(
    history: History,
    forecasters: Sequence[Forecaster],
    first: int,
    horizon: int,
    progress: Callable[[int, int], None] | None = None,
    stop: int | None = None,
    together: str = ALL_ACTORS,
) -> Evaluation:
    """Forecast 1, ..., ``horizon`` periods from every origin ``first, first + 1, ...``; score against what came.

    The origin t is forecast from the periods before t; the last origin is the one before ``stop``, or the last period.
    The first forecaster is the reference of ``gain``; *together* names the row of all actors.
    """
    if not 2 <= first <= len(history) - 1:
        raise DoubletalkError(
            f"the first origin is period {first}; expected 2 to {len(history) - 1} of {len(history)} periods"
        )
    if horizon < 1 or not forecasters:
        raise DoubletalkError("a rolling evaluation needs at least one forecaster and a horizon of at least 1")
    origins = range(first, len(history) if stop is None else min(stop, len(history)))
    stated: dict[tuple[int, int, int], list[Floats]] = {}
    came: dict[tuple[int, int], list[int]] = {}
    for number, origin in enumerate(origins):
        _forecast_from(history, forecasters, origin, horizon, stated, came)
        if progress is not None:
            progress(number + 1, len(origins))
    return _evaluation(history, forecasters, [history.periods[t] for t in origins], stated, came, together)


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
    whole: str,
) -> Evaluation:
    rows: list[Row] = []
    by_actor, together = {}, {}
    names, actors = [forecaster.name for forecaster in forecasters], range(len(history.actors))
    for h in sorted({h for _, h in came}):
        outcomes = np.array([came[a, h] for a in actors]).T
        tables = [[np.array(stated[f, a, h]) for a in actors] for f in range(len(names))]
        rows += compared(names, history.actors, tables, outcomes, h + 1, h, whole)
        if h == 0:
            for f, name in enumerate(names):
                together[name] = reliability_together(tables[f], outcomes)
                for a in actors:
                    by_actor[name, history.actors[a]] = calibration(tables[f][a], outcomes[:, a])
    return Evaluation(tuple(origins), names[0], tuple(rows), by_actor, together)


def reliability_together(tables: Sequence[Floats], outcomes: npt.NDArray[np.int64]) -> list[Bin]:
    """The reliability of forecasts [n, moves] of all actors together; outcomes [n, actors]."""
    stated = np.concatenate([table.ravel() for table in tables])
    happened = [np.eye(table.shape[1])[outcomes[:, a]].ravel() for a, table in enumerate(tables)]
    return reliability(stated, np.concatenate(happened))
