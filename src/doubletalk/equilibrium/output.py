"""A solution as the JSON of the public contract (documented for users in ``docs/solution-file.md``).

Probabilities and payoffs are strings holding exact rationals. Everything is a plain ``dict``, ``list``, ``str``,
``bool`` or ``None``, in an order that depends on the game alone, so that two runs differ in ``timing_s`` only.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from doubletalk.equilibrium.certificate import Certificate
from doubletalk.equilibrium.solution import CurvedSet, Distribution, Family, Outcome, OutcomeRow, Polynomial, Solution
from doubletalk.exact import ZERO, Rational, text
from doubletalk.game.model import Cell, Game

__all__ = ["FORMAT", "belief_keys", "certificate_json", "json_text", "polynomial_text", "solution_json"]

FORMAT = 1
"""Version of the solution file; it grows when a key changes its meaning, not when a key is added."""

Nested = Mapping[str, Mapping[str, Distribution]]


def solution_json(solution: Solution, certificate: Mapping[str, object] | None = None) -> dict[str, Any]:
    """The solution file's content; *certificate* is added under its own key when given."""
    content: dict[str, Any] = {
        "doubletalk": FORMAT,
        "game": solution.game.title,
        "concept": solution.concept,
        "complete": solution.complete,
        "why_incomplete": solution.why_incomplete,
        "solver_class": solution.solver_class,
        "parameters": {name: text(value) for name, value in solution.game.parameters.items()},
        "outcomes": [_outcome(solution.game, outcome) for outcome in solution.outcomes],
    }
    if solution.curved:
        content["complete_with_curved"] = solution.complete_with_curved
        content["curved"] = [_curved(curved) for curved in solution.curved]
    if certificate is not None:
        content["certificate"] = dict(certificate)
    content["timing_s"] = {name: round(seconds, 6) for name, seconds in solution.timing_s.items()}
    return content


def certificate_json(solution: Solution, checked: Sequence[Certificate]) -> dict[str, object]:
    """The certificate's content; *checked* speaks of the first of ``solution.assessments()``, ``unchecked`` counts the
    others where there are any. Families count from 1."""
    assessments = solution.assessments()
    points = [
        {"outcome": outcome, "family": family + 1, **certificate.to_json()}
        for (outcome, family, _), certificate in zip(assessments, checked, strict=False)
    ]
    failed = sum(1 for certificate in checked if not certificate.valid)
    left = {"unchecked": len(assessments) - len(checked)} if len(checked) < len(assessments) else {}
    return {"verified": len(points) - failed, "failed": failed, **left, "points": points}


def json_text(content: Mapping[str, object]) -> str:
    """The text of a JSON file: two spaces of indent, short leaves on one line, a newline at the end."""
    return _layout(content, 0) + "\n"


LINE = 120


def _layout(value: object, indent: int) -> str:
    flat = json.dumps(value, ensure_ascii=False)
    if indent + len(flat) <= LINE or not isinstance(value, dict | list) or not value:
        return flat
    inner = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f"{json.dumps(k, ensure_ascii=False)}: {_layout(v, indent + 2)}" for k, v in value.items()]
        return "{\n" + ",\n".join(inner + part for part in parts) + "\n" + " " * indent + "}"
    return "[\n" + ",\n".join(inner + _layout(part, indent + 2) for part in value) + "\n" + " " * indent + "]"


def belief_keys(game: Game) -> dict[str, tuple[str, ...]]:
    """Key of a cell in ``Assessment.beliefs`` -> the keys under which the file writes it.

    One key where all audiences observe the same; otherwise ``audience:observation`` for every audience of the cell.
    """
    return {cell.key: _keys_of(game, cell) for cell in game.cells()}


def _keys_of(game: Game, cell: Cell) -> tuple[str, ...]:
    first = game.audiences[cell.audiences[0]]
    if cell.key == first.observations[first.observation_of[cell.messages[0]]]:
        return (cell.key,)
    names = []
    for j in cell.audiences:
        audience = game.audiences[j]
        names.append(f"{audience.name}:{audience.observations[audience.observation_of[cell.messages[0]]]}")
    return tuple(names)


