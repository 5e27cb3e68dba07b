"""The claim language: what a statement about a game says, as a tree (docs/claims.md is its reference page).

    statement   [for NAME=CONST, ...:] [over NAME in [CONST, CONST]:] [in every|some|no equilibrium
                [surviving NAME, ...]:] SIDE (= | != | < | <= | > | >= | includes) SIDE
    SIDE        sums and constant multiples of quantities, numbers and parameters
    quantity    P(EVENT [| EVENT])   payoff(PLAYER [| EVENT])   belief([AUDIENCE:] EVENT | EVENT)
                best(AUDIENCE [| EVENT, belief=CONST])
    EVENT       NAME=VALUE, NAME=[VALUE, ...], NAME!=VALUE, or a bare value; joined by `,`, `and`, `or`, `not`, ( )

This module knows words and brackets only; whether the names exist in a game is asked in ``events``.
Errors point at the character where the statement stops making sense.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from doubletalk.case.syntax import (
    All,
    Always,
    Any,
    Bare,
    BeliefIn,
    Best,
    Binary,
    ClaimError,
    Comparison,
    Event,
    Expression,
    Is,
    Labels,
    Name,
    Negative,
    Not,
    Number,
    Payoff,
    Probability,
    Statement,
    Sweep,
)
from doubletalk.exact import rational

__all__ = ["COMPARISONS", "QUANTIFIERS", "ClaimError", "Parser", "Statement", "parse_statement"]

QUANTIFIERS = ("every", "some", "no")
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "includes")
_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<word>[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z][A-Za-z0-9_]*)*)
    |(?P<quoted>"[^"]*"|'[^']*')|(?P<mark><=|>=|!=|==|[=<>+\-*/(),|:\[\]])""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


@lru_cache(maxsize=1024)
def parse_statement(source: str) -> Statement:
    """Read a statement, each text once. :class:`ClaimError` says where it stops making sense and what was expected."""
    return Parser(source).statement()


def _tokens(source: str) -> list[_Token]:
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
            found.append(_Token(kind, "=" if text == "==" else text, at))
        at = match.end()
    found.append(_Token("end", "the end", len(source)))
    return found


class Parser:
    """Recursive descent, one method per rule of the grammar above."""

    def __init__(self, source: str) -> None:
        self.source, self.tokens, self.at, self.depth = source, _tokens(source), 0, 0

    @property
    def now(self) -> _Token:
        return self.tokens[self.at]

    def error(self, expected: str) -> ClaimError:
        found = "the end" if self.now.kind == "end" else f"'{self.now.text}'"
        return ClaimError(f"found {found}, expected {expected}", self.source, self.now.at)

    def sees(self, *texts: str) -> bool:
        return self.now.kind in ("word", "mark") and self.now.text in texts

    def take(self, *texts: str) -> _Token | None:
        if not self.sees(*texts):
            return None
        self.at += 1
        return self.tokens[self.at - 1]

    def need(self, text: str, why: str = "") -> _Token:
        token = self.take(text)
        if token is None:
            raise self.error(f"'{text}'{why}")
        return token

    def word(self, what: str) -> _Token:
        if self.now.kind not in ("word", "quoted"):
            raise self.error(what)
        token = self.now
        self.at += 1
        return _Token("word", token.text[1:-1], token.at) if token.kind == "quoted" else token

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > 60:
            raise ClaimError("brackets are nested more than 60 deep", self.source, self.now.at)

    # -- statement ---------------------------------------------------------------------------------------------

    def statement(self) -> Statement:
        overrides = self.overrides() if self.take("for") else ()
        sweep = self.sweep() if self.sees("over") else None
        quantifier, surviving = self.quantifier() if self.take("in") else (None, ())
        comparison = self.comparison()
        if self.now.kind != "end":
            raise self.error("the end of the statement (one comparison a statement)")
        return Statement(self.source, comparison, overrides, sweep, quantifier, surviving)

    def overrides(self) -> tuple[tuple[str, Expression, int], ...]:
        found = []
        while True:
            name = self.word("the name of a parameter")
            self.need("=", " and the parameter's value")
            found.append((name.text, self.sum(), name.at))
            if not self.take(","):
                break
        self.need(":", " after the parameters of 'for'")
        return tuple(found)

    def sweep(self) -> Sweep:
        start = self.need("over")
        name = self.word("the name of a parameter or variable")
        self.need("in", " and a range such as [0, 1]")
        self.need("[", " at the start of the range")
        low = self.sum()
        self.need(",", " between the ends of the range")
        high = self.sum()
        self.need("]", " at the end of the range")
        self.need(":", " after the range")
        return Sweep(name.text, low, high, start.at)

    def quantifier(self) -> tuple[str, tuple[tuple[str, int], ...]]:
        token = self.take(*QUANTIFIERS)
        if token is None:
            raise self.error("'every', 'some' or 'no'")
        if not self.take("equilibrium", "equilibria"):
            raise self.error("'equilibrium'")
        surviving = []
        if self.take("surviving"):
            while True:
                name = self.word("the name of a refinement")
                surviving.append((name.text, name.at))
                if not self.take(","):
                    break
        self.need(":", " before the comparison")
        return token.text, tuple(surviving)

    def comparison(self) -> Comparison:
        left = self.sum()
        sign = self.take(*COMPARISONS)
        if sign is None:
            raise self.error("a comparison (=, !=, <, <=, >, >= or includes)")
        return Comparison(left, sign.text, self.sum(), sign.at)

    # -- arithmetic --------------------------------------------------------------------------------------------

    def sum(self) -> Expression:
        left = self.product()
        while sign := self.take("+", "-"):
            left = Binary(sign.text, left, self.product(), sign.at)
        return left

    def product(self) -> Expression:
        left = self.factor()
        while sign := self.take("*", "/"):
            left = Binary(sign.text, left, self.factor(), sign.at)
        return left

    def factor(self) -> Expression:
        self.deeper()
        try:
            if self.take("-"):
                return Negative(self.factor())
            if self.take("("):
                inside = self.sum()
                self.need(")", " to close the bracket")
                return inside
            if self.sees("["):
                return self.labels()
            if self.now.kind == "number":
                self.at += 1
                return Number(rational(self.tokens[self.at - 1].text))
            return self.named()
        finally:
            self.depth -= 1

    def labels(self) -> Labels:
        start = self.need("[")
        return Labels(self.list_after_bracket(), start.at)

    def list_after_bracket(self) -> tuple[str, ...]:
        names = [self.word("a name in the list").text]
        while self.take(","):
            names.append(self.word("a name in the list").text)
        self.need("]", " to close the list")
        return tuple(names)

    def named(self) -> Expression:
        name = self.word("a number, a parameter, P(...), payoff(...), belief(...) or best(...)")
        if not self.take("("):
            return Name(name.text, name.at)
        makers = {"P": self.probability, "payoff": self.payoff, "belief": self.belief, "best": self.best}
        if name.text not in makers:
            raise ClaimError(
                f"found '{name.text}(', expected one of P(...), payoff(...), belief(...), best(...)",
                self.source,
                name.at,
            )
        made = makers[name.text](name.at)
        self.need(")", f" to close '{name.text}('")
        return made

    # -- quantities --------------------------------------------------------------------------------------------

    def probability(self, at: int) -> Expression:
        return Probability(self.event(), self.event() if self.take("|") else Always(), at)

    def payoff(self, at: int) -> Expression:
        return Payoff(self.word("a player").text, self.event() if self.take("|") else Always(), at)

    def belief(self, at: int) -> Expression:
        audience = None
        if self.now.kind == "word" and self.tokens[self.at + 1].text == ":":
            audience = self.word("an audience").text
            self.need(":")
        event = self.event()
        self.need("|", " and the message after which it is believed")
        return BeliefIn(audience, event, self.event(), at)

    def best(self, at: int) -> Expression:
        audience, parts = self.word("an audience").text, []
        belief: Expression | None = None
        about: str | None = None
        if self.take("|"):
            while True:
                if self.take("belief"):
                    if self.take("("):
                        about = self.word("a value, as in belief(hedger)=1/2").text
                        self.need(")")
                    self.need("=", " and the belief, as in belief=1/2")
                    belief = self.sum()
                else:
                    parts.append(self.disjunction())
                if not self.take(","):
                    break
        given: Event = Always() if not parts else parts[0] if len(parts) == 1 else All(tuple(parts))
        return Best(audience, given, belief, about, at)

    # -- events ------------------------------------------------------------------------------------------------

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
