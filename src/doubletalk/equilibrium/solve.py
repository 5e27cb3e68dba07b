"""From a game to all its equilibria: pieces, assembly, then the answer in the words of the game."""

from __future__ import annotations

import math
from dataclasses import replace

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.assembly import Found, Progress, find_products
from doubletalk.equilibrium.families import FamilyMaker
from doubletalk.equilibrium.pieces import response_complex
from doubletalk.equilibrium.products import Components, Product
from doubletalk.equilibrium.response import Bound, Piece, ResponseComplex
from doubletalk.equilibrium.solution import Family, Outcome, Solution
from doubletalk.equilibrium.summary import Summary, summarise
from doubletalk.errors import InputError
from doubletalk.exact import Rational
from doubletalk.game.model import Game
from doubletalk.game.structure import solver_class

__all__ = ["CONCEPTS", "solve"]

CONCEPTS = ("sequential", "nash")
NASH_CLASSES = ("separable", "sequence form")
"""Solver classes for which the Nash concept is complete."""
INTERRUPTED, TIME_LIMIT = "interrupted", "time limit"
GRACE_SECONDS = 0.25
"""How long past a time limit, or past Ctrl-C, families are still written out, and then outcomes summed up."""
MOST_ASKED = 40
"""Beliefs at which curved parts are resolved one by one, at most."""
Asked = tuple[int, tuple[Rational, ...]]
"""(station, belief in the coordinates of its audiences' payoffs)."""
NASH_GAP = (
    "the Nash concept is complete only for separable audiences and for one audience that is answered; for this game "
    "the list holds the sequential equilibria, each of which is Nash"
)


def solve(
    game: Game, concept: str = "sequential", time_limit: float | None = None, progress: Progress | None = None
) -> Solution:
    """Every equilibrium of *game*, as exact sets (theory, sections 2 and 3).

    ``concept``     "sequential" (rational at every information set) or "nash" (only where play arrives)
    ``time_limit``  seconds after which every stage stops; the answer holds what was found and ``complete=False``
    ``progress``    called with the share of the search that is done (None while the responses are worked out)

    KeyboardInterrupt ends it like a time limit: the answer holds what was found, ``stopped`` is "interrupted".

    Cost grows with the number of choices that survive pruning; see docs/performance.md. Raises InputError for an
    unknown concept and TooLarge when no limit is set and the search would take hours.
    """
    if concept not in CONCEPTS:
        raise InputError(f"unknown concept {concept!r}; expected one of {', '.join(CONCEPTS)}")
    start = clock.now()
    end = math.inf if time_limit is None else start + time_limit
    name = solver_class(game)[0]
    within = "nash" if concept == "nash" and name in NASH_CLASSES else "sequential"
    found, built = Found((), None, 0, 0), start
    gaps: list[str] = []
    complex_ = None
    try:
        with clock.deadline(end, None if progress is None else lambda: progress(None, "finding rational responses")):
            complex_ = response_complex(game, name, concept)
        built = clock.now()
        found, gaps = _searched(complex_, game, within, end, progress)
        asked: frozenset[Asked] = frozenset()
        while not found.asked <= asked and found.ended is None and len(asked) < MOST_ASKED:
            asked |= found.asked
            with clock.deadline(end):
                finer = response_complex(game, name, concept, asked)
            complex_ = finer
            found, gaps = _searched(complex_, game, within, end, progress)
    except (clock.OutOfTimeError, KeyboardInterrupt) as stop:
        found = replace(found, stopped="the rational responses not all found", ended=_cause(stop))
    if concept != within:
        gaps.append(NASH_GAP)
    if found.stopped is not None:
        cause = "interrupted" if found.ended == INTERRUPTED else f"the time limit of {time_limit:g} s was reached"
        gaps.append(f"{cause} with {found.stopped}")
        end = min(end, clock.now())
    ended = found.ended
    outcomes: tuple[Outcome, ...] = ()
    if complex_ is not None:
        outcomes, named, halted = _outcomes(game, complex_, found.products, within == "nash", end + GRACE_SECONDS)
        if named < len(found.products):
            ended = ended or halted
            cause = "the interruption" if ended == INTERRUPTED else "the time limit"
            gaps.append(f"{cause} left only {named} of {len(found.products)} families that could be written out")
    timing = {"pieces": built - start, "solve": clock.now() - start}
    return Solution(game, concept, not gaps, "; ".join(gaps) if gaps else None, outcomes, name, timing, ended)


