"""Smooth play: the logit agent quantal response equilibrium, its branch, its limit, and its fit to counts."""

from doubletalk.quantal.branch import Branch, BranchStatus, ContinuationError, QuantalPoint, at, logit_branch
from doubletalk.quantal.fitting import FitStatus, LogitFit, fit
from doubletalk.quantal.limit import Limit, LimitStatus, limit

__all__ = [
    "Branch",
    "BranchStatus",
    "ContinuationError",
    "FitStatus",
    "Limit",
    "LimitStatus",
    "LogitFit",
    "QuantalPoint",
    "at",
    "fit",
    "limit",
    "logit_branch",
]
