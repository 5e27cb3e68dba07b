"""What talk is worth: published figures, two roads to one number, and inequalities that theory proves."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path

import pytest
from oracle.random_games import audience, build_game, one_audience, sequential, simultaneous, two_audiences, with_reply

import doubletalk
from doubletalk.equilibrium import solve, verify
from doubletalk.errors import InputError, TooLarge
from doubletalk.exact import Rational
from doubletalk.game.build import tabular_game
from doubletalk.game.model import NO_REPLY, Game
from doubletalk.library import load
from doubletalk.talk import (
    Range,
    commitment,
    full_disclosure,
    pooling,
    private_version,
    public_version,
    silence,
    taxonomy,
    value_of_talk,
)
from doubletalk.talk.channels import alone
from doubletalk.talk.commitment_pieces import pieces_commitment
from doubletalk.talk.equilibria import Equilibria
from doubletalk.talk.silence import _above

FARRELL_GIBBONS = {
    "full_communication": "full communication",
    "one_sided_discipline": "one-sided discipline",
    "mutual_discipline": "mutual discipline",
    "mutual_discipline_private": "mutual discipline",
    "subversion": "subversion",
    "subversion_private": "subversion",
    "no_communication": "no communication",
}


def q(words: str) -> Rational:
    """The exact number written there."""
    top, _, bottom = words.partition("/")
    return Rational(int(top), int(bottom or "1"))


def cheap_talk(rng: random.Random, types: int, messages: int, actions: int) -> Game:
    """One audience; payoffs do not depend on the message."""
    table = {(t, a): (rng.randint(-2, 2), rng.randint(-2, 2)) for t in range(types) for a in range(actions)}
    weights = [rng.randint(1, 4) for _ in range(types)]
    return build_game(
        [Rational(w, sum(weights)) for w in weights],
        [range(messages)] * types,
        [audience("a", range(messages), [actions] * messages, labels=[f"m{m}" for m in range(messages)])],
        lambda t, m, acts, c: table[t, acts[0]],
    )


def two_by_two(v: tuple[int, int], w: tuple[int, int]) -> Game:
    """Farrell & Gibbons' game: the speaker gets v[t] from P's right act and w[t] from Q's, in state t."""

    def payoff(who: str, state: str, message: str, does: dict[str, str], reply: str | None) -> int:
        t = int(state[1])
        right = {name: does[name][1] == state[1] for name in ("P", "Q")}
        if who == "speaker":
            return v[t] * right["P"] + w[t] * right["Q"]
        return (2 if who == "Q" and t == 0 else 1) * right[who]

    players = {"P": ["p0", "p1"], "Q": ["q0", "q1"]}
    return tabular_game({"s0": "3/5", "s1": "2/5"}, ["m0", "m1"], players, payoff, sender="speaker")


# ---- published figures -----------------------------------------------------------------------------------------------


def test_prosecutor_convicts_three_fifths_by_commitment() -> None:
    """Kamenica & Gentzkow: 3/5 by commitment, split at beliefs 1/2 and 0; nothing in silence; 3/10 by the truth."""
    game = load("prosecutor_cheap_talk")
    best = commitment(game)
    assert (best.value, best.at_most, best.adverse) == (q("3/5"), q("3/5"), q("3/5"))
    assert best.exact
    deeds = [(s.belief.get("guilty", q("0")), *s.responses["judge"][s.heard]) for s in best.signals]
    split = dict(zip(deeds, (s.probability for s in best.signals), strict=True))
    assert split == {(q("1/2"), "convict"): q("3/5"), (q("0"), "acquit"): q("2/5")}
    assert best.payoffs == {"judge": Range(q("7/10"), q("7/10"))}
    assert silence(game).payoffs == {"prosecutor": Range(q("0"), q("0")), "judge": Range(q("7/10"), q("7/10"))}
    assert full_disclosure(game).payoffs == {"prosecutor": Range(q("3/10"), q("3/10")), "judge": Range(q("1"), q("1"))}


