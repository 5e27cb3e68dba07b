"""``python -m benchmarks.fit``: gradients of the posterior a second, in one run and from the same points.

Three ways to the same gradient at random posterior points of the Belarus record: ours (one linear system, both systems
to 1e-3), central differences of the value (two equilibria a coefficient), and reverse differentiation through the
unrolled iteration. Seconds are processor seconds of this process, medians, after compilation. ``--fit FILE.nc`` adds
effective samples a second of a stored fit.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import doubletalk
from benchmarks.machine import machine_facts

UNROLLED = 200
"""Damped steps that are written out and differentiated: as many as reach the same residual from the mode."""


def timed(call: Callable[[], Any], repeats: int) -> float:
    """Median processor seconds of a call whose result is waited for."""
    import jax

    seconds = []
    for _ in range(repeats):
        began = time.process_time()
        jax.block_until_ready(call())
        seconds.append(time.process_time() - began)
    return statistics.median(seconds)


def measure(points: int, places: int, seed: int) -> dict[str, Any]:
    """Seconds a gradient of each way and how far the gradients are apart, over *places* posterior points."""
    import jax
    import jax.numpy as jnp
    import jax.scipy.special

    from doubletalk.evidence.coding import coded_record
    from doubletalk.longgame.coordinates import traced
    from doubletalk.longgame.density import evaluated, moved, valued
    from doubletalk.longgame.fitting import fit_mode
    from doubletalk.longgame.likelihood import observed_from
    from doubletalk.longgame.posterior import Posterior
    from doubletalk.longgame.reading import load_long_game

    case = Path(doubletalk.__file__).parent / "cases" / "belarus"
    game, coded = load_long_game(case / "longgame.yaml"), coded_record(case)
    posterior = Posterior(game, observed_from(game, coded.levels, coded.chosen, coded.quarters), points)
    began = time.process_time()
    fit = fit_mode(posterior)
    mode_seconds = time.process_time() - began
    begin = posterior.begin(posterior(fit.u, 1e-9), fit.u, along=False)
    root, random = np.linalg.cholesky(fit.covariance), np.random.default_rng(seed)
    shape, problem = posterior.shape, posterior.problem

    def unrolled(u: Any) -> Any:
        q, prior = traced(jnp, jax.scipy.special, jax.nn.log_sigmoid, problem.priors, u)

        def step(x: Any, _: None) -> tuple[Any, None]:
            return moved(shape, problem, x, q), None

        x, _ = jax.lax.scan(step, jnp.asarray(begin.x), None, length=UNROLLED)
        return valued(shape, problem, x, q) + prior

    through = jax.jit(jax.grad(unrolled))

    def value(u: Any) -> float:
        return float(evaluated(shape, problem, begin, u, 1e-8, 400, False).value)

    def differences(u: Any) -> Any:
        step = 1e-4
        return np.array([(value(u + step * e) - value(u - step * e)) / (2 * step) for e in np.eye(len(u))])

    rows: list[dict[str, Any]] = []
    for _ in range(places):
        u = fit.u + root @ random.standard_normal(len(fit.u))

        def ours(u: Any = u) -> Any:
            return evaluated(shape, problem, begin, u, 1e-3, 100, True)

        told = ours()
        exact = np.asarray(evaluated(shape, problem, begin, u, 1e-9, 800, True).slope)
        apart, far = differences(u), np.asarray(through(u))
        scale = np.abs(exact).max()
        rows.append({
            "ours_s": timed(ours, 5), "differences_s": timed(lambda u=u: differences(u), 1),
            "unrolled_s": timed(lambda u=u: through(u), 1), "steps": int(told.steps), "transposed": int(told.more),
            "ours_error": float(np.abs(np.asarray(told.slope) - exact).max() / scale),
            "differences_error": float(np.abs(apart - exact).max() / scale),
            "unrolled_error": float(np.abs(far - exact).max() / scale),
        })  # fmt: skip
    middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
    return {"coefficients": len(fit.u), "unknowns": posterior.size, "beliefs": points, "places": places,
            "mode_with_compilation_s": mode_seconds, "unrolled_steps": UNROLLED, **middle,
            "gradients_a_second": 1 / middle["ours_s"],
            "faster_than_differences": middle["differences_s"] / middle["ours_s"],
            "faster_than_unrolled": middle["unrolled_s"] / middle["ours_s"]}  # fmt: skip


def samples(file: Path) -> dict[str, float]:
    """Effective samples and gradients a second of processor time in a stored fit."""
    import arviz as az

    data = az.from_netcdf(str(file))
    names = [name for name in data.posterior.data_vars if data.posterior[name].ndim == 2]
    seconds = float(data.attrs["processor_seconds"])
    least = min(float(az.ess(data.posterior[name], method=m)[name]) for name in names for m in ("bulk", "tail"))
    return {"processor_seconds": seconds, "gradients": int(data.attrs["gradients"]),
            "gradients_a_second": int(data.attrs["gradients"]) / seconds, "least_ess": least,
            "least_ess_a_second": least / seconds}  # fmt: skip


def main() -> None:
    """Measure and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fit", description=__doc__)
    parser.add_argument("--beliefs", type=int, default=4)
    parser.add_argument("--places", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fit", type=Path, help="a stored fit (FILE.nc), for effective samples a second")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    found: dict[str, Any] = {"machine": machine_facts(), **measure(chosen.beliefs, chosen.places, chosen.seed)}
    if chosen.fit is not None:
        found["samples"] = samples(chosen.fit)
    text = json.dumps(found, indent=1)
    sys.stdout.write(text + "\n")
    if chosen.out is not None:
        chosen.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
