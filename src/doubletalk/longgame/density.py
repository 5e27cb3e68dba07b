"""The log posterior, its gradient and the equilibrium inside as one compiled program.

With x = G(x, q) the equilibrium at the parameters q = (coefficients, belief at the start, chances of leaving a stance),
l(x, q) the log likelihood and p(u) the log prior of the coordinates u, the value is the Lagrangian

    L = l(x, q) + lambda (G(x, q) - x) + p(u),      lambda = l_x + lambda G_x,

and the gradient is dL/du with x and lambda held: the implicit function theorem with one linear system, however many
coefficients. Where x and lambda are only near their solutions, L is off by the product of their two errors: with
tolerances of 1e-3 and 1e-2 it is right to about 1e-4. Both systems are fixed points, solved by Anderson acceleration.

A start is u0 with its x, lambda and their slopes in u. A sampler gives the mode, always: the density is then one
function of u, also where there are several equilibria, and does not depend on the way by which the sampler came.

Where the equilibrium reached from the start ceases to exist (what a move says confirms itself until it no longer can: a
fold), acceleration alone stays at the point of least residual. Plain steps then leave it, with Newton's in the ratios:
at each state and belief, what the moves say answers to what they are taken to say by own_a 1{a = j} - shared_j (see
``stages.Feedback``), whose resolvent is a division and a sum. Own answers are taken as at most ``MOST_ANSWER``, so that
ratios move on past the fold, all one way, to the equilibrium that is left. The multipliers' system is preconditioned by
the same blocks, transposed. At a fold it is singular, and near one its solution may not be found: the slope is then
only a function of u that is near the gradient elsewhere. A leapfrog step with any function of u as its force keeps
volume and can be reversed (Neal 2011), so that a sampler stays right.

Sources: Becker and Rannacher (2001), Acta Numerica 10 (dual weighted residuals: the order of the error); the implicit
function theorem; Saad (2003), Iterative Methods for Sparse Linear Systems, chapter 10 (block preconditioners); Neal
(2011), MCMC using Hamiltonian dynamics, Handbook of Markov Chain Monte Carlo, section 5.2.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import jax.scipy.special
from jax.flatten_util import ravel_pytree

from doubletalk.longgame.coordinates import Density, traced
from doubletalk.longgame.engine import (
    Play,
    Tables,
    Unknown,
    belief_grid,
    flow_payoffs,
    inside,
    outside,
    outside_play,
    round_with_feedback,
    start,
)
from doubletalk.longgame.layout import Shape
from doubletalk.longgame.likelihood import Observed, log_likelihood
from doubletalk.longgame.solving import _anderson
from doubletalk.longgame.stages import Feedback

__all__ = ["MOST_RESIDUAL", "Problem", "Start", "Told", "evaluate", "evaluated", "flat", "moved", "outward", "played",
           "valued"]  # fmt: skip

Array: TypeAlias = Any

MOST_RESIDUAL = 0.02
"""Play further than this from an equilibrium, in units of the shock, is not taken for one, and the density is zero."""

MOST_ADJOINT = 0.2
"""Multipliers that miss their system by more than this are not used; those of the start are, in value and slope."""

ROUNDS, PLAIN = 8, 60
"""Where acceleration stays short of an equilibrium: most rounds of so many plain steps and acceleration again.

In every second round steps are half as long, for play that would go round in circles.
"""

MOST_ANSWER = 0.7
"""Own answers of what a move says are taken as at most this in plain steps: below 1, beyond which there are folds."""

LEAST_DIVISOR = 0.1
"""In the multipliers' system a divisor nearer to zero is taken as this, with its sign."""


class Start(NamedTuple):
    """Where solving begins: x [n] and multipliers [n] at u [d], and their slopes in u [n, d]."""

    u: Any
    x: Any
    adjoint: Any
    x_slopes: Any
    adjoint_slopes: Any


class Told(NamedTuple):
    """One evaluation; see :class:`~doubletalk.longgame.posterior.Point`. ``steps`` of G and of its transpose."""

    value: Any
    slope: Any
    likelihood: Any
    terms: Any
    beliefs: Any
    x: Any
    adjoint: Any
    residual: Any
    adjoint_residual: Any
    steps: Any
    more: Any


def flat(shape: Shape, unknown: Unknown) -> Array:
    """An unknown as one vector, in the solver's order of axes."""
    return ravel_pytree(inside(shape, unknown))[0]


