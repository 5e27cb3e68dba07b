"""What a set of families amounts to: who says what, what happens, what everybody gets (theory, section 3, end)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.solution import Distribution, Family, OutcomeRow
from doubletalk.exact import ZERO, Rational
from doubletalk.game.model import NO_REPLY, Game

__all__ = ["Plays", "Summary", "kind_of", "play", "summarise"]

KINDS = ("separating", "pooling", "semi-separating")

Plan = Mapping[str, Mapping[str, Distribution]]

Chances = dict[tuple[object, ...], Rational]
"""(type, message, actions, reply) -> probability."""


@dataclass(frozen=True)
class _Profile:
    """One combination of actions after a message: ``moves`` has (audience, its information set, action) in order."""

    actions: tuple[int, ...]
    moves: tuple[tuple[str, str, str], ...]
    node: str


@dataclass(frozen=True)
class Summary:
    """``key`` identifies the outcome when ``unique``; ``order`` sorts outcomes."""

    unique: bool
    kind: str
    sender: Mapping[str, Distribution]
    rows: tuple[OutcomeRow, ...]
    payoffs: Mapping[str, Mapping[str, Rational] | Rational]
    key: tuple[object, ...]
    order: tuple[object, ...]


def summarise(game: Game, families: list[Family], plays: Plays) -> Summary:
    """The outcome of the first extreme point, whether all the others give the same, and of what kind they are.

    The outcome is bilinear in (x, z), so it is constant on a product when it is so on the extreme pairs.
    """
    first = families[0]
    rows, payoffs = play(game, first.sender_extremes[0], first.response_extremes[0], _replies(first, 0), plays)
    reference: Chances = {(r.sender_type, r.message, *r.actions.values(), r.reply): r.probability for r in rows}
    unique = all(_same(family, reference, plays) for family in families)
    kinds = {plays.kind(sender) for family in families for sender in family.sender_extremes}
    kinds |= {kind_of(game, _middle(game, family)) for family in families if len(family.sender_extremes) > 1}
    kind = kinds.pop() if len(kinds) == 1 else "semi-separating"
    key = tuple(sorted(((*map(str, k), str(p)) for k, p in reference.items())))
    order = (KINDS.index(kind), not unique, key)
    return Summary(unique, kind, first.sender_extremes[0], rows, payoffs, key, order)


def _replies(family: Family, s: int) -> Plan:
    return family.reply_extremes[s] if family.reply_extremes else {}


def _same(family: Family, reference: Chances, plays: Plays) -> bool:
    """Whether every extreme pair gives the reference outcome."""
    for s, sender in enumerate(family.sender_extremes):
        replies = _replies(family, s)
        for response in family.response_extremes:
            clock.check()
            if plays.chances(sender, response, replies) != reference:
                return False
    return True


class Plays:
    """What happens under given behaviour in one game; behaviour that is the same object where play arrives is played
    once. The plans must outlive this object."""

    def __init__(self, game: Game) -> None:
        self.game = game
        self._profiles: dict[int, list[_Profile]] = {}
        self._met: dict[frozenset[str], list[tuple[str, str]]] = {}
        self._sent: dict[int, frozenset[str]] = {}
        self._behind_them: dict[tuple[frozenset[str], int], tuple[int, ...]] = {}
        self._known: dict[tuple[int, int, tuple[int, ...]], Chances] = {}
        self._kinds: dict[int, str] = {}

    def profiles(self, m: int) -> list[_Profile]:
        """Every combination of actions after message m."""
        if m not in self._profiles:
            game, labels = self.game, self.game.actions_after(m)
            self._profiles[m] = [
                _Profile(
                    actions,
                    tuple(
                        (a.name, game.information_set(j, m, actions), labels[j][actions[j]])
                        for j, a in enumerate(game.audiences)
                    ),
                    game.reply_node(m, actions),
                )
                for actions in game.action_profiles(m)
            ]
        return self._profiles[m]

    def kind(self, sender: Mapping[str, Distribution]) -> str:
        """``kind_of`` the sender's plan."""
        if id(sender) not in self._kinds:
            self._kinds[id(sender)] = kind_of(self.game, sender)
        return self._kinds[id(sender)]

    def _behind(self, sent: frozenset[str], responses: Plan) -> tuple[int, ...]:
        """What identifies the responses where the messages *sent* lead."""
        key = sent, id(responses)
        if key not in self._behind_them:
            if sent not in self._met:
                messages = (m for m, label in enumerate(self.game.messages) if label in sent)
                moves = (move for m in messages for profile in self.profiles(m) for move in profile.moves)
                self._met[sent] = list(dict.fromkeys((name, where) for name, where, _ in moves))
            self._behind_them[key] = tuple([id(responses[name][where]) for name, where in self._met[sent]])
        return self._behind_them[key]

    def chances(self, sender: Mapping[str, Distribution], responses: Plan, replies: Plan) -> Chances:
        """(type, message, actions, reply) -> probability."""
        sent = self._sent.get(id(sender))
        if sent is None:
            sent = self._sent[id(sender)] = frozenset(m for plan in sender.values() for m in plan)
        key = id(sender), id(replies), self._behind(sent, responses)
        if key not in self._known:
            rows, _ = play(self.game, sender, responses, replies, self)
            self._known[key] = {(r.sender_type, r.message, *r.actions.values(), r.reply): r.probability for r in rows}
        return self._known[key]


