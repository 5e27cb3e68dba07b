"""A second road to the tests of beliefs with two types and any number of audiences and actions.

A belief is a number b, the chance of the second type. Everybody's best replies change at finitely many b; at each of
these and in each open interval between, the best replies of every audience are listed from its payoffs alone, so that
MBR is a finite list of products of simplices. Whether a type can be willing while another does not gain is then one
linear programme of scipy. Nothing of the package but the equilibrium payoffs is used.
"""

from __future__ import annotations

import random
from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest
from oracle.random_games import audience, build_game, random_prior
from scipy.optimize import linprog

from doubletalk.equilibrium import solve
from doubletalk.exact import Rational
from doubletalk.game.model import Game
from doubletalk.refinement.refine import MESSAGE_TESTS
from doubletalk.refinement.setting import Setting

JUDGED = ("intuitive", "equilibrium_domination", "d1", "d2", "nwbr", "universal_divinity")
TESTS = {name: MESSAGE_TESTS[name] for name in JUDGED}
SHAPES = ((3,), (4,), (2, 2), (3, 2), (2, 2, 2))
"""Numbers of actions, audience by audience."""


def separable(rng: random.Random, widths: tuple[int, ...]) -> Game:
    """Two types, two messages, audiences that do not care about each other, payoffs without ties."""
    number = {}

    def draw(*key: int) -> int:
        return number.setdefault(key, rng.randint(-999, 999))

    def payoff(t: int, m: int, actions: tuple[int, ...], _: int) -> list[int]:
        sender = sum(draw(-1, j, t, m, a) for j, a in enumerate(actions))
        return [sender, *(draw(j, t, m, a) for j, a in enumerate(actions))]

    who = [audience(f"a{j}", (0, 1), (width, width)) for j, width in enumerate(widths)]
    return build_game(random_prior(rng, 2), [[0, 1], [0, 1]], who, payoff)


class Replies:
    """The best replies of all audiences to message m, from the payoffs."""

    def __init__(self, game: Game, m: int, star: tuple[Rational, ...]) -> None:
        self.star = [float(Fraction(int(u.p), int(u.q))) for u in star]
        widths = [len(who.actions[m]) for who in game.audiences]
        first = (0,) * len(widths)
        here = {h: [Fraction(int(v.p), int(v.q)) for v in payoffs] for h, payoffs in game.payoffs.items()}

        def instead(t: int, j: int, a: int) -> list[Fraction]:
            return here[t, m, (*first[:j], a, *first[j + 1 :]), -1]

        self.own = [[[instead(t, j, a)[j + 1] for t in (0, 1)] for a in range(w)] for j, w in enumerate(widths)]
        self.base = [float(here[t, m, first, -1][0]) for t in (0, 1)]
        self.adds = [
            [[float(instead(t, j, a)[0]) - self.base[t] for t in (0, 1)] for a in range(w)]
            for j, w in enumerate(widths)
        ]

    def best(self, b: Fraction) -> tuple[tuple[int, ...], ...]:
        """The best actions of each audience at the belief b."""
        found = []
        for actions in self.own:
            values = [(1 - b) * first + b * second for first, second in actions]
            found.append(tuple(a for a, value in enumerate(values) if value == max(values)))
        return tuple(found)

    def on(self, types: set[int]) -> list[tuple[tuple[int, ...], ...]]:
        """The products of best replies over all beliefs on the types."""
        if len(types) == 1:
            return [self.best(Fraction(min(types)))]
        cuts = {Fraction(0), Fraction(1)}
        for actions in self.own:
            for (p, q), (r, s) in combinations(actions, 2):
                if p - r != q - s:
                    cuts.add((p - r) / ((p - r) - (q - s)))
        ordered = sorted(b for b in cuts if 0 <= b <= 1)
        return [self.best(b) for b in [*ordered, *((low + high) / 2 for low, high in pairwise(ordered))]]

    def exists(self, supports: list[tuple[tuple[int, ...], ...]], limits: list[tuple[int, int]]) -> bool:
        """Whether some mixture over one of the products gives (t, 1) at least and (t, -1) at most u*."""
        return any(self._feasible(support, limits) for support in supports)

    def _feasible(self, support: tuple[tuple[int, ...], ...], limits: list[tuple[int, int]]) -> bool:
        chosen = [(j, a) for j, actions in enumerate(support) for a in actions]
        sums = np.array([[float(j == k) for k, _ in chosen] for j in range(len(support))])
        rows = np.array([[-sign * self.adds[j][a][t] for j, a in chosen] for t, sign in limits])
        ends = [sign * (self.base[t] - self.star[t]) for t, sign in limits]
        found = linprog(np.zeros(len(chosen)), rows, ends, sums, np.ones(len(support)), method="highs")
        return bool(found.status == 0)

    def extreme(self, supports: list[tuple[tuple[int, ...], ...]], t: int, pick: type[max] | type[min]) -> float:
        """The most or the least that type t can get."""
        return pick(
            self.base[t] + sum(pick(self.adds[j][a][t] for a in actions) for j, actions in enumerate(support))
            for support in supports
        )

    def left(self, rule: str, types: set[int]) -> set[int]:
        """The types that one round of the rule leaves."""
        replies = self.on(types)

        def stays(t: int) -> bool:
            if rule == "dominated":
                return self.extreme(replies, t, max) >= self.star[t]
            own = [(t, 1), (t, -1)] if rule == "nwbr" else [(t, 1)]
            return self.exists(replies, own + [(s, -1) for s in types - {t}])

        return {t for t in types if stays(t)} or types

    def verdict(self, name: str) -> bool:
        """Whether the message passes."""
        if name == "intuitive":
            kept = {t for t in (0, 1) if self.extreme(self.on({0, 1}), t, max) >= self.star[t]}
            return not kept or all(self.extreme(self.on(kept), t, min) <= self.star[t] for t in (0, 1))
        rule = {"equilibrium_domination": "dominated", "universal_divinity": "d2"}.get(name, name)
        kept = self.left(rule, {0, 1})
        while name != rule and self.left(rule, kept) != kept:
            kept = self.left(rule, kept)
        return self.exists(self.on(kept), [(0, -1), (1, -1)])


@pytest.fixture(scope="module")
def unsent(full) -> list[tuple[Setting, int, tuple[Rational, ...]]]:
    """Messages that single outcomes leave unsent, in games of every shape."""
    found = []
    for seed in range(1000 if full else 150):
        game = separable(random.Random(seed), SHAPES[seed % len(SHAPES)])
        setting = Setting(solve(game))
        for outcome in setting.solution.outcomes:
            views = set(setting.views(outcome)) if outcome.unique_outcome else set()
            found += [(setting, n, view.points[0]) for view in views for n in view.surely]
    return found


@pytest.mark.parametrize("name", TESTS)
def test_verdicts_with_several_audiences_and_actions_agree(unsent, name):
    """Joint best replies to a common belief, by linear programmes over products of simplices."""
    verdicts = []
    for setting, station, star in unsent:
        verdicts.append(TESTS[name](setting.deviation(station), (star,)).verdict)
        assert verdicts[-1] is Replies(setting.game, station, star).verdict(name), (setting.game, station, star)
    assert verdicts.count(True) > 40
    assert verdicts.count(False) > 5
