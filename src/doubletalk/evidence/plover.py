"""The chronicle as PLOVER event data: tab-separated, in the columns of POLECAT, with eight of our own at the end.

What the PLOVER columns lose: the sizes (Goldstein's value depends on the type alone), that a date is known only to its
month, the sentence, the source's address and the confidence. These, and our own words for what was done and by whom to
whom, are in our eight columns, which other programs pass over. What PLOVER cannot say at all: that an arrest, a stolen
vote and a closed newspaper differ; that a warning to Moscow accuses the West (the recipient is the listener, not the
accused); of which kind a hostile act short of force is.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence

from doubletalk.evidence.chronicle import Chronicle
from doubletalk.evidence.event_types import PLOVER, PloverCode
from doubletalk.evidence.vocabulary import STANDARD, EventName, Vocabulary

__all__ = ["OWN_COLUMNS", "POLECAT_COLUMNS", "plover_rows", "plover_text", "unwritten"]

POLECAT_COLUMNS = (
    "Event ID", "Event Date", "Event Type", "Event Mode", "Intensity", "Quad Code", "Contexts", "Actor Name",
    "Actor Country", "Primary Actor Sector", "Recipient Name", "Recipient Country", "Primary Recipient Sector",
    "Source",
)  # fmt: skip
OWN_COLUMNS = (
    "Size", "Date Precision", "Event Text", "Source URL", "Confidence", "Action", "Actor Code", "Recipient Code",
)  # fmt: skip


def plover_rows(chronicle: Chronicle, vocabulary: Vocabulary = STANDARD) -> list[dict[str, str]]:
    """One row an event in POLECAT's columns and ours; events whose action has no PLOVER code are left out."""
    rows = []
    for event in chronicle:
        code = _code(event.action, vocabulary)
        if code is None:
            continue
        actor, recipient = (
            vocabulary.event_names.get(who, EventName(vocabulary.actors.get(who, who), who, ""))
            for who in (event.actor, event.target)
        )
        cells = (
            event.id, event.date.isoformat(), code.event_type, code.mode, f"{code.goldstein:g}", code.quad,
            code.context,
            *actor, *recipient, event.source_title,
            str(event.intensity), event.precision, event.summary, event.source_url, event.confidence,
            event.action, event.actor, event.target,
        )  # fmt: skip
        rows.append(dict(zip((*POLECAT_COLUMNS, *OWN_COLUMNS), cells, strict=True)))
    return rows


def _code(action: str, vocabulary: Vocabulary) -> PloverCode | None:
    """The code of an action; of one of the case's own, that of the standard action that it is like."""
    return PLOVER.get(vocabulary.alike.get(action, action))


def unwritten(chronicle: Chronicle, vocabulary: Vocabulary = STANDARD) -> tuple[str, ...]:
    """The events that ``plover_rows`` leaves out, because their action is none that has a code."""
    return tuple(event.id for event in chronicle if _code(event.action, vocabulary) is None)


def plover_text(rows: Sequence[Mapping[str, str]]) -> str:
    """The rows as tab-separated text with a header."""
    out = io.StringIO()
    writer = csv.DictWriter(out, [*POLECAT_COLUMNS, *OWN_COLUMNS], delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()
