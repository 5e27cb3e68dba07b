"""Reading a CSV table so that every wrong cell is reported, all of them in one error.

A loader asks for the rows of a file, turns each into a value and collects a ``Problem`` for every cell that is wrong;
``refuse`` then raises one ``InputError`` with the first twenty and a count of the rest.
"""

from __future__ import annotations

import csv
import datetime as dt
import difflib
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from doubletalk.errors import InputError

__all__ = ["Problem", "Row", "date_problem", "nearest_word", "read_date", "read_rows", "refuse", "word_problem"]

SHOWN_PROBLEMS = 20
MONTHS = 12
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
END = 3000


@dataclass(frozen=True)
class Row:
    """One row: the line of the file where it starts, and its cells by column, stripped of outer blanks."""

    line: int
    cells: dict[str, str]

    def get(self, column: str) -> str:
        """The cell of ``column``, or an empty string where the file has no such column."""
        return self.cells.get(column, "")


@dataclass(frozen=True)
class Problem:
    """One cell (or row) that cannot be accepted."""

    line: int
    column: str
    found: str
    expected: str
    nearest: str | None = None

    def __str__(self) -> str:
        """One line: where, what was found, what was expected, the nearest known word."""
        hint = f"; did you mean {self.nearest!r}?" if self.nearest else ""
        return f"line {self.line}, column {self.column}: found {_short(self.found)}, expected {self.expected}{hint}"


def _short(text: str) -> str:
    return repr(text if len(text) <= 60 else text[:57] + "...")


def nearest_word(word: str, known: Iterable[str]) -> str | None:
    """The known word closest to ``word`` (case ignored), or None when nothing is close."""
    words = list(known)
    folded = {w.casefold(): w for w in reversed(words)}
    close = difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6)
    return folded[close[0]] if close else None


def word_problem(row: Row, column: str, known: Sequence[str]) -> Problem | None:
    """A problem when the cell is none of the known words; None when it is one of them."""
    found = row.get(column)
    if found in known:
        return None
    return Problem(row.line, column, found, "one of " + ", ".join(known), nearest_word(found, known))


def read_date(text: str) -> dt.date | None:
    """The date written as YYYY-MM-DD, or None; a year from ``END`` on is a slip, and would add months without end."""
    if not _DATE.fullmatch(text):
        return None
    try:
        date = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return date if date.year < END else None


def date_problem(row: Row, column: str = "date", precision: str = "") -> Problem | None:
    """A problem when the cell is no date, with what to write instead where that can be told; None when it is one.

    precision  the column that says how far a date is known, where the file has one
    """
    found = row.get(column)
    if read_date(found) is not None:
        return None
    return Problem(row.line, column, found, "a date as YYYY-MM-DD" + _mended(found, precision))


def _mended(text: str, precision: str) -> str:
    """What to write instead of a wrong date, in brackets; empty where nothing is clear."""
    if match := re.fullmatch(r"([0-9]{4})(?:[-/.]([0-9]{1,2}))?", text):
        known, month = ("month", int(match[2])) if match[2] else ("year", 1)
        return f" ({match[1]}-{month:02d}-01{f', with {precision} {known}' if precision else ''})"
    if _DATE.fullmatch(text):
        if int(text[:4]) >= END:
            return f", before the year {END}"
        return ", a day that the calendar has"
    if match := re.fullmatch(r"([0-9]{1,4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4})", text):
        one, two, three = (int(part) for part in match.groups())
        if len(match[1]) == len("2010"):
            return _meant(one, two, three)
        if "." in text or one > MONTHS:
            return _meant(three, two, one)
        return _meant(three, one, two) if two > MONTHS else ", the year first"
    if re.fullmatch(r"[0-9]{5}", text):
        return " (this is a spreadsheet's number of a day; have the column written as text)"
    return ""


def _meant(year: int, month: int, day: int) -> str:
    text = f"{year:04d}-{month:02d}-{day:02d}"
    return f" ({text})" if read_date(text) else ""


def read_rows(
    path: Path, required: Sequence[str], optional: Sequence[str], what: str
) -> tuple[list[Row], list[Problem]]:
    """The rows of a CSV file (UTF-8, a byte-order mark allowed, comma-separated, first row the column names).

    Raises InputError at once for what makes the whole file unreadable; a row with the wrong number of cells becomes a
    problem in the second value.
    """
    reader = csv.reader(io.StringIO(_text(path, what), newline=""), strict=True)
    rows: list[Row] = []
    problems: list[Problem] = []
    header: list[str] | None = None
    start = 1
    while True:
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise InputError(
                f"the CSV cannot be read from here on ({error}); check the quotation marks", str(path), max(start, 1)
            ) from error
        if cells is None:
            break
        line, start = start, reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = [cell.strip() for cell in cells]
            _check_header(header, required, optional, what, path, line)
        elif len(cells) != len(header):
            problems.append(
                Problem(
                    line,
                    "(whole row)",
                    f"{len(cells)} cells",
                    f"{len(header)}, one per column; a text with a comma in it needs quotation marks",
                )
            )
        else:
            rows.append(Row(line, {name: cell.strip() for name, cell in zip(header, cells, strict=True)}))
    if header is None:
        raise InputError(f"the file is empty; a {what} starts with the columns {', '.join(required)}", str(path), 1)
    return rows, problems


def _text(path: Path, what: str) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InputError(f"the {what} cannot be read: {error.strerror or error}", str(path)) from error
    if b"\0" in raw:
        raise InputError(
            f"a zero byte: this is no text in UTF-8; save the {what} as CSV with UTF-8 encoding",
            str(path),
            raw[: raw.index(b"\0")].count(b"\n") + 1,
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputError(
            f"byte 0x{raw[error.start]:02x} is not UTF-8; save the {what} as CSV with UTF-8 encoding", str(path), line
        ) from error


def _check_header(
    header: list[str], required: Sequence[str], optional: Sequence[str], what: str, path: Path, line: int
) -> None:
    known = [*required, *optional]
    missing = [name for name in required if name not in header]
    mark = next((m for m in ";\t|" if len(header) == 1 and m in header[0]), None)
    if missing and mark is not None:
        raise InputError(
            f"the columns are parted by {mark!r}, expected a comma; save the file as CSV with commas (comma-separated)",
            str(path),
            line,
        )
    faults = []
    if missing:
        faults.append("missing column" + "s" * (len(missing) > 1) + " " + ", ".join(missing))
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            faults.append(f"column {_short(name)} appears {header.count(name)} times")
        if name not in known:
            near = nearest_word(name, missing or [c for c in known if c not in header])
            faults.append(f"unknown column {_short(name)}" + (f" (did you mean {near!r}?)" if near else ""))
    if faults:
        raise InputError(
            f"{'; '.join(faults)}. A {what} has the columns {', '.join(required)}"
            + (f" and may have {', '.join(optional)}" if optional else ""),
            str(path),
            line,
        )


def refuse(path: Path, problems: Sequence[Problem], what: str) -> None:
    """Raise one InputError that lists the problems in the order of the file; return quietly when there are none."""
    if not problems:
        return
    ordered = sorted(problems, key=lambda p: p.line)
    lines = [f"  {problem}" for problem in ordered[:SHOWN_PROBLEMS]]
    if len(ordered) > SHOWN_PROBLEMS:
        lines.append(f"  and {len(ordered) - SHOWN_PROBLEMS} more")
    count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
    raise InputError(f"{count} in this {what}:\n" + "\n".join(lines), str(path), ordered[0].line)
