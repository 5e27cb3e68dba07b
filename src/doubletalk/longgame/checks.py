"""Predictive checks: what records simulated at draws look like beside the record that there is.

For each statistic of a record: its value, the mean and the 90 % interval over the simulated records, and the tail
probability 2 min(P(rep <= obs), P(rep >= obs)), with ties counted half, at most 1. It is small where the model does not
bring about what was seen. Source: Gelman, Meng and Stern (1996), Statistica Sinica 6.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from doubletalk.longgame.declaration import LongGame

__all__ = ["Check", "Window", "checks", "cycle_steps", "windows"]

Ints = npt.NDArray[np.integer]


@dataclass(frozen=True)
class Check:
    """One statistic: ``kind`` count, longest run or cycle; of which ``actor``; ``what`` (a move or a part of one)."""

    kind: str
    actor: str
    what: str
    observed: float
    mean: float
    low: float
    high: float
    tail: float


@dataclass(frozen=True)
class Window:
    """The share of periods first .. last - 1 in which an actor's move has a label, seen and simulated."""

    actor: str
    what: str
    first: int
    last: int
    observed: float
    mean: float
    low: float
    high: float
    tail: float


def _labels(game: LongGame) -> Iterator[tuple[str, str, int, npt.NDArray[np.bool_]]]:
    """Actor, label, its position, and which of the actor's moves have it: each part's labels, or the moves."""
    for place, actor in enumerate(game.actors):
        if not actor.parts:
            for move, label in enumerate(actor.moves):
                yield actor.name, label, place, np.arange(len(actor.moves)) == move
            continue
        split = [move.split(",") for move in actor.moves]
        for part, (name, labels) in enumerate(actor.parts.items()):
            for label in labels:
                yield actor.name, f"{name}={label}", place, np.array([each[part] == label for each in split])


def checks(game: LongGame, moves: Ints, replicates: Ints, cycle: tuple[tuple[str, str], ...] = ()) -> tuple[Check, ...]:
    """Statistics of a record's moves [T, actors] beside those of N simulated ones [N, T, actors].

    cycle  steps (axis, label) in order; how often the whole of it is run through, one after the other
    """
    found = []
    for actor, what, place, having in _labels(game):
        seen, simulated = having[moves[:, place]], having[replicates[:, :, place]]
        found.append(_check("quarters", actor, what, float(seen.sum()), simulated.sum(axis=1)))
        found.append(_check("longest run", actor, what, float(longest(seen[None])[0]), longest(simulated)))
    if cycle:
        steps = [_step(game, axis, label) for axis, label in cycle]
        whole = " then ".join(f"{axis}={label}" for axis, label in cycle)
        once = _times(steps, moves[None])
        found.append(_check("cycles", "all", whole, float(once[0]), _times(steps, replicates)))
    return tuple(found)


def windows(game: LongGame, moves: Ints, replicates: Ints, length: int = 12) -> tuple[Window, ...]:
    """Each label's share of periods, in stretches of *length* periods (the last one may be shorter or longer)."""
    total = len(moves)
    edges = [*range(0, max(total - length // 2, 1), length), total]
    found = []
    for actor, what, place, having in _labels(game):
        for first, last in pairwise(edges):
            seen = float(having[moves[first:last, place]].mean())
            check = _check("", actor, what, seen, having[replicates[:, first:last, place]].mean(axis=1))
            found.append(Window(actor, what, first, last, seen, check.mean, check.low, check.high, check.tail))
    return tuple(found)


def _check(kind: str, actor: str, what: str, observed: float, simulated: npt.NDArray[np.generic]) -> Check:
    values = np.asarray(simulated, dtype=float)
    low, high = np.quantile(values, (0.05, 0.95))
    above = float((values > observed).mean() + (values == observed).mean() / 2)
    return Check(kind, actor, what, observed, float(values.mean()), float(low), float(high),
                 min(1.0, 2 * min(above, 1 - above)))  # fmt: skip


def longest(truth: npt.NDArray[np.bool_]) -> Ints:
    """[N] the longest stretch of periods in a row that are true in [N, T]."""
    best = np.zeros(len(truth), dtype=np.int64)
    current = np.zeros(len(truth), dtype=np.int64)
    for column in truth.T:
        current = np.where(column, current + 1, 0)
        best = np.maximum(best, current)
    return best


def cycle_steps(chain: str) -> tuple[tuple[str, str], ...]:
    """``a=x then b=y`` as steps (axis, label); empty where a step is anything else than one label."""
    steps = [step.strip().partition("=") for step in chain.split(" then ")] if chain.strip() else []
    if not all(axis and label and " " not in axis + label for axis, _, label in steps):
        return ()
    return tuple((axis, label) for axis, _, label in steps)


def _step(game: LongGame, axis: str, label: str) -> tuple[int, npt.NDArray[np.bool_]]:
    for actor, what, place, having in _labels(game):
        if what == f"{axis}={label}" or (actor == axis and what == label):
            return place, having
    for place, each in enumerate(game.actors):
        if each.name == axis and label in each.moves:
            return place, np.array([move == label for move in each.moves])
    return 0, np.zeros(len(game.actors[0].moves), dtype=bool)


def _times(steps: list[tuple[int, npt.NDArray[np.bool_]]], moves: Ints) -> Ints:
    """[N] how often the steps are run through in order, each in the same period or a later one than the one before.

    Within a period actors move in their order, so that two steps of one actor take two periods.
    """
    reached = np.zeros(len(moves), dtype=np.int64)
    times = np.zeros(len(moves), dtype=np.int64)
    actors = moves.shape[2]
    for period in range(moves.shape[1]):
        for place in range(actors):
            before = reached.copy()
            for k, (own, having) in enumerate(steps):
                if own == place:
                    reached = np.where((before == k) & having[moves[:, period, place]], k + 1, reached)
            done = reached == len(steps)
            times += done
            reached[done] = 0
    return times
