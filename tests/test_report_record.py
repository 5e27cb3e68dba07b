"""The report's sections on the record: questions without a model, and robustness to coding."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from types import SimpleNamespace

import pytest

from doubletalk.case.beside import coding_files
from doubletalk.evidence.coding import coded_record
from doubletalk.evidence.coding_compare import robustness as agreement
from doubletalk.evidence.lenses_table import load_tells_apart
from doubletalk.evidence.permutation import Plan
from doubletalk.evidence.questions import ask, load_questions
from doubletalk.evidence.record import load_record
from doubletalk.report.page_content import PageContent
from doubletalk.report.sections.questions import questions
from doubletalk.report.sections.robustness import robustness

SHIPPED = Path(__file__).parents[1] / "cases" / "belarus"


def _content(**found: object) -> PageContent:
    return PageContent("title", "", "", study=SimpleNamespace(**{"codings": (), "questions": (), **found}))  # type: ignore[arg-type]


def test_every_row_that_tells_the_sides_apart_has_a_question() -> None:
    """Each row of tells_apart.yaml is borne on by a question of questions.yaml, and no question names another row."""
    rows = {row.id for row in load_tells_apart(SHIPPED / "tells_apart.yaml").rows}
    assert {row for q in load_questions(SHIPPED / "questions.yaml") for row in q.rows} == rows


def test_the_section_on_questions_shows_every_statement_and_what_cannot_be_shown() -> None:
    """Each question has its statements, what can and what cannot be said; the CSV has one row for each statement."""
    asked = load_questions(SHIPPED / "questions.yaml")[:2]
    record = load_record(SHIPPED)
    answered = ask(asked, record, Plan(draws=50))
    section = questions(_content(questions=answered, record=record))
    assert section is not None
    assert "The share of easings of sanctions by western actors with major acts of repression in the 24" in section.body
    assert section.body.count("<dt>90% interval</dt>") == sum(item.interval is not None for item in answered) == 2
    assert section.body.count("What can be said") == section.body.count("What cannot.") == 2
    rows = list(csv.DictReader(io.StringIO(section.files["questions.csv"])))
    assert [row["statement"] for row in rows] == [item.answer.statement for item in answered]


def test_robustness_shows_each_further_coding_against_the_first() -> None:
    """The section has a row for every actor and variable of each further coding, with the numbers of ``robustness``."""
    codings = tuple(coded_record(SHIPPED, name) for name in coding_files(SHIPPED))
    section = robustness(_content(codings=codings))
    assert section is not None
    rows = agreement(codings)
    assert len(rows) > 0
    assert all(f"{row['same']} of {row['quarters']}<br>{row['kappa']:.2f}" in section.body for row in rows)
    written = list(csv.DictReader(io.StringIO(section.files["robustness.csv"])))
    assert [int(row["same"]) for row in written] == [row["same"] for row in rows]


@pytest.mark.parametrize("make", [questions, robustness])
def test_a_case_without_them_has_no_such_section(make) -> None:  # type: ignore[no-untyped-def]
    """Without questions, or with one coding only, the section is left out."""
    assert make(_content()) is None


def test_codings_are_found_by_name(tmp_path: Path) -> None:
    """coding.yaml comes first, then the others by name; without it there are none."""
    (tmp_path / "coding-b.yaml").write_text("")
    assert coding_files(tmp_path) == ()
    (tmp_path / "coding.yaml").write_text("")
    assert [str(p) for p in coding_files(tmp_path)] == ["coding.yaml", "coding-b.yaml"]
