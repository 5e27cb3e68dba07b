"""Gambit's extensive-form files: written for every game, read when the tree is a sender-audience game."""

from __future__ import annotations

import io
import random
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pygambit
import pytest
from oracle.gambit import GambitGame
from oracle.random_games import audience, build_game, one_audience, sequential, simultaneous, two_audiences, with_reply

from doubletalk import library
from doubletalk.errors import InputError
from doubletalk.exact import ONE, Rational, rational
from doubletalk.game.model import Game
from doubletalk.interchange import from_efg, to_efg

KINDS: dict[str, Callable[[random.Random], Game]] = {
    "one audience": lambda rng: one_audience(rng, 3, 3, 3),
    "messages that look alike": lambda rng: one_audience(rng, 2, 3, 2, merge=True),
    "public": lambda rng: two_audiences(rng, 2, 2, 2),
    "private": lambda rng: two_audiences(rng, 2, 4, 2, channel="private"),
    "mixed": lambda rng: two_audiences(rng, 3, 2, 2, channel="mixed"),
    "merged": lambda rng: two_audiences(rng, 2, 3, 2, channel="merged"),
    "with a reply": lambda rng: with_reply(rng, 2, 3, 2),
    "watching, with a reply": lambda rng: sequential(rng, 3, 2),
    "at once": lambda rng: simultaneous(rng, 2, 2, 3),
}
LIBRARY = [entry.path for entry in library.entries()]


def random_games() -> Iterator[Game]:
    """54 seeded games, six of each kind."""
    for number, make in enumerate(KINDS.values()):
        for seed in range(6):
            yield make(random.Random(100 * number + seed))


def plays(game: Game) -> dict[tuple[object, ...], tuple[object, ...]]:
    """Every play by labels -> what everybody earns, and the information sets it goes through."""
    found = {}
    for t, m, actions, c in game.histories():
        acts = tuple(labels[a] for labels, a in zip(game.actions_after(m), actions, strict=True))
        reply = game.replies[t, m, actions][c] if c >= 0 else None
        sets = tuple(game.information_set(j, m, actions) for j in range(len(actions)))
        found[game.types[t], game.messages[m], acts, reply] = (game.payoffs[t, m, actions, c], sets)
    return found


def assert_same(first: Game, second: Game) -> None:
    """The two games are one, but perhaps for the order of the messages."""
    assert (first.types, first.prior, first.players) == (second.types, second.prior, second.players)
    assert (first.title, first.source) == (second.title, second.source)
    assert sorted(first.messages) == sorted(second.messages)
    assert plays(first) == plays(second)
    for mine, theirs in zip(first.audiences, second.audiences, strict=True):
        assert mine.watches == theirs.watches
        assert dict(zip(mine.observations, mine.actions, strict=True)) == dict(
            zip(theirs.observations, theirs.actions, strict=True)
        )


def read_by_gambit(text: str) -> pygambit.Game:
    """The file as Gambit reads it."""
    return pygambit.read_efg(io.StringIO(text))


def pure_profile(game: Game, rng: random.Random) -> dict[tuple[str, str], str]:
    """(player, information set) -> the action taken there, drawn at random."""
    profile = {}
    for t, m, actions, _ in game.histories():
        name = game.types[t]
        profile.setdefault((game.sender, name), rng.choice([game.messages[k] for k in game.available[t]]))
        for j, who in enumerate(game.audiences):
            key = (who.name, game.information_set(j, m, actions))
            profile.setdefault(key, rng.choice(game.actions_after(m)[j]))
        if (t, m, actions) in game.replies:
            key = (game.sender, f"{name}|{game.reply_node(m, actions)}")
            profile.setdefault(key, rng.choice(game.replies[t, m, actions]))
    return profile


def expected_payoffs(game: Game, profile: Mapping[tuple[str, str], str]) -> list[Rational]:
    """What everybody expects when all follow a pure profile, by following it."""
    total = [rational(0)] * len(game.players)
    for t, prior in enumerate(game.prior):
        m = game.messages.index(profile[game.sender, game.types[t]])
        actions: tuple[int, ...] = ()
        for j, who in enumerate(game.audiences):
            rest = (0,) * (len(game.audiences) - j)
            label = profile[who.name, game.information_set(j, m, actions + rest)]
            actions = (*actions, game.actions_after(m)[j].index(label))
        c = -1
        if (t, m, actions) in game.replies:
            label = profile[game.sender, f"{game.types[t]}|{game.reply_node(m, actions)}"]
            c = game.replies[t, m, actions].index(label)
        total = [sum_ + prior * u for sum_, u in zip(total, game.payoffs[t, m, actions, c], strict=True)]
    return total


