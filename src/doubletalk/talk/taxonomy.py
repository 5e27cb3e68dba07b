"""Public against private talk to two audiences: the taxonomy of Farrell & Gibbons.

With each audience alone, and with both in public, ask whether some equilibrium *separates* (the words reveal the type):

=========== ======== =======================
alone with  public   kind
=========== ======== =======================
both        yes      full communication
one         yes      one-sided discipline
neither     yes      mutual discipline
one         no       subversion
neither     no       no communication
=========== ======== =======================

Separation with both alone makes separation in public possible: add up the two incentive constraints. Beside the kind,
each audience is asked whether it is *informed* in some equilibrium (its actions depend on the type), alone and in
public, which also tells partial revelation. The language has as many words as there are types, which suffices to tell
them apart.

Source: Farrell & Gibbons (1989), Cheap talk with two audiences, AER 79(5), 1214-1223; there with two states and two
actions, here with any number.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from doubletalk.equilibrium.assembly import Progress
from doubletalk.equilibrium.solution import Assessment, Family, Solution, extreme_assessments
from doubletalk.equilibrium.solve import solve
from doubletalk.equilibrium.summary import kind_of
from doubletalk.exact import ZERO, Rational
from doubletalk.game.model import NO_REPLY, Game
from doubletalk.talk.channels import alone, not_cheap, public_version, spoken
from doubletalk.talk.equilibria import Equilibria, expected_payoffs, informed
from doubletalk.talk.ranges import Range, total

__all__ = ["KINDS", "PUBLIC", "AudienceTalk", "Shown", "Taxonomy", "taxonomy"]

KINDS: Mapping[tuple[int, bool], str] = {
    (2, True): "full communication",
    (1, True): "one-sided discipline",
    (0, True): "mutual discipline",
    (1, False): "subversion",
    (0, False): "no communication",
}
"""(number of audiences with which talk separates in private, whether it does in public) -> the name."""

PUBLIC = "public"

EFFECTS: Mapping[tuple[bool, bool], str] = {
    (True, True): "told alone and in public",
    (True, False): "told alone only: the other audience subverts what it is told",
    (False, True): "told in public only: the other audience disciplines what it is told",
    (False, False): "never told",
}
"""(informed alone, informed in public) -> what the other audience's presence does."""

Place = tuple[int, int]
"""Sender extreme and response extreme of a family."""


@dataclass(frozen=True)
class Shown:
    """An equilibrium that shows something: the id of its outcome and one assessment."""

    outcome: int
    assessment: Assessment


@dataclass(frozen=True)
class AudienceTalk:
    """What one audience can be told; each entry is an equilibrium that shows it, or None where none does.

    ``separating_alone``   reveals the type to it alone
    ``informed_alone``     its actions depend on the type, alone
    ``informed_in_public`` its actions depend on the type, in public
    """

    name: str
    separating_alone: Shown | None
    informed_alone: Shown | None
    informed_in_public: Shown | None

    @property
    def effect(self) -> str:
        """What the other audience's presence does to what this one is told."""
        return EFFECTS[self.informed_alone is not None, self.informed_in_public is not None]


@dataclass(frozen=True)
class Taxonomy:
    """Farrell & Gibbons' kind of a game, with the equilibria that decide it.

    ``kind``             one of ``KINDS``, or None where the taxonomy does not apply; ``why_not`` says why
    ``separating_public`` an equilibrium that reveals the type in public, or None
    ``words``            the language in which the three games are played
    ``public``, ``private`` player -> expected payoffs over all equilibria with that channel
    ``solutions``        "public" or an audience's name -> all equilibria there
    """

    kind: str | None
    why_not: str | None = None
    separating_public: Shown | None = None
    audiences: tuple[AudienceTalk, ...] = ()
    words: tuple[str, ...] = ()
    public: Mapping[str, Range] | None = None
    private: Mapping[str, Range] | None = None
    solutions: Mapping[str, Solution] | None = None


