"""Results kept in a folder while long work goes on, so that what is done is not done again.

A piece of work is named and has a fingerprint of all that it depends on: the version, the game of the lens, the
record, and what was asked of them. A file of another fingerprint is not read.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from doubletalk import __version__
from doubletalk.lenses.evidence import Draws, LensEvidence, Variant
from doubletalk.lenses.future import FutureScores
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.fitting import QuickFit
from doubletalk.longgame.likelihood import Observed
from doubletalk.longgame.sequential import Stage, keep_stage, kept_stage
from doubletalk.report.writing import write_bytes

__all__ = ["Kept", "fingerprint"]

METHOD = 3
"""Raised whenever the same inputs would give other numbers, so that what was kept before is not read."""

_FIT = ("mode", "low", "high", "beliefs", "terms", "u", "covariance")
_NUMBERS = ("log_likelihood", "log_posterior", "log_evidence", "gradient", "residual", "decrement")
_DRAWS = ("u", "free", "log_weights", "likelihood", "others", "terms", "beliefs")


def fingerprint(game: LongGame, observed: Observed, *asked: object, variants: Sequence[Variant] = ()) -> str:
    """A fingerprint of a lens's game, of a record, of what is asked of them, and of the variants."""
    plain = replace(game, path="", title="", source="", policies=(), outcomes=())
    digest = hashlib.sha256(repr((__version__, METHOD, plain, asked, [v.belief for v in variants])).encode())
    for table in (table for record in (observed, *(v.observed for v in variants)) for table in record):
        digest.update(np.ascontiguousarray(np.asarray(table, dtype=np.int64)).tobytes())
    return digest.hexdigest()


class Kept:
    """Results by fingerprint, in memory and, with a folder, on disk (``lenses-FINGERPRINT.npz``)."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self._known: dict[str, dict[str, Any]] = {}

    def evidence(self, mark: str) -> LensEvidence | None:
        """The evidence kept under a fingerprint."""
        found = self._read(mark)
        if found is None:
            return None
        numbers = dict(zip(_NUMBERS, found["numbers"].tolist(), strict=True))
        names = tuple(found["names"].tolist())
        fit = QuickFit(
            names=names, curved=bool(found["curved"]), evaluations=int(found["evaluations"]),
            **{key: found[f"fit_{key}"] for key in _FIT}, **numbers,
        )  # fmt: skip
        draws = None
        if "draws_u" in found:
            draws = Draws(names, **{key: found[f"draws_{key}"] for key in _DRAWS})
        return LensEvidence(str(found["lens"]), names, int(found["directions"]), fit, draws, *found["weights"].tolist())

    def keep_evidence(self, mark: str, item: LensEvidence) -> None:
        """Keep the evidence of a lens."""
        table: dict[str, Any] = {f"fit_{key}": getattr(item.fit, key) for key in _FIT}
        table |= {
            "numbers": np.array([getattr(item.fit, key) for key in _NUMBERS]), "names": np.array(item.free),
            "curved": item.fit.curved, "evaluations": item.fit.evaluations, "lens": item.name,
            "directions": item.directions,
            "weights": np.array([item.log_evidence, item.error, item.effective, item.pareto_k]),
        }  # fmt: skip
        if item.draws is not None:
            table |= {f"draws_{key}": getattr(item.draws, key) for key in _DRAWS}
        self._write(mark, table)

    def scores(self, mark: str) -> FutureScores | None:
        """The scores kept under a fingerprint."""
        found = self._read(mark)
        if found is None:
            return None
        evidence, error, *counts = found["whole"].tolist()
        return FutureScores(
            found["periods"], found["scores"], found["k"], tuple(found["refits"].tolist()), found["errors"],
            evidence, error, *map(int, counts),
        )  # fmt: skip

    def keep_scores(self, mark: str, item: FutureScores) -> None:
        """Keep the scores of a lens."""
        self._write(mark, {"periods": item.periods, "scores": item.scores, "k": item.k,
                           "refits": np.array(item.refits, dtype=np.int64), "errors": item.errors,
                           "whole": np.array([item.log_evidence, item.evidence_error, item.particles,
                                              item.evaluations, item.failed])})  # fmt: skip

    def stage(self, mark: str) -> Stage | None:
        """The stage that a sequential run under a fingerprint has reached."""
        place = self._stage(mark)
        return None if place is None else kept_stage(place, mark)

    def keep_stage(self, mark: str, stage: Stage | None) -> None:
        """Keep the stage that a run has reached in the place of the one before; None: the run is done."""
        place = self._stage(mark)
        if place is not None and stage is not None:
            keep_stage(place, stage, mark)
        elif place is not None:
            place.unlink(missing_ok=True)

    def _stage(self, mark: str) -> Path | None:
        return None if self.folder is None else self.folder / f"particles-{mark[:24]}.npz"

    def _place(self, mark: str) -> Path | None:
        return None if self.folder is None else self.folder / f"lenses-{mark[:24]}.npz"

    def _read(self, mark: str) -> dict[str, Any] | None:
        place = self._place(mark)
        if mark not in self._known and place is not None and place.is_file():
            try:
                with place.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
                    self._known[mark] = {key: file[key] for key in file.files}
            except (OSError, ValueError, zipfile.BadZipFile):  # not whole, or not ours: found again
                return None
        return self._known.get(mark)

    def _write(self, mark: str, table: dict[str, Any]) -> None:
        self._known[mark] = {key: np.asarray(value) for key, value in table.items()}
        place = self._place(mark)
        if place is not None:
            stream = io.BytesIO()
            np.savez_compressed(stream, **self._known[mark])
            write_bytes(place, stream.getvalue())
