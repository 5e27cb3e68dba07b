"""Points of a curved set that lie in no family: what shows that it is needed.

Once the sender's strategy and the mixtures of all audiences but the last are fixed, the conditions on everything else
are linear. So some are drawn (from a fixed seed), the rest is an exact linear programme, and a solution that lies in no
family and that ``verify`` accepts is reported.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import product

import ppl

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.assembly import Found, Leaf
from doubletalk.equilibrium.desk import Desk
from doubletalk.equilibrium.pieces_reply import ReplyPlan, integers
from doubletalk.equilibrium.pieces_sequential_plays import Node, decode, encoded
from doubletalk.equilibrium.polyhedra import Polytope, hull_contains
from doubletalk.equilibrium.response import Point, Row
from doubletalk.equilibrium.solution import Assessment, Distribution
from doubletalk.equilibrium.verification import Verifier
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["PointSeeker"]

DRAWS = 12
CORNERS = 3
"""Draws of the fixed mixtures, and solutions of each programme that are averaged."""

Moves = frozenset[tuple[Node, int]]
Behaviour = dict[Node, tuple[Rational, ...]]
Linear = dict[int, Rational]


class PointSeeker:
    """Looks for points of choices that rest on bounds, in games whose optimal replies never tie."""

    def __init__(self, game: Game, desk: Desk, found: Found, plan: ReplyPlan) -> None:
        self.game, self.desk, self.plan = game, desk, plan
        self.senders = found.senders
        self.cells = game.cells()
        self._check = Verifier(game)
        self._hulls: list[tuple[list[Point], list[Point]]] = []
        if self.senders is not None:
            for product_ in found.products:
                xs = [self.senders.points[x] for x in product_.senders]
                self._hulls.append((xs, [desk.side.whole(choice) for choice in sorted(product_.choices)]))

    def point(self, leaf: Leaf, moves: Sequence[Moves]) -> Assessment | None:
        """A verified equilibrium of the choice outside all families, or None when none was found."""
        used, pieces = leaf
        if self.senders is None or self.plan.unknowns > len(self.plan.pairs):
            return None
        extremes = [self.senders.points[x] for x in self.senders.extremes(used, list(pieces))]
        rng = random.Random(0)
        for _ in range(DRAWS):
            clock.check()
            x = _average(extremes, [Rational(rng.randint(1, 3)) for _ in extremes])
            found = _Draw(self, x, used, pieces, moves, rng).assessment()
            if found is not None and self._check(found).valid:
                return found
        return None

    def outside(self, x: Point, plans: Sequence[Behaviour]) -> bool:
        """Whether no family holds the sender's x with these plans, one for each station."""
        kept: list[int] = []
        target: list[Rational] = []
        at = 0
        for station, plan in zip(self.desk.wider.stations, plans, strict=True):
            places = station.blocks[0].behaviour.places  # type: ignore[attr-defined]
            named = encoded(plan)
            if any(weight != 0 and place not in places for place, weight in named.items()):
                return True
            for k, place in enumerate(places):
                if place in named:
                    kept.append(at + k)
                    target.append(named[place])
            at += len(places)
        return not any(
            hull_contains(xs, x) and hull_contains([tuple(z[k] for k in kept) for z in zs], tuple(target))
            for xs, zs in self._hulls
        )

    def belief(self, piece: int, o: int) -> Point:
        """Some belief at the station that the piece allows, as an x with weight there only."""
        pairs = self.desk.wider.stations[o].pairs
        place = {i: n for n, i in enumerate(pairs)}
        body = Polytope(len(pairs))
        body.equal(dict.fromkeys(range(len(pairs)), ONE), ONE)
        for row in self.desk.numbers.pieces[piece].equal:
            body.equal({place[i]: v for i, v in row.items()})
        for row in self.desk.numbers.pieces[piece].at_least:
            body.at_least({place[i]: v for i, v in row.items()})
        corners = body.vertices()
        middle = _average(corners, [ONE] * len(corners))
        return tuple(middle[place[i]] if i in place else ZERO for i in range(len(self.plan.pairs)))


