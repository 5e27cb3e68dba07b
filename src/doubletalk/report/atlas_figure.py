"""An atlas as a picture: regions in colours, boundaries as lines through exact points, exact values on hovering."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from doubletalk.exact import Rational, decimal, text
from doubletalk.regions.atlas import Atlas, Shade
from doubletalk.regions.atlas_cells import Axis, Node, sides
from doubletalk.regions.atlas_edges import BoundaryPoint
from doubletalk.regions.atlas_solving import Point
from doubletalk.report.figures_svg import INK, charted

__all__ = ["atlas_html", "atlas_png", "atlas_svg", "atlas_title"]

SHADES = (
    "#9fd3c7", "#f2c57c", "#c5b3e6", "#a9cbe8", "#f0b7b0", "#d4dc8f",
    "#d9d9d9", "#8fb8a0", "#e8d3b0", "#b89cc4", "#7fa6c9", "#c98f8f",
)  # fmt: skip
REST = "#ffffff"
OTHERS = "other answers"
WIDTH, HEIGHT, NARROW = 560, 420, 280

Place: TypeAlias = tuple[float, float]
Naming: TypeAlias = Callable[[str], str]


@dataclass(frozen=True)
class _Patch:
    """A polygon of one answer."""

    answer: int
    corners: tuple[Place, ...]


def atlas_title(atlas: Atlas, name: Naming = str) -> str:
    """The axes and the question in a line."""
    asked = f": {atlas.question}" if atlas.question else ""
    return f"{name(atlas.grid.x.name)} x {name(atlas.grid.y.name)}{asked}"


def atlas_svg(
    atlas: Atlas, name: Naming = str, *, wide: bool = True, title: str | None = None, mark: Point | None = None
) -> str:
    """The picture as SVG; ``name`` puts parameters into words, ``wide=False`` is drawn for a narrow screen.

    ``title`` replaces the line above it ('' for none); ``mark`` is a point shown by a triangle
    """
    chart = _chart(atlas, name, wide, title, mark=mark)
    return charted(chart, f"Which answer holds where: {atlas_title(atlas, name)}", wide=wide)


def atlas_png(atlas: Atlas, name: Naming = str) -> bytes:
    """The picture as PNG, at twice the size."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_chart(atlas, name, True, None), scale=2))


def atlas_html(atlas: Atlas, name: Naming = str) -> str:
    """The picture as a page that opens offline: hover over a region or a boundary point, scroll to zoom."""
    import vl_convert

    return str(vl_convert.vegalite_to_html(_chart(atlas, name, True, None, moving=True), bundle=True))


def _chart(
    atlas: Atlas, name: Naming, wide: bool, title: str | None, moving: bool = False, mark: Point | None = None
) -> dict[str, Any]:
    import altair as alt

    domain, colours, labels = _colours(atlas)
    x, y = (
        alt.X("x:Q", title=name(atlas.grid.x.name), scale=_scale(atlas.grid.x), axis=alt.Axis(grid=False)),
        alt.Y("y:Q", title=name(atlas.grid.y.name), scale=_scale(atlas.grid.y), axis=alt.Axis(grid=False)),
    )
    squares = {"symbolType": "square", "symbolStrokeWidth": 0, "symbolSize": 160}
    legend = alt.Legend(title=None, orient="bottom", columns=1, **squares)
    fill = alt.Fill("answer:N", scale=alt.Scale(domain=domain, range=colours), legend=legend)
    stroke = alt.Stroke("answer:N", scale=alt.Scale(domain=domain, range=colours), legend=None)
    regions = (
        alt.Chart(alt.Data(values=_patch_rows(_patches(atlas), labels)))
        .mark_line(interpolate="linear-closed", strokeWidth=0.6, strokeJoin="round", clip=True, aria=False)
        .encode(x=x, y=y, order="step:Q", detail="patch:N", fill=fill, stroke=stroke)
    )
    lines = (
        alt.Chart(alt.Data(values=_line_rows(_lines(atlas))))
        .mark_line(strokeWidth=1.3, color=INK, clip=True, aria=False)
        .encode(x=x, y=y, order="step:Q", detail="line:N")
    )
    points = (
        alt.Chart(alt.Data(values=[_point_row(atlas, point) for point in atlas.boundary]))
        .mark_point(shape="circle", filled=True, color=INK, size=10 if moving else 24, clip=True)
        .encode(x=x, y=y, opacity=alt.value(1 if moving else 0), description="told:N", tooltip=_tips(atlas))
    )
    chart = alt.layer(regions, lines, *([points] if wide else []))
    if moving:
        hover = alt.Chart(alt.Data(values=list(_hover_rows(atlas)))).mark_rect(opacity=0, clip=True)
        hover = hover.encode(x=x, y=y, x2="x2:Q", y2="y2:Q", tooltip=alt.Tooltip("answer:N", title="answer"))
        chart = alt.layer(regions, hover, lines, points).add_params(alt.selection_interval(bind="scales"))
        menu = {"export": True, "source": False, "compiled": False, "editor": False}
        chart = chart.properties(usermeta={"embedOptions": {"actions": menu}})
    if mark is not None:
        there = alt.Chart(alt.Data(values=[{"x": decimal(mark[0]), "y": decimal(mark[1])}]))
        chart += there.mark_point(shape="triangle-up", size=120, filled=True, color=INK, opacity=1).encode(x=x, y=y)
    width, height = (WIDTH, HEIGHT) if wide else (NARROW, NARROW)
    chart = chart.properties(width=width, height=height)
    head = atlas_title(atlas, name) if title is None else title
    if head:
        chart = chart.properties(title=alt.TitleParams(head, anchor="start", fontSize=13, color=INK))
    drawn: dict[str, Any] = (
        chart.configure_view(stroke="#8c959f")
        .configure_axis(labelFontSize=12, titleFontSize=13, labelColor=INK, titleColor=INK, titleFontWeight="normal")
        .configure_legend(labelFontSize=12, labelColor=INK, labelLimit=width + 40)
        .to_dict()
    )
    return drawn


