"""The atlas: a rectangle of two parameters divided by the answer to a question about the game.

The answer is looked up at the nodes of a coarse grid and at the centres of its cells; cells in which answers disagree
are cut in four, down to a depth; then boundaries are sharpened to exact points (``atlas_edges``). Every answer is an
exact one, of the game at exactly those values. **What it can miss**: a region that lies between the nodes, so one
narrower than half a coarse cell, and what happens on lines and at points (the answers at sharpened boundary points
apart); a finer grid misses less.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass

from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.regions.atlas_cells import Cell, Grid, Node, corners, disagreeing, edges_of
from doubletalk.regions.atlas_edges import BoundaryPoint, Curve, sharpened
from doubletalk.regions.atlas_solving import Solver

__all__ = ["Atlas", "AtlasCurve", "Shade", "draw_atlas"]


@dataclass(frozen=True)
class Shade:
    """A cell as it is drawn: in one shade, the answer at its centre; ``mixed`` where answers in it disagree."""

    cell: Cell
    answer: int
    mixed: bool


@dataclass(frozen=True)
class AtlasCurve:
    """A curve with the number of boundary points that exact solves confirmed on it, and the answers it divides."""

    curve: Curve
    points: int
    between: frozenset[Hashable]


@dataclass(frozen=True)
class Atlas:
    """What was found; the same however many processes found it.

    ``question``  in words; ``answers`` every answer that occurs, ``words`` the same in words; the numbers in the rest
    are indices into both
    ``nodes``     node -> answer at every grid point that was solved; ``shades`` the cells, which do not overlap
    ``boundary``  points where the answer changes along the sides of cells
    ``curves``    of lines and hyperbolas that boundary points lie on, those with three points or more
    ``stopped``   why it is not whole, None when it is
    """

    grid: Grid
    question: str
    answers: tuple[Hashable, ...]
    words: tuple[str, ...]
    nodes: Mapping[Node, int]
    shades: tuple[Shade, ...]
    boundary: tuple[BoundaryPoint, ...]
    curves: tuple[AtlasCurve, ...]
    stopped: str | None = None

    @property
    def mixed_share(self) -> Rational:
        """The share of the area of the cells in which answers disagree: how much the shares may be wrong by."""
        return self._share(lambda shade: shade.mixed)

    def share(self, answer: int) -> Rational:
        """The share of the area whose cells have this answer at their centre."""
        return self._share(lambda shade: shade.answer == answer)

    def _share(self, wanted: Callable[[Shade], bool]) -> Rational:
        whole = sum(shade.cell.side**2 for shade in self.shades)
        return ONE * sum(shade.cell.side**2 for shade in self.shades if wanted(shade)) / whole if whole else ZERO

    def index(self, answer: Hashable) -> int:
        """Its place in ``answers``."""
        return self.answers.index(answer)


def draw_atlas(
    grid: Grid, solver: Solver, *, question: str = "", words: Callable[[Hashable], str] = str, exact: bool = True
) -> Atlas:
    """The atlas of the answers that *solver* gives.

    ``words``  an answer in words; ``exact`` False leaves the boundaries unsharpened, which saves solves

    KeyboardInterrupt is caught: the atlas then has what was found, and ``stopped`` says so. The cost is
    (coarse + 1)^2 + coarse^2 answers, then about ten for each finest step of boundary, and the sharpening.
    """
    drawing = _Drawing(grid, solver)
    edges: list[tuple[Node, Node]] = []
    points: list[BoundaryPoint] = []
    try:
        with solver.running():
            drawing.subdivide()
            edges = edges_of((cell for cell in drawing.leaves if drawing.mixed(cell)), drawing.answers)
            points, interruption = sharpened(grid, edges, drawing.answers, solver, exact)
            if interruption is not None:
                drawing.stopped = "interrupted while the boundaries were sharpened"
    except KeyboardInterrupt:
        drawing.stopped = f"interrupted while {drawing.doing}"
    if drawing.stopped and not points:
        edges = edges_of((cell for cell in drawing.leaves if drawing.mixed(cell)), drawing.answers)
        points, _ = sharpened(grid, edges, drawing.answers, solver, exact=False)
    return _finished(drawing, points, question, words)


class _Drawing:
    """An atlas under way."""

    def __init__(self, grid: Grid, solver: Solver) -> None:
        self.grid, self.solver = grid, solver
        self.answers: dict[Node, Hashable] = {}
        self.leaves: list[Cell] = []
        self.doing, self.stopped = "the coarse grid was solved", ""

    def mixed(self, cell: Cell) -> bool:
        return disagreeing(cell, self.answers)

    def subdivide(self) -> None:
        """Coarse cells, then cuts until the cells in which answers disagree are the finest."""
        coarse = self.grid.cells()
        try:
            self._ask(coarse, "solving the coarse grid")
        finally:
            self.leaves = [cell for cell in coarse if all(n in self.answers for n in (*corners(cell), cell.centre))]
        self.doing = "cells were cut"
        while cut := [cell for cell in self.leaves if cell.side > 2 and self.mixed(cell)]:
            children = [child for cell in cut for child in cell.children()]
            self._ask(children, f"cutting {len(cut)} cells")
            gone = set(cut)
            self.leaves = [cell for cell in self.leaves if cell not in gone] + children

    def _ask(self, cells: list[Cell], words: str) -> None:
        nodes = sorted({node for cell in cells for node in (*corners(cell), cell.centre)} - self.answers.keys())
        places = {node: self.grid.point(node) for node in nodes}
        try:
            self.solver.all(places.values(), words)
        finally:
            known = self.solver.known
            self.answers.update({node: known[point] for node, point in places.items() if point in known})


def _finished(drawing: _Drawing, points: list[BoundaryPoint], question: str, words: Callable[[Hashable], str]) -> Atlas:
    by_row = sorted(drawing.answers, key=lambda node: (node[1], node[0]))
    answers = dict.fromkeys(drawing.answers[node] for node in by_row)
    for point in points:
        answers.update(dict.fromkeys((point.below, point.above)))
        if point.value is not None:
            answers.setdefault(point.at_it)
    number = {answer: k for k, answer in enumerate(answers)}
    leaves = sorted(drawing.leaves, key=lambda cell: (cell.j, cell.i))
    return Atlas(
        drawing.grid,
        question,
        tuple(answers),
        tuple(words(answer) for answer in answers),
        {node: number[drawing.answers[node]] for node in by_row},
        tuple(Shade(cell, number[drawing.answers[cell.centre]], drawing.mixed(cell)) for cell in leaves),
        tuple(points),
        _curves(points),
        drawing.stopped or None,
    )


def _curves(points: list[BoundaryPoint]) -> tuple[AtlasCurve, ...]:
    """Every curve with the pair of answers that it divides, those with most points first."""
    counts: dict[tuple[Curve, frozenset[Hashable]], int] = {}
    for point in points:
        if point.curve is not None:
            key = point.curve, frozenset((point.below, point.above))
            counts[key] = counts.get(key, 0) + 1
    found = [AtlasCurve(curve, count, between) for (curve, between), count in counts.items()]
    return tuple(sorted(found, key=lambda each: -each.points))
