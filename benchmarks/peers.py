"""Other programs on the same games, each attempt in a process of its own with a limit on time and memory.

A failure is a result: every attempt ends as "answered", "time limit", "out of memory" or "failed".
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.games import Size
from benchmarks.own import time_beer_quiche, time_size

__all__ = ["MEMORY_GIB", "METHODS", "attempt", "compare", "methods_for"]

MEMORY_GIB = 4
METHODS = {
    "doubletalk, concept nash": "ours, every Nash equilibrium as exact sets, in a process under the same limits",
    "gambit enummixed": "two players, exact rationals, all extreme equilibria of the strategic form",
    "gambit enumpoly, tree": "any players, all supports of the tree, floating point",
    "gambit enumpoly, strategic": "any players, all supports of the strategic form, floating point",
    "nashpy vertex enumeration": "two players, strategic form, floating point",
    "nashpy support enumeration": "two players, strategic form, floating point; complete only without degeneracy",
}
TWO_PLAYERS = ("gambit enummixed", "nashpy vertex enumeration", "nashpy support enumeration")
NASHPY_LARGEST = 10
"""nashpy is tried where no player has more pure strategies than this."""
WALL_FACTOR, WALL_GRACE_S = 4.0, 20.0
"""The limit is on processor time after start-up; whatever the machine does, a process is killed at wall time
WALL_FACTOR * limit + WALL_GRACE_S."""
OUT_OF_TIME = -27
"""Exit code of a process ended by the timer of its processor time (SIGPROF)."""
MEMORY_SIGNS = ("MemoryError", "bad_alloc", "memory", "ArrayMemoryError")


def methods_for(size: Size | None) -> list[str]:
    """The methods that can be asked; None stands for beer-quiche."""
    if size is None:
        return list(METHODS)
    names = [n for n in METHODS if size.audiences == 1 or n not in TWO_PLAYERS]
    strategies = max(size.messages**size.types, size.actions**size.messages)
    return [n for n in names if not n.startswith("nashpy") or strategies <= NASHPY_LARGEST]


def attempt(method: str, size: Size | None, seed: int, limit_s: float) -> dict[str, Any]:
    """One method on one game: how it ended, seconds of processor time, and how many equilibria it listed."""
    request = {"method": method, "size": None if size is None else asdict(size), "seed": seed, "limit_s": limit_s}
    started = time.perf_counter()
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.peer_worker", json.dumps(request)],
            capture_output=True,
            text=True,
            timeout=WALL_FACTOR * limit_s + WALL_GRACE_S,
            cwd=Path(__file__).parent.parent,
        )
    except subprocess.TimeoutExpired:
        return {"end": "time limit", "seconds": limit_s}
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        return dict(json.loads(lines[-1]))
    spent = round(time.perf_counter() - started, 3)
    if done.returncode == OUT_OF_TIME:
        return {"end": "time limit", "seconds": limit_s}
    if done.returncode == -9 or any(sign in done.stderr for sign in MEMORY_SIGNS):
        return {"end": "out of memory", "seconds": spent}
    words = done.stderr.strip().splitlines()
    return {"end": "failed", "seconds": spent, "why": words[-1][:200] if words else f"exit code {done.returncode}"}


def compare(sizes: list[Size | None], seeds: int, limit_s: float) -> list[dict[str, Any]]:
    """Every method on every size, with our own time for the sequential equilibria of the same games.

    After the first attempt at a size that does not answer, the remaining games of that size are not tried.
    """
    rows = []
    for size in sizes:
        games = 1 if size is None else seeds
        ours = _ours(size, games)
        for method in methods_for(size):
            rows.append({**ours, "method": method, **_attempts(method, size, games, limit_s, ours["our_ms"])})
    return rows


def _ours(size: Size | None, games: int) -> dict[str, Any]:
    ours = time_beer_quiche(20) if size is None else time_size(size, games)
    name = "beer-quiche" if size is None else size.name
    return {"size": name, "games": games, "our_ms": ours["cpu_median_ms"]}


def _attempts(method: str, size: Size | None, games: int, limit_s: float, our_ms: float) -> dict[str, Any]:
    ends = []
    for seed in range(games):
        ends.append(attempt(method, size, seed, limit_s))
        if ends[-1]["end"] != "answered":
            break
    answered = [end for end in ends if end["end"] == "answered"]
    failed = [end for end in ends if end["end"] != "answered"]
    slow_ms = 1000 * statistics.median(e["seconds"] for e in (failed if failed else answered))
    return {
        "tried": len(ends),
        "answered": len(answered),
        "end": failed[0]["end"] if failed else "answered",
        "why": failed[0].get("why") if failed else None,
        "peer_ms": round(slow_ms, 3),
        "listed": [e["listed"] for e in answered],
        "ratio": round(slow_ms / our_ms, 1) if not failed or failed[0]["end"] == "time limit" else None,
        "ratio_is_at_least": bool(failed) and failed[0]["end"] == "time limit",
    }
