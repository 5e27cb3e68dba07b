"""Questions put to the record without any model: each answered with its uncertainty, and what that cannot show."""

from __future__ import annotations

from itertools import groupby

from doubletalk.evidence.questions import AnsweredStatement, Question, statement_row
from doubletalk.evidence.reading import LARGEST_P
from doubletalk.evidence.uncertainty import LEVEL
from doubletalk.report.chronicle_data import csv_text
from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.page_record import record_row
from doubletalk.report.sections.badges import asked_cell, record_cell, standing_badge
from doubletalk.report.tables import paragraphs, safe, stacked

__all__ = ["questions"]


def questions(content: PageContent) -> Section | None:
    """One table a question; None in a case that asks none."""
    answered = content.study.questions if content.study is not None else ()
    if not answered:
        return None
    body = paragraphs(_summary(answered))
    for question, items in groupby(answered, key=lambda item: item.question):
        body += _one(content, question, list(items))
    files = {"questions.csv": csv_text([statement_row(item) for item in answered])}
    return Section("questions", "What the record says without a model", body, files)


def _summary(answered: tuple[AnsweredStatement, ...]) -> list[str]:
    tested = [item for item in answered if item.p_holm is not None]
    alone = sum(record_row(item.answer).standing in ("yes", "no") for item in answered)
    left = sum((item.p_holm or 0.0) <= LARGEST_P for item in tested)
    return [
        f"{len(tested)} of {len(answered)} statements can be tested. Taken one at a time, {alone} come out at the "
        f"level {LARGEST_P:g} in both tests; so many tests at once would bring some by luck. Holm's adjustment raises "
        f"every p so that the chance of any false finding among all of them stays at most {LARGEST_P:g}: "
        f"{left or 'none'} {'remains' if left < 2 else 'remain'}.",
        f"Intervals are exact (Clopper and Pearson), {100 * LEVEL:.0f} per cent; they take cases for independent. "
        "Cases of one crisis are not, so the true uncertainty is larger.",
    ]


def _one(content: PageContent, question: Question, items: list[AnsweredStatement]) -> str:
    cells, record = [], None if content.study is None else content.study.record
    for item in items:
        row = record_row(item.answer, record)
        holm = "" if item.p_holm is None else f"<p>p adjusted for all: {item.p_holm:.3f}</p>"
        cells.append(("", (asked_cell(row), standing_badge(row.standing) + holm, record_cell(row))))
    parts = {row.id: row.question for row in content.lenses}
    links = ", ".join(f'<a href="#lens-{safe(i)}">{safe(parts[i])}</a>' for i in question.rows if i in parts)
    bears = f"<p>Bears on: {links}</p>" if links else ""
    return (
        f'<section class="lens" id="question-{safe(question.id)}"><h3>{safe(question.question)}</h3>{bears}'
        + stacked(("Statement", "Answer", "Counts and tests"), cells, css="claims")
        + f"<p><strong>What can be said.</strong> {safe(_said(items))}</p>"
        f"<p><strong>What cannot.</strong> {safe(question.cannot_show)}</p></section>"
    )


def _said(items: list[AnsweredStatement]) -> str:
    """What the answers to one question come to, in a sentence; the same rule for every question."""
    standings = [record_row(item.answer).standing for item in items]
    agree, against, count = standings.count("yes"), standings.count("no"), len(items)
    if not agree and not against:
        return (
            f"Nothing either way: {_of(count, count)} could as well have come about by chance. That is no proof of the "
            "contrary; with so few cases only a strong link would show."
        )
    parts = [f"the record agrees with {_of(agree, count)}"] if agree else []
    parts += [f"it disagrees with {_of(against, count)}"] if against else []
    if left := count - agree - against:
        parts.append(f"it cannot tell for {left}")
    firm = sum(item.p_holm is not None and item.p_holm <= LARGEST_P for item in items)
    held = f"{firm} of these findings remain" if firm else "none of these findings remains"
    words = ", ".join(parts)
    return f"{words[:1].upper()}{words[1:]}. With all questions tested at once, {held}."


def _of(some: int, count: int) -> str:
    if count == 1:
        return "the one statement"
    return f"all {count} statements" if some == count else f"{some} of {count} statements"
