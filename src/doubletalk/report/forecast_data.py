"""A forecast as plain values: one structure for JSON, rows for CSV files, panels for the figure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from doubletalk.forecast.compare import Row, verdicts
from doubletalk.forecast.scores import Bin
from doubletalk.report.forecast_figure import Fan

if TYPE_CHECKING:  # these modules need jax, and a report is written without it too
    from doubletalk.forecast.case_forecast import CaseForecast, Scored
    from doubletalk.forecast.predict import Quantity

__all__ = ["fans", "forecast_json", "forecast_rows", "reliability_rows", "score_rows"]

PAST = 8
"""Quarters before the forecast whose moves the figure shows."""


def came_labels(forecast: CaseForecast, quantity: Quantity, scored: Scored | None) -> tuple[str, ...]:
    """What came of a quantity, for the quarters that are known."""
    return () if scored is None else tuple(_label(forecast, quantity, c, v) for c, v in _rows(scored))


def _rows(scored: Scored) -> list[tuple[Any, Any]]:
    return list(zip(scored.came.chosen, scored.came.levels, strict=True))


def _label(forecast: CaseForecast, quantity: Quantity, chosen: Any, levels: Any) -> str:
    coded = forecast.known.coded
    if quantity.kind == "level":
        return quantity.labels[int(levels[list(coded.variables).index(quantity.name)])]
    actor, _, part = quantity.name.partition(": ")
    move = coded.moves[actor][int(chosen[list(coded.moves).index(actor)])]
    return move if not part else move.split(",")[list(forecast.game.actor(actor).parts).index(part)]


def forecast_rows(forecast: CaseForecast, scored: Scored | None = None) -> list[dict[str, Any]]:
    """One row for each quarter, quantity and label; the rivals have numbers for moves only.

    ``came``: 1 where the label is what came, 0 where another did, empty where it is not known.
    """
    rows = []
    for quantity in forecast.prediction.quantities:
        came = came_labels(forecast, quantity, scored)
        for n, quarter in enumerate(forecast.quarters):
            for k, label in enumerate(quantity.labels):
                row: dict[str, Any] = {
                    "quarter": quarter, "ahead": n + 1, "kind": quantity.kind, "name": quantity.name,
                    "when": quantity.when, "label": label, "probability": _six(quantity.probability[n, k]),
                    "monte_carlo_error": _six(quantity.error[n, k]), "low": _six(quantity.low[n, k]),
                    "high": _six(quantity.high[n, k]),
                }  # fmt: skip
                for name, tables in forecast.rivals.items():
                    key = name.replace(" ", "_")
                    actors = list(forecast.known.coded.actors)
                    row[key] = _six(tables[actors.index(quantity.name)][n, k]) if quantity.kind == "move" else ""
                row["came"] = int(came[n] == label) if n < len(came) else ""
                rows.append(row)
    return rows


def score_rows(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """One row for each forecaster, actor and number of quarters ahead (0: all quarters of one forecast)."""
    return [
        {
            "forecaster": row.forecaster, "actor": row.actor, "ahead": row.ahead, "count": row.log_score.count,
            "log_score": _six(row.log_score.mean), "log_score_error": _six(row.log_score.error),
            "brier": _six(row.brier.mean), "brier_error": _six(row.brier.error),
            "log_score_difference": _six(row.gain.mean), "log_score_difference_error": _six(row.gain.error),
            "brier_difference": _six(row.brier_gain.mean), "brier_difference_error": _six(row.brier_gain.error),
        }
        for row in rows
    ]  # fmt: skip


def reliability_rows(reliability: Mapping[str, Sequence[Bin]]) -> list[dict[str, Any]]:
    """One row for each forecaster and bin of stated probability."""
    return [
        {
            "forecaster": name, "from": bin_.low, "to": bin_.high, "count": bin_.count,
            "forecast": _six(bin_.forecast), "happened": _six(bin_.happened), "low": _six(bin_.interval[0]),
            "high": _six(bin_.interval[1]),
        }
        for name, bins in reliability.items()
        for bin_ in bins
    ]  # fmt: skip


def fans(content: Mapping[str, Any]) -> list[Fan]:
    """Panels of the figure from a forecast's JSON: parts of moves where moves have parts, else moves; the variables."""
    found = []
    for (kind, name), rows in _by_quantity(content["forecast"]).items():
        if kind == "move" and any(other.startswith(f"{name}: ") for other in content["past"]):
            continue
        labels = tuple(dict.fromkeys(row["label"] for row in rows))
        came = {row["quarter"]: row["label"] for row in rows if row["came"] == 1}
        end = ", at the end of the quarter" if rows[0]["when"] == "end" else ""
        found.append(Fan(f"{name}{end}", labels, content["past"][name], came, rows))
    return found


def _by_quantity(rows: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[Mapping[str, Any]]]:
    found: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault((row["kind"], row["name"]), []).append(row)
    return found


def _past(forecast: CaseForecast) -> dict[str, dict[str, str]]:
    """What every quantity was in the last quarters before the forecast."""
    coded, found = forecast.known.coded, {}
    start = max(0, len(coded.quarters) - PAST)
    for quantity in forecast.prediction.quantities:
        shift = 1 if quantity.when == "end" else 0
        rows = {}
        for t in range(start, len(coded.quarters)):
            levels = coded.levels[t + shift] if t + shift < len(coded.quarters) else coded.after
            rows[coded.quarters[t]] = _label(forecast, quantity, coded.chosen[t], levels)
        found[quantity.name] = rows
    return found


def forecast_json(forecast: CaseForecast, scored: Scored | None = None) -> dict[str, Any]:
    """Everything: how it was made, the probabilities, and the scores where there are any."""
    from doubletalk.forecast.evaluate import fingerprint

    draws, options, coded = forecast.draws, forecast.options, forecast.known.coded
    belief = forecast.prediction.belief
    told = {**asdict(options), "coding": None if options.coding is None else str(options.coding)}
    content: dict[str, Any] = {
        "doubletalk_forecast": 1,
        "fingerprint": fingerprint(forecast.game, coded, told),
        "options": told,
        "known_to": coded.quarters[-1],
        "quarters": list(forecast.quarters),
        "coding": coded.coding,
        "method": {
            "fit": draws.method, "settled": draws.settled, "pareto_k": _six(draws.pareto_k),
            "effective_draws": _six(forecast.prediction.effective), "draws": len(draws.points),
            "left_out": draws.failed,
            "lens": options.lens, "beliefs": options.points, "paths": options.paths, "seed": options.seed,
        },
        "belief": None if belief is None else {
            "stance": forecast.game.stances[-1], "probability": _six(belief[0]), "low": _six(belief[1]),
            "high": _six(belief[2]),
        },
        "past": _past(forecast),
        "forecast": forecast_rows(forecast, scored),
    }  # fmt: skip
    if scored is not None:
        content["scores"] = {
            "quarters": list(scored.came.quarters),
            "notes": list(scored.came.notes),
            "rows": score_rows(scored.rows),
            "reliability": reliability_rows(scored.reliability),
            "words": verdicts(scored.rows, scored.rows[0].forecaster),
            "state_rows": score_rows(scored.states),
            "state_words": verdicts(scored.states, scored.states[0].forecaster),
        }
    return content


def _six(value: float) -> float | None:
    """Six significant decimals; None for a number that is not finite."""
    return round(float(value), 6) if math.isfinite(value) else None
