"""Atlases: regions and boundaries derived by hand, the same by several processes, resumed, and clear errors."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from parameter_games import BEER_QUICHE

from doubletalk.exact import rational
from doubletalk.game.loading import game_file_from_text
from doubletalk.regions.atlas import Atlas, draw_atlas
from doubletalk.regions.atlas_cells import Axis, Grid
from doubletalk.regions.atlas_game import AskGame
from doubletalk.regions.atlas_questions import question_from_text
from doubletalk.regions.atlas_solving import Solver


def drawn(question: str = "kinds", workers: int = 1, coarse: int = 6, depth: int = 2) -> Atlas:
    file = game_file_from_text(BEER_QUICHE)
    grid = Grid(Axis("strong", rational(0), rational(1)), Axis("duel", rational(0), rational(3)), coarse, depth)
    middle = file.game({"strong": "1/3", "duel": "3/2"})
    ask = AskGame(file, ("strong", "duel"), question_from_text(question, middle), {})
    return draw_atlas(grid, Solver(ask, workers=workers), words=ask.words)


def test_the_regions_of_beer_and_quiche_are_those_derived_by_hand() -> None:
    """Separating for duel < 1; above it semi-separating for strong < 1/2 and pooling for strong > 1/2."""
    atlas = drawn()
    for (i, j), answer in atlas.nodes.items():
        strong, duel = (Fraction(str(value)) for value in atlas.grid.point((i, j)))
        if duel == 1 or strong in (0, 1) or (duel > 1 and strong == Fraction(1, 2)):
            continue
        expected = "separating" if duel < 1 else "semi-separating" if strong < Fraction(1, 2) else "pooling"
        assert atlas.words[answer] == expected, (strong, duel)


def test_exact_boundary_points_lie_on_the_two_lines() -> None:
    """Every exact boundary point inside the plane has duel = 1, or strong = 1/2 with duel above 1; both occur."""
    curves = {(each.curve.words("strong", "duel")) for each in drawn().curves}
    assert {"strong = 1/2", "duel = 1"} <= curves
    assert all(words in ("strong = 1/2", "duel = 1") for words in curves)


def test_no_node_of_a_usual_grid_is_at_a_round_value() -> None:
    """A node on a boundary answers for a line, not for an area: all 42 boundary points of beer-quiche are exact."""
    for coarse, depth in ((6, 2), (12, 3), (8, 3), (5, 0), (24, 1)):
        grid = Grid(Axis("x", rational(0), rational(1)), Axis("y", rational(0), rational(1)), coarse, depth)
        values = [Fraction(str(grid.value(grid.x, i))) for i in range(grid.across + 1)]
        assert min(value.denominator for value in values) > 60, (coarse, depth)
    points = drawn().boundary
    assert len(points) == 42
    assert all(point.value is not None for point in points)


def test_the_best_reply_at_the_prior_changes_at_one_half_only() -> None:
    """Against the prior the bully fights below strong = 1/2 and leaves above, whatever the duel's price."""
    atlas = drawn("best")
    assert {each.curve.words("strong", "duel") for each in atlas.curves} == {"strong = 1/2"}
    shares = {atlas.words[k]: atlas.share(k) for k in range(len(atlas.words))}
    assert shares["fight"] == shares["leave"] == rational("1/2")


def test_several_processes_give_the_same_atlas() -> None:
    """Points, shades and boundaries do not depend on the number of processes."""
    assert drawn(workers=2, coarse=4, depth=1) == drawn(coarse=4, depth=1)


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from doubletalk.cli import main; main()", "atlas", "game.yaml", *arguments]
    return subprocess.run(program, cwd=folder, capture_output=True, text=True, timeout=120, env=os.environ)


