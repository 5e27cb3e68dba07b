"""The answer: what it turns on, the worlds side by side, and how far each side's claims reach."""

from __future__ import annotations

from doubletalk.report.page_content import ClaimRow, PageContent, Section, Side, WorldRow
from doubletalk.report.page_headline import headline, reach_group, told_apart
from doubletalk.report.scoreboard import scoreboard
from doubletalk.report.sections.badges import side_badge
from doubletalk.report.tables import code, details, paragraphs, safe, stacked
from doubletalk.report.window_figure import number_words, zone_words
from doubletalk.report.worlds_figure import worlds_svg

__all__ = ["answer"]

GROUPS = {
    "all": "In all equilibria of every world where its condition occurs",
    "some": "In some, not in others",
    "none": "In none where its condition occurs",
    "built": "True by construction: the model could not answer otherwise",
    "open": "Cannot be told",
}


def answer(content: PageContent) -> Section | None:
    """The headline, the worlds, then the claims of each side about the model, by how far they reach."""
    cards = "".join(_card(content, side) for side in content.sides if content.claims_of(side.key, "the model"))
    lead = f'<div class="lead">{paragraphs(headline(content))}</div>'
    score = _score(content)
    fare = f'<h3>How far the claims about the model reach</h3>{_explained(content)}<div class="cards">{cards}</div>'
    return Section("answer", "The answer", lead + _worlds(content) + score + (fare if cards else ""))


def _score(content: PageContent) -> str:
    """How many claims of each side got which answer, then what luck alone would do; '' without claims."""
    groups = scoreboard(content)
    if not groups:
        return ""
    sides = [side for side in content.sides if content.claims_of(side.key)]
    badges = (side_badge(content, side.key) for side in sides)
    head = "<td></td>" + "".join(f'<th scope="col">{badge}</th>' for badge in badges)
    body = ""
    for name, rows in groups:
        totals = [sum(counts) for counts in zip(*(counts for _, counts in rows), strict=True)]
        body += _score_row("th", safe(name), totals)
        body += "".join(_score_row("td", safe(words), counts) for words, counts in rows)
    return (
        '<h3 id="score">How the claims fare</h3>'
        f'<div class="scroll"><table class="score"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
        + paragraphs(told_apart(content))
    )


def _score_row(cell: str, words: str, counts: list[int]) -> str:
    css = ' class="group"' if cell == "th" else ""
    scope = ' scope="row"' if cell == "th" else ""
    numbers = "".join(f"<td>{count or '·'}</td>" for count in counts)
    return f"<tr{css}><{cell}{scope}>{words}</{cell}>{numbers}</tr>"


def _worlds(content: PageContent) -> str:
    """The figure and, folded, its numbers; '' for a case with one world."""
    if len(content.worlds) < 2:
        return ""
    figures = [worlds_svg(content.worlds, content.name, wide=wide) for wide in (True, False)]
    if not figures[0]:
        return f'<h3 id="worlds">The worlds</h3>{_outcomes(content)}'
    caption = (
        "Each strip is one world: one answer to every open question, numbered as above; a dash where the question "
        "makes no difference. Along the strip, from left to right, the belief grows. The triangle is the belief before "
        "any message; it is assumed."
    )
    return (
        '<h3 id="worlds">The worlds side by side</h3>'
        f"<figure>{figures[0]}{figures[1]}<figcaption>{caption}{_key(content)}</figcaption></figure>"
        + details("The same in exact numbers", _numbers(content))
        + _thresholds(content)
    )


def _outcomes(content: PageContent) -> str:
    """The worlds of a case without a window: what each stands for, and how many equilibrium outcomes it has."""
    rows = []
    for world in content.worlds:
        found = "not reached" if world.outcomes is None else str(world.outcomes)
        rows.append((f"world-{world.number}", (_world(world), found)))
    return stacked(("World", "Equilibrium outcomes"), rows, css="bands worlds")


def _key(content: PageContent) -> str:
    """What "less" and "more" mean for each question."""
    rows = "".join(f"<li>less: {safe(crux.less)}; more: {safe(crux.more)}.</li>" for crux in content.cruxes)
    return f'<ol class="key">{rows}</ol>'


