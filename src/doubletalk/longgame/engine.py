"""The Markov logit equilibrium as a fixed point: one map over [value function, state, belief], in JAX.

The unknown is x = (V, L). V[c, s, b]: the value functions at the start of a period, one for each uninformed actor and
one for each stance of the informed actor. L[s, h, a, b] = log P(a | s, h, b, last) - log P(a | s, h, b, first): what
the informed actor's move a (after the earlier moves h) says about its stance. Given V, what follows that move at each
posterior belief is plain backward induction; given L, the posterior is

    logit b' = logit b + L[s, h, a, b],

so the informed actor's choice values are the later play's values interpolated at b', and a period's play gives new V
and L. x is an equilibrium when the map returns it. Choice probabilities are softmax(Q), shocks have unit scale and mean
zero: V = logsumexp(Q). Continuation values: E V(s', hazard(b')), discounted.

Actors may also move at once: then x holds as well what each of them has to expect of the others, see
:func:`doubletalk.longgame.stages.at_once`.

Within this module arrays are [X, belief, m1, .., mI, E], earlier moves by kind, see :mod:`doubletalk.longgame.axes`; a
leading axis of V is the value function's.

Sources: Rust (1987), Econometrica 55; Aguirregabiria and Mira (2007), Econometrica 75; McKelvey and Palfrey (1998).
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np

from doubletalk.longgame import axes
from doubletalk.longgame.beliefs import belief_grid, curve_weights
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.layout import Features, Shape, features, masks, shape_of, transitions
from doubletalk.longgame.stages import Feedback, alone, at_once, posterior, signalling, spread

jax.config.update("jax_enable_x64", True)  # residuals below 1e-10 need double precision

__all__ = ["Play", "Tables", "Unknown", "belief_grid", "continuation", "flow_payoffs", "inside", "outside", "period",
           "posterior", "round_of", "round_with_feedback", "start", "tables_of"]  # fmt: skip

Array: TypeAlias = Any


class Tables(NamedTuple):
    """Everything about a game that is an array; a change here or in the coefficients compiles nothing anew.

    flows        for each actor its features: (coefficient index [k], table [k, stance or 1, X, m.. or 1, E]); axes of
                 moves before the last stage on which they depend are by kind
    transitions  for each variable P[v.., m.., next level]
    masks        for each actor None or 0 / -1e30 over [X, 1, m1, .., own move, E]
    discounts    [actors]
    hazard       [stances] chance per period of leaving the stance
    fixed        for each actor None or its rule as probabilities over [X, belief, m1, .., own move, E], by stance
    drift        P[X, X'] of the variables that drift by themselves
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
    steps: tuple[Any, ...]
    joint: Any = None


class Unknown(NamedTuple):
    """x = (V, L, M): arrays of the shapes ``Shape.values``, ``Shape.ratios`` and ``Shape.mixes``.

    Inside the solver: values [value function, X, belief, E], ratios and mixes [X, belief, m1, .., own move, E].
    """

    values: Any
    ratios: Any
    mixes: tuple[Any, ...] = ()


class Play(NamedTuple):
    """One period's play at an unknown: for each actor log choice probabilities and choice values Q.

    An uninformed actor's arrays have axes [v.., m1, .., own move, belief]; the informed actor's have a leading stance
    axis. Actors after the informed one are indexed by the posterior belief, which is public when they move. Choice
    values leave out payoffs that neither the actor's move nor a later one changes: their differences decide.
    """

    log_probabilities: tuple[Any, ...]
    choice_values: tuple[Any, ...]


def tables_of(game: LongGame, fixed: dict[int, np.ndarray[Any, Any]] | None = None) -> tuple[Shape, Tables]:
    """A game's shape and arrays; ``fixed`` has the rule of each actor that follows one, by position."""
    shape, chances = shape_of(game, fixed), transitions(game)
    steps = axes.of_classes(shape, chances)
    together = axes.joint(shape, steps)
    return shape, Tables(
        tuple(_features(shape, features(game, actor.terms)) for actor in game.actors),
        tuple(jnp.asarray(table) for table in chances),
        tuple(_mask(shape, i, mask) for i, mask in enumerate(masks(game))),
        jnp.asarray([actor.discount for actor in game.actors]),
        jnp.asarray(game.hazard if len(game.stances) == 2 else (0.0,)),
        tuple(_rule(shape, i, (fixed or {}).get(i)) for i in range(len(game.actors))),
        jnp.asarray(axes.drift(shape, chances)),
        tuple(jnp.asarray(step) for step in steps),
        None if together is None else jnp.asarray(together),
    )


def _features(shape: Shape, groups: tuple[Features, ...]) -> tuple[tuple[Any, Any], ...]:
    """Features over the solver's axes, those that depend on the same moves together."""
    merged: dict[tuple[int, ...], list[tuple[Any, Any]]] = {}
    for group in groups:
        table = axes.narrowed(shape, group.table)
        stage = _stage(shape, table.shape[3:-1])
        table = axes.by_kind(shape, table, 3, range(shape.groups[stage][0] if stage >= 0 else 0))
        merged.setdefault(table.shape[1:], []).append((group.index, table))
    return tuple(
        (jnp.asarray(np.concatenate([index for index, _ in same])), jnp.asarray(np.concatenate([t for _, t in same])))
        for same in merged.values()
    )


def _stage(shape: Shape, moves: tuple[int, ...]) -> int:
    """The last stage on whose moves a table of these lengths along the moves depends; -1 for none."""
    return max((shape.stage(i) for i, length in enumerate(moves) if length > 1), default=-1)


def _mask(shape: Shape, i: int, mask: np.ndarray[Any, Any] | None) -> Any:
    """0 or -1e30 over [X, 1, kinds of the moves seen.., own move, E]."""
    if mask is None:
        return None
    table, seen = axes.narrowed(shape, mask[..., 0]), len(shape.seen(i))
    table = axes.by_kind(shape, table, 1, range(seen))
    return jnp.asarray(table.reshape((len(table), 1, *table.shape[1 : 1 + seen], table.shape[1 + i], table.shape[-1])))


def _rule(shape: Shape, i: int, rule: np.ndarray[Any, Any] | None) -> Any:
    """A rule as probabilities over [X, belief, kinds of moves seen.., own move, E], the informed actor's by stance."""
    if rule is None:
        return None
    seen, count = len(shape.seen(i)), len(shape.levels)

    def turned(part: Any) -> Any:
        part = axes.by_kind(shape, part, count, range(seen))
        part = part.reshape((*part.shape[: count + seen], *part.shape[count + i :]))
        return axes.inward(shape, part, seen + 1)

    return jnp.asarray(turned(rule) if i != shape.informed else np.stack([turned(part) for part in rule]))


def start(shape: Shape) -> Unknown:
    """The unknown with which solving begins: everything zero."""
    return Unknown(jnp.zeros(shape.values), jnp.zeros(shape.ratios), tuple(jnp.zeros(size) for size in shape.mixes))


def inside(shape: Shape, unknown: Unknown) -> Unknown:
    """The unknown in the solver's order of axes."""
    return _turned(shape, unknown, axes.inward)


def outside(shape: Shape, unknown: Unknown) -> Unknown:
    """The inverse of :func:`inside`."""
    return _turned(shape, unknown, axes.outward)


def _turned(shape: Shape, unknown: Unknown, turn: Any) -> Unknown:
    values = jnp.stack([turn(shape, unknown.values[c], 0) for c in range(shape.values[0])])
    ratios, mixes = unknown.ratios, list(unknown.mixes)
    if shape.informed >= 0:
        ratios = turn(shape, ratios, len(shape.seen(shape.informed)) + 1)
    for i, mix in enumerate(mixes):
        if mix.ndim > 1:
            middle = len(shape.seen(i)) + 1
            own = turn(shape, mix, middle) if i != shape.informed else [turn(shape, part, middle) for part in mix]
            mixes[i] = own if i != shape.informed else jnp.stack(own)
    return Unknown(values, ratios, tuple(mixes))


def flow_payoffs(shape: Shape, tables: Tables, coefficients: Array, beliefs: Array) -> list[list[Any]]:
    """For each value function and stage the period's payoff that depends on the moves up to that stage.

    Arrays over [X, belief or 1, m.. or 1, E], with the axes of moves up to the stage; None where there is none; the
    last entry is what no move matters to. An uninformed actor's is its expectation over stances at the belief, which
    after the informed actor's move is the posterior; at the informed actor's own stage it is a pair, one a stance.
    """
    flows: list[list[Any]] = []
    signals = shape.stage(shape.informed) if shape.informed >= 0 else -2
    for i, groups in enumerate(tables.flows):
        totals: dict[int, Any] = {}
        for index, table in groups:
            stage = _stage(shape, table.shape[3:-1])
            part = jnp.tensordot(coefficients[index], table, axes=1)[:, :, None]
            part = part.reshape((*part.shape[: 3 + _moved(shape, stage)], part.shape[-1]))
            totals[stage] = part if stage not in totals else totals[stage] + part
        for t in range(len(shape.columns[i])):
            row: list[Any] = [None] * (len(shape.groups) + 1)
            for stage, total in totals.items():
                if i == shape.informed:
                    row[stage] = total[min(t, total.shape[0] - 1)]
                elif total.shape[0] == 1:
                    row[stage] = total[0]
                elif stage == signals:
                    row[stage] = (total[0], total[1])
                else:
                    along = beliefs.reshape(-1, *(1,) * (total.ndim - 3))
                    row[stage] = total[0] * (1 - along) + total[1] * along
            flows.append(row)
    return flows


def _moved(shape: Shape, stage: int) -> int:
    """How many actors have moved by the end of a stage."""
    return 0 if stage < 0 else shape.groups[stage][-1] + 1


def _after_hazard(shape: Shape, tables: Tables, values: Array, beliefs: Array) -> Array:
    """Values one stance change later: the belief moves to b (1 - h_last) + (1 - b) h_first, and a stance may change."""
    leave = tables.hazard
    moved = beliefs * (1 - leave[1]) + (1 - beliefs) * leave[0]
    values = jnp.einsum("bj,cxje->cxbe", curve_weights(shape.points, moved, shape.straight), values)
    first, last = shape.columns[shape.informed]
    kept = values.at[first].set((1 - leave[0]) * values[first] + leave[0] * values[last])
    return kept.at[last].set((1 - leave[1]) * values[last] + leave[1] * values[first])


def continuation(shape: Shape, tables: Tables, values: Array, beliefs: Array) -> Array:
    """E V(s', hazard(b')) over [value function, X, belief, m.., E]; not yet discounted."""
    if shape.informed >= 0:
        values = _after_hazard(shape, tables, values, beliefs)
    if tables.drift.shape[0] > 1:
        values = jnp.einsum("xy,cybe->cxbe", tables.drift, values)
    classes = tuple(max(own) + 1 for own in shape.classes)
    if tables.joint is None:
        return _step_by_step(shape, tables, values, classes)
    lead = values.shape[:-1]
    if tables.joint.shape[0] == 1:
        ahead = values.reshape(-1, values.shape[-1]) @ tables.joint[0]
    else:
        ahead = jnp.einsum("cxbe,xef->cxbf", values, tables.joint)
    return ahead.reshape((*lead, *classes, values.shape[-1]))


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


def round_of(shape: Shape, tables: Tables, flows: list[list[Any]], unknown: Unknown) -> tuple[Unknown, Play]:
    """One period of play at an unknown, and the unknown that it gives back, in the solver's order of axes.

    Stage by stage backwards. Barriers keep the compiler from fusing, and so computing anew, what several loops use.
    """
    again, play, _ = round_with_feedback(shape, tables, flows, unknown)
    return again, play


def round_with_feedback(
    shape: Shape, tables: Tables, flows: list[list[Any]], unknown: Unknown
) -> tuple[Unknown, Play, Feedback | None]:
    """As :func:`round_of`, and how what moves say answers to itself, where the informed actor moves alone."""
    feedback = None
    factors = jnp.concatenate([jnp.repeat(tables.discounts[i], len(own)) for i, own in enumerate(shape.columns)])
    ahead = continuation(shape, tables, factors[:, None, None, None] * unknown.values, belief_grid(shape.points))
    ahead = jax.lax.optimization_barrier(ahead)
    for i, classes in enumerate(shape.classes):
        ahead = spread(ahead, classes, 3 + i)
    worth = [part[0] for part in jax.lax.split(ahead, (1,) * ahead.shape[0], axis=0)]
    logs: list[Any] = [None] * len(shape.moves)
    choices: list[Any] = [None] * len(shape.moves)
    ratios, mixes = unknown.ratios, list(unknown.mixes)
    for stage in reversed(range(len(shape.groups))):
        group, here = shape.groups[stage], [row[stage] for row in flows]
        signals = shape.informed in group
        for i in group:
            if i != shape.informed:
                worth = [spread(each, shape.kinds[i], 2 + i) for each in worth]
        masks, rules = [tables.masks[i] for i in group], [tables.fixed[i] for i in group]
        if len(group) > 1:
            own = [unknown.mixes[i] for i in group]
            played = at_once(shape, group, unknown.ratios, own, worth, here, masks, rules)
        elif signals:
            played = signalling(shape, unknown.ratios, worth, here, masks[0], rules[0])
        else:
            worth = [each if flow is None else each + flow for each, flow in zip(worth, here, strict=True)]
            played = alone(shape, group[0], worth, masks[0], rules[0])
        worth = played.worth
        ratios, feedback = (played.ratios, played.feedback) if signals else (ratios, feedback)
        for k, i in enumerate(group):
            logs[i], choices[i], mixes[i] = played.logs[k], played.values[k], played.mixes[k]
    values = [each if row[-1] is None else each + row[-1] for each, row in zip(worth, flows, strict=True)]
    return Unknown(jnp.stack(values), ratios, tuple(mixes)), Play(tuple(logs), tuple(choices)), feedback


def period(shape: Shape, tables: Tables, coefficients: Array, unknown: Unknown) -> tuple[Unknown, Play]:
    """One period of play at an unknown, and the unknown that it gives back; equal at an equilibrium."""
    flows = flow_payoffs(shape, tables, coefficients, belief_grid(shape.points))
    again, play = round_of(shape, tables, flows, inside(shape, unknown))
    return outside(shape, again), outside_play(shape, play)


def outside_play(shape: Shape, play: Play) -> Play:
    """Play in the order of axes that its docstring gives, with an entry for each earlier move; of NumPy's or JAX's."""

    def turned(i: int, table: Array) -> Array:
        seen = len(shape.seen(i))
        for j in range(seen):
            kinds = shape.kinds[j]
            table = table.take(list(kinds), 2 + j) if isinstance(table, np.ndarray) else spread(table, kinds, 2 + j)
        table = axes.outward(shape, table, seen + 1)
        at, others = len(shape.levels) + seen, shape.moves[seen:i]
        wide = table.reshape((*table.shape[:at], *(1,) * len(others), *table.shape[at:]))
        whole = (*wide.shape[:at], *others, *wide.shape[at + len(others) :])
        return np.broadcast_to(wide, whole) if isinstance(wide, np.ndarray) else jnp.broadcast_to(wide, whole)

    def both(i: int, table: Array) -> Array:
        if i != shape.informed:
            return turned(i, table)
        parts = [turned(i, part) for part in table]
        return np.stack(parts) if isinstance(table, np.ndarray) else jnp.stack(parts)

    return Play(*(tuple(both(i, table) for i, table in enumerate(part)) for part in play))
