"""A case studied: every game solved and certified, every claim answered, the record asked, the window found.

Nothing here prints or draws. ``study`` gives one frozen :class:`StudyResult`; ``tables`` turns it into JSON and CSV.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from doubletalk.case.asked import constant
from doubletalk.case.candidates import crossings
from doubletalk.case.finding import find_case
from doubletalk.case.flips import nearest_flips
from doubletalk.case.language import parse_statement
from doubletalk.case.loading import Case, CaseFileError, Claim, load_case
from doubletalk.case.syntax import Statement
from doubletalk.case.verdicts import GameRoom, Verdict, answer
from doubletalk.case.window import Move, Window, find_window, how_it_moves
from doubletalk.case.words import game_assumptions, parameter_notes
from doubletalk.equilibrium import Certificate, Solution, solve, verify
from doubletalk.errors import InputError
from doubletalk.exact import Rational
from doubletalk.game.loading import GameFile
from doubletalk.game.model import Game
from doubletalk.refinement.names import QUICK

if TYPE_CHECKING:
    from doubletalk.evidence.language import RecordAnswer
    from doubletalk.evidence.lenses_table import AnsweredRow
    from doubletalk.evidence.record import Record

__all__ = ["FLIPS", "AnsweredClaim", "GameStudy", "StudyResult", "study"]

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done."""

FLIPS = ("quick", "all", "none")
"""How far the search for the nearest flips goes; ``quick`` looks a quarter around the parameters of ``vary`` only."""


@dataclass(frozen=True)
class GameStudy:
    """One game of the case: all its equilibria, their certificates, and what is assumed in words.

    ``certificates`` aligned with ``solution.assessments()``; ``notes`` parameter -> where its size comes from
    """

    name: str
    solution: Solution
    certificates: tuple[Certificate, ...]
    assumptions: tuple[str, ...]
    notes: Mapping[str, str]

    @property
    def game(self) -> Game:
        """The game at its default parameters."""
        return self.solution.game


@dataclass(frozen=True)
class AnsweredClaim:
    """A claim with its answer: a ``verdict`` (game), ``record_answer`` (record), or ``cannot`` with the reason."""

    claim: Claim
    verdict: Verdict | None = None
    record_answer: RecordAnswer | None = None
    cannot: str | None = None

    @property
    def short(self) -> str:
        """One word or phrase for a table."""
        if self.verdict is not None:
            return _SHORT[self.verdict.answer] if self.verdict.answer != "range" else self.verdict.words.rstrip(".")
        return self.record_answer.verdict.value if self.record_answer is not None else "cannot be asked"


_SHORT = {
    "yes": "holds",
    "no": "does not hold",
    "undefined": "not defined",
    "undecided": "not decided",
    "cannot": "cannot be asked yet",
}


@dataclass(frozen=True)
class StudyResult:
    """Everything the report draws; ``window`` and ``record`` are None in a case without one."""

    case: Case
    games: Mapping[str, GameStudy]
    claims: tuple[AnsweredClaim, ...]
    tells_apart: tuple[AnsweredRow, ...]
    record: Record | None
    window: Window | None
    moves: tuple[Move, ...]
    assumptions: tuple[str, ...]
    timing_s: Mapping[str, float]

    def to_json(self) -> str:
        """The whole result as JSON text; the same from run to run but for ``timing_s``."""
        from doubletalk.case.tables import as_json

        return as_json(self)

    def csv_tables(self) -> dict[str, str]:
        """File name -> CSV text: claims, outcomes, window, how the window moves, parameters."""
        from doubletalk.case.tables import as_csv

        return as_csv(self)


def study(
    name_or_path: str | Path, progress: Progress | None = None, flips: str = "quick", time_limit: float | None = None
) -> StudyResult:
    """Study a case, by name or by folder.

    ``flips``: "quick" (a quarter below and above each parameter of ``vary`` in case.yaml; exact for statements about
    best responses), "all" (every parameter, exact thresholds: hundreds of solves, for a night), "none".
    Raises ``InputError`` for anything wrong in the folder.
    """
    if flips not in FLIPS:
        raise InputError(f"flips: found '{flips}', expected one of {', '.join(FLIPS)}")
    tell: Progress = progress or (lambda share, what: None)
    clock = {"start": time.perf_counter()}
    case = load_case(find_case(name_or_path))
    rooms = {name: _room(file, time_limit) for name, file in case.games.items()}
    games = {}
    for name, file in case.games.items():
        tell(0.05, f"solving {name}")
        games[name] = _game_study(name, file, rooms[name], case.folder)
    clock["games"] = time.perf_counter()
    record = _record(case)
    claims = []
    for k, claim in enumerate(case.claims):
        tell(0.3 + 0.5 * k / max(1, len(case.claims)), f"asking {claim.id}")
        claims.append(_answered(case, claim, rooms, record, flips))
    clock["claims"] = time.perf_counter()
    tell(0.8, "comparing the sides on the record")
    rows = _tells_apart(case, record)
    clock["record"] = time.perf_counter()
    tell(0.95, "finding the window")
    window, moves = _window(case, rooms)
    clock["window"] = time.perf_counter()
    tell(1.0, "done")
    stages = list(clock)
    timing = {b: clock[b] - clock[a] for a, b in itertools.pairwise(stages)}
    assumptions = (*case.assumptions, *(s for game in games.values() for s in game.assumptions))
    return StudyResult(case, games, tuple(claims), rows, record, window, moves, assumptions, timing)


