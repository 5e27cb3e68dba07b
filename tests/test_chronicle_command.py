"""``doubletalk chronicle`` as a user meets it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from test_cli import run

import doubletalk
from doubletalk.errors import InputError
from doubletalk.evidence.chronicle import load_chronicle
from doubletalk.evidence.coding import coded_record
from doubletalk.evidence.confirmations import load_confirmations

SHIPPED = Path(doubletalk.__file__).parent / "cases" / "belarus"
CONFIRMED = "event_id,fact,date_agrees,date_found,source_title,source_url,other_source,note\n"


def test_every_quarter_is_shown_with_the_lines_behind_it() -> None:
    """The view has a line for each of 71 quarters, names the lines of the chronicle, and the table of codings."""
    done = run("chronicle", "belarus", COLUMNS="160")
    assert (done.returncode, done.stderr) == (0, "")
    for quarter in coded_record(SHIPPED).quarters:
        assert f"\n{quarter} " in done.stdout
    assert "crack_down,court 121 117" in done.stdout
    assert "crack_down,alarm*" in done.stdout
    assert "2003-blr-defy-1" in done.stdout
    assert "Robustness to coding" in done.stdout


def test_one_quarter_is_shown_in_full() -> None:
    """A quarter gives moves with their rows, levels with what set them, each sentence, and what a second look found."""
    done = run("chronicle", "belarus", "--quarter", "2010-q4", COLUMNS="200")
    words = " ".join(done.stdout.split())
    assert "deed: crack_down; by 2010-12-blr-repress-1" in words
    assert "unrest in the quarter: mass" in words
    assert "confirmed by another page. Hundreds of protesters" in words
    assert "2010-10-blr-defy-1, line 115 (no rule uses it)" in words


def test_json_and_folder_hold_the_same(tmp_path: Path) -> None:
    """The JSON on standard output is the file's; the tables have a row for each quarter and each event."""
    done = run("chronicle", "belarus", "--json", "--out", "made", folder=tmp_path)
    content = json.loads(done.stdout)
    assert json.loads((tmp_path / "made" / "chronicle.json").read_text()) == content
    assert len(content["quarters"]) == 71
    assert len(content["events"]) == 272
    assert {row["coding"] for row in content["robustness"]} == {"coding-strict", "coding-first"}
    rows = list(csv.DictReader((tmp_path / "made" / "quarters.csv").read_text().splitlines()))
    assert [row["quarter"] for row in rows] == [q["quarter"] for q in content["quarters"]]
    assert [row["client"] for row in rows] == [q["moves"]["client"]["move"] for q in content["quarters"]]
    assert (tmp_path / "made" / "chronicle.svg").read_text().startswith("<svg")


def test_as_of_hides_what_came_later() -> None:
    """With an earlier date no later quarter and no later event appears."""
    done = run("chronicle", "belarus", "--as-of", "2012-01-15", "--json")
    content = json.loads(done.stdout)
    assert content["quarters"][-1]["quarter"] == "2011Q4"
    assert max(event["date"] for event in content["events"]) <= "2012-01-15"


def test_the_page_with_the_figure_opens_offline(tmp_path: Path) -> None:
    """The HTML holds its scripts and loads none; it has a tile for every quarter."""
    run("chronicle", "belarus", "--figure", "f.html", folder=tmp_path)
    page = (tmp_path / "f.html").read_text()
    assert "<script src=" not in page
    assert all(f'"{quarter}"' in page for quarter in coded_record(SHIPPED).quarters)


