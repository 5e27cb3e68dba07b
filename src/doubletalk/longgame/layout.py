"""A long game as arrays: payoff features, transition tables, masks and the belief grid. NumPy only.

Arrays over axes are written ``[stance, v1, .., vn, m1, .., mI]``: the state variables, then the actors' moves in their
order. An array that does not depend on an axis has length 1 there, so that everything broadcasts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from doubletalk.longgame.declaration import Condition, LongGame, Policy, Term, Variable

__all__ = ["Features", "Shape", "alike", "condition_array", "feature", "features", "masks", "policy_array", "shape_of",
           "transitions"]  # fmt: skip

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """The sizes that decide a compiled program; games of one shape share it.

    levels, moves  lengths of the axes
    informed       position of the informed actor, or -1 when there is one stance only
    points         beliefs on the grid
    drifting       positions of the state variables that nothing moves but chance and their own level
    groups         positions of the actors that move at once, group by group in the order of play
    kinds          for each actor the kind of each of its moves: moves of one kind lead to the same later play
    classes        for each actor the class of each kind: kinds of one class have the same transitions
    straight       whether functions of the belief are straight between the grid's points, for rules that jump in it
    """

    levels: tuple[int, ...]
    moves: tuple[int, ...]
    informed: int
    points: int
    drifting: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]
    kinds: tuple[tuple[int, ...], ...]
    classes: tuple[tuple[int, ...], ...]
    straight: bool = False

    @property
    def stances(self) -> int:
        """1 or 2."""
        return 1 if self.informed < 0 else 2

    @property
    def columns(self) -> tuple[tuple[int, ...], ...]:
        """For each actor the value functions that are its own: two for the informed one (one a stance), else one."""
        own, free = [], 0
        for i in range(len(self.moves)):
            count = 2 if i == self.informed else 1
            own.append(tuple(range(free, free + count)))
            free += count
        return tuple(own)

    @property
    def values(self) -> tuple[int, ...]:
        """Shape of the values: [value function, v1, .., vn, belief]."""
        return (len(self.moves) + (self.informed >= 0), *self.levels, self.points)

    @property
    def ratios(self) -> tuple[int, ...]:
        """Shape of the log likelihood ratios of the informed actor's moves: [v.., kinds seen.., move, belief]."""
        if self.informed < 0:
            return (0,)
        return (*self.levels, *self.seen(self.informed), self.moves[self.informed], self.points)

    @property
    def mixes(self) -> tuple[tuple[int, ...], ...]:
        """Shapes of the choices that an actor moving at once with others has to expect, as ``ratios``; (0,) for others.

        The informed actor's have a leading stance axis.
        """
        return tuple(
            (0,) if len(self.groups[self.stage(i)]) == 1
            else (*((2,) if i == self.informed else ()), *self.levels, *self.seen(i), self.moves[i], self.points)
            for i in range(len(self.moves))
        )  # fmt: skip

    def stage(self, i: int) -> int:
        """The place in the order of play of the group in which actor *i* moves."""
        return next(k for k, group in enumerate(self.groups) if i in group)

    def seen(self, i: int) -> tuple[int, ...]:
        """Numbers of kinds of the moves that actor *i* has seen when it moves: those of earlier groups."""
        return tuple(max(self.kinds[j]) + 1 for j in range(self.groups[self.stage(i)][0]))


@dataclass(frozen=True)
class Features:
    """Payoff features that depend on the same axes: ``table[k]`` is weighted by coefficient ``index[k]``."""

    index: npt.NDArray[np.int64]
    table: Floats


def shape_of(game: LongGame, fixed: Mapping[int, Floats] | None = None) -> Shape:
    """The shape of a game's arrays; ``fixed`` has the rule of each actor that follows one, by position."""
    signalling = len(game.stances) == 2
    drifting = tuple(place for place, variable in enumerate(game.variables) if _drifts(variable))
    steps = [table for place, table in enumerate(transitions(game)) if place not in drifting]
    kinds, classes = [], []
    for i, actor in enumerate(game.actors):
        axis = len(game.variables) + i
        own_classes = alike(steps, axis, len(actor.moves))
        own_kinds = alike([*steps, *_later_play(game, i, fixed or {})], axis, len(actor.moves))
        kinds.append(own_kinds)
        classes.append(tuple(own_classes[own_kinds.index(kind)] for kind in range(max(own_kinds) + 1)))
    return Shape(
        tuple(len(variable.levels) for variable in game.variables), tuple(len(actor.moves) for actor in game.actors),
        game.position(game.informed) if signalling else -1, game.points if signalling else 1, drifting,
        game.groups, tuple(kinds), tuple(classes),
        any(bool(np.ptp(rule, axis=-1).any()) for rule in (fixed or {}).values()),
    )  # fmt: skip


def alike(tables: Sequence[Floats], axis: int, count: int) -> tuple[int, ...]:
    """The kind of each index of an axis: of one kind are those at which all tables [v.., m.., ..] are the same."""
    seen: dict[bytes, int] = {}
    kinds = []
    for k in range(count):
        rows = (np.take(table, k, axis) for table in tables if table.shape[axis] > 1)
        kinds.append(seen.setdefault(b"|".join(np.ascontiguousarray(row).tobytes() for row in rows), len(seen)))
    return tuple(kinds)


