"""Events made into moves and levels: one move per actor and quarter, each with the rows that made it.

>>> from doubletalk.evidence.coding import coded_record
>>> coded = coded_record("cases/belarus")
>>> coded.chosen.shape            # (quarters, actors); whole numbers into coded.moves[actor]
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from doubletalk.errors import InputError
from doubletalk.evidence.case_dates import as_of_date
from doubletalk.evidence.chronicle import Chronicle, Event, load_chronicle
from doubletalk.evidence.coding_file import CODING_FILE, load_coding
from doubletalk.evidence.coding_levels import LevelFound, levels_over
from doubletalk.evidence.coding_rules import ActorRules, Coding, MoveOverride, PartRules, StateOverride
from doubletalk.evidence.quarters import last_day, quarter_name, quarter_of
from doubletalk.evidence.record import Record, load_record
from doubletalk.evidence.tables import nearest_word
from doubletalk.evidence.vocabulary import Vocabulary
from doubletalk.evidence.vocabulary_file import vocabulary_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]

__all__ = ["CodedRecord", "LevelMade", "MoveMade", "PartMade", "as_of_date", "code", "coded_record", "coding_of"]


@dataclass(frozen=True)
class PartMade:
    """One part of a move: what was chosen, by which rows, and the rows that spoke for another move.

    made_by   rows of the chronicle that made it; empty for a default
    against   rows that a rule would have made another move of
    """

    part: str
    move: str
    made_by: tuple[str, ...]
    against: tuple[str, ...]


@dataclass(frozen=True)
class MoveMade:
    """An actor's move in a quarter. how: ``rule``, ``default`` or ``override`` (then with reason and initials)."""

    quarter: str
    actor: str
    move: str
    how: str
    parts: tuple[PartMade, ...]
    reason: str = ""

    @property
    def made_by(self) -> tuple[str, ...]:
        """All rows that made the move."""
        return tuple(dict.fromkeys(i for part in self.parts for i in part.made_by))


@dataclass(frozen=True)
class LevelMade:
    """A state variable's level in a quarter, with what set it."""

    quarter: str
    variable: str
    level: str
    reason: str
    made_by: tuple[str, ...] = ()


@dataclass(frozen=True)
class CodedRecord:
    """A record as moves and levels: T quarters, A actors, V state variables.

    quarters   (T,) names, in order, without gaps
    moves      for each actor (in the order in which they move) its move ids
    chosen     (T, A) whole numbers: ``moves[actor][chosen[t, a]]`` is what the actor did in quarter t
    variables  for each state variable its levels, lowest first
    levels     (T, V) whole numbers into the levels; ``at_start[v]`` says whether that is the level at the start of the
               quarter (known before anybody moves) or that of the quarter itself
    after      (V,) the levels with which the quarter after the last begins; -1 where a variable belongs to its quarter
    made, set_by   where every move and every level comes from, quarter by quarter
    unplaced   rows with a date known only to the year, which belong to no quarter
    unused     rows within the coded quarters that no rule of any actor takes
    """

    quarters: tuple[str, ...]
    moves: Mapping[str, tuple[str, ...]]
    chosen: Ints
    variables: Mapping[str, tuple[str, ...]]
    levels: Ints
    at_start: tuple[bool, ...]
    after: Ints
    made: tuple[MoveMade, ...]
    set_by: tuple[LevelMade, ...]
    unplaced: tuple[str, ...]
    unused: tuple[str, ...]
    coding: str
    title: str
    as_of: dt.date

    @property
    def actors(self) -> tuple[str, ...]:
        """The actors, in the order in which they move."""
        return tuple(self.moves)

    def move(self, quarter: str, actor: str) -> MoveMade:
        """What an actor did in a quarter; KeyError when it is not coded."""
        for made in self.made:
            if made.quarter == quarter and made.actor == actor:
                return made
        raise KeyError((quarter, actor))

    def level(self, quarter: str, variable: str) -> LevelMade:
        """A variable's level in a quarter; KeyError when it is not coded."""
        for level in self.set_by:
            if level.quarter == quarter and level.variable == variable:
                return level
        raise KeyError((quarter, variable))


