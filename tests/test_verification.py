"""``verify`` accepts what is an equilibrium and says, exactly and in words, what is wrong with what is not."""

from __future__ import annotations

import ast
import itertools
import random
from dataclasses import replace
from pathlib import Path

import pytest
from oracle.random_games import audience, build_game, one_audience, sequential, simultaneous, two_audiences, with_reply

from doubletalk.equilibrium import verification
from doubletalk.equilibrium.solution import Assessment
from doubletalk.equilibrium.verification import verify
from doubletalk.exact import ONE, Rational, rational
from doubletalk.game.model import Game

HALF = Rational(1, 2)


def beer_quiche() -> Game:
    """Cho & Kreps (1987): weak 1/10, strong 9/10; each likes its own breakfast (1) and not being fought (2)."""
    return build_game(
        ["1/10", "9/10"],
        [[0, 1], [0, 1]],
        [audience("bully", [0, 1], [2, 2], labels=["beer", "quiche"])],
        lambda t, m, a, c: [(1 if (t == 1) == (m == 0) else 0) + 2 * a[0], 1 if (t == 0) == (a[0] == 0) else 0],
        types=["weak", "strong"],
        messages=["beer", "quiche"],
    )


def beer_pooling(fight: Rational = ONE, weak: Rational = ONE) -> Assessment:
    """Both drink beer and are left alone; quiche would be fought with probability ``fight``, thought ``weak``."""
    off = {label: q for label, q in (("bully0", fight), ("bully1", 1 - fight)) if q}
    belief = {label: q for label, q in (("weak", weak), ("strong", 1 - weak)) if q}
    return Assessment(
        sender={"weak": {"beer": ONE}, "strong": {"beer": ONE}},
        responses={"bully": {"beer": {"bully1": ONE}, "quiche": off}},
        beliefs={"quiche": belief},
    )


def words(game: Game, assessment: Assessment, concept: str = "sequential") -> str:
    """All failures as one text."""
    certificate = verify(game, assessment, concept)
    assert certificate.valid is (not certificate.failures)
    return "\n".join(failure.words for failure in certificate.failures)


def watched_game(second: dict[tuple[int, int], tuple[int, int]]) -> Game:
    """One message; west moves, east watches and is paid ``second[first, own][type]``; west always prefers action 0."""
    return build_game(
        [HALF, HALF],
        [[0], [0]],
        [audience("west", [0], [2], labels=["talk"]), audience("east", [0], [2], watches=[0], labels=["talk"])],
        lambda t, m, a, c: [0, 1 - a[0], second[a[0], a[1]][t]],
        messages=["talk"],
    )


def test_beer_quiche_pooling_on_beer_is_certified():
    """The published outcome, with fight at quiche: valid, no gain, Bayes at beer and the named belief at quiche."""
    certificate = verify(beer_quiche(), beer_pooling())
    assert certificate.valid
    assert certificate.gains == {"sender": 0, "bully": 0}
    assert certificate.failures == ()
    assert certificate.beliefs["beer"].origin == "Bayes"
    assert dict(certificate.beliefs["beer"].belief) == {"weak": Rational(1, 10), "strong": Rational(9, 10)}
    assert certificate.beliefs["quiche"].origin == "named"
    assert certificate.posterior_consistent


EDGE = [("1/2", "1/2", True), ("1/3", "1/2", False), ("1/2", "2/3", False)]


@pytest.mark.parametrize(("fight", "weak", "valid"), EDGE)
def test_the_edge_of_the_beer_family_is_exact(fight, weak, valid):
    """A mixed response at quiche needs belief exactly 1/2 and fight at least 1/2: one step past either edge fails."""
    point = beer_pooling(rational(fight), rational(weak))
    assert verify(beer_quiche(), point).valid is valid


def test_a_profitable_message_is_named_with_both_payoffs():
    """With quiche fought only 1/3 of the time the weak type gets 2 and could get 7/3 by quiche: gain 1/3."""
    certificate = verify(beer_quiche(), beer_pooling(Rational(1, 3), HALF))
    assert certificate.gains == {"sender": Rational(1, 3), "bully": 0}
    (failure,) = certificate.failures
    assert (failure.player, failure.gets, failure.could_get, failure.by) == ("sender", 2, Rational(7, 3), "quiche")
    assert failure.words == "sender (type weak) gets 2 and could get 7/3 by 'quiche'"


