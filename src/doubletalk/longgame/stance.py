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

__all__ = ["StanceOverTime", "after_deed", "smoothed", "stance_over_time"]

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
    leaving = np.asarray(hazard)
    before = np.clip(beliefs[:, :-1], EDGE, 1 - EDGE)
    after = np.clip(after_deed(beliefs, leaving), EDGE, 1 - EDGE)
    shift = np.log(after / (1 - after)) - np.log(before / (1 - before))
    return StanceOverTime(after, smoothed(beliefs, leaving), shift)


def smoothed(beliefs: Floats, hazard: Floats) -> Floats:
    """[.., T] P(last stance in period t | the whole record), from filtered beliefs [.., T + 1] and hazards [.., 2].

    Only the informed actor's moves tell of its stance, so that period t weighs the stances by the change of the odds
    within it, and the hazards join the periods: the backward pass of the forward-backward algorithm.
    """
    leave = hazard[..., 1]
    after = after_deed(beliefs, hazard)
    following = beliefs[..., 1:]
    found = after.copy()
    for t in range(after.shape[-1] - 2, -1, -1):
        b, ahead, seen = after[..., t], found[..., t + 1], following[..., t]
        with np.errstate(divide="ignore", invalid="ignore"):
            from_last = np.where(seen > 0, (1 - leave) * ahead / seen, 0.0)
            from_first = np.where(seen < 1, leave * (1 - ahead) / (1 - seen), 0.0)
        found[..., t] = b * (from_last + from_first)
    return found


def after_deed(beliefs: Floats, hazard: Floats) -> Floats:
    """[.., T] the belief after the period's deed, before a stance may change: the hazards taken back."""
    first, last = hazard[..., :1], hazard[..., 1:]
    return np.asarray(np.clip((beliefs[..., 1:] - first) / (1 - first - last), 0.0, 1.0))
