"""The language of claims about the long game (docs/claims.md is its reference page).

    statement   long game: [lens STANCE:] [with NAME=NUMBER, ...:] SIDE (< | <= | > | >=) SIDE
    SIDE        sums, differences, products and ratios of quantities and numbers
    quantity    P(EVENT [| EVENT] SETTINGS)            share of the quarters of play
                P(EVENT within N [| EVENT] SETTINGS)   share of quarters after which it happens within N
                P(EVENT after N SETTINGS)              chance that it is so N quarters after the start
                P(EVENT then EVENT ... [with more VARIABLE] within N SETTINGS)   chance of that order of events
                count(EVENT over N SETTINGS)   mean(VARIABLE after N SETTINGS)   payoff(ACTOR [over N] SETTINGS)
    SETTINGS    [from EVENT and ...] [imposing ACTOR=MOVE | imposing nothing] [under POLICY]
    EVENT       as in statements about games; also VARIABLE rises, VARIABLE falls, VARIABLE>=LEVEL, belief<=NUMBER

Words and brackets only; whether the names exist in a game is asked in ``long_events``. N may be followed by a word such
as ``quarters``. Errors point at the character where the statement stops making sense.
"""

from __future__ import annotations

from dataclasses import dataclass

from doubletalk.case.parsing import Events, Sums, Token
from doubletalk.case.syntax import Always, ClaimError, Event
from doubletalk.exact import Rational, rational

__all__ = [
    "PREFIX",
    "SIGNS",
    "Arithmetic",
    "Figure",
    "LongEvent",
    "LongExpression",
    "LongParser",
    "LongStatement",
    "Moving",
    "Ordered",
    "Quantity",
    "Start",
    "parse_long_statement",
]

PREFIX = "long game"
LONGEST = 200
KINDS = ("P", "count", "mean", "payoff")
SIGNS = ("<", "<=", ">", ">=")
_UNITS = ("quarter", "quarters", "period", "periods", "year", "years", "month", "months")


@dataclass(frozen=True)
class Ordered:
    """``name`` stands in the order ``sign`` to ``value``: levels of a variable, or the belief to a number."""

    name: str
    sign: str
    value: str
    at: int


@dataclass(frozen=True)
class Moving:
    """The level of ``name`` is higher (``up``) or lower at the end of the quarter than at its start."""

    name: str
    up: bool
    at: int


LongEvent = Event | Ordered | Moving


@dataclass(frozen=True)
class Start:
    """One part of ``from``: a variable's level, the stance, or the belief."""

    name: str
    value: str
    at: int


@dataclass(frozen=True)
class Quantity:
    """One quantity, its names not yet looked up.

    kind      "P", "count", "mean" or "payoff"; ``subject`` the variable or actor of the last two
    events    one event, or the steps of a chain in order; ``more`` the variable that has to be higher at its last step
              than at its first
    given     the condition of a probability, ``Always`` without one
    time      "" (every quarter), "within", "after" or "over", with ``count`` quarters
    start, imposed, policy   the settings; ``imposed`` (actor or part, move, character) or None
    """

    kind: str
    events: tuple[LongEvent, ...]
    given: LongEvent
    time: str
    count: int
    subject: str
    more: str
    start: tuple[Start, ...]
    imposed: Start | None
    policy: str
    policy_at: int
    at: int


@dataclass(frozen=True)
class Figure:
    """A number."""

    value: Rational


@dataclass(frozen=True)
class Arithmetic:
    """``left`` ``sign`` ``right`` with sign one of + - * /."""

    sign: str
    left: LongExpression
    right: LongExpression


LongExpression = Quantity | Figure | Arithmetic


@dataclass(frozen=True)
class LongStatement:
    """A statement about the long game: a comparison, and the game in which it is asked.

    lens      a stance that is held to be the only one, "" for the file's; ``changes`` name -> other coefficient
    """

    source: str
    left: LongExpression
    sign: str
    right: LongExpression
    lens: str = ""
    lens_at: int = 0
    changes: tuple[tuple[str, Rational, int], ...] = ()

    def quantities(self) -> tuple[Quantity, ...]:
        """All its quantities, from left to right."""
        return (*_quantities(self.left), *_quantities(self.right))


def _quantities(part: LongExpression) -> tuple[Quantity, ...]:
    if isinstance(part, Arithmetic):
        return (*_quantities(part.left), *_quantities(part.right))
    return (part,) if isinstance(part, Quantity) else ()


def parse_long_statement(source: str) -> LongStatement:
    """Read a statement that begins ``long game:``; raises ``ClaimError`` that says where it stops making sense."""
    head, colon, rest = source.partition(":")
    if not colon or head.strip() != PREFIX:
        raise ClaimError(f"found '{source[:20]}', expected '{PREFIX}:' first", source, 0)
    blank = " " * (len(head) + 1)  # so that characters are counted in the whole statement
    parser = LongParser(blank + rest)
    parser.source = source
    return parser.read()


