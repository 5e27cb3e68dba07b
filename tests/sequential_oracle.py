"""An independent reading of sequential rationality, for the tests of the pieces: direct, slow, exact."""

from __future__ import annotations

import random
from itertools import product

from ppl import C_Polyhedron, Constraint_System, Linear_Expression

from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.game.model import NO_REPLY, Audience, Game


def random_game(rng, actions=(2, 2), types=2, messages=1, replies=0, top=3, merged=False):
    """A game of audiences that watch each other; small whole payoffs make ties frequent."""
    names = tuple(f"m{m}" for m in range(messages))
    seen = tuple(0 for _ in names) if merged else tuple(range(messages))
    observations = ("o",) if merged else names
    audiences = tuple(
        Audience(f"A{j}", observations, seen, tuple(range(j)), (tuple(f"a{a}" for a in range(n)),) * len(observations))
        for j, n in enumerate(actions)
    )
    plays = list(product(*(range(n) for n in actions)))
    labels, payoffs = {}, {}
    for t in range(types):
        for m in range(messages):
            source = (t, 0) if merged else (t, m)
            for play in plays:
                if replies:
                    labels[t, m, play] = tuple(f"c{c}" for c in range(replies))
                for c in range(replies) if replies else (NO_REPLY,):
                    known = payoffs.get((source[0], source[1], play, c))
                    given = known[1:] if known else tuple(Rational(rng.randrange(top)) for _ in actions)
                    sender = known[0] if known else Rational(rng.randrange(top))
                    payoffs[t, m, play, c] = (sender, *given)
    prior = tuple(Rational(1) / types for _ in range(types))
    every = tuple(tuple(range(messages)) for _ in range(types))
    kinds = tuple(f"t{t}" for t in range(types))
    return Game("random", "", "S", kinds, prior, names, every, audiences, labels, payoffs)


def expected(game, complex_, point, message_pairs):
    """(actions) -> each audience's payoff under the weights in *point*, replies as ``replies`` reads them."""
    replies = complex_.replies(point) if complex_.replies else {}
    table = {}
    first = complex_.pairs[message_pairs[0]][1]
    for play in game.action_profiles(first):
        total = [ZERO] * len(game.audiences)
        for i in message_pairs:
            t, m = complex_.pairs[i]
            labels = game.replies.get((t, m, play))
            mixture = replies[game.types[t]][game.reply_node(m, play)] if labels else {None: ONE}
            best = max(game.payoffs[t, m, play, c][0] for c in game.reply_range(t, m, play))
            for label, share in mixture.items():
                c = labels.index(label) if labels else NO_REPLY
                assert game.payoffs[t, m, play, c][0] == best
                for j in range(len(total)):
                    total[j] += point[i] * share * game.payoffs[t, m, play, c][1 + j]
        table[play] = total
    return table


def nodes_of(counts):
    """All nodes, parents first."""
    return [h for d in range(len(counts)) for h in product(*(range(n) for n in counts[:d]))]


def worth(table, counts, behaviour, node):
    """The audiences' payoffs from *node* on."""
    if len(node) == len(counts):
        return table[node]
    total = [ZERO] * len(counts)
    for a, share in enumerate(behaviour[node]):
        if share != 0:
            total = [x + share * y for x, y in zip(total, worth(table, counts, behaviour, (*node, a)), strict=True)]
    return total


def is_rational(table, counts, behaviour):
    """Whether every audience plays a best action at every node."""
    for node in nodes_of(counts):
        j = len(node)
        values = [worth(table, counts, behaviour, (*node, a))[j] for a in range(counts[j])]
        if any(share != 0 and v != max(values) for share, v in zip(behaviour[node], values, strict=True)):
            return False
    return True


def pure_continuations(table, counts, node=()):
    """All pure rational continuations by backward induction, ties resolved in every way."""
    j = len(node)
    if j == len(counts):
        return [{}]
    after = [pure_continuations(table, counts, (*node, a)) for a in range(counts[j])]
    found = []
    for picked in product(*after):
        joint = {h: mix for one in picked for h, mix in one.items()}
        values = [worth(table, counts, joint, (*node, a))[j] for a in range(counts[j])]
        for a, v in enumerate(values):
            if v == max(values):
                found.append({**joint, node: tuple(ONE if b == a else ZERO for b in range(counts[j]))})
    return found


