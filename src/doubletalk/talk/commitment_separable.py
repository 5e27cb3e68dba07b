"""Commitment before separable audiences: a linear programme over plays.

Unknowns x(t, m, a) >= 0 with sum over (m, a) of x(t, m, a) = p(t). A signal to the audiences of cell c names what they
all do, a_c. Obedience, for j in c and every other action b:

    sum over t, m in c, actions a that agree with a_c on c of  x(t, m, a) [u_j(t, m, a_j) - u_j(t, m, b)]  >=  0.

The sender's payoff and the audiences' are linear in x. Ties broken against the sender: signals name *sets* of actions
that are exactly the best replies inside a face of the belief simplex, and the sender counts on the worst of them.
"""

from __future__ import annotations

from itertools import product

from doubletalk.equilibrium.pieces_separable import separable_complex
from doubletalk.equilibrium.polyhedra import simplex_vertices
from doubletalk.equilibrium.response import Piece, ResponseComplex, Station
from doubletalk.errors import TooLarge
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import NO_REPLY, Cell, Game, History
from doubletalk.talk.commitment_data import Commitment, Signal
from doubletalk.talk.programme import Programme
from doubletalk.talk.ranges import Range

__all__ = ["MOST_UNKNOWNS", "separable_commitment"]

MOST_UNKNOWNS = 6000
"""Unknowns beyond which the programme is refused."""

Label = tuple[Cell, tuple[int, ...]]
"""A signal: to whom, and what they do."""


def separable_commitment(game: Game) -> Commitment:
    """The commitment value of a game whose audiences are separable."""
    plays = list(game.histories())
    check_size(game, len(plays))
    programme = Programme(len(plays))
    for t, p in enumerate(game.prior):
        programme.equal({i: ONE for i, play in enumerate(plays) if play[0] == t}, p)
    labels = _labels(game, plays)
    for (cell, _), members in labels.items():
        for j in cell.audiences:
            _obey(game, programme, plays, members, j)
    objectives = [{i: game.payoffs[play][k] for i, play in enumerate(plays)} for k in range(len(game.players))]
    found = programme.largest(objectives[0])
    if found is None:
        raise ArithmeticError(f"game '{game.title}' has no rational response to some belief")
    value, point = found
    programme.equal(objectives[0], value)
    payoffs = {}
    for audience, row in zip(game.audiences, objectives[1:], strict=True):
        low, high = programme.smallest(row), programme.largest(row)
        if low is None or high is None:
            raise ArithmeticError("an optimal rule was lost")
        payoffs[audience.name] = Range(low, high[0])
    signals = [_signal(game, label, plays, members, point) for label, members in labels.items()]
    kept = tuple(signal for signal in signals if signal is not None)
    return Commitment(value, value, kept, payoffs, adverse_value(game))


def check_size(game: Game, unknowns: int) -> None:
    """Refuse what the exact simplex method would not finish."""
    if unknowns > MOST_UNKNOWNS:
        raise TooLarge(
            f"the commitment value of '{game.title}' is a programme of {unknowns} unknowns; the limit is "
            f"{MOST_UNKNOWNS}; make the game smaller"
        )


def _labels(game: Game, plays: list[History]) -> dict[Label, list[int]]:
    """Every signal with the plays in which it is given."""
    cells = game.cells()
    members: dict[Label, list[int]] = {}
    for i, (_, m, actions, _) in enumerate(plays):
        for cell in cells:
            if m in cell.messages:
                members.setdefault((cell, tuple(actions[j] for j in cell.audiences)), []).append(i)
    return members


def _obey(game: Game, programme: Programme, plays: list[History], members: list[int], j: int) -> None:
    """Audience j does not gain by another action when it hears this signal."""
    own = plays[members[0]][2][j]
    for other in range(len(game.actions_after(plays[members[0]][1])[j])):
        if other == own:
            continue
        row = {}
        for i in members:
            t, m, actions, c = plays[i]
            instead = (*actions[:j], other, *actions[j + 1 :])
            row[i] = game.payoffs[plays[i]][j + 1] - game.payoffs[t, m, instead, c][j + 1]
        programme.at_least(row)