def test_an_unreached_response_must_suit_the_named_belief_only_in_concept_sequential():
    """Fighting somebody surely strong loses 1: a failure of the bully at quiche, unless the concept is Nash."""
    point = beer_pooling(ONE, Rational(0))
    certificate = verify(beer_quiche(), point)
    assert certificate.gains == {"sender": 0, "bully": 1}
    assert words(beer_quiche(), point) == "bully (quiche) gets 0 and could get 1 by 'bully1'"
    assert verify(beer_quiche(), point, "nash").valid


def test_nash_needs_no_belief_where_nobody_arrives():
    """Leaving the belief out is a failure in concept "sequential" and none in "nash"."""
    point = replace(beer_pooling(), beliefs={})
    assert "no usable belief is named at 'quiche'" in words(beer_quiche(), point)
    assert verify(beer_quiche(), point, "nash").valid


def test_a_belief_that_contradicts_bayes_is_a_failure():
    """Naming a belief at beer other than the prior is inconsistent; naming the prior is allowed."""
    right = replace(beer_pooling(), beliefs={"quiche": {"weak": ONE}, "beer": {"weak": "1/10", "strong": "9/10"}})
    assert verify(beer_quiche(), right).valid
    wrong = replace(beer_pooling(), beliefs={"quiche": {"weak": ONE}, "beer": {"weak": ONE}})
    certificate = verify(beer_quiche(), wrong)
    assert not certificate.posterior_consistent
    assert "Bayes' rule gives weak: 1/10, strong: 9/10" in certificate.failures[0].words


BAD_PIECES = {
    "no type": ({"sender": {"weak": {"beer": ONE}}}, "sender: nothing is given for 'strong'"),
    "unknown type": ({"sender": {"weak": {"beer": 1}, "strong": {"beer": 1}, "odd": {}}}, "'odd' is unknown"),
    "unknown message": (
        {"sender": {"weak": {"tea": 1}, "strong": {"beer": 1}}},
        "'tea' is unknown; expected beer, quiche",
    ),
    "sum": ({"sender": {"weak": {"beer": HALF}, "strong": {"beer": 1}}}, "probabilities sum to 1/2, not to 1"),
    "negative": ({"sender": {"weak": {"beer": 2, "quiche": -1}, "strong": {"beer": 1}}}, "is negative: -1"),
    "float": ({"sender": {"weak": {"beer": 1.0}, "strong": {"beer": 1}}}, "is not an exact number"),
    "no number": ({"sender": {"weak": {"beer": None}, "strong": {"beer": 1}}}, "is not an exact number"),
    "not a mapping": ({"sender": None}, "sender: expected a mapping, got NoneType"),
    "list for a distribution": (
        {"sender": {"weak": [1], "strong": {"beer": 1}}},
        "expected label: probability, got list",
    ),
    "no audience": ({"responses": {}}, "responses: nothing is given for 'bully'"),
    "no information set": ({"responses": {"bully": {"beer": {"bully1": 1}}}}, "nothing is given for 'quiche'"),
    "no action": (
        {"responses": {"bully": {"beer": {}, "quiche": {"bully0": 1}}}},
        "bully at 'beer': probabilities sum to 0",
    ),
    "belief outside": ({"beliefs": {"quiche": {"nobody": 1}}}, "'nobody' is unknown; expected weak, strong"),
    "belief key": ({"beliefs": {"tea": {"weak": 1}, "quiche": {"weak": 1}}}, "beliefs: 'tea' is unknown"),
    "belief sum": ({"beliefs": {"quiche": {"weak": HALF}}}, "belief at 'quiche': probabilities sum to 1/2"),
    "beliefs missing": ({"beliefs": None}, "beliefs: expected a mapping"),
    "replies unknown": (
        {"replies": {"weak": {"beer": {"x": 1}}}},
        "replies of weak: 'beer' is unknown; expected nothing",
    ),
}


@pytest.mark.parametrize("name", BAD_PIECES)
def test_a_missing_or_malformed_piece_is_a_failure_in_words(name):
    """No malformed assessment gives an error: each gives a certificate that says what is wrong."""
    change, expected = BAD_PIECES[name]
    point = replace(beer_pooling(), **change)
    for concept in ("sequential", "nash"):
        assert expected in words(beer_quiche(), point, concept)


