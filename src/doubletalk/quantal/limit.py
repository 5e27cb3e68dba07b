"""Which exact equilibrium the branch of logit equilibria approaches.

The last point of the branch is compared with every family of an exact solution: its distance from the product
X x Z is the larger of the Euclidean distances of (p(t) sigma(m|t), with replies) from the hull X and of the
responses from the hull Z. A limit lies in one component; its distance falls about as 1 / rationality.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from doubletalk.equilibrium.solution import Distribution, Family, Solution
from doubletalk.errors import InputError
from doubletalk.exact import decimal
from doubletalk.game.model import Game
from doubletalk.quantal.branch import Branch
from doubletalk.quantal.form import Array, Profile

__all__ = ["Limit", "LimitStatus", "distance_to_hull", "limit"]

CLOSE = 0.02
"""A branch whose end is farther than this from every family has not arrived."""
CLEAR = 4.0
"""The next component must be this many times as far."""


class LimitStatus(Enum):
    """How sure the match is."""

    MATCHED = "one component is near, and no other"
    AMBIGUOUS = "two components are about as near; trace the branch to a higher rationality"
    FAR = "no component is near; trace the branch to a higher rationality, or the solution lacks the limit"


@dataclass(frozen=True)
class Limit:
    """The component that the branch approaches.

    ``outcome`` and ``component`` are the solution's numbers, ``family`` the index of the nearest family within the
    outcome. ``distance`` is that of the branch's end; ``before`` that of its last point at half the
    rationality or less, which should be larger. ``runner_up`` is the distance to the nearest other
    component, None when there is no other.
    """

    status: LimitStatus
    outcome: int
    family: int
    component: int
    distance: float
    before: float
    runner_up: float | None
    rationality: float

    @property
    def message(self) -> str:
        """The status in words."""
        return self.status.value


def limit(branch: Branch, solution: Solution) -> Limit:
    """Match the end of *branch* to its exact component; ``InputError`` when the two are not of one game."""
    game = branch.game
    if (game.types, game.prior, game.payoffs) != (solution.game.types, solution.game.prior, solution.game.payoffs):
        raise InputError(f"the branch is of {game.title!r}, the solution of another game ({solution.game.title!r})")
    if not any(outcome.families for outcome in solution.outcomes):
        raise InputError("the solution holds no equilibrium to match")
    earlier = np.flatnonzero(branch.lambdas <= branch.lambdas[-1] / 2)
    before = branch.form.profile(branch.curve[int(earlier[-1]) if len(earlier) else 0][:-1])
    end = branch.form.profile(branch.curve[-1][:-1])
    found = []
    for outcome in solution.outcomes:
        for index, family in enumerate(outcome.families):
            found.append((_distance(game, end, family), outcome.id, index, family))
    distance, outcome_id, index, family = min(found, key=lambda row: row[:3])
    others = [row[0] for row in found if row[3].component != family.component]
    runner_up = min(others) if others else None
    status = LimitStatus.MATCHED
    if distance > CLOSE:
        status = LimitStatus.FAR
    elif runner_up is not None and runner_up < CLEAR * distance:
        status = LimitStatus.AMBIGUOUS
    past = _distance(game, before, family)
    return Limit(
        status, outcome_id, index, family.component, distance, past, runner_up, float(branch.lambdas[-1])
    )


def _distance(game: Game, profile: Profile, family: Family) -> float:
    replies: Sequence[Mapping[str, Mapping[str, Distribution]]]
    replies = family.reply_extremes or ({},) * len(family.sender_extremes)
    senders = [_numbers(s) for s in family.sender_extremes]
    answers = [{t: _numbers(nodes) for t, nodes in plan.items()} for plan in replies]
    mine = profile[game.sender]
    mine_replies = {name: {key: mine[f"{name}|{key}"] for key in nodes} for name, nodes in answers[0].items()}
    speech = distance_to_hull(
        _sender_vector(game, mine, mine_replies),
        np.array([_sender_vector(game, s, r) for s, r in zip(senders, answers, strict=True)]),
    )
    responses = {who.name: profile[who.name] for who in game.audiences}
    extremes = [{who: _numbers(sets) for who, sets in r.items()} for r in family.response_extremes]
    answer = distance_to_hull(
        _response_vector(game, responses), np.array([_response_vector(game, r) for r in extremes])
    )
    return max(speech, answer)


Plans = Mapping[str, Mapping[str, float]]


def _numbers(plans: Mapping[str, Distribution]) -> dict[str, dict[str, float]]:
    """The exact plans in floating point."""
    return {key: {label: decimal(v) for label, v in plan.items()} for key, plan in plans.items()}


def _sender_vector(game: Game, sender: Plans, replies: Mapping[str, Plans]) -> Array:
    """p(t) sigma(m|t) for every message, then p(t) sigma(m|t) rho(c|node) for every reply at the nodes named.

    Replies that pay everybody the same count as one, as in the exact solution.
    """
    found: list[float] = []
    for t, name in enumerate(game.types):
        prior = decimal(game.prior[t])
        weight = {game.messages[m]: prior * sender[name].get(game.messages[m], 0.0) for m in game.available[t]}
        found += weight.values()
        for (s, m, actions), labels in game.replies.items():
            plan = replies.get(name, {}).get(game.reply_node(m, actions)) if s == t else None
            if plan is not None:
                alike: dict[object, float] = {}
                for c, label in enumerate(labels):
                    paid = game.payoffs[s, m, actions, c]
                    alike[paid] = alike.get(paid, 0.0) + plan.get(label, 0.0)
                found += [weight[game.messages[m]] * share for share in alike.values()]
    return np.array(found)


def _response_vector(game: Game, responses: Mapping[str, Plans]) -> Array:
    """The probabilities of all actions at all information sets of the audiences."""
    slots: dict[tuple[str, str], tuple[str, ...]] = {}
    for m in range(len(game.messages)):
        for actions in game.action_profiles(m):
            for j, who in enumerate(game.audiences):
                slots[who.name, game.information_set(j, m, actions)] = game.actions_after(m)[j]
    return np.array([responses[who][key].get(a, 0.0) for (who, key), labels in slots.items() for a in labels])


def distance_to_hull(point: Array, corners: Array) -> float:
    """The Euclidean distance of *point* (n,) from the convex hull of the rows of *corners* (k, n).

    The weights w >= 0 that make |(corners - point)' w|^2 + (sum w - 1)^2 least are, scaled to sum to one, those of
    the nearest point; they are found by the active-set method of Lawson & Hanson (1974), chapter 23.
    """
    matrix = np.vstack([(corners - point).T, np.ones(len(corners))])
    right = np.append(np.zeros(len(point)), 1.0)
    weights = _non_negative(matrix, right)
    weights = weights / weights.sum()
    return float(np.linalg.norm(weights @ corners - point))


def _non_negative(matrix: Array, right: Array) -> Array:
    """w >= 0 with |matrix w - right| least."""
    count = matrix.shape[1]
    weights, active = np.zeros(count), np.zeros(count, dtype=bool)
    for _ in range(10 * count + 10):
        pull = matrix.T @ (right - matrix @ weights)
        pull[active] = -np.inf
        best = int(np.argmax(pull))
        if active.all() or pull[best] <= 1e-12:
            break
        active[best] = True
        while True:
            trial = np.zeros(count)
            trial[active] = np.linalg.lstsq(matrix[:, active], right, rcond=None)[0]
            out = active & (trial <= 0)
            if not out.any():
                break
            share = float(np.min(weights[out] / np.maximum(weights[out] - trial[out], 1e-300)))
            weights = weights + share * (trial - weights)
            active &= weights > 1e-14
            weights[~active] = 0.0
            if not active.any():
                break
        weights = trial if active.any() else weights
    return weights
