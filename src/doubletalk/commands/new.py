"""``doubletalk new``: a case of one's own, copied from one that works."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from doubletalk.commands.running import put

__all__ = ["new"]


def new(
    name: Annotated[Path, typer.Argument(metavar="NAME", help="The folder to make; it must not exist yet.")],
    source: Annotated[
        str, typer.Option("--from", metavar="CASE", help="The case to copy: a folder, or the name of a shipped case.")
    ] = "belarus",
) -> None:
    """Copy a case to start your own from; ``--from firm`` is a small one."""
    from doubletalk.case.finding import new_case

    made = new_case(name, source)
    put(f"made {made}; edit its files, then: doubletalk study {made}\n")
