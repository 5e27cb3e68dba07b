"""The worlds side by side: for each, a strip over the belief that shows which policy is best where."""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.case.window import Window
from doubletalk.exact import decimal
from doubletalk.report.figures_svg import INK, Box, label, rectangle, svg, text_width
from doubletalk.report.page_content import WorldRow
from doubletalk.report.window_figure import Naming

__all__ = ["worlds_svg"]

SHADES = ("#d9d9d9", "#9fd3c7", "#f2c57c", "#c5b3e6", "#a9cbe8", "#f0b7b0")
TIED = "#ffffff"
STRIP, GAP, SIZE, COLUMN = 26.0, 12.0, 12.5, 56.0


def worlds_svg(worlds: Sequence[WorldRow], name: Naming, *, wide: bool = True) -> str:
    """The picture; '' without windows. Strips run from belief 0 to 1; all worlds are drawn alike, in their order."""
    shown = [(world, world.window) for world in worlds if world.window is not None]
    if not shown:
        return ""
    width, start = (1060.0, 26 + COLUMN * len(shown[0][0].sides)) if wide else (340.0, 26.0)
    room = width - start - 14
    actions = list(shown[0][1].segments[0].payoffs)
    shades = dict(zip(actions, SHADES, strict=False))
    parts, y = _legend(actions, shades, name, width)
    if wide:
        parts += [label(26 + COLUMN * k, y, f"({k + 1})", SIZE) for k in range(len(shown[0][0].sides))]
        y += 10
    for world, window in shown:
        cells = [side or "–" for side in world.sides]
        if wide:
            parts.append(label(0, y + 17, str(world.number), SIZE, bold=True))
            parts += [label(26 + COLUMN * k, y + 17, cell, SIZE) for k, cell in enumerate(cells)]
        else:
            told = ", ".join(f"({k}) {cell}" for k, cell in enumerate(cells, 1))
            parts += [label(0, y + 12, str(world.number), SIZE, bold=True), label(26, y + 12, told, SIZE)]
            y += 18
        parts += _strip(window, shades, name, Box(start, y, room, STRIP))
        y += STRIP + GAP
    for k in range(0, 11, 2):
        x = start + room * k / 10
        parts += [label(x, y + 12, f"{k / 10:.1f}", 11.5, anchor="middle")]
    first, belief = name(shown[0][1].roles.first), name(shown[0][1].belief_in)
    axis = f"belief of {first} that it is {belief}"
    parts.append(label(start + room / 2, y + 30, axis, SIZE, anchor="middle"))
    title = f"Best policy of {first} by belief, in each of {len(shown)} worlds"
    return svg(width, y + 38, parts, title, css_class=f"chart {'wide' if wide else 'narrow'}")


def _legend(actions: Sequence[str], shades: dict[str, str], name: Naming, width: float) -> tuple[list[str], float]:
    """Swatches with the names of the policies, in as many lines as they need; and where the picture goes on."""
    parts: list[str] = []
    x, y = 0.0, 2.0
    for action in actions:
        words = f"{name(action)} is best"
        long = 26 + text_width(words, SIZE) + 18
        if x and x + long > width:
            x, y = 0.0, y + 22
        parts += [
            rectangle(Box(x, y, 18, 14), fill=shades[action], stroke="#8c959f", width=1, radius=2),
            label(x + 24, y + 12, words, SIZE),
        ]
        x += long
    return parts, y + 34


def _strip(window: Window, shades: dict[str, str], name: Naming, box: Box) -> list[str]:
    """One world's strip; neighbouring bands with the same best policy are one, named where the name has room."""
    bands: list[tuple[tuple[str, ...], float, float]] = []
    for s in window.segments:
        low, high = decimal(s.low), decimal(s.high)
        if bands and bands[-1][0] == s.best:
            bands[-1] = (s.best, bands[-1][1], high)
        else:
            bands.append((s.best, low, high))
    parts = []
    for best, low, high in bands:
        piece = Box(box.x + box.w * low, box.y, box.w * (high - low), box.h)
        fill = shades.get(best[0], TIED) if len(best) == 1 else TIED
        parts.append(rectangle(piece, fill=fill, stroke="#8c959f", width=1, radius=0))
        words = " or ".join(name(a) for a in best)
        if text_width(words, 12) < piece.w - 6:
            x, y = piece.middle
            parts.append(label(x, y + 4, words, 12, fill=INK, anchor="middle"))
    x = box.x + box.w * decimal(window.prior)
    parts.append(
        f'<path d="M{x:.1f} {box.bottom:.1f} l-5 8 h10 z" fill="{INK}"><title>the prior, {window.prior}</title></path>'
    )
    return parts