def _scale(axis: Axis) -> Any:
    import altair as alt

    return alt.Scale(domain=[decimal(axis.low), decimal(axis.high)], nice=False, zero=False)


def _colours(atlas: Atlas) -> tuple[list[str], list[str], list[str]]:
    """Legend entries with their colours, the largest first, and [answer] -> its entry; what is rare is put together."""
    seen = sorted(set(atlas.nodes.values()), key=lambda k: (-atlas.share(k), k))
    shown = seen if len(seen) <= len(SHADES) else seen[: len(SHADES)]
    labels = [atlas.words[k] if k in shown else OTHERS for k in range(len(atlas.words))]
    domain = [labels[k] for k in shown]
    colours = list(SHADES[: len(shown)])
    if len(shown) < len(seen):
        domain, colours = [*domain, OTHERS], [*colours, REST]
    return domain, colours, labels


# ---- regions ---------------------------------------------------------------------------------------------------------


def _patches(atlas: Atlas) -> Iterator[_Patch]:
    """Polygons that fill the rectangle; those cells that a boundary crosses are cut along it."""
    places = {point.edge: _place(atlas, point) for point in atlas.boundary}
    for answer, (x0, y0), (x1, y1) in _blocks(atlas):
        yield _Patch(answer, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
    for shade in atlas.shades:
        if shade.mixed:
            yield from _cut(atlas, shade, places)


def _blocks(atlas: Atlas) -> Iterator[tuple[int, Place, Place]]:
    """(answer, lower left, upper right) of the rectangles in which all answers agree."""
    for run in _runs(shade for shade in atlas.shades if not shade.mixed):
        first, last = run[0].cell, run[-1].cell
        yield (
            run[0].answer,
            _drawn(atlas, (first.i, first.j)),
            _drawn(atlas, (last.i + last.side, last.j + last.side)),
        )


def _hover_rows(atlas: Atlas) -> Iterator[dict[str, Any]]:
    for answer, (x, y), (x2, y2) in _blocks(atlas):
        yield {"x": x, "y": y, "x2": x2, "y2": y2, "answer": atlas.words[answer]}


def _runs(shades: Iterable[Shade]) -> Iterator[list[Shade]]:
    """Neighbours in a row with the same answer and size."""
    run: list[Shade] = []
    for shade in sorted(shades, key=lambda s: (s.cell.side, s.cell.j, s.cell.i)):
        last = run[-1] if run else None
        joins = last is not None and (last.answer, last.cell.side, last.cell.j, last.cell.i + last.cell.side) == (
            shade.answer,
            shade.cell.side,
            shade.cell.j,
            shade.cell.i,
        )
        if not joins and run:
            yield run
            run = []
        run.append(shade)
    if run:
        yield run


def _cut(atlas: Atlas, shade: Shade, places: dict[tuple[Node, Node], Place]) -> Iterator[_Patch]:
    """The cell cut along the boundary: its corners from one crossing to the next belong to one answer."""
    ring = sides(shade.cell, atlas.nodes)
    turns = [(a, b) if a < b else (b, a) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
    crossings = [k for k, turn in enumerate(turns) if turn in places]
    if len(crossings) < 2:
        yield _Patch(shade.answer, tuple(_drawn(atlas, node) for node in ring))
        return
    hub = [] if len(crossings) == 2 else [_mean([places[turns[k]] for k in crossings])]
    for start, end in zip(crossings, [*crossings[1:], crossings[0] + len(ring)], strict=True):
        inside = [ring[k % len(ring)] for k in range(start + 1, end + 1)]
        ends = places[turns[start]], places[turns[end % len(ring)]]
        yield _Patch(atlas.nodes[inside[0]], (ends[0], *(_drawn(atlas, node) for node in inside), ends[1], *hub))


def _lines(atlas: Atlas) -> Iterator[tuple[Place, Place]]:
    """The boundary inside each cell that it crosses."""
    places = {point.edge: _place(atlas, point) for point in atlas.boundary}
    for shade in atlas.shades:
        if not shade.mixed:
            continue
        ring = sides(shade.cell, atlas.nodes)
        turns = [(a, b) if a < b else (b, a) for a, b in zip(ring, ring[1:] + ring[:1], strict=True)]
        met = [places[turn] for turn in turns if turn in places]
        if len(met) == 2:
            yield met[0], met[1]
        elif met:
            hub = _mean(met)
            yield from ((place, hub) for place in met)


def _mean(places: Sequence[Place]) -> Place:
    return sum(x for x, _ in places) / len(places), sum(y for _, y in places) / len(places)


def _drawn(atlas: Atlas, node: Node) -> Place:
    grid = atlas.grid
    return _round(grid.drawn(grid.x, node[0])), _round(grid.drawn(grid.y, node[1]))


def _place(atlas: Atlas, point: BoundaryPoint) -> Place:
    """The boundary point; one on the outermost line of nodes is drawn at the end of the range, as the cells are."""
    (x, y), (i, j), grid, curve = point.place, point.edge[0], atlas.grid, point.curve
    if point.along == 0 and j in (0, grid.across):
        y = grid.drawn(grid.y, j)
        x = x if curve is None else _within(curve.x_at(y), grid.x, x)
    elif point.along == 1 and i in (0, grid.across):
        x = grid.drawn(grid.x, i)
        y = y if curve is None else _within(curve.y_at(x), grid.y, y)
    return _round(x), _round(y)


def _within(value: Rational | None, axis: Axis, otherwise: Rational) -> Rational:
    """The value held within the range."""
    return otherwise if value is None else min(max(value, axis.low), axis.high)


def _round(value: Rational) -> float:
    return float(f"{decimal(value):.7g}")


# ---- rows ------------------------------------------------------------------------------------------------------------


def _patch_rows(patches: Iterable[_Patch], labels: Sequence[str]) -> list[dict[str, Any]]:
    return [
        {"patch": n, "step": k, "x": x, "y": y, "answer": labels[patch.answer]}
        for n, patch in enumerate(patches)
        for k, (x, y) in enumerate(patch.corners)
    ]


def _line_rows(lines: Iterable[tuple[Place, Place]]) -> list[dict[str, Any]]:
    return [{"line": n, "step": k, "x": x, "y": y} for n, line in enumerate(lines) for k, (x, y) in enumerate(line)]


def _point_row(atlas: Atlas, point: BoundaryPoint) -> dict[str, Any]:
    x, y = _place(atlas, point)
    names = atlas.grid.x.name, atlas.grid.y.name
    sides_ = [atlas.words[atlas.index(answer)] for answer in (point.below, point.above)]
    at_it = atlas.words[atlas.index(point.at_it)] if point.value is not None else "not known exactly"
    where = [text(value) for value in point.place]
    if point.value is None:
        where[point.along] = f"about {decimal(point.place[point.along]):.6g}"
    line = point.curve.words(*names) if point.curve else ""
    told = f"{names[0]} = {where[0]}, {names[1]} = {where[1]}: below it {sides_[0]}; above it {sides_[1]}"
    row = {"x": x, "y": y, "told": told + (f"; on {line}" if line else ""), "line": line}
    return {**row, "at_x": where[0], "at_y": where[1], "below": sides_[0], "above": sides_[1], "at_it": at_it}


def _tips(atlas: Atlas) -> list[Any]:
    import altair as alt

    titles = {
        "at_x": atlas.grid.x.name,
        "at_y": atlas.grid.y.name,
        "below": "below or left",
        "at_it": "at it",
        "above": "above or right",
        "line": "lies on",
    }
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]
