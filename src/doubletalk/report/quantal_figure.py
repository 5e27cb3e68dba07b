"""The principal branch as a picture: the probability of every action against the rationality, a panel a set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from doubletalk.quantal import Branch, LogitFit, QuantalPoint
from doubletalk.report.figures_svg import INK, PALETTE
from doubletalk.report.quantal_data import Setting, settings_of

__all__ = ["branch_png", "branch_svg"]

POINTS, MOST, PANELS, COLUMNS = 100, 300, 24, 4
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3])


def branch_svg(branch: Branch, fitted: LogitFit | None = None) -> str:
    """The picture as SVG. Rationality is on a logarithmic axis; an upright line marks the fitted one."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_chart(branch, fitted)))


def branch_png(branch: Branch, fitted: LogitFit | None = None) -> bytes:
    """The picture as PNG, at twice the size."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_chart(branch, fitted), scale=2))


def _chart(branch: Branch, fitted: LogitFit | None) -> dict[str, Any]:
    import altair as alt

    shown = settings_of(branch, replies=len(settings_of(branch)) <= PANELS)[:PANELS]
    points = _drawn(branch)
    actions = list(dict.fromkeys(label for _, _, labels in shown for label in labels))
    start, end = points[0].rationality, float(branch.lambdas.max())
    x = alt.X(
        "rationality:Q",
        title="rationality (higher = less noise)",
        scale=alt.Scale(type="log", domain=[start, end], nice=False),
        axis=alt.Axis(grid=False, format="~g", labelOverlap=True, tickCount=4),
    )
    y = alt.Y("probability:Q", title=None, scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(values=[0, 0.5, 1]))
    colours = [PALETTE[k % len(PALETTE)] for k in range(len(actions))]
    dashes = [DASHES[k // len(PALETTE) % len(DASHES)] for k in range(len(actions))]
    panels = []
    for setting in shown:
        lines = (
            alt.Chart(alt.Data(values=_rows(points, setting)))
            .mark_line(strokeWidth=2)
            .encode(
                x=x,
                y=y,
                order="step:Q",
                color=alt.Color("action:N", title=None, scale=alt.Scale(domain=actions, range=colours)),
                strokeDash=alt.StrokeDash("action:N", title=None, scale=alt.Scale(domain=actions, range=dashes)),
            )
        )
        layers: list[Any] = [lines]
        if fitted is not None and start < fitted.rationality <= end:
            mark = alt.Chart(alt.Data(values=[{"rationality": fitted.rationality}]))
            layers.append(mark.mark_rule(color=INK, strokeDash=[3, 3]).encode(x=x))
        title = f"{setting[0]} at {setting[1].replace('|', ', ')}"
        panels.append(alt.layer(*layers).properties(width=210, height=120, title=title))
    chart = alt.concat(*panels, columns=min(COLUMNS, len(panels))).properties(title=branch.game.title)
    chart = chart.configure_view(stroke="#d0d7de").configure_legend(orient="bottom", labelLimit=300)
    drawn: dict[str, Any] = chart.configure_title(anchor="start", fontSize=12, color=INK, limit=230).to_dict()
    return drawn


def _drawn(branch: Branch) -> list[QuantalPoint]:
    """The points drawn, from where the rationality can be shown as a logarithm, in order of travel.

    A branch that never turns back is drawn at evenly spaced logarithms of the rationality, another at its own points.
    """
    first, count = int(np.argmax(branch.lambdas * branch.form.scale >= 0.02)), len(branch.lambdas)
    if (np.diff(branch.lambdas) > 0).all():
        spread = np.geomspace(branch.lambdas[first], branch.lambdas[-1], POINTS)
        return [branch.at(min(float(x), float(branch.lambdas[-1]))) for x in spread]
    points = branch.points()
    return [points[i] for i in sorted({round(k) for k in np.linspace(first, count - 1, min(MOST, count - first))})]


def _rows(points: Sequence[QuantalPoint], setting: Setting) -> list[dict[str, Any]]:
    player, key, labels = setting
    return [
        {
            "step": k,
            "rationality": point.rationality,
            "action": label,
            "probability": round(point.profile[player][key][label], 6),
        }
        for k, point in enumerate(points)
        for label in labels
    ]
