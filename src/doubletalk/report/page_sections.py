"""The sections of the report, each from the content to HTML; a section with nothing to say is ''."""

from __future__ import annotations

from collections.abc import Sequence

from doubletalk.equilibrium.solution import Solution
from doubletalk.exact import Rational
from doubletalk.report.diagram import diagram_svg
from doubletalk.report.page_content import STANDINGS, ClaimRow, LensRow, PageContent, RecordRow, Side
from doubletalk.report.page_headline import headline
from doubletalk.report.summary import NEVER, OutcomeView, solution_view
from doubletalk.report.tables import (
    code,
    details,
    dict_rows,
    link,
    number,
    p_words,
    paragraphs,
    safe,
    stacked,
    table,
)
from doubletalk.report.timeline import timeline_svg
from doubletalk.report.window_figure import band_words, moving_ends, number_words, segment_row, window_svg

__all__ = ["answer", "assumptions", "claims", "equilibria", "game", "method", "record", "sources", "timeline", "window"]

OPEN_OUTCOMES = 1
SHOWN_OUTCOMES = 40


def side_badge(content: PageContent, key: str) -> str:
    """The side's name in its own colour, of the same weight for all."""
    place = next((n for n, side in enumerate(content.sides) if side.key == key), len(content.sides))
    return f'<span class="side side{place % 6}">{safe(content.side_name(key))}</span>'


def standing_badge(standing: str) -> str:
    """How a claim stands, with a sign so that it does not rest on colour."""
    sign = {"yes": "●", "part": "◐", "no": "○", "open": "?", "not asked": "–"}[standing]
    name = standing.replace(" ", "-")
    return f'<span class="standing {name}"><span aria-hidden="true">{sign}</span> {safe(STANDINGS[standing])}</span>'


def answer(content: PageContent) -> str:
    """The headline, then under which assumptions each side is right."""
    cards = "".join(_card(content, side) for side in content.sides if content.claims_of(side.key, "the model"))
    return f'<div class="lead">{paragraphs(headline(content))}</div>' + (
        f'<div class="cards">{cards}</div>' if cards else ""
    )


def _card(content: PageContent, side: Side) -> str:
    asked = content.claims_of(side.key, "the model")
    parts = [f'<div class="card">{side_badge(content, side.key)}']
    for title, standings in (
        ("Is right in the model when", ("yes", "part")),
        ("Is not borne out by the model", ("no",)),
        ("Cannot be told, or not asked yet", ("open", "not asked")),
    ):
        rows = "".join(_card_line(claim) for claim in asked if claim.standing in standings)
        parts.append(f"<h3>{title}</h3><ul>{rows}</ul>" if rows else "")
    return "".join(parts) + "</div>"


def _card_line(claim: ClaimRow) -> str:
    assumes = f" Assuming: {'; '.join(claim.assumes)}." if claim.assumes else ""
    where = f" {claim.interval[:1].upper()}{claim.interval[1:]}." if claim.interval else ""
    return (
        f'<li><a href="#claim-{safe(claim.id)}">{safe(claim.paraphrase)}</a><span class="where">{safe(where)}'
        f"{safe(assumes)}</span></li>"
    )


def game(content: PageContent) -> str:
    """Who says what to whom, as a picture for wide and one for narrow screens."""
    parts = []
    for name, solution in content.solutions:
        head = f"<h3>{safe(name)}</h3>" if len(content.solutions) > 1 else ""
        parts.append(
            f'{head}<figure><div class="scroll">{diagram_svg(solution.game)}</div>'
            f"{diagram_svg(solution.game, across=False, width=360)}"
            f"<figcaption>{safe(solution.game.title)}. Solid arrows: who moves next. Dashed arrows: who else "
            "hears what is said. Numbers are the probabilities that the audiences start from.</figcaption></figure>"
        )
    if content.actors:
        parts.append(
            table(("Name", "Stands for"), [(f"<strong>{safe(k)}</strong>", safe(v)) for k, v in content.actors])
        )
    return "".join(parts)


