r"""The posterior at every period of a record, by one sequential Monte Carlo run over its data.

N particles begin as draws from the prior. One evaluation at a particle gives log p(a_k | what came before, u) of every
datum k, a move of an actor in a period, in order of play. So the particles are weighted for one datum after the other
at no cost,

    w(u) = prod_{j <= k} p(a_j | .., u),    log p(a_k | a_1 .. a_{k-1}) ~ log sum w_k - log sum w_{k-1},

until fewer than half would be effective; of the datum at which that happens only so large a power is taken. Then M are
resampled by weight and each begins a chain of P = N / M steps that leaves the posterior so far invariant, and all N
states of the chains are the new particles (waste-free). A stage is the particles between two renewals: it holds the
posterior at every period within it, and the scores add up to the log marginal likelihood.

The chains' kernel is preconditioned Crank-Nicolson for a multivariate t with the particles' mean m and covariance
L L', the correlations drawn towards zero by what so few chains leave of noise in them: with z = L^-1 (u - m) and a
scale s drawn given z,

    1 / s ~ Gamma((d + nu) / 2, (nu + |z|^2) / 2),    u' = m + L (sqrt(1 - b^2) z + b sqrt(s) xi),    xi ~ N(0, I),

which is reversible for the t, so that a proposal is accepted with min(1, [p(u') / t(u')] / [p(u) / t(u)]). With b = 1
it is nearly an independence sampler. b follows the acceptance, up to 1.

Nothing depends on data later than the stage's end, and every stage only on the one before, the seed and its number.
Errors: what a chain adds to a sum of scores is one draw of M, and errors of stages are added as if independent. Of what
that leaves out, the chains' common ancestors add 1 to 10 % to the variance; more comes from the kernel, whose moments
are those of the particles that it moves: the states crowd together, and log evidence is too low by something that
falls with N and grows with d. Few long chains and shrunk correlations keep both within the stated error
where there are 25 coefficients and 1,000 particles (measured: docs/lenses.md). A run with another seed is the check.

Sources: Chopin (2002), Biometrika 89; Del Moral, Doucet and Jasra (2006), JRSS B 68; Dau and Chopin (2022), JRSS B 84
(waste-free); Kamatani (2018), Annales de l'IHP B 54, and Grumitt, Karamanis and Seljak (2024), Inverse Problems 40 (the
kernel); Doucet and Johansen (2011), Oxford Handbook of Nonlinear Filtering (adaptive resampling).
"""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from doubletalk.errors import DoubletalkError
from doubletalk.longgame.importance import DEGREES, Part, moments_of_groups
from doubletalk.longgame.posterior import Point, Posterior
from doubletalk.longgame.smoothing import judged

__all__ = ["LENGTH", "METHOD", "Evaluated", "Position", "Stage", "first_stage", "keep_stage", "kept_stage",
           "neutral_start", "next_stage", "particles_of", "stages"]  # fmt: skip

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

METHOD = 2
"""Raised whenever the same arguments would give other numbers, so that what is kept is known to be stale."""

LENGTH = 10
"""P, states of a chain."""

THIN = 0.5
"""Share of the particles that stay effective within a stage."""

ACCEPTED = 0.3
"""Of proposals, at which their steps are as they should be."""

SHORTEST = 0.05
"""Least b."""

TOLERANCE = 1e-3
"""Of play within an evaluation, in units of the shock: on the Belarus record log likelihoods are then off by 0.01."""

MOST_FAILED = 0.5
"""Of draws from the prior; beyond it there is no beginning."""

Evaluated = tuple[Floats, Floats]
"""At one u: terms [T, actors] log probabilities of what was done, and beliefs [T + 1]."""

Evaluate = Callable[[Floats], "Evaluated | None"]
"""Of u [d]; None where no equilibrium is found."""

Position = tuple[int, float]
"""So many whole data, and such a power of the next."""

Tell = Callable[[float, str], None]


