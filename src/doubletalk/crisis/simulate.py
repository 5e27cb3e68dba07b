"""Counts drawn from the model at known coefficients, and predicted probabilities with intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.design import Design
from doubletalk.crisis.equilibria import Equilibria, find_equilibria
from doubletalk.crisis.full import selection_shares
from doubletalk.crisis.outcomes import log_probabilities
from doubletalk.crisis.reply import game_of, indices_at
from doubletalk.errors import InputError

__all__ = [
    "PREDICTION_RULES",
    "Prediction",
    "covariance_root",
    "normal_draws",
    "outcome_probabilities",
    "predict",
    "simulate_counts",
    "thinned",
]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

PREDICTION_RULES = ("lowest", "highest", "mixture")
"""Which equilibrium is predicted: with least or most pR, or all of them in the shares that a mixture has."""


class Prediction(NamedTuple):
    """Probabilities of sq, cd, sf, bd by game (games, 4): at the estimates, and the ends of the interval."""

    probability: Array
    low: Array
    high: Array
    equilibria: Equilibria


def outcome_probabilities(design: Design, parameters: Array, selection: str = "lowest") -> tuple[Array, Equilibria]:
    """Probabilities of the four outcomes in every game under one of PREDICTION_RULES, and all equilibria.

    parameters   the coefficients, followed by the two log odds of selection for a mixture
    """
    games = game_of(design.utilities(parameters[: design.size]))
    equilibria = find_equilibria(games)
    by_row = np.exp(log_probabilities(indices_at(games.rows(equilibria.game), equilibria.q)))
    shares = selection_shares(equilibria, selection, parameters[design.size :])
    total = np.zeros((design.games, 4))
    np.add.at(total, equilibria.game, shares[:, None] * by_row)
    return total, equilibria


def simulate_counts(design: Design, coefficients: Array, plays: int, seed: int, selection: str = "lowest") -> Array:
    """Counts (games, 4) of *plays* plays of every game, all at the lowest or all at the highest equilibrium."""
    probabilities, _ = outcome_probabilities(design, coefficients, selection)
    generator = np.random.default_rng(seed)
    shares = probabilities / probabilities.sum(axis=1, keepdims=True)
    return generator.multinomial(plays, shares).astype(np.float64)


def covariance_root(covariance: Array, names: Sequence[str]) -> Array:
    """R with R R' = *covariance*. Raises InputError naming the parameters whose variance is not known."""
    blind = [name for name, value in zip(names, np.diag(covariance), strict=True) if not np.isfinite(value)]
    if blind or not np.isfinite(covariance).all():
        shown = ", ".join(blind) or "some pairs of parameters"
        message = f"no intervals: the data do not determine the standard error of {shown}; "
        raise InputError(message + "leave these covariates out, or set the utility to 0")
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0)))


def normal_draws(estimates: Array, covariance: Array, names: Sequence[str], draws: int, seed: int) -> Array:
    """(draws, parameters) from the normal approximation to the estimates."""
    root = covariance_root(covariance, names)
    generator = np.random.default_rng(seed)
    return np.asarray(estimates + generator.standard_normal((draws, len(estimates))) @ root.T)


def thinned(draws: Array, count: int) -> Array:
    """At most *count* of the rows of *draws*, evenly spaced."""
    return np.asarray(draws[np.linspace(0, len(draws) - 1, min(count, len(draws))).astype(np.intp)])


def predict(
    design: Design, estimates: Array, drawn: Array, *, level: float, selection: str, tell: Tell | None = None
) -> Prediction:
    """Predicted probabilities; intervals are the quantiles over *drawn* (draws, parameters)."""
    centre, equilibria = outcome_probabilities(design, estimates, selection)
    spread = []
    for number, one in enumerate(drawn):
        spread.append(outcome_probabilities(design, one, selection)[0])
        if tell is not None:
            tell((number + 1) / len(drawn), "predicting")
    low, high = np.quantile(spread, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
    return Prediction(centre, low, high, equilibria)
