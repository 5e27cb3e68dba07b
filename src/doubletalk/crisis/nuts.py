"""NUTS (numpyro) on a posterior in whitened coordinates, all chains in one call of the likelihood.

Each transition of NUTS is followed by Metropolis steps with independent proposals: both leave the posterior as it is,
and the second get past steps at which trajectories end (Tierney 1994, Annals of Statistics 22, on mixing kernels).
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.posterior import Target
from doubletalk.errors import InputError

__all__ = ["Sampled", "pareto_shape", "sample"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

FEWEST_DRAWS = 50
ACCEPTED = 0.8
SMALLEST_STEP = 0.2
"""Trajectories that end at a step of the posterior are refused however short the steps: without a bound the tuning
makes them ever shorter. In whitened coordinates a smooth posterior does not need shorter ones."""
DEPTH, SHALLOW = (5, 6), (3, 3)
"""Largest depth of a tree while warming up, and after; SHALLOW where MANY proposals follow, which are cheaper then."""
MANY = 8
SPREAD = 1.5
"""Chains start at N(0, SPREAD^2) in whitened coordinates, drawn again where the log posterior is too low."""
TOO_LOW = 5.0
"""... lower than the mode's by this much for each parameter."""
TRIES = 200
PROPOSALS, ROWS = (4, 32), 2000
"""Fewest and most independent proposals after each transition: as many as need ROWS games solved for all chains."""
DEGREES = 10.0
"""... and the degrees of freedom of their t distribution."""
ENOUGH_PILOTS = 20
"""Draws of the warm-up for each parameter from which the proposals' second centre and spread are learnt."""


@dataclass(frozen=True)
class Sampled:
    """Draws (chains, draws, parameters) in whitened coordinates, and what the sampler reports.

    refreshed   the share of independent proposals that were accepted;  shape  the Pareto shape of their weights
    diverging, stepped   (chains, draws) transitions that ended in a divergence, and those of them that fell off a step
    """

    z: Array
    diverging: NDArray[np.bool_]
    stepped: NDArray[np.bool_]
    leapfrogs: float
    refreshed: float
    shape: float
    step_size: Array
    seconds: float
    stopped: bool


def _never(_sampled: Sampled) -> bool:
    return False


@dataclass(eq=False)
class _Compiled:
    """The sampler for targets of one size: compiled once, with the target that is sampled now in ``target``.

    fallen   (chains, parameters) the last point of each chain below the target's floor since it was set to nan
    """

    kernel: Any
    step: Callable[[Any], Any]
    target: Target | None = None
    fallen: Array | None = None

    def __call__(self, z: Any) -> tuple[Array, Array]:
        """What the target says."""
        assert self.target is not None
        found = self.target(z)
        if self.fallen is not None and np.shape(z) == self.fallen.shape:
            low = ~(-found[0] > self.target.floor)
            self.fallen[low] = np.asarray(z)[low]
        return found


@lru_cache(maxsize=8)
def _compiled(size: int, chains: int, warmup: int, depth: tuple[int, int]) -> _Compiled:
    """The sampler of *chains* chains in *size* dimensions; *warmup* because its schedule is part of the state."""
    jax, hmc = _numpyro()
    made = _Compiled(None, lambda one: one)
    kernel = hmc.NUTS(
        potential_fn=_potential(jax, made), max_tree_depth=depth, dense_mass=True, target_accept_prob=ACCEPTED
    )
    made.kernel = kernel
    made.step = jax.jit(lambda one: kernel.sample(one, (), {}))  # vectorised over chains once kernel.init was called
    return made


