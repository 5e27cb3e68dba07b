"""What each player gets at an equilibrium point, and the range over an outcome's families."""

from __future__ import annotations

from collections.abc import Mapping

from doubletalk.equilibrium.solution import Assessment, Outcome
from doubletalk.exact import ZERO, Rational, text
from doubletalk.game.model import NO_REPLY, Game
from doubletalk.report.wording import joined, spread_words

__all__ = ["expected_payoffs", "payoff_words"]

PLAYS_WEIGHED = 200_000
"""Plays times extreme points that are weighed for a range of payoffs; beyond it the range is not worked out."""


def payoff_words(game: Game, outcome: Outcome) -> tuple[tuple[str, str], ...]:
    """(player, its payoff in words), the sender's by type: ranges where the outcome varies."""
    if outcome.payoffs is not None:
        return tuple((player, _exact_words(outcome.payoffs[player])) for player in game.players)
    points = [
        Assessment(sender, response, {}, family.reply_extremes[s] if family.reply_extremes else {})
        for family in outcome.families
        for s, sender in enumerate(family.sender_extremes)
        for response in family.response_extremes
    ]
    if len(points) * len(game.payoffs) > PLAYS_WEIGHED:
        return tuple((player, "varies") for player in game.players)
    values = [expected_payoffs(game, assessment) for assessment in points]
    rows = []
    for j, player in enumerate(game.players):
        if j == 0:
            spans = [_span([by_type[t] for by_type, _ in values]) for t in range(len(game.types))]
            words = joined([f"{label} {span}" for label, span in zip(game.types, spans, strict=True)])
        else:
            words = _span([audiences[j - 1] for _, audiences in values])
        rows.append((player, words))
    return tuple(rows)


def expected_payoffs(game: Game, assessment: Assessment) -> tuple[tuple[Rational, ...], tuple[Rational, ...]]:
    """(sender's payoff by type, each audience's expected payoff) when everybody follows *assessment*.

    u(t) = sum over plays of P(play | t) u(play);  U_j = sum_t p(t) sum over plays of P(play | t) u_j(play).
    """
    by_type = [ZERO] * len(game.types)
    audiences = [ZERO] * len(game.audiences)
    for t, m, actions, c in game.histories():
        chance = _chance(game, assessment, t, m, actions, c)
        if chance == 0:
            continue
        amounts = game.payoffs[t, m, actions, c]
        by_type[t] += chance * amounts[0]
        for j in range(len(audiences)):
            audiences[j] += game.prior[t] * chance * amounts[j + 1]
    return tuple(by_type), tuple(audiences)


def _chance(game: Game, assessment: Assessment, t: int, m: int, actions: tuple[int, ...], c: int) -> Rational:
    """P(message, actions, reply | type)."""
    chance = assessment.sender[game.types[t]].get(game.messages[m], ZERO)
    for j, audience in enumerate(game.audiences):
        if chance == 0:
            return ZERO
        rule = assessment.responses[audience.name][game.information_set(j, m, actions)]
        chance = chance * rule.get(game.actions_after(m)[j][actions[j]], ZERO)
    if c != NO_REPLY and chance != 0:
        plan = assessment.replies.get(game.types[t], {}).get(game.reply_node(m, actions), {})
        chance = chance * plan.get(game.replies[t, m, actions][c], ZERO)
    return chance


def _exact_words(value: Mapping[str, Rational] | Rational) -> str:
    if isinstance(value, Mapping):
        return joined([f"{label} {text(amount)}" for label, amount in value.items()])
    return text(value)


def _span(values: list[Rational]) -> str:
    return spread_words(min(values), max(values))
