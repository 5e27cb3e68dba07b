"""The written report as one HTML page that opens offline: styles, script and figures are inside it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from doubletalk.report import page_sections as sections
from doubletalk.report.page_content import PageContent
from doubletalk.report.tables import safe

__all__ = ["SECTIONS", "page_html"]

SECTIONS: tuple[tuple[str, str, Callable[[PageContent], str]], ...] = (
    ("answer", "The answer", sections.answer),
    ("game", "Who says what to whom", sections.game),
    ("window", "The window", sections.window),
    ("claims", "The claims", sections.claims),
    ("record", "What would tell them apart", sections.record),
    ("timeline", "The record", sections.timeline),
    ("equilibria", "The equilibria", sections.equilibria),
    ("assumptions", "What was assumed", sections.assumptions),
    ("method", "Method and certificates", sections.method),
    ("sources", "Sources", sections.sources),
)
"""(anchor, heading, what writes it), in the order of the page. A section that has nothing to say is left out."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"
ASSETS = Path(__file__).parent / "assets"


def page_html(content: PageContent) -> str:
    """The whole page. It loads nothing: the browser is told to refuse anything from outside."""
    written = [(anchor, heading, body) for anchor, heading, make in SECTIONS if (body := make(content))]
    contents = "".join(f'<li><a href="#{anchor}">{safe(heading)}</a></li>' for anchor, heading, _ in written)
    main = "".join(
        f'<section id="{anchor}"><h2>{safe(heading)}</h2>{body}</section>' for anchor, heading, body in written
    )
    style, script = _asset("report.css"), _asset("report.js")
    asof = f'<p class="asof">What is known on {safe(content.as_of)}.</p>' if content.as_of else ""
    question = f'<p class="question">{safe(content.question)}</p>' if content.question else ""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{safe(content.title)}</title>\n<style>\n{style}</style></head>\n<body>"
        f"<header><h1>{safe(content.title)}</h1>{question}{asof}</header>\n"
        f'<nav aria-label="Contents"><ol>{contents}</ol></nav>\n<main>{main}</main>\n'
        f'<footer><p id="made">{safe(content.made)}</p></footer><div id="tip" role="tooltip" hidden></div>\n'
        f"<script>\n{script}</script></body></html>\n"
    )


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")
