"""The sampler, importance sampling and the commands ``fit``: densities known in closed form, small simulated games."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from longgame_games import random_game  # noqa: E402

from doubletalk.longgame.coordinates import Coordinates, held, with_priors_scaled  # noqa: E402
from doubletalk.longgame.declaration import Coefficient, LongGame, Prior  # noqa: E402
from doubletalk.longgame.fitting import fit_mode  # noqa: E402
from doubletalk.longgame.importance import importance  # noqa: E402
from doubletalk.longgame.likelihood import observed_from  # noqa: E402
from doubletalk.longgame.posterior import Posterior  # noqa: E402
from doubletalk.longgame.simulate import simulate  # noqa: E402
from doubletalk.longgame.solution import solve_long_game  # noqa: E402

FAMILIES = {
    "normal": (0.5, 2.0), "half_normal": (1.5,), "gamma": (2.0, 3.0), "uniform": (-1.0, 2.0), "beta": (2.0, 3.0),
}  # fmt: skip


@pytest.fixture(scope="module")
def simulated():
    """A small game, a record of it, its posterior and the quick fit."""
    game = random_game(2, points=4)
    solved = solve_long_game(game)
    run = simulate(game, solved.tables, solved.play, paths=1, periods=60, seed=9)
    observed = observed_from(game, run.levels[:-1, 0], run.moves[:, 0])
    posterior = Posterior(game, observed)
    return game, observed, posterior, fit_mode(posterior)


def test_prior_densities_in_coordinates_integrate_to_one_and_have_the_right_gradient():
    """For each family the density of u integrates to 1, its gradient is that of differences, and draws agree."""
    for family, given in FAMILIES.items():
        priors = Coordinates((Coefficient("a", 0.3, Prior(family, given)),), (0,), (0.3,))
        u = np.linspace(-25, 25, 200_001)[:, None]
        value, slope = priors.log_prior(u)
        assert abs(np.exp(value).sum() * (u[1, 0] - u[0, 0]) - 1) < 1e-6, family
        assert np.abs(np.gradient(value, u[:, 0])[5:-5] - slope[5:-5, 0])[np.abs(u[5:-5, 0]) < 4].max() < 1e-4
        drawn = priors.free(priors.draw(20_000, np.random.default_rng(1))).mean()
        wanted = (priors.free(u)[:, 0] * np.exp(value)).sum() * (u[1, 0] - u[0, 0])
        assert abs(drawn - wanted) < 0.05, family


@pytest.mark.parametrize("scores", [False, True])
def test_coordinates_at_coefficients_invert_the_way_there(scores):
    """For each family ``at`` finds the u from which ``free`` gave the coefficient, in logarithms and in scores."""
    for family, given in FAMILIES.items():
        priors = Coordinates((Coefficient("a", 0.3, Prior(family, given)),), (0,), (0.3,), scores)
        for u in (-6.0, -1.0, 0.0, 0.7, 5.0):
            assert abs(priors.at(priors.free(np.array([u])))[0] - u) < 1e-6, (family, u)


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
