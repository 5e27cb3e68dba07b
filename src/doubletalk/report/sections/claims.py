"""Every claim of every side, with its answer and what would change it."""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.report.page_content import REACHES, STANDINGS, ClaimRow, PageContent, Section
from doubletalk.report.page_headline import of_claims
from doubletalk.report.sections.badges import record_cell, side_badge, standing_badge
from doubletalk.report.tables import code, details, link, paragraphs, safe, stacked

__all__ = ["claims"]


def claims(content: PageContent) -> Section | None:
    """Every claim of every side, those that cannot be asked among them."""
    if not content.claims:
        return None
    signs = " ".join(standing_badge(s) for s in STANDINGS)
    parts = [f"<p>Every claim is asked in the same way, whoever makes it. Signs: {signs}</p>", _reach_key(content)]
    for about, title in (
        ("the model", "About the model"),
        ("the long game", "About the long game"),
        ("the fitted game", "About the long game fitted to the record"),
        ("the record", "About the record"),
        ("neither", "Not expressed, and why"),
    ):
        rows = [c for c in content.claims if c.about == about]
        if rows:
            caveat = of_claims(rows)
            told = paragraphs([caveat] if caveat else [])
            parts.append(f"<h3>{title}</h3>{told}{_claims_table(content, rows, about)}")
    return Section("claims", "The claims", "".join(parts))


def _reach_key(content: PageContent) -> str:
    if len(content.worlds) < 2:
        return ""
    signs = "; ".join(f"{sign} {words}" for sign, words in REACHES.values())
    return (
        "<p>Whatever quantifier its author chose, each claim about the model is also counted over the equilibria of "
        f'all {len(content.worlds)} <a href="#worlds">worlds</a>, numbered as in the figure there: {safe(signs)}.</p>'
    )


def _over_worlds(claim: ClaimRow) -> str:
    """A sign for each world, in their order."""
    if len(claim.worlds) < 2:
        return f"<p><small>{safe(claim.reach)}</small></p>" if claim.reach else ""
    cells = "".join(
        f'<span title="world {k}: {safe(REACHES[word][1])}"><small>{k}</small>{REACHES[word][0]}</span>'
        for k, word in enumerate(claim.worlds, 1)
    )
    told = ", ".join(f"world {k} {REACHES[word][1]}" for k, word in enumerate(claim.worlds, 1))
    return f'<p class="over" role="img" aria-label="{safe(told)}">{cells}</p>'


def _claims_table(content: PageContent, rows: Sequence[ClaimRow], about: str) -> str:
    heads = {"the record": "Counts and tests", "the fitted game": "What it rests on", "neither": "Reason"}
    last = heads.get(about, "What would change it")
    return stacked(
        ("Claim", "Answer", last), [(f"claim-{c.id}", _claim_cells(content, c, about)) for c in rows], css="claims"
    )


def _claim_cells(content: PageContent, claim: ClaimRow, about: str) -> tuple[str, str, str]:
    source = link(claim.source_url, claim.source_title) if claim.source_title or claim.source_url else ""
    statement = f'<div class="statement">{code(claim.statement)}</div>' if claim.statement else ""
    first = (
        f"{side_badge(content, claim.side)} <small>{safe(claim.id)}</small><p>{safe(claim.paraphrase)}</p>{statement}"
        f'<p class="source">{source}{_attribution(claim)}</p>'
    )
    interval = f'<p class="where">{safe(claim.interval)}</p>' if claim.interval.startswith("for ") else ""
    second = f"{standing_badge(claim.standing)}<p>{safe(claim.answer)}</p>{interval}"
    second += _over_worlds(claim)
    if claim.by_construction:
        second += f"<p><strong>True by construction:</strong> {safe(claim.by_construction)}</p>"
    if claim.assumes:
        second += f"<p><small>Assumes: {safe('; '.join(claim.assumes))}.</small></p>"
    if claim.detail:
        second += f"<p><small>{safe(claim.detail)}</small></p>"
    if about == "neither":
        return first, standing_badge(claim.standing), f"<p>{safe(claim.reason)}</p>"
    if claim.record is not None:
        return first, second, record_cell(claim.record)
    reason = f"<p>{safe(claim.reason)}</p>" if claim.reason else ""
    listed = "".join(f"<li>{safe(words)}</li>" for words in claim.changes)
    changes = f"<ul>{listed}</ul>" if listed else "" if reason else f"<p>{safe(_unchanged(content, claim))}</p>"
    words = f"<p>{safe(claim.searched)}</p>"
    searched = details("What was searched", words, css="screen") if claim.searched else ""
    return first, second, reason + changes + searched


def _attribution(claim: ClaimRow) -> str:
    return f"<br><small>{safe(claim.attribution)}</small>" if claim.attribution else ""


def _unchanged(content: PageContent, claim: ClaimRow) -> str:
    if claim.statement.startswith(("over ", "for ")) and "over " in claim.statement:
        return "The ends of the interval are the values at which the answer changes."
    return "No change found." if claim.searched else "Not searched for in this run."
