"""Logit play: the branch against Gambit and closed forms, its limit against the exact solution, its fit to counts."""

from __future__ import annotations

import math
import random
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pygambit
import pytest
from oracle.gambit import GambitGame
from oracle.random_games import audience, build_game, one_audience, sequential, simultaneous, two_audiences, with_reply

from doubletalk import library
from doubletalk.equilibrium import solve
from doubletalk.errors import InputError
from doubletalk.exact import ONE
from doubletalk.game.model import Game
from doubletalk.quantal import (
    BranchStatus,
    ContinuationError,
    FitStatus,
    LimitStatus,
    at,
    fit,
    limit,
    logit_branch,
    tracing,
)
from doubletalk.quantal import branch as branch_module
from doubletalk.quantal.form import Profile, agent_form
from doubletalk.quantal.limit import distance_to_hull

KINDS: dict[str, Callable[[random.Random], Game]] = {
    "one audience": lambda rng: one_audience(rng, 3, 3, 3),
    "two audiences": lambda rng: two_audiences(rng, 2, 3, 2),
    "reply": lambda rng: with_reply(rng, 2, 2, 2),
    "watching": lambda rng: sequential(rng, 3, 2),
    "at once": lambda rng: simultaneous(rng, 2, 2, 3),
    "look alike": lambda rng: one_audience(rng, 3, 4, 3, merge=True),
}
LIBRARY = [entry.path for entry in library.entries()]
TURNING = "undefeated_pooling"


def random_games(each: int) -> list[Game]:
    """Seeded games, *each* of every kind."""
    return [make(random.Random(50 * n + seed)) for n, make in enumerate(KINDS.values()) for seed in range(each)]


def interchangeable(game: Game) -> bool:
    """Whether two messages can change places without changing the game: talk is cheap, and the branch bifurcates."""

    def swapped(h: tuple[int, int, tuple[int, ...], int], a: int, b: int) -> tuple[int, int, tuple[int, ...], int]:
        return (h[0], {a: b, b: a}.get(h[1], h[1]), *h[2:])

    pairs = [(a, b) for b in range(len(game.messages)) for a in range(b)]
    return any(
        all(game.payoffs.get(swapped(h, a, b)) == paid for h, paid in game.payoffs.items()) for a, b in pairs
    )


def logit_gap(game: Game, profile: Profile, rationality: float) -> float:
    """The largest gap between the profile and the logit response to it, by plain sums over plays in Python."""
    reached: dict[tuple[str, str, str], float] = {}
    earned: dict[tuple[str, str, str], float] = {}
    for t, m, actions, c in game.histories():
        sender = profile[game.sender]
        weight = int(game.prior[t].p) / int(game.prior[t].q)
        moves = [(game.sender, game.types[t], game.messages[m])]
        for j, who in enumerate(game.audiences):
            moves.append((who.name, game.information_set(j, m, actions), game.actions_after(m)[j][actions[j]]))
        if c >= 0:
            key = f"{game.types[t]}|{game.reply_node(m, actions)}"
            assert key in sender
            moves.append((game.sender, key, game.replies[t, m, actions][c]))
        for player, key, label in moves:
            weight *= profile[player][key][label]
        for move in moves:
            paid = game.payoffs[t, m, actions, c][game.players.index(move[0])]
            reached[move] = reached.get(move, 0.0) + weight
            earned[move] = earned.get(move, 0.0) + weight * int(paid.p) / int(paid.q)
    gap = 0.0
    for player, sets in profile.items():
        for key, plan in sets.items():
            value = {a: rationality * earned[player, key, a] / reached[player, key, a] for a in plan}
            top = max(value.values())
            total = sum(math.exp(v - top) for v in value.values())
            gap = max(gap, *(abs(plan[a] - math.exp(v - top) / total) for a, v in value.items()))
    return gap


def gambit_points(game: Game, rationalities: list[float]) -> list[tuple[float, Profile]]:
    """Gambit's logit equilibria of the agents of the tree, by our keys."""
    bridge = GambitGame(game)
    keys = {(s.player.number, s.number): key for key, s in bridge.sets.items()}
    order = [keys[p.number, s.number] for p in bridge.tree.players for s in p.infosets]
    found = []
    for solved in pygambit.qre.logit_solve_lambda(bridge.tree, rationalities):
        profile: dict[str, dict[str, dict[str, float]]] = {}
        values = iter([solved[n] for n in range(len(solved))])
        for player, key in order:
            profile.setdefault(player, {})[key] = {label: next(values) for label in bridge.moves[player, key]}
        found.append((solved.lam, profile))
    return found


