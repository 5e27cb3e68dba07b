"""Maximal products of polytopes: which lie inside others, and which touch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.clock import OutOfTimeError
from doubletalk.equilibrium.polyhedra import Hull, hull_contains
from doubletalk.exact import Rational

__all__ = ["Components", "Point", "Product", "maximal"]

Point = tuple[Rational, ...]


@dataclass(frozen=True)
class Product:
    """One maximal product: ``senders`` extreme x vectors, ``responses`` extreme z vectors (all blocks in a row)."""

    senders: tuple[Point, ...]
    responses: tuple[Point, ...]
    pieces: tuple[int, ...]


def maximal(found: Mapping[str, Product], end: float) -> tuple[Product, ...]:
    """The products that lie in no other, in a fixed order; those not looked at before *end* are kept."""
    everything = sorted(found.values(), key=lambda p: (p.senders, p.responses))
    supports = [(_support(p.senders), _support(p.responses)) for p in everything]
    kept = []
    done = 0
    try:
        with clock.deadline(end):
            for i, small in enumerate(everything):
                x, z = supports[i]
                rivals = (q for k, q in enumerate(everything) if k != i and x <= supports[k][0] and z <= supports[k][1])
                if not any(_within(small, large) for large in rivals):
                    kept.append(small)
                done = i + 1
                clock.check()
    except OutOfTimeError:
        kept += everything[done:]
    return tuple(kept)


def _support(points: tuple[Point, ...]) -> set[int]:
    return {i for point in points for i, value in enumerate(point) if value != 0}


def _within(small: Product, large: Product) -> bool:
    if not all(hull_contains(large.senders, x) for x in small.senders):
        return False
    return all(hull_contains(large.responses, z) for z in small.responses)


class Components:
    """Products joined into connected components, one product at a time."""

    def __init__(self) -> None:
        self._sides: list[tuple[Hull, Hull]] = []
        self._parent: list[int] = []

    def _root(self, i: int) -> int:
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def add(self, product: Product) -> None:
        """Join *product* with all earlier ones that it touches. Raises OutOfTimeError, and is then left out."""
        x, z = Hull(product.senders), Hull(product.responses)
        touched = set()
        for j, (senders, responses) in enumerate(self._sides):
            clock.check()
            root = self._root(j)
            if root not in touched and x.meets(senders) and z.meets(responses):
                touched.add(root)
        new = len(self._sides)
        self._sides.append((x, z))
        self._parent.append(new)
        lowest = min(touched, default=new)
        for root in (*touched, new):
            self._parent[root] = lowest

    def numbers(self) -> list[int]:
        """[product] -> number of its component, from 0, in order of first appearance."""
        names: dict[int, int] = {}
        return [names.setdefault(self._root(i), len(names)) for i in range(len(self._sides))]
