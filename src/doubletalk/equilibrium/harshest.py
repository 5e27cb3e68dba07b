"""Which responses off the path are worth a look when only outcomes are asked for: the harshest.

Where nobody arrives a response matters by what it would pay those who might come. If every extreme response of one
piece pays each of them at least what some extreme response of another piece pays, whatever the first deters the second
deters too: mixtures pay mixtures. An equilibrium stays one, with the same outcome, when a response off the path gives
way to a harsher one that some belief makes rational. So outcomes need only pieces that no other is as harsh as.
"""

from __future__ import annotations

from doubletalk.equilibrium.numbering import Numbering
from doubletalk.equilibrium.response import Piece, Station
from doubletalk.exact import ZERO, Rational

__all__ = ["harshest"]

Pays = list[list[tuple[Rational, ...]]]
"""[block][extreme response] -> what it pays at each pair that leads to the station."""


def harshest(numbers: Numbering, o: int) -> list[int]:
    """Of the pieces at station *o*, those that no exact piece is as harsh as; of equally harsh ones the first.

    A bound may give way to an exact piece but not the other way round. Cost: the square of pieces times responses.
    """
    station = numbers.complex.stations[o]
    pays = {k: _pays(station, numbers.pieces[k]) for k in numbers.station_pieces[o]}
    kept: list[int] = []
    for k in numbers.station_pieces[o]:
        if k not in numbers.bound_pieces and not any(_as_harsh(pays[q], pays[k]) for q in kept):
            kept = [q for q in kept if not _as_harsh(pays[k], pays[q])] + [k]
    loose = (k for k in numbers.off_path[o] if k in numbers.bound_pieces)
    return kept + [k for k in loose if not any(_as_harsh(pays[q], pays[k]) for q in kept)]


def _pays(station: Station, piece: Piece) -> Pays:
    return [
        [tuple(block.vertices[v].payoffs.get(i, ZERO) for i in station.pairs) for v in support]
        for block, support in zip(station.blocks, piece.support, strict=True)
    ]


def _as_harsh(harsh: Pays, mild: Pays) -> bool:
    """Whether in every block each response of *mild* pays everybody at least what some response of *harsh* does."""
    return all(
        all(any(all(x <= y for x, y in zip(h, m, strict=True)) for h in hers) for m in its)
        for hers, its in zip(harsh, mild, strict=True)
    )
