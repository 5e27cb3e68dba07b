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
from collections.abc import Callable
from dataclasses import dataclass

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.desk import Desk
from doubletalk.equilibrium.filling import Filling
from doubletalk.equilibrium.looseness import Looseness, necessary_rows
from doubletalk.equilibrium.products import Product, joined, maximal
from doubletalk.equilibrium.response import Point, ResponseComplex, Row
from doubletalk.equilibrium.responses import Choice, Factor
from doubletalk.equilibrium.search import LOCAL, UNUSED, USED, Z_SYSTEM, OutOfTimeError, Search
from doubletalk.equilibrium.senders import SenderSide
from doubletalk.errors import TooLarge
from doubletalk.exact import ZERO, Rational

__all__ = ["Found", "Leaf", "Progress", "find_products"]

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


Leaf = tuple[frozenset[int], tuple[int, ...]]
"""A choice: the pairs that are used, and the piece at each station."""


@dataclass(frozen=True)
class Found:
    """All maximal products, whose extreme x are in ``senders``.

    ``stopped`` says how far a search came that ended early, None otherwise, and ``ended`` why ("time limit",
    "interrupted").
    ``outside`` lists the bounds, as (station, piece), that equilibria outside the products might use; ``asked`` the
    beliefs, as (station, values of the bound's coordinates), at which exact pieces would tell; ``loose`` the choices
    that rest on those bounds.
    """

    products: tuple[Product, ...]
    senders: SenderSide | None
    stopped: str | None
    outside: frozenset[tuple[int, int]] = frozenset()
    asked: frozenset[tuple[int, Point]] = frozenset()
    ended: str | None = None
    loose: frozenset[Leaf] = frozenset()


