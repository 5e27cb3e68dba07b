"""What the game-file format carries, and that games survive being written and read."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from test_game_file_errors import BASE, CHANNELS, TRAITS

import doubletalk
from doubletalk.errors import InputError
from doubletalk.exact import Rational
from doubletalk.game.build import tabular_game
from doubletalk.game.describing import describe
from doubletalk.game.loading import game_from_text, load_game, read_game_file
from doubletalk.game.model import Game
from doubletalk.game.structure import is_separable, solver_class, trait_classes
from doubletalk.game.writing import write_game

ROOT = Path(doubletalk.__file__).parent
GAMES = [path for path in sorted((ROOT / "library").rglob("*.yaml")) if not path.stem.endswith(".expected")]
FILES = [*GAMES, *sorted((ROOT / "cases").rglob("exchange.yaml"))]
EXAMPLE = """\
doubletalk: 1
title: Beer-quiche
source: Cho & Kreps (1987), Signaling games and stable equilibria, QJE 102(2)
parameters:
  strong: 9/10
sender:
  name: traveller
  types: {weak: 1 - strong, strong: strong}
  messages: [beer, quiche]
audiences:
  bully:
    actions: [fight, leave]
payoffs:
  traveller:
    - {when: {type: strong, message: beer}, add: 1}
    - {when: {type: weak, message: quiche}, add: 1}
    - {when: {bully: leave}, add: 2}
  bully:
    - {when: {type: weak, bully: fight}, add: 1}
    - {when: {type: strong, bully: leave}, add: 1}
"""


def test_beer_quiche_has_the_published_payoffs() -> None:
    """Cho & Kreps (1987), figure 1: preferred breakfast 1, no fight 2; the bully gains by fighting the weak only."""
    game = game_from_text(EXAMPLE)
    assert game.prior == (Rational(1, 10), Rational(9, 10))
    table = {(game.types[t], game.messages[m], a): u for (t, m, (a,), _), u in game.payoffs.items()}
    assert table == {
        ("weak", "beer", 0): (0, 1), ("weak", "beer", 1): (2, 0), ("weak", "quiche", 0): (1, 1),
        ("weak", "quiche", 1): (3, 0), ("strong", "beer", 0): (1, 0), ("strong", "beer", 1): (3, 1),
        ("strong", "quiche", 0): (0, 0), ("strong", "quiche", 1): (2, 1),
    }  # fmt: skip


def test_parameters_are_replaced_without_reading_again(tmp_path: Path) -> None:
    """``GameFile.game`` equals loading a file with the numbers written in; formulas over them follow."""
    path = tmp_path / "game.yaml"
    path.write_text(EXAMPLE)
    file = read_game_file(path)
    direct = game_from_text(EXAMPLE.replace("strong: 9/10", "strong: 0.25"))
    assert file.game({"strong": "1/4"}) == direct == load_game(path, {"strong": Rational(1, 4)})
    assert (file.title, list(file.parameters), file.parameters["strong"].line) == ("Beer-quiche", ["strong"], 5)


def test_null_types_are_dropped_with_what_only_they_have() -> None:
    """At the end of a sweep the null types go, and messages and trait values that nobody else has go with them."""
    text = EXAMPLE.replace("messages: [beer, quiche]", "messages: {weak: [beer, quiche], strong: [beer]}")
    text = text.replace("type: weak, message: quiche", "message: quiche")
    game = game_from_text(text, parameters={"strong": 1}, drop_null_types=True)
    assert (game.types, game.prior, game.messages) == (("strong",), (1,), ("beer",))
    assert game.audiences[0].observations == ("beer",)
    assert set(game.payoffs) == set(game.histories())
    traits = game_from_text(TRAITS, parameters={"h": 1}, drop_null_types=True)
    assert traits.types == ("strong,loud", "strong,soft")
    assert traits.traits == {"power": ("strong",), "voice": ("loud", "soft")}


def test_traits_give_the_product_of_independent_priors() -> None:
    """Types are tuples in the order of the traits, each with the product of its traits' priors."""
    game = game_from_text(TRAITS, parameters={"h": "1/5"})
    assert game.types == ("weak,loud", "weak,soft", "strong,loud", "strong,soft")
    assert game.prior == (Rational(1, 5), Rational(3, 5), Rational(1, 20), Rational(3, 20))
    assert game.payoffs[0, 0, (0, 0), -1][0] == game.payoffs[1, 0, (0, 0), -1][0] == -3


