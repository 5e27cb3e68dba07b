"""Loading chronicles, series and calendars: what is read, and how every fault is reported."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

import doubletalk
from doubletalk.errors import InputError
from doubletalk.evidence.calendar import load_calendar
from doubletalk.evidence.chronicle import load_chronicle
from doubletalk.evidence.permutation import Plan, strata
from doubletalk.evidence.quarters import event_row
from doubletalk.evidence.record import load_record
from doubletalk.evidence.series import load_series
from doubletalk.evidence.vocabulary import STANDARD

HEAD = "date,date_precision,actor,target,action,intensity,summary,source_title,source_url,confidence\n"
GOOD = '2010-12-19,day,BLR,OPP,repress,3,"Arrests, many",Paper,https://example.org/a,sourced\n'
SHIPPED = Path(doubletalk.__file__).parent / "cases" / "belarus"


def _write(folder: Path, text: str | bytes, name: str = "chronicle.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_bad_row_is_reported_at_once(tmp_path: Path) -> None:
    """Each bad cell of every row is listed with line, column, what was found, and the nearest known word."""
    bad = "2010-13-01,day,BLR,OPP,repres,3,Text,,,recalled\n2011-01-05,month,BEL,OPP,release,9,,,ftp://x,guess\n"
    with pytest.raises(InputError) as caught:
        load_chronicle(_write(tmp_path, HEAD + GOOD + bad))
    text = str(caught.value)
    for part in (
        "8 problems in this chronicle",
        "line 3, column date: found '2010-13-01'",
        "column action: found 'repres'",
        "did you mean 'repress'?",
        "line 4, column date",
        "first day of the month",
        "column actor: found 'BEL'",
        "column intensity: found '9'",
        "column summary",
        "column source_url: found 'ftp://x'",
    ):
        assert part in text
    assert text.count("  line ") == 8


def test_twenty_problems_are_shown_and_the_rest_counted(tmp_path: Path) -> None:
    """A file with 25 bad rows shows 20 of them and says that there are 5 more."""
    with pytest.raises(InputError, match="25 problems") as caught:
        load_chronicle(_write(tmp_path, HEAD + GOOD.replace("repress", "rebel") * 25))
    assert str(caught.value).count("  line ") == 20
    assert "and 5 more" in str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (HEAD.replace("actor,", "").encode(), "missing column actor"),
        (HEAD.replace("actor,", "acter,").encode(), "did you mean 'actor'"),
        (HEAD.replace(",", ";").encode(), "comma-separated"),
        (HEAD.encode() + b"2010-01-01,\xff\n", "not UTF-8"),
        (HEAD.encode() + b'2010-01-01,day,"never closed\n', "quotation marks"),
        (HEAD.encode() + b"2010-01-01,day\n", "2 cells"),
    ],
)
def test_unreadable_files_say_why(tmp_path: Path, content: bytes, said: str) -> None:
    """Each way in which a file cannot be read has its own message."""
    with pytest.raises(InputError, match=said):
        load_chronicle(_write(tmp_path, content))


def test_missing_file_and_folder_are_input_errors(tmp_path: Path) -> None:
    """A path that is not a file gives an InputError, not an OSError."""
    for path in (tmp_path, tmp_path / "none.csv"):
        with pytest.raises(InputError, match="cannot be read"):
            load_chronicle(path)


def test_byte_order_mark_ids_and_filters(tmp_path: Path) -> None:
    """A byte-order mark is accepted, ids default to the line, and filters pick by every attribute."""
    text = HEAD + GOOD + "2011-08-01,month,BLR,OPP,release,1,Freed,,,recalled\n"
    found = load_chronicle(_write(tmp_path, b"\xef\xbb\xbf" + text.encode()))
    assert [e.id for e in found] == ["line2", "line3"]
    assert found.events[1].interval() == (dt.date(2011, 8, 1), dt.date(2011, 8, 31))
    assert len(found.select(actions={"release"}, intensities={1}, actors={"BLR"}, targets={"OPP"})) == 1
    assert len(found.select(since=dt.date(2011, 8, 1))) == 1
    assert len(found.select(until=dt.date(2010, 12, 18))) == 0


def test_a_case_may_add_words(tmp_path: Path) -> None:
    """A word unknown to the standard vocabulary is accepted once the case adds it."""
    path = _write(tmp_path, HEAD + GOOD.replace("repress", "rebel").replace("BLR", "XYZ"))
    assert len(load_chronicle(path, STANDARD.extended({"rebel": "rises"}, {"XYZ": "a land"}))) == 1


def test_series_answer_by_date(tmp_path: Path) -> None:
    """The latest value on or before a date, the values between two dates, and the nearest name for a wrong one."""
    head = "series,date,value,unit,source_title,source_url,confidence\n"
    rows = "held,2011-01-01,20,persons,,,recalled\nheld,2010-01-01,5,persons,,,recalled\n"
    series = load_series(_write(tmp_path, head + rows, "series.csv"))
    held = series.get("held")
    assert (held.latest(dt.date(2010, 12, 31)) or held.observations[1]).value == 5
    assert held.latest(dt.date(2009, 1, 1)) is None
    assert [o.value for o in held.between(dt.date(2010, 6, 1))] == [20]
    with pytest.raises(InputError, match="did you mean 'held'"):
        series.get("helt")
    with pytest.raises(InputError, match="found 'many'"):
        load_series(_write(tmp_path, head + rows.replace("20", "many"), "series.csv"))
    with pytest.raises(InputError, match="one value of 'held' a day"):
        load_series(_write(tmp_path, head + rows + rows.splitlines()[0] + "\n", "series.csv"))


def test_absent_calendar_means_no_elections(tmp_path: Path) -> None:
    """Without a file there are no votes; with one, presidential votes and referendums are the fixed ones."""
    assert load_calendar(tmp_path / "calendar.csv").votes == ()
    path = _write(tmp_path, "date,kind\n2010-12-19,presidential\n2012-09-23,parliamentary\n", "calendar.csv")
    assert [v.kind for v in load_calendar(path).fixed()] == ["presidential"]
    with pytest.raises(InputError, match="did you mean 'presidential'"):
        load_calendar(_write(tmp_path, "date,kind\n2010-12-19,president\n", "calendar.csv"))


def test_shipped_case_loads_whole() -> None:
    """The shipped record has 272 events up to October 2023; each becomes one plain row with its quarter and source."""
    record = load_record(SHIPPED)
    assert len(record.chronicle) == 272
    rows = [event_row(event) for event in record.chronicle]
    assert all(str(r["date"])[:4] == str(r["quarter"])[:4] for r in rows)
    assert len({r["id"] for r in rows}) == 272
    assert all(str(r["source_url"]).startswith("http") for r in rows if r["confidence"] == "sourced")


@pytest.mark.parametrize(
    ("found", "mend"),
    [
        ("2010-12", "(2010-12-01, with date_precision month)"),
        ("2010", "(2010-01-01, with date_precision year)"),
        ("19.12.2010", "(2010-12-19)"),
        ("12/19/2010", "(2010-12-19)"),
        ("01/02/2010", "the year first"),
        ("2010-2-3", "(2010-02-03)"),
        ("9999-12-31", "before the year 3000"),
        ("2010-02-30", "a day that the calendar has"),
        ("40531", "a spreadsheet's number"),
        ("soon", "a date as YYYY-MM-DD"),
    ],
)
def test_a_wrong_date_is_told_how_to_be_written(tmp_path: Path, found: str, mend: str) -> None:
    """Whatever can be meant is proposed; where it is not clear, nothing is guessed."""
    with pytest.raises(InputError) as caught:
        load_chronicle(_write(tmp_path, HEAD + GOOD.replace("2010-12-19", found)))
    assert f"line 2, column date: found '{found}', expected a date as YYYY-MM-DD" in str(caught.value)
    assert mend in str(caught.value)


def test_the_first_day_of_a_month_is_named_and_other_marks_are(tmp_path: Path) -> None:
    """A day in a month-only date is told the day to write; a file of another program's the mark that parts it."""
    with pytest.raises(InputError, match="the first day of the month, 2010-12-01"):
        load_chronicle(_write(tmp_path, HEAD + GOOD.replace(",day,", ",month,")))
    with pytest.raises(InputError, match="parted by ';', expected a comma"):
        load_chronicle(_write(tmp_path, (HEAD + GOOD).replace(",", ";")))
    with pytest.raises(InputError, match=r"chronicle\.csv:1: a zero byte"):
        load_chronicle(_write(tmp_path, (HEAD + GOOD).encode("utf-16")))


