"""What audiences may do at a known belief, in payoffs: the ground of silence and of full disclosure.

For weights x(t) on the types behind one message, the payoffs (sender, audience 1, ...) that rational responses bring
about form a union of polytopes, one for each piece that holds the belief. Payoffs are totals over the weights, not
averages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from doubletalk.equilibrium.pieces_reply import ReplyPlan, plan_replies
from doubletalk.equilibrium.polyhedra import Polytope
from doubletalk.equilibrium.response import Block, Piece, ResponseComplex, Station
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import NO_REPLY, Game
from doubletalk.game.structure import solver_class

__all__ = ["Answers", "PayoffPoint", "Prize", "Rules", "payoff_rows"]

PayoffPoint = tuple[Rational, ...]
"""What a response brings: the sender's payoff, then each audience's."""

Prize = tuple[dict[int, Rational], ...]
"""[player] -> the expected payoff from one response as a linear form over the unknowns of the complex."""


@dataclass(frozen=True)
class Rules:
    """A response complex with the reply plan in which its unknowns are numbered."""

    complex: ResponseComplex
    plan: ReplyPlan

    @classmethod
    def of(cls, game: Game) -> Rules:
        """The rules of a game whose audiences are not separable."""
        from doubletalk.equilibrium.pieces import response_complex
        from doubletalk.equilibrium.pieces_sequential import moves_in_sequence

        every = len(game.audiences) == 1 or not moves_in_sequence(game)
        return cls(response_complex(game, solver_class(game)[0]), plan_replies(game, equal_ones=every))


class Answers:
    """Payoffs from rational responses, at any belief behind one message.

    ``gaps``  reasons why responses may be missing; () when every answer is complete
    """

    def __init__(self, game: Game) -> None:
        self.game = game
        self.separable = solver_class(game)[0] == "separable"

    @cached_property
    def rules(self) -> Rules:
        """The complex of an audience that is answered, or of audiences that care about each other."""
        return Rules.of(self.game)

    @property
    def gaps(self) -> tuple[str, ...]:
        """Why responses may be missing."""
        return () if self.separable else self.rules.complex.gaps

    def at(self, message: int, weights: Mapping[int, Rational]) -> list[list[PayoffPoint]]:
        """The payoffs at the belief proportional to *weights* (type -> weight) after *message*: a list of polytopes.

        Each polytope is given by points whose convex hull it is; where several separable audiences have ties of their
        own, the hull holds what they can do when their mixtures are coordinated, and its extreme points need none.
        """
        if self.separable:
            return [self._apart(message, weights)]
        return list(self._together(message, weights))

    def _apart(self, message: int, weights: Mapping[int, Rational]) -> list[PayoffPoint]:
        """Separable audiences: every combination of best replies."""
        game = self.game
        best = []
        for j, labels in enumerate(game.actions_after(message)):
            values = []
            for a in range(len(labels)):
                actions = tuple(a if k == j else 0 for k in range(len(game.audiences)))
                values.append(self._expected(message, actions, weights)[j + 1])
            best.append([a for a, value in enumerate(values) if value == max(values)])
        return [self._expected(message, actions, weights) for actions in product(*best)]

    def _expected(self, message: int, actions: tuple[int, ...], weights: Mapping[int, Rational]) -> PayoffPoint:
        payoffs = [(w, self.game.payoffs[t, message, actions, NO_REPLY]) for t, w in weights.items()]
        return tuple(sum((w * p[i] for w, p in payoffs), ZERO) for i in range(len(self.game.players)))

    def _together(self, message: int, weights: Mapping[int, Rational]) -> Iterator[list[PayoffPoint]]:
        """Pieces that hold the belief, for each extreme way to break ties among replies."""
        complex_ = self.rules.complex
        place = {pair: i for i, pair in enumerate(complex_.pairs)}
        fixed = {place[t, message]: w for t, w in weights.items()}
        cell = next((n for n, c in enumerate(self.game.cells()) if message in c.messages), 0)
        if len(complex_.stations) != len(self.game.cells()):
            return
        station = complex_.stations[cell]
        for piece in station.pieces:
            for x in _slice(complex_, station, piece, fixed):
                points = []
                for v in piece.support[0]:
                    prize = payoff_rows(self.game, self.rules, station, station.blocks[0], v)
                    points.append(tuple(sum((c * x.get(u, ZERO) for u, c in row.items()), ZERO) for row in prize))
                if points:
                    yield points


def _slice(
    complex_: ResponseComplex, station: Station, piece: Piece, fixed: Mapping[int, Rational]
) -> list[dict[int, Rational]]:
    """Extreme points of {x in Q: x(t, m) as *fixed*, 0 for the station's other pairs}; they differ in replies only."""
    links = [link for link in complex_.links if min(link) in station.pairs]
    unknowns = sorted({*station.pairs, *(u for link in links for u in link)})
    place = {u: k for k, u in enumerate(unknowns)}
    body = Polytope(len(unknowns))
    for i in station.pairs:
        body.equal({place[i]: ONE}, fixed.get(i, ZERO))
    for row in (*links, *piece.equal):
        body.equal({place[u]: v for u, v in row.items()})
    for row in piece.at_least:
        body.at_least({place[u]: v for u, v in row.items()})
    return [dict(zip(unknowns, point, strict=True)) for point in body.vertices()]


def payoff_rows(game: Game, rules: Rules, station: Station, block: Block, vertex: int) -> Prize:
    """What one extreme response brings the sender and each audience, as forms over the unknowns of the complex."""
    complex_, plan = rules.complex, rules.plan
    chosen = block.vertices[vertex]
    sender = {i: complex_.base[i] + chosen.payoffs[i] for i in station.pairs}
    rows: list[dict[int, Rational]] = [{} for _ in game.audiences]
    responses = block.behaviour(chosen.point)
    for i in station.pairs:
        message = complex_.pairs[i][1]
        labels = game.actions_after(message)
        for actions in game.action_profiles(message):
            chance = ONE
            for j, audience in enumerate(game.audiences):
                seen = responses[audience.name][game.information_set(j, message, actions)]
                chance = chance * seen.get(labels[j][actions[j]], ZERO)
            if chance != 0:
                for j, row in enumerate(rows):
                    for u, value in plan.payoff_row(i, actions, j).items():
                        row[u] = row.get(u, ZERO) + chance * value
    return (sender, *rows)
