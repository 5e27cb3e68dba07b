"""What was understood of a game: the counts and sentences behind ``doubletalk check``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doubletalk.game.model import Game
from doubletalk.game.structure import is_separable, solver_class, trait_classes

__all__ = ["AudienceView", "Description", "describe"]


@dataclass(frozen=True)
class AudienceView:
    """One audience: the observations that it tells apart, each with its messages, whom it watches, what it can do.

    ``information_sets`` counts observations times what it sees of earlier audiences.
    """

    name: str
    sees: Mapping[str, tuple[str, ...]]
    watches: tuple[str, ...]
    actions: Mapping[str, tuple[str, ...]]
    information_sets: int


@dataclass(frozen=True)
class Description:
    """A game in numbers and words.

    ``plays``        ways to go from the type to the last action of the audiences, before any reply
    ``terminal``     ends of the tree: plays, each counted once per reply
    ``reply_nodes``  (type, message, actions) at which the sender has a reply
    ``trait_classes`` types, by label, that the play after a message does not tell apart
    ``solver_class`` with ``solver_reason``; ``complete`` is False for "partial" only
    """

    title: str
    source: str
    sender: str
    players: tuple[str, ...]
    types: int
    messages: int
    channels: Mapping[str, tuple[str, ...]]
    traits: Mapping[str, tuple[str, ...]]
    audiences: tuple[AudienceView, ...]
    information_sets: int
    plays: int
    reply_nodes: int
    terminal: int
    separable: bool
    trait_classes: tuple[tuple[str, ...], ...]
    solver_class: str
    solver_reason: str

    @property
    def complete(self) -> bool:
        """Whether the solver proves that its list is complete for this class."""
        return self.solver_class != "partial"

    def sentences(self) -> tuple[str, ...]:
        """The description in plain sentences, one line each."""
        lines = [
            f"{self.sender} has {_count(self.types, 'type')} and {_count(self.messages, 'message')}.",
            *(_audience_sentence(audience, self.messages) for audience in self.audiences),
        ]
        if self.channels:
            parts = "; ".join(f"{name}: {', '.join(labels)}" for name, labels in self.channels.items())
            lines.insert(1, f"A message has a component on each of {_count(len(self.channels), 'channel')} ({parts}).")
        if self.reply_nodes:
            lines.append(f"{self.sender} may reply after {self.reply_nodes} of {_count(self.plays, 'play')}.")
        lines.append(
            f"The tree has {_count(self.information_sets, 'information set')} of audiences and "
            f"{_count(self.terminal, 'end')}."
        )
        promise = "all equilibria are found" if self.complete else "the list may not be complete"
        if self.solver_class == "sequential trait":
            promise += ", those that ties make curved by their conditions"
        lines.append(f"Solver class: {self.solver_class}, because {self.solver_reason}; {promise}.")
        return tuple(lines)


def describe(game: Game) -> Description:
    """Count and name what the game holds, and say which solver applies and why."""
    audiences = tuple(_view(game, j) for j in range(len(game.audiences)))
    name, reason = solver_class(game)
    profiles = {history[:3] for history in game.payoffs}
    return Description(
        title=game.title,
        source=game.source,
        sender=game.sender,
        players=game.players,
        types=len(game.types),
        messages=len(game.messages),
        channels=dict(game.channels),
        traits=dict(game.traits),
        audiences=audiences,
        information_sets=sum(audience.information_sets for audience in audiences),
        plays=len(profiles),
        reply_nodes=len(game.replies),
        terminal=len(game.payoffs),
        separable=is_separable(game),
        trait_classes=tuple(tuple(game.types[t] for t in group) for group in trait_classes(game)),
        solver_class=name,
        solver_reason=reason,
    )


def _view(game: Game, j: int) -> AudienceView:
    audience = game.audiences[j]
    sees: dict[str, tuple[str, ...]] = {}
    for message, o in zip(game.messages, audience.observation_of, strict=True):
        label = audience.observations[o]
        sees[label] = (*sees.get(label, ()), message)
    sets = {
        game.information_set(j, m, actions) for m in range(len(game.messages)) for actions in game.action_profiles(m)
    }
    actions = dict(zip(audience.observations, audience.actions, strict=True))
    return AudienceView(
        audience.name, sees, tuple(game.audiences[i].name for i in audience.watches), actions, len(sets)
    )


def _audience_sentence(audience: AudienceView, messages: int) -> str:
    if len(audience.sees) == messages:
        what = "sees the message"
    elif len(audience.sees) == 1:
        what = "does not see the message"
    else:
        merged = "; ".join(f"{label}: {', '.join(names)}" for label, names in audience.sees.items())
        what = f"sees one of {len(audience.sees)} things of the message ({merged})"
    watched = f" and what {' and '.join(audience.watches)} did" if audience.watches else ""
    kinds = set(audience.actions.values())
    chooses = ", ".join(next(iter(kinds))) if len(kinds) == 1 else "they depend on what it sees"
    return f"{audience.name} {what}{watched}; its actions: {chooses}."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
