"""From formulas and data to the matrices that carry coefficients into utilities."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.data import Column, CrisisData
from doubletalk.crisis.specification import FUNCTIONS, UTILITIES, CrisisSpecification
from doubletalk.errors import InputError

__all__ = ["Design", "build_design", "matrix"]

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Design:
    """The covariates of every utility.

    blocks   utility -> (games, coefficients of that utility), in the order of UTILITIES
    names    'SA: sqrt(x)' and so on, one per coefficient
    specs    formulaic's record of each formula, with which further data get the same columns
    """

    blocks: Mapping[str, Array]
    names: tuple[str, ...]
    specs: Mapping[str, Any]

    @property
    def games(self) -> int:
        """How many games."""
        return len(next(iter(self.blocks.values())))

    @property
    def size(self) -> int:
        """How many coefficients."""
        return len(self.names)

    def slices(self) -> dict[str, slice]:
        """Where each utility's coefficients stand."""
        places, start = {}, 0
        for name, block in self.blocks.items():
            places[name] = slice(start, start + block.shape[1])
            start += block.shape[1]
        return places

    def utilities(self, coefficients: Array) -> Array:
        """Systematic utilities (..., games, 7) in the order of UTILITIES at *coefficients* (..., coefficients)."""
        return np.stack([coefficients[..., s] @ self.blocks[u].T for u, s in self.slices().items()], axis=-1)

    def gradient(self, by_utility: Array) -> Array:
        """Gradient (..., coefficients) of a sum over games with slopes *by_utility* (..., games, 7)."""
        parts = [by_utility[..., j] @ block for j, block in enumerate(self.blocks.values())]
        return np.concatenate(parts, axis=-1)

    def jacobian(self, weights: Array) -> Array:
        """d index / d coefficients, (games, coefficients), for an index = sum_u weights[:, u] utility_u."""
        parts = [weights[:, [j]] * block for j, block in enumerate(self.blocks.values())]
        return np.concatenate(parts, axis=1)

    def rows(self, chosen: NDArray[np.intp]) -> Design:
        """The same for some of the games (repetitions allowed)."""
        return Design({u: block[chosen] for u, block in self.blocks.items()}, self.names, self.specs)

    def scales(self) -> Array:
        """For each coefficient the power of two nearest to the root mean square of its column (1 for a column of 0)."""
        squares = [np.mean(block**2, axis=0) for block in self.blocks.values()]
        size = np.sqrt(np.concatenate(squares))
        return np.asarray(2.0 ** np.round(np.log2(np.where(size > 0.0, size, 1.0))))

    def scaled(self, scales: Array) -> Design:
        """The same with every column divided by its scale: searches then see coefficients of like size."""
        places = self.slices()
        return Design({u: block / scales[places[u]] for u, block in self.blocks.items()}, self.names, self.specs)

    def new(self, columns: Mapping[str, Column]) -> Design:
        """The same formulas on other data (factor levels and scalings are those of the first)."""
        blocks = {u: _evaluated(spec.get_model_matrix, columns, u) for u, spec in self.specs.items()}
        return Design(blocks, self.names, self.specs)


def matrix(formula: str, columns: Mapping[str, Column], what: str) -> tuple[Array, tuple[str, ...], Any]:
    """Model matrix of one formula, its column names, and formulaic's record of it."""
    formulaic = _formulaic()

    def build(frame: Any, context: Mapping[str, Any]) -> Any:
        return formulaic.model_matrix(formula, frame, context=context, na_action="raise")

    values = _evaluated(build, columns, what, keep=True)
    spec = values.model_spec
    return np.asarray(values, dtype=np.float64), tuple(spec.column_names), spec


def build_design(spec: CrisisSpecification, data: CrisisData) -> Design:
    """The matrices of all utilities. Raises InputError when a formula fails or its columns are collinear."""
    blocks, names, specs = {}, [], {}
    for utility in UTILITIES:
        formula = spec.formulas[utility]
        block, columns, specs[utility] = matrix(formula, data.columns, utility)
        blocks[utility] = block
        names += [f"{utility}: {column}" for column in columns]
        _check_block(spec, utility, block, columns, data)
    return Design(blocks, tuple(names), specs)


def _formulaic() -> Any:
    try:
        import formulaic
    except ImportError:
        raise InputError("crisis models need the extra 'fit': pip install 'doubletalk[fit]'") from None
    return formulaic


def _formula_fault() -> tuple[type[Exception], type[Warning]]:
    """formulaic's errors, and its warning about levels that were never seen."""
    from formulaic.errors import DataMismatchWarning, FormulaicError

    return FormulaicError, DataMismatchWarning


def _evaluated(build: Any, columns: Mapping[str, Column], what: str, keep: bool = False) -> Any:
    import pandas

    functions = {"sqrt": np.sqrt, "abs": np.abs, "log": np.log, "log2": np.log2, "log10": np.log10, "exp": np.exp}
    context = {name: functions[name] for name in sorted(FUNCTIONS) if name in functions}
    games = len(next(iter(columns.values()))) if columns else 0
    frame = pandas.DataFrame(dict(columns), index=range(games))
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            # words that the first data do not have would count as the first level
            warnings.simplefilter("error", _formula_fault()[1])
            values = build(frame, context=context)
    except (ArithmeticError, LookupError, TypeError, ValueError, RuntimeError, *_formula_fault()) as wrong:
        # formulaic marks the place with terminal colours
        reason = " ".join(re.sub(r"\x1b\[[0-9;]*m|[⧛⧚]", "", str(wrong)).split())
        raise InputError(f"{what}: the formula cannot be worked out: {reason}") from None
    array = np.asarray(values, dtype=np.float64)
    bad: Any = np.flatnonzero(~np.isfinite(array).all(axis=1)) if array.size else []
    if len(bad):
        raise InputError(f"{what}: the formula is not a finite number in row {bad[0] + 1} (and {len(bad) - 1} more)")
    return values if keep else array


def _check_block(
    spec: CrisisSpecification, utility: str, block: Array, columns: tuple[str, ...], data: CrisisData
) -> None:
    if block.shape[1] == 0:
        return
    if block.shape[0] < block.shape[1]:
        needed = f"{block.shape[1]} columns ({', '.join(columns)}) need at least as many games"
        raise spec.error(f"{utility}: {needed}; {data.source} has {block.shape[0]}", utility)
    if np.linalg.matrix_rank(block) < block.shape[1]:
        raise spec.error(
            f"{utility}: the columns {', '.join(columns)} are collinear in {data.source}; leave one out", utility
        )
