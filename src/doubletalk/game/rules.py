"""From nodes to audiences, reply rules and payoff terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doubletalk.errors import GameFileError
from doubletalk.game.conditions import Vocabulary, read_condition
from doubletalk.game.declaration import AudienceRule, Condition, Declaration, ReplyRule, Term
from doubletalk.game.fields import check_keys, checked_label, items, label, labels, number, reference, required, table
from doubletalk.game.nodes import Items, Node, Scalar, Table, found
from doubletalk.game.wording import listing, quoted, unknown

__all__ = ["RESERVED_KEYS", "SEES_NOTHING", "read_audiences", "read_payoffs", "read_reply", "vocabulary"]

RESERVED_KEYS = ("type", "message", "reply", "not")
SEES_NOTHING = "any message"


def read_audiences(top: Table, declared: Declaration) -> tuple[AudienceRule, ...]:
    """The audiences in the order in which they move. *declared* has the sender's part."""
    node = table(required(top, "audiences", "the game file"), "audiences")
    for name in node.entries:
        _check_audience_name(name, node.line_of(name), declared)
    read: list[AudienceRule] = []
    for name, value in node.entries.items():
        what = f"audience {quoted(name)}"
        body = table(value, what)
        check_keys(body, what, ("actions", "sees"))
        observation, watches = _sees(
            body, what, name, declared, [audience.name for audience in read], list(node.entries)
        )
        actions = _actions(required(body, "actions", what), what, observation)
        read.append(AudienceRule(name, observation, watches, actions))
    return tuple(read)


def _check_audience_name(name: str, line: int | None, declared: Declaration) -> None:
    checked_label(name, "audiences", line)
    if ":" in name:
        raise GameFileError(
            f"audiences: the name {quoted(name)} holds ':', which is reserved in audience names", line=line
        )
    traits = [trait.name for trait in declared.traits]
    for taken, meaning in (
        (RESERVED_KEYS, "a word of the format"),
        (traits, "a trait"),
        (list(declared.channels), "a channel"),
        ([declared.sender], "the sender"),
    ):
        if name in taken:
            raise GameFileError(f"an audience may not be called {quoted(name)}, which is {meaning}", line=line)


def _sees(
    body: Table, what: str, name: str, declared: Declaration, before: list[str], everyone: list[str]
) -> tuple[Mapping[str, str], tuple[int, ...]]:
    """(message -> observation, watched audiences) as the key ``sees`` says; without it the whole message, nobody."""
    messages = declared.messages
    node = body.entries.get("sees")
    if node is None:
        return {message: message for message in messages}, ()
    what = f"{what}: sees"
    if isinstance(node, Table):
        return _by_message(node, what, messages), ()
    if not isinstance(node, Items):
        hint = f"; write [{node.text[:60]}]" if isinstance(node, Scalar) and not node.null else ""
        raise GameFileError(f"{what}: expected a list or a table, found {found(node)}{hint}", line=node.line)
    merged: Mapping[str, str] | None = None
    seen: list[str] = []
    for item in node.items:
        if isinstance(item, Table):
            if merged is not None:
                raise GameFileError(f"{what}: only one table of messages is possible", line=item.line)
            merged = _by_message(item, what, messages)
            continue
        _check_sight(item, what, name, declared, before, everyone, seen)
        seen.append(item.text if isinstance(item, Scalar) else "")
    watches = tuple(j for j, other in enumerate(before) if other in seen)
    parts = [k for k, channel in enumerate(declared.channels) if channel in seen]
    if sum((merged is not None, "message" in seen, bool(parts))) > 1:
        raise GameFileError(f"{what}: give one of the message, channels, or a table of messages", line=node.line)
    if merged is not None:
        return merged, watches
    if "message" in seen:
        return {message: message for message in messages}, watches
    if parts:
        return {m: ",".join(declared.message_parts[m][k] for k in parts) for m in messages}, watches
    return dict.fromkeys(messages, SEES_NOTHING), watches


def _check_sight(
    item: Node, what: str, name: str, declared: Declaration, before: list[str], everyone: list[str], seen: list[str]
) -> None:
    if isinstance(item, Scalar) and item.text in everyone and item.text not in before:
        who = "itself" if item.text == name else f"{quoted(item.text)}, which moves later"
        raise GameFileError(f"{what}: an audience cannot see {who}; audiences move in the order listed", line=item.line)
    seeable = ["message", *declared.channels, *before]
    text = reference(item, "thing to see", what, seeable)
    if text in seen:
        raise GameFileError(f"{what}: {quoted(text)} is listed twice", line=item.line)


