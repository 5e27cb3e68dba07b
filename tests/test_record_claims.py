"""Claims about a record: read when the case is, in its own words, so that a wrong one costs no solve."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from doubletalk.case.finding import find_case
from doubletalk.case.loading import load_case
from doubletalk.errors import InputError
from doubletalk.evidence.language import RecordVerdict, evaluate_record
from doubletalk.evidence.record import Record, load_record

CHRONICLE = """\
date,date_precision,actor,target,action,intensity,summary,source_title,source_url,confidence
1955-03-02,day,VAR,LGE,blockade,3,The straits were shut.,Gazette,,sourced
1955-05-01,month,LGE,VAR,sanction,2,Ships turned away.,Gazette,,sourced
"""
WORDS = """\
doubletalk_vocabulary: 1
actions: {blockade: ships are stopped}
actors: {VAR: Varda, LGE: The League}
"""
SERIES = "series,date,value,unit,source_title,source_url,confidence\nships,1955-04-01,4,ships,Gazette,,sourced\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The firm's case with the record of an invented dispute."""
    place = tmp_path / "case"
    shutil.copytree(find_case("firm"), place)
    for name, text in (("chronicle.csv", CHRONICLE), ("vocabulary.yaml", WORDS), ("series.csv", SERIES)):
        (place / name).write_text(text, encoding="utf-8")
    (place / "case.yaml").write_text((place / "case.yaml").read_text(encoding="utf-8") + "record: true\n", "utf-8")
    return place


def _claim(folder: Path, statement: str) -> int:
    """Add a claim; the line of its statement."""
    file = folder / "claims.yaml"
    text = file.read_text(encoding="utf-8").rstrip("\n") + "\n"
    claim = f'  - id: r1\n    who: doubt\n    says: So it went.\n    statement: "{statement}"\n'
    file.write_text(text + claim, encoding="utf-8")
    return text.count("\n") + 4


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("record: count(blokade) > 1", "did you mean 'blockade'"),
        ("record: count(blockade by VARD) > 1", "did you mean 'VAR'"),
        ("record: latest(shps) > 1", "there is no series 'shps'; did you mean 'ships'"),
        ("record: expected > expected", "'expected' stands alone"),
        ("record: rate(blockade) > 1/2", "how many months"),
        ("record: count(blockade) => 1", "expected a number or a measure"),
        ("recrod: count(blockade) > 1", "did you mean 'record:'"),
    ],
)
def test_a_wrong_statement_is_found_when_the_case_is_read(folder: Path, statement: str, said: str) -> None:
    """One error with the file, the line of the statement, the claim, and the nearest known word."""
    line = _claim(folder, statement)
    with pytest.raises(InputError) as caught:
        load_case(folder)
    assert f"claims.yaml:{line}: claim 'r1': " in str(caught.value)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("statement", "holds"),
    [
        ("latest(ships) < 4", False),
        ("latest(ships) <= 4", True),
        ("latest(ships) = 4", True),
        ("latest(ships) != 4", False),
        ("latest(ships) >= 4", True),
        ("latest(ships) > 4", False),
    ],
)
def test_every_comparison_is_read_and_a_statement_and_its_opposite_part(
    folder: Path, statement: str, holds: bool
) -> None:
    """All six comparisons of a recorded quantity with a number."""
    _claim(folder, f"record: {statement}")
    assert load_case(folder).claims[-1].kind == "record"
    answer = evaluate_record(f"record: {statement}", load_record(folder))
    assert answer.holds is holds
    assert answer.verdict is (RecordVerdict.AGREES if holds else RecordVerdict.DISAGREES)


@pytest.mark.parametrize(
    "statement",
    [
        "count(repress) > 0",
        "count(repress) = 0",
        "count(repress) != 0",
        "count(repress) < count(release)",
        "rate(repress within 6 months after sanction) > base",
        "rate(sanction within 6 months after repress) < base",
        "mean(repress within 6 months after release) > mean(repress within 6 months before release)",
        "together(repress, release) > expected",
        "first(repress, release within 3 months) > 1/2",
        "latest(ships until 1950) > 1",
        "latest(ships until 1950) <= 1",
        "growing(ships) > 1/2",
    ],
)
def test_what_is_not_in_the_record_is_not_decided(folder: Path, statement: str) -> None:
    """No event, no value: neither a statement nor its opposite is answered, and nothing fails."""
    record: Record = load_record(folder)
    answer = evaluate_record(f"record: {statement}", record)
    assert answer.verdict is RecordVerdict.CANNOT_TELL
    assert answer.reason
