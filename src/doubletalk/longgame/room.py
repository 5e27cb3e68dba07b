"""Equilibria of one long game kept for many questions: other coefficients, one stance only, policies; and their paths.

All that can share a compiled program does. A policy without counters and without conditions on the belief is written
as a bar on every move but its own, which gives the same equilibrium as following the rule: with one move left, its
value is the value. So play without a policy and under every such policy are one program.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.game.wording import unknown
from doubletalk.longgame.declaration import Actor, Condition, LongGame, Policy
from doubletalk.longgame.engine import Unknown, tables_of
from doubletalk.longgame.layout import Shape, feature
from doubletalk.longgame.policies import check_policy
from doubletalk.longgame.simulate import Paths, simulate
from doubletalk.longgame.solution import LongSolution, endless, solve_long_game, values_with
from doubletalk.longgame.solving import TOLERANCE, play_of, solve

__all__ = ["PERIODS", "Room", "Scene", "Setting", "as_bars", "one_stance", "payoffs_along",
           "worth_at_start"]  # fmt: skip

Floats = npt.NDArray[np.float64]

PERIODS = 40
"""Quarters that are simulated where a question does not need more."""

KEPT = 12
"""So many simulations are kept at a time."""


@dataclass(frozen=True)
class Setting:
    """Which game is played: coefficients with ``changes``, a ``lens`` (the only stance there is), a ``policy``."""

    changes: tuple[tuple[str, float], ...] = ()
    lens: str = ""
    policy: str = ""


@dataclass(frozen=True)
class Scene:
    """Where play starts: levels and belief (the file's where None), the true stance (drawn where None), a move imposed.

    ``imposed`` is (actor position, move) or None: made once, in the first period
    """

    start: tuple[int, ...] | None = None
    belief: float | None = None
    stance: int | None = None
    imposed: tuple[int, int] | None = None


def one_stance(game: LongGame, stance: str) -> LongGame:
    """The game in which everybody knows that the informed actor has this stance, and that it keeps it."""
    if stance not in game.stances:
        raise InputError(unknown("stance", stance, game.stances), game.path or None)
    if len(game.stances) == 1:
        return game
    return replace(game, belief=float(game.stances.index(stance)), hazard=(0.0, 0.0))


class Room:
    """Solves when asked, and remembers. ``memory_points``: size of the belief grid of policies with counters.

    ``solved`` equilibria so far, ``residual`` the largest of theirs
    """

    def __init__(self, game: LongGame, *, memory_points: int | None = None) -> None:
        endless(game, "comparing policies")
        self.game, self.memory_points = game, memory_points
        self.residual, self.solved = 0.0, 0
        self.policies = {policy.name: policy for policy in game.policies}
        self._solved: dict[Setting, LongSolution] = {}
        self._last: dict[Shape, Unknown] = {}
        self._coming: dict[Setting, Future[LongSolution]] = {}
        self._paths: dict[tuple[Any, ...], Paths] = {}

    def solution(self, setting: Setting = Setting()) -> LongSolution:
        """The equilibrium, to a residual of 1e-10. Raises ``DoubletalkError`` where none is found."""
        if setting not in self._solved:
            coming = self._coming.pop(setting, None)
            found = self._solved[setting] = self._solve(setting) if coming is None else coming.result()
            self.residual, self.solved = max(self.residual, found.residual), self.solved + 1
        return self._solved[setting]

    @contextmanager
    def preparing(self, settings: Iterable[Setting], workers: int = 2) -> Iterator[None]:
        """Solve these in the background, in their order, while the body runs; ``solution`` waits for what it needs.

        The play as filed is solved first: every other solve of its program starts from it, so that no answer depends on
        which was done before which.
        """
        self.solution()
        pool = ThreadPoolExecutor(min(workers, os.cpu_count() or 1))
        try:
            self._coming = {each: pool.submit(self._solve, each) for each in settings if each not in self._solved}
            yield
        finally:
            self._coming = {}
            pool.shutdown(wait=False, cancel_futures=True)

    def paths(
        self, setting: Setting, scene: Scene, *, paths: int, periods: int = PERIODS, seed: int = 1
    ) -> Paths:
        """Simulated play; the same seed means the same random numbers in every setting and scene."""
        key = (setting, scene, paths, periods, seed)
        if key not in self._paths:
            if len(self._paths) >= KEPT:
                del self._paths[next(iter(self._paths))]
            found = self.solution(setting)
            extra = len(found.game.variables) - len(self.game.variables)
            start = None if scene.start is None else (*scene.start, *(0,) * extra)
            run = simulate(
                found.game, found.tables, found.play, paths=paths, periods=periods, seed=seed, start=start,
                belief=scene.belief, stance=scene.stance, impose=dict([scene.imposed] if scene.imposed else ()),
            )  # fmt: skip
            levels, moves, stances = (_narrow(part) for part in (run.levels, run.moves, run.stances))
            self._paths[key] = Paths(levels, moves, run.beliefs, stances)
        return self._paths[key]

    def drop(self, setting: Setting) -> None:
        """Forget an equilibrium and its simulations, and the wish for it."""
        if (coming := self._coming.pop(setting, None)) is not None:
            coming.cancel()
        self._solved.pop(setting, None)
        self._paths = {key: value for key, value in self._paths.items() if key[0] != setting}

    def _solve(self, setting: Setting) -> LongSolution:
        game = self.game if not setting.lens else one_stance(self.game, setting.lens)
        changes = dict(setting.changes)
        if setting.policy and setting.policy not in self.policies:
            raise InputError(unknown("policy", setting.policy, list(self.policies)), game.path or None)
        policy = self.policies[setting.policy] if setting.policy else None
        if policy is not None and policy.has_memory:
            if self.memory_points is not None and len(game.stances) == 2:
                game = replace(game, points=self.memory_points)
            return solve_long_game(game, changes, policy=policy.name)
        if policy is not None:
            check_policy(game, policy)
        values, game = values_with(game, changes), as_bars(game, policy)
        shape, tables = tables_of(game)
        found = solve(shape, tables, values, self._last.get(shape))
        size = float(found.residual)
        if not size <= TOLERANCE:
            found = solve(shape, tables, values)
            size = float(found.residual)
        if not size <= TOLERANCE:
            under = f" under policy {setting.policy}" if setting.policy else ""
            raise DoubletalkError(f"no equilibrium found{under}: residual {size:.2g}, {TOLERANCE:.0e} is needed")
        self._last.setdefault(shape, found.unknown)
        play = play_of(shape, found)
        return LongSolution(game, shape, tables, values, found.unknown, play, size, int(found.evaluations))


def _narrow(labels: Any) -> Any:
    """Indices in as few bytes as they need: a quarter of the memory."""
    return labels.astype(np.min_scalar_type(int(labels.max(initial=0))))


def as_bars(game: LongGame, policy: Policy | None) -> LongGame:
    """The game in which the policy's actor has no move but the policy's; without one, in which nothing more is barred.

    The conditions name the same axes whichever policy it is, so that all these games are one compiled program.
    """
    return replace(game, actors=tuple(_bar(game, actor, policy) for actor in game.actors))


def _bar(game: LongGame, actor: Actor, policy: Policy | None) -> Actor:
    own = [each for each in game.policies if each.actor == actor.name and not each.has_memory]
    if not own:
        return actor
    named = {axis for each in own for rule in each.rules for axis in rule.when}
    axes = [axis for axis in game.axes if axis in named]
    never: Condition = dict.fromkeys((*axes, *(axis for when in actor.unavailable for axis in when), actor.name), ())
    if policy is None or policy.actor != actor.name:
        return replace(actor, unavailable=(*actor.unavailable, never))
    bars = [never]
    for levels in product(*(range(len(game.axes[axis])) for axis in axes)):
        at = dict(zip(axes, levels, strict=True))
        holding = (r.move for r in policy.rules if all(at[axis] in wanted for axis, wanted in r.when.items()))
        move = next(holding, policy.otherwise)
        others = tuple(m for m in range(len(actor.moves)) if m != move)
        bars.append({**{axis: (level,) for axis, level in at.items()}, actor.name: others})
    return replace(actor, unavailable=tuple(bars))


def payoffs_along(solution: LongSolution, run: Paths, actor: str, periods: int) -> Floats:
    """Each path's discounted flow payoffs [N] of an actor over the first periods, without the shocks."""
    game = solution.game
    who = game.actor(actor)
    values = dict(zip([c.name for c in game.coefficients], solution.coefficients, strict=True))
    at = (run.stances[:-1], *np.moveaxis(run.levels[:-1], -1, 0), *np.moveaxis(run.moves, -1, 0))
    total = np.zeros(run.moves.shape[1])
    weights = who.discount ** np.arange(periods)
    for term in who.terms:
        table = feature(game, term)
        index = tuple(np.minimum(a[:periods], size - 1) for a, size in zip(at, table.shape, strict=True))
        total += values[term.coefficient] * (weights @ table[index])
    return total


def worth_at_start(solution: LongSolution, actor: str, start: tuple[int, ...] | None = None) -> Floats:
    """The value function of an uninformed actor at the start, by belief [B]; of the informed one [stances, B].

    Exact to the residual, over all periods to come; an actor who follows a rule has no shocks.
    """
    game, shape = solution.game, solution.shape
    begin = tuple(variable.start for variable in game.variables) if start is None else start
    begin = (*begin, *(0,) * (len(game.variables) - len(begin)))
    columns = list(shape.columns[game.position(actor)])
    values = np.asarray(solution.unknown.values)
    rows = [values[(column, *begin)] for column in columns]
    return np.stack(rows) if len(rows) == 2 else np.asarray(rows[0])
