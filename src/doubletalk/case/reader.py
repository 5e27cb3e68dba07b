"""Values out of the nodes of one file of a case; every complaint names that file and a line."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from doubletalk.errors import InputError
from doubletalk.game.nodes import Items, Node, Scalar, Table, found, read_nodes, read_text, shown_path
from doubletalk.game.wording import unknown

__all__ = ["CaseFileError", "Reader"]


class CaseFileError(InputError):
    """A file of a case breaks a rule of its format."""


class Reader:
    """Reads values out of one file's nodes; every complaint names that file and a line."""

    def __init__(self, path: Path) -> None:
        self.path = shown_path(path)
        try:
            self.top = self.table(read_nodes(read_text(path)), "the file")
        except CaseFileError:
            raise
        except InputError as wrong:
            raise CaseFileError(wrong.message, self.path, wrong.line) from None

    def error(self, message: str, line: int | None) -> CaseFileError:
        """A complaint about this file, to be raised."""
        return CaseFileError(message, self.path, line)

    def table(self, node: Node, what: str) -> Table:
        """The node as a table."""
        if not isinstance(node, Table):
            raise self.error(f"{what}: found {found(node)}, expected a table", node.line)
        return node

    def keys(self, table: Table, what: str, known: tuple[str, ...], required: tuple[str, ...]) -> None:
        """Refuse a key that is not *known*, with the nearest that is, and the lack of a *required* one."""
        for key in table.entries:
            if key not in known:
                raise self.error(f"{what}: {unknown('key', key, known)}", table.line_of(key))
        for key in required:
            if key not in table.entries:
                raise self.error(f"{what}: the key '{key}' is missing", table.line)

    def text(self, table: Table, key: str, what: str, default: str | None = None) -> str:
        """The text under *key*, its white space made single."""
        if key not in table.entries and default is not None:
            return default
        node = table.entries[key]
        if not isinstance(node, Scalar) or node.null or not node.text.strip():
            raise self.error(f"{what}: {key}: found {found(node)}, expected text", table.line_of(key))
        return " ".join(node.text.split())

    def texts(self, table: Table, key: str, what: str) -> tuple[str, ...]:
        """The texts under *key*: a list, or one text alone; none where the key is absent."""
        if key not in table.entries:
            return ()
        node = table.entries[key]
        items = node.items if isinstance(node, Items) else (node,)
        for item in items:
            if not isinstance(item, Scalar) or item.null:
                raise self.error(f"{what}: {key}: found {found(item)}, expected text or a list of texts", item.line)
        return tuple(" ".join(item.text.split()) for item in items if isinstance(item, Scalar))

    def named(self, table: Table, key: str, what: str) -> dict[str, str]:
        """A table of texts under *key*; empty where the key is absent."""
        if key not in table.entries:
            return {}
        inner = self.table(table.entries[key], f"{what}: {key}")
        return {name: self.text(inner, name, f"{what}: {key}") for name in inner.entries}

    def one_of(self, table: Table, key: str, what: str, kind: str, known: Collection[str]) -> str:
        """The text under *key*, which has to be one of *known*; a wrong one is told the nearest."""
        word = self.text(table, key, what)
        if word not in known:
            raise self.error(f"{what}: {key}: {unknown(kind, word, known)}", table.line_of(key))
        return word

    def items(self, table: Table, key: str, what: str) -> tuple[Node, ...]:
        """The entries of a list that may not be empty."""
        node = table.entries[key]
        if not isinstance(node, Items) or not node.items:
            raise self.error(f"{key}: found {found(node)}, expected a list of {what}", table.line_of(key))
        return node.items

    def file(self, table: Table, key: str, what: str, home: Path) -> Path:
        """The file that *key* names, which has to be there, inside the folder *home*."""
        return self.inside(home, self.text(table, key, what), key if what == "case" else what, table.line_of(key))

    def inside(self, home: Path, name: str, what: str, line: int | None) -> Path:
        """The file of that name inside the folder *home*; a wrong one is told the nearest that is there."""
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise self.error(f"{what}: found '{name}', expected a file inside the case folder", line)
        if not (home / name).is_file():
            near = sorted(p.name for p in home.iterdir() if p.is_file())
            raise self.error(f"{what}: {unknown('file', name, near)}", line)
        return home / name
