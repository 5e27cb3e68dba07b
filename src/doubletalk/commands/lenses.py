"""``doubletalk lenses``: accounts of a case's long game, compared by what the record says of each."""

from __future__ import annotations

import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.running import (
    Exit,
    Interruption,
    ProgressBar,
    check_writable,
    make_folder,
    note,
    put,
    save,
    terminal,
)
from doubletalk.errors import InputError
from doubletalk.game.wording import unknown

if TYPE_CHECKING:
    from rich.console import Console

    from doubletalk.case.loading import Case
    from doubletalk.lenses.declaration import Lenses
    from doubletalk.lenses.evidence import SavedFit
    from doubletalk.lenses.work import Asked, Compared, Record

__all__ = ["lenses"]

QUICK_DRAWS, QUICK_EITHER = 400, 200


def lenses(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case folder with a long game and a coded record.")],
    only: Annotated[
        list[str] | None, typer.Option("--lens", metavar="NAME", help="Compare these only; repeatable.")
    ] = None,
    draws: Annotated[int, typer.Option("--draws", metavar="N", help="Draws around the mode of each lens.")] = 2000,
    fewer: Annotated[
        int, typer.Option("--fewer", metavar="N", help="Draws for each variation.")
    ] = 500,
    origin: Annotated[
        str | None,
        typer.Option("--origin", metavar="QUARTER", help="First quarter that is predicted; else the middle one."),
    ] = None,
    chains: Annotated[
        int, typer.Option("--chains", metavar="N", help="Chains of twenty particles each from which scores are.")
    ] = 50,
    scores: Annotated[bool, typer.Option("--scores/--no-scores", help="Leave-future-out scores.")] = True,
    points: Annotated[int, typer.Option("--beliefs", metavar="N", help="Belief grid used while fitting.")] = 4,
    coding: Annotated[
        str | None, typer.Option("--coding", metavar="FILE", help="The coding that comes first; else coding.yaml.")
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help=f"At most {QUICK_DRAWS} draws, no fits for variations, no scores.")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of the draws.")] = 1,
    fit: Annotated[
        Path | None,
        typer.Option("--fit", metavar="FILE.nc", help="The marginal likelihood of either stance from a saved fit."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="For tables and what is kept; else out/CASE.")
    ] = None,
) -> None:
    """Marginal likelihoods, predictive scores, Bayes factors, and how far they hang on priors and codings."""
    if draws < 2 or fewer < 2 or points < 2 or chains < 2:
        raise typer.BadParameter("--draws, --fewer, --chains and --beliefs must be 2 or more")
    from doubletalk.case.finding import find_case

    place = find_case(case)
    folder = out if out is not None else Path("out") / place.resolve().name
    check_writable(folder / "lenses.json")
    loaded, chosen, records = _read(place, only or [], coding)
    asked = _asked(records[0], draws, fewer, points, origin, scores, quick, seed, chains)
    saved = None if fit is None else _saved(loaded, chosen, records[0], fit)
    make_folder(folder)
    found, interrupted = _compared(loaded, chosen, records, asked, folder, saved)
    if saved is not None:
        from doubletalk.case.posterior_study import with_saved

        found = with_saved(found, *saved)
    _write(found, folder)
    if json:
        from doubletalk.lenses.output import compared_json

        put(json_text.dumps(compared_json(found), indent=1, ensure_ascii=False) + "\n")
    else:
        _show(terminal(), found)
    if interrupted:
        note("stopped early; what was found is kept: give the same command to go on from there")
        raise typer.Exit(Exit.INTERRUPTED)


def _read(place: Path, only: list[str], coding: str | None) -> tuple[Case, Lenses, tuple[Record, ...]]:
    """The case, the lenses that are compared, and the record under each coding."""
    from dataclasses import replace

    from doubletalk.case.loading import load_case
    from doubletalk.case.long_study import needs_jax

    case = load_case(place)
    if case.long is None or case.lenses is None:
        raise InputError("the case has no long game; add longgame: to case.yaml (docs/longgame.md)", str(place))
    for name in only:
        if name not in case.lenses.names:
            raise InputError(f"--lens: {unknown('lens', name, case.lenses.names)}")
    missing = needs_jax()
    if missing:
        raise InputError(missing)
    from doubletalk.case.posterior_study import coded_records

    records = coded_records(case, coding)
    kept = tuple(lens for lens in case.lenses.lenses if not only or lens.name in only)
    return case, replace(case.lenses, lenses=kept), records


def _saved(case: Case, chosen: Lenses, record: Record, path: Path) -> tuple[str, SavedFit]:
    """The lens with either stance, and a saved fit under it that has a marginal likelihood."""
    from doubletalk.case.posterior_claims import usual_lens
    from doubletalk.case.posterior_study import saved_fit

    lens = usual_lens(chosen)
    saved = saved_fit(case, lens, record.quarters, path)
    if saved.evidence is None:
        raise InputError("has no marginal likelihood by bridge sampling; make it with doubletalk fit", str(path))
    note(f"{lens}: marginal likelihood from {saved.name} ({saved.words})")
    return lens, saved


