r"""The intuitive criterion.

For an unsent message m let T(m) be the types that can send it and

    J(m) = {t in T(m) : u*(t) > max u(t, m, r) over r in BR(T(m), m)}.

The outcome fails if some t' in T(m) has u*(t') < min u(t', m, r) over r in BR(T(m) \ J(m), m), or if it is not even
sequential at m (no reply in MBR(T(m), m) keeps every type away). Nothing is restricted where J(m) = T(m). Payoffs are
linear in responses, so the extremes over mixed replies are those over pure ones.

Source: Cho & Kreps (1987), QJE 102(2), section III (the intuitive criterion).
"""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.exact import text
from doubletalk.refinement.deviation import AT_MOST, Deviation, Point
from doubletalk.refinement.reason import Finding, Ruling
from doubletalk.refinement.support import VARIES, listed

__all__ = ["dominated", "intuitive"]


def dominated(
    deviation: Deviation, points: Sequence[Point], among: frozenset[int], pieces: Sequence[int]
) -> tuple[frozenset[int], frozenset[int], tuple[Ruling, ...]]:
    """(types surely in J, types possibly in J, the inequalities) when the replies are those of *pieces*."""
    surely, maybe, rulings = set(), set(), []
    for t in sorted(among):
        most = deviation.most(t, pieces)
        if max(p[t] for p in points) > most:
            maybe.add(t)
        if min(p[t] for p in points) > most:
            surely.add(t)
            stays = text(min(p[t] for p in points))
            words = f"gets at most {text(most)} from '{deviation.message}', less than {stays} in the outcome"
            rulings.append(Ruling(deviation.game.types[t], deviation.message, words))
    return frozenset(surely), frozenset(maybe), tuple(rulings)


def intuitive(deviation: Deviation, points: Sequence[Point]) -> Finding:
    """The criterion at one unsent message."""
    everybody = frozenset(deviation.types)
    if not deviation.possible(deviation.replies_on(everybody), points, [(t, AT_MOST) for t in deviation.types]):
        return Finding(False, f"no best reply to any belief after '{deviation.message}' keeps every type away")
    surely, maybe, rulings = dominated(deviation, points, everybody, deviation.replies_on(everybody))
    upper, lower = everybody - surely, everybody - maybe
    if not upper:
        return Finding(True, f"every type loses by '{deviation.message}' whatever is believed", ruled_out=rulings)
    names = tuple(deviation.game.types[t] for t in sorted(upper))
    replies = deviation.replies_on(upper)
    for t in deviation.types:
        least, stays = deviation.least(t, replies), max(p[t] for p in points)
        if least > stays:
            label = deviation.game.types[t]
            words = (
                f"'{deviation.message}' can only come from {listed(deviation, upper)}, and {label} then gets at least "
                f"{text(least)}, more than {text(stays)}"
            )
            return Finding(False, words, label, {label: (least, stays)}, names, rulings)
    fewer = deviation.replies_on(lower) if lower else ()
    if fewer and all(min(p[t] for p in points) >= deviation.least(t, fewer) for t in deviation.types):
        words = f"no type is sure to gain from '{deviation.message}' even if it comes from {listed(deviation, upper)}"
        return Finding(True, words, believed=names, ruled_out=rulings)
    if all(
        min(p[t] for p in points) >= deviation.least(t, deviation.replies_on((s,)))
        for s in upper
        for t in deviation.types
    ):
        words = f"no type is sure to gain from '{deviation.message}', whichever type it is read as coming from"
        return Finding(True, words, believed=names)
    return Finding(None, VARIES, believed=names, ruled_out=rulings)

