"""What is kept of a fit while it is sampled: the plan, where chains begin, each chain's draws and state.

A folder of parts holds ``plan.json``, which says what the parts belong to, ``posterior.pkl`` with what sampling begins
with, and ``chain_K.npz`` with the draws and the state of chain K. Files are there whole or not at all.
"""

from __future__ import annotations

import io
import json
import pickle
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.report.writing import write_bytes

if TYPE_CHECKING:
    from doubletalk.longgame.fitting import QuickFit
    from doubletalk.longgame.importance import Weighted
    from doubletalk.longgame.nuts import Kernel
    from doubletalk.longgame.posterior import Posterior

__all__ = ["Begin", "Chains", "Plan", "begun", "claim_folder", "discard", "gathered", "kernel_of", "read_parts",
           "stored_begin"]  # fmt: skip

Floats = npt.NDArray[np.float64]
Parts = dict[str, npt.NDArray[Any]]

LAYOUT = "2"
"""Of the files; parts of another layout are not gone on with."""


@dataclass(frozen=True)
class Plan:
    """How much to draw: ``chains`` of ``warmup`` draws that are thrown away and ``draws`` that are kept.

    ``target`` acceptance is a little below the customary 0.8: where the density jumps, at folds, shorter steps gain
    nothing.
    """

    chains: int = 4
    warmup: int = 200
    draws: int = 300
    seed: int = 1
    tolerance: float = 1e-3
    target: float = 0.7
    depth: int = 6

    def __post_init__(self) -> None:
        for name, least in (("chains", 1), ("warmup", 10), ("draws", 4), ("depth", 1)):
            if getattr(self, name) < least:
                raise InputError(f"{name}: found {getattr(self, name)}, expected at least {least}")


@dataclass(frozen=True)
class Begin:
    """What sampling begins with.

    mode      where every evaluation's solving begins; ``root`` [d, d] of the covariance in which the sampler works
    starts    [chains, d] where the chains begin
    weighted  the weighted draws from which the rest is, without their equilibria
    """

    mode: QuickFit
    root: Floats
    starts: Floats
    weighted: Weighted

    @classmethod
    def of(cls, mode: QuickFit, weighted: Weighted, plan: Plan) -> Begin:
        """The covariance and the starts that weighted draws give; where they do not carry it, its diagonal alone."""
        starts = weighted.spread_out(plan.chains, np.random.default_rng(plan.seed))
        covariance = weighted.moments()[1]
        known = covariance if weighted.trusted else np.diag(np.diag(covariance))
        root = np.asarray(np.linalg.cholesky(known))
        return cls(mode, root, starts, weighted.without_equilibria())


@dataclass(frozen=True)
class Chains:
    """All draws after the warm-up, as arrays [chain, draw, ..].

    u          coordinates; ``stats`` lp, energy, diverging, n_steps, tree_depth, acceptance_rate, step_size, residual
    terms      [.., T, actors] log probabilities of what was done; ``beliefs`` [.., T + 1]
    levels, moves   [.., T, variables], [.., T, actors] a record simulated at the draw
    seconds    of processor time, all chains together; ``gradients`` evaluated, with those of the warm-up
    whole      False where sampling was stopped before all draws of the plan were there
    """

    u: Floats
    stats: dict[str, npt.NDArray[Any]]
    terms: Floats
    beliefs: Floats
    levels: npt.NDArray[Any]
    moves: npt.NDArray[Any]
    seconds: float
    gradients: int
    whole: bool = True


