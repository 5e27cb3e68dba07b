r"""Lenses set side by side: Bayes factors with their errors, in words, and differences of predictive scores.

log B = log p(y | one) - log p(y | other). The words are those of Kass and Raftery (1995, JASA 90) for 2 log B: below 2
not worth more than a bare mention, to 6 positive, to 10 strong, beyond very strong. Where two Monte-Carlo errors
either way change the word, both words are given. Odds are those of two lenses held equally likely beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from doubletalk.lenses.evidence import LensEvidence
from doubletalk.lenses.future import FutureScores, paired

__all__ = ["Pair", "ScorePair", "pairs", "score_pairs", "strength", "weights_of"]

STEPS = ((2.0, "hardly any"), (6.0, "positive"), (10.0, "strong"), (math.inf, "very strong"))
"""Bounds of 2 log B and the words for what lies below each."""

ERRORS = 2.0
"""Monte-Carlo errors within which a difference counts as none."""


@dataclass(frozen=True)
class Pair:
    """One lens against another. ``log_factor`` log B, ``error`` its Monte-Carlo standard error (nan: not measured).

    ``more_free``, ``more_directions``  how many free coefficients, and directions, the one has more than the other
    """

    one: str
    other: str
    log_factor: float
    error: float
    words: str
    more_free: int
    more_directions: int
    trusted: bool


@dataclass(frozen=True)
class ScorePair:
    """Log score of one lens less that of another over the same periods, with its paired standard error; ``actor`` ""
    for all actors together."""

    one: str
    other: str
    actor: str
    difference: float
    error: float


def strength(log_factor: float) -> str:
    """The word for the size of a log Bayes factor."""
    return next(word for bound, word in STEPS if 2 * abs(log_factor) < bound)


def pairs(found: Mapping[str, LensEvidence]) -> tuple[Pair, ...]:
    """Every lens against every later one."""
    names = list(found)
    return tuple(_pair(found[a], found[b]) for k, a in enumerate(names) for b in names[k + 1 :])


def _pair(one: LensEvidence, other: LensEvidence) -> Pair:
    (high, error, _), (low, other_error, _) = one.best, other.best
    factor, error = high - low, math.hypot(error, other_error)
    return Pair(
        one.name, other.name, factor, error, told(one.name, other.name, factor, error),
        len(one.free) - len(other.free), one.directions - other.directions, one.trusted and other.trusted,
    )  # fmt: skip


def told(one: str, other: str, factor: float, error: float) -> str:
    """What a log Bayes factor says, in words."""
    if not math.isfinite(factor):
        return f"{one} against {other}: not known"
    better, worse = (one, other) if factor >= 0 else (other, one)
    size, slack = abs(factor), 0.0 if math.isnan(error) else ERRORS * error
    if size < slack:
        return f"within the Monte-Carlo error the record does not tell {one} from {other}"
    words = list(dict.fromkeys(strength(x) for x in (max(size - slack, 0.0), size + slack)))
    odds = f"{math.exp(size):.1f} to 1" if size < 7 else f"more than {math.exp(7):.0f} to 1"
    kind = " to ".join(words)
    if words == [STEPS[0][1]]:
        return f"hardly any evidence between them: {better} at {odds} against {worse}"
    return f"{kind} evidence for {better} against {worse}: {odds}"


def weights_of(found: Mapping[str, LensEvidence]) -> dict[str, float]:
    """Posterior probability of each lens where all were equally likely beforehand; nan where one is not known."""
    logs = {name: item.best[0] for name, item in found.items()}
    top = max((x for x in logs.values() if math.isfinite(x)), default=0.0)
    total = sum(math.exp(x - top) for x in logs.values())
    return {name: math.exp(x - top) / total for name, x in logs.items()}


def score_pairs(found: Mapping[str, FutureScores], actors: tuple[str, ...]) -> tuple[ScorePair, ...]:
    """Differences of log scores: every lens against every later one, for all actors together and for each."""
    names = list(found)
    rows = []
    for k, a in enumerate(names):
        for b in names[k + 1 :]:
            for place, actor in ((None, ""), *enumerate(actors)):
                rows.append(ScorePair(a, b, actor, *paired(found[a], found[b], place)))
    return tuple(rows)
