"""Thresholds: closed forms derived by hand, irrational ones, knife edges, claims, and the command."""

from __future__ import annotations

import csv
import json
import os
import random
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from parameter_games import BEER_QUICHE

from doubletalk.exact import Rational, rational
from doubletalk.game.loading import game_file_from_text, read_game_file
from doubletalk.regions.algebraic import AlgebraicNumber, recognised
from doubletalk.regions.atlas_questions import NOT_SOLVED, Equilibria, Several, question_from_text
from doubletalk.regions.atlas_solving import Solver
from doubletalk.regions.critical import critical_values
from doubletalk.regions.thresholds import Change, Line, Stretch, find_thresholds
from doubletalk.regions.thresholds_data import Letters, rows_of, thresholds_csv, thresholds_json
from doubletalk.regions.thresholds_game import AskLine
from doubletalk.report.sections.thresholds import settled
from doubletalk.report.thresholds_figure import _points, thresholds_html, thresholds_svg

ROOT = Path(__file__).resolve().parent.parent

FOND_OF_FIGHTS = BEER_QUICHE.replace("bully: fight}, add: 1}", "bully: fight}, add: 1 + strong}")

SPENCE = """
doubletalk: 1
title: A job market with two types, one level of schooling, three wages
parameters: {able: 1/3, cost: 1}
sender: {name: worker, types: {low: 1 - able, high: able}, messages: [none, school]}
audiences: {firm: {actions: [low_wage, middle_wage, high_wage]}}
payoffs:
  worker:
    - {when: {firm: low_wage}, add: 1}
    - {when: {firm: middle_wage}, add: 1 + able}
    - {when: {firm: high_wage}, add: 2}
    - {when: {type: low, message: school}, add: -cost}
    - {when: {type: high, message: school}, add: -cost/2}
  firm:
    - {when: {type: low, firm: high_wage}, add: -2}
    - {when: {type: high, firm: low_wage}, add: -2}
    - {when: {firm: middle_wage}, add: -1/2}
"""


def lines_of(
    source: str | Path, name: str, low: str, high: str, *questions: str, grid: int = 12, **settings: str
) -> tuple[AskLine, tuple[Line, ...]]:
    file = read_game_file(source) if isinstance(source, Path) else game_file_from_text(source)
    others = {key: rational(value) for key, value in settings.items()}
    middle = file.game({**others, name: (rational(low) + rational(high)) / 2})
    asked = tuple(question_from_text(each, middle) for each in questions or ("equilibria",))
    ask = AskLine(file, name, asked, others)
    turns = critical_values(ask.game_at, rational(low), rational(high))
    return ask, find_thresholds(Solver(ask), name, rational(low), rational(high), ask.labels, turns, grid)


def values(line: Line) -> list[str]:
    return [str(change.value) for change in line.changes]


def test_beer_and_quiche_changes_where_the_derivation_says() -> None:
    """In the belief the ends and 1/2, where the bully may do either; in the price of a duel 1."""
    _, (found, surviving) = lines_of(BEER_QUICHE, "strong", "0", "1", "kinds", "equilibria:d1")
    assert values(found) == ["0", "1/2"]  # at 1 all pool, as just below it
    assert [found.changes[1].below, found.changes[1].at_it, found.changes[1].above] == [
        ("semi-separating",),
        ("pooling",),
        ("pooling",),
    ]
    assert values(surviving) == ["0", "1/2", "1"]
    ask, (duel,) = lines_of(BEER_QUICHE, "duel", "0", "3", "structure")
    assert values(duel) == ["1"]
    assert ask.words(0, duel.changes[0].at_it) == "1 pooling, 1 semi-separating"


