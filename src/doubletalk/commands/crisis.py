"""``doubletalk crisis``: crisis signalling estimated from counts of outcomes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.running import Exit, Interruption, ProgressBar, check_writable, note, put, save

if TYPE_CHECKING:
    from doubletalk.crisis.result import CrisisFit
    from doubletalk.crisis.specification import CrisisSpecification

__all__ = ["crisis"]

crisis = typer.Typer(
    help="Estimate crisis signalling from counts of outcomes.", no_args_is_help=True, rich_markup_mode=None
)

_Data = Annotated[str, typer.Argument(metavar="DATA", help="A CSV file of games, or its http(s) address.")]
_Spec = Annotated[Path, typer.Option("--spec", metavar="SPEC", help="The specification, a YAML file.")]


@crisis.command()
def template() -> None:
    """Print a specification to copy and edit."""
    from doubletalk.crisis.specification import template as text

    put(text())


@crisis.command()
def fit(
    data: _Data,
    spec: _Spec,
    method: Annotated[str, typer.Option("--method", help="pl, npl, ml or mpec.")] = "npl",
    selection: Annotated[
        str | None, typer.Option("--selection", help="Rule between equilibria for ml: best, lowest, highest, mixture.")
    ] = None,
    robust: Annotated[bool, typer.Option("--robust", help="Standard errors from scores summed by game.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for the results.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")] = False,
) -> None:
    """Estimate the model; with --out writes fit.json and the table as text, LaTeX and HTML."""
    if out is not None:
        check_writable(out / "fit.json")
    from doubletalk.report.crisis_tables import crisis_html, crisis_latex, crisis_text

    found, _ = _estimated(data, spec, method, selection, robust)
    table = crisis_text([found])
    if out is not None:
        for name, content in (
            ("fit.json", found.to_json()),
            ("table.txt", table),
            ("table.tex", crisis_latex([found])),
            ("table.html", crisis_html([found])),
        ):
            save(out / name, content)
    if json:
        put(found.to_json())
        return
    put(table + _equilibria_line(found) + "\n")
    if not found.converged:
        note(f"not converged: {found.message}")


@crisis.command()
def equilibria(
    data: _Data,
    spec: _Spec,
    method: Annotated[str, typer.Option("--method", help="pl, npl, ml or mpec.")] = "npl",
) -> None:
    """List all equilibria of every game at the estimates, as CSV."""
    found, _ = _estimated(data, spec, method, None, False)
    every = found.equilibria
    if every is None:
        raise typer.Exit(Exit.INPUT)
    number = every.number()
    put("game,pR,pF,slope,equilibria,certified\n")
    for game, resist, firm, slope in zip(every.game, every.resist, every.firm, every.slope, strict=True):
        name = found.game_names[game].replace('"', '""')
        complete = "yes" if every.certified[game] else "no"
        put(f'"{name}",{resist:.12g},{firm:.12g},{slope:.6g},{number[game]},{complete}\n')
    note(_equilibria_line(found))


@crisis.command()
def predict(
    data: _Data,
    spec: _Spec,
    method: Annotated[str, typer.Option("--method", help="pl, npl, ml or mpec.")] = "npl",
    at: Annotated[
        Path | None, typer.Option("--at", metavar="NEW", help="CSV file of covariates to predict for, if not DATA.")
    ] = None,
    draws: Annotated[int, typer.Option("--draws", min=20, help="Simulated coefficients for the intervals.")] = 200,
    level: Annotated[float, typer.Option("--level", min=0.01, max=0.999, help="Probability of the intervals.")] = 0.9,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the simulation.")] = 1,
    rule: Annotated[str, typer.Option("--selection", help="Equilibrium: lowest or highest.")] = "lowest",
) -> None:
    """Predict the probabilities of the four outcomes with intervals, as CSV."""
    if rule not in ("lowest", "highest"):
        raise typer.BadParameter("expected lowest or highest", param_hint="'--selection'")
    from doubletalk.crisis.data import load_data
    from doubletalk.crisis.outcomes import OUTCOMES
    from doubletalk.crisis.simulate import normal_draws
    from doubletalk.crisis.simulate import predict as predicted

    found, read = _estimated(data, spec, method, None, False)
    design, names = found.design, found.game_names
    if design is None:
        raise typer.Exit(Exit.INPUT)
    if at is not None:
        new = load_data(at, read, outcomes=False, first_stage=False)
        design, names = design.new(new.columns), new.names
    size = len(found.names) if rule == "mixture" else design.size
    estimates, covariance = found.estimates[:size], found.covariance[:size, :size]
    drawn = normal_draws(estimates, covariance, found.names[:size], draws, seed)
    made = predicted(design, estimates, drawn, level=level, selection=rule)
    put("game," + ",".join(f"{o},{o}_low,{o}_high" for o in OUTCOMES) + ",equilibria\n")
    number = made.equilibria.number()
    for i, name in enumerate(names):
        cells = [f"{part[i, j]:.6g}" for j in range(4) for part in (made.probability, made.low, made.high)]
        quoted = name.replace('"', '""')
        put(f'"{quoted}",{",".join(cells)},{number[i]}\n')


def _estimated(
    data: str, spec: Path, method: str, selection: str | None, robust: bool
) -> tuple[CrisisFit, CrisisSpecification]:
    from doubletalk.crisis import fit_crisis, load_data, read_specification

    read = read_specification(spec)
    games = load_data(data, read)
    with ProgressBar() as bar, Interruption().watched():
        return fit_crisis(read, games, method, selection=selection, robust=robust, tell=bar), read


def _equilibria_line(found: CrisisFit) -> str:
    counted = ", ".join(f"{games} games with {n}" for n, games in found.numbers_of_equilibria().items())
    proved = found.equilibria is not None and bool(found.equilibria.certified.all())
    return f"Equilibria at the estimates: {counted}; {'proved to be all' if proved else 'not proved to be all'}."
