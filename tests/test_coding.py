"""From events to moves and levels: what a coding makes of a record, where it says so, and how faults are reported."""

from __future__ import annotations

import datetime as dt
import json
import random
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml

import doubletalk
from doubletalk.errors import InputError
from doubletalk.evidence.coding import code, coded_record
from doubletalk.evidence.coding_compare import compare_codings, kappa, robustness
from doubletalk.evidence.coding_file import load_coding
from doubletalk.evidence.quarters import first_day, last_day, quarter_name, quarter_number, quarter_of
from doubletalk.evidence.record import load_record

SHIPPED = Path(doubletalk.__file__).parent / "cases" / "belarus"
CODINGS = ("coding.yaml", "coding-strict.yaml", "coding-first.yaml")
HEAD = "id,date,date_precision,actor,target,action,intensity,summary,source_title,source_url,confidence\n"
SMALL = """doubletalk_coding: 1
title: A small coding
first: 2010Q1
actors:
  client:
    deed:
      moves: [hold, crack_down, release]
      precedence: [crack_down, release]
      rules:
        - {move: crack_down, action: repress, by: BLR}
        - {move: release, action: release, by: BLR}
    message:
      moves: [none, court]
      rules:
        - {move: court, action: court, by: BLR}
  west:
    moves: [hold, sanction]
    rules:
      - {move: sanction, action: sanction, by: western}
states:
  repression:
    levels: [calm, hard]
    stock: {keep: 0.5, cuts: [2], add: [{action: repress, by: BLR}]}
  sanctions:
    levels: [none, some, heavy]
    ladder:
      - {action: sanction, by: western, at_least: some}
      - {action: sanction, by: western, needs: 2, quarters: 2, at_least: heavy}
      - {action: lift, by: western, at_most: none}
  unrest:
    levels: [quiet, election, mass]
    when: quarter
    marks:
      - {level: election, votes: fixed}
      - {level: mass, id: [r1], quarters: 2}
"""


def _row(name: str, date: str, actor: str, action: str, size: int = 2, precision: str = "day") -> str:
    return f"{name},{date},{precision},{actor},BLR,{action},{size},Text,,,recalled\n"


def _case(folder: Path, rows: str, coding: str = SMALL) -> Path:
    (folder / "chronicle.csv").write_text(HEAD + rows)
    (folder / "coding.yaml").write_text(coding)
    (folder / "calendar.csv").write_text("date,kind\n2010-12-19,presidential\n")
    return folder


ROWS = (
    _row("r0", "2010-01-01", "OTHER", "engage", precision="year")
    + _row("r1", "2010-02-01", "BLR", "repress", 3)
    + _row("r2", "2010-02-05", "BLR", "release", 1)
    + _row("r3", "2010-03-01", "BLR", "court", 1, "month")
    + _row("r4", "2010-04-02", "EU", "sanction")
    + _row("r5", "2010-07-02", "USA", "sanction")
    + _row("r6", "2010-10-02", "EU", "lift")
    + _row("r7", "2011-01-01", "RUS", "support")
)


def test_quarters_go_both_ways() -> None:
    """A quarter's number, name, first and last day fit together, also over the turn of a year."""
    for day in (dt.date(2020, 12, 31), dt.date(2021, 1, 1), dt.date(2021, 6, 30)):
        number = quarter_of(day)
        assert quarter_number(quarter_name(number)) == number
        assert first_day(number) <= day <= last_day(number)
    assert quarter_number("2021-q2") == quarter_number("2021Q2") == quarter_of(dt.date(2021, 5, 1))
    assert quarter_number("2021Q5") is None


