"""Measures of two kinds of event side by side: in the same month, and which comes first."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doubletalk.evidence.measures import FEW_PAIRS, Account, Layout, Measure, chosen, related
from doubletalk.evidence.near import counts_near, once_each, pieces
from doubletalk.evidence.record import SLOTS, Selector, Spans, slot

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["First", "Together"]


@dataclass(frozen=True)
class Together(Measure):
    """Months in which both kinds occur: their number, or with ``how='phi'`` the correlation of the two indicators.

    phi = (M n_ab - n_a n_b) / sqrt(n_a (M - n_a) n_b (M - n_b)), M months, n_ab of them with both.
    Events of which not even the month is known are left out. ``b`` is moved.
    """

    a: Selector
    b: Selector
    how: str = "number"

    @property
    def responses(self) -> tuple[Selector, ...]:
        """The second kind is moved."""
        return (self.b,)

    @property
    def triggers(self) -> tuple[Selector, ...]:
        """The first kind stays."""
        return (self.a,)

    def _window(self, layout: Layout) -> Bools:
        import numpy as np

        months = np.arange(layout.record.months.start, layout.record.months.stop)
        since, until = [s.since for s in (self.a, self.b) if s.since], [s.until for s in (self.a, self.b) if s.until]
        keep = np.ones(months.size, dtype=np.bool_)
        for date in since:
            keep &= months >= slot(date) // SLOTS
        for date in until:
            keep &= months <= slot(date) // SLOTS
        return keep

    @staticmethod
    def _present(layout: Layout, spans: Spans, maps: Ints) -> Bools:
        """Months that hold an event under each rearrangement, (r, m)."""
        import numpy as np

        held = np.unique(spans.month[spans.placed]) - layout.record.months.start
        present = np.zeros((len(maps), len(layout.record.months)), dtype=np.bool_)
        present[np.arange(len(maps))[:, None], maps[:, held]] = True
        return present

    def values(self, layout: Layout, maps: Ints) -> Floats:
        """The number or phi under each rearrangement, (r,)."""
        import numpy as np

        fixed, spans, keep = layout.record.spans(self.a), layout.record.spans(self.b), self._window(layout)
        a = self._present(layout, fixed, layout.identity)[:, keep]
        b = self._present(layout, spans, maps)[:, keep]
        both: Floats = (a & b).sum(axis=1).astype(float)
        if self.how == "number":
            return both
        size, na, nb = int(keep.sum()), a.sum(axis=1), b.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            phi: Floats = (size * both - na * nb) / np.sqrt(1.0 * na * (size - na) * nb * (size - nb))
        return phi

    def account(self, layout: Layout) -> Account:
        """Numerator: months with both; denominator: months with the rarer kind; expected if unrelated in details."""
        fixed, spans = layout.record.spans(self.a), layout.record.spans(self.b)
        keep = self._window(layout)
        a, b = (self._present(layout, s, layout.identity)[0] & keep for s in (fixed, spans))
        start, both, size = layout.record.months.start, a & b, int(keep.sum())
        ids = [
            tuple(i for i, m, p in zip(s.ids, s.month, s.placed, strict=True) if p and both[m - start])
            for s in (fixed, spans)
        ]
        unplaced = tuple(i for s in (fixed, spans) for i, p in zip(s.ids, s.placed, strict=True) if not p)
        return Account(
            int(both.sum()),
            int(min(a.sum(), b.sum())),
            ids[0],
            fixed.ids,
            ids[1],
            unplaced,
            details={
                "months": size,
                "months with the first": float(a.sum()),
                "months with the second": float(b.sum()),
                "expected if unrelated": float(a.sum() * b.sum() / max(size, 1)),
            },
        )


@dataclass(frozen=True)
class First(Measure):
    """Among pairs (a, b) at most n months apart in a sure order: the share with a first. ``b`` is moved."""

    a: Selector
    b: Selector
    within: int

    @property
    def responses(self) -> tuple[Selector, ...]:
        """The second kind is moved."""
        return (self.b,)

    @property
    def triggers(self) -> tuple[Selector, ...]:
        """The first kind stays."""
        return (self.a,)

    def values(self, layout: Layout, maps: Ints) -> Floats:
        """The share under each rearrangement, (r,); nan where no pair is close enough."""
        import numpy as np

        fixed, spans = layout.record.spans(self.a), layout.record.spans(self.b)
        few = len(fixed.ids) * len(spans.ids) <= FEW_PAIRS
        lead, lag = (self._pairs(layout, fixed, maps, side, few) for side in ("after", "before"))
        with np.errstate(invalid="ignore"):
            return np.where(lead + lag > 0, lead / np.maximum(lead + lag, 1), np.nan)

    def _pairs(self, layout: Layout, fixed: Spans, maps: Ints, side: str, few: bool) -> Ints:
        """Pairs with b on this side of a, (r,): pair by pair where they are few, else by counts of days."""
        import numpy as np

        spans, months = layout.record.spans(self.b), layout.record.months
        parts = []
        if few:
            a = fixed.low[None, :, None], fixed.high[None, :, None]
            for part in pieces(maps, len(fixed.ids) * len(spans.ids)):
                _, low, high = layout.moved(self.b, part)
                parts.append(related(a, (low[:, None, :], high[:, None, :]), self.within, side).sum(axis=(1, 2)))
        else:
            points, times = once_each(fixed)
            for part in pieces(maps, 2 * SLOTS * len(months) + times.size):
                parts.append(counts_near(points, spans, months, part, self.within, side) @ times)
        return np.concatenate(parts)

    def account(self, layout: Layout) -> Account:
        """Numerator: pairs with a first; denominator: pairs in a sure order; ties and unclear orders in details."""
        fixed, spans = layout.record.spans(self.a), layout.record.spans(self.b)
        lead, lag, close = (layout.near(fixed, spans, self.within, side) for side in ("after", "before", "around"))
        after, before = (layout.near(spans, fixed, self.within, side) for side in ("after", "before"))
        tied = _same_day(fixed, spans)
        return Account(
            int(lead.sum()),
            int((lead + lag).sum()),
            chosen(fixed.ids, lead > 0),
            chosen(fixed.ids, lead + lag > 0),
            chosen(spans.ids, after + before > 0),
            details={
                "second first": float(lag.sum()),
                "same day": float(tied),
                "order unknown": float((close - lead - lag).sum() - tied),
                "triggers in pairs": float((lead + lag > 0).sum()),
            },
        )


def _same_day(a: Spans, b: Spans) -> int:
    """Pairs of exact dates on one day."""
    counts = Counter(b.low[b.low == b.high].tolist())
    return sum(counts[day] for day in a.low[a.low == a.high].tolist())
