"""What the sender could get if it could commit to a signalling rule (theory, section 8).

Commitment value: the largest expected payoff over all rules that turn the type into a message and, with the message,
into further signals; each group of audiences that observe the same thing receives one signal of its own, in common.
Audiences know the rule, draw Bayesian conclusions and respond rationally. Where all messages are alike and there is
one audience this is Kamenica & Gentzkow's concave envelope of the indirect payoff, at the prior.

By the revelation principle a signal may be taken to name the response that follows it, so the value is that of a linear
programme in the weights of (type, message, signals), with the rationality of each response as constraints.
Maximisation breaks ties for the sender. The sender's replies stay its own: it does not commit to them.

Source: Kamenica & Gentzkow (2011), Bayesian persuasion, AER 101(6), Proposition 1 and Corollary 1; for several
audiences Bergemann & Morris (2016), Bayes correlated equilibrium, Theoretical Economics 11(2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doubletalk.equilibrium.solution import Distribution
from doubletalk.exact import Rational
from doubletalk.game.model import Game
from doubletalk.game.structure import solver_class
from doubletalk.talk.ranges import Range

__all__ = ["Commitment", "Signal", "commitment"]


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


def commitment(game: Game) -> Commitment:
    """The commitment value of *game*, exactly.

    Separable audiences: any number, any channels. Otherwise (audiences in sequence that observe the same; a reply) by
    the response complex; where that has gaps, the value is bounded from both sides, and exact when the bounds agree.
    Raises ``TooLarge`` for a programme of more than ``MOST_UNKNOWNS`` unknowns.
    Cost: a few exact linear programmes, of one unknown per play (separable) or per pair and extreme response.
    """
    if solver_class(game)[0] == "separable":
        from doubletalk.talk.commitment_separable import separable_commitment

        return separable_commitment(game)
    from doubletalk.talk.commitment_pieces import pieces_commitment

    return pieces_commitment(game)
