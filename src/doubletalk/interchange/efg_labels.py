"""Labels of other programs made fit to be ours: no reserved characters, none empty, none twice."""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.game.fields import MAX_LABEL, RESERVED

__all__ = ["cleaned", "distinct", "player_names"]

TAKEN = ("type", "message", "reply", "not")


def cleaned(label: str, keep: str = "") -> str:
    """*label* on one line, with ``/`` in place of the characters that our keys are made with, but for *keep*."""
    words = " ".join("".join(c if c.isprintable() else " " for c in label).split())
    return "".join("/" if c in RESERVED and c not in keep else c for c in words)[:MAX_LABEL].strip()


def distinct(
    labels: Sequence[str], stem: str, otherwise: Sequence[str] = (), keep: str = ""
) -> tuple[str, ...]:
    """The labels, cleaned, when none is empty and no two are alike; else *otherwise*; else stem1, stem2, ..."""
    for choice in (labels, otherwise):
        names = tuple(cleaned(label, keep) for label in choice)
        if names and all(names) and len(set(names)) == len(names):
            return names
    return tuple(f"{stem}{n + 1}" for n in range(len(labels)))


def player_names(labels: Sequence[str]) -> tuple[str, ...]:
    """Names of the players; a name that a game file uses as a key gets an underscore."""
    names = distinct(labels, "player")
    return tuple(f"{name}_" if name in TAKEN else name for name in names)
