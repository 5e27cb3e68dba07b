"""Fan charts of a forecast: for every move and variable the probability of each label, quarter by quarter, with bands.

Lines are probabilities, shades the band that the coefficients leave open. The strip above tells what was done, in the
last quarters before the forecast and, where it is known, in those that were forecast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from doubletalk.report.figures_svg import INK, PALETTE, charted

__all__ = ["Fan", "calibration_svg", "fan_html", "fan_png", "fan_svg"]

NEUTRAL = "#6e7781"
COLOURS = (NEUTRAL, PALETTE[1], PALETTE[0], PALETTE[2], PALETTE[3], PALETTE[4], PALETTE[5])
STRIP = (1.04, 1.13)


@dataclass(frozen=True)
class Fan:
    """One panel: what is forecast, its labels, and rows.

    past    quarter -> label, before the forecast; ``came`` the same for quarters of the forecast, where known
    rows    one for each quarter and label: quarter, label, probability, low, high
    """

    title: str
    labels: tuple[str, ...]
    past: Mapping[str, str]
    came: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]


def fan_svg(fans: Sequence[Fan], title: str, *, wide: bool = True) -> str:
    """The panels as SVG; ``wide=False`` is drawn for a narrow screen."""
    return charted(_chart(fans, wide), title, wide=wide)


def fan_png(fans: Sequence[Fan]) -> bytes:
    """The panels as PNG, at twice the size."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_chart(fans, True), scale=2))


def fan_html(fans: Sequence[Fan]) -> str:
    """One page with the panels, whose lines tell their numbers when pointed at; it opens offline."""
    import vl_convert

    return str(vl_convert.vegalite_to_html(_chart(fans, True), bundle=True))


def _chart(fans: Sequence[Fan], wide: bool) -> dict[str, Any]:
    import altair as alt

    panels = [_panel(alt, fan, wide) for fan in fans]
    chart = alt.concat(*panels, columns=2 if wide else 1, spacing=26).resolve_scale(color="independent")
    chart = chart.configure_view(stroke="#d0d7de").configure_axis(
        labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelColor=INK
    )
    chart = chart.configure_legend(labelFontSize=12, labelColor=INK)
    drawn: dict[str, Any] = chart.configure_title(anchor="start", fontSize=13, color=INK).to_dict()
    return drawn


def _panel(alt: Any, fan: Fan, wide: bool) -> Any:
    quarters = [*fan.past, *dict.fromkeys(str(row["quarter"]) for row in fan.rows)]
    strip = [{"quarter": q, "label": label} for q, label in (*fan.past.items(), *fan.came.items())]
    ticks = _ticks(quarters, 6 if wide else 4)
    axis = alt.Axis(values=ticks, labelAngle=0, grid=False, title=None, labelOverlap=False)
    x = alt.X("quarter:O", sort=quarters, scale=alt.Scale(domain=quarters), axis=axis)
    y_axis = alt.Axis(values=[0, 0.25, 0.5, 0.75, 1], format=".0%", title=None, grid=True, gridColor="#eceef1")
    y = alt.Y("probability:Q", scale=alt.Scale(domain=[0, STRIP[1]], nice=False), axis=y_axis)
    colour = alt.Color(
        "label:N",
        title=None,
        scale=alt.Scale(domain=list(fan.labels), range=[COLOURS[k % len(COLOURS)] for k in range(len(fan.labels))]),
        legend=alt.Legend(orient="bottom", symbolOpacity=1, symbolType="square"),
    )
    told = [alt.Tooltip("quarter:O"), alt.Tooltip("label:N")]
    numbers = [alt.Tooltip(f"{c}:Q", format=".3f") for c in ("probability", "low", "high")]
    rows, seen = alt.Data(values=[dict(row) for row in fan.rows]), alt.Data(values=strip)
    layers = [
        alt.Chart(rows).mark_area(opacity=0.18, aria=False).encode(x=x, y=alt.Y("low:Q"), y2="high:Q", color=colour),
        alt.Chart(rows)
        .mark_line(strokeWidth=2, point=alt.OverlayMarkDef(size=22), aria=False)
        .encode(x=x, y=y, color=colour, tooltip=[*told, *numbers]),
        alt.Chart(seen)
        .mark_rect(stroke="#ffffff", strokeWidth=1, aria=False)
        .encode(x=x, y=alt.datum(STRIP[0]), y2=alt.datum(STRIP[1]), color=colour, tooltip=told),
    ]
    if fan.past:
        mark = alt.Data(values=[{"quarter": next(iter(row["quarter"] for row in fan.rows))}])
        edge = alt.X("quarter:O", sort=quarters, scale=alt.Scale(domain=quarters), bandPosition=0)
        layers.append(alt.Chart(mark).mark_rule(color="#8c959f", strokeDash=[4, 3], aria=False).encode(x=edge))
    size = {"width": 400 if wide else 270, "height": 170}
    return alt.layer(*layers).properties(title=fan.title, **size)


def _ticks(quarters: Sequence[str], most: int) -> list[str]:
    """Quarters to be named below: as few as fit, evenly, counted back from the first that is forecast."""
    step = max(1, -(-len(quarters) // most))
    return list(quarters[::step])


def calibration_svg(rows: Sequence[Mapping[str, Any]], title: str, *, wide: bool = True) -> str:
    """A reliability diagram, one panel a forecaster: forecast probability against how often it happened.

    Rows: forecaster, forecast, happened, low, high, count.
    """
    return charted(_reliability(rows, wide), title, wide=wide)


def _reliability(rows: Sequence[Mapping[str, Any]], wide: bool) -> dict[str, Any]:
    import altair as alt

    panels = []
    scale = alt.Scale(domain=[0, 1])
    for name in dict.fromkeys(str(row["forecaster"]) for row in rows):
        data = alt.Data(values=[dict(row) for row in rows if row["forecaster"] == name])
        x = alt.X("forecast:Q", scale=scale, title="said", axis=alt.Axis(format=".0%", tickCount=3, grid=False))
        y = alt.Y("happened:Q", scale=scale, title="happened", axis=alt.Axis(format=".0%", tickCount=3, grid=False))
        line = alt.Chart(alt.Data(values=[{"forecast": 0, "happened": 0}, {"forecast": 1, "happened": 1}]))
        layers = alt.layer(
            line.mark_line(color="#8c959f", strokeDash=[4, 3], strokeWidth=1, aria=False).encode(x=x, y=y),
            alt.Chart(data)
            .mark_rule(color=PALETTE[0], strokeWidth=2, aria=False)
            .encode(x=x, y=alt.Y("low:Q", scale=scale), y2="high:Q"),
            alt.Chart(data).mark_point(filled=True, size=55, color=PALETTE[0], opacity=1, aria=False).encode(x=x, y=y),
        )
        panels.append(layers.properties(width=170 if wide else 120, height=170 if wide else 120, title=name))
    chart = alt.concat(*panels, columns=4 if wide else 2, spacing=18).configure_view(stroke="#d0d7de")
    chart = chart.configure_axis(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelColor=INK)
    drawn: dict[str, Any] = chart.configure_title(anchor="start", fontSize=13, color=INK).to_dict()
    return drawn
