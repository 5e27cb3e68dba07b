"""Case folders: read with errors that name file and line, studied whole, copied all or nothing."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from doubletalk.case.candidates import crossings
from doubletalk.case.finding import find_case, new_case, shipped_cases
from doubletalk.case.flips import OUT_OF_TIME, OutOfTime, nearest_flips
from doubletalk.case.loading import CaseFileError, load_case
from doubletalk.case.study import StudyResult, study
from doubletalk.case.tables import totals
from doubletalk.case.verdicts import GameRoom, answer
from doubletalk.case.window import WindowRoles
from doubletalk.case.words import game_assumptions, parameter_notes
from doubletalk.equilibrium import solve
from doubletalk.errors import InputError
from doubletalk.exact import Rational, rational

GAME = """
doubletalk: 1
title: Talk
parameters:
  p: 1/3   # share of good speakers; own choice
sender: {name: speaker, types: {good: p, bad: 1 - p}, messages: [hello, silence]}
audiences: {hearer: {actions: [trust, shun]}}
payoffs:
  speaker: [{when: {hearer: trust}, add: 1}, {when: {message: hello}, add: -1/10}]
  hearer:
    - {when: {type: good, hearer: trust}, add: 1}
    - {when: {type: bad, hearer: trust}, add: -1}
"""
CASE = "doubletalk_case: 1\ntitle: Small\ngames:\n  talk: talk.yaml\nclaims: claims.yaml\n"
CLAIMS = """
claims:
  - {id: silent, who: me, says: Silence wins no trust.,
     statement: "in every equilibrium: P(hearer=trust | message=silence) = 0"}
  - {id: shun, who: me, says: Shunning is best., statement: "best(hearer) = shun"}
  - {id: later, who: me, says: It lasts., statement: "long game: P(trust) > 0"}
  - {id: seen, who: me, says: It was so., statement: "record: count(court) > 0"}
"""


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A case with only a game and claims."""
    (tmp_path / "talk.yaml").write_text(GAME)
    (tmp_path / "case.yaml").write_text(CASE)
    (tmp_path / "claims.yaml").write_text(CLAIMS)
    return tmp_path


def test_small_case_needs_only_a_game_and_claims(small: Path) -> None:
    """Without record, window and sources the study answers what it can and says what it cannot."""
    steps: list[float] = []
    result = study(small, progress=lambda share, what: steps.append(share))
    answers = {item.claim.id: item for item in result.claims}
    assert answers["silent"].short == "holds (all: 1 of 1 outcome)"
    assert answers["shun"].verdict is not None
    flips = {(f.direction, str(f.threshold)) for f in answers["shun"].verdict.flips}
    assert flips == {("up", "1/2")}
    assert answers["later"].cannot == "the case has no long game (longgame: in case.yaml)"
    assert answers["seen"].cannot == "the case has no record"
    assert (result.window, result.moves, result.tells_apart, result.record) == (None, (), (), None)
    assert steps == sorted(steps)
    assert steps[-1] == 1.0
    assert json.loads(result.to_json())["claims"][0]["id"] == "silent"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("case.yaml", "title:", "titel:", r"case\.yaml:2: case: .*titel.*title"),
        ("case.yaml", "talk.yaml", "tlak.yaml", r"case\.yaml:\d+: .*tlak\.yaml.*talk\.yaml"),
        ("case.yaml", "talk.yaml", "../talk.yaml", "expected a file inside the case folder"),
        ("case.yaml", "doubletalk_case: 1", "doubletalk_case: 2", "expected 1, the version"),
        ("case.yaml", "title: Small", "title: []", "found an empty list, expected text"),
        ("case.yaml", "title: Small", "title: Small\nas_of: soon", "expected a date such as"),
        ("case.yaml", "title: Small", "title: Small\nrecord: maybe", "expected true or false"),
        ("case.yaml", "title: Small", "title: Small\nvary: [q]", "vary: .*q"),
        ("case.yaml", "title: Small", "title: Small\nwindow: {first: hearer}", "the key 'second' is missing"),
        ("claims.yaml", "id: shun", "id: silent", "this id is used twice"),
        ("claims.yaml", "says: Silence wins no trust.,", "", "the key 'says' is missing"),
        ("claims.yaml", "best(hearer) = shun", "best(hearer) shun", r"claims\.yaml:5: claim 'shun': found 'shun', exp"),
        ("claims.yaml", "best(hearer) = shun", "best(hearer) = shn", r"claims\.yaml.*'shun'.*did you mean 'shun'"),
        ("claims.yaml", ', statement: "best(hearer) = shun"', "", "expected either 'statement' or 'cannot'"),
        ("claims.yaml", "id: shun,", "id: shun, gmae: talk,", "gmae.*game"),
        ("talk.yaml", "hearer: trust}, add: 1}, {when", "hearer: trsut}, add: 1}, {when", r"talk\.yaml:\d+"),
    ],
)
def test_wrong_case_files_name_file_and_line(small: Path, file: str, old: str, new: str, message: str) -> None:
    """Each mistake gets one error with the file, and where there is one the line and the nearest name."""
    text = (small / file).read_text()
    assert old in text
    (small / file).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        study(small)
    assert re.search(message, str(caught.value).replace("\n", " ")), str(caught.value)