def test_spence_changes_where_the_derivation_says() -> None:
    """Equilibria change at cost 0, a, 1, 2 - 2a and 2; what is intuitive also at 1 - a; what survives D1 does not."""
    for able in ("1/3", "2/5", "3/7"):
        a = Fraction(able)
        _, (all_, intuitive, d1) = lines_of(
            SPENCE, "cost", "0", "3", "equilibria", "equilibria:intuitive", "equilibria:d1", able=able
        )
        expected = [Fraction(0), a, Fraction(1), 2 - 2 * a, Fraction(2)]
        assert [Fraction(v) for v in values(all_)] == expected
        assert sorted({Fraction(v) for v in values(intuitive)}) == sorted([*expected, 1 - a])
        assert [Fraction(v) for v in values(d1)] == expected


def test_what_holds_at_a_threshold_is_told_apart_from_both_sides() -> None:
    """At cost = 2 - 2a the high type may mix while the firm surely pays 1 + a without schooling: on neither side so."""
    ask, (line,) = lines_of(SPENCE, "cost", "0", "3")
    change = next(c for c in line.changes if str(c.value) == "4/3")
    parts = [set(ask.parts(0, answer)) for answer in (change.below, change.at_it, change.above)]
    assert len({frozenset(p) for p in parts}) == 3
    mixing = "semi-separating (low: none; high: none or school; none -> middle_wage, school -> high_wage)"
    assert [mixing in each for each in parts] == [False, True, False]


def test_the_exchange_changes_where_the_derivation_says() -> None:
    """The West's policy turns at w/G; play when all but the independent hedger are quiet at h/(2 - h) = w/G."""
    place = ROOT / "cases" / "belarus" / "exchange.yaml"
    file = read_game_file(place)
    filed = {name: Fraction(str(value)) for name, value in file.values().items()}
    worth = filed["w"] / filed["G"]
    q = filed["q"]
    _, (best, play) = lines_of(place, "h", "1/100", "1/10", "best:west", "structure", grid=4)
    assert [Fraction(v) for v in values(best)] == [worth]
    # behind quiet: hedgers with a mouthpiece, (1 - q) h, and all captives, 1 - h; demands tie with pressure there
    assert [Fraction(v) for v in values(play)] == [worth / (1 - q + q * worth)]


def test_an_irrational_threshold_is_named_by_its_polynomial() -> None:
    """The bully is indifferent at (1 - p)(1 + p) = p, that is at (sqrt 5 - 1)/2: a polynomial and an interval."""
    ask, (line,) = lines_of(FOND_OF_FIGHTS, "strong", "1/10", "9/10", "kinds")
    (change,) = line.changes
    assert change.value is None
    assert change.root is not None
    assert change.root.equation("p") == "p^2 + p - 1 = 0"
    assert change.root.decimals(12) == "0.618033988749"
    assert change.root.value_at(change.low) < 0 < change.root.value_at(change.high)
    assert change.high - change.low < rational("1/1" + "0" * 40)
    rows = list(rows_of(line, 0, ask.words))
    assert [row.kind for row in rows] == ["between", "at", "between"]
    assert rows[1].answer == "not solved at it: the value is irrational"


@pytest.mark.parametrize(
    "polynomial", [(-2, 0, 1), (1, -3, 0, 1), (-7, 0, 0, 2), (1, 0, -10, 0, 1), (-5, 0, 0, 0, 0, 0, 3)]
)
def test_algebraic_numbers_are_recognised_from_a_bracket(polynomial: tuple[int, ...]) -> None:
    """Roots of irreducible polynomials of degree 2 to 6, bracketed to 2^-200, give the polynomial back."""
    whole = AlgebraicNumber(polynomial, rational(0), rational(0))
    low, high = next(
        (rational(k) / 8, rational(k + 1) / 8)
        for k in range(40)
        if whole.value_at(rational(k) / 8) * whole.value_at(rational(k + 1) / 8) < 0
    )
    below = whole.value_at(low) < 0
    while high - low > rational(1) / rational(2) ** 200:
        middle = (low + high) / 2
        low, high = (middle, high) if (whole.value_at(middle) < 0) == below else (low, middle)
    found = recognised(low, high)
    assert found is not None
    assert found.coefficients == polynomial


