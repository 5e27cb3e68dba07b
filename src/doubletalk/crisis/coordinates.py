r"""Coordinates in which the posterior is nearly normal: B's utility of resisting replaced by what its data tell.

The counts tell B's index w = barWB - CB + (VB - CB) R well and its two parts badly: raise CB and barWB together and w
hardly moves, so the likelihood has a long ridge. The ridge is curved, for R = (1 - pF)/pF depends on A's coefficients
too: along straight lines in the coefficients the log posterior falls by thousands where it should fall by four. So

    psi = theta, but  psi_barWB = P W(theta; q0),   P = (X' D X)^-1 X' D

where X are the covariates of barWB, W B's best reply at the beliefs q0 of the posterior mode and D how much each game
tells about w. W is linear in barWB's coefficients: theta_barWB = psi_barWB - P W(theta with barWB = 0; q0), whose
Jacobian is 1, so the density is the same. Then psi = mode + L z with L L' the inverse of the curvature at the mode.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from doubletalk.crisis.branch import TO_GAME, constrained
from doubletalk.crisis.design import Design
from doubletalk.crisis.full import chain_hessian
from doubletalk.crisis.reply import Game, concession_odds, game_of, indices_at
from doubletalk.crisis.tails import tails

__all__ = ["Coordinates", "coordinates_at"]

Array = NDArray[np.float64]
Terms = Callable[[Array], tuple[float, Array, Array]]
UTILITY = "barWB"
MOST_SURE = 4.0
"""Reference beliefs are kept between F(-4) and F(4), where W is moderate."""


@dataclass(frozen=True)
class Coordinates:
    """Between z (whitened) and theta (coefficients, then log odds of selection).

    q0       (games,) beliefs of the mode;  projection  P, (coefficients of barWB, games)
    centre   psi of the mode;  root  L
    """

    design: Design
    q0: Array
    projection: Array
    centre: Array
    root: Array

    def theta(self, z: Array) -> Array:
        """Parameters (k, parameters) at *z* (k, parameters)."""
        return self.placed(z, slopes=False)[0]

    def placed(self, z: Array, *, slopes: bool) -> tuple[Array, Array]:
        """Parameters at *z*, and what :meth:`pulled` needs there."""
        psi = self.centre + z @ self.root.T
        place = self.design.slices()[UTILITY]
        theta = psi.copy()
        theta[:, place] = 0.0
        shift, by = self._rest(theta, slopes=slopes)
        theta[:, place] = psi[:, place] - shift
        return theta, by

    def z(self, theta: Array) -> Array:
        """The inverse of :meth:`theta`."""
        return np.asarray(np.linalg.solve(self.root, (self.psi(theta) - self.centre).T).T)

    def psi(self, theta: Array) -> Array:
        """The coordinates before whitening."""
        place = self.design.slices()[UTILITY]
        bare = theta.copy()
        bare[:, place] = 0.0
        psi = theta.copy()
        psi[:, place] += self._rest(bare, slopes=False)[0]
        return psi

    def pulled(self, by: Array, slope: Array) -> Array:
        """Gradient in z from the gradient *slope* (k, parameters) in theta, with *by* from :meth:`placed`."""
        place = self.design.slices()[UTILITY]
        moved = slope.copy()
        moved[:, : self.design.size] -= np.einsum("kp,kpc->kc", slope[:, place], by)
        return np.asarray(moved @ self.root)

    def second(self, y: Array, terms: Terms) -> tuple[float, Array, Array]:
        """Value, gradient and Hessian in y (parameters,) of a density whose *terms* are those in theta."""
        theta, by = self.placed(y[None], slopes=True)
        value, slope, hessian = terms(theta[0])
        place = self.design.slices()[UTILITY]
        turn = np.eye(len(y))
        turn[place, : self.design.size] -= by[0]
        bend = turn.T @ hessian @ turn
        # theta bends in psi where barWB's coefficients take up the change of W
        bare = theta.copy()
        bare[:, place] = 0.0
        game = game_of(self.design.utilities(bare[0, : self.design.size]))
        weights = -(slope[place] @ self.projection)
        curve = constrained(game, self.q0, np.zeros((self.design.games, 4)), weights, 0.0)[2][:, :6, :6]
        bend[: self.design.size, : self.design.size] += chain_hessian(self.design, TO_GAME.T @ curve @ TO_GAME)
        return value, self.pulled(by, slope[None])[0], np.nan_to_num(self.root.T @ bend @ self.root)

    def _rest(self, bare: Array, *, slopes: bool) -> tuple[Array, Array]:
        """P W (k, p) where barWB is 0, and its slopes in the other coefficients (k, p, coefficients)."""
        many, games = len(bare), self.design.games
        utilities = self.design.utilities(bare[:, : self.design.size]).reshape(many * games, -1)
        value, by = _reply_at(game_of(utilities), np.tile(self.q0, many), slopes=slopes)
        shift = value.reshape(many, games) @ self.projection.T
        if not slopes:
            return shift, np.empty(0)
        place = self.design.slices()[UTILITY]
        parts = self.design.gradient(self.projection[None, :, :, None] * by.reshape(many, 1, games, 7))
        parts[:, :, place] = 0.0
        return shift, parts


def _reply_at(game: Game, q: Array, *, slopes: bool) -> tuple[Array, Array]:
    """W (rows,) and its slopes in the utilities (rows, 7), the beliefs *q* held fixed."""
    at = indices_at(game, q)
    t = tails(at.z1, at.z2, at.d)
    with np.errstate(over="ignore", invalid="ignore"):
        odds = np.minimum(np.exp(t.log_odds), 1e150)
        value = game.resist + game.stake * odds
        if not slopes:
            return np.asarray(value), np.empty(0)
        one = game.stake * odds * (t.cross_b + t.cross_s + t.hazard_s)
        two = -game.stake * odds * (t.cross_b + t.hazard_b + t.cross_s)
        by = np.stack([one + two, (one + two) * concession_odds(q), -one, -two, np.ones_like(odds), odds], axis=-1)
    return np.asarray(value), np.nan_to_num(by, nan=0.0, posinf=0.0, neginf=0.0) @ TO_GAME


def coordinates_at(
    design: Design, counts: Array, mode: Array, hessian: Array, beliefs: Array, units: Array
) -> Coordinates:
    """The coordinates around *mode*.

    hessian   of the log density in theta at the mode;  beliefs  q of every game there
    units     root of a covariance in which sizes are measured: what curves less than 0.1 in it is taken as 0.1
    """
    q0 = np.clip(beliefs, -MOST_SURE, MOST_SURE)
    block = design.blocks[UTILITY]
    # what a play tells about w: f^2 / (F (1 - F)), for those in which B had to choose
    told = counts[:, 1:].sum(axis=1) * np.exp(-q0 * q0 - np.log(2.0 * np.pi) - log_ndtr(q0) - log_ndtr(-q0))
    projection = np.linalg.pinv(np.sqrt(told)[:, None] * block) * np.sqrt(told)
    made = Coordinates(design, q0, projection, mode, np.eye(len(mode)))
    place = design.slices()[UTILITY]
    bare = mode[None].copy()
    bare[:, place] = 0.0
    turn = np.eye(len(mode))
    turn[place, : design.size] -= made._rest(bare, slopes=True)[1][0]
    curvature = -turn.T @ hessian @ turn
    values, vectors = np.linalg.eigh(_symmetric(units.T @ np.nan_to_num(curvature) @ units))
    root = (units @ vectors) / np.sqrt(np.maximum(values, 0.1))
    return Coordinates(design, q0, projection, made.psi(mode[None])[0], root)


def _symmetric(matrix: Array) -> Array:
    return np.asarray(0.5 * (matrix + matrix.T))
