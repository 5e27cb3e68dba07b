"""The user's data frame: one row per game with the counts of its outcomes and its covariates."""

from __future__ import annotations

import csv
import math
import tempfile
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from doubletalk.crisis.specification import CrisisSpecification, variables
from doubletalk.errors import InputError
from doubletalk.evidence.tables import Problem, read_rows, refuse
from doubletalk.game.wording import listing, nearest, quoted

__all__ = ["CrisisData", "frame_of", "load_data", "with_outcomes"]

Array = NDArray[np.float64]
Column = NDArray[np.float64] | NDArray[np.str_]

MISSING = frozenset({"", "na", "nan", "null", "none", ".", "#n/a"})
MAX_BYTES = 200_000_000
TIMEOUT_SECONDS = 60.0
_WHAT = "table of games"


@dataclass(frozen=True)
class CrisisData:
    """Games in rows.

    columns   name -> (games,) numbers, or words for a factor; only those that the specification uses
    counts    (games, 4): sq, cd, sf, bd; without rows of outcomes (a table for prediction) it is None
    names     a name for each game
    lines     the line of the file on which each game stands
    """

    columns: Mapping[str, Column]
    counts: Array | None
    names: tuple[str, ...]
    lines: tuple[int, ...]
    source: str = "the data"

    @property
    def games(self) -> int:
        """How many games."""
        return len(self.names)

    def column(self, name: str) -> Array:
        """A column of numbers. Raises InputError."""
        values = self.columns[name]
        if values.dtype.kind != "f":
            raise InputError(f"column {quoted(name)} holds words where numbers are needed", self.source)
        return np.asarray(values, dtype=np.float64)

    def rows(self, chosen: NDArray[np.intp]) -> CrisisData:
        """Some of the games (repetitions allowed)."""
        return CrisisData(
            {name: column[chosen] for name, column in self.columns.items()},
            None if self.counts is None else self.counts[chosen],
            tuple(self.names[i] for i in chosen),
            tuple(self.lines[i] for i in chosen),
            self.source,
        )


def frame_of(columns: Mapping[str, Sequence[float] | Sequence[str]]) -> dict[str, Column]:
    """Columns as arrays: numbers where every value is one, words otherwise."""
    made: dict[str, Column] = {}
    for name, values in columns.items():
        array = np.asarray(values)
        made[name] = array.astype(np.float64) if array.dtype.kind in "fiub" else array.astype(np.str_)
    return made


def with_outcomes(columns: Mapping[str, Column], counts: Array, source: str = "the data") -> CrisisData:
    """Data built in Python: *columns* as of :func:`frame_of`, *counts* (games, 4)."""
    counts = np.asarray(counts, dtype=np.float64)
    if counts.ndim != 2 or counts.shape[1] != 4 or not (counts >= 0.0).all() or not np.isfinite(counts).all():
        raise InputError(f"counts: expected one row of 4 counts per game, none negative; found shape {counts.shape}")
    names = tuple(str(i + 1) for i in range(len(counts)))
    return CrisisData(dict(columns), counts, names, tuple(range(1, len(counts) + 1)), source)


def load_data(
    source: str | Path, spec: CrisisSpecification, *, outcomes: bool = True, first_stage: bool = True
) -> CrisisData:
    """The games in a CSV file, or at an http(s) or file address, with the columns that *spec* uses.

    Without *outcomes* the counts are not looked for; without *first_stage* neither are its columns.
    Raises InputError: a missing column with the nearest name, and every wrong cell by line.
    """
    if str(source).startswith(("http://", "https://", "file://")):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "data.csv"
            place.write_bytes(_fetched(str(source)))
            try:
                return _load(place, str(source), spec, outcomes, first_stage)
            except InputError as wrong:
                raise InputError(wrong.message, str(source), wrong.line) from None
    return _load(Path(source), str(source), spec, outcomes, first_stage)


def _fetched(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as answer:
            content: bytes = answer.read(MAX_BYTES + 1)
    except (urllib.error.URLError, OSError, ValueError) as wrong:
        reason = getattr(wrong, "reason", None) or wrong
        raise InputError(f"cannot be fetched: {reason}; download the file and give its path", address) from None
    if len(content) > MAX_BYTES:
        raise InputError(f"larger than {MAX_BYTES:,} bytes", address)
    return content


def _load(path: Path, source: str, spec: CrisisSpecification, outcomes: bool, first_stage: bool) -> CrisisData:
    header = _header(path)
    wanted = _wanted(spec, first_stage)
    counted = spec.outcomes if outcomes else ()
    named = (spec.game,) if spec.game else ()
    used = list(dict.fromkeys((*counted, *wanted, *named)))
    _check_columns(used, header, source)
    others = [name for name in header if name not in used]
    rows, problems = read_rows(path, used, others, _WHAT)
    columns: dict[str, Column] = {}
    for name in wanted:
        cells = [row.get(name) for row in rows]
        numbers = [_number(cell) for cell in cells]
        words = all(n is None for n, cell in zip(numbers, cells, strict=True) if cell.lower() not in MISSING)
        for row, cell, value in zip(rows, cells, numbers, strict=True):
            if cell.lower() in MISSING:
                problems.append(Problem(row.line, name, cell, "a value; leave the row out or fill it in"))
            elif value is None and not words:
                problems.append(Problem(row.line, name, cell, "a number"))
        columns[name] = np.array(cells, dtype=np.str_) if words else np.array([n or 0.0 for n in numbers])
    counts = np.zeros((len(rows), 4))
    for place, name in enumerate(counted):
        for number, row in enumerate(rows):
            value = _number(row.get(name))
            if value is None or value < 0.0 or value != round(value):
                problems.append(Problem(row.line, name, row.get(name), "a count: 0, 1, 2, ..."))
            else:
                counts[number, place] = value
    for name in spec.first_stage if spec.first_stage and first_stage else ():
        for row in rows:
            value = _number(row.get(name))
            if value is not None and not 0.0 < value < 1.0:
                problems.append(Problem(row.line, name, row.get(name), "a probability above 0 and below 1"))
    refuse(Path(source), problems, _WHAT)
    if not rows:
        raise InputError("no game in the table: expected at least one row below the column names", source)
    names = tuple(row.get(spec.game) for row in rows) if spec.game else tuple(str(i + 1) for i in range(len(rows)))
    return CrisisData(columns, counts if outcomes else None, names, tuple(row.line for row in rows), source)


def _header(path: Path) -> list[str]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return [cell.strip() for cell in next(csv.reader(stream), [])]
    except OSError as wrong:
        raise InputError(f"the {_WHAT} cannot be read: {wrong.strerror or wrong}", str(path)) from None
    except (UnicodeDecodeError, csv.Error):
        return []


def _wanted(spec: CrisisSpecification, first_stage: bool) -> list[str]:
    formulas = [*spec.formulas.values()]
    if first_stage and spec.first_stage_formula:
        formulas.append(spec.first_stage_formula)
    names = [name for formula in formulas for name in variables(formula)]
    if first_stage and spec.first_stage is not None:
        names += spec.first_stage
    return list(dict.fromkeys(names))


def _check_columns(used: Sequence[str], header: Sequence[str], source: str) -> None:
    if not header:
        return
    faults = []
    for name in used:
        if name not in header:
            near = nearest(name, [other for other in header if other not in used]) or nearest(name, header)
            faults.append(f"no column {quoted(name)}" + (f" (did you mean {quoted(near)}?)" if near else ""))
    if faults:
        raise InputError(f"{'; '.join(faults)}. The file has: {listing(header)}", source, 1)


def _number(cell: str) -> float | None:
    try:
        value = float(cell)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
