r"""Universal divinity: beliefs that are divine whatever the prior; computed as D2 iterated on the types left.

    Theta_0 = T(m),  Theta_{n+1} = Theta_n without the types that D2 deletes when responses are those of MBR(Theta_n, m)

Source: Banks & Sobel (1987), Econometrica 55(3), section 5; Cho & Kreps (1987), QJE 102(2), section IV.3, for the form
as iterated D2, which is used here.
"""

from __future__ import annotations

from doubletalk.refinement.deletion import D2, deletion_test

__all__ = ["universal_divinity"]

universal_divinity = deletion_test(D2, iterated=True)
