"""Audience-best: every audience gets the most that it gets in any outcome. With several audiences there may be none."""

from __future__ import annotations

from doubletalk.equilibrium.solution import Outcome
from doubletalk.refinement.best import best_for
from doubletalk.refinement.reason import Reason
from doubletalk.refinement.setting import Setting

__all__ = ["audience_best"]


def audience_best(setting: Setting, outcome: Outcome) -> Reason:
    """Whether each audience's expected payoff is the highest of all outcomes."""
    return best_for(setting, outcome, range(1, len(setting.game.players)))
