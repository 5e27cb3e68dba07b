"""A fit of a case from its files to its result: the quick fit, the sampler around it, checks, the stance over time."""

from __future__ import annotations

import hashlib
import json
import platform
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
from doubletalk.longgame.chains import Chains, Plan, claim_folder, discard, run_chains, stored_mode
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
from doubletalk.longgame.importance import Weighted, importance
from doubletalk.longgame.likelihood import observed_from
from doubletalk.longgame.posterior import Posterior
from doubletalk.longgame.reading import load_long_game
from doubletalk.longgame.stance import smoothed

if TYPE_CHECKING:
    from doubletalk.longgame.declaration import LongGame

__all__ = ["Fitted", "Request", "fit_case"]

Floats = npt.NDArray[np.float64]
Bar = Callable[[float | None, str], None]

QUICK_DRAWS = 400
QUICK_DEGREES = 50.0
RESAMPLED = 200
FILES = ("longgame.yaml", "coding.yaml", "chronicle.csv", "series.csv", "case.yaml")
MOST_K = 0.7


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
    """A fit. ``weighted`` and no ``diagnosis`` for a quick one; ``data`` is the InferenceData; ``chains`` its draws.

    posterior_checks, prior_checks, shares   observed beside simulated, see ``checks.py``; prior ones may be empty
    moves, band, later   the stance: each quarter's move, 90 % of the belief at its start, the mean given all
    dropped              draws from the prior at which no equilibrium was found
    """

    request: Request
    game: LongGame
    coded: CodedRecord
    mode: QuickFit
    weighted: Weighted | None
    diagnosis: Diagnosis | None
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
        """Converged, or for a quick fit: at a mode, with weights whose Pareto k is below 0.7."""
        if self.diagnosis is not None:
            return self.diagnosis.converged
        return self.mode.settled and self.weighted is not None and self.weighted.pareto_k < MOST_K

    def write(self, path: Path) -> None:
        """Write the InferenceData; the checkpoints are then not needed any more."""
        write_netcdf(self.data, path)
        discard(self.parts)


def identity(request: Request) -> dict[str, str]:
    """Settings, versions and file fingerprints: what a checkpoint must agree in."""
    found = {"lens": request.lens, "coding": request.coding, "beliefs": str(request.beliefs),
             "doubletalk": doubletalk.__version__, "python": platform.python_version()}  # fmt: skip
    found |= {name: version(name) for name in ("jax", "numpyro")}
    for name in dict.fromkeys((*FILES, request.coding)):
        file = request.case / name
        if file.is_file():
            found[f"sha256 of {Path(name).name}"] = hashlib.sha256(file.read_bytes()).hexdigest()[:16]
    return found


def fit_case(
    request: Request, parts: Path, *, restart: bool = False, workers: int | None = None, progress: Bar | None = None
) -> Fitted:
    """Fit a case. Checkpoints of the sampler go to *parts*; KeyboardInterrupt leaves them there."""
    told = progress or (lambda share, words: None)
    game = load_long_game(request.case / "longgame.yaml")
    which = {"mixed": "mixed", game.stances[0]: "first", game.stances[-1]: "last"}
    if request.lens not in which:
        raise InputError(f"--lens: {unknown('lens', request.lens, list(which))}")
    game = lens(game, which[request.lens])
    coded = coded_record(request.case, request.coding)
    observed = observed_from(game, coded.levels, coded.chosen, coded.quarters)
    posterior = Posterior(game, observed, request.beliefs, scores=True)
    stored = None
    if not request.quick:
        claim_folder(parts, request.plan, identity(request), restart)
        stored = stored_mode(parts)
    mode = stored or fit_mode(
        posterior, progress=lambda n, value: told(None, f"mode: {n} evaluations, log posterior {value:.2f}")
    )
    if not mode.curved:
        raise DoubletalkError("the posterior has a flat direction at its mode; give every coefficient a proper prior")
    weighted, diagnosis = None, None
    if request.quick:
        weighted = importance(
            posterior, mode, QUICK_DRAWS, request.plan.seed, tolerance=1e-4, degrees=QUICK_DEGREES, wider=1.1,
            progress=lambda n, whole: told(n / whole, f"importance sampling: {n} of {whole}"),
        )  # fmt: skip
        chains = quick_chains(posterior, weighted, RESAMPLED, request.plan.seed)
    else:
        chains = run_chains(
            posterior, mode, request.plan, parts, identity(request), workers=workers,
            progress=lambda p: told(p.done / p.whole, str(p)),
        )  # fmt: skip
    prior, dropped = None, 0
    if request.prior_draws:
        near = posterior(mode.u, 1e-6)
        *drawn, dropped = prior_records(
            posterior, near, request.prior_draws, request.plan.seed,
            lambda n, whole: told(n / whole, f"draws from the prior: {n} of {whole}"),
        )  # fmt: skip
        prior = (drawn[0], drawn[1], drawn[2])
    data = inference_data(posterior, coded, chains, _attributes(request, mode, weighted, chains), prior)
    if not request.quick:
        diagnosis = diagnose(data, posterior.coordinates)
    return _with_checks(request, replace(game, points=request.beliefs), coded, mode, weighted, diagnosis, chains, data,
                        prior, dropped, parts, posterior)  # fmt: skip


def _with_checks(
    request: Request, game: LongGame, coded: CodedRecord, mode: QuickFit, weighted: Weighted | None,
    diagnosis: Diagnosis | None, chains: Chains, data: Any, prior: Any, dropped: int, parts: Path, posterior: Posterior,
) -> Fitted:  # fmt: skip
    made = np.asarray(posterior.observed.moves)
    cycle = cycle_steps(_cycle(request.case))
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
        request, game, coded, mode, weighted, diagnosis, chains, data, checks(game, made, replicates, cycle),
        checks(game, made, prior[2], cycle) if prior is not None else (), windows(game, made, replicates), moves, band,
        later, dropped, parts,
    )  # fmt: skip


def _cycle(case: Path) -> str:
    """The cycle that the case asks about, "" where it does not."""
    from doubletalk.game.nodes import Scalar, Table, read_nodes, read_text

    file = case / "case.yaml"
    top = read_nodes(read_text(file)) if file.exists() else None
    entry = top.entries.get("longgame") if isinstance(top, Table) else None
    node = entry.entries.get("cycle") if isinstance(entry, Table) else None
    return node.text if isinstance(node, Scalar) else ""


def _attributes(request: Request, mode: QuickFit, weighted: Weighted | None, chains: Chains) -> dict[str, str]:
    found = {
        "method": "Laplace approximation, importance-resampled" if request.quick else "NUTS",
        "settings": json.dumps({"chains": request.plan.chains, "warmup": request.plan.warmup,
                                "draws": request.plan.draws, "seed": request.plan.seed,
                                "tolerance": request.plan.tolerance}),
        "log_posterior_at_mode": f"{mode.log_posterior:.6f}",
        "log_evidence_laplace": f"{mode.log_evidence:.4f}",
        "processor_seconds": f"{chains.seconds:.1f}",
        "gradients": str(chains.gradients),
    }  # fmt: skip
    if weighted is not None:
        found |= {"log_evidence": f"{weighted.log_evidence:.4f}", "log_evidence_error": f"{weighted.error:.4f}",
                  "pareto_k": f"{weighted.pareto_k:.3f}"}  # fmt: skip
    return found | identity(request)
