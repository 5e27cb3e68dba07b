"""Thresholds as strips: one for each question, coloured by the answer, a line and a number where it changes."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from html import escape
from typing import Any

from doubletalk.exact import Rational, decimal, text
from doubletalk.regions.thresholds import Change, Line
from doubletalk.report.atlas_figure import SHADES
from doubletalk.report.figures_svg import INK, charted

__all__ = ["thresholds_html", "thresholds_svg"]

Words = Callable[[int, Hashable], str]
LONGEST_NUMBER = 9
ROW, WIDE, NARROW, NARROW_LABELLED = 30, 560, 280, 225
LETTER = 6.2
"""Width of a figure of the numbers above a strip, in pixels."""


def thresholds_svg(lines: Sequence[Line], words: Words, *, wide: bool = True, mark: Rational | None = None) -> str:
    """The picture as SVG; ``mark``: a value of the parameter, shown by a line."""
    return charted(_chart(lines, words, wide, mark), f"Thresholds along {lines[0].name}", wide=wide)


def thresholds_html(lines: Sequence[Line], words: Words, listed: Mapping[str, str]) -> str:
    """The picture as a page that opens offline; hover for exact values. ``listed``: letter -> outcome, put below it."""
    import vl_convert

    page = str(vl_convert.vegalite_to_html(_chart(lines, words, True, None), bundle=True))
    rows = "".join(f"<dt><b>{escape(letter)}</b></dt><dd>{escape(told)}</dd>" for letter, told in listed.items())
    return page.replace("</body>", f'<dl style="font: 14px sans-serif; max-width: 60em">{rows}</dl></body>', 1)


def _chart(lines: Sequence[Line], words: Words, wide: bool, mark: Rational | None) -> dict[str, Any]:
    import altair as alt

    line, several = lines[0], len(lines) > 1
    width = WIDE if wide else NARROW_LABELLED if several else NARROW
    strips = [row for k, each in enumerate(lines) for row in _strips(each, k, words)]
    points = [row for k, each in enumerate(lines) for row in _points(each, k, words, width)]
    answers = list(dict.fromkeys(strip["answer"] for strip in strips))
    colours = [SHADES[k % len(SHADES)] for k in range(len(answers))]
    scale = alt.Scale(domain=[decimal(line.low), decimal(line.high)], nice=False, zero=False)
    x = alt.X("from:Q", scale=scale, title=line.name, axis=alt.Axis(grid=False))
    order = [each.question for each in lines]
    axis = alt.Axis(labelLimit=230 if wide else 145, domain=False, ticks=False) if several else None
    y = alt.Y("question:N", sort=order, title=None, axis=axis, scale=alt.Scale(paddingInner=0.55, paddingOuter=0.4))
    fill = alt.Color(
        "answer:N",
        scale=alt.Scale(domain=answers, range=colours),
        legend=alt.Legend(title=None, orient="bottom", columns=1, symbolType="square", symbolStrokeWidth=0),
    )
    tips = [alt.Tooltip("answer:N"), alt.Tooltip("where:N")]
    bars = alt.Chart(alt.Data(values=strips)).mark_bar(stroke=None)
    cuts = alt.Chart(alt.Data(values=points))
    layers = [
        bars.encode(x=x, x2="to:Q", y=y, color=fill, tooltip=tips),
        cuts.mark_tick(color=INK, thickness=1.5, opacity=1, size=24).encode(x=x, y=y, tooltip=tips),
        cuts.mark_text(dy=-ROW * 0.55, baseline="middle", fontSize=11, color=INK).encode(x=x, y=y, text="number:N"),
    ]
    if mark is not None:
        filed = alt.Chart(alt.Data(values=[{"from": decimal(mark)}]))
        layers.append(filed.mark_rule(color=INK, strokeDash=[3, 3]).encode(x=x))
    chart = alt.layer(*layers).properties(width=width, height=(ROW + 16) * len(lines))
    drawn: dict[str, Any] = (
        chart.configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=13, labelColor=INK, titleColor=INK, titleFontWeight="normal")
        .configure_legend(labelFontSize=12, labelColor=INK, labelLimit=width + 60)
        .to_dict()
    )
    return drawn


def _strips(line: Line, k: int, words: Words) -> list[dict[str, Any]]:
    return [
        {
            "question": line.question,
            "from": decimal(stretch.low),
            "to": decimal(stretch.high),
            "answer": words(k, stretch.answer),
            "where": f"{text(stretch.low)} < {line.name} < {text(stretch.high)}",
        }
        for stretch in line.stretches
    ]


def _points(line: Line, k: int, words: Words, width: int) -> list[dict[str, Any]]:
    """The changes; a number that would run into the one before it is left to the list and the tooltip."""
    found, end = [], float("-inf")
    scale = width / (decimal(line.high) - decimal(line.low))
    for change in line.changes:
        number, place = _short(change), (decimal((change.low + change.high) / 2) - decimal(line.low)) * scale
        half = LETTER * len(number) / 2
        number, end = ("", end) if place - half < end else (number, place + half)
        at_it = words(k, change.at_it) if change.value is not None else "not solved at it"
        found.append(
            {
                "question": line.question,
                "from": decimal((change.low + change.high) / 2),
                "answer": at_it,
                "where": f"{line.name} = {_number(change)}",
                "number": number,
            }
        )
    return found


def _number(change: Change) -> str:
    if change.value is not None:
        return text(change.value)
    if change.root is not None:
        return f"{change.root.decimals()}..., {change.root.equation('x')}"
    return f"between {decimal(change.low):.6f} and {decimal(change.high):.6f}"


def _short(change: Change) -> str:
    """A fraction where it is short, else four decimals."""
    if change.value is not None and len(text(change.value)) <= LONGEST_NUMBER:
        return text(change.value)
    return f"{decimal((change.low + change.high) / 2):.4f}"
