"""``doubletalk atlas``: which answer holds where, over two parameters of a game."""

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
    from doubletalk.game.loading import GameFile
    from doubletalk.regions.atlas import Atlas
    from doubletalk.regions.atlas_cells import Grid
    from doubletalk.regions.atlas_game import AskGame

__all__ = ["atlas"]

MOST_CURVES = 12


def atlas(
    game: Annotated[str, typer.Argument(metavar="GAME", help="A game file, or the name of a library game.")],
    over: Annotated[
        list[str], typer.Option("--over", metavar="NAME=LOW:HIGH", help="A parameter and its range; give two.")
    ],
    question: Annotated[
        str,
        typer.Option(
            "--question",
            metavar="Q",
            help="kinds, structure, surviving:NAME, best[:AUDIENCE], or a claim.",
        ),
    ] = "kinds",
    grid: Annotated[int, typer.Option("--grid", metavar="N", help="Coarse cells each way.")] = 12,
    depth: Annotated[int, typer.Option("--depth", metavar="N", help="How often a cell may be cut in four.")] = 3,
    sharpen: Annotated[bool, typer.Option("--sharpen/--no-sharpen", help="Find boundary points exactly.")] = True,
    workers: Annotated[int, typer.Option("--workers", metavar="N", help="Processes; 0 means one for each core.")] = 1,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the atlas; out/atlas-GAME if not given.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set another parameter; repeatable.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Do not use points that were solved before.")] = False,
) -> None:
    """Divide the plane of two parameters by the answer to a question; boundaries are exact."""
    if len(over) != 2:
        raise typer.BadParameter(f"expected two ranges, got {len(over)}: give --over twice", param_hint="'--over'")
    if workers < 0:
        raise typer.BadParameter("expected a number of processes, or 0 for one each core", param_hint="'--workers'")
    file = game_file(game)
    folder = out if out is not None else Path("out") / f"atlas-{Path(game).stem}"
    plan = _plan(file, over, grid, depth)
    ask = _ask(file, plan, question, assignments(settings or []))
    check_writable(folder / "atlas.nc")
    made = not folder.exists()
    make_folder(folder)
    interruption = Interruption()
    with ProgressBar() as bar, interruption.watched():
        solver = solver_of(ask, workers or os.cpu_count() or 1, folder, fresh, bar, interruption)
        from doubletalk.regions.atlas import draw_atlas

        remembered = len(solver.known)
        try:
            found = draw_atlas(plan, solver, question=ask.question.label, words=ask.words, exact=sharpen)
        except BaseException:
            _remove_if_empty(folder, made)
            raise
    _show(found, ask)
    say_speed(solver, remembered)
    _write(found, folder)
    if found.stopped or interruption.happened:
        note(f"stopped early: {found.stopped or 'interrupted'}; give the same command to go on from there")
        raise typer.Exit(Exit.INTERRUPTED)


def _plan(file: GameFile, over: Sequence[str], grid: int, depth: int) -> Grid:
    from doubletalk.regions.atlas_cells import Grid
    from doubletalk.regions.atlas_game import axis_from_text

    x, y = (axis_from_text(text, file) for text in over)
    return Grid(x, y, grid, depth)


def _ask(file: GameFile, plan: Grid, question: str, settings: dict[str, str]) -> AskGame:
    from doubletalk.exact import rational
    from doubletalk.regions.atlas_game import AskGame
    from doubletalk.regions.atlas_questions import question_from_text

    names = plan.x.name, plan.y.name
    for name in settings:
        if name in names:
            raise typer.BadParameter(f"'{name}' is an axis; it cannot be set as well", param_hint="'--set'")
    values = {name: rational(value) for name, value in file.values(settings).items() if name in settings}
    middle = {axis.name: (axis.low + axis.high) / 2 for axis in (plan.x, plan.y)}
    asked = question_from_text(question, file.game({**values, **middle}, drop_null_types=True))
    return AskGame(file, names, asked, values)


def _remove_if_empty(folder: Path, made: bool) -> None:
    """Leave no empty folder behind where nothing could be solved."""
    if made and not any(folder.iterdir()):
        folder.rmdir()


def _write(found: Atlas, folder: Path) -> None:
    from doubletalk.regions.atlas_data import boundary_csv, curves_csv, netcdf, points_csv
    from doubletalk.report.atlas_figure import atlas_html, atlas_svg
    from doubletalk.report.writing import write_bytes, write_text

    with ProgressBar() as bar:
        bar(None, "writing the atlas")
        tables = {"points.csv": points_csv, "boundary.csv": boundary_csv, "curves.csv": curves_csv}
        pictures = {"atlas.html": atlas_html, "atlas.svg": atlas_svg} if found.shades else {}
        for name, make in {**tables, **pictures}.items():
            write_text(folder / name, make(found))
        write_bytes(folder / "atlas.nc", netcdf(found))
    note(f"wrote {', '.join((*tables, *pictures))} and atlas.nc in {folder}")


def _show(found: Atlas, ask: AskGame) -> None:
    """Every answer with its share of the area; the curves; what could have been missed."""
    from rich.table import Table
    from rich.text import Text

    console, (x, y) = terminal(), ask.names
    console.print(Text(ask.file.title, style="bold"))
    console.print(Text(f"{ask.question.label} over {_range(found, 0)} and {_range(found, 1)}\n"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("answer", style="cyan", overflow="fold")
    table.add_column("share of the area", justify="right")
    shares = {k: _share(found, k) for k in range(len(found.words))}
    for k in sorted(shares, key=lambda k: -shares[k]):
        table.add_row(Text(found.words[k]), f"{shares[k]:.1%}" if shares[k] else "only on lines and at points")
    console.print(table)
    console.print(Text(_boundary_words(found)))
    for each in found.curves[:MOST_CURVES]:
        divided = " | ".join(found.words[k] for k in sorted(map(found.index, each.between)))
        points = f"{each.points} point{'s' * (each.points > 1)}"
        console.print(Text(f"  {each.curve.words(x, y)}   ({points}: {divided})"))
    if len(found.curves) > MOST_CURVES:
        console.print(Text(f"  and {len(found.curves) - MOST_CURVES} more in curves.csv"))
    console.print(Text(_missed(found)))


def _share(found: Atlas, answer: int) -> float:
    """The share of the area as a float."""
    from doubletalk.exact import decimal

    return decimal(found.share(answer))


def _range(found: Atlas, which: int) -> str:
    axis = (found.grid.x, found.grid.y)[which]
    return f"{axis.name} from {axis.low} to {axis.high}"


def _boundary_words(found: Atlas) -> str:
    exact = sum(point.value is not None for point in found.boundary)
    if not found.boundary:
        return "\nNo boundary was met."
    curves = ", on these lines and curves" if found.curves else ""
    return f"\nBoundary points: {len(found.boundary)}, of which {exact} exact{curves}."


def _missed(found: Atlas) -> str:
    return (
        f"Regions that pass between the points of the grid can be missed: those narrower than half a cell, 1/"
        f"{2 * found.grid.coarse} of a range."
    )
