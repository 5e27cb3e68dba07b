"""The levels of the state variables, quarter by quarter, from events and series by the rules of a coding."""

from __future__ import annotations

import bisect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from doubletalk.evidence.chronicle import Event
from doubletalk.evidence.coding_rules import LadderStep, Mark, SeriesRule, StateRules, Stock
from doubletalk.evidence.quarters import last_day, quarter_of
from doubletalk.evidence.record import Record

__all__ = ["LevelFound", "levels_over"]


@dataclass(frozen=True)
class LevelFound:
    """A level and what set it: in words, with the rows of the chronicle that took part in the quarter that set it.

    number  the level's place in the list of levels, lowest 0
    """

    number: int
    reason: str
    event_ids: tuple[str, ...] = ()


def levels_over(rules: StateRules, record: Record, quarters: range) -> tuple[LevelFound, ...]:
    """The level of one variable in every quarter of ``quarters``, and in the quarter after the last.

    For ``when: start`` the level of quarter q is what the record up to the end of q - 1 has made it, so the last entry
    is the level with which the quarter after the record begins. For ``when: quarter`` it is that of q itself; the last
    entry is then what the marks before it leave.
    """
    placed = [e for e in record.chronicle if e.precision != "year"]
    first = min([quarter_of(e.date) for e in placed] + [quarters.start - 1])
    span = range(first, quarters.stop + 1)
    by_quarter: dict[int, list[Event]] = {q: [] for q in span}
    for event in placed:
        if quarter_of(event.date) in by_quarter:
            by_quarter[quarter_of(event.date)].append(event)
    found: list[list[LevelFound | None]] = []
    if rules.stock is not None:
        found.append(_stock(rules.stock, by_quarter, span))
    if rules.series is not None:
        found.append([_series(rules.series, record, q) for q in span])
    if rules.ladder:
        found.append(_ladder(rules.ladder, rules.start, by_quarter, span))
    if rules.marks:
        found.append([_marks(rules.marks, record, by_quarter, q) for q in span])
    default = LevelFound(rules.start, "nothing recorded sets it")
    ends = [_highest([part[k] for part in found], default) for k in range(len(span))]
    offset = 1 if rules.when == "start" else 0
    return tuple(ends[q - offset - span.start] for q in range(quarters.start, quarters.stop + 1))


def _highest(levels: Sequence[LevelFound | None], default: LevelFound) -> LevelFound:
    known = [level for level in levels if level is not None]
    return max(known, key=lambda level: level.number) if known else default


def _stock(stock: Stock, by_quarter: dict[int, list[Event]], span: range) -> list[LevelFound | None]:
    value, out = 0.0, list[LevelFound | None]()
    low, high = stock.between
    for q in span:
        added = [(e, t.times * e.intensity) for e in by_quarter[q] for t in stock.terms if t.events.takes(e)]
        value = min(max(stock.keep * value + sum(weight for _, weight in added), low), high)
        level = bisect.bisect_right(stock.cuts, value)
        out.append(LevelFound(level, f"stock {value:.2f}", tuple(dict.fromkeys(e.id for e, _ in added))))
    return out


def _series(rule: SeriesRule, record: Record, quarter: int) -> LevelFound | None:
    seen = record.series.get(rule.name).latest(min(last_day(quarter), record.end))
    if seen is None or quarter - quarter_of(seen.date) > rule.quarters:
        return None
    return LevelFound(bisect.bisect_right(rule.cuts, seen.value), f"{rule.name} {seen.value:g} on {seen.date}")


def _ladder(
    steps: Sequence[LadderStep], start: int, by_quarter: dict[int, list[Event]], span: range
) -> list[LevelFound | None]:
    level, reason = start, "as at the start"
    seen = [Counter[int]() for _ in steps]
    out: list[LevelFound | None] = []
    for q in span:
        moved = []
        for event in by_quarter[q]:
            for step, counts in zip(steps, seen, strict=True):
                if not step.events.takes(event):
                    continue
                counts[q] += 1
                if sum(counts[k] for k in range(q - step.quarters + 1, q + 1)) < step.needs:
                    continue
                after = max(level, step.level) if step.at_least else min(level, step.level)
                if after != level:
                    level, reason = after, f"since {event.date}, {event.action} by {event.actor}"
                    moved.append(event.id)
        out.append(LevelFound(level, reason, tuple(dict.fromkeys(moved))))
    return out


def _marks(marks: Sequence[Mark], record: Record, by_quarter: dict[int, list[Event]], quarter: int) -> LevelFound:
    best = LevelFound(0, "nothing marks it")
    for mark in marks:
        for q in range(quarter, quarter - mark.quarters, -1):
            if mark.votes:
                hit = [
                    v.name or v.id for v in record.calendar.fixed() if quarter_of(v.date) == q and v.date <= record.end
                ]
                ids: tuple[str, ...] = ()
            else:
                assert mark.events is not None
                events = [e for e in by_quarter.get(q, []) if mark.events.takes(e)]
                hit, ids = [f"{e.action} on {e.date}" for e in events], tuple(e.id for e in events)
            if hit and mark.level > best.number:
                best = LevelFound(mark.level, "; ".join(hit), ids)
    return best
