"""A case's own words: another dispute's actors and actions in its chronicle, coding, statements and event data."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator
from typer.testing import CliRunner

from doubletalk.cli import app
from doubletalk.errors import InputError
from doubletalk.evidence.chronicle import load_chronicle
from doubletalk.evidence.coding import coded_record
from doubletalk.evidence.language import evaluate_record
from doubletalk.evidence.record import load_record
from doubletalk.evidence.vocabulary import STANDARD
from doubletalk.evidence.vocabulary_file import load_vocabulary, vocabulary_of

WORDS = """\
doubletalk_vocabulary: 1
actions: {mediate: a third party brings the sides to a table}
actors:
  ARM: {meaning: "Armenia, its government", country: ARM, sector: GOV}
  AZE: Azerbaijan
  OPP: {meaning: the opposition in Armenia, name: Opposition of Armenia, country: ARM, sector: OPP}
groups: {neighbours: [AZE, RUS]}
"""
HEADER = "id,date,date_precision,actor,target,action,intensity,summary,source_title,source_url,confidence\n"
ROWS = (
    "a,2013-09-03,day,ARM,RUS,integrate,3,Yerevan turned to the customs union.,A paper,https://example.org/1,sourced",
    "b,2016-04-02,day,AZE,ARM,provoke,3,Four days of war.,A paper,https://example.org/2,sourced",
    "c,2016-04-05,day,RUS,ARM,mediate,2,A truce was made in Moscow.,A paper,https://example.org/3,sourced",
    "d,2018-07-27,day,ARM,OPP,repress,2,A former president was charged.,A paper,,recalled",
    "e,2019-01-01,month,RUS,ARM,squeeze,2,The price of gas rose.,A paper,https://example.org/5,sourced",
)
CODING = """\
doubletalk_coding: 1
title: The largest event counts
first: 2013Q1
actors:
  client: {moves: [hold, turn], rules: [{move: turn, action: integrate, by: ARM}]}
  others: {moves: [hold, hit, talk], rules: [{move: hit, action: [provoke, squeeze], by: neighbours},
           {move: talk, action: mediate}]}
"""
ACTORS = """\
code,role,country,sector,name,note
OPP,home,ARM,OPP|Opposition,,
ARM,client,ARM,,,
RUS,patron,RUS,,,
AZE,other,AZE,,,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A case of another dispute, with five events."""
    for name, text in (
        ("vocabulary.yaml", WORDS), ("chronicle.csv", HEADER + "\n".join(ROWS) + "\n"), ("coding.yaml", CODING),
        ("actors.csv", ACTORS),
        ("case.yaml", "doubletalk_case: 1\ntitle: Armenia\nquestion: Which way?\nas_of: 2019-12-31\n"),
    ):  # fmt: skip
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").splitlines()


def test_a_case_is_read_in_its_own_words(folder: Path) -> None:
    """Chronicle, coding and statements know the case's actors, actions and groups, and the standard ones."""
    record = load_record(folder)
    assert {event.actor for event in record.chronicle} == {"ARM", "AZE", "RUS"}
    coded = coded_record(folder)
    assert coded.move("2016Q2", "others").made_by == ("b",)
    assert coded.move("2019Q1", "others").made_by == ("e",)
    answer = evaluate_record("record: count(provoke|squeeze by neighbours) > count(mediate)", record)
    assert (answer.left, answer.right) == (2, 1)
    assert vocabulary_of(folder).actors["EU"] == STANDARD.actors["EU"]
    assert vocabulary_of(folder / "none") is STANDARD


def test_without_the_file_the_same_rows_are_refused_with_their_lines(folder: Path) -> None:
    """The standard words have no ARM and no mediate, and every row that uses them is named."""
    (folder / "vocabulary.yaml").unlink()
    with pytest.raises(InputError) as caught:
        load_chronicle(folder / "chronicle.csv")
    assert str(caught.value).count("'ARM'") == 5
    assert "'mediate'" in str(caught.value)


def test_event_data_of_the_case_go_out_and_come_back_whole(folder: Path) -> None:
    """Names and countries are the case's; an action without a code is named; the others return word for word."""
    run = CliRunner().invoke
    out, back = folder / "out.tsv", folder / "back.csv"
    gone = run(app, ["chronicle", str(folder), "--export", "plover", "--to", str(out)])
    assert gone.exit_code == 0
    assert "1 have no code: c" in gone.output
    rows = {row["Event ID"]: row for row in csv.DictReader(_lines(out), delimiter="\t")}
    assert (rows["d"]["Recipient Name"], rows["d"]["Recipient Country"]) == ("Opposition of Armenia", "ARM")
    assert (rows["b"]["Actor Name"], rows["b"]["Actor Country"]) == ("Azerbaijan", "AZE")
    done = run(app, ["chronicle", str(folder), "--import", str(out), "--format", "polecat", "--to", str(back)])
    assert done.exit_code == 0, done.output
    came = list(csv.DictReader(_lines(back)))
    assert [",".join(row.values()) for row in came] == [row for row in ROWS if not row.startswith("c,")]
    assert not (folder / "back-left-out.csv").exists()


