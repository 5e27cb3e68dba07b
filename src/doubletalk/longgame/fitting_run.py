"""A fit of a case from its files to its result: the quick fit, the sampler around it, checks, the stance over time."""

from __future__ import annotations

import hashlib
import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import doubletalk
from doubletalk.errors import DoubletalkError, InputError
from doubletalk.evidence.coding import CodedRecord, coded_record
from doubletalk.game.wording import unknown
from doubletalk.longgame.bridge import bridge
from doubletalk.longgame.chains import run_chains
from doubletalk.longgame.checks import Check, Window, checks, cycle_steps, windows
from doubletalk.longgame.fitted import (
    Diagnosis,
    Move,
    diagnose,
    inference_data,
    prior_records,
    quick_chains,
    stance_moves,
    write_netcdf,
)
from doubletalk.longgame.fitting import QuickFit, fit_mode, lens
from doubletalk.longgame.importance import Part, Weighted, importance
from doubletalk.longgame.likelihood import observed_from
from doubletalk.longgame.parts import Begin, Chains, Plan, claim_folder, discard, stored_begin
from doubletalk.longgame.place import GAME_FILE, long_game_in
from doubletalk.longgame.posterior import Posterior
from doubletalk.longgame.reading import load_long_game
from doubletalk.longgame.stance import smoothed

if TYPE_CHECKING:
    from doubletalk.longgame.declaration import LongGame

__all__ = ["Fitted", "Request", "fit_case"]

Floats = npt.NDArray[np.float64]
Bar = Callable[[float | None, str], None]

WEIGHTED_DRAWS = 400
"""By importance sampling: all of a quick fit, and what chains begin with."""

BRIDGED = 400
"""Draws of the proposal of bridge sampling."""

RESAMPLED = 200
FILES = ("coding.yaml", "chronicle.csv", "series.csv", "case.yaml")

@dataclass(frozen=True)
class Request:
    """What is asked: a case folder, its coding, a lens, the belief grid while fitting, how much to draw."""

    case: Path
    coding: str = "coding.yaml"
    lens: str = "mixed"
    beliefs: int = 4
    plan: Plan = field(default_factory=Plan)
    quick: bool = False
    prior_draws: int = 100


@dataclass(frozen=True)
class Fitted:
    """A fit. ``data`` is the InferenceData; ``chains`` its draws.

    weighted    the draws by importance sampling: those of a quick fit, or those that chains began with
    diagnosis   of the chains, None for a quick fit; ``bridged`` log marginal likelihood from them and its error
    posterior_checks, prior_checks, shares   observed beside simulated, see ``checks.py``; prior ones may be empty
    moves, band, later   the stance: each quarter's move, 90 % of the belief at its start, the mean given all
    dropped              draws from the prior at which no equilibrium was found
    """

    request: Request
    game: LongGame
    coded: CodedRecord
    mode: QuickFit
    weighted: Weighted
    diagnosis: Diagnosis | None
    bridged: tuple[float, float] | None
    chains: Chains
    data: Any
    posterior_checks: tuple[Check, ...]
    prior_checks: tuple[Check, ...]
    shares: tuple[Window, ...]
    moves: tuple[Move, ...]
    band: tuple[tuple[float, float], ...]
    later: tuple[float, ...]
    dropped: int
    parts: Path

    @property
    def settled(self) -> bool:
        """Converged, or for a quick fit: at a mode, with weights that can be believed."""
        if self.diagnosis is not None:
            return self.diagnosis.converged
        return self.mode.settled and self.weighted.trusted

    def write(self, path: Path) -> None:
        """Write the InferenceData; the checkpoints of a whole fit are then not needed any more."""
        write_netcdf(self.data, path)
        if self.chains.whole:
            discard(self.parts)


