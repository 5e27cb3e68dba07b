"""What is remembered from game to game changes no answer, and responses fall into the factors they are said to."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from oracle.random_games import one_audience, random_prior, sequential, simultaneous, two_audiences, with_reply

from doubletalk.case.finding import find_case
from doubletalk.equilibrium import solve
from doubletalk.equilibrium.desk import Desk, alike, desk_of, forget
from doubletalk.equilibrium.output import json_text, solution_json
from doubletalk.equilibrium.pieces import response_complex
from doubletalk.equilibrium.polyhedra import Polytope
from doubletalk.equilibrium.responses import ResponseSide
from doubletalk.exact import Rational
from doubletalk.game.loading import read_game_file
from doubletalk.game.model import Game
from doubletalk.game.structure import solver_class
from doubletalk.regions.atlas_game import AskGame
from doubletalk.regions.atlas_questions import Structure

KINDS = {
    "one audience": lambda rng: one_audience(rng, 3, 3, 2),
    "messages that look alike": lambda rng: one_audience(rng, 2, 3, 2, merge=True),
    "two audiences, public": lambda rng: two_audiences(rng, 2, 2, 2),
    "two audiences, mixed": lambda rng: two_audiences(rng, 2, 2, 2, channel="mixed"),
    "reply": lambda rng: with_reply(rng, 2, 2, 2),
    "in sequence": lambda rng: sequential(rng, 2, 2, reply=False),
    "at once": lambda rng: simultaneous(rng, 2, 2, 2),
}


def written(game: Game, concept: str = "sequential") -> str:
    """The solution file without its timing."""
    content = solution_json(solve(game, concept))
    del content["timing_s"]
    return json_text(content)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sweep_over_the_prior_gives_the_files_of_games_solved_one_by_one(kind):
    """Byte for byte, in any order and with the Nash concept between."""
    for seed in range(4):
        rng = random.Random(seed)
        game = KINDS[kind](rng)
        games = [replace(game, prior=tuple(random_prior(rng, len(game.types)))) for _ in range(4)]
        alone = []
        for one in games:
            forget()
            alone.append((written(one), written(one, "nash")))
        together = [(written(one), written(one, "nash")) for one in games]
        backwards = [written(one) for one in reversed(games)][::-1]
        assert together == alone
        assert backwards == [first for first, _ in alone]


def test_a_desk_serves_games_that_differ_in_chances_alone():
    """The same object for another prior; a new one for another payoff, concept or set of types."""
    game = one_audience(random.Random(3), 3, 2, 2)
    forget()
    desk = desk_of(game, "separable", "sequential", nash=False)
    other = replace(game, prior=tuple(random_prior(random.Random(9), 3)), title="other", parameters={})
    assert desk_of(other, "separable", "sequential", nash=False) is desk
    assert desk_of(game, "separable", "nash", nash=True) is not desk
    assert desk_of(game, "separable", "sequential", nash=False) is desk
    history = next(iter(game.payoffs))
    dearer = replace(game, payoffs={**game.payoffs, history: tuple(u + 1 for u in game.payoffs[history])})
    assert not alike(game, dearer)
    assert desk_of(dearer, "separable", "sequential", nash=False) is not desk
    assert desk_of(game, "separable", "sequential", nash=False) is not desk


@pytest.mark.parametrize("kind", ["one audience", "two audiences, public", "two audiences, mixed", "in sequence"])
def test_the_factors_of_responses_multiply_to_the_whole_polytope(kind):
    """Their extreme points, one from each, are those of the whole system solved at once."""
    most = 0
    for seed in range(8):
        game = KINDS[kind](random.Random(seed))
        desk = Desk(response_complex(game, solver_class(game)[0]), nash=False)
        rng = random.Random(seed)
        pairs = desk.complex.pairs
        for _ in range(60):
            used = frozenset(
                rng.choice([i for i, (t, _) in enumerate(pairs) if t == own]) for own in range(len(game.types))
            )
            used |= {i for i in range(len(pairs)) if rng.random() < 0.15}
            chosen = [rng.choice(pieces) for pieces in desk.numbers.station_pieces]
            factors = desk.side.factors(used, chosen)
            whole = at_once(desk.side, used, chosen)
            found = {frozenset()} if factors is not None else set()
            for factor in factors or ():
                most = max(most, len(factors))
                parts = [frozenset((c, str(w)) for c, w in weight.items()) for weight in factor.weights]
                found = {old | new for old in found for new in parts}
            assert found == whole
    assert most > 1 or kind == "two audiences, mixed"


def at_once(side: ResponseSide, used: frozenset[int], chosen: list[int]) -> set[frozenset[tuple[int, str]]]:
    """The extreme weights of the whole system, as {(column, weight)}."""
    columns = [c for k in chosen for c in side.numbers.piece_columns[k]]
    complex_ = side.complex
    body = Polytope(len(columns))
    for block in range(len(side.numbers.blocks)):
        members = {n: Rational(1) for n, c in enumerate(columns) if side.numbers.column_block[c] == block}
        body.equal(members, Rational(1))

    def pays(i: int) -> list[Rational]:
        gains = []
        for c in columns:
            o, b, v = side.numbers.columns[c]
            gains.append(complex_.stations[o].blocks[b].vertices[v].payoffs.get(i, Rational(0)))
        return gains

    for i in range(len(complex_.pairs)):
        for k in sorted(used):
            if complex_.pairs[k][0] == complex_.pairs[i][0] and k != i:
                row = {n: mine - its for n, (mine, its) in enumerate(zip(pays(k), pays(i), strict=True))}
                rule = body.equal if i in used else body.at_least
                rule(row, complex_.base[i] - complex_.base[k])
    return {frozenset((c, str(w)) for c, w in zip(columns, point, strict=True) if w != 0) for point in body.vertices()}


def test_points_of_an_atlas_are_asked_so_that_neighbours_share_payoffs():
    """h is a chance and s a payoff: points go row by row; with two payoffs they stay as they are."""
    file = read_game_file(find_case("belarus") / "exchange.yaml")
    points = [(Rational(i) / 5, Rational(j)) for i in (3, 1, 2) for j in (4, 2)]
    rows = AskGame(file, ("h", "s"), Structure(), {}).order(points)
    assert sorted(rows) == sorted(points)
    assert [y for _, y in rows] == [2, 2, 2, 4, 4, 4]
    swapped = AskGame(file, ("s", "h"), Structure(), {}).order([(y, x) for x, y in points])
    assert [y for y, _ in swapped] == [2, 2, 2, 4, 4, 4]
    assert AskGame(file, ("d", "s"), Structure(), {}).order(points) == points