@pytest.mark.parametrize("name", sorted(FARRELL_GIBBONS))
def test_farrell_gibbons_games_are_classified_as_published(name: str) -> None:
    """Each Farrell & Gibbons game of the library, whatever its channel, has the kind of its name, with equilibria."""
    game = load(name)
    found = taxonomy(game)
    assert found.kind == FARRELL_GIBBONS[name]
    assert found.solutions is not None
    shown = [(found.solutions["public"].game, found.separating_public)]
    shown += [(found.solutions[a.name].game, a.separating_alone) for a in found.audiences]
    for where, example in shown:
        assert example is None or verify(where, example.assessment).valid


def test_taxonomy_is_the_sign_rule_of_farrell_and_gibbons() -> None:
    """With P alone v >= 0 in both states, with Q alone w >= 0, in public v + w >= 0, zeros included."""
    rng = random.Random(1)
    names = {(2, True): "full communication", (1, True): "one-sided discipline", (0, True): "mutual discipline"}
    names |= {(1, False): "subversion", (0, False): "no communication"}
    seen = set()
    for _ in range(40):
        v, w = ((rng.randint(-2, 2), rng.randint(-2, 2)) for _ in range(2))
        told = (min(v) >= 0) + (min(w) >= 0)
        expected = names[told, v[0] + w[0] >= 0 and v[1] + w[1] >= 0]
        assert taxonomy(two_by_two(v, w)).kind == expected, (v, w)
        seen.add(expected)
    assert len(seen) == 5


def test_beer_quiche_benchmarks() -> None:
    """Pooling by hand: 29/10 at beer, 21/10 at quiche; disclosed, the weak one is fought and eats its quiche."""
    game = load("beer_quiche")
    worth = value_of_talk(game, solve(game))
    traveller = {m: payoffs["traveller"] for m, payoffs in worth.silence.by_message.items()}
    assert traveller == {"beer": Range(q("29/10"), q("29/10")), "quiche": Range(q("21/10"), q("21/10"))}
    assert worth.equilibria["traveller"] == Range(q("21/10"), q("29/10"))
    assert worth.disclosure.by_type["weak"]["traveller"] == Range(q("1"), q("1"))
    assert worth.disclosure.payoffs["traveller"] == Range(q("14/5"), q("14/5"))
    assert worth.verdicts["bully"] == "gets the same"


def test_who_gains_by_the_truth() -> None:
    """Two signals at one common prior: in Lewis' game both gain by talk; in the card game the second player pays."""
    lewis, cards = load("two_states"), load("card_game")
    assert value_of_talk(lewis, solve(lewis)).gainers == ("sexton", "rider")
    worth = value_of_talk(cards, solve(cards))
    assert (worth.gainers, worth.payers) == (("player1",), ("player2",))


# ---- two roads -------------------------------------------------------------------------------------------------------


def envelope(game: Game, adverse: bool) -> Fraction:
    """Concave envelope at the prior for two types, one audience, by vertex enumeration in Fractions."""

    def u(player: int, m: int, a: int) -> list[Fraction]:
        return [Fraction(str(game.payoffs[t, m, (a,), NO_REPLY][player])) for t in (0, 1)]

    def at(line: list[Fraction], b: Fraction) -> Fraction:
        return line[0] * (1 - b) + line[1] * b

    points: list[tuple[Fraction, Fraction]] = []
    for m in range(len(game.messages)):
        count = len(game.actions_after(m)[0])
        lines = [[u(k, m, a) for a in range(count)] for k in (0, 1)]
        cuts = {Fraction(0), Fraction(1)}
        for mine in lines:
            for first, second in product(mine, mine):
                change = [x - y for x, y in zip(first, second, strict=True)]
                if change[0] * change[1] < 0:
                    cuts.add(change[0] / (change[0] - change[1]))
        ordered = sorted(cuts)
        places = [(b, [b]) for b in ordered]
        places += [((x + y) / 2, [x, y]) for x, y in pairwise(ordered)]
        for inner, ends in places:
            top = max(at(line, inner) for line in lines[1])
            tied = [lines[0][a] for a in range(count) if at(lines[1][a], inner) == top]
            chosen = (min if adverse else max)(tied, key=lambda line, inner=inner: at(line, inner))
            points += [(b, at(chosen, b)) for b in ends]
    prior = Fraction(str(game.prior[1]))
    values = [v for b, v in points if b == prior]
    for (b, v), (c, w) in product(points, points):
        if b < prior < c:
            values.append(v + (w - v) * (prior - b) / (c - b))
    return max(values)


