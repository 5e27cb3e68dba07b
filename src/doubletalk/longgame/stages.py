"""Play of one stage of a period: one actor's choice, the informed actor's, or that of several who move at once. JAX.

A stage is given what each value function is worth after its moves, over [X, belief, earlier moves.., own moves.., E]
(see :mod:`doubletalk.longgame.axes`; earlier moves by kind), the belief being the one after the stage. It gives back
what each is worth before the stage, at the belief before it, with the axes of its moves gone.
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp

from doubletalk.longgame.beliefs import belief_grid, interpolated, slopes
from doubletalk.longgame.layout import Shape

__all__ = ["Feedback", "Stage", "alone", "at_once", "posterior", "signalling", "spread"]

Array: TypeAlias = Any

UNROLLED = 16
"""Sums over up to so many moves are written out: they then run as one loop over neighbouring memory."""


class Feedback(NamedTuple):
    """How what moves say answers to what they are taken to say, at one state and belief: the block of the Jacobian.

    With L' the ratios given back and L those given, dL'_a / dL_j = own_a 1{a = j} - shared_j; arrays as the ratios.
    """

    own: Array
    shared: Array


class Stage(NamedTuple):
    """What a stage gives back: worth before it, and for each of its actors log probabilities, choice values, mixes.

    worth   for each value function [X, belief, earlier moves.., E]
    ratios  log likelihood ratios of the informed actor's moves, where it moved
    mixes   for each actor what others who move at once have to expect of it, or nothing
    feedback   of the ratios on themselves, where the informed actor moved alone and follows no rule
    """

    worth: list[Array]
    logs: tuple[Array, ...]
    values: tuple[Array, ...]
    ratios: Array | None
    mixes: tuple[Array, ...]
    feedback: Feedback | None = None


def spread(table: Array, of: tuple[int, ...], axis: int) -> Array:
    """A table with entry ``of[k]`` of an axis at index k; of length 1 it stays so.

    By slices and repetitions: the transpose of a gather, a scatter, is slow.
    """
    count, size = len(of), table.shape[axis]
    if size == 1 or of == tuple(range(size)):
        return table
    times = count // size
    if of == tuple(k // times for k in range(count)):
        wide = jnp.expand_dims(table, axis + 1)
        sizes = (*wide.shape[: axis + 1], times, *wide.shape[axis + 2 :])
        return jnp.broadcast_to(wide, sizes).reshape((*table.shape[:axis], count, *table.shape[axis + 1 :]))
    parts = jax.lax.split(table, (1,) * size, axis=axis)
    return jnp.concatenate([parts[k] for k in of], axis)


def posterior(beliefs: Array, ratios: Array) -> Array:
    """b' with odds b/(1-b) exp(L); 0 and 1 stay. *beliefs* and *ratios* broadcast."""
    odds = jnp.exp(jnp.clip(ratios, -700.0, 700.0))
    return beliefs * odds / (beliefs * odds + (1 - beliefs))


def _over_moves(combine: Any, reduce: Any, table: Array, axis: int) -> Array:
    """*combine* over an axis of moves, which is kept with length 1."""
    count = table.shape[axis]
    if count > UNROLLED:
        return reduce(table, axis=axis, keepdims=True)
    parts = jax.lax.split(table, (1,) * count, axis=axis % table.ndim)  # its transpose is one concatenation
    found = parts[0]
    for part in parts[1:]:
        found = combine(found, part)
    return found


def _expected(weights: Array, scale: Array, values: Array) -> Array:
    """Sum over the own moves, the last axis but one, of weights times values, over scale.

    Values that no own move changes stay as they are.
    """
    if values.shape[-2] == 1:
        return values[..., 0, :]
    return (_over_moves(jnp.add, jnp.sum, weights * values, -2) / scale)[..., 0, :]


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
    top = jax.lax.stop_gradient(_over_moves(jnp.maximum, jnp.max, masked, -2))
    raised = jax.lax.optimization_barrier(jnp.exp(masked - top))
    scale = _over_moves(jnp.add, jnp.sum, raised, -2)
    total = top + jnp.log(scale)
    return _Choice(raised, scale, masked - total, total[..., 0, :])


def alone(shape: Shape, i: int, worth: list[Array], mask: Array | None, rule: Array | None) -> Stage:
    """An actor without a stance moves alone: softmax of what its moves are worth to it."""
    own = shape.columns[i][0]
    size = (*worth[own].shape[:1], shape.points, *shape.seen(i), shape.moves[i], worth[own].shape[-1])
    values = jnp.broadcast_to(worth[own], size)
    choice = _chosen(values, mask, rule)
    before = [choice.value if c == own else _expected(choice.weights, choice.scale, w) for c, w in enumerate(worth)]
    return Stage(list(jax.lax.optimization_barrier(before)), (choice.logs,), (values,), None, (jnp.zeros(0),))


