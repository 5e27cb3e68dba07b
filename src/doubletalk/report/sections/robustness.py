"""Robustness to coding: how far other ways of turning events into moves agree with the one that is used."""

from __future__ import annotations

from doubletalk.evidence.coding import CodedRecord
from doubletalk.evidence.coding_compare import robustness as agreement
from doubletalk.report.chronicle_data import csv_text, difference_rows
from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.tables import details, paragraphs, safe, table

__all__ = ["robustness"]


def robustness(content: PageContent) -> Section | None:
    """The table of agreement and, folded, every quarter that is coded otherwise; None without a second coding."""
    codings = content.study.codings if content.study is not None else ()
    if len(codings) < 2:
        return None
    rows, differences = agreement(codings), difference_rows(codings)
    names = list(dict.fromkeys(str(r["coding"]) for r in rows))
    cells = {(r["what"], r["coding"]): _cell(r) for r in rows}
    shown = [[safe(what), *(cells[what, name] for name in names)] for what in dict.fromkeys(r["what"] for r in rows)]
    body = (
        paragraphs([_intro(codings), _finding(rows)])
        + table(("What is coded", *names), shown)
        + "<p>In each cell: quarters coded alike; kappa (its standard error); alike by chance. Kappa is 1 where two "
        "codings always agree and 0 where they agree no more often than two coders who use each move as often but at "
        "random (Cohen). Its standard error takes the quarters for independent, which they are not: it is a guide and "
        "too small.</p>" + _folded(codings[0].coding, differences)
    )
    files = {"robustness.csv": csv_text(rows), "differences.csv": csv_text(differences)}
    return Section("robustness", "Robustness to coding", body, {name: words for name, words in files.items() if words})


def _intro(codings: tuple[CodedRecord, ...]) -> str:
    first = codings[0]
    others = "; ".join(f"{c.coding}: {c.title}" for c in codings[1:])
    return (
        f"Rules turn the events of each quarter into one move of each actor and a level of each state variable "
        f"({first.quarters[0]} to {first.quarters[-1]}). Other coders might have written other rules. The first coding "
        f"({first.coding}: {first.title}) is set beside {others}. The tests above count events, not coded moves, so "
        "none of them depends on this; whatever is fitted to the moves does."
    )


def _finding(rows: list[dict[str, str | float | int | None]]) -> str:
    known = [r for r in rows if r["kappa"] is not None]
    if not known:
        return "Agreement beyond chance is not defined for any row."
    worst = min(known, key=lambda r: float(r["kappa"] or 0.0))
    return (
        f"They part most in '{worst['what']}' under {worst['coding']}: alike in {worst['same']} of "
        f"{worst['quarters']} quarters, kappa {float(worst['kappa'] or 0.0):.2f}."
    )


def _cell(row: dict[str, str | float | int | None]) -> str:
    chance = f"{100 * float(row['by_chance'] or 0.0):.0f}%"
    return f"{row['same']} of {row['quarters']}<br>{_kappa(row['kappa'], row['error'])}<br><small>{chance}</small>"


def _kappa(value: str | float | None, error: str | float | None) -> str:
    if value is None:
        return "not defined"
    return f"{float(value):.2f}" + (f" ({float(error):.2f})" if error is not None else "")


def _folded(first: str, differences: list[dict[str, str | int]]) -> str:
    if not differences:
        return ""
    rows = [[safe(d[key]) for key in ("coding", "quarter", "what", first, "other")] for d in differences]
    head = ("Coding", "Quarter", "What", f"In {first}", "In the other")
    return details(f"All {len(rows)} differences, quarter by quarter", table(head, rows))