def test_commitment_is_the_concave_envelope() -> None:
    """Two types, one audience, costly or cheap messages: the programme equals vertex enumeration, ties both ways."""
    rng = random.Random(2)
    strict = 0
    for n in range(60):
        game = cheap_talk(rng, 2, 2, 3) if n % 2 else costly(rng, 2, 2, 3)
        best = commitment(game)
        assert Fraction(str(best.value)) == envelope(game, adverse=False)
        assert best.adverse is not None
        assert Fraction(str(best.adverse)) == envelope(game, adverse=True)
        strict += best.adverse < best.value
    assert strict > 0


def costly(rng: random.Random, types: int, messages: int, actions: int) -> Game:
    """One audience; every type can send everything; payoffs depend on the message."""
    table: dict[tuple[int, int, int], tuple[int, int]] = {}
    return build_game(
        [Rational(1, types)] * types,
        [range(messages)] * types,
        [audience("a", range(messages), [actions] * messages, labels=[f"m{m}" for m in range(messages)])],
        lambda t, m, acts, c: table.setdefault((t, m, acts[0]), (rng.randint(-2, 2), rng.randint(-2, 2))),
    )


def test_programmes_over_plays_and_over_pieces_agree() -> None:
    """One audience, up to three types, some messages alike: both programmes give the same value and audience range."""
    rng = random.Random(3)
    for n in range(25):
        game = one_audience(rng, 2 + n % 2, 3, 3, merge=n % 3 == 0)
        plays, pieces = commitment(game), pieces_commitment(game)
        assert (plays.value, plays.payoffs) == (pieces.value, pieces.payoffs)


def test_best_rule_is_consistent() -> None:
    """Signals average to the prior, and their probabilities to one, for every audience; cheap talk and three types."""
    rng = random.Random(4)
    for _ in range(15):
        game = cheap_talk(rng, 3, 2, 3)
        signals = commitment(game).signals
        assert sum((s.probability for s in signals), q("0")) == 1
        for label, p in zip(game.types, game.prior, strict=True):
            assert sum((s.probability * s.belief.get(label, q("0")) for s in signals), q("0")) == p


@pytest.mark.parametrize("name", ["full_communication", "one_sided_discipline", "mutual_discipline", "subversion"])
def test_private_payoffs_add_up_from_the_parts(name: str) -> None:
    """Solving both channels in one game gives the ranges that the audiences alone add up to."""
    game = load(name)
    private = private_version(game)
    assert Equilibria(solve(private)).ranges() == taxonomy(game).private
    if name in ("mutual_discipline", "subversion"):
        assert Equilibria(solve(load(f"{name}_private"))).ranges() == taxonomy(game).private
    assert public_version(private).cells()[0].audiences == (0, 1)
    assert private_version(private) is private
    assert public_version(game) is game


def test_part_of_a_hull_above_a_floor() -> None:
    """The triangle (0,0), (2,0), (2,2) above 1 has the corners (2,0), (2,2), (1,0), (1,1)."""
    corners = [(q("0"), q("0")), (q("2"), q("0")), (q("2"), q("2"))]
    assert {(str(a), str(b)) for a, b in _above(corners, q("1"))} == {("2", "0"), ("2", "2"), ("1", "0"), ("1", "1")}


# ---- inequalities ----------------------------------------------------------------------------------------------------

