"""Measures of two kinds of event side by side: in the same month, and which comes first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from doubletalk.evidence.measures import CHUNK, Account, Layout, Measure, ids_hit, related
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

    def _present(self, layout: Layout, spans: Spans, low: Ints) -> Bools:
        import numpy as np

        present = np.zeros((len(low), len(layout.record.months)), dtype=np.bool_)
        rows = np.arange(len(low))
        for j in np.flatnonzero(spans.placed):
            present[rows, low[:, j] // SLOTS - layout.record.months.start] = True
        return present

    def values(self, layout: Layout, maps: Ints) -> Floats:
        """The number or phi under each rearrangement, (r,)."""
        import numpy as np

        fixed, (spans, low, _) = layout.record.spans(self.a), layout.moved(self.b, maps)
        keep = self._window(layout)
        a = self._present(layout, fixed, fixed.low[None, :])[:, keep]
        b = self._present(layout, spans, low)[:, keep]
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
        a = self._present(layout, fixed, fixed.low[None, :])[0] & keep
        b = self._present(layout, spans, spans.low[None, :])[0] & keep
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

        fixed, (spans, low, high) = layout.record.spans(self.a), layout.moved(self.b, maps)
        step = max(1, CHUNK // max(1, len(fixed.ids) * len(spans.ids)))
        a = fixed.low[None, :, None], fixed.high[None, :, None]
        leads, lags = [], []
        for k in range(0, len(maps), step):
            b = low[k : k + step, None, :], high[k : k + step, None, :]
            leads.append(related(a, b, self.within, "after").sum(axis=(1, 2)))
            lags.append(related(a, b, self.within, "before").sum(axis=(1, 2)))
        lead, lag = np.concatenate(leads).astype(float), np.concatenate(lags)
        with np.errstate(invalid="ignore"):
            return np.where(lead + lag > 0, lead / np.maximum(lead + lag, 1), np.nan)

    def account(self, layout: Layout) -> Account:
        """Numerator: pairs with a first; denominator: pairs in a sure order; ties and unclear orders in details."""
        fixed, spans = layout.record.spans(self.a), layout.record.spans(self.b)
        a, b = (fixed.low[:, None], fixed.high[:, None]), (spans.low[None, :], spans.high[None, :])
        lead: Bools = related(a, b, self.within, "after")
        lag: Bools = related(a, b, self.within, "before")
        close = related(a, b, self.within, "around")
        tied = close & (a[0] == b[0]) & (a[1] == b[1]) & (a[0] == a[1])
        unclear = close & ~lead & ~lag & ~tied
        pairs = lead | lag
        return Account(
            int(lead.sum()),
            int(pairs.sum()),
            ids_hit(fixed.ids, lead, 1),
            ids_hit(fixed.ids, pairs, 1),
            ids_hit(spans.ids, pairs, 0),
            details={
                "second first": float(lag.sum()),
                "same day": float(tied.sum()),
                "order unknown": float(unclear.sum()),
                "triggers in pairs": float(pairs.any(axis=1).sum()),
            },
        )
