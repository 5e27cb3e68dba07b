"""Shares of the record beside those of a random month: a dot with its interval, a tick for the base rate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doubletalk.evidence.questions import AnsweredStatement
from doubletalk.report.figures_svg import INK, PALETTE

__all__ = ["questions_chart"]


def questions_chart(answered: Sequence[AnsweredStatement]) -> dict[str, Any]:
    """The Vega-Lite specification; statements that are no shares of triggers are left to the table."""
    import altair as alt

    rows = []
    for item in answered:
        if item.interval is None:
            continue
        name = item.answer.statement.removeprefix("record:").partition(">")[0].strip()
        cases = f"{item.answer.accounts[0].numerator:g} of {item.answer.accounts[0].denominator:g}"
        rows.append(
            {
                "statement": f"{name}: {cases}",
                "share": item.answer.left,
                "low": item.interval[0],
                "high": item.interval[1],
                "base": item.answer.right,
            }
        )
    data = alt.Data(values=rows)
    y = alt.Y("statement:N", sort=None, title=None, axis=alt.Axis(labelLimit=520, domain=False, ticks=False))
    scale = alt.Scale(domain=[0, 1])
    x = alt.X("share:Q", title="share of triggers (dot, 90% interval); random month (tick)", scale=scale)
    bars = alt.Chart(data).mark_rule(color=PALETTE[0], strokeWidth=2)
    chart = alt.layer(
        bars.encode(y=y, x=alt.X("low:Q", scale=scale), x2="high:Q"),
        alt.Chart(data).mark_point(filled=True, size=70, color=PALETTE[0], opacity=1).encode(y=y, x=x),
        alt.Chart(data).mark_tick(color=PALETTE[1], thickness=3, size=18).encode(y=y, x=alt.X("base:Q", scale=scale)),
    ).properties(width=420, height=34 * len(rows))
    chart = chart.configure_view(stroke=None).configure_axis(labelFontSize=12, labelColor=INK, titleFontWeight="normal")
    return dict(chart.to_dict())
