"""The log posterior of the full likelihood in whitened coordinates, its mode, and the Laplace approximation there.

Three maps lead from z to the parameters: :mod:`doubletalk.crisis.ridge` from z to y, the whitening from y to psi and
the shift from psi to theta of :mod:`doubletalk.crisis.coordinates`. The density in z has the Jacobian of the first (the
others' is constant).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.branch import along_slopes
from doubletalk.crisis.coordinates import Coordinates, coordinates_at
from doubletalk.crisis.design import Design
from doubletalk.crisis.equilibria import find_equilibria
from doubletalk.crisis.full import by_game_logsumexp, full_terms, log_shares, place_of
from doubletalk.crisis.optimise import maximise
from doubletalk.crisis.prior import Prior
from doubletalk.crisis.reply import game_of
from doubletalk.crisis.ridge import Ridge, along_ridge

__all__ = ["Target", "laplace", "scores_at"]

Array = NDArray[np.float64]

STEPS = 100
MORE_STARTS = 12
FAR_BELOW = 300.0
"""So far below that of the mode a log posterior is beyond a step, or the integrator has failed."""
JUMP = 10.0
PARTS, ROUNDS = 16, 5
FARTHEST = 1e6
"""No coefficient farther from 0 is evaluated."""


def scores_at(
    design: Design, counts: Array, parameters: Array, rule: str, guess: Array | None = None
) -> tuple[Array, Array, Array]:
    """Log-likelihood (k,) and gradient (k, parameters) at *parameters* (k, parameters), all in one pass.

    The third is q of the first equilibrium of each game (k x games), which serves the next call as a *guess*.
    """
    many, size, games = len(parameters), design.size, design.games
    utilities = np.concatenate([design.utilities(one[:size]) for one in parameters])
    every = game_of(utilities)
    equilibria = find_equilibria(every, guess)
    first = np.cumsum(equilibria.number()) - equilibria.number()
    chain, row = equilibria.game // games, equilibria.game % games
    gradient = np.zeros((many, parameters.shape[1]))
    if rule == "mixture":
        value, by_utility = along_slopes(every.rows(equilibria.game), equilibria.q, counts[row])
        prior = log_shares(equilibria, parameters[chain, size:].T)
        by_game = by_game_logsumexp(equilibria, prior + value)
        posterior, share = np.exp(prior + value - by_game[equilibria.game]), np.exp(prior)
        place = place_of(equilibria)
        slopes = np.zeros((many * games, by_utility.shape[1]))
        np.add.at(slopes, equilibria.game, posterior[:, None] * by_utility)
        for j in (1, 2):
            gradient[:, size + j - 1] = np.bincount(chain, (posterior - share) * (place == j), many)
    else:
        played = first + equilibria.number() - 1 if rule == "highest" else first
        by_game, slopes = along_slopes(every, equilibria.q[played], np.tile(counts, (many, 1)))
    for k in range(many):
        gradient[k, :size] = design.jacobian(slopes[k * games : (k + 1) * games]).sum(axis=0)
    return by_game.reshape(many, games).sum(axis=1), gradient, equilibria.q[first]


@dataclass(eq=False)
class Target:
    """Log posterior in whitened coordinates, evaluated by numpy for all chains at once; Laplace approximation N(0, I).

    ridge   None where the posterior has no ridge to straighten: then y = z
    highest the log posterior of the mode, without the Jacobian of the ridge
    """

    design: Design
    counts: Array
    rule: str
    prior: Prior
    mode: Array
    coordinates: Coordinates
    ridge: Ridge | None = None
    highest: float = 0.0
    evaluations: int = 0
    guess: Array | None = None

    @property
    def floor(self) -> float:
        """A log posterior that no draw has."""
        return self.highest - FAR_BELOW

    def theta(self, z: Array) -> Array:
        """Parameters at *z* (..., parameters)."""
        flat = z.reshape(-1, z.shape[-1])
        y = flat if self.ridge is None else self.ridge.placed(flat)[0]
        return self.coordinates.theta(y).reshape(z.shape)

    def log_posterior(self, z: Array, *, slopes: bool = True) -> tuple[Array, Array]:
        """Log posterior (k,), up to a constant, and (0 without *slopes*) its gradient at *z* (k, parameters)."""
        self.evaluations += 1
        with np.errstate(all="ignore"):
            y, jacobian, bent = (z, 0.0, ()) if self.ridge is None else self.ridge.placed(z)
            theta, by = self.coordinates.placed(y, slopes=slopes)
            bad = ~np.isfinite(theta).all(axis=1) | (np.abs(theta).max(axis=1) > FARTHEST)
            theta[bad] = self.mode
            many = len(theta) * self.design.games
            guess = self.guess if self.guess is not None and len(self.guess) == many else None
            value, slope, self.guess = scores_at(self.design, self.counts, theta, self.rule, guess)
            value = value + self.prior.log_density(theta) + jacobian
            slope = slope - theta @ self.prior.precision
            slope = self.coordinates.pulled(by, slope) if slopes else np.zeros_like(slope)
            if self.ridge is not None and slopes:
                slope = self.ridge.pulled(bent, slope)
        bad |= ~np.isfinite(value) | ~np.isfinite(slope).all(axis=1)
        return np.where(bad, -1e10, value), np.where(bad[:, None], 0.0, slope)

    def step_between(self, good: Array, bad: Array) -> bool:
        """Whether the log posterior jumps down by JUMP or more somewhere on the line from *good* to *bad*.

        The line is cut into PARTS, then the part with the largest fall again, ROUNDS times in all: at a millionth of
        the line a smooth density hardly falls, a step is as high as ever.
        """
        ends = np.stack([good, bad])
        share = np.linspace(0.0, 1.0, PARTS + 1)[:, None]
        fall = 0.0
        for _ in range(ROUNDS):
            points = ends[0] + share * (ends[1] - ends[0])
            falls = -np.diff(np.maximum(self.log_posterior(points, slopes=False)[0], self.floor - FAR_BELOW))
            place = int(np.argmax(falls))
            fall, ends = float(falls[place]), points[place : place + 2]
        return fall > JUMP

    def __call__(self, z: Any) -> tuple[Array, Array]:
        """Minus the log posterior and minus its gradient at *z* (parameters,) or (chains, parameters)."""
        value, slope = self.log_posterior(np.atleast_2d(np.asarray(z, dtype=np.float64)))
        shape = np.shape(z)
        return -value.reshape(shape[:-1]), -slope.reshape(shape)


def laplace(design: Design, counts: Array, rule: str, prior: Prior, start: Array) -> Target:
    """The highest of the modes reached from *start* and from 0, and coordinates in which its surroundings are normal.

    Where neither ends at a mode, but beside a step, up to MORE_STARTS draws from the prior are climbed from as well.
    """

    def terms_at(theta: Array) -> tuple[float, Array, Array]:
        terms = full_terms(design, counts, theta, rule)
        hessian = np.nan_to_num(terms.hessian, nan=0.0, posinf=0.0, neginf=0.0) - prior.precision
        slope = terms.scores.sum(axis=0) - prior.precision @ theta
        return terms.value + float(prior.log_density(theta)), slope, hessian

    with np.errstate(all="ignore"):
        begin = [np.zeros(len(start))]
        if np.abs(prior.whitener @ start).max(initial=0.0) < 6.0:
            begin.insert(0, start)
        ends = [maximise(terms_at, one, tolerance=1e-6, steps=STEPS) for one in begin]
        generator = np.random.default_rng(len(start))
        for _ in range(MORE_STARTS):
            if any(end.converged for end in ends):
                break
            ends.append(maximise(terms_at, prior.drawn(generator), tolerance=1e-6, steps=STEPS))
        found = max(ends, key=lambda end: (end.converged, end.value))
        terms = full_terms(design, counts, found.point, rule)
        q0 = terms.equilibria.q[terms.chosen]
        made = coordinates_at(design, counts, found.point, found.hessian, q0, prior.root)
        ridge = along_ridge(lambda y: made.second(y, terms_at), len(start))
    return Target(design, counts, rule, prior, found.point, made, ridge, found.value)
