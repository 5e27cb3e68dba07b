"""The exact-arithmetic layer: every probability, payoff and parameter is a FLINT rational.

One name, :data:`Rational`, is used everywhere for the type; one function reads a number, one writes it.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction

from flint import fmpq

__all__ = ["ONE", "ZERO", "Rational", "decimal", "rational", "text"]

Rational = fmpq
ZERO: fmpq = fmpq(0)
ONE: fmpq = fmpq(1)


def rational(value: object) -> fmpq:
    """The exact rational that *value* stands for.

    Accepts integers, ``Fraction``, FLINT rationals, and text holding an integer, a decimal (``0.9`` is 9/10
    exactly) or a fraction (``1/3``). A binary float is refused, because ``0.1`` as a float is not 1/10.

    Raises ``ValueError`` when the text is not a number and ``TypeError`` for floats and other types.
    """
    if isinstance(value, fmpq):
        return value
    if isinstance(value, bool):
        raise TypeError(f"expected a number, got {value!r}")
    if isinstance(value, int):
        return fmpq(value)
    if isinstance(value, Fraction):
        return fmpq(value.numerator, value.denominator)
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, float):
        raise TypeError(
            f"expected an exact number, got the float {value!r}; write it as text, e.g. '{value!r}' or '1/3'"
        )
    raise TypeError(f"expected a number, got {type(value).__name__} {value!r}")


def _from_text(value: str) -> fmpq:
    words = value.strip()
    if len(words) > 400:
        raise ValueError(f"number of {len(words)} characters is too long (at most 400)")
    above, slash, below = words.partition("/")
    try:
        if slash:
            return fmpq(int(above), int(below))
        number = Decimal(words)
        if not number.is_finite() or abs(number.adjusted()) > 400:
            raise ValueError(f"not a finite number of reasonable size: {value!r}")
        top, bottom = number.as_integer_ratio()
    except ZeroDivisionError:
        raise ValueError(f"division by zero in {value!r}") from None
    except (InvalidOperation, ValueError):
        raise ValueError(
            f"not an exact number: {value!r}; write an integer, a decimal or a fraction such as 1/3"
        ) from None
    return fmpq(top, bottom)


def text(value: fmpq) -> str:
    """The exact rational as text: ``"9/10"``, ``"2"``, ``"-1/3"``."""
    return str(value)


def decimal(value: fmpq) -> float:
    """The nearest float, for drawing and for arithmetic that is not exact."""
    return int(value.p) / int(value.q)
