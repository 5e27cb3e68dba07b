"""Games made in Python, without a file, by the rules of the game file: for tests, benchmarks and notebooks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import TypeAlias

from doubletalk.errors import GameFileError, InputError, TooLarge
from doubletalk.exact import Rational, rational
from doubletalk.game.declaration import Declaration
from doubletalk.game.fields import labels
from doubletalk.game.layout import Layout, lay_out
from doubletalk.game.loading import GameFile
from doubletalk.game.model import NO_REPLY, Game
from doubletalk.game.nodes import Table, node_of
from doubletalk.game.reading import read_players

__all__ = ["PayoffFunction", "tabular_game"]

Exact: TypeAlias = Rational | Fraction | int | str
PayoffFunction: TypeAlias = Callable[[str, str, str, Mapping[str, str], str | None], Exact]
"""(player, type, message, audience -> action, reply or None) -> payoff."""
RepliesFunction: TypeAlias = Callable[[str, str, Mapping[str, str]], Sequence[str] | None]

NAME = "tabular_game"


def tabular_game(
    types: Mapping[str, Exact],
    messages: Sequence[str] | Mapping[str, Sequence[str]],
    audiences: Mapping[str, object],
    payoff: PayoffFunction | Mapping[str, object],
    replies: RepliesFunction | Sequence[object] | Mapping[str, object] | None = None,
    *,
    title: str = "Game made in Python",
    source: str = "",
    sender: str = "sender",
) -> Game:
    """A game from tables and functions, checked by the rules of the game file.

    ``types``     label -> prior; priors are positive and sum to 1
    ``messages``  labels, or type -> labels
    ``audiences`` name -> labels of its actions, or a table ``{"actions": ..., "sees": ...}`` as in a game file
    ``payoff``    a function of (player, type, message, {audience: action}, reply or None), or a nested table
                  player -> type -> message -> action of each audience in turn -> reply, where there is one -> number
    ``replies``   labels of the sender's replies everywhere; or reply rules as in a game file; or a function of
                  (type, message, {audience: action}) that gives the labels there, None or () for no reply

    Raises ``InputError`` (what was found, what was expected) and ``TooLarge`` above 2,000,000 plays.
    """
    body: dict[str, object] = {
        "doubletalk": 1,
        "title": title,
        "sender": {"name": sender, "types": types, "messages": messages},
        "audiences": {who: what if isinstance(what, Mapping) else {"actions": what} for who, what in audiences.items()},
    }
    if source:
        body["source"] = source
    if replies is not None and not callable(replies):
        plain = not isinstance(replies, Mapping) and all(isinstance(label, str) for label in replies)
        body["reply"] = {"actions": replies} if plain else replies
    try:
        top = node_of(body)
        assert isinstance(top, Table)
        declared = read_players(top, ())
        layout = lay_out(declared, tuple(range(len(types))), _checked(replies, sender) if callable(replies) else None)
        return _filled(declared, layout, payoff)
    except GameFileError as wrong:
        raise InputError(wrong.message, NAME) from None
    except TooLarge as wrong:
        raise TooLarge(f"{NAME}: {wrong}") from None


def _checked(replies: RepliesFunction, sender: str) -> RepliesFunction:
    """*replies* with its labels held to the rules of labels."""
    def labels_at(sender_type: str, message: str, actions: Mapping[str, str]) -> tuple[str, ...]:
        given = replies(sender_type, message, actions)
        return labels(node_of(list(given)), f"replies of {sender!r} after {message!r}") if given else ()

    return labels_at


def _filled(declared: Declaration, layout: Layout, payoff: PayoffFunction | Mapping[str, object]) -> Game:
    """The game with a payoff looked up or computed for every play and player."""
    empty = GameFile(NAME, declared, {layout.kept: layout}).game()
    get = payoff if callable(payoff) else _lookup(payoff)
    payoffs = {}
    for play in layout.plays:
        t, m, actions, c = play
        labels = empty.actions_after(m)
        chosen = {audience.name: labels[j][actions[j]] for j, audience in enumerate(empty.audiences)}
        reply = None if c == NO_REPLY else layout.replies[t, m, actions][c]
        sent = (empty.types[t], empty.messages[m])
        payoffs[play] = tuple(
            _number(get(who, *sent, chosen, reply), who, sent, chosen, reply) for who in empty.players
        )
    return Game(**{**empty.__dict__, "payoffs": payoffs})


def _number(value: object, who: str, sent: tuple[str, str], chosen: Mapping[str, str], reply: str | None) -> Rational:
    try:
        return rational(value)
    except (TypeError, ValueError) as wrong:
        path = [*sent, *chosen.values(), *([reply] if reply is not None else [])]
        raise InputError(f"payoff of {who!r} at {' > '.join(path)}: {wrong}", NAME) from None


def _lookup(tables: Mapping[str, object]) -> Callable[[str, str, str, Mapping[str, str], str | None], object]:
    def get(player: str, sender_type: str, message: str, actions: Mapping[str, str], reply: str | None) -> object:
        path = [player, sender_type, message, *actions.values(), *([reply] if reply is not None else [])]
        node: object = tables
        for depth, label in enumerate(path):
            if not isinstance(node, Mapping) or label not in node:
                raise InputError(f"the payoff table has no entry {' > '.join(path[: depth + 1])}", NAME)
            node = node[label]
        return node

    return get
