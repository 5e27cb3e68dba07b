"""The probability of a stance over time: as it was known then with its band, and with hindsight."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from doubletalk.case.posterior_study import StanceRow
from doubletalk.report.figures_svg import INK, PALETTE, charted

__all__ = ["stance_svg"]

THEN, HINDSIGHT = "after the quarter's deeds", "with hindsight"
_QUARTER = re.compile(r"(\d{4})Q([1-4])$")


def stance_svg(rows: Sequence[StanceRow], title: str, *, wide: bool = True) -> str:
    """The picture as SVG; ``wide=False`` is drawn for a narrow screen."""
    return charted(_chart(rows, title, wide), title, wide=wide)


def _chart(rows: Sequence[StanceRow], title: str, wide: bool) -> dict[str, Any]:
    import altair as alt

    places = [_place(row.quarter, n) for n, row in enumerate(rows)]
    lines = [
        {"x": x, "kind": kind, "p": round(value, 4)}
        for x, row in zip(places, rows, strict=True)
        for kind, value in ((THEN, row.then), (HINDSIGHT, row.hindsight))
    ]
    band = [{"x": x, "low": round(row.low, 4), "high": round(row.high, 4)} for x, row in zip(places, rows, strict=True)]
    x = alt.X("x:Q", title=None, scale=alt.Scale(nice=False, zero=False),
              axis=alt.Axis(grid=False, format="d", tickCount=8 if wide else 5))  # fmt: skip
    y = alt.Y("p:Q", title="probability", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".1f", tickCount=5))
    kinds = [THEN, HINDSIGHT]
    colour = alt.Color("kind:N", title=None, scale=alt.Scale(domain=kinds, range=list(PALETTE[:2])))
    dash = alt.StrokeDash("kind:N", title=None, scale=alt.Scale(domain=kinds, range=[[1, 0], [6, 3]]))
    half = alt.Chart(alt.Data(values=[{"p": 0.5}])).mark_rule(color="#8c959f", strokeWidth=1, aria=False).encode(y=y)
    area = alt.Chart(alt.Data(values=band)).mark_area(opacity=0.2, color=PALETTE[0], aria=False)
    area = area.encode(x=x, y=alt.Y("low:Q", title="probability"), y2="high:Q")
    line = alt.Chart(alt.Data(values=lines)).mark_line(strokeWidth=2, aria=False)
    line = line.encode(x=x, y=y, color=colour, strokeDash=dash)
    chart = alt.layer(half, area, line).properties(width=820 if wide else 290, height=260 if wide else 220)
    chart = chart.configure_view(stroke="#d0d7de").configure_legend(orient="bottom", labelFontSize=12, labelColor=INK)
    chart = chart.configure_axis(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelColor=INK)
    drawn: dict[str, Any] = chart.to_dict()
    return drawn


def _place(quarter: str, number: int) -> float:
    """2020Q2 as the year 2020.5, its end; any other name by its number."""
    match = _QUARTER.match(quarter)
    return int(match[1]) + int(match[2]) / 4 if match else float(number)
