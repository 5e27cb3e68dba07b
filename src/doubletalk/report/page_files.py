"""The report's tables as CSV text, from the same content as the page."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from doubletalk.evidence.chronicle import COLUMNS
from doubletalk.report.page_content import PageContent, RecordRow

__all__ = ["events_csv", "lenses_csv", "record_csv"]

RECORD_HEAD = (
    "statement",
    "verdict",
    "reason",
    "counts",
    "value",
    "against",
    "base_rate",
    "expected_by_chance",
    "p",
    "p_monte_carlo_error",
    "p_clusters_kept",
    "events",
    "words",
)


def record_csv(content: PageContent) -> str:
    """Every statement put to the record: those of claims, then those of the table that tells the sides apart."""
    rows = [("claim", c.id, c.side, *_record(c.record)) for c in content.claims if c.record is not None]
    rows += [("lens", row.id, "", *_record(answer)) for row in content.lenses for answer in row.answers]
    return _text(("from", "id", "side", *RECORD_HEAD), rows)


def lenses_csv(content: PageContent) -> str:
    """One row per question and side: what it expects, how many expectations were met, failed and left open."""
    rows = [
        (row.id, row.question, side, row.expects.get(side, ""), *row.met[side], row.cannot_show)
        for row in content.lenses
        for side in row.met
    ]
    return _text(("id", "question", "side", "expects", "met", "failed", "open", "cannot_show"), rows)


def events_csv(content: PageContent) -> str:
    """One row per event, as in the timeline."""
    fields = ["id", *("precision" if column == "date_precision" else column for column in COLUMNS)]
    rows = [[getattr(row.event, field) for field in fields] for row in content.events]
    return _text(("id", *COLUMNS), rows)


def _record(row: RecordRow) -> tuple[object, ...]:
    return (
        row.statement,
        row.verdict,
        row.reason,
        row.counts,
        row.value,
        row.against,
        row.base_rate,
        row.expected,
        row.p,
        row.p_error,
        row.p_clusters,
        " ".join(row.event_ids),
        row.words,
    )


def _text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    return out.getvalue()
