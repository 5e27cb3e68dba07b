r"""A first stage for users who have none: two logits for pR and pF on covariates.

    pR: B resisted, among the games' challenges (sf + bd of cd + sf + bd);  pF: A stood firm, among those resisted
    (sf of sf + bd)

Slopes on standardised covariates have normal priors with standard deviation SLOPE_SCALE, intercepts the same around 0,
so that the estimate exists when outcomes are separated. It is a reduced form: pseudo-likelihood estimates inherit its
bias; nested pseudo-likelihood and full likelihood take only their starting point from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

from doubletalk.crisis.data import CrisisData
from doubletalk.crisis.design import matrix
from doubletalk.crisis.optimise import maximise
from doubletalk.crisis.pseudo import Beliefs
from doubletalk.crisis.specification import CrisisSpecification, variables
from doubletalk.errors import InputError

__all__ = ["FirstStage", "fit_first_stage", "given_first_stage"]

Array = NDArray[np.float64]

SLOPE_SCALE = 5.0


@dataclass(frozen=True)
class FirstStage:
    """Estimated beliefs, and what the second stage needs to account for their errors.

    influence   (games, parameters): each game's contribution to the error of the first-stage parameters
    by_parameter  (games, 2, parameters): d(pR, pF)/d parameters
    covariance  (2 games, 2 games) of (pR of all games, pF of all games), where one was given; else None
    """

    beliefs: Beliefs
    words: str
    influence: Array | None = None
    by_parameter: Array | None = None
    covariance: Array | None = None


def given_first_stage(spec: CrisisSpecification, data: CrisisData, covariance: Array | None = None) -> FirstStage:
    """The columns that the specification names; *covariance* of all pR, then all pF, where it is known."""
    if spec.first_stage is None:
        words = "the specification names no first-stage columns; add 'first_stage: {pR: ..., pF: ...}'"
        raise InputError(words, spec.path)
    expected = (2 * data.games, 2 * data.games)
    if covariance is not None and covariance.shape != expected:
        raise InputError(f"first-stage covariance: expected shape {expected}, found {covariance.shape}")
    resist, firm = spec.first_stage
    beliefs = Beliefs(data.column(resist), data.column(firm))
    return FirstStage(beliefs, f"columns {resist} and {firm}", covariance=covariance)


def fit_first_stage(spec: CrisisSpecification, data: CrisisData, weights: Array | None = None) -> FirstStage:
    """The two logits; *weights* repeat games (for a bootstrap)."""
    if data.counts is None:
        raise InputError("a first stage needs the counts of outcomes", data.source)
    formula = spec.first_stage_formula or _default_formula(spec)
    covariates, _, _ = matrix(formula, data.columns, "first_stage")
    spread = covariates.std(axis=0)
    standard = np.where(spread > 0.0, (covariates - covariates.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0), 1.0)
    _, conceded, firm, backed = data.counts.T * (1.0 if weights is None else weights)
    resist = _logit(standard, firm + backed, conceded)
    stand = _logit(standard, firm, backed)
    by = np.zeros((data.games, 2, 2 * standard.shape[1]))
    for place, part in enumerate((resist, stand)):
        p = part.probability
        by[:, place, place * standard.shape[1] : (place + 1) * standard.shape[1]] = (p * (1.0 - p))[:, None] * standard
    influence = np.concatenate([resist.influence, stand.influence], axis=1)
    words = f"logits on {formula}"
    return FirstStage(Beliefs(resist.probability, stand.probability), words, influence, by)


def _default_formula(spec: CrisisSpecification) -> str:
    names = [name for formula in spec.formulas.values() for name in variables(formula)]
    return " + ".join(dict.fromkeys(names)) or "1"


@dataclass(frozen=True)
class _Logit:
    probability: Array
    influence: Array


def _logit(covariates: Array, yes: Array, no: Array) -> _Logit:
    """Posterior mode of a logit for grouped data."""
    precision = 1.0 / SLOPE_SCALE**2

    def objective(g: Array) -> tuple[float, Array, Array]:
        index = covariates @ g
        p = expit(index)
        value = float((-yes * np.logaddexp(0.0, -index) - no * np.logaddexp(0.0, index)).sum())
        gradient = covariates.T @ (yes * (1.0 - p) - no * p) - precision * g
        weight = (yes + no) * p * (1.0 - p)
        hessian = -covariates.T @ (weight[:, None] * covariates) - precision * np.eye(len(g))
        return value - 0.5 * precision * float(g @ g), gradient, hessian

    found = maximise(objective, np.zeros(covariates.shape[1]))
    p = expit(covariates @ found.point)
    scores = (yes * (1.0 - p) - no * p)[:, None] * covariates
    return _Logit(p, np.linalg.solve(-found.hessian, scores.T).T)
