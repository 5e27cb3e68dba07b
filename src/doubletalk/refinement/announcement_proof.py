r"""Announcement-proofness: no group of types can announce, in new words, who it is and how it will talk.

For cheap talk. An *announcement* at an outcome with payoffs u* is a nonempty group D of types and a way of talking
delta(word | t) for t in D, in words that nobody uses yet. Believed, each word brings a best response to its posterior
from the prior restricted to D. It is *weakly credible* if

- every t in D uses only words that are best for it among those announced, and gets v(t) >= u*(t), somebody more;
- no t outside D would get more than u*(t) from any announced word.

It is *credible* if moreover no other weakly credible announcement (D', v') has v'(t) > v(t) for some t in both groups.
The outcome is announcement-proof if no announcement is credible. Whether all members of D must gain, or some, is read
differently; a verdict is given only where both readings agree.

Announcements are listed by ``announcing``, those with fewer words first; once a sure one gives a type more, only those
that give it as much are looked for, as all others are contested. What is left is compared with all its rivals.

Cost: moments for three types, seconds for four with few responses; beyond ``MOST_SYSTEMS`` linear systems there is no
verdict.

Source: Matthews, Okuno-Fujiwara & Postlewaite (1991), J. of Economic Theory 55(2), 247-273, as we read its definitions.
"""

from __future__ import annotations

from collections.abc import Iterator

from doubletalk.equilibrium.solution import Outcome
from doubletalk.exact import Rational, text
from doubletalk.game.model import Game
from doubletalk.refinement.announcing import MOST_SYSTEMS, Announcement, Search, TooManySystemsError
from doubletalk.refinement.cheap_talk import costly
from doubletalk.refinement.deviation import Point
from doubletalk.refinement.reason import Reason
from doubletalk.refinement.setting import Setting

__all__ = ["announcement_proof"]

CONTESTED = "no announcement is credible: each is contested by another that some of its types prefer"


def announcement_proof(setting: Setting, outcome: Outcome) -> Reason:
    """Whether the outcome leaves no credible announcement."""
    why = costly(setting.game) or setting.unfit(0)
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
    search = Search(setting.deviation(0), star)
    try:
        found, best = _listed(search)
        if not found:
            return Reason(True, "no announcement would be believed and gain anybody anything")
        open_ones = False
        for announcement in found:
            if any(v < best[t] for t, v in zip(announcement.group, announcement.payoffs, strict=True)):
                continue  # contested by a sure one
            rivals = [a for a in found if announcement.contested_by(a)]
            if not any(rival.sure for rival in rivals):
                rivals = list(_rivals(search, announcement))
            if announcement.sure and not rivals:
                return _failure(setting.game, star, announcement)
            open_ones = open_ones or not any(rival.sure for rival in rivals)
    except TooManySystemsError:
        return Reason(None, f"listing all announcements would take more than {MOST_SYSTEMS} linear systems")
    if open_ones:
        return Reason(None, "the answer depends on ties or on mixtures that the definition does not settle")
    return Reason(True, CONTESTED)


def _listed(search: Search) -> tuple[list[Announcement], list[Rational]]:
    """(announcements, what each type gets in the best sure one of them); those left out are contested by a sure one."""
    found, best = [], list(search.star)
    for announcement in search.found():
        found.append(announcement)
        if announcement.sure:
            for t, v in zip(announcement.group, announcement.payoffs, strict=True):
                best[t] = max(best[t], v)
            search.floor[:] = best
    return found, best


def _rivals(search: Search, announcement: Announcement) -> Iterator[Announcement]:
    """The announcements that give a type of both groups more; a sure one ends the list."""
    for t, v in zip(announcement.group, announcement.payoffs, strict=True):
        floor = [max(u, v) if s == t else u for s, u in enumerate(search.star)]
        for rival in search.found(floor, t):
            if announcement.contested_by(rival):
                yield rival
                if rival.sure:
                    return


def _failure(game: Game, star: Point, announcement: Announcement) -> Reason:
    names = [game.types[t] for t in announcement.group]
    gains = {n: (v, star[t]) for n, t, v in zip(names, announcement.group, announcement.payoffs, strict=True)}
    said = ", ".join(f"{n} gets {text(v)}, more than {text(u)}" for n, (v, u) in gains.items())
    words = f"{' and '.join(names)} can announce themselves credibly: {said}; no rival announcement tempts any of them"
    return Reason(False, words, names[0], None, gains)
