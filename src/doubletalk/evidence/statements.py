"""The grammar of ``record:`` statements, and its parser.

    statement  := ["record:"] sum [("<" | "<=" | "=" | "!=" | ">=" | ">") sum]
    sum        := product (("+" | "-") product)*        product := atom (("*" | "/") atom)*
    atom       := NUMBER | NUMBER "%" | "expected" | "base" | "(" sum ")" | measure
    measure    := "count" "(" events [near] ")"                    events; with near: triggers that have a response
                | "rate" "(" events near ")"                       share of triggers with a response
                | "rate" "(" events ["within" n "months"] ")"      the same for a random month
                | ("mean" | "weight") "(" events near ")"          responses (or summed intensities) per trigger
                | ("mean" | "weight") "(" events ["in" n "months"] ")"   the same for a random month
                | ("together" | "phi") "(" events "," events ["in the same month"] ")"
                | "first" "(" events "," events "within" n "months" ")"
                | ("latest" | "peak" | "growing") "(" SERIES ["from" DATE] ["until" DATE] ")"
    near       := ("within" | "in") n "months" ("after" | "before" | "around") events
                | ("after" | "before" | "around") events "within" n "months"
    events     := ACTION ("|" ACTION)* ["[" LEVEL ("|" LEVEL)* "]"] ["by" ACTORS] ["to" ACTORS]
                  ["from" DATE] ["until" DATE]
    DATE       := YYYY | YYYY-MM | YYYY-MM-DD            LEVEL := minor | notable | major

``election`` may stand as the trigger: presidential elections and referendums of the calendar. ``expected`` is the mean
of the other side over rearrangements; ``base`` is the other side with a random month in place of the trigger.
``count(b after a within n months) / count(a)`` is read as the rate, so triggers without a full window are
left out.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from doubletalk.errors import InputError
from doubletalk.evidence.measures import Baseline, Count, Measure, Response
from doubletalk.evidence.pairs import First, Together
from doubletalk.evidence.record import ELECTION, Selector
from doubletalk.evidence.tables import nearest_word
from doubletalk.evidence.vocabulary import INTENSITIES, STANDARD, Vocabulary

__all__ = ["Expression", "Operation", "Quantity", "Special", "Statement", "parse_statement"]

_TOKEN = re.compile(r"\s*(?:(\d{4}-\d{2}(?:-\d{2})?|\d+(?:\.\d+)?|\.\d+)|([A-Za-z_]\w*)|(<=|>=|!=|[-+*/()<>=,|%\[\]]))")
_COMPARISONS = ("<", "<=", "=", "!=", ">=", ">")
_SIDES = ("after", "before", "around")
MEASURES = ("count", "rate", "mean", "weight", "together", "phi", "first", "latest", "peak", "growing")
LONGEST_WINDOW = 600


@dataclass(frozen=True)
class Quantity:
    """A number of a series: its latest value, its highest, or the share of peaks that grow."""

    how: str
    series: str
    since: dt.date | None
    until: dt.date | None


@dataclass(frozen=True)
class Special:
    """The word ``expected`` or ``base``."""

    word: str


@dataclass(frozen=True)
class Operation:
    """left (+ - * /) right."""

    sign: str
    left: Expression
    right: Expression


Expression = float | Special | Measure | Quantity | Operation


@dataclass(frozen=True)
class Statement:
    """left compared with right; a bare number has no comparison and no right."""

    text: str
    left: Expression
    comparison: str | None
    right: Expression | None


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def parse_statement(text: str, vocabulary: Vocabulary = STANDARD) -> Statement:
    """Read a statement; one InputError with the position and the nearest known word when it cannot be read."""
    return _Parser(text, vocabulary).statement()


class _Parser:
    def __init__(self, text: str, vocabulary: Vocabulary) -> None:
        self.text, self.words, self.place = text, vocabulary, 0
        head = re.match(r"\s*record\s*:", text)
        self.tokens = self._tokens(head.end() if head else 0)

    def _tokens(self, at: int) -> list[_Token]:
        tokens = []
        while self.text[at:].strip():
            match = _TOKEN.match(self.text, at)
            if match is None:
                at += len(self.text[at:]) - len(self.text[at:].lstrip())
                raise self._error(f"found {self.text[at]!r}, which has no meaning here", at)
            kind = ("number", "word", "mark")[(match.lastindex or 1) - 1]
            tokens.append(_Token(kind, match.group(match.lastindex or 1), match.start(match.lastindex or 1)))
            at = match.end()
        return [*tokens, _Token("end", "the end", len(self.text))]

    def _error(self, message: str, at: int | None = None) -> InputError:
        at = self.tokens[self.place].at if at is None else at
        return InputError(f"record statement, column {at + 1}: {message}\n  {self.text}\n  {' ' * at}^")

    def _expected(self, what: str, known: Iterable[str] = ()) -> InputError:
        token = self.tokens[self.place]
        words = list(known)
        near = nearest_word(token.text, words) if token.kind == "word" else None
        options = f" ({', '.join(words)})" if words else ""
        hint = f"; did you mean {near!r}?" if near else ""
        return self._error(f"found {token.text!r}, expected {what}{options}{hint}")

    def _is(self, *texts: str) -> bool:
        return self.tokens[self.place].text in texts and self.tokens[self.place].kind != "end"

    def _next(self) -> str:
        self.place += 1
        return self.tokens[self.place - 1].text

    def _need(self, *texts: str) -> str:
        if not self._is(*texts):
            raise self._expected(" or ".join(repr(t) for t in texts), texts if texts[0].isalpha() else ())
        return self._next()

    def statement(self) -> Statement:
        left, comparison, right = self._sum(0), None, None
        if self._is(*_COMPARISONS):
            comparison = self._next()
            right = self._sum(0)
        if self.tokens[self.place].kind != "end":
            raise self._expected("the end of the statement" if comparison else "a comparison or the end", _COMPARISONS)
        return Statement(self.text, left, comparison, right)

    def _sum(self, depth: int) -> Expression:
        found = self._product(depth)
        while self._is("+", "-"):
            found = _joined(self._next(), found, self._product(depth))
        return found

    def _product(self, depth: int) -> Expression:
        found = self._atom(depth)
        while self._is("*", "/"):
            found = _joined(self._next(), found, self._atom(depth))
        return found

    def _atom(self, depth: int) -> Expression:
        token = self.tokens[self.place]
        if depth > 50:
            raise self._error("brackets are nested too deeply")
        if token.kind == "number" and "-" not in token.text:
            value = float(self._next())
            return value / 100 if self._is("%") and self._next() else value
        if self._is("("):
            self._next()
            inner = self._sum(depth + 1)
            self._need(")")
            return inner
        if self._is("expected", "base"):
            return Special(self._next())
        if self._is(*MEASURES):
            return self._measure(self._next())
        raise self._expected("a number or a measure", (*MEASURES, "expected", "base"))

    def _measure(self, name: str) -> Expression:
        self._need("(")
        found: Expression
        if name in ("latest", "peak", "growing"):
            if self.tokens[self.place].kind != "word":
                raise self._expected("the name of a series")
            found = Quantity(name, self._next(), self._date("from"), self._date("until"))
        elif name in ("together", "phi", "first"):
            found = self._pair(name)
        else:
            found = self._near(name, self._events(trigger=False))
        self._need(")")
        return found

    def _pair(self, name: str) -> Measure:
        a = self._events(trigger=True)
        self._need(",")
        b = self._events(trigger=False)
        if name == "first":
            self._need("within")
            return First(a, b, self._months())
        if self._is("in"):
            for word in ("in", "the", "same", "month"):
                self._need(word)
        return Together(a, b, "number" if name == "together" else "phi")

    def _near(self, name: str, response: Selector) -> Measure:
        within = None
        if self._is("within", "in"):
            self._next()
            within = self._months()
        how = {"count": "number", "rate": "share"}.get(name, name)
        if self._is(*_SIDES):
            side = self._next()
            trigger = self._events(trigger=True)
            if within is None:
                self._need("within", "in")
                within = self._months()
            return Response(how, response, trigger, within, side)
        if name == "count":
            if within is not None:
                raise self._expected("what the events come after, before or around", _SIDES)
            return Count(response)
        return Baseline(how, response, within or 0)

    def _months(self) -> int:
        token = self.tokens[self.place]
        if token.kind != "number" or not token.text.isdigit() or not 1 <= int(token.text) <= LONGEST_WINDOW:
            raise self._expected(f"a whole number of months from 1 to {LONGEST_WINDOW}")
        value = int(self._next())
        self._need("months", "month")
        return value

    def _events(self, trigger: bool) -> Selector:
        known = (*self.words.actions, ELECTION) if trigger else tuple(self.words.actions)
        actions = self._alternatives("an action", known)
        if ELECTION in actions and actions != (ELECTION,):
            raise self._error(f"{ELECTION!r} cannot be joined with actions")
        levels: tuple[int, ...] = (1, 2, 3)
        if self._is("["):
            self._next()
            levels = tuple(sorted({INTENSITIES[w] for w in self._alternatives("an intensity", tuple(INTENSITIES))}))
            self._need("]")
        actors = self._actors("by")
        targets = self._actors("to")
        selector = Selector(actions, levels, actors, targets, self._date("from"), self._date("until"))
        if ELECTION in actions and (levels != (1, 2, 3) or actors is not None or targets is not None):
            raise self._error(f"{ELECTION!r} takes no intensity, actor or target, only dates")
        if selector.since and selector.until and selector.since > selector.until:
            raise self._error(f"the dates end ({selector.until}) before they start ({selector.since})")
        return selector

    def _alternatives(self, what: str, known: tuple[str, ...]) -> tuple[str, ...]:
        found = []
        while True:
            if not self._is(*known):
                raise self._expected(what, known)
            found.append(self._next())
            if not self._is("|"):
                return tuple(dict.fromkeys(found))
            self._next()

    def _actors(self, word: str) -> tuple[str, ...] | None:
        if not self._is(word):
            return None
        self._next()
        names = self._alternatives("an actor", (*self.words.actors, *self.words.groups))
        return tuple(dict.fromkeys(a for n in names for a in self.words.groups.get(n, (n,))))

    def _date(self, word: str) -> dt.date | None:
        if not self._is(word):
            return None
        self._next()
        token = self.tokens[self.place]
        parts = token.text.split("-")
        try:
            if token.kind != "number" or len(parts[0]) != 4:
                raise ValueError
            year, month = int(parts[0]), int(parts[1]) if len(parts) > 1 else (1 if word == "from" else 12)
            last = 1 if word == "from" else calendar.monthrange(year, month)[1]
            date = dt.date(year, month, int(parts[2]) if len(parts) > 2 else last)
        except ValueError:
            raise self._expected("a date as YYYY, YYYY-MM or YYYY-MM-DD") from None
        self._next()
        return date


def _joined(sign: str, left: Expression, right: Expression) -> Expression:
    """An operation; triggers with a response over all triggers is the rate."""
    if (
        sign == "/"
        and isinstance(left, Response)
        and left.how == "number"
        and isinstance(right, Count)
        and right.selector == left.trigger
    ):
        return Response("share", left.response, left.trigger, left.within, left.side)
    if isinstance(left, float) and isinstance(right, float) and not (sign == "/" and right == 0):
        return {"+": left + right, "-": left - right, "*": left * right, "/": left / (right or 1.0)}[sign]
    return Operation(sign, left, right)