def sample(
    target: Target, chains: int, draws: int, warmup: int, seed: int, tell: Tell,
    go_on: Callable[[Sampled], bool] = _never,
) -> Sampled:
    """*draws* of each of *chains* chains after *warmup* steps that tune step size, mass matrix and proposals.

    A draw is a transition of NUTS followed by independent proposals (:func:`_refreshed`). *go_on* is told what there
    is after *draws* draws and may ask for as many again. Ctrl-C keeps what there is, if that is FEWEST_DRAWS at least.
    """
    jax, _ = _numpyro()
    count = int(np.clip(ROWS // (chains * target.design.games), *PROPOSALS))
    sampler = _compiled(len(target.mode), chains, warmup, SHALLOW if count >= MANY else DEPTH)
    sampler.target = target
    generator = np.random.default_rng(seed)
    proposals = _Proposals(len(target.mode))
    kept = _Kept()
    stopped, pilots = False, list[Array]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        keys = jax.random.split(jax.random.PRNGKey(seed), chains)
        begin = jax.numpy.asarray(_starts(target, chains, generator))
        state = sampler.kernel.init(keys, warmup, begin, (), {})
        began = time.perf_counter()
        number, end = 0, warmup + draws
        try:
            while number < end:
                before = np.asarray(state.z)
                sampler.fallen = np.full(before.shape, np.nan)
                state = sampler.step(_bounded(jax, state))
                diverging, fallen = np.asarray(state.diverging), sampler.fallen
                sampler.fallen = None
                state, share, weights = _refreshed(jax, target, state, proposals, count, generator)
                number += 1
                if number <= warmup:
                    pilots.append(np.asarray(state.z))
                    if number in (warmup // 2, warmup):
                        proposals, pilots = proposals.learnt(pilots), []
                else:
                    steps = float(np.mean(state.num_steps))
                    kept.rows.append((np.asarray(state.z), diverging, before, fallen, steps, share, weights))
                doing = "warming up" if number <= warmup else "sampling"
                tell(number / end, f"{doing} {chains} chains")
                if number == end and go_on(kept.sampled(target, state, began)):
                    end += draws
        except KeyboardInterrupt:
            if len(kept.rows) < FEWEST_DRAWS:
                raise
            stopped = True
    return replace(kept.sampled(target, state, began), stopped=stopped)


_Row: TypeAlias = tuple[Array, NDArray[np.bool_], Array, Array, float, float, Array]


@dataclass(eq=False)
class _Kept:
    """One row a draw: places, which transitions diverged, from where, to where, leapfrog steps, share and log weights
    of the independent proposals.

    stepped   (chains,) of the draws looked at so far: which transitions fell off a step
    """

    rows: list[_Row] = field(default_factory=list)
    stepped: list[NDArray[np.bool_]] = field(default_factory=list)

    def sampled(self, target: Target, state: Any, began: float) -> Sampled:
        """What there is."""
        self._look(target)
        z, diverging = (np.stack([row[k] for row in self.rows], axis=1) for k in (0, 1))
        leapfrogs, refreshed = (float(np.mean([row[k] for row in self.rows])) for k in (4, 5))
        return Sampled(
            z, diverging, np.stack(self.stepped, axis=1), leapfrogs, refreshed,
            pareto_shape(np.concatenate([row[6] for row in self.rows])), np.asarray(state.adapt_state.step_size),
            time.perf_counter() - began, False,
        )  # fmt: skip

    def _look(self, target: Target) -> None:
        """Tell for the draws that are new whether their ends were at steps."""
        new = self.rows[len(self.stepped) :]
        if new:
            before, fallen = (np.stack([row[k] for row in new]) for k in (2, 3))
            ended = np.stack([row[1] for row in new]) & np.isfinite(fallen).all(axis=2)
            at_step = np.zeros(ended.shape, dtype=bool)
            at_step[ended] = target.steps_between(before[ended], fallen[ended])
            self.stepped += list(at_step)


def pareto_shape(log_weights: Array) -> float:
    """The shape k of the generalised Pareto distribution of the largest weights: below 0.7 they can be relied on."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import arviz

        return float(arviz.psislw(log_weights)[1])


def _bounded(jax: Any, state: Any) -> Any:
    """The state with steps of SMALLEST_STEP at least."""
    tuned = state.adapt_state
    return state._replace(adapt_state=tuned._replace(step_size=jax.numpy.maximum(tuned.step_size, SMALLEST_STEP)))


class _Proposals:
    """A multivariate t around 0, which the posterior resembles in these coordinates.

    With *pilots* (draws, parameters) half of it, and half a t with their mean and covariance, for where it does not.
    """

    def __init__(self, size: int, pilots: Array | None = None) -> None:
        self.size = size
        self.parts: list[tuple[Array, Array]] = [(np.zeros(size), np.eye(size))]
        if pilots is not None:
            spread = np.atleast_2d(np.cov(pilots.T)) + 1e-6 * np.eye(size)
            self.parts.append((np.asarray(pilots.mean(axis=0)), np.asarray(np.linalg.cholesky(spread))))

    def learnt(self, pilots: list[Array]) -> _Proposals:
        """Proposals that know *pilots*, places (chains, parameters) of a warm-up; these where that is too few."""
        enough = len(pilots) * len(pilots[0]) >= ENOUGH_PILOTS * self.size if pilots else False
        return _Proposals(self.size, np.concatenate(pilots)) if enough else self

    def drawn(self, generator: np.random.Generator, count: int) -> Array:
        """*count* proposals (count, parameters)."""
        made = generator.standard_normal((count, self.size))
        made /= np.sqrt(generator.chisquare(DEGREES, size=(count, 1)) / DEGREES)
        which = generator.integers(len(self.parts), size=count)
        for k, (centre, root) in enumerate(self.parts):
            made[which == k] = centre + made[which == k] @ root.T
        return made

    def log_density(self, z: Array) -> Array:
        """Of *z* (..., parameters), up to a constant."""
        every = []
        for centre, root in self.parts:
            gap = np.linalg.solve(root, (z - centre)[..., None])[..., 0]
            size = np.log(np.diag(root)).sum()
            every.append(-0.5 * (DEGREES + self.size) * np.log1p((gap**2).sum(axis=-1) / DEGREES) - size)
        return np.asarray(np.logaddexp.reduce(np.stack(every), axis=0))


def _refreshed(
    jax: Any, target: Target, state: Any, proposals: _Proposals, count: int, generator: np.random.Generator
) -> tuple[Any, float, Array]:
    """The chains after *count* Metropolis steps with independent proposals, the share accepted, log weights of all.

    z' replaces z with probability min(1, p(z') q(z) / (p(z) q(z'))). They go where a trajectory does not: past steps
    and to other modes.
    """
    place, level = np.array(state.z), -np.array(state.potential_energy)
    chains, size = place.shape
    tried = proposals.drawn(generator, chains * count).reshape(chains, count, size)
    value = target.log_posterior(tried.reshape(-1, size), slopes=False)[0].reshape(chains, count)
    luck = np.log(generator.uniform(size=(chains, count)))
    worth, here = value - proposals.log_density(tried), level - proposals.log_density(place)
    weights, accepted = worth.ravel().copy(), 0
    for j in range(count):
        taken = luck[:, j] < worth[:, j] - here
        place[taken], here[taken] = tried[taken, j], worth[taken, j]
        accepted += int(taken.sum())
    if accepted:
        energy, slope = target(place)
        put = jax.numpy.asarray
        state = state._replace(z=put(place), potential_energy=put(energy), z_grad=put(slope))
    return state, accepted / (chains * count), weights


def _starts(target: Target, chains: int, generator: np.random.Generator) -> Array:
    """Where chains begin, (chains, parameters): not in a region that the posterior as good as excludes."""
    size = len(target.mode)
    made = SPREAD * generator.standard_normal((chains, size))
    least = target.log_posterior(np.zeros((1, size)), slopes=False)[0][0] - TOO_LOW * size
    for number in range(TRIES):
        low = ~(target.log_posterior(made, slopes=False)[0] > least)
        if not low.any():
            break
        made[low] = SPREAD * (1.0 - number / TRIES) * generator.standard_normal((int(low.sum()), size))
    return made


def _numpyro() -> tuple[Any, Any]:
    try:
        import jax
        import numpyro.infer as hmc
    except ImportError:
        raise InputError("the method bayes needs the extra 'fit': pip install 'doubletalk[fit]'") from None
    jax.config.update("jax_enable_x64", True)
    return jax, hmc


def _potential(jax: Any, target: _Compiled) -> Callable[[Any], Any]:
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
