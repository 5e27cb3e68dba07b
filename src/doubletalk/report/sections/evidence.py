"""What the record says for each lens: evidence with its errors, the stance over time, coefficients, sensitivity."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from doubletalk.case.posterior_data import coefficient_rows, stance_rows
from doubletalk.case.posterior_study import PosteriorStudy, StanceRow
from doubletalk.report.chronicle_data import csv_text
from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.page_sources import find_address, read_sources
from doubletalk.report.stance_figure import stance_svg
from doubletalk.report.tables import code, details, link, paragraphs, safe, stacked

if TYPE_CHECKING:  # these modules need jax, and a report is written without it too
    from doubletalk.lenses.comparing import Pair
    from doubletalk.lenses.evidence import LensEvidence
    from doubletalk.lenses.work import Compared

__all__ = ["evidence"]

HEADING = "What the record says for each lens"
MOVERS = 6
"""How many quarters are named that moved the stance most."""
METHODS = {
    "Laplace": "Laplace's approximation",
    "reweighting": "reweighting the draws",
    "importance sampling": "importance sampling after a fit of its own",
}
"""What ``Variation.method`` is called."""

LEARNED = 0.8
"""A posterior interval wider than this share of the prior's is called as wide as before."""


def evidence(content: PageContent) -> Section | None:
    """The lenses of the case compared on its record; None in a case without a long game or a record."""
    found = content.study.evidence if content.study is not None else None
    if found is None:
        return None
    if found.missing or found.compared is None:
        return Section("evidence", HEADING, paragraphs([f"The record was not fitted: {found.missing}."]))
    from doubletalk.lenses.output import files_of

    body = (
        _intro(found)
        + _lenses(content, found.compared)
        + _evidence(content, found.compared)
        + _scores(found.compared)
        + _stance(content, found)
        + _coefficients(found)
        + _sensitivity(found.compared)
        + _limits(content, found)
    )
    files = {
        **files_of(found.compared),
        "posterior-coefficients.csv": coefficient_rows(found),
        "posterior-stance.csv": stance_rows(found),
    }
    return Section("evidence", HEADING, body, {name: csv_text(rows) for name, rows in files.items() if rows})


def _intro(study: PosteriorStudy) -> str:
    from doubletalk.lenses.output import method_words

    found = study.compared
    assert found is not None
    saved, unread, found_lens = study.saved, study.unread, study.lens
    quarters = found.record.quarters
    told = (
        f"<strong>Approximate.</strong> {safe(method_words(found))}. The errors printed beside the numbers are those "
        "of the approximation, where they could be measured."
    )
    if saved is not None:
        doubt = "" if saved.converged else " It has NOT converged."
        told += safe(
            f" Coefficients and stance under {found_lens} are from the saved fit {saved.name}: {saved.words}.{doubt}"
        )
    if unread:
        told += safe(f" The fit that the case folder holds was not read: {unread}.")
    words = (
        f"The coefficients of the long game are fitted to the coded record, {quarters[0]} to {quarters[-1]}, "
        f"{len(quarters)} {found.game.period}s, with priors from the file. A lens is an account of the game: which "
        "stance it sees, what it leaves open and what it holds fixed. Its evidence is the marginal likelihood, the "
        "chance that it gave beforehand to what was done, averaged over its priors: a lens with more freedom spreads "
        "its bets wider and is not helped by freedom alone."
    )
    return f"<p>{told}</p>" + paragraphs([words, found.lenses.note] if found.lenses.note else [words])


# ---- the lenses ------------------------------------------------------------------------------------------------------


