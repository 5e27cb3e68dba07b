"""The language of record statements, its verdicts, and the table of what would tell the lenses apart."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace
from pathlib import Path

import pytest

import doubletalk
from doubletalk.errors import InputError
from doubletalk.evidence.language import RecordVerdict, evaluate_record
from doubletalk.evidence.lenses_table import Asked, TellsApart, answer_table, load_tells_apart
from doubletalk.evidence.record import Record, Selector, load_record
from doubletalk.evidence.statements import parse_statement
from doubletalk.evidence.statistics import before_after, first_mover, followed_by, same_month

SHIPPED = Path(doubletalk.__file__).parent / "cases" / "belarus"
LIFT, REPRESS = Selector(("lift",)), Selector(("repress",))


@pytest.fixture(scope="module")
def record() -> Record:
    """The shipped record."""
    return load_record(SHIPPED)


def test_statements_agree_with_the_statistics(record: Record) -> None:
    """A statement's number is the one that the statistic of the same name gives."""
    share = followed_by(record, LIFT, REPRESS, 24)
    assert (
        evaluate_record("record: count(repress after lift within 24 months) / count(lift)", record).left == share.value
    )
    base = evaluate_record("record: rate(repress within 24 months after lift) > rate(repress)", record)
    assert (base.left, base.right) == (share.value, share.base_rate)
    gap = evaluate_record("mean(repress in 24 months after lift) - mean(repress in 24 months before lift)", record)
    assert gap.left == pytest.approx(before_after(record, LIFT, REPRESS, 24).value)
    assert gap.p == before_after(record, LIFT, REPRESS, 24).p
    alarm, court = Selector(("alarm",)), Selector(("court",))
    together = evaluate_record("together(alarm, court in the same month) > expected", record)
    assert together.left == same_month(record, alarm, court).value
    order = evaluate_record("first(alarm, court within 6 months) > 1/2", record)
    assert order.left == first_mover(record, alarm, court, 6).value


def test_selectors_pick_what_they_say(record: Record) -> None:
    """Intensities, actors, groups, targets and dates in a selector pick the same rows as a plain loop."""
    text = "count(sanction|demand[notable|major] by western to BLR from 2004 until 2012-06)"
    wanted = [
        e.id
        for e in record.chronicle
        if e.action in ("sanction", "demand")
        and e.intensity >= 2
        and e.actor in ("EU", "USA", "WEST", "POL", "LTU", "LVA")
        and e.target == "BLR"
        and "2004-01-01" <= e.date.isoformat() <= "2012-06-30"
    ]
    answer = evaluate_record(text, record)
    assert list(answer.event_ids) == wanted
    assert answer.left == len(wanted) > 5


@pytest.mark.parametrize(
    "side",
    [
        "rate(court within 6 months after squeeze by RUS) {} base",
        "mean(repress in 24 months after lift) {} mean(repress in 24 months before lift)",
        "together(alarm, court in the same month) {} expected",
        "first(provoke, sanction within 3 months) {} 1/2",
        "count(court) {} count(alarm)",
        "latest(political_prisoners) {} 1000",
    ],
)
def test_a_statement_and_its_opposite_get_opposite_verdicts(record: Record, side: str) -> None:
    """The rule does not favour the side that makes the claim: turning the comparison turns the verdict."""
    turned = {
        RecordVerdict.AGREES: RecordVerdict.DISAGREES,
        RecordVerdict.DISAGREES: RecordVerdict.AGREES,
        RecordVerdict.CANNOT_TELL: RecordVerdict.CANNOT_TELL,
    }
    one, two = (evaluate_record(side.format(sign), record) for sign in (">", "<="))
    assert turned[one.verdict] is two.verdict


def test_turning_sides_changes_nothing(record: Record) -> None:
    """x > expected and expected < x are the same statement, with the same verdict and p-value."""
    one = evaluate_record("together(squeeze, defy) > expected", record)
    two = evaluate_record("expected < together(squeeze, defy)", record)
    assert (one.verdict, one.p, one.left, one.right) == (two.verdict, two.p, two.right, two.left)


def test_few_triggers_cannot_tell(record: Record) -> None:
    """Fewer than five triggers never give a verdict, however clear the count."""
    answer = evaluate_record("rate(repress within 24 months after lift until 2003) > 0", record)
    assert answer.verdict is RecordVerdict.CANNOT_TELL
    assert "at least 5 are needed" in answer.reason


def test_a_kind_compared_with_itself_cannot_be_tested(record: Record) -> None:
    """An event cannot answer itself: there is a number but no test, and so no verdict."""
    answer = evaluate_record("rate(repress within 6 months after repress) > 1/2", record)
    assert answer.p is None
    assert answer.verdict is RecordVerdict.CANNOT_TELL


def test_so_few_peaks_cannot_tell(record: Record) -> None:
    """The prisoner series has too few peaks for their growth to be told from chance."""
    assert evaluate_record("growing(political_prisoners) > 1/2", record).verdict is RecordVerdict.CANNOT_TELL


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rate(repres within 6 months after lift) > 1", "did you mean 'repress'"),
        ("rat(repress within 6 months after lift) > 1", "did you mean 'rate'"),
        ("count(court to EUU)", "did you mean 'EU'"),
        ("count(repress[majer])", "did you mean 'major'"),
        ("count(repress", r"expected '\)'"),
        ("count(repress) > ", "found 'the end'"),
        ("count(repress) ? 1", "found '\\?'"),
        ("", "expected a number or a measure"),
        ("rate(repress within 0 months after lift)", "whole number of months"),
        ("count(repress from 2010-13)", "a date as YYYY"),
        ("count(repress from 2012 until 2010)", "before they start"),
        ("count(election)", "expected an action"),
        ("rate(repress) > 1/2", "how many months"),
        ("count(lift) > base", "exactly one measure with a trigger"),
        ("latest(political_prisners) > 3", "did you mean 'political_prisoners'"),
        ("count(lift) > expected", "rearranged"),
        ("expected > 1", "stands alone"),
        ("(" * 200 + "1", "nested too deeply"),
    ],
)
def test_errors_name_the_place_and_the_nearest_word(record: Record, text: str, said: str) -> None:
    """Each mistake gives one InputError that says what was found and expected."""
    with pytest.raises(InputError, match=said):
        evaluate_record(text, record)


