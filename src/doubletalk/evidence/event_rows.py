"""Rows of event-data files as they come: quotation marks that never close, headers that are too long, empty tails.

Files of event data are written by machines and read by nobody. POLECAT's weekly files have headers with names for which
no row has a cell, and rows with tabs at their end; headlines begin with a quotation mark that is not closed. A reader
that takes such files at their word loses thousands of rows at a time.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from doubletalk.errors import InputError

__all__ = ["EXTRA_NAMES", "fitted", "read_text", "records"]

EXTRA_NAMES = ("headline", "event text", "feed", "story id")
"""Names that some of POLECAT's headers have and no row of those files has a cell for."""
LONGEST_RECORD = 60
_PACKED = {b"PK\x03\x04": "zip", b"\x1f\x8b": "gzip", b"BZh": "bzip2"}


def read_text(file: Path) -> str:
    """The text of a file; bytes that are no UTF-8 become the replacement sign. InputError for a packed file."""
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise InputError(f"the event data cannot be read: {error.strerror or error}", str(file)) from error
    for start, kind in _PACKED.items():
        if raw.startswith(start):
            raise InputError(f"the file is packed ({kind}); unpack it and give the file inside", str(file))
    return raw.decode("utf-8-sig", errors="replace").replace("\0", "\ufffd")


class _Lines:
    """Lines of a text that can be gone back to; one record takes at most ``LONGEST_RECORD`` of them."""

    def __init__(self, text: str) -> None:
        self.lines = list(io.StringIO(text, newline=""))
        self.at = self.start = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self.at >= len(self.lines) or self.at - self.start >= LONGEST_RECORD:
            raise StopIteration
        self.at += 1
        return self.lines[self.at - 1]


def records(text: str, mark: str, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of every record; *mark* parts the cells.

    quoted  whether cells may stand in quotation marks. A record that has run over several lines and has not the number
            of cells of the first one is read again as one line, its quotation marks as letters.
    """
    csv.field_size_limit(max(csv.field_size_limit(), len(text) + 1))
    lines = _Lines(text)
    plain = csv.reader(lines, delimiter=mark, quoting=csv.QUOTE_NONE)
    reader = csv.reader(lines, delimiter=mark) if quoted else plain
    width: int | None = None
    while lines.at < len(lines.lines):
        lines.start = lines.at
        cells = next(reader, [])
        if quoted and lines.at - lines.start > 1 and width is not None and len(cells) != width:
            lines.at = lines.start
            cells = next(plain, [])
        width = len(cells) if width is None else width
        yield lines.start + 1, cells


def fitted(cells: Sequence[str], header: Sequence[str]) -> tuple[Sequence[str], Sequence[str]] | None:
    """(names, cells) of one length, or None: empty cells at the end are cut or filled, surplus names passed over."""
    if len(cells) == len(header):
        return header, cells
    if len(cells) > len(header) and not any(cell.strip() for cell in cells[len(header) :]):
        return header, cells[: len(header)]
    kept = [name for name in header if name.casefold() not in EXTRA_NAMES]
    return (kept, cells) if len(cells) == len(kept) else None
