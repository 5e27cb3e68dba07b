# cython: language_level=3, boundscheck=False, wraparound=False, cdivision=True
# cython: initializedcheck=False, annotation_typing=False
"""One dense linear programme in floating point, with proofs: the innermost part of the search.

A system A v = b, 0 <= v <= u is given up only when some y has

    y . b - sum_j max(0, y . A_j) u_j  >  CUT_MARGIN * (size of the terms),

which no rounding error can bring about (Neumaier & Shcherbina 2004, Safe bounds in linear and mixed-integer linear
programming).
"""

from __future__ import annotations

from array import array

__all__ = ["CUT_MARGIN", "SURELY_POSITIVE", "Programme"]

CUT_MARGIN = 1e-11
"""A float cut must beat the accumulated rounding error by three orders of magnitude (100 terms of 1.1e-16)."""
SURELY_POSITIVE = 1e-7
"""Slack above which a strict system is taken as feasible without asking ``judge``; leaves are confirmed exactly."""
PIVOT_FLOOR = 1e-10


class Programme:
    """Room for one programme, used again and again: whoever fills ``original`` and ``upper`` calls ``_feasible``.

    ``original``  rows of A with b behind them, ``stride`` numbers apart; ``upper`` [column] -> u
    """

    def make_room(self, height: int, width: int) -> None:
        """Space for *height* rows and *width* columns."""
        self.stride = width + height + 1
        self.original = array("d", bytes(8 * height * self.stride))
        self.tableau = array("d", bytes(8 * (height + 1) * self.stride))
        self.upper = array("d", bytes(8 * self.stride))
        self.basis = array("i", [0] * height)
        self.dual = array("d", bytes(8 * height))

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
