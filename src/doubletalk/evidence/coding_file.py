"""Reading a coding file; every error names the file, the line, what was found and what was expected."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

from doubletalk.errors import InputError
from doubletalk.evidence.coding_rules import (
    CHOICES,
    ActorRules,
    Coding,
    EventFilter,
    LadderStep,
    Mark,
    MoveOverride,
    MoveRule,
    PartRules,
    SeriesRule,
    StateOverride,
    StateRules,
    Stock,
    StockTerm,
)
from doubletalk.evidence.quarters import QUARTER_FORM, quarter_number
from doubletalk.evidence.record import Selector
from doubletalk.evidence.vocabulary import INTENSITIES, Vocabulary
from doubletalk.evidence.vocabulary_file import vocabulary_of
from doubletalk.game.fields import check_keys, items, label, labels, reference, required, table, words
from doubletalk.game.nodes import Items, Node, Scalar, Table, found, read_nodes, read_text, shown_path

__all__ = ["CODING_FILE", "load_coding"]

CODING_FILE = "coding.yaml"
_TOP = ("doubletalk_coding", "title", "first", "actors", "states", "overrides")
_FILTER = ("action", "by", "to", "size", "id")
_PART = ("moves", "precedence", "choose", "rules")
_STATE = ("levels", "when", "start", "stock", "series", "ladder", "marks")


def load_coding(path: str | Path, vocabulary: Vocabulary | None = None) -> Coding:
    """Read a coding; InputError with file and line for the first thing that is wrong."""
    file = Path(path)
    known = vocabulary or vocabulary_of(file.parent)
    shown = shown_path(file)
    try:
        node = read_nodes(read_text(file), "a coding, beginning 'doubletalk_coding: 1'")
        return _Reader(known).coding(node, file.stem, shown)
    except InputError as wrong:
        raise InputError(wrong.message, shown, wrong.line) from None


def _wrong(what: str, node: Node, expected: str) -> InputError:
    return InputError(f"{what}: found {found(node)}, expected {expected}", line=node.line)


def _number(node: Node, what: str) -> float:
    try:
        value = float(node.text) if isinstance(node, Scalar) and "_" not in node.text else math.nan
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise _wrong(what, node, "a number such as 2 or 0.5")
    return value


def _whole(node: Node, what: str) -> int:
    value = _number(node, what)
    if value != int(value) or value < 1:
        raise _wrong(what, node, "a whole number from 1")
    return int(value)


def _numbers(node: Node, what: str, count: int, expected: str) -> tuple[float, ...]:
    values = tuple(_number(item, what) for item in items(node, what))
    if len(values) != count or any(a >= b for a, b in pairwise(values)):
        raise _wrong(what, node, expected)
    return values


def _quarter(node: Node, what: str) -> int:
    value = quarter_number(node.text) if isinstance(node, Scalar) else None
    if value is None:
        raise _wrong(what, node, QUARTER_FORM)
    return value


class _Reader:
    """Reads the parts of a coding with the words of one vocabulary."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.vocabulary = vocabulary

    def coding(self, node: Node, name: str, path: str) -> Coding:
        top = table(node, "the coding")
        version = required(top, "doubletalk_coding", "the coding")
        if not isinstance(version, Scalar) or version.text != "1":
            raise _wrong("doubletalk_coding", version, "format version 1")
        check_keys(top, "the coding", _TOP)
        actors = tuple(
            self.actor(key, value, f"actor '{key}'")
            for key, value in table(required(top, "actors", "the coding"), "actors").entries.items()
        )
        states = tuple(
            self.state(key, value, f"state '{key}'")
            for key, value in (
                table(top.entries["states"], "states").entries if "states" in top.entries else {}
            ).items()
        )
        moves, levels = self.overrides(top, actors, states)
        title = words(required(top, "title", "the coding"), "title")
        first = _quarter(required(top, "first", "the coding"), "first")
        return Coding(name, title, first, actors, states, moves, levels, path)

    def actor(self, name: str, node: Node, what: str) -> ActorRules:
        entries = table(node, what)
        if "moves" in entries.entries:
            return ActorRules(name, (self.part(name, entries, what),))
        parts = tuple(self.part(key, value, f"{what}, {key}") for key, value in entries.entries.items())
        return ActorRules(name, parts)

    def part(self, name: str, node: Node, what: str) -> PartRules:
        entries = table(node, what)
        check_keys(entries, what, _PART)
        moves = labels(required(entries, "moves", what), f"{what}, moves")
        choose = entries.entries.get("choose", Scalar("largest"))
        chosen = reference(choose, "way to choose", f"{what}, choose", CHOICES)
        if "precedence" in entries.entries:
            order = labels(entries.entries["precedence"], f"{what}, precedence")
            if sorted(order) != sorted(moves[1:]):
                raise _wrong(
                    f"{what}, precedence", entries.entries["precedence"], "every move but the default, " + moves[0]
                )
        else:
            order = moves[1:]
        rules = tuple(
            self.rule(item, moves, f"{what}, rules")
            for item in items(required(entries, "rules", what), f"{what}, rules")
        )
        return PartRules(name, moves, moves[0], order, chosen, rules)

    def rule(self, node: Node, moves: tuple[str, ...], what: str) -> MoveRule:
        entries = table(node, what)
        check_keys(entries, what, ("move", *_FILTER))
        move = reference(required(entries, "move", what), "move", what, moves)
        if move == moves[0]:
            raise InputError(f"{what}: {move!r} is the default; it needs no events", line=entries.line)
        return MoveRule(move, self.events(entries, what))

    def events(self, entries: Table, what: str) -> EventFilter:
        actions = self.listed(entries, "action", what, tuple(self.vocabulary.actions)) or ()
        sizes = self.listed(entries, "size", what, tuple(INTENSITIES))
        ids = self.texts(entries, "id", what)
        if not actions and ids is None:
            raise InputError(f"{what}: expected an action or a list of ids", line=entries.line)
        numbers = tuple(INTENSITIES[size] for size in sizes) if sizes is not None else (1, 2, 3)
        selector = Selector(actions, numbers, self.who(entries, "by", what), self.who(entries, "to", what))
        return EventFilter(selector, ids, entries.line)

    def texts(self, entries: Table, key: str, what: str) -> tuple[str, ...] | None:
        if key not in entries.entries:
            return None
        node = entries.entries[key]
        return tuple(label(item, f"{what}, {key}") for item in (node.items if isinstance(node, Items) else (node,)))

    def listed(self, entries: Table, key: str, what: str, known: tuple[str, ...]) -> tuple[str, ...] | None:
        if key not in entries.entries:
            return None
        node = entries.entries[key]
        members = node.items if isinstance(node, Items) else (node,)
        kind = {"by": "actor or group", "to": "actor or group"}.get(key, key)
        return tuple(reference(item, kind, f"{what}, {key}", known) for item in members)

    def who(self, entries: Table, key: str, what: str) -> tuple[str, ...] | None:
        known = (*self.vocabulary.actors, *self.vocabulary.groups)
        named = self.listed(entries, key, what, known)
        if named is None:
            return None
        return tuple(dict.fromkeys(a for name in named for a in self.vocabulary.groups.get(name, (name,))))

    def state(self, name: str, node: Node, what: str) -> StateRules:
        entries = table(node, what)
        check_keys(entries, what, _STATE)
        levels = labels(required(entries, "levels", what), f"{what}, levels")
        if len(levels) < 2:
            raise _wrong(f"{what}, levels", entries.entries["levels"], "at least two levels, lowest first")
        when = reference(entries.entries.get("when", Scalar("start")), "time", f"{what}, when", ("start", "quarter"))
        start = reference(entries.entries.get("start", Scalar(levels[0])), "level", f"{what}, start", levels)
        given = entries.entries
        stock = self.stock(given["stock"], len(levels), f"{what}, stock") if "stock" in given else None
        series = self.series(given["series"], len(levels), f"{what}, series") if "series" in given else None
        ladder = self.many(given, "ladder", what)
        marks = self.many(given, "marks", what)
        if stock is None and series is None and not ladder and not marks:
            raise InputError(f"{what}: expected at least one of stock, series, ladder, marks", line=entries.line)
        return StateRules(
            name,
            levels,
            when,
            levels.index(start),
            stock,
            series,
            tuple(self.step(item, levels, f"{what}, ladder") for item in ladder),
            tuple(self.mark(item, levels, f"{what}, marks") for item in marks),
        )

    @staticmethod
    def many(given: Mapping[str, Node], key: str, what: str) -> tuple[Node, ...]:
        return items(given[key], f"{what}, {key}") if key in given else ()

    def stock(self, node: Node, levels: int, what: str) -> Stock:
        entries = table(node, what)
        check_keys(entries, what, ("keep", "between", "cuts", "add"))
        keep = _number(required(entries, "keep", what), f"{what}, keep")
        if not 0 <= keep <= 1:
            raise _wrong(f"{what}, keep", entries.entries["keep"], "a share from 0 to 1")
        between = (0.0, math.inf)
        if "between" in entries.entries:
            low, high = _numbers(entries.entries["between"], f"{what}, between", 2, "two numbers, the lower first")
            between = (low, high)
        terms = []
        for item in items(required(entries, "add", what), f"{what}, add"):
            term = table(item, f"{what}, add")
            check_keys(term, f"{what}, add", ("times", *_FILTER))
            times = _number(term.entries.get("times", Scalar("1")), f"{what}, times")
            terms.append(StockTerm(self.events(term, f"{what}, add"), times))
        return Stock(keep, between, self.cuts(entries, levels, what), tuple(terms))

    @staticmethod
    def cuts(entries: Table, levels: int, what: str) -> tuple[float, ...]:
        expected = f"{levels - 1} rising numbers, one between each two levels"
        return _numbers(required(entries, "cuts", what), f"{what}, cuts", levels - 1, expected)

    def series(self, node: Node, levels: int, what: str) -> SeriesRule:
        entries = table(node, what)
        check_keys(entries, what, ("name", "cuts", "quarters"))
        name = label(required(entries, "name", what), f"{what}, name")
        quarters = _whole(required(entries, "quarters", what), f"{what}, quarters")
        return SeriesRule(name, self.cuts(entries, levels, what), quarters, entries.line)

    def step(self, node: Node, levels: tuple[str, ...], what: str) -> LadderStep:
        entries = table(node, what)
        check_keys(entries, what, ("at_least", "at_most", "needs", "quarters", *_FILTER))
        if ("at_least" in entries.entries) == ("at_most" in entries.entries):
            raise InputError(f"{what}: expected one of 'at_least' and 'at_most'", line=entries.line)
        key = "at_least" if "at_least" in entries.entries else "at_most"
        level = levels.index(reference(entries.entries[key], "level", f"{what}, {key}", levels))
        needs = _whole(entries.entries.get("needs", Scalar("1")), f"{what}, needs")
        quarters = _whole(entries.entries.get("quarters", Scalar("1")), f"{what}, quarters")
        return LadderStep(self.events(entries, what), level, key == "at_least", needs, quarters)

    def mark(self, node: Node, levels: tuple[str, ...], what: str) -> Mark:
        entries = table(node, what)
        check_keys(entries, what, ("level", "quarters", "votes", *_FILTER))
        level = levels.index(reference(required(entries, "level", what), "level", f"{what}, level", levels))
        quarters = _whole(entries.entries.get("quarters", Scalar("1")), f"{what}, quarters")
        if "votes" in entries.entries:
            reference(entries.entries["votes"], "kind of vote", f"{what}, votes", ("fixed",))
            return Mark(level, quarters, True, None)
        return Mark(level, quarters, False, self.events(entries, what))

    def overrides(
        self, top: Table, actors: tuple[ActorRules, ...], states: tuple[StateRules, ...]
    ) -> tuple[tuple[MoveOverride, ...], tuple[StateOverride, ...]]:
        moves: list[MoveOverride] = []
        levels: list[StateOverride] = []
        who = {actor.name: actor.moves for actor in actors}
        what_states = {state.name: state.levels for state in states}
        seen: dict[tuple[int, str], int | None] = {}
        for item in items(top.entries["overrides"], "overrides") if "overrides" in top.entries else ():
            entries, what = table(item, "overrides"), "overrides"
            check_keys(entries, what, ("quarter", "actor", "move", "state", "level", "reason", "by"))
            quarter = _quarter(required(entries, "quarter", what), f"{what}, quarter")
            reason = words(required(entries, "reason", what), f"{what}, reason")
            by = words(required(entries, "by", what), f"{what}, by")
            if "actor" in entries.entries:
                name = reference(entries.entries["actor"], "actor", what, who)
                move = required(entries, "move", what)
                text = move.text if isinstance(move, Scalar) else ""
                reference(Scalar(text.replace(" ", ""), move.line), "move", f"{what}, {name}", who[name])
                moves.append(MoveOverride(quarter, name, text.replace(" ", ""), reason, by, item.line))
            else:
                name = reference(required(entries, "state", what), "state", what, what_states)
                level = reference(required(entries, "level", what), "level", f"{what}, {name}", what_states[name])
                levels.append(StateOverride(quarter, name, level, reason, by, item.line))
            if (quarter, name) in seen:
                raise InputError(
                    f"{what}: {name} in this quarter is given on line {seen[quarter, name]}", line=item.line
                )
            seen[quarter, name] = item.line
        return tuple(moves), tuple(levels)
