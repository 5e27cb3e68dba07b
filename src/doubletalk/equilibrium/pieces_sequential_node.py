"""One step of backward induction: what one audience does at one node, for every belief at once.

Given, for every action of the mover, a cone of beliefs and the plans that may follow, find every pair (cone, plans)
in which the mover's choice is rational. With plans that all are worth the same to the mover the conditions are linear
in the beliefs. With plans worth different amounts (later audiences mix) they are linear in the mixtures once the
beliefs are fixed up to scale, and stay so on a cone when the conditions there are proportional; elsewhere the set is
curved, and what is left out is reported. The mathematics is in docs/theory-sequential.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.pieces_sequential_cone import Cone, Form, Values, minus, normalised, proportional
from doubletalk.equilibrium.pieces_sequential_plays import Node, Play, constrained, plays_choosing
from doubletalk.exact import ZERO, Rational

__all__ = ["LINKED", "MOVING", "Step", "Stretch"]

LINKED = "several branches that it mixes over each move with later mixtures, and their worth is tied together"
MOVING = "the mixture that keeps its branches level changes with the belief or with the sender's tied replies"


@dataclass(frozen=True)
class Stretch:
    """A cone of beliefs with the hull of some plans, all rational on it.

    ``curved`` is None, or says why the rational plans are only a part of this hull (an outer bound, not a piece). Of a
    bound, only what exact pieces leave out matters:

    ``groups``        each of these groups of plans has positive weight there
    ``reached_only``  it matters only where play arrives: at a belief that is free, exact pieces hold every plan
    ``ray_exact``     at a belief that is asked for, other stretches hold every plan: pieces, or bounds for it alone
    ``covered``       extreme beliefs of the cone, normalised, at which they do so unasked
    """

    cone: Cone
    plays: tuple[Play, ...]
    curved: str | None = None
    groups: tuple[tuple[Play, ...], ...] = ()
    reached_only: bool = False
    ray_exact: bool = False
    covered: frozenset[Form] = frozenset()


class _Split(Exception):  # noqa: N818  (control flow, not an error)
    """The cone must be divided where a form changes sign."""

    def __init__(self, form: Form) -> None:
        super().__init__()
        self.form = form


class Step:
    """The mover's rational choices at *node*, where ``branches[a]`` are the plans that may follow action a.

    ``asked``: beliefs at which curved parts are resolved exactly, besides the extreme ones of each cone.
    ``only``: the one set of best actions that is wanted; all sets when None.
    """

    def __init__(
        self,
        node: Node,
        branches: Sequence[Sequence[Play]],
        asked: Sequence[Form] = (),
        only: tuple[int, ...] | None = None,
    ) -> None:
        self.node = node
        self.asked = asked
        self.only = only
        self.mover = len(node)
        self.branches = branches
        self._seen: set[frozenset[Form]] = set()

    def form(self, play: Play) -> Form:
        """The mover's payoff from a plan."""
        return play.forms[self.mover]

    def stretches(self, cone: Cone) -> Iterator[Stretch]:
        """Every piece on *cone* and its faces; curved parts come with their outer bound and exact parts of them."""
        clock.check()
        if cone.empty or cone.key in self._seen:
            return
        self._seen.add(cone.key)
        worth = [[cone.values(self.form(play)) for play in plays] for plays in self.branches]
        active = self._active(worth)
        if all(len(set(worth[a])) == 1 for a in active):
            yield from self._envelope(cone, active)
            return
        try:
            faces = self._order(cone, active, worth)
            found = list(_Cell(self, cone, active, worth).stretches())
        except _Split as split:
            opposite = tuple(-f for f in split.form)
            yield from self.stretches(cone.cut(at_least=[split.form]))
            yield from self.stretches(cone.cut(at_least=[opposite]))
            yield from self.stretches(cone.cut(equal=[split.form]))
            return
        yield from found
        for form in faces:
            yield from self.stretches(cone.cut(equal=[form]))
        if any(stretch.curved for stretch in found):
            yield from self._rays(cone)

    def outer(self, cone: Cone) -> tuple[Play, ...]:
        """Plans whose mixtures hold every realised play that may be rational somewhere on *cone*."""
        worth = [[cone.values(self.form(play)) for play in plays] for plays in self.branches]
        active = self._active(worth)
        return self.join(active if self.only is None else [a for a in active if a in self.only], {})

    def wanted(self, best: tuple[int, ...]) -> bool:
        """Whether pieces with this set of best actions are asked for."""
        return self.only is None or best == self.only

    def _rays(self, cone: Cone) -> Iterator[Stretch]:
        """The extreme beliefs of a cone, where every condition is linear in the mixtures."""
        for ray in (*cone.rays, *self.asked):
            if len(cone.rays) > 1:
                others = [i for i in range(len(ray)) if ray[i] == 0]
                pivot = next(i for i in range(len(ray)) if ray[i] != 0)
                rows = [_unit(len(ray), i) for i in others]
                for i in range(len(ray)):
                    if i != pivot and ray[i] != 0:
                        rows.append(tuple(
                            ray[pivot] if k == i else -ray[i] if k == pivot else ZERO for k in range(len(ray))
                        ))
                yield from self.stretches(cone.cut(equal=rows))

    def _active(self, worth: list[list[Values]]) -> list[int]:
        """Actions not beaten by one other action at every belief of the cone, whatever follows."""
        least = [tuple(min(column) for column in zip(*rows, strict=True)) for rows in worth]
        most = [tuple(max(column) for column in zip(*rows, strict=True)) for rows in worth]
        return [
            a
            for a in range(len(worth))
            if not any(all(x > y for x, y in zip(least[b], most[a], strict=True)) for b in range(len(worth)) if b != a)
        ]

    def _envelope(self, cone: Cone, active: Sequence[int]) -> Iterator[Stretch]:
        """All continuations of an action are worth the same: one piece for every set of best actions."""
        forms = {a: self.form(self.branches[a][0]) for a in active}
        parts: dict[tuple[int, ...], Cone] = {}
        for first in active:
            part = cone.cut(at_least=[minus(forms[first], forms[a]) for a in active if a != first])
            if not part.empty:
                parts[first,] = part
        level = dict(parts)
        while level:
            larger: dict[tuple[int, ...], Cone] = {}
            for best, part in level.items():
                for a in active:
                    if a > best[-1] and (a,) in parts:
                        smaller = part.cut(equal=[minus(forms[best[0]], forms[a])])
                        if not smaller.empty:
                            larger[*best, a] = smaller
            parts.update(larger)
            level = larger
        for best, part in parts.items():
            if self.wanted(best):
                yield Stretch(part, self.join(best, {}))

    def join(self, best: Sequence[int], slices: Mapping[int, Sequence[Play]]) -> tuple[Play, ...]:
        """Plans that mix over *best*: continuations from *slices*, or all of a branch; one filler where unplayed."""
        plays = []
        for a in best:
            choices = []
            for b, all_plays in enumerate(self.branches):
                inside = slices.get(b, all_plays)
                choices.append(inside[:1] if b != a and b in best else inside)
            plays += plays_choosing(self.node, a, choices)
        return tuple(plays)

    def _order(self, cone: Cone, active: Sequence[int], worth: list[list[Values]]) -> list[Form]:
        """Forms whose zero is a proper face of the cone; ``_Split`` when a difference changes sign inside."""
        faces: dict[Form, None] = {}
        forms = {worth[a][v]: self.form(play) for a in active for v, play in enumerate(self.branches[a])}
        for (first, form), (second, other) in combinations(forms.items(), 2):
            signs = sign_pattern(tuple(x - y for x, y in zip(first, second, strict=True)))
            if 1 in signs and -1 in signs:
                raise _Split(minus(form, other))
            if 0 in signs and len(signs) > 1:
                faces[minus(form, other)] = None
        return list(faces)


