"""Refinements that read a deviation through the prior or through other outcomes, on examples worked by hand."""

from __future__ import annotations

import pytest

from doubletalk import library
from doubletalk.equilibrium import solve
from doubletalk.equilibrium.solution import Outcome, Solution
from doubletalk.exact import Rational, rational
from doubletalk.game.loading import game_from_text, load_game
from doubletalk.game.model import Game
from doubletalk.refinement import explain, refine
from doubletalk.refinement.announcement_proof import announcement_proof
from doubletalk.refinement.neologism_proof import neologism_proof
from doubletalk.refinement.setting import Setting

LEVELS = """
doubletalk: 1
title: Two levels of schooling, few low types
source: In the manner of Mailath, Okuno-Fujiwara & Postlewaite (1993)
sender:
  name: worker
  types: {low: 1/10, high: 9/10}
  messages: [none, little, much]
audiences:
  employer:
    actions: [w1, w19, w2]
payoffs:
  worker:
    - {when: {employer: w1}, add: 1}
    - {when: {employer: w19}, add: 19/10}
    - {when: {employer: w2}, add: 2}
    - {when: {type: low, message: little}, add: -1/5}
    - {when: {type: high, message: little}, add: -1/20}
    - {when: {type: low, message: much}, add: -5/4}
    - {when: {type: high, message: much}, add: -1/2}
  employer:
    - {when: {type: low, employer: w19}, add: -81/100}
    - {when: {type: low, employer: w2}, add: -1}
    - {when: {type: high, employer: w1}, add: -1}
    - {when: {type: high, employer: w19}, add: -1/100}
"""
"""Separation needs much schooling, which costs the high type more than it brings when nine in ten are high."""


def outcome(solution: Solution, **payoffs: str) -> Outcome:
    """The one outcome in which the sender's types get these payoffs."""
    wanted = {t: rational(v) for t, v in payoffs.items()}
    found = [o for o in solution.outcomes if o.payoffs is not None and o.payoffs[solution.game.sender] == wanted]
    assert len(found) == 1
    return found[0]


@pytest.fixture
def levels(tmp_path) -> Game:
    """The game with two levels of schooling."""
    path = tmp_path / "levels.yaml"
    path.write_text(LEVELS, encoding="utf-8")
    return load_game(path)


def test_undefeated_but_not_intuitive(levels):
    """Pooling without schooling (19/10 each) fails the intuitive criterion at little schooling and is undefeated.

    Low gets at most 2 - 1/5 = 9/5 from little, high 2 - 1/20 = 39/20. The outcomes that use little or much pay the high
    type less than 19/10.
    """
    solution = solve(levels)
    pooling = outcome(solution, low="19/10", high="19/10").id
    why = explain(solution, "intuitive")[pooling]
    assert (why.verdict, why.type, why.message) == (False, "high", "little")
    assert why.deviation == {"high": (Rational(39, 20), Rational(19, 10))}
    assert explain(solution, "undefeated")[pooling].verdict is True


def test_intuitive_but_defeated(levels):
    """Separation (1 and 3/2) passes the intuitive criterion; pooling on little (17/10 and 37/20) defeats it."""
    solution = solve(levels)
    separating = outcome(solution, low="1", high="3/2").id
    little = outcome(solution, low="17/10", high="37/20").id
    assert explain(solution, "intuitive")[separating].verdict is True
    why = explain(solution, "undefeated")[separating]
    assert (why.verdict, why.message) == (False, "little")
    assert why.deviation["low"] == (Rational(17, 10), Rational(1))
    assert why.deviation["high"] == (Rational(37, 20), Rational(3, 2))
    assert f"outcome {little}" in why.words


def test_both_breakfasts_are_undefeated():
    """Weak prefers quiche (3 to 2) and strong beer (3 to 2): neither outcome is better for all who send its message."""
    solution = refine(solve(library.load("beer_quiche")), ["undefeated"])
    assert [o.survives["undefeated"] for o in solution.outcomes] == [True, True]


def test_the_low_settlement_defeats_the_high_one():
    """Both defendants pay 3 instead of 5, so low must be read by the prior, and is then accepted."""
    solution = solve(library.load("settlement"))
    why = explain(solution, "undefeated")[outcome(solution, blameless="-5", negligent="-5").id]
    assert (why.verdict, why.message) == (False, "low")
    assert why.deviation == {
        "blameless": (Rational(-3), Rational(-5)),
        "negligent": (Rational(-3), Rational(-5)),
    }


def test_only_the_low_settlement_is_divine():
    """Divine beliefs after low give negligent at most its prior 1/2; low is refused only at 3/5 or more."""
    solution = solve(library.load("settlement"))
    reasons = explain(solution, "divinity")
    why = reasons[outcome(solution, blameless="-5", negligent="-5").id]
    assert (why.verdict, why.message) == (False, "low")
    assert "(blameless: 1/2, negligent: 1/2)" in why.words
    assert reasons[outcome(solution, blameless="-3", negligent="-3").id].verdict is True


