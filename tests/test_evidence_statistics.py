"""Record statistics by independent roads: hand-written loops, exact enumeration, planted effects, uniform p-values."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from dataclasses import replace

import numpy as np
import pytest

from doubletalk.evidence.calendar import ElectionCalendar, Vote
from doubletalk.evidence.chronicle import Chronicle, Event
from doubletalk.evidence.permutation import Plan, permuted_months, strata
from doubletalk.evidence.record import Record, Selector, month_of
from doubletalk.evidence.series import Observation, Series
from doubletalk.evidence.statistics import (
    before_after,
    count_ratio,
    first_mover,
    followed_by,
    peak_growth,
    peaks,
    same_month,
)

A, B = Selector(("lift",)), Selector(("repress",))
QUICK = Plan(draws=199)


def _event(number: int, action: str, date: dt.date, precision: str = "day", intensity: int = 2) -> Event:
    return Event(f"e{number}", date, precision, "BLR", "OPP", action, intensity, "x", "", "", "recalled")


def _record(events: list[Event], votes: tuple[Vote, ...] = (), until: dt.date = dt.date(2019, 12, 31)) -> Record:
    ordered = tuple(sorted(events, key=lambda e: e.date))
    return Record(Chronicle(ordered), calendar=ElectionCalendar(votes), start=dt.date(2004, 1, 1), as_of=until)


def _random(rng: random.Random, sizes: tuple[int, int] = (6, 9)) -> list[Event]:
    events = []
    for action, size in zip(("lift", "repress"), sizes, strict=True):
        for _ in range(size):
            events.append(
                _event(
                    len(events),
                    action,
                    dt.date(2004, 1, 1) + dt.timedelta(rng.randrange(365 * 15)),
                    intensity=rng.randint(1, 3),
                )
            )
    return events


def _months_later(date: dt.date, n: int) -> tuple[int, int, int]:
    month = date.year * 12 + date.month - 1 + n
    return month // 12, month % 12 + 1, date.day


def _within(a: dt.date, b: dt.date, n: int) -> bool:
    """Whether b comes after a and no later than n calendar months on, by comparing (year, month, day)."""
    return a < b and (b.year, b.month, b.day) <= _months_later(a, n)


@pytest.mark.parametrize("seed", range(25))
def test_counts_equal_hand_written_loops(seed: int) -> None:
    """Shares, means, weights, before-after, same month and first mover equal plain loops over dated events."""
    rng = random.Random(seed)
    events, n = _random(rng), rng.choice([1, 3, 6, 24])
    record = _record(events)
    lifts = [e for e in events if e.action == "lift"]
    reps = [e for e in events if e.action == "repress"]
    end, start = (2019, 12, 31), dt.date(2004, 1, 1)
    seen = [a for a in lifts if _months_later(a.date, n) <= end]
    share = followed_by(record, A, B, n, plan=QUICK)
    hits = [a.id for a in seen if any(_within(a.date, b.date, n) for b in reps)]
    assert sorted(share.account.numerator_ids) == sorted(hits)
    assert sorted(share.account.left_out_ids) == sorted(a.id for a in lifts if a not in seen)
    if not seen:
        return
    assert share.value == pytest.approx(len(hits) / len(seen))
    weight = sum(b.intensity for a in seen for b in reps if _within(a.date, b.date, n)) / len(seen)
    assert followed_by(record, A, B, n, how="weight", plan=QUICK).value == pytest.approx(weight)
    both = [a for a in seen if _months_later(a.date, -n) >= (start.year, start.month, start.day)]
    if both:
        after = sum(_within(a.date, b.date, n) for a in both for b in reps)
        before = sum(_within(b.date, a.date, n) for a in both for b in reps)
        assert before_after(record, A, B, n, plan=QUICK).value == pytest.approx((after - before) / len(both))
    months = [{month_of(e.date) for e in kind} for kind in (lifts, reps)]
    assert same_month(record, A, B, plan=QUICK).value == len(months[0] & months[1])
    lead = sum(_within(a.date, b.date, n) for a in lifts for b in reps)
    lag = sum(_within(b.date, a.date, n) for a in lifts for b in reps)
    first = first_mover(record, A, B, n, plan=QUICK)
    assert (first.account.numerator, first.account.denominator) == (lead, lead + lag)


@pytest.mark.parametrize("seed", range(10))
def test_base_rate_equals_a_loop_over_months(seed: int) -> None:
    """The base rate is the share of months, entered at mid-month, whose whole window is seen and holds a response."""
    rng = random.Random(100 + seed)
    record, n = _record(_random(rng)), rng.choice([1, 4, 12])
    reps = [e.date for e in record.events(B)]
    starts = [dt.date(y, m, 16) for y in range(2004, 2020) for m in range(1, 13)]
    seen = [t for t in starts if _months_later(t, n) <= (2019, 12, 31)]
    expected = sum(any(_within(t, b, n) for b in reps) for t in seen) / len(seen)
    assert followed_by(record, A, B, n, plan=QUICK).base_rate == pytest.approx(expected)


def test_imprecise_dates_never_put_an_effect_before_its_cause() -> None:
    """A month-only response in the month of its trigger counts as neither after nor before; the range says so."""
    events = [_event(0, "lift", dt.date(2010, 5, 20)), _event(1, "repress", dt.date(2010, 5, 1), "month")]
    record = _record(events)
    share = followed_by(record, A, B, 3, plan=QUICK)
    assert (share.value, share.account.low, share.account.high) == (0, 0, 1)
    first = first_mover(record, A, B, 3, plan=QUICK)
    assert first.account.denominator == 0
    assert first.details["order unknown"] == 1


def test_same_day_pairs_are_counted_apart() -> None:
    """Two exact dates on one day are a tie, not an order."""
    day = dt.date(2010, 5, 20)
    first = first_mover(_record([_event(0, "lift", day), _event(1, "repress", day)]), A, B, 3, plan=QUICK)
    assert (first.details["same day"], first.account.denominator) == (1, 0)


def test_exact_enumeration_agrees_with_monte_carlo_and_with_a_loop() -> None:
    """With two response months all placements are listed; Monte Carlo and a plain loop give the same p-value."""
    events = [_event(i, "lift", dt.date(2005 + i, 3, 10)) for i in range(6)]
    events += [_event(10, "repress", dt.date(2005, 4, 10)), _event(11, "repress", dt.date(2007, 4, 20))]
    record = _record(events, until=dt.date(2013, 12, 31))
    exact = followed_by(record, A, B, 2)
    drawn = followed_by(record, A, B, 2, plan=Plan(exact_limit=0, draws=20_000))
    assert exact.chance is not None
    assert drawn.chance is not None
    assert exact.chance.exact
    assert not drawn.chance.exact
    assert abs(exact.chance.upper - drawn.chance.upper) < 4 * drawn.chance.error + 1e-3
    months = range(month_of(dt.date(2004, 1, 1)), month_of(dt.date(2013, 12, 1)) + 1)
    triggers = [e.date for e in record.events(A)]
    hits = total = 0
    for one, two in itertools.permutations(months, 2):
        moved = [dt.date(one // 12, one % 12 + 1, 10), dt.date(two // 12, two % 12 + 1, 20)]
        value = sum(any(_within(t, b, 2) for b in moved) for t in triggers) / len(triggers)
        hits, total = hits + (value >= exact.value), total + 1
    assert exact.chance.upper == pytest.approx(hits / total)


def test_permutations_keep_strata_and_are_bijections() -> None:
    """Every rearrangement maps months one to one inside era and nearness to a vote."""
    votes = (Vote("v", dt.date(2010, 12, 19), "presidential"), Vote("p", dt.date(2012, 9, 23), "parliamentary"))
    record = _record(_random(random.Random(1)), votes)
    plan = Plan(draws=50, exact_limit=0)
    _, groups = strata(record, plan)
    assert (groups % 2).sum() == 13
    maps = permuted_months(groups, np.arange(len(record.months)), plan).maps
    assert (np.sort(maps, axis=1) == np.arange(len(record.months))).all()
    assert (groups[maps] == groups[None, :]).all()


def test_planted_effect_is_found_and_seed_repeats() -> None:
    """When every trigger is answered within a month both tests see it (of 192 shifts only one does as well);
    the same seed repeats it.
    """
    rng = random.Random(5)
    events = []
    for k in range(12):
        day = dt.date(2005, 1, 5) + dt.timedelta(430 * k + rng.randrange(60))
        events += [_event(2 * k, "lift", day), _event(2 * k + 1, "repress", day + dt.timedelta(20))]
    one, two = (followed_by(_record(events), A, B, 1) for _ in range(2))
    assert one.value == 1
    assert one.p is not None
    assert one.shift is not None
    assert one.p < 0.001
    assert one.shift.p == pytest.approx(2 / 192)
    assert one == two


def test_null_p_values_are_uniform() -> None:
    """On 300 chronicles without any link the upper p-values stay within 0.10 of the uniform law (5 per cent: 0.078)."""
    tails = []
    for seed in range(300):
        statistic = followed_by(_record(_random(random.Random(seed), (15, 40))), A, B, 3, how="mean", plan=QUICK)
        assert statistic.chance is not None
        # a tie counts as a hit on either side: spread it evenly over the gap
        upper, lower = statistic.chance.upper, 1 - statistic.chance.lower
        tails.append(lower + (upper - lower) * random.Random(-seed - 1).random())
    grid = np.arange(1, 301) / 300
    assert float(np.abs(np.sort(np.array(tails)) - grid).max()) < 0.10


def test_calendar_strata_take_out_an_election_effect() -> None:
    """Two kinds that both crowd at elections look linked only while the calendar is not held fixed."""
    rng = random.Random(3)
    days = [dt.date(2006 + 3 * k, 6, 15) for k in range(5)]
    votes = tuple(Vote(f"v{k}", d, "presidential") for k, d in enumerate(days))
    events = [
        _event(2 * i + j, kind, d + dt.timedelta(rng.randrange(-170, 170)))
        for i, d in enumerate(days * 8)
        for j, kind in enumerate(("lift", "repress"))
    ]
    held = followed_by(_record(events, votes), A, B, 3, how="mean", side="around")
    free = followed_by(_record(events, votes), A, B, 3, how="mean", side="around", plan=Plan(keep_elections=False))
    assert held.chance is not None
    assert free.chance is not None
    assert free.chance.p < 0.01 < held.chance.p
    assert held.chance.expected > 1.5 * free.chance.expected
    assert abs(held.value - held.chance.expected) < 0.5 * (free.value - free.chance.expected)


def test_peaks_and_their_growth() -> None:
    """Peaks of a rising zigzag are its maxima; three growing peaks are one order in six."""
    values = [0, 3, 1, 5, 2, 9]
    series = Series(
        "held", tuple(Observation(dt.date(2000 + i, 1, 1), v, "n", "", "", "recalled") for i, v in enumerate(values))
    )
    assert [o.value for o in peaks(series)] == [3, 5, 9]
    grown = peak_growth(series)
    assert grown.chance is not None
    assert (grown.value, grown.chance.upper) == (1, pytest.approx(1 / 6))


def test_ratio_of_counts_has_the_binomial_p() -> None:
    """Nine against one: the two-sided binomial p-value is 22/1024."""
    events = [_event(i, "lift" if i else "repress", dt.date(2010, 1, 1 + i)) for i in range(10)]
    assert count_ratio(_record(events), A, B).details["p even"] == pytest.approx(22 / 1024)


def test_later_events_are_unknown() -> None:
    """Events after the as-of date are no part of the record, and windows end there."""
    events = [_event(0, "lift", dt.date(2010, 1, 1)), _event(1, "repress", dt.date(2010, 3, 1))]
    share = followed_by(replace(_record(events), as_of=dt.date(2010, 2, 1)), A, B, 3, plan=QUICK)
    assert share.account.left_out_ids == ("e0",)
    assert share.account.denominator == 0