def sign_pattern(values: Values) -> set[int]:
    """The signs that occur."""
    return {1 if v > 0 else -1 if v < 0 else 0 for v in values}


def _unit(size: int, place: int) -> Form:
    return tuple(Rational(1) if k == place else ZERO for k in range(size))


class _Cell:
    """A cone on whose inside the mover ranks all continuations in one way."""

    def __init__(self, step: Step, cone: Cone, active: Sequence[int], worth: list[list[Values]]) -> None:
        self.step, self.cone, self.active, self.worth = step, cone, active, worth
        self.inside = [[sum(values, ZERO) for values in rows] for rows in worth]

    def stretches(self) -> Iterator[Stretch]:
        """The pieces of every set of best actions; outer bounds where the set is curved."""
        floor = max(min(self.inside[a]) for a in self.active)
        able = [a for a in self.active if max(self.inside[a]) >= floor]
        for size in range(1, len(able) + 1):
            for best in combinations(able, size):
                clock.check()
                if not self.step.wanted(best):
                    continue
                if size == 1:
                    yield from self._single(best[0])
                    continue
                ceiling = min(max(self.inside[a]) for a in best)
                levels = self._levels(best, floor, ceiling)
                for level in levels:
                    yield from self._pinned(best, level)
                for low, high in pairwise(levels):
                    yield self._slab(best, low, high)

    def _bound(
        self, best: Sequence[int], why: str, plays: Sequence[Play] | None = None, reached_only: bool = False
    ) -> Stretch:
        """A bound in which every best action is played."""
        whole = self.step.join(best, {}) if plays is None else tuple(plays)
        groups = tuple(tuple(play for play in whole if (self.step.node, 0, a) in play.weights) for a in best)
        return self._outer(whole, why, groups, reached_only)

    def _outer(
        self, plays: Sequence[Play], why: str, groups: tuple[tuple[Play, ...], ...], reached_only: bool = False
    ) -> Stretch:
        """A bound on this cone; ``Step`` goes on to look at its extreme beliefs one by one."""
        several = len(self.cone.rays) > 1
        covered = frozenset(map(normalised, self.cone.rays)) if several else frozenset()
        return Stretch(self.cone, tuple(plays), why, groups, reached_only, several, covered)

    def _slab(self, best: Sequence[int], low: Form, high: Form) -> Stretch:
        """The bound of what is LINKED while the common value lies strictly between two neighbouring levels.

        No extreme plan is worth anything in between, so a branch's plans there are mixtures of its slices at the two
        levels, both with positive weight.
        """
        slices = []
        for level in (low, high):
            target = self.cone.values(level)
            kept = {}
            for a in best:
                gaps = [tuple(t - w for t, w in zip(target, values, strict=True)) for values in self.worth[a]]
                kept[a], exact = self._slice(self.step.branches[a], gaps, True)
                if not exact:
                    return self._bound(best, LINKED)
            slices.append(self.step.join(best, kept))
        plays = {play.key: play for part in slices for play in part}
        groups = [
            tuple(play for play in part if (self.step.node, 0, a) in play.weights) for part in slices for a in best
        ]
        if not all(groups):
            return self._bound(best, LINKED)
        return self._outer(tuple(plays.values()), LINKED, tuple(groups))

    def _levels(self, best: Sequence[int], floor: Rational, ceiling: Rational) -> list[Form]:
        """Values that the best branches may share: all of them, or those that some extreme plan has."""
        for a in best:
            if len(set(self.inside[a])) == 1:
                return [self.step.form(self.step.branches[a][0])] if floor <= self.inside[a][0] <= ceiling else []
        between: dict[Rational, Form] = {}
        for a in self.active:
            for v, play in enumerate(self.step.branches[a]):
                if floor <= self.inside[a][v] <= ceiling:
                    between.setdefault(self.inside[a][v], self.step.form(play))
        return [between[height] for height in sorted(between)]

    def _pinned(self, best: Sequence[int], level: Form) -> Iterator[Stretch]:
        """Best branches worth exactly *level*, the others at most that: a condition on each branch by itself."""
        target = self.cone.values(level)
        slices: dict[int, Sequence[Play]] = {}
        why = None
        for a in self.active:
            gaps = [tuple(t - w for t, w in zip(target, values, strict=True)) for values in self.worth[a]]
            kept, exact = self._slice(self.step.branches[a], gaps, a in best)
            if not exact:
                why = MOVING
            slices[a] = kept
        if why:
            yield self._bound(best, why)
        if all(slices.values()):
            yield Stretch(self.cone, self.step.join(best, slices))

    def _slice(self, plays: Sequence[Play], gaps: list[Values], equal: bool) -> tuple[Sequence[Play], bool]:
        """Mixtures with gap zero (or nonnegative) at every belief of the cone; whether no belief allows more."""
        signs = [max(sign_pattern(g), key=abs) for g in gaps]
        if (1 not in signs or not equal) and -1 not in signs:
            if equal or 1 not in signs:
                return [p for p, s in zip(plays, signs, strict=True) if s == 0], True
            return plays, True
        if 1 not in signs or (equal and -1 not in signs):
            return [p for p, s in zip(plays, signs, strict=True) if s == 0], True
        rows = [([[g[i] for g in gaps]], equal) for i in range(len(self.cone.rays))]
        exact = proportional(gaps)
        return [one for (one,) in constrained([plays], rows[:1] if exact and _live(gaps, 0) else rows)], exact

    def _single(self, best: int) -> Iterator[Stretch]:
        """One best branch: its worth is at least that of every other branch."""
        step, cone = self.step, self.cone
        plays = {a: list(step.branches[a]) for a in range(len(step.branches))}
        coupled = [a for a in self.active if a != best]
        while True:
            before = {a: len(plays[a]) for a in plays}
            tied = []
            for a in coupled:
                signs = [[self._sign(p, q) for q in plays[a]] for p in plays[best]]
                if any(s < 0 for row in signs for s in row):
                    if any(s > 0 for row in signs for s in row):
                        tied.append(a)
                        continue
                    keep = [p for p, row in zip(plays[best], signs, strict=True) if 0 in row]
                    columns = zip(*signs, strict=True)
                    plays[a] = [q for q, col in zip(plays[a], columns, strict=True) if 0 in col]
                    plays[best] = keep
            if not all(plays.values()):
                return
            if before == {a: len(plays[a]) for a in plays}:
                break
        if not tied:
            yield Stretch(cone, step.join([best], plays))
            return
        yield from self._coupled(best, plays, tied)

    def _sign(self, first: Play, second: Play) -> int:
        form = minus(self.step.form(first), self.step.form(second))
        signs = sign_pattern(self.cone.values(form))
        if 1 in signs and -1 in signs:
            raise _Split(form)
        return max(signs, key=abs)

    def _coupled(self, best: int, plays: dict[int, list[Play]], tied: Sequence[int]) -> Iterator[Stretch]:
        """Mixtures after the best action and after those *tied* to it by an inequality that some pairs break."""
        factors = [plays[best], *(plays[a] for a in tied)]
        spread = {}
        for a in tied:
            pairs = ((self.step.form(p), self.step.form(q)) for p in plays[best] for q in plays[a])
            spread[a] = [self.cone.values(minus(p, q)) for p, q in pairs]
        firm = [a for a in tied if proportional(spread[a])]
        loose = [a for a in tied if a not in firm]
        if loose and not self._redundant(factors, tied, firm, loose):
            yield self._bound([best], MOVING, reached_only=len(loose) == 1)
        rows = [row for a in tied for row in self._rows(factors, 1 + list(tied).index(a), a in firm)]
        found = constrained(factors, rows)
        if found:
            yield Stretch(self.cone, self._choices(best, plays, tied, found))

    def _redundant(
        self, factors: Sequence[Sequence[Play]], tied: Sequence[int], firm: Sequence[int], loose: Sequence[int]
    ) -> bool:
        """Whether the constraints that are constant on the cone leave each other one implied, or tight on one face."""
        rows = [row for a in firm for row in self._rows(factors, 1 + list(tied).index(a), True)]
        corners = constrained(factors, rows)
        for a in loose:
            place = 1 + list(tied).index(a)
            signs = {self._sign(corner[0], corner[place]) for corner in corners}
            if 1 in signs and -1 in signs:
                return False
        return True

    def _rows(
        self, factors: Sequence[Sequence[Play]], place: int, firm: bool
    ) -> list[tuple[list[list[Rational]], bool]]:
        """The best branch is worth at least the one at *place*, at every ray (one ray is enough for a *firm* row)."""
        values = [[self.cone.values(self.step.form(p)) for p in factor] for factor in factors]
        rows = []
        for i in range(len(self.cone.rays)):
            row = [[ZERO] * len(factor) for factor in factors]
            row[0] = [v[i] for v in values[0]]
            row[place] = [-v[i] for v in values[place]]
            rows.append((row, False))
        if firm:
            spread = [[p[i] - q[i] for p in values[0] for q in values[place]] for i in range(len(rows))]
            rows = [row for row, live in zip(rows, spread, strict=True) if any(v != 0 for v in live)][:1]
        return rows

    def _choices(
        self, best: int, plays: dict[int, list[Play]], tied: Sequence[int], found: Sequence[tuple[Play, ...]]
    ) -> tuple[Play, ...]:
        """Plans that take *best*: coupled continuations together, the other branches freely."""
        result = []
        for corner in found:
            choices: list[Sequence[Play]] = [plays[a] for a in range(len(plays))]
            choices[best] = corner[:1]
            for a, play in zip(tied, corner[1:], strict=True):
                choices[a] = [play]
            result += plays_choosing(self.step.node, best, choices)
        return tuple(result)


def _live(gaps: Sequence[Values], ray: int) -> bool:
    return any(g[ray] != 0 for g in gaps)
