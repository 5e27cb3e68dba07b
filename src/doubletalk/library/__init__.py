"""Classic games as game files; a file's path is its citation, its expected results lie beside it.

``journals/<journal>/<authors and year>/<game>.yaml`` or ``books/...``; ``<game>.expected.yaml`` holds the published or
derived equilibria. Every game file opens with three comments, *Why it matters*, *Published* and *Numbers*, from
which the entries of this index are read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path

from doubletalk.errors import InputError
from doubletalk.game.loading import load_game
from doubletalk.game.model import Game

__all__ = ["Entry", "entries", "find", "load"]

EXPECTED = ".expected.yaml"


@dataclass(frozen=True)
class Entry:
    """One game of the library.

    ``name``    the file's name without ending, unique in the library
    ``path``    the citation, relative to the library, without ending: ``journals/qje/spence1973/two_types``
    ``summary`` why the game matters; ``result`` what was published; ``numbers`` how the file relates to the source
    """

    name: str
    path: str
    title: str
    source: str
    summary: str
    result: str
    numbers: str
    file: Path

    @property
    def expected(self) -> Path:
        """The file with the equilibria that the game must have."""
        return self.file.with_name(self.name + EXPECTED)


def root() -> Path:
    """The folder that holds the library."""
    return Path(str(files(__name__)))


@cache
def entries() -> tuple[Entry, ...]:
    """All games of the library, by path."""
    found = sorted(p for p in root().rglob("*.yaml") if not p.name.endswith(EXPECTED))
    return tuple(_entry(path) for path in found)


def find(name_or_path: str) -> Path:
    """The game file that is meant: its name, its citation path, or any ending of the path that fits one game only.

    Raises ``InputError`` for a name that fits none (with the nearest names) or several (with their paths).
    """
    asked = name_or_path.strip().strip("/").removesuffix(".yaml")
    asked = asked.removeprefix("library/")
    fitting = [e for e in entries() if asked and f"/{e.path}".endswith(f"/{asked}")]
    if len(fitting) == 1:
        return fitting[0].file
    if fitting:
        paths = ", ".join(entry.path for entry in fitting)
        raise InputError(f"{asked!r} fits {len(fitting)} library games: {paths}; give more of the path")
    known = [e.name for e in entries()]
    near = get_close_matches(asked.rpartition("/")[2], known, n=3, cutoff=0.5)
    hint = f"nearest: {', '.join(near)}" if near else f"known: {', '.join(known)}"
    raise InputError(f"no library game {name_or_path!r}; {hint}")


def load(name: str, parameters: Mapping[str, object] | None = None) -> Game:
    """The library game of that name or path, with the given values in place of its parameters' own."""
    return load_game(find(name), parameters or {})


def _entry(path: Path) -> Entry:
    lines = path.read_text(encoding="utf-8").splitlines()
    notes = _notes([line for line in lines if line.startswith("#")])
    plain = dict(_field(line) for line in lines if re.match(r"(title|source): ", line))
    return Entry(
        name=path.stem,
        path=path.relative_to(root()).with_suffix("").as_posix(),
        title=plain["title"],
        source=plain["source"],
        summary=notes["Why it matters"],
        result=notes["Published"],
        numbers=notes["Numbers"],
        file=path,
    )


def _field(line: str) -> tuple[str, str]:
    key, _, text = line.partition(":")
    return key, text.strip().strip("\"'")


def _notes(comments: list[str]) -> dict[str, str]:
    """The opening comments by their heading; indented lines go on with the note before."""
    notes: dict[str, str] = {}
    heading = ""
    for line in comments:
        words = line.removeprefix("#")
        opening = re.match(r" (Why it matters|Published|Numbers): (.*)", words)
        if opening:
            heading = opening[1]
            notes[heading] = opening[2].strip()
        elif heading:
            notes[heading] += " " + words.strip()
    return notes
