"""Deleting types from the beliefs after an unsent message by comparing the responses that they would welcome.

    D(t, m)  = {z in MBR(Theta, m) : u(t, m, z) > u*(t)},    D0(t, m) = {z in MBR(Theta, m) : u(t, m, z) = u*(t)}

A rule deletes t when no response is a *witness* for it: a response at which t is willing and certain others do not
gain. The rules (D1, D2, never a weak best response) differ in the witness alone. Where a round would delete everybody
it deletes nobody: the message then hurts all of them and every belief after it is as good.

With u* in a polytope, two sets are carried along: types left for sure, and types that may be left; fewer witnesses
and more comparisons give the first, more witnesses and fewer comparisons the second.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from doubletalk.exact import text
from doubletalk.refinement.deviation import AT_LEAST, AT_MOST, EQUAL, Deviation, Limit, Point
from doubletalk.refinement.reason import Finding, Ruling
from doubletalk.refinement.support import held_up

__all__ = ["D1", "D2", "NWBR", "Rule", "deletion_test"]

Witnesses = Callable[[int, Sequence[int]], list[list[Limit]]]
"""(type, the others) -> lists of limits; the type stays if each list has a witness."""


@dataclass(frozen=True)
class Rule:
    """A rule of deletion: its witnesses, and how it is said."""

    witnesses: Witnesses
    words: Callable[[Deviation, Point, int, Sequence[int], Sequence[int]], str]


def _one_by_one(t: int, others: Sequence[int]) -> list[list[Limit]]:
    """D1: for each other type a response at which t does not lose and the other does not gain."""
    return [[(t, AT_LEAST), (s, AT_MOST)] for s in others]


def _all_at_once(t: int, others: Sequence[int]) -> list[list[Limit]]:
    """D2: one response at which t does not lose and no other gains."""
    return [[(t, AT_LEAST), *((s, AT_MOST) for s in others)]]


def _indifferent(t: int, others: Sequence[int]) -> list[list[Limit]]:
    """Never a weak best response: one response at which t breaks even and no other gains."""
    return [[(t, EQUAL), *((s, AT_MOST) for s in others)]]


def _hopeless(deviation: Deviation, point: Point, t: int, pieces: Sequence[int]) -> str | None:
    most = deviation.most(t, pieces)
    if most >= point[t]:
        return None
    return f"gets at most {text(most)} from '{deviation.message}', less than {text(point[t])} in the outcome"


def _d1_words(deviation: Deviation, point: Point, t: int, others: Sequence[int], pieces: Sequence[int]) -> str:
    hopeless = _hopeless(deviation, point, t, pieces)
    if hopeless is not None:
        return hopeless
    for s in others:
        gain = deviation.least_gain(s, t, pieces, point)
        if gain is not None and gain > 0:
            who = deviation.game.types[s]
            return f"whenever it would not lose by '{deviation.message}', {who} gains at least {text(gain)}"
    return f"whenever it would not lose by '{deviation.message}', another type gains"


def _d2_words(deviation: Deviation, point: Point, t: int, others: Sequence[int], pieces: Sequence[int]) -> str:
    hopeless = _hopeless(deviation, point, t, pieces)
    return hopeless or f"whenever it would not lose by '{deviation.message}', some other type gains"


def _nwbr_words(deviation: Deviation, point: Point, t: int, others: Sequence[int], pieces: Sequence[int]) -> str:
    hopeless = _hopeless(deviation, point, t, pieces)
    return hopeless or f"whenever it would just break even by '{deviation.message}', some other type gains"


D1 = Rule(_one_by_one, _d1_words)
D2 = Rule(_all_at_once, _d2_words)
NWBR = Rule(_indifferent, _nwbr_words)


def deletion_test(rule: Rule, *, iterated: bool = False) -> Callable[[Deviation, Sequence[Point]], Finding]:
    """The test of one unsent message: delete by the *rule*, once or until nothing more goes, then see what is left."""

    def test(deviation: Deviation, points: Sequence[Point]) -> Finding:
        lower = upper = frozenset(deviation.types)
        rulings: tuple[Ruling, ...] = ()
        while lower:
            narrower, wider, found = _round(rule, deviation, points, lower, upper)
            if not wider or (narrower, wider) == (lower, upper):
                break
            lower, upper, rulings = narrower, wider, rulings + found
            if not iterated:
                break
        return held_up(deviation, points, lower, upper, rulings)

    return test


def _round(
    rule: Rule, deviation: Deviation, points: Sequence[Point], lower: frozenset[int], upper: frozenset[int]
) -> tuple[frozenset[int], frozenset[int], tuple[Ruling, ...]]:
    """One round: the types surely and possibly left after it."""
    more, fewer = deviation.replies_on(upper), deviation.replies_on(lower)
    narrower, wider, rulings = set(), set(), []
    for t in sorted(upper):
        surely_compared = sorted(lower - {t})
        if all(deviation.possible(more, points, limits) for limits in rule.witnesses(t, surely_compared)):
            wider.add(t)
        else:
            words = f"'{deviation.message}' is ruled out for it at every payoff of this component"
            if len(points) == 1:
                words = rule.words(deviation, points[0], t, surely_compared, more)
            rulings.append(Ruling(deviation.game.types[t], deviation.message, words))
        maybe_compared = sorted(upper - {t})
        if t in lower and all(deviation.certain(fewer, points, limits) for limits in rule.witnesses(t, maybe_compared)):
            narrower.add(t)
    return frozenset(narrower), frozenset(wider), tuple(rulings)
