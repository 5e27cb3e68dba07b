"""What a case says of its long game: the file, the cycle that is looked for, the move whose consequences are shown.

    longgame:
      file: longgame.yaml
      cycle: deed=crack_down then west=sanction then deed=release then west=ease then deed=crack_down
      worse: repression           # a variable that is higher at the cycle's last step than at its first
      within: 40                  # periods
      relief: west=ease           # a move; what follows it is shown
      from: repression=hard and sanctions=heavy    # where that move is made; the start of the file if left out
      periods: 12                 # for how long it is followed

``longgame: longgame.yaml`` alone is enough; then only claims and policies are answered.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from doubletalk.case.long_claims import check_long_statement
from doubletalk.case.long_language import parse_long_statement
from doubletalk.case.reader import CaseFileError, Reader
from doubletalk.case.syntax import ClaimError
from doubletalk.errors import InputError
from doubletalk.game.nodes import Scalar, Table, shown_path
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.reading import load_long_game

__all__ = ["LongPlan", "check_long_claims", "read_long_plan"]

_KEYS = ("file", "cycle", "worse", "within", "relief", "from", "periods")
WITHIN, PERIODS = 40, 12


@dataclass(frozen=True)
class LongPlan:
    """The long game of a case. ``cycle``, ``worse`` and ``relief`` are "" where the case does not ask.

    ``start``  levels as in ``from`` of a claim, "" for the file's
    """

    game: LongGame
    cycle: str = ""
    worse: str = ""
    within: int = WITHIN
    relief: str = ""
    start: str = ""
    periods: int = PERIODS

    def chain(self, *, worse: bool = False) -> str:
        """The claim language's quantity for the cycle."""
        more = f" with more {self.worse}" if worse else ""
        return f"P({self.cycle}{more} within {self.within})"


def read_long_plan(reader: Reader, top: Table, home: Path) -> LongPlan | None:
    """The entry ``longgame`` of case.yaml; None without one."""
    if "longgame" not in top.entries:
        return None
    node = top.entries["longgame"]
    if isinstance(node, Scalar):
        return LongPlan(load_long_game(reader.file(top, "longgame", "case", home)))
    table = reader.table(node, "longgame")
    reader.keys(table, "longgame", _KEYS, ("file",))
    game = load_long_game(reader.file(table, "file", "longgame", home))
    words = {key: reader.text(table, key, "longgame", "") for key in ("cycle", "worse", "relief", "from")}
    cycle, worse, relief, start = words.values()
    within, periods = (_count(reader, table, key, n) for key, n in (("within", WITHIN), ("periods", PERIODS)))
    plan = LongPlan(game, cycle, worse, within, relief, start, periods)
    if worse and not cycle:
        raise reader.error("longgame: worse: goes with 'cycle'", table.line_of("worse"))
    if start and not relief:
        raise reader.error("longgame: from: goes with 'relief'", table.line_of("from"))
    asked = [("cycle", plan.chain(worse=bool(worse)))] if cycle else []
    if relief:
        begin = f" from {start}" if start else ""
        asked.append(("relief", f"mean({game.variables[0].name} after {periods}{begin} imposing {relief})"))
    for key, quantity in asked:
        try:
            check_long_statement(f"long game: {quantity} > 0", game)
        except ClaimError as wrong:
            raise reader.error(f"longgame: {key}: {wrong.message}", table.line_of(key)) from None
    return plan


def _count(reader: Reader, table: Table, key: str, default: int) -> int:
    word = reader.text(table, key, "longgame", str(default))
    if not word.isdigit() or not 1 <= int(word) <= 100:
        wanted = "expected a whole number from 1 to 100"
        raise reader.error(f"longgame: {key}: found '{word}', {wanted}", table.line_of(key))
    return int(word)


def check_long_claims(path: Path, claims: Iterable[tuple[str, str, int | None]], game: LongGame | None) -> None:
    """Read the statements (claim id, statement, line); with a game look up every name. The first fault is raised."""
    for name, statement, line in claims:
        try:
            if game is None:
                parse_long_statement(statement)
            else:
                check_long_statement(statement, game)
        except ClaimError as wrong:
            at = len(statement) if wrong.at is None else wrong.at
            near = f" (character {at + 1}, near '{statement[at : at + 20]}')" if at < len(statement) else ""
            raise CaseFileError(f"claim '{name}': {wrong.message}{near}", shown_path(path), line) from None
        except InputError as wrong:
            raise CaseFileError(f"claim '{name}': {wrong.message}", shown_path(path), line) from None
