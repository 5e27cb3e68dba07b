"""The claims of a case, read and checked: who says what, the statement that asks it, what it rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from doubletalk.case.language import parse_statement
from doubletalk.case.reader import Reader
from doubletalk.case.syntax import ClaimError
from doubletalk.evidence.tables import nearest_word
from doubletalk.exact import Rational, rational
from doubletalk.game.nodes import Table
from doubletalk.game.wording import unknown

__all__ = ["ATTRIBUTIONS", "Claim", "load_claims", "range_of"]

KINDS = ("record", "long game", "posterior")
ATTRIBUTIONS = ("seen", "reported", "same author")
_CLAIM_KEYS = (
    "id",
    "who",
    "of",
    "says",
    "source",
    "attribution",
    "statement",
    "game",
    "assumes",
    "by_construction",
    "note",
    "shared",
    "figure",
    "cannot",
)


@dataclass(frozen=True)
class Claim:
    """One claim: who makes it, in neutral words, and the statement that asks it (or why it cannot be asked).

    ``kind`` "game", "record", "long game", "posterior" or "cannot".
    ``of`` is the proposition of the source that it stands for.
    ``by_construction``: why its truth was put into the model; such a claim is counted apart. None: it was not.
    ``attribution``: what is known of the text that the claim is taken from: "seen" (read), "reported" (as its opponent
    reports it), "same author" (from his other writings); None where the file does not say. ``note``: a caution.
    ``shared``: why the other side expects it too; such a claim does not part the sides whatever the answer.
    ``figure``: two numbers and their ranges, (name, low, high) each, over which the report draws where it holds:
    parameters of the game, or the variable of the statement's own ``over``.
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
    by_construction: str | None = None
    attribution: str | None = None
    note: str | None = None
    shared: str | None = None
    figure: tuple[tuple[str, Rational, Rational], ...] = ()
    line: int | None = field(default=None, compare=False)
    statement_line: int | None = field(default=None, compare=False)


def load_claims(
    path: Path, games: tuple[str, ...], sources: Collection[str] | None = None
) -> tuple[dict[str, str], tuple[Claim, ...]]:
    """(sides, claims) of a claims file; statements about games are parsed, so a wrong one is found here.

    With *sources*, the keys of the bibliography, every ``source`` has to be one of them, or an address.
    """
    reader = Reader(path)
    reader.keys(reader.top, "claims file", ("sides", "claims"), ("claims",))
    sides = reader.named(reader.top, "sides", "claims file")
    claims: list[Claim] = []
    for number, node in enumerate(reader.items(reader.top, "claims", "claims"), 1):
        table = reader.table(node, f"claim {number}")
        claim = _claim(reader, table, number, sides, games)
        if sources is not None and claim.source and "://" not in claim.source and claim.source not in sources:
            wrong = unknown("source", claim.source, sources)
            raise reader.error(f"claim '{claim.id}': {wrong}", table.line_of("source"))
        if any(other.id == claim.id for other in claims):
            raise reader.error(f"claim '{claim.id}': this id is used twice", node.line)
        claims.append(claim)
    return sides, tuple(claims)


def _claim(reader: Reader, table: Table, number: int, sides: Mapping[str, str], games: tuple[str, ...]) -> Claim:
    what = f"claim '{reader.text(table, 'id', f'claim {number}')}'" if "id" in table.entries else f"claim {number}"
    reader.keys(table, what, _CLAIM_KEYS, ("id", "who", "says"))
    who = reader.one_of(table, "who", what, "side", tuple(sides)) if sides else reader.text(table, "who", what)
    if ("statement" in table.entries) == ("cannot" in table.entries):
        raise reader.error(f"{what}: expected either 'statement' or 'cannot' with the reason", table.line)
    game = reader.text(table, "game", what, games[0])
    if game not in games:
        raise reader.error(f"{what}: {unknown('game', game, games)}", table.line_of("game"))
    statement, kind = None, "cannot"
    if "statement" in table.entries:
        statement = reader.text(table, "statement", what)
        kind = _kind(reader, statement, what, table.line_of("statement"))

    def maybe(key: str) -> str | None:
        return reader.text(table, key, what) if key in table.entries else None

    attribution = None
    if "attribution" in table.entries:
        attribution = reader.one_of(table, "attribution", what, "attribution", ATTRIBUTIONS)
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
        maybe("cannot"),
        maybe("by_construction"),
        attribution,
        maybe("note"),
        maybe("shared"),
        _figure(reader, table, what, kind),
        table.line,
        table.line_of("statement") if statement is not None else None,
    )


def _figure(reader: Reader, table: Table, what: str, kind: str) -> tuple[tuple[str, Rational, Rational], ...]:
    given = reader.named(table, "figure", what)
    if not given:
        return ()
    line = table.line_of("figure")
    if kind != "game":
        raise reader.error(f"{what}: a figure goes with a statement about a game", line)
    if len(given) != 2:
        raise reader.error(f"{what}: figure: found {len(given)} numbers, expected two", line)
    return tuple((name, *range_of(reader, words, f"{what}: figure: {name}", line)) for name, words in given.items())


def range_of(reader: Reader, words: str, what: str, line: int | None) -> tuple[Rational, Rational]:
    """``"0:1"`` as two numbers, the first below the second; a ``CaseFileError`` for anything else."""
    low, _, high = words.partition(":")
    try:
        ends = rational(low.strip()), rational(high.strip())
    except ValueError:
        raise reader.error(f"{what}: found '{words}', expected LOW:HIGH, such as 0:1", line) from None
    if not ends[0] < ends[1]:
        raise reader.error(f"{what}: found '{words}', expected LOW below HIGH", line)
    return ends


def _kind(reader: Reader, statement: str, what: str, line: int | None) -> str:
    head = statement.split(":", 1)[0].strip()
    if head in KINDS:
        return head
    try:
        parse_statement(statement)
    except ClaimError as wrong:
        near = nearest_word(head, KINDS) if ":" in statement else None
        meant = f"; did you mean '{near}:'?" if near is not None else ""
        raise reader.error(f"{what}: {wrong.message}{_place(statement, wrong.at)}{meant}", line) from None
    return "game"


def _place(statement: str, at: int | None) -> str:
    return "" if at is None or at >= len(statement) else f" (character {at + 1}, near '{statement[at : at + 20]}')"
