"""The record: what would tell the sides apart, and every event on a timeline."""

from __future__ import annotations

from doubletalk.report.page_content import LensRow, PageContent, Section
from doubletalk.report.page_headline import luck
from doubletalk.report.sections.badges import asked_cell, record_cell, side_badge, standing_badge
from doubletalk.report.tables import details, link, paragraphs, safe, stacked
from doubletalk.report.timeline import timeline_svg

__all__ = ["record", "timeline"]


def record(content: PageContent) -> Section | None:
    """The table of what would tell the sides apart, each row answered."""
    if not content.lenses:
        return None
    intro = (
        "<p>Each question is put to the record as statements that can come out either way. The p-value says how often "
        "chance would give a number at least as far out, when the months of one kind of event are exchanged while the "
        "eras and the election calendar are held fixed; ± is the error of the draws. A second test keeps events in "
        "their clusters. The record agrees or disagrees only where both are at most 0.1; else it cannot tell. "
        "Intervals of a share are exact (Clopper and Pearson) and take cases for independent, which those of one "
        "crisis are not. The first response is the nearest one within the window, over the cases that have one. An "
        "order in time shows no cause.</p>"
    )
    intro += paragraphs([luck([answer for row in content.lenses for answer in row.answers])])
    body = intro + "".join(_lens(content, row) for row in content.lenses)
    return Section("record", "What would tell them apart", body)


def _lens(content: PageContent, row: LensRow) -> str:
    expects = "".join(
        f"<p>{side_badge(content, side)} expects: {safe(words)}</p>" for side, words in row.expects.items()
    )
    cells = []
    for answer_row, wanted in zip(row.answers, row.wanted, strict=True):
        hopes = "<br>".join(f"{safe(content.side_name(side))}: {safe(_hope(want))}" for side, want in wanted.items())
        cells.append(
            (
                "",
                (
                    asked_cell(answer_row),
                    f"{standing_badge(answer_row.standing)}<br><small>{hopes}</small>",
                    record_cell(answer_row),
                ),
            )
        )
    tallies = "; ".join(
        f"{content.side_name(side)}: {met} met, {failed} failed, {left} open"
        for side, (met, failed, left) in row.met.items()
    )
    return (
        f'<section class="lens" id="lens-{safe(row.id)}"><h3>{safe(row.question)}</h3>{expects}'
        + stacked(("Statement", "Answer", "Counts and tests"), cells, css="claims")
        + f"<p><strong>Expectations.</strong> {safe(tallies)}.</p>"
        f"<p><strong>What it cannot show.</strong> {safe(row.cannot_show)}</p></section>"
    )


def _hope(want: str) -> str:
    words = {"agrees": "expects agreement", "disagrees": "expects disagreement", "even": "expects no difference"}
    return words.get(want, "no expectation")


def timeline(content: PageContent) -> Section | None:
    """The figure of all events and, folded, the same as a table."""
    if not content.events:
        return None
    picture = timeline_svg(content.events, content.votes, content.groups)
    rows = []
    for row in content.events:
        e = row.event
        source = link(e.source_url, e.source_title or e.source_url) if e.source_url else safe(e.source_title)
        rows.append(
            (
                f"event-{e.id}",
                (
                    safe(row.when),
                    safe(f"{e.actor} → {e.target}"),
                    safe(f"{e.action} ({e.intensity})"),
                    safe(e.summary),
                    f"{source}<br><small>{safe(e.confidence)}</small>",
                ),
            )
        )
    held = [
        (f"event-{v.id}", (safe(v.date), safe(v.name or v.kind), link(v.source_url, v.source_title or v.source_url)))
        for v in content.votes
    ]
    votes = stacked(("Date", "Vote", "Source"), held, css="events") if held else ""
    body = (
        f"<p>{len(content.events)} events. Point at a mark to read it; click it to open its source. Size is intensity; "
        "hollow marks are recalled with no page at hand; dashed lines are presidential elections and referendums. "
        "Marks close together are moved up or down within their row.</p>"
        '<p class="hint">The picture is wider than this screen: move it sideways.</p>'
        f'<figure><div class="scroll">{picture}</div></figure>'
        + details(
            f"All {len(content.events)} events as a table",
            stacked(("Date", "Who", "Act (intensity)", "What happened", "Source"), rows, css="events") + votes,
        )
    )
    return Section("timeline", "The record", body)
