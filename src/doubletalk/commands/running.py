"""What all commands share: exit codes, errors in one line, interruption, progress, output.

0 done; 1 the input is wrong; 2 the command line is wrong; 3 a limit that the user set was reached;
130 interrupted. Results go to standard output, everything else to standard error.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from types import FrameType, TracebackType
from typing import TYPE_CHECKING

from doubletalk.errors import DoubletalkError, InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

__all__ = [
    "Exit",
    "Interruption",
    "ProgressBar",
    "check_writable",
    "explained",
    "make_folder",
    "note",
    "put",
    "save",
    "terminal",
]

QUIET_SECONDS = 2.0
"""Work that ends sooner shows no progress bar."""


class Exit(IntEnum):
    """Exit codes of every command."""

    DONE = 0
    INPUT = 1
    USAGE = 2
    LIMIT = 3
    INTERRUPTED = 130


def put(content: str) -> None:
    """Write *content* to standard output as it is."""
    sys.stdout.write(content)


def note(message: str) -> None:
    """One remark to standard error."""
    sys.stderr.write(message.rstrip() + "\n")


def terminal() -> Console:
    """A console on standard output, as wide as the terminal (80 columns in a pipe, or ``COLUMNS``)."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=False, emoji=False, markup=False)


def explained(error: BaseException) -> tuple[int, str]:
    """Exit code and message for whatever ended a command early."""
    if isinstance(error, KeyboardInterrupt):
        return Exit.INTERRUPTED, "interrupted"
    if isinstance(error, DoubletalkError):
        return Exit.INPUT, f"error: {error}"
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return Exit.INPUT, f"error: {place}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return Exit.INPUT, "error: out of memory; make the game smaller"
    words = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return Exit.INPUT, (
        f"error: a fault in doubletalk itself ({words}); please report it with the file that shows it. "
        "DOUBLETALK_TRACEBACK=1 prints where it happened"
    )


def check_writable(path: Path) -> None:
    """Refuse early, before long work, a file that could not be written in the end."""
    if path.is_dir():
        raise InputError("is a folder; give the name of a file", str(path))
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise InputError(f"cannot be written: {folder} is not a folder", str(path))
    if not os.access(folder, os.W_OK):
        raise InputError(f"cannot be written: no permission to write in {folder}", str(path))


def save(path: Path, content: str | bytes) -> None:
    """Write *content* to *path* atomically and say so, and which folders were made for it."""
    from doubletalk.report.writing import write_bytes

    make_folder(path.parent)
    write_bytes(path, content.encode("utf-8") if isinstance(content, str) else content)
    note(f"wrote {path}")


def make_folder(folder: Path) -> None:
    """Make *folder* where it is missing, with those above it, and say which were made."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    if missing:
        note(f"made the folder{'s' * (len(missing) > 1)} {', '.join(map(str, reversed(missing)))}")


class Interruption:
    """Remembers a Ctrl-C, also where the work caught it and handed back what it had."""

    def __init__(self) -> None:
        self.happened = False

    @contextmanager
    def watched(self) -> Iterator[Interruption]:
        """Note SIGINT while the body runs; it still raises ``KeyboardInterrupt`` there."""

        def note_it(_signal: int, _frame: FrameType | None) -> None:
            self.happened = True
            raise KeyboardInterrupt

        import ppl  # noqa: F401 - brings signal handlers of its own, which must not replace this one later

        before = signal.signal(signal.SIGINT, note_it)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before or signal.default_int_handler)


class ProgressBar:
    """A bar on standard error: shown only at a terminal, and only when work goes on past two seconds.

    Call it with the share done (None when unknown) and what is being done.
    """

    def __init__(self) -> None:
        self._start = time.perf_counter()
        self._shown: tuple[Progress, TaskID] | None = None
        self._wanted = sys.stderr.isatty()

    def __enter__(self) -> ProgressBar:
        return self

    def __call__(self, share: float | None, words: str) -> None:
        if not self._wanted:
            return
        if self._shown is None:
            if time.perf_counter() - self._start < QUIET_SECONDS:
                return
            self._shown = self._show(words)
        bar, task = self._shown
        bar.update(task, description=words, total=None if share is None else 1.0, completed=share or 0.0)

    def _show(self, words: str) -> tuple[Progress, TaskID]:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        words_column = TextColumn("{task.description}", markup=False)
        columns = (words_column, BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
        bar = Progress(*columns, console=Console(stderr=True), transient=True)
        bar.start()
        return bar, bar.add_task(words, total=None)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown is not None:
            self._shown[0].stop()
