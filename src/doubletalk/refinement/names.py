"""The names of the refinements, each with one line and its source."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["NAMES"]

NAMES = MappingProxyType(
    {
        "intuitive": "no type is sure to gain once dominated types are not believed in (Cho & Kreps 1987)",
        "equilibrium_domination": "beliefs on types not dominated by the outcome, iterated (Cho & Kreps 1987)",
        "d1": "no belief in a type when another gains whenever it does not lose (Cho & Kreps 1987)",
        "iterated_d1": "D1 repeated on the types left (Cho & Kreps 1987)",
        "d2": "no belief in a type when, whenever it does not lose, some other gains (Cho & Kreps 1987)",
        "universal_divinity": "D2 repeated on the types left (Banks & Sobel 1987; Cho & Kreps 1987)",
        "nwbr": "no belief in a type when, whenever it breaks even, some other gains (Kohlberg & Mertens 1986)",
        "iterated_nwbr": "never a weak best response, repeated on the types left (Kohlberg & Mertens 1986)",
    }
)
"""Refinement -> one line and source, in the order in which they are reported."""
