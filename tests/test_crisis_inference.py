"""Crisis signalling beyond the estimates: comparative statics, bootstrap, several starts, posterior, calibration."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from test_crisis_estimation import SPEC, TRUTH, many_games, simulated

from doubletalk.crisis import fit_crisis
from doubletalk.crisis.bayes import fit_bayes, inference_data
from doubletalk.crisis.bootstrap import bootstrap
from doubletalk.crisis.design import Design
from doubletalk.crisis.effects import covariate_values, effects, quantities
from doubletalk.crisis.equilibria import find_equilibria
from doubletalk.crisis.full import full_terms
from doubletalk.crisis.posterior import scores_at
from doubletalk.crisis.reply import game_of
from doubletalk.crisis.specification import UTILITIES
from doubletalk.errors import InputError

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def fitted():
    """Data from the model at TRUTH, and the fits of three methods."""
    data, _ = simulated(40, 150, 11)
    return data, {method: fit_crisis(SPEC, data, method) for method in ("pl", "npl", "ml")}


def games_with_several():
    """A design whose seven coefficients scale the utilities of games of which most have three equilibria."""
    utilities = many_games(1500)
    found = find_equilibria(game_of(utilities))
    near = np.unique(found.game[np.abs(found.q) < 5])
    chosen = np.setdiff1d(np.flatnonzero(found.number() > 1), np.setdiff1d(np.arange(1500), near))
    far = np.unique(found.game[np.abs(found.q) >= 5])
    chosen = np.concatenate([np.setdiff1d(chosen, far), np.setdiff1d(near, far)[:3]])
    base = utilities[chosen]
    return Design({name: base[:, [j]] for j, name in enumerate(UTILITIES)}, tuple(UTILITIES), {})


@pytest.mark.parametrize("rule", ["lowest", "highest", "mixture"])
def test_slopes_of_predicted_probabilities_agree_with_differences(rule):
    """Slopes of outcomes and choices in the parameters equal differences, with several equilibria and mixtures."""
    design = games_with_several()
    at = np.concatenate([np.ones(7), [0.3, -0.7]])[: 9 if rule == "mixture" else 7]
    value, by, found = quantities(design, at, rule)
    assert (found.number() > 1).any()
    assert np.abs(value[:, :4].sum(axis=1) - 1).max() < 1e-12
    step = 1e-6
    for place in range(len(at)):
        move = step * (np.arange(len(at)) == place)
        up, down = (quantities(design, at + sign * move, rule, slopes=False)[0] for sign in (1, -1))
        error = np.abs((up - down) / (2 * step) - by[:, :, place]) / (1 + np.abs(by[:, :, place]))
        assert error.max() < 1e-3


@pytest.mark.parametrize("method", ["pl", "npl", "ml"])
def test_delta_intervals_agree_with_simulated_ones_where_errors_are_small(fitted, method):
    """With small standard errors, delta and simulated intervals of averages agree to a fifth of their width."""
    data, fits = fitted
    fit = replace(fits[method], covariance=fits[method].covariance / 100)
    delta, drawn = (effects(fit, data, "x", (-1.0, 1.0), interval=way, draws=300) for way in ("delta", "simulation"))
    width = delta.high - delta.low
    assert (np.abs(delta.low - drawn.low) / width).max() < 0.2
    assert (np.abs(delta.high - drawn.high) / width).max() < 0.2
    assert np.abs(delta.change - (delta.probability[1] - delta.probability[0])).max() < 1e-15


def test_effects_at_the_means_are_those_of_one_game_at_the_means(fitted):
    """At the means, the predicted probability is the model's at mean covariates, the moved one at its value."""
    data, fits = fitted
    made = effects(fits["ml"], data, "x", (0.5,), at="means")
    means = {"x": np.array([0.5]), "y": np.array([data.columns["y"].mean()])}
    design = fits["ml"].design.new(means)
    assert np.abs(made.probability - quantities(design, fits["ml"].estimates)[0]).max() < 1e-14


def test_effects_refuse_what_cannot_be_said(fitted):
    """Unknown covariates, empty ranges and standard errors that are not known are refused by name."""
    data, fits = fitted
    with pytest.raises(InputError, match="unknown covariate 'z'"):
        covariate_values(data, "z")
    with pytest.raises(InputError, match="expected a start below the end, found 2 to 1"):
        covariate_values(data, "x", 2.0, 1.0)
    covariance = fits["ml"].covariance.copy()
    covariance[3, :] = covariance[:, 3] = np.nan
    blind = replace(fits["ml"], covariance=covariance)
    for way in ("delta", "simulation"):
        with pytest.raises(InputError, match=r"do not determine the standard error of CB: y"):
            effects(blind, data, "x", (0.0, 1.0), interval=way)


def test_two_step_errors_agree_with_the_bootstrap():
    """With an estimated first stage, two-step standard errors of PL are within a third of the bootstrap's, by game."""
    data, _ = simulated(120, 60, 21)
    fit = fit_crisis(SPEC, data, "pl")
    assert "two-step" in fit.errors_account_for
    made = bootstrap(SPEC, data, fit, 100, 5)
    assert made.failed == 0
    ratio = made.standard_errors / fit.standard_errors
    assert ratio.min() > 0.67
    assert ratio.max() < 1.5
    assert abs(np.median(ratio) - 1) < 0.2


