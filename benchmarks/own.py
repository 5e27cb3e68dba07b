"""Our own timings: whole solves inside a process, their parts, the uncompiled search, and the command from cold."""

from __future__ import annotations

import importlib
import importlib.util
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

from benchmarks.games import Size, beer_quiche, random_game
from doubletalk.equilibrium import assembly, search
from doubletalk.equilibrium.desk import forget
from doubletalk.game.model import Game

solving = importlib.import_module("doubletalk.equilibrium.solve")

__all__ = ["cold_start", "plain_against_installed", "shares", "time_beer_quiche", "time_size", "uncompiled_search"]

ENOUGH_S = 1.0
"""A game is solved again until it has been solved REPEATS times or this many seconds have been spent on it."""
REPEATS = 3
GIVE_UP_S = 60.0
"""Time limit of a single solve; what exceeds it is counted as unfinished."""
PARTS = ("pieces", "search", "exact confirmation", "naming the answer")
COMMAND = "from doubletalk.cli import main; main()"


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 3)


def summary(times: Sequence[float]) -> dict[str, float]:
    """Median, least and greatest, in milliseconds."""
    return {
        "median_ms": _milliseconds(statistics.median(times)),
        "min_ms": _milliseconds(min(times)),
        "max_ms": _milliseconds(max(times)),
    }


def _time_game(game: Game, concept: str, repeats: int) -> tuple[float, float, bool, int, int]:
    """Median wall time and CPU time of a solve, whether it finished, outcomes, families."""
    walls, cpus, begun = [], [], time.perf_counter()
    while True:
        forget()
        cpu, wall = time.process_time(), time.perf_counter()
        solution = solving.solve(game, concept, time_limit=GIVE_UP_S)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
        if len(walls) >= repeats or time.perf_counter() - begun > ENOUGH_S:
            break
    families = sum(len(outcome.families) for outcome in solution.outcomes)
    return statistics.median(walls), statistics.median(cpus), solution.complete, len(solution.outcomes), families


def time_size(size: Size, seeds: int, concept: str = "sequential", repeats: int = REPEATS) -> dict[str, Any]:
    """The complete exact set of *seeds* random games of one size: each game's median of repeats, then over games."""
    rows = [_time_game(random_game(seed, size), concept, repeats) for seed in range(seeds)]
    finished = [row for row in rows if row[2]]
    times = summary([row[0] for row in rows])
    return {
        "size": size.name,
        "aim_ms": None if size.aim_s is None else _milliseconds(size.aim_s),
        "met": None if size.aim_s is None else len(finished) == seeds and times["median_ms"] <= size.aim_s * 1000,
        "games": seeds,
        "finished": len(finished),
        **times,
        "cpu_median_ms": summary([row[1] for row in rows])["median_ms"],
        "median_outcomes": statistics.median(row[3] for row in rows),
        "median_families": statistics.median(row[4] for row in rows),
    }


def time_beer_quiche(repeats: int, concept: str = "sequential") -> dict[str, Any]:
    """Beer-quiche, the smallest published game, again and again in one process."""
    game, times, cpus = beer_quiche(), [], []
    for _ in range(repeats):
        forget()
        cpu, wall = time.process_time(), time.perf_counter()
        solving.solve(game, concept)
        times.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    result = summary(times)
    aim_ms = 2.0
    return {
        "aim_ms": aim_ms,
        "met": result["median_ms"] <= aim_ms,
        "repeats": repeats,
        **result,
        "cpu_median_ms": summary(cpus)["median_ms"],
    }


def cold_start(repeats: int) -> dict[str, Any]:
    """``doubletalk solve beer_quiche`` as a process of its own, from start to exit."""
    times = []
    for _ in range(repeats):
        wall = time.perf_counter()
        subprocess.run([sys.executable, "-c", COMMAND, "solve", "beer_quiche"], check=True, capture_output=True)
        times.append(time.perf_counter() - wall)
    result = summary(times)
    aim_ms = 700.0
    return {"aim_ms": aim_ms, "met": result["median_ms"] <= aim_ms, "repeats": repeats, **result}


# ---- parts ---------------------------------------------------------------------------------------------------------


