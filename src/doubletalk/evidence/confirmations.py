"""Which events of a chronicle were looked for on a second page, and what was found there.

A file ``confirmations.csv`` beside the chronicle, one row an event that was looked for: ``fact`` (yes, partly, no),
``date_agrees`` (yes, partly, month, no, unknown), ``date_found``, the page, whether it is another page than
the one that the chronicle gives (``other_source``), and a note. Events without a row were not looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from doubletalk.evidence.chronicle import Chronicle, source_problems
from doubletalk.evidence.tables import Problem, Row, nearest_word, read_rows, refuse, word_problem

__all__ = ["CONFIRMATIONS_FILE", "Confirmation", "load_confirmations"]

CONFIRMATIONS_FILE = "confirmations.csv"
FACTS = ("yes", "partly", "no")
AGREES = ("yes", "partly", "month", "no", "unknown")
COLUMNS = ("event_id", "fact", "date_agrees", "date_found", "source_title", "source_url", "other_source", "note")


@dataclass(frozen=True)
class Confirmation:
    """What a second look found about one event."""

    event_id: str
    fact: str
    date_agrees: str
    date_found: str
    source_title: str
    source_url: str
    other_source: bool
    note: str

    @property
    def words(self) -> str:
        """In a few words: ``confirmed by another page``, ``date differs: 2007-01-10``, ``looked for, not found``."""
        if self.fact == "no":
            return "looked for, not found"
        page = "another page" if self.other_source else "the same page read again"
        told = "confirmed" if self.fact == "yes" else "confirmed in part"
        date = {
            "yes": "",
            "partly": f", date in part ({self.date_found})",
            "month": ", the month only",
            "no": f", but the date is {self.date_found}",
            "unknown": ", date not found",
        }[self.date_agrees]
        return f"{told} by {page}{date}"


def load_confirmations(path: str | Path, chronicle: Chronicle) -> Mapping[str, Confirmation]:
    """The confirmations by event id; none where the file is absent; bad rows are reported at once in one InputError."""
    file = Path(path)
    if not file.exists():
        return {}
    rows, problems = read_rows(file, COLUMNS, (), "file of confirmations")
    known = {event.id for event in chronicle}
    found: dict[str, Confirmation] = {}
    for row in rows:
        bad = _problems(row, known, found)
        problems.extend(bad)
        if not bad:
            name, fact, agrees, date, title, url, other, note = (row.get(column) for column in COLUMNS)
            found[name] = Confirmation(name, fact, agrees, date, title, url, other == "yes", note)
    refuse(file, problems, "file of confirmations")
    return found


def _problems(row: Row, known: set[str], found: Mapping[str, Confirmation]) -> list[Problem]:
    name = row.get("event_id")
    problems = [p for c, words in (("fact", FACTS), ("date_agrees", AGREES)) if (p := word_problem(row, c, words))]
    if name not in known:
        problems.append(Problem(row.line, "event_id", name, "the id of an event", nearest_word(name, known)))
    elif name in found:
        problems.append(Problem(row.line, "event_id", name, "one row an event"))
    if row.get("fact") != "no" and not row.get("source_url"):
        problems.append(Problem(row.line, "source_url", "", "the address of the page, because something was found"))
    return problems + source_problems(row)
