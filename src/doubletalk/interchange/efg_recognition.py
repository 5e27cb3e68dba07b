"""Is this tree a sender-audience game? If so, which one; if not, which condition fails.

Conditions, in the order in which they are checked: chance draws the type at the root and never moves again; one
player, the sender, moves next, knowing the type and nothing else; then audiences move, each at most once, in one
order; the sender may then reply, knowing everything, and the play ends. The information sets of the audiences are
checked in ``efg_observation``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from doubletalk.errors import InputError
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import NO_REPLY, Game, History
from doubletalk.interchange.efg_labels import distinct, player_names
from doubletalk.interchange.efg_observation import Move, audience_of, messages_of
from doubletalk.interchange.efg_tree import CHANCE, InformationSet, Node, Tree

__all__ = ["recognised"]

Replies: TypeAlias = dict[tuple[int, int, tuple[int, ...]], tuple[str, ...]]
Payoffs: TypeAlias = dict[History, tuple[Rational, ...]]


@dataclass(frozen=True)
class _Play:
    """One path to an end: the type, the sender's action there, the audiences' moves, the reply, the payoffs."""

    sender_type: int
    sent: int
    moves: tuple[Move, ...]
    replies: InformationSet | None
    reply: int
    payoffs: tuple[Rational, ...]


def recognised(tree: Tree, name: str) -> Game:
    """The game that *tree* is; ``InputError`` naming the condition that fails, with the line."""
    return _Recognition(tree, name).game()


class _Recognition:
    def __init__(self, tree: Tree, name: str) -> None:
        self.tree, self.name = tree, name
        self.visits = Counter(
            (node.place.player, node.place.number) for node in _all_nodes(tree.root) if node.place is not None
        )
        self.sender = 0

    def not_one(self, why: str, line: int) -> InputError:
        return InputError(f"not a sender-audience game: {why}", self.name, line)

    def player(self, number: int) -> str:
        return repr(self.tree.players[number - 1])

    def game(self) -> Game:
        root = self.tree.root
        draw = self.drawn(root)
        speakers = self.speakers(root)
        plays = [play for t, node in enumerate(root.children) for play in self.plays_of(t, node)]
        order = self.order(plays)
        types = distinct(draw.actions, "t", [place.label for place in speakers])
        sent: dict[tuple[int, int], list[tuple[Move, ...]]] = {}
        for play in plays:
            sent.setdefault((play.sender_type, play.sent), []).append(play.moves)
        messages = messages_of(speakers, types, sent, self.tree.players, self.not_one)
        names = player_names([self.tree.players[p - 1] for p in (self.sender, *order)])
        audiences = tuple(
            audience_of(who, name, messages, order, self.tree.players, self.not_one)
            for who, name in zip(order, names[1:], strict=True)
        )
        index = {pair: m for m, message in enumerate(messages) for pair in message.sent_by}
        available: list[set[int]] = [set() for _ in types]
        for (t, _), m in index.items():
            available[t].add(m)
        replies, payoffs = _tables(plays, index, order, self.sender)
        return Game(
            title=" ".join(self.tree.title.split()) or self.name,
            source=" ".join(self.tree.comment.split()),
            sender=names[0],
            types=types,
            prior=draw.probabilities,
            messages=tuple(message.label for message in messages),
            available=tuple(tuple(sorted(sendable)) for sendable in available),
            audiences=audiences,
            replies=replies,
            payoffs=payoffs,
        )

    def drawn(self, root: Node) -> InformationSet:
        """The draw of the type at the root."""
        if root.place is None or root.place.player != CHANCE:
            raise self.not_one("the root is not a chance node that draws the sender's type", root.line)
        total = sum(root.place.probabilities, ZERO)
        if total != ONE:
            raise InputError(f"the probabilities of the types sum to {total}, expected 1", self.name, root.line)
        for label, probability in zip(root.place.actions, root.place.probabilities, strict=True):
            if probability <= 0:
                raise self.not_one(f"type {label!r} has probability {probability}, expected more than 0", root.line)
        if len(self.tree.players) < 2:
            raise self.not_one("there is one player; a sender and at least one audience are needed", root.line)
        return root.place

    def speakers(self, root: Node) -> list[InformationSet]:
        """[type] -> the sender's information set, each with one node."""
        places: list[InformationSet] = []
        assert root.place is not None
        for label, node in zip(root.place.actions, root.children, strict=True):
            place = node.place
            if place is None:
                raise self.not_one(f"the play ends after type {label!r} before the sender moves", node.line)
            if place.player == CHANCE:
                raise self.not_one("chance moves again after the root", node.line)
            self.sender = self.sender or place.player
            if place.player != self.sender:
                raise self.not_one(
                    f"{self.player(place.player)} moves first after type {label!r}, "
                    f"{self.player(self.sender)} after other types; one player must be the sender",
                    node.line,
                )
            if self.visits[place.player, place.number] > 1:
                raise self.not_one(
                    f"the sender {self.player(self.sender)} does not know its type: its information set "
                    f"{place.number} after type {label!r} has {self.visits[place.player, place.number]} nodes",
                    node.line,
                )
            places.append(place)
        return places

    def plays_of(self, t: int, node: Node) -> Iterator[_Play]:
        start = _sum(self.tree.root.payoffs, node.payoffs)
        for i, child in enumerate(node.children):
            yield from self.walk(t, i, child, (), start)

    def walk(self, t: int, i: int, node: Node, moves: tuple[Move, ...], paid: tuple[Rational, ...]) -> Iterator[_Play]:
        """All plays from *node*; the depth of the recursion is at most the number of players."""
        paid = _sum(paid, node.payoffs)
        place = node.place
        if place is None:
            yield _Play(t, i, moves, None, NO_REPLY, paid)
        elif place.player == CHANCE:
            raise self.not_one("chance moves again after the root", node.line)
        elif place.player == self.sender:
            yield from self.answered(t, i, node, place, moves, paid)
        elif any(move.place.player == place.player for move in moves):
            raise self.not_one(f"audience {self.player(place.player)} moves twice in one play", node.line)
        else:
            for a, child in enumerate(node.children):
                yield from self.walk(t, i, child, (*moves, Move(place, a)), paid)

    def answered(
        self, t: int, i: int, node: Node, place: InformationSet, moves: tuple[Move, ...], paid: tuple[Rational, ...]
    ) -> Iterator[_Play]:
        """The plays that end with a reply at *node*."""
        if self.visits[place.player, place.number] > 1:
            raise self.not_one(
                f"the sender {self.player(self.sender)} replies without knowing everything: its information set "
                f"{place.number} has {self.visits[place.player, place.number]} nodes",
                node.line,
            )
        for c, child in enumerate(node.children):
            if child.place is not None:
                what = "chance moves" if child.place.player == CHANCE else f"{self.player(child.place.player)} moves"
                raise self.not_one(
                    f"{what} after the sender's second move; the sender's reply must end the play, so that a player "
                    "who speaks between audiences, or moves in two roles, has no place",
                    child.line,
                )
            yield _Play(t, i, moves, place, c, _sum(paid, child.payoffs))

    def order(self, plays: Sequence[_Play]) -> tuple[int, ...]:
        """The audiences in the order of their moves; those who never move come last."""
        before: dict[int, set[int]] = {p: set() for p in range(1, len(self.tree.players) + 1) if p != self.sender}
        lines: dict[tuple[int, int], int] = {}
        for play in plays:
            for n, move in enumerate(play.moves):
                before[move.place.player].update(earlier.place.player for earlier in play.moves[:n])
                for earlier in play.moves[:n]:
                    lines.setdefault((earlier.place.player, move.place.player), move.place.line)
        idle = set(before) - {move.place.player for play in plays for move in play.moves}
        placed: list[int] = []
        while len(placed) < len(before):
            free = [p for p, earlier in before.items() if p not in placed and earlier <= set(placed)]
            if not free:
                first, second = next((a, b) for a, b in lines if (b, a) in lines or a not in placed)
                raise self.not_one(
                    f"the audiences {self.player(first)} and {self.player(second)} move in different orders in "
                    "different plays",
                    lines[first, second],
                )
            placed.append(min(free, key=lambda p: (p in idle, p)))
        return tuple(placed)


def _tables(
    plays: Sequence[_Play], index: dict[tuple[int, int], int], order: tuple[int, ...], sender: int
) -> tuple[Replies, Payoffs]:
    """The replies and the payoffs, in our players' order."""
    replies: Replies = {}
    payoffs: Payoffs = {}
    for play in plays:
        chosen = {move.place.player: move.action for move in play.moves}
        where = (play.sender_type, index[play.sender_type, play.sent], tuple(chosen.get(p, 0) for p in order))
        if play.replies is not None:
            replies[where] = distinct(play.replies.actions, "c")
        payoffs[*where, play.reply] = tuple(play.payoffs[p - 1] for p in (sender, *order))
    return {at: replies[at] for at in sorted(replies)}, {at: payoffs[at] for at in sorted(payoffs)}


def _sum(first: tuple[Rational, ...], second: tuple[Rational, ...]) -> tuple[Rational, ...]:
    return tuple(a + b for a, b in zip(first, second, strict=True))


def _all_nodes(root: Node) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(node.children)


