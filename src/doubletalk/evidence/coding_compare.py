r"""How far two codings of the same record agree, and what hangs on the difference.

Agreement p is the share of quarters with the same move. Cohen's kappa sets it against what two coders would share by
chance with the same frequencies of moves:

    kappa = (p - e) / (1 - e),   e = sum over moves m of  q1(m) q2(m)

Its standard error is that of Fleiss, Cohen and Everitt (1969, Psychological Bulletin 72, 323-327) for large samples;
with a few dozen quarters, and neighbouring quarters alike, it is a guide and no more. Where both codings use one move
only, kappa is undefined.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doubletalk.errors import InputError
from doubletalk.evidence.coding import CodedRecord

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["Agreement", "CodingComparison", "Difference", "compare_codings", "kappa", "robustness"]


@dataclass(frozen=True)
class Agreement:
    """Agreement on one actor's moves or on one variable's levels over ``quarters`` quarters.

    kappa   None where it is undefined; ``error`` its large-sample standard error
    """

    what: str
    quarters: int
    same: int
    share: float
    by_chance: float
    kappa: float | None
    error: float | None


@dataclass(frozen=True)
class Difference:
    """A quarter in which the codings part: what each says, and the rows behind each (none for a default)."""

    quarter: str
    what: str
    first: str
    second: str
    first_rows: tuple[str, ...]
    second_rows: tuple[str, ...]


@dataclass(frozen=True)
class CodingComparison:
    """Two codings side by side: agreement by actor and by variable, and every quarter that differs."""

    first: str
    second: str
    actors: tuple[Agreement, ...]
    variables: tuple[Agreement, ...]
    differences: tuple[Difference, ...]


def kappa(first: Ints, second: Ints, categories: int) -> tuple[float, float, float | None, float | None]:
    """Agreement, agreement by chance, Cohen's kappa and its standard error.

    first, second  (T,) whole numbers from 0 to categories - 1
    """
    import numpy as np

    size = len(first)
    counts = np.zeros((categories, categories), dtype=np.int64)
    np.add.at(counts, (first, second), 1)
    table = counts / size
    rows, columns = counts.sum(axis=1) / size, counts.sum(axis=0) / size
    share, expected = int(np.trace(counts)) / size, float(rows @ columns)
    if share == 1.0 and expected < 1.0:
        return share, expected, 1.0, 0.0
    if math.isclose(expected, 1.0):
        return share, expected, None, None
    value = (share - expected) / (1 - expected)
    diagonal = np.diag(table)
    one = float((diagonal * (1 - (rows + columns) * (1 - value)) ** 2).sum())
    cross = (columns[:, None] + rows[None, :]) ** 2
    np.fill_diagonal(cross, 0.0)
    two = (1 - value) ** 2 * float((table * cross).sum())
    variance = (one + two - (value - expected * (1 - value)) ** 2) / (size * (1 - expected) ** 2)
    return share, expected, value, math.sqrt(max(variance, 0.0))


def compare_codings(first: CodedRecord, second: CodedRecord) -> CodingComparison:
    """Compare two codings of one record; InputError when quarters, actors, moves or levels are not the same."""
    import numpy as np

    for what, kind, one, two in (
        ("actors", "moves", first.moves, second.moves),
        ("state variables", "levels", first.variables, second.variables),
    ):
        _check_alike(first.coding, second.coding, what, kind, one, two)
    common = [q for q in first.quarters if q in second.quarters]
    if not common:
        raise InputError(f"codings {first.coding!r} and {second.coding!r} have no quarter in common")
    here = np.array([first.quarters.index(q) for q in common])
    there = np.array([second.quarters.index(q) for q in common])
    actors = tuple(
        _agreement(name, first.chosen[here, k], second.chosen[there, k], len(first.moves[name]))
        for k, name in enumerate(first.moves)
    )
    variables = tuple(
        _agreement(name, first.levels[here, k], second.levels[there, k], len(first.variables[name]))
        for k, name in enumerate(first.variables)
    )
    return CodingComparison(first.coding, second.coding, actors, variables, tuple(_differences(first, second, common)))


def _check_alike(
    first: str, second: str, what: str, kind: str, one: Mapping[str, Sequence[str]], two: Mapping[str, Sequence[str]]
) -> None:
    """InputError with the first difference where the words of two codings are not the same, in the same order."""
    told = f"codings {first!r} and {second!r} cannot be compared:"
    if list(one) != list(two):
        raise InputError(f"{told} the {what} are {', '.join(one)} in the first and {', '.join(two)} in the second")
    for name, words in one.items():
        if tuple(words) != tuple(two[name]):
            here, there = ", ".join(words), ", ".join(two[name])
            raise InputError(f"{told} {name} has the {kind} {here} in the first and {there} in the second")


def _agreement(what: str, first: Ints, second: Ints, categories: int) -> Agreement:
    share, expected, value, error = kappa(first, second, categories)
    return Agreement(what, len(first), round(share * len(first)), share, expected, value, error)


def _differences(first: CodedRecord, second: CodedRecord, common: Sequence[str]) -> list[Difference]:
    out = []
    for quarter in common:
        for actor in first.moves:
            a, b = first.move(quarter, actor), second.move(quarter, actor)
            if a.move != b.move:
                out.append(Difference(quarter, actor, a.move, b.move, a.made_by, b.made_by))
        for variable in first.variables:
            x, y = first.level(quarter, variable), second.level(quarter, variable)
            if x.level != y.level:
                out.append(Difference(quarter, variable, x.level, y.level, x.made_by, y.made_by))
    return out


def robustness(codings: Sequence[CodedRecord]) -> list[dict[str, str | float | int | None]]:
    """The table 'robustness to coding': each further coding against the first, a row for every actor and variable."""
    rows: list[dict[str, str | float | int | None]] = []
    for other in codings[1:]:
        found = compare_codings(codings[0], other)
        for kind, agreements in (("moves", found.actors), ("levels", found.variables)):
            rows.extend(
                {
                    "coding": found.second,
                    "against": found.first,
                    "kind": kind,
                    "what": a.what,
                    "quarters": a.quarters,
                    "same": a.same,
                    "share": a.share,
                    "by_chance": a.by_chance,
                    "kappa": a.kappa,
                    "error": a.error,
                }
                for a in agreements
            )
    return rows
