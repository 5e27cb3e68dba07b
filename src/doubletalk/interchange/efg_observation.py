"""What the audiences see, read off their information sets: messages, observations, who watches whom."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from doubletalk.errors import InputError
from doubletalk.game.model import Audience
from doubletalk.interchange.efg_labels import cleaned, distinct
from doubletalk.interchange.efg_tree import InformationSet

__all__ = ["Message", "Move", "audience_of", "messages_of"]

SILENT = ("-",)
"""The one action of an audience where the tree gives it no move."""

Refusal = Callable[[str, int], InputError]
Seen = Mapping[tuple[tuple[int, int], ...], InformationSet]
"""The (player, action) pairs before an audience's move -> its information set there."""


@dataclass(frozen=True)
class Move:
    """An audience's move: where, and which action."""

    place: InformationSet
    action: int


@dataclass(frozen=True)
class Message:
    """One message: ``sent_by`` the (type, action of that type) that stand for it; ``seen`` audience -> what it sees."""

    label: str
    sent_by: tuple[tuple[int, int], ...]
    seen: Mapping[int, Seen]


def messages_of(
    speakers: Sequence[InformationSet],
    types: Sequence[str],
    sent: Mapping[tuple[int, int], Sequence[tuple[Move, ...]]],
    players: Sequence[str],
    refused: Refusal,
) -> list[Message]:
    """The messages: actions of the types with one label, or without usable labels those that are seen alike."""
    views = {pair: _view(plays, players, speakers[pair[0]], refused) for pair, plays in sent.items()}
    labelled = all(all(cleaned(a) for a in place.actions) and _all_differ(place.actions) for place in speakers)
    groups: dict[object, list[tuple[int, int]]] = {}
    used: dict[tuple[int, object], int] = {}
    for t, i in sent:
        key: object = speakers[t].actions[i]
        if not labelled:
            alike = frozenset((who, frozenset((h, s.number) for h, s in v.items())) for who, v in views[t, i].items())
            nth = used[t, alike] = used.get((t, alike), 0) + 1
            key = (alike, nth)
        groups.setdefault(key, []).append((t, i))
    names = distinct([str(key) for key in groups] if labelled else [""] * len(groups), "m", keep=",")
    messages = []
    for name, pairs in zip(names, groups.values(), strict=True):
        first = pairs[0]
        for other in pairs[1:]:
            _same_view(name, types[first[0]], views[first], types[other[0]], views[other], players, refused)
        messages.append(Message(name, tuple(pairs), views[first]))
    return messages


def _all_differ(labels: Sequence[str]) -> bool:
    return len(set(map(cleaned, labels))) == len(labels)


def _view(
    plays: Sequence[tuple[Move, ...]], players: Sequence[str], speaker: InformationSet, refused: Refusal
) -> dict[int, dict[tuple[tuple[int, int], ...], InformationSet]]:
    """What each audience sees after one action of one type; the same audiences must move in every play."""
    view: dict[int, dict[tuple[tuple[int, int], ...], InformationSet]] = {}
    movers = [tuple(move.place.player for move in moves) for moves in plays]
    if len(set(map(frozenset, movers))) > 1:
        everywhere = frozenset.intersection(*map(frozenset, movers))
        moves = next(moves for moves in plays if any(m.place.player not in everywhere for m in moves))
        place = next(move.place for move in moves if move.place.player not in everywhere)
        raise refused(
            f"audience {players[place.player - 1]!r} moves after some actions of the audiences before it only; "
            "whether it moves may depend on the message alone",
            place.line,
        )
    for moves in plays:
        before: tuple[tuple[int, int], ...] = ()
        for move in moves:
            view.setdefault(move.place.player, {})[tuple(sorted(before))] = move.place
            before = (*before, (move.place.player, move.action))
    return view


def _same_view(
    message: str, one: str, first: Mapping[int, Seen], other: str, second: Mapping[int, Seen],
    players: Sequence[str], refused: Refusal,
) -> None:  # fmt: skip
    for who in sorted(first.keys() | second.keys()):
        mine, theirs = first.get(who, {}), second.get(who, {})
        if mine == theirs:
            continue
        places = [*mine.values(), *theirs.values()]
        raise refused(
            f"audience {players[who - 1]!r} distinguishes the types {one!r} and {other!r} after the message "
            f"{message!r} (information sets {_numbers(mine)} and {_numbers(theirs)}); if two messages are meant, "
            "give them different labels",
            max(place.line for place in places),
        )


