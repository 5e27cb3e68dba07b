"""Quarters as numbers and words, and the chronicle as plain rows.

A quarter is the number 4 year + (0..3); in words ``2021Q2``.
"""

from __future__ import annotations

import datetime as dt
import re

from doubletalk.evidence.chronicle import Event
from doubletalk.evidence.vocabulary import INTENSITIES

__all__ = ["QUARTER_FORM", "event_row", "first_day", "last_day", "quarter_name", "quarter_number", "quarter_of"]

QUARTER_FORM = "a quarter such as 2021Q2"
_QUARTER = re.compile(r"([0-9]{4})-?Q([1-4])")


def quarter_of(date: dt.date) -> int:
    """The number of the quarter in which *date* lies."""
    return 4 * date.year + (date.month - 1) // 3


def quarter_name(number: int) -> str:
    """``2021Q2``."""
    return f"{number // 4:04d}Q{number % 4 + 1}"


def quarter_number(text: str) -> int | None:
    """The number of a quarter written ``2021Q2`` or ``2021-Q2``, or None."""
    match = _QUARTER.fullmatch(text.strip().upper())
    return None if match is None else 4 * int(match[1]) + int(match[2]) - 1


def first_day(number: int) -> dt.date:
    """The first day of a quarter."""
    return dt.date(number // 4, 3 * (number % 4) + 1, 1)


def last_day(number: int) -> dt.date:
    """The last day of a quarter."""
    if quarter_of(dt.date.max) == number:
        return dt.date.max
    return first_day(number + 1) - dt.timedelta(days=1)


def event_row(event: Event) -> dict[str, str | int]:
    """One plain row for an event: dates as ISO text, the earliest and latest day, the quarter, the source."""
    names = {value: word for word, value in INTENSITIES.items()}
    first, last = event.interval()
    return {
        "id": event.id,
        "quarter": quarter_name(quarter_of(event.date)),
        "date": event.date.isoformat(),
        "earliest": first.isoformat(),
        "latest": last.isoformat(),
        "precision": event.precision,
        "actor": event.actor,
        "target": event.target,
        "action": event.action,
        "intensity": event.intensity,
        "size": names[event.intensity],
        "summary": event.summary,
        "source_title": event.source_title,
        "source_url": event.source_url,
        "confidence": event.confidence,
        "line": event.line,
    }
