r"""Perfect sequential equilibrium: a deviation is read as coming from just those types who gain by being so read.

A belief b after an unsent m is *credible* if some best reply z to b makes it so: b is proportional to p(t) mu(t) with
mu(t) = 1 for types that gain by z, any value in [0, 1] for types that break even, 0 for types that lose. Where credible
beliefs exist, the belief that supports the outcome must be one of them. Hence

- every credible belief comes with a gain for nobody, or there is none: the outcome survives;
- some credible belief comes with a gain for somebody, and none keeps all types away: the outcome fails;
- both kinds exist: undecided (None), for accounts of the definition differ in whether one may choose.

Cost: up to 3^types systems for each piece.

Source: Grossman & Perry (1986), J. of Economic Theory 39(1), 97-119.
"""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.exact import Rational, text
from doubletalk.refinement.beliefs import hull
from doubletalk.refinement.deviation import ABOVE, BELOW, EQUAL, Deviation, Limit, Point
from doubletalk.refinement.patterns import MOST_TYPES, Pattern, agreeing, patterns
from doubletalk.refinement.reason import Finding
from doubletalk.refinement.support import VARIES, listed

__all__ = ["perfect_sequential"]


def perfect_sequential(deviation: Deviation, points: Sequence[Point]) -> Finding:
    """The test at one unsent message."""
    if len(points) > 1:
        return Finding(None, VARIES)
    if len(deviation.types) > MOST_TYPES:
        return Finding(None, f"more than {MOST_TYPES} types can send '{deviation.message}'")
    credible = _credible(deviation, points[0])
    gaining = [(k, pattern) for k, pattern in credible if pattern.gain]
    if not gaining:
        words = f"no group of types would gain by '{deviation.message}' if it were read as theirs"
        return Finding(True, words)
    piece, pattern = gaining[0]
    label = deviation.game.types[pattern.gain[0]]
    gains = _gains(deviation, piece, points[0], pattern)
    words = f"'{deviation.message}' read as coming from {_group(deviation, pattern)} makes it true: {_said(gains)}"
    believed = tuple(deviation.game.types[t] for t in sorted(pattern.gain + pattern.even))
    if len(gaining) < len(credible):
        words += "; another credible belief keeps everybody away, and sources differ on which counts"
        return Finding(None, words, label, gains, believed)
    return Finding(False, words, label, gains, believed)


def _credible(deviation: Deviation, point: Point) -> list[tuple[int, Pattern]]:
    """(piece, pattern) of every credible belief with its best reply; those that somebody gains from first."""
    found = []
    for k in deviation.replies_on(deviation.types):
        for pattern in patterns(deviation, point, k):
            generators = agreeing(pattern, deviation.game.prior)
            if generators and k in deviation.replies_to(hull(generators, deviation.types)):
                found.append((k, pattern))
    return sorted(found, key=lambda item: (not item[1].gain, item[0], item[1].gain, item[1].even))


def _group(deviation: Deviation, pattern: Pattern) -> str:
    group = listed(deviation, pattern.gain)
    return f"{group} (and perhaps {listed(deviation, pattern.even)})" if pattern.even else group


def _gains(
    deviation: Deviation, piece: int, point: Point, pattern: Pattern
) -> dict[str, tuple[Rational, Rational]]:
    """What each type that gains gets from one response with the pattern, and what it has in the outcome."""
    limits: list[Limit] = []
    for t in deviation.types:
        limits.append((t, ABOVE if t in pattern.gain else EQUAL if t in pattern.even else BELOW))
    offers = deviation.example(piece, point, limits)
    return {deviation.game.types[t]: (offers[t], point[t]) for t in pattern.gain}


def _said(gains: dict[str, tuple[Rational, Rational]]) -> str:
    return ", ".join(f"{t} can get {text(offer)}, more than {text(stays)}" for t, (offer, stays) in gains.items())
