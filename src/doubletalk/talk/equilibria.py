"""Payoffs over whole families of equilibria.

In a family X x Z every expected payoff is a sum of x(t, m) y(c | ...) times the probability of the audiences' actions:
linear in the sender's part, and linear in the responses (realisation weights), as long as no payoff depends on the
product of the mixtures of two audiences that choose apart. So it is extreme at a pair of extreme points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product

from doubletalk.equilibrium.solution import Family, Solution
from doubletalk.equilibrium.summary import play
from doubletalk.exact import ZERO, Rational
from doubletalk.game.model import Game
from doubletalk.talk.ranges import Range

__all__ = ["Equilibria", "Point", "adds_up", "expected_payoffs", "informed"]


@dataclass(frozen=True)
class Point:
    """One extreme equilibrium: its outcome's id, its family's number from 0, its extreme points, and the payoffs."""

    outcome: int
    family: int
    sender_extreme: int
    response_extreme: int
    payoffs: dict[str, Rational]


@dataclass(frozen=True)
class Equilibria:
    """The extreme equilibria of a solution, with everybody's expected payoffs before the type is drawn."""

    solution: Solution

    @cached_property
    def points(self) -> tuple[Point, ...]:
        """Every pair of a sender extreme and a response extreme of a family."""
        game = self.solution.game
        found = []
        for outcome in self.solution.outcomes:
            for n, family in enumerate(outcome.families):
                for s, r, payoffs in expected_payoffs(game, family):
                    found.append(Point(outcome.id, n, s, r, payoffs))
        return tuple(found)

    @property
    def obstacle(self) -> str | None:
        """Why the ranges may be too narrow, or None when they are exact."""
        if not self.solution.complete:
            return f"not all equilibria are known: {self.solution.why_incomplete}"
        if self.solution.solver_class == "separable" and not adds_up(self.solution.game):
            return "an audience's payoff depends on what several others do together; ranges are over extreme points"
        return None

    def ranges(self) -> dict[str, Range]:
        """player -> its worst and best equilibrium; {} when none was found."""
        return {who: Range.of(p.payoffs[who] for p in self.points) for who in self.solution.game.players if self.points}

    def best_for(self, player: str) -> tuple[Point, ...]:
        """The extreme equilibria that are best for *player*.

        All best equilibria are mixtures of them, because a bilinear form that is largest at a mixture is so at every
        pair of extreme points in it.
        """
        best = max((p.payoffs[player] for p in self.points), default=ZERO)
        return tuple(p for p in self.points if p.payoffs[player] == best)

    def ranges_at(self, points: tuple[Point, ...]) -> dict[str, Range]:
        """player -> the payoffs over *points*."""
        return {who: Range.of(p.payoffs[who] for p in points) for who in self.solution.game.players if points}


def expected_payoffs(game: Game, family: Family) -> Iterator[tuple[int, int, dict[str, Rational]]]:
    """(sender extreme, response extreme, player -> expected payoff) for every pair of a family."""
    prior = dict(zip(game.types, game.prior, strict=True))
    for s, sender in enumerate(family.sender_extremes):
        replies = family.reply_extremes[s] if family.reply_extremes else {}
        for r, responses in enumerate(family.response_extremes):
            _, payoffs = play(game, sender, responses, replies)
            flat = {}
            for who, value in payoffs.items():
                if isinstance(value, Rational):
                    flat[who] = value
                else:
                    flat[who] = sum((prior[t] * v for t, v in value.items()), ZERO)
            yield s, r, flat


def adds_up(game: Game) -> bool:
    """Whether each audience's payoff is, for each type and message, a sum over the audiences' own actions.

    True for at most two separable audiences; asked of separable games only.
    """
    if len(game.audiences) <= 2:
        return True
    for (t, m, actions, c), payoffs in game.payoffs.items():
        for k in range(1, len(payoffs)):
            nothing = (0,) * len(actions)
            base = game.payoffs[t, m, nothing, c][k]
            apart = base
            for j, a in enumerate(actions):
                apart += game.payoffs[t, m, (*nothing[:j], a, *nothing[j + 1 :]), c][k] - base
            if payoffs[k] != apart:
                return False
    return True


def informed(game: Game, family: Family, audience: int) -> tuple[int, int] | None:
    """An extreme equilibrium (sender, response) in which the audience's actions depend on the type, or None.

    The chance of an action given a type, sum over m of sigma(m | t) alpha(a | m), is bilinear in the family: where two
    types differ in it somewhere, they do so at a pair of extreme points. For audiences that watch nobody.
    """
    who = game.audiences[audience]
    for (s, sender), (r, responses) in product(enumerate(family.sender_extremes), enumerate(family.response_extremes)):
        plans = responses[who.name]
        chances = []
        for t, label in enumerate(game.types):
            chance: dict[str, Rational] = {}
            for m in game.available[t]:
                sent = sender[label].get(game.messages[m], ZERO)
                for action, weight in plans[game.information_set(audience, m, ())].items():
                    if sent * weight != 0:
                        chance[action] = chance.get(action, ZERO) + sent * weight
            chances.append(chance)
        if any(chance != chances[0] for chance in chances):
            return s, r
    return None
