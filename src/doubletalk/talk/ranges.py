"""A lowest and a highest value, both attained."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from doubletalk.exact import ZERO, Rational, text

__all__ = ["Range", "total"]


@dataclass(frozen=True)
class Range:
    """What somebody can get, from ``low`` to ``high``; the two are equal where nothing is left open."""

    low: Rational
    high: Rational

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"a range needs low <= high, got {self.low} and {self.high}")

    @classmethod
    def of(cls, values: Iterable[Rational]) -> Range:
        """The least range that holds *values* (at least one)."""
        known = list(values)
        return cls(min(known), max(known))

    def __add__(self, other: Range) -> Range:
        """The range of the sum of two values that are chosen independently."""
        return Range(self.low + other.low, self.high + other.high)

    def scaled(self, factor: Rational) -> Range:
        """The range times a factor that is not negative."""
        return Range(self.low * factor, self.high * factor)

    @property
    def settled(self) -> bool:
        """Whether there is one value only."""
        return bool(self.low == self.high)

    def __str__(self) -> str:
        return text(self.low) if self.settled else f"{text(self.low)} to {text(self.high)}"


def total(ranges: Iterable[Range]) -> Range:
    """The range of a sum of independent parts; 0 for none."""
    result = Range(ZERO, ZERO)
    for part in ranges:
        result = result + part
    return result
