"""The text of an ``.efg`` file as a tree: words, prologue, nodes in prefix order, outcomes.

Nothing here knows what a sender is; see ``efg_recognition``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from doubletalk.errors import InputError
from doubletalk.exact import ZERO, Rational, rational

__all__ = ["InformationSet", "Node", "Tree", "parse_tree"]

CHANCE = 0
WORD = re.compile(r'\s+|"(?P<quoted>(?:\\"|[^"])*)"|(?P<mark>[{},])|(?P<bare>[^\s{},"]+)')
Payoffs = tuple[Rational, ...]


@dataclass(frozen=True)
class InformationSet:
    """``player`` 0 for chance, else from 1; ``probabilities`` () but for chance; ``line`` where it first appears."""

    player: int
    number: int
    label: str
    actions: tuple[str, ...]
    probabilities: tuple[Rational, ...]
    line: int


@dataclass(frozen=True)
class Node:
    """``place`` is None at an end. ``payoffs`` are what the node's outcome adds, one entry a player."""

    label: str
    line: int
    place: InformationSet | None
    payoffs: Payoffs
    children: tuple[Node, ...]


@dataclass(frozen=True)
class Tree:
    """A whole file."""

    title: str
    comment: str
    players: tuple[str, ...]
    root: Node


@dataclass(frozen=True)
class _Word:
    kind: str
    text: str
    line: int


@dataclass
class _Open:
    """A node whose children are still being read."""

    label: str
    line: int
    place: InformationSet | None
    payoffs: Payoffs
    children: list[Node]

    @property
    def full(self) -> bool:
        return len(self.children) == (len(self.place.actions) if self.place else 0)

    def closed(self) -> Node:
        return Node(self.label, self.line, self.place, self.payoffs, tuple(self.children))


def parse_tree(source: str, name: str) -> Tree:
    """The tree in *source*; ``InputError`` with *name* and the line when it isn't a valid file."""
    return _Parser(source, name).tree()


def _words(source: str, name: str) -> Iterator[_Word]:
    at, line = 0, 1
    while at < len(source):
        match = WORD.match(source, at)
        if match is None:
            raise InputError("a quoted label is not closed", name, line)
        kind = match.lastgroup
        if kind is not None:
            content = match[kind]
            yield _Word(kind, content.replace('\\"', '"') if kind == "quoted" else content, line)
        line += match[0].count("\n")
        at = match.end()
    yield _Word("end", "the end of the file", line)


