"""What a section solves at many points: kept in this process, and beside the page for the next report."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path

from doubletalk.regions.atlas_data import read_solved, solved_text
from doubletalk.regions.atlas_solving import Ask, Point, Solver
from doubletalk.report.writing import write_text

__all__ = ["keep", "solver_beside"]

_remembered: dict[str, dict[Point, Hashable]] = {}
"""Fingerprint -> what this process solved before: a second page of a study costs nothing."""


def solver_beside(ask: Ask, of: str, place: Path | None) -> Solver:
    """A solver that knows what this process, and an earlier report that wrote *place*, solved for *of*."""
    known = _remembered.setdefault(of, {})
    if place is not None:
        known.update(read_solved(place, of))
    return Solver(ask, known=known)


def keep(solver: Solver, of: str, place: Path | None) -> None:
    """Write what is solved to *place* now: the report ends here, and the next one goes on from it."""
    if place is not None:
        write_text(place, solved_text(solver.known, of))
