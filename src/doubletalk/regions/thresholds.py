r"""Thresholds: every value of one parameter at which the answer to a question changes, exactly.

The answer is asked at *probes*: equal steps of the range, the values at which some comparison of payoffs turns
(``critical``), and the middles between all these. Where neighbouring probes differ, the threshold between them is found
by bisection, named as the simplest rational in the bracket or else as a root of a polynomial (``algebraic``), and
confirmed by exact answers at it and a trillionth of the gap to either side. A change that begins and ends between two
neighbouring probes is not seen: ``Line.widest`` says how far apart they are.

Where every value at which the answer can change was computed (``turning_points``, ``refined_points``), no probes are
needed: the answer is asked at each of these values and once between any two neighbours, and the list is proved complete
(``Line.proved``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import TypeAlias

from doubletalk.case.sweep import CLOSE, Threshold, find_threshold, simplest_between
from doubletalk.exact import ZERO, Rational
from doubletalk.regions.algebraic import BITS, AlgebraicNumber, recognised
from doubletalk.regions.atlas_game import NO_GAME
from doubletalk.regions.atlas_solving import Solver
from doubletalk.regions.turning_points import Candidates

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
    ``proved``  the list of changes is proved complete, but for ``unsolved``: irrational values at which something that
    equilibria rest on turns while the answers on both sides agree; at the value itself the game is not solved.
    ``why_probed`` why nothing is proved, None where it is.
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
    proved: bool = False
    unsolved: tuple[AlgebraicNumber, ...] = ()
    why_probed: str | None = None


def find_thresholds(
    solver: Solver,
    name: str,
    low: Rational,
    high: Rational,
    questions: Sequence[str],
    critical: Iterable[Rational] = (),
    grid: int = 24,
    proofs: Sequence[Candidates] = (),
) -> tuple[Line, ...]:
    """The thresholds of each of *questions* between *low* and *high*.

    ``solver`` answers the point (x, 0) with a tuple of one answer for each question. ``proofs``: for each question
    every value at which its answer can change, or why that is not known; () looks at probes alone. Raises
    KeyboardInterrupt when interrupted; what was answered until then is in ``solver.known``.
    """
    answers = [_nth(solver, k) for k in range(len(questions))]
    proved = [k for k, proof in enumerate(proofs) if proof.why_not is None]
    probed = [k for k in range(len(questions)) if k not in proved]
    lines: dict[int, Line] = {}
    with solver.running():
        spots = {k: _spots(low, high, proofs[k].values) for k in proved}
        solver.all(
            [(x, ZERO) for x in sorted({x for each in spots.values() for x, _ in each})],
            "solving at and between the candidates",
        )
        lines.update({k: _proved_line(answers[k], name, questions[k], spots[k]) for k in proved})
        if probed:
            turns = {x for x in critical if low < x < high}
            turns |= {x for k in proved for x in proofs[k].values if not isinstance(x, AlgebraicNumber)}
            for k, line in zip(probed, _probed(solver, name, (low, high), questions, probed, turns, grid), strict=True):
                lines[k] = replace(line, why_probed=proofs[k].why_not if proofs else None)
    return tuple(lines[k] for k in range(len(questions)))


def _probed(
    solver: Solver,
    name: str,
    ends: tuple[Rational, Rational],
    questions: Sequence[str],
    asked: Sequence[int],
    turns: Collection[Rational],
    grid: int,
) -> list[Line]:
    """The lines of the questions *asked*, from probes."""
    low, high = ends
    marks = sorted({low + (high - low) * k / grid for k in range(grid + 1)} | set(turns))
    probes = sorted({*marks, *((a + b) / 2 for a, b in pairwise(marks))})
    solver.all([(x, ZERO) for x in probes], "solving along the line")
    answers = [_nth(solver, k) for k in asked]
    tasks = [partial(_around, answer, a, x, b) for answer in answers for a, x, b in _marked(probes)]
    found = solver.resolve(tasks, "naming thresholds")
    share = len(tasks) // len(asked)
    widest = max(b - a for a, b in pairwise(probes))
    lines = []
    for k, answer in enumerate(answers):
        changes = tuple(change for mine in found[k * share : (k + 1) * share] for change in mine)
        changes = tuple(change for change in changes if not _at_an_end_without_game(change))
        between = partial(_stretches, answer, low, high, changes)
        (stretches,) = solver.resolve([between], "between the thresholds")
        lines.append(Line(name, low, high, questions[asked[k]], changes, stretches, len(probes), len(turns), widest))
    return lines


# ---- proved lines ----------------------------------------------------------------------------------------------------

Spot: TypeAlias = tuple[Rational, AlgebraicNumber | bool]
"""A value that is asked; True where the answer may change there, an irrational candidate just above it, else False."""


def _spots(low: Rational, high: Rational, values: Sequence[Rational | AlgebraicNumber]) -> list[Spot]:
    """Both ends, every rational candidate, and a value between any two neighbours; ascending."""
    spots: list[Spot] = [(low, True)]
    start = low
    for value in (*values, high):
        if isinstance(value, AlgebraicNumber):
            spots.append((simplest_between(start, value.low), value))
            start = value.high
        else:
            spots += [(simplest_between(start, value), False), (value, True)]
            start = value
    return spots


def _proved_line(answer: Answer, name: str, question: str, spots: Sequence[Spot]) -> Line:
    """The line whose answers are those at the spots: between two neighbours that are no candidates nothing changes."""
    changes, unsolved = [], []
    last = len(spots) - 1
    for k, (x, mark) in enumerate(spots):
        here = answer(x)
        after = OUTSIDE if k == last else answer(spots[k + 1][0])
        if mark is True:
            before = OUTSIDE if k == 0 else answer(spots[k - 1][0])
            if any(side not in (OUTSIDE, here) for side in (before, after)):
                changes.append(Change(x, None, x, x, before, here, after))
        elif isinstance(mark, AlgebraicNumber):
            if here == after:
                unsolved.append(mark)
            else:
                changes.append(Change(None, mark, mark.low, mark.high, here, None, after))
    kept = tuple(change for change in changes if not _at_an_end_without_game(change))
    low, high = spots[0][0], spots[-1][0]
    candidates = sum(mark is not False for _, mark in spots) - 2
    widest = max(b - a for (a, _), (b, _) in pairwise(spots))
    stretches = _proved_stretches(answer, spots, kept)
    return Line(name, low, high, question, kept, stretches, len(spots), candidates, widest, True, tuple(unsolved))


def _proved_stretches(answer: Answer, spots: Sequence[Spot], changes: Sequence[Change]) -> tuple[Stretch, ...]:
    low, high = spots[0][0], spots[-1][0]
    cuts = [(low, low), *((c.low, c.high) for c in changes), (high, high)]
    found = []
    for (_, start), (end, _) in pairwise(cuts):
        if start < end:
            inside = next(x for x, mark in spots if mark is not True and start < x < end)
            found.append(Stretch(start, end, answer(inside)))
    return tuple(found)


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
