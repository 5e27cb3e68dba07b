"""What the sequential Monte Carlo run states as its errors, over seeds; its posterior beside NUTS. Figures: docs."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import chi2

pytest.importorskip("jax")
pytest.importorskip("numpyro")

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.sequential_calibration import linear, reduced, weighted_quantile

SURE = 1e-4


@pytest.mark.long
def test_on_the_reduced_game_errors_are_as_stated_and_the_posterior_is_that_of_nuts(full):
    """Evidence and log score over 8 seeds (40), importance sampling, and every mean and quantile by NUTS."""
    seeds = 40 if full else 8
    found = reduced(0, 40, 10, seeds, (4, 300, 1000) if full else (2, 150, 250), 20_000 if full else 3_000)
    low, high = np.sqrt(chi2.ppf([SURE, 1 - SURE], seeds - 1) / (seeds - 1))
    for each in (found["evidence"], found["log_score"]):
        assert low < each["ratio"] < high
    evidence = found["evidence"]
    assert abs(evidence["bias"]) < 4 * np.hypot(evidence["mean_error"], found["importance_error"])
    away, error = np.abs(found["away_in_sd"]), np.array(found["error_in_sd"])
    assert (away[0] < 4 * error[0]).all()
    assert (away[1:] < 4 * error[1:] + 0.1).all()  # quantiles of few draws lie a little inwards: docs/forecast.md
    assert (np.array(found["spread_in_sd"])[0] < 0.25).all()


@pytest.mark.long
def test_with_many_coefficients_evidence_is_as_far_off_as_is_stated(full):
    """A linear model of 25 coefficients, 6 seeds (40): distance from the formula, bias included, over stated errors."""
    seeds = 40 if full else 6
    found = linear(25, 71, 3, 10.0, 50, 20, seeds)
    for each in (found["evidence"], found["log_score"]):
        assert each["off"] < 1.2 * np.sqrt(chi2.ppf(1 - SURE, seeds) / seeds)
        assert each["off"] > 0.6 * np.sqrt(chi2.ppf(SURE, seeds) / seeds)


def test_a_weighted_quantile_is_that_of_repeated_draws():
    """Weights that are whole numbers over their sum are repetitions."""
    random = np.random.default_rng(0)
    values, times = random.standard_normal((50, 2)), random.integers(1, 6, 50)
    for share in (0.05, 0.5, 0.95):
        repeated = np.quantile(np.repeat(values, times, axis=0), share, axis=0, method="inverted_cdf")
        assert np.array_equal(weighted_quantile(values, times / times.sum(), share + 1e-12), repeated)
