"""``python -m benchmarks.longgame``: the long game: compilation, one solve, many draws, growth, plain loops.

Every case runs in a process of its own, so that its time of compilation and its peak of memory are its own. Times are
medians of repeated calls. ``--part`` runs some of the parts; what is measured is kept in ``--out`` beside what was
there, under the part's name, with ``--label`` under that too (another machine, say), and ``--page`` writes the whole as
a table between the marks of a Markdown page. JAX takes a GPU where there is one; ``JAX_PLATFORMS=cpu`` keeps to the
CPU. A case that fails or takes more than ``--limit`` seconds is a row that says so.
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
PARTS = ("belarus", "draws", "gradient", "simulate", "beliefs", "states", "plain", "peers")


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
    solved: list[Any] = []
    first = timed(lambda: solved.append(solve(shape, tables, values)) or solved[0], 1)
    found = solved[0]
    before = compilations()
    again = timed(lambda: solve(shape, tables, values * 1.001), repeats)
    warm = timed(lambda: solve(shape, tables, values * 1.001, found.unknown), repeats)
    return {
        "states": game.states, "beliefs": game.points, "first_solve_s": first[0],
        "first_of_the_processor_s": first[1], "solve_s": again[0], "solve_of_the_processor_s": again[1],
        "warm_s": warm[0], "evaluations": int(found.evaluations), "residual": float(found.residual),
        "compiled_anew": compilations() - before,
    }  # fmt: skip


def many_draws(game: LongGame, draws: int, one_by_one: bool = True) -> dict[str, Any]:
    """Many coefficient vectors, 10 per cent around the file's: in one vectorised call, and one after the other."""
    import numpy as np

    from doubletalk.longgame.engine import tables_of
    from doubletalk.longgame.solving import solve_many

    shape, tables = tables_of(game)
    random = np.random.default_rng(1)
    values = np.array(game.values) * (1 + 0.1 * random.standard_normal((draws, len(game.values))))
    found: dict[str, Any] = {"draws": draws, "beliefs": game.points}
    for name, together in (("one_call", True), ("one_by_one", False))[: 1 + one_by_one]:
        solve_many(shape, tables, values if together else values[:1], together=together)
        began, busy = time.perf_counter(), time.process_time()
        solved = solve_many(shape, tables, values, together=together)
        solved.residual.block_until_ready()
        found[f"{name}_per_draw_s"] = (time.perf_counter() - began) / draws
        found[f"{name}_of_the_processor_s"] = (time.process_time() - busy) / draws
        found[f"{name}_residual"] = float(np.asarray(solved.residual).max())
    return found


def gradient(game: LongGame, repeats: int) -> dict[str, Any]:
    """The mean value of the first actor and its derivatives in all coefficients, from the solution as a guess."""
    import jax
    import numpy as np

    from doubletalk.longgame.engine import tables_of
    from doubletalk.longgame.solving import equilibrium, solve

    shape, tables = tables_of(game)
    values = np.array(game.values)
    found = solve(shape, tables, values)
    both = jax.jit(jax.value_and_grad(lambda c: equilibrium(shape, tables, c, found.unknown).values[0].mean()))
    first = timed(lambda: both(values), 1)
    again = timed(lambda: both(values), repeats)
    return {
        "beliefs": game.points, "coefficients": len(values), "with_compilation_s": first[0],
        "value_and_gradient_s": again[0], "of_the_processor_s": again[1],
    }  # fmt: skip


def simulation(game: LongGame, paths: int, periods: int, repeats: int) -> dict[str, Any]:
    """Actor-quarters simulated a second, the paths brought back as NumPy arrays."""
    from doubletalk.longgame.simulate import simulate
    from doubletalk.longgame.solution import solve_long_game

    solution = solve_long_game(game)
    given = (game, solution.tables, solution.play)
    simulate(*given, paths=paths, periods=periods, seed=1)
    took = timed(lambda: simulate(*given, paths=paths, periods=periods, seed=2).levels, repeats)[0]
    return {
        "beliefs": game.points, "paths": paths, "quarters": periods, "simulate_s": took,
        "actor_quarters_per_s": int(paths * periods * len(game.actors) / took),
    }  # fmt: skip


