"""The No-U-Turn sampler, run on the host so that every step starts the equilibrium from the step before.

Multinomial sampling along the trajectory and the generalised U-turn criterion; step size by dual averaging; the metric
is the Laplace covariance around the mode, its diagonal adapted once, half way through the warm-up. A chain's state can
be saved after any block of draws and goes on exactly as it would have.

Sources: Hoffman and Gelman (2014), JMLR 15; Betancourt (2017), arXiv:1701.02434.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Chain", "Density", "Draw", "advance", "begin"]

Floats = npt.NDArray[np.float64]

DEPTH = 8
TARGET = 0.8
MOST_ERROR = 1000.0


@dataclass(frozen=True)
class Place:
    """A point of the whitened space with its log density, gradient, and whatever came with the evaluation."""

    z: Floats
    value: float
    slope: Floats
    other: Any


Density = Callable[[Floats, Place | None], Place]
"""Log density at z; the second argument is a near place, for a warm start."""


@dataclass(frozen=True)
class Draw:
    """One draw with what the sampler did to get it."""

    place: Place
    accept: float
    diverging: bool
    depth: int
    steps: int
    energy: float
    step_size: float


@dataclass
class Chain:
    """State of a chain, all that is needed to go on."""

    place: Place
    random: np.random.Generator
    scale: Floats
    warmup: int
    done: int = 0
    step_size: float = 0.5
    log_mean: float = 0.0
    gap: float = 0.0
    centre: float = 0.0
    since: int = 0
    seen: list[Floats] = field(default_factory=list)


@dataclass
class _Tree:
    """A stretch of trajectory: its two ends (place, momentum), the place drawn from it, and its sums."""

    left: tuple[Place, Floats]
    right: tuple[Place, Floats]
    drawn: Place
    energy: float
    log_weight: float
    momentum: Floats
    turned: bool
    diverging: bool
    accept: float
    count: int


def begin(density: Density, z: Floats, warmup: int, seed: int) -> Chain:
    """A chain at *z*."""
    place = density(z, None)
    chain = Chain(place, np.random.default_rng(seed), np.ones_like(z), warmup)
    _restart(chain, 0.5)
    return chain


def _restart(chain: Chain, step_size: float) -> None:
    chain.step_size, chain.log_mean, chain.gap, chain.since = step_size, np.log(step_size), 0.0, 0
    chain.centre = float(np.log(2 * step_size))


def advance(density: Density, chain: Chain) -> Draw:
    """One draw; adapts the chain while it warms up."""
    draw = _transition(density, chain)
    chain.place = draw.place
    chain.done += 1
    if chain.done <= chain.warmup:
        _adapt(chain, draw)
    return draw


def _adapt(chain: Chain, draw: Draw) -> None:
    chain.since += 1
    t = chain.since
    chain.gap += (TARGET - draw.accept - chain.gap) / (t + 10)
    log_step = chain.centre - np.sqrt(t) / 0.05 * chain.gap
    share = t**-0.75
    chain.log_mean = share * log_step + (1 - share) * chain.log_mean
    chain.step_size = float(np.exp(log_step))
    chain.seen.append(draw.place.z)
    if chain.done == chain.warmup // 2 and chain.done >= 20:
        recent = np.array(chain.seen[len(chain.seen) // 4 :])
        n = len(recent)
        chain.scale = np.sqrt((n * recent.var(axis=0) + 5.0) / (n + 5.0))
        _restart(chain, float(np.exp(chain.log_mean)))
    if chain.done == chain.warmup:
        chain.step_size = float(np.exp(chain.log_mean))
        chain.seen = []


def _leapfrog(
    density: Density, chain: Chain, place: Place, momentum: Floats, direction: int
) -> tuple[Place, Floats]:
    """Momentum is in units in which its density is standard normal; ``scale`` is the metric's root."""
    step = direction * chain.step_size
    half = momentum + 0.5 * step * chain.scale * place.slope
    after = density(place.z + step * chain.scale * half, place)
    return after, half + 0.5 * step * chain.scale * after.slope


def _turned(total: Floats, left: Floats, right: Floats) -> bool:
    return bool(total @ left <= 0 or total @ right <= 0)


def _transition(density: Density, chain: Chain) -> Draw:
    random = chain.random
    momentum = random.standard_normal(len(chain.place.z))
    initial = 0.5 * float(momentum @ momentum) - chain.place.value
    tree = _Tree((chain.place, momentum), (chain.place, momentum), chain.place, initial, 0.0, momentum, False, False,
                 0.0, 0)  # fmt: skip
    depth = 0
    while depth < DEPTH and not tree.turned and not tree.diverging:
        direction = 1 if random.random() < 0.5 else -1
        end = tree.right if direction == 1 else tree.left
        new = _grown(density, chain, end, direction, depth, initial)
        accept, count = tree.accept + new.accept, tree.count + new.count
        if new.turned or new.diverging:
            tree.accept, tree.count, tree.diverging, tree.turned = accept, count, new.diverging, True
            break
        chosen = new if np.log(random.random()) < new.log_weight - tree.log_weight else tree
        tree = _joined(tree, new, direction, chosen)
        depth += 1
    drawn_accept = tree.accept / max(tree.count, 1)
    return Draw(tree.drawn, drawn_accept, tree.diverging, depth, tree.count, tree.energy, chain.step_size)


def _joined(tree: _Tree, new: _Tree, direction: int, chosen: _Tree) -> _Tree:
    left, right = (tree.left, new.right) if direction == 1 else (new.left, tree.right)
    total = tree.momentum + new.momentum
    first, second = (tree, new) if direction == 1 else (new, tree)
    turned = (
        new.turned or _turned(total, left[1], right[1])
        or _turned(first.momentum + second.left[1], first.left[1], second.left[1])
        or _turned(second.momentum + first.right[1], first.right[1], second.right[1])
    )  # fmt: skip
    weight = float(np.logaddexp(tree.log_weight, new.log_weight))
    return _Tree(left, right, chosen.drawn, chosen.energy, weight, total, turned, new.diverging,
                 tree.accept + new.accept, tree.count + new.count)  # fmt: skip


def _grown(
    density: Density, chain: Chain, end: tuple[Place, Floats], direction: int, depth: int, initial: float
) -> _Tree:
    """A stretch of 2^depth steps on from *end*."""
    if depth == 0:
        place, momentum = _leapfrog(density, chain, *end, direction)
        energy = 0.5 * float(momentum @ momentum) - place.value
        error = energy - initial if np.isfinite(energy) else np.inf
        return _Tree((place, momentum), (place, momentum), place, energy, -error, momentum, False,
                     error > MOST_ERROR, float(np.exp(min(0.0, -error))), 1)  # fmt: skip
    first = _grown(density, chain, end, direction, depth - 1, initial)
    if first.turned or first.diverging:
        return first
    outer = first.right if direction == 1 else first.left
    second = _grown(density, chain, outer, direction, depth - 1, initial)
    if second.turned or second.diverging:
        second.accept, second.count = first.accept + second.accept, first.count + second.count
        return second
    weight = np.logaddexp(first.log_weight, second.log_weight)
    chosen = second if np.log(chain.random.random()) < second.log_weight - weight else first
    return _joined(first, second, direction, chosen)