def _signal(
    game: Game, label: Label, plays: list[History], members: list[int], point: tuple[Rational, ...]
) -> Signal | None:
    cell, chosen = label
    weight = sum((point[i] for i in members), ZERO)
    if weight == 0:
        return None
    several = len(cell.messages) > 1
    belief: dict[str, Rational] = {}
    for i in members:
        t, m = plays[i][:2]
        key = f"{game.types[t]}|{game.messages[m]}" if several else game.types[t]
        if point[i] != 0:
            belief[key] = belief.get(key, ZERO) + point[i] / weight
    responses = {}
    for j, a in zip(cell.audiences, chosen, strict=True):
        action = game.actions_after(cell.messages[0])[j][a]
        seen = game.information_set(j, cell.messages[0], ())
        responses[game.audiences[j].name] = {seen: {action: ONE}}
    return Signal(cell.key, tuple(game.audiences[j].name for j in cell.audiences), weight, belief, responses)


# ---- ties against the sender -----------------------------------------------------------------------------------------


def adverse_value(game: Game) -> Rational | None:
    """The supremum of the sender's payoff when audiences that tie do what is worst for it; None when too large.

    Unknowns x(t, m, f) for every choice f of one face at each cell of m, and w(c, f, j), free, at most the sender's
    gain from every action of j that ties on the face. The faces' closures are used: as the prior has full support,
    the supremum over their interiors is the maximum over their closures (a concave function is continuous there).
    """
    complex_ = separable_complex(game)
    stations, pairs = complex_.stations, complex_.pairs
    faces = [[piece for piece in s.pieces if _is_exact(game, complex_, n, piece)] for n, s in enumerate(stations)]
    homes = [[n for n, s in enumerate(stations) if i in s.pairs] for i in range(len(pairs))]
    x = [
        (i, dict(zip(homes[i], choice, strict=True)))
        for i in range(len(pairs))
        for choice in product(*(range(len(faces[n])) for n in homes[i]))
    ]
    w = [(n, f, b) for n, s in enumerate(stations) for f in range(len(faces[n])) for b in range(len(s.blocks))]
    counted = {name: len(x) + k for k, name in enumerate(w)}
    if len(x) + len(w) > MOST_UNKNOWNS:
        return None
    programme = Programme(len(x) + len(w), range(len(x), len(x) + len(w)))
    for t, p in enumerate(game.prior):
        programme.equal({k: ONE for k, (i, _) in enumerate(x) if pairs[i][0] == t}, p)
    for n, station in enumerate(stations):
        for f, piece in enumerate(faces[n]):
            mine: dict[int, list[int]] = {}
            for k, (i, choice) in enumerate(x):
                if choice.get(n) == f:
                    mine.setdefault(i, []).append(k)
            for row in piece.equal:
                programme.equal({k: v for i, v in row.items() for k in mine[i]})
            for row in piece.at_least:
                programme.at_least({k: v for i, v in row.items() for k in mine[i]})
            for b, block in enumerate(station.blocks):
                for v in piece.support[b]:
                    gains = block.vertices[v].payoffs
                    bound = {k: gains[i] for i, ks in mine.items() for k in ks}
                    programme.at_least({**bound, counted[n, f, b]: -ONE})
    objective = {k: complex_.base[i] for k, (i, _) in enumerate(x)}
    objective.update(dict.fromkeys(counted.values(), ONE))
    found = programme.largest(objective)
    return None if found is None else found[0]


def _is_exact(game: Game, complex_: ResponseComplex, station: int, piece: Piece) -> bool:
    """Whether the piece's actions are exactly the best replies inside its cone (and not only some of them)."""
    here: Station = complex_.stations[station]
    cell = game.cells()[station]
    limits = [*piece.at_least, *piece.equal, *({i: -v for i, v in row.items()} for row in piece.equal)]
    inside: dict[int, Rational] = {}
    for vertex in simplex_vertices(here.pairs, limits):
        for i, v in vertex.items():
            inside[i] = inside.get(i, ZERO) + v
    for j, block, support in zip(cell.audiences, here.blocks, piece.support, strict=True):
        values = []
        for a in (vertex.point.index(ONE) for vertex in block.vertices):
            actions = tuple(a if k == j else 0 for k in range(len(game.audiences)))
            values.append(
                sum((v * game.payoffs[(*complex_.pairs[i], actions, NO_REPLY)][j + 1] for i, v in inside.items()), ZERO)
            )
        if tuple(v for v, value in enumerate(values) if value == max(values)) != support:
            return False
    return True
