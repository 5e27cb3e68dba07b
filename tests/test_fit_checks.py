"""Predictive checks, the smoothed stance, priors of chances: values worked out by hand or by enumeration."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

pytest.importorskip("jax")
pytest.importorskip("numpyro")

from longgame_games import random_game

from doubletalk.errors import InputError
from doubletalk.longgame.checks import checks, cycle_steps, longest, windows
from doubletalk.longgame.coordinates import Coordinates
from doubletalk.longgame.reading import long_game_from_text
from doubletalk.longgame.stance import smoothed

SMALL = """
doubletalk_longgame: 1
title: small
informed: {{actor: a, stances: {{one: {{leaves: {leaves}}}, two: {{leaves: 0.1}}}}, belief: {belief}}}
actors: {{a: {{moves: [x, y]}}, b: {{moves: [p, q]}}}}
discount: 0.9
states: {{s: {{levels: [lo, hi], rules: [{{when: {{a: y}}, up: 1/2}}]}}}}
coefficients: {{k: {{value: 1, prior: {{normal: [0, 1]}}}}}}
payoffs: {{a: [{{coefficient: k, when: {{a: y, stance: two}}}}]}}
"""


def test_longest_runs_are_counted():
    """The longest stretch of true in each row."""
    rows = np.array([[1, 1, 0, 1, 1, 1], [0, 0, 0, 0, 0, 0], [1, 0, 1, 0, 1, 0]], dtype=bool)
    assert longest(rows).tolist() == [3, 0, 1]


def test_a_cycle_counts_each_time_it_is_run_through_and_one_step_a_move():
    """c_0 then w_1 then c_0: within a period c moves before w, and one move is one step."""
    game = random_game(2)
    cycle = (("c", "c_0"), ("w", "w_1"), ("c", "c_0"))
    moves = np.array([[0, 1], [0, 0], [0, 0], [1, 1], [0, 1], [0, 0]])
    found = checks(game, moves, moves[None], cycle)[-1]
    assert (found.kind, found.observed, found.mean, found.tail) == ("cycles", 2.0, 2.0, 1.0)
    twice = checks(game, moves, moves[None], (("c", "c_0"), ("c", "c_0")))[-1]
    assert twice.observed == 2.0


def test_tail_probabilities_count_ties_half():
    """Observed 3 of simulated 1, 3, 5, 5: a quarter below, a half above, so 2 (1/4 + 1/8)."""
    game = random_game(2)
    seen = np.array([[0, 0]] * 3 + [[1, 0]] * 2)
    simulated = np.array([[[0, 0]] * k + [[1, 0]] * (5 - k) for k in (1, 3, 5, 5)])
    found = next(c for c in checks(game, seen, simulated) if (c.kind, c.what) == ("quarters", "c_0"))
    assert found.observed == 3
    assert found.tail == pytest.approx(2 * (1 / 4 + 1 / 8))


def test_windows_cover_the_record_once():
    """Stretches follow each other without gap to the end, and hold the shares of their periods."""
    game = random_game(2)
    moves = np.array([[t % 2, 0] for t in range(31)])
    own = [w for w in windows(game, moves, moves[None], 12) if w.what == "c_0"]
    assert [(w.first, w.last) for w in own] == [(0, 12), (12, 24), (24, 31)]
    assert own[2].observed == pytest.approx(4 / 7)


def test_cycles_are_read_from_the_case_language():
    """Steps of one label each; anything richer is not counted."""
    assert cycle_steps("deed=x then west=y") == (("deed", "x"), ("west", "y"))
    assert cycle_steps("deed=x or y then west=y") == ()
    assert cycle_steps("") == ()


def test_the_smoothed_stance_is_that_of_all_histories():
    """P(last stance in t | all deeds) by summing over every history of the stance."""
    random = np.random.default_rng(4)
    hazard, chances, b0 = np.array([0.2, 0.1]), random.random((5, 2)), 0.3
    beliefs = [b0]
    for one, two in chances:
        b = beliefs[-1]
        after = b * two / (b * two + (1 - b) * one)
        beliefs.append(after * (1 - hazard[1]) + (1 - after) * hazard[0])
    total, last = 0.0, np.zeros(5)
    for path in itertools.product((0, 1), repeat=5):
        weight = b0 if path[0] else 1 - b0
        for t, stance in enumerate(path):
            weight *= chances[t, stance]
            if t < 4:
                weight *= hazard[stance] if path[t + 1] != stance else 1 - hazard[stance]
        total += weight
        last += weight * np.array(path)
    assert np.abs(smoothed(np.array(beliefs), hazard) - last / total).max() < 1e-12


def test_chances_with_a_prior_are_estimated(tmp_path):
    """A prior on the belief at the start or on leaving a stance makes it a coordinate; without, nothing changes."""
    plain = long_game_from_text(SMALL.format(leaves="0.05", belief="1/2"))
    assert Coordinates.of(plain).names == ("k",)
    leaves, belief = "{value: 0.05, prior: {beta: [1, 20]}}", "{value: 1/2, prior: {uniform: [0.2, 0.8]}}"
    game = long_game_from_text(SMALL.format(leaves=leaves, belief=belief))
    coordinates = Coordinates.of(game)
    assert coordinates.names == ("k", "start_belief", "leaves_one")
    whole = coordinates.whole(coordinates.start())
    assert whole == pytest.approx([1, 0.5, 0.05, 0.1])
    assert coordinates.whole(np.array([1.0, 9.0, -9.0]))[1] == pytest.approx(0.8, abs=1e-3)


def test_a_chance_outside_zero_and_one_is_refused():
    """Priors of chances are beta, or uniform within 0 and 1."""
    with pytest.raises(InputError, match="a probability takes beta"):
        long_game_from_text(SMALL.format(leaves="{value: 0.05, prior: {normal: [0, 1]}}", belief="1/2"))
    with pytest.raises(InputError, match="a probability takes beta"):
        long_game_from_text(SMALL.format(leaves="0.05", belief="{value: 0.5, prior: {uniform: [0, 2]}}"))
