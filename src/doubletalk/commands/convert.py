"""``doubletalk convert``: a game to Gambit's extensive-form file and back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.games import assignments, game_file
from doubletalk.commands.running import check_writable, note, save
from doubletalk.errors import InputError

if TYPE_CHECKING:
    from doubletalk.game.model import Game

__all__ = ["convert"]

GAMBIT = ".efg"
GAME_FILES = (".yaml", ".yml", ".json")


def convert(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="A game file, the name of a library game, or a Gambit .efg file.")
    ],
    target: Annotated[Path, typer.Argument(metavar="TO", help="The file to write: .efg for Gambit, .yaml for ours.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter; repeatable.")
    ] = None,
) -> None:
    """Carry a game to Gambit's format (.efg) or back; all numbers stay exact."""
    suffix = target.suffix.lower()
    if suffix != GAMBIT and suffix not in GAME_FILES[:2]:
        raise InputError(
            f"found the ending '{target.suffix}', expected .efg (for Gambit) or .yaml (our game file)", str(target)
        )
    check_writable(target)
    game = _game(source, settings or [])
    lost = _lost(game, suffix)
    save(target, _text(game, suffix))
    if lost:
        note(f"left out: {lost}")


def _game(source: str, settings: Sequence[str]) -> Game:
    values = assignments(settings)
    if Path(source).suffix.lower() != GAMBIT:
        return game_file(source).game(values)
    if values:
        raise typer.BadParameter("a Gambit file has no parameters to set", param_hint="'--set'")
    from doubletalk.game.nodes import read_text
    from doubletalk.interchange import from_efg

    return from_efg(read_text(Path(source)), source)


def _text(game: Game, suffix: str) -> str:
    if suffix == GAMBIT:
        from doubletalk.interchange import to_efg

        return to_efg(game)
    from doubletalk.game.writing import write_game

    return write_game(game)


def _lost(game: Game, suffix: str) -> str:
    """What the other format cannot carry, in words; '' for nothing."""
    parts = []
    if game.parameters:
        parts.append("the parameters (numbers stand in their place)")
    if suffix == GAMBIT and (game.traits or game.channels):
        parts.append("the traits and channels (types and messages keep their names)")
    return " and ".join(parts)