def _back(shape: Shape) -> Any:
    """The way from a flat x to an unknown in the solver's order of axes."""
    return ravel_pytree(inside(shape, start(shape)))[1]


def outward(shape: Shape, x: Array) -> Unknown:
    """A flat x as an unknown."""
    return outside(shape, _back(shape)(x))


class Problem(NamedTuple):
    """What a density is made of; every part but the shape is an array, so another game of one shape compiles nothing.

    weights  [T] 1 for the periods that count, 0 for the others
    """

    tables: Tables
    observed: Observed
    weights: Any
    priors: Density


def _played(
    shape: Shape, problem: Problem, x: Array, q: Array
) -> tuple[Array, Play, Tables, Feedback | None]:
    """G(x) flat, one period's play, the tables with the hazard of q, and how what moves say answers to itself."""
    tables = problem.tables
    if shape.informed >= 0:
        tables = tables._replace(hazard=q[-2:])
    flows = flow_payoffs(shape, tables, q, belief_grid(shape.points))
    again, play, feedback = round_with_feedback(shape, tables, flows, _back(shape)(x))
    return ravel_pytree(again)[0], play, tables, feedback


def _told(shape: Shape, problem: Problem, x: Array, q: Array) -> tuple[tuple[Array, Array], tuple[Array, Array, Play]]:
    again, play, tables, _ = _played(shape, problem, x, q)
    _, terms, beliefs = log_likelihood(shape, tables, outside_play(shape, play), problem.observed, q[-3])
    return ((terms * problem.weights[:, None]).sum(), again), (terms, beliefs, play)


def moved(shape: Shape, problem: Problem, x: Array, q: Array) -> Array:
    """G(x, q), flat."""
    return _played(shape, problem, x, q)[0]


def valued(shape: Shape, problem: Problem, x: Array, q: Array) -> Array:
    """The log likelihood l(x, q)."""
    return _told(shape, problem, x, q)[0][0]


def _away_from_zero(divisor: Array) -> Array:
    return jnp.where(jnp.abs(divisor) < LEAST_DIVISOR, jnp.where(divisor < 0, -LEAST_DIVISOR, LEAST_DIVISOR), divisor)


def answered(shape: Shape, feedback: Feedback, gap: Array) -> Array:
    """A plain step for the gap G(x) - x: Newton's in the ratios, with own answers of at most ``MOST_ANSWER``."""
    parts = _back(shape)(gap)
    divisor = jnp.maximum(1 - feedback.own, 1 - MOST_ANSWER)
    alone = parts.ratios / divisor
    whole = jnp.maximum(1 + jnp.sum(feedback.shared / divisor, -2, keepdims=True), 1 - MOST_ANSWER)
    common = jnp.sum(feedback.shared * alone, -2, keepdims=True) / whole
    return ravel_pytree(parts._replace(ratios=alone - common / divisor))[0]


def _answered_back(shape: Shape, feedback: Feedback, gap: Array) -> Array:
    """The transposed resolvent of the feedback, for the multipliers."""
    parts = _back(shape)(gap)
    divisor = _away_from_zero(1 - feedback.own)
    alone, share = parts.ratios / divisor, feedback.shared / divisor
    whole = _away_from_zero(1 + jnp.sum(share, -2, keepdims=True))
    return ravel_pytree(parts._replace(ratios=alone - share * jnp.sum(alone, -2, keepdims=True) / whole))[0]


class _Found(NamedTuple):
    """A fixed point x, its residual, the evaluations, the rounds of plain steps."""

    x: Any
    size: Any
    count: Any
    rounds: Any


def _equilibrium(shape: Shape, problem: Problem, q: Array, x: Array, tolerance: Array, limit: Array) -> _Found:
    """The equilibrium reached from x: by acceleration, and where that fails with rounds of plain steps."""
    end = _anderson(lambda y: (moved(shape, problem, y, q), ()), x, tolerance, limit)
    first = _Found(end.best, end.best_size, end.count, jnp.array(0))
    if shape.informed < 0 or jax.eval_shape(lambda y: _played(shape, problem, y, q)[3], x) is None:
        return first

    def stepped(y: Array) -> tuple[Array, Array]:
        again, _, _, feedback = _played(shape, problem, y, q)
        assert feedback is not None
        return y + answered(shape, feedback, again - y), jnp.max(jnp.abs(again - y))

    def once_more(found: _Found) -> _Found:
        share = jnp.where(found.rounds % 2 == 1, 0.5, 1.0)
        y = jax.lax.fori_loop(0, PLAIN, lambda _, y: y + share * (stepped(y)[0] - y), found.x)
        end = _anderson(stepped, y, tolerance, limit, lambda size: size)
        return _Found(end.best, end.best_size, found.count + PLAIN + end.count, found.rounds + 1)

    found: _Found = jax.lax.while_loop(lambda f: ~(f.size <= tolerance) & (f.rounds < ROUNDS), once_more, first)
    return found


