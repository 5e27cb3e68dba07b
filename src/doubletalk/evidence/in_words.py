"""A record statement as a sentence: what is compared with what, for readers who do not know the language."""

from __future__ import annotations

from dataclasses import replace

from doubletalk.evidence.measures import Baseline, Count, Response
from doubletalk.evidence.pairs import First, Together
from doubletalk.evidence.record import Selector
from doubletalk.evidence.statements import Expression, Quantity, Special, parse_statement
from doubletalk.evidence.vocabulary import INTENSITIES, Vocabulary

__all__ = ["in_words"]

SIGNS = {
    ">": "is above",
    ">=": "is at least",
    "<": "is below",
    "<=": "is at most",
    "=": "equals",
    "!=": "differs from",
}
EVENTS = {
    "repress": "acts of repression",
    "release": "releases of prisoners",
    "ease": "easings of rules at home",
    "sanction": "sanctions",
    "lift": "easings of sanctions",
    "engage": "acts of engagement",
    "demand": "demands",
    "support": "acts of support",
    "squeeze": "squeezes",
    "integrate": "steps of integration",
    "defy": "refusals",
    "provoke": "provocations",
    "court": "acts of courting",
    "alarm": "alarms",
    "plead": "requests",
    "election": "presidential elections or referendums",
}
"""Plural names of the standard actions; a word that a case adds is quoted."""


def in_words(statement: str, vocabulary: Vocabulary) -> str:
    """The statement as one sentence; "" for sums and products of measures. InputError where it cannot be read."""
    parsed = parse_statement(statement, vocabulary)
    if parsed.comparison is None or parsed.right is None:
        return ""
    left, right = (_side(side, vocabulary) for side in (parsed.left, parsed.right))
    if isinstance(parsed.right, float):
        right = f"{parsed.right:g}"
    one, two = parsed.left, parsed.right
    if isinstance(one, Response) and isinstance(two, Response) and one == replace(two, side=one.side):
        right = f"that in the {_months(two.within)} {two.side}"
    if not left or not right:
        return ""
    return f"{left[:1].upper()}{left[1:]} {SIGNS[parsed.comparison]} {right}."


def _side(side: Expression, words: Vocabulary) -> str:
    if isinstance(side, Response):
        return _response(side, words)
    if isinstance(side, Special):
        return "that of a random month" if side.word == "base" else "what chance gives"
    if isinstance(side, Baseline):
        return f"the same for a random month ({_events(side.response, words)})"
    if isinstance(side, First):
        first, second = _events(side.a, words), _events(side.b, words)
        apart = _months(side.within, "a month")
        return f"the share of pairs, at most {apart} apart, in which {first} come before {second}"
    if isinstance(side, Together):
        first, second = _events(side.a, words), _events(side.b, words)
        if side.how == "phi":
            return f"the correlation of months with {first} and months with {second}"
        return f"the number of months with both {first} and {second}"
    if isinstance(side, Count):
        return f"the number of {_events(side.selector, words)}"
    return _quantity(side) if isinstance(side, Quantity) else ""


def _response(asked: Response, words: Vocabulary) -> str:
    trigger, response = _events(asked.trigger, words), _events(asked.response, words)
    if asked.how in ("share", "number"):
        side = "before or after" if asked.side == "around" else asked.side
        return f"the {asked.how} of {trigger} with {response} in the {_months(asked.within)} {side}"
    what = "mean number" if asked.how == "mean" else "mean summed size (one to three each)"
    return f"the {what} of {response} in the {_months(asked.within)} {asked.side} {trigger}"


def _months(n: int, one: str = "month") -> str:
    return one if n == 1 else f"{n} months"


def _quantity(asked: Quantity) -> str:
    what = {"latest": "last value of", "peak": "highest value of"}.get(asked.how)
    name = asked.series.replace("_", " ")
    told = f"the {what} {name}" if what else f"the share of peaks of {name} that are higher than the peak before"
    return told + _dates(asked.since, asked.until)


def _events(selector: Selector, words: Vocabulary) -> str:
    levels = {level: name for name, level in INTENSITIES.items()}
    sizes = "" if selector.intensities == (1, 2, 3) else " or ".join(levels[n] for n in selector.intensities) + " "
    told = sizes + " or ".join(EVENTS.get(action, f"'{action}'") for action in selector.actions)
    for word, members in (("by", selector.actors), ("to", selector.targets)):
        if members is not None:
            told += f" {word} {_actors(members, words)}"
    return told + _dates(selector.since, selector.until)


def _actors(members: tuple[str, ...], words: Vocabulary) -> str:
    """The name of a group where the members are one, else the short names of all."""
    group = next((name for name, those in words.groups.items() if set(those) == set(members)), None)
    return f"{group} actors" if group else " or ".join(words.actors[member].split(",")[0] for member in members)


def _dates(since: object, until: object) -> str:
    return (f" from {since}" if since else "") + (f" until {until}" if until else "")
