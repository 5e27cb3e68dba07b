r"""The full likelihood: every equilibrium of every game, and a stated rule for which of them is played.

    best      ll_i = max_e ll_i(e)            lowest, highest   ll_i = ll_i(the equilibrium with least or most pR)
    mixture   ll_i = log sum_e p_e exp ll_i(e), p over lowest, middle, highest, renormalised over those that exist

All plays of a game are at the same equilibrium. On 'best', 'lowest' and 'highest' the likelihood is smooth only as
long as the equilibrium played does not vanish or change; a maximum on such an edge is reported as not converged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.branch import Branch, along
from doubletalk.crisis.design import Design
from doubletalk.crisis.equilibria import Equilibria, find_equilibria
from doubletalk.crisis.optimise import MOST_STEPS, Maximum, maximise
from doubletalk.crisis.reply import game_of

__all__ = [
    "MIXTURE_NAMES",
    "FullTerms",
    "by_game_logsumexp",
    "chain_hessian",
    "chain_scores",
    "full_terms",
    "log_shares",
    "maximise_full",
    "place_of",
    "selection_shares",
]

Array = NDArray[np.float64]

MIXTURE_NAMES = ("selection: middle against lowest (log odds)", "selection: highest against lowest (log odds)")


@dataclass(frozen=True)
class FullTerms:
    """The log-likelihood at some coefficients.

    by_game    (games,);  scores (games, parameters);  hessian (parameters, parameters)
    equilibria all of them;  chosen: for each game the row of the equilibrium played (of the likeliest, for a mixture)
    """

    by_game: Array
    scores: Array
    hessian: Array
    equilibria: Equilibria
    chosen: NDArray[np.intp]

    @property
    def value(self) -> float:
        """The log-likelihood, without the multinomial constant."""
        return float(self.by_game.sum())


def chain_scores(design: Design, by_utility: Array) -> Array:
    """From (games, 7) derivatives in utilities to (games, coefficients)."""
    return design.jacobian(by_utility)


def chain_hessian(design: Design, by_utility: Array) -> Array:
    """From (games, 7, 7) second derivatives in utilities to (coefficients, coefficients)."""
    blocks = list(design.blocks.values())
    rows = [
        [one.T @ (by_utility[:, [i], j] * two) for j, two in enumerate(blocks)]
        for i, one in enumerate(blocks)
        if one.shape[1]
    ]
    return np.block([[block for block in row if block.shape[1]] for row in rows])


def place_of(equilibria: Equilibria) -> NDArray[np.intp]:
    """0, 1 or 2 for the lowest, a middle, the highest of several equilibria of a game; 0 for the only one."""
    number = equilibria.number()
    first = np.concatenate([[0], np.cumsum(number)[:-1]])
    rank = np.arange(len(equilibria.game)) - first[equilibria.game]
    last = number[equilibria.game] - 1
    return np.asarray(np.where(rank == 0, 0, np.where(rank == last, 2, 1)), dtype=np.intp)


def log_shares(equilibria: Equilibria, logits: Array) -> Array:
    """A mixture's log probability of each equilibrium within its game; middle ones share theirs equally.

    logits   (2,), or (2, equilibria) where they differ between games
    """
    place, number = place_of(equilibria), equilibria.number()[equilibria.game]
    table = np.stack([np.zeros_like(logits[0]), logits[0], logits[1]])
    weights = table[place] if table.ndim == 1 else table[place, np.arange(len(place))]
    weights = weights - np.log(np.where(place == 1, np.maximum(number - 2, 1), 1))
    return np.asarray(weights - by_game_logsumexp(equilibria, weights)[equilibria.game])


def by_game_logsumexp(equilibria: Equilibria, values: Array) -> Array:
    """log sum exp of *values* (one per equilibrium) over the equilibria of each game."""
    first = np.concatenate([[0], np.cumsum(equilibria.number())[:-1]]).astype(np.intp)
    top = np.maximum.reduceat(values, first)
    safe = np.where(np.isfinite(top), top, 0.0)
    with np.errstate(divide="ignore"):
        return np.asarray(safe + np.log(np.add.reduceat(np.exp(values - safe[equilibria.game]), first)))


def selection_shares(equilibria: Equilibria, rule: str, logits: Array) -> Array:
    """How likely each equilibrium is to be played in its game, under ``lowest``, ``highest`` or ``mixture``."""
    if rule == "mixture":
        return np.asarray(np.exp(log_shares(equilibria, logits)))
    last = np.cumsum(equilibria.number()) - 1
    shares = np.zeros(len(equilibria.game))
    shares[last if rule == "highest" else last - equilibria.number() + 1] = 1.0
    return shares


def full_terms(design: Design, counts: Array, parameters: Array, selection: str) -> FullTerms:
    """The full likelihood with its derivatives at *parameters*; a mixture has two more than there are coefficients."""
    coefficients = parameters[: design.size]
    games = game_of(design.utilities(coefficients))
    equilibria = find_equilibria(games)
    branch = along(games.rows(equilibria.game), equilibria.q, counts[equilibria.game])
    if selection == "mixture":
        return _mixture(design, branch, equilibria, parameters[design.size :])
    chosen = _choose(branch, equilibria, selection)
    return FullTerms(
        branch.value[chosen],
        chain_scores(design, branch.gradient[chosen]),
        chain_hessian(design, branch.hessian[chosen]),
        equilibria,
        chosen,
    )


def _choose(branch: Branch, equilibria: Equilibria, selection: str) -> NDArray[np.intp]:
    """The row of the equilibrium that the rule picks in each game."""
    number = equilibria.number()
    first = np.concatenate([[0], np.cumsum(number)[:-1]]).astype(np.intp)
    if selection == "lowest":
        return first
    if selection == "highest":
        return np.asarray(first + number - 1, dtype=np.intp)
    order = np.lexsort((-branch.value, equilibria.game))
    return np.asarray(order[first], dtype=np.intp)


def _mixture(design: Design, branch: Branch, equilibria: Equilibria, logits: Array) -> FullTerms:
    game, games = equilibria.game, len(equilibria.certified)
    place = place_of(equilibria)
    number = equilibria.number()
    first = np.concatenate([[0], np.cumsum(number)[:-1]]).astype(np.intp)
    prior = log_shares(equilibria, logits)
    value = by_game_logsumexp(equilibria, prior + branch.value)
    posterior, prior_share = np.exp(prior + branch.value - value[game]), np.exp(prior)
    # derivatives of each equilibrium's log weight in the two logits, before the normalisation common to the game
    mark = np.stack([place == 1, place == 2], axis=1).astype(np.float64)
    mean = np.stack([np.bincount(game, prior_share * mark[:, j], games) for j in range(2)], axis=1)
    own = np.concatenate([chain_scores(design.rows(game), branch.gradient), mark - mean[game]], axis=1)
    scores = np.zeros((games, own.shape[1]))
    np.add.at(scores, game, posterior[:, None] * own)
    size = design.size
    hessian = own.T @ (posterior[:, None] * own) - scores.T @ scores
    hessian[:size, :size] += chain_hessian(design.rows(game), posterior[:, None, None] * branch.hessian)
    hessian[size:, size:] -= (mark - mean[game]).T @ (prior_share[:, None] * (mark - mean[game]))
    order = np.lexsort((-posterior, game))
    return FullTerms(value, scores, hessian, equilibria, order[first])


def maximise_full(
    design: Design, counts: Array, start: Array, selection: str, steps: int = MOST_STEPS
) -> tuple[Maximum, FullTerms]:
    """A local maximum of the full likelihood from *start* (coefficients), and the terms there."""
    extra = len(MIXTURE_NAMES) if selection == "mixture" else 0
    begin = np.concatenate([start, np.zeros(extra)]) if len(start) == design.size else start

    def objective(parameters: Array) -> tuple[float, Array, Array]:
        terms = full_terms(design, counts, parameters, selection)
        hessian = np.nan_to_num(terms.hessian, nan=0.0, posinf=0.0, neginf=0.0)
        return terms.value, terms.scores.sum(axis=0), hessian

    found = maximise(objective, begin, steps=steps)
    return found, full_terms(design, counts, found.point, selection)
