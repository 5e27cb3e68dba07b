r"""Never a weak best response: t is not believed in after m if, whenever t just breaks even, some other type gains.

    delete t  if  D0(t, m)  is inside  the union of D(s, m) over s != t.

One round; ``iterated_nwbr`` repeats it on the types left.

Source: Kohlberg & Mertens (1986), Econometrica 54(5), for the property; Cho & Kreps (1987), QJE 102(2), section IV.4,
for its form in signalling games.
"""

from __future__ import annotations

from doubletalk.refinement.deletion import NWBR, deletion_test

__all__ = ["iterated_nwbr", "nwbr"]

nwbr = deletion_test(NWBR)
iterated_nwbr = deletion_test(NWBR, iterated=True)
