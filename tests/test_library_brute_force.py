"""Every equilibrium outcome of the library's games, found a second time by brute force.

Nothing here uses the package: the game files are read by the small reader below and solved by trying every
combination of tied actions and of message sets. It serves separable audiences and a single audience
with a reply that never ties; the games outside that class carry a hand derivation only.
"""

from __future__ import annotations

import ast
from fractions import Fraction
from itertools import chain, combinations, product
from pathlib import Path

import pytest
import yaml
from ppl import C_Polyhedron, Constraint_System, Linear_Expression, Variable

ZERO = Fraction(0)
LIBRARY = Path(__file__).resolve().parents[1] / "src" / "doubletalk" / "library"


# ---------------------------------------------------------------- reading


def number(text, names):
    """The exact value of an expression of the game format."""

    def value(node):
        if isinstance(node, ast.BinOp):
            a, b = value(node.left), value(node.right)
            if isinstance(node.op, ast.Div):
                return a / b
            return {ast.Add: a + b, ast.Sub: a - b, ast.Mult: a * b}[type(node.op)]
        if isinstance(node, ast.UnaryOp):
            return -value(node.operand)
        if isinstance(node, ast.Name):
            return names[node.id]
        return Fraction(ast.get_source_segment(str(text), node))

    return value(ast.parse(str(text), mode="eval").body)


def listed(value):
    return value if isinstance(value, list) else [value]


def holds(when, play):
    """Whether a condition of the game format holds for a play."""
    return all(not holds(v, play) if k == "not" else play.get(k) in listed(v) for k, v in when.items())


class Game:
    """The game as plain tables: one payoff tuple per (type, message, actions), ties in the reply refused."""

    def __init__(self, path):
        raw = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)
        names = {}
        for key, text in raw.get("parameters", {}).items():
            names[key] = number(text, names)
        sender = raw["sender"]
        self.sender = sender["name"]
        if "traits" in sender:
            values = [list(v.items()) for v in sender["traits"].values()]
            combos = list(product(*values))
            self.types = [",".join(label for label, _ in c) for c in combos]
            self.facts = [dict(zip(sender["traits"], [label for label, _ in c], strict=True)) for c in combos]
            self.prior = [number("*".join(f"({p})" for _, p in c), names) for c in combos]
        else:
            self.types = list(sender["types"])
            self.facts = [{} for _ in self.types]
            self.prior = [number(p, names) for p in sender["types"].values()]
        assert sum(self.prior) == 1
        if "channels" in sender:
            channels = sender["channels"]
            parts = [dict(zip(channels, c, strict=True)) for c in product(*channels.values())]
        elif isinstance(sender["messages"], list):
            parts = [{"message": m} for m in sender["messages"]]
        else:
            parts = [{"message": m} for m in dict.fromkeys(chain(*sender["messages"].values()))]
        self.parts = parts
        self.messages = [",".join(p.values()) for p in parts]
        self.can = [
            [m for m in range(len(parts)) if isinstance(sender.get("messages"), list) or "channels" in sender
             or parts[m]["message"] in sender["messages"][t]]
            for t in self.types
        ]
        self.names = list(raw["audiences"])
        self.sees, self.actions = [], []
        for block in raw["audiences"].values():
            sees = block.get("sees", ["message"])
            if isinstance(sees, dict):
                seen = [sees[p["message"]] for p in parts]
            elif sees == ["message"]:
                seen = list(self.messages)
            else:
                seen = [",".join(p[c] for c in sees) for p in parts]
            self.sees.append(seen)
            acts = block["actions"]
            self.actions.append([acts if isinstance(acts, list) else acts[o] for o in seen])
        self.raw, self.param = raw, names
        self.payoff = {}
        rules = raw.get("reply", [])
        rules = [rules] if isinstance(rules, dict) else rules
        for t, kind in enumerate(self.types):
            for m in self.can[t]:
                for a in product(*(self.actions[j][m] for j in range(len(self.names)))):
                    play = {"type": kind, **self.facts[t], **parts[m], **dict(zip(self.names, a, strict=True))}
                    replies = next((r["actions"] for r in rules if holds(r.get("when", {}), play)), [None])
                    options = [(self.pay(play | ({"reply": c} if c else {})), c) for c in replies]
                    best = max(o[0][0] for o in options)
                    top = [o for o in options if o[0][0] == best]
                    assert len(top) == 1, f"reply ties at {play}"
                    self.payoff[t, m, a] = top[0]

    def pay(self, play):
        players = [self.sender, *self.names]
        return tuple(
            sum((number(r["add"], self.param) for r in self.raw["payoffs"][p] if holds(r.get("when", {}), play)), ZERO)
            for p in players
        )

    def parts_of(self, t, m):
        """Sender's payoff as base + sum over audiences of gain[j][a]; fails unless separable."""
        J = range(len(self.names))
        ref = tuple(self.actions[j][m][0] for j in J)
        base = self.payoff[t, m, ref][0][0]
        gain = [
            {a: self.payoff[t, m, (*ref[:j], a, *ref[j + 1:])][0][0] - base for a in self.actions[j][m]} for j in J
        ]
        for a in product(*(self.actions[j][m] for j in J)):
            assert self.payoff[t, m, a][0][0] == base + sum(gain[j][a[j]] for j in J), "sender's payoff is not a sum"
        return base, gain

    def worth(self, j, t, m, a):
        """What audience j gets from action a against (t, m), the others' actions being of no account."""
        J = range(len(self.names))
        seen = {
            self.payoff[t, m, prof][0][1 + j]
            for prof in product(*(self.actions[i][m] if i != j else [a] for i in J))
        }
        assert len(seen) == 1, "audiences interact"
        return seen.pop()


