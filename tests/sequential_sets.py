"""Whole equilibrium sets of audiences that move in sequence, decided without the solver: the oracle of set equality.

An assessment is tried for every sender strategy on a grid, every belief at unsent messages on a grid, and pure, mixed
and random rational continuations after each message. Rationality is checked by ``sequential_oracle``.
"""

from __future__ import annotations

from itertools import product

from ppl import C_Polyhedron, Constraint_System, Linear_Expression, MIP_Problem
from sequential_oracle import is_rational, labelled, mixed_continuation, nodes_of, pure_continuations, unlabelled, worth

from doubletalk.exact import ONE, ZERO, Rational

GRID = tuple(Rational(k, 4) for k in (0, 1, 2, 3, 4))


def table_of(game, m, belief):
    """(actions) -> each audience's expected payoff after message m, for games without a reply."""
    table = {}
    for play in game.action_profiles(m):
        rows = [(w, game.payoffs[t, m, play, -1]) for t, w in belief.items()]
        table[play] = [sum((w * row[1 + j] for w, row in rows), ZERO) for j in range(len(game.audiences))]
    return table


def sender_payoff(game, t, m, counts, plan):
    """What type t gets from message m against a plan."""
    table = {play: [game.payoffs[t, m, play, -1][0]] * len(counts) for play in game.action_profiles(m)}
    return worth(table, counts, plan, ())[0]


def counts_of(game, m):
    """The number of each audience's actions after message m."""
    return [len(labels) for labels in game.actions_after(m)]


def strategies(game):
    """Sender strategies on the grid: [type] -> message -> probability."""
    options = []
    for sendable in game.available:
        rows = [dict(zip(sendable, row, strict=True)) for row in product(GRID, repeat=len(sendable)) if sum(row) == 1]
        options.append(rows)
    return product(*options)


def beliefs_after(game, strategy, m):
    """Bayes' rule where m is sent; else the beliefs of the grid over the types that can send it (two at a time)."""
    weights = {t: game.prior[t] * row.get(m, ZERO) for t, row in enumerate(strategy)}
    total = sum(weights.values(), ZERO)
    if total != 0:
        return [{t: w / total for t, w in weights.items()}]
    able = game.senders_of(m)
    return [{able[0]: q, able[-1]: ONE - q} if len(able) > 1 else {able[0]: ONE} for q in GRID]


def continuations_tried(rng, game, m, belief, several):
    """Rational continuations: all pure ones (a sample of them), and *several* mixed ones."""
    counts, table = counts_of(game, m), table_of(game, m, belief)
    pure = pure_continuations(table, counts)
    tried = rng.sample(pure, min(len(pure), 4)) + [mixed_continuation(rng, table, counts) for _ in range(several)]
    assert all(is_rational(table, counts, plan) for plan in tried)
    return tried


def equilibria(rng, game, several=3, most=400):
    """Equilibria found by trying: (strategy, [message] -> plan)."""
    found = []
    known = {}
    for strategy in strategies(game):
        options = []
        for m in range(len(game.messages)):
            plans = []
            for belief in beliefs_after(game, strategy, m):
                key = m, tuple(sorted(belief.items()))
                if key not in known:
                    known[key] = [
                        (plan, [sender_payoff(game, t, m, counts_of(game, m), plan) for t in range(len(game.types))])
                        for plan in continuations_tried(rng, game, m, belief, several)
                    ]
                plans += known[key]
            options.append(plans if len(plans) <= 12 else rng.sample(plans, 12))
        for chosen in product(*options):
            if all(
                max(chosen[m][1][t] for m in sendable) == chosen[sent][1][t]
                for t, sendable in enumerate(game.available)
                for sent, share in strategy[t].items()
                if share != 0
            ):
                found.append((strategy, [plan for plan, _ in chosen]))
    return found if len(found) <= most else rng.sample(found, most)


# ---- membership ------------------------------------------------------------------------------------------------------


def weights_of(counts, plan):
    """Realisation weights with breaks: (node, breaks, action) -> weight, on the entries that the plan speaks of."""
    weights, mass, breaks = {}, {(): ONE}, {(): 0}
    for node in nodes_of(counts):
        if node:
            step = mass[node[:-1]] * plan[node[:-1]][node[-1]]
            fresh = step == 0
            breaks[node] = breaks[node[:-1]] | (1 << len(node)) if fresh else breaks[node[:-1]]
            mass[node] = mass[node[:-1]] if fresh else step
        for a, p in enumerate(plan[node]):
            weights[node, breaks[node], a] = mass[node] * p
    return weights


def encoded(game, responses):
    """A family's response extreme as realisation weights of all messages."""
    weights = {}
    for m in range(len(game.messages)):
        counts = counts_of(game, m)
        for place, w in weights_of(counts, unlabelled(game, m, counts, responses)).items():
            weights[m, place] = w
    return weights


