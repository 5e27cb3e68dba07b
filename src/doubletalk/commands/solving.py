"""Many exact solves under one command: begun, resumed, stored, counted."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from doubletalk.commands.running import Interruption, ProgressBar, note

if TYPE_CHECKING:
    from collections.abc import Hashable

    from doubletalk.exact import Rational
    from doubletalk.regions.atlas_solving import Solver

__all__ = ["say_speed", "solver_of"]


class Asked(Protocol):
    """What is asked at a point; ``fingerprint`` tells for what solved points may be used again."""

    @property
    def fingerprint(self) -> str: ...
    def __call__(self, x: Rational, y: Rational, /) -> Hashable: ...


def solver_of(
    ask: Asked, workers: int, folder: Path, fresh: bool, bar: ProgressBar, interruption: Interruption
) -> Solver:
    """A solver that knows what was solved before, and keeps what will be."""
    from doubletalk.regions.atlas_data import read_solved, solved_text
    from doubletalk.regions.atlas_solving import Solver
    from doubletalk.report.writing import write_text

    place, of = folder / f"solved-{ask.fingerprint[:12]}.json", ask.fingerprint
    known = {} if fresh else read_solved(place, of)
    return Solver(
        ask,
        workers,
        lambda points: write_text(place, solved_text(points, of)),
        bar,
        lambda: interruption.happened,
        known,
    )


def say_speed(solver: Solver, remembered: int, points: str = "points") -> None:
    """How many solves there were, how fast, and how many points were known before."""
    told = f"{solver.solved} exact solves"
    if solver.solved:
        told += f" in {solver.seconds:.1f} s: {solver.solved / solver.seconds:.0f} a second"
    note(told + (f"; {remembered} {points} known from before" if remembered else ""))
