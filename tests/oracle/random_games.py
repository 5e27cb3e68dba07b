"""Seeded generators of small games, built directly as ``Game`` values.

Payoffs come from small ranges, so that ties (and with them continua of equilibria) are many, or from a wide range,
so that games are generic.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence

from doubletalk.exact import Rational, rational
from doubletalk.game.model import NO_REPLY, Audience, Game, History

RANGES: tuple[tuple[int, ...], ...] = ((0, 1), (-1, 0, 1), (0, 1, 2, 3), tuple(range(-9, 10)))

Payoff = Callable[[int, int, tuple[int, ...], int], Sequence[int | Rational]]
Rules = Callable[[int, int, tuple[int, ...]], int]


def no_reply(t: int, m: int, actions: tuple[int, ...]) -> int:
    """The rule of games in which the sender never replies."""
    return 0


def build_game(
    prior: Sequence[object],
    available: Sequence[Sequence[int]],
    audiences: Sequence[Audience],
    payoff: Payoff,
    replies: Rules = no_reply,
    *,
    title: str = "random",
    types: Sequence[str] | None = None,
    messages: Sequence[str] | None = None,
) -> Game:
    """A game from functions of (type, message, actions[, reply]); ``replies`` counts the replies there."""
    count = 1 + max(m for sendable in available for m in sendable)
    labels = tuple(types or (f"t{t}" for t in range(len(prior))))
    bare = Game(
        title=title,
        source="made for a test",
        sender="sender",
        types=labels,
        prior=tuple(rational(p) for p in prior),
        messages=tuple(messages or (f"m{m}" for m in range(count))),
        available=tuple(tuple(sendable) for sendable in available),
        audiences=tuple(audiences),
        replies={},
        payoffs={},
    )
    nodes = {
        (t, m, actions): tuple(f"c{c}" for c in range(replies(t, m, actions)))
        for t, sendable in enumerate(bare.available)
        for m in sendable
        for actions in bare.action_profiles(m)
        if replies(t, m, actions)
    }
    shaped = Game(**{**bare.__dict__, "replies": nodes})
    payoffs: dict[History, tuple[Rational, ...]] = {
        h: tuple(rational(v) for v in payoff(*h)) for h in shaped.histories()
    }
    return Game(**{**shaped.__dict__, "payoffs": payoffs})


def audience(
    name: str,
    observation_of: Sequence[int],
    actions: Sequence[int],
    watches: Sequence[int] = (),
    labels: Sequence[str] | None = None,
) -> Audience:
    """An audience with ``actions[o]`` actions at observation o; observation labels default to o0, o1, ..."""
    return Audience(
        name=name,
        observations=tuple(labels or (f"o{o}" for o in range(len(actions)))),
        observation_of=tuple(observation_of),
        watches=tuple(watches),
        actions=tuple(tuple(f"{name}{a}" for a in range(n)) for n in actions),
    )


def random_prior(rng: random.Random, types: int) -> list[Rational]:
    """A full-support prior with small denominators."""
    weights = [rng.randint(1, 3) for _ in range(types)]
    return [Rational(w, sum(weights)) for w in weights]


def random_available(rng: random.Random, types: int, messages: int) -> list[list[int]]:
    """What each type can send: mostly everything, at times less; every message can be sent by somebody."""
    everything = list(range(messages))
    while True:
        chosen = [
            everything if rng.random() < 0.7 else sorted(rng.sample(everything, rng.randint(1, messages)))
            for _ in range(types)
        ]
        if {m for sendable in chosen for m in sendable} == set(everything):
            return chosen


def random_observation(rng: random.Random, messages: int, merge: bool) -> list[int]:
    """Message -> observation: the message itself, or (``merge``) some messages told apart and some not."""
    if not merge:
        return list(range(messages))
    seen: list[int] = []
    for _ in range(messages):
        seen.append(rng.randint(0, max(seen, default=-1) + 1))
    return seen


def one_audience(rng: random.Random, types: int, messages: int, actions: int, *, merge: bool = False) -> Game:
    """One audience; the sender never replies."""
    values = rng.choice(RANGES)
    sees = random_observation(rng, messages, merge)
    widths = [rng.randint(max(1, actions - 1), actions) for _ in range(max(sees) + 1)]
    who = audience("a", sees, widths, labels=[f"m{m}" for m in range(messages)] if not merge else None)
    return build_game(
        random_prior(rng, types),
        random_available(rng, types, messages),
        [who],
        lambda t, m, a, c: [rng.choice(values), rng.choice(values)],
        title="one audience",
    )


def two_audiences(rng: random.Random, types: int, messages: int, actions: int, *, channel: str = "public") -> Game:
    """Two separable audiences: "public" (both see the message), "private" (each its component), "mixed" or "merged".

    Private and mixed channels make the message a pair, so ``messages`` should be 2 (two by one) or 4 (two by two).
    """
    values = rng.choice(RANGES)
    components = {
        "public": (list(range(messages)), list(range(messages))),
        "private": ([m // 2 for m in range(messages)], [m % 2 for m in range(messages)]),
        "mixed": ([m // 2 for m in range(messages)], list(range(messages))),
        "merged": (random_observation(rng, messages, True), random_observation(rng, messages, True)),
    }[channel]
    audiences = [audience(name, sees, [actions] * (max(sees) + 1)) for name, sees in zip("ab", components, strict=True)]
    tables: dict[tuple[int, ...], int] = {}

    def draw(*key: int) -> int:
        return tables.setdefault(key, rng.choice(values))

    def payoff(t: int, m: int, acts: tuple[int, ...], c: int) -> list[int]:
        first, second = acts
        return [draw(0, t, m, first) + draw(1, t, m, second), draw(2, t, m, first), draw(3, t, m, second)]

    return build_game(
        random_prior(rng, types), random_available(rng, types, messages), audiences, payoff, title=f"two, {channel}"
    )


def with_reply(rng: random.Random, types: int, messages: int, actions: int, replies: int = 2) -> Game:
    """One audience, and a sender who replies after some of what can happen."""
    values = rng.choice(RANGES[:3])
    counts: Mapping[tuple[int, int], int] = {
        (m, a): rng.choice((0, replies, replies)) for m in range(messages) for a in range(actions)
    }
    return build_game(
        random_prior(rng, types),
        random_available(rng, types, messages),
        [audience("a", range(messages), [actions] * messages, labels=[f"m{m}" for m in range(messages)])],
        lambda t, m, a, c: [rng.choice(values), rng.choice(values)],
        lambda t, m, a: counts[m, a[0]],
        title="one audience with a reply",
    )


def sequential(
    rng: random.Random, types: int, messages: int, *, reply: bool = True, actions: tuple[int, int] = (2, 2)
) -> Game:
    """Two audiences, the second watching the first, both caring; what the type does to the payoffs after the message
    is two-valued (types 0, 2, .. against 1, 3, ..), while what a message costs may depend on the type itself."""
    values = rng.choice(RANGES[:3])
    names = [f"m{m}" for m in range(messages)]
    counts: dict[tuple[int, tuple[int, ...]], int] = {}
    tables: dict[tuple[object, ...], list[int]] = {}
    costs: dict[tuple[int, int], int] = {}

    def replies(t: int, m: int, acts: tuple[int, ...]) -> int:
        return counts.setdefault((m, acts), rng.choice((0, 2)) if reply else 0)

    def payoff(t: int, m: int, acts: tuple[int, ...], c: int) -> list[int]:
        base = tables.setdefault((t % 2, m, acts, c), [rng.choice(values) for _ in range(3)])
        return [base[0] + costs.setdefault((t, m), rng.choice((0, 0, 1))), base[1], base[2]]

    both = [
        audience("west", range(messages), [actions[0]] * messages, labels=names),
        audience("east", range(messages), [actions[1]] * messages, watches=[0], labels=names),
    ]
    available = random_available(rng, types, messages)
    return build_game(random_prior(rng, types), available, both, payoff, replies, title="sequential trait")


def simultaneous(rng: random.Random, types: int, messages: int, actions: int) -> Game:
    """Two audiences that move at once and care about each other."""
    values = rng.choice(RANGES[:3])
    names = [f"m{m}" for m in range(messages)]
    both = [audience(name, range(messages), [actions] * messages, labels=names) for name in "ab"]
    return build_game(
        random_prior(rng, types),
        random_available(rng, types, messages),
        both,
        lambda t, m, a, c: [rng.choice(values) for _ in range(3)],
        title="simultaneous",
    )


__all__ = [
    "NO_REPLY",
    "RANGES",
    "audience",
    "build_game",
    "no_reply",
    "one_audience",
    "random_available",
    "random_observation",
    "random_prior",
    "sequential",
    "simultaneous",
    "two_audiences",
    "with_reply",
]
