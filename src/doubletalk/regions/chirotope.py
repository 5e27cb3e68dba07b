r"""The values of a parameter at which the signs of a matrix's maximal minors change.

For hyperplanes whose coefficients are polynomials of the parameter: the signs of all maximal minors of the matrix of
the hyperplanes in homogeneous coordinates, the *chirotope*, determine the oriented matroid of the arrangement, that is
which cells there are and how they hang together (Björner, Las Vergnas, Sturmfels, White & Ziegler 1999, section 3.5).
The minors are polynomials too; between two neighbouring real roots of them nothing changes.

Each minor is interpolated at one point more than its degree, so no root is missed. Cost: one determinant for each
choice of as many hyperplanes as the space has dimensions, at each of its points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from itertools import combinations, pairwise
from math import comb, gcd, lcm
from typing import TypeAlias

import flint

from doubletalk.exact import Rational
from doubletalk.regions.algebraic import AlgebraicNumber, roots_between

__all__ = [
    "Poly",
    "Vector",
    "count_minors",
    "degree_of_minors",
    "distinct",
    "factors_of_minors",
    "sorted_roots",
    "spanning",
]

MOST_DEGREE = 24
NARROW = 2**80
"""Isolating intervals of irrational roots are at most 1/NARROW of the range."""

Poly: TypeAlias = flint.fmpq_poly
Vector: TypeAlias = tuple[Poly, ...]
"""The coefficients of a hyperplane, homogeneous coordinate last, as polynomials of the parameter."""


def count_minors(vectors: Sequence[Vector]) -> int:
    """How many maximal minors there are."""
    return comb(len(vectors), len(vectors[0]))


def degree_of_minors(vectors: Sequence[Vector]) -> int:
    """A bound on the degree of a maximal minor."""
    return sum(sorted(max(p.degree() for p in vector) for vector in vectors)[-len(vectors[0]) :])


def spanning(vectors: Iterable[Vector], size: int) -> list[Vector]:
    """The vectors and the hyperplane at infinity, those that always coincide once."""
    return distinct([*vectors, (*(Poly([0]) for _ in range(size - 1)), Poly([1]))])


def distinct(vectors: Iterable[Vector]) -> list[Vector]:
    """Without vectors that are 0 throughout, and with one of those that are multiples of each other by a number."""
    kept: dict[tuple[str, ...], Vector] = {}
    for vector in vectors:
        head = next((p for p in vector if p != 0), None)
        if head is not None:
            scaled = tuple(p / head[head.degree()] for p in vector)
            kept.setdefault(tuple(map(str, scaled)), scaled)
    return list(kept.values())


# ---- minors ----------------------------------------------------------------------------------------------------------


def factors_of_minors(vectors: Sequence[Vector]) -> Iterator[tuple[int, ...]]:
    """The irreducible factors of all maximal minors, as coefficients without common factor, the last one positive.

    Raises OverflowError, with words, where a minor may be of a degree above ``MOST_DEGREE``.
    """
    size = len(vectors[0])
    degrees = [max(p.degree() for p in vector) for vector in vectors]
    most = degree_of_minors(vectors)
    if most > MOST_DEGREE:
        raise OverflowError(f"determinants are of degree above {MOST_DEGREE}")
    rows = [[_whole_row(vector, x) for x in range(most + 1)] for vector in vectors]
    seen: set[tuple[int, ...]] = set()
    for chosen in combinations(range(len(vectors)), size):
        degree = sum(degrees[k] for k in chosen)
        if degree == 0:
            continue
        values = [int(flint.fmpz_mat([rows[k][x] for k in chosen]).det()) for x in range(degree + 1)]
        common = gcd(*values)
        if common == 0:
            continue
        key = tuple(v // common for v in values)
        if key in seen or tuple(-v for v in key) in seen:
            continue
        seen.add(key)
        yield from _irreducible(key)


def _whole_row(vector: Vector, x: int) -> list[int]:
    """The vector at x times a number that is the same at every x, in whole numbers."""
    scale = reduce(lcm, (int(p.denom()) for p in vector), 1)
    return [int((p(Rational(x)) * scale).p) for p in vector]


def _irreducible(values: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """The factors, of degree one or more, of the polynomial with these values at 0, 1, 2, ..."""
    differences, heads = [Rational(v) for v in values], []
    while differences:
        heads.append(differences[0])
        differences = [b - a for a, b in pairwise(differences)]
    found, falling = Poly([0]), Poly([1])
    for k, head in enumerate(heads):
        found = found + falling * head
        falling = falling * Poly([Rational(-k, k + 1), Rational(1, k + 1)])
    for factor, _ in found.numer().factor()[1]:
        if factor.degree() >= 1:
            coefficients = tuple(int(c) for c in factor.coeffs())
            yield coefficients if coefficients[-1] > 0 else tuple(-c for c in coefficients)


# ---- roots -----------------------------------------------------------------------------------------------------------


def sorted_roots(
    factors: Iterable[tuple[int, ...]], low: Rational, high: Rational
) -> tuple[Rational | AlgebraicNumber, ...]:
    """The real roots strictly between *low* and *high*, ascending, irrational ones in intervals that hold no other."""
    narrow = (high - low) / NARROW
    rational: list[Rational] = []
    irrational: list[AlgebraicNumber] = []
    for coefficients in factors:
        if len(coefficients) == 2:
            root = Rational(-coefficients[0], coefficients[1])
            rational += [root] if low < root < high else []
        else:
            irrational += _isolated(coefficients, low, high, narrow)
    while True:
        spans = sorted([(x, x) for x in rational] + [(each.low, each.high) for each in irrational])
        if all(a[1] < b[0] for a, b in pairwise(spans)):
            break
        narrow /= NARROW
        irrational = [root for each in irrational for root in _isolated(each.coefficients, each.low, each.high, narrow)]
    return tuple(sorted([*rational, *irrational], key=lambda r: r.low if isinstance(r, AlgebraicNumber) else r))


def _isolated(
    coefficients: tuple[int, ...], low: Rational, high: Rational, narrow: Rational
) -> Iterator[AlgebraicNumber]:
    """The roots between rationals *low* and *high* of an irreducible polynomial without rational roots."""
    count = roots_between(coefficients, low, high)
    if count == 0:
        return
    if count == 1 and high - low <= narrow:
        yield AlgebraicNumber(coefficients, low, high)
        return
    middle = (low + high) / 2
    yield from _isolated(coefficients, low, middle, narrow)
    yield from _isolated(coefficients, middle, high, narrow)
