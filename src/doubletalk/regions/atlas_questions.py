"""Questions in the words of the command line."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

from doubletalk.case.best import best_response
from doubletalk.case.language import parse_statement
from doubletalk.case.room import GameRoom
from doubletalk.case.verdicts import answer as verdict_on
from doubletalk.equilibrium import solve
from doubletalk.equilibrium.summary import KINDS
from doubletalk.errors import InputError
from doubletalk.game.model import Game
from doubletalk.game.wording import unknown

__all__ = ["Best", "Claim", "Kinds", "Structure", "Surviving", "question_from_text"]


@dataclass(frozen=True)
class Kinds:
    label: str = "kinds of equilibrium"

    def answer(self, game: Game) -> Hashable:
        kinds = {outcome.kind for outcome in solve(game).outcomes}
        return tuple(kind for kind in KINDS if kind in kinds)

    def words(self, answer: Hashable) -> str:
        assert isinstance(answer, tuple)
        return " and ".join(answer) or "none"


@dataclass(frozen=True)
class Structure:
    label: str = "outcomes of each kind"

    def answer(self, game: Game) -> Hashable:
        kinds = [outcome.kind for outcome in solve(game).outcomes]
        return tuple((kind, kinds.count(kind)) for kind in KINDS if kind in kinds)

    def words(self, answer: Hashable) -> str:
        assert isinstance(answer, tuple)
        return ", ".join(f"{count} {kind}" for kind, count in answer) or "none"


@dataclass(frozen=True)
class Surviving:
    name: str

    @property
    def label(self) -> str:
        return f"kinds surviving {self.name}"

    def answer(self, game: Game) -> Hashable:
        from doubletalk.refinement import refine

        kinds = {o.kind for o in refine(solve(game), [self.name]).outcomes if o.survives[self.name]}
        return tuple(kind for kind in KINDS if kind in kinds)

    def words(self, answer: Hashable) -> str:
        assert isinstance(answer, tuple)
        return " and ".join(answer) or "none"


@dataclass(frozen=True)
class Best:
    audience: str

    @property
    def label(self) -> str:
        return f"best policy of {self.audience} at the prior"

    def answer(self, game: Game) -> Hashable:
        j = [a.name for a in game.audiences].index(self.audience)
        return best_response(game, j, 0, game.prior, {}).possible

    def words(self, answer: Hashable) -> str:
        assert isinstance(answer, tuple)
        return " or ".join(answer)


@dataclass(frozen=True)
class Claim:
    text: str

    @property
    def label(self) -> str:
        return self.text

    def answer(self, game: Game) -> Hashable:
        room = GameRoom(lambda overrides: game, solve)
        return verdict_on(parse_statement(self.text), room).answer

    def words(self, answer: Hashable) -> str:
        return str(answer)


def question_from_text(text: str, game: Game) -> Kinds | Structure | Surviving | Best | Claim:
    """The question that *text* asks about games like *game*."""
    word, _, rest = (part.strip() for part in text.partition(":"))
    if text == "kinds":
        return Kinds()
    if text == "structure":
        return Structure()
    if word == "surviving":
        return Surviving(rest)
    if word == "best":
        known = [audience.name for audience in game.audiences]
        who = rest or known[0]
        if who not in known:
            raise InputError(f"--question best: {unknown('audience', who, known)}")
        return Best(who)
    question = Claim(text)
    return question