def window(content: PageContent) -> str:
    """The figure, its exact numbers, and how they move."""
    found = content.window
    if found is None:
        return ""
    roles = found.roles
    shown = {s.offer for s in found.segments}
    legend = "".join(
        f'<li><span class="swatch {zone.replace(" ", "-")}"></span> {safe(words)}.</li>'
        for zone, words in band_words(found).items()
        if zone in shown
    )
    head, rows = dict_rows([segment_row(found, k, s) for k, s in enumerate(found.segments)])
    parts = [
        f"<p>For each belief in a {safe(found.belief_in)}: what every policy of {safe(roles.first)} is worth to it "
        f"once {safe(roles.second)} and then the sender have answered as suits them best. The belief is what the "
        "audiences hold after they have heard the message.</p>",
        f'<figure><div class="scroll">{window_svg(found)}</div><figcaption>Letters name the bands of the table below; '
        f"grey lines are where something changes; the triangle is the belief before any message, {safe(found.prior)}."
        f"</figcaption></figure><ul class='plain'>{legend}</ul>",
        table(
            head,
            rows,
            caption="The bands in exact numbers. Payoffs are at the lower and the upper end of the band.",
            css="exact",
        ),
    ]
    ends = [(safe(e.name), "never" if e.value is None else safe(number_words(e.value))) for e in found.endpoints()]
    parts.append(table(("What changes", "at the belief"), ends, css="exact"))
    return "".join(parts) + _moves(content)


def _moves(content: PageContent) -> str:
    ends = moving_ends(content.moves)
    if not ends:
        return ""
    parameters = list(dict.fromkeys(move.parameter for move in content.moves))
    held = [name for name in parameters if any(name in end.moves for end in ends)]
    rows = []
    for parameter in held:
        row = [code(parameter)]
        for end in ends:
            less, more = end.moves.get(parameter, (None, None))
            row.append(f"{_value(less)} → {_value(more)}" if parameter in end.moves else "·")
        rows.append(row)
    now = ["<strong>now</strong>", *(f"<strong>{_value(end.value)}</strong>" for end in ends)]
    still = ", ".join(code(name) for name in parameters if name not in held)
    head = ("Parameter", *("; ".join(end.names) for end in ends))
    return (
        "<h3>How the window moves with each parameter</h3><p>Each belief when the parameter alone is a tenth smaller "
        "and a tenth larger than in the study; a dot: it stays where it is. Changes that always come together share a "
        "column.</p>"
        + table(head, [now, *rows], css="exact small")
        + (
            f"<p>Changing any of {still} alone by a tenth moves no end; larger changes can, and can remove a band.</p>"
            if still
            else ""
        )
    )


def _value(value: Rational | None) -> str:
    return "none" if value is None else safe(number_words(value))


def equilibria(content: PageContent) -> str:
    """Every outcome: what each type says, who answers how, what must be believed."""
    parts = []
    for name, solution in content.solutions:
        view = solution_view(solution)
        parts.append(f"<h3>{safe(name)}</h3><p>{safe(view.standing)} {_solver_words(solution)}</p>")
        for outcome in view.outcomes[:SHOWN_OUTCOMES]:
            parts.append(_outcome(outcome))
        if len(view.outcomes) > SHOWN_OUTCOMES:
            parts.append(
                f"<p>The other {len(view.outcomes) - SHOWN_OUTCOMES} outcomes are in <code>solution.json</code>.</p>"
            )
    return "".join(parts)


def _solver_words(solution: Solution) -> str:
    return (
        "Each outcome is what the players see happen; many beliefs and plans off the path may support it, and "
        f"all of them are counted as one. Solver class: {safe(solution.solver_class)}."
    )


def _outcome(view: OutcomeView) -> str:
    varies = "" if view.unique else "; the outcome varies within the ranges shown"
    says = "; ".join(f"{label}: {words}" for label, words in view.says)
    heard = []
    for after in view.after:
        for k, (does, believes) in enumerate(after.options):
            where = f"{after.heard} ({after.by})" if after.by else after.heard
            first = f"{safe(where)}<br><small>{safe(after.status)}</small>" if k == 0 else "<small>or</small>"
            must = "must believe: " if after.status == NEVER and believes else ""
            heard.append((first, "<br>".join(safe(line) for line in does), safe(must + believes)))
    body = [
        table(("Type", "says"), [(safe(a), safe(b)) for a, b in view.says]),
        table(("After", "the audiences do", "and believe"), heard),
    ]
    if view.replies:
        body.append(table(("In the end, after", "the sender does"), [(safe(a), safe(b)) for a, b in view.replies]))
    body.append(table(("Player", "gets"), [(safe(a), safe(b)) for a, b in view.payoffs], css="exact"))
    if view.survives:
        body.append(table(("Refinement", "verdict"), [(safe(a), safe(b)) for a, b in view.survives]))
    body.append(
        f"<p><small>{view.families} famil{'y' if view.families == 1 else 'ies'} of equilibria, {view.points} "
        "extreme points.</small></p>"
    )
    return details(f"Outcome {view.id}: {view.kind}{varies}. {says}", "".join(body), opened=view.id <= OPEN_OUTCOMES)