def test_an_action_like_a_standard_one_makes_the_whole_round_without_a_table_of_actors(folder: Path) -> None:
    """With ``like`` every event goes out, and our own columns bring it back in the case's own words."""
    words = WORDS.replace(
        "{mediate: a third party brings the sides to a table}", "{mediate: {meaning: a table is set, like: engage}}"
    )
    (folder / "vocabulary.yaml").write_text(words, encoding="utf-8")
    (folder / "actors.csv").unlink()
    run, out, back = CliRunner().invoke, folder / "out.tsv", folder / "back.csv"
    assert "no code" not in run(app, ["chronicle", str(folder), "--export", "plover", "--to", str(out)]).output
    rows = {row["Event ID"]: row for row in csv.DictReader(_lines(out), delimiter="\t")}
    assert (rows["c"]["Event Type"], rows["c"]["Action"], rows["c"]["Actor Code"]) == ("CONSULT", "mediate", "RUS")
    asked = ["chronicle", str(folder), "--import", str(out), "--format", "polecat", "--to", str(back)]
    assert run(app, asked).exit_code == 0
    assert [",".join(row.values()) for row in csv.DictReader(_lines(back))] == list(ROWS)
    out.write_text("date,source,target,code\n2020-09-27,AZEMIL,ARMGOV,190\n", encoding="utf-8")
    refused = run(app, [*asked[:5], "cameo", *asked[6:]])
    assert refused.exit_code == 1
    assert "no table of actors" in str(refused.exception) + refused.output


def test_the_schema_is_printed_and_takes_and_refuses_what_the_reader_does(folder: Path) -> None:
    """``schema vocabulary`` holds for the file above; each wrong file that a schema can see is refused by both."""
    printed = CliRunner().invoke(app, ["schema", "vocabulary"]).output
    schema = Draft202012Validator(json.loads(printed))
    Draft202012Validator.check_schema(schema.schema)
    assert not list(schema.iter_errors(yaml.safe_load(WORDS)))
    like = schema.schema["properties"]["actions"]["additionalProperties"]["anyOf"][1]["properties"]["like"]["enum"]
    assert like == list(STANDARD.actions)
    for old, new in (
        ("doubletalk_vocabulary: 1", "doubletalk_vocabulary: 2"),
        ("groups:", "group:"),
        ("AZE: Azerbaijan", "AZE: ''"),
        ("AZE: Azerbaijan", "A-Z: Azerbaijan"),
        ("mediate: a third", "within: a third"),
        ("country: ARM", "land: ARM"),
        ('meaning: "Armenia, its government", ', ""),
        ("[AZE, RUS]", "[]"),
        ("{mediate: a third party brings the sides to a table}", "{mediate: {meaning: x, like: mediating}}"),
    ):
        wrong = WORDS.replace(old, new, 1)
        assert wrong != WORDS
        assert list(schema.iter_errors(yaml.safe_load(wrong))), wrong
        (folder / "vocabulary.yaml").write_text(wrong, encoding="utf-8")
        with pytest.raises(InputError, match=r"vocabulary\.yaml:"):
            load_vocabulary(folder / "vocabulary.yaml")


def test_a_hostile_act_of_a_third_state_is_imported(folder: Path) -> None:
    """Without our own columns a neighbour's assault on the client is a provocation, as in the vocabulary."""
    source, back = folder / "cameo.csv", folder / "back.csv"
    source.write_text("date,source,target,code\n2020-09-27,AZEMIL,ARMGOV,190\n", encoding="utf-8")
    asked = ["chronicle", str(folder), "--import", str(source), "--format", "cameo", "--to", str(back)]
    ran = CliRunner().invoke(app, asked)
    assert ran.exit_code == 0, ran.output
    (row,) = csv.DictReader(_lines(back))
    assert (row["actor"], row["target"], row["action"], row["intensity"]) == ("AZE", "ARM", "provoke", "1")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("doubletalk_vocabulary: 2\n", "expected version 1"),
        ("actions: {mediate: x}\n", "the key 'doubletalk_vocabulary' is missing"),
        ("doubletalk_vocabulary: 1\nactor: {ARM: x}\n", "unknown key 'actor'; did you mean 'actors'?"),
        ("doubletalk_vocabulary: 1\nactions: {within: x}\n", "'within' is a word of the statement language"),
        ("doubletalk_vocabulary: 1\nactors: {A-B: x}\n", "'A-B' is no word"),
        ("doubletalk_vocabulary: 1\nactors: {ARM: {name: x}}\n", "the key 'meaning' is missing"),
        ("doubletalk_vocabulary: 1\nactors: {ARM: ''}\n", "expected text"),
        ("doubletalk_vocabulary: 1\ngroups: {near: [RUSS]}\n", "unknown actor 'RUSS'; did you mean 'RUS'?"),
        ("doubletalk_vocabulary: 1\ngroups: {RUS: [EU]}\n", "'RUS' is an actor already"),
    ],
)
def test_wrong_words_are_refused_with_the_line(tmp_path: Path, wrong: str, said: str) -> None:
    """Every mistake in the file is one error that names the file and says what was expected."""
    file = tmp_path / "vocabulary.yaml"
    file.write_text(wrong, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_vocabulary(file)
    assert said in str(caught.value)
    assert "vocabulary.yaml:" in str(caught.value)


def test_a_comparison_of_codings_that_agree_has_a_header(folder: Path) -> None:
    """differences.csv has its columns also where no quarter differs."""
    (folder / "coding-same.yaml").write_text(CODING, encoding="utf-8")
    assert CliRunner().invoke(app, ["chronicle", str(folder), "--out", str(folder / "out")]).exit_code == 0
    text = (folder / "out" / "differences.csv").read_text(encoding="utf-8")
    assert text == "coding,quarter,what,coding,other,rows,other_rows\n"
