"""The atlas of the case: over two parameters, which policy is best and which equilibria there are."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from pathlib import Path

from doubletalk.case.claims_file import Claim
from doubletalk.exact import text
from doubletalk.regions.atlas import Atlas, draw_atlas
from doubletalk.regions.atlas_cells import Axis, Grid
from doubletalk.regions.atlas_claim import AskClaim
from doubletalk.regions.atlas_data import boundary_csv, curves_csv, points_csv, solved_text
from doubletalk.regions.atlas_game import AskGame, Question
from doubletalk.regions.atlas_questions import Best, Structure
from doubletalk.regions.atlas_solving import Point
from doubletalk.report.atlas_figure import atlas_svg
from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.sections.badges import side_badge, which_world
from doubletalk.report.sections.solved import keep, solver_beside
from doubletalk.report.tables import paragraphs, safe, table
from doubletalk.report.window_figure import number_words

__all__ = ["atlas"]

FINE, COARSE = (8, 3), (5, 0)
"""(cells each way, cuts) for best policies, which need no solving, and for equilibria, which do."""


def atlas(content: PageContent) -> Section | None:
    """Both atlases with their boundaries; None without ``atlas:`` in case.yaml. What was solved is kept beside it."""
    study = content.study
    if study is None or not study.case.atlas:
        return None
    case = study.case
    name, roles = case.window if case.window is not None else (next(iter(case.games)), None)
    file = case.games[name]
    x, y = (Axis(*given) for given in case.atlas)
    who = roles.first if roles is not None else file.game().audiences[0].name
    values = file.values()
    mark = values[x.name], values[y.name]
    files: dict[str, str] = {}
    body = f"<p>{safe(_intro(content, x, y))}</p>{which_world(content)}"
    asked: tuple[tuple[str, Question, tuple[int, int]], ...] = (
        ("policies", Best(who), FINE),
        ("equilibria", Structure(), COARSE),
    )
    for key, question, (coarse, depth) in asked:
        ask = AskGame(file, (x.name, y.name), question, {})
        found, solved = _drawn(content, ask, Grid(x, y, coarse, depth), content.folder, exact=depth > 0)
        files[f"atlas-{key}.csv"] = points_csv(found)
        files[_solved_name(ask)] = solved
        if found.boundary and depth > 0:
            files[f"atlas-{key}-boundary.csv"] = boundary_csv(found)
            files[f"atlas-{key}-curves.csv"] = curves_csv(found)
        body += _policies(content, found, mark, who) if key == "policies" else _equilibria(content, found, mark)
    for claim in case.claims:
        if claim.figure:
            words, more = _claim(content, claim)
            body += words
            files.update(more)
    return Section("atlas", "The atlas", body, files)


def _solved_name(ask: AskGame | AskClaim) -> str:
    return f"atlas-solved-{ask.fingerprint[:12]}.json"


def _drawn(
    content: PageContent, ask: AskGame | AskClaim, grid: Grid, folder: Path | None, exact: bool
) -> tuple[Atlas, str]:
    """The atlas and what was solved for it; points that an earlier report in the same folder solved are not again."""
    place, of = (None if folder is None else folder / _solved_name(ask)), ask.fingerprint
    solver = solver_beside(ask, of, place)
    found = draw_atlas(grid, solver, words=partial(_words, content, ask), exact=exact)
    if found.stopped:
        keep(solver, of, place)
        raise KeyboardInterrupt
    return found, solved_text(solver.known, of)


def _claim(content: PageContent, claim: Claim) -> tuple[str, dict[str, str]]:
    """Where one claim holds, over the two numbers of its figure; and its files."""
    assert content.study is not None
    ask = AskClaim(content.study.case.games[str(claim.game)], claim)
    x, y = (Axis(*given) for given in claim.figure)
    found, solved = _drawn(content, ask, Grid(x, y, *FINE), content.folder, exact=True)
    filed = ask.file.values()
    mark = (filed[x.name], filed[y.name]) if x.name in filed and y.name in filed else None
    curves = sorted({each.curve.words(x.name, y.name) for each in found.curves})
    bounds = f" Its boundaries: {'; '.join(curves)}." if curves else ""
    names = " and ".join(_axis(content, a) if a.name in filed else f"the belief {a.name}" for a in (x, y))
    caption = f"{names[:1].upper() + names[1:]} are varied, the rest is held.{bounds} {_missed(found)}"
    head = (
        f'<h3>Where {safe(claim.id)} holds</h3><p>{side_badge(content, claim.who)} <a href="#claim-{safe(claim.id)}">'
        f"{safe(claim.says)}</a></p>"
    )
    files = {f"atlas-claim-{claim.id}.csv": points_csv(found), _solved_name(ask): solved}
    return head + _figure(content, found, mark, caption), files


def _words(content: PageContent, ask: AskGame | AskClaim, answer: Hashable) -> str:
    words = ask.words(answer)
    if isinstance(ask, AskClaim):
        return words
    if isinstance(ask.question, Best):
        return " or ".join(content.name(label) for label in words.split(" or "))
    if isinstance(answer, tuple) and len(answer) == 1:
        kind, count = answer[0]
        return f"1 outcome, {kind}" if count == 1 else f"{count} outcomes, all {kind}"
    return words


def _intro(content: PageContent, x: Axis, y: Axis) -> str:
    return (
        f"Two numbers are varied together and everything else is held: {_axis(content, x)} from {x.low} to {x.high}, "
        f"and {_axis(content, y)} from {y.low} to {y.high}. The triangle is where the game file puts them."
    )


def _axis(content: PageContent, axis: Axis) -> str:
    notes = content.study.games if content.study is not None else {}
    note = next((game.notes[axis.name] for game in notes.values() if axis.name in game.notes), "")
    words = content.words.get(axis.name) or note.split(";")[0].split(",")[0]
    return f"{words} ({axis.name})" if words else axis.name


def _figure(content: PageContent, found: Atlas, mark: Point | None, caption: str) -> str:
    axes = {axis.name: _axis(content, axis) for axis in (found.grid.x, found.grid.y)}

    def name(label: str) -> str:
        return axes.get(label, label)

    wide, narrow = (atlas_svg(found, name, wide=w, title="", mark=mark) for w in (True, False))
    return f'<figure><div class="scroll">{wide}</div>{narrow}<figcaption>{safe(caption)}</figcaption></figure>'


def _policies(content: PageContent, found: Atlas, mark: Point, who: str) -> str:
    sender = content.solutions[0][1].game.sender if content.solutions else "the sender"
    exact = sum(point.value is not None for point in found.boundary)
    words = (
        f"What {content.name(who)} should do on the belief that it holds before any message, when those who move after "
        f"it, {content.name(sender)} among them, answer as suits them best. Of {len(found.boundary)} points of the "
        f"boundaries {exact} are exact fractions; each was confirmed by exact answers at it and on both sides."
    )
    rows = [
        (safe(each.curve.words(found.grid.x.name, found.grid.y.name)), safe(" | ".join(_sides(found, each.between))))
        for each in found.curves
    ]
    head = ("Boundary", "Between")
    caption = _missed(found)
    return (
        f"<h3>Which policy is best for {safe(content.name(who))}</h3><p>{safe(words)}</p>"
        + _figure(content, found, mark, caption)
        + (table(head, rows) if rows else "")
    )


def _sides(found: Atlas, between: frozenset[Hashable]) -> list[str]:
    return [found.words[k] for k in sorted(found.index(answer) for answer in between)]


def _equilibria(content: PageContent, found: Atlas, mark: Point) -> str:
    kinds = sorted({kind for answer in found.answers if isinstance(answer, tuple) for kind, _ in answer})
    points = len(found.nodes)
    only = (
        f"At all {points} points the equilibria are {kinds[0]}: what is said tells something of the type, not all. "
        "What differs is how many outcomes there are."
        if kinds == ["semi-separating"]
        else f"The kinds that occur at {points} points: {', '.join(kinds)}."
    )
    words = (
        f"All equilibria, found exactly at {points} points of this plane. {only} Between the points the picture is "
        "drawn, not solved: boundaries are placed halfway."
    )
    here = f"The triangle: {found.grid.x.name} = {number_words(mark[0])}, {found.grid.y.name} = {text(mark[1])}."
    return f"<h3>Which equilibria there are</h3>{paragraphs([words])}" + _figure(
        content, found, mark, f"{here} {_missed(found)}"
    )


def _missed(found: Atlas) -> str:
    return (
        "A region that lies between the points of the grid is not seen; that is possible for one narrower than "
        f"1/{2 * found.grid.coarse} of the picture."
    )