def test_missing_folder_and_missing_case_file_are_said(tmp_path: Path) -> None:
    """A name that is no case and a folder without case.yaml are told apart; shipped names are suggested."""
    with pytest.raises(InputError, match="belarus"):
        find_case("belarsu")
    with pytest.raises(InputError, match=r"without case\.yaml"):
        find_case(tmp_path)
    with pytest.raises(CaseFileError, match="expected a case folder"):
        load_case(tmp_path)


def test_new_case_copies_everything_and_never_overwrites(tmp_path: Path) -> None:
    """The copy holds the same files; a second copy to the same place is refused and changes nothing."""
    place = new_case(tmp_path / "mine")
    origin = find_case("belarus")
    names = {p.name for p in origin.iterdir() if p.is_file() and not p.name.startswith(".")}
    assert {p.name for p in place.iterdir() if p.is_file()} == names
    (place / "case.yaml").write_text("mine")
    with pytest.raises(InputError, match="already exists; nothing was written"):
        new_case(place)
    assert (place / "case.yaml").read_text() == "mine"
    with pytest.raises(InputError, match="does not exist"):
        new_case(tmp_path / "no" / "where")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine"]
    assert find_case(origin / "case.yaml") == origin
    assert "belarus" in shipped_cases()


def test_belarus_claims_come_from_both_sides_in_like_number() -> None:
    """At least 12 claims about the game and 10 about the record, equally many from either side; the third lens too."""
    case = load_case(find_case("belarus"))
    count = {
        (kind, who): sum(1 for c in case.claims if c.kind == kind and c.who == who)
        for kind in ("game", "record") for who in case.sides
    }
    assert count["game", "article"] == count["game", "reply"] >= 12
    assert count["record", "article"] == count["record", "reply"] >= 10
    assert count["game", "scholarship"] >= 1
    spoken_for = {c.of for c in case.claims}
    assert {f"A{k}" for k in range(1, 9)} <= spoken_for
    assert {f"B{k}" for k in range(1, 13)} <= spoken_for
    assert all(c.cannot for c in case.claims if c.kind == "cannot")


def test_belarus_sources_are_in_the_bibliography() -> None:
    """Every source key that a claim names is an entry of sources.bib."""
    case = load_case(find_case("belarus"))
    assert case.sources is not None
    keys = set(re.findall(r"^@\w+\{([^,]+),", case.sources.read_text(), flags=re.MULTILINE))
    assert {c.source for c in case.claims} <= keys


def test_belarus_parameters_say_where_they_come_from() -> None:
    """Every parameter of the exchange has a note: a source, or 'own choice'."""
    file = load_case(find_case("belarus")).games["exchange"]
    notes = parameter_notes(Path(file.path), file.values())
    assert set(notes) == set(file.values())
    sourced = re.compile(r"own choice|chronicle\.csv|series\.csv|November 2010")
    assert all(sourced.search(note) for note in notes.values())


def test_belarus_study_answers_every_claim(belarus: StudyResult) -> None:
    """Every claim has exactly one kind of answer; the equilibria are complete and certified; the window is there."""
    for item in belarus.claims:
        given = (item.verdict, item.record_answer, item.long_answer, item.posterior_answer, item.cannot)
        assert sum(x is not None for x in given) == 1, item.claim.id
    game = belarus.games["exchange"]
    assert game.solution.complete
    assert game.certificates
    assert all(certificate.valid for certificate in game.certificates)
    assert belarus.window is not None
    assert belarus.tells_apart