def claims(content: PageContent) -> str:
    """Every claim of every side, those that cannot be asked among them."""
    if not content.claims:
        return ""
    signs = " ".join(standing_badge(s) for s in STANDINGS)
    parts = [f"<p>Every claim is asked in the same way, whoever makes it. Signs: {signs}</p>"]
    for about, title in (
        ("the model", "About the model"),
        ("the record", "About the record"),
        ("neither", "Not expressed, and why"),
    ):
        rows = [c for c in content.claims if c.about == about]
        if rows:
            parts.append(f"<h3>{title}</h3>" + _claims_table(content, rows, about))
    return "".join(parts)


def _claims_table(content: PageContent, rows: Sequence[ClaimRow], about: str) -> str:
    last = {"the model": "What would change it", "the record": "Counts and tests", "neither": "Reason"}[about]
    return stacked(
        ("Claim", "Answer", last), [(f"claim-{c.id}", _claim_cells(content, c, about)) for c in rows], css="claims"
    )


def _claim_cells(content: PageContent, claim: ClaimRow, about: str) -> tuple[str, str, str]:
    source = link(claim.source_url, claim.source_title) if claim.source_title or claim.source_url else ""
    statement = f'<div class="statement">{code(claim.statement)}</div>' if claim.statement else ""
    first = (
        f"{side_badge(content, claim.side)} <small>{safe(claim.id)}</small><p>{safe(claim.paraphrase)}</p>{statement}"
        f'<p class="source">{source}</p>'
    )
    interval = f'<p class="where">{safe(claim.interval)}</p>' if claim.interval.startswith("for ") else ""
    second = f"{standing_badge(claim.standing)}<p>{safe(claim.answer)}</p>{interval}"
    if claim.assumes:
        second += f"<p><small>Assumes: {safe('; '.join(claim.assumes))}.</small></p>"
    if claim.detail:
        second += f"<p><small>{safe(claim.detail)}</small></p>"
    if about == "neither":
        return first, standing_badge(claim.standing), f"<p>{safe(claim.reason)}</p>"
    if claim.record is not None:
        return first, second, _record_cell(claim.record)
    reason = f"<p>{safe(claim.reason)}</p>" if claim.reason else ""
    changes = "".join(f"<li>{safe(words)}</li>" for words in claim.changes)
    return (
        first,
        second,
        reason + (f"<ul>{changes}</ul>" if changes else f"<p>{safe(_unchanged(content, claim))}</p>" * (not reason)),
    )


def _unchanged(content: PageContent, claim: ClaimRow) -> str:
    if claim.statement.startswith(("over ", "for ")) and "over " in claim.statement:
        return "The ends of the interval are the values at which the answer changes."
    if any(other.changes for other in content.claims):
        return "No single parameter within the range that was searched."
    return "Not searched for in this run."


def _record_cell(row: RecordRow) -> str:
    facts = [
        ("Counted over cases", row.counts),
        ("Found", number(row.value)),
        ("Compared with", number(row.against)),
        ("In a random month", number(row.base_rate)),
        ("Difference by chance", number(row.expected)),
        ("p, calendar fixed", p_words(row.p, row.p_error)),
        ("p, clusters kept", p_words(row.p_clusters, None).replace(" (exact)", "")),
    ]
    shown = "".join(f"<dt>{safe(k)}</dt><dd>{safe(v)}</dd>" for k, v in facts if v and v != "–")
    return (
        f"<dl>{shown}</dl>{details('In words, and what so few cases can show', paragraphs([row.words]))}{_events(row)}"
    )


def _events(row: RecordRow) -> str:
    if not row.event_ids:
        return ""
    links = ", ".join(f'<a href="#event-{safe(i)}">{safe(i)}</a>' for i in row.event_ids)
    return details(f"The {len(row.event_ids)} events behind it", f'<p class="ids">{links}</p>')