def _room(file: GameFile, time_limit: float | None) -> GameRoom:
    def make(overrides: Mapping[str, Rational]) -> Game:
        return file.game(overrides)

    return GameRoom(make, lambda game: solve(game, time_limit=time_limit))


def _game_study(name: str, file: GameFile, room: GameRoom, folder: Path) -> GameStudy:
    solution = room.surviving({}, QUICK).solution
    certificates = tuple(verify(solution.game, point) for _, _, point in solution.assessments())
    failed = [c for c in certificates if not c.valid]
    if failed:
        raise RuntimeError(f"an equilibrium of {name} does not verify: this is a fault of the solver, please report it")
    return GameStudy(
        name,
        solution,
        certificates,
        game_assumptions(solution.game),
        parameter_notes(Path(file.path), solution.game.parameters),
    )


def _record(case: Case) -> Record | None:
    if not case.record:
        return None
    from doubletalk.evidence.record import load_record

    return load_record(case.folder, case.as_of)


def _answered(
    case: Case, claim: Claim, rooms: Mapping[str, GameRoom], record: Record | None, flips: str
) -> AnsweredClaim:
    if claim.kind == "cannot":
        return AnsweredClaim(claim, cannot=claim.cannot)
    if claim.kind == "long game":
        return AnsweredClaim(claim, cannot="the case has no long game yet")
    statement = str(claim.statement)
    try:
        if claim.kind == "record":
            if record is None:
                return AnsweredClaim(claim, cannot="the case has no record")
            from doubletalk.evidence.language import evaluate_record

            return AnsweredClaim(claim, record_answer=evaluate_record(statement, record))
        parsed = parse_statement(statement)
        room = rooms[str(claim.game)]
        return AnsweredClaim(claim, verdict=_with_flips(answer(parsed, room), parsed, room, flips, case))
    except InputError as wrong:
        where = case.folder / "claims.yaml"
        raise CaseFileError(f"claim '{claim.id}': {wrong}", str(where), claim.line) from None


def _with_flips(verdict: Verdict, parsed: Statement, room: GameRoom, flips: str, case: Case) -> Verdict:
    """The verdict with the nearest flips; a statement with ``over`` has its thresholds already."""
    if flips == "none" or parsed.sweep is not None or verdict.answer in ("cannot", "range"):
        return verdict
    fixed = {name for name, _, _ in parsed.overrides}
    wide = flips == "all" or parsed.quantifier is None
    values = room.game({}).parameters
    defaults = {name: value for name, value in values.items() if name not in fixed and (wide or name in case.vary)}
    base = {name: constant(expression, values, parsed.source) for name, expression, _ in parsed.overrides}

    def expected(name: str, low: Rational, high: Rational) -> tuple[Rational, ...]:
        if case.window is None:
            return ()
        key = (tuple(base.items()), name, low, high)
        if key not in room.crossings:
            roles = case.window[1]
            room.crossings[key] = crossings(lambda more: room.game({**base, **more}), roles, name, low, high)
        return room.crossings[key]

    found = nearest_flips(lambda overrides: answer(parsed, room, overrides).answer, defaults, wide, expected)
    return replace(verdict, flips=found)


def _tells_apart(case: Case, record: Record | None) -> tuple[AnsweredRow, ...]:
    if case.tells_apart is None or record is None:
        return ()
    from doubletalk.evidence.lenses_table import answer_table, load_tells_apart

    return answer_table(load_tells_apart(case.tells_apart), record)


def _window(case: Case, rooms: Mapping[str, GameRoom]) -> tuple[Window | None, tuple[Move, ...]]:
    if case.window is None:
        return None, ()
    name, roles = case.window
    room = rooms[name]
    defaults: Mapping[str, Rational] = room.game({}).parameters
    return find_window(room.game({}), roles), how_it_moves(room.game, roles, defaults)
