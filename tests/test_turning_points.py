"""Thresholds proved complete: candidates by hand, scans of random games, what is said where nothing is proved."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from parameter_games import BEER_QUICHE

from doubletalk import library
from doubletalk.case.finding import find_case
from doubletalk.exact import Rational, rational
from doubletalk.game.loading import GameFile, game_file_from_text, read_game_file
from doubletalk.regions.algebraic import AlgebraicNumber
from doubletalk.regions.atlas_game import NO_GAME
from doubletalk.regions.atlas_questions import Several, question_from_text
from doubletalk.regions.atlas_solving import Solver
from doubletalk.regions.critical import critical_values
from doubletalk.regions.thresholds import Line, find_thresholds
from doubletalk.regions.thresholds_game import AskLine
from doubletalk.regions.turning_points import candidates

FOND_OF_FIGHTS = BEER_QUICHE.replace("bully: fight}, add: 1}", "bully: fight}, add: 1 + strong}")

DIVINE = """
doubletalk: 1
title: A type that gains less readily
parameters: {p: 1/2}
sender: {name: s, types: {t1: 1 - p, t2: p}, messages: [quiet, speak]}
audiences: {r: {actions: {quiet: [nothing], speak: [no, yes]}}}
payoffs:
  s:
    - {when: {message: speak, type: t1}, add: -1/2}
    - {when: {message: speak, type: t2}, add: -1/4}
    - {when: {r: yes}, add: 1}
  r:
    - {when: {type: t2, r: yes}, add: 1}
    - {when: {type: t1, r: yes}, add: -3}
"""
"""'Yes' is best from a belief of 3/4 in t2 on."""

NARROW = """
doubletalk: 1
title: A window a millionth wide
parameters: {x: 1/2}
sender: {name: s, types: {a: 1/2, b: 1/2}, messages: [l, r]}
audiences: {j: {actions: [u]}}
payoffs:
  s:
    - {when: {message: l, type: a}, add: (x - 5/7)*(x - 5/7 - 1/1000000)}
    - {when: {message: l, type: b}, add: -1}
  j: []
"""


def proved(file: GameFile, name: str, low: str, high: str, *questions: str) -> tuple[AskLine, tuple[Line, ...]]:
    """The lines of the questions, each with what can be proved about it."""
    ends = rational(low), rational(high)
    middle = file.game({name: (ends[0] + ends[1]) / 2})
    ask = AskLine(file, name, tuple(question_from_text(each, middle) for each in questions), {})
    return ask, find_thresholds(Solver(ask), name, *ends, ask.labels, grid=4, proofs=ask.candidates(*ends))


def told(line: Line, x: Rational) -> object:
    """What the line says at x; None at an irrational threshold's own interval."""
    for change in line.changes:
        if change.value == x:
            return change.at_it
    return next((s.answer for s in line.stretches if s.low < x < s.high), None)


def test_the_candidates_of_beer_and_quiche_are_the_values_derived_by_hand():
    """In the price of a duel 1, in the chance 1/2, and the root of p^2 + p - 1 where fights are worth 1 + p."""
    plain, fond = game_file_from_text(BEER_QUICHE), game_file_from_text(FOND_OF_FIGHTS)
    assert candidates(plain, "duel", rational(0), rational(3), {}).values == (rational(1),)
    assert candidates(plain, "strong", rational(0), rational(1), {}).values == (rational("1/2"),)
    (root,) = candidates(fond, "strong", rational(0), rational(1), {}).values
    assert isinstance(root, AlgebraicNumber)
    assert root.coefficients == (-1, 1, 1)
    _, (line,) = proved(fond, "strong", "0", "1", "equilibria")
    assert line.proved
    assert [change.root for change in line.changes if change.value is None] == [root]
    assert not line.unsolved


def test_a_window_narrower_than_any_grid_is_found():
    """a says l outside (5/7, 5/7 + 1/1000000) and r inside: two thresholds a millionth apart, no probe between them."""
    _, (line,) = proved(game_file_from_text(NARROW), "x", "0", "1", "equilibria")
    first = Fraction(5, 7)
    assert [Fraction(str(c.value)) for c in line.changes] == [first, first + Fraction(1, 1000000)]
    assert line.stretches[0].answer == line.stretches[2].answer != line.stretches[1].answer


def test_what_survives_divinity_style_deletion_changes_where_the_derivation_says():
    """D1 deletes t1 after 'speak' at every p: silence survives nowhere. Equilibria change at p = 3/4, where the prior
    itself earns 'yes': below it t1 mixes until the belief is 3/4, above it both speak."""
    _, (every, d1, nwbr) = proved(game_file_from_text(DIVINE), "p", "0", "1", "equilibria", "equilibria:d1",
                                  "equilibria:nwbr")  # fmt: skip
    assert [str(c.value) for c in every.changes] == ["0", "3/4", "1"]
    assert [str(c.value) for c in d1.changes] == ["0", "3/4", "1"]
    assert all(line.proved for line in (every, d1, nwbr))
    assert [len(s.answer) for s in every.stretches] == [2, 2]
    assert [len(s.answer) for s in d1.stretches] == [1, 1]


