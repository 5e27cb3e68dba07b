"""``doubletalk chronicle``: every quarter of a case's record, who did what, from which rows; event data in and out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.running import check_writable, note, put, save, terminal
from doubletalk.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.evidence.confirmations import Confirmation
    from doubletalk.evidence.record import Record

__all__ = ["chronicle"]

PICTURES = (".svg", ".png", ".html")
MOST_ROWS = 12


def chronicle(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case folder, or the name of a shipped case.")],
    coding: Annotated[
        list[Path] | None,
        typer.Option("--coding", metavar="FILE", help="A coding; repeat to compare others with the first."),
    ] = None,
    quarter: Annotated[
        str | None, typer.Option("--quarter", metavar="2021Q2", help="One quarter in full, with every row.")
    ] = None,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE", help="Draw it; FILE ends in .svg, .png or .html.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write JSON, tables and figure here.")
    ] = None,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Read nothing later; the case's date if not given.")
    ] = None,
    tests: Annotated[
        bool, typer.Option("--tests", help="What the record says without a model, with its uncertainty.")
    ] = False,
    export: Annotated[
        str | None, typer.Option("--export", metavar="plover", help="Write event data to the file given by --to.")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", metavar="FILE", help="Where --export or --import writes.")] = None,
    import_: Annotated[
        Path | None, typer.Option("--import", metavar="FILE", help="Read event data into a chronicle at --to.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="plover, polecat, cameo, icews or gdelt.")
    ] = None,
    actors: Annotated[
        Path | None, typer.Option("--actors", metavar="FILE", help="Who is who in the event data; see docs/plover.md.")
    ] = None,
) -> None:
    """The record by quarters: who did what, and from which rows; event data in the field's formats."""
    if export is not None or import_ is not None:
        from doubletalk.commands.eventdata import exchange

        exchange(case, export, import_, layout, to, actors, _date(as_of))
        return
    if tests:
        from doubletalk.commands.record_tests import answer_questions

        answer_questions(case, _date(as_of), json, figure, out)
        return
    for path in (figure, *((out / "chronicle.json",) if out else ())):
        if path is not None:
            check_writable(path)
    if figure is not None and figure.suffix.lower() not in PICTURES:
        raise InputError(f"found the ending '{figure.suffix}', expected .svg, .png or .html", str(figure))
    record, codings, confirmed = _read(case, coding, _date(as_of))
    if quarter is not None:
        _show_quarter(terminal(), record, codings[0], confirmed, _named(quarter, codings[0]))
    elif json:
        from doubletalk.report.chronicle_data import chronicle_json

        put(_json(chronicle_json(record, codings, confirmed)))
    else:
        _show(terminal(), record, codings)
    if figure is not None:
        _draw(record, codings[0], figure)
    if out is not None:
        _write(record, codings, confirmed, out)


def _json(value: object) -> str:
    import json

    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _date(text: str | None) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter("expected a date as YYYY-MM-DD", param_hint="'--as-of'") from None


def _read(
    case: str, coding: list[Path] | None, as_of: dt.date | None
) -> tuple[Record, list[CodedRecord], Mapping[str, Confirmation]]:
    """The record up to the as-of date, its codings (the first is shown), and what second looks found."""
    from doubletalk.case.finding import find_case
    from doubletalk.evidence.chronicle import load_chronicle
    from doubletalk.evidence.coding import as_of_date, coded_record
    from doubletalk.evidence.coding_file import CODING_FILE
    from doubletalk.evidence.confirmations import CONFIRMATIONS_FILE, load_confirmations
    from doubletalk.evidence.record import load_record

    folder = find_case(case)
    names = coding or [Path(CODING_FILE), *(Path(p.name) for p in sorted(folder.glob("coding-*.yaml")))]
    whole = load_chronicle(folder / "chronicle.csv")
    codings = [coded_record(folder, name, as_of, chronicle=whole) for name in names]
    record = load_record(folder, as_of or as_of_date(folder), chronicle=whole)
    confirmed = load_confirmations(folder / CONFIRMATIONS_FILE, whole)
    return record, codings, confirmed


def _named(quarter: str, coded: CodedRecord) -> str:
    from doubletalk.evidence.quarters import QUARTER_FORM, quarter_name, quarter_number

    number = quarter_number(quarter)
    if number is None:
        raise typer.BadParameter(f"found {quarter!r}, expected {QUARTER_FORM}", param_hint="'--quarter'")
    name = quarter_name(number)
    if name not in coded.quarters:
        raise InputError(f"{name} is not coded; the coding covers {coded.quarters[0]} to {coded.quarters[-1]}")
    return name


