"""Small pieces of SVG that hand-laid figures are made of: measured text, boxes, arrows.

Text is measured with a table of average widths of a sans-serif face, on the safe side, so that nothing overflows its
box whichever such face the reader's browser has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

__all__ = [
    "INK",
    "PALETTE",
    "Box",
    "arrow",
    "charted",
    "label",
    "paragraph",
    "rectangle",
    "svg",
    "text_width",
    "wrapped",
]

INK = "#1b1f24"
PALETTE = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#56b4e9")
"""Colours that stay apart for colour-blind readers (Okabe & Ito 2008), the yellow darkened for white paper."""

_NARROW, _WIDE = set("iljtf.,:;|!'()[] I/-"), set("mwMW—@%")


@dataclass(frozen=True)
class Box:
    """A rectangle: left, top, width, height."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.h

    @property
    def middle(self) -> tuple[float, float]:
        """The centre."""
        return self.x + self.w / 2, self.y + self.h / 2


def text_width(words: str, size: float, bold: bool = False) -> float:
    """Width in pixels of a line of text, rounded up a little."""
    units = sum(0.36 if c in _NARROW else 0.95 if c in _WIDE else 0.7 if c.isupper() else 0.6 for c in words)
    return units * size * (1.08 if bold else 1.0)


def wrapped(words: str, width: float, size: float, bold: bool = False) -> list[str]:
    """Lines no wider than *width*; a word that is too long for a line is cut into pieces."""
    lines: list[str] = []
    line = ""
    for word in words.split():
        for piece in _pieces(word, width, size, bold):
            longer = f"{line} {piece}" if line else piece
            if line and text_width(longer, size, bold) > width:
                lines.append(line)
                line = piece
            else:
                line = longer
    return [*lines, line] if line else lines


def _pieces(word: str, width: float, size: float, bold: bool) -> Iterable[str]:
    while text_width(word, size, bold) > width and len(word) > 1:
        cut = max(1, int(len(word) * width / text_width(word, size, bold)))
        yield word[:cut]
        word = word[cut:]
    yield word


def label(
    x: float, y: float, words: str, size: float = 13, *, bold: bool = False, fill: str = INK, anchor: str = "start"
) -> str:
    """One line of text with its baseline at y."""
    weight = ' font-weight="600"' if bold else ""
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" font-size="{_n(size)}" fill="{fill}" text-anchor="{anchor}"{weight}>'
        f"{escape(words)}</text>"
    )


def paragraph(
    x: float,
    y: float,
    lines: Sequence[str],
    size: float = 13,
    *,
    bold: bool = False,
    fill: str = INK,
    leading: float = 1.35,
) -> str:
    """Lines of text below each other; *y* is the top of the first."""
    return "".join(
        label(x, y + size * 0.95 + k * size * leading, line, size, bold=bold, fill=fill) for k, line in enumerate(lines)
    )


def rectangle(
    box: Box, *, stroke: str = INK, fill: str = "#ffffff", radius: float = 6, width: float = 1.5, dash: str = ""
) -> str:
    """A rounded rectangle."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.w)}" height="{_n(box.h)}" rx="{_n(radius)}" '
        f'fill="{fill}" stroke="{stroke}" stroke-width="{_n(width)}"{dashed}/>'
    )


def arrow(points: Sequence[tuple[float, float]], *, stroke: str = INK, dash: str = "") -> str:
    """A line through *points* with a head at its end, drawn without markers so that it copies and prints anywhere."""
    (x0, y0), (x1, y1) = points[-2], points[-1]
    length = max(((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 1e-9)
    ux, uy = (x1 - x0) / length, (y1 - y0) / length
    base = x1 - 9 * ux, y1 - 9 * uy
    wings = [(base[0] - 4.5 * uy, base[1] + 4.5 * ux), (base[0] + 4.5 * uy, base[1] - 4.5 * ux)]
    path = " ".join(f"{_n(x)},{_n(y)}" for x, y in [*points[:-1], base])
    head = " ".join(f"{_n(x)},{_n(y)}" for x, y in [(x1, y1), *wings])
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return (
        f'<polyline points="{path}" fill="none" stroke="{stroke}" stroke-width="1.6"{dashed}/>'
        f'<polygon points="{head}" fill="{stroke}"/>'
    )


def svg(width: float, height: float, parts: Iterable[str], title: str, *, css_class: str = "") -> str:
    """A whole picture with a title for screen readers; it scales with the page."""
    name = f' class="{escape(css_class)}"' if css_class else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg"{name} role="img" viewBox="0 0 {_n(width)} {_n(height)}" '
        f'width="{_n(width)}" height="{_n(height)}" font-family="system-ui, sans-serif">'
        f"<title>{escape(title)}</title>{''.join(parts)}</svg>"
    )


_CLIPS = re.compile(r' clip-path="[^"]*"|<clipPath.*?</clipPath>|<defs>\s*</defs>', re.DOTALL)


def charted(chart: dict[str, Any], title: str, *, wide: bool = True) -> str:
    """A Vega-Lite chart as SVG on one line, with a title for screen readers and a class for wide or narrow pages.

    Clips are left out: the marks end with the axes, and clips would be numbered anew in every picture.
    """
    import vl_convert

    head = title.replace("&", "and").replace("<", "under")
    css = "chart wide" if wide else "chart narrow"
    picture = str(vl_convert.vegalite_to_svg(chart))
    picture = picture.replace(' class="marks"', f' class="{css}"', 1).replace(">", f"><title>{head}</title>", 1)
    return _CLIPS.sub("", picture).replace("\n", "")


def _n(value: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{value:.1f}".rstrip("0").rstrip(".") or "0"
