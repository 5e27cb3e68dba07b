"""What is asked along a line of one parameter: about a game file, or about the claims of a case."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from doubletalk.case.language import parse_statement
from doubletalk.case.loading import Case
from doubletalk.case.loading import Claim as FiledClaim
from doubletalk.case.room import GameRoom
from doubletalk.case.syntax import Statement
from doubletalk.case.verdicts import answer
from doubletalk.errors import InputError
from doubletalk.exact import Rational
from doubletalk.game.loading import GameFile
from doubletalk.game.model import Game
from doubletalk.regions.atlas_data import fingerprint
from doubletalk.regions.atlas_game import NO_GAME, Question
from doubletalk.regions.atlas_questions import (
    NOT_SOLVED,
    Best,
    Equilibria,
    Kinds,
    Several,
    Structure,
    Surviving,
    in_time,
    limited,
    solved_outcomes,
)
from doubletalk.regions.refined_points import COVERED, refined_candidates
from doubletalk.regions.turning_points import Candidates, candidates

__all__ = ["AskClaims", "AskLine"]

ASKED_OF_CLAIMS = "the answer to a claim may change where the equilibria do not"


def refinements_of(question: Equilibria | Surviving) -> tuple[str, ...]:
    """The tests that outcomes must survive to count."""
    return question.surviving if isinstance(question, Equilibria) else (question.name,)


@dataclass(frozen=True)
class AskLine:
    """The answers of *questions* for the game at a value of parameter ``name``; it can be sent to another process.

    ``settings`` values of other parameters, over those of the file; ``limit_s`` seconds that one solve may take
    """

    file: GameFile
    name: str
    questions: tuple[Question, ...]
    settings: Mapping[str, Rational]
    limit_s: float | None = None

    def game_at(self, x: Rational) -> Game:
        """The game there, types of no probability left out. Raises ``InputError`` where there is none."""
        return self.file.game({**self.settings, self.name: x}, drop_null_types=True)

    def __call__(self, x: Rational, _: Rational) -> Hashable:
        """One answer for each question, and last whether the equilibria are proved complete."""
        try:
            game = self.game_at(x)
        except InputError:
            return (*(NO_GAME for _ in self.questions), None)
        return Several(self.questions, self.limit_s).answer(game)

    @property
    def labels(self) -> list[str]:
        """The questions in words."""
        return [question.label for question in self.questions]

    def candidates(self, low: Rational, high: Rational) -> tuple[Candidates, ...]:
        """For each question every value between at which its answer can change, where that can be proved."""
        base = candidates(self.file, self.name, low, high, self.settings)
        refined = base
        if any(isinstance(q, Equilibria | Surviving) and refinements_of(q) for q in self.questions):
            refined = refined_candidates(self.file, self.name, low, high, self.settings, base)
        return tuple(self._candidates_of(q, base, refined) for q in self.questions)

    def _candidates_of(self, question: Question, base: Candidates, refined: Candidates) -> Candidates:
        if isinstance(question, Kinds | Structure | Best):
            return base
        if not isinstance(question, Equilibria | Surviving):
            return Candidates((), ASKED_OF_CLAIMS)
        names = refinements_of(question)
        beyond = [name for name in names if name not in COVERED]
        if beyond:
            return Candidates((), f"what survives {beyond[0]} may change where the equilibria do not")
        return refined if names else base

    def words(self, k: int, answered: Hashable) -> str:
        """An answer to question k in words."""
        return str(answered) if answered in (NO_GAME, NOT_SOLVED) else self.questions[k].words(answered)

    def parts(self, k: int, answered: Hashable) -> tuple[str, ...]:
        """The outcomes that an answer to question k lists, () where it lists none."""
        question = self.questions[k]
        listed = isinstance(question, Equilibria) and answered not in (NO_GAME, NOT_SOLVED)
        return question.parts(answered) if isinstance(question, Equilibria) and listed else ()

    @property
    def fingerprint(self) -> str:
        """A short name of game, settings, questions and version: what solved values may be used again for."""
        settings = sorted((name, str(value)) for name, value in self.settings.items())
        return fingerprint(self.file.declaration, self.name, settings, self.labels)


@dataclass
class AskClaims:
    """The answers to claims of a case about one of its games, at a value of its parameter ``name``.

    A claim is left out whose statement runs over a range or sets the parameter itself: it says where it holds already.
    """

    case: Case
    game: str
    name: str
    settings: Mapping[str, Rational]
    limit_s: float | None = None
    claims: tuple[FiledClaim, ...] = field(init=False)
    left_out: tuple[FiledClaim, ...] = field(init=False)

    def __post_init__(self) -> None:
        mine = [c for c in self.case.claims if c.kind == "game" and c.game == self.game and c.statement]
        parsed = {c.id: parse_statement(str(c.statement)) for c in mine}
        own = {c.id for c in mine if parsed[c.id].sweep is not None or self._sets(parsed[c.id])}
        self.claims = tuple(c for c in mine if c.id not in own)
        self.left_out = tuple(c for c in mine if c.id in own)

    def _sets(self, statement: Statement) -> bool:
        return any(name == self.name for name, _, _ in statement.overrides)

    def game_at(self, x: Rational) -> Game:
        """The game there. Raises ``InputError`` where there is none."""
        return self.case.games[self.game].game({**self.settings, self.name: x})

    def __call__(self, x: Rational, _: Rational) -> Hashable:
        """One answer for each claim, and last whether the equilibria are proved complete."""
        try:
            game = self.game_at(x)
        except InputError:
            return (*(NO_GAME for _ in self.claims), None)
        return self.answered(game, x)

    def answered(self, game: Game, x: Rational) -> tuple[Hashable, ...]:
        """The same about the game at x, which is not made again."""
        file, here = self.case.games[self.game], {**self.settings, self.name: x}
        room = GameRoom(lambda more: game if more == here else file.game(more), solved_outcomes)
        with limited(self.limit_s):
            answers = [in_time(partial(_answer, parse_statement(str(c.statement)), room, here)) for c in self.claims]
        complete = all(answered[1] for answered in answers if isinstance(answered, tuple))
        return (*(answered[0] if isinstance(answered, tuple) else answered for answered in answers), complete)

    @property
    def labels(self) -> list[str]:
        """The claims by name."""
        return [claim.id for claim in self.claims]

    def words(self, k: int, answered: Hashable) -> str:
        """An answer in words."""
        return _SAID.get(str(answered), str(answered))

    def candidates(self, low: Rational, high: Rational) -> tuple[Candidates, ...]:
        """For each claim nothing is proved."""
        return (Candidates((), ASKED_OF_CLAIMS),) * len(self.claims)

    def parts(self, k: int, answered: Hashable) -> tuple[str, ...]:
        """() : the answer to a claim lists no outcomes."""
        return ()

    @property
    def fingerprint(self) -> str:
        """A short name of game, settings, statements and version."""
        settings = sorted((name, str(value)) for name, value in self.settings.items())
        statements: Sequence[str | None] = [claim.statement for claim in self.claims]
        declared = self.case.games[self.game].declaration
        return fingerprint(declared, self.name, settings, statements)


def _answer(parsed: Statement, room: GameRoom, here: Mapping[str, Rational]) -> Hashable:
    verdict = answer(parsed, room, here)
    return verdict.answer, verdict.complete


_SAID = {
    "yes": "holds",
    "no": "does not hold",
    "undefined": "not defined",
    "undecided": "not decided",
    "cannot": "cannot be asked",
}
