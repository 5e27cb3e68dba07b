"""Every rule of the game-file format has its error: the file, the line, what was found, the nearest known name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doubletalk.errors import GameFileError, InputError, TooLarge
from doubletalk.game.loading import game_file_from_text, game_from_text, load_game

BASE = """\
doubletalk: 1
title: Rules
source: none
parameters: {h: 1/2, cost: 3}
sender:
  name: boss
  types: {weak: 1 - h, strong: h}
  messages: [beer, quiche]
audiences:
  west: {actions: [fight, leave]}
  east: {actions: [hold, pay], sees: [message, west]}
reply:
  - {when: {west: leave, east: hold}, actions: [stay, go]}
payoffs:
  boss:
    - {when: {type: weak, message: beer}, add: -cost}
    - {when: {reply: go}, add: 1}
  west:
    - {when: {west: fight, not: {east: pay}}, add: 1}
  east: []
"""

CHANNELS = BASE.replace("messages: [beer, quiche]", "channels: {public: [beer, quiche], letter: [a, b]}").replace(
    "message: beer", "public: beer"
)
TRAITS = BASE.replace(
    "types: {weak: 1 - h, strong: h}", "traits: {power: {weak: 1 - h, strong: h}, voice: {loud: 1/4, soft: 3/4}}"
).replace("type: weak", "power: weak")

# (what is replaced, by what, line of the error, part of its text)
RULES: list[tuple[str, str, int | None, str]] = [
    ("doubletalk: 1\n", "", 1, "expected the version, 'doubletalk: 1'"),
    ("doubletalk: 1", "doubletalk: 2", 1, "expected format version 1, found '2'"),
    ("title: Rules", "titel: Rules", 2, "unknown key 'titel'; did you mean 'title'?"),
    ("title: Rules\n", "", 1, "the key 'title' is missing"),
    ("title: Rules", "title: [a]", 2, "title: expected text, found a list"),
    ("title: Rules", "title:", 2, "title: expected text, found nothing (null)"),
    ("source: none", "types: {a: 1}", 3, "'types' belongs in sender"),
    ("cost: 3}", "cost: 3, spare: 1}", 4, "the parameter 'spare' is never used"),
    ("cost: 3}", "cost: 3 +}", 4, "parameter 'cost': in '3 +': expected a number"),
    ("{h: 1/2, cost: 3}", "{h: cost/6, cost: 3}", 4, "uses 'cost', which is not defined above it"),
    ("cost: 3}", "cost: hh}", 4, "unknown parameter 'hh'; did you mean 'h'?"),
    ("cost: 3}", "the-cost: 3}", 4, "'the-cost' cannot be used in a formula"),
    ("cost: 3}", "cost: 1/(h - h)}", 4, "division by zero"),
    ("parameters: {h: 1/2, cost: 3}", "parameters: 3", 4, "parameters: expected a table, found '3'"),
    ("name: boss\n", "nme: boss\n", 6, "sender: unknown key 'nme'; did you mean 'name'?"),
    ("  name: boss\n", "", 6, "sender: the key 'name' is missing"),
    ("name: boss", "name: ~", 6, "the sender's name: expected a name, found nothing (null)"),
    ("name: boss", "name: a|b", 6, "the name 'a|b' holds '|'; the characters | = , are reserved"),
    ("name: boss", 'name: " boss"', 6, "may not be empty or begin or end with a space"),
    ("name: boss", f"name: {'b' * 201}", 6, "a name of 201 characters is too long"),
    ("{weak: 1 - h, strong: h}", "[weak, strong]", 7, "types: expected a table such as {weak: 1/10"),
    ("{weak: 1 - h, strong: h}", "{weak: h, strong: h/2}", 7, "types: the priors must sum to 1, but 1/2 + 1/4 = 3/4"),
    ("{weak: 1 - h, strong: h}", "{weak: 1, strong: 0*h}", 7, "the prior of 'strong' is 0; drop the type"),
    ("{weak: 1 - h, strong: h}", "{weak: 3*h, strong: -h}", 7, "the prior of 'strong' is -1/2; a probability cannot"),
    ("{weak: 1 - h, strong: h}", "{weak: 1 - h, weak: h}", 7, "'weak' is given twice"),
    ("{weak: 1 - h, strong: h}", "{weak: 1 - h, a=b: h}", 7, "the name 'a=b' holds '='"),
    ("  messages: [", "  traits: {t: {a: 1}}\n  messages: [", 8, "'types' and 'traits' exclude each other"),
    ("  types: {weak: 1 - h, strong: h}\n", "", 6, "expected 'types' or 'traits'"),
    ("[beer, quiche]", "[beer, beer]", 8, "messages: 'beer' is listed twice"),
    ("[beer, quiche]", "[]", 8, "messages: expected a list, found an empty list"),
    ("[beer, quiche]", "beer", 8, "messages: expected a list, found 'beer'; write [beer]"),
    ("[beer, quiche]", "[beer, null]", 8, "put quotes around a name such as 'null'"),
    ("[beer, quiche]", "{weak: [beer], strnog: [quiche]}", 8, "unknown type 'strnog'; did you mean 'strong'?"),
    ("[beer, quiche]", "{weak: [beer, quiche]}", 8, "the type 'strong' is missing"),
    ("  messages: [", "  channels: {c: [a]}\n  messages: [", 8, "'messages' and 'channels' exclude each other"),
    ("  messages: [beer, quiche]\n", "", 6, "expected 'messages' or 'channels'"),
    ("  west: {", "  type: {", 10, "an audience may not be called 'type', which is a word of the format"),
    ("  west: {", "  boss: {", 10, "an audience may not be called 'boss', which is the sender"),
    ("  west: {", "  'we:st': {", 10, "holds ':', which is reserved in audience names"),
    ("{actions: [fight, leave]}", "{action: [fight, leave]}", 10, "unknown key 'action'; did you mean 'actions'?"),
    ("{actions: [fight, leave]}", "{sees: [message]}", 10, "the key 'actions' is missing"),
    ("{actions: [fight, leave]}", "[fight, leave]", 10, "audience 'west': expected a table, found a list"),
    ("[hold, pay]", "{beer: [hold, pay]}", 11, "the observation 'quiche' is missing"),
    (
        "[hold, pay]",
        "{beer: [hold, pay], quich: [pay]}",
        11,
        "unknown message or observation 'quich'; did you mean 'quiche'",
    ),
    ("sees: [message, west]", "sees: [message, wset]", 11, "unknown thing to see 'wset'; did you mean 'west'?"),
    ("sees: [message, west]", "sees: [message, east]", 11, "an audience cannot see itself"),
    ("sees: [message, west]", "sees: [west, west]", 11, "'west' is listed twice"),
    ("sees: [message, west]", "sees: message", 11, "expected a list or a table, found 'message'; write [message]"),
    ("sees: [message, west]", "sees: {beer: drink}", 11, "the message 'quiche' is missing"),
    ("sees: [message, west]", "sees: {beer: x, quiche: x, ale: x}", 11, "unknown message 'ale'"),
    (
        "sees: [message, west]",
        "sees: [message, {beer: x, quiche: x}]",
        11,
        "give one of the message, channels, or a table",
    ),
    (
        "sees: [message, west]",
        "sees: {beer: quiche, quiche: x}",
        11,
        "has the name of a message that does not lead to it",
    ),
    ("{actions: [fight, leave]}", "{actions: [fight, leave], sees: [east]}", 10, "'east', which moves later"),
    (
        "actions: [hold, pay], sees: [message, west]",
        "actions: {beer: [hold, pay], quiche: [pay, hold]}, sees: {beer: x, quiche: x}",
        11,
        "after another message that looks the same ('x')",
    ),
    ("{west: leave, east: hold}", "{west: leave, est: hold}", 13, "unknown condition 'est'; did you mean"),
    ("{west: leave, east: hold}", "{west: leaf}", 13, "unknown value of 'west' 'leaf'; did you mean 'leave'?"),
    ("{west: leave, east: hold}", "{reply: go}", 13, "'reply' cannot be used here"),
    ("{west: leave, east: hold}", "{}", 13, "leave 'when' out where it always holds"),
    ("{west: leave, east: hold}", "{west: leave, not: {west: leave}}", 13, "this reply rule can never apply"),
    ("actions: [stay, go]}", "action: [stay, go]}", 13, "reply rule 1: unknown key 'action'"),
    ("actions: [stay, go]}", "actions: [stay, go, go]}", 13, "'go' is listed twice"),
    (
        "actions: [stay, go]}\n",
        "actions: [stay, go]}\n  - {when: {east: hold}, actions: [go]}\n",
        14,
        "two reply rules apply after type=weak, message=beer, west=leave, east=hold: 'stay', 'go' and 'go'",
    ),
    ("  east: []\n", "", 15, "payoffs: the block of 'east' is missing"),
    ("  east: []", "  eastt: []", 20, "unknown player 'eastt'; did you mean 'east'?"),
    ("  east: []", "  east: {}", 20, "expected a list of terms, found an empty table"),
    ("  east: []", "  east: [1]", 20, "expected a term {when: ..., add: ...}, found '1'"),
    ("add: -cost}", "ad: -cost}", 16, "unknown key 'ad'; did you mean 'add'?"),
    (", add: -cost}", "}", 16, "the key 'add' is missing"),
    ("add: -cost}", "add: [1]}", 16, "add: expected a number, found a list"),
    ("add: -cost}", "add: -cots}", 16, "unknown parameter 'cots'; did you mean 'cost'?"),
    ("message: beer}", "message: bear}", 16, "unknown message 'bear'; did you mean 'beer'?"),
    ("message: beer}", "message: [beer, beer]}", 16, "'beer' is listed twice under 'message'"),
    ("type: weak, message", "typ: weak, message", 16, "unknown condition 'typ'; did you mean 'type'?"),
    ("type: weak, message", "not: {type: [weak, strong]}, message", 16, "this payoff term can never apply"),
    ("{reply: go}", "{reply: go, west: fight}", 17, "can never apply: no play has 'reply=go, west=fight'"),
    ("not: {east: pay}", "not: {east: pya}", 19, "unknown value of 'east' 'pya'"),
    ("not: {east: pay}", "not: []", 19, "not: expected a list, found an empty list"),
    ("not: {east: pay}", "not: pay", 19, "not: expected a table, found 'pay'"),
    ("not: {east: pay}", "not: " + "{not: " * 12 + "{east: pay}" + "}" * 12, 19, "'not' nested more than 10 deep"),
    ("title: Rules", "title: &a Rules", 2, "anchors and aliases"),
    ("title: Rules", "title: *a", 2, "anchors and aliases"),
    ("title: Rules", "title: !!python/none Rules", 2, "tags such as"),
    ("title: Rules", "title: Rules\ntitle: Again", 3, "'title' is given twice, first on line 2"),
    ("title: Rules", "title: {{a: b}: c}", 2, "a key must be a name, found a table"),
    ("title: Rules", "title: 'Rules", None, "not YAML"),
    ("title: Rules", "<<: {title: Rules}", 2, "unknown key '<<'"),
    ("  name: boss", "\tname: boss", 6, "indent with spaces, not tabs"),
    ("title: Rules", "title: Ru\x07les", 2, "binary data or a control character"),
    ("  east: []", "  east: []\n---\na: b", 21, "a second document begins here"),
    ("  east: []", "  east: " + "[" * 60 + "]" * 60, 20, "nested more than 40 deep"),
]

CHANNEL_RULES: list[tuple[str, str, int | None, str]] = [
    ("public: [beer", "reply: [beer", 8, "a channel may not be called 'reply'"),
    ("letter: [a, b]", "letter: [a, a]", 8, "channel 'letter': 'a' is listed twice"),
    ("letter: [a, b]", "west: [a, b]", 10, "an audience may not be called 'west', which is a channel"),
    ("sees: [message, west]", "sees: [pubic]", 11, "unknown thing to see 'pubic'; did you mean 'public'?"),
    ("sees: [message, west]", "sees: [message, public]", 11, "give one of the message, channels"),
    ("public: beer}", "public: b}", 16, "unknown value of 'public' 'b'"),
]

TRAIT_RULES: list[tuple[str, str, int | None, str]] = [
    ("voice: {", "message: {", 7, "a trait may not be called 'message'"),
    ("voice: {loud: 1/4, soft: 3/4}", "voice: {loud: 1/4, soft: 1/4}", 7, "trait 'voice': the priors must sum to 1"),
    ("voice: {loud: 1/4, soft: 3/4}", "voice: {loud: 0, soft: 1}", 7, "the prior of 'loud' is 0; drop the trait value"),
    ("voice: {loud", "west: {loud", 10, "an audience may not be called 'west', which is a trait"),
    ("power: weak", "power: wek", 16, "unknown value of 'power' 'wek'; did you mean 'weak'?"),
    ("power: weak", "type: weak", 16, "unknown type 'weak'"),
]


def _names(rules: list[tuple[str, str, int | None, str]]) -> list[str]:
    return [re.sub(r"\W+", "-", problem)[:50] for _, _, _, problem in rules]


def _refused(text: str, line: int | None, problem: str) -> None:
    with pytest.raises(GameFileError) as caught:
        game_from_text(text, "rules.yaml")
    message = str(caught.value)
    assert problem in message
    assert len(message.splitlines()) == 1
    assert caught.value.path == "rules.yaml"
    assert caught.value.line is not None
    if line is not None:
        assert message.startswith(f"rules.yaml:{line}: ")


def test_the_base_files_are_right() -> None:
    """The files that the rules below break load as they stand, so that each error is due to its one change."""
    assert len(game_from_text(BASE).types) == 2
    assert game_from_text(CHANNELS).messages == ("beer,a", "beer,b", "quiche,a", "quiche,b")
    assert len(game_from_text(TRAITS).types) == 4


@pytest.mark.parametrize(("old", "new", "line", "problem"), RULES, ids=_names(RULES))
def test_each_rule_has_its_error(old: str, new: str, line: int | None, problem: str) -> None:
    """Breaking one rule gives one error on one line, which names the file, the line and the trouble."""
    assert BASE.count(old) >= 1
    _refused(BASE.replace(old, new, 1), line, problem)


@pytest.mark.parametrize(("old", "new", "line", "problem"), CHANNEL_RULES, ids=_names(CHANNEL_RULES))
def test_each_rule_of_channels_has_its_error(old: str, new: str, line: int | None, problem: str) -> None:
    """The same for messages on several channels."""
    assert CHANNELS.count(old) >= 1
    _refused(CHANNELS.replace(old, new, 1), line, problem)


@pytest.mark.parametrize(("old", "new", "line", "problem"), TRAIT_RULES, ids=_names(TRAIT_RULES))
def test_each_rule_of_traits_has_its_error(old: str, new: str, line: int | None, problem: str) -> None:
    """The same for types made of traits."""
    assert TRAITS.count(old) >= 1
    _refused(TRAITS.replace(old, new, 1), line, problem)


def test_a_trait_and_a_channel_may_not_share_a_name() -> None:
    """Condition keys have one meaning."""
    text = CHANNELS.replace("types: {weak: 1 - h, strong: h}", "traits: {public: {weak: 1 - h, strong: h}}")
    _refused(text, 8, "'public' is both a trait and a channel")


def test_an_empty_file_says_how_a_game_begins() -> None:
    """Nothing in the file is named as such."""
    _refused("", 1, "the file is empty; expected a game, beginning 'doubletalk: 1'")


def test_a_list_is_not_a_game() -> None:
    """The top of the file is a table."""
    _refused("[1, 2]", 1, "a game file: expected a table, found a list")


def test_unknown_parameters_name_the_nearest() -> None:
    """Overriding a parameter that the file does not have is an error."""
    with pytest.raises(InputError, match=r"rules.yaml: unknown parameter 'csot'; did you mean 'cost'\?"):
        game_from_text(BASE, "rules.yaml", {"csot": 1})


@pytest.mark.parametrize("value", [0.5, True, "half", "1/0", None])
def test_parameter_values_are_exact_numbers(value: object) -> None:
    """Floats, truth values and words are refused with the parameter's name."""
    with pytest.raises(InputError, match=r"^rules.yaml: parameter 'h': "):
        game_from_text(BASE, "rules.yaml", {"h": value})  # type: ignore[dict-item]


