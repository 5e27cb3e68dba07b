"""What came after a forecast was made: later quarters, coded with the same coding, to score it by."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from doubletalk.errors import InputError
from doubletalk.evidence.chronicle import Chronicle, chronicle_of, load_chronicle
from doubletalk.evidence.coding import CodedRecord, as_of_date, code, coded_record, coding_of
from doubletalk.evidence.eventdata import import_events
from doubletalk.evidence.quarters import first_day, last_day, quarter_name, quarter_number, quarter_of
from doubletalk.evidence.record import load_record
from doubletalk.evidence.vocabulary import Vocabulary
from doubletalk.forecast.origin import states_of

__all__ = ["Came", "came_from_file", "came_from_record"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Came:
    """The n first quarters of a forecast, as they came.

    chosen  [n, actors] moves; ``levels`` [n, V] as a forecast has them: at the quarter's end where the record has
            levels at the start of quarters, else in the quarter
    notes   what to know about where they are from
    """

    quarters: tuple[str, ...]
    chosen: Ints
    levels: Ints
    notes: tuple[str, ...]


def came_from_record(folder: Path, first: int, horizon: int, coding: str | Path | None = None) -> Came:
    """The case's own quarters from *first* on, at most *horizon*; none where its record ends before."""
    return _cut(coded_record(folder, coding), first, horizon, ())


def came_from_file(
    folder: Path, events: Path, first: int, horizon: int, *, coding: str | Path | None = None,
    layout: str | None = None, actors: Path | None = None, until: dt.date | None = None,
) -> Came:  # fmt: skip
    """Later events coded by the case's coding: a chronicle, or event data in a *layout* with its table of *actors*.

    The file speaks from its first event at or after the first quarter forecast; before that the case's own rows do.
    ``until`` is the date up to which the file is complete, its last event if not given; a quarter that had not ended by
    then is not coded. Raises InputError where that leaves no quarter.
    """
    begin = first_day(first)
    own = load_record(folder, as_of_date(folder))
    given, notes = _events(folder, events, layout, actors, own.vocabulary)
    rows = [event for event in given if event.date >= begin]
    if not rows:
        raise InputError(
            f"there is no event on or after {begin}, the first day that was forecast; give later events, or make the "
            "forecast from an earlier date",
            str(events),
        )
    if until is None:
        end, whose = max(event.interval()[1] for event in rows), "its last event"
    else:
        end, whose = until, "the date given"
    if end < last_day(first):
        raise InputError(
            f"the events reach to {end}, {whose}, and {quarter_name(first)} ends on {last_day(first)}; if the file is "
            f"complete to the end of that quarter, say so: --score-until {last_day(first)}",
            str(events),
        )
    since = min(event.date for event in rows)
    before = tuple(event for event in own.chronicle if event.date < since)
    whole = Chronicle(tuple(sorted((*before, *rows), key=lambda event: event.date)), str(events))
    coded = code(replace(own, chronicle=whole, as_of=end), coding_of(folder, coding, own.vocabulary))
    notes = [f"scored by {len(rows)} events of {events.name} from {since} to {end}", *notes]
    if len(rows) < len(given):
        notes.append(f"{len(given) - len(rows)} events before {begin}, the first day that was forecast, are not used")
    if until is None:
        notes.append(f"{events.name} is taken to be complete to {end}, its last event (--score-until says otherwise)")
    found = _cut(coded, first, horizon, ())
    seen = {quarter_name(quarter_of(event.date)) for event in whole}
    empty = [quarter for quarter in found.quarters if quarter not in seen]
    if empty:
        notes.append(f"no event at all in {', '.join(empty)}: coded as quarters in which nothing was done")
    return Came(found.quarters, found.chosen, found.levels, tuple(notes))


def _cut(coded: CodedRecord, first: int, horizon: int, notes: tuple[str, ...]) -> Came:
    start = quarter_number(coded.quarters[0])
    assert start is not None
    rows = slice(first - start, first - start + horizon)
    return Came(coded.quarters[rows], coded.chosen[rows], states_of(coded).chosen[rows], notes)


def _events(
    folder: Path, events: Path, layout: str | None, actors: Path | None, words: Vocabulary
) -> tuple[Chronicle, list[str]]:
    """The events of a file in the case's own words, and what to know about how they were read."""
    if layout is None:
        return load_chronicle(events, words), []
    found = import_events(folder, events, layout, actors)
    left = found.left_out
    notes = [f"{len(left)} rows left out; the first, line {left[0].line}: {left[0].reason}"] if left else []
    return chronicle_of(found.rows, events, words), notes
