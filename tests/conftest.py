"""Options of the test run, and the folder from which tests import their helpers."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from doubletalk.case.study import StudyResult

sys.path.insert(0, str(Path(__file__).parent))


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--full``: the long checks in their full size."""
    parser.addoption("--full", action="store_true", help="run the long checks in full")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of one file run in one process, so that what a file sets up once is set up once; likewise all files that
    read the shipped case's study, and files that name the same ``PROCESS``, whose compiled programs are shared."""
    study = {item.path for item in items if "belarus" in getattr(item, "fixturenames", ())}
    for item in items:
        own = getattr(getattr(item, "module", None), "PROCESS", item.path.stem)
        item.add_marker(pytest.mark.xdist_group("belarus" if item.path in study else own))


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
