"""Gambit's equilibria lie in our Nash families, and ours have no regret by Gambit's own exact arithmetic."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from oracle.brute_force import BruteForce, hull, inside
from oracle.comparison import response_vector, sender_vector
from oracle.gambit import GambitGame, gambit_equilibria
from oracle.random_games import audience, build_game, one_audience, sequential, two_audiences, with_reply
from sequential_oracle import unlabelled
from sequential_sets import Families, counts_of

from doubletalk.equilibrium import solve
from doubletalk.equilibrium.solution import Solution
from doubletalk.equilibrium.verification import verify
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

SECONDS = 20.0

IN_SEQUENCE = {
    "two audiences": lambda rng: sequential(rng, 2, 2, reply=False),
    "two audiences, three types": lambda rng: sequential(rng, 3, 2, reply=False),
    "two audiences, three actions": lambda rng: sequential(rng, 2, 2, reply=False, actions=(3, 2)),
    "two audiences, one message": lambda rng: sequential(rng, 2, 1, reply=False),
}

LISTED = {
    "one audience, 2 types": ("enummixed", lambda rng: one_audience(rng, 2, 2, 2)),
    "one audience, 3 types": ("enummixed", lambda rng: one_audience(rng, 3, 2, 2)),
    "one audience, 3 actions": ("enummixed", lambda rng: one_audience(rng, 2, 2, 3)),
    "two audiences, public": ("enumpure", lambda rng: two_audiences(rng, 2, 2, 2)),
    "two audiences, mixed": ("enumpure", lambda rng: two_audiences(rng, 2, 2, 2, channel="mixed")),
}
OURS = {
    **{name: make for name, (_, make) in LISTED.items()},
    "one audience and a reply": lambda rng: with_reply(rng, 2, 2, 2),
    "watching audiences and a reply": lambda rng: sequential(rng, 2, 2),
    "messages that look alike": lambda rng: one_audience(rng, 2, 3, 2, merge=True),
}


def outside(game: Game, solution: Solution, listed: list) -> list:
    """Gambit's equilibria that no family holds."""
    brute = BruteForce(game, "nash", tabulate=False)
    bodies = [
        (hull([sender_vector(brute, s, {}) for s in family.sender_extremes]),
         hull([response_vector(brute, r) for r in family.response_extremes]))
        for outcome in solution.outcomes
        for family in outcome.families
    ]
    gambit, missing = GambitGame(game), []
    for plans in listed:
        point = gambit.assessment(plans)
        x, z = sender_vector(brute, point.sender, {}), response_vector(brute, point.responses)
        if not any(inside(senders, x) and inside(responses, z) for senders, responses in bodies):
            missing.append(point)
    return missing


@pytest.mark.long
@pytest.mark.parametrize("kind", LISTED)
def test_every_equilibrium_that_gambit_lists_is_in_a_nash_family(kind, full):
    """Gambit's exact lists (with a time limit in a process of its own), 6 games of a kind, 60 with --full."""
    method, make = LISTED[kind]
    games, answered = (60 if full else 6), 0
    for seed in range(1000, 1000 + games):
        game = make(random.Random(seed))
        listed = gambit_equilibria(game, method, SECONDS)
        if listed is None:
            continue
        answered += 1
        solution = solve(game, "nash")
        assert solution.complete
        for plans in listed:
            assert verify(game, GambitGame(game).assessment(plans), "nash").valid, f"seed {seed}"
        assert outside(game, solution, listed) == [], f"seed {seed}"
    assert answered >= games // 2


@pytest.mark.long
@pytest.mark.parametrize("kind", IN_SEQUENCE)
def test_every_pure_equilibrium_of_audiences_in_sequence_is_in_a_nash_family(kind, full):
    """Gambit's pure equilibria (2 games of a kind, 20 with --full) are ours (12 a game); ours have no regret (8 each).

    No player moves twice, so that Gambit's reduced strategies name every information set. Gambit has 20 s for a game,
    we have 20 s, 4 s without --full; with --full the 80 games take about three minutes on one core.
    """
    answered = 0
    for seed in range(3000, 3000 + (20 if full else 2)):
        game = IN_SEQUENCE[kind](random.Random(seed))
        listed = gambit_equilibria(game, "enumpure", SECONDS)
        if listed is None:
            continue
        solution = solve(game, "nash", time_limit=20 if full else 4)
        if solution.stopped is not None:
            continue
        answered += 1
        families, gambit = Families(game, solution), GambitGame(game)
        for _, _, point in solution.assessments()[:8]:
            assert gambit.max_regret(point) == 0, f"seed {seed}: {point}"
        for plans in random.Random(seed).sample(listed, min(len(listed), 12)):
            point = gambit.assessment(plans)
            assert verify(game, point, "nash").valid, f"seed {seed}"
            strategy = [
                {m: point.sender[name].get(game.messages[m], ZERO) for m in game.available[t]}
                for t, name in enumerate(game.types)
            ]
            moves = [unlabelled(game, m, counts_of(game, m), point.responses) for m in range(len(game.messages))]
            assert families.hold(strategy, moves), f"seed {seed}"
    assert answered >= (14 if full else 1)


@pytest.mark.long
@pytest.mark.parametrize("concept", ["sequential", "nash"])
@pytest.mark.parametrize("kind", OURS)
def test_our_extreme_points_have_no_regret_by_gambit(kind, concept, full):
    """Gambit's exact largest regret is 0 at every extreme point that we report (at most 16 a game)."""
    for seed in range(2000, 2000 + (40 if full else 4)):
        game = OURS[kind](random.Random(seed))
        gambit = GambitGame(game)
        for _, _, point in solve(game, concept).assessments()[:16]:
            assert gambit.max_regret(point) == 0, f"seed {seed}: {point}"


def test_gambit_finds_the_regret_of_a_bad_point():
    """The check can fail: off equilibrium, a point of a one-type game has exactly the gain that ``verify`` finds."""
    game = build_game(
        [ONE],
        [[0, 1]],
        [audience("a", [0, 1], [2, 2])],
        lambda t, m, a, c: [Rational(m, 3), a[0]],
    )
    gambit = GambitGame(game)
    plan = {("sender", "t0"): {"m0": ONE}, ("a", "o0"): {"a1": ONE}, ("a", "o1"): {"a1": ONE}}
    point = gambit.assessment(plan)
    assert gambit.max_regret(point) == Fraction(1, 3)
    assert verify(game, point, "nash").gains == {"sender": Rational(1, 3), "a": 0}
