"""A state of a solved long game in words and numbers: what each actor does there, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import InputError
from doubletalk.game.wording import unknown
from doubletalk.longgame.layout import feature
from doubletalk.longgame.solution import LongSolution

__all__ = ["explain"]

Floats = npt.NDArray[np.float64]

SHOWN = 6
"""So many moves of an actor are shown, the likeliest first."""


def explain(solution: LongSolution, state: Mapping[str, str], belief: float) -> list[str]:
    """What each actor does in a state and why: probabilities, and what a move is worth less than the best one.

    The difference is split in what it pays in this period (given how the others then play) and what follows from the
    next period on. ``state`` gives a level for each variable; later movers are shown after the likeliest earlier moves,
    with the belief that these have made.
    """
    game, shape = solution.game, solution.shape
    if not 0 <= belief <= 1:
        raise InputError(f"the belief is a probability, found {belief}")
    levels = _levels(solution, state)
    here = _Here(solution, levels)
    lines: list[str] = []
    seen: tuple[int, ...] = ()
    for i, actor in enumerate(game.actors):
        informed = i == shape.informed
        rows = here.chances(i, seen, belief)
        for t, chances in enumerate(rows):
            stance = t if informed else None
            worth = here.worth(i, stance, seen, belief)
            now = np.array([here.paid(i, stance, seen, m, belief) for m in range(len(actor.moves))])
            who = f"{actor.name} ({game.stances[t]})" if informed else actor.name
            who = f"{who}, belief {belief:.3f}" if shape.informed >= 0 else who
            if solution.tables.fixed[i] is not None:
                lines.append(f"{who}: {actor.moves[int(chances.argmax())]}, by its policy")
                continue
            order = np.argsort(-chances)[:SHOWN]
            best = order[0]
            shown = [f"{actor.moves[best]} {chances[best]:.3f} (best)"]
            for k in order[1:]:
                total, paid = worth[k] - worth[best], now[k] - now[best]
                parts = f"{total:+.2f}: {paid:+.2f} now, {total - paid:+.2f} later"
                shown.append(f"{actor.moves[k]} {chances[k]:.3f} ({parts})" if chances[k] > 0 else
                             f"{actor.moves[k]} barred")  # fmt: skip
            lines.append(f"{who}: {', '.join(shown)}")
        mixed = rows[0] if not informed else (1 - belief) * rows[0] + belief * rows[1]
        likeliest = int(np.argmax(mixed))
        if informed:
            belief = float(belief * rows[1][likeliest] / mixed[likeliest])
        seen = (*seen, likeliest)
        group = next(group for group in game.groups if i in group)
        if i != group[-1]:
            lines.append("  at the same time:")
            continue
        made = [f"{game.actors[j].name} chose {game.actors[j].moves[seen[j]]}" for j in group]
        lines.append(f"  then, after {' and '.join(made)}:")
    return lines[:-1]


def _levels(solution: LongSolution, state: Mapping[str, str]) -> tuple[int, ...]:
    game = solution.game
    index, names = [], [variable.name for variable in game.variables]
    for name in state:
        if name not in names:
            raise InputError(unknown("state variable", name, names))
    for variable in game.variables:
        if variable.name not in state:
            raise InputError(f"the state lacks {variable.name!r}; give all of {[v.name for v in game.variables]}")
        if state[variable.name] not in variable.levels:
            raise InputError(unknown(f"level of {variable.name!r}", state[variable.name], variable.levels))
        index.append(variable.levels.index(state[variable.name]))
    return tuple(index)


@dataclass(frozen=True)
class _Here:
    """Play and payoffs of one period at one state."""

    solution: LongSolution
    levels: tuple[int, ...]
    flows: dict[int, Floats] = field(default_factory=dict)

    def _between(self, table: Any, seen: tuple[int, ...], belief: float) -> Floats:
        """[own moves, belief] at the state and the moves seen, as a curve at the belief."""
        shape = self.solution.shape
        return np.asarray(table[(*self.levels, *seen)], dtype=float) @ _curve(shape.points, belief, shape.straight)

    def _tables(self, part: int, i: int) -> list[Any]:
        table = np.asarray(self.solution.play[part][i])
        return list(table) if i == self.solution.shape.informed else [table]

    def chances(self, i: int, seen: tuple[int, ...], belief: float) -> list[Floats]:
        """Choice probabilities of an actor, of the informed one a row a stance."""
        rows = []
        for table in self._tables(0, i):
            logs = self._between(table, seen, belief)
            raised = np.exp(logs - logs.max())
            rows.append(raised / raised.sum())
        return rows

    def worth(self, i: int, stance: int | None, seen: tuple[int, ...], belief: float) -> Floats:
        """Choice values of an actor."""
        return self._between(self._tables(1, i)[stance or 0], seen, belief)

    def paid(self, i: int, stance: int | None, seen: tuple[int, ...], move: int, belief: float) -> float:
        """What actor *i* expects of this period's payoff when it makes *move*, the others playing as they do."""
        first = next(group for group in self.solution.game.groups if i in group)[0]
        return self._onward(i, stance, seen[:first], move, belief)

    def _onward(self, i: int, stance: int | None, made: tuple[int, ...], move: int, belief: float) -> float:
        """The same, once the moves *made* are made; the next to move is the actor after them."""
        game, informed, j = self.solution.game, self.solution.shape.informed, len(made)
        if j == len(game.actors):
            flow = self._flow(i)
            stances = [float(flow[(min(t, flow.shape[0] - 1), *made)]) for t in (0, 1)]
            return stances[stance] if stance is not None else (1 - belief) * stances[0] + belief * stances[1]
        rows = self.chances(j, made, belief)
        mixed = rows[0] if j != informed else (1 - belief) * rows[0] + belief * rows[1]
        total = 0.0
        for k in [move] if j == i else range(len(mixed)):
            weight = 1.0 if j == i else float(mixed[k])
            if weight > 0:
                after = belief * float(rows[1][k]) / float(mixed[k]) if j == informed and mixed[k] > 0 else belief
                total += weight * self._onward(i, stance, (*made, k), move, after)
        return total

    def _flow(self, i: int) -> Floats:
        """Actor *i*'s payoff in this state [stance or 1, m1, .., mI]."""
        if i in self.flows:
            return self.flows[i]
        solution = self.solution
        values = dict(zip([c.name for c in solution.game.coefficients], solution.coefficients, strict=True))
        sizes = tuple(len(actor.moves) for actor in solution.game.actors)
        total = np.zeros((1, *sizes))
        for term in solution.game.actors[i].terms:
            table = values[term.coefficient] * feature(solution.game, term)
            for level in self.levels:  # each level taken removes an axis
                table = table.take(min(level, table.shape[1] - 1), 1)
            total = total + table
        self.flows[i] = total
        return total


@cache
def _curve(points: int, belief: float, straight: bool) -> Floats:
    """Weights on the grid's points that give a curve's value at a belief."""
    import jax.numpy as jnp

    from doubletalk.longgame.beliefs import curve_weights

    return np.asarray(curve_weights(points, jnp.asarray([belief]), straight), dtype=float)[0]  # type: ignore[no-any-return]
