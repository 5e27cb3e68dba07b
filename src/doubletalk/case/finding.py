"""Where cases are: by path, or by name among those that ship inside the package; and a copy to start from."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from doubletalk.case.loading import CASE_FILE
from doubletalk.errors import InputError
from doubletalk.game.wording import unknown

__all__ = ["find_case", "is_case", "new_case", "shipped_cases"]

_HOME = Path(__file__).resolve().parent.parent / "cases"
_LEFT_OUT = ("__pycache__", "*.pyc", ".*")


def shipped_cases() -> tuple[str, ...]:
    """Names of the cases inside the package."""
    return tuple(sorted(p.name for p in _HOME.iterdir() if (p / CASE_FILE).is_file())) if _HOME.is_dir() else ()


def find_case(name_or_path: str | Path) -> Path:
    """The folder of a case: a folder with a case.yaml (or that file itself), else a shipped case of that name."""
    place = Path(name_or_path)
    if place.name == CASE_FILE and place.is_file():
        return place.parent
    if (place / CASE_FILE).is_file():
        return place
    if place.is_dir():
        raise InputError(f"found a folder without {CASE_FILE}, expected a case folder", str(place))
    if str(name_or_path) in shipped_cases():
        return _HOME / str(name_or_path)
    raise InputError(
        f"{unknown('case', str(name_or_path), shipped_cases())}; a path to a case folder is accepted as well"
    )


def is_case(name_or_path: str | Path) -> bool:
    """Whether the name or path means a case, not a game file."""
    place = Path(name_or_path)
    if place.exists():
        return place.name == CASE_FILE or (place / CASE_FILE).is_file()
    return str(name_or_path) in shipped_cases()


def new_case(target: str | Path, source: str | Path = "belarus") -> Path:
    """A copy of a case at *target*, all or nothing; an existing *target* is never touched."""
    origin, place = find_case(source), Path(target)
    if place.exists() or place.is_symlink():
        raise InputError("already exists; nothing was written. Choose another name or remove it first", str(place))
    parent = place.parent
    if not parent.is_dir():
        raise InputError(f"the folder '{parent}' does not exist", str(place))
    try:
        with tempfile.TemporaryDirectory(prefix=".new-case-", dir=parent) as scratch:
            made = Path(scratch) / "case"
            shutil.copytree(origin, made, ignore=shutil.ignore_patterns(*_LEFT_OUT))
            for path in made.rglob("*"):
                path.chmod(0o755 if path.is_dir() else 0o644)
            made.chmod(0o755)
            os.rename(made, place)
    except OSError as wrong:
        raise InputError(f"cannot be written: {wrong.strerror or wrong}", str(place)) from None
    return place
