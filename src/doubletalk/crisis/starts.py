"""The full likelihood climbed from several starts: which maxima there are, and how many starts reach each.

Start 0 is the nested pseudo-likelihood estimate. Of the others every second one is drawn from a normal distribution
around the first maximum with SPREAD times its standard errors and its correlations; those between are the
pseudo-likelihood estimates under beliefs drawn uniformly, pR and pF each one number for all games, which lie elsewhere.
That several starts agree is evidence, not proof, that the maximum is the highest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.covariance import inverse_of
from doubletalk.crisis.design import Design
from doubletalk.crisis.full import FullTerms, maximise_full
from doubletalk.crisis.optimise import Maximum
from doubletalk.crisis.pseudo import Beliefs, maximise_pseudo

__all__ = ["SPREAD", "Peak", "climb_from_several"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

SPREAD = 3.0
STEPS = 80
"""Steps of a further start; one that needs more is stuck at an edge where an equilibrium vanishes."""
SAME_VALUE = 1e-5
SAME_PLACE = 0.01
"""Two ends are one maximum when their log-likelihoods differ by less than the first and their coefficients by less
than the second, in standard errors."""


@dataclass
class Peak:
    """Where starts ended: the maximum, how many starts came to it, its distance from the best in standard errors."""

    found: Maximum
    terms: FullTerms
    starts: int
    distance: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "log_likelihood": self.found.value,
            "starts": self.starts,
            "converged": self.found.converged,
            "distance_in_standard_errors": self.distance,
        }


def climb_from_several(
    design: Design, counts: Array, start: Array, rule: str, starts: int, seed: int, tell: Tell
) -> list[Peak]:
    """Distinct maxima from *starts* starts, the highest first; ends that did not converge come last, as one entry.

    *start* are coefficients. Start i uses the generator of seed [seed, i]. Ctrl-C ends it early, after the first.
    """
    found, terms = maximise_full(design, counts, start, rule)
    root, scale = _spread(found)
    peaks = [Peak(found, terms, 1)]
    try:
        for number in range(1, starts):
            tell(number / starts, f"start {number + 1} of {starts}")
            generator = np.random.default_rng([seed, number])
            with np.errstate(all="ignore"):
                if number % 2:
                    begin = found.point + SPREAD * (root @ generator.standard_normal(len(scale)))
                else:
                    resist, firm = generator.uniform(0.05, 0.95, size=2)
                    beliefs = Beliefs(np.full(design.games, resist), np.full(design.games, firm))
                    begin = maximise_pseudo(design, counts, beliefs).point
                ended, its_terms = maximise_full(design, counts, begin, rule, STEPS)
            _file(peaks, Peak(ended, its_terms, 1), scale)
    except KeyboardInterrupt:
        pass
    peaks.sort(key=lambda peak: (not peak.found.converged, -peak.found.value))
    for peak in peaks:
        peak.distance = float((np.abs(peak.found.point - peaks[0].found.point) / scale).max(initial=0.0))
    return peaks


def _file(peaks: list[Peak], new: Peak, scale: Array) -> None:
    """Count *new* with the maximum that it is, or add it."""
    for peak in peaks:
        if not new.found.converged and not peak.found.converged:
            peak.starts += 1
            if new.found.value > peak.found.value:
                peak.found, peak.terms = new.found, new.terms
            return
        away = float((np.abs(peak.found.point - new.found.point) / scale).max(initial=0.0))
        if peak.found.converged and away < SAME_PLACE and abs(peak.found.value - new.found.value) < SAME_VALUE:
            peak.starts += 1
            return
    if np.isfinite(new.found.value):
        peaks.append(new)


def _spread(found: Maximum) -> tuple[Array, Array]:
    """A root of the covariance at the first maximum, and its standard errors; 1 where the data do not tell."""
    hessian = np.nan_to_num(found.hessian, nan=0.0, posinf=0.0, neginf=0.0)
    covariance = inverse_of(-hessian)
    blind = ~np.isfinite(np.diag(covariance)) | ~(np.diag(covariance) > 0.0)
    covariance[blind, :] = 0.0
    covariance[:, blind] = 0.0
    covariance[blind, blind] = 1.0
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0)), np.sqrt(np.diag(covariance))