def test_channels_make_messages_tuples_and_audiences_see_their_own() -> None:
    """An audience that sees one channel cannot tell the others apart; actions may be given by observation."""
    text = CHANNELS.replace(
        "{actions: [fight, leave]}", "{actions: {beer: [fight, leave], quiche: [leave]}, sees: [public]}"
    )
    game = game_from_text(text)
    west, east = game.audiences
    assert (west.observations, west.observation_of) == (("beer", "quiche"), (0, 0, 1, 1))
    assert west.actions == (("fight", "leave"), ("leave",))
    assert (len(east.observations), east.watches) == (4, (0,))
    assert game.message_parts[2] == ("quiche", "a")


def test_messages_that_look_alike_share_one_observation() -> None:
    """``sees`` may map messages to what is observed, alone or beside a watched audience."""
    for sees in ("{beer: drink, quiche: drink}", "[west, {beer: drink, quiche: drink}]"):
        east = game_from_text(BASE.replace("sees: [message, west]", f"sees: {sees}")).audiences[1]
        assert (east.observations, east.observation_of) == (("drink",), (0, 0))
    blind = game_from_text(BASE.replace("sees: [message, west]", "sees: []")).audiences[1]
    assert (blind.observation_of, blind.watches) == ((0, 0), ())


def test_replies_exist_only_where_a_rule_applies() -> None:
    """``not: {reply: x}`` holds where there is no reply; ``reply: x`` does not."""
    game = game_from_text(BASE.replace("{when: {reply: go}, add: 1}", "{when: {not: {reply: go}}, add: 7}"))
    assert {actions for _, _, actions in game.replies} == {(1, 0)}
    assert game.payoffs[1, 0, (0, 0), -1][0] == 7
    assert [game.payoffs[1, 0, (1, 0), c][0] for c in (0, 1)] == [7, 0]


@pytest.mark.parametrize(
    "word", ["yes", "no", "on", "off", "true", "1", "0.50", "2023-10-17", "0x1F", "1_000", "'null'"]
)
def test_labels_are_read_as_written(word: str) -> None:
    """No word of YAML is turned into a truth value, a number or a date."""
    assert game_from_text(EXAMPLE.replace("quiche", word)).messages == ("beer", word.strip("'"))


def test_json_with_the_same_keys_is_the_same_game() -> None:
    """JSON is accepted, numbers in it too."""
    tree = yaml.load(EXAMPLE, yaml.BaseLoader)
    tree["doubletalk"], tree["payoffs"]["traveller"][2]["add"] = 1, 2
    for indent in (None, 2, "\t"):
        assert game_from_text(json.dumps(tree, indent=indent)) == game_from_text(EXAMPLE)


def test_not_takes_a_table_a_list_or_another_not() -> None:
    """A table under ``not`` is one conjunction; a list excludes each member; two nots cancel."""

    def of(condition: str) -> list[Rational]:
        text = EXAMPLE.replace("{when: {bully: leave}, add: 2}", f"{{when: {condition}, add: 2}}")
        base = game_from_text(EXAMPLE.replace("{when: {bully: leave}, add: 2}", "{add: 0}"))
        return [u[0] - base.payoffs[h][0] for h, u in game_from_text(text).payoffs.items()]

    assert of("{not: {type: weak, message: beer}}") == [0, 0, 2, 2, 2, 2, 2, 2]
    assert of("{not: [{type: weak}, {message: beer}]}") == [0, 0, 0, 0, 0, 0, 2, 2]
    assert of("{not: {not: {type: weak}}}") == of("{type: weak}") == [2, 2, 2, 2, 0, 0, 0, 0]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_shipped_files_load_fit_the_schema_and_survive_writing(path: Path) -> None:
    """Each loads, is valid by the schema, and comes back equal from ``write_game`` but for its parameters."""
    game = load_game(path)
    assert game_from_text(write_game(game)) == replace(game, parameters={})
    assert list(_schema().iter_errors(yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader))) == []
    assert pickle.loads(pickle.dumps(read_game_file(path))).game() == game