def _numbers(seen: Seen) -> str:
    numbers = sorted({place.number for place in seen.values()})
    return ", ".join(map(str, numbers)) if numbers else "none"


def audience_of(
    who: int, name: str, messages: Sequence[Message], order: Sequence[int], players: Sequence[str], refused: Refusal
) -> Audience:
    """The audience with number *who* in the file, as an audience of ours."""
    watched = _watched(who, messages)
    groups = _observations(who, messages)
    _check_keys(who, messages, groups, watched, players, refused)
    actions = [_actions(who, [messages[m] for m in group], players, refused) for group in groups]
    return Audience(
        name=name,
        observations=_labels(who, messages, groups),
        observation_of=tuple(next(o for o, group in enumerate(groups) if m in group) for m in range(len(messages))),
        watches=tuple(j for j, p in enumerate(order) if p in watched),
        actions=tuple(actions),
    )


def _check_keys(
    who: int, messages: Sequence[Message], groups: Sequence[Sequence[int]], watched: set[int],
    players: Sequence[str], refused: Refusal,
) -> None:  # fmt: skip
    """Refuse unless information sets are one to one with (observation, labels of the watched actions)."""
    keys: dict[int, object] = {}
    places: dict[object, int] = {}
    for o, group in enumerate(groups):
        for m in group:
            for before, place in messages[m].seen.get(who, {}).items():
                key = (o, tuple((p, _action(messages[m], p, a)) for p, a in before if p in watched))
                if keys.setdefault(place.number, key) != key or places.setdefault(key, place.number) != place.number:
                    raise refused(
                        f"audience {players[who - 1]!r} sees an earlier audience's action in some cases and not in "
                        f"others (information set {place.number}); it must see it always or never",
                        place.line,
                    )


def _action(message: Message, player: int, action: int) -> str:
    """The label of what *player* did after *message*."""
    place = next(iter(message.seen[player].values()))
    return distinct(place.actions, "a")[action]


def _watched(who: int, messages: Sequence[Message]) -> set[int]:
    """The audiences whose action makes a difference to the information set somewhere."""
    watched = set()
    for message in messages:
        seen = message.seen.get(who, {})
        for player in {p for before in seen for p, _ in before}:
            others: dict[object, set[int]] = {}
            for before, place in seen.items():
                others.setdefault(tuple(b for b in before if b[0] != player), set()).add(place.number)
            if any(len(numbers) > 1 for numbers in others.values()):
                watched.add(player)
    return watched


def _observations(who: int, messages: Sequence[Message]) -> list[tuple[int, ...]]:
    """The messages in groups: those that some chain of shared information sets joins."""
    groups: list[tuple[set[int], set[int]]] = []
    for m, message in enumerate(messages):
        members, numbers = {m}, {place.number for place in message.seen.get(who, {}).values()}
        apart = []
        for group in groups:
            if group[1] & numbers:
                members, numbers = members | group[0], numbers | group[1]
            else:
                apart.append(group)
        groups = [*apart, (members, numbers)]
    return sorted(tuple(sorted(members)) for members, _ in groups)


def _actions(who: int, messages: Sequence[Message], players: Sequence[str], refused: Refusal) -> tuple[str, ...]:
    places = [place for message in messages for place in message.seen.get(who, {}).values()]
    if not places:
        return SILENT
    for place in places:
        if place.actions != places[0].actions:
            raise refused(
                f"audience {players[who - 1]!r} has unequal actions after one observation: information sets "
                f"{places[0].number} and {place.number} differ only in what earlier audiences did, which may not "
                "change its actions or their labels",
                place.line,
            )
    return distinct(places[0].actions, "a")


def _labels(who: int, messages: Sequence[Message], groups: Sequence[tuple[int, ...]]) -> tuple[str, ...]:
    """Labels of the observations: what stands before ``|`` in the information sets' own, else the messages' names."""
    own = []
    for group in groups:
        places = [place for m in group for place in messages[m].seen.get(who, {}).values()]
        names = {place.label.partition("|")[0] for place in places}
        own.append(names.pop() if len(names) == 1 else "")
    spoken = [" or ".join(messages[m].label for m in group) for group in groups]
    filled = [mine or words for mine, words in zip(own, spoken, strict=True)]
    return distinct(filled, "o", spoken)
