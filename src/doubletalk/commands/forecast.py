"""``doubletalk forecast``: what each actor will do and where the state will go, with its errors, and how it scored."""

from __future__ import annotations

import datetime as dt
import json as json_text
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from doubletalk.commands.running import Exit, ProgressBar, check_writable, note, put, save, terminal
from doubletalk.errors import InputError

if TYPE_CHECKING:
    from doubletalk.forecast.case_forecast import CaseForecast, Options, Scored
    from doubletalk.forecast.later import Came
    from doubletalk.longgame.declaration import LongGame

__all__ = ["forecast"]

PICTURES = (".svg", ".png", ".html")
AUTO = "auto"


def forecast(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case folder, or the name of a shipped case.")],
    begin: Annotated[
        str | None,
        typer.Option("--from", metavar="DATE", help="Use nothing later; the end of the record if not given."),
    ] = None,
    quarters: Annotated[
        int | None, typer.Option("--quarters", metavar="N", help="Quarters to forecast: 8, with --rolling 4.")
    ] = None,
    fit: Annotated[
        str,
        typer.Option(
            "--fit", metavar="HOW",
            help="auto (the case's own fit if it has one, else quick), quick, sequential (minutes), a saved FILE.nc, "
            "or file: no fit.",
        ),
    ] = AUTO,
    lens: Annotated[
        str, typer.Option("--lens", metavar="L", help="mixed, or the name of a stance held to be the only one.")
    ] = "mixed",
    coding: Annotated[
        str | None, typer.Option("--coding", metavar="FILE", help="The coding; coding.yaml if not given.")
    ] = None,
    draws: Annotated[
        int | None, typer.Option("--draws", metavar="N", help="Draws of the coefficients: 100 if not given.")
    ] = None,
    paths: Annotated[
        int | None,
        typer.Option("--paths", metavar="N", help="Paths, shared among the draws: 20000, with --rolling 5000."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Seed of all random numbers.")] = 1,
    points: Annotated[int, typer.Option("--beliefs", metavar="N", help="Belief grid of the long game.")] = 5,
    events: Annotated[
        Path | None, typer.Option("--score", metavar="EVENTS.csv", help="Score by these later events.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--score-until", metavar="DATE", help="The events are complete up to this date.")
    ] = None,
    layout: Annotated[
        str | None, typer.Option("--format", metavar="NAME", help="Of the events, where they are no chronicle.")
    ] = None,
    actors: Annotated[
        Path | None, typer.Option("--actors", metavar="FILE", help="Who is who in the events; see docs/plover.md.")
    ] = None,
    rolling: Annotated[
        bool, typer.Option("--rolling", help="Forecast from every quarter of the record, and score.")
    ] = False,
    first: Annotated[
        str, typer.Option("--first", metavar="2010Q1", help="With --rolling: the first quarter forecast from.")
    ] = "2010Q1",
    every: Annotated[
        int | None, typer.Option("--every", metavar="N", help="No longer used: draws are renewed where they run thin.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="With --rolling: do not go on from what is kept.")] = False,
    figure: Annotated[
        Path | None, typer.Option("--figure", metavar="FILE", help="Draw it; FILE ends in .svg, .png or .html.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Write JSON, tables and figures here.")
    ] = None,
) -> None:
    """Forecast each actor's moves and the state by the fitted long game, and score it by what came."""
    from doubletalk.case.finding import find_case
    from doubletalk.forecast.case_forecast import Options, make_forecast, score

    date, complete = _date(begin, "--from"), _date(until, "--score-until")
    _check_options(events, complete, layout, actors, figure, out)
    folder = find_case(case)
    if rolling:
        _check_rolling(date, events, figure, fit)
        from doubletalk.commands.forecast_rolling import roll
        from doubletalk.evidence.coding import coded_record
        from doubletalk.forecast.evaluate import RollingOptions

        if every is not None:
            note("--every is no longer used: draws are renewed where they run thin")
        plan = RollingOptions(
            first, 4 if quarters is None else quarters, lens, points, 100 if draws is None else draws,
            5_000 if paths is None else paths, seed,
        )  # fmt: skip
        place = out if out is not None else Path("out") / f"{folder.resolve().name}-forecast"
        code = roll(_game(folder), coded_record(folder, coding), plan, place, json, fresh)
        if code != Exit.DONE:
            raise typer.Exit(code)
        return
    options = Options(
        8 if quarters is None else quarters, lens, points, 100 if draws is None else draws,
        20_000 if paths is None else paths, seed, coding, fit,
    )  # fmt: skip
    game = _game(folder)
    came = _came(folder, date, options, events, complete, layout, actors)
    with ProgressBar() as bar:
        found = make_forecast(folder, game, date, options, bar)
    if found.known.begun:
        note(f"{found.quarters[0]} had begun on {date}; what happened in it before that day is not used")
    for words in came.notes:
        note(words)
    scored = score(found, came) if came.quarters else None
    _hand_over(found, scored, json, figure, out)


def _check_rolling(date: dt.date | None, events: Path | None, figure: Path | None, fit: str) -> None:
    for option, given in (("--from", date), ("--score", events), ("--figure", figure)):
        if given is not None:
            raise typer.BadParameter("does not go with --rolling", param_hint=f"'{option}'")
    if fit != AUTO:
        raise typer.BadParameter("a rolling evaluation makes its own draws: leave --fit out", param_hint="'--fit'")


def _date(text: str | None, option: str) -> dt.date | None:
    if text is None:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"found {text!r}, expected a date as YYYY-MM-DD", param_hint=f"'{option}'") from None


def _check_options(
    events: Path | None, until: dt.date | None, layout: str | None, actors: Path | None, figure: Path | None,
    out: Path | None,
) -> None:  # fmt: skip
    for option, given in (("--score-until", until), ("--format", layout), ("--actors", actors)):
        if given is not None and events is None:
            raise typer.BadParameter("goes with --score", param_hint=f"'{option}'")
    if actors is not None and layout is None:
        raise typer.BadParameter("goes with --format, for event data", param_hint="'--actors'")
    if figure is not None:
        check_writable(figure)
        if figure.suffix.lower() not in PICTURES:
            raise InputError(f"found the ending '{figure.suffix}', expected .svg, .png or .html", str(figure))
    if out is not None:
        check_writable(out / "forecast.json")


def _game(folder: Path) -> LongGame:
    """The case's long game, with jax at hand to solve it."""
    from doubletalk.case.loading import load_case

    plan = load_case(folder).long
    if plan is None:
        raise InputError(
            "the case has no long game (longgame: in case.yaml), so there is nothing to forecast with", str(folder)
        )
    try:
        import jax  # noqa: F401
    except ImportError:
        raise InputError("a forecast needs jax, which is not installed: pip install 'doubletalk[longgame]'") from None
    return plan.game


def _came(
    folder: Path, date: dt.date | None, options: Options, events: Path | None, until: dt.date | None,
    layout: str | None, actors: Path | None,
) -> Came:  # fmt: skip
    """What came, read before anything is fitted: the events given, else the record's own later quarters."""
    from doubletalk.forecast.later import came_from_file, came_from_record
    from doubletalk.forecast.origin import known_before

    first, horizon, coding = known_before(folder, date, options.coding).first, options.quarters, options.coding
    if events is None:
        return came_from_record(folder, first, horizon, coding)
    return came_from_file(folder, events, first, horizon, coding=coding, layout=layout, actors=actors, until=until)


def _hand_over(found: CaseForecast, scored: Scored | None, json: bool, figure: Path | None, out: Path | None) -> None:
    from doubletalk.report.forecast_data import forecast_json

    content = forecast_json(found, scored)
    if json:
        put(_json(content))
    else:
        from doubletalk.commands.forecast_view import show_forecast

        show_forecast(terminal(), found, scored)
    if figure is not None:
        _draw(content, figure)
    if out is not None:
        _write(found, scored, content, out)


def _json(content: dict[str, Any]) -> str:
    return json_text.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _write(found: CaseForecast, scored: Scored | None, content: dict[str, Any], out: Path) -> None:
    from doubletalk.report.chronicle_data import csv_text
    from doubletalk.report.forecast_data import forecast_rows, reliability_rows, score_rows

    save(out / "forecast.json", _json(content))
    save(out / "forecast.csv", csv_text(forecast_rows(found, scored)))
    if scored is not None:
        save(out / "scores.csv", csv_text(score_rows(scored.rows)))
        save(out / "state-scores.csv", csv_text(score_rows(scored.states)))
        save(out / "calibration.csv", csv_text(reliability_rows(scored.reliability)))
    for ending in PICTURES:
        _draw(content, out / f"forecast{ending}")


def _draw(content: dict[str, Any], path: Path) -> None:
    from doubletalk.report.forecast_data import fans
    from doubletalk.report.forecast_figure import fan_html, fan_png, fan_svg

    panels, kind = fans(content), path.suffix.lower()
    if kind == ".png":
        save(path, fan_png(panels))
    else:
        title = f"Forecast from the end of {content['known_to']}"
        save(path, fan_html(panels) if kind == ".html" else fan_svg(panels, title))
