"""``doubletalk forecast CASE --rolling``: forecasts from every quarter of the record, scored; kept and resumed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from doubletalk.commands.running import Exit, Interruption, ProgressBar, make_folder, note, put, save, terminal
from doubletalk.errors import InputError
from doubletalk.forecast.stored import ROLLING_FILE

if TYPE_CHECKING:
    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.forecast.evaluate import Block, RollingOptions
    from doubletalk.longgame.declaration import LongGame

__all__ = ["roll"]

STORE = "rolling-particles.npz"
"""The stage that was reached, while the evaluation goes on."""


def roll(game: LongGame, coded: CodedRecord, options: RollingOptions, folder: Path, as_json: bool, fresh: bool) -> int:
    """Make the blocks that are missing, keeping each as soon as it is there; the exit code."""
    from doubletalk.forecast.evaluate import fingerprint, rolling_blocks
    from doubletalk.report.writing import write_text

    place, mark, store = folder / ROLLING_FILE, fingerprint(game, coded, options), folder / STORE
    if fresh:
        store.unlink(missing_ok=True)
    done = [] if fresh else kept_blocks(place, mark)
    if done:
        note(f"{sum(len(block.origins) for block in done)} origins are in {place} already")
    make_folder(folder)
    interruption = Interruption()
    with ProgressBar() as bar, interruption.watched():
        try:
            for block in rolling_blocks(game, coded, options, done, bar, store):
                done.append(block)
                write_text(place, _text(_content(options, mark, done)))
        except KeyboardInterrupt:
            interruption.happened = True
    if not done:
        if store.exists():
            note(f"interrupted before the first origin; how far it came is kept in {store}")
        else:
            note("interrupted before the first draws were done; nothing was kept")
        return Exit.INTERRUPTED
    content = _hand_over(coded, options, mark, done, folder, complete=not interruption.happened)
    if not interruption.happened:
        store.unlink(missing_ok=True)
    if as_json:
        put(_text(content))
    else:
        _show(content, coded, options, done)
    if interruption.happened:
        note(f"interrupted: what is done is kept in {place}; the same command goes on from there")
        return Exit.INTERRUPTED
    return Exit.DONE


def kept_blocks(place: Path, mark: str) -> list[Block]:
    """The blocks of a stored result with this fingerprint; none, with a note, where it was made from something else."""
    from doubletalk.forecast.evaluate import blocks_of

    if not place.exists():
        return []
    try:
        content = json.loads(place.read_text(encoding="utf-8"))
        if content["fingerprint"] == mark:
            return blocks_of(content)
    except (ValueError, KeyError, TypeError) as wrong:
        raise InputError(
            f"is no result of a rolling evaluation ({type(wrong).__name__}: {wrong}); remove it or give another --out",
            str(place),
        ) from None
    note(f"{place} was made from another record, game or options; it is made anew")
    return []


def _text(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


def _content(options: RollingOptions, mark: str, blocks: Sequence[Block]) -> dict[str, Any]:
    return {
        "doubletalk_rolling": 1,
        "fingerprint": mark,
        "options": asdict(options),
        "complete": False,
        "blocks": [asdict(block) for block in blocks],
    }


def _hand_over(
    coded: CodedRecord, options: RollingOptions, mark: str, blocks: list[Block], folder: Path, *, complete: bool
) -> dict[str, Any]:
    """Score what is there and write it."""
    from doubletalk.forecast.compare import verdicts
    from doubletalk.forecast.evaluate import evaluated
    from doubletalk.report.chronicle_data import csv_text
    from doubletalk.report.forecast_data import reliability_rows, score_rows
    from doubletalk.report.forecast_figure import calibration_svg

    with ProgressBar() as bar:
        result = evaluated(coded, options, blocks, bar)
        states = evaluated(coded, options, blocks, bar, states=True)
    shown, levels = ([row for row in each.rows if row.ahead in (1, options.horizon)] for each in (result, states))
    bins = reliability_rows(result.together)
    content = _content(options, mark, blocks) | {
        "complete": complete,
        "about": about_rolling(options, blocks),
        "origins": list(result.origins),
        "scores": score_rows(result.rows),
        "calibration": bins,
        "words": verdicts(shown, result.reference),
        "state_scores": score_rows(states.rows),
        "state_words": verdicts(levels, states.reference),
    }
    save(folder / ROLLING_FILE, _text(content))
    save(folder / "rolling-scores.csv", csv_text(score_rows(result.rows)))
    save(folder / "rolling-state-scores.csv", csv_text(score_rows(states.rows)))
    save(folder / "rolling-calibration.csv", csv_text(bins))
    save(folder / "rolling-forecasts.csv", csv_text(_forecast_rows(coded, blocks)))
    save(folder / "rolling-calibration.svg", calibration_svg(bins, "How often what was said happened"))
    return content


def _forecast_rows(coded: CodedRecord, blocks: Sequence[Block]) -> list[dict[str, Any]]:
    """One row for each origin, quarter ahead, actor and move, with what came."""
    rows = []
    for block in blocks:
        for origin in block.origins:
            at = coded.quarters.index(origin.quarter)
            for a, (actor, table) in enumerate(origin.moves.items()):
                for h, chances in enumerate(table):
                    if at + h >= len(coded.quarters):
                        continue
                    made = int(coded.chosen[at + h, a])
                    rows += [
                        {
                            "origin": origin.quarter, "fitted": block.fitted, "quarter": coded.quarters[at + h],
                            "ahead": h + 1, "actor": actor, "move": coded.moves[actor][k], "probability": p,
                            "came": int(k == made),
                        }
                        for k, p in enumerate(chances)
                    ]  # fmt: skip
    return rows


def _show(content: dict[str, Any], coded: CodedRecord, options: RollingOptions, blocks: Sequence[Block]) -> None:
    from rich.text import Text

    from doubletalk.commands.forecast_view import show_calibration, show_scores
    from doubletalk.forecast.evaluate import evaluated

    console = terminal()
    console.print(Text(content["about"]))
    for states in (False, True):
        result = evaluated(coded, options, blocks, states=states)
        rows = [row for row in result.rows if row.ahead in (1, options.horizon)]
        show_scores(console, rows, "variable" if states else "actor")
    show_calibration(console, content["calibration"], "one quarter ahead")


def about_rolling(options: RollingOptions, blocks: Sequence[Block]) -> str:
    """How the evaluation was made, in words."""
    origins = [origin for block in blocks for origin in block.origins]
    least, accepted = min(origin.effective for origin in origins), min(block.accepted for block in blocks)
    return (
        f"{len(origins)} origins, {origins[0].quarter} to {origins[-1].quarter}; sequential Monte Carlo over the "
        f"record, {options.draws * options.length} particles in {options.draws} chains, renewed where fewer than half "
        f"were effective ({len(blocks)} times for these origins, at least {accepted:.0%} of proposals accepted); "
        f"{least:.0f} effective draws of {options.draws} or more behind every forecast"
    )
