"""NUTS (numpyro) on a posterior in whitened coordinates, all chains in one call of the likelihood."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.posterior import Target
from doubletalk.errors import InputError

__all__ = ["Sampled", "sample"]

Array = NDArray[np.float64]
Tell = Callable[[float | None, str], None]

FEWEST_DRAWS = 50
DEPTH = (6, 8)
"""Largest depth of a tree while warming up, and after."""
SPREAD = 1.5
"""Chains start at N(0, SPREAD^2) in whitened coordinates, drawn again where the log posterior is too low."""
TOO_LOW = 5.0
"""... lower than the mode's by this much for each parameter."""
TRIES = 200


@dataclass(frozen=True)
class Sampled:
    """Draws (chains, draws, parameters) in whitened coordinates, and what the sampler reports.

    diverging, stepped   (chains, draws) transitions that ended in a divergence, and those of them that fell off a step
    """

    z: Array
    diverging: NDArray[np.bool_]
    stepped: NDArray[np.bool_]
    leapfrogs: float
    step_size: Array
    seconds: float
    stopped: bool


@dataclass(eq=False)
class _Compiled:
    """The sampler for targets of one size: compiled once, with the target that is sampled now in ``target``.

    fell   (chains,) which chains have evaluated a point beyond a step of the target since it was last set to False
    """

    kernel: Any
    step: Callable[[Any], Any]
    target: Target | None = None
    fell: NDArray[np.bool_] | None = None

    def __call__(self, z: Any) -> tuple[Array, Array]:
        """What the target says."""
        assert self.target is not None
        found = self.target(z)
        if self.fell is not None and len(self.fell) == len(self.target.fell):
            self.fell |= self.target.fell
        return found


@lru_cache(maxsize=8)
def _compiled(size: int, chains: int, warmup: int) -> _Compiled:
    """The sampler of *chains* chains in *size* dimensions."""
    jax, hmc = _numpyro()
    made = _Compiled(None, lambda one: one)
    kernel = hmc.NUTS(
        potential_fn=_potential(jax, made), max_tree_depth=DEPTH, dense_mass=True, target_accept_prob=0.9
    )
    made.kernel = kernel
    made.step = jax.jit(lambda one: kernel.sample(one, (), {}))  # vectorised over chains once kernel.init was called
    return made


def sample(target: Target, chains: int, draws: int, warmup: int, seed: int, tell: Tell) -> Sampled:
    """*draws* of each of *chains* chains after *warmup* steps that tune step size and mass matrix.

    Ctrl-C keeps what there is, if that is at least FEWEST_DRAWS draws.
    """
    jax, _ = _numpyro()
    size = len(target.mode)
    sampler = _compiled(size, chains, warmup)
    sampler.target = target
    keys = jax.random.split(jax.random.PRNGKey(seed), chains)
    begin = _starts(target, chains, np.random.default_rng(seed))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        state = sampler.kernel.init(keys, warmup, jax.numpy.asarray(begin), (), {})
        kept: list[Array] = []
        diverging: list[NDArray[np.bool_]] = []
        stepped: list[NDArray[np.bool_]] = []
        leapfrogs = 0.0
        stopped = False
        began = time.perf_counter()
        try:
            for number in range(warmup + draws):
                sampler.fell = np.zeros(chains, dtype=bool)
                state = sampler.step(state)
                if number >= warmup:
                    kept.append(np.asarray(state.z))
                    diverging.append(np.asarray(state.diverging))
                    stepped.append(diverging[-1] & sampler.fell)
                    leapfrogs += float(np.mean(state.num_steps))
                doing = "warming up" if number < warmup else "sampling"
                tell((number + 1) / (warmup + draws), f"{doing} {chains} chains")
        except KeyboardInterrupt:
            if len(kept) < FEWEST_DRAWS:
                raise
            stopped = True
    full = min(len(kept), len(diverging), len(stepped))
    z = np.stack(kept[:full], axis=1)
    ended, at_step = np.stack(diverging[:full], axis=1), np.stack(stepped[:full], axis=1)
    seconds = time.perf_counter() - began
    return Sampled(z, ended, at_step, leapfrogs / full, np.asarray(state.adapt_state.step_size), seconds, stopped)


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
