"""What a set of families amounts to: who says what, what happens, what everybody gets (theory, section 3, end)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.solution import Distribution, Family, OutcomeRow
from doubletalk.exact import ZERO, Rational
from doubletalk.game.model import NO_REPLY, Game

__all__ = ["Summary", "kind_of", "play", "summarise"]

KINDS = ("separating", "pooling", "semi-separating")

Plan = Mapping[str, Mapping[str, Distribution]]


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


def summarise(game: Game, families: list[Family]) -> Summary:
    """The outcome of the first extreme point, whether all the others give the same, and of what kind they are.

    The outcome is bilinear in (x, z), so it is constant on a product when it is so on the extreme pairs.
    """
    first = families[0]
    rows, payoffs = play(game, first.sender_extremes[0], first.response_extremes[0], _replies(first, 0))
    reference: dict[tuple[object, ...], Rational] = {
        (r.sender_type, r.message, *r.actions.values(), r.reply): r.probability for r in rows
    }
    unique = all(_same(game, family, reference) for family in families)
    kinds = {kind_of(game, sender) for family in families for sender in family.sender_extremes}
    kinds |= {kind_of(game, _middle(game, family)) for family in families}
    kind = kinds.pop() if len(kinds) == 1 else "semi-separating"
    key = tuple(sorted(((*map(str, k), str(p)) for k, p in reference.items())))
    order = (KINDS.index(kind), not unique, key)
    return Summary(unique, kind, first.sender_extremes[0], rows, payoffs, key, order)


def _replies(family: Family, s: int) -> Plan:
    return family.reply_extremes[s] if family.reply_extremes else {}


def _same(game: Game, family: Family, reference: Mapping[tuple[object, ...], Rational]) -> bool:
    """Whether every extreme pair gives the reference outcome; plays that cannot differ are played once."""
    for s, sender in enumerate(family.sender_extremes):
        sent = {m for plan in sender.values() for m in plan}
        seen = {
            a.name: {a.observations[a.observation_of[m]] for m, label in enumerate(game.messages) if label in sent}
            for a in game.audiences
        }
        played: list[Plan] = []
        for response in family.response_extremes:
            clock.check()
            met = {
                name: {where: plan for where, plan in response[name].items() if where.split("|")[0] in labels}
                for name, labels in seen.items()
            }
            if met in played:
                continue
            played.append(met)
            rows, _ = play(game, sender, response, _replies(family, s))
            if {(r.sender_type, r.message, *r.actions.values(), r.reply): r.probability for r in rows} != reference:
                return False
    return True


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
    game: Game, sender: Mapping[str, Distribution], responses: Plan, replies: Plan
) -> tuple[tuple[OutcomeRow, ...], dict[str, dict[str, Rational] | Rational]]:
    """Every play with positive probability, in index order, and the expected payoffs."""
    rows = []
    by_type: dict[str, Rational] = dict.fromkeys(game.types, ZERO)
    expected = [ZERO for _ in game.audiences]
    for t, label in enumerate(game.types):
        for m in game.available[t]:
            weight = sender[label].get(game.messages[m])
            if weight is None:
                continue
            for actions, c, chance in _continuations(game, t, m, responses, replies):
                payoffs = game.payoffs[t, m, actions, c]
                by_type[label] += weight * chance * payoffs[0]
                probability = game.prior[t] * weight * chance
                expected = [e + probability * u for e, u in zip(expected, payoffs[1:], strict=True)]
                rows.append(_row(game, t, m, actions, c, probability))
    payoffs_out: dict[str, dict[str, Rational] | Rational] = {game.sender: by_type}
    payoffs_out.update({a.name: e for a, e in zip(game.audiences, expected, strict=True)})
    return tuple(rows), payoffs_out


def _continuations(
    game: Game, t: int, m: int, responses: Plan, replies: Plan
) -> Iterator[tuple[tuple[int, ...], int, Rational]]:
    """(actions, reply, probability given type and message)."""
    labels = game.actions_after(m)
    for actions in game.action_profiles(m):
        chance: Rational | None = None
        for j, audience in enumerate(game.audiences):
            plan = responses[audience.name][game.information_set(j, m, actions)]
            weight = plan.get(labels[j][actions[j]], ZERO)
            chance = weight if chance is None else chance * weight
        if chance is None or chance == 0:
            continue
        names = game.replies.get((t, m, actions))
        if not names:
            yield actions, NO_REPLY, chance
            continue
        node = replies[game.types[t]][game.reply_node(m, actions)]
        for c, name in enumerate(names):
            if name in node:
                yield actions, c, chance * node[name]


def _row(game: Game, t: int, m: int, actions: tuple[int, ...], c: int, probability: Rational) -> OutcomeRow:
    labels = game.actions_after(m)
    named = {a.name: labels[j][actions[j]] for j, a in enumerate(game.audiences)}
    reply = None if c == NO_REPLY else game.replies[t, m, actions][c]
    return OutcomeRow(game.types[t], game.messages[m], named, reply, probability)
