"""``doubletalk quantal``: play with errors, the branch that it follows, and how rational some counts were."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.games import assignments, game_file
from doubletalk.commands.running import (
    Exit,
    Interruption,
    ProgressBar,
    check_writable,
    note,
    put,
    save,
    terminal,
)
from doubletalk.errors import InputError, TooLarge

if TYPE_CHECKING:
    from rich.console import Console

    from doubletalk.game.model import Game
    from doubletalk.quantal import Branch, Limit, LogitFit

__all__ = ["quantal"]

PICTURES = (".svg", ".png")


def quantal(
    game: Annotated[str, typer.Argument(metavar="GAME", help="A game file, or the name of a library game.")],
    lambda_max: Annotated[
        float | None, typer.Option("--lambda-max", metavar="X", help="Trace the branch up to this rationality.")
    ] = None,
    counts: Annotated[
        Path | None, typer.Option("--fit", metavar="FILE.csv", help="Fit the rationality to these counts.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the JSON here.")] = None,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE", help="Draw the branch; FILE ends in .svg or .png.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter; repeatable.")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", metavar="S", help="Stop the exact solve after S seconds.")
    ] = None,
) -> None:
    """Logit quantal response: the branch from noise to an equilibrium, and its fit to counts."""
    values = assignments(settings or [])
    _check_numbers(lambda_max, time_limit)
    for path in (out, figure):
        if path is not None:
            check_writable(path)
    if figure is not None and figure.suffix.lower() not in PICTURES:
        raise InputError(f"found the ending '{figure.suffix}', expected .svg or .png", str(figure))
    the_game = game_file(game).game(values)
    interruption = Interruption()
    with ProgressBar() as bar, interruption.watched():
        from doubletalk.quantal import logit_branch

        bar(None, "tracing the branch")
        branch = logit_branch(the_game, lambda_max)
        fitted = None if counts is None else _fitted(the_game, counts, lambda_max)
        end = _end(branch, the_game, time_limit, bar)
        if interruption.happened:
            raise KeyboardInterrupt
    _hand_over(branch, end, fitted, json, out, figure)
    if branch.status.name != "REACHED" and lambda_max is not None:
        note(f"stopped early at rationality {branch.lambdas[-1]:.6g}: {branch.message}")
        raise typer.Exit(Exit.LIMIT)


def _check_numbers(lambda_max: float | None, time_limit: float | None) -> None:
    for value, name in ((lambda_max, "--lambda-max"), (time_limit, "--time-limit")):
        if value is not None and not (value > 0 and math.isfinite(value)):
            raise typer.BadParameter("expected a positive number", param_hint=f"'{name}'")


def _fitted(game: Game, counts: Path, lambda_max: float | None) -> LogitFit:
    from doubletalk.quantal import fit
    from doubletalk.report.quantal_data import read_counts

    seen = read_counts(counts)
    try:
        return fit(game, seen, lambda_max)
    except InputError as wrong:
        raise InputError(wrong.message, str(counts)) from None


def _end(branch: Branch, game: Game, time_limit: float | None, bar: ProgressBar) -> Limit | str:
    """The component that the branch approaches, or why it is not known."""
    from doubletalk.equilibrium.solve import solve
    from doubletalk.quantal import limit

    try:
        solution = solve(game, time_limit=time_limit, progress=bar)
        return limit(branch, solution)
    except (TooLarge, InputError) as wrong:
        return str(wrong)


def _hand_over(
    branch: Branch, end: Limit | str, fitted: LogitFit | None, json: bool, out: Path | None, figure: Path | None
) -> None:
    content = ""
    if json or out is not None:
        from doubletalk.equilibrium.output import json_text
        from doubletalk.report.quantal_data import quantal_json

        content = json_text(quantal_json(branch, end, fitted))
    if out is not None:
        save(out, content)
    if figure is not None:
        _draw(branch, fitted, figure)
    if json:
        put(content)
    else:
        _show(terminal(), branch, end, fitted)


def _draw(branch: Branch, fitted: LogitFit | None, path: Path) -> None:
    from doubletalk.report.quantal_figure import branch_png, branch_svg

    save(path, branch_png(branch, fitted) if path.suffix.lower() == ".png" else branch_svg(branch, fitted))


def _show(console: Console, branch: Branch, end: Limit | str, fitted: LogitFit | None) -> None:
    from rich.text import Text

    console.print(Text(branch.game.title, style="bold"))
    if branch.game.source:
        console.print(Text(branch.game.source, style="dim"))
    console.print(
        Text(
            f"\nPrincipal branch: {len(branch.lambdas)} points from rationality 0 to {branch.lambdas[-1]:.6g}; "
            f"{branch.message}. Largest residual {branch.largest_residual:.1e}."
        )
    )
    console.print(Text(_limit_words(end)))
    _table(console, branch, fitted)
    if fitted is not None:
        for line in _fit_lines(fitted):
            console.print(Text(line))


def _limit_words(end: Limit | str) -> str:
    if isinstance(end, str):
        return f"Its limit was not compared with the exact equilibria: {end}."
    other = "there is no other component" if end.runner_up is None else f"the next component is {end.runner_up:.2g} off"
    return (
        f"It approaches outcome {end.outcome} (component {end.component}) of 'doubletalk solve': {end.distance:.1e} "
        f"off at its end, {end.before:.1e} at half the rationality; {other}. {end.message[:1].upper()}"
        f"{end.message[1:]}."
    )


def _table(console: Console, branch: Branch, fitted: LogitFit | None) -> None:
    """Every action's probability at a few rationalities; the sender's replies are in the JSON."""
    from rich.table import Table
    from rich.text import Text

    from doubletalk.report.quantal_data import settings_of

    every = branch.points()
    points = [every[0], *(branch.at(x) for x in _round_values(branch, 3 if fitted else 4)), every[-1]]
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold", title_justify="left")
    for heading in ("player", "at", "action"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "at")
    for point in points:
        table.add_column(f"{point.rationality:.4g}", justify="right")
    if fitted is not None:
        table.add_column("fitted", justify="right")
        points.append(fitted.point)
    last = ("", "")
    shown = settings_of(branch, replies=False)
    for player, key, labels in shown:
        for label in labels:
            head = (player if player != last[0] else "", key if (player, key) != last else "")
            cells = [f"{point.profile[player][key][label]:.4f}" for point in points]
            table.add_row(*(Text(cell) for cell in (*head, label, *cells)))
            last = (player, key)
    console.print(Text("\nProbability of each action, by rationality (higher = less noise)"))
    console.print(table)
    left = len(settings_of(branch)) - len(shown)
    if left:
        console.print(Text(f"The {left} information sets of the sender's reply are in the JSON."))


def _round_values(branch: Branch, most: int) -> Iterator[float]:
    """Powers of ten from half of one over the range of payoffs to the end of the branch."""
    low, high = 0.5 / branch.form.scale, float(branch.lambdas[-1])
    first = math.ceil(math.log10(low))
    for power in range(first, first + most):
        if 10.0**power < 0.9 * high:
            yield 10.0**power


def _fit_lines(fitted: LogitFit) -> Iterator[str]:
    def shown(value: float | None) -> str:
        return "not defined" if value is None else f"{value:.4g}"

    yield f"\nFit to {fitted.observations:g} counts: rationality {fitted.rationality:.4g}; {fitted.message}."
    yield (
        f"Standard error {shown(fitted.standard_error)} (observed information), "
        f"{shown(fitted.expected_error)} (expected); both take choices as independent."
    )
    yield (
        f"Log-likelihood {fitted.log_likelihood:.2f}; of pure chance {fitted.log_likelihood_zero:.2f}; "
        f"of the frequencies themselves {fitted.log_likelihood_free:.2f}."
    )