def test_eras_and_fixed_votes_are_the_case_s_own(tmp_path: Path) -> None:
    """A case without eras has one; ``eras`` parts the months; ``fixed`` makes a parliamentary vote one that is held."""
    rows = "".join(GOOD.replace("2010-12-19", f"{year}-05-01") for year in (2001, 2012))
    _write(tmp_path, HEAD + rows)
    _write(tmp_path, "date,kind,fixed\n2005-06-01,parliamentary,yes\n2008-06-01,presidential,no\n", "calendar.csv")
    record = load_record(tmp_path)
    assert [vote.date.year for vote in record.calendar.fixed()] == [2005]
    era, stratum = strata(record, Plan())
    assert set(era.tolist()) == {0}
    assert int(stratum.sum()) == 13
    _write(tmp_path, "doubletalk_case: 1\neras: [2004-01-01]\n", "case.yaml")
    era, _ = strata(load_record(tmp_path), Plan())
    assert era.tolist() == [0] * 32 + [1] * (len(era) - 32)
    assert load_record(SHIPPED).eras == (dt.date(2004, 1, 1), dt.date(2020, 1, 1))
    _write(tmp_path, "eras: [2004-01-01, 2003-01-01]\n", "case.yaml")
    with pytest.raises(InputError, match=r"case.yaml:1: eras: expected dates as YYYY-MM-DD, earliest first"):
        load_record(tmp_path)
    _write(tmp_path, "date,kind,fixed\n2005-06-01,parliamentary,maybe\n", "calendar.csv")
    with pytest.raises(InputError, match="column fixed: found 'maybe', expected one of yes, no"):
        load_calendar(tmp_path / "calendar.csv")
