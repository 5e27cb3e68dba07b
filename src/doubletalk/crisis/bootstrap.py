"""Bootstrap of the estimators: games drawn with replacement, every step of the estimate done again.

Replicate i is drawn with the generator of seed [seed, i], so that it is the same whichever others were made. With the
built-in first stage the two logits are fitted anew in each; first-stage columns that were given are kept, and the
bootstrap then says nothing about their errors. Each search starts at the estimate from all games (and nested
pseudo-likelihood from its fixed point). Replicates that do not converge, or whose covariates are collinear, are counted
and left out. Source: Efron & Tibshirani (1993), chapters 6 and 13.

Results may be kept in a file of JSON lines: the first names the estimate that they belong to, then one for each
replicate. A run that is broken off goes on where it stopped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.data import CrisisData
from doubletalk.crisis.design import Design
from doubletalk.crisis.first_stage import fit_first_stage, given_first_stage
from doubletalk.crisis.fit import iterate_npl
from doubletalk.crisis.full import maximise_full
from doubletalk.crisis.optimise import Maximum
from doubletalk.crisis.pseudo import Beliefs, maximise_pseudo
from doubletalk.crisis.result import CrisisFit
from doubletalk.crisis.specification import CrisisSpecification
from doubletalk.errors import InputError

__all__ = ["BOOTSTRAP_METHODS", "Bootstrap", "bootstrap"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

BOOTSTRAP_METHODS = ("pl", "npl", "ml")
FEWEST = 20
"""Fewer converged replicates give no interval."""


@dataclass(frozen=True)
class Bootstrap:
    """Replicates of an estimate.

    draws    (converged, parameters);  failed: how many did not converge or could not be estimated
    asked    how many were asked for;  made: how many were done, fewer after an interruption
    """

    names: tuple[str, ...]
    draws: Array
    failed: int
    asked: int
    seed: int

    @property
    def made(self) -> int:
        """How many replicates were done."""
        return len(self.draws) + self.failed

    @property
    def standard_errors(self) -> Array:
        """Standard deviations over replicates; not a number below FEWEST."""
        if len(self.draws) < FEWEST:
            return np.full(len(self.names), np.nan)
        return np.asarray(self.draws.std(axis=0, ddof=1))

    def interval(self, level: float) -> tuple[Array, Array]:
        """Percentile interval of each parameter."""
        if len(self.draws) < FEWEST:
            return np.full(len(self.names), np.nan), np.full(len(self.names), np.nan)
        low, high = np.quantile(self.draws, [(1.0 - level) / 2.0, (1.0 + level) / 2.0], axis=0)
        return low, high

    def to_dict(self, level: float) -> dict[str, Any]:
        """Plain values for the file of results."""
        low, high = self.interval(level)
        return {
            "replicates": self.made, "asked": self.asked, "failed": self.failed, "seed": self.seed, "level": level,
            "standard_errors": self.standard_errors.tolist(), "low": low.tolist(), "high": high.tolist(),
        }  # fmt: skip


def bootstrap(
    spec: CrisisSpecification,
    data: CrisisData,
    fit: CrisisFit,
    count: int,
    seed: int,
    *,
    keep: Path | None = None,
    tell: Tell | None = None,
) -> Bootstrap:
    """*count* replicates of *fit*, an estimate by pl, npl or ml from *data*; those already in the file *keep* are read.

    Ctrl-C ends it early with what there is. Raises InputError for another method, and where *keep* holds the
    replicates of another estimate.
    """
    if fit.method not in BOOTSTRAP_METHODS:
        raise InputError(f"the bootstrap is for {', '.join(BOOTSTRAP_METHODS)}, not for {fit.method}")
    fit.with_data()
    if not fit.converged:
        raise InputError(f"the bootstrap needs an estimate that converged: {fit.message}")
    mark = _fingerprint(fit, data, seed)
    done = _read(keep, mark) if keep is not None else {}
    stream = None
    if keep is not None:
        keep.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(keep, mark, done)
        stream = keep.open("a", encoding="utf-8")
    try:
        for number in range(count):
            if number in done:
                continue
            found = _replicate(spec, data, fit, seed, number)
            done[number] = found
            if stream is not None:
                stream.write(_line(number, found))
                stream.flush()
            if tell is not None:
                tell((number + 1) / count, "bootstrap")
    except KeyboardInterrupt:
        pass
    finally:
        if stream is not None:
            stream.close()
    kept = [done[number] for number in sorted(done) if number < count]
    draws = [one for one in kept if one is not None]
    size = len(fit.names)
    return Bootstrap(fit.names, np.array(draws).reshape(len(draws), size), len(kept) - len(draws), count, seed)


def _replicate(spec: CrisisSpecification, data: CrisisData, fit: CrisisFit, seed: int, number: int) -> Array | None:
    """The estimate from games drawn anew; None where there is none."""
    generator = np.random.default_rng([seed, number])
    chosen = generator.integers(0, data.games, size=data.games).astype(np.intp)
    every, counts = fit.with_data()
    design = every.rows(chosen)
    if any(b.shape[1] and np.linalg.matrix_rank(b) < b.shape[1] for b in design.blocks.values()):
        return None
    again = data.rows(chosen)
    stage = fit_first_stage if spec.first_stage is None else given_first_stage
    scales = np.concatenate([design.scales(), np.ones(len(fit.names) - design.size)])
    try:
        with np.errstate(all="ignore"):
            beliefs = stage(spec, again).beliefs
            found = _estimate(fit, design.scaled(scales), counts[chosen], beliefs, chosen, fit.estimates * scales)
    except (InputError, np.linalg.LinAlgError):
        return None
    return found.point / scales if found is not None and np.isfinite(found.point).all() else None


def _estimate(
    fit: CrisisFit, design: Design, counts: Array, first: Beliefs, chosen: NDArray[np.intp], start: Array
) -> Maximum | None:
    if fit.method == "pl":
        found = maximise_pseudo(design, counts, first, start)
    elif fit.method == "npl":
        beliefs = Beliefs(fit.resist[chosen], fit.firm[chosen])
        begin = maximise_pseudo(design, counts, beliefs, start)
        found, _, _, change = iterate_npl(design, counts, beliefs, begin)
        if not change < 1e-8:
            return None
    else:
        found, _ = maximise_full(design, counts, start, fit.selection)
    return found if found.converged else None


def _fingerprint(fit: CrisisFit, data: CrisisData, seed: int) -> str:
    """What replicates belong to: data, specification, method, rule and seed."""
    digest = hashlib.sha256()
    for name, column in sorted(data.columns.items()):
        digest.update(name.encode() + np.ascontiguousarray(column).tobytes())
    digest.update(np.ascontiguousarray(data.counts).tobytes())
    words = [fit.specification["utilities"], fit.specification["first_stage"], fit.method, fit.selection, seed]
    digest.update(json.dumps(words, sort_keys=True).encode())
    return digest.hexdigest()


def _line(number: int, found: Array | None) -> str:
    return json.dumps({"replicate": number, "estimates": None if found is None else found.tolist()}) + "\n"


def _read(path: Path, mark: str) -> dict[int, Array | None]:
    """The replicates in the file; a last line that was cut off is dropped."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    except (OSError, UnicodeDecodeError) as wrong:
        raise InputError(f"cannot be read: {wrong}", str(path)) from None
    if not lines:
        return {}
    rows: list[Mapping[str, Any]] = []
    for place, line in enumerate(lines):
        try:
            row = json.loads(line)
        except ValueError:
            if place == len(lines) - 1 and place > 0:
                break
            raise InputError("not a file of bootstrap replicates; move it away", str(path), place + 1) from None
        rows.append(row if isinstance(row, dict) else {})
    if rows[0].get("doubletalk-crisis-bootstrap") != mark:
        message = "holds replicates of another estimate: data, specification, method, rule or seed differ; move it away"
        raise InputError(message, str(path), 1)
    try:
        return {
            int(row["replicate"]): None if row["estimates"] is None else np.array(row["estimates"], dtype=np.float64)
            for row in rows[1:]
        }
    except (KeyError, TypeError, ValueError):
        raise InputError("a damaged file of bootstrap replicates; move it away", str(path)) from None


def _write_whole(path: Path, mark: str, done: Mapping[int, Array | None]) -> None:
    from doubletalk.report.writing import write_text

    head = json.dumps({"doubletalk-crisis-bootstrap": mark}) + "\n"
    write_text(path, head + "".join(_line(number, found) for number, found in done.items()))
