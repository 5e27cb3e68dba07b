"""Maximal products of polytopes: which lie inside others, and which touch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, product

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.clock import OutOfTimeError
from doubletalk.equilibrium.polyhedra import Hull, hull_contains
from doubletalk.equilibrium.response import Point
from doubletalk.equilibrium.responses import Choice, Factor, ResponseSide
from doubletalk.equilibrium.senders import SenderSide

__all__ = ["Components", "FactorHulls", "Product", "joined", "maximal"]


@dataclass(frozen=True)
class Product:
    """One maximal product X x Z.

    ``senders``  the numbers of the extreme x (``SenderSide.points``), in the order of the points
    ``factors``  the factors of Z
    ``choices``  the extreme responses, as numbers of parts at every station
    """

    senders: tuple[int, ...]
    factors: tuple[Factor, ...]
    choices: frozenset[Choice]


def joined(factors: Sequence[Factor]) -> frozenset[Choice]:
    """Every combination of the factors' extreme points, stations in order."""
    if len(factors) == 1:
        return factors[0].choices
    stations = list(chain.from_iterable(f.stations for f in factors))
    order = sorted(range(len(stations)), key=stations.__getitem__)
    rows = (tuple(chain.from_iterable(choice)) for choice in product(*(f.choices for f in factors)))
    return frozenset(tuple([row[k] for k in order]) for row in rows)


def maximal(found: Iterable[Product], senders: SenderSide, side: ResponseSide, end: float) -> tuple[Product, ...]:
    """The products that lie in no other, in the order of their points; those not looked at before *end* are kept."""
    order = sorted(range(len(senders.points)), key=senders.points.__getitem__)
    place = {number: k for k, number in enumerate(order)}
    ranks = side.ranks()
    known: dict[frozenset[Choice], list[list[int]]] = {}

    def key(one: Product) -> tuple[list[int], list[list[int]]]:
        if one.choices not in known:
            known[one.choices] = sorted([ranks[part] for part in choice] for choice in one.choices)
        return [place[x] for x in one.senders], known[one.choices]

    everything = sorted(found, key=key)
    within = _Inclusion(senders, side)
    supports: dict[tuple[int, int], list[Product]] = {}
    for one in everything:
        supports.setdefault(within.support(one), []).append(one)
    kept = []
    done = 0
    try:
        with clock.deadline(end):
            for i, small in enumerate(everything):
                x, z = within.support(small)
                rivals = (q for (u, v), those in supports.items() if not (x & ~u or z & ~v) for q in those)
                if not any(q is not small and within(small, q) for q in rivals):
                    kept.append(small)
                done = i + 1
                clock.check()
    except OutOfTimeError:
        kept += everything[done:]
    return tuple(kept)


class _Inclusion:
    """Whether one product lies in another; remembers what was compared."""

    def __init__(self, senders: SenderSide, side: ResponseSide) -> None:
        self.senders, self.side = senders, side
        self._x: dict[tuple[int, tuple[int, ...]], bool] = {}
        self._z: dict[tuple[Choice, Factor], bool] = {}
        self._x_support: dict[tuple[int, ...], int] = {}
        self._z_support: dict[Factor, int] = {}

    def support(self, one: Product) -> tuple[int, int]:
        """The coordinates of x and of z that are not zero somewhere in the product, as bits."""
        x = self._x_support.get(one.senders)
        if x is None:
            x = self._x_support[one.senders] = _any(self.senders.masks[number] for number in one.senders)
        z = 0
        for factor in one.factors:
            if factor not in self._z_support:
                self._z_support[factor] = _any(self.side.masks[part] for choice in factor.choices for part in choice)
            z |= self._z_support[factor]
        return x, z

    def __call__(self, small: Product, large: Product) -> bool:
        return all(self._has_x(x, large.senders) for x in small.senders) and (
            small.choices <= large.choices
            or all(
                self._has_z(choice, factor)
                for factor in large.factors
                if factor not in small.factors
                for choice in {tuple([z[o] for o in factor.stations]) for z in small.choices}
            )
        )

    def _has_x(self, x: int, hull: tuple[int, ...]) -> bool:
        if x in hull:
            return True
        if len(hull) == 1:
            return False
        key = x, hull
        if key not in self._x:
            self._x[key] = self.senders.holds(hull, x)
        return self._x[key]

    def _has_z(self, z: Choice, factor: Factor) -> bool:
        if z in factor.choices:
            return True
        if len(factor.choices) == 1:
            return False
        key = z, factor
        if key not in self._z:
            self._z[key] = hull_contains([self.side.whole(c) for c in sorted(factor.choices)], self.side.whole(z))
        return self._z[key]


def _any(masks: Iterable[int]) -> int:
    together = 0
    for mask in masks:
        together |= mask
    return together


