"""Long games for the tests, built without a file, and an independent NumPy solution by plain iteration."""

from __future__ import annotations

import itertools

import numpy as np
from scipy.interpolate import CubicSpline

from doubletalk.longgame.declaration import (
    Actor,
    Coefficient,
    LongGame,
    Markov,
    Prior,
    Rule,
    Term,
    Variable,
)  # fmt: skip

NORMAL = Prior("normal", (0.0, 1.0))


def random_game(seed: int, *, order: tuple[str, ...] = ("c", "w"), stances: int = 2, points: int = 4) -> LongGame:
    """A small game with random payoffs: two endogenous variables, one exogenous, an unavailable move."""
    rng = np.random.default_rng(seed)
    sizes = {"c": 3, "w": 2, "k": 2}
    variables = (
        Variable("x", ("lo", "hi"), 0, (
            Rule({"c": (1,)}, ((1, None, 0.7),)), Rule({"w": (1,), "e": (0,)}, ((-1, None, 0.5),)),
        )),
        Variable("e", ("0", "1"), 0, (), Markov(((0.8, 0.2), (0.4, 0.6)))),
        Variable("y", ("a", "b", "c"), 1, (Rule({"w": (0,)}, ((1, None, 0.3), (None, 0, 0.2))),)),
    )  # fmt: skip
    coefficients, actors = [], []
    for name in order:
        terms = []
        for k in range(4):
            label = f"{name}{k}"
            coefficients.append(Coefficient(label, float(rng.normal()), NORMAL))
            when = {}
            for axis, size in (("x", 2), ("y", 3), *((a, sizes[a]) for a in order)):
                if rng.random() < 0.4:
                    when[axis] = tuple(sorted(rng.choice(size, size=rng.integers(1, size), replace=False).tolist()))
            if stances == 2 and rng.random() < 0.5:
                when["stance"] = (int(rng.integers(2)),)
            terms.append(Term(label, float(rng.normal()), when, {"e": (1.0, 0.3)} if k == 0 else {}))
        barred = ({"c": (2,), "x": (0,)},) if name == "c" else ()
        moves = tuple(f"{name}_{k}" for k in range(sizes[name]))
        actors.append(Actor(name, moves, {}, 0.8, tuple(terms), barred))
    labels = ("first", "last")[:stances]
    hazard = (0.05, 0.1)[:stances]
    return LongGame("random", "", "quarter", tuple(actors), variables, tuple(coefficients), "c", labels, 0.4, hazard,
                    points if stances == 2 else 1)  # fmt: skip


