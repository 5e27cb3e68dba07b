"""A solution in a notebook: the same rows as at the terminal, as plain HTML tables without scripts."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from doubletalk.equilibrium.solution import Solution
from doubletalk.report.summary import NEVER, AfterView, OutcomeView, solution_view

__all__ = ["solution_html"]

STYLE = """<style>
.doubletalk table{border-collapse:collapse;margin:.3em 0 .8em}
.doubletalk th,.doubletalk td{text-align:left;vertical-align:top;padding:.15em .9em .15em 0;border:0}
.doubletalk tr.never td{font-style:italic}
.doubletalk .small{opacity:.75;font-size:90%}
</style>"""


def solution_html(solution: Solution) -> str:
    """The solution as one HTML fragment; every label is escaped."""
    view = solution_view(solution)
    lines = ['<div class="doubletalk">', STYLE, f"<p><strong>{escape(view.title)}</strong><br>"]
    lines += [f'<span class="small">{escape(line)}</span><br>' for line in (view.source, view.setting) if line]
    lines += [f"{escape(view.standing)}</p>"]
    lines += [_outcome(outcome) for outcome in view.outcomes]
    return "\n".join([*lines, "</div>"])


def _outcome(outcome: OutcomeView) -> str:
    varies = "" if outcome.unique else ", and it varies within the ranges below"
    first = " open" if outcome.id == 1 else ""
    says = "; ".join(f"{label}: {words}" for label, words in outcome.says)
    parts = [
        f"<details{first}><summary><strong>Outcome {outcome.id}: {escape(outcome.kind + varies)}</strong> "
        f'<span class="small">{escape(says)}</span></summary>',
        _table(("type", "says"), outcome.says),
        _after(outcome.after),
    ]
    if outcome.replies:
        parts.append(_table(("in the end, after", "the sender does"), outcome.replies))
    parts.append(_table(("player", "gets"), outcome.payoffs))
    if outcome.survives:
        parts.append(_table(("refinement", "verdict"), outcome.survives))
    if outcome.families > 1:
        parts.append(f'<p class="small">{outcome.families} families of equilibria give this outcome.</p>')
    return "\n".join([*parts, "</details>"])


def _table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    top = "".join(f"<th>{escape(cell)}</th>" for cell in heading)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{top}</tr>{body}</table>"


def _after(after: tuple[AfterView, ...]) -> str:
    rows = []
    for view in after:
        heard = f"{view.heard} ({view.by})" if view.by else view.heard
        mark = ' class="never"' if view.status == NEVER else ""
        for number, (does, believes) in enumerate(view.options):
            label = f"{heard}, {view.status}" if number == 0 else "or"
            doing = "<br>".join(escape(line) for line in does)
            needed = f"must believe: {believes}" if view.status == NEVER and believes else believes
            rows.append(f"<tr{mark}><td>{escape(label)}</td><td>{doing}</td><td>{escape(needed)}</td></tr>")
    return "<table><tr><th>after</th><th>response</th><th>belief</th></tr>" + "".join(rows) + "</table>"
