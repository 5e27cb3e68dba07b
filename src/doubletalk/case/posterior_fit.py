"""A saved fit (ArviZ InferenceData as NetCDF, see ``doubletalk fit``) as draws of the posterior.

Read are the coefficients, ``belief`` and ``belief_after_last`` of the group ``posterior`` and the actors' terms of
``log_likelihood``. A fit of another long game, other quarters or another lens is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from doubletalk.errors import InputError
from doubletalk.lenses.declaration import EITHER, Lens
from doubletalk.lenses.evidence import Draws, SavedFit

if TYPE_CHECKING:
    from doubletalk.longgame.declaration import LongGame

__all__ = ["read_fit"]

MOST_RHAT, LEAST_ESS = 1.01, 100


def read_fit(path: Path, game: LongGame, lens: Lens, free: Sequence[str], quarters: Sequence[str]) -> SavedFit:
    """The draws of a fit of *game* under *lens*; ``InputError`` with what is wrong with the file."""
    try:
        import h5netcdf  # noqa: F401 - the engine that reads the file
        import xarray
        from numpyro.diagnostics import effective_sample_size, split_gelman_rubin
    except ImportError:
        raise InputError("reading a saved fit needs more packages: pip install 'doubletalk[fit]'", str(path)) from None
    try:
        with xarray.open_dataset(path, group="posterior", engine="h5netcdf") as found:
            posterior = {str(name): np.asarray(found[name], dtype=float) for name in found.data_vars}
            known = [str(quarter) for quarter in found["quarter"].values] if "quarter" in found.coords else None
        with xarray.open_dataset(path, group="log_likelihood", engine="h5netcdf") as found:
            terms = {str(name): np.asarray(found[name], dtype=float) for name in found.data_vars}
        with xarray.open_dataset(path, engine="h5netcdf") as found:
            told = {str(key): str(value) for key, value in found.attrs.items()}
    except (OSError, ValueError, KeyError) as wrong:
        raise InputError(f"is no saved fit: {wrong}", str(path)) from None
    _check(path, game, lens, told, known, quarters)
    columns = [_variable(path, posterior, name) for name in free]
    parts = [_variable(path, terms, actor.name) for actor in game.actors]
    chains, count = columns[0].shape
    size, periods = chains * count, len(quarters)
    if lens.stance == EITHER and len(game.stances) == 2:
        last = _variable(path, posterior, "belief_after_last")[..., None]
        beliefs = np.concatenate([_variable(path, posterior, "belief"), last], axis=-1)
    else:
        beliefs = np.full((chains, count, periods + 1), np.nan)
    table = np.stack(parts, axis=-1).reshape(size, periods, len(parts))
    values = np.stack(columns, axis=-1)
    draws = Draws(
        tuple(free), np.zeros((size, len(free))), values.reshape(size, len(free)), np.zeros(size),
        table.sum(axis=(1, 2)), np.zeros((size, 0)), table, beliefs.reshape(size, periods + 1), chains,
    )  # fmt: skip
    rhat = float(np.max(split_gelman_rubin(values))) if count >= 4 else float("nan")
    least = float(np.min(effective_sample_size(values))) if count >= 4 else float("nan")
    method = told.get("method", "sampling")
    words = (
        f"{method}, {chains} chains of {count} draws, R-hat at most {rhat:.3f}, at least {least:.0f} effective draws"
    )
    return SavedFit(path.name, words, draws, rhat < MOST_RHAT and least > LEAST_ESS, _evidence(told))


def _evidence(told: dict[str, str]) -> tuple[float, float] | None:
    """The log marginal likelihood by bridge sampling and its error, where the file has them."""
    try:
        value, error = float(told["log_evidence_bridge"]), float(told["log_evidence_bridge_error"])
    except (KeyError, ValueError):
        return None
    return (value, error) if np.isfinite(value) and np.isfinite(error) else None


def _variable(path: Path, found: dict[str, Any], name: str) -> Any:
    if name not in found:
        raise InputError(f"the variable '{name}' is missing; expected a fit by doubletalk fit", str(path))
    return found[name]


def _check(
    path: Path, game: LongGame, lens: Lens, told: dict[str, str], known: list[str] | None, quarters: Sequence[str]
) -> None:
    """The same long game, lens and quarters."""
    if known != list(quarters):
        here = f"{quarters[0]} to {quarters[-1]}"
        there = f"{known[0]} to {known[-1]}" if known else "none"
        raise InputError(f"it is a fit of the quarters {there}; the record has {here}", str(path))
    wanted = "mixed" if lens.stance == EITHER else lens.stance
    if told.get("lens", wanted) != wanted:
        raise InputError(f"it is a fit under '{told['lens']}'; expected one under '{wanted}'", str(path))
    if game.path and Path(game.path).is_file():
        now = hashlib.sha256(Path(game.path).read_bytes()).hexdigest()
        then = told.get("sha256 of longgame.yaml", now)
        if not now.startswith(then):
            raise InputError("it is a fit of a long game that has been changed since; fit it again", str(path))
