"""The record's answers and events as rows of the report."""

from __future__ import annotations

import math
from collections import Counter

from doubletalk.evidence.calendar import Vote
from doubletalk.evidence.in_words import in_words
from doubletalk.evidence.lags import first_lag
from doubletalk.evidence.language import RecordAnswer, RecordVerdict
from doubletalk.evidence.lenses_table import AnsweredRow
from doubletalk.evidence.questions import share_interval
from doubletalk.evidence.reading import number
from doubletalk.evidence.record import Record
from doubletalk.report.page_content import LensRow, RecordRow
from doubletalk.report.timeline import TimelineRow

__all__ = ["lens_row", "record_row", "timeline_parts"]

STANDING = {
    RecordVerdict.AGREES: "yes",
    RecordVerdict.DISAGREES: "no",
    RecordVerdict.CANNOT_TELL: "open",
    RecordVerdict.NUMBER: "open",
}
LONGEST_GROUP = 18


def record_row(answer: RecordAnswer, record: Record | None = None) -> RecordRow:
    """One answer; numbers that are not defined become None. Sentence, interval and lag need the *record*."""
    chance, shift = answer.chance, answer.shift
    counts = " against ".join(
        f"{number(a.numerator)} over {number(a.denominator)}" if a.denominator != 1 else number(a.numerator)
        for a in answer.accounts
    )
    return RecordRow(
        statement=answer.statement,
        verdict=answer.verdict.value,
        standing=STANDING[answer.verdict],
        reason=answer.reason,
        counts=counts,
        value=_defined(answer.left),
        against=_defined(answer.right),
        base_rate=_defined(answer.base_rate),
        expected=_defined(chance.expected) if chance and chance.expected != answer.right else None,
        p=_defined(answer.p),
        p_error=chance.error if chance else None,
        p_clusters=shift.p if shift else None,
        words=answer.words,
        event_ids=answer.event_ids,
        asked="" if record is None else in_words(answer.statement, record.vocabulary),
        interval=None if record is None else share_interval(answer, record),
        lag="" if record is None else _lag(answer.statement, record),
    )


def _lag(statement: str, record: Record) -> str:
    found = first_lag(statement, record)
    if found is None:
        return ""
    cases = "1 case" if found.cases == 1 else f"{found.cases} cases"
    if found.low == found.high:
        return f"{found.low} days {found.side} ({cases})"
    return f"median {found.median:g} days {found.side} ({found.low} to {found.high}, {cases})"


def _defined(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else value


def lens_row(row: AnsweredRow, record: Record | None = None) -> LensRow:
    """One answered row of the table that tells the sides apart."""
    return LensRow(
        id=row.row.id,
        question=row.row.question,
        expects=row.row.sides,
        look_at=row.row.look_at,
        answers=tuple(record_row(answer, record) for answer in row.answers),
        wanted=tuple(asked.expects for asked in row.row.asked),
        met=row.met,
        shows=row.shows,
        cannot_show=row.row.cannot_show,
    )


def timeline_parts(record: Record) -> tuple[tuple[TimelineRow, ...], tuple[Vote, ...], tuple[str, ...]]:
    """(events, fixed votes within the record, groups of actors with the busiest first)."""
    named = {actor: _group(record, actor) for actor in record.vocabulary.actors}
    rows = tuple(TimelineRow(e, named.get(e.actor, e.actor)) for e in record.chronicle)
    votes = tuple(v for v in record.calendar.fixed() if record.begin <= v.date <= record.end)
    counts = Counter(row.group for row in rows)
    return rows, votes, tuple(sorted(counts, key=lambda group: (-counts[group], group)))


def _group(record: Record, actor: str) -> str:
    """The group an actor belongs to, else the short form of its name."""
    for group, members in record.vocabulary.groups.items():
        if actor in members:
            return group[:1].upper() + group[1:]
    name = record.vocabulary.actors[actor].split(",")[0]
    return name if len(name) <= LONGEST_GROUP else actor[:1] + actor[1:].lower()
