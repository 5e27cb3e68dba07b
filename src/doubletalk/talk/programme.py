"""Exact linear programmes: the largest value of a linear form over a polyhedron, and a point that attains it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import ppl

from doubletalk.equilibrium.pieces_reply import integers
from doubletalk.exact import ZERO, Rational

__all__ = ["Programme"]


class Programme:
    """Linear constraints over *size* unknowns, all nonnegative but those in *free*."""

    def __init__(self, size: int, free: Iterable[int] = ()) -> None:
        self.size = size
        unsigned = set(free)
        self._system = ppl.Constraint_System()
        for i in range(size):
            if i not in unsigned:
                self._system.insert(ppl.Variable(i) >= 0)

    def equal(self, row: Mapping[int, Rational], constant: Rational = ZERO) -> None:
        """Ask row . x = constant."""
        self._system.insert(_form(row, constant) == 0)

    def at_least(self, row: Mapping[int, Rational], constant: Rational = ZERO) -> None:
        """Ask row . x >= constant."""
        self._system.insert(_form(row, constant) >= 0)

    def largest(self, row: Mapping[int, Rational]) -> tuple[Rational, tuple[Rational, ...]] | None:
        """The largest row . x and a point x where it is attained; None when no point satisfies the constraints.

        Raises ``ArithmeticError`` when the form has no upper bound. Cost: one run of PPL's exact simplex method.
        """
        problem = ppl.MIP_Problem(self.size, self._system, _form(row, ZERO))
        problem.set_optimization_mode("maximization")
        status = problem.solve()["status"]
        if status == "unfeasible":
            return None
        if status != "optimized":
            raise ArithmeticError("the linear form has no upper bound")
        generator = problem.optimizing_point()
        bottom = int(generator.divisor())
        point = tuple(Rational(int(c), bottom) for c in generator.coefficients())
        point = (*point, *((ZERO,) * (self.size - len(point))))
        return sum((v * point[i] for i, v in row.items()), ZERO), point

    def smallest(self, row: Mapping[int, Rational]) -> Rational | None:
        """The smallest row . x; None when no point satisfies the constraints."""
        found = self.largest({i: -v for i, v in row.items()})
        return None if found is None else -found[0]


def _form(row: Mapping[int, Rational], constant: Rational) -> ppl.Linear_Expression:
    """row . x - constant, times a positive number that makes it whole."""
    *whole, shift = integers([*row.values(), constant])
    return ppl.Linear_Expression(dict(zip(row, whole, strict=True)), -shift)
