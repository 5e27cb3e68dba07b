"""The forecast section of the report, on the forecasts that the Belarus case holds."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from doubletalk.case.finding import find_case
from doubletalk.case.loading import load_case
from doubletalk.evidence.coding import coded_record
from doubletalk.forecast.stored import StoredForecasts, stored_forecasts
from doubletalk.report.page_content import PageContent
from doubletalk.report.sections.forecast import forecast

CASE = Path(find_case("belarus"))


@pytest.fixture(scope="module")
def stored() -> StoredForecasts:
    case = load_case(CASE)
    assert case.long is not None
    found = stored_forecasts(CASE, case.long.game, coded_record(CASE))
    assert found is not None
    assert found.rolling is not None
    return found


def _verdicts(found: StoredForecasts) -> list[str]:
    study: Any = SimpleNamespace(forecasts=found)
    section = forecast(PageContent("title", "", "", study=study))
    assert section is not None
    return re.findall(r'data-label="So it is">([^<]*)<', section.body)


def test_each_difference_is_judged_by_its_own_error(stored: StoredForecasts) -> None:
    """Better or worse beyond two standard errors, none against itself; the error of many forecasts is never denied."""
    assert stored.rolling is not None
    tables = stored.rolling["scores"], stored.rolling["state_scores"]
    shown = {1, max(row["ahead"] for row in tables[0])}
    rows = [row for table in tables for row in sorted(table, key=lambda r: r["ahead"]) if row["ahead"] in shown]
    expected = [_expected(row, tables[0][0]["forecaster"]) for row in rows]
    assert _verdicts(stored) == expected
    assert {"better", "worse"} & set(expected)


def _expected(row: dict[str, Any], reference: str) -> str:
    if row["forecaster"] == reference:
        return "–"
    difference, error = row["log_score_difference"], row["log_score_difference_error"]
    if abs(difference) <= 2 * error:
        return "no difference beyond the error"
    return "better" if difference > 0 else "worse"


def test_one_forecast_has_no_error(stored: StoredForecasts) -> None:
    """A difference of one quarter is shown without an error, and nothing is concluded from it."""
    rolling = copy.deepcopy(dict(stored.rolling or {}))
    for row in (*rolling["scores"], *rolling["state_scores"]):
        row.update(count=1, log_score_error=None, brier_error=None, log_score_difference_error=None)
    found = _verdicts(StoredForecasts(None, rolling, False, False))
    assert set(found) == {"–", "no error from one period"}