def claim_folder(folder: Path, plan: Plan, identity: dict[str, str], restart: bool) -> None:
    """Make the folder of parts, or check that the one there is of the same fit; InputError where it is not."""
    wanted = {"layout": LAYOUT, **identity, **{key: str(value) for key, value in asdict(plan).items()}}
    file = folder / "plan.json"
    if restart and file.exists():
        for part in folder.iterdir():
            part.unlink()
    if file.exists():
        try:
            there = json.loads(file.read_text(encoding="utf-8"))
        except ValueError:
            there = {}
        for key in sorted({*there, *wanted}):
            if there.get(key) != wanted.get(key):
                raise InputError(
                    f"holds the checkpoints of another fit: its {key} is {there.get(key, 'not given')}, now it is "
                    f"{wanted.get(key, 'not given')}; give --restart to begin anew, or another --out", str(folder)
                )  # fmt: skip
        return
    if folder.exists() and any(folder.iterdir()):
        raise InputError("is not empty and holds no checkpoints; give another --out", str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    write_bytes(file, json.dumps(wanted, indent=1).encode())


def begun(folder: Path, posterior: Posterior, begin: Begin, plan: Plan) -> None:
    """Keep what sampling begins with, unless it is there."""
    file = folder / "posterior.pkl"
    if file.exists():
        return
    point = posterior(begin.mode.u, 1e-9)
    observed = tuple(np.asarray(part) for part in posterior.observed)
    counted = np.asarray(posterior.problem.weights)
    write_bytes(file, pickle.dumps((posterior.game, observed, counted, point, begin, plan)))


def stored_begin(folder: Path) -> Begin | None:
    """What the parts in *folder* began with; None where there is nothing yet."""
    file = folder / "posterior.pkl"
    begin: Begin | None = pickle.loads(file.read_bytes())[4] if file.exists() else None
    return begin


def kernel_of(folder: Path) -> tuple[Kernel, Posterior, Plan, Floats]:
    """The sampler that the parts in *folder* belong to, and where its chains begin."""
    import jax.numpy as jnp

    from doubletalk.longgame.likelihood import Observed
    from doubletalk.longgame.nuts import Kernel
    from doubletalk.longgame.posterior import Posterior

    game, observed, counted, point, own, plan = pickle.loads((folder / "posterior.pkl").read_bytes())
    given = Observed(*(jnp.asarray(part) for part in observed))
    posterior = Posterior(game, given, None, int(counted.sum()))
    begin = posterior.begin(point, point.u, along=False)
    kernel = Kernel(
        posterior.shape, posterior.problem, begin, own.root, plan.warmup, plan.tolerance, plan.target, plan.depth
    )
    return kernel, posterior, plan, own.starts


def read_parts(file: Path) -> Parts | None:
    """A chain's file, or None where there is none; DoubletalkError where it is damaged."""
    if not file.exists():
        return None
    try:
        with np.load(io.BytesIO(file.read_bytes())) as stored:
            return {key: stored[key] for key in stored.files}
    except (ValueError, OSError, zipfile.BadZipFile, KeyError):
        raise DoubletalkError(f"{file}: the checkpoint is damaged; give --restart to begin anew") from None


def gathered(folder: Path, plan: Plan) -> Chains:
    """All chains together, cut to the shortest."""
    parts = [read_parts(folder / f"chain_{chain}.npz") or {} for chain in range(plan.chains)]
    kept = min(len(part.get("row_u", ())) for part in parts)
    if kept < 4:
        raise DoubletalkError("fewer than 4 draws of a chain have been kept; go on sampling")

    def together(key: str) -> npt.NDArray[Any]:
        return np.stack([part[f"row_{key}"][:kept] for part in parts])

    stats = ("lp", "energy", "diverging", "n_steps", "tree_depth", "acceptance_rate", "step_size", "residual")
    return Chains(
        together("u"), {key: together(key) for key in stats}, together("terms"), together("beliefs"),
        together("levels"), together("moves"), float(sum(part["seconds"] for part in parts)),
        int(sum(part["n"] for part in parts)), kept == plan.draws,
    )  # fmt: skip


def discard(folder: Path) -> None:
    """Remove the parts of a fit whose result has been written."""
    if (folder / "plan.json").exists():
        for part in folder.iterdir():
            part.unlink()
        folder.rmdir()
