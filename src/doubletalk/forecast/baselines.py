"""Forecasters that know no game: base rates, a first-order Markov chain, a multinomial logit.

Each is fitted to a history and gives, for every actor, the distribution of its move 1, ..., H periods ahead. All are
exact given their estimates: no simulation. Shares are smoothed so that no move is ruled out for never having been seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from doubletalk.errors import DoubletalkError
from doubletalk.forecast.history import History

__all__ = ["BaseRates", "Forecaster", "MarkovChain", "MultinomialLogit"]

Floats = npt.NDArray[np.float64]
MOST_JOINT_MOVES = 4096


class Forecaster(Protocol):
    """Anything that can be fitted to a history and asked for the periods after it."""

    @property
    def name(self) -> str:
        """What tables call it."""

    def forecast(self, history: History, horizon: int, covariates: Floats) -> tuple[Floats, ...]:
        """One array per actor, shape (horizon, moves of the actor), rows summing to 1.

        ``covariates`` has shape (horizon, C): what is known in advance of the periods to come.
        """


@dataclass(frozen=True)
class BaseRates:
    """Every period like the average past one: ``p_k = (n_k + pseudo / K) / (n + pseudo)``, K moves."""

    pseudo: float = 1.0
    name: str = "base rates"

    def forecast(self, history: History, horizon: int, covariates: Floats) -> tuple[Floats, ...]:
        """The smoothed shares of each actor's moves, repeated for every period ahead."""
        return tuple(
            np.tile(_shares(history.chosen[:, a], len(moves), self.pseudo), (horizon, 1))
            for a, moves in enumerate(history.moves)
        )


@dataclass(frozen=True)
class MarkovChain:
    """Each actor's move depends on its own last one; rows are smoothed towards the base rates by ``pseudo`` counts."""

    pseudo: float = 1.0
    name: str = "Markov chain"

    def forecast(self, history: History, horizon: int, covariates: Floats) -> tuple[Floats, ...]:
        """The chain's distributions 1, ..., horizon periods ahead of the last move seen."""
        return tuple(self._one(history.chosen[:, a], len(moves), horizon) for a, moves in enumerate(history.moves))

    def _one(self, moves: npt.NDArray[np.int64], size: int, horizon: int) -> Floats:
        base = _shares(moves, size, self.pseudo)
        counts = np.zeros((size, size))
        np.add.at(counts, (moves[:-1], moves[1:]), 1)
        chain = (counts + self.pseudo * base) / (counts.sum(axis=1, keepdims=True) + self.pseudo)
        now = np.eye(size)[moves[-1]] if len(moves) else base
        ahead = []
        for _ in range(horizon):
            now = now @ chain
            ahead.append(now)
        return np.array(ahead)


@dataclass(frozen=True)
class MultinomialLogit:
    """Each actor's move is logit in every actor's last move and this period's covariates.

    Maximises ``sum_t ln softmax(x_t B)_{y_t} - ridge/2 sum B^2`` (intercepts unpenalised but for a small 1e-3), x being
    indicators of the last moves, covariates and a 1. Several periods ahead, the joint distribution of the last moves is
    carried forward exactly, actors being independent given it.
    """

    ridge: float = 1.0
    name: str = "multinomial logit"

    def forecast(self, history: History, horizon: int, covariates: Floats) -> tuple[Floats, ...]:
        """The distributions 1, ..., horizon periods ahead, exact given the coefficients."""
        sizes = [len(moves) for moves in history.moves]
        joint = int(np.prod(sizes))
        if joint > MOST_JOINT_MOVES:
            raise DoubletalkError(
                f"the multinomial logit carries joint moves: {joint} of them, more than {MOST_JOINT_MOVES}"
            )
        last = np.indices(sizes).reshape(len(sizes), joint).T
        weights = [self._fit(history, a) for a in range(len(sizes))]
        now = np.zeros(joint)
        now[np.ravel_multi_index(tuple(history.chosen[-1]), sizes)] = 1
        ahead: list[list[Floats]] = [[] for _ in sizes]
        for step in range(horizon):
            design = _design(last, sizes, np.tile(covariates[step], (joint, 1)))
            by_actor = [softmax(design @ weight, axis=1) for weight in weights]
            for a, chosen in enumerate(by_actor):
                ahead[a].append(now @ chosen)
            now = _joint(now, by_actor)
        return tuple(np.array(rows) for rows in ahead)

    def _fit(self, history: History, actor: int) -> Floats:
        sizes = [len(moves) for moves in history.moves]
        design = _design(history.chosen[:-1], sizes, history.covariates[1:])
        made = history.chosen[1:, actor]
        size, columns = sizes[actor], design.shape[1]
        penalty = np.full((columns, 1), self.ridge)
        penalty[-1] = min(self.ridge, 1e-3)
        happened = np.eye(size)[made]

        def objective(flat: Floats) -> tuple[float, Floats]:
            weight = flat.reshape(columns, size)
            logs = log_softmax(design @ weight, axis=1)
            value = -float((logs * happened).sum()) + 0.5 * float((penalty * weight**2).sum())
            slope = design.T @ (np.exp(logs) - happened) + penalty * weight
            return value, slope.ravel()

        found = minimize(
            objective, np.zeros(columns * size), jac=True, method="L-BFGS-B", options={"maxiter": 2000, "gtol": 1e-7}
        )
        return np.asarray(found.x, dtype=np.float64).reshape(columns, size)


def _shares(moves: npt.NDArray[np.int64], size: int, pseudo: float) -> Floats:
    counts = np.bincount(moves, minlength=size) + pseudo / size
    return np.asarray(counts / counts.sum(), dtype=np.float64)


def _design(last: npt.NDArray[np.int64], sizes: list[int], covariates: Floats) -> Floats:
    """Rows of indicators of the last moves, the covariates, and a 1."""
    parts = [np.eye(size)[last[:, a]] for a, size in enumerate(sizes)]
    return np.hstack([*parts, covariates, np.ones((len(last), 1))])


def _joint(now: Floats, by_actor: list[Floats]) -> Floats:
    """The distribution of this period's joint move from that of the last one, moves being independent given it."""
    table = now[:, None]
    for chosen in by_actor:
        table = (table[:, :, None] * chosen[:, None, :]).reshape(len(now), -1)
    return np.asarray(table.sum(axis=0), dtype=np.float64)
