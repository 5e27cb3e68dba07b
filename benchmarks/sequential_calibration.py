"""``python -m benchmarks.sequential_calibration``: are the stated errors of the sequential Monte Carlo run its errors?

Two experiments, each with many seeds on one record:

- the reduced game of :mod:`benchmarks.fit_calibration`: the spread of log evidence and log scores over seeds against
  what each run states, their mean against importance sampling, and posterior means and quantiles against NUTS;
- linear models, in which evidence and scores are a formula, with as many coefficients as one likes: what an estimated
  proposal of many coefficients costs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.fit_calibration import GAME, PERIODS
from doubletalk.longgame.reading import long_game_from_text

Floats = NDArray[np.float64]

ENDS = (0.05, 0.95)
COUNTED = 20
"""The first period whose log score is counted."""


@dataclass(frozen=True)
class Runs:
    """S runs that differ in the seed.

    evidence, errors   [S] log marginal likelihoods, and what each run states as its error
    scores, stated     [S] log scores from period COUNTED on, with the stated errors
    told               [S, 3, d] posterior means and 5 and 95 % quantiles;  renewals  [S]
    """

    evidence: Floats
    errors: Floats
    scores: Floats
    stated: Floats
    told: Floats
    renewals: Floats

    def against(self, exact: float, exact_score: float | None = None) -> dict[str, Any]:
        """Bias with its error, spread, and stated errors (root mean square), of evidence and scores."""
        found = {"evidence": _compared(self.evidence, self.errors, exact)}
        found["log_score"] = _compared(self.scores, self.stated, exact_score)
        return {**found, "renewals": float(self.renewals.mean())}


def _compared(values: Floats, stated: Floats, exact: float | None) -> dict[str, float]:
    spread, usual = float(values.std(ddof=1)), float(np.sqrt((stated**2).mean()))
    found = {"mean": float(values.mean()), "mean_error": spread / np.sqrt(len(values)), "spread": spread,
             "stated": usual, "ratio": spread / usual, "ratio_error": spread / usual / np.sqrt(2 * len(values))}
    if exact is not None:
        found |= {"exact": exact, "bias": float(values.mean()) - exact,
                  "off": float(np.sqrt(((values - exact) ** 2).mean())) / usual}
    return found  # fmt: skip


def run(evaluate: Any, size: int, chains: int, length: int, seeds: Iterable[int], periods: int) -> Runs:
    """The sequential run with every seed."""
    from doubletalk.longgame.sequential import stages

    rows: list[tuple[float, ...]] = []
    told: list[Floats] = []
    for seed in seeds:
        *_, last = stages(evaluate, size, chains, seed=seed, length=length, counted=COUNTED)
        whole, weights = last.scored(), last.weights(periods)
        score = float(whole.scores[COUNTED:].sum())
        rows.append((last.log_evidence, last.error, score, float(np.sqrt(whole.variances[-2])), last.number))
        told.append(np.stack([weights @ last.u, *(weighted_quantile(last.u, weights, end) for end in ENDS)]))
    return Runs(*np.array(rows).T[:4], np.array(told), np.array(rows)[:, 4])


def weighted_quantile(values: Floats, weights: Floats, share: float) -> Floats:
    """[d] of values [N, d] with weights [N] that sum to 1."""
    order = np.argsort(values, axis=0)
    heap = np.cumsum(weights[order], axis=0)
    place = np.minimum((heap < share).sum(axis=0), len(values) - 1)
    return np.asarray(values[order[place, np.arange(values.shape[1])], np.arange(values.shape[1])])


# ---- the reduced game ------------------------------------------------------------------------------------------------


def record(number: int, seed: int = 1) -> Any:
    """The posterior of a record of PERIODS quarters simulated from coefficients drawn from the prior."""
    from doubletalk.longgame.coordinates import Coordinates
    from doubletalk.longgame.likelihood import observed_from
    from doubletalk.longgame.posterior import Posterior
    from doubletalk.longgame.simulate import simulate
    from doubletalk.longgame.solution import solve_long_game

    game, random = long_game_from_text(GAME), np.random.default_rng([seed, number])
    coordinates = Coordinates.of(game)
    truth = coordinates.free(coordinates.draw(1, random)[0])
    solved = solve_long_game(game, dict(zip(coordinates.names, truth, strict=True)))
    path = simulate(game, solved.tables, solved.play, paths=1, periods=PERIODS, seed=int(random.integers(2**31)))
    return Posterior(game, observed_from(game, path.levels[:-1, 0], path.moves[:, 0]))


def by_nuts(posterior: Any, chains: int, warmup: int, draws: int) -> tuple[Floats, Floats]:
    """Posterior means and quantiles [3, d] by NUTS, in normal scores, with Monte-Carlo standard errors [3, d]."""
    import arviz as az

    from doubletalk.longgame.chains import run_chains
    from doubletalk.longgame.fitting import fit_mode
    from doubletalk.longgame.importance import importance
    from doubletalk.longgame.parts import Begin, Plan

    fit, plan = fit_mode(posterior), Plan(chains=chains, warmup=warmup, draws=draws, seed=5)
    begin = Begin.of(fit, importance(posterior, fit, 400, plan.seed), plan)
    with tempfile.TemporaryDirectory() as folder:
        u = run_chains(posterior, begin, plan, Path(folder) / "parts", {}, workers=0).u
    flat = u.reshape(-1, u.shape[2])
    told = np.stack([flat.mean(axis=0), *np.quantile(flat, ENDS, axis=0)])
    errors = [[float(az.mcse(u[..., k])) for k in range(u.shape[2])]]
    errors += [[float(az.mcse(u[..., k], method="quantile", prob=end)) for k in range(u.shape[2])] for end in ENDS]
    return told, np.array(errors)


def reduced(number: int, chains: int, length: int, seeds: int, nuts: tuple[int, int, int], draws: int) -> dict[str, Any]:
    """One record: evidence against importance sampling with *draws* draws, the posterior against NUTS."""
    from doubletalk.longgame.fitting import fit_mode
    from doubletalk.longgame.importance import importance
    from doubletalk.longgame.sequential import particles_of

    posterior = record(number)
    runs = run(particles_of(posterior), len(posterior.names), chains, length, range(1, seeds + 1), PERIODS)
    other = importance(posterior, fit_mode(posterior), draws, 1)
    told, errors = by_nuts(posterior, *nuts)
    own, own_error = runs.told.mean(axis=0), runs.told.std(axis=0, ddof=1) / np.sqrt(seeds)
    sd = (told[2] - told[1]) / 3.29
    return {"record": number, "chains": chains, "length": length, "seeds": seeds, **runs.against(other.log_evidence),
            "importance_error": other.error, "pareto_k": other.pareto_k, "names": list(posterior.names),
            "away_in_sd": ((own - told) / sd).tolist(),
            "error_in_sd": (np.hypot(own_error, errors) / sd).tolist(),
            "spread_in_sd": (runs.told.std(axis=0, ddof=1) / sd).tolist()}  # fmt: skip


# ---- linear models ---------------------------------------------------------------------------------------------------


def linear(size: int, periods: int, actors: int, noise: float, chains: int, length: int, seeds: int) -> dict[str, Any]:
    """Moves y = X u + noise with u ~ N(0, I), X standard normal: all is a formula."""
    from scipy.stats import multivariate_normal

    random = np.random.default_rng(0)
    x = random.standard_normal((periods * actors, size))
    y = x @ random.standard_normal(size) + noise * random.standard_normal(periods * actors)
    constant, beliefs = -np.log(noise) - 0.5 * np.log(2 * np.pi), np.zeros(periods + 1)

    def evaluate(u: Floats) -> tuple[Floats, Floats]:
        return (constant - 0.5 * ((y - x @ u) / noise) ** 2).reshape(periods, actors), beliefs

    def exact(count: int) -> float:
        covariance = noise**2 * np.eye(count) + x[:count] @ x[:count].T
        return float(multivariate_normal(cov=covariance).logpdf(y[:count]))

    whole, before = exact(len(y)), exact(COUNTED * actors)
    runs = run(evaluate, size, chains, length, range(1, seeds + 1), periods)
    settings = {"coefficients": size, "noise": noise, "chains": chains, "length": length, "seeds": seeds}
    return {**settings, **runs.against(whole, whole - before)}


def main() -> None:
    """Run and print JSON."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sequential_calibration", description=__doc__)
    parser.add_argument("--records", default="0,1,3", help="numbers of records of the reduced game (0,1,3)")
    parser.add_argument("--sizes", default="5,15,25", help="coefficients of linear models (5,15,25)")
    parser.add_argument("--chains", default="100x10", help="chains x states, comma-separated (100x10)")
    parser.add_argument("--seeds", type=int, default=30, help="runs of each (30)")
    parser.add_argument("--noise", type=float, default=10.0, help="of the linear models' moves (10)")
    parser.add_argument("--out", type=Path, help="write the JSON here")
    chosen = parser.parse_args()
    results: list[dict[str, Any]] = []
    for kind in chosen.chains.split(","):
        chains, length = map(int, kind.split("x"))
        for size in filter(None, chosen.sizes.split(",")):
            results.append(linear(int(size), 71, 3, chosen.noise, chains, length, chosen.seeds))
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} linear, {size} coefficients, {kind}\n")
        for number in filter(None, chosen.records.split(",")):
            results.append(reduced(int(number), chains, length, chosen.seeds, (4, 300, 1000), 20_000))
            sys.stderr.write(f"{time.strftime('%H:%M:%S')} reduced game, record {number}, {kind}\n")
    text = json.dumps(results, indent=1) + "\n"
    sys.stdout.write(text)
    if chosen.out is not None:
        chosen.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
