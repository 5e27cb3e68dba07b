"""The games that are timed: seeded random ones, and beer-quiche.

Random games have payoffs drawn from the integers 0 .. 10^6 and a prior with weights 1 .. 100, so that ties have
probability of about one in a million; every type can send every message and every audience sees the message.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

from doubletalk.exact import Rational
from doubletalk.game.model import NO_REPLY, Audience, Game
from doubletalk.library import load

__all__ = ["GROWTH", "PEER_SIZES", "SIZES", "TINY", "Size", "beer_quiche", "random_game"]

LARGEST_PAYOFF = 10**6
LARGEST_WEIGHT = 100


@dataclass(frozen=True)
class Size:
    """What is varied between random games; ``aim_s`` is the median that is aimed at, None where there is none."""

    audiences: int
    types: int
    messages: int
    actions: int
    aim_s: float | None = None

    @property
    def name(self) -> str:
        """``"1 x (3, 4, 4)"``: audiences x (types, messages, actions)."""
        return f"{self.audiences} x ({self.types}, {self.messages}, {self.actions})"


SIZES = (
    Size(1, 2, 3, 3, 0.003),
    Size(1, 3, 3, 3, 0.010),
    Size(1, 3, 4, 4, 0.060),
    Size(1, 4, 4, 4, 0.5),
    Size(2, 2, 3, 3, 0.020),
    Size(2, 3, 3, 3, 0.1),
    Size(2, 3, 4, 4, 1.0),
    Size(2, 4, 4, 4, 10.0),
)

TINY = (Size(1, 2, 2, 2), Size(2, 2, 2, 2))
"""Small enough for every peer to answer."""

PEER_SIZES = (*TINY, Size(1, 2, 3, 3), Size(1, 3, 3, 3), Size(2, 2, 3, 3), Size(2, 3, 3, 3))
"""What other software is given; larger games are left out because it does not finish these."""

GROWTH = {
    "types": tuple(Size(1, n, 3, 3) for n in range(2, 7)),
    "messages": tuple(Size(1, 3, n, 3) for n in range(2, 7)),
    "actions": tuple(Size(1, 3, 3, n) for n in range(2, 8)),
    "audiences": tuple(Size(n, 3, 3, 3) for n in range(1, 5)),
}
"""One dimension at a time, around one audience with (3, 3, 3)."""


def random_game(seed: int, size: Size) -> Game:
    """The game of that seed: each audience's payoff and its part of the sender's are independent of the others'."""
    rng = random.Random(seed)
    types, messages, actions = range(size.types), range(size.messages), range(size.actions)
    weights = [rng.randint(1, LARGEST_WEIGHT) for _ in types]
    audiences = tuple(_audience(j, size) for j in range(size.audiences))
    draw = _table(rng, size)
    to_sender, own = draw(), draw()
    payoffs = {
        (t, m, acts, NO_REPLY): (
            Rational(sum(to_sender[j, t, m, a] for j, a in enumerate(acts))),
            *(Rational(own[j, t, m, a]) for j, a in enumerate(acts)),
        )
        for t, m in product(types, messages)
        for acts in product(actions, repeat=size.audiences)
    }
    return Game(
        title=f"random {size.name}, seed {seed}",
        source="made for the benchmark",
        sender="sender",
        types=tuple(f"t{t}" for t in types),
        prior=tuple(Rational(w, sum(weights)) for w in weights),
        messages=tuple(f"m{m}" for m in messages),
        available=tuple(tuple(messages) for _ in types),
        audiences=audiences,
        replies={},
        payoffs=payoffs,
    )


def _audience(j: int, size: Size) -> Audience:
    messages = tuple(f"m{m}" for m in range(size.messages))
    actions = tuple(f"a{a}" for a in range(size.actions))
    return Audience(f"r{j}", messages, tuple(range(size.messages)), (), (actions,) * size.messages)


def _table(rng: random.Random, size: Size) -> Callable[[], dict[tuple[int, int, int, int], int]]:
    keys = list(product(range(size.audiences), range(size.types), range(size.messages), range(size.actions)))

    def draw() -> dict[tuple[int, int, int, int], int]:
        return {key: rng.randint(0, LARGEST_PAYOFF) for key in keys}

    return draw


def beer_quiche() -> Game:
    """Cho & Kreps (1987), from the library."""
    return load("beer_quiche")
