"""What ``doubletalk longgame policies`` finds, as rows, as JSON and in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doubletalk.commands.running import ProgressBar
    from doubletalk.longgame.declaration import LongGame
    from doubletalk.longgame.policies import PolicyOutcomes
    from doubletalk.longgame.weighing import Sensitivity, Weighed

__all__ = ["Compared", "compared", "policy_json", "policy_rows", "summary"]

OPTIMISING = "optimising"


@dataclass(frozen=True)
class Compared:
    """Outcomes of every policy, and the weighing of those of one actor where there are two at least."""

    game: LongGame
    outcomes: PolicyOutcomes
    weighed: Weighed | None
    sensitivity: Sensitivity | None


def compared(
    game: LongGame, names: Sequence[str], coefficients: Mapping[str, float], bar: ProgressBar, *, paths: int,
    periods: int, seed: int, belief: float | None, stance: int | None, draws: int, sobol: int, vary: tuple[str, ...],
    start: tuple[int, ...] | None = None,
) -> Compared:  # fmt: skip
    """Solve, simulate and weigh; every equilibrium is solved once."""
    from doubletalk.longgame.policies import outcomes_of
    from doubletalk.longgame.room import Room, Scene, Setting
    from doubletalk.longgame.weighing import sensitivity, weigh, weighed_actor

    room, changes = Room(game), tuple(sorted(coefficients.items()))
    solved = []
    for k, name in enumerate([None, *names]):
        bar(k / (len(names) + 1), f"solving under {name or 'no policy'}")
        solved.append(room.solution(Setting(changes, policy=name or "")))
    outcomes = outcomes_of(game, [None, *names], paths=paths, periods=periods, seed=seed, belief=belief,
                           stance=stance, start=start, solutions=solved)  # fmt: skip
    one_actor = len({policy.actor for policy in game.policies if policy.name in names}) == 1
    weighed, scene = None, Scene(start=start, belief=belief)
    if one_actor and len(names) > 1:
        weighed_actor(game, names)
        weighed = weigh(room, names, paths=paths, periods=periods, seed=seed, draws=draws, changes=changes,
                        scene=scene, only=vary, progress=bar)  # fmt: skip
    found = sensitivity(room, names, sample=sobol, seed=seed, only=vary, scene=scene, progress=bar) if sobol else None
    return Compared(game, outcomes, weighed, found)


def policy_rows(found: Compared) -> list[tuple[str, str, str, str]]:
    """(policy, measure, value, Monte-Carlo error); sensitivities have ``(best)`` for the policy."""
    rows: list[tuple[str, str, str, str]] = []

    def row(policy: str, measure: str, value: float, error: float | None = None) -> None:
        rows.append((policy, measure, f"{value:.4f}", "" if error is None else f"{error:.4f}"))

    outcomes, weighed = found.outcomes, found.weighed
    for p, name in enumerate(outcomes.policies):
        for k, outcome in enumerate(outcomes.outcomes):
            row(name, outcome, outcomes.mean[p, k], outcomes.error[p, k])
        for k, actor in enumerate(found.game.actors):
            row(name, f"payoff_{actor.name}", outcomes.payoff[p, k], outcomes.payoff_error[p, k])
    if weighed is not None:
        for p, name in enumerate(weighed.policies):
            for d, case in enumerate(weighed.cases):
                row(name, f"worth_if_{case}", weighed.worth[p, d], weighed.worth_error[p, d])
                row(name, f"regret_if_{case}", weighed.regret[p, d], weighed.regret_error[p, d])
            row(name, "largest_regret", weighed.choice.most_regret[p])
            row(name, "share_best", weighed.choice.best[p])
            row(name, "minimax_choice", float(p == weighed.choice.minimax))
        for stretch in weighed.stretches:
            row(stretch.policy, "best_from_belief", stretch.low)
            row(stretch.policy, "best_to_belief", stretch.high)
    if found.sensitivity is not None:
        s = found.sensitivity
        for k, name in enumerate(s.names):
            row("(best)", f"sobol_first_{name}", s.first[k], (s.first_high[k] - s.first_low[k]) / 2)
            row("(best)", f"sobol_total_{name}", s.total[k], (s.total_high[k] - s.total_low[k]) / 2)
    return rows


def policy_json(found: Compared) -> dict[str, Any]:
    """The same as plain data."""
    outcomes, weighed, s = found.outcomes, found.weighed, found.sensitivity
    columns = [*outcomes.outcomes, *(f"payoff_{actor.name}" for actor in found.game.actors)]
    data: dict[str, Any] = {"policies": []}
    for p, name in enumerate(outcomes.policies):
        means, errors = [*outcomes.mean[p], *outcomes.payoff[p]], [*outcomes.error[p], *outcomes.payoff_error[p]]
        data["policies"].append(
            {"policy": name}
            | {c: {"mean": float(m), "error": float(e)} for c, m, e in zip(columns, means, errors, strict=True)}
        )
    if weighed is not None:
        data["weighed"] = {
            "actor": weighed.actor, "paths": weighed.paths, "periods": weighed.periods, "draws": weighed.draws,
            "minimax_choice": weighed.policies[weighed.choice.minimax],
            "best_by_belief": [{"from": x.low, "to": x.high, "policy": x.policy} for x in weighed.stretches],
            "beliefs": weighed.beliefs.tolist(),
            "policies": [
                {
                    "policy": name,
                    "worth": dict(zip(weighed.cases, weighed.worth[p].tolist(), strict=True)),
                    "worth_error": dict(zip(weighed.cases, weighed.worth_error[p].tolist(), strict=True)),
                    "regret": dict(zip(weighed.cases, weighed.regret[p].tolist(), strict=True)),
                    "regret_error": dict(zip(weighed.cases, weighed.regret_error[p].tolist(), strict=True)),
                    "largest_regret": float(weighed.choice.most_regret[p]),
                    "mean_regret": float(weighed.choice.mean_regret[p]),
                    "share_best": float(weighed.choice.best[p]),
                    "value_by_belief": weighed.by_belief[p].tolist(),
                }
                for p, name in enumerate(weighed.policies)
            ],
        }  # fmt: skip
    if s is not None:
        data["sensitivity"] = {
            "sample": s.sample, "solved": s.solved, "mean": s.mean, "variance": s.variance, "surrogate": s.surrogate,
            "coefficients": {
                name: {"first": s.first[k], "first_90": [s.first_low[k], s.first_high[k]], "total": s.total[k],
                       "total_90": [s.total_low[k], s.total_high[k]]}
                for k, name in enumerate(s.names)
            },
        }  # fmt: skip
    return data


def summary(found: Compared) -> list[str]:
    """The choice, the belief at which it changes and the strongest coefficients, a sentence each."""
    weighed, s, lines = found.weighed, found.sensitivity, []
    if weighed is not None:
        choice, close = weighed.choice, "" if weighed.draws else ", ".join(weighed.close())
        over = f"the true stance and {weighed.draws} draws of the coefficients" if weighed.draws else "the true stance"
        lines.append(
            f"smallest largest regret over {over}: {weighed.policies[choice.minimax]}, "
            f"{choice.most_regret[choice.minimax]:.3f} in the payoff of {weighed.actor}"
            + (f"; within the error of it: {close}" if close else "")
        )
        first, *rest = weighed.stretches
        told = [f"{first.policy}", *(f"from {x.low:.3f} {x.policy}" for x in rest)]
        lines.append(
            f"best by the belief in {found.game.stances[-1]}, over all time: {', '.join(told)}"
            + ("" if rest else " at every belief")
        )
    if s is not None:
        order = sorted(range(len(s.names)), key=lambda k: -s.total[k])[:5]
        shown = ", ".join(
            f"{s.names[k]} {s.total[k]:.2f} ({s.total_low[k]:.2f} to {s.total_high[k]:.2f})" for k in order
        )
        lines.append(
            f"value of the best policy over the priors: mean {s.mean:.3f}, variance {s.variance:.3f}; total Sobol "
            f"index with its 90 % interval: {shown}; sample {s.sample}, {s.solved} equilibria"
            + (f"; a quadratic explains {s.surrogate:.1%} of the variance" if s.surrogate == s.surrogate else "")
        )
    return lines