def test_export_and_import_are_one_round(tmp_path: Path) -> None:
    """What --export writes --import reads back; rows that fit nobody land in a file beside it, with the reason."""
    run("chronicle", "belarus", "--export", "plover", "--to", "out.tsv", folder=tmp_path)
    text = (
        (tmp_path / "out.tsv").read_text()
        + "x\t2021-01-01\tAID\t\t7\t\t\tBrazil\tBRA\tGOV\tBelarus\tBLR\tGOV"
        + "\t" * 9
    )
    (tmp_path / "out.tsv").write_text(text + "\n")
    done = run("chronicle", "belarus", "--import", "out.tsv", "--format", "plover", "--to", "in.csv", folder=tmp_path)
    assert done.returncode == 0
    assert "272 events; 1 rows left out" in done.stderr
    assert len(load_chronicle(tmp_path / "in.csv")) == 272
    (left,) = csv.DictReader((tmp_path / "in-left-out.csv").read_text().splitlines())
    assert (left["line"], "Brazil" in left["reason"]) == ("274", True)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("--quarter", "2021"), 2, "expected a quarter such as 2021Q2"),
        (("--quarter", "2004Q1"), 1, "2004Q1 is not coded; the coding covers 2006Q1 to 2023Q3"),
        (("--figure", "a.pdf"), 1, "found the ending '.pdf'"),
        (("--coding", "nosuch.yaml"), 1, "cannot be read"),
        (("--as-of", "soon"), 2, "expected a date"),
        (("--export", "plover"), 2, "say which file to write"),
        (("--export", "cameo", "--to", "x"), 2, "expected plover"),
        (("--import", "x", "--to", "y"), 2, "say which layout"),
        (("--import", "nosuch", "--format", "icews", "--to", "y"), 1, "cannot be read"),
    ],
)
def test_wrong_use_is_one_clear_error(tmp_path: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    """A wrong option ends with its exit code and says what was expected; nothing is written."""
    done = run("chronicle", "belarus", *arguments, folder=tmp_path)
    assert done.returncode == code
    assert message in " ".join(done.stderr.replace("│", " ").split())
    assert not list(tmp_path.iterdir())


def test_record_tests_are_shown_and_written(tmp_path: Path) -> None:
    """--tests gives every statement with its numbers; the table has raw and adjusted p, the figure is drawn."""
    done = run("chronicle", "belarus", "--tests", "--out", "made", folder=tmp_path, COLUMNS="160")
    assert "Does relief follow the release of prisoners?" in done.stdout
    rows = list(csv.DictReader((tmp_path / "made" / "tests.csv").read_text().splitlines()))
    assert f"adjusted for all {len(rows)} statements" in done.stdout
    assert len(rows) >= 15
    assert all(float(row["p_holm"]) >= float(row["p"]) for row in rows)
    assert (tmp_path / "made" / "tests.svg").read_text().startswith("<svg")


def test_shipped_confirmations_belong_to_events_and_say_what_failed() -> None:
    """At least 25 events were looked for, those not found are marked as such, and 'other page' is true."""
    chronicle = load_chronicle(SHIPPED / "chronicle.csv")
    found = load_confirmations(SHIPPED / "confirmations.csv", chronicle)
    assert len(found) >= 25
    assert any(c.words == "looked for, not found" for c in found.values())
    for event_id, confirmation in found.items():
        if confirmation.source_url:
            assert confirmation.other_source == (chronicle.by_id(event_id).source_url != confirmation.source_url)


def test_bad_confirmations_are_reported_row_by_row(tmp_path: Path) -> None:
    """An unknown event, a word that is none of the known, and a find without a page are reported together."""
    path = tmp_path / "confirmations.csv"
    path.write_text(
        CONFIRMED
        + "2010-12-blr-repress-9,yes,yes,,,https://a.org,yes,\n2010-12-blr-repress-1,maybe,yes,,,,yes,\n"
    )  # fmt: skip
    with pytest.raises(InputError, match="3 problems") as caught:
        load_confirmations(path, load_chronicle(SHIPPED / "chronicle.csv"))
    assert "did you mean '2010-12-blr-repress-1'" in str(caught.value)
    assert load_confirmations(tmp_path / "none.csv", load_chronicle(SHIPPED / "chronicle.csv")) == {}
