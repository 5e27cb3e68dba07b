"""The same speech in public and in private: games with other channels, and the audiences one at a time.

Talk is *cheap* when payoffs and possible actions do not depend on the message and every type can say everything; only
then is it clear what the same game is with another channel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

from doubletalk.errors import InputError
from doubletalk.exact import Rational
from doubletalk.game.model import NO_REPLY, Audience, Game, History
from doubletalk.game.structure import is_separable

__all__ = ["alone", "not_cheap", "private_version", "public_version", "spoken"]


def not_cheap(game: Game) -> str | None:
    """Why *game* is no cheap talk to separable audiences, in words; None when it is."""
    if game.replies:
        return "the sender replies in the end"
    if any(audience.watches for audience in game.audiences):
        return "some audiences see what others do"
    if any(len(set(audience.actions)) > 1 for audience in game.audiences):
        return "what an audience can do depends on the message"
    everything = tuple(range(len(game.messages)))
    if any(sendable != everything for sendable in game.available):
        return "not every type can send every message"
    for (t, _, actions, c), payoffs in game.payoffs.items():
        if payoffs != game.payoffs[t, 0, actions, c]:
            return "payoffs depend on the message, so that talk is not cheap"
    if not is_separable(game):
        return "the audiences' choices are connected"
    return None


def spoken(game: Game, words: Sequence[str]) -> Game:
    """The cheap talk of *game* with these words as messages, heard by all audiences."""
    heard = tuple(
        Audience(a.name, tuple(words), tuple(range(len(words))), (), (a.actions[0],) * len(words))
        for a in game.audiences
    )
    return _with_messages(game, tuple(words), heard)


def alone(game: Game, audience: int) -> Game:
    """One audience of a cheap-talk game as if the others were not there (they do their first action, unheard).

    Its equilibria are those of the private talk between the sender and this audience. Raises ``InputError`` when
    *game* is no cheap talk to separable audiences.
    """
    _insist(game, "an audience can be studied alone only in cheap talk to separable audiences")
    payoffs: dict[History, tuple[Rational, ...]] = {}
    for (t, m, actions, _), given in game.payoffs.items():
        if all(a == 0 for j, a in enumerate(actions) if j != audience):
            payoffs[t, m, (actions[audience],), NO_REPLY] = (given[0], given[audience + 1])
    name = game.audiences[audience].name
    return replace(
        game, title=f"{game.title}: {name} alone", audiences=(game.audiences[audience],), payoffs=payoffs
    )


def public_version(game: Game) -> Game:
    """The game in which every audience hears the whole message; *game* itself when they do already."""
    everything = tuple(range(len(game.messages)))
    if all(a.observation_of == everything for a in game.audiences):
        return game
    heard = tuple(
        replace(
            a,
            observations=game.messages,
            observation_of=everything,
            actions=tuple(a.actions[o] for o in a.observation_of),
        )
        for a in game.audiences
    )
    return replace(game, title=f"{game.title}: in public", audiences=heard)


def private_version(game: Game) -> Game:
    """The game in which the sender says to each audience, unheard by the others, any of the messages of *game*.

    *game* itself when no two audiences share an observation already. Raises ``InputError`` when talk is not cheap:
    what a message costs says nothing about the cost of different messages to different audiences.
    """
    if all(len(cell.audiences) == 1 for cell in game.cells()) and len(game.audiences) > 1:
        return game
    _insist(game, "a private version exists only for cheap talk to separable audiences")
    parts = tuple(product(game.messages, repeat=len(game.audiences)))
    heard = tuple(
        Audience(a.name, game.messages, tuple(game.messages.index(part[j]) for part in parts), (),
                 (a.actions[0],) * len(game.messages))
        for j, a in enumerate(game.audiences)
    )
    said = _with_messages(game, tuple(",".join(part) for part in parts), heard)
    channels = {a.name: game.messages for a in game.audiences}
    return replace(said, title=f"{game.title}: in private", channels=channels, message_parts=parts)


def _with_messages(game: Game, messages: tuple[str, ...], audiences: tuple[Audience, ...]) -> Game:
    payoffs = {
        (t, m, actions, NO_REPLY): given
        for (t, first, actions, _), given in game.payoffs.items()
        if first == 0
        for m in range(len(messages))
    }
    everything = tuple(range(len(messages)))
    return replace(
        game,
        messages=messages,
        available=(everything,) * len(game.types),
        audiences=audiences,
        payoffs=payoffs,
        channels={},
        message_parts=(),
    )


def _insist(game: Game, rule: str) -> None:
    reason = not_cheap(game)
    if reason is not None:
        raise InputError(f"{rule}; in '{game.title}' {reason}")
