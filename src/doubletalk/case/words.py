"""What a game assumes, in words that a policy reader follows: made from its structure and its numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from doubletalk.exact import Rational
from doubletalk.game.model import Game

__all__ = ["game_assumptions", "parameter_notes"]

_PARAMETER = re.compile(r"^\s+([A-Za-z_]\w*)\s*:\s*([^#]*?)\s+#\s*(.+?)\s*$")


def game_assumptions(game: Game) -> tuple[str, ...]:
    """Sentences: who knows what, who can say what, who moves when and sees whom, how beliefs are formed."""
    sentences = [_knows(game), *_says(game), *_moves(game)]
    if game.replies:
        replies = ", ".join(dict.fromkeys(label for labels in game.replies.values() for label in labels))
        sentences.append(
            f"Last, where there is something to decide, {game.sender} chooses, knowing everything: {replies}."
        )
    sentences += [
        "Everybody knows the payoffs and the odds, and draws the right conclusion from what is said (Bayes' rule).",
        "Those who heard the same believe the same, after a message that nobody was expected to send as well.",
        "Everybody does what is best at every point, also where play was not expected to arrive; threats are carried "
        "out only if that pays.",
    ]
    return tuple(sentences)


def _knows(game: Game) -> str:
    if game.traits:
        traits = "; ".join(f"{name} ({' or '.join(values)})" for name, values in game.traits.items())
        return f"Only {game.sender} knows its own {traits}."
    odds = ", ".join(f"{name} {p}" for name, p in zip(game.types, game.prior, strict=True))
    return f"Only {game.sender} knows what it is; the odds are {odds}."


def _says(game: Game) -> list[str]:
    everything = set(range(len(game.messages)))
    found = [f"{game.sender.capitalize()} speaks first: {', '.join(game.messages)}."]
    for name, sendable in zip(game.types, game.available, strict=True):
        if set(sendable) != everything:
            words = " or ".join(game.messages[m] for m in sendable)
            found.append(f"A {game.sender} that is {name.replace(',', ' and ')} can say only {words}.")
    return found


def _moves(game: Game) -> list[str]:
    found = []
    for j, audience in enumerate(game.audiences):
        alike = len(set(audience.observation_of)) < len(game.messages)
        hears = "hears part of what is said" if alike else "hears what is said"
        watched = [game.audiences[k].name for k in audience.watches]
        sees = f", sees what {' and '.join(watched)} did," if watched else ""
        labels = ", ".join(dict.fromkeys(label for options in audience.actions for label in options))
        order = "then " if j else ""
        found.append(f"{order}{audience.name} {hears}{sees} and chooses: {labels}.".capitalize())
    return found


def parameter_notes(path: Path, values: Mapping[str, Rational]) -> dict[str, str]:
    """parameter -> the comment beside it in the game file: what it stands for and where its size comes from."""
    notes = {}
    for line in path.read_text(encoding="utf-8-sig").splitlines():
        match = _PARAMETER.match(line)
        if match and match.group(1) in values and match.group(1) not in notes:
            notes[match.group(1)] = match.group(3)
    return notes