def _schema() -> Draft202012Validator:
    schema = json.loads((ROOT / "schemas" / "game.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.mark.parametrize(
    ("old", "new"),
    [("title:", "titel:"), ("doubletalk: 1", "doubletalk: 2"), ("[beer, quiche]", "[]"), ("add: 2", "add: 2^3")],
)
def test_the_schema_refuses_what_it_can_see(old: str, new: str) -> None:
    """Unknown keys, another version, an empty list and a power are refused by the schema alone."""
    assert list(_schema().iter_errors(yaml.load(EXAMPLE, yaml.BaseLoader))) == []
    assert list(_schema().iter_errors(yaml.load(EXAMPLE.replace(old, new, 1), yaml.BaseLoader))) != []


def test_the_manual_s_example_is_valid() -> None:
    """Every whole game in docs/game-file.md loads and fits the schema."""
    manual = ROOT.parents[1] / "docs" / "game-file.md"
    blocks = [part.split("```")[0] for part in manual.read_text(encoding="utf-8").split("```yaml\n")[1:]]
    games = [block for block in blocks if block.startswith("doubletalk: 1")]
    assert games
    for block in games:
        game_from_text(block, "docs/game-file.md")
        assert list(_schema().iter_errors(yaml.load(block, yaml.BaseLoader))) == []


def _random_game(draw: st.DrawFn) -> Game:
    types = {f"t{k}": Rational(1, n) for n in [draw(st.integers(1, 3))] for k in range(n)}
    messages = {t: draw(st.lists(st.sampled_from(["yes", "m 2", "é"]), min_size=1, unique=True)) for t in types}
    known = list(dict.fromkeys(m for sent in messages.values() for m in sent))
    audiences: dict[str, object] = {}
    for name in ["a1", "b2"][: draw(st.integers(1, 2))]:
        watch = [other for other in audiences if draw(st.booleans())]
        view = draw(st.sampled_from([["message"], [], [dict.fromkeys(known, "same")]]))
        audiences[name] = {"actions": ["l", "r", "1/2"][: draw(st.integers(1, 3))], "sees": [*view, *watch]}
    numbers = st.integers(-2, 2).map(lambda n: Rational(n, 2))
    answered = draw(st.sampled_from([0, 1, 2]))
    return tabular_game(
        types, messages, audiences, lambda *_: draw(numbers),
        None if not answered else lambda t, m, a: ["go", "no"][:answered] if draw(st.booleans()) else None,
    )  # fmt: skip


@given(st.composite(_random_game)())
@settings(max_examples=150, deadline=None)
def test_random_games_survive_writing_and_reading(game: Game) -> None:
    """Types, messages by type, observations, watching, replies by play and payoffs come back equal."""
    assert game_from_text(write_game(game)) == game


def test_tabular_game_takes_nested_tables_and_checks_them() -> None:
    """A table of payoffs equals the same function; a missing entry is named by its path; priors must sum to one."""
    table = {p: {t: {m: {"l": 1, "r": "1/2"} for m in "xy"} for t in "ab"} for p in ("sender", "w")}
    parts = ({"a": "1/3", "b": "2/3"}, ["x", "y"], {"w": ["l", "r"]})
    game = tabular_game(*parts, table)
    assert game == tabular_game(*parts, lambda p, t, m, a, c: 1 if a["w"] == "l" else Rational(1, 2))
    del table["w"]["b"]["y"]["r"]
    with pytest.raises(InputError, match="the payoff table has no entry w > b > y > r"):
        tabular_game(*parts, table)
    with pytest.raises(InputError, match="must sum to 1"):
        tabular_game({"a": "1/3"}, *parts[1:], table)
    with pytest.raises(InputError, match=r"payoff of 'sender' at a > x > l: expected an exact number, got the float"):
        tabular_game(*parts, lambda *_: 0.5)


def _two(sender: str, first: str, second: str, extra: str = "", sees: str = "[message]") -> Game:
    return game_from_text(f"""\
doubletalk: 1
title: Two
sender: {{name: s, types: {{a: 1/4, b: 1/4, c: 1/2}}, messages: [x, y]}}
audiences: {{w: {{actions: [l, r]}}, k: {{actions: [u, d], sees: {sees}}}}}
{extra}
payoffs: {{s: {sender}, w: {first}, k: {second}}}
""")


def test_separable_games_are_recognised_from_payoffs() -> None:
    """Others' actions may move a payoff level but not a comparison; the sender's payoff must be a sum."""
    own = "[{when: {type: a, w: l}, add: 1}, {when: {k: u}, add: 5}]"
    assert is_separable(_two("[{when: {w: l}, add: 1}, {when: {k: u}, add: 2}]", own, "[]"))
    assert not is_separable(_two("[{when: {w: l, k: u}, add: 1}]", own, "[]"))
    assert not is_separable(_two("[]", "[{when: {w: l, k: u}, add: 1}]", "[]"))
    assert not is_separable(_two("[]", own, "[]", sees="[message, w]"))
    assert not is_separable(_two("[]", own, "[]", extra="reply: {actions: [go]}"))


def test_trait_classes_ignore_levels_and_keep_comparisons() -> None:
    """Types that differ by a constant after each message are one class; a comparison that differs splits them."""
    assert trait_classes(_two("[{when: {type: b, w: l}, add: 9}]", "[{when: {type: b}, add: 5}]", "[]")) == ((0, 1, 2),)
    assert trait_classes(_two("[]", "[{when: {type: b, w: l}, add: 5}]", "[]")) == ((0, 2), (1,))
    replies = _two("[{when: {type: c, reply: go}, add: 5}]", "[]", "[]", extra="reply: {actions: [go, no]}")
    assert trait_classes(replies) == ((0, 1), (2,))


def test_solver_class_follows_the_theory() -> None:
    """Each class is found, with a reason in words for the partial ones."""
    joint = "[{when: {w: l, k: u, type: a}, add: 1}]"
    three = "[{when: {w: l, k: u, type: a}, add: 1}, {when: {w: l, k: u, type: b}, add: 2}]"
    assert solver_class(_two("[]", "[]", "[]"))[0] == "separable"
    assert solver_class(_two("[]", joint, "[]", sees="[message, w]"))[0] == "sequential trait"
    assert (
        solver_class(game_from_text(EXAMPLE.replace("payoffs:", "reply: {actions: [go]}\npayoffs:")))[0]
        == "sequence form"
    )
    name, reason = solver_class(_two("[]", joint, "[]"))
    assert (name, "'k' does not see what 'w' does" in reason) == ("partial", True)
    name, reason = solver_class(_two("[]", three, "[]", sees="[message, w]"))
    assert (name, "3 classes of types" in reason) == ("sequential trait", True)
    name, reason = solver_class(_two("[]", joint, "[]", sees="[w]"))
    assert (name, "does not see the same of the message" in reason) == ("partial", True)


def test_description_counts_the_tree() -> None:
    """Plays, ends, reply nodes and information sets of the small game of the rules, counted by hand."""
    seen = describe(game_from_text(BASE))
    assert (seen.types, seen.messages, seen.plays, seen.reply_nodes, seen.terminal) == (2, 2, 16, 4, 20)
    assert [audience.information_sets for audience in seen.audiences] == [2, 4]
    assert seen.players == ("boss", "west", "east")
    assert seen.sentences()[-1].startswith("Solver class: sequential trait, because")
