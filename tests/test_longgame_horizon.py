"""Games that end: backward induction against plain loops and against a recursion over exact beliefs."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

pytest.importorskip("jax")

from longgame_games import Reference, random_game

from doubletalk.errors import InputError
from doubletalk.longgame.simulate import simulate
from doubletalk.longgame.solution import search_equilibria, solve_long_game


class Tree(Reference):
    """Every history of moves, states and beliefs of a game that ends, with the belief as it is: no grid, no curves."""

    def __init__(self, game):
        super().__init__(game)
        self.flows, self.known, self.steps = {}, {}, {}

    def paid(self, j, theta, s, moves):
        key = (j, theta, s, moves)
        if key not in self.flows:
            self.flows[key] = self.flow(j, theta or 0, s, moves)
        return self.flows[key]

    def value(self, n, s, b):
        """Worth to everybody of period n at state s and belief b, with n periods gone."""
        if n == self.g.horizon:
            return dict.fromkeys(self.V, 0.0)
        if (n, s, b) not in self.known:
            self.known[n, s, b] = self.branch(n, s, (), b)
        return self.known[n, s, b]

    def branch(self, n, s, moves, b):
        g, i = self.g, len(moves)
        if i == len(g.actors):
            return self.leaf(n, s, moves, b)
        options = [m for m in range(len(g.actors[i].moves)) if self.available(i, s, (*moves, m))]
        if i != self.informed:
            below = [self.branch(n, s, (*moves, m), b) for m in options]
            q = np.array([each[i, None] for each in below])
            p = np.exp(q - np.logaddexp.reduce(q))
            out = {k: sum(c * each[k] for c, each in zip(p, below, strict=True)) for k in self.V}
            out[i, None] = np.logaddexp.reduce(q)
            return out
        ratio = np.zeros(len(options))
        for _ in range(200):
            odds = np.exp(ratio)
            below = [self.branch(n, s, (*moves, m), float(b * o / (b * o + 1 - b))) for m, o in
                     zip(options, odds, strict=True)]  # fmt: skip
            q = np.array([[each[i, t] for each in below] for t in (0, 1)])
            logs = q - np.logaddexp.reduce(q, axis=1)[:, None]
            gap, ratio = np.abs(logs[1] - logs[0] - ratio).max(), logs[1] - logs[0]
            if gap < 1e-13:
                break
        p = (1 - b) * np.exp(logs[0]) + b * np.exp(logs[1])
        out = {k: sum(c * each[k] for c, each in zip(p, below, strict=True)) for k in self.V}
        out[i, 0], out[i, 1] = np.logaddexp.reduce(q, axis=1)
        return out

    def leaf(self, n, s, moves, b):
        g, h = self.g, self.g.hazard
        after = b * (1 - h[1]) + (1 - b) * h[0]
        if (s, moves) not in self.steps:
            self.steps[s, moves] = list(self.next_states(s, moves))
        ahead = [(p, self.value(n + 1, t, after)) for t, p in self.steps[s, moves]]
        out = {}
        for j, theta in self.V:
            if theta is None:
                paid = (1 - b) * self.paid(j, 0, s, moves) + b * self.paid(j, 1, s, moves)
                later = sum(p * each[j, None] for p, each in ahead)
            else:
                paid = self.paid(j, theta, s, moves)
                later = sum(p * ((1 - h[theta]) * each[j, theta] + h[theta] * each[j, 1 - theta]) for p, each in ahead)
            out[j, theta] = paid + g.actors[j].discount * later
        return out


def gap_to_the_tree(game, points):
    """Largest difference in value at the start between the solver on *points* of belief and the tree of histories."""
    tree = Tree(game)
    tree.V = {(0, None): 0, (1, None): 0} | {(tree.informed, t): 0 for t in (0, 1)}
    del tree.V[tree.informed, None]
    begin = tuple(v.start for v in game.variables)
    truth = tree.value(0, begin, game.belief)
    gaps = []
    for each in points:
        solved = solve_long_game(replace(game, points=each))
        assert solved.residual <= 1e-10
        at = round(game.belief * (each - 1))
        columns = {(i, t): c for i, own in enumerate(solved.shape.columns)
                   for t, c in zip((0, 1) if len(own) == 2 else (None,), own, strict=True)}  # fmt: skip
        values = np.asarray(solved.unknown.values)[0]
        gaps.append(max(abs(values[(columns[key], *begin, at)] - worth) for key, worth in truth.items()))
    return gaps


@pytest.mark.parametrize(
    ("order", "horizon"), [(("c", "w"), 2), pytest.param(("w", "c"), 2, marks=pytest.mark.long),
                           pytest.param(("c", "w"), 3, marks=pytest.mark.long)],
)  # fmt: skip
def test_games_that_end_equal_the_whole_tree_of_exact_beliefs(order, horizon):
    """With 161 points of belief the values are those of brute force to 1e-12."""
    gaps = gap_to_the_tree(replace(random_game(11, order=order, stances=2), horizon=horizon), (6, 161))
    assert gaps[1] < 1e-12
    assert gaps[1] < gaps[0] / 1000


def test_the_grid_s_error_falls_with_the_fourth_power_of_its_width():
    """Payoffs three times as large: what is left against the tree is the spline's error, of order four in the width."""
    game = replace(random_game(5, stances=2), horizon=2)
    game = replace(game, coefficients=tuple(replace(c, value=3 * c.value) for c in game.coefficients))
    gaps = gap_to_the_tree(game, (81, 161, 321))
    orders = [np.log2(wide / narrow) for wide, narrow in pairwise(gaps)]
    assert all(3.5 < order < 4.5 for order in orders)
    assert gaps[-1] < 2e-11


