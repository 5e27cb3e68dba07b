r"""D1: t is not believed in after m if some other type s gains whenever t does not lose.

    delete t  if  D(t, m) u D0(t, m)  is inside  D(s, m)  for some s != t.

One round; ``iterated_d1`` repeats it on the types left.

Source: Cho & Kreps (1987), QJE 102(2), section IV.3.
"""

from __future__ import annotations

from doubletalk.refinement.deletion import D1, deletion_test

__all__ = ["d1", "iterated_d1"]

d1 = deletion_test(D1)
iterated_d1 = deletion_test(D1, iterated=True)