def test_the_command_writes_its_files_and_goes_on_from_what_it_solved(tmp_path: Path) -> None:
    """All files are there and say the same; a second run solves nothing anew and writes the same bytes."""
    import xarray as xr

    (tmp_path / "game.yaml").write_text(BEER_QUICHE, encoding="utf-8")
    given = ("--over", "strong=0:1", "--over", "duel=0:3", "--grid", "4", "--depth", "1", "--out", "made")
    first = run(tmp_path, *given)
    assert first.returncode == 0, first.stderr
    made = {path.name: path.read_bytes() for path in (tmp_path / "made").iterdir()}
    assert {"points.csv", "boundary.csv", "curves.csv", "atlas.nc", "atlas.html", "atlas.svg"} <= made.keys()
    rows = list(csv.DictReader(made["points.csv"].decode().splitlines()))
    with xr.open_dataset(tmp_path / "made" / "atlas.nc", engine="scipy") as data:
        assert data.sizes
    assert len(rows) >= 41
    second = run(tmp_path, *given)
    assert "0 exact solves" in second.stdout + second.stderr or "nothing" in second.stdout + second.stderr
    assert (tmp_path / "made" / "points.csv").read_bytes() == made["points.csv"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--over", "strong=0:1", "--over", "dual=0:1"), "duel"),
        (("--over", "strong=1:0", "--over", "duel=0:1"), "LOW below HIGH"),
        (("--over", "strong=0:1", "--over", "strong=0:1"), "different"),
        (("--over", "strong=0:1", "--over", "duel=0:1", "--grid", "0"), "from 1 to 400"),
        (("--over", "strong=0:1"), "twice"),
    ],
)
def test_wrong_input_gets_one_clear_error_and_leaves_nothing(tmp_path: Path, wrong: tuple[str, ...], said: str) -> None:
    """What was given and what was expected are named, and no file is written."""
    (tmp_path / "game.yaml").write_text(BEER_QUICHE, encoding="utf-8")
    done = run(tmp_path, *wrong, "--out", "made")
    assert done.returncode in (1, 2)
    assert said in done.stderr
    assert not (tmp_path / "made").exists()


def test_a_claim_is_drawn_over_a_belief_and_a_size() -> None:
    """Easing is best from (l - e)/(g + l) to (s - k)/L once d > rho; demands are best from w/G while d < rho."""
    from doubletalk.case.finding import find_case
    from doubletalk.case.loading import load_case
    from doubletalk.regions.atlas_claim import AskClaim

    case = load_case(find_case("belarus"))
    expected = {
        "a7-ease": {"b = 5/23", "b = 15/31", "d = 4/3"},
        "b11-demands": {"b = 1/58", "d = 4/3"},
    }
    for claim in case.claims:
        if claim.id in expected:
            ask = AskClaim(case.games["exchange"], claim)
            x, y = (Axis(*given) for given in claim.figure)
            found = draw_atlas(Grid(x, y, 6, 3), Solver(ask), words=ask.words)
            assert {each.curve.words(x.name, y.name) for each in found.curves} == expected.pop(claim.id)
    assert not expected


@pytest.mark.parametrize(
    ("figure", "told"),
    [
        ("{b: 0:1}", "expected two"),
        ("{b: 0:1, dd: 0:4}", "unknown parameter 'dd'"),
        ("{b: 0:1, d: 4:0}", "expected LOW below HIGH"),
        ("{b: 0:1, d: four}", "expected LOW:HIGH"),
    ],
)
def test_a_wrong_figure_is_one_clear_error(tmp_path: Path, figure: str, told: str) -> None:
    """Number, names and ranges of a claim's figure are checked when the case is read."""
    from doubletalk.case.finding import new_case
    from doubletalk.case.loading import CaseFileError, load_case

    place = new_case(tmp_path / "mine")
    claims = (place / "claims.yaml").read_text(encoding="utf-8")
    (place / "claims.yaml").write_text(claims.replace("figure: {b: 0:1, d: 0:4}", f"figure: {figure}", 1))
    with pytest.raises(CaseFileError, match=told):
        load_case(place)