def test_moves_come_from_rows_and_say_which(tmp_path: Path) -> None:
    """The largest event makes the move; rows for it, rows against it, rows that no rule takes are all named."""
    coded = coded_record(_case(tmp_path, ROWS), as_of=dt.date(2011, 1, 15))
    assert coded.quarters == ("2010Q1", "2010Q2", "2010Q3", "2010Q4")
    assert coded.actors == ("client", "west")
    assert coded.moves["client"][:3] == ("hold,none", "hold,court", "crack_down,none")
    first = coded.move("2010Q1", "client")
    assert (first.move, first.how, first.made_by) == ("crack_down,court", "rule", ("r1", "r3"))
    assert first.parts[0].against == ("r2",)
    assert coded.move("2010Q2", "client").how == "default"
    assert coded.chosen[:, 1].tolist() == [0, 1, 1, 0]
    assert coded.unplaced == ("r0",)
    assert coded.unused == ("r6",)


@pytest.mark.parametrize(("choose", "deed"), [("largest", "crack_down"), ("first", "release"), ("last", "crack_down")])
def test_what_decides_between_events_is_a_choice(tmp_path: Path, choose: str, deed: str) -> None:
    """With a small release before a large arrest, 'first' gives the release, 'largest' and 'last' the arrest."""
    rows = _row("a", "2010-02-05", "BLR", "release", 1) + _row("b", "2010-03-05", "BLR", "repress", 3)
    text = SMALL.replace(
        "precedence: [crack_down, release]", f"precedence: [crack_down, release]\n      choose: {choose}"
    )
    text = text.replace(", id: [r1]", ", action: repress")
    coded = coded_record(_case(tmp_path, rows, text), as_of=dt.date(2010, 3, 31))
    assert coded.move("2010Q1", "client").move == f"{deed},none"


def test_total_weighs_many_small_events_and_ties_go_by_precedence(tmp_path: Path) -> None:
    """Three small releases outweigh one notable arrest in total; equal events go to the move named first."""
    many = "".join(_row(f"a{k}", f"2010-02-0{k}", "BLR", "release", 1) for k in (1, 2, 3))
    rows = many + _row("b", "2010-03-05", "BLR", "repress", 2)
    text = SMALL.replace(", id: [r1]", ", action: repress")
    total = text.replace(
        "[crack_down, release]\n      rules", "[crack_down, release]\n      choose: total\n      rules", 1
    )
    assert "choose: total" in total
    day = dt.date(2010, 3, 31)
    assert coded_record(_case(tmp_path, rows, total), as_of=day).move("2010Q1", "client").move == "release,none"
    tie = _row("a", "2010-02-05", "BLR", "release", 2) + _row("b", "2010-03-05", "BLR", "repress", 2)
    assert coded_record(_case(tmp_path, tie, text), as_of=day).move("2010Q1", "client").move == "crack_down,none"
    turned = text.replace("precedence: [crack_down, release]", "precedence: [release, crack_down]")
    assert coded_record(_case(tmp_path, tie, turned), as_of=day).move("2010Q1", "client").move == "release,none"


def test_levels_at_the_start_know_only_what_came_before(tmp_path: Path) -> None:
    """A quarter's events move a 'start' level only in the next quarter; stock, ladder and marks worked by hand."""
    coded = coded_record(_case(tmp_path, ROWS), as_of=dt.date(2011, 1, 15))
    levels = {
        name: [list(coded.variables[name])[n] for n in coded.levels[:, k]] for k, name in enumerate(coded.variables)
    }
    assert levels["repression"] == ["calm", "hard", "calm", "calm"]  # stock after each quarter: 3, 1.5, 0.75, ...
    assert levels["sanctions"] == ["none", "none", "some", "heavy"]
    assert levels["unrest"] == ["mass", "mass", "quiet", "election"]
    assert coded.at_start == (True, True, False)
    assert coded.after.tolist() == [0, 0, -1]  # the lift of 2010Q4 ends the sanctions
    assert coded.level("2010Q4", "sanctions").reason == "since 2010-07-02, sanction by USA"


def test_levels_of_the_start_do_not_change_with_events_of_the_quarter(tmp_path: Path) -> None:
    """Deleting all events from a quarter on leaves that quarter's start levels as they were."""
    whole = coded_record(SHIPPED)
    for k, quarter in enumerate(whole.quarters):
        if k % 12 != 6:
            continue
        number = quarter_number(quarter)
        assert number is not None
        cut = coded_record(SHIPPED, as_of=first_day(number) - dt.timedelta(days=1))
        known = [n for n, start in enumerate(whole.at_start) if start]
        assert cut.quarters == whole.quarters[:k]
        assert (cut.chosen == whole.chosen[:k]).all() or quarter <= "2020Q4"
        assert (cut.after[known] == whole.levels[k, known]).all()


