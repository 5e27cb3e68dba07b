"""What would change an answer: the nearest value of each parameter at which it flips, the others held.

``wide`` looks from nothing to four times the default and names the threshold exactly where it is rational; near
looks a quarter below and above only, for answers that cost a solve each; of the candidates in between (``candidates``)
one is named when exact solves confirm it, otherwise the two values between which the answer flips are given.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from itertools import pairwise

from doubletalk.case.asked import constant
from doubletalk.case.candidates import crossings
from doubletalk.case.claims_file import Claim
from doubletalk.case.loading import Case
from doubletalk.case.room import GameRoom
from doubletalk.case.sweep import Threshold, confirmed, find_threshold
from doubletalk.case.syntax import Statement
from doubletalk.case.verdict import Flip, Search, Verdict
from doubletalk.case.verdicts import answer
from doubletalk.errors import InputError
from doubletalk.exact import ONE, Rational, rational

__all__ = ["NEAR", "OUT_OF_TIME", "WIDE", "named_in", "nearest_flips", "with_flips"]

NEAR = (ONE * 3 / 4, ONE * 5 / 4)
"""Multiples of the default looked up by a quick search."""

WIDE = (
    *(ONE * k / 8 for k in (7, 6, 5, 4, 3, 2, 1, 0)),
    *(ONE * k / 8 for k in (9, 10, 11, 12, 14, 16, 20, 24, 32)),
)
"""Multiples of the default at which the answer is looked up: from nothing to four times the default."""
OUT_OF_TIME = "the time for the search was up"


class OutOfTime(Exception):  # noqa: N818 - no error: it ends a search
    """Raised by what is asked once the time of a search is up."""


Expected = Callable[[str, Rational, Rational], tuple[Rational, ...]]
"""Parameter, low, high -> the values in between at which a change is to be expected."""
STEPS_FROM_ZERO = tuple(rational(x) for x in ("1/8", "1/4", "1/2", "1", "2", "4"))
"""Values looked up for a parameter whose default is 0."""


def with_flips(
    verdict: Verdict,
    parsed: Statement,
    room: GameRoom,
    case: Case,
    claim: Claim,
    every_parameter: bool,
    left: Callable[[], float] | None = None,
) -> Verdict:
    """The verdict with the nearest flips, and what was searched; a statement with ``over`` has its thresholds already.

    Searched are the parameters of ``vary`` in case.yaml and those that the claim's ``assumes`` names; all of them with
    *every_parameter*, or for a statement about best responses, which needs no solving.
    ``left`` tells how many seconds the search still has; what it did not reach is said in ``searched``.
    """
    if parsed.sweep is not None or verdict.answer in ("cannot", "range"):
        return verdict
    values = room.game({}).parameters
    base = {name: constant(expression, values, parsed.source) for name, expression, _ in parsed.overrides}
    wide = every_parameter or parsed.quantifier is None
    wanted = {*case.vary, *named_in(claim.assumes, values)}
    defaults = {name: value for name, value in values.items() if name not in base and (wide or name in wanted)}

    quick = room.quick()

    def expected(name: str, low: Rational, high: Rational) -> tuple[Rational, ...]:
        if case.window is None:
            return ()
        key = (tuple(base.items()), name, low, high)
        if key not in room.crossings:
            roles = case.window[1]
            room.crossings[key] = crossings(lambda more: room.game({**base, **more}), roles, name, low, high)
        return room.crossings[key]

    def asked(overrides: Mapping[str, Rational]) -> str:
        if left is not None and left() <= 0:
            raise OutOfTime
        there = answer(parsed, quick, overrides)
        if left is not None and left() <= 0 and not there.complete:
            raise OutOfTime  # the solve itself was cut short
        return there.answer

    found, searched = nearest_flips(asked, defaults, wide, expected)
    return replace(verdict, flips=found, searched=searched)


def named_in(assumes: Iterable[str], parameters: Collection[str]) -> tuple[str, ...]:
    """The parameters that occur as words in what a claim assumes."""
    words = {word for text in assumes for word in re.findall(r"[A-Za-z_]\w*", text)}
    return tuple(name for name in parameters if name in words)


def nearest_flips(
    answer: Callable[[Mapping[str, Rational]], str],
    defaults: Mapping[str, Rational],
    wide: bool = True,
    expected: Expected | None = None,
) -> tuple[tuple[Flip, ...], tuple[Search, ...]]:
    """For each parameter the nearest flip downwards and upwards, and what was looked at.

    A value with no game ends the walk; ``OutOfTime`` ends the search, and what was not reached says so.
    """
    try:
        here = answer({})
    except OutOfTime:
        return (), tuple(Search(name, x, x, x, (x,), OUT_OF_TIME) for name, x in defaults.items())
    found, searched = [], []
    for name, default in defaults.items():
        seen: dict[Rational, str] = {}

        def at(x: Rational, name: str = name, seen: dict[Rational, str] = seen) -> str:
            if x not in seen:
                try:
                    seen[x] = answer({name: x})
                except InputError:
                    seen[x] = "no game"
            return seen[x]

        values = [default * f for f in (WIDE if wide else NEAR)] if default != 0 else list(STEPS_FROM_ZERO)
        below = sorted((x for x in values if x < default), reverse=True)
        above = sorted(x for x in values if x > default)
        looked, late = [default], False
        for direction, walk in (("down", below), ("up", above)):
            try:
                flip = _walk(at, name, default, direction, walk, here, None if wide else expected or _nothing)
            except OutOfTime:
                flip, late = None, True
            looked += [x for x in walk if x in seen]
            if flip is not None:
                found.append(flip)
        ended = any(seen.get(x) == "no game" for x in looked)
        looked = sorted(x for x in looked if seen.get(x) != "no game")
        why = OUT_OF_TIME if late else "beyond these values there is no game" if ended else None
        searched.append(Search(name, default, looked[0], looked[-1], tuple(looked), why))
    return tuple(found), tuple(searched)


def _nothing(name: str, low: Rational, high: Rational) -> tuple[Rational, ...]:
    return ()


def _walk(
    at: Callable[[Rational], str],
    name: str,
    default: Rational,
    direction: str,
    walk: list[Rational],
    here: str,
    expected: Expected | None,
) -> Flip | None:
    last = default
    for x in walk:
        beyond = at(x)
        if beyond == "no game":
            return None
        if beyond != here:
            low, high = min(last, x), max(last, x)
            if expected is None:
                threshold = find_threshold(at, low, high)
            else:
                threshold = _among(at, low, high, expected(name, low, high))
            after = threshold.above if direction == "up" else threshold.below
            return Flip(name, default, direction, threshold.value, threshold.low, threshold.high, after)
        last = x
    return None


def _among(at: Callable[[Rational], str], low: Rational, high: Rational, candidates: tuple[Rational, ...]) -> Threshold:
    """The first change above *low*: bisection over the gaps between candidates, the one found confirmed."""
    below, points = at(low), [low, *candidates, high]
    middles = [(a + b) / 2 for a, b in pairwise(points)]
    first, last = 0, len(middles)
    while first < last:  # the first gap whose answer differs from the one at low
        middle = (first + last) // 2
        if at(middles[middle]) != below:
            last = middle
        else:
            first = middle + 1
    start = low if first == 0 else middles[first - 1]
    end = high if first == len(middles) else middles[first]
    if 0 < first < len(middles):
        found = confirmed(at, start, end, candidates[first - 1])
        if found is not None:
            return found
    return Threshold(start, end, None, below, None, at(end))