def _lenses(content: PageContent, found: Compared) -> str:
    from doubletalk.lenses.output import restriction_rows

    sources = read_sources(content.study.case.sources) if content.study is not None else {}
    rows = []
    for lens in found.lenses.lenses:
        title, url = find_address(lens.source, sources)
        from_ = f"<br><small>In our words: {safe(lens.sentence)}. {link(url, title)}</small>" if lens.sentence else ""
        stance = "either" if lens.stance not in found.game.stances else f"{content.name(lens.stance)}, known to all"
        held = ", ".join(f"{name} at {item.value:g}" for name, item in lens.held.items()) or "nothing"
        item = found.evidence.get(lens.name)
        free = "–" if item is None else f"{len(item.free)} ({item.directions})"
        rows.append(("", (f"{code(lens.name)} {safe(lens.means)}{from_}", safe(stance), safe(held), safe(free))))
    reasons = [row for row in restriction_rows(found) if row["status"] in ("held", "idle")]
    folded = stacked(
        ("Lens", "Coefficient", "What", "Why"),
        [("", (code(r["lens"]), code(r["coefficient"]), _status(r), safe(r["because"]))) for r in reasons],
    )
    return (
        "<h3>The lenses</h3>"
        + stacked(("Lens", "Stance", "Held", "Free coefficients (directions)"), rows)
        + "<p>Directions: the rank of the payoffs in the free coefficients. Two coefficients on one feature are "
        "one.</p>" + (details(f"What is held or plays no part, and why ({len(reasons)})", folded) if reasons else "")
    )


def _status(row: dict[str, object]) -> str:
    return f"held at {row['value']:g}" if row["status"] == "held" else "plays no part"


# ---- evidence and scores ---------------------------------------------------------------------------------------------


def _evidence(content: PageContent, found: Compared) -> str:
    from doubletalk.lenses.comparing import pairs, weights_of

    chances = weights_of(found.evidence)
    rows = []
    for name, item in found.evidence.items():
        rows.append(("", (
            code(name), f"{item.laplace:.2f}", _sampled(item), _quality(item), f"{chances[name]:.2f}",
        )))  # fmt: skip
    told = [_verdict(pair) for pair in pairs(found.evidence)]
    listed = "".join(f"<li>{safe(words)}</li>" for words in told)
    failed = "".join(f"<p>Not worked out: {safe(name)}; {safe(why)}.</p>" for name, why in found.failed.items())
    head = ("Lens", "Log evidence, Laplace", "Log evidence, sampled", "Quality of the draws", "Probability")
    return (
        "<h3>Evidence</h3>"
        + stacked(head, rows, css="exact")
        + "<p>Probability: of the lens, had all of these been equally likely beforehand and no other thinkable. ± is "
        "one Monte-Carlo standard error; it can be believed where Pareto k is below 0.7 and ten draws or more are "
        "effective. Words for the size of a difference are those of Kass and Raftery (1995).</p>"
        + f"<ul>{listed}</ul>{failed}"
    )


def _sampled(item: LensEvidence) -> str:
    value, error, _ = item.best
    return "–" if item.draws is None and item.bridged is None else f"{value:.2f} ± {error:.2f}"


def _quality(item: LensEvidence) -> str:
    settled = "" if item.fit.settled else "the climb did NOT settle; "
    if item.bridged is not None:
        return f"by bridge sampling, from the saved fit{'' if item.trusted else ', NOT to be trusted'}"
    if item.draws is None:
        return f"{settled}none drawn"
    doubt = "" if item.trusted else ", NOT to be trusted"
    failed = f", {item.draws.failed} without equilibrium" if item.draws.failed else ""
    size = f"{item.effective:.0f} effective of {len(item.draws.log_weights)}"
    return f"{settled}{size}{failed}; k {item.pareto_k:.2f}{doubt}"


def _verdict(pair: Pair) -> str:
    words = pair.words[:1].upper() + pair.words[1:]
    number = f"log Bayes factor {pair.log_factor:+.2f}" + (f" ± {pair.error:.2f}" if math.isfinite(pair.error) else "")
    if pair.more_free:
        more, fewer = (pair.one, pair.other) if pair.more_free > 0 else (pair.other, pair.one)
        freedom = f"{more} has {abs(pair.more_free)} free coefficients more than {fewer}"
    else:
        freedom = "both have as many free coefficients"
    doubt = "" if pair.trusted else "; not to be trusted, see the quality of the draws"
    return f"{words} ({pair.one} less {pair.other}: {number}; {freedom}){doubt}."