def coded_record(
    case: str | Path,
    coding: str | Path | Coding | None = None,
    as_of: dt.date | None = None,
    vocabulary: Vocabulary | None = None,
    later: str | Path | None = None,
    chronicle: Chronicle | None = None,
) -> CodedRecord:
    """A case folder's record as moves and levels.

    coding  a coding, a file, or the name of a file in the folder; ``coding.yaml`` if not given
    as_of   nothing later is read: the date in case.yaml if not given, else the last event. The last quarter coded is
            the last that had ended by then, so a quarter that is only partly known is never coded.
    vocabulary  the words of the folder's vocabulary.yaml if not given
    later   a further chronicle, of events after the case's own date, to score forecasts by; ``as_of`` must then be
            given, so that nobody reads it by mistake
    chronicle  the folder's, where it has been read already

    Raises InputError for a file that is absent or wrong.
    """
    folder = Path(case)
    words = vocabulary or vocabulary_of(folder)
    rules = coding if isinstance(coding, Coding) else coding_of(folder, coding, words)
    known = load_chronicle(folder / "chronicle.csv", words) if chronicle is None else chronicle
    record = load_record(folder, as_of or as_of_date(folder), words, known)
    _check_ids(rules, {event.id for event in known})
    if later is not None:
        if as_of is None:
            raise InputError("later events are read only up to a date that is given with as_of", str(later))
        events = (*known.events, *load_chronicle(later, words).events)
        whole = Chronicle(tuple(sorted(events, key=lambda e: e.date)), known.path)
        record = replace(record, chronicle=whole, as_of=as_of)
    return code(record, rules)


def coding_of(folder: Path, coding: str | Path | None, vocabulary: Vocabulary) -> Coding:
    """A coding from a file, or from the file of that name in *folder* (``coding.yaml`` if None), in a case's words."""
    named = Path(CODING_FILE if coding is None else coding)
    file = named if named.exists() and coding is not None else folder / named
    near = None if file.exists() else nearest_word(file.stem, [each.stem for each in folder.glob("*.yaml")])
    if near:
        raise InputError(f"there is no such coding; did you mean '{near}.yaml'?", str(file))
    return load_coding(file, vocabulary)


def code(record: Record, coding: Coding) -> CodedRecord:
    """Apply a coding to a record; InputError when no whole quarter lies between its first and the as-of date."""
    import numpy as np

    end = quarter_of(record.end)
    stop = end + 1 if last_day(end) <= record.end else end
    quarters = range(coding.first, stop)
    if not quarters:
        raise InputError(
            f"the coding begins with {quarter_name(coding.first)}, but the last quarter that had ended by "
            f"{record.end} is {quarter_name(stop - 1)}; give an earlier 'first'",
            coding.path,
        )
    _check_overrides(coding, quarters)
    _check_series(coding, record)
    events: dict[int, list[Event]] = {q: [] for q in quarters}
    for event in record.chronicle:
        if event.precision != "year" and quarter_of(event.date) in events:
            events[quarter_of(event.date)].append(event)
    made = tuple(_move(coding, actor, q, events[q]) for q in quarters for actor in coding.actors)
    found = {s.name: levels_over(s, record, quarters) for s in coding.states}
    set_by = tuple(
        _level(coding, s.name, s.levels, q, found[s.name][k]) for k, q in enumerate(quarters) for s in coding.states
    )
    levels = {s.name: s.levels for s in coding.states}
    sets = coding.move_sets
    spoken = {i for move in made for part in move.parts for i in (*part.made_by, *part.against)}
    return CodedRecord(
        quarters=tuple(quarter_name(q) for q in quarters),
        moves=sets,
        chosen=np.array([sets[m.actor].index(m.move) for m in made], dtype=np.int64).reshape(len(quarters), len(sets)),
        variables=levels,
        levels=np.array([levels[s.variable].index(s.level) for s in set_by], dtype=np.int64).reshape(
            len(quarters), len(levels)
        ),
        at_start=tuple(s.when == "start" for s in coding.states),
        after=np.array([found[s.name][-1].number if s.when == "start" else -1 for s in coding.states], dtype=np.int64),
        made=made,
        set_by=set_by,
        unplaced=tuple(e.id for e in record.chronicle if e.precision == "year"),
        unused=tuple(e.id for q in quarters for e in events[q] if e.id not in spoken),
        coding=coding.name,
        title=coding.title,
        as_of=record.end,
    )


