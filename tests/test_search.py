"""The search: compiled and plain agree, no cut loses anything, limits are obeyed, names and units do not matter."""

from __future__ import annotations

import importlib.util
import random
import sys
import time
from array import array
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle.random_games import (
    audience,
    build_game,
    one_audience,
    random_available,
    random_prior,
    sequential,
    two_audiences,
    with_reply,
)

from doubletalk.equilibrium import assembly, search, solve
from doubletalk.equilibrium.output import json_text, solution_json
from doubletalk.equilibrium.search import OutOfTimeError
from doubletalk.equilibrium.solution import Family, Solution
from doubletalk.errors import TooLarge
from doubletalk.exact import Rational
from doubletalk.game.model import Audience, Game

KINDS: dict[str, Callable[[random.Random], Game]] = {
    "one audience": lambda rng: one_audience(rng, 3, 3, 3),
    "messages that look alike": lambda rng: one_audience(rng, 3, 3, 2, merge=True),
    "public": lambda rng: two_audiences(rng, 2, 3, 2),
    "private": lambda rng: two_audiences(rng, 2, 4, 2, channel="private"),
    "mixed": lambda rng: two_audiences(rng, 2, 2, 2, channel="mixed"),
    "merged": lambda rng: two_audiences(rng, 2, 3, 2, channel="merged"),
    "reply": lambda rng: with_reply(rng, 2, 2, 2),
    "watching": lambda rng: sequential(rng, 2, 2),
}


def load_uncompiled():
    """The search as plain Python: the same three files, loaded from source; what is installed stays in its place."""
    names = [f"doubletalk.equilibrium.{name}" for name in ("search_programme", "search_systems", "search")]
    installed = {name: sys.modules.get(name) for name in names}
    try:
        for name in names:
            source = Path(assembly.__file__).with_name(f"{name.rsplit('.', 1)[1]}.py")
            spec = importlib.util.spec_from_file_location(name, source)
            module = sys.modules[name] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
    finally:
        for name, before in installed.items():
            if before is None:
                del sys.modules[name]
            else:
                sys.modules[name] = before
    module.OutOfTimeError = OutOfTimeError
    return module


PLAIN = load_uncompiled()


def written(solution: Solution) -> str:
    """The solution file without its timings."""
    content = solution_json(solution)
    del content["timing_s"]
    return json_text(content)


def generic(rng: random.Random, types: int, messages: int, actions: int) -> Game:
    """One audience, no ties: payoffs from 0 .. 10^6."""
    return build_game(
        random_prior(rng, types),
        [range(messages)] * types,
        [audience("a", range(messages), [actions] * messages, labels=[f"m{m}" for m in range(messages)])],
        lambda *_: [rng.randint(0, 10**6), rng.randint(0, 10**6)],
    )


# ---- compiled against plain ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_the_plain_search_gives_the_same_solution_file(kind, monkeypatch):
    """Byte for byte, on 67 games in all, whichever of the two is installed."""
    for seed in range(4 if kind == "watching" else 9):
        game = KINDS[kind](random.Random(seed))
        installed = written(solve(game))
        with monkeypatch.context() as patch:
            patch.setattr(assembly, "Search", PLAIN.Search)
            assert written(solve(game)) == installed, f"seed {seed}"


# ---- cuts ----------------------------------------------------------------------------------------------------------


class CheckedSearch(PLAIN.Search):
    """The plain search, every cut of which is put to the exact judge."""

    cuts = 0

    def _checked(self, kind: int, answer: int) -> int:
        if answer < 0:
            type(self).cuts += 1
            assert not self.judge(kind, list(self.states), list(self.chosen)), "a cut lost a feasible system"
        return answer

    def _z_system(self) -> int:
        return self._checked(PLAIN.Z_SYSTEM, super()._z_system())

    def _x_system(self) -> int:
        return self._checked(PLAIN.X_SYSTEM, super()._x_system())