def _cause(stop: BaseException) -> str:
    """The word of ``Solution.stopped`` for what ended a stage."""
    return INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TIME_LIMIT


def _searched(
    complex_: ResponseComplex, game: Game, concept: str, end: float, progress: Progress | None
) -> tuple[Found, list[str]]:
    """The products, and why they may not be all."""
    wider, bounds, reasons = _with_bounds(complex_)
    found = find_products(wider, game.prior, concept, end, progress, bounds)
    gaps = [reason for reason in complex_.gaps if reason not in reasons.values()]
    gaps += dict.fromkeys(reason for bound, reason in reasons.items() if bound in found.outside)
    return found, gaps


def _with_bounds(
    complex_: ResponseComplex,
) -> tuple[ResponseComplex, dict[tuple[int, int], Bound], dict[tuple[int, int], str]]:
    """The complex with its curved cells added as pieces that bound them; (station, piece) -> bound, and -> reason.

    The search then shows whether what the exact pieces leave out can be part of any equilibrium at all.
    """
    curved = getattr(complex_, "curved", ())
    if not curved:
        return complex_, {}, {}
    stations = list(complex_.stations)
    bounds: dict[tuple[int, int], Bound] = {}
    reasons: dict[tuple[int, int], str] = {}
    for cell in curved:
        station = stations[cell.station]
        (block,) = station.blocks
        first = len(block.vertices)
        support = tuple(range(first, first + len(cell.vertices)))
        name = cell.station, len(station.pieces)
        reasons[name] = cell.reason
        groups = tuple(tuple(first + v for v in group) for group in cell.groups)
        bounds[name] = Bound(groups, cell.reached_only, cell.coordinates, cell.covered)
        stations[cell.station] = replace(
            station,
            blocks=(replace(block, vertices=(*block.vertices, *cell.vertices)),),
            pieces=(*station.pieces, Piece(cell.equal, cell.at_least, (support,), simplex=False)),
        )
    return replace(complex_, stations=tuple(stations)), bounds, reasons


# ---- products into families, families into outcomes ------------------------------------------------------------------


def _outcomes(
    game: Game, complex_: ResponseComplex, products: tuple[Product, ...], nash: bool, end: float
) -> tuple[tuple[Outcome, ...], int, str | None]:
    """The outcomes, how many products could be written out before *end*, and what ended the writing, if anything."""
    families, halted = _families(game, complex_, products, nash, end)
    members: dict[int, list[int]] = {}
    for i, family in enumerate(families):
        members.setdefault(family.component, []).append(i)
    groups: dict[object, list[int]] = {}
    summaries: dict[int, Summary] = {}
    named = 0
    try:
        with clock.deadline(end + GRACE_SECONDS):
            for number, those in members.items():
                summary = summarise(game, [families[i] for i in those])
                key: object = summary.key if summary.unique else number
                summaries.setdefault(those[0], summary)
                groups.setdefault(key, []).extend(those)
                named += len(those)
    except (clock.OutOfTimeError, KeyboardInterrupt) as stop:
        halted = halted or _cause(stop)
    drafts = [(summaries[those[0]], [families[i] for i in those]) for those in groups.values()]
    drafts.sort(key=lambda d: d[0].order)
    outcomes = tuple(
        Outcome(
            id=n,
            kind=s.kind,
            unique_outcome=s.unique,
            sender=s.sender if s.unique else None,
            outcome=s.rows if s.unique else None,
            payoffs=s.payoffs if s.unique else None,
            families=tuple(those),
        )
        for n, (s, those) in enumerate(drafts, start=1)
    )
    return outcomes, named, halted


def _families(
    game: Game, complex_: ResponseComplex, products: tuple[Product, ...], nash: bool, end: float
) -> tuple[list[Family], str | None]:
    """The products in words, with the numbers of their components, and what ended the writing early, if anything."""
    maker, connected = FamilyMaker(game, complex_, nash), Components()
    families: list[Family] = []
    halted = None
    try:
        with clock.deadline(end):
            for product in products:
                family = maker.family(product)
                connected.add(product)
                families.append(family)
    except (clock.OutOfTimeError, KeyboardInterrupt) as stop:
        halted = _cause(stop)
    numbers = connected.numbers()
    return [replace(f, component=n + 1) for f, n in zip(families, numbers, strict=False)], halted