def test_the_biased_expert_says_less_at_the_values_derived_by_hand():
    """Crawford & Sobel's quadratic losses on states 0, 1, 2. {0, 1 | 2} brings 1/2 and 2, and state 1 keeps to it for
    1 + b <= 5/4; {0 | 1, 2} brings 0 and 3/2, and state 0 keeps to it for b <= 3/4; 0 is indifferent between the
    actions 0 and 1 at b = 1/2 and may mix beyond. Above 3/4 only babbling is left."""
    _, (line,) = proved(read_game_file(library.find("uniform_quadratic_3_2")), "bias", "0", "1", "equilibria")
    assert line.proved
    assert [str(c.value) for c in line.changes] == ["0", "1/4", "1/2", "3/4"]
    assert len(line.stretches[-1].answer) == 1


def affine_game(rng: random.Random, actions: int, audiences: int) -> str:
    """Two types, two messages, audiences of so many actions, all payoffs and the prior affine in x."""

    def number() -> str:
        return f"{rng.randint(-3, 3)} + {rng.randint(-3, 3)}*x"

    names = [f"j{j}" for j in range(audiences)]
    acts = [f"a{k}" for k in range(actions)]
    sender = [
        f"    - {{when: {{type: {t}, message: {m}, {j}: {a}}}, add: {number()}}}"
        for t in "ab" for m in "lr" for j in names for a in acts
    ]  # fmt: skip
    others = [
        f"  {j}:\n" + "\n".join(f"    - {{when: {{type: {t}, {j}: {a}}}, add: {number()}}}" for t in "ab" for a in acts)
        for j in names
    ]
    who = ", ".join(f"{j}: {{actions: [{', '.join(acts)}]}}" for j in names)
    prior = rng.choice(["{a: 1/3, b: 2/3}", "{a: 1/4 + x/2, b: 3/4 - x/2}"])
    return (
        f"doubletalk: 1\ntitle: Random\nparameters: {{x: 1/2}}\nsender: {{name: s, types: {prior}, messages: [l, r]}}\n"
        f"audiences: {{{who}}}\n"
        "payoffs:\n  s:\n" + "\n".join(sender) + "\n" + "\n".join(others) + "\n"
    )


@pytest.mark.parametrize(("actions", "audiences", "games"), [(2, 1, 25), (3, 1, 4), (2, 2, 4)])
def test_no_answer_of_random_games_is_missed(actions, audiences, games, full):
    """At random values, and where comparisons of payoffs turn, the answer is the one that the proved line gives."""
    rng, refined = random.Random(100 * actions + audiences), 0
    for _ in range(10 * games if full else games):
        source = affine_game(rng, actions, audiences)
        file = game_file_from_text(source)
        names = ("equilibria", "structure", "equilibria:d1", "equilibria:iterated_nwbr", "equilibria:intuitive")
        ask, lines = proved(file, "x", "0", "1", *names)
        assert lines[0].proved
        assert lines[1].proved
        refined += lines[2].proved
        places = [rational(f"{rng.randint(1, 9999)}/10000") for _ in range(25)]
        places += critical_values(ask.game_at, rational(0), rational(1))[:20]
        for x in places:
            answers = Several(ask.questions).answer(ask.game_at(x))
            assert isinstance(answers, tuple)
            for line, answer in zip(lines, answers, strict=False):
                if line.proved:
                    assert told(line, x) in (answer, None), (source, x, line.question)
    assert refined > 0


def test_where_there_is_no_game_the_line_says_so():
    """A chance of x - 1/3: below 1/3 there is no game, and 1/3 is a candidate."""
    source = NARROW.replace("{a: 1/2, b: 1/2}", "{a: x - 1/3, b: 4/3 - x}")
    _, (line,) = proved(game_file_from_text(source), "x", "0", "1", "equilibria")
    assert line.proved
    assert line.stretches[0].answer == NO_GAME
    assert str(line.changes[0].value) == "1/3"


def test_what_is_not_proved_says_why():
    """Audiences that watch each other, formulas with the parameter below a line, claims, tests that read the prior."""
    exchange = read_game_file(find_case("belarus") / "exchange.yaml")
    found = candidates(exchange, "h", rational("1/10"), rational("9/10"), {})
    assert found.why_not == "the audiences' choices are connected"
    ratio = game_file_from_text(BEER_QUICHE.replace("add: duel", "add: 1/duel"))
    assert candidates(ratio, "duel", rational(1), rational(3), {}).why_not == (
        "payoffs or chances are no polynomials of duel"
    )
    beer = read_game_file(library.find("beer_quiche"))
    _, lines = proved(
        beer, "strong", "1/10", "9/10", "equilibria:undefeated", "in some equilibrium: P(message=beer) > 1/3", "best"
    )
    assert [line.proved for line in lines] == [False, False, True]
    assert lines[0].why_probed == "what survives undefeated may change where the equilibria do not"
    assert lines[1].why_probed == "the answer to a claim may change where the equilibria do not"


def test_a_game_that_would_take_too_many_determinants_is_left_to_probes():
    """Spence with three types, one payoff made a parameter: the reason names the number and the limit."""
    text = library.find("spence_three_types").read_text(encoding="utf-8")
    assert "add: 1}" in text
    varied = text.replace("sender:", "parameters: {x: 1}\nsender:", 1).replace("add: 1}", "add: x}", 1)
    found = candidates(game_file_from_text(varied), "x", rational("9/10"), rational("11/10"), {})
    assert found.why_not is not None
    assert "determinants, more than 60000" in found.why_not
