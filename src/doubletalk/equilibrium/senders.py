"""The exact system over x of a choice: which behaviour of the sender fits its pieces (theory, section 3)."""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.equilibrium.numbering import Numbering
from doubletalk.equilibrium.polyhedra import Polytope, StrictSystem
from doubletalk.equilibrium.response import Point, ResponseComplex, Row
from doubletalk.exact import ONE, ZERO, Rational

__all__ = ["SenderSide"]


class SenderSide:
    """The systems over x of one complex and prior, and the extreme points found so far.

    ``points``  [number] -> an extreme x that some choice has
    """

    def __init__(self, complex_: ResponseComplex, prior: tuple[Rational, ...], numbers: Numbering) -> None:
        self.complex, self.prior, self.numbers = complex_, prior, numbers
        self.points: list[Point] = []
        self.sent: list[frozenset[int]] = []
        """[number] -> the pairs that have weight there."""
        self.masks: list[int] = []
        """[number] -> the unknowns that are not zero there, as bits."""
        self._number_of: dict[str, int] = {}
        self._extremes: dict[object, tuple[int, ...]] = {}
        self._frames: dict[tuple[int, ...], tuple[frozenset[int], tuple[int, ...]]] = {}
        """extreme points -> (allowed pairs, pieces) that have just these."""

    def exist(self, live: set[int], used: list[int], pieces: list[int], whole: bool = False) -> bool:
        """Whether some x has weight on all *used* pairs, none outside *live*, and lies in the pieces' belief cones.

        ``whole``: the weights of each type sum to its prior
        """
        unknowns = [u for u, owner in enumerate(self.numbers.owner) if owner in live]
        place = {u: k for k, u in enumerate(unknowns)}
        system = StrictSystem(len(unknowns), [place[i] for i in used])
        self._conditions(system, place, pieces)
        if whole:
            self._prior_conditions(system, place, live)
        return not system.is_empty()

    def extremes(self, allowed: frozenset[int], pieces: list[int]) -> tuple[int, ...]:
        """Numbers of the extreme x with weight on allowed pairs only, inside every piece's belief cone, in the order of
        the points; () when there is none."""
        stations = self.complex.stations
        met = tuple(k for k in pieces if not allowed.isdisjoint(stations[self.numbers.piece_station[k]].pairs))
        key = allowed, met
        known = self._extremes.get(key)
        if known is None:
            known = self._extremes[key] = tuple(map(self._number, self._vertices(allowed, met)))
            self._frames.setdefault(known, key)
        return known

    def holds(self, extremes: tuple[int, ...], number: int) -> bool:
        """Whether the polytope with these *extremes*, as found by ``extremes``, holds point *number*: by its rows."""
        allowed, pieces = self._frames[extremes]
        return self.sent[number] <= allowed and all(self.numbers.pieces[k].allows(self.points[number]) for k in pieces)

    def within(self, allowed: frozenset[int], pieces: Sequence[int], rows: Sequence[Row]) -> list[Point]:
        """The extreme x of ``extremes`` where these rows are nonnegative besides."""
        stations = self.complex.stations
        met = [k for k in pieces if not allowed.isdisjoint(stations[self.numbers.piece_station[k]].pairs)]
        return self._vertices(allowed, tuple(met), rows)

    def meet(self, one: tuple[int, ...], other: tuple[int, ...]) -> bool:
        """Whether the polytopes with these extremes have a point in common, by their rows."""
        if any(self.holds(other, x) for x in one) or any(self.holds(one, x) for x in other):
            return True
        allowed, pieces = self._frames[one]
        others, its = self._frames[other]
        live = allowed & others
        unknowns = [u for u, owner in enumerate(self.numbers.owner) if owner in live]
        place = {u: k for k, u in enumerate(unknowns)}
        system = StrictSystem(len(unknowns), [])
        if any(not any(self.complex.pairs[i][0] == t for i in live) for t in range(len(self.prior))):
            return False
        self._prior_conditions(system, place, live)
        self._conditions(system, place, [*pieces, *its])
        return not system.is_empty()

    def _vertices(self, allowed: frozenset[int], pieces: tuple[int, ...], rows: Sequence[Row] = ()) -> list[Point]:
        unknowns = [u for u, owner in enumerate(self.numbers.owner) if owner in allowed]
        place = {u: n for n, u in enumerate(unknowns)}
        body = Polytope(len(unknowns))
        self._prior_conditions(body, place, allowed)
        self._conditions(body, place, pieces)
        for row in rows:
            body.at_least({place[u]: v for u, v in row.items() if u in place})
        full = []
        for point in body.vertices():
            full.append(tuple(point[place[u]] if u in place else ZERO for u in range(self.complex.unknowns)))
        return sorted(full)

    def _number(self, x: Point) -> int:
        name = ",".join(map(str, x))
        known = self._number_of.get(name)
        if known is None:
            known = self._number_of[name] = len(self.points)
            self.points.append(x)
            self.sent.append(frozenset(i for i in range(len(self.complex.pairs)) if x[i]))
            self.masks.append(sum(1 << u for u, value in enumerate(x) if value))
        return known

    def _conditions(
        self, system: StrictSystem | Polytope, place: dict[int, int], pieces: list[int] | tuple[int, ...]
    ) -> None:
        """Links and belief cones, over the unknowns that have a place; the others are zero."""
        for row, is_equal in self._rows(pieces):
            small = {place[u]: v for u, v in row.items() if u in place}
            if not small:
                continue
            if is_equal:
                system.equal(small)
            else:
                system.at_least(small)

    def _prior_conditions(
        self, system: StrictSystem | Polytope, place: dict[int, int], live: set[int] | frozenset[int]
    ) -> None:
        """The weights of each type's live pairs sum to its prior."""
        for t, p in enumerate(self.prior):
            system.equal({place[i]: ONE for i in live if self.complex.pairs[i][0] == t}, p)

    def _rows(self, pieces: list[int] | tuple[int, ...]) -> list[tuple[Row, bool]]:
        rows: list[tuple[Row, bool]] = [(link, True) for link in self.complex.links]
        for k in pieces:
            rows += [(row, True) for row in self.numbers.pieces[k].equal]
            rows += [(row, False) for row in self.numbers.pieces[k].at_least]
        return rows
