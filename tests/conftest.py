"""Options of the test run, and the folder from which tests import their helpers."""

from __future__ import annotations

import re
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from doubletalk.case.study import StudyResult

sys.path.insert(0, str(Path(__file__).parent))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--full``: the long checks in their full size."""
    parser.addoption("--full", action="store_true", help="run the long checks in full")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of one file run in one process, so that what a file sets up once is set up once; likewise all files whose
    tests read the shipped case's study, and files that name the same ``PROCESS``, for their compiled programs."""
    from xdist.scheduler import LoadScopeScheduling

    class ByProcess(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return process_of(nodeid.split("::")[0])

    return ByProcess(config, log)


@cache
def process_of(file: str) -> str:
    """The group of a test file, from its text."""
    text = (Path(__file__).parents[1] / file).read_text(encoding="utf-8")
    if re.search(r"^ *def .*[(, ]belarus\b", text, re.MULTILINE):
        return "belarus"
    named = re.search(r'^PROCESS = "(\w+)"', text, re.MULTILINE)
    return named.group(1) if named else file


@pytest.fixture(scope="session")
def full(request: pytest.FixtureRequest) -> bool:
    """Whether the long checks run in full."""
    return bool(request.config.getoption("--full"))


@pytest.fixture(scope="session")
def belarus() -> StudyResult:
    """The shipped case, studied once for all tests that read the result, without the search for flips and without
    fitting the record, which takes a minute of its own and is tested on small cases."""
    from doubletalk.case.study import study

    return study("belarus", flips="none", evidence="none")
