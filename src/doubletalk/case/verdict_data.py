"""A verdict as plain data for JSON."""

from __future__ import annotations

from typing import Any

from doubletalk.case.verdict import Reach, Verdict
from doubletalk.equilibrium.solution import Assessment
from doubletalk.exact import Rational

__all__ = ["as_data"]


def as_data(verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain data for JSON: exact numbers as text."""

    def show(value: Rational | None) -> str | None:
        return None if value is None else str(value)

    return {
        "statement": verdict.statement,
        "answer": verdict.answer,
        "as_stated": verdict.as_stated,
        "reach": None if verdict.reach is None else _reach(verdict.reach),
        "words": verdict.words,
        "extent": verdict.extent,
        "outcomes": [
            {
                "id": t.outcome_id,
                "extent": t.extent,
                "undefined_somewhere": t.undefined_somewhere,
                "low": show(t.low),
                "high": show(t.high),
            }
            for t in verdict.outcomes
        ],
        "witness": _shown(verdict.witness, verdict.witness_outcome),
        "intervals": [
            {
                "low": str(i.low),
                "high": str(i.high),
                "low_closed": i.low_closed,
                "high_closed": i.high_closed,
                "answer": i.answer,
                "exact": i.exact,
            }
            for i in verdict.intervals
        ],
        "flips": [
            {
                "parameter": f.parameter,
                "default": str(f.default),
                "direction": f.direction,
                "threshold": show(f.threshold),
                "low": str(f.low),
                "high": str(f.high),
                "answer_beyond": f.answer_beyond,
            }
            for f in verdict.flips
        ],
        "searched": [
            {
                "parameter": s.parameter,
                "default": str(s.default),
                "low": str(s.low),
                "high": str(s.high),
                "values": [str(x) for x in s.values],
                "stopped": s.stopped,
            }
            for s in verdict.searched
        ],
        "complete": verdict.complete,
        "reason": verdict.reason,
    }


def _reach(reach: Reach) -> dict[str, Any]:
    return {
        "word": reach.word,
        "of": reach.of,
        "holding": reach.holding,
        "total": reach.total,
        "which": list(reach.which),
        "partly": list(reach.partly),
        "undefined": list(reach.undefined),
        "example": _shown(reach.example, reach.example_outcome),
        "counterexample": _shown(reach.counterexample, reach.counterexample_outcome),
    }


def _shown(point: Assessment | None, outcome: int | None) -> dict[str, Any] | None:
    """An equilibrium as plain data: who says and does what, and what is believed."""
    if point is None:
        return None
    return {
        "outcome": outcome,
        "sender": {t: {m: str(p) for m, p in plan.items()} for t, plan in point.sender.items()},
        "responses": {
            who: {where: {a: str(p) for a, p in mix.items()} for where, mix in plan.items()}
            for who, plan in point.responses.items()
        },
        "beliefs": {key: {t: str(p) for t, p in belief.items()} for key, belief in point.beliefs.items()},
    }
