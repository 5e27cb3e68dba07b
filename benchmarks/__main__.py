"""``python -m benchmarks``: time everything, write JSON and a Markdown report beside it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.games import GROWTH, PEER_SIZES, SIZES, TINY, Size
from benchmarks.machine import machine_facts
from benchmarks.own import cold_start, plain_against_installed, shares, time_beer_quiche, time_size
from benchmarks.peers import MEMORY_GIB, METHODS, compare
from benchmarks.tables import insert, markdown

LARGEST_PLAIN = (Size(1, 2, 3, 3), Size(1, 3, 3, 3), Size(1, 3, 4, 4), Size(2, 3, 3, 3))


def options(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few small games, two minutes at most; not for reporting")
    parser.add_argument("--seeds", type=int, default=10, help="random games of each size (10)")
    parser.add_argument("--growth-seeds", type=int, default=5, help="random games of each size in the growth table (5)")
    parser.add_argument("--peer-seeds", type=int, default=3, help="random games of each size given to peers (3)")
    parser.add_argument("--peer-limit", type=float, default=20.0, help="processor seconds for a peer and game (20)")
    parser.add_argument("--no-peers", action="store_true", help="leave other software out")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results.json"), help="where the JSON goes")
    parser.add_argument("--page", type=Path, help="a Markdown page with marks, whose results are replaced")
    parser.add_argument("--stored", type=Path, help="measure nothing; show and file the results of this JSON")
    return parser.parse_args(arguments)


def measure(chosen: argparse.Namespace) -> dict[str, Any]:
    """Every section of the report, in order; remarks on standard error say which is running."""
    sizes = TINY if chosen.quick else SIZES
    seeds = 2 if chosen.quick else chosen.seeds
    growth_seeds = 1 if chosen.quick else chosen.growth_seeds
    facts = machine_facts()
    time_size(sizes[0], 1)
    note("random games")
    results: dict[str, Any] = {"machine": facts, "sizes": [time_size(size, seeds) for size in sizes]}
    note("beer-quiche and cold start")
    results["beer-quiche"] = time_beer_quiche(10 if chosen.quick else 100)
    results["cold start"] = cold_start(2 if chosen.quick else 10)
    note("where the time goes")
    results["shares"] = [shares(size, seeds) for size in sizes]
    note("growth")
    groups = {name: group[:2] if chosen.quick else group for name, group in GROWTH.items()}
    results["growth"] = {name: [time_size(s, growth_seeds, repeats=1) for s in group] for name, group in groups.items()}
    note("the search as plain Python")
    results["plain"] = [plain_against_installed(size, seeds) for size in (sizes if chosen.quick else LARGEST_PLAIN)]
    note("other software")
    results["peer_limit_s"], results["peer_memory_gib"] = chosen.peer_limit, MEMORY_GIB
    results["peer_methods"] = METHODS
    asked = [] if chosen.no_peers else [None, *(TINY if chosen.quick else PEER_SIZES)]
    results["peers"] = compare(asked, 1 if chosen.quick else chosen.peer_seeds, chosen.peer_limit)
    return results


def note(words: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, write, show."""
    chosen = options(arguments)
    page = chosen.page.read_text(encoding="utf-8") if chosen.page else ""
    results = json.loads(chosen.stored.read_text(encoding="utf-8")) if chosen.stored else measure(chosen)
    report = markdown(results)
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    chosen.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    chosen.out.with_suffix(".md").write_text(report, encoding="utf-8")
    if chosen.page:
        chosen.page.write_text(insert(page, report), encoding="utf-8")
    sys.stdout.write(report)


if __name__ == "__main__":
    main()
