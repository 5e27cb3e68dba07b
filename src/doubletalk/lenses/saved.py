"""The evidence for a lens from the draws of a fit that has converged, in place of draws of its own.

The marginal likelihood is that of the fit, by bridge sampling. Its draws are solved again, since other codings and
other initial beliefs need the play at each: with weights that are all the same, and whose mean is the marginal
likelihood, what holds for weighted draws holds for them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from doubletalk.lenses.evidence import Draws, LensEvidence, SavedFit, Variant, climbed, likelihoods
from doubletalk.lenses.restricting import directions
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.likelihood import Observed
from doubletalk.longgame.posterior import Posterior

__all__ = ["evidence_saved"]

Floats = npt.NDArray[np.float64]

MOST_DRAWS = 250
"""Of the fit that are solved again, evenly spaced."""

TOLERANCE = 1e-4


def evidence_saved(
    name: str, game: LongGame, observed: Observed, saved: SavedFit, *, points: int | None,
    tell: Callable[[str], None], variants: Sequence[Variant] = (),
) -> LensEvidence:  # fmt: skip
    """The evidence for the lens *name* by a saved fit that has a marginal likelihood.

    The climb to the mode begins at the best of the draws that are solved. Draws at which no equilibrium is found count
    as impossible.
    """
    assert saved.evidence is not None
    posterior = Posterior(game, observed, points)
    size = len(saved.draws.free)
    places = np.unique(np.linspace(0, size - 1, min(size, MOST_DRAWS)).round().astype(int))
    solved, near = [], None
    for n, place in enumerate(places):
        point = posterior(posterior.coordinates.at(saved.draws.free[place]), TOLERANCE, near, gradient=False)
        near = near or (point if point.good else None)
        solved.append(point)
        tell(f"draw {n + 1} of {len(places)} of the saved fit")
    best = max(solved, key=lambda point: point.value if point.good else -np.inf)
    fit = climbed(posterior, best.u, tell)
    value, error = saved.evidence
    draws = Draws(
        posterior.names, np.array([point.u for point in solved]), saved.draws.free[places],
        np.array([value if point.good else -np.inf for point in solved]),
        np.array([point.likelihood for point in solved]), likelihoods(posterior, solved, variants),
        np.stack([point.terms for point in solved]), np.stack([point.beliefs for point in solved]),
    )  # fmt: skip
    return LensEvidence(
        name, posterior.names, directions(game), fit, draws, value, error, float(np.isfinite(draws.log_weights).sum()),
        0.0, (value, error, saved.converged),
    )  # fmt: skip
