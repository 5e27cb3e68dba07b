"""Counts drawn from the model at known coefficients, and predicted probabilities with intervals."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.design import Design
from doubletalk.crisis.equilibria import Equilibria, find_equilibria
from doubletalk.crisis.outcomes import log_probabilities
from doubletalk.crisis.reply import game_of, indices_at

__all__ = ["Prediction", "outcome_probabilities", "predict", "simulate_counts"]

Array = NDArray[np.float64]


class Prediction(NamedTuple):
    """Probabilities of sq, cd, sf, bd by game (games, 4): at the estimates, and the ends of the interval."""

    probability: Array
    low: Array
    high: Array
    equilibria: Equilibria


def outcome_probabilities(design: Design, coefficients: Array, selection: str = "lowest") -> tuple[Array, Equilibria]:
    """Probabilities of the four outcomes at the lowest or highest equilibrium of every game, and all equilibria."""
    games = game_of(design.utilities(coefficients))
    equilibria = find_equilibria(games)
    number = equilibria.number()
    last = np.cumsum(number) - 1
    rows = last if selection == "highest" else last - number + 1
    return np.exp(log_probabilities(indices_at(games, equilibria.q[rows]))), equilibria


def simulate_counts(design: Design, coefficients: Array, plays: int, seed: int, selection: str = "lowest") -> Array:
    """Counts (games, 4) of *plays* plays of every game."""
    probabilities, _ = outcome_probabilities(design, coefficients, selection)
    generator = np.random.default_rng(seed)
    shares = probabilities / probabilities.sum(axis=1, keepdims=True)
    return generator.multinomial(plays, shares).astype(np.float64)


def predict(
    design: Design, coefficients: Array, covariance: Array, *, draws: int, seed: int, level: float, selection: str
) -> Prediction:
    """Predicted probabilities; intervals from *draws* of the normal approximation to the coefficients."""
    centre, equilibria = outcome_probabilities(design, coefficients, selection)
    generator = np.random.default_rng(seed)
    values, vectors = np.linalg.eigh(covariance)
    root = vectors * np.sqrt(np.maximum(values, 0.0))
    drawn = [
        outcome_probabilities(design, coefficients + root @ generator.standard_normal(len(coefficients)), selection)[0]
        for _ in range(draws)
    ]
    low, high = np.quantile(np.stack(drawn), [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
    return Prediction(centre, low, high, equilibria)
