"""The posterior of crisis signalling: prior, coordinates, quick fit, calibration."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from scipy.special import ndtr
from test_crisis_estimation import SPEC, TRUTH, simulated
from test_crisis_inference import games_with_several

from doubletalk.crisis import CrisisSpecification, fit_crisis, frame_of, with_outcomes
from doubletalk.crisis.bayes import fit_bayes
from doubletalk.crisis.design import build_design
from doubletalk.crisis.full import full_terms
from doubletalk.crisis.nuts import sample
from doubletalk.crisis.posterior import Target, laplace
from doubletalk.crisis.prior import normal_prior
from doubletalk.crisis.reply import game_of, reply
from doubletalk.crisis.ridge import along_ridge
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


def test_coordinates_go_there_and_back_with_the_jacobian_and_the_gradient_stated(target):
    """y to theta and back; the Jacobian of z to theta is the stated one; the gradient agrees with differences."""
    made, _, _ = target
    assert made.ridge is not None
    z = np.random.default_rng(2).normal(size=(3, len(made.mode)))
    theta = made.theta(z)
    y, stretched, _ = made.ridge.placed(z)
    assert np.allclose(made.coordinates.z(theta), y, atol=1e-9)
    value, slope = made.log_posterior(z)
    step = 1e-5
    jacobian = np.empty((len(made.mode), len(made.mode)))
    for k in range(len(made.mode)):
        move = step * (np.arange(len(made.mode)) == k)
        up, down = made.log_posterior(z + move)[0], made.log_posterior(z - move)[0]
        assert np.allclose((up - down) / (2 * step), slope[:, k], rtol=1e-5, atol=1e-5)
        jacobian[:, k] = (made.theta(z[:1] + move) - made.theta(z[:1] - move))[0] / (2 * step)
    expected = np.linalg.slogdet(made.coordinates.root)[1] + stretched[0]
    assert np.linalg.slogdet(jacobian)[1] == pytest.approx(expected, abs=1e-6)
    plain = full_terms(made.design, made.counts, theta[0], "lowest").value + made.prior.log_density(theta[:1])[0]
    assert value[0] == pytest.approx(plain + stretched[0], rel=1e-12)


def test_the_curvature_at_the_mode_is_the_identity(target):
    """Before the ridge is straightened the posterior near its mode is N(0, I) to second order."""
    made = replace(target[0], ridge=None)
    size, step = len(made.mode), 1e-4
    moves = step * np.eye(size)
    curve = (made.log_posterior(moves)[1] - made.log_posterior(-moves)[1]) / (2 * step)
    assert np.abs(made.log_posterior(np.zeros((1, size)))[1]).max() < 1e-4
    assert np.allclose(-curve, np.eye(size), atol=1e-3)


def test_second_derivatives_in_whitened_coordinates_agree_with_differences(target):
    """Where the map from psi to theta bends, its bend is in the Hessian."""
    made, _, _ = target

    def terms(theta):
        at = full_terms(made.design, made.counts, theta, "lowest")
        value = at.value + float(made.prior.log_density(theta))
        return value, at.scores.sum(axis=0) - made.prior.precision @ theta, at.hessian - made.prior.precision

    y = 0.5 * np.random.default_rng(4).normal(size=len(made.mode))
    _, _, hessian = made.coordinates.second(y, terms)
    step = 1e-5
    for k in range(len(y)):
        move = step * (np.arange(len(y)) == k)
        up, down = made.coordinates.second(y + move, terms)[1], made.coordinates.second(y - move, terms)[1]
        assert np.allclose((up - down) / (2 * step), hessian[k], rtol=1e-5, atol=1e-5)


def test_a_ridge_is_straightened_to_a_normal_distribution():
    """A funnel along a bent axis, x | t ~ N(t^2, exp(t)), t ~ skewed: draws of N(0, I) have equal weights, nearly."""

    def terms(y):
        t, x = y[0], y[1:]
        bend = np.array([t * t, -t])
        gap, scale = x - bend, np.exp(-t)
        slope, curve = np.array([2 * t, -1.0]), np.array([2.0, 0.0])
        value = -0.5 * scale * gap @ gap - t - np.exp(0.6 * t) + 1.6 * t
        first = 0.5 * scale * gap @ gap + scale * gap @ slope - 0.6 * np.exp(0.6 * t) + 0.6
        gradient = np.concatenate([[first], -scale * gap])
        cross = scale * gap + scale * slope
        second = -0.5 * scale * gap @ gap - 2 * scale * gap @ slope + scale * (gap @ curve - slope @ slope)
        hessian = np.zeros((3, 3))
        hessian[0, 0] = second - 0.36 * np.exp(0.6 * t)
        hessian[0, 1:] = hessian[1:, 0] = cross
        hessian[1:, 1:] = -scale * np.eye(2)
        return value, gradient, hessian

    made = along_ridge(terms, 3)
    assert made is not None
    z = np.random.default_rng(3).normal(size=(2000, 3))
    y, stretched, _ = made.placed(z)
    weights = np.array([terms(one)[0] for one in y]) + stretched + 0.5 * (z * z).sum(axis=1)
    assert weights.std() < 0.02
    plain = np.array([terms(one)[0] for one in z]) + 0.5 * (z * z).sum(axis=1)
    assert plain.std() > 3.0


def test_a_normal_posterior_has_a_straight_ridge():
    """Where the density is N(0, I) the map is the identity; a density without a mode at 0 has none."""
    made = along_ridge(lambda y: (-0.5 * float(y @ y), -y, -np.eye(len(y))), 4)
    z = np.random.default_rng(1).normal(size=(50, 4))
    y, stretched, _ = made.placed(z)
    assert np.abs(y - z).max() < 1e-3
    assert np.abs(stretched).max() < 1e-3
    assert along_ridge(lambda y: (float(y @ y), 2 * y, 2 * np.eye(len(y))), 4) is None
    assert along_ridge(lambda y: (-0.5 * float(y @ y), -y, -np.eye(len(y))), 1) is None


class _Cut:
    """A standard normal in three dimensions, cut off where the first coordinate is below -0.5."""

    mode = np.zeros(3)
    floor = -300.0
    design = SimpleNamespace(games=100)
    steps_between = Target.steps_between
    values = Target.values

    def log_posterior(self, z, *, slopes=True):
        value = -0.5 * (z * z).sum(axis=1)
        cut = z[:, 0] < -0.5
        return np.where(cut, -1e8, value), np.where(cut[:, None], 0.0, -z)

    def __call__(self, z):
        value, slope = self.log_posterior(np.atleast_2d(np.asarray(z)))
        return -value.reshape(np.shape(z)[:-1]), -slope.reshape(np.shape(z))


def test_a_distribution_with_a_step_is_sampled_right_and_its_ends_are_told_from_divergences():
    """Draws have the means of the truncated normal; every end at the step is recognised, none is a divergence."""
    made = sample(_Cut(), 4, 500, 150, 3, lambda share, words: None)
    first = made.z[..., 0]
    assert first.min() >= -0.5
    expected = np.exp(-0.125) / np.sqrt(2 * np.pi) / ndtr(0.5)
    assert first.mean() == pytest.approx(expected, abs=0.08)
    assert made.z[..., 1:].std() == pytest.approx(1.0, abs=0.08)
    assert made.stepped.sum() == made.diverging.sum() > 0
    assert 0.3 < made.refreshed < 1.0


def test_a_smooth_fall_is_no_step():
    """Between a point near the mode and one far out on a smooth density there is no step; past a cut there is."""
    good = np.array([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    bad = np.array([[-2.0, 0.0, 0.0], [90.0, 0.0, 0.0], [-2.0, 0.0, 0.0], [-80.0, 40.0, 0.0]])
    assert _Cut().steps_between(good, bad).tolist() == [True, False, False, True]
    assert _Cut().steps_between(good[:0], bad[:0]).tolist() == []


class _LowStep(_Cut):
    """A narrow normal with a step of 20 at 0.25, beyond which it falls on as before, to depths where 20 is nothing."""

    def log_posterior(self, z, *, slopes=True):
        value = -200.0 * (z * z).sum(axis=1) - 20.0 * (z[:, 0] > 0.25)
        return value, -400.0 * z


def test_a_low_step_is_found_before_a_deep_fall():
    """The fall beyond a step may be deeper than the step; what counts is what lies within reach of a trajectory."""
    good, bad = np.zeros((2, 3)), np.array([[8.0, 0.0, 0.0], [0.0, 8.0, 0.0]])
    assert _LowStep().steps_between(good, bad).tolist() == [True, False]


def test_a_sampler_draws_on_as_long_as_it_is_asked_to():
    """After each round the sampler is told what there is; draws, ends and weights are of all rounds."""
    seen = []

    def go_on(so_far):
        seen.append(so_far.z.shape[1])
        return len(seen) < 3

    made = sample(_Cut(), 2, 40, 30, 3, lambda share, words: None, go_on)
    assert seen == [40, 80, 120]
    assert made.z.shape == (2, 120, 3)
    assert made.diverging.shape == made.stepped.shape == (2, 120)
    assert made.shape < 0.7


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
