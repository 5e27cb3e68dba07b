"""``doubletalk solve``: every equilibrium of a game, shown, or as the solution file."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.games import assignments, game_file
from doubletalk.commands.running import Exit, Interruption, ProgressBar, check_writable, note, put, save, terminal
from doubletalk.errors import InputError

if TYPE_CHECKING:
    from doubletalk.equilibrium.solution import Solution
    from doubletalk.game.model import Game

__all__ = ["Concept", "solve"]


LEAST_CHECKING = 0.5
"""Seconds for checking extreme points when the search has used up the time limit."""


class Concept(StrEnum):
    """Solution concepts."""

    sequential = "sequential"
    nash = "nash"


def solve(
    game: Annotated[str, typer.Argument(metavar="GAME", help="A game file, or the name of a library game.")],
    json: Annotated[bool, typer.Option("--json", help="Print the solution file (JSON) and nothing else.")] = False,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Write the solution file here.")] = None,
    concept: Annotated[
        Concept, typer.Option("--concept", help="nash asks nothing of anybody off the path.")
    ] = Concept.sequential,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="Set a parameter; repeatable.")
    ] = None,
    certificate: Annotated[
        bool, typer.Option("--certificate", help="Check every extreme point exactly and put the proof in the output.")
    ] = False,
    refinements: Annotated[
        str | None,
        typer.Option("--refine", metavar="LIST", help="Refinements joined by commas (d1,undefeated), or 'all'."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Say why each outcome survives --refine or not.")] = False,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", metavar="S", help="Stop after S seconds with what was found.")
    ] = None,
) -> None:
    """Find every equilibrium of a game, as exact sets."""
    values = assignments(settings or [])
    if time_limit is not None and not (time_limit > 0 and math.isfinite(time_limit)):
        raise typer.BadParameter("expected a positive number of seconds", param_hint="'--time-limit'")
    names = _refinements(refinements)
    if explain and not names:
        raise typer.BadParameter("needs --refine LIST", param_hint="'--explain'")
    if explain and json:
        raise typer.BadParameter("is for the terminal view; leave out --json", param_hint="'--explain'")
    if out is not None:
        check_writable(out)
    start = time.perf_counter()
    the_game = game_file(game).game(values)
    parsed = time.perf_counter() - start
    interruption = Interruption()
    with interruption.watched():
        solution = _solved(the_game, concept.value, time_limit)
    solution = replace(solution, timing_s={"parse": parsed, **solution.timing_s})
    if names:
        from doubletalk.refinement import refine

        solution = refine(solution, names)
    proof = None
    if certificate:
        limit = math.inf if time_limit is None else start + parsed + time_limit
        with interruption.watched():
            proof = _certificate(solution, start if interruption.happened else limit)
    _hand_over(solution, proof, json, out)
    if explain and not json:
        from doubletalk.report.terminal import show_reasons

        show_reasons(solution, names, terminal())
    code = _standing(solution, interruption.happened)
    if proof is not None and proof["failed"]:
        raise InputError(f"{proof['failed']} extreme points fail the check: a fault, please report it", game)
    if proof is not None and "unchecked" in proof and code is Exit.DONE:
        code = Exit.INTERRUPTED if interruption.happened else Exit.LIMIT
        note(f"stopped early: {proof['unchecked']} extreme points were left unchecked")
        raise typer.Exit(code)
    if code is not Exit.DONE:
        note(f"stopped early: {solution.why_incomplete}")
        raise typer.Exit(code)


def _refinements(given: str | None) -> tuple[str, ...]:
    """The names in a list joined by commas; raises InputError for one that is not known."""
    if given is None:
        return ()
    from doubletalk.refinement import NAMES
    from doubletalk.refinement.names import QUICK

    if given.strip() == "all":
        return QUICK
    names = tuple(name.strip() for name in given.split(","))
    for name in names:
        if name not in NAMES:
            near = get_close_matches(name, NAMES, 1)
            hint = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(NAMES)}, or 'all'"
            raise InputError(f"unknown refinement '{name}'; {hint}")
    return names


def _solved(game: Game, concept: str, time_limit: float | None) -> Solution:
    from doubletalk.equilibrium.solve import solve as find_all

    with ProgressBar() as bar:
        return find_all(game, concept, time_limit, bar)


def _certificate(solution: Solution, end: float) -> dict[str, object]:
    """Every reported extreme point, checked by code that the search does not use.

    Past *end* (the search has used up its time, or was interrupted) half a second is left for it. Ctrl-C keeps what was
    checked.
    """
    from doubletalk.equilibrium.output import certificate_json
    from doubletalk.equilibrium.verification import Verifier

    verifier = Verifier(solution.game, solution.concept)
    checked = []
    end = max(end, time.perf_counter() + LEAST_CHECKING)
    try:
        with ProgressBar() as bar:
            assessments = solution.assessments()
            for done, (_, _, assessment) in enumerate(assessments):
                if time.perf_counter() > end:
                    break
                bar(done / len(assessments), "verifying")
                checked.append(verifier(assessment))
    except KeyboardInterrupt:
        pass  # the count of what is left unchecked says so
    return certificate_json(solution, checked)


def _hand_over(solution: Solution, proof: Mapping[str, object] | None, json: bool, out: Path | None) -> None:
    from doubletalk.equilibrium.output import json_text, solution_json

    content = json_text(solution_json(solution, proof)) if json or out is not None else ""
    if out is not None:
        save(out, content)
    if json:
        put(content)
        return
    from doubletalk.report.terminal import show_solution

    show_solution(solution, terminal(), _sentence(proof))


def _sentence(proof: Mapping[str, object] | None) -> str:
    if proof is None:
        return ""
    if proof["failed"]:
        return f"{proof['failed']} extreme points FAIL the exact check, {proof['verified']} pass it."
    noun = "extreme point" if proof["verified"] == 1 else "extreme points"
    left = f" {proof['unchecked']} left unchecked." if "unchecked" in proof else ""
    return f"{proof['verified']} {noun} verified exactly.{left}"


def _standing(solution: Solution, interrupted: bool) -> Exit:
    if solution.complete:
        return Exit.DONE
    if interrupted or solution.stopped == "interrupted":
        return Exit.INTERRUPTED
    return Exit.LIMIT if solution.stopped == "time limit" else Exit.DONE
