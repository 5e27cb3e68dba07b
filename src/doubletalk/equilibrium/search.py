# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, annotation_typing=False
"""The search: which choices of messages and pieces might hold an equilibrium (theory, section 3, assembly).

Plain Python; ``search.pxd`` gives C types to the same lines, so that an install with a C compiler runs them some
fifty times faster and an install without one gives the same answers.

The search walks over the messages. For each it chooses which types use it and, for each station that the message
leads to, a piece. Floating point is used only to cut, and only where the cut is proved: a system A v = b,
0 <= v <= u is given up when some y has

    y . b - sum_j max(0, y . A_j) u_j  >  CUT_MARGIN * (size of the terms),

which no rounding error can bring about (Neumaier & Shcherbina 2004, Safe bounds in linear and mixed-integer linear
programming). Whatever is not proved is handed to ``judge``, which decides in exact arithmetic.

A choice stands for the points at which exactly the chosen pairs carry weight and, at simplex pieces that are
reached, exactly the chosen responses do. Every equilibrium has such a description, so that nothing is lost by asking
for strict positivity; it is what keeps the tree small.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence

__all__ = ["CUT_MARGIN", "LOCAL", "SURELY_POSITIVE", "UNUSED", "USED", "X_SYSTEM", "Z_SYSTEM"]
__all__ += ["OutOfTimeError", "Search"]

CUT_MARGIN = 1e-11
"""A float cut must beat the accumulated rounding error by three orders of magnitude (100 terms of 1.1e-16)."""
SURELY_POSITIVE = 1e-7
"""Slack above which a strict system is taken as feasible without asking ``judge``; leaves are confirmed exactly."""
PIVOT_FLOOR = 1e-10
CLOCK_EVERY = 16
TICK_SECONDS = 0.05

X_SYSTEM = 0
Z_SYSTEM = 1
LOCAL = 2

UNDECIDED = 0
USED = 1
UNUSED = 2


class OutOfTimeError(Exception):
    """The deadline passed before the tree was exhausted."""


class Search:
    """One walk over all choices. See :func:`doubletalk.equilibrium.assembly.find_products` for how it is filled.

    ``emit(states, chosen)`` receives each surviving leaf: [pair] -> USED or UNUSED, [station] -> piece index.
    ``judge(kind, states, chosen)`` answers exactly whether a system has a strict solution: kind ``X_SYSTEM``,
    ``Z_SYSTEM``, or ``LOCAL`` (one station alone; ``chosen`` is then [piece, station]).
    ``done`` is the share of the tree behind us, each node's share being split evenly among its children (Knuth 1975).
    """

    def __init__(
        self,
        types: int,
        unknowns: int,
        pair_type: Sequence[int],
        prior: Sequence[float],
        base: Sequence[float],
        emit: Callable[[list[int], list[int]], None],
        judge: Callable[[int, list[int], list[int]], bool],
        deadline: float,
    ) -> None:
        self.types = types
        self.unknowns = unknowns
        self.pairs = len(pair_type)
        self.pair_type = array("i", pair_type)
        self.prior = array("d", prior)
        self.base = array("d", base)
        self.emit = emit
        self.judge = judge
        self.deadline = deadline
        self.nodes = 0
        self.judged = 0
        self.done = 0.0
        self.ticked = 0.0
        self.tick: Callable[[float], None] | None = None
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
        self.local_answers: dict[tuple[int, int], bool] = {}
        last = [0] * self.types
        for m in range(self.messages):
            for i in self.message_pairs[m]:
                last[self.pair_type[i]] = m
        self.last_chance = last

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
        self.stride = width + height + 1
        self.original = array("d", bytes(8 * height * self.stride))
        self.tableau = array("d", bytes(8 * (height + 1) * self.stride))
        self.upper = array("d", bytes(8 * self.stride))
        self.basis = array("i", [0] * height)
        self.dual = array("d", bytes(8 * height))
        self.unknown_column = array("i", [-1] * self.unknowns)
        self.lower_bounds = array("d", bytes(8 * self.types * (self.messages + 1)))
        self.upper_bounds = array("d", [1.0] * (self.types * (self.messages + 1)))

    def load_owners(self, owner: Sequence[int]) -> None:
        """[unknown] -> the pair whose weight it refines (itself for pairs)."""
        self.owner = array("i", owner)

    # ---- the walk ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Walk the whole tree."""
        self._message(0, 1.0)

    def _message(self, k: int, share: float) -> None:
        if k == self.messages:
            self.done += share
            self.emit(list(self.states), list(self.chosen))
            return
        pairs = self.message_pairs[k]
        size = len(pairs)
        part = share / (1 << size)
        for mask in range(1 << size):
            for i in range(size):
                self.states[pairs[i]] = USED if (mask >> i) & 1 else UNUSED
            if self._types_covered(k):
                self._station(k, 0, part)
            else:
                self.done += part
        for i in range(size):
            self.states[pairs[i]] = UNDECIDED

    def _types_covered(self, k: int) -> bool:
        """Every type whose last message is k has sent something."""
        for t in range(self.types):
            if self.last_chance[t] == k:
                sent = False
                for i in range(self.pairs):
                    if self.pair_type[i] == t and self.states[i] == USED:
                        sent = True
                        break
                if not sent:
                    return False
        return True

    def _station(self, k: int, s: int, share: float) -> None:
        here = self.message_stations[k]
        if s == len(here):
            self.placed[k] = 1
            if self._worth_going_on(k):
                self._message(k + 1, share)
            else:
                self.done += share
            self.placed[k] = 0
            return
        o = here[s]
        mask = 0
        complete = True
        reached = False
        place = 0
        for i in self.station_pairs[o]:
            if self.states[i] == UNDECIDED:
                complete = False
            elif self.states[i] == USED:
                reached = True
                mask |= 1 << place
            place += 1
        if self.chosen[o] >= 0:
            if not complete or self._fits(o, self.chosen[o], mask, reached):
                self._station(k, s + 1, share)
            else:
                self.done += share
            return
        if not complete:
            pieces = self.open_pieces[o]
        elif reached:
            pieces = self.station_pieces[o]
        else:
            pieces = self.off_path_pieces[o]
        part = share / max(1, len(pieces))
        for piece in pieces:
            self.chosen[o] = piece
            if not complete or self._fits(o, piece, mask, reached):
                self._station(k, s + 1, part)
            else:
                self.done += part
        self.chosen[o] = -1

    def _fits(self, o: int, piece: int, mask: int, reached: bool) -> bool:
        """Whether some belief in the piece's Q gives weight to just the pairs in *mask*; remembered."""
        if not reached:
            return piece in self.off_path_pieces[o]
        if piece not in self.station_pieces[o]:
            return False
        key = (piece, mask)
        answer = self.local_answers.get(key)
        if answer is None:
            answer = self.judge(LOCAL, list(self.states), [piece, o])
            self.local_answers[key] = answer
        return answer

    def _worth_going_on(self, k: int) -> bool:
        self.nodes += 1
        if self.nodes % CLOCK_EVERY == 0:
            now = time.perf_counter()
            if now > self.deadline:
                raise OutOfTimeError
            if self.tick is not None and now > self.ticked + TICK_SECONDS:
                self.ticked = now
                self.tick(self.done)
        if not self._bounds(k):
            return False
        answer = self._z_system()
        if answer < 0:
            return False
        if answer == 0:
            self.judged += 1
            if not self.judge(Z_SYSTEM, list(self.states), list(self.chosen)):
                return False
        answer = self._x_system()
        if answer < 0:
            return False
        if answer == 0:
            self.judged += 1
            if not self.judge(X_SYSTEM, list(self.states), list(self.chosen)):
                return False
        return True

    def _bounds(self, k: int) -> bool:
        """Intervals for each type's equilibrium payoff, from what each message can possibly pay it."""
        n = self.types
        now = (k + 1) * n
        before = k * n
        for t in range(n):
            self.lower_bounds[now + t] = self.lower_bounds[before + t]
            self.upper_bounds[now + t] = self.upper_bounds[before + t]
        for i in self.message_pairs[k]:
            least = self.base[i]
            most = self.base[i]
            for o in self.message_stations[k]:
                piece = self.chosen[o]
                block = -1
                low = 0.0
                high = 0.0
                for c in range(self.piece_column_start[piece], self.piece_column_start[piece + 1]):
                    column = self.piece_columns[c]
                    value = self.payoffs[i * self.columns + column]
                    if self.column_block[column] != block:
                        least += low
                        most += high
                        block = self.column_block[column]
                        low = value
                        high = value
                    elif value < low:
                        low = value
                    elif value > high:
                        high = value
                least += low
                most += high
            t = self.pair_type[i]
            if least > self.lower_bounds[now + t]:
                self.lower_bounds[now + t] = least
            if self.states[i] == USED and most < self.upper_bounds[now + t]:
                self.upper_bounds[now + t] = most
            if self.lower_bounds[now + t] > self.upper_bounds[now + t] + 1e-9:
                return False
        return True

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

    # ---- one dense linear programme --------------------------------------------------------------------------------

    def _feasible(self, rows: int, width: int, strict: int) -> int:
        """1: strictly feasible; -1: proved infeasible; 0: not decided in floating point.

        Unknowns 0 .. width-1, the last being the common slack epsilon that is maximised when *strict*.
        """
        stride = self.stride
        original = self.original
        tableau = self.tableau
        basis = self.basis
        full = width + rows
        usable = width if strict else width - 1
        for r in range(rows):
            sign = -1.0 if original[r * stride + width] < 0.0 else 1.0
            if sign < 0.0:
                for c in range(width + 1):
                    original[r * stride + c] = -original[r * stride + c]
            for c in range(width):
                tableau[r * stride + c] = original[r * stride + c]
            for c in range(rows):
                tableau[r * stride + width + c] = 0.0
            tableau[r * stride + width + r] = 1.0
            tableau[r * stride + full] = original[r * stride + width]
            basis[r] = width + r
        cost = rows * stride
        for c in range(full + 1):
            total = 0.0
            if c < width or c == full:
                for r in range(rows):
                    total -= tableau[r * stride + c]
            tableau[cost + c] = total
        if self._pivots(rows, full, usable, 0) == 0:
            return 0
        if -tableau[cost + full] > 1e-9:
            return self._proved_infeasible(rows, width, full)
        if not strict:
            return 1
        for c in range(full + 1):
            tableau[cost + c] = 0.0
        tableau[cost + width - 1] = -1.0
        for r in range(rows):
            if basis[r] == width - 1:
                for c in range(full + 1):
                    tableau[cost + c] += tableau[r * stride + c]
                tableau[cost + width - 1] = 0.0
        if self._pivots(rows, full, usable, 1) == 0:
            return 0
        return 1 if tableau[cost + full] > SURELY_POSITIVE else 0

    def _pivots(self, rows: int, full: int, usable: int, second: int) -> int:
        """Simplex pivots to optimality (1), or to a clearly positive objective in the second phase; 0 when stuck."""
        stride = self.stride
        tableau = self.tableau
        basis = self.basis
        cost = rows * stride
        limit = 20 + 6 * (rows + usable)
        for count in range(limit):
            if second and tableau[cost + full] > SURELY_POSITIVE * 10.0:
                return 1
            enter = -1
            least = -1e-9
            for c in range(usable):
                if tableau[cost + c] < least:
                    enter = c
                    least = tableau[cost + c]
                    if count > limit // 2:
                        break
            if enter < 0:
                return 1
            leave = -1
            best = 0.0
            size = 0.0
            for r in range(rows):
                value = tableau[r * stride + enter]
                if second and basis[r] >= full - rows and (value > PIVOT_FLOOR or value < -PIVOT_FLOOR):
                    ratio = 0.0
                    value = abs(value)
                elif value > PIVOT_FLOOR:
                    ratio = tableau[r * stride + full] / value
                else:
                    continue
                if leave < 0 or ratio < best - 1e-13 or (ratio <= best + 1e-13 and value > size):
                    leave = r
                    best = ratio
                    size = value
            if leave < 0:
                return 0
            self._pivot(rows, full, leave, enter)
        return 0

    def _pivot(self, rows: int, full: int, leave: int, enter: int) -> None:
        stride = self.stride
        tableau = self.tableau
        at = leave * stride
        inverse = 1.0 / tableau[at + enter]
        for c in range(full + 1):
            tableau[at + c] *= inverse
        tableau[at + enter] = 1.0
        for r in range(rows + 1):
            if r != leave:
                other = r * stride
                factor = tableau[other + enter]
                if factor != 0.0:
                    for c in range(full + 1):
                        tableau[other + c] -= factor * tableau[at + c]
                    tableau[other + enter] = 0.0
        self.basis[leave] = enter

    def _proved_infeasible(self, rows: int, width: int, full: int) -> int:
        """-1 when the phase-one multipliers prove infeasibility beyond rounding, else 0."""
        stride = self.stride
        original = self.original
        gain = 0.0
        size = 0.0
        for r in range(rows):
            y = 1.0 - self.tableau[rows * stride + width + r]
            self.dual[r] = y
            gain += y * original[r * stride + width]
            size += abs(y * original[r * stride + width])
        for c in range(width):
            total = 0.0
            spread = 0.0
            for r in range(rows):
                value = self.dual[r] * original[r * stride + c]
                total += value
                spread += abs(value)
            if total > 0.0:
                gain -= total * self.upper[c]
            size += spread * self.upper[c]
        return -1 if gain > CUT_MARGIN * size else 0
