"""The chronicle in tables for figures: counts per quarter or year, and one plain row per event."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from doubletalk.evidence.chronicle import Chronicle
from doubletalk.evidence.vocabulary import INTENSITIES

__all__ = ["PeriodCount", "period_counts", "timeline_rows"]


@dataclass(frozen=True)
class PeriodCount:
    """Events of one actor and action in a quarter (``2010-Q4``) or a year (``2010``); weight: summed intensities."""

    period: str
    actor: str
    action: str
    count: int
    weight: int


def period_counts(chronicle: Chronicle, per: str = "quarter") -> tuple[PeriodCount, ...]:
    """Counts per ``quarter`` or ``year`` by actor and action, in order; periods without events are not listed.

    An event of which only the year is known is put in its first quarter; dates are as coded.
    """
    if per not in ("quarter", "year"):
        raise ValueError(f"per is {per!r}; give 'quarter' or 'year'")
    counts: Counter[tuple[str, str, str]] = Counter()
    weights: Counter[tuple[str, str, str]] = Counter()
    for event in chronicle:
        year = f"{event.date.year:04d}"
        key = (year if per == "year" else f"{year}-Q{(event.date.month + 2) // 3}", event.actor, event.action)
        counts[key] += 1
        weights[key] += event.intensity
    return tuple(PeriodCount(*key, counts[key], weights[key]) for key in sorted(counts))


def timeline_rows(chronicle: Chronicle) -> list[dict[str, str | int]]:
    """One plain dict per event, dates as ISO text, with the earliest and latest day and the link to the source."""
    names = {value: word for word, value in INTENSITIES.items()}
    rows: list[dict[str, str | int]] = []
    for event in chronicle:
        first, last = event.interval()
        rows.append(
            {
                "id": event.id,
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
        )
    return rows
