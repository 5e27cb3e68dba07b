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
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, product

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.polyhedra import Hull, Polytope, StrictSystem, hull_contains, hull_extremes
from doubletalk.equilibrium.response import Bound, Piece, ResponseComplex, Row
from doubletalk.equilibrium.search import LOCAL, UNUSED, USED, Z_SYSTEM, OutOfTimeError, Search
from doubletalk.errors import TooLarge
from doubletalk.exact import ONE, ZERO, Rational

__all__ = ["Components", "Found", "Product", "Progress", "find_products"]

Point = tuple[Rational, ...]
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
class Product:
    """One maximal product: ``senders`` extreme x vectors, ``responses`` extreme z vectors (all blocks in a row)."""

    senders: tuple[Point, ...]
    responses: tuple[Point, ...]
    pieces: tuple[int, ...]


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
    walk = work.walk(deadline)

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
        _maximal(work.found, (deadline if ended is None else clock.now()) + FILTER_SECONDS),
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
        self._bound_pieces: dict[int, tuple[int, int]] = {}
        self.outside: set[tuple[int, int]] = set()
        self.asked: set[tuple[int, Point]] = set()
        self.prior = prior
        self.nash = concept == "nash"
        self.found: dict[str, Product] = {}
        self._done: set[tuple[frozenset[int], tuple[int, ...]]] = set()
        self._index_unknowns()
        self._index_pieces()

    def _index_unknowns(self) -> None:
        """owner[u]: the pair that unknown u refines; a link ties each further unknown to one pair."""
        complex_ = self.complex
        count = len(complex_.pairs)
        self.owner = list(range(count)) + [-1] * (complex_.unknowns - count)
        for link in complex_.links:
            pair = min(link)
            for u in link:
                if u >= count:
                    self.owner[u] = pair

    def _index_pieces(self) -> None:
        """Global numbering of pieces, response columns and blocks."""
        self.pieces: list[Piece] = []
        self.piece_station: list[int] = []
        self.station_pieces: list[list[int]] = []
        self.off_path: list[list[int]] = []
        self.columns: list[tuple[int, int, int]] = []
        self.column_of: dict[tuple[int, int, int], int] = {}
        self.column_block: list[int] = []
        self.blocks: list[tuple[int, int]] = []
        for o, station in enumerate(self.complex.stations):
            for b, block in enumerate(station.blocks):
                for v in range(len(block.vertices)):
                    self.column_of[o, b, v] = len(self.columns)
                    self.columns.append((o, b, v))
                    self.column_block.append(len(self.blocks))
                self.blocks.append((o, b))
            numbers = [self._add_piece(o, piece) for piece in station.pieces]
            self.station_pieces.append(numbers)
            loose = {numbers[k]: (o, k) for k in range(len(numbers)) if (o, k) in self._bounds}
            self._bound_pieces.update(loose)
            exact = [k for k in numbers if k not in loose]
            if self.nash:
                everything = tuple(tuple(range(len(block.vertices))) for block in station.blocks)
                nobody = tuple({i: ONE} for i in station.pairs)
                self.off_path.append([self._add_piece(o, Piece(nobody, (), everything, simplex=False))])
            else:
                self.off_path.append(self._largest(exact) + list(loose))
        self.piece_columns = [
            [self.column_of[o, b, v] for b, support in enumerate(piece.support) for v in support]
            for o, piece in zip(self.piece_station, self.pieces, strict=True)
        ]

    def _add_piece(self, o: int, piece: Piece) -> int:
        self.pieces.append(piece)
        self.piece_station.append(o)
        return len(self.pieces) - 1

    def _largest(self, numbers: list[int]) -> list[int]:
        """The pieces whose responses are in no other's, one of each kind."""
        supports = {k: [frozenset(s) for s in self.pieces[k].support] for k in numbers}
        largest: list[int] = []
        for k in sorted(numbers, key=lambda k: (-sum(map(len, supports[k])), k)):
            if not any(all(a <= b for a, b in zip(supports[k], supports[q], strict=True)) for q in largest):
                largest.append(k)
        return sorted(largest)

    # ---- the float side --------------------------------------------------------------------------------------------

    def walk(self, deadline: float) -> Search:
        """The search, filled with scaled floats: each type's payoffs lie in [0, 1]."""
        complex_ = self.complex
        low, high = self._payoff_ranges()
        scale = [ONE / (most - least) if most > least else ONE for least, most in zip(low, high, strict=True)]
        kinds = [t for t, _ in complex_.pairs]
        floor = [self._floors(i) for i in range(len(kinds))]
        base = [float((sum(floor[i], complex_.base[i]) - low[t]) * scale[t]) for i, t in enumerate(kinds)]
        walk = Search(
            len(self.prior),
            complex_.unknowns,
            kinds,
            [float(p) for p in self.prior],
            base,
            self.leaf,
            self.judge,
            deadline,
        )
        order = sorted({m for _, m in complex_.pairs})
        message_pairs = [[i for i, (_, m) in enumerate(complex_.pairs) if m == wanted] for wanted in order]
        message_stations = [
            [o for o, s in enumerate(complex_.stations) if not set(pairs).isdisjoint(s.pairs)]
            for pairs in message_pairs
        ]
        walk.load_messages(message_pairs, message_stations, len(complex_.stations))
        walk.load_owners(self.owner)
        rows, row_equal, ranges = self._float_rows()
        strict = [int(p.simplex) for p in self.pieces]
        walk.load_pieces(
            self.station_pieces, self.off_path, ranges, self.piece_columns, strict,
            self.column_block, len(self.blocks),
        )  # fmt: skip
        payoffs = []
        for i, t in enumerate(kinds):
            for c, (o, b, v) in enumerate(self.columns):
                gain = complex_.stations[o].blocks[b].vertices[v].payoffs.get(i, ZERO) - floor[i][self.column_block[c]]
                payoffs.append(float(gain * scale[t]) if gain != 0 else 0.0)
        walk.load_numbers(payoffs, rows, row_equal, len(complex_.links))
        return walk

    def _floors(self, i: int) -> list[Rational]:
        """[block] -> the least that any of its responses adds to the sender's payoff at pair i."""
        return [
            min(vertex.payoffs.get(i, ZERO) for vertex in self.complex.stations[o].blocks[b].vertices)
            for o, b in self.blocks
        ]

    def _payoff_ranges(self) -> tuple[list[Rational], list[Rational]]:
        """Per type, the least and the greatest payoff that any message and responses could give."""
        low: list[Rational | None] = [None] * len(self.prior)
        high: list[Rational | None] = [None] * len(self.prior)
        for i, (t, _) in enumerate(self.complex.pairs):
            least = most = self.complex.base[i]
            for station in self.complex.stations:
                if i in station.pairs:
                    for block in station.blocks:
                        gains = [v.payoffs.get(i, ZERO) for v in block.vertices]
                        least, most = least + min(gains), most + max(gains)
            old_low, old_high = low[t], high[t]
            low[t] = least if old_low is None or least < old_low else old_low
            high[t] = most if old_high is None or most > old_high else old_high
        return [ZERO if v is None else v for v in low], [ZERO if v is None else v for v in high]

    def _float_rows(self) -> tuple[list[float], list[int], list[tuple[int, int]]]:
        rows: list[float] = []
        equal: list[int] = []
        ranges: list[tuple[int, int]] = []

        def add(row: Row, is_equal: bool) -> None:
            largest = max((abs(v) for v in row.values()), default=ONE)
            dense = [0.0] * self.complex.unknowns
            for u, value in row.items():
                dense[u] = float(value / largest) if largest != 0 else 0.0
            rows.extend(dense)
            equal.append(int(is_equal))

        for link in self.complex.links:
            add(link, True)
        for piece in self.pieces:
            first = len(equal)
            for row in piece.equal:
                add(row, True)
            for row in piece.at_least:
                add(row, False)
            ranges.append((first, len(equal)))
        return rows, equal, ranges

    # ---- the exact side ------------------------------------------------------------------------------------------

    def judge(self, kind: int, states: list[int], chosen: list[int]) -> bool:
        """Exactly: is there a solution with every used pair (every response of a reached simplex piece) positive?"""
        clock.check()
        if kind == LOCAL:
            piece, o = chosen
            here = self.complex.stations[o].pairs
            used = [i for i in here if states[i] == USED]
            corners = self.pieces[piece].corners
            if corners is not None:
                wanted = frozenset(used)
                return wanted == frozenset().union(*(corner for corner in corners if corner <= wanted))
            return self._x_exact(set(used), used, [piece])
        if kind == Z_SYSTEM:
            return self._z_exact(states, chosen)
        live = {i for i, s in enumerate(states) if s != UNUSED}
        used = [i for i in live if states[i] == USED]
        return self._x_exact(live, used, [k for k in chosen if k >= 0], whole=True)

    def _x_exact(self, live: set[int], used: list[int], pieces: list[int], whole: bool = False) -> bool:
        unknowns = [u for u, owner in enumerate(self.owner) if owner in live]
        place = {u: k for k, u in enumerate(unknowns)}
        system = StrictSystem(len(unknowns), [place[i] for i in used])
        self._x_conditions(system, place, pieces)
        if whole:
            self._prior_conditions(system, place, live)
        return not system.is_empty()

    def _x_conditions(self, system: StrictSystem | Polytope, place: dict[int, int], pieces: list[int]) -> None:
        """Links and belief cones, over the unknowns that have a place; the others are zero."""
        for row, is_equal in self._x_rows(pieces):
            small = {place[u]: v for u, v in row.items() if u in place}
            if not small:
                continue
            if is_equal:
                system.equal(small)
            else:
                system.at_least(small)

    def _prior_conditions(self, system: StrictSystem | Polytope, place: dict[int, int], live: set[int]) -> None:
        """The weights of each type's live pairs sum to its prior."""
        for t, p in enumerate(self.prior):
            system.equal({place[i]: ONE for i in live if self.complex.pairs[i][0] == t}, p)

    def _x_rows(self, pieces: list[int]) -> list[tuple[Row, bool]]:
        rows: list[tuple[Row, bool]] = [(link, True) for link in self.complex.links]
        for k in pieces:
            rows += [(row, True) for row in self.pieces[k].equal]
            rows += [(row, False) for row in self.pieces[k].at_least]
        return rows

    def _z_exact(self, states: list[int], chosen: list[int]) -> bool:
        columns = [c for k in chosen if k >= 0 for c in self.piece_columns[k]]
        place = {c: n for n, c in enumerate(columns)}
        positive = []
        for o, k in enumerate(chosen):
            reached = any(states[i] == USED for i in self.complex.stations[o].pairs)
            if k >= 0 and reached and self.pieces[k].simplex:
                positive += [place[c] for c in self.piece_columns[k]]
        system = StrictSystem(len(columns), positive)
        seen = {i for i in range(len(self.complex.pairs)) if self._stations_chosen(i, chosen)}
        used = {i for i in seen if states[i] == USED}
        self._z_rows(system, place, seen, used)
        return not system.is_empty()

    def _stations_chosen(self, i: int, chosen: list[int]) -> bool:
        return all(chosen[o] >= 0 for o, s in enumerate(self.complex.stations) if i in s.pairs)

    def _z_rows(self, system: StrictSystem | Polytope, place: dict[int, int], seen: set[int], used: set[int]) -> None:
        """Block sums, and for each type: used pairs tie, others pay no more."""
        sums: dict[int, dict[int, Rational]] = {}
        for c, n in place.items():
            sums.setdefault(self.column_block[c], {})[n] = ONE
        for row in sums.values():
            system.equal(row, ONE)
        for t in range(len(self.prior)):
            mine = sorted(i for i in seen if self.complex.pairs[i][0] == t)
            best = [i for i in mine if i in used]
            if not best:
                continue
            reference = self._payoff_row(best[0], place)
            for i in mine:
                if i == best[0]:
                    continue
                row = dict(reference)
                for n, value in self._payoff_row(i, place).items():
                    row[n] = row.get(n, ZERO) - value
                constant = self.complex.base[i] - self.complex.base[best[0]]
                if i in used:
                    system.equal(row, constant)
                else:
                    system.at_least(row, constant)

    def _payoff_row(self, i: int, place: dict[int, int]) -> dict[int, Rational]:
        row = {}
        for c, n in place.items():
            o, b, v = self.columns[c]
            gain = self.complex.stations[o].blocks[b].vertices[v].payoffs.get(i)
            if gain is not None and gain != 0:
                row[n] = gain
        return row

    # ---- leaves ----------------------------------------------------------------------------------------------------

    def leaf(self, states: list[int], chosen: list[int]) -> None:
        """Confirm one choice exactly and keep the maximal product around it."""
        clock.check()
        used = {i for i, s in enumerate(states) if s == USED}
        weights = self._responses(used, chosen)
        if not weights:
            return
        pieces = [self._supported_piece(k, weights) for k in chosen]
        if not self._bound_pieces.keys().isdisjoint(chosen):
            self._look_outside(used, pieces, weights)
            return
        senders = self._senders(self._ties(weights, used), pieces)
        if not senders:
            return
        reached = {i for i in range(len(self.complex.pairs)) if any(x[i] != 0 for x in senders)}
        widest = [self._widest_piece(k, senders, reached, chosen[o]) for o, k in enumerate(pieces)]
        mark = (frozenset(reached), tuple(widest))
        if mark in self._done:
            return
        self._done.add(mark)
        if reached != used or widest != chosen:
            weights = self._responses(reached, widest)
        points = self._points(weights, widest)
        self.found.setdefault(f"{senders} {points}", Product(tuple(senders), tuple(points), tuple(widest)))

    def _look_outside(self, used: set[int], pieces: list[int], weights: list[dict[int, Rational]]) -> None:
        """Note the bounds in *pieces*, unless no equilibrium that sends just *used* can be in what they stand for."""
        senders = self._senders(used, pieces)
        if not all(any(x[i] != 0 for x in senders) for i in used):
            return
        loose = [self._bound_pieces[k] for k in pieces if k in self._bound_pieces]
        wanted: set[tuple[int, Point]] = set()
        for o, k in loose:
            bound = self._bounds[o, k]
            groups = ([self.column_of[o, 0, v] for v in group] for group in bound.groups)
            if not all(any(weight.get(c) for weight in weights for c in group) for group in groups):
                return
            if used.isdisjoint(self.complex.stations[o].pairs):
                if bound.reached_only:
                    return
                continue
            beliefs = {_share(bound.coordinates, x) for x in senders}
            if bound.coordinates and len(beliefs) == 1:
                if beliefs <= bound.covered:
                    return
                wanted.add((o, beliefs.pop()))
        self.outside.update(loose)
        self.asked.update(wanted)

    def _responses(self, used: set[int], chosen: list[int]) -> list[dict[int, Rational]]:
        """Extreme weights over response columns."""
        columns = [c for k in chosen for c in self.piece_columns[k]]
        place = {c: n for n, c in enumerate(columns)}
        body = Polytope(len(columns))
        self._z_rows(body, place, set(range(len(self.complex.pairs))), used)
        return [{c: point[n] for c, n in place.items() if point[n] != 0} for point in body.vertices()]

    def _ties(self, weights: list[dict[int, Rational]], used: set[int]) -> set[int]:
        """The pairs that are best for their type at all the given responses; used pairs are."""
        pairs = self.complex.pairs
        reference = {pairs[i][0]: i for i in used}
        ties = set(range(len(pairs)))
        for weight in weights:
            clock.check()
            best = {t: self._value(i, weight) for t, i in reference.items()}
            ties = {i for i in ties if i in used or self._value(i, weight) == best[pairs[i][0]]}
        return ties

    def _value(self, i: int, weight: dict[int, Rational]) -> Rational:
        total = self.complex.base[i]
        for c, w in weight.items():
            o, b, v = self.columns[c]
            gain = self.complex.stations[o].blocks[b].vertices[v].payoffs.get(i)
            if gain is not None:
                total += w * gain
        return total

    def _supported_piece(self, k: int, weights: list[dict[int, Rational]]) -> int:
        """For a simplex piece, the face that the weights really use (its belief cone is larger)."""
        piece = self.pieces[k]
        if not piece.simplex:
            return k
        o = self.piece_station[k]
        used = {c for weight in weights for c in weight}
        support = tuple(
            tuple(v for v in vertices if self.column_of[o, b, v] in used) for b, vertices in enumerate(piece.support)
        )
        if support == piece.support:
            return k
        return next(n for n in self.station_pieces[o] if self.pieces[n].support == support)

    def _senders(self, allowed: set[int], pieces: list[int]) -> list[Point]:
        """Extreme x with weight on allowed pairs only, inside every piece's belief cone."""
        unknowns = [u for u, owner in enumerate(self.owner) if owner in allowed]
        place = {u: n for n, u in enumerate(unknowns)}
        body = Polytope(len(unknowns))
        self._prior_conditions(body, place, allowed)
        self._x_conditions(body, place, pieces)
        full = []
        for point in body.vertices():
            full.append(tuple(point[place[u]] if u in place else ZERO for u in range(self.complex.unknowns)))
        return sorted(full)

    def _widest_piece(self, k: int, senders: list[Point], reached: set[int], original: int) -> int:
        """The piece with the most responses that every x in X allows; unreached stations keep their choice."""
        o = self.piece_station[k]
        if reached.isdisjoint(self.complex.stations[o].pairs):
            return original
        if not self.pieces[k].simplex:
            return k
        best = k
        size = sum(map(len, self.pieces[k].support))
        for n in self.station_pieces[o]:
            piece = self.pieces[n]
            larger = sum(map(len, piece.support))
            if larger > size and all(piece.allows(x) for x in senders):
                best, size = n, larger
        return best

    def _points(self, weights: list[dict[int, Rational]], pieces: list[int]) -> list[Point]:
        """The responses as points: all blocks' coordinates in a row; only the extreme ones, sorted.

        Where a vertex has twins, its whole weight may go to any one of them: each choice is an extreme point.
        """
        points = []
        for weight in weights:
            clock.check()
            parts = []
            for o, b in self.blocks:
                used = [
                    (weight[self.column_of[o, b, v]], vertex.points)
                    for v, vertex in enumerate(self.complex.stations[o].blocks[b].vertices)
                    if self.column_of[o, b, v] in weight
                ]
                parts.append([_mixture(w, choice) for w, choice in _choices(used)])
            points += [tuple(chain.from_iterable(choice)) for choice in product(*parts)]
        if all(self.pieces[k].simplex for k in pieces):
            return sorted(points)
        return hull_extremes(points)


