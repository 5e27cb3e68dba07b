"""The command line as a user meets it: output, exit codes, errors in one line, and never a traceback."""

from __future__ import annotations

import importlib.util
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import pytest

import doubletalk
from doubletalk.case.finding import shipped_cases
from doubletalk.errors import InputError
from doubletalk.library import entries, find
from doubletalk.report.pdf import check_pdf

PROGRAM = [sys.executable, "-c", "from doubletalk.cli import main; main()"]
SOURCE = str(Path(doubletalk.__file__).parent.parent)


def environment(**extra: str) -> dict[str, str]:
    """The surroundings of a command: this package, no colours from outside."""
    kept = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "NO_COLOR", "DOUBLETALK_TRACEBACK")}
    return {**kept, "PYTHONPATH": SOURCE, **extra}


def run(*words: str, folder: Path | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
    """Run the program and wait."""
    command = [*PROGRAM, *words]
    return subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment(**extra), timeout=100, check=False
    )


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A game whose search takes far longer than a second."""
    chance = random.Random(1)
    types, messages, actions = range(6), range(6), range(6)
    terms = [
        {"when": {"type": f"t{t}", "message": f"m{m}", "a": f"a{a}"}, "add": chance.randint(1, 999)}
        for t in types
        for m in messages
        for a in actions
    ]
    mirror = [{**term, "add": chance.randint(1, 999)} for term in terms]
    game = {
        "doubletalk": 1,
        "title": "Large",
        "sender": {
            "name": "s",
            "types": {f"t{t}": "1/6" for t in types},
            "messages": [f"m{m}" for m in messages],
        },
        "audiences": {"a": {"actions": [f"a{a}" for a in actions]}},
        "payoffs": {"s": terms, "a": mirror},
    }
    path = tmp_path_factory.mktemp("large") / "large.json"
    path.write_text(json.dumps(game))
    return path


def test_solve_shows_the_answer_in_words() -> None:
    """The view names who says what and counts what was verified."""
    done = run("solve", "beer-quiche", "--certificate")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 sequential equilibrium outcomes: proved to be all." in done.stdout
    assert "extreme points verified" in " ".join(done.stdout.split())
    assert "Outcome 1: pooling" in done.stdout


def test_solve_json_is_the_solution_file_and_nothing_else() -> None:
    """Standard output holds one JSON document that satisfies the schema the program prints; each point is valid."""
    schema = json.loads(run("schema", "solution").stdout)
    done = run("solve", "patron_and_rival", "--json", "--certificate")
    content = json.loads(done.stdout)
    jsonschema.Draft202012Validator(schema).validate(content)
    proof = content["certificate"]
    assert proof["failed"] == 0
    assert proof["verified"] == len(proof["points"]) > 0
    assert set(proof["points"][0]["gains"].values()) == {"0"}
    assert set(content["timing_s"]) >= {"parse", "solve"}


def test_output_is_the_same_from_run_to_run() -> None:
    """Two processes with different hash seeds write the same but for the timing."""
    texts = []
    for seed in ("1", "2"):
        content = json.loads(run("solve", "patron_and_rival", "--json", PYTHONHASHSEED=seed).stdout)
        content.pop("timing_s")
        texts.append(json.dumps(content))
    assert texts[0] == texts[1]


def test_out_writes_the_file_and_set_changes_a_parameter(tmp_path: Path) -> None:
    """--out writes into a new folder; --set is exact."""
    done = run("solve", "beer_quiche", "--set", "strong=0.8", "--out", "new/answer.json", folder=tmp_path)
    assert done.returncode == 0
    assert json.loads((tmp_path / "new" / "answer.json").read_text())["parameters"] == {"strong": "4/5", "duel": "2"}
    assert "wrote new/answer.json" in done.stderr


def test_nash_has_at_least_the_sequential_outcomes() -> None:
    """--concept nash is recorded, and its list is not shorter for beer-quiche."""
    content = json.loads(run("solve", "beer_quiche", "--concept", "nash", "--json").stdout)
    assert content["concept"] == "nash"
    assert len(content["outcomes"]) >= 2


def test_check_says_what_was_understood() -> None:
    """Players, size, solver class."""
    done = run("check", str(find("beer_quiche")))
    assert done.returncode == 0
    assert "traveller has 2 types and 2 messages." in done.stdout
    assert "Solver class: separable" in done.stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("solve", "beer_quich"), "nearest: beer_quiche"),
        (("check", "nowhere.yaml"), "no such file"),
        (("check", "."), "is a folder"),
        (("library", "beer_quich"), "nearest: beer_quiche"),
        (("solve", "beer_quiche", "--set", "strnog=1/2"), "strong"),
        (("solve", "beer_quiche", "--set", "strong=x"), "not an exact number"),
        (("solve", "beer_quiche", "--set", "strong=2"), "cannot be negative"),
        (("solve", "beer_quiche", "--out", "."), "is a folder"),
        (("study", "nowhere"), "belarus"),
        (("new", "x", "--from", "nowhere"), "belarus"),
    ],
)
def test_wrong_input_is_one_message_and_code_1(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    """What is wrong is said once on standard error, nothing is printed or written."""
    done = run(*words, folder=tmp_path)
    assert done.returncode == 1
    assert done.stdout == ""
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("sovle", "x"),
        ("solve",),
        ("solve", "beer_quiche", "--concept", "perfect"),
        ("solve", "beer_quiche", "--set", "strong"),
        ("solve", "beer_quiche", "--set", "strong=1/2", "--set", "strong=1/3"),
        ("solve", "beer_quiche", "--time-limit", "0"),
        ("solve", "beer_quiche", "--time-limit", "soon"),
        ("schema", "case"),
    ],
)
def test_wrong_command_line_is_code_2(words: tuple[str, ...]) -> None:
    """A command line that cannot be understood ends with 2 and no traceback."""
    done = run(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_malformed_file_gives_its_line(tmp_path: Path) -> None:
    """An error in a file names the file and the line."""
    path = tmp_path / "bad.yaml"
    path.write_text("doubletalk: 1\ntitle: Bad\nsendr: {}\n")
    done = run("check", str(path))
    assert done.returncode == 1
    assert f"{path}:3:" in done.stderr.replace("bad.yaml: line 3", "bad.yaml:3:")


def test_time_limit_ends_with_what_was_found(large: Path, tmp_path: Path) -> None:
    """Code 3; the file is whole and says that it is not complete."""
    done = run("solve", str(large), "--time-limit", "1", "--out", "part.json", folder=tmp_path)
    assert done.returncode == 3, done.stderr
    content = json.loads((tmp_path / "part.json").read_text())
    assert content["complete"] is False
    assert "time limit" in content["why_incomplete"]


def test_interrupt_keeps_what_was_found(large: Path, tmp_path: Path) -> None:
    """Ctrl-C ends with 130 and still writes the file."""
    command = [*PROGRAM, "solve", str(large), "--time-limit", "60", "--out", "part.json"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=pipe, stderr=pipe) as p:
        time.sleep(2.5)
        p.send_signal(signal.SIGINT)
        _, errors = p.communicate(timeout=20)
    assert p.returncode == 130, errors
    assert b"Traceback" not in errors
    assert json.loads((tmp_path / "part.json").read_text())["complete"] is False


def test_reader_that_leaves_early_is_no_error() -> None:
    """``| head`` gives no complaint."""
    command = [*PROGRAM, "library", "--json"]
    with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
        assert p.stdout is not None
        assert p.stderr is not None
        p.stdout.close()
        errors = p.stderr.read()
    assert errors == b""
    assert p.returncode == 0


def test_width_follows_columns_and_nothing_is_coloured_in_a_pipe() -> None:
    """Lines stay within COLUMNS; no escape codes."""
    done = run("solve", "patron_and_rival", COLUMNS="60")
    assert max(len(line) for line in done.stdout.splitlines()) <= 60
    assert "\x1b" not in done.stdout


def test_library_lists_every_game_and_prints_files() -> None:
    """Every name is in the list; the JSON has the sources; a name prints its file."""
    listed = run("library").stdout
    records = json.loads(run("library", "--json").stdout)["games"]
    assert [record["name"] for record in records] == [entry.name for entry in entries()]
    assert all(record["source"] for record in records)
    assert all(entry.name in listed for entry in entries())
    assert run("library", "beer_quiche").stdout == find("beer_quiche").read_text(encoding="utf-8")


def test_new_copies_a_case_once(tmp_path: Path) -> None:
    """A case is copied to a new folder, and never over an old one."""
    assert "belarus" in shipped_cases()
    assert run("new", "mine", "--from", "belarus", folder=tmp_path).returncode == 0
    assert (tmp_path / "mine" / "case.yaml").is_file()
    again = run("new", "mine", folder=tmp_path)
    assert (again.returncode, again.stdout) == (1, "")


def test_version_is_printed() -> None:
    """--version names the program and its version."""
    assert run("--version").stdout == f"doubletalk {doubletalk.__version__}\n"


def test_a_fault_in_the_program_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error is told as a fault, without a traceback."""
    from doubletalk.commands.running import explained

    code, message = explained(ZeroDivisionError("0/0"))
    assert code == 1
    assert "a fault in doubletalk itself (ZeroDivisionError: 0/0)" in message
    assert explained(KeyboardInterrupt())[0] == 130


