r"""The pseudo-likelihood: B's and A's best replies to given beliefs about each other, and its maximum.

With first-stage probabilities p0 of resisting and f0 of standing firm,

    c  = SA + (SA - VA)(1 - p0)/p0,         z1 = c - barWA,  z2 = c - bara
    w  = barWB - CB + (VB - CB)(1 - f0)/f0

are linear in the coefficients: A's part and B's part are maximised at once but share nothing, and B's part is concave.
Source: Crisman-Cox & Gibilisco (2021), Political Science Research and Methods 9(3), after Hotz & Miller (1993).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from doubletalk.crisis.design import Design
from doubletalk.crisis.optimise import Maximum, maximise
from doubletalk.crisis.outcomes import Indices, LogLikelihood, index_likelihood
from doubletalk.crisis.specification import UTILITIES
from doubletalk.crisis.tails import tails

__all__ = ["Beliefs", "best_reply", "maximise_pseudo", "pseudo_indices", "pseudo_terms", "score_by_beliefs"]

Array = NDArray[np.float64]

SMALLEST = 1e-12
"""Beliefs are kept between this and one minus this."""


@dataclass(frozen=True)
class Beliefs:
    """First-stage or fixed-point probabilities, one per game: pR (B resists), pF (A stands firm)."""

    resist: Array
    firm: Array

    def __post_init__(self) -> None:
        """Keep probabilities off 0 and 1, where a reply is not defined."""
        for name in ("resist", "firm"):
            values = np.clip(np.asarray(getattr(self, name), dtype=np.float64), SMALLEST, 1.0 - SMALLEST)
            object.__setattr__(self, name, values)

    @property
    def both(self) -> tuple[Array, Array]:
        """pR and pF."""
        return self.resist, self.firm

    def rows(self, chosen: NDArray[np.intp]) -> Beliefs:
        """Those of some games."""
        return Beliefs(self.resist[chosen], self.firm[chosen])


def index_weights(beliefs: Beliefs) -> Array:
    """d(z1, z2, w)/d utilities: (3, games, 7), utilities ordered as in UTILITIES."""
    place = {name: j for j, name in enumerate(UTILITIES)}
    m = (1.0 - beliefs.resist) / beliefs.resist
    odds = (1.0 - beliefs.firm) / beliefs.firm
    weights = np.zeros((3, len(m), len(place)))
    weights[:2, :, place["SA"]] = 1.0 + m
    weights[:2, :, place["VA"]] = -m
    weights[0, :, place["barWA"]] = -1.0
    weights[1, :, place["bara"]] = -1.0
    weights[2, :, place["barWB"]] = 1.0
    weights[2, :, place["VB"]] = odds
    weights[2, :, place["CB"]] = -1.0 - odds
    return weights


def pseudo_indices(utilities: Array, beliefs: Beliefs) -> Indices:
    """The indices at systematic *utilities* (games, 7)."""
    z1, z2, w = np.einsum("kgu,gu->kg", index_weights(beliefs), utilities)
    place = list(UTILITIES)
    return Indices(z1, z2, utilities[:, place.index("barWA")] - utilities[:, place.index("bara")], w)


def best_reply(utilities: Array, beliefs: Beliefs) -> Beliefs:
    """One update of the beliefs: what each side would do against them."""
    at = pseudo_indices(utilities, beliefs)
    t = tails(at.z1, at.z2, at.d)
    return Beliefs(ndtr(at.w), 1.0 / (1.0 + np.exp(t.log_odds)))


@dataclass(frozen=True)
class PseudoTerms:
    """Log-likelihood and derivatives by game at some coefficients.

    jacobian   d(z1, z2, w)/d coefficients, (3, games, coefficients)
    """

    terms: LogLikelihood
    jacobian: Array

    @property
    def value(self) -> float:
        """The log pseudo-likelihood, without the multinomial constant."""
        return float(self.terms.value.sum())

    def scores(self) -> Array:
        """Gradient by game, (games, coefficients)."""
        return np.asarray(np.einsum("gk,kgc->gc", self.terms.gradient, self.jacobian))

    def hessian(self) -> Array:
        """Hessian in the coefficients."""
        weighted = np.einsum("gkl,lgc->kgc", self.terms.hessian, self.jacobian)
        count = self.jacobian.shape[2]
        return np.asarray(self.jacobian.reshape(-1, count).T @ weighted.reshape(-1, count))


def pseudo_terms(
    design: Design, counts: Array, beliefs: Beliefs, coefficients: Array, jacobian: Array | None = None
) -> PseudoTerms:
    """The pseudo-likelihood of *counts* at *coefficients*."""
    if jacobian is None:
        jacobian = pseudo_jacobian(design, beliefs)
    at = pseudo_indices(design.utilities(coefficients), beliefs)
    return PseudoTerms(index_likelihood(at, counts), jacobian)


def pseudo_jacobian(design: Design, beliefs: Beliefs) -> Array:
    """d(z1, z2, w)/d coefficients; it does not depend on the coefficients."""
    return np.stack([design.jacobian(weights) for weights in index_weights(beliefs)])


def maximise_pseudo(
    design: Design, counts: Array, beliefs: Beliefs, start: Array | None = None
) -> Maximum:
    """The pseudo-likelihood estimate given *beliefs*."""
    jacobian = pseudo_jacobian(design, beliefs)

    def objective(coefficients: Array) -> tuple[float, Array, Array]:
        terms = pseudo_terms(design, counts, beliefs, coefficients, jacobian)
        return terms.value, terms.scores().sum(axis=0), terms.hessian()

    return maximise(objective, np.zeros(design.size) if start is None else start)


def score_by_beliefs(design: Design, terms: PseudoTerms, utilities: Array, beliefs: Beliefs) -> Array:
    """d score / d (pR, pF), by game: (games, coefficients, 2)."""
    place = {name: j for j, name in enumerate(UTILITIES)}
    by_resist = -1.0 / beliefs.resist**2
    by_firm = -1.0 / beliefs.firm**2
    gap = utilities[:, place["SA"]] - utilities[:, place["VA"]]
    stake = utilities[:, place["VB"]] - utilities[:, place["CB"]]
    # movement of (z1, z2, w) with each belief
    moves = np.zeros((design.games, 3, 2))
    moves[:, 0, 0] = moves[:, 1, 0] = gap * by_resist
    moves[:, 2, 1] = stake * by_firm
    first = np.einsum("gkl,glb,kgc->gcb", terms.terms.hessian, moves, terms.jacobian)
    # and of the Jacobian itself
    turn = np.zeros((2, 3, design.games, len(place)))
    turn[0, :2, :, place["SA"]] = by_resist
    turn[0, :2, :, place["VA"]] = -by_resist
    turn[1, 2, :, place["VB"]] = by_firm
    turn[1, 2, :, place["CB"]] = -by_firm
    for b in range(2):
        moved = np.stack([design.jacobian(weights) for weights in turn[b]])
        first[:, :, b] += np.einsum("gk,kgc->gc", terms.terms.gradient, moved)
    return np.asarray(first)
