r"""The stance over time, from what each draw's public belief did.

``then``       P(last stance | deeds up to and including period t): what a reader could know at its end
``hindsight``  P(last stance in period t | all deeds), by the backward recursion of a two-state chain
``shift``      log P(a_t | last) - log P(a_t | first): what the deeds of period t say, in log odds

The beliefs before each period hold all of it: before the hazard h of leaving, the belief after the deed is
(b_{t+1} - h_first) / (1 - h_first - h_last), and its log odds less those of b_t are what the deed said.

Source: Rabiner (1989), Proceedings of the IEEE 77 (the forward-backward recursion).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["StanceOverTime", "stance_over_time"]

Floats = npt.NDArray[np.float64]

EDGE = 1e-12


@dataclass(frozen=True)
class StanceOverTime:
    """[N, T] each, for N draws and T periods."""

    then: Floats
    hindsight: Floats
    shift: Floats


def stance_over_time(beliefs: Floats, hazard: tuple[float, ...]) -> StanceOverTime:
    """From ``beliefs`` [N, T + 1], P(last stance) before each period and after the last; hazards sum to less than 1."""
    to_last, to_first = hazard
    before = np.clip(beliefs[:, :-1], EDGE, 1 - EDGE)
    after = np.clip((beliefs[:, 1:] - to_last) / (1 - to_last - to_first), EDGE, 1 - EDGE)
    shift = np.log(after / (1 - after)) - np.log(before / (1 - before))
    likelihood = np.exp(np.clip(shift, -60, 60))  # of the deed under the last stance, in units of that under the first
    hindsight = np.empty_like(after)
    ahead = np.ones((len(beliefs), 2))  # P(later deeds | stance after period t), up to a factor
    for t in range(after.shape[1] - 1, -1, -1):
        joint = np.stack([(1 - after[:, t]) * ahead[:, 0], after[:, t] * ahead[:, 1]], axis=1)
        hindsight[:, t] = joint[:, 1] / joint.sum(axis=1)
        told = np.stack([ahead[:, 0], likelihood[:, t] * ahead[:, 1]], axis=1)  # with the deed of t, before it
        ahead = np.stack([(1 - to_last) * told[:, 0] + to_last * told[:, 1],
                          to_first * told[:, 0] + (1 - to_first) * told[:, 1]], axis=1)  # fmt: skip
        ahead /= ahead.sum(axis=1, keepdims=True)
    return StanceOverTime(after, hindsight, shift)
