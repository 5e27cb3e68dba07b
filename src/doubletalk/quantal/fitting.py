"""How rational were they? The logit equilibrium fitted to counts of what was done, by maximum likelihood.

The log-likelihood of counts n(h, a), given how often each information set h was reached, is the sum of n(h, a) log
pi(a; lambda) along the principal branch. Its derivative along the curve is exact, from the branch's tangent; a
local maximum lies where it changes sign between two points, and is found there by bisection on the curve itself.

Standard errors: ``standard_error`` is 1 / sqrt of the observed information, minus the second derivative of the
log-likelihood in lambda; ``expected_error`` is 1 / sqrt of the sum over h of n(h) sum over a of pi(a) (d log pi(a) /
d lambda)^2. Both treat choices as independent.

Source: McKelvey & Palfrey (1998), section 6; Bland & Turocy (2023) on estimating along the branch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

import numpy as np

from doubletalk.errors import InputError
from doubletalk.exact import decimal
from doubletalk.game.model import Game
from doubletalk.quantal.branch import Branch, QuantalPoint, logit_branch
from doubletalk.quantal.form import AgentForm, Array
from doubletalk.quantal.tracing import corrected, tangent_at

__all__ = ["Counts", "FitStatus", "LogitFit", "fit"]

Counts = Mapping[str, Mapping[str, Mapping[str, float]]]
"""player -> information set -> action -> how often it was seen; what is left out was not seen."""

BISECTIONS = 100
FIT_REACH = 1e3


class FitStatus(Enum):
    """Where the maximum lies."""

    INTERIOR = "the likelihood has its maximum inside the branch"
    AT_ZERO = "the likelihood is greatest at rationality 0: the counts are no more rational than chance"
    AT_HIGHEST = "the likelihood still rises at the end of the branch: the counts are as rational as the branch goes"
    FLAT = "the counts say nothing about rationality: no choice with a count depends on it at the maximum"


@dataclass(frozen=True)
class LogitFit:
    """The fit.

    ``log_likelihood`` at the maximum; ``log_likelihood_zero`` of chance (rationality 0); ``log_likelihood_free``
    of the frequencies themselves, which no model exceeds. The errors are None unless the maximum is interior.
    """

    status: FitStatus
    rationality: float
    standard_error: float | None
    expected_error: float | None
    log_likelihood: float
    log_likelihood_zero: float
    log_likelihood_free: float
    observations: float
    point: QuantalPoint
    branch: Branch

    @property
    def message(self) -> str:
        """The status in words."""
        return self.status.value


def fit(game: Game, counts: Counts, highest: float | None = None) -> LogitFit:
    """The rationality on the principal branch, from 0 to *highest*, that makes the counts likeliest.

    Without *highest*, the branch ends at 1,000 divided by the widest range of payoffs. All local maxima along the
    branch are compared. ``InputError`` for unknown players, information sets and actions, and for counts that are
    negative or all zero.
    """
    branch = logit_branch(game, FIT_REACH / _scale(game) if highest is None else highest)
    form = branch.form
    seen = _vector(form, counts)
    work = _Likelihood(form, seen)
    values = [work.value(x) for x in branch.curve]
    slopes = [work.slope(x, tangent) for x, tangent in zip(branch.curve, _tangents(branch), strict=True)]
    best, at_best, status = branch.curve[0], values[0], FitStatus.AT_ZERO
    if values[-1] > at_best:
        best, at_best, status = branch.curve[-1], values[-1], FitStatus.AT_HIGHEST
    for i in range(len(values) - 1):
        if slopes[i] > 0 >= slopes[i + 1]:
            x = work.summit(branch.curve[i], branch.curve[i + 1])
            if work.value(x) > at_best:
                best, at_best, status = x, work.value(x), FitStatus.INTERIOR
    errors: tuple[float | None, float | None] = (None, None)
    if max(abs(slope) for slope in slopes) <= 1e-12 * seen.sum():
        status = FitStatus.FLAT
    elif status is FitStatus.INTERIOR:
        errors = work.errors(best)
    return LogitFit(
        status=status,
        rationality=float(best[-1]) / form.scale,
        standard_error=errors[0],
        expected_error=errors[1],
        log_likelihood=at_best,
        log_likelihood_zero=values[0],
        log_likelihood_free=work.free(),
        observations=float(seen.sum()),
        point=QuantalPoint(float(best[-1]) / form.scale, form.profile(best[:-1]), form.residual(best)),
        branch=branch,
    )


def _scale(game: Game) -> float:
    ranges = [max(column) - min(column) for column in zip(*game.payoffs.values(), strict=True)]
    widest = max(ranges)
    return decimal(widest) or 1.0


def _tangents(branch: Branch) -> list[Array]:
    """The unit tangents at the branch's points, all in the direction of travel."""
    direction = np.zeros(branch.curve.shape[1])
    direction[-1] = 1.0
    found = []
    for x in branch.curve:
        tangent = tangent_at(branch.form.system, x, direction)
        direction = direction if tangent is None else tangent
        found.append(direction)
    return found


