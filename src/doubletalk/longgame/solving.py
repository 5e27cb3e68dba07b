"""Solving for a Markov logit equilibrium: Anderson acceleration, a Newton-Krylov finish, implicit derivatives.

Where the first two fail, damped steps and Newton's method again.

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
import numpy as np
from jax.flatten_util import ravel_pytree
from jax.scipy.sparse.linalg import gmres

from doubletalk.longgame.beliefs import belief_grid
from doubletalk.longgame.engine import (
    Play,
    Tables,
    Unknown,
    flow_payoffs,
    inside,
    outside,
    outside_play,
    period,
    round_of,
    start,
)
from doubletalk.longgame.layout import Shape

__all__ = ["Solved", "compilations", "equilibrium", "play_at", "play_of", "residual", "solve", "solve_backwards",
           "solve_many"]  # fmt: skip

Array: TypeAlias = Any

TOLERANCE = 1e-10
MEMORY = 15
ANDERSON_STEPS = 400
NEWTON_STEPS = 20
DAMPED_STEPS = 2000
DAMPED_TOLERANCE = 1e-6
SHARES = (0.5, 0.1)
"""Shares of a step that are tried, one after the other, where acceleration and Newton's method have failed."""

_compiled = {"count": 0}


def compilations() -> int:
    """How many programs have been traced and compiled since the start."""
    return _compiled["count"]


class Solved(NamedTuple):
    """An unknown with its residual max |G(x) - x| in units of the shock, and the evaluations of G that it took.

    ``play`` is what the last evaluation said, in the solver's order of axes; see :func:`play_of`.
    """

    unknown: Unknown
    residual: Any
    evaluations: Any
    play: Any = None


def residual(shape: Shape, tables: Tables, coefficients: Array, unknown: Unknown) -> Array:
    """max |G(x) - x|."""
    again, _ = period(shape, tables, coefficients, unknown)
    gaps = jax.tree.map(lambda a, b: jnp.max(jnp.abs(a - b), initial=0.0), again, unknown)
    return jnp.max(jnp.stack(jax.tree.leaves(gaps)))


class _Anderson(NamedTuple):
    """The state of the iteration: the next point, the last one kept, and the history as rings [memory, n]."""

    x: Array
    base: Array  # the last point kept
    step: Array  # G(base) - base
    images: Array  # differences of G
    steps: Array  # differences of G(x) - x
    gram: Array  # steps @ steps.T
    used: Array
    count: Array
    best: Array
    best_step: Array
    best_size: Array
    other: Any  # what else *image* said in the last evaluation


def _anderson(image: Any, x: Array, tolerance: float, limit: int, measure: Any = None) -> _Anderson:
    """Fixed point of *image*, which gives G(x) and something else, from *x*.

    ``measure`` of the something else is how far x is from one; max |G(x) - x| if not given.
    """
    nothing, zero = jnp.zeros((MEMORY, x.size)), jnp.zeros_like(x)
    other = jax.tree.map(lambda part: jnp.zeros(part.shape, part.dtype), jax.eval_shape(image, x)[1])
    state = _Anderson(x, zero, zero, nothing, nothing, jnp.zeros((MEMORY, MEMORY)), jnp.array(0), jnp.array(0), x, zero,
                      jnp.array(jnp.inf), other)  # fmt: skip

    def going(s: _Anderson) -> Array:
        return (s.best_size > tolerance) & (s.count < limit)

    def advance(s: _Anderson) -> _Anderson:
        value, other = image(s.x)
        step = value - s.x
        size = jnp.max(jnp.abs(step)) if measure is None else measure(other)
        worse = ~(size < 4.0 * s.best_size) & (s.count > 0)  # also when not finite: back to the best, plain step
        place, kept = (s.count - 1) % MEMORY, s.count > 0
        change = jnp.where(kept, step - s.step, 0.0)
        images = s.images.at[place].set(jnp.where(kept, change + s.x - s.base, 0.0))
        steps = s.steps.at[place].set(change)
        used = jnp.where(worse, 0, jnp.minimum(s.count, jnp.minimum(s.used + 1, MEMORY)))
        better = size < s.best_size
        best, best_size = jnp.where(better, s.x, s.best), jnp.where(better, size, s.best_size)
        best_step = jnp.where(better, step, s.best_step)
        base, step = jnp.where(worse, s.best, s.x), jnp.where(worse, s.best_step, step)
        products = steps @ jnp.stack([change, step], axis=1)
        gram = s.gram.at[place].set(products[:, 0]).at[:, place].set(products[:, 0])
        age = (place - jnp.arange(MEMORY)) % MEMORY
        weights = _least_squares(gram, products[:, 1], age < used)
        x = base + step - weights @ images
        return _Anderson(x, base, step, images, steps, gram, used, s.count + 1, best, best_step, best_size, other)

    last: _Anderson = jax.lax.while_loop(going, advance, state)
    return last


