"""Solving for a Markov logit equilibrium: Anderson acceleration, a Newton-Krylov finish, implicit derivatives.

All of it is compiled once for each :class:`~doubletalk.longgame.layout.Shape`; coefficients, discounts, hazards and
transition tables are arguments, so changing them compiles nothing. ``compilations()`` counts.

Sources: Anderson (1965), J. ACM 12; Walker and Ni (2011), SIAM J. Numer. Anal. 49; Saad and Schultz (1986), SIAM J.
Sci. Stat. Comput. 7 (GMRES); the implicit function theorem for the derivative.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
from jax.flatten_util import ravel_pytree
from jax.scipy.sparse.linalg import gmres

from doubletalk.longgame.engine import Play, Tables, Unknown, period, start
from doubletalk.longgame.layout import Shape

__all__ = ["Solved", "compilations", "equilibrium", "play_at", "residual", "solve", "solve_many"]

Array: TypeAlias = Any

TOLERANCE = 1e-10
MEMORY = 15
ANDERSON_STEPS = 400
NEWTON_STEPS = 20

_compiled = {"count": 0}


def compilations() -> int:
    """How many programs have been traced and compiled since the start."""
    return _compiled["count"]


class Solved(NamedTuple):
    """An unknown with its residual max |G(x) - x| in units of the shock, and the evaluations of G that it took."""

    unknown: Unknown
    residual: Any
    evaluations: Any


def residual(shape: Shape, tables: Tables, coefficients: Array, unknown: Unknown) -> Array:
    """max |G(x) - x|."""
    again, _ = period(shape, tables, coefficients, unknown)
    parts = [jnp.max(jnp.abs(a - b), initial=0.0) for a, b in zip(again, unknown, strict=True)]
    return jnp.maximum(*parts)


class _Anderson(NamedTuple):
    x: Array
    step: Array  # G(x) - x
    xs: Array  # differences of x, a ring [memory, n]
    steps: Array  # differences of G(x) - x
    used: Array
    count: Array
    size: Array
    best: Array
    best_size: Array
    best_step: Array


def _anderson(image: Any, x: Array, tolerance: float, limit: int) -> tuple[Array, Array, Array]:
    """Fixed point of *image* from *x*: the best point found, its residual, the evaluations."""
    step = image(x) - x
    size = jnp.max(jnp.abs(step))
    nothing = jnp.zeros((MEMORY, x.size))
    state = _Anderson(x, step, nothing, nothing, jnp.array(0), jnp.array(1), size, x, size, step)

    def going(s: _Anderson) -> Array:
        return (s.size > tolerance) & (s.count < limit) & jnp.isfinite(s.size)

    def advance(s: _Anderson) -> _Anderson:
        gram = s.steps @ s.steps.T
        ridge = 1e-14 * jnp.trace(gram) + 1e-300
        live = jnp.arange(MEMORY) < s.used
        gram = jnp.where(live[:, None] & live[None, :], gram, 0.0) + jnp.diag(jnp.where(live, ridge, 1.0))
        weights = jnp.linalg.solve(gram, jnp.where(live, s.steps @ s.step, 0.0))
        weights = jnp.where(jnp.all(jnp.isfinite(weights)), weights, jnp.zeros_like(weights))
        x = s.x + s.step - weights @ (s.xs + s.steps)
        step = image(x) - x
        size = jnp.max(jnp.abs(step))
        worse = ~(size < 4.0 * s.best_size)  # also when not finite: go back to the best point and take a plain step
        restart = worse & (s.used > 0)
        place = s.count % MEMORY
        xs, steps = s.xs.at[place].set(x - s.x), s.steps.at[place].set(step - s.step)
        better = size < s.best_size
        best, best_size = jnp.where(better, x, s.best), jnp.where(better, size, s.best_size)
        best_step = jnp.where(better, step, s.best_step)
        used = jnp.where(restart, 0, jnp.minimum(s.used + 1, MEMORY))
        x = jnp.where(restart, s.best, x)
        step = jnp.where(restart, s.best_step, step)
        size = jnp.where(restart, s.best_size, size)
        return _Anderson(x, step, xs, steps, used, s.count + 1, size, best, best_size, best_step)

    last = jax.lax.while_loop(going, advance, state)
    return last.best, last.best_size, last.count


def _newton(image: Any, x: Array, size: Array, tolerance: float) -> tuple[Array, Array, Array]:
    """Newton's method on G(x) - x = 0, each step by GMRES on Jacobian products, halved until the residual falls."""

    def going(s: tuple[Array, Array, Array, Array]) -> Array:
        return (s[1] > tolerance) & (s[2] < NEWTON_STEPS) & s[3]

    def advance(s: tuple[Array, Array, Array, Array]) -> tuple[Array, Array, Array, Array]:
        x, size, count, _ = s
        value, tangent = jax.linearize(lambda y: image(y) - y, x)
        step, _ = gmres(tangent, -value, tol=1e-8, atol=0.0, restart=40, maxiter=5, solve_method="batched")

        def shorter(t: tuple[Array, Array]) -> Array:
            return ~(t[1] < size) & (t[0] > 1e-4)

        def halve(t: tuple[Array, Array]) -> tuple[Array, Array]:
            share = t[0] / 2
            y = x + share * step
            return share, jnp.max(jnp.abs(image(y) - y))

        whole = x + step
        share, new = jax.lax.while_loop(shorter, halve, (jnp.array(1.0), jnp.max(jnp.abs(image(whole) - whole))))
        better = new < size
        return jnp.where(better, x + share * step, x), jnp.where(better, new, size), count + 1, better

    x, size, count, _ = jax.lax.while_loop(going, advance, (x, size, jnp.array(0), jnp.array(True)))
    return x, size, count


