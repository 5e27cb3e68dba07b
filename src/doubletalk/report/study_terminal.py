"""A study for people at a terminal: what it turns on, the worlds, how the claims fare; all claims on request."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table
from rich.text import Text

from doubletalk.case.study_result import StudyResult
from doubletalk.exact import text
from doubletalk.report.page_content import REACHES, STANDINGS, PageContent, WorldRow
from doubletalk.report.page_headline import crux_answer, of_claims, window_answer
from doubletalk.report.scoreboard import scoreboard

__all__ = ["show_claims", "show_study"]


def show_study(result: StudyResult, content: PageContent, console: Console) -> None:
    """The answer in short; the report and ``--claims`` have the rest."""
    console.print(Text(content.title, style="bold"))
    for line in (content.question, content.as_of, content.incomplete):
        if line:
            console.print(Text(line))
    console.print()
    for line in crux_answer(content) or window_answer(content):
        console.print(Text(line))
    if len(content.worlds) > 1:
        _worlds(content, console)
    if content.claims:
        _sides(content, console)
    _long(result, content, console)
    console.print()
    for name, game in result.games.items():
        solution, points = game.solution, len(game.certificates)
        valid = sum(1 for certificate in game.certificates if certificate.valid)
        standing = "proved to be all" if solution.complete else f"there may be others: {solution.why_incomplete}"
        count = len(solution.outcomes)
        checked = f"{valid} of {points} extreme points verified exactly"
        noun = "equilibrium outcome" if count == 1 else "equilibrium outcomes"
        console.print(Text(f"{name}, as filed: {count} {noun}, {standing}; {checked}."))


def _long(result: StudyResult, content: PageContent, console: Console) -> None:
    """Where the long game was solved, or why it was not."""
    if result.long is None:
        return
    console.print()
    if result.long.missing:
        console.print(Text(f"The long game was not solved: {result.long.missing}."))
        return
    if any(content.claims_of(side.key, "the long game") for side in content.sides):
        console.print(Text("Claims about the long game are answered at the file's coefficients."))
    _fitted(result, content, console)


def _fitted(result: StudyResult, content: PageContent, console: Console) -> None:
    """What the record says for each lens, or why it was not fitted."""
    found = result.evidence
    if found is None:
        return
    if found.missing or found.compared is None:
        console.print(Text(f"The record was not fitted: {found.missing}."))
        return
    from doubletalk.lenses.comparing import weights_of
    from doubletalk.lenses.output import method_words

    shares = ", ".join(f"{name} {share:.2f}" for name, share in weights_of(found.compared.evidence).items())
    doubtful = [name for name, item in found.compared.evidence.items() if not item.trusted]
    doubt = f"; not to be trusted: {', '.join(doubtful)}" if doubtful else ""
    words = method_words(found.compared)
    console.print(Text(f"Lenses on the record, had all been equally likely before: {shares}{doubt} ({words})."))


def _table(*headings: str) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    for number, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=number == 0)
    return table


def _worlds(content: PageContent, console: Console) -> None:
    """A row for each world: the answers to the questions, and what is best as the belief grows.

    A case without a window has the number of equilibrium outcomes there.
    """
    numbers = [f"({k})" for k in range(1, len(content.cruxes) + 1)]
    windows = any(world.window is not None for world in content.worlds)
    table = _table("world", *numbers, "best, as the belief grows from 0 to 1" if windows else "equilibrium outcomes")
    for world in content.worlds:
        last = _bands(content, world) if windows else "not reached" if world.outcomes is None else str(world.outcomes)
        cells = [str(world.number), *(side or "–" for side in world.sides), last]
        table.add_row(*(Text(cell) for cell in cells))
    console.print()
    console.print(table)


def _bands(content: PageContent, world: WorldRow) -> str:
    """``pressure, from 1/58 setting demands``."""
    if world.window is None:
        return "not reached"
    parts: list[str] = []
    last: tuple[str, ...] = ()
    for segment in world.window.segments:
        if segment.best != last:
            names = " or ".join(content.name(action) for action in segment.best)
            parts.append(names if not parts else f"from {text(segment.low)} {names}")
        last = segment.best
    return ", ".join(parts)


def _sides(content: PageContent, console: Console) -> None:
    """Under each answer the number of claims of each side; the numbers of a side add up to its claims."""
    sides = [side for side in content.sides if content.claims_of(side.key)]
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("claims")
    for side in sides:
        table.add_column(side.name, justify="right", min_width=min(len(side.name), 14))
    for name, rows in scoreboard(content):
        totals = [sum(counts) for counts in zip(*(counts for _, counts in rows), strict=True)]
        table.add_row(*(Text(cell, style="bold") for cell in (name, *map(str, totals))))
        for words, counts in rows:
            table.add_row(*(Text(cell) for cell in (f"  {words}", *(str(n) if n else "·" for n in counts))))
    console.print()
    console.print(table)
    caveat = of_claims(content.claims)
    if caveat:
        console.print(Text(caveat))


def show_claims(content: PageContent, console: Console) -> None:
    """Every claim with its answer; a sign for each world, in their order."""
    names = {side.key: side.name for side in content.sides}
    for claim in content.claims:
        console.print()
        console.print(Text(f"{claim.id}  {names[claim.side]}", style="bold"))
        console.print(Text(claim.paraphrase))
        if claim.about == "neither":
            console.print(Text(f"  {_cap(STANDINGS[claim.standing])}: {claim.reason}"))
            continue
        signs = " ".join(REACHES[word][0] for word in claim.worlds) if len(claim.worlds) > 1 else ""
        built = f" True by construction: {claim.by_construction.rstrip('.')}." if claim.by_construction else ""
        where = f" {claim.interval[:1].upper()}{claim.interval[1:]}." if claim.interval.startswith("for ") else ""
        console.print(Text(f"  {_cap(STANDINGS[claim.standing])}. {claim.answer}{where}{built}"))
        if signs:
            console.print(Text(f"  worlds 1 to {len(claim.worlds)}: {signs}"))
    if len(content.worlds) > 1:
        key = "; ".join(f"{sign} {words}" for sign, words in REACHES.values())
        console.print(Text(f"\nSigns: {key}."))


def _cap(words: str) -> str:
    return words[:1].upper() + words[1:]
