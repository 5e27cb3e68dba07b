"""The window as a picture and in words: what each policy is worth at each belief, and what the offer then does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from doubletalk.case.window import Move, Segment, Window
from doubletalk.exact import Rational, decimal, text
from doubletalk.report.figures_svg import INK

__all__ = [
    "BANDS",
    "BAND_NAMES",
    "MovingEnd",
    "Naming",
    "band_words",
    "brief_words",
    "decimal",
    "letter",
    "moving_ends",
    "number_words",
    "segment_row",
    "window_svg",
    "zone_words",
]

WIDTH, HEIGHT, NARROW = 760, 340, 290
LONGEST_FRACTION = 9
BAND_NAMES = {
    "works": "works",
    "pocketed": "is pocketed",
    "outbid": "only raises the price",
    "paid anyway": "changes nothing: paid anyway",
}
Naming = Callable[[str], str]
"""A label of the model -> words."""
BANDS = {"works": "#b7e3d0", "pocketed": "#f6cfb2", "outbid": "#cfe0f3", "paid anyway": "#e6dcef"}
DASHES = ([1, 0], [7, 4], [2, 3], [9, 3, 2, 3])
COLOURS = ("#1b1f24", "#8b1a6b", "#8a6d00", "#0f6d8b")


def letter(number: int) -> str:
    """A, B, ..., Z, then numbers: the name of a band."""
    return chr(ord("A") + number) if number < 26 else str(number + 1)


def number_words(value: Rational) -> str:
    """A fraction with a decimal beside it; a whole number as it is."""
    exact = text(value)
    return exact if "/" not in exact else f"{exact} ({decimal(value):.3g})"


def brief_words(value: Rational) -> str:
    """A fraction with a decimal beside it, or the decimal alone where the fraction is too long to be read."""
    exact = text(value)
    return number_words(value) if len(exact) <= LONGEST_FRACTION else f"{decimal(value):.3g}"


def band_words(window: Window, name: Naming = str) -> dict[str, str]:
    """What each thing that the offer can do means, in a sentence."""
    roles = window.roles
    offer, first, second = name(roles.offer), name(roles.first), name(roles.second)
    stick, outbid = name(roles.stick), name(roles.outbid)
    return {
        "works": f"{offer} works: {first} does better by it than by {stick}, and {second} does not answer with "
        f"{outbid}",
        "pocketed": f"{offer} is pocketed: {second} does not answer with {outbid}, and {first} would do no worse by "
        f"{stick}",
        "outbid": f"{offer} only raises the price: {second} answers it with {outbid}, which it would not do after "
        f"{stick}",
        "paid anyway": f"{offer} changes nothing: {second} answers with {outbid} in any case",
    }


def zone_words(zones: Sequence[tuple[Rational, Rational]]) -> str:
    """``between 3/7 and 27/50``; several joined by 'and'; 'nowhere' for none."""
    if not zones:
        return "nowhere"
    return " and ".join(_span_words(low, high) for low, high in zones)


def _span_words(low: Rational, high: Rational) -> str:
    if low == 0 and high == 1:
        return "at every belief"
    if low == 0:
        return f"below {number_words(high)}"
    return f"above {number_words(low)}" if high == 1 else f"between {number_words(low)} and {number_words(high)}"


@dataclass(frozen=True)
class MovingEnd:
    """Ends of the window that lie and move together: their names, where they are, and parameter -> (less, more)."""

    names: tuple[str, ...]
    value: Rational | None
    moves: Mapping[str, tuple[Rational | None, Rational | None]]


def moving_ends(moves: Sequence[Move]) -> list[MovingEnd]:
    """The ends in their order, those that move alike joined; a parameter that leaves an end where it is is left out."""
    ends: dict[str, dict[str, tuple[Rational | None, Rational | None]]] = {}
    values: dict[str, Rational | None] = {}
    for move in moves:
        found = ends.setdefault(move.endpoint, {})
        values[move.endpoint] = move.value
        if move.direction != "still":
            found[move.parameter] = (move.at_less, move.at_more)
    joined: list[MovingEnd] = []
    for name, found in ends.items():
        same = next((k for k, end in enumerate(joined) if end.value == values[name] and end.moves == found), None)
        if same is None:
            joined.append(MovingEnd((name,), values[name], found))
        else:
            joined[same] = MovingEnd((*joined[same].names, name), values[name], found)
    return joined


def window_svg(window: Window, name: Naming = str, *, wide: bool = True) -> str:
    """The first audience's payoff of each policy against the belief, over bands of what the offer does.

    ``name`` puts labels into words; ``wide=False`` is drawn for a narrow screen.
    """
    import altair as alt
    import vl_convert

    size = (WIDTH, HEIGHT) if wide else (NARROW, NARROW)
    first, low, high = name(window.roles.first), *_range(window)
    x = alt.X(
        "x:Q",
        title=f"belief that it is {name(window.belief_in)}",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(grid=False, values=[k / 10 for k in range(0, 11, 1 if wide else 2)], format=".1f"),
    )
    y_scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    y = alt.Y("y:Q", title=f"expected payoff of {first}", scale=y_scale, axis=alt.Axis(gridColor="#e6e8eb"))
    chart = (
        alt.layer(*_zones(window, name, x, y, (low, high), wide), *_payoffs(window, name, x, y, wide))
        .resolve_scale(color="independent")
        .properties(width=size[0], height=size[1])
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=13, labelColor=INK, titleColor=INK, titleFontWeight="normal")
        .configure_legend(
            labelFontSize=12,
            titleFontSize=12,
            labelColor=INK,
            titleColor=INK,
            titleFontWeight="normal",
            labelLimit=300,
            titleLimit=300,
        )
    )
    picture = vl_convert.vegalite_to_svg(chart.to_dict())
    title = f"Payoff of each policy of {first} against the belief"
    css = "chart wide" if wide else "chart narrow"
    picture = picture.replace(' class="marks"', f' class="{css}"', 1).replace(">", f"><title>{title}</title>", 1)
    return str(picture).replace("\n", "")


def _zones(window: Window, name: Naming, x: Any, y: Any, span: tuple[float, float], wide: bool) -> list[Any]:
    """What the offer does, as coloured bands with letters, lines between them, and a mark at the prior."""
    import altair as alt

    low, high = span
    offers = list(dict.fromkeys(s.offer for s in window.segments))
    shades = alt.Color(
        "zone:N",
        scale=alt.Scale(domain=offers, range=[BANDS[o] for o in offers]),
        legend=alt.Legend(
            title=f"{name(window.roles.offer)}:",
            symbolType="square",
            orient="bottom",
            columns=0 if wide else 1,
            labelExpr=f"{json.dumps(BAND_NAMES)}[datum.label]",
        ),
    )
    prior = alt.Chart(_values([{"x": decimal(window.prior), "y": low}])).mark_point(
        shape="triangle-up",
        size=140,
        filled=True,
        color=INK,
        yOffset=-6,
        opacity=1,
        description=f"the prior, {text(window.prior)}",
    )
    letters = alt.Chart(_values(_letters(window, low, high, WIDTH if wide else NARROW)))
    return [
        alt.Chart(_values(_bands(window, low, high)))
        .mark_rect(opacity=0.75)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=shades),
        alt.Chart(_values([{"x": decimal(b)} for b in window.breakpoints])).mark_rule(color="#8c959f").encode(x=x),
        letters.mark_text(fontSize=13, fontWeight=600, color=INK).encode(x=x, y=y, text="name:N"),
        prior.encode(x=x, y=y),
    ]


def _payoffs(window: Window, name: Naming, x: Any, y: Any, wide: bool) -> list[Any]:
    """The line of each policy."""
    import altair as alt

    actions = [name(action) for action in window.segments[0].payoffs]
    keys = alt.Legend(
        title=f"policy of {name(window.roles.first)}",
        orient="bottom",
        symbolStrokeWidth=3,
        symbolSize=500,
        columns=0 if wide else 1,
    )
    lines = alt.Stroke("policy:N", scale=alt.Scale(domain=actions, range=list(COLOURS[: len(actions)])), legend=keys)
    dashes = alt.StrokeDash(
        "policy:N", scale=alt.Scale(domain=actions, range=list(DASHES[: len(actions)])), legend=keys
    )
    return [
        alt.Chart(_values(_lines(window, name)))
        .mark_line(strokeWidth=2.6)
        .encode(x=x, y=y, stroke=lines, strokeDash=dashes, detail="piece:N")
    ]


def _values(rows: list[dict[str, Any]]) -> Any:
    import altair as alt

    return alt.Data(values=rows)


def _range(window: Window) -> tuple[float, float]:
    ends = [decimal(line(b)) for s in window.segments for line in s.payoffs.values() for b in (s.low, s.high)]
    room = (max(ends) - min(ends) or 1.0) * 0.12
    return round(min(ends) - room, 6), round(max(ends) + room, 6)


def _bands(window: Window, low: float, high: float) -> list[dict[str, Any]]:
    return [
        {"x": decimal(s.low), "x2": decimal(s.high), "y": low, "y2": high, "zone": s.offer} for s in window.segments
    ]


def _lines(window: Window, name: Naming) -> list[dict[str, Any]]:
    """Line pieces; a piece goes on into the next segment where the payoff has no jump."""
    rows: list[dict[str, Any]] = []
    for action in window.segments[0].payoffs:
        piece, last = 0, None
        for s in window.segments:
            line = s.payoffs[action]
            piece += last is not None and last != line(s.low)
            last = line(s.high)
            rows += [
                {"x": decimal(b), "y": decimal(line(b)), "policy": name(action), "piece": f"{action} {piece}"}
                for b in (s.low, s.high)
            ]
    return rows


def _letters(window: Window, low: float, high: float, width: float) -> list[dict[str, Any]]:
    """The bands' names along the top, lowered where the one before is too near."""
    rows: list[dict[str, Any]] = []
    last, level = -1.0, 0
    for k, s in enumerate(window.segments):
        middle = decimal((s.low + s.high) / 2)
        level = (level + 1) % 2 if (middle - last) * width < 16 else 0
        rows.append({"x": middle, "y": high - (high - low) * (0.04 + 0.055 * level), "name": letter(k)})
        last = middle
    return rows


def segment_row(window: Window, number: int, segment: Segment, name: Naming = str) -> dict[str, str]:
    """One band in exact numbers, as text; keys are column headings."""
    row = {
        "band": letter(number),
        "belief from": text(segment.low),
        "to": text(segment.high),
        f"{name(window.roles.offer)}": BAND_NAMES[segment.offer],
        f"best for {name(window.roles.first)}": " or ".join(map(name, segment.best)),
    }
    for action, line in segment.payoffs.items():
        answer = name(segment.response[action])
        row[f"{name(action)}: then {name(window.roles.second)}, and the payoff"] = (
            f"{answer}; {_ends(line(segment.low), line(segment.high))}"
        )
    return row


def _ends(low: Rational, high: Rational) -> str:
    return text(low) if low == high else f"{text(low)} to {text(high)}"