def find_products(
    desk: Desk, prior: tuple[Rational, ...], deadline: float = math.inf, progress: Progress | None = None
) -> Found:
    """Every maximal product of the desk's complex, or what was found by *deadline* (``time.perf_counter``).

    The desk's bounds yield no product; where one could be used, it is reported in ``Found.outside``.
    Raises TooLarge when no limit is set and the walk would take hours.
    """
    _refuse_hopeless(desk.wider)
    work = _Assembly(desk, prior)
    start = clock.now()
    walk = Filling(desk.wider, prior, desk.numbers).fill(Search, work.leaf, work.judge, deadline)

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
    end = (deadline if ended is None else clock.now()) + FILTER_SECONDS
    return Found(
        maximal(work.found.values(), work.senders, desk.side, end),
        work.senders,
        stopped,
        frozenset(work.outside),
        frozenset(work.asked),
        ended,
        frozenset(work.loose),
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

    def __init__(self, desk: Desk, prior: tuple[Rational, ...]) -> None:
        self.desk = desk
        self.complex, self.numbers, self.side = desk.wider, desk.numbers, desk.side
        self.senders = SenderSide(desk.wider, prior, desk.numbers)
        self._looseness = Looseness(desk)
        self.outside: set[tuple[int, int]] = set()
        self.asked: set[tuple[int, Point]] = set()
        self.loose: set[Leaf] = set()
        self.found: dict[tuple[tuple[int, ...], frozenset[Choice]], Product] = {}
        self._done: set[tuple[frozenset[int], tuple[int, ...]]] = set()

    def judge(self, kind: int, states: list[int], chosen: list[int]) -> bool:
        """Exactly: is there a solution with every used pair (every response of a reached simplex piece) positive?"""
        clock.check()
        if kind == LOCAL:
            piece, o = chosen
            used = frozenset(i for i in self.complex.stations[o].pairs if states[i] == USED)
            known = self.desk.local.get((piece, used))
            if known is None:
                known = self.desk.local[piece, used] = self._local(piece, used)
            return known
        if kind == Z_SYSTEM:
            return self.side.feasible(states, chosen)
        live = {i for i, s in enumerate(states) if s != UNUSED}
        return self.senders.exist(
            live, [i for i in live if states[i] == USED], [k for k in chosen if k >= 0], whole=True
        )

    def _local(self, piece: int, used: frozenset[int]) -> bool:
        corners = self.numbers.pieces[piece].corners
        if corners is not None:
            return used == frozenset().union(*(corner for corner in corners if corner <= used))
        return self.senders.exist(set(used), list(used), [piece])

    # ---- leaves ----------------------------------------------------------------------------------------------------

    def leaf(self, states: list[int], chosen: list[int]) -> None:
        """Confirm one choice exactly and keep the maximal product around it."""
        clock.check()
        used = frozenset(i for i, s in enumerate(states) if s == USED)
        factors = self.side.factors(used, chosen)
        if factors is None:
            return
        pieces = self._supported(chosen, factors)
        if not self.numbers.bound_pieces.keys().isdisjoint(chosen):
            self._look_outside(used, pieces, factors)
            return
        level = used.union(*(factor.level for factor in factors))
        senders = self.senders.extremes(level, pieces)
        if not senders:
            return
        reached = frozenset().union(*(self.senders.sent[x] for x in senders))
        widest = [self._widest_piece(k, senders, reached, chosen[o]) for o, k in enumerate(pieces)]
        mark = (reached, tuple(widest))
        if mark in self._done:
            return
        self._done.add(mark)
        if reached != used or widest != chosen:
            factors = self.side.factors(reached, widest)
            assert factors is not None, "the widest choice holds the responses of the narrower one"
        choices = self.desk.choices.get(factors)
        if choices is None:
            choices = self.desk.choices[factors] = joined(factors)
        self.found.setdefault((senders, choices), Product(senders, factors, choices))

    def _look_outside(self, used: frozenset[int], pieces: list[int], factors: tuple[Factor, ...]) -> None:
        """Note the bounds in *pieces*, unless no equilibrium that sends just *used* can be in what they stand for."""
        points = [self.senders.points[x] for x in self.senders.extremes(used, pieces)]
        if used != self._sent(points):
            return
        played = {c for factor in factors for c in factor.columns}
        loose = [self.numbers.bound_pieces[k] for k in pieces if k in self.numbers.bound_pieces]
        plans: dict[tuple[int, int], frozenset[int]] = {}
        for o, k in loose:
            bound = self.desk.bounds[o, k]
            groups = ([self.numbers.column_of[o, 0, v] for v in group] for group in bound.groups)
            if any(played.isdisjoint(group) for group in groups):
                return
            if bound.reached_only and not self._arrives(o, used):
                return
            plans[o, k] = frozenset(v for v in bound.points if self.numbers.column_of[o, 0, v] in played)
        rows = [
            row for o, k in loose if self._arrives(o, used)
            for row in necessary_rows(self.desk.bounds[o, k], plans[o, k], points)
        ]  # fmt: skip
        if any(_form_value(row, x) < 0 for row in rows for x in points):
            points = self.senders.within(used, pieces, rows)
            if used != self._sent(points):
                return
        if any(self._looseness.covered(o, k, plans[o, k], points if self._arrives(o, used) else ()) for o, k in loose):
            return
        wanted: set[tuple[int, Point]] = set()
        for o, k in loose:
            bound = self.desk.bounds[o, k]
            only = _only_share(bound.coordinates, points) if bound.coordinates and self._arrives(o, used) else ()
            if only in bound.covered:
                return
            if only:
                wanted.add((o, only))
        self.loose.add((used, tuple(pieces)))
        self.outside.update(loose)
        self.asked.update(wanted)

    def _arrives(self, o: int, used: frozenset[int]) -> bool:
        return not used.isdisjoint(self.complex.stations[o].pairs)

    def _sent(self, points: list[Point]) -> frozenset[int]:
        """The pairs that have weight at some of the points."""
        return frozenset(i for i in range(len(self.complex.pairs)) if any(x[i] != 0 for x in points))

    def _supported(self, chosen: list[int], factors: tuple[Factor, ...]) -> list[int]:
        """For simplex pieces, the face that the responses really use (its belief cone is larger)."""
        pieces = list(chosen)
        for factor in factors:
            for o in factor.stations:
                k = chosen[o]
                piece = self.numbers.pieces[k]
                if not piece.simplex or factor.columns.issuperset(self.numbers.piece_columns[k]):
                    continue
                support = tuple(
                    tuple(v for v in vertices if self.numbers.column_of[o, b, v] in factor.columns)
                    for b, vertices in enumerate(piece.support)
                )
                pieces[o] = next(n for n in self.numbers.station_pieces[o] if self.numbers.pieces[n].support == support)
        return pieces

    def _widest_piece(self, k: int, senders: tuple[int, ...], reached: frozenset[int], original: int) -> int:
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
            if larger > size and all(piece.allows(self.senders.points[x]) for x in senders):
                best, size = n, larger
        return best


def _share(coordinates: tuple[Row, ...], x: Point) -> Point:
    """The values of some forms at x, made to sum to one where they do not all vanish."""
    values = [_form_value(row, x) for row in coordinates]
    total = sum(values, ZERO)
    return tuple(v / total for v in values) if total != 0 else ()


def _only_share(coordinates: tuple[Row, ...], points: list[Point]) -> Point:
    """The one share that all points have at which the forms do not all vanish; () where there are several, or none."""
    only: Point = ()
    for x in points:
        share = _share(coordinates, x)
        if share and only and share != only:
            return ()
        only = share or only
    return only


def _form_value(row: Row, x: Point) -> Rational:
    return sum((v * x[u] for u, v in row.items()), ZERO)
