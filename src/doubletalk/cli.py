"""The command line: which commands there are, and how every one of them ends.

Only ``typer`` is imported at the start; each command imports what it needs when it runs.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import doubletalk
from doubletalk.commands.atlas import atlas
from doubletalk.commands.check import check
from doubletalk.commands.chronicle import chronicle
from doubletalk.commands.convert import convert
from doubletalk.commands.crisis import crisis
from doubletalk.commands.fit import fit
from doubletalk.commands.forecast import forecast
from doubletalk.commands.lenses import lenses
from doubletalk.commands.library import library
from doubletalk.commands.longgame import longgame
from doubletalk.commands.new import new
from doubletalk.commands.quantal import quantal
from doubletalk.commands.running import Exit, explained, note, put
from doubletalk.commands.schema import schema
from doubletalk.commands.solve import solve
from doubletalk.commands.study import study
from doubletalk.commands.talk import talk
from doubletalk.commands.thresholds import thresholds

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    """The commands; a reader of the output that goes away early (``| head``) is no error."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()
        except BrokenPipeError:
            _silence()
            return None
        return result


app = typer.Typer(
    cls=_Commands,
    name="doubletalk",
    help="What a speaker can credibly say to several audiences at once, and what each should do about it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_COMMANDS = (
    check, solve, talk, quantal, atlas, thresholds, library, study, lenses, chronicle, fit, forecast, new, convert,
    schema,
)  # fmt: skip
for _command in _COMMANDS:
    app.command()(_command)
app.add_typer(crisis, name="crisis")
app.add_typer(longgame, name="longgame")


def _version(asked: bool) -> None:
    if asked:
        put(f"doubletalk {doubletalk.__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; every way out is one of the documented exit codes, and never a traceback."""
    code: int = Exit.DONE
    try:
        code = _run()
        sys.stdout.flush()
    except BrokenPipeError:
        _silence()
    except BaseException as error:
        if os.environ.get("DOUBLETALK_TRACEBACK"):
            raise
        code, message = explained(error)
        note(message)
    sys.exit(code)


def _run() -> int:
    """The command named on the command line; its exit code."""
    try:
        app(prog_name="doubletalk")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    return Exit.DONE


def _silence() -> None:
    """The reader went away (``| head``): drop what is left without a complaint."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
