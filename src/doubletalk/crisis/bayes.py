r"""The posterior of the full likelihood: NUTS in coordinates made for it, or a Laplace approximation with a check.

    parameters ~ the normal prior of :mod:`doubletalk.crisis.prior`
    z -> theta as in :mod:`doubletalk.crisis.coordinates`; the Laplace approximation is z ~ N(0, I)

The equilibrium played is chosen by a stated rule: ``lowest``, ``highest``, or ``mixture`` with estimated shares; 'best'
looks at the outcomes and is no likelihood. All equilibria of every game are found anew at every evaluation, for all
chains in one call, and the gradient follows by the implicit function theorem. The posterior has steps where equilibria
appear or vanish: 'lowest' then plays another one, under which the counts may be as good as impossible. A trajectory
that falls off such a step ends there, as at a divergence, and NUTS stays valid: the step is part of the posterior, not
an error of the integrator. These ends are counted apart from divergences; they cost effective draws, which are checked.
Other divergences are a fault where the independent proposals alone would not do (:func:`_faulty`). Where R-hat or
effective sample sizes do not suffice, more is drawn: a choice by the draws, which the truth does not enter.

Quick: draws of a multivariate t around the mode, in z, weighted by posterior over proposal (Pareto-smoothed) and drawn
again; its shape k tells whether the weights can be trusted (below 0.7).
Sources: Hoffman & Gelman (2014), JMLR 15; R-hat and effective sample sizes as in Vehtari et al. (2021), Bayesian
Analysis 16(2); Vehtari, Simpson, Gelman, Yao & Gabry (2024), Pareto smoothed importance sampling, JMLR 25.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.data import CrisisData
from doubletalk.crisis.equilibria import find_equilibria
from doubletalk.crisis.fit import fit_crisis
from doubletalk.crisis.full import MIXTURE_NAMES, full_terms
from doubletalk.crisis.nuts import Sampled, sample
from doubletalk.crisis.posterior import Target, laplace
from doubletalk.crisis.prior import normal_prior
from doubletalk.crisis.reply import game_of
from doubletalk.crisis.result import CrisisFit
from doubletalk.crisis.specification import CrisisSpecification
from doubletalk.errors import InputError
from doubletalk.game.wording import unknown

__all__ = ["BAYES_RULES", "ENOUGH", "RHAT_LIMIT", "fit_bayes", "inference_data"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

BAYES_RULES = ("lowest", "highest", "mixture")
RHAT_LIMIT = 1.01
ENOUGH = 400.0
"""A posterior counts as sampled when every R-hat is below RHAT_LIMIT and both effective sample sizes are above this."""
LONGEST = 4
"""NUTS draws up to so many times the draws asked for while they do not suffice."""
PROPOSALS = 2
DEGREES = 10.0
"""The quick fit's proposals for each draw, and the degrees of freedom of their t distribution."""
SHAPE_LIMIT = 0.7
ROWS = 8000
"""Games solved in one pass."""
LOOKED_AT = 400
"""How many draws are looked at for games with several equilibria."""


@dataclass(frozen=True)
class _Drawn:
    """Parameters (chains, draws, parameters), what is reported about them, whether they can be relied on."""

    theta: Array
    report: dict[str, Any]
    settled: bool
    words: str


