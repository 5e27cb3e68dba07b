r"""Divinity: beliefs after a deviation that agree with who would gain from the responses that such beliefs allow.

For a response z let G(z) be the beliefs proportional to p(t) mu(t) with mu(t) = 1, in [0, 1], or 0 as type t gains,
breaks even or loses by z (``patterns``). With Gamma_0 all beliefs,

    A_n = MBR(Gamma_n, m),     Gamma_{n+1} = convex hull of the union of G(z) over z in A_n,

and Gamma_{n+1} = Gamma_n where that union is empty. The outcome is divine if at every unsent m some belief in the
limit of Gamma_n has a best reply from which no type gains. A type that gains less readily than another may not become
more likely relative to it than it was.

A_n is a union of pieces, so that the sequence changes finitely often. Cost: up to 3^types systems for each piece.

Source: Banks & Sobel (1987), Econometrica 55(3), section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doubletalk.exact import Rational
from doubletalk.refinement.beliefs import Beliefs, hull
from doubletalk.refinement.deviation import Deviation, Point
from doubletalk.refinement.patterns import MOST_TYPES, agreeing, patterns
from doubletalk.refinement.reason import Finding
from doubletalk.refinement.support import VARIES, held_up_by

__all__ = ["divinity"]


def divinity(deviation: Deviation, points: Sequence[Point]) -> Finding:
    """The test at one unsent message."""
    if len(points) > 1:
        return Finding(None, VARIES)
    if len(deviation.types) > MOST_TYPES:
        return Finding(None, f"more than {MOST_TYPES} types can send '{deviation.message}'")
    seen: dict[int, list[Mapping[int, Rational]]] = {}
    replies = deviation.replies_to(Beliefs())
    generators: list[Mapping[int, Rational]] = []
    while True:
        found = _divine(deviation, points[0], replies, seen)
        if not found:
            break
        generators = found
        narrower = deviation.replies_to(hull(generators, deviation.types))
        if narrower == replies:
            break
        replies = narrower
    believed = {t for g in generators for t in g} or set(deviation.types)
    names = tuple(deviation.game.types[t] for t in sorted(believed))
    about = f"after '{deviation.message}' any belief is divine, for every type loses"
    if generators:
        about = f"the divine beliefs after '{deviation.message}' are mixtures of {_said(deviation, generators)}"
    return held_up_by(deviation, points, replies, replies, about, names)


def _divine(
    deviation: Deviation, point: Point, replies: Sequence[int], seen: dict[int, list[Mapping[int, Rational]]]
) -> list[Mapping[int, Rational]]:
    """Generators of the hull of the beliefs that agree with some response of the pieces, each normalised."""
    found: dict[tuple[tuple[int, Rational], ...], Mapping[int, Rational]] = {}
    for k in replies:
        if k not in seen:
            every = [g for p in patterns(deviation, point, k) for g in agreeing(p, deviation.game.prior)]
            seen[k] = [_normalised(g) for g in every]
        for generator in seen[k]:
            found[tuple(sorted(generator.items()))] = generator
    return [found[key] for key in sorted(found)]


def _normalised(weights: Mapping[int, Rational]) -> dict[int, Rational]:
    values = list(weights.values())
    total = sum(values[1:], values[0])
    return {t: w / total for t, w in weights.items()}


def _said(deviation: Deviation, generators: Sequence[Mapping[int, Rational]]) -> str:
    beliefs = [", ".join(f"{deviation.game.types[t]}: {w}" for t, w in sorted(g.items())) for g in generators]
    return " and ".join(f"({belief})" for belief in beliefs)
