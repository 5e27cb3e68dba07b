"""Gambit's extensive-form files (``.efg``): every game can be written, every sender-audience game can be read.

The tree has chance at its root (the type, with its prior), then the sender (one information set a type), then the
audiences in their order (information sets by observation and watched actions), then the sender's reply where there
is one (an information set of its own at every play). Payoffs and priors are exact.

Source of the format: Gambit, "The extensive game (.efg) file format".
"""

from __future__ import annotations

from collections.abc import Iterator

from doubletalk.exact import Rational, text
from doubletalk.game.model import NO_REPLY, Game
from doubletalk.interchange.efg_recognition import recognised
from doubletalk.interchange.efg_tree import parse_tree

__all__ = ["from_efg", "to_efg"]


def to_efg(game: Game) -> str:
    """*game* as the text of a Gambit ``.efg`` file.

    Information sets carry our keys as labels: a type's name, ``Game.information_set``, ``type|reply node``. An
    ordinary play has an outcome of its own, numbered in the order of ``Game.histories``.
    """
    return "\n".join([*_head(game), *_Writer(game).lines()]) + "\n"


def from_efg(source: str, name: str = "game.efg") -> Game:
    """The sender-audience game that the ``.efg`` text *source* holds.

    Labels are kept where they are usable, and made up where they are missing. Messages are told apart by their
    labels. Raises ``InputError``, with *name* and the line, when the text isn't a valid file or when the tree isn't
    a sender-audience game; the message says which condition fails.
    """
    return recognised(parse_tree(source, name), name)


def _head(game: Game) -> list[str]:
    players = " ".join(quoted(player) for player in game.players)
    return [f"EFG 2 R {quoted(game.title)} {{ {players} }}", quoted(game.source), ""]


def quoted(label: str) -> str:
    """The label between double quotes; a quote inside it is escaped. A backslash needs no escape in the format,
    but it may not stand before a quote, so that a space is put between."""
    words = " ".join(label.split())
    while "\\\"" in words:
        words = words.replace("\\\"", "\\ \"")
    inside = words.replace('"', '\\"')
    return f'"{inside} "' if inside.endswith("\\") else f'"{inside}"'


class _Writer:
    """One walk through the tree, in the order of the file."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self.numbers: dict[tuple[int, str], int] = {}
        self.counts = [0] * len(game.players)
        self.outcomes = 0

    def lines(self) -> Iterator[str]:
        game = self.game
        draws = " ".join(f"{quoted(t)} {text(p)}" for t, p in zip(game.types, game.prior, strict=True))
        yield f'c "" 1 "" {{ {draws} }} 0'
        for t, sendable in enumerate(game.available):
            yield self._move(0, game.types[t], tuple(game.messages[m] for m in sendable))
            for m in sendable:
                yield from self._audiences(t, m, ())

    def _move(self, player: int, key: str, labels: tuple[str, ...]) -> str:
        if (player, key) not in self.numbers:
            self.counts[player] += 1
            self.numbers[player, key] = self.counts[player]
        actions = " ".join(quoted(label) for label in labels)
        return f'p "" {player + 1} {self.numbers[player, key]} {quoted(key)} {{ {actions} }} 0'

    def _audiences(self, t: int, m: int, actions: tuple[int, ...]) -> Iterator[str]:
        game, j = self.game, len(actions)
        if j == len(game.audiences):
            yield from self._reply(t, m, actions)
            return
        labels = game.actions_after(m)[j]
        yield self._move(1 + j, game.information_set(j, m, actions + (0,) * (len(game.audiences) - j)), labels)
        for a in range(len(labels)):
            yield from self._audiences(t, m, (*actions, a))

    def _reply(self, t: int, m: int, actions: tuple[int, ...]) -> Iterator[str]:
        game = self.game
        labels = tuple(game.replies.get((t, m, actions), ()))
        if labels:
            yield self._move(0, f"{game.types[t]}|{game.reply_node(m, actions)}", labels)
        for c in game.reply_range(t, m, actions):
            yield self._end(game.payoffs[t, m, actions, c if labels else NO_REPLY])

    def _end(self, payoffs: tuple[Rational, ...]) -> str:
        self.outcomes += 1
        return f't "" {self.outcomes} "{self.outcomes}" {{ {", ".join(text(value) for value in payoffs)} }}'
