r"""Covariances of the estimators.

With score s_i of game i, pseudo-Hessian H = sum d s_i/d theta, C_i = d s_i/d(pR_i, pF_i):

    uncorrected      (-H)^-1: right only if pR and pF were known
    two-step         H^-1 (M + sum_ij C_i S_ij C_j') H^-1 with S the covariance of the first stage; with the built-in
                     first stage the contributions of game i to both stages are added before they are squared
                     (Murphy & Topel 1985; Newey & McFadden 1994, section 6)
    NPL              A^-1 M A^-1', A = H + sum_i C_i dP_i/d theta, P_i(theta) being the fixed point of game i
                     (Aguirregabiria & Mira 2007, proposition 2)
    full likelihood  (-H)^-1 of the full log-likelihood

M is the information of the counts, -H of the pseudo-likelihood, or with robust=True the sum of s_i s_i' over games
(and H^-1 M H^-1 for the full likelihood), which allows plays of the same game to depend on each other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.bivariate import normal_density
from doubletalk.crisis.branch import utility_slopes
from doubletalk.crisis.design import Design
from doubletalk.crisis.first_stage import FirstStage
from doubletalk.crisis.outcomes import log_odds_terms
from doubletalk.crisis.pseudo import Beliefs, PseudoTerms, score_by_beliefs
from doubletalk.crisis.reply import concession_odds, concession_odds_slope, game_of, indices_at
from doubletalk.crisis.tails import tails

__all__ = ["belief_slopes", "full_covariance", "inverse_of", "npl_covariance", "two_step_covariance"]

Array = NDArray[np.float64]


def inverse_of(information: Array) -> Array:
    """Inverse of a symmetric information matrix; not-a-number in the directions that the data do not inform."""
    scale = np.sqrt(np.maximum(np.abs(np.diag(information)), 1e-300))
    values, vectors = np.linalg.eigh(information / scale[:, None] / scale)
    weak = values < 1e-12
    inverse = (vectors[:, ~weak] / values[~weak]) @ vectors[:, ~weak].T
    blind = (vectors[:, weak] ** 2).sum(axis=1) > 1e-6
    inverse[blind, :] = np.nan
    inverse[:, blind] = np.nan
    return np.asarray(inverse / scale[:, None] / scale)


def sandwich(bread: Array, meat: Array) -> Array:
    """bread meat bread', not-a-number only for parameters for which *bread* is."""
    blind = ~np.isfinite(np.diag(bread))
    inner = np.where(np.isfinite(bread), bread, 0.0)
    made = inner @ meat @ inner.T
    made[blind, :] = np.nan
    made[:, blind] = np.nan
    return np.asarray(made)


def two_step_covariance(
    design: Design, terms: PseudoTerms, utilities: Array, first: FirstStage, robust: bool
) -> tuple[Array, str]:
    """Covariance of the pseudo-likelihood estimate and what it accounts for."""
    bread = inverse_of(-terms.hessian())
    scores = terms.scores()
    by_beliefs = score_by_beliefs(design, terms, utilities, first.beliefs)
    if first.influence is not None and first.by_parameter is not None:
        moved = np.einsum("gcb,gbp->cp", by_beliefs, first.by_parameter)
        total = scores + first.influence @ moved.T
        return sandwich(bread, total.T @ total), "two-step, by game (built-in first stage)"
    meat = scores.T @ scores if robust else -terms.hessian()
    words = "by game" if robust else "information"
    if first.covariance is not None:
        wide = np.concatenate([by_beliefs[:, :, 0].T, by_beliefs[:, :, 1].T], axis=1)
        meat = meat + wide @ first.covariance @ wide.T
        return sandwich(bread, meat), f"two-step, {words} (first-stage covariance given)"
    return sandwich(bread, meat), f"NOT corrected for the first stage, {words}"


def belief_slopes(design: Design, coefficients: Array, q: Array) -> Array:
    """d(pR, pF)/d coefficients along the equilibria *q*, one per game: (games, 2, coefficients)."""
    game = game_of(design.utilities(coefficients))
    q_by = utility_slopes(game, q)
    at = indices_at(game, q)
    t = tails(at.z1, at.z2, at.d)
    first, _ = log_odds_terms(at, t)
    firm = 1.0 / (1.0 + np.exp(t.log_odds))
    m = concession_odds(q)
    c_by = (game.gain * concession_odds_slope(q))[:, None] * q_by
    c_by[:, 0] += 1.0 + m
    c_by[:, 1] -= m
    z1_by, z2_by = c_by.copy(), c_by
    z1_by[:, 3] -= 1.0
    z2_by[:, 5] -= 1.0
    log_odds_by = first[:, [0]] * z1_by + first[:, [1]] * z2_by
    firm_by = -(firm * (1.0 - firm))[:, None] * log_odds_by
    resist_by = normal_density(q)[:, None] * q_by
    return np.stack([design.jacobian(resist_by), design.jacobian(firm_by)], axis=1)


def npl_covariance(
    design: Design, terms: PseudoTerms, coefficients: Array, beliefs: Beliefs, q: Array, robust: bool
) -> tuple[Array, str]:
    """Covariance at the fixed point of nested pseudo-likelihood."""
    utilities = design.utilities(coefficients)
    by_beliefs = score_by_beliefs(design, terms, utilities, beliefs)
    bread = terms.hessian() + np.einsum("gcb,gbd->cd", by_beliefs, belief_slopes(design, coefficients, q))
    scores = terms.scores()
    meat = scores.T @ scores if robust else -terms.hessian()
    try:
        inverse = np.linalg.inv(bread)
    except np.linalg.LinAlgError:
        inverse = np.full_like(bread, np.nan)
    return inverse @ meat @ inverse.T, f"fixed point, {'by game' if robust else 'information'}"


def full_covariance(hessian: Array, scores: Array, robust: bool) -> tuple[Array, str]:
    """Covariance of the full-likelihood estimate."""
    bread = inverse_of(-hessian)
    if robust:
        return sandwich(bread, scores.T @ scores), "by game (sandwich)"
    return bread, "information"