def _scores(found: Compared) -> str:
    if not found.scores:
        return ""
    from doubletalk.lenses.comparing import score_pairs

    rows = []
    for each in score_pairs(found.scores, found.actors):
        rows.append(("", (f"{code(each.one)} less {code(each.other)}", safe(each.actor or "all"),
                          f"{each.difference:+.2f} ± {each.error:.2f}")))  # fmt: skip
    return (
        "<h3>Predictions one step ahead</h3><p>Each quarter predicted from those before it. ± is the paired standard "
        "error over quarters.</p>" + stacked(("Lenses", "Actor", "Difference of log scores"), rows, css="exact")
    )


# ---- the stance over time --------------------------------------------------------------------------------------------


def _stance(content: PageContent, found: PosteriorStudy) -> str:
    rows, compared = found.stance, found.compared
    if not rows or compared is None:
        return ""
    game = compared.game
    actor, last = content.name(game.informed), content.name(game.stances[-1])
    title = f"Probability that {actor} is {last}"
    wide, narrow = (stance_svg(rows, title, wide=w) for w in (True, False))
    top = sorted(rows, key=lambda row: -abs(row.shift))[:MOVERS]
    words = (
        f"Under the lens {found.lens}, which has it at {game.belief:g} in the beginning by assumption. The full line "
        f"is what {actor}'s deeds up to each {game.period} say, with the band in which it lies in 90 per cent of the "
        f"posterior; the broken line is the same with all later deeds known. It ends at {rows[-1].then:.2f} "
        f"({rows[-1].low:.2f} to {rows[-1].high:.2f}); lowest {min(row.then for row in rows):.2f}, highest "
        f"{max(row.then for row in rows):.2f}. Coefficients are those of the whole record throughout."
    )
    table = stacked(
        (game.period.capitalize(), "What was done", f"Log odds of {last}", "Events behind the move"),
        [("", _mover(content, row)) for row in top],
    )
    return (
        f"<h3>{safe(title)}</h3>{paragraphs([words])}"
        f'<figure><div class="scroll">{wide}</div>{narrow}</figure>'
        f"<p>The {len(top)} {safe(game.period)}s whose deeds moved it most, with the 90 per cent interval:</p>{table}"
    )


def _mover(content: PageContent, row: StanceRow) -> Sequence[str]:
    events = {item.event.id: item for item in content.events}
    told = []
    for name in row.events:
        item = events.get(name)
        if item is None:
            told.append(safe(name))
            continue
        source = link(item.event.source_url, item.event.source_title or "source")
        told.append(f'<a href="#event-{safe(name)}">{safe(item.when)}</a>: {safe(item.event.summary)} {source}')
    listed = "".join(f"<li>{words}</li>" for words in told)
    behind = f"<ul>{listed}</ul>" if listed else "none: the coding's default, nothing of note in the chronicle"
    moved = f"{row.shift:+.2f} ({row.shift_low:+.2f} to {row.shift_high:+.2f})"
    return safe(row.quarter), safe(row.move.replace(",", ", ").replace("_", " ")), safe(moved), behind


# ---- coefficients, sensitivity, limits -------------------------------------------------------------------------------


def _coefficients(found: PosteriorStudy) -> str:
    if not found.coefficients:
        return ""
    rows = []
    for row in found.coefficients:
        sure = "–" if math.isnan(row.positive) else f"{row.positive:.2f}"
        rows.append(("", (
            f"{code(row.name)}<br><small>{safe(row.means)}</small>", f"{row.median:.2f}",
            f"{row.low:.2f} to {row.high:.2f}", f"{row.prior[0]:.2f} to {row.prior[2]:.2f}", sure,
        )))  # fmt: skip
    head = ("Coefficient", "Median", "90 % interval", "90 % of the prior", "P(above zero)")
    return (
        f"<h3>The coefficients</h3><p>Under the lens {safe(found.lens)}, in units of the shock per quarter. Where the "
        "prior allows one sign only, the last column is empty.</p>"
        + details(f"All {len(rows)} coefficients", stacked(head, rows, css="exact"))
    )


