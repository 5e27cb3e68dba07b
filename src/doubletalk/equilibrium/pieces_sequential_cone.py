"""Cones of beliefs: what audiences may believe about the few things that their payoffs depend on.

Coordinates xi: the weight X_k of each class k of (type, message) pairs, and the weights Y(k, h, w) of the sender's
optimal replies where they tie. A *form* is a vector of coefficients over xi. A cone is known by its extreme rays: a
form keeps one sign on the cone exactly when it does on every ray.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from functools import cached_property

from ppl import C_Polyhedron, Constraint_System, Linear_Expression

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.pieces_reply import integers
from doubletalk.equilibrium.polyhedra import DIRECT, settled
from doubletalk.exact import ONE, ZERO, Rational, rational

__all__ = ["Cone", "Form", "Interval", "Polyhedral", "Values", "minus", "normalised", "proportional", "value"]

Form = tuple[Rational, ...]
"""Coefficients over xi."""

Values = tuple[Rational, ...]
"""A form's value at each extreme ray of a cone."""


def value(form: Form, ray: Form) -> Rational:
    """The form at a ray."""
    return sum((f * r for f, r in zip(form, ray, strict=True)), ZERO)


def minus(first: Form, second: Form) -> Form:
    """The form *first* - *second*."""
    return tuple(a - b for a, b in zip(first, second, strict=True))


def normalised(ray: Form) -> Form:
    """The ray with coordinates that sum to one."""
    total = sum(ray, ZERO)
    return tuple(r / total for r in ray)


class Cone(ABC):
    """A closed polyhedral cone of beliefs, by its extreme rays; {0} has none."""

    rays: tuple[Form, ...]

    @abstractmethod
    def cut(self, equal: Iterable[Form] = (), at_least: Iterable[Form] = ()) -> Cone:
        """The part where the *equal* forms vanish and the *at_least* forms are nonnegative."""

    @abstractmethod
    def contains(self, other: Cone) -> bool:
        """Whether *other* is part of this cone."""

    @abstractmethod
    def rows(self) -> tuple[tuple[Form, ...], tuple[Form, ...]]:
        """(equal, at_least) forms that describe the cone, xi >= 0 left out."""

    @abstractmethod
    def meet(self, other: Cone) -> Cone:
        """The common part."""

    def joined(self, other: Cone) -> Cone | None:
        """The union, when it is known to be a cone."""
        if self.contains(other):
            return self
        return other if other.contains(self) else None

    @property
    def empty(self) -> bool:
        """Whether only the zero vector is left."""
        return not self.rays

    @cached_property
    def key(self) -> frozenset[Form]:
        """The rays as a set: equal for equal cones."""
        return frozenset(self.rays)

    def values(self, form: Form) -> Values:
        """The form at every ray."""
        return tuple([value(form, ray) for ray in self.rays])


class Interval(Cone):
    """All beliefs whose share of class 1, b = X1 / (X1 + X2), lies in [low, high]; nothing when low > high."""

    def __init__(self, low: Rational, high: Rational) -> None:
        self.low, self.high = low, high
        if low > high:
            self.rays = ()
        elif low == high:
            self.rays = ((low, ONE - low),)
        else:
            self.rays = ((low, ONE - low), (high, ONE - high))

    def cut(self, equal: Iterable[Form] = (), at_least: Iterable[Form] = ()) -> Interval:
        """Each form f1 b + f2 (1 - b) bounds b from one side, or decides by its sign when constant."""
        low, high = self.low, self.high
        rows = list(at_least)
        for form in equal:
            rows += [form, tuple(-f for f in form)]
        for first, second in rows:
            slope = first - second
            if slope == 0:
                if second < 0:
                    return Interval(ONE, ZERO)
            elif slope > 0:
                low = max(low, -second / slope)
            else:
                high = min(high, -second / slope)
        return Interval(low, high)

    def contains(self, other: Cone) -> bool:
        """Whether the other interval lies inside."""
        assert isinstance(other, Interval)
        return other.empty or (self.low <= other.low and other.high <= self.high)

    def meet(self, other: Cone) -> Interval:
        """The common interval."""
        assert isinstance(other, Interval)
        return Interval(max(self.low, other.low), min(self.high, other.high))

    def joined(self, other: Cone) -> Interval | None:
        """Two intervals that touch make one."""
        assert isinstance(other, Interval)
        if max(self.low, other.low) > min(self.high, other.high):
            return None
        return Interval(min(self.low, other.low), max(self.high, other.high))

    def rows(self) -> tuple[tuple[Form, ...], tuple[Form, ...]]:
        """b = low, or low <= b <= high, multiplied out: (1 - low) X1 - low X2 >= 0 and so on."""
        if self.low == self.high:
            return ((ONE - self.low, -self.low),), ()
        at_least = []
        if self.low > 0:
            at_least.append((ONE - self.low, -self.low))
        if self.high < 1:
            at_least.append((self.high - ONE, self.high))
        return (), tuple(at_least)


