"""A case is studied, its record asked and its report written where the extras are not installed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from doubletalk.case.finding import find_case

EXTRAS = ("jax", "jaxlib", "numpyro", "arviz", "h5netcdf", "formulaic")
PROGRAM = f"""
import sys
sys.modules.update(dict.fromkeys({EXTRAS!r}))
from doubletalk.cli import main
sys.exit(main())
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own, in which no extra can be imported."""
    program = [sys.executable, "-c", PROGRAM, *arguments]
    return subprocess.run(program, capture_output=True, text=True, timeout=300, env=os.environ)


def test_a_case_is_studied_and_its_report_written(tmp_path: Path) -> None:
    """A case without a long game needs none of them."""
    found = run("study", "firm", "--out", str(tmp_path), "--flips", "none")
    assert found.returncode == 0, found.stderr
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_every_module_of_the_report_can_be_imported() -> None:
    """The evidence and forecast sections included: what needs jax is imported where it is used."""
    names = ("report.html", "report.study_terminal", "case.tables", "case.beside", "commands.study")
    names += ("forecast.stored", "forecast.evaluate")
    code = PROGRAM.split("from doubletalk.cli")[0] + "".join(f"import doubletalk.{name}\n" for name in names)
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, env=os.environ)
    assert found.returncode == 0, found.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("fit", "belarus", "--quick", "--out", "OUT/x.nc"), "doubletalk[fit]"),
        (("lenses", "belarus", "--quick", "--out", "OUT"), "doubletalk[longgame]"),
        (("forecast", "belarus", "--out", "OUT"), "doubletalk[longgame]"),
        (("longgame", "solve", "belarus"), "doubletalk[longgame]"),
        (("study", "belarus", "--fit", "FIT", "--out", "OUT"), "doubletalk[longgame]"),
    ],
)
def test_a_command_that_needs_an_extra_names_it(arguments: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """One line that says what to install, exit code 1, nothing written, no traceback."""
    fit, out = str(find_case("belarus") / "fit" / "posterior.nc"), str(tmp_path / "out")
    found = run(*(word.replace("FIT", fit).replace("OUT", out) for word in arguments))
    assert found.returncode == 1
    assert f"pip install '{said}'" in found.stderr
    assert len(found.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_the_record_is_asked() -> None:
    """What the record says without a model needs no model's packages."""
    found = run("chronicle", "belarus", "--tests", "--json")
    assert found.returncode == 0, found.stderr
    assert found.stdout.startswith("[")
