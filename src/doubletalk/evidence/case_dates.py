"""Dates that ``case.yaml`` gives for its record: up to when it is read, and where its eras begin."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path

from doubletalk.errors import InputError
from doubletalk.evidence.tables import read_date
from doubletalk.game.nodes import Items, Node, Scalar, Table, read_nodes, read_text, shown_path

__all__ = ["as_of_date", "eras_of"]

CASE_FILE = "case.yaml"


def as_of_date(folder: Path) -> dt.date | None:
    """The as-of date that case.yaml gives, or None; InputError when it is no date."""
    node = _entry(folder, "as_of")
    if node is None:
        return None
    date = read_date(node.text) if isinstance(node, Scalar) else None
    if date is None:
        raise InputError("as_of: expected a date as YYYY-MM-DD", shown_path(folder / CASE_FILE), node.line)
    return date


def eras_of(folder: Path) -> tuple[dt.date, ...]:
    """``eras`` of case.yaml: the first days of the second and later eras, in order; none where it does not say."""
    node = _entry(folder, "eras")
    if node is None:
        return ()
    members = node.items if isinstance(node, Items) else (node,)
    dates = [read_date(item.text) if isinstance(item, Scalar) else None for item in members]
    found = tuple(date for date in dates if date is not None)
    if len(found) < len(dates) or any(a >= b for a, b in pairwise(found)):
        raise InputError(
            "eras: expected dates as YYYY-MM-DD, earliest first: the first days of the second and later eras",
            shown_path(folder / CASE_FILE),
            node.line,
        )
    return found


def _entry(folder: Path, key: str) -> Node | None:
    file = folder / CASE_FILE
    if not file.exists():
        return None
    try:
        top = read_nodes(read_text(file))
    except InputError as wrong:
        raise InputError(wrong.message, shown_path(file), wrong.line) from None
    return top.entries.get(key) if isinstance(top, Table) else None
