"""The answer in plain words, put together from the results alone: the same sentences for every side."""

from __future__ import annotations

from doubletalk.report.page_content import STANDINGS, ClaimRow, PageContent, Side
from doubletalk.report.window_figure import zone_words

__all__ = ["headline", "right_when", "tally", "window_answer"]


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
    roles, trait = window.roles, window.belief_in
    works, pocketed, outbid = (window.zones(z) for z in ("works", "pocketed", "outbid"))
    paid = window.zones("paid anyway")
    first = [
        f"In the model everything turns on one number: how likely {roles.first} and {roles.second} think it that "
        f"{_sender(content)} is a {trait}."
    ]
    if works:
        first.append(f"{_cap(roles.offer)} works when that belief is {zone_words(works)}.")
    else:
        first.append(f"{_cap(roles.offer)} works at no belief.")
    if pocketed:
        first.append(f"It is pocketed {zone_words(pocketed)}.")
    if outbid:
        first.append(f"It only raises the price that {roles.second} pays {zone_words(outbid)}.")
    if paid:
        first.append(f"{_cap(roles.second)} pays with or without it {zone_words(paid)}.")
    best = [
        f"{action} {zone_words(zones)}" for action in window.segments[0].payoffs if (zones := window.where_best(action))
    ]
    second = [f"The best policy of {roles.first}: {'; '.join(best)}."]
    here = next((s for s in window.segments if s.low < window.prior < s.high), None)
    if here is not None:
        second.append(
            f"At the belief that the study starts from, {window.prior}, the best policy is "
            f"{' or '.join(here.best)}, and {roles.offer} {_does(here.offer)}."
        )
    return [" ".join(first), " ".join(second)]


def _sender(content: PageContent) -> str:
    return content.solutions[0][1].game.sender if content.solutions else "the sender"


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
                f"{n} {_counted(standing)}"
                for standing in STANDINGS
                if (n := sum(c.standing == standing for c in claims))
            ]
            parts.append(f"of {len(claims)} {'claim' if len(claims) == 1 else 'claims'} {noun}, {_listed(counts)}")
    left = content.claims_of(side.key, "neither")
    if left:
        parts.append(f"{len(left)} could not be expressed")
    return f"{side.name}: {'; '.join(parts)}."


def _counted(standing: str) -> str:
    return {
        "yes": "hold",
        "no": "do not hold",
        "part": "hold in part",
        "open": "cannot be told",
        "not asked": "cannot be asked yet",
    }[standing]


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def right_when(content: PageContent, side: Side) -> list[tuple[ClaimRow, str]]:
    """The side's claims about the model that hold, wholly or in part, each with where it holds."""
    found = []
    for claim in content.claims_of(side.key, "the model"):
        if claim.standing in ("yes", "part"):
            found.append((claim, claim.interval or claim.answer))
    return found


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
