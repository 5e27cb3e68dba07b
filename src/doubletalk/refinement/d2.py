r"""D2: t is not believed in after m if, whenever t does not lose, some other type gains.

    delete t  if  D(t, m) u D0(t, m)  is inside  the union of D(s, m) over s != t.

One round. Its iteration is ``universal_divinity``.

Source: Cho & Kreps (1987), QJE 102(2), section IV.3.
"""

from __future__ import annotations

from doubletalk.refinement.deletion import D2, deletion_test

__all__ = ["d2"]

d2 = deletion_test(D2)
