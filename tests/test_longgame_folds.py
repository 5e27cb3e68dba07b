"""Equilibria that cease to exist as a coefficient changes: what a move says confirms itself, until it no longer can."""

from __future__ import annotations

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from doubletalk.longgame import density  # noqa: E402
from doubletalk.longgame.declaration import Actor, Coefficient, LongGame, Markov, Prior, Term, Variable  # noqa: E402
from doubletalk.longgame.likelihood import Observed  # noqa: E402
from doubletalk.longgame.posterior import Posterior  # noqa: E402

PAST = -3.5
"""A tilt past the fold of the equilibrium in which the signal speaks for the hedger."""


def signalling_game() -> LongGame:
    """A client of either stance wants to be taken for what it is; ``tilt`` makes the signal pay for the hedger."""
    client = Actor("client", ("none", "signal"), {}, 0.5, (
        Term("prize", 1.0, {"stance": (1,), "west": (1,)}), Term("prize", 1.0, {"stance": (0,), "west": (0,)}),
        Term("tilt", 1.0, {"client": (1,), "stance": (1,)}),
    ))  # fmt: skip
    west = Actor("west", ("shut", "open"), {}, 0.5, (
        Term("match", 1.0, {"stance": (1,), "west": (1,)}), Term("match", 1.0, {"stance": (0,), "west": (0,)}),
    ))  # fmt: skip
    weather, fixed = Variable("weather", ("dry", "wet"), 0, (), Markov(((0.5, 0.5), (0.5, 0.5)))), Prior("fixed")
    values = (Coefficient("prize", 4.0, fixed), Coefficient("match", 4.0, fixed),
              Coefficient("tilt", 2.0, Prior("normal", (0.0, 1.0))))  # fmt: skip
    return LongGame("fold", "", "day", (client, west), (weather,), values, "client", ("captive", "hedger"), 0.5,
                    (0.05, 0.05), 4)  # fmt: skip


@pytest.fixture(scope="module")
def posterior():
    """The game's posterior given a short record, and its equilibrium at a tilt of 2."""
    observed = Observed(np.zeros((4, 1), int), np.array([[1, 1], [0, 0], [1, 1], [0, 1]]))
    made = Posterior(signalling_game(), observed)
    return made, made(np.array([2.0]), 1e-9)


def at(posterior, tilt: float, tolerance: float = 1e-8):
    made, near = posterior
    return made(np.array([tilt]), tolerance, near, rescue=False, along=False)


def test_the_feedback_of_what_moves_say_is_the_block_of_the_jacobian(posterior):
    """own_a 1{a = j} - shared_j is what a change of the ratios alone does to the ratios, to rounding."""
    made, near = posterior
    q, x = jax.numpy.asarray(made.coordinates.whole(near.u)), jax.numpy.asarray(near.x)
    back = density._back(made.shape)
    parts = back(x)
    change = np.random.default_rng(1).standard_normal(parts.ratios.shape)
    nothing = jax.tree.map(jax.numpy.zeros_like, parts)
    along = jax.flatten_util.ravel_pytree(nothing._replace(ratios=jax.numpy.asarray(change)))[0]
    moved = jax.jvp(lambda y: density.moved(made.shape, made.problem, y, q), (x,), (along,))[1]
    feedback = density._played(made.shape, made.problem, x, q)[3]
    expected = feedback.own * change - (feedback.shared * change).sum(-2, keepdims=True)
    assert np.abs(np.asarray(back(moved).ratios) - expected).max() < 1e-12


def test_past_the_fold_the_equilibrium_that_is_left_is_found(posterior):
    """Acceleration alone stays where the equilibrium was lost; rounds of plain steps find the one there is."""
    made, near = posterior
    q = jax.numpy.asarray(made.coordinates.whole(np.array([PAST])))
    alone = density._anderson(lambda y: (density.moved(made.shape, made.problem, y, q), ()), near.x, 1e-8, 400)
    assert float(alone.best_size) > 0.1
    found = at(posterior, PAST)
    assert found.residual < 1e-8
    assert np.abs(np.asarray(density.moved(made.shape, made.problem, found.x, q)) - found.x).max() < 1e-8
    before, after = (np.asarray(made.unknown(point.x).ratios)[:, 1, 2] for point in (near, found))
    assert (before > 1).all()  # at a belief of 2/3 the signal spoke for the hedger, and now against it
    assert (after < -1).all()


def test_the_value_is_a_function_and_its_slope_is_that_of_differences_past_the_fold(posterior):
    """Whatever was evaluated before, the value is the same; central differences give the slope."""
    first = at(posterior, PAST).value
    at(posterior, 1.0)
    at(posterior, -4.0)
    point = at(posterior, PAST)
    assert point.value == first
    change = at(posterior, PAST + 1e-4).value - at(posterior, PAST - 1e-4).value
    assert abs(point.slope[0] - change / 2e-4) < 1e-5