def _least_squares(gram: Array, right: Array, live: Array) -> Array:
    """Weights w with least |step - w steps|, over the live rows."""
    ridge = 1e-14 * jnp.where(live, jnp.diag(gram), 0.0).sum() + 1e-300
    gram = jnp.where(live[:, None] & live[None, :], gram, 0.0) + jnp.diag(jnp.where(live, ridge, 1.0))
    weights = jnp.linalg.solve(gram, jnp.where(live, right, 0.0))
    return jnp.where(jnp.all(jnp.isfinite(weights)), weights, jnp.zeros_like(weights))


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


def _map(shape: Shape, tables: Tables, coefficients: Array, guess: Unknown) -> tuple[Any, Array, Any]:
    """G over flat vectors in the solver's order of axes, the guess so, and the way back to an unknown."""
    flat, unravel = ravel_pytree(inside(shape, guess))
    flows = flow_payoffs(shape, tables, coefficients, belief_grid(shape.points))

    def image(x: Array) -> tuple[Array, Play]:
        again, play = round_of(shape, tables, flows, unravel(x))
        return ravel_pytree(again)[0], play

    return image, flat, lambda x: outside(shape, unravel(x))


def _solve(shape: Shape, tables: Tables, coefficients: Array, guess: Unknown, tolerance: float) -> Solved:
    image, flat, back = _map(shape, tables, coefficients, guess)
    end = _anderson(image, flat, tolerance, ANDERSON_STEPS)
    return Solved(back(end.best), end.best_size, end.count, end.other)


def _finish(shape: Shape, tables: Tables, coefficients: Array, found: Solved, tolerance: float) -> Solved:
    image, flat, back = _map(shape, tables, coefficients, found.unknown)
    x, size, more = _newton(lambda y: image(y)[0], flat, found.residual, tolerance)
    return Solved(back(x), size, found.evaluations + more, image(x)[1])


@partial(jax.jit, static_argnums=(0,))
def _solve_one(shape: Shape, tables: Tables, coefficients: Array, guess: Unknown, tolerance: float) -> Solved:
    _compiled["count"] += 1
    return _solve(shape, tables, coefficients, guess, tolerance)


@partial(jax.jit, static_argnums=(0,))
def _finish_one(shape: Shape, tables: Tables, coefficients: Array, found: Solved, tolerance: float) -> Solved:
    _compiled["count"] += 1
    return _finish(shape, tables, coefficients, found, tolerance)


