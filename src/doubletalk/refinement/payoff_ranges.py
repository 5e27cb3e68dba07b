"""What everybody gets in an outcome, as ranges where it varies: sender ex ante, sender's types, each audience.

Payoffs of a product X x Z are bilinear in (x, z), so they are largest and least at pairs of extreme points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from doubletalk.equilibrium.solution import Outcome
from doubletalk.equilibrium.summary import play
from doubletalk.exact import ZERO, Rational
from doubletalk.game.model import Game
from doubletalk.refinement.setting import Setting

__all__ = ["Range", "payoff_vectors", "ranges"]

Vector = tuple[Rational, ...]
"""The sender's types in order, then the audiences."""


@dataclass(frozen=True)
class Range:
    """The least and the greatest value."""

    least: Rational
    most: Rational


def payoff_vectors(setting: Setting, outcome: Outcome) -> tuple[Vector, ...]:
    """The distinct payoff vectors of the outcome's pairs of extreme points; one when the outcome does not vary."""
    if outcome.id not in setting.vectors:
        setting.vectors[outcome.id] = tuple(dict.fromkeys(_vectors(setting.game, outcome)))
    return setting.vectors[outcome.id]


def _vectors(game: Game, outcome: Outcome) -> Iterator[Vector]:
    for family in outcome.families:
        for s, sender in enumerate(family.sender_extremes):
            replies = family.reply_extremes[s] if family.reply_extremes else {}
            for response in family.response_extremes:
                _, payoffs = play(game, sender, response, replies)
                by_type = payoffs[game.sender]
                assert not isinstance(by_type, Rational)
                vector = [by_type[t] for t in game.types]
                for audience in game.audiences:
                    value = payoffs[audience.name]
                    assert isinstance(value, Rational)
                    vector.append(value)
                yield tuple(vector)
                if outcome.unique_outcome:
                    return


def ranges(setting: Setting, outcome: Outcome) -> tuple[Range, ...]:
    """The range of the sender's ex ante payoff, then of each audience's."""
    prior = setting.game.prior
    vectors = payoff_vectors(setting, outcome)
    expected = [sum((p * u for p, u in zip(prior, v, strict=False)), ZERO) for v in vectors]
    columns = [expected, *([v[len(prior) + j] for v in vectors] for j in range(len(setting.game.audiences)))]
    return tuple(Range(min(c), max(c)) for c in columns)
