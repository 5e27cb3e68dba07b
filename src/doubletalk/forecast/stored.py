"""Forecasts stored in a case folder, which a study reads instead of making them anew; and whether they are still true.

``doubletalk forecast CASE --out CASE/forecast`` and ``--rolling --out CASE/forecast`` write them. Each has the
fingerprint of the game, the coded record, the options and the method; another fingerprint means that it is stale.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doubletalk.errors import InputError

if TYPE_CHECKING:
    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.longgame.declaration import LongGame

__all__ = ["FORECAST_FILE", "FORECAST_FOLDER", "ROLLING_FILE", "StoredForecasts", "stored_forecasts"]

FORECAST_FOLDER, FORECAST_FILE, ROLLING_FILE = "forecast", "forecast.json", "rolling.json"


@dataclass(frozen=True)
class StoredForecasts:
    """What the folder holds: a forecast from the end of the record and an evaluation from rolling origins, as JSON.

    Each None where it is absent; ``*_stale`` where the game, the record, or the method has changed since.
    """

    forecast: Mapping[str, Any] | None
    rolling: Mapping[str, Any] | None
    forecast_stale: bool = False
    rolling_stale: bool = False


def stored_forecasts(folder: Path, game: LongGame, coded: CodedRecord) -> StoredForecasts | None:
    """Read them; None where there are none. InputError for a file that is no stored forecast."""
    from doubletalk.forecast.evaluate import fingerprint

    found, stale = [], []
    for name, mark in ((FORECAST_FILE, "doubletalk_forecast"), (ROLLING_FILE, "doubletalk_rolling")):
        content = _read(folder / FORECAST_FOLDER / name, mark)
        found.append(content)
        stale.append(
            content is not None and content["fingerprint"] != fingerprint(game, coded, content["options"])
        )  # fmt: skip
    return None if found == [None, None] else StoredForecasts(found[0], found[1], stale[0], stale[1])


def _read(place: Path, mark: str) -> dict[str, Any] | None:
    if not place.is_file():
        return None
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise InputError(f"cannot be read as JSON: {wrong}", str(place)) from None
    if not isinstance(content, dict) or content.get(mark) != 1 or not {"fingerprint", "options"} <= set(content):
        raise InputError(f"is no stored forecast: expected {mark}: 1, a fingerprint and options", str(place))
    return content
