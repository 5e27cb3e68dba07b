"""Following an equilibrium, rules that jump in the belief, and what an analyst may get wrong at the command line."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jax")

import jax.numpy as jnp
from longgame_games import random_game
from typer.testing import CliRunner

from doubletalk.cli import app
from doubletalk.errors import InputError
from doubletalk.longgame.continuation import continue_in_precision, solve_from
from doubletalk.longgame.engine import start
from doubletalk.longgame.reading import long_game_from_text
from doubletalk.longgame.room import Room, Setting, worth_at_start
from doubletalk.longgame.solution import solve_long_game
from doubletalk.longgame.solving import ANDERSON_STEPS, SHARES, TOLERANCE, _damped_one

ARMS = """
doubletalk_longgame: 1
title: Inspections under an arms treaty
discount: {inspector: 0.9, state: 0.95, allies: 0.95}
beliefs: 5
informed:
  actor: state
  stances: {complier: {leaves: 0.02}, cheater: {leaves: 0.01}}
  belief: 1/4
actors:
  inspector: {moves: [watch, visit]}
  state: {moves: {deed: [keep, build], word: [silent, declare]}}
  allies: {moves: [wait, penalise, lift], unavailable: [{move: lift, penalty: none}, {move: penalise, penalty: heavy}]}
states:
  stock:
    levels: [small, medium, large]
    rules:
      - {when: {deed: build, inspector: visit}, up: 1/3}
      - {when: {deed: build}, up: 2/3}
      - {when: {deed: keep}, down: 1/10}
  penalty:
    levels: [none, heavy]
    rules: [{when: {allies: penalise}, to: heavy}, {when: {allies: lift}, to: {none: 3/4}}]
  season: {levels: [calm, crisis], markov: [[9/10, 1/10], [1/2, 1/2]]}
coefficients:
  arms_worth: {value: 1.2}
  build_cost: {value: 0.8}
  guilt: {value: 1}
  bite: {value: 0.7, prior: {uniform: [0, 2]}}
  visit_cost: {value: 0.6}
  alarm: {value: 1}
  price: {value: 0.5}
  found: {value: 0.9}
payoffs:
  inspector:
    - {coefficient: visit_cost, add: -1, when: {inspector: visit}}
    - {coefficient: found, when: {inspector: visit, deed: build}}
  state:
    - {coefficient: arms_worth, when: {season: crisis}, times: {stock: [0, 0.5, 1]}}
    - {coefficient: build_cost, add: -1, when: {deed: build}}
    - {coefficient: guilt, add: -1, when: {deed: build, stance: complier}}
    - {coefficient: bite, add: -1, when: {penalty: heavy}}
  allies:
    - {coefficient: alarm, add: -1, times: {stock: [0, 0.5, 1]}}
    - {coefficient: price, add: -1, when: {penalty: heavy}}
policies:
  strict:
    actor: allies
    rules: [{when: {deed: build, penalty: none}, move: penalise}]
    otherwise: wait
  doubtful:
    actor: allies
    rules: [{belief: [0.5, 1], when: {penalty: none}, move: penalise}]
    otherwise: wait
  reckless: {actor: allies, otherwise: lift}
"""


@pytest.fixture(scope="module")
def arms(tmp_path_factory) -> Path:
    """The file of the inspections game."""
    file = tmp_path_factory.mktemp("arms") / "arms.yaml"
    file.write_text(ARMS, encoding="utf-8")
    return file


def run(*words: object) -> str:
    """What a command prints; its error raised."""
    found = CliRunner().invoke(app, ["longgame", *map(str, words)])
    if found.exception is not None:
        raise found.exception
    return found.stdout


def test_the_path_of_precision_ends_at_the_equilibrium():
    """At lambda = 0 play is uniform over the moves that may be made; at 1 it is what solving finds at once."""
    game = random_game(2, points=3)
    solution, path = continue_in_precision(game, steps=4)
    assert [step.precision for step in path] == [0, 0.25, 0.5, 0.75, 1]
    assert max(step.residual for step in path) <= TOLERANCE
    at_once = solve_long_game(game)
    for actor in game.actors:
        assert np.abs(solution.probabilities(actor.name) - at_once.probabilities(actor.name)).max() < 1e-8
    assert 0.01 < max(step.moved for step in path) < 0.5
    with pytest.raises(InputError, match="at least 1"):
        continue_in_precision(game, steps=0)


@pytest.mark.parametrize("at_once", [(), (("w", "c"),)])
def test_a_stored_solution_is_its_own_guess(tmp_path, at_once):
    """From its own arrays the solver has next to nothing left to do; another game's arrays are refused by name."""
    game = replace(random_game(5, order=("w", "c"), points=3), at_once=at_once)
    solution = solve_long_game(game)
    file = tmp_path / "stored.nc"
    file.write_bytes(bytes(solution.dataset().to_netcdf(None, engine="scipy")))
    again = solve_from(game, file)
    assert again.residual <= TOLERANCE
    assert again.evaluations < solution.evaluations / 3
    assert np.abs(again.probabilities("c") - solution.probabilities("c")).max() < 1e-8
    with pytest.raises(InputError, match=r"another game: V_w has shape .*expected"):
        solve_from(replace(game, points=5), file)
    with pytest.raises(InputError, match="no such file"):
        solve_from(game, tmp_path / "nothing.nc")
    (tmp_path / "text.nc").write_text("not arrays")
    with pytest.raises(InputError, match="is not a solution"):
        solve_from(game, tmp_path / "text.nc")