def _sensitivity(found: Compared) -> str:
    rows = found.variations
    if not rows:
        return ""
    names = list(found.evidence)
    changed = list(dict.fromkeys((row.kind, row.value) for row in rows))
    cells = {(row.kind, row.value, row.lens): row for row in rows}
    filed = {name: _Cell(*item.best[:2], item.trusted) for name, item in found.evidence.items()}
    lines = {"as filed": filed}
    for kind, value in changed:
        own = {
            n: _Cell(cell.log_evidence, cell.error, cell.trusted)
            for n in names
            if (cell := cells.get((kind, value, n))) is not None
        }
        # A lens of one stance has no belief at the start: it stays as it is.
        lines[_change_words(kind, value)] = {**filed, **own} if kind == "belief" else own
    shown = [("", (safe(words), *(_against(line.get(n), line) for n in names))) for words, line in lines.items()]
    used = {m: [n for n in names if any(r.lens == n and r.method == m for r in rows)] for m in {r.method for r in rows}}
    methods = "; ".join(f"{', '.join(those)} by {METHODS.get(m, m)}" for m, those in sorted(used.items()))
    return (
        "<h3>What it hangs on</h3><p>Each cell is how far the lens's log evidence is behind that of the best lens in "
        "its row (0.00 marks the best), with the Monte-Carlo error of its own evidence in brackets, where it has one. "
        f"Below the first row: {safe(methods)}. A star: not to be trusted, since the weights are too uneven (Pareto k "
        "above 0.7) or the fit did not settle.</p>"
        + stacked(("With", *names), shown, css="exact")
        + _switches(lines, names)
    )


class _Cell(NamedTuple):
    """A log evidence with its error, and whether they can be believed."""

    value: float
    error: float
    trusted: bool


def _against(cell: _Cell | None, line: Mapping[str, _Cell]) -> str:
    known = [other.value for other in line.values() if math.isfinite(other.value)]
    if cell is None or not math.isfinite(cell.value):
        return "–"
    error = f" ({cell.error:.2f})" if math.isfinite(cell.error) else ""
    return f"{cell.value - max(known):.2f}{error}{'' if cell.trusted else ' *'}"


def _change_words(kind: str, value: str) -> str:
    if kind == "priors":
        return f"priors {value} times as wide"
    return f"the coding {value}" if kind == "coding" else f"a belief of {value} at the start"


def _switches(lines: Mapping[str, Mapping[str, _Cell]], names: Sequence[str]) -> str:
    """In how many rows each lens is best."""
    best = [max(line, key=lambda name: line[name].value) for line in lines.values() if line]
    counts = ", ".join(f"{name} in {best.count(name)}" for name in names if name in best)
    return f"<p>Best in these {len(best)} rows: {safe(counts)}.</p>"


def _limits(content: PageContent, found: PosteriorStudy) -> str:
    compared = found.compared
    assert compared is not None
    game, quarters = compared.game, compared.record.quarters
    wide = [row for row in found.coefficients if row.high - row.low > LEARNED * (row.prior[2] - row.prior[0])]
    actor = content.name(game.informed) if game.informed else "the actor"
    most = max((len(item.free) for item in compared.evidence.values()), default=0)
    named = f": {', '.join(row.name for row in wide)}" if wide else ""
    points = [
        f"{len(quarters)} {game.period}s of {len(game.actors)} actors are fitted with up to {most} coefficients. Of "
        f"those under {found.lens}, {len(wide)} of {len(found.coefficients)} have an interval at least {LEARNED:g} "
        f"times as wide as before the record{named}. What is said of them is the prior.",
        "A marginal likelihood compares accounts as they are written here, priors included. It does not say that the "
        "best of them is right, and an account that nobody wrote down is not compared.",
        f"That {actor} may have one of two stances, how readily a stance is left, and the odds at the start are "
        "assumed. Chances of transitions are counted in the same coding and carry no uncertainty; moves in a "
        f"{game.period} are as coded.",
        "A game may have several equilibria; the fit follows the one that the solver reaches from the point before.",
        "One country and one government: nothing here says that the same coefficients would hold elsewhere or later.",
    ]
    if not compared.scores:
        points.append(
            "How well each lens predicts was not asked in this study; doubletalk lenses does, with more draws and with "
            "other priors and codings drawn too."
        )
    return "<h3>What so short a record cannot say</h3><ul>" + "".join(f"<li>{safe(p)}</li>" for p in points) + "</ul>"
