"""Long-game files: what is read, and one clear error with its line for everything that is wrong."""

from __future__ import annotations

import contextlib
import json
import random
from pathlib import Path

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

import doubletalk
from doubletalk.cli import app
from doubletalk.errors import DoubletalkError, InputError
from doubletalk.evidence.coding_file import load_coding
from doubletalk.longgame.reading import load_long_game, long_game_from_text

BELARUS = Path(doubletalk.__file__).parent / "cases" / "belarus" / "longgame.yaml"
SMALL = """
doubletalk_longgame: 1
title: Small
discount: {a: 0.5, b: 1/2}
beliefs: 3
informed: {actor: a, stances: {low: {leaves: 0.1}, high: {leaves: 0}}, belief: 1/4}
actors:
  a: {moves: {deed: [x, y], word: [n, m]}, unavailable: [{deed: y, s: up}]}
  b: {moves: [p, q]}
states:
  s: {levels: [down, up], start: up, rules: [{when: {deed: y, b: q}, up: 1/3}, {when: {word: m}, to: {down: 0.25}}]}
  e: {levels: [i, j], markov: [[1/2, 1/2], [0, 1]]}
coefficients:
  k: {value: 2, prior: {normal: [0, 1]}, means: something}
  l: {value: -1}
payoffs:
  a: [{coefficient: k, when: {stance: high, s: up}, times: {e: [0, 3]}}]
  b: [{coefficient: l, add: 1/2, when: {deed: y}}]
policies:
  rule: {actor: b, counters: {c: {most: 2, when: {s: up}}}, rules: [{when: {c: 2, word: m}, move: q}], otherwise: p}
outcomes:
  ups: {when: {s: up}, means: periods up}
"""