def _outcome(game: Game, outcome: Outcome) -> dict[str, Any]:
    return {
        "id": outcome.id,
        "kind": outcome.kind,
        "unique_outcome": outcome.unique_outcome,
        "sender": None if outcome.sender is None else _full_sender(game, outcome.sender),
        "outcome": None if outcome.outcome is None else [_row(row) for row in outcome.outcome],
        "payoffs": None if outcome.payoffs is None else _payoffs(outcome.payoffs),
        "families": [_family(game, family) for family in outcome.families],
        "survives": dict(outcome.survives),
    }


def _full_sender(game: Game, sender: Mapping[str, Distribution]) -> dict[str, dict[str, str]]:
    """What each type says, messages with probability zero included."""
    table = {}
    for t, label in enumerate(game.types):
        chances = sender[label]
        table[label] = {game.messages[m]: text(chances.get(game.messages[m], ZERO)) for m in game.available[t]}
    return table


def _row(row: OutcomeRow) -> dict[str, Any]:
    return {
        "type": row.sender_type,
        "message": row.message,
        "actions": dict(row.actions),
        "reply": row.reply,
        "probability": text(row.probability),
    }


def _payoffs(payoffs: Mapping[str, Mapping[str, Rational] | Rational]) -> dict[str, Any]:
    return {
        name: {t: text(amount) for t, amount in value.items()} if isinstance(value, Mapping) else text(value)
        for name, value in payoffs.items()
    }


def _family(game: Game, family: Family) -> dict[str, Any]:
    keys = belief_keys(game)
    content: dict[str, Any] = {
        "component": family.component,
        "sender_extremes": [_table(sender) for sender in family.sender_extremes],
        "response_extremes": [_nested(responses) for responses in family.response_extremes],
        "belief_extremes": {
            key: [_chances(belief) for belief in beliefs]
            for cell, beliefs in family.belief_extremes.items()
            for key in keys.get(cell, (cell,))
        },
    }
    if family.belief_supports:
        content["belief_supports"] = {
            key: [list(upheld) for upheld in supports]
            for cell, supports in family.belief_supports.items()
            for key in keys.get(cell, (cell,))
        }
    if family.reply_extremes:
        content["reply_extremes"] = [_nested(replies) for replies in family.reply_extremes]
    if family.belief_replies:
        content["belief_replies"] = {
            key: _nested_list(replies)
            for cell, replies in family.belief_replies.items()
            for key in keys.get(cell, (cell,))
        }
    return content


def _curved(curved: CurvedSet) -> dict[str, Any]:
    point = curved.point
    return {
        "reasons": list(curved.reasons),
        "sends": {t: list(messages) for t, messages in curved.sends.items()},
        "plays": {who: {where: list(labels) for where, labels in sets.items()} for who, sets in curved.plays.items()},
        "conditions": [
            {
                "player": condition.player,
                "at": condition.at,
                "chosen": condition.chosen,
                "other": condition.other,
                "gain": polynomial_text(condition.gain),
            }
            for condition in curved.conditions
        ],
        "point": None
        if point is None
        else {
            "sender": _table(point.sender),
            "responses": _nested(point.responses),
            "beliefs": _table(point.beliefs),
            "replies": _nested(point.replies),
        },
    }


def polynomial_text(polynomial: Polynomial) -> str:
    """``1/2 * west(relieve | court) * client(court | hedger) - 1/3``; terms in the order of their names."""
    words = ""
    for names, value in sorted(polynomial.items(), key=lambda term: (-len(term[0]), term[0])):
        size = " * ".join([text(abs(value)), *names])
        sign = "-" if value < 0 else "+"
        words += f" {sign} {size}" if words else f"-{size}" if value < 0 else size
    return words or "0"


def _nested_list(plans: Sequence[Nested]) -> list[dict[str, dict[str, dict[str, str]]]]:
    return [_nested(plan) for plan in plans]


def _nested(plan: Nested) -> dict[str, dict[str, dict[str, str]]]:
    return {who: _table(sets) for who, sets in plan.items()}


def _table(rows: Mapping[str, Distribution]) -> dict[str, dict[str, str]]:
    return {label: _chances(chances) for label, chances in rows.items()}


def _chances(chances: Distribution) -> dict[str, str]:
    return {label: text(value) for label, value in chances.items() if value != 0}
