"""From exact numbers to the tables of floats that the search walks over."""

from __future__ import annotations

from collections.abc import Callable

from doubletalk.equilibrium.numbering import Numbering
from doubletalk.equilibrium.response import ResponseComplex, Row
from doubletalk.equilibrium.search import Search
from doubletalk.exact import ONE, ZERO, Rational

__all__ = ["Filling"]

Leaf = Callable[[list[int], list[int]], None]
Judge = Callable[[int, list[int], list[int]], bool]


class Filling:
    """The float side of one complex."""

    def __init__(self, complex_: ResponseComplex, prior: tuple[Rational, ...], numbers: Numbering) -> None:
        self.complex, self.prior, self.numbers = complex_, prior, numbers

    def fill(self, maker: type[Search], leaf: Leaf, judge: Judge, deadline: float) -> Search:
        """A search of class *maker*, filled with scaled floats: each type's payoffs lie in [0, 1]."""
        complex_ = self.complex
        low, high = self._payoff_ranges()
        scale = [ONE / (most - least) if most > least else ONE for least, most in zip(low, high, strict=True)]
        kinds = [t for t, _ in complex_.pairs]
        floor = [self._floors(i) for i in range(len(kinds))]
        base = [float((sum(floor[i], complex_.base[i]) - low[t]) * scale[t]) for i, t in enumerate(kinds)]
        walk = maker(
            len(self.prior),
            complex_.unknowns,
            kinds,
            [float(p) for p in self.prior],
            base,
            leaf,
            judge,
            deadline,
        )
        order = sorted({m for _, m in complex_.pairs})
        message_pairs = [[i for i, (_, m) in enumerate(complex_.pairs) if m == wanted] for wanted in order]
        message_stations = [
            [o for o, s in enumerate(complex_.stations) if not set(pairs).isdisjoint(s.pairs)]
            for pairs in message_pairs
        ]
        walk.load_messages(message_pairs, message_stations, len(complex_.stations))
        walk.load_owners(self.numbers.owner)
        rows, row_equal, ranges = self._float_rows()
        strict = [int(p.simplex) for p in self.numbers.pieces]
        walk.load_pieces(
            self.numbers.station_pieces, self.numbers.off_path, ranges, self.numbers.piece_columns, strict,
            self.numbers.column_block, len(self.numbers.blocks),
        )  # fmt: skip
        payoffs = []
        for i, t in enumerate(kinds):
            for c, (o, b, v) in enumerate(self.numbers.columns):
                least = floor[i][self.numbers.column_block[c]]
                gain = complex_.stations[o].blocks[b].vertices[v].payoffs.get(i, ZERO) - least
                payoffs.append(float(gain * scale[t]) if gain != 0 else 0.0)
        walk.load_numbers(payoffs, rows, row_equal, len(complex_.links))
        return walk

    def _floors(self, i: int) -> list[Rational]:
        """[block] -> the least that any of its responses adds to the sender's payoff at pair i."""
        return [
            min(vertex.payoffs.get(i, ZERO) for vertex in self.complex.stations[o].blocks[b].vertices)
            for o, b in self.numbers.blocks
        ]

    def _payoff_ranges(self) -> tuple[list[Rational], list[Rational]]:
        """Per type, the least and the greatest payoff that any message and responses could give."""
        low: list[Rational | None] = [None] * len(self.prior)
        high: list[Rational | None] = [None] * len(self.prior)
        for i, (t, _) in enumerate(self.complex.pairs):
            least = most = self.complex.base[i]
            for station in self.complex.stations:
                if i in station.pairs:
                    for block in station.blocks:
                        gains = [v.payoffs.get(i, ZERO) for v in block.vertices]
                        least, most = least + min(gains), most + max(gains)
            old_low, old_high = low[t], high[t]
            low[t] = least if old_low is None or least < old_low else old_low
            high[t] = most if old_high is None or most > old_high else old_high
        return [ZERO if v is None else v for v in low], [ZERO if v is None else v for v in high]

    def _float_rows(self) -> tuple[list[float], list[int], list[tuple[int, int]]]:
        rows: list[float] = []
        equal: list[int] = []
        ranges: list[tuple[int, int]] = []

        def add(row: Row, is_equal: bool) -> None:
            largest = max((abs(v) for v in row.values()), default=ONE)
            dense = [0.0] * self.complex.unknowns
            for u, value in row.items():
                dense[u] = float(value / largest) if largest != 0 else 0.0
            rows.extend(dense)
            equal.append(int(is_equal))

        for link in self.complex.links:
            add(link, True)
        for piece in self.numbers.pieces:
            first = len(equal)
            for row in piece.equal:
                add(row, True)
            for row in piece.at_least:
                add(row, False)
            ranges.append((first, len(equal)))
        return rows, equal, ranges
