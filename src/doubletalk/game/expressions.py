"""Numbers in a game file: ``+ - * / ( )``, names of parameters, integers, decimals and fractions, kept exact.

Nothing is ever run as code: the text is read by the grammar below into a small tree, and the tree is evaluated in
rational arithmetic.

    sum     = product { ("+" | "-") product }
    product = signed  { ("*" | "/") signed }
    signed  = { "+" | "-" } atom
    atom    = number | name | "(" sum ")"
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from doubletalk.errors import InputError
from doubletalk.exact import ONE, ZERO, Rational, rational
from doubletalk.game.wording import quoted, unknown

__all__ = ["Expression", "ExpressionError", "Name", "Number", "Product", "Sum", "Tree", "parse_expression"]

MAX_CHARACTERS = 2000
MAX_NESTING = 50
MAX_BITS = 10_000


class ExpressionError(InputError):
    """A number or formula cannot be read or has no value."""


@dataclass(frozen=True, slots=True)
class Number:
    """A constant."""

    value: Rational


@dataclass(frozen=True, slots=True)
class Name:
    """A parameter, by name."""

    name: str


@dataclass(frozen=True, slots=True)
class Sum:
    """The sum of sign * term; each sign is +1 or -1."""

    terms: tuple[tuple[int, Tree], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """The product of factor ** power; each power is +1 or -1 (division)."""

    factors: tuple[tuple[int, Tree], ...]


Tree = Number | Name | Sum | Product


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula over parameters: its text, its tree and the names in it, in order of first appearance."""

    text: str
    tree: Tree
    names: tuple[str, ...]

    def evaluate(self, env: Mapping[str, Rational]) -> Rational:
        """The exact value when each name has the value that *env* gives it.

        Raises :class:`ExpressionError` for a name that *env* lacks, a division by zero, or a value of more than
        10,000 binary digits.
        """
        try:
            return _value(self.tree, env)
        except ZeroDivisionError:
            raise ExpressionError(f"division by zero in {quoted(self.text)}") from None
        except KeyError as missing:
            raise ExpressionError(
                f"in {quoted(self.text)}: {unknown('parameter', missing.args[0], list(env))}"
            ) from None
        except OverflowError:
            raise ExpressionError(f"the value of {quoted(self.text)} is too large to work with") from None


def _value(tree: Tree, env: Mapping[str, Rational]) -> Rational:
    if isinstance(tree, Number):
        return tree.value
    if isinstance(tree, Name):
        return env[tree.name]
    if isinstance(tree, Sum):
        result = ZERO
        for sign, term in tree.terms:
            value = _value(term, env)
            result = _bounded(result + value if sign > 0 else result - value)
        return result
    result = ONE
    for power, factor in tree.factors:
        value = _value(factor, env)
        result = _bounded(result * value if power > 0 else result / value)
    return result


def _bounded(value: Rational) -> Rational:
    if value.height_bits() > MAX_BITS:
        raise OverflowError
    return value


def parse_expression(text: str, known: Collection[str] | None = None) -> Expression:
    """The expression that *text* spells; every name in it must be in *known* when that is given.

    Raises :class:`ExpressionError`: what was found, what was expected, the nearest known name.
    """
    if len(text) > MAX_CHARACTERS:
        raise ExpressionError(f"a formula of {len(text)} characters is too long (at most {MAX_CHARACTERS})")
    expression = _parsed(text)
    if known is not None:
        for name in expression.names:
            if name not in known:
                where = "" if name == text.strip() else f"in {quoted(text)}: "
                raise ExpressionError(where + unknown("parameter", name, list(known)))
    return expression


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Expression:
    reader = _Reader(text)
    tree = reader.sum(0)
    reader.finish()
    return Expression(text.strip(), tree, tuple(dict.fromkeys(_names(tree))))


def _names(tree: Tree) -> Iterator[str]:
    if isinstance(tree, Name):
        yield tree.name
    elif isinstance(tree, Sum):
        for _, part in tree.terms:
            yield from _names(part)
    elif isinstance(tree, Product):
        for _, part in tree.factors:
            yield from _names(part)


_TOKEN = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?|\.[0-9]+)|(?P<name>[^\W\d]\w*)|(?P<sign>[-+*/()])")
_EXPONENT = re.compile(r"[eE][0-9]*$")


class _Reader:
    """One pass over the tokens of a formula; ``token`` is the next one, "" at the end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.kind = self.token = self.last = ""
        self.step()

    def step(self) -> None:
        self.last = self.token
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1
        if self.place == len(self.text):
            self.kind = self.token = ""
            return
        found = _TOKEN.match(self.text, self.place)
        if found is None:
            raise self.error(f"unexpected {quoted(self.text[self.place])}; {_hint(self.text[self.place])}")
        self.kind, self.token, self.place = str(found.lastgroup), found.group(), found.end()

    def error(self, message: str) -> ExpressionError:
        whole = f"in {quoted(self.text.strip())}: " if self.text.strip() else ""
        return ExpressionError(whole + message)

    def finish(self) -> None:
        if not self.token:
            return
        if _EXPONENT.match(self.token) and self.last[-1:].isdigit():
            raise self.error("powers of ten are not read; write the number out, e.g. 1000 or 0.001")
        if self.token == ")":
            raise self.error("')' without a '(' before it")
        raise self.error(f"unexpected {quoted(self.token)} after {quoted(self.last)}; expected + - * / or the end")

    def sum(self, depth: int) -> Tree:
        terms = [(1, self.product(depth))]
        while self.token in ("+", "-"):
            sign = 1 if self.token == "+" else -1
            self.step()
            terms.append((sign, self.product(depth)))
        return terms[0][1] if len(terms) == 1 else Sum(tuple(terms))

    def product(self, depth: int) -> Tree:
        factors = [(1, self.signed(depth))]
        while self.token in ("*", "/"):
            power = 1 if self.token == "*" else -1
            self.step()
            factors.append((power, self.signed(depth)))
        return factors[0][1] if len(factors) == 1 else Product(tuple(factors))

    def signed(self, depth: int) -> Tree:
        sign = 1
        while self.token in ("+", "-"):
            sign = -sign if self.token == "-" else sign
            self.step()
        atom = self.atom(depth)
        if sign > 0:
            return atom
        return Number(-atom.value) if isinstance(atom, Number) else Sum(((-1, atom),))

    def atom(self, depth: int) -> Tree:
        kind, token = self.kind, self.token
        if kind == "number":
            self.step()
            try:
                return Number(rational(token))
            except ValueError as wrong:
                raise self.error(str(wrong)) from None
        if kind == "name":
            self.step()
            return Name(token)
        if token == "(":
            if depth >= MAX_NESTING:
                raise self.error(f"brackets nested more than {MAX_NESTING} deep")
            self.step()
            inner = self.sum(depth + 1)
            if self.token != ")":
                raise self.error(f"expected ')', found {quoted(self.token) if self.token else 'the end'}")
            self.step()
            return inner
        found = quoted(token) if token else "nothing"
        after = f" after {quoted(self.last)}" if self.last else ""
        hint = "; powers are not part of the format" if token == "*" and self.last == "*" else ""
        raise self.error(f"expected a number, a parameter or '(', found {found}{after}{hint}")


def _hint(character: str) -> str:
    if character == ",":
        return "a decimal is written with a point, e.g. 0.9"
    if character == "%":
        return "write a percentage as a fraction, e.g. 9/10"
    if character == "^":
        return "powers are not part of the format"
    if character in "−–—":
        return "the minus sign is '-'"
    return "a formula holds numbers, parameters and + - * / ( ) only"
