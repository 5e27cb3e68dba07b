"""A game written out as a game file, every payoff spelled term by term."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, product
from math import prod

from doubletalk.errors import InputError
from doubletalk.exact import ONE, Rational, text
from doubletalk.game.model import NO_REPLY, Audience, Game
from doubletalk.game.rules import SEES_NOTHING

__all__ = ["write_game"]


def write_game(game: Game) -> str:
    """The game as the text of a game file that loads back to an equal game.

    Numbers take the place of parameters, so the game that comes back has none. Raises ``InputError`` for what the
    format cannot carry: traits that are not independent, messages on channels that only some types can send,
    messages numbered otherwise than by first appearance.
    """
    lines = ["doubletalk: 1", f"title: {_label(game.title)}"]
    if game.source:
        lines.append(f"source: {_label(game.source)}")
    lines += ["sender:", f"  name: {_label(game.sender)}", *_types(game), *_messages(game), "audiences:"]
    for j, audience in enumerate(game.audiences):
        lines += [f"  {_label(audience.name)}:", f"    actions: {_actions(audience)}"]
        sees = _sees(game, j)
        if sees is not None:
            lines.append(f"    sees: {sees}")
    lines += [*_replies(game), "payoffs:"]
    for player, who in enumerate(game.players):
        terms = list(_terms(game, player))
        lines.append(f"  {_label(who)}:{'' if terms else ' []'}")
        lines += [f"    - {term}" for term in terms]
    return "\n".join(lines) + "\n"


def _label(label: str) -> str:
    return json.dumps(label, ensure_ascii=False)


def _list(labels: Sequence[str]) -> str:
    return f"[{', '.join(_label(label) for label in labels)}]"


def _table(entries: Mapping[str, str]) -> str:
    return f"{{{', '.join(f'{_label(key)}: {value}' for key, value in entries.items())}}}"


def _types(game: Game) -> Iterator[str]:
    if not game.traits:
        yield f"  types: {_table({label: text(p) for label, p in zip(game.types, game.prior, strict=True)})}"
        return
    shares: list[dict[str, Rational]] = []
    for k, values in enumerate(game.traits.values()):
        own = [v[k] for v in game.trait_values]
        shares.append({v: sum((p for p, o in zip(game.prior, own, strict=True) if o == v), 0 * ONE) for v in values})
    whole = [prod((shares[k][v] for k, v in enumerate(values)), start=ONE) for values in product(*shares)]
    if tuple(product(*shares)) != game.trait_values or tuple(whole) != game.prior:
        raise InputError(f"the game {game.title!r} cannot be written: its traits are not independent")
    yield "  traits:"
    for name, own_shares in zip(game.traits, shares, strict=True):
        yield f"    {_label(name)}: {_table({value: text(share) for value, share in own_shares.items()})}"


def _messages(game: Game) -> Iterator[str]:
    everything = tuple(range(len(game.messages)))
    same = all(sent == everything for sent in game.available)
    if game.channels:
        if not same or tuple(product(*game.channels.values())) != game.message_parts:
            raise InputError(f"the game {game.title!r} cannot be written: not every type can use every channel")
        yield f"  channels: {_table({name: _list(parts) for name, parts in game.channels.items()})}"
        return
    if same:
        yield f"  messages: {_list(game.messages)}"
        return
    if tuple(dict.fromkeys(m for sent in game.available for m in sent)) != everything:
        raise InputError(
            f"the game {game.title!r} cannot be written: its messages are not in order of first appearance"
        )
    yield "  messages:"
    for label, sent in zip(game.types, game.available, strict=True):
        yield f"    {_label(label)}: {_list([game.messages[m] for m in sent])}"


def _actions(audience: Audience) -> str:
    if len(set(audience.actions)) == 1:
        return _list(audience.actions[0])
    named = zip(audience.observations, audience.actions, strict=True)
    return _table({observation: _list(labels) for observation, labels in named})


def _sees(game: Game, j: int) -> str | None:
    """The value of ``sees``, None where the default says it."""
    audience = game.audiences[j]
    seen = [audience.observations[o] for o in audience.observation_of]
    watched = [_label(game.audiences[i].name) for i in audience.watches]
    if seen == list(game.messages):
        return f"[{', '.join(['message', *watched])}]" if watched else None
    if set(seen) == {SEES_NOTHING}:
        return f"[{', '.join(watched)}]"
    names = list(game.channels)
    for size in range(1, len(names)):
        for parts in combinations(range(len(names)), size):
            if seen == [",".join(own[k] for k in parts) for own in game.message_parts]:
                return f"[{', '.join([*(_label(names[k]) for k in parts), *watched])}]"
    merged = _table({m: _label(label) for m, label in zip(game.messages, seen, strict=True)})
    return f"[{', '.join([merged, *watched])}]"


def _when(game: Game, t: int, m: int, actions: tuple[int, ...], reply: str | None = None) -> str:
    labels = game.actions_after(m)
    parts = {"type": game.types[t], "message": game.messages[m]}
    parts.update({audience.name: labels[j][actions[j]] for j, audience in enumerate(game.audiences)})
    if reply is not None:
        parts["reply"] = reply
    return _table({key: _label(value) for key, value in parts.items()})


def _replies(game: Game) -> Iterator[str]:
    if not game.replies:
        return
    profiles = {history[:3] for history in game.payoffs}
    kinds = set(game.replies.values())
    if len(kinds) == 1 and profiles == set(game.replies):
        yield f"reply: {{actions: {_list(kinds.pop())}}}"
        return
    yield "reply:"
    for (t, m, actions), labels in game.replies.items():
        yield f"  - {{when: {_when(game, t, m, actions)}, actions: {_list(labels)}}}"


def _terms(game: Game, player: int) -> Iterator[str]:
    for (t, m, actions, c), payoffs in game.payoffs.items():
        if payoffs[player] != 0:
            reply = None if c == NO_REPLY else game.replies[t, m, actions][c]
            yield f"{{when: {_when(game, t, m, actions, reply)}, add: {text(payoffs[player])}}}"