def record(content: PageContent) -> str:
    """The table of what would tell the sides apart, each row answered."""
    if not content.lenses:
        return ""
    intro = (
        "<p>Each question is put to the record as statements that can come out either way. The p-value says how often "
        "chance would give a number at least as far out, when the months of one kind of event are exchanged while the "
        "eras and the election calendar are held fixed; ± is the error of the draws. A second test keeps events in "
        "their clusters. The record agrees or disagrees only where both are at most 0.1; else it cannot tell. An order "
        "in time shows no cause.</p>"
    )
    return intro + "".join(_lens(content, row) for row in content.lenses)


def _lens(content: PageContent, row: LensRow) -> str:
    expects = "".join(
        f"<p>{side_badge(content, side)} expects: {safe(words)}</p>" for side, words in row.expects.items()
    )
    cells = []
    for answer_row, wanted in zip(row.answers, row.wanted, strict=True):
        hopes = "<br>".join(f"{safe(content.side_name(side))}: {safe(_hope(want))}" for side, want in wanted.items())
        cells.append(
            (
                "",
                (
                    code(answer_row.statement),
                    f"{standing_badge(answer_row.standing)}<br><small>{hopes}</small>",
                    _record_cell(answer_row),
                ),
            )
        )
    tallies = "; ".join(
        f"{content.side_name(side)}: {met} met, {failed} failed, {left} open"
        for side, (met, failed, left) in row.met.items()
    )
    return (
        f'<section class="lens" id="lens-{safe(row.id)}"><h3>{safe(row.question)}</h3>{expects}'
        + stacked(("Statement", "Answer", "Counts and tests"), cells, css="claims")
        + f"<p><strong>Expectations.</strong> {safe(tallies)}.</p>"
        f"<p><strong>What it cannot show.</strong> {safe(row.cannot_show)}</p></section>"
    )


def _hope(want: str) -> str:
    return {"agrees": "expects agreement", "disagrees": "expects disagreement"}.get(want, "no expectation")


def timeline(content: PageContent) -> str:
    """The figure of all events and, folded, the same as a table."""
    if not content.events:
        return ""
    picture = timeline_svg(content.events, content.votes, content.groups)
    rows = []
    for row in content.events:
        e = row.event
        source = link(e.source_url, e.source_title or e.source_url) if e.source_url else safe(e.source_title)
        rows.append(
            (
                f"event-{e.id}",
                (
                    safe(row.when),
                    safe(f"{e.actor} → {e.target}"),
                    safe(f"{e.action} ({e.intensity})"),
                    safe(e.summary),
                    f"{source}<br><small>{safe(e.confidence)}</small>",
                ),
            )
        )
    held = [
        (f"event-{v.id}", (safe(v.date), safe(v.name or v.kind), link(v.source_url, v.source_title or v.source_url)))
        for v in content.votes
    ]
    votes = stacked(("Date", "Vote", "Source"), held, css="events") if held else ""
    return (
        f"<p>{len(content.events)} events. Point at a mark to read it; click it to open its source. Size is intensity; "
        "hollow marks are recalled with no page at hand; dashed lines are presidential elections and referendums. "
        "Marks close together are moved up or down within their row.</p>"
        f'<figure><div class="scroll">{picture}</div></figure>'
        + details(
            f"All {len(content.events)} events as a table",
            stacked(("Date", "Who", "Act (intensity)", "What happened", "Source"), rows, css="events") + votes,
        )
    )


def assumptions(content: PageContent) -> str:
    """What was assumed, in words, and the parameters with where they come from."""
    parts = []
    if content.assumptions:
        parts.append("<ul>" + "".join(f"<li>{safe(words)}</li>" for words in content.assumptions) + "</ul>")
    if content.parameters:
        rows = [(code(p.name), code(p.value), safe(p.meaning)) for p in content.parameters]
        parts.append("<h3>Parameters</h3>" + table(("Name", "Value", "Meaning and where it comes from"), rows))
    return "".join(parts)


def method(content: PageContent) -> str:
    """Method, certificates, versions, how to reproduce."""
    if not content.method:
        return ""
    return table(
        ("", ""), [(f"<strong>{safe(label)}</strong>", safe(words)) for label, words in content.method], css="method"
    )


def sources(content: PageContent) -> str:
    """The works cited."""
    rows = [
        f'<li id="source-{safe(s.key)}">{safe(s.words)} {link(s.url, s.url) if s.url else ""}</li>'
        for s in content.sources
    ]
    return f"<ol>{''.join(rows)}</ol>" if rows else ""