def _later_play(game: LongGame, i: int, fixed: Mapping[int, Floats]) -> list[Floats]:
    """Tables over [v.., m.., ..] by which later actors' play depends on actor *i*'s move, but for transitions.

    Rules without memory are among them whether they are in force or not: play under all of them is one program.
    """
    own = next(group for group in game.groups if i in group)
    later = range(own[-1] + 1, len(game.actors))
    found: list[Floats] = []
    for actor in game.actors:
        for term in actor.terms:
            table = feature(game, term)
            if any(table.shape[1 + len(game.variables) + j] > 1 for j in later):
                found += list(table)  # a stance at a time
    for j in later:
        actor = game.actors[j]
        barred = [*actor.unavailable, *(rule.when for p in game.policies if p.actor == actor.name for rule in p.rules)]
        known = set(game.axes)
        found += [condition_array(game, when)[0].astype(float) for when in barred if set(when) <= known]
        if j in fixed:
            rule = np.asarray(fixed[j])
            by_stance = rule.ndim > len(game.variables) + j + 2
            found += list(rule) if by_stance else [rule]
    return found


def _drifts(variable: Variable) -> bool:
    """Whether the next level depends on nothing but the present one."""
    return variable.markov is not None or all(set(rule.when) <= {variable.name} for rule in variable.rules)


def condition_array(game: LongGame, when: Condition) -> npt.NDArray[np.bool_]:
    """1[when] over all axes, of length 1 on those that it does not name."""
    axes = game.axes
    truth = np.ones((1,) * len(axes), dtype=bool)
    for place, (name, labels) in enumerate(axes.items()):
        if name in when:
            holds = np.isin(np.arange(len(labels)), when[name])
            truth = truth & holds.reshape([-1 if a == place else 1 for a in range(len(axes))])
    return truth


def feature(game: LongGame, term: Term) -> Floats:
    """``add * 1[when] * prod times`` over all axes."""
    axes = game.axes
    value: Floats = np.asarray(condition_array(game, term.when) * float(term.add), dtype=np.float64)
    for place, name in enumerate(axes):
        if name in term.times:
            weights = np.asarray(term.times[name], dtype=float)
            value = value * weights.reshape([-1 if a == place else 1 for a in range(len(axes))])
    return value


def features(game: LongGame, terms: Iterable[Term]) -> tuple[Features, ...]:
    """Terms grouped by the axes on which they depend; terms of one coefficient on the same axes are added up."""
    names = [coefficient.name for coefficient in game.coefficients]
    entries = [(feature(game, term), names.index(term.coefficient)) for term in terms]
    entries.sort(key=lambda entry: (entry[0].shape, entry[1]))
    groups = []
    for _, members in groupby(entries, key=lambda entry: entry[0].shape):
        summed: dict[int, Floats] = {}
        for value, index in members:
            summed[index] = summed[index] + value if index in summed else value
        groups.append(Features(np.array(list(summed)), np.stack(list(summed.values()))))
    return tuple(groups)


def transitions(game: LongGame) -> tuple[Floats, ...]:
    """For each variable P[v1, .., vn, m1, .., mI, next level]; rows sum to 1."""
    return tuple(_transition(game, place, variable) for place, variable in enumerate(game.variables))


def _transition(game: LongGame, place: int, variable: Variable) -> Floats:
    axes = list(game.axes)[1:]
    count = len(variable.levels)
    if variable.markov is not None:
        matrix = np.asarray(variable.markov.matrix, dtype=float)
        return matrix.reshape([count if a == place else 1 for a in range(len(axes))] + [count])
    own = np.eye(count).reshape([count if a == place else 1 for a in range(len(axes))] + [count])
    table, open_still = own, np.ones((1,) * len(axes), dtype=bool)
    for rule in variable.rules:
        holds = condition_array(game, rule.when)[0] & open_still
        open_still = open_still & ~holds
        moved = np.zeros((count, count))
        for level in range(count):
            for shift, target, chance in rule.chances:
                there = target if target is not None else min(max(level + (shift or 0), 0), count - 1)
                moved[level, there] += chance
            moved[level, level] += 1 - sum(chance for _, _, chance in rule.chances)
        drawn = moved.reshape([count if a == place else 1 for a in range(len(axes))] + [count])
        table = np.where(holds[..., None], drawn, table)
    return table


def masks(game: LongGame) -> tuple[Floats | None, ...]:
    """For each actor 0 where a move may be chosen and -1e30 where not, over [v.., m.., 1]; None: always everything."""
    found: list[Floats | None] = []
    for actor in game.actors:
        barred = [condition_array(game, when)[0] for when in actor.unavailable]
        if not barred:
            found.append(None)
            continue
        together = barred[0]
        for other in barred[1:]:
            together = together | other
        found.append(np.where(together, -1e30, 0.0)[..., None])
    return tuple(found)


def policy_array(game: LongGame, policy: Policy, beliefs: Floats) -> Floats:
    """The policy as probabilities 0 or 1 over [v.., m1, .., mp, belief]; counters are axes of *game*."""
    position = game.position(policy.actor)
    lengths = [len(labels) for labels in list(game.axes.values())[1:]]
    earlier = len(game.variables) + position
    grid = (*lengths[:earlier], len(beliefs))
    choice = np.full(grid, policy.otherwise)
    open_still = np.ones(grid, dtype=bool)
    for rule in policy.rules:
        truth = condition_array(game, rule.when)[0]
        truth = truth.reshape((*truth.shape[:earlier], 1))
        low, high = rule.belief
        holds = truth & (beliefs >= low) & (beliefs <= high) & open_still
        choice[holds] = rule.move
        open_still &= ~holds
    moves = lengths[earlier]
    return np.asarray(np.moveaxis(np.eye(moves)[choice], -1, -2), dtype=np.float64)
