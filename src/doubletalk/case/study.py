"""A case studied: every game solved and certified in every world, every claim answered, the record asked.

Nothing here prints or draws. ``study`` gives one frozen :class:`StudyResult`; ``tables`` turns it into JSON and CSV.
The work is done in the order in which a reader would miss it: the game as filed, the record, the window in every
world, the claims in every other world, and last what would flip an answer. Ctrl-C ends it anywhere; what was found by
then is returned, with the reason in ``stopped``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from doubletalk.case.beside import Beside, read_beside
from doubletalk.case.clock import Clock
from doubletalk.case.finding import find_case
from doubletalk.case.flips import with_flips
from doubletalk.case.language import parse_statement
from doubletalk.case.loading import Case, CaseFileError, Claim, load_case
from doubletalk.case.long_study import DEPTHS, MEMORY_POINTS, LongStudy, needs_jax, study_long_game
from doubletalk.case.posterior_study import EVIDENCE, PosteriorStudy, quick_asked, study_posterior
from doubletalk.case.room import GameRoom
from doubletalk.case.structure import structural_thresholds
from doubletalk.case.study_result import AnsweredClaim, GameStudy, StudyResult, WorldStudy
from doubletalk.case.syntax import Statement
from doubletalk.case.verdicts import answer
from doubletalk.case.window import Move, Window, find_window, how_it_moves
from doubletalk.case.words import game_assumptions, parameter_notes
from doubletalk.equilibrium import Certificate, Solution, solve, verify
from doubletalk.errors import InputError
from doubletalk.exact import Rational
from doubletalk.game.model import Game
from doubletalk.refinement.names import QUICK

if TYPE_CHECKING:
    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.evidence.lenses_table import AnsweredRow
    from doubletalk.evidence.questions import AnsweredStatement
    from doubletalk.evidence.record import Record
    from doubletalk.forecast.stored import StoredForecasts

__all__ = ["FLIPS", "AnsweredClaim", "GameStudy", "StudyResult", "WorldStudy", "study"]

Progress = Callable[[float, str], None]
"""Called with the share done, 0 to 1, and what is being done. It may raise KeyboardInterrupt to end the study."""

FLIPS = ("quick", "all", "none")
"""How far the search for the nearest flips goes; ``quick`` looks a quarter around the parameters that a claim names."""

NOT_REACHED = "not asked: the study was stopped before it"


def study(
    name_or_path: str | Path,
    progress: Progress | None = None,
    flips: str = "quick",
    time_limit: float | None = None,
    flips_limit: float | None = None,
    long: str = "quick",
    evidence: str = "quick",
    fit: str | Path | None = None,
) -> StudyResult:
    """Study a case, by name or by folder.

    ``flips``: "quick" (a quarter below and above each parameter of ``vary`` in case.yaml and each that the claim's
    ``assumes`` names; exact for statements about best responses), "all" (every parameter, exact thresholds: hundreds
    of solves), "none". ``flips_limit``: seconds for that search; what it did not reach says so.
    ``long``: how much is asked of the long game, "quick" (policies with counters on a
    coarser grid of beliefs), "all" or "none". ``evidence``: whether the record is fitted and its lenses compared,
    "quick" or "none"; ``fit`` a saved fit (NetCDF) whose draws then speak for coefficients and stance.
    Raises ``InputError`` for anything wrong in the folder. KeyboardInterrupt is caught once the case is read: the
    result then holds what was found, and ``stopped`` says so.
    """
    if flips not in FLIPS:
        raise InputError(f"flips: found '{flips}', expected one of {', '.join(FLIPS)}")
    if long not in DEPTHS:
        raise InputError(f"long: found '{long}', expected one of {', '.join(DEPTHS)}")
    if evidence not in EVIDENCE:
        raise InputError(f"evidence: found '{evidence}', expected one of {', '.join(EVIDENCE)}")
    clock = Clock(time_limit, flips_limit)
    saved = None if fit is None else Path(fit)
    tell = progress or (lambda share, what: None)
    run = _Run(load_case(find_case(name_or_path)), tell, flips, clock, long, evidence, saved)
    try:
        run.everything()
    except KeyboardInterrupt:
        run.stopped = f"interrupted while {run.doing}"
    return run.result()


class _Run:
    """A study under way; ``result`` may be asked for at any time."""

    def __init__(
        self, case: Case, progress: Progress, flips: str, clock: Clock, depth: str, fit: str, saved: Path | None
    ) -> None:
        self.case, self.progress, self.flips, self.clock, self.depth = case, progress, flips, clock, depth
        self.fit, self.saved = fit, saved
        self.long: LongStudy | None = None
        self.evidence: PosteriorStudy | None = None
        self.rooms = {
            name: GameRoom(file.game, self._solved, lambda game: self._solved(game, outcomes_only=True))
            for name, file in case.games.items()
        }
        self.main = case.window[0] if case.window is not None else next(iter(case.games))
        self.games: dict[str, GameStudy] = {}
        self.worlds = {world.name: WorldStudy(world, None, ()) for world in case.worlds}
        self.answers: dict[str, AnsweredClaim] = {}
        self.parsed: dict[str, Statement] = {}
        self.beside: Beside | None = None
        self.record: Record | None = None
        self.rows: tuple[AnsweredRow, ...] = ()
        self.questions: tuple[AnsweredStatement, ...] = ()
        self.codings: tuple[CodedRecord, ...] = ()
        self.forecasts: StoredForecasts | None = None
        self.window: Window | None = None
        self.moves: tuple[Move, ...] = ()
        self.timing: dict[str, float] = {}
        self.stopped: str | None = None
        self.doing = "reading the case"

    def _solved(self, game: Game, outcomes_only: bool = False) -> Solution:
        return solve(game, time_limit=self.clock.limit(), outcomes_only=outcomes_only)

    def everything(self) -> None:
        self.tell(0.0, "reading the record")
        self.beside = read_beside(self.case, self.saved)
        self.record = None if self.beside is None else self.beside.record
        for name, stage in (
            ("games", self._games),
            ("claims", self._claims),
            ("record", self._tells_apart),
            ("window", self._windows),
            ("worlds", self._worlds),
            ("long game", self._long_game),
            ("evidence", self._evidence),
            ("flips", self._flips),
        ):
            start = time.perf_counter()
            try:
                stage()
            finally:
                self.timing[name] = time.perf_counter() - start
        self.tell(1.0, "done")

    def tell(self, share: float, what: str) -> None:
        self.doing = what
        self.progress(share, what)

    def _games(self) -> None:
        for name, file in self.case.games.items():
            self.tell(0.02, f"solving {name}")
            room = self.rooms[name]
            solution = room.surviving({}, QUICK).solution
            notes = parameter_notes(Path(file.path), solution.game.parameters)
            self.games[name] = GameStudy(name, solution, _certified(solution), game_assumptions(solution.game), notes)
            _go_on(solution)

    def _claims(self) -> None:
        for k, claim in enumerate(self.case.claims):
            self.tell(0.1 + 0.15 * k / len(self.case.claims), f"asking {claim.id}")
            self.answers[claim.id] = self._answered(claim)

    def _answered(self, claim: Claim) -> AnsweredClaim:
        if claim.kind == "cannot":
            return AnsweredClaim(claim, cannot=claim.cannot)
        if claim.kind == "long game":
            return AnsweredClaim(claim, cannot=self._no_long_game() or NOT_REACHED)
        if claim.kind == "posterior":
            return AnsweredClaim(claim, cannot=self._no_evidence() or NOT_REACHED)
        try:
            if claim.kind == "record":
                if self.record is None:
                    return AnsweredClaim(claim, cannot="the case has no record")
                from doubletalk.evidence.language import evaluate_record

                return AnsweredClaim(claim, record_answer=evaluate_record(str(claim.statement), self.record))
            self.parsed[claim.id] = parse_statement(str(claim.statement))
            verdict = answer(self.parsed[claim.id], self.rooms[str(claim.game)])
        except InputError as wrong:
            raise self._at(claim, wrong) from None
        filed = {world.name: verdict for world in self.case.worlds if world.as_filed or claim.game != self.main}
        return AnsweredClaim(claim, verdict=verdict, worlds=filed)

    def _at(self, claim: Claim, wrong: InputError) -> CaseFileError:
        return CaseFileError(f"claim '{claim.id}': {wrong}", str(self.case.folder / "claims.yaml"), claim.line)

    def _tells_apart(self) -> None:
        self.tell(0.3, "comparing the sides on the record")
        if self.beside is None:
            return
        from doubletalk.evidence.lenses_table import answer_table
        from doubletalk.evidence.questions import ask

        if self.beside.table is not None:
            self.rows = answer_table(self.beside.table, self.beside.record)
        self.tell(0.32, "asking the record without a model")
        self.questions = ask(self.beside.questions, self.beside.record)
        self.codings = self.beside.codings
        if self.case.long is not None and self.codings:
            from doubletalk.forecast.stored import stored_forecasts

            self.forecasts = stored_forecasts(self.case.folder, self.case.long.game, self.codings[0])

    def _windows(self) -> None:
        if self.case.window is None:
            return
        roles, room = self.case.window[1], self.rooms[self.main]
        self.window = find_window(room.game({}), roles)
        self.moves = how_it_moves(room.game, roles, room.game({}).parameters)
        names = dict.fromkeys(n for crux in self.case.cruxes for n in (crux.parameter, crux.against))
        for k, (name, item) in enumerate(self.worlds.items()):
            self.tell(0.35 + 0.1 * k / len(self.worlds), f"finding the window where {name}")
            window = find_window(room.game(item.world.values), roles)
            thresholds = structural_thresholds(room.game, roles, item.world.values, names)
            self.worlds[name] = replace(item, window=window, thresholds=thresholds)

    def _worlds(self) -> None:
        room = self.rooms[self.main]
        for k, (name, item) in enumerate(self.worlds.items()):
            self.tell(0.45 + 0.25 * k / len(self.worlds), f"solving {self.main} where {name}")
            where: Mapping[str, Rational] = {} if item.world.as_filed else item.world.values
            solution = room.solved(where).solution
            points = len(self.games[self.main].certificates if item.world.as_filed else _certified(solution))
            _go_on(solution)
            self.worlds[name] = replace(
                item, outcomes=len(solution.outcomes), points=points, complete=solution.complete
            )
            for claim_id, parsed in self.parsed.items():
                done = self.answers[claim_id]
                if name in (done.worlds or {}):
                    continue
                try:
                    verdict = answer(parsed, room, where)
                except InputError as wrong:
                    raise self._at(done.claim, wrong) from None
                self.answers[claim_id] = replace(done, worlds={**(done.worlds or {}), name: verdict})
            if not item.world.as_filed:
                room.forget(where)

    def _no_long_game(self) -> str:
        """Why nothing can be asked of the long game; "" where it can."""
        if self.case.long is None:
            return "the case has no long game (longgame: in case.yaml)"
        return "not asked: the study was told to leave the long game out" if self.depth == "none" else needs_jax()

    def _long_game(self) -> None:
        plan, missing = self.case.long, self._no_long_game()
        if plan is None:
            return
        if missing:
            self.long = LongStudy(plan, missing)
            return
        from doubletalk.longgame.room import Room

        def tell(share: float, what: str) -> None:
            self.tell(0.7 + 0.05 * share, what)

        room = Room(plan.game, memory_points=None if self.depth == "all" else MEMORY_POINTS)
        asked = {claim.id: claim for claim in self.case.claims if claim.kind == "long game"}
        self.long = study_long_game(plan, room, tell, claims={name: str(c.statement) for name, c in asked.items()})
        for name, found in self.long.verdicts.items():
            self.answers[name] = AnsweredClaim(asked[name], long_answer=found)
        for name, why in self.long.failed.items():
            self.answers[name] = AnsweredClaim(asked[name], cannot=why)

    def _no_evidence(self) -> str:
        """Why the record is not fitted; "" where it can be."""
        if self.case.long is None:
            return "the case has no long game (longgame: in case.yaml)"
        if not self.case.record:
            return "the case has no record"
        return "not asked: the study was told not to fit the record" if self.fit == "none" else needs_jax()

    def _evidence(self) -> None:
        missing = self._no_evidence()
        if self.case.long is None or not self.case.record:
            return
        if missing:
            self.evidence = PosteriorStudy(missing)
            return

        def tell(share: float, what: str) -> None:
            self.tell(0.75 + 0.07 * share, what)

        asked = {claim.id: claim for claim in self.case.claims if claim.kind == "posterior"}
        statements = {name: str(claim.statement) for name, claim in asked.items()}
        self.evidence = study_posterior(self.case, statements, quick_asked(), tell, self.saved)
        for name, found in self.evidence.verdicts.items():
            self.answers[name] = AnsweredClaim(asked[name], posterior_answer=found)
        for name, why in self.evidence.failed.items():
            self.answers[name] = AnsweredClaim(asked[name], cannot=why)
        if self.evidence.compared is not None and self.evidence.compared.stopped:
            raise KeyboardInterrupt  # caught there so that what was found is kept; the study as a whole ends here

    def _flips(self) -> None:
        if self.flips == "none":
            return
        self.clock.begin_search()
        for k, (claim_id, parsed) in enumerate(self.parsed.items()):
            self.tell(0.82 + 0.18 * k / len(self.parsed), f"looking for what would overturn {claim_id}")
            done = self.answers[claim_id]
            assert done.verdict is not None
            room = self.rooms[str(done.claim.game)]
            wide, left = self.flips == "all", self.clock.left
            verdict = with_flips(done.verdict, parsed, room, self.case, done.claim, wide, left)
            worlds = {n: verdict if v is done.verdict else v for n, v in (done.worlds or {}).items()}
            self.answers[claim_id] = replace(done, verdict=verdict, worlds=worlds)

    def result(self) -> StudyResult:
        order = {world.name: k for k, world in enumerate(self.case.worlds)}
        claims = []
        for claim in self.case.claims:
            item = self.answers.get(claim.id, AnsweredClaim(claim, cannot=NOT_REACHED))
            if item.worlds is not None:
                item = replace(item, worlds=dict(sorted(item.worlds.items(), key=lambda pair: order[pair[0]])))
            claims.append(item)
        assumptions = (*self.case.assumptions, *_assumed(tuple(self.games.values())))
        return StudyResult(
            self.case,
            dict(self.games),
            tuple(claims),
            self.rows,
            self.record,
            self.window,
            self.moves,
            assumptions,
            dict(self.timing),
            tuple(self.worlds.values()),
            self.stopped,
            self.questions,
            self.codings,
            self.long,
            self.forecasts,
            self.evidence,
        )


def _certified(solution: Solution) -> tuple[Certificate, ...]:
    certificates = tuple(verify(solution.game, point) for _, _, point in solution.assessments())
    if not all(certificate.valid for certificate in certificates):
        raise RuntimeError("an equilibrium does not verify: this is a fault of the solver, please report it")
    return certificates


def _go_on(solution: Solution) -> None:
    """A solve that was interrupted hands back what it had; the study as a whole ends there."""
    if solution.stopped == "interrupted":
        raise KeyboardInterrupt


def _assumed(games: tuple[GameStudy, ...]) -> list[str]:
    """What the games take for granted: first what all of them do, then what is said of one, under its name."""
    first = games[0].assumptions if games else ()
    common = [words for words in first if all(words in game.assumptions for game in games)]
    own = [(game.name, words) for game in games for words in game.assumptions if words not in common]
    return [*common, *(f"{name}: {words[:1].lower()}{words[1:]}" for name, words in own)]
