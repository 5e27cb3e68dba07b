"""A study written to a folder: one HTML page that opens offline, and the same numbers as JSON and CSV."""

from __future__ import annotations

import datetime as dt
import platform
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from doubletalk import __version__
from doubletalk.case.study_result import GameStudy, StudyResult
from doubletalk.equilibrium.output import certificate_json, json_text, solution_json
from doubletalk.evidence.statistics import DEFAULT_PLAN
from doubletalk.exact import text
from doubletalk.report.page import page_html, written_sections
from doubletalk.report.page_claims import claim_row
from doubletalk.report.page_content import PageContent, ParameterRow, Side
from doubletalk.report.page_files import events_csv, lenses_csv, record_csv
from doubletalk.report.page_record import lens_row, timeline_parts
from doubletalk.report.page_sources import read_sources
from doubletalk.report.page_worlds import world_rows
from doubletalk.report.pdf import page_pdf
from doubletalk.report.timeline import long_date
from doubletalk.report.writing import write_bytes, write_text

__all__ = ["page_content", "write_report"]

PAGE, PDF = "report.html", "report.pdf"


def write_report(result: StudyResult, folder: Path, *, pdf: bool = False) -> list[Path]:
    """Write ``report.html``, ``study.json``, ``solution.json`` and the CSV tables; returns the files written.

    With ``pdf`` the page is written as ``report.pdf`` too. Each file is written whole or not at all. ``solution.json``
    is the solution of the first game; a case with several games has a ``solution-NAME.json`` for each of the others.
    From run to run only times change.
    Raises ``OSError`` when the folder cannot be written.
    """
    content = replace(page_content(result), folder=folder)
    sections = written_sections(content)
    files = {PAGE: page_html(content, sections), "study.json": result.to_json()}
    for number, (name, game) in enumerate(result.games.items()):
        certificate = certificate_json(game.solution, game.certificates)
        label = "solution.json" if number == 0 else f"solution-{name}.json"
        files[label] = json_text(solution_json(game.solution, certificate))
    files.update({name: words for name, words in result.csv_tables().items() if words})
    if content.events:
        files.update({"record.csv": record_csv(content), "events.csv": events_csv(content)})
    if content.lenses:
        files["lenses.csv"] = lenses_csv(content)
    for section in sections:
        files.update(section.files)
    paths = []
    for name, words in files.items():
        write_text(folder / name, words)
        paths.append(folder / name)
    if pdf:
        write_bytes(folder / PDF, page_pdf(files[PAGE]))
        paths.append(folder / PDF)
    return paths


def page_content(result: StudyResult, now: dt.datetime | None = None) -> PageContent:
    """All that the page says, from the study's result; ``now`` is the time stamp."""
    case = result.case
    sources = read_sources(case.sources)
    events, votes, groups = timeline_parts(result.record) if result.record is not None else ((), (), ())
    keys = dict.fromkeys([*case.sides, *(item.claim.who for item in result.claims)])
    worlds = tuple(item.world.name for item in result.worlds)
    names = {name for game in result.games.values() for name in game.game.parameters}
    stamp = (now or dt.datetime.now(dt.UTC)).strftime("%Y-%m-%d %H:%M UTC")
    seconds = sum(result.timing_s.values())
    return PageContent(
        title=case.title,
        question=case.question,
        as_of=_as_of(result),
        sides=tuple(Side(key, case.sides.get(key, key)) for key in keys),
        actors=tuple(case.actors.items()),
        solutions=tuple((name, game.solution) for name, game in result.games.items()),
        cruxes=case.cruxes,
        worlds=world_rows(result),
        window=result.window,
        moves=result.moves,
        claims=tuple(claim_row(item, sources, names, worlds, result.record) for item in result.claims),
        lenses=tuple(lens_row(row, result.record) for row in result.tells_apart),
        events=events,
        votes=votes,
        groups=groups,
        assumptions=result.assumptions,
        parameters=_parameters(result),
        method=_method(result),
        sources=tuple(sources.values()),
        words=case.words,
        incomplete=_incomplete(result),
        study=result,
        made=f"Made by doubletalk {__version__} on {stamp}; the study took {seconds:.1f} s.",
    )


def _as_of(result: StudyResult) -> str:
    """What the study knows: the last day of the record, or the date of the case."""
    until = result.case.as_of
    if result.record is not None and len(result.record.chronicle):
        last = max(event.date for event in result.record.chronicle)
        cut = f"; what happened after {long_date(until)} is left out" if until and until > last else ""
        return f"The record ends with an event of {long_date(last)}{cut}."
    return f"What is known on {long_date(until)}." if until else ""


def _incomplete(result: StudyResult) -> str:
    """A sentence for the top of a report that is not whole; '' for one that is."""
    if result.stopped:
        return (
            f"This report is incomplete: the study was {result.stopped}. What was found until then is below; the rest "
            "is missing or marked as not asked."
        )
    short = [name for name, game in result.games.items() if game.solution.stopped]
    short += [f"the world {w.world.name}" for w in result.worlds if w.outcomes is not None and not w.complete]
    if not short:
        return ""
    return f"This report is incomplete: not all equilibria are known of {', '.join(dict.fromkeys(short))}."


def _parameters(result: StudyResult) -> tuple[ParameterRow, ...]:
    several = len(result.games) > 1
    return tuple(
        ParameterRow(f"{name}: {key}" if several else key, text(value), game.notes.get(key, ""))
        for name, game in result.games.items()
        for key, value in game.game.parameters.items()
    )


def _method(result: StudyResult) -> tuple[tuple[str, str], ...]:
    rows = [(f"Game '{name}'", _certified(game)) for name, game in result.games.items()]
    rows.append(
        (
            "Equilibrium",
            "Every player does what is best for it at every point that could be reached, given what it "
            "believes; beliefs follow from what is said by Bayes' rule; audiences that saw the same believe the same. "
            "All numbers are exact fractions.",
        )
    )
    if result.record is not None:
        record = result.record
        rows.append(
            (
                "Record",
                f"{len(record.chronicle)} events from {record.begin} to {record.end}; later events are left out. "
                "Tests rearrange the months of one kind of event with eras and election calendar fixed: every "
                f"arrangement where they are few, else {DEFAULT_PLAN.draws} drawn with the seed {DEFAULT_PLAN.seed}.",
            )
        )
    rows.append(("Reproduce", f"doubletalk study {result.case.folder.name}"))
    rows.append(("Files", "study.json, solution.json and the CSV tables beside this page hold the same numbers."))
    rows.append(
        ("Versions", ", ".join([f"doubletalk {__version__}", f"Python {platform.python_version()}", *_versions()]))
    )
    return tuple(rows)


def _certified(game: GameStudy) -> str:
    count = len(game.certificates)
    good = sum(c.valid for c in game.certificates)
    whole = (
        "The list of equilibria is proved complete."
        if game.solution.complete
        else (f"The list may not be complete: {game.solution.why_incomplete}")
    )
    outcomes = len(game.solution.outcomes)
    return (
        f"{outcomes} equilibrium outcome{'' if outcomes == 1 else 's'}; {good} of {count} extreme points verified "
        f"exactly, by a check that shares no code with the search. {whole}"
    )


def _versions() -> list[str]:
    return [
        f"{name} {metadata.version(name)}" for name in ("python-flint", "pplpy", "numpy", "altair", "vl-convert-python")
    ]
