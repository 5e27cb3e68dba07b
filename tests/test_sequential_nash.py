"""Nash play of audiences in sequence: the families are the whole set, decided by trying profiles without the solver."""

from __future__ import annotations

from itertools import product

import pytest
from oracle.comparison import failed_points
from sequential_oracle import mixed_continuation, nodes_of, random_game, rng_of, worth
from sequential_sets import Families, counts_of, described, random_member, sender_payoff, strategies, table_of

from doubletalk.equilibrium import solve
from doubletalk.equilibrium.pieces_sequential_nash import MOST_PLANS
from doubletalk.errors import TooLarge
from doubletalk.exact import ONE, ZERO, Rational

SHAPES = {
    # actions, types, messages, number of different payoffs; games by default, with --full
    "ties in nearly all payoffs": ((2, 2), 2, 2, 2, 8, 120),
    "ties in many payoffs": ((2, 2), 2, 2, 3, 6, 80),
    "one message": ((2, 2), 2, 1, 2, 4, 40),
    "three audiences, one message": ((2, 2, 2), 2, 1, 3, 1, 12),
    "no ties": ((2, 2), 2, 2, 1000, 3, 60),
}


def reached_nodes(counts, plan):
    """Nodes that the plan leads to."""
    return [h for h in nodes_of(counts) if all(plan[h[:d]][h[d]] != 0 for d in range(len(h)))]


def is_nash(game, strategy, plans):
    """Types gain by no other message; after every sent message each audience does its best wherever play arrives."""
    for t, sendable in enumerate(game.available):
        worths = {m: sender_payoff(game, t, m, counts_of(game, m), plans[m]) for m in sendable}
        if any(strategy[t].get(m, ZERO) != 0 and worths[m] != max(worths.values()) for m in sendable):
            return False
    for m, plan in enumerate(plans):
        weights = {t: game.prior[t] * row.get(m, ZERO) for t, row in enumerate(strategy)}
        if any(weights.values()) and not best_where_reached(table_of(game, m, weights), counts_of(game, m), plan):
            return False
    return True


def best_where_reached(table, counts, plan):
    """Whether every audience does its best at every node that the plan leads to."""
    for node in reached_nodes(counts, plan):
        j = len(node)
        values = [worth(table, counts, plan, (*node, a))[j] for a in range(counts[j])]
        if any(share != 0 and v != max(values) for share, v in zip(plan[node], values, strict=True)):
            return False
    return True


def pure_plans(counts):
    """Every pure plan: node -> unit vector."""
    nodes = nodes_of(counts)
    for picked in product(*(range(counts[len(h)]) for h in nodes)):
        yield {
            h: tuple(ONE if b == a else ZERO for b in range(counts[len(h)])) for h, a in zip(nodes, picked, strict=True)
        }


def threatened(rng, table, counts):
    """A random Nash continuation: a rational one, whose unreached nodes are then made arbitrary where that may be."""
    plan = mixed_continuation(rng, table, counts)
    for node in nodes_of(counts)[1:]:
        if node in reached_nodes(counts, plan):
            continue
        shares = [Rational(rng.choice((0, 1, 2))) for _ in range(counts[len(node)])]
        if any(shares):
            changed = {**plan, node: tuple(s / sum(shares, ZERO) for s in shares)}
            plan = changed if best_where_reached(table, counts, changed) else plan
    return plan


def nash_profiles(rng, game, several=4, most=300):
    """Nash profiles found by trying: pure plans and random mixed ones after every message, senders on a grid."""
    found = []
    every = [list(pure_plans(counts_of(game, m))) for m in range(len(game.messages))]
    for strategy in strategies(game):
        options = []
        for m, pure in enumerate(every):
            weights = {t: game.prior[t] * row.get(m, ZERO) for t, row in enumerate(strategy)}
            if any(weights.values()):
                counts, table = counts_of(game, m), table_of(game, m, weights)
                fit = [plan for plan in pure if best_where_reached(table, counts, plan)]
                plans = rng.sample(fit, min(len(fit), 6)) + [threatened(rng, table, counts) for _ in range(several)]
            else:
                plans = rng.sample(pure, min(len(pure), 8))
            options.append(plans)
        found += [(strategy, list(plans)) for plans in product(*options) if is_nash(game, strategy, plans)]
    return found if len(found) <= most else rng.sample(found, most)


@pytest.mark.long
@pytest.mark.parametrize("name", SHAPES)
def test_nash_families_are_the_whole_set(name, full):
    """Complete answers hold every Nash profile that is tried; all answers hold nothing else."""
    actions, types, messages, top, few, many = SHAPES[name]
    found = complete = 0
    for seed in range(many if full else few):
        rng = rng_of(seed)
        game = random_game(rng_of(seed), actions, types, messages, 0, top)
        solution = solve(game, "nash", time_limit=60)
        assert failed_points(solution, 24) == []
        families = Families(game, solution)
        for family, _ in families.sides[:6]:
            assert is_nash(game, *random_member(rng, game, family)), f"seed {seed}"
        if solution.complete:
            complete += 1
            for strategy, plans in nash_profiles(rng, game, most=300 if full else 60):
                found += 1
                assert families.hold(strategy, plans), f"seed {seed}: {described(game, strategy, plans)}"
    assert complete > 0
    assert found > 0


def test_an_empty_threat_is_nash_and_not_sequential():
    """The second audience may threaten at a node that the first avoids, though the threat would hurt itself."""
    game = random_game(rng_of(0), (2, 2), 1, 1, 0, 1)
    payoffs = {(0, 0): (1, 1), (0, 1): (1, 0), (1, 0): (2, 2), (1, 1): (0, 0)}
    table = {(0, 0, play, -1): (ZERO, *map(Rational, given)) for play, given in payoffs.items()}
    game = type(game)(**{**game.__dict__, "payoffs": table})
    assert [o.payoffs["A0"] for o in solve(game).outcomes] == [2]
    nash = solve(game, "nash")
    assert nash.complete
    assert sorted(o.payoffs["A0"] for o in nash.outcomes) == [1, 2]


def test_too_many_plans_are_refused():
    """Anything may happen off the path, so that all pure plans are needed: a clear error when they are too many."""
    game = random_game(rng_of(1), (3, 3, 3), 1, 1, 0, 5)
    with pytest.raises(TooLarge, match=f"more than {MOST_PLANS} pure plans"):
        solve(game, "nash")