def test_an_unknown_concept_is_refused():
    """Only the two concepts exist, and the message says which."""
    with pytest.raises(ValueError, match="unknown concept 'perfect'; expected one of sequential, nash"):
        verify(beer_quiche(), beer_pooling(), "perfect")


def test_an_unexpected_action_of_an_earlier_audience_says_nothing_about_the_type():
    """East, seeing west's unexpected move, still holds the prior 1/2: 3 x 1/2 beats 1 whatever east might infer."""
    game = watched_game({(0, 0): (0, 0), (0, 1): (0, 0), (1, 0): (3, 0), (1, 1): (1, 1)})

    def point(off: str) -> Assessment:
        east = {"talk|west=west0": {"east0": ONE}, "talk|west=west1": {off: ONE}}
        sender = {"t0": {"talk": ONE}, "t1": {"talk": ONE}}
        return Assessment(sender, {"west": {"talk": {"west0": ONE}}, "east": east}, {})

    assert verify(game, point("east0")).valid
    assert words(game, point("east1")) == "east (talk|west=west1) gets 1 and could get 3/2 by 'east0'"
    assert verify(game, point("east1"), "nash").valid


def test_an_earlier_audience_foresees_the_later_ones_response():
    """West is judged by what east does after each of its moves."""
    game = build_game(
        [ONE],
        [[0]],
        [audience("west", [0], [2], labels=["talk"]), audience("east", [0], [2], watches=[0], labels=["talk"])],
        lambda t, m, a, c: [0, 5 if a == (1, 0) else 2 * (a[0] == 0), int(a[0] == a[1])],
        messages=["talk"],
    )
    east = {"talk|west=west0": {"east0": ONE}, "talk|west=west1": {"east1": ONE}}
    stay = Assessment({"t0": {"talk": ONE}}, {"west": {"talk": {"west0": ONE}}, "east": east}, {})
    assert verify(game, stay).valid
    fooled = replace(stay, responses={"west": {"talk": {"west1": ONE}}, "east": east})
    assert words(game, fooled) == "west (talk) gets 0 and could get 2 by 'west0'"
    threat = replace(stay, responses={**stay.responses, "east": {**east, "talk|west=west1": {"east0": ONE}}})
    assert verify(game, threat).gains == {"sender": 0, "west": 3, "east": 1}


def test_audiences_that_move_at_once_take_each_others_mixture_as_given():
    """Matching pennies between two audiences: only the even mixture passes."""
    game = build_game(
        [ONE],
        [[0]],
        [audience("a", [0], [2], labels=["talk"]), audience("b", [0], [2], labels=["talk"])],
        lambda t, m, acts, c: [0, int(acts[0] == acts[1]), int(acts[0] != acts[1])],
        messages=["talk"],
    )

    def point(p: Rational) -> Assessment:
        mixed = {"a": {"talk": {"a0": p, "a1": 1 - p}}, "b": {"talk": {"b0": HALF, "b1": HALF}}}
        return Assessment({"t0": {"talk": ONE}}, mixed, {})

    assert verify(game, point(HALF)).valid
    assert verify(game, point(Rational(2, 3))).gains == {"sender": 0, "a": 0, "b": Rational(1, 6)}


def reply_game() -> Game:
    """One audience trusts (0) or not (1); after trust the sender keeps (c0) or breaks (c1): t0 gains by breaking."""
    return build_game(
        [HALF, HALF],
        [[0], [0]],
        [audience("a", [0], [2], labels=["talk"])],
        lambda t, m, a, c: [0, 0] if a[0] else [(c if t == 0 else 1 - c), 1 - 3 * c],
        lambda t, m, a: 0 if a[0] else 2,
        messages=["talk"],
    )