def fit_bayes(
    spec: CrisisSpecification,
    data: CrisisData,
    *,
    selection: str | None = None,
    quick: bool = False,
    chains: int = 4,
    draws: int = 500,
    warmup: int = 300,
    longest: int = LONGEST,
    seed: int = 1,
    tell: Tell | None = None,
) -> CrisisFit:
    """Posterior means, standard deviations and draws under *selection*, one of BAYES_RULES.

    Without *selection* the specification's rule is used, ``mixture`` in place of 'best'. NUTS goes on in steps of
    *draws* until R-hat and effective sample sizes suffice, to *longest* times *draws* at most. *quick* draws from the
    Laplace approximation, weighted. Ctrl-C after 50 draws of NUTS keeps what there is. Raises InputError for rules that
    are no likelihood and for sizes below one.
    """
    if selection is not None and selection not in BAYES_RULES:
        known = unknown("rule", selection, BAYES_RULES)
        raise InputError(f"a posterior needs a rule that does not look at outcomes: {known}")
    rule = selection or (spec.selection if spec.selection in BAYES_RULES else "mixture")
    if min(chains, draws, warmup, longest) < 1:
        sizes = f"{chains}, {draws}, {warmup}, {longest}"
        raise InputError(f"expected at least one chain, draw, warm-up step and round of draws; found {sizes}")
    began = time.perf_counter()
    say = tell or _quiet
    start = fit_crisis(spec, data, "pl", tell=tell)
    design, counts = start.with_data()
    names = start.names + (MIXTURE_NAMES if rule == "mixture" else ())
    extra = len(names) - design.size
    prior = normal_prior(design, spec.prior_scale, spec.prior_units, extra)
    say(None, "posterior mode")
    target = laplace(design, counts, rule, prior, np.concatenate([start.estimates, np.zeros(extra)]))
    if quick:
        made = _quick_draws(target, chains * draws, seed, say)
    else:
        made = _nuts_draws(target, names, (chains, draws, warmup, longest), seed, say)
    flat = made.theta.reshape(-1, made.theta.shape[-1])
    mean = flat.mean(axis=0)
    terms = full_terms(design, counts, mean, rule)
    low, high = np.quantile(flat, [0.05, 0.95], axis=0)
    diagnostics = {
        **made.report, "seed": seed, "quick": quick, **_several(target, flat),
        "low_90": low.tolist(), "high_90": high.tolist(), "median": np.median(flat, axis=0).tolist(),
        "posterior_mode": target.mode.tolist(), "prior_scale": spec.prior_scale, "prior": prior.words,
    }  # fmt: skip
    chosen = terms.chosen
    return replace(
        start,
        method="bayes",
        names=names,
        selection=rule,
        estimates=mean,
        covariance=np.cov(flat.T, ddof=1).reshape(len(mean), len(mean)),
        errors_account_for=f"posterior standard deviations by {'Laplace' if quick else 'NUTS'}, prior {prior.words}",
        log_likelihood=terms.value,
        resist=terms.equilibria.resist[chosen],
        firm=terms.equilibria.firm[chosen],
        equilibria=terms.equilibria,
        converged=made.settled,
        message=made.words,
        steps=target.evaluations,
        gradient_size=0.0,
        seconds=time.perf_counter() - began,
        draws=flat,
        diagnostics=diagnostics,
    )


def _nuts_draws(
    target: Target, names: tuple[str, ...], sizes: tuple[int, int, int, int], seed: int, tell: Tell
) -> _Drawn:
    """Draws by NUTS, with R-hat, effective sample sizes and divergences."""
    chains, draws, warmup, longest = sizes

    def go_on(so_far: Sampled) -> bool:
        """More draws help against all faults but divergences."""
        if so_far.z.shape[1] >= longest * draws or _faulty(so_far):
            return False
        return not _verdict(_diagnostics(target.theta(so_far.z), names), 0, False)[0]

    sampled = sample(target, chains, draws, warmup, seed, tell, go_on)
    theta = target.theta(sampled.z)
    report = _diagnostics(theta, names)
    settled, words = _verdict(report, _faulty(sampled), sampled.stopped)
    report |= {
        "divergences": int((sampled.diverging & ~sampled.stepped).sum()), "ended_at_a_step": int(sampled.stepped.sum()),
        "pareto_k": sampled.shape, "chains": chains,
        "draws": theta.shape[1], "warmup": warmup,
        "leapfrog_steps_per_draw": sampled.leapfrogs, "refreshed": sampled.refreshed,
        "sampling_seconds": sampled.seconds,
    }  # fmt: skip
    return _Drawn(theta, report, settled, words)


def _faulty(sampled: Sampled) -> int:
    """Divergences that are not at a step, where the independent proposals alone would not suffice.

    A divergence says that there may be a region which trajectories do not enter. Proposals whose weights have a Pareto
    shape below SHAPE_LIMIT do not miss one.
    """
    return 0 if sampled.shape < SHAPE_LIMIT else int((sampled.diverging & ~sampled.stepped).sum())


