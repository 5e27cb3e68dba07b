"""The answer in plain words, put together from the results alone: the same sentences for every side."""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.evidence.reading import LARGEST_P
from doubletalk.exact import Rational
from doubletalk.report.page_content import ClaimRow, PageContent, RecordRow, WorldRow
from doubletalk.report.window_figure import number_words, zone_words

__all__ = ["crux_answer", "headline", "luck", "of_claims", "reach_group", "told_apart", "window_answer"]

_WORDS = {0: "none", 1: "one", 2: "two", 3: "three", 4: "four", 5: "five", 6: "six"}


def headline(content: PageContent) -> list[str]:
    """The paragraphs that open the report: what it turns on, and what follows."""
    return crux_answer(content) or window_answer(content)


def crux_answer(content: PageContent) -> list[str]:
    """The questions that no source settles, and which policy is best only under which answer; [] without worlds."""
    if not content.cruxes:
        return []
    windows = [(world, world.window) for world in content.worlds if world.window is not None]
    count = len(content.worlds)
    asked = [f"({number}) {crux.asks}" for number, crux in enumerate(content.cruxes, 1)]
    if not windows:
        return [
            f"The answers turn on {_questions(len(asked))} that no source settles:",
            *asked,
            "No answer is neutral, so none is assumed: everything is asked under each combination of answers, in "
            f"{count} worlds, and no world is better founded than another.",
        ]
    first, second = content.name(windows[0][1].roles.first), content.name(windows[0][1].roles.second)
    said = [
        f"What {first} should do turns on {_questions(len(content.cruxes))} that no source settles:",
        *asked,
        f"No answer to them is neutral, so none is assumed: everything is asked under each combination of answers, in "
        f"{count} worlds, and no world is better founded than another. In each, the best depends on one belief more: "
        f"how likely {first} and {second} think it, once they have heard what is said, that {_sender(content)} is "
        f"{content.name(windows[0][1].belief_in)}.",
    ]
    policies = list(windows[0][1].segments[0].payoffs)
    where = {policy: [world for world, window in windows if window.where_best(policy)] for policy in policies}
    then = [_where_best(content, policy, where[policy], [world for world, _ in windows]) for policy in policies]
    said.append(" ".join(then))
    return said


def _questions(count: int) -> str:
    return "one question" if count == 1 else f"{_WORDS.get(count, str(count))} questions"


def _where_best(content: PageContent, policy: str, found: Sequence[WorldRow], worlds: Sequence[WorldRow]) -> str:
    """In how many worlds a policy is best at some belief, and the answers that all of those share and others lack."""
    name = _cap(content.name(policy))
    if not found:
        return f"{name} is best at no belief in any world."
    if len(found) == len(worlds):
        return f"{name} is best at some belief in every world."
    needed = _needed(content, found, worlds)
    only = f", all of them worlds where {' and '.join(each.rstrip('.') for each in needed)}" if needed else ""
    return f"{name} is best at some belief in {len(found)} of the {len(worlds)} worlds{only}."


def _needed(content: PageContent, found: Sequence[WorldRow], worlds: Sequence[WorldRow]) -> list[str]:
    """The answers that all worlds in *found* give and some other world does not."""
    needed = []
    for k in range(len(content.cruxes)):
        here, anywhere = {world.answers[k] for world in found}, {world.answers[k] for world in worlds}
        if len(here) == 1 and here != anywhere and "" not in here:
            needed.append(here.pop())
    return needed


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


def reach_group(claim: ClaimRow) -> str:
    """How far a claim about the model reaches over every equilibrium of every world.

    One of "all", "some", "none", "open" (not defined or not decided) and "built" (true by construction).
    """
    if claim.by_construction:
        return "built"
    words = set(claim.worlds) - {"undefined"}
    if not words or "undecided" in words:
        return "open"
    return "all" if words == {"all"} else "none" if words == {"none"} else "some"


def luck(rows: Sequence[RecordRow]) -> str:
    """How many of the tests would pass by luck, beside how many did; '' where nothing was tested."""
    tested = [row for row in rows if row.p is not None]
    if not tested:
        return ""
    passed = sum(row.standing == "yes" for row in tested)
    expected = LARGEST_P * len(tested)
    about = "fewer than one" if expected < 0.75 else f"about {_WORDS.get(round(expected), str(round(expected)))}"
    many = len(tested)
    return (
        f"{many} {'statement is' if many == 1 else 'statements are'} tested at the level {LARGEST_P:g}: by luck alone "
        f"{about} would pass even if nothing were there; {_WORDS.get(passed, str(passed))} did."
    )


def of_claims(claims: Sequence[ClaimRow]) -> str:
    """:func:`luck` of the claims about the record, and how many of those that pass are expected by either side."""
    caveat = luck([claim.record for claim in claims if claim.record is not None])
    if not caveat:
        return ""
    held = [claim for claim in claims if claim.record is not None and claim.standing == "yes"]
    passed = [claim for claim in held if claim.record is not None and claim.record.p is not None]
    both = sum(bool(claim.shared) for claim in passed)
    words = f"Of the claims about the record, {caveat[:1].lower()}{caveat[1:]}"
    if both:
        if both == len(passed):
            which = "It is" if both == 1 else "All that pass are"
        else:
            which = f"Of those that pass, {both} {'is' if both == 1 else 'are'}"
        words += f" {which} expected by the other side too, so that part of the count parts nobody."
    if untested := len(held) - len(passed):
        more = "One more holds" if untested == 1 else f"{_WORDS.get(untested, str(untested)).capitalize()} more hold"
        words += f" {more} as recorded numbers set side by side, which no test can judge."
    return words


def told_apart(content: PageContent) -> list[str]:
    """What luck alone would do to the claims about the record; how the questions that part the sides are answered."""
    found = []
    caveat = of_claims(content.claims)
    if caveat:
        found.append(caveat)
    if not content.lenses:
        return found
    answers = [answer for row in content.lenses for answer in row.answers]
    told = sum(a.standing in ("yes", "no") for a in answers)
    words = [
        f"On the {len(content.lenses)} questions that would tell the sides apart, the record of "
        f"{len(content.events)} events answers {told} of {len(answers)} statements; to the rest it cannot tell. "
        f"{luck(answers)}"
    ]
    for side in content.sides:
        sums = [sum(row.met[side.key][k] for row in content.lenses if side.key in row.met) for k in range(3)]
        if sum(sums):
            words.append(f"{side.name}: {sums[0]} of {sum(sums)} expectations met, {sums[1]} failed, {sums[2]} open.")
    return [*found, " ".join(words)]