class _Parser:
    def __init__(self, source: str, name: str) -> None:
        self.name = name
        self.words = list(_words(source.removeprefix("\ufeff"), name))
        self.at = 0
        self.players: tuple[str, ...] = ()
        self.sets: dict[tuple[int, int], InformationSet] = {}
        self.outcomes: dict[int, Payoffs] = {}

    @property
    def next(self) -> _Word:
        return self.words[self.at]

    def wrong(self, expected: str) -> InputError:
        return InputError(f"expected {expected}, found {self.next.text[:60]!r}", self.name, self.next.line)

    def take(self, kind: str, expected: str) -> str:
        if self.next.kind != kind:
            raise self.wrong(expected)
        self.at += 1
        return self.words[self.at - 1].text

    def skip(self, mark: str) -> bool:
        """Pass over *mark* when it comes next."""
        found = self.next.kind == "mark" and self.next.text == mark
        self.at += found
        return found

    def opened(self, what: str) -> None:
        if not self.skip("{"):
            raise self.wrong(f"'{{' before {what}")

    def integer(self, what: str) -> int:
        if self.next.kind != "bare" or not self.next.text.isascii() or not self.next.text.isdigit():
            raise self.wrong(what)
        return int(self.take("bare", what))

    def number(self, what: str) -> Rational:
        if self.next.kind != "bare":
            raise self.wrong(what)
        try:
            value = rational(self.next.text)
        except ValueError:
            raise self.wrong(what) from None
        self.at += 1
        return value

    def optional_label(self) -> str:
        return self.take("quoted", "a label") if self.next.kind == "quoted" else ""

    def tree(self) -> Tree:
        for word, what in (("EFG", "'EFG'"), ("2", "format version 2")):
            if self.next.text != word:
                raise self.wrong(what)
            self.at += 1
        if self.next.text not in ("R", "D"):
            raise self.wrong("'R' or 'D'")
        self.at += 1
        title = self.take("quoted", "the title between quotes")
        self.opened("the players' names")
        players = []
        while not self.skip("}"):
            players.append(self.take("quoted", "a player's name between quotes"))
        self.players = tuple(players)
        comment = self.optional_label()
        root = self.nodes()
        if self.next.kind != "end":
            raise self.wrong("nothing after the last node of the tree")
        return Tree(title, comment, self.players, root)

    def nodes(self) -> Node:
        """All nodes, in prefix order, without recursion."""
        waiting = [self.node()]
        while True:
            if not waiting[-1].full:
                waiting.append(self.node())
                continue
            done = waiting.pop().closed()
            if not waiting:
                return done
            waiting[-1].children.append(done)

    def node(self) -> _Open:
        line, kind = self.next.line, self.next.text
        if self.next.kind != "bare" or kind not in ("c", "p", "t"):
            raise self.wrong("a node: 'c', 'p' or 't'")
        self.at += 1
        label = self.optional_label()
        place = None if kind == "t" else self.place(kind, line)
        return _Open(label, line, place, self.outcome(), [])

    def place(self, kind: str, line: int) -> InformationSet:
        player = CHANCE
        if kind == "p":
            player = self.integer("the number of a player")
            if not 1 <= player <= len(self.players):
                raise InputError(f"player {player} does not exist; there are {len(self.players)}", self.name, line)
        number = self.integer("the number of an information set")
        label = self.optional_label()
        known = self.sets.get((player, number))
        if not (self.next.kind == "mark" and self.next.text == "{"):
            if known is None:
                raise self.wrong("'{' and the actions of an information set that appears for the first time")
            return known
        actions, probabilities = self.actions(player == CHANCE)
        if known is None:
            known = self.sets[player, number] = InformationSet(player, number, label, actions, probabilities, line)
        elif (known.actions, known.probabilities) != (actions, probabilities):
            who = f"player {self.players[player - 1]!r}" if player else "chance"
            raise InputError(
                f"unequal actions in an information set: set {number} of {who} has {_listed(actions)} here and "
                f"{_listed(known.actions)} on line {known.line}",
                self.name,
                line,
            )
        return known

    def actions(self, chance: bool) -> tuple[tuple[str, ...], tuple[Rational, ...]]:
        self.opened("the actions")
        labels, probabilities = [], []
        while not self.skip("}"):
            labels.append(self.take("quoted", "an action between quotes, or '}'"))
            if chance:
                probabilities.append(self.number("a probability"))
        if not labels:
            raise self.wrong("at least one action before '}'")
        return tuple(labels), tuple(probabilities)

    def outcome(self) -> Payoffs:
        """An outcome's payoffs: given here, or where its number appeared first; nothing for number 0."""
        line = self.next.line
        number = self.integer("the number of an outcome")
        self.optional_label()
        if not self.skip("{"):
            if number and number not in self.outcomes:
                raise InputError(f"outcome {number} appears for the first time without payoffs", self.name, line)
            return self.outcomes[number] if number else (ZERO,) * len(self.players)
        values = []
        while not self.skip("}"):
            values.append(self.number("a payoff, or '}'"))
            self.skip(",")
        if len(values) != len(self.players):
            raise InputError(
                f"outcome {number} has {len(values)} payoffs, expected one for each of {len(self.players)} players",
                self.name,
                line,
            )
        if number == 0 and any(values):
            raise InputError("outcome 0 means none and may not have payoffs", self.name, line)
        if self.outcomes.setdefault(number, tuple(values)) != tuple(values):
            raise InputError(f"outcome {number} has other payoffs here than where it appeared first", self.name, line)
        return tuple(values)


def _listed(labels: tuple[str, ...]) -> str:
    return "{" + ", ".join(repr(label) for label in labels) + "}"
