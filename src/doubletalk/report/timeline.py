"""The record as a picture: every event at its date, in a row of its own kind, one click away from its source.

Rows are kinds of act grouped by who acted; size is intensity; hollow marks are recalled without a page at hand. Votes
are upright lines. Marks that would cover each other are moved a little up or down within their row.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from doubletalk.evidence.calendar import Vote
from doubletalk.evidence.chronicle import Event
from doubletalk.report.figures_svg import INK

__all__ = ["Mark", "TimelineRow", "kinds_of", "long_date", "place_marks", "timeline_svg", "year_of"]

WIDTH, ROW = 900, 34
SIZES = {1: 30, 2: 70, 3: 150}
SHIFTS = (0.0, 0.12, -0.12, 0.24, -0.24, 0.36, -0.36)
COLOURS = ("#4b3f8f", "#b8860b", "#0f8b8d", "#6e7781", "#a03060", "#3f6f2f")
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)


def long_date(date: dt.date) -> str:
    """``19 December 2010``."""
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


@dataclass(frozen=True)
class TimelineRow:
    """An event of the chronicle and ``group``: who acted, grouped as the case says."""

    event: Event
    group: str

    @property
    def kind(self) -> str:
        """The row of the figure."""
        return f"{self.group}: {self.event.action}"

    @property
    def when(self) -> str:
        """The date as precisely as it is known: ``19 December 2010``, ``December 2010``, ``2010``."""
        date, words = self.event.date, long_date(self.event.date)
        return {"day": words, "month": words.partition(" ")[2]}.get(self.event.precision, str(date.year))

    @property
    def told(self) -> str:
        """What the tooltip says."""
        e = self.event
        strength = {1: "minor", 2: "notable", 3: "major"}[e.intensity]
        source = f" Source: {e.source_title}." if e.source_title else ""
        known = "date known to the day" if e.precision == "day" else f"only the {e.precision} is known"
        return (
            f"{self.when}. {e.actor} to {e.target}: {e.action}, {strength}. {e.summary}{source} "
            f"({e.confidence}; {known})"
        )


@dataclass(frozen=True)
class Mark:
    """Where an event is drawn: a date as a fraction of years, the row's number plus a small shift."""

    x: float
    y: float


def place_marks(rows: Sequence[TimelineRow], kinds: Sequence[str], span: tuple[float, float]) -> list[Mark]:
    """A place for each event: in its row the first shift at which it covers no other, else the least bad one."""
    per_year = WIDTH / (span[1] - span[0])
    taken: dict[str, list[tuple[float, float, float]]] = {}
    marks = []
    for row in rows:
        x, radius = year_of(row.event.date) * per_year, (SIZES[row.event.intensity] / 3.1416) ** 0.5
        others = taken.setdefault(row.kind, [])
        room = [
            min((_room(x - ox, (s - os) * ROW, radius + reach) for ox, os, reach in others), default=0.0)
            for s in SHIFTS
        ]
        shift = SHIFTS[max(range(len(SHIFTS)), key=lambda k: (min(room[k], 0.0), -k))]
        others.append((x, shift, radius))
        marks.append(Mark(round(year_of(row.event.date), 4), round(kinds.index(row.kind) + shift, 3)))
    return marks


def _room(dx: float, dy: float, reach: float) -> float:
    """Pixels between the rims of two marks; negative where they overlap by more than a little."""
    return float((dx * dx + dy * dy) ** 0.5 - 0.85 * reach)


def year_of(date: dt.date) -> float:
    """A date as a fraction of years: 1 July 2010 is 2010.5."""
    first = dt.date(date.year, 1, 1)
    return date.year + (date - first).days / (dt.date(date.year + 1, 1, 1) - first).days


def kinds_of(rows: Iterable[TimelineRow], groups: Sequence[str]) -> list[str]:
    """The rows of the figure: by group in the order given, within a group by how often they occur."""
    counts: dict[str, int] = {}
    where: dict[str, str] = {}
    for row in rows:
        counts[row.kind] = counts.get(row.kind, 0) + 1
        where[row.kind] = row.group
    return sorted(counts, key=lambda kind: (groups.index(where[kind]), -counts[kind], kind))


