r"""The boundaries of an atlas: exact points on the sides of its cells, and the curves that they lie on.

A boundary crosses a side of a cell where the answers at its two ends differ. There the threshold along that side is
found by bisection and named exactly where it is rational. Most thresholds in two parameters lie on curves

    a x y + b x + c y + d = 0        (lines, and hyperbolas that are a ratio of lines in either parameter)

so after four neighbouring points such a curve is guessed, exactly; where it crosses another side, the point is put to
three exact solves (at it and just beside it) instead of some thirty. A guess that is not confirmed costs those solves
and no more: nothing is taken from a curve unconfirmed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations
from typing import TypeAlias

from doubletalk.case.sweep import CLOSE, Threshold, find_threshold
from doubletalk.exact import ZERO, Rational
from doubletalk.regions.atlas_cells import Grid, Node
from doubletalk.regions.atlas_solving import Point, Solver

__all__ = ["BoundaryPoint", "Curve", "curve_through", "sharpened"]

SEEDS = 4
"""Neighbouring points found by bisection before a curve is guessed."""
BRACKET = 20
"""Halvings where a boundary is not rational."""

Edge: TypeAlias = tuple[Node, Node]


@dataclass(frozen=True)
class Curve:
    """a x y + b x + c y + d = 0 with whole numbers without common factor, the first that is not 0 positive."""

    a: int
    b: int
    c: int
    d: int

    def holds(self, x: Rational, y: Rational) -> bool:
        """Whether the point lies on it."""
        return bool(self.a * x * y + self.b * x + self.c * y + self.d == 0)

    def y_at(self, x: Rational) -> Rational | None:
        """The y at that x, None where there is none or every y is on it."""
        below = self.a * x + self.c
        return None if below == 0 else -(self.b * x + self.d) / below

    def x_at(self, y: Rational) -> Rational | None:
        """The x at that y, None where there is none or every x is on it."""
        below = self.a * y + self.b
        return None if below == 0 else -(self.c * y + self.d) / below

    def words(self, x: str, y: str) -> str:
        """The equation, solved for one of the parameters where that is short: ``s = 4*h - 2``."""
        if self.a == 0 and self.c == 0:
            return f"{x} = {-ratio(self.d, self.b)}"
        if self.a == 0:
            return f"{y} = {_linear(-ratio(self.b, self.c), -ratio(self.d, self.c), x)}"
        if self.b == 0 and self.d == 0:
            return f"{x} = {-ratio(self.c, self.a)} or {y} = 0"
        top = _linear(ratio(-self.b, 1), ratio(-self.d, 1), x)
        return f"{y} = ({top}) / ({_linear(ratio(self.a, 1), ratio(self.c, 1), x)})"


@dataclass(frozen=True)
class BoundaryPoint:
    """Where the answer changes along the side of a cell.

    ``along``  the parameter that varies on the side: 0 for x, 1 for y; ``fixed`` is the other's value
    ``value``  the threshold, None where it is not known exactly; it lies between ``low`` and ``high``
    ``below``, ``at_it``, ``above`` the answers beside and at it (``at_it`` None where it is not known exactly)
    ``curve``  the curve that it was confirmed on, if any
    """

    edge: Edge
    along: int
    fixed: Rational
    value: Rational | None
    low: Rational
    high: Rational
    below: Hashable
    at_it: Hashable
    above: Hashable
    curve: Curve | None = None

    @property
    def place(self) -> Point:
        """The point; where it is not known exactly the middle of what is known."""
        value = (self.low + self.high) / 2 if self.value is None else self.value
        return (value, self.fixed) if self.along == 0 else (self.fixed, value)


def ratio(top: int, below: int) -> Rational:
    """top / below, exactly."""
    return Rational(top, below)


def _linear(slope: Rational, constant: Rational, x: str) -> str:
    if slope == 0:
        return str(constant)
    size = abs(slope)
    factor = x if size == 1 else f"{size}*{x}"
    head = f"-{factor}" if slope < 0 else factor
    return head if constant == 0 else f"{head} {'-' if constant < 0 else '+'} {abs(constant)}"


# ---- curves ----------------------------------------------------------------------------------------------------------


def curve_through(points: Sequence[Point]) -> Curve | None:
    """A curve that the points bear out: a line with three of them on it, or a hyperbola with four."""
    for p, q in combinations(points, 2):
        line = _whole((ZERO, p[1] - q[1], q[0] - p[0], p[0] * q[1] - q[0] * p[1]))
        if line is not None and sum(line.holds(*point) for point in points) >= 3:
            return line
    for three in combinations(points, 3):
        curve = _whole(_null_vector([(x * y, x, y, ZERO + 1) for x, y in three]))
        if curve is not None and sum(curve.holds(*point) for point in points) >= 4:
            return curve
    return None


def _null_vector(rows: Sequence[tuple[Rational, ...]]) -> tuple[Rational, ...]:
    """The vector orthogonal to three rows of four, by cofactors; 0 where they are dependent."""
    found = []
    for k in range(4):
        (a, b, c), (d, e, f), (g, h, i) = ([row[n] for n in range(4) if n != k] for row in rows)
        minor = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
        found.append(-minor if k % 2 else minor)
    return tuple(found)


def _whole(coefficients: Sequence[Rational]) -> Curve | None:
    """The same curve in whole numbers; None for the zero vector."""
    scale = math.lcm(*(int(c.q) for c in coefficients))
    whole = [int(c.p) * (scale // int(c.q)) for c in coefficients]
    factor = math.gcd(*whole)
    if factor == 0 or not any(whole[:3]):
        return None
    first = next(c for c in whole if c != 0)
    a, b, c, d = (n // (factor if first > 0 else -factor) for n in whole)
    return Curve(a, b, c, d)


# ---- points ----------------------------------------------------------------------------------------------------------


def sharpened(
    grid: Grid, edges: Sequence[Edge], answers: Mapping[Node, Hashable], solver: Solver, exact: bool = True
) -> tuple[list[BoundaryPoint], KeyboardInterrupt | None]:
    """A boundary point for every edge, in the order of the edges, and what interrupted the work, if anything did.

    With ``exact`` False nothing is solved and every point is only known to lie on its edge. So are those that were
    not reached when interrupted. The result depends on the answers alone, not on ``solver.workers``.
    """
    found = {edge: _rough(grid, edge, answers) for edge in edges}
    if not exact:
        return list(found.values()), None
    waiting: dict[frozenset[Hashable], list[Edge]] = {}
    for edge in edges:
        waiting.setdefault(frozenset(answers[node] for node in edge), []).append(edge)
    curves: list[Curve] = []
    curved: set[frozenset[Hashable]] = set()  # not rational where last tried: of the next four one is tried
    stopped = None
    try:
        while any(waiting.values()):
            seeds = {pair: _neighbours(remaining) for pair, remaining in waiting.items() if remaining}
            asked = [edge for chosen in seeds.values() for edge in chosen]
            share = 1 - sum(map(len, waiting.values())) / len(edges)
            words = f"sharpening the boundaries, {share:.0%} done"
            tasks = [
                partial(_bracketed if pair in curved and edge != chosen[0] else _bisected, found[edge], solver)
                for pair, chosen in seeds.items()
                for edge in chosen
            ]
            found.update(zip(asked, solver.resolve(tasks, words), strict=True))
            for pair, chosen in seeds.items():
                curved = curved - {pair} | ({pair} if found[chosen[0]].value is None else set())
                waiting[pair] = [edge for edge in waiting[pair] if edge not in chosen]
                places = [found[edge].place for edge in chosen if found[edge].value is not None]
                curve = curve_through(places)
                if curve is not None and curve not in curves:
                    curves.append(curve)
            _predict(found, waiting, curves, solver, words)
    except KeyboardInterrupt as interruption:
        stopped = interruption
    named = set(curves)
    return [_on_curve(point, named) for point in found.values()], stopped


def _neighbours(edges: Sequence[Edge]) -> list[Edge]:
    """The first of the edges and those nearest to it."""
    (i, j), _ = edges[0]
    return sorted(edges, key=lambda edge: (abs(edge[0][0] - i) + abs(edge[0][1] - j), edge))[:SEEDS]


def _predict(
    found: dict[Edge, BoundaryPoint],
    waiting: dict[frozenset[Hashable], list[Edge]],
    curves: Iterable[Curve],
    solver: Solver,
    words: str,
) -> None:
    """Try every curve on every edge that is left; what is confirmed is found."""
    for curve in curves:
        chosen, tasks = [], []
        for remaining in waiting.values():
            for edge in remaining:
                point = found[edge]
                value = curve.x_at(point.fixed) if point.along == 0 else curve.y_at(point.fixed)
                if value is not None and point.low < value < point.high:
                    chosen.append(edge)
                    tasks.append(partial(_confirmed, point, value, curve, solver))
        for edge, point in zip(chosen, solver.resolve(tasks, words), strict=True):
            if point is not None:
                found[edge] = point
        for pair, remaining in waiting.items():
            waiting[pair] = [edge for edge in remaining if found[edge].value is None]


def _rough(grid: Grid, edge: Edge, answers: Mapping[Node, Hashable]) -> BoundaryPoint:
    start, end = edge
    along = 0 if start[0] != end[0] else 1
    low, high = grid.point(start), grid.point(end)
    return BoundaryPoint(edge, along, low[1 - along], None, low[along], high[along], answers[start], None, answers[end])


def _along(point: BoundaryPoint, solver: Solver) -> Callable[[Rational], Hashable]:
    """The answer along the side that the point lies on."""

    def answer(value: Rational) -> Hashable:
        return solver.answer((value, point.fixed) if point.along == 0 else (point.fixed, value))

    return answer


def _bracketed(rough: BoundaryPoint, solver: Solver) -> BoundaryPoint:
    """The threshold on the side known to a millionth of it."""
    answer, low, high, above = _along(rough, solver), rough.low, rough.high, rough.above
    for _ in range(BRACKET):
        middle = (low + high) / 2
        there = answer(middle)
        low, high, above = (middle, high, above) if there == rough.below else (low, middle, there)
    return _with(rough, Threshold(low, high, None, rough.below, None, above))


def _bisected(rough: BoundaryPoint, solver: Solver) -> BoundaryPoint:
    """The first threshold on the side, from bisection."""
    threshold: Threshold = find_threshold(_along(rough, solver), rough.low, rough.high)
    return _with(rough, threshold)


def _with(rough: BoundaryPoint, threshold: Threshold, curve: Curve | None = None) -> BoundaryPoint:
    return BoundaryPoint(
        rough.edge,
        rough.along,
        rough.fixed,
        threshold.value,
        threshold.low,
        threshold.high,
        threshold.below,
        threshold.at_it,
        threshold.above,
        curve,
    )


def _confirmed(rough: BoundaryPoint, value: Rational, curve: Curve, solver: Solver) -> BoundaryPoint | None:
    """The point on the curve, if the answers just beside it are those at the two ends of the side; else None."""
    answer, near = _along(rough, solver), (rough.high - rough.low) * CLOSE
    if answer(value - near) != rough.below or answer(value + near) != rough.above:
        return None
    return _with(rough, Threshold(value, value, value, rough.below, answer(value), rough.above), curve)


def _on_curve(point: BoundaryPoint, curves: Iterable[Curve]) -> BoundaryPoint:
    """The point with the curve that it lies on, where one was found."""
    if point.value is None or point.curve is not None:
        return point
    curve = min((c for c in curves if c.holds(*point.place)), key=lambda c: (c.a, c.b, c.c, c.d), default=None)
    return BoundaryPoint(**{**point.__dict__, "curve": curve})
