"""From a game to all its equilibria: pieces, assembly, then the answer in the words of the game."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

from doubletalk.equilibrium import clock
from doubletalk.equilibrium.assembly import Found, Progress, find_products
from doubletalk.equilibrium.desk import Desk, desk_of
from doubletalk.equilibrium.families import FamilyMaker
from doubletalk.equilibrium.products import Components
from doubletalk.equilibrium.response import Point
from doubletalk.equilibrium.solution import CurvedSet, Family, Outcome, Solution
from doubletalk.equilibrium.summary import Plays, Summary, summarise
from doubletalk.errors import InputError
from doubletalk.game.model import Game
from doubletalk.game.structure import solver_class

__all__ = ["CONCEPTS", "solve"]

CONCEPTS = ("sequential", "nash")
NASH_CLASSES = ("separable", "sequence form", "sequential trait")
"""Solver classes that know the Nash concept."""
INTERRUPTED, TIME_LIMIT = "interrupted", "time limit"
KEPT_SHARE, KEPT_SECONDS = 0.1, 5.0
"""Of a time limit, what the search leaves for writing out what it found: a tenth, at most so many seconds."""
GRACE_SECONDS = 0.25
"""How long past a time limit, or past Ctrl-C, families are still written out, and then outcomes summed up."""
MOST_ASKED = 40
"""Beliefs at which curved parts are resolved one by one, at most."""
Asked = tuple[int, Point]
"""(station, belief in the coordinates of its audiences' payoffs)."""
NASH_GAP = (
    "the Nash concept needs separable audiences, one audience that is answered, or audiences in sequence that each see "
    "all before; for this game the list holds the sequential equilibria, each of which is Nash"
)


def solve(
    game: Game,
    concept: str = "sequential",
    time_limit: float | None = None,
    progress: Progress | None = None,
    outcomes_only: bool = False,
) -> Solution:
    """Every equilibrium of *game*, as exact sets (theory, sections 2 and 3).

    ``concept``     "sequential" (rational at every information set) or "nash" (only where play arrives)
    ``time_limit``  seconds after which every stage stops, the search a little before so that what it found can be
                    written out; the answer holds that and ``complete=False``
    ``outcomes_only``  every outcome, with all its play on the path, but where nobody arrives the harshest responses
                    alone (``harshest``): far less to list in games with many ties. Families are one component where
                    what happens on the path connects them
    ``progress``    called with the share of the search that is done (None while the responses are worked out)

    KeyboardInterrupt ends it like a time limit: the answer holds what was found, ``stopped`` is "interrupted".

    Cost grows with the number of choices that survive pruning; see docs/performance.md. Raises InputError for an
    unknown concept and TooLarge when no limit is set and the search would take hours.
    """
    if concept not in CONCEPTS:
        raise InputError(f"unknown concept {concept!r}; expected one of {', '.join(CONCEPTS)}")
    start = clock.now()
    end = math.inf if time_limit is None else start + time_limit
    enough = end if time_limit is None else end - min(KEPT_SHARE * time_limit, KEPT_SECONDS)
    name = solver_class(game)[0]
    within = "nash" if concept == "nash" and name in NASH_CLASSES else "sequential"
    found, built = Found((), None, None), start
    gaps: list[str] = []
    desk = None
    begin = None if progress is None else partial(progress, None, "finding rational responses")
    try:
        with clock.deadline(enough, begin):
            desk = desk_of(game, name, within, within == "nash", outcomes_only, begin=begin)
        built = clock.now()
        found, gaps = _searched(desk, game, enough, progress)
        asked: frozenset[Asked] = frozenset()
        while not found.asked <= asked and found.ended is None and len(asked) < MOST_ASKED:
            asked |= found.asked
            with clock.deadline(enough):
                finer = desk_of(game, name, within, within == "nash", outcomes_only, asked)
            desk = finer
            found, gaps = _searched(desk, game, enough, progress)
    except (clock.OutOfTimeError, KeyboardInterrupt) as stop:
        found = replace(found, stopped="the rational responses not all found", ended=_cause(stop))
    if concept != within:
        gaps.append(NASH_GAP)
    if found.stopped is not None:
        cause = "interrupted" if found.ended == INTERRUPTED else f"the time limit of {time_limit:g} s was reached"
        gaps.insert(0, f"{cause} with {found.stopped}")
        end = min(end, clock.now()) if found.ended == INTERRUPTED else end
    ended = found.ended
    outcomes: tuple[Outcome, ...] = ()
    if desk is not None:
        outcomes, named, halted = _outcomes(game, desk, found, end + GRACE_SECONDS)
        if named < len(found.products):
            ended = ended or halted
            cause = "the interruption" if ended == INTERRUPTED else "the time limit"
            gaps.append(f"{cause} left only {named} of {len(found.products)} families that could be written out")
    curved: tuple[CurvedSet, ...] = ()
    whole = not gaps and not outcomes_only
    if desk is not None and found.loose and ended is None and within == concept == "sequential" and not outcomes_only:
        curved = _described(game, desk, found, end + GRACE_SECONDS)
        whole = bool(curved) and set(gaps) <= set(desk.reasons.values())
    timing = {"pieces": built - start, "solve": clock.now() - start}
    why = "; ".join(gaps) if gaps else None
    return Solution(game, concept, not gaps, why, outcomes, name, timing, ended, curved, whole)


def _described(game: Game, desk: Desk, found: Found, end: float) -> tuple[CurvedSet, ...]:
    """What the families leave out of audiences in sequence, by its conditions; () where time does not suffice."""
    from doubletalk.equilibrium.curved import curved_sets
    from doubletalk.equilibrium.pieces_sequential import moves_in_sequence

    if not moves_in_sequence(game):
        return ()
    try:
        with clock.deadline(end + GRACE_SECONDS):
            return curved_sets(game, desk, found)
    except (clock.OutOfTimeError, KeyboardInterrupt):
        return ()


def _cause(stop: BaseException) -> str:
    """The word of ``Solution.stopped`` for what ended a stage."""
    return INTERRUPTED if isinstance(stop, KeyboardInterrupt) else TIME_LIMIT


def _searched(desk: Desk, game: Game, end: float, progress: Progress | None) -> tuple[Found, list[str]]:
    """The products, and why they may not be all."""
    found = find_products(desk, game.prior, end, progress)
    gaps = [reason for reason in desk.complex.gaps if reason not in desk.reasons.values()]
    gaps += dict.fromkeys(reason for bound, reason in desk.reasons.items() if bound in found.outside)
    return found, gaps


# ---- products into families, families into outcomes ------------------------------------------------------------------


def _outcomes(game: Game, desk: Desk, found: Found, end: float) -> tuple[tuple[Outcome, ...], int, str | None]:
    """The outcomes, how many products could be written out before *end*, and what ended the writing, if anything."""
    families, halted = _families(game, desk, found, end)
    members: dict[int, list[int]] = {}
    for i, family in enumerate(families):
        members.setdefault(family.component, []).append(i)
    groups: dict[object, list[int]] = {}
    summaries: dict[int, Summary] = {}
    named = 0
    plays = Plays(game)
    try:
        with clock.deadline(end + GRACE_SECONDS):
            for number, those in members.items():
                summary = summarise(game, [families[i] for i in those], plays)
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


def _families(game: Game, desk: Desk, found: Found, end: float) -> tuple[list[Family], str | None]:
    """The products in words, with the numbers of their components, and what ended the writing early, if anything."""
    if found.senders is None:
        return [], None
    maker, connected = FamilyMaker(game, desk, found.senders), Components(found.senders, desk.hulls, desk.on_path)
    families: list[Family] = []
    halted = None
    try:
        with clock.deadline(end):
            for product in found.products:
                family = maker.family(product)
                connected.add(product)
                families.append(family)
    except (clock.OutOfTimeError, KeyboardInterrupt) as stop:
        halted = _cause(stop)
    numbers = connected.numbers()
    return [replace(f, component=n + 1) for f, n in zip(families, numbers, strict=False)], halted
