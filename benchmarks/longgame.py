"""``python -m benchmarks.longgame``: the long game: compilation, one solve, many draws, growth, plain loops.

Every case runs in a process of its own, so that its time of compilation and its peak of memory are its own. Times are
medians of repeated calls. ``--part`` runs some of the parts; what is measured is kept in ``--out`` beside what was
there, and ``--page`` writes the whole as a table between the marks of a Markdown page.
"""

from __future__ import annotations

import argparse
import datetime
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import doubletalk
from doubletalk.longgame.declaration import LongGame, Markov, Variable
from doubletalk.longgame.reading import load_long_game

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

BEGIN, END = "<!-- long game: written by python -m benchmarks.longgame -->", "<!-- end of long game -->"
PARTS = ("belarus", "draws", "beliefs", "states", "plain")


def timed(call: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Median seconds of a call whose result is waited for: of the clock, and of the processor (all threads)."""
    import jax

    seconds, work = [], []
    for _ in range(repeats):
        began, busy = time.perf_counter(), time.process_time()
        jax.block_until_ready(call())
        seconds.append(time.perf_counter() - began)
        work.append(time.process_time() - busy)
    return statistics.median(seconds), statistics.median(work)


def belarus(points: int, times: int = 1) -> LongGame:
    """The Belarus game on so many beliefs, its states multiplied by a further exogenous variable of *times* levels."""
    game = load_long_game(Path(doubletalk.__file__).parent / "cases" / "belarus" / "longgame.yaml")
    game = replace(game, points=points)
    if times == 1:
        return game
    stay = tuple(tuple(0.5 * (a == b) + 0.5 / times for b in range(times)) for a in range(times))
    world = Variable("world", tuple(f"w{k}" for k in range(times)), 0, (), Markov(stay))
    return replace(game, variables=(*game.variables, world))


def one_solve(game: LongGame, repeats: int) -> dict[str, Any]:
    """Seconds with compilation, after it, and from a near solution."""
    import numpy as np

    from doubletalk.longgame.engine import tables_of
    from doubletalk.longgame.solving import compilations, solve

    shape, tables = tables_of(game)
    values = np.array(game.values)
    first = timed(lambda: solve(shape, tables, values), 1)
    found = solve(shape, tables, values)
    before = compilations()
    again = timed(lambda: solve(shape, tables, values * 1.001), repeats)
    warm = timed(lambda: solve(shape, tables, values * 1.001, found.unknown), repeats)
    return {
        "states": game.states, "beliefs": game.points, "first_solve_s": first[0],
        "first_of_the_processor_s": first[1], "solve_s": again[0], "solve_of_the_processor_s": again[1],
        "warm_s": warm[0], "evaluations": int(found.evaluations), "residual": float(found.residual),
        "compiled_anew": compilations() - before,
    }  # fmt: skip


def many_draws(game: LongGame, draws: int) -> dict[str, Any]:
    """Many coefficient vectors, 10 per cent around the file's: in one vectorised call, and one after the other."""
    import numpy as np

    from doubletalk.longgame.engine import tables_of
    from doubletalk.longgame.solving import solve_many

    shape, tables = tables_of(game)
    random = np.random.default_rng(1)
    values = np.array(game.values) * (1 + 0.1 * random.standard_normal((draws, len(game.values))))
    found: dict[str, Any] = {"draws": draws, "beliefs": game.points}
    for name, together in (("one_call", True), ("one_by_one", False)):
        solve_many(shape, tables, values if together else values[:1], together=together)
        began, busy = time.perf_counter(), time.process_time()
        solved = solve_many(shape, tables, values, together=together)
        solved.residual.block_until_ready()
        found[f"{name}_per_draw_s"] = (time.perf_counter() - began) / draws
        found[f"{name}_of_the_processor_s"] = (time.process_time() - busy) / draws
        found[f"{name}_residual"] = float(np.asarray(solved.residual).max())
    return found


def plain_loops() -> dict[str, Any]:
    """A small game by plain loops and by the solver, in one run."""
    from longgame_games import Reference, random_game

    game = random_game(2, points=3)
    began = time.perf_counter()
    Reference(game).solve()
    loops = time.perf_counter() - began
    ours = one_solve(game, 5)
    return {"plain_loops_s": loops, **ours, "ratio": loops / ours["solve_s"]}


def cases(quick: bool) -> dict[str, list[dict[str, Any]]]:
    """The cases of each part, as arguments of :func:`measure`."""
    beliefs, times = ((3, 11), (1, 4)) if quick else ((5, 21, 101, 501), (1, 10, 30, 100))
    return {
        "belarus": [{"kind": "solve", "points": 5 if quick else 21, "repeats": 5}],
        "draws": [{"kind": "draws", "points": 5, "draws": 8 if quick else 256}],
        "beliefs": [{"kind": "solve", "points": points, "repeats": 2} for points in beliefs],
        "states": [{"kind": "solve", "points": 5, "times": each, "repeats": 2} for each in times],
        "plain": [{"kind": "plain"}],
    }


def measure(case: dict[str, Any]) -> dict[str, Any]:
    """One case, in this process, with its peak of memory."""
    kind = case["kind"]
    if kind == "plain":
        found = plain_loops()
    elif kind == "draws":
        found = many_draws(belarus(case["points"]), case["draws"])
    else:
        found = one_solve(belarus(case["points"], case.get("times", 1)), case["repeats"])
    return {**found, "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}


def machine() -> str:
    """Date and machine, in words."""
    import jax

    words = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    ) if Path("/proc/cpuinfo").exists() else platform.processor()  # fmt: skip
    load = os.getloadavg()[0]
    return (f"{datetime.date.today()}, {words}, {os.cpu_count()} cores, load {load:.1f} before, Python "
            f"{platform.python_version()}, jax {jax.__version__} on {jax.default_backend()}")  # fmt: skip


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = []
    for part in PARTS:
        if part not in results:
            continue
        rows = results[part]["rows"]
        lines += ["", f"**{part}** ({results[part]['machine']})", ""]
        keys = list(rows[0])
        lines += ["| " + " | ".join(key.replace("_", " ") for key in keys) + " |", "|---" * len(keys) + "|"]
        for row in rows:
            shown = (f"{row[key]:,}" if isinstance(row[key], int) else f"{row[key]:.3g}" for key in keys)
            lines.append("| " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Measure, keep, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.longgame", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller grids and fewer draws")
    parser.add_argument("--part", action="append", choices=PARTS, help="this part only; repeatable")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/longgame.json"), help="where the JSON is kept")
    parser.add_argument("--page", type=Path, help="a Markdown page with marks, whose results are replaced")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.case:
        sys.stdout.write(json.dumps(measure(json.loads(chosen.case))) + "\n")
        return
    results = json.loads(chosen.out.read_text(encoding="utf-8")) if chosen.out.exists() else {}
    for part in chosen.part or PARTS:
        rows, where = [], machine()
        for case in cases(chosen.quick)[part]:
            sys.stderr.write(f"{part}: {case}\n")
            command = [sys.executable, "-m", "benchmarks.longgame", "--case", json.dumps(case)]
            run = subprocess.run(command, capture_output=True, text=True, check=True)
            rows.append(json.loads(run.stdout.splitlines()[-1]))
        results[part] = {"machine": where, "rows": rows}
        chosen.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    report = table(results)
    sys.stdout.write(report)
    if chosen.page:
        text = chosen.page.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        chosen.page.write_text(before + BEGIN + "\n" + report + "\n" + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
