"""Is a ``Solution`` the same set as the brute force's union of cells? Differences come back in words."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from doubletalk.equilibrium.solution import Distribution, Family, Solution
from doubletalk.equilibrium.verification import Verifier
from doubletalk.exact import ZERO, Rational
from oracle.brute_force import BruteForce, Vector, hull, inside, vertices

__all__ = ["differences", "failed_points", "random_mixture", "response_vector", "sender_vector"]


def sender_vector(
    brute: BruteForce, sender: Mapping[str, Distribution], replies: Mapping[str, Mapping[str, Distribution]]
) -> Vector:
    """(x, y) of a sender's strategy."""
    game = brute.game
    x = {(t, m): game.prior[t] * sender[game.types[t]].get(game.messages[m], ZERO) for t, m in brute.pairs}
    return tuple(x[p] for p in brute.pairs) + _reply_part(brute, x, replies)


def belief_vector(
    brute: BruteForce, belief: Distribution, messages: Sequence[int], replies: Mapping[str, Mapping[str, Distribution]]
) -> Vector:
    """(x, y) of a belief named at the cell of *messages*."""
    game = brute.game
    several = len({m for _, m in brute.pairs if m in messages}) > 1
    x = dict.fromkeys(brute.pairs, ZERO)
    for t, m in brute.pairs:
        if m in messages:
            label = f"{game.types[t]}|{game.messages[m]}" if several else game.types[t]
            x[t, m] = belief.get(label, ZERO)
    return tuple(x[p] for p in brute.pairs) + _reply_part(brute, x, replies)


def _reply_part(
    brute: BruteForce, x: Mapping[tuple[int, int], Rational], replies: Mapping[str, Mapping[str, Distribution]]
) -> Vector:
    game, part = brute.game, []
    for t, m, acts, c in brute.ties:
        weight = x[t, m]
        if weight:
            plan = replies.get(game.types[t], {}).get(game.reply_node(m, acts), {})
            labels = game.replies[t, m, acts]
            weight *= plan.get(labels[c], ZERO)
        part.append(weight)
    return tuple(part)


def response_vector(brute: BruteForce, responses: Mapping[str, Mapping[str, Distribution]]) -> Vector:
    """z of the audiences' responses."""
    found = []
    for i, a in brute.slots:
        j, o = brute.sets[i]
        who = brute.game.audiences[j]
        found.append(responses[who.name][who.observations[o]].get(who.actions[o][a], ZERO))
    return tuple(found)


def differences(solution: Solution, brute: BruteForce) -> list[str]:
    """What one holds and the other does not; [] when the sets, and the supporting beliefs, are the same."""
    found: list[str] = []
    bodies = []
    families = [(o.id, n, f) for o in solution.outcomes for n, f in enumerate(o.families)]
    for number, n, family in families:
        replies = family.reply_extremes or ({},) * len(family.sender_extremes)
        xs = [sender_vector(brute, s, r) for s, r in zip(family.sender_extremes, replies, strict=True)]
        zs = [response_vector(brute, r) for r in family.response_extremes]
        bodies.append((hull(xs), hull(zs)))
        where = f"family {n} of outcome {number}"
        found += [f"{where}: {words}" for words in _outside(brute, family, xs, zs)]
    for supports, cell in brute.cells.items():
        if not any(
            all(inside(x, v) for v in cell.sender_extremes) and all(inside(z, v) for v in cell.response_extremes)
            for x, z in bodies
        ):
            found.append(f"cell {supports} with {cell.sender_extremes} x {cell.response_extremes} is in no family")
    for i, (x, z) in enumerate(bodies):
        for k, (x2, z2) in enumerate(bodies):
            if i != k and x2.contains(x) and z2.contains(z):
                found.append(f"family {families[i][:2]} lies inside family {families[k][:2]}")
    return found


def _outside(brute: BruteForce, family: Family, xs: Sequence[Vector], zs: Sequence[Vector]) -> list[str]:
    """The family is a set of equilibria: the cell with the supports of its inner points holds all its extremes."""
    game = brute.game
    uses = tuple(
        tuple(m for m in game.available[t] if any(x[brute.at[t, m]] for x in xs)) for t in range(len(game.types))
    )
    acts = tuple(
        tuple(a for k, a in brute.slots if k == i and any(z[brute.slot[i, a]] for z in zs))
        for i in range(len(brute.sets))
    )
    cell = brute.cells.get((uses, acts))
    if cell is None:
        return [f"supports {uses}, {acts} hold no equilibrium"]
    found = [f"sender {x} is outside" for x in xs if not inside(cell.senders, x)]
    found += [f"responses {z} are outside" for z in zs if not inside(cell.responses, z)]
    if brute.concept == "sequential":
        found += _beliefs(brute, family, uses, zs)
    return found


def _beliefs(brute: BruteForce, family: Family, uses: Sequence, zs: Sequence[Vector]) -> list[str]:
    """At observations that no member reaches: for each response extreme, just the beliefs that support it."""
    game, found = brute.game, []
    cells = {tuple(cell.messages): cell for cell in game.cells()}
    for group in brute.shared():
        behind = brute.behind(group[0])
        if any(m in uses[t] for t, m in behind):
            continue
        j, o = brute.sets[group[0]]
        cell = cells[tuple(m for m, seen in enumerate(game.audiences[j].observation_of) if seen == o)]
        given = family.belief_extremes.get(cell.key, ())
        upheld = family.belief_supports.get(cell.key, ())
        replies = family.belief_replies.get(cell.key) or ({},) * len(given)
        got = [belief_vector(brute, b, cell.messages, r) for b, r in zip(given, replies, strict=True)]
        every: set[Vector] = set()
        for k, z in enumerate(zs):
            acts = [[a for i, a in brute.slots if i == where and z[brute.slot[i, a]]] for where in group]
            body = brute.belief_body(group, acts)
            extremes = set(vertices(body, len(brute.at)))
            every |= extremes
            listed = {x for x, supported in zip(got, upheld, strict=True) if k in supported}
            if not (extremes <= listed and all(inside(body, x) for x in listed)):
                found.append(f"beliefs at {cell.key} for response {k}: {sorted(listed)}, should be {sorted(extremes)}")
        if set(got) != every:
            found.append(f"beliefs at {cell.key}: listed {sorted(got)}, should be {sorted(every)}")
    return found


def failed_points(solution: Solution, limit: int = 64) -> list[str]:
    """Extreme points (at most *limit*) that ``verify`` does not pass, with its words."""
    check = Verifier(solution.game, solution.concept)
    found = []
    for number, family, point in solution.assessments()[:limit]:
        certificate = check(point)
        if not certificate.valid:
            found.append(f"outcome {number}, family {family}: {[f.words for f in certificate.failures]} at {point}")
    return found


def random_mixture(rng: random.Random, points: Sequence[Vector]) -> Vector:
    """A random convex combination of *points* with positive rational weights."""
    weights = [rng.randint(1, 5) for _ in points]
    total = sum(weights)
    shares = [(Rational(w, total), v) for w, v in zip(weights, points, strict=True)]
    return tuple(sum((share * v[i] for share, v in shares), ZERO) for i in range(len(points[0])))
