"""Chains of the sampler in processes of their own, with progress, checkpoints and resume.

Each chain's draws and its state go to ``chain_K.npz`` in a folder of parts, after every block of draws and whenever it
is stopped, so that it goes on exactly as it would have. ``plan.json`` says what the parts belong to. A worker process
uses one core and takes its chains in turn, a block of each.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import pickle
import queue
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError, InputError

if TYPE_CHECKING:
    from doubletalk.longgame.fitting import QuickFit
    from doubletalk.longgame.importance import Weighted
    from doubletalk.longgame.nuts import Kernel
    from doubletalk.longgame.posterior import Posterior

__all__ = ["Begin", "Chains", "Plan", "Progress", "claim_folder", "discard", "run_chains", "stored_begin"]

Floats = npt.NDArray[np.float64]
Parts = dict[str, npt.NDArray[Any]]

BLOCK = 5
"""Draws between two checkpoints."""


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
class Progress:
    """What all chains have done: draws with those of the warm-up, of ``whole``; divergences after it; seconds left."""

    done: int
    whole: int
    divergences: int
    seconds_left: float

    def __str__(self) -> str:
        left = f", about {self.seconds_left:.0f} s left" if np.isfinite(self.seconds_left) else ""
        return f"{self.done} of {self.whole} draws, {self.divergences} divergences{left}"


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


def run_chains(
    posterior: Posterior, begin: Begin, plan: Plan, folder: Path, identity: dict[str, str], *,
    workers: int | None = None, restart: bool = False, progress: Callable[[Progress], None] | None = None,
    deadline: float = np.inf,
) -> Chains:  # fmt: skip
    """Sample around a mode, going on from the parts in *folder* where there are any.

    identity  says what is sampled (files, versions, settings); parts of another identity are refused
    workers   processes, one core each; the cores at hand if not given; 0: in this process
    deadline  of ``time.monotonic()``: no draw is begun after it

    KeyboardInterrupt and the deadline keep what was drawn.
    """
    claim_folder(folder, plan, identity, restart)
    if not (folder / "posterior.pkl").exists():
        save_parts(folder / "posterior.pkl", _pickled(posterior, begin, plan))
    counted = (
        workers if workers is not None else len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    )
    told = _Tally(plan, folder, progress)
    if counted == 0:
        for each in _work(folder, list(range(plan.chains)), lambda: time.monotonic() > deadline):
            told.add(*each)
    else:
        _in_processes(folder, plan, min(counted, plan.chains), told, deadline)
    return gathered(folder, plan)


def claim_folder(folder: Path, plan: Plan, identity: dict[str, str], restart: bool) -> None:
    """Make the folder of parts, or check that the one there is of the same fit; InputError where it is not."""
    file, wanted = folder / "plan.json", {**identity, **{key: str(value) for key, value in asdict(plan).items()}}
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
    save_parts(file, json.dumps(wanted, indent=1).encode())


def save_parts(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    draft = path.with_name(path.name + ".draft")
    draft.write_bytes(content)
    os.replace(draft, path)


def _pickled(posterior: Posterior, begin: Begin, plan: Plan) -> bytes:
    point = posterior(begin.mode.u, 1e-9)
    observed = tuple(np.asarray(part) for part in posterior.observed)
    counted = np.asarray(posterior.problem.weights)
    return pickle.dumps((posterior.game, observed, counted, point, begin, plan))


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


Report = tuple[int, int, int, float]
"""Chain, draws done, divergences after the warm-up, seconds of this run."""


def _work(folder: Path, mine: list[int], stopped: Callable[[], bool]) -> Iterator[Report]:
    """Take the chains *mine* to their end, a block of each in turn."""
    kernel, posterior, plan, starts = kernel_of(folder)
    chains = [_Chain(folder, chain, kernel, posterior, plan, starts[chain]) for chain in mine]
    while any(not chain.finished for chain in chains) and not stopped():
        for chain in chains:
            if not chain.finished and not stopped():
                yield chain.block(stopped)


class _Chain:
    """A chain with its draws so far."""

    def __init__(
        self, folder: Path, chain: int, kernel: Kernel, posterior: Posterior, plan: Plan, start: Floats
    ) -> None:
        from doubletalk.longgame.nuts import unpacked

        self.file, self.chain, self.kernel, self.posterior, self.plan = (
            folder / f"chain_{chain}.npz", chain, kernel, posterior, plan
        )  # fmt: skip
        self.rows: dict[str, list[Any]] = {}
        self.done, self.seconds, self.gradients = 0, 0.0, 0
        stored = read_parts(self.file)
        if stored is not None:
            self.done, self.seconds, self.gradients = int(stored["done"]), float(stored["seconds"]), int(stored["n"])
            self.rows = {key[4:]: list(value) for key, value in stored.items() if key.startswith("row_")}
        self.state: Any = None
        if not self.finished:
            self.state = kernel.first(plan.seed * 1000 + chain, start)
            self.state = self.state if stored is None else unpacked(self.state, stored)

    @property
    def finished(self) -> bool:
        return self.done >= self.plan.warmup + self.plan.draws

    def block(self, stopped: Callable[[], bool]) -> Report:
        began = time.process_time()
        for _ in range(BLOCK):
            self.state, drawn = self.kernel.next(self.state)
            self.done += 1
            self.gradients += drawn.n_steps
            if self.done > self.plan.warmup:
                self._keep(drawn._asdict())
            if self.finished or stopped():
                break
        self.seconds += time.process_time() - began
        self._save()
        return self.chain, self.done, int(sum(self.rows.get("diverging", []))), self.seconds

    def _keep(self, row: dict[str, Any]) -> None:
        told, play = self.kernel.at(row["u"])
        seed = (self.plan.seed * 1000 + self.chain) * 100_000 + self.done
        levels, moves = self.posterior.replicate(row["u"], play, seed)
        row |= {"terms": np.asarray(told.terms), "beliefs": np.asarray(told.beliefs)}
        row |= {"levels": levels, "moves": moves, "residual": float(told.residual)}
        for key, value in row.items():
            self.rows.setdefault(key, []).append(value)

    def _save(self) -> None:
        from doubletalk.longgame.nuts import packed

        content: Parts = {f"row_{key}": np.array(rows) for key, rows in self.rows.items()}
        content |= packed(self.state)
        content |= {"done": np.array(self.done), "seconds": np.array(self.seconds), "n": np.array(self.gradients)}
        made = io.BytesIO()
        np.savez(made, **content)  # type: ignore[arg-type]
        save_parts(self.file, made.getvalue())


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


class _Tally:
    """Adds up what the chains report."""

    def __init__(self, plan: Plan, folder: Path, progress: Callable[[Progress], None] | None) -> None:
        self.plan, self.progress, self.began = plan, progress, time.monotonic()
        self.done, self.divergences = [0] * plan.chains, [0] * plan.chains
        for chain in range(plan.chains):
            stored = read_parts(folder / f"chain_{chain}.npz") or {}
            self.done[chain] = int(stored.get("done", 0))
            self.divergences[chain] = int(np.sum(stored.get("row_diverging", 0)))
        self.before = sum(self.done)

    def add(self, chain: int, done: int, divergences: int, _: float) -> None:
        self.done[chain], self.divergences[chain] = done, divergences
        total, whole = sum(self.done), self.plan.chains * (self.plan.warmup + self.plan.draws)
        each = (time.monotonic() - self.began) / max(total - self.before, 1)
        if self.progress is not None:
            self.progress(Progress(total, whole, sum(self.divergences), each * (whole - total)))


def _in_processes(folder: Path, plan: Plan, workers: int, told: _Tally, deadline: float) -> None:
    context = multiprocessing.get_context("spawn")
    reports: Any = context.Queue()
    stop: Any = context.Event()
    running = []
    with _single_threaded():
        for k in range(workers):
            mine = list(range(k, plan.chains, workers))
            process = context.Process(target=_worker, args=(str(folder), mine, reports, stop), daemon=True)
            process.start()
            running.append(process)
    try:
        open_ = workers
        while open_:
            if time.monotonic() > deadline:
                stop.set()
            try:
                report = reports.get(timeout=1.0)
            except queue.Empty:
                if not any(process.is_alive() for process in running):
                    raise DoubletalkError(
                        "a process of the sampler ended before its work; the same command goes on"
                    ) from None
                continue
            if report is None:
                open_ -= 1
            elif isinstance(report, str):
                raise DoubletalkError(report)
            else:
                told.add(*report)
    finally:
        stop.set()
        for process in running:
            process.join(30)
            if process.is_alive():
                process.terminate()


def _worker(folder: str, mine: list[int], reports: Any, stop: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def stopped() -> bool:
        return bool(stop.is_set()) or not (parent is None or parent.is_alive())

    try:
        for report in _work(Path(folder), mine, stopped):
            reports.put(report)
        reports.put(None)
    except Exception as wrong:
        reports.put(str(wrong) if isinstance(wrong, DoubletalkError) else f"{type(wrong).__name__}: {wrong}")


@contextlib.contextmanager
def _single_threaded() -> Iterator[None]:
    """The environment in which a process of JAX uses one core; its sums then do not depend on the number of cores."""
    wanted = {"OMP_NUM_THREADS": "1", "XLA_FLAGS": f"{os.environ.get('XLA_FLAGS', '')} {_ONE_CORE}".strip()}
    before = {key: os.environ.get(key) for key in wanted}
    os.environ.update(wanted)
    try:
        yield
    finally:
        for key, value in before.items():
            if value is None:
                os.environ.pop(key, None)
            else:
                os.environ[key] = value


_ONE_CORE = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"


def discard(folder: Path) -> None:
    """Remove the parts of a fit whose result has been written."""
    if (folder / "plan.json").exists():
        for part in folder.iterdir():
            part.unlink()
        folder.rmdir()
