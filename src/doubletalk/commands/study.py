"""``doubletalk study``: a case answered, its report written."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.running import Exit, Interruption, ProgressBar, check_writable, note, put, terminal

if TYPE_CHECKING:
    from doubletalk.case.study import AnsweredClaim, StudyResult
    from doubletalk.case.window import Window

__all__ = ["study"]


def study(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case folder, or the name of a shipped case.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the report; out/CASE if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")] = False,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", metavar="S", help="Stop each solve after S seconds.")
    ] = None,
) -> None:
    """Solve a case, answer every claim, and write the report with its data as JSON and CSV."""
    if time_limit is not None and not (time_limit > 0 and math.isfinite(time_limit)):
        raise typer.BadParameter("expected a positive number of seconds", param_hint="'--time-limit'")
    from doubletalk.case.finding import find_case
    from doubletalk.case.study import study as answer_all

    place = find_case(case)
    folder = out if out is not None else Path("out") / place.resolve().name
    check_writable(folder / "study.json")
    interruption = Interruption()
    with ProgressBar() as bar, interruption.watched():

        def tell(share: float, words: str) -> None:
            if interruption.happened:  # a solve handed back what it had; the study as a whole ends here
                raise KeyboardInterrupt
            bar(share, words)

        result = answer_all(place, tell, time_limit=time_limit)
    from doubletalk.report.html import write_report

    for path in write_report(result, folder):
        note(f"wrote {path}")
    if json:
        put(result.to_json())
    else:
        _show(result)
    stopped = [name for name, game in result.games.items() if game.solution.stopped == "time limit"]
    if stopped:
        note(f"stopped early: the time limit was reached in {', '.join(stopped)}")
        raise typer.Exit(Exit.LIMIT)


def _show(result: StudyResult) -> None:
    """The answers in short; the report has the reasons."""
    from rich.table import Table
    from rich.text import Text

    console = terminal()
    console.print(Text(result.case.title, style="bold"))
    console.print(Text(result.case.question))
    for name, game in result.games.items():
        solution, points = game.solution, len(game.certificates)
        valid = sum(1 for certificate in game.certificates if certificate.valid)
        standing = "proved to be all" if solution.complete else f"there may be others: {solution.why_incomplete}"
        found = f"{name}: {len(solution.outcomes)} equilibrium outcomes, {standing};"
        console.print(Text(f"\n{found} {valid} of {points} extreme points verified exactly."))
    if result.window is not None:
        console.print(Text("\n" + "\n".join(_window_lines(result.window))))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("claim", no_wrap=True)
    for heading in ("by", "what it says", "answer"):
        table.add_column(heading, overflow="fold")
    for item in result.claims:
        table.add_row(*(Text(cell) for cell in _claim_row(item)))
    console.print(Text())
    console.print(table)


def _claim_row(item: AnsweredClaim) -> tuple[str, str, str, str]:
    return item.claim.id, item.claim.who, item.claim.says, item.short


def _window_lines(window: Window) -> list[str]:
    """What the offer does, by belief: one exact line for each interval."""
    words = {
        "works": f"{window.roles.offer} works",
        "pocketed": f"{window.roles.offer} is pocketed",
        "outbid": f"{window.roles.offer} only raises the price that {window.roles.second} pays",
        "paid anyway": f"{window.roles.second} pays in any case",
    }
    lines = [f"By the belief b that it faces a {window.belief_in} (prior {window.prior}):"]
    for segment in window.segments:
        best = f"{window.roles.first} does best by {' or '.join(segment.best)}"
        lines.append(f"  {segment.low} < b < {segment.high}: {words[segment.offer]}; {best}")
    return lines
