"""Events over plays: which plays of a game a condition of the claim language picks out.

A play is (type, message, one action per audience, reply or None), all as labels. A name in an event may be ``type``,
``message``, ``reply``, a trait, a channel or an audience; a value alone (``hedger``) is looked up among all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches

from doubletalk.case.syntax import All, Always, Any, Bare, ClaimError, Event, Is, Not
from doubletalk.game.model import Game, History

__all__ = ["Play", "Predicate", "Vocabulary", "known_or_error", "names_in", "plays_of", "resolve"]


@dataclass(frozen=True)
class Play:
    """One complete play, by labels and by the indices of the game (``reply`` is None where there is none)."""

    history: History
    type_index: int
    message_index: int
    profile: tuple[int, ...]
    actions: tuple[str, ...]
    reply: str | None


Predicate = Callable[[Play], bool]


def plays_of(game: Game) -> list[Play]:
    """Every possible play, in the order of ``Game.histories``."""
    found = []
    for t, m, actions, c in game.histories():
        labels = tuple(options[a] for options, a in zip(game.actions_after(m), actions, strict=True))
        replies = game.replies.get((t, m, actions))
        found.append(Play((t, m, actions, c), t, m, actions, labels, replies[c] if replies else None))
    return found


def known_or_error(name: str, known: list[str], what: str, statement: str, at: int) -> str:
    """*name* when it is known; otherwise a :class:`ClaimError` with the nearest known name."""
    if name in known:
        return name
    near = get_close_matches(name, known, n=1, cutoff=0.5)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    raise ClaimError(f"found '{name}', expected {what}: {', '.join(known)}{hint}", statement, at)


class Vocabulary:
    """The names that events over one game may use, and how to read each off a play.

    ``names``  name -> (its values in order, the reader of a play)
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self.names: dict[str, tuple[tuple[str, ...], Callable[[Play], str | None]]] = {}
        self.names["type"] = (game.types, lambda play: game.types[play.type_index])
        for index, (trait, values) in enumerate(game.traits.items()):
            self.names[trait] = (tuple(values), _trait_reader(game, index))
        self.names["message"] = (game.messages, lambda play: game.messages[play.message_index])
        for index, (channel, parts) in enumerate(game.channels.items()):
            self.names[channel] = (tuple(parts), _part_reader(game, index))
        for j, audience in enumerate(game.audiences):
            labels = tuple(dict.fromkeys(label for options in audience.actions for label in options))
            self.names[audience.name] = (labels, _action_reader(j))
        if game.replies:
            labels = tuple(dict.fromkeys(label for options in game.replies.values() for label in options))
            self.names["reply"] = (labels, lambda play: play.reply)

    def owners(self, value: str) -> list[str]:
        """The names that can take *value*."""
        return [name for name, (values, _) in self.names.items() if value in values]

    def values(self) -> list[str]:
        """Every value of every name, once."""
        return list(dict.fromkeys(value for values, _ in self.names.values() for value in values))


def _trait_reader(game: Game, index: int) -> Callable[[Play], str | None]:
    return lambda play: game.trait_values[play.type_index][index]


def _part_reader(game: Game, index: int) -> Callable[[Play], str | None]:
    return lambda play: game.message_parts[play.message_index][index]


def _action_reader(j: int) -> Callable[[Play], str | None]:
    return lambda play: play.actions[j]


def resolve(event: Event, words: Vocabulary, statement: str) -> Predicate:
    """The plays that *event* picks out; raises :class:`ClaimError` for a name or value that the game lacks."""
    if isinstance(event, Always):
        return lambda play: True
    if isinstance(event, Not):
        inner = resolve(event.item, words, statement)
        return lambda play: not inner(play)
    if isinstance(event, All):
        parts = [resolve(item, words, statement) for item in event.items]
        return lambda play: all(part(play) for part in parts)
    if isinstance(event, Any):
        parts = _alternatives(event, words, statement)
        return lambda play: any(part(play) for part in parts)
    return _resolve_atom(event, words, statement)


def _alternatives(event: Any, words: Vocabulary, statement: str) -> list[Predicate]:
    """The parts of an ``or``; in ``message=court or alarm`` a bare value keeps the name before it where it fits."""
    parts, before = [], None
    for item in event.items:
        if isinstance(item, Bare) and before is not None and item.value in words.names[before][0]:
            item = Is(before, (item.value,), False, item.at)
        parts.append(resolve(item, words, statement))
        before = item.name if isinstance(item, Is) else None
    return parts


def _resolve_atom(event: Is | Bare, words: Vocabulary, statement: str) -> Predicate:
    if isinstance(event, Bare):
        owners = words.owners(event.value)
        if not owners:
            known_or_error(
                event.value, words.values(), "an event (name=value) or one of the values", statement, event.at
            )
        if len(owners) > 1:
            choices = " or ".join(f"{name}={event.value}" for name in owners)
            raise ClaimError(f"found '{event.value}', which may mean {choices}; write which", statement, event.at)
        event = Is(owners[0], (event.value,), False, event.at)
    known_or_error(event.name, list(words.names), "one of the names", statement, event.at)
    values, read = words.names[event.name]
    for value in event.values:
        known_or_error(value, list(values), f"a value of '{event.name}'", statement, event.at)
    wanted, negated = frozenset(event.values), event.negated
    return lambda play: (read(play) in wanted) is not negated


def names_in(event: Event, words: Vocabulary) -> frozenset[str]:
    """The names (type, message, audiences, ...) that *event* depends on; bare values count for each owner."""
    if isinstance(event, Always):
        return frozenset()
    if isinstance(event, Not):
        return names_in(event.item, words)
    if isinstance(event, All | Any):
        return frozenset().union(*(names_in(item, words) for item in event.items))
    if isinstance(event, Bare):
        return frozenset(words.owners(event.value))
    return frozenset({event.name})
