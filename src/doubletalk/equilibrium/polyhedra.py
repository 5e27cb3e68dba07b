"""The one place where the Parma Polyhedra Library is called: exact vertices and exact emptiness.

Everything goes in and comes out as FLINT rationals; PPL works on big integers inside, so nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import ppl
from flint import fmpq, fmpz

from doubletalk.exact import ZERO, Rational

__all__ = ["Hull", "Polytope", "StrictSystem", "hull_contains", "hull_extremes", "simplex_vertices"]

LARGE_SYSTEM = 16
"""Unknowns above which emptiness is decided by linear programming."""

BOX_MARGIN = 1e-12
"""Relative distance between boxes that rounding (1.1e-16 a number) cannot feign."""


def _form(row: Mapping[int, Rational], constant: Rational) -> ppl.Linear_Expression:
    """row . x - constant, scaled by a positive number so that every coefficient is an integer."""
    scale = fmpz(constant.q)
    for value in row.values():
        scale = scale.lcm(value.q)
    factor = fmpq(scale)
    whole = {i: int((v * factor).p) for i, v in row.items() if v != 0}
    return ppl.Linear_Expression(whole, -int((constant * factor).p))


class Polytope:
    """A bounded polyhedron over *size* nonnegative unknowns, built constraint by constraint.

    ``equal(row, c)`` asks row . x = c, ``at_least(row, c)`` asks row . x >= c; rows are index -> coefficient.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._system = ppl.Constraint_System()
        for i in range(size):
            self._system.insert(ppl.Variable(i) >= 0)

    def equal(self, row: Mapping[int, Rational], constant: Rational = ZERO) -> None:
        """Ask row . x = constant."""
        self._system.insert(_form(row, constant) == 0)

    def at_least(self, row: Mapping[int, Rational], constant: Rational = ZERO) -> None:
        """Ask row . x >= constant."""
        self._system.insert(_form(row, constant) >= 0)

    def _body(self) -> ppl.C_Polyhedron:
        body = ppl.C_Polyhedron(self.size, "universe")
        body.add_constraints(self._system)
        return body

    def is_empty(self) -> bool:
        """True when no point satisfies every constraint."""
        return bool(self._body().is_empty())

    def vertices(self) -> list[tuple[Rational, ...]]:
        """All extreme points, sorted; [] when empty. The polyhedron must be bounded."""
        points = []
        for generator in self._body().minimized_generators():
            if not generator.is_point():
                raise ArithmeticError("the polyhedron is not bounded")
            bottom = int(generator.divisor())
            points.append(tuple(fmpq(int(c), bottom) for c in generator.coefficients()))
        return sorted(points)


class StrictSystem:
    """Linear constraints over *size* nonnegative unknowns, those in *positive* being strictly positive.

    Small systems are decided by double description, which is fastest there but takes exponential memory in the worst
    case; above ``LARGE_SYSTEM`` unknowns by an exact linear programme: maximise e <= 1 with x_i >= e for the positive
    ones; the system has a solution when the optimum is above zero.
    """

    def __init__(self, size: int, positive: Iterable[int]) -> None:
        self._size = size
        self._positive = set(positive)
        self._system = ppl.Constraint_System()
        self._large = size > LARGE_SYSTEM
        slack = ppl.Variable(size)
        for i in range(size):
            variable = ppl.Variable(i)
            if i not in self._positive:
                self._system.insert(variable >= 0)
            elif self._large:
                self._system.insert(variable >= slack)
            else:
                self._system.insert(variable > 0)
        if self._large:
            self._system.insert(slack >= 0)
            self._system.insert(slack <= 1)

    def equal(self, row: Mapping[int, Rational], constant: Rational = ZERO) -> None:
        """Ask row . x = constant."""
        self._system.insert(_form(row, constant) == 0)

    def at_least(self, row: Mapping[int, Rational], constant: Rational = ZERO) -> None:
        """Ask row . x >= constant."""
        self._system.insert(_form(row, constant) >= 0)

    def is_empty(self) -> bool:
        """True when the system has no solution."""
        if not self._large:
            body = ppl.NNC_Polyhedron(self._size, "universe")
            body.add_constraints(self._system)
            return bool(body.is_empty())
        programme = ppl.MIP_Problem(self._size + 1, self._system, ppl.Linear_Expression(ppl.Variable(self._size)))
        programme.set_optimization_mode("maximization")
        if not programme.is_satisfiable():
            return True
        return bool(self._positive) and not programme.optimal_value() > 0


