r"""The full likelihood climbed from several starts: which maxima there are, and how many starts reach each.

Start 0 is the nested pseudo-likelihood estimate. Of the others every second one is drawn around the first maximum with
SPREAD times its standard errors and correlations, in the coordinates of :mod:`doubletalk.crisis.coordinates`; those
between are the pseudo-likelihood estimates under beliefs drawn uniformly, pR and pF each one number for all games,
which lie elsewhere; the last is the maximum of the mixture over equilibria.

Under 'best' the likelihood jumps down where the equilibrium that a game plays vanishes, and Newton's steps get stuck
beside such an edge. The edge is no maximum: in (coefficients, all q) the equilibria are a smooth surface that goes
through the fold. So a stuck climb goes on as the constrained problem (:mod:`doubletalk.crisis.mpec`), which passes
folds; then each game takes the best of its equilibria anew, and both are repeated until nothing is gained. Where that
ends is a local maximum of 'best': stationary, with no game better off at another of its equilibria.
That several starts agree is evidence, not proof, that the maximum is the highest.

Which one is the estimate: under 'lowest', 'highest' and 'mixture' the highest. 'best' is no likelihood where games have
several equilibria (each game picks one after the fact, as if with a parameter of its own), and its highest maximum may
lie where the reply W runs along the diagonal and equilibria can be had anywhere. So under 'best' the ``regular``
estimate is the highest maximum at which every game has one equilibrium, where all rules agree, if there is one;
``highest`` takes the highest whatever it is. (As with mixtures of normals, whose likelihood is highest at degenerate
points: Kiefer 1978, Econometrica 46.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.coordinates import Coordinates, coordinates_at
from doubletalk.crisis.covariance import inverse_of
from doubletalk.crisis.design import Design
from doubletalk.crisis.full import FullTerms, full_terms, maximise_full
from doubletalk.crisis.mpec import maximise_constrained
from doubletalk.crisis.optimise import Maximum
from doubletalk.crisis.pseudo import Beliefs, maximise_pseudo

__all__ = ["SPREAD", "TAKES", "Peak", "climb_from_several", "rules_compared", "taken"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

SPREAD = 3.0
STEPS = 60
"""Newton steps of a further start, before it goes on as a constrained problem or is given up."""
CONSTRAINED_STEPS = 300
ROUNDS = 10
WORTH = 100.0
"""A stuck climb goes on only where it is no more than this below the best so far."""
SETTLED = 1e-3
"""A constrained climb has ended at a maximum when no gradient per standard error is larger, and the last round gained
less than SAME_VALUE."""
NEAR_A_FOLD = 0.05
SAME_VALUE = 1e-5
SAME_PLACE = 0.01
"""Two ends are one maximum when their log-likelihoods differ by less than the first and their coefficients by less
than the second, in standard errors."""


@dataclass(eq=False)
class Peak:
    """Where starts ended: the maximum, how many starts came to it, its distance from that of start 0 in its errors."""

    found: Maximum
    terms: FullTerms
    starts: int
    distance: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        number = self.terms.equilibria.number()
        slopes = self.terms.equilibria.slope
        return {
            "log_likelihood": self.found.value,
            "starts": self.starts,
            "converged": self.found.converged,
            "distance_in_standard_errors": self.distance,
            "games_with_several_equilibria": int((number > 1).sum()),
            "most_equilibria_of_a_game": int(number.max()),
            "equilibria_near_a_fold": int((np.abs(slopes - 1.0) < NEAR_A_FOLD).sum()),
            "parameters": self.found.point.tolist(),
        }


TAKES = ("regular", "highest")


def taken(peaks: list[Peak], rule: str, take: str) -> Peak:
    """The maximum that is the estimate, of *peaks* with the highest first."""
    regular = [peak for peak in peaks if peak.found.converged and (peak.terms.equilibria.number() == 1).all()]
    return regular[0] if rule == "best" and take == "regular" and regular else peaks[0]


def climb_from_several(
    design: Design, counts: Array, start: Array, rule: str, starts: int, seed: int, tell: Tell
) -> list[Peak]:
    """Distinct maxima from *starts* starts, the highest first; ends that did not converge come last, as one entry.

    *start* are coefficients. Start i uses the generator of seed [seed, i]. Ctrl-C ends it early, after the first.
    """
    found, terms = maximise_full(design, counts, start, rule)
    peaks = [Peak(found, terms, 1)]
    if starts == 1:
        return peaks
    root, scale = _spread(found)
    q0 = terms.equilibria.q[terms.chosen]
    with np.errstate(all="ignore"):
        around = coordinates_at(design, counts, found.point, np.nan_to_num(found.hessian), q0, root)
    try:
        for number in range(1, starts):
            tell(number / starts, f"start {number + 1} of {starts}")
            last = number == starts - 1 and number > 1
            with np.errstate(all="ignore"):
                generator = np.random.default_rng([seed, number])
                begin = _begin(design, counts, around, peaks[0], rule, generator, number, last)
                new = _climb(design, counts, begin, rule, scale, max(peak.found.value for peak in peaks))
            _file(peaks, new, scale)
    except KeyboardInterrupt:
        pass
    peaks.sort(key=lambda peak: (not peak.found.converged, -peak.found.value))
    for peak in peaks:
        peak.distance = float((np.abs(peak.found.point - found.point) / scale).max(initial=0.0))
    return peaks


def _begin(
    design: Design, counts: Array, around: Coordinates, first: Peak, rule: str, generator: np.random.Generator,
    number: int, last: bool,
) -> Array:  # fmt: skip
    """Where start *number* begins."""
    if last and rule != "mixture":
        return maximise_full(design, counts, first.found.point, "mixture", STEPS)[0].point[: design.size]
    if number % 2:
        z = SPREAD * generator.standard_normal(len(first.found.point))
        for _ in range(6):
            begin = around.theta(z[None])[0]
            if np.isfinite(begin).all() and full_terms(design, counts, begin, rule).value > 2.0 * first.found.value:
                break
            z = 0.6 * z
        return np.asarray(begin)
    resist, firm = generator.uniform(0.05, 0.95, size=2)
    beliefs = Beliefs(np.full(design.games, resist), np.full(design.games, firm))
    return maximise_pseudo(design, counts, beliefs).point


def _climb(design: Design, counts: Array, begin: Array, rule: str, scale: Array, best: float) -> Peak:
    """Newton from *begin*; under 'best', where it gets stuck, the constrained problem and the choice in turn."""
    found, terms = maximise_full(design, counts, begin, rule, STEPS)
    if found.converged or rule != "best" or not found.value > best - WORTH:
        return Peak(found, terms, 1)
    for _ in range(ROUNDS):
        ended = maximise_constrained(
            design, counts, found.point, terms.equilibria.q[terms.chosen], scale, CONSTRAINED_STEPS
        )
        moved = full_terms(design, counts, ended.coefficients, rule)
        gained = moved.value - found.value
        if not gained > 0.0:
            break
        terms = moved
        slope = terms.scores.sum(axis=0)
        # a maximum in units of the standard errors: beside folds the curvature is so large that no gradient is small
        settled = ended.converged and abs(moved.value - ended.value) < SAME_VALUE
        found = Maximum(
            ended.coefficients, terms.value, slope, terms.hessian, found.steps + ended.steps,
            settled and float(np.abs(slope * scale).max(initial=0.0)) < SETTLED, "a constrained climb that goes on",
        )  # fmt: skip
        if gained < SAME_VALUE:
            break
    return Peak(replace(found, message="converged") if found.converged else found, terms, 1)


def rules_compared(design: Design, counts: Array, start: Array, at: Array) -> dict[str, dict[str, Any]]:
    """For each rule the log-likelihood at the coefficients *at*, and the maximum reached from *start* under it."""
    out = {}
    for rule in ("best", "lowest", "highest", "mixture"):
        with np.errstate(all="ignore"):
            here = full_terms(design, counts, np.concatenate([at, np.zeros(2 * (rule == "mixture"))]), rule).value
            found, terms = maximise_full(design, counts, start, rule, STEPS)
        number = terms.equilibria.number()
        out[rule] = {
            "at_the_estimate": here, "maximum": found.value, "converged": found.converged,
            "games_with_several_equilibria": int((number > 1).sum()),
        }  # fmt: skip
    return out


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