def identity(request: Request) -> dict[str, str]:
    """Settings, versions and file fingerprints: what a checkpoint must agree in."""
    found = {"lens": request.lens, "coding": request.coding, "beliefs": str(request.beliefs),
             "doubletalk": doubletalk.__version__, "python": platform.python_version()}  # fmt: skip
    found |= {name: version(name) for name in ("jax", "numpyro")}
    files = {GAME_FILE: long_game_in(request.case).file}  # under this name whatever the case calls it
    files |= {name: request.case / name for name in (*FILES, request.coding)}
    for name, file in files.items():
        if file.is_file():
            found[f"sha256 of {Path(name).name}"] = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return found


def fit_case(
    request: Request, parts: Path, *, restart: bool = False, workers: int | None = None, progress: Bar | None = None,
    seconds: float = np.inf,
) -> Fitted:  # fmt: skip
    """Fit a case. Checkpoints of the sampler go to *parts*; KeyboardInterrupt leaves them there.

    After so many *seconds* from now no further draw is begun: what there is then is the fit.
    """
    deadline, told = time.monotonic() + seconds, progress or (lambda share, words: None)
    game, coded, posterior = _posterior(request)
    begin = None
    if not request.quick:
        claim_folder(parts, request.plan, identity(request), restart)
        begin = stored_begin(parts)
    mode, weighted = (begin.mode, begin.weighted) if begin else _weighted(posterior, request, told)
    diagnosis, bridged = None, None
    if request.quick:
        chains = quick_chains(posterior, weighted, RESAMPLED, request.plan.seed)
    else:
        chains = run_chains(
            posterior, begin or Begin.of(mode, weighted, request.plan), request.plan, parts, identity(request),
            workers=workers, progress=lambda p: told(p.done / p.whole, str(p)), deadline=deadline,
        )  # fmt: skip
        bridged = _bridged(posterior, mode, chains, request.plan.seed, told)
    prior, dropped = None, 0
    if request.prior_draws:
        near = posterior(mode.u, 1e-6)
        *drawn, dropped = prior_records(
            posterior, near, request.prior_draws, request.plan.seed,
            lambda n, whole: told(n / whole, f"draws from the prior: {n} of {whole}"),
        )  # fmt: skip
        prior = (drawn[0], drawn[1], drawn[2])
    data = inference_data(posterior, coded, chains, _attributes(request, mode, weighted, bridged, chains), prior)
    if not request.quick:
        diagnosis = diagnose(data, posterior.coordinates)
        data.attrs.update(diagnosis.attributes)
    return _with_checks(request, replace(game, points=request.beliefs), coded, mode, weighted, diagnosis, bridged,
                        chains, data, prior, dropped, parts, posterior,
                        long_game_in(request.case).cycle)  # fmt: skip


def _posterior(request: Request) -> tuple[LongGame, CodedRecord, Posterior]:
    """The game under the lens, the coded record, and the posterior of the two."""
    game = load_long_game(long_game_in(request.case).file)
    which = {"mixed": "mixed", game.stances[0]: "first", game.stances[-1]: "last"}
    if request.lens not in which:
        raise InputError(f"--lens: {unknown('lens', request.lens, list(which))}")
    game = lens(game, which[request.lens])
    coded = coded_record(request.case, request.coding)
    observed = observed_from(game, coded.levels, coded.chosen, coded.quarters)
    return game, coded, Posterior(game, observed, request.beliefs)


def _weighted(posterior: Posterior, request: Request, told: Bar) -> tuple[QuickFit, Weighted]:
    """The mode and weighted draws around it."""
    mode = fit_mode(
        posterior, progress=lambda n, value: told(None, f"mode: {n} evaluations, log posterior {value:.2f}")
    )
    if not mode.curved:
        raise DoubletalkError("the posterior has a flat direction at its mode; give every coefficient a proper prior")
    return mode, importance(
        posterior, mode, WEIGHTED_DRAWS, request.plan.seed,
        progress=lambda n, whole: told(n / whole, f"importance sampling: {n} of {whole}"),
    )  # fmt: skip


