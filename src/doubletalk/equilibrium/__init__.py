"""What can happen: every equilibrium, exactly."""

from doubletalk.equilibrium.certificate import Certificate
from doubletalk.equilibrium.solution import Assessment, Family, Outcome, Solution
from doubletalk.equilibrium.solve import solve
from doubletalk.equilibrium.verification import verify

__all__ = ["Assessment", "Certificate", "Family", "Outcome", "Solution", "solve", "verify"]
