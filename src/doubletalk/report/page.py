"""The written report as one HTML page that opens offline: styles, script and figures are inside it.

To add a section, write a module in ``report/sections`` with a function ``(PageContent) -> Section | None`` and put the
function into ``SECTIONS``, at its place in the order of reading. Nothing else is needed: the contents list, the anchor
and the files that the section brings follow. Everything that the study found is in ``content.study``; None says
that the case has nothing for the section. Bodies are HTML: take words through ``tables.safe``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.sections.about import assumptions, method, sources
from doubletalk.report.sections.answer import answer
from doubletalk.report.sections.atlas import atlas
from doubletalk.report.sections.claims import claims
from doubletalk.report.sections.equilibria import equilibria
from doubletalk.report.sections.evidence import evidence
from doubletalk.report.sections.forecast import forecast
from doubletalk.report.sections.game import game
from doubletalk.report.sections.longgame import longgame
from doubletalk.report.sections.questions import questions
from doubletalk.report.sections.record import record, timeline
from doubletalk.report.sections.robustness import robustness
from doubletalk.report.sections.talk import talk
from doubletalk.report.sections.thresholds import thresholds
from doubletalk.report.sections.window import window
from doubletalk.report.tables import safe

__all__ = ["SECTIONS", "page_html", "written_sections"]

SECTIONS: tuple[Callable[[PageContent], Section | None], ...] = (
    answer,
    game,
    window,
    atlas,
    claims,
    thresholds,
    talk,
    longgame,
    evidence,
    forecast,
    record,
    questions,
    robustness,
    timeline,
    equilibria,
    assumptions,
    method,
    sources,
)
"""What writes each section, in the order of reading."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
ASSETS = Path(__file__).parent / "assets"


def written_sections(content: PageContent) -> list[Section]:
    """The sections that have something to say."""
    return [section for make in SECTIONS if (section := make(content)) is not None]


def page_html(content: PageContent, sections: Sequence[Section] | None = None) -> str:
    """The whole page. It loads nothing: the browser is told to refuse anything from outside."""
    written = written_sections(content) if sections is None else sections
    contents = "".join(f'<li><a href="#{s.anchor}">{safe(s.heading)}</a></li>' for s in written)
    main = "".join(f'<section id="{s.anchor}"><h2>{safe(s.heading)}</h2>{s.body}</section>' for s in written)
    style, script = _asset("report.css"), _asset("report.js")
    asof = f'<p class="asof">{safe(content.as_of)}</p>' if content.as_of else ""
    question = f'<p class="question">{safe(content.question)}</p>' if content.question else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe(content.title)}</title>\n<style>\n{style}</style></head>\n<body>"
        f"<header><h1>{safe(content.title)}</h1>{question}{asof}{_stopped(content)}</header>\n"
        f'<nav aria-label="Contents"><ol>{contents}</ol></nav>\n<main>{main}</main>\n'
        f'<footer><p id="made">{safe(content.made)}</p></footer><div id="tip" role="tooltip" hidden></div>\n'
        f"<script>\n{script}</script></body></html>\n"
    )


def _stopped(content: PageContent) -> str:
    """A notice at the top of a report that is not complete; '' for one that is."""
    return f'<p class="stopped" role="alert">{safe(content.incomplete)}</p>' if content.incomplete else ""


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