def test_bootstrap_goes_on_where_it_stopped_and_ignores_a_torn_line(fitted, tmp_path):
    """Replicates 0-5 then 0-9 from a file give the same as 0-9 at once; another seed's file is refused."""
    data, fits = fitted
    path = tmp_path / "bootstrap.jsonl"
    bootstrap(SPEC, data, fits["npl"], 6, 3, keep=path)
    with path.open("a", encoding="utf-8") as stream:
        stream.write('{"replicate": 6, "estim')
    parts = bootstrap(SPEC, data, fits["npl"], 10, 3, keep=path)
    whole = bootstrap(SPEC, data, fits["npl"], 10, 3)
    assert np.array_equal(parts.draws, whole.draws)
    assert len(path.read_text(encoding="utf-8").splitlines()) == 11
    with pytest.raises(InputError, match="replicates of another estimate"):
        bootstrap(SPEC, data, fits["npl"], 10, 4, keep=path)


def test_several_starts_list_the_maxima_that_they_reach(fitted):
    """The best of several starts is at least as high as the only one; every start is counted; seeds repeat."""
    data, fits = fitted
    made = fit_crisis(SPEC, data, "ml", starts=6, seed=2)
    maxima = made.diagnostics["maxima"]
    assert made.log_likelihood >= fits["ml"].log_likelihood - 1e-9
    assert made.log_likelihood == maxima[0]["log_likelihood"]
    assert sum(one["starts"] for one in maxima) == 6
    assert maxima == fit_crisis(SPEC, data, "ml", starts=6, seed=2).diagnostics["maxima"]


@pytest.mark.parametrize("rule", ["lowest", "highest", "mixture"])
def test_the_likelihood_of_the_sampler_is_the_full_likelihood(rule):
    """For several parameter vectors in one pass, value and gradient equal those of the estimator one by one."""
    design = games_with_several()
    counts = np.random.default_rng(1).integers(0, 5, size=(design.games, 4)).astype(float)
    at = np.random.default_rng(2).normal(1, 0.01, size=(3, 9 if rule == "mixture" else 7))
    value, slope, _ = scores_at(design, counts, at, rule)
    for k, one in enumerate(at):
        terms = full_terms(design, counts, one, rule)
        assert value[k] == pytest.approx(terms.value, rel=1e-11)
        assert slope[k] == pytest.approx(terms.scores.sum(axis=0), rel=1e-8, abs=1e-8)


@pytest.fixture(scope="module")
def posterior(fitted):
    """A short posterior of the fitted data."""
    data, _ = fitted
    return fit_bayes(SPEC, data, selection="lowest", chains=2, draws=80, warmup=60, longest=1, seed=4)


def test_the_posterior_lies_where_likelihood_and_weak_prior_put_it(fitted, posterior):
    """With 6000 plays and a weak prior, means are near the estimates and standard deviations near standard errors."""
    _, fits = fitted
    ml = fits["ml"]
    sharp = ml.standard_errors < 0.3
    assert sharp.sum() >= 5
    assert (np.abs(posterior.estimates - ml.estimates) / ml.standard_errors)[sharp].max() < 0.5
    ratio = (posterior.standard_errors / ml.standard_errors)[sharp]
    assert ratio.min() > 0.7
    assert ratio.max() < 1.4
    assert max(posterior.diagnostics["r_hat"]) < 1.1
    assert posterior.draws.shape == (160, len(TRUTH))


def test_a_posterior_that_is_too_short_says_so_and_stores_its_draws(fitted, posterior, tmp_path):
    """Few draws are reported as not converged; draws are stored by chain; 'best' is refused; predictions use them."""
    data, _ = fitted
    assert not posterior.converged
    assert "effective sample size" in posterior.message
    stored = inference_data(posterior).posterior["coefficients"]
    assert stored.dims == ("chain", "draw", "parameter")
    assert np.array_equal(stored.values.reshape(160, -1), posterior.draws)
    with pytest.raises(InputError, match="does not look at outcomes"):
        fit_bayes(SPEC, data, selection="best")
    made = effects(posterior, data, "x", (-1.0, 1.0), interval="posterior", draws=40)
    assert (made.low <= made.probability).all()
    assert (made.probability <= made.high).all()
    json.loads(posterior.to_json())


@pytest.mark.long
def test_intervals_and_ranks_of_the_calibration_script(full):
    """NPL over 24 simulated data sets (200 in full): 90% intervals cover 84 to 96 of 100, bias within its error."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.crisis_calibration import recovery
    finally:
        sys.path.remove(str(ROOT))
    made = recovery("npl", 200 if full else 24, 60, 100, 1, predicted=1)
    assert made["failed"] <= 2
    assert 0.84 < made["coverage"] < 0.96
    assert sum(made["ranks"]["counts"]) == 9 * (made["sets"] - made["failed"])
    for row in made["coefficients"]:
        assert abs(row["bias"]) < 4 * row["spread"] / np.sqrt(made["sets"]) + 0.1 * row["spread"]
