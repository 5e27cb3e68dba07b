"""The posterior of crisis signalling: prior, coordinates, quick fit, calibration."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from test_crisis_estimation import SPEC, TRUTH, simulated
from test_crisis_inference import games_with_several

from doubletalk.crisis import CrisisSpecification, fit_crisis, frame_of, with_outcomes
from doubletalk.crisis.bayes import fit_bayes
from doubletalk.crisis.design import build_design
from doubletalk.crisis.full import full_terms
from doubletalk.crisis.posterior import laplace
from doubletalk.crisis.prior import normal_prior
from doubletalk.crisis.reply import game_of, reply
from doubletalk.errors import InputError
from doubletalk.report.crisis_tables import posterior_text

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def target():
    """The posterior of forty games, with its data and the maximum of the likelihood."""
    data, design = simulated(40, 150, 11)
    ml = fit_crisis(SPEC, data, "ml")
    return laplace(design, data.counts, "lowest", normal_prior(design, 5.0, "standard", 0), ml.estimates), data, ml


def test_the_standard_prior_does_not_change_with_the_units_of_a_covariate():
    """Utilities have the same prior distribution whether x is given in units or thousandths, moved or not."""
    generator = np.random.default_rng(1)
    x, y = generator.normal(3, 2, size=30), generator.normal(size=30)
    covariances = []
    for scale, shift in ((1.0, 0.0), (1000.0, 0.0), (1.0, 50.0)):
        columns = frame_of({"x": scale * x + shift, "y": y})
        spec = CrisisSpecification({**SPEC.formulas, "SA": "1 + x + y", "VA": "0"})
        design = build_design(spec, with_outcomes(columns, np.zeros((30, 4))))
        root = normal_prior(design, 2.0, "standard", 0).root
        place = design.slices()["SA"]
        block = design.blocks["SA"] @ root[place, place]
        covariances.append(block @ block.T)
    for other in covariances[1:]:
        assert np.allclose(covariances[0], other, rtol=1e-9, atol=1e-9)
    standard = np.column_stack([np.ones(30), (x - x.mean()) / x.std(), (y - y.mean()) / y.std()])
    assert np.allclose(covariances[0], 4.0 * standard @ standard.T)


def test_the_raw_prior_is_that_of_the_coefficients_and_unknown_units_are_refused():
    """With units 'raw' every coefficient has the stated standard deviation; other words are refused."""
    _, design = simulated(10, 10, 1)
    prior = normal_prior(design, 3.0, "raw", 2)
    assert np.allclose(prior.root, np.diag([3.0] * design.size + [1.5] * 2))
    with pytest.raises(InputError, match="unknown units 'odd'"):
        CrisisSpecification(SPEC.formulas, prior_units="odd")


def test_coordinates_go_there_and_back_with_unit_jacobian_and_the_gradient_stated(target):
    """z to theta and back; the map has the determinant of its linear part; the gradient agrees with differences."""
    made, _, _ = target
    z = np.random.default_rng(2).normal(size=(3, len(made.mode)))
    theta = made.theta(z)
    assert np.allclose(made.coordinates.z(theta), z, atol=1e-9)
    value, slope = made.log_posterior(z)
    step = 1e-5
    jacobian = np.empty((len(made.mode), len(made.mode)))
    for k in range(len(made.mode)):
        move = step * (np.arange(len(made.mode)) == k)
        up, down = made.log_posterior(z + move)[0], made.log_posterior(z - move)[0]
        assert np.allclose((up - down) / (2 * step), slope[:, k], rtol=1e-5, atol=1e-5)
        jacobian[:, k] = (made.theta(z[:1] + move) - made.theta(z[:1] - move))[0] / (2 * step)
    expected = np.linalg.slogdet(made.coordinates.root)[1]
    assert np.linalg.slogdet(jacobian)[1] == pytest.approx(expected, abs=1e-6)
    plain = full_terms(made.design, made.counts, theta[0], "lowest").value + made.prior.log_density(theta[:1])[0]
    assert value[0] == pytest.approx(plain, rel=1e-12)


def test_the_curvature_at_the_mode_is_the_identity(target):
    """In z the posterior near its mode is N(0, I) to second order."""
    made, _, _ = target
    size, step = len(made.mode), 1e-4
    moves = step * np.eye(size)
    curve = (made.log_posterior(moves)[1] - made.log_posterior(-moves)[1]) / (2 * step)
    assert np.abs(made.log_posterior(np.zeros((1, size)))[1]).max() < 1e-4
    assert np.allclose(-curve, np.eye(size), atol=1e-3)


def test_the_index_of_b_stays_where_it_was_along_the_ridge(target):
    """Moving CB in psi leaves B's reply at the mode's beliefs, projected on barWB's covariates, where it was."""
    made, _, _ = target
    around = made.coordinates
    place = made.design.slices()["barWB"]
    theta = np.stack([made.mode, made.mode])
    psi = around.psi(theta)
    moved = np.array([[-0.7], [0.4]]) * (np.array(made.design.names) == "CB: Intercept") + psi
    back = around.theta(np.linalg.solve(around.root, (moved - around.centre).T).T)
    replies = [
        around.projection @ reply(game_of(made.design.utilities(one)), around.q0).value for one in (made.mode, *back)
    ]
    assert np.allclose(replies[1], replies[0], atol=1e-10)
    assert np.allclose(replies[2], replies[0], atol=1e-10)
    assert np.abs(back[:, place] - made.mode[place])[:, 0].min() > 0.1


