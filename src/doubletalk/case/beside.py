"""What lies beside a record in a case folder: questions put to it without a model, and ways of coding it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.evidence.questions import AnsweredStatement
    from doubletalk.evidence.record import Record

__all__ = ["all_codings", "all_questions", "coding_files"]


def all_questions(folder: Path, record: Record) -> tuple[AnsweredStatement, ...]:
    """The answers to ``questions.yaml``; () without one. Raises InputError with file and line."""
    from doubletalk.evidence.questions import QUESTIONS_FILE, ask, load_questions

    place = folder / QUESTIONS_FILE
    return ask(load_questions(place), record) if place.is_file() else ()


def coding_files(folder: Path) -> tuple[Path, ...]:
    """``coding.yaml`` and then every ``coding-*.yaml`` of the folder, by name; () without the first."""
    from doubletalk.evidence.coding_file import CODING_FILE

    if not (folder / CODING_FILE).is_file():
        return ()
    return (Path(CODING_FILE), *(Path(p.name) for p in sorted(folder.glob("coding-*.yaml"))))


def all_codings(folder: Path, as_of: dt.date | None) -> tuple[CodedRecord, ...]:
    """The record under each coding of the folder, the first the one that is used."""
    from doubletalk.evidence.coding import coded_record

    return tuple(coded_record(folder, name, as_of) for name in coding_files(folder))
