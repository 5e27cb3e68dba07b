"""Whatever a file holds, reading it gives a game or one clear error that names the file."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import doubletalk
from doubletalk.errors import DoubletalkError
from doubletalk.game.loading import game_from_text, load_game
from doubletalk.game.model import Game

FOLDER = Path(doubletalk.__file__).parent / "library"
LIBRARY = [path for path in sorted(FOLDER.rglob("*.yaml")) if not path.stem.endswith(".expected")]
OWN = """\
doubletalk: 1
title: Seed
parameters: {h: 1/2}
sender:
  name: boss
  traits: {power: {weak: 1 - h, strong: h}, voice: {loud: 1/4, soft: 3/4}}
  channels: {public: [yes, no], letter: [a, b]}
audiences:
  west: {actions: [fight, leave], sees: [public]}
  east: {actions: {"yes,a": [hold, pay], "yes,b": [pay], "no,a": [hold], "no,b": [hold, pay]}, sees: [message, west]}
reply:
  - {when: {west: leave, not: [{power: weak}, {east: [pay]}]}, actions: [stay, go]}
payoffs:
  boss: [{when: {reply: go}, add: 1 - h}]
  west: [{when: {public: yes, west: fight}, add: 0.25}]
  east: [{add: -3}]
"""
SEEDS = [OWN, *(path.read_text(encoding="utf-8") for path in LIBRARY)]
SCRAPS = [
    "", "~", "null", "yes", "0", "-1", "1e9", "9" * 500, "[]", "{}", "[a, b]", "{a: b}", "not", "type", "message",
    "reply", "when", "add", "sees", "*x", "&x y", "!!int 3", "|", ">", "'", '"', "\t", "\x00", "\u2028", "é",
    "- ", ": ", "? ", "<<", "---", "%TAG", "((((", "a=b", "x|y", "1 - 1", "🙂", "\ufeff", "[" * 200, "{a: " * 60,
]  # fmt: skip


def checked(text: str) -> bool:
    """Whether *text* is a game; fails unless it is that or one clear error."""
    try:
        game = game_from_text(text, "fuzzed.yaml")
    except DoubletalkError as wrong:
        message = str(wrong)
        assert message.startswith("fuzzed.yaml"), message
        assert len(message.splitlines()) == 1, message
        assert len(message) < 2000, message
        return False
    assert isinstance(game, Game)
    assert sum(game.prior) == 1
    assert set(game.payoffs) == set(game.histories())
    return True


def mutated(rng: random.Random, text: str) -> str:
    """*text* with one to three random edits of lines, words or characters."""
    for _ in range(rng.randint(1, 3)):
        lines = text.split("\n")
        at = rng.randrange(len(lines))
        kind = rng.randrange(8)
        if kind == 0:
            del lines[at]
        elif kind == 1:
            lines.insert(at, rng.choice(lines))
        elif kind == 2:
            other = rng.randrange(len(lines))
            lines[at], lines[other] = lines[other], lines[at]
        elif kind == 3:
            lines[at] = " " * rng.randrange(6) + lines[at].lstrip()
        elif kind in (4, 5):
            words = lines[at].split(" ")
            words[rng.randrange(len(words))] = rng.choice([*SCRAPS, *rng.choice(lines).split(" ")])
            lines[at] = " ".join(words)
        text = "\n".join(lines)
        if kind >= 6 and text:
            place = rng.randrange(len(text))
            text = (
                text[:place] + rng.choice([rng.choice(SCRAPS), chr(rng.randrange(32, 127))]) + text[place + kind % 2 :]
            )
    return text


def test_mutated_files_are_games_or_clear_errors() -> None:
    """Six thousand random edits of library games; some remain games, most are errors, none is a traceback."""
    rng = random.Random(20231017)
    games = sum(checked(mutated(rng, rng.choice(SEEDS))) for _ in range(6000))
    assert 200 < games < 5800


_leaves = st.sampled_from(SCRAPS) | st.text(max_size=8) | st.integers(-3, 3).map(str) | st.none()
_keys = st.sampled_from(
    ["sender", "name", "types", "traits", "messages", "channels", "audiences", "actions", "sees", "reply", "when"]
) | st.sampled_from(["add", "not", "payoffs", "doubletalk", "title", "source", "parameters"])
_trees = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys | st.text(max_size=3), inner, max_size=4)
)


@given(st.dictionaries(_keys, _trees, max_size=8))
@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_random_documents_are_games_or_clear_errors(body: dict[str, object]) -> None:
    """Documents of the right keys and any content, spelled as JSON, with the version and a title put in."""
    import json

    checked(json.dumps({"doubletalk": 1, "title": "x", **body}, ensure_ascii=False))


@given(st.sampled_from([OWN]), st.data())
@settings(max_examples=400, deadline=None)
def test_any_value_may_stand_anywhere(seed: str, data: st.DataObject) -> None:
    """One scalar, list or table of the file exchanged for any other value."""
    import yaml

    tree = yaml.load(seed, yaml.BaseLoader)
    node = tree
    while True:
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        key = data.draw(st.sampled_from(keys))
        inner = node[key]
        if isinstance(inner, (dict, list)) and inner and data.draw(st.booleans()):
            node = inner
            continue
        node[key] = data.draw(_trees)
        break
    import json

    checked(json.dumps(tree, ensure_ascii=False))


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_a_clear_error(tmp_path: Path, content: bytes) -> None:
    """Binary content and broken encodings give one error that names the file."""
    path = tmp_path / "bytes.yaml"
    path.write_bytes(content)
    with pytest.raises(DoubletalkError) as caught:
        load_game(path)
    assert str(path) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_flipped_bytes_of_a_game_never_give_a_traceback(tmp_path: Path) -> None:
    """Single bytes of a good file changed at random: a game or one clear error."""
    rng = random.Random(7)
    path = tmp_path / "flipped.yaml"
    problems = []
    for _ in range(800):
        raw = bytearray(rng.choice(SEEDS).encode())
        raw[rng.randrange(len(raw))] = rng.randrange(256)
        path.write_bytes(raw)
        try:
            load_game(path)
        except DoubletalkError as wrong:
            problems.append(str(wrong))
    assert all(problem.startswith(str(path)) and len(problem.splitlines()) == 1 for problem in problems)
    assert len(problems) > 50
