"""Thresholds as tables: a row for each stretch and each value at which the answer changes."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass

from doubletalk.exact import rational, text
from doubletalk.regions.algebraic import AlgebraicNumber, cut_off
from doubletalk.regions.thresholds import Change, Line, Stretch

__all__ = ["Letters", "Row", "rows_of", "shortened", "thresholds_csv", "thresholds_json"]

FORMAT = 1

Words = Callable[[int, Hashable], str]
"""(question number, answer) -> the answer in words."""


class Letters:
    """Short names for outcomes: A, B, ... in the order in which they are met along the lines.

    ``listed``: letter -> the outcome in words. Called like the words that it is made from, it gives ``A, B`` for an
    answer that lists outcomes and the words for any other.
    """

    def __init__(self, lines: Sequence[Line], words: Words, parts: Callable[[int, Hashable], tuple[str, ...]]) -> None:
        self._words, self._parts = words, parts
        self._letter: dict[str, str] = {}
        for k, line in enumerate(lines):
            for answer in _in_order(line):
                for part in parts(k, answer):
                    self._letter.setdefault(part, _letter(len(self._letter)))
        self.listed = {letter: part for part, letter in self._letter.items()}

    def __call__(self, k: int, answer: Hashable) -> str:
        """``A, B``; ``none`` for an answer that lists nothing."""
        parts = self._parts(k, answer)
        return ", ".join(sorted(self._letter[part] for part in parts)) if parts else self._words(k, answer)


def _letter(n: int) -> str:
    """A to Z, then AA, AB, ..."""
    return (_letter(n // 26 - 1) if n >= 26 else "") + chr(ord("A") + n % 26)


def _in_order(line: Line) -> Iterator[Hashable]:
    for part in _parts_of(line):
        if isinstance(part, Stretch):
            yield part.answer
        elif part.value is not None:
            yield part.at_it


def _parts_of(line: Line) -> list[Change | Stretch]:
    parts: list[Change | Stretch] = [*line.changes, *line.stretches]
    return sorted(parts, key=lambda part: (part.low, isinstance(part, Stretch)))


@dataclass(frozen=True)
class Row:
    """One line of a table, in the order of the parameter.

    ``kind`` "between" (open interval) or "at"; ``start``, ``end`` exact where known, equal for "at"; for an irrational
    threshold the ends of its isolating interval, ``equation`` the polynomial, ``decimals`` its first digits
    """

    kind: str
    start: str
    end: str
    answer: str
    equation: str = ""
    decimals: str = ""


def rows_of(line: Line, k: int, words: Words) -> Iterator[Row]:
    """The rows of question k, ascending."""
    for part in _parts_of(line):
        if isinstance(part, Stretch):
            yield Row("between", text(part.low), text(part.high), words(k, part.answer))
        elif part.value is not None:
            yield Row("at", text(part.value), text(part.value), words(k, part.at_it))
        elif part.root is not None:
            told = "not solved at it: the value is irrational"
            yield Row("at", text(part.low), text(part.high), told, part.root.equation(line.name), part.root.decimals())
        else:
            yield Row("at", text(part.low), text(part.high), "only bracketed")


def shortened(number: str, longest: int = 24, digits: int = 8) -> str:
    """An exact number, or its first decimals, cut off, where it has too many digits to read."""
    return number if len(number) <= longest else f"{cut_off(rational(number), digits)}..."


def thresholds_csv(lines: Sequence[Line], words: Words) -> str:
    """``question, parameter, kind, from, to, answer, polynomial, decimals``; every number exact."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("question", "parameter", "kind", "from", "to", "answer", "polynomial", "decimals"))
    for k, line in enumerate(lines):
        for row in rows_of(line, k, words):
            writer.writerow(
                (line.question, line.name, row.kind, row.start, row.end, row.answer, row.equation, row.decimals)
            )
    return out.getvalue()


def _root(name: str, root: AlgebraicNumber) -> dict[str, str]:
    return {
        "polynomial": root.equation(name),
        "from": text(root.low),
        "to": text(root.high),
        "decimals": root.decimals(),
    }


def thresholds_json(lines: Sequence[Line], words: Words) -> str:
    """The same as JSON, with what was asked of each line."""
    listed = [
        {
            "question": line.question,
            "parameter": line.name,
            "from": text(line.low),
            "to": text(line.high),
            "probes": line.probes,
            "critical_values": line.critical,
            "widest_gap": text(line.widest),
            "proved_complete": line.proved,
            **({"why_not_proved": line.why_probed} if line.why_probed else {}),
            **({"not_solved_at": [_root(line.name, root) for root in line.unsolved]} if line.unsolved else {}),
            "rows": [
                {
                    "kind": row.kind,
                    "from": row.start,
                    "to": row.end,
                    "answer": row.answer,
                    **({"polynomial": row.equation, "decimals": row.decimals} if row.equation else {}),
                }
                for row in rows_of(line, k, words)
            ],
        }
        for k, line in enumerate(lines)
    ]
    return json.dumps({"doubletalk_thresholds": FORMAT, "lines": listed}, indent=1, ensure_ascii=False) + "\n"