class _Draw:
    """One draw: the programme over what is left, and its answer."""

    def __init__(
        self,
        seeker: PointSeeker,
        x: Point,
        used: frozenset[int],
        pieces: Sequence[int],
        moves: Sequence[Moves],
        rng: random.Random,
    ) -> None:
        self.seeker, self.x, self.used, self.pieces, self.moves, self.rng = seeker, x, used, pieces, moves, rng
        self.game, self.plan, self.numbers = seeker.game, seeker.plan, seeker.desk.numbers
        self.stations = seeker.desk.wider.stations
        self.size = 0
        self.sums: list[list[int]] = []
        self.rows: list[Row] = []
        """Forms over the unknowns that are nonnegative."""
        self.fixed: dict[int, Behaviour] = {}
        self.names: dict[tuple[int, Node, int], int] = {}
        """(station, last node, action) -> unknown, at curved stations; ``columns`` at the others."""
        self.columns: dict[int, int] = {}
        self.beliefs: dict[int, Point] = {}
        self.offers: list[Linear] = [{} for _ in self.plan.pairs]

    def assessment(self) -> Assessment | None:
        """The answer when it lies outside all families, else None."""
        for o in range(len(self.stations)):
            if all(self.x[i] == 0 for i in self.stations[o].pairs):
                self.beliefs[o] = self.seeker.belief(self.pieces[o], o)
            if self.pieces[o] in self.numbers.bound_pieces:
                if not self._curved(o):
                    return None
            else:
                self._flat(o)
        self._sender()
        weights = self._solved()
        if weights is None:
            return None
        plans = [self._plan(o, weights) for o in range(len(self.stations))]
        return self._words(plans) if self.seeker.outside(self.x, plans) else None

    # ---- the programme -----------------------------------------------------------------------------------------------

    def _unknown(self, group: list[int]) -> int:
        self.size += 1
        group.append(self.size - 1)
        return self.size - 1

    def _flat(self, o: int) -> None:
        """Weights over the vertices of an exact piece."""
        group: list[int] = []
        for c in self.numbers.piece_columns[self.pieces[o]]:
            self.columns[c] = self._unknown(group)
            vertex = self.stations[o].blocks[0].vertices[self.numbers.columns[c][2]]
            for i, gain in vertex.payoffs.items():
                if gain != 0:
                    self.offers[i][self.columns[c]] = gain
        self.sums.append(group)

    def _curved(self, o: int) -> bool:
        """Draws all mixtures but the last audience's, whose best actions stay open; whether there is any."""
        counts = [len(labels) for labels in self.game.actions_after(self.seeker.cells[o].messages[0])]
        table = self._table(o)
        allowed = {node: sorted(a for h, a in self.moves[o] if h == node) for node, _ in self.moves[o]}
        plan: Behaviour = {}
        for depth in range(len(counts) - 1):
            for node in product(*(range(n) for n in counts[:depth])):
                shares = [
                    Rational(self.rng.randint(1, 3)) if a in allowed[node] else ZERO for a in range(counts[depth])
                ]
                plan[node] = tuple(share / sum(shares, ZERO) for share in shares)
        last = len(counts) - 1
        for node in product(*(range(n) for n in counts[:last])):
            most = max(table[*node, a][last] for a in range(counts[last]))
            best = [a for a in allowed[node] if table[*node, a][last] == most]
            if not best:
                return False
            group: list[int] = []
            for a in best:
                self.names[o, node, a] = self._unknown(group)
            self.sums.append(group)
        self.fixed[o] = plan
        for node, shares_here in plan.items():
            j = len(node)
            worth = [self._worth(o, plan, (*node, a), table, j) for a in range(counts[j])]
            for a, b in product(range(counts[j]), repeat=2):
                if a != b and shares_here[a] != 0:
                    self.rows.append(_minus(worth[a], worth[b]))
        for i in self.stations[o].pairs:
            values = {actions: [self.plan.value[i, actions]] for actions in table}
            self.offers[i] = self._worth(o, plan, (), values, 0)
        return True

    def _table(self, o: int) -> dict[Node, list[Rational]]:
        """(actions) -> each audience's expected payoff, weights not made to sum to one."""
        x = self.beliefs.get(o, self.x)
        table = {}
        for actions in self.game.action_profiles(self.seeker.cells[o].messages[0]):
            total = [ZERO] * len(self.game.audiences)
            for i in self.stations[o].pairs:
                if x[i] != 0:
                    given = self.plan.options[i, actions][0][1]
                    total = [have + x[i] * more for have, more in zip(total, given, strict=True)]
            table[actions] = total
        return table

    def _worth(self, o: int, plan: Behaviour, node: Node, table: Mapping[Node, Sequence[Rational]], j: int) -> Linear:
        """The payoff *j* of the table from *node* on, linear in the last audience's weights."""
        if node not in plan and len(node) == len(self.game.audiences):
            return {self.names[o, node[:-1], node[-1]]: table[node][j]}
        total: Linear = {}
        for a in range(self._width(o, node)):
            if node in plan:
                share, part = plan[node][a], self._worth(o, plan, (*node, a), table, j) if plan[node][a] else {}
            else:
                unknown = self.names.get((o, node, a))
                share, part = ONE, {} if unknown is None else {unknown: table[*node, a][j]}
            for unknown, value in part.items():
                total[unknown] = total.get(unknown, ZERO) + share * value
        return total

    def _width(self, o: int, node: Node) -> int:
        return len(self.game.actions_after(self.seeker.cells[o].messages[0])[len(node)])

    def _sender(self) -> None:
        """Used messages are best; two that are used are so both ways, hence level."""
        for i in self.used:
            for k, (t, _) in enumerate(self.plan.pairs):
                if k != i and t == self.plan.pairs[i][0]:
                    self.rows.append(_minus(self.offers[i], self.offers[k]))

    def _solved(self) -> Point | None:
        """The average of a few extreme solutions, or None when there is none."""
        programme = ppl.MIP_Problem(self.size)
        for u in range(self.size):
            programme.add_constraint(ppl.Variable(u) >= 0)
        for group in self.sums:
            programme.add_constraint(ppl.Linear_Expression(dict.fromkeys(group, 1), -1) == 0)
        for row in self.rows:
            whole = integers(list(row.values()))
            programme.add_constraint(ppl.Linear_Expression(dict(zip(row, whole, strict=True)), 0) >= 0)
        if not programme.is_satisfiable():
            return None
        corners = []
        for _ in range(CORNERS):
            goal = ppl.Linear_Expression({u: self.rng.randint(-9, 9) for u in range(self.size)}, 0)
            programme.set_objective_function(goal)
            programme.set_optimization_mode("maximization")
            best = programme.optimizing_point()
            bottom = Rational(int(best.divisor()))
            corners.append(tuple(Rational(int(best.coefficient(ppl.Variable(u)))) / bottom for u in range(self.size)))
        return _average(corners, [ONE] * len(corners))

    # ---- the answer --------------------------------------------------------------------------------------------------

    def _plan(self, o: int, weights: Point) -> Behaviour:
        """What is done at every node after the station's observation."""
        if o in self.fixed:
            plan = dict(self.fixed[o])
            for station, node, _ in self.names:
                if station == o:
                    plan[node] = tuple(
                        weights[self.names[o, node, a]] if (o, node, a) in self.names else ZERO
                        for a in range(self._width(o, node))
                    )
            return plan
        (block,) = self.stations[o].blocks
        places = block.behaviour.places  # type: ignore[attr-defined]
        total = dict.fromkeys(places, ZERO)
        for c in self.numbers.piece_columns[self.pieces[o]]:
            share = weights[self.columns[c]]
            for place, more in zip(places, block.vertices[self.numbers.columns[c][2]].point, strict=True):
                total[place] += share * more
        counts = [len(labels) for labels in self.game.actions_after(self.seeker.cells[o].messages[0])]
        nodes = (h for depth in range(len(counts)) for h in product(*(range(n) for n in counts[:depth])))
        return decode(total, {node: counts[len(node)] for node in nodes})

    def _words(self, plans: Sequence[Behaviour]) -> Assessment:
        game = self.game
        sender: dict[str, dict[str, Rational]] = {name: {} for name in game.types}
        for i, (t, m) in enumerate(self.plan.pairs):
            if self.x[i] != 0:
                sender[game.types[t]][game.messages[m]] = self.x[i] / game.prior[t]
        responses: dict[str, dict[str, Distribution]] = {audience.name: {} for audience in game.audiences}
        beliefs: dict[str, Distribution] = {}
        for o, cell in enumerate(self.seeker.cells):
            labels = game.actions_after(cell.messages[0])
            for node, shares in plans[o].items():
                rest = (0,) * (len(labels) - len(node))
                key = game.information_set(len(node), cell.messages[0], (*node, *rest))
                named = {name: share for name, share in zip(labels[len(node)], shares, strict=True) if share != 0}
                responses[game.audiences[len(node)].name][key] = named
            if o in self.beliefs:
                beliefs[cell.key] = self._believed(o)
        replies = self.seeker.desk.wider.replies
        return Assessment(sender, responses, beliefs, replies(self.x) if replies is not None else {})

    def _believed(self, o: int) -> Distribution:
        game, pairs = self.game, self.plan.pairs
        several = len({pairs[i][1] for i in self.stations[o].pairs}) > 1
        found = {}
        for i in self.stations[o].pairs:
            t, m = pairs[i]
            if self.beliefs[o][i] != 0:
                found[f"{game.types[t]}|{game.messages[m]}" if several else game.types[t]] = self.beliefs[o][i]
        return found


def _average(points: Sequence[Point], shares: Sequence[Rational]) -> Point:
    total = sum(shares, ZERO)
    return tuple(
        sum((share * point[k] for share, point in zip(shares, points, strict=True)), ZERO) / total
        for k in range(len(points[0]))
    )


def _minus(first: Linear, second: Linear) -> Linear:
    found = dict(first)
    for unknown, value in second.items():
        found[unknown] = found.get(unknown, ZERO) - value
    return found
