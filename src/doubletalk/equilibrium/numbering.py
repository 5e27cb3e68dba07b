"""One numbering of everything that the search and the exact systems speak of: unknowns, pieces, response columns."""

from __future__ import annotations

from collections.abc import Collection

from doubletalk.equilibrium.response import Piece, ResponseComplex, Station
from doubletalk.exact import ONE

__all__ = ["Numbering"]


class Numbering:
    """Global numbers of a complex's pieces, response columns (vertices) and blocks.

    ``owner``           [unknown] -> the pair whose weight it refines (itself for pairs)
    ``pieces``          [piece]; ``piece_station`` [piece] -> station; ``piece_columns`` [piece] -> response columns
    ``station_pieces``  [station] -> pieces for where play arrives; ``off_path`` for where it does not
    ``columns``         [column] -> (station, block, vertex); ``column_of`` the inverse; ``column_block`` -> block
    ``blocks``          [block] -> (station, block of the station)
    ``bound_pieces``    piece -> (station, piece of the station) for those that are bounds
    """

    def __init__(self, complex_: ResponseComplex, nash: bool, bounds: Collection[tuple[int, int]]) -> None:
        self.complex = complex_
        self.nash = nash
        self._bounds = bounds
        self.bound_pieces: dict[int, tuple[int, int]] = {}
        self._index_unknowns()
        self._index_pieces()

    def _index_unknowns(self) -> None:
        """owner[u]: the pair that unknown u refines; a link ties each further unknown to one pair."""
        complex_ = self.complex
        count = len(complex_.pairs)
        self.owner = list(range(count)) + [-1] * (complex_.unknowns - count)
        for link in complex_.links:
            pair = min(link)
            for u in link:
                if u >= count:
                    self.owner[u] = pair

    def _index_pieces(self) -> None:
        """Global numbering of pieces, response columns and blocks."""
        self.pieces: list[Piece] = []
        self.piece_station: list[int] = []
        self.station_pieces: list[list[int]] = []
        self.off_path: list[list[int]] = []
        self.columns: list[tuple[int, int, int]] = []
        self.column_of: dict[tuple[int, int, int], int] = {}
        self.column_block: list[int] = []
        self.blocks: list[tuple[int, int]] = []
        for o, station in enumerate(self.complex.stations):
            for b, block in enumerate(station.blocks):
                for v in range(len(block.vertices)):
                    self.column_of[o, b, v] = len(self.columns)
                    self.columns.append((o, b, v))
                    self.column_block.append(len(self.blocks))
                self.blocks.append((o, b))
            numbers = [self._add_piece(o, piece) for piece in station.pieces]
            self.station_pieces.append(numbers)
            loose = {numbers[k]: (o, k) for k in range(len(numbers)) if (o, k) in self._bounds}
            self.bound_pieces.update(loose)
            exact = [k for k in numbers if k not in loose]
            if self.nash:
                everything = self._everything(o, station)
                nobody = tuple({i: ONE} for i in station.pairs)
                self.off_path.append([self._add_piece(o, Piece(nobody, (), everything, simplex=False))])
            else:
                self.off_path.append(self._largest(exact) + list(loose))
        self.piece_columns = [
            [self.column_of[o, b, v] for b, support in enumerate(piece.support) for v in support]
            for o, piece in zip(self.piece_station, self.pieces, strict=True)
        ]

    def _everything(self, o: int, station: Station) -> tuple[tuple[int, ...], ...]:
        """[block] -> all its vertices but those of bounds, which are no responses."""
        bounds = [station.pieces[k].support for where, k in self._bounds if where == o]
        return tuple(
            tuple(v for v in range(len(block.vertices)) if not any(v in support[b] for support in bounds))
            for b, block in enumerate(station.blocks)
        )

    def _add_piece(self, o: int, piece: Piece) -> int:
        self.pieces.append(piece)
        self.piece_station.append(o)
        return len(self.pieces) - 1

    def _largest(self, numbers: list[int]) -> list[int]:
        """The pieces whose responses are in no other's, one of each kind."""
        supports = {k: [frozenset(s) for s in self.pieces[k].support] for k in numbers}
        largest: list[int] = []
        for k in sorted(numbers, key=lambda k: (-sum(map(len, supports[k])), k)):
            if not any(all(a <= b for a, b in zip(supports[k], supports[q], strict=True)) for q in largest):
                largest.append(k)
        return sorted(largest)
