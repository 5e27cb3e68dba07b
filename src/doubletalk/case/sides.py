"""Two sides of a statement as numbers with errors: what verdicts on the long game and on its fit share."""

from __future__ import annotations

import math
from dataclasses import dataclass

__all__ = ["DIGITS", "Sides", "plain", "sides_data"]

DIGITS = 6
"""After the decimal point, in files."""

_NUMBERS = ("left", "left_error", "right", "right_error", "difference", "difference_error")


@dataclass(frozen=True)
class Sides:
    """A statement, its answer in a word and in words; both sides and their difference, each with its standard error."""

    statement: str
    answer: str
    words: str
    left: float
    left_error: float
    right: float
    right_error: float
    difference: float
    difference_error: float


def plain(value: float | None) -> float | None:
    """Rounded, so that the last digits of floating point do not show; None where there is no number."""
    return None if value is None or not math.isfinite(value) else round(float(value), DIGITS)


def sides_data(found: Sides) -> dict[str, object]:
    """For JSON; numbers that are not defined as null."""
    return {"answer": found.answer, "words": found.words, **{name: plain(getattr(found, name)) for name in _NUMBERS}}
