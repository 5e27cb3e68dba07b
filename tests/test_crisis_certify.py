"""Certified equilibria: every root proved in ball arithmetic, none missed, on games with one, two and three."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from flint import arb
from test_crisis_estimation import many_games

from doubletalk.crisis.ball import BallGame, ball_reply
from doubletalk.crisis.certify import agrees, certify, certify_game, working_precision
from doubletalk.crisis.equilibria import find_equilibria
from doubletalk.crisis.reply import Game, game_of, reply
from doubletalk.crisis.tails import tails


def ball_game(utilities):
    """The exact numbers of one game."""
    return BallGame(*(arb(float(part[0])) for part in game_of(np.array([utilities]))))


def reply_by_integration(game: Game, q: float):
    """W by the definition, int f(u) F(u + d) du, with 30 digits."""
    mpmath.mp.dps = 30
    status, gain, firm, back, resist, stake = (mpmath.mpf(float(part[0])) for part in game)
    c = status + gain * mpmath.ncdf(-q) / mpmath.ncdf(q)
    z1, z2 = c - firm, c - back

    def way(z, d):
        cuts = [z + k / z for k in (0, 1, 4, 12, 30, 80)] if z > 2 else [z, *(p for p in (-2, 2) if p > z), 6, 14]
        return mpmath.quad(lambda u: mpmath.npdf(u) * mpmath.ncdf(u + d), cuts)

    return resist + stake * way(z2, back - firm) / way(z1, firm - back)


def test_balls_agree_with_the_reply_worked_out_by_another_integral():
    """W in balls agrees with quadrature of its definition to 1e-13, and is no wider than 1e-25."""
    utilities = np.random.default_rng(8).normal(size=(4, 7))
    for row in utilities:
        game = game_of(row[None])
        for q in (-1.5, 1.75):
            with working_precision():
                ball = ball_reply(ball_game(row), arb(q)).value
            value = reply_by_integration(game, q)
            assert float(ball.rad()) < 1e-25
            with working_precision():
                assert abs(arb(mpmath.nstr(value, 28)) - ball) < 1e-13
            assert abs(float(ball.mid()) - reply(game, np.array([q])).value[0]) < 1e-10 * (1 + abs(float(value)))


def test_far_out_and_near_formulas_enclose_the_same():
    """Beyond the border of the two formulas both agree with the logarithms that the likelihood uses."""
    for z1, d in ((11.9, 0.7), (12.1, 0.7), (12.1, -0.7), (30.0, 2.0), (-39.0, 1.5), (-41.0, 1.5)):
        game = BallGame(arb(0), arb(0), arb(-z1), arb(-z1) - arb(d), arb(0), arb(1))
        with working_precision():
            point = ball_reply(game, arb(0))
        expected = tails(np.array([z1]), np.array([z1 + d]), np.array([d]))
        assert abs(float(point.odds.log()) - expected.log_odds[0]) < 1e-10 * (1 + abs(expected.log_odds[0]))
        for ball, value in ((point.hazard_s, expected.hazard_s[0]), (point.hazard_b, expected.hazard_b[0])):
            assert abs(float(ball) - value) <= 1e-10 * value + 1e-300


def test_every_game_is_proved_and_the_search_found_the_same():
    """Of games with one, two, three equilibria or only the limit pR = 0, each is proved complete, as searched."""
    every = game_of(many_games(1500))
    number = find_equilibria(every).number()
    games = every.rows(np.concatenate([np.flatnonzero(number > 1), np.arange(0, 1500, 15)]))
    found = find_equilibria(games)
    proofs = certify(games, found)
    assert {len(proof.roots) for proof in proofs} >= {0, 1, 2, 3}
    for game, proof in enumerate(proofs):
        assert proof.complete, proof.reason
        assert agrees(proof, found.q[found.game == game])
        for low, high in proof.roots:
            rows = games.rows(np.full(2, game))
            gap = reply(rows, np.clip([low - 1e-7, high + 1e-7], -25, 25)).value - np.clip([low, high], -25, 25)
            assert not np.isfinite(high - low) or gap[0] * gap[1] < 0


def test_three_equilibria_are_proved_without_being_told_where():
    """A game with three is proved to have three, with no hints, with wrong hints, and with only one of them."""
    games = game_of(many_games(1500))
    found = find_equilibria(games)
    chosen = int(np.flatnonzero(found.number() == 3)[0])
    game = BallGame(*(arb(float(part[chosen])) for part in games))
    roots = found.q[found.game == chosen]
    for hints in (np.empty(0), np.array([0.0, 7.0]), roots[1:2]):
        proof = certify_game(game, hints)
        assert proof.complete
        assert agrees(proof, roots)
        assert not agrees(proof, roots[:2])


def test_beside_a_fold_the_number_is_proved_and_at_the_fold_it_is_left_open():
    """Along barWB - CB three equilibria become one: proved 1e-9 from the fold on both sides, open somewhere between."""
    games = game_of(many_games(1500))
    chosen = int(np.flatnonzero(find_equilibria(games).number() == 3)[0])
    numbers = [float(part[chosen]) for part in games]

    def searched(resist):
        return len(find_equilibria(Game(*(np.array([resist if k == 4 else v]) for k, v in enumerate(numbers)))).q)

    def proved(resist):
        return certify_game(BallGame(*(arb(resist if k == 4 else v) for k, v in enumerate(numbers))), np.empty(0))

    inside, outside = numbers[4], next(numbers[4] + s for s in (2.0, -2.0, 8.0, -8.0) if searched(numbers[4] + s) == 1)
    while abs(inside - outside) > 1e-10:
        middle = 0.5 * (inside + outside)
        inside, outside = (middle, outside) if searched(middle) == 3 else (inside, middle)
    side = 1e-9 * np.sign(inside - outside)
    inside, outside = inside + side, outside - side
    assert [(len(p.roots), p.complete) for p in (proved(inside), proved(outside))] == [(3, True), (1, True)]
    for _ in range(40):
        proof = proved(0.5 * (inside + outside))
        if not proof.complete:
            break
        middle = 0.5 * (inside + outside)
        inside, outside = (middle, outside) if len(proof.roots) == 3 else (inside, middle)
    assert not proof.complete
    assert "touches the diagonal" in proof.reason
    assert proof.roots == ()


@pytest.mark.parametrize("slot", ["stake", "gain", "gap"])
def test_a_constant_reply_has_one_equilibrium(slot):
    """With no stake, no gain, or equal endings for A, W is constant and its value is the equilibrium."""
    numbers = {"status": 0.3, "gain": 0.7, "firm": 0.2, "back": -0.4, "resist": 0.6, "stake": 0.5}
    numbers["back" if slot == "gap" else slot] = 0.2 if slot == "gap" else 0.0
    proof = certify_game(BallGame(*(arb(value) for value in numbers.values())), np.empty(0))
    assert proof.complete
    assert len(proof.roots) == 1
    assert proof.roots[0][1] - proof.roots[0][0] < 1e-14
