"""Event data out of and into a chronicle: what ``doubletalk chronicle --export`` and ``--import`` do."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import typer

from doubletalk.commands.running import check_writable, note, save

__all__ = ["exchange"]

EXPORTS = ("plover",)


def exchange(
    case: str,
    export: str | None,
    source: Path | None,
    layout: str | None,
    to: Path | None,
    actors: Path | None,
    as_of: dt.date | None,
) -> None:
    """Write the case's chronicle as event data, or event data as a chronicle, to the file *to*."""
    if export is not None and source is not None:
        raise typer.BadParameter("--export and --import exclude each other", param_hint="'--export'")
    if to is None:
        raise typer.BadParameter("say which file to write", param_hint="'--to'")
    check_writable(to)
    if export is not None:
        _export(case, export, to, as_of)
    elif source is not None:
        if layout is None:
            raise typer.BadParameter("say which layout the file has", param_hint="'--format'")
        _import(case, source, layout, to, actors)


def _export(case: str, kind: str, to: Path, as_of: dt.date | None) -> None:
    from doubletalk.case.finding import find_case
    from doubletalk.evidence.coding import as_of_date
    from doubletalk.evidence.plover import plover_rows, plover_text, unwritten
    from doubletalk.evidence.record import load_record

    if kind not in EXPORTS:
        raise typer.BadParameter(f"found {kind!r}, expected plover", param_hint="'--export'")
    folder = find_case(case)
    record = load_record(folder, as_of or as_of_date(folder))
    rows = plover_rows(record.chronicle, record.vocabulary)
    save(to, plover_text(rows))
    left = unwritten(record.chronicle, record.vocabulary)
    named = ", ".join(left[:5]) + (", ..." if len(left) > 5 else "")
    note(f"{len(rows)} events" + (f"; {len(left)} have no code: {named} (docs/plover.md)" if left else ""))


def _import(case: str, source: Path, layout: str, to: Path, actors: Path | None) -> None:
    from doubletalk.case.finding import find_case
    from doubletalk.evidence.eventdata import chronicle_text, import_events
    from doubletalk.report.chronicle_data import csv_text

    found = import_events(find_case(case), source, layout, actors)
    save(to, chronicle_text(found.rows))
    side = to.with_name(f"{to.stem}-left-out.csv")
    if found.left_out:
        rows = [{"line": r.line, "reason": r.reason, "row": "\t".join(r.cells)} for r in found.left_out]
        save(side, csv_text(rows))
    note(f"{len(found.rows)} events; {len(found.left_out)} rows left out")
