"""A study as JSON and CSV: the numbers of the report, exact ones as text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from doubletalk.case.verdict_data import as_data

if TYPE_CHECKING:
    from doubletalk.case.study import AnsweredClaim, StudyResult
    from doubletalk.evidence.language import RecordAnswer

__all__ = ["as_csv", "as_json"]


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
        "timing_s": dict(result.timing_s),
    }
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


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
        "short": item.short,
    }
    if item.verdict is not None:
        data["verdict"] = as_data(item.verdict)
    if item.record_answer is not None:
        data["record"] = _record(item.record_answer)
    if item.cannot is not None:
        data["cannot"] = item.cannot
    return data


def as_csv(result: StudyResult) -> dict[str, str]:
    """File name -> CSV text."""
    tables = {
        "claims.csv": _text(
            ("id", "who", "of", "kind", "says", "statement", "answer", "words", "source", "reason"),
            (
                (
                    i.claim.id,
                    i.claim.who,
                    i.claim.of,
                    i.claim.kind,
                    i.claim.says,
                    i.claim.statement or "",
                    i.short,
                    i.verdict.words if i.verdict else i.record_answer.words if i.record_answer else "",
                    i.claim.source,
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
    if result.window is not None:
        rows = result.window.table()
        tables["window.csv"] = _text(tuple(rows[0]), (tuple(row.values()) for row in rows))
        moves = [_move(move) for move in result.moves]
        tables["window_moves.csv"] = _text(tuple(moves[0]), (tuple(m.values()) for m in moves)) if moves else ""
    return tables


def _text(head: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return out.getvalue()
