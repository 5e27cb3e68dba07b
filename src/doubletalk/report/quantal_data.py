"""Smooth play as plain values: the branch, its limit and a fit as JSON; counts read from a CSV file."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from doubletalk.evidence.tables import Problem, read_rows, refuse
from doubletalk.exact import text
from doubletalk.quantal import Branch, Limit, LogitFit

__all__ = ["Setting", "quantal_json", "read_counts", "settings_of"]

COUNT_COLUMNS = ("player", "information_set", "action", "count")
Setting = tuple[str, str, tuple[str, ...]]
"""(player, information set, labels of its actions)."""


def read_counts(path: Path) -> dict[str, dict[str, dict[str, float]]]:
    """player -> information set -> action -> count, from a CSV file with the columns ``COUNT_COLUMNS``.

    Whether the names belong to the game is checked by ``fit``. Raises ``InputError`` with every wrong row.
    """
    rows, problems = read_rows(path, COUNT_COLUMNS, (), "table of counts")
    counts: dict[str, dict[str, dict[str, float]]] = {}
    for row in rows:
        player, where, action = (row.get(column) for column in COUNT_COLUMNS[:3])
        number = _number(row.get("count"))
        plan = counts.setdefault(player, {}).setdefault(where, {})
        if number is None:
            problems.append(Problem(row.line, "count", row.get("count"), "a number of at least 0"))
        elif action in plan:
            problems.append(Problem(row.line, "action", action, f"one row for each action of {player} at {where}"))
        else:
            plan[action] = number
    refuse(path, problems, "table of counts")
    return counts


def _number(words: str) -> float | None:
    try:
        value = float(words)
    except ValueError:
        return None
    return value if math.isfinite(value) and value >= 0 else None


def settings_of(branch: Branch, *, replies: bool = True) -> list[Setting]:
    """The information sets of the branch's game; without those of the sender's replies on request."""
    profile = branch.profiles[0]
    sender = branch.game.sender
    return [
        (player, key, tuple(plan))
        for player, sets in profile.items()
        for key, plan in sets.items()
        if replies or player != sender or "|" not in key
    ]


def quantal_json(branch: Branch, end: Limit | str, fitted: LogitFit | None) -> dict[str, Any]:
    """The content of ``doubletalk quantal --json`` (docs/cli.md).

    ``end`` is the limit component, or why it is not known. ``branch`` holds columns: one number a point.
    """
    game = branch.game
    series: dict[str, dict[str, dict[str, list[float]]]] = {}
    for player, key, labels in settings_of(branch):
        series.setdefault(player, {})[key] = {a: [p[player][key][a] for p in branch.profiles] for a in labels}
    return {
        "doubletalk": 1,
        "game": game.title,
        "parameters": {name: text(value) for name, value in game.parameters.items()},
        "status": branch.status.name,
        "message": branch.message,
        "largest_residual": branch.largest_residual,
        "limit": {"why_not": end} if isinstance(end, str) else _limit(end),
        "fit": None if fitted is None else _fit(fitted),
        "branch": {
            "rationality": [float(x) for x in branch.lambdas],
            "residual": [float(x) for x in branch.residuals],
            "probability": series,
        },
    }


def _limit(end: Limit) -> dict[str, Any]:
    return {
        "status": end.status.name,
        "message": end.message,
        "outcome": end.outcome,
        "component": end.component,
        "distance": end.distance,
        "distance_at_half": end.before,
        "runner_up": end.runner_up,
        "rationality": end.rationality,
    }


def _fit(fitted: LogitFit) -> dict[str, Any]:
    point: Mapping[str, Mapping[str, Mapping[str, float]]] = fitted.point.profile
    return {
        "status": fitted.status.name,
        "message": fitted.message,
        "rationality": fitted.rationality,
        "standard_error": fitted.standard_error,
        "expected_error": fitted.expected_error,
        "log_likelihood": fitted.log_likelihood,
        "log_likelihood_chance": fitted.log_likelihood_zero,
        "log_likelihood_frequencies": fitted.log_likelihood_free,
        "observations": fitted.observations,
        "residual": fitted.point.residual,
        "probability": {p: {k: dict(plan) for k, plan in sets.items()} for p, sets in point.items()},
    }
