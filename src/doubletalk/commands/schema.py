"""``doubletalk schema``: the JSON schemas of the public formats."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from doubletalk.commands.running import put

__all__ = ["Format", "schema"]


class Format(StrEnum):
    """The formats that have a schema."""

    game = "game"
    solution = "solution"
    coding = "coding"
    longgame = "longgame"
    lenses = "lenses"
    vocabulary = "vocabulary"


def schema(
    which: Annotated[Format, typer.Argument(metavar="|".join(Format), help="Which format.")],
) -> None:
    """Print the JSON schema of a format: game file, solution file, coding, long game, lenses or vocabulary."""
    from importlib.resources import files

    put((files("doubletalk") / "schemas" / f"{which.value}.schema.json").read_text(encoding="utf-8"))
