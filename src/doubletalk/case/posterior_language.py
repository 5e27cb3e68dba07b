"""The language of claims about the fitted long game (docs/claims.md is its reference page).

    statement   posterior: [lens NAME:] SIDE (< | <= | > | >=) SIDE
    SIDE        sums, differences, products and ratios of quantities and numbers
    quantity    P(STANCE at QUARTER [with hindsight])   probability of the stance after that quarter's deeds
                P(SUM (< | <= | > | >=) SUM)            posterior probability; SUM of coefficients and numbers
                mean(SUM)                               posterior mean
                evidence(LENS)                          log marginal likelihood
                score(LENS [, ACTOR])                   leave-future-out log score
    SUM         as SIDE, of ``coefficient NAME`` and numbers

Errors point at the character where the statement stops making sense.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from doubletalk.case.long_language import SIGNS, Arithmetic, Figure, LongExpression, LongParser
from doubletalk.case.syntax import ClaimError
from doubletalk.exact import rational
from doubletalk.game.wording import unknown

__all__ = ["Compared", "PosteriorQuantity", "PosteriorStatement", "Weight", "check_posterior", "parse_posterior"]

PREFIX = "posterior"
KINDS = ("P", "mean", "evidence", "score")


@dataclass(frozen=True)
class Weight:
    """A coefficient of the long game."""

    name: str
    at: int


@dataclass(frozen=True)
class Compared:
    """``left`` ``sign`` ``right``, of coefficients and numbers."""

    left: LongExpression
    sign: str
    right: LongExpression


@dataclass(frozen=True)
class PosteriorQuantity:
    """One quantity, its names not yet looked up.

    kind   "stance" (``name`` the stance, ``quarter``, ``hindsight``), "P" (``event``), "mean" (``event.left``),
           "evidence" (``name`` the lens) or "score" (``name`` the lens, ``actor`` or "")
    """

    kind: str
    at: int
    name: str = ""
    quarter: str = ""
    quarter_at: int = 0
    hindsight: bool = False
    actor: str = ""
    actor_at: int = 0
    event: Compared | None = None


@dataclass(frozen=True)
class PosteriorStatement:
    """A comparison; ``lens`` under which coefficients and stances are asked, "" for the first with either stance."""

    source: str
    left: LongExpression
    sign: str
    right: LongExpression
    lens: str = ""
    lens_at: int = 0

    def quantities(self) -> tuple[PosteriorQuantity, ...]:
        """All its quantities, from left to right."""
        leaves = (*_leaves(self.left), *_leaves(self.right))
        return tuple(leaf for leaf in leaves if isinstance(leaf, PosteriorQuantity))


def _leaves(part: object) -> Iterator[object]:
    if isinstance(part, Arithmetic):
        yield from _leaves(part.left)
        yield from _leaves(part.right)
    elif not isinstance(part, Figure):
        yield part


def parse_posterior(source: str) -> PosteriorStatement:
    """Read a statement that begins ``posterior:``; ``ClaimError`` says where it stops making sense."""
    head, colon, rest = source.partition(":")
    if not colon or head.strip() != PREFIX:
        raise ClaimError(f"found '{source[:20]}', expected '{PREFIX}:' first", source, 0)
    parser = _Parser(" " * (len(head) + 1) + rest)
    parser.source = source
    return parser.statement_read()


class _Parser(LongParser):
    """The arithmetic of the long game's language over quantities of a posterior."""

    inside = False
    """Whether coefficients, rather than quantities, are read."""

    def statement_read(self) -> PosteriorStatement:
        lens, lens_at = "", 0
        if self.take("lens"):
            name = self.word("the name of a lens")
            lens, lens_at = name.text, name.at
            self.need(":", " after the lens")
        left = self.sum()
        sign = self.sign("a comparison (<, <=, > or >=; a posterior has no two equal numbers)")
        right = self.sum()
        if self.now.kind != "end":
            raise self.error("the end of the statement (one comparison a statement)")
        found = PosteriorStatement(self.source, left, sign, right, lens, lens_at)
        if not found.quantities():
            raise ClaimError("compares two numbers; expected P(...), mean(...), evidence(...) or score(...)",
                             self.source, 0)  # fmt: skip
        return found

    def sign(self, what: str) -> str:
        token = self.take(*SIGNS)
        if token is None:
            raise self.error(what)
        return token.text

    def quantity(self) -> LongExpression:  # type: ignore[override]
        return self.weight() if self.inside else self.whole()  # type: ignore[return-value]

    def weight(self) -> Weight:
        if not self.take("coefficient"):
            raise self.error("a number, or 'coefficient' and a name")
        name = self.word("the name of a coefficient")
        return Weight(name.text, name.at)

    def whole(self) -> PosteriorQuantity:
        name = self.word("a number, P(...), mean(...), evidence(...) or score(...)")
        if name.text not in KINDS or not self.sees("("):
            raise ClaimError(
                f"found '{name.text}', expected a number or one of P(...), mean(...), evidence(...), score(...)",
                self.source, name.at,
            )  # fmt: skip
        self.need("(")
        readers = {"P": self.chance, "mean": self.average, "evidence": self.evidence, "score": self.score}
        made = readers[name.text](name.at)
        self.need(")", f" to close '{name.text}('")
        return made

    def chance(self, at: int) -> PosteriorQuantity:
        after = self.tokens[self.at + 1]
        if self.now.kind in ("word", "quoted") and after.kind == "word" and after.text == "at":
            return self.stance(at)
        self.inside = True
        left = self.sum()
        sign = self.sign("a comparison (<, <=, > or >=), or STANCE at QUARTER")
        right = self.sum()
        self.inside = False
        if not any(True for _ in (*_leaves(left), *_leaves(right))):
            raise ClaimError("compares two numbers; expected 'coefficient' and a name", self.source, at)
        return PosteriorQuantity("P", at, event=Compared(left, sign, right))

    def stance(self, at: int) -> PosteriorQuantity:
        name = self.word("a stance")
        self.need("at")
        quarter, quarter_at = self.period()
        hindsight = False
        if self.take("with"):
            self.need("hindsight", " after 'with'")
            hindsight = True
        return PosteriorQuantity("stance", name.at, name.text, quarter, quarter_at, hindsight)

    def period(self) -> tuple[str, int]:
        """A quarter such as 2020Q2, which is a number and a word to the language, or any text in quotes."""
        first = self.now
        if first.kind != "number":
            found = self.word("a quarter such as 2020Q2")
            return found.text, found.at
        self.at += 1
        text = first.text
        if self.now.kind == "word" and self.now.at == first.at + len(first.text):
            text += self.word("a quarter such as 2020Q2").text
        return text, first.at

    def average(self, at: int) -> PosteriorQuantity:
        self.inside = True
        left = self.sum()
        self.inside = False
        if not any(True for _ in _leaves(left)):
            raise ClaimError("is the mean of a number; expected 'coefficient' and a name", self.source, at)
        return PosteriorQuantity("mean", at, event=Compared(left, ">", Figure(rational("0"))))

    def evidence(self, at: int) -> PosteriorQuantity:
        name = self.word("the name of a lens")
        return PosteriorQuantity("evidence", name.at, name.text)

    def score(self, at: int) -> PosteriorQuantity:
        name = self.word("the name of a lens")
        actor, actor_at = "", 0
        if self.take(","):
            token = self.word("the name of an actor")
            actor, actor_at = token.text, token.at
        return PosteriorQuantity("score", name.at, name.text, actor=actor, actor_at=actor_at)


