"""A case folder, read and checked: case.yaml, its games and its claims; every error names file and line.

Only ``title`` and ``games`` are required. Claims, a record, a table of what would tell the sides apart, sources and a
window are read where case.yaml names them, so a small case is a small folder.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from doubletalk.case.claims_file import Claim, load_claims, range_of
from doubletalk.case.language import parse_statement
from doubletalk.case.long_plan import LongPlan, check_long_claims, read_long_plan
from doubletalk.case.posterior_plan import check_posterior_claims, read_lenses
from doubletalk.case.reader import CaseFileError, Reader
from doubletalk.case.window import WindowRoles
from doubletalk.case.worlds import FACTORS, Crux, World, worlds_of
from doubletalk.errors import InputError
from doubletalk.evidence.language import check_statement
from doubletalk.evidence.series import load_series
from doubletalk.evidence.vocabulary_file import vocabulary_of
from doubletalk.exact import Rational
from doubletalk.game.loading import GameFile, read_game_file
from doubletalk.game.nodes import Table, read_text, shown_path
from doubletalk.game.wording import unknown
from doubletalk.lenses.declaration import Lenses

__all__ = ["Case", "CaseFileError", "Claim", "load_case", "load_claims"]

_CASE_KEYS = (
    "doubletalk_case",
    "title",
    "question",
    "as_of",
    "eras",
    "actors",
    "words",
    "games",
    "claims",
    "record",
    "tells_apart",
    "sources",
    "window",
    "vary",
    "cruxes",
    "assumptions",
    "policies",
    "longgame",
    "lenses",
    "coding",
    "atlas",
)
_WINDOW_KEYS = ("game", "first", "second", "offer", "stick", "screen", "outbid")
_CRUX_KEYS = ("id", "asks", "parameter", "against", "less", "more", "only")
CASE_FILE = "case.yaml"


@dataclass(frozen=True)
class Case:
    """Everything a case folder says. ``window`` is (name of the game, roles); absent parts are None or empty.

    ``vary``: the parameters that every search for flips tries. ``atlas``: two parameters of the game of the window and
    their ranges, over which the report draws an atlas. ``cruxes``: the sizes that no source settles.
    ``words``: what the report calls players, types,
    actions and parameters of the games. ``long``: the long game and what is asked of it;
    ``lenses``: the accounts of it that are compared on the record. ``claims_file``: where the claims are.
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
    cruxes: tuple[Crux, ...] = ()
    atlas: tuple[tuple[str, Rational, Rational], ...] = ()
    long: LongPlan | None = None
    lenses: Lenses | None = None
    claims_file: Path | None = None

    @property
    def worlds(self) -> tuple[World, ...]:
        """All combinations of the answers to the cruxes, for the game of the window (else the first game)."""
        name = self.window[0] if self.window is not None else next(iter(self.games))
        return worlds_of(self.cruxes, self.games[name].values())


def load_case(folder: str | Path) -> Case:
    """The case in *folder*. Raises ``InputError`` (file, line, what was found, what was expected)."""
    home = Path(folder)
    place = home / CASE_FILE
    if not place.is_file():
        raise CaseFileError(f"no {CASE_FILE} here; expected a case folder", shown_path(home))
    reader = Reader(place)
    top = reader.top
    reader.keys(top, "case", _CASE_KEYS, ("doubletalk_case", "title", "games"))
    if reader.text(top, "doubletalk_case", "case") != "1":
        raise reader.error("doubletalk_case: expected 1, the version of the format", top.line_of("doubletalk_case"))
    named, line = reader.named(top, "games", "case"), top.line_of("games")
    paths = {name: reader.inside(home, text, "games", line) for name, text in named.items()}
    if not paths:
        raise reader.error(
            "games: found none, expected at least one, as in exchange: exchange.yaml", top.line_of("games")
        )
    games = {name: read_game_file(path) for name, path in paths.items()}
    sides: dict[str, str] = {}
    claims: tuple[Claim, ...] = ()
    sources = reader.file(top, "sources", "case", home) if "sources" in top.entries else None
    plan = read_long_plan(reader, top, home)
    keys = _bibliography_keys(sources) if sources is not None else None
    if "claims" in top.entries:
        place = reader.file(top, "claims", "case", home)
        sides, claims = load_claims(place, tuple(games), keys)
        _check_figures(place, claims, games)
        asked = [(c.id, str(c.statement), c.statement_line) for c in claims if c.kind == "long game"]
        check_long_claims(place, asked, None if plan is None else plan.game)
    _check_record_claims(place, claims, home)
    lenses = read_lenses(reader, top, home, None if plan is None else plan.game, keys, sides)
    posterior = [(c.id, str(c.statement), c.statement_line) for c in claims if c.kind == "posterior"]
    check_posterior_claims(place, posterior, lenses, None if plan is None else plan.game)
    return Case(
        home,
        reader.text(top, "title", "case"),
        reader.text(top, "question", "case", ""),
        _date(reader, top),
        reader.named(top, "actors", "case"),
        games,
        sides,
        claims,
        _record(reader, top, home),
        reader.file(top, "tells_apart", "case", home) if "tells_apart" in top.entries else None,
        sources,
        _window(reader, top, games),
        reader.texts(top, "assumptions", "case"),
        _vary(reader, top, games),
        words=_words(reader, top, games),
        cruxes=_cruxes(reader, top, games),
        atlas=_atlas(reader, top, games),
        long=plan,
        lenses=lenses,
        claims_file=place if "claims" in top.entries else None,
    )


def _bibliography_keys(path: Path) -> tuple[str, ...]:
    return tuple(re.findall(r"^\s*@\w+\s*\{\s*([^,\s]+)\s*,", read_text(path), flags=re.MULTILINE))


