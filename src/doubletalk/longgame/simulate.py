"""Simulating an equilibrium: many paths at once, seeded, compiled; responses to a move that is imposed once.

Between grid points choice values are interpolated as while solving; the posterior is Bayes' rule on the probabilities
that they give.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from doubletalk.errors import InputError
from doubletalk.longgame.beliefs import placed, slopes_matrix
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.engine import Play, Tables
from doubletalk.longgame.layout import Shape, masks, shape_of

__all__ = ["Paths", "frequencies", "responses", "simulate"]

Array: TypeAlias = Any
Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Paths:
    """Simulated play of N paths over T periods.

    levels   [T + 1, N, variables]: at the start of each period and after the last
    moves    [T, N, actors]
    beliefs  [T + 1, N]: P(last stance) at the start of each period
    stances  [T + 1, N]
    """

    levels: Ints
    moves: Ints
    beliefs: npt.NDArray[np.float64]
    stances: Ints


def simulate(
    game: LongGame, tables: Tables, play: Play, *, paths: int, periods: int, seed: int,
    start: tuple[int, ...] | Ints | None = None, belief: float | npt.NDArray[np.float64] | None = None,
    stance: int | None = None, impose: dict[int, int] | None = None,
) -> Paths:  # fmt: skip
    """Draw *paths* of *periods* from the equilibrium *play*.

    ``start`` levels (the file's if None; [paths, variables]: each path's own), ``belief`` at the start (the file's;
    [paths]: each path's own), ``stance`` the true one
    (None: drawn from the belief), ``impose`` actor position -> move that it makes in the first period whatever it
    would have chosen (beliefs move as if it had been chosen).
    """
    if paths < 1 or periods < 1:
        raise InputError(f"paths and periods must be at least 1, found {paths} and {periods}")
    shape = shape_of(game)
    followed = [(i, np.asarray(rule)) for i, rule in enumerate(tables.fixed) if rule is not None]
    rules = ((rule, 2 if i == shape.informed else 1) for i, rule in followed)
    shape = replace(shape, straight=any(bool(np.ptp(rule, axis=axis).any()) for rule, axis in rules))
    given = np.asarray(tuple(variable.start for variable in game.variables) if start is None else start)
    prior = np.asarray(game.belief if belief is None else belief, dtype=float)
    if game.horizon and periods > game.horizon:
        raise InputError(f"the game ends after {game.horizon} periods, so {periods} cannot be simulated")
    if not ((prior >= 0) & (prior <= 1)).all():
        raise InputError(f"the belief is a probability, found {prior}")
    for i, move in (impose or {}).items():
        _may_be_made(game, i, move, given)
    imposed = jnp.asarray([(impose or {}).get(i, -1) for i in range(len(shape.moves))])
    logs = tuple(_flat(shape, i, each, game.horizon) for i, each in enumerate(play.log_probabilities))
    out = _simulate(
        shape, paths, periods, tables.transitions, tables.hazard, logs, jnp.asarray(given), jnp.asarray(prior),
        jnp.asarray(-1 if stance is None else stance), imposed, jax.random.key(seed),
    )  # fmt: skip
    levels, moves, beliefs, stances = (np.asarray(part) for part in out)
    return Paths(levels, moves, beliefs, stances)


def _may_be_made(game: LongGame, i: int, move: int, start: Ints) -> None:
    """Refuse a move that its actor cannot make at the start, whatever was done before it in the period."""
    mask = masks(game)[i]
    if mask is None or start.ndim > 1:
        return
    table = mask[..., 0]
    for level in start:  # each level taken removes an axis
        table = table.take(min(int(level), table.shape[0] - 1), 0)
    own = table.take(min(move, table.shape[i] - 1), i)
    if (own < 0).all():
        at = ", ".join(f"{v.name}={v.levels[int(k)]}" for v, k in zip(game.variables, start, strict=True))
        who = game.actors[i]
        raise InputError(f"{who.name} cannot make the move {who.moves[move]!r} at {at}", game.path or None)


def _flat(shape: Shape, i: int, logs: Array, horizon: int) -> list[tuple[Any, Any]]:
    """Log probabilities [(v.., earlier moves), own moves, belief] and slopes, a pair a stance; nothing to compile.

    With a horizon, [periods, (v.., earlier moves), own moves, belief].
    """
    stances = 2 if i == shape.informed else 1
    flat = np.asarray(logs).reshape(max(horizon, 1), stances, -1, shape.moves[i], shape.points)
    parts = [flat[:, t] if horizon else flat[0, t] for t in range(stances)]
    return [(part, part @ slopes_matrix(shape.points).T) for part in parts]


def _between(table: tuple[Array, Array], index: Array, belief: Array, shape: Shape) -> Array:
    """Probabilities [N, moves] at the state *index* and the belief: the softmax of the interpolated logarithms."""
    logs, slope = table
    if shape.points == 1:
        return jnp.exp(logs[index, :, 0])
    cell, weights = placed(shape.points, belief, shape.straight)
    parts = (logs[index, :, cell], slope[index, :, cell], logs[index, :, cell + 1], slope[index, :, cell + 1])
    return jax.nn.softmax(sum(weight[:, None] * part for weight, part in zip(weights, parts, strict=True)), axis=-1)


def _draw(key: Array, chances: Array) -> Array:
    """One index a row from rows of chances."""
    heaped = jnp.cumsum(chances, axis=-1)
    point = jax.random.uniform(key, (len(chances), 1)) * heaped[:, -1:]
    return jnp.minimum((point >= heaped).sum(-1), chances.shape[-1] - 1).astype(jnp.int32)


@partial(jax.jit, static_argnums=(0, 1, 2))
def _simulate(
    shape: Shape, paths: int, periods: int, steps: Any, hazard: Array, tables: Any, start: Array, prior: Array,
    stance: Array, imposed: Array, key: Array,
) -> Any:  # fmt: skip
    first_key, key = jax.random.split(key)
    drawn = (jax.random.uniform(first_key, (paths,)) < prior).astype(jnp.int32)
    stances = jnp.where(stance >= 0, stance, drawn) if shape.informed >= 0 else jnp.zeros(paths, jnp.int32)
    levels = jnp.broadcast_to(start.astype(jnp.int32), (paths, len(shape.levels)))

    def one(carry: Any, n: Array) -> Any:
        levels, belief, stances, key = carry
        key, *keys = jax.random.split(key, 2 + len(shape.moves) + len(shape.levels) + 1)
        index = jnp.zeros(paths, jnp.int32)
        for place, count in enumerate(shape.levels):
            index = index * count + levels[:, place]
        moved, after = [], belief
        for i, count in enumerate(shape.moves):
            now = [part if part[0].ndim == 3 else (part[0][n], part[1][n]) for part in tables[i]]
            both = [_between(part, index, after, shape) for part in now]
            chances = both[0] if len(both) == 1 else jnp.where(stances[:, None] == 1, both[1], both[0])
            move = jnp.where((n == 0) & (imposed[i] >= 0), imposed[i], _draw(keys[i], chances)).astype(jnp.int32)
            if i == shape.informed:
                likely = [jnp.take_along_axis(part, move[:, None], 1)[:, 0] for part in both]
                total = after * likely[1] + (1 - after) * likely[0]
                after = jnp.where(total > 0, after * likely[1] / jnp.where(total > 0, total, 1.0), after)
            moved.append(move)
            index = index * count + move
        at = [levels[:, v] for v in range(len(shape.levels))] + moved
        fresh = []
        for place, table in enumerate(steps):
            where = tuple(jnp.minimum(a, d - 1) for a, d in zip(at, table.shape[:-1], strict=True))
            fresh.append(_draw(keys[len(shape.moves) + place], table[where]))
        following = jnp.stack(fresh, axis=1)
        new_stances, ahead = stances, after
        if shape.informed >= 0:
            leaves = jax.random.uniform(keys[-1], (paths,)) < hazard[stances]
            new_stances = jnp.where(leaves, 1 - stances, stances)
            ahead = after * (1 - hazard[1]) + (1 - after) * hazard[0]
        carry = (following, ahead, new_stances, key)
        return carry, (levels, jnp.stack(moved, axis=1), belief, stances)

    belief = jnp.broadcast_to(prior, (paths,))
    last, (ls, ms, bs, ss) = jax.lax.scan(one, (levels, belief, stances, key), jnp.arange(periods))
    return _ended(ls, last[0]), ms, _ended(bs, last[1]), _ended(ss, last[2])


def _ended(many: Array, end: Array) -> Array:
    return jnp.concatenate([many, end[None]])


def responses(
    game: LongGame, tables: Tables, play: Play, actor: int, move: int, *, paths: int = 20_000, periods: int = 12,
    seed: int = 1, start: tuple[int, ...] | None = None, belief: float | None = None, stance: int | None = None,
) -> dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:  # fmt: skip
    """What follows a move imposed once: the change in the chance of every level and move, with its Monte-Carlo error.

    For each state variable ([periods + 1, levels]) and actor ([periods, moves]): frequencies on paths with the move
    imposed in the first period less frequencies without, the same random numbers in both; and the standard error of the
    difference over paths.
    """
    run = partial(
        simulate, game, tables, play, paths=paths, periods=periods, seed=seed, start=start, belief=belief, stance=stance
    )
    plain, moved = run(), run(impose={actor: move})
    found = {}
    for v, variable in enumerate(game.variables):
        found[variable.name] = _difference(moved.levels[:, :, v], plain.levels[:, :, v], len(variable.levels))
    for i, each in enumerate(game.actors):
        found[each.name] = _difference(moved.moves[:, :, i], plain.moves[:, :, i], len(each.moves))
    return found


def frequencies(
    game: LongGame,
    tables: Tables,
    play: Play,
    *,
    paths: int = 10_000,
    periods: int = 12,
    seed: int = 1,
    start: tuple[int, ...] | None = None,
    belief: float | None = None,
    stance: int | None = None,
) -> dict[str, tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]]:
    """Shares of every level ([periods + 1, levels]) and move ([periods, moves]) over time, with Monte-Carlo errors."""
    run = simulate(
        game, tables, play, paths=paths, periods=periods, seed=seed, start=start, belief=belief, stance=stance
    )
    nothing = np.full_like
    found = {}
    for v, variable in enumerate(game.variables):
        seen = run.levels[:, :, v]
        found[variable.name] = _difference(seen, nothing(seen, -1), len(variable.levels))
    for i, each in enumerate(game.actors):
        found[each.name] = _difference(run.moves[:, :, i], nothing(run.moves[:, :, i], -1), len(each.moves))
    return found


def _difference(moved: Ints, plain: Ints, count: int) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    means, errors = [], []
    for k in range(count):
        change = (moved == k).astype(float) - (plain == k)
        means.append(change.mean(axis=1))
        errors.append(change.std(axis=1, ddof=1) / np.sqrt(change.shape[1]) if change.shape[1] > 1 else 0 * means[-1])
    return np.stack(means, axis=1), np.stack(errors, axis=1)
