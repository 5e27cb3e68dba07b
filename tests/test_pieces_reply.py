"""Pieces of one audience whose sender replies: every belief with its best actions, replies included."""

from __future__ import annotations

import pytest
from sequential_oracle import expected, extreme_points, in_cone, random_game, random_point, rng_of

from doubletalk.equilibrium import solve, verify
from doubletalk.equilibrium.pieces_reply import reply_complex
from doubletalk.equilibrium.response import Piece
from doubletalk.exact import ONE, ZERO, Rational

SHAPES = [((2,), 2, 2, 2, False), ((3,), 3, 2, 2, False), ((4,), 2, 0, 3, False), ((3,), 2, 3, 2, True)]


def best_actions(game, complex_, station, point):
    """The maximisers of expected payoff, worked out from the game."""
    table = expected(game, complex_, point, station.pairs)
    top = max(values[0] for values in table.values())
    return {actions[0] for actions, values in table.items() if values[0] == top}


@pytest.mark.parametrize(("actions", "types", "replies", "top", "merged"), SHAPES)
def test_the_pieces_at_a_belief_are_the_sets_of_best_actions(actions, types, replies, top, merged):
    """At any belief with any reply mixture the union of the pieces' supports is the set of best actions, as a piece."""
    for seed in range(20):
        rng = rng_of(seed)
        game = random_game(rng, actions, types, 2, replies, top, merged)
        complex_ = reply_complex(game)
        assert complex_.gaps == ()
        for station in complex_.stations:
            everything = extreme_points(complex_, station, Piece((), (), ((),), True))
            points = [random_point(rng, everything) for _ in range(5)]
            for piece in station.pieces:
                rays = extreme_points(complex_, station, piece)
                assert rays
                points += [rays[0], random_point(rng, rays)]
            for point in points:
                best = best_actions(game, complex_, station, point)
                live = [set(piece.support[0]) for piece in station.pieces if in_cone(piece, point)]
                assert best in live
                assert all(support <= best for support in live)


def test_subsets_of_a_piece_are_pieces_with_more_beliefs():
    """What ``simplex=True`` promises: every nonempty part of a support is a support, and loses no belief."""
    for seed in range(20):
        rng = rng_of(seed)
        complex_ = reply_complex(random_game(rng, (3,), 2, 1, 2, 2))
        for station in complex_.stations:
            by_support = {piece.support[0]: piece for piece in station.pieces}
            for support, piece in by_support.items():
                point = random_point(rng, extreme_points(complex_, station, piece))
                for left_out in support if len(support) > 1 else ():
                    smaller = by_support[tuple(a for a in support if a != left_out)]
                    assert in_cone(smaller, point)


def test_replies_are_read_from_the_weights():
    """gamma = y / x where the type is expected, the first best reply where it is not."""
    for seed in range(40):
        game = random_game(rng_of(seed), (2,), 2, 1, 2, 2)
        complex_ = reply_complex(game)
        if not complex_.links:
            continue
        row = complex_.links[0]
        (pair,) = (i for i, value in row.items() if value == -1)
        first, second = (i for i, value in row.items() if value == 1)
        point = [ZERO] * complex_.unknowns
        point[pair], point[first], point[second] = ONE, Rational(1) / 3, Rational(2) / 3
        for other in complex_.links[1:]:
            if pair in other:
                point[next(i for i, value in other.items() if value == 1)] = ONE
        t = complex_.pairs[pair][0]
        replies = complex_.replies(tuple(point))
        assert {"c0": Rational(1) / 3, "c1": Rational(2) / 3} in replies[game.types[t]].values()
        assert all(len(mixture) == 1 for mixture in replies[game.types[1 - t]].values())
        return
    pytest.fail("no game with a tie that matters")


def test_a_game_with_two_audiences_is_refused():
    """The error names the game and the count."""
    with pytest.raises(ValueError, match="one audience; game 'random' has 2"):
        reply_complex(random_game(rng_of(0)))


def test_equilibria_with_replies_verify():
    """Every reported extreme point passes the independent check, and the answer is complete."""
    for seed in range(15):
        game = random_game(rng_of(seed), (2,), 3, 2, 2, 3)
        solution = solve(game)
        assert solution.complete
        assert solution.outcomes
        for _, _, assessment in solution.assessments()[:60]:
            assert verify(game, assessment).valid, seed
