"""``doubletalk thresholds``: where along one parameter the equilibria, or the answers to claims, change."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.games import assignments, game_file
from doubletalk.commands.running import (
    Exit,
    Interruption,
    ProgressBar,
    check_writable,
    make_folder,
    note,
    terminal,
)
from doubletalk.commands.solving import say_speed, solver_of

if TYPE_CHECKING:
    from rich.console import Console

    from doubletalk.exact import Rational
    from doubletalk.regions.thresholds import Line
    from doubletalk.regions.thresholds_data import Row
    from doubletalk.regions.thresholds_game import AskClaims, AskLine

__all__ = ["thresholds"]


def thresholds(
    game: Annotated[
        str, typer.Argument(metavar="GAME|CASE", help="A game file, a library game, or a case: then all its claims.")
    ],
    over: Annotated[str, typer.Option("--over", metavar="NAME=LOW:HIGH", help="The parameter and its range.")],
    question: Annotated[
        list[str] | None,
        typer.Option(
            "--question",
            metavar="Q",
            help="equilibria, kinds, structure, surviving:NAME, best[:AUDIENCE], or a claim; repeatable.",
        ),
    ] = None,
    refine: Annotated[
        str, typer.Option("--refine", metavar="NAMES", help="Also the equilibria that survive each of these.")
    ] = "",
    grid: Annotated[int, typer.Option("--grid", metavar="N", help="Equal steps of the range.")] = 24,
    critical: Annotated[
        bool, typer.Option("--critical/--no-critical", help="Also ask where comparisons of payoffs turn.")
    ] = True,
    time_limit: Annotated[
        float, typer.Option("--time-limit", metavar="SECONDS", help="For one solve; what takes longer says so.")
    ] = 30.0,
    workers: Annotated[int, typer.Option("--workers", metavar="N", help="Processes; 0 means one for each core.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder; out/thresholds-GAME-NAME if not given.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set another parameter; repeatable.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do not use values that were solved before.")] = False,
) -> None:
    """Find every value of a parameter at which the answer changes, exactly, and what holds at it."""
    if grid < 1 or workers < 0 or time_limit <= 0:
        raise typer.BadParameter("--grid and --time-limit must be positive, --workers not negative")
    ask, low, high = _ask(game, over, question or [], refine, assignments(settings or []), time_limit)
    folder = out if out is not None else Path("out") / f"thresholds-{Path(game).stem}-{ask.name}"
    check_writable(folder / "thresholds.csv")
    make_folder(folder)
    interruption = Interruption()
    try:
        with ProgressBar() as bar, interruption.watched():
            processes = workers or os.cpu_count() or 1
            found = _found(ask, (low, high), grid, critical, processes, folder, fresh, bar, interruption)
    except KeyboardInterrupt:
        note("interrupted; what was solved is kept: give the same command to go on from there")
        raise typer.Exit(Exit.INTERRUPTED) from None
    _show(terminal(), found, ask)
    _write(found, ask, folder)


def _ask(
    name: str, over: str, questions: Sequence[str], refine: str, settings: dict[str, str], limit: float
) -> tuple[AskLine | AskClaims, Rational, Rational]:
    from doubletalk.case.finding import find_case, is_case
    from doubletalk.exact import rational
    from doubletalk.regions.atlas_game import axis_from_text
    from doubletalk.regions.atlas_questions import question_from_text
    from doubletalk.regions.thresholds_game import AskClaims, AskLine

    if is_case(name):
        from doubletalk.case.loading import load_case

        if questions or refine:
            raise typer.BadParameter("a case is asked its claims; give a game file to ask something else")
        case = load_case(find_case(name))
        which = case.window[0] if case.window is not None else next(iter(case.games))
        file = case.games[which]
        axis = axis_from_text(over, file)
        values = _others(file.values(settings), settings, axis.name)
        return AskClaims(case, which, axis.name, values, limit), axis.low, axis.high
    file = game_file(name)
    axis = axis_from_text(over, file)
    values = _others(file.values(settings), settings, axis.name)
    middle = file.game({**values, axis.name: (axis.low + axis.high) / 2}, drop_null_types=True)
    texts = list(questions) or ["equilibria"]
    texts += [f"equilibria:{each.strip()}" for each in refine.split(",") if each.strip()]
    asked = tuple(question_from_text(each, middle) for each in texts)
    return AskLine(file, axis.name, asked, {k: rational(v) for k, v in values.items()}, limit), axis.low, axis.high


def _others(values: dict[str, Rational], settings: dict[str, str], name: str) -> dict[str, Rational]:
    """The values set by the user; the parameter of the line may not be among them."""
    if name in settings:
        raise typer.BadParameter(f"'{name}' is the line; it cannot be set as well", param_hint="'--set'")
    return {key: value for key, value in values.items() if key in settings}


def _found(
    ask: AskLine | AskClaims,
    between: tuple[Rational, Rational],
    grid: int,
    critical: bool,
    workers: int,
    folder: Path,
    fresh: bool,
    bar: ProgressBar,
    interruption: Interruption,
) -> tuple[Line, ...]:
    from doubletalk.regions.critical import critical_values
    from doubletalk.regions.thresholds import find_thresholds

    solver = solver_of(ask, workers, folder, fresh, bar, interruption)
    remembered = len(solver.known)
    bar(None, "comparing payoffs")
    turns = critical_values(ask.game_at, *between) if critical else ()
    proofs = ask.candidates(*between) if critical else ()
    found = find_thresholds(solver, ask.name, *between, ask.labels, turns, grid, proofs)
    say_speed(solver, remembered, "values")
    loose = sum(isinstance(answer, tuple) and answer[-1] is False for answer in solver.known.values())
    if loose:
        note(f"at {loose} values the list of equilibria is not proved complete; the answer there is about those found")
    return found


def _show(console: Console, found: Sequence[Line], ask: AskLine | AskClaims) -> None:
    """Every stretch and every value at which an answer changes; outcomes by letters, which are spelt out below."""
    from rich.text import Text

    from doubletalk.regions.thresholds_data import Letters, rows_of

    words = Letters(found, ask.words, ask.parts)
    for k, line in enumerate(found):
        if not line.changes and len(found) > 1:
            continue
        console.print(Text(f"\n{line.question}", style="bold"))
        rows = [(_where(row, line.name), row.answer) for row in rows_of(line, k, words)]
        width = max(len(where) for where, _ in rows)
        for where, answer in rows:
            console.print(Text(f"  {where:{width}}  ", style="cyan").append(answer, style="default"))
    for letter, outcome in words.listed.items():
        console.print(Text(f"\n{letter}: {outcome}" if letter == "A" else f"{letter}: {outcome}"))
    _show_steady(console, found, ask)
    for told, questions in _told(found).items():
        about = f"{', '.join(questions)}: " if len(found) > len(questions) else ""
        console.print(Text(f"\n{about}{told}"))


def _show_steady(console: Console, found: Sequence[Line], ask: AskLine | AskClaims) -> None:
    from rich.text import Text

    steady = [(k, line) for k, line in enumerate(found) if not line.changes]
    if steady and len(found) > 1:
        first = found[0]
        console.print(Text(f"\nNo change for {first.name} between {first.low} and {first.high}:", style="bold"))
        for k, line in steady:
            console.print(Text(f"  {line.question}: {ask.words(k, line.stretches[0].answer)}"))
    left = getattr(ask, "left_out", ())
    if left:
        console.print(
            Text(f"\nNot asked, for their statements have a range or set {ask.name} themselves:", style="bold")
        )
        console.print(Text(f"  {', '.join(claim.id for claim in left)}"))


def _where(row: Row, name: str) -> str:
    from doubletalk.regions.thresholds_data import shortened

    if row.kind == "between":
        return f"{shortened(row.start)} < {name} < {shortened(row.end)}"
    if row.equation:
        return f"{name} = {row.decimals}..., root of {row.equation}"
    if row.start != row.end:
        return f"{name} between {shortened(row.start)} and {shortened(row.end)}"
    return f"{name} = {row.start}"


def _told(found: Sequence[Line]) -> dict[str, list[str]]:
    """How the values were found -> the questions of which that is true."""
    told: dict[str, list[str]] = {}
    for line in found:
        told.setdefault(_asked(line), []).append(line.question)
    return told


def _asked(line: Line) -> str:
    """How the values were found, and what may have been missed."""
    from doubletalk.regions.thresholds_data import shortened

    if line.proved:
        inside = f"{line.critical} value{'s' * (line.critical != 1)} inside the range"
        unsolved = len(line.unsolved)
        but = f" At {unsolved} irrational ones, with the same answer on both sides, it was not." if unsolved else ""
        return (
            f"Proved complete: a change is possible at {inside} and nowhere else; the game was solved at each rational "
            f"one and between any two neighbours.{but}"
        )
    why = f" Not proved complete: {line.why_probed}." if line.why_probed else ""
    return (
        f"Asked at {line.probes} values, {line.critical} of them where a comparison of payoffs turns. A change that "
        f"begins and ends between two of them, at most {shortened(str(line.widest))} apart, is not seen.{why}"
    )


def _write(found: Sequence[Line], ask: AskLine | AskClaims, folder: Path) -> None:
    from doubletalk.regions.thresholds_data import Letters, thresholds_csv, thresholds_json
    from doubletalk.report.thresholds_figure import thresholds_html, thresholds_svg
    from doubletalk.report.writing import write_text

    short = Letters(found, ask.words, ask.parts)
    files = {
        "thresholds.csv": thresholds_csv(found, ask.words),
        "thresholds.json": thresholds_json(found, ask.words),
        "thresholds.svg": thresholds_svg(found, short),
        "thresholds.html": thresholds_html(found, short, short.listed),
    }
    for name, content in files.items():
        write_text(folder / name, content)
    note(f"wrote {', '.join(files)} in {folder}")