def _check_ids(coding: Coding, known: Collection[str]) -> None:
    """Every row that a rule names must be in the chronicle."""
    wanted = [r.events for a in coding.actors for p in a.parts for r in p.rules]
    for state in coding.states:
        wanted += [m.events for m in state.marks if m.events is not None] + [s.events for s in state.ladder]
        wanted += [t.events for t in state.stock.terms] if state.stock else []
    for rule in wanted:
        for row in rule.ids or ():
            if row not in known:
                near = nearest_word(row, known)
                guess = f"; did you mean {near!r}?" if near else ""
                told = f"a rule names the row {row!r}, which the chronicle does not have{guess}"
                raise InputError(told, coding.path, rule.line)


def _check_series(coding: Coding, record: Record) -> None:
    """Every series that a rule names must be there."""
    for state in coding.states:
        if state.series is not None and state.series.name not in record.series.series:
            try:
                record.series.get(state.series.name)
            except InputError as wrong:
                told = f"state '{state.name}', series: {wrong.message}"
                raise InputError(told, coding.path, state.series.line) from None


def _check_overrides(coding: Coding, quarters: range) -> None:
    given: list[MoveOverride | StateOverride] = [*coding.moves, *coding.levels]
    for override in given:
        if override.quarter < quarters.start:
            raise InputError(
                f"overrides: {quarter_name(override.quarter)} lies before the first coded quarter, "
                f"{quarter_name(quarters.start)}",
                coding.path,
                override.line,
            )


def _move(coding: Coding, actor: ActorRules, quarter: int, events: Sequence[Event]) -> MoveMade:
    parts = tuple(_part(part, events) for part in actor.parts)
    for override in coding.moves:
        if (override.quarter, override.actor) == (quarter, actor.name):
            reason = f"{override.reason} ({override.by})"
            values = override.move.split(",")
            given = tuple(
                PartMade(p.part, value, (), (*p.made_by, *p.against)) if value != p.move else p
                for p, value in zip(parts, values, strict=True)
            )
            return MoveMade(quarter_name(quarter), actor.name, override.move, "override", given, reason)
    how = "rule" if any(part.made_by for part in parts) else "default"
    return MoveMade(quarter_name(quarter), actor.name, ",".join(p.move for p in parts), how, parts)


def _part(part: PartRules, events: Sequence[Event]) -> PartMade:
    """The move for which most speaks; an event speaks for the first rule that takes it."""
    spoken: dict[str, list[Event]] = {}
    for event in events:
        move = next((rule.move for rule in part.rules if rule.events.takes(event)), None)
        if move is not None:
            spoken.setdefault(move, []).append(event)
    if not spoken:
        return PartMade(part.name, part.default, (), ())
    best = max(spoken, key=lambda move: (_weight(part.choose, spoken[move]), -part.precedence.index(move)))
    against = tuple(e.id for move, rows in spoken.items() if move != best for e in rows)
    return PartMade(part.name, best, tuple(e.id for e in spoken[best]), against)


def _weight(choose: str, events: Sequence[Event]) -> tuple[int, int]:
    """What decides between moves, larger first; the second number breaks ties before the precedence does."""
    largest, total = max(e.intensity for e in events), sum(e.intensity for e in events)
    if choose == "largest":
        return largest, total
    if choose == "total":
        return total, largest
    if choose == "first":
        return -min(e.date.toordinal() for e in events), largest
    return max(e.date.toordinal() for e in events), largest


def _level(coding: Coding, variable: str, levels: tuple[str, ...], quarter: int, found: LevelFound) -> LevelMade:
    for override in coding.levels:
        if (override.quarter, override.variable) == (quarter, variable):
            return LevelMade(quarter_name(quarter), variable, override.level, f"{override.reason} ({override.by})")
    return LevelMade(quarter_name(quarter), variable, levels[found.number], found.reason, found.event_ids)
