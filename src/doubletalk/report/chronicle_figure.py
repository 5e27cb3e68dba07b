"""The coded chronicle as a picture: a tile for every quarter, what each actor did above, the state below."""

from __future__ import annotations

from typing import Any

from doubletalk.evidence.calendar import Vote
from doubletalk.evidence.coding import CodedRecord
from doubletalk.evidence.quarters import quarter_name, quarter_of
from doubletalk.report.figures_svg import INK, PALETTE

__all__ = ["chronicle_html", "chronicle_png", "chronicle_svg"]

TILE, ROW = 12, 26
NOTHING = "#eceef1"
COLOURS = (*PALETTE[:4], "#1b1f24", *PALETTE[4:], "#7f3c8d", "#e0a800", "#6e7781")
"""Different for every move: in the order in which the actors and their parts come."""
SHADES = (NOTHING, "#a9b8c9", "#3d5a80")


def chronicle_svg(coded: CodedRecord, votes: tuple[Vote, ...] = ()) -> str:
    """The picture as SVG."""
    import vl_convert

    return str(vl_convert.vegalite_to_svg(_chart(coded, votes)))


def chronicle_png(coded: CodedRecord, votes: tuple[Vote, ...] = ()) -> bytes:
    """The picture as PNG, at twice the size."""
    import vl_convert

    return bytes(vl_convert.vegalite_to_png(_chart(coded, votes), scale=2))


def chronicle_html(coded: CodedRecord, votes: tuple[Vote, ...] = ()) -> str:
    """One page with the picture, whose tiles tell their rows when pointed at; it opens offline."""
    import vl_convert

    return str(vl_convert.vegalite_to_html(_chart(coded, votes), bundle=True))


def _chart(coded: CodedRecord, votes: tuple[Vote, ...]) -> dict[str, Any]:
    import altair as alt

    quarters = list(coded.quarters)
    acts, states = _acts(coded), _states(coded)
    panels = []
    for rows, title, legend in ((acts, "What each did", "move"), (states, "State", "level")):
        labels = list(dict.fromkeys(row["row"] for row in rows))
        colours = dict(sorted({row["shown"]: row["colour"] for row in rows}.items(), key=lambda c: c[1] != NOTHING))
        x = alt.X("quarter:O", sort=quarters, title=None, axis=_axis(alt, last=rows is states))
        tiles = (
            alt.Chart(alt.Data(values=rows))
            .mark_rect(stroke="#ffffff", strokeWidth=1)
            .encode(
                x=x,
                y=alt.Y("row:N", sort=labels, title=None, axis=alt.Axis(domain=False, ticks=False, labelPadding=8)),
                color=alt.Color(
                    "shown:N",
                    scale=alt.Scale(domain=list(colours), range=list(colours.values())),
                    legend=alt.Legend(title=legend, orient="right", symbolType="square", columns=2),
                ),
                tooltip=[alt.Tooltip(f"{c}:N", title=c) for c in ("quarter", "row", "did", "because")],
            )
        )
        size = {"width": TILE * len(quarters), "height": ROW * len(labels)}
        panels.append(alt.layer(tiles, _votes(alt, quarters, votes)).properties(title=title, **size))
    chart = alt.vconcat(*panels, spacing=14).resolve_scale(color="independent")
    chart = chart.configure_view(stroke=None).configure_axis(labelFontSize=12, labelColor=INK, domainColor="#8c959f")
    return dict(chart.configure_title(anchor="start", fontSize=13, color=INK).to_dict())


def _axis(alt: Any, last: bool) -> Any:
    """Years below the lower panel, at each first quarter; nothing below the upper one."""
    if not last:
        return alt.Axis(labels=False, ticks=False, domain=False)
    return alt.Axis(
        labelExpr="slice(datum.value, 4) == 'Q1' && toNumber(slice(datum.value, 0, 4)) % 2 == 0 "
        "? slice(datum.value, 0, 4) : ''",
        labelAngle=0,
        ticks=False,
        domain=False,
        labelOverlap=False,
    )


def _votes(alt: Any, quarters: list[str], votes: tuple[Vote, ...]) -> Any:
    seen = [{"quarter": quarter_name(quarter_of(v.date)), "vote": f"{v.name or v.kind}, {v.date}"} for v in votes]
    shown = [v for v in seen if v["quarter"] in quarters]
    return (
        alt.Chart(alt.Data(values=shown))
        .mark_rule(color="#1b1f24", strokeDash=[2, 3], strokeWidth=1.2)
        .encode(x=alt.X("quarter:O", sort=quarters), tooltip=[alt.Tooltip("vote:N", title="vote")])
    )


def _acts(coded: CodedRecord) -> list[dict[str, Any]]:
    defaults = {part.part: coded.moves[m.actor][0].split(",")[k] for m in coded.made for k, part in enumerate(m.parts)}
    names = (name for part in defaults for name in _names(coded, part))
    busy = [name for name in dict.fromkeys(names) if name not in defaults.values()]
    colours = {name: COLOURS[k % len(COLOURS)] for k, name in enumerate(busy)}
    rows = []
    for actor in coded.actors:
        for quarter in coded.quarters:
            made = coded.move(quarter, actor)
            for part in made.parts:
                nothing = part.move == defaults[part.part]
                rows.append(
                    {
                        "quarter": quarter,
                        "row": actor if len(made.parts) == 1 else f"{actor}: {part.part}",
                        "did": part.move,
                        "shown": "nothing recorded" if nothing else part.move,
                        "colour": NOTHING if nothing else colours[part.move],
                        "because": made.reason or ", ".join(part.made_by) or "no row",
                    }
                )
    order = {name: k for k, name in enumerate(dict.fromkeys(r["row"] for r in rows))}
    return sorted(rows, key=lambda r: (order[r["row"]], r["quarter"]))


def _names(coded: CodedRecord, part: str) -> list[str]:
    """The moves of a part that were made at least once, by first use."""
    return list(dict.fromkeys(p.move for made in coded.made for p in made.parts if p.part == part))


def _states(coded: CodedRecord) -> list[dict[str, Any]]:
    rows = []
    for name, levels in coded.variables.items():
        for quarter in coded.quarters:
            found = coded.level(quarter, name)
            place = levels.index(found.level)
            shade = 2 if place == len(levels) - 1 else min(place, 1)
            rows.append(
                {
                    "quarter": quarter,
                    "row": name,
                    "did": found.level,
                    "shown": ("lowest", "middle", "highest")[shade],
                    "colour": SHADES[shade],
                    "because": found.reason,
                }
            )
    rank = ("lowest", "middle", "highest")
    first = sorted(rows, key=lambda r: rank.index(r["shown"]))
    seen = {r["shown"]: r for r in reversed(first)}
    lead = [seen[s] for s in rank if s in seen]
    return [*lead, *(r for r in rows if not any(r is x for x in lead))]
