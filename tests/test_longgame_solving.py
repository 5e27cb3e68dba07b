"""The long game's solver against plain loops, closed forms, finite differences and simulation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

jax = pytest.importorskip("jax")

from longgame_games import NORMAL, Reference, random_game  # noqa: E402

from doubletalk.longgame import solving  # noqa: E402
from doubletalk.longgame.beliefs import belief_grid, curve_weights  # noqa: E402
from doubletalk.longgame.declaration import (  # noqa: E402
    Actor,
    Coefficient,
    Counter,
    LongGame,
    Policy,
    PolicyRule,
    Rule,
    Term,
    Variable,
)
from doubletalk.longgame.engine import continuation, inside, outside, start, tables_of  # noqa: E402
from doubletalk.longgame.explaining import _Here, explain  # noqa: E402
from doubletalk.longgame.policies import outcomes_of  # noqa: E402
from doubletalk.longgame.simulate import simulate  # noqa: E402
from doubletalk.longgame.solution import search_equilibria, solve_long_game  # noqa: E402

CASES = [
    (1, ("c", "w"), 1, ()), (2, ("c", "w"), 2, ()), (3, ("w", "c"), 2, ()),
    (4, ("c", "w"), 1, (("c", "w"),)), (5, ("w", "c"), 2, (("w", "c"),)),
]  # fmt: skip


@pytest.mark.parametrize(("seed", "order", "stances", "at_once"), CASES)
def test_the_solver_agrees_with_plain_loops(seed, order, stances, at_once):
    """Values and choice probabilities equal those of loops written from the definition, to 1e-8."""
    game = replace(random_game(seed, order=order, stances=stances, points=3), at_once=at_once)
    solved = solve_long_game(game)
    assert solved.residual <= solving.TOLERANCE
    loops = Reference(game).solve()
    values = np.asarray(solved.unknown.values)
    for c, key in enumerate(loops.V):
        for s in loops.states:
            assert np.allclose(values[c][s], loops.V[key][s], atol=1e-8, rtol=0)
    for (i, *rest), chances in loops.P.items():
        actor = game.actors[i].name
        table = solved.probabilities(actor)
        if i == loops.informed:
            theta, s, moves, b = rest
            table = table[theta]
        else:
            s, moves, b = rest
        n = list(loops.beliefs).index(b)
        row = table[(*s, *moves, *[0] * (i - len(moves)))][:, n]
        for m in range(len(row)):
            assert abs(row[m] - chances.get(m, 0.0)) < 1e-8


def test_one_actor_is_rust_s_bus_engine():
    """Replacement of a bus engine: the solver's values equal value iteration on Rust's contraction."""
    n, cost, replacement = 12, 0.3, 4.0
    levels = tuple(str(k) for k in range(n))
    drift = ((1, None, 0.5), (2, None, 0.1))
    mileage = Variable("miles", levels, 0, (Rule({"owner": (1,)}, ((None, 0, 1.0),)), Rule({}, drift)))
    terms = (
        Term("wear", -1.0, {"owner": (0,)}, {"miles": tuple(float(k) for k in range(n))}),
        Term("price", -1.0, {"owner": (1,)}),
    )
    owner = Actor("owner", ("keep", "replace"), {}, 0.9, terms)
    coefficients = (Coefficient("wear", cost, NORMAL), Coefficient("price", replacement, NORMAL))
    solved = solve_long_game(LongGame("bus", "", "month", (owner,), (mileage,), coefficients))
    value = np.zeros(n)
    for _ in range(2000):
        keep = np.array([0.4 * value[k] + 0.5 * value[min(k + 1, n - 1)] + 0.1 * value[min(k + 2, n - 1)]
                         for k in range(n)])  # fmt: skip
        a, b = -cost * np.arange(n) + 0.9 * keep, np.full(n, -replacement + 0.9 * value[0])
        value = np.logaddexp(a, b)
    chance = 1 / (1 + np.exp(a - b))
    assert np.allclose(np.asarray(solved.unknown.values)[0, :, 0], value, atol=1e-8)
    assert np.allclose(solved.probabilities("owner")[:, 1, 0], chance, atol=1e-9)


def test_derivatives_are_those_of_finite_differences():
    """Implicit derivatives in every coefficient equal central differences."""
    game = random_game(2, points=3)
    shape, tables = tables_of(game)
    values = np.array(game.values)

    def sum_of_values(c):
        return (solving.equilibrium(shape, tables, c, start(shape)).values ** 2).sum()

    slope = np.asarray(jax.grad(sum_of_values)(jax.numpy.asarray(values)))
    solve = lambda c: float((np.asarray(solving.solve(shape, tables, c).unknown.values) ** 2).sum())  # noqa: E731
    for k in range(len(values)):
        step = np.zeros_like(values)
        step[k] = 1e-5
        assert abs(slope[k] - (solve(values + step) - solve(values - step)) / 2e-5) < 1e-4 * (1 + abs(slope[k]))


def test_new_coefficients_compile_nothing():
    """Other coefficients, discounts and hazards of a game of the same shape run the same program."""
    game = random_game(4, points=3)
    solve_long_game(game)
    before = solving.compilations()
    solve_long_game(game, {"c0": 0.123})
    solve_long_game(replace(game, hazard=(0.02, 0.3)))
    assert solving.compilations() == before


def test_many_draws_in_one_call_are_those_solved_one_by_one():
    """A vectorised call and a loop give the same equilibria, and the loop compiles nothing more."""
    game = random_game(4, points=3)
    shape, tables = tables_of(game)
    draws = np.array(game.values) * (1 + 0.2 * np.random.default_rng(1).normal(size=(3, len(game.values))))
    solving.solve(shape, tables, draws[0])
    before = solving.compilations()
    loop = solving.solve_many(shape, tables, draws, together=False)
    assert solving.compilations() == before
    call = solving.solve_many(shape, tables, draws, together=True)
    assert float(loop.residual.max()) <= solving.TOLERANCE
    assert float(call.residual.max()) <= solving.TOLERANCE
    assert np.abs(np.asarray(loop.unknown.values) - np.asarray(call.unknown.values)).max() < 1e-8
    assert np.ptp(np.asarray(loop.unknown.values), axis=0).max() > 0.01


def test_both_ways_to_the_continuation_agree(monkeypatch):
    """The joint transition matrix and the axis-by-axis contraction give the same expectation."""
    game = random_game(5)
    shape, tables = tables_of(game)
    values = inside(shape, start(shape)).values
    values = jax.numpy.asarray(np.random.default_rng(1).normal(size=values.shape))
    one = continuation(shape, tables, values, belief_grid(shape.points))
    other = continuation(shape, tables._replace(joint=None), values, belief_grid(shape.points))
    assert np.allclose(one, other, atol=1e-12)


def test_the_solver_s_order_of_axes_is_undone():
    """An unknown put in the solver's order of axes and back is itself."""
    shape, _ = tables_of(random_game(5, order=("w", "c")))
    random = np.random.default_rng(2)
    given = jax.tree.map(lambda part: jax.numpy.asarray(random.normal(size=part.shape)), start(shape))
    again = outside(shape, inside(shape, given))
    assert np.array_equal(again.values, given.values)
    assert np.array_equal(again.ratios, given.ratios)


