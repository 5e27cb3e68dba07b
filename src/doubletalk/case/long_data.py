"""What a study found about the long game as plain data for JSON, and as rows for CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from doubletalk.case.sides import plain, sides_data

if TYPE_CHECKING:
    from doubletalk.case.long_claims import LongVerdict
    from doubletalk.case.long_study import LongStudy

__all__ = ["cycle_rows", "long_data", "policy_rows", "response_rows", "verdict_data"]

def verdict_data(found: LongVerdict) -> dict[str, Any]:
    """A verdict; numbers that are not defined as null."""
    return {**sides_data(found), "paths": found.paths, "without": dict(found.without)}


def long_data(found: LongStudy) -> dict[str, Any]:
    """The whole study of the long game."""
    weighed = found.weighed
    return {
        "title": found.plan.game.title,
        "missing": found.missing or None,
        "paths": found.paths,
        "equilibria_solved": found.solved,
        "cycle": {"asked": found.plan.chain() if found.plan.cycle else None, "rows": cycle_rows(found)},
        "responses": {
            "move": found.plan.relief or None,
            "from": found.plan.start or None,
            "rows": response_rows(found),
        },
        "policies": policy_rows(found),
        "best_by_belief": []
        if weighed is None
        else [{"from": plain(x.low), "to": plain(x.high), "policy": x.policy} for x in weighed.stretches],
        "minimax_choice": None if weighed is None else weighed.policies[weighed.choice.minimax],
        "left_out": dict(found.left_out),
    }


def cycle_rows(found: LongStudy) -> list[dict[str, Any]]:
    """One row a version of the game."""
    return [
        {
            "version": row.name,
            "value": plain(row.value),
            "share": plain(row.share),
            "error": plain(row.error),
            "worse": plain(row.worse),
            "worse_error": plain(row.worse_error),
            "change": plain(row.change),
            "change_error": plain(row.change_error),
        }
        for row in found.cycle
    ]


def response_rows(found: LongStudy) -> list[dict[str, Any]]:
    """One row a stance, variable and period."""
    return [
        {
            "stance": row.stance,
            "variable": row.variable,
            "period": n,
            "change": plain(float(row.change[n])),
            "error": plain(float(row.error[n])),
            "level_without": plain(float(row.plain[n])),
        }
        for row in found.responses
        for n in range(len(row.change))
    ]


def policy_rows(found: LongStudy) -> list[dict[str, Any]]:
    """One row a policy and measure."""
    outcomes, weighed = found.outcomes, found.weighed
    rows: list[tuple[str, str, float, float | None]] = []
    if outcomes is not None:
        for p, name in enumerate(outcomes.policies):
            rows += [(name, o, outcomes.mean[p, k], outcomes.error[p, k]) for k, o in enumerate(outcomes.outcomes)]
            rows += [
                (name, f"payoff_{actor.name}", outcomes.payoff[p, k], outcomes.payoff_error[p, k])
                for k, actor in enumerate(found.plan.game.actors)
            ]
    if weighed is not None:
        for p, name in enumerate(weighed.policies):
            for d, case in enumerate(weighed.cases):
                rows.append((name, f"worth_if_{case}", weighed.worth[p, d], weighed.worth_error[p, d]))
                rows.append((name, f"regret_if_{case}", weighed.regret[p, d], weighed.regret_error[p, d]))
            rows.append((name, "largest_regret", weighed.choice.most_regret[p], None))
    return [{"policy": a, "measure": b, "value": plain(float(c)), "error": plain(d)} for a, b, c, d in rows]

