"""The crisis commands on users' files: what is wrong is said in one line with exit 1; what is unusual works."""

from __future__ import annotations

import contextlib
import csv
import http.server
import io
import sys
import threading
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
import pytest
from test_crisis_estimation import simulated

from doubletalk.cli import main

UTILITIES = {"SA": "x - 1", "VA": "1", "CB": "1 + y", "barWA": "1 + x", "barWB": "1 + y", "bara": "1", "VB": "0"}
HEAD = "game,sq,cd,sf,bd,x,y,kind,split"


@pytest.fixture(scope="module")
def lines():
    """A table of 40 games with a covariate of words and one that separates nothing."""
    data, _ = simulated(40, 50, 3)
    rows = [HEAD]
    for i in range(40):
        counts = ",".join(f"{c:.0f}" for c in data.counts[i])
        kind = ("calm", "hot", "cold & wet")[i % 3]
        rows.append(f"g{i},{counts},{data.columns['x'][i]:.6f},{data.columns['y'][i]:.6f},{kind},{i % 2}")
    return rows


def specification(folder: Path, extra: str = "", **changed: str) -> Path:
    """A specification file with some formulas changed."""
    path = folder / "spec.yaml"
    formulas = "".join(f'  {name}: "{formula}"\n' for name, formula in {**UTILITIES, **changed}.items())
    path.write_text(f"doubletalk-crisis: 1\ngame: game\nutilities:\n{formulas}{extra}", encoding="utf-8")
    return path


class Outcome(NamedTuple):
    """What a command left."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Both streams."""
        return self.stdout + self.stderr


def run(*arguments: object) -> Outcome:
    """The command line, errors and all."""
    out, error = io.StringIO(), io.StringIO()
    with (
        mock.patch.object(sys, "argv", ["doubletalk", "crisis", *map(str, arguments)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(error),
        pytest.raises(SystemExit) as left,
    ):
        main()
    return Outcome(int(left.value.code or 0), out.getvalue(), error.getvalue())


def refused(result, words: str) -> None:
    """Exit 1 with an error of one line (or one line for each wrong cell) that has *words*; nothing else printed."""
    assert result.exit_code == 1, result.output
    assert words in result.stderr
    assert result.stderr.startswith("error: ")
    assert "Traceback" not in result.stderr
    assert "fault in doubletalk" not in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda t: [t[0], t[1].replace(t[1].split(",")[5], "NA"), *t[2:]], "line 2, column x: found 'NA'"),
        (lambda t: [t[0].replace("sq", "SQ"), *t[1:]], "no column 'sq' (did you mean 'SQ'?)"),
        (lambda t: [t[0], t[1].replace(t[1].split(",")[1], "1.5", 1), *t[2:]], "expected a count"),
        (lambda t: [t[0], t[1].replace(t[1].split(",")[1], "-3", 1), *t[2:]], "expected a count"),
        (lambda t: [t[0], *(",".join([r.split(",")[0], "0,0,0,0", *r.split(",")[5:]]) for r in t[1:])], "no game ever"),
        (lambda t: t[:2], "need at least as many games"),
        (lambda t: t[:1], "no game in the table"),
        (lambda t: [row.replace(",", ";") for row in t], "no column 'sq'"),
        (lambda t: [t[0].replace("split", "x"), *t[1:]], "column 'x' appears 2 times"),
        (lambda t: [*t[:3], "g2,1,2", *t[4:]], "line 4, column (whole row): found '3 cells'"),
        (lambda t: [], "the file is empty"),
    ],
)
def test_a_wrong_table_is_refused_in_one_line(lines, tmp_path, change, words):
    """Missing values, names, counts, rows: what was found and what was expected, by line."""
    path = tmp_path / "data.csv"
    path.write_text("\n".join(change(lines)) + "\n" * bool(change(lines)), encoding="utf-8")
    refused(run("fit", path, "--spec", specification(tmp_path)), words)