def test_curves_in_the_belief_are_not_a_knot_splines():
    """Interpolation equals scipy's spline; value and slope are continuous across a grid point."""
    for points in (2, 3, 4, 9):
        values = np.random.default_rng(points).normal(size=points)
        at = np.linspace(0, 1, 50)
        found = np.asarray(curve_weights(points, jax.numpy.asarray(at))) @ values
        assert np.allclose(found, CubicSpline(np.linspace(0, 1, points), values)(at), atol=1e-12)


def test_the_belief_is_a_martingale_without_hazard():
    """Under the true process the public belief has mean equal to the prior in every period."""
    game = replace(random_game(6, points=3), hazard=(0.0, 0.0))
    solved = solve_long_game(game)
    run = simulate(solved.game, solved.tables, solved.play, paths=40_000, periods=8, seed=3)
    error = run.beliefs[1:].std(axis=1) / np.sqrt(40_000)
    assert np.all(np.abs(run.beliefs[1:].mean(axis=1) - game.belief) < 5 * error + 1e-12)
    assert run.beliefs[-1].std() > 0.01
    again = simulate(solved.game, solved.tables, solved.play, paths=40_000, periods=8, seed=3)
    assert np.array_equal(run.moves, again.moves)


def test_simulated_moves_have_the_equilibrium_s_frequencies():
    """First-period moves are drawn with the choice probabilities at the start."""
    game = random_game(7, points=3)
    solved = solve_long_game(game)
    run = simulate(game, solved.tables, solved.play, paths=60_000, periods=1, seed=1, stance=1, belief=0.5)
    levels = tuple(v.start for v in game.variables)
    expected = solved.probabilities("c")[1][levels][:, 1]
    seen = np.bincount(run.moves[0, :, 0], minlength=3) / 60_000
    assert np.all(np.abs(seen - expected) < 5 * np.sqrt(expected * (1 - expected) / 60_000) + 1e-9)