class Polyhedral(Cone):
    """A cone in more than two coordinates; the polyhedra library finds its rays."""

    def __init__(self, size: int, body: C_Polyhedron) -> None:
        self.size, self.body = size, body

    @classmethod
    def orthant(cls, size: int, links: Iterable[Form]) -> Polyhedral:
        """{xi >= 0, links = 0}."""
        system = Constraint_System()
        for k in range(size):
            system.insert(Linear_Expression([0] * k + [1], 0) >= 0)
        for form in links:
            system.insert(Linear_Expression(integers(form), 0) == 0)
        return cls(size, settled(size, system))

    @cached_property
    def rays(self) -> tuple[Form, ...]:  # type: ignore[override]
        """The extreme rays in whole numbers without common factor."""
        found = (g for g in self.body.minimized_generators() if g.is_ray())
        return tuple(sorted(tuple(rational(int(c)) for c in g.coefficients()) for g in found))

    def cut(self, equal: Iterable[Form] = (), at_least: Iterable[Form] = ()) -> Polyhedral:
        """The forms become constraints."""
        body = C_Polyhedron(self.body)
        rows = [Linear_Expression(integers(form), 0) == 0 for form in equal]
        for row in (*rows, *(Linear_Expression(integers(form), 0) >= 0 for form in at_least)):
            clock.check()
            body.add_constraint(row)
            if self.size > DIRECT:
                body.is_empty()
        return Polyhedral(self.size, body)

    def contains(self, other: Cone) -> bool:
        """Inclusion of polyhedra."""
        assert isinstance(other, Polyhedral)
        return bool(self.body.contains(other.body))

    def meet(self, other: Cone) -> Polyhedral:
        """Both systems of constraints together."""
        assert isinstance(other, Polyhedral)
        body = C_Polyhedron(self.body)
        body.intersection_assign(other.body)
        return Polyhedral(self.size, body)

    def joined(self, other: Cone) -> Polyhedral | None:
        """The convex hull, when every part of it outside this cone lies in the other (checked exactly)."""
        assert isinstance(other, Polyhedral)
        hull = C_Polyhedron(self.body)
        hull.poly_hull_assign(other.body)
        return Polyhedral(self.size, hull) if covers_hull(hull, self.body, other.body) else None

    def rows(self) -> tuple[tuple[Form, ...], tuple[Form, ...]]:
        """The minimal constraints, single nonnegativities left out."""
        equal, at_least = [], []
        for constraint in self.body.minimized_constraints():
            given = tuple(rational(int(c)) for c in constraint.coefficients())
            form = given + (ZERO,) * (self.size - len(given))
            if constraint.is_equality():
                equal.append(form)
            elif sum(1 for c in form if c != 0) > 1 or min(form) < 0:
                at_least.append(form)
        return tuple(equal), tuple(at_least)


def covers_hull(hull: C_Polyhedron, first: C_Polyhedron, second: C_Polyhedron) -> bool:
    """Whether *hull* = *first* united with *second*: each half space beyond a face of *first* leaves only *second*.

    The part of the hull beyond a face is open on one side; its closure is taken, which asks no more because
    *second* is closed.
    """
    for constraint in first.minimized_constraints():
        clock.check()
        form = [int(c) for c in constraint.coefficients()]
        sides = [[-c for c in form]] + ([form] if constraint.is_equality() else [])
        for side in sides:
            beyond = C_Polyhedron(hull)
            expression = Linear_Expression(side, 0)
            beyond.add_constraint(expression >= 0)
            flat = C_Polyhedron(beyond)
            flat.add_constraint(expression == 0)
            if not flat.contains(beyond) and not second.contains(beyond):
                return False
    return True


def proportional(rows: Sequence[Values]) -> bool:
    """Whether all the value vectors that are not zero are multiples of one another (rank at most one)."""
    live = [row for row in rows if any(v != 0 for v in row)]
    if len(live) < 2:
        return True
    pivot = live[0]
    place = next(i for i, v in enumerate(pivot) if v != 0)
    return all(v * pivot[place] == w * row[place] for row in live[1:] for v, w in zip(row, pivot, strict=True))