@pytest.mark.parametrize(
    ("formula", "words"),
    [
        ("1 + (y", "'1 + (y' is not a formula"),
        ("1 + + * y", "is not a formula"),
        ("y ~ x", "is not a formula"),
        ("x | y", "'|' is not part of a formula"),
        ("x % y", "'%' is not part of a formula"),
        ("y > 0", "'y > 0' is not part of a formula"),
        ("y.mean()", "unknown function 'y.mean'"),
        ("__import__(y)", "unknown function '__import__'"),
        ("x^y", "must be a positive integer"),
        ("log(y)", "the formula cannot be worked out"),
        ("sqrt(kind)", "the formula cannot be worked out"),
        ("1 + z", "no column 'z'"),
        ("1 + sqrt(sqrt)", "sqrt is a column and a function here"),
        ("y + I(2*y)", "are collinear"),
    ],
)
def test_a_wrong_formula_is_refused_in_one_line(lines, tmp_path, formula, words):
    """Syntax, unknown functions and columns, arithmetic that fails, collinear columns."""
    path = tmp_path / "data.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = run("fit", path, "--spec", specification(tmp_path, CB=formula))
    refused(result, words)
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("formula", "names"),
    [
        ("1 + kind", ["barWB: kind[T.cold & wet]", "barWB: kind[T.hot]"]),
        ("1 + x:y", ["barWB: x:y"]),
        ("x*y", ["barWB: x", "barWB: y", "barWB: x:y"]),
        ("1 + C(split)", ["barWB: C(split)[T.1.0]"]),
        ("1 + y:kind", ["barWB: y:kind[calm]", "barWB: y:kind[cold & wet]", "barWB: y:kind[hot]"]),
        ("1 + I(y**2) + exp(x)", ["barWB: I(y ** 2)", "barWB: exp(x)"]),
    ],
)
def test_factors_interactions_and_arithmetic_enter(lines, tmp_path, formula, names):
    """The columns are those of the formula, estimated, and predicted for new rows with the same levels."""
    path = tmp_path / "data.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    spec = specification(tmp_path, barWB=formula)
    result = run("fit", path, "--spec", spec, "--out", tmp_path / "out")
    assert result.exit_code == 0, result.output
    for name in names:
        assert f"\n{name} " in result.stdout
    new = tmp_path / "new.csv"
    new.write_text("\n".join(["game,x,y,kind,split", "n1,0.1,0.2,hot,1", "n2,0.1,0.2,calm,0"]) + "\n", encoding="utf-8")
    predicted = run("predict", path, "--spec", spec, "--at", new, "--draws", 20)
    rows = list(csv.DictReader(io.StringIO(predicted.stdout)))
    assert [row["game"] for row in rows] == ["n1", "n2"]
    for row in rows:
        assert abs(sum(float(row[o]) for o in ("sq", "cd", "sf", "bd")) - 1) < 1e-4
        assert all(float(row[f"{o}_low"]) <= float(row[f"{o}_high"]) for o in ("sq", "cd", "sf", "bd"))
    assert (tmp_path / "out" / "table.tex").read_text(encoding="utf-8").count("&") > 10


def test_a_level_that_was_never_seen_is_refused(lines, tmp_path):
    """Prediction for a level that the data do not have names the level."""
    path, new = tmp_path / "data.csv", tmp_path / "new.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    new.write_text("game,x,y,kind\nn1,0.1,0.2,lukewarm\n", encoding="utf-8")
    refused(run("predict", path, "--spec", specification(tmp_path, barWB="1 + kind"), "--at", new), "lukewarm")


def test_games_without_plays_change_nothing(lines, tmp_path):
    """Games never played leave estimates as they are."""
    full, fewer = tmp_path / "full.csv", tmp_path / "fewer.csv"
    empty = [",".join([f"e{k}", "0,0,0,0", *row.split(",")[5:]]) for k, row in enumerate(lines[1:4])]
    full.write_text("\n".join([*lines, *empty]) + "\n", encoding="utf-8")
    fewer.write_text("\n".join(lines) + "\n", encoding="utf-8")
    spec = specification(tmp_path)
    one, two = (run("fit", path, "--spec", spec, "--method", "npl") for path in (full, fewer))
    assert one.stdout.split("log-likelihood")[0] == two.stdout.split("log-likelihood")[0]


def test_data_come_from_an_address(lines, tmp_path):
    """The same table over http gives the same estimates; a missing page and a dead server are one clear error."""
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    spec = specification(tmp_path)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments, **named):
            super().__init__(*arguments, directory=str(tmp_path), **named)

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        over = run("fit", f"{address}/data.csv", "--spec", spec)
        here = run("fit", tmp_path / "data.csv", "--spec", spec)
        assert over.exit_code == 0
        assert over.stdout == here.stdout
        refused(run("fit", f"{address}/nothing.csv", "--spec", spec), f"{address}/nothing.csv")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    refused(run("fit", f"{address}/data.csv", "--spec", spec), "cannot be fetched")


