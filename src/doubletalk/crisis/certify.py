r"""All equilibria of a game, proved in ball arithmetic: each exists, is alone in its enclosure, and there is no other.

Branch and bound over q in [-25, 25] with the enclosures of :mod:`doubletalk.crisis.ball`. W is monotone, so over a box
[l, u] it takes the values from W(l) to W(u), and its slope lies between products of its parts at the ends (all of them
monotone). A box is dropped where W leaves it, cut to the values of W, and closed where the slope stays on one side of
1: then W(q) - q has one root or none by its signs at the ends. Roots are then enclosed by the interval Newton operator

    N(X) = x - (W(x) - x) / (W'(X) - 1),   one root in X, and only one, where N(X) lies inside X.

Beyond the ends: above 25 the slope is below 1, so that the sign of W(25) - 25 tells whether there is a root; below -25
none where W's limit is above -25, or where W(-25) < -25 and its slope stays above 1 (the hazards of A differ by at
least 0.98 |d| there).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from flint import arb, ctx
from numpy.typing import NDArray

from doubletalk.crisis.ball import BallGame, BallPoint, TooFarError, ball_reply, limits
from doubletalk.crisis.equilibria import Equilibria
from doubletalk.crisis.reply import Game

__all__ = ["Certificate", "agrees", "certify", "certify_game", "working_precision"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

PRECISION = 128
END = 25
NARROW = 1e-10
WIDTHS = (1e-13, 1e-11, 1e-9, 1e-7)
"""Half widths of the boxes in which a root is proved, relative to 1 + |q|."""
PADDING = 2e-11
MOST_POINTS = 4000


@dataclass(frozen=True)
class Certificate:
    """What is proved of one game.

    roots      enclosures (low, high) of q = F^-1(pR), outward in double precision; each holds exactly one equilibrium
    complete   whether there is no other
    reason     why not, or ''
    points     at how many q the reply was enclosed
    """

    roots: tuple[tuple[float, float], ...]
    complete: bool
    reason: str
    points: int


def agrees(proof: Certificate, q: Array) -> bool:
    """Whether *q*, what the search in floating point lists for the game, is what was proved, to 1e-9.

    The limit pR = 0, which is no root, is listed as the end of the range.
    """
    if not proof.roots:
        return bool((q <= -END).all())
    if len(q) != len(proof.roots):
        return False
    return all(low - 1e-9 <= one <= high + 1e-9 for one, (low, high) in zip(q, proof.roots, strict=True))


class _OpenError(ArithmeticError):
    """Something could not be proved."""


def certify(games: Game, found: Equilibria, tell: Tell | None = None) -> list[Certificate]:
    """A certificate for every game; *found* says where to look for roots and is not relied on."""
    made = []
    count = len(games.status)
    order = [found.q[found.game == game] for game in range(count)]
    for game in range(count):
        made.append(certify_game(BallGame(*(arb(float(part[game])) for part in games)), order[game]))
        if tell is not None:
            tell((game + 1) / count, "certifying")
    return made


def certify_game(game: BallGame, hints: Array) -> Certificate:
    """The certificate of one game; *hints* are where its roots may be."""
    with working_precision():
        search = _Search(game, [float(q) for q in hints])
        try:
            roots = search.run()
        except (TooFarError, _OpenError) as wrong:
            return Certificate((), False, str(wrong), search.points)
    return Certificate(tuple(roots), True, "", search.points)


@contextmanager
def working_precision() -> Iterator[None]:
    """Arithmetic with PRECISION bits inside, as it was before outside."""
    before = ctx.prec
    ctx.prec = PRECISION
    try:
        yield
    finally:
        ctx.prec = before


@dataclass
class _Search:
    """The branch and bound of one game."""

    game: BallGame
    hints: list[float]
    points: int = 0

    def at(self, q: Any) -> BallPoint:
        self.points += 1
        if self.points > MOST_POINTS:
            raise _OpenError(f"still open after {MOST_POINTS} points")
        return ball_reply(self.game, q)

    def run(self) -> list[tuple[float, float]]:
        game = self.game
        if game.stake == 0 or game.gain == 0 or game.gap == 0:
            value = self.at(arb(0)).value
            return [_outward(value.lower(), value.upper())]
        falls = (game.stake > 0) == ((game.gap > 0) == (game.gain < 0))
        at_low, at_high = self.at(arb(-END)), self.at(arb(END))
        if falls:
            if at_high.value > END:
                return [(float(END), np.inf)]
            if at_low.value < -END:
                return [(-np.inf, -float(END))]
            return [self._enclose(arb(-END), arb(END), at_low, at_high, falls=True)]
        low, high = limits(self.game)
        self._below(low)
        return sorted(self._boxes(at_low, at_high)) + self._above(high, at_high)

    def _above(self, limit: BallPoint, at_end: BallPoint) -> list[tuple[float, float]]:
        """The root above END, if there is one; W rises, and its slope is below 1 from END on."""
        if limit.value < END:
            return []
        _, most = _slopes(self.game, at_end, limit)
        if most is not None and most < 1:
            if at_end.value > END:
                return [(float(END), np.inf)]
            if at_end.value < END:
                return []
        raise _OpenError(f"an equilibrium may lie at pR above F({END})")

    def _below(self, low: Any) -> None:
        """Raise unless no equilibrium lies below -END."""
        if low is None:
            edge = self.at(arb(-END))
            d = abs(self.game.gap)
            slope = abs(self.game.stake * self.game.gain) * edge.odds * edge.steep * d * arb("0.98")
            c = self.game.status + self.game.gain * arb("1e100")  # m(-25) is larger
            far = c - self.game.firm > END and c - self.game.back > END
            if self.game.stake > 0 or not (d > 1e-50 and edge.value < -END and slope > 1 and far):
                raise _OpenError(f"an equilibrium may lie at pR below F(-{END})")
        elif not low > -END:
            raise _OpenError(f"an equilibrium may lie at pR below F(-{END})")

    def _boxes(self, at_low: BallPoint, at_high: BallPoint) -> list[tuple[float, float]]:
        """Roots in [-END, END] of a W that rises."""
        roots = []
        stack = [(arb(-END), arb(END), at_low, at_high)]
        while stack:
            low, high, at_low, at_high = stack.pop()
            if at_high.value < low or at_low.value > high:
                continue
            # a little wider than the values of W, so that signs at the ends can be told
            new_low = low.max(_padded(at_low.value.lower(), -1))
            new_high = high.min(_padded(at_high.value.upper(), 1))
            least, most = _slopes(self.game, at_low, at_high)
            if (most is not None and most < 1) or least > 1:
                below, above = at_low.value - low, at_high.value - high
                if (below > 0 and above < 0) or (below < 0 and above > 0):
                    roots.append(self._enclose(low, high, at_low, at_high))
                    continue
                if (below > 0 and above > 0) or (below < 0 and above < 0):
                    continue
                # a root at the border, or signs that cannot be told: fall through and cut elsewhere
            if not high - low > NARROW:
                raise _OpenError(f"W touches the diagonal, or nearly, at q = {float(low.mid()):.9g}")
            if new_high - new_low < (high - low) / 2:
                ends = new_low, new_high
                stack.append((*ends, self.at(ends[0]), self.at(ends[1])))
                continue
            middle = self._cut(low, high)
            at_middle = self.at(middle)
            stack += [(low, middle, at_low, at_middle), (middle, high, at_middle, at_high)]
        return roots

    def _cut(self, low: Any, high: Any) -> Any:
        """A point inside the box that is no root: near the middle, away from the roots that are looked for."""
        width = high - low
        middle = (low + width * arb("0.49")).mid()
        for hint in self.hints:
            if abs(middle - hint) < width / 50:
                middle = (middle + width / 20).mid()
        return middle

    def _enclose(
        self, low: Any, high: Any, at_low: BallPoint, at_high: BallPoint, *, falls: bool = False
    ) -> tuple[float, float]:
        """A narrow enclosure of the one root in [low, high], by interval Newton around a hint, else by bisection."""
        for hint in self.hints:
            for width in WIDTHS:
                half = arb(width) * (1 + abs(arb(hint)))
                left, right = (arb(hint) - half).mid(), (arb(hint) + half).mid()
                if not falls and not (left >= low and right <= high):
                    break
                if self._newton(left, right, arb(hint)):
                    return _outward(left, right)
        rising = bool(at_low.value < low)
        if not ((rising and at_high.value > high) or (at_low.value > low and at_high.value < high)):
            raise _OpenError(f"the one equilibrium may lie outside F(-{END}) to F({END})")
        for _ in range(120):
            if high - low < 1e-12:
                break
            middle = ((low + high) / 2).mid()
            gap = self.at(middle).value - middle
            if not (gap > 0 or gap < 0):
                break
            if (gap < 0) == rising:
                low = middle
            else:
                high = middle
        return _outward(low, high)

    def _newton(self, left: Any, right: Any, middle: Any) -> bool:
        """Whether N([left, right]) lies inside (left, right)."""
        least, most = _slopes(self.game, self.at(left), self.at(right))
        if most is None:
            return False
        slope = least.union(most) - 1
        if slope.contains(0):
            return False
        image = middle - (self.at(middle).value - middle) / slope
        return bool(image > left and image < right)


def _slopes(game: BallGame, one: BallPoint, two: BallPoint) -> tuple[Any, Any]:
    """Least and most of dW/dq between two points; None where it has no bound."""
    steep = one.steep.min(two.steep), one.steep.max(two.steep)
    odds = one.odds.min(two.odds), one.odds.max(two.odds)
    s = one.hazard_s.min(two.hazard_s), one.hazard_s.max(two.hazard_s)
    b = one.hazard_b.min(two.hazard_b), one.hazard_b.max(two.hazard_b)
    firmer = game.gap > 0
    gaps = (b[0] - s[1], b[1] - s[0]) if firmer else (s[0] - b[1], s[1] - b[0])
    scale = game.stake * game.gain * (1 if firmer else -1)
    # dW/dq = stake R (hS - hB) gain m', and m' < 0: with firmer, -(hS - hB) = hB - hS > 0
    least_gap, most_gap = gaps[0].max(arb(0)), gaps[1].max(arb(0))
    small, large = abs(scale) * odds[0] * steep[0] * least_gap, abs(scale) * odds[1] * steep[1] * most_gap
    endless = one.endless or two.endless
    if scale > 0:
        return small.lower(), None if endless else large.upper()
    return (-large).lower(), (-small).upper()


def _padded(value: Any, side: int) -> Any:
    return (value + side * arb(PADDING) * (1 + abs(value))).mid()


def _outward(low: Any, high: Any) -> tuple[float, float]:
    """Doubles at or outside the ends."""
    left, right = float(low.mid()), float(high.mid())
    while not arb(left) <= low:
        left = float(np.nextafter(left, -np.inf))
    while not arb(right) >= high:
        right = float(np.nextafter(right, np.inf))
    return left, right
