"""``python -m benchmarks.atlas``: exact solves a second over a plane of two parameters, beside Gambit in a loop.

Beer-quiche over (strong, duel) and the exchange over (h, s). Every point is a whole game: parameters set, all
outcomes of sequential equilibria found exactly (off the path the harshest responses alone), their kinds told. Along one
parameter payoffs stay the same, so the solver keeps what follows from them; one by one it is timed without that, with
all responses off the path. Gambit gets the same games of a subset of points one after
another, each in a process of its own with a limit on time and memory, until the method's own time is used up; only
solving is counted for it, and games without an answer are counted with the time they took. Rates are of processor
time, so that other work on the machine does not count against either. Gambit lists Nash equilibria of the tree or of
the strategic form. Also: what each refinement costs for one outcome.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import queue
import signal
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from benchmarks.games import Size, random_game
from benchmarks.machine import machine_facts
from doubletalk.case.finding import find_case
from doubletalk.equilibrium import solve
from doubletalk.equilibrium.desk import forget
from doubletalk.exact import rational
from doubletalk.game.loading import GameFile, read_game_file
from doubletalk.game.model import Game
from doubletalk.interchange import to_efg
from doubletalk.library import find
from doubletalk.refinement import refine
from doubletalk.refinement.names import NAMES
from doubletalk.regions.atlas import draw_atlas
from doubletalk.regions.atlas_cells import FIRST, SPAN, WHOLE, Axis, Grid
from doubletalk.regions.atlas_game import AskGame
from doubletalk.regions.atlas_questions import Best, Structure
from doubletalk.regions.atlas_solving import Solver

START, END = "<!-- atlas: written by python -m benchmarks.atlas -->", "<!-- end of atlas -->"
METHODS = {
    "enummixed_solve": "two players, exact, extreme Nash equilibria of the strategic form",
    "enumpoly_solve": "any players, floating point, all supports",
    "lcp_solve": "two players, exact, some equilibria of the tree",
    "logit_solve": "any players, floating point, one equilibrium",
}
TWO_PLAYERS = ("enummixed_solve", "lcp_solve")
MEMORY_GIB = 4
TIME_OUT = "time limit"
CHEAP_TALK = ("neologism_proof", "announcement_proof")
"""Timed on the same random games with all messages alike."""
CHEAP = " (cheap talk: all messages alike)"


def plane(points: int) -> int:
    """Cells each way so that the grid and its centres have about so many points: (n + 1)^2 + n^2."""
    return max(1, round((math.sqrt(2 * points - 1) - 1) / 2))


def timed_atlas(file: GameFile, axes: tuple[Axis, Axis], question: Any, points: int, workers: int) -> dict[str, Any]:
    """One atlas without sharpening: points, seconds, points a second of processor time (of wall time where several
    processes share the work), the answers met."""
    ask = AskGame(file, (axes[0].name, axes[1].name), question, {})
    solver = Solver(ask, workers=workers)
    start, begun = time.perf_counter(), time.process_time()
    found = draw_atlas(Grid(*axes, plane(points), 0), solver, words=ask.words, exact=False)
    wall, cpu = time.perf_counter() - start, time.process_time() - begun
    spent = cpu if workers == 1 else wall
    return {
        "points": len(found.nodes),
        "seconds": round(wall, 3),
        "processor_s": round(cpu, 3) if workers == 1 else None,
        "per_second": round(len(found.nodes) / spent, 1),
        "answers": len(found.answers),
        "workers": workers,
    }


def timed_alone(games: Sequence[Game]) -> dict[str, Any]:
    """The games one after another, nothing kept from one to the next."""
    start = time.process_time()
    for game in games:
        forget()
        solve(game)
    spent = time.process_time() - start
    return {"games": len(games), "per_second": round(len(games) / spent, 1)}


def _gambit(text: str, method: str, limit_s: int, out: Any) -> None:
    """In a process of its own, which ends after *limit_s* seconds of processor time: puts (seconds of solving, how many
    equilibria) into the queue, or the words of an error."""
    import io
    import resource
    import warnings

    import pygambit

    warnings.simplefilter("ignore")
    game = pygambit.read_efg(io.BytesIO(text.encode()))
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + limit_s, used + limit_s + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_GIB << 30, MEMORY_GIB << 30))
    solve_it = getattr(pygambit.nash, method)
    start = time.process_time()
    try:
        listed = (solve_it(game, rational=True) if method in TWO_PLAYERS else solve_it(game)).equilibria
    except Exception as wrong:  # a failure of the other program is a result
        out.put((time.process_time() - start, f"{type(wrong).__name__}: {wrong}"[:200]))
        return
    out.put((time.process_time() - start, len(listed)))


def _answer(process: Any, out: Any, limit_s: int) -> tuple[float, int | str]:
    """(seconds, equilibria), or (seconds, why there is no answer)."""
    while True:
        ended = not process.is_alive()
        try:
            found: tuple[float, int | str] = out.get(timeout=0.2)
        except queue.Empty:
            if not ended:
                continue
            process.join()
            over = process.exitcode in (-signal.SIGXCPU, -signal.SIGKILL)
            return float(limit_s), TIME_OUT if over else f"ended with exit code {process.exitcode}"
        process.join()
        return found


def gambit_loop(games: Sequence[Game], method: str, limit_s: int, total_s: int) -> dict[str, Any]:
    """The games one after another until *total_s* seconds of processor time are used: how many answered, ran out of
    time and failed, and answers a second of all the time used."""
    if method in TWO_PLAYERS and any(len(game.audiences) > 1 or game.replies for game in games):
        return {"method": method, "end": "two players only"}
    ends: list[tuple[float, int | str]] = []
    context = multiprocessing.get_context("fork")
    import pygambit  # noqa: F401 - once, here, not in every process

    for game in games:
        out = context.Queue()
        process = context.Process(target=_gambit, args=(to_efg(game), method, limit_s, out))
        process.start()
        ends.append(_answer(process, out, limit_s))
        if sum(seconds for seconds, _ in ends) >= total_s:
            break
    listed = [found for _, found in ends if isinstance(found, int)]
    failures = [found for _, found in ends if isinstance(found, str) and found != TIME_OUT]
    spent = sum(seconds for seconds, _ in ends)
    return {
        "method": method,
        "end": "all tried" if len(ends) == len(games) else "its time was used",
        "tried": len(ends),
        "answered": len(listed),
        "timed_out": sum(found == TIME_OUT for _, found in ends),
        "failed": len(failures),
        "why": failures[0] if failures else None,
        "processor_s": round(spent, 2),
        "per_second": float(f"{len(listed) / spent:.3g}"),
        "equilibria_per_game": round(sum(listed) / len(listed), 2) if listed else None,
    }


def refinement_costs(names: Sequence[str], games: Sequence[Game]) -> list[dict[str, Any]]:
    """Milliseconds of processor time for one outcome: median, and slowest game's mean."""
    rows = []
    costly, cheap = [solve(game) for game in games], [solve(without_costs(game)) for game in games]
    for name in names:
        costs = []
        for solution in cheap if name in CHEAP_TALK else costly:
            start = time.process_time()
            refine(solution, [name])
            costs.append(1000 * (time.process_time() - start) / len(solution.outcomes))
        rows.append({"refinement": name, "median_ms": statistics.median(costs), "largest_ms": max(costs)})
    return rows


