"""The Markov logit equilibrium as a fixed point: one map over [value function, state, belief], in JAX.

The unknown is x = (V, L). V[c, s, b]: the value functions at the start of a period, one for each uninformed actor and
one for each stance of the informed actor. L[s, h, a, b] = log P(a | s, h, b, last) - log P(a | s, h, b, first): what
the informed actor's move a (after the earlier moves h) says about its stance. Given V, what follows that move at each
posterior belief is plain backward induction; given L, the posterior is

    logit b' = logit b + L[s, h, a, b],

so the informed actor's choice values are the later play's values interpolated at b', and a period's play gives new V
and L. x is an equilibrium when the map returns it. Choice probabilities are softmax(Q), shocks have unit scale and mean
zero: V = logsumexp(Q). Continuation values: E V(s', hazard(b')), discounted.

Within this module arrays are [X, belief, m1, .., mI, E], see :mod:`doubletalk.longgame.axes`; a leading axis of V is
the value function's.

Sources: Rust (1987), Econometrica 55; Aguirregabiria and Mira (2007), Econometrica 75; McKelvey and Palfrey (1998).
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from doubletalk.longgame import axes
from doubletalk.longgame.beliefs import belief_grid, curve_weights, interpolated
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.layout import Features, Shape, features, masks, shape_of, transitions

jax.config.update("jax_enable_x64", True)  # residuals below 1e-10 need double precision

__all__ = ["Play", "Tables", "Unknown", "belief_grid", "continuation", "flow_payoffs", "inside", "outside", "period",
           "posterior", "round_of", "start", "tables_of"]  # fmt: skip

Array: TypeAlias = Any


class Tables(NamedTuple):
    """Everything about a game that is an array; a change here or in the coefficients compiles nothing anew.

    flows        for each actor its features: (coefficient index [k], table [k, stance or 1, X, m.. or 1, E])
    transitions  for each variable P[v.., m.., next level]
    masks        for each actor None or 0 / -1e30 over [X, 1, m1, .., own move, E]
    discounts    [actors]
    hazard       [stances] chance per period of leaving the stance
    fixed        for each actor None or its rule as probabilities over [X, belief, m1, .., own move, E], by stance
    drift        P[X, X'] of the variables that drift by themselves
    classes      for each actor the class of each move: moves of one class have the same transitions
    steps        for each other variable P[X or 1, class.., v.. of E or 1, next level]
    joint        their product as one matrix [X or 1, E', (class.., E)] where that is small enough, else None
    """

    flows: tuple[tuple[tuple[Any, Any], ...], ...]
    transitions: tuple[Any, ...]
    masks: tuple[Any, ...]
    discounts: Any
    hazard: Any
    fixed: tuple[Any, ...]
    drift: Any
    classes: tuple[Any, ...]
    steps: tuple[Any, ...]
    joint: Any = None


class Unknown(NamedTuple):
    """x = (V, L): ``values`` of shape ``Shape.values``, ``ratios`` of shape ``Shape.ratios``.

    Inside the solver: values [value function, X, belief, E], ratios [X, belief, m1, .., informed move, E].
    """

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
    shape, chances = shape_of(game), transitions(game)
    classes = axes.move_classes(shape, chances)
    steps = axes.of_classes(shape, chances, classes)
    together = axes.joint(shape, steps, classes)
    actors = range(len(game.actors))
    return shape, Tables(
        tuple(_features(shape, features(game, actor.terms)) for actor in game.actors),
        tuple(jnp.asarray(table) for table in chances),
        tuple(_mask(shape, i, mask) for i, mask in enumerate(masks(game))),
        jnp.asarray([actor.discount for actor in game.actors]),
        jnp.asarray(game.hazard if len(game.stances) == 2 else (0.0,)),
        tuple(_rule(shape, i, (fixed or {}).get(i)) for i in actors),
        jnp.asarray(axes.drift(shape, chances)),
        tuple(jnp.asarray(own) for own in classes),
        tuple(jnp.asarray(step) for step in steps),
        None if together is None else jnp.asarray(together),
    )


def _features(shape: Shape, groups: tuple[Features, ...]) -> tuple[tuple[Any, Any], ...]:
    """Features over the solver's axes, those that depend on the same moves together."""
    merged: dict[tuple[int, ...], list[tuple[Any, Any]]] = {}
    for group in groups:
        table = axes.narrowed(shape, group.table)
        merged.setdefault(table.shape[1:], []).append((group.index, table))
    return tuple(
        (jnp.asarray(np.concatenate([index for index, _ in same])), jnp.asarray(np.concatenate([t for _, t in same])))
        for same in merged.values()
    )


def _mask(shape: Shape, i: int, mask: np.ndarray[Any, Any] | None) -> Any:
    if mask is None:
        return None
    table = axes.narrowed(shape, mask[..., 0])[:, None]
    later = table.ndim - 3 - (i + 1)
    return jnp.asarray(table.reshape((*table.shape[: 2 + i + 1], table.shape[-1]) if later else table.shape))


def _rule(shape: Shape, i: int, rule: np.ndarray[Any, Any] | None) -> Any:
    if rule is None:
        return None
    if i != shape.informed:
        return jnp.asarray(axes.inward(shape, rule, i + 1))
    return jnp.asarray(np.stack([axes.inward(shape, part, i + 1) for part in rule]))


def start(shape: Shape) -> Unknown:
    """The unknown with which solving begins: everything zero."""
    return Unknown(jnp.zeros(shape.values), jnp.zeros(shape.ratios))


def inside(shape: Shape, unknown: Unknown) -> Unknown:
    """The unknown in the solver's order of axes."""
    values = jnp.stack([axes.inward(shape, unknown.values[c], 0) for c in range(shape.values[0])])
    if shape.informed < 0:
        return Unknown(values, unknown.ratios)
    return Unknown(values, axes.inward(shape, unknown.ratios, shape.informed + 1))


def outside(shape: Shape, unknown: Unknown) -> Unknown:
    """The inverse of :func:`inside`."""
    values = jnp.stack([axes.outward(shape, unknown.values[c], 0) for c in range(shape.values[0])])
    if shape.informed < 0:
        return Unknown(values, unknown.ratios)
    return Unknown(values, axes.outward(shape, unknown.ratios, shape.informed + 1))


def flow_payoffs(shape: Shape, tables: Tables, coefficients: Array, beliefs: Array) -> list[Array]:
    """For each value function the period's payoff over [X, belief or 1, m.. or 1, E].

    An uninformed actor's is its expectation over stances at the belief, which is the posterior once the move is seen.
    """
    flows: list[Array] = []
    x, e = axes.split(shape)
    along = beliefs.reshape(-1, *(1,) * (len(shape.moves) + 1))
    for i, groups in enumerate(tables.flows):
        total = jnp.zeros((1, x, *(1,) * len(shape.moves), e))
        for index, table in groups:
            total = total + jnp.tensordot(coefficients[index], table, axes=1)
        if i == shape.informed:
            both = jnp.broadcast_to(total, (2, *total.shape[1:]))
            flows += [both[0][:, None], both[1][:, None]]
        elif total.shape[0] == 2:
            flows.append(total[0][:, None] * (1 - along) + total[1][:, None] * along)
        else:
            flows.append(total[0][:, None])
    return flows


def _after_hazard(shape: Shape, tables: Tables, values: Array, beliefs: Array) -> Array:
    """Values one stance change later: the belief moves to b (1 - h_last) + (1 - b) h_first, and a stance may change."""
    leave = tables.hazard
    moved = beliefs * (1 - leave[1]) + (1 - beliefs) * leave[0]
    values = jnp.einsum("bj,cxje->cxbe", curve_weights(shape.points, moved), values)
    first, last = shape.columns[shape.informed]
    kept = values.at[first].set((1 - leave[0]) * values[first] + leave[0] * values[last])
    return kept.at[last].set((1 - leave[1]) * values[last] + leave[1] * values[first])


def continuation(shape: Shape, tables: Tables, values: Array, beliefs: Array) -> Array:
    """E V(s', hazard(b')) over [value function, X, belief, m.., E]; not yet discounted."""
    if shape.informed >= 0:
        values = _after_hazard(shape, tables, values, beliefs)
    if tables.drift.shape[0] > 1:
        values = jnp.einsum("xy,cybe->cxbe", tables.drift, values)
    kinds = tuple(_kinds(tables, i) for i in range(len(shape.moves)))
    if tables.joint is None:
        return _step_by_step(shape, tables, values, kinds)
    lead = values.shape[:-1]
    if tables.joint.shape[0] == 1:
        ahead = values.reshape(-1, values.shape[-1]) @ tables.joint[0]
    else:
        ahead = jnp.einsum("cxbe,xef->cxbf", values, tables.joint)
    return ahead.reshape((*lead, *kinds, values.shape[-1]))


def _kinds(tables: Tables, i: int) -> int:
    """Classes of an actor's moves, as the tables' shapes have them."""
    return max([step.shape[1 + i] for step in tables.steps], default=1)


def _step_by_step(shape: Shape, tables: Tables, values: Array, kinds: tuple[int, ...]) -> Array:
    """The expectation with one next-period axis contracted after the other: [c, X, b, class.., v.. of E, v'..]."""
    inner = [shape.levels[p] for p in axes.pushed(shape)]
    lead = values.shape[:-1]
    current = values.reshape((*lead, *(1,) * (len(kinds) + len(inner)), *inner))
    for place in reversed(range(len(inner))):
        step = tables.steps[place]
        terms = []
        for level in range(inner[place]):
            chance = step[..., level].reshape(1, step.shape[0], 1, *step.shape[1:-1], *(1,) * place)
            terms.append(chance * current[..., level])
        current = jax.lax.optimization_barrier(sum(terms[1:], terms[0]))
    return jnp.broadcast_to(current, (*lead, *kinds, *inner)).reshape((*lead, *kinds, values.shape[-1]))


def posterior(beliefs: Array, ratios: Array) -> Array:
    """b' with odds b/(1-b) exp(L); 0 and 1 stay. *beliefs* and *ratios* broadcast."""
    odds = jnp.exp(jnp.clip(ratios, -700.0, 700.0))
    return beliefs * odds / (beliefs * odds + (1 - beliefs))


UNROLLED = 16
"""Sums over up to so many moves are written out: they then run as one loop over neighbouring memory."""


def _over_moves(combine: Any, reduce: Any, table: Array) -> Array:
    """*combine* over the own-move axis, the last but one, which is kept with length 1."""
    count = table.shape[-2]
    if count > UNROLLED:
        return reduce(table, axis=-2, keepdims=True)
    found = table[..., :1, :]
    for k in range(1, count):
        found = combine(found, table[..., k : k + 1, :])
    return found


def _expected(weights: Array, scale: Array, values: Array) -> Array:
    """Sum over the own moves of weights times values, over scale; values that no own move changes stay as they are."""
    if values.shape[-2] == 1:
        return values[..., 0, :]
    return (_over_moves(jnp.add, jnp.sum, weights * values) / scale)[..., 0, :]


class _Choice(NamedTuple):
    """A choice over the own-move axis: probabilities are weights / scale; the chooser's value."""

    weights: Array
    scale: Array
    logs: Array
    value: Array


def _chosen(values: Array, mask: Array | None, rule: Array | None) -> _Choice:
    """The choice from choice values over the move axis, which is the last but one."""
    if rule is not None:
        chances = jnp.broadcast_to(rule, values.shape)
        unit = jnp.ones((1,) * values.ndim)
        return _Choice(chances, unit, jnp.log(jnp.maximum(chances, 1e-300)), _expected(chances, unit, values))
    masked = values if mask is None else values + mask
    top = jax.lax.stop_gradient(_over_moves(jnp.maximum, jnp.max, masked))
    raised = jax.lax.optimization_barrier(jnp.exp(masked - top))
    scale = _over_moves(jnp.add, jnp.sum, raised)
    total = top + jnp.log(scale)
    return _Choice(raised, scale, masked - total, total[..., 0, :])


def round_of(shape: Shape, tables: Tables, flows: list[Array], unknown: Unknown) -> tuple[Unknown, Play]:
    """One period of play at an unknown, and the unknown that it gives back, in the solver's order of axes.

    What each value function expects is carried backwards through the period in two parts, flow and later, so that a
    flow that a move does not change is not spread over it. Barriers keep the compiler from fusing, and so computing
    anew, what several loops use.
    """
    beliefs = belief_grid(shape.points)
    factors = jnp.concatenate([jnp.repeat(tables.discounts[i], len(own)) for i, own in enumerate(shape.columns)])
    ahead = continuation(shape, tables, factors[:, None, None, None] * unknown.values, beliefs)
    ahead = jax.lax.optimization_barrier(ahead)
    for i, own in enumerate(tables.classes):
        if 1 < ahead.shape[3 + i] < shape.moves[i]:  # as many classes as moves: each its own
            ahead = jnp.take(ahead, own, axis=3 + i, mode="clip")
    later = list(ahead)
    logs: list[Any] = [None] * len(shape.moves)
    choices: list[Any] = [None] * len(shape.moves)
    ratios = unknown.ratios
    x, e = axes.split(shape)
    for i in reversed(range(len(shape.moves))):
        size = (x, shape.points, *shape.moves[: i + 1], e)
        if i == shape.informed:
            worth = [jnp.broadcast_to(flow + rest, size) for flow, rest in zip(flows, later, strict=True)]
            later, ratios, logs[i], choices[i] = _informed(shape, tables, beliefs, unknown.ratios, worth)
            flows = [jnp.zeros((1,) * (2 + i + 1))] * len(later)
            continue
        own = shape.columns[i][0]
        choices[i] = jnp.broadcast_to(flows[own] + later[own], size)
        choice = _chosen(choices[i], tables.masks[i], tables.fixed[i])
        logs[i] = choice.logs
        flows = [_expected(choice.weights, choice.scale, flow) for flow in flows]
        later = [_expected(choice.weights, choice.scale, rest) for rest in later]
        flows[own], later[own] = jnp.zeros_like(choice.value), choice.value
        flows, later = jax.lax.optimization_barrier((flows, later))
    return Unknown(jnp.stack([flow + rest for flow, rest in zip(flows, later, strict=True)]), ratios), Play(
        tuple(logs), tuple(choices)
    )


def _informed(
    shape: Shape, tables: Tables, beliefs: Array, ratios: Array, worth: list[Array]
) -> tuple[list[Array], Array, Array, Array]:
    """The informed actor's choice: later values at the posterior that each move brings about, by stance."""
    i = shape.informed
    along = beliefs.reshape(-1, *(1,) * (i + 2))
    at = list(jax.lax.optimization_barrier(interpolated(worth, posterior(along, ratios), 1)))
    first, last = shape.columns[i]
    mask, rule = tables.masks[i], tables.fixed[i]
    rules = (None, None) if rule is None else (rule[0], rule[1])
    one, other = _chosen(at[first], mask, rules[0]), _chosen(at[last], mask, rules[1])
    mixed = one.weights / one.scale * (1 - along) + other.weights / other.scale * along
    averaged = [_expected(mixed, jnp.ones((1,) * mixed.ndim), each) for each in at]
    averaged[first], averaged[last] = one.value, other.value
    spoken = (at[last] - other.value[..., None, :]) - (at[first] - one.value[..., None, :])  # finite at a barred move
    said = spoken if rule is None else other.logs - one.logs
    return averaged, said, jnp.stack([one.logs, other.logs]), jnp.stack([at[first], at[last]])


def period(shape: Shape, tables: Tables, coefficients: Array, unknown: Unknown) -> tuple[Unknown, Play]:
    """One period of play at an unknown, and the unknown that it gives back; equal at an equilibrium."""
    flows = flow_payoffs(shape, tables, coefficients, belief_grid(shape.points))
    again, play = round_of(shape, tables, flows, inside(shape, unknown))
    return outside(shape, again), outside_play(shape, play)


def outside_play(shape: Shape, play: Play) -> Play:
    """Play in the order of axes that its docstring gives."""

    def turned(i: int, table: Array) -> Array:
        if i != shape.informed:
            return axes.outward(shape, table, i + 1)
        return jnp.stack([axes.outward(shape, part, i + 1) for part in table])

    return Play(*(tuple(turned(i, table) for i, table in enumerate(part)) for part in play))
