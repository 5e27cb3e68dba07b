"""The cells of an atlas: a coarse grid of squares, cut in four wherever the answers in a cell disagree.

Nodes are counted in the finest steps: with ``coarse`` cells a side and ``depth`` cuts there are ``2**(depth + 1)``
steps to a coarse cell, so that the centre of a finest cell is a node too. The node (i, j) stands for the point

    x = low + (high - low) (5 + 998 i / across) / 1009,    across = coarse 2**(depth + 1),    i = 0 .. across

and y alike. That keeps nodes off round values, on which boundaries like to lie (on a boundary the answer is that of a
line, not of an area), and off the ends of the range, where a probability may be nought: up to across = 1000 no node is
at a fraction of the range with a denominator below 60, but for 5/11 where 11 divides across. A deeper atlas has the
nodes of a shallower one among its own.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from doubletalk.errors import InputError
from doubletalk.exact import Rational, rational

__all__ = ["Axis", "Cell", "Grid", "Node", "corners", "disagreeing", "edges_of", "sides"]

FIRST, SPAN, WHOLE = 5, 998, 1009
"""The nodes go from FIRST / WHOLE of the range to (FIRST + SPAN) / WHOLE."""
MOST_DEPTH, MOST_COARSE = 10, 400

Node: TypeAlias = tuple[int, int]


@dataclass(frozen=True)
class Axis:
    """A parameter and the range that is drawn; ``low`` < ``high``."""

    name: str
    low: Rational
    high: Rational

    def __post_init__(self) -> None:
        if not self.low < self.high:
            raise InputError(f"the range of '{self.name}' is {self.low} to {self.high}; expected LOW below HIGH")


@dataclass(frozen=True)
class Cell:
    """A square of nodes: its lower left node and its side, in finest steps; ``side`` is at least 2."""

    i: int
    j: int
    side: int

    @property
    def centre(self) -> Node:
        """The node in the middle."""
        return self.i + self.side // 2, self.j + self.side // 2

    def children(self) -> tuple[Cell, ...]:
        """Its four quarters."""
        half = self.side // 2
        return tuple(Cell(self.i + a, self.j + b, half) for b in (0, half) for a in (0, half))


@dataclass(frozen=True)
class Grid:
    """Two axes cut into ``coarse`` cells each way, each of which may be cut in four ``depth`` times."""

    x: Axis
    y: Axis
    coarse: int
    depth: int

    def __post_init__(self) -> None:
        for what, value, low, high in (("grid", self.coarse, 1, MOST_COARSE), ("depth", self.depth, 0, MOST_DEPTH)):
            if not low <= value <= high:
                raise InputError(f"{what}: found {value}, expected a whole number from {low} to {high}")
        if self.x.name == self.y.name:
            raise InputError(f"both parameters are '{self.x.name}'; expected two different ones")

    @property
    def steps(self) -> int:
        """Finest steps to a coarse cell."""
        return 1 << (self.depth + 1)

    @property
    def across(self) -> int:
        """Finest steps from the first node to the last."""
        return self.coarse * self.steps

    def value(self, axis: Axis, k: int) -> Rational:
        """The parameter's exact value at the k-th node of that axis."""
        return axis.low + (axis.high - axis.low) * (FIRST + rational(SPAN * k) / self.across) / WHOLE

    def drawn(self, axis: Axis, k: int) -> Rational:
        """Where the k-th node is drawn: the outermost at the ends of the range, so that the picture has no rim."""
        return axis.low if k == 0 else axis.high if k == self.across else self.value(axis, k)

    def point(self, node: Node) -> tuple[Rational, Rational]:
        """The exact parameter values at a node."""
        return self.value(self.x, node[0]), self.value(self.y, node[1])

    def cells(self) -> list[Cell]:
        """The coarse cells, row by row from below."""
        side = self.steps
        return [Cell(i * side, j * side, side) for j in range(self.coarse) for i in range(self.coarse)]


def corners(cell: Cell) -> tuple[Node, ...]:
    """The four corners, anticlockwise from the lower left."""
    i, j, k = cell.i, cell.j, cell.side
    return (i, j), (i + k, j), (i + k, j + k), (i, j + k)


def disagreeing(cell: Cell, answers: Mapping[Node, Hashable]) -> bool:
    """Whether the answers at the corners, the centre and the asked nodes on the sides are not all the same.

    Nodes on the sides are asked when a neighbour was cut.
    """
    first = answers[cell.centre]
    return any(answers[node] != first for node in sides(cell, answers))


def _between(start: Node, end: Node, answers: Mapping[Node, object]) -> Iterator[Node]:
    """The asked nodes strictly between two, found by halving."""
    middle = (start[0] + end[0]) // 2, (start[1] + end[1]) // 2
    if middle in (start, end) or middle not in answers:
        return
    yield middle
    yield from _between(start, middle, answers)
    yield from _between(middle, end, answers)


def sides(cell: Cell, answers: Mapping[Node, object]) -> list[Node]:
    """The asked nodes around the cell, anticlockwise from the lower left corner."""
    around = corners(cell)
    ring: list[Node] = []
    for start, end in zip(around, around[1:] + around[:1], strict=True):
        ring += [start, *sorted(_between(start, end, answers), reverse=end < start)]
    return ring


def edges_of(cells: Iterable[Cell], answers: Mapping[Node, Hashable]) -> list[tuple[Node, Node]]:
    """The shortest pieces of the cells' sides between asked nodes with different answers, each once, in order."""
    found = set()
    for cell in cells:
        ring = sides(cell, answers)
        for start, end in pairwise([*ring, ring[0]]):
            if answers[start] != answers[end]:
                found.add((min(start, end), max(start, end)))
    return sorted(found)
