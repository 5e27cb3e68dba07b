"""Refinements on random games: what the papers prove to include what, existence, and a second road to the verdicts."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from oracle.random_games import audience, build_game, one_audience, random_prior, sequential, two_audiences, with_reply

from doubletalk.equilibrium import solve
from doubletalk.equilibrium.solution import Solution
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game
from doubletalk.refinement import refine
from doubletalk.refinement.divinity import divinity
from doubletalk.refinement.perfect_sequential import perfect_sequential
from doubletalk.refinement.refine import MESSAGE_TESTS
from doubletalk.refinement.setting import Setting

INSIDE = [
    ("d1", "intuitive"),
    ("d2", "d1"),
    ("nwbr", "d2"),
    ("equilibrium_domination", "intuitive"),
    ("iterated_d1", "d1"),
    ("iterated_d1", "equilibrium_domination"),
    ("universal_divinity", "iterated_d1"),
    ("universal_divinity", "d2"),
    ("universal_divinity", "divinity"),
    ("iterated_nwbr", "nwbr"),
    ("iterated_nwbr", "universal_divinity"),
    ("divinity", "intuitive"),
]
"""(stronger, weaker): whatever survives the first survives the second."""

BELIEF_TESTS = sorted({name for pair in INSIDE for name in pair})


def generic(rng: random.Random, types: int, messages: int, actions: int) -> Game:
    """One audience and payoffs without ties (drawn from 1999 integers)."""
    who = audience("a", range(messages), [actions] * messages, labels=[f"m{m}" for m in range(messages)])
    return build_game(
        random_prior(rng, types),
        [list(range(messages))] * types,
        [who],
        lambda t, m, a, c: [rng.randint(-999, 999), rng.randint(-999, 999)],
    )


MAKERS: list[tuple[int, Callable[[random.Random], Game]]] = [
    (500, lambda rng: one_audience(rng, 2, 2, 2)),
    (80, lambda rng: one_audience(rng, 3, 2, 3)),
    (150, lambda rng: two_audiences(rng, 2, 2, 2)),
    (150, lambda rng: with_reply(rng, 2, 2, 2)),
    (20, lambda rng: sequential(rng, 2, 2)),
    (1100, lambda rng: generic(rng, 2, 2, 2)),
    (400, lambda rng: generic(rng, 2, 2, 3)),
    (400, lambda rng: generic(rng, 3, 2, 2)),
    (60, lambda rng: generic(rng, 3, 2, 3)),
]
GENERIC = 5
"""Makers from here on draw generic games."""


@pytest.fixture(scope="module")
def refined() -> list[tuple[int, Solution]]:
    """2,860 games with every test of beliefs, by maker."""
    return [
        (k, refine(solve(make(random.Random(seed))), BELIEF_TESTS))
        for k, (count, make) in enumerate(MAKERS)
        for seed in range(count)
    ]


@pytest.mark.parametrize(("stronger", "weaker"), INSIDE)
def test_what_survives_the_stronger_survives_the_weaker(refined, stronger, weaker):
    """The inclusions of Cho & Kreps (1987) and Banks & Sobel (1987), outcome by outcome; each test bites somewhere."""
    verdicts = [(o.survives[stronger], o.survives[weaker]) for _, s in refined for o in s.outcomes]
    assert (True, False) not in verdicts
    assert verdicts.count((False, False)) > 20
    assert verdicts.count((True, True)) > 200


@pytest.mark.parametrize("name", BELIEF_TESTS)
def test_some_outcome_of_a_generic_game_survives(refined, name):
    """A stable outcome exists and passes them all (Kohlberg & Mertens 1986; Cho & Kreps 1987; Banks & Sobel 1987)."""
    games = [s for k, s in refined if k >= GENERIC and all(o.unique_outcome for o in s.outcomes)]
    assert len(games) > 1500
    assert all(any(o.survives[name] for o in s.outcomes) for s in games)


def test_single_outcomes_of_public_games_are_always_decided(refined):
    """None is left to components whose payoffs vary, and to responses not all known."""
    for _, solution in refined:
        for o in solution.outcomes:
            if o.unique_outcome and solution.complete:
                assert None not in o.survives.values()


# ---- a second road: two actions, where responses are numbers q and everything is seen at finitely many of them -------


class Line:
    """One audience with two actions after an unsent message: q is the probability of the second action."""

    def __init__(self, game: Game, message: int, star: tuple[Rational, ...]) -> None:
        self.types = game.senders_of(message)
        pay = {(t, a): game.payoffs[t, message, (a,), -1] for t in self.types for a in (0, 1)}
        self.gain = {t: (pay[t, 0][0] - star[t], pay[t, 1][0] - star[t]) for t in self.types}
        self.tilt = {t: pay[t, 1][1] - pay[t, 0][1] for t in self.types}
        self.prior = game.prior

    def gains(self, t: int, q: Rational) -> Rational:
        """What type t gains by the message when it is answered by q."""
        low, high = self.gain[t]
        return low + q * (high - low)

    def replies(self, tilts: list[Rational]) -> list[Rational]:
        """Points q of MBR for beliefs whose tilt to the second action lies between these: ends, ties, midpoints."""
        low, high = min(tilts), max(tilts)
        if low > 0 or high < 0:
            return [ONE if low > 0 else ZERO]
        if low == high == 0 or low < 0 < high or (low == 0 or high == 0):
            cuts = {ZERO, ONE}
            for first, second in self.gain.values():
                if first != second and 0 < -first / (second - first) < 1:
                    cuts.add(-first / (second - first))
            ordered = sorted(cuts)
            return ordered + [(a + b) / 2 for a, b in pairwise(ordered)]
        raise AssertionError("a tilt is positive, zero or negative")

    def on(self, types: set[int]) -> list[Rational]:
        """Points of MBR for beliefs on the types."""
        return self.replies([self.tilt[t] for t in types])

    def held(self, replies: list[Rational]) -> bool:
        """Whether some reply keeps every type away."""
        return any(all(self.gains(t, q) <= 0 for t in self.types) for q in replies)

    def left(self, name: str, types: set[int]) -> set[int]:
        """The types that one round of the rule leaves."""
        qs = self.on(types)

        def stays(t: int) -> bool:
            others = types - {t}
            if name == "dominated":
                return any(self.gains(t, q) >= 0 for q in qs)
            if name == "d1":
                return all(any(self.gains(t, q) >= 0 >= self.gains(s, q) for q in qs) for s in others)
            tied = (lambda g: g == 0) if name == "nwbr" else (lambda g: g >= 0)
            return any(tied(self.gains(t, q)) and all(self.gains(s, q) <= 0 for s in others) for q in qs)

        kept = {t for t in types if stays(t)}
        return kept or types

    def verdict(self, name: str) -> bool:
        """Whether the message passes the refinement."""
        everybody = set(self.types)
        if name == "intuitive":
            kept = self.left("dominated", everybody)
            if not any(self.gains(t, q) >= 0 for t in kept for q in self.on(everybody)):
                return True
            return not any(all(self.gains(t, q) > 0 for q in self.on(kept)) for t in self.types)
        rule = {"equilibrium_domination": "dominated", "universal_divinity": "d2"}.get(name, name)
        kept = self.left(rule, everybody)
        while name != rule and self.left(rule, kept) != kept:
            kept = self.left(rule, kept)
        return self.held(self.on(kept))


    # ---- two types, beliefs as the probability b of the second -----------------------------------------------------

    def agreeing(self, q: Rational) -> tuple[Rational, Rational] | None:
        """The interval of b that agrees with who gains from q, from a table; None when both types lose."""
        first, second = self.types
        share = self.prior[second] / (self.prior[first] + self.prior[second])
        signs = [(g > 0) - (g < 0) for g in (self.gains(first, q), self.gains(second, q))]
        return {
            (1, 1): (share, share),
            (1, 0): (ZERO, share),
            (1, -1): (ZERO, ZERO),
            (0, 1): (share, ONE),
            (0, 0): (ZERO, ONE),
            (0, -1): (ZERO, ZERO),
            (-1, 1): (ONE, ONE),
            (-1, 0): (ONE, ONE),
            (-1, -1): None,
        }[signs[0], signs[1]]

    def between(self, low: Rational, high: Rational) -> list[Rational]:
        """Points of MBR for b between these."""
        first, second = (self.tilt[t] for t in self.types)
        return self.replies([first + b * (second - first) for b in (low, high)])

    def divine(self) -> bool:
        """Whether the message passes divinity."""
        low, high = ZERO, ONE
        while True:
            found = [pair for q in self.between(low, high) if (pair := self.agreeing(q)) is not None]
            if not found:
                return self.held(self.between(low, high))
            ends = min(a for a, _ in found), max(b for _, b in found)
            if ends == (low, high):
                return self.held(self.between(low, high))
            low, high = ends

    def perfect(self) -> bool | None:
        """Whether the message passes perfect sequential equilibrium."""
        drawn, kept = False, False
        for q in self.between(ZERO, ONE):
            pair = self.agreeing(q)
            if pair is not None and q in self.between(*pair):
                gains = any(self.gains(t, q) > 0 for t in self.types)
                drawn, kept = drawn or gains, kept or not gains
        return True if not drawn else None if kept else False


JUDGED = ("intuitive", "equilibrium_domination", "d1", "d2", "nwbr", "universal_divinity")
TESTS = {name: MESSAGE_TESTS[name] for name in JUDGED}


@pytest.fixture(scope="module")
def lines() -> list[tuple[Setting, int, tuple[Rational, ...]]]:
    """Unsent messages, each answered by two actions, of single outcomes of generic and of degenerate games."""
    found = []
    for seed in range(300):
        rng = random.Random(seed)
        game = generic(rng, 2 + seed % 2, 2, 2) if seed % 4 else one_audience(rng, 3, 2, 2)
        setting = Setting(solve(game))
        for outcome in setting.solution.outcomes:
            views = set(setting.views(outcome)) if outcome.unique_outcome else set()
            for view in views:
                two = [n for n in view.surely if len(game.audiences[0].actions[n]) == 2]
                found += [(setting, station, view.points[0]) for station in two]
    return found


@pytest.mark.parametrize("name", TESTS)
def test_with_two_actions_the_verdict_is_found_by_looking_along_a_line(lines, name):
    """Responses are numbers in [0, 1] and gains are linear, so that ends, ties and midpoints decide everything."""
    verdicts = []
    for setting, station, star in lines:
        line = Line(setting.game, station, star)
        verdicts.append(TESTS[name](setting.deviation(station), (star,)).verdict)
        assert verdicts[-1] is line.verdict(name), (setting.game, station, star)
    assert verdicts.count(True) > 40
    assert verdicts.count(False) > 10


def test_divinity_and_credible_beliefs_of_two_types_by_intervals(lines):
    """With two types beliefs are numbers b too, and the beliefs that agree with a response are intervals in a table."""
    pairs, found = [], []
    for setting, station, star in lines:
        line = Line(setting.game, station, star)
        if len(line.types) == 2:
            deviation = setting.deviation(station)
            pairs.append((line.divine(), line.perfect()))
            found.append((divinity(deviation, (star,)).verdict, perfect_sequential(deviation, (star,)).verdict))
    assert found == pairs
    assert min(sum(d is False for d, _ in pairs), sum(p is False for _, p in pairs)) > 10
    assert min(sum(d is True for d, _ in pairs), sum(p is True for _, p in pairs)) > 20


@pytest.fixture(scope="module")
def components() -> list[tuple[Setting, int, tuple[tuple[Rational, ...], ...]]]:
    """Messages that some point leaves unsent, in families whose payoffs vary."""
    found = []
    for seed in range(300):
        game = one_audience(random.Random(seed), 2 + seed % 2, 2, 2 + seed % 2)
        setting = Setting(solve(game))
        for outcome in setting.solution.outcomes:
            varying = [view for view in setting.views(outcome) if len(view.points) > 1]
            found += [(setting, station, view.points) for view in varying for station in view.maybe]
    return found


@pytest.mark.parametrize("name", TESTS)
def test_a_verdict_on_a_component_holds_at_every_point_of_it(components, name):
    """Where payoffs vary, True and False are confirmed at random mixtures of the extreme payoffs."""
    rng, checked = random.Random(5), 0
    for setting, station, points in components:
        deviation = setting.deviation(station)
        verdict = TESTS[name](deviation, points).verdict
        if verdict is None:
            continue
        for _ in range(4):
            weights = [rng.randint(0, 5) + (k == 0) for k in range(len(points))]
            rows = zip(*points, strict=True)
            mixed = tuple(
                sum((w * u for w, u in zip(weights, row, strict=True)), ZERO) / sum(weights) for row in rows
            )
            assert TESTS[name](deviation, (mixed,)).verdict is verdict
            checked += 1
    assert checked > 40