class FactorHulls:
    """Which factors of responses have a point in common; remembers what was compared."""

    def __init__(self, side: ResponseSide) -> None:
        self.side = side
        self._hulls: dict[tuple[tuple[Factor, ...], tuple[int, ...]], Hull] = {}
        self._meet: dict[tuple[tuple[Factor, ...], tuple[Factor, ...], tuple[int, ...]], bool] = {}
        self._whole: dict[tuple[tuple[Factor, ...], tuple[Factor, ...], frozenset[int]], bool] = {}
        self._blocks: dict[object, list[tuple[list[int], list[int]]]] = {}

    def meet(self, one: Product, other: Product, stations: frozenset[int]) -> bool:
        """Whether the two products' responses at these stations have a point in common.

        Both are products over every set of stations that is a union of factors of each, so it is asked there.
        """
        key = one.factors, other.factors, stations
        known = self._whole.get(key)
        if known is None:
            known = self._whole[key] = (
                len(stations) == len(self.side.complex.stations) and not one.choices.isdisjoint(other.choices)
            ) or all(
                self._hulls_meet(tuple(one.factors[k] for k in mine), tuple(other.factors[k] for k in its), stations)
                for mine, its in self._common(one, other)
            )
        return known

    def _hulls_meet(self, first: tuple[Factor, ...], second: tuple[Factor, ...], stations: frozenset[int]) -> bool:
        here = tuple(sorted(o for factor in first for o in factor.stations if o in stations))
        key = first, second, here
        if key not in self._meet:
            self._meet[key] = not here or self._hull(first, here).meets(self._hull(second, here))
        return self._meet[key]

    def _common(self, one: Product, other: Product) -> list[tuple[list[int], list[int]]]:
        """The finest sets of stations that are unions of factors of both, as (factors of one, factors of the other)."""
        mine, its = [f.stations for f in one.factors], [f.stations for f in other.factors]
        key = tuple(mine), tuple(its)
        if key not in self._blocks:
            blocks: list[set[int]] = []
            for stations in (*mine, *its):
                apart = [b for b in blocks if b.isdisjoint(stations)]
                blocks = [*apart, set(stations).union(*(b for b in blocks if not b.isdisjoint(stations)))]
            self._blocks[key] = [
                ([k for k, s in enumerate(mine) if b.issuperset(s)], [k for k, s in enumerate(its) if b.issuperset(s)])
                for b in blocks
            ]
        return self._blocks[key]

    def _hull(self, factors: tuple[Factor, ...], stations: tuple[int, ...]) -> Hull:
        key = factors, stations
        if key not in self._hulls:
            order = sorted(o for factor in factors for o in factor.stations)
            places = [order.index(o) for o in stations]
            choices = sorted({tuple([choice[k] for k in places]) for choice in joined(factors)})
            self._hulls[key] = Hull([self.side.whole(choice) for choice in choices], frozenset(choices))
        return self._hulls[key]


class Components:
    """Products joined into connected components, one product at a time.

    ``on_path``  they touch where they share an x and the responses that x leads to, whatever is done elsewhere
    """

    def __init__(self, senders: SenderSide, hulls: FactorHulls, on_path: bool = False) -> None:
        self._senders, self._z, self._on_path = senders, hulls, on_path
        self._products: list[Product] = []
        self._parent: list[int] = []
        self._alike: dict[tuple[int, ...], list[int]] = {}
        """extreme x -> the products that have just these"""
        self._x_hulls: dict[tuple[int, ...], Hull] = {}
        self._meetings: dict[tuple[tuple[int, ...], tuple[int, ...]], bool] = {}

    def _root(self, i: int) -> int:
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def add(self, product: Product) -> None:
        """Join *product* with all earlier ones that it touches. Raises OutOfTimeError, and is then left out."""
        x = product.senders
        points = self._senders.points
        if x not in self._x_hulls:
            self._x_hulls[x] = Hull([points[k] for k in x], frozenset(x))
        touched: set[int] = set()
        for other, members in self._alike.items():
            clock.check()
            roots = {j: self._root(j) for j in members}
            places = [] if touched.issuperset(roots.values()) else self._shared(x, other)
            for j, root in roots.items() if places else ():
                if root not in touched and any(self._z.meet(product, self._products[j], here) for here in places):
                    touched.add(root)
        new = len(self._products)
        self._products.append(product)
        self._alike.setdefault(x, []).append(new)
        self._parent.append(new)
        lowest = min(touched, default=new)
        for root in (*touched, new):
            self._parent[root] = lowest

    def _shared(self, x: tuple[int, ...], other: tuple[int, ...]) -> list[frozenset[int]]:
        """The sets of stations at one of which responses have to agree for the products to touch; none where no x is
        shared.

        All stations, or, on the path, those that an extreme shared x leads to: every other one leads to more.
        """
        everywhere = frozenset(range(len(self._senders.complex.stations)))
        mine, its = self._x_hulls[x], self._x_hulls[other]
        if not self._on_path:
            return [everywhere] if x == other or self._x_meet(x, other) else []
        if x == other:
            shared = list(mine.points)
        elif self._x_meet(x, other):
            shared = mine.shared(its)
        else:
            return []
        found = {frozenset(o for o in everywhere if self._leads(point, o)) for point in shared}
        return sorted((here for here in found if not any(less < here for less in found)), key=sorted)

    def _x_meet(self, x: tuple[int, ...], other: tuple[int, ...]) -> bool:
        """Whether the two hulls of extreme x have a point in common."""
        key = (x, other) if x < other else (other, x)
        known = self._meetings.get(key)
        if known is None:
            mine, its = self._x_hulls[x], self._x_hulls[other]
            known = self._meetings[key] = not mine.names.isdisjoint(its.names) or (
                len(x) + len(other) > 2 and not mine.apart(its) and self._senders.meet(x, other)
            )
        return known

    def _leads(self, x: Point, o: int) -> bool:
        return any(x[i] for i in self._senders.complex.stations[o].pairs)

    def numbers(self) -> list[int]:
        """[product] -> number of its component, from 0, in order of first appearance."""
        names: dict[int, int] = {}
        return [names.setdefault(self._root(i), len(names)) for i in range(len(self._products))]
