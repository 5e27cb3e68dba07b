"""The Markov logit equilibrium as a fixed point: one map over [value function, state, belief], in JAX.

The unknown is x = (V, L). V[c, s, b]: the value functions at the start of a period, one for each uninformed actor and
one for each stance of the informed actor. L[s, h, a, b] = log P(a | s, h, b, last) - log P(a | s, h, b, first): what
the informed actor's move a (after the earlier moves h) says about its stance. Given V, what follows that move at each
posterior belief is plain backward induction; given L, the posterior is

    logit b' = logit b + L[s, h, a, b],

so the informed actor's choice values are the later play's values interpolated at b', and a period's play gives new V
and L. x is an equilibrium when the map returns it. Choice probabilities are softmax(Q), shocks have unit scale and mean
zero: V = logsumexp(Q). Continuation values: E V(s', hazard(b')), discounted.

Sources: Rust (1987), Econometrica 55; Aguirregabiria and Mira (2007), Econometrica 75; McKelvey and Palfrey (1998).
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.layout import Shape, features, joint_transition, masks, shape_of, transitions

jax.config.update("jax_enable_x64", True)  # residuals below 1e-10 need double precision

__all__ = ["Play", "Tables", "Unknown", "belief_grid", "flow_payoffs", "period", "posterior", "start", "tables_of"]

Array: TypeAlias = Any


class Tables(NamedTuple):
    """Everything about a game that is an array; a change here or in the coefficients compiles nothing anew.

    flows        for each actor its groups of features: (coefficient index [k], table [k, stance, v.., m..])
    transitions  for each variable P[v.., m.., next level]
    masks        for each actor None or 0 / -1e30 over [v.., m.., 1]
    discounts    [actors]
    hazard       [stances] chance per period of leaving the stance
    fixed        for each actor None or its rule as probabilities over [v.., m1, .., own move, belief]
    joint        all transitions as one matrix [(v.., m..), (v'..)] where that is small enough, else None
    """

    flows: tuple[tuple[tuple[Any, Any], ...], ...]
    transitions: tuple[Any, ...]
    masks: tuple[Any, ...]
    discounts: Any
    hazard: Any
    fixed: tuple[Any, ...]
    joint: Any = None


class Unknown(NamedTuple):
    """x = (V, L): ``values`` of shape ``Shape.values``, ``ratios`` of shape ``Shape.ratios``."""

    values: Any
    ratios: Any


class Play(NamedTuple):
    """One period's play at an unknown: for each actor log choice probabilities and choice values Q.

    An uninformed actor's arrays have axes [v.., m1, .., own move, belief]; the informed actor's have a leading stance
    axis. Actors after the informed one are indexed by the posterior belief, which is public when they move.
    """

    log_probabilities: tuple[Any, ...]
    choice_values: tuple[Any, ...]


def tables_of(game: LongGame, fixed: dict[int, np.ndarray[Any, Any]] | None = None) -> tuple[Shape, Tables]:
    """A game's shape and arrays; ``fixed`` has the rule of each actor that follows one, by position."""
    flows = tuple(
        tuple((jnp.asarray(group.index), jnp.asarray(group.table)) for group in features(game, actor.terms))
        for actor in game.actors
    )
    rules = fixed or {}
    shape, steps = shape_of(game), transitions(game)
    joint = joint_transition(steps, shape.levels, shape.moves)
    return shape, Tables(
        flows,
        tuple(jnp.asarray(table) for table in steps),
        tuple(None if mask is None else jnp.asarray(mask) for mask in masks(game)),
        jnp.asarray([actor.discount for actor in game.actors]),
        jnp.asarray(game.hazard if len(game.stances) == 2 else (0.0,)),
        tuple(jnp.asarray(rules[i]) if i in rules else None for i in range(len(game.actors))),
        None if joint is None else jnp.asarray(joint),
    )


def belief_grid(points: int) -> Array:
    """Beliefs 0, 1/(B-1), .., 1; with one point the belief plays no part."""
    return jnp.linspace(0.0, 1.0, points) if points > 1 else jnp.zeros(1)


def start(shape: Shape) -> Unknown:
    """The unknown with which solving begins: everything zero."""
    return Unknown(jnp.zeros(shape.values), jnp.zeros(shape.ratios))


def flow_payoffs(shape: Shape, tables: Tables, coefficients: Array, beliefs: Array) -> list[Array]:
    """For each value function the period's payoff over [v.., m.., belief], broadcastable.

    An uninformed actor's is its expectation over stances at the belief, which is the posterior once the move is seen.
    """
    flows: list[Array] = []
    for i, groups in enumerate(tables.flows):
        total = jnp.zeros((1,) * (1 + len(shape.levels) + len(shape.moves)))
        for index, table in groups:
            total = total + jnp.tensordot(coefficients[index], table, axes=1)
        if i == shape.informed:
            both = jnp.broadcast_to(total, (2, *total.shape[1:]))
            flows += [both[0][..., None], both[1][..., None]]
        elif total.shape[0] == 2:
            flows.append(total[0][..., None] * (1 - beliefs) + total[1][..., None] * beliefs)
        else:
            flows.append(total[0][..., None])
    return flows


def _after_hazard(tables: Tables, values: Array, beliefs: Array) -> Array:
    """Values one stance change later: the belief moves to b (1 - h_last) + (1 - b) h_first."""
    leave_first, leave_last = tables.hazard[0], tables.hazard[1]
    moved = beliefs * (1 - leave_last) + (1 - beliefs) * leave_first
    position = moved * (beliefs.shape[0] - 1)
    hats = jnp.maximum(0.0, 1 - jnp.abs(position[:, None] - jnp.arange(beliefs.shape[0])))
    return values @ hats.T


def continuation(shape: Shape, tables: Tables, values: Array, beliefs: Array) -> list[Array]:
    """E V(s', hazard(b')) for each value function over [v.., m.., belief], broadcastable; not yet discounted."""
    states, actors = len(shape.levels), len(shape.moves)
    if shape.informed >= 0:
        values = _after_hazard(tables, values, beliefs)
        first, last = shape.columns[shape.informed]
        leave = tables.hazard
        kept = values.at[first].set((1 - leave[0]) * values[first] + leave[0] * values[last])
        values = kept.at[last].set((1 - leave[1]) * values[last] + leave[1] * values[first])
    if tables.joint is not None:
        ahead = tables.joint @ jnp.moveaxis(values, 0, states).reshape(tables.joint.shape[1], -1)
        ahead = ahead.reshape(-1, values.shape[0], shape.points)
        return [ahead[:, c].reshape(*shape.levels, *shape.moves, -1) for c in range(values.shape[0])]
    # axes: [c, v1, .., vn, m1, .., mI, belief, v1', .., vn'], one next-period axis contracted after the other
    current = jnp.moveaxis(values, -1, 1)
    current = current.reshape(values.shape[0], *(1,) * (states + actors), shape.points, *shape.levels)
    for place in reversed(range(states)):
        table = tables.transitions[place]
        terms = []
        for level in range(shape.levels[place]):
            chance = table[..., level].reshape(table.shape[:-1] + (1,) * (1 + place))
            terms.append(chance * current[..., level])
        current = sum(terms[1:], terms[0])
        current = jax.lax.optimization_barrier(current)
    return list(current)


def posterior(beliefs: Array, ratios: Array) -> Array:
    """b' with odds b/(1-b) exp(L); 0 and 1 stay. ``ratios`` has the belief as its last axis."""
    odds = jnp.exp(jnp.clip(ratios, -700.0, 700.0))
    return beliefs * odds / (beliefs * odds + (1 - beliefs))


def _interpolated(table: Array, at: Array) -> Array:
    """Linear interpolation along the last axis (a uniform grid over [0, 1]) at the points *at*, of the same shape."""
    points = table.shape[-1]
    position = at * (points - 1)
    cell = jnp.clip(jnp.floor(jax.lax.stop_gradient(position)).astype(jnp.int32), 0, points - 2)
    share = position - cell
    table = jnp.broadcast_to(table, at.shape)
    low = jnp.take_along_axis(table, cell, axis=-1)
    high = jnp.take_along_axis(table, cell + 1, axis=-1)
    return low + share * (high - low)


def _chosen(values: Array, mask: Array | None, rule: Array | None) -> tuple[Array, Array, Array]:
    """Probabilities, their logarithms and the chooser's value over the move axis, which is the last but one."""
    if rule is not None:
        probabilities = jnp.broadcast_to(rule, values.shape)
        return probabilities, jnp.log(jnp.maximum(probabilities, 1e-300)), (probabilities * values).sum(-2)
    masked = values if mask is None else values + mask
    total = jax.nn.logsumexp(masked, axis=-2, keepdims=True)
    logs = masked - total
    return jnp.exp(logs), logs, total[..., 0, :]


def _mask(tables: Tables, shape: Shape, i: int) -> Array | None:
    mask = tables.masks[i]
    if mask is None:
        return None
    return mask.reshape((*mask.shape[: len(shape.levels) + i + 1], 1))


def period(shape: Shape, tables: Tables, coefficients: Array, unknown: Unknown) -> tuple[Unknown, Play]:
    """One period of play at an unknown, and the unknown that it gives back; equal at an equilibrium."""
    beliefs = belief_grid(shape.points)
    ahead = continuation(shape, tables, unknown.values, beliefs)
    flows = flow_payoffs(shape, tables, coefficients, beliefs)
    full = (*shape.levels, *shape.moves, shape.points)
    worth = []
    for i, columns in enumerate(shape.columns):
        worth += [jnp.broadcast_to(flows[c] + tables.discounts[i] * ahead[c], full) for c in columns]
    logs: list[Any] = [None] * len(shape.moves)
    choices: list[Any] = [None] * len(shape.moves)
    ratios = unknown.ratios
    for i in reversed(range(len(shape.moves))):
        if i == shape.informed:
            worth, ratios, logs[i], choices[i] = _informed(shape, tables, beliefs, unknown.ratios, worth)
            continue
        own = shape.columns[i][0]
        chances, logs[i], value = _chosen(worth[own], _mask(tables, shape, i), tables.fixed[i])
        choices[i] = worth[own]
        worth = [value if c == own else (chances * each).sum(-2) for c, each in enumerate(worth)]
    return Unknown(jnp.stack(worth), ratios), Play(tuple(logs), tuple(choices))


def _informed(
    shape: Shape, tables: Tables, beliefs: Array, ratios: Array, worth: list[Array]
) -> tuple[list[Array], Array, Array, Array]:
    """The informed actor's choice: later values at the posterior that each move brings about, by stance."""
    i = shape.informed
    after = posterior(beliefs, ratios)
    at = [_interpolated(each, after) for each in worth]
    first, last = shape.columns[i]
    mask, rule = _mask(tables, shape, i), tables.fixed[i]
    rules = (None, None) if rule is None else (rule[0], rule[1])
    p0, logs0, value0 = _chosen(at[first], mask, rules[0])
    p1, logs1, value1 = _chosen(at[last], mask, rules[1])
    mixed = p0 * (1 - beliefs) + p1 * beliefs
    averaged = [(mixed * each).sum(-2) for each in at]
    averaged[first], averaged[last] = value0, value1
    spoken = (at[last] - value1[..., None, :]) - (at[first] - value0[..., None, :])  # finite where a move is barred
    said = spoken if rule is None else logs1 - logs0
    return averaged, said, jnp.stack([logs0, logs1]), jnp.stack([at[first], at[last]])
