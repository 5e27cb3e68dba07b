"""Pieces of separable audiences: the faces of the upper envelopes of their expected payoffs (theory, section 3).

For one audience at one observation, the expected payoff of action a is the linear form

    r_a(x) = sum over pairs (t, m) seen there of  x(t, m) u_j(t, m, a)

and a set B of actions can be optimal together exactly when Q_B = {x >= 0 : r_a = r_b >= r_c, a, b in B, c not in B}
holds a nonzero belief. Q_B is nonzero if and only if B is contained in the set of best replies at some vertex of the
subdivision of the belief simplex by the r_a, so the vertices give the whole complex. Audiences that see the same
thing share the belief: their complex is the overlay.

Cost: one double-description run for each combination of the audiences' pure actions at a station.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain, combinations, product

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.polyhedra import simplex_vertices
from doubletalk.equilibrium.response import Block, Piece, ResponseComplex, Row, Station, Vertex
from doubletalk.equilibrium.solution import Distribution
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import NO_REPLY, Cell, Game

__all__ = ["separable_complex"]

Best = tuple[frozenset[int], ...]
"""[audience of the cell] -> the actions that are best replies at one belief."""


def separable_complex(game: Game) -> ResponseComplex:
    """The response complex of a game whose audiences are separable; complete for any number of types and channels."""
    pairs = tuple((t, m) for t, sendable in enumerate(game.available) for m in sendable)
    stations = tuple(_station(game, cell, pairs) for cell in game.cells())
    base = tuple(_payoff(game, t, m, {}, 0) for t, m in pairs)
    return ResponseComplex(pairs, len(pairs), (), base, stations)


def _payoff(game: Game, t: int, m: int, changed: Mapping[int, int], player: int) -> Rational:
    """Payoff when every audience takes its first action, except for those in *changed*."""
    actions = tuple(changed.get(j, 0) for j in range(len(game.audiences)))
    return game.payoffs[t, m, actions, NO_REPLY][player]


def _station(game: Game, cell: Cell, pairs: tuple[tuple[int, int], ...]) -> Station:
    here = tuple(i for i, (_, m) in enumerate(pairs) if m in cell.messages)
    twins = [_twins(game, j, cell, pairs, here) for j in cell.audiences]
    rows = [
        _expected_payoffs(game, j, [group[0] for group in groups], pairs, here)
        for j, groups in zip(cell.audiences, twins, strict=True)
    ]
    together = _best_together(rows, here)
    pieces = tuple(_piece(rows, choice, corners) for choice, corners in together)
    blocks = tuple(_block(game, j, cell, groups, pairs, here) for j, groups in zip(cell.audiences, twins, strict=True))
    return Station(cell.key, here, blocks, pieces)


def _twins(
    game: Game, j: int, cell: Cell, pairs: tuple[tuple[int, int], ...], here: tuple[int, ...]
) -> list[list[int]]:
    """The audience's actions, those that differ in name alone put together.

    Two actions are twins when the audience's payoffs from them are equal for every pair seen here, and so are the
    sender's: they tie at every belief and no one cares which is taken.
    """
    observation = game.audiences[j].observation_of[cell.messages[0]]
    groups: dict[str, list[int]] = {}
    for a in range(len(game.audiences[j].actions[observation])):
        plays = [(_payoff(game, *pairs[i], {j: a}, j + 1), _payoff(game, *pairs[i], {j: a}, 0)) for i in here]
        groups.setdefault(str(plays), []).append(a)
    return list(groups.values())


def _expected_payoffs(
    game: Game, j: int, actions: list[int], pairs: tuple[tuple[int, int], ...], here: tuple[int, ...]
) -> list[dict[int, Rational]]:
    """[action] -> the linear form r_a over x."""
    return [{i: _payoff(game, *pairs[i], {j: a}, j + 1) for i in here} for a in actions]


def _best_together(
    rows: list[list[dict[int, Rational]]], here: tuple[int, ...]
) -> list[tuple[tuple[tuple[int, ...], ...], frozenset[frozenset[int]]]]:
    """Every combination of action sets, one per audience, that some common belief makes optimal, in a fixed order.

    With each go the supports of the vertices of the subdivision at which it is optimal: the corners of its cone.
    """
    found: set[tuple[Best, frozenset[int]]] = set()
    for profile in product(*(range(len(r)) for r in rows)):
        limits = [
            {i: r[a][i] - r[other][i] for i in here}
            for r, a in zip(rows, profile, strict=True)
            for other in range(len(r))
            if other != a
        ]
        for vertex in simplex_vertices(here, limits):
            found.add((tuple(_argmax(r, vertex) for r in rows), frozenset(vertex)))
    corners: dict[tuple[tuple[int, ...], ...], set[frozenset[int]]] = {}
    for best, support in found:
        clock.check()
        for choice in product(*(_subsets(sorted(b)) for b in best)):
            corners.setdefault(choice, set()).add(support)
    order = sorted(corners, key=lambda c: (sum(map(len, c)), c))
    return [(choice, frozenset(corners[choice])) for choice in order]


def _argmax(rows: list[dict[int, Rational]], belief: Mapping[int, Rational]) -> frozenset[int]:
    values = [sum((weight * row[i] for i, weight in belief.items()), ZERO) for row in rows]
    best = max(values)
    return frozenset(a for a, value in enumerate(values) if value == best)


def _subsets(actions: list[int]) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(actions, size) for size in range(1, len(actions) + 1)))


def _piece(
    rows: list[list[dict[int, Rational]]],
    choice: tuple[tuple[int, ...], ...],
    corners: frozenset[frozenset[int]],
) -> Piece:
    equal: list[Row] = []
    at_least: list[Row] = []
    for r, tied in zip(rows, choice, strict=True):
        first = r[tied[0]]
        for a, row in enumerate(r):
            if a == tied[0]:
                continue
            form = {i: first[i] - row[i] for i in first if first[i] != row[i]}
            if a in tied and form:
                equal.append(form)
            elif a not in tied and any(value < 0 for value in form.values()):
                at_least.append(form)
    return Piece(tuple(equal), tuple(at_least), choice, simplex=True, corners=corners)


def _block(
    game: Game,
    j: int,
    cell: Cell,
    groups: list[list[int]],
    pairs: tuple[tuple[int, int], ...],
    here: tuple[int, ...],
) -> Block:
    audience = game.audiences[j]
    observation = audience.observation_of[cell.messages[0]]
    labels = audience.actions[observation]
    units = [tuple(ONE if k == a else ZERO for k in range(len(labels))) for a in range(len(labels))]
    vertices = []
    for a, *others in groups:
        gains = {i: _payoff(game, *pairs[i], {j: a}, 0) - _payoff(game, *pairs[i], {}, 0) for i in here}
        vertices.append(Vertex(gains, units[a], tuple(units[k] for k in others)))
    return Block(tuple(vertices), pure_action_behaviour(audience.name, audience.observations[observation], labels))


def pure_action_behaviour(
    audience: str, information_set: str, labels: tuple[str, ...]
) -> Callable[[tuple[Rational, ...]], Mapping[str, Mapping[str, Distribution]]]:
    """The ``Block.behaviour`` of a block whose points are probabilities of the actions at one information set."""

    def behaviour(point: tuple[Rational, ...]) -> Mapping[str, Mapping[str, Distribution]]:
        return {audience: {information_set: {a: w for a, w in zip(labels, point, strict=True) if w != 0}}}

    return behaviour
