"""The record of the Belarus case: shapes, vocabularies, dates, sources and keys."""

from __future__ import annotations

import csv
import datetime as dt
import re
from collections import Counter
from pathlib import Path

import pytest

CASE = Path(__file__).parents[1] / "src" / "doubletalk" / "cases" / "belarus"
LAST_DAY = dt.date(2023, 10, 10)
CHRONICLE = ["id", "date", "date_precision", "actor", "target", "action", "intensity", "summary", "source_title",
             "source_url", "confidence"]
ACTORS = {"BLR", "RUS", "EU", "USA", "WEST", "POL", "LTU", "UKR", "OPP", "OTHER"}
ACTIONS = {"repress", "release", "ease", "sanction", "lift", "engage", "demand", "support", "squeeze", "integrate",
           "defy", "provoke", "court", "alarm", "plead"}
FILES = ("chronicle.csv", "series.csv", "calendar.csv")


def rows(name: str) -> list[dict[str, str]]:
    with (CASE / name).open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_chronicle_has_its_272_events_and_eleven_columns() -> None:
    """No event of the record was lost or added, and the columns are the documented ones."""
    events = rows("chronicle.csv")
    assert len(events) == 272
    assert list(events[0]) == CHRONICLE
    assert all(None not in e and None not in e.values() for e in events)


def test_chronicle_uses_only_the_documented_words() -> None:
    """Actors, targets, actions, intensities and precisions come from the fixed vocabularies; every action occurs."""
    events = rows("chronicle.csv")
    assert {e["actor"] for e in events} | {e["target"] for e in events} <= ACTORS
    assert {e["action"] for e in events} == ACTIONS
    assert {e["intensity"] for e in events} == {"1", "2", "3"}
    assert {e["date_precision"] for e in events} <= {"day", "month", "year"}


def test_chronicle_counts_by_confidence_and_precision() -> None:
    """Nine events are recalled, 263 sourced; a month-only date is the first of its month, a year-only of its year."""
    events = rows("chronicle.csv")
    assert Counter(e["confidence"] for e in events) == {"sourced": 263, "recalled": 9}
    assert all(e["date"].endswith("-01") for e in events if e["date_precision"] == "month")
    assert all(e["date"].endswith("-01-01") for e in events if e["date_precision"] == "year")


def test_chronicle_ids_are_unique_and_say_what_they_name() -> None:
    """Ids are unique and agree with the date, actor and action of their row."""
    events = rows("chronicle.csv")
    assert len({e["id"] for e in events}) == len(events)
    for e in events:
        period = e["date"][:4] if e["date_precision"] == "year" else e["date"][:7]
        assert re.fullmatch(rf"{period}-{e['actor'].lower()}-{e['action']}-[1-9]\d*", e["id"]), e["id"]


def test_chronicle_summaries_are_distinct_sentences_of_fair_length() -> None:
    """A summary has 40 to 260 characters, ends in a full stop and occurs once."""
    summaries = [e["summary"] for e in rows("chronicle.csv")]
    assert len(set(summaries)) == len(summaries)
    assert not [s for s in summaries if not 40 <= len(s) <= 260 or not s.endswith(".") or s != s.strip()]


@pytest.mark.parametrize("name", FILES)
def test_every_row_has_a_date_within_the_record(name: str) -> None:
    """Dates are ISO dates; none is later than the dispute of October 2023, and events and votes are in order."""
    dates = [dt.date.fromisoformat(r["date"]) for r in rows(name)]
    assert max(dates) <= LAST_DAY
    assert name == "series.csv" or (dates == sorted(dates) and dates[0].year == 1994)


@pytest.mark.parametrize("name", FILES)
def test_every_row_has_a_confidence_and_sourced_rows_have_an_address(name: str) -> None:
    """A sourced row names its page and the page's address; a row without an address is recalled."""
    for r in rows(name):
        assert r["confidence"] in {"sourced", "recalled"}, r
        if r["confidence"] == "sourced":
            assert r["source_title"], r
            assert re.match(r"https?://\S+$", r["source_url"]), r


def test_series_are_numbers_with_units_and_no_repeated_point() -> None:
    """122 points; each value is a number with a unit; no series has two values for one date."""
    points = rows("series.csv")
    assert len(points) == 122
    assert all(float(p["value"]) == float(p["value"]) and p["unit"] and p["series"] for p in points)
    assert len({(p["series"], p["date"]) for p in points}) == len(points)
    assert {"political_prisoners", "eu_listed_persons", "gas_price_usd_per_1000m3"} <= {p["series"] for p in points}


def test_calendar_lists_six_presidential_elections_and_four_referendums() -> None:
    """The years of the presidential elections and of the referendums are those on record; all but 1994's first round, a
    Thursday, were held on a Sunday."""
    votes = rows("calendar.csv")
    years = {k: sorted({v["date"][:4] for v in votes if v["kind"] == k}) for k in {v["kind"] for v in votes}}
    assert years == {
        "presidential": ["1994", "2001", "2006", "2010", "2015", "2020"],
        "referendum": ["1995", "1996", "2004", "2022"],
        "parliamentary": ["1995", "2000", "2004", "2008", "2012", "2016", "2019"],
    }
    assert [v["date"] for v in votes if dt.date.fromisoformat(v["date"]).weekday() != 6] == ["1994-06-23"]
    assert len({v["id"] for v in votes}) == len(votes)


def test_bibliography_keys_are_unique_and_entries_are_whole() -> None:
    """Each entry has its own key and a title; braces balance; both articles are there; no DOI field is claimed."""
    text = (CASE / "sources.bib").read_text(encoding="utf-8")
    keys = re.findall(r"^@\w+\{([^,\s]+),", text, re.MULTILINE)
    assert len(keys) == len(set(keys)) == text.count("\n@")
    assert text.count("{") == text.count("}")
    assert len(re.findall(r"\btitle\s*=", text)) == len(keys)
    assert {"preiherman2023lenses", "nam2023exchange"} <= set(keys)
    assert not re.search(r"\bdoi\s*=", text)
