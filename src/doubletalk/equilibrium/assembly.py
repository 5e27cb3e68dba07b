"""The second move: which sender behaviour is consistent with which pieces (theory, section 3).

A choice of one piece per station and of the messages that each type uses leaves two linear systems without a shared
unknown, one for x and one for the responses z; its equilibria are the product X x Z of two polytopes. The search
(``search``) proposes choices, this module confirms them in exact arithmetic, widens each to the maximal product that
contains it, and drops products inside others.

Widening. With Z fixed, X becomes all x compatible with every z in Z (every message that always ties may be used);
then Z becomes all z compatible with every x in X. This is the Galois closure of the relation "x and z are in
equilibrium together"; its fixed points are the maximal products (Millham 1974; Jansen 1981).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.filling import Filling
from doubletalk.equilibrium.numbering import Numbering
from doubletalk.equilibrium.products import Point, Product, maximal
from doubletalk.equilibrium.response import Bound, ResponseComplex, Row
from doubletalk.equilibrium.search import LOCAL, UNUSED, USED, Z_SYSTEM, OutOfTimeError, Search
from doubletalk.equilibrium.systems import Systems
from doubletalk.errors import TooLarge
from doubletalk.exact import ZERO, Rational

__all__ = ["Found", "Progress", "find_products"]

Progress = Callable[[float | None, str], None]
"""Called now and then with the share done (None when unknown) and what is going on."""

PROBE_SECONDS = 10.0
"""A walk is extrapolated after so long."""
LONGEST_UNASKED = 1800.0
"""Expected seconds above which a walk without a time limit is refused, with the estimate."""

FILTER_SECONDS = 0.2
"""How long past a deadline products are still compared with each other."""

MOST_PAIRS = 30
"""More (type, message) pairs at one observation are refused at once: 2^30 subsets cannot be walked."""


@dataclass(frozen=True)
class Found:
    """All maximal products; ``stopped`` says how far a search came that ended early, None otherwise, and ``ended`` why
    ("time limit", "interrupted").

    ``outside`` lists the bounds, as (station, piece), that equilibria outside the products might use; ``asked`` the
    beliefs, as (station, values of the bound's coordinates), at which exact pieces would tell.
    """

    products: tuple[Product, ...]
    stopped: str | None
    nodes: int
    judged: int
    outside: frozenset[tuple[int, int]] = frozenset()
    asked: frozenset[tuple[int, Point]] = frozenset()
    ended: str | None = None


def find_products(
    complex_: ResponseComplex,
    prior: tuple[Rational, ...],
    concept: str = "sequential",
    deadline: float = math.inf,
    progress: Progress | None = None,
    bounds: Mapping[tuple[int, int], Bound] | None = None,
) -> Found:
    """Every maximal product of the complex, or what was found by *deadline* (``time.perf_counter``).

    ``bounds``: pieces, as (station, piece), that are not exact but contain what the exact pieces leave out. They
    yield no product; where one could be used, it is reported in ``Found.outside``.
    Raises TooLarge when no limit is set and the walk would take hours.
    """
    _refuse_hopeless(complex_)
    work = _Assembly(complex_, prior, concept, bounds or {})
    start = clock.now()
    walk = Filling(complex_, prior, work.numbers).fill(Search, work.leaf, work.judge, deadline)

    judged: list[float] = []

    def tick(done: float) -> None:
        spent = clock.now() - start
        if progress is not None:
            progress(done, "searching")
        if deadline == math.inf and not judged and spent > PROBE_SECONDS:
            judged.append(done)
            if spent <= LONGEST_UNASKED * done:
                return
            hours = spent / done / 3600 if done else math.inf
            raise TooLarge(
                f"the search would take about {hours:.3g} hours ({done:.2%} done in {spent:.0f} s); "
                "set a time limit (--time-limit SECONDS) to have what can be found by then, or make the game smaller"
            )

    walk.tick = tick
    stopped = ended = None
    try:
        with clock.deadline(deadline):
            walk.run()
    except OutOfTimeError:
        ended = "time limit"
        stopped = f"{walk.done:.1%} of the search done"
    except KeyboardInterrupt:
        ended = "interrupted"
        stopped = f"{walk.done:.1%} of the search done"
    return Found(
        maximal(work.found, (deadline if ended is None else clock.now()) + FILTER_SECONDS),
        stopped,
        walk.nodes,
        walk.judged,
        frozenset(work.outside),
        frozenset(work.asked),
        ended,
    )


def _refuse_hopeless(complex_: ResponseComplex) -> None:
    """Raises TooLarge when a single message or observation already has more choices than any computer can try."""
    for station in complex_.stations:
        if len(station.pairs) > MOST_PAIRS:
            raise TooLarge(
                f"observation '{station.key}' can come from {len(station.pairs)} (type, message) pairs, so that there "
                f"are 2^{len(station.pairs)} ways to use it; at most {MOST_PAIRS} pairs can be handled: use fewer types"
            )


class _Assembly:
    """The exact side of one search: judges doubtful nodes, turns leaves into products."""

    def __init__(
        self,
        complex_: ResponseComplex,
        prior: tuple[Rational, ...],
        concept: str,
        bounds: Mapping[tuple[int, int], Bound],
    ) -> None:
        self.complex = complex_
        self._bounds = bounds
        self.outside: set[tuple[int, int]] = set()
        self.asked: set[tuple[int, Point]] = set()
        self.prior = prior
        self.numbers = Numbering(complex_, concept == "nash", bounds)
        self.systems = Systems(complex_, prior, self.numbers)
        self.found: dict[str, Product] = {}
        self._done: set[tuple[frozenset[int], tuple[int, ...]]] = set()

    def judge(self, kind: int, states: list[int], chosen: list[int]) -> bool:
        """Exactly: is there a solution with every used pair (every response of a reached simplex piece) positive?"""
        clock.check()
        if kind == LOCAL:
            piece, o = chosen
            here = self.complex.stations[o].pairs
            used = [i for i in here if states[i] == USED]
            corners = self.numbers.pieces[piece].corners
            if corners is not None:
                wanted = frozenset(used)
                return wanted == frozenset().union(*(corner for corner in corners if corner <= wanted))
            return self.systems.x_exact(set(used), used, [piece])
        if kind == Z_SYSTEM:
            return self.systems.z_exact(states, chosen)
        live = {i for i, s in enumerate(states) if s != UNUSED}
        used = [i for i in live if states[i] == USED]
        return self.systems.x_exact(live, used, [k for k in chosen if k >= 0], whole=True)

    # ---- leaves ----------------------------------------------------------------------------------------------------

    def leaf(self, states: list[int], chosen: list[int]) -> None:
        """Confirm one choice exactly and keep the maximal product around it."""
        clock.check()
        used = {i for i, s in enumerate(states) if s == USED}
        weights = self.systems.responses(used, chosen)
        if not weights:
            return
        pieces = [self._supported_piece(k, weights) for k in chosen]
        if not self.numbers.bound_pieces.keys().isdisjoint(chosen):
            self._look_outside(used, pieces, weights)
            return
        senders = self.systems.senders(self.systems.ties(weights, used), pieces)
        if not senders:
            return
        reached = {i for i in range(len(self.complex.pairs)) if any(x[i] != 0 for x in senders)}
        widest = [self._widest_piece(k, senders, reached, chosen[o]) for o, k in enumerate(pieces)]
        mark = (frozenset(reached), tuple(widest))
        if mark in self._done:
            return
        self._done.add(mark)
        if reached != used or widest != chosen:
            weights = self.systems.responses(reached, widest)
        points = self.systems.points(weights, widest)
        self.found.setdefault(f"{senders} {points}", Product(tuple(senders), tuple(points), tuple(widest)))

    def _look_outside(self, used: set[int], pieces: list[int], weights: list[dict[int, Rational]]) -> None:
        """Note the bounds in *pieces*, unless no equilibrium that sends just *used* can be in what they stand for."""
        senders = self.systems.senders(used, pieces)
        if not all(any(x[i] != 0 for x in senders) for i in used):
            return
        loose = [self.numbers.bound_pieces[k] for k in pieces if k in self.numbers.bound_pieces]
        wanted: set[tuple[int, Point]] = set()
        for o, k in loose:
            bound = self._bounds[o, k]
            groups = ([self.numbers.column_of[o, 0, v] for v in group] for group in bound.groups)
            if not all(any(weight.get(c) for weight in weights for c in group) for group in groups):
                return
            if used.isdisjoint(self.complex.stations[o].pairs):
                if bound.reached_only:
                    return
                continue
            beliefs = {_share(bound.coordinates, x) for x in senders} - {()}
            if bound.coordinates and len(beliefs) == 1:
                if beliefs <= bound.covered:
                    return
                wanted.add((o, beliefs.pop()))
        self.outside.update(loose)
        self.asked.update(wanted)

    def _supported_piece(self, k: int, weights: list[dict[int, Rational]]) -> int:
        """For a simplex piece, the face that the weights really use (its belief cone is larger)."""
        piece = self.numbers.pieces[k]
        if not piece.simplex:
            return k
        o = self.numbers.piece_station[k]
        used = {c for weight in weights for c in weight}
        support = tuple(
            tuple(v for v in vertices if self.numbers.column_of[o, b, v] in used)
            for b, vertices in enumerate(piece.support)
        )
        if support == piece.support:
            return k
        return next(n for n in self.numbers.station_pieces[o] if self.numbers.pieces[n].support == support)

    def _widest_piece(self, k: int, senders: list[Point], reached: set[int], original: int) -> int:
        """The piece with the most responses that every x in X allows; unreached stations keep their choice."""
        o = self.numbers.piece_station[k]
        if reached.isdisjoint(self.complex.stations[o].pairs):
            return original
        if not self.numbers.pieces[k].simplex:
            return k
        best = k
        size = sum(map(len, self.numbers.pieces[k].support))
        for n in self.numbers.station_pieces[o]:
            piece = self.numbers.pieces[n]
            larger = sum(map(len, piece.support))
            if larger > size and all(piece.allows(x) for x in senders):
                best, size = n, larger
        return best


def _share(coordinates: tuple[Row, ...], x: Point) -> Point:
    """The values of some forms at x, made to sum to one where they do not all vanish."""
    values = [sum((v * x[u] for u, v in row.items()), ZERO) for row in coordinates]
    total = sum(values, ZERO)
    return tuple(v / total for v in values) if total != 0 else ()
