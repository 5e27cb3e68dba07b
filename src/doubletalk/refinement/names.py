"""The names of the refinements, each with one line and its source."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["NAMES", "QUICK"]

NAMES = MappingProxyType(
    {
        "intuitive": "no type is sure to gain once dominated types are not believed in (Cho & Kreps 1987)",
        "equilibrium_domination": "beliefs on types not dominated by the outcome, iterated (Cho & Kreps 1987)",
        "d1": "no belief in a type when another gains whenever it does not lose (Cho & Kreps 1987)",
        "iterated_d1": "D1 repeated on the types left (Cho & Kreps 1987)",
        "d2": "no belief in a type when, whenever it does not lose, some other gains (Cho & Kreps 1987)",
        "divinity": "beliefs agree with who would gain from the responses they allow (Banks & Sobel 1987)",
        "universal_divinity": "D2 repeated on the types left (Banks & Sobel 1987; Cho & Kreps 1987)",
        "nwbr": "no belief in a type when, whenever it breaks even, some other gains (Kohlberg & Mertens 1986)",
        "iterated_nwbr": "never a weak best response, repeated on the types left (Kohlberg & Mertens 1986)",
        "perfect_sequential": "no group of types gains by being taken for itself (Grossman & Perry 1986)",
        "undefeated": "unsent messages are read as in equilibria that their senders prefer "
        "(Mailath, Okuno-Fujiwara & Postlewaite 1993)",
        "neologism_proof": "no group of types can credibly name itself; cheap talk only (Farrell 1993)",
        "announcement_proof": "no group can credibly announce itself and how it will talk; cheap talk only "
        "(Matthews, Okuno-Fujiwara & Postlewaite 1991)",
        "sender_best": "no outcome gives the sender more before its type is drawn (payoff comparison)",
        "audience_best": "no outcome gives any audience more (payoff comparison)",
        "pareto": "no outcome is as good for every type and audience and better for one (payoff comparison)",
    }
)
"""Refinement -> one line and source, in the order in which they are reported."""

QUICK = tuple(name for name in NAMES if name != "announcement_proof")
"""Those that take a moment; announcement-proofness can take half a minute an outcome and is asked for by name."""
