"""Answered claims as rows of the report."""

from __future__ import annotations

from collections.abc import Mapping

from doubletalk.case.study import AnsweredClaim
from doubletalk.case.sweep import Interval
from doubletalk.case.verdicts import Flip, Verdict
from doubletalk.exact import Rational, text
from doubletalk.report.page_content import ClaimRow, SourceRow
from doubletalk.report.page_record import record_row
from doubletalk.report.page_sources import find_address
from doubletalk.report.window_figure import decimal

__all__ = ["claim_row"]

ANSWERS = {
    "yes": "it holds",
    "no": "it does not hold",
    "undefined": "it is not defined",
    "undecided": "it is not decided",
    "cannot": "it cannot be asked",
    "no game": "there is no such game",
}


def claim_row(item: AnsweredClaim, sources: Mapping[str, SourceRow]) -> ClaimRow:
    """One claim with its answer, of whatever kind."""
    claim, verdict, found = item.claim, item.verdict, item.record_answer
    title, url = find_address(claim.source, sources)
    about, standing, answer, interval, reason = "neither", "not asked", item.short, "", item.cannot or ""
    changes: tuple[str, ...] = ()
    if verdict is not None:
        about, standing, answer = "the model", _standing(verdict), verdict.words
        interval, changes, reason = _where(verdict), tuple(_flip(f) for f in verdict.flips), verdict.reason or ""
    elif found is not None:
        about, answer = "the record", found.verdict.value[:1].upper() + found.verdict.value[1:] + ": " + found.reason
    row = None if found is None else record_row(found)
    return ClaimRow(
        id=claim.id,
        side=claim.who,
        about=about,
        paraphrase=claim.says,
        statement=claim.statement or "",
        standing=row.standing if row is not None else standing,
        answer=answer,
        detail=_detail(item),
        interval=interval,
        changes=changes,
        reason=reason,
        source_title=title,
        source_url=url,
        record=row,
    )


def _standing(verdict: Verdict) -> str:
    if verdict.answer == "range":
        held = {i.answer for i in verdict.intervals if i.low < i.high} or {i.answer for i in verdict.intervals}
        return "yes" if held == {"yes"} else "part" if any(i.answer == "yes" for i in verdict.intervals) else "no"
    return {"yes": "yes", "no": "no", "cannot": "not asked"}.get(verdict.answer, "open")


def _where(verdict: Verdict) -> str:
    held = [i for i in verdict.intervals if i.answer == "yes"]
    return "; ".join(_interval(i) for i in held)


def _interval(interval: Interval) -> str:
    if interval.low == interval.high:
        return f"exactly {_number(interval.low)}"
    ends = "" if interval.exact else " (an end is only bracketed)"
    return f"from {_number(interval.low)} to {_number(interval.high)}{ends}"


def _number(value: Rational) -> str:
    """Exact, with a decimal beside it where that helps."""
    exact = text(value)
    return exact if "/" not in exact else f"{exact} ({decimal(value):.3f})"


def _flip(flip: Flip) -> str:
    way = "falls below" if flip.direction == "down" else "rises above"
    at = (
        _number(flip.threshold)
        if flip.threshold is not None
        else (f"a value between {decimal(flip.low):.4f} and {decimal(flip.high):.4f}")
    )
    beyond = ANSWERS.get(flip.answer_beyond, flip.answer_beyond)
    return f"{flip.parameter} {way} {at} (now {text(flip.default)}): then {beyond}"


def _detail(item: AnsweredClaim) -> str:
    parts = []
    if item.claim.of:
        parts.append(f"Stands for: {item.claim.of}.")
    if item.claim.assumes:
        parts.append(f"Assumes: {'; '.join(item.claim.assumes)}.")
    if item.verdict is not None and item.verdict.witness_outcome is not None:
        parts.append(f"Shown by outcome {item.verdict.witness_outcome}.")
    if item.verdict is not None and not item.verdict.complete:
        parts.append("The list of equilibria is not proved to be complete.")
    return " ".join(parts)
