"""Simulation-based calibration of fits of the reduced game, in a small size; the full ones are in docs/fitting.md."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("jax")
pytest.importorskip("numpyro")

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.fit_calibration import GAME, RANKS, run, summary
from doubletalk.longgame.reading import long_game_from_text

NAMES = tuple(c.name for c in long_game_from_text(GAME).coefficients)


@pytest.mark.long
def test_ranks_of_the_truth_are_uniform_and_intervals_cover(full, tmp_path):
    """Quick fits of 15 records (200 with --full), NUTS of 0 (30): p above 1e-4, coverage within 4 binomial errors."""
    for method, sets in (("quick", 200 if full else 15), ("nuts", 30 if full else 0)):
        if not sets:
            continue
        rows = run(method, sets, tmp_path)
        assert sum("failed" in row for row in rows) == 0
        found = summary(rows, NAMES)
        for name, each in found["coefficients"].items():
            assert each["p"] > 1e-4, (method, name)
            assert abs(each["coverage"] - 0.9) < 4 * each["error"], (method, name)
            assert sum(each["counts"]) == sets
        assert all(0 <= rank <= RANKS for row in rows for rank in row["ranks"])


@pytest.mark.long
def test_stored_data_sets_are_not_fitted_again(tmp_path):
    """What is in the store is taken from there; a summary of half of it counts half."""
    import json

    rows = [{"number": n, "truth": [0.0], "ranks": [10 * n + 5] * 5, "covered": [True] * 5, "seconds": 1.0,
             "pareto_k": 0.1} for n in range(10)]  # fmt: skip
    (tmp_path / "quick.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = summary(run("quick", 10, tmp_path), NAMES)
    assert found["sets"] == 10
    assert found["coefficients"]["pain"]["counts"] == [1] * 10
    assert found["coefficients"]["pain"]["p"] == pytest.approx(1.0)
    assert len(run("quick", 5, tmp_path)) == 5
