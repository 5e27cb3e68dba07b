"""Extreme points of large polyhedra in a process of its own, which can be ended at any moment.

The polyhedra library converts constraints into points in one call that nothing interrupts, and the work may grow
exponentially. Here a second Python does it: at the deadline, or at Ctrl-C, that process is killed.
"""

from __future__ import annotations

import os
import pickle
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from typing import IO

from doubletalk.equilibrium import clock

__all__ = ["Line", "converted", "serve"]

Line = tuple[bool, int, tuple[int, ...]]
"""(equality, constant, coefficients): constant + coefficients . x = 0, or >= 0."""

CHUNK = 500
"""Points sent at a time."""
WAIT_SECONDS = 0.1
"""Longest wait between two looks at the clock."""
COMMAND = "from doubletalk.equilibrium.apart import serve; serve()"


def converted(size: int, lines: Sequence[Line]) -> Iterator[tuple[tuple[int, ...], int]]:
    """The extreme points of a bounded polyhedron as (numerators, denominator); none when it is empty.

    Raises OutOfTimeError at the deadline and MemoryError when the process could not finish.
    """
    path = os.pathsep.join(place for place in sys.path if place)
    worker = subprocess.Popen(
        [sys.executable, "-c", COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": path},
        start_new_session=True,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    try:
        worker.stdin.write(pickle.dumps((size, list(lines))))
        worker.stdin.close()
        for points in _chunks(worker.stdout):
            clock.check()
            yield from points
    finally:
        worker.kill()
        worker.stdout.close()
        worker.wait()


def _chunks(stream: IO[bytes]) -> Iterator[list[tuple[tuple[int, ...], int]]]:
    buffer = b""
    while True:
        while len(buffer) < 8 or len(buffer) < 8 + int.from_bytes(buffer[:8], "big"):
            ready, _, _ = select.select([stream], [], [], max(0.0, min(WAIT_SECONDS, clock.left())))
            clock.check()
            if ready:
                more = os.read(stream.fileno(), 1 << 20)
                if not more:
                    raise MemoryError("the polyhedra library did not finish")
                buffer += more
        end = 8 + int.from_bytes(buffer[:8], "big")
        points = pickle.loads(buffer[8:end])
        buffer = buffer[end:]
        if points is None:
            return
        yield points


def serve() -> None:
    """The other side: one polyhedron from standard input, its points to standard output."""
    import ppl

    size, lines = pickle.loads(sys.stdin.buffer.read())
    body = ppl.C_Polyhedron(size, "universe")
    for equality, constant, coefficients in lines:
        form = ppl.Linear_Expression(coefficients, constant)
        body.add_constraint(form == 0 if equality else form >= 0)
    points: list[tuple[tuple[int, ...], int]] = []
    for generator in body.minimized_generators():
        if not generator.is_point():
            raise ArithmeticError("the polyhedron is not bounded")
        points.append((tuple(int(c) for c in generator.coefficients()), int(generator.divisor())))
        if len(points) == CHUNK:
            _send(points)
            points = []
    _send(points)
    _send(None)


def _send(content: object) -> None:
    data = pickle.dumps(content)
    sys.stdout.buffer.write(len(data).to_bytes(8, "big") + data)
    sys.stdout.buffer.flush()
