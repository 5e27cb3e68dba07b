"""Where play goes from a known state: simulated paths, averaged with the choice probabilities met on the way.

Counting moves on N paths gives a probability with error sqrt(p (1 - p) / N), and zero for what no path did. Here each
path contributes, instead of the move drawn, the equilibrium's probability of every move where the path stands, with the
stance summed out by the public belief b:

    P(a_i | state, earlier moves, b) = (1 - b) P(a_i | .., first) + b P(a_i | .., last)     for the informed actor,

and instead of the level drawn its row of the transition table. Both are conditional expectations of what was drawn, so
means are the same and errors smaller (Rao-Blackwell), and no move that the game allows is given probability zero.

Source: Gelfand and Smith (1990), JASA 85, section 2.6 (Rao-Blackwellised estimates of densities).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from doubletalk.longgame.beliefs import curve_weights
from doubletalk.longgame.declaration import Actor, LongGame
from doubletalk.longgame.engine import Play, Tables
from doubletalk.longgame.layout import Shape, shape_of
from doubletalk.longgame.simulate import Paths, simulate

__all__ = ["Ahead", "Beginning", "beginning", "look_ahead", "spread_levels", "with_parts"]

Array: TypeAlias = Any
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

Beginning = tuple[Floats, ...]
"""For each state variable the chances of its levels in the first period; a single 1 where the level is known."""


@dataclass(frozen=True)
class Ahead:
    """Means over the paths of G groups, H periods ahead, and the variance of each mean.

    moves    for each actor [G, H, moves and then the labels of its parts, see :func:`with_parts`]
    levels   for each variable [G, H + 1, levels], at the start of each period and after the last
    *_noise  of the same shapes
    """

    moves: tuple[Floats, ...]
    moves_noise: tuple[Floats, ...]
    levels: tuple[Floats, ...]
    levels_noise: tuple[Floats, ...]


def beginning(game: LongGame, tables: Tables, levels: Ints, moves: Ints, after: Ints) -> Beginning:
    """The state of the period that follows one with *levels* and *moves*.

    ``after`` [V] has the levels that the record knows already, and -1 where the level belongs to the period itself: it
    is then as chance makes it, by the game's transition from the period before.
    """
    found = []
    for v, variable in enumerate(game.variables):
        if after[v] >= 0:
            found.append(np.eye(len(variable.levels))[after[v]])
        else:
            at = (*levels, *moves)
            table = np.asarray(tables.transitions[v])
            found.append(table[tuple(min(int(k), n - 1) for k, n in zip(at, table.shape[:-1], strict=True))])
    return tuple(np.asarray(row, dtype=float) for row in found)


def spread_levels(begin: Beginning, paths: int, random: np.random.Generator) -> npt.NDArray[np.int32]:
    """[paths, V] levels to begin with: systematic draws, so that shares are as near to the chances as counts can be."""
    columns = []
    for chances in begin:
        points = (np.arange(paths) + random.random()) / paths
        column = np.minimum(np.searchsorted(np.cumsum(chances), points, side="right"), len(chances) - 1)
        columns.append(random.permutation(column))
    return np.stack(columns, axis=1).astype(np.int32)


def with_parts(actor: Actor) -> Floats:
    """[moves, moves + labels of all parts]: probabilities of moves times it are those of moves and of each label."""
    blocks = [np.eye(len(actor.moves))]
    for place, labels in enumerate(actor.parts.values()):
        chosen = [labels.index(move.split(",")[place]) for move in actor.moves]
        blocks.append(np.eye(len(labels))[chosen])
    return np.hstack(blocks)


def look_ahead(
    game: LongGame, tables: Tables, play: Play, begins: Sequence[Beginning], beliefs: Floats, *,
    paths: int, periods: int, seed: int,
) -> Ahead:  # fmt: skip
    """Follow *paths* paths from each of G beginnings, with the public belief ``beliefs`` [G], for *periods* periods."""
    shape, random = shape_of(game), np.random.default_rng(seed)
    groups = len(begins)
    start = np.concatenate([spread_levels(begin, paths, random) for begin in begins])
    run = simulate(
        game, tables, play, paths=groups * paths, periods=periods, seed=int(random.integers(2**31)),
        start=start, belief=np.repeat(beliefs, paths),
    )  # fmt: skip
    logs = tuple(
        jnp.asarray(np.asarray(part)).reshape(2 if i == shape.informed else 1, -1, shape.moves[i], shape.points)
        for i, part in enumerate(play.log_probabilities)
    )
    shares = tuple(jnp.asarray(with_parts(actor)) for actor in game.actors)
    out = _expected(shape, groups, tables.transitions, logs, shares, *_arrays(run))
    moves, moves_noise, levels, levels_noise = (tuple(np.asarray(part) for part in each) for each in out)
    known = [np.stack([begin[v] for begin in begins])[:, None] for v in range(len(game.variables))]
    return Ahead(
        moves,
        moves_noise,
        tuple(np.concatenate([first, part], axis=1) for first, part in zip(known, levels, strict=True)),
        tuple(np.concatenate([0 * first, part], axis=1) for first, part in zip(known, levels_noise, strict=True)),
    )


def _arrays(run: Paths) -> tuple[Array, ...]:
    return tuple(jnp.asarray(part) for part in (run.levels, run.moves, run.beliefs))


@partial(jax.jit, static_argnums=(0, 1))
def _expected(
    shape: Shape, groups: int, steps: Any, logs: Any, shares: Any, levels: Array, moves: Array, beliefs: Array
) -> Any:
    """For each actor and variable means [G, H, .] and their variances, from H periods of paths [H, N, ..]."""
    periods, count = moves.shape[:2]

    def summed(chances: Array) -> tuple[Array, Array]:
        each = chances.reshape(periods, groups, count // groups, -1)
        mean, spread = each.mean(axis=2), each.var(axis=2, ddof=1) / (count // groups)
        return jnp.moveaxis(mean, 0, 1), jnp.moveaxis(spread, 0, 1)

    index = jnp.zeros((periods, count), jnp.int32)
    for v, size in enumerate(shape.levels):
        index = index * size + levels[:-1, :, v]
    belief, by_move, by_level = beliefs[:-1], [], []
    for i, size in enumerate(shape.moves):
        curve = curve_weights(shape.points, belief.reshape(-1)).reshape(periods, count, shape.points)
        rows = [jax.nn.softmax(jnp.einsum("tnkb,tnb->tnk", part[index], curve), axis=-1) for part in logs[i]]
        chances = rows[0]
        if i == shape.informed:
            chances = (1 - belief)[..., None] * rows[0] + belief[..., None] * rows[1]
            made = moves[:, :, i][..., None]
            likely = [jnp.take_along_axis(row, made, axis=-1)[..., 0] for row in rows]
            total = (1 - belief) * likely[0] + belief * likely[1]
            belief = jnp.where(total > 0, belief * likely[1] / jnp.where(total > 0, total, 1.0), belief)
        by_move.append(summed(chances @ shares[i]))
        index = index * size + moves[:, :, i]
    at = [levels[:-1, :, v] for v in range(len(shape.levels))] + [moves[:, :, i] for i in range(len(shape.moves))]
    for table in steps:
        where = tuple(jnp.minimum(a, n - 1) for a, n in zip(at, table.shape[:-1], strict=True))
        by_level.append(summed(table[where]))
    pairs = (by_move, by_level)
    return tuple(tuple(pair[k] for pair in part) for part in pairs for k in (0, 1))
