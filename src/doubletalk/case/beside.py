"""What lies beside the games of a case: its record, the questions put to it, the ways of coding it, a saved fit.

All of it is read and looked up before anything is solved, so that a wrong name costs no work.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from doubletalk.case.posterior_plan import check_posterior_claims
from doubletalk.errors import InputError
from doubletalk.game.nodes import shown_path
from doubletalk.game.wording import nearest, unknown

if TYPE_CHECKING:
    from doubletalk.case.loading import Case
    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.evidence.lenses_table import TellsApart
    from doubletalk.evidence.questions import Question
    from doubletalk.evidence.record import Record

__all__ = ["Beside", "coding_files", "read_beside", "table_rows"]


@dataclass(frozen=True)
class Beside:
    """The record, the table of what would tell the sides apart, the questions, and the record under each coding."""

    record: Record
    table: TellsApart | None
    questions: tuple[Question, ...]
    codings: tuple[CodedRecord, ...]


def read_beside(case: Case, fit: Path | None = None) -> Beside | None:
    """What lies beside a case with a record; None without one. Raises InputError with file and line.

    fit  a saved fit that is going to be read: it has to be one of this case
    """
    if not case.record:
        if fit is not None:
            raise InputError("the case has no record (record: true in case.yaml), so no fit is of it", str(fit))
        return None
    from doubletalk.evidence.coding import coded_record
    from doubletalk.evidence.lenses_table import load_tells_apart
    from doubletalk.evidence.questions import QUESTIONS_FILE, load_questions
    from doubletalk.evidence.record import load_record

    record = load_record(case.folder, case.as_of)
    words, series = record.vocabulary, record.series
    table = None if case.tells_apart is None else load_tells_apart(case.tells_apart, words, series)
    rows = None if table is None else [row.id for row in table.rows]
    place = case.folder / QUESTIONS_FILE
    questions = load_questions(place, words, series, rows) if place.is_file() else ()
    files = coding_files(case.folder)
    codings = tuple(coded_record(case.folder, name, case.as_of) for name in files)
    for name, coded in zip(files, codings, strict=True):
        _check_names(case, name, coded)
    if codings:
        _check_quarters(case, codings[0].quarters)
    if fit is not None:
        _check_fit(case, fit, codings)
    return Beside(record, table, questions, codings)


def _check_names(case: Case, file: Path, coded: CodedRecord) -> None:
    """A name of a coding that the long game lacks but for its spelling is an error; others make another coding."""
    if case.long is None:
        return
    game = case.long.game
    own = {a.name: tuple(a.moves) for a in game.actors}, {v.name: tuple(v.levels) for v in game.variables}
    for what, part, ours, theirs in (
        ("actor", "move", own[0], coded.moves), ("state variable", "level", own[1], coded.variables)
    ):  # fmt: skip
        pairs = [(what, name, tuple(ours)) for name in theirs]
        pairs += [(f"{part} of {n}", word, ours[n]) for n, words in theirs.items() if n in ours for word in words]
        for kind, name, known in pairs:
            if name not in known and nearest(name, known) not in (None, *theirs):
                told = unknown(f"{kind} of the long game", name, known)
                raise InputError(told, shown_path(case.folder / file))


def _check_quarters(case: Case, quarters: Collection[str]) -> None:
    """Every quarter that a posterior claim names is one that the coding has."""
    if case.long is not None and case.claims_file is not None:
        asked = [(c.id, str(c.statement), c.statement_line) for c in case.claims if c.kind == "posterior"]
        check_posterior_claims(case.claims_file, asked, case.lenses, case.long.game, quarters)


def _check_fit(case: Case, fit: Path, codings: tuple[CodedRecord, ...]) -> None:
    from doubletalk.case.long_study import needs_jax

    if missing := needs_jax():
        raise InputError(f"a saved fit speaks for the long game, which cannot be solved here: {missing}", str(fit))
    from doubletalk.case.posterior_claims import usual_lens
    from doubletalk.case.posterior_study import saved_fit

    if case.long is None or case.lenses is None:
        raise InputError("the case has no long game (longgame: in case.yaml), so no fit is of it", str(fit))
    if not codings:
        raise InputError("the case has no coding.yaml, so no fit is of its record", str(fit))
    saved_fit(case, usual_lens(case.lenses), codings[0].quarters, fit, codings[0])


def table_rows(folder: Path) -> tuple[str, ...] | None:
    """The ids of the rows of the table that case.yaml names, for a command that reads no more of it; None without."""
    from doubletalk.case.reader import Reader
    from doubletalk.evidence.lenses_table import load_tells_apart
    from doubletalk.game.nodes import Scalar

    if not (folder / "case.yaml").is_file():
        return None
    named = Reader(folder / "case.yaml").top.entries.get("tells_apart")
    if not isinstance(named, Scalar) or not (folder / named.text).is_file():
        return None
    return tuple(row.id for row in load_tells_apart(folder / named.text).rows)


def coding_files(folder: Path) -> tuple[Path, ...]:
    """``coding.yaml`` and then every ``coding-*.yaml`` of the folder, by name; () without the first."""
    from doubletalk.evidence.coding_file import CODING_FILE

    if not (folder / CODING_FILE).is_file():
        return ()
    return (Path(CODING_FILE), *(Path(p.name) for p in sorted(folder.glob("coding-*.yaml"))))
