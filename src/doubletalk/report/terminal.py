"""A solution for people at a terminal: who says what, who does what, what must be believed, what everybody gets.

The widths follow the terminal; colours are only ever an addition, so that a pipe or ``NO_COLOR`` loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from doubletalk.equilibrium.solution import Solution
from doubletalk.report.summary import NEVER, AfterView, OutcomeView, SolutionView, solution_view

__all__ = ["show_reasons", "show_solution", "solution_renderable"]

DETAILED = 20
"""Outcomes that are shown in full; the others appear in the overview only."""

OVERVIEW_FROM = 3
"""Number of outcomes from which an overview comes first."""


def show_solution(solution: Solution, console: Console, certificate: str = "") -> None:
    """Write *solution* to *console*; *certificate* is a closing sentence about what was verified."""
    console.print(solution_renderable(solution_view(solution), certificate))


def show_reasons(solution: Solution, names: Sequence[str], console: Console) -> None:
    """Write, refinement by refinement, why each outcome survives or does not."""
    from doubletalk.refinement import NAMES, explain

    for name in names:
        console.print(Text(f"\n{name}: {NAMES[name]}", style="bold"))
        for number, reason in explain(solution, name).items():
            verdict = {True: "survives", False: "fails", None: "not judged"}[reason.verdict]
            console.print(Padding(Text(f"outcome {number} {verdict}: {reason.words}"), (0, 0, 0, 2)))
            for ruling in reason.ruled_out:
                console.print(Padding(Text(f"after {ruling.message}, not {ruling.type}: {ruling.words}"), (0, 0, 0, 4)))


def solution_renderable(view: SolutionView, certificate: str = "") -> RenderableType:
    """Everything that is shown, top to bottom."""
    parts: list[RenderableType] = [Text(view.title, style="bold")]
    parts += [Text(line, style="dim") for line in (view.source, view.setting) if line]
    parts += [Text(), Text(" ".join(sentence for sentence in (view.standing, certificate) if sentence))]
    if len(view.outcomes) >= OVERVIEW_FROM:
        parts += [Text(), _overview(view.outcomes)]
    for outcome in view.outcomes[:DETAILED]:
        parts += [Text(), *_outcome(outcome)]
    if len(view.outcomes) > DETAILED:
        more = len(view.outcomes) - DETAILED
        parts += [Text(), Text(f"{more} more outcomes: use --json or --out FILE for all of them.")]
    return Group(*parts)


def _overview(outcomes: tuple[OutcomeView, ...]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("", "kind", "what is said"):
        table.add_column(heading, overflow="fold")
    for outcome in outcomes:
        said = "; ".join(f"{label}: {words}" for label, words in outcome.says)
        table.add_row(str(outcome.id), outcome.kind, said)
    return table


def _outcome(outcome: OutcomeView) -> list[RenderableType]:
    heading = f"Outcome {outcome.id}: {outcome.kind}"
    if not outcome.unique:
        heading += ", and it varies within the ranges below"
    parts: list[RenderableType] = [Rule(Text(heading, style="bold"), align="left", characters="─")]
    parts.append(_rows("What each type says", outcome.says))
    parts.append(_after_table(outcome.after))
    if outcome.replies:
        parts.append(_rows("In the end, the reply after", outcome.replies))
    parts.append(_rows("What each gets", outcome.payoffs))
    if outcome.survives:
        parts.append(_rows("Refinements", outcome.survives))
    if outcome.families > 1:
        note = (
            f"{outcome.families} families of equilibria give this outcome; lines joined by 'or' are their "
            "alternatives, and not every choice in one row goes with every choice in another."
        )
        parts.append(Padding(Text(note, style="dim"), (0, 0, 0, 2), expand=False))
    return parts


def _rows(title: str, rows: tuple[tuple[str, str], ...]) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(style="cyan", overflow="fold")
    table.add_column(overflow="fold")
    for label, words in rows:
        table.add_row(label, words)
    return _section(title, table)


def _section(title: str, body: RenderableType) -> RenderableType:
    return Group(
        Padding(Text(title, style="italic"), (0, 0, 0, 2), expand=False), Padding(body, (0, 0, 0, 4), expand=False)
    )


def _after_table(after: tuple[AfterView, ...]) -> RenderableType:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("after", style="cyan", overflow="fold")
    table.add_column("response", overflow="fold")
    table.add_column("belief", overflow="fold")
    for view in after:
        heard = f"{view.heard} ({view.by})" if view.by else view.heard
        for number, (does, believes) in enumerate(view.options):
            label = Text(heard if number == 0 else "  or")
            if number == 0 and view.status == NEVER:
                label.append(" *", style="yellow")
            table.add_row(label, Text("\n".join(does)), _belief(view, believes))
    body: list[RenderableType] = [table]
    if any(view.status == NEVER for view in after):
        body.append(Text("* never said: the belief is what must be believed for the response", style="dim"))
    return _section("What follows each message", Group(*body))


def _belief(view: AfterView, believes: str) -> Text:
    return Text(believes, style="yellow" if view.status == NEVER else "")
