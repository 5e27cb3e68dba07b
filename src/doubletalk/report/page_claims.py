"""Answered claims as rows of the report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping

from doubletalk.case.language import parse_statement
from doubletalk.case.study import AnsweredClaim
from doubletalk.case.sweep import Interval
from doubletalk.case.verdicts import Flip, Verdict
from doubletalk.exact import text
from doubletalk.report.page_content import ClaimRow, SourceRow
from doubletalk.report.page_record import record_row
from doubletalk.report.page_sources import find_address
from doubletalk.report.window_figure import decimal, number_words

__all__ = ["claim_row", "compact"]

_RUN = re.compile(r"\d+(?:, \d+)+")

ANSWERS = {
    "yes": "it holds",
    "no": "it does not hold",
    "undefined": "it is not defined",
    "undecided": "it is not decided",
    "cannot": "it cannot be asked",
    "no game": "there is no such game",
}


def claim_row(item: AnsweredClaim, sources: Mapping[str, SourceRow], parameters: Collection[str] = ()) -> ClaimRow:
    """One claim with its answer, of whatever kind; a range over none of *parameters* is one of beliefs."""
    claim, verdict, found = item.claim, item.verdict, item.record_answer
    title, url = find_address(claim.source, sources)
    about, standing, answer, interval, reason = "neither", "not asked", item.short, "", item.cannot or ""
    changes: tuple[str, ...] = ()
    if verdict is not None:
        about, standing, answer = "the model", _standing(verdict), compact(verdict.words)
        interval, changes, reason = (
            _where(verdict, parameters),
            tuple(_flip(f) for f in verdict.flips),
            verdict.reason or "",
        )
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
        assumes=claim.assumes,
        record=row,
    )


def compact(words: str) -> str:
    """Lists of numbers shortened: ``1, 2, 3, 4, 7`` becomes ``1 to 4, 7``."""

    def shorter(match: re.Match[str]) -> str:
        runs: list[list[int]] = []
        for value in map(int, match.group().split(", ")):
            if runs and value == runs[-1][-1] + 1:
                runs[-1].append(value)
            else:
                runs.append([value])
        shown = [f"{r[0]} to {r[-1]}" if len(r) > 2 else ", ".join(map(str, r)) for r in runs]
        return ", ".join(shown)

    return _RUN.sub(shorter, words)


def _standing(verdict: Verdict) -> str:
    if verdict.answer == "range":
        held = {i.answer for i in verdict.intervals if i.low < i.high} or {i.answer for i in verdict.intervals}
        return "yes" if held == {"yes"} else "part" if any(i.answer == "yes" for i in verdict.intervals) else "no"
    return {"yes": "yes", "no": "no", "cannot": "not asked"}.get(verdict.answer, "open")


def _where(verdict: Verdict, parameters: Collection[str]) -> str:
    """Where the statement holds: intervals of its range, or how many of the outcomes."""
    if verdict.answer == "range":
        sweep = parse_statement(verdict.statement).sweep
        name = sweep.variable if sweep is not None else "the parameter"
        name = name if name in parameters else f"a belief {name}"
        held = [i for i in verdict.intervals if i.answer == "yes"]
        return f"for {name} {' and '.join(_interval(i) for i in held)}" if held else "nowhere in the range"
    if verdict.outcomes:
        kinds = Counter(truth.extent for truth in verdict.outcomes)
        words = {
            "all": "holds throughout",
            "some": "holds in part of",
            "none": "fails in",
            "undefined": "is not defined in",
            "undecided": "is not decided in",
        }
        return "; ".join(f"{words[k]} {kinds[k]} of {len(verdict.outcomes)} outcomes" for k in words if kinds[k])
    return ""


def _interval(interval: Interval) -> str:
    if interval.low == interval.high:
        return f"exactly {number_words(interval.low)}"
    ends = "" if interval.exact else " (an end is only bracketed)"
    return f"from {number_words(interval.low)} to {number_words(interval.high)}{ends}"


def _flip(flip: Flip) -> str:
    way = "falls below" if flip.direction == "down" else "rises above"
    at = (
        number_words(flip.threshold)
        if flip.threshold is not None
        else (f"a value between {decimal(flip.low):.4f} and {decimal(flip.high):.4f}")
    )
    beyond = ANSWERS.get(flip.answer_beyond, flip.answer_beyond)
    return f"{flip.parameter} {way} {at} (now {text(flip.default)}): then {beyond}"


def _detail(item: AnsweredClaim) -> str:
    parts = []
    if item.claim.of:
        parts.append(f"Stands for: {item.claim.of}.")
    if item.verdict is not None and item.verdict.witness_outcome is not None:
        parts.append(f"Shown by outcome {item.verdict.witness_outcome}.")
    if item.verdict is not None and not item.verdict.complete:
        parts.append("The list of equilibria is not proved to be complete.")
    return " ".join(parts)