def difference(first: Profile, second: Profile) -> float:
    """The largest difference between two profiles."""
    return max(
        abs(share - second[player][key][label])
        for player, sets in first.items()
        for key, plan in sets.items()
        for label, share in plan.items()
    )


@pytest.mark.long
def test_the_branch_agrees_with_gambit(full: bool) -> None:
    """To 1e-6 at five rationalities a game: 14 games of the library and at random, 86 with --full.

    Where messages are interchangeable the branch bifurcates, and which way a program goes is a matter of rounding;
    there the comparison ends before the first bifurcation. Where the branch turns back, Gambit's point must be
    one of ours at that rationality.
    """
    games = [library.load(path) for path in LIBRARY] + random_games(9)
    games = games if full else games[3::6]
    assert len(games) == (86 if full else 14)
    for game in games:
        branch = logit_branch(game)
        reach = (0.1, 0.3, 0.5, 0.8, 1.0) if interchangeable(game) else (0.5, 2.0, 6.0, 15.0, 30.0)
        compared = 0
        for rationality, profile in gambit_points(game, [r / branch.form.scale for r in reach]):
            gaps = [difference(point.profile, profile) for point in branch.all_at(rationality)]
            assert min(gaps) < 1e-6, f"{game.title} at {rationality}: {min(gaps)}"
            compared += 1
        assert compared == 5


@pytest.mark.parametrize("path", LIBRARY)
def test_every_point_of_a_library_branch_is_a_logit_equilibrium(path: str) -> None:
    """All points answer themselves to 1e-9, by a computation of its own, as far as it can divide by what is reached."""
    game = library.load(path)
    branch = logit_branch(game)
    assert branch.status is BranchStatus.REACHED
    assert branch.largest_residual <= 1e-10
    assert branch.lambdas[-1] == pytest.approx(1e4 / branch.form.scale, rel=1e-12)
    checked = [point for point in branch.points() if point.rationality * branch.form.scale < 100]
    assert len(checked) > 8
    for point in checked:
        assert logit_gap(game, point.profile, point.rationality) < 1e-9, point


def test_the_check_of_a_logit_equilibrium_can_fail() -> None:
    """The computation used above finds the gap of a profile that belongs to another rationality."""
    game = library.load("beer_quiche")
    assert logit_gap(game, at(game, 1.0).profile, 1.1) > 1e-3


def test_a_single_decision_is_the_logit_formula() -> None:
    """One type, two messages worth 0 and 1, nobody who reacts: P = 1 / (1 + exp(-lambda)); and a reply the same."""
    game = build_game(
        [ONE],
        [[0, 1]],
        [audience("a", [0, 1], [1, 1])],
        lambda t, m, a, c: [m + (2 * c if c > 0 else 0), 0],
        lambda t, m, a: 2 if m else 0,
    )
    point = at(game, 0.7)
    reply = 1 / (1 + math.exp(-1.4))
    assert point.profile["sender"]["t0|m1|a=a0"]["c1"] == pytest.approx(reply, abs=1e-12)
    speak = 1 / (1 + math.exp(-0.7 * (1 + 2 * reply)))
    assert point.profile["sender"]["t0"]["m1"] == pytest.approx(speak, abs=1e-12)
    assert point.residual <= 1e-12


def test_without_rationality_every_action_is_equally_likely() -> None:
    """At 0 the profile is uniform at every information set."""
    for game in random_games(1):
        for sets in at(game, 0.0).profile.values():
            for plan in sets.values():
                assert all(share == pytest.approx(1 / len(plan), abs=1e-15) for share in plan.values())


def test_the_jacobian_is_that_of_finite_differences() -> None:
    """Central differences of F at random points agree with the Jacobian to 1e-6."""
    for number, game in enumerate(random_games(1)):
        form = agent_form(game)
        x = np.append(np.random.default_rng(number).normal(size=len(form.free)), 1.7)
        _, jacobian = form.system(x)
        for i in range(len(x)):
            step = np.zeros(len(x))
            step[i] = 1e-6
            slope = (form.system(x + step)[0] - form.system(x - step)[0]) / 2e-6
            assert np.abs(slope - jacobian[:, i]).max() < 1e-6