# ---------------------------------------------------------------- polyhedra


def polytope(dim, equal, at_least):
    """{v >= 0 : row.v = rhs, row.v >= rhs}; rows are (coefficients {index: Fraction}, rhs)."""
    cs = Constraint_System()
    for k in range(dim):
        cs.insert(Variable(k) >= 0)
    for rows, is_equal in ((equal, True), (at_least, False)):
        for row, rhs in rows:
            den = 1
            for c in [*row.values(), rhs]:
                den = den * c.denominator // _gcd(den, c.denominator)
            form = Linear_Expression(int(-rhs * den))
            for k, c in row.items():
                form += int(c * den) * Variable(k)
            cs.insert(form == 0 if is_equal else form >= 0)
    if dim == 0:
        return C_Polyhedron(1)
    return C_Polyhedron(cs)


def _gcd(a, b):
    while b:
        a, b = b, a % b
    return a


def vertices(poly, dim):
    found = []
    for g in poly.minimized_generators():
        assert g.is_point()
        found.append(tuple(Fraction(int(g.coefficient(Variable(k))), int(g.divisor())) for k in range(dim)))
    return found


def subsets(items):
    items = list(items)
    return [c for k in range(1, len(items) + 1) for c in combinations(items, k)]


# ---------------------------------------------------------------- solving


class Search:
    """All products of (sender polytope, response polytope) of a separable game, by exhaustion."""

    def __init__(self, game):
        self.g = g = game
        self.pairs = [(t, m) for t in range(len(g.types)) for m in g.can[t]]
        self.x = {p: i for i, p in enumerate(self.pairs)}
        J = range(len(g.names))
        owners = {}
        for j in J:
            for o in dict.fromkeys(g.sees[j]):
                cell = tuple(m for m in range(len(g.messages)) if g.sees[j][m] == o)
                owners.setdefault(cell, []).append(j)
        self.cells = [(cell, who) for cell, who in sorted(owners.items()) if any(p[1] in cell for p in self.pairs)]
        self.z = {}
        for cell, who in self.cells:
            for j in who:
                for a in g.actions[j][cell[0]]:
                    self.z[j, cell, a] = len(self.z)
        self.cell_of = {(j, m): cell for cell, who in self.cells for j in who for m in cell}
        self.value = {}
        for t, m in self.pairs:
            base, gain = g.parts_of(t, m)
            self.value[t, m] = (base, {self.z[j, self.cell_of[j, m], a]: v for j in J for a, v in gain[j].items()})

    def belief_rows(self, cell, who, support):
        """Rows over x: every action in the support is best."""
        equal, at_least = [], []
        for j, tied in zip(who, support, strict=True):
            for b in self.g.actions[j][cell[0]]:
                if b == tied[0]:
                    continue
                row = {
                    self.x[p]: self.g.worth(j, *p, tied[0]) - self.g.worth(j, *p, b) for p in self.pairs if p[1] in cell
                }
                (equal if b in tied else at_least).append((row, Fraction(0)))
        return equal, at_least

    def pieces(self, cell, who):
        found = []
        for support in product(*(subsets(self.g.actions[j][cell[0]]) for j in who)):
            equal, at_least = self.belief_rows(cell, who, support)
            one = ({self.x[p]: Fraction(1) for p in self.pairs if p[1] in cell}, Fraction(1))
            if not polytope(len(self.pairs), [*equal, one], at_least).is_empty():
                found.append((support, equal, at_least))
        return found

    def products(self):
        g = self.g
        best_sets = [subsets(g.can[t]) for t in range(len(g.types))]
        for choice in product(*(self.pieces(cell, who) for cell, who in self.cells)):
            z_equal, z_none, x_equal, x_least = [], [], [], []
            for (cell, who), (support, equal, at_least) in zip(self.cells, choice, strict=True):
                x_equal += equal
                x_least += at_least
                for j, tied in zip(who, support, strict=True):
                    z_equal.append(({self.z[j, cell, a]: Fraction(1) for a in tied}, Fraction(1)))
                    idle = [a for a in g.actions[j][cell[0]] if a not in tied]
                    z_none += [({self.z[j, cell, a]: Fraction(1)}, ZERO) for a in idle]
            zs = [((), polytope(len(self.z), z_equal + z_none, []))]
            for t in range(len(g.types)):
                grown = []
                for sets, zp in zs:
                    kept = []
                    for best in reversed(best_sets[t]):
                        cut = C_Polyhedron(zp)
                        cut.intersection_assign(self.best_cut(t, best))
                        # a smaller set of messages that allows no further responses adds nothing
                        if not cut.is_empty() and not any(set(best) < set(b) and c.contains(cut) for b, c in kept):
                            kept.append((best, cut))
                    grown += [((*sets, best), cut) for best, cut in kept]
                zs = grown
            for sets, zp in zs:
                x_rows = list(x_equal)
                for t in range(len(g.types)):
                    x_rows.append(({self.x[t, m]: Fraction(1) for m in g.can[t]}, g.prior[t]))
                    x_rows += [({self.x[t, m]: Fraction(1)}, Fraction(0)) for m in g.can[t] if m not in sets[t]]
                xp = polytope(len(self.pairs), x_rows, x_least)
                if not xp.is_empty():
                    yield xp, zp

    def best_cut(self, t, best):
        key = (t, best)
        cache = self.__dict__.setdefault("cuts", {})
        if key not in cache:
            equal, at_least = [], []
            b0, r0 = self.value[t, best[0]]
            for m in self.g.can[t]:
                if m != best[0]:
                    b1, r1 = self.value[t, m]
                    row = {k: r0.get(k, Fraction(0)) - r1.get(k, Fraction(0)) for k in {*r0, *r1}}
                    (equal if m in best else at_least).append((row, b1 - b0))
            cache[key] = polytope(len(self.z), equal, at_least)
        return cache[key]

    def outcome(self, x, z):
        """{(type, message, actions): probability} of what happens."""
        J = range(len(self.g.names))
        rows = {}
        for (t, m), i in self.x.items():
            if x[i] > 0:
                for a in product(*(self.g.actions[j][m] for j in J)):
                    p = x[i]
                    for j in J:
                        p *= z[self.z[j, self.cell_of[j, m], a[j]]]
                    if p:
                        rows[self.g.types[t], self.g.messages[m], a] = p
        return frozenset(rows.items())


