"""What the record answers to a statement of the claim language (grammar: ``statements``).

The rule by which every statement is judged, whichever side makes it:

* fewer than five triggers (or events): **cannot tell**;
* the number differs from chance in the direction of the comparison with a two-sided p of at most 0.1 under both
  rearrangements (calendar fixed; clusters kept): **the record agrees** or **disagrees**, as the comparison comes out;
* otherwise **cannot tell**: as much would be expected without any link;
* two bare counts are compared by the exact binomial test of an even split, with the same bound;
* quantities of a series that nothing can rearrange are compared as they are, and the words say so.

The rule does not look at which way the comparison is written: a statement and its opposite get opposite answers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, TypeVar

from doubletalk.errors import InputError
from doubletalk.evidence.measures import Account, Baseline, Count, Layout, Measure, Response, layout_of
from doubletalk.evidence.pairs import First
from doubletalk.evidence.permutation import Chance, Plan
from doubletalk.evidence.reading import FEWEST_TRIGGERS, LARGEST_P, number, reading
from doubletalk.evidence.record import Record
from doubletalk.evidence.series import Observation, SeriesSet
from doubletalk.evidence.statements import Expression, Operation, Quantity, Special, Statement, parse_statement
from doubletalk.evidence.statistics import DEFAULT_PLAN, compare, even_split, growth_chance, peaks
from doubletalk.evidence.vocabulary import Vocabulary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["RecordAnswer", "RecordVerdict", "check_statement", "evaluate_record", "parse_statement"]

Part = TypeVar("Part", bound=Expression)

TIE = 1e-9
_COMPARE: dict[str, Callable[[float], bool]] = {
    ">": lambda d: d > TIE,
    ">=": lambda d: d >= -TIE,
    "<": lambda d: d < -TIE,
    "<=": lambda d: d <= TIE,
    "=": lambda d: abs(d) <= TIE,
    "!=": lambda d: abs(d) > TIE,
}


class RecordVerdict(Enum):
    """What the record says to a statement."""

    AGREES = "the record agrees"
    DISAGREES = "the record disagrees"
    CANNOT_TELL = "cannot tell"
    NUMBER = "a number, no comparison"


@dataclass(frozen=True)
class RecordAnswer:
    """The answer: both sides, the verdict and why, the tests, the rows (by id), and plain words.

    accounts  one for each measure in the statement, in its order; ``base_rate``: the left measure at a random month
    chance, shift  tests of left less right (of the number itself when there is no comparison)
    p_holm         p adjusted for all statements of a table, where the answer belongs to one
    """

    statement: str
    verdict: RecordVerdict
    reason: str
    left: float
    right: float | None
    holds: bool | None
    base_rate: float | None
    p: float | None
    chance: Chance | None
    shift: Chance | None
    accounts: tuple[Account, ...]
    event_ids: tuple[str, ...]
    words: str
    p_holm: float | None = None


def check_statement(statement: str, vocabulary: Vocabulary, series: SeriesSet | None = None) -> None:
    """InputError where a statement cannot be read, is not whole, or names a series that is not among *series*."""
    parsed = _completed(parse_statement(statement, vocabulary))
    for side in (parsed.left, parsed.right):
        for asked in _parts(side, Quantity):
            if series is not None:
                series.get(asked.series)


def evaluate_record(statement: str, record: Record, plan: Plan = DEFAULT_PLAN) -> RecordAnswer:
    """Ask the record; InputError with the position when the statement cannot be read."""
    parsed = _completed(parse_statement(statement, record.vocabulary))
    measures = [m for side in (parsed.left, parsed.right) for m in _parts(side, Measure)]
    left, right = _Side(parsed.left, record), _Side(parsed.right if parsed.right is not None else 0.0, record)

    def gap(layout: Layout, maps: Ints) -> Floats:
        return left.values(layout, maps) - right.values(layout, maps)

    other = left if isinstance(parsed.right, Special) else right
    special = parsed.right if isinstance(parsed.right, Special) else parsed.left
    if isinstance(special, Special):
        gap = other.values
    value, permuted, shifted = compare(record, measures, gap, plan)
    if isinstance(special, Special):
        if permuted is None:
            raise InputError(f"'expected' needs something that can be rearranged on its other side: {statement}")
        value = (value - permuted.expected) * (1 if other is left else -1)
        observed = value * (1 if other is left else -1) + permuted.expected
        sides = (observed, permuted.expected) if other is left else (permuted.expected, observed)
    else:
        sides = (left.observed(measures), right.observed(measures))
    if not measures:
        permuted = _order_chance(parsed, record, plan)
    return _answer(
        parsed,
        record,
        measures,
        value,
        sides,
        permuted,
        shifted,
        swapped=isinstance(special, Special) and other is right,
    )


def _answer(
    parsed: Statement,
    record: Record,
    measures: list[Measure],
    value: float,
    sides: tuple[float, float],
    permuted: Chance | None,
    shifted: Chance | None,
    swapped: bool,
) -> RecordAnswer:
    layout = layout_of(record, measures)
    accounts = tuple(m.account(layout) for m in measures)
    holds = _COMPARE[parsed.comparison](value) if parsed.comparison and math.isfinite(value) else None
    p = permuted.p if permuted else _count_p(parsed, accounts)
    verdict, reason = _verdict(parsed, measures, accounts, value, holds, (permuted, shifted), p, swapped)
    empty, unread = _unread(parsed, record)
    if holds is None and parsed.comparison and empty:
        reason = f"the number is undefined: {'; '.join(empty)}"
    elif unread:
        reason += f"; {'; '.join(unread)}"
    ids = tuple(
        dict.fromkeys(
            i for a in accounts for part in (a.numerator_ids, a.denominator_ids, a.response_ids) for i in part
        )
    )
    return RecordAnswer(
        parsed.text.strip(),
        verdict,
        reason,
        sides[0],
        sides[1] if parsed.comparison else None,
        holds,
        _base_rate(record, measures),
        p,
        permuted,
        shifted,
        accounts,
        ids,
        _words(parsed, sides, verdict, reason, measures, accounts, record, permuted, shifted),
    )


def _verdict(
    parsed: Statement,
    measures: list[Measure],
    accounts: tuple[Account, ...],
    value: float,
    holds: bool | None,
    tests: tuple[Chance | None, Chance | None],
    p: float | None,
    swapped: bool,
) -> tuple[RecordVerdict, str]:
    if parsed.comparison is None:
        return RecordVerdict.NUMBER, "no comparison is made"
    if holds is None:
        return RecordVerdict.CANNOT_TELL, "the number is undefined: there are no cases"
    told = RecordVerdict.AGREES if holds else RecordVerdict.DISAGREES
    fewest = min((_cases(m, a) for m, a in zip(measures, accounts, strict=True)), default=FEWEST_TRIGGERS)
    counted = [a.numerator for m, a in zip(measures, accounts, strict=True) if isinstance(m, Count)]
    if counted and len(counted) == len(measures):
        fewest = sum(counted)
    if fewest < FEWEST_TRIGGERS:
        cases = "there are no cases" if fewest == 0 else f"only {number(fewest)} case{'' if fewest == 1 else 's'}"
        return RecordVerdict.CANNOT_TELL, f"{cases}; at least {FEWEST_TRIGGERS} are needed"
    if not any(tests):
        if p is not None:
            clear = p <= LARGEST_P
            return (told if clear else RecordVerdict.CANNOT_TELL), f"an even split would do as much with p = {p:.3f}"
        if any(m.responses for m in measures):
            return RecordVerdict.CANNOT_TELL, "nothing can be rearranged: a kind of event is compared with itself"
        pair = isinstance(parsed.left, float) or isinstance(parsed.right, float)
        what = "a recorded quantity and a number" if pair else "two recorded quantities"
        return told, f"{what} are compared as they are; no test of chance applies"
    upward = value > 0 if abs(value) > TIE else None
    tails = [2 * (t.upper if upward != swapped else t.lower) for t in tests if t] if upward is not None else [1.0]
    if max(tails) > LARGEST_P:
        return RecordVerdict.CANNOT_TELL, (
            f"a difference this large could arise without a link (p = {min(1.0, max(tails)):.3f} in "
            f"this direction, bound {LARGEST_P})"
        )
    return told, f"the difference is more than chance gives (p = {max(tails):.3f} at most, bound {LARGEST_P})"


def _cases(measure: Measure, account: Account) -> float:
    """Cases a measure rests on: triggers, pairs or months; counts are judged by their sum."""
    return math.inf if isinstance(measure, Baseline | Count) else account.denominator


def _count_p(parsed: Statement, accounts: tuple[Account, ...]) -> float | None:
    sides: tuple[Expression | None, ...] = (parsed.left, parsed.right)
    if isinstance(parsed.left, Operation) and parsed.left.sign == "/" and parsed.right == 1.0:
        sides = (parsed.left.left, parsed.left.right)
    if not all(isinstance(s, Count) for s in sides):
        return None
    one, two = int(accounts[0].numerator), int(accounts[1].numerator)
    return even_split(one, one + two)


def _base_rate(record: Record, measures: list[Measure]) -> float | None:
    import numpy as np

    for m in measures:
        if isinstance(m, Response) and m.how != "number":
            base = Baseline(m.how, m.response, m.within, m.side, m.trigger)
            value = float(base.values(layout_of(record, measures), np.arange(len(record.months))[None, :])[0])
            return value if math.isfinite(value) else None
    return None


def _words(
    parsed: Statement,
    sides: tuple[float, float],
    verdict: RecordVerdict,
    reason: str,
    measures: list[Measure],
    accounts: tuple[Account, ...],
    record: Record,
    permuted: Chance | None,
    shifted: Chance | None,
) -> str:
    shown = number(sides[0]) + (f" against {number(sides[1])}" if parsed.comparison else "")
    if not accounts:
        return f"{verdict.value.capitalize()}: {shown}; {reason}."
    main = next((i for i, m in enumerate(measures) if m.triggers), 0)
    account = accounts[main]
    told = reading(
        "Counted",
        account.numerator / (max(account.denominator, 1) if isinstance(measures[main], Response | First) else 1),
        account,
        _base_rate(record, measures),
        permuted,
        shifted,
        "the difference" if sides[1] != 0.0 and not isinstance(parsed.right, Special) else "the number",
    )
    return f"{verdict.value.capitalize()}: {shown}; {reason}. {told}"


def _parts(side: Expression | None, kind: type[Part]) -> Iterator[Part]:
    """What an expression is made of, of one kind, from left to right."""
    if isinstance(side, kind):
        yield side
    elif isinstance(side, Operation):
        yield from _parts(side.left, kind)
        yield from _parts(side.right, kind)


def _completed(parsed: Statement) -> Statement:
    """Fill in what one side takes from the other: the window of a base rate, the word ``base``."""
    models = [m for s in (parsed.left, parsed.right) for m in _parts(s, Measure) if isinstance(m, Response)]

    def fill(side: Expression | None) -> Expression | None:
        if isinstance(side, Operation):
            left, right = fill(side.left), fill(side.right)
            assert left is not None
            assert right is not None
            return Operation(side.sign, left, right)
        if isinstance(side, Special) and side.word == "base":
            if len(models) != 1:
                raise InputError(f"'base' needs exactly one measure with a trigger beside it: {parsed.text}")
            m = models[0]
            return Baseline("mean" if m.how == "number" else m.how, m.response, m.within, m.side, m.trigger)
        if isinstance(side, Baseline) and side.within == 0:
            if not models:
                raise InputError(
                    f"how many months? write for instance rate({side.response} within 6 months): {parsed.text}"
                )
            return replace(side, within=models[0].within, side=models[0].side, trigger=models[0].trigger)
        return side

    filled = fill(parsed.left)
    assert filled is not None
    done = replace(parsed, left=filled, right=fill(parsed.right))
    for one, other in ((done.left, done.right), (done.right, done.left)):
        mixed = isinstance(one, Operation) and any(isinstance(s, Special) for s in (one.left, one.right))
        if mixed or (isinstance(one, Special) and not any(_parts(other, Measure))):
            raise InputError(
                f"'expected' stands alone on one side of a comparison, a measure on the other: {parsed.text}"
            )
    return done


class _Side:
    """One side of a statement as a function of month maps."""

    def __init__(self, side: Expression, record: Record) -> None:
        self.side, self.record = side, record

    def values(self, layout: Layout, maps: Ints) -> Floats:
        return _values(self.side, layout, maps)

    def observed(self, measures: list[Measure]) -> float:
        import numpy as np

        return float(self.values(layout_of(self.record, measures), np.arange(len(self.record.months))[None, :])[0])


def _values(side: Expression, layout: Layout, maps: Ints) -> Floats:
    import numpy as np

    if isinstance(side, Measure):
        return side.values(layout, maps)
    if isinstance(side, Operation):
        left, right = _values(side.left, layout, maps), _values(side.right, layout, maps)
        with np.errstate(divide="ignore", invalid="ignore"):
            found: Floats = {"+": np.add, "-": np.subtract, "*": np.multiply, "/": np.divide}[side.sign](left, right)
        return found
    if isinstance(side, Special):
        return np.zeros(len(maps))
    return np.full(len(maps), side if isinstance(side, float) else _quantity(side, layout.record))


def _known(asked: Quantity, record: Record) -> tuple[Observation, ...]:
    """The values in the time asked for, up to the record's end."""
    return record.series.get(asked.series).between(asked.since, min(asked.until or record.end, record.end))


