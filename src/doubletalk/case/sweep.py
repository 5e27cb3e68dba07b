"""Exact ranges: for which values of one parameter an answer holds, with the thresholds as exact rationals.

The answer is looked up on a grid; between neighbours that differ a threshold is bracketed by bisection; then the
simplest rational in the bracket (Stern 1858; Brocot 1861) is tried and **confirmed**: the answer just below it is the
one on the left, the answer just above it the one on the right. Where no simple rational is confirmed, the threshold is
reported as a bracket. Changes that begin and end between two neighbours of the grid are not seen; the grid is finer
than 1/24 of the range and holds every candidate that the caller knows of.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from typing import Any

from doubletalk.exact import Rational, rational

__all__ = ["Interval", "Threshold", "confirmed", "exact_sweep", "find_threshold", "simplest_between"]

GRID = 24
"""Number of equal steps of the grid."""
ROUNDS = (12, 14, 16)
"""Halvings of the bracket before each attempt to name the threshold."""
CLOSE = rational("1/1000000000000")
"""How near to a threshold, relative to the bracket, the answer on each side is confirmed."""
LARGEST_DENOMINATOR = 10_000_000
"""A rational with a larger denominator than this is not taken for an exact threshold."""

Answer = Callable[[Rational], Hashable]


@dataclass(frozen=True)
class Threshold:
    """The answer changes here from ``below`` to ``above``; it is ``at_it`` exactly at ``value``.

    ``exact`` False: only known to lie between ``low`` and ``high`` (``value`` is None: not rational, or too fine).
    """

    low: Rational
    high: Rational
    value: Rational | None
    below: Any
    at_it: Any
    above: Any

    @property
    def exact(self) -> bool:
        """Whether the threshold is known exactly."""
        return self.value is not None

    def __str__(self) -> str:
        if self.exact:
            return str(self.value)
        low, high = (float(int(x.p)) / float(int(x.q)) for x in (self.low, self.high))
        return f"between {low:.6f} and {high:.6f}"


@dataclass(frozen=True)
class Interval:
    """The answer is ``answer`` from ``low`` to ``high`` (ends included as said); ``low`` = ``high`` is a single point.

    ``exact`` False: an end is only bracketed and the value given is the near side of the bracket.
    """

    low: Rational
    high: Rational
    low_closed: bool
    high_closed: bool
    answer: Any
    exact: bool = True

    def __str__(self) -> str:
        if self.low == self.high:
            return f"{{{self.low}}}"
        mark = "" if self.exact else " (ends bracketed)"
        return f"{'[' if self.low_closed else '('}{self.low}, {self.high}{']' if self.high_closed else ')'}{mark}"


def simplest_between(low: Rational, high: Rational) -> Rational:
    """The rational strictly between *low* and *high* with the smallest denominator (first in the Stern-Brocot tree)."""
    if low < 0 < high:
        return rational(0)
    if high <= 0:
        return -simplest_between(-high, -low)
    whole = rational(int(low.p // low.q))
    if whole + 1 < high:
        return whole + 1
    # low and high lie in [whole, whole + 1]: invert the fractional parts
    start, end = low - whole, high - whole
    if start == 0:
        return whole + 1 / rational(int((1 / end).p // (1 / end).q) + 1)
    return whole + 1 / simplest_between(1 / end, 1 / start)


def find_threshold(answer: Answer, low: Rational, high: Rational, candidates: Iterable[Rational] = ()) -> Threshold:
    """One change of *answer* between *low* and *high*, where it differs. Known *candidates* are tried first."""
    below, above = answer(low), answer(high)
    for candidate in sorted(c for c in set(candidates) if low < c < high):
        found = confirmed(answer, low, high, candidate)
        if found is not None and found.below == below:
            return found
    for halvings in ROUNDS:
        for _ in range(halvings):
            middle = (low + high) / 2
            if answer(middle) == below:
                low = middle
            else:
                high, above = middle, answer(middle)
        # a threshold at the right end itself is tried before those inside
        for candidate in (
            simplest_between(low - (high - low) / 4, high + (high - low) / 4),
            simplest_between(low, high),
        ):
            found = confirmed(answer, low, high, candidate)
            if found is not None and found.below == below:
                return found
    return Threshold(low, high, None, below, None, above)


def confirmed(answer: Answer, low: Rational, high: Rational, value: Rational) -> Threshold | None:
    """The threshold at *value* if the answer there and on both sides, very near, is not all the same; else None."""
    if value.q > LARGEST_DENOMINATOR:
        return None
    step = (high - low) * CLOSE
    below, at_it, above = answer(value - step), answer(value), answer(value + step)
    return None if below == above == at_it else Threshold(value, value, value, below, at_it, above)


def exact_sweep(
    answer: Answer, low: Rational, high: Rational, candidates: Iterable[Rational] = (), grid: int = GRID
) -> tuple[Interval, ...]:
    """The whole range cut into intervals of constant answer, thresholds exact where they are rational."""
    known = {c for c in candidates if low < c < high}
    points = sorted({low + (high - low) * k / grid for k in range(grid + 1)} | known)
    memory: dict[Rational, Hashable] = {}

    def remembered(x: Rational) -> Hashable:
        if x not in memory:
            memory[x] = answer(x)
        return memory[x]

    # between two neighbours of the grid the answer is that of the midpoint; a grid point is a case of its own
    cuts: list[tuple[Rational, Rational, Any]] = []
    pieces: list[Interval] = [Interval(low, low, True, True, remembered(low))]
    for left, right in itertools.pairwise(points):
        cuts = _cuts(remembered, left, right, known)
        start, start_exact = left, True
        for before, after, at_it in cuts:
            exact = before == after
            pieces.append(
                Interval(start, before, False, False, remembered((start + before) / 2), start_exact and exact)
            )
            if exact:
                pieces.append(Interval(before, before, True, True, at_it))
            start, start_exact = after, exact
        pieces.append(Interval(start, right, False, False, remembered((start + right) / 2), start_exact))
        pieces.append(Interval(right, right, True, True, remembered(right)))
    return _merged(pieces)


def _cuts(
    answer: Answer, left: Rational, right: Rational, known: Iterable[Rational]
) -> list[tuple[Rational, Rational, Any]]:
    """[(low, high, answer at it)] of the changes strictly between two grid points, found from probes near the ends."""
    inset = (right - left) * CLOSE
    probes = [left + inset, (left + right) / 2, right - inset]
    found = []
    for a, b in itertools.pairwise(probes):
        start = a
        for _ in range(6):  # at most six changes in half a step
            if answer(start) == answer(b):
                break
            threshold = find_threshold(answer, start, b, known)
            found.append((threshold.low, threshold.high, threshold.at_it))
            start = threshold.high + (b - threshold.high) * CLOSE
    return found


def _merged(pieces: list[Interval]) -> tuple[Interval, ...]:
    merged: list[Interval] = []
    for piece in pieces:
        last = merged[-1] if merged else None
        joins = last is not None and last.answer == piece.answer and last.high == piece.low
        if last is not None and joins and (last.high_closed or piece.low_closed):
            exact = last.exact and piece.exact
            merged[-1] = Interval(last.low, piece.high, last.low_closed, piece.high_closed, piece.answer, exact)
        else:
            merged.append(piece)
    return tuple(merged)