def largest(products):
    """The products that lie in no other."""
    kept = []
    for x, z in products:
        if not any(a.contains(x) and b.contains(z) for a, b in kept):
            kept = [(a, b) for a, b in kept if not (x.contains(a) and z.contains(b))]
            kept.append((x, z))
    return kept


def outcome_groups(path):
    """The equilibrium outcomes by connected component of the equilibrium set: a list of sets of outcomes."""
    search = Search(Game(path))
    components = []
    for x, z in largest(search.products()):
        touching = [c for c in components if any(not a.is_disjoint_from(x) and not b.is_disjoint_from(z) for a, b in c)]
        for c in touching:
            components.remove(c)
        components.append([(x, z), *(product for c in touching for product in c)])
    groups = []
    for component in components:
        found = {
            search.outcome(x, z)
            for xp, zp in component
            for x in vertices(xp, len(search.pairs))
            for z in vertices(zp, len(search.z))
        }
        if found not in groups:
            groups.append(found)
    return search.g, groups


def deeds(game, outcome):
    """What each type brings about, whatever it says: {(type, actions): probability within the type}."""
    prior = dict(zip(game.types, game.prior, strict=True))
    rows = {}
    for (t, _, a), p in outcome:
        rows[t, a] = rows.get((t, a), Fraction(0)) + p / prior[t]
    return frozenset(rows.items())


# ---------------------------------------------------------------- the claims

BY_HAND_ONLY = {"patron_and_rival"}
FILES = [p for p in sorted(LIBRARY.rglob("*.yaml")) if not p.name.endswith(".expected.yaml")]
GAMES = [p for p in FILES if p.stem not in BY_HAND_ONLY]


def recorded(game, path):
    """The outcomes and the sets of deeds on record beside a game file."""
    text = path.with_name(path.stem + ".expected.yaml").read_text(encoding="utf-8")
    expected = yaml.load(text, Loader=yaml.BaseLoader)
    fixed, varying = set(), set()
    prior = dict(zip(game.types, game.prior, strict=True))
    for item in expected["outcomes"]:
        if "varies" in item:
            points = [
                frozenset(((t, tuple(a.split(","))), Fraction(p)) for t, d in point.items() for a, p in d.items())
                for point in item["deeds"]
            ]
            varying.add(frozenset(points))
            continue
        rows = {}
        for t, strategy in item["sender"].items():
            for m, weight in strategy.items():
                seen = [game.sees[j][game.messages.index(m)] for j in range(len(game.names))]
                for acts in product(*(item["responses"][n][o].items() for n, o in zip(game.names, seen, strict=True))):
                    chance = prior[t] * Fraction(weight)
                    for _, p in acts:
                        chance *= Fraction(p)
                    rows[t, m, tuple(a for a, _ in acts)] = chance
        fixed.add(frozenset(rows.items()))
    return fixed, varying


@pytest.mark.parametrize("path", GAMES, ids=[p.stem for p in GAMES])
def test_brute_force_finds_exactly_what_is_on_record(path):
    """Trying every support gives the outcomes of the expected file and no other."""
    game, groups = outcome_groups(path)
    fixed = {next(iter(group)) for group in groups if len(group) == 1}
    varying = {frozenset(deeds(game, outcome) for outcome in group) for group in groups if len(group) > 1}
    assert (fixed, varying) == recorded(game, path)