def check_posterior(
    statement: str | PosteriorStatement, *, lenses: Collection[str], stances: Collection[str],
    coefficients: Collection[str], actors: Collection[str], quarters: Collection[str] | None = None,
) -> PosteriorStatement:  # fmt: skip
    """Look up every name; ``ClaimError`` at the character of the first that is not known. No *quarters*: any."""
    parsed = parse_posterior(statement) if isinstance(statement, str) else statement

    def known(kind: str, name: str, names: Collection[str], at: int) -> None:
        if name not in names:
            raise ClaimError(unknown(kind, name, names), parsed.source, at)

    if parsed.lens:
        known("lens", parsed.lens, lenses, parsed.lens_at)
    for asked in parsed.quantities():
        if asked.kind == "stance":
            known("stance", asked.name, stances, asked.at)
            if quarters is not None:
                known("quarter", asked.quarter, quarters, asked.quarter_at)
        elif asked.kind in ("evidence", "score"):
            known("lens", asked.name, lenses, asked.at)
            if asked.actor:
                known("actor", asked.actor, actors, asked.actor_at)
        elif asked.event is not None:
            for leaf in (*_leaves(asked.event.left), *_leaves(asked.event.right)):
                assert isinstance(leaf, Weight)
                known("coefficient", leaf.name, coefficients, leaf.at)
    return parsed


def evaluated(part: LongExpression, at: Callable[[str], float]) -> float:
    """The value of a sum of coefficients, each given by *at*; arrays go through as they are."""
    if isinstance(part, Figure):
        return float(part.value)
    if isinstance(part, Arithmetic):
        left, right = evaluated(part.left, at), evaluated(part.right, at)
        if part.sign in "+-":
            return left + right if part.sign == "+" else left - right
        return left * right if part.sign == "*" else left / right
    assert isinstance(part, Weight)
    return at(part.name)