def test_a_branch_that_turns_back_is_followed() -> None:
    """Mailath, Okuno-Fujiwara & Postlewaite's game has rationalities with three points on the one branch."""
    game = library.load(TURNING)
    branch = logit_branch(game)
    turns = np.flatnonzero(np.diff(np.sign(np.diff(branch.lambdas))) != 0)
    assert len(turns) == 2
    middle = float(branch.lambdas[turns[0] + 1] + branch.lambdas[turns[1] + 1]) / 2
    points = branch.all_at(middle)
    assert len(points) == 3
    assert all(logit_gap(game, point.profile, middle) < 1e-9 for point in points)
    assert min(difference(points[a].profile, points[b].profile) for a, b in ((0, 1), (1, 2), (0, 2))) > 1e-3
    assert branch.at(middle).profile == points[0].profile


def test_finer_steps_follow_the_same_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    """No branch is left for another by a long step: twice as many end at the same point and turn as often."""
    games = [library.load(TURNING), library.load("spence_three_types"), library.load("settlement"), *random_games(1)]
    coarse = [logit_branch(game, 1000.0 / agent_form(game).scale) for game in games]
    monkeypatch.setattr(branch_module, "GROWTH", 1.2)
    monkeypatch.setattr(branch_module, "AIM", 0.004)
    monkeypatch.setattr(tracing, "FIRST_CORRECTION", 0.05)
    for game, first in zip(games, coarse, strict=True):
        second = logit_branch(game, 1000.0 / first.form.scale)
        assert first.status is second.status is BranchStatus.REACHED
        assert len(second.lambdas) > 2 * len(first.lambdas)
        assert difference(first.points()[-1].profile, second.points()[-1].profile) < 1e-6
        turned = [int((np.diff(np.sign(np.diff(b.lambdas))) != 0).sum()) for b in (first, second)]
        assert turned[0] == turned[1]


def test_doubling_all_payoffs_halves_the_rationality() -> None:
    """Rationality has the unit of one over payoff; constants added to payoffs do not matter."""
    game = library.load("spence1973/two_types")
    paid = {h: tuple(2 * v + 5 for v in values) for h, values in game.payoffs.items()}
    double = Game(**{**game.__dict__, "payoffs": paid})
    assert difference(at(game, 3.0).profile, at(double, 1.5).profile) < 1e-9


def test_interchangeable_messages_stay_equally_likely() -> None:
    """Where messages mean nothing of themselves the branch goes straight on through its bifurcations: babbling."""
    for name in ("lewis1969/two_states", "crawford_sobel1982/uniform_quadratic_3_2"):
        game = library.load(name)
        assert interchangeable(game)
        end = logit_branch(game).points()[-1].profile[game.sender]
        for plan in end.values():
            assert all(share == pytest.approx(1 / len(plan), abs=1e-6) for share in plan.values())


def test_the_limit_is_a_component_of_the_exact_solution() -> None:
    """Every library branch ends near one component and clearly no other; where play is mixed it still comes nearer."""
    for path in LIBRARY:
        game = library.load(path)
        found = limit(logit_branch(game), solve(game))
        assert found.status is LimitStatus.MATCHED, path
        assert found.distance < 1e-3
        assert found.distance <= max(found.before, 1e-12)


def test_limits_of_complete_random_solutions_are_found() -> None:
    """A complete solution has the limit among its families: 24 random games, ties and replies included."""
    matched = 0
    for game in random_games(4):
        solution = solve(game)
        found = limit(logit_branch(game), solution)
        if solution.complete:
            assert found.status is not LimitStatus.FAR, (game.title, found)
            matched += found.status is LimitStatus.MATCHED
    assert matched >= 16


def test_the_limit_of_beer_quiche_is_pooling_on_beer() -> None:
    """Logit play selects the outcome that the intuitive criterion keeps (Cho & Kreps 1987)."""
    game = library.load("beer_quiche")
    solution = solve(game)
    found = limit(logit_branch(game), solution)
    outcome = next(o for o in solution.outcomes if o.id == found.outcome)
    assert outcome.sender == {"weak": {"beer": ONE}, "strong": {"beer": ONE}}


def test_a_short_branch_has_no_limit_yet() -> None:
    """Near rationality 0 no component is near; and a solution of another game is refused."""
    game, other = library.load("beer_quiche"), library.load("spence1973/two_types")
    assert limit(logit_branch(game, 0.1), solve(game)).status is LimitStatus.FAR
    with pytest.raises(InputError, match="the branch is of 'Beer-quiche', the solution of another game"):
        limit(logit_branch(game, 0.1), solve(other))


