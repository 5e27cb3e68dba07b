"""The long game's forecast: probabilities of every move and level in each period ahead, with two kinds of error.

With draws d of the coefficients, weights w_d, and p_d the probability under draw d (from simulated paths),

    p = sum_d w_d p_d,        Monte-Carlo error^2 = sum_d w_d^2 (p_d - p)^2,

which holds the noise of the paths as well. The *band* is the weighted 5 and 95 % quantiles of p_d: how far the
coefficients, not chance in the game, leave the probability open. The noise of the paths is taken out of it: deviations
are shrunk by sqrt(1 - noise / variance), both measured.

Source of the error: Geweke (1989), Econometrica 57, theorem 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from doubletalk.errors import InputError
from doubletalk.forecast.draws import Draws, Standing
from doubletalk.forecast.paths import Ahead, Beginning, look_ahead
from doubletalk.longgame.declaration import LongGame

__all__ = ["BAND", "Prediction", "Quantity", "predict"]

Floats = npt.NDArray[np.float64]

BAND = (0.05, 0.95)
"""Quantiles of the band that the coefficients leave open."""


@dataclass(frozen=True)
class Quantity:
    """What is forecast: a move of an actor, a part of it, or the level of a variable; H periods, K labels.

    kind         "move", "part" or "level"; ``name`` the actor, "actor: part", or the variable
    when         "in" the period, or at its "end" (levels that the record has at the start of the next)
    probability  [H, K], rows sum to 1; ``error`` its Monte-Carlo error; ``low``, ``high`` the band
    """

    kind: str
    name: str
    labels: tuple[str, ...]
    when: str
    probability: Floats
    error: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True)
class Prediction:
    """The forecast from one origin. ``belief`` P(last stance) at its start: mean and band over draws; None without."""

    quantities: tuple[Quantity, ...]
    belief: tuple[float, float, float] | None
    effective: float

    def moves(self) -> tuple[Floats, ...]:
        """For each actor [H, moves]."""
        return tuple(q.probability for q in self.quantities if q.kind == "move")

    def named(self, kind: str, name: str) -> Quantity:
        """One quantity; KeyError where there is none."""
        for quantity in self.quantities:
            if (quantity.kind, quantity.name) == (kind, name):
                return quantity
        raise KeyError((kind, name))


def predict(
    draws: Draws, origins: Sequence[tuple[int, Beginning]], at_start: Sequence[bool], *,
    horizon: int, paths: int, seed: int, tell: Callable[[float], None] | None = None,
) -> list[Prediction]:  # fmt: skip
    """Forecast *horizon* periods from each origin (number of periods known, state in the next).

    ``at_start``  for each variable whether the record has its level at the start of a period (its forecast is then that
    at the period's end) or in the period; ``paths`` are shared among all draws, two each at least.
    """
    if horizon < 1:
        raise InputError(f"the number of periods ahead must be at least 1, found {horizon}")
    each, game = max(2, paths // (len(draws.points) + draws.failed)), draws.posterior.game
    standings = [draws.at(period) for period, _ in origins]
    begins = [begin for _, begin in origins]
    seeds = np.random.SeedSequence(seed).generate_state(len(draws.points))
    found = []
    for d, point in enumerate(draws.points):
        beliefs = np.array([standing.beliefs[d] for standing in standings])
        play = draws.posterior.play(point)
        found.append(
            look_ahead(game, draws.posterior.tables_at(point.u), play, begins, beliefs, paths=each, periods=horizon,
                       seed=int(seeds[d]))
        )  # fmt: skip
        if tell is not None:
            tell((d + 1) / len(draws.points))
    return [_prediction(game, found, standing, g, at_start) for g, standing in enumerate(standings)]


def _prediction(
    game: LongGame, found: Sequence[Ahead], standing: Standing, group: int, at_start: Sequence[bool]
) -> Prediction:
    quantities = []

    def add(kind: str, name: str, labels: tuple[str, ...], when: str, table: Floats, noise: Floats) -> None:
        quantities.append(Quantity(kind, name, labels, when, *_combined(table, noise, standing.weights)))

    for i, actor in enumerate(game.actors):
        table, noise = (np.stack([part[i][group] for part in parts]) for parts in _both(found, "moves"))
        first = len(actor.moves)
        add("move", actor.name, actor.moves, "in", table[..., :first], noise[..., :first])
        for part, labels in actor.parts.items():
            columns = slice(first, first + len(labels))
            add("part", f"{actor.name}: {part}", labels, "in", table[..., columns], noise[..., columns])
            first += len(labels)
    for v, variable in enumerate(game.variables):
        table, noise = (np.stack([part[v][group] for part in parts]) for parts in _both(found, "levels"))
        rows, when = (slice(1, None), "end") if at_start[v] else (slice(0, -1), "in")
        add("level", variable.name, variable.levels, when, table[:, rows], noise[:, rows])
    belief = None
    if len(game.stances) == 2:
        mean = float(standing.weights @ standing.beliefs)
        low, high = (float(_quantile(standing.beliefs, standing.weights, share)) for share in BAND)
        belief = (mean, low, high)
    return Prediction(tuple(quantities), belief, standing.effective)


def _both(found: Sequence[Ahead], name: str) -> tuple[list[tuple[Floats, ...]], list[tuple[Floats, ...]]]:
    return [getattr(each, name) for each in found], [getattr(each, f"{name}_noise") for each in found]


def _combined(table: Floats, noise: Floats, weights: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean, Monte-Carlo error and band [H, K] of probabilities [D, H, K] with the variances of their noise.

    The squared error of ``sum_d w_d p_d`` is ``sum_d w_d^2 (p_d - mean)^2``, which holds the noise of the paths too,
    and at least that noise alone, ``sum_d w_d^2 noise_d``: one draw has no spread.
    """
    w = weights[:, None, None]
    mean = (w * table).sum(axis=0)
    away = table - mean
    error = np.sqrt(np.maximum((w**2 * away**2).sum(axis=0), (w**2 * noise).sum(axis=0)))
    spread, own = (w * away**2).sum(axis=0), (w * noise).sum(axis=0)
    share = np.sqrt(np.clip(1 - own / np.where(spread > 0, spread, 1.0), 0.0, 1.0))
    shrunk = (mean + share * away).reshape(len(table), -1)
    low, high = (
        np.array([_quantile(column, weights, q) for column in shrunk.T]).reshape(mean.shape) for q in BAND
    )  # fmt: skip
    return mean, error, np.clip(low, 0, 1), np.clip(high, 0, 1)


def _quantile(values: Floats, weights: Floats, share: float) -> float:
    """The smallest value at or below which at least *share* of the weight lies."""
    order = np.argsort(values, kind="stable")
    heap = np.cumsum(weights[order])
    return float(values[order][min(int(np.searchsorted(heap, share * heap[-1])), len(values) - 1)])