class LongParser(Events, Sums[LongExpression]):
    """Quantities with times and settings; events as in statements about games, and such that move."""

    def read(self) -> LongStatement:
        lens, lens_at = "", 0
        if self.take("lens"):
            name = self.word("the name of a stance")
            lens, lens_at = name.text, name.at
            self.need(":", " after the lens")
        changes = self.changes() if self.take("with") else ()
        left = self.sum()
        sign = self.take(*SIGNS)
        if sign is None:
            raise self.error("a comparison (<, <=, > or >=; a simulation cannot show that two numbers are equal)")
        right = self.sum()
        if self.now.kind != "end":
            raise self.error("the end of the statement (one comparison a statement)")
        found = LongStatement(self.source, left, sign.text, right, lens, lens_at, changes)
        if not found.quantities():
            raise ClaimError("compares two numbers; expected P(...), count(...), mean(...) or payoff(...)",
                             self.source, sign.at)  # fmt: skip
        return found

    def changes(self) -> tuple[tuple[str, Rational, int], ...]:
        found = []
        while True:
            name = self.word("the name of a coefficient")
            self.need("=", " and the coefficient's value")
            found.append((name.text, self.signed(), name.at))
            if not self.take(","):
                break
        self.need(":", " after the coefficients of 'with'")
        return tuple(found)

    def signed(self) -> Rational:
        negative = self.take("-") is not None
        value = self.number("a number")
        if self.take("/"):
            below = self.number("a number")
            if below == 0:
                raise ClaimError("division by zero", self.source, self.now.at)
            value = value / below
        return -value if negative else value

    # -- arithmetic --------------------------------------------------------------------------------------------

    def joined(self, sign: Token, left: LongExpression, right: LongExpression) -> LongExpression:
        return Arithmetic(sign.text, left, right)

    def negated(self, item: LongExpression) -> LongExpression:
        return Arithmetic("-", Figure(rational("0")), item)

    def constant(self, value: Rational) -> LongExpression:
        return Figure(value)

    def leaf(self) -> LongExpression:
        return self.quantity()

    # -- quantities --------------------------------------------------------------------------------------------

    def quantity(self) -> Quantity:
        name = self.word("a number, P(...), count(...), mean(...) or payoff(...)")
        if name.text not in KINDS or not self.sees("("):
            raise ClaimError(
                f"found '{name.text}', expected a number or one of P(...), count(...), mean(...), payoff(...)",
                self.source,
                name.at,
            )
        self.need("(")
        events: list[LongEvent] = []
        subject = more = ""
        if name.text in ("P", "count"):
            events.append(self.event())
            while name.text == "P" and self.take("then"):
                events.append(self.event())
            if len(events) > 1 and self.take("with"):
                self.need("more", " and the variable that has to be higher than at the first step")
                more = self.word("a variable").text
        else:
            subject = self.word("a state variable" if name.text == "mean" else "an actor").text
        time, count = self.time(name.text, len(events) > 1)
        conditional = name.text == "P" and time in ("", "within") and len(events) == 1
        given = self.event() if conditional and self.take("|") else Always()
        start, imposed, policy, policy_at = self.settings()
        self.need(")", f" to close '{name.text}('")
        return Quantity(name.text, tuple(events), given, time, count, subject, more, start, imposed, policy, policy_at,
                        name.at)  # fmt: skip

    def time(self, kind: str, chain: bool) -> tuple[str, int]:
        allowed = {"P": ("within",) if chain else ("within", "after"), "count": ("over",), "mean": ("after",),
                   "payoff": ("over",)}[kind]  # fmt: skip
        optional = kind == "payoff" or (kind == "P" and not chain)
        word = self.take(*allowed)
        if word is None:
            if optional:
                return "", 0
            raise self.error(f"'{allowed[0]}' and a number of quarters")
        at = self.now.at
        count = self.number("a number of quarters")
        if count.q != 1 or not 1 <= count <= LONGEST:
            raise ClaimError(f"found {count}, expected a whole number from 1 to {LONGEST}", self.source, at)
        self.take(*_UNITS)
        return word.text, int(count.p)

    def settings(self) -> tuple[tuple[Start, ...], Start | None, str, int]:
        start: list[Start] = []
        imposed, policy, policy_at = None, "", 0
        while word := self.take("from", "imposing", "under"):
            if word.text == "under":
                name = self.word("the name of a policy")
                policy, policy_at = name.text, name.at
            elif word.text == "imposing":
                nothing = self.take("nothing")
                imposed = self.pair("a move such as west=ease") if nothing is None else Start("nothing", "", nothing.at)
            else:
                start.append(self.pair("a level such as sanctions=heavy"))
                while self.take("and"):
                    start.append(self.pair("a level such as sanctions=heavy"))
        return tuple(start), imposed, policy, policy_at

    def pair(self, what: str) -> Start:
        name = self.word(what)
        self.need("=", f" as in {what}")
        if self.now.kind == "number":
            return Start(name.text, str(self.signed()), name.at)
        return Start(name.text, self.word(f"a value of '{name.text}'").text, name.at)

    # -- events ------------------------------------------------------------------------------------------------

    def atom(self) -> Event:
        if self.now.kind in ("word", "quoted") and not self.sees("not"):
            name, after = self.now, self.tokens[self.at + 1]
            if after.kind == "word" and after.text in ("rises", "falls"):
                self.at += 2
                return Moving(name.text, after.text == "rises", name.at)  # type: ignore[return-value]
            if after.kind == "mark" and after.text in SIGNS:
                self.at += 2
                if self.now.kind == "number":
                    return Ordered(name.text, after.text, str(self.signed()), name.at)  # type: ignore[return-value]
                level = self.word(f"a level of '{name.text}'")
                return Ordered(name.text, after.text, level.text, name.at)  # type: ignore[return-value]
        return super().atom()
