"""What a written report says, as plain values: the page, the JSON and the CSV files are three views of this one thing.

Everything is text or a number ready to be shown; nothing here knows of HTML. A part that a case lacks is empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from doubletalk.case.window import Move, Window
from doubletalk.case.worlds import Crux
from doubletalk.equilibrium.solution import Solution
from doubletalk.evidence.calendar import Vote
from doubletalk.exact import Rational
from doubletalk.report.timeline import TimelineRow

if TYPE_CHECKING:
    from pathlib import Path

    from doubletalk.case.study_result import StudyResult

__all__ = [
    "REACHES",
    "STANDINGS",
    "ClaimRow",
    "LensRow",
    "PageContent",
    "ParameterRow",
    "RecordRow",
    "Section",
    "Side",
    "SourceRow",
    "ThresholdRow",
    "WorldRow",
]

STANDINGS = {
    "yes": "holds",
    "no": "does not hold",
    "part": "holds in part",
    "open": "cannot tell",
    "not asked": "not expressed",
}
"""How a claim stands, in one word or two; the same five for every side and for model and record alike."""


REACHES = {
    "all": ("●", "in all equilibria, or throughout the range"),
    "some": ("◐", "in some equilibria, or in part of the range"),
    "none": ("○", "in none"),
    "undefined": ("·", "not defined"),
    "undecided": ("?", "not decided"),
    "unasked": ("–", "not asked in this study"),
}
"""How far a statement reaches in one world: its sign, and what that means."""


@dataclass(frozen=True)
class ThresholdRow:
    """A value of one parameter beyond which the window has another shape, the others held; ``direction`` up or down.

    ``value`` None where only the bracket ``between`` is known; ``here`` and ``beyond`` the best policies by belief
    """

    parameter: str
    default: str
    direction: str
    value: Rational | None
    between: tuple[Rational, Rational]
    here: tuple[str, ...]
    beyond: tuple[str, ...]


@dataclass(frozen=True)
class WorldRow:
    """One combination of answers to the questions that no source settles; no world is better founded than another.

    ``sides`` "less" or "more" for each question of ``PageContent.cruxes``, '' where it makes no difference, and
    ``answers`` what that means; ``outcomes`` how many equilibrium outcomes, None where it was not solved
    """

    number: int
    name: str
    sides: tuple[str, ...]
    answers: tuple[str, ...]
    values: Mapping[str, str]
    window: Window | None
    as_filed: bool
    outcomes: int | None = None
    thresholds: tuple[ThresholdRow, ...] = ()


@dataclass(frozen=True)
class Side:
    """A side of the dispute: its key in the case, its name, and its text."""

    key: str
    name: str
    source_title: str = ""
    source_url: str = ""


@dataclass(frozen=True)
class RecordRow:
    """One answer of the record, in numbers; a number that is not defined is None.

    ``counts`` "3 over 11" cases; ``value`` and ``against`` the two sides compared; ``p`` with the calendar fixed and
    its Monte-Carlo standard error ``p_error`` (0 when exact); ``p_clusters`` with events kept in their clusters;
    ``asked`` the statement as a sentence; ``interval`` exact, of a share of cases; ``lag`` days to the first response
    """

    statement: str
    verdict: str
    standing: str
    reason: str
    counts: str
    value: float | None
    against: float | None
    base_rate: float | None
    expected: float | None
    p: float | None
    p_error: float | None
    p_clusters: float | None
    words: str
    event_ids: tuple[str, ...] = ()
    asked: str = ""
    interval: tuple[float, float] | None = None
    lag: str = ""


@dataclass(frozen=True)
class ClaimRow:
    """One claim with its answer. ``about``: "the model", "the long game", "the fitted game", "the record" or
    "neither" (``reason``: why).

    ``interval`` says where it holds, ``assumes`` what it takes for granted, ``changes`` what would change the answer,
    ``searched`` what was looked at for that. ``reach`` is in how much of the model it holds, whatever its author's
    "every" or "some"; ``worlds`` that in each world, a key of ``REACHES``. ``by_construction`` says why the model
    could answer in no other way; ``attribution`` how far the words are the author's;
    ``shared`` why the other side expects it too.
    """

    id: str
    side: str
    about: str
    paraphrase: str
    statement: str
    standing: str
    answer: str
    detail: str
    interval: str
    changes: tuple[str, ...]
    reason: str
    source_title: str
    source_url: str
    assumes: tuple[str, ...] = ()
    record: RecordRow | None = None
    reach: str = ""
    by_construction: str = ""
    attribution: str = ""
    searched: str = ""
    worlds: tuple[str, ...] = ()
    shared: str = ""


@dataclass(frozen=True)
class LensRow:
    """One row of the table 'what would tell them apart'; ``met``: side -> (met, failed, open)."""

    id: str
    question: str
    expects: Mapping[str, str]
    look_at: str
    answers: tuple[RecordRow, ...]
    wanted: tuple[Mapping[str, str], ...]
    met: Mapping[str, tuple[int, int, int]]
    shows: str
    cannot_show: str


@dataclass(frozen=True)
class ParameterRow:
    """A parameter with its value and where it comes from."""

    name: str
    value: str
    meaning: str


@dataclass(frozen=True)
class SourceRow:
    """A work that the case cites."""

    key: str
    words: str
    url: str


@dataclass(frozen=True)
class Section:
    """One section of the page: ``anchor`` (its id), ``heading``, ``body`` (HTML, escaped), and ``files``, name ->
    text, with the numbers of the section, written beside the page."""

    anchor: str
    heading: str
    body: str
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PageContent:
    """All that the report says. ``method`` and ``assumptions`` are rows and paragraphs; ``made`` is the line that may
    differ from run to run (time stamp and timing). ``incomplete`` says why the study ended early, '' when it did not.
    ``words`` names labels of the model in the words of the case. ``study`` is the result that all of it comes from.
    ``folder`` is where the report is written, None where it is not."""

    title: str
    question: str
    as_of: str
    sides: tuple[Side, ...] = ()
    actors: tuple[tuple[str, str], ...] = ()
    solutions: tuple[tuple[str, Solution], ...] = ()
    cruxes: tuple[Crux, ...] = ()
    worlds: tuple[WorldRow, ...] = ()
    window: Window | None = None
    moves: tuple[Move, ...] = ()
    claims: tuple[ClaimRow, ...] = ()
    lenses: tuple[LensRow, ...] = ()
    events: tuple[TimelineRow, ...] = ()
    votes: tuple[Vote, ...] = ()
    groups: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    parameters: tuple[ParameterRow, ...] = ()
    method: tuple[tuple[str, str], ...] = ()
    sources: tuple[SourceRow, ...] = ()
    made: str = ""
    incomplete: str = ""
    words: Mapping[str, str] = field(default_factory=dict)
    study: StudyResult | None = None
    folder: Path | None = None

    def name(self, label: str) -> str:
        """A player, action or type in the words of the case, or its label where the case has none."""
        return self.words.get(label, label)

    def side_name(self, key: str) -> str:
        """The name of a side, or its key when the case gives none."""
        return next((side.name for side in self.sides if side.key == key), key)

    def claims_of(self, side: str, about: str | None = None) -> tuple[ClaimRow, ...]:
        """The claims of one side (about the model, the record, or neither)."""
        return tuple(c for c in self.claims if c.side == side and about in (None, c.about))
