"""The responses of a choice: an exact system over z alone (theory, section 3), solved in independent factors.

Who sends what ties the responses at the stations where play arrives to each other. Once these fix what every type gets,
u*, a station where nobody arrives owes the others nothing: its responses must pay no type more than u*. So the polytope
Z is a product of *factors*, one for the stations where play arrives and one for each other station (or for several,
where one message leads to both), and its extreme points are the products of theirs. Where the responses on the path
leave u* open, Z is one factor.

Nothing here depends on the prior: ``ResponseSide`` remembers every factor, and serves all games with the same payoffs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import chain, product

from flint import fmpq_mat

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.numbering import Numbering
from doubletalk.equilibrium.polyhedra import Polytope, StrictSystem, hull_extremes
from doubletalk.equilibrium.response import ResponseComplex
from doubletalk.equilibrium.search import USED
from doubletalk.exact import ONE, ZERO, Rational

__all__ = ["Choice", "Factor", "Part", "ResponseSide"]

Part = tuple[tuple[Rational, ...], ...]
"""The responses at one station: [block] -> its point."""

Choice = tuple[int, ...]
"""[station of a factor, or of all] -> number of the part there."""

MOST_JUDGED = 20_000
"""Answers to the search's doubts that are remembered, at most."""

Weights = dict[int, Rational]
"""Response column -> weight, zeros left out."""


class Factor:
    """The responses at some stations that do not depend on those elsewhere; ``choices`` are its extreme points.

    ``stations``  ascending; ``pieces`` the piece chosen at each
    ``weights``   its extreme points over the response columns
    ``columns``   the response columns that some point gives weight
    ``level``     the pairs that lead here alone and are best for their type at every point
    ``payoffs``   type -> what it gets, where the same at all points and play arrives here; {} otherwise
    """

    def __init__(
        self,
        side: ResponseSide,
        stations: tuple[int, ...],
        pieces: tuple[int, ...],
        weights: list[Weights],
        level: frozenset[int],
        payoffs: dict[int, Rational],
    ) -> None:
        self._side, self.stations, self.pieces, self.weights = side, stations, pieces, weights
        self.level, self.payoffs = level, payoffs
        self.columns = frozenset(c for weight in weights for c in weight)

    @cached_property
    def choices(self) -> frozenset[Choice]:
        """Its extreme points, as numbers of parts."""
        return self._side.extremes(self.stations, self.pieces, self.weights)