def test_a_rule_that_jumps_in_the_belief_is_solved_without_swinging_past():
    """With all payoffs of an actor at or below zero, and no shocks under its rule, so are its values, and bounded."""
    room = Room(long_game_from_text(ARMS))
    solution = room.solution(Setting((("bite", 0.3), ("price", 0.8)), policy="doubtful"))
    assert solution.residual <= TOLERANCE
    assert worth_at_start(solution, "allies").max() <= 0
    assert worth_at_start(solution, "allies").min() >= -(1 + 0.8) / 0.05 - 1e-9


def test_damped_steps_find_what_acceleration_finds():
    """The last resort of the solver, asked for alone, reaches the same equilibrium to the same residual."""
    game = random_game(2, points=3)
    solution = solve_long_game(game)
    given = (solution.shape, solution.tables, jnp.asarray(solution.coefficients), start(solution.shape))
    for share in SHARES:
        found = _damped_one(*given, share, TOLERANCE)
        assert float(found.residual) <= TOLERANCE
        assert np.abs(np.asarray(found.unknown.values) - np.asarray(solution.unknown.values)).max() < 1e-8


@pytest.mark.long
def test_a_jump_that_acceleration_does_not_bear_is_solved(full):
    """Twenty-one beliefs under a rule that jumps at one half: 400 accelerated steps are not enough."""
    if not full:
        pytest.skip("with --full: half a minute of compilation")
    game = replace(long_game_from_text(ARMS), points=21)
    solution = solve_long_game(game, policy="doubtful")
    assert solution.residual <= TOLERANCE
    assert solution.evaluations > ANDERSON_STEPS


def test_a_policy_cannot_make_a_move_that_is_barred(arms):
    """The error names the policy, the move and where, from ``solve`` and from ``policies``."""
    for command in (("solve", arms, "--policy", "reckless"), ("policies", arms, "--policy", "reckless", "--paths", 9)):
        with pytest.raises(InputError, match=r"policy 'reckless' makes allies move 'lift' .*penalty: none"):
            run(*command)


def test_responses_start_where_one_asks(arms):
    """--from sets the start; relief where there is nothing to lift is refused."""
    told = run("simulate", arms, "--impose", "allies=lift", "--from", "penalty=heavy", "--periods", 2, "--paths", 500)
    rows = {(r["name"], r["label"], int(r["quarter"] if "quarter" in r else r["period"])): float(r["change"])
            for r in csv.DictReader(io.StringIO(told))}  # fmt: skip
    assert rows["penalty", "none", 0] == 0
    assert rows["penalty", "none", 1] > 0.1
    with pytest.raises(InputError, match=r"allies cannot make the move 'lift' at .*penalty=none"):
        run("simulate", arms, "--impose", "allies=lift")
    with pytest.raises(InputError, match="unknown level of season 'hot'"):
        run("simulate", arms, "--from", "season=hot")
    with pytest.raises(InputError, match="unknown state 'weather'"):
        run("policies", arms, "--from", "weather=hot")


def test_explanations_refuse_what_is_no_state_and_say_who_follows_a_rule(arms):
    """An unknown variable or a belief that is no probability is an error; an actor under a policy has no reasons."""
    with pytest.raises(InputError, match="unknown state variable 'weather'"):
        run("solve", arms, "--explain", "weather=hot")
    with pytest.raises(InputError, match="belief is a probability"):
        run("solve", arms, "--explain", "stock=small", "--belief", 1.5)
    assert "wait, by its policy" in run("solve", arms, "--policy", "strict", "--explain", "stock=small")
    told = run("solve", arms, "--continue", 2)
    assert [line.split(":")[0] for line in told.splitlines()[:3]] == ["lambda 0.000", "lambda 0.500", "lambda 1.000"]
    with pytest.raises(InputError, match="not both"):
        run("solve", arms, "--continue", 2, "--continue-from", "x.nc")