def _quick_draws(target: Target, draws: int, seed: int, tell: Tell) -> _Drawn:
    """Importance draws around the mode, made equally likely by systematic resampling."""
    generator = np.random.default_rng(seed)
    size, count = len(target.mode), PROPOSALS * draws
    z = generator.standard_normal((count, size)) / np.sqrt(generator.chisquare(DEGREES, size=(count, 1)) / DEGREES)
    values: list[Array] = []
    for part in _batches(z, target.design.games):
        values.append(target.log_posterior(part, slopes=False)[0])
        tell(sum(map(len, values)) / count, "Laplace approximation")
    value = np.concatenate(values)
    proposal = -0.5 * (DEGREES + size) * np.log1p((z * z).sum(axis=1) / DEGREES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz

        smoothed, shape = arviz.psislw(value - proposal)
    weights = np.exp(smoothed - np.max(smoothed))
    weights /= weights.sum()
    effective = float(1.0 / (weights**2).sum())
    # systematic resampling, then shuffled: the order would carry the proposals' order
    places = (np.arange(draws) + generator.uniform()) / draws
    chosen = generator.permutation(np.minimum(np.searchsorted(np.cumsum(weights), places), count - 1))
    faults = []
    if not float(shape) < SHAPE_LIMIT:
        faults.append(f"Pareto shape {float(shape):.2f}, below {SHAPE_LIMIT} wanted: use NUTS")
    if not effective > ENOUGH:
        faults.append(f"effective sample size {effective:.0f}, {ENOUGH:.0f} wanted")
    report = {"chains": 1, "draws": draws, "pareto_k": float(shape), "effective": effective, "proposals": count}
    return _Drawn(target.theta(z[chosen])[None], report, not faults, "; ".join(faults) or "converged")


def _several(target: Target, flat: Array) -> dict[str, Any]:
    """In how many of the draws some game has several equilibria, and in how many games at most."""
    looked = flat[np.linspace(0, len(flat) - 1, min(LOOKED_AT, len(flat))).astype(np.intp)]
    design, games = target.design, []
    with np.errstate(all="ignore"):
        for part in _batches(looked, design.games):
            utilities = design.utilities(part[:, : design.size]).reshape(-1, 7)
            number = find_equilibria(game_of(utilities)).number().reshape(len(part), design.games)
            games.append((number > 1).sum(axis=1))
    several = np.concatenate(games)
    return {
        "draws_with_several_equilibria": float(np.mean(several > 0)),
        "most_games_with_several_equilibria": int(several.max()),
    }


def _batches(points: Array, games: int) -> list[Array]:
    """*points* in parts of about ROWS games at a time."""
    return np.array_split(points, max(1, len(points) * games // ROWS))


def inference_data(fit: CrisisFit) -> Any:
    """A posterior as ArviZ's InferenceData: ``coefficients`` with dimensions chain, draw, parameter."""
    if fit.draws is None:
        raise InputError("only a fit with the method bayes has draws")
    chains = int(fit.diagnostics["chains"])
    values = fit.draws.reshape(chains, -1, len(fit.names))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz

        return arviz.from_dict(
            posterior={"coefficients": values},
            coords={"parameter": list(fit.names)},
            dims={"coefficients": ["parameter"]},
        )


def _quiet(_share: float | None, _words: str) -> None:
    pass


def _diagnostics(theta: Array, names: tuple[str, ...]) -> dict[str, Any]:
    """R-hat and effective sample sizes of (chains, draws, parameters), in the order of *names*."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz

        posterior = {str(k): theta[:, :, k] for k in range(len(names))}

        def of(measured: Mapping[str, Any]) -> list[float]:
            return [float(measured[str(k)]) for k in range(len(names))]

        return {
            "r_hat": of(arviz.rhat(posterior)),
            "ess_bulk": of(arviz.ess(posterior, method="bulk")),
            "ess_tail": of(arviz.ess(posterior, method="tail")),
            "monte_carlo_error": of(arviz.mcse(posterior)),
        }


def _verdict(report: Mapping[str, Any], divergences: int, stopped: bool) -> tuple[bool, str]:
    faults = []
    worst = max(report["r_hat"], default=1.0)
    least = min([*report["ess_bulk"], *report["ess_tail"]], default=np.inf)
    if not worst < RHAT_LIMIT:
        faults.append(f"largest R-hat {worst:.3f}, {RHAT_LIMIT} wanted")
    if not least > ENOUGH:
        faults.append(f"least effective sample size {least:.0f}, {ENOUGH:.0f} wanted")
    if divergences:
        faults.append(f"{divergences} divergent transitions")
    if stopped:
        faults.append("interrupted")
    return not faults, "; ".join(faults) or "converged"
