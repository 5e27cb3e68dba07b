"""What a commitment buys: the value, the beliefs that the best rule induces, and what follows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doubletalk.equilibrium.solution import Distribution
from doubletalk.exact import Rational
from doubletalk.talk.ranges import Range

__all__ = ["Commitment", "Signal"]


@dataclass(frozen=True)
class Signal:
    """One belief that the best rule induces, in the audiences that share an observation.

    ``heard``       key of the observation (``Game.cells``)
    ``audiences``   who receives this signal
    ``probability`` how often; the signals of one audience sum to 1
    ``belief``      type (or ``type|message`` where several messages look alike) -> probability
    ``responses``   audience -> information set -> action -> probability
    """

    heard: str
    audiences: tuple[str, ...]
    probability: Rational
    belief: Distribution
    responses: Mapping[str, Mapping[str, Distribution]]


@dataclass(frozen=True)
class Commitment:
    """The value of commitment and one rule that attains it.

    ``value``     the sender's expected payoff, attained by ``signals``; None when no rule can be certified
    ``at_most``   an upper bound; equal to ``value`` when the value is exact, None when there is none
    ``signals``   the beliefs that one optimal rule induces, and what follows
    ``payoffs``   audience -> expected payoff over all optimal rules of the programme
    ``adverse``   the supremum when ties are broken against the sender (separable audiences), else None; it need not
                  be attained
    ``why_not``   why the value may not be exact; None when it is
    """

    value: Rational | None
    at_most: Rational | None
    signals: tuple[Signal, ...]
    payoffs: Mapping[str, Range]
    adverse: Rational | None
    why_not: str | None = None

    @property
    def exact(self) -> bool:
        """Whether the value is proved."""
        return self.value is not None and self.value == self.at_most

    def everybody(self, sender: str) -> dict[str, Range]:
        """player -> expected payoff: ``payoffs``, and the sender's ``value`` where a rule is certified."""
        own = {} if self.value is None else {sender: Range(self.value, self.value)}
        return {**self.payoffs, **own}
