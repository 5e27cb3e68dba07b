r"""All weakly credible announcements of a cheap-talk game, group by group and words by words.

A *word* is a piece (Q, Z) of the responses to a message: its posterior lies in Q and its response z in Z. For a group
D, words w = 1..k and for each type t of D the words S(t) that it may use, the two systems

    x(t, w) >= 0,  x(t, w) = 0 off S(t),  sum_w x(t, w) = p(t),  x(., w) in Q_w and not 0
    z_w in Z_w,  u(t, z_w) = v(t) > u(t, z_w') for w in S(t) and w' off it,  v(t) >= u*(t),
                 u(s, z_w) <= u*(s) for s outside D

share no unknown, as in the assembly of equilibria; S(t) are all the words that t likes best, whether it uses them or
not. k <= |D| is enough: a way of talking with more words can be thinned to that many without changing posteriors,
responses or payoffs (Caratheodory). Words are an unordered list, and one with a single response occurs once: two words
that are answered alike are one, as Q is convex.

Cost: up to the choices of S for every group and list of words; where payoffs alone settle S there is one. Three types
and five actions take about half a second, four types and three actions some seconds, many ties much longer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, combinations_with_replacement, pairwise

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.polyhedra import Polytope, StrictSystem, hull_extremes
from doubletalk.exact import ONE, ZERO, Rational
from doubletalk.refinement.deviation import AT_MOST, Deviation, Point

__all__ = ["MOST_SYSTEMS", "Announcement", "Search", "TooManySystemsError"]

MOST_SYSTEMS = 50_000
"""After so many linear systems the search is given up."""

Speakers = Mapping[int, tuple[int, ...]]
"""Type -> the words, by number, that it may use."""


class TooManySystemsError(Exception):
    """The list of announcements would take more than ``MOST_SYSTEMS`` linear systems."""


@dataclass(frozen=True)
class Announcement:
    """A weakly credible announcement: its group and what each of its members gets.

    ``sure``: under every reading, that is, all of them gain and their payoffs do not depend on how ties are broken.
    Where they do, ``payoffs`` are upper bounds.
    """

    group: tuple[int, ...]
    payoffs: tuple[Rational, ...]
    sure: bool

    def contested_by(self, rival: Announcement) -> bool:
        """Whether some type of both groups gets more from the rival."""
        other = dict(zip(rival.group, rival.payoffs, strict=True))
        return any(t in other and other[t] > v for t, v in zip(self.group, self.payoffs, strict=True))


class Search:
    """The search at one u*; counts its systems, and raises ``TooManySystemsError`` after *most*."""

    def __init__(self, talk: Deviation, star: Point, most: int = MOST_SYSTEMS) -> None:
        self.talk, self.star, self.left = talk, star, most
        self.types = talk.types
        self.floor = list(star)

    def found(self, floor: Sequence[Rational] | None = None, member: int | None = None) -> Iterator[Announcement]:
        """Those in which nobody of the group gets less than *floor* >= u*, *member* being in the group if one is given;
        fewer words first, each once. ``self.floor`` may be raised while they are listed."""
        self.floor = list(self.star if floor is None else floor)
        seen: set[Announcement] = set()
        for count in range(1, len(self.types) + 1):
            for size in range(count, len(self.types) + 1):
                for group in combinations(self.types, size):
                    if member is not None and member not in group:
                        continue
                    for words in self._word_lists(group, count):
                        clock.check()
                        for announcement in self._with_words(group, words):
                            if announcement not in seen:
                                seen.add(announcement)
                                yield announcement

    def _spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooManySystemsError

    def _single(self, k: int) -> bool:
        """Whether the piece has one response."""
        return all(size == 1 for size in self.talk.sizes(k))

    def _word_lists(self, group: tuple[int, ...], count: int) -> Iterator[tuple[int, ...]]:
        outside = [(s, AT_MOST) for s in self.types if s not in group]
        fit = [k for k in self.talk.replies_on(group) if self.talk.possible((k,), (self.star,), outside)]
        for words in combinations_with_replacement(fit, count):
            if not any(a == b and self._single(a) for a, b in pairwise(words)):
                yield words

    def _with_words(self, group: tuple[int, ...], words: tuple[int, ...]) -> Iterator[Announcement]:
        ranges = {t: [self.talk.between(t, k) for k in words] for t in group}
        options = [list(self._options(t, ranges[t])) for t in group]
        if all(options) and self._splits(group, words, {t: range(len(words)) for t in group}):
            yield from self._assigned(group, words, options, {})

    def _options(self, t: int, ranges: Sequence[tuple[Rational, Rational]]) -> Iterator[tuple[int, ...]]:
        """Sets of words that can all be best for the type, so far as the least and most that they pay tell."""
        floor = max(self.floor[t], *(low for low, _ in ranges))
        able = [w for w, (_, high) in enumerate(ranges) if high >= floor]
        for size in range(1, len(able) + 1):
            yield from combinations(able, size)

    def _assigned(
        self,
        group: tuple[int, ...],
        words: tuple[int, ...],
        options: Sequence[Sequence[tuple[int, ...]]],
        chosen: dict[int, tuple[int, ...]],
    ) -> Iterator[Announcement]:
        """Words for one type after another, as long as some responses make them best."""
        if len(chosen) == len(group):
            if set(chain.from_iterable(chosen.values())) == set(range(len(words))):
                yield from self._announcement(group, words, chosen)
            return
        t = group[len(chosen)]
        for option in options[len(chosen)]:
            more = {**chosen, t: option}
            if not _in_order(words, more):
                continue
            self._spend()
            if all(map(self._single, words)) or self._possible(group, words, more):
                yield from self._assigned(group, words, options, more)

    def _announcement(
        self, group: tuple[int, ...], words: tuple[int, ...], speakers: Speakers
    ) -> Iterator[Announcement]:
        if not self._splits(group, words, speakers):
            return
        corners = self._closed(group, words, speakers).vertices()
        place = self._places(words)
        found = []
        for corner in corners:
            paid = []
            for t in group:
                w = speakers[t][0]
                row, base = self.talk.payoff_row(words[w], t)
                paid.append(base + sum((v * corner[place[w] + i] for i, v in enumerate(row)), ZERO))
            found.append(tuple(paid))
        points = hull_extremes(sorted(set(found)))
        highest, lowest = (tuple(pick(column) for column in zip(*points, strict=True)) for pick in (max, min))
        before = tuple(self.star[t] for t in group)
        if highest != before:
            gain = all(v > u for v, u in zip(highest, before, strict=True))
            sure = gain and highest == lowest and not self._tied(group, words, speakers)
            yield Announcement(group, highest, sure)

    # ---- the two systems ---------------------------------------------------------------------------------------------

    def _places(self, words: Sequence[int]) -> list[int]:
        """Where the weights of each word's response begin."""
        starts = [0]
        for k in words:
            starts.append(starts[-1] + sum(self.talk.sizes(k)))
        return starts

    def _conditions(
        self, group: Sequence[int], words: Sequence[int], speakers: Speakers
    ) -> Iterator[tuple[str, dict[int, Rational], Rational]]:
        """(sense, row, constant) of the responses to the words with which those in *speakers* like theirs best, and no
        other word as much, and nobody outside the group speaks."""
        place = self._places(words)
        for w, k in enumerate(words):
            at = place[w]
            for size in self.talk.sizes(k):
                yield "=", dict.fromkeys(range(at, at + size), ONE), ONE
                at += size
        for s in self.types:
            if s not in group:
                for w in range(len(words)):
                    row, base = self._payoff(words, place, s, w)
                    yield ">=", {i: -v for i, v in row.items()}, base - self.star[s]
        for t, mine in speakers.items():
            first, base = self._payoff(words, place, t, mine[0])
            yield ">=", first, self.floor[t] - base
            for w in range(len(words)):
                if w != mine[0]:
                    other, lower = self._payoff(words, place, t, w)
                    gap = dict(first)
                    for i, v in other.items():
                        gap[i] = gap.get(i, ZERO) - v
                    yield "=" if w in mine else ">", gap, lower - base

    def _payoff(
        self, words: Sequence[int], place: Sequence[int], t: int, w: int
    ) -> tuple[dict[int, Rational], Rational]:
        row, base = self.talk.payoff_row(words[w], t)
        return {place[w] + i: v for i, v in enumerate(row) if v != 0}, base

    def _possible(self, group: Sequence[int], words: Sequence[int], speakers: Speakers) -> bool:
        """Whether some responses meet the conditions, the strict ones strictly."""
        conditions = list(self._conditions(group, words, speakers))
        size = self._places(words)[-1]
        strict = sum(sense == ">" for sense, _, _ in conditions)
        system = StrictSystem(size + strict, range(size, size + strict))
        slack = size
        for sense, row, constant in conditions:
            if sense == "=":
                system.equal(row, constant)
            elif sense == ">=":
                system.at_least(row, constant)
            else:
                system.equal({**row, slack: -ONE}, constant)
                slack += 1
        return not system.is_empty()

    def _closed(self, group: Sequence[int], words: Sequence[int], speakers: Speakers) -> Polytope:
        """The closure of the responses that meet the conditions."""
        body = Polytope(self._places(words)[-1])
        for sense, row, constant in self._conditions(group, words, speakers):
            (body.equal if sense == "=" else body.at_least)(row, constant)
        return body

    def _tied(self, group: Sequence[int], words: Sequence[int], speakers: Speakers) -> bool:
        """Whether at every way to split the group's prior some word has further best responses."""
        for w, k in enumerate(words):
            for larger in self.talk.larger(k):
                rows = [row for row, equal in self.talk.belief_rows(larger) if equal]
                signed = [{u: sign * v for u, v in row.items()} for row in rows for sign in (ONE, -ONE)]
                if not any(self._splits(group, words, speakers, (w, row)) for row in signed):
                    return True
        return False

    def _splits(
        self,
        group: Sequence[int],
        words: Sequence[int],
        speakers: Mapping[int, Sequence[int]],
        beyond: tuple[int, Mapping[int, Rational]] | None = None,
    ) -> bool:
        """Whether the group's prior can be split so that every word is used and has its posterior in its Q; *beyond*
        (word, row): with the row positive at its posterior."""
        self._spend()
        unknowns = self.talk.unknowns
        size = len(unknowns)
        mass = size * len(words)
        positive = mass + len(words)
        last = positive + (beyond is not None)
        system = StrictSystem(last, range(mass, last))
        if beyond is not None:
            w, extra = beyond
            system.equal({**{w * size + unknowns.index(u): v for u, v in extra.items()}, positive: -ONE})
        for w, k in enumerate(words):
            at = {u: w * size + n for n, u in enumerate(unknowns)}
            for row, equal in self.talk.belief_rows(k):
                named = {at[u]: v for u, v in row.items()}
                if equal:
                    system.equal(named)
                else:
                    system.at_least(named)
            here = {t: at[self.talk.pair_of[t]] for t in self.types}
            for t, i in here.items():
                if t not in group or w not in speakers[t]:
                    system.equal({i: ONE})
            system.equal({**dict.fromkeys(here.values(), ONE), mass + w: -ONE})
        for t in group:
            column = {w * size + unknowns.index(self.talk.pair_of[t]): ONE for w in range(len(words))}
            system.equal(column, self.talk.game.prior[t])
        return not system.is_empty()


def _in_order(words: Sequence[int], speakers: Speakers) -> bool:
    """Whether words with the same piece come in the one order in which they are looked at: by who likes them."""
    liked = [tuple(w in mine for mine in speakers.values()) for w in range(len(words))]
    return all(liked[w] >= liked[w + 1] for w in range(len(words) - 1) if words[w] == words[w + 1])
