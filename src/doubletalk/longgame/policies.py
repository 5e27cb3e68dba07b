"""Policies: one actor follows a rule of what is publicly seen, all the others re-optimise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import InputError
from doubletalk.game.wording import unknown
from doubletalk.longgame.declaration import Counter, LongGame, Policy, Rule, Variable
from doubletalk.longgame.layout import feature, masks, policy_array

if TYPE_CHECKING:
    from doubletalk.longgame.solution import LongSolution

__all__ = ["PolicyOutcomes", "check_policy", "outcomes_of", "under_policy"]

Floats = npt.NDArray[np.float64]


def under_policy(game: LongGame, name: str) -> tuple[LongGame, dict[int, npt.NDArray[Any]]]:
    """The game with the policy's counters as state variables, and the rule's probabilities by actor position."""
    policies = {policy.name: policy for policy in game.policies}
    if name not in policies:
        raise InputError(unknown("policy", name, list(policies)), game.path or None)
    policy = policies[name]
    counted = replace(game, variables=(*game.variables, *(_counter(counter) for counter in policy.counters)))
    beliefs = np.linspace(0, 1, counted.points) if len(game.stances) == 2 else np.zeros(1)
    rule = policy_array(counted, policy, beliefs)
    _refuse_barred(counted, policy, rule)
    position = game.position(policy.actor)
    if policy.actor == game.informed and len(game.stances) == 2:
        rule = np.stack([rule, rule])
    return counted, {position: rule}


def check_policy(game: LongGame, policy: Policy) -> None:
    """Refuse a policy without memory that makes a move which its actor cannot make; ``under_policy`` does for all."""
    _refuse_barred(game, policy, policy_array(game, policy, np.zeros(1)))


def _refuse_barred(game: LongGame, policy: Policy, rule: Floats) -> None:
    """InputError where *rule* [v.., earlier moves.., own move, belief] is at a state and moves that bar its move."""
    position, count = game.position(policy.actor), len(game.variables)
    sizes = rule.shape[: count + position + 1]
    barred, cannot = np.zeros(sizes, dtype=bool), np.zeros(sizes, dtype=bool)
    for i, mask in enumerate(masks(game)[: position + 1]):
        if mask is not None:
            own = mask[..., 0].reshape(mask.shape[: count + position + 1]) < 0
            cannot, barred = (cannot | own, barred) if i < position else (cannot, np.broadcast_to(own, sizes))
    wrong = np.argwhere((rule > 0).any(axis=-1) & barred & ~cannot)
    if len(wrong):
        actor, at = game.actors[position], wrong[0]
        told = [f"{v.name}: {v.levels[k]}" for v, k in zip(game.variables, at[:count], strict=True)]
        told += [f"{a.name}: {a.moves[k]}" for a, k in zip(game.actors, at[count:-1], strict=False)]
        raise InputError(
            f"policy {policy.name!r} makes {actor.name} move {actor.moves[at[-1]]!r} where that is unavailable, at "
            f"{', '.join(told)}; give a rule for it", game.path or None,
        )  # fmt: skip


def _counter(counter: Counter) -> Variable:
    """A counter as a variable with levels 0..most: one up where its condition holds, else back to 0."""
    labels = tuple(str(k) for k in range(counter.most + 1))
    up = Rule(counter.when, ((1, None, 1.0),))
    back = Rule({}, ((None, 0, 1.0),))
    kept = (Rule({counter.name: (counter.most,)}, ((None, counter.most, 1.0),)),) if counter.sticky else ()
    return Variable(counter.name, labels, 0, (*kept, up, back))


@dataclass(frozen=True)
class PolicyOutcomes:
    """What a policy brings: for each outcome and policy the mean per path over the periods, and its Monte-Carlo error.

    ``mean``, ``error``: [policies, outcomes]; ``payoff``, ``payoff_error``: [policies, actors], discounted flow payoffs
    from the start, without the shocks.
    """

    policies: tuple[str, ...]
    outcomes: tuple[str, ...]
    mean: Floats
    error: Floats
    payoff: Floats
    payoff_error: Floats


def outcomes_of(
    game: LongGame, policies: Sequence[str | None], *, paths: int = 10_000, periods: int = 40, seed: int = 1,
    coefficients: dict[str, float] | None = None, belief: float | None = None, stance: int | None = None,
    start: Sequence[int] | None = None, solutions: Sequence[LongSolution] | None = None,
) -> PolicyOutcomes:  # fmt: skip
    """Simulate the equilibrium under each policy (None: the actor optimises too) and count the file's outcomes.

    ``solutions``: the equilibria under the policies, where they are known already.
    """
    from doubletalk.longgame.simulate import simulate
    from doubletalk.longgame.solution import solve_long_game

    rows: list[list[Floats]] = []
    for place, policy in enumerate(policies):
        solved = solutions[place] if solutions else solve_long_game(game, coefficients, policy=policy)
        extra = len(solved.game.variables) - len(game.variables)
        begin = None if start is None else (*start, *([0] * extra))
        run = simulate(solved.game, solved.tables, solved.play, paths=paths, periods=periods, seed=seed, start=begin,
                       belief=belief, stance=stance)  # fmt: skip
        at = (run.stances[:-1], *np.moveaxis(run.levels[:-1], -1, 0), *np.moveaxis(run.moves, -1, 0))
        measured = []
        for outcome in solved.game.outcomes:
            counted = sum(
                (_along(feature(solved.game, term), at) for term in outcome.terms), np.zeros((periods, paths))
            )
            measured.append(counted.sum(axis=0))
        values = dict(zip([c.name for c in solved.game.coefficients], solved.coefficients, strict=True))
        for actor in solved.game.actors:
            flow = sum(
                (values[term.coefficient] * _along(feature(solved.game, term), at) for term in actor.terms),
                np.zeros((periods, paths)),
            )
            measured.append((actor.discount ** np.arange(periods)) @ flow)
        rows.append([np.array([m.mean() for m in measured]), np.array([m.std(ddof=1) for m in measured])])
    means = np.stack([row[0] for row in rows])
    errors = np.stack([row[1] for row in rows]) / np.sqrt(paths)
    count = len(game.outcomes)
    names = tuple("optimising" if policy is None else policy for policy in policies)
    return PolicyOutcomes(
        names, tuple(outcome.name for outcome in game.outcomes), means[:, :count], errors[:, :count],
        means[:, count:], errors[:, count:],
    )  # fmt: skip


def _along(table: Floats, at: Sequence[npt.NDArray[Any]]) -> Floats:
    """The values of a broadcastable table over all axes along the simulated paths [periods, paths]."""
    index = tuple(np.minimum(a, size - 1) for a, size in zip(at, table.shape, strict=True))
    return np.asarray(table[index], dtype=float)
