"""Pieces of audiences that move in sequence: sound, covering, and honest about what is curved."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest
from sequential_oracle import (
    expected,
    extreme_points,
    in_cone,
    is_mixture,
    is_rational,
    labelled,
    mixed_continuation,
    pure_continuations,
    random_game,
    random_point,
    rng_of,
    unlabelled,
)

from doubletalk.equilibrium import solve, verify
from doubletalk.equilibrium.pieces_partial import partial_complex
from doubletalk.equilibrium.pieces_sequential import sequential_complex
from doubletalk.exact import ZERO, Rational

SHAPES = [
    # actions, types, replies, number of different payoffs, games
    ((2, 2), 2, 0, 2, 60),
    ((2, 2), 2, 0, 3, 60),
    ((3, 2), 2, 0, 3, 40),
    ((3, 2), 2, 0, 9, 40),
    ((2, 3), 4, 0, 3, 3),
    ((2, 2), 1, 0, 2, 20),
    ((2, 2, 2), 2, 0, 2, 3),
    ((2, 2, 2), 2, 0, 4, 15),
    ((2, 2), 2, 2, 3, 20),
    ((2, 2), 2, 2, 6, 30),
    ((2, 2), 3, 0, 3, 20),
    ((2, 2), 2, 0, 50, 20),
]


def probe_points(rng, game, complex_, station, extra=4):
    """Beliefs worth asking about: extreme beliefs of every piece and of every curved part, and random ones."""
    points = []
    for piece in station.pieces:
        rays = extreme_points(complex_, station, piece)
        assert rays, "a piece without a belief"
        points += [*rays[:4], random_point(rng, rays)]
    whole = type(station.pieces[0])((), (), ((),), False)
    every = extreme_points(complex_, station, whole)
    points += [random_point(rng, every) for _ in range(extra)]
    return points


def check_game(rng, game):
    """Soundness of every piece, coverage at many beliefs; returns whether the complex claims to be complete."""
    complex_ = sequential_complex(game)
    for number, station in enumerate(complex_.stations):
        message = complex_.pairs[station.pairs[0]][1]
        counts = [len(labels) for labels in game.actions_after(message)]
        block = station.blocks[0]
        for piece in station.pieces:
            check_sound(rng, game, complex_, station, piece, message, counts)
        bounds = [cell for cell in complex_.curved if cell.station == number]
        for point in probe_points(rng, game, complex_, station):
            table = expected(game, complex_, point, station.pairs)
            live = [piece for piece in station.pieces if in_cone(piece, point)]
            tries = pure_continuations(table, counts)
            plans = [(plan, True) for plan in rng.sample(tries, min(len(tries), 6))]
            plans += [(mixed_continuation(rng, table, counts), False) for _ in range(5)]
            for plan, pure in plans:
                assert is_rational(table, counts, plan)
                covered = any(is_mixture(block, piece.support[0], plan, counts) for piece in live)
                excused = not pure and any(in_cone(cell, point) for cell in bounds)
                assert covered or excused, (labelled(game, message, plan), point)
    return not complex_.gaps


def check_sound(rng, game, complex_, station, piece, message, counts):
    """Random mixtures of the piece's vertices are rational at its extreme beliefs and at a random one."""
    block = station.blocks[0]
    rays = extreme_points(complex_, station, piece)
    for point in [*rays[:5], random_point(rng, rays)]:
        table = expected(game, complex_, point, station.pairs)
        for _ in range(2):
            shares = [Rational(rng.choice((0, 0, 1, 2))) for _ in piece.support[0]]
            if sum(shares, ZERO) == 0:
                shares[rng.randrange(len(shares))] = Rational(1)
            total = sum(shares, ZERO)
            pairs = [(s / total, block.vertices[v].point) for s, v in zip(shares, piece.support[0], strict=True)]
            size = len(block.vertices[0].point)
            mixture = tuple(sum((share * vertex[k] for share, vertex in pairs), ZERO) for k in range(size))
            plan = unlabelled(game, message, counts, block.behaviour(mixture))
            assert is_rational(table, counts, plan)
            check_sender(game, complex_, station, block, piece, shares, total, plan, counts)


def check_sender(game, complex_, station, block, piece, shares, total, plan, counts):
    """The sender's payoff of the mixture is the expectation over the play it decodes to."""
    for i in station.pairs:
        t, m = complex_.pairs[i]
        claimed = sum(
            (s / total * block.vertices[v].payoffs[i] for s, v in zip(shares, piece.support[0], strict=True)), ZERO
        )
        direct = ZERO
        for play in game.action_profiles(m):
            weight = Rational(1)
            for depth in range(len(counts)):
                weight *= plan[play[:depth]][play[depth]]
            direct += weight * max(game.payoffs[t, m, play, c][0] for c in game.reply_range(t, m, play))
        assert claimed == direct


