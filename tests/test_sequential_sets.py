"""Audiences in sequence: the families are the whole equilibrium set, decided by an oracle without the solver."""

from __future__ import annotations

from dataclasses import replace

import pytest
from oracle.comparison import failed_points
from sequential_oracle import is_rational, labelled, mixed_continuation, random_game, rng_of
from sequential_sets import Families, counts_of, described, equilibria, is_equilibrium, random_member, table_of

from doubletalk.equilibrium import solve
from doubletalk.equilibrium.pieces_sequential import sequential_complex
from doubletalk.exact import ONE, Rational

SHAPES = {
    # actions, types, messages, number of different payoffs; games by default, with --full
    "ties in nearly all payoffs": ((2, 2), 2, 2, 2, 10, 120),
    "ties in many payoffs": ((2, 2), 2, 2, 3, 6, 80),
    "three actions": ((3, 2), 2, 2, 2, 2, 30),
    "one message": ((2, 2), 2, 1, 2, 4, 40),
    "no ties": ((2, 2), 2, 2, 1000, 2, 30),
}


@pytest.mark.long
@pytest.mark.parametrize("name", SHAPES)
def test_families_are_the_whole_set(name, full):
    """Complete answers hold every equilibrium the oracle finds; all answers hold nothing that is not one."""
    actions, types, messages, top, few, many = SHAPES[name]
    found = complete = 0
    for seed in range(many if full else few):
        rng = rng_of(seed)
        game = random_game(rng_of(seed), actions, types, messages, 0, top)
        solution = solve(game, time_limit=60)
        families = Families(game, solution)
        for family, _ in families.sides:
            for _ in range(3):
                assert is_equilibrium(game, *random_member(rng, game, family)), f"seed {seed}"
        if solution.complete:
            complete += 1
            for strategy, plans in equilibria(rng, game):
                found += 1
                assert families.hold(strategy, plans), f"seed {seed}: {described(game, strategy, plans)}"
    assert complete > 0
    assert found > 0


def test_the_oracle_can_fail():
    """With one family left out, some equilibrium that the oracle finds is in none."""
    missed = 0
    for seed in range(4):
        game = random_game(rng_of(seed), (2, 2), 2, 2, 0, 2)
        families = Families(game, solve(game))
        families.sides = families.sides[1:]
        missed += any(not families.hold(*one) for one in equilibria(rng_of(seed), game))
    assert missed > 0


def test_pooling_at_a_curved_belief_is_resolved_exactly():
    """Games whose pieces have gaps although every equilibrium is in a product: the answer is complete, and verified."""
    resolved = 0
    for seed in range(60):
        game = random_game(rng_of(seed), (2, 2), 2, 1, 0, 2)
        solution = solve(game)
        if sequential_complex(game).gaps and solution.complete:
            resolved += 1
            assert failed_points(solution) == []
            families = Families(game, solution)
            assert all(families.hold(*one) for one in equilibria(rng_of(seed), game, several=8)), seed
    assert resolved > 2


def test_an_incomplete_answer_hides_a_real_equilibrium():
    """Where ties make the set curved, some equilibrium really is in no family."""
    for seed in (3, 7):
        game = random_game(rng_of(seed), (2, 2), 2, 2, 0, 2)
        solution = solve(game)
        assert not solution.complete
        families = Families(game, solution)
        tried = equilibria(rng_of(100 * seed), game, several=25, most=700)
        outside = [one for one in tried if not families.hold(*one)]
        assert outside
        assert all(is_equilibrium(game, *one) for one in outside)


@pytest.mark.long
def test_three_audiences_at_the_prior_where_a_first_mover_is_indifferent(full):
    """Everybody pools, so that the belief is the prior: every rational continuation there is in a complete answer.

    Game 96 was once called complete with 8 extreme points missing: a belief at which the first audience changes its
    mind was taken for one at which the mixtures of the second had been resolved.
    """
    tried = 0
    for seed in range(300) if full else (6, 29, 69, 96):
        rng = rng_of(seed)
        top = rng.choice((2, 3))
        prior = rng_of(seed).choice([Rational(1, 2), Rational(1, 3), Rational(2, 3), Rational(1, 4)])
        game = replace(random_game(rng_of(seed), (2, 2, 2), 2, 1, 0, top), prior=(prior, ONE - prior))
        solution = solve(game, time_limit=20)
        if not solution.complete:
            continue
        assert failed_points(solution) == []
        families, counts = Families(game, solution), counts_of(game, 0)
        table = table_of(game, 0, dict(enumerate(game.prior)))
        for _ in range(60):
            plan = mixed_continuation(rng, table, counts)
            assert is_rational(table, counts, plan)
            tried += 1
            assert families.hold([{0: ONE}, {0: ONE}], [plan]), f"seed {seed}: {labelled(game, 0, plan)}"
    assert tried > 100
