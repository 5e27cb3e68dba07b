"""What lies beside the games of a case is read and looked up before anything is solved."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

pytest.importorskip("jax")

from doubletalk.case import study as study_module
from doubletalk.case.beside import read_beside
from doubletalk.case.finding import find_case
from doubletalk.case.loading import load_case
from doubletalk.case.study import study
from doubletalk.errors import InputError


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The Belarus case, to be spoilt; a solve of any game is a failure."""

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("something was solved before the record was read")

    monkeypatch.setattr(study_module, "solve", refused)
    return Path(shutil.copytree(find_case("belarus"), tmp_path / "case"))


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("claims.yaml", "P(hedger at 2020Q2)", "P(hedger at 2020Q7)", "unknown quarter '2020Q7'; did you mean '2020Q4"),
        ("claims.yaml", "P(hedger at 2020Q2)", "P(hedger at 1990Q2)", "unknown quarter '1990Q2'"),
        ("tells_apart.yaml", "rate(court", "rate(cuort", "row 'why-court'.*did you mean 'court'"),
        ("questions.yaml", "rows: [after-relief]", "rows: [after-reliefs]", "did you mean 'after-relief'"),
        ("questions.yaml", "mean(repress in", "mean(represss in", "did you mean 'repress'"),
        ("coding-first.yaml", "  west:", "  wset:", "coding-first.yaml: unknown actor .* 'wset'; did you mean 'west'"),
        ("coding-strict.yaml", "move: sanction", "move: sancton", "coding-strict.yaml:.*did you mean 'sanction'"),
        ("case.yaml", "lenses: lenses.yaml", "lenses: lense.yaml", "lenses: unknown file 'lense.yaml'; did you mean"),
        ("case.yaml", "file: longgame.yaml", "file: longame.yaml", "longgame: unknown file 'longame.yaml'; did you"),
    ],
)  # fmt: skip
def test_a_wrong_name_costs_no_solve(folder: Path, file: str, old: str, new: str, said: str) -> None:
    """One error that names the file and the nearest known name, before the first solve."""
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=f"(?s){said}"):
        study(folder)


def test_a_fit_that_is_none_or_of_another_record_costs_no_solve(folder: Path) -> None:
    """No NetCDF file, a fit of other moves, a fit of other levels: each is refused before the first solve."""
    pytest.importorskip("numpyro")
    pytest.importorskip("h5netcdf")
    saved = folder / "fit" / "posterior.nc"
    with pytest.raises(InputError, match="is no saved fit"):
        study(folder, fit=folder / "README.md")
    assert read_beside(load_case(folder), saved) is not None
    text = (folder / "coding.yaml").read_text(encoding="utf-8")
    for old, new, said in (
        ("move: sanction, action: sanction,", "move: sanction, action: demand,", "moves of west"),
        ("size: [notable, major], at_least: some", "size: [notable, major], at_least: heavy", "levels of sanctions"),
    ):
        assert old in text
        (folder / "coding.yaml").write_text(text.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(InputError, match=f"a fit of another record: {said} are not those of coding"):
            study(folder, fit=saved)


def test_a_fit_without_a_record_or_a_long_game_is_refused(folder: Path) -> None:
    """A saved fit goes with a record and a long game; without either it would be passed over in silence."""
    text = (folder / "case.yaml").read_text(encoding="utf-8")
    (folder / "case.yaml").write_text(text.replace("record: true", "record: false"), encoding="utf-8")
    with pytest.raises(InputError, match="the case has no record"):
        study(folder, fit=folder / "fit" / "posterior.nc")


def test_a_fit_without_jax_says_what_to_install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra is named; nothing is imported that fails with a traceback."""
    monkeypatch.setitem(sys.modules, "jax", None)
    with pytest.raises(InputError, match=r"pip install 'doubletalk\[longgame\]'"):
        read_beside(load_case(folder), folder / "fit" / "posterior.nc")
