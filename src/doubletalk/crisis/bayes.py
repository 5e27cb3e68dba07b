r"""The posterior of the full likelihood, by NUTS (numpyro) in coordinates whitened by a Laplace approximation.

    coefficients ~ N(0, prior scale^2),  log odds of selection ~ N(0, 1.5^2)
    z -> theta = mode + L z,  L L' = (-H)^-1 at the posterior mode

The equilibrium played is chosen by a stated rule: ``lowest``, ``highest``, or ``mixture`` with estimated shares; 'best'
looks at the outcomes and is no likelihood. All equilibria of every game are found anew at every evaluation, for all
chains in one call, and the gradient follows by the implicit function theorem. Under ``lowest`` and ``highest`` the
posterior has steps where an equilibrium vanishes: NUTS stays valid there and becomes slow.
Source: Hoffman & Gelman (2014), JMLR 15; R-hat and effective sample sizes as in Vehtari et al. (2021), Bayesian
Analysis 16(2).
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.branch import along_slopes
from doubletalk.crisis.data import CrisisData
from doubletalk.crisis.design import Design
from doubletalk.crisis.equilibria import find_equilibria
from doubletalk.crisis.fit import fit_crisis
from doubletalk.crisis.full import MIXTURE_NAMES, by_game_logsumexp, full_terms, log_shares, place_of
from doubletalk.crisis.optimise import maximise
from doubletalk.crisis.reply import game_of
from doubletalk.crisis.result import CrisisFit
from doubletalk.crisis.specification import CrisisSpecification
from doubletalk.errors import InputError
from doubletalk.game.wording import unknown

__all__ = ["BAYES_RULES", "ENOUGH", "LOGIT_SCALE", "RHAT_LIMIT", "fit_bayes", "inference_data", "scores_at"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

BAYES_RULES = ("lowest", "highest", "mixture")
LOGIT_SCALE = 1.5
RHAT_LIMIT = 1.01
ENOUGH = 400.0
"""A posterior counts as sampled when every R-hat is below RHAT_LIMIT and both effective sample sizes are above this."""
FEWEST_DRAWS = 50
DEPTH = (6, 8)
"""Largest depth of a tree while warming up, and after."""
SPREAD = 1.5
"""Chains start at N(0, SPREAD^2) in whitened coordinates."""


def scores_at(
    design: Design, counts: Array, parameters: Array, rule: str, guess: Array | None = None
) -> tuple[Array, Array, Array]:
    """Log-likelihood (k,) and gradient (k, parameters) at *parameters* (k, parameters), all in one pass.

    The third is q of the first equilibrium of each game (k x games), which serves the next call as a *guess*.
    """
    many, size, games = len(parameters), design.size, design.games
    utilities = np.concatenate([design.utilities(one[:size]) for one in parameters])
    every = game_of(utilities)
    equilibria = find_equilibria(every, guess)
    first = np.cumsum(equilibria.number()) - equilibria.number()
    chain, row = equilibria.game // games, equilibria.game % games
    gradient = np.zeros((many, parameters.shape[1]))
    if rule == "mixture":
        value, by_utility = along_slopes(every.rows(equilibria.game), equilibria.q, counts[row])
        prior = log_shares(equilibria, parameters[chain, size:].T)
        by_game = by_game_logsumexp(equilibria, prior + value)
        posterior, share = np.exp(prior + value - by_game[equilibria.game]), np.exp(prior)
        place = place_of(equilibria)
        slopes = np.zeros((many * games, by_utility.shape[1]))
        np.add.at(slopes, equilibria.game, posterior[:, None] * by_utility)
        for j in (1, 2):
            gradient[:, size + j - 1] = np.bincount(chain, (posterior - share) * (place == j), many)
    else:
        played = first + equilibria.number() - 1 if rule == "highest" else first
        by_game, slopes = along_slopes(every, equilibria.q[played], np.tile(counts, (many, 1)))
    for k in range(many):
        gradient[k, :size] = design.jacobian(slopes[k * games : (k + 1) * games]).sum(axis=0)
    return by_game.reshape(many, games).sum(axis=1), gradient, equilibria.q[first]


@dataclass(eq=False)
class _Target:
    """Log posterior in whitened coordinates, evaluated by numpy for all chains at once."""

    design: Design
    counts: Array
    rule: str
    scales: Array
    mode: Array
    root: Array
    evaluations: int = 0
    guess: Array | None = None

    def __call__(self, z: Any) -> tuple[Array, Array]:
        """Minus the log posterior and its gradient at *z* (parameters,) or (chains, parameters)."""
        flat = np.atleast_2d(np.asarray(z, dtype=np.float64))
        theta = self.mode + flat @ self.root.T
        self.evaluations += 1
        guess = self.guess if self.guess is not None and len(self.guess) == len(theta) * self.design.games else None
        with np.errstate(all="ignore"):
            value, slope, self.guess = scores_at(self.design, self.counts, theta, self.rule, guess)
        value = value - 0.5 * ((theta / self.scales) ** 2).sum(axis=1)
        slope = (slope - theta / self.scales**2) @ self.root
        bad = ~np.isfinite(value) | ~np.isfinite(slope).all(axis=1)
        value, slope = np.where(bad, -1e10, value), np.where(bad[:, None], 0.0, slope)
        shape = np.shape(z)
        return -value.reshape(shape[:-1]), -slope.reshape(shape)


@dataclass(frozen=True)
class _Sampled:
    """Draws (chains, draws, parameters) in whitened coordinates, and what the sampler reports."""

    z: Array
    diverging: NDArray[np.bool_]
    leapfrogs: float
    step_size: Array
    seconds: float
    stopped: bool


def fit_bayes(
    spec: CrisisSpecification,
    data: CrisisData,
    *,
    selection: str | None = None,
    chains: int = 4,
    draws: int = 500,
    warmup: int = 300,
    seed: int = 1,
    tell: Tell | None = None,
) -> CrisisFit:
    """Posterior means, standard deviations and draws under *selection*, one of BAYES_RULES.

    Without *selection* the specification's rule is used, ``mixture`` in place of 'best'. Ctrl-C after FEWEST_DRAWS
    keeps what there is. Raises InputError for rules that are no likelihood and for sizes below one.
    """
    if selection is not None and selection not in BAYES_RULES:
        known = unknown("rule", selection, BAYES_RULES)
        raise InputError(f"a posterior needs a rule that does not look at outcomes: {known}")
    rule = selection or (spec.selection if spec.selection in BAYES_RULES else "mixture")
    if min(chains, draws, warmup) < 1:
        raise InputError(f"expected at least one chain, draw and warm-up step; found {chains}, {draws}, {warmup}")
    began = time.perf_counter()
    say = tell or _quiet
    start = fit_crisis(spec, data, "ml", selection=rule, tell=tell)
    design, counts = start.with_data()
    target = _laplace(design, counts, rule, spec.prior_scale, start.estimates)
    sampled = _sample(target, chains, draws, warmup, seed, say)
    theta = target.mode + sampled.z @ target.root.T
    report = _diagnostics(theta, start.names)
    flat = theta.reshape(-1, theta.shape[-1])
    mean = flat.mean(axis=0)
    terms = full_terms(design, counts, mean, rule)
    settled, words = _verdict(report, int(sampled.diverging.sum()), sampled.stopped)
    low, high = np.quantile(flat, [0.05, 0.95], axis=0)
    diagnostics = {
        **report,
        "divergences": int(sampled.diverging.sum()),
        "chains": chains, "draws": theta.shape[1], "warmup": warmup, "seed": seed,
        "leapfrog_steps_per_draw": sampled.leapfrogs, "sampling_seconds": sampled.seconds,
        "low_90": low.tolist(), "high_90": high.tolist(), "median": np.median(flat, axis=0).tolist(),
        "posterior_mode": target.mode.tolist(), "prior_scale": spec.prior_scale,
    }  # fmt: skip
    chosen = terms.chosen
    return replace(
        start,
        method="bayes",
        names=start.names,
        estimates=mean,
        covariance=np.cov(flat.T, ddof=1).reshape(len(mean), len(mean)),
        errors_account_for=f"posterior standard deviations, prior N(0, {spec.prior_scale:g}^2)",
        log_likelihood=terms.value,
        resist=terms.equilibria.resist[chosen],
        firm=terms.equilibria.firm[chosen],
        equilibria=terms.equilibria,
        converged=settled,
        message=words,
        steps=target.evaluations,
        gradient_size=0.0,
        seconds=time.perf_counter() - began,
        draws=flat,
        diagnostics=diagnostics,
    )


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


def _laplace(design: Design, counts: Array, rule: str, prior_scale: float, start: Array) -> _Target:
    """The posterior mode and a root of the inverse curvature there."""
    extra = len(MIXTURE_NAMES) if rule == "mixture" else 0
    scales = np.concatenate([np.full(design.size, prior_scale), np.full(extra, LOGIT_SCALE)])

    def objective(theta: Array) -> tuple[float, Array, Array]:
        terms = full_terms(design, counts, theta, rule)
        value = terms.value - 0.5 * float(((theta / scales) ** 2).sum())
        hessian = np.nan_to_num(terms.hessian, nan=0.0, posinf=0.0, neginf=0.0) - np.diag(scales**-2.0)
        return value, terms.scores.sum(axis=0) - theta / scales**2, hessian

    found = maximise(objective, np.where(np.abs(start) < 6.0 * scales, start, 0.0), tolerance=1e-6)
    values, vectors = np.linalg.eigh(-found.hessian * scales[:, None] * scales)
    # a direction that the data do not inform has the prior's curvature, which is 1 here
    root = scales[:, None] * vectors / np.sqrt(np.maximum(values, 1.0))
    return _Target(design, counts, rule, scales, found.point, root)


def _sample(target: _Target, chains: int, draws: int, warmup: int, seed: int, tell: Tell) -> _Sampled:
    jax, hmc = _numpyro()
    size = len(target.mode)
    kernel = hmc.NUTS(
        potential_fn=_potential(jax, target), max_tree_depth=DEPTH, dense_mass=True, target_accept_prob=0.9
    )
    keys = jax.random.split(jax.random.PRNGKey(seed), chains)
    begin = SPREAD * np.random.default_rng(seed).standard_normal((chains, size))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        state = kernel.init(keys, warmup, jax.numpy.asarray(begin), (), {})
        step = jax.jit(lambda one: kernel.sample(one, (), {}))  # vectorised over chains since init
        kept: list[Array] = []
        diverging: list[NDArray[np.bool_]] = []
        leapfrogs = 0.0
        stopped = False
        began = time.perf_counter()
        try:
            for number in range(warmup + draws):
                state = step(state)
                if number >= warmup:
                    kept.append(np.asarray(state.z))
                    diverging.append(np.asarray(state.diverging))
                    leapfrogs += float(np.mean(state.num_steps))
                doing = "warming up" if number < warmup else "sampling"
                tell((number + 1) / (warmup + draws), f"{doing} {chains} chains")
        except KeyboardInterrupt:
            if len(kept) < FEWEST_DRAWS:
                raise
            stopped = True
    z = np.stack(kept, axis=1)
    return _Sampled(
        z, np.stack(diverging[: z.shape[1]], axis=1), leapfrogs / z.shape[1], np.asarray(state.adapt_state.step_size),
        time.perf_counter() - began, stopped,
    )  # fmt: skip


def _numpyro() -> tuple[Any, Any]:
    try:
        import jax
        import numpyro.infer as hmc
    except ImportError:
        raise InputError("the method bayes needs the extra 'fit': pip install 'doubletalk[fit]'") from None
    jax.config.update("jax_enable_x64", True)
    return jax, hmc


def _potential(jax: Any, target: _Target) -> Callable[[Any], Any]:
    """Minus the log posterior as a function that jax can differentiate, whose values come from numpy."""

    def both(z: Any) -> Any:
        shapes = jax.ShapeDtypeStruct(z.shape[:-1], z.dtype), jax.ShapeDtypeStruct(z.shape, z.dtype)
        return jax.pure_callback(target, shapes, z, vmap_method="broadcast_all")

    @jax.custom_vjp  # type: ignore[untyped-decorator, unused-ignore]
    def potential(z: Any) -> Any:
        return both(z)[0]

    potential.defvjp(lambda z: both(z), lambda slope, weight: (weight * slope,))
    made: Callable[[Any], Any] = potential
    return made


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