def plain_loops() -> dict[str, Any]:
    """A small game by plain loops and by the solver, in one run."""
    from longgame_games import Reference, random_game

    game = random_game(2, points=3)
    began = time.perf_counter()
    Reference(game).solve()
    loops = time.perf_counter() - began
    ours = one_solve(game, 5)
    return {"plain_loops_s": loops, **ours, "ratio": loops / ours["solve_s"]}


def against(peer: str, size: int) -> dict[str, Any]:
    """The same game by us and by a peer: entry of *size* firms (sgamesolver), a bus of *size* mileages (QuantEcon)."""
    import numpy as np
    from longgame_entry import entry_file

    from benchmarks.longgame_peers import bus_engine, by_quantecon, by_sgamesolver
    from doubletalk.longgame.engine import tables_of
    from doubletalk.longgame.reading import long_game_from_text
    from doubletalk.longgame.solution import solve_long_game
    from doubletalk.longgame.solving import solve

    game = bus_engine(size) if peer == "QuantEcon" else long_game_from_text(entry_file(1.0, 1.0, firms=size))
    solution = solve_long_game(game)
    shape, tables = tables_of(game)
    ours = timed(lambda: solve(shape, tables, np.array(game.values)), 5)[1]
    theirs = (by_quantecon if peer == "QuantEcon" else by_sgamesolver)(solution)
    return {
        "peer": peer, "actors": len(game.actors), "states": game.states, "ours_of_the_processor_s": ours,
        "theirs_of_the_processor_s": theirs.pop("seconds"), **theirs, "residual": solution.residual,
    }  # fmt: skip


def cases(quick: bool) -> dict[str, list[dict[str, Any]]]:
    """The cases of each part, as arguments of :func:`measure`."""
    gpu = not quick and on_gpu()
    beliefs, times = ((3, 11), (1, 4)) if quick else ((5, 21, 101, 501), (1, 10, 30, 100))
    small, full = (5, 5) if quick else (5, 21)
    draws = [{"kind": "draws", "points": small, "draws": 8 if quick else 256, "one_by_one": not gpu}]
    if gpu:
        beliefs, times = (101, 501, 2101), (10, 100, 300)
        draws.append({**draws[0], "points": full})
    return {
        "belarus": [{"kind": "solve", "points": full, "repeats": 5}],
        "draws": draws,
        "gradient": [{"kind": "gradient", "points": full, "repeats": 5}],
        "simulate": [{"kind": "simulate", "points": full, "paths": 2_000 if quick else 200_000, "periods": 40,
                      "repeats": 3}],
        "beliefs": [{"kind": "solve", "points": points, "repeats": 1} for points in beliefs],
        "states": [{"kind": "solve", "points": 5, "times": each, "repeats": 1} for each in times],
        "plain": [{"kind": "plain"}],
        "peers": [{"kind": "peer", "peer": "sgamesolver", "size": firms} for firms in ((2,) if quick else (2, 3, 4))]
        + [{"kind": "peer", "peer": "QuantEcon", "size": n} for n in ((50,) if quick else (90, 1000))],
    }  # fmt: skip


