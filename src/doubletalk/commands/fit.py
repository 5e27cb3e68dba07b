"""``doubletalk fit``: the long game's coefficients from the record."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import Annotated

import typer

from doubletalk.commands.running import ProgressBar, check_writable, make_folder, note, put, save
from doubletalk.errors import InputError

__all__ = ["fit"]

PRIOR_DRAWS = 100
MOST_TOLD = 8


def fit(
    case: Annotated[
        Path, typer.Argument(metavar="CASE", help="A case with a long game and a coding, by folder or name.")
    ],
    coding: Annotated[str, typer.Option("--coding", metavar="FILE", help="The coding of the record.")] = "coding.yaml",
    lens: Annotated[
        str, typer.Option("--lens", metavar="L", help="mixed, or the name of a stance held to be the only one.")
    ] = "mixed",
    chains: Annotated[int, typer.Option("--chains", metavar="C", help="Chains of the sampler.")] = 4,
    warmup: Annotated[int, typer.Option("--warmup", metavar="W", help="Draws a chain that only adapt.")] = 150,
    draws: Annotated[int, typer.Option("--draws", metavar="N", help="Draws a chain that are kept.")] = 300,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the random numbers.")] = 1,
    beliefs: Annotated[int, typer.Option("--beliefs", metavar="N", help="Belief grid used while fitting.")] = 4,
    quick: Annotated[
        bool, typer.Option("--quick", help="Laplace approximation with importance sampling, in about half a minute.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE.nc", help="Where the InferenceData goes.")] = None,
    restart: Annotated[bool, typer.Option("--restart", help="Begin anew where there are checkpoints.")] = False,
    workers: Annotated[
        int | None, typer.Option("--workers", metavar="N", help="Processes, one core each; all cores if not given.")
    ] = None,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", metavar="S", help="Begin no draw later than this many seconds after the start."),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option("--store", metavar="FILE.nc", help="Fit nothing; put draws of this fit into CASE/fit."),
    ] = None,
    stance: Annotated[bool, typer.Option("--stance", help="Print the stance over time and what moved it.")] = False,
    figures: Annotated[
        Path | None, typer.Option("--figures", metavar="DIR", help="Write predictive checks and figures here.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """Fit the long game's coefficients to the coded record: NUTS with the equilibrium inside, or --quick."""
    if store is not None:
        _needs_fit()
        note(f"written: {_stored(case, store, coding)}")
        return
    target = out or Path(f"{case.resolve().name}-{'quick' if quick else 'fit'}.nc")
    if target.suffix != ".nc":
        raise InputError(f"found the ending '{target.suffix}', expected .nc", str(target))
    if beliefs < 2:
        raise InputError(f"--beliefs: found {beliefs}, expected at least 2")
    if workers is not None and workers < 1:
        raise InputError(f"--workers: found {workers}, expected at least 1")
    if time_limit is not None and not time_limit > 0:
        raise InputError(f"--time-limit: found {time_limit:g}, expected a positive number of seconds")
    check_writable(target)
    if figures is not None:
        make_folder(figures)
    _needs_fit()
    from doubletalk.case.finding import find_case
    from doubletalk.commands.fit_output import figure_files, fitted_json, printed
    from doubletalk.longgame.fitting_run import Request, fit_case
    from doubletalk.longgame.parts import Plan

    plan = Plan(chains, warmup, draws, seed)
    place = case if case.is_dir() else find_case(case)
    asked = Request(place, coding, lens, beliefs, plan, quick, PRIOR_DRAWS if figures is not None or not quick else 0)
    parts = target.with_name(target.name + ".parts")
    with ProgressBar() as bar:
        try:
            limit = float("inf") if time_limit is None else time_limit
            found = fit_case(asked, parts, restart=restart, workers=workers, progress=bar, seconds=limit)
        except KeyboardInterrupt:
            if not quick and parts.exists():
                note(f"what was drawn is kept in {parts}; the same command goes on with it, --restart begins anew")
            raise
        found.write(target)
    if not found.chains.whole:
        note(f"stopped by --time-limit; the same command goes on from {parts}")
    if json:
        put(json_text.dumps(fitted_json(found), indent=1, allow_nan=False) + "\n")
    else:
        put(printed(found, stance=stance, most=MOST_TOLD))
    if figures is not None:
        for name, content in figure_files(found).items():
            save(figures / name, content)
    note(f"written: {target}" + (f" and {figures}" if figures is not None else ""))


def _stored(case: Path, file: Path, coding: str) -> Path:
    """Put draws of a saved fit into the case folder."""
    from doubletalk.case.finding import find_case
    from doubletalk.case.posterior_study import store_case_fit

    if not file.is_file():
        raise InputError("no such file; expected a fit saved by doubletalk fit", str(file))
    return store_case_fit(case if case.is_dir() else find_case(case), file, coding)


def _needs_fit() -> None:
    try:
        import arviz  # noqa: F401
        import h5netcdf  # noqa: F401 - what writes the file at the end
        import jax  # noqa: F401
        import numpyro  # noqa: F401
    except ImportError as missing:
        raise InputError(
            f"fitting needs {missing.name}, which is not installed: pip install 'doubletalk[fit]'"
        ) from None