def test_replies_are_checked_at_every_node_and_the_audience_counts_on_them():
    """Trust earns the audience 1/2 x (-2) + 1/2 x 1 = -1/2 with best replies, so it must not trust."""
    sender = {"t0": {"talk": ONE}, "t1": {"talk": ONE}}
    best = {"t0": {"talk|a=a0": {"c1": ONE}}, "t1": {"talk|a=a0": {"c0": ONE}}}
    wary = Assessment(sender, {"a": {"talk": {"a1": ONE}}}, {}, best)
    assert verify(reply_game(), wary).valid
    trusting = replace(wary, responses={"a": {"talk": {"a0": ONE}}})
    assert words(reply_game(), trusting) == "a (talk) gets -1/2 and could get 0 by 'a1'"
    honest = replace(trusting, replies={"t0": {"talk|a=a0": {"c0": ONE}}, "t1": {"talk|a=a0": {"c0": ONE}}})
    found = verify(reply_game(), honest)
    assert found.gains == {"sender": 1, "a": 0}
    assert "sender (type t0, reply at talk|a=a0) gets 0 and could get 1 by 'c1'" in [f.words for f in found.failures]
    missing = replace(wary, replies={"t0": best["t0"]})
    assert words(reply_game(), missing) == "replies: nothing is given for 't1'"


def test_nash_lets_an_unreached_reply_be_a_threat():
    """A reply that hurts the sender and is never reached is Nash but not sequential."""
    game = build_game(
        [ONE],
        [[0]],
        [audience("a", [0], [2], labels=["talk"])],
        lambda t, m, a, c: [0, 0] if a[0] else ([-1, -1] if c else [1, 1]),
        lambda t, m, a: 0 if a[0] else 2,
        messages=["talk"],
    )
    threat = Assessment(
        {"t0": {"talk": ONE}}, {"a": {"talk": {"a1": ONE}}}, {}, {"t0": {"talk|a=a0": {"c1": ONE}}}
    )
    assert verify(game, threat, "nash").valid
    assert not verify(game, threat).valid


def merged_game() -> Game:
    """Two messages look alike to the second of two audiences; the first sees both."""
    return build_game(
        [HALF, HALF],
        [[0, 1, 2], [0, 1, 2]],
        [audience("a", [0, 1, 2], [1, 1, 1]), audience("b", [0, 0, 1], [2, 2], labels=["talk", "quiet"])],
        lambda t, m, a, c: [0, 0, int(a[1] == (t + m) % 2)],
    )


def test_beliefs_range_over_type_and_message_where_messages_look_alike():
    """An unreached merged cell takes beliefs over ``type|message``; the right answer depends on both."""
    a = {f"o{o}": {"a0": ONE} for o in range(3)}
    b = {"talk": {"b0": ONE}, "quiet": {"b0": HALF, "b1": HALF}}
    beliefs = {"a:o0": {"t0": ONE}, "a:o1": {"t0": ONE}, "b:talk": {"t0|m0": HALF, "t1|m1": HALF}}
    point = Assessment({"t0": {"m2": ONE}, "t1": {"m2": ONE}}, {"a": a, "b": b}, beliefs)
    assert verify(merged_game(), point).valid
    other = replace(point, beliefs={**beliefs, "b:talk": {"t0|m1": ONE}})
    assert words(merged_game(), other) == "b (talk) gets 0 and could get 1 by 'b1'"
    bare = replace(point, beliefs={**beliefs, "b:talk": {"t0": ONE}})
    assert "'t0' is unknown; expected t0|m0, t0|m1, t1|m0, t1|m1" in words(merged_game(), bare)


def test_one_belief_serves_all_who_saw_the_same():
    """Two audiences at one unreached message: no single belief makes one bet on t0 and the other on t1 for sure."""
    game = build_game(
        [HALF, HALF],
        [[0, 1], [0, 1]],
        [audience("a", [0, 1], [1, 2]), audience("b", [0, 1], [1, 2])],
        lambda t, m, acts, c: [int(m == 0), int(acts[0] == t), int(acts[1] == t)],
    )
    bets = {"a": {"o0": {"a0": ONE}, "o1": {"a0": ONE}}, "b": {"o0": {"b0": ONE}, "o1": {"b1": ONE}}}
    sender = {"t0": {"m0": ONE}, "t1": {"m0": ONE}}
    for q in (Rational(0), Rational(1, 3), Rational(2, 3), ONE):
        point = Assessment(sender, bets, {"o1": {"t0": q, "t1": 1 - q}})
        assert not verify(game, point).valid
    assert verify(game, Assessment(sender, bets, {"o1": {"t0": HALF, "t1": HALF}})).valid


