"""``python -m benchmarks.fit_calibration``: are fits of the long game calibrated? (simulation-based calibration)

Coefficients are drawn from the prior, a record is simulated, the fit is made, and the truth's rank among L draws is
noted; ranks are uniform on 0 .. L if simulation, likelihood and sampler are right. Every data set is stored as it is
done, so that the work goes on where it stopped. The quick fit is an approximation and need not pass.

Source: Talts, Betancourt, Simpson, Vehtari and Gelman (2018), arXiv:1804.06788.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.reading import long_game_from_text

Floats = NDArray[np.float64]

GAME = """
doubletalk_longgame: 1
title: A reduced game, for calibration
period: quarter
discount: 0.8
beliefs: 4
informed: {actor: client, stances: {captive: {leaves: 0.05}, hedger: {leaves: 0.05}}, belief: 1/2}
actors:
  client: {moves: [hold, crack_down]}
  west: {moves: [hold, sanction]}
states:
  repression: {levels: [calm, hard], rules: [{when: {client: crack_down}, up: 2/3}, {when: {client: hold}, down: 1/2}]}
  sanctions: {levels: [none, heavy], rules: [{when: {west: sanction}, up: 2/3}, {when: {west: hold}, down: 1/3}]}
coefficients:
  security: {value: 1, prior: {normal: [0.5, 1]}}
  pain: {value: 0.6, prior: {half_normal: 1}}
  hedging: {value: 1, prior: {normal: [0, 1]}}
  west_rights: {value: 0.5, prior: {half_normal: 1}}
  sanction_cost: {value: 1, prior: {normal: [1, 1]}}
payoffs:
  client:
    - {coefficient: security, times: {repression: [0, 1]}}
    - {coefficient: pain, add: -1, times: {sanctions: [0, 1]}}
    - {coefficient: hedging, add: -1, when: {stance: hedger, client: crack_down}}
  west:
    - {coefficient: west_rights, add: -1, when: {west: hold}, times: {repression: [0, 1]}}
    - {coefficient: sanction_cost, add: -1, when: {west: sanction}}
"""
PERIODS = 60
RANKS = 99
"""Draws kept, thinned: ranks 0 .. 99."""
BINS = 10
LEVEL = 0.9


def one(game: LongGame, method: str, number: int, seed: int) -> dict[str, Any]:
    """Truth, ranks [d], whether the 90 % interval covers it [d], and the fit's own word on itself."""
    from doubletalk.longgame.coordinates import Coordinates
    from doubletalk.longgame.fitting import fit_mode
    from doubletalk.longgame.likelihood import observed_from
    from doubletalk.longgame.posterior import Posterior
    from doubletalk.longgame.simulate import simulate
    from doubletalk.longgame.solution import solve_long_game

    random = np.random.default_rng([seed, number])
    coordinates = Coordinates.of(game)
    u = coordinates.draw(1, random)[0]
    truth = coordinates.free(u)
    solved = solve_long_game(game, dict(zip(coordinates.names, truth, strict=True)))
    run = simulate(game, solved.tables, solved.play, paths=1, periods=PERIODS, seed=int(random.integers(2**31)))
    observed = observed_from(game, run.levels[:-1, 0], run.moves[:, 0])
    posterior = Posterior(game, observed)
    began = time.perf_counter()
    fit = fit_mode(posterior)
    if not fit.curved:
        return {"number": number, "failed": "no curvature at the mode"}
    draws, word = _quick(posterior, fit, random) if method == "quick" else _nuts(posterior, fit, random)
    values = coordinates.free(draws)
    low, high = np.quantile(values, ((1 - LEVEL) / 2, (1 + LEVEL) / 2), axis=0)
    thinned = values[np.linspace(0, len(values) - 1, RANKS).astype(int)]
    ranks = (thinned < truth).sum(axis=0)
    return {"number": number, "truth": truth.tolist(), "ranks": ranks.tolist(),
            "covered": ((low <= truth) & (truth <= high)).tolist(), "seconds": time.perf_counter() - began,
            **word}  # fmt: skip


def _quick(posterior: Any, fit: Any, random: np.random.Generator) -> tuple[Floats, dict[str, Any]]:
    from doubletalk.longgame.importance import importance

    weighted = importance(posterior, fit, 400, int(random.integers(2**31)), tolerance=1e-4)
    chosen = random.choice(len(weighted.points), size=4 * RANKS, p=weighted.weights)
    return np.array([weighted.points[k].u for k in chosen]), {"pareto_k": weighted.pareto_k}


def _nuts(posterior: Any, fit: Any, random: np.random.Generator) -> tuple[Floats, dict[str, Any]]:
    import arviz as az

    from doubletalk.longgame.chains import run_chains
    from doubletalk.longgame.importance import importance
    from doubletalk.longgame.parts import Begin, Plan

    plan = Plan(chains=2, warmup=150, draws=250, seed=int(random.integers(2**20)))
    begin = Begin.of(fit, importance(posterior, fit, 300, plan.seed), plan)
    with tempfile.TemporaryDirectory() as folder:
        chains = run_chains(posterior, begin, plan, Path(folder) / "parts", {}, workers=0)
    u = chains.u
    worst = max(float(az.rhat(u[..., k])) for k in range(u.shape[2]))
    least = min(float(az.ess(u[..., k], method=kind)) for k in range(u.shape[2]) for kind in ("bulk", "tail"))
    word = {"rhat": worst, "ess": least, "divergences": int(chains.stats["diverging"].sum())}
    return u.reshape(-1, u.shape[2]), word