def _share(coordinates: tuple[Row, ...], x: Point) -> Point:
    """The values of some forms at x, made to sum to one where they do not all vanish."""
    values = [sum((v * x[u] for u, v in row.items()), ZERO) for row in coordinates]
    total = sum(values, ZERO)
    return tuple(v / total for v in values) if total != 0 else ()


def _choices(used: list[tuple[Rational, tuple[Point, ...]]]) -> Iterator[tuple[list[Rational], tuple[Point, ...]]]:
    weights = [w for w, _ in used]
    for choice in product(*(points for _, points in used)):
        yield weights, choice


def _mixture(weights: list[Rational], points: tuple[Point, ...]) -> list[Rational]:
    mixed = [ZERO] * len(points[0])
    for w, point in zip(weights, points, strict=True):
        mixed = [m + w * coordinate for m, coordinate in zip(mixed, point, strict=True)]
    return mixed


def _maximal(found: dict[str, Product], end: float) -> tuple[Product, ...]:
    """The products that lie in no other, in a fixed order; those not looked at before *end* are kept."""
    everything = sorted(found.values(), key=lambda p: (p.senders, p.responses))
    supports = [(_support(p.senders), _support(p.responses)) for p in everything]
    kept = []
    done = 0
    try:
        with clock.deadline(end):
            for i, small in enumerate(everything):
                x, z = supports[i]
                rivals = (q for k, q in enumerate(everything) if k != i and x <= supports[k][0] and z <= supports[k][1])
                if not any(_within(small, large) for large in rivals):
                    kept.append(small)
                done = i + 1
                clock.check()
    except OutOfTimeError:
        kept += everything[done:]
    return tuple(kept)


