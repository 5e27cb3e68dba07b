"""Whether a choice that rests on a bound holds anything that the exact pieces leave out.

A bound is a cone of beliefs with plans whose mixtures hold every rational one, and more. The sender's conditions often
leave few of its plans in use. Two questions are then settled exactly, for stations with two audiences:

- *Which beliefs are left.* The first audience's actions that are played are worth at least every other one. Where one
  of the plans in use is at least as good for an action as all others at every x of the choice, and one of those after
  the other action at most as good, this is one linear row over x.
- *Whether a piece holds it all.* An exact piece that allows every x that is left, and whose responses include all plans
  in use, holds every equilibrium of the choice; the search has met it with that piece in place of the bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doubletalk.equilibrium.desk import Desk
from doubletalk.equilibrium.pieces_reply import difference
from doubletalk.equilibrium.polyhedra import hull_contains
from doubletalk.equilibrium.response import Bound, Piece, Point, Row
from doubletalk.exact import ZERO, Rational

__all__ = ["Looseness", "necessary_rows"]


class Looseness:
    """Answers for the bounds of one desk; remembers which pieces hold which plans."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._holding: dict[tuple[int, int, frozenset[int]], list[Piece]] = {}

    def covered(self, o: int, k: int, used: frozenset[int], points: Sequence[Point]) -> bool:
        """Whether one exact piece of station *o* holds all mixtures of the plans *used*, vertices of bound *k*.

        ``points``  the x for which it has to; () where nobody arrives and the belief is free
        """
        bound = self.desk.bounds[o, k]
        if not bound.worth or (not bound.groups and len({a for a, _ in bound.worth.values()}) > 1):
            return False
        key = o, k, used
        if key not in self._holding:
            self._holding[key] = self._pieces(o, bound, used)
        return any(all(piece.allows(x) for x in points) for piece in self._holding[key])

    def _pieces(self, o: int, bound: Bound, used: frozenset[int]) -> list[Piece]:
        """The exact pieces whose responses include these plans, as far as they say what is done.

        A branch that is played has its plan in unbroken places; what other plans say of it does not matter.
        """
        station = self.desk.complex.stations[o]
        (block,) = station.blocks
        played = {bound.worth[v][0] for v in used}
        kept = [
            n
            for n, (node, breaks, _) in enumerate(block.behaviour.places)  # type: ignore[attr-defined]
            if not (node and node[0] in played and breaks & 2)
        ]
        wanted = {tuple([bound.points[v][n] for n in kept]) for v in used}
        found = []
        for piece in station.pieces:
            hull = [tuple([block.vertices[v].point[n] for n in kept]) for v in piece.support[0]]
            if all(hull_contains(hull, point) for point in wanted):
                found.append(piece)
        return found


def necessary_rows(bound: Bound, used: frozenset[int], points: Sequence[Point]) -> list[Row]:
    """Rows that are nonnegative at every x in the hull of *points* where some mixture of the plans *used*, every first
    action among them played, is rational; fewer than there could be where plans are not ranked alike at all points."""
    if not bound.worth:
        return []
    choosing: dict[int, list[int]] = {}
    for v, (a, _) in bound.worth.items():
        choosing.setdefault(a, []).append(v)
    played = sorted({bound.worth[v][0] for v in used})
    rows: list[Row] = []
    for a in played:
        mine = [v for v in choosing[a] if v in used]
        for b in range(len(bound.worth[mine[0]][1])):
            if b == a:
                continue
            if b not in choosing and len(played) == 1:
                gains = [difference(bound.worth[v][1][a], bound.worth[v][1][b]) for v in mine]
                rows += _greatest(gains, points)
                continue
            others = choosing.get(b, used)
            its = [v for v in others if v in used or b not in played]
            best = _greatest([bound.worth[v][1][a] for v in mine], points)
            least = _greatest([difference({}, bound.worth[v][1][b]) for v in its], points)
            rows += [difference(one, difference({}, other)) for one in best for other in least]
    return rows


def _greatest(forms: Iterable[Row], points: Sequence[Point]) -> list[Row]:
    """One of the forms that is at least as large as all others at every point; [] when there is none."""
    distinct = {tuple(sorted(form.items())): form for form in forms}
    values = [(form, [_value(form, x) for x in points]) for form in distinct.values()]
    most = [max(column) for column in zip(*(v for _, v in values), strict=True)]
    return next(([form] for form, v in values if v == most), [])


def _value(form: Row, x: Point) -> Rational:
    return sum((v * x[u] for u, v in form.items()), ZERO)
