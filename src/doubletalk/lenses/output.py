"""What comparing lenses found as plain data: one row each for CSV, and the whole for JSON."""

from __future__ import annotations

import math
from typing import Any

from doubletalk.lenses.comparing import pairs, score_pairs, weights_of
from doubletalk.lenses.declaration import Lens
from doubletalk.lenses.restricting import free_names, under
from doubletalk.lenses.work import Compared

__all__ = ["compared_json", "evidence_rows", "factor_rows", "files_of", "restriction_rows", "score_rows",
           "sensitivity_rows"]  # fmt: skip

DIGITS = 6
Row = dict[str, Any]


def plain(value: float) -> float | None:
    """A number for JSON and CSV: None where it is not finite."""
    return round(float(value), DIGITS) if math.isfinite(value) else None


def restriction_rows(found: Compared) -> list[Row]:
    """Which coefficients each lens leaves free, holds, or cannot see, with the reason."""
    rows = []
    for lens in found.lenses.lenses:
        for name, status, value, because, source in _restrictions(found, lens):
            rows.append({"lens": lens.name, "coefficient": name, "status": status, "value": value, "because": because,
                         "source": source})  # fmt: skip
    return rows


def _restrictions(found: Compared, lens: Lens) -> list[tuple[str, str, float | None, str, str]]:
    free = free_names(under(found.game, lens))
    given = free_names(found.game)
    rows: list[tuple[str, str, float | None, str, str]] = []
    for c in found.game.coefficients:
        if c.name in lens.held:
            held = lens.held[c.name]
            rows.append((c.name, "held", held.value, held.because, held.source))
        elif c.name in free:
            rows.append((c.name, "free", None, "", ""))
        elif c.name in given:
            rows.append((c.name, "idle", None, "no payoff of this stance has it, so the record cannot speak of it", ""))
        else:
            rows.append((c.name, "fixed", c.value, "the long game gives it no prior", ""))
    return rows


def evidence_rows(found: Compared) -> list[Row]:
    """One row a lens: freedom, fit, log marginal likelihood by both roads, log score."""
    chances = weights_of(found.evidence)
    rows = []
    for name, item in found.evidence.items():
        ahead = found.scores.get(name)
        rows.append({
            "lens": name, "free": len(item.free), "directions": item.directions,
            "settled": item.fit.settled,
            "log_likelihood_at_mode": plain(item.fit.log_likelihood), "laplace": plain(item.laplace),
            "log_evidence": plain(item.log_evidence), "monte_carlo_error": plain(item.error),
            "draws": 0 if item.draws is None else len(item.draws.log_weights),
            "failed": 0 if item.draws is None else item.draws.failed,
            "bridged": None if item.bridged is None else plain(item.bridged[0]),
            "bridged_error": None if item.bridged is None else plain(item.bridged[1]),
            "effective": plain(item.effective), "pareto_k": plain(item.pareto_k), "trusted": item.trusted,
            "probability_if_equally_likely_before": plain(chances[name]),
            "log_score": None if ahead is None else plain(ahead.total),
            "log_score_error": None if ahead is None else plain(ahead.error),
            "log_score_monte_carlo_error": None if ahead is None else plain(ahead.errors[-1]),
            "refits": None if ahead is None else len(ahead.refits),
            "largest_k": None if ahead is None else plain(ahead.k.max()),
            "sequential": None if ahead is None else plain(ahead.log_evidence),
            "sequential_error": None if ahead is None else plain(ahead.evidence_error),
        })  # fmt: skip
    return rows


def factor_rows(found: Compared) -> list[Row]:
    """One row a pair of lenses: log Bayes factor with its error and in words, difference of log scores by actor."""
    ahead = score_pairs(found.scores, found.actors)
    rows = []
    for pair in pairs(found.evidence):
        row: Row = {
            "one": pair.one, "other": pair.other, "log_bayes_factor": plain(pair.log_factor),
            "monte_carlo_error": plain(pair.error), "words": pair.words, "more_free": pair.more_free,
            "more_directions": pair.more_directions, "trusted": pair.trusted,
        }  # fmt: skip
        for each in ahead:
            if (each.one, each.other) == (pair.one, pair.other):
                row[f"score_{each.actor or 'all'}"] = plain(each.difference)
                row[f"score_{each.actor or 'all'}_error"] = plain(each.error)
        rows.append(row)
    return rows


def score_rows(found: Compared) -> list[Row]:
    """One row a lens and a predicted period: log score of each actor, and the Pareto k of the weights."""
    rows = []
    for name, ahead in found.scores.items():
        for row, period in enumerate(ahead.periods):
            scores = {actor: plain(ahead.scores[row, k]) for k, actor in enumerate(found.actors)}
            rows.append({"lens": name, "period": found.record.quarters[period], **scores,
                         "all": plain(ahead.scores[row].sum()), "pareto_k": plain(ahead.k[row]),
                         "refitted": int(period) in ahead.refits})  # fmt: skip
    return rows


def sensitivity_rows(found: Compared) -> list[Row]:
    """One row a lens with one thing changed; ``change`` is against the lens as it is, by the same method."""
    return [
        {
            "lens": each.lens, "changed": each.kind, "to": each.value, "method": each.method,
            "log_evidence": plain(each.log_evidence), "monte_carlo_error": plain(each.error),
            "change": plain(each.change), "change_error": plain(each.change_error),
            "pareto_k": plain(each.pareto_k), "trusted": each.trusted,
        }
        for each in found.variations
    ]  # fmt: skip


def compared_json(found: Compared) -> Row:
    """The whole as plain data."""
    return {
        "doubletalk_lenses_result": 1,
        "title": found.lenses.title, "note": found.lenses.note, "stopped": found.stopped or None,
        "method": method_words(found), "coding": found.record.coding,
        "quarters": [found.record.quarters[0], found.record.quarters[-1]],
        "lenses": [{"name": lens.name, "means": lens.means, "stance": lens.stance, "source": lens.source,
                    "sentence": lens.sentence, "who": lens.who or None} for lens in found.lenses.lenses],
        "restrictions": restriction_rows(found), "evidence": evidence_rows(found), "factors": factor_rows(found),
        "scores": score_rows(found), "sensitivity": sensitivity_rows(found), "failed": dict(found.failed),
    }  # fmt: skip


def method_words(found: Compared) -> str:
    """The approximation, for a first line."""
    asked = found.asked
    grid = "the file's grid of beliefs" if asked.points is None else f"{asked.points} points of belief"
    if not asked.draws:
        return f"Laplace approximation around the mode, on {grid}; its error is not measured"
    draws = f"{asked.draws} draws"
    if asked.either is not None and asked.either != asked.draws:
        draws += f" ({asked.either} where the stance may be either)"
    return f"Importance sampling, {draws} around the mode of each lens, on {grid}"


def files_of(found: Compared) -> dict[str, list[Row]]:
    """File name -> rows; empty tables are left out."""
    tables = {
        "lens-restrictions.csv": restriction_rows(found), "lens-evidence.csv": evidence_rows(found),
        "lens-factors.csv": factor_rows(found), "lens-scores.csv": score_rows(found),
        "lens-sensitivity.csv": sensitivity_rows(found),
    }  # fmt: skip
    return {name: rows for name, rows in tables.items() if rows}
