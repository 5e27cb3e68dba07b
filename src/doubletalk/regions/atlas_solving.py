"""Many points of the plane answered: each once, in several processes, remembered on disk.

The memory is keyed by the exact values of the two parameters, so that a finer atlas of the same game, a resumed one,
and the sharpening of its boundaries all draw on what was solved before.
"""

from __future__ import annotations

import json
import multiprocessing
import signal
import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from doubletalk.exact import Rational, rational

__all__ = ["Ask", "NeedsPoint", "Point", "Solver", "answer_from_json", "answer_to_json"]

Point: TypeAlias = tuple[Rational, Rational]
Ask: TypeAlias = Callable[[Rational, Rational], Hashable]
"""The answer at a point; may be sent to another process. A method ``order`` may say in which order points are best
answered."""

SAVE_EVERY_S = 5.0
CHUNK = 32
"""Points sent to a process at a time; neighbours share work."""


class NeedsPoint(Exception):  # noqa: N818 - no error: it asks for a point to be solved
    """Raised by :meth:`Solver.known` for a point that was not asked yet."""

    def __init__(self, point: Point) -> None:
        super().__init__(point)
        self.point = point


@dataclass
class Solver:
    """Answers points, remembers them, counts them.

    ``ask``      the question
    ``workers``  processes; 1 answers in this one. The answers do not depend on it
    ``keep``     called now and then, and at the end, to store what is known; None keeps nothing
    ``tell``     called with words about what is being done and the share of the batch
    ``interrupted`` whether a Ctrl-C came while a point was answered: a solve catches it and hands back a part, which
    is no answer
    ``solved``   how many points were answered here (not remembered); ``seconds`` how long that took
    """

    ask: Ask
    workers: int = 1
    keep: Callable[[dict[Point, Hashable]], None] | None = None
    tell: Callable[[float | None, str], None] | None = None
    interrupted: Callable[[], bool] | None = None
    known: dict[Point, Hashable] = field(default_factory=dict)
    solved: int = 0
    seconds: float = 0.0
    _pool: Any = None
    _saved: float = field(default_factory=time.perf_counter)

    @contextmanager
    def running(self) -> Iterator[Solver]:
        """Holds the processes while the body runs; what is known is kept however it ends."""
        try:
            yield self
        finally:
            if self._pool is not None:
                self._pool.terminate()
                self._pool.join()
                self._pool = None
            self._save(force=True)

    def answer(self, point: Point) -> Hashable:
        """The remembered answer; raises :class:`NeedsPoint` where there is none."""
        try:
            return self.known[point]
        except KeyError:
            raise NeedsPoint(point) from None

    def all(self, points: Iterable[Point], words: str) -> None:
        """Answer every point that is not known yet. An answer that was found is kept also when this is interrupted."""
        missing = [point for point in dict.fromkeys(points) if point not in self.known]
        if not missing:
            return
        order = getattr(self.ask, "order", None)
        if order is not None:
            missing = order(missing)
        start = time.perf_counter()
        try:
            for done, (point, answer) in enumerate(zip(missing, self._answers(missing), strict=True), start=1):
                if self.interrupted is not None and self.interrupted():
                    raise KeyboardInterrupt
                self.known[point] = answer
                self.solved += 1
                self._save()
                if self.tell is not None:
                    self.tell(done / len(missing), words)
        finally:
            self.seconds += time.perf_counter() - start

    def resolve(self, tasks: Sequence[Callable[[], Any]], words: str) -> list[Any]:
        """Run tasks that look answers up with :meth:`answer`: each is run again until it lacks no point.

        The points that the unfinished tasks lack are answered together, one for each task at a time.
        """
        results: dict[int, Any] = {}
        waiting = list(range(len(tasks)))
        while waiting:
            needed, late = [], []
            for k in waiting:
                try:
                    results[k] = tasks[k]()
                except NeedsPoint as lacks:
                    needed.append(lacks.point)
                    late.append(k)
            self.all(needed, words)
            waiting = late
        return [results[k] for k in range(len(tasks))]

    def _answers(self, points: Sequence[Point]) -> Iterator[Hashable]:
        if self.workers <= 1 or len(points) < 2:
            return (self.ask(*point) for point in points)
        if self._pool is None:
            context = multiprocessing.get_context("spawn")
            self._pool = context.Pool(self.workers, _begin, (self.ask,))
        chunk = max(1, min(CHUNK, len(points) // (4 * self.workers)))
        answers: Iterator[Hashable] = self._pool.imap(_one, points, chunk)
        return answers

    def _save(self, force: bool = False) -> None:
        if self.keep is not None and (force or time.perf_counter() - self._saved > SAVE_EVERY_S):
            self.keep(self.known)
            self._saved = time.perf_counter()


_ASK: list[Ask] = []


def _begin(ask: Ask) -> None:
    """Set a process up; Ctrl-C is for the one that started it."""
    import ppl  # noqa: F401 - brings signal handlers of its own, which must not replace this one later

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _ASK[:] = [ask]


def _one(point: Point) -> Hashable:
    return _ASK[0](*point)


# ---- answers as JSON -------------------------------------------------------------------------------------------------


def answer_to_json(answer: Any) -> Any:
    """An answer (text, whole numbers, truth values, None, rationals, tuples and sets of these) as JSON."""
    if answer is None or isinstance(answer, (str, int, bool)):
        return answer
    if isinstance(answer, Rational):
        return {"exact": str(answer)}
    if isinstance(answer, tuple):
        return [answer_to_json(each) for each in answer]
    if isinstance(answer, frozenset):
        return {"set": sorted((answer_to_json(each) for each in answer), key=json.dumps)}
    raise TypeError(f"an answer must be made of text, numbers, tuples and sets; got {type(answer).__name__}")


def answer_from_json(value: Any) -> Hashable:
    """The inverse of :func:`answer_to_json`."""
    if isinstance(value, list):
        return tuple(answer_from_json(each) for each in value)
    if isinstance(value, dict):
        if "exact" in value:
            exact: Hashable = rational(value["exact"])
            return exact
        return frozenset(answer_from_json(each) for each in value["set"])
    plain: Hashable = value
    return plain
