"""A product of polytopes in the words of the game: strategies, responses, supporting beliefs, replies.

Beliefs. A response z at an unreached observation is rational for the beliefs of every piece that contains z. The
family lists the extreme points of those sets for all its response extremes together, and beside each which response
extremes it supports: the beliefs that uphold a mixture are fewer than those that uphold a pure response.
"""

from __future__ import annotations

from collections.abc import Mapping

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.polyhedra import Polytope, hull_contains
from doubletalk.equilibrium.products import Product
from doubletalk.equilibrium.response import Piece, ResponseComplex, Station
from doubletalk.equilibrium.solution import Distribution, Family
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["FamilyMaker"]

Point = tuple[Rational, ...]
Plans = Mapping[str, Mapping[str, Distribution]]


class FamilyMaker:
    """Turns products of one complex into families; remembers which pieces hold which responses."""

    def __init__(self, game: Game, complex_: ResponseComplex, nash: bool) -> None:
        self.game = game
        self.complex = complex_
        self.nash = nash
        self._slices: list[list[tuple[int, int]]] = []
        at = 0
        for station in complex_.stations:
            mine = []
            for block in station.blocks:
                size = len(block.vertices[0].point)
                mine.append((at, at + size))
                at += size
            self._slices.append(mine)
        self._pieces: dict[tuple[int, str], list[Piece]] = {}
        self._vertices: dict[int, list[Point]] = {}
        self._tied_replies = complex_.replies is not None and complex_.unknowns > len(complex_.pairs)

    def family(self, product: Product, component: int = 1) -> Family:
        """The family of one product."""
        complex_ = self.complex
        beliefs: dict[str, tuple[Distribution, ...]] = {}
        supports: dict[str, tuple[tuple[int, ...], ...]] = {}
        off_path: dict[str, tuple[Plans, ...]] = {}
        for o, station in enumerate(complex_.stations):
            if self.nash or all(any(x[i] != 0 for i in station.pairs) for x in product.senders):
                continue
            found = self._supporting(o, product)
            beliefs[station.key] = tuple(self._belief(station, x) for x, _ in found)
            supports[station.key] = tuple(upheld for _, upheld in found)
            if self._tied_replies:
                off_path[station.key] = tuple(self._replies_here(station, x) for x, _ in found)
        return Family(
            sender_extremes=tuple(self._strategy(x) for x in product.senders),
            response_extremes=tuple(self._behaviour(z) for z in product.responses),
            belief_extremes=beliefs,
            component=component,
            reply_extremes=tuple(complex_.replies(x) for x in product.senders) if complex_.replies is not None else (),
            belief_replies=off_path,
            belief_supports=supports,
        )

    def _strategy(self, x: Point) -> dict[str, dict[str, Rational]]:
        """sigma(m | t) = x(t, m) / p(t)."""
        game = self.game
        plan: dict[str, dict[str, Rational]] = {label: {} for label in game.types}
        for i, (t, m) in enumerate(self.complex.pairs):
            if x[i] != 0:
                plan[game.types[t]][game.messages[m]] = x[i] / game.prior[t]
        return plan

    def _behaviour(self, z: Point) -> dict[str, dict[str, Distribution]]:
        clock.check()
        merged: dict[str, dict[str, Distribution]] = {}
        for station, slices in zip(self.complex.stations, self._slices, strict=True):
            for block, (start, stop) in zip(station.blocks, slices, strict=True):
                for audience, plan in block.behaviour(z[start:stop]).items():
                    merged.setdefault(audience, {}).update(plan)
        return merged

    def _supporting(self, o: int, product: Product) -> list[tuple[Point, tuple[int, ...]]]:
        """(belief over all unknowns, response extremes that it supports), in a fixed order."""
        station = self.complex.stations[o]
        holding = [self._holding(o, z) for z in product.responses]
        distinct = {id(piece): piece for pieces in holding for piece in pieces}
        found = {x for piece in distinct.values() for x in self._belief_vertices(station, piece)}
        listed = []
        for x in sorted(found, reverse=True):
            clock.check()
            allowed = {key for key, piece in distinct.items() if piece.allows(x)}
            upheld = tuple(r for r, pieces in enumerate(holding) if any(id(p) in allowed for p in pieces))
            listed.append((x, upheld))
        return listed

    def _holding(self, o: int, z: Point) -> list[Piece]:
        """Pieces whose responses contain z there; for simplex pieces the one with the largest belief cone."""
        station = self.complex.stations[o]
        parts = [z[start:stop] for start, stop in self._slices[o]]
        name = (o, ";".join(",".join(map(str, part)) for part in parts))
        if name not in self._pieces:
            self._pieces[name] = _pieces_with(station, parts)
        return self._pieces[name]

    def _belief_vertices(self, station: Station, piece: Piece) -> list[Point]:
        known = self._vertices.get(id(piece))
        if known is not None:
            return known
        complex_ = self.complex
        here = set(station.pairs)
        links = [link for link in complex_.links if min(link) in here]
        for link in links:
            here.update(link)
        place = {u: n for n, u in enumerate(sorted(here))}
        body = Polytope(len(place))
        body.equal({place[i]: ONE for i in station.pairs}, ONE)
        for row in (*links, *piece.equal):
            body.equal({place[u]: v for u, v in row.items()})
        for row in piece.at_least:
            body.at_least({place[u]: v for u, v in row.items()})
        count = complex_.unknowns
        found = [tuple(v[place[u]] if u in place else ZERO for u in range(count)) for v in body.vertices()]
        self._vertices[id(piece)] = found
        return found

    def _belief(self, station: Station, x: Point) -> dict[str, Rational]:
        game, pairs = self.game, self.complex.pairs
        several = len({pairs[i][1] for i in station.pairs}) > 1
        belief = {}
        for i in station.pairs:
            t, m = pairs[i]
            if x[i] != 0:
                belief[f"{game.types[t]}|{game.messages[m]}" if several else game.types[t]] = x[i]
        return belief

    def _replies_here(self, station: Station, x: Point) -> dict[str, dict[str, Distribution]]:
        """The replies that go with a belief, at the nodes behind this station's messages, for the types believed in."""
        if self.complex.replies is None:
            return {}
        game, pairs = self.game, self.complex.pairs
        believed = {(game.types[pairs[i][0]], game.messages[pairs[i][1]]) for i in station.pairs if x[i] != 0}
        plans = {}
        for label, plan in self.complex.replies(x).items():
            kept = {node: reply for node, reply in plan.items() if (label, node.split("|")[0]) in believed}
            if kept:
                plans[label] = kept
        return plans


def _pieces_with(station: Station, parts: list[Point]) -> list[Piece]:
    if all(piece.simplex for piece in station.pieces):
        support = tuple(
            tuple(v for v, vertex in enumerate(block.vertices) if any(_uses(part, point) for point in vertex.points))
            for block, part in zip(station.blocks, parts, strict=True)
        )
        return [piece for piece in station.pieces if piece.support == support]
    chosen = []
    for piece in station.pieces:
        hulls = [
            [p for v in s for p in b.vertices[v].points] for b, s in zip(station.blocks, piece.support, strict=True)
        ]
        if all(hull_contains(hull, part) for hull, part in zip(hulls, parts, strict=True)):
            chosen.append(piece)
    return chosen


def _uses(point: Point, unit: Point) -> bool:
    return any(p != 0 and u != 0 for p, u in zip(point, unit, strict=True))
