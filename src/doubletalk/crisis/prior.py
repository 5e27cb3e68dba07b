r"""The normal prior of the Bayesian fit, stated on standardised covariates and carried back to the user's units.

``standard``: in each utility a column that varies is divided by its standard deviation and, beside an intercept,
centred;

    slope_j sd(x_j) ~ N(0, scale^2),     intercept + sum_j slope_j mean(x_j) ~ N(0, scale^2)

so that the prior speaks of utility at the average game and of what one standard deviation does to it, in units of the
private costs (which have standard deviation 1), and does not change with the units of a covariate.
``raw``: every coefficient ~ N(0, scale^2) in the units of the data. Log odds of selection ~ N(0, LOGIT_SCALE^2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.design import Design

__all__ = ["LOGIT_SCALE", "Prior", "normal_prior"]

Array = NDArray[np.float64]
LOGIT_SCALE = 1.5


@dataclass(frozen=True)
class Prior:
    """N(0, R R') on all parameters.

    root, whitener   R and R^-1, (parameters, parameters);  words: the prior in a line
    """

    root: Array
    whitener: Array
    words: str

    @property
    def precision(self) -> Array:
        """(R R')^-1."""
        return np.asarray(self.whitener.T @ self.whitener)

    def log_density(self, theta: Array) -> Array:
        """Up to its constant, at *theta* (..., parameters)."""
        return np.asarray(-0.5 * ((theta @ self.whitener.T) ** 2).sum(axis=-1))

    def drawn(self, generator: np.random.Generator) -> Array:
        """One vector of parameters."""
        return np.asarray(self.root @ generator.standard_normal(len(self.root)))


def normal_prior(design: Design, scale: float, units: str, extra: int) -> Prior:
    """The prior for *design* and *extra* log odds of selection; *units* is ``standard`` or ``raw``."""
    size = design.size + extra
    turn = np.eye(size)
    if units == "standard":
        for name, place in design.slices().items():
            turn[place, place] = _standardiser(design.blocks[name])
        words = f"N(0, {scale:g}^2) on standardised covariates"
    else:
        words = f"N(0, {scale:g}^2) on raw coefficients"
    sizes = np.concatenate([np.full(design.size, scale), np.full(extra, LOGIT_SCALE)])
    whitener = turn / sizes[:, None]
    return Prior(np.linalg.inv(whitener), whitener, words)


def _standardiser(block: Array) -> Array:
    """The matrix from coefficients of *block* to those of its standardised columns."""
    columns = block.shape[1]
    turn = np.eye(columns)
    spread, mean = block.std(axis=0), block.mean(axis=0)
    constant = spread <= 1e-12 * np.abs(mean)
    moving = np.flatnonzero(~constant)
    turn[moving, moving] = spread[moving]
    for row in np.flatnonzero(constant & (mean != 0.0))[:1]:
        turn[row, row] = mean[row]
        turn[row, moving] = mean[moving]
    return turn
