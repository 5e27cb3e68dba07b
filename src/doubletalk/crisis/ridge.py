r"""A posterior straightened along its longest axis: conditional modes and curvatures, interpolated, and normal scores.

In the whitened coordinates y the first axis is the one along which the posterior is widest, and there it is far from
normal: one side falls slowly, the modes of the others given t = y_1 lie on a curve, and how widely the others spread
about it changes with t. So the others are measured from their mode given t in their own spread there, and t by the
normal scores of its Laplace marginal:

    m(t) = argmax_x log p(t, x),   L(t) L(t)' = (-d^2 log p / dx dx')^-1 at m(t)
    log p(t) = log p(t, m(t)) + log det L(t),   t = g(u) with F(u) = P(T <= t)
    y = (g(u), m(t) + L(t) v),   log |dy/d(u, v)| = log g'(u) + log det L(t)

m, the entries of L (logarithms on the diagonal) and g are natural cubic splines through nodes on the axis, straight
lines beyond them. Whatever the splines, the map is smooth, one to one, and its Jacobian exact: they decide how fast a
sampler moves, not what it draws. Where the posterior is normal the map is the identity.
The Laplace marginal is that of Tierney & Kadane (1986), JASA 81.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.special import ndtri

__all__ = ["Ridge", "along_ridge"]

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array, Array]]

STEPS = (0.1, 0.4, 1.0)
"""Smallest, first and largest step between nodes."""
FALL = (0.3, 1.0)
"""The next step is longer where the marginal fell by less than the first, shorter where by more than the second."""
DEEP = 12.0
"""The walk ends where the log marginal is so far below its highest."""
FARTHEST = 15.0
FEWEST, MOST = 5, 20
"""Fewest nodes in all, and most on one side: beside a step of the density the walk creeps."""
CLIMB, HALVINGS = 15, 5
"""Most Newton steps to a conditional mode, and most halvings of one."""
NEAR = 1e-3
"""A conditional mode is reached where no slope is larger: coordinates are whitened, so that is its error too."""
FLATTEST = 0.02
"""Curvature below this is taken as this in a Newton step."""
SCORES = np.linspace(-3.6, 3.6, 37)


@dataclass(frozen=True)
class _Line:
    """A natural cubic spline, straight beyond its ends."""

    spline: CubicSpline

    def __call__(self, at: Array) -> tuple[Array, Array, Array]:
        """Value, first and second derivative at *at* (k,)."""
        inside = np.clip(at, self.spline.x[0], self.spline.x[-1])
        value, first, second = (np.asarray(self.spline(inside, order)) for order in (0, 1, 2))
        over = (at - inside).reshape(-1, *(1,) * (value.ndim - 1))
        return value + over * first, first, np.where(over == 0.0, second, 0.0)


@dataclass(frozen=True)
class Ridge:
    """The map from z = (u, v) to y.

    centre  m(t);  root  the lower triangle of L(t), logarithms on its diagonal;  score  g
    nodes   at how many points of the axis the conditional modes were found
    """

    centre: _Line
    root: _Line
    score: _Line
    nodes: int

    def placed(self, z: Array) -> tuple[Array, Array, tuple[Array, ...]]:
        """y (k, size) and the log Jacobian (k,) at *z* (k, size), and what :meth:`pulled` needs there."""
        u, v = z[:, 0], z[:, 1:]
        t, g1, g2 = self.score(u)
        middle, middle1, _ = self.centre(t)
        packed, packed1, _ = self.root(t)
        root, root1, logs, logs1 = _unpacked(packed, packed1, v.shape[1])
        y = np.column_stack([t, middle + np.einsum("kij,kj->ki", root, v)])
        along = middle1 + np.einsum("kij,kj->ki", root1, v)
        return y, np.log(g1) + logs, (root, along, g1, g2 / g1 + g1 * logs1)

    def pulled(self, by: tuple[Array, ...], slope: Array) -> Array:
        """Gradient in z of a log density with gradient *slope* (k, size) in y, that of the log Jacobian included."""
        root, along, g1, extra = by
        first = g1 * (slope[:, 0] + np.einsum("ki,ki->k", along, slope[:, 1:])) + extra
        return np.column_stack([first, np.einsum("kij,ki->kj", root, slope[:, 1:])])


def _unpacked(packed: Array, packed1: Array, size: int) -> tuple[Array, Array, Array, Array]:
    """L (k, size, size), its slope in t, log det L (k,) and its slope."""
    row, column = np.tril_indices(size)
    diagonal = row == column
    entries = np.where(diagonal, np.exp(packed), packed)
    root = np.zeros((len(packed), size, size))
    root1 = np.zeros_like(root)
    root[:, row, column] = entries
    root1[:, row, column] = np.where(diagonal, entries * packed1, packed1)
    return root, root1, packed[:, diagonal].sum(axis=1), packed1[:, diagonal].sum(axis=1)


def along_ridge(objective: Objective, size: int) -> Ridge | None:
    """The ridge of a log density that is given in y with gradient and Hessian and has its mode at 0.

    None where fewer than FEWEST conditional modes are found, or their marginal has no normal scores.
    """
    if size < 2:
        return None
    begin = _node(objective, 0.0, np.zeros(size - 1))
    if begin is None:
        return None
    nodes = [begin]
    for sign in (1.0, -1.0):
        nodes += _walk(objective, begin, sign)
    if len(nodes) < FEWEST:
        return None
    nodes.sort(key=lambda node: node.t)
    t = np.array([node.t for node in nodes])
    score = _scores(t, np.array([node.marginal for node in nodes]))
    if score is None:
        return None
    row, column = np.tril_indices(size - 1)
    packed = np.stack([node.root[row, column] for node in nodes])
    packed = np.where(row == column, np.log(np.where(row == column, packed, 1.0)), packed)
    return Ridge(_line(t, np.stack([node.centre for node in nodes])), _line(t, packed), score, len(nodes))


@dataclass(frozen=True)
class _Node:
    """A point t of the axis: mode of the others, root of their covariance, log of the Laplace marginal."""

    t: float
    centre: Array
    root: Array
    marginal: float


def _node(objective: Objective, t: float, begin: Array) -> _Node | None:
    """The conditional mode at *t* near *begin*; None where there is none or it is not one."""

    def given(x: Array) -> tuple[float, Array, Array]:
        value, slope, hessian = objective(np.concatenate([[t], x]))
        return value, slope[1:], hessian[1:, 1:]

    found = _climb(given, begin)
    if found is None:
        return None
    point, value, hessian = found
    try:
        root = np.linalg.cholesky(np.linalg.inv(-hessian))
    except np.linalg.LinAlgError:
        return None
    return _Node(t, point, root, value + float(np.log(np.diag(root)).sum()))


def _climb(objective: Objective, begin: Array) -> tuple[Array, float, Array] | None:
    """The mode by Newton's method from a point near it, its value and Hessian; None where it is not reached soon."""
    point = begin
    value, slope, hessian = objective(point)
    for _ in range(CLIMB):
        if not (np.isfinite(value) and np.isfinite(slope).all() and np.isfinite(hessian).all()):
            return None
        if np.abs(slope).max(initial=0.0) < NEAR:
            return point, value, hessian
        values, vectors = np.linalg.eigh(-hessian)
        step = vectors @ ((vectors.T @ slope) / np.maximum(values, FLATTEST))
        for _ in range(HALVINGS):
            tried = objective(point + step)
            if tried[0] >= value - 1e-9:
                break
            step = 0.5 * step
        else:
            return None
        point, (value, slope, hessian) = point + step, tried
    return None


