"""Sender-best: no outcome gives the sender more, in expectation over its types before they are drawn."""

from __future__ import annotations

from doubletalk.equilibrium.solution import Outcome
from doubletalk.refinement.best import best_for
from doubletalk.refinement.reason import Reason
from doubletalk.refinement.setting import Setting

__all__ = ["sender_best"]


def sender_best(setting: Setting, outcome: Outcome) -> Reason:
    """Whether the sender's ex ante payoff, sum over t of p(t) u*(t), is the highest of all outcomes."""
    return best_for(setting, outcome, (0,))