def mixed_continuation(rng, table, counts, node=()):
    """One random mixed rational continuation; mixtures below are often bent so that branches tie."""
    j = len(node)
    behaviour = {}
    if j == len(counts):
        return behaviour
    options = []
    for a in range(counts[j]):
        one = mixed_continuation(rng, table, counts, (*node, a))
        two = mixed_continuation(rng, table, counts, (*node, a))
        options.append((one, two))
    values = [[worth(table, counts, one, (*node, a))[j] for one in options[a]] for a in range(counts[j])]
    target = rng.choice([v for pair in values for v in pair])
    for a in range(counts[j]):
        one, two = options[a]
        v, w = values[a]
        inner = (*node, a)
        blended = None
        if j == len(counts) - 2 and v != w and min(v, w) < target < max(v, w) and rng.random() < 0.8:
            share = (target - w) / (v - w)
            blended = tuple(share * x + (1 - share) * y for x, y in zip(one[inner], two[inner], strict=True))
        behaviour.update({inner: blended} if blended else one)
    ends = [worth(table, counts, behaviour, (*node, a))[j] for a in range(counts[j])]
    weights = [Rational(rng.choice((0, 1, 2))) if v == max(ends) else ZERO for v in ends]
    if sum(weights, ZERO) == 0:
        weights = [ONE if v == max(ends) else ZERO for v in ends]
    behaviour[node] = tuple(w / sum(weights, ZERO) for w in weights)
    return behaviour


def labelled(game, message, behaviour):
    """Node -> mixture as audience -> information set -> action -> probability."""
    labels = game.actions_after(message)
    found = {}
    for node, mix in behaviour.items():
        j = len(node)
        key = game.information_set(j, message, (*node, *([0] * (len(labels) - j))))
        found.setdefault(game.audiences[j].name, {})[key] = {
            label: p for label, p in zip(labels[j], mix, strict=True) if p != 0
        }
    return found


def unlabelled(game, message, counts, given):
    """The inverse of ``labelled``."""
    labels = game.actions_after(message)
    found = {}
    for node in nodes_of(counts):
        j = len(node)
        key = game.information_set(j, message, (*node, *([0] * (len(labels) - j))))
        found[node] = tuple(given[game.audiences[j].name][key].get(label, ZERO) for label in labels[j])
        assert sum(found[node], ZERO) == 1
    return found


def row_value(row, point):
    return sum((v * point[i] for i, v in row.items()), ZERO)


def in_cone(piece, point):
    return all(row_value(r, point) == 0 for r in piece.equal) and all(row_value(r, point) >= 0 for r in piece.at_least)


def whole_row(row, size):
    """A row as a linear expression in whole numbers."""
    scale = 1
    for v in row.values():
        scale *= int(v.q)
    dense = [0] * size
    for i, v in row.items():
        dense[i] = int((v * scale).p)
    return Linear_Expression(dense, 0)


def extreme_points(complex_, station, piece):
    """Extreme rays of the piece's beliefs as points of the x-side."""
    size = complex_.unknowns
    system = Constraint_System()
    for i in range(size):
        system.insert(Linear_Expression([0] * i + [1], 0) >= 0)
        if i < len(complex_.pairs) and i not in station.pairs:
            system.insert(Linear_Expression([0] * i + [1], 0) == 0)
    for row in (*complex_.links, *piece.equal):
        system.insert(whole_row(row, size) == 0)
    for row in piece.at_least:
        system.insert(whole_row(row, size) >= 0)
    body = C_Polyhedron(size, "universe")
    body.add_constraints(system)
    return [tuple(Rational(int(c)) for c in g.coefficients()) for g in body.minimized_generators() if g.is_ray()]


def random_point(rng, rays):
    """A nonnegative combination of some rays."""
    picked = [rng.choice((0, 0, 1, 2, 3)) for _ in rays]
    if not any(picked):
        picked[rng.randrange(len(rays))] = 1
    pairs = list(zip(picked, rays, strict=True))
    return tuple(sum((Rational(k) * ray[i] for k, ray in pairs), ZERO) for i in range(len(rays[0])))


def is_mixture(block, support, behaviour, counts):
    """Whether some mixture of the supporting vertices decodes to *behaviour*: an exact linear programme."""
    places = block.behaviour.places
    wanted = {}
    mass, breaks = {(): ONE}, {(): 0}
    for node in nodes_of(counts):
        if node:
            step = mass[node[:-1]] * behaviour[node[:-1]][node[-1]]
            fresh = step == 0
            breaks[node] = breaks[node[:-1]] | (1 << len(node)) if fresh else breaks[node[:-1]]
            mass[node] = mass[node[:-1]] if fresh else step
        for a, p in enumerate(behaviour[node]):
            wanted[node, breaks[node], a] = mass[node] * p
    system = Constraint_System()
    size = len(support)
    for i in range(size):
        system.insert(Linear_Expression([0] * i + [1], 0) >= 0)
    system.insert(Linear_Expression([1] * size, -1) == 0)
    index = {place: k for k, place in enumerate(places)}
    for place, target in wanted.items():
        if place not in index:
            if target != 0:
                return False
            continue
        values = [block.vertices[v].point[index[place]] for v in support]
        scale = int(target.q)
        for v in values:
            scale *= int(v.q)
        row = [int((v * scale).p) for v in values]
        system.insert(Linear_Expression(row, -int((target * scale).p)) == 0)
    body = C_Polyhedron(size, "universe")
    body.add_constraints(system)
    return not body.is_empty()


def rng_of(seed):
    return random.Random(seed)