def _solve(shape: Shape, tables: Tables, coefficients: Array, guess: Unknown, tolerance: float) -> Solved:
    flat, unravel = ravel_pytree(guess)

    def image(x: Array) -> Array:
        again, _ = period(shape, tables, coefficients, unravel(x))
        return ravel_pytree(again)[0]

    x, size, count = _anderson(image, flat, tolerance, ANDERSON_STEPS)
    x, size, more = _newton(image, x, size, tolerance)
    return Solved(unravel(x), size, count + more)


@partial(jax.jit, static_argnums=(0,))
def _solve_one(shape: Shape, tables: Tables, coefficients: Array, guess: Unknown, tolerance: float) -> Solved:
    _compiled["count"] += 1
    return _solve(shape, tables, coefficients, guess, tolerance)


@partial(jax.jit, static_argnums=(0,))
def _solve_draws(shape: Shape, tables: Tables, draws: Array, guess: Unknown, tolerance: float) -> Solved:
    _compiled["count"] += 1
    found: Solved = jax.vmap(lambda c, g: _solve(shape, tables, c, g, tolerance))(draws, guess)
    return found


@partial(jax.jit, static_argnums=(0,))
def _play(shape: Shape, tables: Tables, coefficients: Array, unknown: Unknown) -> Play:
    _compiled["count"] += 1
    return period(shape, tables, coefficients, unknown)[1]


def solve(
    shape: Shape, tables: Tables, coefficients: Any, guess: Unknown | None = None, tolerance: float = TOLERANCE
) -> Solved:
    """A Markov logit equilibrium for one vector of coefficients, from *guess* (zero if none is given).

    It has ``residual <= tolerance`` unless nothing was found; the caller checks. Which equilibrium is found depends on
    the guess: see ``search.py`` for others.
    """
    given = start(shape) if guess is None else guess
    found: Solved = _solve_one(shape, tables, jnp.asarray(coefficients, dtype=float), given, tolerance)
    return found


def solve_many(
    shape: Shape, tables: Tables, draws: Any, guess: Unknown | None = None, tolerance: float = TOLERANCE
) -> Solved:
    """As :func:`solve`, for coefficients [draws, k] in one call; a guess may be one for all or one a draw."""
    draws = jnp.asarray(draws, dtype=float)
    given = start(shape) if guess is None else guess
    if given.values.ndim == len(shape.values):
        given = jax.tree.map(lambda part: jnp.broadcast_to(part, (len(draws), *part.shape)), given)
    found: Solved = _solve_draws(shape, tables, draws, given, tolerance)
    return found


def play_at(shape: Shape, tables: Tables, coefficients: Any, unknown: Unknown) -> Play:
    """Choice probabilities and choice values at an unknown."""
    play: Play = _play(shape, tables, jnp.asarray(coefficients, dtype=float), unknown)
    return play


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def equilibrium(shape: Shape, tables: Tables, coefficients: Array, guess: Unknown) -> Unknown:
    """The equilibrium near *guess* as a function of the coefficients, with implicit derivatives.

    dx/dc = (I - G_x)^-1 G_c, by GMRES on Jacobian products, forwards and backwards (jvp and vjp). The guess and the
    tables are taken as constants.
    """
    return _solve(shape, tables, coefficients, guess, TOLERANCE).unknown


@equilibrium.defjvp  # type: ignore[untyped-decorator]
def _equilibrium_jvp(shape: Shape, primals: Any, tangents: Any) -> tuple[Unknown, Unknown]:
    tables, coefficients, guess = primals
    found = jax.lax.stop_gradient(equilibrium(shape, tables, coefficients, guess))
    flat, unravel = ravel_pytree(found)

    def image(x: Array, c: Array) -> Array:
        return ravel_pytree(period(shape, tables, c, unravel(x))[0])[0]

    _, moved = jax.jvp(lambda c: image(flat, c), (coefficients,), (tangents[1],))
    _, along = jax.linearize(lambda x: image(x, coefficients), flat)

    def system(v: Array) -> Array:
        return v - along(v)

    def solver(matvec: Any, b: Array) -> Array:
        return gmres(matvec, b, tol=1e-11, atol=0.0, restart=50, maxiter=20, solve_method="batched")[0]

    answer = jax.lax.custom_linear_solve(system, moved, solve=solver, transpose_solve=solver)
    return found, unravel(answer)
