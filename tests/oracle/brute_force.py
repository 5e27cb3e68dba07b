"""The whole equilibrium set of a small game by trying every support, with nothing cut.

For separable audiences (each cares for its own action only; none watches another), or for one audience and a sender
who replies. A *cell* is one choice of supports: the messages S(t) that each type uses and the actions A(I) in use at
each information set I of each audience. Its equilibria are X x Z, with

    X   x(t, m) = p(t) sigma(m | t) on S, and y(t, m, a, c) = x(t, m) rho(c | t, m, a) over the replies that tie,
        such that every action in A(I) is a best one given the x and y behind I
    Z   responses on A such that no type gains by another message; where no type in S leads to an observation,
        some belief there (common to all who see it) must make A a best response

and the cell is kept when some point of it uses exactly these supports. Shares no code with the solver or ``verify``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from math import lcm

from ppl import C_Polyhedron, Constraint_System, Generator_System, Linear_Expression, Poly_Gen_Relation, Variable, point

from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import Game

__all__ = ["BruteForce", "Cell", "hull", "inside", "vertices"]

Vector = tuple[Rational, ...]
Row = Mapping[int, Rational]


def _expression(row: Row, constant: Rational = ZERO) -> Linear_Expression:
    scale = lcm(1, int(constant.q), *(int(v.q) for v in row.values()))
    expression = Linear_Expression(int((constant * scale).p))
    for i, v in row.items():
        if v:
            expression = expression + int((v * scale).p) * Variable(i)
    return expression


def polyhedron(size: int, zero: Iterable[tuple[Row, Rational]], least: Iterable[Row]) -> C_Polyhedron:
    """{v >= 0 : row . v = constant for (row, constant) in ``zero``, row . v >= 0 for row in ``least``}."""
    system = Constraint_System()
    for i in range(size):
        system.insert(Variable(i) >= 0)
    for row, constant in zero:
        system.insert(_expression(row, -constant) == 0)
    for row in least:
        system.insert(_expression(row) >= 0)
    found = C_Polyhedron(size, "universe")
    found.add_constraints(system)
    return found


def vertices(body: C_Polyhedron, size: int) -> list[Vector]:
    """The extreme points of a bounded polyhedron."""
    if body.is_empty():
        return []
    found = []
    for g in body.minimized_generators():
        if not g.is_point():
            raise ValueError(f"the polyhedron is not bounded: {g}")
        divisor = int(g.divisor())
        found.append(tuple(Rational(int(g.coefficient(Variable(i))), divisor) for i in range(size)))
    return found


def _point(v: Sequence[Rational]):
    scale = lcm(1, *(int(c.q) for c in v))
    expression = Linear_Expression(0)
    for i, c in enumerate(v):
        if c:
            expression = expression + int((c * scale).p) * Variable(i)
    return point(expression + 0 * Variable(max(len(v) - 1, 0)), scale)


def hull(points: Sequence[Vector]) -> C_Polyhedron:
    """The convex hull of *points*, all of one length."""
    system = Generator_System()
    for v in points:
        system.insert(_point(v))
    body = C_Polyhedron(len(points[0]), "empty")
    body.add_generators(system)
    return body


def inside(body: C_Polyhedron, v: Vector) -> bool:
    """Whether *v* lies in *body*, exactly."""
    return bool(body.relation_with(_point(v)).implies(Poly_Gen_Relation.subsumes()))


def subsets(items: Sequence[int]) -> list[tuple[int, ...]]:
    """All nonempty subsets."""
    return list(chain.from_iterable(combinations(items, n) for n in range(1, len(items) + 1)))


@dataclass(frozen=True)
class Cell:
    """One kept choice of supports with its two polytopes, as bodies and as extreme points."""

    senders: C_Polyhedron
    sender_extremes: list[Vector]
    responses: C_Polyhedron
    response_extremes: list[Vector]


class BruteForce:
    """All cells of *game*; ``cells`` maps (message supports by type, action supports by information set) to a cell.

    ``pairs``   the (t, m); ``ties`` the (t, m, a, c) with c one of several ``kept`` replies (best ones; all in
                concept "nash"): together the entries of X.
    ``tabulate`` False lays the game out without looking for cells
    ``sets``    the (audience, observation) in order; ``slots`` the (set index, action): the entries of Z
    """

    def __init__(self, game: Game, concept: str = "sequential", *, tabulate: bool = True) -> None:
        self.game, self.concept = game, concept
        self.pairs = [(t, m) for t, sendable in enumerate(game.available) for m in sendable]
        self.best: dict[tuple[int, int, tuple[int, ...]], list[int]] = {}
        for t, m in self.pairs:
            for acts in game.action_profiles(m):
                options = list(game.reply_range(t, m, acts))
                top = max(game.payoffs[t, m, acts, c][0] for c in options)
                self.best[t, m, acts] = [c for c in options if game.payoffs[t, m, acts, c][0] == top]
        self.kept = self.best
        if concept == "nash":
            self.kept = {(t, m, acts): list(game.reply_range(t, m, acts)) for t, m, acts in self.best}
        self.ties = [(*node, c) for node, kept in self.kept.items() if len(kept) > 1 for c in kept]
        self.at = {key: i for i, key in enumerate([*self.pairs, *self.ties])}
        self.sets = [(j, o) for j, who in enumerate(game.audiences) for o in range(len(who.observations))]
        self.slots = [(i, a) for i, (j, o) in enumerate(self.sets) for a in range(len(game.audiences[j].actions[o]))]
        self.slot = {key: n for n, key in enumerate(self.slots)}
        self.links = [self._link(node) for node, kept in self.kept.items() if len(kept) > 1]
        self.values = {(i, a): self._value(i, a) for i, a in self.slots}
        self.offers = {pair: self._offer(*pair) for pair in self.pairs}
        self.cells = dict(self._cells()) if tabulate else {}

    def behind(self, i: int) -> list[tuple[int, int]]:
        """The (t, m) that lead to the i-th information set."""
        j, o = self.sets[i]
        return [(t, m) for t, m in self.pairs if self.game.audiences[j].observation_of[m] == o]

    def _link(self, node: tuple[int, int, tuple[int, ...]]) -> tuple[Row, Rational]:
        row = {self.at[(*node, c)]: ONE for c in self.kept[node]}
        return {**row, self.at[node[0], node[1]]: -ONE}, ZERO

    def _alone(self, m: int, j: int, a: int) -> tuple[int, ...]:
        """Audience j does a after m, all others their first action."""
        return tuple(a if k == j else 0 for k in range(len(self.game.audiences)))

    def _value(self, i: int, a: int) -> dict[int, Rational]:
        """The audience's (unnormalised) payoff of action a at information set i, linear in x and y."""
        j, row = self.sets[i][0], {}
        for t, m in self.behind(i):
            acts = self._alone(m, j, a)
            kept = self.kept[t, m, acts]
            for c in kept:
                key = (t, m) if len(kept) == 1 else (t, m, acts, c)
                row[self.at[key]] = self.game.payoffs[t, m, acts, c][j + 1]
        return row

    def _offer(self, t: int, m: int) -> tuple[dict[int, Rational], Rational]:
        """The sender's payoff of (t, m), affine in z: u(0) + sum over audiences of u(a_j) - u(0)."""

        def pay(acts: tuple[int, ...]) -> Rational:
            return self.game.payoffs[t, m, acts, self.best[t, m, acts][0]][0]

        zero = (0,) * len(self.game.audiences)
        row = {}
        for j, who in enumerate(self.game.audiences):
            i = self.sets.index((j, who.observation_of[m]))
            for a in range(len(who.actions[who.observation_of[m]])):
                row[self.slot[i, a]] = pay(self._alone(m, j, a)) - pay(zero)
        return row, pay(zero)

    def optimal(self, i: int, used: Sequence[int]) -> list[Row]:
        """Rows over (x, y), >= 0 when every used action at information set i is a best one."""
        rows = []
        for a in used:
            for other in range(len(self.game.audiences[self.sets[i][0]].actions[self.sets[i][1]])):
                if other != a:
                    rows.append(_minus(self.values[i, a], self.values[i, other]))
        return rows

    def belief_body(self, watchers: Sequence[int], actions: Sequence[Sequence[int]]) -> C_Polyhedron:
        """Beliefs (with replies) behind information sets that share one cell, all of whose ``actions`` are best."""
        here = set(self.behind(watchers[0]))
        off = [({i: ONE}, ZERO) for key, i in self.at.items() if (key[0], key[1]) not in here]
        whole = ({self.at[pair]: ONE for pair in here}, ONE)
        rows = [row for i, used in zip(watchers, actions, strict=True) for row in self.optimal(i, used)]
        return polyhedron(len(self.at), [*off, whole, *self.links], rows)

    def shared(self) -> list[tuple[int, ...]]:
        """Information sets grouped by what leads to them: one belief each."""
        groups: dict[tuple[tuple[int, int], ...], list[int]] = {}
        for i in range(len(self.sets)):
            groups.setdefault(tuple(self.behind(i)), []).append(i)
        return [tuple(group) for group in groups.values()]

    def _cells(self) -> Iterable[tuple[object, Cell]]:
        game, size = self.game, len(self.at)
        prior = [({self.at[t, m]: ONE for m in game.available[t]}, game.prior[t]) for t in range(len(game.types))]
        groups = self.shared()
        widths = [range(len(game.audiences[j].actions[o])) for j, o in self.sets]
        plausible: dict[tuple[object, ...], bool] = {}
        for uses in product(*(subsets(game.available[t]) for t in range(len(game.types)))):
            off = [({self.at[t, m]: ONE}, ZERO) for t, m in self.pairs if m not in uses[t]]
            silent = [g for g in groups if not any(m in uses[t] for t, m in self.behind(g[0]))]
            for acts in product(*(subsets(w) for w in widths)):
                if self.concept == "sequential" and not all(self._plausible(plausible, g, acts) for g in silent):
                    continue
                z = self._responses(uses, acts)
                z_points = vertices(z, len(self.slots))
                if not all(any(v[self.slot[i, a]] for v in z_points) for i, used in enumerate(acts) for a in used):
                    continue
                rows = [row for i, used in enumerate(acts) for row in self.optimal(i, used)]
                x = polyhedron(size, [*prior, *off, *self.links, *self._arriving(acts)], rows)
                x_points = vertices(x, size)
                if all(any(v[self.at[t, m]] for v in x_points) for t, used in enumerate(uses) for m in used):
                    yield (uses, acts), Cell(x, x_points, z, z_points)

    def _arriving(self, acts: Sequence[Sequence[int]]) -> Iterable[tuple[Row, Rational]]:
        """After an action in use the sender gives best replies only (in concept "nash"; else all kept ones are)."""
        for t, m, profile, c in self.ties:
            used = all(
                profile[j] in acts[self.sets.index((j, who.observation_of[m]))]
                for j, who in enumerate(self.game.audiences)
            )
            if used and c not in self.best[t, m, profile]:
                yield {self.at[t, m, profile, c]: ONE}, ZERO

    def _plausible(self, known: dict[tuple[object, ...], bool], group: tuple[int, ...], acts: Sequence) -> bool:
        key = (group, *(acts[i] for i in group))
        if key not in known:
            known[key] = not self.belief_body(group, [acts[i] for i in group]).is_empty()
        return known[key]

    def _responses(self, uses: Sequence[Sequence[int]], acts: Sequence[Sequence[int]]) -> C_Polyhedron:
        zero: list[tuple[Row, Rational]] = []
        for i, used in enumerate(acts):
            mine = [(a, n) for (k, a), n in self.slot.items() if k == i]
            zero.append(({n: ONE for _, n in mine}, ONE))
            zero += [({n: ONE}, ZERO) for a, n in mine if a not in used]
        body = polyhedron(len(self.slots), zero, [])
        for t, used in enumerate(uses):
            for m in used:
                for other in self.game.available[t]:
                    if other != m:
                        (row, base), (row2, base2) = self.offers[t, m], self.offers[t, other]
                        body.add_constraint(_expression(_minus(row, row2), base - base2) >= 0)
        return body


def _minus(first: Row, second: Row) -> dict[int, Rational]:
    row = dict(first)
    for i, v in second.items():
        row[i] = row.get(i, ZERO) - v
    return row