class Families:
    """The reported families, ready for questions of membership."""

    def __init__(self, game, solution):
        self.game = game
        self.sides = [
            (family, [encoded(game, r) for r in family.response_extremes])
            for outcome in solution.outcomes
            for family in outcome.families
        ]

    def hold(self, strategy, plans):
        """Whether some family contains the sender strategy and the responses."""
        game = self.game
        target = {}
        for m, plan in enumerate(plans):
            for place, w in weights_of(counts_of(game, m), plan).items():
                target[m, place] = w
        names = {(t, m): row.get(m, ZERO) for t, row in enumerate(strategy) for m in game.available[t]}
        for family, extremes in self.sides:
            senders = [
                {(t, m): s[game.types[t]].get(game.messages[m], ZERO) for t, m in names} for s in family.sender_extremes
            ]
            if mixes(senders, names) and mixes(extremes, target):
                return True
        return False


def mixes(points, target):
    """Whether some mixture of *points* agrees with *target* on the entries that it names."""
    size = len(points)
    programme = MIP_Problem(size)
    for i in range(size):
        programme.add_constraint(Linear_Expression([0] * i + [1], 0) >= 0)
    programme.add_constraint(Linear_Expression([1] * size, -1) == 0)
    for place, wanted in target.items():
        values = [point.get(place, ZERO) for point in points]
        if wanted != 0 and all(v == 0 for v in values):
            return False
        if wanted == 0 and all(v == 0 for v in values):
            continue
        scale = int(wanted.q)
        for v in values:
            scale *= int(v.q)
        row = Linear_Expression([int((v * scale).p) for v in values], -int((wanted * scale).p))
        programme.add_constraint(row == 0)
    return bool(programme.is_satisfiable())


def random_member(rng, game, family):
    """A random point of a family as (sender by label, [message] -> plan): mixtures in realisation weights."""
    shares = [Rational(rng.choice((0, 1, 2))) for _ in family.sender_extremes]
    shares = shares if any(shares) else [ONE for _ in shares]
    total = sum(shares, ZERO)
    strategy = [
        {
            m: sum(
                (w / total * s[game.types[t]].get(game.messages[m], ZERO)
                 for w, s in zip(shares, family.sender_extremes, strict=True)),
                ZERO,
            )
            for m in sendable
        }
        for t, sendable in enumerate(game.available)
    ]  # fmt: skip
    mix = [Rational(rng.choice((0, 0, 1, 2))) for _ in family.response_extremes]
    mix = mix if any(mix) else [ONE for _ in mix]
    whole = sum(mix, ZERO)
    weights = {}
    for w, responses in zip(mix, family.response_extremes, strict=True):
        if w != 0:
            for place, v in encoded(game, responses).items():
                weights[place] = weights.get(place, ZERO) + w / whole * v
    plans = []
    for m in range(len(game.messages)):
        counts = counts_of(game, m)
        plan, breaks = {}, {(): 0}
        for node in nodes_of(counts):
            if node:
                parent = breaks[node[:-1]]
                live = weights.get((m, (node[:-1], parent, node[-1])), ZERO) != 0
                breaks[node] = parent if live else parent | (1 << len(node))
            mass = [weights.get((m, (node, breaks[node], a)), ZERO) for a in range(counts[len(node)])]
            plan[node] = tuple(v / sum(mass, ZERO) for v in mass)
        plans.append(plan)
    return strategy, plans


def is_equilibrium(game, strategy, plans):
    """Perfect Bayesian with one belief after each message, decided here: types best, plans rational for some belief."""
    for t, sendable in enumerate(game.available):
        worths = {m: sender_payoff(game, t, m, counts_of(game, m), plans[m]) for m in sendable}
        if any(strategy[t][m] != 0 and worths[m] != max(worths.values()) for m in sendable):
            return False
    return all(_supported(game, strategy, m, plans[m]) for m in range(len(game.messages)))


def _supported(game, strategy, m, plan):
    counts = counts_of(game, m)
    weights = {t: game.prior[t] * row.get(m, ZERO) for t, row in enumerate(strategy)}
    if sum(weights.values(), ZERO) != 0:
        return is_rational(table_of(game, m, weights), counts, plan)
    able = game.senders_of(m)
    tables = {t: table_of(game, m, {t: ONE}) for t in able}
    system = Constraint_System()
    for i in range(len(able)):
        system.insert(Linear_Expression([0] * i + [1], 0) >= 0)
    system.insert(Linear_Expression([1] * len(able), -1) == 0)
    for node in nodes_of(counts):
        j = len(node)
        values = [[worth(tables[t], counts, plan, (*node, a))[j] for t in able] for a in range(counts[j])]
        for a, b in product(range(counts[j]), repeat=2):
            if plan[node][a] != 0 and a != b:
                gap = [x - y for x, y in zip(values[a], values[b], strict=True)]
                scale = 1
                for v in gap:
                    scale *= int(v.q)
                system.insert(Linear_Expression([int((v * scale).p) for v in gap], 0) >= 0)
    body = C_Polyhedron(len(able), "universe")
    body.add_constraints(system)
    return not body.is_empty()


def described(game, strategy, plans):
    """The assessment in words, for a failing test."""
    return strategy, [labelled(game, m, plan) for m, plan in enumerate(plans)]
