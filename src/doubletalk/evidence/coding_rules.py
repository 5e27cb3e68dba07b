"""A coding as data: which events make which move, and what the level of each state variable is.

Read from a file by ``coding_file.load_coding``; applied by ``coding.code``. Nothing here looks at a chronicle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product

from doubletalk.evidence.chronicle import Event
from doubletalk.evidence.record import Selector

__all__ = [
    "CHOICES",
    "ActorRules",
    "Coding",
    "EventFilter",
    "LadderStep",
    "Mark",
    "MoveOverride",
    "MoveRule",
    "PartRules",
    "SeriesRule",
    "StateOverride",
    "StateRules",
    "Stock",
    "StockTerm",
]

CHOICES = ("largest", "total", "first", "last")


@dataclass(frozen=True)
class EventFilter:
    """Which events count: a selector, and where ``ids`` is given only these rows; ``line``: where the file says so."""

    selector: Selector
    ids: tuple[str, ...] | None = None
    line: int | None = field(default=None, compare=False)

    def takes(self, event: Event) -> bool:
        """Whether the event passes."""
        s = self.selector
        return (
            (self.ids is None or event.id in self.ids)
            and (not s.actions or event.action in s.actions)
            and event.intensity in s.intensities
            and (s.actors is None or event.actor in s.actors)
            and (s.targets is None or event.target in s.targets)
        )


@dataclass(frozen=True)
class MoveRule:
    """Events that make a move."""

    move: str
    events: EventFilter


@dataclass(frozen=True)
class PartRules:
    """One part of an actor's move (its deed, say): the moves in order of precedence, the default among them.

    moves    all moves of the part, the default first
    choose   what decides between events of different moves in a quarter: the ``largest`` event, the largest ``total``
             intensity, the ``first`` or the ``last`` event; ties go to the move named first in ``precedence``
    """

    name: str
    moves: tuple[str, ...]
    default: str
    precedence: tuple[str, ...]
    choose: str
    rules: tuple[MoveRule, ...]


@dataclass(frozen=True)
class ActorRules:
    """An actor's parts; a move is one choice of each, joined by commas."""

    name: str
    parts: tuple[PartRules, ...]

    @property
    def moves(self) -> tuple[str, ...]:
        """Every move, the last part changing fastest."""
        return tuple(",".join(choice) for choice in product(*(part.moves for part in self.parts)))


@dataclass(frozen=True)
class StockTerm:
    """Events that add to a stock: ``times`` their intensity."""

    events: EventFilter
    times: float


@dataclass(frozen=True)
class Stock:
    """A stock x(q) = keep x(q-1) + sum of times * intensity over the quarter's events, kept within ``between``.

    The level is the number of ``cuts`` that the stock reaches or passes.
    """

    keep: float
    between: tuple[float, float]
    cuts: tuple[float, ...]
    terms: tuple[StockTerm, ...]


@dataclass(frozen=True)
class SeriesRule:
    """The last value of a series, where it is at most ``quarters`` old; the level counts the cuts it reaches."""

    name: str
    cuts: tuple[float, ...]
    quarters: int
    line: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class LadderStep:
    """Events that put a level at least (or at most) so high; ``needs`` of them within ``quarters`` quarters."""

    events: EventFilter
    level: int
    at_least: bool
    needs: int = 1
    quarters: int = 1


@dataclass(frozen=True)
class Mark:
    """A level that holds for ``quarters`` quarters from the quarter of an event or, where ``votes``, of a vote."""

    level: int
    quarters: int
    votes: bool
    events: EventFilter | None


@dataclass(frozen=True)
class StateRules:
    """A state variable: its levels, lowest first, and what sets them; the highest level that any part gives counts.

    when   ``start``: the level that the events of earlier quarters have made; ``quarter``: that of the quarter itself
    """

    name: str
    levels: tuple[str, ...]
    when: str
    start: int
    stock: Stock | None
    series: SeriesRule | None
    ladder: tuple[LadderStep, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class MoveOverride:
    """A coder's own reading of a quarter, with the reason and initials."""

    quarter: int
    actor: str
    move: str
    reason: str
    by: str
    line: int | None


@dataclass(frozen=True)
class StateOverride:
    """A coder's own level for a quarter, with the reason and initials; it does not carry on to later quarters."""

    quarter: int
    variable: str
    level: str
    reason: str
    by: str
    line: int | None


@dataclass(frozen=True)
class Coding:
    """A whole coding file. ``first``: the first quarter to be coded; actors in the order in which they move."""

    name: str
    title: str
    first: int
    actors: tuple[ActorRules, ...]
    states: tuple[StateRules, ...]
    moves: tuple[MoveOverride, ...]
    levels: tuple[StateOverride, ...]
    path: str | None = None

    @property
    def move_sets(self) -> Mapping[str, tuple[str, ...]]:
        """Every actor's moves."""
        return {actor.name: actor.moves for actor in self.actors}
