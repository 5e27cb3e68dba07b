"""What is credible: refinements of the equilibrium outcomes, each with its reason (theory, section 5)."""

from doubletalk.refinement.names import NAMES
from doubletalk.refinement.reason import Reason, Ruling
from doubletalk.refinement.refine import explain, refine

__all__ = ["NAMES", "Reason", "Ruling", "explain", "refine"]