def test_the_quick_fit_agrees_with_the_likelihood_and_says_what_it_is(target):
    """Means within half a standard error of the maximum where it is sharp; the text says Laplace."""
    _, data, ml = target
    made = fit_bayes(SPEC, data, selection="lowest", quick=True, draws=100, seed=3)
    assert made.draws.shape == (400, len(TRUTH))
    assert made.diagnostics["pareto_k"] < 0.7
    sharp = ml.standard_errors < 0.3
    assert (np.abs(made.estimates - ml.estimates) / ml.standard_errors)[sharp].max() < 0.5
    ratio = (made.standard_errors / ml.standard_errors)[sharp]
    assert ratio.min() > 0.7
    assert ratio.max() < 1.4
    first = posterior_text(made).splitlines()[0]
    assert first.startswith("Posterior by Laplace approximation with 800 weighted draws")
    assert "R-hat" not in posterior_text(made)
    assert made.diagnostics["draws_with_several_equilibria"] == 0.0


def test_a_posterior_of_games_with_several_equilibria_says_so():
    """Where games have several equilibria the share of such draws is reported."""
    design = games_with_several()
    counts = np.random.default_rng(1).integers(1, 5, size=(design.games, 4)).astype(float)
    columns = frame_of({name: design.blocks[name][:, 0] for name in design.blocks})
    spec = CrisisSpecification({name: f"{name} - 1" for name in design.blocks}, prior_units="raw", prior_scale=0.3)
    made = fit_bayes(spec, with_outcomes(columns, counts), selection="lowest", quick=True, draws=30, seed=1)
    assert 0.0 <= made.diagnostics["draws_with_several_equilibria"] <= 1.0
    share = 100 * made.diagnostics["draws_with_several_equilibria"]
    assert f"some game has several equilibria: {share:.3g}%" in posterior_text(made)


@pytest.mark.long
def test_ranks_of_the_truth_are_uniform(full, tmp_path):
    """Simulation-based calibration of the quick fit: 24 data sets (200 in full), ranks uniform, coverage near 90%."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks.crisis_sbc import calibrate, figure, summary
    finally:
        sys.path.remove(str(ROOT))
    sets = 200 if full else 12
    keep = tmp_path / "sbc.jsonl"
    rows = calibrate(sets // 2, 1, True, keep, lambda words: None)
    rows = calibrate(sets, 1, True, keep, lambda words: None)
    assert len(keep.read_text(encoding="utf-8").splitlines()) == len(rows) + 1
    settled = [row for row in rows if row.get("settled")]
    assert len(settled) > sets // 3
    found = summary(settled, 5)
    assert min(one["p"] for one in found["coefficients"]) > 1e-4
    assert found["coverage"] > 0.75
    assert figure(found, "ranks").startswith("<svg")
