"""Everything about a game that does not depend on the prior, and what was worked out about it.

Pieces, the responses of every choice and their words follow from payoffs alone. So a sweep over a chance, or the same
game asked again, finds them done: ``desk_of`` keeps the last desks and hands them out to games that differ in chances
(and in parameters that no payoff shows) only. What is remembered changes no answer: all orders are those of exact
values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from doubletalk.equilibrium.harshest import harshest
from doubletalk.equilibrium.numbering import Numbering
from doubletalk.equilibrium.pieces import response_complex
from doubletalk.equilibrium.products import FactorHulls
from doubletalk.equilibrium.response import Bound, Piece, Point, ResponseComplex
from doubletalk.equilibrium.responses import Choice, Factor, ResponseSide
from doubletalk.equilibrium.solution import Distribution
from doubletalk.game.model import Game

__all__ = ["Desk", "alike", "desk_of", "forget"]

Plans = Mapping[str, Mapping[str, Distribution]]

Asked = frozenset[tuple[int, Point]]
"""(station, belief in the coordinates of its audiences' payoffs): where curved parts are resolved one by one."""

MOST_PARTS = 20_000
"""A desk with more responses than this is not kept for the next game."""


class Desk:
    """One complex and what is known of it.

    ``complex``  the exact pieces; ``wider`` the same with its curved cells added as pieces that bound them
    ``bounds``   (station, piece) -> bound; ``reasons`` the same -> why something is left out there
    ``on_path``  whether only the harshest responses are kept where nobody arrives (``harshest``): all outcomes, not all
                 of their equilibria
    ``local``    (piece, used pairs at its station) -> whether some belief in the piece gives just these weight
    """

    def __init__(self, complex_: ResponseComplex, nash: bool, on_path: bool = False) -> None:
        self.complex = complex_
        self.nash, self.on_path = nash, on_path
        self.wider, self.bounds, self.reasons = _with_bounds(complex_)
        self.numbers = Numbering(self.wider, nash, self.bounds)
        if on_path and not nash:
            self.numbers.off_path = [harshest(self.numbers, o) for o in range(len(self.wider.stations))]
        self.side = ResponseSide(self.wider, self.numbers)
        self.hulls = FactorHulls(self.side)
        self.local: dict[tuple[int, frozenset[int]], bool] = {}
        self.choices: dict[tuple[Factor, ...], frozenset[Choice]] = {}
        self.words: dict[int, list[tuple[str, Mapping[str, Distribution]]]] = {}
        """[part] -> (audience, what it does at its information sets) in order."""
        self.plans: dict[tuple[Factor, ...], tuple[list[Choice], tuple[Plans, ...]]] = {}
        """The extreme responses in order, as numbers and in words."""
        self.beliefs: dict[tuple[int, tuple[int, ...]], object] = {}
        self.holding: dict[int, list[Piece]] = {}
        self.belief_vertices: dict[int, list[Point]] = {}
        self._bound_points = {(o, v): p for (o, _), bound in self.bounds.items() for v, p in bound.points.items()}

    def point(self, o: int, v: int) -> Point:
        """The coordinates of vertex *v* of station *o*'s only block, those of bounds included."""
        known = self._bound_points.get((o, v))
        return self.wider.stations[o].blocks[0].vertices[v].point if known is None else known


def _with_bounds(
    complex_: ResponseComplex,
) -> tuple[ResponseComplex, dict[tuple[int, int], Bound], dict[tuple[int, int], str]]:
    """The complex with its curved cells added as pieces that bound them; (station, piece) -> bound, and -> reason.

    The search then shows whether what the exact pieces leave out can be part of any equilibrium at all.
    """
    curved = getattr(complex_, "curved", ())
    if not curved:
        return complex_, {}, {}
    stations = list(complex_.stations)
    bounds: dict[tuple[int, int], Bound] = {}
    reasons: dict[tuple[int, int], str] = {}
    for cell in curved:
        station = stations[cell.station]
        (block,) = station.blocks
        first = len(block.vertices)
        support = tuple(range(first, first + len(cell.vertices)))
        name = cell.station, len(station.pieces)
        reasons[name] = cell.reason
        groups = tuple(tuple(first + v for v in group) for group in cell.groups)
        points = {first + v: point for v, point in enumerate(cell.points)}
        worth = {first + v: one for v, one in enumerate(cell.worth)}
        bounds[name] = Bound(groups, cell.reached_only, cell.coordinates, cell.covered, cell.moves, points, worth)
        stations[cell.station] = replace(
            station,
            blocks=(replace(block, vertices=(*block.vertices, *cell.vertices)),),
            pieces=(*station.pieces, Piece(cell.equal, cell.at_least, (support,), simplex=False)),
        )
    return replace(complex_, stations=tuple(stations)), bounds, reasons


MOST_KEPT = 4
"""Desks of one game: for either concept, for outcomes alone, and for beliefs at which curved parts are resolved."""

_KEPT: list[tuple[Game, object, Desk]] = []
"""The last desks, the game that each was made for, and the rest of its key."""


def desk_of(
    game: Game,
    name: str,
    concept: str,
    nash: bool,
    on_path: bool = False,
    asked: Asked = frozenset(),
    begin: Callable[[], None] | None = None,
) -> Desk:
    """The desk of *game*, whose solver class is *name*: the last one where it fits.

    ``nash``  whether responses where play does not arrive are free; ``begin`` is called before any work
    Raises TooLarge where audiences that connect have too many pure profiles, OutOfTimeError at the deadline.
    """
    if begin is not None:
        begin()
    key = name, concept, nash, on_path, asked
    if not all(alike(kept, game) and len(desk.side.parts) <= MOST_PARTS for kept, _, desk in _KEPT):
        _KEPT.clear()
    for _, its, desk in _KEPT:
        if its == key:
            return desk
    desk = Desk(response_complex(game, name, concept, asked), nash, on_path)
    _KEPT[:] = [*_KEPT[1 - MOST_KEPT :], (game, key, desk)]
    return desk


def forget() -> None:
    """Drop the last desks, so that the next game is worked out from the start (for timings)."""
    _KEPT.clear()


def alike(one: Game, other: Game) -> bool:
    """Whether the two games differ in chances, title and parameters at most."""
    return one is other or (
        one.payoffs == other.payoffs
        and one.sender == other.sender
        and one.types == other.types
        and one.messages == other.messages
        and one.available == other.available
        and one.audiences == other.audiences
        and one.replies == other.replies
    )
