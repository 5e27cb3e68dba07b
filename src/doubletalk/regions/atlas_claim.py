"""A claim asked at every point of a plane of two numbers: parameters of its game, or the variable of its ``over``."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from doubletalk.case.claims_file import Claim
from doubletalk.case.language import parse_statement
from doubletalk.case.room import GameRoom
from doubletalk.case.syntax import ClaimError
from doubletalk.case.verdicts import answer_at
from doubletalk.errors import InputError
from doubletalk.exact import Rational
from doubletalk.game.loading import GameFile
from doubletalk.game.model import Game
from doubletalk.regions.atlas_data import fingerprint
from doubletalk.regions.atlas_game import NO_GAME
from doubletalk.regions.atlas_questions import solved_outcomes

__all__ = ["AskClaim"]


@dataclass(frozen=True)
class AskClaim:
    """The answer to a claim with a figure, at values of the two numbers of its figure."""

    file: GameFile
    claim: Claim

    @property
    def names(self) -> tuple[str, str]:
        """The two numbers."""
        (x, _, _), (y, _, _) = self.claim.figure
        return x, y

    def __call__(self, x: Rational, y: Rational) -> Hashable:
        """The answer in a word: yes, no, undefined, undecided, cannot, no game."""
        room = GameRoom(self._game, solved_outcomes)
        try:
            return answer_at(
                parse_statement(str(self.claim.statement)), room, dict(zip(self.names, (x, y), strict=True))
            ).answer
        except ClaimError:
            raise
        except InputError:
            return NO_GAME

    def _game(self, overrides: Mapping[str, Rational]) -> Game:
        return self.file.game(overrides)

    def words(self, answer: Hashable) -> str:
        """The answer in words."""
        said = {"yes": "it holds", "no": "it does not hold", "undefined": "it is not defined"}
        return said.get(str(answer), str(answer))

    @property
    def fingerprint(self) -> str:
        """A short name of game, statement, numbers and version."""
        return fingerprint(self.file.declaration, self.names, self.claim.statement)
