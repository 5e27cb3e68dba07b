# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, annotation_typing=False
"""The search: which choices of messages and pieces might hold an equilibrium (theory, section 3, assembly).

Plain Python; ``search.pxd`` gives C types to the same lines, so that an install with a C compiler runs them some
fifty times faster and an install without one gives the same answers. The same holds for the two modules below it:
``search_systems`` writes down the systems of a partial choice, ``search_programme`` decides one.

The search walks over the messages. For each it chooses which types use it and, for each station that the message
leads to, a piece. Floating point is used only to cut, and only where the cut is proved. Whatever is not proved is
handed to ``judge``, which decides in exact arithmetic.

A choice stands for the points at which exactly the chosen pairs carry weight and, at simplex pieces that are
reached, exactly the chosen responses do. Every equilibrium has such a description, so that nothing is lost by asking
for strict positivity; it is what keeps the tree small.
"""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Sequence

from doubletalk.equilibrium.search_systems import UNDECIDED, UNUSED, USED, Systems

__all__ = ["LOCAL", "UNUSED", "USED", "X_SYSTEM", "Z_SYSTEM", "OutOfTimeError", "Search"]

CLOCK_EVERY = 16
TICK_SECONDS = 0.05

X_SYSTEM = 0
Z_SYSTEM = 1
LOCAL = 2


class OutOfTimeError(Exception):
    """The deadline passed before the tree was exhausted."""


class Search(Systems):
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
        Systems.__init__(self, types, unknowns, pair_type, prior, base)
        self.emit = emit
        self.judge = judge
        self.deadline = deadline
        self.nodes = 0
        self.judged = 0
        self.done = 0.0
        self.ticked = 0.0
        self.tick: Callable[[float], None] | None = None

    # ---- the walk ------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Walk the whole tree."""
        self.local_answers: dict[tuple[int, int], bool] = {}
        last = [0] * self.types
        for m in range(self.messages):
            for i in self.message_pairs[m]:
                last[self.pair_type[i]] = m
        self.last_chance = last
        self.lower_bounds = array("d", bytes(8 * self.types * (self.messages + 1)))
        self.upper_bounds = array("d", [1.0] * (self.types * (self.messages + 1)))
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
