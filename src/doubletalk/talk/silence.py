"""Two benchmarks without strategy in what is said: the sender cannot speak; the truth is told by somebody else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from doubletalk.exact import ONE, Rational
from doubletalk.game.model import Game
from doubletalk.talk.answers import Answers, PayoffPoint
from doubletalk.talk.ranges import Range, total

__all__ = ["Disclosure", "Silence", "full_disclosure", "silence"]


@dataclass(frozen=True)
class Silence:
    """What everybody gets when nothing can be said.

    ``by_message`` the message that all types are made to send -> player -> expected payoff
    ``payoffs``    player -> the range over all such messages; {} where there is none
    ``why_not``    why it is not defined, or may be missing responses; None when all is well
    """

    by_message: Mapping[str, Mapping[str, Range]]
    payoffs: Mapping[str, Range]
    why_not: str | None


@dataclass(frozen=True)
class Disclosure:
    """What everybody gets when the audiences learn the type and the message from a source they trust.

    ``by_type`` type -> player -> payoff, given that type
    ``payoffs`` player -> expected payoff; {} where it is not known
    ``why_not`` why it may be missing responses; None when all is well
    """

    by_type: Mapping[str, Mapping[str, Range]]
    payoffs: Mapping[str, Range]
    why_not: str | None


def silence(game: Game) -> Silence:
    """Everybody's payoffs when all types are made to send the same message, for every message that all can send.

    After message m the audiences keep the prior and respond rationally to it; a range is given where they have ties
    (or where replies of the sender tie). In cheap talk all messages are alike, and this is the payoff of babbling.
    Not defined when no message is open to all types.
    """
    answers = Answers(game)
    prior = dict(enumerate(game.prior))
    common = [m for m in range(len(game.messages)) if all(m in sendable for sendable in game.available)]
    if not common:
        return Silence({}, {}, "no message can be sent by every type, so that saying it would tell nothing")
    by_message = {}
    for m in common:
        points = [point for polytope in answers.at(m, prior) for point in polytope]
        if points:
            by_message[game.messages[m]] = _ranges(game, points)
    everywhere = {
        who: Range(min(r[who].low for r in by_message.values()), max(r[who].high for r in by_message.values()))
        for who in game.players
        if by_message
    }
    return Silence(by_message, everywhere, "; ".join(answers.gaps) or None)


def full_disclosure(game: Game) -> Disclosure:
    """Everybody's payoffs when type and message are common knowledge: subgame perfect play for each type.

    The audiences respond rationally to the belief 1 on the type; the type sends a message that is best for it, given
    what each message brings. With ties, u(t, m, r) is an equilibrium payoff exactly when it is at least
    max over m' of min over r' of u(t, m', r'); audiences' ranges are over all such (m, r), and mixtures of tied
    responses of several audiences are taken as if coordinated (which matters only for three audiences or more).
    """
    answers = Answers(game)
    by_type: dict[str, dict[str, Range]] = {}
    for t, label in enumerate(game.types):
        open_to_it = [answers.at(m, {t: ONE}) for m in game.available[t]]
        if any(not polytopes for polytopes in open_to_it):
            return Disclosure({}, {}, "; ".join(answers.gaps) or None)
        floor = max(min(p[0] for polytope in each for p in polytope) for each in open_to_it)
        kept = [p for each in open_to_it for polytope in each for p in _above(polytope, floor)]
        by_type[label] = _ranges(game, kept)
    expected = {
        who: total(by_type[label][who].scaled(p) for label, p in zip(game.types, game.prior, strict=True))
        for who in game.players
    }
    return Disclosure(by_type, expected, "; ".join(answers.gaps) or None)


def _ranges(game: Game, points: Sequence[PayoffPoint]) -> dict[str, Range]:
    return {who: Range.of(point[i] for point in points) for i, who in enumerate(game.players)}


def _above(points: Sequence[PayoffPoint], floor: Rational) -> list[PayoffPoint]:
    """Points whose hull is the part of the hull of *points* where the first coordinate is at least *floor*."""
    kept = [p for p in points if p[0] >= floor]
    for p, q in combinations(points, 2):
        low, high = (p, q) if p[0] < q[0] else (q, p)
        if low[0] < floor < high[0]:
            share = (floor - low[0]) / (high[0] - low[0])
            kept.append(tuple(a + share * (b - a) for a, b in zip(low, high, strict=True)))
    return kept
