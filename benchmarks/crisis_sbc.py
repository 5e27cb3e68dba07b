"""Simulation-based calibration of the Bayesian crisis fits (Talts, Betancourt, Simpson, Vehtari & Gelman 2018).

Truths are drawn from the prior, data from the truths, and the rank of each truth among the draws of its posterior is
uniform if the sampler, the likelihood and the prior are right. Data sets in which some outcome never happened are not
fitted; that, and any choice by what a fit reports about itself, depends on the data alone and leaves ranks uniform.
Each data set is a line of a file, so that a run that was broken off goes on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binom, chi2

from doubletalk.crisis import CrisisSpecification, frame_of, with_outcomes
from doubletalk.crisis.bayes import fit_bayes
from doubletalk.crisis.design import build_design
from doubletalk.crisis.prior import normal_prior
from doubletalk.crisis.simulate import simulate_counts

__all__ = ["REDUCED", "calibrate", "figure", "summary"]

Array = NDArray[np.float64]
Tell = Callable[[str], None]

REDUCED = CrisisSpecification(
    {"SA": "x - 1", "VA": "0", "CB": "1", "barWA": "1", "barWB": "1 + y", "bara": "1", "VB": "0"}, prior_scale=1.0
)
"""Six coefficients, prior N(0, 1) on standardised covariates."""
GAMES, PLAYS = 15, 40
CHAINS, DRAWS, WARMUP, LONGEST, QUICK = 16, 50, 50, 6, (4, 200)
RANKS = 99
"""Draws, thinned, among which the truth is ranked: ranks 0 to 99."""
LEVEL = 0.9


def one_set(seed: int, number: int, quick: bool) -> dict[str, Any]:
    """Truth, data and posterior of data set *number*; ``skipped`` where an outcome never happened."""
    generator = np.random.default_rng([seed, number])
    columns = frame_of({"x": generator.normal(size=GAMES), "y": generator.normal(size=GAMES)})
    design = build_design(REDUCED, with_outcomes(columns, np.zeros((GAMES, 4))))
    truth = normal_prior(design, REDUCED.prior_scale, REDUCED.prior_units, 0).drawn(generator)
    counts = simulate_counts(design, truth, PLAYS, int(generator.integers(2**31)))
    out: dict[str, Any] = {"set": number, "truth": truth.tolist(), "names": list(design.names)}
    if (counts.sum(axis=0) == 0.0).any():
        return {**out, "skipped": True}
    began = time.perf_counter()
    chains, draws = QUICK if quick else (CHAINS, DRAWS)
    fit = fit_bayes(
        REDUCED, with_outcomes(columns, counts), selection="lowest", quick=quick, chains=chains, draws=draws,
        warmup=WARMUP, longest=LONGEST, seed=number + 1,
    )  # fmt: skip
    assert fit.draws is not None
    thinned = fit.draws[np.linspace(0, len(fit.draws) - 1, RANKS).astype(int)]
    low, high = np.quantile(fit.draws, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0], axis=0)
    found = fit.diagnostics
    report = {"pareto_k": found["pareto_k"], "effective": found["effective"]} if quick else {
        "pareto_k": found["pareto_k"], "draws": found["draws"], "refreshed": found["refreshed"],
        "r_hat": max(found["r_hat"]), "least_effective": min(found["ess_bulk"] + found["ess_tail"]),
        "divergences": found["divergences"], "ended_at_a_step": found["ended_at_a_step"],
    }  # fmt: skip
    return {
        **out, **report, "ranks": (thinned < truth).sum(axis=0).tolist(),
        "inside": ((low <= truth) & (truth <= high)).tolist(), "settled": fit.converged, "message": fit.message,
        "several": found["draws_with_several_equilibria"], "seconds": time.perf_counter() - began,
    }  # fmt: skip


def calibrate(
    sets: int, seed: int, quick: bool, keep: Path | None, tell: Tell, minutes: float = np.inf
) -> list[dict[str, Any]]:
    """*sets* fitted data sets, those in the file *keep* read from it; no further one is begun after *minutes*."""
    head = json.dumps({"doubletalk-crisis-sbc": 3, "seed": seed, "quick": quick})
    rows: list[dict[str, Any]] = []
    if keep is not None and keep.exists():
        lines = keep.read_text(encoding="utf-8").splitlines()
        if not lines or lines[0] != head:
            raise SystemExit(f"{keep}: holds another calibration; move it away")
        rows = [json.loads(line) for line in lines[1:] if line.endswith("}")]
    elif keep is not None:
        keep.write_text(head + "\n", encoding="utf-8")
    began, number = time.perf_counter(), len(rows)
    while sum("ranks" in row for row in rows) < sets and time.perf_counter() - began < 60.0 * minutes:
        row = one_set(seed, number, quick)
        rows.append(row)
        number += 1
        if keep is not None:
            with keep.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
        tell(f"data set {number}: {'an outcome never happened' if 'skipped' in row else row['message']}")
    return rows


def summary(rows: Sequence[dict[str, Any]], bins: int) -> dict[str, Any]:
    """Rank histograms, chi-square with p-value by coefficient, coverage of 90% intervals with its binomial bounds."""
    fitted = [row for row in rows if "ranks" in row]
    ranks = np.array([row["ranks"] for row in fitted])
    inside = np.array([row["inside"] for row in fitted])
    sets = len(fitted)
    expected = sets / bins
    out = []
    for k, name in enumerate(fitted[0]["names"]):
        counts = np.histogram(ranks[:, k], bins=bins, range=(0, RANKS + 1))[0]
        square = float(((counts - expected) ** 2 / expected).sum())
        out.append({
            "name": name, "counts": counts.tolist(), "chi_square": square, "p": float(chi2.sf(square, bins - 1)),
            "coverage": float(inside[:, k].mean()),
        })  # fmt: skip
    bounds = binom.ppf([0.025, 0.975], sets, LEVEL) / sets
    return {
        "sets": sets, "skipped": len(rows) - sets, "settled": sum(bool(row["settled"]) for row in fitted), "bins": bins,
        "coefficients": out, "coverage": float(inside.mean()), "coverage_bounds": bounds.tolist(),
        "seconds": float(sum(row["seconds"] for row in fitted)),
        "sets_with_several_equilibria": sum(row["several"] > 0.0 for row in fitted),
    }  # fmt: skip


def figure(found: dict[str, Any], title: str) -> str:
    """Rank histograms as SVG, by coefficient, with the band that holds 95% of bin counts if ranks are uniform."""
    import altair as alt
    import vl_convert

    bins, sets = found["bins"], found["sets"]
    low, high = (float(v) for v in binom.ppf([0.025, 0.975], sets, 1.0 / bins))
    panels = []
    for one in found["coefficients"]:
        bars = [{"bin": (j + 0.5) / bins, "count": count} for j, count in enumerate(one["counts"])]
        x = alt.X("bin:Q", title="rank of the truth", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=3))
        band = alt.Chart(alt.Data(values=[{"low": low, "high": high}])).mark_rect(color="#57606a", opacity=0.18)
        bar = alt.Chart(alt.Data(values=bars)).mark_bar(color="#0969da", size=150 / bins)
        y = alt.Y("count:Q", title=None, axis=alt.Axis(tickCount=4))
        name = f"{one['name']} (p = {one['p']:.2f})"
        panels.append(
            alt.layer(bar.encode(x=x, y=y), band.encode(y="low:Q", y2="high:Q")).properties(
                width=170, height=110, title=name
            )
        )
    chart = alt.concat(*panels, columns=3).properties(title=title)
    return str(vl_convert.vegalite_to_svg(chart.configure_view(stroke=None).configure_axis(grid=False).to_dict()))
