"""Thresholds of the case: where along one parameter the equilibria, the best policy and each claim change."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial

from doubletalk.exact import Rational
from doubletalk.regions.atlas_data import solved_text
from doubletalk.regions.atlas_questions import Best, Structure
from doubletalk.regions.critical import critical_values
from doubletalk.regions.thresholds import Line, find_thresholds
from doubletalk.regions.thresholds_data import rows_of, shortened, thresholds_csv
from doubletalk.regions.thresholds_game import AskClaims, AskLine
from doubletalk.report.page_content import ClaimRow, PageContent, Section
from doubletalk.report.sections.badges import side_badge, which_world
from doubletalk.report.sections.solved import keep, solver_beside
from doubletalk.report.tables import safe, stacked
from doubletalk.report.thresholds_figure import thresholds_svg
from doubletalk.report.window_figure import number_words

__all__ = ["thresholds"]

GRID, MOST = 12, 24
"""Equal steps, and at most so many values at which payoffs turn: what a report can wait for."""


@dataclass(frozen=True)
class _Ask:
    """The policy of the first audience, the outcomes, and every claim, asked together."""

    line: AskLine
    claims: AskClaims

    def __call__(self, x: Rational, y: Rational) -> Hashable:
        """The answers of the line, then those of the claims."""
        first, second = self.line(x, y), self.claims(x, y)
        assert isinstance(first, tuple)
        assert isinstance(second, tuple)
        return (*first[:-1], *second)

    def words(self, k: int, answer: Hashable) -> str:
        """An answer in words."""
        mine = len(self.line.questions)
        return self.line.words(k, answer) if k < mine else self.claims.words(k - mine, answer)


def thresholds(content: PageContent) -> Section | None:
    """Along the first parameter of ``atlas:`` in case.yaml; None without one. What was solved is kept."""
    study = content.study
    if study is None or not study.case.atlas or study.stopped:
        return None
    case = study.case
    which, roles = case.window if case.window is not None else (next(iter(case.games)), None)
    name = case.atlas[0][0]
    file = case.games[which]
    who = roles.first if roles is not None else file.game().audiences[0].name
    ask = _Ask(AskLine(file, name, (Best(who), Structure()), {}), AskClaims(case, which, name, {}))
    labels = [f"best policy of {content.name(who)}", "outcomes of each kind", *ask.claims.labels]
    found, files = _found(content, ask, labels)
    files["thresholds.csv"] = thresholds_csv(found, ask.words)
    changing = [k for k, line in enumerate(found) if line.changes]

    def words(place: int, answer: Hashable) -> str:
        return _told(content, ask, changing[place], answer)

    mark = file.values()[name]
    body = f"<p>{safe(_intro(content, name, found[0]))}</p>{which_world(content)}"
    if changing:
        lines = [found[k] for k in changing]
        broad, slim = (thresholds_svg(lines, words, wide=wide, mark=mark) for wide in (True, False))
        body += f'<div class="scroll">{broad}</div>{slim}'
    body += _table(content, ask, found)
    return Section("thresholds", "Thresholds", body, files)


def _found(content: PageContent, ask: _Ask, labels: Sequence[str]) -> tuple[tuple[Line, ...], dict[str, str]]:
    """The lines, and what was solved for them as a file."""
    assert content.study is not None
    name, low, high = content.study.case.atlas[0]
    of = f"{ask.line.fingerprint[:16]}{ask.claims.fingerprint[:16]}"
    file = f"thresholds-solved-{of[:6]}{of[16:22]}.json"
    place = None if content.folder is None else content.folder / file
    solver = solver_beside(ask, of, place)
    try:
        turns = critical_values(ask.claims.game_at, low, high, MOST)
        found = find_thresholds(solver, name, low, high, labels, turns, GRID)
    except KeyboardInterrupt:
        keep(solver, of, place)
        raise
    return found, {file: solved_text(solver.known, of)}


def _told(content: PageContent, ask: _Ask, k: int, answer: Hashable) -> str:
    """An answer in words; the policies, asked first, as the report calls them."""
    words = ask.words(k, answer)
    return " or ".join(map(content.name, words.split(" or "))) if k == 0 else words


def _intro(content: PageContent, name: str, line: Line) -> str:
    known = content.words.get(name)
    told = f"{known} ({name})" if known else name
    return (
        f"One number is varied and everything else is held: {told}, from {line.low} to {line.high}. All equilibria "
        f"are found exactly at {line.probes} of its values, {line.critical} where some comparison of payoffs turns, "
        "and every claim about the model is answered at each. Where an answer changes, the value is named exactly and "
        "confirmed at it and on both sides. The dashed line is where the game file puts it. What would change an "
        "answer along other parameters stands beside each claim above. A change that begins and ends between two of "
        f"the values, at most {number_words(line.widest)} apart, is not seen."
    )


def _table(content: PageContent, ask: _Ask, found: Sequence[Line]) -> str:
    """The lines that change, the claims with a range of their own, and below them those that never change."""
    name = found[0].name
    by_id = {claim.id: claim for claim in content.claims}
    rows = []
    steady: dict[str, list[str]] = {}
    for k, line in enumerate(found):
        claim = by_id.get(line.question)
        if claim is not None and not line.changes:
            steady.setdefault(ask.words(k, line.stretches[0].answer), []).append(_linked(claim))
            continue
        words = safe(line.question[:1].upper() + line.question[1:])
        rows.append(
            ("", (f"<p>{words}</p>" if claim is None else _named(content, claim), _along(content, ask, k, line)))
        )
    for filed in ask.claims.left_out:
        claim = by_id.get(filed.id)
        if claim is not None and claim.interval.startswith("for "):
            rows.append(("", (_named(content, claim), f"<p>Holds {safe(claim.interval)}.</p>")))
    listed = "".join(
        f"<p><strong>{safe(told[:1].upper() + told[1:])}:</strong> {', '.join(who)}.</p>"
        for told, who in sorted(steady.items())
    )
    none = f"<h3>No change along {safe(name)}</h3>{listed}" if steady else ""
    return stacked(("What", "Where"), rows) + none


def _linked(claim: ClaimRow) -> str:
    return f'<a href="#claim-{safe(claim.id)}" title="{safe(claim.paraphrase)}">{safe(claim.id)}</a>'


def _named(content: PageContent, claim: ClaimRow) -> str:
    return f"{side_badge(content, claim.side)} {_linked(claim)}<p>{safe(claim.paraphrase)}</p>"


def _along(content: PageContent, ask: _Ask, k: int, line: Line) -> str:
    if not line.changes:
        return f"<p>No change: {safe(_told(content, ask, k, line.stretches[0].answer))}.</p>"
    items = []
    for row in rows_of(line, k, partial(_told, content, ask)):
        if row.kind == "between":
            where = f"{shortened(row.start, 12, 6)} < {line.name} < {shortened(row.end, 12, 6)}"
        elif row.equation:
            where = f"{line.name} = {row.decimals}…, {row.equation}"
        else:
            where = f"{line.name} = {shortened(row.start, 12, 6)}"
        items.append(f"<li>{safe(where)}: {safe(row.answer)}</li>")
    return f"<ul>{''.join(items)}</ul>"
