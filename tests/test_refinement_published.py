"""Refinements on published examples: where each bites, where it does not, and the exact inequality that decides."""

from __future__ import annotations

import pytest

from doubletalk import library
from doubletalk.equilibrium import solve
from doubletalk.equilibrium.solution import Outcome, Solution
from doubletalk.errors import InputError
from doubletalk.exact import Rational, rational
from doubletalk.refinement import NAMES, Reason, explain, refine

COMPARISONS = ("sender_best", "audience_best", "pareto")
TALK_TESTS = ("neologism_proof", "announcement_proof")
BELIEF_TESTS = [name for name in NAMES if name not in COMPARISONS + TALK_TESTS]


def outcome(solution: Solution, **payoffs: str) -> Outcome:
    """The one outcome in which the sender's types get these payoffs."""
    wanted = {t: rational(v) for t, v in payoffs.items()}
    found = [o for o in solution.outcomes if o.payoffs is not None and o.payoffs[solution.game.sender] == wanted]
    assert len(found) == 1
    return found[0]


def reason(game: str, name: str, **payoffs: str) -> Reason:
    """Why the outcome with these payoffs of a library game survives the refinement, or does not."""
    solution = solve(library.load(game))
    return explain(solution, name)[outcome(solution, **payoffs).id]


def test_quiche_fails_the_intuitive_criterion_by_the_numbers_of_the_paper():
    """Weak gets at most 2 from beer against 3; strong, believed, gets 3 against 2 (Cho & Kreps 1987, section II)."""
    why = reason("beer_quiche", "intuitive", weak="3", strong="2")
    assert why.verdict is False
    assert (why.type, why.message) == ("strong", "beer")
    assert why.deviation == {"strong": (Rational(3), Rational(2))}
    assert why.beliefs == {"beer": ("strong",)}
    (ruling,) = why.ruled_out
    assert (ruling.type, ruling.message) == ("weak", "beer")
    assert ruling.words == "gets at most 2 from 'beer', less than 3 in the outcome"
    assert "strong then gets at least 3, more than 2" in why.words


@pytest.mark.parametrize("name", BELIEF_TESTS)
def test_beer_survives_every_test_of_beliefs(name):
    """After quiche only weak is believed in, and being fought there keeps both types away."""
    assert reason("beer_quiche", name, weak="2", strong="3").verdict is True


def test_d1_kills_what_the_intuitive_criterion_keeps():
    """Both could gain, so the intuitive criterion is silent; keen gains at least 1 whenever cool does not lose."""
    assert reason("intuitive_against_d1", "intuitive", cool="0", keen="0").verdict is True
    why = reason("intuitive_against_d1", "d1", cool="0", keen="0")
    assert why.verdict is False
    assert why.beliefs == {"speak": ("keen",)}
    assert [r.words for r in why.ruled_out] == ["whenever it would not lose by 'speak', keen gains at least 1"]
    assert reason("intuitive_against_d1", "d1", cool="0", keen="1").verdict is True


@pytest.mark.parametrize("name", ["d1", "d2", "nwbr", "universal_divinity"])
def test_the_high_settlement_falls_to_all_but_the_intuitive_criterion(name):
    """Banks & Sobel's pretrial example: negligent may not be believed in after the low offer."""
    assert reason("settlement", "intuitive", blameless="-5", negligent="-5").verdict is True
    assert reason("settlement", name, blameless="-5", negligent="-5").verdict is False
    assert reason("settlement", name, blameless="-3", negligent="-3").verdict is True


def test_d1_in_the_settlement_by_its_inequality():
    """-3a - 11(1-a) >= -5 needs a >= 3/4, at which blameless has -15/4, a gain of 5/4."""
    why = reason("settlement", "d1", blameless="-5", negligent="-5")
    assert [(r.type, r.words) for r in why.ruled_out] == [
        ("negligent", "whenever it would not lose by 'low', blameless gains at least 5/4")
    ]


def test_spence_with_three_types_riley_survives_d1_and_pooling_does_not():
    """With three types the intuitive criterion keeps pooling without schooling; D1 kills it and keeps Riley's."""
    solution = solve(library.load("spence_three_types"))
    riley = outcome(solution, low="1", middle="5/4", high="7/4").id
    pooling = outcome(solution, low="2", middle="2", high="2").id
    intuitive, d1 = explain(solution, "intuitive"), explain(solution, "d1")
    assert (intuitive[riley].verdict, intuitive[pooling].verdict) == (True, True)
    assert (d1[riley].verdict, d1[pooling].verdict) == (True, False)
    assert d1[pooling].type == "high"


def test_spence_with_two_types_only_least_cost_separation_passes():
    """Of the two separating outcomes the dearer (7/4 years) fails: 5/4 years could only be the high type's."""
    solution = solve(library.load("two_types"))
    reasons = explain(solution, "intuitive")
    assert reasons[outcome(solution, low="1", high="11/8").id].verdict is True
    dear = reasons[outcome(solution, low="1", high="9/8").id]
    assert (dear.verdict, dear.type, dear.message) == (False, "high", "y125")
    assert dear.deviation == {"high": (Rational(11, 8), Rational(9, 8))}


def test_gibbons_pooling_fails_the_intuitive_criterion():
    """Type 2 has 2 and gets at most 1 on the right, so right is type 1's, who then gets 2 against 1."""
    why = reason("pooling_and_separating", "intuitive", t1="1", t2="2")
    assert (why.verdict, why.type, why.deviation) == (False, "t1", {"t1": (Rational(2), Rational(1))})


def test_two_audiences_are_judged_by_joint_replies_to_one_belief():
    """Pooling without dividend falls to D1: the good firm gains whenever the bad one would not lose."""
    assert reason("capital_and_product_market", "intuitive", good="0", bad="0").verdict is True
    why = reason("capital_and_product_market", "d1", good="0", bad="0")
    assert (why.verdict, why.message, why.beliefs) == (False, "dividend", {"dividend": ("good",)})


def test_a_solution_keeps_its_other_verdicts_and_everything_else():
    """``refine`` fills ``survives`` and changes nothing else; verdicts of earlier calls stay."""
    solution = solve(library.load("beer_quiche"))
    twice = refine(refine(solution, ["intuitive"]), ["d1"])
    assert [dict(o.survives) for o in twice.outcomes] == [
        {"intuitive": True, "d1": True},
        {"intuitive": False, "d1": False},
    ]
    assert [o.families for o in twice.outcomes] == [o.families for o in solution.outcomes]
    assert [dict(o.survives) for o in solution.outcomes] == [{}, {}]


def test_private_channels_are_not_judged():
    """Where an unsent message is seen in part only, the verdict is None and the reason says so."""
    solution = solve(library.load("mutual_discipline_private"))
    reasons = explain(solution, "d1").values()
    assert all(r.verdict is None and "observe different things" in r.words for r in reasons)


def test_an_unknown_refinement_is_named_with_the_nearest():
    """The error gives the word found, the words expected, and the nearest."""
    solution = solve(library.load("beer_quiche"))
    with pytest.raises(InputError, match=r"unknown refinement 'intuitve'; expected one of .*; did you mean 'intui"):
        refine(solution, ["intuitve"])
    with pytest.raises(InputError, match="unknown refinement"):
        explain(solution, "")
