"""One chain of a fit: its draws in blocks, each kept when it is done, and its warm-up together with the other chains.

Where a window of the warm-up ends all chains wait for each other, and go on in coordinates whitened by the covariance
of what all have drawn so far but for the first third: with n the median effective number of those draws, of d
coordinates, n / (n + d) of their covariance and d / (n + d) of its diagonal. What is waited for is read from the other
chains' files, so that chains may run in one process or in several, and a resumed chain draws what it would have.

Source: Hoffman and Sountsov (2022), AISTATS (adaptation by statistics over chains).
"""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from doubletalk.longgame.parts import Parts, Plan, kernel_of, read_parts
from doubletalk.report.writing import write_bytes

__all__ = ["PATIENCE", "Bench", "Report", "pooled_root", "work"]

Floats = npt.NDArray[np.float64]

BLOCK = 5
"""Draws between two checkpoints."""

LEAST_POOLED = 4
"""With fewer draws a chain their effective number is not known, and only spreads are taken."""

LEAST_VARIANCE = 1e-6
"""Added to variances, so that draws that did not move give no singular covariance."""

PATIENCE = 0.2
"""Seconds between two looks at the other chains' files."""

Report = tuple[int, int, int, float]
"""Chain, draws done, divergences after the warm-up, seconds of this run."""


class Bench:
    """What a process needs to draw for any chain of the fit in *folder*: the sampler, compiled once, and the chains.

    A chain that another process has drawn for since is read anew from its file.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kernel, self.posterior, self.plan, self.starts = kernel_of(folder)
        self.chains: dict[int, _Chain] = {}

    def block(self, chain: int, stopped: Callable[[], bool], fresh: bool = False) -> Report | None:
        """A block of draws of a chain, which is stored; None where it waits for others. *fresh*: read its file."""
        if fresh or chain not in self.chains:
            self.chains[chain] = _Chain(self, chain)
        found = self.chains[chain]
        return found.block(stopped) if found.finished or found.ready() else None

    def start(self, chain: int) -> Any:
        """The sampler's state at the beginning of a chain."""
        return self.kernel.first(self.plan.seed * 1000 + chain, self.starts[chain])

    @cached_property
    def like(self) -> Any:
        """Any state of the sampler."""
        return self.start(0)


def work(folder: Path, mine: list[int], stopped: Callable[[], bool]) -> Iterator[Report]:
    """Take the chains *mine* to their end in this process, a block of each in turn."""
    bench = Bench(folder)
    end, left = bench.plan.warmup + bench.plan.draws, list(mine)
    while left and not stopped():
        waiting = True
        for chain in tuple(left):
            report = None if stopped() else bench.block(chain, stopped)
            if report is not None:
                waiting = False
                left = [k for k in left if k != chain or report[1] < end]
                yield report
        if waiting:
            time.sleep(PATIENCE)


def pooled_root(folder: Path, plan: Plan, draws: int) -> Floats | None:
    """[d, d] root of the covariance of the first *draws* of the warm-up of all chains, see above.

    None while a chain has fewer.
    """
    import arviz as az

    found = []
    for chain in range(plan.chains):
        part = read_parts(folder / f"chain_{chain}.npz")
        if part is None or len(part.get("warm", ())) < draws:
            return None
        found.append(part["warm"][draws // 3 : draws])
    u = np.stack(found)
    d = u.shape[2]
    covariance = np.cov(u.reshape(-1, d).T).reshape(d, d)
    effective = float(np.nanmedian([az.ess(u[..., k]) for k in range(d)])) if u.shape[1] >= LEAST_POOLED else 0.0
    share = effective / (effective + d)
    covariance = share * covariance + (1 - share) * np.diag(np.diag(covariance))
    return np.asarray(np.linalg.cholesky(covariance + LEAST_VARIANCE * np.eye(d)))


class _Chain:
    """A chain with its draws so far."""

    def __init__(self, bench: Bench, chain: int) -> None:
        from doubletalk.longgame.nuts import unpacked

        self.folder, self.chain, self.kernel, self.posterior, self.plan = (
            bench.folder, chain, bench.kernel, bench.posterior, bench.plan
        )  # fmt: skip
        self.file, self.meetings = bench.folder / f"chain_{chain}.npz", bench.kernel.windows()
        self.rows: dict[str, list[Any]] = {}
        self.warm: list[Floats] = []
        self.done, self.seconds, self.gradients = 0, 0.0, 0
        stored = read_parts(self.file)
        if stored is None:
            self.state = bench.start(chain)
            return
        self.done, self.seconds, self.gradients = int(stored["done"]), float(stored["seconds"]), int(stored["n"])
        self.rows = {key[4:]: list(value) for key, value in stored.items() if key.startswith("row_")}
        self.warm = list(stored["warm"])
        self.state = unpacked(bench.like, stored)
        self._met(max((meeting for meeting in self.meetings if meeting < self.done), default=0))

    def _met(self, meeting: int) -> None:
        """Take up the coordinates in which the chain has drawn since a *meeting* that has been."""
        root = pooled_root(self.folder, self.plan, meeting) if meeting else None
        self.kernel = self.kernel if root is None else replace(self.kernel, root=root)

    def ready(self) -> bool:
        """Whether the chain can go on; where chains meet, after taking up the coordinates that all draws tell."""
        if self.done not in self.meetings:
            return True
        root = pooled_root(self.folder, self.plan, self.done)
        if root is None:
            return False
        seed = (self.plan.seed * 1000 + self.chain) * 100_000 + self.done
        self.kernel, self.state = self.kernel.rooted(root, self.state, seed)
        return True

    @property
    def finished(self) -> bool:
        return self.done >= self.plan.warmup + self.plan.draws

    def block(self, stopped: Callable[[], bool]) -> Report:
        began = time.process_time()
        for _ in range(0 if self.finished else BLOCK):
            self.state, drawn = self.kernel.next(self.state)
            self.done += 1
            self.gradients += drawn.n_steps
            if self.done > self.plan.warmup:
                self._keep(drawn._asdict())
            else:
                self.warm.append(drawn.u)
            if self.finished or self.done in self.meetings or stopped():
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
        content["warm"] = np.array(self.warm)
        content |= {"done": np.array(self.done), "seconds": np.array(self.seconds), "n": np.array(self.gradients)}
        made = io.BytesIO()
        np.savez(made, **content)  # type: ignore[arg-type]
        write_bytes(self.file, made.getvalue())
