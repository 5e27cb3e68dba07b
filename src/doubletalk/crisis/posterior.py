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
from doubletalk.crisis.outcomes import log_probabilities
from doubletalk.crisis.prior import Prior
from doubletalk.crisis.reply import Game, game_of, indices_at
from doubletalk.crisis.ridge import Ridge, along_ridge

__all__ = ["Target", "laplace", "scores_at"]

Array = NDArray[np.float64]

STEPS, FURTHER_STEPS = 100, 30
"""Newton steps of the first start, and of further ones: who needs more is creeping along a step."""
MORE_STARTS = 12
FAR_BELOW = 300.0
"""So far below that of the mode a log posterior is beyond a step, or the integrator has failed."""
JUMP = 10.0
PARTS, KEPT, ROUNDS = (16, 4), 2, 8
DEEP = 40.0
ROWS = 8000
"""Games solved in one pass."""
FARTHEST = 1e6
"""No coefficient farther from 0 is evaluated."""


def scores_at(
    design: Design, counts: Array, parameters: Array, rule: str, guess: Array | None = None, *, slopes: bool = True
) -> tuple[Array, Array, Array]:
    """Log-likelihood (k,) and gradient (k, parameters; 0 without *slopes*) at *parameters*, all in one pass.

    The third is q of the first equilibrium of each game (k x games), which serves the next call as a *guess*.
    """
    many, size, games = len(parameters), design.size, design.games
    every = game_of(design.utilities(parameters[:, :size]).reshape(many * games, -1))
    equilibria = find_equilibria(every, guess)
    first = np.cumsum(equilibria.number()) - equilibria.number()
    chain, row = equilibria.game // games, equilibria.game % games
    gradient = np.zeros((many, parameters.shape[1]))
    if rule == "mixture":
        value, by_utility = _along(every.rows(equilibria.game), equilibria.q, counts[row], slopes)
        prior = log_shares(equilibria, parameters[chain, size:].T)
        by_game = by_game_logsumexp(equilibria, prior + value)
        posterior, share = np.exp(prior + value - by_game[equilibria.game]), np.exp(prior)
        place = place_of(equilibria)
        mixed = np.zeros((many * games, by_utility.shape[1]))
        np.add.at(mixed, equilibria.game, posterior[:, None] * by_utility)
        by_utility = mixed
        for j in (1, 2):
            gradient[:, size + j - 1] = np.bincount(chain, (posterior - share) * (place == j), many)
    else:
        played = first + equilibria.number() - 1 if rule == "highest" else first
        by_game, by_utility = _along(every, equilibria.q[played], np.tile(counts, (many, 1)), slopes)
    if slopes:
        gradient[:, :size] = design.gradient(by_utility.reshape(many, games, -1))
    return by_game.reshape(many, games).sum(axis=1), gradient, equilibria.q[first]


def _along(game: Game, q: Array, counts: Array, slopes: bool) -> tuple[Array, Array]:
    """Log-likelihood (rows,) at the equilibria *q*, and its slopes in the utilities (rows, 7), 0 without *slopes*."""
    if slopes:
        return along_slopes(game, q, counts)
    return np.asarray((counts * log_probabilities(indices_at(game, q))).sum(axis=1)), np.zeros((len(q), 7))


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
            value, slope, self.guess = scores_at(
                self.design, self.counts, theta, self.rule, guess, slopes=slopes
            )
            value = value + self.prior.log_density(theta) + jacobian
            if slopes:
                slope = self.coordinates.pulled(by, slope - theta @ self.prior.precision)
                slope = slope if self.ridge is None else self.ridge.pulled(bent, slope)
        bad |= ~np.isfinite(value) | ~np.isfinite(slope).all(axis=1)
        return np.where(bad, -1e10, value), np.where(bad[:, None], 0.0, slope)

    def steps_between(self, good: Array, bad: Array) -> NDArray[np.bool_]:
        """Whether the log posterior jumps down by JUMP or more on the lines from *good* to *bad*, both (lines, size).

        Every line is cut into the first of PARTS, then its KEPT parts with the largest falls into the second, ROUNDS
        times: at a millionth of the line a smooth density hardly falls, a step is as high as ever. Only falls to DEEP
        below *good* count: no trajectory climbs down farther before the step at which it ends.
        """
        lines, size = good.shape
        if not lines:
            return np.zeros(0, dtype=bool)
        low, high = good[:, None], bad[:, None]
        floor = self.values(good) - DEEP
        every = np.arange(lines)[:, None]
        for parts in (PARTS[0], *(PARTS[1],) * ROUNDS):
            share = np.linspace(0.0, 1.0, parts + 1)[:, None]
            points = low[:, :, None] + share * (high - low)[:, :, None]
            value = np.maximum(self.values(points.reshape(-1, size)).reshape(points.shape[:3]), floor[:, None, None])
            falls = -np.diff(value, axis=2).reshape(lines, -1)
            chosen = np.argsort(falls, axis=1)[:, -KEPT:]
            part, place = chosen // parts, chosen % parts
            low, high = points[every, part, place], points[every, part, place + 1]
        return np.asarray(falls.max(axis=1) > JUMP)

    def values(self, z: Array) -> Array:
        """The log posterior of many places, in batches."""
        parts = np.array_split(z, max(1, len(z) * self.design.games // ROWS))
        return np.concatenate([self.log_posterior(part, slopes=False)[0] for part in parts])

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
        allowed = (STEPS, FURTHER_STEPS)
        ends = [maximise(terms_at, one, tolerance=1e-6, steps=n) for one, n in zip(begin, allowed, strict=False)]
        generator = np.random.default_rng(len(start))
        for _ in range(MORE_STARTS):
            if any(end.converged for end in ends):
                break
            ends.append(maximise(terms_at, prior.drawn(generator), tolerance=1e-6, steps=FURTHER_STEPS))
        found = max(ends, key=lambda end: (end.converged, end.value))
        terms = full_terms(design, counts, found.point, rule)
        q0 = terms.equilibria.q[terms.chosen]
        made = coordinates_at(design, counts, found.point, found.hessian, q0, prior.root)
        ridge = along_ridge(lambda y: made.second(y, terms_at), len(start))
    return Target(design, counts, rule, prior, found.point, made, ridge, found.value)
