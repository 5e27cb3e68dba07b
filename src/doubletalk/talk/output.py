"""What talk is worth, as plain JSON values: exact rationals as text, ranges as two of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from doubletalk.equilibrium.solution import Assessment, Distribution
from doubletalk.exact import Rational, text
from doubletalk.game.model import Game
from doubletalk.talk.commitment_data import Commitment, Signal
from doubletalk.talk.pooling import Pooling
from doubletalk.talk.ranges import Range
from doubletalk.talk.taxonomy import AudienceTalk, Shown, Taxonomy
from doubletalk.talk.worth import TalkWorth

__all__ = ["talk_json"]


def talk_json(game: Game, worth: TalkWorth, kind: Taxonomy, pool: Pooling) -> dict[str, Any]:
    """The content of ``doubletalk talk --json``, in an order that depends on the game alone (docs/talk.md)."""
    quiet, open_, best = worth.silence, worth.disclosure, worth.commitment
    return {
        "doubletalk": 1,
        "game": game.title,
        "parameters": {name: text(value) for name, value in game.parameters.items()},
        "exact": worth.exact,
        "why_not": worth.why_not,
        "equilibria": _ranges(worth.equilibria),
        "at_sender_best": _ranges(worth.at_sender_best),
        "outcomes_best": {who: list(ids) for who, ids in worth.outcomes_best.items()},
        "against_silence": dict(worth.verdicts),
        "silence": {
            "payoffs": _ranges(quiet.payoffs),
            "by_message": {m: _ranges(payoffs) for m, payoffs in quiet.by_message.items()},
            "why_not": quiet.why_not,
        },
        "disclosure": {
            "payoffs": _ranges(open_.payoffs),
            "by_type": {t: _ranges(payoffs) for t, payoffs in open_.by_type.items()},
            "why_not": open_.why_not,
        },
        "commitment": _commitment(best),
        "channels": _taxonomy(kind),
        "pooling": {"gains": _ranges(pool.gains), "why_not": pool.why_not},
    }


def _ranges(ranges: Mapping[str, Range]) -> dict[str, dict[str, str]]:
    return {name: {"low": text(value.low), "high": text(value.high)} for name, value in ranges.items()}


def _number(value: Rational | None) -> str | None:
    return None if value is None else text(value)


def _commitment(found: Commitment) -> dict[str, Any]:
    return {
        "value": _number(found.value),
        "at_most": _number(found.at_most),
        "exact": found.exact,
        "adverse": _number(found.adverse),
        "payoffs": _ranges(found.payoffs),
        "signals": [_signal(signal) for signal in found.signals],
        "why_not": found.why_not,
    }


def _signal(signal: Signal) -> dict[str, Any]:
    return {
        "heard": signal.heard,
        "audiences": list(signal.audiences),
        "probability": text(signal.probability),
        "belief": _chances(signal.belief),
        "responses": _nested(signal.responses),
    }


def _taxonomy(kind: Taxonomy) -> dict[str, Any]:
    return {
        "kind": kind.kind,
        "why_not": kind.why_not,
        "words": list(kind.words),
        "separating_public": _shown(kind.separating_public),
        "audiences": {audience.name: _audience(audience) for audience in kind.audiences},
        "public": None if kind.public is None else _ranges(kind.public),
        "private": None if kind.private is None else _ranges(kind.private),
    }


def _audience(audience: AudienceTalk) -> dict[str, Any]:
    return {
        "effect": audience.effect,
        "separating_alone": _shown(audience.separating_alone),
        "informed_alone": _shown(audience.informed_alone),
        "informed_in_public": _shown(audience.informed_in_public),
    }


def _shown(shown: Shown | None) -> dict[str, Any] | None:
    return None if shown is None else _assessment(shown.assessment)


def _assessment(point: Assessment) -> dict[str, Any]:
    return {
        "sender": {label: _chances(plan) for label, plan in point.sender.items()},
        "responses": _nested(point.responses),
        "beliefs": {where: _chances(belief) for where, belief in point.beliefs.items()},
    }


def _nested(plans: Mapping[str, Mapping[str, Distribution]]) -> dict[str, dict[str, dict[str, str]]]:
    return {who: {where: _chances(chances) for where, chances in plan.items()} for who, plan in plans.items()}


def _chances(chances: Distribution) -> dict[str, str]:
    return {label: text(value) for label, value in chances.items() if value != 0}
