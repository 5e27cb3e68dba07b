"""The chronicle: dated events, who did what to whom, how big, and a source for each.

A file has the columns ``date, date_precision, actor, target, action, intensity, summary, source_title, source_url,
confidence`` and may have ``id`` first. Where only the month (or the year) is known, ``date`` holds its first day and
``date_precision`` says so; ``Event.interval()`` gives the days on which the event may have happened, and every count
in this package uses the interval, so that a first-of-the-month date cannot put an effect before its cause.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from doubletalk.evidence.tables import Problem, Row, date_problem, read_date, read_rows, refuse, word_problem
from doubletalk.evidence.vocabulary import CONFIDENCES, PRECISIONS, Vocabulary
from doubletalk.evidence.vocabulary_file import vocabulary_of

__all__ = ["COLUMNS", "Chronicle", "Event", "chronicle_of", "interval", "load_chronicle", "source_problems"]

COLUMNS = (
    "date",
    "date_precision",
    "actor",
    "target",
    "action",
    "intensity",
    "summary",
    "source_title",
    "source_url",
    "confidence",
)


def interval(date: dt.date, precision: str) -> tuple[dt.date, dt.date]:
    """The first and the last day that a date of this precision (day, month or year) allows."""
    if precision == "year":
        return dt.date(date.year, 1, 1), dt.date(date.year, 12, 31)
    if precision == "month":
        return date.replace(day=1), date.replace(day=calendar.monthrange(date.year, date.month)[1])
    return date, date


@dataclass(frozen=True)
class Event:
    """One row of the chronicle; ``intensity`` is 1 (minor), 2 (notable) or 3 (major); ``line`` is that of the file."""

    id: str
    date: dt.date
    precision: str
    actor: str
    target: str
    action: str
    intensity: int
    summary: str
    source_title: str
    source_url: str
    confidence: str
    line: int = 0

    def interval(self) -> tuple[dt.date, dt.date]:
        """The earliest and the latest day on which the event may have happened."""
        return interval(self.date, self.precision)


@dataclass(frozen=True)
class Chronicle:
    """Events in the order of their dates (then of the file), and the file they came from."""

    events: tuple[Event, ...]
    path: str | None = None

    def __len__(self) -> int:
        """How many events there are."""
        return len(self.events)

    def __iter__(self) -> Iterator[Event]:
        """The events, earliest first."""
        return iter(self.events)

    def by_id(self, event_id: str) -> Event:
        """The event with this id; KeyError when there is none."""
        for event in self.events:
            if event.id == event_id:
                return event
        raise KeyError(event_id)

    def select(
        self,
        *,
        actors: Collection[str] | None = None,
        actions: Collection[str] | None = None,
        targets: Collection[str] | None = None,
        intensities: Collection[int] | None = None,
        since: dt.date | None = None,
        until: dt.date | None = None,
    ) -> Chronicle:
        """The events that pass every filter given (None lets all pass; both dates included; dates as coded)."""
        return replace(
            self,
            events=tuple(
                e
                for e in self.events
                if (actors is None or e.actor in actors)
                and (actions is None or e.action in actions)
                and (targets is None or e.target in targets)
                and (intensities is None or e.intensity in intensities)
                and (since is None or e.date >= since)
                and (until is None or e.date <= until)
            ),
        )


def load_chronicle(path: str | Path, vocabulary: Vocabulary | None = None) -> Chronicle:
    """Read a chronicle; every bad row is reported at once in one InputError (line, column, found, expected).

    Without *vocabulary* the words are those of ``vocabulary.yaml`` beside the file, or the standard ones.
    """
    file = Path(path)
    words = vocabulary or vocabulary_of(file.parent)
    rows, problems = read_rows(file, COLUMNS, ("id",), "chronicle")
    return _chronicle(rows, problems, file, words)


def chronicle_of(rows: Iterable[Mapping[str, str]], path: str | Path, vocabulary: Vocabulary) -> Chronicle:
    """The chronicle whose columns *rows* hold, checked as one that is read from the file *path*."""
    return _chronicle([Row(line, dict(cells)) for line, cells in enumerate(rows, 2)], [], Path(path), vocabulary)


def _chronicle(rows: list[Row], problems: list[Problem], file: Path, words: Vocabulary) -> Chronicle:
    events = []
    for row in rows:
        found = _problems(row, words)
        problems.extend(found)
        if not found:
            events.append(_event(row))
    problems.extend(_repeated(rows))
    refuse(file, problems, "chronicle")
    return Chronicle(tuple(sorted(events, key=lambda e: e.date)), str(file))


def _event(row: Row) -> Event:
    return Event(
        id=row.get("id") or f"line{row.line}",
        date=dt.date.fromisoformat(row.get("date")),
        precision=row.get("date_precision"),
        actor=row.get("actor"),
        target=row.get("target"),
        action=row.get("action"),
        intensity=int(row.get("intensity")),
        summary=row.get("summary"),
        source_title=row.get("source_title"),
        source_url=row.get("source_url"),
        confidence=row.get("confidence"),
        line=row.line,
    )


def _problems(row: Row, vocabulary: Vocabulary) -> list[Problem]:
    actors = tuple(vocabulary.actors)
    checks = (
        ("date_precision", PRECISIONS),
        ("actor", actors),
        ("target", actors),
        ("action", tuple(vocabulary.actions)),
        ("intensity", ("1", "2", "3")),
        ("confidence", CONFIDENCES),
    )
    problems = [p for column, known in checks if (p := word_problem(row, column, known)) is not None]
    date, precision = read_date(row.get("date")), row.get("date_precision")
    if (wrong := date_problem(row, precision="date_precision")) is not None:
        problems.append(wrong)
    elif date is not None and precision in PRECISIONS and interval(date, precision)[0] != date:
        problems.append(
            Problem(
                row.line,
                "date",
                row.get("date"),
                f"the first day of the {precision}, {interval(date, precision)[0]}, because date_precision is "
                f"{precision!r}",
            )
        )
    if not row.get("summary"):
        problems.append(Problem(row.line, "summary", "", "a sentence that says what happened"))
    if "id" in row.cells and not row.get("id"):
        problems.append(Problem(row.line, "id", "", "an id, different in every row"))
    return problems + source_problems(row)


def source_problems(row: Row) -> list[Problem]:
    """Problems of the source columns: an address that is no web address, or a sourced row without one."""
    url = row.get("source_url")
    if url and not url.startswith(("http://", "https://")):
        return [Problem(row.line, "source_url", url, "a web address that starts with http:// or https://, or nothing")]
    if row.get("confidence") == "sourced" and not (url or row.get("source_title")):
        return [Problem(row.line, "source_url", "", "a source, because confidence is 'sourced'; else write 'recalled'")]
    return []


def _repeated(rows: list[Row]) -> list[Problem]:
    counts = Counter(row.get("id") for row in rows)
    return [
        Problem(
            row.line,
            "id",
            row.get("id"),
            f"a different id in every row; this one appears {counts[row.get('id')]} times",
        )
        for row in rows
        if row.get("id") and counts[row.get("id")] > 1
    ]
