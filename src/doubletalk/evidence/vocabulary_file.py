"""A case's own words: ``vocabulary.yaml`` beside its chronicle adds actions, actors and groups to the standard ones."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from doubletalk.errors import InputError
from doubletalk.evidence.vocabulary import STANDARD, EventName, Vocabulary
from doubletalk.game.fields import check_keys, labels, reference, required, table, words
from doubletalk.game.nodes import Node, Scalar, Table, found, read_nodes, read_text, shown_path
from doubletalk.game.wording import quoted

__all__ = ["VOCABULARY_FILE", "load_vocabulary", "vocabulary_of"]

VOCABULARY_FILE = "vocabulary.yaml"
_TOP = ("doubletalk_vocabulary", "actions", "actors", "groups")
_ACTION = ("meaning", "like")
_ACTOR = ("meaning", "name", "country", "sector")
_RESERVED = (
    "after", "around", "base", "before", "by", "election", "expected", "from", "in", "month", "months", "record",
    "same", "the", "to", "until", "within",
)  # fmt: skip
"""Words of the statement language, which no action or actor may have."""


def vocabulary_of(folder: str | Path) -> Vocabulary:
    """The words of the case in *folder*: those of its ``vocabulary.yaml``, or the standard ones where it has none."""
    file = Path(folder) / VOCABULARY_FILE
    return load_vocabulary(file) if file.is_file() else STANDARD


def load_vocabulary(path: str | Path) -> Vocabulary:
    """The standard words and those of a file; a word given again gets the new meaning. InputError with the line."""
    file = Path(path)
    try:
        return _read(read_nodes(read_text(file), "a vocabulary, beginning 'doubletalk_vocabulary: 1'"))
    except InputError as wrong:
        raise InputError(wrong.message, shown_path(file), wrong.line) from None


def _read(node: Node) -> Vocabulary:
    top = table(node, "the vocabulary")
    version = required(top, "doubletalk_vocabulary", "the vocabulary")
    if not isinstance(version, Scalar) or version.text != "1":
        raise InputError(f"doubletalk_vocabulary: found {found(version)}, expected version 1", line=version.line)
    check_keys(top, "the vocabulary", _TOP)
    actions, alike = {}, {}
    for key, value in _words(top, "actions"):
        actions[key], like = _action(key, value)
        if like is not None:
            alike[key] = like
    actors, names = {}, dict(STANDARD.event_names)
    for key, value in _words(top, "actors"):
        actors[key], names[key] = _actor(key, value)
    known = (*STANDARD.actors, *actors)
    groups = {}
    for key, value in _words(top, "groups"):
        if key in known:
            line = table(top.entries["groups"], "groups").line_of(key)
            raise InputError(f"groups: {quoted(key)} is an actor already", line=line)
        members = labels(value, f"group '{key}'")
        groups[key] = tuple(reference(Scalar(m, line=value.line), "actor", f"group '{key}'", known) for m in members)
    merged = STANDARD.extended(actions, actors, groups)
    return replace(merged, event_names=MappingProxyType(names), alike=MappingProxyType(alike))


def _words(top: Table, key: str) -> Iterable[tuple[str, Node]]:
    """The entries under *key*, each a word that statements can hold."""
    if key not in top.entries:
        return
    entries = table(top.entries[key], key)
    for word, value in entries.entries.items():
        if not re.fullmatch(r"[A-Za-z_]\w*", word, flags=re.ASCII) or word in _RESERVED:
            fault = "is a word of the statement language" if word in _RESERVED else "is no word"
            raise InputError(
                f"{key}: {quoted(word)} {fault}; expected letters, digits and underscores, such as ARM",
                line=entries.line_of(word),
            )
        yield word, value


def _action(key: str, node: Node) -> tuple[str, str | None]:
    """Meaning, and the standard action as which event data write it, where one is named."""
    if not isinstance(node, Table):
        return words(node, f"action '{key}'"), None
    what = f"action '{key}'"
    check_keys(node, what, _ACTION)
    meaning = words(required(node, "meaning", what), f"{what}, meaning")
    if "like" not in node.entries:
        return meaning, None
    return meaning, reference(node.entries["like"], "standard action", f"{what}, like", STANDARD.actions)


def _actor(key: str, node: Node) -> tuple[str, EventName]:
    """Meaning, and how event data write the actor: as its meaning and its code where nothing else is said."""
    if not isinstance(node, Table):
        meaning = words(node, f"actor '{key}'")
        return meaning, EventName(meaning.split(",")[0], key, "")
    what = f"actor '{key}'"
    check_keys(node, what, _ACTOR)
    meaning = words(required(node, "meaning", what), f"{what}, meaning")
    given = {part: words(node.entries[part], f"{what}, {part}") for part in _ACTOR if part in node.entries}
    return meaning, EventName(
        given.get("name", meaning.split(",")[0]), given.get("country", key), given.get("sector", "")
    )
