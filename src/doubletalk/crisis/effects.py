r"""Comparative statics: what happens to the outcomes as one covariate moves, the others staying where they are.

With x set to v in every game (or in one game at the means of the other covariates), the average over games

    P_k(v) = 1/n sum_i P(outcome k | x_i = v, theta),   equilibrium solved anew at every v

has the gradient J = dP_k/d theta by the implicit function theorem (the equilibrium moves with theta), and the variance
J V J'. The interval is taken on the log odds of P_k, where it cannot leave (0, 1); that of a change from the first
value to the last on the change itself. The alternative interval is the quantiles over draws of theta from N(estimate,
V), or over the draws of a posterior: slower, but it sees folds at which an equilibrium vanishes, to which a derivative
is blind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

from doubletalk.crisis.branch import along_slopes
from doubletalk.crisis.data import Column, CrisisData
from doubletalk.crisis.design import Design
from doubletalk.crisis.equilibria import Equilibria, find_equilibria
from doubletalk.crisis.full import by_game_logsumexp, log_shares, place_of
from doubletalk.crisis.outcomes import log_probabilities
from doubletalk.crisis.reply import game_of, indices_at
from doubletalk.crisis.result import CrisisFit
from doubletalk.crisis.simulate import PREDICTION_RULES, covariance_root, normal_draws, thinned
from doubletalk.crisis.specification import variables
from doubletalk.errors import InputError
from doubletalk.game.wording import unknown

__all__ = ["INTERVALS", "PLACES", "QUANTITIES", "Effects", "covariate_values", "effects", "quantities"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

QUANTITIES: Mapping[str, str] = {
    "sq": "status quo",
    "cd": "B concedes",
    "sf": "A stands firm",
    "bd": "A backs down",
    "pC": "A challenges",
    "pR": "B resists, once challenged",
    "pF": "A stands firm, once resisted",
}
"""What is predicted: the four outcomes, and the three choices."""

PLACES: Mapping[str, str] = {
    "observed": "every game with its own other covariates, averaged over games",
    "means": "one game with the other covariates at their means (words: the most frequent)",
}
INTERVALS = ("delta", "simulation", "posterior")
FEW = 10
"""A covariate with at most this many different values is moved over these."""
MOST_ROWS = 20_000


@dataclass(frozen=True)
class Effects:
    """Predicted probabilities along one covariate.

    values                 (points,) numbers or words
    probability, low, high (points, 7) in the order of QUANTITIES
    change...              (7,) from the first value to the last
    several                (points,) share of games with several equilibria at the estimates
    interval, selection, at, level   how it was made
    """

    covariate: str
    values: tuple[float, ...] | tuple[str, ...]
    probability: Array
    low: Array
    high: Array
    change: Array
    change_low: Array
    change_high: Array
    several: Array
    at: str
    interval: str
    selection: str
    level: float
    method: str
    games: int


def covariate_values(
    data: CrisisData, name: str, low: float | None = None, high: float | None = None, points: int = 21
) -> tuple[float, ...] | tuple[str, ...]:
    """Where the covariate *name* is put: its own values when they are few, else *points* from *low* to *high*.

    Raises InputError for an unknown name and for a range that is none.
    """
    if name not in data.columns:
        raise InputError(unknown("covariate", name, sorted(data.columns)), data.source)
    column = data.columns[name]
    if column.dtype.kind != "f":
        if low is not None or high is not None:
            raise InputError(f"{name} holds words: it has no range; leave out --from and --to", data.source)
        return tuple(sorted({str(word) for word in column}))
    different = np.unique(column)
    if low is None and high is None and len(different) <= FEW:
        if len(different) == 1:
            message = f"{name} has the same value in every game ({different[0]:g}); give a range with --from and --to"
            raise InputError(message, data.source)
        return tuple(float(v) for v in different)
    start = float(different[0]) if low is None else low
    end = float(different[-1]) if high is None else high
    if not (np.isfinite(start) and np.isfinite(end) and start < end):
        raise InputError(f"the range of {name}: expected a start below the end, found {start:g} to {end:g}")
    return tuple(float(v) for v in np.linspace(start, end, points))


def effects(
    fit: CrisisFit,
    data: CrisisData,
    covariate: str,
    values: tuple[float, ...] | tuple[str, ...],
    *,
    at: str = "observed",
    interval: str = "delta",
    selection: str = "lowest",
    level: float = 0.9,
    draws: int = 200,
    seed: int = 1,
    tell: Tell | None = None,
) -> Effects:
    """Average predicted probabilities with *covariate* set to each of *values*, with intervals of *level*.

    at         one of PLACES;  interval ``delta`` or ``simulation``, or ``posterior`` for a fit with draws
    selection  equilibrium: lowest, highest, or mixture for a fit by that rule

    Raises InputError where the covariate is in no utility, or the data do not determine the standard errors.
    """
    design, _ = fit.with_data()
    _check(fit, data, covariate, at, interval, selection)
    size = len(fit.names) if selection == "mixture" else design.size
    estimates, covariance = fit.estimates[:size], fit.covariance[:size, :size]
    moved = design.new(_moved(data.columns, covariate, values, at, data.games))
    points = len(values)
    if interval == "delta":
        covariance_root(covariance, fit.names[:size])
        centre, slopes, several = _averages(moved, points, estimates, selection, slopes=True)
        low, high, change_low, change_high = _by_delta(centre, slopes, covariance, level)
    else:
        centre, _, several = _averages(moved, points, estimates, selection, slopes=False)
        if interval == "posterior":
            drawn = thinned(np.empty((0, size)) if fit.draws is None else fit.draws[:, :size], draws)
        else:
            drawn = normal_draws(estimates, covariance, fit.names[:size], draws, seed)
        spread = []
        for number, one in enumerate(drawn):
            spread.append(_averages(moved, points, one, selection, slopes=False)[0])
            if tell is not None:
                tell((number + 1) / len(drawn), "predicting")
        if interval == "posterior":
            centre = np.mean(spread, axis=0)
        ends = [(1.0 - level) / 2.0, (1.0 + level) / 2.0]
        low, high = np.quantile(spread, ends, axis=0)
        change_low, change_high = np.quantile([one[-1] - one[0] for one in spread], ends, axis=0)
    return Effects(
        covariate, values, centre, low, high, centre[-1] - centre[0], change_low, change_high, several, at, interval,
        selection, level, fit.method, data.games if at == "observed" else 1,
    )  # fmt: skip


def _check(fit: CrisisFit, data: CrisisData, covariate: str, at: str, interval: str, selection: str) -> None:
    formulas = fit.specification["utilities"].values()
    used = list(dict.fromkeys(name for formula in formulas for name in variables(formula)))
    if covariate not in used:
        known = unknown("covariate of the utilities", covariate, used)
        raise InputError(f"{known}; nothing else moves a prediction", data.source)
    for kind, given, known_ in (("place", at, PLACES), ("interval", interval, INTERVALS)):
        if given not in known_:
            raise InputError(unknown(kind, given, list(known_)))
    if selection not in PREDICTION_RULES:
        raise InputError(unknown("selection", selection, PREDICTION_RULES))
    if selection == "mixture" and fit.selection != "mixture":
        raise InputError("selection: a mixture is predicted only after a fit with the rule 'mixture'")
    if interval == "posterior" and fit.draws is None:
        raise InputError("interval: 'posterior' needs a fit with the method bayes; use delta or simulation")


def _moved(
    columns: Mapping[str, Column], covariate: str, values: tuple[float, ...] | tuple[str, ...], at: str, games: int
) -> dict[str, Column]:
    """The table in which the covariate takes each value in turn: (points x games) rows, or (points) at the means."""
    rows = games if at == "observed" else 1
    made: dict[str, Column] = {}
    for name, column in columns.items():
        if name == covariate:
            source, chosen = _column(values), np.repeat(np.arange(len(values)), rows)
        elif at == "observed":
            source, chosen = column, np.tile(np.arange(games), len(values))
        else:
            source, chosen = _typical(column), np.zeros(len(values), dtype=np.intp)
        made[name] = source[chosen]
    return made


def _typical(column: Column) -> Column:
    """The mean of numbers, the most frequent of words: one entry."""
    if column.dtype.kind == "f":
        return np.array([column.astype(np.float64).mean()])
    words, counts = np.unique(column.astype(np.str_), return_counts=True)
    return np.array([str(words[counts.argmax()])], dtype=np.str_)


def _column(values: tuple[float, ...] | tuple[str, ...]) -> Column:
    if any(isinstance(value, str) for value in values):
        return np.array([str(value) for value in values], dtype=np.str_)
    return np.array([float(value) for value in values])


def _averages(moved: Design, points: int, parameters: Array, rule: str, *, slopes: bool) -> tuple[Array, Array, Array]:
    """Averages (points, 7), their slopes (points, 7, parameters), share of games with several equilibria (points,)."""
    rows = moved.games // points
    block = max(1, MOST_ROWS // rows)
    values, by, several = [], [], []
    for first in range(0, points, block):
        count = min(block, points - first)
        part = moved.rows(np.arange(first * rows, (first + count) * rows))
        value, slope, equilibria = quantities(part, parameters, rule, slopes=slopes)
        values.append(value.reshape(count, rows, -1).mean(axis=1))
        several.append((equilibria.number().reshape(count, rows) > 1).mean(axis=1))
        by.append(slope.reshape(count, rows, len(QUANTITIES), -1).mean(axis=1))
    return np.concatenate(values), np.concatenate(by), np.concatenate(several)


def quantities(
    design: Design, parameters: Array, rule: str = "lowest", *, slopes: bool = True
) -> tuple[Array, Array, Equilibria]:
    """The QUANTITIES of every game (games, 7), their slopes (games, 7, parameters), and all equilibria.

    Without *slopes* the second has no last axis to speak of (length 0).
    """
    every = game_of(design.utilities(parameters[: design.size]))
    equilibria = find_equilibria(every)
    if rule == "mixture":
        row, log_share = np.arange(len(equilibria.game)), log_shares(equilibria, parameters[design.size :])
    else:
        last = np.cumsum(equilibria.number()) - 1
        row = last if rule == "highest" else last - equilibria.number() + 1
        log_share = np.zeros(len(row))
    game, q = equilibria.game[row], equilibria.q[row]
    rows = every.rows(game)
    at = indices_at(rows, q)
    logs = log_probabilities(at)
    mixed = _grouped(equilibria, log_share[:, None] + logs, rule)
    by = np.zeros((design.games, 4, 0))
    if slopes:
        own = design.rows(game)
        by = np.zeros((design.games, 4, len(parameters)))
        share_by = _share_slopes(equilibria, log_share, len(parameters) - design.size) if rule == "mixture" else None
        for k in range(4):
            _, gradient = along_slopes(rows, q, np.broadcast_to(np.eye(4)[k], (len(q), 4)))
            slope = own.jacobian(gradient)
            if share_by is not None:
                slope = np.concatenate([slope, share_by], axis=1)
            weight = np.exp(log_share + logs[:, k] - mixed[game, k])
            np.add.at(by[:, k], game, weight[:, None] * slope)
    return *_combined(mixed, by, _log_resist(mixed)), equilibria


def _grouped(equilibria: Equilibria, logs: Array, rule: str) -> Array:
    if rule != "mixture":
        return logs
    return np.stack([by_game_logsumexp(equilibria, column) for column in logs.T], axis=1)


def _share_slopes(equilibria: Equilibria, log_share: Array, count: int) -> Array:
    """d log share / d (log odds of middle, of highest), (equilibria, 2)."""
    place, game = place_of(equilibria), equilibria.game
    mark = np.stack([place == 1, place == 2], axis=1).astype(np.float64)[:, :count]
    share = np.exp(log_share)
    mean = np.stack([np.bincount(game, share * mark[:, j]) for j in range(count)], axis=1)
    return np.asarray(mark - mean[game])


def _log_resist(logs: Array) -> tuple[Array, Array]:
    """log P(challenge) and log P(challenge, resist)."""
    resist = np.logaddexp(logs[:, 2], logs[:, 3])
    return np.logaddexp(logs[:, 1], resist), resist


def _combined(logs: Array, by: Array, parts: tuple[Array, Array]) -> tuple[Array, Array]:
    """From log probabilities of the outcomes and their slopes to the QUANTITIES and theirs."""
    challenge, resist = parts
    p = np.exp(logs)
    within = np.exp(logs[:, 1:] - challenge[:, None])
    firm = np.exp(logs[:, 2] - resist)
    values = np.column_stack([p, np.exp(challenge), np.exp(resist - challenge), firm])
    slopes = np.empty((len(p), len(QUANTITIES), by.shape[2]))
    slopes[:, :4] = p[:, :, None] * by
    slopes[:, 4] = slopes[:, 1:4].sum(axis=1)
    spread = within[:, :, None] * by[:, 1:]
    # d pR, d pF: conditional probabilities, from shares within the condition, so that tiny ones lose no digits
    slopes[:, 5] = spread[:, 1:].sum(axis=1) - values[:, [5]] * spread.sum(axis=1)
    slopes[:, 6] = (firm * np.exp(logs[:, 3] - resist))[:, None] * (by[:, 2] - by[:, 3])
    return values, slopes


def _by_delta(centre: Array, slopes: Array, covariance: Array, level: float) -> tuple[Array, Array, Array, Array]:
    reach = float(ndtri((1.0 + level) / 2.0))
    error = np.sqrt(np.maximum(np.einsum("pkc,cd,pkd->pk", slopes, covariance, slopes, optimize=True), 0.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(centre) - np.log1p(-centre)
        wide = reach * error / (centre * (1.0 - centre))
    inside = (centre > 0.0) & (centre < 1.0)
    low, high = (np.where(inside, expit(odds + sign * wide), centre) for sign in (-1.0, 1.0))
    step = slopes[-1] - slopes[0]
    change_error = np.sqrt(np.maximum(np.einsum("kc,cd,kd->k", step, covariance, step), 0.0))
    change = centre[-1] - centre[0]
    return low, high, change - reach * change_error, change + reach * change_error