def test_nothing_after_the_as_of_date_is_read(tmp_path: Path) -> None:
    """Later rows change nothing; without an argument the date in case.yaml counts; a part of a quarter is not coded."""
    case = _case(tmp_path, ROWS + _row("late", "2011-05-01", "BLR", "repress", 3))
    before = coded_record(case, as_of=dt.date(2011, 3, 31))
    (case / "case.yaml").write_text("doubletalk_case: 1\ntitle: x\nas_of: 2011-03-31\ngames: {}\n")
    assert (coded_record(case).chosen == before.chosen).all()
    assert coded_record(case).quarters[-1] == "2011Q1"
    assert coded_record(case, as_of=dt.date(2011, 5, 2)).quarters[-1] == "2011Q1"
    assert coded_record(case, as_of=dt.date(2011, 6, 30)).move("2011Q2", "client").move == "crack_down,none"
    (case / "case.yaml").write_text("as_of: soon\n")
    with pytest.raises(InputError, match=r"case.yaml:1: as_of: expected a date"):
        coded_record(case)


def test_an_override_replaces_a_quarter_and_keeps_the_rows(tmp_path: Path) -> None:
    """An override is marked as such, gives its reason and initials, and still shows what the rows had said."""
    text = SMALL + (
        "overrides:\n"
        "  - {quarter: 2010Q1, actor: client, move: 'release,court', by: AB, reason: the arrests were a rumour}\n"
        "  - {quarter: 2010Q3, state: sanctions, level: none, by: AB, reason: not in force}\n"
    )
    coded = coded_record(_case(tmp_path, ROWS, text), as_of=dt.date(2011, 1, 15))
    made = coded.move("2010Q1", "client")
    assert (made.move, made.how, made.reason) == ("release,court", "override", "the arrests were a rumour (AB)")
    assert set(made.parts[0].against) == {"r1", "r2"}
    assert made.parts[1].made_by == ("r3",)
    assert coded.level("2010Q3", "sanctions").level == "none"
    assert coded.level("2010Q4", "sanctions").level == "heavy"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("title: A small coding", "titel: x", r":2: the coding: unknown key 'titel'; did you mean 'title'"),
        ("first: 2010Q1", "first: 2010-01", r":3: first: found '2010-01', expected a quarter such as 2021Q2"),
        ("action: repress, by: BLR}\n        - {move: release", "action: repres, by: BLR}\n        - {move: release",
         r":10: actor 'client', deed, rules, action: unknown action 'repres'; did you mean 'repress'"),
        ("by: western}\nstates", "by: westen}\nstates", r"unknown actor or group 'westen'; did you mean 'western'"),
        ("move: court", "move: curt", r":15: .*unknown move 'curt'; did you mean 'court'"),
        ("move: court", "move: none", r"'none' is the default; it needs no events"),
        ("precedence: [crack_down, release]", "precedence: [release]", r"expected every move but the default, hold"),
        ("keep: 0.5", "keep: 1.5", r"found '1.5', expected a share from 0 to 1"),
        ("cuts: [2]", "cuts: [2, 3]", r"cuts: found a list, expected 1 rising numbers"),
        ("levels: [calm, hard]", "levels: [calm]", r"at least two levels"),
        ("at_most: none", "at_mst: none", r"unknown key 'at_mst'; did you mean 'at_most'"),
        ("needs: 2", "needs: 0", r"expected a whole number from 1"),
        ("id: [r1]", "id: [r11]", r"the row 'r11', which the chronicle does not have; did you mean 'r1'"),
        ("doubletalk_coding: 1", "doubletalk_coding: 2", r"found '2', expected format version 1"),
        ("first: 2010Q1", "first: 2015Q1", r"begins with 2015Q1, but the last quarter .* is 2010Q4"),
    ],
)  # fmt: skip
def test_every_fault_of_a_coding_names_line_found_and_expected(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """One wrong word at a time: the error names the file, the line, what was found and the nearest known word."""
    assert old in SMALL
    with pytest.raises(InputError, match=message) as caught:
        coded_record(_case(tmp_path, ROWS, SMALL.replace(old, new, 1)), as_of=dt.date(2011, 1, 15))
    assert "coding.yaml" in str(caught.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("{quarter: 2010Q1, actor: clint, move: 'hold,none', by: A, reason: b}", "did you mean 'client'"),
        ("{quarter: 2010Q1, actor: client, move: hold, by: A, reason: b}", "unknown move 'hold'"),
        ("{quarter: 2010Q1, actor: west, move: hold, by: A}", "the key 'reason' is missing"),
        ("{quarter: 2009Q1, actor: west, move: hold, by: A, reason: b}", "2009Q1 lies before the first coded quarter"),
    ],
)
def test_an_override_needs_a_known_move_a_reason_and_initials(tmp_path: Path, override: str, message: str) -> None:
    """Overrides with unknown words, without a reason or outside the coded quarters are refused with their line."""
    with pytest.raises(InputError, match=message) as caught:
        coded_record(_case(tmp_path, ROWS, f"{SMALL}overrides:\n  - {override}\n"), as_of=dt.date(2011, 1, 15))
    assert caught.value.line == SMALL.count("\n") + 2


