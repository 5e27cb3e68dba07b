"""``python -m benchmarks.longgame``: the long game: compilation, one solve, many draws, growth, plain loops.

Times are medians of repeated calls in this process; memory is the process's peak.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import doubletalk
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.reading import load_long_game

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))


def timed(call: Callable[[], Any], repeats: int) -> float:
    """Median seconds of a call whose result is waited for."""
    import jax

    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        jax.block_until_ready(call())
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def one_solve(game: LongGame, repeats: int) -> dict[str, Any]:
    """Seconds with compilation, after it, from a near solution, and of one evaluation's share."""
    import numpy as np

    from doubletalk.longgame.engine import tables_of
    from doubletalk.longgame.solving import solve

    shape, tables = tables_of(game)
    values = np.array(game.values)
    first = timed(lambda: solve(shape, tables, values), 1)
    found = solve(shape, tables, values)
    again = timed(lambda: solve(shape, tables, values * 1.001), repeats)
    warm = timed(lambda: solve(shape, tables, values * 1.001, found.unknown), repeats)
    return {
        "states": game.states, "beliefs": game.points, "with_compilation_s": first, "solve_s": again, "warm_s": warm,
        "evaluations": int(found.evaluations), "residual": float(found.residual),
    }  # fmt: skip


def many_draws(game: LongGame, draws: int) -> dict[str, Any]:
    """One vectorised call for many coefficient vectors, after compilation."""
    import numpy as np

    from doubletalk.longgame.engine import tables_of
    from doubletalk.longgame.solving import solve_many

    shape, tables = tables_of(game)
    random = np.random.default_rng(1)
    values = np.array(game.values) * (1 + 0.1 * random.standard_normal((draws, len(game.values))))
    solve_many(shape, tables, values)
    seconds = timed(lambda: solve_many(shape, tables, values), 1)
    found = solve_many(shape, tables, values)
    worst = float(np.asarray(found.residual).max())
    return {
        "draws": draws,
        "beliefs": game.points,
        "seconds": seconds,
        "per_draw_s": seconds / draws,
        "residual": worst,
    }


def plain_loops() -> dict[str, Any]:
    """A small game by plain loops and by the solver, in one run."""
    from longgame_games import Reference, random_game

    game = random_game(2, points=3)
    began = time.perf_counter()
    Reference(game).solve()
    loops = time.perf_counter() - began
    ours = one_solve(game, 5)
    return {"plain_loops_s": loops, **ours, "ratio": loops / ours["solve_s"]}


def main() -> None:
    """Measure and print JSON; ``--out`` keeps it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.longgame", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller grids and fewer draws")
    parser.add_argument("--out", type=Path, help="write the JSON here")
    chosen = parser.parse_args()
    belarus = load_long_game(Path(doubletalk.__file__).parent / "cases" / "belarus" / "longgame.yaml")
    repeats = 2 if chosen.quick else 5
    found: dict[str, Any] = {"belarus": one_solve(replace(belarus, points=5) if chosen.quick else belarus, repeats)}
    grids = (3, 11) if chosen.quick else (5, 11, 41, 81)
    found["growth"] = [one_solve(replace(belarus, points=points), 2) for points in grids]
    found["draws"] = many_draws(replace(belarus, points=5), 4 if chosen.quick else 64)
    found["plain"] = plain_loops()
    found["peak_memory_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    text = json.dumps(found, indent=1)
    sys.stdout.write(text + "\n")
    if chosen.out is not None:
        chosen.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
