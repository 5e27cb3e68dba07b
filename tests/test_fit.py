"""The sampler, importance sampling and the commands ``fit``: densities known in closed form, small simulated games."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

jax = pytest.importorskip("jax")

from longgame_games import random_game  # noqa: E402

from doubletalk.longgame.coordinates import Coordinates, held, traced, with_priors_scaled  # noqa: E402
from doubletalk.longgame.declaration import Coefficient, LongGame, Prior  # noqa: E402
from doubletalk.longgame.fitting import fit_mode  # noqa: E402
from doubletalk.longgame.importance import importance  # noqa: E402
from doubletalk.longgame.likelihood import observed_from  # noqa: E402
from doubletalk.longgame.posterior import Posterior  # noqa: E402
from doubletalk.longgame.simulate import simulate  # noqa: E402
from doubletalk.longgame.solution import solve_long_game  # noqa: E402


@pytest.fixture(scope="module")
def simulated():
    """A small game, a record of it, its posterior and the quick fit."""
    game = random_game(2, points=4)
    solved = solve_long_game(game)
    run = simulate(game, solved.tables, solved.play, paths=1, periods=60, seed=9)
    observed = observed_from(game, run.levels[:-1, 0], run.moves[:, 0])
    posterior = Posterior(game, observed)
    return game, observed, posterior, fit_mode(posterior)


EXACT = [
    (Prior("normal", (0.5, 2.0)), stats.norm(0.5, 2.0)),
    (Prior("half_normal", (1.5,)), stats.halfnorm(scale=1.5)),
    (Prior("uniform", (-1.0, 3.0)), stats.uniform(-1.0, 4.0)),
    (Prior("gamma", (2.0, 3.0)), stats.gamma(2.0, scale=1 / 3)),
    (Prior("gamma", (0.2, 1.0)), stats.gamma(0.2)),
    (Prior("beta", (2.0, 5.0)), stats.beta(2.0, 5.0)),
    (Prior("beta", (1.0, 50.0)), stats.beta(1.0, 50.0)),
]


@pytest.mark.parametrize(("prior", "exact"), EXACT)
def test_coordinates_are_normal_scores_of_the_prior(prior, exact):
    """c is the prior's quantile at Phi(u), dc/du by JAX is phi(u) / p(c), and ``at`` and ``log_density`` agree."""
    priors = Coordinates((Coefficient("a", 0.3, prior),), (0,), (0.3, 0.5, 0.0, 0.0))
    u = np.linspace(-6, 6, 97)
    c = priors.free(u[:, None])[:, 0]
    quantiles = np.where(u < 0, exact.ppf(stats.norm.cdf(u)), exact.isf(stats.norm.sf(u)))
    assert np.allclose(c, quantiles, rtol=1e-6, atol=1e-9)
    numbers = type(priors.density)(*map(jax.numpy.asarray, priors.density))

    def whole(v):
        return traced(jax.numpy, jax.scipy.special, numbers, v[None])

    assert np.allclose(jax.vmap(lambda v: whole(v)[0][0])(u), c, rtol=1e-12)
    assert np.allclose(jax.vmap(lambda v: whole(v)[1])(u), stats.norm.logpdf(u))
    slopes = jax.vmap(jax.grad(lambda v: whole(v)[0][0]))(u)
    inner = np.abs(u) < 4
    assert np.allclose(slopes[inner], np.exp(stats.norm.logpdf(u) - exact.logpdf(c))[inner], rtol=1e-5)
    assert np.allclose(priors.log_density(c[:, None]), exact.logpdf(c))
    assert np.allclose([priors.at(np.array([value]))[0] for value in c[inner]], u[inner], atol=1e-5)
    drawn = priors.free(priors.draw(20_000, np.random.default_rng(1))).mean()
    assert abs(drawn - exact.mean()) < 5 * exact.std() / np.sqrt(20_000)


def test_a_quick_fit_settles(simulated):
    """On a simulated record the gradient at the mode is nothing and every direction is curved."""
    fit = simulated[3]
    assert fit.settled
    assert fit.gradient < 1e-3


def test_importance_sampling_agrees_with_laplace_and_with_another_seed(simulated):
    """The marginal likelihoods of two seeds differ by no more than their errors allow, and Laplace is near them."""
    _, _, posterior, fit = simulated
    one, two = importance(posterior, fit, 300, 1), importance(posterior, fit, 300, 2)
    assert abs(one.log_evidence - two.log_evidence) < 4 * np.hypot(one.error, two.error)
    assert abs(one.log_evidence - fit.log_evidence) < 0.5
    assert one.effective > 30
    assert one.failed == 0


def test_coefficients_are_held_and_priors_widened():
    """``held`` takes a coefficient out of the estimation; ``with_priors_scaled`` doubles its prior's spread."""
    game: LongGame = random_game(2, points=3)
    name = game.coefficients[0].name
    fixed = held(game, {name: 0.25})
    assert name not in Coordinates.of(fixed).names
    assert fixed.values[0] == 0.25
    assert with_priors_scaled(game, 2.0).coefficients[0].prior.parameters[1] == 2.0


def test_the_value_is_right_where_solving_was_stopped_early(simulated):
    """With tolerance 1e-4 the value differs from that at 1e-10 by less than 1e-6: the error is of second order."""
    _, _, posterior, fit = simulated
    u = fit.u + 0.1
    assert abs(posterior(u, 1e-4).value - posterior(u, 1e-10).value) < 1e-6
