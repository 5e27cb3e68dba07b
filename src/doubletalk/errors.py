"""Everything that can go wrong because of what a user gave, in one small hierarchy.

DoubletalkError
  InputError        a file or value is wrong; the message says what was found, what was expected, how to fix it
    GameFileError   a game file is wrong (file and line)
  TooLarge          the problem is too large to start without a limit; carries the estimate
"""

from __future__ import annotations

__all__ = ["DoubletalkError", "GameFileError", "InputError", "TooLarge"]


class DoubletalkError(Exception):
    """Base of every error that a user can cause and mend."""


class InputError(DoubletalkError):
    """A file or a value is wrong: ``path``:``line`` where known, then what was found and what was expected."""

    def __init__(self, message: str, path: str | None = None, line: int | None = None) -> None:
        self.message, self.path, self.line = message, path, line
        where = "" if path is None else f"{path}:{line}: " if line is not None else f"{path}: "
        super().__init__(where + message)


class GameFileError(InputError):
    """A game file breaks a rule of the format."""


class TooLarge(DoubletalkError):  # noqa: N818
    """The problem would take very long; say how long by ``estimate`` and how to go on all the same."""