def test_divinity_depends_on_the_prior_and_universal_divinity_does_not():
    """With few negligent defendants in the prior, or many, the high settlement is never universally divine.

    With 7 negligent in 10 the prior itself has the low offer refused, and the high settlement becomes divine.
    """
    text = library.find("settlement").read_text(encoding="utf-8")
    assert "{blameless: 1/2, negligent: 1/2}" in text
    verdicts = {}
    for chance in ("1/2", "7/10"):
        game = Game(**{**library.load("settlement").__dict__, "prior": (1 - rational(chance), rational(chance))})
        solution = solve(game)
        high = outcome(solution, blameless="-5", negligent="-5").id
        verdicts[chance] = [explain(solution, name)[high].verdict for name in ("divinity", "universal_divinity")]
    assert verdicts == {"1/2": [False, False], "7/10": [True, False]}


def test_farrells_game_has_no_neologism_proof_equilibrium():
    """'It is A' brings a, which gives A 2 instead of 1, and B 1 instead of 2: no outcome of the game survives."""
    solution = solve(library.load("no_neologism_proof"))
    assert len(solution.outcomes) == 1
    (why,) = explain(solution, "neologism_proof").values()
    assert (why.verdict, why.type, why.deviation) == (False, "A", {"A": (Rational(2), Rational(1))})


def test_signalling_systems_are_neologism_proof_and_babbling_is_not():
    """With common interests every state names itself (Lewis's game)."""
    solution = solve(library.load("two_states"))
    reasons = explain(solution, "neologism_proof")
    assert [reasons[o.id].verdict for o in solution.outcomes if o.unique_outcome] == [True, True]
    assert [reasons[o.id].verdict for o in solution.outcomes if not o.unique_outcome] == [False]


def test_neologism_proofness_is_null_where_talk_is_costly():
    """Beer and quiche are not words."""
    solution = solve(library.load("beer_quiche"))
    for why in explain(solution, "neologism_proof").values():
        assert why.verdict is None
        assert "talk is not cheap: payoffs after 'quiche' differ from those after 'beer'" in why.words


def test_a_tie_between_best_responses_leaves_neologism_proofness_open(tmp_path):
    """Told 'it is A', the listener may do a or b; only b is better for A than staying with both. The answer is None."""
    text = library.find("no_neologism_proof").read_text(encoding="utf-8")
    tied = text.replace("{when: {type: A, listener: a}, add: 2}", "{when: {type: A, listener: b}, add: 2}").replace(
        "{when: {type: B, listener: b}, add: 3}",
        "{when: {type: B, listener: b}, add: 1}\n    - {when: {type: A, listener: b}, add: 3}",
    )
    assert tied != text
    path = tmp_path / "tied.yaml"
    path.write_text(tied, encoding="utf-8")
    solution = solve(load_game(path))
    reasons = explain(solution, "neologism_proof").values()
    assert any(r.verdict is None and "group A can name itself" in r.words for r in reasons)


def test_competing_announcements_cancel_and_competing_neologisms_do_not():
    """Each pair of types has a self-signalling claim, so silence is not neologism-proof; each is contested (type 1
    prefers {1,3}, 2 prefers {1,2}, 3 prefers {2,3}), and so is talk by all three, so it is announcement-proof."""
    setting = Setting(solve(library.load("competing_announcements")))
    silent = next(o for o in setting.solution.outcomes if o.kind == "pooling" and o.unique_outcome)
    assert neologism_proof(setting, silent).verdict is False
    why = announcement_proof(setting, silent)
    assert why.verdict is True
    assert "each is contested" in why.words


def test_an_uncontested_announcement_breaks_an_outcome():
    """In Farrell's game A can announce itself (2 instead of 1); in Lewis's, babbling is broken, meaning is not."""
    (why,) = explain(solve(library.load("no_neologism_proof")), "announcement_proof").values()
    assert (why.verdict, why.deviation) == (False, {"A": (Rational(2), Rational(1))})
    solution = solve(library.load("two_states"))
    reasons = explain(solution, "announcement_proof")
    assert [reasons[o.id].verdict for o in solution.outcomes if o.unique_outcome] == [True, True]
    assert [reasons[o.id].verdict for o in solution.outcomes if not o.unique_outcome] == [False]


def test_credible_updating_reads_insisting_as_two_of_three_types():
    """Firm and hard gain 2 if insisting is read as theirs (belief 1/2 each: the other gives in), soft does not."""
    solution = solve(library.load("credible_updating"))
    reasons = explain(solution, "perfect_sequential")
    why = reasons[outcome(solution, soft="0", firm="0", hard="0").id]
    assert (why.verdict, why.message) == (False, "insist")
    assert why.deviation == {"firm": (Rational(2), Rational(0)), "hard": (Rational(2), Rational(0))}
    assert reasons[outcome(solution, soft="0", firm="2", hard="2").id].verdict is True


def test_best_and_undominated_outcomes_of_the_settlement():
    """The defendants pay least at the low offer, the plaintiff gets most at the high one; neither is dominated."""
    solution = refine(solve(library.load("settlement")), ["sender_best", "audience_best", "pareto"])
    high = outcome(solution, blameless="-5", negligent="-5").survives
    low = outcome(solution, blameless="-3", negligent="-3").survives
    assert dict(high) == {"sender_best": False, "audience_best": True, "pareto": True}
    assert dict(low) == {"sender_best": True, "audience_best": False, "pareto": True}


