"""The log posterior in standard normal coordinates z, around one that works in logarithms and logits.

    log p(z | y) = log p(y | c(z)) + log phi(z) + constant

The posterior inside is asked at the same coefficients; its prior is taken out and phi put in its place. Where solving
starts, along the slopes of the equilibrium in z, is decided here.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from doubletalk.lenses.whitening import whitened
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.likelihood import Observed
from doubletalk.longgame.posterior import Point, Posterior

__all__ = ["NormalPosterior"]

Floats = npt.NDArray[np.float64]

TOLERANCE = 1e-6


class NormalPosterior:
    """As :class:`~doubletalk.longgame.posterior.Posterior`, with z in the place of u; the two are used alike."""

    def __init__(self, game: LongGame, observed: Observed, points: int | None = None, until: int | None = None) -> None:
        self.inside = Posterior(game, observed, points, until)
        self.coordinates = whitened(game)
        self.slopes: tuple[Floats, Floats] | None = None
        self.last: Point | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the d coefficients."""
        return self.coordinates.names

    @property
    def count(self) -> int:
        """How many evaluations there were."""
        return self.inside.count

    def __call__(
        self, u: Floats, tolerance: float = TOLERANCE, near: Point | None = None, gradient: bool = True
    ) -> Point:
        """Evaluate at z; see the posterior inside."""
        z = np.asarray(u, dtype=float)
        at, turn = self.coordinates.inner(z)
        self.inside.slopes, self.inside.last = None, None
        found = self.inside(at, tolerance, self._begin(z, at, near or self.last), gradient)
        prior, prior_slope = self.inside.coordinates.log_prior(at)
        own, own_slope = self.coordinates.log_prior(z)
        slope = (found.slope - prior_slope) * turn + own_slope
        point = replace(found, u=z, value=found.value - float(prior) + float(own), slope=slope)
        if point.good and gradient:
            self.last = point
        return point

    def _begin(self, z: Floats, at: Floats, near: Point | None) -> Point | None:
        """A point to start from at the coordinates *at* inside: the near one, moved along the slopes."""
        if near is None:
            return None
        if self.slopes is None:
            return replace(near, u=at)
        moved = z - near.u
        return replace(near, u=at, x=near.x + self.slopes[0] @ moved, adjoint=near.adjoint + self.slopes[1] @ moved)

    def curvature(self, mode: Point, step: float = 2e-3, tolerance: float = 1e-8) -> Floats:
        """[d, d] minus the second derivatives of the log posterior, from differences of gradients; sets ``slopes``."""
        self.slopes = None
        base = self(mode.u, tolerance, mode)
        moved = [self(mode.u + step * row, tolerance, base) for row in np.eye(len(mode.u))]
        self.slopes = (
            np.stack([(near.x - base.x) / step for near in moved], axis=1),
            np.stack([(near.adjoint - base.adjoint) / step for near in moved], axis=1),
        )
        self.last = base
        matrix = np.array([(base.slope - near.slope) / step for near in moved])
        return np.asarray((matrix + matrix.T) / 2)

    def play(self, point: Point) -> Any:
        """Choice probabilities at a point."""
        return self.inside.play(replace(point, u=self.coordinates.inner(point.u)[0]))
