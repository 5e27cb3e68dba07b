"""Rearrangements of the record: what the counts would be if one kind of event had come in other months.

Months of the record are sorted into strata: by era (where coverage differs, as the case says) and, within an era,
by whether a presidential election or referendum lies within ``near`` months. A rearrangement is a bijection of the
months within strata, applied to all events of the kind that is moved: events of one month stay together, days and
weights stay, and so do the triggers. The election calendar and the number of events per stratum are thus held fixed.

Rearranging months also scatters the crises in which events crowd together, which flatters any link. So every test is
run a second time with a circular shift of the months of each era, which keeps the crowding but not the calendar.

When the distinct arrangements are few all are enumerated and the p-value is exact; else p = (1 + hits) / (1 + draws)
(Davison & Hinkley 1997, section 4.3; Phipson & Smyth 2010) with the standard error sqrt(p (1 - p) / draws).
"""

from __future__ import annotations

import datetime as dt
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from doubletalk.evidence.record import Record, month_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

__all__ = ["Arrangements", "Chance", "Plan", "chance", "permuted_months", "shifted_months", "strata"]

TIE = 1e-9


@dataclass(frozen=True)
class Plan:
    """How the rearrangements are drawn.

    near        months before and after a vote that form a stratum of their own
    eras        first days of the second and later eras; the record's own where None
    draws       random rearrangements when they cannot all be listed
    exact_limit the largest number of arrangements that is listed in full
    """

    near: int = 6
    eras: tuple[dt.date, ...] | None = None
    draws: int = 4999
    exact_limit: int = 20_000
    seed: int = 2023
    keep_elections: bool = True


@dataclass(frozen=True)
class Arrangements:
    """Month maps: ``maps[r, i]`` is the index of the month to which month i goes in rearrangement r."""

    maps: Ints
    exact: bool


@dataclass(frozen=True)
class Chance:
    """What rearrangements give for a number.

    expected    mean over rearrangements
    p           two-sided: twice the smaller tail, at most 1
    upper       P(value >= observed); lower: P(value <= observed)
    error       Monte-Carlo standard error of p (0 when exact)
    low, high   the values that would have stood out: the largest v with P(value <= v) <= 0.05 and the smallest with
                P(value >= v) <= 0.05 among the values met; None where no value that was met would have stood out
    draws       rearrangements that gave a value; ``undefined``: those that gave none (say, no pairs at all)
    """

    expected: float
    p: float
    upper: float
    lower: float
    error: float
    low: float | None
    high: float | None
    draws: int
    undefined: int
    exact: bool
    seed: int


def strata(record: Record, plan: Plan) -> tuple[Ints, Ints]:
    """Era and stratum of every month of the record, each (months,); stratum = 2 era + (1 near a vote)."""
    import numpy as np

    months = np.arange(record.months.start, record.months.stop)
    era = np.zeros(months.size, dtype=np.int64)
    for first in record.eras if plan.eras is None else plan.eras:
        era += months >= month_of(first)
    near = np.zeros(months.size, dtype=np.int64)
    if plan.keep_elections:
        for vote in record.calendar.fixed():
            near |= np.abs(months - month_of(vote.date)) <= plan.near
    return era, 2 * era + near


def permuted_months(groups: Ints, occupied: Ints, plan: Plan) -> Arrangements:
    """Permutations of months within groups; all distinct ones when they are few.

    groups    (months,)  label of each month
    occupied  indices of the months that hold an event to be moved (only these matter for what is distinct)
    """
    import numpy as np

    held = np.unique(occupied)
    members = {int(g): np.flatnonzero(groups == g) for g in np.unique(groups)}
    moved = {g: held[groups[held] == g] for g in members}
    total = math.prod(math.perm(members[g].size, moved[g].size) for g in members)
    if total <= plan.exact_limit:
        return Arrangements(_all_placements(groups.size, members, moved, total), True)
    rng = np.random.default_rng(plan.seed)
    maps = np.tile(np.arange(groups.size), (plan.draws, 1))
    for g, where in members.items():
        if moved[g].size:
            maps[:, where] = rng.permuted(maps[:, where], axis=1)
    return Arrangements(maps, False)


def _all_placements(size: int, members: dict[int, Ints], moved: dict[int, Ints], total: int) -> Ints:
    """Every placement of the occupied months; months that hold nothing keep their index (they are never read)."""
    import numpy as np

    maps = np.tile(np.arange(size), (total, 1))
    choices = (itertools.permutations(members[g].tolist(), moved[g].size) for g in members)
    columns = np.concatenate([moved[g] for g in members]) if members else np.zeros(0, dtype=np.int64)
    if columns.size:
        for r, choice in enumerate(itertools.product(*choices)):
            maps[r, columns] = [month for part in choice for month in part]
    return maps


def shifted_months(eras: Ints, occupied: Ints, plan: Plan) -> Arrangements:
    """Circular shifts of the months within each era, eras shifted independently; all of them when they are few."""
    import numpy as np

    held = set(eras[np.unique(occupied)].tolist())
    blocks = [np.flatnonzero(eras == e) for e in np.unique(eras) if int(e) in held]
    total = math.prod(block.size for block in blocks)
    if total <= plan.exact_limit:
        shifts = np.array(list(itertools.product(*(range(b.size) for b in blocks))), dtype=np.int64)
    else:
        rng = np.random.default_rng(plan.seed)
        shifts = np.stack([rng.integers(0, b.size, plan.draws) for b in blocks], axis=1)
    maps = np.tile(np.arange(eras.size), (len(shifts), 1))
    for k, block in enumerate(blocks):
        maps[:, block] = block[0] + (np.arange(block.size)[None, :] + shifts[:, k, None]) % block.size
    return Arrangements(maps, total <= plan.exact_limit)


def chance(observed: float, values: Floats, exact: bool, seed: int) -> Chance | None:
    """Compare a number with its values under rearrangement; None when it or all of those are undefined."""
    import numpy as np

    defined = values[np.isfinite(values)]
    if not math.isfinite(observed) or defined.size == 0:
        return None
    one = 0 if exact else 1
    size = defined.size + one
    upper = (int((defined >= observed - TIE).sum()) + one) / size
    lower = (int((defined <= observed + TIE).sum()) + one) / size
    p = min(1.0, 2 * min(upper, lower))
    tail = min(upper, lower)
    error = 0.0 if exact else 2 * math.sqrt(tail * (1 - tail) / defined.size)
    low, high = _outstanding(defined)
    return Chance(
        float(defined.mean()),
        p,
        upper,
        lower,
        error,
        low,
        high,
        int(defined.size),
        int(values.size - defined.size),
        exact,
        seed,
    )


def _outstanding(values: Floats) -> tuple[float | None, float | None]:
    import numpy as np

    met, counts = np.unique(np.round(values, 9), return_counts=True)
    below = np.cumsum(counts) / values.size
    above = np.cumsum(counts[::-1])[::-1] / values.size
    low, high = met[below <= 0.05], met[above <= 0.05]
    return (float(low[-1]) if low.size else None), (float(high[0]) if high.size else None)
