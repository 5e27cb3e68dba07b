"""Claims about the fitted long game, answered with posterior probabilities and their Monte-Carlo error.

Quantities are sums over weighted draws, whose errors follow by the delta method; draws of different lenses are
independent. The answer is "yes" or "no" where the difference is more than ``SURE`` standard errors from zero, else
"undecided"; also "undecided" where the weights' Pareto k says that the error cannot be believed, or where the mode of
a fit is none. The verdict carries the approximation that was used.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from doubletalk.case.long_claims import SURE
from doubletalk.case.long_language import Arithmetic, Figure, LongExpression
from doubletalk.case.posterior_language import (
    PosteriorQuantity,
    PosteriorStatement,
    check_posterior,
    evaluated,
)
from doubletalk.case.sides import Sides
from doubletalk.errors import DoubletalkError
from doubletalk.exact import decimal
from doubletalk.lenses.declaration import EITHER, Lenses
from doubletalk.lenses.evidence import Draws, LensEvidence, SavedFit
from doubletalk.lenses.future import FutureScores
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.estimate import Estimate, constant
from doubletalk.longgame.smoothing import TRUSTED
from doubletalk.longgame.stance import stance_over_time

__all__ = ["Findings", "PosteriorVerdict", "answer_posterior"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Findings:
    """What there is to answer from: the game, the lenses, and what was found for each.

    ``saved``  lens -> a saved fit, whose draws are then used for its coefficients and stance, not for its evidence
    """

    game: LongGame
    lenses: Lenses
    quarters: tuple[str, ...]
    evidence: Mapping[str, LensEvidence]
    scores: Mapping[str, FutureScores] = field(default_factory=dict)
    saved: Mapping[str, SavedFit] = field(default_factory=dict)

    @property
    def usual(self) -> str:
        """The lens under which coefficients and stances are asked: the first with either stance, else the first."""
        return usual_lens(self.lenses)


def usual_lens(lenses: Lenses) -> str:
    """The first lens with either stance, else the first."""
    return next((lens.name for lens in lenses.lenses if lens.stance == EITHER), lenses.names[0])


@dataclass(frozen=True)
class PosteriorVerdict(Sides):
    """What a statement about the fitted game comes to.

    answer   "yes", "no" or "undecided"; errors are those of Monte Carlo
    method   the approximation, in words; ``pareto_k`` the largest of the weights that were used
    """

    method: str
    pareto_k: float


class _CannotAnswerError(DoubletalkError):
    """Something that the statement needs was not worked out."""


def answer_posterior(statement: str | PosteriorStatement, found: Findings) -> PosteriorVerdict:
    """The verdict. ``ClaimError`` for a name that is not known; ``DoubletalkError`` where what it needs is missing."""
    parsed = check_posterior(
        statement, lenses=found.lenses.names, stances=found.game.stances,
        coefficients=[c.name for c in found.game.coefficients], actors=[a.name for a in found.game.actors],
        quarters=found.quarters,
    )  # fmt: skip
    asker = _Asker(parsed, found)
    left, right = asker.value(parsed.left), asker.value(parsed.right)
    difference = left - right
    doubt = asker.doubt()
    answer = "undecided"
    if not doubt and math.isfinite(difference.value) and abs(difference.value) > SURE * difference.error:
        answer = "yes" if (difference.value > 0) == (parsed.sign in (">", ">=")) else "no"
    words = f"{_shown(left)} against {_shown(right)}. "
    if doubt:
        words += f"Not decided: {doubt}."
    elif answer == "undecided":
        words += f"Within the Monte-Carlo error: the difference is {difference.value:.3f} ± {difference.error:.3f}."
    else:
        words += f"The difference is {abs(difference.value):.3f} ± {difference.error:.3f}."
    return PosteriorVerdict(
        parsed.source, answer, words, left.value, left.error, right.value, right.error, difference.value,
        difference.error, asker.method(), asker.largest_k(),
    )  # fmt: skip


def _shown(side: Estimate) -> str:
    exact = not side.influence.any() and not side.floor
    return f"{side.value:.4g}" if exact else f"{side.value:.3f} ± {side.error:.3f}"


class _Asker:
    """The quantities of one statement, and which fits they rest on."""

    def __init__(self, parsed: PosteriorStatement, found: Findings) -> None:
        self.parsed, self.found = parsed, found
        self.used: dict[str, LensEvidence] = {}
        self.fits: dict[str, SavedFit] = {}
        self.bridged: dict[str, tuple[float, float, bool]] = {}
        drawn = {(name, ""): item.draws for name, item in found.evidence.items()}
        drawn |= {(name, "saved"): item.draws for name, item in found.saved.items()}
        counts = {key: len(draws.log_weights) if draws is not None else 0 for key, draws in drawn.items()}
        self.starts = dict(zip(counts, np.cumsum([0, *counts.values()])[:-1].tolist(), strict=True))
        self.size = sum(counts.values())

    def value(self, part: LongExpression) -> Estimate:
        if isinstance(part, Figure):
            return constant(decimal(part.value))
        if isinstance(part, Arithmetic):
            left, right = self.value(part.left), self.value(part.right)
            if part.sign in "+-":
                return left + right if part.sign == "+" else left - right
            return left * right if part.sign == "*" else left / right
        assert isinstance(part, PosteriorQuantity)
        return self.quantity(part)

    def quantity(self, asked: PosteriorQuantity) -> Estimate:
        if asked.kind == "evidence":
            return self.evidence(asked.name)
        if asked.kind == "score":
            return self.score(asked)
        lens = self.parsed.lens or self.found.usual
        draws, effective = self.draws(lens)
        if asked.kind == "stance":
            return self.mean(lens, draws, self.stance(lens, asked, draws))
        assert asked.event is not None

        def at(name: str) -> Floats:
            if name in draws.names:
                return draws.free[:, draws.names.index(name)]
            raise _CannotAnswerError(f"under the lens '{lens}' the coefficient '{name}' is held or plays no part")

        left = evaluated(asked.event.left, at)  # type: ignore[arg-type]
        if asked.kind == "mean":
            return self.mean(lens, draws, np.broadcast_to(left, len(draws.log_weights)))
        right = evaluated(asked.event.right, at)  # type: ignore[arg-type]
        happens = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}[asked.event.sign]
        share = self.mean(lens, draws, happens(left, right).astype(float))
        edge = share.value < 1e-12 or share.value > 1 - 1e-12
        return Estimate(share.value, share.influence, 1 / effective) if edge else share

    def fit(self, lens: str) -> tuple[LensEvidence, Draws]:
        item = self.found.evidence.get(lens)
        if item is None or item.draws is None:
            raise _CannotAnswerError(f"nothing was drawn under the lens '{lens}'")
        self.used[lens] = item
        return item, item.draws

    def draws(self, lens: str) -> tuple[Draws, float]:
        """The draws by which a lens's coefficients and stance are asked, and how many are effective."""
        saved = self.found.saved.get(lens)
        if saved is None:
            item, draws = self.fit(lens)
            return draws, item.effective
        self.fits[lens] = saved
        return saved.draws, float(len(saved.draws.log_weights))

    def mean(self, lens: str, draws: Draws, values: Floats) -> Estimate:
        weights, _ = draws.weights()
        live = weights > 0
        mean = float(weights[live] @ values[live])
        own = np.zeros(len(weights))
        own[live] = weights[live] * (values[live] - mean) * np.sqrt(draws.dependence(values))
        return Estimate(mean, self.placed((lens, "saved" if draws.chains else ""), own * self.size))

    def placed(self, key: tuple[str, str], own: Floats) -> Floats:
        """The influence of one set of draws among those of all."""
        whole = np.zeros(self.size)
        whole[self.starts[key] : self.starts[key] + len(own)] = own
        return whole

    def evidence(self, lens: str) -> Estimate:
        known = self.found.evidence.get(lens)
        if known is not None and known.bridged is not None:
            self.bridged[lens] = known.bridged
            return Estimate(known.bridged[0], np.zeros(1), known.bridged[1])
        item, draws = self.fit(lens)
        shares = np.exp(draws.log_weights - item.log_evidence)
        return Estimate(item.log_evidence, self.placed((lens, ""), (shares - 1.0) * self.size / len(shares)))

    def score(self, asked: PosteriorQuantity) -> Estimate:
        found = self.found.scores.get(asked.name)
        if found is None:
            raise _CannotAnswerError(f"no leave-future-out score was worked out for the lens '{asked.name}'")
        if asked.name in self.found.evidence:
            self.used[asked.name] = self.found.evidence[asked.name]
        names = [actor.name for actor in self.found.game.actors]
        place = names.index(asked.actor) if asked.actor else -1
        value = found.scores[:, place].sum() if asked.actor else found.total
        return Estimate(float(value), np.zeros(1), float(found.errors[place]))

    def stance(self, lens: str, asked: PosteriorQuantity, draws: Draws) -> Floats:
        chosen = self.found.lenses.named(lens)
        last = asked.name == self.found.game.stances[-1]
        if chosen.stance != EITHER:
            return np.full(len(draws.log_weights), float(asked.name == chosen.stance))
        over = stance_over_time(draws.beliefs, self.found.game.hazard)
        table = over.hindsight if asked.hindsight else over.then
        values = table[:, self.found.quarters.index(asked.quarter)]
        return values if last else 1 - values

    def doubt(self) -> str:
        """Why the numbers cannot be believed; "" where they can."""
        for name, item in self.used.items():
            if not item.fit.settled:
                return f"the fit under the lens '{name}' did not settle"
            if not item.pareto_k < TRUSTED:
                return f"the weights of the draws under the lens '{name}' have Pareto k {item.pareto_k:.2f}, above 0.7"
            if item.effective < item.needed:
                few = f"only {item.effective:.0f} effective draws under the lens '{name}'"
                return f"{few}, {item.needed:.0f} are needed"
        for name, (_, _, converged) in self.bridged.items():
            if not converged:
                return f"the saved fit under the lens '{name}' has not converged"
        for name, saved in self.fits.items():
            if not saved.converged:
                return f"the saved fit under the lens '{name}' has not converged ({saved.words})"
        return ""

    def largest_k(self) -> float:
        return max((item.pareto_k for item in self.used.values()), default=float("nan"))

    def method(self) -> str:
        """The approximation, in words."""
        kept = [f"{saved.name} under '{name}' ({saved.words})" for name, saved in self.fits.items()]
        kept += [f"bridge sampling under '{name}'" for name in self.bridged]
        if not self.used:
            return f"saved fit {'; '.join(kept)}" if kept else "arithmetic"
        told = [
            f"{len(item.draws.log_weights)} draws under '{name}' (effective {item.effective:.0f}, Pareto k "
            f"{item.pareto_k:.2f})"
            for name, item in self.used.items()
            if item.draws is not None
        ]
        return f"importance sampling around the mode: {'; '.join([*told, *kept])}"
