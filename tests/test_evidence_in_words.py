"""Record statements as sentences, and how long after a trigger the first response comes."""

from __future__ import annotations

import csv
import datetime as dt
import statistics
from pathlib import Path

import pytest
import yaml

from doubletalk.case.finding import find_case
from doubletalk.case.loading import load_case
from doubletalk.evidence.in_words import EVENTS, in_words
from doubletalk.evidence.lags import Lag, first_lag
from doubletalk.evidence.lenses_table import load_tells_apart
from doubletalk.evidence.questions import load_questions
from doubletalk.evidence.record import load_record
from doubletalk.evidence.vocabulary import STANDARD, Vocabulary

CASE = Path(find_case("belarus"))


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            "record: rate(court within 6 months after squeeze by RUS) > base",
            "The share of squeezes by Russia with acts of courting in the 6 months after is above that of a random "
            "month.",
        ),
        (
            "mean(repress in 24 months after lift by western) < mean(repress in 24 months before lift by western)",
            "The mean number of acts of repression in the 24 months after easings of sanctions by western actors is "
            "below that in the 24 months before.",
        ),
        (
            "first(provoke by BLR, sanction|demand within 1 month) > 1/2",
            "The share of pairs, at most a month apart, in which provocations by Belarus come before sanctions or "
            "demands is above 0.5.",
        ),
        ("together(alarm, court) > expected", "The number of months with both alarms and acts of courting is above "
         "what chance gives."),
        ("count(defy to RUS from 2021) = 0", "The number of refusals to Russia from 2021-01-01 equals 0."),
        ("peak(held until 2016) >= 4", "The highest value of held until 2016-12-31 is at least 4."),
        ("count(defy) + count(court) > 3", ""),
        ("count(defy)", ""),
    ],
)  # fmt: skip
def test_a_statement_is_told_in_a_sentence(statement: str, told: str) -> None:
    """What is compared with what; nothing where it is no comparison of two things."""
    assert in_words(statement, STANDARD) == told


def test_every_standard_action_has_its_plural_and_a_new_word_is_quoted() -> None:
    """The table of plurals has the standard actions and the votes; a case's own action is shown as it is written."""
    assert set(EVENTS) == {*STANDARD.actions, "election"}
    words = Vocabulary({**STANDARD.actions, "blockade": "ships are stopped"}, STANDARD.actors, STANDARD.groups)
    assert in_words("count(blockade by EU|BLR) > 1", words) == (
        "The number of 'blockade' by the European Union or its members acting as one or Belarus is above 1."
    )


def test_every_statement_of_the_case_has_its_sentence() -> None:
    """Claims on the record, the table and the questions: none is left to its code alone."""
    case, record = load_case(CASE), load_record(CASE)
    asked = [str(claim.statement) for claim in case.claims if claim.kind == "record"]
    asked += [a.statement for row in load_tells_apart(CASE / "tells_apart.yaml").rows for a in row.asked]
    asked += [s for question in load_questions(CASE / "questions.yaml") for s in question.statements]
    for statement in asked:
        told = in_words(statement, record.vocabulary)
        assert told.endswith(".")
        assert "|" not in told
        assert "[" not in told


def test_lags_of_the_case_equal_a_loop_over_the_rows_of_the_file() -> None:
    """Sanctions and the first provocation in the half year after: days between dates, months put on their 16th."""
    end = yaml.safe_load((CASE / "case.yaml").read_text(encoding="utf-8"))["as_of"]
    with (CASE / "chronicle.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))

    def middle(row: dict[str, str]) -> dt.date:
        date = dt.date.fromisoformat(row["date"])
        return date if row["date_precision"] == "day" else date.replace(day=16)

    western = ("EU", "USA", "WEST", "POL", "LTU", "LVA")
    sanctions = [r for r in rows if r["action"] == "sanction" and r["actor"] in western]
    acts = [r for r in rows if r["action"] == "provoke" and r["actor"] == "BLR"]
    days = []
    for a in sanctions:
        y, m = divmod(12 * middle(a).year + middle(a).month - 1 + 6, 12)
        latest, full = (y, m + 1, middle(a).day), (y, m + 1, 31 if a["date_precision"] != "day" else middle(a).day)
        near = []
        for b in acts:
            same = a["date"][:7] == b["date"][:7]
            sure = middle(b) > middle(a) and not (same and "month" in (a["date_precision"], b["date_precision"]))
            if sure and (middle(b).year, middle(b).month, middle(b).day) <= latest:
                near.append((middle(b) - middle(a)).days)
        if near and full <= (end.year, end.month, end.day):
            days.append(min(near))
    found = first_lag("rate(provoke by BLR within 6 months after sanction by western) > base", load_record(CASE, end))
    assert found == Lag("after", len(days), statistics.median(days), min(days), max(days))


@pytest.mark.parametrize(
    "statement", ["together(alarm, court) > expected", "mean(alarm in 3 months around court) > base", "count(defy) > 1"]
)
def test_what_has_no_side_has_no_lag(statement: str) -> None:
    """Nothing comes first around a trigger, in a month, or in a bare count."""
    assert first_lag(statement, load_record(CASE)) is None
