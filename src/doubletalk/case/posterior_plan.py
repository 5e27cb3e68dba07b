"""What a case says of its fitted long game: the file of lenses, and claims that begin ``posterior:``.

lenses: lenses.yaml           # in case.yaml; without it: either stance, and each stance alone
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from doubletalk.case.posterior_language import check_posterior, parse_posterior
from doubletalk.case.reader import CaseFileError, Reader
from doubletalk.case.syntax import ClaimError
from doubletalk.errors import InputError
from doubletalk.game.nodes import Table, shown_path
from doubletalk.lenses.declaration import Lenses
from doubletalk.lenses.reading import load_lenses, plain_lenses
from doubletalk.longgame.declaration import LongGame

__all__ = ["check_posterior_claims", "read_lenses"]


def read_lenses(
    reader: Reader, top: Table, home: Path, game: LongGame | None, sources: Collection[str] | None,
    sides: Mapping[str, str],
) -> Lenses | None:  # fmt: skip
    """The entry ``lenses`` of case.yaml, or the plain lenses; None in a case without a long game."""
    if "lenses" not in top.entries:
        return None if game is None else plain_lenses(game)
    if game is None:
        wrong = "lenses: goes with 'longgame', the game that they are lenses on"
        raise reader.error(wrong, top.line_of("lenses"))
    return load_lenses(reader.file(top, "lenses", "case", home), game, sources, sides)


def check_posterior_claims(
    path: Path, claims: Iterable[tuple[str, str, int | None]], lenses: Lenses | None, game: LongGame | None,
    quarters: Collection[str] | None = None,
) -> None:  # fmt: skip
    """Read the statements (claim id, statement, line); with a game look up every name. The first fault is raised.

    quarters  those of the coded record; None: any
    """
    for name, statement, line in claims:
        try:
            if game is None or lenses is None:
                parse_posterior(statement)
            else:
                check_posterior(
                    statement, lenses=lenses.names, stances=game.stances, actors=[a.name for a in game.actors],
                    coefficients=[c.name for c in game.coefficients], quarters=quarters,
                )  # fmt: skip
        except ClaimError as wrong:
            at = len(statement) if wrong.at is None else wrong.at
            near = f" (character {at + 1}, near '{statement[at : at + 20]}')" if at < len(statement) else ""
            raise CaseFileError(f"claim '{name}': {wrong.message}{near}", shown_path(path), line) from None
        except InputError as wrong:
            raise CaseFileError(f"claim '{name}': {wrong.message}", shown_path(path), line) from None
