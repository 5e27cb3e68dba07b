"""Solving for outcomes alone: every outcome of the whole solution is there, and nothing that is no equilibrium."""

from __future__ import annotations

import random

import pytest
from oracle.random_games import one_audience, sequential, two_audiences, with_reply

from doubletalk.case.finding import find_case
from doubletalk.equilibrium import Family, Solution, solve
from doubletalk.equilibrium.polyhedra import hull_contains
from doubletalk.equilibrium.solution import extreme_assessments
from doubletalk.equilibrium.verification import Verifier
from doubletalk.exact import ZERO, Rational
from doubletalk.game.loading import read_game_file
from doubletalk.game.model import Game

SEPARABLE = {
    "one audience": lambda rng: one_audience(rng, 2, 3, 2),
    "three types": lambda rng: one_audience(rng, 3, 2, 2),
    "messages that look alike": lambda rng: one_audience(rng, 2, 3, 2, merge=True),
    "two audiences, public": lambda rng: two_audiences(rng, 2, 2, 2),
    "two audiences, mixed": lambda rng: two_audiences(rng, 2, 2, 2, channel="mixed"),
    "reply": lambda rng: with_reply(rng, 2, 2, 2),
}
WATCHING = {
    "in sequence": lambda rng: sequential(rng, 2, 2),
    "no reply": lambda rng: sequential(rng, 2, 3, reply=False),
}


@pytest.mark.parametrize("kind", SEPARABLE)
def test_every_play_of_the_whole_solution_is_in_a_family(kind):
    """What happens on the path of every extreme point, message by message, lies in the hulls of one family."""
    fewer = 0
    for seed in range(25):
        game = SEPARABLE[kind](random.Random(seed))
        whole, short = solve(game), solve(game, outcomes_only=True)
        families = [family for outcome in short.outcomes for family in outcome.families]
        fewer += size(whole) - size(short)
        for outcome in whole.outcomes:
            for family in outcome.families:
                for s in range(len(family.sender_extremes)):
                    for r in range(len(family.response_extremes)):
                        assert any(holds(game, there, family, s, r) for there in families), seed
    assert fewer > 0


def size(solution: Solution) -> int:
    """How many extreme responses are listed."""
    return sum(len(family.response_extremes) for outcome in solution.outcomes for family in outcome.families)


def holds(game: Game, there: Family, family: Family, s: int, r: int) -> bool:
    """Whether a family has the sender's plan and the responses where it leads of an extreme point of another."""
    plan = family.sender_extremes[s]
    sent = {m for weights in plan.values() for m in weights}
    sets = [
        (a.name, a.observations[a.observation_of[m]], a.actions[a.observation_of[m]])
        for m, label in enumerate(game.messages)
        if label in sent
        for a in game.audiences
    ]

    def sender(one: Family, k: int) -> tuple[Rational, ...]:
        extreme = one.sender_extremes[k]
        sends = [extreme[t].get(m, ZERO) for t in game.types for m in game.messages]
        replies = one.reply_extremes[k] if one.reply_extremes else {}
        shares = []
        for t, m, actions in game.replies:
            weight = extreme[game.types[t]].get(game.messages[m], ZERO)
            node = replies[game.types[t]][game.reply_node(m, actions)]
            shares += [weight * node.get(c, ZERO) for c in game.replies[t, m, actions]]
        return (*sends, *shares)

    def responses(one: Family, k: int) -> tuple[Rational, ...]:
        done = one.response_extremes[k]
        return tuple(done[name][where].get(a, ZERO) for name, where, actions in sets for a in actions)

    return hull_contains([sender(there, k) for k in range(len(there.sender_extremes))], sender(family, s)) and (
        hull_contains([responses(there, k) for k in range(len(there.response_extremes))], responses(family, r))
    )


@pytest.mark.parametrize("kind", [*SEPARABLE, *WATCHING])
def test_every_extreme_point_of_the_short_solution_is_an_equilibrium(kind):
    """By the certificate, which shares no code with the solver; and a game has outcomes in both or in neither."""
    make = {**SEPARABLE, **WATCHING}[kind]
    for seed in range(3 if kind in WATCHING else 10):
        game = make(random.Random(seed))
        short = solve(game, outcomes_only=True)
        verifier = Verifier(game)
        for outcome in short.outcomes:
            for family in outcome.families:
                for point in extreme_assessments(game, family)[:20]:
                    assert verifier(point).valid, seed
        assert bool(short.outcomes) == bool(solve(game).outcomes)


@pytest.mark.long
def test_the_exchange_at_a_knife_edge_is_solved(full):
    """At s = v a hedger's reply ties: thousands of equilibria differ off the path alone, few outcomes on it."""
    file = read_game_file(find_case("belarus") / "exchange.yaml")
    if full:
        edge = solve(file.game({"s": file.values()["v"]}), outcomes_only=True)
        assert edge.stopped is None
        assert 0 < len(edge.outcomes) < 30
    usual = [solve(file.game({}), outcomes_only=short) for short in (False, True)]
    rows = [[(o.kind, o.unique_outcome, str(o.payoffs), str(o.outcome)) for o in s.outcomes] for s in usual]
    assert rows[0] == rows[1]
    assert size(usual[1]) < size(usual[0])
