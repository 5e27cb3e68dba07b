"""A question about a game file, asked at values of two of its parameters."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from doubletalk.equilibrium.desk import alike
from doubletalk.errors import InputError
from doubletalk.exact import Rational, rational
from doubletalk.game.loading import GameFile
from doubletalk.game.model import Game
from doubletalk.game.wording import unknown
from doubletalk.regions.atlas_cells import Axis
from doubletalk.regions.atlas_data import fingerprint

__all__ = ["NO_GAME", "AskGame", "Question", "axis_from_text"]


class Question(Protocol):
    """What is asked about a game; it can be sent to another process. ``label`` is the question in words."""

    @property
    def label(self) -> str: ...
    def answer(self, game: Game) -> Hashable: ...
    def words(self, answer: Hashable) -> str: ...


NO_GAME = "no game"
"""The answer where the parameters make no game: a negative probability, a division by nought."""


@dataclass(frozen=True)
class AskGame:
    """The answer of *question* for the game at (x, y); the file is not read again, and types of no probability are
    left out. It can be sent to another process.

    ``settings`` values of other parameters, over those of the file
    """

    file: GameFile
    names: tuple[str, str]
    question: Question
    settings: Mapping[str, Rational]

    def __call__(self, x: Rational, y: Rational) -> Hashable:
        """The answer there, ``NO_GAME`` where there is no game."""
        try:
            game = self._game(x, y)
        except InputError:
            return NO_GAME
        return self.question.answer(game)

    def _game(self, x: Rational, y: Rational) -> Game:
        return self.file.game({**self.settings, self.names[0]: x, self.names[1]: y}, drop_null_types=True)

    def order(self, points: Sequence[tuple[Rational, Rational]]) -> list[tuple[Rational, Rational]]:
        """The points, those whose games differ in chances alone one after another: the solver then works once for all.

        Seen from two games that differ in one parameter; where it is wrong it costs time and changes no answer.
        """
        first = points[0]
        across = next((p for p in points if p[0] != first[0]), first)
        along = next((p for p in points if p[1] != first[1]), first)
        if self._alike(first, (across[0], first[1])):
            return sorted(points, key=lambda p: (p[1], p[0]))
        if self._alike(first, (first[0], along[1])):
            return sorted(points)
        return list(points)

    def _alike(self, one: tuple[Rational, Rational], other: tuple[Rational, Rational]) -> bool:
        try:
            games = [self._game(*one), self._game(*other)]
        except InputError:
            return False
        return alike(*games)

    def words(self, answer: Hashable) -> str:
        """The answer in words."""
        return NO_GAME if answer == NO_GAME else self.question.words(answer)

    @property
    def fingerprint(self) -> str:
        """A short name of game, settings, question and version: what solved points may be used again for."""
        settings = sorted((name, str(value)) for name, value in self.settings.items())
        return fingerprint(self.file.declaration, self.names, settings, self.question.label)


def axis_from_text(text: str, file: GameFile) -> Axis:
    """``"h=0:1"`` -> the axis. Raises ``InputError`` for an unknown parameter or a range that is none."""
    name, _, ends = (part.strip() for part in text.partition("="))
    low, colon, high = (part.strip() for part in ends.partition(":"))
    if not name or not colon or not low or not high:
        raise InputError(f"--over: found {text!r}, expected NAME=LOW:HIGH, such as h=0:1")
    if name not in file.parameters:
        raise InputError(f"--over: {unknown('parameter', name, list(file.parameters))}", file.path)
    try:
        return Axis(name, rational(low), rational(high))
    except ValueError as wrong:
        raise InputError(f"--over {name}: {wrong}") from None
