"""The likelihood of a record and its quick fit: enumerated stances, gradients, recovery, swapped labels."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

jax = pytest.importorskip("jax")

from longgame_games import random_game  # noqa: E402

from doubletalk.errors import InputError  # noqa: E402
from doubletalk.longgame.fitting import lens, quick_fit  # noqa: E402
from doubletalk.longgame.likelihood import log_likelihood, observed_from  # noqa: E402
from doubletalk.longgame.posterior import Posterior  # noqa: E402
from doubletalk.longgame.simulate import simulate  # noqa: E402
from doubletalk.longgame.solution import solve_long_game  # noqa: E402


def record_of(game, periods, seed):
    """One simulated history of the game, as levels and moves."""
    solved = solve_long_game(game)
    run = simulate(game, solved.tables, solved.play, paths=1, periods=periods, seed=seed)
    return solved, run, observed_from(game, run.levels[:-1, 0], run.moves[:, 0])


def test_the_forward_algorithm_is_the_sum_over_stance_histories():
    """log P of a short record equals the sum over all histories of the stance, written out."""
    game = random_game(2, points=3)
    solved, run, observed = record_of(game, 5, 3)
    total, terms, beliefs = log_likelihood(solved.shape, solved.tables, solved.play, observed, game.belief)
    p_c, p_w = solved.probabilities("c"), solved.probabilities("w")
    grid = np.linspace(0, 1, 3)

    def at(table, index, move, b):
        rows = np.exp(CubicSpline(grid, np.log(np.maximum(table[index], 1e-300)), axis=-1)(b))
        return rows[move] / rows.sum()

    def given(stances):
        value = game.belief if stances[0] == 1 else 1 - game.belief
        for t, theta in enumerate(stances):
            s = tuple(run.levels[t, 0])
            value *= at(p_c[theta], s, run.moves[t, 0, 0], float(beliefs[t]))
            if t + 1 < len(stances):
                leave = game.hazard[theta]
                value *= leave if stances[t + 1] != theta else 1 - leave
        return value

    informed = sum(given(path) for path in itertools.product((0, 1), repeat=5))
    h, after = game.hazard, []
    for t in range(5):
        b = (float(beliefs[t + 1]) - h[0]) / (1 - h[0] - h[1])
        after.append(np.log(at(p_w, (*run.levels[t, 0], run.moves[t, 0, 0]), run.moves[t, 0, 1], b)))
    assert abs(float(total) - (np.log(informed) + sum(after))) < 1e-9
    assert terms.shape == (5, 2)


def test_the_gradient_of_the_posterior_is_that_of_finite_differences():
    """d log posterior / du by the implicit function theorem equals central differences."""
    game = random_game(2, points=3)
    _, _, observed = record_of(game, 30, 5)
    posterior = Posterior(game, observed)
    u = np.array(game.values) + 0.1
    slope = posterior(u, 1e-9).slope
    for k in range(len(u)):
        step = np.zeros_like(u)
        step[k] = 1e-4
        change = posterior(u + step, 1e-9).value - posterior(u - step, 1e-9).value
        assert abs(slope[k] - change / 2e-4) < 1e-4 * (1 + abs(slope[k]))


def test_coefficients_are_recovered_from_a_long_simulated_record():
    """Of the coefficients of a simulated game nearly all lie in the 90 % interval, widened to twice its length."""
    game = random_game(2, points=3)
    _, _, observed = record_of(game, 1500, 7)
    found = quick_fit(game, observed, points=None)
    assert found.curved
    assert found.gradient < 0.05
    middle, half = (found.low + found.high) / 2, (found.high - found.low) / 2
    inside = np.abs(np.array(game.values) - middle) < 2 * half
    assert inside.mean() >= 0.75
    assert found.log_evidence < found.log_likelihood


def test_swapping_the_stances_labels_swaps_the_lenses():
    """With the stances in the other order 'first' fits as 'last' did, and the other way round."""
    game = random_game(2, points=3)
    turn = {0: 1, 1: 0}
    actors = tuple(
        replace(actor, terms=tuple(
            replace(term, when={k: (tuple(turn[x] for x in v) if k == "stance" else v) for k, v in term.when.items()})
            for term in actor.terms
        ))
        for actor in game.actors
    )  # fmt: skip
    swapped = replace(game, actors=actors, stances=("last", "first"), belief=1 - game.belief, hazard=game.hazard[::-1])
    _, _, observed = record_of(game, 60, 9)
    for one, other in (("first", "last"), ("last", "first")):
        here = quick_fit(lens(game, one), observed, points=None, steps=4)
        there = quick_fit(lens(swapped, other), observed, points=None, steps=4)
        assert abs(here.log_likelihood - there.log_likelihood) < 1e-6


def test_a_record_that_does_not_fit_is_refused():
    """A barred move is named with its period and actor."""
    game = random_game(2, points=3)
    levels = np.zeros((1, 3), dtype=int)
    with pytest.raises(InputError, match="2010Q4: c made the move 'c_2'"):
        observed_from(game, levels, np.array([[2, 0]]), ("2010Q4",))