def assert_gambit_agrees(game: Game) -> None:
    """Gambit finds as many information sets and actions, and the same payoffs of three pure profiles."""
    tree, bridge = read_by_gambit(to_efg(game)), GambitGame(game)
    assert [p.label for p in tree.players] == list(game.players)
    sizes = sorted((s.player.label, s.label, tuple(a.label for a in s.actions)) for s in tree.infosets)
    assert sizes == sorted((who, key, moves) for (who, key), moves in bridge.moves.items())
    assert len(tree.outcomes) == len(game.payoffs)
    for seed in range(3):
        chosen = pure_profile(game, random.Random(seed))
        profile = tree.mixed_behavior_profile(rational=True)
        for infoset in tree.infosets:
            for action in infoset.actions:
                profile[action] = Fraction(int(chosen[infoset.player.label, infoset.label] == action.label))
        theirs = [rational(str(profile.payoff(player))) for player in tree.players]
        assert theirs == expected_payoffs(game, chosen)


@pytest.mark.parametrize("path", LIBRARY)
def test_library_games_come_back_the_same(path: str) -> None:
    """Written and read again, every library game is itself; Gambit reads in it what we play."""
    game = library.load(path)
    assert_same(game, from_efg(to_efg(game)))
    assert_gambit_agrees(game)


def test_random_games_come_back_the_same() -> None:
    """So do 54 random games of every kind: messages that look alike, private channels, watching, replies."""
    count = 0
    for game in random_games():
        assert_same(game, from_efg(to_efg(game)))
        assert_gambit_agrees(game)
        count += 1
    assert count == 54


@pytest.mark.parametrize("path", LIBRARY)
def test_gambits_own_writing_is_read(path: str) -> None:
    """What Gambit writes after reading our file is the same game to us (Gambit keeps no source)."""
    game = library.load(path)
    written = read_by_gambit(to_efg(game)).to_efg()
    assert_same(replace(game, source=""), replace(from_efg(written), source=""))


def test_a_file_without_labels_is_the_same_tree() -> None:
    """Without any label, messages are told apart by what is seen of them; the tree written again is the same."""
    for name in ("beer_quiche", "card_game", "subversion_private", "patron_and_rival", "two_types"):
        bare = unlabelled(to_efg(library.load(name)))
        again = from_efg(bare)
        assert unlabelled(to_efg(again)) == bare
        assert again.messages[0] == "m1"


def unlabelled(text: str) -> str:
    """The file with empty labels everywhere but for the players."""
    head, *lines = text.splitlines()
    return "\n".join([re.sub(r'^EFG 2 R "[^"]*"', 'EFG 2 R ""', head), *(re.sub(r'"[^"]*"', '""', x) for x in lines)])


BASE = """EFG 2 R "a game" { "S" "A" "B" }
"a comment, with { } and \\"quotes\\""

c "" 1 "" { "weak" .25 "strong" 3/4 } 0
p "" 1 1 "w" { "up" "down" } 0
p "" 2 1 "" { "yes" "no" } 0
t "" 1 "one" { 1, 1/3 -2.50 }
t "" 2 { 0 0 0 }
p "" 2 2 "" { "yes" "no" } 0
t "" 1
t "" 0
p "" 1 2 "s" { "up" "down" } 4 "bonus" { 1 0 0 }
p "" 2 1 0
t "" 1
t "" 2
p "" 2 2 "" { "yes" "no" } 0
t "" 1 "one" { 1, 1/3, -2.5 }
t "" 3 "" { 1e1, 0, +7 }
"""


