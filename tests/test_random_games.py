"""On seeded random games, ties and all, ``solve`` gives the same equilibrium set as the brute force."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

import pytest
from oracle.brute_force import BruteForce, hull, inside
from oracle.comparison import differences, failed_points, random_mixture
from oracle.random_games import one_audience, sequential, simultaneous, two_audiences, with_reply

from doubletalk.equilibrium import solve
from doubletalk.equilibrium.solution import Assessment, Family, Solution
from doubletalk.equilibrium.verification import Verifier
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

KINDS = {
    "one audience, 2 types": (150, lambda rng: one_audience(rng, 2, 2, 2)),
    "one audience, 3 messages": (60, lambda rng: one_audience(rng, 2, 3, 2)),
    "one audience, 3 types": (60, lambda rng: one_audience(rng, 3, 2, 2)),
    "one audience, 3 actions": (60, lambda rng: one_audience(rng, 2, 2, 3)),
    "one audience, messages that look alike": (60, lambda rng: one_audience(rng, 2, 3, 2, merge=True)),
    "two audiences, public": (40, lambda rng: two_audiences(rng, 2, 2, 2)),
    "two audiences, private": (6, lambda rng: two_audiences(rng, 2, 3, 2, channel="private")),
    "two audiences, mixed": (40, lambda rng: two_audiences(rng, 2, 2, 2, channel="mixed")),
    "two audiences, merged": (40, lambda rng: two_audiences(rng, 2, 2, 2, channel="merged")),
    "one audience and a reply": (120, lambda rng: with_reply(rng, 2, 2, 2)),
    "one audience and three replies": (20, lambda rng: with_reply(rng, 2, 2, 2, 3)),
}


def disagreements(kind: str, concept: str, games: int, start: int = 0) -> list[str]:
    """What brute force, ``verify`` and ``solve`` disagree about on *games* games of a kind."""
    make, found = KINDS[kind][1], []
    for seed in range(start, start + games):
        game = make(random.Random(seed))
        solution = solve(game, concept)
        if not solution.complete:
            found.append(f"seed {seed}: not complete: {solution.why_incomplete}")
        found += [f"seed {seed}: {words}" for words in differences(solution, BruteForce(game, concept))]
        found += [f"seed {seed}: {words}" for words in failed_points(solution)]
    return found


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_the_solution_is_the_brute_force_set(kind, full):
    """Same set, same supporting beliefs, no family inside another, every extreme point verified (--full: 9 x)."""
    assert disagreements(kind, "sequential", KINDS[kind][0] * (9 if full else 1)) == []


@pytest.mark.long
@pytest.mark.parametrize("kind", KINDS)
def test_in_concept_nash_the_solution_is_the_brute_force_set(kind, full):
    """The same without rationality off the path, on fewer games."""
    assert disagreements(kind, "nash", max(3, KINDS[kind][0] // 4) * (9 if full else 1)) == []


def test_the_brute_force_itself_holds_only_equilibria():
    """Random inner points of its cells pass ``verify`` (in concept "nash", which needs no beliefs)."""
    rng, checked = random.Random(11), 0
    for seed in range(30):
        game = (one_audience if seed % 2 else two_audiences)(random.Random(seed), 2, 2, 2)
        brute, check = BruteForce(game, "sequential"), Verifier(game, "nash")
        for cell in brute.cells.values():
            x, z = random_mixture(rng, cell.sender_extremes), random_mixture(rng, cell.response_extremes)
            assert check(as_assessment(brute, x, z)).valid
            checked += 1
    assert checked > 60


def as_assessment(brute: BruteForce, x: tuple[Rational, ...], z: tuple[Rational, ...]) -> Assessment:
    """A point of a cell in words (no replies, no beliefs)."""
    game = brute.game
    sender: dict[str, dict[str, Rational]] = {name: {} for name in game.types}
    for i, (t, m) in enumerate(brute.pairs):
        sender[game.types[t]][game.messages[m]] = x[i] / game.prior[t]
    responses: dict[str, dict[str, dict[str, Rational]]] = {who.name: {} for who in game.audiences}
    for n, (i, a) in enumerate(brute.slots):
        j, o = brute.sets[i]
        who = game.audiences[j]
        responses[who.name].setdefault(who.observations[o], {})[who.actions[o][a]] = z[n]
    return Assessment(sender, responses, {})


# ---- audiences that watch each other ---------------------------------------------------------------------------------


def pure_assessments(game: Game) -> Iterator[Assessment]:
    """Pure plans of sender and audiences, the first best reply everywhere, beliefs at unsent messages from a grid."""
    sets = {}
    for _, m, acts, _ in game.histories():
        for j, who in enumerate(game.audiences):
            sets[who.name, game.information_set(j, m, acts)] = game.actions_after(m)[j]
    replies: dict[str, dict[str, dict[str, Rational]]] = {}
    for (t, m, acts), labels in game.replies.items():
        best = max(range(len(labels)), key=lambda c, h=(t, m, acts): game.payoffs[(*h, c)][0])
        replies.setdefault(game.types[t], {})[game.reply_node(m, acts)] = {labels[best]: ONE}
    for sent in itertools.product(*game.available):
        sender = {name: {game.messages[m]: ONE} for name, m in zip(game.types, sent, strict=True)}
        for belief in _grids(game, [m for m in range(len(game.messages)) if m not in sent]):
            for choice in itertools.product(*sets.values()):
                responses: dict[str, dict[str, dict[str, Rational]]] = {who.name: {} for who in game.audiences}
                for (name, where), label in zip(sets, choice, strict=True):
                    responses[name][where] = {label: ONE}
                yield Assessment(sender, responses, belief, replies)


def _grids(game: Game, unsent: list[int]) -> Iterator[dict[str, dict[str, Rational]]]:
    """One belief per unsent message: a single type, or two types by quarters."""
    options = []
    for m in unsent:
        able = game.senders_of(m)
        here = [{game.types[t]: ONE} for t in able]
        for t, s in itertools.combinations(able, 2):
            here += [{game.types[t]: Rational(k, 4), game.types[s]: Rational(4 - k, 4)} for k in (1, 2, 3)]
        options.append(here)
    for choice in itertools.product(*options):
        yield {game.messages[m]: belief for m, belief in zip(unsent, choice, strict=True)}


def holds(family: Family, point: Assessment) -> bool:
    """Whether a pure point's sender and responses lie in the family.

    Mixtures are taken in realisation weights, so with pure first movers only the extremes that share their actions
    count, and among those the weights are the probabilities themselves.
    """
    senders = [_flat({"": s}, {"": point.sender}) for s in family.sender_extremes]
    first = next(iter(point.responses))
    moves = _flat(point.responses, {}, first)
    alike = [r for r in family.response_extremes if _flat(r, point.responses, first) == moves]
    if not alike:
        return False
    responses = [_flat(r, point.responses) for r in alike]
    return _within(senders, _flat({"": point.sender}, {})) and _within(responses, _flat(point.responses, {}))


def _flat(plan, like, only=None):
    """The probabilities of the labels that *like* (or the plan itself) uses, in order; 1 - their sum is implied."""
    model = like or plan
    return tuple(
        plan[name][where].get(label, ZERO)
        for name in sorted(model)
        if only is None or name == only
        for where in sorted(model[name])
        for label in model[name][where]
    )


def _within(points, target) -> bool:
    return inside(hull(points), target)


def is_covered(solution: Solution, point: Assessment) -> bool:
    """Whether some family holds the point."""
    return any(holds(family, point) for outcome in solution.outcomes for family in outcome.families)


@pytest.mark.long
@pytest.mark.parametrize("types", [2, 3])
def test_pure_equilibria_of_watching_audiences_lie_in_the_families(types, full):
    """Every pure equilibrium found by trying all pure plans is in a family; every extreme point is verified."""
    covered = 0
    for seed in range((20 if types == 2 else 8) * (10 if full else 1)):
        game = sequential(random.Random(seed), types, 2 if types == 2 else 1)
        solution, check = solve(game), Verifier(game)
        assert failed_points(solution) == [], f"seed {seed}"
        if not solution.complete:
            continue
        for point in pure_assessments(game):
            if check(point).valid:
                assert is_covered(solution, point), f"seed {seed}: {point} is in no family"
                covered += 1
    assert covered > 3


@pytest.mark.long
def test_what_is_returned_for_audiences_that_move_at_once_is_verified_and_honest(full):
    """Simultaneous audiences that care about each other: every point verified, and completeness not claimed blindly."""
    for seed in range(100 if full else 10):
        game = simultaneous(random.Random(seed), 2, 2, 2)
        solution, check = solve(game), Verifier(game)
        assert failed_points(solution) == [], f"seed {seed}"
        if solution.complete:
            missed = [p for p in pure_assessments(game) if check(p).valid and not is_covered(solution, p)]
            assert missed == [], f"seed {seed}"
        else:
            assert solution.why_incomplete
