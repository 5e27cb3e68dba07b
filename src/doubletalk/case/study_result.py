"""What a study of a case finds, as frozen records; ``tables`` turns them into JSON and CSV."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doubletalk.case.language import parse_statement
from doubletalk.case.loading import Case, Claim
from doubletalk.case.structure import StructuralThreshold
from doubletalk.case.verdict import Verdict
from doubletalk.case.window import Move, Window
from doubletalk.case.worlds import World
from doubletalk.equilibrium import Certificate, Solution
from doubletalk.game.model import Game

if TYPE_CHECKING:
    from doubletalk.case.long_claims import LongVerdict
    from doubletalk.case.long_study import LongStudy
    from doubletalk.case.posterior_claims import PosteriorVerdict
    from doubletalk.case.posterior_study import PosteriorStudy
    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.evidence.language import RecordAnswer
    from doubletalk.evidence.lenses_table import AnsweredRow
    from doubletalk.evidence.questions import AnsweredStatement
    from doubletalk.evidence.record import Record
    from doubletalk.forecast.stored import StoredForecasts

__all__ = ["AnsweredClaim", "GameStudy", "StudyResult", "WorldStudy"]


@dataclass(frozen=True)
class GameStudy:
    """One game of the case in one world: all its equilibria, their certificates, and what is assumed in words.

    ``certificates`` aligned with ``solution.assessments()``; ``notes`` parameter -> where its size comes from
    """

    name: str
    solution: Solution
    certificates: tuple[Certificate, ...]
    assumptions: tuple[str, ...]
    notes: Mapping[str, str]

    @property
    def game(self) -> Game:
        """The game at the parameters of its world."""
        return self.solution.game


@dataclass(frozen=True)
class WorldStudy:
    """One world: the game with the cruxes, its equilibria counted and certified, and its window.

    ``outcomes`` the number of equilibrium outcomes, ``points`` how many extreme points were verified; both None where
    the study was stopped before this world was solved. ``thresholds``: where a parameter of a crux, the
    others held, changes what the window looks like.
    """

    world: World
    window: Window | None
    thresholds: tuple[StructuralThreshold, ...]
    outcomes: int | None = None
    points: int | None = None
    complete: bool = False


@dataclass(frozen=True)
class AnsweredClaim:
    """A claim with its answer: a ``verdict`` (game), ``record_answer`` (record), ``long_answer`` (long game),
    ``posterior_answer`` (the fitted long game), or ``cannot`` with the reason.

    ``verdict`` is the answer at the parameters as filed, the only one with flips; ``worlds`` has the answer in every
    world by its name, the one as filed among them.
    """

    claim: Claim
    verdict: Verdict | None = None
    record_answer: RecordAnswer | None = None
    cannot: str | None = None
    worlds: Mapping[str, Verdict] | None = None
    long_answer: LongVerdict | None = None
    posterior_answer: PosteriorVerdict | None = None

    @property
    def across(self) -> dict[str, int]:
        """In how many worlds the claim reaches "all", "some", "none" of the equilibria (or of its range); the rest."""
        counts = {"all": 0, "some": 0, "none": 0, "other": 0}
        for verdict in (self.worlds or {}).values():
            word = self.reaches(verdict)
            counts[word if word in counts else "other"] += 1
        return counts

    @property
    def denies(self) -> bool:
        """Whether the claim is that the comparison fails: ``in no equilibrium: ...``."""
        if self.verdict is None or self.verdict.answer == "range":
            return False
        return parse_statement(self.verdict.statement).quantifier == "no"

    def reaches(self, verdict: Verdict) -> str:
        """The word of ``verdict.reach`` for the claim itself: one that denies reaches where its comparison does not."""
        word = verdict.reach.word if verdict.reach is not None else "undecided"
        return {"all": "none", "none": "all"}.get(word, word) if self.denies else word

    @property
    def as_stated(self) -> tuple[int, int]:
        """(in how many worlds it holds as its author stated it, in how many it was asked)."""
        verdicts = (self.worlds or {}).values()
        return sum(verdict.as_stated is True for verdict in verdicts), len(verdicts)

    @property
    def short(self) -> str:
        """One phrase for a table: over all worlds where there are several."""
        if self.long_answer is not None:
            return _LONG[self.long_answer.answer]
        if self.posterior_answer is not None:
            return _POSTERIOR[self.posterior_answer.answer]
        if self.verdict is None:
            return self.record_answer.verdict.value if self.record_answer is not None else "cannot be asked"
        if self.worlds is not None and len(self.worlds) > 1:
            held, asked = self.as_stated
            said = {"other": "not defined or not decided"}
            reached = ", ".join(f"{said.get(word, word)} in {n}" for word, n in self.across.items() if n)
            some = f"all {asked} worlds" if held == asked else f"{held} of {asked} worlds"
            worlds = "no world" if held == 0 else some
            return f"reaches {reached}; holds as stated in {worlds}"
        if self.verdict.answer == "range":
            return self.verdict.words.rstrip(".")
        reach = self.verdict.reach
        return _SHORT[self.verdict.answer] + (f" ({reach})" if reach is not None and reach.of == "outcomes" else "")


_SHORT = {
    "yes": "holds",
    "no": "does not hold",
    "undefined": "not defined",
    "undecided": "not decided",
    "cannot": "cannot be asked yet",
}

_LONG = {
    "yes": "holds in simulation",
    "no": "does not hold in simulation",
    "undecided": "undecided within the error of the simulation",
    "undefined": "not defined",
}

_POSTERIOR = {
    "yes": "holds in the posterior",
    "no": "does not hold in the posterior",
    "undecided": "undecided within the error of the approximation",
}


@dataclass(frozen=True)
class StudyResult:
    """Everything the report draws; ``window`` and ``record`` are None in a case without one.

    ``games``, ``window`` and ``moves`` are at the parameters as filed; ``worlds`` has one entry per world (a single
    one, "as filed", in a case without cruxes). ``stopped`` says why the study is not whole, None when it is: then
    games, worlds and answers that were not reached are absent, or say so.
    """

    case: Case
    games: Mapping[str, GameStudy]
    claims: tuple[AnsweredClaim, ...]
    tells_apart: tuple[AnsweredRow, ...]
    record: Record | None
    window: Window | None
    moves: tuple[Move, ...]
    assumptions: tuple[str, ...]
    timing_s: Mapping[str, float]
    worlds: tuple[WorldStudy, ...] = ()
    stopped: str | None = None
    questions: tuple[AnsweredStatement, ...] = ()
    codings: tuple[CodedRecord, ...] = ()
    long: LongStudy | None = None
    forecasts: StoredForecasts | None = None
    evidence: PosteriorStudy | None = None

    def to_json(self) -> str:
        """The whole result as JSON text; the same from run to run but for ``timing_s``."""
        from doubletalk.case.tables import as_json

        return as_json(self)

    def csv_tables(self) -> dict[str, str]:
        """File name -> CSV text: claims, verdicts by world, outcomes, window, worlds, parameters."""
        from doubletalk.case.tables import as_csv

        return as_csv(self)
