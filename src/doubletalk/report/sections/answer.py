"""The answer: the headline, then under which assumptions each side is right."""

from __future__ import annotations

from doubletalk.report.page_content import ClaimRow, PageContent, Section, Side
from doubletalk.report.page_headline import headline
from doubletalk.report.sections.badges import side_badge
from doubletalk.report.tables import paragraphs, safe

__all__ = ["answer"]


def answer(content: PageContent) -> Section | None:
    """The headline, then under which assumptions each side is right."""
    cards = "".join(_card(content, side) for side in content.sides if content.claims_of(side.key, "the model"))
    lead = f'<div class="lead">{paragraphs(headline(content))}</div>'
    return Section("answer", "The answer", lead + (f'<div class="cards">{cards}</div>' if cards else ""))


def _card(content: PageContent, side: Side) -> str:
    asked = content.claims_of(side.key, "the model")
    parts = [f'<div class="card">{side_badge(content, side.key)}']
    for title, standings in (
        ("Is right in the model when", ("yes", "part")),
        ("Is not borne out by the model", ("no",)),
        ("Cannot be told, or not asked yet", ("open", "not asked")),
    ):
        rows = "".join(_card_line(claim) for claim in asked if claim.standing in standings)
        parts.append(f"<h3>{title}</h3><ul>{rows}</ul>" if rows else "")
    return "".join(parts) + "</div>"


def _card_line(claim: ClaimRow) -> str:
    assumes = f" Assuming: {'; '.join(claim.assumes)}." if claim.assumes else ""
    where = f" {claim.interval[:1].upper()}{claim.interval[1:]}." if claim.interval else ""
    return (
        f'<li><a href="#claim-{safe(claim.id)}">{safe(claim.paraphrase)}</a><span class="where">{safe(where)}'
        f"{safe(assumes)}</span></li>"
    )
