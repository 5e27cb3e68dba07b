"""The library: every game loads, says where it comes from, and has exactly the equilibria on record."""

from __future__ import annotations

from functools import cache
from itertools import product
from pathlib import Path

import pytest
import yaml

from doubletalk.equilibrium import solve, verify
from doubletalk.errors import InputError
from doubletalk.exact import ZERO, rational
from doubletalk.library import entries, find, load

ENTRIES = entries()
IDS = [entry.path for entry in ENTRIES]
every_game = pytest.mark.parametrize("entry", ENTRIES, ids=IDS)


@cache
def expected_of(path: Path) -> dict:
    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)


@cache
def solution_of(name: str):
    return solve(load(name))


def exact(distribution):
    return {label: rational(value) for label, value in distribution.items()}


def plays(game, sender, responses):
    """{(type, message, actions): probability} of a sender strategy with responses by information set."""
    rows = {}
    for t, kind in enumerate(game.types):
        for label, weight in sender[kind].items():
            m = game.messages.index(label)
            labels = game.actions_after(m)
            for actions in product(*(range(len(each)) for each in labels)):
                chance = game.prior[t] * rational(weight)
                for j, audience in enumerate(game.audiences):
                    here = responses[audience.name].get(game.information_set(j, m, actions), {}) if chance else {}
                    chance *= rational(here.get(labels[j][actions[j]], 0))
                if chance:
                    rows[kind, label, tuple(labels[j][a] for j, a in enumerate(actions))] = chance
    return frozenset(rows.items())


def deeds(game, rows):
    """What each type brings about, whatever it says: {(type, actions): probability within the type}."""
    prior = dict(zip(game.types, game.prior, strict=True))
    found = {}
    for (kind, _, actions), chance in rows:
        found[kind, actions] = found.get((kind, actions), ZERO) + chance / prior[kind]
    return frozenset(found.items())


def without_reply(rows):
    found = {}
    for row in rows:
        key = row.sender_type, row.message, tuple(row.actions.values())
        found[key] = found.get(key, ZERO) + row.probability
    return frozenset(found.items())


def fixed_expected(game, name):
    """{outcome: (kind, payoffs)} of the expected outcomes that do not vary."""
    found = {}
    for item in expected_of(find(name).with_name(f"{find(name).stem}.expected.yaml"))["outcomes"]:
        if "varies" not in item:
            found[plays(game, item["sender"], item["responses"])] = item["kind"], payoffs(item["payoffs"])
    return found


def payoffs(block):
    return {k: exact(v) if hasattr(v, "items") else rational(v) for k, v in block.items()}


@every_game
def test_the_entry_says_what_it_is(entry):
    """Each file gives title, source with a year, why it matters, what was published and what its numbers are."""
    assert all(len(text) > 20 for text in (entry.source, entry.summary, entry.result, entry.numbers))
    assert entry.title
    assert any(part[-4:].isdigit() for part in entry.path.split("/")), "the path cites a year"
    game = load(entry.path)
    assert (game.title, game.source) == (entry.title, entry.source)


@every_game
def test_the_expected_results_are_derived(entry):
    """Each expected file explains its outcomes, says how they were found and which of them the source states."""
    expected = expected_of(entry.expected)
    assert len(expected["derivation"]) > 100
    assert expected["method"].startswith("by ")
    assert expected["outcomes"]
    assert all(item["stated_by_source"] in ("true", "false") for item in expected["outcomes"])


@every_game
def test_outcomes_are_exactly_the_expected_ones(entry):
    """The solver finds the outcomes on record with their kinds and payoffs, and nothing else."""
    game, solution = load(entry.path), solution_of(entry.path)
    assert solution.complete, solution.why_incomplete
    found = {without_reply(o.outcome): (o.kind, dict(o.payoffs)) for o in solution.outcomes if o.unique_outcome}
    assert found == fixed_expected(game, entry.path)


@every_game
def test_varying_outcomes_are_exactly_the_expected_ones(entry):
    """Where an outcome varies inside a component, what types bring about at its extreme points is as on record."""
    game, solution = load(entry.path), solution_of(entry.path)
    found = set()
    for outcome in solution.outcomes:
        if not outcome.unique_outcome:
            found.add(
                frozenset(
                    deeds(game, plays(game, sender, responses))
                    for family in outcome.families
                    for sender in family.sender_extremes
                    for responses in family.response_extremes
                )
            )
    wanted = set()
    for item in expected_of(entry.expected)["outcomes"]:
        if "varies" in item:
            wanted.add(
                frozenset(
                    frozenset(((t, tuple(a.split(","))), rational(p)) for t, d in point.items() for a, p in d.items())
                    for point in item["deeds"]
                )
            )
    assert found == wanted


@every_game
def test_every_reported_point_verifies(entry):
    """Each extreme point that the solver reports for a library game passes the independent check."""
    game = load(entry.path)
    for number, family, assessment in solution_of(entry.path).assessments():
        certificate = verify(game, assessment)
        assert certificate.valid, (number, family, certificate.failures)


def test_the_library_is_large_enough_and_names_are_unique():
    """There are at least 24 games and each can be asked for by its bare name."""
    assert len(ENTRIES) >= 24
    assert len({entry.name for entry in ENTRIES}) == len(ENTRIES)


@pytest.mark.parametrize("start", ["", "cho_kreps1987/", "journals/qje/cho_kreps1987/"])
def test_a_game_is_found_by_name_suffix_or_path(start):
    """A bare name, an ending of the path and the full path all find the same file."""
    assert find(f"{start}beer_quiche").name == find(f"{start}beer_quiche.yaml").name == "beer_quiche.yaml"


def test_an_unknown_name_is_answered_with_the_nearest():
    """A misspelt name gives an error that offers the right one."""
    with pytest.raises(InputError, match="no library game 'beer_quich'; nearest: beer_quiche"):
        find("beer_quich")


def test_a_parameter_can_be_set():
    """Below a prior of 1/2 for strong, beer-quiche has one outcome, and it is semi-separating."""
    solution = solve(load("beer_quiche", {"strong": "1/10"}))
    assert [outcome.kind for outcome in solution.outcomes] == ["semi-separating"]