def test_every_style_of_outcome_and_number_is_read() -> None:
    """Outcomes by number alone or with payoffs, outcome 0, outcomes inside the tree, decimals, fractions, exponents."""
    game = from_efg(BASE)
    assert game.source == 'a comment, with { } and "quotes"'
    assert game.prior == (rational("1/4"), rational("3/4"))
    third, low = rational("1/3"), rational("-5/2")
    assert game.payoffs == {
        (0, 0, (0, 0), -1): (1, third, low),
        (0, 0, (1, 0), -1): (0, 0, 0),
        (0, 1, (0, 0), -1): (1, third, low),
        (0, 1, (1, 0), -1): (0, 0, 0),
        (1, 0, (0, 0), -1): (2, third, low),
        (1, 0, (1, 0), -1): (1, 0, 0),
        (1, 1, (0, 0), -1): (2, third, low),
        (1, 1, (1, 0), -1): (11, 0, 7),
    }
    assert game.audiences[1].actions == (("-",), ("-",))


def test_labels_with_quotes_and_reserved_characters_survive() -> None:
    """A quote in a label is escaped; reserved characters come back as a slash; words used as keys are set apart."""
    game = build_game(
        [ONE],
        [[0, 1]],
        [audience("a", [0, 1], [2, 1])],
        lambda t, m, a, c: [m, a[0]],
        title='the "old" game \\',
        messages=['say "no"', "back\\slash"],
    )
    back = from_efg(to_efg(game))
    assert back.messages == game.messages
    assert back.title == 'the "old" game \\'
    assert from_efg(BASE.replace('"up"', '"a|b=c"')).messages == ("a/b/c", "down")
    assert from_efg(BASE.replace('"S"', '"type"')).sender == "type_"
    assert read_by_gambit(to_efg(replace(game, title='"', messages=('say "no"', "x")))).title == '"'


WATCHED = """EFG 2 R "" { "S" "A" "B" }
c "" 1 "" { "w" 1/2 "s" 1/2 } 0
p "" 1 1 "" { "up" } 0
p "" 2 1 "" { "y" "n" } 0
p "" 3 1 "" { "l" "r" } 0
t "" 1 "" { 0 0 0 }
t "" 1
p "" 3 2 "" { "l" "r" } 0
t "" 1
t "" 1
p "" 1 2 "" { "down" } 0
p "" 2 2 "" { "y" "n" } 0
p "" 3 3 "" { "l" "r" } 0
t "" 1
t "" 1
p "" 3 4 "" { "l" "r" } 0
t "" 1
t "" 1
"""
LATER = 'c "" 2 "" { "x" 1 } 0\nt "" 1 "one" { 1, 1/3 -2.50 }'