@pytest.mark.parametrize("name", CODINGS)
def test_shipped_codings_give_one_move_per_actor_and_quarter(name: str) -> None:
    """Each shipped coding covers 2006Q1 to 2023Q3 without a gap, and every row it cites is in its quarter."""
    coded = coded_record(SHIPPED, name)
    assert (coded.quarters[0], coded.quarters[-1], len(coded.quarters)) == ("2006Q1", "2023Q3", 71)
    assert {actor: len(moves) for actor, moves in coded.moves.items()} == {"client": 12, "west": 3, "kremlin": 3}
    assert coded.chosen.shape == (71, 3)
    assert coded.levels.shape == (71, 5)
    events = {e.id: e for e in load_record(SHIPPED).chronicle}
    for made in coded.made:
        for part in made.parts:
            for row in (*part.made_by, *part.against):
                assert quarter_name(quarter_of(events[row].date)) == made.quarter
        assert (made.how == "default") == (not made.made_by and not made.reason)


def test_shipped_coding_reads_known_quarters_as_anyone_would() -> None:
    """Well-known quarters: the crackdowns after the votes of 2010 and 2020, the easing of 2016, the forced landing."""
    coded = coded_record(SHIPPED)
    known = {
        ("2010Q4", "client"): "crack_down,court",
        ("2011Q1", "west"): "sanction",
        ("2015Q3", "client"): "release,none",
        ("2016Q1", "west"): "ease",
        ("2020Q3", "client"): "crack_down,alarm",
        ("2020Q3", "kremlin"): "pay",
        ("2021Q2", "client"): "provoke,alarm",
        ("2007Q1", "kremlin"): "squeeze",
    }
    assert {key: coded.move(*key).move for key in known} == known
    assert coded.level("2023Q3", "sanctions").level == "heavy"
    assert coded.level("2016Q3", "sanctions").level == "none"
    assert coded.level("2023Q3", "repression").level == "severe"


def test_a_coding_with_itself_agrees_wholly() -> None:
    """Comparing a coding with itself: every share 1, kappa 1, no quarter differs."""
    coded = coded_record(SHIPPED)
    found = compare_codings(coded, coded)
    assert not found.differences
    assert all(a.share == 1.0 and a.kappa == 1.0 for a in (*found.actors, *found.variables))


