"""``doubletalk crisis``: crisis signalling estimated from counts of outcomes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.running import Exit, Interruption, ProgressBar, check_writable, make_folder, note, put, save

if TYPE_CHECKING:
    from doubletalk.crisis import CrisisData, CrisisFit, CrisisSpecification
    from doubletalk.crisis.bootstrap import Bootstrap
    from doubletalk.crisis.certify import Certificate

__all__ = ["crisis"]

STARTS = 8

crisis = typer.Typer(
    help="Estimate crisis signalling from counts of outcomes.", no_args_is_help=True, rich_markup_mode=None
)

_Data = Annotated[str, typer.Argument(metavar="DATA", help="A CSV file of games, or its http(s) or file address.")]
_Spec = Annotated[Path, typer.Option("--spec", metavar="SPEC", help="The specification, a YAML file.")]
_Method = Annotated[str, typer.Option("--method", help="pl, npl, ml, mpec or bayes.")]
_Selection = Annotated[
    str | None,
    typer.Option("--selection", help="Rule between equilibria for ml and bayes: best, lowest, highest, mixture."),
]
_Robust = Annotated[bool, typer.Option("--robust", help="Standard errors from scores summed by game.")]
_Seed = Annotated[int, typer.Option("--seed", min=0, help="Seed of everything that is drawn at random.")]
_Level = Annotated[float, typer.Option("--level", min=0.01, max=0.999, help="Probability of the intervals.")]
_Starts = Annotated[
    int | None,
    typer.Option("--starts", min=1, metavar="N", help=f"Climb the full likelihood (ml) from N starts ({STARTS})."),
]
_Quick = Annotated[bool, typer.Option("--quick", help="bayes: the weighted Laplace approximation in place of NUTS.")]
_Chains = Annotated[int, typer.Option("--chains", min=1, metavar="N", help="Chains of the method bayes.")]
_Draws = Annotated[int, typer.Option("--draws", min=1, metavar="N", help="Draws of each chain.")]
_Warmup = Annotated[int, typer.Option("--warmup", min=1, metavar="N", help="Steps of each chain before its draws.")]
_Longest = Annotated[
    int, typer.Option("--longest", min=1, metavar="N", help="Draw on, to N times --draws, while they do not suffice.")
]
_Simulated = Annotated[
    int, typer.Option("--draws", min=20, metavar="N", help="Coefficients drawn for simulated intervals.")
]
_Rule = Annotated[
    str | None, typer.Option("--predict", help="Equilibrium predicted: lowest, highest, or mixture after such a fit.")
]


@dataclass(frozen=True)
class _Asked:
    """How the model is estimated."""

    method: str = "npl"
    selection: str | None = None
    robust: bool = False
    starts: int = 1
    seed: int = 1
    chains: int = 4
    draws: int = 500
    warmup: int = 300
    longest: int = 4
    quick: bool = False
    take: str = "regular"


@crisis.command()
def template() -> None:
    """Print a specification to copy and edit."""
    from doubletalk.crisis.specification import template as text

    put(text())


@crisis.command()
def fit(
    data: _Data,
    spec: _Spec,
    method: _Method = "npl",
    selection: _Selection = None,
    robust: _Robust = False,
    starts: _Starts = None,
    take: Annotated[
        str,
        typer.Option("--take", help="Under 'best': regular (one equilibrium in every game) or the highest maximum."),
    ] = "regular",
    bootstrap: Annotated[
        int, typer.Option("--bootstrap", min=0, metavar="N", help="N replicates of games drawn with replacement.")
    ] = 0,
    quick: _Quick = False,
    chains: _Chains = 4,
    draws: _Draws = 500,
    warmup: _Warmup = 300,
    longest: _Longest = 4,
    seed: _Seed = 1,
    level: _Level = 0.9,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for the results.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")] = False,
) -> None:
    """Estimate the model; with --out writes fit.json and the table as text, LaTeX and HTML."""
    if out is not None:
        check_writable(out / "fit.json")
    _check_asked(method, starts, bootstrap, quick, robust)
    interruption = Interruption()
    several = (starts or STARTS) if method == "ml" else 1
    asked = _Asked(method, selection, robust, several, seed, chains, draws, warmup, longest, quick, take)
    with ProgressBar() as bar, interruption.watched():
        found, games, read = _estimated(data, spec, asked, bar)
        made = None
        if bootstrap:
            from doubletalk.crisis.bootstrap import bootstrap as replicates

            keep = None if out is None else out / "bootstrap.jsonl"
            made = replicates(read, games, found, bootstrap, seed, keep=keep, tell=bar)
            found = replace(found, diagnostics={**found.diagnostics, "bootstrap": made.to_dict(level)})
    _hand_over(found, made, level, out, json)
    if not found.converged:
        note(f"not converged: {found.message}")
    if found.undetermined:
        note(f"the data do not determine {', '.join(found.undetermined)}: leave covariates out, or set utilities to 0")
    if found.runaway:
        names = ", ".join(found.runaway)
        note(f"hardly determined: {names}: an outcome may never happen on one side of a covariate (separation)")
    if interruption.happened:
        note("interrupted: what was done so far is above")
        raise typer.Exit(Exit.INTERRUPTED)


def _check_asked(method: str, starts: int | None, bootstrap: int, quick: bool, robust: bool) -> None:
    if starts is not None and method != "ml":
        raise typer.BadParameter(f"several starts are for the method ml, not {method}", param_hint="'--starts'")
    if quick and method != "bayes":
        raise typer.BadParameter(f"this is for the method bayes, not {method}", param_hint="'--quick'")
    if robust and method == "bayes":
        raise typer.BadParameter("a posterior has no standard errors by game", param_hint="'--robust'")
    if bootstrap and method not in ("pl", "npl", "ml"):
        raise typer.BadParameter(f"the bootstrap is for pl, npl and ml, not {method}", param_hint="'--bootstrap'")


def _hand_over(found: CrisisFit, made: Bootstrap | None, level: float, out: Path | None, json: bool) -> None:
    from doubletalk.report.crisis_tables import (
        bootstrap_text,
        crisis_html,
        crisis_latex,
        crisis_text,
        maxima_text,
        posterior_text,
    )

    parts = [posterior_text(found)] if found.method == "bayes" else []
    parts.append(crisis_text([found]) + _equilibria_line(found) + "\n")
    if made is not None:
        parts.append(bootstrap_text(found, made, level))
    if "maxima" in found.diagnostics:
        parts.append(maxima_text(found))
    if out is not None:
        content = {"fit.json": found.to_json(), "table.txt": "\n".join(parts), "table.tex": crisis_latex([found])}
        for name, words in {**content, "table.html": crisis_html([found])}.items():
            save(out / name, words)
        if found.draws is not None:
            _save_posterior(found, out / "posterior.nc")
    put(found.to_json() if json else "\n".join(parts))


def _save_posterior(found: CrisisFit, path: Path) -> None:
    """The draws as NetCDF, whole or not at all."""
    import os
    import tempfile

    from doubletalk.crisis.bayes import inference_data

    make_folder(path.parent)
    with tempfile.TemporaryDirectory(dir=path.parent) as folder:
        beside = Path(folder) / path.name
        inference_data(found).to_netcdf(str(beside))
        os.replace(beside, path)
    note(f"wrote {path}")


@crisis.command()
def equilibria(
    data: _Data,
    spec: _Spec,
    method: _Method = "npl",
    selection: _Selection = None,
    seed: _Seed = 1,
    certify: Annotated[
        bool,
        typer.Option(
            "--certify", help="Prove in ball arithmetic that each exists, is alone in its enclosure, and no other is."
        ),
    ] = False,
) -> None:
    """List all equilibria of every game at the estimates, as CSV."""
    with ProgressBar() as bar, Interruption().watched():
        found, _, _ = _estimated(data, spec, _Asked(method, selection, seed=seed), bar)
        every, _ = found.equilibria, found.with_data()
        assert every is not None
        proofs = _proofs(found, bar) if certify else None
    number = every.number()
    put("game,pR,pF,slope,equilibria,certified" + (",q_low,q_high,proof\n" if proofs else "\n"))
    place = 0
    for row, game in enumerate(every.game):
        place = place + 1 if row and every.game[row - 1] == game else 0
        name = found.game_names[game].replace('"', '""')
        complete = "yes" if every.certified[game] else "no"
        cells = f"{every.resist[row]:.12g},{every.firm[row]:.12g},{every.slope[row]:.6g},{number[game]},{complete}"
        if proofs:
            roots, words = proofs[game].roots, proofs[game].reason or "complete"
            ends = f"{roots[place][0]!r},{roots[place][1]!r}" if place < len(roots) else ","
            cells += f",{ends},{words}"
        put(f'"{name}",{cells}\n')
    note(_equilibria_line(found))
    if proofs:
        note(_proof_line(found, proofs))


def _proofs(found: CrisisFit, bar: ProgressBar) -> list[Certificate]:
    from doubletalk.crisis.certify import certify
    from doubletalk.crisis.reply import game_of

    design, _ = found.with_data()
    assert found.equilibria is not None
    return certify(game_of(design.utilities(found.coefficients)), found.equilibria, bar)


def _proof_line(found: CrisisFit, proofs: list[Certificate]) -> str:
    """How many games are proved, whether the proofs agree with the search, how wide the widest enclosure is."""
    import numpy as np

    from doubletalk.crisis.certify import agrees

    every = found.equilibria
    assert every is not None
    proved = [game for game, proof in enumerate(proofs) if proof.complete]
    wide = [high - low for proof in proofs for low, high in proof.roots if np.isfinite(high - low)]
    differing = [found.game_names[game] for game in proved if not agrees(proofs[game], every.q[every.game == game])]
    counted = f"{len(proved)} of {len(proofs)} games proved complete in ball arithmetic"
    widest = f", widest enclosure {max(wide):.1e} in q" if wide else ""
    same = "; the search found the same" if not differing else f"; the search differs in {', '.join(differing[:5])}"
    return counted + widest + same


@crisis.command()
def predict(
    data: _Data,
    spec: _Spec,
    method: _Method = "npl",
    selection: _Selection = None,
    at: Annotated[
        Path | None, typer.Option("--at", metavar="NEW", help="CSV file of covariates to predict for, if not DATA.")
    ] = None,
    rule: _Rule = None,
    draws: _Simulated = 200,
    level: _Level = 0.9,
    seed: _Seed = 1,
) -> None:
    """Predict the probabilities of the four outcomes with intervals, as CSV."""
    from doubletalk.crisis.data import load_data
    from doubletalk.crisis.outcomes import OUTCOMES
    from doubletalk.crisis.simulate import normal_draws, thinned
    from doubletalk.crisis.simulate import predict as predicted

    with ProgressBar() as bar, Interruption().watched():
        found, _, read = _estimated(data, spec, _Asked(method, selection, seed=seed), bar)
        chosen = _predicted_rule(found, rule)
        design, _ = found.with_data()
        names = found.game_names
        if at is not None:
            new = load_data(at, read, outcomes=False, first_stage=False)
            design, names = design.new(new.columns), new.names
        size = len(found.names) if chosen == "mixture" else design.size
        centre, covariance = found.estimates[:size], found.covariance[:size, :size]
        if found.draws is not None:
            drawn = thinned(found.draws[:, :size], draws)
        else:
            drawn = normal_draws(centre, covariance, found.names[:size], draws, seed)
        made = predicted(design, centre, drawn, level=level, selection=chosen, tell=bar)
    put("game," + ",".join(f"{o},{o}_low,{o}_high" for o in OUTCOMES) + ",equilibria\n")
    number = made.equilibria.number()
    for i, name in enumerate(names):
        cells = [f"{part[i, j]:.6g}" for j in range(4) for part in (made.probability, made.low, made.high)]
        quoted = name.replace('"', '""')
        put(f'"{quoted}",{",".join(cells)},{number[i]}\n')


def _predicted_rule(found: CrisisFit, rule: str | None) -> str:
    """The equilibrium that is predicted: the one asked for, or that of the estimate's rule."""
    from doubletalk.crisis.simulate import PREDICTION_RULES

    if rule is not None and rule not in PREDICTION_RULES:
        raise typer.BadParameter(f"expected {', '.join(PREDICTION_RULES)}", param_hint="'--predict'")
    if rule == "mixture" and found.selection != "mixture":
        raise typer.BadParameter("a mixture is predicted only after a fit with that rule", param_hint="'--predict'")
    return rule or (found.selection if found.selection in PREDICTION_RULES else "lowest")