def test_distance_to_a_hull() -> None:
    """Known distances from a triangle, and 50 random hulls whose nearest point satisfies the projection inequality."""
    triangle = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    for point, expected in (((0.2, 0.3), 0.0), ((1.0, 1.0), math.sqrt(0.5)), ((-3.0, -4.0), 5.0), ((0.5, -2.0), 2.0)):
        assert distance_to_hull(np.array(point), triangle) == pytest.approx(expected, abs=1e-12)
    rng = np.random.default_rng(8)
    for _ in range(50):
        corners, point = rng.normal(size=(6, 4)), rng.normal(size=4) * 2
        found = distance_to_hull(point, corners)
        weights = rng.dirichlet(np.full(6, 0.3), size=4000)
        assert found <= np.linalg.norm(weights @ corners - point, axis=1).min() + 1e-12
        if found > 1e-9:
            lifted = distance_to_hull(point, np.vstack([corners, corners.mean(axis=0)]))
            assert lifted == pytest.approx(found, abs=1e-9)


def drawn(profile: Profile, times: int, rng: np.random.Generator) -> dict[str, dict[str, dict[str, float]]]:
    """Counts of *times* choices at every information set."""
    return {
        player: {
            key: dict(zip(plan, rng.multinomial(times, list(plan.values())).tolist(), strict=True))
            for key, plan in sets.items()
        }
        for player, sets in profile.items()
    }


def log_likelihood(counts: dict[str, dict[str, dict[str, float]]], profile: Profile) -> float:
    """The sum of n log pi."""
    return sum(
        n * math.log(profile[player][key][label])
        for player, sets in counts.items()
        for key, plan in sets.items()
        for label, n in plan.items()
    )


def test_the_fit_recovers_the_rationality_that_made_the_counts() -> None:
    """50 samples of beer-quiche at 1.3: the mean is right, the errors match the spread and cover 95 times in 100."""
    game = library.load("beer_quiche")
    truth, rng = at(game, 1.3).profile, np.random.default_rng(3)
    fits = [fit(game, drawn(truth, 200, rng)) for _ in range(50)]
    assert {f.status for f in fits} == {FitStatus.INTERIOR}
    values = np.array([f.rationality for f in fits])
    errors = np.array([f.standard_error for f in fits], dtype=float)
    assert abs(values.mean() - 1.3) < 4 * values.std() / math.sqrt(50)
    assert 0.75 < values.std() / errors.mean() < 1.25
    assert (np.abs(values - 1.3) < 1.96 * errors).mean() > 0.88
    expected = np.array([f.expected_error for f in fits], dtype=float)
    assert np.abs(expected / errors - 1).mean() < 0.1


@pytest.mark.parametrize("name", ["beer_quiche", "settlement", "patron_and_rival", TURNING])
def test_the_fit_is_the_maximum_of_the_likelihood(name: str) -> None:
    """No point of a fine grid along the branch is likelier; the error is that of second differences."""
    game = library.load(name)
    scale = agent_form(game).scale
    counts = drawn(at(game, 2.0 / scale).profile, 100, np.random.default_rng(11))
    found = fit(game, counts)
    assert found.status is FitStatus.INTERIOR
    assert found.point.residual < 1e-9
    assert found.log_likelihood == pytest.approx(log_likelihood(counts, found.point.profile), abs=1e-9)
    assert found.log_likelihood_zero < found.log_likelihood < found.log_likelihood_free
    for mu in np.linspace(0.05, 12, 120):
        for point in found.branch.all_at(mu / scale):
            assert log_likelihood(counts, point.profile) <= found.log_likelihood + 1e-9
    h = 1e-3 / scale
    sides = [log_likelihood(counts, at(game, found.rationality + s * h).profile) for s in (-1, 0, 1)]
    second = (sides[0] - 2 * sides[1] + sides[2]) / h**2
    assert found.standard_error == pytest.approx(1 / math.sqrt(-second), rel=1e-3)


