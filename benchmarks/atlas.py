"""``python -m benchmarks.atlas``: exact solves a second over a plane of two parameters, beside Gambit in a loop.

Beer-quiche over (strong, duel) and the exchange over (h, s). Every point is a whole game: parameters set, all
sequential equilibria found exactly, their kinds told. Along one parameter payoffs stay the same, so the solver keeps
what follows from them; it is timed without that too. Gambit gets the same games of a subset of points one after
another, each method in a process of its own with a limit on time; only solving is counted for it. Rates are of
processor time, so that other work on the machine does not count against either. It lists
Nash equilibria of the tree or of the strategic form. Also: what each refinement costs for one outcome.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import queue
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.games import Size, random_game
from benchmarks.machine import machine_facts
from doubletalk.case.finding import find_case
from doubletalk.equilibrium import solve
from doubletalk.equilibrium.desk import forget
from doubletalk.exact import rational
from doubletalk.game.loading import GameFile, game_file_from_text, read_game_file
from doubletalk.game.model import Game
from doubletalk.interchange import to_efg
from doubletalk.refinement import refine
from doubletalk.refinement.names import NAMES
from doubletalk.regions.atlas import draw_atlas
from doubletalk.regions.atlas_cells import Axis, Grid
from doubletalk.regions.atlas_game import AskGame
from doubletalk.regions.atlas_questions import Best, Structure
from doubletalk.regions.atlas_solving import Solver

START, END = "<!-- atlas: written by python -m benchmarks.atlas -->", "<!-- end of atlas -->"
BEER = """
doubletalk: 1
title: Beer and quiche, the duel's price a parameter
parameters: {strong: 9/10, duel: 2}
sender: {name: traveller, types: {weak: 1 - strong, strong: strong}, messages: [beer, quiche]}
audiences: {bully: {actions: [fight, leave]}}
payoffs:
  traveller:
    - {when: {type: weak, message: quiche}, add: 1}
    - {when: {type: strong, message: beer}, add: 1}
    - {when: {bully: leave}, add: duel}
  bully:
    - {when: {type: weak, bully: fight}, add: 1}
    - {when: {type: strong, bully: leave}, add: 1}
"""
METHODS = {
    "enummixed_solve": "two players, exact, extreme Nash equilibria of the strategic form",
    "enumpoly_solve": "any players, floating point, all supports",
    "lcp_solve": "two players, exact, some equilibria of the tree",
    "logit_solve": "any players, floating point, one equilibrium",
}
TWO_PLAYERS = ("enummixed_solve", "lcp_solve")


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
    """In a process of its own, which ends after *limit_s* seconds of processor time: seconds of solving and how many
    equilibria, put into the queue."""
    import io
    import resource
    import warnings

    import pygambit

    warnings.simplefilter("ignore")
    game = pygambit.read_efg(io.BytesIO(text.encode()))
    used = int(time.process_time()) + 1
    resource.setrlimit(resource.RLIMIT_CPU, (used + limit_s, used + limit_s + 1))
    start = time.process_time()
    if method == "enummixed_solve":
        listed = pygambit.nash.enummixed_solve(game, rational=True).equilibria
    elif method == "lcp_solve":
        listed = pygambit.nash.lcp_solve(game, rational=True).equilibria
    else:
        listed = getattr(pygambit.nash, method)(game).equilibria
    out.put((time.process_time() - start, len(listed)))


def _answer(process: Any, out: Any) -> tuple[float, int] | None:
    """What the process put into the queue; None when it ended without."""
    while True:
        ended = not process.is_alive()
        try:
            found: tuple[float, int] = out.get(timeout=0.2)
        except queue.Empty:
            if ended:
                process.join()
                return None
            continue
        process.join()
        return found


def gambit_loop(games: Sequence[Game], method: str, limit_s: int) -> dict[str, Any]:
    """The games one after another; after the first that does not answer the rest are not tried."""
    if method in TWO_PLAYERS and any(len(game.audiences) > 1 or game.replies for game in games):
        return {"method": method, "end": "two players only"}
    seconds, answered, listed = [], 0, 0
    context = multiprocessing.get_context("fork")
    import pygambit  # noqa: F401 - once, here, not in every process

    for game in games:
        out = context.Queue()
        process = context.Process(target=_gambit, args=(to_efg(game), method, limit_s, out))
        process.start()
        found = _answer(process, out)
        if found is None:
            return {"method": method, "end": f"no answer within {limit_s} s", "answered": answered}
        seconds.append(found[0])
        answered, listed = answered + 1, listed + found[1]
    return {
        "method": method,
        "end": "answered",
        "answered": answered,
        "per_second": round(answered / sum(seconds), 2),
        "equilibria_per_game": round(listed / answered, 2),
    }


def refinement_costs(names: Sequence[str], games: Sequence[Game]) -> list[dict[str, Any]]:
    """Milliseconds for one outcome: median, and slowest game's mean."""
    rows = []
    solutions = [solve(game) for game in games]
    for name in names:
        costs = []
        for solution in solutions:
            start = time.perf_counter()
            refine(solution, [name])
            costs.append(1000 * (time.perf_counter() - start) / len(solution.outcomes))
        rows.append({"refinement": name, "median_ms": statistics.median(costs), "largest_ms": max(costs)})
    return rows


