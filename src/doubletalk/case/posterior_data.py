"""What a study found about the fitted long game as plain data for JSON, and as rows for CSV."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from doubletalk.case.posterior_claims import PosteriorVerdict
    from doubletalk.case.posterior_study import PosteriorStudy

__all__ = ["coefficient_rows", "posterior_data", "posterior_verdict_data", "stance_rows"]

DIGITS = 6


def _number(value: float) -> float | None:
    return round(float(value), DIGITS) if math.isfinite(value) else None


def posterior_verdict_data(found: PosteriorVerdict) -> dict[str, Any]:
    """A verdict; numbers that are not defined as null."""
    names = ("left", "left_error", "right", "right_error", "difference", "difference_error", "pareto_k")
    numbers = {name: _number(getattr(found, name)) for name in names}
    return {"answer": found.answer, "words": found.words, "method": found.method, **numbers}


def posterior_data(found: PosteriorStudy) -> dict[str, Any]:
    """The whole section as plain data."""
    if found.missing or found.compared is None:
        return {"missing": found.missing}
    from doubletalk.lenses.output import compared_json

    return {
        "missing": None, "lens": found.lens, "coefficients": coefficient_rows(found), "stance": stance_rows(found),
        "lenses": compared_json(found.compared),
    }  # fmt: skip


def coefficient_rows(found: PosteriorStudy) -> list[dict[str, Any]]:
    """One row a coefficient: median and 90 % interval of posterior and prior."""
    return [
        {
            "lens": found.lens, "coefficient": row.name, "median": _number(row.median), "low": _number(row.low),
            "high": _number(row.high), "prior_low": _number(row.prior[0]), "prior_median": _number(row.prior[1]),
            "prior_high": _number(row.prior[2]), "probability_positive": _number(row.positive), "means": row.means,
        }
        for row in found.coefficients
    ]  # fmt: skip


def stance_rows(found: PosteriorStudy) -> list[dict[str, Any]]:
    """One row a quarter: the stance's probability then and with hindsight, and what the quarter's deeds moved."""
    return [
        {
            "lens": found.lens, "quarter": row.quarter, "move": row.move, "probability": _number(row.then),
            "low": _number(row.low), "high": _number(row.high), "hindsight": _number(row.hindsight),
            "log_odds_moved": _number(row.shift), "moved_low": _number(row.shift_low),
            "moved_high": _number(row.shift_high), "events": " ".join(row.events),
        }
        for row in found.stance
    ]  # fmt: skip
