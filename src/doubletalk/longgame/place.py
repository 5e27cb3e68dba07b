"""Which file of a case folder is its long game, as ``case.yaml`` says: for commands that read no more of the case."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from doubletalk.errors import InputError

__all__ = ["GAME_FILE", "Place", "long_game_in"]

GAME_FILE = "longgame.yaml"


class Place(NamedTuple):
    """The file, and the cycle that the case asks about, "" where it asks for none."""

    file: Path
    cycle: str


def long_game_in(folder: Path) -> Place:
    """What ``longgame:`` in ``case.yaml`` names, else ``longgame.yaml``; InputError where there is no such file."""
    from doubletalk.game.nodes import Scalar, Table, read_nodes, read_text

    case = folder / "case.yaml"
    top = read_nodes(read_text(case)) if case.exists() else None
    entry = top.entries.get("longgame") if isinstance(top, Table) else None
    words = {"file": GAME_FILE, "cycle": ""}
    if isinstance(entry, Scalar):
        words["file"] = entry.text
    elif isinstance(entry, Table):
        words |= {key: node.text for key in words if isinstance(node := entry.entries.get(key), Scalar)}
    file = folder / words["file"]
    if not file.is_file():
        raise InputError(
            f"has no long game: no file {words['file']}; name one with longgame: in case.yaml (docs/longgame.md)",
            str(folder),
        )
    return Place(file, words["cycle"])