def badly_scaled(rng: random.Random) -> Game:
    """Priors down to 10^-12, payoffs from 10^-12 to 10^12, and some of them equal but for one part in 10^15."""
    types, messages, actions = rng.choice(((2, 3, 3), (3, 2, 3), (3, 3, 2)))
    weights = [rng.randint(1, 9) * 10 ** rng.choice((0, 0, 6, 12)) for _ in range(types)]
    near = [Rational(rng.randint(0, 3)) for _ in range(3)]

    def number() -> Rational:
        if rng.random() < 0.4:
            return rng.choice(near) + Rational(rng.choice((-1, 0, 0, 1)), 10**15)
        return Rational(rng.randint(-9, 9)) * Rational(10) ** rng.choice((-12, -3, 0, 3, 12))

    return build_game(
        [Rational(w, sum(weights)) for w in weights],
        random_available(rng, types, messages),
        [audience("a", range(messages), [actions] * messages)],
        lambda *_: [number(), number()],
    )


@pytest.mark.parametrize("kind", [*KINDS, "badly scaled"])
def test_every_cut_of_the_walk_is_infeasible_exactly(kind, monkeypatch):
    """What floating point gives up, exact arithmetic gives up too: on ties, tiny priors, near ties, wild scales."""
    make = KINDS.get(kind, badly_scaled)
    monkeypatch.setattr(assembly, "Search", CheckedSearch)
    CheckedSearch.cuts = 0
    for seed in range(100, 140 if kind == "badly scaled" else 106):
        solve(make(random.Random(seed)))
    assert CheckedSearch.cuts > 0


def answer_of(rows: list[list[Fraction]], right: list[Fraction], upper: list[Fraction], strict: int) -> int:
    """``Search._feasible`` on A v = b, 0 <= v <= u, the last unknown being the common slack."""
    height, width = len(rows), len(upper)
    machine = PLAIN.Search(1, 1, [0], [1.0], [0.0], None, None, 0.0)
    machine.stride = width + height + 1
    machine.original = array("d", bytes(8 * height * machine.stride))
    machine.tableau = array("d", bytes(8 * (height + 1) * machine.stride))
    machine.upper = array("d", [*map(float, upper), *[0.0] * (height + 1)])
    machine.basis = array("i", [0] * height)
    machine.dual = array("d", bytes(8 * height))
    for r, (row, b) in enumerate(zip(rows, right, strict=True)):
        for c, value in enumerate([*row, b]):
            machine.original[r * machine.stride + c] = float(value)
    return machine._feasible(height, width, strict)


number = st.builds(
    lambda whole, power, close: Fraction(whole) * Fraction(10) ** power + Fraction(close, 10**16),
    st.integers(-7, 7),
    st.sampled_from((-9, -4, -1, 0, 0, 0, 1, 4, 9)),
    st.sampled_from((0, 0, 0, 1, -1)),
)
entry = st.one_of(st.just(Fraction(0)), number, st.builds(Fraction, st.integers(-9, 9), st.integers(1, 97)))


@st.composite
def feasible_systems(draw):
    """A, b = A v and u >= v for some v >= 0, feasible by construction, and whether the common slack may be used.

    Some rows are copies of others, or nearly so; some unknowns are at their bounds.
    """
    height, width, strict = draw(st.integers(1, 6)), draw(st.integers(2, 8)), draw(st.integers(0, 1))
    rows = [draw(st.lists(entry, min_size=width, max_size=width)) for _ in range(height)]
    if height > 1 and draw(st.booleans()):
        factor, nudge = draw(number), draw(st.sampled_from((Fraction(0), Fraction(1, 10**12), Fraction(1, 10**16))))
        rows[-1] = [factor * v + (nudge if c == 0 else 0) for c, v in enumerate(rows[0])]
    point = [abs(draw(entry)) for _ in range(width - 1)] + [abs(draw(entry)) if strict else Fraction(0)]
    upper = [v + abs(draw(st.one_of(st.just(Fraction(0)), number))) for v in point]
    right = [sum((a * v for a, v in zip(row, point, strict=True)), Fraction(0)) for row in rows]
    return rows, right, upper, strict


@settings(max_examples=500, deadline=None, derandomize=True)
@given(feasible_systems())
def test_a_feasible_system_is_never_cut(system):
    """Rounded to floats, badly scaled, nearly degenerate, with unknowns at their bounds: never "proved infeasible"."""
    assert answer_of(*system) >= 0