def _by_message(node: Table, what: str, messages: Sequence[str]) -> Mapping[str, str]:
    table(node, what)
    for message in node.entries:
        reference(Scalar(message, node.line_of(message)), "message", what, messages)
    for message in messages:
        if message not in node.entries:
            raise GameFileError(f"{what}: the message {quoted(message)} is missing", line=node.line)
    merged = {message: label(node.entries[message], what) for message in messages}
    for message, observation in merged.items():
        if observation in merged and merged[observation] != observation:
            raise GameFileError(
                f"{what}: the observation {quoted(observation)} has the name of a message that does not lead to it",
                line=node.line_of(message),
            )
    return merged


def _actions(node: Node, what: str, observation: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """observation -> actions, from one list, a table by observation, or a table by message."""
    what = f"{what}: actions"
    seen = tuple(dict.fromkeys(observation.values()))
    if not isinstance(node, Table):
        return dict.fromkeys(seen, labels(node, what))
    table(node, what)
    by_observation = all(name in seen for name in node.entries)
    known = seen if by_observation else tuple(observation)
    for name in node.entries:
        if name not in known:
            both = tuple(dict.fromkeys([*seen, *observation]))
            raise GameFileError(f"{what}: {unknown('message or observation', name, both)}", line=node.line_of(name))
    for name in known:
        if name not in node.entries:
            kind = "observation" if by_observation else "message"
            raise GameFileError(f"{what}: the {kind} {quoted(name)} is missing", line=node.line)
    listed = {name: labels(node.entries[name], f"{what} after {quoted(name)}") for name in known}
    if by_observation:
        return listed
    actions: dict[str, tuple[str, ...]] = {}
    for message, names in listed.items():
        first = actions.setdefault(observation[message], names)
        if first != names:
            raise GameFileError(
                f"{what} after {quoted(message)} are {listing(names)}, but after another message that looks the same "
                f"({quoted(observation[message])}) they are {listing(first)}",
                line=node.line_of(message),
            )
    return actions


def vocabulary(declared: Declaration) -> dict[str, Sequence[str]]:
    """Everything that a condition may name in this game, in the order type, message, audiences, reply."""
    known: dict[str, Sequence[str]] = {"type": tuple(t.label for t in declared.types)}
    if declared.has_traits:
        known.update({trait.name: tuple(value.label for value in trait.values) for trait in declared.traits})
    known["message"] = declared.messages
    known.update(declared.channels)
    for audience in declared.audiences:
        known[audience.name] = tuple(dict.fromkeys(name for names in audience.actions.values() for name in names))
    if declared.replies:
        known["reply"] = tuple(dict.fromkeys(name for rule in declared.replies for name in rule.actions))
    return known


def read_reply(top: Table, declared: Declaration) -> tuple[ReplyRule, ...]:
    """The rules that say where the sender has a reply; () without the key ``reply``."""
    if "reply" not in top.entries:
        return ()
    node = top.entries["reply"]
    known = vocabulary(declared)
    if not isinstance(node, Items):
        return (_reply_rule(table(node, "reply"), "reply", known),)
    parts = items(node, "reply")
    return tuple(
        _reply_rule(table(part, f"reply rule {k}"), f"reply rule {k}", known) for k, part in enumerate(parts, 1)
    )


def _reply_rule(node: Table, what: str, known: Vocabulary) -> ReplyRule:
    check_keys(node, what, ("when", "actions"))
    condition = (
        read_condition(node.entries["when"], f"{what}: when", known) if "when" in node.entries else Condition(())
    )
    return ReplyRule(condition, labels(required(node, "actions", what), f"{what}: actions"), node.line)


def read_payoffs(node: Node, declared: Declaration) -> Mapping[str, tuple[Term, ...]]:
    """player -> its payoff terms, one block for every player."""
    blocks = table(node, "payoffs")
    for player in blocks.entries:
        reference(Scalar(player, blocks.line_of(player)), "player", "payoffs", declared.players)
    known = vocabulary(declared)
    parameters = {parameter.name for parameter in declared.parameters}
    terms = {}
    for player in declared.players:
        if player not in blocks.entries:
            raise GameFileError(
                f"payoffs: the block of {quoted(player)} is missing (write [] for none)", line=node.line
            )
        terms[player] = _terms(blocks.entries[player], f"payoffs of {quoted(player)}", known, parameters)
    return terms


def _terms(node: Node, what: str, known: Vocabulary, parameters: set[str]) -> tuple[Term, ...]:
    if not isinstance(node, Items):
        raise GameFileError(f"{what}: expected a list of terms, found {found(node)}", line=node.line)
    terms = []
    for item in node.items:
        if not isinstance(item, Table) or not item.entries:
            raise GameFileError(f"{what}: expected a term {{when: ..., add: ...}}, found {found(item)}", line=item.line)
        check_keys(item, what, ("when", "add"))
        add = number(required(item, "add", what), f"{what}: add", parameters)
        condition = (
            read_condition(item.entries["when"], f"{what}: when", known) if "when" in item.entries else Condition(())
        )
        terms.append(Term(condition, add, item.line))
    return tuple(terms)
