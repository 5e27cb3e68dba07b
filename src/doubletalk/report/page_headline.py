"""The answer in plain words, put together from the results alone: the same sentences for every side."""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.exact import Rational
from doubletalk.report.page_content import STANDINGS, PageContent, Side
from doubletalk.report.window_figure import number_words, zone_words

__all__ = ["headline", "tally", "window_answer"]


def headline(content: PageContent) -> list[str]:
    """The paragraphs that open the report."""
    words = window_answer(content)
    words += [tally(content, side) for side in content.sides if content.claims_of(side.key)]
    words += _told_apart(content)
    return words


def window_answer(content: PageContent) -> list[str]:
    """What each policy is worth, by the belief; [] without a window."""
    window = content.window
    if window is None:
        return []
    roles, name = window.roles, content.name
    first, second, offer = name(roles.first), name(roles.second), name(roles.offer)
    zones = {zone: window.zones(zone) for zone in ("works", "pocketed", "outbid", "paid anyway")}
    said = [
        f"At the sizes set for this study the answer turns on one belief: how likely {first} and {second} think it, "
        f"once they have heard what is said, that {_sender(content)} is {name(window.belief_in)}.",
        f"{_cap(offer)} works {'when that belief is ' if zones['works'] else ''}{_zone(zones['works'])}.",
    ]
    if zones["pocketed"]:
        said.append(f"It is pocketed {_zone(zones['pocketed'])}.")
    if zones["outbid"]:
        said.append(f"It only raises the price that {second} pays {_zone(zones['outbid'])}.")
    if zones["paid anyway"]:
        said.append(f"{_cap(second)} pays with or without it {_zone(zones['paid anyway'])}.")
    policies = {action: window.where_best(action) for action in window.segments[0].payoffs}
    best = [f"{name(action)} {_zone(found)}" for action, found in policies.items() if found]
    then = [f"The best answer of {first}, by its payoff in the model: {'; '.join(best)}."]
    here = next((s for s in window.segments if s.low < window.prior < s.high), None)
    if here is not None:
        then.append(
            f"At the belief that the study starts from, {number_words(window.prior)}, the best is "
            f"{' or '.join(name(a) for a in here.best)}, and {offer} {_does(here.offer)}. That belief is assumed; "
            "the window below shows what every other one would mean."
        )
    return [" ".join(said), " ".join(then)]


def _zone(zones: Sequence[tuple[Rational, Rational]]) -> str:
    return zone_words(zones) if zones else "at no belief"


def _sender(content: PageContent) -> str:
    return content.name(content.solutions[0][1].game.sender) if content.solutions else "the sender"


def _does(offer: str) -> str:
    return {
        "works": "works",
        "pocketed": "would be pocketed",
        "outbid": "would only raise the other's price",
        "paid anyway": "would change nothing that the other pays",
    }[offer]


def _cap(words: str) -> str:
    return words[:1].upper() + words[1:]


def tally(content: PageContent, side: Side) -> str:
    """How many of one side's claims hold, in the model and in the record, and how many could not be asked."""
    parts = []
    for about, noun in (("the model", "about the model"), ("the record", "about the record")):
        claims = content.claims_of(side.key, about)
        if claims:
            counts = [
                _counted(standing, n) for standing in STANDINGS if (n := sum(c.standing == standing for c in claims))
            ]
            parts.append(f"of {len(claims)} {'claim' if len(claims) == 1 else 'claims'} {noun}, {_listed(counts)}")
    left = content.claims_of(side.key, "neither")
    if left:
        parts.append(f"{len(left)} could not be expressed")
    return f"{side.name}: {'; '.join(parts)}."


def _counted(standing: str, count: int) -> str:
    one = count == 1
    words = {
        "yes": "holds" if one else "hold",
        "no": "does not hold" if one else "do not hold",
        "part": "holds in part" if one else "hold in part",
        "open": "cannot be told",
        "not asked": "cannot be asked yet",
    }
    return f"{count} {words[standing]}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _told_apart(content: PageContent) -> list[str]:
    if not content.lenses:
        return []
    answers = [answer for row in content.lenses for answer in row.answers]
    told = sum(a.standing in ("yes", "no") for a in answers)
    words = [
        f"On the {len(content.lenses)} questions that would tell the sides apart, the record of "
        f"{len(content.events)} events answers {told} of {len(answers)} statements; to the rest it cannot tell."
    ]
    for side in content.sides:
        sums = [sum(row.met[side.key][k] for row in content.lenses if side.key in row.met) for k in range(3)]
        if sum(sums):
            words.append(f"{side.name}: {sums[0]} of {sum(sums)} expectations met, {sums[1]} failed, {sums[2]} open.")
    return [" ".join(words)]
