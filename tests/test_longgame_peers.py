"""The long game's equilibria as other software finds them: sgamesolver for games, QuantEcon for one actor."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jax")

from longgame_entry import entry_file

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.longgame_peers import bus_engine, by_quantecon, by_sgamesolver, played, stage_arrays
from doubletalk.longgame.reading import long_game_from_text
from doubletalk.longgame.solution import solve_long_game


def test_what_is_handed_over_has_our_equilibrium():
    """Play answers the values by softmax, and the values are those of play with entropy paid: by matrices alone."""
    solved = solve_long_game(long_game_from_text(entry_file(1.0, 1.0, firms=2)))
    payoffs, following = stage_arrays(solved.game)
    one, other = played(solved)
    values = np.asarray(solved.unknown.values)[..., 0].reshape(2, -1)
    q = payoffs[0] + 0.95 * following @ values[0]
    q = np.einsum("sab,sb->sa", q, other)
    assert np.allclose(np.logaddexp.reduce(q, axis=1), values[0], atol=1e-8)
    assert np.allclose(np.exp(q - values[0][:, None]), one, atol=1e-8)
    assert np.ptp(one[:, 0]) > 0.1


@pytest.mark.parametrize("firms", [2, 3])
def test_sgamesolver_traces_the_same_equilibrium(firms):
    """Its logit equilibrium at lambda = 1, with the worth of shocks paid openly, is ours to its tolerance."""
    pytest.importorskip("sgamesolver")
    found = by_sgamesolver(solve_long_game(long_game_from_text(entry_file(1.0, 1.0, firms=firms))))
    assert found["gap_in_play"] < 1e-6
    assert found["gap_in_values"] < 1e-5


def test_quantecon_has_the_same_values_of_the_bus_engine():
    """Its optimal value, with the expected shock of the chosen move paid, is ours; of another game's it is not."""
    pytest.importorskip("quantecon")
    solved = solve_long_game(bus_engine(60))
    assert by_quantecon(solved)["gap_in_values"] < 1e-8
    other = solve_long_game(bus_engine(60), {"price": 3.0})
    wrong = replace(solved, unknown=other.unknown)
    assert by_quantecon(wrong)["gap_in_values"] > 0.1
