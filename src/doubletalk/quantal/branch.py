"""The principal branch of logit equilibria: from noise alone towards one equilibrium.

At rationality lambda every information set h plays pi(a) = exp(lambda U(a)) / sum of exp(lambda U(b)) over its
actions b, with U the payoff expected given that h is reached (see ``form``). Higher rationality = less noise:
at 0 every action is equally likely, and as it grows the branch approaches one equilibrium.

Payoffs have units, and rationality has one over those units: doubling all payoffs halves it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property

import numpy as np

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.game.model import Game
from doubletalk.quantal.form import AgentForm, Array, Profile, agent_form
from doubletalk.quantal.tracing import corrected, tangent_at, traced_step

__all__ = ["Branch", "BranchStatus", "ContinuationError", "QuantalPoint", "at", "logit_branch"]

REACH = 1e4
"""Where a branch ends when the caller names no rationality: this many times one over the widest payoff range."""
FIRST_STEP = 0.02
SHORTEST_STEP = 1e-9
MOST_STEPS = 20_000
GROWTH = 2.0
AIM = 0.1
"""The first correction that step control aims at, in log-odds."""


class BranchStatus(Enum):
    """How a trace ended."""

    REACHED = "the rationality asked for was reached"
    STEP_TOO_SHORT = "the steps became too short; the branch has a kink or a bifurcation there that could not be passed"
    PRECISION = "beyond this rationality double precision cannot hold the tolerance; ask for a larger one to go on"
    TOO_MANY_STEPS = "the limit on steps was reached before the rationality asked for; ask for a lower one"


class ContinuationError(DoubletalkError):
    """The branch could not be followed as far as asked."""


@dataclass(frozen=True)
class QuantalPoint:
    """One logit equilibrium.

    ``residual`` is the largest difference between a probability and the logit response to the profile.
    """

    rationality: float
    profile: Profile
    residual: float

    def __str__(self) -> str:
        """The rationality, the residual, and every information set on a line of its own."""
        lines = [f"rationality {self.rationality:.6g}, residual {self.residual:.1e}"]
        for player, sets in self.profile.items():
            for key, plan in sets.items():
                shares = ", ".join(f"{label} {share:.6f}" for label, share in plan.items())
                lines.append(f"  {player} at {key}: {shares}")
        return "\n".join(lines)


@dataclass(frozen=True, eq=False)
class Branch:
    """The traced branch.

    ``lambdas``   (points,): the rationality, from 0; it falls where the branch turns back
    ``residuals`` (points,)
    ``steps``     (points - 1,): lengths of the steps, in log-odds and rationality times the range of payoffs
    ``curve``     (points, unknowns + 1): log-odds, and rationality times the range of payoffs, in ``form``'s order
    ``rejected``  how many steps were tried and found too long
    """

    game: Game
    lambdas: Array
    residuals: Array
    steps: Array
    status: BranchStatus
    rejected: int
    curve: Array = field(repr=False)
    form: AgentForm = field(repr=False)

    @property
    def message(self) -> str:
        """The status in words."""
        return self.status.value

    @property
    def largest_residual(self) -> float:
        """The certificate of the whole branch."""
        return float(self.residuals.max())

    @cached_property
    def profiles(self) -> tuple[Profile, ...]:
        """[point] -> player -> information set -> action -> probability."""
        return tuple(self.form.profile(x[:-1]) for x in self.curve)

    def points(self) -> list[QuantalPoint]:
        """The points with their residuals, ready to be shown."""
        rows = zip(self.lambdas, self.profiles, self.residuals, strict=True)
        return [QuantalPoint(float(rationality), profile, float(r)) for rationality, profile, r in rows]

    def at(self, rationality: float) -> QuantalPoint:
        """The first point of the branch with this rationality. ``InputError`` when it lies outside the branch."""
        return self.all_at(rationality)[0]

    def all_at(self, rationality: float) -> list[QuantalPoint]:
        """All points of the branch with this rationality, in order of travel: several where the branch turns back."""
        mu = checked_rationality(rationality) * self.form.scale
        ahead = self.curve[:, -1] >= mu
        if not ahead.any():
            raise InputError(f"the branch ends at rationality {self.lambdas.max():.6g}, asked for {rationality:.6g}")
        found = [self.curve[0]] if ahead[0] else []
        for i in np.flatnonzero(ahead[1:] != ahead[:-1]):
            x = _landed(self.form, self.curve[i], self.curve[i + 1], mu, 1e-12)
            if x is None:
                raise ContinuationError(f"no point at rationality {rationality:.6g}: the branch turns too close to it")
            found.append(x)
        return [QuantalPoint(rationality, self.form.profile(x[:-1]), self.form.residual(x)) for x in found]


def checked_rationality(value: float) -> float:
    """*value*, a finite number of at least 0."""
    if not np.isfinite(value) or value < 0:
        raise InputError(f"rationality must be a finite number of at least 0, found {value}")
    return float(value)


def logit_branch(game: Game, highest: float | None = None, tolerance: float = 1e-10) -> Branch:
    """The principal branch from rationality 0 to *highest*.

    Without *highest*, the branch ends at 10,000 divided by the widest range of any player's payoffs. Every point's
    residual is at most *tolerance*, or the step is refused. Where the branch bifurcates (a symmetric game) it is
    followed straight on. The status says whether the end was reached. ``InputError`` for bad arguments.
    """
    if not 1e-12 <= tolerance <= 1e-4:
        raise InputError(f"tolerance must lie between 1e-12 and 1e-4, found {tolerance}")
    form = agent_form(game)
    end = REACH if highest is None else checked_rationality(highest) * form.scale
    tracer = _Tracer(form, end, tolerance)
    status = tracer.trace()
    curve = np.array(tracer.points)
    return Branch(
        game=game,
        lambdas=curve[:, -1] / form.scale,
        residuals=np.array([form.residual(x) for x in curve]),
        steps=np.linalg.norm(np.diff(curve, axis=0), axis=1),
        status=status,
        rejected=tracer.rejected,
        curve=curve,
        form=form,
    )


def at(game: Game, rationality: float, tolerance: float = 1e-10) -> QuantalPoint:
    """The logit equilibrium of the principal branch where it first has this rationality.

    ``ContinuationError`` when the branch cannot be followed that far.
    """
    branch = logit_branch(game, rationality, tolerance)
    if branch.status is not BranchStatus.REACHED:
        where = f"stopped at rationality {branch.lambdas[-1]:.6g} of {rationality:.6g}"
        raise ContinuationError(f"{where}: {branch.message}")
    return branch.points()[-1]


class _Tracer:
    def __init__(self, form: AgentForm, end: float, tolerance: float) -> None:
        self.form, self.end, self.tolerance = form, end, tolerance
        self.points: list[Array] = [np.zeros(len(form.free) + 1)]
        self.rejected = 0

    def trace(self) -> BranchStatus:
        """Fill ``points``; the last has exactly the rationality ``end`` when the status says so."""
        x = self.points[0]
        forward = np.zeros(len(x))
        forward[-1] = 1.0
        tangent = tangent_at(self.form.system, x, forward)
        assert tangent is not None, "at rationality 0 the Jacobian is the identity"
        length = FIRST_STEP
        while len(self.points) <= MOST_STEPS:
            if self.points[-1][-1] >= self.end:
                return BranchStatus.REACHED
            found = traced_step(self.form.system, x, tangent, length, self.tolerance * 0.1)
            landed = found[0] if found else None
            if landed is not None and landed[-1] > self.end:
                landed = _landed(self.form, x, landed, self.end, self.tolerance * 0.1)
            coarse = landed is not None and self.form.residual(landed) > self.tolerance
            if found is None or landed is None or coarse:
                self.rejected += 1
                length /= 2
                if length < SHORTEST_STEP * (1.0 + x[-1]):
                    return BranchStatus.PRECISION if coarse else BranchStatus.STEP_TOO_SHORT
                continue
            x, tangent, correction = landed, found[1], found[2]
            self.points.append(x)
            length *= float(np.clip(np.sqrt(AIM / max(correction, 1e-300)), 0.5, GROWTH))
        return BranchStatus.TOO_MANY_STEPS


def _landed(form: AgentForm, before: Array, after: Array, mu: float, tolerance: float) -> Array | None:
    """The point between two neighbours of the branch where the rationality is *mu*, by Newton at fixed rationality."""
    share = (mu - before[-1]) / (after[-1] - before[-1]) if after[-1] != before[-1] else 1.0
    start = before + share * (after - before)
    start[-1] = mu
    across = np.zeros(len(start))
    across[-1] = 1.0
    found = corrected(form.system, start, across, tolerance)
    return None if found is None else found[0]
