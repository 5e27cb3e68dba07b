"""The record: chronicle, series and election calendar of a case, read up to a date; and time in months and day slots.

Time is counted in **slots**: 31 to a month, slot = 31 (12 year + month - 1) + day - 1. Then "within n months after"
is a comparison of whole numbers (slot difference at most 31 n), the same as counting calendar months by date.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from doubletalk.errors import InputError
from doubletalk.evidence.calendar import ElectionCalendar, load_calendar
from doubletalk.evidence.case_dates import eras_of
from doubletalk.evidence.chronicle import Chronicle, Event, interval, load_chronicle
from doubletalk.evidence.series import SeriesSet, load_series
from doubletalk.evidence.vocabulary import INTENSITIES, STANDARD, Vocabulary
from doubletalk.evidence.vocabulary_file import vocabulary_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["SLOTS", "Record", "Selector", "Spans", "load_record", "month_of", "slot"]

SLOTS = 31
ELECTION = "election"


def month_of(date: dt.date) -> int:
    """Months since the year 0: 12 year + month - 1."""
    return 12 * date.year + date.month - 1


def slot(date: dt.date) -> int:
    """Day slot of a date: 31 to every month."""
    return SLOTS * month_of(date) + date.day - 1


@dataclass(frozen=True)
class Selector:
    """Which events: actions, and where given intensities, actors, targets and dates (both included).

    The action ``election`` stands for the presidential elections and referendums of the calendar.
    """

    actions: tuple[str, ...]
    intensities: tuple[int, ...] = (1, 2, 3)
    actors: tuple[str, ...] | None = None
    targets: tuple[str, ...] | None = None
    since: dt.date | None = None
    until: dt.date | None = None

    def __str__(self) -> str:
        """The selector as it is written in a statement."""
        words = "|".join(self.actions)
        if self.intensities != (1, 2, 3):
            names = {v: k for k, v in INTENSITIES.items()}
            words += f"[{'|'.join(names[i] for i in self.intensities)}]"
        words += f" by {'|'.join(self.actors)}" if self.actors is not None else ""
        words += f" to {'|'.join(self.targets)}" if self.targets is not None else ""
        words += f" from {self.since}" if self.since else ""
        return words + (f" until {self.until}" if self.until else "")

    @property
    def is_election(self) -> bool:
        """Whether it selects votes of the calendar, not events of the chronicle."""
        return self.actions == (ELECTION,)


@dataclass(frozen=True)
class Spans:
    """Selected events as numbers: first and last possible slot, weight, id, all of one length.

    low, high (events,)  slots; a month-only event spans slots 0..30 of its month
    weight    (events,)  intensity 1..3 (1 for a vote)
    placed    (events,)  False where not even the month is known
    """

    ids: tuple[str, ...]
    low: Ints
    high: Ints
    weight: Ints
    placed: NDArray[np.bool_]

    @property
    def month(self) -> Ints:
        """Month of the date as coded, (events,)."""
        return self.low // SLOTS


@dataclass(frozen=True)
class Record:
    """What is known on ``as_of``: later events and votes are left out on construction; counts start at ``start``.

    eras  first days of the second and later eras: times between which the coverage of events, or how often they come,
          differs for reasons of its own
    """

    chronicle: Chronicle
    series: SeriesSet = field(default_factory=SeriesSet)
    calendar: ElectionCalendar = field(default_factory=ElectionCalendar)
    as_of: dt.date | None = None
    start: dt.date | None = None
    vocabulary: Vocabulary = STANDARD
    eras: tuple[dt.date, ...] = ()
    _seen: dict[Selector, Spans] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Cut the record at ``as_of`` (default: the last event) and set ``start`` (default: the first event)."""
        if not self.chronicle.events:
            raise InputError("the chronicle has no events, so there is no record to ask", self.chronicle.path)
        last = max(e.interval()[1] for e in self.chronicle)
        as_of = self.as_of or max(e.date for e in self.chronicle)
        events = tuple(e for e in self.chronicle if e.date <= as_of)
        start = self.start or min(e.date for e in self.chronicle)
        events = tuple(e for e in events if e.date >= start)
        if not events:
            raise InputError(
                f"the chronicle has no events from {start} to {as_of}; its last is of {last}", self.chronicle.path
            )
        object.__setattr__(self, "as_of", as_of)
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "chronicle", Chronicle(events, self.chronicle.path))

    @property
    def end(self) -> dt.date:
        """The last day of the record."""
        assert self.as_of is not None
        return self.as_of

    @property
    def begin(self) -> dt.date:
        """The first day of the record."""
        assert self.start is not None
        return self.start

    @property
    def first_slot(self) -> int:
        """Slot of the first day."""
        return slot(self.begin)

    @property
    def last_slot(self) -> int:
        """Slot of the last day."""
        return slot(self.end)

    @property
    def months(self) -> range:
        """Every month of the record, first and last included."""
        return range(month_of(self.begin), month_of(self.end) + 1)

    def events(self, selector: Selector) -> tuple[Event, ...]:
        """The chronicle's events that a selector picks (none for ``election``)."""
        return self.chronicle.select(
            actions=selector.actions,
            intensities=selector.intensities,
            actors=selector.actors,
            targets=selector.targets,
            since=selector.since,
            until=selector.until,
        ).events

    def spans(self, selector: Selector) -> Spans:
        """The selected events (or votes) as arrays; looked up once for each selector."""
        if selector not in self._seen:
            self._seen[selector] = self._looked_up(selector)
        return self._seen[selector]

    def _looked_up(self, selector: Selector) -> Spans:
        if selector.is_election:
            votes = [
                v
                for v in self.calendar.fixed()
                if self.begin <= v.date <= self.end
                and (selector.since is None or v.date >= selector.since)
                and (selector.until is None or v.date <= selector.until)
            ]
            return _spans([v.id for v in votes], [(v.date, "day") for v in votes], [1] * len(votes))
        events = self.events(selector)
        return _spans([e.id for e in events], [(e.date, e.precision) for e in events], [e.intensity for e in events])


def _spans(ids: Sequence[str], dates: Sequence[tuple[dt.date, str]], weights: Sequence[int]) -> Spans:
    import numpy as np

    low = [slot(interval(d, p)[0]) for d, p in dates]
    high = [slot(d) if p == "day" else SLOTS * (month_of(interval(d, p)[1]) + 1) - 1 for d, p in dates]
    return Spans(
        tuple(ids),
        np.array(low, dtype=np.int64),
        np.array(high, dtype=np.int64),
        np.array(weights, dtype=np.int64),
        np.array([p != "year" for _, p in dates], dtype=np.bool_),
    )


def load_record(
    folder: str | Path,
    as_of: dt.date | None = None,
    vocabulary: Vocabulary | None = None,
    chronicle: Chronicle | None = None,
) -> Record:
    """The record of a case folder: chronicle.csv, and series.csv, calendar.csv and vocabulary.yaml where present.

    chronicle  the folder's, where it has been read already
    """
    home = Path(folder)
    words = vocabulary or vocabulary_of(home)
    series = home / "series.csv"
    return Record(
        load_chronicle(home / "chronicle.csv", words) if chronicle is None else chronicle,
        load_series(series) if series.exists() else SeriesSet(),
        load_calendar(home / "calendar.csv"),
        as_of,
        None,
        words,
        eras_of(home),
    )
