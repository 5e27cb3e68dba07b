"""Answered claims as rows of the report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING

from doubletalk.case.language import parse_statement
from doubletalk.case.long_claims import LongVerdict
from doubletalk.case.study_result import AnsweredClaim
from doubletalk.case.sweep import Interval
from doubletalk.case.verdict import Flip, Search, Verdict
from doubletalk.evidence.record import Record
from doubletalk.exact import decimal, text
from doubletalk.report.page_content import ClaimRow, SourceRow
from doubletalk.report.page_record import record_row
from doubletalk.report.page_sources import find_address
from doubletalk.report.window_figure import number_words

if TYPE_CHECKING:
    from doubletalk.case.posterior_claims import PosteriorVerdict

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


ATTRIBUTIONS = {
    "seen": "The text was read",
    "reported": "As its opponent reports it; the text was not read",
    "same author": "From other writings of the same author",
}
"""How the words of a claim are known to be its author's."""


def claim_row(
    item: AnsweredClaim,
    sources: Mapping[str, SourceRow],
    parameters: Collection[str] = (),
    worlds: tuple[str, ...] = (),
    record: Record | None = None,
) -> ClaimRow:
    """One claim with its answer, of whatever kind; a range over none of *parameters* is one of beliefs.

    ``worlds`` are the names of the worlds in which claims about the model are asked.
    """
    claim, verdict, found = item.claim, item.verdict, item.record_answer
    title, url = find_address(claim.source, sources)
    about, standing, answer, interval, reason = "neither", "not asked", item.short, "", item.cannot or ""
    changes: tuple[str, ...] = ()
    reaches = tuple(_reach_in(item, world) for world in worlds)
    if verdict is not None:
        about, standing, answer = "the model", _standing(verdict, reaches), _answer(item)
        interval, changes, reason = (
            _where(verdict, parameters),
            tuple(_flip(f) for f in verdict.flips),
            verdict.reason or "",
        )
    elif found is not None:
        about, answer = "the record", found.verdict.value[:1].upper() + found.verdict.value[1:] + ": " + found.reason
    elif item.long_answer is not None:
        about, standing, answer = "the long game", _LONG[item.long_answer.answer], item.long_answer.words
        changes = _without(item.long_answer)
    elif item.posterior_answer is not None:
        about, standing = "the fitted game", _LONG[item.posterior_answer.answer]
        answer, reason = item.posterior_answer.words, _rests_on(item.posterior_answer)
    row = None if found is None else record_row(found, record)
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
        reach=_reach_words(item),
        by_construction=claim.by_construction or "",
        attribution=_sentences(ATTRIBUTIONS.get(claim.attribution or "", ""), claim.note, claim.shared),
        shared=claim.shared or "",
        searched=_searched(verdict.searched, parameters)
        if verdict is not None
        else _zeroed(item.long_answer)
        if item.long_answer is not None
        else "",
        worlds=reaches if verdict is not None else (),
    )


def _sentences(*parts: str | None) -> str:
    """The parts that are there, each ended by one full stop but the last, which stays as it is."""
    told = [part for part in parts if part]
    return " ".join([*(part.rstrip(".") + "." for part in told[:-1]), *told[-1:]])


def _rests_on(found: PosteriorVerdict) -> str:
    return f"{found.method[:1].upper()}{found.method[1:]}. ± is one Monte-Carlo standard error."


_LONG = {"yes": "yes", "no": "no", "undecided": "open", "undefined": "open"}
_INSTEAD = {
    "yes": "it holds",
    "no": "it does not hold",
    "undecided": "the simulation cannot tell",
    "undefined": "it is not defined",
}


def _without(found: LongVerdict) -> tuple[str, ...]:
    """Coefficients without which the answer is another one, those with one answer together."""
    return tuple(
        f"without {', '.join(names)} (at zero, one at a time): {words}"
        for answer, words in _INSTEAD.items()
        if answer != found.answer and (names := [name for name, other in found.without.items() if other == answer])
    )