@dataclass(frozen=True)
class Stage:
    """N particles of the posterior given the data before *datum* and the power *share* of that one.

    number        0 for draws from the prior
    chains        [N] which of the chains a particle is of; chains are the independent units of the errors
    u             [N, d]; ``terms`` [N, T, actors] and ``beliefs`` [N, T + 1] there
    scores        [T, actors] log predictive probabilities of what was passed before this stage
    variances     [actors + 2] Monte-Carlo variances of sums of scores: from period ``counted`` on by actor and of all
                  actors, and of the whole record
    counted       see ``variances``
    shapes        [T] Pareto k of the weights with which a period's first datum was predicted, nan where it is to come
    renewals      [T] how often the particles were renewed within a period
    log_share     log of the share of draws from the prior with an equilibrium, the others having no likelihood
    step          b of the kernel; ``accepted`` share of the proposals for this stage
    evaluations   so far, ``failed`` of them without an equilibrium
    """

    number: int
    datum: int
    share: float
    counted: int
    chains: Ints
    u: Floats
    terms: Floats
    beliefs: Floats
    scores: Floats
    variances: Floats
    shapes: Floats
    renewals: Ints
    log_share: float
    step: float
    accepted: float
    evaluations: int
    failed: int

    @cached_property
    def _data(self) -> Floats:
        """[N, T actors] the terms in order of play."""
        return self.terms.reshape(len(self.terms), -1)

    def log_weights(self, position: Position) -> Floats:
        """[N] at a position from this stage's own to its end, up to a constant."""
        whole, part = position
        found = self._data[:, self.datum : whole].sum(axis=1)
        if part:
            found = found + part * self._data[:, whole]
        return np.asarray(found - self.share * self._data[:, self.datum] if self.share else found)

    def before(self, period: int) -> Position:
        """The position at which the periods before *period* are known, and nothing more."""
        return period * self.terms.shape[2], 0.0

    def holds(self, period: int) -> bool:
        """Whether the posterior given the periods before *period* is one of this stage's."""
        at = self.before(period)
        return (self.datum, self.share) <= at <= self.end

    def weights(self, period: int) -> Floats:
        """[N] summing to 1, given the periods before *period*."""
        logs = self.log_weights(self.before(period))
        return np.asarray(np.exp(logs - logsumexp(logs)))

    @cached_property
    def end(self) -> Position:
        """Where the stage ends: at the record's end, or where ``THIN`` of the particles are left."""
        least, logs = THIN * len(self.u), np.zeros(len(self.u))
        for k in range(self.datum, self._data.shape[1]):
            begun = self.share if k == self.datum else 0.0
            if effective(logs + (1 - begun) * self._data[:, k]) >= least:
                logs = logs + (1 - begun) * self._data[:, k]
                continue
            low, high = 0.0, 1 - begun
            for _ in range(50):
                middle = (low + high) / 2
                enough = effective(logs + middle * self._data[:, k]) >= least
                low, high = (middle, high) if enough else (low, middle)
            return k, begun + low
        return self._data.shape[1], 0.0

    @property
    def last(self) -> bool:
        """Whether the stage reaches the record's end."""
        return bool(self.end[0] == self._data.shape[1])

    def scored(self) -> Stage:
        """The same with the scores, their variances and the weights' shapes of this stage itself counted in."""
        scores, shapes, actors = self.scores.copy(), self.shapes.copy(), self.terms.shape[2]
        influence = np.zeros((len(self.u), actors + 2))
        stops = [(k, 0.0) for k in range(self.datum + 1, self.end[0] + 1)]
        if self.end[1]:
            stops.append(self.end)
        logs = np.zeros(len(self.u))
        for whole, part in stops:
            datum = whole if part else whole - 1
            after = self.log_weights((whole, part))
            scores[divmod(datum, actors)] += logsumexp(after) - logsumexp(logs)
            if datum % actors == 0:
                shapes[datum // actors] = judged(logs)[1] if np.ptp(logs) else 0.0
            change = np.exp(after - logsumexp(after)) - np.exp(logs - logsumexp(logs))
            influence[:, -1] += change
            if datum >= self.counted * actors:
                influence[:, datum % actors] += change
                influence[:, -2] += change
            logs = after
        sums = np.zeros((int(self.chains.max()) + 1, actors + 2))
        np.add.at(sums, self.chains, influence)
        return replace(self, scores=scores, shapes=shapes, variances=self.variances + (sums**2).sum(axis=0))

    @property
    def log_evidence(self) -> float:
        """Log marginal likelihood of the data up to the stage's end; of the whole record for the last stage."""
        return float(self.scored().scores.sum()) + self.log_share

    @property
    def error(self) -> float:
        """Monte-Carlo standard error of ``log_evidence``."""
        return float(np.sqrt(self.scored().variances[-1]))

    def drawn(self, count: int) -> tuple[Ints, Ints]:
        """Which particles to take for *count* evenly spaced ones, each place once, and how often each was met."""
        places = ((np.arange(count) + 0.5) * len(self.u) / count).astype(np.int64)
        _, first, counts = np.unique(self.u[places], axis=0, return_index=True, return_counts=True)
        order = np.argsort(first)
        return places[first[order]], np.asarray(counts[order])


def effective(log_weights: Floats) -> float:
    """1 / sum of squared weights."""
    weights = np.exp(log_weights - log_weights.max())
    return float(weights.sum() ** 2 / (weights**2).sum())


# ---- evaluation at a particle ----------------------------------------------------------------------------------------


def neutral_start(posterior: Posterior) -> Point:
    """The equilibrium at the prior's centre, u = 0, which knows nothing of the record; solving begins there, always."""
    base = posterior(np.zeros(len(posterior.names)), 1e-8, None, gradient=False, rescue=True)
    if not base.good:
        raise DoubletalkError(f"no equilibrium found at the centre of the prior: residual {base.residual:.1g}")
    return replace(base, adjoint=np.zeros_like(base.adjoint))


def particles_of(posterior: Posterior) -> Evaluate:
    """Terms and beliefs at u, solving from :func:`neutral_start`, so that they are one function of u."""
    base = neutral_start(posterior)

    def at(u: Floats) -> Evaluated | None:
        point = posterior(u, TOLERANCE, base, gradient=False, along=False)
        return (point.terms, point.beliefs) if point.good else None

    return at


# ---- stages ----------------------------------------------------------------------------------------------------------


def stages(
    evaluate: Evaluate, size: int, draws: int, *, seed: int = 1, length: int = LENGTH, counted: int = 0,
    begin: Stage | None = None, tell: Tell | None = None,
) -> Iterator[Stage]:  # fmt: skip
    """All stages of a record for *size* coefficients, or those from *begin* on: it is given first, then what follows.

    draws    M, chains in every stage; there are M * *length* particles. The same arguments give the same numbers.
    counted  the first period whose scores are in the variances
    """
    told = _Clock(tell)
    stage = begin or first_stage(evaluate, size, draws, seed, length, counted, told)
    yield stage
    while not stage.last:
        stage = next_stage(stage, evaluate, draws, seed, length, told)
        yield stage


class _Clock:
    """Adds to what is told how long it will still take."""

    def __init__(self, tell: Tell | None) -> None:
        self.tell, self.began, self.first = tell, time.monotonic(), -1.0

    def __call__(self, share: float, words: str) -> None:
        if self.tell is None:
            return
        self.first = share if self.first < 0 else self.first
        if share - self.first > 0.02:
            left = (time.monotonic() - self.began) * (1 - share) / (share - self.first)
            words += f", about {left:.0f} s left"
        self.tell(share, words)


def first_stage(
    evaluate: Evaluate, size: int, draws: int, seed: int, length: int = LENGTH, counted: int = 0,
    tell: Tell | None = None,
) -> Stage:  # fmt: skip
    """*draws* * *length* draws from the prior at which there is an equilibrium, all independent."""
    random, wanted = np.random.default_rng([seed, 0]), draws * length
    u: list[Floats] = []
    found: list[Evaluated] = []
    failed = 0
    while len(u) < wanted:
        each = random.standard_normal(size)
        told = evaluate(each)
        if told is None:
            failed += 1
            if failed > MOST_FAILED * wanted:
                raise DoubletalkError(f"no equilibrium found at {failed} of {failed + len(u)} draws from the prior")
            continue
        u.append(each)
        found.append(told)
        if tell is not None:
            tell(0.0, f"draws from the prior: {len(u)} of {wanted}")
    terms = np.stack([t for t, _ in found])
    variances = np.zeros(terms.shape[2] + 2)
    variances[-1] = failed / wanted / (wanted + failed)  # of log_share
    return Stage(
        0, 0, 0.0, counted, np.arange(wanted), np.array(u), terms, np.stack([b for _, b in found]),
        np.zeros(terms.shape[1:]), variances, np.full(len(terms[0]), np.nan),
        np.zeros(len(terms[0]), dtype=np.int64), float(np.log(wanted / (wanted + failed))), 1.0, 1.0,
        wanted + failed, failed,
    )  # fmt: skip


def next_stage(
    stage: Stage, evaluate: Evaluate, draws: int, seed: int, length: int = LENGTH, tell: Tell | None = None
) -> Stage:
    """The particles renewed at the end of a stage that is not the last."""
    number, end = stage.number + 1, stage.end
    random = np.random.default_rng([seed, number])
    logs = stage.log_weights(end)
    centre, covariance = moments_of_groups(stage.u, logs, stage.chains)
    part = Part.of(centre, covariance, 0)
    chosen = _systematic(logs, draws, random)
    chains = _Chains(
        stage.u[chosen], stage.terms[chosen], stage.beliefs[chosen], lambda terms: _target(terms, end), part, stage.step
    )
    k, periods = end[0] // stage.terms.shape[2], stage.terms.shape[1]
    words = f"posterior {number}, period {k + 1} of {periods}"
    told = None if tell is None else lambda done: tell(k / periods, f"{words}: {done} of {draws * (length - 1)}")
    kept = [chains.state()]
    for _ in range(length - 1):
        chains.sweep(evaluate, random, told)
        kept.append(chains.state())
    u, terms, beliefs = (np.concatenate([np.asarray(each[n])[:, None] for each in kept], axis=1) for n in range(3))
    stage = stage.scored()
    renewals = stage.renewals.copy()
    renewals[k] += 1
    return replace(
        stage, number=number, datum=end[0], share=end[1], chains=np.repeat(np.arange(draws), length),
        u=u.reshape(-1, u.shape[2]), terms=terms.reshape(-1, *terms.shape[2:]),
        beliefs=beliefs.reshape(-1, beliefs.shape[2]), renewals=renewals, step=chains.step,
        accepted=chains.accepted / chains.done, evaluations=stage.evaluations + chains.done,
        failed=stage.failed + chains.failed,
    )  # fmt: skip


def _target(terms: Floats, position: Position) -> float:
    """The log likelihood [T, actors] of the data before a position."""
    data, (whole, part) = terms.reshape(-1), position
    return float(data[:whole].sum()) + (part * float(data[whole]) if part else 0.0)


def _systematic(log_weights: Floats, count: int, random: np.random.Generator) -> Ints:
    """*count* places by weight, at even distances from one random beginning."""
    heap = np.cumsum(np.exp(log_weights - logsumexp(log_weights)))
    return np.asarray(np.searchsorted(heap / heap[-1], (np.arange(count) + random.random()) / count, side="right"))


class _Chains:
    """M chains side by side."""

    def __init__(
        self, u: Floats, terms: Floats, beliefs: Floats, likelihood: Callable[[Floats], float], part: Part, step: float
    ) -> None:
        self.u, self.terms, self.beliefs, self.likelihood = u.copy(), terms.copy(), beliefs.copy(), likelihood
        self.part, self.step = part, step
        self.value = np.array([likelihood(each) for each in terms]) + self._less(u)
        self.done = self.accepted = self.failed = 0

    def _less(self, u: Floats) -> Floats:
        """[M] log prior less log t, up to a constant."""
        z = np.linalg.solve(self.part.root, (u - self.part.centre).T)
        return np.asarray(
            -0.5 * (u**2).sum(axis=1) + (DEGREES + u.shape[1]) / 2 * np.log1p((z**2).sum(axis=0) / DEGREES)
        )

    def state(self) -> tuple[Floats, Floats, Floats]:
        return self.u.copy(), self.terms.copy(), self.beliefs.copy()

    def proposed(self, random: np.random.Generator) -> Floats:
        """[M, d] proposals of the kernel."""
        z = np.linalg.solve(self.part.root, (self.u - self.part.centre).T).T
        count, d = z.shape
        scale = np.sqrt((DEGREES + (z**2).sum(axis=1)) / random.chisquare(DEGREES + d, count))
        jump = random.standard_normal((count, d)) * scale[:, None]
        return np.asarray(
            self.part.centre + (np.sqrt(1 - self.step**2) * z + self.step * jump) @ self.part.root.T
        )

    def sweep(self, evaluate: Evaluate, random: np.random.Generator, tell: Callable[[int], None] | None) -> None:
        """One step of every chain; the next ones are longer or shorter by how many were accepted."""
        proposals, chances, before = self.proposed(random), np.log(random.random(len(self.u))), self.accepted
        less = self._less(proposals)
        for m, u in enumerate(proposals):
            found = evaluate(u)
            self.done += 1
            if tell is not None:
                tell(self.done)
            if found is None:
                self.failed += 1
                continue
            value = self.likelihood(found[0]) + less[m]
            if np.isfinite(value) and chances[m] < value - self.value[m]:
                self.u[m], self.terms[m], self.beliefs[m], self.value[m] = u, *found, value
                self.accepted += 1
        share = (self.accepted - before) / len(self.u)
        self.step = float(np.clip(self.step * np.exp(share - ACCEPTED), SHORTEST, 1.0))


# ---- keeping ---------------------------------------------------------------------------------------------------------


def keep_stage(place: Path, stage: Stage, mark: str) -> None:
    """Write a stage so that it is there whole or not at all, marked by what it is a stage of."""
    from doubletalk.report.writing import write_bytes

    stream = io.BytesIO()
    table: dict[str, Any] = {each.name: getattr(stage, each.name) for each in fields(stage)}
    np.savez_compressed(stream, mark=np.array(mark), **table)
    write_bytes(place, stream.getvalue())


def kept_stage(place: Path, mark: str) -> Stage | None:
    """The stage kept there under this mark; None where there is none, or another's, or a damaged file."""
    if not place.is_file():
        return None
    try:
        with place.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            table = {key: file[key] for key in file.files}
        if str(table.pop("mark")) != mark:
            return None
        return Stage(**{key: value if value.ndim else value.item() for key, value in table.items()})
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile):  # not whole, or not ours: found again
        return None
