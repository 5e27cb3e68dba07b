"""The smallest rules of the format: keys, labels, lists of labels, numbers."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from doubletalk.errors import GameFileError
from doubletalk.game.expressions import Expression, ExpressionError, parse_expression
from doubletalk.game.nodes import Items, Node, Scalar, Table, found
from doubletalk.game.wording import quoted, unknown

__all__ = ["check_keys", "items", "label", "labels", "number", "reference", "required", "table", "words"]

RESERVED = "|=,"
MAX_LABEL = 200
_HOMES = {
    "types": "sender", "traits": "sender", "messages": "sender", "channels": "sender", "name": "sender",
    "actions": "an audience or reply", "sees": "an audience", "when": "a payoff term or a reply rule",
    "add": "a payoff term", "reply": "the top level", "payoffs": "the top level", "audiences": "the top level",
    "parameters": "the top level", "title": "the top level", "source": "the top level", "sender": "the top level",
}  # fmt: skip


def table(node: Node, what: str) -> Table:
    """*node* as a table with at least one key."""
    if not isinstance(node, Table) or not node.entries:
        raise GameFileError(f"{what}: expected a table, found {found(node)}", line=node.line)
    return node


def items(node: Node, what: str) -> tuple[Node, ...]:
    """The members of *node*, a list with at least one."""
    if not isinstance(node, Items) or not node.items:
        raise GameFileError(f"{what}: expected a list, found {found(node)}", line=node.line)
    return node.items


def check_keys(node: Table, what: str, allowed: Sequence[str]) -> None:
    """Refuse any key that is not *allowed*."""
    for key in node.entries:
        if key not in allowed:
            home = _HOMES.get(key)
            hint = f" ({quoted(key)} belongs in {home})" if home is not None else ""
            raise GameFileError(f"{what}: {unknown('key', key, allowed)}{hint}", line=node.line_of(key))


def required(node: Table, key: str, what: str) -> Node:
    """The value of *key*, which must be there."""
    if key not in node.entries:
        raise GameFileError(f"{what}: the key {quoted(key)} is missing", line=node.line)
    return node.entries[key]


def label(node: Node, what: str) -> str:
    """A name that the file introduces."""
    if not isinstance(node, Scalar) or node.null:
        hint = "; put quotes around a name such as 'null'" if isinstance(node, Scalar) and node.text else ""
        raise GameFileError(f"{what}: expected a name, found {found(node)}{hint}", line=node.line)
    return checked_label(node.text, what, node.line)


def checked_label(text: str, what: str, line: int | None) -> str:
    """*text* where it is fit to be a name; see the reserved characters in docs/game-file.md."""
    if not text or text != text.strip():
        raise GameFileError(f"{what}: a name may not be empty or begin or end with a space: {quoted(text)}", line=line)
    if len(text) > MAX_LABEL:
        raise GameFileError(f"{what}: a name of {len(text)} characters is too long (at most {MAX_LABEL})", line=line)
    for character in text:
        if character in RESERVED or not character.isprintable():
            raise GameFileError(
                f"{what}: the name {quoted(text)} holds {quoted(character)}; the characters | = , are reserved",
                line=line,
            )
    return text


def labels(node: Node, what: str) -> tuple[str, ...]:
    """A list of distinct names that the file introduces."""
    if isinstance(node, Scalar) and not node.null:
        raise GameFileError(f"{what}: expected a list, found {found(node)}; write [{node.text[:60]}]", line=node.line)
    names: dict[str, None] = {}
    for item in items(node, what):
        name = label(item, what)
        if name in names:
            raise GameFileError(f"{what}: {quoted(name)} is listed twice", line=item.line)
        names[name] = None
    return tuple(names)


def reference(node: Node, kind: str, what: str, known: Collection[str]) -> str:
    """A name that was introduced before: one of *known*."""
    if not isinstance(node, Scalar) or node.null:
        raise GameFileError(f"{what}: expected the name of a {kind}, found {found(node)}", line=node.line)
    if node.text not in known:
        raise GameFileError(f"{what}: {unknown(kind, node.text, known)}", line=node.line)
    return node.text


def number(node: Node, what: str, parameters: Collection[str]) -> Expression:
    """A number or a formula over *parameters*."""
    if not isinstance(node, Scalar) or node.null:
        raise GameFileError(f"{what}: expected a number, found {found(node)}", line=node.line)
    try:
        return parse_expression(node.text, parameters)
    except ExpressionError as wrong:
        raise GameFileError(f"{what}: {wrong.message}", line=node.line) from None


def words(node: Node, what: str) -> str:
    """Free text, on one line."""
    if not isinstance(node, Scalar) or node.null or not node.text.strip():
        raise GameFileError(f"{what}: expected text, found {found(node)}", line=node.line)
    text = " ".join(node.text.split())
    if not text.isprintable() or len(text) > 1000:
        raise GameFileError(f"{what}: expected at most 1000 printable characters", line=node.line)
    return text
