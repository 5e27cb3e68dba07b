"""Formulas in game files: exact values, and errors that say what is wrong."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doubletalk.exact import Rational, rational
from doubletalk.game.expressions import ExpressionError, parse_expression


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", "3"),
        ("0.9", "9/10"),
        (".5", "1/2"),
        ("1/3", "1/3"),
        ("-2", "-2"),
        ("--2", "2"),
        ("1 - 2 - 3", "-4"),
        ("8/2/2", "2"),
        ("2 + 3*4", "14"),
        ("(2 + 3)*4", "20"),
        ("-(1 - 3)*-2", "-4"),
        ("0.1 + 0.2", "3/10"),
        ("1/3 + 1/6", "1/2"),
    ],
)
def test_constants_have_the_value_of_exact_arithmetic(text: str, value: str) -> None:
    """Precedence, signs and brackets are those of school arithmetic, with no rounding."""
    assert parse_expression(text).evaluate({}) == rational(value)


def test_names_take_the_values_given_and_are_listed_in_order() -> None:
    """An expression keeps its names, so that it can be evaluated again for other values."""
    formula = parse_expression("1 - h*(q + h)/2", ["h", "q"])
    assert formula.names == ("h", "q")
    assert formula.evaluate({"h": Rational(1, 2), "q": Rational(1)}) == Rational(5, 8)
    assert formula.evaluate({"h": Rational(0), "q": Rational(1)}) == 1


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected a number, a parameter or '(', found nothing"),
        ("1 +", "found nothing after '+'"),
        ("1 2", "unexpected '2' after '1'; expected + - * / or the end"),
        ("2 h", "unexpected 'h' after '2'"),
        ("(1", "expected ')', found the end"),
        ("1)", "')' without a '(' before it"),
        ("1e3", "powers of ten are not read"),
        ("h ** 2", "powers are not part of the format"),
        ("h^2", "powers are not part of the format"),
        ("0,9", "a decimal is written with a point"),
        ("90%", "write a percentage as a fraction"),
        ("1 − h", "the minus sign is '-'"),
        ("hh", "unknown parameter 'hh'; did you mean 'h'? Known: 'h', 'cost'"),
        ("1 - cots", "did you mean 'cost'?"),
        ("h.real", "unexpected '.'"),
        ("h()", "unexpected '(' after 'h'"),
        ("(" * 60 + "1" + ")" * 60, "nested more than 50 deep"),
        ("1" * 401, "too long (at most 400)"),
        ("1+" * 1200 + "1", "too long (at most 2000)"),
    ],
)
def test_wrong_formulas_say_what_was_found(text: str, problem: str) -> None:
    """Each error has the words given, on one line."""
    with pytest.raises(ExpressionError) as caught:
        parse_expression(text, ["h", "cost"])
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_division_by_zero_is_an_error_with_the_formula() -> None:
    """A zero divisor is named by its formula, whether it is a constant or a parameter's value."""
    with pytest.raises(ExpressionError, match=r"division by zero in '1/\(h - h\)'"):
        parse_expression("1/(h - h)").evaluate({"h": Rational(1)})


def test_values_too_large_to_work_with_are_refused() -> None:
    """Repeated squaring through a long product stops before it fills the memory."""
    with pytest.raises(ExpressionError, match="too large to work with"):
        parse_expression("*".join(["x"] * 40)).evaluate({"x": Rational(10) ** 390})


def test_a_name_without_a_value_is_an_error() -> None:
    """Evaluating without a value for a name names it and what is known."""
    with pytest.raises(ExpressionError, match="unknown parameter 'h'"):
        parse_expression("h + 1").evaluate({})


_numbers = st.integers(0, 50).map(str) | st.tuples(st.integers(0, 9), st.integers(0, 99)).map(
    lambda p: f"{p[0]}.{p[1]:02}"
)
_formulas = st.recursive(
    _numbers,
    lambda inner: (
        st.tuples(inner, st.sampled_from("+-*/"), inner).map(lambda p: f"({p[0]} {p[1]} {p[2]})")
        | inner.map(lambda f: f"(-{f})")
    ),
    max_leaves=12,
)


@given(_formulas)
@settings(max_examples=300, deadline=None)
def test_random_formulas_agree_with_fractions(text: str) -> None:
    """Values agree with Python's own Fraction arithmetic on the same formula."""
    import re

    spelled = re.sub(r"[0-9]+(\.[0-9]+)?", lambda number: f"Fraction('{number.group()}')", text)
    try:
        expected = eval(spelled, {"Fraction": Fraction})
    except ZeroDivisionError:
        with pytest.raises(ExpressionError, match="division by zero"):
            parse_expression(text).evaluate({})
        return
    assert parse_expression(text).evaluate({}) == rational(expected)


@given(st.text(max_size=40))
@settings(max_examples=500, deadline=None)
def test_any_text_is_a_formula_or_a_clear_error(text: str) -> None:
    """No text leads to anything but a value or an ExpressionError on one line."""
    problem = "none"
    try:
        parse_expression(text, ["a"]).evaluate({"a": Rational(2)})
    except ExpressionError as wrong:
        problem = str(wrong)
    assert len(problem.splitlines()) == 1
