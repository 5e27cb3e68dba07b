r"""The full likelihood as a constrained problem, solved by other means than the search over equilibria.

    maximise sum_i ll_i(u_i(theta), q_i) over theta and all q_i  subject to  W_i(u_i(theta), q_i) = q_i

(Su & Judd 2012). No equilibrium is ever solved for: the q_i are free variables, and an interior-point or sequential
quadratic method of scipy brings the constraints to zero. It finds a local maximum near its start, with whichever
equilibria suit the likelihood there, and so checks the maximum under the rule 'best'.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import NonlinearConstraint, minimize

from doubletalk.crisis.branch import TO_GAME, constrained
from doubletalk.crisis.design import Design
from doubletalk.crisis.full import chain_hessian
from doubletalk.crisis.reply import game_of

__all__ = ["ConstrainedMaximum", "maximise_constrained"]

Array = NDArray[np.float64]
STEPS = 500


@dataclass(frozen=True)
class ConstrainedMaximum:
    """Coefficients, q of every game, log-likelihood, largest violation of the constraints, and how the search ended."""

    coefficients: Array
    q: Array
    value: float
    violation: float
    gradient_size: float
    steps: int
    converged: bool
    message: str


def maximise_constrained(
    design: Design, counts: Array, start: Array, q: Array, scale: Array, steps: int = STEPS
) -> ConstrainedMaximum:
    """From coefficients *start* and *q* of every game; *scale* are sizes of the coefficients (standard errors)."""
    problem = _Problem(design, counts, scale)
    games = len(q)

    def lagrangian_hessian(x: Array, multipliers: Array) -> sparse.csr_matrix:
        return problem.hessian(x, multipliers, 0.0)

    constraint = NonlinearConstraint(problem.gap, 0.0, 0.0, jac=problem.gap_jacobian, hess=lagrangian_hessian)
    found = minimize(
        problem.value,
        np.concatenate([start / scale, q]),
        jac=problem.gradient,
        hess=lambda x: problem.hessian(x, np.zeros(games), -1.0),
        method="trust-constr",
        constraints=[constraint],
        options={"maxiter": steps, "gtol": 1e-7, "xtol": 1e-12, "initial_tr_radius": 10.0},
    )
    gap = float(np.abs(problem.gap(found.x)).max())
    converged = bool(gap < 1e-7 and found.optimality < 1e-4)
    return ConstrainedMaximum(
        coefficients=found.x[: design.size] * scale,
        q=found.x[design.size :],
        value=-float(found.fun),
        violation=gap,
        gradient_size=float(found.optimality),
        steps=int(found.nit),
        converged=converged,
        message="converged" if converged else str(found.message),
    )


class _Problem:
    """The functions that scipy asks for, of x = (scaled coefficients, q)."""

    def __init__(self, design: Design, counts: Array, scale: Array) -> None:
        self.design, self.counts, self.scale = design, counts, scale

    def _at(self, x: Array, multipliers: Array | float, weight: float) -> tuple[Array, Array, Array, Array, Array]:
        game = game_of(self.design.utilities(x[: self.design.size] * self.scale))
        spread = np.broadcast_to(np.asarray(multipliers, dtype=np.float64), (self.design.games,))
        return constrained(game, x[self.design.size :], self.counts, spread, weight)

    def value(self, x: Array) -> float:
        return -float(self._at(x, 0.0, 1.0)[0].sum())

    def gradient(self, x: Array) -> Array:
        _, first, _, _, _ = self._at(x, 0.0, 1.0)
        by = self.design.jacobian(first[:, :6] @ TO_GAME).sum(axis=0) * self.scale
        return -np.concatenate([by, first[:, 6]])

    def gap(self, x: Array) -> Array:
        return self._at(x, 0.0, 1.0)[3]

    def gap_jacobian(self, x: Array) -> sparse.csr_matrix:
        _, _, _, _, by = self._at(x, 0.0, 1.0)
        dense = self.design.jacobian(by[:, :6] @ TO_GAME) * self.scale
        return sparse.hstack([sparse.csr_matrix(dense), sparse.diags(by[:, 6])]).tocsr()

    def hessian(self, x: Array, multipliers: Array, weight: float) -> sparse.csr_matrix:
        """Second derivatives of weight * ll + sum multipliers (W - q)."""
        _, _, second, _, _ = self._at(x, multipliers, weight)
        corner = chain_hessian(self.design, TO_GAME.T @ second[:, :6, :6] @ TO_GAME)
        corner = corner * self.scale[:, None] * self.scale
        side = self.design.jacobian(second[:, :6, 6] @ TO_GAME) * self.scale
        top = sparse.hstack([sparse.csr_matrix(corner), sparse.csr_matrix(side.T)])
        return sparse.vstack([top, sparse.hstack([sparse.csr_matrix(side), sparse.diags(second[:, 6, 6])])]).tocsr()