def _middle(game: Game, family: Family) -> dict[str, dict[str, Rational]]:
    """The average of the family's sender extremes: a member that sends whatever any member sends."""
    count = len(family.sender_extremes)
    middle: dict[str, dict[str, Rational]] = {t: {} for t in game.types}
    for sender in family.sender_extremes:
        for t, plan in sender.items():
            for m, weight in plan.items():
                middle[t][m] = middle[t].get(m, ZERO) + weight / count
    return middle


def kind_of(game: Game, sender: Mapping[str, Distribution]) -> str:
    """pooling: no message moves the belief; separating: every message reveals the type; else semi-separating."""
    if len(game.types) == 1:
        return "pooling"
    prior = dict(zip(game.types, game.prior, strict=True))
    pooling = separating = True
    for message in game.messages:
        weights = {t: prior[t] * plan[message] for t, plan in sender.items() if message in plan}
        total = sum(weights.values(), ZERO)
        if total == 0:
            continue
        separating = separating and len(weights) == 1
        pooling = pooling and all(weights.get(t, ZERO) / total == p for t, p in prior.items())
    return "pooling" if pooling else "separating" if separating else "semi-separating"


def play(
    game: Game, sender: Mapping[str, Distribution], responses: Plan, replies: Plan, plays: Plays | None = None
) -> tuple[tuple[OutcomeRow, ...], dict[str, dict[str, Rational] | Rational]]:
    """Every play with positive probability, in index order, and the expected payoffs; *plays* spares some work."""
    plays = plays or Plays(game)
    rows = []
    by_type: dict[str, Rational] = dict.fromkeys(game.types, ZERO)
    expected = [ZERO for _ in game.audiences]
    for t, label in enumerate(game.types):
        for m in game.available[t]:
            weight = sender[label].get(game.messages[m])
            if weight is None:
                continue
            for profile, c, chance in _continuations(game, t, m, responses, replies, plays):
                payoffs = game.payoffs[t, m, profile.actions, c]
                by_type[label] += weight * chance * payoffs[0]
                probability = game.prior[t] * weight * chance
                expected = [e + probability * u for e, u in zip(expected, payoffs[1:], strict=True)]
                rows.append(_row(game, t, m, profile, c, probability))
    payoffs_out: dict[str, dict[str, Rational] | Rational] = {game.sender: by_type}
    payoffs_out.update({a.name: e for a, e in zip(game.audiences, expected, strict=True)})
    return tuple(rows), payoffs_out


def _continuations(
    game: Game, t: int, m: int, responses: Plan, replies: Plan, plays: Plays
) -> Iterator[tuple[_Profile, int, Rational]]:
    """(actions, reply, probability given type and message)."""
    for profile in plays.profiles(m):
        chance: Rational | None = None
        for name, where, action in profile.moves:
            weight = responses[name][where].get(action)
            if weight is None:
                chance = None
                break
            chance = weight if chance is None else chance * weight
        if not chance:
            continue
        names = game.replies.get((t, m, profile.actions))
        if not names:
            yield profile, NO_REPLY, chance
            continue
        node = replies[game.types[t]][profile.node]
        for c, name in enumerate(names):
            if name in node:
                yield profile, c, chance * node[name]


def _row(game: Game, t: int, m: int, profile: _Profile, c: int, probability: Rational) -> OutcomeRow:
    named = {name: action for name, _, action in profile.moves}
    reply = None if c == NO_REPLY else game.replies[t, m, profile.actions][c]
    return OutcomeRow(game.types[t], game.messages[m], named, reply, probability)