def _bridged(
    posterior: Posterior, mode: QuickFit, chains: Chains, seed: int, told: Bar
) -> tuple[float, float]:
    """The log marginal likelihood by bridge sampling, and its error.

    The proposal has the moments of the first half of every chain; the posterior draws are those of the other half.
    """
    import arviz as az

    half, d = chains.u.shape[1] // 2, chains.u.shape[2]
    before, after = chains.u[:, :half].reshape(-1, d), chains.u[:, half:]
    if len(before) < 2 * d:
        return float("nan"), float("nan")
    part = Part.of(before.mean(axis=0), np.cov(before.T), BRIDGED)
    base, u, values = posterior(mode.u, 1e-8), part.draw(np.random.default_rng(seed)), []
    for n, each in enumerate(u):
        point = posterior(each, 1e-4, base, gradient=False, along=False)
        values.append(point.value if point.good else -np.inf)
        told((n + 1) / len(u), "bridge sampling")
    own = np.stack([lp - part.log_density(v) for lp, v in zip(chains.stats["lp"][:, half:], after, strict=True)])
    return bridge(own.ravel(), np.array(values) - part.log_density(u), float(az.ess(own)))


def _with_checks(
    request: Request, game: LongGame, coded: CodedRecord, mode: QuickFit, weighted: Weighted,
    diagnosis: Diagnosis | None, bridged: tuple[float, float] | None, chains: Chains, data: Any, prior: Any,
    dropped: int, parts: Path, posterior: Posterior, cycle: str = "",
) -> Fitted:  # fmt: skip
    made = np.asarray(posterior.observed.moves)
    steps = cycle_steps(cycle)
    replicates = chains.moves.reshape(-1, *chains.moves.shape[2:])
    moves: tuple[Move, ...] = ()
    band: tuple[tuple[float, float], ...] = ()
    later: tuple[float, ...] = ()
    if len(game.stances) == 2:
        flat = chains.beliefs.reshape(-1, chains.beliefs.shape[-1])
        hazard = posterior.coordinates.whole(chains.u)[..., -2:].reshape(-1, 2)
        if 0 < float(game.belief) < 1:
            moves = stance_moves(game, flat, hazard, coded)
            low, high = np.quantile(flat[:, :-1], (0.05, 0.95), axis=0)
            band = tuple(zip(low.tolist(), high.tolist(), strict=True))
            later = tuple(smoothed(flat, hazard).mean(axis=0).tolist())
    return Fitted(
        request, game, coded, mode, weighted, diagnosis, bridged, chains, data, checks(game, made, replicates, steps),
        checks(game, made, prior[2], steps) if prior is not None else (), windows(game, made, replicates), moves, band,
        later, dropped, parts,
    )  # fmt: skip


def _attributes(
    request: Request, mode: QuickFit, weighted: Weighted, bridged: tuple[float, float] | None, chains: Chains
) -> dict[str, str]:
    found = {
        "method": "Laplace approximation, importance-resampled" if request.quick else "NUTS",
        "settings": json.dumps({"chains": request.plan.chains, "warmup": request.plan.warmup,
                                "draws": request.plan.draws, "seed": request.plan.seed,
                                "tolerance": request.plan.tolerance}),
        "log_posterior_at_mode": f"{mode.log_posterior:.6f}",
        "log_evidence_laplace": f"{mode.log_evidence:.4f}",
        "processor_seconds": f"{chains.seconds:.1f}",
        "gradients": str(chains.gradients),
        "log_evidence": f"{weighted.log_evidence:.4f}",
        "log_evidence_error": f"{weighted.error:.4f}",
        "pareto_k": f"{weighted.pareto_k:.3f}",
        "whole": str(chains.whole).lower(),
    }  # fmt: skip
    if bridged is not None:
        found |= {"log_evidence_bridge": f"{bridged[0]:.4f}", "log_evidence_bridge_error": f"{bridged[1]:.4f}"}
    return found | identity(request)