def test_a_policy_s_worth_is_what_its_simulated_payoffs_add_up_to():
    """An actor under a rule has no shocks: its value at the start is the mean discounted payoff of its paths."""
    game = random_game(8, points=3)
    counter = Counter("run", 2, {"x": (1,)})
    rules = (PolicyRule({"run": (2,)}, 1), PolicyRule({"c": (0,)}, 1, (0.0, 0.5)))
    game = replace(game, policies=(Policy("rule", "w", rules, 0, (counter,)),))
    solved = solve_long_game(game, policy="rule")
    found = outcomes_of(game, ["rule"], paths=30_000, periods=60, seed=5)
    start_values = np.asarray(solved.unknown.values)[2][(*(v.start for v in game.variables), 0)]
    worth = np.interp(game.belief, [0, 0.5, 1], start_values)
    assert abs(found.payoff[0, 1] - worth) < 5 * found.payoff_error[0, 1] + 0.02  # and the belief grid's own error


def test_search_from_many_starts_counts_the_equilibria():
    """The equilibrium found first is found again; every start is accounted for."""
    solved = solve_long_game(random_game(2, points=3))
    found = search_equilibria(solved, starts=4)
    assert sum(found.times) + found.failed == 1 + 1 + 4
    lines = explain(solved, {"x": "lo", "e": "0", "y": "b"}, 0.4)
    assert any("c (first)" in line for line in lines)
    assert any("(best)" in line and " now, " in line for line in lines)


def test_without_a_future_a_move_is_worth_what_it_pays_now():
    """With discounts of zero the explained payoffs of the period differ as choice values do, for every actor."""
    game = random_game(2, points=3)
    game = replace(game, actors=tuple(replace(actor, discount=0.0) for actor in game.actors))
    solved = solve_long_game(game)
    for levels in ((0, 0, 1), (1, 1, 2), (1, 0, 0)):
        here = _Here(solved, levels)
        for stance in (0, 1):
            worth = here.worth(0, stance, (), float(stance))
            paid = [here.paid(0, stance, (), m, float(stance)) for m in range(len(worth))]
            assert np.allclose(worth - worth[0], np.array(paid) - paid[0], atol=1e-9)
        for seen in ((0,), (1,)):
            worth = here.worth(1, None, seen, 0.5)
            paid = [here.paid(1, None, seen, m, 0.5) for m in range(len(worth))]
            assert np.allclose(worth - worth[0], np.array(paid) - paid[0], atol=1e-9)
