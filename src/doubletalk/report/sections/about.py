"""What was assumed, how it was done, what is cited."""

from __future__ import annotations

from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.tables import code, link, safe, table

__all__ = ["assumptions", "method", "sources"]


def assumptions(content: PageContent) -> Section | None:
    """What was assumed, in words, and the parameters with where they come from."""
    parts = []
    if content.assumptions:
        parts.append("<ul>" + "".join(f"<li>{safe(words)}</li>" for words in content.assumptions) + "</ul>")
    if content.parameters:
        whole = '<span class="whole">{}</span>'
        rows = [(code(p.name), whole.format(code(p.value)), safe(p.meaning)) for p in content.parameters]
        parts.append("<h3>Parameters</h3>" + table(("Name", "Value", "Meaning and where it comes from"), rows))
    return Section("assumptions", "What was assumed", "".join(parts)) if parts else None


def method(content: PageContent) -> Section | None:
    """Method, certificates, versions, how to reproduce."""
    if not content.method:
        return None
    rows = [(f"<strong>{safe(label)}</strong>", safe(words)) for label, words in content.method]
    return Section("method", "Method and certificates", table(("", ""), rows, css="method"))


def sources(content: PageContent) -> Section | None:
    """The works cited."""
    rows = [
        f'<li id="source-{safe(s.key)}">{safe(s.words)} {link(s.url, s.url) if s.url else ""}</li>'
        for s in content.sources
    ]
    return Section("sources", "Sources", f"<ol>{''.join(rows)}</ol>") if rows else None
