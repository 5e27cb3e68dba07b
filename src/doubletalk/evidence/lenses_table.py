"""What would tell two readings of a record apart: a table of questions, answered from the record.

The rows are data (``tells_apart.yaml`` in a case folder): each question, what each side expects, the statements to be
asked, which answer each side expects of each, and what the record cannot show. Nothing here knows which side is which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from doubletalk.errors import InputError
from doubletalk.evidence.language import RecordAnswer, RecordVerdict, check_statement, evaluate_record
from doubletalk.evidence.permutation import Plan
from doubletalk.evidence.record import Record
from doubletalk.evidence.series import SeriesSet
from doubletalk.evidence.statistics import DEFAULT_PLAN
from doubletalk.evidence.uncertainty import holm
from doubletalk.evidence.vocabulary import Vocabulary
from doubletalk.evidence.vocabulary_file import vocabulary_of
from doubletalk.game.wording import unknown

__all__ = ["AnsweredRow", "Asked", "TableRow", "TellsApart", "answer_table", "load_tells_apart"]

EXPECTATIONS = ("agrees", "disagrees", "even", "silent")
"""What a side may expect: that the record agrees, that it disagrees, that neither side of the comparison stands out, or
nothing at all."""


@dataclass(frozen=True)
class Asked:
    """A statement and what each side expects of the record, each one of ``EXPECTATIONS``.

    ``even`` fails when the record agrees and when it disagrees; as few cases show no evenness, it is open otherwise.
    """

    statement: str
    expects: Mapping[str, str]


@dataclass(frozen=True)
class TableRow:
    """A question, each side's answer in words, the statements, and what they cannot show."""

    id: str
    question: str
    sides: Mapping[str, str]
    look_at: str
    asked: tuple[Asked, ...]
    cannot_show: str


@dataclass(frozen=True)
class TellsApart:
    """The whole table: the sides by key with their names, and the rows."""

    sides: Mapping[str, str]
    rows: tuple[TableRow, ...]


@dataclass(frozen=True)
class AnsweredRow:
    """A row with the record's answers.

    met  for each side: how many of its expectations the record met, failed, and left open
    """

    row: TableRow
    answers: tuple[RecordAnswer, ...]
    met: Mapping[str, tuple[int, int, int]]
    shows: str


def load_tells_apart(
    path: str | Path, vocabulary: Vocabulary | None = None, series: SeriesSet | None = None
) -> TellsApart:
    """Read the table; every statement is parsed, so a wrong one is reported with the row that holds it.

    series  those that a statement may name; any where None
    """
    file = Path(path)
    known = vocabulary or vocabulary_of(file.parent)
    try:
        data = yaml.safe_load(file.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise InputError(f"the table cannot be read: {error}", str(file)) from error
    top = _mapping(data, "the file", ("sides", "rows"), file)
    sides = {str(k): str(v) for k, v in _mapping(top["sides"], "sides", (), file).items()}
    if not sides or not isinstance(top["rows"], list) or not top["rows"]:
        raise InputError("the table needs at least one side and a list of rows", str(file))
    rows = tuple(_row(item, f"row {i}", sides, file, known, series) for i, item in enumerate(top["rows"], 1))
    return TellsApart(sides, rows)


def _mapping(value: Any, where: str, keys: tuple[str, ...], file: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InputError(f"{where}: found {value!r}, expected keys and values", str(file))
    for key in value if keys else ():
        if key not in keys:
            raise InputError(f"{where}: {unknown('key', str(key), keys)}", str(file))
    for key in keys:
        if key not in value:
            raise InputError(f"{where}: {key!r} is missing; it has {', '.join(keys)}", str(file))
    return value


def _row(
    value: Any, where: str, sides: Mapping[str, str], file: Path, vocabulary: Vocabulary, series: SeriesSet | None
) -> TableRow:
    data = _mapping(value, where, ("id", "question", "expects", "look_at", "statements", "cannot_show"), file)
    where = f"row {data['id']!r}"
    said = _mapping(data["expects"], f"{where}, expects", tuple(sides), file)
    if not isinstance(data["statements"], list) or not data["statements"]:
        raise InputError(f"{where}: statements must be a list with at least one", str(file))
    asked = []
    for item in data["statements"]:
        part = _mapping(item, f"{where}, statements", ("statement", *sides), file)
        for side in sides:
            if part[side] not in EXPECTATIONS:
                wrong = unknown("expectation", str(part[side]), EXPECTATIONS)
                raise InputError(f"{where}: {side}: {wrong}, in {part['statement']!r}", str(file))
        try:
            check_statement(str(part["statement"]), vocabulary, series)
        except InputError as error:
            raise InputError(f"{where}: {error.message}", str(file)) from error
        asked.append(Asked(str(part["statement"]), {side: part[side] for side in sides}))
    return TableRow(
        str(data["id"]),
        str(data["question"]),
        {k: str(v) for k, v in said.items()},
        str(data["look_at"]),
        tuple(asked),
        " ".join(str(data["cannot_show"]).split()),
    )


def answer_table(table: TellsApart, record: Record, plan: Plan = DEFAULT_PLAN) -> tuple[AnsweredRow, ...]:
    """Every row with the record's answers and a tally for each side, reckoned the same way for all.

    Verdicts and tallies use the raw p-values; Holm's, for all statements of the table, stand beside them.
    """
    answers = [evaluate_record(a.statement, record, plan) for row in table.rows for a in row.asked]
    tested = sum(answer.p is not None for answer in answers)
    adjusted = iter([_adjusted(a, p, tested) for a, p in zip(answers, holm([a.p for a in answers]), strict=True)])
    return tuple(_answered(row, table, tuple(islice(adjusted, len(row.asked)))) for row in table.rows)


def _adjusted(answer: RecordAnswer, p: float | None, tested: int) -> RecordAnswer:
    """The answer with Holm's p-value for all statements of the table, also in its words."""
    if p is None or answer.p is None:
        return answer
    told = f" Adjusted for the {tested} statements of the table (Holm): p = {p:.3f} in place of {answer.p:.3f}."
    return replace(answer, p_holm=p, words=answer.words + told)


def _answered(row: TableRow, table: TellsApart, answers: tuple[RecordAnswer, ...]) -> AnsweredRow:
    met = {side: _tally(side, row, answers) for side in table.sides}
    open_ = sum(a.verdict is RecordVerdict.CANNOT_TELL for a in answers)
    told = f"Of {len(answers)} statements the record answers {len(answers) - open_} and cannot tell {open_}."
    parts = [f"{table.sides[s]}: {m} expectation(s) met, {f} failed, {o} open." for s, (m, f, o) in met.items()]
    return AnsweredRow(row, answers, met, " ".join([told, *parts]))


def _tally(side: str, row: TableRow, answers: tuple[RecordAnswer, ...]) -> tuple[int, int, int]:
    met = failed = open_ = 0
    for asked, answer in zip(row.asked, answers, strict=True):
        wanted = {"agrees": RecordVerdict.AGREES, "disagrees": RecordVerdict.DISAGREES}.get(asked.expects[side])
        if asked.expects[side] == "silent":
            continue
        if answer.verdict not in (RecordVerdict.AGREES, RecordVerdict.DISAGREES):
            open_ += 1
        elif answer.verdict is wanted:
            met += 1
        else:
            failed += 1
    return met, failed, open_
