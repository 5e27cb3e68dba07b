"""The election calendar: the dates that the permutation tests hold fixed.

A file has the columns ``date, kind`` and may have ``id, name, summary, note, source_title, source_url, confidence``
and ``fixed``: ``yes`` or ``no``, whether the vote is one on the ruler's own power, which the tests hold fixed; where it
says nothing, presidential elections and referendums are. A case without the file has no elections, and its tests then
hold only the eras fixed.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

from doubletalk.evidence.chronicle import source_problems
from doubletalk.evidence.tables import Problem, Row, date_problem, read_rows, refuse, word_problem
from doubletalk.evidence.vocabulary import CONFIDENCES

__all__ = ["ElectionCalendar", "Vote", "load_calendar"]

KINDS = ("presidential", "referendum", "parliamentary", "local")
FIXED_KINDS = ("presidential", "referendum")
OPTIONAL = ("id", "name", "summary", "note", "fixed", "source_title", "source_url", "confidence")
YES_OR_NO = ("yes", "no")


@dataclass(frozen=True)
class Vote:
    """One election or referendum, with the last day of voting; ``held``: whether the tests hold it fixed."""

    id: str
    date: dt.date
    kind: str
    name: str = ""
    source_title: str = ""
    source_url: str = ""
    confidence: str = ""
    line: int = 0
    held: bool | None = None

    @property
    def is_fixed(self) -> bool:
        """Whether the tests hold it fixed: what the file says, else whether its kind is among ``FIXED_KINDS``."""
        return self.kind in FIXED_KINDS if self.held is None else self.held


@dataclass(frozen=True)
class ElectionCalendar:
    """All votes, earliest first."""

    votes: tuple[Vote, ...] = ()
    path: str | None = None

    def fixed(self) -> tuple[Vote, ...]:
        """The votes on the ruler's own power: presidential elections and referendums, or what the file says."""
        return tuple(v for v in self.votes if v.is_fixed)


def load_calendar(path: str | Path) -> ElectionCalendar:
    """Read a calendar; an absent file means no elections; bad rows are reported at once in one InputError."""
    file = Path(path)
    if not file.exists():
        return ElectionCalendar()
    rows, problems = read_rows(file, ("date", "kind"), OPTIONAL, "calendar")
    votes = []
    for row in rows:
        bad = _problems(row)
        problems.extend(bad)
        if not bad:
            votes.append(_vote(row))
    refuse(file, problems, "calendar")
    return ElectionCalendar(tuple(sorted(votes, key=lambda v: v.date)), str(file))


def _vote(row: Row) -> Vote:
    return Vote(
        row.get("id") or f"vote-{row.get('date')}",
        dt.date.fromisoformat(row.get("date")),
        row.get("kind"),
        row.get("name") or row.get("summary"),
        row.get("source_title"),
        row.get("source_url"),
        row.get("confidence"),
        row.line,
        {"yes": True, "no": False}.get(row.get("fixed")),
    )


def _problems(row: Row) -> list[Problem]:
    problems = [] if (wrong := date_problem(row)) is None else [wrong]
    optional = (("confidence", CONFIDENCES), ("fixed", YES_OR_NO))
    checks = [("kind", KINDS), *((column, known) for column, known in optional if row.get(column))]
    problems += [p for column, known in checks if (p := word_problem(row, column, known)) is not None]
    return problems + source_problems(row)