def _quantity(asked: Quantity, record: Record) -> float:
    found = _known(asked, record)
    if not found:
        return math.nan
    if asked.how == "latest":
        return found[-1].value
    if asked.how == "peak":
        return max(o.value for o in found)
    return growth_chance([o.value for o in peaks(record.series.get(asked.series), found)])[0]


def _unread(parsed: Statement, record: Record) -> tuple[list[str], list[str]]:
    """What to say of the series asked for: those without a value in time, those with values after the record's end."""
    empty, unread = [], []
    for asked in dict.fromkeys(q for side in (parsed.left, parsed.right) for q in _parts(side, Quantity)):
        series = record.series.get(asked.series)
        cut = asked.until is None or asked.until > record.end
        later = len(series.between(until=asked.until)) - len(series.between(until=record.end)) if cut else 0
        if not _known(asked, record):
            first, last = series.observations[0].date, series.observations[-1].date
            empty.append(
                f"{series.name} has values from {first} to {last}, none of them in the time asked for, and the record "
                f"ends on {record.end} (as_of in case.yaml, or its last event)"
            )
        elif later:
            unread.append(
                f"{later} later value{'' if later == 1 else 's'} of {series.name}, after the record ends on "
                f"{record.end}, {'is' if later == 1 else 'are'} not read"
            )
    return empty, unread


def _order_chance(parsed: Statement, record: Record, plan: Plan) -> Chance | None:
    """The test of ``growing(series)`` against a number: all orders of the same peaks."""
    asked, bound = parsed.left, parsed.right
    if not (isinstance(asked, Quantity) and asked.how == "growing" and (bound is None or isinstance(bound, float))):
        return None
    found = peaks(record.series.get(asked.series), _known(asked, record))
    return growth_chance([o.value for o in found], plan)[1]
