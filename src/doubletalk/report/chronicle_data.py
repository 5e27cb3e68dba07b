"""A coded chronicle as plain values: one structure for JSON, and rows for CSV files."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from doubletalk.evidence.coding import CodedRecord
from doubletalk.evidence.coding_compare import compare_codings, robustness
from doubletalk.evidence.confirmations import Confirmation
from doubletalk.evidence.quarters import event_row
from doubletalk.evidence.record import Record

__all__ = ["chronicle_json", "csv_text", "difference_rows", "event_rows", "quarter_rows"]


def chronicle_json(
    record: Record, codings: Sequence[CodedRecord], confirmed: Mapping[str, Confirmation]
) -> dict[str, Any]:
    """Everything that the command shows; the first coding is the one shown, the others are compared with it."""
    coded = codings[0]
    return {
        "as_of": coded.as_of.isoformat(),
        "coding": coded.coding,
        "title": coded.title,
        "moves": {actor: list(moves) for actor, moves in coded.moves.items()},
        "variables": {name: list(levels) for name, levels in coded.variables.items()},
        "quarters": [_quarter(coded, quarter) for quarter in coded.quarters],
        "events": event_rows(record, confirmed),
        "unplaced": list(coded.unplaced),
        "unused": list(coded.unused),
        "robustness": robustness(codings),
        "differences": difference_rows(codings),
    }


def _quarter(coded: CodedRecord, quarter: str) -> dict[str, Any]:
    moves = {}
    for actor in coded.actors:
        made = coded.move(quarter, actor)
        parts = [
            {"part": p.part, "move": p.move, "made_by": list(p.made_by), "against": list(p.against)} for p in made.parts
        ]
        moves[actor] = {"move": made.move, "how": made.how, "reason": made.reason, "parts": parts}
    levels = {}
    for name in coded.variables:
        level = coded.level(quarter, name)
        levels[name] = {"level": level.level, "reason": level.reason, "made_by": list(level.made_by)}
    return {"quarter": quarter, "moves": moves, "levels": levels}


def event_rows(record: Record, confirmed: Mapping[str, Confirmation]) -> list[dict[str, str | int]]:
    """One row an event, with what a second look found (empty when it was not looked for)."""
    return [
        {**event_row(e), "second_look": confirmed[e.id].words if e.id in confirmed else ""} for e in record.chronicle
    ]


def quarter_rows(coded: CodedRecord) -> list[dict[str, str | int]]:
    """One row a quarter: every move and every level, with the rows that made the moves."""
    rows: list[dict[str, str | int]] = []
    for quarter in coded.quarters:
        row: dict[str, str | int] = {"quarter": quarter}
        for actor in coded.actors:
            made = coded.move(quarter, actor)
            row |= {actor: made.move, f"{actor}_how": made.how, f"{actor}_rows": " ".join(made.made_by)}
        row |= {name: coded.level(quarter, name).level for name in coded.variables}
        rows.append(row)
    return rows


def difference_rows(codings: Sequence[CodedRecord]) -> list[dict[str, str | int]]:
    """Every quarter in which a further coding parts from the first."""
    return [
        {
            "coding": other.coding,
            "quarter": d.quarter,
            "what": d.what,
            codings[0].coding: d.first,
            "other": d.second,
            "rows": " ".join(d.first_rows),
            "other_rows": " ".join(d.second_rows),
        }
        for other in codings[1:]
        for d in compare_codings(codings[0], other).differences
    ]


def csv_text(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] = ()) -> str:
    """Rows as CSV with the keys of the first row as columns; without rows the line of *columns*, or ''."""
    if not rows and not columns:
        return ""
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]) if rows else list(columns), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
