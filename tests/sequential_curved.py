"""Membership in curved sets: probabilities under the names that conditions use, supports, conditions."""

from __future__ import annotations

from math import prod

from sequential_oracle import labelled
from sequential_sets import GRID

from doubletalk.exact import ONE, ZERO


def numbers_of(game, strategy, plans, beliefs=None):
    """The probabilities of an assessment under the names that conditions use."""
    numbers = {
        f"S({game.messages[m]} | {game.types[t]})": share for t, row in enumerate(strategy) for m, share in row.items()
    }
    for m, plan in enumerate(plans):
        for who, sets in labelled(game, m, plan).items():
            for where, mix in sets.items():
                numbers.update({f"{who}({label} | {where})": share for label, share in mix.items()})
    for (m, t), share in (beliefs or {}).items():
        numbers[f"belief({game.types[t]} | {game.messages[m]})"] = share
    return numbers


def has_supports(game, curved, strategy, plans):
    """Whether the types send just the messages listed, and audiences play only the actions listed."""
    for t, row in enumerate(strategy):
        if {game.messages[m] for m, share in row.items() if share != 0} != set(curved.sends[game.types[t]]):
            return False
    return all(
        set(mix) <= set(curved.plays[who][where])
        for m, plan in enumerate(plans)
        for who, sets in labelled(game, m, plan).items()
        for where, mix in sets.items()
    )


def meets(curved, numbers):
    """Whether every condition on a choice with positive probability holds."""
    for condition in curved.conditions:
        if numbers.get(f"{condition.player}({condition.chosen} | {condition.at})", ZERO) == 0:
            continue
        gain = sum((v * prod((numbers.get(n, ZERO) for n in names), start=ONE) for names, v in condition.gain.items()))
        if gain < 0:
            return False
    return True


def beliefs_tried(game, strategy):
    """Beliefs on a grid over two types at messages that nobody sends; {} where all are sent."""
    silent = [m for m in range(len(game.messages)) if all(row.get(m, ZERO) == 0 for row in strategy)]
    tried = [{}]
    for m in silent:
        able = game.senders_of(m)
        tried = [
            {**one, **dict.fromkeys(((m, t) for t in able), ZERO), (m, able[0]): q, (m, able[-1]): ONE - q}
            for one in tried
            for q in GRID
        ]
    return tried


def described_by(game, solution, strategy, plans):
    """Whether some curved set holds the assessment, with some belief of the grid where nobody arrives."""
    return any(
        has_supports(game, curved, strategy, plans)
        and any(meets(curved, numbers_of(game, strategy, plans, b)) for b in beliefs_tried(game, strategy))
        for curved in solution.curved
    )


def spoken(game, sender, replies):
    """Strategy and replies in one vector: messages, and each message's share with each reply at each node behind it."""
    vector = {}
    for t, name in enumerate(game.types):
        for m in game.available[t]:
            share = sender[name].get(game.messages[m], ZERO)
            vector[t, m] = share
            for play in game.action_profiles(m) if share != 0 else ():
                for c, label in enumerate(game.replies.get((t, m, play), ())):
                    chance = replies[name][game.reply_node(m, play)].get(label, ZERO)
                    vector[t, m, play, c] = share * chance
    return vector
