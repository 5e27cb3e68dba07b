"""``python -m benchmarks.crisis_calibration``: do the intervals of the crisis estimators cover at their rate?

Two experiments on simulated data:

- recovery: many data sets from one truth. For each method bias, spread of the estimates against the standard errors,
  coverage of 90% intervals, and the ranks of the truth in the estimated normal distribution, F((truth - estimate)/se),
  which are uniform where the intervals are right.
- posterior: simulation-based calibration of NUTS and of the quick fit (:mod:`benchmarks.crisis_sbc`); with ``--keep``
  what was done is read again, and rank histograms are written as SVG beside it.

Predicted probabilities are checked with them: coverage of the delta method and of simulation.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from benchmarks.crisis_sbc import calibrate, figure, summary
from doubletalk.crisis import CrisisSpecification, fit_crisis, frame_of, with_outcomes
from doubletalk.crisis.data import CrisisData
from doubletalk.crisis.design import Design, build_design
from doubletalk.crisis.effects import effects, quantities
from doubletalk.crisis.simulate import simulate_counts

Array = NDArray[np.float64]

SPEC = CrisisSpecification(
    {"SA": "x - 1", "VA": "1", "CB": "1 + y", "barWA": "1 + x", "barWB": "1 + y", "bara": "1", "VB": "0"}
)
TRUTH = np.array([0.3, 0.8, -1.2, 0.5, -1.0, 0.4, -0.5, 0.3, -1.2])
BINS = 10
LEVEL = 0.9
MOVED = (-1.0, 0.0, 1.0)
"""Values of x at which predicted probabilities are checked."""


def simulated(
    spec: CrisisSpecification, truth: Array, games: int, plays: int, seed: Sequence[int]
) -> tuple[CrisisData, Design]:
    """Games with covariates x and y, standard normal, and counts at the lowest equilibrium."""
    generator = np.random.default_rng(list(seed))
    columns = frame_of({"x": generator.normal(size=games), "y": generator.normal(size=games)})
    design = build_design(spec, with_outcomes(columns, np.zeros((games, 4))))
    counts = simulate_counts(design, truth, plays, int(generator.integers(2**31)))
    return with_outcomes(columns, counts), design


def recovery(method: str, sets: int, games: int, plays: int, seed: int, predicted: int = 0) -> dict[str, Any]:
    """Estimates of *sets* data sets by *method*; of the first *predicted* also the intervals of predictions."""
    reach = float(ndtri((1.0 + LEVEL) / 2.0))
    estimates, errors, failed, covered = [], [], 0, {"delta": [], "simulation": []}  # type: ignore[var-annotated]
    began = time.perf_counter()
    for number in range(sets):
        data, design = simulated(SPEC, TRUTH, games, plays, (seed, number))
        fit = fit_crisis(SPEC, data, method)
        if not fit.converged or not np.isfinite(fit.standard_errors).all():
            failed += 1
            continue
        estimates.append(fit.estimates)
        errors.append(fit.standard_errors)
        if number < predicted:
            truth = _true_averages(design, data)
            for interval in covered:
                found = effects(fit, data, "x", MOVED, interval=interval, level=LEVEL, draws=200, seed=number)
                inside = (found.low <= truth) & (truth <= found.high)
                change = truth[-1] - truth[0]
                moved = (found.change_low <= change) & (change <= found.change_high)
                covered[interval].append([inside.mean(), moved.mean()])
    seconds = time.perf_counter() - began
    z = (np.array(estimates) - TRUTH) / np.array(errors)
    names = build_design(SPEC, simulated(SPEC, TRUTH, games, 1, (seed, 0))[0]).names
    spread = np.std(estimates, axis=0)
    return {
        "method": method, "sets": sets, "failed": failed, "games": games, "plays": plays, "seconds": seconds,
        "coefficients": [
            {
                "name": name, "truth": float(TRUTH[k]), "bias": float(np.mean(estimates, axis=0)[k] - TRUTH[k]),
                "spread": float(spread[k]), "median_se": float(np.median(errors, axis=0)[k]),
                "coverage": float((np.abs(z[:, k]) < reach).mean()),
            }
            for k, name in enumerate(names)
        ],
        "coverage": float((np.abs(z) < reach).mean()),
        "ranks": histogram(ndtr(-z).ravel()),
        "predictions": {
            name: dict(zip(("level", "change"), np.mean(rows, axis=0).tolist(), strict=True))
            for name, rows in covered.items() if rows
        },
        "predicted_sets": len(covered["delta"]),
    }  # fmt: skip


def _true_averages(design: Design, data: CrisisData) -> Array:
    rows = []
    for value in MOVED:
        columns = {**data.columns, "x": np.full(data.games, value)}
        rows.append(quantities(design.new(columns), TRUTH, slopes=False)[0].mean(axis=0))
    return np.stack(rows)


def histogram(shares: Array) -> dict[str, Any]:
    """Counts of numbers in [0, 1] by BINS equal bins, and the chi-square statistic against uniform (BINS - 1 d.f.).

    The statistic takes ranks as independent; coefficients of one data set are not, so that it is only a guide.
    """
    counts, _ = np.histogram(shares, bins=BINS, range=(0.0, 1.0))
    expected = len(shares) / BINS
    return {"counts": counts.tolist(), "chi_square": float(((counts - expected) ** 2 / expected).sum())}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run and print JSON; ``--out`` keeps it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crisis_calibration", description=__doc__)
    parser.add_argument("--methods", default="pl,npl,ml", help="comma-separated; '' for none (pl,npl,ml)")
    parser.add_argument("--sets", type=int, default=200, help="data sets for each method (200)")
    parser.add_argument("--games", type=int, default=100, help="games in a data set (100)")
    parser.add_argument("--plays", type=int, default=100, help="plays of each game (100)")
    parser.add_argument("--predicted", type=int, default=50, help="data sets with predicted probabilities (50)")
    parser.add_argument("--nuts", type=int, default=50, help="data sets for NUTS (50)")
    parser.add_argument("--quick", type=int, default=200, help="data sets for the quick fit (200)")
    parser.add_argument("--minutes", type=float, default=60.0, help="begin no data set for either after this (60)")
    parser.add_argument("--keep", type=Path, help="folder for the posteriors' lines and rank histograms")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything (1)")
    parser.add_argument("--out", type=Path, help="write the JSON here")
    chosen = parser.parse_args(arguments)
    results: dict[str, Any] = {"recovery": []}
    for method in [name for name in chosen.methods.split(",") if name]:
        note(method)
        row = recovery(method, chosen.sets, chosen.games, chosen.plays, chosen.seed, chosen.predicted)
        results["recovery"].append(row)
    for name, sets, bins in (("nuts", chosen.nuts, 5), ("quick", chosen.quick, 10)):
        if sets:
            note(f"posterior, {name}")
            results[name] = _posterior(name, sets, bins, chosen)
    text = json.dumps(results, indent=1) + "\n"
    sys.stdout.write(text)
    if chosen.out is not None:
        chosen.out.write_text(text, encoding="utf-8")


def _posterior(name: str, sets: int, bins: int, chosen: argparse.Namespace) -> dict[str, Any]:
    """Calibration of one kind of posterior: of all data sets, and of those whose fit calls itself settled."""
    keep = None
    if chosen.keep is not None:
        chosen.keep.mkdir(parents=True, exist_ok=True)
        keep = chosen.keep / f"sbc_{name}.jsonl"
    rows = calibrate(sets, chosen.seed, name == "quick", keep, note, chosen.minutes)
    found = {"all": summary(rows, bins)}
    settled = [row for row in rows if row.get("settled")]
    if settled and len(settled) < found["all"]["sets"]:
        found["settled"] = summary(settled, bins)
    if chosen.keep is not None:
        title = f"Ranks of the truth, {'NUTS' if name == 'nuts' else 'quick fit'}: {found['all']['sets']} data sets"
        (chosen.keep / f"sbc_{name}.svg").write_text(figure(found["all"], title), encoding="utf-8")
    return found


def note(words: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {words}\n")


if __name__ == "__main__":
    main()
