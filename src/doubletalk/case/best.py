"""Best responses by backward induction at a stated belief, without solving for equilibria.

At a belief about the sender's type the audiences that still have to move are solved from the last one back: the
sender's reply first, then each audience. Where a later player is indifferent every pure choice of it is followed, so
that an action is *possibly* best under some of them and *surely* the only best one under all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any

from doubletalk.errors import InputError
from doubletalk.exact import ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["BestResponse", "best_response", "payoff_trait", "type_belief"]

_Plan = tuple[tuple[Rational, ...], tuple[tuple[int, str], ...]]


@dataclass(frozen=True)
class BestResponse:
    """``possible`` actions are best under some choice of later players that are indifferent; ``sure`` are under all."""

    audience: str
    actions: tuple[str, ...]
    possible: tuple[str, ...]
    sure: tuple[str, ...]

    @property
    def only(self) -> str | None:
        """The single best action, None at a tie."""
        return self.possible[0] if len(self.possible) == 1 else None


def payoff_trait(game: Game) -> tuple[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    """The two-valued trait on which alone payoffs depend: (its first value, (types with it, types with the other)).

    The sender's cost of a message may depend on it as well. For two plain types the first type is meant.
    Raises ``InputError`` when no single two-valued trait does it.
    """
    memory = _memory(_Identity(game))
    if "trait" not in memory:
        memory["trait"] = _find_payoff_trait(game)
    found: tuple[str, tuple[tuple[str, ...], tuple[str, ...]]] = memory["trait"]
    return found


class _Identity:
    """A game as the key of a memory: itself, not its contents."""

    __slots__ = ("game",)

    def __init__(self, game: Game) -> None:
        self.game = game

    def __hash__(self) -> int:
        return id(self.game)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Identity) and other.game is self.game


@lru_cache(maxsize=32)
def _memory(game: _Identity) -> dict[object, Any]:
    """What was worked out about one game and depends on no belief."""
    return {}


def _find_payoff_trait(game: Game) -> tuple[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    candidates = []
    for index, (_, values) in enumerate(game.traits.items()):
        if len(values) == 2:
            sides = tuple(
                tuple(t for t, has in zip(game.types, game.trait_values, strict=True) if has[index] == v)
                for v in values
            )
            if _same_within(game, sides):
                candidates.append((values[0], (sides[0], sides[1])))
    if not candidates and len(game.types) == 2:
        candidates.append((game.types[0], ((game.types[0],), (game.types[1],))))
    if len(candidates) != 1:
        raise InputError(
            f"a belief as one number needs one two-valued trait on which payoffs depend; game '{game.title}' has "
            f"{len(candidates)}. Write belief(VALUE)=... to say which"
        )
    return candidates[0]


def _same_within(game: Game, sides: Iterable[tuple[str, ...]]) -> bool:
    first = {name: side[0] for side in sides for name in side}
    for (t, m, actions, c), payoffs in game.payoffs.items():
        like = game.types.index(first[game.types[t]])
        other = game.payoffs.get((like, m, actions, c))
        if other is not None and other != payoffs:
            return False
    return True


def type_belief(game: Game, value: str | None, weight: Rational | None) -> tuple[Rational, ...]:
    """[type] -> belief: the prior, or the prior rescaled so that *value* (a type or trait value) has *weight*."""
    if weight is None:
        return game.prior
    if value is None:
        _, (has, _) = payoff_trait(game)
    else:
        has = tuple(
            name
            for t, name in enumerate(game.types)
            if name == value or (game.traits and value in game.trait_values[t])
        )
    if not has or len(has) == len(game.types):
        raise InputError(f"no type of game '{game.title}' is told apart by '{value}'")
    if not 0 <= weight <= 1:
        raise InputError(f"a belief lies between 0 and 1, found {weight}")
    mass = sum((p for p, name in zip(game.prior, game.types, strict=True) if name in has), ZERO)
    return tuple(
        p * weight / mass if name in has else p * (1 - weight) / (1 - mass)
        for p, name in zip(game.prior, game.types, strict=True)
    )


def best_response(
    game: Game, audience: int, message: int, belief: tuple[Rational, ...], seen: Mapping[int, int]
) -> BestResponse:
    """What *audience* should do after *message*, having seen the earlier actions *seen* (audience -> action index).

    Requires that every later audience watches all earlier ones, and that the audience watches or needs none that are
    not in *seen*; raises ``InputError`` otherwise.
    """
    for j, later in enumerate(game.audiences):
        if j > audience and set(later.watches) != set(range(j)):
            raise InputError(
                f"best({game.audiences[audience].name}): '{later.name}' moves later without seeing all before it"
            )
    missing = [game.audiences[j].name for j in range(audience) if j not in seen]
    if missing:
        raise InputError(
            f"best({game.audiences[audience].name}) needs what was done before: add {missing[0]}=... after '|'"
        )
    walker = _Walker(game, message, belief)
    history = tuple(seen[j] for j in range(audience))
    labels = game.actions_after(message)[audience]
    spans = []
    for action in range(len(labels)):
        worth = [values[audience + 1] for values in walker.values((*history, action))]
        spans.append((min(worth), max(worth)))
    possible, sure = _possible_and_sure(spans)
    return BestResponse(
        game.audiences[audience].name, labels, tuple(labels[a] for a in possible), tuple(labels[a] for a in sure)
    )


def _possible_and_sure(spans: list[tuple[Rational, Rational]]) -> tuple[list[int], list[int]]:
    floor = max(low for low, _ in spans)
    possible = [a for a, (_, high) in enumerate(spans) if high >= floor]
    sure = [a for a, (low, _) in enumerate(spans) if all(low >= high for b, (_, high) in enumerate(spans) if b != a)]
    return possible, sure


class _Walker:
    """Backward induction below a history; values are per player, the sender first, in expectation over the belief."""

    def __init__(self, game: Game, message: int, belief: tuple[Rational, ...]) -> None:
        self.game, self.message, self.belief = game, message, belief
        self.memory: dict[tuple[int, ...], list[tuple[Rational, ...]]] = {}
        self.rows: dict[object, list[tuple[Rational, ...]]] = _memory(_Identity(game))

    def values(self, history: tuple[int, ...]) -> list[tuple[Rational, ...]]:
        if history not in self.memory:
            whole = len(history) == len(self.game.audiences)
            self.memory[history] = self._after_replies(history) if whole else self._after_move(history)
        return self.memory[history]

    def _after_move(self, history: tuple[int, ...]) -> list[tuple[Rational, ...]]:
        mover = len(history)
        branches = [self.values((*history, a)) for a in range(len(self.game.actions_after(self.message)[mover]))]
        spans = [(min(v[mover + 1] for v in branch), max(v[mover + 1] for v in branch)) for branch in branches]
        floor = max(low for low, _ in spans)
        kept = [v for branch, (_, high) in zip(branches, spans, strict=True) if high >= floor for v in branch]
        return list(dict.fromkeys(v for v in kept if v[mover + 1] >= floor))

    def _after_replies(self, history: tuple[int, ...]) -> list[tuple[Rational, ...]]:
        options = []
        for t, chance in enumerate(self.belief):
            if chance != 0:
                options.append([tuple(chance * v for v in row) for row in self._rational_rows(t, history)])
        totals = [tuple(sum(column, ZERO) for column in zip(*rows, strict=True)) for rows in product(*options)]
        return list(dict.fromkeys(totals))

    def _rational_rows(self, t: int, history: tuple[int, ...]) -> list[tuple[Rational, ...]]:
        """The payoffs after each reply that is best for type *t*.

        A type that cannot send the message is read as its nearest like: with the payoffs of any type that can and
        agrees with it elsewhere; such a type has no row, and it is skipped only when its belief is zero.
        """
        key = (t, self.message, history)
        if key not in self.rows:
            self.rows[key] = self._find_rational_rows(t, history)
        return self.rows[key]

    def _find_rational_rows(self, t: int, history: tuple[int, ...]) -> list[tuple[Rational, ...]]:
        m = self.message if self.message in self.game.available[t] else None
        source = t if m is not None else self._stand_in(t)
        rows = [
            self.game.payoffs[source, self.message, history, c]
            for c in self.game.reply_range(source, self.message, history)
        ]
        top = max(row[0] for row in rows)
        return list(dict.fromkeys(row for row in rows if row[0] == top))

    def _stand_in(self, t: int) -> int:
        """A type that can send the message and shares the payoff trait with *t*."""
        _, sides = payoff_trait(self.game)
        side = next(names for names in sides if self.game.types[t] in names)
        for name in side:
            other = self.game.types.index(name)
            if self.message in self.game.available[other]:
                return other
        raise InputError(f"no type like '{self.game.types[t]}' can send '{self.game.messages[self.message]}'")
