"""The two exact systems of a choice: which x are consistent with its pieces, and which responses z (theory, section 3).

They share no unknown. ``x_exact`` and ``z_exact`` ask whether one has a strict solution, ``senders`` and ``responses``
give all extreme solutions.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, product

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.numbering import Numbering
from doubletalk.equilibrium.polyhedra import Polytope, StrictSystem, hull_extremes
from doubletalk.equilibrium.products import Point
from doubletalk.equilibrium.response import ResponseComplex, Row
from doubletalk.equilibrium.search import USED
from doubletalk.exact import ONE, ZERO, Rational

__all__ = ["Systems"]


class Systems:
    """The exact systems of one complex and prior."""

    def __init__(self, complex_: ResponseComplex, prior: tuple[Rational, ...], numbers: Numbering) -> None:
        self.complex, self.prior, self.numbers = complex_, prior, numbers

    def x_exact(self, live: set[int], used: list[int], pieces: list[int], whole: bool = False) -> bool:
        unknowns = [u for u, owner in enumerate(self.numbers.owner) if owner in live]
        place = {u: k for k, u in enumerate(unknowns)}
        system = StrictSystem(len(unknowns), [place[i] for i in used])
        self._x_conditions(system, place, pieces)
        if whole:
            self._prior_conditions(system, place, live)
        return not system.is_empty()

    def _x_conditions(self, system: StrictSystem | Polytope, place: dict[int, int], pieces: list[int]) -> None:
        """Links and belief cones, over the unknowns that have a place; the others are zero."""
        for row, is_equal in self._x_rows(pieces):
            small = {place[u]: v for u, v in row.items() if u in place}
            if not small:
                continue
            if is_equal:
                system.equal(small)
            else:
                system.at_least(small)

    def _prior_conditions(self, system: StrictSystem | Polytope, place: dict[int, int], live: set[int]) -> None:
        """The weights of each type's live pairs sum to its prior."""
        for t, p in enumerate(self.prior):
            system.equal({place[i]: ONE for i in live if self.complex.pairs[i][0] == t}, p)

    def _x_rows(self, pieces: list[int]) -> list[tuple[Row, bool]]:
        rows: list[tuple[Row, bool]] = [(link, True) for link in self.complex.links]
        for k in pieces:
            rows += [(row, True) for row in self.numbers.pieces[k].equal]
            rows += [(row, False) for row in self.numbers.pieces[k].at_least]
        return rows

    def z_exact(self, states: list[int], chosen: list[int]) -> bool:
        columns = [c for k in chosen if k >= 0 for c in self.numbers.piece_columns[k]]
        place = {c: n for n, c in enumerate(columns)}
        positive = []
        for o, k in enumerate(chosen):
            reached = any(states[i] == USED for i in self.complex.stations[o].pairs)
            if k >= 0 and reached and self.numbers.pieces[k].simplex:
                positive += [place[c] for c in self.numbers.piece_columns[k]]
        system = StrictSystem(len(columns), positive)
        seen = {i for i in range(len(self.complex.pairs)) if self._stations_chosen(i, chosen)}
        used = {i for i in seen if states[i] == USED}
        self._z_rows(system, place, seen, used)
        return not system.is_empty()

    def _stations_chosen(self, i: int, chosen: list[int]) -> bool:
        return all(chosen[o] >= 0 for o, s in enumerate(self.complex.stations) if i in s.pairs)

    def _z_rows(self, system: StrictSystem | Polytope, place: dict[int, int], seen: set[int], used: set[int]) -> None:
        """Block sums, and for each type: used pairs tie, others pay no more."""
        sums: dict[int, dict[int, Rational]] = {}
        for c, n in place.items():
            sums.setdefault(self.numbers.column_block[c], {})[n] = ONE
        for row in sums.values():
            system.equal(row, ONE)
        for t in range(len(self.prior)):
            mine = sorted(i for i in seen if self.complex.pairs[i][0] == t)
            best = [i for i in mine if i in used]
            if not best:
                continue
            reference = self._payoff_row(best[0], place)
            for i in mine:
                if i == best[0]:
                    continue
                row = dict(reference)
                for n, value in self._payoff_row(i, place).items():
                    row[n] = row.get(n, ZERO) - value
                constant = self.complex.base[i] - self.complex.base[best[0]]
                if i in used:
                    system.equal(row, constant)
                else:
                    system.at_least(row, constant)

    def _payoff_row(self, i: int, place: dict[int, int]) -> dict[int, Rational]:
        row = {}
        for c, n in place.items():
            o, b, v = self.numbers.columns[c]
            gain = self.complex.stations[o].blocks[b].vertices[v].payoffs.get(i)
            if gain is not None and gain != 0:
                row[n] = gain
        return row

    def responses(self, used: set[int], chosen: list[int]) -> list[dict[int, Rational]]:
        """Extreme weights over response columns."""
        columns = [c for k in chosen for c in self.numbers.piece_columns[k]]
        place = {c: n for n, c in enumerate(columns)}
        body = Polytope(len(columns))
        self._z_rows(body, place, set(range(len(self.complex.pairs))), used)
        return [{c: point[n] for c, n in place.items() if point[n] != 0} for point in body.vertices()]

    def ties(self, weights: list[dict[int, Rational]], used: set[int]) -> set[int]:
        """The pairs that are best for their type at all the given responses; used pairs are."""
        pairs = self.complex.pairs
        reference = {pairs[i][0]: i for i in used}
        ties = set(range(len(pairs)))
        for weight in weights:
            clock.check()
            best = {t: self._value(i, weight) for t, i in reference.items()}
            ties = {i for i in ties if i in used or self._value(i, weight) == best[pairs[i][0]]}
        return ties

    def _value(self, i: int, weight: dict[int, Rational]) -> Rational:
        total = self.complex.base[i]
        for c, w in weight.items():
            o, b, v = self.numbers.columns[c]
            gain = self.complex.stations[o].blocks[b].vertices[v].payoffs.get(i)
            if gain is not None:
                total += w * gain
        return total

    def senders(self, allowed: set[int], pieces: list[int]) -> list[Point]:
        """Extreme x with weight on allowed pairs only, inside every piece's belief cone."""
        unknowns = [u for u, owner in enumerate(self.numbers.owner) if owner in allowed]
        place = {u: n for n, u in enumerate(unknowns)}
        body = Polytope(len(unknowns))
        self._prior_conditions(body, place, allowed)
        self._x_conditions(body, place, pieces)
        full = []
        for point in body.vertices():
            full.append(tuple(point[place[u]] if u in place else ZERO for u in range(self.complex.unknowns)))
        return sorted(full)

    def points(self, weights: list[dict[int, Rational]], pieces: list[int]) -> list[Point]:
        """The responses as points: all blocks' coordinates in a row; only the extreme ones, sorted.

        Where a vertex has twins, its whole weight may go to any one of them: each choice is an extreme point.
        """
        points = []
        for weight in weights:
            clock.check()
            parts = []
            for o, b in self.numbers.blocks:
                used = [
                    (weight[self.numbers.column_of[o, b, v]], vertex.points)
                    for v, vertex in enumerate(self.complex.stations[o].blocks[b].vertices)
                    if self.numbers.column_of[o, b, v] in weight
                ]
                parts.append([_mixture(w, choice) for w, choice in _choices(used)])
            points += [tuple(chain.from_iterable(choice)) for choice in product(*parts)]
        if all(self.numbers.pieces[k].simplex for k in pieces):
            return sorted(points)
        return hull_extremes(points)


def _choices(used: list[tuple[Rational, tuple[Point, ...]]]) -> Iterator[tuple[list[Rational], tuple[Point, ...]]]:
    weights = [w for w, _ in used]
    for choice in product(*(points for _, points in used)):
        yield weights, choice


def _mixture(weights: list[Rational], points: tuple[Point, ...]) -> list[Rational]:
    mixed = [ZERO] * len(points[0])
    for w, point in zip(weights, points, strict=True):
        mixed = [m + w * coordinate for m, coordinate in zip(mixed, point, strict=True)]
    return mixed