def simplex_vertices(support: Sequence[int], limits: Iterable[Mapping[int, Rational]]) -> list[dict[int, Rational]]:
    """Vertices of {x >= 0 on *support*, sum x = 1, limit . x >= 0 for each limit}; zero entries are left out."""
    place = {i: k for k, i in enumerate(support)}
    body = Polytope(len(support))
    body.equal({k: fmpq(1) for k in range(len(support))}, fmpq(1))
    for limit in limits:
        body.at_least({place[i]: v for i, v in limit.items()})
    return [{i: point[k] for i, k in place.items() if point[k] != 0} for point in body.vertices()]


def _generators(points: Sequence[Sequence[Rational]]) -> ppl.C_Polyhedron:
    system = ppl.Generator_System()
    for point in points:
        bottom = fmpz(1)
        for value in point:
            bottom = bottom.lcm(value.q)
        factor = fmpq(bottom)
        whole = {i: int((v * factor).p) for i, v in enumerate(point) if v != 0}
        form = ppl.Linear_Expression(whole, 0)
        if len(point) and form.space_dimension() < len(point):
            form = form + 0 * ppl.Variable(len(point) - 1)
        system.insert(ppl.point(form, int(bottom)))
    return ppl.C_Polyhedron(system)


def hull_extremes(points: Sequence[tuple[Rational, ...]]) -> list[tuple[Rational, ...]]:
    """The extreme points of the convex hull, sorted."""
    distinct = sorted(set(points))
    if len(distinct) <= 2:
        return distinct
    extremes = []
    for generator in _generators(distinct).minimized_generators():
        bottom = int(generator.divisor())
        extremes.append(tuple(fmpq(int(c), bottom) for c in generator.coefficients()))
    return sorted(extremes)


def hull_contains(points: Sequence[tuple[Rational, ...]], candidate: tuple[Rational, ...]) -> bool:
    """True when *candidate* lies in the convex hull of *points*."""
    if candidate in points:
        return True
    return bool(_generators(points).contains(_generators([candidate])))


class Hull:
    """The convex hull of some points, which remembers what it costs to find out.

    Two hulls are compared by names (a common point), then by boxes in floating point with a margin no rounding can
    reach, and only then exactly.
    """

    def __init__(self, points: Sequence[tuple[Rational, ...]]) -> None:
        self.points = points
        self.names = {",".join(map(str, point)) for point in points}
        columns = [[float(value) for value in column] for column in zip(*points, strict=True)]
        self._low = [min(column) for column in columns]
        self._high = [max(column) for column in columns]
        self._body: ppl.C_Polyhedron | None = None

    def _polyhedron(self) -> ppl.C_Polyhedron:
        if self._body is None:
            self._body = _generators(self.points)
        return self._body

    def meets(self, other: Hull) -> bool:
        """Whether the two hulls have a point in common."""
        if not self.names.isdisjoint(other.names):
            return True
        if len(self.names) == 1 and len(other.names) == 1:
            return False
        if self._apart(other):
            return False
        return not self._polyhedron().is_disjoint_from(other._polyhedron())

    def _apart(self, other: Hull) -> bool:
        """Sure to be disjoint: the boxes are, by more than the rounding of one conversion to float."""
        return any(
            low > high + BOX_MARGIN * max(1.0, abs(low), abs(high))
            for low, high in (*zip(self._low, other._high, strict=True), *zip(other._low, self._high, strict=True))
        )