@pytest.mark.parametrize("seed", range(30))
def test_a_contradiction_is_cut(seed):
    """The cut can be found: a row of whole numbers asked to take two values one apart, other rows being consistent."""
    rng = random.Random(seed)
    height, width = rng.randint(1, 5), rng.randint(3, 8)
    rows = [[Fraction(rng.randint(-9, 9)) for _ in range(width - 1)] + [Fraction(0)] for _ in range(height)]
    rows[0][0] = Fraction(rng.choice((-5, 5)))
    point = [Fraction(rng.randint(0, 4)) for _ in range(width)]
    right = [sum(a * v for a, v in zip(row, point, strict=True)) for row in rows]
    upper = [v + 1 for v in point]
    assert answer_of(rows, right, upper, 0) >= 0
    assert answer_of([*rows, rows[0]], [*right, right[0] + 1], upper, 0) == -1


# ---- limits --------------------------------------------------------------------------------------------------------


def test_a_time_limit_is_obeyed_within_a_second():
    """A (5, 5, 5) game with a limit of half a second: what was found, complete=False, the reason with the share done.

    The processor time of this process is measured, so that other work on the machine does not count.
    """
    game = generic(random.Random(3), 5, 5, 5)
    start = time.process_time()
    solution = solve(game, time_limit=0.5)
    assert time.process_time() - start < 1.5
    assert not solution.complete
    assert "the time limit of 0.5 s was reached" in solution.why_incomplete
    assert "% of the search done" in solution.why_incomplete


def test_a_game_that_nobody_can_finish_is_refused_at_once():
    """One message from 31 types: 2^31 subsets of pairs; the refusal names the observation and comes before the walk."""
    game = generic(random.Random(0), 31, 1, 2)
    start = time.process_time()
    with pytest.raises(TooLarge, match="observation 'm0' can come from 31"):
        solve(game)
    assert time.process_time() - start < 5


def test_a_walk_of_hours_is_refused_with_an_estimate(monkeypatch):
    """After the probe (here half a second) the walk is extrapolated; the error tells the hours and the way out."""
    monkeypatch.setattr(assembly, "PROBE_SECONDS", 0.5)
    with pytest.raises(TooLarge, match=r"about \S+ hours .* set a time limit \(--time-limit SECONDS\)"):
        solve(generic(random.Random(0), 5, 6, 6))


def test_an_interruption_keeps_what_was_found(monkeypatch):
    """Ctrl-C (from the progress callback), ever later: ever more of the families, none of them wrong, and said so."""
    monkeypatch.setattr(search, "TICK_SECONDS", 0.0)
    game = generic(random.Random(10), 4, 4, 4)
    whole = families(solve(game))
    earlier: set = set()
    for share in (0.01, 0.1, 0.4):
        solution = solve(game, progress=interruption(share))
        assert not solution.complete
        assert "interrupted with" in solution.why_incomplete
        assert earlier <= families(solution) <= whole
        earlier = earlier or families(solution)
    assert earlier
    assert earlier < whole


def interruption(share: float) -> Callable[[float | None, str], None]:
    """A progress callback that interrupts once *share* of the walk is done."""

    def interrupt(done: float | None, words: str) -> None:
        if done is not None and done > share:
            raise KeyboardInterrupt

    return interrupt


# ---- what must not matter -------------------------------------------------------------------------------------------


def frozen(value):
    """Nested mappings and sequences as nested frozensets, so that order does not matter."""
    if isinstance(value, dict):
        return frozenset((key, frozen(inner)) for key, inner in value.items() if inner != 0)
    if isinstance(value, list | tuple):
        return frozenset(frozen(inner) for inner in value)
    return value


def family_key(family: Family):
    """A family without its component's number."""
    sides = (family.sender_extremes, family.response_extremes, dict(family.belief_extremes))
    return frozen(sides[0]), frozen(sides[1]), frozen(sides[2])


def families(solution: Solution) -> set:
    """All families, by name and without any order."""
    return {family_key(family) for outcome in solution.outcomes for family in outcome.families}


def by_outcome(solution: Solution) -> set:
    """Which families share an outcome."""
    return {frozenset(family_key(f) for f in outcome.families) for outcome in solution.outcomes}


