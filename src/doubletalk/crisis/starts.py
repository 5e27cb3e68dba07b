"""The full likelihood climbed from several starts: which maxima there are, and how many starts reach each.

Start 0 is the nested pseudo-likelihood estimate; the others add to the best point known so far independent normal
errors of SPREAD standard errors to each coefficient (one unit where the standard error is not known). That several
starts agree is evidence, not proof, that the maximum is the highest.
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

__all__ = ["SPREAD", "Peak", "climb_from_several"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

SPREAD = 2.0
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
    """Distinct maxima from *starts* starts, those that converged first, the highest first among them.

    *start* are coefficients. Start i uses the generator of seed [seed, i]. Ctrl-C ends it early, after the first.
    """
    found, terms = maximise_full(design, counts, start, rule)
    scale = _errors(found)
    peaks = [Peak(found, terms, 1)]
    try:
        for number in range(1, starts):
            tell(number / starts, f"start {number + 1} of {starts}")
            generator = np.random.default_rng([seed, number])
            begin = peaks[0].found.point + SPREAD * scale * generator.standard_normal(len(scale))
            ended, its_terms = maximise_full(design, counts, begin, rule)
            if not np.isfinite(ended.value):
                continue
            for peak in peaks:
                near = float((np.abs(peak.found.point - ended.point) / scale).max(initial=0.0)) < SAME_PLACE
                if near and abs(peak.found.value - ended.value) < SAME_VALUE * (1.0 + 1e-3 * abs(ended.value)):
                    peak.starts += 1
                    if ended.converged and not peak.found.converged:
                        peak.found, peak.terms = ended, its_terms
                    break
            else:
                peaks.append(Peak(ended, its_terms, 1))
            peaks.sort(key=lambda peak: (not peak.found.converged, -peak.found.value))
    except KeyboardInterrupt:
        pass
    for peak in peaks:
        peak.distance = float((np.abs(peak.found.point - peaks[0].found.point) / scale).max(initial=0.0))
    return peaks


def _errors(found: Maximum) -> Array:
    hessian = np.nan_to_num(found.hessian, nan=0.0, posinf=0.0, neginf=0.0)
    with np.errstate(invalid="ignore"):
        errors = np.sqrt(np.diag(inverse_of(-hessian)))
    return np.asarray(np.where(np.isfinite(errors) & (errors > 0.0), errors, 1.0))