def test_gambits_profiles_are_less_likely_on_both_sides_of_the_fit() -> None:
    """The likelihood of Gambit's own logit equilibria falls to either side of our estimate."""
    game = library.load("settlement")
    counts = drawn(at(game, 2.0 / agent_form(game).scale).profile, 100, np.random.default_rng(12))
    best = fit(game, counts).rationality
    values = [log_likelihood(counts, p) for _, p in gambit_points(game, [0.98 * best, best, 1.02 * best])]
    assert values[1] > max(values[0], values[2])
    assert values[1] == pytest.approx(fit(game, counts).log_likelihood, abs=1e-6)


def test_counts_outside_the_branch_are_reported_as_such() -> None:
    """Counts against all reason fit best at 0, perfect ones at the end, and single choices say nothing."""
    game = library.load("beer_quiche")
    spoken = {"weak": {"beer": 9, "quiche": 1}, "strong": {"quiche": 10}}
    folly = {"traveller": spoken, "bully": {"beer": {"fight": 30}}}
    found = fit(game, folly)
    assert (found.status, found.rationality, found.standard_error) == (FitStatus.AT_ZERO, 0.0, None)
    assert found.log_likelihood == pytest.approx(50 * math.log(0.5))
    sense = {"traveller": {"strong": {"beer": 10}}, "bully": {"beer": {"leave": 30}}}
    assert fit(game, sense, highest=20.0).status is FitStatus.AT_HIGHEST
    poker = library.load("stripped_down_poker")
    dull = fit(poker, {"other": {"fold": {"take": 5}}})
    assert dull.status is FitStatus.FLAT


def test_wrong_input_is_refused_in_words() -> None:
    """Unknown names, negative and empty counts, rationalities and tolerances out of range."""
    game = library.load("beer_quiche")
    branch = logit_branch(game, 1.0)
    with pytest.raises(InputError, match="counts name 'bully' at 'wine'; known: 'beer', 'quiche'"):
        fit(game, {"bully": {"wine": {"fight": 1}}})
    with pytest.raises(InputError, match="counts of 'bully' at 'beer' name 'sing'; known: fight, leave"):
        fit(game, {"bully": {"beer": {"sing": 1}}})
    with pytest.raises(InputError, match="count of 'fight' by 'bully' at 'beer' is -1, expected 0 or more"):
        fit(game, {"bully": {"beer": {"fight": -1}}})
    with pytest.raises(InputError, match="all counts are zero"):
        fit(game, {})
    with pytest.raises(InputError, match="rationality must be a finite number of at least 0, found -1"):
        at(game, -1.0)
    with pytest.raises(InputError, match="the branch ends at rationality 1, asked for 2"):
        branch.at(2.0)
    with pytest.raises(InputError, match="tolerance must lie between 1e-12 and 1e-4, found 1"):
        logit_branch(game, 1.0, tolerance=1.0)


def test_a_branch_that_stops_early_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a limit of three steps the status is TOO_MANY_STEPS, and ``at`` refuses to answer."""
    monkeypatch.setattr(branch_module, "MOST_STEPS", 3)
    game = library.load("beer_quiche")
    branch = logit_branch(game, 50.0)
    assert branch.status is BranchStatus.TOO_MANY_STEPS
    assert "limit on steps" in branch.message
    assert len(branch.lambdas) == len(branch.steps) + 1 == 4
    with pytest.raises(ContinuationError, match=r"stopped at rationality .* of 50: the limit on steps"):
        at(game, 50.0)


def test_a_point_is_shown_with_its_residual() -> None:
    """The residual is the first thing after the rationality, and every information set has a line."""
    lines = str(at(library.load("beer_quiche"), 1.0)).splitlines()
    assert lines[0].startswith("rationality 1, residual ")
    assert len(lines) == 5


def test_importing_needs_neither_jax_nor_scipy() -> None:
    """``doubletalk.quantal`` and ``doubletalk.interchange`` import without the heavy packages."""
    code = (
        "import sys, doubletalk.interchange; assert 'numpy' not in sys.modules; import doubletalk.quantal; "
        "assert not {'jax', 'scipy', 'polars', 'altair'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_page_prints_what_it_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """The examples of docs/quantal.md run, and print the text on the page (residuals apart)."""
    page = (Path(__file__).parent.parent / "docs" / "quantal.md").read_text(encoding="utf-8")
    scope: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, scope)
    printed = re.sub(r"residual \S+", "residual", capsys.readouterr().out)
    for shown in re.findall(r"```text\n(.*?)```", page, re.DOTALL):
        assert re.sub(r"residual \S+", "residual", shown) in printed
