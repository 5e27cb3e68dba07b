"""Conditions: ``{type: weak, message: [beer, quiche], not: {bully: leave}}``.

A condition holds at a play when every key in it has one of the labels given and nothing under ``not`` holds. Over the
plays of a game it is a set; sets are kept as the bits of one integer, so that ``and`` is ``&``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doubletalk.errors import GameFileError
from doubletalk.game.declaration import Condition
from doubletalk.game.fields import items, reference, table
from doubletalk.game.nodes import Items, Node, Table, found
from doubletalk.game.wording import quoted, unknown

__all__ = ["Vocabulary", "bits", "read_condition", "satisfying", "spelled"]

MAX_NOT = 10

Vocabulary = Mapping[str, Sequence[str]]
"""What a condition may name: key ("type", a trait, "message", a channel, an audience, "reply") -> its labels."""


def read_condition(node: Node, what: str, vocabulary: Vocabulary, depth: int = 0) -> Condition:
    """The condition that *node* spells. Raises ``GameFileError`` for names outside *vocabulary*."""
    if not isinstance(node, Table) or not node.entries:
        hint = "; leave 'when' out where it always holds" if isinstance(node, Table) else ""
        raise GameFileError(
            f"{what}: expected a table such as {{message: beer}}, found {found(node)}{hint}", line=node.line
        )
    if depth > MAX_NOT:
        raise GameFileError(f"{what}: 'not' nested more than {MAX_NOT} deep", line=node.line)
    tests: list[tuple[str, tuple[str, ...]]] = []
    excluded: list[Condition] = []
    for key, value in node.entries.items():
        if key == "not":
            inner = items(value, f"{what}: not") if isinstance(value, Items) else (table(value, f"{what}: not"),)
            excluded += [read_condition(part, f"{what}: not", vocabulary, depth + 1) for part in inner]
        elif key not in vocabulary:
            raise GameFileError(f"{what}: {_unknown_key(key, vocabulary)}", line=node.line_of(key))
        else:
            tests.append((key, _labels(value, key, what, vocabulary[key])))
    return Condition(tuple(tests), tuple(excluded))


def _unknown_key(key: str, vocabulary: Vocabulary) -> str:
    if key == "reply":
        return "'reply' cannot be used here: there is no reply to speak of"
    return unknown("condition", key, [*vocabulary, "not"])


def _labels(node: Node, key: str, what: str, known: Sequence[str]) -> tuple[str, ...]:
    kind = key if key in ("type", "message", "reply") else f"value of {quoted(key)}"
    if not isinstance(node, Items):
        return (reference(node, kind, what, known),)
    names = []
    for item in items(node, f"{what}: {key}"):
        name = reference(item, kind, what, known)
        if name in names:
            raise GameFileError(f"{what}: {quoted(name)} is listed twice under {quoted(key)}", line=item.line)
        names.append(name)
    return tuple(names)


def satisfying(condition: Condition, index: Mapping[tuple[str, str], int], everything: int) -> int:
    """The plays at which *condition* holds, as bits; *index* gives the plays that have a label."""
    result = everything
    for key, names in condition.tests:
        allowed = 0
        for name in names:
            allowed |= index.get((key, name), 0)
        result &= allowed
    for inner in condition.excluded:
        result &= ~satisfying(inner, index, everything)
    return result


def bits(mask: int) -> list[int]:
    """The places of the ones in *mask*, ascending."""
    places = []
    if mask.bit_count() < 32:
        while mask:
            lowest = mask & -mask
            places.append(lowest.bit_length() - 1)
            mask ^= lowest
        return places
    text = f"{mask:b}"[::-1]
    place = text.find("1")
    while place >= 0:
        places.append(place)
        place = text.find("1", place + 1)
    return places


def spelled(condition: Condition) -> str:
    """``type=weak, message=beer or quiche, not (bully=leave)``."""
    parts = [f"{key}={' or '.join(names)}" for key, names in condition.tests]
    parts += [f"not ({spelled(inner)})" for inner in condition.excluded]
    return ", ".join(parts)