def _zeroed(found: LongVerdict) -> str:
    if not found.without:
        return ""
    return f"Each of these coefficients was set to zero, one at a time: {', '.join(found.without)}."


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


def _reach_in(item: AnsweredClaim, world: str) -> str:
    """How far the claim reaches in that world: a key of ``REACHES``."""
    verdict = (item.worlds or {}).get(world)
    return "unasked" if verdict is None else item.reaches(verdict)


def _reach_words(item: AnsweredClaim) -> str:
    reach = item.verdict.reach if item.verdict is not None else None
    if reach is None:
        return ""
    return f"the contrary in {reach}" if item.denies else str(reach)


def _answer(item: AnsweredClaim) -> str:
    """Over all worlds where there are several, else in the one."""
    held, asked = item.as_stated
    if asked < 2:
        return compact(item.verdict.words) if item.verdict is not None else ""
    return f"{_over_worlds(item)} {_stated(item, held, asked)}"


def _over_worlds(item: AnsweredClaim) -> str:
    """In how many worlds the comparison holds throughout, in part, nowhere; the standing follows from this alone."""
    counts, total = item.across, len(item.worlds or {})
    said = {
        "all": "throughout",
        "some": "in part (in some equilibria or beliefs, not in others)",
        "none": "nowhere",
        "other": "not defined or not decided",
    }
    if (only := next((word for word, n in counts.items() if n == total), None)) is not None:
        return f"In all {total} worlds: {said[only]}."
    if counts["all"] + counts["other"] == total:
        return f"Of {total} worlds it holds throughout in {counts['all']}; in the rest it is {said['other']}."
    parts = [f"{said[word]} in {n}" for word, n in counts.items() if n]
    return f"Of {total} worlds it holds {'; '.join(parts)}."


def _stated(item: AnsweredClaim, held: int, asked: int) -> str:
    """Whether it also holds with its own "every", "some" or whole range; said apart, for that is the stronger test."""
    quantified = {"every": "in every equilibrium", "some": "in some equilibrium", "no": "in no equilibrium"}
    parsed = parse_statement(item.claim.statement or "")
    otherwise = "over the whole range" if parsed.sweep is not None else "at this belief"
    asks = quantified.get(parsed.quantifier or "", otherwise)
    worlds = "none" if held == 0 else f"all {asked}" if held == asked else f"{held} of {asked}"
    asked_for = "that its comparison hold" if item.denies else "for it"
    return f"The statement asks {asked_for} {asks}: met in {worlds}."


def _standing(verdict: Verdict, reaches: Sequence[str] = ()) -> str:
    if len(reaches) > 1:
        words = set(reaches) - {"undefined", "unasked"}
        if not words or "undecided" in words:
            return "open"
        return "yes" if words == {"all"} else "no" if words == {"none"} else "part"
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


def _searched(searches: Sequence[Search], parameters: Collection[str]) -> str:
    """What a search for changes looked at, in a sentence; '' when nothing was searched."""
    if not searches:
        return ""
    spans = [f"{s.parameter} from {text(s.low)} to {text(s.high)} at {len(s.values)} values" for s in searches]
    left = [name for name in parameters if name not in {s.parameter for s in searches}]
    rest = f" Not looked at: {', '.join(left)}." if left else ""
    stopped = "".join(f" {s.parameter}: {s.stopped}." for s in searches if s.stopped)
    return (
        "At the values of the game file, one parameter at a time, the others held: "
        f"{'; '.join(spans)}. A change that begins and ends between two of "
        f"the values is not seen.{rest}{stopped}"
    )


def _detail(item: AnsweredClaim) -> str:
    parts = []
    if item.claim.of:
        parts.append(f"Stands for: {item.claim.of}.")
    if item.verdict is not None and len(item.worlds or {}) > 1:
        parts.append(f"At the values of the game file: {compact(item.verdict.words)}")
    if item.verdict is not None and item.verdict.witness_outcome is not None:
        parts.append(f"Shown by outcome {item.verdict.witness_outcome}.")
    if item.verdict is not None and not item.verdict.complete:
        parts.append("The list of equilibria is not proved to be complete.")
    return " ".join(parts)
