"""Events of the long game's claim language, looked up in a game and found along simulated paths."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from doubletalk.case.long_language import LongEvent, Moving, Ordered, Start
from doubletalk.case.syntax import All, Always, Any, Bare, ClaimError, Is, Not
from doubletalk.game.wording import unknown
from doubletalk.longgame.declaration import STANCE, LongGame

if TYPE_CHECKING:
    from doubletalk.longgame.simulate import Paths

__all__ = ["BELIEF", "Names", "Truth"]

Bools = npt.NDArray[np.bool_]
Truth = Callable[["Paths"], Bools]
"""Simulated paths -> whether the event happens in each quarter [T, N]."""

BELIEF = "belief"
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _lookup(wanted: Iterable[int], size: int) -> Bools:
    """index -> whether it is wanted."""
    table = np.zeros(size, dtype=bool)
    table[list(wanted)] = True
    return table


class Names:
    """The names of a game, for the statement *source*; every error points into it."""

    def __init__(self, game: LongGame, source: str = "") -> None:
        self.game, self.source = game, source
        self.variables = {variable.name: variable.levels for variable in game.variables}
        self.actors = {actor.name: actor.moves for actor in game.actors}
        self.parts = {part: (actor.name, labels) for actor in game.actors for part, labels in actor.parts.items()}
        self.stances = game.stances

    def error(self, message: str, at: int) -> ClaimError:
        """A complaint at a character of the statement."""
        return ClaimError(message, self.source, at)

    def one(self, kind: str, name: str, known: list[str], at: int) -> str:
        """The name, which has to be known."""
        if name not in known:
            raise self.error(unknown(kind, name, known), at)
        return name

    def labels(self, name: str, at: int) -> tuple[str, ...]:
        """The labels of a variable, an actor, a part of a move or the stance."""
        known = {**self.variables, **self.actors, **{p: labels for p, (_, labels) in self.parts.items()}}
        if self.game.informed:
            known[STANCE] = self.stances
        self.one("state, actor, part or stance", name, list(known), at)
        return known[name]

    def place(self, actor: str) -> int:
        """When the actor moves within a quarter, from 0."""
        return self.game.position(actor)

    # -- events ------------------------------------------------------------------------------------------------

    def truth(self, event: LongEvent) -> Truth:
        """The event as a function of simulated paths."""
        match event:
            case Is():
                labels = self.labels(event.name, event.at)
                wanted = {labels.index(self.one(f"value of '{event.name}'", v, list(labels), event.at))
                          for v in event.values}  # fmt: skip
                inside = self._among(event.name, wanted)
                return (lambda paths: ~inside(paths)) if event.negated else inside
            case Bare():
                return self.truth(Is(self._owner(event), (event.value,), False, event.at))
            case Not():
                part = self.truth(event.item)
                return lambda paths: ~part(paths)
            case All() | Any():
                parts = [self.truth(item) for item in event.items]
                join = np.logical_and.reduce if isinstance(event, All) else np.logical_or.reduce
                return lambda paths: np.asarray(join([each(paths) for each in parts]))
            case Ordered():
                return self._ordered(event)
            case Moving():
                place = self.variable(event.name, event.at)
                sign = operator.gt if event.up else operator.lt
                return lambda paths: np.asarray(sign(paths.levels[1:, :, place], paths.levels[:-1, :, place]))
            case Always():
                return lambda paths: np.ones(paths.moves.shape[:2], dtype=bool)

    def moment(self, event: LongEvent) -> int:
        """When within a quarter an event is known: -1 at its start, an actor's place, or after all at its end."""
        match event:
            case Is():
                owner = self.parts[event.name][0] if event.name in self.parts else event.name
                return self.place(owner) if owner in self.actors else -1
            case Bare():
                return self.moment(Is(self._owner(event), (event.value,), False, event.at))
            case Not():
                return self.moment(event.item)
            case All() | Any():
                return max(self.moment(item) for item in event.items)
            case Moving():
                return len(self.actors)
            case _:
                return -1

    def timeless(self, event: LongEvent) -> bool:
        """Whether the event is about the state alone, known at a quarter's start."""
        return self.moment(event) == -1

    def _owner(self, event: Bare) -> str:
        spaces = {**self.variables, **{p: labels for p, (_, labels) in self.parts.items()}, STANCE: self.stances}
        spaces |= {name: moves for name, moves in self.actors.items() if not self.game.actor(name).parts}
        owners = [name for name, labels in spaces.items() if event.value in labels]
        if not owners:
            known = list(dict.fromkeys(label for labels in spaces.values() for label in labels))
            raise self.error(unknown("value", event.value, known), event.at)
        if len(owners) > 1:
            raise self.error(f"'{event.value}' is a value of {', '.join(owners)}; say which, as in "
                             f"{owners[0]}={event.value}", event.at)  # fmt: skip
        return owners[0]

    def _among(self, name: str, wanted: set[int]) -> Truth:
        if name == STANCE:
            chosen = _lookup(wanted, len(self.stances))
            return lambda paths: chosen[paths.stances[:-1]]
        if name in self.variables:
            place, levels = self.variable(name, 0), _lookup(wanted, len(self.variables[name]))
            return lambda paths: levels[paths.levels[:-1, :, place]]
        if name in self.parts:
            actor = self.parts[name][0]
            which = list(self.game.actor(actor).parts).index(name)
            labels = self.parts[name][1]
            moves = [m for m, move in enumerate(self.actors[actor]) if labels.index(move.split(",")[which]) in wanted]
        else:
            actor, moves = name, sorted(wanted)
        position, listed = self.place(actor), _lookup(moves, len(self.actors[actor]))
        return lambda paths: listed[paths.moves[:, :, position]]

    def _ordered(self, event: Ordered) -> Truth:
        compare = _COMPARE[event.sign]
        if event.name == BELIEF:
            bound = self.number(event.value, event.name, event.at)
            return lambda paths: np.asarray(compare(paths.beliefs[:-1], bound))
        place = self.variable(event.name, event.at)
        levels = self.variables[event.name]
        level = levels.index(self.one(f"level of '{event.name}'", event.value, list(levels), event.at))
        return lambda paths: np.asarray(compare(paths.levels[:-1, :, place], level))

    def variable(self, name: str, at: int) -> int:
        """The place of a state variable."""
        if name == BELIEF:
            raise self.error("the belief is compared with a number, as in belief<=0.3", at)
        return list(self.variables).index(self.one("state variable", name, list(self.variables), at))

    # -- settings ----------------------------------------------------------------------------------------------

    def number(self, text: str, name: str, at: int) -> float:
        """A belief: a number from 0 to 1."""
        above, _, below = text.partition("/")
        try:
            value = float(above) / float(below or 1)
        except ValueError:
            raise self.error(f"{name}: found '{text}', expected a number from 0 to 1", at) from None
        if not 0 <= value <= 1:
            raise self.error(f"{name}: found {text}, expected a number from 0 to 1", at)
        return value

    def beginning(self, start: tuple[Start, ...]) -> tuple[tuple[int, ...] | None, float | None, int | None]:
        """(levels, belief, stance) at the start; None where the statement leaves it as filed."""
        levels = [variable.start for variable in self.game.variables]
        belief, stance, moved = None, None, False
        for item in start:
            if item.name == BELIEF:
                belief = self.number(item.value, BELIEF, item.at)
            elif item.name == STANCE:
                self.labels(STANCE, item.at)
                stance = self.stances.index(self.one("stance", item.value, list(self.stances), item.at))
            else:
                place = self.variable(item.name, item.at)
                known = self.variables[item.name]
                levels[place] = known.index(self.one(f"level of '{item.name}'", item.value, list(known), item.at))
                moved = True
        return (tuple(levels) if moved else None), belief, stance

    def move(self, item: Start) -> tuple[int, int]:
        """(actor position, move) of an imposed move; a part of a move takes the first labels of the other parts."""
        if item.name in self.parts:
            actor, labels = self.parts[item.name]
            self.one(f"value of '{item.name}'", item.value, list(labels), item.at)
            parts = self.game.actor(actor).parts
            label = ",".join(item.value if name == item.name else others[0] for name, others in parts.items())
        else:
            actor = self.one("actor or part of a move", item.name, [*self.actors, *self.parts], item.at)
            label = self.one(f"move of '{actor}'", item.value, list(self.actors[actor]), item.at)
        return self.place(actor), self.actors[actor].index(label)
