"""Can beliefs that are left still hold the outcome up? The last step of every refinement that deletes beliefs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from doubletalk.exact import Rational, text
from doubletalk.refinement.deviation import AT_MOST, Deviation, Point
from doubletalk.refinement.reason import Finding, Ruling

__all__ = ["VARIES", "held_up", "held_up_by", "listed"]

VARIES = "payoffs vary in this component, and no one verdict is established for all of its points"


def listed(deviation: Deviation, types: Collection[int]) -> str:
    """The names of the types: "weak and strong"."""
    names = [deviation.game.types[t] for t in sorted(types)]
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "nobody"


def held_up(
    deviation: Deviation,
    points: Sequence[Point],
    surely: frozenset[int],
    maybe: frozenset[int],
    rulings: tuple[Ruling, ...],
) -> Finding:
    """Whether some belief on the types left has a best reply from which no type gains.

    ``surely`` and ``maybe`` bound the set of types left at every u* of the hull of *points*; they agree when there is
    one point. Where ``surely`` is empty the set is not known, but it holds some type of ``maybe``: the answer is True
    where each of them alone, believed in, has a best reply that keeps every type away.
    """
    if not surely:
        deters = [(t, AT_MOST) for t in deviation.types]
        if all(deviation.certain(deviation.replies_on((t,)), points, deters) for t in maybe):
            words = f"whichever type is believed in after '{deviation.message}', a best reply keeps every type away"
            return Finding(True, words, believed=tuple(deviation.game.types[t] for t in sorted(maybe)))
        return Finding(None, VARIES, ruled_out=rulings)
    names = tuple(deviation.game.types[t] for t in sorted(maybe))
    about = f"after '{deviation.message}' only {listed(deviation, maybe)} can be believed in"
    if len(maybe) == len(deviation.types):
        about = f"no type is ruled out after '{deviation.message}'"
    upper, lower = deviation.replies_on(maybe), deviation.replies_on(surely)
    return held_up_by(deviation, points, upper, lower, about, names, rulings)


def held_up_by(
    deviation: Deviation,
    points: Sequence[Point],
    upper: Sequence[int],
    lower: Sequence[int],
    about: str,
    names: tuple[str, ...],
    rulings: tuple[Ruling, ...] = (),
) -> Finding:
    """The same for given pieces: *upper* holds every reply that may be left, *lower* only replies that surely are."""
    deters = [(t, AT_MOST) for t in deviation.types]
    if deviation.certain(lower, points, deters):
        words = f"{about}, and a best reply to that keeps every type away"
        return Finding(True, words, believed=names, ruled_out=rulings)
    if deviation.possible(upper, points, deters):
        return Finding(None, VARIES, believed=names, ruled_out=rulings)
    gainer, gains = _gainer(deviation, points, upper, names)
    if gainer is None:
        words = f"{about}, and every best reply to that draws some type"
        return Finding(False, words, deviation=gains, believed=names, ruled_out=rulings)
    label = deviation.game.types[gainer]
    offer, stays = gains[label]
    words = f"{about}; then {label} gets at least {text(offer)} from it, more than {text(stays)}"
    return Finding(False, words, label, gains, names, rulings)


def _gainer(
    deviation: Deviation, points: Sequence[Point], pieces: Sequence[int], believed: Collection[str]
) -> tuple[int | None, Mapping[str, tuple[Rational, Rational]]]:
    """A type that gains from every reply, one believed in if there is one, and its least; else every type's best."""
    for t in sorted(deviation.types, key=lambda t: (deviation.game.types[t] not in believed, t)):
        least, stays = deviation.least(t, pieces), max(p[t] for p in points)
        if least > stays:
            return t, {deviation.game.types[t]: (least, stays)}
    return None, {
        deviation.game.types[t]: (deviation.most(t, pieces), min(p[t] for p in points)) for t in deviation.types
    }