def _vector(form: AgentForm, counts: Counts) -> Array:
    """The counts in the order of the form's actions."""
    sets = {(player, key): (n, labels) for n, (player, key, labels) in enumerate(form.sets)}
    seen = np.zeros(len(form.set_of))
    for player, plans in counts.items():
        for key, plan in plans.items():
            if (player, key) not in sets:
                known = ", ".join(repr(k) for p, k in sets if p == player) or f"no information set of {player!r}"
                raise InputError(f"counts name {player!r} at {key!r}; known: {known}")
            number, labels = sets[player, key]
            for label, count in plan.items():
                if label not in labels:
                    raise InputError(f"counts of {player!r} at {key!r} name {label!r}; known: {', '.join(labels)}")
                if not np.isfinite(count) or count < 0:
                    raise InputError(f"count of {label!r} by {player!r} at {key!r} is {count}, expected 0 or more")
                seen[form.starts[number] + labels.index(label)] = count
    if not seen.any():
        raise InputError("all counts are zero")
    return seen


@dataclass(frozen=True, eq=False)
class _Likelihood:
    form: AgentForm
    seen: Array

    def value(self, x: Array) -> float:
        """The log-likelihood at a point of the curve."""
        return float(self.seen @ self.form.log_probabilities(x[:-1]))

    def free(self) -> float:
        """The log-likelihood of the observed frequencies."""
        reached = np.add.reduceat(self.seen, self.form.starts)[self.form.set_of]
        some = self.seen > 0
        return float(self.seen[some] @ np.log(self.seen[some] / reached[some]))

    def slope(self, x: Array, tangent: Array) -> float:
        """The derivative of the log-likelihood along *tangent*."""
        return float(self.seen @ self.form.moved(tangent[:-1], self.form.log_probabilities(x[:-1])))

    def summit(self, before: Array, after: Array) -> Array:
        """The point between two neighbours of the curve where the slope changes from plus to minus."""
        chord = after - before
        across = chord / np.linalg.norm(chord)
        low, high, best = 0.0, 1.0, before
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            found = corrected(self.form.system, before + middle * chord, across, 1e-12)
            tangent = None if found is None else tangent_at(self.form.system, found[0], across)
            if found is None or tangent is None or middle in (low, high):
                break
            best = found[0]
            if self.slope(best, tangent) > 0:
                low = middle
            else:
                high = middle
        return best

    def score(self, x: Array) -> float | None:
        """d log-likelihood / d mu on the curve; None at a turning point."""
        forward = np.zeros(len(x))
        forward[-1] = 1.0
        tangent = tangent_at(self.form.system, x, forward)
        return None if tangent is None else self.slope(x, tangent / tangent[-1])

    def errors(self, x: Array) -> tuple[float | None, float | None]:
        """The observed and the expected standard error of the rationality at *x*."""
        forward = np.zeros(len(x))
        forward[-1] = 1.0
        tangent = tangent_at(self.form.system, x, forward)
        if tangent is None:
            return None, None
        by_mu = tangent[:-1] / tangent[-1]
        log_pi = self.form.log_probabilities(x[:-1])
        moved = self.form.moved(by_mu, log_pi)
        reached = np.add.reduceat(self.seen, self.form.starts)[self.form.set_of]
        expected = float(reached @ (np.exp(log_pi) * moved**2))
        width = 1e-5 * max(1.0, float(x[-1]))
        scores = []
        for side in (-width, width):
            start = x + side * np.append(by_mu, 1.0)
            found = corrected(self.form.system, start, forward, 1e-12)
            scores.append(None if found is None else self.score(found[0]))
        observed = None
        if scores[0] is not None and scores[1] is not None:
            observed = (scores[0] - scores[1]) / (2 * width)
        return _error(observed, self.form.scale), _error(expected, self.form.scale)


def _error(information: float | None, scale: float) -> float | None:
    """1 / sqrt(information), in units of rationality; None where the information is not positive."""
    return None if information is None or information <= 0 else float(1 / np.sqrt(information) / scale)
