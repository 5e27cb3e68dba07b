"""The claim language: what it reads, what it refuses and how, and that verdicts are exact over whole families."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from doubletalk.case.decide import Difference, decide
from doubletalk.case.evaluation import Form
from doubletalk.case.language import ClaimError, parse_statement
from doubletalk.case.sweep import exact_sweep, find_threshold, simplest_between
from doubletalk.case.verdicts import GameRoom, answer
from doubletalk.equilibrium.solution import Family, Outcome, Solution
from doubletalk.exact import Rational, rational
from doubletalk.game.loading import game_from_text
from doubletalk.game.model import Game

R = rational

TALK = """
doubletalk: 1
title: Talk
parameters: {p: 1/3}
sender: {name: speaker, types: {good: p, bad: 1 - p}, messages: [hello, silence]}
audiences: {hearer: {actions: [trust, shun]}}
payoffs:
  speaker: [{when: {hearer: trust}, add: 1}]
  hearer:
    - {when: {type: good, hearer: trust}, add: 1}
    - {when: {type: bad, hearer: trust}, add: -1}
"""


def mix(**weights: str) -> dict[str, Rational]:
    return {name: R(value) for name, value in weights.items()}


def hand_made(game: Game, survives: dict[str, bool | None] | None = None, complete: bool = True) -> Solution:
    """Two outcomes: the good type mixes freely between both words in one; all are silent in the other."""
    senders = (
        {"good": mix(hello="1"), "bad": mix(silence="1")},
        {"good": mix(silence="1"), "bad": mix(silence="1")},
    )
    responses = (
        {"hearer": {"hello": mix(shun="1"), "silence": mix(shun="1")}},
        {"hearer": {"hello": mix(trust="1/2", shun="1/2"), "silence": mix(shun="1")}},
    )
    family = Family(senders, responses, {}, 1)
    quiet = Family(
        ({"good": mix(silence="1"), "bad": mix(silence="1")},), responses[:1],
        {"hello": (mix(bad="1"), mix(good="1/2", bad="1/2"))}, 2,
    )
    outcomes = (
        Outcome(1, "semi-separating", False, None, None, None, (family,), survives or {}),
        Outcome(2, "pooling", True, None, None, None, (quiet,), dict.fromkeys(survives or {}, False)),
    )
    return Solution(game, "sequential", complete, None if complete else "cut short", outcomes, "separable")


def room(survives: dict[str, bool | None] | None = None, complete: bool = True) -> GameRoom:
    return GameRoom(lambda overrides: game_from_text(TALK), lambda game: hand_made(game, survives, complete))


def test_conditional_probability_is_decided_over_the_whole_family() -> None:
    """P(trust | hello) runs over [0, 1/2] in the family: < 1 everywhere, > 0 only somewhere, > 1/2 nowhere."""
    asked = {"< 1": ("yes", "all"), "> 0": ("no", "some"), "> 1/2": ("no", "none"), "<= 1/2": ("yes", "all")}
    for comparison, (expected, extent) in asked.items():
        verdict = answer(f"in every equilibrium: P(hearer=trust | message=hello) {comparison}", room())
        assert (verdict.answer, verdict.extent) == (expected, extent)
    span = answer("in every equilibrium: P(hearer=trust | message=hello) >= 0", room()).outcomes[0]
    assert (span.low, span.high) == (0, R("1/2"))


def test_value_taken_only_inside_a_family_is_found() -> None:
    """P(hello) runs over [0, 1/3]: it equals 1/7 somewhere, though at no extreme point; so 'no equilibrium' fails."""
    verdict = answer("in some equilibrium: P(message=hello) = 1/7", room())
    assert verdict.answer == "yes"
    assert answer("in no equilibrium: P(message=hello) = 1/7", room()).answer == "no"
    assert answer("in some equilibrium: P(message=hello) = 1/2", room()).answer == "no"


def test_condition_that_never_occurs_is_counted_apart() -> None:
    """Outcome 2 never says hello: P(. | hello) is not defined there and neither supports nor contradicts."""
    verdict = answer("in every equilibrium: P(type=good | message=hello) = 1", room())
    assert verdict.answer == "yes"
    assert verdict.outcome_ids("undefined") == (2,)
    assert verdict.outcomes[0].undefined_somewhere
    nowhere = answer("in every equilibrium: P(hearer=trust | message=hello, type=bad) > 0", room())
    assert nowhere.answer == "undefined"
    assert nowhere.words == "In none of the 2 equilibrium outcomes does the condition occur."


def test_belief_off_the_path_runs_over_the_supporting_beliefs() -> None:
    """After the unsent hello of outcome 2 the belief in good runs over [0, 1/2]; on the path of outcome 1 it is 1."""
    verdict = answer("in every equilibrium: belief(good | message=hello) > 1/4", room())
    assert verdict.outcome_ids("all") == (1,)
    assert verdict.outcome_ids("some") == (2,)
    assert (verdict.outcomes[1].low, verdict.outcomes[1].high) == (-R("1/4"), R("1/4"))


def test_two_ratios_are_compared_jointly() -> None:
    """P(trust | hello) > P(trust | silence) needs both ratios at once: true except where trust has no weight."""
    sides = "P(hearer=trust | message=hello) {} P(hearer=trust | message=silence)"
    verdict = answer("in every equilibrium: " + sides.format(">="), room())
    assert (verdict.answer, verdict.extent) == ("yes", "all")
    strict = answer("in every equilibrium: " + sides.format(">"), room())
    assert (strict.answer, strict.extent) == ("no", "some")


def test_payoffs_and_arithmetic() -> None:
    """payoff(speaker | type=good) is P(trust): between 0 and 1/2; constants and multiples combine."""
    verdict = answer("in every equilibrium: 2*payoff(speaker | type=good) - p <= 1 - p", room())
    assert verdict.answer == "yes"
    assert answer("in some equilibrium: payoff(speaker | good) = 1/2", room()).answer == "yes"
    assert answer("in some equilibrium: payoff(hearer) > 1/6", room()).answer == "no"


def test_quantifiers_agree() -> None:
    """'in no equilibrium' is the denial of 'in some', for each of many comparisons."""
    sides = ("P(message=hello)", "belief(good | message=hello)", "payoff(hearer)", "P(hearer=trust | message=hello)")
    for side in sides:
        for sign in ("=", "!=", "<", "<=", ">", ">="):
            for bound in ("0", "1/7", "1/4", "1/3", "1/2", "1"):
                some = answer(f"in some equilibrium: {side} {sign} {bound}", room()).answer
                none = answer(f"in no equilibrium: {side} {sign} {bound}", room()).answer
                assert {some, none} == {"yes", "no"}, (side, sign, bound)


def test_witness_shows_the_answer() -> None:
    """The equilibrium that comes with a verdict satisfies (or, for a failed claim, breaks) the comparison."""
    verdict = answer("in every equilibrium: P(hearer=trust | message=hello) = 0", room())
    assert verdict.answer == "no"
    assert verdict.witness_outcome == 1
    assert verdict.witness is not None
    assert verdict.witness.responses["hearer"]["hello"]["trust"] == R("1/2")


def test_refinements_are_never_ignored() -> None:
    """Only survivors are asked; one that applies to no outcome cannot be asked; an unknown name is an error."""
    statement = "in every equilibrium surviving d1: belief(good | message=hello) > 1/4"
    assert answer(statement, room({"d1": True})).answer == "yes"
    with pytest.raises(ClaimError, match="found 'd11', expected a refinement"):
        answer("in every equilibrium surviving d11: P(good) > 0", room())


def test_refinements_are_computed_when_a_claim_asks_for_them() -> None:
    """In beer-quiche both pooling outcomes stand, but only beer survives the intuitive criterion."""
    from doubletalk.equilibrium import solve
    from doubletalk.library import load

    beer = GameRoom(lambda overrides: load("beer_quiche", overrides), solve)
    said = "P(message=beer | type=strong) = 1"
    assert answer(f"in every equilibrium: {said}", beer).answer == "no"
    assert answer(f"in every equilibrium surviving intuitive: {said}", beer).answer == "yes"
    blocked = answer(f"in every equilibrium surviving neologism_proof: {said}", beer)
    assert blocked.answer == "cannot"
    assert "refinement 'neologism_proof' does not apply" in str(blocked.reason)


def test_incomplete_list_of_equilibria_is_said() -> None:
    """A verdict over a list that is not proved complete says so."""
    verdict = answer("in every equilibrium: P(good) = 1/3", room(complete=False))
    assert not verdict.complete
    assert verdict.reason == "cut short"
    assert "not proved complete" in verdict.words


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("in every equilibrum: P(good) > 0", "found 'equilibrum', expected 'equilibrium'"),
        ("in all equilibrium: P(good) > 0", "expected 'every', 'some' or 'no'"),
        ("in every equilibrium P(good) > 0", "expected ':' before the comparison"),
        ("in every equilibrium: P(good)", "expected a comparison"),
        ("in every equilibrium: P(god) > 0", "did you mean 'good'"),
        ("in every equilibrium: P(mesage=hello) > 0", "did you mean 'message'"),
        ("in every equilibrium: P(message=helo) > 0", "did you mean 'hello'"),
        ("in every equilibrium: payoff(speker) > 0", "did you mean 'speaker'"),
        ("in every equilibrium: P(good) > r", "expected a parameter: p"),
        ("P(good) > 0", "say 'in every equilibrium:'"),
        ("in every equilibrium: best(hearer) = trust", "leave out"),
        ("in every equilibrium: P(good) * P(bad) > 0", "only constants may be"),
        ("in every equilibrium: P(good) / 0 > 0", "division by zero"),
        ("in every equilibrium: Q(good) > 0", "expected one of P"),
        ("in every equilibrium: P(good > 0", r"expected '\)'"),
        ("in every equilibrium: P(good) > 0 0", "expected the end"),
        ("in every equilibrium: P(good) > €", "no part of the claim language"),
        ("over p in [1,0]: best(hearer) = trust", "is empty"),
        ("best(hearer) = trst", "did you mean 'trust'"),
        ("best(hearer) > trust", "compared with =, != or includes"),
        ("for z=1: best(hearer) = trust", "expected a parameter"),
        ("in every equilibrium: belief(hearer=trust | message=hello) > 0", "about the sender's type"),
        ("in every equilibrium: belief(good | hearer=trust) > 0", "a belief follows a message"),
    ],
)
def test_wrong_statements_are_refused_in_words(statement: str, message: str) -> None:
    """Each wrong statement gets one error that says what was found and what was expected."""
    with pytest.raises(ClaimError, match=message):
        answer(statement, room())


def test_errors_point_at_the_character() -> None:
    """The error of a misspelt word carries its place in the statement."""
    with pytest.raises(ClaimError) as caught:
        parse_statement("in every equilibrium: P(good) ? 0")
    assert caught.value.at == 30


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="inevryqulbmP()|=<>[],:+-*/ 01ghost", max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the parser fail in another way than by its own error."""
    said = ""
    try:
        parse_statement(text)
    except ClaimError as wrong:
        said = str(wrong)
    assert not said or "expected" in said or "no part" in said or "nested" in said