def test_without_stances_each_period_is_one_sweep_of_plain_loops():
    """Values after T periods of backward induction equal T sweeps of the reference from zero, to 1e-12."""
    game = replace(random_game(12, stances=1), horizon=4)
    solved = solve_long_game(game)
    loops = Reference(game)
    loops.V = {(i, t): {s: np.zeros(1) for s in loops.states} for i in (0, 1) for t in ((0,) if i == -1 else (None,))}
    loops.L, loops.M, loops.P = {}, {}, {}
    for n in reversed(range(4)):
        loops.sweep()
        for c, key in enumerate(loops.V):
            for s in loops.states:
                assert abs(np.asarray(solved.unknown.values)[(n, c, *s)][0] - loops.V[key][s][0]) < 1e-12


def test_a_long_horizon_is_the_game_that_never_ends():
    """With a discount of 0.8 the first of 120 periods is played as in the game without an end."""
    game = random_game(13, points=3)
    ending = solve_long_game(replace(game, horizon=120))
    endless = solve_long_game(game)
    for actor in game.actors:
        assert np.abs(ending.at(0).probabilities(actor.name) - endless.probabilities(actor.name)).max() < 1e-7
    assert ending.dataset()["P_w"].dims[0] == "n"
    assert ending.dataset().sizes["n"] == 120


def test_simulated_play_of_the_last_period_has_its_own_frequencies():
    """Moves in the last period are drawn with that period's probabilities, and no path goes on after it."""
    game = replace(random_game(11, points=6), horizon=2, hazard=(0.0, 0.0))
    solved = solve_long_game(game)
    run = simulate(game, solved.tables, solved.play, paths=60_000, periods=2, seed=2, stance=0, belief=0.0)
    table = solved.at(1).probabilities("c")[0][..., 0]  # known to be of the first stance: belief 0
    expected = table[tuple(run.levels[1].T)].mean(axis=0)
    seen = np.bincount(run.moves[1, :, 0], minlength=3) / 60_000
    assert np.abs(seen - expected).max() < 5 / np.sqrt(60_000)
    assert np.abs(table - solved.at(0).probabilities("c")[0][..., 0]).max() > 0.01
    with pytest.raises(InputError, match="ends after 2"):
        simulate(game, solved.tables, solved.play, paths=10, periods=3, seed=1)
    with pytest.raises(InputError, match="horizon"):
        search_equilibria(solved)
    with pytest.raises(InputError, match="periods 0 to 1"):
        solved.at(2)