class ResponseSide:
    """The systems over z of one complex, and all that was found about them."""

    def __init__(self, complex_: ResponseComplex, numbers: Numbering) -> None:
        self.complex, self.numbers = complex_, numbers
        self.parts: list[Part] = []
        """[number] -> the part."""
        self.masks: list[int] = []
        """[number] -> its coordinates that are not zero, as bits of all stations' coordinates in a row."""
        sizes = [sum(len(b.vertices[0].point) for b in station.blocks) for station in complex_.stations]
        self._first = [sum(sizes[:o]) for o in range(len(sizes))]
        self._numbers_of: list[dict[str, int]] = [{} for _ in complex_.stations]
        self._stations_of = [
            tuple(o for o, station in enumerate(complex_.stations) if i in station.pairs)
            for i in range(len(complex_.pairs))
        ]
        self._gains = [self._gain(i) for i in range(len(complex_.pairs))]
        self._paths: dict[object, Factor | None] = {}
        self._alone: dict[object, Factor | None] = {}
        self._joined: dict[frozenset[int], list[tuple[int, ...]] | None] = {}
        self._judged: dict[object, bool] = {}
        self._independent: dict[int, bool] = {}
        self._ranks: list[int] = []

    def _gain(self, i: int) -> Weights:
        """[response column] -> what it adds to the sender's payoff at pair i; zeros left out."""
        gains = {}
        for c, (o, b, v) in enumerate(self.numbers.columns):
            gain = self.complex.stations[o].blocks[b].vertices[v].payoffs.get(i)
            if gain:
                gains[c] = gain
        return gains

    # ---- the doubts of the search ------------------------------------------------------------------------------------

    def feasible(self, states: Sequence[int], chosen: Sequence[int]) -> bool:
        """Whether the chosen pieces hold responses that make the used pairs best, reached simplex pieces all played."""
        key = tuple(states), tuple(chosen)
        known = self._judged.get(key)
        if known is None:
            known = self._feasible(states, chosen)
            if len(self._judged) < MOST_JUDGED:
                self._judged[key] = known
        return known

    def _feasible(self, states: Sequence[int], chosen: Sequence[int]) -> bool:
        place, positive = self._places(k for k in chosen if k >= 0), []
        for o, k in enumerate(chosen):
            reached = any(states[i] == USED for i in self.complex.stations[o].pairs)
            if k >= 0 and reached and self.numbers.pieces[k].simplex:
                positive += [place[c] for c in self.numbers.piece_columns[k]]
        system = StrictSystem(len(place), positive)
        self._sums(system, place)
        seen = [i for i, stations in enumerate(self._stations_of) if all(chosen[o] >= 0 for o in stations)]
        self._ties(system, place, seen, {i for i in seen if states[i] == USED})
        return not system.is_empty()

    # ---- rows ------------------------------------------------------------------------------------------------------

    def _places(self, pieces: Iterable[int]) -> dict[int, int]:
        return {c: n for n, c in enumerate(c for k in pieces for c in self.numbers.piece_columns[k])}

    def _sums(self, system: StrictSystem | Polytope, place: dict[int, int]) -> None:
        """The weights of each block sum to one."""
        sums: dict[int, dict[int, Rational]] = {}
        for c, n in place.items():
            sums.setdefault(self.numbers.column_block[c], {})[n] = ONE
        for row in sums.values():
            system.equal(row, ONE)

    def _row(self, i: int, place: dict[int, int]) -> dict[int, Rational]:
        return {place[c]: gain for c, gain in self._gains[i].items() if c in place}

    def _ties(
        self, system: StrictSystem | Polytope, place: dict[int, int], seen: Sequence[int], used: Iterable[int]
    ) -> None:
        """For each type: its used pairs tie, the others among *seen* (ascending) pay no more."""
        used = set(used)
        base, pairs = self.complex.base, self.complex.pairs
        best: dict[int, int] = {}
        for i in seen:
            if i in used:
                best.setdefault(pairs[i][0], i)
        rows = {i: self._row(i, place) for i in best.values()}
        for i in seen:
            first = best.get(pairs[i][0])
            if first is None or first == i:
                continue
            row = dict(rows[first])
            for n, value in self._row(i, place).items():
                row[n] = row.get(n, ZERO) - value
            if i in used:
                system.equal(row, base[i] - base[first])
            else:
                system.at_least(row, base[i] - base[first])

    def _value(self, i: int, weight: Weights) -> Rational:
        """What pair i pays its type."""
        gains, total = self._gains[i], self.complex.base[i]
        for c, w in weight.items():
            if c in gains:
                total += w * gains[c]
        return total

    # ---- factors ---------------------------------------------------------------------------------------------------

    def factors(self, used: frozenset[int], chosen: Sequence[int]) -> tuple[Factor, ...] | None:
        """Every response in the *chosen* pieces, one for each station, that makes just the *used* pairs best or tied
        for best, where every type uses one; None when there is none. Raises OutOfTimeError at the deadline."""
        groups = self._groups(used)
        if groups is None:
            whole = self._on_path(used, tuple(range(len(chosen))), chosen)
            return None if whole is None else (whole,)
        path = self._on_path(used, groups[0], chosen)
        if path is None:
            return None
        if not path.payoffs and len(groups) > 1:
            whole = self._on_path(used, tuple(range(len(chosen))), chosen)
            return None if whole is None else (whole,)
        found = [path]
        for stations in groups[1:]:
            factor = self._off_path(stations, chosen, path.payoffs)
            if factor is None:
                return None
            found.append(factor)
        return tuple(found)

    def _groups(self, used: frozenset[int]) -> list[tuple[int, ...]] | None:
        """The stations where play arrives, then the others, those that one pair leads to together; None where a pair
        leads to both."""
        if used in self._joined:
            return self._joined[used]
        path = {o for i in used for o in self._stations_of[i]}
        groups = [{o} for o in range(len(self.complex.stations)) if o not in path]
        found: list[tuple[int, ...]] | None = [tuple(sorted(path))]
        for stations in self._stations_of:
            outside = path.isdisjoint(stations)
            if not outside and not path.issuperset(stations):
                found = None
                break
            if outside and len(stations) > 1:
                together = set().union(*(g for g in groups if not g.isdisjoint(stations)))
                groups = [g for g in groups if g.isdisjoint(stations)] + [together]
        if found is not None:
            found += sorted(tuple(sorted(g)) for g in groups)
        self._joined[used] = found
        return found

    def _on_path(self, used: frozenset[int], stations: tuple[int, ...], chosen: Sequence[int]) -> Factor | None:
        pieces = tuple(chosen[o] for o in stations)
        key = used, stations, pieces
        if key not in self._paths:
            clock.check()
            place = self._places(pieces)
            inside = set(stations)
            seen = [i for i, those in enumerate(self._stations_of) if inside.issuperset(those)]
            body = Polytope(len(place))
            self._sums(body, place)
            self._ties(body, place, seen, used)
            weights = self._weights(body, place)
            self._paths[key] = self._path_factor(used, stations, pieces, seen, weights) if weights else None
        return self._paths[key]

    def _path_factor(
        self, used: frozenset[int], stations: tuple[int, ...], pieces: tuple[int, ...], seen: list[int],
        weights: list[Weights],
    ) -> Factor:  # fmt: skip
        pairs = self.complex.pairs
        reference = {pairs[i][0]: i for i in used}
        level = set(seen)
        payoffs: dict[int, Rational] | None = None
        for weight in weights:
            clock.check()
            best = {t: self._value(i, weight) for t, i in reference.items()}
            level = {i for i in level if i in used or self._value(i, weight) == best[pairs[i][0]]}
            payoffs = best if payoffs in (None, best) else {}
        return Factor(self, stations, pieces, weights, frozenset(level), payoffs or {})

    def _off_path(
        self, stations: tuple[int, ...], chosen: Sequence[int], payoffs: dict[int, Rational]
    ) -> Factor | None:
        pieces = tuple(chosen[o] for o in stations)
        here = sorted({i for o in stations for i in self.complex.stations[o].pairs})
        limits = {i: payoffs[self.complex.pairs[i][0]] for i in here}
        key = stations, pieces, ",".join(map(str, limits.values()))
        if key not in self._alone:
            clock.check()
            place = self._places(pieces)
            body = Polytope(len(place))
            self._sums(body, place)
            for i in here:
                row = {n: -gain for n, gain in self._row(i, place).items()}
                body.at_least(row, self.complex.base[i] - limits[i])
            weights = self._weights(body, place)
            level = frozenset(i for i in here if all(self._value(i, weight) == limits[i] for weight in weights))
            self._alone[key] = Factor(self, stations, pieces, weights, level, {}) if weights else None
        return self._alone[key]

    def _weights(self, body: Polytope, place: dict[int, int]) -> list[Weights]:
        return [{c: point[n] for c, n in place.items() if point[n]} for point in body.vertices()]

    # ---- extreme points as parts -----------------------------------------------------------------------------------

    def extremes(self, stations: tuple[int, ...], pieces: tuple[int, ...], weights: list[Weights]) -> frozenset[Choice]:
        """The extreme responses with these extreme *weights*: mixtures of the vertices' points that are none of others.

        Where a vertex has twins, its whole weight may go to any one of them: each choice is an extreme point. Where the
        vertices of every piece are affinely independent, different weights are different points: no hull is needed.
        """
        found: set[Choice] = set()
        for weight in weights:
            clock.check()
            found.update(product(*(self._parts_at(o, weight) for o in stations)))
        if len(found) < 2 or all(map(self._as_they_are, pieces)):
            return frozenset(found)
        points = {choice: self.whole(choice) for choice in sorted(found)}
        names = {str(point): choice for choice, point in points.items()}
        return frozenset(names[str(point)] for point in hull_extremes(list(points.values())))

    def _parts_at(self, o: int, weight: Weights) -> list[int]:
        blocks = []
        for b, block in enumerate(self.complex.stations[o].blocks):
            used = [
                (weight[self.numbers.column_of[o, b, v]], vertex.points)
                for v, vertex in enumerate(block.vertices)
                if self.numbers.column_of[o, b, v] in weight
            ]
            weights = [w for w, _ in used]
            blocks.append([_mixture(weights, choice) for choice in product(*(points for _, points in used))])
        return [self._number(o, part) for part in product(*blocks)]

    def _number(self, o: int, part: Part) -> int:
        name = ";".join(",".join(map(str, point)) for point in part)
        known = self._numbers_of[o].get(name)
        if known is None:
            known = self._numbers_of[o][name] = len(self.parts)
            self.parts.append(part)
            coordinates = enumerate(chain.from_iterable(part), start=self._first[o])
            self.masks.append(sum(1 << k for k, value in coordinates if value))
        return known

    def _as_they_are(self, k: int) -> bool:
        """Whether different weights over the piece's vertices are different points, and extreme ones stay extreme."""
        piece = self.numbers.pieces[k]
        if piece.simplex:
            return True
        known = self._independent.get(k)
        if known is None:
            station = self.complex.stations[self.numbers.piece_station[k]]
            known = self._independent[k] = all(
                _independent([block.vertices[v].points for v in support])
                for block, support in zip(station.blocks, piece.support, strict=True)
            )
        return known

    def ranks(self) -> list[int]:
        """[part] -> a number that orders the parts of each station as their points are ordered."""
        if len(self._ranks) != len(self.parts):
            self._ranks = [0] * len(self.parts)
            for names in self._numbers_of:
                for rank, part in enumerate(sorted(names.values(), key=self.parts.__getitem__)):
                    self._ranks[part] = rank
        return self._ranks

    def whole(self, choice: Choice) -> tuple[Rational, ...]:
        """The point of a choice: all coordinates of its stations' blocks in a row."""
        return tuple(chain.from_iterable(chain.from_iterable(self.parts[part] for part in choice)))


def _mixture(weights: list[Rational], points: tuple[tuple[Rational, ...], ...]) -> tuple[Rational, ...]:
    if len(points) == 1:
        return points[0]
    mixed = [ZERO] * len(points[0])
    for w, point in zip(weights, points, strict=True):
        mixed = [m + w * coordinate for m, coordinate in zip(mixed, point, strict=True)]
    return tuple(mixed)


def _independent(points: Sequence[tuple[tuple[Rational, ...], ...]]) -> bool:
    """Whether these points, none of which has twins, are affinely independent."""
    if any(len(own) > 1 for own in points):
        return False
    if len(points) == 1:
        return True
    rows = [[*own[0], ONE] for own in points]
    return len(rows) <= len(rows[0]) and int(fmpq_mat(rows).rank()) == len(rows)