def _thresholds(content: PageContent) -> str:
    """Where one size alone, the others held, changes which policies are best; '' where nothing was found."""
    rows = []
    for world in content.worlds:
        for found in world.thresholds:
            if found.here == found.beyond:
                continue
            way = "below" if found.direction == "down" else "above"
            low, high = map(number_words, found.between)
            at = number_words(found.value) if found.value is not None else f"a value between {low} and {high}"
            here, beyond = (", ".join(map(content.name, best)) for best in (found.here, found.beyond))
            where = f"{code(found.parameter)} {safe(f'{way} {at} (now {found.default})')}"
            rows.append(("", (str(world.number), where, safe(here), safe(beyond))))
    if not rows:
        return ""
    head = ("World", "Where", "Best here, as the belief grows", "Best beyond it")
    note = (
        "<p>One size at a time, the others held as in the world. A single value is exact, confirmed at it and on "
        "both sides.</p>"
    )
    return details("At which sizes the picture changes", note + stacked(head, rows, css="bands"), css="screen")


def _numbers(content: PageContent) -> str:
    policies = next((list(w.window.segments[0].payoffs) for w in content.worlds if w.window is not None), [])
    offer = next((w.window.roles.offer for w in content.worlds if w.window is not None), "")
    best = [f"{content.name(policy)} is best" for policy in policies]
    head = ("World", *best, f"{content.name(offer)} works")
    rows = [(f"world-{world.number}", (_world(world), *_zones(world, policies))) for world in content.worlds]
    return stacked([h[:1].upper() + h[1:] for h in head], rows, css="bands worlds")


def _zones(world: WorldRow, policies: list[str]) -> list[str]:
    window = world.window
    if window is None:
        return ["" for _ in (*policies, "")]
    return [safe(zone_words(found)) for found in (*(window.where_best(p) for p in policies), window.zones("works"))]


def _world(world: WorldRow) -> str:
    values = ", ".join(f"{name} = {value}" for name, value in world.values.items())
    answers = "; ".join(each.rstrip(".") for each in world.answers if each)
    filed = ". The game file has these values" if world.as_filed else ""
    return f"<strong>{world.number}</strong> {safe(answers)}<br><small>{safe(values + filed)}.</small>"


def _explained(content: PageContent) -> str:
    if len(content.worlds) < 2:
        return ""
    return (
        f"<p>Beside each claim: in how many of the {len(content.worlds)} worlds it holds in all equilibria (or "
        "throughout the range that it names), in some, in none; not defined where its condition never occurs.</p>"
    )


def _card(content: PageContent, side: Side) -> str:
    asked = content.claims_of(side.key, "the model")
    parts = [f'<div class="card">{side_badge(content, side.key)}']
    for group, title in GROUPS.items():
        words = title if len(content.worlds) > 1 or group != "all" else "In all equilibria"
        rows = "".join(_card_line(content, claim) for claim in asked if reach_group(claim) == group)
        parts.append(f"<h4>{words}</h4><ul>{rows}</ul>" if rows else "")
    return "".join(parts) + "</div>"


def _card_line(content: PageContent, claim: ClaimRow) -> str:
    return (
        f'<li><a href="#claim-{safe(claim.id)}">{safe(claim.paraphrase)}</a> '
        f'<span class="where">{safe(_where(content, claim))}</span></li>'
    )


def _where(content: PageContent, claim: ClaimRow) -> str:
    """In how many worlds it holds in all, in some and in no equilibria; where there is one world, its reach."""
    if claim.by_construction:
        return f"{claim.by_construction[:1].upper()}{claim.by_construction[1:].rstrip('.')}."
    if len(content.worlds) < 2 or not claim.worlds:
        return f"{claim.reach[:1].upper()}{claim.reach[1:]}." if claim.reach else ""
    words = {"all": "all", "some": "some", "none": "none", "undefined": "not defined", "undecided": "not decided"}
    words["unasked"] = "not asked"
    counts = [f"{said} {n}" for word, said in words.items() if (n := claim.worlds.count(word))]
    return f"{', '.join(counts)}.".capitalize()