def test_a_dominated_outcome_is_named_with_the_one_that_dominates_it():
    """In Lewis's game babbling is worse for everybody than a signalling system."""
    solution = solve(library.load("two_states"))
    (babbling,) = (o.id for o in solution.outcomes if not o.unique_outcome)
    why = explain(solution, "pareto")[babbling]
    assert why.verdict is False
    assert why.words == "outcome 1 is as good for everybody and gives sea 1 instead of 0"


BANK = """
doubletalk: 1
title: A firm, its rival and its bank
parameters: {p: 1/2}
sender: {name: firm, types: {weak: 1 - p, strong: p}, messages: [quiet, invest]}
audiences:
  bank: {actions: {quiet: [none], invest: [refuse, lend]}}
  rival: {actions: {quiet: [none], invest: [enter, stay]}}
payoffs:
  firm:
    - {when: {message: invest, type: weak}, add: -3/2}
    - {when: {message: invest, type: strong}, add: -1}
    - {when: {bank: lend}, add: 1}
    - {when: {rival: stay}, add: 1}
  bank:
    - {when: {type: weak, bank: lend}, add: -1}
    - {when: {type: strong, bank: lend}, add: 1}
  rival:
    - {when: {type: weak, rival: enter}, add: 1}
    - {when: {type: strong, rival: enter}, add: -2}
"""
"""The bank lends from a belief in strong of 1/2 on, the rival stays out from 1/3 on: the two answer one belief."""


def test_two_audiences_and_one_belief_by_hand():
    """With p = 1/10: weak does not lose by investing only where the bank lends with a chance of 1/2 or more, and strong
    then gains 1/2; so D1 ends silence, divinity (which keeps the prior) does not."""
    solution = solve(game_from_text(BANK, parameters={"p": "1/10"}))
    quiet = outcome(solution, weak="0", strong="0").id
    mixed = outcome(solution, weak="0", strong="1/2").id
    why = explain(solution, "d1")[quiet]
    assert (why.verdict, why.message, why.beliefs) == (False, "invest", {"invest": ("strong",)})
    assert why.ruled_out[0].words == "whenever it would not lose by 'invest', strong gains at least 1/2"
    assert explain(solution, "d1")[mixed].verdict is True
    assert explain(solution, "divinity")[quiet].verdict is True


@pytest.mark.parametrize("name", ["intuitive", "equilibrium_domination", "d1", "d2", "universal_divinity", "nwbr"])
def test_a_component_is_judged_where_beliefs_do_not_matter(name):
    """With p = 1/2 both invest and the bank may lend with any chance from 1/2 on, so that payoffs vary; quiet pays 0
    whatever is believed, which no type gains by at any of them."""
    solution = solve(game_from_text(BANK, parameters={"p": "1/2"}))
    (varied,) = (o.id for o in solution.outcomes if not o.unique_outcome)
    assert explain(solution, name)[varied].verdict is True


def test_a_component_without_one_verdict_says_where_it_survives_and_where_it_fails():
    """Beer and quiche with even odds: all eat quiche and the bully leaves with a chance q of 1/2 or more. Weak has
    1 + 2 q and gets 2 at most from beer: only at q = 1/2 may weak be believed in there."""
    text = library.find("beer_quiche").read_text(encoding="utf-8")
    solution = solve(game_from_text(text, parameters={"strong": "1/2"}))
    reasons = explain(solution, "intuitive")
    words = next(why.words for why in reasons.values() if why.verdict is None)
    assert "survives where weak gets 2, strong gets 1 and fails where weak gets" in words


def test_an_equilibrium_inside_a_component_defeats():
    """Spence with one in four able and schooling at cost 1 to low: the separating outcomes are one component, because
    low is indifferent. Its ends defeat pooling (high 5/4) by school: high alone sends it and gets 3/2."""
    text = """
doubletalk: 1
title: Spence at the knife edge
sender: {name: worker, types: {low: 3/4, high: 1/4}, messages: [none, school]}
audiences: {firm: {actions: [w1, w54, w2]}}
payoffs:
  worker:
    - {when: {firm: w1}, add: 1}
    - {when: {firm: w54}, add: 5/4}
    - {when: {firm: w2}, add: 2}
    - {when: {type: low, message: school}, add: -1}
    - {when: {type: high, message: school}, add: -1/2}
  firm:
    - {when: {type: low, firm: w54}, add: -1/16}
    - {when: {type: low, firm: w2}, add: -1}
    - {when: {type: high, firm: w1}, add: -1}
    - {when: {type: high, firm: w54}, add: -9/16}
"""
    solution = solve(game_from_text(text))
    pooling = outcome(solution, low="5/4", high="5/4").id
    why = explain(solution, "undefeated")[pooling]
    assert (why.verdict, why.message) == (False, "school")
    assert why.deviation == {"high": (Rational(3, 2), Rational(5, 4))}