KINDS = {
    "one audience": lambda rng: one_audience(rng, 2, 3, 2),
    "three types": lambda rng: one_audience(rng, 3, 2, 3),
    "messages alike": lambda rng: one_audience(rng, 2, 3, 2, merge=True),
    "public": lambda rng: two_audiences(rng, 2, 2, 2),
    "private": lambda rng: two_audiences(rng, 2, 4, 2, channel="private"),
    "mixed": lambda rng: two_audiences(rng, 2, 2, 2, channel="mixed"),
    "reply": lambda rng: with_reply(rng, 2, 2, 2),
    "watching": lambda rng: sequential(rng, 2, 2),
}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_commitment_is_at_least_every_equilibrium_silence_and_disclosure(kind: str) -> None:
    """The sender could commit to its equilibrium strategy, to silence, or to the truth."""
    rng = random.Random(5)
    for _ in range(8):
        game = KINDS[kind](rng)
        worth = value_of_talk(game, solve(game))
        most = worth.commitment.at_most
        if most is None:
            continue
        best = worth.equilibria.get(game.sender)
        assert best is None or best.high <= most
        assert not worth.silence.payoffs or worth.silence.payoffs[game.sender].high <= most
        if worth.disclosure.payoffs:
            assert worth.disclosure.payoffs[game.sender].high <= most
        if worth.commitment.exact and worth.commitment.adverse is not None:
            assert worth.commitment.adverse <= most


def test_information_never_hurts_a_single_audience_of_cheap_talk() -> None:
    """Its payoff lies between silence and full disclosure, and the sender's equilibria include silence."""
    rng = random.Random(6)
    for _ in range(20):
        game = cheap_talk(rng, 2, 2, 3)
        worth = value_of_talk(game, solve(game))
        assert worth.equilibria["a"].low == worth.silence.payoffs["a"].low
        assert worth.equilibria["a"].high <= worth.disclosure.payoffs["a"].low
        quiet, talk = worth.silence.payoffs["sender"], worth.equilibria["sender"]
        assert talk.low <= quiet.low
        assert quiet.high <= talk.high


def test_three_types_have_a_kind_too() -> None:
    """The speaker agrees with both audiences: full communication, in a language of three words though two are given."""

    def payoff(who: str, kind: str, message: str, does: dict[str, str], reply: str | None) -> int:
        right = [does["P"] == ("low" if kind == "a" else "high"), does["Q"] == ("high" if kind == "c" else "low")]
        return {"speaker": sum(right), "P": int(right[0]), "Q": int(right[1])}[who]

    acts = ["low", "high"]
    third = {"a": "1/3", "b": "1/3", "c": "1/3"}
    found = taxonomy(tabular_game(third, ["x", "y"], {"P": acts, "Q": acts}, payoff, sender="speaker"))
    assert (found.kind, len(found.words)) == ("full communication", 3)


def test_pooling_is_worth_the_missing_truth() -> None:
    """In private subversion P learns all and Q nothing: sharing is worth 8/5 - 6/5 to Q there, at most."""
    game = load("subversion_private")
    gains = pooling(game, solve(game)).gains
    assert gains["Q"] == Range(q("0"), q("2/5"))
    public = load("subversion")
    assert pooling(public, solve(public)).why_not == "all audiences hear the same"


# ---- what does not apply, and errors ---------------------------------------------------------------------------------


def test_taxonomy_says_why_it_does_not_apply() -> None:
    """One audience, a reply, costly messages: the reason in words."""
    assert taxonomy(load("beer_quiche")).why_not == "there is one audience, not two"
    assert taxonomy(load("patron_and_rival")).why_not == "the sender replies in the end"
    assert "depend on the message" in str(taxonomy(load("capital_and_product_market")).why_not)


def test_silence_needs_a_message_that_all_can_send() -> None:
    """The honest applicant cannot stay silent with the others."""
    found = silence(load("honest_applicant"))
    assert found.payoffs == {}
    assert "no message can be sent by every type" in str(found.why_not)


def test_errors_say_what_was_given_and_expected() -> None:
    """A foreign solution, a private version of costly talk, a programme that is too large, a range upside down."""
    game = load("beer_quiche")
    with pytest.raises(InputError, match=r"the solution is of 'Lewis.*not of 'Beer-quiche'"):
        value_of_talk(game, solve(load("two_states")))
    with pytest.raises(InputError, match=r"only for cheap talk.*payoffs depend on the message"):
        private_version(load("capital_and_product_market"))
    with pytest.raises(InputError, match="can be studied alone only in cheap talk"):
        alone(game, 0)
    with pytest.raises(TooLarge, match="the limit is 6000"):
        commitment(cheap_talk(random.Random(7), 20, 20, 20))
    with pytest.raises(ValueError, match="low <= high"):
        Range(q("1"), q("0"))


