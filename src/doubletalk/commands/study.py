"""``doubletalk study``: a case answered, its report written."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from doubletalk.commands.running import (
    Exit,
    Interruption,
    ProgressBar,
    check_writable,
    make_folder,
    note,
    put,
    terminal,
)
from doubletalk.errors import InputError

if TYPE_CHECKING:
    from doubletalk.case.study_result import StudyResult

__all__ = ["study"]


def study(
    case: Annotated[str, typer.Argument(metavar="CASE", help="A case folder, or the name of a shipped case.")],
    out: Annotated[
        Path | None, typer.Option("--out", metavar="DIR", help="Folder for the report; out/CASE if not given.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")] = False,
    claims: Annotated[bool, typer.Option("--claims", help="Print every claim with its answer as well.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Write report.pdf too; needs doubletalk[pdf].")] = False,
    flips: Annotated[
        str, typer.Option("--flips", metavar="NAME", help="Search for what would overturn: quick, all or none.")
    ] = "quick",
    flips_limit: Annotated[
        float, typer.Option("--flips-limit", metavar="S", help="Seconds for that search; the rest says so.")
    ] = 600.0,
    long: Annotated[
        str,
        typer.Option("--long", metavar="NAME", help="The long game: quick, all (a finer grid) or none."),
    ] = "quick",
    evidence: Annotated[
        str, typer.Option("--evidence", metavar="NAME", help="Fit the record and compare its lenses: quick or none.")
    ] = "quick",
    fit: Annotated[
        Path | None, typer.Option("--fit", metavar="FILE.nc", help="A saved fit, for coefficients and stance.")
    ] = None,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", metavar="S", help="Stop each solve after S seconds.")
    ] = None,
) -> None:
    """Solve a case, answer every claim, and write the report with its data as JSON and CSV."""
    if time_limit is not None and not (time_limit > 0 and math.isfinite(time_limit)):
        raise typer.BadParameter("expected a positive number of seconds", param_hint="'--time-limit'")
    if not (flips_limit > 0 and math.isfinite(flips_limit)):
        raise typer.BadParameter("expected a positive number of seconds", param_hint="'--flips-limit'")
    if flips not in ("quick", "all", "none"):
        raise typer.BadParameter(f"found '{flips}', expected quick, all or none", param_hint="'--flips'")
    if long not in ("quick", "all", "none"):
        raise typer.BadParameter(f"found '{long}', expected quick, all or none", param_hint="'--long'")
    if evidence not in ("quick", "none"):
        raise typer.BadParameter(f"found '{evidence}', expected quick or none", param_hint="'--evidence'")
    if fit is not None and evidence == "none":
        raise typer.BadParameter("needs --evidence quick", param_hint="'--fit'")
    if fit is not None and not fit.is_file():
        raise InputError("no such file; expected a fit saved by doubletalk fit", str(fit))
    if claims and json:
        raise typer.BadParameter("is for the terminal view; leave out --json", param_hint="'--claims'")
    place = _place(case)
    folder = out if out is not None else Path("out") / place.resolve().name
    check_writable(folder / "study.json")
    if pdf:
        from doubletalk.report.pdf import check_pdf

        check_pdf()
    result, interrupted = _studied(place, time_limit, flips, flips_limit, long, evidence, fit)
    _write(result, folder, pdf and not interrupted)
    if json:
        put(result.to_json())
    else:
        _show(result, claims)
    if interrupted:
        note(f"stopped early: {result.stopped or 'interrupted'}; the report in {folder} is marked incomplete")
        raise typer.Exit(Exit.INTERRUPTED)
    limited = [name for name, game in result.games.items() if game.solution.stopped == "time limit"]
    limited += [w.world.name for w in result.worlds if w.outcomes is not None and not w.complete and time_limit]
    if limited:
        note(f"stopped early: the time limit was reached in {', '.join(dict.fromkeys(limited))}")
        raise typer.Exit(Exit.LIMIT)


def _place(case: str) -> Path:
    """The case's folder; what is wrong with a path is said of the path, not of the names of shipped cases."""
    from doubletalk.case.finding import find_case
    from doubletalk.case.loading import CASE_FILE

    path = Path(case)
    if path.is_file() and path.name != CASE_FILE:
        raise InputError(f"is a file; expected a case folder, one with {CASE_FILE} in it", case)
    if not path.exists() and (len(path.parts) > 1 or path.suffix):
        kind = "file" if path.suffix else "folder"
        raise InputError(
            f"no such {kind}; expected a folder with {CASE_FILE} in it, or the name of a shipped case. Make a case of "
            "your own: doubletalk new NAME",
            case,
        )
    return find_case(case)


def _studied(
    place: Path, time_limit: float | None, flips: str, flips_limit: float, long: str, evidence: str, fit: Path | None
) -> tuple[StudyResult, bool]:
    """The result and whether Ctrl-C cut it short."""
    interruption = Interruption()
    with ProgressBar() as bar, interruption.watched():
        from doubletalk.case.study import study as answer_all

        def tell(share: float, words: str) -> None:
            if interruption.happened:  # a solve handed back what it had; the study as a whole ends here
                raise KeyboardInterrupt
            bar(share, words)

        result = answer_all(place, tell, flips, time_limit, flips_limit, long, evidence, fit)
    return result, interruption.happened


def _write(result: StudyResult, folder: Path, pdf: bool) -> None:
    from doubletalk.report.html import write_report

    make_folder(folder)
    with ProgressBar() as bar:
        bar(None, "writing the report")
        for path in write_report(result, folder, pdf=pdf):
            note(f"wrote {path}")


def _show(result: StudyResult, claims: bool) -> None:
    """The answers in short, and every claim on request; the report has the reasons."""
    from doubletalk.report.html import page_content
    from doubletalk.report.study_terminal import show_claims, show_study

    content, console = page_content(result), terminal()
    show_study(result, content, console)
    if claims:
        show_claims(content, console)
    elif content.claims:
        console.print("Every claim with its answer: --claims, or the report.")