# -- decisions over products of simplices --------------------------------------------------------------------------


def form(top: dict[tuple[int, ...], str], bottom: dict[tuple[int, ...], str]) -> Form:
    return Form(("responses", "sender"), {k: R(v) for k, v in top.items()}, {k: R(v) for k, v in bottom.items()})


def test_inner_counterexample_to_a_comparison_true_at_every_corner() -> None:
    """Two ratios that agree at both corners of a segment differ inside it: found, so 'everywhere equal' is false."""
    first = form({(0, 0): "1"}, {(0, 0): "1", (0, 1): "3"})
    second = form({(0, 0): "1"}, {(0, 0): "1", (0, 1): "1"})
    truth = decide(Difference(R(0), ((R(1), first), (R(-1), second))), "=", {"responses": 1, "sender": 2})
    assert truth.true_at is not None
    assert truth.false_at is not None
    proved = decide(Difference(R(0), ((R(1), first), (R(-1), second))), "<=", {"responses": 1, "sender": 2})
    assert proved.decided
    assert proved.false_at is None


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=12, max_size=12), st.integers(0, 4))
def test_decided_everywhere_means_no_sample_disagrees(cells: list[tuple[int, int]], bound: int) -> None:
    """Where a comparison of two random ratios is decided to hold everywhere, no point of a fine grid breaks it."""
    keys = [(j, i) for j in range(2) for i in range(3)]
    forms = []
    for part in (cells[:6], cells[6:]):
        bottom = {key: str(below) for key, (_, below) in zip(keys, part, strict=True)}
        top = {key: str(min(above, below)) for key, (above, below) in zip(keys, part, strict=True)}
        forms.append(form(top, bottom))
    difference = Difference(R(bound) / 8, ((R(1), forms[0]), (R(-1), forms[1])))
    truth = decide(difference, ">=", {"responses": 2, "sender": 3})
    if truth.decided and truth.true_at is not None and truth.false_at is None:
        for a in range(5):
            for b in range(5):
                for c in range(5 - b):
                    lam, mu = (R(b) / 4, R(c) / 4, 1 - R(b + c) / 4), (R(a) / 4, 1 - R(a) / 4)
                    value = _brute(difference, lam, mu)
                    assert value is None or value >= 0


