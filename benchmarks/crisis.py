"""``python -m benchmarks.crisis``: seconds of every crisis estimator, against loops and finite differences.

Without arguments the data are simulated: 418 games of 119 plays with 20 coefficients, the shape of the published
sanctions data. ``--data FILE --spec SPEC`` measures a file of yours as well. Three versions of each evaluation with its
gradient are timed on the same data: ours (vectorised, exact derivatives), the same values with central differences, and
loops over games with central differences; and the pseudo-likelihood maximised with each (quasi-Newton for the others).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from benchmarks import crisis_reference as loops
from benchmarks.machine import machine_facts
from benchmarks.tables import table
from doubletalk.crisis import CrisisSpecification, fit_crisis, frame_of, load_data, read_specification, with_outcomes
from doubletalk.crisis.data import CrisisData
from doubletalk.crisis.design import build_design
from doubletalk.crisis.full import full_terms
from doubletalk.crisis.posterior import scores_at
from doubletalk.crisis.pseudo import Beliefs, maximise_pseudo, pseudo_terms
from doubletalk.crisis.simulate import outcome_probabilities, simulate_counts
from doubletalk.errors import InputError

Array = NDArray[np.float64]

SPEC = CrisisSpecification(
    {
        "SA": "a + b + c + d - 1", "VA": "e", "CB": "f + g + c + d", "barWA": "a + b + h", "barWB": "i + h",
        "bara": "b", "VB": "0",
    },
    first_stage=("pR", "pF"),
)  # fmt: skip
TRUTH = np.array(
    [-0.2, 0.1, 0.1, -0.15, 1.2, -0.1, -1.6, 0.5, 0.2, 0.2, -0.1, -2.0, 0.1, 0.1, 0.1, -0.7, -0.1, 0.2, -2.2, 0.1]
)
METHODS = ("pl", "npl", "ml", "mpec")


def simulated(games: int, plays: int, seed: int = 1) -> CrisisData:
    """Data of the published shape, with the true beliefs as first stage."""
    generator = np.random.default_rng(seed)
    columns = frame_of({name: generator.normal(size=games) for name in "abcdefghi"})
    blank = {**columns, "pR": np.full(games, 0.5), "pF": np.full(games, 0.5)}
    design = build_design(SPEC, with_outcomes(blank, np.zeros((games, 4))))
    probabilities, _ = outcome_probabilities(design, TRUTH)
    beliefs = {
        "pR": (probabilities[:, 2] + probabilities[:, 3]) / (1.0 - probabilities[:, 0]),
        "pF": probabilities[:, 2] / (probabilities[:, 2] + probabilities[:, 3]),
    }
    return with_outcomes({**columns, **beliefs}, simulate_counts(design, TRUTH, plays, seed), "simulated data")


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """Median wall seconds."""
    found = []
    for _ in range(repeats):
        began = time.perf_counter()
        call()
        found.append(time.perf_counter() - began)
    return statistics.median(found)


def measure(spec: CrisisSpecification, data: CrisisData, name: str, repeats: int, slow: bool) -> dict[str, Any]:
    """Every estimator, every kind of gradient, on one data set."""
    if spec.first_stage is None:
        raise InputError("the benchmark needs a specification with first-stage columns", spec.path)
    fit_crisis(spec, data, "pl")
    methods = []
    for method in METHODS:
        fit = fit_crisis(spec, data, method)
        took = seconds(lambda method=method: fit_crisis(spec, data, method), repeats)
        methods.append({
            "method": method, "seconds": took, "log_likelihood": fit.log_likelihood, "converged": fit.converged,
            "steps": fit.steps, "updates": fit.iterations,
        })  # fmt: skip
    design = build_design(spec, data)
    counts = data.counts
    assert counts is not None
    beliefs = Beliefs(data.column(spec.first_stage[0]), data.column(spec.first_stage[1]))
    at = maximise_pseudo(design, counts, beliefs).point
    out: dict[str, Any] = {"data": name, "games": data.games, "coefficients": design.size, "methods": methods}

    def pseudo(x: Array) -> float:
        return pseudo_terms(design, counts, beliefs, x).value

    def full(x: Array) -> float:
        return float(scores_at(design, counts, x[None], "lowest")[0][0])

    def pseudo_loop(x: Array) -> float:
        return loops.pseudo_value(design.utilities(x), counts, beliefs.resist, beliefs.firm)

    def full_loop(x: Array) -> float:
        return loops.full_value(design.utilities(x), counts)

    out["agreement"] = {"pseudo": pseudo(at) - pseudo_loop(at), "full": full(at) - full_loop(at)}
    once = max(1, repeats // 3)
    out["gradients"] = {
        "pseudo, ours with Hessian": seconds(lambda: _with_hessian(design, counts, beliefs, at), repeats),
        "pseudo, differences": seconds(lambda: loops.differences(pseudo, at), repeats),
        "pseudo, loops and differences": seconds(lambda: loops.differences(pseudo_loop, at), once),
        "full, ours": seconds(lambda: scores_at(design, counts, at[None], "lowest"), repeats),
        "full, ours with Hessian": seconds(lambda: full_terms(design, counts, at, "lowest"), repeats),
        "full, differences": seconds(lambda: loops.differences(full, at), repeats),
        "full, loops and differences": seconds(lambda: full_loop(at), 1) * 2 * design.size,
    }
    out["maximisations"] = [_ours(design, counts, beliefs, repeats), _quasi_newton("differences", pseudo, at)]
    if slow:
        out["maximisations"].append(_quasi_newton("loops and differences", pseudo_loop, at))
    return out


def _with_hessian(design: Any, counts: Array, beliefs: Beliefs, at: Array) -> tuple[Array, Array]:
    terms = pseudo_terms(design, counts, beliefs, at)
    return terms.scores().sum(axis=0), terms.hessian()


def _ours(design: Any, counts: Array, beliefs: Beliefs, repeats: int) -> dict[str, Any]:
    took = seconds(lambda: maximise_pseudo(design, counts, beliefs), repeats)
    return {"version": "ours", "seconds": took, "log_likelihood": maximise_pseudo(design, counts, beliefs).value}


def _quasi_newton(name: str, value: Callable[[Array], float], at: Array) -> dict[str, Any]:
    began = time.perf_counter()
    found = minimize(
        lambda x: -value(x), np.zeros(len(at)), jac=lambda x: -loops.differences(value, x), method="BFGS",
        options={"maxiter": 500, "gtol": 1e-3},
    )  # fmt: skip
    return {
        "version": name, "seconds": time.perf_counter() - began, "log_likelihood": -float(found.fun),
        "gradients": int(found.njev),
    }  # fmt: skip


def markdown(results: dict[str, Any]) -> str:
    """The results as tables."""
    facts = results["machine"]
    parts = [
        f"Run on {facts['date']}: {facts['processor']}, {facts['cores']} cores, Python {facts['python']}; load average "
        f"at the start {facts['load_average_at_start']}. Medians of {results['repeats']} runs in one process; the data "
        "are read and the libraries loaded before."
    ]
    for row in results["rows"]:
        parts.append(f"**{row['data']}**: {row['games']} games, {row['coefficients']} coefficients.")
        body = [
            [m["method"], _time(m["seconds"]), f"{m['log_likelihood']:.6f}", "yes" if m["converged"] else "no"]
            for m in row["methods"]
        ]
        parts.append(table(["method", "whole fit", "log-likelihood", "converged"], body))
        body = [[name, _time(value)] for name, value in row["gradients"].items()]
        parts.append(table(["log-likelihood and gradient", "one evaluation"], body))
        body = [[m["version"], _time(m["seconds"]), f"{m['log_likelihood']:.6f}"] for m in row["maximisations"]]
        parts.append(table(["maximising the pseudo-likelihood", "seconds", "log-likelihood reached"], body))
    return "\n\n".join(parts) + "\n"


def _time(value: float) -> str:
    return f"{1000 * value:.3g} ms" if value < 1.0 else f"{value:.3g} s"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print Markdown; ``--out`` keeps the JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crisis", description=__doc__)
    parser.add_argument("--data", help="a CSV file of games to measure as well")
    parser.add_argument("--spec", type=Path, help="its specification, with first-stage columns")
    parser.add_argument("--games", type=int, default=418, help="games of the simulated data (418)")
    parser.add_argument("--repeats", type=int, default=5, help="runs of each timing (5)")
    parser.add_argument("--quick", action="store_true", help="leave the maximisation by loops out")
    parser.add_argument("--out", type=Path, help="write the JSON here")
    chosen = parser.parse_args(arguments)
    if (chosen.data is None) != (chosen.spec is None):
        parser.error("--data and --spec belong together")
    results: dict[str, Any] = {"machine": machine_facts(), "repeats": chosen.repeats, "rows": []}
    if chosen.data is not None:
        spec = read_specification(chosen.spec)
        data = load_data(chosen.data, spec)
        results["rows"].append(measure(spec, data, Path(chosen.data).stem, chosen.repeats, not chosen.quick))
    simulation = simulated(chosen.games, 119)
    results["rows"].append(measure(SPEC, simulation, "simulated", chosen.repeats, not chosen.quick))
    sys.stdout.write(markdown(results))
    if chosen.out is not None:
        chosen.out.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
