r"""What a record says for a lens: posterior mode, weighted draws, and the log marginal likelihood with its error.

    log p(y | lens) = log \int p(y | c) p(c | lens) dc

first by Laplace at the mode, then by importance sampling from multivariate t around it, with the Monte-Carlo error and
the Pareto k of the weights. A part of the draws has half the record's curvature, for ridges that leave the normal
approximation. Where the informed actor may have either stance, further parts are around the mode under each stance
alone (what a stance lacks drawn from its prior), since "always the one" and "always the other" may hold most of the
posterior without being a mode of it. Weights are posterior over the whole mixture.

Every draw comes with log p(y_t | y_1 .. y_{t-1}, c) of each actor and period, with the beliefs, and with the log
likelihoods of other records and of other initial beliefs at the same equilibrium: the equilibrium does not depend on
them. So predictions, the stance over time and most of the sensitivity are weighted sums of what was solved once.

Sources: Tierney and Kadane (1986), JASA 81; Geweke (1989), Econometrica 57; Owen and Zhou (2000), JASA 95 (mixtures).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from doubletalk.lenses.restricting import directions, one_stance
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.engine import Play, Tables
from doubletalk.longgame.fitting import QuickFit, fit_mode
from doubletalk.longgame.importance import importance, summed
from doubletalk.longgame.layout import Shape
from doubletalk.longgame.likelihood import Observed, log_likelihood
from doubletalk.longgame.posterior import Point, Posterior
from doubletalk.longgame.smoothing import LEAST_EFFECTIVE, TRUSTED, judged

__all__ = ["Draws", "LensEvidence", "SavedFit", "Variant", "climbed", "evidence_of", "likelihoods"]

Floats = npt.NDArray[np.float64]
Tell = Callable[[str], None]

@dataclass(frozen=True)
class Variant:
    """Another record, or another belief at the start, under which the same draws are weighed."""

    observed: Observed
    belief: float


@dataclass(frozen=True)
class Draws:
    """N weighted draws.

    u            [N, d] coordinates; ``free`` [N, d] the coefficients
    log_weights  [N] log posterior less log proposal, not normalised; -inf where no equilibrium was found
    likelihood   [N] log likelihood; ``others`` [N, V] those of the variants
    terms        [N, T, actors] log probabilities of what was done; ``beliefs`` [N, T + 1] P(last stance) before each
                 period and after the last
    chains       0 for weighted, independent draws; else all weigh the same and are so many chains, one after the other
    """

    names: tuple[str, ...]
    u: Floats
    free: Floats
    log_weights: Floats
    likelihood: Floats
    others: Floats
    terms: Floats
    beliefs: Floats
    chains: int = 0

    @property
    def failed(self) -> int:
        """Draws at which no equilibrium was found."""
        return int((~np.isfinite(self.log_weights)).sum())

    def weights(self) -> tuple[Floats, float]:
        """Normalised weights [N] with a smoothed tail, and Pareto k."""
        if self.chains:
            return np.full(len(self.log_weights), 1 / len(self.log_weights)), 0.0
        logs, k = judged(self.log_weights)
        return np.exp(logs), k

    def dependence(self, values: Floats) -> float:
        """How many draws are worth one independent draw for the mean of *values* [N]; 1 for weighted draws."""
        if not self.chains or np.ptp(values) == 0:
            return 1.0
        from numpyro.diagnostics import effective_sample_size

        effective = float(effective_sample_size(values.reshape(self.chains, -1)))
        return max(len(values) / effective, 1.0) if effective > 0 else float(len(values))

    def quantiles(self, values: Floats, shares: tuple[float, ...]) -> Floats:
        """[len(shares), ..] weighted quantiles of *values* [N, ..] over the draws."""
        weights, _ = self.weights()
        flat = values.reshape(len(values), -1)
        order = np.argsort(flat, axis=0)
        above = np.cumsum(weights[order], axis=0)
        places = [np.minimum((above < share).sum(axis=0), len(values) - 1) for share in shares]
        columns = np.arange(flat.shape[1])
        found = np.stack([flat[order[place, columns], columns] for place in places])
        return np.asarray(found.reshape(len(shares), *values.shape[1:]))

    def mean(self, values: Floats) -> tuple[float, float]:
        """Posterior mean of *values* [N] and its Monte-Carlo standard error (self-normalised weights)."""
        weights, _ = self.weights()
        mean = float(weights @ values)
        return mean, float(np.sqrt((weights**2) @ (values - mean) ** 2))


@dataclass(frozen=True)
class SavedFit:
    """Draws from a file, with what they are in words and whether they have converged.

    ``evidence`` is the log marginal likelihood by bridge sampling with its error, None where the file has none.
    """

    name: str
    words: str
    draws: Draws
    converged: bool
    evidence: tuple[float, float] | None = None


@dataclass(frozen=True)
class LensEvidence:
    """The evidence for one lens.

    free, directions     coefficients that are free, and the rank of the payoffs in them
    fit                  mode and Laplace approximation; ``laplace`` its log marginal likelihood
    log_evidence, error  by importance sampling, with its standard error; nan without draws
    effective, pareto_k  of the weights; above 0.7 the error is not to be trusted
    bridged              log marginal likelihood and its error by bridge sampling, from a saved fit; whether that has
                         converged
    """

    name: str
    free: tuple[str, ...]
    directions: int
    fit: QuickFit
    draws: Draws | None = None
    log_evidence: float = float("nan")
    error: float = float("nan")
    effective: float = float("nan")
    pareto_k: float = float("nan")
    bridged: tuple[float, float, bool] | None = None

    def with_fit(self, saved: SavedFit) -> LensEvidence:
        """With the marginal likelihood of a saved fit under this lens, unless it has none or is worth less than ours.

        That of chains that have not converged counts only where our own draws cannot be believed either.
        """
        if saved.evidence is None or (not saved.converged and self.draws is not None and self.trusted):
            return self
        return replace(self, bridged=(*saved.evidence, saved.converged))

    @property
    def laplace(self) -> float:
        """Log marginal likelihood by Laplace."""
        return self.fit.log_evidence

    @property
    def best(self) -> tuple[float, float, str]:
        """The log marginal likelihood to quote, its standard error, and the method: the best of what there is."""
        if self.bridged is not None:
            return self.bridged[0], self.bridged[1], "bridge sampling"
        if self.draws is None:
            return self.laplace, float("nan"), "Laplace"
        return self.log_evidence, self.error, "importance sampling"

    @property
    def needed(self) -> float:
        """Effective draws below which the weights carry nothing: two for each free coefficient, ten at least."""
        return max(LEAST_EFFECTIVE, 2.0 * len(self.free))

    @property
    def trusted(self) -> bool:
        """Whether the fit settled and the error of its draws can be believed; or the saved fit converged."""
        if self.bridged is not None:
            return self.bridged[2]
        even = self.pareto_k < TRUSTED and self.effective >= self.needed
        return self.fit.settled and (self.draws is None or even)


def evidence_of(
    name: str, game: LongGame, observed: Observed, *, draws: int = 0, points: int | None = None, seed: int = 1,
    begin: Floats | None = None, tell: Tell | None = None, until: int | None = None,
    variants: Sequence[Variant] = (),
) -> LensEvidence:  # fmt: skip
    """Fit the game of a lens to a record, draw around its mode, and weigh. ``draws`` 0: Laplace alone.

    The climb starts at *begin*, coordinates, else at the file's values, and there again where it does not settle;
    ``until`` only so many periods count. Raises ``DoubletalkError`` where no equilibrium is found at the mode.
    """
    posterior = Posterior(game, observed, points, until)
    found = climbed(posterior, posterior.coordinates.start() if begin is None else begin, tell)
    if begin is not None and not found.settled:
        found = climbed(posterior, posterior.coordinates.start(), tell)
    counted = posterior.names, directions(game)
    if not draws or not found.curved:
        return LensEvidence(name, *counted, found)
    more = _alone(posterior, game, observed, until, tell)
    drawn = importance(posterior, found, draws, seed, lambda n, _: (tell or _silent)(f"draw {n} of {draws}"), more=more)
    kept = Draws(
        posterior.names, drawn.u, posterior.coordinates.free(drawn.u), drawn.log_weights,
        np.array([point.likelihood for point in drawn.points]), likelihoods(posterior, drawn.points, variants),
        np.stack([point.terms for point in drawn.points]), np.stack([point.beliefs for point in drawn.points]),
    )  # fmt: skip
    return LensEvidence(
        name, *counted, found, kept, drawn.log_evidence, drawn.error, drawn.effective, drawn.pareto_k
    )


def _silent(words: str) -> None:
    """Say nothing."""


# ---- around what ----------------------------------------------------------------------------------------------------


def climbed(posterior: Posterior, begin: Floats, tell: Tell | None) -> QuickFit:
    """The mode reached from *begin*."""

    def progress(count: int, value: float) -> None:
        if tell is not None:
            tell(f"{count} evaluations, log posterior {value:.3f}")

    return fit_mode(posterior, begin=begin, progress=progress)


def _alone(
    posterior: Posterior, game: LongGame, observed: Observed, until: int | None, tell: Tell | None
) -> list[QuickFit]:
    """The fits under each stance alone, in the coordinates of the game of both; none for a game of one stance.

    Their log evidence is less by the log chance of having that stance at the start and keeping it.
    """
    found, size = [], until or len(np.asarray(observed.moves))
    for place, stance in enumerate(game.stances if len(game.stances) == 2 else ()):
        lonely = Posterior(one_stance(game, stance), observed, None, until)
        fit = climbed(lonely, lonely.coordinates.start(), tell)
        chance = (game.belief if place else 1 - game.belief) * (1 - game.hazard[place]) ** size
        if not fit.curved or not chance > 0:
            continue
        index = [posterior.names.index(name) for name in fit.names]
        u, covariance = np.zeros(len(posterior.names)), np.eye(len(posterior.names))
        u[index] = fit.u
        covariance[np.ix_(index, index)] = fit.covariance
        found.append(replace(fit, u=u, covariance=covariance, log_evidence=fit.log_evidence + float(np.log(chance))))
    return found


# ---- draws -----------------------------------------------------------------------------------------------------------


@partial(jax.jit, static_argnums=0)
def _likelihood(shape: Shape, tables: Tables, play: Play, observed: Observed, belief: Any) -> Any:
    return log_likelihood(shape, tables, play, observed, belief)[0]


def likelihoods(posterior: Posterior, drawn: Sequence[Point], variants: Sequence[Variant]) -> Floats:
    """[N, V] log likelihoods of the variants at every draw."""
    table = np.full((len(drawn), len(variants)), -np.inf)
    for n, point in enumerate(drawn):
        play = posterior.play(point) if point.good and variants else None
        for v, variant in enumerate(variants if play is not None else ()):
            observed = Observed(jnp.asarray(variant.observed.levels), jnp.asarray(variant.observed.moves))
            table[n, v] = _likelihood(posterior.shape, posterior.tables, play, observed, jnp.asarray(variant.belief))
    return table


def reweighed(item: LensEvidence, ratio: Floats) -> tuple[float, float, float, float, float]:
    """The evidence when every draw's posterior is changed by the log ratio [N].

    Returns log evidence, its error, Pareto k, the change against the item's own evidence, and that change's error,
    which is sharper than the difference of the two errors because both are of the same draws.
    """
    assert item.draws is not None
    before = item.draws.log_weights
    with np.errstate(invalid="ignore"):
        after = np.where(np.isfinite(before), before + ratio, -np.inf)
    log_evidence, error, _, k = summed(after)
    influence = np.exp(after - log_evidence) - np.exp(before - item.log_evidence)
    change_error = float(influence.std(ddof=1) / np.sqrt(len(influence)))
    return log_evidence, error, k, log_evidence - item.log_evidence, change_error


def only_draws(draws: Draws, kept: npt.NDArray[np.bool_]) -> Draws:
    """Some of the draws."""
    return replace(
        draws, u=draws.u[kept], free=draws.free[kept], log_weights=draws.log_weights[kept],
        likelihood=draws.likelihood[kept], others=draws.others[kept], terms=draws.terms[kept],
        beliefs=draws.beliefs[kept],
    )  # fmt: skip