def _brute(difference: Difference, lam: tuple[Rational, ...], mu: tuple[Rational, ...]) -> Rational | None:
    total = difference.constant
    for c, f in difference.terms:
        top = sum((v * mu[j] * lam[i] for (j, i), v in f.numerator.items()), R(0))
        bottom = sum((v * mu[j] * lam[i] for (j, i), v in f.denominator.items()), R(0))
        if bottom == 0:
            return None
        total += c * top / bottom
    return total


# -- exact ranges ------------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.fractions(0, 1, max_denominator=400), st.fractions(0, 1, max_denominator=400))
def test_rational_thresholds_are_recovered_exactly(a: object, b: object) -> None:
    """An interval with rational ends further apart than the grid comes back with exactly these ends."""
    low, high = sorted((R(a), R(b)))
    if high - low > R("1/20"):
        held = [i for i in exact_sweep(lambda x: low < x <= high, R(0), R(1)) if i.answer]
        assert [(i.low, i.high, i.low_closed, i.high_closed, i.exact) for i in held] == [(low, high, False, True, True)]


def test_irrational_threshold_is_bracketed_and_said() -> None:
    """The square root of two is no rational: the bracket is narrow and marked as such."""
    threshold = find_threshold(lambda x: x * x > 2, R(1), R(2))
    assert threshold.value is None
    assert threshold.low**2 < 2 < threshold.high**2
    assert threshold.high - threshold.low < R("1/1000000")
    assert "between 1.414" in str(threshold)


