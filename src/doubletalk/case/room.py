"""A game at any parameter values, each solved at most once and shared between claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from doubletalk.case.evaluation import Evaluator
from doubletalk.equilibrium.solution import Solution
from doubletalk.exact import Rational
from doubletalk.game.model import Game

__all__ = ["GameRoom"]


@dataclass
class GameRoom:
    """A game for any parameter values, each solved at most once.

    ``make``   parameter overrides -> game; raises ``InputError`` where there is none
    ``solver`` game -> solution
    ``outcomes`` game -> its outcomes, without all that holds them up off the path; ``solver`` where it is None
    ``crossings`` what ``candidates.crossings`` found, kept from claim to claim
    """

    make: Callable[[Mapping[str, Rational]], Game]
    solver: Callable[[Game], Solution]
    outcomes: Callable[[Game], Solution] | None = None
    crossings: dict[Any, tuple[Rational, ...]] = field(default_factory=dict)
    _games: dict[tuple[tuple[str, str], ...], Game] = field(default_factory=dict)
    _solved: dict[tuple[tuple[str, str], ...], Evaluator] = field(default_factory=dict)

    @staticmethod
    def _key(overrides: Mapping[str, Rational]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((name, str(value)) for name, value in overrides.items()))

    def game(self, overrides: Mapping[str, Rational]) -> Game:
        """The game at these values."""
        key = self._key(overrides)
        if key not in self._games:
            self._games[key] = self.make(overrides)
        return self._games[key]

    def solved(self, overrides: Mapping[str, Rational]) -> Evaluator:
        """The evaluator over all equilibria at these values."""
        key = self._key(overrides)
        if key not in self._solved:
            self._solved[key] = Evaluator(self.solver(self.game(overrides)))
        return self._solved[key]

    def surviving(self, overrides: Mapping[str, Rational], names: tuple[str, ...]) -> Evaluator:
        """The evaluator with every outcome judged by these refinements (each computed once)."""
        evaluator = self.solved(overrides)
        missing = [n for n in names if any(n not in outcome.survives for outcome in evaluator.solution.outcomes)]
        if missing:
            from doubletalk.refinement import refine

            evaluator.solution = refine(evaluator.solution, missing)
        return evaluator

    def quick(self) -> GameRoom:
        """The same games solved for their outcomes alone: enough for a statement's answer, not for what shows it."""
        return self if self.outcomes is None else GameRoom(self.make, self.outcomes, None, self.crossings, self._games)

    def forget(self, overrides: Mapping[str, Rational]) -> None:
        """Drop what was solved at these values, to save memory."""
        self._solved.pop(self._key(overrides), None)
