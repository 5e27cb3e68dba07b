"""Independent checks for the tests: random games, a brute force for whole equilibrium sets, and a bridge to Gambit."""
