"""Whether nobody of a group of players could do better in any other outcome of the solution."""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.equilibrium.solution import Outcome
from doubletalk.exact import text
from doubletalk.refinement.payoff_ranges import ranges
from doubletalk.refinement.reason import Reason
from doubletalk.refinement.setting import Setting

__all__ = ["best_for"]


def best_for(setting: Setting, outcome: Outcome, players: Sequence[int]) -> Reason:
    """True when every one of *players* (0 the sender, then the audiences) has its highest payoff of all outcomes."""
    mine = ranges(setting, outcome)
    names = setting.game.players
    undecided = None
    for j in players:
        best = max((ranges(setting, o)[j].most, -o.id) for o in setting.solution.outcomes)
        most, where = best[0], -best[1]
        if mine[j].most < most:
            words = f"{names[j]} gets {text(mine[j].most)} at most, and {text(most)} in outcome {where}"
            return Reason(False, words)
        if mine[j].least < most:
            undecided = f"{names[j]} gets between {text(mine[j].least)} and {text(most)}, as this outcome varies"
    if undecided is not None:
        return Reason(None, undecided)
    if not setting.solution.complete:
        return Reason(None, "not all outcomes are known, and one that is not might be better")
    said = ", ".join(f"{names[j]} gets {text(mine[j].most)}" for j in players)
    return Reason(True, f"{said}, the most of all outcomes")
