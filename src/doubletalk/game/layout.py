"""From a declaration to plays: which there are, where replies are, and which payoff terms apply at each.

A layout holds no number; ``payoff_table`` puts the numbers in. So a game is laid out once, and made again for other
parameter values in the time of a few additions per play.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod

from doubletalk.errors import GameFileError, TooLarge
from doubletalk.exact import ZERO, Rational
from doubletalk.game.conditions import bits, satisfying, spelled
from doubletalk.game.declaration import AudienceRule, Condition, Declaration, ReplyRule
from doubletalk.game.model import NO_REPLY, Audience, History
from doubletalk.game.reading import MAX_PLAYS
from doubletalk.game.wording import listing, quoted

__all__ = ["Layout", "RepliesAt", "lay_out", "payoff_table"]

MAX_INDEX_BITS = 4_000_000_000

Profile = tuple[int, int, tuple[int, ...]]
RepliesAt = Callable[[str, str, Mapping[str, str]], Sequence[str] | None]
"""(type, message, audience -> action) -> replies there, None or () where there is none."""


@dataclass(frozen=True)
class Layout:
    """The plays of a game and, for each, which of a few distinct *bundles* of payoff terms it earns each player.

    ``bundles``   [player] -> distinct tuples of term numbers
    ``earned``    [play] -> (bundle of player 0, bundle of player 1, ...)
    """

    kept: tuple[int, ...]
    messages: tuple[str, ...]
    available: tuple[tuple[int, ...], ...]
    audiences: tuple[Audience, ...]
    replies: Mapping[Profile, tuple[str, ...]]
    plays: tuple[History, ...]
    bundles: tuple[tuple[tuple[int, ...], ...], ...]
    earned: tuple[tuple[int, ...], ...]


def lay_out(declared: Declaration, kept: tuple[int, ...], replies_at: RepliesAt | None = None) -> Layout:
    """The layout of the game with only the types *kept* (indices); messages that nobody can send then go too.

    With all types kept, raises ``GameFileError`` for a payoff term that can never apply, a reply rule that never
    applies and reply rules that overlap, and ``TooLarge`` above 2,000,000 plays.
    """
    strict = len(kept) == len(declared.types)
    sendable = [declared.sendable[t] for t in kept]
    messages = tuple(dict.fromkeys(label for labels in sendable for label in labels))
    place = {label: m for m, label in enumerate(messages)}
    available = tuple(tuple(sorted(place[label] for label in labels)) for labels in sendable)
    audiences = tuple(_audience(rule, messages) for rule in declared.audiences)
    counts = [[len(a.actions[a.observation_of[m]]) for a in audiences] for m in range(len(messages))]
    _check_size(sum(prod(counts[m]) for sent in available for m in sent))
    profiles = [
        (t, m, actions)
        for t, sent in enumerate(available)
        for m in sent
        for actions in product(*(range(n) for n in counts[m]))
    ]
    names = _Names(declared, kept, messages, audiences)
    if replies_at is not None:
        replies = {at: tuple(labels) for at in profiles if (labels := replies_at(*names.spelled(at)))}
    else:
        replies = _replies(declared, profiles, names, strict) if declared.replies else {}
    _check_size(sum(len(replies.get(profile, " ")) for profile in profiles))
    plays = tuple(
        (*profile, c)
        for profile in profiles
        for c in (range(len(replies[profile])) if profile in replies else (NO_REPLY,))
    )
    bundles, earned = _bundles(declared, plays, replies, names, strict)
    return Layout(kept, messages, available, audiences, replies, plays, bundles, earned)


def payoff_table(layout: Layout, adds: Sequence[Sequence[Rational]]) -> dict[History, tuple[Rational, ...]]:
    """history -> one payoff per player, when term k of player i adds ``adds[i][k]``."""
    totals = [
        [sum((terms[k] for k in bundle), ZERO) for bundle in bundles]
        for terms, bundles in zip(adds, layout.bundles, strict=True)
    ]
    rows: dict[tuple[int, ...], tuple[Rational, ...]] = {}
    for earned in layout.earned:
        if earned not in rows:
            rows[earned] = tuple([total[bundle] for total, bundle in zip(totals, earned, strict=True)])
    return {play: rows[earned] for play, earned in zip(layout.plays, layout.earned, strict=True)}


def _check_size(plays: int) -> None:
    if plays > MAX_PLAYS:
        raise TooLarge(f"the game has at least {plays:,} plays; at most {MAX_PLAYS:,} can be built")


def _audience(rule: AudienceRule, messages: tuple[str, ...]) -> Audience:
    seen = tuple(dict.fromkeys(rule.observation[message] for message in messages))
    place = {label: o for o, label in enumerate(seen)}
    observation_of = tuple(place[rule.observation[message]] for message in messages)
    return Audience(rule.name, seen, observation_of, rule.watches, tuple(rule.actions[label] for label in seen))


def _mask(places: list[int], size: int) -> int:
    """The integer of *size* bits with ones at *places*, counted from the most significant."""
    row = bytearray(b"0") * size
    for place in places:
        row[place] = 49
    return int(row, 2)


class _Names:
    """The labels of a play, and the index from (condition key, label) to plays."""

    def __init__(
        self, declared: Declaration, kept: tuple[int, ...], messages: tuple[str, ...], audiences: tuple[Audience, ...]
    ) -> None:
        keys = [trait.name for trait in declared.traits] if declared.has_traits else []
        types = [declared.types[t] for t in kept]
        self.types = [[("type", t.label), *zip(keys, t.values, strict=True)] for t in types]
        parts = declared.message_parts
        self.messages = [[("message", m), *zip(declared.channels, parts.get(m, ()), strict=True)] for m in messages]
        self.actions = [
            [[(audience.name, label) for label in audience.actions[o]] for o in audience.observation_of]
            for audience in audiences
        ]

    def spelled(self, profile: Profile) -> tuple[str, str, dict[str, str]]:
        """(type, message, audience -> action), by label."""
        t, m, actions = profile
        chosen = dict(self.actions[j][m][a] for j, a in enumerate(actions))
        return self.types[t][0][1], self.messages[m][0][1], chosen

    def index(self, plays: Sequence[History], replies: Mapping[Profile, tuple[str, ...]]) -> dict[tuple[str, str], int]:
        """(key, label) -> the plays that have it, as bits."""
        size = len(plays)
        places: dict[tuple[str, str], list[int]] = {}
        for place, (t, m, actions, c) in enumerate(plays):
            had = [*self.types[t], *self.messages[m], *(self.actions[j][m][a] for j, a in enumerate(actions))]
            if c != NO_REPLY:
                had.append(("reply", replies[t, m, actions][c]))
            for key in had:
                places.setdefault(key, []).append(size - 1 - place)
        if size * len(places) > MAX_INDEX_BITS:
            raise TooLarge(f"the game has {size:,} plays and {len(places):,} names, together too many to build")
        return {key: _mask(where, size) for key, where in places.items()}


def _replies(
    declared: Declaration, profiles: list[Profile], names: _Names, strict: bool
) -> dict[Profile, tuple[str, ...]]:
    index, everything = names.index([(*profile, NO_REPLY) for profile in profiles], {}), (1 << len(profiles)) - 1
    covered: list[tuple[int, ReplyRule]] = []
    replies: dict[Profile, tuple[str, ...]] = {}
    for rule in declared.replies:
        places = satisfying(rule.condition, index, everything)
        if strict and not places:
            raise GameFileError(f"this reply rule can never apply: {_never(rule.condition)}", line=rule.line)
        for earlier, other in covered:
            if earlier & places and other.actions != rule.actions:
                t, m, actions = profiles[bits(earlier & places)[0]]
                raise GameFileError(
                    f"two reply rules apply after {_play(names, t, m, actions)}: "
                    f"{listing(other.actions)} and {listing(rule.actions)}",
                    line=rule.line,
                )
        covered.append((places, rule))
        replies.update((profiles[place], rule.actions) for place in bits(places))
    return {profile: replies[profile] for profile in profiles if profile in replies}


def _play(names: _Names, t: int, m: int, actions: tuple[int, ...]) -> str:
    sender_type, message, chosen = names.spelled((t, m, actions))
    return ", ".join([f"type={sender_type}", f"message={message}", *(f"{who}={what}" for who, what in chosen.items())])


def _never(condition: Condition) -> str:
    return f"no play has {quoted(spelled(condition))}"


def _bundles(
    declared: Declaration,
    plays: tuple[History, ...],
    replies: Mapping[Profile, tuple[str, ...]],
    names: _Names,
    strict: bool,
) -> tuple[tuple[tuple[tuple[int, ...], ...], ...], tuple[tuple[int, ...], ...]]:
    if not declared.terms:
        return (), ((),) * len(plays)
    index, everything = names.index(plays, replies), (1 << len(plays)) - 1
    bundles: list[tuple[tuple[int, ...], ...]] = []
    earned: list[list[int]] = []
    for terms in declared.terms.values():
        applying: list[list[int]] = [[] for _ in plays]
        for k, term in enumerate(terms):
            places = satisfying(term.condition, index, everything)
            if strict and not places:
                raise GameFileError(f"this payoff term can never apply: {_never(term.condition)}", line=term.line)
            for place in bits(places):
                applying[place].append(k)
        numbers: dict[tuple[int, ...], int] = {}
        earned.append([numbers.setdefault(tuple(bundle), len(numbers)) for bundle in applying])
        bundles.append(tuple(numbers))
    return tuple(bundles), tuple(zip(*earned, strict=True))