def summary(rows: list[dict[str, Any]], names: tuple[str, ...]) -> dict[str, Any]:
    """For each coefficient: counts of ranks in ten bins, their chi-square with p, coverage with its binomial error."""
    kept = [row for row in rows if "ranks" in row]
    found: dict[str, Any] = {"sets": len(kept), "failed": len(rows) - len(kept), "coefficients": {}}
    ranks, covered = np.array([row["ranks"] for row in kept]), np.array([row["covered"] for row in kept])
    for k, name in enumerate(names):
        counts = np.histogram(ranks[:, k], bins=BINS, range=(0, RANKS + 1))[0]
        test = stats.chisquare(counts)
        share = float(covered[:, k].mean())
        error = float(np.sqrt(LEVEL * (1 - LEVEL) / len(kept)))
        found["coefficients"][name] = {"counts": counts.tolist(), "chi_square": float(test.statistic),
                                       "p": float(test.pvalue), "coverage": share, "error": error}  # fmt: skip
    for key in ("pareto_k", "rhat", "ess", "seconds"):
        if kept and key in kept[0]:
            found[f"median_{key}"] = float(np.median([row[key] for row in kept]))
    if kept and "pareto_k" in kept[0]:
        found["share_k_above_0.7"] = float(np.mean([not row["pareto_k"] < 0.7 for row in kept]))
    if kept and "divergences" in kept[0]:
        found["sets_with_divergences"] = int(sum(row["divergences"] > 0 for row in kept))
    return found


def figure(results: dict[str, Any]) -> str:
    """Rank histograms as SVG: a row for each method, with the band in which 99 % of uniform counts lie."""
    import altair as alt

    from doubletalk.report.figures_svg import INK, PALETTE, charted

    lines = []
    for method, found in results.items():
        low, high = stats.binom.ppf([0.005, 0.995], found["sets"], 1 / BINS)
        panels = []
        for name, each in found["coefficients"].items():
            rows = [{"bin": k, "count": c} for k, c in enumerate(each["counts"])]
            ends = alt.Chart(alt.Data(values=[{"low": float(low), "high": float(high)}]))
            x = alt.X("bin:O", title="rank, in tenths", axis=alt.Axis(labels=False, ticks=False))
            bars = alt.Chart(alt.Data(values=rows)).mark_bar(color=PALETTE[0], opacity=0.8)
            bars = bars.encode(x=x, y=alt.Y("count:Q", title=None))
            band = ends.mark_rect(opacity=0.35, color="#8c959f").encode(y=alt.Y("low:Q", title=None), y2="high:Q")
            heading = f"{name}: p {each['p']:.2f}, covers {100 * each['coverage']:.0f} %"
            panels.append(alt.layer(band, bars).properties(width=170, height=90, title=heading))
        lines.append(alt.hconcat(*panels).properties(title=f"{method}, {found['sets']} data sets"))
    chart = alt.vconcat(*lines).configure_title(anchor="start", fontSize=12, color=INK)
    return charted(chart.configure_axis(labelColor=INK, titleColor=INK).to_dict(), "ranks of the truth among draws")


def run(method: str, sets: int, store: Path, seed: int = 1) -> list[dict[str, Any]]:
    """The first *sets* data sets, from *store* (one JSON a line) where they are there."""
    game = long_game_from_text(GAME)
    file = store / f"{method}.jsonl"
    store.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []
    there = {row["number"] for row in rows}
    for number in range(sets):
        if number in there:
            continue
        row = one(game, method, number, seed)
        rows.append(row)
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(row) + "\n")
        sys.stderr.write(f"{method} {len(rows)} of {sets}\n")
    return [row for row in rows if row["number"] < sets]


def main() -> None:
    """Run, summarise, draw."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fit_calibration", description=__doc__)
    parser.add_argument("--quick", type=int, default=200, help="data sets for the quick fit (200)")
    parser.add_argument("--nuts", type=int, default=50, help="data sets for NUTS (50)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--store", type=Path, required=True, help="folder of what has been done")
    parser.add_argument("--figure", type=Path, help="write the rank histograms here (SVG)")
    chosen = parser.parse_args()
    names = tuple(c.name for c in long_game_from_text(GAME).coefficients)
    results = {}
    for method, sets in (("quick", chosen.quick), ("nuts", chosen.nuts)):
        if sets:
            results[method] = summary(run(method, sets, chosen.store, chosen.seed), names)
    sys.stdout.write(json.dumps(results, indent=1) + "\n")
    (chosen.store / "summary.json").write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    if chosen.figure is not None:
        chosen.figure.write_text(figure(results) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
