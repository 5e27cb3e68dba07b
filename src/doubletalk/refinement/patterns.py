"""Who gains, who breaks even and who loses from a response: the sign patterns that responses can have.

Banks & Sobel's and Grossman & Perry's readings of a deviation depend on the response only through its pattern: types
that gain deviate for sure, types that break even with any probability, types that lose not at all. The beliefs that
agree with a pattern are those proportional to

    p(t) mu(t),   mu(t) = 1 if t gains,   mu(t) in [0, 1] if t breaks even,   mu(t) = 0 if t loses.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from doubletalk.exact import ONE, Rational
from doubletalk.refinement.deviation import ABOVE, BELOW, EQUAL, Deviation, Limit, Point

__all__ = ["MOST_TYPES", "Pattern", "agreeing", "patterns"]

MOST_TYPES = 8
"""More types at one message are not tried: there are 3^types patterns."""


@dataclass(frozen=True)
class Pattern:
    """Types that gain and types that break even; the others lose."""

    gain: tuple[int, ...]
    even: tuple[int, ...]


def patterns(deviation: Deviation, point: Point, piece: int) -> Iterator[Pattern]:
    """Every pattern that some response of the piece has, found by fixing the types' signs one after another."""
    types = deviation.types
    partial: list[tuple[tuple[str, ...], list[Limit]]] = [((), [])]
    for t in types:
        extended = []
        for signs, limits in partial:
            for sense in (ABOVE, EQUAL, BELOW):
                tried: list[Limit] = [*limits, (t, sense)]
                if deviation.possible((piece,), (point,), tried):
                    extended.append(((*signs, sense), tried))
        partial = extended
    for signs, _ in partial:
        by_type = list(zip(types, signs, strict=True))
        yield Pattern(
            tuple(t for t, sign in by_type if sign == ABOVE), tuple(t for t, sign in by_type if sign == EQUAL)
        )


def agreeing(pattern: Pattern, prior: Sequence[Rational]) -> list[dict[int, Rational]]:
    """Generators of the cone of beliefs that agree with the pattern; [] when everybody loses."""
    if not pattern.gain:
        return [{t: ONE} for t in pattern.even]
    sure = {t: prior[t] for t in pattern.gain}
    return [
        {**sure, **{t: prior[t] for t in some}}
        for size in range(len(pattern.even) + 1)
        for some in combinations(pattern.even, size)
    ]
