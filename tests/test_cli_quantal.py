"""``doubletalk quantal`` and ``doubletalk convert`` as a user meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from test_cli import run

from doubletalk.library import load
from doubletalk.quantal import logit_branch
from doubletalk.report.quantal_figure import branch_svg

COUNTS = """player,information_set,action,count
traveller,weak,beer,31
traveller,weak,quiche,19
traveller,strong,beer,44
traveller,strong,quiche,6
bully,beer,fight,20
bully,beer,leave,55
bully,quiche,fight,13
bully,quiche,leave,12
"""


def test_quantal_shows_branch_limit_and_residual() -> None:
    """The view gives the end of the branch, its residual, the outcome it approaches and the play on the way."""
    done = run("quantal", "beer_quiche", COLUMNS="120")
    words = " ".join(done.stdout.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert "Largest residual" in words
    assert "It approaches outcome 1" in words
    assert "One component is near, and no other." in words
    assert "traveller weak beer 0.5000 0.3058" in words


def test_quantal_json_holds_the_branch_and_the_fit(tmp_path: Path) -> None:
    """Columns have one number a point, probabilities sum to one, and the fit is that of the library's own function."""
    (tmp_path / "counts.csv").write_text(COUNTS)
    done = run("quantal", "beer_quiche", "--fit", "counts.csv", "--json", "--out", "q.json", folder=tmp_path)
    content = json.loads(done.stdout)
    assert json.loads((tmp_path / "q.json").read_text()) == content
    assert content["limit"]["status"] == "MATCHED"
    assert content["fit"]["status"] == "INTERIOR"
    assert content["fit"]["rationality"] == pytest.approx(1.697, abs=0.001)
    assert content["fit"]["standard_error"] == pytest.approx(0.081, abs=0.001)
    branch = content["branch"]
    plan = branch["probability"]["bully"]["beer"]
    assert len(branch["rationality"]) == len(branch["residual"]) == len(plan["fight"])
    assert all(a + b == pytest.approx(1) for a, b in zip(plan["fight"], plan["leave"], strict=True))
    assert max(branch["residual"]) == content["largest_residual"] <= 1e-10


def test_quantal_draws_the_branch(tmp_path: Path) -> None:
    """--figure writes SVG or PNG by the ending of the name."""
    assert run("quantal", "beer_quiche", "--lambda-max", "5", "--figure", "b.svg", folder=tmp_path).returncode == 0
    assert run("quantal", "beer_quiche", "--lambda-max", "5", "--figure", "b.png", folder=tmp_path).returncode == 0
    assert (tmp_path / "b.svg").read_text().startswith("<svg")
    assert (tmp_path / "b.png").read_bytes().startswith(b"\x89PNG")


def test_every_information_set_has_a_panel() -> None:
    """The figure names each set of the game, with both of its actions in the legend."""
    picture = branch_svg(logit_branch(load("beer_quiche"), 5.0))
    for words in ("traveller at weak", "traveller at strong", "bully at beer", "bully at quiche", ">fight<", ">leave<"):
        assert words in picture


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        ("player,information_set,action,count\ntraveller,weak,bear,3\n", "counts.csv: counts of 'traveller'"),
        ("player,information_set,action,count\ntraveller,weak,beer,-3\n", "line 2, column count: found '-3'"),
        ("player,information_set,action,count\ntraveller,weak,beer,many\n", "found 'many', expected a number"),
        ("player,information_set,action,count\nt,w,b,1\nt,w,b,2\n", "expected one row for each action"),
        ("player,set,action,count\ntraveller,weak,beer,3\n", "missing column information_set"),
        ("", "the file is empty"),
    ],
)
def test_wrong_counts_are_one_error(counts: str, told: str, tmp_path: Path) -> None:
    """A wrong table of counts names the file and what was expected; nothing is printed."""
    (tmp_path / "counts.csv").write_text(counts)
    done = run("quantal", "beer_quiche", "--fit", "counts.csv", folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (("quantal", "beer_quiche", "--figure", "x.pdf"), 1, "expected .svg or .png"),
        (("quantal", "beer_quiche", "--fit", "nowhere.csv"), 1, "cannot be read"),
        (("quantal", "beer_quich"), 1, "nearest: beer_quiche"),
        (("quantal", "beer_quiche", "--lambda-max", "0"), 2, "positive number"),
        (("convert", "beer_quiche", "x.txt"), 1, "expected .efg"),
        (("convert", "nowhere.efg", "x.yaml"), 1, "nowhere.efg: cannot be read"),
        (("convert", "beer_quich", "x.efg"), 1, "nearest: beer_quiche"),
    ],
)
def test_wrong_words_leave_nothing_behind(words: tuple[str, ...], code: int, told: str, tmp_path: Path) -> None:
    """Exit code and message as documented, and no file is written."""
    done = run(*words, folder=tmp_path)
    assert done.returncode == code
    assert told in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_convert_goes_to_gambit_and_back(tmp_path: Path) -> None:
    """A library game written as .efg and read back has the same equilibrium outcomes; what is lost is said."""
    there = run("convert", "beer_quiche", "game.efg", folder=tmp_path)
    assert there.returncode == 0
    assert "left out: the parameters" in there.stderr
    back = run("convert", "game.efg", "game.yaml", folder=tmp_path)
    assert (back.returncode, back.stdout) == (0, "")
    ours, theirs = (
        json.loads(run("solve", name, "--json", folder=tmp_path).stdout) for name in ("beer_quiche", "game.yaml")
    )
    assert [o["outcome"] for o in ours["outcomes"]] == [o["outcome"] for o in theirs["outcomes"]]
    assert [o["payoffs"] for o in ours["outcomes"]] == [o["payoffs"] for o in theirs["outcomes"]]


def test_a_broken_gambit_file_names_its_line(tmp_path: Path) -> None:
    """An .efg file that is none is refused with its name and line."""
    (tmp_path / "bad.efg").write_text('EFG 2 R "x" { "a" "b" }\nq "" 1\n')
    done = run("convert", "bad.efg", "x.yaml", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("error: bad.efg:2: expected a node")
    assert not (tmp_path / "x.yaml").exists()
