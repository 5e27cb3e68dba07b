"""The small case that is shipped to be copied: its answers by hand, and what its pages say."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from doubletalk.case.finding import find_case, new_case, shipped_cases
from doubletalk.case.loading import load_case
from doubletalk.case.room import GameRoom
from doubletalk.case.study import StudyResult, study
from doubletalk.case.verdicts import answer
from doubletalk.equilibrium import solve
from doubletalk.exact import rational
from doubletalk.refinement.refine import refine
from doubletalk.report.html import page_content, write_report
from doubletalk.report.page_headline import headline
from doubletalk.report.study_terminal import show_study

LESS, MORE = "loan=restraint/3", "loan=3restraint"


@pytest.fixture(scope="module")
def firm() -> StudyResult:
    return study("firm")


def test_the_answers_are_those_worked_by_hand(firm: StudyResult) -> None:
    """With h = 2/5 words that say nothing bring no loan and restraint. Told the truth, a firm that does well has the
    loan (its worth against restraint decides whether it tells), one that does badly has restraint, 2, rather than the
    loan, 1. In private each would say to either what pays. So public talk separates just where loan >= restraint."""
    found = {item.claim.id: item for item in firm.claims}
    reach = {
        name: [found[name].reaches(found[name].worlds[world]) for world in (LESS, MORE)]
        for name in found if found[name].worlds
    }
    assert reach["t1-public"] == reach["t2-lender"] == ["none", "some"]
    assert reach["d1-private"] == reach["d2-union"] == ["all", "all"]
    assert reach["d3-always"] == ["all", "all"]
    assert reach["d4-no-gain"] == ["all", "some"]
    ranges = found["t3-price"].verdict.intervals
    held = [(i.low, i.high, i.low_closed) for i in ranges if i.answer == "yes"]
    assert held == [(rational("1"), rational("4"), True)]
    assert found["t4-record"].cannot
    assert all(game.solution.complete for game in firm.games.values())


def test_a_denial_is_counted_by_what_it_asserts(firm: StudyResult) -> None:
    """'In no equilibrium: X', met in every world, stands as a claim that holds, in the study and on the page."""
    item = next(item for item in firm.claims if item.claim.id == "d1-private")
    assert item.denies
    assert item.verdict.reach.word == "none"
    assert item.across == {"all": 2, "some": 0, "none": 0, "other": 0}
    row = next(row for row in page_content(firm).claims if row.id == "d1-private")
    assert (row.standing, row.worlds) == ("yes", ("all", "all"))
    assert row.reach.startswith("the contrary in none: 0 of 1 outcome")
    assert "asks that its comparison hold in no equilibrium: met in all 2" in row.answer


def test_a_case_without_a_window_shows_its_question_and_its_worlds(firm: StudyResult, tmp_path: Path) -> None:
    """The question comes first, then the worlds with their numbers of outcomes, in the page and in the terminal."""
    content = page_content(firm)
    assert headline(content)[1] == f"(1) {content.cruxes[0].asks}"
    assert [world.outcomes for world in content.worlds] == [1, 3]
    page = {path.name: path for path in write_report(firm, tmp_path)}["report.html"].read_text()
    assert page.index(content.cruxes[0].asks) < page.index('id="world-1"') < page.index('class="score"')
    heard = io.StringIO()
    show_study(firm, content, Console(file=heard, width=100))
    assert "equilibrium outcomes" in heard.getvalue()
    assert "best, as the belief grows" not in heard.getvalue()


def test_the_page_on_a_first_case_shows_what_the_terminal_shows(firm: StudyResult) -> None:
    """The numbers in docs/first-case.md are those of the case as shipped."""
    page = (Path(__file__).parent.parent / "docs" / "first-case.md").read_text()
    content = page_content(firm)
    heard = io.StringIO()
    show_study(firm, content, Console(file=heard, width=100))
    shown = page.split("```")[3].strip("\n").splitlines()
    lines = [line.rstrip() for line in heard.getvalue().splitlines()]
    assert [line for line in shown if line] == [line for line in lines if line in set(shown) - {""}]
    assert len([line for line in shown if line]) == 10


def test_the_case_can_be_copied_and_studied(tmp_path: Path) -> None:
    """What `doubletalk new mine --from firm` makes is a case with the same claims; both cases are shipped."""
    assert set(shipped_cases()) >= {"belarus", "firm"}
    made = load_case(new_case(tmp_path / "mine", "firm"))
    assert [c.id for c in made.claims] == [c.id for c in load_case(find_case("firm")).claims]
    sides = [sum(c.who == side for c in made.claims) for side in made.sides]
    assert sides[0] == sides[1]


def test_outcomes_that_a_refinement_leaves_open_are_not_counted_as_ruled_out() -> None:
    """With h = 1/2 both audiences are indifferent before any word, so neologisms can be judged nowhere: the claim is
    not asked, with the refinement's own reason. Where one outcome is open and another survives, an answer that turns
    on the open one is undecided, and one that does not stands."""
    file = load_case(find_case("firm")).games["public"]
    tied = GameRoom(lambda overrides: file.game({"h": rational("1/2"), **overrides}), solve)
    said = "P(lender=lend | type=good) > P(lender=lend | type=bad)"
    verdict = answer(f"in every equilibrium surviving neologism_proof: {said}", tied)
    assert verdict.answer == "cannot"
    assert "whether the group" in verdict.reason

    solution = refine(solve(file.game()), ["neologism_proof"])
    telling = {o.id for o in solution.outcomes if o.kind == "separating"}
    open_here = tuple(
        replace(o, survives={"neologism_proof": True if o.id in telling else None}) for o in solution.outcomes
    )
    half = GameRoom(lambda overrides: file.game(overrides), lambda game: replace(solution, outcomes=open_here))
    turned = answer(f"in every equilibrium surviving neologism_proof: {said}", half)
    assert (turned.answer, turned.reach.word) == ("undecided", "undecided")
    assert "leaves outcome" in turned.reason
    stands = answer(f"in some equilibrium surviving neologism_proof: {said}", half)
    assert (stands.answer, stands.reach.word) == ("yes", "undecided")