def test_everything_in_a_file_is_read():
    """Moves of parts, conditions on parts, chances, priors, policies and outcomes arrive as written."""
    game = long_game_from_text(SMALL)
    assert game.actors[0].moves == ("x,n", "x,m", "y,n", "y,m")
    assert game.actors[0].unavailable == ({"a": (2, 3), "s": (1,)},)
    assert game.variables[0].rules[0].when == {"a": (2, 3), "b": (1,)}
    assert game.variables[0].rules[0].chances == ((1, None, 1 / 3),)
    assert game.variables[0].rules[1].chances == ((None, 0, 0.25),)
    assert game.coefficients[0].prior.family == "normal"
    assert game.actors[1].terms[0].add == 0.5
    assert game.policies[0].rules[0].when == {"c": (2,), "a": (1, 3)}
    assert (game.belief, game.hazard, game.points, game.states) == (0.25, (0.1, 0.0), 3, 4)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("doubletalk_longgame: 1", "doubletalk_longgame: 2", "version 1"),
        ("b: 1/2", "b: 1.5", "from 0 to 0.9999"),
        ("start: up", "start: upp", "'up'"),
        ("up: 1/3", "up: 4/3", "from 0 to 1"),
        ("[1/2, 1/2]", "[1/2, 1/3]", "add up to 1"),
        ("coefficient: k", "coefficient: kk", "'k'"),
        ("l: {value: -1}", "l: {value: -1}\\n  unused: {value: 1}", "in no payoff"),
        ("normal: [0, 1]", "normal: [0, 0]", "above 0"),
        ("stance: high, s: up", "stance: hig", "'high'"),
        ("when: {word: m}, to", "when: {stance: low}, to", "stance"),
        ("otherwise: p", "otherwise: r", "move"),
        ("e: [0, 3]", "e: [0, 3, 4]", "expected one for each"),
        ("word: [n, m]", "s: [n, m]", "is taken"),
        ("move: q", "mov: q", "'mov'"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(old, new, said):
    """Each fault gives one error with a line, what was found and what was expected."""
    assert old in SMALL
    with pytest.raises(InputError) as wrong:
        long_game_from_text(SMALL.replace(old, new.replace("\\n", "\n")), "file.yaml")
    assert said in str(wrong.value)
    assert wrong.value.line is not None
    assert wrong.value.path == "file.yaml"


def test_no_damage_to_a_file_brings_anything_but_a_clear_error():
    """A hundred files with characters or lines lost or doubled are read or refused, never a fault."""
    rng = random.Random(4)
    for _ in range(150):
        lines = SMALL.split("\n")
        k = rng.randrange(len(lines))
        kind = rng.randrange(3)
        if kind == 0:
            del lines[k]
        elif kind == 1:
            lines.insert(k, lines[rng.randrange(len(lines))])
        else:
            cut = rng.randrange(len(lines[k]) + 1)
            lines[k] = lines[k][:cut] + lines[k][cut + 1 :]
        with contextlib.suppress(DoubletalkError):
            long_game_from_text("\n".join(lines))


def test_the_belarus_game_speaks_the_coding_s_words():
    """Actors, moves, states and levels are those of coding.yaml, so that the record can be laid beside the game."""
    game, coding = load_long_game(BELARUS), load_coding(BELARUS.parent / "coding.yaml")
    assert [actor.name for actor in game.actors] == [actor.name for actor in coding.actors]
    for actor, rules in zip(game.actors, coding.actors, strict=True):
        parts = tuple(part.moves for part in rules.parts)
        assert (tuple(actor.parts.values()) or (actor.moves,)) == parts
    assert {v.name: v.levels for v in game.variables} == {s.name: tuple(s.levels) for s in coding.states}
    assert game.states == 162


def test_the_schema_takes_what_the_reader_takes():
    """The shipped file and the small one satisfy the JSON schema; an unknown key, and a missing part, do not."""
    from importlib.resources import files

    schema = json.loads((files("doubletalk") / "schemas" / "longgame.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    for text in (SMALL, BELARUS.read_text(encoding="utf-8")):
        assert [e.message for e in validator.iter_errors(yaml.safe_load(text))] == []
    for old, new in (("beliefs: 3", "believes: 3"), ("otherwise: p", "otherwize: p"), ("coefficient: k", "add: 1")):
        assert not validator.is_valid(yaml.safe_load(SMALL.replace(old, new)))


def test_the_commands_check_solve_simulate_and_compare(tmp_path):
    """The commands print a residual, frequencies that add up to one, and a row for each policy and measure."""
    pytest.importorskip("jax")
    file, run = tmp_path / "small.yaml", CliRunner()
    file.write_text(SMALL, encoding="utf-8")
    assert "4 states x 2 stances x 3 beliefs" in run.invoke(app, ["longgame", "check", str(file)]).output
    nc = tmp_path / "out.nc"
    solved = run.invoke(app, ["longgame", "solve", str(file), "--out", str(nc), "--explain", "s=down"])
    assert "residual" in solved.output, solved.output
    import xarray as xr

    with xr.open_dataset(nc, engine="scipy") as data:
        assert float(abs(data["P_a"].sum("a") - 1).max()) < 1e-12
    simulated = run.invoke(app, ["longgame", "simulate", str(file), "--paths", "500", "--periods", "2"])
    shares = [line.split(",") for line in simulated.stdout.splitlines() if line.startswith("s,")]
    assert abs(sum(float(cells[3]) for cells in shares if cells[2] == "1") - 1) < 1e-6
    compared = run.invoke(app, ["longgame", "policies", str(file), "--paths", "200", "--periods", "3"])
    assert "rule,ups," in compared.stdout
    wrong = run.invoke(app, ["longgame", "solve", str(file), "--set", "kk=1"])
    assert isinstance(wrong.exception, InputError)


def test_a_shipped_case_is_known_by_its_name_from_any_folder(tmp_path, monkeypatch):
    """``longgame check`` and ``fit`` take the name of a shipped case where no such folder is, like ``study``."""
    pytest.importorskip("numpyro")
    monkeypatch.chdir(tmp_path)
    run = CliRunner()
    assert "162 states" in run.invoke(app, ["longgame", "check", "belarus"]).output
    for name, told in (("belarus", "unknown lens 'nosuch'"), ("nosuch", "unknown case 'nosuch'")):
        answer = run.invoke(app, ["fit", name, "--lens", "nosuch"])
        assert isinstance(answer.exception, InputError), answer.output
        assert told in str(answer.exception)
    assert not list(tmp_path.iterdir())
