"""A question about a game file, asked at values of two of its parameters."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Protocol

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
        values = {**self.settings, self.names[0]: x, self.names[1]: y}
        try:
            game = self.file.game(values, drop_null_types=True)
        except InputError:
            return NO_GAME
        return self.question.answer(game)

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
