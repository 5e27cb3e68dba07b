"""Every claim of every side, with its answer and what would change it."""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.report.page_content import STANDINGS, ClaimRow, PageContent, Section
from doubletalk.report.sections.badges import record_cell, side_badge, standing_badge
from doubletalk.report.tables import code, link, safe, stacked

__all__ = ["claims"]


def claims(content: PageContent) -> Section | None:
    """Every claim of every side, those that cannot be asked among them."""
    if not content.claims:
        return None
    signs = " ".join(standing_badge(s) for s in STANDINGS)
    parts = [f"<p>Every claim is asked in the same way, whoever makes it. Signs: {signs}</p>"]
    for about, title in (
        ("the model", "About the model"),
        ("the record", "About the record"),
        ("neither", "Not expressed, and why"),
    ):
        rows = [c for c in content.claims if c.about == about]
        if rows:
            parts.append(f"<h3>{title}</h3>" + _claims_table(content, rows, about))
    return Section("claims", "The claims", "".join(parts))


def _claims_table(content: PageContent, rows: Sequence[ClaimRow], about: str) -> str:
    last = {"the model": "What would change it", "the record": "Counts and tests", "neither": "Reason"}[about]
    return stacked(
        ("Claim", "Answer", last), [(f"claim-{c.id}", _claim_cells(content, c, about)) for c in rows], css="claims"
    )


def _claim_cells(content: PageContent, claim: ClaimRow, about: str) -> tuple[str, str, str]:
    source = link(claim.source_url, claim.source_title) if claim.source_title or claim.source_url else ""
    statement = f'<div class="statement">{code(claim.statement)}</div>' if claim.statement else ""
    first = (
        f"{side_badge(content, claim.side)} <small>{safe(claim.id)}</small><p>{safe(claim.paraphrase)}</p>{statement}"
        f'<p class="source">{source}</p>'
    )
    interval = f'<p class="where">{safe(claim.interval)}</p>' if claim.interval.startswith("for ") else ""
    second = f"{standing_badge(claim.standing)}<p>{safe(claim.answer)}</p>{interval}"
    if claim.assumes:
        second += f"<p><small>Assumes: {safe('; '.join(claim.assumes))}.</small></p>"
    if claim.detail:
        second += f"<p><small>{safe(claim.detail)}</small></p>"
    if about == "neither":
        return first, standing_badge(claim.standing), f"<p>{safe(claim.reason)}</p>"
    if claim.record is not None:
        return first, second, record_cell(claim.record)
    reason = f"<p>{safe(claim.reason)}</p>" if claim.reason else ""
    changes = "".join(f"<li>{safe(words)}</li>" for words in claim.changes)
    return (
        first,
        second,
        reason + (f"<ul>{changes}</ul>" if changes else f"<p>{safe(_unchanged(content, claim))}</p>" * (not reason)),
    )


def _unchanged(content: PageContent, claim: ClaimRow) -> str:
    if claim.statement.startswith(("over ", "for ")) and "over " in claim.statement:
        return "The ends of the interval are the values at which the answer changes."
    if any(other.changes for other in content.claims):
        return "No single parameter within the range that was searched."
    return "Not searched for in this run."