def _walk(objective: Objective, begin: _Node, sign: float) -> list[_Node]:
    """Nodes from 0 outwards."""
    smallest, step, largest = STEPS
    nodes, highest = [begin], begin.marginal
    while len(nodes) <= MOST and abs(nodes[-1].t) < FARTHEST and nodes[-1].marginal > highest - DEEP:
        last = nodes[-1]
        t = last.t + sign * step
        guess = last.centre
        if len(nodes) > 1:
            before = nodes[-2]
            guess = guess + (last.centre - before.centre) * (t - last.t) / (last.t - before.t)
        new = _node(objective, t, guess)
        if new is None or abs(new.marginal - last.marginal) > 3.0 * FALL[1]:
            step /= 3.0
            if step < smallest:
                break
            continue
        fell = abs(new.marginal - last.marginal)
        step = min(1.5 * step, largest) if fell < FALL[0] else max(step / 1.5, smallest) if fell > FALL[1] else step
        nodes.append(new)
        highest = max(highest, new.marginal)
    return nodes[1:]


def _line(t: Array, values: Array) -> _Line:
    return _Line(CubicSpline(t, values, axis=0, bc_type="natural"))


def _scores(t: Array, marginal: Array) -> _Line | None:
    """g, from normal scores to the axis, for the density exp(marginal), an exponential beyond the nodes."""
    log_density = _line(t, marginal - marginal.max())
    reach = []
    for end, inward in ((t[0], 1.0), (t[-1], -1.0)):
        slope = float(log_density(np.array([end]))[1][0]) * inward
        if slope <= 0.0 and float(log_density(np.array([end]))[0][0]) > -2.0:
            return None
        reach.append(min(10.0 / max(slope, 0.1), FARTHEST))
    fine = np.linspace(t[0] - reach[0], t[-1] + reach[1], 8001)
    density = np.exp(log_density(fine)[0])
    mass = np.concatenate([[0.0], np.cumsum(0.5 * (density[1:] + density[:-1]) * np.diff(fine))])
    mass /= mass[-1]
    inner = (mass > 1e-6) & (mass < 1.0 - 1e-6)
    places = np.interp(SCORES, ndtri(mass[inner]), fine[inner])
    made = _line(SCORES, places)
    if not (made(np.linspace(-4.0, 4.0, 801))[1] > 0.0).all():
        return None
    return made
