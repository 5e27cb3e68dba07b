"""A product of polytopes in the words of the game: strategies, responses, supporting beliefs, replies.

Beliefs. A response z at an unreached observation is rational for the beliefs of every piece that contains z. The
family lists the extreme points of those sets for all its response extremes together, and beside each which response
extremes it supports: the beliefs that uphold a mixture are fewer than those that uphold a pure response.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.desk import Desk, Plans
from doubletalk.equilibrium.polyhedra import Polytope, hull_contains
from doubletalk.equilibrium.products import Product
from doubletalk.equilibrium.response import Piece, Point, Station
from doubletalk.equilibrium.responses import Choice, Part
from doubletalk.equilibrium.senders import SenderSide
from doubletalk.equilibrium.solution import Distribution, Family
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["FamilyMaker"]


class FamilyMaker:
    """Turns products into families: what is said of responses is kept on the desk, what is said of senders here."""

    def __init__(self, game: Game, desk: Desk, senders: SenderSide) -> None:
        self.game, self.desk, self.senders = game, desk, senders
        self.complex = desk.complex
        self._tied_replies = self.complex.replies is not None and self.complex.unknowns > len(self.complex.pairs)
        self._strategies: dict[int, dict[str, dict[str, Rational]]] = {}
        self._replies: dict[int, Plans] = {}

    def family(self, product: Product, component: int = 1) -> Family:
        """The family of one product."""
        complex_ = self.complex
        responses, plans = self._responses(product)
        beliefs: dict[str, tuple[Distribution, ...]] = {}
        supports: dict[str, tuple[tuple[int, ...], ...]] = {}
        off_path: dict[str, tuple[Plans, ...]] = {}
        for o, station in enumerate(complex_.stations):
            if self.desk.nash or not any(self.senders.sent[x].isdisjoint(station.pairs) for x in product.senders):
                continue
            held = _Held.of(self, o, tuple([choice[o] for choice in responses]))
            beliefs[station.key], supports[station.key] = held.beliefs, held.supports
            if self._tied_replies:
                off_path[station.key] = held.replies
        return Family(
            sender_extremes=tuple(self._strategy(x) for x in product.senders),
            response_extremes=plans,
            belief_extremes=beliefs,
            component=component,
            reply_extremes=tuple(self._reply(x) for x in product.senders) if complex_.replies is not None else (),
            belief_replies=off_path,
            belief_supports=supports,
        )

    def _strategy(self, number: int) -> dict[str, dict[str, Rational]]:
        """sigma(m | t) = x(t, m) / p(t)."""
        if number not in self._strategies:
            game, x = self.game, self.senders.points[number]
            plan: dict[str, dict[str, Rational]] = {label: {} for label in game.types}
            for i, (t, m) in enumerate(self.complex.pairs):
                if x[i]:
                    plan[game.types[t]][game.messages[m]] = x[i] / game.prior[t]
            self._strategies[number] = plan
        return self._strategies[number]

    def _reply(self, number: int) -> Plans:
        """What each type replies; the same for every x where no replies tie."""
        assert self.complex.replies is not None
        key = number if self._tied_replies else -1
        if key not in self._replies:
            self._replies[key] = self.complex.replies(self.senders.points[number])
        return self._replies[key]

    def _responses(self, product: Product) -> tuple[list[Choice], tuple[Plans, ...]]:
        """The extreme responses in the order of their points, as numbers of parts and in words."""
        known = self.desk.plans.get(product.factors)
        if known is None:
            ranks = self.desk.side.ranks()
            responses = sorted(product.choices, key=lambda choice: [ranks[part] for part in choice])
            known = responses, tuple(self._behaviour(choice) for choice in responses)
            self.desk.plans[product.factors] = known
        return known

    def _behaviour(self, choice: Choice) -> dict[str, dict[str, Distribution]]:
        clock.check()
        merged: dict[str, dict[str, Distribution]] = {}
        for o, part in enumerate(choice):
            for audience, plan in self._words(o, part):
                merged.setdefault(audience, {}).update(plan)
        return merged

    def _words(self, o: int, part: int) -> list[tuple[str, Mapping[str, Distribution]]]:
        """(audience, what it does at its information sets of this station), block by block."""
        words = self.desk.words.get(part)
        if words is None:
            blocks = zip(self.complex.stations[o].blocks, self.desk.side.parts[part], strict=True)
            words = [(who, plan) for block, point in blocks for who, plan in block.behaviour(point).items()]
            self.desk.words[part] = words
        return words

    def held(self, o: int, parts: Sequence[int]) -> list[tuple[Point, tuple[int, ...]]]:
        """(belief over all unknowns, places in *parts* of the responses that it supports), in a fixed order."""
        station = self.complex.stations[o]
        holding = [self._holding(o, part) for part in parts]
        distinct = {id(piece): piece for pieces in holding for piece in pieces}
        found = {str(x): x for piece in distinct.values() for x in self._belief_vertices(station, piece)}
        listed = []
        for x in sorted(found.values(), reverse=True):
            clock.check()
            allowed = {key for key, piece in distinct.items() if piece.allows(x)}
            upheld = tuple(r for r, pieces in enumerate(holding) if any(id(p) in allowed for p in pieces))
            listed.append((x, upheld))
        return listed

    def _holding(self, o: int, part: int) -> list[Piece]:
        """Pieces whose responses contain the part; for simplex pieces the one with the largest belief cone."""
        found = self.desk.holding.get(part)
        if found is None:
            found = self.desk.holding[part] = _pieces_with(self.complex.stations[o], self.desk.side.parts[part])
        return found

    def _belief_vertices(self, station: Station, piece: Piece) -> list[Point]:
        known = self.desk.belief_vertices.get(id(piece))
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
        self.desk.belief_vertices[id(piece)] = found
        return found

    def belief(self, station: Station, x: Point) -> dict[str, Rational]:
        game, pairs = self.game, self.complex.pairs
        several = len({pairs[i][1] for i in station.pairs}) > 1
        belief = {}
        for i in station.pairs:
            t, m = pairs[i]
            if x[i] != 0:
                belief[f"{game.types[t]}|{game.messages[m]}" if several else game.types[t]] = x[i]
        return belief

    def replies_here(self, station: Station, x: Point) -> dict[str, dict[str, Distribution]]:
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


class _Held:
    """The beliefs that support some responses at one station, in words."""

    def __init__(self, maker: FamilyMaker, o: int, parts: tuple[int, ...]) -> None:
        station, found = maker.complex.stations[o], maker.held(o, parts)
        self.beliefs: tuple[Distribution, ...] = tuple(maker.belief(station, x) for x, _ in found)
        self.supports = tuple(upheld for _, upheld in found)
        self.replies: tuple[Plans, ...] = ()
        if maker.complex.unknowns > len(maker.complex.pairs):
            self.replies = tuple(maker.replies_here(station, x) for x, _ in found)

    @classmethod
    def of(cls, maker: FamilyMaker, o: int, parts: tuple[int, ...]) -> _Held:
        """The desk's, or a new one."""
        known = maker.desk.beliefs.get((o, parts))
        if not isinstance(known, cls):
            known = maker.desk.beliefs[o, parts] = cls(maker, o, parts)
        return known


def _pieces_with(station: Station, parts: Part) -> list[Piece]:
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
