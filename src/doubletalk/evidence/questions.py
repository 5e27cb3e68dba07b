"""Questions put to a record without a model: each a few statements, answered together with their uncertainty.

The questions are data (``questions.yaml`` in a case folder): an id, the question, the statements, and what the record
cannot show. All statements of a file are taken together for Holm's adjustment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from doubletalk.errors import InputError
from doubletalk.evidence.language import RecordAnswer, check_statement, evaluate_record
from doubletalk.evidence.measures import Response
from doubletalk.evidence.permutation import Plan
from doubletalk.evidence.record import Record
from doubletalk.evidence.series import SeriesSet
from doubletalk.evidence.statements import parse_statement
from doubletalk.evidence.statistics import DEFAULT_PLAN
from doubletalk.evidence.uncertainty import exact_interval, holm
from doubletalk.evidence.vocabulary import Vocabulary
from doubletalk.evidence.vocabulary_file import vocabulary_of
from doubletalk.game.fields import check_keys, items, label, required, table
from doubletalk.game.nodes import Scalar, read_nodes, read_text, shown_path
from doubletalk.game.wording import unknown

__all__ = ["QUESTIONS_FILE", "AnsweredStatement", "Question", "ask", "load_questions", "share_interval",
           "statement_row"]  # fmt: skip

QUESTIONS_FILE = "questions.yaml"


@dataclass(frozen=True)
class Question:
    """A question, the statements by which the record is asked, and what their answers leave open.

    rows  ids of the rows of the table 'what would tell them apart' that it bears on
    """

    id: str
    question: str
    statements: tuple[str, ...]
    cannot_show: str
    rows: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnsweredStatement:
    """A statement's answer with its uncertainty.

    interval  Clopper-Pearson, 90 per cent, of a share of triggers; None where the left side is no such share
    p_holm    p adjusted for all statements of the file; None where nothing could be tested
    """

    question: Question
    answer: RecordAnswer
    interval: tuple[float, float] | None
    p_holm: float | None


def load_questions(
    path: str | Path,
    vocabulary: Vocabulary | None = None,
    series: SeriesSet | None = None,
    known_rows: Collection[str] | None = None,
) -> tuple[Question, ...]:
    """Read the questions; every statement is parsed, and a wrong one is reported with its line.

    series, known_rows  those that a statement and ``rows`` may name; any where None
    """
    file = Path(path)
    shown = shown_path(file)
    known = vocabulary or vocabulary_of(file.parent)
    line: int | None = None
    if not file.exists():
        raise InputError("the case has no questions to ask its record; write the file, see docs/record.md", shown)
    try:
        top = table(read_nodes(read_text(file)), "the file of questions")
        check_keys(top, "the file of questions", ("questions",))
        out = []
        for node in items(required(top, "questions", "the file of questions"), "questions"):
            entry, what = table(node, "a question"), "a question"
            check_keys(entry, what, ("id", "question", "statements", "cannot_show", "rows"))
            texts = [required(entry, key, what) for key in ("id", "question", "cannot_show")]
            name, question, cannot = (" ".join(t.text.split()) if isinstance(t, Scalar) else "" for t in texts)
            label(texts[0], f"{what}, id")
            statements = []
            for item in items(required(entry, "statements", what), f"{what}, statements"):
                line = item.line
                statement = item.text if isinstance(item, Scalar) else ""
                check_statement(statement, known, series)
                statements.append(" ".join(statement.split()))
            line = None
            named = items(entry.entries["rows"], f"{what}, rows") if "rows" in entry.entries else ()
            rows = tuple(label(item, f"{what}, rows") for item in named)
            for item, row in zip(named, rows, strict=True):
                if known_rows is not None and row not in known_rows:
                    told = unknown("row of the table 'what would tell them apart'", row, known_rows)
                    raise InputError(f"question '{name}', rows: {told}", line=item.line)
            out.append(Question(name, question, tuple(statements), cannot, rows))
    except InputError as wrong:
        raise InputError(wrong.message, shown, wrong.line or line) from None
    return tuple(out)


def ask(
    questions: tuple[Question, ...],
    record: Record,
    plan: Plan = DEFAULT_PLAN,
    progress: Callable[[float, str], None] | None = None,
) -> tuple[AnsweredStatement, ...]:
    """Every statement answered, in order; p-values adjusted for all of them together."""
    asked = [(question, statement) for question in questions for statement in question.statements]
    answers = []
    for k, (question, statement) in enumerate(asked):
        if progress is not None:
            progress(k / len(asked), question.id)
        answers.append(evaluate_record(statement, record, plan))
    adjusted = holm([answer.p for answer in answers])
    return tuple(
        AnsweredStatement(question, answer, share_interval(answer, record), p)
        for (question, _), answer, p in zip(asked, answers, adjusted, strict=True)
    )


def statement_row(item: AnsweredStatement) -> dict[str, Any]:
    """One answer as plain values, for JSON and CSV; numbers that are not defined are None."""
    answer = item.answer
    low, high = item.interval or (None, None)
    return {
        "question": item.question.id,
        "statement": answer.statement,
        "verdict": answer.verdict.value,
        "left": answer.left,
        "right": answer.right,
        "low": low,
        "high": high,
        "numerator": answer.accounts[0].numerator if answer.accounts else None,
        "denominator": answer.accounts[0].denominator if answer.accounts else None,
        "p": answer.p,
        "p_error": answer.chance.error if answer.chance else None,
        "p_clusters": answer.shift.p if answer.shift else None,
        "p_holm": item.p_holm,
        "reason": answer.reason,
    }


def share_interval(answer: RecordAnswer, record: Record) -> tuple[float, float] | None:
    """The exact 90 per cent interval of the left side where it is a share of triggers, else None."""
    left = parse_statement(answer.statement, record.vocabulary).left
    if not (isinstance(left, Response) and left.how == "share") or not answer.accounts[0].denominator:
        return None
    return exact_interval(int(answer.accounts[0].numerator), int(answer.accounts[0].denominator))
