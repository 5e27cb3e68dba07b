# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, annotation_typing=False
"""The two systems of a partial choice, written into the programme: responses z, and weights x (theory, section 3).

Undecided pairs are free. Both are scaled so that 0 <= v <= 1 for payoffs, 0 <= x <= prior for weights.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence

from doubletalk.equilibrium.search_programme import Programme

__all__ = ["UNDECIDED", "UNUSED", "USED", "Systems"]

UNDECIDED = 0
USED = 1
UNUSED = 2


class Systems(Programme):
    """The tables of one complex, and the systems that a partial choice makes of them.

    ``states``  [pair] -> UNDECIDED, USED or UNUSED; ``chosen`` [station] -> piece or -1; ``placed`` [message] -> is it
                decided at every station
    """

    def __init__(
        self, types: int, unknowns: int, pair_type: Sequence[int], prior: Sequence[float], base: Sequence[float]
    ) -> None:
        self.types = types
        self.unknowns = unknowns
        self.pairs = len(pair_type)
        self.pair_type = array("i", pair_type)
        self.prior = array("d", prior)
        self.base = array("d", base)
        self.states = array("i", [UNDECIDED] * self.pairs)

    def load_messages(
        self, message_pairs: Sequence[Sequence[int]], message_stations: Sequence[Sequence[int]], stations: int
    ) -> None:
        """[message] -> its pairs; [message] -> its stations."""
        self.messages = len(message_pairs)
        self.message_pairs = [list(p) for p in message_pairs]
        self.message_stations = [list(s) for s in message_stations]
        self.stations = stations
        self.chosen = array("i", [-1] * stations)
        self.station_pairs: list[list[int]] = [[] for _ in range(stations)]
        pair_message = [0] * self.pairs
        for m in range(self.messages):
            for i in self.message_pairs[m]:
                pair_message[i] = m
                for o in self.message_stations[m]:
                    self.station_pairs[o].append(i)
        self.pair_message = array("i", pair_message)
        self.placed = array("i", [0] * self.messages)

    def load_pieces(
        self,
        station_pieces: Sequence[Sequence[int]],
        off_path_pieces: Sequence[Sequence[int]],
        piece_rows: Sequence[tuple[int, int]],
        piece_columns: Sequence[Sequence[int]],
        piece_strict: Sequence[int],
        column_block: Sequence[int],
        blocks: int,
    ) -> None:
        """Pieces by global index; rows are half-open ranges into the row store; columns are response vertices."""
        self.station_pieces = [list(p) for p in station_pieces]
        self.off_path_pieces = [list(p) for p in off_path_pieces]
        self.open_pieces = [
            [*always, *(k for k in unreached if k not in always)]
            for always, unreached in zip(self.station_pieces, self.off_path_pieces, strict=True)
        ]
        self.piece_row_start = array("i", [r[0] for r in piece_rows] or [0])
        self.piece_row_stop = array("i", [r[1] for r in piece_rows] or [0])
        starts = [0]
        flat: list[int] = []
        for columns in piece_columns:
            flat.extend(columns)
            starts.append(len(flat))
        self.piece_column_start = array("i", starts)
        self.piece_columns = array("i", flat or [0])
        self.piece_strict = array("i", piece_strict)
        self.column_block = array("i", column_block)
        self.columns = len(column_block)
        self.blocks = blocks
        self.block_row = array("i", [-1] * blocks)

    def load_numbers(
        self, payoffs: Sequence[float], rows: Sequence[float], row_equal: Sequence[int], links: int
    ) -> None:
        """Sender payoffs [pair * columns + column]; belief rows [row * unknowns + unknown], first the global links."""
        self.payoffs = array("d", payoffs)
        self.rows = array("d", rows or [0.0])
        self.row_equal = array("i", row_equal or [0])
        self.links = links
        most = links
        for pieces in self.open_pieces:
            most += max([self.piece_row_stop[k] - self.piece_row_start[k] for k in pieces], default=0)
        height = max(self.blocks + self.pairs, self.types + most) + 2
        width = max(self.columns + self.types + self.pairs, self.unknowns + most) + 2
        self.make_room(height, width)
        self.unknown_column = array("i", [-1] * self.unknowns)

    def load_owners(self, owner: Sequence[int]) -> None:
        """[unknown] -> the pair whose weight it refines (itself for pairs)."""
        self.owner = array("i", owner)

    # ---- the two systems -----------------------------------------------------------------------------------------

    def _z_system(self) -> int:
        """Responses and payoffs v: v_t = payoff of (t, m) where used, >= where not. Scaled so that 0 <= v <= 1."""
        stride = self.stride
        rows = 0
        for b in range(self.blocks):
            self.block_row[b] = -1
        width = self.types
        strict = 0
        for o in range(self.stations):
            piece = self.chosen[o]
            if piece < 0:
                continue
            insist = self._insists(o, piece)
            strict |= insist
            for c in range(self.piece_column_start[piece], self.piece_column_start[piece + 1]):
                b = self.column_block[self.piece_columns[c]]
                if self.block_row[b] < 0:
                    self.block_row[b] = rows
                    rows += 1
                width += 1
        first_pair_row = rows
        for i in range(self.pairs):
            if self.placed[self.pair_message[i]]:
                rows += 1
                if self.states[i] != USED:
                    width += 1
        width += 1
        original = self.original
        for r in range(rows):
            for c in range(width):
                original[r * stride + c] = 0.0
        for t in range(self.types):
            self.upper[t] = 1.0
        column = self.types
        epsilon = width - 1
        self.upper[epsilon] = 1.0
        for r in range(first_pair_row):
            original[r * stride + width] = 1.0
        for o in range(self.stations):
            piece = self.chosen[o]
            if piece < 0:
                continue
            insist = self._insists(o, piece)
            for c in range(self.piece_column_start[piece], self.piece_column_start[piece + 1]):
                source = self.piece_columns[c]
                r = self.block_row[self.column_block[source]]
                original[r * stride + column] = 1.0
                if insist:
                    original[r * stride + epsilon] += 1.0
                self.upper[column] = 1.0
                r = first_pair_row
                for i in range(self.pairs):
                    if self.placed[self.pair_message[i]]:
                        value = self.payoffs[i * self.columns + source]
                        if value != 0.0:
                            original[r * stride + column] = -value
                            if insist:
                                original[r * stride + epsilon] -= value
                        r += 1
                column += 1
        r = first_pair_row
        for i in range(self.pairs):
            if self.placed[self.pair_message[i]]:
                original[r * stride + self.pair_type[i]] = 1.0
                if self.states[i] != USED:
                    original[r * stride + column] = -1.0
                    self.upper[column] = 1.0
                    column += 1
                original[r * stride + width] = self.base[i]
                r += 1
        return self._feasible(rows, width, strict)

    def _insists(self, o: int, piece: int) -> int:
        """1 when the station is reached and its piece has every response in its support played, else 0."""
        if self.piece_strict[piece]:
            for i in self.station_pairs[o]:
                if self.states[i] == USED:
                    return 1
        return 0

    def _x_system(self) -> int:
        """Weights of the pairs, undecided ones free: they sum to the prior, links hold, stations obey their piece."""
        stride = self.stride
        original = self.original
        width = 0
        for u in range(self.unknowns):
            if self.states[self.owner[u]] == UNUSED:
                self.unknown_column[u] = -1
            else:
                self.unknown_column[u] = width
                width += 1
        slack = width
        for o in range(self.stations):
            piece = self.chosen[o]
            if piece >= 0:
                for q in range(self.piece_row_start[piece], self.piece_row_stop[piece]):
                    if not self.row_equal[q]:
                        width += 1
        width += 1
        epsilon = width - 1
        self.upper[epsilon] = 1.0
        rows = self.types
        for r in range(rows):
            for c in range(width):
                original[r * stride + c] = 0.0
            original[r * stride + width] = self.prior[r]
        for u in range(self.unknowns):
            c = self.unknown_column[u]
            if c >= 0:
                t = self.pair_type[self.owner[u]]
                self.upper[c] = self.prior[t]
                if u < self.pairs:
                    original[t * stride + c] = 1.0
                    if self.states[u] == USED:
                        original[t * stride + epsilon] += 1.0
        for q in range(self.links):
            rows = self._belief_row(q, rows, width, -1)
        for o in range(self.stations):
            piece = self.chosen[o]
            if piece >= 0:
                for q in range(self.piece_row_start[piece], self.piece_row_stop[piece]):
                    if self.row_equal[q]:
                        rows = self._belief_row(q, rows, width, -1)
                    else:
                        rows = self._belief_row(q, rows, width, slack)
                        slack += 1
        return self._feasible(rows, width, 1)

    def _belief_row(self, q: int, row: int, width: int, slack: int) -> int:
        """Write belief row q; returns the next free row. Rows without any live unknown are left out."""
        original = self.original
        at = row * self.stride
        for c in range(width + 1):
            original[at + c] = 0.0
        total = 0.0
        for u in range(self.unknowns):
            c = self.unknown_column[u]
            if c >= 0:
                value = self.rows[q * self.unknowns + u]
                if value != 0.0:
                    original[at + c] = value
                    total += abs(value)
                    if u < self.pairs and self.states[u] == USED:
                        original[at + width - 1] += value
        if slack >= 0:
            original[at + slack] = -1.0
            self.upper[slack] = total
        elif total == 0.0:
            return row
        return row + 1
