r"""Neologism-proofness: no group of types can credibly name itself in new words.

For cheap talk. A nonempty set K of types is *self-signalling* at an outcome with payoffs u* if, with the response a(K)
that is best against the prior restricted to K,

    u(t, a(K)) > u*(t)  for t in K,      u(t, a(K)) <= u*(t)  for t outside K.

The outcome fails if some K is self-signalling. The paper lets a(K) be unique. Where several responses are best, K
counts as self-signalling only if all of them make it so; if only some do and no other K settles it, the answer is None.

Source: Farrell (1993), Games and Economic Behavior 5(4), section 4. Null where talk is costly or private.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

from doubletalk.equilibrium.solution import Outcome
from doubletalk.exact import Rational, text
from doubletalk.refinement.beliefs import ray
from doubletalk.refinement.cheap_talk import costly
from doubletalk.refinement.deviation import ABOVE, AT_MOST, Deviation, Limit, Point
from doubletalk.refinement.reason import Reason
from doubletalk.refinement.setting import Setting
from doubletalk.refinement.support import listed

__all__ = ["MOST_TYPES", "groups", "neologism_proof"]

MOST_TYPES = 12
"""More types are not tried: there are 2^types groups."""


def neologism_proof(setting: Setting, outcome: Outcome) -> Reason:
    """Whether no group of types has a credible neologism at the outcome."""
    why = costly(setting.game) or setting.unfit(0)
    if why is not None:
        return Reason(None, why)
    if len(setting.game.types) > MOST_TYPES:
        return Reason(None, f"more than {MOST_TYPES} types: too many groups to try")
    talk = setting.deviation(0)
    reasons = [_judge(talk, points) for points in dict.fromkeys(view.points for view in setting.views(outcome))]
    verdicts = {reason.verdict for reason in reasons}
    if len(verdicts) == 1:
        return reasons[0]
    undecided = [reason for reason in reasons if reason.verdict is None]
    return undecided[0] if undecided else Reason(None, "some outcomes in this component survive and others do not")


def groups(types: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All nonempty sets of types, small ones first."""
    for size in range(1, len(types) + 1):
        yield from combinations(types, size)


def _judge(talk: Deviation, points: tuple[Point, ...]) -> Reason:
    doubtful = None
    for group in groups(talk.types):
        replies = talk.replies_to(ray({t: talk.game.prior[t] for t in group}, (), talk.types))
        if _always(talk, points, group, replies):
            return _failure(talk, points, group, replies)
        limits: list[Limit] = [(t, ABOVE if t in group else AT_MOST) for t in talk.types]
        if doubtful is None and talk.possible(replies, points, limits):
            doubtful = group
    if doubtful is None:
        return Reason(True, "no group of types would gain, and it alone, by naming itself")
    return Reason(
        None,
        f"whether the group {listed(talk, doubtful)} can name itself depends on which of several best responses, "
        "or which payoffs of this outcome, are taken",
        talk.game.types[doubtful[0]],
    )


def _always(talk: Deviation, points: Sequence[Point], group: Sequence[int], replies: Sequence[int]) -> bool:
    """Whether every best response makes the group self-signalling, at every u*."""
    for t in talk.types:
        if t in group and talk.least(t, replies) <= max(p[t] for p in points):
            return False
        if t not in group and talk.most(t, replies) > min(p[t] for p in points):
            return False
    return True


def _failure(talk: Deviation, points: Sequence[Point], group: Sequence[int], replies: Sequence[int]) -> Reason:
    names = talk.game.types
    gains: dict[str, tuple[Rational, Rational]] = {
        names[t]: (talk.least(t, replies), max(p[t] for p in points)) for t in group
    }
    said = ", ".join(f"{t} gets {text(offer)}, more than {text(stays)}" for t, (offer, stays) in gains.items())
    words = f"'it is {listed(talk, group)}' is believed, for just those gain if it is: {said}"
    return Reason(False, words, names[group[0]], None, gains)
