r"""One equilibrium as a smooth function of the utilities: the likelihood along it, with exact derivatives.

Along a branch q solves q = W(y, q), where y = (SA, SA - VA, barWA, bara, barWB - CB, VB - CB). With the multiplier
lambda = ll_q / (1 - W_q) and L = ll + lambda (W - q),

    d ll/dy = L_y,   dq/dy = W_y / (1 - W_q),   d^2 ll/dy^2 = T' L_yy T,  T = (I; dq/dy)

(the second derivative of q never has to be formed). Everything blows up where W_q = 1: the branch folds there.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.outcomes import Indices, index_likelihood, log_odds_terms
from doubletalk.crisis.reply import Game, concession_odds, concession_odds_slope, indices_at
from doubletalk.crisis.tails import Tails, inverse_mills, tails

__all__ = ["TO_GAME", "Branch", "along", "along_slopes", "constrained", "utility_slopes"]

Array = NDArray[np.float64]

TO_GAME = np.array(
    [
        [1, 0, 0, 0, 0, 0, 0],
        [1, -1, 0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0, 0, 0],
        [0, 0, 0, 0, 0, 1, 0],
        [0, 0, -1, 0, 1, 0, 0],
        [0, 0, -1, 0, 0, 0, 1],
    ],
    dtype=np.float64,
)
"""dy/d(SA, VA, CB, barWA, barWB, bara, VB)."""


class Branch(NamedTuple):
    """Log-likelihood by game, its gradient (games, 7) and Hessian (games, 7, 7) in the utilities, dq/du (games, 7)."""

    value: Array
    gradient: Array
    hessian: Array
    q_by_utility: Array


class _Point(NamedTuple):
    """Derivatives in (y, q) at a point: of (z1, z2), and of the odds R."""

    at: Indices
    tails: Tails
    z_by: Array
    m_slope: Array
    m_bend: Array
    odds: Array
    odds_first: Array
    odds_second: Array


def _point(game: Game, q: Array) -> _Point:
    at = indices_at(game, q)
    t = tails(at.z1, at.z2, at.d)
    first, second = log_odds_terms(at, t)
    with np.errstate(over="ignore", invalid="ignore"):
        odds = np.minimum(np.exp(t.log_odds), 1e150)
        odds_first = odds[:, None] * first
        odds_second = odds[:, None, None] * (second + first[:, :, None] * first[:, None, :])
    m, slope = concession_odds(q), concession_odds_slope(q)
    # m'' = m' (-q - 2 f/F)
    bend = slope * (-q - 2.0 * inverse_mills(q))
    z_by = np.zeros((len(q), 2, 7))
    z_by[:, :, 0] = 1.0
    z_by[:, :, 1] = m[:, None]
    z_by[:, 0, 2] = z_by[:, 1, 3] = -1.0
    z_by[:, :, 6] = (game.gain * slope)[:, None]
    return _Point(at, t, z_by, slope, bend, odds, odds_first, odds_second)


def _reply_by(game: Game, p: _Point) -> Array:
    """Gradient of W in (y, q)."""
    by = game.stake[:, None] * np.einsum("gk,gky->gy", p.odds_first, p.z_by)
    by[:, 4] += 1.0
    by[:, 5] += p.odds
    return np.asarray(by)


def utility_slopes(game: Game, q: Array) -> Array:
    """dq/d utilities at an equilibrium, (games, 7)."""
    reply_by = _reply_by(game, _point(game, q))
    return np.asarray((reply_by[:, :6] / (1.0 - reply_by[:, 6:])) @ TO_GAME)


def along(game: Game, q: Array, counts: Array) -> Branch:
    """The log-likelihood of *counts* at the equilibria *q*, as a function of the utilities."""
    p = _point(game, q)
    ll = index_likelihood(p.at, counts, p.tails)
    with np.errstate(over="ignore", invalid="ignore"):
        reply_by = _reply_by(game, p)
        q_by = reply_by[:, :6] / (1.0 - reply_by[:, 6:])
        ll_by = np.einsum("gk,gky->gy", ll.gradient[:, :2], p.z_by)
        ll_by[:, 6] += ll.gradient[:, 2]
        multiplier = ll_by[:, 6] / (1.0 - reply_by[:, 6])
        gradient = ll_by[:, :6] + multiplier[:, None] * reply_by[:, :6]
        second = _lagrangian(game, p, ll.gradient, ll.hessian, multiplier)
        turn = np.concatenate([np.broadcast_to(np.eye(6), (len(q), 6, 6)), q_by[:, None, :]], axis=1)
        hessian = np.einsum("gya,gyz,gzb->gab", turn, second, turn, optimize=True)
    # at the limit pR = 0 the likelihood is flat where nobody challenged, and so low elsewhere that no step goes there
    gradient, hessian, q_by = (np.nan_to_num(x, nan=0.0, posinf=0.0, neginf=0.0) for x in (gradient, hessian, q_by))
    return Branch(ll.value, gradient @ TO_GAME, TO_GAME.T @ hessian @ TO_GAME, q_by @ TO_GAME)


def along_slopes(game: Game, q: Array, counts: Array) -> tuple[Array, Array]:
    """What :func:`along` gives, without second derivatives: log-likelihood (games,), gradient (games, 7)."""
    p = _point(game, q)
    ll = index_likelihood(p.at, counts, p.tails)
    with np.errstate(over="ignore", invalid="ignore"):
        reply_by = _reply_by(game, p)
        ll_by = np.einsum("gk,gky->gy", ll.gradient[:, :2], p.z_by)
        ll_by[:, 6] += ll.gradient[:, 2]
        multiplier = ll_by[:, 6] / (1.0 - reply_by[:, 6])
        gradient = ll_by[:, :6] + multiplier[:, None] * reply_by[:, :6]
    gradient = np.nan_to_num(gradient, nan=0.0, posinf=0.0, neginf=0.0)
    return ll.value, np.asarray(gradient @ TO_GAME)


def _lagrangian(game: Game, p: _Point, first: Array, second: Array, multiplier: Array) -> Array:
    """Second derivatives of ll + multiplier (W - q) in (y, q), (games, 7, 7)."""
    weight = multiplier * game.stake
    inner = second[:, :2, :2] + weight[:, None, None] * p.odds_second
    total = np.swapaxes(p.z_by, 1, 2) @ inner @ p.z_by
    # both indices bend alike: d2 z / d gain dq = m', d2 z / dq2 = gain m''
    pull = first[:, 0] + first[:, 1] + weight * (p.odds_first[:, 0] + p.odds_first[:, 1])
    total[:, 1, 6] += pull * p.m_slope
    total[:, 6, 1] += pull * p.m_slope
    total[:, 6, 6] += pull * game.gain * p.m_bend + second[:, 2, 2]
    mixed = multiplier[:, None] * np.einsum("gk,gky->gy", p.odds_first, p.z_by)
    total[:, 5, :] += mixed
    total[:, :, 5] += mixed
    return np.asarray(total)


def constrained(
    game: Game, q: Array, counts: Array, multiplier: Array, weight: float
) -> tuple[Array, Array, Array, Array, Array]:
    """What a constrained solver needs at any *q*, all by game and in (y, q).

    Log-likelihood; its gradient (games, 7); second derivatives of weight ll + multiplier (W - q), (games, 7, 7);
    the gap W - q; and its gradient (games, 7).
    """
    p = _point(game, q)
    ll = index_likelihood(p.at, counts, p.tails)
    first = np.einsum("gk,gky->gy", ll.gradient[:, :2], p.z_by)
    first[:, 6] += ll.gradient[:, 2]
    second = _lagrangian(game, p, weight * ll.gradient, weight * ll.hessian, multiplier)
    gap_by = _reply_by(game, p)
    gap_by[:, 6] -= 1.0
    return ll.value, first, second, game.resist + game.stake * p.odds - q, gap_by
