"""``doubletalk check``: is the file right, and what was understood."""

from __future__ import annotations

from typing import Annotated

import typer

from doubletalk.commands.games import assignments, game_file
from doubletalk.commands.running import put

__all__ = ["check"]


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A game file, or the name of a library game.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter; repeatable.")
    ] = None,
) -> None:
    """Check a game file and say what was understood: players, size, and which solver applies and why."""
    values = assignments(settings or [])
    game = game_file(file).game(values)
    from doubletalk.game.describing import describe

    description = describe(game)
    heading = [description.title, *([description.source] if description.source else [])]
    put("\n".join([*heading, "", *description.sentences()]) + "\n")