def test_a_bracket_around_no_small_number_names_none() -> None:
    """A random number of 200 bits is not taken for an algebraic one."""
    rng = random.Random(5)
    for _ in range(20):
        middle = rational(rng.getrandbits(200)) / rational(2) ** 200
        width = rational(1) / rational(2) ** 201
        assert recognised(middle - width, middle + width) is None


def test_a_change_at_one_value_only_is_found() -> None:
    """Two messages cost the same at x = 5/7 alone: there both can be sent; on either side the cheaper one is."""
    game = """
doubletalk: 1
title: Two prices
parameters: {x: 1/2}
sender: {name: s, types: {a: 1/2, b: 1/2}, messages: [l, r]}
audiences: {j: {actions: [u]}}
payoffs:
  s:
    - {when: {message: l}, add: (x - 5/7)*(x - 5/7)}
  j: []
"""
    _, (line,) = lines_of(game, "x", "0", "1", grid=6)
    (change,) = line.changes
    assert str(change.value) == "5/7"
    assert change.only_here


def test_a_change_at_one_value_is_found_where_a_part_of_the_range_has_no_game() -> None:
    """The same with a chance of x - 1/3: below 1/3 there is no game, and the value 5/7 is no step of any grid."""
    game = """
doubletalk: 1
title: Two prices, a chance that is none below 1/3
parameters: {x: 1/2}
sender: {name: s, types: {a: x - 1/3, b: 4/3 - x}, messages: [l, r]}
audiences: {j: {actions: [u]}}
payoffs:
  s:
    - {when: {message: l}, add: (x - 5/7)*(x - 5/7)}
  j: []
"""
    _, (line,) = lines_of(game, "x", "0", "1", grid=6)
    assert values(line) == ["1/3", "5/7"]
    assert line.changes[1].only_here


def test_every_change_of_random_games_is_found() -> None:
    """A scan of 25 random games with payoffs linear in x shows no answer that the stretches do not give."""
    rng = random.Random(11)
    for _ in range(25):
        game = _random_game(rng)
        ask, (line,) = lines_of(game, "x", "0", "1", "equilibria", grid=12)
        for k in range(1, 100):
            x = rational(f"{4 * k + 1}/401")
            answer = Several((Equilibria(),)).answer(ask.game_at(x))
            assert isinstance(answer, tuple)
            assert answer[0] == _told(line, x), (game, x)


def _told(line: Line, x: Rational) -> object:
    for change in line.changes:
        if change.value == x:
            return change.at_it
    return next(stretch.answer for stretch in line.stretches if stretch.low < x < stretch.high)


def _random_game(rng: random.Random) -> str:
    def number() -> str:
        return f"{rng.randint(-3, 3)} + {rng.randint(-3, 3)}*x"

    rows = [
        f"    - {{when: {{type: {t}, message: {m}, j: {a}}}, add: {number()}}}"
        for t in "ab"
        for m in "lr"
        for a in "ud"
    ]
    answers = [f"    - {{when: {{type: {t}, j: {a}}}, add: {number()}}}" for t in "ab" for a in "ud"]
    return (
        "doubletalk: 1\ntitle: Random\nparameters: {x: 1/2}\n"
        "sender: {name: s, types: {a: 1/3, b: 2/3}, messages: [l, r]}\naudiences: {j: {actions: [u, d]}}\n"
        "payoffs:\n  s:\n" + "\n".join(rows) + "\n  j:\n" + "\n".join(answers) + "\n"
    )


def test_tables_and_pictures_say_the_same() -> None:
    """CSV and JSON have the same rows; the picture has a number at each threshold; letters stand for outcomes."""
    ask, lines = lines_of(SPENCE, "cost", "0", "3", "equilibria", "equilibria:d1")
    letters = Letters(lines, ask.words, ask.parts)
    table = list(csv.DictReader(thresholds_csv(lines, ask.words).splitlines()))
    stored = json.loads(thresholds_json(lines, ask.words))["lines"]
    assert [(r["from"], r["answer"]) for r in table] == [(r["from"], r["answer"]) for s in stored for r in s["rows"]]
    picture = thresholds_svg(lines, letters)
    assert all(f">{value}</text>" in picture for value in ("1/3", "4/3"))
    assert "url(" not in picture
    page = thresholds_html(lines, letters, letters.listed)
    assert all(told.replace(">", "&gt;") in page for told in letters.listed.values())


