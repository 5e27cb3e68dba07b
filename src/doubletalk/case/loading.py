"""A case folder, read and checked: case.yaml, its games and its claims; every error names file and line.

Only ``title`` and ``games`` are required. Claims, a record, a table of what would tell the sides apart, sources and a
window are read where case.yaml names them, so a small case is a small folder.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from doubletalk.case.language import parse_statement
from doubletalk.case.syntax import ClaimError
from doubletalk.case.window import WindowRoles
from doubletalk.errors import InputError
from doubletalk.game.loading import GameFile, read_game_file
from doubletalk.game.nodes import Items, Node, Scalar, Table, found, read_nodes, read_text, shown_path
from doubletalk.game.wording import unknown

__all__ = ["Case", "CaseFileError", "Claim", "load_case", "load_claims"]

_CASE_KEYS = (
    "doubletalk_case",
    "title",
    "question",
    "as_of",
    "actors",
    "words",
    "games",
    "claims",
    "record",
    "tells_apart",
    "sources",
    "window",
    "vary",
    "assumptions",
    "policies",
    "longgame",
    "coding",
)
_CLAIM_KEYS = ("id", "who", "of", "says", "source", "statement", "game", "assumes", "cannot")
_WINDOW_KEYS = ("game", "first", "second", "offer", "stick", "screen", "outbid")
CASE_FILE = "case.yaml"


class CaseFileError(InputError):
    """A file of a case breaks a rule of its format."""


@dataclass(frozen=True)
class Claim:
    """One claim: who makes it, in neutral words, and the statement that asks it (or why it cannot be asked).

    ``kind`` "game", "record", "long game" or "cannot". ``of`` is the proposition of the source that it stands for.
    """

    id: str
    who: str
    of: str
    says: str
    source: str
    kind: str
    statement: str | None
    game: str | None
    assumes: tuple[str, ...]
    cannot: str | None
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Case:
    """Everything a case folder says. ``window`` is (name of the game, roles); absent parts are None or empty.

    ``vary``: the parameters that a quick search for flips tries. ``words``: what the report calls players, types,
    actions and parameters of the games.
    """

    folder: Path
    title: str
    question: str
    as_of: dt.date | None
    actors: Mapping[str, str]
    games: Mapping[str, GameFile]
    sides: Mapping[str, str]
    claims: tuple[Claim, ...]
    record: bool
    tells_apart: Path | None
    sources: Path | None
    window: tuple[str, WindowRoles] | None
    assumptions: tuple[str, ...]
    vary: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)


class _Reader:
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
        return CaseFileError(message, self.path, line)

    def table(self, node: Node, what: str) -> Table:
        if not isinstance(node, Table):
            raise self.error(f"{what}: found {found(node)}, expected a table", node.line)
        return node

    def keys(self, table: Table, what: str, known: tuple[str, ...], required: tuple[str, ...]) -> None:
        for key in table.entries:
            if key not in known:
                raise self.error(f"{what}: {unknown('key', key, known)}", table.line_of(key))
        for key in required:
            if key not in table.entries:
                raise self.error(f"{what}: the key '{key}' is missing", table.line)

    def text(self, table: Table, key: str, what: str, default: str | None = None) -> str:
        if key not in table.entries and default is not None:
            return default
        node = table.entries[key]
        if not isinstance(node, Scalar) or node.null or not node.text.strip():
            raise self.error(f"{what}: {key}: found {found(node)}, expected text", table.line_of(key))
        return " ".join(node.text.split())

    def texts(self, table: Table, key: str, what: str) -> tuple[str, ...]:
        if key not in table.entries:
            return ()
        node = table.entries[key]
        items = node.items if isinstance(node, Items) else (node,)
        for item in items:
            if not isinstance(item, Scalar) or item.null:
                raise self.error(f"{what}: {key}: found {found(item)}, expected text or a list of texts", item.line)
        return tuple(" ".join(item.text.split()) for item in items if isinstance(item, Scalar))

    def named(self, table: Table, key: str, what: str) -> dict[str, str]:
        if key not in table.entries:
            return {}
        inner = self.table(table.entries[key], f"{what}: {key}")
        return {name: self.text(inner, name, f"{what}: {key}") for name in inner.entries}


def load_case(folder: str | Path) -> Case:
    """The case in *folder*. Raises ``InputError`` (file, line, what was found, what was expected)."""
    home = Path(folder)
    place = home / CASE_FILE
    if not place.is_file():
        raise CaseFileError(f"no {CASE_FILE} here; expected a case folder", shown_path(home))
    reader = _Reader(place)
    top = reader.top
    reader.keys(top, "case", _CASE_KEYS, ("doubletalk_case", "title", "games"))
    if reader.text(top, "doubletalk_case", "case") != "1":
        raise reader.error("doubletalk_case: expected 1, the version of the format", top.line_of("doubletalk_case"))
    paths = {name: _path(reader, top, "games", home, text) for name, text in reader.named(top, "games", "case").items()}
    if not paths:
        raise reader.error(
            "games: found none, expected at least one, as in exchange: exchange.yaml", top.line_of("games")
        )
    games = {name: read_game_file(path) for name, path in paths.items()}
    sides: dict[str, str] = {}
    claims: tuple[Claim, ...] = ()
    if "claims" in top.entries:
        sides, claims = load_claims(_file(reader, top, "claims", home), tuple(games))
    return Case(
        home,
        reader.text(top, "title", "case"),
        reader.text(top, "question", "case", ""),
        _date(reader, top),
        reader.named(top, "actors", "case"),
        games,
        sides,
        claims,
        _flag(reader, top, "record"),
        _file(reader, top, "tells_apart", home) if "tells_apart" in top.entries else None,
        _file(reader, top, "sources", home) if "sources" in top.entries else None,
        _window(reader, top, tuple(games)),
        reader.texts(top, "assumptions", "case"),
        _vary(reader, top, games),
        words=_words(reader, top, games),
    )


def _vary(reader: _Reader, top: Table, games: Mapping[str, GameFile]) -> tuple[str, ...]:
    known = tuple(dict.fromkeys(name for file in games.values() for name in file.parameters))
    names = reader.texts(top, "vary", "case")
    for name in names:
        if name not in known:
            raise reader.error(f"vary: {unknown('parameter', name, known)}", top.line_of("vary"))
    return names


def _words(reader: _Reader, top: Table, games: Mapping[str, GameFile]) -> dict[str, str]:
    """Label of a game -> the words for it; a label that no game has is an error."""
    words = reader.named(top, "words", "case")
    known: dict[str, None] = {}
    for file in games.values() if words else ():
        game = file.game({})
        known.update(dict.fromkeys((*game.parameters, *game.players, *game.types, *game.messages)))
        known.update(dict.fromkeys(value for values in game.traits.values() for value in values))
        known.update(dict.fromkeys(label for a in game.audiences for labels in a.actions for label in labels))
        known.update(dict.fromkeys(label for labels in game.replies.values() for label in labels))
    for label in words:
        if label not in known:
            raise reader.error(f"words: {unknown('label', label, tuple(known))}", top.line_of("words"))
    return words


def _path(reader: _Reader, top: Table, key: str, home: Path, name: str) -> Path:
    place = home / name
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise reader.error(f"{key}: found '{name}', expected a file inside the case folder", top.line_of(key))
    if not place.is_file():
        near = sorted(p.name for p in home.iterdir() if p.is_file())
        raise reader.error(f"{key}: {unknown('file', name, near)}", top.line_of(key))
    return place


def _file(reader: _Reader, top: Table, key: str, home: Path) -> Path:
    return _path(reader, top, key, home, reader.text(top, key, "case"))


def _flag(reader: _Reader, top: Table, key: str) -> bool:
    word = reader.text(top, key, "case", "false")
    if word not in ("true", "false"):
        raise reader.error(f"{key}: found '{word}', expected true or false", top.line_of(key))
    return word == "true"


def _date(reader: _Reader, top: Table) -> dt.date | None:
    if "as_of" not in top.entries:
        return None
    word = reader.text(top, "as_of", "case")
    try:
        return dt.date.fromisoformat(word)
    except ValueError:
        raise reader.error(f"as_of: found '{word}', expected a date such as 2023-10-31", top.line_of("as_of")) from None


def _window(reader: _Reader, top: Table, games: tuple[str, ...]) -> tuple[str, WindowRoles] | None:
    if "window" not in top.entries:
        return None
    table = reader.table(top.entries["window"], "window")
    reader.keys(table, "window", _WINDOW_KEYS, ("first", "second", "offer", "stick", "outbid"))
    game = reader.text(table, "game", "window", games[0])
    if game not in games:
        raise reader.error(f"window: {unknown('game', game, games)}", table.line_of("game"))
    screen = reader.text(table, "screen", "window") if "screen" in table.entries else None
    first, second, offer, stick, outbid = (
        reader.text(table, key, "window") for key in ("first", "second", "offer", "stick", "outbid")
    )
    return game, WindowRoles(first, second, offer, stick, screen, outbid)


def load_claims(path: Path, games: tuple[str, ...]) -> tuple[dict[str, str], tuple[Claim, ...]]:
    """(sides, claims) of a claims file; statements about games are parsed, so a wrong one is found here."""
    reader = _Reader(path)
    reader.keys(reader.top, "claims file", ("sides", "claims"), ("claims",))
    sides = reader.named(reader.top, "sides", "claims file")
    items = reader.top.entries["claims"]
    if not isinstance(items, Items) or not items.items:
        raise reader.error(f"claims: found {found(items)}, expected a list of claims", reader.top.line_of("claims"))
    claims: list[Claim] = []
    for number, node in enumerate(items.items, 1):
        claim = _claim(reader, reader.table(node, f"claim {number}"), number, sides, games)
        if any(other.id == claim.id for other in claims):
            raise reader.error(f"claim '{claim.id}': this id is used twice", node.line)
        claims.append(claim)
    return sides, tuple(claims)


def _claim(reader: _Reader, table: Table, number: int, sides: Mapping[str, str], games: tuple[str, ...]) -> Claim:
    what = f"claim '{reader.text(table, 'id', f'claim {number}')}'" if "id" in table.entries else f"claim {number}"
    reader.keys(table, what, _CLAIM_KEYS, ("id", "who", "says"))
    who = reader.text(table, "who", what)
    if sides and who not in sides:
        raise reader.error(f"{what}: {unknown('side', who, tuple(sides))}", table.line_of("who"))
    if ("statement" in table.entries) == ("cannot" in table.entries):
        raise reader.error(f"{what}: expected either 'statement' or 'cannot' with the reason", table.line)
    game = reader.text(table, "game", what, games[0])
    if game not in games:
        raise reader.error(f"{what}: {unknown('game', game, games)}", table.line_of("game"))
    statement, kind = None, "cannot"
    if "statement" in table.entries:
        statement = reader.text(table, "statement", what)
        kind = _kind(reader, statement, what, table.line_of("statement"))
    cannot = reader.text(table, "cannot", what) if "cannot" in table.entries else None
    return Claim(
        reader.text(table, "id", what),
        who,
        reader.text(table, "of", what, ""),
        reader.text(table, "says", what),
        reader.text(table, "source", what, ""),
        kind,
        statement,
        game if kind == "game" else None,
        reader.texts(table, "assumes", what),
        cannot,
        table.line,
    )


def _kind(reader: _Reader, statement: str, what: str, line: int | None) -> str:
    head = statement.split(":", 1)[0].strip()
    if head in ("record", "long game"):
        return head
    try:
        parse_statement(statement)
    except ClaimError as wrong:
        raise reader.error(f"{what}: {wrong.message}{_place(statement, wrong.at)}", line) from None
    return "game"


def _place(statement: str, at: int | None) -> str:
    return "" if at is None or at >= len(statement) else f" (character {at + 1}, near '{statement[at : at + 20]}')"
