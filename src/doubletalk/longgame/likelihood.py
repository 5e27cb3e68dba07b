"""The likelihood of a coded record under a long game, with the stance summed out, and its posterior over time.

Period by period, from the public belief b:

    P(a | s, b) = (1 - b) P(a | s, b, first) + b P(a | s, b, last),   b' by Bayes' rule, then P(w | s, a, b'), ...

The public belief is itself the forward algorithm's filtered probability of the last stance, for a reader of the record
who shares the public's prior. State transitions are data and carry no coefficient: they drop out.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from doubletalk.errors import InputError
from doubletalk.longgame.beliefs import log_chances_at
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.engine import Play, Tables
from doubletalk.longgame.layout import Shape

__all__ = ["Observed", "log_likelihood", "observed_from"]

Array: TypeAlias = Any


class Observed(NamedTuple):
    """A record of T periods: ``levels`` [T, variables] at the start of each, ``moves`` [T, actors]."""

    levels: Any
    moves: Any


def observed_from(
    game: LongGame, levels: npt.NDArray[Any], moves: npt.NDArray[Any], names: tuple[str, ...] = ()
) -> Observed:
    """Check a record against the game: sizes, and no move that the game bars in that state."""
    if game.horizon:
        raise InputError("a record is fitted by games that never end; leave out 'horizon'", game.path or None)
    shape = tuple(len(v.levels) for v in game.variables), tuple(len(a.moves) for a in game.actors)
    levels, moves = np.asarray(levels), np.asarray(moves)
    if levels.shape[1:] != (len(shape[0]),) or moves.shape[1:] != (len(shape[1]),) or len(levels) != len(moves):
        raise InputError(f"a record of shape {levels.shape}, {moves.shape} does not fit {len(shape[0])} states "
                         f"and {len(shape[1])} actors")  # fmt: skip
    if (levels < 0).any() or (levels >= shape[0]).any() or (moves < 0).any() or (moves >= shape[1]).any():
        raise InputError("the record holds a level or a move that the game does not have")
    axes = [variable.name for variable in game.variables]
    for t, (state, made) in enumerate(zip(levels, moves, strict=True)):
        at = {**dict(zip(axes, state, strict=True)), **{a.name: m for a, m in zip(game.actors, made, strict=True)}}
        for actor in game.actors:
            for when in actor.unavailable:
                if all(at[axis] in allowed for axis, allowed in when.items()):
                    name = names[t] if names else f"period {t}"
                    move = actor.moves[made[game.position(actor.name)]]
                    raise InputError(f"{name}: {actor.name} made the move {move!r}, which the game bars in that state")
    return Observed(jnp.asarray(levels), jnp.asarray(moves))


def log_likelihood(
    shape: Shape, tables: Tables, play: Play, observed: Observed, belief: Array
) -> tuple[Array, Array, Array]:
    """log P(moves | states), its terms [T, actors], and the belief [T + 1] at the start of each period.

    ``belief`` is the probability of the last stance at the start. Differentiable in the play and the belief.
    """
    flat = [
        jnp.asarray(logs).reshape(2 if i == shape.informed else 1, -1, shape.moves[i], shape.points)
        for i, logs in enumerate(play.log_probabilities)
    ]

    def one(b: Array, record: tuple[Array, Array]) -> tuple[Array, tuple[Array, Array]]:
        state, made = record
        index = jnp.array(0)
        for place, count in enumerate(shape.levels):
            index = index * count + state[place]
        after, terms = b, []
        for i, count in enumerate(shape.moves):
            rows = [log_chances_at(part[index], after)[made[i]] for part in flat[i]]
            if i == shape.informed:
                chances = [jnp.exp(row) for row in rows]
                total = (1 - after) * chances[0] + after * chances[1]
                after = after * chances[1] / total
                terms.append(jnp.log(total))
            else:
                terms.append(rows[0])
            index = index * count + made[i]
        following = after
        if shape.informed >= 0:
            following = after * (1 - tables.hazard[1]) + (1 - after) * tables.hazard[0]
        return following, (jnp.stack(terms), b)

    last, (terms, beliefs) = jax.lax.scan(one, jnp.asarray(belief, dtype=float), (observed.levels, observed.moves))
    return terms.sum(), terms, jnp.concatenate([beliefs, last[None]])