def sampled(file: GameFile, axes: tuple[Axis, Axis], count: int) -> list[Game]:
    """Games at points off the grid's lines, spread over the plane."""
    games = []
    for k in range(count):
        shares = (rational(2 * k + 1) / (2 * count), rational((7 * k) % count * 2 + 1) / (2 * count))
        values = {a.name: a.low + (a.high - a.low) * share for a, share in zip(axes, shares, strict=True)}
        games.append(file.game(values, drop_null_types=True))
    return games


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Everything, in order."""
    quick = chosen.quick
    beer = game_file_from_text(BEER)
    exchange = read_game_file(find_case("belarus") / "exchange.yaml")
    zero = rational(0)
    planes = {
        "beer-quiche": (beer, (Axis("strong", zero, rational(1)), Axis("duel", zero, rational(3))), Structure()),
        "the exchange": (exchange, (Axis("h", zero, rational(1)), Axis("s", zero, rational(8))), Structure()),
    }
    points = {"beer-quiche": 200 if quick else chosen.points, "the exchange": 13 if quick else chosen.exchange_points}
    results: dict[str, Any] = {"machine": machine_facts(), "atlases": [], "alone": [], "peers": []}
    for name, (file, axes, question) in planes.items():
        note(f"atlas of {name}")
        for workers in (1,) if quick else chosen.processes:
            row = timed_atlas(file, axes, question, points[name], workers)
            results["atlases"].append({"game": name, "question": question.label, **row})
        sample = sampled(file, axes, 3 if quick else chosen.peer_points)
        results["alone"].append({"game": name, **timed_alone(sample)})
        for method in METHODS:
            note(f"{method} on {name}")
            results["peers"].append({"game": name, **gambit_loop(sample, method, chosen.peer_limit)})
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
    parts = [machine_line(results["machine"]), "", "### Whole games solved over a plane", ""]
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
    parts += ["", "### Gambit on a subset of the same points, one after another", ""]
    alone = {row["game"]: row["per_second"] for row in results["alone"]}
    rows = []
    for r in results["peers"]:
        rate = r.get("per_second")
        ratio, same = (f"{mine[r['game']] / rate:.1f}" if rate else "" for mine in (ours, alone))
        rows.append(
            (
                r["game"],
                f"`{r['method']}`",
                METHODS[r["method"]],
                r["end"],
                r.get("answered", ""),
                rate or "",
                ratio,
                same,
            )
        )
    head = ("game", "method", "what it lists", "ended", "games", "games a second")
    parts.append(table((*head, "our atlas is faster by", "one by one by"), rows))
    parts += ["", "Ours on the same games one by one, nothing kept between them: "]
    parts[-1] += "; ".join(f"{name} {rate:g} a second" for name, rate in alone.items()) + "."
    parts += ["", "### One outcome judged, random games of (3, 3, 3)", ""]
    parts.append(
        table(
            ("refinement", "median", "largest mean of a game"),
            [
                (r["refinement"], f"{r['median_ms']:.3g} ms", f"{r['largest_ms']:.3g} ms")
                for r in results["refinements"]
            ],
        )
    )
    return "\n".join(parts) + "\n"


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
    parser.add_argument("--peer-limit", type=int, default=60, help="seconds of processor time for one game (60)")
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