@partial(jax.jit, static_argnums=(0,))
def _damped_one(
    shape: Shape, tables: Tables, coefficients: Array, guess: Unknown, share: float, tolerance: float
) -> Solved:
    """Plain steps of a share of G(x) - x, which bear jumps that acceleration does not, then Newton's method."""
    _compiled["count"] += 1
    image, flat, back = _map(shape, tables, coefficients, guess)

    def going(s: tuple[Array, Array, Array]) -> Array:
        return (s[1] > DAMPED_TOLERANCE) & (s[2] < DAMPED_STEPS)

    def advance(s: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
        step = image(s[0])[0] - s[0]
        return s[0] + share * step, jnp.max(jnp.abs(step)), s[2] + 1

    x, _, count = jax.lax.while_loop(going, advance, (flat, jnp.array(jnp.inf), jnp.array(0)))
    size = jnp.max(jnp.abs(image(x)[0] - x))
    x, size, more = _newton(lambda y: image(y)[0], x, size, tolerance)
    return Solved(back(x), size, count + more, image(x)[1])


def _rescued(
    shape: Shape, tables: Tables, coefficients: Array, guess: Unknown, found: Solved, tolerance: float
) -> Solved:
    """Newton's method from where acceleration stopped; where that fails, damped steps from the guess."""
    found = _finish_one(shape, tables, coefficients, found._replace(play=None), tolerance)
    for share in SHARES:
        if float(found.residual) <= tolerance:
            break
        other = _damped_one(shape, tables, coefficients, guess, share, tolerance)
        if not float(found.residual) <= float(other.residual):
            found = other._replace(evaluations=found.evaluations + other.evaluations)
    return found


@partial(jax.jit, static_argnums=(0,))
def _solve_draws(shape: Shape, tables: Tables, draws: Array, guess: Unknown, tolerance: float) -> Solved:
    _compiled["count"] += 1
    found: Solved = jax.vmap(lambda c, g: _solve(shape, tables, c, g, tolerance)._replace(play=None))(draws, guess)
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
    values = jnp.asarray(coefficients, dtype=float)
    found: Solved = _solve_one(shape, tables, values, given, tolerance)
    if not float(found.residual) <= tolerance:
        found = _rescued(shape, tables, values, given, found, tolerance)
    return found


def play_of(shape: Shape, found: Solved) -> Play:
    """Choice probabilities and choice values at what was found, as NumPy arrays; nothing is compiled.

    Of :func:`solve_backwards` with the leading axis of periods.
    """
    play = jax.tree.map(np.asarray, found.play)
    if np.ndim(found.unknown.values) == len(shape.values):
        return outside_play(shape, play)
    periods = range(len(found.unknown.values))
    by_period = [outside_play(shape, jax.tree.map(lambda part, n=n: part[n], play)) for n in periods]
    whole: Play = jax.tree.map(lambda *parts: np.stack(parts), *by_period)
    return whole


def solve_many(
    shape: Shape, tables: Tables, draws: Any, guess: Unknown | None = None, tolerance: float = TOLERANCE,
    together: bool | None = None,
) -> Solved:  # fmt: skip
    """As :func:`solve`, for coefficients [draws, k]; a guess may be one for all or one a draw; ``play`` is left out.

    ``together``: all in one vectorised call, which goes on until the slowest draw is done; else one after the other by
    the program that solves one, so that nothing more is compiled. None: together on accelerators, not on a CPU, where
    many draws do not fit the processor's memory at once and took one and a half to two times as long.
    """
    draws = jnp.asarray(draws, dtype=float)
    given = start(shape) if guess is None else guess
    single = given.values.ndim == len(shape.values)
    if not (jax.default_backend() != "cpu" if together is None else together):
        guesses = [given if single else jax.tree.map(lambda part, k=k: part[k], given) for k in range(len(draws))]
        each = [solve(shape, tables, c, g, tolerance)._replace(play=None) for c, g in zip(draws, guesses, strict=True)]
        one_by_one: Solved = jax.tree.map(lambda *parts: jnp.stack(parts), *each)
        return one_by_one
    if single:
        given = jax.tree.map(lambda part: jnp.broadcast_to(part, (len(draws), *part.shape)), given)
    found: Solved = _solve_draws(shape, tables, draws, given, tolerance)
    for k in np.flatnonzero(~(np.asarray(found.residual) <= tolerance)):
        own, guessed = (jax.tree.map(lambda part, k=k: part[k], each) for each in (found, given))
        one = _rescued(shape, tables, draws[k], guessed, own, tolerance)._replace(play=None)
        found = jax.tree.map(lambda all_, own, k=k: all_.at[k].set(own), found, one)
    return found


@partial(jax.jit, static_argnums=(0, 1))
def _backwards(shape: Shape, horizon: int, tables: Tables, coefficients: Array, tolerance: float) -> Solved:
    _compiled["count"] += 1
    flows = flow_payoffs(shape, tables, coefficients, belief_grid(shape.points))
    zero = inside(shape, start(shape))
    said, unravel = ravel_pytree((zero.ratios, zero.mixes))

    def one(carry: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], tuple[Unknown, Array, Array, Play]]:
        values, guess = carry

        def image(y: Array) -> tuple[Array, tuple[Array, Play]]:
            again, play = round_of(shape, tables, flows, Unknown(values, *unravel(y)))
            return ravel_pytree((again.ratios, again.mixes))[0], (again.values, play)

        if said.size == 0:
            now, play = image(said)[1]
            return (now, guess), (outside(shape, Unknown(now, *unravel(guess))), jnp.array(0.0), jnp.array(1), play)
        end = _anderson(image, guess, tolerance, ANDERSON_STEPS)
        now, play = end.other
        return (now, end.best), (outside(shape, Unknown(now, *unravel(end.best))), end.best_size, end.count, play)

    _, (unknown, size, count, play) = jax.lax.scan(one, (zero.values, said), None, length=horizon, reverse=True)
    return Solved(unknown, jnp.max(size), jnp.sum(count), play)


def solve_backwards(
    shape: Shape, tables: Tables, coefficients: Any, horizon: int, tolerance: float = TOLERANCE
) -> Solved:
    """A game that ends after *horizon* periods, by backward induction; nothing is paid after the last.

    All arrays have a leading axis of periods, the first period first. ``residual`` is the largest, over periods, of
    what moves say (and of what is expected of those who move at once), given the values of the next period. Where
    nobody has a stance and nobody moves at once there is nothing to iterate, and it is 0.
    """
    found: Solved = _backwards(shape, horizon, tables, jnp.asarray(coefficients, dtype=float), tolerance)
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
    flat, unravel = ravel_pytree(inside(shape, found))
    beliefs = belief_grid(shape.points)

    def image(x: Array, c: Array) -> Array:
        flows = flow_payoffs(shape, tables, c, beliefs)
        return ravel_pytree(round_of(shape, tables, flows, unravel(x))[0])[0]

    _, moved = jax.jvp(lambda c: image(flat, c), (coefficients,), (tangents[1],))
    _, along = jax.linearize(lambda x: image(x, coefficients), flat)

    def system(v: Array) -> Array:
        return v - along(v)

    def solver(matvec: Any, b: Array) -> Array:
        return gmres(matvec, b, tol=1e-11, atol=0.0, restart=50, maxiter=20, solve_method="batched")[0]

    answer = jax.lax.custom_linear_solve(system, moved, solve=solver, transpose_solve=solver)
    return found, outside(shape, unravel(answer))
