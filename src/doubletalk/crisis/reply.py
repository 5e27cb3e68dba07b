r"""The equilibrium condition in one variable, q = F^{-1}(pR), with derivatives and enclosures.

    m(q) = (1 - pR)/pR = F(-q)/F(q),   c(q) = SA + (SA - VA) m(q)
    R(c) = (1 - pF)/pF = B/S at z1 = c - barWA, z2 = c - bara
    W(q) = barWB - CB + (VB - CB) R(c(q));   an equilibrium is a root of W(q) = q

Each of the three steps is monotone: m falls in q; R falls in c where barWA > bara, rises where barWA < bara, is 1 where
they are equal (the odds are those of two densities whose ratio is monotone in c); W is linear in R. So W itself is
monotone, and on [l, u] it takes exactly the values between W(l) and W(u). Its slope

    dW/dq = (VB - CB) R (hS - hB) (SA - VA) m'(q),   hS = f(z1) F(z2)/S,  hB = f(z2) F(z1)/B

is enclosed too: R, m' (negative, rising towards 0), and the hazards hS and hB (increasing in c) are all monotone.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from doubletalk.crisis.outcomes import Indices
from doubletalk.crisis.tails import inverse_mills, tails

__all__ = ["Game", "Reply", "concession_odds", "concession_odds_slope", "game_of", "indices_at", "reply"]

Array = NDArray[np.float64]
LARGEST = 1e290


class Game(NamedTuple):
    """What matters of the utilities, one entry per game.

    status   SA;  gain = SA - VA;  firm = barWA;  back = bara;  resist = barWB - CB;  stake = VB - CB
    """

    status: Array
    gain: Array
    firm: Array
    back: Array
    resist: Array
    stake: Array

    def rows(self, chosen: NDArray[np.intp]) -> Game:
        """Some of the games (repetitions allowed)."""
        return Game(*(part[chosen] for part in self))

    @property
    def rising(self) -> NDArray[np.bool_]:
        """Where W does not fall in q: only there can a game have more than one equilibrium."""
        # sign of dW/dq: stake * sign(R') * gain * (-1), and R falls in c when firm > back
        return np.asarray(self.stake * (self.firm - self.back) * self.gain >= 0.0)


class Reply(NamedTuple):
    """W at q and what its derivatives are made of."""

    value: Array
    odds: Array
    hazard_s: Array
    hazard_b: Array
    slope_of_m: Array

    def slope(self, game: Game) -> Array:
        """dW/dq; 0 where a factor vanishes."""
        with np.errstate(invalid="ignore", over="ignore"):
            product = game.stake * self.odds * (self.hazard_s - self.hazard_b) * (game.gain * self.slope_of_m)
        return np.asarray(np.nan_to_num(product, nan=0.0, posinf=LARGEST, neginf=-LARGEST))


def game_of(utilities: Array) -> Game:
    """From systematic utilities (games, 7) in the order of UTILITIES."""
    sa, va, cb, wa, wb, a, vb = utilities.T
    return Game(sa, sa - va, wa, a, wb - cb, vb - cb)


def concession_odds(q: Array) -> Array:
    """m(q) = F(-q)/F(q)."""
    return np.asarray(np.exp(log_ndtr(-q) - log_ndtr(q)))


def concession_odds_slope(q: Array) -> Array:
    """m'(q) = -f(q)/F(q)^2."""
    return np.asarray(-inverse_mills(q) * np.exp(-log_ndtr(q)))


def indices_at(game: Game, q: Array) -> Indices:
    """z1, z2, d and w = q."""
    with np.errstate(over="ignore"):
        c = game.status + game.gain * concession_odds(q)
    return Indices(c - game.firm, c - game.back, game.firm - game.back, q)


def reply(game: Game, q: Array) -> Reply:
    """W(q) and its parts; arrays of one shape."""
    at = indices_at(game, q)
    t = tails(at.z1, at.z2, at.d)
    with np.errstate(over="ignore", invalid="ignore"):
        odds = np.minimum(np.exp(t.log_odds), LARGEST)
        value = game.resist + np.where(game.stake == 0.0, 0.0, game.stake * odds)
    slope_of_m = concession_odds_slope(q)
    return Reply(np.clip(value, -LARGEST, LARGEST), odds, t.hazard_s, t.hazard_b, slope_of_m)
