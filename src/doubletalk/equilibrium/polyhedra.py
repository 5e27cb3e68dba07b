"""The one place where the Parma Polyhedra Library is called: exact vertices and exact emptiness.

Everything goes in and comes out as FLINT rationals; PPL works on big integers inside, so nothing is rounded.
"""

from __future__ import annotations

import math
import time
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

import ppl
from flint import fmpq, fmpz

from doubletalk.equilibrium import apart, clock
from doubletalk.exact import ZERO, Rational

__all__ = ["Hull", "Polytope", "StrictSystem", "hull_contains", "hull_extremes", "settled", "simplex_vertices"]

LARGE_SYSTEM = 16
"""Unknowns above which emptiness is decided by linear programming."""

DIRECT = 10
"""Unknowns up to which a polyhedron is converted in one call; beyond, constraint by constraint."""

STEP_SECONDS = 0.05
"""A conversion of which one constraint takes more of the processor goes on in a process of its own, which can be ended.

Not the clock on the wall: a busy machine would send easy hulls to linear programmes, which are far slower.
"""

MANY_POINTS = 24
"""Points above which hulls are compared by linear programming, which never needs their faces."""

HULL_STEP = 4
"""Points added to a large hull between two looks at the clock."""

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
        """All extreme points, sorted; [] when empty. The polyhedron must be bounded.

        Raises OutOfTimeError at the deadline of ``clock``.
        """
        clock.check()
        body = self._body() if self.size <= DIRECT else _settled(self.size, self._system, STEP_SECONDS)
        points = []
        for k, (numbers, bottom) in enumerate(self._converted() if body is None else _points(body)):
            if k % 256 == 255:
                clock.check()
            points.append(tuple(fmpq(number, bottom) for number in numbers))
        return sorted(points)

    def _converted(self) -> Iterator[tuple[tuple[int, ...], int]]:
        """The points from a process of its own."""
        return apart.converted(
            self.size,
            [
                (c.is_equality(), int(c.inhomogeneous_term()), tuple(int(v) for v in c.coefficients()))
                for c in self._system
            ],
        )


def _points(body: ppl.C_Polyhedron) -> Iterator[tuple[tuple[int, ...], int]]:
    for generator in body.minimized_generators():
        if not generator.is_point():
            raise ArithmeticError("the polyhedron is not bounded")
        yield tuple(int(c) for c in generator.coefficients()), int(generator.divisor())


def settled(size: int, system: Iterable[ppl.Constraint]) -> ppl.C_Polyhedron:
    """The polyhedron, converted constraint by constraint with a look at the clock between; equalities first.

    Raises OutOfTimeError at the deadline.
    """
    return _settled(size, system, math.inf)


def _settled(size: int, system: Iterable[ppl.Constraint], longest: float) -> ppl.C_Polyhedron | None:
    """``settled``, or None when one constraint took more than *longest* seconds."""
    body = ppl.C_Polyhedron(size, "universe")
    for constraint in sorted(system, key=lambda c: not c.is_equality()):
        clock.check()
        start = time.thread_time()
        body.add_constraint(constraint)
        if body.is_empty():
            return body
        if time.thread_time() - start > longest:
            return None
    return body


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
    return ppl.C_Polyhedron(_generator_system(points))


def _generator_system(points: Sequence[Sequence[Rational]]) -> ppl.Generator_System:
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
    return system


def hull_extremes(points: Sequence[tuple[Rational, ...]]) -> list[tuple[Rational, ...]]:
    """The extreme points of the convex hull, sorted. Raises OutOfTimeError at the deadline of ``clock``."""
    ordered = sorted(points)
    distinct = [point for k, point in enumerate(ordered) if k == 0 or point != ordered[k - 1]]
    if len(distinct) <= 2:
        return distinct
    clock.check()
    body = _hull_settled(distinct)
    if body is None:
        return _extremes_one_by_one(distinct)
    extremes = []
    for generator in body.minimized_generators():
        bottom = int(generator.divisor())
        extremes.append(tuple(fmpq(int(c), bottom) for c in generator.coefficients()))
    return sorted(extremes)


def _hull_settled(points: Sequence[tuple[Rational, ...]]) -> ppl.C_Polyhedron | None:
    """The hull with its faces, found point by point with a look at the clock between; None when a point takes long."""
    if len(points) <= MANY_POINTS:
        return _generators(points)
    body = _generators(points[:1])
    for at in range(1, len(points), HULL_STEP):
        clock.check()
        start = time.thread_time()
        body.add_generators(_generator_system(points[at : at + HULL_STEP]))
        body.affine_dimension()
        if time.thread_time() - start > STEP_SECONDS:
            return None
    return body


def _extremes_one_by_one(points: list[tuple[Rational, ...]]) -> list[tuple[Rational, ...]]:
    """Those that are no mixture of the others, by one linear programme each."""
    kept = list(points)
    for point in points:
        others = [other for other in kept if other != point]
        if _mixtures_meet(others, [point]):
            kept = others
    return kept


def hull_contains(points: Sequence[tuple[Rational, ...]], candidate: tuple[Rational, ...]) -> bool:
    """True when *candidate* lies in the convex hull of *points*."""
    if candidate in points:
        return True
    if len(points) > MANY_POINTS:
        return _mixtures_meet(points, [candidate])
    return bool(_generators(points).contains(_generators([candidate])))


def _mixtures_meet(first: Sequence[tuple[Rational, ...]], second: Sequence[tuple[Rational, ...]]) -> bool:
    """Whether some mixture of *first* is one of *second*, by an exact linear programme over the weights."""
    clock.check()
    count = len(first) + len(second)
    programme = ppl.MIP_Problem(count)
    for i in range(count):
        programme.add_constraint(ppl.Variable(i) >= 0)
    one = fmpq(1)
    programme.add_constraint(_form(dict.fromkeys(range(len(first)), one), one) == 0)
    programme.add_constraint(_form(dict.fromkeys(range(len(first), count), one), one) == 0)
    for k in range(len(first[0])):
        row = {i: point[k] for i, point in enumerate(first)}
        row.update({len(first) + i: -point[k] for i, point in enumerate(second)})
        if any(value != 0 for value in row.values()):
            programme.add_constraint(_form(row, ZERO) == 0)
    return bool(programme.is_satisfiable())


class Hull:
    """The convex hull of some points, which remembers what it costs to find out. ``names``: one for each, equal for
    equal points.

    Two hulls are compared by names (a common point), then by boxes in floating point with a margin no rounding can
    reach, and only then exactly.
    """

    def __init__(self, points: Sequence[tuple[Rational, ...]], names: frozenset[Hashable]) -> None:
        self.points, self.names = points, names
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
        if self.apart(other):
            return False
        if len(self.points) + len(other.points) > MANY_POINTS:
            return _mixtures_meet(self.points, other.points)
        return not self._polyhedron().is_disjoint_from(other._polyhedron())

    def shared(self, other: Hull) -> list[tuple[Rational, ...]]:
        """The extreme points of the common part, which is not empty."""
        body = ppl.C_Polyhedron(self._polyhedron())
        body.intersection_assign(other._polyhedron())
        return [tuple(fmpq(number, bottom) for number in numbers) for numbers, bottom in _points(body)]

    def apart(self, other: Hull) -> bool:
        """Sure to be disjoint: the boxes are, by more than the rounding of one conversion to float."""
        return any(
            low > high + BOX_MARGIN * max(1.0, abs(low), abs(high))
            for low, high in (*zip(self._low, other._high, strict=True), *zip(other._low, self._high, strict=True))
        )