def uniform(game: Game) -> Assessment:
    """Everybody mixes evenly everywhere."""

    def even(labels):
        return {label: Rational(1, len(labels)) for label in labels}

    responses: dict[str, dict[str, dict[str, Rational]]] = {a.name: {} for a in game.audiences}
    replies: dict[str, dict[str, dict[str, Rational]]] = {}
    for t, m, acts, _ in game.histories():
        for j, who in enumerate(game.audiences):
            responses[who.name][game.information_set(j, m, acts)] = even(game.actions_after(m)[j])
        if (t, m, acts) in game.replies:
            replies.setdefault(game.types[t], {})[game.reply_node(m, acts)] = even(game.replies[t, m, acts])
    sender = {name: even([game.messages[m] for m in game.available[t]]) for t, name in enumerate(game.types)}
    return Assessment(sender, responses, {}, replies)


def expected(game: Game, point: Assessment, player: int) -> Rational:
    """A player's expected payoff, summed play by play."""
    total = Rational(0)
    for t, m, acts, c in game.histories():
        chance = game.prior[t] * point.sender[game.types[t]].get(game.messages[m], 0)
        for j, who in enumerate(game.audiences):
            label = game.actions_after(m)[j][acts[j]]
            chance *= point.responses[who.name][game.information_set(j, m, acts)].get(label, 0)
        if c >= 0:
            chance *= point.replies[game.types[t]][game.reply_node(m, acts)].get(game.replies[t, m, acts][c], 0)
        total += chance * game.payoffs[t, m, acts, c][player]
    return total


def test_validity_at_fully_mixed_points_agrees_with_summing_over_plays():
    """On 60 random games of all kinds: the even mixture is Nash exactly when no pure plan of anybody earns more."""
    rng, seen = random.Random(7), set()
    makers = [
        lambda: one_audience(rng, 2, 2, 2, merge=rng.random() < 0.5),
        lambda: two_audiences(rng, 2, 2, 2, channel=rng.choice(["public", "merged"])),
        lambda: with_reply(rng, 1, 2, 2),
        lambda: sequential(rng, 2, 1),
        lambda: simultaneous(rng, 2, 1, 2),
    ]
    for k in range(60):
        game = makers[k % len(makers)]()
        if k % 3 == 0:
            game = replace(game, payoffs={h: (u[0] * 0, *u[1:]) for h, u in game.payoffs.items()})
        point = uniform(game)
        nash = all(expected(game, point, i) >= best for i, best in enumerate(best_plans(game, point)))
        seen.add(nash)
        assert verify(game, point, "nash").valid is nash
        assert verify(game, point).valid is nash
    assert seen == {True, False}


def best_plans(game: Game, point: Assessment) -> list[Rational]:
    """[player] -> the most that any pure plan earns against the others' strategies."""

    def plans(tables):
        keys = list(tables)
        for choice in itertools.product(*(list(tables[key]) for key in keys)):
            yield {key: {label: ONE} for key, label in zip(keys, choice, strict=True)}

    best = []
    own = []
    for messages in plans(point.sender):
        nodes = {(t, n): q for t, table in point.replies.items() for n, q in table.items()}
        for reply in plans(nodes):
            replies = {t: {n: reply[t, n] for n in table} for t, table in point.replies.items()}
            own.append(expected(game, replace(point, sender=messages, replies=replies), 0))
    best.append(max(own))
    for j, who in enumerate(game.audiences):
        earned = [
            expected(game, replace(point, responses={**point.responses, who.name: plan}), j + 1)
            for plan in plans(point.responses[who.name])
        ]
        best.append(max(earned))
    return best


def test_the_certificate_as_plain_values():
    """``to_json`` holds text and plain containers only, rationals as text."""
    data = verify(beer_quiche(), beer_pooling(Rational(1, 3), HALF)).to_json()
    assert data["gains"] == {"sender": "1/3", "bully": "0"}
    assert data["beliefs"]["quiche"] == {"origin": "named", "belief": {"weak": "1/2", "strong": "1/2"}}
    assert data["failures"][0]["could_get"] == "7/3"
    assert data["valid"] is False


def test_verification_imports_nothing_of_the_search():
    """Of this package the checker reads only the game, the solution's values, exact numbers and its own tables."""
    folder = Path(verification.__file__).parent
    allowed = {"certificate", "verification_tables", "solution"}
    for name in ("verification.py", "verification_tables.py", "certificate.py"):
        for node in ast.walk(ast.parse((folder / name).read_text())):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("doubletalk"):
                assert node.module in {"doubletalk.exact", "doubletalk.game.model"} or (
                    node.module.rpartition(".")[2] in allowed
                )
