r"""All equilibria of every game, with a proof by enclosure that none is missed.

Branch and bound over q = F^{-1}(pR) in [-25, 25] (pR from 3e-138 to 1 - 3e-138), all games at once. A box [l, u] is
  - cut to the values that W takes on it, [W(l), W(u)]: a root q = W(q) lies in both (exact, for W is monotone);
  - dropped when nothing is left;
  - closed when the enclosure of dW/dq lies wholly below 1 or wholly above: W(q) - q is then strictly monotone and has
    one root if its signs at the ends differ, none if not;
  - halved otherwise.
Where W does not rise there is exactly one root, and no search. Boxes narrower than 1e-9 that are still open hold a
root at which W touches or nearly touches the diagonal; they are kept as one root and marked as not certified.
The arithmetic is floating point with a margin of 1e-11, not outward rounding.

At pR -> 0 a game with SA > VA, barWA < bara and CB > VB has besides a limit in which A never challenges and B, were it
challenged, would not resist (beliefs off the path are free): ``deterred`` marks it. It is no interior equilibrium and
is listed, with q = -25, only where a game has no other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from doubletalk.crisis.reply import Game, Reply, reply

__all__ = ["LOWEST_Q", "MARGIN", "Equilibria", "find_equilibria"]

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

LOWEST_Q = -25.0
HIGHEST_Q = 25.0
MARGIN = 1e-11
NARROW = 1e-9
SAME_ROOT = 1e-8
"""Roots of a game that is not certified are one where they are nearer than this."""
MOST_ROUNDS = 400
ROOT_STEPS = 160
SETTLED = 1e-8


_Bracket: TypeAlias = tuple[Indices, Array, Array, Array]
"""Games, ends of the brackets of one root each, sign of W(q) - q above the root (0: not known)."""


@dataclass(frozen=True)
class Equilibria:
    """Every equilibrium of every game, sorted by game and then by pR.

    game       the game of each equilibrium
    q          F^{-1}(pR)
    slope      dW/dq there: stable under best replies where it is between -1 and 1; near 1 at a fold
    firm       pF
    certified  (games,) whether the list of the game's equilibria is proved complete
    deterred   (games,) whether there is also the limit pR = 0
    """

    game: Indices
    q: Array
    slope: Array
    firm: Array
    certified: NDArray[np.bool_]
    deterred: NDArray[np.bool_]

    @property
    def resist(self) -> Array:
        """pR."""
        return np.asarray(ndtr(self.q))

    def number(self) -> Indices:
        """How many equilibria each game has."""
        return np.bincount(self.game, minlength=len(self.certified)).astype(np.intp)


@dataclass(frozen=True)
class _Boxes:
    """Open boxes: their games, ends, and W with its parts at both ends."""

    game: Indices
    low: Array
    high: Array
    at_low: Reply
    at_high: Reply

    def some(self, chosen: NDArray[np.bool_]) -> _Boxes:
        return _Boxes(
            self.game[chosen],
            self.low[chosen],
            self.high[chosen],
            Reply(*(part[chosen] for part in self.at_low)),
            Reply(*(part[chosen] for part in self.at_high)),
        )


def find_equilibria(games: Game, guess: Array | None = None) -> Equilibria:
    """All equilibria of *games*. Cost: a few evaluations of W per game, more near folds.

    guess   (games,) where the first root of each game may be, which saves steps towards it and changes nothing else
    """
    count = len(games.status)
    everyone = np.arange(count)
    ends = np.full(count, LOWEST_Q), np.full(count, HIGHEST_Q)
    boxes = _Boxes(everyone, *ends, reply(games, ends[0]), reply(games, ends[1]))
    deterred = (games.gain > 0.0) & (games.firm < games.back) & (games.stake < 0.0)
    certified = np.ones(count, dtype=bool)
    brackets: list[_Bracket] = _edges(games, boxes)
    falls = ~games.rising
    if falls.any():
        brackets.append((*_inside(boxes.some(falls)), np.full(int(falls.sum()), -1.0)))
        boxes = boxes.some(~falls)
    for _ in range(MOST_ROUNDS):
        boxes, found, doubtful = _round(games, boxes)
        brackets += [found, doubtful]
        certified[doubtful[0]] = False
        if not len(boxes.game):
            break
    else:
        certified[boxes.game] = False
        brackets.append((boxes.game, boxes.low, boxes.high, np.zeros(len(boxes.game))))
    without = np.ones(count, dtype=bool)
    for found_game, _, _, _ in brackets:
        without[found_game] = False
    brackets.append((everyone[without], *(ends[0][without],) * 2, np.zeros(int(without.sum()))))
    game, low, high, sign = (np.concatenate(parts) for parts in zip(*brackets, strict=True))
    q = _roots(games.rows(game), low, high, sign, None if guess is None else guess[game])
    order = np.lexsort((q, game))
    game, q = game[order], q[order]
    # neighbouring narrow boxes at a fold hold the same root
    same = np.concatenate([[False], (np.diff(game) == 0) & (np.diff(q) < SAME_ROOT) & ~certified[game[1:]]])
    game, q = game[~same], q[~same]
    at = reply(games.rows(game), q)
    firm = 1.0 / (1.0 + at.odds)
    return Equilibria(game, q, at.slope(games.rows(game)), firm, certified, deterred)


def _inside(boxes: _Boxes) -> tuple[Indices, Array, Array]:
    """Brackets cut to the values of W, which a root must be one of."""
    least = np.minimum(boxes.at_low.value, boxes.at_high.value)
    most = np.maximum(boxes.at_low.value, boxes.at_high.value)
    low = np.clip(least - _margin(least), LOWEST_Q, HIGHEST_Q)
    high = np.clip(most + _margin(most), LOWEST_Q, HIGHEST_Q)
    low = np.maximum(boxes.low, np.minimum(low, boxes.high))
    return boxes.game, low, np.maximum(low, np.minimum(boxes.high, np.maximum(high, boxes.low)))


def _margin(value: Array) -> Array:
    return np.asarray(MARGIN * (1.0 + np.minimum(np.abs(value), 1e3)))


def _round(games: Game, boxes: _Boxes) -> tuple[_Boxes, _Bracket, _Bracket]:
    """One pass over the open boxes: what stays open, brackets of single roots, brackets too narrow to decide."""
    top = np.maximum(boxes.at_low.value, boxes.at_high.value)
    bottom = np.minimum(boxes.at_low.value, boxes.at_high.value)
    boxes = boxes.some((bottom - _margin(bottom) <= boxes.high) & (top + _margin(top) >= boxes.low))
    least, most = slope_bounds(games.rows(boxes.game), boxes.at_low, boxes.at_high)
    single = (most < 1.0 - MARGIN) | (least > 1.0 + MARGIN)
    # a root on the border of two boxes is counted in the lower one
    sign_low = boxes.at_low.value - boxes.low
    sign_high = boxes.at_high.value - boxes.high
    crosses = (sign_low < 0.0) & (sign_high >= 0.0) | (sign_low > 0.0) & (sign_high <= 0.0)
    closed = boxes.some(single & crosses)
    bracket = *_inside(closed), np.where(sign_low < 0.0, 1.0, -1.0)[single & crosses]
    boxes = boxes.some(~single)
    narrow = boxes.high - boxes.low < NARROW
    doubtful = boxes.some(narrow)
    boxes = _split(games, boxes.some(~narrow))
    return boxes, bracket, (doubtful.game, doubtful.low, doubtful.high, np.zeros(len(doubtful.game)))


def _split(games: Game, boxes: _Boxes) -> _Boxes:
    """Cut each box to the values of W on it; where that gains less than half, halve it."""
    _, low, high = _inside(boxes)
    high = np.maximum(high, low)
    shrunk = high - low < 0.5 * (boxes.high - boxes.low)
    middle = 0.5 * (low + high)
    halved = ~shrunk
    rows = games.rows(boxes.game)
    # one evaluation at each point, so that both neighbours of a border see the same sign there
    at_low, at_high = reply(rows, low), reply(rows, high)
    at_middle = reply(games.rows(boxes.game[halved]), middle[halved])
    new_high = high.copy()
    new_high[halved] = middle[halved]
    first_high = Reply(*(_replaced(part, halved, new) for part, new in zip(at_high, at_middle, strict=True)))
    return _Boxes(
        np.concatenate([boxes.game, boxes.game[halved]]),
        np.concatenate([low, middle[halved]]),
        np.concatenate([new_high, high[halved]]),
        Reply(*(np.concatenate(pair) for pair in zip(at_low, at_middle, strict=True))),
        Reply(*(np.concatenate([one, two[halved]]) for one, two in zip(first_high, at_high, strict=True))),
    )


def _replaced(values: Array, where: NDArray[np.bool_], new: Array) -> Array:
    values = values.copy()
    values[where] = new
    return values


def _edges(games: Game, whole: _Boxes) -> list[_Bracket]:
    """Roots beyond the range of q, put at its ends: W(25) > 25, or W(-25) < -25 with W bounded below."""
    rising = games.rising
    above = rising & (whole.at_high.value > HIGHEST_Q)
    unbounded = (games.gain > 0.0) & (games.firm < games.back)
    below = rising & ~unbounded & (whole.at_low.value < LOWEST_Q)
    parts = (above, whole.high), (below, whole.low)
    return [(np.flatnonzero(mask), end[mask], end[mask], np.zeros(int(mask.sum()))) for mask, end in parts]


def slope_bounds(games: Game, at_low: Reply, at_high: Reply) -> tuple[Array, Array]:
    """Bounds of dW/dq between two points, from the monotone parts; for games in which W rises."""
    with np.errstate(over="ignore", invalid="ignore"):
        odds = np.minimum(at_low.odds, at_high.odds), np.maximum(at_low.odds, at_high.odds)
        steep = np.minimum(-at_low.slope_of_m, -at_high.slope_of_m), np.maximum(-at_low.slope_of_m, -at_high.slope_of_m)
        s = np.minimum(at_low.hazard_s, at_high.hazard_s), np.maximum(at_low.hazard_s, at_high.hazard_s)
        b = np.minimum(at_low.hazard_b, at_high.hazard_b), np.maximum(at_low.hazard_b, at_high.hazard_b)
        # |hS - hB|, whose sign is that of back - firm
        firmer = games.firm > games.back
        least_gap = np.maximum(np.where(firmer, b[0] - s[1], s[0] - b[1]), 0.0)
        most_gap = np.maximum(np.where(firmer, b[1] - s[0], s[1] - b[0]), 0.0)
        # the gap is at most |d|: hazards of a normal have slope below 1
        scale = np.abs(games.stake * games.gain)
        least = scale * odds[0] * steep[0] * least_gap
        most = scale * odds[1] * steep[1] * most_gap
    flat = scale == 0.0
    least = np.where(flat | np.isnan(least), 0.0, least)
    most = np.where(flat, 0.0, np.where(np.isnan(most), np.inf, most))
    return least * (1.0 - MARGIN), most * (1.0 + MARGIN)


def _roots(games: Game, low: Array, high: Array, sign: Array, guess: Array | None) -> Array:
    """Newton's method inside the brackets, bisecting where a step would leave them or is not half the one before.

    A root is left alone once its steps are at rounding, or after two Newton steps in a row below SETTLED: the first
    leaves an error of the order of its square, the second polishes it. *sign* is that of W(q) - q above the root, 0
    where it is not known.
    """
    open_ = np.flatnonzero(sign == 0.0)
    if len(open_):
        rows, sign = games.rows(open_), sign.copy()
        top = np.sign(reply(rows, high[open_]).value - high[open_])
        sign[open_] = np.where(top == 0.0, -np.sign(reply(rows, low[open_]).value - low[open_]), top)
    q, last = 0.5 * (low + high), high - low
    if guess is not None:
        q = np.where((guess > low) & (guess < high), guess, q)
    low, high = low.copy(), high.copy()
    small = np.zeros(len(q), dtype=np.intp)
    open_ = np.arange(len(q))
    for _ in range(ROOT_STEPS):
        rows, here = games.rows(open_), q[open_]
        at = reply(rows, here)
        gap = at.value - here
        above = gap * sign[open_] > 0.0
        least, most = np.where(above, low[open_], here), np.where(above, here, high[open_])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = here - gap / (at.slope(rows) - 1.0)
        good = (newton >= least) & (newton <= most) & (2.0 * np.abs(newton - here) <= last[open_])
        new = np.where(gap == 0.0, here, np.where(good, newton, 0.5 * (least + most)))
        step = np.abs(new - here)
        at_rounding = np.abs(newton - here) <= 1e-14 * (1.0 + np.abs(here))
        new, step = np.where(at_rounding, here, new), np.where(at_rounding, 0.0, step)
        small[open_] = np.where(good & (step <= SETTLED * (1.0 + np.abs(here))), small[open_] + 1, 0)
        q[open_], low[open_], high[open_], last[open_] = new, least, most, step
        open_ = open_[(step > 4e-16 * (1.0 + np.abs(new))) & (small[open_] < 2)]
        if not len(open_):
            break
    return q
