"""What is counted: each measure gives one number for the record as it is, and one for each rearrangement of it.

Two events are **within n months** when the middles of the days that their dates allow lie at most n months apart;
one is **after** the other only when that is sure whatever the day. An exact date is its own middle. So a month-only
event that falls in the month of its trigger counts neither as before nor as after it.

Arrays: r = rearrangements, a = triggers, b = responses, m = months of the record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from doubletalk.evidence.near import counts_near, once_each, pieces
from doubletalk.evidence.record import SLOTS, Record, Selector, Spans, slot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = [
    "FEW_PAIRS",
    "Account",
    "Baseline",
    "Count",
    "Layout",
    "Measure",
    "Response",
    "chosen",
    "layout_of",
    "related",
]

FEW_PAIRS = 20_000
"""Up to so many pairs are looked at one by one in every rearrangement; beyond, events are counted by day (``near``)."""
MID_MONTH = 15


@dataclass(frozen=True)
class Account:
    """The rows behind a number: how many, out of how many, and which.

    low, high      the number under the strictest and the loosest reading of imprecise dates
    overlapping    triggers that have another trigger within the window, so that one response may count twice
    details        further counts by name
    """

    numerator: float
    denominator: float
    numerator_ids: tuple[str, ...] = ()
    denominator_ids: tuple[str, ...] = ()
    response_ids: tuple[str, ...] = ()
    left_out_ids: tuple[str, ...] = ()
    overlapping: int = 0
    low: float | None = None
    high: float | None = None
    details: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Layout:
    """A record, the slots between which responses can be seen, and how far every trigger must be able to look."""

    record: Record
    first: int
    last: int
    reach: Mapping[Selector, tuple[int, int]]

    def usable(self, trigger: Selector) -> tuple[Spans, tuple[str, ...]]:
        """The triggers whose whole window can be seen, and the ids of those whose window runs out of the record."""
        spans = self.record.spans(trigger)
        back, forward = self.reach.get(trigger, (0, 0))
        keep = (spans.low - SLOTS * back >= self.first) & (spans.high + SLOTS * forward <= self.last)
        ids = tuple(i for i, k in zip(spans.ids, keep, strict=True) if k)
        left_out = tuple(i for i, k in zip(spans.ids, keep, strict=True) if not k)
        return Spans(ids, spans.low[keep], spans.high[keep], spans.weight[keep], spans.placed[keep]), left_out

    @property
    def identity(self) -> Ints:
        """The record as it is, as a rearrangement, (1, m)."""
        import numpy as np

        return np.arange(len(self.record.months))[None, :]

    def near(
        self, points: Spans, events: Spans, within: int, side: str, reading: str = "middle", weighted: bool = False
    ) -> Ints:
        """Events (or their weights) near each point in the record as it is, (a,)."""
        where, months = (points.low, points.high), self.record.months
        counts: Ints = counts_near(where, events, months, self.identity, within, side, reading, weighted)[0]
        return counts

    def moved(self, response: Selector, maps: Ints) -> tuple[Spans, Ints, Ints]:
        """The responses and their first and last slots under every rearrangement, each (r, b)."""
        spans = self.record.spans(response)
        index = spans.month - self.record.months.start
        shift = SLOTS * (maps[:, index] - index[None, :])
        return spans, spans.low[None, :] + shift, spans.high[None, :] + shift


@dataclass(frozen=True)
class Measure:
    """A number that can be asked of a record. Abstract."""

    @property
    def responses(self) -> tuple[Selector, ...]:
        """The kinds of event that a rearrangement moves."""
        return ()

    @property
    def triggers(self) -> tuple[Selector, ...]:
        """The kinds of event that stay where they are."""
        return ()

    @property
    def reach(self) -> tuple[int, int]:
        """Months that a window looks back and forward."""
        return 0, 0

    def values(self, layout: Layout, maps: Ints) -> Floats:
        """The number under each rearrangement, (r,)."""
        raise NotImplementedError

    def account(self, layout: Layout) -> Account:
        """The rows behind the number for the record as it is."""
        raise NotImplementedError


def layout_of(record: Record, measures: Sequence[Measure]) -> Layout:
    """The layout that several measures share, so that all of them use the same triggers."""
    first, last = record.first_slot, record.last_slot
    reach: dict[Selector, tuple[int, int]] = {}
    for measure in measures:
        for response in measure.responses:
            first = max(first, slot(response.since)) if response.since else first
            last = min(last, slot(response.until)) if response.until else last
        for trigger in measure.triggers:
            back, forward = reach.get(trigger, (0, 0))
            reach[trigger] = max(back, measure.reach[0]), max(forward, measure.reach[1])
    return Layout(record, first, last, reach)


def related(a: tuple[Ints, Ints], b: tuple[Ints, Ints], within: int, side: str, reading: str = "middle") -> Bools:
    """Whether b lies within so many months after, before or around a; a, b are (low, high) and broadcast.

    reading  ``middle`` as the module says; ``strict``: true on every pair of days; ``loose``: true on some pair
    """
    import numpy as np

    (al, ah), (bl, bh), reach = a, b, SLOTS * within
    if side == "before":
        return related(b, a, within, "after", reading)
    if reading == "middle":
        near = np.abs((bl + bh) - (al + ah)) <= 2 * reach
        return near & (bl > ah) if side == "after" else near
    if reading == "strict":
        fits = bh - al <= reach
        return fits & (bl > ah) if side == "after" else fits & (ah - bl <= reach)
    fits = bl - ah <= reach
    return fits & (bh > al) if side == "after" else fits & (al - bh <= reach)


def chosen(ids: tuple[str, ...], which: Bools) -> tuple[str, ...]:
    """The ids at which a condition holds."""
    import numpy as np

    return tuple(ids[int(k)] for k in np.flatnonzero(which))


_OTHER_SIDE = {"after": "before", "before": "after", "around": "around"}


def _reach(within: int, side: str) -> tuple[int, int]:
    return (within if side != "after" else 0), (within if side != "before" else 0)


@dataclass(frozen=True)
class Count(Measure):
    """Number of events of a kind. Rearranging changes nothing."""

    selector: Selector

    def values(self, layout: Layout, maps: Ints) -> Floats:
        """The count, repeated (r,)."""
        import numpy as np

        return np.full(len(maps), float(len(layout.record.spans(self.selector).ids)))

    def account(self, layout: Layout) -> Account:
        """The events counted."""
        ids = layout.record.spans(self.selector).ids
        return Account(len(ids), 1, ids)


@dataclass(frozen=True)
class Response(Measure):
    """Responses b within n months after (before, around) triggers a.

    how  ``share``: triggers with a response / triggers; ``number``: triggers with a response;
         ``mean``: responses per trigger; ``weight``: sum of the responses' intensities per trigger
    """

    how: str
    response: Selector
    trigger: Selector
    within: int
    side: str = "after"

    @property
    def responses(self) -> tuple[Selector, ...]:
        """The response is moved."""
        return (self.response,)

    @property
    def triggers(self) -> tuple[Selector, ...]:
        """The trigger stays."""
        return (self.trigger,)

    @property
    def reach(self) -> tuple[int, int]:
        """The window."""
        return _reach(self.within, self.side)

    def values(self, layout: Layout, maps: Ints) -> Floats:
        """The number under each rearrangement, (r,); undefined (nan) without triggers."""
        import numpy as np

        triggers, _ = layout.usable(self.trigger)
        if not triggers.ids:
            return np.full(len(maps), np.nan if self.how != "number" else 0.0)
        spans = layout.record.spans(self.response)
        few = len(triggers.ids) * len(spans.ids) <= FEW_PAIRS
        made = self._by_pair(layout, triggers, maps) if few else self._by_day(layout, triggers, spans, maps)
        total = made.astype(float)
        return total if self.how == "number" else total / len(triggers.ids)

    def _by_pair(self, layout: Layout, triggers: Spans, maps: Ints) -> Ints:
        import numpy as np

        a = triggers.low[None, :, None], triggers.high[None, :, None]
        parts = []
        for part in pieces(maps, len(triggers.ids) * len(layout.record.spans(self.response).ids)):
            spans, low, high = layout.moved(self.response, part)
            hits = related(a, (low[:, None, :], high[:, None, :]), self.within, self.side)
            if self._any:
                parts.append(hits.any(axis=2).sum(axis=1))
            else:
                parts.append((hits.sum(axis=1) * (spans.weight if self.how == "weight" else 1)).sum(axis=1))
        return np.concatenate(parts)

    def _by_day(self, layout: Layout, triggers: Spans, spans: Spans, maps: Ints) -> Ints:
        import numpy as np

        months, (points, times) = layout.record.months, once_each(triggers)
        parts = []
        for part in pieces(maps, 2 * SLOTS * len(months) + times.size):
            counts = counts_near(points, spans, months, part, self.within, self.side, weighted=self.how == "weight")
            parts.append(((counts > 0) if self._any else counts) @ times)
        return np.concatenate(parts)

    @property
    def _any(self) -> bool:
        """Whether it is asked if a trigger has any response, not how many."""
        return self.how in ("share", "number")

    def per_trigger(self, layout: Layout) -> Ints:
        """Responses (or their weights) of each usable trigger, (a,)."""
        return self._near(layout, "middle")

    def _near(self, layout: Layout, reading: str) -> Ints:
        triggers, spans = layout.usable(self.trigger)[0], layout.record.spans(self.response)
        return layout.near(triggers, spans, self.within, self.side, reading, self.how == "weight")

    def _total(self, counts: Ints) -> float:
        return float((counts > 0).sum() if self._any else counts.sum())

    def account(self, layout: Layout) -> Account:
        """Numerator: triggers with a response (share, number) or the responses' sum (mean, weight)."""
        triggers, left_out = layout.usable(self.trigger)
        spans = layout.record.spans(self.response)
        size, counts = len(triggers.ids), self._near(layout, "middle")
        scale = 1.0 if self.how == "number" else float(max(size, 1))
        strict, loose = (self._total(self._near(layout, r)) / scale for r in ("strict", "loose"))
        hits = layout.near(triggers, spans, self.within, self.side)
        answered = layout.near(spans, triggers, self.within, _OTHER_SIDE[self.side])
        return Account(
            self._total(counts),
            size,
            chosen(triggers.ids, counts > 0),
            triggers.ids,
            chosen(spans.ids, answered > 0),
            left_out,
            int((layout.near(triggers, triggers, self.within, "around") > 1).sum()),
            strict,
            loose,
            {"responses": float(hits.sum()), "distinct responses": float((answered > 0).sum())},
        )


