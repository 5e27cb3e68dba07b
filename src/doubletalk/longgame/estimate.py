"""Numbers from simulated paths with their Monte-Carlo error, and arithmetic that keeps track of it.

Every number is carried with its influence: what each path contributes to it beyond the mean, so that value and error of
any smooth function of several numbers follow by the delta method. Two numbers from paths drawn with the same random
numbers keep their covariance, which makes differences sharp. Source: Asmussen and Glynn (2007), Stochastic Simulation,
chapter III.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Estimate", "constant", "mean_of", "ratio_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number estimated from N paths.

    influence  [N] (or [1] for a constant): what each path adds to N times the error; of mean zero
    floor      standard error that is added for a share of 0 or 1, which a sample cannot tell from one near it: 1/N
    """

    value: float
    influence: Floats
    floor: float = 0.0

    @property
    def error(self) -> float:
        """Standard error of the simulation."""
        count = len(self.influence)
        spread = float(self.influence.std(ddof=1)) / np.sqrt(count) if count > 1 else 0.0
        return float(np.hypot(spread, self.floor))

    @property
    def defined(self) -> bool:
        """False where a condition never occurred or a divisor was zero."""
        return bool(np.isfinite(self.value))

    def __add__(self, other: Estimate) -> Estimate:
        return Estimate(
            self.value + other.value, self.influence + other.influence, float(np.hypot(self.floor, other.floor))
        )

    def __sub__(self, other: Estimate) -> Estimate:
        return self + constant(-1.0) * other

    def __mul__(self, other: Estimate) -> Estimate:
        influence = other.value * self.influence + self.value * other.influence
        return Estimate(
            self.value * other.value, influence, float(np.hypot(other.value * self.floor, self.value * other.floor))
        )

    def __truediv__(self, other: Estimate) -> Estimate:
        if other.value == 0:
            return Estimate(np.nan, np.zeros(1))
        inverse = Estimate(1 / other.value, -other.influence / other.value**2, other.floor / other.value**2)
        return self * inverse


def constant(value: float) -> Estimate:
    """A number without error."""
    return Estimate(float(value), np.zeros(1))


def mean_of(values: Floats) -> Estimate:
    """The mean over paths of ``values`` [N]."""
    mean = float(values.mean())
    return Estimate(mean, np.asarray(values - mean, dtype=float), _floor(mean, values, len(values)))


def ratio_of(above: Floats, below: Floats) -> Estimate:
    """The ratio of two means over paths, ``above`` and ``below`` [N]; not defined where ``below`` is zero throughout.

    A share of quarters: its counts a path above, the quarters in which the condition holds below.
    """
    base = float(below.mean())
    if base == 0:
        return Estimate(np.nan, np.zeros(1))
    ratio = float(above.mean()) / base
    return Estimate(ratio, np.asarray((above - ratio * below) / base, dtype=float), _floor(ratio, above, below.sum()))


def _floor(value: float, values: Floats, count: float) -> float:
    """1/count for a share that came out at 0 or at 1."""
    return 1.0 / max(float(count), 1.0) if value in (0.0, 1.0) and values.min() >= 0 else 0.0
