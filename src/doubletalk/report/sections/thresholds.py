"""Thresholds of the case: where along one parameter the equilibria, the best policy and each claim change."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from doubletalk.errors import InputError
from doubletalk.exact import Rational, text
from doubletalk.regions.atlas_data import solved_text
from doubletalk.regions.atlas_questions import NOT_SOLVED, Best, Several, Structure
from doubletalk.regions.critical import critical_values
from doubletalk.regions.thresholds import Line, Stretch, find_thresholds
from doubletalk.regions.thresholds_data import rows_of, shortened, thresholds_csv
from doubletalk.regions.thresholds_game import AskClaims, AskLine
from doubletalk.report.chronicle_data import csv_text
from doubletalk.report.page_content import ClaimRow, PageContent, Section
from doubletalk.report.sections.badges import side_badge, which_world
from doubletalk.report.sections.solved import keep, solver_beside
from doubletalk.report.tables import details, safe, stacked
from doubletalk.report.thresholds_figure import thresholds_svg
from doubletalk.report.window_figure import number_words

__all__ = ["settled", "thresholds"]

GRID, MOST = 12, 24
"""Equal steps, and at most so many values at which payoffs turn: what a report can wait for."""
GRID_ELSEWHERE, MOST_ELSEWHERE = 6, 12
"""The same in each of the other worlds, where claims alone are asked."""
LIMIT_S = 1.0
"""Seconds for one solve; at a knife edge where thousands of responses tie it is given up, and said to be open."""


@dataclass(frozen=True)
class _Ask:
    """The questions of ``line``, and every claim, asked together of one solution."""

    line: AskLine
    claims: AskClaims

    def __call__(self, x: Rational, y: Rational) -> Hashable:
        """The answers of the line, then those of the claims."""
        try:
            game = self.claims.game_at(x)
        except InputError:
            first, second = self.line(x, y), self.claims(x, y)
        else:
            first = Several(self.line.questions, self.line.limit_s).answer(game)
            second = self.claims.answered(game, x)
        assert isinstance(first, tuple)
        assert isinstance(second, tuple)
        return (*first[:-1], *second)

    def words(self, k: int, answer: Hashable) -> str:
        """An answer in words."""
        mine = len(self.line.questions)
        return self.line.words(k, answer) if k < mine else self.claims.words(k - mine, answer)


@dataclass(frozen=True)
class _Found:
    """What was found along one parameter in one world; ``open_at`` values at which it is not known what holds."""

    ask: _Ask
    lines: tuple[Line, ...]
    open_at: tuple[str, ...]

    @property
    def name(self) -> str:
        """The parameter."""
        return self.lines[0].name

    def claims(self) -> dict[str, Line]:
        """Claim -> its line."""
        return {line.question: line for line in self.lines[len(self.ask.line.questions) :]}


def thresholds(content: PageContent) -> Section | None:
    """Along the parameters of ``atlas:`` in case.yaml, as filed, and along the first of them in every other world; None
    without any. What was solved is kept."""
    study = content.study
    if study is None or not study.case.atlas or study.stopped:
        return None
    files: dict[str, str] = {}
    body = ""
    for k, (name, low, high) in enumerate(study.case.atlas):
        found = _along_parameter(content, (name, low, high), {}, files)
        files["thresholds.csv" if k == 0 else f"thresholds-{name}.csv"] = thresholds_csv(found.lines, found.ask.words)
        head = "" if k == 0 else f"<h3>Along {safe(_parameter(content, name))}</h3>"
        note = which_world(content) if k == 0 else ""
        body += head + f"<p>{safe(_intro(content, found, k == 0))}</p>{note}" + _drawn(content, found)
        body += _table(content, found)
    body += _worlds(content, files)
    return Section("thresholds", "Thresholds", body, files)


def _along_parameter(
    content: PageContent,
    between: tuple[str, Rational, Rational],
    settings: Mapping[str, Rational],
    files: dict[str, str] | None = None,
) -> _Found:
    """The lines along one parameter, other values as in *settings*; what was solved goes into *files*. Without it, in
    another world, claims alone are asked, and less densely."""
    assert content.study is not None
    case, (name, low, high), elsewhere = content.study.case, between, files is None
    which, roles = case.window if case.window is not None else (next(iter(case.games)), None)
    file = case.games[which]
    who = roles.first if roles is not None else file.game().audiences[0].name
    values = {key: value for key, value in settings.items() if key != name}
    more = () if elsewhere else (Best(who), Structure())
    ask = _Ask(AskLine(file, name, more, values, LIMIT_S), AskClaims(case, which, name, values, LIMIT_S))
    labels = [f"best policy of {content.name(who)}", "outcomes of each kind"] if more else []
    labels += ask.claims.labels
    of = f"{ask.line.fingerprint[:16]}{ask.claims.fingerprint[:16]}"
    kept = f"thresholds-solved-{of[:6]}{of[16:22]}.json"
    place = None if content.folder is None or files is None else content.folder / kept
    solver = solver_beside(ask, of, place)
    try:
        turns = critical_values(ask.claims.game_at, low, high, MOST_ELSEWHERE if elsewhere else MOST)
        lines = find_thresholds(solver, name, low, high, labels, turns, GRID_ELSEWHERE if elsewhere else GRID)
    except KeyboardInterrupt:
        keep(solver, of, place)
        raise
    if files is not None:
        files[kept] = solved_text(solver.known, of)
    return _Found(ask, tuple(map(settled, lines)), _open_at(lines))


def _drawn(content: PageContent, found: _Found) -> str:
    """The picture of the lines that change, wide and slim; "" where none does."""
    assert content.study is not None
    changing = [k for k, line in enumerate(found.lines) if line.changes]
    if not changing:
        return ""

    def words(place: int, answer: Hashable) -> str:
        return _told(content, found.ask, changing[place], answer)

    mark = found.ask.line.file.values()[found.name]
    lines = [found.lines[k] for k in changing]
    broad, slim = (thresholds_svg(lines, words, wide=wide, mark=mark) for wide in (True, False))
    return f'<div class="scroll">{broad}</div>{slim}'


def _worlds(content: PageContent, files: dict[str, str]) -> str:
    """Along the first parameter in every world but the one as filed: the claims that change, and where."""
    assert content.study is not None
    case = content.study.case
    others = [world for world in case.worlds if not world.as_filed]
    if not others:
        return ""
    found = {world.name: _along_parameter(content, case.atlas[0], world.values) for world in others}
    by_id = {claim.id: claim for claim in content.claims}
    number = {row.name: row.number for row in content.worlds}
    rows: list[tuple[str, tuple[str, str]]] = []
    table_rows: list[dict[str, str]] = []
    for name in next(iter(found.values())).claims():
        where = {world: each.claims()[name] for world, each in found.items()}
        told = {world: _said(line) for world, line in where.items() if line.changes}
        table_rows += [{"claim": name, "world": world, "changes_at": at} for world, at in told.items()]
        if told and name in by_id:
            groups: dict[str, list[str]] = {}
            for world, at in told.items():
                groups.setdefault(at, []).append(f"world {number.get(world, world)}")
            items = "".join(f"<li>{safe(at)} ({safe(', '.join(those))})</li>" for at, those in groups.items())
            rows.append(("", (_named(content, by_id[name]), f"<ul>{items}</ul>")))
    if table_rows:
        files["thresholds-worlds.csv"] = csv_text(table_rows)
    name = _parameter(content, case.atlas[0][0])
    head = f"<h3>In the other {len(others)} worlds, along {safe(name)}</h3>"
    if not rows:
        return f"{head}<p>No claim changes.</p>"
    words = "Claims that change in some of them, and at which values, asked at fewer values than above."
    return f"{head}<p>{words}</p>" + details(f"{len(rows)} claims", stacked(("Claim", "Changes at"), rows))


def _said(line: Line) -> str:
    """The values at which a line changes, in a row."""
    values = [
        f"{change.root.decimals()}…"
        if change.root is not None
        else shortened(text(change.value), 12, 6)
        if change.value is not None
        else f"between {shortened(text(change.low), 12, 6)} and {shortened(text(change.high), 12, 6)}"
        for change in line.changes
    ]
    return f"{line.name} = {', '.join(values)}"


def _parameter(content: PageContent, name: str) -> str:
    known = content.words.get(name)
    return f"{known} ({name})" if known else name


def _told(content: PageContent, ask: _Ask, k: int, answer: Hashable) -> str:
    """An answer in words; the policies, asked first, as the report calls them."""
    words = ask.words(k, answer)
    return " or ".join(map(content.name, words.split(" or "))) if k == 0 else words


def _intro(content: PageContent, found: _Found, first: bool) -> str:
    line, slow = found.lines[0], found.open_at
    told = _parameter(content, found.name)
    unsolved = (
        f" At {' and '.join(slow)} the equilibria were not all found in {LIMIT_S:g} s: what holds there is open."
        if slow
        else ""
    )
    asked = (
        f"asked at {line.probes} values, {line.critical} of them where a comparison of payoffs turns; a change that "
        f"begins and ends between two of them, at most {number_words(line.widest)} apart, is not seen.{unsolved}"
    )
    if not first:
        return f"The same with {told} varied from {line.low} to {line.high}, {asked}"
    return (
        f"One number is varied and everything else is held: {told}, from {line.low} to {line.high}. All equilibria are "
        "found exactly and every claim about the model is answered at each value. Where an answer changes, the value "
        "is named exactly and confirmed at it and on both sides. The dashed line is where the game file puts it. What "
        f"would change an answer along other parameters stands beside each claim above. It was {asked}"
    )


def settled(line: Line) -> Line:
    """The line without the values at which a solve took too long, where the answers on both sides agree."""
    cut = {c.value for c in line.changes if c.at_it == NOT_SOLVED and c.below == c.above}
    stretches: list[Stretch] = []
    for each in line.stretches:
        one = bool(stretches) and each.low in cut and stretches[-1].high == each.low
        stretches.append(Stretch(stretches.pop().low, each.high, each.answer) if one else each)
    changes = tuple(c for c in line.changes if c.value is None or c.value not in cut)
    return replace(line, changes=changes, stretches=tuple(stretches))


def _open_at(lines: Sequence[Line]) -> tuple[str, ...]:
    """The values at which a solve took too long."""
    values = {c.value for line in lines for c in line.changes if c.value is not None and c.at_it == NOT_SOLVED}
    return tuple(f"{lines[0].name} = {shortened(text(value), 12, 6)}" for value in sorted(values))


def _table(content: PageContent, along: _Found) -> str:
    """The lines that change, the claims with a range of their own, and below them those that never change."""
    ask, found, name = along.ask, along.lines, along.name
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