@dataclass(frozen=True)
class Baseline(Measure):
    """The same as ``Response`` with a random month in place of the trigger: every month whose window can be seen.

    The month's trigger is put at its middle; the months are those of the trigger's own dates where it has any.
    """

    how: str
    response: Selector
    within: int
    side: str = "after"
    trigger: Selector | None = None

    @property
    def responses(self) -> tuple[Selector, ...]:
        """The response is moved."""
        return (self.response,)

    def _months(self, layout: Layout) -> Bools:
        import numpy as np

        months = layout.record.months
        middle = SLOTS * np.arange(months.start, months.stop) + MID_MONTH
        back, forward = _reach(self.within, self.side)
        keep: Bools = (middle - SLOTS * back >= layout.first) & (middle + SLOTS * forward <= layout.last)
        if self.trigger is not None and self.trigger.since:
            keep &= middle >= slot(self.trigger.since)
        if self.trigger is not None and self.trigger.until:
            keep &= middle <= slot(self.trigger.until)
        return keep

    def _per_month(self, layout: Layout, maps: Ints) -> Ints:
        """Responses in the window of every month, (r, m)."""
        import numpy as np

        spans = layout.record.spans(self.response)
        months, size = layout.record.months, len(layout.record.months)
        edges = np.zeros((len(maps), size + 1), dtype=np.int64)
        rows = np.arange(len(maps))
        for low, length, weight in _heaps(spans, self.how == "weight"):
            first, last = _reached(low % SLOTS, length, self.within, self.side)
            month = maps[:, low // SLOTS - months.start]
            start, stop = np.clip(month - last, 0, size), np.clip(month - first + 1, 0, size)
            edges[rows, start] += np.where(start < stop, weight, 0)
            edges[rows, stop] -= np.where(start < stop, weight, 0)
        counts: Ints = np.cumsum(edges, axis=1)[:, :size]
        return counts

    def values(self, layout: Layout, maps: Ints) -> Floats:
        """Mean over the months, (r,); nan when no month's window can be seen."""
        import numpy as np

        keep = self._months(layout)
        if not keep.any():
            return np.full(len(maps), np.nan)
        counts = self._per_month(layout, maps)[:, keep]
        means: Floats = (counts > 0).mean(axis=1) if self.how == "share" else counts.mean(axis=1)
        return means

    def account(self, layout: Layout) -> Account:
        """Numerator: months with a response (share) or the sum of responses; denominator: months."""
        keep = self._months(layout)
        counts = self._per_month(layout, layout.identity)[0, keep]
        return Account(float((counts > 0).sum() if self.how == "share" else counts.sum()), int(keep.sum()))


def _heaps(spans: Spans, weighted: bool) -> list[tuple[int, int, int]]:
    """(first slot, slots to the last, number or weight) of the events that share both."""
    import numpy as np

    both, where = np.unique(np.stack([spans.low, spans.high - spans.low]), axis=1, return_inverse=True)
    weight = np.bincount(where.ravel(), spans.weight if weighted else None, both.shape[1])
    return [(int(low), int(length), int(w)) for low, length, w in zip(*both, weight, strict=True)]


def _reached(offset: int, length: int, within: int, side: str) -> tuple[int, int]:
    """First and last difference (month of the response - month of the trigger at mid-month) that counts."""
    found = []
    for delta in range(-within - 13, within + 14):
        low = SLOTS * delta + offset
        near = abs(2 * low + length - 2 * MID_MONTH) <= 2 * SLOTS * within
        sure = {"after": low > MID_MONTH, "before": low + length < MID_MONTH, "around": True}[side]
        if near and sure:
            found.append(delta)
    return (found[0], found[-1]) if found else (1, 0)
