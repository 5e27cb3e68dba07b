"""A study as JSON and CSV: the numbers of the report, exact ones as text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from doubletalk.case.long_data import long_data, verdict_data
from doubletalk.case.posterior_data import posterior_data, posterior_verdict_data
from doubletalk.case.verdict_data import as_data

if TYPE_CHECKING:
    from doubletalk.case.study_result import AnsweredClaim, StudyResult, WorldStudy
    from doubletalk.case.verdict import Verdict
    from doubletalk.evidence.language import RecordAnswer

__all__ = ["as_csv", "as_json", "totals"]


def as_json(result: StudyResult) -> str:
    """The whole study as JSON, keys in a fixed order."""
    data: dict[str, Any] = {
        "doubletalk": 1,
        "case": result.case.title,
        "question": result.case.question,
        "as_of": str(result.case.as_of) if result.case.as_of else None,
        "assumptions": list(result.assumptions),
        "games": {name: _game(game) for name, game in result.games.items()},
        "window": None
        if result.window is None
        else {
            "belief_in": result.window.belief_in,
            "prior": str(result.window.prior),
            "segments": result.window.table(),
            "endpoints": {e.name: None if e.value is None else str(e.value) for e in result.window.endpoints()},
            "moves": [_move(move) for move in result.moves],
        },
        "stopped": result.stopped,
        "cruxes": [
            {"id": c.id, "asks": c.asks, "parameter": c.parameter, "against": c.against, "less": c.less, "more": c.more}
            for c in result.case.cruxes
        ],
        "worlds": [_world(item) for item in result.worlds],
        "totals": totals(result.claims),
        "claims": [_claim(item) for item in result.claims],
        "tells_apart": [
            {
                "id": row.row.id,
                "question": row.row.question,
                "met": {s: list(t) for s, t in row.met.items()},
                "shows": row.shows,
                "cannot_show": row.row.cannot_show,
                "answers": [_record(a) for a in row.answers],
            }
            for row in result.tells_apart
        ],
        "questions": _questions(result),
        "robustness": _robustness(result),
        "long_game": None if result.long is None else long_data(result.long),
        "evidence": None if result.evidence is None else posterior_data(result.evidence),
        "forecasts": _forecasts(result),
        "timing_s": dict(result.timing_s),
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def _forecasts(result: StudyResult) -> dict[str, Any] | None:
    """The stored forecasts of the case, without the forecasts from each origin; None in a case without."""
    found = result.forecasts
    if found is None:
        return None
    rolling = found.rolling
    kept = ("about", "complete", "options", "scores", "calibration", "words")
    return {
        "forecast": found.forecast,
        "forecast_stale": found.forecast_stale,
        "rolling": None if rolling is None else {key: rolling.get(key) for key in kept},
        "rolling_stale": found.rolling_stale,
    }


def _questions(result: StudyResult) -> list[dict[str, Any]]:
    """The questions put to the record without a model; [] in a case without."""
    from doubletalk.evidence.questions import statement_row

    return [
        {**statement_row(item), "rows": list(item.question.rows), "cannot_show": item.question.cannot_show}
        for item in result.questions
    ]


def _robustness(result: StudyResult) -> list[dict[str, Any]]:
    """Agreement of every further coding with the first."""
    from doubletalk.evidence.coding_compare import robustness

    return list(robustness(result.codings))


def _game(game: Any) -> dict[str, Any]:
    solution = game.solution
    return {
        "title": solution.game.title,
        "complete": solution.complete,
        "why_incomplete": solution.why_incomplete,
        "solver_class": solution.solver_class,
        "outcomes": len(solution.outcomes),
        "points_verified": len(game.certificates),
        "parameters": {
            k: {"value": str(v), "note": game.notes.get(k, "")} for k, v in solution.game.parameters.items()
        },
    }


def _world(item: WorldStudy) -> dict[str, Any]:
    return {
        "name": item.world.name,
        "settings": dict(item.world.settings),
        "values": {k: str(v) for k, v in item.world.values.items()},
        "as_filed": item.world.as_filed,
        "outcomes": item.outcomes,
        "points_verified": item.points,
        "complete": item.complete,
        "segments": None if item.window is None else item.window.table(),
        "thresholds": [
            {
                "parameter": x.parameter,
                "default": str(x.default),
                "direction": x.direction,
                "value": None if x.value is None else str(x.value),
                "low": str(x.low),
                "high": str(x.high),
                "best_here": [" or ".join(b) for b in x.best_here],
                "best_beyond": [" or ".join(b) for b in x.best_beyond],
                "offer_here": list(x.offer_here),
                "offer_beyond": list(x.offer_beyond),
            }
            for x in item.thresholds
        ],
    }


def totals(claims: Iterable[AnsweredClaim]) -> dict[str, dict[str, int]]:
    """Claims about the games by who makes them.

    How many, how many true by construction, and how many of the others reach at least something in every world, in
    some worlds, in no world.
    """
    found: dict[str, dict[str, int]] = {}
    for item in claims:
        if item.verdict is None:
            continue
        row = found.setdefault(
            item.claim.who, {"claims": 0, "by_construction": 0, "every_world": 0, "some_worlds": 0, "no_world": 0}
        )
        row["claims"] += 1
        if item.claim.by_construction is not None:
            row["by_construction"] += 1
            continue
        held, asked = item.across["all"] + item.across["some"], len(item.worlds or {})
        row["every_world" if held == asked else "some_worlds" if held else "no_world"] += 1
    return found


def _move(move: Any) -> dict[str, str | None]:
    def show(value: object) -> str | None:
        return None if value is None else str(value)

    return {
        "parameter": move.parameter,
        "endpoint": move.endpoint,
        "value": show(move.value),
        "at_less": show(move.at_less),
        "at_more": show(move.at_more),
        "direction": move.direction,
    }


def _record(answer: RecordAnswer) -> dict[str, Any]:
    return {
        "statement": answer.statement,
        "verdict": answer.verdict.value,
        "reason": answer.reason,
        "left": _number(answer.left),
        "right": _number(answer.right),
        "base_rate": _number(answer.base_rate),
        "p": _number(answer.p),
        "events": list(answer.event_ids),
        "words": answer.words,
    }


def _number(value: float | None) -> float | None:
    return None if value is None or value != value else value


def _claim(item: AnsweredClaim) -> dict[str, Any]:
    claim = item.claim
    data: dict[str, Any] = {
        "id": claim.id,
        "who": claim.who,
        "of": claim.of,
        "says": claim.says,
        "source": claim.source,
        "kind": claim.kind,
        "statement": claim.statement,
        "assumes": list(claim.assumes),
        "by_construction": claim.by_construction,
        "attribution": claim.attribution,
        "note": claim.note,
        "shared": claim.shared,
        "short": item.short,
    }
    if item.verdict is not None:
        data["verdict"] = as_data(item.verdict)
        data["worlds"] = {name: as_data(verdict) for name, verdict in (item.worlds or {}).items()}
        data["across"] = item.across
        held, asked = item.as_stated
        data["as_stated"] = {"worlds": held, "of": asked}
    if item.record_answer is not None:
        data["record"] = _record(item.record_answer)
    if item.long_answer is not None:
        data["long_game"] = verdict_data(item.long_answer)
    if item.posterior_answer is not None:
        data["posterior"] = posterior_verdict_data(item.posterior_answer)
    if item.cannot is not None:
        data["cannot"] = item.cannot
    return data


def _said(item: AnsweredClaim) -> str:
    found = item.verdict or item.record_answer or item.long_answer or item.posterior_answer
    return "" if found is None else found.words


def as_csv(result: StudyResult) -> dict[str, str]:
    """File name -> CSV text."""
    tables = {
        "claims.csv": _text(
            (
                "id",
                "who",
                "of",
                "kind",
                "says",
                "statement",
                "answer",
                "words",
                "source",
                "attribution",
                "by_construction",
                "note",
                "reason",
            ),
            (
                (
                    i.claim.id,
                    i.claim.who,
                    i.claim.of,
                    i.claim.kind,
                    i.claim.says,
                    i.claim.statement or "",
                    i.short,
                    _said(i),
                    i.claim.source,
                    i.claim.attribution or "",
                    i.claim.by_construction or "",
                    i.claim.note or "",
                    i.cannot or (i.verdict.reason if i.verdict else None) or "",
                )
                for i in result.claims
            ),
        )
    }
    parameters = [
        (name, k, str(v), study.notes.get(k, ""))
        for name, study in result.games.items()
        for k, v in study.game.parameters.items()
    ]
    tables["parameters.csv"] = _text(("game", "parameter", "value", "note"), parameters)
    outcomes = [
        (
            name,
            o.id,
            o.kind,
            r.sender_type,
            r.message,
            " ".join(f"{a}={b}" for a, b in r.actions.items()),
            r.reply or "",
            str(r.probability),
        )
        for name, study in result.games.items()
        for o in study.solution.outcomes
        for r in (o.outcome or ())
    ]
    tables["outcomes.csv"] = _text(
        ("game", "outcome", "kind", "type", "message", "actions", "reply", "probability"), outcomes
    )
    tables["verdicts.csv"] = _text(
        ("claim", "who", "world", "answer", "reach", "holding", "of", "which", "partly", "as_stated", "intervals"),
        (_verdict_row(item, world, v) for item in result.claims for world, v in (item.worlds or {}).items()),
    )
    segments = [(w.world.name, row) for w in result.worlds if w.window is not None for row in w.window.table()]
    if segments:
        tables["worlds.csv"] = _text(("world", *segments[0][1]), ((name, *row.values()) for name, row in segments))
    if result.window is not None:
        rows = result.window.table()
        tables["window.csv"] = _text(tuple(rows[0]), (tuple(row.values()) for row in rows))
        moves = [_move(move) for move in result.moves]
        tables["window_moves.csv"] = _text(tuple(moves[0]), (tuple(m.values()) for m in moves)) if moves else ""
    return tables


def _verdict_row(item: AnsweredClaim, world: str, verdict: Verdict) -> tuple[object, ...]:
    reach = verdict.reach
    return (
        item.claim.id,
        item.claim.who,
        world,
        verdict.answer,
        reach.word if reach else "",
        reach.holding if reach else "",
        f"{reach.total} {reach.of}" if reach else "",
        " ".join(map(str, reach.which)) if reach else "",
        " ".join(map(str, reach.partly)) if reach else "",
        "" if verdict.as_stated is None else str(verdict.as_stated).lower(),
        " ".join(str(i) for i in verdict.intervals if i.answer == "yes"),
    )


def _text(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return out.getvalue()