def test_solve_starts_without_heavy_imports() -> None:
    """Neither tables, figures nor numerics are imported for solving."""
    program = (
        "import sys; from doubletalk.cli import app; app(['solve', 'beer_quiche'], standalone_mode=False); "
        "print([m for m in ('numpy', 'polars', 'altair', 'vl_convert', 'jax', 'pandas') if m in sys.modules])"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_solve_refines_and_explains() -> None:
    """--refine fills the verdicts, --explain says why; an unknown refinement is wrong input with the nearest name."""
    done = run("solve", "beer_quiche", "--refine", "intuitive", "--json")
    assert [o["survives"] for o in json.loads(done.stdout)["outcomes"]] == [{"intuitive": True}, {"intuitive": False}]
    shown = run("solve", "beer_quiche", "--refine", "intuitive", "--explain", COLUMNS="200")
    assert "outcome 2 fails" in shown.stdout
    assert "strong then gets at least 3, more than 2" in shown.stdout
    wrong = run("solve", "beer_quiche", "--refine", "intuitve")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "did you mean 'intuitive'?" in wrong.stderr
    assert run("solve", "beer_quiche", "--explain").returncode == 2


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of one small game and two claims."""
    folder = tmp_path_factory.mktemp("case") / "tiny"
    folder.mkdir()
    (folder / "game.yaml").write_text(find("beer_quiche").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "case.yaml").write_text(
        "doubletalk_case: 1\ntitle: Tiny\ngames: {quiche: game.yaml}\nclaims: claims.yaml\n", encoding="utf-8"
    )
    (folder / "claims.yaml").write_text(
        "sides: {a: The first side}\nclaims:\n"
        "  - {id: one, who: a, says: All drink beer., statement: 'in some equilibrium: P(message=beer) = 1'}\n"
        "  - {id: two, who: a, says: Motives., cannot: a motive is no event}\n",
        encoding="utf-8",
    )
    return folder


def test_study_writes_a_report_and_names_the_folders_it_made(tiny: Path, tmp_path: Path) -> None:
    """--out makes the folders that are missing and says which; the terminal has a short summary by side."""
    done = run("study", str(tiny), "--out", "new/deep", folder=tmp_path, COLUMNS="100")
    assert done.returncode == 0, done.stderr
    assert "made the folders new, new/deep" in done.stderr
    assert (tmp_path / "new" / "deep" / "report.html").is_file()
    assert "Motives." not in done.stdout
    rows = re.findall(r"^ *(\w[^.\n]*?) +(\d+) *$", done.stdout, flags=re.M)
    assert [name.split(",")[0] for name, _ in rows][::2] == ["About the model", "Not asked"]
    assert [int(count) for _, count in rows] == [1, 1, 1, 1]
    again = run("study", str(tiny), "--out", "new/deep", "--claims", folder=tmp_path)
    assert "made the folder" not in again.stderr
    assert "Motives." in again.stdout
    assert "Not expressed: a motive is no event" in again.stdout


def test_study_interrupted_writes_what_it_found(tmp_path: Path) -> None:
    """Ctrl-C ends with 130; the page is marked at its top, study.json says where it stopped, no file is left half."""
    command = [*PROGRAM, "study", "belarus", "--out", "part"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=tmp_path, env=environment(), stdout=pipe, stderr=pipe) as p:
        time.sleep(5)
        p.send_signal(signal.SIGINT)
        _, errors = p.communicate(timeout=60)
    assert p.returncode == 130, errors
    assert b"Traceback" not in errors
    assert b"the report in part is marked incomplete" in errors
    page = (tmp_path / "part" / "report.html").read_text(encoding="utf-8")
    assert page.index("This report is incomplete") < page.index("<nav")
    assert json.loads((tmp_path / "part" / "study.json").read_text())["stopped"].startswith("interrupted while")
    assert not [p.name for p in (tmp_path / "part").iterdir() if p.name.startswith(".")]


@pytest.mark.parametrize(
    ("case", "told"),
    [
        ("no/where", "no/where: no such folder; expected a folder with case.yaml"),
        ("gone/case.yaml", "gone/case.yaml: no such file"),
        ("a.yaml", "a.yaml: is a file; expected a case folder"),
        ("empty", "found a folder without case.yaml"),
        ("belarsu", "did you mean 'belarus'?"),
    ],
)
def test_a_missing_case_is_one_clear_error(case: str, told: str, tmp_path: Path) -> None:
    """What was given decides what is said: a path, a file, a folder without case.yaml, or a name."""
    (tmp_path / "a.yaml").write_text("x: 1\n")
    (tmp_path / "empty").mkdir()
    done = run("study", case, folder=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert told in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_pdf_is_written_where_its_extra_is_there(tiny: Path, tmp_path: Path) -> None:
    """--pdf writes a PDF; without the extra it is one error that names the command, before any work."""
    done = run("study", str(tiny), "--out", "report", "--pdf", folder=tmp_path)
    if importlib.util.find_spec("weasyprint") is None:
        assert done.returncode == 1
        assert "pip install 'doubletalk[pdf]'" in done.stderr
        assert not (tmp_path / "report").exists()
    else:
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "report" / "report.pdf").read_bytes().startswith(b"%PDF")


def test_pdf_without_its_extra_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing WeasyPrint is told with the command that installs it."""
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(InputError, match=r"pip install 'doubletalk\[pdf\]'"):
        check_pdf()


def test_the_package_runs_as_a_module() -> None:
    """``python -m doubletalk`` is the command line."""
    done = subprocess.run([sys.executable, "-m", "doubletalk", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("doubletalk ")


def test_the_certificate_keeps_to_the_time_limit(tmp_path):
    """Everything ties, so that there are 16,384 points: what is left unchecked is counted, in words and in the file."""
    prior = ", ".join(f"t{t}: 1/3" for t in range(3))
    game = tmp_path / "ties.yaml"
    game.write_text(
        "doubletalk: 1\ntitle: Everything ties\nsender:\n  name: s\n"
        f"  types: {{{prior}}}\n  messages: [k, l, m, n]\n"
        "audiences:\n  a: {actions: [x, y]}\n  b: {actions: [x, y]}\n"
        "payoffs: {s: [], a: [], b: []}\n"
    )
    out = tmp_path / "out.json"
    done = run("solve", str(game), "--certificate", "--time-limit", "2", "--out", str(out))
    proof = json.loads(out.read_text())["certificate"]
    assert done.returncode == 3
    assert proof["failed"] == 0
    assert proof["verified"] > 0
    assert proof["unchecked"] > 0
    assert f"{proof['verified']} extreme points verified exactly. {proof['unchecked']}" in " ".join(done.stdout.split())
