"""Games in which all move at once: the entry game of Aguirregabiria and Mira (2007), one with several equilibria."""

from __future__ import annotations

from itertools import pairwise, product

import numpy as np
import pytest
from scipy.optimize import brentq

pytest.importorskip("jax")

from longgame_entry import EXPERIMENTS, FIRMS, FIXED, STEP, at_rest, entry_file

from doubletalk.errors import InputError
from doubletalk.longgame.reading import long_game_from_text
from doubletalk.longgame.solution import LongSolution, search_equilibria, solve_long_game
from doubletalk.longgame.solving import play_at


def active(solved: LongSolution, firms: int) -> np.ndarray:
    """Chances of being active [size, before.., firm]; no firm sees another's move, so any index of those will do."""
    rows = []
    for i, name in enumerate(FIRMS[:firms]):
        table = solved.probabilities(name)[..., 0]
        assert np.ptp(table, axis=tuple(range(1 + firms, 1 + firms + i))).max(initial=0.0) == 0.0
        rows.append(table[(slice(None),) * (1 + firms) + (0,) * i + (1,)])
    return np.stack(rows, axis=-1)


def best_responses(rival: float, entry: float, firms: int) -> np.ndarray:
    """The same chances by rounds of best responses, one firm after the other, each by value iteration."""
    states = list(product(range(5), *(range(2) for _ in range(firms))))
    moves = list(product(range(2), repeat=firms))
    step = np.array(STEP)
    chances = np.full((len(states), firms), 0.5)
    for _ in range(300):
        before = chances.copy()
        for i in range(firms):
            follow, profit = np.zeros((2, len(states), len(states))), np.zeros((2, len(states)))
            for n, state in enumerate(states):
                for move in moves:
                    chance = np.prod([chances[n, j] if move[j] else 1 - chances[n, j] for j in range(firms) if j != i])
                    rivals = sum(move) - move[i]
                    gain = FIXED[i] + 1 + state[0] - rival * np.log(1 + rivals) - entry * (1 - state[1 + i])
                    profit[move[i], n] += chance * (gain if move[i] else 0.0)
                    for size in range(5):
                        follow[move[i], n, states.index((size, *move))] += chance * step[state[0], size]
            value = np.zeros(len(states))
            for _ in range(1000):
                q = profit + 0.95 * follow @ value
                fresh = np.logaddexp(q[0], q[1])
                gap, value = np.abs(fresh - value).max(), fresh
                if gap < 1e-12:
                    break
            chances[:, i] = 1 / (1 + np.exp(q[0] - q[1]))
        if np.abs(chances - before).max() < 1e-12:
            break
    return chances.reshape(5, *(2,) * firms, firms)


@pytest.mark.parametrize("experiment", [1, 5])
def test_the_entry_game_is_solved_by_best_responses_too(experiment):
    """With two firms, the chances of being active equal those of plain rounds of best responses."""
    rival, entry = EXPERIMENTS[experiment]
    solved = solve_long_game(long_game_from_text(entry_file(rival, entry, firms=2)))
    assert np.abs(active(solved, 2) - best_responses(rival, entry, 2)).max() < 1e-9


@pytest.mark.long
def test_the_six_experiments_at_rest(full):
    """Five firms: equal to best responses (--full); turnover falls with the cost of entry, activity with rivalry."""
    found = {}
    for rival, entry in EXPERIMENTS if full else EXPERIMENTS[1:3]:
        solved = solve_long_game(long_game_from_text(entry_file(rival, entry)))
        chances = active(solved, 5)
        found[rival, entry] = at_rest(chances)
        if full:
            assert np.abs(chances - best_responses(rival, entry, 5)).max() < 1e-9
    assert found[1.0, 1.0]["active"] > found[2.0, 1.0]["active"]
    for each in found.values():
        assert np.isclose(each["active"], each["each"].sum(), atol=1e-9)
        assert (np.diff(each["each"]) > 0).all()  # firms are listed by falling fixed costs
    if full:
        assert found[1.0, 0.0]["entrants"] > found[1.0, 1.0]["entrants"] > found[1.0, 4.0]["entrants"]


MEETING = """
doubletalk_longgame: 1
title: Meet at one of two places
discount: {ann: 0.5, bob: 0.8}
at_once: all
actors: {ann: {moves: [north, south]}, bob: {moves: [north, south]}}
states: {place: {levels: [only]}}
coefficients: {ann_north: {value: 4}, ann_south: {value: 3}, bob_north: {value: 3}, bob_south: {value: 5}}
payoffs:
  ann:
    - {coefficient: ann_north, when: {ann: north, bob: north}}
    - {coefficient: ann_south, when: {ann: south, bob: south}}
  bob:
    - {coefficient: bob_north, when: {ann: north, bob: north}}
    - {coefficient: bob_south, when: {ann: south, bob: south}}
"""


def test_all_equilibria_of_a_meeting_game_are_found():
    """Roots of one equation in one unknown say how many equilibria there are and where; the search finds the same."""

    def answer(north, for_north, for_south):
        return 1 / (1 + np.exp(for_south * (1 - north) - for_north * north))

    def gap(p):
        return answer(answer(p, 3, 5), 4, 3) - p

    grid = np.linspace(0, 1, 2001)
    roots = [brentq(gap, a, b, xtol=1e-14) for a, b in pairwise(grid) if gap(a) * gap(b) < 0]
    solved = solve_long_game(long_game_from_text(MEETING))
    found = search_equilibria(solved, starts=24, seed=3)
    plays = [play_at(solved.shape, solved.tables, solved.coefficients, each) for each in found.equilibria]
    north = sorted(float(np.exp(play.log_probabilities[0][0, 0, 0])) for play in plays)
    assert len(roots) == 3
    assert np.allclose(north, roots, atol=1e-8)
    assert sum(found.times) + found.failed == 1 + 1 + 24


def test_moving_at_once_is_read_with_clear_errors():
    """Groups are of actors who follow each other; an actor with a stance comes last in its group."""
    with pytest.raises(InputError, match="at_once"):
        long_game_from_text(MEETING.replace("at_once: all", "at_once: [[ann]]"))
    with pytest.raises(InputError, match="carol"):
        long_game_from_text(MEETING.replace("at_once: all", "at_once: [[ann, carol]]"))
    stances = "informed: {actor: ann, stances: {keen: null, shy: null}}\nat_once: all"
    with pytest.raises(InputError, match="last of its group"):
        long_game_from_text(MEETING.replace("at_once: all", stances))
    barred = MEETING.replace("bob: {moves: [north, south]}",
                             "bob: {moves: [north, south], unavailable: [{move: north, ann: south}]}")  # fmt: skip
    with pytest.raises(InputError, match="ann"):
        long_game_from_text(barred)
