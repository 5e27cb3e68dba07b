"""An atlas as data: an xarray Dataset (NetCDF), tables with exact values, and what was solved, kept on disk."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doubletalk.errors import InputError
from doubletalk.exact import decimal, rational, text
from doubletalk.regions.atlas import Atlas
from doubletalk.regions.atlas_edges import BoundaryPoint
from doubletalk.regions.atlas_solving import Point, answer_from_json, answer_to_json

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import xarray as xr

RESERVED = ("point", "boundary", "answer", "region", "mixed", "words")
"""Names in the Dataset that a parameter of the same name has to give way to."""

__all__ = [
    "boundary_csv",
    "curves_csv",
    "dataset",
    "fingerprint",
    "netcdf",
    "points_csv",
    "read_solved",
    "solved_text",
]

FORMAT = 1


# ---- what was solved -------------------------------------------------------------------------------------------------


def fingerprint(*parts: object) -> str:
    """A short name of what was asked (the game, its settings, the question) and of the version that answers."""
    from doubletalk import __version__

    return hashlib.sha256("\n".join(map(repr, (__version__, *parts))).encode()).hexdigest()[:32]


def solved_text(known: Mapping[Point, Hashable], of: str) -> str:
    """Every answered point as JSON; *of* is the fingerprint of what was asked."""
    numbers: dict[Hashable, int] = {}
    points = [[text(x), text(y), numbers.setdefault(answer, len(numbers))] for (x, y), answer in known.items()]
    answers = [answer_to_json(answer) for answer in numbers]
    return json.dumps({"atlas": FORMAT, "of": of, "answers": answers, "points": points}, separators=(",", ":")) + "\n"


def read_solved(path: Path, of: str) -> dict[Point, Hashable]:
    """The points that the file at *path* has answered; none where there is no file, or where it is of something else.

    Raises ``InputError`` where the file is not one that :func:`solved_text` wrote.
    """
    if not path.exists():
        return {}
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
        if stored["of"] != of or stored["atlas"] != FORMAT:
            return {}
        answers = [answer_from_json(answer) for answer in stored["answers"]]
        return {(rational(x), rational(y)): answers[k] for x, y, k in stored["points"]}
    except (KeyError, TypeError, ValueError, IndexError):
        message = "is not a file of solved points that an atlas keeps; delete it to begin anew"
        raise InputError(message, str(path)) from None


# ---- tables ----------------------------------------------------------------------------------------------------------


def points_csv(atlas: Atlas) -> str:
    """Every solved node: the exact values of both parameters and the answer."""
    head = (atlas.grid.x.name, atlas.grid.y.name, "answer")
    return _csv(head, ((*map(text, atlas.grid.point(n)), atlas.words[k]) for n, k in atlas.nodes.items()))


def boundary_csv(atlas: Atlas) -> str:
    """Every boundary point: exact where ``exact`` is yes, else between ``low`` and ``high`` along ``along``."""
    x, y = atlas.grid.x.name, atlas.grid.y.name
    head = (x, y, "exact", "along", "low", "high", "below", "at_it", "above", "curve")
    return _csv(head, (_boundary_row(atlas, point, (x, y)) for point in atlas.boundary))


def _boundary_row(atlas: Atlas, point: BoundaryPoint, names: tuple[str, str]) -> tuple[str, ...]:
    known = point.value is not None
    return (
        *map(text, point.place),
        "yes" if known else "no",
        names[point.along],
        text(point.low),
        text(point.high),
        atlas.words[atlas.index(point.below)],
        atlas.words[atlas.index(point.at_it)] if known else "",
        atlas.words[atlas.index(point.above)],
        point.curve.words(*names) if point.curve else "",
    )


def curves_csv(atlas: Atlas) -> str:
    """Every line or hyperbola that boundary points lie on, with how many there are and what it divides."""
    rows = (
        (each.curve.words(atlas.grid.x.name, atlas.grid.y.name), each.points, *_sides(atlas, each.between))
        for each in atlas.curves
    )
    return _csv(("curve", "points", "one_side", "other_side"), rows)


def _sides(atlas: Atlas, between: frozenset[Hashable]) -> tuple[str, str]:
    """The two answers in their order; the same twice where only the answer at the boundary differs."""
    numbers = sorted(atlas.index(answer) for answer in between)
    return atlas.words[numbers[0]], atlas.words[numbers[-1]]


def _csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


# ---- xarray ----------------------------------------------------------------------------------------------------------


def dataset(atlas: Atlas) -> xr.Dataset:
    """The atlas as a Dataset.

    Dimensions: ``point`` (solved nodes), ``boundary`` (boundary points), ``answer``, and the two parameters, at the
    centres of the finest cells. Variables over the parameters (y, x): ``region``, the answer's number, and ``mixed``,
    1 where answers in the cell disagree. ``point_*`` and ``boundary_*`` hold floats, answers' numbers, and the exact
    values as text; ``boundary_known`` is 1 where the point is exact. -1 stands for no answer.
    """
    import numpy as np
    import xarray as xr

    grid = atlas.grid
    names = tuple(f"{axis.name}_" if axis.name in RESERVED else axis.name for axis in (grid.x, grid.y))
    centres = range(1, grid.across, 2)
    points = [grid.point(node) for node in atlas.nodes]
    places = [point.place for point in atlas.boundary]
    region, mixed = _raster(atlas)
    data: dict[str, Any] = {
        "region": ((names[1], names[0]), region),
        "mixed": ((names[1], names[0]), mixed),
        "words": (("answer",), _words(atlas.words)),
        "point_answer": (("point",), np.array(list(atlas.nodes.values()), dtype=np.int32)),
        "boundary_known": (("boundary",), np.array([p.value is not None for p in atlas.boundary], dtype=np.int8)),
    }
    for k, name in enumerate(names):
        data[f"point_{name}"] = (("point",), np.array([decimal(p[k]) for p in points], dtype=float))
        data[f"point_{name}_exact"] = (("point",), _words([text(p[k]) for p in points]))
        data[f"boundary_{name}"] = (("boundary",), np.array([decimal(p[k]) for p in places], dtype=float))
        data[f"boundary_{name}_exact"] = (("boundary",), _words([text(p[k]) for p in places]))
    for side in ("below", "at_it", "above"):
        numbers = [-1 if side == "at_it" and p.value is None else atlas.index(getattr(p, side)) for p in atlas.boundary]
        data[f"boundary_{side}"] = (("boundary",), np.array(numbers, dtype=np.int32))
    coords = {
        name: np.array([decimal(grid.value(axis, k)) for k in centres])
        for name, axis in zip(names, (grid.x, grid.y), strict=True)
    }
    return xr.Dataset(data, coords, {"question": atlas.question, "stopped": atlas.stopped or ""})


def _words(words: Sequence[str]) -> npt.NDArray[np.str_]:
    import numpy as np

    return np.array(words, dtype=f"<U{max([1, *map(len, words)])}")


def _raster(atlas: Atlas) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int8]]:
    """(region, mixed) over the finest cells, [y, x]."""
    import numpy as np

    side = atlas.grid.across // 2
    region, mixed = np.full((side, side), -1, dtype=np.int32), np.zeros((side, side), dtype=np.int8)
    for shade in atlas.shades:
        i, j, n = (k // 2 for k in (shade.cell.i, shade.cell.j, shade.cell.side))
        region[j : j + n, i : i + n] = shade.answer
        mixed[j : j + n, i : i + n] = shade.mixed
    return region, mixed


def netcdf(atlas: Atlas) -> bytes:
    """The Dataset as a NetCDF file (version 3, which every reader opens)."""
    return bytes(dataset(atlas).to_netcdf(None, engine="scipy"))
