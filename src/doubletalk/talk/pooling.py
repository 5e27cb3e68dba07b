"""What audiences that hear different things would gain by telling each other what they heard.

The sender's strategy is held fixed: it does not know that they compare notes. The gain of audience j at a strategy x is

    sum over joint observations O of  max over a of  sum over (t, m) in O of  x(t, m) u_j(t, m, a)   -   what it gets,

in its own decision, the others' actions unchanged. On a family of equilibria the second term is linear in x, so that
the gain is convex: largest at an extreme point, smallest by a linear programme. What the sender would say if it knew is
another game (``channels.public_version``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doubletalk.equilibrium.solution import Distribution, Family, Solution
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import NO_REPLY, Game
from doubletalk.game.structure import is_separable
from doubletalk.talk.programme import Programme
from doubletalk.talk.ranges import Range

__all__ = ["Pooling", "pooling"]


@dataclass(frozen=True)
class Pooling:
    """audience -> the least and the largest gain over all equilibria; ``why_not`` where the question does not arise."""

    gains: Mapping[str, Range]
    why_not: str | None


def pooling(game: Game, solution: Solution) -> Pooling:
    """The gain of each audience from pooling what all of them heard, over all equilibria of *solution*.

    For separable audiences; where all observe the same there is nothing to pool.
    """
    if len(game.audiences) < 2:
        return Pooling({}, "there is one audience only")
    if all(len(cell.audiences) == len(game.audiences) for cell in game.cells()):
        return Pooling({}, "all audiences hear the same")
    if not is_separable(game):
        return Pooling({}, "the audiences' choices are connected")
    families = [family for outcome in solution.outcomes for family in outcome.families]
    gains = {}
    for j, audience in enumerate(game.audiences):
        found = [gain for family in families for gain in _gains(game, family, j)]
        if found:
            gains[audience.name] = Range.of(found)
    return Pooling(gains, None if solution.complete else solution.why_incomplete)


def _gains(game: Game, family: Family, j: int) -> tuple[Rational, Rational]:
    """The smallest and the largest gain of audience j in the family."""
    own, joint = _groups(game, j, (j,)), _groups(game, j, tuple(range(len(game.audiences))))
    values = [_table(game, sender, joint, j) for sender in family.sender_extremes]
    now = [sum((max(row) for row in _table(game, sender, own, j)), ZERO) for sender in family.sender_extremes]
    gains = [sum((max(row) for row in table), ZERO) - kept for table, kept in zip(values, now, strict=True)]
    count = len(now)
    programme = Programme(count + len(joint), range(count, count + len(joint)))
    programme.equal(dict.fromkeys(range(count), ONE), ONE)
    for g in range(len(joint)):
        for a in range(len(values[0][g])):
            programme.at_least({count + g: ONE, **{s: -values[s][g][a] for s in range(count)}})
    objective = {s: -kept for s, kept in enumerate(now)}
    objective.update({count + g: ONE for g in range(len(joint))})
    least = programme.smallest(objective)
    return (min(gains) if least is None else least), max(gains)


def _groups(game: Game, j: int, hearers: tuple[int, ...]) -> list[tuple[int, ...]]:
    """The messages that look alike to all *hearers* together."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for m in range(len(game.messages)):
        groups.setdefault(tuple(game.audiences[k].observation_of[m] for k in hearers), []).append(m)
    return [tuple(members) for members in groups.values()]


def _table(
    game: Game, sender: Mapping[str, Distribution], groups: list[tuple[int, ...]], j: int
) -> list[list[Rational]]:
    """[group][action] -> expected payoff of audience j there, the others at their first action."""
    rows = []
    for members in groups:
        row = [ZERO] * len(game.actions_after(members[0])[j])
        for t, label in enumerate(game.types):
            for m in members:
                weight = game.prior[t] * sender[label].get(game.messages[m], ZERO)
                if weight == 0:
                    continue
                for a in range(len(row)):
                    actions = tuple(a if k == j else 0 for k in range(len(game.audiences)))
                    row[a] += weight * game.payoffs[t, m, actions, NO_REPLY][j + 1]
        rows.append(row)
    return rows