def test_isolated_point_on_the_grid_is_kept_apart() -> None:
    """An answer that differs at one point of the grid only is reported as that point."""
    pieces = exact_sweep(lambda x: x == R("1/2"), R(0), R(1))
    assert [str(i) for i in pieces if i.answer] == ["{1/2}"]


@settings(max_examples=200, deadline=None)
@given(st.fractions(-5, 5, max_denominator=50), st.fractions(-5, 5, max_denominator=50))
def test_simplest_rational_has_the_smallest_denominator(a: object, b: object) -> None:
    """No rational strictly between has a smaller denominator than the one returned."""
    low, high = sorted((R(a), R(b)))
    if low < high:
        found = simplest_between(low, high)
        assert low < found < high
        for q in range(1, int(found.q)):
            p = int((low * q).p // (low * q).q) + 1
            assert not (low < R(p) / q < high)


def test_best_response_over_a_range_of_beliefs() -> None:
    """The hearer trusts exactly above even odds; at 1/2 it is indifferent, so neither action is the only best one."""
    verdict = answer("over b in [0,1]: best(hearer | belief=b) = trust", room())
    assert verdict.words == "Holds for b in (1/2, 1]."
    assert answer("best(hearer | belief=1/2) includes [trust, shun]", room()).answer == "yes"
    assert answer("best(hearer | belief(bad)=2/3) = shun", room()).answer == "yes"
    assert answer("best(hearer) = shun", room()).answer == "yes"


def test_independent_mixing_of_several_audiences_is_not_decided_from_corners() -> None:
    """Where extreme points need not decide, a comparison that holds at all of them is left undecided."""
    inexact = replace(form({(0, 0): "1", (1, 0): "1"}, {(0, 0): "1", (1, 0): "1"}), exact=False)
    truth = decide(Difference(R(0), ((R(1), inexact),)), ">", {"responses": 2, "sender": 1})
    assert not truth.decided
    assert "mix independently" in str(truth.why)
