"""From nodes to a :class:`Declaration`: the head of the file, the sender; audiences and payoffs are in ``rules``."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from math import prod

from doubletalk.errors import GameFileError, TooLarge
from doubletalk.game.declaration import Declaration, Parameter, Prior, SenderType, Trait
from doubletalk.game.fields import check_keys, checked_label, label, labels, number, reference, required, table, words
from doubletalk.game.nodes import Node, Scalar, Table, found
from doubletalk.game.rules import RESERVED_KEYS, read_audiences, read_payoffs, read_reply
from doubletalk.game.wording import quoted

__all__ = ["MAX_PLAYS", "read_declaration", "read_players"]

VERSION = "1"
MAX_PLAYS = 2_000_000
_TOP = ("doubletalk", "title", "source", "parameters", "sender", "audiences", "reply", "payoffs")


def read_declaration(node: Node) -> Declaration:
    """The game that the file's document declares; every rule of the format that needs no number is enforced.

    Raises ``GameFileError`` (with a line, without a path) and ``TooLarge``.
    """
    top = table(node, "a game file")
    _check_version(top)
    check_keys(top, "the game file", _TOP)
    parameters = _parameters(top)
    declared = read_players(top, parameters)
    payoffs = read_payoffs(required(top, "payoffs", "the game file"), declared)
    whole = Declaration(**{**declared.__dict__, "terms": payoffs})
    _check_parameters_used(whole)
    return whole


def read_players(top: Table, parameters: tuple[Parameter, ...]) -> Declaration:
    """Everything but the payoffs: the sender, the audiences, the reply."""
    sender = table(required(top, "sender", "the game file"), "sender")
    check_keys(sender, "sender", ("name", "types", "traits", "messages", "channels"))
    name = label(required(sender, "name", "sender"), "the sender's name")
    known = [parameter.name for parameter in parameters]
    traits, traits_line = _traits(sender, known)
    types = _types(traits)
    channels = _channels(sender)
    parts = {",".join(values): values for values in product(*channels.values())} if channels else {}
    sendable = (tuple(parts),) * len(types) if channels else _messages(sender, types)
    declared = Declaration(
        title=words(required(top, "title", "the game file"), "title"),
        source=words(top.entries["source"], "source") if "source" in top.entries else "",
        parameters=parameters,
        sender=name,
        traits=traits,
        traits_line=traits_line,
        types=types,
        sendable=sendable,
        channels=channels,
        message_parts=parts,
        audiences=(),
        replies=(),
    )
    declared = Declaration(**{**declared.__dict__, "audiences": read_audiences(top, declared)})
    return Declaration(**{**declared.__dict__, "replies": read_reply(top, declared)})


def _check_version(top: Table) -> None:
    version = required(top, "doubletalk", "the game file") if "doubletalk" in top.entries else None
    if version is None:
        raise GameFileError("not a game file: expected the version, 'doubletalk: 1'", line=top.line)
    if not isinstance(version, Scalar) or version.text != VERSION:
        raise GameFileError(f"doubletalk: expected format version 1, found {found(version)}", line=version.line)


def _parameters(top: Table) -> tuple[Parameter, ...]:
    if "parameters" not in top.entries:
        return ()
    node = table(top.entries["parameters"], "parameters")
    read: list[Parameter] = []
    for name, value in node.entries.items():
        line = node.line_of(name)
        if not name.isidentifier():
            raise GameFileError(
                f"parameters: {quoted(name)} cannot be used in a formula; use letters, digits and _, e.g. 'war_cost'",
                line=line,
            )
        before = [parameter.name for parameter in read]
        later = [other for other in node.entries if other not in before]
        expression = number(value, f"parameter {quoted(name)}", [*before, *later])
        for used in expression.names:
            if used not in before:
                raise GameFileError(
                    f"parameter {quoted(name)} uses {quoted(used)}, which is not defined above it", line=value.line
                )
        read.append(Parameter(name, expression, line))
    return tuple(read)


def _check_parameters_used(declared: Declaration) -> None:
    used = {name for trait in declared.traits for prior in trait.values for name in prior.expression.names}
    used |= {name for terms in declared.terms.values() for term in terms for name in term.add.names}
    for parameter in reversed(declared.parameters):
        if parameter.name not in used:
            raise GameFileError(f"the parameter {quoted(parameter.name)} is never used", line=parameter.line)
        used.update(parameter.expression.names)


def _one_of(node: Table, first: str, second: str) -> str:
    if first in node.entries and second in node.entries:
        raise GameFileError(f"sender: {first!r} and {second!r} exclude each other", line=node.line_of(second))
    if first not in node.entries and second not in node.entries:
        raise GameFileError(f"sender: expected {first!r} or {second!r}", line=node.line)
    return first if first in node.entries else second


def _traits(sender: Table, parameters: list[str]) -> tuple[tuple[Trait, ...], int | None]:
    kind = _one_of(sender, "types", "traits")
    node = sender.entries[kind]
    if not isinstance(node, Table) or not node.entries:
        example = "{weak: 1/10, strong: 9/10}" if kind == "types" else "{stance: {hedger: 1/2, captive: 1/2}}"
        raise GameFileError(f"{kind}: expected a table such as {example}, found {found(node)}", line=node.line)
    if kind == "types":
        return (Trait("", _priors(node, "types", parameters), node.line),), sender.line_of(kind)
    traits = []
    for name, values in node.entries.items():
        checked_label(name, "traits", node.line_of(name))
        if name in RESERVED_KEYS:
            raise GameFileError(f"a trait may not be called {quoted(name)}", line=node.line_of(name))
        what = f"trait {quoted(name)}"
        traits.append(Trait(name, _priors(table(values, what), what, parameters), node.line_of(name)))
    _bounded(prod(len(trait.values) for trait in traits), "types")
    return tuple(traits), sender.line_of(kind)


def _priors(node: Table, what: str, parameters: list[str]) -> tuple[Prior, ...]:
    priors = []
    for name, value in node.entries.items():
        checked_label(name, what, node.line_of(name))
        priors.append(Prior(name, number(value, f"{what}: {quoted(name)}", parameters), node.line_of(name)))
    return tuple(priors)


def _types(traits: tuple[Trait, ...]) -> tuple[SenderType, ...]:
    if traits[0].name == "":
        return tuple(SenderType(value.label, ()) for value in traits[0].values)
    combined = product(*((value.label for value in trait.values) for trait in traits))
    return tuple(SenderType(",".join(values), values) for values in combined)


def _bounded(count: int, kind: str) -> None:
    if count > MAX_PLAYS:
        raise TooLarge(f"the game has {count:,} {kind}; at most {MAX_PLAYS:,} plays can be built")


def _channels(sender: Table) -> Mapping[str, tuple[str, ...]]:
    if _one_of(sender, "messages", "channels") == "messages":
        return {}
    node = table(sender.entries["channels"], "channels")
    channels = {}
    for name, components in node.entries.items():
        checked_label(name, "channels", node.line_of(name))
        if name in RESERVED_KEYS:
            raise GameFileError(f"a channel may not be called {quoted(name)}", line=node.line_of(name))
        channels[name] = labels(components, f"channel {quoted(name)}")
    traits = sender.entries.get("traits")
    for name in channels:
        if isinstance(traits, Table) and name in traits.entries:
            raise GameFileError(f"{quoted(name)} is both a trait and a channel", line=node.line_of(name))
    _bounded(prod(len(components) for components in channels.values()), "messages")
    return channels


def _messages(sender: Table, types: tuple[SenderType, ...]) -> tuple[tuple[str, ...], ...]:
    node = sender.entries["messages"]
    if not isinstance(node, Table):
        return (labels(node, "messages"),) * len(types)
    known = [sender_type.label for sender_type in types]
    for name in node.entries:
        reference(Scalar(name, node.line_of(name)), "type", "messages by type", known)
    for name in known:
        if name not in node.entries:
            raise GameFileError(f"messages by type: the type {quoted(name)} is missing", line=node.line)
    return tuple(labels(node.entries[name], f"messages of {quoted(name)}") for name in known)
