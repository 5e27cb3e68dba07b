"""How long after a trigger the first response comes, among the triggers that have one within the window."""

from __future__ import annotations

import calendar
import datetime as dt
import statistics
from dataclasses import dataclass

from doubletalk.evidence.measures import Response, layout_of, related
from doubletalk.evidence.record import SLOTS, Record
from doubletalk.evidence.statements import parse_statement

__all__ = ["Lag", "first_lag"]


@dataclass(frozen=True)
class Lag:
    """Days from a trigger to the nearest response on one side of it.

    cases   triggers with a response in the window; the others have no lag
    median, low, high   days over those cases. Dates known by their month are put on the 16th
    """

    side: str
    cases: int
    median: float
    low: int
    high: int


def first_lag(statement: str, record: Record) -> Lag | None:
    """The lag of the statement's left side; None where that is no measure after or before a trigger, or has no case."""
    asked = parse_statement(statement, record.vocabulary).left
    if not isinstance(asked, Response) or asked.side == "around":
        return None
    triggers, _ = layout_of(record, [asked]).usable(asked.trigger)
    spans = record.spans(asked.response)
    near = related(
        (triggers.low[:, None], triggers.high[:, None]), (spans.low, spans.high), asked.within, asked.side
    )  # fmt: skip
    there = [_day(int(low + high) // 2) for low, high in zip(spans.low, spans.high, strict=True)]
    days = []
    for k, row in enumerate(near):
        here = _day(int(triggers.low[k] + triggers.high[k]) // 2)
        if found := [abs((there[b] - here).days) for b in row.nonzero()[0]]:
            days.append(min(found))
    if not days:
        return None
    return Lag(asked.side, len(days), float(statistics.median(days)), min(days), max(days))


def _day(slot: int) -> dt.date:
    """The date of a slot; the last day of a month that has no such day."""
    year, month = divmod(slot // SLOTS, 12)
    return dt.date(year, month + 1, min(slot % SLOTS + 1, calendar.monthrange(year, month + 1)[1]))