def test_whole_range_of_watching_audiences_is_exact() -> None:
    """Patron and rival: commitment 7/5 beats the best equilibrium 23/20, and the truth helps nobody."""
    game = load("patron_and_rival")
    worth = value_of_talk(game, solve(game))
    assert (worth.commitment.value, worth.commitment.exact) == (q("7/5"), True)
    assert worth.equilibria["client"] == Range(q("0"), q("23/20"))
    assert all(value == Range(q("0"), q("0")) for value in worth.disclosure.payoffs.values())


# ---- the command -----------------------------------------------------------------------------------------------------


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run the program and wait."""
    source = str(Path(doubletalk.__file__).parent.parent)
    command = [sys.executable, "-c", "from doubletalk.cli import main; main()", "talk", *words]
    surroundings = {**os.environ, "PYTHONPATH": source, "COLUMNS": "100"}
    return subprocess.run(command, capture_output=True, text=True, env=surroundings, timeout=60, check=False)


def test_command_shows_the_benchmarks_and_the_kind() -> None:
    """The view names the kind, the two channels and who can be told what."""
    done = run("subversion")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("speaker commits", "7/5", "Farrell and Gibbons: subversion.", "in private", "6/5 to 8/5"):
        assert words in done.stdout


def test_command_prints_json() -> None:
    """JSON and nothing else, exact, the same from run to run; parameters can be set."""
    done = run("prosecutor-cheap-talk", "--json")
    content = json.loads(done.stdout)
    assert content["commitment"]["value"] == "3/5"
    assert content["silence"]["payoffs"]["prosecutor"] == {"low": "0", "high": "0"}
    assert content["channels"]["kind"] is None
    assert run("prosecutor-cheap-talk", "--json").stdout == done.stdout
    changed = json.loads(run("subversion", "--json", "--set", "w2=1").stdout)
    assert changed["channels"]["kind"] == "full communication"


def test_command_ends_with_the_documented_codes() -> None:
    """1 and one line for an unknown game, 2 for a bad setting, 3 for a time limit."""
    unknown = run("beer-quich")
    assert unknown.returncode == 1
    assert unknown.stderr.startswith("error: beer-quich: no such file")
    assert run("beer_quiche", "--set", "strong").returncode == 2
    stopped = run("three_states", "--time-limit", "0.01")
    assert stopped.returncode == 3
    assert "time limit" in stopped.stderr


def test_actions_that_differ_for_another_audience_only_still_count() -> None:
    """P does not care and the sender does not either, but Q gets 3 from P's second action: Q's ranges span both."""

    def payoff(who: str, kind: str, message: str, does: dict[str, str], reply: str | None) -> int:
        right = does["Q"] == ("low" if kind == "a" else "high")
        return right + 3 * (does["P"] == "y") if who == "Q" else 0

    game = tabular_game({"a": "1/2", "b": "1/2"}, ["m", "n"], {"P": ["x", "y"], "Q": ["low", "high"]}, payoff)
    worth = value_of_talk(game, solve(game))
    assert worth.silence.payoffs["Q"] == Range(q("1/2"), q("7/2"))
    assert worth.equilibria["Q"] == worth.commitment.payoffs["Q"] == Range(q("1/2"), q("4"))
    assert taxonomy(game).private == taxonomy(game).public


def test_interacting_audiences_get_bounds_or_a_reason() -> None:
    """Audiences that move at once: the value lies between certified bounds, and says why when it is not exact."""
    rng = random.Random(8)
    exact = 0
    for _ in range(12):
        game = simultaneous(rng, 2, 2, 2)
        found = commitment(game)
        exact += found.exact
        assert found.exact == (found.why_not is None)
        if found.value is not None and found.at_most is not None:
            assert found.value <= found.at_most
    assert exact > 0