def _record(reader: Reader, top: Table, home: Path) -> bool:
    asked = _flag(reader, top, "record")
    if asked and not (home / "chronicle.csv").is_file():
        raise reader.error(
            "record: true needs the file chronicle.csv in the case folder, which is not there; add it, or write "
            "record: false",
            top.line_of("record"),
        )
    return asked


def _vary(reader: Reader, top: Table, games: Mapping[str, GameFile]) -> tuple[str, ...]:
    known = tuple(dict.fromkeys(name for file in games.values() for name in file.parameters))
    names = reader.texts(top, "vary", "case")
    for name in names:
        if name not in known:
            raise reader.error(f"vary: {unknown('parameter', name, known)}", top.line_of("vary"))
    return names


def _words(reader: Reader, top: Table, games: Mapping[str, GameFile]) -> dict[str, str]:
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


def _flag(reader: Reader, top: Table, key: str) -> bool:
    word = reader.text(top, key, "case", "false")
    if word not in ("true", "false"):
        raise reader.error(f"{key}: found '{word}', expected true or false", top.line_of(key))
    return word == "true"


def _date(reader: Reader, top: Table) -> dt.date | None:
    if "as_of" not in top.entries:
        return None
    word = reader.text(top, "as_of", "case")
    try:
        return dt.date.fromisoformat(word)
    except ValueError:
        raise reader.error(f"as_of: found '{word}', expected a date such as 2023-10-31", top.line_of("as_of")) from None


def _window(reader: Reader, top: Table, games: Mapping[str, GameFile]) -> tuple[str, WindowRoles] | None:
    if "window" not in top.entries:
        return None
    table = reader.table(top.entries["window"], "window")
    reader.keys(table, "window", _WINDOW_KEYS, ("first", "second", "offer", "stick", "outbid"))
    name = (
        reader.one_of(table, "game", "window", "game", tuple(games)) if "game" in table.entries else next(iter(games))
    )
    actions = {audience.name: audience.actions[0] for audience in games[name].game().audiences}
    first, second = (reader.one_of(table, key, "window", "audience", tuple(actions)) for key in ("first", "second"))

    def action(key: str, who: str) -> str:
        return reader.one_of(table, key, "window", f"action of {who}", actions[who])

    screen = action("screen", first) if "screen" in table.entries else None
    return name, WindowRoles(
        first, second, action("offer", first), action("stick", first), screen, action("outbid", second)
    )


def _atlas(reader: Reader, top: Table, games: Mapping[str, GameFile]) -> tuple[tuple[str, Rational, Rational], ...]:
    """(parameter, low, high) of both axes of the atlas."""
    axes = []
    given = reader.named(top, "atlas", "case")
    line = top.line_of("atlas") if given else None
    known = tuple(dict.fromkeys(name for file in games.values() for name in file.parameters))
    for name, words in given.items():
        if name not in known:
            raise reader.error(f"atlas: {unknown('parameter', name, known)}", line)
        axes.append((name, *range_of(reader, words, f"atlas: {name}", line)))
    if axes and len(axes) != 2:
        raise reader.error(f"atlas: found {len(axes)} parameters, expected two", line)
    return tuple(axes)


def _check_figures(place: Path, claims: tuple[Claim, ...], games: Mapping[str, GameFile]) -> None:
    """The numbers of a claim's figure are parameters of its game, or the variable of its ``over``."""
    for claim in claims:
        if claim.figure:
            sweep = parse_statement(str(claim.statement)).sweep
            known = [*games[str(claim.game)].parameters, *([sweep.variable] if sweep is not None else [])]
            for name, _, _ in claim.figure:
                if name not in known:
                    told = f"claim '{claim.id}': figure: {unknown('parameter', name, known)}"
                    raise CaseFileError(told, shown_path(place), claim.line)


def _check_record_claims(place: Path, claims: tuple[Claim, ...], home: Path) -> None:
    """Every ``record:`` statement can be read in the words of the case, and its series are there."""
    asked = [claim for claim in claims if claim.kind == "record"]
    if not asked:
        return
    file = home / "series.csv"
    words, series = vocabulary_of(home), load_series(file) if file.is_file() else None
    for claim in asked:
        try:
            check_statement(str(claim.statement), words, series)
        except InputError as wrong:
            told = f"claim '{claim.id}': {wrong.message}"
            raise CaseFileError(told, shown_path(place), claim.statement_line) from None


def _cruxes(reader: Reader, top: Table, games: Mapping[str, GameFile]) -> tuple[Crux, ...]:
    if "cruxes" not in top.entries:
        return ()
    known = tuple(dict.fromkeys(name for file in games.values() for name in file.parameters))
    found: dict[str, Crux] = {}
    for number, node in enumerate(reader.items(top, "cruxes", "cruxes"), 1):
        what = f"crux {number}"
        table = reader.table(node, what)
        reader.keys(table, what, _CRUX_KEYS, _CRUX_KEYS[:-1])
        name = reader.text(table, "id", what)
        what = f"crux '{name}'"
        parameter, against = (reader.one_of(table, key, what, "parameter", known) for key in ("parameter", "against"))
        if name in found or parameter in {crux.parameter for crux in found.values()}:
            raise reader.error(f"{what}: its id and its parameter may be used once only", table.line)
        only = reader.named(table, "only", what)
        for other, answer in only.items():
            if other not in found:
                raise reader.error(f"{what}: only: {unknown('crux', other, tuple(found))}", table.line_of("only"))
            if answer not in FACTORS:
                raise reader.error(f"{what}: only: {unknown('answer', answer, tuple(FACTORS))}", table.line_of("only"))
        asks, less, more = (reader.text(table, key, what) for key in ("asks", "less", "more"))
        found[name] = Crux(name, asks, parameter, against, less, more, only)
    return tuple(found.values())
