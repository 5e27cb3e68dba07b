"""Choosing between policies: regret, minimax regret, and switch points in the belief."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from doubletalk.errors import DoubletalkError
from doubletalk.longgame.choosing import best_by_belief, choose


def test_regret_by_hand():
    """A three-by-two table worked by hand: Savage's choice differs from the best mean."""
    worth = np.array([[10.0, 0.0, 0.0], [4.0, 3.0, 0.0]])
    choice = choose(["bold", "steady"], worth)
    np.testing.assert_allclose(choice.mean, [10 / 3, 7 / 3])
    np.testing.assert_allclose(choice.most_regret, [3, 6])
    np.testing.assert_allclose(choice.mean_regret, [1, 2])
    np.testing.assert_allclose(choice.best, [0.5, 0.5])
    assert choice.minimax == 0


def test_shares_of_best_sum_to_one_and_order_does_not_matter():
    """On random tables with ties shares sum to one, and renaming the policies renames the answer."""
    random = np.random.default_rng(0)
    for _ in range(50):
        worth = random.integers(0, 3, size=(4, 25)).astype(float)
        order = random.permutation(4)
        mine, theirs = choose(list("abcd"), worth), choose([list("abcd")[i] for i in order], worth[order])
        assert mine.best.sum() == pytest.approx(1)
        np.testing.assert_allclose(mine.most_regret[order], theirs.most_regret)
        assert mine.most_regret[mine.minimax] == theirs.most_regret[theirs.minimax]


def test_switch_point_of_two_lines():
    """Worth 1 - b against b switches at one half, wherever the grid's points lie."""
    for beliefs in (np.array([0.0, 1.0]), np.array([0.0, 0.3, 0.7, 1.0])):
        low, high = best_by_belief(["a", "b"], beliefs, np.array([1 - beliefs, beliefs]))
        assert (low.policy, high.policy) == ("a", "b")
        assert low.high == high.low == pytest.approx(0.5)


def test_stretches_agree_with_a_fine_grid():
    """On random piecewise linear worth the stretches name the best policy on a fine grid and cover [0, 1]."""
    random = np.random.default_rng(5)
    beliefs, fine = np.linspace(0, 1, 6), np.linspace(0, 1, 997)
    for _ in range(30):
        worth = random.normal(size=(4, 6))
        stretches = best_by_belief(list("abcd"), beliefs, worth)
        assert stretches[0].low == 0
        assert stretches[-1].high == 1
        assert all(x.high == y.low and x.policy != y.policy for x, y in pairwise(stretches))
        table = np.array([np.interp(fine, beliefs, row) for row in worth])
        for i, point in enumerate(fine):
            inside = [s for s in stretches if s.low < point < s.high]
            if inside:
                assert table["abcd".index(inside[0].policy), i] == pytest.approx(table[:, i].max())


def test_bad_tables_are_refused():
    """Unsolved draws and wrong shapes are errors, not silently the best policy."""
    with pytest.raises(DoubletalkError, match="not finite"):
        choose(["a"], np.array([[np.nan]]))
    with pytest.raises(DoubletalkError, match="shape"):
        choose(["a", "b"], np.ones((3, 2)))
    with pytest.raises(DoubletalkError, match="increase"):
        best_by_belief(["a"], np.array([0.0, 0.0]), np.ones((1, 2)))
