"""Comparative statics as tables (text, CSV, LaTeX) and as a figure: a panel for each outcome and choice."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from doubletalk.crisis.effects import QUANTITIES, Effects
from doubletalk.crisis.result import METHODS
from doubletalk.report.crisis_tables import latex_escaped
from doubletalk.report.figures_svg import INK, PALETTE

__all__ = [
    "effects_csv",
    "effects_html",
    "effects_latex",
    "effects_png",
    "effects_svg",
    "effects_text",
    "effects_title",
]

WIDTH, HEIGHT, COLUMNS = 230, 150, 4
OUTCOME_COUNT = 4
SHOWN_ROWS = 11
_INTERVALS = {
    "delta": "delta method",
    "simulation": "simulated from the asymptotic normal",
    "posterior": "posterior quantiles",
}


def effects_title(found: Effects) -> str:
    """What the table and the figure show, in a line."""
    where = f"averaged over {found.games} games" if found.at == "observed" else "other covariates at their means"
    interval = f"{100 * found.level:g}% intervals ({_INTERVALS[found.interval]})"
    return f"Predicted probabilities by {found.covariate}: {METHODS[found.method]}, {where}, {interval}"


def _shown(found: Effects) -> list[int]:
    """Rows of the printed table: all, or about SHOWN_ROWS evenly spaced, with both ends."""
    last = len(found.values) - 1
    if last < SHOWN_ROWS:
        return list(range(last + 1))
    return [round(k * last / (SHOWN_ROWS - 1)) for k in range(SHOWN_ROWS)]


def _value(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"


def _rows(found: Effects, first: int, count: int) -> Iterator[list[str]]:
    places = range(first, first + count)
    for row in _shown(found):
        yield [_value(found.values[row]), *(_cell(found, row, k) for k in places)]
    ends = f"{_value(found.values[0])} to {_value(found.values[-1])}"
    cells = [f"{found.change[k]:+.4f} [{found.change_low[k]:+.4f}, {found.change_high[k]:+.4f}]" for k in places]
    yield [f"change, {ends}", *cells]


def _cell(found: Effects, row: int, k: int) -> str:
    return f"{found.probability[row, k]:.4f} [{found.low[row, k]:.4f}, {found.high[row, k]:.4f}]"


def effects_text(found: Effects) -> str:
    """Two aligned tables: outcomes, then choices."""
    lines = [effects_title(found)]
    for first, count in ((0, OUTCOME_COUNT), (OUTCOME_COUNT, len(QUANTITIES) - OUTCOME_COUNT)):
        names = list(QUANTITIES.values())[first : first + count]
        rows = [[found.covariate, *names], *_rows(found, first, count)]
        widths = [max(len(row[j]) for row in rows) for j in range(count + 1)]
        lines.append("")
        for row in rows:
            cells = [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            lines.append("  ".join([row[0].ljust(widths[0]), *cells]).rstrip())
    if found.several.max(initial=0.0) > 0.0:
        share = 100 * float(found.several.max())
        lines += ["", f"Up to {share:.3g}% of the games have several equilibria; the {found.selection} is predicted."]
    return "\n".join(lines) + "\n"


def effects_csv(found: Effects) -> str:
    """One line for each value and quantity, then the changes from the first value to the last."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([found.covariate, "quantity", "probability", "low", "high", "games_with_several_equilibria"])
    for row in range(len(found.values)):
        value = found.values[row]
        shown = value if isinstance(value, str) else f"{value:.10g}"
        for k, name in enumerate(QUANTITIES):
            cells = [found.probability[row, k], found.low[row, k], found.high[row, k], found.several[row]]
            writer.writerow([shown, name, *(f"{cell:.8g}" for cell in cells)])
    for k, name in enumerate(QUANTITIES):
        cells = [found.change[k], found.change_low[k], found.change_high[k]]
        writer.writerow(["change", name, *(f"{cell:.8g}" for cell in cells), ""])
    return text.getvalue()


def effects_latex(found: Effects) -> str:
    """A tabular environment with the outcomes."""
    names = list(QUANTITIES.values())[:OUTCOME_COUNT]
    head = " & ".join(latex_escaped(cell) for cell in (found.covariate, *names)) + r" \\"
    body = [" & ".join(latex_escaped(cell) for cell in row) + r" \\" for row in _rows(found, 0, OUTCOME_COUNT)]
    lines = [r"\begin{tabular}{lrrrr}", r"\hline", head, r"\hline", *body[:-1], r"\hline", body[-1], r"\hline"]
    return "\n".join([*lines, r"\end{tabular}"]) + "\n"


def effects_svg(found: Effects) -> str:
    """The figure as SVG."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_chart(found)))


def effects_png(found: Effects) -> bytes:
    """The figure as PNG, at twice the size."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_chart(found), scale=2))


def effects_html(found: Effects) -> str:
    """The figure as a page that opens offline, with the numbers on hovering."""
    import vl_convert

    return str(vl_convert.vegalite_to_html(_chart(found), bundle=True))


def _chart(found: Effects) -> dict[str, Any]:
    import altair as alt

    words = any(isinstance(value, str) for value in found.values)
    panels = []
    for k, (name, title) in enumerate(QUANTITIES.items()):
        base = alt.Chart(alt.Data(values=_points(found, k)))
        across = alt.X("value:N", title=found.covariate, sort=None) if words else _numbers(alt, found.covariate)
        y = alt.Y("probability:Q", title=None, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=4, format="~g"))
        colour = PALETTE[k % len(PALETTE)] if k < OUTCOME_COUNT else INK
        tips = [
            alt.Tooltip("value:N" if words else "value:Q", title=found.covariate),
            *(alt.Tooltip(f"{field}:Q", format=".4f") for field in ("probability", "low", "high")),
        ]
        ends = {"y": alt.Y("low:Q", title=None), "y2": "high:Q"}
        if words:
            layers = [base.mark_rule(color=colour, strokeWidth=2).encode(x=across, **ends)]
            layers.append(base.mark_point(color=colour, filled=True, size=60).encode(x=across, y=y, tooltip=tips))
        else:
            layers = [base.mark_area(color=colour, opacity=0.2).encode(x=across, **ends)]
            layers.append(base.mark_line(color=colour, strokeWidth=2).encode(x=across, y=y))
            layers.append(base.mark_point(opacity=0, size=80).encode(x=across, y=y, tooltip=tips))
        heading = title if k < OUTCOME_COUNT else f"{title} ({name})"
        panels.append(alt.layer(*layers).properties(width=WIDTH, height=HEIGHT, title=heading))
    title = alt.TitleParams(effects_title(found), anchor="start", fontSize=13, color=INK)
    chart = alt.concat(*panels, columns=COLUMNS).properties(title=title)
    menu = {"export": True, "source": False, "compiled": False, "editor": False}
    chart = chart.properties(usermeta={"embedOptions": {"actions": menu}})
    chart = chart.configure_view(stroke="#d0d7de").configure_axis(labelColor=INK, titleColor=INK, grid=False)
    drawn: dict[str, Any] = chart.configure_title(anchor="start", fontSize=12, color=INK).to_dict()
    return drawn


def _numbers(alt: Any, name: str) -> Any:
    scale = alt.Scale(zero=False, nice=False)
    return alt.X("value:Q", title=name, scale=scale, axis=alt.Axis(tickCount=5, format="~g"))


def _points(found: Effects, k: int) -> list[dict[str, Any]]:
    return [
        {
            "value": value,
            "probability": float(found.probability[row, k]),
            "low": float(found.low[row, k]),
            "high": float(found.high[row, k]),
        }
        for row, value in enumerate(found.values)
    ]
