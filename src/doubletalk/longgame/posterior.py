"""The log posterior of the coefficients and its gradient, with the equilibrium solved inside.

With x = G(x, c) the equilibrium, l(x, c) the log likelihood and p(u) the log prior, the value is the Lagrangian

    L = l(x, c) + lambda (G(x, c) - x) + p(u),      lambda = l_x + lambda G_x,

and the gradient is dL/du with x and lambda held: the implicit function theorem with one linear system, however many
coefficients. Where x and lambda are only near their solutions, L is off by the product of their two errors, so that
both may be found to a tolerance of 1e-6 and L still be right to about 1e-10. Both systems are fixed points, solved by
Anderson acceleration from a near point and, once known, along the slopes of x and lambda at the mode.

Source of the error's order: Becker and Rannacher (2001), Acta Numerica 10 (dual weighted residuals).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt
from jax.flatten_util import ravel_pytree

from doubletalk.longgame.coordinates import Coordinates
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.engine import Play, Tables, Unknown, period, start, tables_of
from doubletalk.longgame.layout import Shape
from doubletalk.longgame.likelihood import Observed, log_likelihood
from doubletalk.longgame.solving import play_at, solve

__all__ = ["Point", "Posterior", "fixed_point"]

Array: TypeAlias = Any
Floats = npt.NDArray[np.float64]

TOLERANCE = 1e-6
MOST_STEPS = 200
MEMORY = 10


@dataclass(frozen=True)
class Point:
    """One evaluation at coordinates u [d].

    value           log likelihood + log prior of u; ``slope`` [d] its gradient; ``likelihood`` the first part
    terms           [T, actors] log probabilities of what was done; ``beliefs`` [T + 1]
    x, adjoint      the equilibrium and the multipliers, flat
    residual        max |G(x) - x|; ``adjoint_residual`` the same for the multipliers
    steps           evaluations of G and of its transpose; ``good`` whether both were found and all is finite
    """

    u: Floats
    value: float
    slope: Floats
    likelihood: float
    terms: Floats
    beliefs: Floats
    x: Floats
    adjoint: Floats
    residual: float
    adjoint_residual: float
    steps: tuple[int, int]
    good: bool


def _flat(shape: Shape) -> Any:
    """The way from a flat x to an unknown."""
    return ravel_pytree(start(shape))[1]


@partial(jax.jit, static_argnums=0)
def _image(shape: Shape, tables: Tables, x: Array, c: Array) -> Array:
    return ravel_pytree(period(shape, tables, c, _flat(shape)(x))[0])[0]


@partial(jax.jit, static_argnums=0)
def _pulled(
    shape: Shape, tables: Tables, observed: Observed, belief: Array, weights: Array, x: Array, c: Array, adjoint: Array
) -> tuple[Array, ...]:
    """Log likelihood, G, terms and beliefs at (x, c), and the pullback of (1, adjoint) to x and to c."""

    def told(x: Array, c: Array) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
        again, play = period(shape, tables, c, _flat(shape)(x))
        _, terms, beliefs = log_likelihood(shape, tables, play, observed, belief)
        return ((terms * weights[:, None]).sum(), ravel_pytree(again)[0]), (terms, beliefs)

    (total, again), back, (terms, beliefs) = jax.vjp(told, x, c, has_aux=True)
    along_x, along_c = back((jnp.ones_like(total), adjoint))
    return total, again, terms, beliefs, along_x, along_c


def fixed_point(
    image: Callable[[Floats], tuple[Floats, Any]], x: Floats, tolerance: float, limit: int = MOST_STEPS
) -> tuple[Floats, Any, float, int]:
    """A fixed point by Anderson acceleration on the host: the best point, what *image* said there, residual, steps.

    *image* gives G(x) and anything else that is wanted at the point returned.
    """
    moves: list[Floats] = []
    changes: list[Floats] = []
    best_x, best_other, best_size, best_step = x, None, np.inf, np.zeros_like(x)
    last_x, last_step = x, np.zeros_like(x)
    for count in range(1, limit + 1):
        out, other = image(x)
        step = np.asarray(out) - x
        size = float(np.abs(step).max(initial=0.0))
        if not size < 4 * best_size and best_other is not None:  # also when not finite
            moves, changes = [], []
            x, last_x, last_step = best_x + best_step, best_x, best_step
            best_size = best_size if np.isfinite(size) else best_size * 1.0001
            continue
        if size < best_size:
            best_x, best_other, best_size, best_step = x, other, size, step
        if size <= tolerance:
            return x, other, size, count
        if count > 1:
            moves, changes = [*moves, x - last_x][-MEMORY:], [*changes, step - last_step][-MEMORY:]
        last_x, last_step = x, step
        x = x + step
        if changes:
            rows = np.array(changes)
            gram = rows @ rows.T
            gram[np.diag_indices_from(gram)] += 1e-14 * np.trace(gram) + 1e-300
            weights = np.linalg.solve(gram, rows @ step)
            x = x - weights @ (np.array(moves) + rows)
    return best_x, best_other, best_size, limit


class Posterior:
    """The log posterior of a game's coefficients given the first *until* periods of a record, in coordinates u [d].

    Solving starts from the point given, else from the last good one; ``slopes`` (of x and of the multipliers in u,
    [n, d]) make the start better once ``curvature`` has found them. ``count`` counts evaluations.
    """

    def __init__(self, game: LongGame, observed: Observed, points: int | None = None, until: int | None = None) -> None:
        if points is not None and len(game.stances) == 2:
            game = replace(game, points=points)
        self.game, self.observed = game, observed
        self.coordinates = Coordinates.of(game)
        self.shape, self.tables = tables_of(game)
        self.belief = jnp.asarray(float(game.belief))
        periods = len(np.asarray(observed.moves))
        self.weights = jnp.asarray((np.arange(periods) < (periods if until is None else until)).astype(float))
        self.size = sum(part.size for part in jax.tree.leaves(start(self.shape)))
        self.slopes: tuple[Floats, Floats] | None = None
        self.last: Point | None = None
        self.count = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the d coefficients."""
        return self.coordinates.names

    def __call__(
        self, u: Floats, tolerance: float = TOLERANCE, near: Point | None = None, gradient: bool = True
    ) -> Point:
        """Evaluate at *u*. Without *gradient* the multipliers are those of the start: the value is then less exact."""
        self.count += 1
        u = np.asarray(u, dtype=float)
        c = jnp.asarray(self.coordinates.all(u))
        near = near or self.last
        x, adjoint = self._start(u, near)
        x, _, size, steps = fixed_point(lambda y: (np.asarray(_image(self.shape, self.tables, y, c)), 0), x, tolerance)
        if not size <= tolerance:
            x, size = self._newton(c, x, size)
        given = (self.shape, self.tables, self.observed, self.belief, self.weights, x, c)

        def turned(y: Floats) -> tuple[Floats, Any]:
            out = _pulled(*given, y)
            return np.asarray(out[4]), (y, out)

        adjoint, other, off, more = fixed_point(turned, adjoint, 10 * tolerance, MOST_STEPS if gradient else 1)
        adjoint, (total, again, terms, beliefs, _, along) = other if other is not None else turned(0 * x)[1]
        likelihood = float(total) + float(adjoint @ (np.asarray(again) - x))
        prior, slope = self.coordinates.log_prior(u)
        slope = slope + np.asarray(along)[list(self.coordinates.places)] * self.coordinates.turning(u)
        fine = size <= tolerance * 10 and (off <= 1e3 * tolerance or not gradient) and bool(np.isfinite(slope).all())
        found = Point(u, likelihood + float(prior), slope, likelihood, np.asarray(terms), np.asarray(beliefs), x,
                      adjoint, size, off, (steps, more), fine and np.isfinite(likelihood))  # fmt: skip
        if found.good and gradient:
            self.last = found
        return found

    def _start(self, u: Floats, near: Point | None) -> tuple[Floats, Floats]:
        if near is None:
            return np.zeros(self.size), np.zeros(self.size)
        if self.slopes is None:
            return near.x, near.adjoint
        moved = u - near.u
        return near.x + self.slopes[0] @ moved, near.adjoint + self.slopes[1] @ moved

    def _newton(self, c: Array, x: Floats, size: float) -> tuple[Floats, float]:
        found = solve(self.shape, self.tables, c, self.unknown(x))
        better = float(found.residual) < size
        return (np.asarray(ravel_pytree(found.unknown)[0]), float(found.residual)) if better else (x, size)

    def unknown(self, x: Floats) -> Unknown:
        """A flat equilibrium as the solver has it."""
        found: Unknown = _flat(self.shape)(jnp.asarray(x))
        return found

    def play(self, point: Point) -> Play:
        """Choice probabilities at a point."""
        return play_at(self.shape, self.tables, self.coordinates.all(point.u), self.unknown(point.x))

    def curvature(self, mode: Point, step: float = 2e-3, tolerance: float = 1e-8) -> Floats:
        """[d, d] minus the second derivatives of the log posterior, from differences of gradients; sets ``slopes``."""
        self.slopes = None
        base = self(mode.u, tolerance, mode)
        rows, along_x, along_adjoint = [], [], []
        for k in range(len(mode.u)):
            move = np.zeros_like(mode.u)
            move[k] = step
            near = self(mode.u + move, tolerance, base)
            rows.append((base.slope - near.slope) / step)
            along_x.append((near.x - base.x) / step)
            along_adjoint.append((near.adjoint - base.adjoint) / step)
        self.slopes = np.stack(along_x, axis=1), np.stack(along_adjoint, axis=1)
        self.last = base
        matrix = np.array(rows)
        return np.asarray((matrix + matrix.T) / 2)