def test_belarus_window_claims_agree_with_the_window(belarus: StudyResult) -> None:
    """Two roads to one number: the ranges answered by claims are those of the window."""
    window = belarus.window
    assert window is not None
    by_id = {item.claim.id: item.verdict for item in belarus.claims if item.verdict is not None}
    for claim, action in (("a7-ease", "relieve"), ("b11-demands", "demand")):
        held = tuple((i.low, i.high) for i in by_id[claim].intervals if i.answer == "yes")
        assert held == window.where_best(action)
    paid = tuple((i.low, i.high) for i in by_id["b2-price"].intervals if i.answer == "yes")
    assert paid == window.zones("outbid")


def test_study_as_json_and_csv(belarus: StudyResult) -> None:
    """JSON and CSV hold every claim; every CSV table is rectangular; no number is lost to rounding."""
    data = json.loads(belarus.to_json())
    assert [c["id"] for c in data["claims"]] == [item.claim.id for item in belarus.claims]
    assert data["window"]["endpoints"]["relieve stops working"] == "15/31"
    for name, text in belarus.csv_tables().items():
        rows = list(csv.reader(io.StringIO(text)))
        assert len({len(row) for row in rows}) == 1, name
        assert len(rows) > 1, name


def test_assumptions_follow_the_game() -> None:
    """The sentences name who speaks, who hears whom and who cannot lie."""
    words = " ".join(game_assumptions(load_case(find_case("belarus")).games["exchange"].game()))
    assert "independent can say only court" in words
    assert "sees what west did" in words
    assert "Bayes' rule" in words


def test_flips_are_confirmed_thresholds() -> None:
    """Quick flips name the exact threshold where a posterior meets a break-even belief, worked by hand.

    With h up, the hedgers among all who may be quiet have posterior h(1 - q) / (1 - h q); at q = 1/3 it meets the
    Kremlin's break-even belief 15/31 at h = 45/77, above which nobody is ever relieved. What was searched is kept.
    """
    file = load_case(find_case("belarus")).games["exchange"]
    base = {"q": rational("1/3"), "d": 3 * file.values()["rho"]}
    room = GameRoom(lambda overrides: file.game({**base, **overrides}), solve)
    roles = WindowRoles("west", "kremlin", "relieve", "pressure", "demand", "pay")

    def asked(overrides: Mapping[str, Rational]) -> str:
        return answer("in some equilibrium: P(west=relieve) > 0", room, overrides).answer

    def expected(name: str, low: Rational, high: Rational) -> tuple[Rational, ...]:
        return crossings(room.game, roles, name, low, high)

    found, searched = nearest_flips(asked, {"h": rational("1/2")}, wide=False, expected=expected)
    assert [(f.direction, f.threshold, f.answer_beyond) for f in found] == [("up", rational("45/77"), "no")]
    assert [(s.parameter, s.low, s.high) for s in searched] == [("h", rational("3/8"), rational("5/8"))]


def test_every_game_claim_is_answered_in_every_world(belarus: StudyResult) -> None:
    """Twelve verdicts for each claim about the game; every world solved completely; reach counts add up."""
    names = [item.world.name for item in belarus.worlds]
    assert len(names) == 12
    assert all(item.complete and item.outcomes and item.points for item in belarus.worlds)
    for item in belarus.claims:
        if item.verdict is None:
            continue
        assert list(item.worlds or {}) == names, item.claim.id
        assert sum(item.across.values()) == 12
        for verdict in (item.worlds or {}).values():
            reach = verdict.reach
            assert reach is not None
            if reach.of == "outcomes" and reach.word in ("all", "some", "none"):
                none = sum(truth.extent == "none" for truth in verdict.outcomes)
                assert reach.holding + len(reach.partly) + none == reach.total
                assert (reach.example is None) == (reach.word == "none")
                assert (reach.counterexample is None) == (reach.word == "all")


def test_claims_that_say_the_opposite_get_the_same_reach_with_sides_swapped(small: Path) -> None:
    """Reach does not depend on the author's quantifier: every, some and no report the same numbers."""
    file = load_case(small).games["talk"]
    room = GameRoom(file.game, solve)
    reaches = {
        quantifier: answer(f"in {quantifier} equilibrium: P(message=hello) > 0", room).reach
        for quantifier in ("every", "some", "no")
    }
    assert len({(r.word, r.holding, r.total, r.which) for r in reaches.values() if r is not None}) == 1


def test_claims_true_by_construction_are_counted_apart(belarus: StudyResult) -> None:
    """The totals count them in a column of their own, for every side that has some."""
    counted = totals(belarus.claims)
    for who, row in counted.items():
        marked = [i for i in belarus.claims if i.verdict and i.claim.who == who and i.claim.by_construction]
        assert row["by_construction"] == len(marked) > 0
        assert row["claims"] == sum(v for k, v in row.items() if k != "claims")


