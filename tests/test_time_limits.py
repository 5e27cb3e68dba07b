"""Limits and interruptions: every stage looks at the clock, and stops at once with what it has."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from oracle.random_games import one_audience, sequential, simultaneous, two_audiences, with_reply
from sequential_oracle import random_game, rng_of

from doubletalk.equilibrium import apart, clock, polyhedra, solve
from doubletalk.equilibrium.clock import OutOfTimeError
from doubletalk.equilibrium.desk import forget
from doubletalk.equilibrium.families import FamilyMaker
from doubletalk.equilibrium.polyhedra import Polytope, hull_contains, hull_extremes
from doubletalk.errors import TooLarge
from doubletalk.exact import ONE, ZERO, Rational

GAMES = {
    "separable": lambda: two_audiences(random.Random(1), 3, 3, 3),
    "sequence form": lambda: with_reply(random.Random(1), 2, 3, 4),
    "sequential trait": lambda: sequential(random.Random(2), 2, 3, actions=(3, 2)),
    "partial": lambda: simultaneous(random.Random(1), 2, 2, 3),
}


@pytest.fixture(autouse=True)
def _afresh():
    """No stage is found done from an earlier test."""
    forget()


class SteppingClock:
    """A clock on which every look costs one second; ``late`` counts the looks after *end*."""

    def __init__(self) -> None:
        self.looks = 0
        self.end = float("inf")
        self.late = 0

    def __call__(self) -> float:
        self.looks += 1
        self.late += self.looks > self.end
        return float(self.looks)


@pytest.mark.parametrize("name", GAMES)
def test_the_pieces_stage_stops_at_the_first_look_after_its_deadline(name, monkeypatch):
    """Wherever the deadline falls inside the stage, no second look is taken after it and the answer says why."""
    whole = SteppingClock()
    game = GAMES[name]()
    from doubletalk.equilibrium.pieces import response_complex
    from doubletalk.game.structure import solver_class

    monkeypatch.setattr(clock, "now", whole)
    with clock.deadline(1e9):
        response_complex(game, solver_class(game)[0])
    assert whole.looks > 8
    for end in range(1, whole.looks - 1, max(1, whole.looks // 7)):
        fake = SteppingClock()
        fake.end = end
        monkeypatch.setattr(clock, "now", fake)
        with clock.deadline(end), pytest.raises(OutOfTimeError):
            response_complex(game, solver_class(game)[0])
        assert fake.late == 1


@pytest.mark.parametrize("name", GAMES)
def test_a_limit_that_ends_the_pieces_stage_gives_an_answer_that_says_so(name, monkeypatch):
    """No exception: an incomplete answer without families, with the reason and what stopped it."""
    monkeypatch.setattr(clock, "now", SteppingClock())
    solution = solve(GAMES[name](), time_limit=4.0)
    assert not solution.complete
    assert solution.stopped == "time limit"
    assert "the time limit of 4 s was reached with the rational responses not all found" in solution.why_incomplete
    assert solution.outcomes == ()


def test_ctrl_c_in_the_pieces_stage_is_an_answer_too():
    """KeyboardInterrupt from the progress callback while responses are worked out: ``stopped`` says interrupted."""
    told = []

    def interrupt(done: float | None, words: str) -> None:
        told.append(words)
        raise KeyboardInterrupt

    solution = solve(GAMES["sequential trait"](), progress=interrupt)
    assert told == ["finding rational responses"]
    assert (solution.stopped, solution.complete, solution.outcomes) == ("interrupted", False, ())


def test_families_that_could_not_be_written_out_are_counted(monkeypatch):
    """When the clock runs out while families are put into words, those that are ready stay and the rest are counted."""
    game = two_audiences(random.Random(7), 2, 3, 2)
    whole = sum(len(outcome.families) for outcome in solve(game).outcomes)
    assert whole > 4
    seen = set()
    for pause in range(whole + 1):
        genuine = FamilyMaker.family

        done = []

        def late(maker, product, pause=pause, genuine=genuine, done=done):
            if len(done) == pause:
                raise OutOfTimeError
            done.append(product)
            return genuine(maker, product)

        with monkeypatch.context() as patch:
            patch.setattr(FamilyMaker, "family", late)
            solution = solve(game, time_limit=1000)
        kept = sum(len(outcome.families) for outcome in solution.outcomes)
        seen.add(kept)
        assert kept == pause
        assert kept == whole or f"only {kept} of {whole} families" in solution.why_incomplete
        assert solution.complete == (kept == whole)
    assert len(seen) > 1


# ---- polyhedra in steps, and in a process of their own ---------------------------------------------------------------


def cut_cube(rng: random.Random, size: int) -> Polytope:
    """A cube with some corners cut off."""
    body = Polytope(size)
    for i in range(size):
        body.at_least({i: -ONE}, -ONE)
    for _ in range(6):
        body.at_least({i: Rational(rng.randint(-3, 3)) for i in range(size)}, Rational(rng.randint(-2, 0)))
    return body


@pytest.mark.parametrize("size", [4, 6])
def test_three_ways_of_converting_give_the_same_vertices(size, monkeypatch):
    """In one call, constraint by constraint, and in another process."""
    for seed in range(4 if size == 4 else 2):
        body = cut_cube(random.Random(seed), size)
        direct = body.vertices()
        assert direct
        with monkeypatch.context() as patch:
            patch.setattr(polyhedra, "DIRECT", 0)
            assert body.vertices() == direct
            patch.setattr(polyhedra, "STEP_SECONDS", -1.0)
            assert body.vertices() == direct


def test_an_empty_polyhedron_has_no_vertices_there_either(monkeypatch):
    """Also when another process says so."""
    body = Polytope(3)
    body.equal({0: ONE, 1: ONE, 2: ONE}, -ONE)
    monkeypatch.setattr(polyhedra, "DIRECT", 0)
    monkeypatch.setattr(polyhedra, "STEP_SECONDS", -1.0)
    assert body.vertices() == []


def test_the_other_process_ends_at_the_deadline(monkeypatch):
    """A cube of 2^60 corners: the process is killed, nothing is left running, and the deadline is reported."""
    started = []
    genuine = apart.subprocess.Popen

    def noted(*args, **named):
        started.append(genuine(*args, **named))
        return started[-1]

    monkeypatch.setattr(apart.subprocess, "Popen", noted)
    lines = [(False, 1, tuple(-1 if k == i else 0 for k in range(60))) for i in range(60)]
    lines += [(False, 0, tuple(1 if k == i else 0 for k in range(60))) for i in range(60)]
    with clock.deadline(clock.now() + 0.05), pytest.raises(OutOfTimeError):
        list(apart.converted(60, lines))
    assert started[0].poll() is not None


def test_hulls_by_linear_programmes_are_those_by_faces(monkeypatch):
    """Extreme points and membership, on clouds with many repeated and inner points."""
    rng = random.Random(5)
    for _ in range(5):
        cloud = [tuple(Rational(rng.randint(-2, 2), rng.choice((1, 2))) for _ in range(3)) for _ in range(30)]
        tests = [tuple(Rational(rng.randint(-2, 2)) for _ in range(3)) for _ in range(10)]
        with monkeypatch.context() as patch:
            patch.setattr(polyhedra, "MANY_POINTS", 1000)
            extremes, inside = hull_extremes(cloud), [hull_contains(cloud, t) for t in tests]
            patch.setattr(polyhedra, "MANY_POINTS", 3)
            assert hull_extremes(cloud) == extremes
            assert [hull_contains(cloud, t) for t in tests] == inside
            patch.setattr(polyhedra, "STEP_SECONDS", -1.0)
            assert hull_extremes(cloud) == extremes
        assert True in inside
        assert False in inside


def test_tied_replies_beyond_reach_are_refused_at_once():
    """Three replies that always tie after nine plays for two types: too many extreme beliefs, said before the work."""
    game = random_game(rng_of(1), (3, 3), 2, 3, 3, 2)
    payoffs = {h: (ZERO, *row[1:]) for h, row in game.payoffs.items()}
    with pytest.raises(TooLarge, match="extreme beliefs"):
        solve(replace(game, payoffs=payoffs))


def test_no_deadline_means_no_looks():
    """Without a limit ``check`` does not even ask what time it is."""
    game = one_audience(random.Random(1), 2, 2, 2)
    assert solve(game).complete
    clock.check()
    assert clock.left() == float("inf")
