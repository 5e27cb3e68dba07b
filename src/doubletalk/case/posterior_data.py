"""What a study found about the fitted long game as plain data for JSON, and as rows for CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from doubletalk.case.sides import plain, sides_data

if TYPE_CHECKING:
    from doubletalk.case.posterior_claims import PosteriorVerdict
    from doubletalk.case.posterior_study import PosteriorStudy

__all__ = ["coefficient_rows", "posterior_data", "posterior_verdict_data", "stance_rows"]

def posterior_verdict_data(found: PosteriorVerdict) -> dict[str, Any]:
    """A verdict; numbers that are not defined as null."""
    return {**sides_data(found), "method": found.method, "pareto_k": plain(found.pareto_k)}


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
            "lens": found.lens, "coefficient": row.name, "median": plain(row.median), "low": plain(row.low),
            "high": plain(row.high), "prior_low": plain(row.prior[0]), "prior_median": plain(row.prior[1]),
            "prior_high": plain(row.prior[2]), "probability_positive": plain(row.positive), "means": row.means,
        }
        for row in found.coefficients
    ]  # fmt: skip


def stance_rows(found: PosteriorStudy) -> list[dict[str, Any]]:
    """One row a quarter: the stance's probability then and with hindsight, and what the quarter's deeds moved."""
    return [
        {
            "lens": found.lens, "quarter": row.quarter, "move": row.move, "probability": plain(row.then),
            "low": plain(row.low), "high": plain(row.high), "hindsight": plain(row.hindsight),
            "log_odds_moved": plain(row.shift), "moved_low": plain(row.shift_low),
            "moved_high": plain(row.shift_high), "events": " ".join(row.events),
        }
        for row in found.stance
    ]  # fmt: skip