def without_costs(game: Game) -> Game:
    """The same game where every message pays what the first one does: cheap talk."""
    return replace(game, payoffs={h: game.payoffs[h[0], 0, *h[2:]] for h in game.payoffs})


def sampled(file: GameFile, axes: tuple[Axis, Axis], count: int) -> list[Game]:
    """Games at points spread over the plane, any first few of them too; off round values as the nodes of an atlas are,
    so that none is at a knife edge."""
    games = []
    stride = next(n for n in range(round(0.618 * count), count + 2) if math.gcd(n, count) == 1)
    for k in (i * stride % count for i in range(count)):
        shares = (rational(2 * k + 1) / (2 * count), rational((7 * k) % count * 2 + 1) / (2 * count))
        values = {
            a.name: a.low + (a.high - a.low) * (FIRST + SPAN * share) / WHOLE
            for a, share in zip(axes, shares, strict=True)
        }
        games.append(file.game(values, drop_null_types=True))
    return games


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything, in order."""
    quick = chosen.quick
    beer = read_game_file(find("beer_quiche"))
    exchange = read_game_file(find_case("belarus") / "exchange.yaml")
    zero = rational(0)
    planes = {
        "beer-quiche": (beer, (Axis("strong", zero, rational(1)), Axis("duel", zero, rational(3))), Structure()),
        "the exchange": (exchange, (Axis("h", zero, rational(1)), Axis("s", zero, rational(8))), Structure()),
    }
    points = {"beer-quiche": 200 if quick else chosen.points, "the exchange": 13 if quick else chosen.exchange_points}
    limits = {"points": 3 if quick else chosen.peer_points, "game_s": chosen.peer_limit, "total_s": chosen.peer_total}
    results: dict[str, Any] = {"machine": machine_facts(), "limits": limits, "atlases": [], "alone": [], "peers": []}
    for name, (file, axes, question) in planes.items():
        note(f"atlas of {name}")
        for workers in (1,) if quick else chosen.processes:
            row = timed_atlas(file, axes, question, points[name], workers)
            results["atlases"].append({"game": name, "question": question.label, **row})
        sample = sampled(file, axes, limits["points"])
        results["alone"].append({"game": name, **timed_alone(sample)})
        for method in METHODS:
            note(f"{method} on {name}")
            results["peers"].append({"game": name, **gambit_loop(sample, method, chosen.peer_limit, chosen.peer_total)})
    note("best policies of the exchange")
    row = timed_atlas(exchange, planes["the exchange"][1], Best("west"), 200 if quick else chosen.points, 1)
    results["atlases"].append({"game": "the exchange", "question": "best policy of the West at the prior", **row})
    note("refinements")
    names = [n for n in NAMES if not quick or n in ("intuitive", "d1")]
    games = [random_game(seed, Size(1, 3, 3, 3)) for seed in range(2 if quick else 20)]
    results["refinements"] = refinement_costs(names, games)
    return results


def markdown(results: dict[str, Any]) -> str:
    """The results as Markdown."""
    from benchmarks.tables import machine_line, table

    ours = {
        row["game"]: row["per_second"]
        for row in results["atlases"]
        if row["workers"] == 1 and "best" not in row["question"]
    }
    parts = [machine_line(results["machine"]), "", "### Games solved over a plane, for their outcomes", ""]
    parts.append(
        table(
            (
                "game",
                "question",
                "processes",
                "points",
                "seconds",
                "of processor",
                "points a second",
                "different answers",
            ),
            [
                (
                    r["game"],
                    r["question"],
                    r["workers"],
                    r["points"],
                    r["seconds"],
                    r["processor_s"] or "",
                    r["per_second"],
                    r["answers"],
                )
                for r in results["atlases"]
            ],
        )
    )
    parts += ["", "### Gambit on a subset of the same points, one after another", "", _limits(results["limits"]), ""]
    alone = {row["game"]: row["per_second"] for row in results["alone"]}
    rows = []
    for r in results["peers"]:
        rate = r.get("per_second")
        ratios = (f"{mine[r['game']] / rate:.3g}" if rate else "" for mine in (ours, alone))
        counts = [r.get(key, "") for key in ("tried", "answered", "timed_out", "failed", "processor_s")]
        end = f"{r['end']} ({r['why']})" if r.get("why") else r["end"]
        rows.append((r["game"], f"`{r['method']}`", METHODS[r["method"]], end, *counts, rate or "", *ratios))
    head = ("game", "method", "what it lists", "ended", "tried", "answered", "out of time", "failed", "seconds")
    parts.append(table((*head, "answers a second", "our atlas is faster by", "one by one by"), rows))
    rates = "; ".join(f"{name} {rate:g} a second" for name, rate in alone.items())
    told = "Ours on the same games one by one, nothing kept between them, all responses off the path found too"
    parts += ["", f"{told}: {rates}."]
    parts += ["", "### One outcome judged, processor time, random games of (3, 3, 3)", ""]
    parts.append(
        table(
            ("refinement", "median", "largest mean of a game"),
            [
                (
                    r["refinement"] + CHEAP * (r["refinement"] in CHEAP_TALK),
                    f"{r['median_ms']:.3g} ms",
                    f"{r['largest_ms']:.3g} ms",
                )
                for r in results["refinements"]
            ],
        )
    )
    return "\n".join(parts) + "\n"


def _limits(limits: dict[str, int]) -> str:
    return (
        f"Limits, of processor time: {limits['game_s']} s and {MEMORY_GIB} GiB for one game, {limits['total_s']} s for "
        f"one method on the {limits['points']} points of a plane; games after that are not tried. Seconds and answers "
        "a second are of all games tried, those without an answer included."
    )


def note(words: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.atlas", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few points; not for reporting")
    parser.add_argument("--points", type=int, default=10_000, help="points of beer-quiche and of the policies (10000)")
    parser.add_argument("--exchange-points", type=int, default=10_000, help="points of the exchange (10000)")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2], help="processes for each atlas (1 2)")
    parser.add_argument("--peer-points", type=int, default=100, help="points given to Gambit (100)")
    parser.add_argument("--peer-limit", type=int, default=20, help="seconds of processor time for one game (20)")
    parser.add_argument("--peer-total", type=int, default=60, help="seconds for a method on one plane (60)")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/atlas.json"), help="where the JSON goes")
    parser.add_argument("--page", type=Path, help="a Markdown page with marks, whose results are replaced")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, write, show."""
    chosen = options(arguments)
    page = chosen.page.read_text(encoding="utf-8") if chosen.page else ""
    results = measure(chosen)
    report = markdown(results)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if chosen.page:
        before, rest = page.split(START, 1)
        chosen.page.write_text(f"{before}{START}\n\n{report}\n{END}{rest.split(END, 1)[1]}", encoding="utf-8")
    sys.stdout.write(report)


if __name__ == "__main__":
    main()
