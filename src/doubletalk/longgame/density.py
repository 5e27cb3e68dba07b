"""The log posterior, its gradient and the equilibrium inside as one compiled program.

With x = G(x, q) the equilibrium at the parameters q = (coefficients, belief at the start, chances of leaving a stance),
l(x, q) the log likelihood and p(u) the log prior of the coordinates u, the value is the Lagrangian

    L = l(x, q) + lambda (G(x, q) - x) + p(u),      lambda = l_x + lambda G_x,

and the gradient is dL/du with x and lambda held: the implicit function theorem with one linear system, however many
coefficients. Where x and lambda are only near their solutions, L is off by the product of their two errors: with
tolerances of 1e-3 and 1e-2 it is right to about 1e-4. Both systems are fixed points, solved by Anderson acceleration.

A start is u0 with its x, lambda and their slopes in u. A sampler gives the mode, always: the density is then one
function of u, also where there are several equilibria, and does not depend on the way by which the sampler came.

Sources: Becker and Rannacher (2001), Acta Numerica 10 (dual weighted residuals: the order of the error); the implicit
function theorem.
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
    round_of,
    start,
)
from doubletalk.longgame.layout import Shape
from doubletalk.longgame.likelihood import Observed, log_likelihood
from doubletalk.longgame.solving import _anderson

__all__ = ["MOST_RESIDUAL", "Problem", "Start", "Told", "evaluate", "evaluated", "flat", "moved", "outward", "played",
           "valued"]  # fmt: skip

Array: TypeAlias = Any

MOST_RESIDUAL = 0.02
"""Play further than this from an equilibrium, in units of the shock, is not taken for one, and the density is zero."""


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


def _played(shape: Shape, problem: Problem, x: Array, q: Array) -> tuple[Array, Play, Tables]:
    """G(x) flat, one period's play, and the tables with the hazard of q."""
    tables = problem.tables
    if shape.informed >= 0:
        tables = tables._replace(hazard=q[-2:])
    flows = flow_payoffs(shape, tables, q, belief_grid(shape.points))
    again, play = round_of(shape, tables, flows, _back(shape)(x))
    return ravel_pytree(again)[0], play, tables


def _told(shape: Shape, problem: Problem, x: Array, q: Array) -> tuple[tuple[Array, Array], tuple[Array, Array, Play]]:
    again, play, tables = _played(shape, problem, x, q)
    _, terms, beliefs = log_likelihood(shape, tables, outside_play(shape, play), problem.observed, q[-3])
    return ((terms * problem.weights[:, None]).sum(), again), (terms, beliefs, play)


def moved(shape: Shape, problem: Problem, x: Array, q: Array) -> Array:
    """G(x, q), flat."""
    return _played(shape, problem, x, q)[0]


def valued(shape: Shape, problem: Problem, x: Array, q: Array) -> Array:
    """The log likelihood l(x, q)."""
    return _told(shape, problem, x, q)[0][0]


def _fixed_point(image: Any, x: Array, tolerance: Array, limit: Array) -> tuple[Array, Array, Array]:
    """The fixed point of *image* from *x*, its residual, the evaluations."""
    end = _anderson(lambda y: (image(y), ()), x, tolerance, limit)
    return end.best, end.best_size, end.count


def evaluate(
    shape: Shape, problem: Problem, begin: Start, u: Array, tolerance: Array, limit: Array, gradient: bool = True
) -> tuple[Told, Play]:
    """The log posterior at u [d] and its gradient, to a *tolerance* of x and ten times that of the multipliers.

    ``limit`` is the most evaluations of G, and of its transpose. Without *gradient* the multipliers are those of the
    start and the slope is not a number. Also gives one period's play, in the solver's order of axes.
    """
    q, _ = traced(jnp, jax.scipy.special, jax.nn.log_sigmoid, problem.priors, u)
    away = u - begin.u
    x, size, steps = _fixed_point(
        lambda x: moved(shape, problem, x, q), begin.x + begin.x_slopes @ away, tolerance, limit
    )
    adjoint = begin.adjoint + begin.adjoint_slopes @ away
    if not gradient:
        (total, again), (terms, beliefs, play) = _told(shape, problem, x, q)
        off, more, slope = jnp.array(jnp.nan), jnp.array(0), jnp.full_like(u, jnp.nan)
    else:
        (total, again), back, (terms, beliefs, play) = jax.vjp(partial(_told, shape, problem), x, q, has_aux=True)
        own, own_q = back((jnp.ones_like(total), jnp.zeros_like(again)))
        _, pulled = jax.vjp(partial(moved, shape, problem), x, q)
        adjoint, off, more = _fixed_point(lambda y: own + pulled(y)[0], adjoint, 10 * tolerance, limit)
        along = own_q + pulled(adjoint)[1]

        def through(u: Array) -> Array:
            q, prior = traced(jnp, jax.scipy.special, jax.nn.log_sigmoid, problem.priors, u)
            return q @ along + prior

        slope = jax.grad(through)(u)
    likelihood = total + adjoint @ (again - x)
    prior = traced(jnp, jax.scipy.special, jax.nn.log_sigmoid, problem.priors, u)[1]
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
