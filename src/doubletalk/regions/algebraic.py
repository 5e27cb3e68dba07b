r"""Irrational thresholds: algebraic numbers as a polynomial with whole coefficients and an isolating interval.

A threshold is where rational functions of the parameter meet, so it is a root of a polynomial with rational
coefficients. Where it is not rational, bisection by exact solves brackets it between rationals 2^-k apart, and an
integer relation between the powers of the middle of the bracket, found by lattice reduction (Lenstra, Lenstra & Lovasz
1982), gives the polynomial: with height H and degree n it is taken only if (n + 1) log2 H + 40 < k, so that a relation
by chance has odds below one in 2^40, and only if it changes sign over the bracket.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import flint

from doubletalk.exact import ZERO, Rational

__all__ = ["BITS", "AlgebraicNumber", "cut_off", "recognised", "roots_between"]

BITS = 200
"""The bracket of an irrational threshold has at most 2^-BITS of the width in which it was looked for."""
DEGREES = (1, 2, 3, 4, 6)
SURE = 40
"""A relation found by chance is this many halvings from being taken."""


@dataclass(frozen=True)
class AlgebraicNumber:
    """The one root between ``low`` and ``high`` of the irreducible polynomial sum_i ``coefficients[i]`` x^i."""

    coefficients: tuple[int, ...]
    low: Rational
    high: Rational

    def value_at(self, x: Rational) -> Rational:
        """The polynomial at x."""
        value = ZERO
        for c in reversed(self.coefficients):
            value = value * x + c
        return value

    def decimals(self, digits: int = 8) -> str:
        """The number to that many decimals, cut off."""
        return cut_off(self.low, digits)

    def equation(self, name: str) -> str:
        """``h^2 + h - 1 = 0``."""
        terms = []
        for power in range(len(self.coefficients) - 1, -1, -1):
            c = self.coefficients[power]
            if c == 0:
                continue
            factor = "" if power == 0 else name if power == 1 else f"{name}^{power}"
            size = str(abs(c)) if power == 0 or abs(c) != 1 else ""
            sign = "-" if c < 0 else "+"
            term = f"{size}*{factor}" if size and factor else size or factor
            terms.append((sign, term))
        head = ("-" if terms[0][0] == "-" else "") + terms[0][1]
        return head + "".join(f" {sign} {term}" for sign, term in terms[1:]) + " = 0"


def cut_off(number: Rational, digits: int) -> str:
    """A number to that many decimals, the rest cut off."""
    scaled = abs(number) * 10**digits
    whole = int(scaled.p // scaled.q)
    return f"{'-' if number < 0 < whole else ''}{whole // 10**digits}.{whole % 10**digits:0{digits}d}"


def recognised(low: Rational, high: Rational) -> AlgebraicNumber | None:
    """The algebraic number of small degree and height in the bracket; None where the bracket names none."""
    bits = _bits(high - low)
    middle = (low + high) / 2
    for degree in DEGREES:
        relation = _relation(middle, degree, bits)
        for factor, _ in flint.fmpz_poly(relation).factor()[1]:
            coefficients = tuple(int(c) for c in factor.coeffs())
            if len(coefficients) < 2 or len(coefficients) * max(map(abs, coefficients)).bit_length() + SURE >= bits:
                continue
            if coefficients[-1] < 0:
                coefficients = tuple(-c for c in coefficients)
            number = AlgebraicNumber(coefficients, low, high)
            if number.value_at(low) * number.value_at(high) < 0 and roots_between(coefficients, low, high) == 1:
                return number
    return None


def _bits(width: Rational) -> int:
    """The largest k with width <= 2^-k."""
    return int((1 / width).p // (1 / width).q).bit_length() - 1


def _relation(x: Rational, degree: int, bits: int) -> list[int]:
    """Whole numbers c with sum_i c_i x^i small: the shortest vector of the reduced lattice."""
    scale = 2 ** max(bits - 4, 1)
    rows, power = [], x**0
    for i in range(degree + 1):
        scaled = power * scale
        rows.append([int(i == j) for j in range(degree + 1)] + [int(scaled.p // scaled.q)])
        power = power * x
    reduced = flint.fmpz_mat(rows).lll()
    return [int(reduced[0, j]) for j in range(degree + 1)]


def roots_between(coefficients: Sequence[int], low: Rational, high: Rational) -> int:
    """Real roots in the open interval, counted by Sturm's theorem (ends are no roots)."""
    chain = [flint.fmpq_poly(list(coefficients))]
    chain.append(chain[0].derivative())
    while chain[-1].degree() > 0:
        chain.append(-(chain[-2] % chain[-1]))
    return _changes(chain, low) - _changes(chain, high)


def _changes(chain: Sequence[flint.fmpq_poly], x: Rational) -> int:
    signs = [s for s in ((v > 0) - (v < 0) for v in (p(x) for p in chain)) if s]
    return sum(a != b for a, b in pairwise(signs))