def taxonomy(game: Game, time_limit: float | None = None, progress: Progress | None = None) -> Taxonomy:
    """The kind of any cheap-talk game of two separable audiences, whatever its own channels.

    Solves three games exactly: each audience alone, and both in public. Kinds are exact statements about all
    equilibria: a family holds a separating (informing) one if and only if one of its extreme points is such.
    ``time_limit`` is for each of the three; when it is reached the answer is no kind and the reason.
    Raises ``TooLarge`` like ``solve``.
    """
    count = len(game.audiences)
    if count == 2:
        reason = not_cheap(game)
    else:
        reason = "there is one audience, not two" if count == 1 else f"there are {count} audiences, not two"
    if reason is not None:
        return Taxonomy(None, reason)
    words = _language(game)
    heard = spoken(game, words)
    games = {PUBLIC: heard, **{a.name: alone(heard, j) for j, a in enumerate(game.audiences)}}
    solutions = {name: solve(each, time_limit=time_limit, progress=progress) for name, each in games.items()}
    unfinished = [s.why_incomplete for s in solutions.values() if not s.complete]
    if unfinished:
        return Taxonomy(None, f"not all equilibria were found: {unfinished[0]}", words=words, solutions=solutions)
    public = solutions[PUBLIC]
    audiences = tuple(
        AudienceTalk(
            a.name,
            _first(solutions[a.name], _separating),
            _first(solutions[a.name], lambda where, family: informed(where, family, 0)),
            _first(public, lambda where, family, j=j: informed(where, family, j)),  # type: ignore[misc]
        )
        for j, a in enumerate(game.audiences)
    )
    open_word = _first(public, _separating)
    told = sum(1 for a in audiences if a.separating_alone is not None)
    return Taxonomy(
        kind=KINDS[told, open_word is not None],
        separating_public=open_word,
        audiences=audiences,
        words=words,
        public=Equilibria(public).ranges(),
        private=_private(heard, [solutions[a.name] for a in game.audiences]),
        solutions=solutions,
    )


def _language(game: Game) -> tuple[str, ...]:
    """As many words as types: the game's own messages where their number fits."""
    if len(game.messages) == len(game.types) and public_version(game) is game:
        return game.messages
    return tuple(f"word {n}" for n in range(1, len(game.types) + 1))


def _first(solution: Solution, test: Callable[[Game, Family], Place | None]) -> Shown | None:
    """The first extreme equilibrium that passes the test."""
    for outcome in solution.outcomes:
        for family in outcome.families:
            place = test(solution.game, family)
            if place is not None:
                s, r = place
                points = extreme_assessments(solution.game, family)
                return Shown(outcome.id, points[s * len(family.response_extremes) + r])
    return None


def _separating(game: Game, family: Family) -> Place | None:
    """A sender extreme that reveals the type.

    If a mixture of extremes does, each of them does, because it sends no message that the mixture does not send.
    """
    for s, sender in enumerate(family.sender_extremes):
        if kind_of(game, sender) == "separating":
            return s, 0
    return None


def _private(game: Game, solutions: Sequence[Solution]) -> dict[str, Range]:
    """Everybody's payoffs over all equilibria of private talk, where each audience is talked to apart.

    With u_i(t, a) = u_i(t, 0) + sum over k of h_ik(t, a_k), the equilibria with the audiences are chosen independently,
    so that ranges add up.
    """
    silent = (0,) * len(game.audiences)
    ranges = {}
    for i, who in enumerate(game.players):
        nothing = [p * game.payoffs[t, 0, silent, NO_REPLY][i] for t, p in enumerate(game.prior)]
        base = sum(nothing, ZERO)
        parts = [_part(game, solution, k, i) for k, solution in enumerate(solutions)]
        ranges[who] = total([Range(base, base), *parts])
    return ranges


def _part(game: Game, solution: Solution, k: int, i: int) -> Range:
    """What player i gets from what audience k does, h_ik, over all equilibria with k alone."""
    silent = (0,) * len(game.audiences)
    payoffs: dict[tuple[int, int, tuple[int, ...], int], tuple[Rational, ...]] = {}
    for t, m, (a,), c in solution.game.payoffs:
        actions = (*silent[:k], a, *silent[k + 1 :])
        gain = game.payoffs[t, m, actions, c][i] - game.payoffs[t, m, silent, c][i]
        payoffs[t, m, (a,), c] = (gain, gain)
    counted = replace(solution.game, payoffs=payoffs)
    found = []
    for outcome in solution.outcomes:
        for family in outcome.families:
            found += [value[game.sender] for _, _, value in expected_payoffs(counted, family)]
    return Range.of(found)
