"""A game and an assessment laid out as tables for checking (see ``verification``); shares nothing with the search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from doubletalk.equilibrium.certificate import Failure
from doubletalk.equilibrium.solution import Assessment
from doubletalk.exact import ONE, ZERO, Rational, rational, text
from doubletalk.game.model import Cell, Game

__all__ = ["Layout", "Leaf", "Pair", "Plan", "Reader", "Sets", "Weights"]

Weights = tuple[Rational, ...]
Pair = tuple[int, int]


@dataclass(frozen=True)
class Leaf:
    """What can follow one (type, message, actions): reply labels (() without a reply) and payoffs by reply."""

    node: str
    replies: tuple[str, ...]
    payoffs: tuple[tuple[Rational, ...], ...]


@dataclass(frozen=True)
class Sets:
    """The information sets of one audience: ``at[message][earlier actions]`` is the index of the set."""

    labels: tuple[str, ...]
    actions: tuple[tuple[str, ...], ...]
    at: Mapping[int, tuple[int, ...]]
    cell_of: Mapping[int, int]


@dataclass(frozen=True)
class Plan:
    """An assessment read into tables: sigma by pair, responses by audience and set, replies by pair and actions."""

    sigma: Mapping[Pair, Rational]
    responses: tuple[tuple[Weights, ...], ...]
    replies: Mapping[Pair, tuple[Weights | None, ...]]


class Layout:
    """A game as flat arrays.

    Arrays over action profiles are in the order of ``Game.action_profiles`` (the last audience varies fastest), so
    that the profiles that share a beginning lie side by side.
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self.pairs: tuple[Pair, ...] = tuple((t, m) for t, ms in enumerate(game.available) for m in ms)
        self.messages = tuple(sorted({m for _, m in self.pairs}))
        self.widths = {m: tuple(len(labels) for labels in game.actions_after(m)) for m in self.messages}
        self.leaves = {pair: self._leaves(pair) for pair in self.pairs}
        sendable = set(self.messages)
        self.cells = tuple(cell for cell in game.cells() if sendable.intersection(cell.messages))
        self.behind = tuple(tuple(p for p in self.pairs if p[1] in cell.messages) for cell in self.cells)
        self.sets = tuple(self._sets(j) for j in range(len(game.audiences)))

    def _leaves(self, pair: Pair) -> tuple[Leaf, ...]:
        t, m = pair
        game, leaves = self.game, []
        for actions in game.action_profiles(m):
            replies = game.replies.get((t, m, actions), ())
            payoffs = tuple(game.payoffs[t, m, actions, c] for c in game.reply_range(t, m, actions))
            leaves.append(Leaf(game.reply_node(m, actions) if replies else "", tuple(replies), payoffs))
        return tuple(leaves)

    def _sets(self, j: int) -> Sets:
        game = self.game
        who = game.audiences[j]
        index: dict[str, int] = {}
        actions: list[tuple[str, ...]] = []
        at = {}
        for m in self.messages:
            row = []
            later = (0,) * (len(game.audiences) - j)
            for earlier in product(*(range(n) for n in self.widths[m][:j])):
                label = game.information_set(j, m, earlier + later)
                if label not in index:
                    index[label] = len(actions)
                    actions.append(who.actions[who.observation_of[m]])
                row.append(index[label])
            at[m] = tuple(row)
        mine = {m: c for c, cell in enumerate(self.cells) if j in cell.audiences for m in cell.messages}
        return Sets(tuple(index), tuple(actions), at, mine)

    def belief_label(self, cell: Cell, pair: Pair) -> str:
        """``type``, or ``type|message`` where several messages look alike."""
        name = self.game.types[pair[0]]
        single = len({m for _, m in self.pairs if m in cell.messages}) == 1
        return name if single else f"{name}|{self.game.messages[pair[1]]}"


