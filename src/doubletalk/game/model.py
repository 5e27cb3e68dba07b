"""What is being played: one informed sender, one or more audiences, perhaps a reply.

A :class:`Game` is a plain, frozen value with every number already exact and every rule already resolved into
tables; it knows nothing of files (see ``loading``) or of solving.

Index conventions used throughout the package::

    t   sender type            0 .. len(types) - 1
    m   message                0 .. len(messages) - 1
    j   audience               0 .. len(audiences) - 1, in the order in which they move
    o   observation of j       0 .. len(audiences[j].observations) - 1
    a   action of j            index into audiences[j].actions[o]
    c   reply of the sender    index into replies[t, m, actions]; NO_REPLY where there is none
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import product

from doubletalk.exact import Rational

__all__ = ["NO_REPLY", "Audience", "Cell", "Game", "History"]

NO_REPLY = -1

History = tuple[int, int, tuple[int, ...], int]
"""One complete play: (type, message, one action per audience, reply or NO_REPLY)."""


@dataclass(frozen=True)
class Audience:
    """One audience: what it can tell apart, whom it watches, what it can do.

    ``observations``   labels of what it may see of the message, in order of first appearance
    ``observation_of`` [message] -> index into ``observations``
    ``watches``        indices of the earlier audiences whose action it sees before moving, ascending
    ``actions``        [observation] -> labels of its actions there
    """

    name: str
    observations: tuple[str, ...]
    observation_of: tuple[int, ...]
    watches: tuple[int, ...]
    actions: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Cell:
    """Messages that some audiences cannot tell apart: those audiences share one belief about what is behind them.

    ``key``       belief key of the contract: the observation's label when all audiences observe alike, otherwise
                  ``audience:observation`` with the first audience that has this cell
    ``audiences`` the audiences that have exactly this cell, ascending
    ``messages``  ascending
    """

    key: str
    audiences: tuple[int, ...]
    messages: tuple[int, ...]


@dataclass(frozen=True)
class Game:
    """A finite game of one informed sender and several audiences (theory, section 1).

    ``prior``      [type] -> probability, positive, summing to 1
    ``available``  [type] -> messages that the type can send, ascending
    ``replies``    (type, message, actions) -> labels of the sender's replies there; absent where it has none
    ``payoffs``    history -> (sender, audience 0, audience 1, ...); one entry per possible play
    ``traits``     trait name -> its values, {} when types are plain; ``trait_values`` [type] -> one value per trait
    ``channels``   channel name -> its components, {} for plain messages; ``message_parts`` [message] -> components
    """

    title: str
    source: str
    sender: str
    types: tuple[str, ...]
    prior: tuple[Rational, ...]
    messages: tuple[str, ...]
    available: tuple[tuple[int, ...], ...]
    audiences: tuple[Audience, ...]
    replies: Mapping[tuple[int, int, tuple[int, ...]], tuple[str, ...]]
    payoffs: Mapping[History, tuple[Rational, ...]]
    parameters: Mapping[str, Rational] = field(default_factory=dict)
    traits: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    trait_values: tuple[tuple[str, ...], ...] = ()
    channels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    message_parts: tuple[tuple[str, ...], ...] = ()

    @property
    def players(self) -> tuple[str, ...]:
        """Names in payoff order: the sender, then the audiences."""
        return (self.sender, *(audience.name for audience in self.audiences))

    def actions_after(self, message: int) -> tuple[tuple[str, ...], ...]:
        """[audience] -> action labels after *message*."""
        return tuple(a.actions[a.observation_of[message]] for a in self.audiences)

    def action_profiles(self, message: int) -> Iterator[tuple[int, ...]]:
        """Every combination of the audiences' actions after *message*."""
        return product(*(range(len(labels)) for labels in self.actions_after(message)))

    def reply_range(self, sender_type: int, message: int, actions: tuple[int, ...]) -> range | tuple[int]:
        """The reply indices there, or ``(NO_REPLY,)`` where the sender has no reply."""
        labels = self.replies.get((sender_type, message, actions))
        return range(len(labels)) if labels else (NO_REPLY,)

    def histories(self) -> Iterator[History]:
        """Every possible play, in index order."""
        for t, sendable in enumerate(self.available):
            for m in sendable:
                for actions in self.action_profiles(m):
                    for c in self.reply_range(t, m, actions):
                        yield t, m, actions, c

    def senders_of(self, message: int) -> tuple[int, ...]:
        """The types that can send *message*."""
        return tuple(t for t, sendable in enumerate(self.available) if message in sendable)

    def cells(self) -> tuple[Cell, ...]:
        """The distinct observations, each with the audiences that share it (common beliefs), in order of messages."""
        owners: dict[tuple[int, ...], list[int]] = {}
        for j, audience in enumerate(self.audiences):
            for o in range(len(audience.observations)):
                alike = tuple(m for m, seen in enumerate(audience.observation_of) if seen == o)
                owners.setdefault(alike, []).append(j)
        together = all(len(names) == len(self.audiences) for names in owners.values())
        cells = []
        for alike, names in sorted(owners.items()):
            first = self.audiences[names[0]]
            label = first.observations[first.observation_of[alike[0]]]
            cells.append(Cell(label if together else f"{first.name}:{label}", tuple(names), alike))
        return tuple(cells)

    def information_set(self, audience: int, message: int, actions: tuple[int, ...]) -> str:
        """The key of the audience's information set: ``"court|west=relieve"`` (game-file contract)."""
        who = self.audiences[audience]
        seen = [who.observations[who.observation_of[message]]]
        labels = self.actions_after(message)
        seen += [f"{self.audiences[j].name}={labels[j][actions[j]]}" for j in who.watches]
        return "|".join(seen)

    def reply_node(self, message: int, actions: tuple[int, ...]) -> str:
        """The key of the sender's reply node after *message*: ``"court|west=relieve|kremlin=hold"``."""
        labels = self.actions_after(message)
        return "|".join(
            [self.messages[message], *(f"{a.name}={labels[j][actions[j]]}" for j, a in enumerate(self.audiences))]
        )
