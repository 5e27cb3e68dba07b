"""What the languages of claims share: words, brackets and arithmetic, events; one method per rule of the grammar."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

from doubletalk.case.syntax import All, Any, Bare, ClaimError, Event, Is, Not
from doubletalk.exact import Rational, rational

__all__ = ["Events", "Sums", "Token", "Words"]

Part = TypeVar("Part")

_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z][A-Za-z0-9_]*)*)
    |(?P<quoted>"[^"]*"|'[^']*')|(?P<mark><=|>=|!=|==|[=<>+\-*/(),|:\[\]])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Token:
    """A word, number, quoted text or mark, and the character at which it stands."""

    kind: str
    text: str
    at: int


def tokens(source: str) -> list[Token]:
    """The text cut into tokens, the last of kind ``end``. Raises ClaimError for a character that means nothing."""
    if len(source) > 2000:
        raise ClaimError(f"the statement has {len(source)} characters; at most 2000 are read")
    found, at = [], 0
    while at < len(source):
        match = _TOKEN.match(source, at)
        if match is None:
            raise ClaimError(f"found {source[at]!r}, which is no part of the claim language", source, at)
        kind = str(match.lastgroup)
        if kind != "space":
            text = match.group()
            found.append(Token(kind, "=" if text == "==" else text, at))
        at = match.end()
    found.append(Token("end", "the end", len(source)))
    return found


class Words:
    """The words of a statement, one after the other."""

    def __init__(self, source: str) -> None:
        self.source, self.tokens, self.at, self.depth = source, tokens(source), 0, 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def error(self, expected: str) -> ClaimError:
        found = "the end" if self.now.kind == "end" else f"'{self.now.text}'"
        return ClaimError(f"found {found}, expected {expected}", self.source, self.now.at)

    def sees(self, *texts: str) -> bool:
        return self.now.kind in ("word", "mark") and self.now.text in texts

    def take(self, *texts: str) -> Token | None:
        if not self.sees(*texts):
            return None
        self.at += 1
        return self.tokens[self.at - 1]

    def need(self, text: str, why: str = "") -> Token:
        token = self.take(text)
        if token is None:
            raise self.error(f"'{text}'{why}")
        return token

    def word(self, what: str) -> Token:
        if self.now.kind not in ("word", "quoted"):
            raise self.error(what)
        token = self.now
        self.at += 1
        return Token("word", token.text[1:-1], token.at) if token.kind == "quoted" else token

    def number(self, what: str) -> Rational:
        if self.now.kind != "number":
            raise self.error(what)
        self.at += 1
        return rational(self.tokens[self.at - 1].text)

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > 60:
            raise ClaimError("brackets are nested more than 60 deep", self.source, self.now.at)


class Sums(Words, ABC, Generic[Part]):
    """Sums, products and brackets of numbers and of what :meth:`leaf` reads."""

    @abstractmethod
    def joined(self, sign: Token, left: Part, right: Part) -> Part:
        """``left`` ``sign`` ``right``."""

    @abstractmethod
    def negated(self, item: Part) -> Part:
        """Minus *item*."""

    @abstractmethod
    def constant(self, value: Rational) -> Part:
        """A number."""

    @abstractmethod
    def leaf(self) -> Part:
        """Anything that is no bracket and no number."""

    def sum(self) -> Part:
        left = self.product()
        while sign := self.take("+", "-"):
            left = self.joined(sign, left, self.product())
        return left

    def product(self) -> Part:
        left = self.factor()
        while sign := self.take("*", "/"):
            left = self.joined(sign, left, self.factor())
        return left

    def factor(self) -> Part:
        self.deeper()
        try:
            if self.take("-"):
                return self.negated(self.factor())
            if self.take("("):
                inside = self.sum()
                self.need(")", " to close the bracket")
                return inside
            return self.constant(self.number("a number")) if self.now.kind == "number" else self.leaf()
        finally:
            self.depth -= 1


class Events(Words):
    """Events: NAME=VALUE and the like, joined by commas, ``and``, ``or``, ``not`` and brackets."""

    def list_after_bracket(self) -> tuple[str, ...]:
        names = [self.word("a name in the list").text]
        while self.take(","):
            names.append(self.word("a name in the list").text)
        self.need("]", " to close the list")
        return tuple(names)

    def event(self) -> Event:
        items = [self.disjunction()]
        while self.take(","):
            items.append(self.disjunction())
        return items[0] if len(items) == 1 else All(tuple(items))

    def disjunction(self) -> Event:
        items = [self.conjunction()]
        while self.take("or"):
            items.append(self.conjunction())
        return items[0] if len(items) == 1 else Any(tuple(items))

    def conjunction(self) -> Event:
        items = [self.atom()]
        while self.take("and"):
            items.append(self.atom())
        return items[0] if len(items) == 1 else All(tuple(items))

    def atom(self) -> Event:
        self.deeper()
        try:
            if self.take("not"):
                return Not(self.atom())
            if self.take("("):
                inside = self.event()
                self.need(")", " to close the bracket")
                return inside
            name = self.word("an event such as message=court or a value such as hedger")
            sign = self.take("=", "!=")
            if sign is None:
                return Bare(name.text, name.at)
            if self.take("["):
                return Is(name.text, self.list_after_bracket(), sign.text == "!=", name.at)
            return Is(name.text, (self.word(f"a value of '{name.text}'").text,), sign.text == "!=", name.at)
        finally:
            self.depth -= 1
