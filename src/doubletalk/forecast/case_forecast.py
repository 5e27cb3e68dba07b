"""A case's forecast: what was known, the long game fitted to it, its prediction and its rivals', and their scores."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from doubletalk.errors import InputError
from doubletalk.forecast.baselines import BaseRates, Forecaster, MarkovChain, MultinomialLogit
from doubletalk.forecast.compare import ALL_STATES, Row, compared
from doubletalk.forecast.history import History
from doubletalk.forecast.later import Came
from doubletalk.forecast.origin import Known, check_words, history_of, known_before, states_of
from doubletalk.forecast.rolling import reliability_together
from doubletalk.forecast.scores import Bin

if TYPE_CHECKING:
    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.forecast.draws import Draws
    from doubletalk.forecast.paths import Beginning
    from doubletalk.forecast.predict import Prediction
    from doubletalk.longgame.declaration import LongGame
    from doubletalk.longgame.likelihood import Observed

__all__ = ["LONG_GAME", "RIVALS", "CaseForecast", "Options", "Scored", "lens_of", "make_forecast", "score"]

Floats = npt.NDArray[np.float64]
Tell = Callable[[float | None, str], None]

LONG_GAME = "long game"
RIVALS: tuple[Forecaster, ...] = (BaseRates(), MarkovChain(), MultinomialLogit())
"""What the long game is compared with; none of them knows a game."""

MOST_QUARTERS = 80


@dataclass(frozen=True)
class Options:
    """How a forecast is made.

    lens    "mixed", or the name of a stance held to be the only one; ``points`` beliefs on the grid
    draws   of the coefficients; ``paths`` simulated, shared among the draws; ``seed`` of both
    coding  the coding file, coding.yaml if None
    fit     "auto" (the fit that the case folder holds if it can be used here, else quick), "quick", "sequential",
            "file" (the coefficients as the file has them), or a fit saved as NetCDF
    """

    quarters: int = 8
    lens: str = "mixed"
    points: int = 5
    draws: int = 100
    paths: int = 20_000
    seed: int = 1
    coding: str | Path | None = None
    fit: str = "quick"

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, low, high in (("quarters", 1, MOST_QUARTERS), ("points", 2, 101), ("draws", 2, 100_000)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name}: found {value}, expected {low} to {high}")
        if self.paths < 2 * self.draws:
            raise InputError(f"paths: found {self.paths}, expected at least two for each of {self.draws} draws")


@dataclass(frozen=True)
class CaseForecast:
    """A forecast of a case.

    quarters  those forecast; ``rivals`` name -> for each actor [H, moves]
    draws     the draws of the coefficients with which it was made
    unread    why the fit that the case folder holds was not used, where it was to be; "" where there is none
    """

    game: LongGame
    known: Known
    quarters: tuple[str, ...]
    prediction: Prediction
    rivals: Mapping[str, tuple[Floats, ...]]
    draws: Draws
    options: Options
    unread: str = ""


@dataclass(frozen=True)
class Scored:
    """A forecast beside what came.

    rows         of the moves, the long game first; ``states`` of the levels of the state
    reliability  by forecaster, the moves of all actors together
    """

    came: Came
    rows: tuple[Row, ...]
    states: tuple[Row, ...]
    reliability: Mapping[str, tuple[Bin, ...]]


def lens_of(game: LongGame, name: str) -> LongGame:
    """The game under a lens: ``mixed``, or one stance taken for granted."""
    from doubletalk.game.wording import unknown
    from doubletalk.longgame.fitting import lens

    which = {"mixed": "mixed", game.stances[0]: "first", game.stances[-1]: "last"}
    if name not in which:
        raise InputError(f"--lens: {unknown('lens', name, list(which))}", game.path or None)
    return lens(game, which[name])


def make_forecast(
    folder: Path, game: LongGame, date: dt.date | None, options: Options, tell: Tell | None = None
) -> CaseForecast:
    """Forecast from *date* (from the end of the record if None) with a fit to what was known before it."""
    from doubletalk.forecast.predict import predict
    from doubletalk.longgame.likelihood import observed_from

    say: Tell = tell or (lambda share, words: None)
    known = known_before(folder, date, options.coding)
    coded = known.coded
    check_words(game, coded)
    observed = observed_from(game, coded.levels, coded.chosen, coded.quarters)
    played, count = lens_of(game, options.lens), len(coded.quarters)
    draws, unread = _draws(folder, played, coded, observed, options, say)
    (prediction,) = predict(
        draws, [(count, first_state(draws, known))], coded.at_start, horizon=options.quarters,
        paths=options.paths, seed=options.seed, tell=lambda share: say(share, "simulating"),
    )  # fmt: skip
    return CaseForecast(
        game, known, known.quarters(options.quarters), prediction,
        rival_forecasts(history_of(coded), options.quarters), draws, options, unread,
    )  # fmt: skip


def _draws(
    folder: Path, played: LongGame, coded: CodedRecord, observed: Observed, options: Options, say: Tell
) -> tuple[Draws, str]:
    """The draws asked for, and why the fit that the folder holds was not used where that was asked."""
    from doubletalk.forecast.draws import filed_draws, quick_draws, sequential_draws
    from doubletalk.forecast.saved import saved_draws, stored_draws

    unread = ""
    if options.fit == "auto":
        found, unread = stored_draws(folder, played, coded, observed, options.lens, count=options.draws, tell=say)
        if found is not None:
            return found, ""
    elif options.fit == "file":
        return filed_draws(played, observed, len(coded.quarters), points=options.points), ""
    elif options.fit not in ("quick", "sequential"):
        return saved_draws(options.fit, played, coded, observed, options.lens, count=options.draws, tell=say), ""
    draw = sequential_draws if options.fit == "sequential" else quick_draws
    made = draw(
        played, observed, len(coded.quarters), count=options.draws, seed=options.seed, points=options.points, tell=say
    )
    return made, unread


def first_state(draws: Draws, known: Known) -> Beginning:
    """The state with which the first quarter of the forecast begins."""
    from doubletalk.forecast.paths import beginning

    coded = known.coded
    return beginning(draws.posterior.game, draws.posterior.tables, coded.levels[-1], coded.chosen[-1], coded.after)


def rival_forecasts(history: History, horizon: int) -> dict[str, tuple[Floats, ...]]:
    """What the rivals say, from the same quarters, of moves or of the levels of the state."""
    return {rival.name: rival.forecast(history, horizon, np.zeros((horizon, 0))) for rival in RIVALS}


def score(forecast: CaseForecast, came: Came) -> Scored:
    """Score a forecast and its rivals by the quarters that came: moves, and levels of the state.

    Standard errors take the quarters as independent; they share one origin, so that they are a lower bound.
    """
    count, coded = len(came.quarters), forecast.known.coded
    tables = {LONG_GAME: forecast.prediction.moves(), **forecast.rivals}
    shown = [[table[:count] for table in each] for each in tables.values()]
    rows = compared(list(tables), list(coded.actors), shown, came.chosen, 0)
    past = states_of(coded)
    levels = [[forecast.prediction.named("level", name).probability[:count] for name in past.actors]]
    levels += [list(each) for each in rival_forecasts(past, count).values()]
    return Scored(
        came,
        tuple(rows),
        tuple(compared(list(tables), list(past.actors), levels, came.levels, 0, together=ALL_STATES)),
        {name: tuple(reliability_together(each, came.chosen)) for name, each in zip(tables, shown, strict=True)},
    )