def test_mutated_statements_never_give_a_traceback(record: Record) -> None:
    """Two thousand mutilated statements are parsed or refused with an InputError, nothing else."""
    rng, refused = random.Random(0), 0
    good = "record: rate(repress[major] by BLR within 24 months after lift from 2004) > 50% * rate(repress)"
    for _ in range(2000):
        text = list(good)
        for _ in range(rng.randint(1, 4)):
            text[rng.randrange(len(text))] = rng.choice("abz019()[]|,%<>=*/-. é")
        try:
            parse_statement("".join(text))
        except InputError:
            refused += 1
    assert refused > 1000


def test_the_table_is_answered_and_blind_to_sides(record: Record) -> None:
    """All seven rows are answered; swapping what the two sides expect swaps their tallies and nothing else."""
    table = load_tells_apart(SHIPPED / "tells_apart.yaml")
    assert len(table.rows) == 7
    a, b = table.sides
    rows = tuple(
        replace(r, asked=tuple(replace(s, expects={a: s.expects[b], b: s.expects[a]}) for s in r.asked))
        for r in table.rows
    )
    swapped = answer_table(TellsApart(table.sides, rows), record)
    for one, two in zip(answer_table(table, record), swapped, strict=True):
        assert (one.met[a], one.met[b]) == (two.met[b], two.met[a])
        assert one.answers == two.answers
        assert one.row.cannot_show


def test_a_side_that_expects_no_order_fails_by_any_that_stands_out(record: Record) -> None:
    """``even`` is failed by agreement and by disagreement, is never met, and is open where the record cannot tell."""
    table = load_tells_apart(SHIPPED / "tells_apart.yaml")
    row, (a, b) = table.rows[0], table.sides
    told = (
        ("rate(court within 6 months after squeeze by RUS) > base", (0, 1, 0)),
        ("rate(court within 6 months after squeeze by RUS) < base", (0, 1, 0)),
        ("together(alarm, court in the same month) > expected", (0, 0, 1)),
    )
    for statement, tally in told:
        asked = (Asked(statement, {a: "even", b: "silent"}),)
        answered = answer_table(TellsApart(table.sides, (replace(row, asked=asked),)), record)[0]
        assert (answered.met[a], answered.met[b]) == (tally, (0, 0, 0))


def test_table_errors_name_the_row(tmp_path: Path) -> None:
    """A wrong expectation, a wrong statement and a missing key are reported with the row."""
    text = (SHIPPED / "tells_apart.yaml").read_text(encoding="utf-8")
    path = tmp_path / "t.yaml"
    for old, new, said in (
        ("reply: agrees", "reply: maybe", "row 'why-court': reply: unknown expectation 'maybe'"),
        ("reply: agrees", "reply: agree", "did you mean 'agrees'"),
        ("article: agrees", "artcle: agrees", "unknown key 'artcle'; did you mean 'article'"),
        ("rate(court", "rate(cort", "did you mean 'court'"),
        ("look_at:", "look:", "unknown key 'look'; did you mean 'look_at'"),
        ("sides:", "sides: [", "cannot be read"),
    ):
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InputError, match=said):
            load_tells_apart(path)


def test_a_series_that_goes_on_after_the_record_ends_is_told(tmp_path: Path) -> None:
    """Without ``as_of`` the record ends with its last event; later values are not read, and the words say which."""
    head = "id,date,date_precision,actor,target,action,intensity,summary,source_title,source_url,confidence\n"
    (tmp_path / "chronicle.csv").write_text(head + "a,2009-03-03,day,BLR,EU,court,2,Text,Book,,recalled\n")
    (tmp_path / "calendar.csv").write_text("date,kind\n2006-03-19,presidential\n")
    values = [("held", 2011, 5), ("held", 2015, 3), ("gas", 2001, 5), ("gas", 2003, 9), ("gas", 2014, 12)]
    rows = "".join(f"{name},{year}-06-01,{value},n,Book,,recalled\n" for name, year, value in values)
    (tmp_path / "series.csv").write_text("series,date,value,unit,source_title,source_url,confidence\n" + rows)
    short = load_record(tmp_path)
    answer = evaluate_record("latest(held) > 3", short)
    assert answer.verdict is RecordVerdict.CANNOT_TELL
    assert "held has values from 2011-06-01 to 2015-06-01, none of them in the time asked for" in answer.words
    answer = evaluate_record("peak(gas) > 10", short)
    assert answer.verdict is RecordVerdict.DISAGREES
    assert "1 later value of gas, after the record ends on 2009-03-03, is not read" in answer.words
    assert "a recorded quantity and a number are compared as they are" in answer.words
    assert "later" not in evaluate_record("peak(gas until 2009-01-01) > 10", short).words
    assert evaluate_record("peak(gas) > 10", replace(short, as_of=dt.date(2015, 1, 1))).verdict is RecordVerdict.AGREES
