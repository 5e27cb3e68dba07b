"""A solved long game: labelled arrays, its residual, other equilibria, the belief grid's error, a state in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.game.wording import unknown
from doubletalk.longgame.declaration import STANCE, LongGame

if TYPE_CHECKING:
    import xarray as xr

    from doubletalk.longgame.engine import Play, Tables, Unknown
    from doubletalk.longgame.layout import Shape

__all__ = ["LongSolution", "Starts", "at_equilibrium", "endless", "grid_error", "search_equilibria", "solve_long_game"]

Floats = npt.NDArray[np.float64]
BELIEF = "belief"
TIME = "n"


@dataclass(frozen=True)
class LongSolution:
    """A Markov logit equilibrium; of a game with a horizon, that of each period, along a leading axis of all arrays.

    residual     max |G(x) - x|, in units of the logit shock; at most ``solving.TOLERANCE``
    evaluations  of the map, which it took
    """

    game: LongGame
    shape: Shape
    tables: Tables
    coefficients: Floats
    unknown: Unknown
    play: Play
    residual: float
    evaluations: int

    def at(self, n: int) -> LongSolution:
        """Play in period *n* (from 0) of a game with a horizon, as that of a game without one."""
        if not 0 <= n < self.game.horizon:
            raise InputError(f"the game has periods 0 to {self.game.horizon - 1}, found {n}")
        unknown = type(self.unknown)(*_sliced(self.unknown, n))
        play = type(self.play)(*_sliced(self.play, n))
        return replace(self, game=replace(self.game, horizon=0), unknown=unknown, play=play)

    def probabilities(self, actor: str) -> Floats:
        """Choice probabilities: [v.., earlier moves.., own move, belief]; a leading stance axis for the informed.

        With a horizon, an axis of periods before all others.
        """
        return np.asarray(np.exp(np.asarray(self.play.log_probabilities[self.game.position(actor)])), dtype=float)

    def dataset(self) -> xr.Dataset:
        """Everything as a labelled Dataset: ``P_<actor>``, ``Q_<actor>``, ``V_<actor>``.

        Beliefs are P(last stance): at the period's start for moves up to the informed actor's, after it for later ones.
        ``Q_`` leaves out payoffs that neither the actor's move nor a later one changes; ``V_`` leaves out nothing.
        """
        import xarray as xr

        game, shape = self.game, self.shape
        beliefs = np.linspace(0, 1, shape.points) if shape.points > 1 else np.zeros(1)
        coordinates: dict[str, Any] = {name: list(labels) for name, labels in game.axes.items()}
        coordinates[BELIEF] = beliefs
        time = [TIME] if game.horizon else []
        if game.horizon:
            coordinates[TIME] = np.arange(game.horizon)
        variables = [variable.name for variable in game.variables]
        data: dict[str, Any] = {}
        for i, actor in enumerate(game.actors):
            seen = [each.name for each in game.actors[: i + 1]]
            lead = [STANCE] if i == shape.informed else []
            dims = [*time, *lead, *variables, *seen, BELIEF]
            data[f"P_{actor.name}"] = (dims, self.probabilities(actor.name))
            data[f"Q_{actor.name}"] = (dims, np.asarray(self.play.choice_values[i]))
            own = np.asarray(self.unknown.values).take(list(shape.columns[i]), len(time))
            values = own if lead else own.take(0, len(time))
            data[f"V_{actor.name}"] = ([*time, *lead, *variables, BELIEF], values)
        notes = {"title": game.title, "residual": self.residual, "evaluations": self.evaluations, "period": game.period}
        return xr.Dataset(data, coordinates, notes)


def solve_long_game(
    game: LongGame, coefficients: Mapping[str, float] | None = None, *, policy: str | None = None,
    guess: Unknown | None = None,
) -> LongSolution:  # fmt: skip
    """Solve a game to a residual of 1e-10; ``coefficients`` replace the file's values by name.

    A game with a horizon is solved by backward induction (a *guess* plays no part). With ``policy`` one actor follows
    that policy of the file and all others answer it optimally. Raises ``DoubletalkError`` when no equilibrium was found
    to that residual.
    """
    from doubletalk.longgame.engine import tables_of
    from doubletalk.longgame.policies import under_policy
    from doubletalk.longgame.solving import TOLERANCE, play_of, solve, solve_backwards

    fixed: dict[int, Any] = {}
    if policy is not None:
        game, fixed = under_policy(game, policy)
    values = values_with(game, coefficients)
    shape, tables = tables_of(game, fixed)
    horizon = game.horizon
    found = solve_backwards(shape, tables, values, horizon) if horizon else solve(shape, tables, values, guess)
    size = float(found.residual)
    if not size <= TOLERANCE:
        under = f" under policy {policy}" if policy else ""
        raise DoubletalkError(
            f"no equilibrium found{under}: the residual stopped at {size:.2g} after {int(found.evaluations)} "
            f"evaluations, {TOLERANCE:.0e} is needed; try smaller coefficients or smaller discounts"
        )
    play = play_of(shape, found)
    return LongSolution(game, shape, tables, values, found.unknown, play, size, int(found.evaluations))


def _sliced(part: Any, n: int) -> Any:
    """The n-th entry of every array of a tree of tuples."""
    return tuple(_sliced(each, n) if isinstance(each, tuple) else each[n] for each in part)


def values_with(game: LongGame, coefficients: Mapping[str, float] | None) -> Floats:
    """The file's coefficients with some replaced by name."""
    given = dict(coefficients or {})
    names = [coefficient.name for coefficient in game.coefficients]
    for name in given:
        if name not in names:
            raise InputError(unknown("coefficient", name, names), game.path or None)
    return np.array([float(given.get(c.name, c.value)) for c in game.coefficients])


