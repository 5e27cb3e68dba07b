"""The forecast: where it goes from the end of the record, and how such forecasts have fared, beside simple rivals."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from doubletalk.report.chronicle_data import csv_text
from doubletalk.report.forecast_data import fans
from doubletalk.report.forecast_figure import calibration_svg, fan_svg
from doubletalk.report.page_content import PageContent, Section
from doubletalk.report.tables import details, paragraphs, safe, stacked

__all__ = ["forecast"]

HEADING = "Forecast"


def forecast(content: PageContent) -> Section | None:
    """Fan charts and the rolling evaluation; None in a case without stored forecasts."""
    found = content.study.forecasts if content.study is not None else None
    if found is None:
        return None
    body, files = "", {}
    if found.forecast is not None:
        body += _ahead(content, found.forecast, found.forecast_stale)
        files["forecast.csv"] = csv_text(found.forecast["forecast"])
    if found.rolling is not None:
        body += _rolling(content, found.rolling, found.rolling_stale)
        files["forecast-scores.csv"] = csv_text(found.rolling["scores"])
        files["forecast-calibration.csv"] = csv_text(found.rolling["calibration"])
    return Section("forecast", HEADING, body, files)


def _stale(what: str) -> list[str]:
    return [
        f"This {what} is stale: the game, the coded record or the method has changed since it was made. Make it anew "
        "with doubletalk forecast."
    ]


def _ahead(content: PageContent, told: Mapping[str, Any], stale: bool) -> str:
    method, quarters, belief = told["method"], told["quarters"], told["belief"]
    words = [
        f"Where the fitted long game goes from the end of {told['known_to']}, with nothing later known. Lines are "
        "probabilities; shades are the 90 per cent band that the coefficients leave open; the strip above tells what "
        "was done. Doubt about the coefficients and chance in the game are both in the probabilities.",
        f"{_upper(method['fit'])}: {method['draws']} draws, {method['effective_draws']:.0f} effective, "
        f"{method['paths']} simulated paths. The Monte-Carlo error of a probability is at most {_largest(told):.3f}."
        + (
            f" {method['left_out']} more draws were left out, because solving for the equilibrium did not end there."
            if method["left_out"]
            else ""
        )
        + ("" if method["settled"] else " The fit did not settle, so that the numbers are not to be trusted."),
    ]
    if belief is not None:
        words.append(
            f"The probability of {content.name(belief['stance'])} at the start is {belief['probability']:.2f} (band "
            f"{belief['low']:.2f} to {belief['high']:.2f}); it starts from the game's prior and the coefficients' own."
        )
    panels = fans(told)
    title = f"Forecast from the end of {told['known_to']}"
    wide, narrow = (fan_svg(panels, title, wide=w) for w in (True, False))
    shown = [quarters[k] for k in sorted({0, min(3, len(quarters) - 1), len(quarters) - 1})]
    rows = []
    for panel in panels:
        for label in panel.labels:
            cells = {row["quarter"]: row for row in panel.rows if row["label"] == label}
            numbers = [f"{cells[q]['probability']:.2f} ({cells[q]['low']:.2f}–{cells[q]['high']:.2f})" for q in shown]
            rows.append(("", (safe(panel.title), safe(label), *numbers)))
    return (
        f"<h3>{safe(title)}</h3>{paragraphs([*(_stale('forecast') if stale else []), *words])}"
        f'<figure><div class="scroll">{wide}</div>{narrow}</figure>'
        + details("The numbers", stacked(("What", "Label", *shown), rows, css="exact"))
    )


def _largest(told: Mapping[str, Any]) -> float:
    return float(max(row["monte_carlo_error"] for row in told["forecast"]))


def _rolling(content: PageContent, told: Mapping[str, Any], stale: bool) -> str:
    scores, options = told["scores"], told["options"]
    ahead = sorted({1, options["horizon"]})
    reference = scores[0]["forecaster"]
    words = [
        _upper(str(told["about"])) + ".",
        "Base rates are the shares of past moves; the Markov chain looks at the actor's last move; the logit at all "
        "last moves. The log score is the mean of ln p of what was done (higher is better), the Brier score the "
        "squared distance (lower is better). Differences are paired, quarter by quarter; ± is one standard error, with "
        "overlap allowed for.",
        "The chances of transitions are those of the game file, whatever record they were counted in. Where that is "
        "the record forecast here, the long game knows a little of how the state came to move; its rivals do not.",
    ]
    if not told["complete"]:
        words.insert(0, "The evaluation was interrupted: it does not reach the end of the record.")
    body = f"<h3>How such forecasts have fared</h3>{paragraphs([*(_stale('evaluation') if stale else []), *words])}"
    body += _score_tables(content, scores, ahead, reference, "Whose moves")
    body += "<ul>" + "".join(f"<li>{safe(words)}</li>" for words in told["words"]) + "</ul>"
    body += _calibration(told["calibration"])
    if told.get("state_scores"):
        tables = _score_tables(content, told["state_scores"], ahead, reference, "Which level")
        said = "<ul>" + "".join(f"<li>{safe(words)}</li>" for words in told["state_words"]) + "</ul>"
        body += details("How forecasts of the state have fared", tables + said)
    return body


def _score_tables(
    content: PageContent, scores: Sequence[Mapping[str, Any]], ahead: Sequence[int], reference: str, what: str
) -> str:
    head = ("Forecaster", what, "Log score", "Brier score", f"Log score less {reference}'s", "So it is")
    body = ""
    for h in ahead:
        rows = [row for row in scores if row["ahead"] == h]
        cells = [("", _score_cells(content, row, reference)) for row in rows]
        plural = "" if h == 1 else "s"
        body += f"<h4>{h} quarter{plural} ahead, {rows[0]['count']} forecasts</h4>" + stacked(
            head, cells, css="exact small"
        )
    return body


def _score_cells(content: PageContent, row: Mapping[str, Any], reference: str) -> Sequence[str]:
    own = row["forecaster"] == reference
    difference, error = row["log_score_difference"], row["log_score_difference_error"]
    return (
        safe(row["forecaster"]),
        safe(content.name(row["actor"])),
        _plus(row["log_score"], row["log_score_error"]),
        _plus(row["brier"], row["brier_error"]),
        "–" if own or difference is None else f"{difference:+.3f}{'' if error is None else f' ± {error:.3f}'}",
        "–" if own or difference is None else _better(difference, error, row["count"]),
    )


def _better(difference: float, error: float | None, count: int) -> str:
    from doubletalk.forecast.compare import verdict
    from doubletalk.forecast.scores import MeanScore

    return verdict(MeanScore(difference, math.nan if error is None else error, count))


def _plus(value: float | None, error: float | None) -> str:
    if value is None:
        return "–∞"
    return f"{value:.3f} ± {error:.3f}" if error is not None else f"{value:.3f}"


def _calibration(rows: Sequence[Mapping[str, Any]]) -> str:
    title = "How often what was said happened, one quarter ahead, moves of all actors together"
    wide, narrow = (calibration_svg(rows, title, wide=w) for w in (True, False))
    head = ("Forecaster", "Said", "On average", "Happened", "95 % interval", "Pairs")
    cells = [
        (
            "",
            (
                safe(row["forecaster"]),
                f"{row['from']:.2f} to {row['to']:.2f}",
                f"{row['forecast']:.3f}",
                f"{row['happened']:.3f}",
                f"{row['low']:.3f} to {row['high']:.3f}",
                str(row["count"]),
            ),
        )
        for row in rows
    ]
    return f'<h4>{safe(title)}</h4><figure><div class="scroll">{wide}</div>{narrow}</figure>' + details(
        "The numbers", stacked(head, cells, css="exact small")
    )


def _upper(words: str) -> str:
    return words[:1].upper() + words[1:]
