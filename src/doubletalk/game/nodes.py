"""YAML (or JSON) text as nodes that remember their lines and keep every scalar exactly as it was written.

Only the plain part of YAML is read: tables, lists and text. So ``yes`` is the text "yes", ``0.9`` the text "0.9", and
anchors, aliases, tags, merge keys, repeated keys and several documents in one file are errors.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import yaml

from doubletalk.errors import GameFileError
from doubletalk.exact import Rational
from doubletalk.game.wording import quoted

__all__ = ["Items", "Node", "Scalar", "Table", "found", "node_of", "read_nodes", "read_text", "shown_path"]

MAX_BYTES = 4_000_000
MAX_DEPTH = 40
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A piece of text as written; ``null`` is true for an empty or null value without quotes."""

    text: str
    line: int | None = None
    null: bool = False


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    items: tuple[Node, ...]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table of keys; ``lines`` has each key's own line."""

    entries: Mapping[str, Node]
    line: int | None = None
    lines: Mapping[str, int | None] = field(default_factory=dict)

    def line_of(self, key: str) -> int | None:
        """The line of *key*, or of the table where it is unknown."""
        return self.lines.get(key, self.line)


Node = Scalar | Items | Table


def found(node: Node) -> str:
    """What *node* is, for an error text."""
    if isinstance(node, Table):
        return "a table" if node.entries else "an empty table"
    if isinstance(node, Items):
        return "a list" if node.items else "an empty list"
    return "nothing (null)" if node.null else quoted(node.text)


def read_text(path: Path) -> str:
    """The text of a game file.

    Raises :class:`GameFileError` when the file cannot be opened, is larger than 4 MB, or is not UTF-8 text.
    """
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as wrong:
        reason = getattr(wrong, "strerror", None) or str(wrong)
        raise GameFileError(f"cannot be read: {reason}", shown_path(path)) from None
    if len(raw) > MAX_BYTES:
        raise GameFileError(f"larger than {MAX_BYTES:,} bytes; a game file is short text", shown_path(path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = raw.count(b"\n", 0, wrong.start) + 1
        raise GameFileError(f"not UTF-8 text: byte {raw[wrong.start]:#04x}", shown_path(path), line) from None


def shown_path(path: Path) -> str:
    """The path for errors, on one line."""
    text = str(path)
    return text if text.isprintable() else repr(text)


_UNWRITTEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def read_nodes(text: str, expected: str = "keys and values") -> Node:
    """The one YAML or JSON document that *text* holds. Raises :class:`GameFileError` with a line, without a path.

    expected  what an empty file should have held, in words
    """
    if len(text) > MAX_BYTES:
        raise GameFileError(f"larger than {MAX_BYTES:,} characters; a game file is short text")
    text = text.removeprefix("\ufeff")
    bad = _UNWRITTEN.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + 1
        raise GameFileError(f"binary data or a control character: {bad.group()!r}", line=line)
    try:
        return _document(yaml.parse(text, Loader=_LOADER), expected)
    except yaml.YAMLError as wrong:
        raise _syntax_error(wrong, text) from None
    except (ValueError, OverflowError) as wrong:
        raise GameFileError(f"not YAML: {quoted(str(wrong))}") from None


def _syntax_error(wrong: yaml.YAMLError, text: str) -> GameFileError:
    mark = getattr(wrong, "problem_mark", None) or getattr(wrong, "context_mark", None)
    problem = getattr(wrong, "problem", None) or getattr(wrong, "reason", None) or "unreadable"
    line = min(int(getattr(mark, "line", 0)), text.count("\n")) + 1
    hint = "; indent with spaces, not tabs" if "\\t" in str(problem) or _tab_at(text, line) else ""
    return GameFileError(f"not YAML: {' '.join(str(problem).split())}{hint}", line=line)


def _tab_at(text: str, line: int) -> bool:
    lines = text.split("\n")
    return line <= len(lines) and lines[line - 1].lstrip(" ").startswith("\t")


def _document(events: Iterator[yaml.Event], expected: str) -> Node:
    next(events)
    start = next(events)
    if isinstance(start, yaml.StreamEndEvent):
        raise GameFileError(f"the file is empty; expected {expected}", line=1)
    node = _node(next(events), events, 0)
    next(events)
    after = next(events)
    if not isinstance(after, yaml.StreamEndEvent):
        raise GameFileError("a second document begins here; a file holds one game", line=_line(after))
    return node


def _line(event: yaml.Event) -> int:
    return int(getattr(event.start_mark, "line", 0)) + 1


def _node(event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
    line = _line(event)
    if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
        raise GameFileError("anchors and aliases (& and *) are not part of the format; write it out", line=line)
    tag = getattr(event, "tag", None)
    if tag is not None:
        raise GameFileError(f"tags such as {quoted(str(tag))} are not part of the format", line=line)
    if depth > MAX_DEPTH:
        raise GameFileError(f"nested more than {MAX_DEPTH} deep", line=line)
    if isinstance(event, yaml.ScalarEvent):
        return Scalar(event.value, line, bool(event.implicit[0]) and event.value in _NULLS)
    if isinstance(event, yaml.SequenceStartEvent):
        items = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(_node(event, events, depth + 1))
        return Items(tuple(items), line)
    return _table(events, line, depth)


def _table(events: Iterator[yaml.Event], line: int, depth: int) -> Table:
    entries: dict[str, Node] = {}
    lines: dict[str, int | None] = {}
    while not isinstance(event := next(events), yaml.MappingEndEvent):
        key = _node(event, events, depth + 1)
        if not isinstance(key, Scalar) or key.null:
            raise GameFileError(f"a key must be a name, found {found(key)}", line=key.line)
        if key.text in entries:
            raise GameFileError(f"{quoted(key.text)} is given twice, first on line {lines[key.text]}", line=key.line)
        entries[key.text] = _node(next(events), events, depth + 1)
        lines[key.text] = key.line
    return Table(entries, line, lines)


def node_of(value: object) -> Node:
    """Python tables, lists, text and exact numbers as nodes without lines (see ``build``)."""
    if isinstance(value, (Scalar, Items, Table)):
        return value
    if isinstance(value, Mapping):
        return Table({str(key): node_of(inner) for key, inner in value.items()})
    if value is None:
        return Scalar("", null=True)
    if isinstance(value, bool):
        raise GameFileError(f"expected text or an exact number, found {value!r}")
    if isinstance(value, (str, int, Fraction, Rational)):
        return Scalar(str(value))
    if isinstance(value, (list, tuple, range)):
        return Items(tuple(node_of(inner) for inner in value))
    raise GameFileError(f"expected text, an exact number, a table or a list, found {quoted(repr(value))}")
