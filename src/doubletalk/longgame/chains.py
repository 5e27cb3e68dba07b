"""Chains of the sampler in processes of their own, with progress, checkpoints and resume.

Each chain's draws and its state go to a folder of parts (``parts.py``), after every block of draws and whenever it
is stopped, so that it goes on exactly as it would have. A worker process uses one core; a free one takes the chain
whose turn is next, whoever drew for it before, and makes a block of draws (``chain.py``). Chains so keep pace with each
other, and what they draw does not depend on who draws.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from doubletalk.errors import DoubletalkError
from doubletalk.longgame.chain import PATIENCE, Bench, work
from doubletalk.longgame.parts import Begin, Chains, Plan, begun, claim_folder, gathered, read_parts

if TYPE_CHECKING:
    from doubletalk.longgame.posterior import Posterior

__all__ = ["Progress", "run_chains"]


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
    begun(folder, posterior, begin, plan)
    counted = (
        workers if workers is not None else len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2
    )
    told = _Tally(plan, folder, progress)
    if counted == 0:
        for each in work(folder, list(range(plan.chains)), lambda: time.monotonic() > deadline):
            told.add(*each)
    else:
        _in_processes(folder, plan, min(counted, plan.chains), told, deadline)
    return gathered(folder, plan)


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
    turns: Any = context.Queue()
    stop: Any = context.Event()
    end = plan.warmup + plan.draws
    for chain in sorted(range(plan.chains), key=lambda k: told.done[k]):
        if told.done[chain] < end:
            turns.put((chain, -1))
    running = []
    with _single_threaded():
        for me in range(workers):
            process = context.Process(target=_worker, args=(str(folder), me, end, turns, reports, stop), daemon=True)
            process.start()
            running.append(process)
    try:
        open_ = workers
        while open_:
            if time.monotonic() > deadline or min(told.done) >= end:
                stop.set()
            try:
                report = reports.get(timeout=1.0)
            except queue.Empty:
                if any(process.exitcode not in (None, 0) for process in running):
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


def _worker(folder: str, me: int, end: int, turns: Any, reports: Any, stop: Any) -> None:
    """Draw for whichever chain's turn is next, until told to stop."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def stopped() -> bool:
        return bool(stop.is_set()) or not (parent is None or parent.is_alive())

    try:
        bench = Bench(Path(folder))
        while not stopped():
            try:
                chain, last = turns.get(timeout=PATIENCE)
            except queue.Empty:
                continue
            report = bench.block(chain, stopped, fresh=last != me)
            if report is None:
                time.sleep(PATIENCE)
            else:
                reports.put(report)
            if report is None or report[1] < end:
                turns.put((chain, me))
        turns.cancel_join_thread()
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
