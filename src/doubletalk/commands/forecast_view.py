"""A forecast and its scores on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from doubletalk.forecast.case_forecast import CaseForecast, Scored
from doubletalk.forecast.compare import Row, verdicts, with_error
from doubletalk.forecast.draws import TRUSTED_K
from doubletalk.forecast.predict import Quantity
from doubletalk.report.forecast_data import came_labels, reliability_rows

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["show_calibration", "show_forecast", "show_scores"]


def show_forecast(console: Console, found: CaseForecast, scored: Scored | None) -> None:
    """Every quantity as a table by quarters, then the scores where there are any."""
    for line in about(found):
        console.print(Text(line))
    for quantity in found.prediction.quantities:
        if quantity.kind == "move" and found.game.actor(quantity.name).parts:
            continue  # its parts are shown; the files have the moves themselves
        _show_quantity(console, found, quantity, came_labels(found, quantity, scored))
    if scored is None:
        console.print(Text("\nNothing later is recorded, so nothing is scored. --score EVENTS.csv scores it."))
        return
    console.print(Text(f"\nScored over {', '.join(scored.came.quarters)}", style="bold"))
    show_scores(console, scored.rows)
    show_scores(console, scored.states, "variable")
    show_calibration(console, reliability_rows(scored.reliability), "of all quarters forecast")
    console.print(Text("The quarters share one origin, so that the standard errors are a lower bound."))


def about(found: CaseForecast) -> list[str]:
    """How the forecast was made and what its errors are, a line each."""
    draws, prediction = found.draws, found.prediction
    lines = [f"Forecast of {found.quarters[0]} to {found.quarters[-1]} by what was known at the end of "
             f"{found.known.coded.quarters[-1]}"]  # fmt: skip
    if not draws.settled:
        lines.append("NOT SETTLED: the fit is no mode of the posterior, and what follows is not to be trusted")
    tail = f", Pareto k {draws.pareto_k:.2f}" if draws.pareto_k == draws.pareto_k else ""
    doubt = " (above 0.7: the errors are not to be trusted)" if draws.pareto_k > TRUSTED_K else ""
    lines.append(f"{draws.method}; {len(draws.points)} draws, {prediction.effective:.0f} effective{tail}{doubt}")
    if found.unread:
        lines.append(f"The fit in the case folder was not used: {found.unread}")
    if draws.pareto_k > TRUSTED_K or not draws.settled:
        lines.append("--fit sequential is sounder; it takes minutes")
    if draws.failed:
        lines.append(f"{draws.failed} more draws were left out, because solving did not end there")
    if prediction.belief is not None:
        mean, low, high = prediction.belief
        lines.append(f"P({found.game.stances[-1]}) at the start: {mean:.2f} (90 % band {low:.2f} to {high:.2f})")
    largest = max(float(q.error.max()) for q in prediction.quantities)
    lines.append(
        f"Per cent; in brackets the 90 % band that the coefficients leave open. Monte-Carlo error at most "
        f"{100 * largest:.1f} points."
    )
    return lines


def _show_quantity(console: Console, found: CaseForecast, quantity: Quantity, came: Sequence[str]) -> None:

    when = ", at the end of the quarter" if quantity.when == "end" else ""
    console.print(Text(f"\n{quantity.name}{when}", style="bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("quarter")
    for label in quantity.labels:
        table.add_column(label, justify="right")
    if came:
        table.add_column("came")
    for n, quarter in enumerate(found.quarters):
        cells = [
            f"{100 * p:.0f} ({100 * low:.0f}-{100 * high:.0f})"
            for p, low, high in zip(quantity.probability[n], quantity.low[n], quantity.high[n], strict=True)
        ]
        if came:
            cells.append(came[n] if n < len(came) else "")
        table.add_row(Text(quarter), *map(Text, cells))
    console.print(table)


def show_scores(console: Console, rows: Sequence[Row], of: str = "actor") -> None:
    """Scores by forecaster, and in words whether the first forecaster is better or worse than the others."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("forecaster", of, "ahead", "log score", "Brier score", f"log, less {rows[0].forecaster}"):
        table.add_column(heading, justify="left" if heading in ("forecaster", of) else "right")
    for row in rows:
        gain = "" if row.forecaster == rows[0].forecaster else with_error(row.gain)
        ahead = str(row.ahead) if row.ahead else "all"
        cells = (f"{row.log_score.mean:.3f}", f"{row.brier.mean:.3f}", gain)
        table.add_row(Text(row.forecaster), Text(row.actor), ahead, *cells)
    console.print(table)
    console.print(Text("Log scores are better when higher, Brier scores when lower."))
    for words in verdicts(rows, rows[0].forecaster):
        console.print(Text(words))


def show_calibration(console: Console, rows: Sequence[Mapping[str, Any]], when: str) -> None:
    """How often what was said with some probability happened."""
    console.print(Text(f"\nCalibration {when}, moves of all actors together", style="bold"))
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for heading in ("forecaster", "said", "mean said", "happened", "95 % interval", "pairs"):
        table.add_column(heading, justify="left" if heading == "forecaster" else "right")
    for row in rows:
        table.add_row(
            Text(row["forecaster"]), f"{100 * row['from']:.0f}-{100 * row['to']:.0f} %",
            f"{100 * row['forecast']:.1f} %", f"{100 * row['happened']:.1f} %",
            f"{100 * row['low']:.1f}-{100 * row['high']:.1f} %", str(row["count"]),
        )  # fmt: skip
    console.print(table)
