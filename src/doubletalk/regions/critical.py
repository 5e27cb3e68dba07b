r"""Values of one parameter at which equilibria may change, computed from the payoffs without solving.

The answer to any question about a game's equilibria changes only where some comparison that equilibrium rests on
turns. The comparisons that pure play rests on can be written down:

- a type t: u_t(play) = u_t(other play), for any two plays of its own
- an audience with the types of a set S behind a message: sum over t in S of p_t (v_t(a) - v_t(a')) = 0, for any two of
  its actions and what follows them
- break-even beliefs that meet: v_t(a) v_t'(b') = v_t'(a) v_t(b') for differences of two pairs of actions, two types
- mixtures of an audience that make two types indifferent at once: the same determinant of the types' differences

Each is a function of the parameter; it is sampled at seven interior points, and where it is a polynomial of degree
below six there its roots are taken. They are *probes*, no answers: thresholds are confirmed by exact solves. A game
whose prior or payoffs are no polynomials in the parameter, or one with very many plays, has fewer probes, and no
answer rests on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import TypeAlias

import flint

from doubletalk.errors import InputError
from doubletalk.exact import ZERO, Rational, decimal
from doubletalk.game.model import Game

__all__ = ["MOST", "critical_values"]

SAMPLES = 7
MOST = 160
"""At most so many probes: those that most comparisons share."""
MOST_TYPES = 6
"""With more types only single types and all of them together are taken for the sets S."""
MOST_PLAYS = 60
"""Distinct payoffs, and distinct differences, looked at for each type or audience."""
STEPS = 24
HALVINGS = 20
"""For the intervals on which there is a game."""
MOST_PIECES = 12
"""Between so many turns of a best reply the audiences' comparisons are written down anew."""

Curve: TypeAlias = tuple[Rational, ...]
"""The values of one quantity at the samples."""


def critical_values(
    make: Callable[[Rational], Game], low: Rational, high: Rational, most: int = MOST
) -> tuple[Rational, ...]:
    """Values strictly between *low* and *high* at which equilibria may change, ascending; the most shared ones.

    ``make``: value of the parameter -> game. Where there is no game in a part of the range (a negative probability, a
    division by nought), the rest is looked at, interval by interval; one narrower than 1/24 of the range may be missed.
    An irrational root is replaced by a rational within a billionth of the range.
    """
    counted: Counter[Rational] = Counter()
    for start, end in _with_game(make, low, high):
        counted.update(_counted(make, start, end, _of_sender))
        kinks = sorted(_counted(make, start, end, _of_replies))[:MOST_PIECES]
        counted.update(kinks)
        for a, b in pairwise((start, *kinks, end)):
            counted.update(_counted(make, a, b, _of_audiences))
    kept = sorted(counted, key=lambda x: (-counted[x], int(x.q), x))[:most]
    return tuple(sorted(kept))


def _with_game(make: Callable[[Rational], Game], low: Rational, high: Rational) -> list[tuple[Rational, Rational]]:
    """The intervals on which there is a game, one shape throughout, to within a millionth of a step."""
    steps = [low + (high - low) * (2 * k + 1) / (2 * STEPS) for k in range(STEPS)]
    near = (high - low) / (128 * STEPS)
    places = [low + near, *steps, high - near]
    shapes = [_shape_at(make, x) for x in places]
    found = []
    first = 0
    for k in range(len(places)):
        if k + 1 < len(places) and shapes[k + 1] == shapes[k]:
            continue
        if shapes[k] is not None:
            start = low if first == 0 else _edge(make, places[first], places[first - 1])
            end = high if k + 1 == len(places) else _edge(make, places[k], places[k + 1])
            found.append((start, end))
        first = k + 1
    return found


def _edge(make: Callable[[Rational], Game], inside: Rational, outside: Rational) -> Rational:
    """The last value towards *outside* that was seen to give games of the same shape."""
    shape = _shape_at(make, inside)
    for _ in range(HALVINGS):
        middle = (inside + outside) / 2
        if _shape_at(make, middle) == shape:
            inside = middle
        else:
            outside = middle
    return inside


def _shape_at(make: Callable[[Rational], Game], x: Rational) -> tuple[object, ...] | None:
    try:
        return _shape(make(x))
    except InputError:
        return None


def _counted(
    make: Callable[[Rational], Game],
    low: Rational,
    high: Rational,
    curves: Callable[[Sequence[Game]], Iterator[Curve]],
) -> Counter[Rational]:
    """[root between *low* and *high*] -> how many of the curves have it."""
    places = [low + (high - low) * (k + 1) / (SAMPLES + 1) for k in range(SAMPLES)]
    counted: Counter[Rational] = Counter()
    try:
        games = [make(x) for x in places]
    except InputError:
        return counted
    if any(_shape(game) != _shape(games[0]) for game in games):
        return counted
    for curve in {_scaled(c) for c in curves(games)}:
        counted.update(_roots(curve, places, low, high))
    return counted


def _shape(game: Game) -> tuple[object, ...]:
    return game.types, game.messages, tuple(game.payoffs)


def _scaled(curve: Curve) -> Curve:
    """The curve divided by its first value that is not 0: the same roots, fewer curves."""
    head = next((v for v in curve if v != 0), None)
    return curve if head is None else tuple(v / head for v in curve)


def _minus(a: Curve, b: Curve) -> Curve:
    return tuple(x - y for x, y in zip(a, b, strict=True))


def _times(a: Curve, b: Curve) -> Curve:
    return tuple(x * y for x, y in zip(a, b, strict=True))