@crisis.command()
def effects(
    data: _Data,
    spec: _Spec,
    of: Annotated[str, typer.Option("--of", metavar="COLUMN", help="The covariate that moves.")],
    method: _Method = "npl",
    selection: _Selection = None,
    robust: _Robust = False,
    low: Annotated[float | None, typer.Option("--from", metavar="X", help="Where it starts (least in DATA).")] = None,
    high: Annotated[float | None, typer.Option("--to", metavar="X", help="Where it ends (greatest in DATA).")] = None,
    points: Annotated[int, typer.Option("--points", min=2, max=500, metavar="N", help="How many values.")] = 21,
    at: Annotated[str, typer.Option("--at", help="Other covariates: observed (averaged over games) or means.")] = (
        "observed"
    ),
    interval: Annotated[
        str | None, typer.Option("--interval", help="delta, simulation, or posterior (for bayes).")
    ] = None,
    rule: _Rule = None,
    draws: _Simulated = 200,
    level: _Level = 0.9,
    seed: _Seed = 1,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR", help="Folder for table and figure.")] = None,
) -> None:
    """Predicted probabilities as one covariate moves, with intervals; --out writes CSV, LaTeX and the figure."""
    from doubletalk.crisis.effects import covariate_values
    from doubletalk.crisis.effects import effects as along
    from doubletalk.report.crisis_effects import effects_csv, effects_html, effects_latex, effects_svg, effects_text

    if out is not None:
        check_writable(out / "effects.csv")
    with ProgressBar() as bar, Interruption().watched():
        found, games, _ = _estimated(data, spec, _Asked(method, selection, robust, seed=seed), bar)
        way = interval or ("posterior" if found.draws is not None else "delta")
        values = covariate_values(games, of, low, high, points)
        made = along(
            found, games, of, values, at=at, interval=way, selection=_predicted_rule(found, rule), level=level,
            draws=draws, seed=seed, tell=bar,
        )  # fmt: skip
    if out is not None:
        writers = {"csv": effects_csv, "tex": effects_latex, "svg": effects_svg, "html": effects_html}
        for name, writer in writers.items():
            save(out / f"effects.{name}", writer(made))
    put(effects_text(made))
    if not found.converged:
        note(f"not converged: {found.message}")


def _estimated(
    data: str, spec: Path, asked: _Asked, bar: ProgressBar
) -> tuple[CrisisFit, CrisisData, CrisisSpecification]:
    from doubletalk.crisis import fit_crisis, load_data, read_specification

    read = read_specification(spec)
    games = load_data(data, read)
    if asked.method == "bayes":
        from doubletalk.crisis.bayes import fit_bayes

        found = fit_bayes(
            read, games, selection=asked.selection, quick=asked.quick, chains=asked.chains, draws=asked.draws,
            warmup=asked.warmup, longest=asked.longest, seed=asked.seed, tell=bar,
        )  # fmt: skip
        return found, games, read
    found = fit_crisis(
        read, games, asked.method, selection=asked.selection, robust=asked.robust, starts=asked.starts,
        take=asked.take, seed=asked.seed, tell=bar,
    )  # fmt: skip
    return found, games, read


def _equilibria_line(found: CrisisFit) -> str:
    counted = ", ".join(f"{games} games with {n}" for n, games in found.numbers_of_equilibria().items())
    proved = found.equilibria is not None and bool(found.equilibria.certified.all())
    return f"Equilibria at the estimates: {counted}; {'proved to be all' if proved else 'not proved to be all'}."