def signalling(
    shape: Shape, ratios: Array, worth: list[Array], flows: list[Any], mask: Array | None, rule: Array | None
) -> Stage:
    """The informed actor moves alone: later values at the posterior that each move brings about, by stance.

    ``worth`` has the later values without the flows of this stage, by kinds of the move; ``flows`` these, for an
    uninformed actor by stance where the stance matters to it.
    """
    beliefs, kinds = belief_grid(shape.points), shape.kinds[shape.informed]
    along = beliefs.reshape(-1, *(1,) * (ratios.ndim - 2))
    after = posterior(along, ratios)
    at = _brought_about(worth, flows, after, kinds, ratios.ndim - 2, shape.straight)
    first, last = shape.columns[shape.informed]
    rules = (None, None) if rule is None else (rule[0], rule[1])
    one, other = _chosen(at[first], mask, rules[0]), _chosen(at[last], mask, rules[1])
    mixed = one.weights / one.scale * (1 - along) + other.weights / other.scale * along
    before = [_expected(mixed, jnp.ones((1,) * mixed.ndim), each) for each in at]
    before[first], before[last] = one.value, other.value
    spoken = (at[last] - other.value[..., None, :]) - (at[first] - one.value[..., None, :])  # finite at a barred move
    said = spoken if rule is None else other.logs - one.logs
    logs, values = jnp.stack([one.logs, other.logs]), jnp.stack([at[first], at[last]])
    feedback = None
    if rule is None:

        def heard(taken: Array) -> tuple[Array, Array]:
            pair, own = [worth[first], worth[last]], [flows[first], flows[last]]
            found = _brought_about(pair, own, posterior(along, taken), kinds, ratios.ndim - 2, shape.straight)
            return found[0], found[1]

        turned = jax.jvp(heard, (ratios,), (jnp.ones_like(ratios),))[1]  # each value hears its own move's ratio alone
        mine, its = one.weights / one.scale * turned[0], other.weights / other.scale * turned[1]
        feedback = Feedback(turned[1] - turned[0], its - mine)
    return Stage(before, (logs,), (values,), said, (jnp.zeros(0),), feedback)


def _brought_about(
    worth: list[Array], flows: list[Any], after: Array, kinds: tuple[int, ...], axis: int, straight: bool
) -> list[Array]:
    """Each value function at the belief *after* that the informed actor's move brings about, with this stage's flow."""
    tables = [(spread(w, kinds, axis), spread(slopes(w, 1), kinds, axis)) for w in worth]
    at = jax.lax.optimization_barrier(interpolated(tables, after, 1, straight))
    return [value + _flow_at(flow, after) for value, flow in zip(at, flows, strict=True)]


def _flow_at(flow: Any, belief: Array) -> Array:
    """A flow at a belief: nothing, the same at all, or one a stance."""
    if flow is None:
        return jnp.zeros(())
    if isinstance(flow, tuple):
        return flow[0] * (1 - belief) + flow[1] * belief
    return flow


def at_once(
    shape: Shape, group: tuple[int, ...], ratios: Array, mixes: list[Array], worth: list[Array], flows: list[Any],
    masks: list[Any], rules: list[Any],
) -> Stage:  # fmt: skip
    """Several actors move at once: each expects of the others what ``mixes`` say, log probabilities up to a constant.

    An equilibrium gives the mixes back. An informed actor among them is seen after the stage like the others; what the
    others expect of it is the mean over stances at the belief before the stage.
    """
    lead, beliefs = mixes[0].ndim - 2 - (group[0] == shape.informed), belief_grid(shape.points)
    along = beliefs.reshape(-1, *(1,) * lead)
    counts = [shape.moves[j] for j in group]

    def placed(table: Array, k: int) -> Array:
        """The own-move axis, the last but one, as the k-th of the group's axes."""
        before, others = table.shape[:-2], len(group) - 1 - k
        return table.reshape((*before, *(1,) * k, table.shape[-2], *(1,) * others, table.shape[-1]))

    if shape.informed in group:
        place = group.index(shape.informed)
        belief = beliefs.reshape(-1, *(1,) * (lead + len(group) - 1))
        after = posterior(belief, placed(ratios, place))
        after = jnp.broadcast_to(after, (*after.shape[:lead], *counts, after.shape[-1]))
        at = _brought_about(worth, flows, after, shape.kinds[shape.informed], lead + place, shape.straight)
    else:
        at = [w if flow is None else w + flow for w, flow in zip(worth, flows, strict=True)]
    chances = []
    for j, mix, mask, rule in zip(group, mixes, masks, rules, strict=True):
        chance = jax.nn.softmax(mix if mask is None else mix + mask, axis=-2) if rule is None else rule
        chances.append(chance[0] * (1 - along) + chance[1] * along if j == shape.informed else chance)

    def expected(table: Array, members: list[int]) -> Array:
        for k in members:
            if table.shape[lead + k] > 1:
                table = _over_moves(jnp.add, jnp.sum, table * placed(chances[k], k), lead + k)
        return table

    everyone = list(range(len(group)))
    before = [expected(each, everyone).reshape((*each.shape[:lead], each.shape[-1])) for each in at]
    logs, values, heard, said = [], [], [], None
    for k, j in enumerate(group):
        choices = []
        for t, column in enumerate(shape.columns[j]):
            own = expected(at[column], [other for other in everyone if other != k])
            own = own.reshape((*own.shape[:lead], own.shape[lead + k], own.shape[-1]))
            own = jnp.broadcast_to(own, (*mixes[k].shape[-2 - lead : -2], counts[k], own.shape[-1]))
            rule = rules[k][t] if rules[k] is not None and j == shape.informed else rules[k]
            choice = _chosen(own, masks[k], rule)
            before[column] = choice.value
            choices.append((choice.logs, own, own - choice.value[..., None, :]))
        if j == shape.informed:
            said = choices[1][2] - choices[0][2] if rules[k] is None else choices[1][0] - choices[0][0]
        both = [jnp.stack(part) if j == shape.informed else part[0] for part in zip(*choices, strict=True)]
        logs.append(both[0])
        values.append(both[1])
        heard.append(both[2])
    return Stage(before, tuple(logs), tuple(values), said, tuple(heard))
