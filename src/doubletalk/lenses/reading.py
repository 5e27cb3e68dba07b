"""Reading a file of lenses; every complaint names the file, the line, what was found and what was expected.

doubletalk_lenses: 1
title: Three accounts
lenses:
mixed: {means: nobody knows the stance}
captive: {means: autonomy is for sale, stance: captive}
baseline:
means: the patron's fear of losing the client
stance: hedger
source: sejersen2019sanctions
sentence: sanctions make the threat to defect less believable
held: {hedging: {at: 0, because: the account names no such motive}}
priors: {fear: {half_normal: 1}}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from doubletalk.case.reader import CaseFileError, Reader
from doubletalk.errors import InputError
from doubletalk.game.fields import checked_label
from doubletalk.game.nodes import Table
from doubletalk.game.wording import unknown
from doubletalk.lenses.declaration import EITHER, Held, Lens, Lenses
from doubletalk.longgame.declaration import LongGame, Prior
from doubletalk.longgame.reading import number, prior_of

__all__ = ["load_lenses", "plain_lenses"]

_TOP = ("doubletalk_lenses", "title", "note", "lenses")
_LENS = ("means", "stance", "held", "priors", "belief", "source", "sentence", "who")


def load_lenses(
    path: str | Path, game: LongGame, sources: Collection[str] | None = None, sides: Mapping[str, str] | None = None
) -> Lenses:
    """The lenses of a file on *game*. Raises ``InputError`` with file and line for the first thing that is wrong.

    With *sources*, the keys of the bibliography, every ``source`` has to be one of them, or an address; with *sides*
    every ``who`` one of those.
    """
    reader = Reader(Path(path))
    top = reader.top
    reader.keys(top, "the file of lenses", _TOP, ("doubletalk_lenses", "lenses"))
    if reader.text(top, "doubletalk_lenses", "the file of lenses") != "1":
        raise reader.error("doubletalk_lenses: expected 1, the version of the format", top.line_of("doubletalk_lenses"))
    table = reader.table(top.entries["lenses"], "lenses")
    if not table.entries:
        raise reader.error("lenses: found none, expected at least one", top.line_of("lenses"))
    lenses = tuple(_Entry(reader, table, name, game, sources, sides).lens() for name in table.entries)
    return Lenses(
        reader.text(top, "title", "the file of lenses", ""), lenses,
        reader.text(top, "note", "the file of lenses", ""), reader.path,
    )  # fmt: skip


def plain_lenses(game: LongGame) -> Lenses:
    """The lenses of a case without a file: either stance, and each stance alone."""
    either = Lens("mixed", "either stance is possible, and nobody but the actor knows which")
    alone = [Lens(stance, f"everybody knows that {game.informed} is {stance}", stance) for stance in game.stances]
    return Lenses("", (either, *alone) if len(game.stances) == 2 else (either,))


class _Entry:
    """One lens of the file, read."""

    def __init__(
        self, reader: Reader, table: Table, name: str, game: LongGame, sources: Collection[str] | None,
        sides: Mapping[str, str] | None,
    ) -> None:  # fmt: skip
        self.reader, self.name, self.game, self.sources, self.sides = reader, name, game, sources, sides
        self.what, self.line = f"lens '{name}'", table.line_of(name)
        try:
            checked_label(name, "lenses", self.line)
        except InputError as wrong:
            raise reader.error(wrong.message, self.line) from None
        self.entry = reader.table(table.entries[name], self.what)
        reader.keys(self.entry, self.what, _LENS, ())

    def lens(self) -> Lens:
        reader, entry, what = self.reader, self.entry, self.what
        stance = EITHER
        if "stance" in entry.entries:
            stance = reader.one_of(entry, "stance", what, "stance", (*self.game.stances, EITHER))
        held, priors = self.held(), self.priors()
        for name in priors:
            if name in held:
                line = reader.table(entry.entries["priors"], what).line_of(name)
                raise reader.error(f"{what}: '{name}' is held, so it takes no prior", line)
        who = reader.text(entry, "who", what, "")
        if who and self.sides and who not in self.sides:
            raise reader.error(f"{what}: who: {unknown('side', who, self.sides)}", entry.line_of("who"))
        return Lens(
            self.name, reader.text(entry, "means", what, ""), stance, held, priors, self.belief(stance),
            self.source(entry, what), reader.text(entry, "sentence", what, ""), who, self.line,
        )  # fmt: skip

    def source(self, entry: Table, what: str) -> str:
        found = self.reader.text(entry, "source", what, "")
        if found and self.sources is not None and "://" not in found and found not in self.sources:
            raise self.reader.error(f"{what}: {unknown('source', found, self.sources)}", entry.line_of("source"))
        return found

    def belief(self, stance: str) -> float | None:
        if "belief" not in self.entry.entries:
            return None
        line = self.entry.line_of("belief")
        if stance != EITHER or len(self.game.stances) == 1:
            raise self.reader.error(f"{self.what}: belief: goes with 'stance: either' only", line)
        return float(self.told(number, self.entry, "belief", 0.0, 1.0))

    def coefficients(self, key: str) -> Table | None:
        """The table under *key*, whose keys are coefficients that have a prior in the long game."""
        if key not in self.entry.entries:
            return None
        table = self.reader.table(self.entry.entries[key], f"{self.what}: {key}")
        known = [c.name for c in self.game.coefficients]
        for name in table.entries:
            if name not in known:
                raise self.reader.error(
                    f"{self.what}: {key}: {unknown('coefficient', name, known)}", table.line_of(name)
                )
        return table

    def held(self) -> dict[str, Held]:
        table = self.coefficients("held")
        found = {}
        for name in table.entries if table is not None else ():
            assert table is not None
            what = f"{self.what}: held: {name}"
            inner = self.reader.table(table.entries[name], what)
            self.reader.keys(inner, what, ("at", "because", "source"), ("at", "because"))
            value = self.told(number, inner, "at")
            found[name] = Held(value, self.reader.text(inner, "because", what), self.source(inner, what))
        return found

    def priors(self) -> dict[str, Prior]:
        table = self.coefficients("priors")
        if table is None:
            return {}
        return {name: self.told(prior_of, table, name) for name in table.entries}

    def told(self, read, table: Table, key: str, *limits: float):  # type: ignore[no-untyped-def]
        """What *read* makes of the node, its complaint with the name of the file."""
        try:
            return read(table.entries[key], f"{self.what}: {key}", *limits)
        except CaseFileError:
            raise
        except InputError as wrong:
            raise self.reader.error(wrong.message, wrong.line or table.line_of(key)) from None
