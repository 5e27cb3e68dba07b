"""What can happen: every equilibrium, exactly."""
