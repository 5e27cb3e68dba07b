"""From a game to all its equilibria: pieces, assembly, then the answer in the words of the game."""

from __future__ import annotations

import math
import time
from dataclasses import replace

from doubletalk.equilibrium.assembly import Found, Progress, components, find_products
from doubletalk.equilibrium.families import FamilyMaker
from doubletalk.equilibrium.pieces import response_complex
from doubletalk.equilibrium.response import Piece, ResponseComplex
from doubletalk.equilibrium.solution import Family, Outcome, Solution
from doubletalk.equilibrium.summary import Summary, summarise
from doubletalk.errors import InputError
from doubletalk.game.model import Game
from doubletalk.game.structure import solver_class

__all__ = ["CONCEPTS", "solve"]

CONCEPTS = ("sequential", "nash")
NASH_CLASSES = ("separable", "sequence form")
"""Solver classes for which the Nash concept is complete."""
GRACE_SECONDS = 0.3
"""How long past a time limit found families are still written out."""
NASH_GAP = (
    "the Nash concept is complete only for separable audiences and for one audience that is answered; for this game "
    "the list holds the sequential equilibria, each of which is Nash"
)


def solve(
    game: Game, concept: str = "sequential", time_limit: float | None = None, progress: Progress | None = None
) -> Solution:
    """Every equilibrium of *game*, as exact sets (theory, sections 2 and 3).

    ``concept``     "sequential" (rational at every information set) or "nash" (only where play arrives)
    ``time_limit``  seconds after which the search stops; the answer then says ``complete=False``
    ``progress``    called with the share of the search that is done

    Cost grows with the number of choices that survive pruning; see docs/performance.md. Raises InputError for an
    unknown concept and TooLarge when no limit is set and the search would take hours.
    """
    if concept not in CONCEPTS:
        raise InputError(f"unknown concept {concept!r}; expected one of {', '.join(CONCEPTS)}")
    start = time.perf_counter()
    name = solver_class(game)[0]
    complex_ = response_complex(game, name, concept)
    wider, bounds = _with_bounds(complex_)
    built = time.perf_counter()
    within = "nash" if concept == "nash" and name in NASH_CLASSES else "sequential"
    end = math.inf if time_limit is None else start + time_limit
    found = find_products(wider, game.prior, within, end, progress, frozenset(bounds))
    gaps = [reason for reason in complex_.gaps if reason not in bounds.values()]
    gaps += dict.fromkeys(reason for bound, reason in bounds.items() if bound in found.outside)
    if concept != within:
        gaps.append(NASH_GAP)
    if found.stopped is not None:
        cause = "interrupted" if found.ended == "interrupted" else f"the time limit of {time_limit:g} s was reached"
        gaps.append(f"{cause} with {found.stopped}")
    outcomes, named = _outcomes(game, complex_, found, within == "nash", end + GRACE_SECONDS)
    ended = found.ended
    if named < len(found.products):
        ended = ended or "time limit"
        gaps.append(f"the time limit left only {named} of {len(found.products)} families that could be written out")
    timing = {"pieces": built - start, "solve": time.perf_counter() - start}
    return Solution(game, concept, not gaps, "; ".join(gaps) if gaps else None, outcomes, name, timing, ended)


def _with_bounds(complex_: ResponseComplex) -> tuple[ResponseComplex, dict[tuple[int, int], str]]:
    """The complex with its curved cells added as pieces that bound them, and (station, piece) -> reason for each.

    The search then shows whether what the exact pieces leave out can be part of any equilibrium at all.
    """
    curved = getattr(complex_, "curved", ())
    if not curved:
        return complex_, {}
    stations = list(complex_.stations)
    bounds: dict[tuple[int, int], str] = {}
    for cell in curved:
        station = stations[cell.station]
        (block,) = station.blocks
        first = len(block.vertices)
        support = tuple(range(first, first + len(cell.vertices)))
        bounds[cell.station, len(station.pieces)] = cell.reason
        stations[cell.station] = replace(
            station,
            blocks=(replace(block, vertices=(*block.vertices, *cell.vertices)),),
            pieces=(*station.pieces, Piece(cell.equal, cell.at_least, (support,), simplex=False)),
        )
    return replace(complex_, stations=tuple(stations)), bounds


# ---- products into families, families into outcomes ------------------------------------------------------------------


def _outcomes(
    game: Game, complex_: ResponseComplex, found: Found, nash: bool, end: float
) -> tuple[tuple[Outcome, ...], int]:
    """The outcomes, and how many products could be written out before *end* (at least one where there is any)."""
    maker = FamilyMaker(game, complex_, nash)
    families: list[Family] = []
    for product in found.products:
        if families and time.perf_counter() > end:
            break
        families.append(maker.family(product))
    numbers = components(found.products[: len(families)])
    families = [replace(family, component=n + 1) for family, n in zip(families, numbers, strict=True)]
    groups: dict[object, list[int]] = {}
    summaries: dict[int, Summary] = {}
    for number in dict.fromkeys(numbers):
        members = [i for i, n in enumerate(numbers) if n == number]
        summary = summarise(game, [families[i] for i in members])
        key: object = summary.key if summary.unique else number
        summaries.setdefault(members[0], summary)
        groups.setdefault(key, []).extend(members)
    drafts = [(summaries[members[0]], [families[i] for i in members]) for members in groups.values()]
    drafts.sort(key=lambda d: d[0].order)
    outcomes = tuple(
        Outcome(
            id=n,
            kind=s.kind,
            unique_outcome=s.unique,
            sender=s.sender if s.unique else None,
            outcome=s.rows if s.unique else None,
            payoffs=s.payoffs if s.unique else None,
            families=tuple(members),
        )
        for n, (s, members) in enumerate(drafts, start=1)
    )
    return outcomes, len(families)
