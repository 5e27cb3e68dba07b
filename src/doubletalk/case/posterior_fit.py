"""A saved fit (ArviZ InferenceData as NetCDF, see ``doubletalk fit``) as draws of the posterior.

Read are the coefficients, ``belief`` and ``belief_after_last`` of the group ``posterior``, the actors' terms of
``log_likelihood`` and the moves of ``observed_data``. A fit of another long game, record or lens is refused.

A case folder may hold one, ``fit/posterior.nc``, which a study then reads: some draws of a whole fit, that say in their
attributes how the whole fit stood (``doubletalk fit CASE --store FILE.nc``).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from doubletalk.errors import InputError
from doubletalk.lenses.declaration import EITHER, Lens
from doubletalk.lenses.evidence import Draws, SavedFit

if TYPE_CHECKING:
    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.longgame.declaration import LongGame

__all__ = ["read_fit", "store_fit"]

MOST_RHAT, LEAST_ESS = 1.01, 100


def read_fit(
    path: Path, game: LongGame, lens: Lens, free: Sequence[str], quarters: Sequence[str],
    coded: CodedRecord | None = None,
) -> SavedFit:  # fmt: skip
    """The draws of a fit of *game* under *lens*; ``InputError`` with what is wrong with the file.

    With *coded*, the moves and levels that were fitted are to be those of that record, where the file has them.
    """
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
        made = _observed(path) if coded is not None else {}
    except (OSError, ValueError, KeyError) as wrong:
        raise InputError(f"is no saved fit ({wrong}); expected a file written by doubletalk fit", str(path)) from None
    _check(path, game, lens, told, known, quarters)
    if coded is not None:
        _same_record(path, made, coded)
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
    if "most_rhat" in told:  # of the whole fit, of which the file may hold some draws
        rhat, least = float(told["most_rhat"]), float(min(told["least_ess_bulk"], told["least_ess_tail"], key=float))
        whole = f"{told['draws']} draws in {chains} chains, {told['divergences']} divergences"
    else:
        rhat = float(np.max(split_gelman_rubin(values))) if count >= 4 else float("nan")
        least = float(np.min(effective_sample_size(values))) if count >= 4 else float("nan")
        whole = f"{chains} chains of {count} draws"
    method = told.get("method", "sampling")
    words = f"{method}, {whole}, R-hat at most {rhat:.3f}, at least {least:.0f} effective draws"
    return SavedFit(path.name, words, draws, rhat < MOST_RHAT and least > LEAST_ESS, _evidence(told))


def store_fit(folder: Path, path: Path, game: LongGame, lens: Lens, free: Sequence[str], coded: CodedRecord) -> Path:
    """Put draws of a fit into a case folder, and return where; ``InputError`` where it is of another case."""
    import arviz

    from doubletalk.longgame.fitted import STORED_FIT, stored_part, write_netcdf

    read_fit(path, game, lens, free, coded.quarters, coded)
    place = folder / STORED_FIT
    place.parent.mkdir(exist_ok=True)
    write_netcdf(stored_part(arviz.from_netcdf(str(path), engine="h5netcdf")), place)
    return place


def _observed(path: Path) -> dict[str, Any]:
    """The moves and levels that were fitted, by actor and variable; empty where the file has none."""
    import h5netcdf
    import xarray

    with h5netcdf.File(path, "r") as whole:
        if "observed_data" not in whole.groups:
            return {}
    with xarray.open_dataset(path, group="observed_data", engine="h5netcdf") as found:
        return {str(name): np.asarray(found[name]) for name in found.data_vars}


def _same_record(path: Path, made: dict[str, Any], coded: CodedRecord) -> None:
    """The moves that were fitted, and the levels where the file has them, are those of the record."""
    parts = [("moves", name, coded.chosen[:, k]) for k, name in enumerate(coded.actors)]
    parts += [("levels", name, coded.levels[:, k]) for k, name in enumerate(coded.variables)]
    for what, name, now in parts:
        if name in made and not np.array_equal(made[name], now):
            raise InputError(
                f"it is a fit of another record: {what} of {name} are not those of {coded.coding}; fit it again",
                str(path),
            )


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
    from doubletalk.longgame.fitted import game_changed

    if game_changed(game, told):
        raise InputError("it is a fit of a long game that has been changed since; fit it again", str(path))
