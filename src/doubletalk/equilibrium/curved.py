"""What ties make curved: equilibria that no finite union of products holds, by the exact conditions that define them.

The search ends in choices of (who sends what, one piece for each observation). Where a piece is only a bound, the
equilibria of the choice are described instead of listed: the messages that are sent, the actions that may be played,
and for each of them the polynomial that says that it is no worse than another. Every equilibrium lies in a choice,
every choice is either a family or described here, and whatever meets a description is an equilibrium; so families and
descriptions together are the whole set, and nothing else. The mathematics is in docs/theory-sequential.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.assembly import Found, Leaf
from doubletalk.equilibrium.curved_points import PointSeeker
from doubletalk.equilibrium.desk import Desk
from doubletalk.equilibrium.pieces_reply import ReplyPlan, plan_replies
from doubletalk.equilibrium.pieces_sequential_plays import Node
from doubletalk.equilibrium.solution import Condition, CurvedSet, Polynomial
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Cell, Game

__all__ = ["curved_sets"]

Moves = frozenset[tuple[Node, int]]
"""(node, action) that may be played after one observation."""

MOST_DESCRIBED = 3000
"""Descriptions beyond which none is given; small random games full of ties have up to 65."""

MOST_SOUGHT = 40
"""Descriptions for which a point outside the families is sought, at most."""


def curved_sets(game: Game, desk: Desk, found: Found) -> tuple[CurvedSet, ...]:
    """The descriptions of all choices that rest on a bound; those inside another with the same senders are left out.

    For audiences that move in sequence, concept "sequential"; () past ``MOST_DESCRIBED``.
    Raises OutOfTimeError at the deadline of ``clock``.
    """
    plan = plan_replies(game, equal_ones=False)
    groups: dict[frozenset[int], dict[tuple[Moves, ...], tuple[Leaf, set[str]]]] = {}
    for leaf in sorted(found.loose, key=lambda one: (sorted(one[0]), one[1])):
        used, pieces = leaf
        moves = tuple(_moves(desk, o, k) for o, k in enumerate(pieces))
        loose = (desk.numbers.bound_pieces[k] for k in pieces if k in desk.numbers.bound_pieces)
        reasons = {desk.reasons[where] for where in loose}
        _, known = groups.setdefault(used, {}).setdefault(moves, (leaf, set()))
        known |= reasons
    largest = [
        (used, moves, *named)
        for used, options in groups.items()
        for moves, named in options.items()
        if not any(_inside(moves, other) for other in options if other != moves)
    ]
    if len(largest) > MOST_DESCRIBED:
        return ()
    seeker = PointSeeker(game, desk, found, plan)
    described: list[CurvedSet] = []
    for used, moves, leaf, reasons in largest:
        clock.check()
        words = _Words(game, plan, used, moves)
        point = seeker.point(leaf, moves) if len(described) < MOST_SOUGHT else None
        described.append(CurvedSet(tuple(sorted(reasons)), words.sends(), words.plays(), words.conditions(), point))
    return tuple(described)


def _inside(small: tuple[Moves, ...], large: tuple[Moves, ...]) -> bool:
    return all(a <= b for a, b in zip(small, large, strict=True))


def _moves(desk: Desk, o: int, k: int) -> Moves:
    """What the piece may play; a bound speaks for itself."""
    where = desk.numbers.bound_pieces.get(k)
    if where is not None:
        return desk.bounds[where].moves
    (block,) = desk.wider.stations[o].blocks
    (support,) = desk.numbers.pieces[k].support
    places = block.behaviour.places  # type: ignore[attr-defined]
    return frozenset(
        (place[0], place[2])
        for v in support
        for place, weight in zip(places, block.vertices[v].point, strict=True)
        if weight != 0
    )


class _Words:
    """One description in the words of the game."""

    def __init__(self, game: Game, plan: ReplyPlan, used: frozenset[int], moves: Sequence[Moves]) -> None:
        self.game, self.plan, self.used = game, plan, used
        self.cells = game.cells()
        self.moves = moves
        self._cell_of = {m: c for c, cell in enumerate(self.cells) for m in cell.messages}
        self._sent: dict[int, int] = {}
        for i in used:
            self._sent[plan.pairs[i][0]] = self._sent.get(plan.pairs[i][0], 0) + 1

    def sends(self) -> dict[str, tuple[str, ...]]:
        """Type -> the messages that it sends, each with positive probability."""
        found: dict[str, tuple[str, ...]] = {}
        for i, (t, m) in enumerate(self.plan.pairs):
            if i in self.used:
                found[self.game.types[t]] = (*found.get(self.game.types[t], ()), self.game.messages[m])
        return found

    def plays(self) -> dict[str, dict[str, tuple[str, ...]]]:
        """Audience -> information set -> the actions that may be played there."""
        found: dict[str, dict[str, tuple[str, ...]]] = {audience.name: {} for audience in self.game.audiences}
        for c, cell in enumerate(self.cells):
            for node in self._nodes(cell):
                labels = self.game.actions_after(cell.messages[0])[len(node)]
                allowed = tuple(labels[a] for a in self._allowed(c, node))
                found[self.game.audiences[len(node)].name][self._key(cell.messages[0], node)] = allowed
        return found

    def _nodes(self, cell: Cell) -> Iterator[Node]:
        counts = [len(labels) for labels in self.game.actions_after(cell.messages[0])]
        for depth in range(len(counts)):
            yield from product(*(range(n) for n in counts[:depth]))

    def _allowed(self, c: int, node: Node) -> list[int]:
        return sorted(a for h, a in self.moves[c] if h == node)

    def _key(self, message: int, node: Node) -> str:
        rest = (0,) * (len(self.game.audiences) - len(node))
        return self.game.information_set(len(node), message, (*node, *rest))

    # ---- polynomials -------------------------------------------------------------------------------------------------

    def conditions(self) -> tuple[Condition, ...]:
        """Every comparison that is not settled by signs: what may be chosen is no worse than anything else."""
        found = list(self._of_sender())
        for c, cell in enumerate(self.cells):
            for node in self._nodes(cell):
                found += self._of_audience(c, cell, node)
        return tuple(condition for condition in found if any(v < 0 for v in condition.gain.values()))

    def _of_sender(self) -> Iterator[Condition]:
        game, pairs = self.game, self.plan.pairs
        for i in sorted(self.used):
            t, m = pairs[i]
            for k, (s, other) in enumerate(pairs):
                if s == t and k != i:
                    gain = _minus(self._offer(i), self._offer(k))
                    yield Condition(game.sender, game.types[t], game.messages[m], game.messages[other], gain)

    def _offer(self, i: int) -> Polynomial:
        """What pair i pays its type, best replies included."""
        m = self.plan.pairs[i][1]
        total: dict[tuple[str, ...], Rational] = {}
        for actions in self.game.action_profiles(m):
            chances = self._chances(m, (), actions)
            if chances is not None:
                _add(total, chances, self.plan.value[i, actions])
        return total

    def _of_audience(self, c: int, cell: Cell, node: Node) -> Iterator[Condition]:
        game, j = self.game, len(node)
        message = cell.messages[0]
        labels = game.actions_after(message)[j]
        worth = [self._worth(c, cell, (*node, a), j) for a in range(len(labels))]
        for a in self._allowed(c, node):
            for b in range(len(labels)):
                if a != b:
                    gain = _minus(worth[a], worth[b])
                    yield Condition(game.audiences[j].name, self._key(message, node), labels[a], labels[b], gain)

    def _worth(self, c: int, cell: Cell, node: Node, j: int) -> Polynomial:
        """The audience's payoff from *node* on, weighted with what is believed."""
        game, total = self.game, dict[tuple[str, ...], Rational]()
        here = [i for i, (_, m) in enumerate(self.plan.pairs) if m in cell.messages]
        reached = not self.used.isdisjoint(here)
        several = len({self.plan.pairs[i][1] for i in here}) > 1
        for i in here:
            t, m = self.plan.pairs[i]
            weight, names = ONE, tuple[str, ...]()
            if reached:
                if i not in self.used:
                    continue
                weight = game.prior[t]
                names = () if self._sent[t] == 1 else (f"{game.sender}({game.messages[m]} | {game.types[t]})",)
            elif len(here) > 1:
                label = f"{game.types[t]}|{game.messages[m]}" if several else game.types[t]
                names = (f"belief({label} | {cell.key})",)
            for actions in game.action_profiles(m):
                chances = self._chances(m, node, actions) if actions[: len(node)] == node else None
                if chances is None:
                    continue
                options = self.plan.options[i, actions]
                for reply, given in options:
                    said: tuple[str, ...] = ()
                    if len(options) > 1:
                        name = game.replies[t, m, actions][reply]
                        said = (f"{game.sender}({name} | {game.types[t]}, {game.reply_node(m, actions)})",)
                    _add(total, (*names, *chances, *said), weight * given[j])
        return total

    def _chances(self, m: int, node: Node, actions: Node) -> tuple[str, ...] | None:
        """The probabilities on the way from *node* to *actions*, certain ones left out; None when it is not played."""
        c, names = self._cell_of[m], []
        labels = self.game.actions_after(m)
        for d in range(len(node), len(actions)):
            allowed = self._allowed(c, actions[:d])
            if actions[d] not in allowed:
                return None
            if len(allowed) > 1:
                who = self.game.audiences[d].name
                names.append(f"{who}({labels[d][actions[d]]} | {self._key(m, actions[:d])})")
        return tuple(names)


def _add(total: dict[tuple[str, ...], Rational], names: tuple[str, ...], value: Rational) -> None:
    if value != 0:
        key = tuple(sorted(names))
        total[key] = total.get(key, ZERO) + value


def _minus(first: Polynomial, second: Polynomial) -> Polynomial:
    found = dict(first)
    for key, value in second.items():
        found[key] = found.get(key, ZERO) - value
    return {key: value for key, value in found.items() if value != 0}
