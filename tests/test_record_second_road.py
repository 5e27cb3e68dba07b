"""Record tests of the Belarus case by a second road: the files read anew, plain loops over (year, month, day).

Nothing of the library's reading, slots, layouts or rearrangements is used here but its answers. Circular shifts are
listed in full, and months with both kinds have an exact law, so the library's drawn p is held to its own stated error;
where the permutations are too many to list, another generator draws them.
"""

from __future__ import annotations

import csv
import datetime as dt
import itertools
import math
import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from doubletalk.case.finding import find_case
from doubletalk.evidence.language import RecordAnswer, evaluate_record
from doubletalk.evidence.record import load_record

Day = tuple[int, int, int]
CASE = Path(find_case("belarus"))
WESTERN = ("EU", "USA", "WEST", "POL", "LTU", "LVA")
HEADER = yaml.safe_load((CASE / "case.yaml").read_text(encoding="utf-8"))
END: dt.date = HEADER["as_of"]
FIRST_OF_ERAS: list[dt.date] = HEADER["eras"]
RECORD = load_record(CASE, END)
DRAWS = 1500


@dataclass(frozen=True)
class Happening:
    """An event: the first and the last day it may have been, as (year, month, day); 31 stands for a month's end."""

    first: Day
    last: Day
    level: int

    @property
    def middle(self) -> Day:
        """The middle of those days: the day itself, or the 16th of a month."""
        return self.first if self.first == self.last else (*self.first[:2], 16)

    def moved(self, month: int) -> Happening:
        """The same days of another month (counted from the year 0)."""
        place = (month // 12, month % 12 + 1)
        return Happening((*place, self.first[2]), (*place, self.last[2]), self.level)


def _rows(name: str) -> list[dict[str, str]]:
    with (CASE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _happenings(action: str, actors: Sequence[str] = (), levels: Sequence[int] = (1, 2, 3)) -> list[Happening]:
    found = []
    for row in _rows("chronicle.csv"):
        year, month, day = (int(part) for part in row["date"].split("-"))
        wanted = row["action"] == action and (not actors or row["actor"] in actors)
        if wanted and int(row["intensity"]) in levels and dt.date(year, month, day) <= END:
            assert row["date_precision"] in ("day", "month")
            exact = row["date_precision"] == "day"
            found.append(
                Happening(
                    (year, month, day if exact else 1), (year, month, day if exact else 31), int(row["intensity"])
                )
            )
    return found


def _month(day: Day) -> int:
    return 12 * day[0] + day[1] - 1


def _later(day: Day, months: int) -> Day:
    return ((_month(day) + months) // 12, (_month(day) + months) % 12 + 1, day[2])


BEGIN: Day = min(tuple(int(p) for p in row["date"].split("-")) for row in _rows("chronicle.csv"))  # type: ignore[assignment]
LAST: Day = (END.year, END.month, END.day)
MONTHS = range(_month(BEGIN), _month(LAST) + 1)


def _after(a: Happening, b: Happening, months: int) -> bool:
    """b is surely later than a, and its middle at most so many calendar months later than that of a."""
    return b.first > a.last and b.middle <= _later(a.middle, months)


def _seen(triggers: Iterable[Happening], back: int, forward: int) -> list[Happening]:
    return [a for a in triggers if _later(a.first, -back) >= BEGIN and _later(a.last, forward) <= LAST]


def _era(month: int) -> int:
    return sum(month >= 12 * d.year + d.month - 1 for d in FIRST_OF_ERAS)


def _stratum(month: int) -> tuple[int, bool]:
    votes = [row["date"] for row in _rows("calendar.csv") if row["kind"] in ("presidential", "referendum")]
    held = [12 * int(v[:4]) + int(v[5:7]) - 1 for v in votes]
    return _era(month), any(abs(month - v) <= 6 for v in held)


ERAS = {m: _era(m) for m in MONTHS}
STRATA = {m: _stratum(m) for m in MONTHS}


@dataclass(frozen=True)
class Road:
    """A number as the sum (or union) of what every response adds at every month it may be moved to.

    add     (response, month) -> what it adds; these are combined by ``join`` and turned into the number by ``finish``
    """

    responses: list[Happening]
    add: Callable[[Happening, int], Any]
    join: Callable[[Any, Any], Any]
    finish: Callable[[Any], float]

    def table(self) -> dict[int, dict[int, Any]]:
        """For each month that holds responses: what they add together if that month moves to each month."""
        held: dict[int, list[Happening]] = {}
        for b in self.responses:
            held.setdefault(_month(b.first), []).append(b)
        return {
            m: {n: reduce(self.join, (self.add(b.moved(n), n) for b in those)) for n in MONTHS if ERAS[n] == ERAS[m]}
            for m, those in held.items()
        }

    def observed(self) -> float:
        return self.finish(reduce(self.join, (self.add(b, _month(b.first)) for b in self.responses)))

    def shifted(self) -> float:
        """Exact two-sided p over all circular shifts, the eras shifted one by one."""
        table, laws = self.table(), []
        for era in sorted({ERAS[m] for m in table}):
            block = [n for n in MONTHS if ERAS[n] == era]
            moved = [
                reduce(self.join, (table[m][block[(block.index(m) + k) % len(block)]] for m in table if ERAS[m] == era))
                for k in range(len(block))
            ]
            laws.append(Counter(moved))
        total = laws[0]
        for law in laws[1:]:
            both: Counter[Any] = Counter()
            for (x, i), (y, j) in itertools.product(total.items(), law.items()):
                both[self.join(x, y)] += i * j
            total = both
        values = [(self.finish(x), n) for x, n in total.items()]
        now, size = self.observed(), sum(n for _, n in values)
        up = sum(n for v, n in values if v >= now - 1e-9) / size
        down = sum(n for v, n in values if v <= now + 1e-9) / size
        return min(1.0, 2 * min(up, down))

    def permuted(self, seed: int) -> tuple[float, float]:
        """Two-sided p over random permutations of the months within strata, and its standard error."""
        table, rng = self.table(), random.Random(seed)
        groups = [[n for n in MONTHS if STRATA[n] == s] for s in sorted(set(STRATA.values()))]
        held = [[m for m in table if m in group] for group in groups]
        now, up, down, size = self.observed(), 0, 0, 0
        for _ in range(DRAWS):
            parts = [
                table[m][n]
                for group, own in zip(groups, held, strict=True)
                for m, n in zip(own, rng.sample(group, len(own)), strict=True)
            ]
            value = self.finish(reduce(self.join, parts))
            if math.isfinite(value):
                up, down, size = up + (value >= now - 1e-9), down + (value <= now + 1e-9), size + 1
        tail = (1 + min(up, down)) / (1 + size)
        return min(1.0, 2 * tail), 2 * math.sqrt(tail * (1 - tail) / size)


def _plus(x: tuple[int, ...], y: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(i + j for i, j in zip(x, y, strict=True))


def _agree(answer: RecordAnswer, road: Road, seed: int) -> None:
    """The number is the same; the drawn p lies within four of its stated errors of the exact or the other drawn one."""
    assert answer.right is not None
    assert answer.left - answer.right == pytest.approx(road.observed(), abs=1e-12)
    assert answer.chance is not None
    assert answer.shift is not None
    assert abs(answer.shift.p - road.shifted()) <= 4 * answer.shift.error + 1e-9 + (0 if answer.shift.exact else 1e-3)
    p, error = road.permuted(seed)
    assert abs(answer.chance.p - p) <= 4 * math.hypot(answer.chance.error, error)


def _after_less_before(triggers: list[Happening], responses: list[Happening], months: int, sign: int = 1) -> Road:
    seen = _seen(triggers, months, months)

    def add(b: Happening, _: int) -> tuple[int, ...]:
        return (sum(_after(a, b, months) for a in seen) - sum(_after(b, a, months) for a in seen),)

    return Road(responses, add, _plus, lambda x: sign * x[0] / len(seen))


def _share_less_base(triggers: list[Happening], responses: list[Happening], months: int) -> Road:
    """Share of triggers with a response after them, less that of all months entered on their 16th."""
    seen = _seen(triggers, 0, months)
    middles = [Happening((m // 12, m % 12 + 1, 16), (m // 12, m % 12 + 1, 16), 1) for m in MONTHS]
    entered = _seen(middles, 0, months)

    def add(b: Happening, _: int) -> tuple[int, int]:
        marks = (sum(1 << k for k, a in enumerate(those) if _after(a, b, months)) for those in (seen, entered))
        one, two = marks
        return one, two

    def finish(x: tuple[int, int]) -> float:
        return x[0].bit_count() / len(seen) - x[1].bit_count() / len(entered)

    return Road(responses, add, lambda x, y: (x[0] | y[0], x[1] | y[1]), finish)


def test_repression_after_relief_and_before_it() -> None:
    """Repression in two years after easing by the West, less that before."""
    statement = "mean(repress in 24 months after lift by western) > mean(repress in 24 months before lift by western)"
    road = _after_less_before(_happenings("lift", WESTERN), _happenings("repress"), 24)
    _agree(evaluate_record(statement, RECORD), road, 1)


def test_relief_after_release() -> None:
    """Releases with an easing in the year after them, against a random month."""
    statement = "rate(lift by western within 12 months after release) > base"
    road = _share_less_base(_happenings("release"), _happenings("lift", WESTERN), 12)
    _agree(evaluate_record(statement, RECORD), road, 2)


def test_courting_before_bargains_and_after_them() -> None:
    """Courting in the half year before larger Russian support, less that after."""
    support = "support[notable|major] by RUS"
    statement = f"mean(court in 6 months before {support}) > mean(court in 6 months after {support})"
    road = _after_less_before(_happenings("support", ("RUS",), (2, 3)), _happenings("court"), 6, -1)
    _agree(evaluate_record(statement, RECORD), road, 3)


def test_who_moves_first() -> None:
    """Pairs of a provocation and a sanction at most half a year apart: the share with the provocation first."""
    fixed = _happenings("provoke", ("BLR",))

    def add(b: Happening, _: int) -> tuple[int, ...]:
        return sum(_after(a, b, 6) for a in fixed), sum(_after(b, a, 6) for a in fixed)

    road = Road(_happenings("sanction", WESTERN), add, _plus, lambda x: x[0] / sum(x) - 0.5 if sum(x) else math.nan)
    _agree(evaluate_record("first(provoke by BLR, sanction by western within 6 months) > 1/2", RECORD), road, 4)


@pytest.mark.parametrize(
    ("one", "two", "statement"),
    [
        (("alarm", ()), ("court", ()), "together(alarm, court in the same month) > expected"),
        (("support", ("RUS",)), ("integrate", ()), "together(support by RUS, integrate in the same month) > expected"),
    ],
)
def test_months_with_both_have_an_exact_law(
    one: tuple[str, tuple[str, ...]], two: tuple[str, tuple[str, ...]], statement: str
) -> None:
    """Months with both kinds are a sum of hypergeometric numbers, one for each stratum: p and the mean are exact."""
    first, second = ({_month(e.first) for e in _happenings(*kind)} for kind in (one, two))
    law = {0: 1.0}
    for s in set(STRATA.values()):
        own = {m for m in MONTHS if STRATA[m] == s}
        n, a, b = len(own), len(own & first), len(own & second)
        part = {k: math.comb(a, k) * math.comb(n - a, b - k) / math.comb(n, b) for k in range(min(a, b) + 1)}
        law = {k: sum(law[i] * part.get(k - i, 0.0) for i in law) for k in range(max(law) + max(part) + 1)}
    both, answer = len(first & second), evaluate_record(statement, RECORD)
    tails = sum(w for k, w in law.items() if k >= both), sum(w for k, w in law.items() if k <= both)
    mean = sum(k * w for k, w in law.items())
    spread = math.sqrt(sum((k - mean) ** 2 * w for k, w in law.items()))
    assert sum(law.values()) == pytest.approx(1)
    assert answer.left == both
    assert answer.right == pytest.approx(mean, abs=4 * spread / math.sqrt(4999))
    assert answer.chance is not None
    assert abs(answer.chance.p - min(1.0, 2 * min(tails))) <= 4 * answer.chance.error + 1e-3
    phi = evaluate_record(statement.replace("together", "phi"), RECORD)
    size = len(MONTHS)
    product = len(first) * (size - len(first)) * len(second) * (size - len(second))
    assert phi.left == pytest.approx((size * both - len(first) * len(second)) / math.sqrt(product))
    assert phi.p == answer.p


def test_shifts_are_told_from_permutations() -> None:
    """The two tests are not one: with events kept in their clusters another p comes out, on both roads."""
    road = _after_less_before(_happenings("lift", WESTERN), _happenings("repress"), 24)
    p, error = road.permuted(5)
    assert abs(road.shifted() - p) > 4 * error
