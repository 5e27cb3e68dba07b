"""One chain of the No-U-Turn sampler over a posterior, by numpyro.

The sampler sees z with u = mode + root z, root root' what is known of the posterior's covariance, so that the posterior
has about unit covariance in z. Step size and a diagonal metric adapt while warming up, by the windows of Stan; between
windows a chain may be given a better root, see ``chains.py``. Every evaluation begins at the mode, see ``density.py``:
the density is one function of u, and chains in other processes or resumed sample the same.

Sources: Hoffman and Gelman (2014), JMLR 15; Betancourt (2017), arXiv:1701.02434; Phan, Pradhan and Jankowiak (2019),
arXiv:1912.11554 (numpyro).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import jax
import jax.numpy as jnp
import numpy as np
import numpy.typing as npt

from doubletalk.longgame.density import MOST_RESIDUAL, Problem, Start, Told, evaluate, evaluated, played
from doubletalk.longgame.engine import Play
from doubletalk.longgame.layout import Shape

__all__ = ["Drawn", "Kernel", "packed", "unpacked", "whitened"]

Array: TypeAlias = Any
Floats = npt.NDArray[np.float64]

MOST_STEPS = 60
"""Most evaluations of G, and of its transpose, in one evaluation of the density."""

MOST_FORCE = 4.0
"""The slope that moves a trajectory, in whitened coordinates of d dimensions, has a length of at most this times
sqrt d; of a standard normal density it has about sqrt d. Beside a fold slopes grow without bound, and a trajectory that
meets one would be flung away. Any function of the place may be the force (see ``density.py``): the draws stay right."""


class Drawn(NamedTuple):
    """One draw: coordinates u [d], and what the sampler did for it."""

    u: Floats
    lp: float
    energy: float
    diverging: bool
    n_steps: int
    tree_depth: int
    acceptance_rate: float
    step_size: float


def whitened(shape: Shape, problem: Problem, begin: Start, root: Array, tolerance: float) -> Callable[[Array], Array]:
    """z -> minus the log posterior, with its gradient from the implicit function theorem; infinite where it fails."""

    def told(z: Array) -> tuple[Array, Array]:
        u = begin.u + root @ z
        found, _ = evaluate(shape, problem, begin, u, jnp.asarray(tolerance), jnp.asarray(MOST_STEPS))
        good = (found.residual <= MOST_RESIDUAL) & jnp.isfinite(found.value) & jnp.all(jnp.isfinite(found.slope))
        force = bounded_force(jnp.where(good, -(found.slope @ root), 0.0))
        return jnp.where(good, -found.value, jnp.inf), force

    potential: Any = jax.custom_vjp(lambda z: told(z)[0])
    potential.defvjp(told, lambda slope, weight: (weight * slope,))
    found: Callable[[Array], Array] = potential
    return found


def bounded_force(slope: Array) -> Array:
    """A slope [d], shortened where it is longer than ``MOST_FORCE`` sqrt d."""
    size, most = jnp.sqrt(slope @ slope), MOST_FORCE * np.sqrt(slope.shape[-1])
    return slope * jnp.where(size > most, most / jnp.maximum(size, most), 1.0)


@dataclass(frozen=True)
class Kernel:
    """What all chains of a fit share; its programs are compiled once a process.

    begin      the mode with the equilibrium there and the slopes; ``root`` [d, d]
    warmup     draws of adaptation; ``target`` acceptance; ``depth`` most doublings of a trajectory
    """

    shape: Shape
    problem: Problem
    begin: Start
    root: Floats
    warmup: int
    tolerance: float = 1e-3
    target: float = 0.7
    depth: int = 6

    def first(self, seed: int, u: Floats) -> Any:
        """The state of a chain that begins at *u* [d], or nearer the mode where no equilibrium is found there."""
        z = np.linalg.solve(self.root, np.asarray(u) - np.asarray(self.begin.u))
        for _ in range(4):
            told = evaluated(
                self.shape, self.problem, self.begin, self.begin.u + self.root @ z, self.tolerance, MOST_STEPS, True
            )
            if float(told.residual) <= MOST_RESIDUAL and np.isfinite(float(told.value)):
                break
            z = z / 2
        force = bounded_force(-(told.slope @ self.root))
        return _first(self._plan, jnp.asarray(z), jax.random.key(seed), -told.value, force)

    def windows(self) -> tuple[int, ...]:
        """After how many draws of the warm-up a window of adaptation ends and another begins."""
        from numpyro.infer.hmc_util import build_adaptation_schedule

        return tuple(int(window.start) for window in build_adaptation_schedule(self.warmup)[1:])

    def rooted(self, root: Floats, state: Any, seed: int) -> tuple[Kernel, Any]:
        """The same sampler in another root [d, d], and *state* of this one in it: at its draw, its adaptation begun
        anew in the window where it is."""
        kernel = replace(self, root=root)
        fresh = kernel.first(seed, np.asarray(self.begin.u) + self.root @ np.asarray(state.z))
        adapted = fresh.adapt_state._replace(window_idx=state.adapt_state.window_idx)
        return kernel, fresh._replace(i=state.i, adapt_state=adapted)

    def next(self, state: Any) -> tuple[Any, Drawn]:
        """The state after one more draw, and the draw."""
        state = _next(self._plan, self._given, state)
        steps = int(state.num_steps)
        return state, Drawn(
            np.asarray(self.begin.u) + self.root @ np.asarray(state.z), -float(state.potential_energy),
            float(state.energy), bool(state.diverging), steps, int(np.ceil(np.log2(steps + 1))),
            float(state.accept_prob), float(state.adapt_state.step_size),
        )  # fmt: skip

    @property
    def _plan(self) -> _Plan:
        return _Plan(self.shape, self.warmup, self.target, self.depth)

    @property
    def _given(self) -> tuple[Any, ...]:
        return self.problem, self.begin, self.root, self.tolerance

    def at(self, u: Floats) -> tuple[Told, Play]:
        """The likelihood's terms, the beliefs and the play at a draw, without gradient."""
        return played(self.shape, self.problem, self.begin, u, self.tolerance)


