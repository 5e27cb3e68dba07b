"""Large records: counts by day against pairs looked at one by one, and statements over tens of thousands of events."""

from __future__ import annotations

import datetime as dt
import itertools
import random
import time

import numpy as np
import pytest

from doubletalk.evidence import measures, pairs
from doubletalk.evidence.chronicle import Chronicle, Event
from doubletalk.evidence.language import evaluate_record
from doubletalk.evidence.measures import related
from doubletalk.evidence.near import counts_near, offsets
from doubletalk.evidence.permutation import Plan
from doubletalk.evidence.record import Record, Selector

SIDES, READINGS = ("after", "before", "around"), ("middle", "strict", "loose")
LENGTHS = {"day": 0, "month": 30, "year": 371}
QUICK = Plan(draws=60, exact_limit=0)


def _record(rng: random.Random, count: int, years: int = 6) -> Record:
    events = []
    for k in range(count):
        precision = rng.choices(("day", "month", "year"), (8, 3, 1))[0]
        day = dt.date(2003, 1, 1) + dt.timedelta(rng.randrange(365 * years))
        day = day if precision == "day" else day.replace(day=1) if precision == "month" else day.replace(month=1, day=1)
        action = rng.choice(("lift", "repress", "court"))
        events.append(Event(f"e{k}", day, precision, "BLR", "OPP", action, rng.randint(1, 3), "x", "", "", "recalled"))
    return Record(Chronicle(tuple(sorted(events, key=lambda e: e.date))), start=dt.date(2003, 1, 1))


@pytest.mark.parametrize(("side", "reading"), list(itertools.product(SIDES, READINGS)))
def test_the_window_solved_for_the_difference_is_the_condition(side: str, reading: str) -> None:
    """For dates of all precisions every difference of first days is inside the window where the condition holds."""
    for point, event, within in itertools.product(LENGTHS.values(), LENGTHS.values(), (1, 2, 13)):
        first, last = offsets(point, event, within, side, reading)
        gap = np.arange(-900, 901)
        a, b = (np.zeros(gap.size, dtype=np.int64), np.full(gap.size, point)), (gap, gap + event)
        assert (related(a, b, within, side, reading) == ((gap >= first) & (gap <= last))).all()


@pytest.mark.parametrize("seed", range(4))
def test_counts_by_day_equal_pairs_one_by_one(seed: int) -> None:
    """Under random rearrangements the events near each trigger are as many as when every pair is looked at."""
    rng = random.Random(seed)
    record = _record(rng, 120)
    a, b = record.spans(Selector(("lift",))), record.spans(Selector(("repress",)))
    months = len(record.months)
    maps = np.random.default_rng(seed).permuted(np.tile(np.arange(months), (7, 1)), axis=1)
    index = b.month - record.months.start
    shift = 31 * (maps[:, index] - index[None, :])
    low, high = b.low[None, :] + shift, b.high[None, :] + shift
    for side, within, weighted in itertools.product(SIDES, (1, 6), (False, True)):
        hits = related((a.low[None, :, None], a.high[None, :, None]), (low[:, None, :], high[:, None, :]), within, side)
        expected = (hits * (b.weight if weighted else 1)).sum(axis=2)
        found = counts_near((a.low, a.high), b, record.months, maps, within, side, weighted=weighted)
        # a year-only event that is moved may run over the end of the record; its first day decides in both
        assert (found == expected).all()


@pytest.mark.parametrize(
    "statement",
    [
        "rate(repress within 4 months after lift) > base",
        "mean(repress within 4 months after lift) > mean(repress within 4 months before lift)",
        "weight(court within 3 months around lift) > expected",
        "first(lift, repress within 2 months) > 1/2",
        "count(repress after lift within 6 months) > expected",
    ],
)
def test_answers_do_not_depend_on_the_road(statement: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole answer, p-values with it, is the same whether pairs are looked at or days are counted."""
    record = _record(random.Random(9), 90)
    by_pair = evaluate_record(statement, record, QUICK)
    for module in (measures, pairs):
        monkeypatch.setattr(module, "FEW_PAIRS", 0)
    by_day = evaluate_record(statement, record, QUICK)
    assert by_day == by_pair
    assert by_pair.p is not None


def test_a_statement_over_thirty_thousand_events_takes_seconds() -> None:
    """Ten thousand triggers and as many responses make a hundred million pairs, of which none is formed."""
    record = _record(random.Random(2), 30_000, years=20)
    begun = time.process_time()
    answer = evaluate_record("mean(repress within 6 months after lift) > base", record, Plan(draws=200, exact_limit=0))
    assert time.process_time() - begun < 10
    assert answer.accounts[0].denominator > 9_000
    assert answer.p is not None
