"""Pareto-undominated: no other outcome is at least as good for every type of the sender and every audience, and better
for somebody. Types count one by one (interim), audiences in expectation.
"""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.equilibrium.solution import Outcome
from doubletalk.exact import Rational, text
from doubletalk.refinement.payoff_ranges import payoff_vectors
from doubletalk.refinement.reason import Reason
from doubletalk.refinement.setting import Setting

__all__ = ["pareto"]

VARIES = "an outcome that varies may be better for everybody at some of its points"


def pareto(setting: Setting, outcome: Outcome) -> Reason:
    """Whether the outcome is undominated among the outcomes of the solution.

    Where payoffs vary: False when every extreme point is dominated by one and the same point of some outcome; True
    when no outcome's upper bounds, taken together, dominate any of its extreme points; None otherwise.
    """
    mine = payoff_vectors(setting, outcome)
    highest = tuple(map(max, zip(*mine, strict=True)))
    lowest = tuple(map(min, zip(*mine, strict=True)))
    open_ = None
    for other in setting.solution.outcomes:
        theirs = payoff_vectors(setting, other)
        for vector in theirs:
            if _dominates(vector, highest):
                return _failure(setting, other, vector, highest)
        bound = tuple(map(max, zip(*theirs, strict=True)))
        if open_ is None and (len(mine) > 1 or len(theirs) > 1) and _dominates(bound, lowest):
            open_ = VARIES
    if open_ is not None:
        return Reason(None, open_)
    if not setting.solution.complete:
        return Reason(None, "not all outcomes are known, and one that is not might be better for everybody")
    return Reason(True, "no other outcome is as good for every type and every audience and better for one")


def _dominates(first: Sequence[Rational], second: Sequence[Rational]) -> bool:
    return all(a >= b for a, b in zip(first, second, strict=True)) and tuple(first) != tuple(second)


def _failure(setting: Setting, other: Outcome, vector: Sequence[Rational], mine: Sequence[Rational]) -> Reason:
    game = setting.game
    names = [*game.types, *(a.name for a in game.audiences)]
    who, offer, stays = next((n, a, b) for n, a, b in zip(names, vector, mine, strict=True) if a > b)
    words = f"outcome {other.id} is as good for everybody and gives {who} {text(offer)} instead of {text(stays)}"
    gains = {t: (a, b) for t, a, b in zip(game.types, vector, mine, strict=False)}
    return Reason(False, words, who if who in game.types else None, None, gains)