SMALLEST_STEP = 0.05
"""Steps, in whitened coordinates, are not adapted below this: beside a fold the density falls off a cliff, where no
step is short enough, and a chain that shortened its steps there would stand still."""


class _Plan(NamedTuple):
    """What decides the compiled program; data sets and chains of one plan share it."""

    shape: Shape
    warmup: int
    target: float
    depth: int


def _sampler(plan: _Plan, potential: Callable[[Array], Array]) -> Any:
    from numpyro.infer import NUTS

    return NUTS(
        potential_fn=potential, step_size=0.4, target_accept_prob=plan.target, max_tree_depth=plan.depth,
        dense_mass=False,
    )  # fmt: skip


@partial(jax.jit, static_argnums=0)
def _first(plan: _Plan, z: Array, key: Any, value: Array, slope: Array) -> Any:
    """The sampler's state at z: set up with a density that compiles quickly, its value and slope then put in."""
    state = _sampler(plan, lambda z: 0.5 * z @ z).init(key, plan.warmup, init_params=z)
    energy = state.energy - state.potential_energy + value
    return state._replace(potential_energy=value, energy=energy, z_grad=slope)


@partial(jax.jit, static_argnums=0)
def _next(plan: _Plan, given: tuple[Any, ...], state: Any) -> Any:
    sampler = _sampler(plan, whitened(plan.shape, *given))
    sampler.init(state.rng_key, plan.warmup, init_params=state.z)  # sets the sampler up; what it computes is not used
    state = sampler.sample(state, (), {})
    tuned = state.adapt_state
    return state._replace(adapt_state=tuned._replace(step_size=jnp.maximum(tuned.step_size, SMALLEST_STEP)))


def packed(state: Any) -> dict[str, npt.NDArray[Any]]:
    """A chain's state as plain arrays, to be stored."""
    leaves = jax.tree.leaves(state)
    return {f"state_{k}": np.asarray(jax.random.key_data(leaf) if _is_key(leaf) else leaf)
            for k, leaf in enumerate(leaves)}  # fmt: skip


def unpacked(like: Any, stored: dict[str, npt.NDArray[Any]]) -> Any:
    """The inverse of :func:`packed`; *like* is any state of the same kernel."""
    leaves, tree = jax.tree.flatten(like)
    made = []
    for k, leaf in enumerate(leaves):
        value = jnp.asarray(stored[f"state_{k}"])
        made.append(jax.random.wrap_key_data(value) if _is_key(leaf) else value)
    return jax.tree.unflatten(tree, made)


def _is_key(leaf: Any) -> bool:
    return bool(jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key))