def _multipliers(
    shape: Shape, pulled: Any, own: Array, feedback: Feedback | None, begin: Array, tolerance: Array, limit: Array
) -> tuple[Array, Array, Array]:
    """lambda = own + lambda G_x, its residual, the evaluations of the transpose *pulled*."""

    def image(y: Array) -> tuple[Array, Array]:
        gap = own + pulled(y)[0] - y
        size = jnp.max(jnp.abs(gap))
        return y + (gap if feedback is None else _answered_back(shape, feedback, gap)), size

    end = _anderson(image, begin, tolerance, limit, lambda size: size)
    return end.best, end.best_size, end.count


def evaluate(
    shape: Shape, problem: Problem, begin: Start, u: Array, tolerance: Array, limit: Array, gradient: bool = True
) -> tuple[Told, Play]:
    """The log posterior at u [d] and its gradient, to a *tolerance* of x and ten times that of the multipliers.

    ``limit`` is the most evaluations of G before rounds of plain steps, and half the most of its transpose. Without
    *gradient* the multipliers are those of the start and the slope is not a number. Also gives one period's play, in
    the solver's order of axes.
    """
    q, _ = traced(jnp, jax.scipy.special, problem.priors, u)
    away = u - begin.u
    x, size, steps, _ = _equilibrium(shape, problem, q, begin.x + begin.x_slopes @ away, tolerance, limit)
    adjoint = begin.adjoint + begin.adjoint_slopes @ away
    if not gradient:
        (total, again), (terms, beliefs, play) = _told(shape, problem, x, q)
        off, more, slope = jnp.array(jnp.nan), jnp.array(0), jnp.full_like(u, jnp.nan)
    else:
        (total, again), back, (terms, beliefs, play) = jax.vjp(partial(_told, shape, problem), x, q, has_aux=True)
        own, own_q = back((jnp.ones_like(total), jnp.zeros_like(again)))
        _, pulled = jax.vjp(partial(moved, shape, problem), x, q)
        feedback = _played(shape, problem, x, q)[3]
        found, off, more = _multipliers(shape, pulled, own, feedback, adjoint, 10 * tolerance, 2 * limit)
        adjoint = jnp.where(off <= MOST_ADJOINT, found, adjoint)
        along = own_q + pulled(adjoint)[1]

        def through(u: Array) -> Array:
            q, prior = traced(jnp, jax.scipy.special, problem.priors, u)
            return q @ along + prior

        slope = jax.grad(through)(u)
    likelihood = total + adjoint @ (again - x)
    prior = traced(jnp, jax.scipy.special, problem.priors, u)[1]
    return Told(likelihood + prior, slope, likelihood, terms, beliefs, x, adjoint, size, off, steps, more), play


@partial(jax.jit, static_argnums=(0, 6))
def evaluated(
    shape: Shape, problem: Problem, begin: Start, u: Array, tolerance: float, limit: int, gradient: bool
) -> Told:
    """:func:`evaluate`, compiled."""
    return evaluate(shape, problem, begin, u, jnp.asarray(tolerance), jnp.asarray(limit), gradient)[0]


@partial(jax.jit, static_argnums=0)
def _played_at(shape: Shape, problem: Problem, begin: Start, u: Array, tolerance: float) -> tuple[Told, Play]:
    told, play = evaluate(shape, problem, begin, u, jnp.asarray(tolerance), jnp.asarray(100), False)
    return told, outside_play(shape, play)


def played(shape: Shape, problem: Problem, begin: Start, u: Any, tolerance: float) -> tuple[Told, Play]:
    """The likelihood's terms, the beliefs and the play at u, without gradient, in at most 100 evaluations of G."""
    found: tuple[Told, Play] = _played_at(shape, problem, begin, jnp.asarray(u), tolerance)
    return found
