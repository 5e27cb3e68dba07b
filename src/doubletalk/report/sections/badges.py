"""Signs that several sections share: whose claim, how it stands, the events behind a number."""

from __future__ import annotations

from doubletalk.evidence.uncertainty import LEVEL
from doubletalk.report.page_content import STANDINGS, PageContent, RecordRow
from doubletalk.report.tables import code, details, number, p_words, paragraphs, safe

__all__ = ["asked_cell", "record_cell", "side_badge", "standing_badge", "which_world"]


def side_badge(content: PageContent, key: str) -> str:
    """The side's name in its own colour, of the same weight for all."""
    place = next((n for n, side in enumerate(content.sides) if side.key == key), len(content.sides))
    return f'<span class="side side{place % 6}">{safe(content.side_name(key))}</span>'


def standing_badge(standing: str) -> str:
    """How a claim stands, with a sign so that it does not rest on colour."""
    sign = {"yes": "●", "part": "◐", "no": "○", "open": "?", "not asked": "–"}[standing]
    name = standing.replace(" ", "-")
    return f'<span class="standing {name}"><span aria-hidden="true">{sign}</span> {safe(STANDINGS[standing])}</span>'


def asked_cell(row: RecordRow) -> str:
    """The statement as a sentence, and as it is written in the case."""
    told = f"<p>{safe(row.asked)}</p>" if row.asked else ""
    return f"{told}{code(row.statement)}"


def record_cell(row: RecordRow) -> str:
    low_high = "" if row.interval is None else f"{row.interval[0]:.2f} to {row.interval[1]:.2f}"
    facts = [
        ("Counted over cases", row.counts),
        ("Found", number(row.value)),
        (f"{100 * LEVEL:.0f}% interval", low_high),
        ("Compared with", number(row.against)),
        ("In a random month", number(row.base_rate)),
        ("Difference by chance", number(row.expected)),
        ("p, calendar fixed", p_words(row.p, row.p_error)),
        ("p, clusters kept", p_words(row.p_clusters, None).replace(" (exact)", "")),
        ("First response", row.lag),
    ]
    shown = "".join(f"<dt>{safe(k)}</dt><dd>{safe(v)}</dd>" for k, v in facts if v and v != "–")
    words = details("In words, and what so few cases can show", paragraphs([row.words]), css="screen")
    return f"<dl>{shown}</dl>{words}{_events(row)}"


def _events(row: RecordRow) -> str:
    if not row.event_ids:
        return ""
    links = ", ".join(f'<a href="#event-{safe(i)}">{safe(i)}</a>' for i in row.event_ids)
    return details(f"The {len(row.event_ids)} events behind it", f'<p class="ids">{links}</p>', css="screen")


def which_world(content: PageContent) -> str:
    """A note that the section shows one of several worlds; '' where there is one."""
    filed = next((world for world in content.worlds if world.as_filed), None)
    if filed is None or len(content.worlds) < 2:
        return ""
    return (
        f'<p>This is world {filed.number} of the <a href="#worlds">{len(content.worlds)} worlds</a>, shown in full '
        "because the game file happens to hold its values. It is no better founded than the others, whose windows and "
        "verdicts are in worlds.csv and verdicts.csv.</p>"
    )