def _support(points: tuple[Point, ...]) -> set[int]:
    return {i for point in points for i, value in enumerate(point) if value != 0}


def _within(small: Product, large: Product) -> bool:
    if not all(hull_contains(large.senders, x) for x in small.senders):
        return False
    return all(hull_contains(large.responses, z) for z in small.responses)


class Components:
    """Products joined into connected components, one product at a time."""

    def __init__(self) -> None:
        self._sides: list[tuple[Hull, Hull]] = []
        self._parent: list[int] = []

    def _root(self, i: int) -> int:
        while self._parent[i] != i:
            self._parent[i] = self._parent[self._parent[i]]
            i = self._parent[i]
        return i

    def add(self, product: Product) -> None:
        """Join *product* with all earlier ones that it touches. Raises OutOfTimeError, and is then left out."""
        x, z = Hull(product.senders), Hull(product.responses)
        touched = set()
        for j, (senders, responses) in enumerate(self._sides):
            clock.check()
            root = self._root(j)
            if root not in touched and x.meets(senders) and z.meets(responses):
                touched.add(root)
        new = len(self._sides)
        self._sides.append((x, z))
        self._parent.append(new)
        lowest = min(touched, default=new)
        for root in (*touched, new):
            self._parent[root] = lowest

    def numbers(self) -> list[int]:
        """[product] -> number of its component, from 0, in order of first appearance."""
        names: dict[int, int] = {}
        return [names.setdefault(self._root(i), len(names)) for i in range(len(self._sides))]