def _show(console: Console, record: Record, codings: Sequence[CodedRecord]) -> None:
    """One line a quarter; the numbers behind a move are lines of chronicle.csv."""
    from rich.table import Table
    from rich.text import Text

    coded = codings[0]
    lines = {event.id: event.line for event in record.chronicle}
    console.print(Text(f"{coded.title} ({coded.coding}); as of {coded.as_of}", style="bold"))
    console.print(Text("Numbers are lines of chronicle.csv; . means that nothing is recorded; * marks an override."))
    table = Table(box=None, padding=(0, 1, 0, 0), header_style="bold")
    table.add_column("quarter", style="cyan", no_wrap=True)
    for actor in coded.actors:
        table.add_column(actor, overflow="fold")
    table.add_column("state", overflow="fold")
    for quarter in coded.quarters:
        cells = []
        for actor in coded.actors:
            made = coded.move(quarter, actor)
            rows = _listed([str(lines[row]) for row in made.made_by])
            mark = "*" if made.how == "override" else ""
            cells.append(Text("." if made.how == "default" else f"{made.move}{mark} {rows}".rstrip()))
        state = " ".join(coded.level(quarter, name).level for name in coded.variables)
        table.add_row(Text(quarter), *cells, Text(state))
    console.print(table)
    console.print(Text(f"The state is {', '.join(coded.variables)}."))
    if coded.unplaced:
        console.print(Text(f"In no quarter, because only the year is known: {', '.join(coded.unplaced)}."))
    console.print(Text(f"{len(coded.unused)} rows of these quarters make no move of any actor."))
    _show_robustness(console, codings)


def _listed(rows: Sequence[str]) -> str:
    """The rows behind a move; of many only the first, with the number of the others."""
    more = len(rows) - MOST_ROWS
    return " ".join(rows[:MOST_ROWS]) + (f" and {more} more" if more > 0 else "")


def _show_robustness(console: Console, codings: Sequence[CodedRecord]) -> None:
    from rich.table import Table
    from rich.text import Text

    from doubletalk.evidence.coding_compare import robustness

    rows = robustness(codings)
    if not rows:
        return
    console.print(Text(f"\nRobustness to coding: agreement with {codings[0].coding}", style="bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("coding", "what", "same", "kappa", "s.e."):
        table.add_column(heading, justify="left" if heading in ("coding", "what") else "right")
    for row in rows:
        value, error = row["kappa"], row["error"]
        table.add_row(
            str(row["coding"]),
            str(row["what"]),
            f"{row['same']} of {row['quarters']}",
            "undefined" if value is None else f"{value:.2f}",
            "" if error is None else f"{error:.2f}",
        )
    console.print(table)


def _show_quarter(
    console: Console, record: Record, coded: CodedRecord, confirmed: Mapping[str, Confirmation], quarter: str
) -> None:
    """One quarter: moves with the rows for and against, levels with what set them, and every row in full."""
    from rich.text import Text

    from doubletalk.evidence.quarters import quarter_name, quarter_of

    console.print(Text(f"{quarter}, coded by {coded.coding}: {coded.title}", style="bold"))
    for actor in coded.actors:
        made = coded.move(quarter, actor)
        console.print(Text(f"\n{actor}: {made.move}" + (f" (override: {made.reason})" if made.reason else "")))
        for part in made.parts:
            told = f"by {', '.join(part.made_by)}" if part.made_by else "nothing recorded"
            named = f"{part.part}: {part.move}; " if len(made.parts) > 1 else ""
            console.print(Text(f"  {named}{told}"))
            if part.against:
                console.print(Text(f"    rows for something else: {', '.join(part.against)}"))
    console.print()
    for name, start in zip(coded.variables, coded.at_start, strict=True):
        level = coded.level(quarter, name)
        when = "at its start" if start else "in the quarter"
        console.print(Text(f"{name} {when}: {level.level} ({level.reason})"))
    for event in record.chronicle:
        if quarter_name(quarter_of(event.date)) != quarter:
            continue
        used = " (no rule uses it)" if event.id in coded.unused else ""
        head = (
            f"{event.date} ({event.precision}) {event.actor} to {event.target}: {event.action}, size {event.intensity}"
        )
        console.print(Text(f"\n{event.id}, line {event.line}{used}\n{head}", style="cyan"))
        console.print(Text(f"{event.summary}\n{event.confidence}: {event.source_title} {event.source_url}".rstrip()))
        if event.id in confirmed:
            console.print(Text(f"{confirmed[event.id].words}. {confirmed[event.id].note}".rstrip()))


def _draw(record: Record, coded: CodedRecord, path: Path) -> None:
    from doubletalk.report.chronicle_figure import chronicle_html, chronicle_png, chronicle_svg
    from doubletalk.report.writing import write_bytes

    votes = tuple(v for v in record.calendar.fixed() if v.date <= record.end)
    if path.suffix.lower() == ".png":
        write_bytes(path, chronicle_png(coded, votes))
        note(f"wrote {path}")
    else:
        save(path, chronicle_html(coded, votes) if path.suffix.lower() == ".html" else chronicle_svg(coded, votes))


def _write(record: Record, codings: Sequence[CodedRecord], confirmed: Mapping[str, Confirmation], folder: Path) -> None:
    from doubletalk.evidence.coding_compare import robustness
    from doubletalk.report.chronicle_data import chronicle_json, csv_text, difference_rows, event_rows, quarter_rows

    save(folder / "chronicle.json", _json(chronicle_json(record, codings, confirmed)))
    save(folder / "quarters.csv", csv_text(quarter_rows(codings[0])))
    save(folder / "events.csv", csv_text(event_rows(record, confirmed)))
    if len(codings) > 1:
        save(folder / "robustness.csv", csv_text(robustness(codings)))
        columns = ("coding", "quarter", "what", codings[0].coding, "other", "rows", "other_rows")
        save(folder / "differences.csv", csv_text(difference_rows(codings), columns))
    _draw(record, codings[0], folder / "chronicle.svg")