def test_comparison_counts_and_lists_the_same_quarters() -> None:
    """The list of differing quarters accounts for each missing agreement, and the order of codings only swaps sides."""
    one, two = coded_record(SHIPPED), coded_record(SHIPPED, "coding-strict.yaml")
    found, turned = compare_codings(one, two), compare_codings(two, one)
    for agreement in (*found.actors, *found.variables):
        assert agreement.quarters - agreement.same == sum(d.what == agreement.what for d in found.differences)
    assert [a.kappa for a in found.actors] == pytest.approx([a.kappa for a in turned.actors])
    assert [(d.first, d.second) for d in found.differences] == [(d.second, d.first) for d in turned.differences]
    assert len(robustness([one, two])) == 8


def test_kappa_is_cohens() -> None:
    """Kappa of a table worked by hand: 20, 5 / 10, 15 of 50 gives agreement 0.7, by chance 0.5, kappa 0.4."""
    first = np.repeat([0, 0, 1, 1], [20, 5, 10, 15])
    second = np.repeat([0, 1, 0, 1], [20, 5, 10, 15])
    share, chance, value, error = kappa(first, second, 2)
    assert (share, chance) == (pytest.approx(0.7), pytest.approx(0.5))
    assert value == pytest.approx(0.4)
    assert error is not None
    same = np.zeros(5, dtype=np.int64)
    assert kappa(same, same, 3)[2] is None


def test_the_error_of_kappa_is_that_of_samples() -> None:
    """The standard error of kappa matches its spread over samples drawn from one table, within a tenth."""
    rng = np.random.default_rng(5)
    table = np.array([[0.3, 0.1, 0.05], [0.05, 0.2, 0.05], [0.02, 0.03, 0.2]])
    values, errors = [], []
    for _ in range(400):
        cells = rng.choice(9, 300, p=table.ravel())
        _, _, value, error = kappa(cells // 3, cells % 3, 3)
        assert value is not None
        assert error is not None
        values.append(value)
        errors.append(error)
    assert np.std(values) == pytest.approx(np.mean(errors), rel=0.1)


def test_codings_of_other_moves_cannot_be_compared(tmp_path: Path) -> None:
    """Codings with other moves are refused with the reason."""
    small = coded_record(_case(tmp_path, ROWS), as_of=dt.date(2011, 1, 15))
    with pytest.raises(InputError, match="the actors are client, west, kremlin in the first and client, west"):
        compare_codings(coded_record(SHIPPED), small)


def test_a_coding_may_be_given_by_path_or_name(tmp_path: Path) -> None:
    """A file elsewhere and a name in the folder give the same; an absent one is refused with its path."""
    shutil.copy(SHIPPED / "coding-strict.yaml", tmp_path / "mine.yaml")
    by_path, by_name = coded_record(SHIPPED, tmp_path / "mine.yaml"), coded_record(SHIPPED, "coding-strict.yaml")
    assert (by_path.chosen == by_name.chosen).all()
    assert (code(load_record(SHIPPED), load_coding(tmp_path / "mine.yaml")).chosen == by_name.chosen).all()
    with pytest.raises(InputError, match=r"nosuch\.yaml: cannot be read"):
        coded_record(SHIPPED, "nosuch.yaml")


@pytest.mark.parametrize("name", CODINGS)
def test_shipped_codings_satisfy_the_schema(name: str) -> None:
    """Each shipped coding is valid by the schema that the program prints."""
    assert list(_schema().iter_errors(yaml.safe_load((SHIPPED / name).read_text()))) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("keep: 0.5", "keep: 1.5"),
        ("levels: [calm, hard]", "levels: [calm]"),
        ("title: A small coding", "titel: x"),
        ("at_most: none", "at_mst: none"),
        ("{move: court, action: court, by: BLR}", "{move: court, by: BLR}"),
    ],
)
def test_schema_and_reader_refuse_alike(tmp_path: Path, old: str, new: str) -> None:
    """What the schema refuses the reader refuses, and both take the file as it was."""
    wrong = SMALL.replace(old, new, 1)
    assert wrong != SMALL
    assert not list(_schema().iter_errors(yaml.safe_load(SMALL)))
    assert list(_schema().iter_errors(yaml.safe_load(wrong)))
    (tmp_path / "coding.yaml").write_text(wrong)
    with pytest.raises(InputError):
        load_coding(tmp_path / "coding.yaml")


