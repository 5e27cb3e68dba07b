r"""Every value of one parameter at which the outcomes that survive a test of beliefs can change, proved complete.

Between two neighbouring values at which the equilibria themselves can change (``turning_points``) the outcomes stay the
same in pattern, and where an outcome is a single one its payoffs u*(t) are rational functions of the parameter: with D
a bound on the degree of the minors of z-space and d one on that of payoffs, of degree D + d over D. They are found
from exact solves at 2 D + d + 1 values in between. The tests that delete types (the intuitive criterion, equilibrium
domination, D1, D2, never a weak best response, and their iterated forms) then depend, for each unsent message m, on
which best replies some belief on a set of types supports, which does not change, and on the cells of the arrangement

    z'(a) = 0,    u(t, m, z') = u*(t) for each type t that can send m

in the space of the responses z' to m. So their verdicts change at roots of the minors of these hyperplanes alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import flint

from doubletalk.case.sweep import simplest_between
from doubletalk.equilibrium import Solution, solve
from doubletalk.errors import InputError
from doubletalk.exact import ONE, Rational
from doubletalk.game.loading import GameFile
from doubletalk.game.model import Game
from doubletalk.refinement.setting import Setting
from doubletalk.regions.algebraic import AlgebraicNumber
from doubletalk.regions.atlas_questions import pattern_of
from doubletalk.regions.chirotope import (
    Poly,
    Vector,
    count_minors,
    degree_of_minors,
    factors_of_minors,
    sorted_roots,
    spanning,
)
from doubletalk.regions.turning_points import MOST_MINORS, Candidates, Table, table_of

__all__ = ["COVERED", "refined_candidates"]

COVERED = frozenset(
    ("intuitive", "equilibrium_domination", "d1", "iterated_d1", "d2", "universal_divinity", "nwbr", "iterated_nwbr")
)
"""Tests whose verdicts depend on nothing else."""
MOST_SOLVES = 80
"""With more solves between two candidates nothing is proved."""

Make: TypeAlias = Callable[[Rational], Game]
Ratio: TypeAlias = tuple[Poly, Poly]
"""A rational function: numerator, denominator."""


class UnprovedError(Exception):
    """Ends a proof, with the reason in words."""


@dataclass(frozen=True)
class _Seen:
    """An outcome at one value: the stations that it may leave unreached, and u*."""

    unsent: tuple[int, ...]
    payoffs: tuple[Rational, ...]


def refined_candidates(
    file: GameFile, name: str, low: Rational, high: Rational, settings: Mapping[str, Rational], base: Candidates
) -> Candidates:
    """All values between at which what survives a test of ``COVERED`` can change; *base*: those of the equilibria."""
    if base.why_not is not None:
        return base
    table = table_of(file, name, low, high, settings)
    if isinstance(table, str):
        return Candidates((), table)
    ends = [(low, low), *((v.low, v.high) if isinstance(v, AlgebraicNumber) else (v, v) for v in base.values)]
    minors = base.minors
    values = list(base.values)
    try:
        for (_, start), (end, _) in pairwise([*ends, (high, high)]):
            factors: dict[tuple[int, ...], None] = {}
            for vectors in _hyperplanes(table, lambda x: file.game({**settings, name: x}), start, end):
                minors += count_minors(vectors)
                if minors > MOST_MINORS:
                    return Candidates((), f"that would take more than {MOST_MINORS} determinants")
                factors.update(dict.fromkeys(factors_of_minors(vectors)))
            values += sorted_roots(factors, start, end)
    except (UnprovedError, OverflowError) as why:
        return Candidates((), str(why))
    ordered = sorted(values, key=lambda v: v.low if isinstance(v, AlgebraicNumber) else v)
    return Candidates(tuple(ordered), None, minors)


def _hyperplanes(table: Table, make: Make, start: Rational, end: Rational) -> list[list[Vector]]:
    """The arrangements of the responses to each message that some outcome may leave unsent, between two candidates."""
    try:
        make(simplest_between(start, end))
    except InputError:
        return []
    deep = degree_of_minors(table.responses())
    top, below = deep + table.payoff_degree(), deep
    count = top + below + 1
    if count > MOST_SOLVES:
        raise UnprovedError(f"that would take {count} solves between two candidates")
    places = [start + (end - start) * (k + 1) / (count + 1) for k in range(count)]
    seen = [_outcomes(make(x)) for x in places]
    if any(each.keys() != seen[0].keys() for each in seen):
        raise UnprovedError("outcomes were not told apart by their patterns")
    spaces: dict[tuple[Any, ...], list[Vector]] = {}
    for pattern, first in seen[0].items():
        if any(each[pattern].unsent != first.unsent for each in seen):
            raise UnprovedError("outcomes were not told apart by their patterns")
        for station in first.unsent:
            cell = table.game.cells()[station]
            if len(cell.messages) > 1 or len(cell.audiences) < len(table.game.audiences):
                continue  # not judged, wherever the parameter is
            m = cell.messages[0]
            types = table.game.senders_of(m)
            stars = [_ratio(places, [each[pattern].payoffs[t] for each in seen], top, below) for t in types]
            spaces.setdefault((m, str(stars)), _responses_to(table, m, types, stars))
    return list(spaces.values())


def _outcomes(game: Game) -> dict[Any, _Seen]:
    """The outcomes by pattern. Raises UnprovedError where two are alike or payoffs vary within one."""
    solution: Solution = solve(game, outcomes_only=True)
    setting = Setting(solution)
    found: dict[Any, _Seen] = {}
    for outcome in solution.outcomes:
        views = setting.views(outcome)
        points = {point for view in views for point in view.points}
        if len(points) > 1:
            raise UnprovedError("payoffs vary within an outcome")
        pattern = pattern_of(game, outcome)
        if pattern in found:
            raise UnprovedError("two outcomes are alike in pattern")
        unsent = sorted({station for view in views for station in view.maybe})
        found[pattern] = _Seen(tuple(unsent), next(iter(points)))
    return found


def _ratio(places: Sequence[Rational], values: Sequence[Rational], top: int, below: int) -> Ratio:
    """The rational function of degrees at most *top* over *below* with these values at top + below + 1 places."""
    rows = [
        [*(x**k for k in range(top + 1)), *(-value * x**k for k in range(below + 1))]
        for x, value in zip(places, values, strict=True)
    ]
    reduced, rank = flint.fmpq_mat(rows).rref()
    width = top + below + 2
    pivots = [next(c for c in range(width) if reduced[r, c] != 0) for r in range(rank)]
    free = next(c for c in range(width) if c not in pivots)
    vector = [Rational(0)] * width
    vector[free] = ONE
    for r, c in enumerate(pivots):
        vector[c] = -reduced[r, free]
    upper, lower = Poly(vector[: top + 1]), Poly(vector[top + 1 :])
    common = upper.gcd(lower)
    return upper // common, lower // common


def _responses_to(table: Table, m: int, types: Sequence[int], stars: Sequence[Ratio]) -> list[Vector]:
    """z'(a) = 0 and u(t, m, z') = u*(t), each audience's last weight being what the others leave."""
    sizes = [len(labels) for labels in table.game.actions_after(m)]
    free = [(j, a) for j, n in enumerate(sizes) for a in range(n - 1)]
    one, zero = Poly([1]), Poly([0])
    found: list[Vector] = []
    for j, n in enumerate(sizes):
        for a in range(n):
            row = [Poly([int((j, a) == key)]) for key in free] + [zero]
            if a == n - 1:
                row = [-one if i == j else zero for i, _ in free] + [one]
            found.append(tuple(row))
    for t, (upper, lower) in zip(types, stars, strict=True):
        last = [table.payoff(0, t, m, j, n - 1) for j, n in enumerate(sizes)]
        start = table.payoff(0, t, m, 0, 0)
        constant = start + sum((end - table.payoff(0, t, m, j, 0) for j, end in enumerate(last)), zero)
        gains = [lower * (table.payoff(0, t, m, j, a) - last[j]) for j, a in free]
        found.append((*gains, lower * constant - upper))
    return spanning(found, len(free) + 1)
