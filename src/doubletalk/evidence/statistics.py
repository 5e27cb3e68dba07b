"""The record statistics: a count, the rows behind it, the base rate, and how often chance would do as well.

Every function takes a ``Record`` and ``Selector``s and returns one frozen ``Statistic``. Chance is judged by
rearranging the months of one kind of event (``permutation``) with the election calendar and the eras held fixed, and
a second time by circular shifts within eras.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from doubletalk.evidence.measures import Account, Baseline, Count, Layout, Measure, Response, layout_of
from doubletalk.evidence.pairs import First, Together
from doubletalk.evidence.permutation import Arrangements, Chance, Plan, chance, permuted_months, shifted_months, strata
from doubletalk.evidence.reading import reading
from doubletalk.evidence.record import Record, Selector, slot
from doubletalk.evidence.series import Observation, Series

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = [
    "Statistic",
    "before_after",
    "compare",
    "count",
    "count_ratio",
    "first_mover",
    "followed_by",
    "growth_chance",
    "peak_growth",
    "peaks",
    "same_month",
]

DEFAULT_PLAN = Plan()


@dataclass(frozen=True)
class Statistic:
    """A number from the record with all that is needed to judge it.

    value       the number; ``base_rate``: the same for a random month in place of the trigger (None: not defined)
    difference, ratio   of value and what to compare it with: base rate, before, or expectation
    chance      the permutation test with the calendar fixed; ``shift``: the circular shifts; None when nothing can be
                moved (a bare count, or a kind of event that is compared with itself)
    """

    name: str
    question: str
    value: float
    account: Account
    base_rate: float | None
    difference: float | None
    ratio: float | None
    chance: Chance | None
    shift: Chance | None
    words: str
    details: Mapping[str, float] = field(default_factory=dict)

    @property
    def p(self) -> float | None:
        """Two-sided permutation p-value."""
        return self.chance.p if self.chance else None


def compare(
    record: Record, measures: Sequence[Measure], formula: Callable[[Layout, Ints], Floats], plan: Plan = DEFAULT_PLAN
) -> tuple[float, Chance | None, Chance | None]:
    """A number made of measures: as it is, and against both kinds of rearrangement.

    ``formula(layout, maps)`` gives the number under each month map, (r,). All responses move by the same map. When an
    election is a trigger the calendar cannot be a stratum as well, so only eras are held fixed.
    """
    import numpy as np

    layout = layout_of(record, measures)
    observed = float(formula(layout, np.arange(len(record.months))[None, :])[0])
    moved = [s for m in measures for s in m.responses]
    if not moved or any(_shared(record, m) for m in measures):
        return observed, None, None
    if any(s.is_election for m in measures for s in m.triggers):
        plan = replace(plan, keep_elections=False)
    eras, groups = strata(record, plan)
    ranges = _ranges(record, moved)
    occupied = np.concatenate([record.spans(s).month for s in moved]) - record.months.start
    tests = [
        permuted_months(groups + 100 * ranges, occupied, plan),
        shifted_months(eras + 100 * ranges, occupied, plan),
    ]
    permuted, shifted = (_chance(observed, formula, layout, t, plan) for t in tests)
    return observed, permuted, shifted


def _chance(
    observed: float, formula: Callable[[Layout, Ints], Floats], layout: Layout, test: Arrangements, plan: Plan
) -> Chance | None:
    return chance(observed, formula(layout, test.maps), test.exact, plan.seed)


def _shared(record: Record, measure: Measure) -> bool:
    fixed = {i for s in measure.triggers for i in record.spans(s).ids}
    return any(i in fixed for s in measure.responses for i in record.spans(s).ids)


def _ranges(record: Record, moved: Sequence[Selector]) -> Ints:
    """Labels that keep every moved kind inside its own dates, (months,)."""
    import numpy as np

    months = np.arange(record.months.start, record.months.stop)
    cuts = {slot(s.since) // 31 for s in moved if s.since} | {slot(s.until) // 31 + 1 for s in moved if s.until}
    label = np.zeros(months.size, dtype=np.int64)
    for cut in cuts:
        label += months >= cut
    return label


def _statistic(
    record: Record, name: str, question: str, measure: Measure, base: Measure | None, plan: Plan
) -> Statistic:
    value, permuted, shifted = compare(record, [measure], measure.values, plan)
    layout = layout_of(record, [measure])
    account = measure.account(layout)
    rate = float(base.values(layout, _identity(record))[0]) if base else None
    against = rate if rate is not None else (permuted.expected if permuted else None)
    result = Statistic(
        name,
        question,
        value,
        account,
        rate,
        _minus(value, against),
        _over(value, against),
        permuted,
        shifted,
        "",
        account.details,
    )
    return replace(result, words=reading(result.question, value, account, rate, permuted, shifted))


def _identity(record: Record) -> Ints:
    import numpy as np

    return np.arange(len(record.months))[None, :]


def _minus(value: float, other: float | None) -> float | None:
    return None if other is None or not math.isfinite(value - other) else value - other


def _over(value: float, other: float | None) -> float | None:
    return None if not other or not math.isfinite(value / other) else value / other


def followed_by(
    record: Record,
    a: Selector,
    b: Selector,
    within: int,
    *,
    how: str = "share",
    side: str = "after",
    plan: Plan = DEFAULT_PLAN,
) -> Statistic:
    """Share of a-events followed by a b-event within n months; ``how='mean'`` b-events, ``'weight'`` intensities per a.

    Triggers whose window runs past the end of the record are left out and named in ``account.left_out_ids``.
    """
    what = {
        "share": "share of {a} with {b}",
        "mean": "number of {b} per {a}",
        "number": "number of {a} with {b}",
        "weight": "summed intensity of {b} per {a}",
    }[how].format(a=f"'{a}'", b=f"'{b}'")
    base = None if how == "number" else Baseline(how, b, within, side, a)
    return _statistic(
        record, "followed_by", f"{what} within {within} months {side}", Response(how, b, a, within, side), base, plan
    )


def before_after(
    record: Record, a: Selector, b: Selector, window: int, *, how: str = "mean", plan: Plan = DEFAULT_PLAN
) -> Statistic:
    """Mean number of b-events in the n months after a less that in the n months before; triggers that can see both.

    Details: the two means, and the triggers with more after, fewer after, and as many.
    """
    after, before = Response(how, b, a, window, "after"), Response(how, b, a, window, "before")
    value, permuted, shifted = compare(
        record, [after, before], lambda g, m: after.values(g, m) - before.values(g, m), plan
    )
    layout = layout_of(record, [after, before])
    now, then = after.account(layout), before.account(layout)
    size = max(now.denominator, 1)
    more, fewer = _signs(layout, after, before)
    details = {
        "after": now.numerator / size,
        "before": then.numerator / size,
        "more after": more,
        "fewer after": fewer,
        "as many": now.denominator - more - fewer,
    }
    account = replace(
        now,
        details=details,
        low=None,
        high=None,
        response_ids=tuple(dict.fromkeys([*then.response_ids, *now.response_ids])),
    )
    question = (
        f"'{b}' per '{a}' in {window} months after ({details['after']:.2f}) less before ({details['before']:.2f})"
    )
    return Statistic(
        "before_after",
        question,
        value,
        account,
        details["before"],
        value,
        _over(details["after"], details["before"]),
        permuted,
        shifted,
        reading(question, value, account, None, permuted, shifted),
        details,
    )


def _signs(layout: Layout, after: Response, before: Response) -> tuple[float, float]:
    gap = after.per_trigger(layout) - before.per_trigger(layout)
    return float((gap > 0).sum()), float((gap < 0).sum())


def same_month(record: Record, a: Selector, b: Selector, *, plan: Plan = DEFAULT_PLAN) -> Statistic:
    """Months in which both kinds occur, against expectation; phi in the details."""
    result = _statistic(record, "same_month", f"months with both '{a}' and '{b}'", Together(a, b), None, plan)
    phi = Together(a, b, "phi")
    value = float(phi.values(layout_of(record, [phi]), _identity(record))[0])
    return replace(result, details={**result.details, "phi": value})


def first_mover(record: Record, a: Selector, b: Selector, within: int, *, plan: Plan = DEFAULT_PLAN) -> Statistic:
    """Among a-b pairs at most n months apart in a sure order: the share with a first; ties and unclear orders apart."""
    question = f"share of pairs, at most {within} months apart, in which '{a}' comes before '{b}'"
    return _statistic(record, "first_mover", question, First(a, b, within), None, plan)


def count(record: Record, a: Selector) -> Statistic:
    """Number of events of a kind."""
    return _statistic(record, "count", f"number of '{a}'", Count(a), None, DEFAULT_PLAN)


def count_ratio(record: Record, a: Selector, b: Selector) -> Statistic:
    """Ratio of two counts; ``details['p even']`` is the exact two-sided binomial test of equal rates."""
    one, two = count(record, a), count(record, b)
    n, k = int(one.value + two.value), int(one.value)
    details = {"first": one.value, "second": two.value, "p even": even_split(k, n)}
    account = Account(one.value, two.value, one.account.numerator_ids, two.account.numerator_ids, details=details)
    ratio = one.value / two.value if two.value else math.nan
    question = f"'{a}' for each '{b}'"
    words = (
        f"{k} against {n - k}; a fair coin would part {n} events at least so unevenly with probability "
        f"{details['p even']:.3f}. Counts depend on what was recorded."
    )
    return Statistic(
        "count_ratio",
        question,
        ratio,
        account,
        None,
        one.value - two.value,
        _over(one.value, two.value),
        None,
        None,
        words,
        details,
    )


def even_split(k: int, n: int) -> float:
    """Exact two-sided binomial p-value of k out of n at probability 1/2: twice the smaller tail, at most 1."""
    tail = sum(math.comb(n, i) for i in range(min(k, n - k) + 1))
    return min(1.0, 2 * tail / int(2**n))


def peaks(series: Series, observations: Sequence[Observation] | None = None) -> tuple[Observation, ...]:
    """Local maxima: higher than the last different value before and than the next after; a rise to the end counts.

    The last one is then a peak so far. The first value counts only if the series falls from it.
    """
    seen = list(series.observations if observations is None else observations)
    flat = [o for i, o in enumerate(seen) if i == 0 or o.value != seen[i - 1].value]
    if len(flat) < 2:
        return ()
    return tuple(
        o
        for i, o in enumerate(flat)
        if (i == 0 or flat[i - 1].value < o.value) and (i == len(flat) - 1 or flat[i + 1].value < o.value)
    )


def growth_chance(values: Sequence[float], plan: Plan = DEFAULT_PLAN) -> tuple[float, Chance | None]:
    """Share of neighbouring values that grow, against all orders of the same values (or draws of them when many)."""
    import numpy as np

    if len(values) < 2:
        return math.nan, None
    exact = math.factorial(len(values)) <= plan.exact_limit
    data = np.array(values, dtype=float)
    if exact:
        orders = np.array(list(itertools.permutations(data.tolist())))
    else:
        orders = np.random.default_rng(plan.seed).permuted(np.tile(data, (plan.draws, 1)), axis=1)
    grows = (np.diff(orders, axis=1) > 0).mean(axis=1)
    value = float((np.diff(data) > 0).mean())
    return value, chance(value, grows, exact, plan.seed)


def peak_growth(series: Series, *, plan: Plan = DEFAULT_PLAN) -> Statistic:
    """Share of peaks of a series that are higher than the peak before, against all orders of the same peaks."""
    found = peaks(series)
    value, against = growth_chance([o.value for o in found], plan)
    steps = max(len(found) - 1, 0)
    account = Account(
        0.0 if math.isnan(value) else value * steps,
        steps,
        tuple(o.id for o in found),
        tuple(o.id for o in found),
        details={f"{o.date}": o.value for o in found},
    )
    question = f"share of peaks of '{series.name}' that are higher than the one before"
    expected = against.expected if against else None
    return Statistic(
        "peak_growth",
        question,
        value,
        account,
        None,
        _minus(value, expected),
        _over(value, expected),
        against,
        None,
        reading(question, value, account, None, against, None),
        account.details,
    )
