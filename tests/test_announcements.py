"""Announcements: a second road by solving a game of staying or speaking, and four types by hand."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

import pytest
from oracle.random_games import audience, build_game, random_prior

from doubletalk.equilibrium import solve
from doubletalk.equilibrium.polyhedra import hull_extremes
from doubletalk.equilibrium.summary import play
from doubletalk.exact import ZERO, Rational
from doubletalk.game.loading import game_from_text
from doubletalk.game.model import NO_REPLY, Game
from doubletalk.refinement.announcement_proof import announcement_proof
from doubletalk.refinement.announcing import Announcement, Search, TooManySystemsError
from doubletalk.refinement.setting import Setting

STAY = "stay"


def cheap_talk(rng: random.Random, types: int, actions: int) -> Game:
    """Two messages that cost nothing, one audience; payoffs from a small or a wide range."""
    span = rng.choice((2, 9))
    sender = {(t, a): rng.randint(-span, span) for t in range(types) for a in range(actions)}
    listener = {(t, a): rng.randint(-span, span) for t in range(types) for a in range(actions)}
    return build_game(
        random_prior(rng, types),
        [[0, 1]] * types,
        [audience("a", (0, 1), (actions, actions))],
        lambda t, m, a, c: [sender[t, a[0]], listener[t, a[0]]],
    )


def speaking_game(game: Game, star: tuple[Rational, ...], count: int) -> Game:
    """Each type stays with *star* or speaks one of *count* new words: its equilibria in which everybody's choice of
    staying is pure are the weakly credible announcements."""
    words = tuple(f"word {n + 1}" for n in range(count))
    (who,) = game.audiences
    spoken = replace(
        who,
        observations=(STAY, *words),
        observation_of=tuple(range(count + 1)),
        actions=((STAY,), *(who.actions[0] for _ in words)),
    )
    payoffs = {(t, 0, (0,), NO_REPLY): (star[t], ZERO) for t in range(len(game.types))}
    for t, m, actions, c in game.histories():
        if m == 0:
            payoffs |= {(t, n, actions, c): game.payoffs[t, 0, actions, c] for n in range(1, count + 1)}
    available = tuple(tuple(range(count + 1)) for _ in game.types)
    return replace(game, messages=(STAY, *words), available=available, audiences=(spoken,), payoffs=payoffs)


def by_solving(game: Game, star: tuple[Rational, ...]) -> set[Announcement]:
    """The announcements, read from the solution of ``speaking_game``."""
    solution = solve(speaking_game(game, star, len(game.types)))
    assert solution.complete
    found = set()
    for outcome in solution.outcomes:
        for family in outcome.families:
            points = set()
            for response in family.response_extremes:
                by_type = play(solution.game, family.sender_extremes[0], response, {})[1][game.sender]
                points.add(tuple(by_type[t] for t in game.types))
            hull = hull_extremes(sorted(points))
            for group in speakers(game, family.sender_extremes):
                highest = tuple(max(p[t] for p in hull) for t in group)
                lowest = tuple(min(p[t] for p in hull) for t in group)
                before = tuple(star[t] for t in group)
                if highest != before:
                    gain = all(v > u for v, u in zip(highest, before, strict=True))
                    found.add(Announcement(group, highest, gain and highest == lowest))
    return found


def speakers(game: Game, extremes) -> Iterator[tuple[int, ...]]:
    """The groups that speak for sure while the others stay for sure."""
    for sender in extremes:
        stays = [sender[t].get(STAY, ZERO) for t in game.types]
        group = tuple(t for t, weight in enumerate(stays) if weight == 0)
        if group and all(weight in (0, 1) for weight in stays):
            yield group


def verdict(found) -> bool | None:
    """The rule: no credible one, a sure credible one, or open."""
    if any(a.sure and not any(a.contested_by(b) for b in found) for a in found):
        return False
    contested = all(any(a.contested_by(b) for b in found if b.sure) for a in found)
    return True if contested else None


@pytest.mark.parametrize(("types", "actions", "games"), [(2, 3, 30), (3, 3, 8)])
def test_verdicts_agree_with_those_of_a_solved_game(types, actions, games, full):
    """Every outcome of random cheap-talk games; the best payoffs that each type can hope for agree too."""
    verdicts = []
    for seed in range(5 * games if full else games):
        game = cheap_talk(random.Random(seed), types, actions)
        setting = Setting(solve(game))
        for outcome in setting.solution.outcomes:
            points = {point for view in setting.views(outcome) for point in view.points}
            if len(points) > 1:
                continue
            (star,) = points
            found, other = set(Search(setting.deviation(0), star).found()), by_solving(game, star)
            assert {a for a in found if a.sure} == {a for a in other if a.sure}, (seed, outcome.id)
            assert {a.group for a in found} == {a.group for a in other}, (seed, outcome.id)
            verdicts.append(announcement_proof(setting, outcome).verdict)
            assert verdicts[-1] is verdict(other), (seed, outcome.id)
    assert True in verdicts
    assert False in verdicts


FOUR = """
doubletalk: 1
title: Four states, two of which want to be known
sender: {name: s, types: {t1: 1/4, t2: 1/4, t3: 1/4, t4: 1/4}, messages: [m1, m2]}
audiences: {j: {actions: [a1, a2, safe]}}
payoffs:
  s:
    - {when: {type: t1, j: a1}, add: 2}
    - {when: {type: t2, j: a2}, add: 2}
    - {when: {j: safe}, add: 1}
  j:
    - {when: {type: t1, j: a1}, add: 4}
    - {when: {type: t2, j: a2}, add: 4}
    - {when: {j: safe}, add: 3}
"""


def test_a_type_among_four_that_wants_to_be_known_announces_itself():
    """'Safe' is best unless t1 or t2 has a chance of 3/4, and pays 1. t1, named, gets 2, and a1 pays nobody else
    anything; no announcement gives t1 more. So babbling is not announcement-proof, and naming both states is."""
    setting = Setting(solve(game_from_text(FOUR)))
    by_points = {view.points: o for o in setting.solution.outcomes for view in setting.views(o)}
    one, two = Rational(1), Rational(2)
    why = announcement_proof(setting, by_points[((one, one, one, one),)])
    assert why.verdict is False
    assert why.deviation == {"t1": (two, one)}
    assert announcement_proof(setting, by_points[((two, one, one, one),)]).deviation == {"t2": (two, one)}


def test_a_search_that_would_take_too_long_is_given_up():
    """The limit is on linear systems, and the answer is then open, with the reason."""
    setting = Setting(solve(game_from_text(FOUR)))
    star = tuple(Rational(1) for _ in range(4))
    with pytest.raises(TooManySystemsError):
        list(Search(setting.deviation(0), star, most=10).found())
