"""How errors about game files are worded: short, on one line, with the nearest known name where one is near."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from difflib import get_close_matches

__all__ = ["listing", "nearest", "quoted", "unknown"]

SHOWN_CHARACTERS = 60
SHOWN_NAMES = 8
COMPARED_NAMES = 2000


def quoted(text: str) -> str:
    """*text* in quotes, on one line, shortened when long."""
    return repr(text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…")


def listing(names: Iterable[str]) -> str:
    """``'a', 'b' and 12 more``: the first few names, quoted."""
    names = list(names)
    shown = ", ".join(quoted(name) for name in names[:SHOWN_NAMES])
    return shown if len(names) <= SHOWN_NAMES else f"{shown} and {len(names) - SHOWN_NAMES} more"


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known name that is spelt most like *name*, or None when none is near."""
    if len(name) > 200:
        return None
    lowered = {other.lower(): other for other in list(known)[:COMPARED_NAMES] if len(other) <= 200}
    close = get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[close[0]] if close else None


def unknown(kind: str, name: str, known: Collection[str]) -> str:
    """``unknown message 'beeer'; did you mean 'beer'? Known: 'beer', 'quiche'``."""
    near = nearest(name, known)
    guess = f"; did you mean {quoted(near)}?" if near is not None else "."
    return f"unknown {kind} {quoted(name)}{guess} Known: {listing(known) if known else 'none'}"
