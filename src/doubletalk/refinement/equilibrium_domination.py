r"""Equilibrium domination, iterated: the intuitive criterion's deletion carried to the end and read as beliefs.

    Theta_0 = T(m),    Theta_{n+1} = {t in Theta_n : u*(t) <= max u(t, m, r) over r in BR(Theta_n, m)}.

A round that would delete everybody deletes nobody. The outcome survives if at every unsent m some best reply to a
belief on the last Theta keeps every type away. Stronger than the intuitive criterion, which asks that one and the same
type gain from every reply.

Source: Cho & Kreps (1987), QJE 102(2), section III (equilibrium domination and its iteration).
"""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.refinement.deviation import Deviation, Point
from doubletalk.refinement.intuitive import dominated
from doubletalk.refinement.reason import Finding, Ruling
from doubletalk.refinement.support import held_up

__all__ = ["equilibrium_domination"]


def equilibrium_domination(deviation: Deviation, points: Sequence[Point]) -> Finding:
    """The test at one unsent message."""
    upper = lower = frozenset(deviation.types)
    rulings: tuple[Ruling, ...] = ()
    while lower:
        out, _, found = dominated(deviation, points, upper, deviation.replies_on(upper))
        _, maybe, _ = dominated(deviation, points, lower, deviation.replies_on(lower))
        if out == upper or not (out or maybe):
            break
        upper, lower, rulings = upper - out, lower - maybe, rulings + found
    return held_up(deviation, points, lower, upper, rulings)
