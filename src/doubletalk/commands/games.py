"""Which game a command is about: a file, or a name in the library; and the parameters set for it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from doubletalk.errors import InputError

if TYPE_CHECKING:
    from doubletalk.game.loading import GameFile

__all__ = ["assignments", "game_file", "game_path", "library_file"]


def game_path(name: str) -> Path:
    """The file that *name* means: a path if there is one, otherwise a game of the library.

    Raises ``InputError``, with the nearest library names, when it is neither.
    """
    path = Path(name)
    if path.is_dir():
        raise InputError("is a folder; expected a game file, or the name of a library game", name)
    if path.exists():
        return path
    try:
        return library_file(name)
    except InputError as unknown:
        raise InputError(f"no such file, and {unknown.message}", name) from None


def library_file(name: str) -> Path:
    """The library game of that name; hyphens and underscores are the same."""
    from doubletalk.library import find

    return find(name.replace("-", "_"))


def game_file(name: str) -> GameFile:
    """The game file that *name* means, read and checked."""
    from doubletalk.game.loading import read_game_file

    return read_game_file(game_path(name))


def assignments(settings: Sequence[str]) -> dict[str, str]:
    """``["strong=1/3"]`` -> ``{"strong": "1/3"}``; a setting without a name or a value is a usage error."""
    values: dict[str, str] = {}
    for setting in settings:
        name, equals, value = (part.strip() for part in setting.partition("="))
        if not equals or not name or not value:
            raise typer.BadParameter(f"expected name=value, got {setting!r}", param_hint="'--set'")
        if name in values:
            raise typer.BadParameter(f"parameter {name!r} is set twice", param_hint="'--set'")
        values[name] = value
    return values
