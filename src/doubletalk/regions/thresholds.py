r"""Thresholds: every value of one parameter at which the answer to a question changes, exactly.

The answer is asked at *probes*: equal steps of the range, the values at which some comparison of payoffs turns
(``critical``), and the middles between all these. Where neighbouring probes differ, the threshold between them is found
by bisection, named as the simplest rational in the bracket or else as a root of a polynomial (``algebraic``), and
confirmed by exact answers at it and a trillionth of the gap to either side. A change that begins and ends between two
neighbouring probes is not seen: ``Line.widest`` says how far apart they are.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TypeAlias

from doubletalk.case.sweep import CLOSE, Threshold, find_threshold
from doubletalk.exact import ZERO, Rational
from doubletalk.regions.algebraic import BITS, AlgebraicNumber, recognised
from doubletalk.regions.atlas_game import NO_GAME
from doubletalk.regions.atlas_solving import Solver

__all__ = ["OUTSIDE", "Change", "Line", "Stretch", "find_thresholds"]

OUTSIDE = None
"""What stands for the answer beyond an end of the range."""
MOST_IN_A_GAP = 8

Answer: TypeAlias = Callable[[Rational], Hashable]


@dataclass(frozen=True)
class Change:
    """The answer changes from ``below`` to ``above``; at the value itself it is ``at_it``.

    ``value``  the threshold where it is rational; ``root`` where it is irrational and was recognised; where neither is
    known it lies between ``low`` and ``high``, and so it does in any case
    ``at_it``  None unless ``value`` is known; ``below`` (``above``) None at the lower (upper) end of the range
    """

    value: Rational | None
    root: AlgebraicNumber | None
    low: Rational
    high: Rational
    below: Hashable
    at_it: Hashable
    above: Hashable

    @property
    def exact(self) -> bool:
        """Whether the number is known, not only bracketed."""
        return self.value is not None or self.root is not None

    @property
    def only_here(self) -> bool:
        """Whether the answer is another one at this value alone."""
        return self.value is not None and self.below == self.above


@dataclass(frozen=True)
class Stretch:
    """Between two changes (or ends) the answer is ``answer``; the ends belong to the changes."""

    low: Rational
    high: Rational
    answer: Hashable


@dataclass(frozen=True)
class Line:
    """The answers to one question along one parameter.

    ``changes`` ascending; ``stretches`` the open intervals between them; ``probes`` how many values were asked before
    any change was sought; ``critical`` how many of them are values at which a comparison of payoffs turns; ``widest``
    the largest distance between two neighbouring probes.
    """

    name: str
    low: Rational
    high: Rational
    question: str
    changes: tuple[Change, ...]
    stretches: tuple[Stretch, ...]
    probes: int
    critical: int
    widest: Rational


def find_thresholds(
    solver: Solver,
    name: str,
    low: Rational,
    high: Rational,
    questions: Sequence[str],
    critical: Iterable[Rational] = (),
    grid: int = 24,
) -> tuple[Line, ...]:
    """The thresholds of each of *questions* between *low* and *high*.

    ``solver`` answers the point (x, 0) with a tuple of one answer for each question. Raises KeyboardInterrupt when
    interrupted; what was answered until then is in ``solver.known``.
    """
    turns = {x for x in critical if low < x < high}
    marks = sorted({low + (high - low) * k / grid for k in range(grid + 1)} | turns)
    probes = sorted({*marks, *((a + b) / 2 for a, b in pairwise(marks))})
    with solver.running():
        solver.all([(x, ZERO) for x in probes], "solving along the line")
        answers = [_nth(solver, k) for k in range(len(questions))]
        tasks = [partial(_around, answer, a, x, b) for answer in answers for a, x, b in _marked(probes)]
        found = solver.resolve(tasks, "naming thresholds")
        share = len(tasks) // len(questions) if questions else 0
        lines = []
        for k, question in enumerate(questions):
            changes = tuple(change for mine in found[k * share : (k + 1) * share] for change in mine)
            changes = tuple(change for change in changes if not _at_an_end_without_game(change))
            between = partial(_stretches, answers[k], low, high, changes)
            (stretches,) = solver.resolve([between], "between the thresholds")
            widest = max(b - a for a, b in pairwise(probes))
            lines.append(Line(name, low, high, question, changes, stretches, len(probes), len(turns), widest))
    return tuple(lines)


def _at_an_end_without_game(change: Change) -> bool:
    """An end of the range at which there is no game is no threshold."""
    return change.at_it == NO_GAME and OUTSIDE in (change.below, change.above)


def _nth(solver: Solver, k: int) -> Answer:
    def answer(x: Rational) -> Hashable:
        answers = solver.answer((x, ZERO))
        assert isinstance(answers, tuple)
        mine: Hashable = answers[k]
        return mine

    return answer


def _marked(probes: Sequence[Rational]) -> list[tuple[Rational, Rational, Rational]]:
    """(middle before, mark, middle after) for each mark; at the ends of the range the mark stands for the middle."""
    found = []
    for i in range(0, len(probes), 2):
        found.append((probes[max(i - 1, 0)], probes[i], probes[min(i + 1, len(probes) - 1)]))
    return found


def _around(answer: Answer, before: Rational, mark: Rational, after: Rational) -> list[Change]:
    """The changes from the middle before a mark to the middle after it."""
    left, here, right = answer(before), answer(mark), answer(after)
    if left == here == right:
        return []
    near = (after - before) * CLOSE
    beside = (
        OUTSIDE if before == mark else answer(mark - near),
        OUTSIDE if mark == after else answer(mark + near),
    )
    at_mark = Change(mark, None, mark, mark, beside[0], here, beside[1])
    inside = [side for side in beside if side is not OUTSIDE]
    changes = [] if before == mark else _between(answer, before, mark - near)
    if any(side != here for side in inside):
        changes.append(at_mark)
    return changes + ([] if mark == after else _between(answer, mark + near, after))


def _between(answer: Answer, low: Rational, high: Rational) -> list[Change]:
    """The changes between two values at neither of which there is one."""
    changes: list[Change] = []
    start = low
    while answer(start) != answer(high) and len(changes) < MOST_IN_A_GAP:
        change = _named(answer, find_threshold(answer, start, high))
        changes.append(change)
        end = change.value if change.value is not None else change.high
        start = end + (high - end) * CLOSE
    return changes


def _named(answer: Answer, found: Threshold) -> Change:
    """A threshold with its number, where one can be recognised."""
    if found.value is not None:
        return Change(found.value, None, found.value, found.value, found.below, found.at_it, found.above)
    low, high, above = found.low, found.high, found.above
    end = (high - low) / Rational(2) ** (BITS - 40)
    while high - low > end:
        middle = (low + high) / 2
        there = answer(middle)
        low, high, above = (middle, high, above) if there == found.below else (low, middle, there)
    root = recognised(low, high)
    if root is not None and len(root.coefficients) == 2:
        value, near = Rational(-root.coefficients[0], root.coefficients[1]), (high - low) * CLOSE
        return Change(value, None, value, value, answer(value - near), answer(value), answer(value + near))
    return Change(None, root, low, high, found.below, None, above)


def _stretches(answer: Answer, low: Rational, high: Rational, changes: Sequence[Change]) -> tuple[Stretch, ...]:
    """The open intervals between the changes, each with its answer in the middle."""
    cuts = [(low, low), *((c.low, c.high) for c in changes), (high, high)]
    found = []
    for (_, start), (end, _) in pairwise(cuts):
        if start < end:
            found.append(Stretch(start, end, answer((start + end) / 2)))
    return tuple(found)