def shape_name(shape):
    actions, types, replies, top, _ = shape
    return f"{'x'.join(map(str, actions))}-types{types}-replies{replies}-of{top}"


@pytest.mark.parametrize("shape", SHAPES, ids=shape_name)
def test_pieces_are_sound_and_cover_every_rational_continuation(shape):
    """On random games with many ties: no piece holds an irrational plan, no rational plan is outside every piece."""
    actions, types, replies, top, games = shape
    for seed in range(games):
        rng = rng_of(seed)
        check_game(rng, random_game(rng, actions, types, 1, replies, top))


def test_messages_that_look_alike_share_one_station():
    """Two messages seen as one: four pairs, one belief, still sound and covering."""
    for seed in range(15):
        rng = rng_of(seed)
        check_game(rng, random_game(rng, (2, 2), 2, 2, 0, 3, merged=True))


def test_generic_games_with_two_classes_are_complete():
    """With payoffs that never tie, two classes and two audiences leave no gap."""
    complete = 0
    for seed in range(60):
        rng = rng_of(seed)
        complete += not sequential_complex(random_game(rng, (3, 2), 2, 1, 0, 100000)).gaps
    assert complete == 60


def test_every_gap_has_a_continuation_that_no_piece_holds():
    """A gap is reported only where some rational continuation really is outside every piece."""
    gaps = 0
    for seed in range(40):
        rng = rng_of(seed)
        game = random_game(rng, (2, 2), 2, 1, 0, 2)
        complex_ = sequential_complex(game)
        for reason in complex_.gaps:
            gaps += 1
            cells = [cell for cell in complex_.curved if cell.reason == reason]
            assert any(outside_every_piece(rng, game, complex_, rng.choice(cells)) for _ in range(400)), (seed, reason)
    assert gaps > 3


def outside_every_piece(rng, game, complex_, cell):
    """Whether a random continuation at a random belief of a curved part is in no piece."""
    station = complex_.stations[cell.station]
    point = random_point(rng, extreme_points(complex_, station, cell))
    plan = mixed_continuation(rng, expected(game, complex_, point, station.pairs), [2, 2])
    live = (piece for piece in station.pieces if in_cone(piece, point))
    return not any(is_mixture(station.blocks[0], piece.support[0], plan, [2, 2]) for piece in live)


@pytest.mark.parametrize(("actions", "replies", "top"), [((2, 2), 0, 3), ((3, 2), 2, 50), ((2, 2), 2, 6)])
def test_equilibria_of_sequential_games_verify(actions, replies, top):
    """Every reported extreme point of random two-message games passes the independent check."""
    points = 0
    for seed in range(8):
        game = random_game(rng_of(seed), actions, 2, 2, replies, top)
        for _, _, assessment in solve(game).assessments()[:40]:
            assert verify(game, assessment).valid, seed
            points += 1
    assert points > 20


def test_pure_responses_of_audiences_that_move_at_once_are_all_listed():
    """Two audiences that do not watch each other: at any belief the pure pieces are the pure Nash responses."""
    for seed in range(30):
        rng = rng_of(seed)
        game = random_game(rng, (2, 3), 2, 1, 0, 4)
        game = replace(game, audiences=tuple(replace(audience, watches=()) for audience in game.audiences))
        complex_ = partial_complex(game)
        station = complex_.stations[0]
        block = station.blocks[0]
        for piece in station.pieces:
            rays = extreme_points(complex_, station, piece)
            for point in [*rays, random_point(rng, rays)]:
                table = expected(game, complex_, point, station.pairs)
                nash = {
                    (a, b)
                    for a, b in product(range(2), range(3))
                    if table[a, b][0] == max(table[x, b][0] for x in range(2))
                    and table[a, b][1] == max(table[a, y][1] for y in range(3))
                }
                listed = set()
                for other in station.pieces:
                    if in_cone(other, point):
                        listed |= {profile_of(block.behaviour(block.vertices[v].point)) for v in other.support[0]}
                assert listed == nash


def profile_of(responses):
    """The pure actions of two audiences at the only message."""
    return tuple(int(next(iter(responses[name]["m0"]))[1:]) for name in ("A0", "A1"))


def test_audiences_that_do_not_watch_are_refused_here():
    """The sequential pieces say what they need."""
    game = random_game(rng_of(0))
    game = replace(game, audiences=tuple(replace(audience, watches=()) for audience in game.audiences))
    with pytest.raises(ValueError, match="observe the same and watch all earlier ones"):
        sequential_complex(game)
