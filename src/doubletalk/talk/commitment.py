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

from doubletalk.game.model import Game
from doubletalk.game.structure import solver_class
from doubletalk.talk.commitment_data import Commitment
from doubletalk.talk.commitment_pieces import pieces_commitment
from doubletalk.talk.commitment_separable import separable_commitment

__all__ = ["commitment"]


def commitment(game: Game) -> Commitment:
    """The commitment value of *game*, exactly.

    Separable audiences: any number, any channels. Otherwise (audiences in sequence that observe the same; a reply) by
    the response complex; where that has gaps, the value is bounded from both sides, and exact when the bounds agree.
    Raises ``TooLarge`` for a programme of more than ``MOST_UNKNOWNS`` unknowns.
    Cost: a few exact linear programmes, of one unknown per play (separable) or per pair and extreme response.
    """
    if solver_class(game)[0] == "separable":
        return separable_commitment(game)
    return pieces_commitment(game)