def test_attribution_says_what_was_seen(belarus: StudyResult) -> None:
    """Every claim of either article says what is known of its text; those of the reply, read whole, are all seen."""
    for item in belarus.claims:
        if item.claim.who == "reply":
            assert item.claim.attribution == "seen"
        elif item.claim.who == "article":
            assert item.claim.attribution in ("seen", "reported", "same author"), item.claim.id


@pytest.mark.parametrize("stop", ["asking shun", "done"])
def test_interrupted_study_keeps_what_it_found(small: Path, stop: str) -> None:
    """Ctrl-C at any step gives the answers found so far, says which were not reached, and raises nothing."""

    def progress(share: float, what: str) -> None:
        if what == stop:
            raise KeyboardInterrupt

    result = study(small, progress)
    assert result.stopped == f"interrupted while {stop}"
    answers = {item.claim.id: item for item in result.claims}
    assert answers["silent"].verdict is not None
    if stop != "done":
        assert answers["shun"].cannot == "not asked: the study was stopped before it"
    assert json.loads(result.to_json())["stopped"] == result.stopped
    assert "claims.csv" in result.csv_tables()


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("case.yaml", "screen: demand", "screen: demnd", r"case\.yaml:\d+: window: screen: .*did you mean 'demand'"),
        ("case.yaml", "first: west", "first: wset", r"case\.yaml:\d+: window: first: .*did you mean 'west'"),
        ("case.yaml", "parameter: d\n", "parameter: dd\n", r"case\.yaml:\d+: crux 'compliance': .*dd"),
        ("case.yaml", "{compliance: less}", "{complance: less}", r"case\.yaml:\d+: .*did you mean 'compliance'"),
        ("claims.yaml", "source: nam2023exchange", "soruce: nam2023exchange", r"claims\.yaml:\d+: .*mean 'source'"),
        ("claims.yaml", "source: nam2023exchange", "source: nam2023exchnge", r"claims\.yaml:\d+: .*mean 'nam2023e"),
        ("claims.yaml", "attribution: reported", "attribution: reprted", r"claims\.yaml:\d+: .*mean 'reported'"),
    ],
)
def test_mistakes_in_a_copy_of_the_case_name_line_and_nearest(
    tmp_path: Path, file: str, old: str, new: str, message: str
) -> None:
    """A misspelt role, crux, key, source or attribution is one error with file, line and the nearest name."""
    place = new_case(tmp_path / "copy")
    text = (place / file).read_text()
    assert old in text
    (place / file).write_text(text.replace(old, new, 1))
    with pytest.raises(InputError) as caught:
        load_case(place)
    assert re.search(message, str(caught.value)), str(caught.value)


def test_missing_chronicle_is_one_clear_error(tmp_path: Path) -> None:
    """A case that asks for a record without chronicle.csv says so, with the line that asks for it."""
    place = new_case(tmp_path / "copy")
    (place / "chronicle.csv").unlink()
    with pytest.raises(CaseFileError, match=r"case\.yaml:\d+: record: true needs the file chronicle\.csv"):
        load_case(place)


def test_a_search_for_flips_out_of_time_says_what_it_did_not_reach(small: Path) -> None:
    """With no time left each parameter still has its line, looked at nowhere but where it stands, with the reason."""
    cut = study(small, flips="all", flips_limit=1e-9)
    whole = study(small, flips="all")
    late = [s for item in cut.claims if item.verdict is not None for s in item.verdict.searched]
    full = [s for item in whole.claims if item.verdict is not None for s in item.verdict.searched]
    assert [s.parameter for s in late] == [s.parameter for s in full] != []
    assert all(s.stopped == OUT_OF_TIME and s.values == (s.default,) for s in late)
    assert not any(s.stopped == OUT_OF_TIME for s in full)
    assert cut.stopped is None


def test_a_search_cut_short_keeps_what_it_found() -> None:
    """The flip of the first parameter stays; the second, in which the time ran out, says so."""

    def asked(overrides: Mapping[str, Rational]) -> str:
        if "second" in overrides:
            raise OutOfTime
        return "yes" if overrides.get("first", rational(1)) < 2 else "no"

    found, searched = nearest_flips(asked, {"first": rational(1), "second": rational(1)})
    assert [(flip.parameter, flip.threshold) for flip in found] == [("first", rational(2))]
    assert [s.stopped for s in searched] == [None, OUT_OF_TIME]
