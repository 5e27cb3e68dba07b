"""Figures of a fit: predictive checks, shares of moves over time, the probability of the stance over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from doubletalk.longgame.checks import Check, Window
from doubletalk.longgame.fitted import Move
from doubletalk.report.figures_svg import INK, PALETTE, charted

__all__ = ["checks_chart", "drawn_png", "drawn_svg", "shares_chart", "stance_chart"]

Chart = dict[str, Any]
ACROSS = 380


def drawn_svg(chart: Chart, title: str) -> str:
    """A chart as SVG with a title for screen readers."""
    return charted(chart, title)


def drawn_png(chart: Chart) -> bytes:
    """A chart as PNG, at twice the size."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(chart, scale=2))


def checks_chart(found: Sequence[Check], heading: str) -> Chart:
    """For each kind of statistic a panel: the 90 % interval of simulated records, their mean, and what was seen."""
    import altair as alt

    panels = []
    for kind in dict.fromkeys(each.kind for each in found):
        rows = [
            {"name": _name(each), "observed": each.observed, "mean": each.mean, "low": each.low, "high": each.high,
             "tail": each.tail, "colour": "seen, tail below 0.05" if each.tail < 0.05 else "seen"}
            for each in found if each.kind == kind
        ]  # fmt: skip
        base = alt.Chart(alt.Data(values=rows))
        y = alt.Y("name:N", sort=None, title=None, axis=alt.Axis(labelLimit=560))
        x = alt.X("low:Q", title="quarters" if kind != "cycles" else "times", axis=alt.Axis(grid=True, tickMinStep=1))
        colour = alt.Color(
            "colour:N", title=None,
            scale=alt.Scale(domain=["seen", "seen, tail below 0.05"], range=[INK, PALETTE[1]]),
        )  # fmt: skip
        layers = alt.layer(
            base.mark_rule(strokeWidth=7, color="#c3cad3").encode(y=y, x=x, x2="high:Q"),
            base.mark_tick(thickness=2, size=13, color="#57606a").encode(y=y, x="mean:Q"),
            base.mark_point(filled=True, size=52, opacity=1).encode(y=y, x="observed:Q", color=colour),
        )
        panels.append(layers.properties(width=ACROSS, height=18 * len(rows), title=kind))
    beside = alt.hconcat(*panels[:2])
    if len(panels) > 2:
        panels[2] = panels[2].properties(width=ACROSS // 2)
    return _finished(alt.vconcat(beside, *panels[2:]) if len(panels) > 2 else beside, heading)


def _name(check: Check) -> str:
    return check.what if check.actor == "all" else f"{check.actor}: {check.what}"


def shares_chart(found: Sequence[Window], quarters: Sequence[str], heading: str) -> Chart:
    """A panel for each actor's label: bands of simulated shares by stretch of time, and the shares that were seen."""
    import altair as alt

    panels = []
    for actor, what in dict.fromkeys((each.actor, each.what) for each in found):
        rows = [
            {"from": quarters[w.first], "observed": w.observed, "mean": w.mean, "low": w.low, "high": w.high}
            for w in found if (w.actor, w.what) == (actor, what)
        ]  # fmt: skip
        base = alt.Chart(alt.Data(values=rows))
        x = alt.X("from:O", sort=None, title=None, axis=alt.Axis(labelAngle=-40))
        y = alt.Y("low:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format="%", tickCount=3))
        layers = alt.layer(
            base.mark_rule(strokeWidth=9, color="#c3cad3").encode(x=x, y=y, y2="high:Q"),
            base.mark_tick(thickness=2, size=15, color="#57606a", orient="horizontal").encode(x=x, y="mean:Q"),
            base.mark_point(filled=True, size=46, opacity=1, color=INK).encode(x=x, y="observed:Q"),
        )
        panels.append(layers.properties(width=190, height=90, title=f"{actor}: {what}"))
    return _finished(alt.concat(*panels, columns=4, spacing=18), heading)


def stance_chart(moves: Sequence[Move], band: Sequence[tuple[float, float]], later: Sequence[float], stance: str,
                 heading: str, marked: int = 6) -> Chart:  # fmt: skip
    """The probability of a stance over time, with its 90 % band, and the quarters whose deeds moved it most."""
    import altair as alt

    rows = [
        {"quarter": m.quarter, "p": m.before, "low": low, "high": high, "change": m.change, "from": m.low, "to": m.high,
         "later": whole}
        for m, (low, high), whole in zip(moves, band, later, strict=True)
    ]  # fmt: skip
    most = sorted(moves, key=lambda m: -abs(m.change))[:marked]
    firsts = [row["quarter"] for row in rows if str(row["quarter"]).endswith("Q1")]
    x = alt.X("quarter:O", sort=None, title=None, axis=alt.Axis(values=firsts, labelAngle=-40))
    base = alt.Chart(alt.Data(values=rows))
    y = alt.Y("p:Q", title=f"P({stance})", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5))
    upper = alt.layer(
        base.mark_area(opacity=0.2, color=PALETTE[0]).encode(x=x, y=alt.Y("low:Q", title=f"P({stance})"), y2="high:Q"),
        base.mark_line(color=PALETTE[0], strokeWidth=2).encode(x=x, y=y),
        base.mark_line(color=INK, strokeDash=[5, 3], strokeWidth=1.5).encode(x=x, y="later:Q"),
    )
    told = {m.quarter for m in most}
    named = [{**row, "name": row["quarter"] if row["quarter"] in told else ""} for row in rows]
    lower = alt.Chart(alt.Data(values=named))
    across = alt.Y("change:Q", title="change in log odds")
    colour = alt.condition(alt.datum.name != "", alt.value(PALETTE[1]), alt.value(PALETTE[0]))
    texts = lower.mark_text(dx=7, angle=270, align="left", baseline="middle", fontSize=11, color=INK)
    below = alt.layer(
        lower.mark_rule(color="#8c959f").encode(x=x, y="from:Q", y2="to:Q"),
        lower.mark_point(filled=True, size=30, opacity=1).encode(x=x, y=across, color=colour),
        texts.encode(x=x, y=alt.Y("to:Q"), text="name:N"),
    )
    width = 10 * len(rows)
    note = "line and band: public belief at the start of the quarter, mean and 90 %; dashed: given the whole record"
    upper = upper.properties(width=width, height=190, title=note)
    deeds = "what the quarter's deed did to it, mean and 90 %; named: where most"
    below = below.properties(width=width, height=170, title=deeds)
    return _finished(alt.vconcat(upper, below, spacing=12), heading)


def _finished(chart: Any, heading: str) -> Chart:
    import altair as alt

    chart = chart.properties(title=alt.TitleParams(heading, anchor="start", fontSize=14, color=INK))
    chart = chart.configure_view(stroke="#d0d7de").configure_axis(labelColor=INK, titleColor=INK, gridColor="#eceef1")
    chart = chart.configure_legend(orient="bottom", labelColor=INK)
    drawn: Chart = chart.configure_title(anchor="start", fontSize=12, color=INK).to_dict()
    return drawn
