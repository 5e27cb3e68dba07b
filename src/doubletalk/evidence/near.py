"""How many events lie near each of many points, from running counts over the days: no pair is ever formed.

``measures.related`` looks at every pair of events, which is quick for a chronicle written by hand. Event data have tens
of thousands of events a kind, and thousands of rearrangements of them. Here the events are counted by day slot, the
counts of a month move with it, and a window holds the difference of two running sums.

Arrays: r = rearrangements, a = points, b = events, m = months of the record.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from doubletalk.evidence.record import SLOTS, Spans

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

__all__ = ["CHUNK", "counts_near", "offsets", "once_each", "pieces"]

CHUNK = 1_500_000


def offsets(point: int, event: int, within: int, side: str, reading: str = "middle") -> tuple[int, int]:
    """First and last difference (first slot of an event - first slot of a point) at which the event counts.

    point, event  slots between the first and the last possible day of each: 0 for an exact date
    side, reading  as for ``measures.related``: the same condition, solved for the difference; none where first > last
    """
    reach = SLOTS * within
    if reading == "middle":
        first, last = -((2 * reach + event - point) // 2), (2 * reach + point - event) // 2
    elif reading == "strict":
        first, last = point - reach, reach - event
    else:
        first, last = -reach - event, reach + point
    if side == "after":
        first = max(first, point + 1) if reading == "middle" else point + 1 if reading == "strict" else 1 - event
    if side == "before":
        last = min(last, -event - 1) if reading == "middle" else -event - 1 if reading == "strict" else point - 1
    return first, last


def counts_near(
    points: tuple[Ints, Ints], spans: Spans, months: range, maps: Ints, within: int, side: str,
    reading: str = "middle", weighted: bool = False,
) -> Ints:  # fmt: skip
    """Events within n months after (before, around) each point under each rearrangement of the events, (r, a).

    points    (low, high) first and last possible slot, each (a,); they stay where they are
    weighted  the sum of their weights in place of their number
    """
    import numpy as np

    base, size = SLOTS * months.start, SLOTS * len(months)
    low, length = points[0] - base, points[1] - points[0]
    found = np.zeros((len(maps), low.size), dtype=np.int64)
    rows = np.arange(len(maps))[:, None]
    for event in np.unique(spans.high - spans.low):
        own = spans.high - spans.low == event
        weights = spans.weight[own] if weighted else None
        days = np.bincount(spans.low[own] - base, weights, size).astype(np.int64).reshape(-1, SLOTS)
        held = np.flatnonzero(days.any(axis=1))
        moved = np.zeros((len(maps), len(months), SLOTS), dtype=np.int64)
        moved[rows, maps[:, held]] = days[held]
        running = np.zeros((len(maps), size + 1), dtype=np.int64)
        np.cumsum(moved.reshape(len(maps), size), axis=1, out=running[:, 1:])
        for point in np.unique(length):
            first, last = offsets(int(point), int(event), within, side, reading)
            if first <= last:
                which = np.flatnonzero(length == point)
                start, stop = np.clip(low[which] + first, 0, size), np.clip(low[which] + last + 1, 0, size)
                found[:, which] += running[:, stop] - running[:, start]
    return found


def once_each(spans: Spans) -> tuple[tuple[Ints, Ints], Ints]:
    """The distinct (low, high) of events, each (a,), and how many events have them, (a,)."""
    import numpy as np

    both, times = np.unique(np.stack([spans.low, spans.high]), axis=1, return_counts=True)
    return (both[0], both[1]), times.astype(np.int64)


def pieces(maps: Ints, cells: int) -> Iterator[Ints]:
    """The rearrangements in parts, so that a table with so many cells for each stays in memory."""
    step = max(1, CHUNK // max(1, cells))
    for k in range(0, len(maps), step):
        yield maps[k : k + step]
