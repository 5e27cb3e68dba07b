"""What a move changes over time: a panel for each variable, a line with a band for each stance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doubletalk.case.long_study import Response
from doubletalk.report.figures_svg import INK, PALETTE, charted

__all__ = ["response_svg"]

BAND = 1.645
"""Half-width of the bands in standard errors: 90 % of the simulation's error."""


def response_svg(responses: Sequence[Response], period: str, title: str, *, wide: bool = True) -> str:
    """The picture as SVG; ``wide=False`` is drawn for a narrow screen."""
    return charted(_chart(responses, period, wide), title, wide=wide)


def _chart(responses: Sequence[Response], period: str, wide: bool) -> dict[str, Any]:
    import altair as alt

    stances = list(dict.fromkeys(each.stance for each in responses))
    variables = list(dict.fromkeys(each.variable for each in responses))
    colours = alt.Scale(domain=stances, range=list(PALETTE[: len(stances)]))
    dashes = alt.Scale(domain=stances, range=[[1, 0], [6, 3]][: len(stances)])
    panels = []
    for variable in variables:
        data = alt.Data(values=[row for each in responses if each.variable == variable for row in _rows(each)])
        x = alt.X("n:Q", title=f"{period}s after it", axis=alt.Axis(grid=False, tickMinStep=1))
        y = alt.Y("change:Q", title="levels", scale=alt.Scale(zero=True), axis=alt.Axis(format="+.3~f", tickCount=4))
        band = alt.Chart(data).mark_area(opacity=0.22, aria=False)
        line = alt.Chart(data).mark_line(strokeWidth=2, aria=False)
        zero = alt.Chart(alt.Data(values=[{"change": 0}])).mark_rule(color="#8c959f", strokeWidth=1, aria=False)
        colour = alt.Color("stance:N", title=None, scale=colours, legend=alt.Legend(symbolOpacity=1))
        layers = alt.layer(
            zero.encode(y=y),
            band.encode(x=x, y=alt.Y("low:Q", title="levels"), y2="high:Q", color=colour),
            line.encode(x=x, y=y, color=colour, strokeDash=alt.StrokeDash("stance:N", title=None, scale=dashes)),
        )
        panels.append(layers.properties(width=400 if wide else 270, height=150, title=variable))
    chart = alt.concat(*panels, columns=2 if wide else 1, spacing=24)
    chart = chart.configure_view(stroke="#d0d7de").configure_legend(orient="bottom", labelFontSize=12, labelColor=INK)
    chart = chart.configure_axis(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelColor=INK)
    drawn: dict[str, Any] = chart.configure_title(anchor="start", fontSize=13, color=INK).to_dict()
    return drawn


def _rows(each: Response) -> list[dict[str, Any]]:
    return [
        {
            "stance": each.stance,
            "n": n,
            "change": round(float(change), 5),
            "low": round(float(change - BAND * error), 5),
            "high": round(float(change + BAND * error), 5),
        }
        for n, (change, error) in enumerate(zip(each.change, each.error, strict=True))
    ]