def _asked(
    record: Record, draws: int, fewer: int, points: int, origin: str | None, scores: bool, quick: bool, seed: int,
    chains: int,
) -> Asked:  # fmt: skip
    from doubletalk.lenses.work import Asked

    size = len(record.quarters)
    first: int | None = size // 2
    if origin is not None:
        if origin not in record.quarters[1:]:
            raise InputError(f"--origin: {unknown('quarter', origin, record.quarters[1:])}")
        first = record.quarters.index(origin)
    if not scores or (quick and origin is None):
        first = None
    if quick:
        return Asked(min(draws, QUICK_DRAWS), 0, min(draws, QUICK_EITHER), points, first, seed=seed, workers=2,
                     chains=chains)  # fmt: skip
    return Asked(draws, fewer, None, points, first, seed=seed, workers=2, chains=chains)


def _compared(
    case: Case, chosen: Lenses, records: tuple[Record, ...], asked: Asked, folder: Path,
    saved: tuple[str, SavedFit] | None,
) -> tuple[Compared, bool]:  # fmt: skip
    """What was found and whether Ctrl-C cut it short."""
    from doubletalk.lenses.keeping import Kept
    from doubletalk.lenses.work import compare_lenses

    assert case.long is not None
    interruption = Interruption()
    with ProgressBar() as bar, interruption.watched():

        def tell(share: float, words: str) -> None:
            if interruption.happened:
                raise KeyboardInterrupt
            bar(share, words)

        known = dict([saved]) if saved is not None and saved[1].converged else {}
        found = compare_lenses(case.long.game, chosen, records, asked, Kept(folder / "kept"), tell, known)
    return found, interruption.happened or bool(found.stopped)


def _write(found: Compared, folder: Path) -> None:
    from doubletalk.lenses.output import compared_json, files_of
    from doubletalk.report.chronicle_data import csv_text

    save(folder / "lenses.json", json_text.dumps(compared_json(found), indent=1, ensure_ascii=False) + "\n")
    for name, rows in files_of(found).items():
        save(folder / name, csv_text(rows))


def _show(console: Console, found: Compared) -> None:
    from rich.table import Table

    from doubletalk.lenses.comparing import pairs, score_pairs, weights_of
    from doubletalk.lenses.output import method_words

    console.print(f"{method_words(found)}.")
    if found.stopped:
        console.print(f"INCOMPLETE: {found.stopped}.")
    console.print(
        f"Record: {found.record.quarters[0]} to {found.record.quarters[-1]}, {len(found.record.quarters)} quarters, "
        f"coded by {found.record.coding}."
    )
    chances = weights_of(found.evidence)
    table = Table(title="Evidence", title_justify="left")
    for head in ("Lens", "Free", "Directions", "Laplace", "Log evidence", "Pareto k", "Probability", "Log score"):
        table.add_column(head, justify="left" if head == "Lens" else "right")
    for name, item in found.evidence.items():
        ahead = found.scores.get(name)
        best, off, method = item.best
        sampled = "–" if method == "Laplace" else f"{best:.2f} ± {off:.2f}" + (" *" if item.bridged else "")
        table.add_row(
            name, str(len(item.free)), str(item.directions), f"{item.laplace:.2f}",
            sampled, "–" if item.draws is None else f"{item.pareto_k:.2f}", f"{chances[name]:.2f}",
            "–" if ahead is None else f"{ahead.total:.2f} ± {ahead.error:.2f}",
        )  # fmt: skip
    console.print(table)
    if any(item.bridged for item in found.evidence.values()):
        console.print("* by bridge sampling from the saved fit; Pareto k is that of the importance weights.")
    for name, ahead in found.scores.items():
        console.print(
            f"{name}: log evidence {ahead.log_evidence:.2f} ± {ahead.evidence_error:.2f} by the sequential run from "
            f"which the scores are; Monte-Carlo error of the log score {ahead.errors[-1]:.2f}."
        )
    console.print("± of the evidence is the Monte-Carlo error, of the score the standard error over quarters.")
    console.print("Probability: of the lens, had all been equally likely beforehand.")
    for pair in pairs(found.evidence):
        freedom = f"{abs(pair.more_free)} free coefficients {'more' if pair.more_free > 0 else 'fewer'}"
        told = "the same number of free coefficients" if pair.more_free == 0 else f"{pair.one} has {freedom}"
        doubt = "" if pair.trusted else "; NOT TO BE TRUSTED (uneven draws, or a fit that did not settle)"
        console.print(f"{pair.one} against {pair.other}: {pair.words} ({told}){doubt}.")
    rows = [row for row in score_pairs(found.scores, found.actors) if not row.actor]
    for row in rows:
        console.print(f"Log score of {row.one} less {row.other}: {row.difference:.2f} ± {row.error:.2f} (paired).")
    if found.variations:
        changed = Table(title="With one thing changed", title_justify="left")
        for head in ("Lens", "With", "By", "Log evidence", "Change"):
            changed.add_column(head, justify="right" if head in ("Log evidence", "Change") else "left")
        for each in found.variations:
            value = _plus(each.log_evidence, each.error) + ("" if each.trusted else " *")
            change = _plus(each.change, each.change_error, sign="+")
            changed.add_row(each.lens, f"{each.kind} {each.value}", each.method, value, change)
        console.print(changed)
        if not all(each.trusted for each in found.variations):
            console.print("* not to be trusted: Pareto k above 0.7, or a fit that did not settle.")
    for name, why in found.failed.items():
        console.print(f"Not worked out: {name}; {why}.")


def _plus(value: float, error: float, sign: str = "") -> str:
    """A number with its error where that is known."""
    return f"{value:{sign}.2f}" + (f" ± {error:.2f}" if error == error else "")