def test_numbers_above_a_strip_do_not_run_into_each_other() -> None:
    """Of two thresholds too near for their numbers the first is named; on a wider picture both are."""
    ask, lines = lines_of(SPENCE, "cost", "0", "3", "equilibria")
    letters = Letters(lines, ask.words, ask.parts)
    line = lines[0]
    places = [rational(words) for words in ("1", "101/100", "3/2")]
    near = [replace(line.changes[0], value=None, low=place, high=place) for place in places]
    shown = [p["number"] for p in _points(replace(line, changes=tuple(near)), 0, letters, 560)]
    assert shown == ["1.0000", "", "1.5000"]
    assert all(p["number"] for p in _points(replace(line, changes=tuple(near)), 0, letters, 20_000))


def run(folder: Path, arguments: Sequence[str]) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from doubletalk.cli import main; main()", "thresholds", *arguments]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=120, env=os.environ)


def test_the_command_writes_and_goes_on_from_what_was_solved(tmp_path: Path) -> None:
    """The first run prints the thresholds and writes four files; the second solves nothing and writes the same."""
    (tmp_path / "game.yaml").write_text(BEER_QUICHE)
    command = ["game.yaml", "--over", "duel=0:3", "--refine", "d1"]
    first = run(tmp_path, command)
    assert first.returncode == 0, first.stderr
    assert "duel = 1" in first.stdout
    assert "equilibria surviving d1" in first.stdout
    folder = tmp_path / "out" / "thresholds-game-duel"
    written = {place.name: place.read_bytes() for place in folder.iterdir() if place.name != "thresholds.html"}
    assert {"thresholds.csv", "thresholds.json", "thresholds.svg"} <= written.keys()
    second = run(tmp_path, command)
    assert "0 exact solves" in second.stderr
    assert second.stdout == first.stdout
    assert all((folder / name).read_bytes() == content for name, content in written.items())


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--over", "duels=0:3"], "duel"),
        (["--over", "duel=3:0"], "duel"),
        (["--over", "duel"], "NAME=LOW:HIGH"),
        (["--over", "duel=0:3", "--refine", "d3"], "d1"),
        (["--over", "duel=0:3", "--set", "duel=1"], "cannot be set"),
        (["--over", "duel=0:3", "--question", "in every equilibrium: P(message=tea) = 1"], "tea"),
        (["--over", "duel=0:3", "--grid", "0"], "positive"),
    ],
)
def test_bad_input_gets_one_clear_error(tmp_path: Path, arguments: list[str], told: str) -> None:
    """What was given, what was expected; no traceback, no folder left with nothing in it."""
    (tmp_path / "game.yaml").write_text(BEER_QUICHE)
    ended = run(tmp_path, ["game.yaml", *arguments])
    assert ended.returncode in (1, 2)
    assert told in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_value_not_solved_in_time_is_no_change_in_the_report() -> None:
    """Where the answers on both sides agree the stretches are one; where they differ, the change stays."""

    def change(at: str, below: str, above: str) -> Change:
        value = rational(at)
        return Change(value, None, value, value, below, NOT_SOLVED, above)

    stretches = tuple(
        Stretch(rational(low), rational(high), answer)
        for low, high, answer in (("0", "1", "a"), ("1", "2", "a"), ("2", "3", "b"))
    )
    changes = (change("1", "a", "a"), change("2", "a", "b"))
    line = Line("x", rational(0), rational(3), "what", changes, stretches, 5, 2, rational(1))
    found = settled(line)
    assert [str(c.value) for c in found.changes] == ["2"]
    assert [(str(s.low), str(s.high), s.answer) for s in found.stretches] == [("0", "2", "a"), ("2", "3", "b")]