class Clock:
    """Wall time spent inside wrapped functions, by name; ``calls`` counts them."""

    def __init__(self) -> None:
        self.spent: dict[str, float] = {}
        self.calls: dict[str, int] = {}

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """*function*, timed."""

        def timed(*args: Any, **named: Any) -> Any:
            start = time.perf_counter()
            try:
                return function(*args, **named)
            finally:
                self.spent[name] = self.spent.get(name, 0.0) + time.perf_counter() - start
                self.calls[name] = self.calls.get(name, 0) + 1

        return timed


@contextmanager
def _replaced(*changes: tuple[object, str, object]) -> Iterator[None]:
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in changes]
    for owner, name, new in changes:
        setattr(owner, name, new)
    try:
        yield
    finally:
        for owner, name, old in before:
            setattr(owner, name, old)


def _parts(game: Game, searcher: type) -> dict[str, float]:
    """Seconds in each part of one solve; they sum to the whole."""
    clock = Clock()
    exact = assembly._Assembly
    with _replaced(
        (exact, "judge", clock.wrap("exact", exact.judge)),
        (exact, "leaf", clock.wrap("exact", exact.leaf)),
        (assembly, "maximal", clock.wrap("exact", assembly.maximal)),
        (assembly, "Search", searcher),
        (solving, "find_products", clock.wrap("assembly", solving.find_products)),
    ):
        forget()
        solution = solving.solve(game, time_limit=GIVE_UP_S)
    pieces, whole = solution.timing_s["pieces"], solution.timing_s["solve"]
    search_s = clock.spent["assembly"] - clock.spent["exact"]
    return dict(
        zip(PARTS, (pieces, search_s, clock.spent["exact"], whole - pieces - clock.spent["assembly"]), strict=True)
    )


def shares(size: Size, seeds: int) -> dict[str, Any]:
    """Where the time goes: the median over games of the seconds in each part, and its share of their sum.

    ``search`` is the walk with its floating-point cuts (and filling its tables), ``exact confirmation`` everything in
    exact arithmetic: doubtful nodes, leaves, widening and dropping products inside others; ``naming the answer`` is
    components, outcomes, supporting beliefs and payoffs.
    """
    runs = [_parts(random_game(seed, size), search.Search) for seed in range(seeds)]
    middle = {part: statistics.median(run[part] for run in runs) for part in PARTS}
    total = sum(middle.values())
    return {
        "size": size.name,
        "games": seeds,
        "median_ms": {part: _milliseconds(seconds) for part, seconds in middle.items()},
        "share": {part: round(seconds / total, 3) for part, seconds in middle.items()},
    }


def uncompiled_search() -> ModuleType:
    """The search as plain Python, whatever is installed: the same three files loaded as source; the installed ones stay
    in their place."""
    names = [f"doubletalk.equilibrium.{name}" for name in ("search_programme", "search_systems", "search")]
    installed = {name: sys.modules.pop(name, None) for name in names}
    try:
        for name in names:
            source = Path(assembly.__file__).with_name(f"{name.rsplit('.', 1)[1]}.py")
            spec = importlib.util.spec_from_file_location(name, source)
            if spec is None or spec.loader is None:
                raise ImportError(f"cannot load {source.name} as source")
            module = sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
    finally:
        for name, before in installed.items():
            sys.modules.pop(name, None)
            if before is not None:
                sys.modules[name] = before
    module.OutOfTimeError = search.OutOfTimeError  # type: ignore[attr-defined]
    return module


def plain_against_installed(size: Size, seeds: int) -> dict[str, Any]:
    """The walk compiled and uncompiled on the same games, in milliseconds, and how many times slower it then is."""
    plain = uncompiled_search().Search
    rows = []
    for seed in range(seeds):
        game = random_game(seed, size)
        fast, slow = _parts(game, search.Search), _parts(game, plain)
        rows.append((fast["search"], sum(fast.values()), slow["search"], sum(slow.values())))
    fast_walk, fast_all, slow_walk, slow_all = (statistics.median(column) for column in zip(*rows, strict=True))
    return {
        "size": size.name,
        "games": seeds,
        "installed_walk_ms": _milliseconds(fast_walk),
        "plain_walk_ms": _milliseconds(slow_walk),
        "walk_ratio": round(slow_walk / fast_walk, 1),
        "installed_solve_ms": _milliseconds(fast_all),
        "plain_solve_ms": _milliseconds(slow_all),
        "solve_ratio": round(slow_all / fast_all, 1),
    }
