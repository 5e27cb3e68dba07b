"""Lenses on a long game: accounts of what drives it, as restrictions and priors, compared by what the record says."""