def test_codings_that_cannot_be_compared_say_where_they_part(tmp_path: Path) -> None:
    """Another move, another actor, another level: the error names it with the words of both."""
    case = _case(tmp_path, ROWS)
    one = coded_record(case, as_of=dt.date(2011, 1, 15))
    for old, new, said in (
        ("moves: [hold, sanction]", "moves: [hold, talk, sanction]", "west has the moves hold, sanction in the first"),
        ("levels: [calm, hard]", "levels: [calm, bad]", "calm, hard in the first and calm, bad"),
    ):
        (case / "coding-b.yaml").write_text(SMALL.replace(old, new, 1))
        with pytest.raises(InputError, match="cannot be compared") as caught:
            compare_codings(one, coded_record(case, "coding-b.yaml", dt.date(2011, 1, 15)))
        assert said in str(caught.value)


def test_a_series_or_row_that_is_not_there_is_named_with_its_line(tmp_path: Path) -> None:
    """The coding's line and the nearest known name; an empty file says what it should begin with."""
    case = _case(tmp_path, ROWS)
    wrong = SMALL.splitlines()
    line = wrong.index("    levels: [calm, hard]") + 2
    wrong.insert(line - 1, "    series: {name: prisoner, cuts: [3], quarters: 4}")
    (case / "coding.yaml").write_text("\n".join(wrong) + "\n")
    with pytest.raises(InputError, match=rf"coding\.yaml:{line}: state '.*', series: there is no series 'prisoner'"):
        coded_record(case, as_of=dt.date(2011, 1, 15))
    (case / "coding.yaml").write_text("")
    with pytest.raises(InputError, match=r"coding\.yaml:1: the file is empty; expected a coding, beginning"):
        coded_record(case)


def _schema() -> jsonschema.Draft202012Validator:
    path = Path(doubletalk.__file__).parent / "schemas" / "coding.schema.json"
    return jsonschema.Draft202012Validator(json.loads(path.read_text()))


def test_a_coding_broken_at_random_is_refused_and_never_crashes(tmp_path: Path) -> None:
    """Of 300 files with characters changed, dropped or doubled, each is coded or refused with an InputError."""
    rng = random.Random(3)
    refused = 0
    _case(tmp_path, ROWS)
    for _ in range(300):
        text = list(SMALL)
        for _ in range(rng.randrange(1, 5)):
            place = rng.randrange(len(text))
            text[place : place + rng.randrange(2)] = rng.choice(
                ["", "[", "}", ":", ",", "-", "'", "x", "0", "\n", "&", "#"]
            )
        (tmp_path / "coding.yaml").write_text("".join(text))
        try:
            coded_record(tmp_path, as_of=dt.date(2011, 1, 15))
        except InputError:
            refused += 1
    assert 150 < refused < 300


def test_later_events_are_read_only_when_asked_for_with_a_date(tmp_path: Path) -> None:
    """A further chronicle adds quarters and changes none of those before; without a date it is refused."""
    case = _case(tmp_path, ROWS)
    (tmp_path / "later.csv").write_text(HEAD + _row("n1", "2011-05-01", "BLR", "repress", 3))
    before = coded_record(case, as_of=dt.date(2011, 3, 31))
    after = coded_record(case, as_of=dt.date(2011, 6, 30), later=tmp_path / "later.csv")
    assert (after.chosen[: len(before.quarters)] == before.chosen).all()
    assert after.move("2011Q2", "client").made_by == ("n1",)
    assert after.levels[-1, :2].tolist() == before.after[:2].tolist()
    with pytest.raises(InputError, match="given with as_of"):
        coded_record(case, later=tmp_path / "later.csv")


def test_a_misspelt_coding_is_told_the_nearest() -> None:
    """A name that is no file of the folder is met with the one that is like it."""
    with pytest.raises(InputError, match=r"coding-frist\.yaml: there is no such .* mean 'coding-first\.yaml'\?"):
        coded_record(SHIPPED, "coding-frist.yaml")
