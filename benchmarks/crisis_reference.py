"""The crisis likelihood written game by game with loops, as a check of the fast one and as what it is compared with.

Only the univariate normal distribution and Owen's T function are borrowed; the equilibrium is found by scanning pR and
bisecting, derivatives are central differences.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.special import owens_t

Array = NDArray[np.float64]
Utilities = Sequence[float]

SCAN = 60
"""Points of pR at which a sign change is looked for."""
SMALL = 1e-300


def phi(x: float) -> float:
    """The standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def both_below(h: float, k: float, r: float) -> float:
    """Bivariate normal distribution function by Owen (1956)."""
    root = math.sqrt(1.0 - r * r)
    h, k = h or 1e-12, k or 1e-12
    parts = float(owens_t(h, (k - r * h) / (h * root))) + float(owens_t(k, (h - r * k) / (k * root)))
    return 0.5 * (phi(h) + phi(k)) - parts - (0.5 if h * k < 0.0 else 0.0)


def firm_of(u: Utilities, resist: float) -> tuple[float, float]:
    """pC and pF given that B resists with probability *resist*; *u* in the order SA VA CB barWA barWB bara VB."""
    sa, va, _, wa, _, a, _ = u
    c = (sa - (1.0 - resist) * va) / resist
    challenge = 1.0 - phi(c - wa) * phi(c - a)
    firm = both_below((wa - a) / math.sqrt(2.0), wa - c, math.sqrt(0.5))
    return challenge, min(max(firm / max(challenge, SMALL), 1e-12), 1.0)


def resist_of(u: Utilities, firm: float) -> float:
    """pR given that A stands firm with probability *firm*."""
    _, _, cb, _, wb, _, vb = u
    return phi((firm * wb + (1.0 - firm) * vb - cb) / firm)


def lowest_equilibrium(u: Utilities) -> float:
    """The smallest pR at which B's best reply crosses the diagonal on a grid, by bisection."""

    def gap(resist: float) -> float:
        return resist_of(u, firm_of(u, resist)[1]) - resist

    grid = [(k + 0.5) / SCAN for k in range(SCAN)]
    low, before = grid[0], gap(grid[0])
    for high in grid[1:]:
        after = gap(high)
        if before * after <= 0.0:
            for _ in range(45):
                middle = 0.5 * (low + high)
                if before * gap(middle) <= 0.0:
                    high = middle
                else:
                    low = middle
            return 0.5 * (low + high)
        low, before = high, after
    return grid[0] if before < 0.0 else grid[-1]


def game_value(u: Utilities, counts: Sequence[float], resist: float, reply: float) -> float:
    """Log-likelihood of one game when A expects *resist* and B resists with *reply*."""
    challenge, firm = firm_of(u, resist)
    p = 1.0 - challenge, challenge * (1.0 - reply), challenge * reply * firm, challenge * reply * (1.0 - firm)
    return sum(n * math.log(max(share, SMALL)) for n, share in zip(counts, p, strict=True))


def pseudo_value(utilities: Array, counts: Array, resist: Array, firm: Array) -> float:
    """The pseudo-likelihood given first-stage beliefs, by a loop over games."""
    total = 0.0
    for u, n, p, f in zip(utilities.tolist(), counts.tolist(), resist.tolist(), firm.tolist(), strict=True):
        total += game_value(u, n, p, resist_of(u, f))
    return total


def full_value(utilities: Array, counts: Array) -> float:
    """The full likelihood at the lowest equilibrium of every game, by a loop over games."""
    total = 0.0
    for u, n in zip(utilities.tolist(), counts.tolist(), strict=True):
        resist = lowest_equilibrium(u)
        total += game_value(u, n, resist, resist)
    return total


def differences(value: Callable[[Array], float], at: Array, step: float = 1e-6) -> Array:
    """Gradient by central differences: two evaluations a parameter."""
    made = np.empty(len(at))
    for k in range(len(at)):
        move = step * max(1.0, abs(float(at[k]))) * (np.arange(len(at)) == k)
        made[k] = (value(at + move) - value(at - move)) / (2.0 * move[k])
    return made
