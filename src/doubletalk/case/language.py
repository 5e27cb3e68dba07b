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

from functools import lru_cache

from doubletalk.case.parsing import Events, Sums, Token
from doubletalk.case.syntax import (
    All,
    Always,
    BeliefIn,
    Best,
    Binary,
    ClaimError,
    Comparison,
    Event,
    Expression,
    Labels,
    Name,
    Negative,
    Number,
    Payoff,
    Probability,
    Statement,
    Sweep,
)
from doubletalk.exact import Rational

__all__ = ["COMPARISONS", "QUANTIFIERS", "ClaimError", "Parser", "Statement", "parse_statement"]

QUANTIFIERS = ("every", "some", "no")
COMPARISONS = ("=", "!=", "<", "<=", ">", ">=", "includes")


@lru_cache(maxsize=1024)
def parse_statement(source: str) -> Statement:
    """Read a statement, each text once. :class:`ClaimError` says where it stops making sense and what was expected."""
    return Parser(source).statement()


class Parser(Events, Sums[Expression]):
    """Recursive descent, one method per rule of the grammar above."""

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

    def joined(self, sign: Token, left: Expression, right: Expression) -> Expression:
        return Binary(sign.text, left, right, sign.at)

    def negated(self, item: Expression) -> Expression:
        return Negative(item)

    def constant(self, value: Rational) -> Expression:
        return Number(value)

    def leaf(self) -> Expression:
        if bracket := self.take("["):
            return Labels(self.list_after_bracket(), bracket.at)
        return self.named()

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
