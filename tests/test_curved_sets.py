"""Where ties make the equilibrium set curved: families and curved sets together are the whole set, and nothing else."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import pytest
from sequential_curved import beliefs_tried, described_by, has_supports, meets, numbers_of, spoken
from sequential_oracle import random_game, rng_of, unlabelled
from sequential_sets import (
    Families,
    counts_of,
    described,
    encoded,
    equilibria,
    is_equilibrium,
    mixes,
    weights_of,
)

from doubletalk.equilibrium import solve
from doubletalk.equilibrium.output import polynomial_text, solution_json
from doubletalk.equilibrium.verification import verify
from doubletalk.exact import ONE, ZERO, Rational

SCHEMA = files("doubletalk") / "schemas" / "solution.schema.json"

SHAPES = {
    # actions, types, messages, number of different payoffs; games by default, with --full
    "ties in nearly all payoffs": ((2, 2), 2, 2, 2, 12, 300),
    "ties in many payoffs": ((2, 2), 2, 2, 3, 8, 200),
    "three types": ((2, 2), 3, 2, 2, 1, 40),
    "three actions": ((3, 2), 2, 2, 2, 5, 40),
    "three audiences": ((2, 2, 2), 2, 2, 3, 2, 12),
}


@pytest.mark.long
@pytest.mark.parametrize("name", SHAPES)
def test_families_and_curved_sets_are_the_whole_set(name, full):
    """Every equilibrium that the oracle finds lies in a family or in a curved set."""
    actions, types, messages, top, few, many = SHAPES[name]
    curved = inside = 0
    for seed in range(many if full else few):
        rng = rng_of(seed)
        game = random_game(rng_of(seed), actions, types, messages, 0, top)
        solution = solve(game, time_limit=60)
        if not solution.curved:
            continue
        assert solution.complete_with_curved
        assert not solution.complete
        curved += 1
        families = Families(game, solution)
        for strategy, plans in equilibria(rng, game, several=4, most=300 if full else 60):
            if not families.hold(strategy, plans):
                inside += 1
                assert described_by(game, solution, strategy, plans), f"seed {seed}: {described(game, strategy, plans)}"
    assert curved > 0
    if actions == (2, 2) and types == 2:
        assert inside > 0


def random_plan(rng, game, m, curved):
    """A random plan that plays only what the curved set lists."""
    given = {}
    for who, sets in curved.plays.items():
        given[who] = {}
        for where, labels in sets.items():
            shares = [Rational(rng.choice((0, 1, 2))) for _ in labels]
            shares = shares if any(shares) else [ONE for _ in labels]
            given[who][where] = {n: s / sum(shares, ZERO) for n, s in zip(labels, shares, strict=True) if s != 0}
    return unlabelled(game, m, counts_of(game, m), given)


@pytest.mark.long
def test_whatever_meets_a_description_is_an_equilibrium(full):
    """Random assessments with the listed supports: the conditions hold for equilibria and only for them."""
    met = failed = 0
    for seed in range(60 if full else 14):
        rng = rng_of(seed)
        game = random_game(rng_of(seed), (2, 2), 2, 2, 0, 2)
        for curved in solve(game).curved[:6]:
            for _ in range(30):
                strategy = []
                for t, sendable in enumerate(game.available):
                    sent = [m for m in sendable if game.messages[m] in curved.sends[game.types[t]]]
                    shares = [Rational(rng.randint(1, 3)) for _ in sent]
                    row = dict.fromkeys(sendable, ZERO)
                    strategy.append(row | {m: s / sum(shares, ZERO) for m, s in zip(sent, shares, strict=True)})
                plans = [random_plan(rng, game, m, curved) for m in range(len(game.messages))]
                tried = beliefs_tried(game, strategy)
                holds = any(meets(curved, numbers_of(game, strategy, plans, b)) for b in tried)
                if holds:
                    met += 1
                    assert is_equilibrium(game, strategy, plans), f"seed {seed}"
                elif tried == [{}]:
                    failed += 1
                    assert not is_equilibrium(game, strategy, plans), f"seed {seed}"
    assert met > 5
    assert failed > 5


def test_the_point_of_a_curved_set_is_an_equilibrium_outside_the_families():
    """The point that shows a curved set to be needed: verified, a member of the set, and in no family."""
    shown = 0
    for seed in (2, 3, 5, 13):
        game = random_game(rng_of(seed), (2, 2), 2, 2, 0, 2)
        solution = solve(game)
        families = Families(game, solution)
        for curved in solution.curved:
            if curved.point is None:
                continue
            shown += 1
            point = curved.point
            assert verify(game, point).valid
            strategy = [
                {m: point.sender[name].get(game.messages[m], ZERO) for m in game.available[t]}
                for t, name in enumerate(game.types)
            ]
            plans = [unlabelled(game, m, counts_of(game, m), point.responses) for m in range(len(game.messages))]
            beliefs = {
                (m, t): share
                for m, message in enumerate(game.messages)
                if message in point.beliefs
                for t in range(len(game.types))
                for share in [point.beliefs[message].get(game.types[t], ZERO)]
            }
            assert has_supports(game, curved, strategy, plans)
            assert meets(curved, numbers_of(game, strategy, plans, beliefs))
            assert not families.hold(strategy, plans)
    assert shown > 5


def in_a_family_with_replies(game, solution, point):
    """Whether some family holds the sender's messages and replies together with the audiences' plans."""
    wanted = spoken(game, point.sender, point.replies)
    plans = [unlabelled(game, m, counts_of(game, m), point.responses) for m in range(len(game.messages))]
    target = {(m, at): w for m, plan in enumerate(plans) for at, w in weights_of(counts_of(game, m), plan).items()}
    for outcome in solution.outcomes:
        for family in outcome.families:
            pairs = zip(family.sender_extremes, family.reply_extremes, strict=True)
            senders = [spoken(game, sender, replies) for sender, replies in pairs]
            names = {**dict.fromkeys({k for one in senders for k in one}, ZERO), **wanted}
            responses = [encoded(game, r) for r in family.response_extremes]
            if mixes(senders, names) and mixes(responses, target):
                return True
    return False


def test_points_of_curved_sets_under_tied_replies():
    """Where replies tie, the point names the replies: verified, the conditions hold, no family has it."""
    shown = 0
    for seed in (7000, 7003, 7005, 7006):
        game = random_game(rng_of(seed), (2, 2), 2, 2, 2, 2)
        solution = solve(game)
        for curved in solution.curved:
            point = curved.point
            if point is None:
                continue
            shown += 1
            assert verify(game, point).valid
            assert not in_a_family_with_replies(game, solution, point)
            strategy = [
                {m: point.sender[name].get(game.messages[m], ZERO) for m in game.available[t]}
                for t, name in enumerate(game.types)
            ]
            plans = [unlabelled(game, m, counts_of(game, m), point.responses) for m in range(len(game.messages))]
            beliefs = {
                (m, t): point.beliefs[message].get(game.types[t], ZERO)
                for m, message in enumerate(game.messages)
                if message in point.beliefs
                for t in range(len(game.types))
            }
            replies = {
                f"S({label} | {name}, {node})": share
                for name, nodes in point.replies.items()
                for node, mix in nodes.items()
                for label, share in mix.items()
            }
            assert has_supports(game, curved, strategy, plans)
            assert meets(curved, {**numbers_of(game, strategy, plans, beliefs), **replies})
    assert shown > 5


def test_extreme_points_are_in_their_families_with_replies():
    """The membership that the test above denies holds for what families list themselves."""
    game = random_game(rng_of(7000), (2, 2), 2, 2, 2, 2)
    solution = solve(game)
    points = [point for _, _, point in solution.assessments()][::25]
    assert len(points) > 3
    assert all(in_a_family_with_replies(game, solution, point) for point in points)


def test_curved_sets_in_the_solution_file():
    """They are written as the schema says; games without any have neither key."""
    content = solution_json(solve(random_game(rng_of(3), (2, 2), 2, 2, 0, 2)))
    jsonschema.validate(json.loads(json.dumps(content)), json.loads(SCHEMA.read_text()))
    assert content["complete_with_curved"]
    assert not content["complete"]
    assert all(one["conditions"] for one in content["curved"])
    plain = solution_json(solve(random_game(rng_of(0), (2, 2), 2, 2, 0, 2)))
    assert plain["complete"]
    assert "curved" not in plain


def test_outcomes_alone_claim_nothing_about_curved_sets():
    """Where only outcomes are asked for, responses off the path are left out, so that no whole set is claimed."""
    solution = solve(random_game(rng_of(3), (2, 2), 2, 2, 0, 2), outcomes_only=True)
    assert solution.curved == ()
    assert not solution.complete_with_curved


def test_polynomials_in_words():
    """Longest terms first, the sign between them, a constant without names."""
    given = {("A(a | m)", "S(m | t)"): Rational(1, 2), (): Rational(-1, 3), ("S(m | t)",): Rational(-2)}
    assert polynomial_text(given) == "1/2 * A(a | m) * S(m | t) - 2 * S(m | t) - 1/3"
    assert polynomial_text({}) == "0"