@dataclass(frozen=True)
class Starts:
    """What a search from many starts found: distinct equilibria (by their largest difference in V), how often each."""

    equilibria: tuple[Unknown, ...]
    times: tuple[int, ...]
    failed: int


def search_equilibria(
    solution: LongSolution, *, starts: int = 10, seed: int = 1, spread: float = 5.0, apart: float = 1e-6
) -> Starts:
    """Look for further equilibria: from the continuation in payoff precision (lambda 0, 1/4, .., 1) and random starts.

    It proves nothing about those that it did not find.
    """
    import jax.numpy as jnp

    from doubletalk.longgame.continuation import follow
    from doubletalk.longgame.engine import Unknown
    from doubletalk.longgame.solving import TOLERANCE, solve

    endless(solution.game, "a search for further equilibria")
    shape, tables, random = solution.shape, solution.tables, np.random.default_rng(seed)
    found, times, failed = [solution.unknown], [1], 0
    *_, last = follow(shape, tables, solution.coefficients, (0.0, 0.25, 0.5, 0.75))
    guesses = [last.unknown]
    for _ in range(starts):
        values = np.asarray(solution.unknown.values) + spread * random.standard_normal(shape.values)
        ratios = spread / 5 * random.standard_normal(shape.ratios)
        mixes = tuple(jnp.asarray(spread * random.standard_normal(size)) for size in shape.mixes)
        guesses.append(Unknown(jnp.asarray(values), jnp.asarray(ratios), mixes))
    for guess in guesses:
        result = solve(shape, tables, solution.coefficients, guess)
        if not float(result.residual) <= TOLERANCE:
            failed += 1
            continue
        gaps = [float(jnp.max(jnp.abs(result.unknown.values - each.values))) for each in found]
        if min(gaps) < apart:
            times[int(np.argmin(gaps))] += 1
        else:
            found.append(result.unknown)
            times.append(1)
    return Starts(tuple(found), tuple(times), failed)


def at_equilibrium(solution: LongSolution, unknown: Unknown) -> LongSolution:
    """The solution at another equilibrium of the same game, as ``search_equilibria`` found it."""
    from doubletalk.longgame.solving import play_at, residual

    given = (solution.shape, solution.tables, solution.coefficients, unknown)
    return replace(solution, unknown=unknown, play=play_at(*given), residual=float(residual(*given)))


def grid_error(solution: LongSolution) -> float:
    """Largest change in a choice probability on the shared beliefs when the belief grid is made twice as fine."""
    if solution.shape.points == 1:
        return 0.0
    finer = replace(solution.game, points=2 * solution.shape.points - 1)
    names = [coefficient.name for coefficient in finer.coefficients]
    fine = solve_long_game(finer, dict(zip(names, solution.coefficients, strict=True)))
    gap = 0.0
    for actor in solution.game.actors:
        coarse, dense = solution.probabilities(actor.name), fine.probabilities(actor.name)
        gap = max(gap, float(np.abs(coarse - dense[..., ::2]).max()))
    return gap


def endless(game: LongGame, what: str) -> None:
    """Refuse a game with a horizon where *what* is not done for it."""
    if game.horizon:
        raise InputError(
            f"{what} is for games that never end, and this one ends after {game.horizon} periods; "
            "leave out 'horizon'", game.path or None,
        )  # fmt: skip
