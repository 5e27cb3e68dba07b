r"""Announcement-proofness: no group of types can announce, in new words, who it is and how it will talk.

For cheap talk. An *announcement* at an outcome with payoffs u* is a nonempty group D of types and a way of talking
delta(word | t) for t in D, in words that nobody uses yet. Believed, each word brings a best response to its posterior
from the prior restricted to D. It is *weakly credible* if

- every t in D uses only words that are best for it among those announced, and gets v(t) >= u*(t), somebody more;
- no t outside D would get more than u*(t) from any announced word.

It is *credible* if moreover no other weakly credible announcement (D', v') has v'(t) > v(t) for some t in both groups.
The outcome is announcement-proof if no announcement is credible.

Weakly credible announcements are the equilibria, with everybody's choice of staying pure, of the game in which each
type stays with u*(t) or speaks one of as many words as there are types: a way of talking with more words can be thinned
to that many without changing posteriors, responses or payoffs (Caratheodory). So ``solve`` lists them. Whether all
members of D must gain, or some, is read differently; a verdict is given only where both readings agree.

Cost: seconds to minutes for each vector u*, as it solves games with as many words as types. To save it, announcements
with one word less are listed first; where each is contested by one of them, only those that would beat them all are
looked for with all words.

Source: Matthews, Okuno-Fujiwara & Postlewaite (1991), J. of Economic Theory 55(2), 247-273, as we read its definitions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from doubletalk.equilibrium.polyhedra import hull_extremes
from doubletalk.equilibrium.solution import Family, Outcome
from doubletalk.equilibrium.summary import play
from doubletalk.errors import TooLarge
from doubletalk.exact import ZERO, Rational, text
from doubletalk.game.model import NO_REPLY, Game
from doubletalk.refinement.cheap_talk import costly
from doubletalk.refinement.deviation import Point
from doubletalk.refinement.reason import Reason
from doubletalk.refinement.setting import Setting

__all__ = [
    "MOST_PIECES",
    "MOST_TYPES",
    "Announcement",
    "announcement_game",
    "announcement_proof",
    "announcements",
]

MOST_TYPES = 3
"""More types are not tried."""

MOST_PIECES = 30
"""More ways of answering a word (pieces) are not tried."""

STAY = "stay"
CONTESTED = "no announcement is credible: each is contested by another that some of its types prefer"


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


def announcement_proof(setting: Setting, outcome: Outcome) -> Reason:
    """Whether the outcome leaves no credible announcement."""
    why = costly(setting.game)
    if why is not None:
        return Reason(None, why)
    points = {point for view in setting.views(outcome) for point in view.points}
    if len(points) > 1:
        return Reason(None, "payoffs vary in this component")
    (star,) = points
    if star not in setting.announced:
        setting.announced[star] = _judge(setting, star)
    return setting.announced[star]


def _judge(setting: Setting, star: Point) -> Reason:
    game = setting.game
    count = len(game.types)
    if count > MOST_TYPES or len(setting.complex.stations[0].pieces) > MOST_PIECES:
        return Reason(None, "too many types or ways of answering to list all announcements")
    found: tuple[Announcement, ...] | None
    if count > 1:
        found = announcements(game, star, star, count - 1)
        if found is not None and found and _all_contested(found):
            best = tuple(
                max([star[t], *(v for a in found if a.sure for s, v in zip(a.group, a.payoffs, strict=True) if s == t)])
                for t in range(count)
            )
            rest = announcements(game, star, best, count)
            if rest is not None and all(len(a.group) < count for a in rest):
                return Reason(True, CONTESTED)
    found = announcements(game, star, star, count)
    if found is None:
        return Reason(None, "not all announcements are known")
    for announcement in found:
        if announcement.sure and not any(announcement.contested_by(rival) for rival in found):
            return _failure(game, star, announcement)
    if not found:
        return Reason(True, "no announcement would be believed and gain anybody anything")
    if _all_contested(found):
        return Reason(True, CONTESTED)
    return Reason(None, "the answer depends on ties or on mixtures that the definition does not settle")


def _all_contested(found: Sequence[Announcement]) -> bool:
    """Whether every announcement is contested by a sure one."""
    return all(any(a.contested_by(rival) for rival in found if rival.sure) for a in found)


def announcement_game(game: Game, star: Point, count: int) -> Game:
    """The game in which each type stays with payoff *star* or speaks one of *count* new words."""
    words = tuple(f"word {n + 1}" for n in range(count))
    audiences = tuple(
        replace(
            who,
            observations=(STAY, *words),
            observation_of=tuple(range(len(words) + 1)),
            actions=((STAY,), *(who.actions[who.observation_of[0]] for _ in words)),
        )
        for who in game.audiences
    )
    payoffs = {}
    nobody = (0,) * len(audiences)
    for t in range(len(game.types)):
        payoffs[t, 0, nobody, NO_REPLY] = (star[t], *(ZERO for _ in audiences))
    replies = {}
    for t, m, actions, c in game.histories():
        if m == 0:
            for n in range(1, len(words) + 1):
                payoffs[t, n, actions, c] = game.payoffs[t, 0, actions, c]
                if (t, 0, actions) in game.replies:
                    replies[t, n, actions] = game.replies[t, 0, actions]
    return replace(
        game,
        messages=(STAY, *words),
        available=tuple(tuple(range(len(words) + 1)) for _ in game.types),
        audiences=audiences,
        replies=replies,
        payoffs=payoffs,
        channels={},
        message_parts=(),
    )


def announcements(game: Game, star: Point, floor: Point, words: int) -> tuple[Announcement, ...] | None:
    """Weakly credible announcements in at most so many *words* in which nobody gets less than *floor* >= u*.

    None when they are not all known.
    """
    from doubletalk.equilibrium.solve import solve

    try:
        solution = solve(announcement_game(game, floor, words))
    except TooLarge:
        return None
    if not solution.complete:
        return None
    found: dict[Announcement, None] = {}
    for outcome in solution.outcomes:
        for family in outcome.families:
            points = _points(solution.game, family)
            for group in _groups(solution.game, family.sender_extremes):
                highest = tuple(max(p[t] for p in points) for t in group)
                lowest = tuple(min(p[t] for p in points) for t in group)
                before = tuple(star[t] for t in group)
                if highest != before:
                    gain = all(v > u for v, u in zip(highest, before, strict=True))
                    found[Announcement(group, highest, gain and highest == lowest)] = None
    return tuple(sorted(found, key=lambda a: (a.group, a.payoffs, a.sure)))


def _groups(game: Game, extremes: Sequence[Mapping[str, Mapping[str, Rational]]]) -> Iterator[tuple[int, ...]]:
    """The groups that speak for sure while the others stay for sure: a face of X, hence seen at its extreme points."""
    seen = set()
    for sender in extremes:
        stays = [sender[t].get(STAY, ZERO) for t in game.types]
        group = tuple(t for t, weight in enumerate(stays) if weight == 0)
        if group and group not in seen and all(weight == 0 or weight == 1 for weight in stays):
            seen.add(group)
            yield group


def _points(game: Game, family: Family) -> list[Point]:
    replies = family.reply_extremes[0] if family.reply_extremes else {}
    found = set()
    for response in family.response_extremes:
        by_type = play(game, family.sender_extremes[0], response, replies)[1][game.sender]
        assert not isinstance(by_type, Rational)
        found.add(tuple(by_type[t] for t in game.types))
    return hull_extremes(sorted(found))


def _failure(game: Game, star: Point, announcement: Announcement) -> Reason:
    names = [game.types[t] for t in announcement.group]
    gains = {n: (v, star[t]) for n, t, v in zip(names, announcement.group, announcement.payoffs, strict=True)}
    said = ", ".join(f"{n} gets {text(v)}, more than {text(u)}" for n, (v, u) in gains.items())
    words = f"{' and '.join(names)} can announce themselves credibly: {said}; no rival announcement tempts any of them"
    return Reason(False, words, names[0], None, gains)
