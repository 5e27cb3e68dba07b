"""HTML that cannot go wrong: everything from a case is escaped, and only http and https addresses become links."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape

__all__ = ["code", "details", "dict_rows", "link", "number", "p_words", "paragraphs", "safe", "stacked", "table"]


def safe(words: object) -> str:
    """Text as HTML."""
    return escape(str(words))


def code(words: str) -> str:
    """A statement or a number as it is written in a file; '' stays ''."""
    return f"<code>{safe(words)}</code>" if words else ""


def link(url: str, words: str) -> str:
    """A link that opens a new page, or the words alone when the address is not a web address."""
    if not url.startswith(("https://", "http://")):
        return safe(words)
    return f'<a href="{safe(url)}" target="_blank" rel="noopener noreferrer">{safe(words or url)}</a>'


def paragraphs(texts: Iterable[str]) -> str:
    """Each text as a paragraph."""
    return "".join(f"<p>{safe(words)}</p>" for words in texts)


def details(summary: str, body: str, *, opened: bool = False, css: str = "") -> str:
    """A part that opens on a click. *body* is HTML; ``css="screen"`` leaves it out on paper."""
    name = f' class="{css}"' if css else ""
    return f"<details{name}{' open' if opened else ''}><summary>{safe(summary)}</summary>{body}</details>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, caption: str = "", css: str = "") -> str:
    """A table in a frame that scrolls when the page is narrow. Cells are HTML, headings are text."""
    top = "".join(f'<th scope="col">{safe(cell)}</th>' for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    title = f"<caption>{safe(caption)}</caption>" if caption else ""
    name = f' class="{css}"' if css else ""
    return f'<div class="scroll"><table{name}>{title}<thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def stacked(head: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], *, caption: str = "", css: str = "") -> str:
    """A table whose rows become cards on a narrow page: (id of the row or '', cells as HTML)."""
    top = "".join(f'<th scope="col">{safe(cell)}</th>' for cell in head)
    lines = []
    for name, cells in rows:
        anchor = f' id="{safe(name)}"' if name else ""
        inner = "".join(f'<td data-label="{safe(h)}">{cell}</td>' for h, cell in zip(head, cells, strict=True))
        lines.append(f"<tr{anchor}>{inner}</tr>")
    title = f"<caption>{safe(caption)}</caption>" if caption else ""
    body = f"<thead><tr>{top}</tr></thead><tbody>{''.join(lines)}</tbody>"
    return f'<div class="scroll"><table class="stack {css}">{title}{body}</table></div>'


def number(value: float | None) -> str:
    """Two or three figures; a dash where there is no number."""
    if value is None or value != value:
        return "–"
    return str(round(value)) if abs(value - round(value)) < 1e-9 else f"{value:.2f}"


def p_words(p: float | None, error: float | None) -> str:
    """``0.031 ± 0.002``, ``0.031 (exact)``, or a dash."""
    if p is None:
        return "–"
    return f"{p:.3f} (exact)" if not error else f"{p:.3f} ± {error:.3f}"


def dict_rows(rows: Sequence[Mapping[str, str]]) -> tuple[list[str], list[list[str]]]:
    """(headings, rows of escaped cells) of rows that all have the same keys."""
    head = list(rows[0]) if rows else []
    return head, [[safe(row[key]) for key in head] for row in rows]
