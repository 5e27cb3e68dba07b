"""``doubletalk library``: the classic games that come with the package."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.games import library_file
from doubletalk.commands.running import put, terminal

if TYPE_CHECKING:
    from doubletalk.library import Entry

__all__ = ["library"]


def library(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Print this game's file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """List the games of the library with their sources; with NAME, print that game's file."""
    from doubletalk.library import entries

    if name is None:
        _list(entries(), json)
        return
    path = library_file(name)
    entry = next(entry for entry in entries() if entry.file == path)
    text = path.read_text(encoding="utf-8")
    if json:
        from doubletalk.equilibrium.output import json_text

        put(json_text({**_record(entry), "text": text}))
    else:
        put(text)


def _record(entry: Entry) -> dict[str, str]:
    return {
        "name": entry.name,
        "path": entry.path,
        "title": entry.title,
        "source": entry.source,
        "summary": entry.summary,
        "result": entry.result,
        "numbers": entry.numbers,
    }


def _list(games: tuple[Entry, ...], json: bool) -> None:
    if json:
        from doubletalk.equilibrium.output import json_text

        put(json_text({"games": [_record(entry) for entry in games]}))
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("name", style="cyan", no_wrap=True)
    table.add_column("game and source", overflow="fold")
    for entry in games:
        table.add_row(entry.name, f"{entry.title}. {entry.source}")
    console = terminal()
    console.print(table)
    console.print("\nSolve one: doubletalk solve NAME. Print its file: doubletalk library NAME.")
