"""The window as a picture and in words: what each policy is worth at each belief, and what the offer then does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from doubletalk.case.window import Move, Segment, Window
from doubletalk.exact import Rational, text
from doubletalk.report.figures_svg import INK

__all__ = [
    "BANDS",
    "MovingEnd",
    "band_words",
    "decimal",
    "letter",
    "moving_ends",
    "number_words",
    "segment_row",
    "window_svg",
    "zone_words",
]

WIDTH, HEIGHT = 760, 340
BANDS = {"works": "#b7e3d0", "pocketed": "#f6cfb2", "outbid": "#cfe0f3", "paid anyway": "#e6dcef"}
DASHES = ([1, 0], [7, 4], [2, 3], [9, 3, 2, 3])
COLOURS = ("#1b1f24", "#8b1a6b", "#8a6d00", "#0f6d8b")


def letter(number: int) -> str:
    """A, B, ..., Z, then numbers: the name of a band."""
    return chr(ord("A") + number) if number < 26 else str(number + 1)


def decimal(value: Rational) -> float:
    """The nearest float, for drawing only."""
    return float(int(value.p)) / float(int(value.q))


def number_words(value: Rational) -> str:
    """A fraction with a decimal beside it; a whole number as it is."""
    exact = text(value)
    return exact if "/" not in exact else f"{exact} ({decimal(value):.3g})"


def band_words(window: Window) -> dict[str, str]:
    """What each thing that the offer can do means, in a sentence."""
    roles = window.roles
    return {
        "works": f"{roles.offer} works: {roles.first} does better by it than by {roles.stick}, and {roles.second} does "
        "not outbid it",
        "pocketed": f"{roles.offer} is pocketed: {roles.second} does not {roles.outbid}, and {roles.first} would do no "
        f"worse by {roles.stick}",
        "outbid": f"{roles.offer} only raises the price: {roles.second} answers with {roles.outbid}, which it would "
        f"not do after {roles.stick}",
        "paid anyway": f"{roles.second} answers with {roles.outbid} whether or not there is {roles.offer}",
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


def window_svg(window: Window) -> str:
    """The first audience's payoff of each policy against the belief, over bands of what the offer does."""
    import altair as alt
    import vl_convert

    x = alt.X(
        "x:Q",
        title=f"belief that the sender is of type '{window.belief_in}'",
        scale=alt.Scale(domain=[0, 1], nice=False),
        axis=alt.Axis(grid=False, values=[k / 10 for k in range(11)], format=".1f"),
    )
    low, high = _range(window)
    y_scale = alt.Scale(domain=[low, high], nice=False, zero=False)
    y = alt.Y(
        "y:Q", title=f"expected payoff of {window.roles.first}", scale=y_scale, axis=alt.Axis(gridColor="#e6e8eb")
    )
    offers = list(dict.fromkeys(s.offer for s in window.segments))
    actions = list(window.segments[0].payoffs)
    shades = alt.Color(
        "zone:N",
        scale=alt.Scale(domain=offers, range=[BANDS[o] for o in offers]),
        legend=alt.Legend(title=f"{window.roles.offer} is or does", symbolType="square", orient="bottom"),
    )
    keys = alt.Legend(title=f"policy of {window.roles.first}", orient="bottom", symbolStrokeWidth=3, symbolSize=500)
    lines = alt.Stroke("policy:N", scale=alt.Scale(domain=actions, range=list(COLOURS[: len(actions)])), legend=keys)
    dashes = alt.StrokeDash(
        "policy:N", scale=alt.Scale(domain=actions, range=list(DASHES[: len(actions)])), legend=keys
    )
    layers = [
        alt.Chart(_values(_bands(window, low, high)))
        .mark_rect(opacity=0.75)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=shades),
        alt.Chart(_values([{"x": decimal(b)} for b in window.breakpoints])).mark_rule(color="#8c959f").encode(x=x),
        alt.Chart(_values(_lines(window)))
        .mark_line(strokeWidth=2.6)
        .encode(x=x, y=y, stroke=lines, strokeDash=dashes, detail="piece:N"),
        alt.Chart(_values(_letters(window, low, high)))
        .mark_text(fontSize=13, fontWeight=600, color=INK)
        .encode(x=x, y=y, text="name:N"),
        alt.Chart(_values([{"x": decimal(window.prior), "y": low}]))
        .mark_point(
            shape="triangle-up",
            size=140,
            filled=True,
            color=INK,
            yOffset=-6,
            opacity=1,
            description=f"the prior, {text(window.prior)}",
        )
        .encode(x=x, y=y),
    ]
    chart = (
        alt.layer(*layers)
        .resolve_scale(color="independent")
        .properties(width=WIDTH, height=HEIGHT)
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
    title = f"Payoff of each policy of {window.roles.first} against the belief"
    picture = picture.replace(' class="marks"', ' class="chart"', 1).replace(">", f"><title>{title}</title>", 1)
    return str(picture).replace("\n", "")


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


def _lines(window: Window) -> list[dict[str, Any]]:
    """Line pieces; a piece goes on into the next segment where the payoff has no jump."""
    rows: list[dict[str, Any]] = []
    for action in window.segments[0].payoffs:
        piece, last = 0, None
        for s in window.segments:
            line = s.payoffs[action]
            piece += last is not None and last != line(s.low)
            last = line(s.high)
            rows += [
                {"x": decimal(b), "y": decimal(line(b)), "policy": action, "piece": f"{action} {piece}"}
                for b in (s.low, s.high)
            ]
    return rows


def _letters(window: Window, low: float, high: float) -> list[dict[str, Any]]:
    """The bands' names along the top, lowered where the one before is too near."""
    rows: list[dict[str, Any]] = []
    last, level = -1.0, 0
    for k, s in enumerate(window.segments):
        middle = decimal((s.low + s.high) / 2)
        level = (level + 1) % 2 if (middle - last) * WIDTH < 16 else 0
        rows.append({"x": middle, "y": high - (high - low) * (0.04 + 0.055 * level), "name": letter(k)})
        last = middle
    return rows


def segment_row(window: Window, number: int, segment: Segment) -> dict[str, str]:
    """One band in exact numbers, as text; keys are column headings."""
    row = {
        "band": letter(number),
        "belief from": text(segment.low),
        "to": text(segment.high),
        f"{window.roles.offer}": segment.offer,
        f"best for {window.roles.first}": " or ".join(segment.best),
    }
    for action, line in segment.payoffs.items():
        row[f"{action}: {window.roles.second} then"] = segment.response[action]
        row[f"{action}: payoff"] = _ends(line(segment.low), line(segment.high))
    if segment.screen_beats_offer is not None:
        row[f"{window.roles.screen} beats {window.roles.offer}"] = "yes" if segment.screen_beats_offer else "no"
    return row


def _ends(low: Rational, high: Rational) -> str:
    return text(low) if low == high else f"{text(low)} to {text(high)}"
