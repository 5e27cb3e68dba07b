"""The log posterior of a game's coefficients given a record, at one point after the other, each from the one before.

The value is a Lagrangian and the equilibrium is inside, see ``density.py``. Solving starts at a near point and, once
``curvature`` has found them, goes along the slopes of the equilibrium and the multipliers at the mode.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from doubletalk.longgame.coordinates import Coordinates
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.density import MOST_RESIDUAL, Problem, Start, evaluated, flat, outward
from doubletalk.longgame.engine import Play, Tables, Unknown, start, tables_of
from doubletalk.longgame.likelihood import Observed
from doubletalk.longgame.simulate import simulate
from doubletalk.longgame.solving import play_at, solve

__all__ = ["Point", "Posterior"]

Array: TypeAlias = Any
Floats = npt.NDArray[np.float64]

TOLERANCE = 1e-6
MOST_STEPS = 200


@dataclass(frozen=True)
class Point:
    """One evaluation at coordinates u [d].

    value           log likelihood + log prior of u; ``slope`` [d] its gradient; ``likelihood`` the first part
    terms           [T, actors] log probabilities of what was done; ``beliefs`` [T + 1]
    x, adjoint      the equilibrium and the multipliers, flat, in the solver's order of axes
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


class Posterior:
    """The log posterior of a game's coefficients given the first *until* periods of a record, in coordinates u [d].

    Solving starts from the point given, else from the last good one; ``slopes`` (of x and of the multipliers in u,
    [n, d]) make the start better once ``curvature`` has found them. ``count`` counts evaluations.
    """

    def __init__(
        self, game: LongGame, observed: Observed, points: int | None = None, until: int | None = None
    ) -> None:
        if points is not None and len(game.stances) == 2:
            game = replace(game, points=points)
        self.game, self.observed = game, observed
        self.coordinates = Coordinates.of(game)
        self.shape, self.tables = tables_of(game)
        periods = len(np.asarray(observed.moves))
        counted = (np.arange(periods) < (periods if until is None else until)).astype(float)
        self.problem = Problem(self.tables, observed, jnp.asarray(counted), self.coordinates.density)
        self.size = sum(part.size for part in jax.tree.leaves(start(self.shape)))
        self.slopes: tuple[Floats, Floats] | None = None
        self.last: Point | None = None
        self.count = 0

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the d coefficients."""
        return self.coordinates.names

    def __call__(
        self, u: Floats, tolerance: float = TOLERANCE, near: Point | None = None, gradient: bool = True,
        rescue: bool | None = None, along: bool = True,
    ) -> Point:  # fmt: skip
        """Evaluate at *u*, beginning at a near point, and going *along* the slopes from it where they are known.

        Without *gradient* the multipliers are those of the start and there is no slope. *rescue*: where acceleration
        fails Newton's method is tried (the default with *gradient*); else play counts that is within
        ``density.MOST_RESIDUAL`` of an equilibrium, as it does for the sampler.
        """
        rescue = gradient if rescue is None else rescue
        self.count += 1
        u = np.asarray(u, dtype=float)
        begin = self.begin(near or self.last, u, along)
        found = self._told(begin, u, tolerance, gradient)
        if rescue and not float(found.residual) <= tolerance:
            x = self._newton(u, found.x)
            found = self._told(begin._replace(u=u, x=x), u, tolerance, gradient)
        size, off = float(found.residual), float(found.adjoint_residual)
        value, slope = float(found.value), np.asarray(found.slope)
        fine = size <= (tolerance * 10 if rescue else MOST_RESIDUAL) and np.isfinite(value)
        if gradient:
            fine = fine and off <= 1e3 * tolerance and bool(np.isfinite(slope).all())
        point = Point(u, value, slope, float(found.likelihood), np.asarray(found.terms), np.asarray(found.beliefs),
                      np.asarray(found.x), np.asarray(found.adjoint), size, off, (int(found.steps), int(found.more)),
                      bool(fine))  # fmt: skip
        if point.good and gradient:
            self.last = point
        return point

    def _told(self, begin: Start, u: Floats, tolerance: float, gradient: bool) -> Any:
        steps = MOST_STEPS if gradient else MOST_STEPS // 2
        return evaluated(self.shape, self.problem, begin, u, tolerance, steps, gradient)

    def begin(self, near: Point | None, u: Floats, along: bool = True) -> Start:
        """A start at a point, with the slopes where they are known and wanted (*along*); zeros without a point."""
        nothing = np.zeros(self.size)
        if near is None:
            return Start(u, nothing, nothing, *self._no_slopes)
        slopes = self.slopes if self.slopes is not None and along else self._no_slopes
        return Start(near.u, near.x, near.adjoint, *slopes)

    @property
    def _no_slopes(self) -> tuple[Floats, Floats]:
        nothing = np.zeros((self.size, len(self.coordinates.names)))
        return nothing, nothing

    def _newton(self, u: Floats, x: Array) -> Array:
        found = solve(self.shape, self.tables_at(u), self.coordinates.all(u), outward(self.shape, x))
        return flat(self.shape, found.unknown)

    def tables_at(self, u: Floats) -> Tables:
        """The tables with the chances of leaving a stance that *u* gives."""
        if self.shape.informed < 0:
            return self.tables
        return self.tables._replace(hazard=jnp.asarray(self.coordinates.whole(u)[-2:]))

    def unknown(self, x: Floats) -> Unknown:
        """A flat equilibrium as the solver has it."""
        found: Unknown = outward(self.shape, jnp.asarray(x))
        return found

    def play(self, point: Point) -> Play:
        """Choice probabilities at a point."""
        return play_at(self.shape, self.tables_at(point.u), self.coordinates.all(point.u), self.unknown(point.x))

    def replicate(self, u: Floats, play: Play, seed: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """A simulated record as long as the real one, from its first levels: [T, variables] and moves [T, actors]."""
        record = np.asarray(self.observed.levels)
        run = simulate(
            self.game, self.tables_at(u), play, paths=1, periods=len(record), seed=seed,
            start=tuple(int(level) for level in record[0]), belief=float(self.coordinates.whole(u)[-3]),
        )  # fmt: skip
        return run.levels[:-1, 0].astype(np.int8), run.moves[:, 0].astype(np.int16)

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