class Reference:
    """Plain loops over states, moves and beliefs, from the definition; nothing shared with the package's arrays."""

    def __init__(self, game: LongGame) -> None:
        self.g = game
        self.states = list(itertools.product(*(range(len(v.levels)) for v in game.variables)))
        self.two = len(game.stances) == 2
        self.beliefs = np.linspace(0, 1, game.points) if self.two else np.zeros(1)
        self.stances = (0, 1) if self.two else (0,)
        self.spline = CubicSpline(self.beliefs, np.eye(game.points)) if self.two else None
        self.curves = {}
        self.informed = game.position(game.informed) if self.two else -1

    def holds(self, when, theta, s, moves):
        g = self.g
        for axis, allowed in when.items():
            if axis == "stance":
                level = theta
            elif axis in [v.name for v in g.variables]:
                level = s[[v.name for v in g.variables].index(axis)]
            else:
                level = moves[g.position(axis)]
            if level not in allowed:
                return False
        return True

    def flow(self, i, theta, s, moves):
        total = 0.0
        values = {c.name: c.value for c in self.g.coefficients}
        names = [v.name for v in self.g.variables]
        for t in self.g.actors[i].terms:
            if self.holds(t.when, theta, s, moves):
                x = values[t.coefficient] * t.add
                for axis, weights in t.times.items():
                    x *= weights[s[names.index(axis)]]
                total += x
        return total

    def next_states(self, s, moves):
        per = []
        for v, variable in enumerate(self.g.variables):
            n = len(variable.levels)
            row = np.zeros(n)
            if variable.markov is not None:
                row = np.array(variable.markov.matrix[s[v]])
            else:
                row[s[v]] = 1.0
                for rule in variable.rules:
                    if self.holds(rule.when, 0, s, moves):
                        row = np.zeros(n)
                        left = 1.0
                        for shift, target, p in rule.chances:
                            to = target if target is not None else min(max(s[v] + shift, 0), n - 1)
                            row[to] += p
                            left -= p
                        row[s[v]] += left
                        break
            per.append(row)
        for t in itertools.product(*(range(len(r)) for r in per)):
            p = np.prod([per[v][t[v]] for v in range(len(t))])
            if p > 0:
                yield t, p

    def available(self, i, s, moves):
        return not any(self.holds(w, 0, s, (*moves, *[0] * 9)) for w in self.g.actors[i].unavailable)

    def interp(self, table, b):
        if not self.two:
            return float(table[0])
        if b not in self.curves:
            self.curves[b] = self.spline(b)
        return float(self.curves[b] @ np.asarray(table))

    def solve(self, tolerance=1e-11, limit=4000):
        """V[(c, stance or None)][state] -> array over beliefs; P of the informed actor likewise. Iterated to rest."""
        g = self.g
        keys = []
        for i in range(len(g.actors)):
            keys += [(i, t) for t in (self.stances if i == self.informed else (None,))]
        self.V = {k: {s: np.zeros(len(self.beliefs)) for s in self.states} for k in keys}
        self.L = {}
        self.M = {}
        self.P = {}
        for _ in range(limit):
            gap = self.sweep()
            if gap < tolerance:
                return self
        raise AssertionError("the reference did not settle")

    def ahead(self, key, s, moves, b):
        """Expected next value; b is the belief after the period's moves."""
        i, theta = key
        h = self.g.hazard
        after = b * (1 - h[1]) + (1 - b) * h[0] if self.two else 0.0
        total = 0.0
        for t, p in self.next_states(s, moves):
            if theta is None:
                v = self.interp(self.V[key][t], after)
            else:
                stay = self.interp(self.V[(i, theta)][t], after)
                leave = self.interp(self.V[(i, 1 - theta)][t], after)
                v = (1 - h[theta]) * stay + h[theta] * leave
            total += p * v
        return self.g.actors[i].discount * total

    def later(self, s, moves, b):
        """Values of everybody (by key) once *moves* are made and the belief is b; and the choice made next."""
        g, i = self.g, len(moves)
        if i == len(g.actors):
            out = {}
            for j, theta in self.V:
                if theta is not None or not self.two:
                    u = self.flow(j, theta or 0, s, moves)
                else:
                    u = (1 - b) * self.flow(j, 0, s, moves) + b * self.flow(j, 1, s, moves)
                out[(j, theta)] = u + self.ahead((j, theta), s, moves, b)
            return out
        group = next(group for group in g.groups if i in group)
        if len(group) > 1:
            return self.together(group, s, moves, b)
        if i == self.informed:
            return self.signal(s, moves, b)
        options = [m for m in range(len(g.actors[i].moves)) if self.available(i, s, (*moves, m))]
        branches = {m: self.later(s, (*moves, m), b) for m in options}
        q = np.array([branches[m][(i, None)] for m in options])
        top = q.max()
        total = top + np.log(np.exp(q - top).sum())
        p = np.exp(q - total)
        self.newP[(i, s, moves, b)] = dict(zip(options, p, strict=True))
        out = {k: sum(p[n] * branches[m][k] for n, m in enumerate(options)) for k in self.V}
        out[(i, None)] = total
        return out

    def signal(self, s, moves, b):
        """The informed actor: values at grid posteriors interpolated, as the method says."""
        g, i = self.g, self.informed
        options = [m for m in range(len(g.actors[i].moves)) if self.available(i, s, (*moves, m))]
        n = list(self.beliefs).index(b)
        tables = {m: self.after(s, (*moves, m)) for m in options}
        q = {0: [], 1: []}
        values = {k: [] for k in self.V}
        for m in options:
            ratio = self.L.get((s, moves, m, n), 0.0)
            post = b * np.exp(ratio) / (b * np.exp(ratio) + 1 - b)
            at = {k: self.interp(tables[m][k], post) for k in self.V}
            for k in self.V:
                values[k].append(at[k])
            for t in (0, 1):
                q[t].append(at[(i, t)])
        lse = {t: np.log(np.exp(np.array(q[t])).sum()) for t in (0, 1)}
        p = {t: np.exp(np.array(q[t]) - lse[t]) for t in (0, 1)}
        for c, m in enumerate(options):
            self.newL[(s, moves, m, n)] = (q[1][c] - lse[1]) - (q[0][c] - lse[0])
        mixed = (1 - b) * p[0] + b * p[1]
        out = {k: float(mixed @ np.array(values[k])) for k in self.V}
        for t in (0, 1):
            out[(i, t)] = lse[t]
            self.newP[(i, t, s, moves, b)] = dict(zip(options, p[t], strict=True))
        return out

    def together(self, group, s, moves, b):
        """Several move at once, each expecting of the others what the last sweep said."""
        g, n = self.g, list(self.beliefs).index(b)
        gap = [(0,) * (j - len(moves)) for j in group]  # co-movers' moves, which bar nothing
        options = [[m for m in range(len(g.actors[j].moves)) if self.available(j, s, (*moves, *zeros, m))]
                   for j, zeros in zip(group, gap, strict=True)]  # fmt: skip
        stances = [self.stances if j == self.informed else (None,) for j in group]
        old = {(j, t): self.M.get((j, t, s, moves, n), np.full(len(own), 1 / len(own)))
               for j, own, ts in zip(group, options, stances, strict=True) for t in ts}  # fmt: skip
        mixed = {j: (1 - b) * old[(j, 0)] + b * old[(j, 1)] if j == self.informed else old[(j, None)] for j in group}
        q = {key: np.zeros(len(p)) for key, p in old.items()}
        out = dict.fromkeys(self.V, 0.0)
        for places in itertools.product(*(range(len(own)) for own in options)):
            made = tuple(own[p] for own, p in zip(options, places, strict=True))
            if self.informed in group:
                ratio = self.L.get((s, moves, made[group.index(self.informed)], n), 0.0)
                post = b * np.exp(ratio) / (b * np.exp(ratio) + 1 - b)
                tables = self.after(s, (*moves, *made))
                worth = {k: self.interp(tables[k], post) for k in self.V}
            else:
                worth = self.later(s, (*moves, *made), b)
            chance = {j: mixed[j][p] for j, p in zip(group, places, strict=True)}
            for k in self.V:
                out[k] += np.prod(list(chance.values())) * worth[k]
            for j, p in zip(group, places, strict=True):
                others = np.prod([chance[k] for k in group if k != j])
                for t in self.stances if j == self.informed else (None,):
                    q[(j, t)][p] += others * worth[(j, t)]
        for (j, t), values in q.items():
            out[(j, t)] = float(np.log(np.exp(values - values.max()).sum()) + values.max())
            p = np.exp(values - out[(j, t)])
            self.newM[(j, t, s, moves, n)] = p
            key = (j, s, moves, b) if t is None else (j, t, s, moves, b)
            self.newP[key] = dict(zip(options[group.index(j)], p, strict=True))
        if self.informed in group:
            two = [q[(self.informed, t)] - out[(self.informed, t)] for t in (0, 1)]
            for c, m in enumerate(options[group.index(self.informed)]):
                self.newL[(s, moves, m, n)] = two[1][c] - two[0][c]
        return out

    def after(self, s, moves):
        if (s, moves) not in self.cache:
            rows = [self.later(s, moves, x) for x in self.beliefs]
            self.cache[(s, moves)] = {k: [row[k] for row in rows] for k in self.V}
        return self.cache[(s, moves)]

    def sweep(self):
        self.newL, self.newP, self.newM, self.cache, self.curves = {}, {}, {}, {}, {}
        fresh = {k: {s: np.zeros(len(self.beliefs)) for s in self.states} for k in self.V}
        for s in self.states:
            for n, b in enumerate(self.beliefs):
                for k, v in self.later(s, (), b).items():
                    fresh[k][s][n] = v
        gap = max(np.abs(fresh[k][s] - self.V[k][s]).max() for k in fresh for s in self.states)
        gap = max([gap, *(abs(self.newL[k] - self.L.get(k, 0.0)) for k in self.newL)])
        gap = max([gap, *(np.abs(self.newM[k] - self.M.get(k, 0.0)).max() for k in self.newM)])
        self.V, self.L, self.P, self.M = fresh, self.newL, self.newP, self.newM
        return gap
