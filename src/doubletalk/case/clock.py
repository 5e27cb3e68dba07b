"""How long a study may take: a limit on every solve, and one on the search for what would overturn an answer."""

from __future__ import annotations

import time

__all__ = ["Clock"]


class Clock:
    """``each``: seconds for one solve; ``search``: seconds for the search once it has begun; None is no limit."""

    def __init__(self, each: float | None, search: float | None) -> None:
        self.each, self.search = each, search
        self._end: float | None = None

    def begin_search(self) -> None:
        """From here on the search's time runs."""
        self._end = None if self.search is None else time.perf_counter() + self.search

    def left(self) -> float:
        """Seconds that the search still has."""
        return float("inf") if self._end is None else self._end - time.perf_counter()

    def limit(self) -> float | None:
        """The limit of the next solve: no longer than the search has left, once that runs."""
        if self._end is None:
            return self.each
        return min(self.each or float("inf"), max(self.left(), 0.01))
