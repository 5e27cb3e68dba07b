"""Draws of the coefficients from a saved fit, the NetCDF file of ArviZ InferenceData that ``doubletalk fit`` writes.

Read are the group ``posterior`` (a variable for every coefficient, dimensions chain and draw), ``observed_data`` (the
moves that were fitted, by ``quarter``) and the attributes ``method``, ``lens`` and ``beliefs``. The fit must know no
more than the forecast may; where it knows less, its draws are weighted by what was done since.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.evidence.coding import CodedRecord
from doubletalk.forecast.draws import LEAST_DRAWS, TOLERANCE, Draws, padded
from doubletalk.longgame.coordinates import Coordinates
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.fitted import STORED_FIT, game_changed
from doubletalk.longgame.likelihood import Observed
from doubletalk.longgame.posterior import Posterior

__all__ = ["saved_draws", "stored_draws"]

Floats = npt.NDArray[np.float64]
Tell = Callable[[float | None, str], None]


def saved_draws(
    path: str | Path, game: LongGame, coded: CodedRecord, observed: Observed, lens: str, *, count: int,
    tell: Tell | None = None,
) -> Draws:  # fmt: skip
    """*count* draws, evenly spaced in the saved chains, with their equilibria; equal weights.

    ``coded`` is what is known when the forecast begins. Raises InputError for a file that is no fit, one of another
    game, record or lens, or one made with quarters that must not be known.
    """
    file, say = str(path), tell or (lambda share, words: None)
    drawn, seen, attributes = _read(Path(path))
    until = _check(file, seen, attributes, coded, lens)
    if game_changed(game, attributes):
        raise InputError("was fitted to a long game that has been changed since; fit anew, or use --fit quick", file)
    posterior = Posterior(game, padded(observed), _points(file, attributes), until=until)
    values = _values(file, drawn, posterior.coordinates)
    places = np.unique(np.linspace(0, len(values) - 1, count).round().astype(int))
    points, near = [], None
    for n, place in enumerate(places):
        point = posterior(posterior.coordinates.at(values[place]), TOLERANCE, near, gradient=False)
        if point.good:
            points.append(point)
            near = near or point
        say((n + 1) / len(places), "solving at the draws of the fit")
    if len(points) < LEAST_DRAWS:
        raise DoubletalkError(f"an equilibrium was found at {len(points)} of {len(places)} draws of the fit, too few")
    method = f"draws of {Path(path).name} ({attributes.get('method', 'method not said')})"
    return Draws(
        posterior, tuple(points), np.zeros(len(points)), until, method, True, np.nan, points[0].u,
        len(places) - len(points),
    )  # fmt: skip


def stored_draws(
    folder: Path, game: LongGame, coded: CodedRecord, observed: Observed, lens: str, *, count: int,
    tell: Tell | None = None,
) -> tuple[Draws | None, str]:  # fmt: skip
    """Draws of the fit that a case folder holds; or None and why that fit cannot be used, empty where there is none."""
    path = folder / STORED_FIT
    if not path.is_file():
        return None, ""
    try:
        return saved_draws(path, game, coded, observed, lens, count=count, tell=tell), ""
    except InputError as wrong:
        return None, str(wrong)


def _read(path: Path) -> tuple[Any, Any, dict[str, Any]]:
    """The groups ``posterior`` and ``observed_data``, and the attributes."""
    if not path.is_file():
        told = "no such file; expected auto, quick, sequential, file, or a fit saved by doubletalk fit"
        raise InputError(told, str(path))
    try:
        import h5netcdf  # noqa: F401
        import xarray as xr
    except ImportError:
        raise InputError("a saved fit needs h5netcdf: pip install 'doubletalk[fit]'", str(path)) from None
    found = []
    try:
        for group in ("posterior", "observed_data", None):
            with xr.open_dataset(path, group=group, engine="h5netcdf") as opened:
                found.append(opened.load())
    except (OSError, ValueError, KeyError) as wrong:
        raise InputError(f"is no saved fit: {wrong}", str(path)) from None
    return found[0], found[1], {**found[2].attrs}


def _check(file: str, seen: Any, attributes: dict[str, Any], coded: CodedRecord, lens: str) -> int:
    """How many quarters the fit knew; InputError where they are not those of the record, or too many."""
    if "quarter" not in seen.coords:
        raise InputError("is no fit of a coded record: what was observed has no coordinate 'quarter'", file)
    quarters = [str(quarter) for quarter in seen.coords["quarter"].values]
    if attributes.get("lens", lens) != lens:
        raise InputError(
            f"was fitted under the lens {attributes['lens']}, not {lens}; give --lens {attributes['lens']}", file
        )
    if len(quarters) > len(coded.quarters):
        raise InputError(
            f"was fitted to quarters up to {quarters[-1]}, but the forecast may know none after {coded.quarters[-1]}; "
            "begin it later, or use --fit quick",
            file,
        )
    same = tuple(quarters) == coded.quarters[: len(quarters)] and all(
        name in seen and np.array_equal(np.asarray(seen[name]), coded.chosen[: len(quarters), a])
        for a, name in enumerate(coded.actors)
    )
    if not same:
        raise InputError("was fitted to another record than this coding gives; fit anew, or use --fit quick", file)
    return len(quarters)


def _points(file: str, attributes: dict[str, Any]) -> int:
    try:
        return int(attributes["beliefs"])
    except (KeyError, ValueError):
        raise InputError("does not say on how many beliefs it was made (attribute 'beliefs')", file) from None


def _values(file: str, draws: Any, coordinates: Coordinates) -> Floats:
    """[N, d] coefficients, all chains one after the other."""
    missing = [name for name in coordinates.names if name not in draws.data_vars]
    if missing:
        raise InputError(f"has no draws of {', '.join(missing[:5])}: it was made with another game", file)
    return np.stack([np.asarray(draws[name], dtype=float).reshape(-1) for name in coordinates.names], axis=1)