REFUSED = {
    "the root is not a chance node": (WATCHED.replace('c "" 1 "" { "w" 1/2 "s" 1/2 } 0\n', "").split('p "" 1 2')[0], 2),
    "chance moves again after the root": (BASE.replace('t "" 1 "one" { 1, 1/3 -2.50 }', LATER), 7),
    "the sender 'S' does not know its type: its information set 1 after type 'weak' has 2 nodes": (
        BASE.replace('p "" 1 2 "s"', 'p "" 1 1 "s"'), 5,
    ),
    "'A' moves first after type 'strong', 'S' after other types": (BASE.replace('p "" 1 2 "s"', 'p "" 2 7 "s"'), 12),
    "audience 'A' distinguishes the types 'weak' and 'strong' after the message 'down' "
    "(information sets 2 and 3); if two messages are meant, give them different labels": (
        BASE[::-1].replace('p "" 2 2'[::-1], 'p "" 2 3'[::-1], 1)[::-1], 16,
    ),
    "unequal actions in an information set: set 2 of player 'A' has {'yes', 'perhaps'} here "
    "and {'yes', 'no'} on line 9": (
        BASE[::-1].replace('"no" }'[::-1], '"perhaps" }'[::-1], 1)[::-1], 16,
    ),
    "audience 'B' has unequal actions after one observation": (
        WATCHED.replace('3 2 "" { "l" "r" }', '3 2 "" { "l" "m" }')
        .replace('p "" 1 2 "" { "down" }', 'p "" 1 2 "" { "up" }')
        .replace('2 2 ""', '2 1 ""').replace('3 3 ""', '3 1 ""').replace('3 4 "" { "l" "r" }', '3 2 "" { "l" "m" }'), 8,
    ),
    "audience 'B' sees an earlier audience's action in some cases and not in others": (
        WATCHED.replace('3 4 ""', '3 3 ""').replace('3 3 ""', '3 1 ""', 1), 16,
    ),
    "audience 'B' moves after some actions of the audiences before it only": (
        WATCHED.replace('p "" 3 2 "" { "l" "r" } 0\nt "" 1\nt "" 1', 't "" 1'), 5,
    ),
    "audience 'A' moves twice in one play": (WATCHED.replace("p \"\" 3 1", "p \"\" 2 9"), 5),
    "replies without knowing everything: its information set 3 has 2 nodes": (
        WATCHED.replace('p "" 3 1', 'p "" 1 3').replace('p "" 3 2', 'p "" 1 3'), 5,
    ),
    "moves after the sender's second move": (
        WATCHED.replace('p "" 2 1 "" { "y" "n" }', 'p "" 1 3 "" { "y" "n" }'), 5,
    ),
    "in different orders": (
        WATCHED.replace('p "" 2 2 "" { "y" "n" }', 'p "" 3 5 "" { "y" "n" }')
        .replace('p "" 3 3', 'p "" 2 5').replace('p "" 3 4', 'p "" 2 6'), 5,
    ),
    "type 'weak' has probability 0, expected more than 0": (
        BASE.replace('"weak" .25 "strong" 3/4', '"weak" 0 "strong" 1'), 4,
    ),
    "the probabilities of the types sum to 5/4, expected 1": (BASE.replace(".25", "1/2"), 4),
    "the play ends after type 's' before the sender moves": (WATCHED.split('p "" 1 2')[0] + 't "" 0', 11),
    "there is one player": ('EFG 2 R "" { "S" }\nc "" 1 "" { "a" 1 } 0\np "" 1 1 "" { "b" } 0\nt "" 0', 2),
    "expected 'EFG', found 'NFG'": ("NFG 1 R", 1),
    "a quoted label is not closed": ('EFG 2 R "', 1),
    "outcome 9 appears for the first time without payoffs": (BASE.replace('t "" 2\n', 't "" 9\n'), 15),
    "outcome 1 has other payoffs here": (BASE.replace("1/3, -2.5", "1/3, -2.4"), 17),
    "outcome 2 has 2 payoffs, expected one for each of 3 players": (BASE.replace("{ 0 0 0 }", "{ 0 0 }"), 8),
    "expected a node: 'c', 'p' or 't', found 'the end of the file'": (BASE.rsplit("t", 1)[0], 18),
    "expected nothing after the last node of the tree": (BASE + 't "" 0', 19),
    "player 4 does not exist; there are 3": (BASE.replace('p "" 1 2', 'p "" 4 2'), 12),
    "expected a probability, found 'p'": (BASE.replace(".25", "p"), 4),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_what_is_not_a_sender_audience_game_is_refused_with_the_condition(why: str) -> None:
    """The error names the file, the line and the condition that fails."""
    text, line = REFUSED[why]
    with pytest.raises(InputError) as caught:
        from_efg(text, "tree.efg")
    assert str(caught.value).startswith(f"tree.efg:{line}: ")
    assert why in caught.value.message


def test_an_audience_that_tells_types_apart_may_do_so_by_different_messages() -> None:
    """The advice in the error works: with labels of its own, the same tree is a game with messages by type."""
    text = BASE[::-1].replace('p "" 2 2'[::-1], 'p "" 2 3'[::-1], 1)[::-1]
    game = from_efg(text.replace('"s" { "up" "down" }', '"s" { "up" "over" }'))
    assert game.messages == ("up", "down", "over")
    assert game.available == ((0, 1), (0, 2))


def test_damaged_files_give_an_input_error_and_nothing_else() -> None:
    """600 files with a piece cut out or doubled are read, or refused in words."""
    rng, texts, refused = random.Random(5), [BASE, WATCHED, to_efg(library.load("patron_and_rival"))], 0
    for _ in range(600):
        text = rng.choice(texts)
        a, b = sorted(rng.sample(range(len(text)), 2))
        b = min(b, a + rng.randint(1, 30))
        try:
            from_efg(text[:a] + rng.choice(["", text[a:b] * 2, "{", '"', "1/0"]) + text[b:])
        except InputError:
            refused += 1
    assert refused > 300


def test_the_example_of_the_page_runs() -> None:
    """docs/gambit.md: written and read again, beer-quiche is itself."""
    page = (Path(__file__).parent.parent / "docs" / "gambit.md").read_text(encoding="utf-8")
    scope: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page, re.DOTALL):
        exec(block, scope)
    assert_same(scope["game"], scope["again"])  # type: ignore[arg-type]
