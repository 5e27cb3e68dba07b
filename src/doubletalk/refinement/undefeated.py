r"""Undefeated equilibrium: an unsent message is read in the way of another equilibrium in which its senders do better.

Equilibrium e' *defeats* e by a message m that nobody sends in e if, with K the types that send m in e',

- every t in K gets at least as much in e' as in e, and some t in K more;
- the belief of e after m is not of the form  b(t) proportional to p(t) pi(t)  with pi(t) = sigma'(m | t) for the t in K
  that get more, pi(t) in [0, 1] for those that get the same, and pi(t) = 0 outside K.

The outcome is undefeated if some equilibrium with that outcome is defeated by none: at every unsent m one belief must
be of that form for all e' at once, and have a best reply that keeps every type away.

The paper compares pure equilibria, where sigma' is 1 on K. Mixed e' are read by the same idea: those who gain send m as
often as they do in e'.

Source: Mailath, Okuno-Fujiwara & Postlewaite (1993), J. of Economic Theory 60(2), definition 2.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from doubletalk.equilibrium.solution import Outcome
from doubletalk.equilibrium.summary import play
from doubletalk.exact import ZERO, Rational, text
from doubletalk.refinement.beliefs import Beliefs, meet, ray
from doubletalk.refinement.deviation import Deviation, Point
from doubletalk.refinement.reason import Finding, Reason
from doubletalk.refinement.setting import Setting
from doubletalk.refinement.support import VARIES, held_up_by, listed

__all__ = ["undefeated"]

MOST_EXTREMES = 500
"""So many extreme equilibria of an outcome that varies are looked at."""


@dataclass(frozen=True)
class _Rival:
    """Another outcome's use of one message: who sends it how often, and what types get there."""

    id: int
    sends: Mapping[int, Rational]
    payoffs: Point


def undefeated(setting: Setting, outcome: Outcome) -> Reason:
    """Whether the outcome is undefeated among all outcomes of the solution."""

    def test(deviation: Deviation, points: Sequence[Point]) -> Finding:
        if len(points) > 1:
            return Finding(None, VARIES)
        return _at_message(setting, outcome, deviation, points[0])

    return setting.judge(outcome, test)


def _at_message(setting: Setting, outcome: Outcome, deviation: Deviation, point: Point) -> Finding:
    rivals = [r for r in _rivals(setting, deviation) if r.id != outcome.id and _better(r, point)]
    if not rivals:
        words = f"no other outcome that sends '{deviation.message}' is better for all who send it there"
        finding = Finding(True, words)
    else:
        alone = (_finding(deviation, point, (rival,)) for rival in rivals)
        finding = next((f for f in alone if f.verdict is False), None) or _finding(deviation, point, rivals)
    if finding.verdict:
        doubt = _doubt(setting, outcome, deviation, point)
        if doubt is not None:
            return _defeated_within(setting, outcome, deviation, point) or Finding(
                None, doubt, believed=finding.believed
            )
    return finding


def _defeated_within(setting: Setting, outcome: Outcome, deviation: Deviation, point: Point) -> Finding | None:
    """The failure against one extreme equilibrium of an outcome that varies; None where none of them defeats."""
    for other in setting.solution.outcomes:
        if other.unique_outcome or other.id == outcome.id:
            continue
        for rival in islice(_extreme_rivals(setting, other, deviation), MOST_EXTREMES):
            if _better(rival, point):
                finding = _finding(deviation, point, (rival,))
                if finding.verdict is False:
                    return finding
    return None


def _extreme_rivals(setting: Setting, other: Outcome, deviation: Deviation) -> Iterator[_Rival]:
    """The extreme equilibria of an outcome that varies, as rivals where they send the message."""
    game = setting.game
    for family in other.families:
        for n, sender in enumerate(family.sender_extremes):
            sends = {t: sender[game.types[t]].get(deviation.message, ZERO) for t in deviation.types}
            sends = {t: weight for t, weight in sends.items() if weight != 0}
            if not sends:
                continue
            replies = family.reply_extremes[n] if family.reply_extremes else {}
            for response in family.response_extremes:
                by_type = play(game, sender, response, replies)[1][game.sender]
                assert not isinstance(by_type, type(game.prior[0]))
                yield _Rival(other.id, sends, tuple(by_type[t] for t in game.types))


def _finding(deviation: Deviation, point: Point, rivals: Sequence[_Rival]) -> Finding:
    """Whether one belief that agrees with all the *rivals* holds the outcome up."""
    replies = deviation.replies_to(meet([_reading(deviation, rival, point) for rival in rivals]))
    which = " and ".join(str(rival.id) for rival in rivals)
    senders = {t for rival in rivals for t in rival.sends}
    names = tuple(deviation.game.types[t] for t in sorted(senders))
    about = f"'{deviation.message}' is read as in outcome {which}, where {listed(deviation, senders)} send it"
    if replies:
        finding = held_up_by(deviation, (point,), replies, replies, about, names)
        if finding.verdict is not False:
            return finding
    gains = {
        deviation.game.types[t]: (rival.payoffs[t], point[t])
        for rival in rivals
        for t in sorted(rival.sends)
        if rival.payoffs[t] > point[t]
    }
    first, (offer, stays) = next(iter(gains.items()))
    words = f"{about}, and {first} gets {text(offer)} in it against {text(stays)}: no belief that agrees holds this up"
    return Finding(False, words, first, gains, names)


def _rivals(setting: Setting, deviation: Deviation) -> list[_Rival]:
    """Outcomes that send the message and do not vary, those best for the sender first."""
    game = setting.game
    found = []
    for other in setting.solution.outcomes:
        if other.sender is None:
            continue
        sends = {t: other.sender[game.types[t]].get(deviation.message, ZERO) for t in deviation.types}
        sends = {t: weight for t, weight in sends.items() if weight != 0}
        if sends:
            (view,) = {v.points for v in setting.views(other)}
            found.append(_Rival(other.id, sends, view[0]))
    return sorted(found, key=lambda rival: -_expected(game.prior, rival.payoffs))


def _expected(prior: Sequence[Rational], payoffs: Point) -> Rational:
    return sum((p * u for p, u in zip(prior, payoffs, strict=True)), ZERO)


def _better(rival: _Rival, point: Point) -> bool:
    """Whether all who send the message in the rival do at least as well there, and some better."""
    gains = [rival.payoffs[t] - point[t] for t in rival.sends]
    return all(gain >= 0 for gain in gains) and any(gain > 0 for gain in gains)


def _reading(deviation: Deviation, rival: _Rival, point: Point) -> Beliefs:
    prior = deviation.game.prior
    same = {t for t in rival.sends if rival.payoffs[t] == point[t]}
    weights = {t: prior[t] if t in same else prior[t] * weight for t, weight in rival.sends.items()}
    return ray(weights, same, deviation.types)


def _doubt(setting: Setting, outcome: Outcome, deviation: Deviation, point: Point) -> str | None:
    """Why "undefeated" cannot be said although no single outcome defeats; None when it can."""
    if not setting.solution.complete:
        return "not all outcomes are known, and one that is not might defeat this one"
    names = deviation.game.types
    for other in setting.solution.outcomes:
        if other.unique_outcome or other.id == outcome.id:
            continue
        for family, view in zip(other.families, setting.family_views(other), strict=True):
            sent = deviation.message
            senders = {t for t in deviation.types if any(sent in s[names[t]] for s in family.sender_extremes)}
            if any(p[t] > point[t] for p in view.points for t in senders):
                return f"outcome {other.id} varies, and some of it may be better for those who send '{sent}'"
    return None