def reordered(rng: random.Random, game: Game) -> Game:
    """The same game with types, messages and actions listed in another order; every label keeps its meaning."""
    types, messages = shuffled(rng, len(game.types)), shuffled(rng, len(game.messages))
    actions = [[shuffled(rng, len(labels)) for labels in who.actions] for who in game.audiences]
    available = tuple(tuple(n for n, m in enumerate(messages) if m in game.available[t]) for t in types)
    payoffs = {}
    for nt, t in enumerate(types):
        for nm in available[nt]:
            m = messages[nm]
            orders = [actions[j][who.observation_of[m]] for j, who in enumerate(game.audiences)]
            for old in game.action_profiles(m):
                new = tuple(order.index(a) for order, a in zip(orders, old, strict=True))
                payoffs[nt, nm, new, -1] = game.payoffs[t, m, old, -1]
    audiences = tuple(
        Audience(
            who.name,
            who.observations,
            tuple(who.observation_of[m] for m in messages),
            who.watches,
            tuple(tuple(labels[a] for a in order) for labels, order in zip(who.actions, actions[j], strict=True)),
        )
        for j, who in enumerate(game.audiences)
    )
    changes = {
        "types": tuple(game.types[t] for t in types),
        "prior": tuple(game.prior[t] for t in types),
        "messages": tuple(game.messages[m] for m in messages),
        "available": available,
        "audiences": audiences,
        "payoffs": payoffs,
    }
    return Game(**{**game.__dict__, **changes})


def shuffled(rng: random.Random, count: int) -> list[int]:
    """A permutation: new index -> old."""
    return rng.sample(range(count), count)


def rescaled(rng: random.Random, game: Game) -> Game:
    """The sender's payoffs under a positive affine map of each type's own, an audience's under one scale and any
    constants by type and message."""
    sizes = (Rational(1, 10**9), Rational(1, 7), Rational(3), Rational(10**9))
    by_type = [(rng.choice(sizes), Rational(rng.randint(-50, 50), 3)) for _ in game.types]
    scale = [rng.choice(sizes) for _ in game.audiences]
    shift = {
        (j, t, m): Rational(rng.randint(-50, 50), 7)
        for j in range(len(game.audiences))
        for t, sendable in enumerate(game.available)
        for m in sendable
    }
    payoffs = {}
    for (t, m, acts, c), (first, *rest) in game.payoffs.items():
        own = [scale[j] * value + shift[j, t, m] for j, value in enumerate(rest)]
        payoffs[t, m, acts, c] = (by_type[t][0] * first + by_type[t][1], *own)
    return Game(**{**game.__dict__, "payoffs": payoffs})


NO_REPLIES = [kind for kind in KINDS if kind not in ("reply", "watching")]


@pytest.mark.parametrize("concept", ["sequential", "nash"])
@pytest.mark.parametrize("kind", NO_REPLIES)
def test_order_of_types_messages_and_actions_does_not_matter(kind, concept):
    """Listing the same names in another order gives the same families, grouped in the same outcomes."""
    for seed in range(200, 206):
        rng = random.Random(seed)
        game = KINDS[kind](rng)
        one, other = solve(game, concept), solve(reordered(rng, game), concept)
        assert same_keys(game, one) == same_keys(game, other), f"seed {seed}"


def same_keys(game: Game, solution: Solution) -> tuple[set, bool]:
    """Families by outcome, and completeness."""
    return by_outcome(solution), solution.complete


@pytest.mark.parametrize("kind", KINDS)
def test_positive_affine_changes_of_payoffs_do_not_matter(kind):
    """Same families, same outcomes: a type's payoffs have no unit, an audience's no zero at any type and message."""
    for seed in range(300, 306):
        rng = random.Random(seed)
        game = KINDS[kind](rng)
        changed = (rescaled_as_one if kind == "watching" else rescaled)(rng, game)
        assert by_outcome(solve(game)) == by_outcome(solve(changed)), f"seed {seed}"


def rescaled_as_one(rng: random.Random, game: Game) -> Game:
    """One positive affine map a player: what keeps a two-valued trait two-valued."""
    maps = [(Rational(rng.randint(1, 10**6), 7), Rational(rng.randint(-9, 9))) for _ in game.players]
    payoffs = {h: tuple(a * v + b for (a, b), v in zip(maps, row, strict=True)) for h, row in game.payoffs.items()}
    return Game(**{**game.__dict__, "payoffs": payoffs})
