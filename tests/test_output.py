"""The solution file: its content is the contract, its text is stable, and its schema accepts it and nothing less."""

from __future__ import annotations

import copy
import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest

from doubletalk.equilibrium import Solution, solve
from doubletalk.equilibrium.output import belief_keys, json_text, solution_json
from doubletalk.exact import rational
from doubletalk.library import entries, load
from doubletalk.report.summary import solution_view
from doubletalk.report.wording import belief_words, range_words, responses_words
from doubletalk.report.writing import write_text

SCHEMA = json.loads((files("doubletalk") / "schemas" / "solution.schema.json").read_text(encoding="utf-8"))
SMALL = ("beer_quiche", "subversion_private", "subversion", "patron_and_rival", "audience_costs", "card_game")


def chances(**values: str) -> dict[str, object]:
    """Exact chances by label."""
    return {label: rational(value) for label, value in values.items()}


@pytest.fixture(scope="module")
def solutions() -> dict[str, Solution]:
    """The equilibria of some library games of every solver class."""
    return {name: solve(load(name)) for name in SMALL}


def test_library_has_the_games_used_here() -> None:
    """The small games of this file are in the library."""
    assert set(SMALL) <= {entry.name for entry in entries()}


@pytest.mark.parametrize("name", SMALL)
def test_solution_file_satisfies_its_schema(solutions: dict[str, Solution], name: str) -> None:
    """What is written for a game satisfies the shipped schema, after a trip through text."""
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json_text(solution_json(solutions[name]))))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("complete",), "yes"),
        (("why_incomplete",), "because"),
        (("outcomes", 0, "kind"), "mixed"),
        (("outcomes", 0, "payoffs", "bully"), 0.9),
        (("outcomes", 0, "families"), []),
        (("outcomes", 0, "outcome", 0, "probability"), "0.1"),
    ],
)
def test_schema_refuses_what_the_contract_excludes(
    solutions: dict[str, Solution], path: tuple[str | int, ...], value: object
) -> None:
    """A wrong kind, a number that is not exact text, a reason without incompleteness: all are refused."""
    content = copy.deepcopy(solution_json(solutions["beer_quiche"]))
    place = content
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(SCHEMA).validate(content)


def test_beer_quiche_is_written_as_the_contract_says(solutions: dict[str, Solution]) -> None:
    """Both pooling outcomes, with the published payoffs, in exact text."""
    content = solution_json(solutions["beer_quiche"])
    assert content["doubletalk"] == 1
    assert content["parameters"] == {"strong": "9/10", "duel": "2"}
    assert (content["complete"], content["why_incomplete"]) == (True, None)
    beer = content["outcomes"][0]
    assert beer["kind"] == "pooling"
    assert beer["sender"] == {"weak": {"beer": "1", "quiche": "0"}, "strong": {"beer": "1", "quiche": "0"}}
    assert beer["payoffs"] == {"traveller": {"weak": "2", "strong": "3"}, "bully": "9/10"}
    row = {"type": "weak", "message": "beer", "actions": {"bully": "leave"}, "reply": None, "probability": "1/10"}
    assert row in beer["outcome"]


def test_two_runs_write_the_same_bytes(solutions: dict[str, Solution]) -> None:
    """Apart from the timing, solving again writes the same text."""
    first, second = (solution_json(s) for s in (solutions["patron_and_rival"], solve(load("patron_and_rival"))))
    first.pop("timing_s"), second.pop("timing_s")
    assert json_text(first) == json_text(second)


def test_timing_comes_last_and_is_rounded(solutions: dict[str, Solution]) -> None:
    """The part that varies is at the end, in microseconds."""
    content = solution_json(solutions["beer_quiche"])
    assert list(content)[-1] == "timing_s"
    assert all(round(value, 6) == value for value in content["timing_s"].values())


def test_beliefs_are_written_under_every_audience_that_shares_them() -> None:
    """With private channels keys are audience:observation; with a public message the observation alone."""
    assert belief_keys(load("beer_quiche")) == {"beer": ("beer",), "quiche": ("quiche",)}
    private = belief_keys(load("subversion_private"))
    assert all(":" in key for keys in private.values() for key in keys)
    assert {key.partition(":")[0] for keys in private.values() for key in keys} == {"P", "Q"}


def test_beliefs_in_words_are_the_exact_conditions() -> None:
    """Facets become phrases; a hull of all labels needs nothing; traits give shorter conditions."""
    half = chances(weak="1/2", strong="1/2")
    two = ["weak", "strong"]
    assert belief_words([chances(weak="1"), half], two, {}) == "weak at least 1/2"
    assert belief_words([chances(strong="1"), half], two, {}) == "weak at most 1/2"
    assert belief_words([chances(weak="1"), chances(strong="1")], two, {}) == "anything"
    assert belief_words([chances(strong="1")], two, {}) == "surely strong"
    four = [chances(a="1"), chances(b="1")]
    four += [{x: rational("1/3"), y: rational("2/3")} for x in "ab" for y in "cd"]
    groups = {"hedger": ["a", "b"], "captive": ["c", "d"]}
    assert belief_words(four, list("abcd"), groups) == "hedger at least 1/3"
    skew = [chances(a="1"), chances(b="1"), chances(a="1/3", c="2/3"), chances(b="1/4", c="3/4")]
    assert belief_words(skew, list("abc"), {}) == "2 P(a) + 3 P(b) ≥ P(c)"


def test_responses_in_words_give_ranges_and_situations() -> None:
    """A segment between two actions is a range; several situations are named."""
    mixed = [chances(fight="1"), chances(fight="1/2", leave="1/2")]
    assert range_words(mixed, ["fight", "leave"]) == "fight 1/2 to 1, else leave"
    assert range_words([chances(a="1"), chances(b="1")], ["a", "b"]) == "any mix of a and b"
    situations = {"west=relieve": "pay", "west=press": "hold", "west=demand": "hold"}
    assert responses_words(situations) == "if west=relieve: pay; otherwise hold"


def test_view_says_who_says_what_and_what_must_be_believed(solutions: dict[str, Solution]) -> None:
    """Beer-quiche in words: pooling on beer, and what follows quiche, which is never said."""
    beer = solution_view(solutions["beer_quiche"]).outcomes[0]
    assert beer.says == (("weak", "beer"), ("strong", "beer"))
    after = {view.heard: view for view in beer.after}
    assert after["beer"].options == ((("bully: leave",), "weak 1/10, strong 9/10"),)
    assert after["quiche"].status == "never said"
    assert beer.payoffs == (("traveller", "weak 2, strong 3"), ("bully", "9/10"))


def test_notebook_view_escapes_labels(solutions: dict[str, Solution]) -> None:
    """The notebook gets tables, and no label can inject markup."""
    html = solutions["beer_quiche"]._repr_html_()
    assert html.count("<table>") == html.count("</table>") > 0
    assert "Cho &amp; Kreps" in html
    assert "<script" not in html


def test_files_are_whole_or_untouched(tmp_path: Path) -> None:
    """A write that fails leaves the old file and nothing beside it."""
    target = tmp_path / "solution.json"
    write_text(target, "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(target, "\ud800")
    assert target.read_text() == "old"
    write_text(target, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["solution.json"]
    assert target.read_text() == "new"
