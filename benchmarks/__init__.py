"""How long the solver takes, and how long others take on the same games: ``python -m benchmarks``."""
