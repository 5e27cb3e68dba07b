"""The time that is left: one deadline for every stage of a solve, asked for between steps.

A stage sets it with ``deadline``; whatever runs inside calls ``check`` often enough that no two calls are more than a
fraction of a second apart. Work that cannot be divided is done in a process of its own (``apart``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from doubletalk.equilibrium.search import OutOfTimeError

__all__ = ["OutOfTimeError", "check", "deadline", "left", "now"]

TICK_SECONDS = 0.05
"""How often at most the progress is told."""


class _Clock:
    def __init__(self, end: float, tell: Callable[[], None] | None) -> None:
        self.end, self.tell = end, tell
        self.told = 0.0


_ENDLESS = _Clock(math.inf, None)
_CURRENT: ContextVar[_Clock] = ContextVar("deadline")


def now() -> float:
    """Seconds on the clock that deadlines refer to (``time.perf_counter``)."""
    return time.perf_counter()


@contextmanager
def deadline(end: float, tell: Callable[[], None] | None = None) -> Iterator[None]:
    """Inside, ``check`` raises OutOfTimeError after *end*, and calls *tell* now and then."""
    token = _CURRENT.set(_Clock(end, tell))
    try:
        yield
    finally:
        _CURRENT.reset(token)


def check() -> None:
    """Raise OutOfTimeError when the deadline has passed."""
    clock = _CURRENT.get(_ENDLESS)
    if clock.tell is None and clock.end == math.inf:
        return
    time_now = now()
    if time_now > clock.end:
        raise OutOfTimeError
    if clock.tell is not None and time_now > clock.told + TICK_SECONDS:
        clock.told = time_now
        clock.tell()


def left() -> float:
    """Seconds until the deadline, infinite without one."""
    end = _CURRENT.get(_ENDLESS).end
    return end if end == math.inf else end - now()
