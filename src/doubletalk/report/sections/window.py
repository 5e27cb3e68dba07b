"""The window: for which belief each policy does what."""

from __future__ import annotations

import re

from doubletalk.case.window import Window
from doubletalk.exact import Rational
from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.sections.badges import which_world
from doubletalk.report.tables import code, details, dict_rows, safe, stacked
from doubletalk.report.window_figure import band_words, moving_ends, number_words, segment_row, window_svg

__all__ = ["window"]


def window(content: PageContent) -> Section | None:
    """The figure, its exact numbers, and how they move."""
    found = content.window
    if found is None:
        return None
    first, second = content.name(found.roles.first), content.name(found.roles.second)
    intro = (
        f"For each belief that it is {content.name(found.belief_in)}: what every policy of {first} is worth to it once "
        f"{second} and then {_sender(content)} have answered as suits them best. The belief is what the audiences hold "
        "after they have heard the message."
    )
    body = (
        f"<p>{safe(intro)}</p>{which_world(content)}"
        + _picture(content, found)
        + _bands(content, found)
    )
    ends = [
        ("", (safe(_phrase(content, e.name)), "never" if e.value is None else safe(number_words(e.value))))
        for e in found.endpoints()
    ]
    body += stacked(("What changes", "at the belief"), ends, css="exact")
    return Section("window", "The window", body + _moves(content))


def _sender(content: PageContent) -> str:
    return content.name(content.solutions[0][1].game.sender) if content.solutions else "the sender"


def _picture(content: PageContent, found: Window) -> str:
    """The figure for wide and for narrow screens, with what the colours mean."""
    shown = {s.offer for s in found.segments}
    legend = "".join(
        f'<li><span class="swatch {zone.replace(" ", "-")}"></span> {safe(words[:1].upper() + words[1:])}.</li>'
        for zone, words in band_words(found, content.name).items()
        if zone in shown
    )
    return (
        f'<figure><div class="scroll">{window_svg(found, content.name)}</div>'
        f"{window_svg(found, content.name, wide=False)}"
        "<figcaption>Letters name the bands of the table below; grey lines are where something changes; the triangle "
        f"is the belief before any message, {safe(found.prior)}.</figcaption></figure>"
        f'<ul class="plain">{legend}</ul>'
    )


def _bands(content: PageContent, found: Window) -> str:
    """The bands in exact numbers."""
    head, rows = dict_rows([segment_row(found, k, s, content.name) for k, s in enumerate(found.segments)])
    caption = "The bands in exact numbers. Payoffs are at the lower and the upper end of the band."
    return stacked([h[:1].upper() + h[1:] for h in head], [("", row) for row in rows], caption=caption, css="bands")


def _phrase(content: PageContent, words: str) -> str:
    """*words* with the labels of the window's roles put into the words of the case."""
    if content.window is None:
        return words
    roles = content.window.roles
    labels = [roles.first, roles.second, roles.offer, roles.stick, roles.screen or "", roles.outbid]
    pattern = "|".join(re.escape(label) for label in labels if label)
    said = re.sub(rf"\b(?:{pattern})\b", lambda match: content.name(match.group()), words)
    return said[:1].upper() + said[1:]


def _moves(content: PageContent) -> str:
    ends = moving_ends(content.moves)
    if not ends:
        return ""
    parameters = list(dict.fromkeys(move.parameter for move in content.moves))
    held = [name for name in parameters if any(name in end.moves for end in ends)]
    rows = []
    for parameter in held:
        row = [code(parameter)]
        for end in ends:
            less, more = end.moves.get(parameter, (None, None))
            row.append(f"{_value(less)} → {_value(more)}" if parameter in end.moves else "·")
        rows.append(row)
    now = ["<strong>now</strong>", *(f"<strong>{_value(end.value)}</strong>" for end in ends)]
    names = [code(name) for name in parameters if name not in held]
    head = ("Parameter", *("; ".join(_phrase(content, name) for name in end.names) for end in ends))
    intro = (
        "Each belief when the parameter alone is a tenth smaller and a tenth larger than in the study; a dot: it stays "
        "where it is. Changes that always come together share a column."
    )
    rest = f"Changing any of {', '.join(names)} alone by a tenth moves no end; larger changes can."
    return details(
        "How the window moves with each parameter",
        f"<p>{intro}</p>"
        + stacked(head, [("", row) for row in (now, *rows)], css="exact small")
        + (f"<p>{rest}</p>" if names else ""),
    )


def _value(value: Rational | None) -> str:
    return "none" if value is None else safe(number_words(value))
