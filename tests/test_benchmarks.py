"""The benchmark command runs and reports what it measured; nothing here depends on how fast a machine is."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def bench():
    """The ``benchmarks`` folder as a package, whatever folder the tests are started from."""
    sys.path.insert(0, str(ROOT))
    try:
        from benchmarks import __main__, games, machine, own, peers, tables
    finally:
        sys.path.remove(str(ROOT))
    return {"main": __main__, "games": games, "machine": machine, "own": own, "peers": peers, "tables": tables}


def test_the_command_writes_json_and_the_same_report_as_markdown(tmp_path):
    """``python -m benchmarks --quick --no-peers`` from the root, as the documentation says."""
    out = tmp_path / "results.json"
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--quick", "--no-peers", "--out", str(out)],
        cwd=ROOT, capture_output=True, text=True, timeout=240,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    results = json.loads(out.read_text(encoding="utf-8"))
    assert {"machine", "sizes", "beer-quiche", "cold start", "shares", "growth", "plain", "peers"} <= results.keys()
    assert all(row["finished"] == row["games"] for row in results["sizes"])
    assert all(0 <= share <= 1 for row in results["shares"] for share in row["share"].values())
    assert set(results["growth"]) == {"types", "messages", "actions", "audiences"}
    assert out.with_suffix(".md").read_text(encoding="utf-8") == done.stdout
    assert str(Path.home()) not in out.read_text(encoding="utf-8")


def test_the_same_seed_is_the_same_game_and_another_seed_another(bench):
    """Random games come from their seed alone, are separable, and have the size they are named after."""
    size = bench["games"].Size(2, 3, 4, 2)
    game, again, other = (bench["games"].random_game(seed, size) for seed in (1, 1, 2))
    assert game.payoffs == again.payoffs
    assert game.payoffs != other.payoffs
    assert (len(game.types), len(game.messages), len(game.audiences)) == (3, 4, 2)
    assert bench["games"].random_game(1, size).actions_after(0) == (("a0", "a1"), ("a0", "a1"))
    assert bench["own"].solving.solver_class(game)[0] == "separable"
    assert sum(game.prior) == 1


def test_the_strategic_form_given_to_nashpy_is_the_game(bench):
    """Beer-quiche by hand: both drink beer: sender 2.9 and bully 0.9 if he leaves, else 0.9 and 0.1."""
    from benchmarks.peer_worker import strategic_form

    game = bench["games"].beer_quiche()
    beer = game.messages.index("beer")
    plans = [(a, b) for a in game.available[0] for b in game.available[1]]
    sender, audience = strategic_form(game)
    row = plans.index((beer, beer))
    assert (len(sender), len(sender[0])) == (4, 4)
    values = zip(sender[row], audience[row], strict=True)
    assert {(round(s, 9), round(r, 9)) for s, r in values} == {(2.9, 0.9), (0.9, 0.1)}


def test_a_peer_past_its_time_limit_is_recorded_as_such(bench):
    """enummixed on a (3, 3, 3) game cannot end in a second; the attempt says so and nothing is left running."""
    pytest.importorskip("pygambit")
    result = bench["peers"].attempt("gambit enummixed", bench["games"].Size(1, 3, 3, 3), 0, 1.0)
    assert result["end"] == "time limit"


def test_a_peer_that_answers_is_counted(bench):
    """Gambit lists at least one equilibrium of beer-quiche; an unknown peer is recorded as a failure with its words."""
    pytest.importorskip("pygambit")
    assert bench["peers"].attempt("gambit enummixed", None, 0, 20.0)["listed"] >= 2
    failed = bench["peers"].attempt("gambit enummixed", bench["games"].Size(2, 2, 2, 2), 0, 20.0)
    assert failed["end"] == "failed"
    assert failed["why"]


def test_ratios_are_left_out_where_there_is_none(bench, monkeypatch):
    """Out of memory gives no ratio; a time-out gives a lower bound, marked as one; later games are then not tried."""
    peers, size = bench["peers"], bench["games"].Size(2, 2, 2, 2)
    monkeypatch.setattr(peers, "attempt", lambda *_: {"end": "out of memory", "seconds": 3.0})
    row = peers._attempts("gambit enumpoly, tree", size, 3, 20.0, 2.0)
    assert (row["ratio"], row["tried"], row["answered"]) == (None, 1, 0)
    monkeypatch.setattr(peers, "attempt", lambda *_: {"end": "time limit", "seconds": 20.0})
    row = peers._attempts("gambit enumpoly, tree", size, 3, 20.0, 2.0)
    assert (row["ratio"], row["ratio_is_at_least"]) == (10_000.0, True)


def test_the_report_replaces_what_stands_between_its_marks(bench):
    """``--page`` leaves the rest of the page alone, and refuses a page without marks."""
    tables = bench["tables"]
    page = f"before\n{tables.START}\nold\n{tables.END}\nafter\n"
    assert tables.insert(page, "new\n") == f"before\n{tables.START}\n\nnew\n\n{tables.END}\nafter\n"
    with pytest.raises(ValueError, match="no place for results"):
        tables.insert("nothing", "new")


def test_the_figures_in_the_documentation_are_those_of_the_stored_run(bench):
    """docs/performance.md shows exactly what benchmarks/results.json holds."""
    stored = json.loads((ROOT / "benchmarks" / "results.json").read_text(encoding="utf-8"))
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert bench["tables"].insert(page, bench["tables"].markdown(stored)) == page
    assert (ROOT / "benchmarks" / "results.md").read_text(encoding="utf-8") == bench["tables"].markdown(stored)