def test_a_covariate_in_dollars_shows_its_digits(lines, tmp_path):
    """A coefficient of 1e-10 is printed with its digits, in text and LaTeX, and is that of the same in other units."""
    plain, dollars = tmp_path / "plain.csv", tmp_path / "dollars.csv"
    plain.write_text("\n".join(lines) + "\n", encoding="utf-8")
    cells = [row.split(",") for row in lines[1:]]
    rows = [lines[0], *(",".join([*c[:6], f"{float(c[6]) * 1e9:.3f}", *c[7:]]) for c in cells)]
    dollars.write_text("\n".join(rows) + "\n", encoding="utf-8")
    found = []
    for path in (plain, dollars):
        result = run("fit", path, "--spec", specification(tmp_path, barWB="1"), "--out", tmp_path / path.stem)
        assert result.exit_code == 0, result.output
        table = (tmp_path / path.stem / "table.txt").read_text(encoding="utf-8")
        row = next(row for row in table.splitlines() if row.startswith("CB: y"))
        found.append([float(word.strip("()")) for word in row.split()[2:]])
        assert row.split()[2] in (tmp_path / path.stem / "table.tex").read_text(encoding="utf-8")
    assert found[1] == pytest.approx([value * 1e-9 for value in found[0]], rel=0.05)


def test_a_file_address_is_the_file(lines, tmp_path):
    """file:// with a blank in the path gives what the path gives; a missing file is one clear error."""
    folder = tmp_path / "my data"
    folder.mkdir()
    (folder / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    spec = specification(tmp_path)
    over = run("fit", (folder / "data.csv").as_uri(), "--spec", spec)
    assert over.exit_code == 0, over.output
    assert over.stdout == run("fit", folder / "data.csv", "--spec", spec).stdout
    refused(run("fit", (folder / "nothing.csv").as_uri(), "--spec", spec), "cannot be fetched")


def test_what_beliefs_leave_open_does_not_hide_the_rest(lines, tmp_path):
    """With one pF for all games the counts cannot tell CB from barWB; A's coefficients keep their errors."""
    path = tmp_path / "data.csv"
    rows = [f"{lines[0]},p,f", *(f"{row},0.{3 + k % 4},0.5" for k, row in enumerate(lines[1:]))]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    spec = specification(tmp_path, "first_stage: {pR: p, pF: f}\n")
    for extra in ((), ("--robust",)):
        result = run("fit", path, "--spec", spec, "--method", "pl", *extra)
        assert result.exit_code == 0, result.output
        for row in result.stdout.splitlines():
            name = row.split(":")[0]
            if name in ("CB", "barWB"):
                assert "not determined" in row
            elif name in UTILITIES:
                assert "not determined" not in row
        assert "do not determine CB: Intercept" in result.stderr


def test_equilibria_are_certified_from_the_command_line(lines, tmp_path):
    """--certify adds an enclosure to every equilibrium, and the last line says that all games are proved."""
    path = tmp_path / "data.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    result = run("equilibria", path, "--spec", specification(tmp_path), "--certify")
    assert result.exit_code == 0, result.output
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert len(rows) >= 40
    for row in rows:
        assert row["proof"] == "complete"
        assert 0 < float(row["q_high"]) - float(row["q_low"]) < 1e-8
    assert "40 of 40 games proved complete in ball arithmetic" in result.stderr
    assert "the search found the same" in result.stderr


def test_separated_data_are_reported_by_name(tmp_path):
    """Where one outcome never happens on one side of a covariate, huge errors are not passed over in silence."""
    generator = np.random.default_rng(2)
    rows = ["game,sq,cd,sf,bd,x,y,kind,split"]
    for i in range(30):
        sf = 0 if i % 2 else int(generator.integers(2, 6))
        rows.append(f"g{i},40,{generator.integers(1, 5)},{sf},{generator.integers(1, 4)},{generator.normal():.4f},"
                    f"{generator.normal():.4f},calm,{i % 2}")  # fmt: skip
    path = tmp_path / "data.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    result = run("fit", path, "--spec", specification(tmp_path, barWA="1 + split"))
    assert result.exit_code == 0, result.output
    assert "an outcome may never happen on one side" in result.stderr
    assert "barWA: split" in result.stderr
