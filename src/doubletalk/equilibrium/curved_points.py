"""Points of a curved set that lie in no family: what shows that it is needed.

The conditions on the sender's strategy and on the audiences' mixtures are products of the two, and linear in either
alone. So a part is drawn (from a fixed seed), the rest is an exact linear programme (``curved_draws``), and a solution
that lies in no family and that ``verify`` accepts is reported.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.assembly import Found, Leaf
from doubletalk.equilibrium.curved_draws import Behaviour, Draft, Moves, average
from doubletalk.equilibrium.curved_draws_responses import drawn_responses
from doubletalk.equilibrium.curved_draws_strategy import drawn_strategy
from doubletalk.equilibrium.desk import Desk
from doubletalk.equilibrium.pieces_reply import ReplyPlan
from doubletalk.equilibrium.pieces_sequential_plays import encoded
from doubletalk.equilibrium.polyhedra import hull_contains
from doubletalk.equilibrium.response import Point
from doubletalk.equilibrium.solution import Assessment, Distribution, merged_replies
from doubletalk.equilibrium.verification import Verifier
from doubletalk.exact import Rational
from doubletalk.game.model import Game

__all__ = ["PointSeeker"]

DRAWS = 12
"""Draws of each kind for one choice."""


class PointSeeker:
    """Looks for points of choices that rest on bounds, tied replies of the sender included."""

    def __init__(self, game: Game, desk: Desk, found: Found, plan: ReplyPlan) -> None:
        self.game, self.desk, self.plan = game, desk, plan
        self.senders = found.senders
        self._check = Verifier(game)
        self._hulls: list[tuple[list[Point], list[Point]]] = []
        if self.senders is not None:
            for product in found.products:
                xs = [self.senders.points[x] for x in product.senders]
                self._hulls.append((xs, [desk.side.whole(choice) for choice in sorted(product.choices)]))

    def point(self, leaf: Leaf, moves: Sequence[Moves]) -> Assessment | None:
        """A verified equilibrium of the choice outside all families, or None when none was found."""
        used, pieces = leaf
        if self.senders is None:
            return None
        extremes = [self.senders.points[x] for x in self.senders.extremes(used, list(pieces))]
        rng = random.Random(0)
        for k in range(DRAWS):
            clock.check()
            x = average(extremes, [Rational(rng.randint(1, 3)) for _ in extremes])
            for draft in (
                drawn_responses(self.game, self.desk, self.plan, x, leaf, moves, rng, by_worth=k % 2 == 1),
                drawn_strategy(self.game, self.desk, self.plan, leaf, self.senders.prior, rng),
            ):
                if draft is not None and self._outside(draft.x, draft.plans):
                    found = self._words(draft)
                    if self._check(found).valid:
                        return found
        return None

    def _outside(self, x: Point, plans: Sequence[Behaviour]) -> bool:
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

    # ---- in words ----------------------------------------------------------------------------------------------------

    def _words(self, draft: Draft) -> Assessment:
        game = self.game
        sender: dict[str, dict[str, Rational]] = {name: {} for name in game.types}
        for i, (t, m) in enumerate(self.plan.pairs):
            if draft.x[i] != 0:
                sender[game.types[t]][game.messages[m]] = draft.x[i] / game.prior[t]
        responses: dict[str, dict[str, Distribution]] = {audience.name: {} for audience in game.audiences}
        beliefs: dict[str, Distribution] = {}
        replies = self._replies(draft)
        for o, cell in enumerate(game.cells()):
            labels = game.actions_after(cell.messages[0])
            for node, shares in draft.plans[o].items():
                rest = (0,) * (len(labels) - len(node))
                key = game.information_set(len(node), cell.messages[0], (*node, *rest))
                named = {name: share for name, share in zip(labels[len(node)], shares, strict=True) if share != 0}
                responses[game.audiences[len(node)].name][key] = named
            if o in draft.beliefs:
                beliefs[cell.key] = self._believed(o, draft.beliefs[o])
        return Assessment(sender, responses, beliefs, replies)

    def _believed(self, o: int, belief: Point) -> Distribution:
        game, pairs = self.game, self.plan.pairs
        here = self.desk.wider.stations[o].pairs
        several = len({pairs[i][1] for i in here}) > 1
        found = {}
        for i in here:
            t, m = pairs[i]
            if belief[i] != 0:
                found[f"{game.types[t]}|{game.messages[m]}" if several else game.types[t]] = belief[i]
        return found

    def _replies(self, draft: Draft) -> dict[str, dict[str, Distribution]]:
        """The replies of x, and where nobody arrives those that go with the belief, for the pairs believed in."""
        reader, game, pairs = self.desk.wider.replies, self.game, self.plan.pairs
        if reader is None:
            return {}
        found: dict[str, dict[str, Distribution]] = {t: dict(plan) for t, plan in reader(draft.x).items()}
        for o, belief in draft.beliefs.items():
            believed = [pairs[i] for i in self.desk.wider.stations[o].pairs if belief[i] != 0]
            named = {(game.types[t], game.messages[m]) for t, m in believed}
            kept = {
                t: {node: reply for node, reply in plan.items() if (t, node.split("|")[0]) in named}
                for t, plan in reader(belief).items()
            }
            found = merged_replies(found, kept)
        return found