def on_gpu() -> bool:
    """Whether JAX computes on a GPU; asked of another process, so that this one keeps no memory of the card."""
    asked = [sys.executable, "-c", "import jax; print(jax.default_backend())"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()[-1] == "gpu"


def measure(case: dict[str, Any]) -> dict[str, Any]:
    """One case, in this process, with its peak of memory."""
    import jax

    kind = case["kind"]
    if kind == "plain":
        found = plain_loops()
    elif kind == "peer":
        found = against(case["peer"], case["size"])
    elif kind == "draws":
        found = many_draws(belarus(case["points"]), case["draws"], case["one_by_one"])
    elif kind == "gradient":
        found = gradient(belarus(case["points"]), case["repeats"])
    elif kind == "simulate":
        found = simulation(belarus(case["points"]), case["paths"], case["periods"], case["repeats"])
    else:
        found = one_solve(belarus(case["points"], case.get("times", 1)), case["repeats"])
    if "theirs_of_the_processor_s" in found:
        found["ratio"] = found["theirs_of_the_processor_s"] / found["ours_of_the_processor_s"]
    found["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    held = jax.devices()[0].memory_stats() or {}
    if jax.default_backend() != "cpu" and "peak_bytes_in_use" in held:
        found["device_peak_mib"] = held["peak_bytes_in_use"] / 2**20
    return {**found, "machine": machine()}


def machine() -> str:
    """Date and machine, in words."""
    import jax

    words = next(
        (line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line),
        platform.processor(),
    ) if Path("/proc/cpuinfo").exists() else platform.processor()  # fmt: skip
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    where = "cpu" if jax.default_backend() == "cpu" else jax.devices()[0].device_kind
    return (f"{datetime.date.today()}, {words}, {cores} cores, load {os.getloadavg()[0]:.1f}, Python "
            f"{platform.python_version()}, jax {jax.__version__} on {where}")  # fmt: skip


def in_own_process(case: dict[str, Any], limit: float) -> dict[str, Any]:
    """:func:`measure` in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.longgame", "--case", json.dumps(case)]
    try:
        run = subprocess.run(command, capture_output=True, text=True, timeout=limit)
    except subprocess.TimeoutExpired:
        return {"case": json.dumps(case), "failed": f"no answer in {limit:.0f} s"}
    if run.returncode:
        return {"case": json.dumps(case), "failed": (run.stderr.splitlines() or ["no word"])[-1][:200]}
    answer: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return answer


def table(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    lines = []
    order = sorted(results, key=lambda name: (name.partition(" ")[2], PARTS.index(name.partition(" ")[0])))
    for name in order:
        rows = results[name]["rows"]
        lines += ["", f"**{name}** ({results[name]['machine']})", ""]
        keys = list(dict.fromkeys(key for row in rows for key in row))
        lines += ["| " + " | ".join(key.replace("_", " ") for key in keys) + " |", "|---" * len(keys) + "|"]
        lines += ["| " + " | ".join(shown(row.get(key, "")) for key in keys) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def shown(value: Any) -> str:
    """A number or a word in a table."""
    return value if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else f"{value:.3g}"


def main() -> None:
    """Measure, keep, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.longgame", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller grids and fewer draws")
    parser.add_argument("--part", action="append", choices=PARTS, help="this part only; repeatable")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/longgame.json"), help="where the JSON is kept")
    parser.add_argument("--page", type=Path, help="a Markdown page with marks, whose results are replaced")
    parser.add_argument("--label", default="", help="a word for this machine, kept beside what others measured")
    parser.add_argument("--limit", type=float, default=600.0, help="seconds for each case")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.case:
        sys.stdout.write(json.dumps(measure(json.loads(chosen.case))) + "\n")
        return
    results = json.loads(chosen.out.read_text(encoding="utf-8")) if chosen.out.exists() else {}
    for part in chosen.part or PARTS:
        rows, where = [], ""
        for case in cases(chosen.quick)[part]:
            sys.stderr.write(f"{part}: {case}\n")
            row = in_own_process(case, chosen.limit)
            where = where or row.pop("machine", "")
            rows.append({key: value for key, value in row.items() if key != "machine"})
        results[f"{part} {chosen.label}".strip()] = {"machine": where, "rows": rows}
        chosen.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    report = table(results)
    sys.stdout.write(report)
    if chosen.page:
        text = chosen.page.read_text(encoding="utf-8")
        before, _, rest = text.partition(BEGIN)
        chosen.page.write_text(before + BEGIN + "\n" + report + "\n" + END + rest.partition(END)[2], encoding="utf-8")


if __name__ == "__main__":
    main()
