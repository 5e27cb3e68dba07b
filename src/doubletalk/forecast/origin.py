"""What was known when a forecast begins: the coded record before a date, and where the forecast starts.

A forecast made *from* a date uses the quarters that had ended before the quarter in which the date lies. What happened
in that quarter before the date is not used: a quarter is coded when it has ended, or not at all.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from doubletalk.errors import InputError
from doubletalk.evidence.coding import CodedRecord, coded_record
from doubletalk.evidence.quarters import first_day, quarter_name, quarter_number, quarter_of
from doubletalk.forecast.history import History

if TYPE_CHECKING:
    from doubletalk.longgame.declaration import LongGame

__all__ = ["LEAST_HISTORY", "Known", "check_words", "history_of", "known_before", "states_of"]

Ints = npt.NDArray[np.int64]

LEAST_HISTORY = 8
"""Quarters that must have been coded before a forecast begins."""


@dataclass(frozen=True)
class Known:
    """The record before a forecast.

    coded    quarters that had ended; ``first`` the number of the first quarter forecast, the one after them
    begun    whether that quarter had begun when the forecast is made, so that its first days are known but not used
    """

    coded: CodedRecord
    first: int
    begun: bool

    def quarters(self, count: int) -> tuple[str, ...]:
        """Names of the *count* quarters forecast."""
        return tuple(quarter_name(self.first + k) for k in range(count))


def known_before(folder: str | Path, date: dt.date | None = None, coding: str | Path | None = None) -> Known:
    """The record before *date*; without one, up to the case's own date.

    Raises InputError where the date lies before ``LEAST_HISTORY`` coded quarters, or beyond the quarter after the
    record's last.
    """
    whole = coded_record(folder, coding)
    names = whole.quarters
    start, end = _number(names[0]), _number(names[-1])
    first = end + 1 if date is None else quarter_of(date)
    if first > end + 1:
        raise InputError(
            f"--from {date} lies in {quarter_name(first)}, but the record is known to the end of {quarter_name(end)} "
            f"only, and what nobody recorded cannot be known before a forecast; begin at {first_day(end + 1)} and ask "
            f"for {first - end} quarters or more to reach {quarter_name(first)}",
            str(folder),
        )
    if first - start < LEAST_HISTORY:
        raise InputError(
            f"--from {date} leaves {max(first - start, 0)} coded quarters before it and a forecast needs "
            f"{LEAST_HISTORY}: the record begins with {quarter_name(start)}; begin at "
            f"{first_day(start + LEAST_HISTORY)} or later",
            str(folder),
        )
    begun = date is not None and date > first_day(first)
    if first == end + 1:
        return Known(whole, first, begun)
    return Known(coded_record(folder, coding, as_of=first_day(first) - dt.timedelta(days=1)), first, begun)


def _number(quarter: str) -> int:
    number = quarter_number(quarter)
    assert number is not None
    return number


def history_of(coded: CodedRecord) -> History:
    """The moves of a coded record; no covariates, so that all forecasters know the same."""
    return History(
        coded.quarters, coded.actors, tuple(coded.moves.values()), coded.chosen, np.zeros((len(coded.quarters), 0))
    )


def states_of(coded: CodedRecord) -> History:
    """The levels of a coded record, variables in the place of actors, as forecasts have them.

    At a quarter's end where the record has levels at the start of quarters, else in the quarter.
    """
    following = np.vstack([coded.levels[1:], np.where(coded.after >= 0, coded.after, 0)[None]])
    levels = np.where(np.array(coded.at_start), following, coded.levels)
    names = tuple(coded.variables)
    return History(coded.quarters, names, tuple(coded.variables.values()), levels, np.zeros((len(levels), 0)))


def check_words(game: LongGame, coded: CodedRecord) -> None:
    """InputError where the coding's actors, moves, variables or levels are not those of the game, in its order."""
    pairs = (
        ("actors and moves", {a.name: a.moves for a in game.actors}, dict(coded.moves)),
        ("states and levels", {v.name: v.levels for v in game.variables}, dict(coded.variables)),
    )
    for what, wanted, found in pairs:
        if list(wanted.items()) != [(name, tuple(words)) for name, words in found.items()]:
            raise InputError(
                f"the {what} of the coding '{coded.coding}' are not those of the long game: found "
                f"{_told(found)}; expected {_told(wanted)}",
                game.path or None,
            )


def _told(words: dict[str, tuple[str, ...]]) -> str:
    return "; ".join(f"{name}: {' '.join(labels)}" for name, labels in words.items())
