"""Counted quantities over time (prisoners, listings, prices), each value with its source.

A file has the columns ``series, date, value, unit, source_title, source_url, confidence`` and may have ``id`` first.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from doubletalk.errors import InputError
from doubletalk.evidence.chronicle import source_problems
from doubletalk.evidence.tables import Problem, Row, date_problem, nearest_word, read_rows, refuse, word_problem
from doubletalk.evidence.vocabulary import CONFIDENCES

__all__ = ["Observation", "Series", "SeriesSet", "load_series"]

COLUMNS = ("series", "date", "value", "unit", "source_title", "source_url", "confidence")


@dataclass(frozen=True)
class Observation:
    """One value of a series on a date."""

    date: dt.date
    value: float
    unit: str
    source_title: str
    source_url: str
    confidence: str
    id: str = ""
    line: int = 0


@dataclass(frozen=True)
class Series:
    """A named quantity: its observations, earliest first."""

    name: str
    observations: tuple[Observation, ...]

    def between(self, since: dt.date | None = None, until: dt.date | None = None) -> tuple[Observation, ...]:
        """The observations dated from ``since`` to ``until``, both included."""
        return tuple(
            o for o in self.observations if (since is None or o.date >= since) and (until is None or o.date <= until)
        )

    def latest(self, at: dt.date | None = None) -> Observation | None:
        """The last observation on or before ``at`` (or of all), or None when there is none."""
        known = self.between(until=at)
        return known[-1] if known else None


@dataclass(frozen=True)
class SeriesSet:
    """All series of a case by name."""

    series: Mapping[str, Series] = field(default_factory=lambda: MappingProxyType({}))
    path: str | None = None

    def get(self, name: str) -> Series:
        """The series of this name; InputError with the nearest known name when there is none."""
        if name in self.series:
            return self.series[name]
        near = nearest_word(name, self.series)
        known = ", ".join(self.series) or "none"
        raise InputError(
            f"there is no series {name!r}" + (f"; did you mean {near!r}?" if near else f"; known: {known}"), self.path
        )


def load_series(path: str | Path) -> SeriesSet:
    """Read a file of series; every bad row is reported at once in one InputError."""
    file = Path(path)
    rows, problems = read_rows(file, COLUMNS, ("id",), "file of series")
    found: dict[str, list[Observation]] = {}
    seen: dict[tuple[str, str], int] = {}
    for row in rows:
        bad = _problems(row)
        key = (row.get("series"), row.get("date"))
        if key in seen:
            bad.append(
                Problem(row.line, "date", row.get("date"), f"one value of {key[0]!r} a day; line {seen[key]} has one")
            )
        seen.setdefault(key, row.line)
        problems.extend(bad)
        if not bad:
            found.setdefault(row.get("series"), []).append(_observation(row))
    refuse(file, problems, "file of series")
    return SeriesSet(
        MappingProxyType(
            {name: Series(name, tuple(sorted(values, key=lambda o: o.date))) for name, values in sorted(found.items())}
        ),
        str(file),
    )


def _observation(row: Row) -> Observation:
    return Observation(
        dt.date.fromisoformat(row.get("date")),
        float(row.get("value")),
        row.get("unit"),
        row.get("source_title"),
        row.get("source_url"),
        row.get("confidence"),
        row.get("id") or f"series-line{row.line}",
        row.line,
    )


def _problems(row: Row) -> list[Problem]:
    problems = []
    name = row.get("series")
    if not (name and name.isascii() and name.replace("_", "").isalnum() and not name[0].isdigit()):
        problems.append(Problem(row.line, "series", name, "a name of letters, digits and underscores"))
    if (wrong := date_problem(row)) is not None:
        problems.append(wrong)
    if not _is_number(row.get("value")):
        problems.append(Problem(row.line, "value", row.get("value"), "a number such as 12 or 0.5"))
    if not row.get("unit"):
        problems.append(Problem(row.line, "unit", "", "the unit of the value"))
    if (problem := word_problem(row, "confidence", CONFIDENCES)) is not None:
        problems.append(problem)
    return problems + source_problems(row)


def _is_number(text: str) -> bool:
    try:
        return "_" not in text and math.isfinite(float(text))
    except ValueError:
        return False