def test_a_null_type_from_an_override_says_what_to_do() -> None:
    """A prior of zero at a parameter's end of range is an error unless null types are dropped."""
    file = game_file_from_text(BASE, "rules.yaml")
    with pytest.raises(
        GameFileError, match=r"rules.yaml:7: .*'strong' is 0; drop the type \(or ask for the game without"
    ):
        file.game({"h": 0})
    with pytest.raises(GameFileError, match="cannot be negative"):
        file.game({"h": 2}, drop_null_types=True)


@pytest.mark.parametrize("kind", ["plays", "types", "messages"])
def test_games_too_large_to_build_are_refused_with_their_count(kind: str) -> None:
    """The count comes before the building, and the error names the file."""
    many = ", ".join(f"a{k}" for k in range(1000))
    if kind == "plays":
        text = BASE.replace("[fight, leave]", f"[fight, leave, {many}]").replace("[hold, pay]", f"[hold, pay, {many}]")
        count = "4,016,016 plays"
    elif kind == "types":
        values = ", ".join(f"a{k}: 1/100" for k in range(100))
        traits = ", ".join(f"t{k}: {{{values}}}" for k in range(12))
        text, count = BASE.replace("types: {weak: 1 - h, strong: h}", f"traits: {{{traits}}}"), f"{100**12:,} types"
    else:
        channels = ", ".join(f"c{k}: [{many}]" for k in range(3))
        text, count = BASE.replace("messages: [beer, quiche]", f"channels: {{{channels}}}"), f"{10**9:,} messages"
    with pytest.raises(TooLarge, match=f"^rules.yaml: .*{count}"):
        game_from_text(text, "rules.yaml")


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    """A missing file, a folder, text in another encoding and a huge file are each one clear error."""
    with pytest.raises(GameFileError, match=r"nowhere.yaml: cannot be read: No such file"):
        load_game(tmp_path / "nowhere.yaml")
    with pytest.raises(GameFileError, match="cannot be read: Is a directory"):
        load_game(tmp_path)
    latin = tmp_path / "latin.yaml"
    latin.write_bytes(BASE.replace("none", "caf\xe9").encode("latin-1"))
    with pytest.raises(GameFileError, match=r"latin.yaml:3: not UTF-8 text: byte 0xe9"):
        load_game(latin)
    huge = tmp_path / "huge.yaml"
    huge.write_bytes(b"#" * 4_000_001)
    with pytest.raises(GameFileError, match="larger than 4,000,000 bytes"):
        load_game(huge)
