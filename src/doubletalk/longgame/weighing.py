"""Policies of one actor weighed against each other: regret, the belief at which the best changes, sensitivities.

Worth is the actor's discounted payoff. By belief it is the value function, which is exact to the residual; by the true
stance, which nobody but the informed actor knows, it is simulated, with the same random numbers for every policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.game.wording import unknown
from doubletalk.longgame.choosing import Choice, Stretch, best_by_belief, choose
from doubletalk.longgame.declaration import LongGame

if TYPE_CHECKING:
    from doubletalk.longgame.room import Room, Scene

__all__ = ["Sensitivity", "Weighed", "mechanisms", "priors", "sensitivity", "weigh", "weighed_actor"]

Floats = npt.NDArray[np.float64]
Progress = Callable[[float, str], None]


@dataclass(frozen=True)
class Weighed:
    """Policies of ``actor`` compared at the file's coefficients.

    cases          the true stances; ``worth``, ``regret`` [policies, cases] with ``*_error``, standard errors of the
                   simulation (those of regrets are of paired differences)
    choice         regret, shares and minimax over the cases, and over the draws from the priors where there are any
    draws          how many draws of the coefficients ``choice`` is over (0: the file's coefficients alone)
    beliefs, by_belief   the value at the start [policies, beliefs]; ``stretches`` which policy is best where
    """

    actor: str
    policies: tuple[str, ...]
    cases: tuple[str, ...]
    worth: Floats
    worth_error: Floats
    regret: Floats
    regret_error: Floats
    choice: Choice
    draws: int
    beliefs: Floats
    by_belief: Floats
    stretches: tuple[Stretch, ...]
    paths: int
    periods: int


    def close(self, sure: float = 3.0) -> tuple[str, ...]:
        """Policies whose largest regret over the true stances is within the error of the smallest one's."""
        most = self.regret.argmax(axis=1)
        rows = np.arange(len(self.policies))
        value, error = self.regret[rows, most], self.regret_error[rows, most]
        best = int(value.argmin())
        near = value - value[best] <= sure * np.hypot(error, error[best])
        return tuple(name for k, name in enumerate(self.policies) if near[k] and k != best)


def weighed_actor(game: LongGame, names: Sequence[str]) -> str:
    """The one actor whose policies these are; policies of several actors cannot be weighed against each other."""
    known = {policy.name: policy.actor for policy in game.policies}
    for name in names:
        if name not in known:
            raise InputError(unknown("policy", name, list(known)), game.path or None)
    actors = list(dict.fromkeys(known[name] for name in names))
    if len(actors) != 1:
        raise InputError(f"policies of {' and '.join(actors) or 'nobody'} cannot be weighed; give those of one actor")
    return actors[0]


def weigh(
    room: Room, names: Sequence[str], *, paths: int = 20_000, periods: int = 40, seed: int = 1, draws: int = 0,
    changes: tuple[tuple[str, float], ...] = (), scene: Scene | None = None, only: Sequence[str] = (),
    progress: Progress | None = None,
) -> Weighed:  # fmt: skip
    """Weigh policies from the start and the belief of ``scene`` (the file's if None).

    With ``draws`` the regrets of ``choice`` are over that many draws of the coefficients (of ``only``, or of all that
    have a prior).
    """
    from doubletalk.longgame.room import Scene, Setting, payoffs_along, worth_at_start

    game = room.game
    actor, begin = weighed_actor(game, names), scene or Scene()
    stances = tuple(range(len(game.stances)))
    told = progress or (lambda share, words: None)

    def simulated(given: tuple[tuple[str, float], ...]) -> Floats:
        """[policies, stances, paths]."""
        rows = []
        for name in names:
            setting = Setting(given, policy=name)
            each = []
            for stance in stances:
                where = replace(begin, stance=stance if len(stances) == 2 else None)
                run = room.paths(setting, where, paths=paths, periods=periods, seed=seed)
                each.append(payoffs_along(room.solution(setting), run, actor, periods))
            rows.append(each)
            if given != changes:
                room.drop(setting)
        return np.array(rows)

    payoffs = simulated(changes)
    worth = payoffs.mean(axis=2)
    best = worth.argmax(axis=0)
    gaps = payoffs[best, stances] - payoffs
    tables = [worth]
    for k, values in enumerate(_drawn(game, draws, seed, only)):
        told(k / draws, f"draw {k + 1} of {draws}")
        tables.append(simulated(tuple(sorted({**dict(changes), **values}.items()))).mean(axis=2))
    beliefs = np.linspace(0, 1, game.points) if len(stances) == 2 else np.array([0.0, 1.0])
    rows = []
    for name in names:
        found = worth_at_start(room.solution(Setting(changes, policy=name)), actor, begin.start)
        if found.ndim == 2:  # the informed actor's: what it expects before it knows its stance
            grid = np.linspace(0, 1, found.shape[1])
            found = found[0] * (1 - grid) + found[1] * grid
        rows.append(np.interp(beliefs, np.linspace(0, 1, max(len(found), 2)), np.resize(found, max(len(found), 2))))
    by_belief = np.array(rows)
    root = np.sqrt(paths)
    return Weighed(
        actor, tuple(names), game.stances, worth, payoffs.std(axis=2, ddof=1) / root, gaps.mean(axis=2),
        gaps.std(axis=2, ddof=1) / root, choose(names, np.concatenate(tables[1:] or tables, axis=1)), draws, beliefs,
        by_belief, tuple(best_by_belief(names, beliefs, by_belief)), paths, periods,
    )  # fmt: skip


def _drawn(game: LongGame, draws: int, seed: int, only: Sequence[str]) -> list[dict[str, float]]:
    """Draws of the coefficients that have a prior, or of some of them."""
    random = np.random.default_rng(seed)
    found = _varied(game, only)
    return [{name: float(prior.rvs(random_state=random)) for name, prior in found.items()} for _ in range(draws)]


def _varied(game: LongGame, only: Sequence[str]) -> dict[str, Any]:
    """The priors of some coefficients, or of all that have one."""
    found = priors(game)
    for name in only:
        if name not in found:
            raise InputError(unknown("coefficient with a prior", name, list(found)), game.path or None)
    return {name: prior for name, prior in found.items() if not only or name in only}


def priors(game: LongGame) -> dict[str, Any]:
    """The prior of each coefficient that has one, as a frozen distribution of SciPy."""
    from scipy import stats

    makers: dict[str, Callable[..., Any]] = {
        "normal": stats.norm,
        "half_normal": lambda sd: stats.halfnorm(scale=sd),
        "uniform": lambda low, high: stats.uniform(low, high - low),
        "gamma": lambda shape, rate: stats.gamma(shape, scale=1 / rate),
        "beta": stats.beta,
    }
    return {c.name: makers[c.prior.family](*c.prior.parameters) for c in game.coefficients if c.prior.family in makers}


@dataclass(frozen=True)
class Sensitivity:
    """Sobol indices of the value of the best policy; ``*_low`` and ``*_high``: the ends of 90 % intervals.

    first, total   share of the variance that the coefficient explains alone, and with all others
    sample         N; the equilibria solved are N (coefficients + 2) for each policy
    variance       of the value over the priors
    surrogate      share of it that a quadratic in the coefficients explains, which then took its noise out; else nan
    """

    names: tuple[str, ...]
    first: Floats
    first_low: Floats
    first_high: Floats
    total: Floats
    total_low: Floats
    total_high: Floats
    sample: int
    solved: int
    mean: float
    variance: float
    surrogate: float = float("nan")


def sensitivity(
    room: Room, names: Sequence[str], *, sample: int = 8, seed: int = 1, only: Sequence[str] = (),
    scene: Scene | None = None, progress: Progress | None = None,
) -> Sensitivity:  # fmt: skip
    """Sobol indices of ``max over policies of the value at the start``, over the priors of the file.

    The start and the belief are those of ``scene``, the file's if None.
    ``sample`` is a power of two; ``only`` restricts to some coefficients, the others held. The estimators are in
    :mod:`doubletalk.longgame.sobol`.
    """
    from doubletalk.longgame.room import Scene, Setting, worth_at_start
    from doubletalk.longgame.sobol import sobol_indices

    if sample < 2 or sample & (sample - 1):
        raise InputError(f"the sample of the sensitivities is a power of two such as 8 or 64, found {sample}")
    game, begin = room.game, scene or Scene()
    actor, belief = weighed_actor(game, names), game.belief if begin.belief is None else begin.belief
    found = _varied(game, only)
    if not found:
        raise InputError("no coefficient has a prior, so there is nothing to vary; give prior: {normal: [0, 1]}")
    told, whole = progress or (lambda share, words: None), sample * (len(found) + 2)
    values: list[float] = []

    def best(drawn: Floats) -> Floats:
        for row_drawn in drawn:
            changes = tuple(sorted(zip(found, map(float, row_drawn), strict=True)))
            told(len(values) / whole, f"equilibria for sensitivities: {len(values)} of {whole} points")
            worths = []
            for name in names:
                setting = Setting(changes, policy=name)
                row = worth_at_start(room.solution(setting), actor, begin.start)
                grid = np.linspace(0, 1, max(row.shape[-1], 2))
                row = row if row.ndim == 1 else row[0] * (1 - grid) + row[1] * grid
                worths.append(float(np.interp(belief, grid, np.resize(row, len(grid)))))
                room.drop(setting)
            values.append(max(worths))
        return np.array(values)

    index = sobol_indices(best, list(found.values()), sample, np.random.default_rng(seed))
    if not np.isfinite(index.first).all():
        raise DoubletalkError("the value of the best policy does not vary over the priors; sensitivities are undefined")
    return Sensitivity(
        tuple(found), index.first, index.first_low, index.first_high, index.total, index.total_low, index.total_high,
        sample, len(values) * len(names), index.mean, index.variance, index.surrogate,
    )  # fmt: skip


def mechanisms(game: LongGame) -> tuple[str, ...]:
    """Coefficients, not zero in the file, that weigh more than the price of the chooser's own move.

    Left out are those that stand with the actor's own move alone (what a crackdown costs): without them a move would be
    free, and every rate would change for that reason.
    """
    found = []
    for coefficient in game.coefficients:
        axes = {
            axis
            for actor in game.actors
            for term in actor.terms
            if term.coefficient == coefficient.name
            for axis in (*term.when, *term.times)
            if axis != actor.name
        }
        if coefficient.value != 0 and axes:
            found.append(coefficient.name)
    return tuple(found)
