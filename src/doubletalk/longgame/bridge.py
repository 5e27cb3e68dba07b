r"""Bridge sampling: the marginal likelihood from draws of the posterior and draws of a proposal.

With q the posterior density up to its constant r, g the proposal's density, and l = q / g, the optimal bridge gives r
as the fixed point of

    r = [ (1/N2) sum over proposal draws  l / (s1 l + s2 r) ] / [ (1/N1) sum over posterior draws  1 / (s1 l + s2 r) ],

s1 = N1 / (N1 + N2), s2 = 1 - s1. It uses the posterior draws, which importance sampling does not, and needs no overlap
in the tails. Where the posterior draws are dependent, N1 in s1 is their effective number.

Sources: Meng and Wong (1996), Statistica Sinica 6; the error of Fruehwirth-Schnatter (2004), Econometrics Journal 7.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import logsumexp

from doubletalk.errors import DoubletalkError

__all__ = ["bridge"]

Floats = npt.NDArray[np.float64]

MOST_STEPS = 1000


def bridge(posterior: Floats, proposal: Floats, effective: float | None = None) -> tuple[float, float]:
    """log r and its standard error.

    ``posterior`` [N1] and ``proposal`` [N2] are log l at the draws of either; ``effective`` the effective number of
    posterior draws, N1 if they are independent. Raises ``DoubletalkError`` where the iteration does not come to rest.
    """
    count = float(len(posterior) if effective is None else min(effective, len(posterior)))
    shift = float(np.median(posterior))
    one, two = posterior - shift, proposal - shift
    log_s1, log_s2 = np.log(count / (count + len(two))), np.log(len(two) / (count + len(two)))
    log_r = 0.0
    for _ in range(MOST_STEPS):
        above = logsumexp(two - np.logaddexp(log_s1 + two, log_s2 + log_r)) - np.log(len(two))
        below = logsumexp(-np.logaddexp(log_s1 + one, log_s2 + log_r)) - np.log(len(one))
        before, log_r = log_r, float(above - below)
        if abs(log_r - before) < 1e-10:
            break
    else:
        raise DoubletalkError(f"bridge sampling did not come to rest in {MOST_STEPS} steps")
    # With p = l g / r: f1 = p / (s1 p + s2 g) at the proposal, f2 = g / (s1 p + s2 g) at the posterior.
    f1 = np.exp(two - log_r - np.logaddexp(log_s1 + two - log_r, log_s2))
    f2 = np.exp(-np.logaddexp(log_s1 + one - log_r, log_s2))
    squared = f1.var(ddof=1) / f1.mean() ** 2 / len(two) + f2.var(ddof=1) / f2.mean() ** 2 / count
    return log_r + shift, float(np.sqrt(squared))