class Reader:
    """Reads an assessment into tables; collects what is missing or malformed as failures in words."""

    def __init__(self, tree: Layout) -> None:
        self.tree, self.game = tree, tree.game
        self.failures: list[Failure] = []
        self.beliefs_sound = True

    def complain(self, where: str, words: str) -> None:
        """Note one malformed piece."""
        self.failures.append(Failure(where, f"{where}: {words}"))

    def section(self, given: object, where: str, legal: Sequence[str], needed: Sequence[str]) -> Mapping[str, object]:
        """*given* as a mapping with exactly the keys that are legal, all needed ones present."""
        if not isinstance(given, Mapping):
            self.complain(where, f"expected a mapping, got {type(given).__name__}")
            return {}
        for key in given:
            if key not in legal:
                self.complain(where, f"{key!r} is unknown; expected {_one_of(legal)}")
        for key in needed:
            if key not in given:
                self.complain(where, f"nothing is given for {key!r}")
        return given

    def distribution(self, given: object, labels: Sequence[str], where: str) -> Weights | None:
        """*given* (label -> probability) as weights in the order of *labels*, or None if it is not a distribution."""
        if not isinstance(given, Mapping):
            self.complain(where, f"expected label: probability, got {type(given).__name__}")
            return None
        before = len(self.failures)
        found: dict[str, Rational] = {}
        for label, value in given.items():
            if label not in labels:
                self.complain(where, f"{label!r} is unknown; expected {_one_of(labels)}")
                continue
            try:
                found[label] = rational(value)
            except (TypeError, ValueError) as error:
                self.complain(where, f"the probability of {label!r} is not an exact number: {error}")
                continue
            if found[label] < 0:
                self.complain(where, f"the probability of {label!r} is negative: {text(found[label])}")
        if len(self.failures) > before:
            return None
        total = sum(found.values(), ZERO)
        if total != ONE:
            self.complain(where, f"probabilities sum to {text(total)}, not to 1")
            return None
        return tuple(found.get(label, ZERO) for label in labels)

    def plan(self, assessment: Assessment) -> Plan | None:
        """All strategies as tables, or None when anything is missing or malformed."""
        sigma = self.sender(assessment.sender)
        responses = self.responses(assessment.responses)
        replies = self.replies(assessment.replies)
        return None if self.failures else Plan(sigma, responses, replies)

    def sender(self, given: object) -> dict[Pair, Rational]:
        """sigma(m | t) by pair."""
        game, sigma = self.game, {}
        section = self.section(given, "sender", game.types, game.types)
        for t, name in enumerate(game.types):
            if name not in section:
                continue
            labels = [game.messages[m] for m in game.available[t]]
            weights = self.distribution(section[name], labels, f"sender, type {name!r}")
            for m, q in zip(game.available[t], weights or (), strict=False):
                sigma[t, m] = q
        return sigma

    def responses(self, given: object) -> tuple[tuple[Weights, ...], ...]:
        """[audience][information set] -> weights over its actions."""
        names = [audience.name for audience in self.game.audiences]
        section = self.section(given, "responses", names, names)
        table = []
        for name, sets in zip(names, self.tree.sets, strict=True):
            row: list[Weights] = []
            if name in section:
                mine = self.section(section[name], f"responses of {name}", sets.labels, sets.labels)
                for label, actions in zip(sets.labels, sets.actions, strict=True):
                    if label in mine:
                        row.append(self.distribution(mine[label], actions, f"{name} at {label!r}") or ())
            table.append(tuple(row))
        return tuple(table)

    def replies(self, given: object) -> dict[Pair, tuple[Weights | None, ...]]:
        """(t, m) -> [actions] -> weights over the replies, None where there is none."""
        tree, game = self.tree, self.game
        nodes = {t: [leaf.node for p in tree.pairs if p[0] == t for leaf in tree.leaves[p] if leaf.replies] for t in
                 range(len(game.types))}
        needed = [game.types[t] for t, mine in nodes.items() if mine]
        section = self.section(given, "replies", game.types, needed)
        mine: dict[int, Mapping[str, object]] = {}
        for t, name in enumerate(game.types):
            if name in section:
                mine[t] = self.section(section[name], f"replies of {name}", nodes[t], nodes[t])
        table = {}
        for pair in tree.pairs:
            row: list[Weights | None] = []
            for leaf in tree.leaves[pair]:
                plan = mine.get(pair[0], {})
                if leaf.replies and leaf.node in plan:
                    where = f"reply of {game.types[pair[0]]} at {leaf.node!r}"
                    row.append(self.distribution(plan[leaf.node], leaf.replies, where))
                else:
                    row.append(None)
            table[pair] = tuple(row)
        return table

    def beliefs(self, given: object) -> dict[int, dict[Pair, Rational]]:
        """cell -> the belief named there, well formed ones only."""
        tree = self.tree
        before = len(self.failures)
        section = self.section(given, "beliefs", [cell.key for cell in tree.cells], ())
        found = {}
        for c, cell in enumerate(tree.cells):
            if cell.key not in section:
                continue
            labels = [tree.belief_label(cell, pair) for pair in tree.behind[c]]
            weights = self.distribution(section[cell.key], labels, f"belief at {cell.key!r}")
            if weights is not None:
                found[c] = dict(zip(tree.behind[c], weights, strict=True))
        self.beliefs_sound = len(self.failures) == before
        return found


def _one_of(labels: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(labels)) or "nothing"
