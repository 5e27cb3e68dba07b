"""What an estimation found: one record for every method."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, ndtr

from doubletalk.crisis.design import Design
from doubletalk.crisis.equilibria import Equilibria
from doubletalk.errors import InputError

__all__ = ["METHODS", "CrisisFit", "fit_from_dict", "multinomial_constant"]

Array = NDArray[np.float64]

RUNAWAY = 20.0
"""Beyond it a utility decides alone: private costs have standard deviation 1."""
METHODS: Mapping[str, str] = {
    "pl": "pseudo-likelihood",
    "npl": "nested pseudo-likelihood",
    "ml": "full maximum likelihood",
    "mpec": "full likelihood as a constrained problem",
    "bayes": "posterior",
}
"""The estimators by the names that the command line takes."""


def multinomial_constant(counts: Array) -> float:
    """Sum over games of log(n! / (sq! cd! sf! bd!)), which the log-likelihoods leave out."""
    return float((gammaln(counts.sum(axis=1) + 1.0) - gammaln(counts + 1.0).sum(axis=1)).sum())


@dataclass(frozen=True)
class CrisisFit:
    """Estimates of one method.

    names, estimates, covariance   one entry per parameter; a mixture's selection parameters come last
    errors_account_for   what the standard errors do and do not contain
    log_likelihood       without the multinomial constant, which is in ``constant``
    resist, firm         pR and pF by game, as the method has them
    converged, message, steps, gradient_size   how the search ended; iterations: of NPL's outer loop
    equilibria           of every game at the estimates
    draws                (draws, parameters) of a Bayesian fit;  diagnostics: its R-hat, effective sample sizes, ...
    """

    method: str
    names: tuple[str, ...]
    estimates: Array
    covariance: Array
    errors_account_for: str
    log_likelihood: float
    constant: float
    resist: Array
    firm: Array
    converged: bool
    message: str
    steps: int
    gradient_size: float
    seconds: float
    specification: Mapping[str, Any]
    game_names: tuple[str, ...]
    plays: float
    selection: str
    iterations: int = 0
    first_stage: str = ""
    equilibria: Equilibria | None = field(default=None, compare=False)
    design: Design | None = field(default=None, compare=False)
    counts: Array | None = field(default=None, compare=False)
    draws: Array | None = field(default=None, compare=False)
    diagnostics: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def standard_errors(self) -> Array:
        """Square roots of the variances."""
        with np.errstate(invalid="ignore"):
            return np.asarray(np.sqrt(np.diag(self.covariance)))

    @cached_property
    def z_values(self) -> Array:
        """Estimates over standard errors."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray(self.estimates / self.standard_errors)

    @cached_property
    def p_values(self) -> Array:
        """Two-sided p-values of the normal approximation."""
        return np.asarray(2.0 * ndtr(-np.abs(self.z_values)))

    @property
    def games(self) -> int:
        """How many games."""
        return len(self.game_names)

    @property
    def coefficients(self) -> Array:
        """The coefficients of the utilities, without selection parameters."""
        return self.estimates[: self.design.size] if self.design is not None else self.estimates

    @property
    def undetermined(self) -> tuple[str, ...]:
        """Parameters whose standard error is not a number: the data do not determine them."""
        return tuple(name for name, e in zip(self.names, self.standard_errors, strict=True) if not np.isfinite(e))

    @property
    def runaway(self) -> tuple[str, ...]:
        """Coefficients whose standard error, for a typical value of the covariate, is above RUNAWAY private costs."""
        if self.design is None:
            return ()
        size = self.design.size
        with np.errstate(invalid="ignore"):
            far = self.standard_errors[:size] * self.design.scales() > RUNAWAY
        return tuple(name for name, is_far in zip(self.names[:size], far, strict=True) if is_far)

    def with_data(self) -> tuple[Design, Array]:
        """The design and the counts. Raises InputError for a fit that was read from a file."""
        if self.design is None or self.counts is None:
            raise InputError("this needs the fit with its data, not one read from a file; fit again")
        return self.design, self.counts

    def numbers_of_equilibria(self) -> dict[int, int]:
        """How many games have one equilibrium, two, ... at the estimates."""
        if self.equilibria is None:
            return {}
        return {n: int(k) for n, k in enumerate(np.bincount(self.equilibria.number())) if k}

    def to_dict(self) -> dict[str, Any]:
        """Everything but the data, as plain values."""
        out: dict[str, Any] = {
            "doubletalk-crisis-fit": 1,
            "method": self.method,
            "method_words": METHODS[self.method],
            "specification": dict(self.specification),
            "selection": self.selection,
            "first_stage": self.first_stage,
            "games": self.games,
            "plays": self.plays,
            "log_likelihood": _finite(self.log_likelihood),
            "multinomial_constant": self.constant,
            "converged": self.converged,
            "message": self.message,
            "steps": self.steps,
            "iterations": self.iterations,
            "gradient_size": _finite(self.gradient_size),
            "seconds": self.seconds,
            "errors_account_for": self.errors_account_for,
            "coefficients": [
                {"name": name, "estimate": value, "standard_error": error}
                for name, value, error in zip(
                    self.names, self.estimates.tolist(), _plain(self.standard_errors), strict=True
                )
            ],
            "covariance": _plain(self.covariance),
            "equilibria_per_game": {str(n): k for n, k in self.numbers_of_equilibria().items()},
            "all_certified": bool(self.equilibria.certified.all()) if self.equilibria is not None else None,
            "diagnostics": _finite(dict(self.diagnostics)),
        }
        number = self.equilibria.number().tolist() if self.equilibria is not None else [None] * self.games
        certified = self.equilibria.certified.tolist() if self.equilibria is not None else [None] * self.games
        out["by_game"] = [
            {"game": name, "pR": p, "pF": f, "equilibria": n, "certified": c}
            for name, p, f, n, c in zip(
                self.game_names, self.resist.tolist(), self.firm.tolist(), number, certified, strict=True
            )
        ]
        return out

    def to_json(self) -> str:
        """The same as JSON text."""
        return json.dumps(self.to_dict(), indent=1, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    """*value* with None for numbers that are not finite, at any depth."""
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value


def _plain(values: Array) -> Any:
    """Lists in which what is not a number is None."""
    made = np.where(np.isfinite(values), values, np.nan).astype(object)
    made[~np.isfinite(values)] = None
    return made.tolist()


def fit_from_dict(stored: Mapping[str, Any], path: str | None = None) -> CrisisFit:
    """A fit from what :meth:`CrisisFit.to_dict` wrote, without data and design."""
    if stored.get("doubletalk-crisis-fit") != 1:
        raise InputError("not a crisis fit: expected the file fit.json that 'doubletalk crisis fit' writes", path)
    try:
        rows, by_game = stored["coefficients"], stored["by_game"]
        covariance = np.array(stored["covariance"], dtype=np.float64).reshape(len(rows), len(rows))
        return CrisisFit(
            method=stored["method"],
            names=tuple(row["name"] for row in rows),
            estimates=np.array([row["estimate"] for row in rows], dtype=np.float64),
            covariance=covariance,
            errors_account_for=stored["errors_account_for"],
            log_likelihood=stored["log_likelihood"],
            constant=stored["multinomial_constant"],
            resist=np.array([row["pR"] for row in by_game], dtype=np.float64),
            firm=np.array([row["pF"] for row in by_game], dtype=np.float64),
            converged=stored["converged"],
            message=stored["message"],
            steps=stored["steps"],
            gradient_size=stored["gradient_size"],
            seconds=stored["seconds"],
            specification=stored["specification"],
            game_names=tuple(row["game"] for row in by_game),
            plays=stored["plays"],
            selection=stored["selection"],
            iterations=stored["iterations"],
            first_stage=stored["first_stage"],
            diagnostics=stored["diagnostics"],
        )
    except (KeyError, TypeError, ValueError) as wrong:
        raise InputError(f"a damaged crisis fit: {type(wrong).__name__} {wrong}; fit again", path) from None