def _distinct(curves: Iterable[Curve]) -> list[Curve]:
    return list(dict.fromkeys(curves))[:MOST_PLAYS]


def _of_sender(games: Sequence[Game]) -> Iterator[Curve]:
    game = games[0]
    gains: dict[int, list[Curve]] = {}
    for t in range(len(game.types)):
        plays = [h for h in game.payoffs if h[0] == t]
        curves = _distinct(tuple(g.payoffs[h][0] for g in games) for h in plays)
        differences = _distinct(_minus(a, b) for a, b in combinations(curves, 2))
        gains[t] = differences
        yield from (_minus(a, b) for a, b in combinations(curves, 2))
    if len(game.types) <= MOST_TYPES:
        for t, other in combinations(range(len(game.types)), 2):
            yield from _determinants(gains[t], gains[other])


def _of_replies(games: Sequence[Game]) -> Iterator[Curve]:
    """Where the sender's best reply may turn: payoffs of two replies to the same play."""
    for (t, m, profile), labels in games[0].replies.items():
        for c, other in combinations(range(len(labels)), 2):
            yield tuple(g.payoffs[t, m, profile, c][0] - g.payoffs[t, m, profile, other][0] for g in games)


def _determinants(first: Sequence[Curve], second: Sequence[Curve]) -> Iterator[Curve]:
    """a_i b_j - a_j b_i for two players' curves in the same order, where the orders match."""
    count = min(len(first), len(second), 12)
    for i, j in combinations(range(count), 2):
        yield _minus(_times(first[i], second[j]), _times(first[j], second[i]))


def _of_audiences(games: Sequence[Game]) -> Iterator[Curve]:
    game = games[0]
    types = range(len(game.types))
    groups = [
        group
        for size in range(1, len(types) + 1)
        for group in combinations(types, size)
        if len(types) <= MOST_TYPES or size in (1, len(types))
    ]
    prior = [tuple(g.prior[t] for g in games) for t in types]
    for j in range(len(game.audiences)):
        for m in range(len(game.messages)):
            senders = set(game.senders_of(m))
            rows = _distinct_rows(games, j, m)
            for row in rows:
                for group in groups:
                    if senders.issuperset(group):
                        yield tuple(sum((prior[t][k] * row[t][k] for t in group), ZERO) for k in range(len(games)))
            for a, b in combinations(rows[:12], 2):
                for t, other in combinations(sorted(senders), 2):
                    yield _minus(_times(a[t], b[other]), _times(a[other], b[t]))


def _distinct_rows(games: Sequence[Game], j: int, m: int) -> list[dict[int, Curve]]:
    """[type -> what one action earns audience j more than another after m], the earlier audiences alike."""
    game = games[0]
    senders = game.senders_of(m)
    value: dict[tuple[int, ...], dict[int, Curve]] = {}
    for profile in game.action_profiles(m):
        value[profile] = {t: tuple(_after_reply(g, t, m, profile)[j + 1] for g in games) for t in senders}
    rows: dict[tuple[Curve, ...], dict[int, Curve]] = {}
    for a, b in combinations(value, 2):
        if a[j] == b[j] or a[:j] != b[:j]:
            continue
        row = {t: _minus(value[a][t], value[b][t]) for t in senders}
        rows.setdefault(tuple(row[t] for t in senders), row)
        if len(rows) >= MOST_PLAYS:
            break
    return list(rows.values())


def _after_reply(game: Game, t: int, m: int, profile: tuple[int, ...]) -> tuple[Rational, ...]:
    """The payoffs when the sender replies as suits it best, the first of its best replies."""
    plays = [game.payoffs[t, m, profile, c] for c in game.reply_range(t, m, profile)]
    return max(plays, key=lambda payoffs: payoffs[0])


def _roots(curve: Curve, places: Sequence[Rational], low: Rational, high: Rational) -> Iterator[Rational]:
    """Roots strictly inside of the polynomial through the samples; none where it is no polynomial or constant."""
    polynomial = _through(curve, places)
    if polynomial is None or polynomial.degree() < 1:
        return
    whole = polynomial.numer()
    for factor in [whole] if whole.degree() == 1 else [each for each, _ in whole.factor()[1]]:
        if factor.degree() == 1:
            root = Rational(-int(factor[0]), int(factor[1]))
            if low < root < high:
                yield root
        else:
            yield from _near_roots(factor, low, high)


def _through(curve: Curve, places: Sequence[Rational]) -> flint.fmpq_poly | None:
    """Newton's interpolation; None unless the last divided difference is 0 (one sample more than the degree needs)."""
    table = list(curve)
    for level in range(1, len(table)):
        for k in range(len(table) - 1, level - 1, -1):
            table[k] = (table[k] - table[k - 1]) / (places[k] - places[k - level])
    if table[-1] != 0:
        return None
    polynomial = flint.fmpq_poly([0])
    for k in range(len(table) - 1, -1, -1):
        polynomial = polynomial * flint.fmpq_poly([-places[k], 1]) + table[k]
    return polynomial


def _near_roots(factor: flint.fmpz_poly, low: Rational, high: Rational) -> Iterator[Rational]:
    """Rationals near the real roots."""
    for root, _ in factor.complex_roots():
        if isinstance(root, flint.acb) and root.imag != 0:
            continue
        share = (float(root.real) - decimal(low)) / decimal(high - low)
        near = low + (high - low) * Rational(round(share * 2**30), 2**30)
        if low < near < high:
            yield near
