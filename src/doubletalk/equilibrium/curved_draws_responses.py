"""Points of a curved set with a given strategy of the sender: some of the responses are drawn, the rest solved for."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from itertools import product

from doubletalk.equilibrium.assembly import Leaf
from doubletalk.equilibrium.curved_draws import Behaviour, Draft, Moves, average, read_plan, solved
from doubletalk.equilibrium.desk import Desk
from doubletalk.equilibrium.pieces_reply import ReplyPlan
from doubletalk.equilibrium.pieces_sequential_plays import Node
from doubletalk.equilibrium.polyhedra import Polytope
from doubletalk.equilibrium.response import Point, Row
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["drawn_responses"]

Linear = dict[int, Rational]


def drawn_responses(
    game: Game,
    desk: Desk,
    plan: ReplyPlan,
    x: Point,
    leaf: Leaf,
    moves: Sequence[Moves],
    rng: random.Random,
    by_worth: bool,
) -> Draft | None:
    """An equilibrium of the choice with the sender's *x*, or None.

    ``by_worth``: with two audiences, what the first gets is drawn in place of its mixture
    """
    return _Responses(game, desk, plan, x, leaf, moves, rng, by_worth and len(game.audiences) == 2).draft()


class _Responses:
    """One programme over responses."""

    def __init__(
        self,
        game: Game,
        desk: Desk,
        plan: ReplyPlan,
        x: Point,
        leaf: Leaf,
        moves: Sequence[Moves],
        rng: random.Random,
        by_worth: bool,
    ) -> None:
        self.game, self.desk, self.plan, self.x, self.moves = game, desk, plan, x, moves
        self.used, self.pieces = leaf
        self.rng, self.by_worth = rng, by_worth
        self.stations = desk.wider.stations
        self.cells = game.cells()
        self.size = 0
        self.sums: list[list[int]] = []
        self.rows: list[Row] = []
        """Forms over the unknowns that are nonnegative."""
        self.fixed: dict[int, Behaviour] = {}
        self.names: dict[tuple[int, Node, int], int] = {}
        """(station, last node, action) -> unknown, at curved stations; ``columns`` at the others."""
        self.columns: dict[int, int] = {}
        self.beliefs: dict[int, Point] = {}
        self.offers: list[Linear] = [{} for _ in plan.pairs]

    def draft(self) -> Draft | None:
        """The answer, or None when there is none."""
        for o, station in enumerate(self.stations):
            if all(self.x[i] == 0 for i in station.pairs):
                self.beliefs[o] = self._belief(o)
            if self.pieces[o] not in self.desk.numbers.bound_pieces:
                self._flat(o)
            elif not (self._level(o) if self.by_worth else self._curved(o)):
                return None
        self._sender()
        weights = solved(self.size, self.sums, self.rows, self.rng)
        if weights is None:
            return None
        plans = []
        for o in range(len(self.stations)):
            found = self._plan(o, weights)
            if found is None:
                return None
            plans.append(found)
        return Draft(self.x, self.beliefs, plans)

    def _belief(self, o: int) -> Point:
        """The middle of the beliefs that the piece allows, tied replies included."""
        complex_, piece = self.desk.wider, self.desk.numbers.pieces[self.pieces[o]]
        here = set(self.stations[o].pairs)
        links = [link for link in complex_.links if min(link) in here]
        place = {u: n for n, u in enumerate(sorted(here.union(*links)))}
        body = Polytope(len(place))
        body.equal({place[i]: ONE for i in here}, ONE)
        for row in (*links, *piece.equal):
            body.equal({place[u]: v for u, v in row.items()})
        for row in piece.at_least:
            body.at_least({place[u]: v for u, v in row.items()})
        corners = body.vertices()
        middle = average(corners, [ONE] * len(corners))
        return tuple(middle[place[u]] if u in place else ZERO for u in range(complex_.unknowns))

    # ---- the programme -----------------------------------------------------------------------------------------------

    def _unknown(self, group: list[int]) -> int:
        self.size += 1
        group.append(self.size - 1)
        return self.size - 1

    def _flat(self, o: int) -> None:
        """Weights over the vertices of an exact piece."""
        group: list[int] = []
        numbers = self.desk.numbers
        for c in numbers.piece_columns[self.pieces[o]]:
            self.columns[c] = self._unknown(group)
            vertex = self.stations[o].blocks[0].vertices[numbers.columns[c][2]]
            for i, gain in vertex.payoffs.items():
                if gain != 0:
                    self.offers[i][self.columns[c]] = gain
        self.sums.append(group)

    def _curved(self, o: int) -> bool:
        """Draws all mixtures but the last audience's, whose best actions stay open; whether there is any."""
        counts = [len(labels) for labels in self.game.actions_after(self.cells[o].messages[0])]
        table = self._table(o)
        allowed = self._allowed(o)
        plan: Behaviour = {}
        for depth in range(len(counts) - 1):
            for node in product(*(range(n) for n in counts[:depth])):
                shares = [
                    Rational(self.rng.randint(1, 3)) if a in allowed[node] else ZERO for a in range(counts[depth])
                ]
                plan[node] = tuple(share / sum(shares, ZERO) for share in shares)
        for node in product(*(range(n) for n in counts[:-1])):
            best = self._best(o, node, table)
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

    def _level(self, o: int) -> bool:
        """Two audiences: draws what the first one gets, the same from all that it may play; whether that can be.

        With that value v the unknowns w(a, c) = P(a) P(c | a) obey sum_c w(a, c) (V(a, c) - v) = 0.
        """
        first, _ = (len(labels) for labels in self.game.actions_after(self.cells[o].messages[0]))
        table, played = self._table(o), self._allowed(o)[()]
        best = [self._best(o, (a,), table) for a in range(first)]
        if not all(best):
            return False
        worth = [[table[a, c][0] for c in best[a]] for a in range(first)]
        low = max(max(min(worth[a]) for a in played), max(min(worth[a]) for a in range(first)))
        high = min(max(worth[a]) for a in played)
        if low > high:
            return False
        level = low + (high - low) * Rational(self.rng.randint(1, 7), 8)
        group: list[int] = []
        for a in range(first):
            own = group if a in played else []
            for c in best[a]:
                self.names[o, (a,), c] = self._unknown(own)
            row = {self.names[o, (a,), c]: level - v for c, v in zip(best[a], worth[a], strict=True)}
            self.rows.append(row)
            if a in played:
                self.rows.append({u: -v for u, v in row.items()})
            else:
                self.sums.append(own)
        self.sums.append(group)
        self.fixed[o] = {}
        for i in self.stations[o].pairs:
            self.offers[i] = {self.names[o, (a,), c]: self.plan.value[i, (a, c)] for a in played for c in best[a]}
        return True

    def _allowed(self, o: int) -> dict[Node, list[int]]:
        return {node: sorted(a for h, a in self.moves[o] if h == node) for node, _ in self.moves[o]}

    def _best(self, o: int, node: Node, table: Mapping[Node, Sequence[Rational]]) -> list[int]:
        """The last audience's best actions there, of those that may be played."""
        last = len(node)
        most = max(table[*node, a][last] for a in range(self._width(o, node)))
        return [a for a in self._allowed(o).get(node, ()) if table[*node, a][last] == most]

    def _table(self, o: int) -> dict[Node, list[Rational]]:
        """(actions) -> each audience's expected payoff, weights not made to sum to one."""
        x = self.beliefs.get(o, self.x)
        table = {}
        for actions in self.game.action_profiles(self.cells[o].messages[0]):
            table[actions] = [
                sum(
                    (v * x[u] for i in self.stations[o].pairs for u, v in self.plan.payoff_row(i, actions, j).items()),
                    ZERO,
                )
                for j in range(len(self.game.audiences))
            ]
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
        return len(self.game.actions_after(self.cells[o].messages[0])[len(node)])

    def _sender(self) -> None:
        """Used messages are best; two that are used are so both ways, hence level."""
        for i in self.used:
            for k, (t, _) in enumerate(self.plan.pairs):
                if k != i and t == self.plan.pairs[i][0]:
                    self.rows.append(_minus(self.offers[i], self.offers[k]))

    # ---- the answer --------------------------------------------------------------------------------------------------

    def _plan(self, o: int, weights: Point) -> Behaviour | None:
        """What is done at every node after the station's observation; None where a branch to be played is not."""
        if o not in self.fixed:
            columns = self.desk.numbers.piece_columns[self.pieces[o]]
            return read_plan(self.game, self.desk, o, {c: weights[self.columns[c]] for c in columns})
        plan = dict(self.fixed[o])
        masses: dict[Node, list[Rational]] = {}
        for station, node, _ in self.names:
            if station == o:
                masses[node] = [
                    weights[self.names[o, node, a]] if (o, node, a) in self.names else ZERO
                    for a in range(self._width(o, node))
                ]
        for node, mass in masses.items():
            total = sum(mass, ZERO)
            if total == 0:
                return None
            plan[node] = tuple(w / total for w in mass)
        if () not in plan:
            played = self._allowed(o)[()]
            plan[()] = tuple(sum(masses[a,], ZERO) if a in played else ZERO for a in range(self._width(o, ())))
        return dict(sorted(plan.items(), key=lambda item: len(item[0])))


def _minus(first: Linear, second: Linear) -> Linear:
    found = dict(first)
    for unknown, value in second.items():
        found[unknown] = found.get(unknown, ZERO) - value
    return found