def timeline_svg(rows: Sequence[TimelineRow], votes: Sequence[Vote], groups: Sequence[str]) -> str:
    """The picture as SVG with links; '' when there are no events. ``groups`` gives order and colours."""
    if not rows:
        return ""
    import altair as alt
    import vl_convert

    kinds = kinds_of(rows, groups)
    span = float(min(r.event.date.year for r in rows)), float(max(r.event.date.year for r in rows) + 1)
    marks = place_marks(rows, kinds, span)
    y_scale = alt.Scale(domain=[-0.7, len(kinds) - 0.3], reverse=True, nice=False, zero=False)
    x = alt.X(
        "x:Q",
        title=None,
        scale=alt.Scale(domain=list(span), nice=False, zero=False),
        axis=alt.Axis(format="d", tickMinStep=1, tickCount=16, grid=False, orient="bottom"),
    )
    axis = alt.Axis(
        values=list(range(len(kinds))),
        labelExpr=f"{json.dumps(kinds)}[datum.value]",
        domain=False,
        ticks=False,
        gridColor="#e6e8eb",
        labelLimit=240,
        labelPadding=10,
    )
    y = alt.Y("y:Q", title=None, scale=y_scale, axis=axis)
    bands = _bands(kinds, groups, span)
    layers = [
        alt.Chart(alt.Data(values=bands))
        .mark_rect(opacity=0.05)
        .encode(x=x, x2="x2:Q", y=y, y2="y2:Q", color=alt.Color("colour:N", scale=None)),
        alt.Chart(alt.Data(values=_lines(votes)))
        .mark_rule(color="#57606a", strokeDash=[3, 3], strokeWidth=1)
        .encode(x=x, description="told:N"),
    ]
    for points in _points(rows, marks, groups):
        if not points:
            continue
        layer = alt.Chart(alt.Data(values=points)).mark_point(filled=True, strokeWidth=1, opacity=0.95)
        encoded = layer.encode(
            x=x,
            y=y,
            size=alt.Size("size:Q", scale=None),
            fill=alt.Fill("fill:N", scale=None),
            stroke=alt.Stroke("stroke:N", scale=None),
            description="told:N",
        )
        layers.append(encoded.encode(href="href:N") if "href" in points[0] else encoded)
    chart = alt.layer(*layers).properties(width=WIDTH, height=ROW * len(kinds)).configure_view(stroke=None)
    chart = chart.configure_axis(labelFontSize=12, labelColor=INK, domainColor="#8c959f", tickColor="#8c959f")
    return _linked(vl_convert.vegalite_to_svg(chart.to_dict()), "Events by date and kind")


def _lines(votes: Sequence[Vote]) -> list[dict[str, Any]]:
    return [{"x": round(year_of(v.date), 4), "told": f"{v.name or v.kind}, {v.date}"} for v in votes]


def _bands(kinds: Sequence[str], groups: Sequence[str], span: tuple[float, float]) -> list[dict[str, Any]]:
    bands = []
    for number, group in enumerate(groups):
        held = [k for k, kind in enumerate(kinds) if kind.startswith(f"{group}: ")]
        if held:
            bands.append(
                {
                    "x": span[0],
                    "x2": span[1],
                    "y": held[0] - 0.5,
                    "y2": held[-1] + 0.5,
                    "colour": COLOURS[number % len(COLOURS)],
                }
            )
    return bands


def _points(
    rows: Sequence[TimelineRow], marks: Sequence[Mark], groups: Sequence[str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(marks without a page to open, marks with one): a layer each, for an empty address would be made into a link."""
    linked, plain = [], []
    for row, mark in zip(rows, marks, strict=True):
        colour = COLOURS[groups.index(row.group) % len(COLOURS)]
        ring, inside = ("#ffffff", colour) if row.event.confidence == "sourced" else (colour, "#ffffff")
        point: dict[str, Any] = {
            "x": mark.x,
            "y": mark.y,
            "size": SIZES[row.event.intensity],
            "told": row.told,
            "stroke": ring,
            "fill": inside,
        }
        if row.event.source_url.startswith(("https://", "http://")):
            linked.append({**point, "href": row.event.source_url})
        else:
            plain.append(point)
    return plain, linked


def _linked(picture: str, title: str) -> str:
    """The SVG with links that open a new page, role and title set, and no fixed background."""
    picture = re.sub(r"<a ([^>]*)>", r'<a \1 target="_blank" rel="noopener noreferrer">', picture)
    picture = re.sub(r"^<svg ", '<svg class="chart" ', picture.replace(' class="marks"', "", 1))
    return picture.replace(">", f"><title>{title}</title>", 1).replace("\n", "")
