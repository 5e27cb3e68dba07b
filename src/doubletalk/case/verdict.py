"""What a verdict is: how far a statement reaches, whether it holds as its author put it, what shows and flips it."""

from __future__ import annotations

from dataclasses import dataclass

from doubletalk.case.sweep import Interval
from doubletalk.equilibrium.solution import Assessment
from doubletalk.exact import Rational

__all__ = ["Flip", "OutcomeTruth", "Reach", "Search", "Verdict"]


@dataclass(frozen=True)
class OutcomeTruth:
    """Where the comparison stands in one outcome: "all", "some", "none", "undefined" or "undecided"."""

    outcome_id: int
    extent: str
    undefined_somewhere: bool
    low: Rational | None
    high: Rational | None


@dataclass(frozen=True)
class Reach:
    """How far the comparison reaches, whatever quantifier its author chose.

    ``word``      "all", "some" or "none"; "undefined" where the condition never occurs, "undecided" where no proof
                  and no counterexample was found
    ``of``        what is counted: "outcomes" (equilibrium outcomes), "range" (a statement with ``over``: the count is
                  of its intervals) or "belief" (one best response at one belief: 0 or 1 of 1)
    ``holding``   how many hold throughout, of the ``total`` in which the comparison is defined
    ``which``     their ids (outcomes only); ``partly`` the ids of those that hold in part and are not in ``holding``;
                  ``undefined`` the ids of those left out of ``total``
    ``example``, ``counterexample``  an equilibrium in which it holds, one in which it does not, each with the id of
                  its outcome; both are there when ``word`` is "some"
    """

    word: str
    of: str
    holding: int
    total: int
    which: tuple[int, ...] = ()
    partly: tuple[int, ...] = ()
    undefined: tuple[int, ...] = ()
    example: Assessment | None = None
    example_outcome: int | None = None
    counterexample: Assessment | None = None
    counterexample_outcome: int | None = None

    def __str__(self) -> str:
        """For a table: ``some: 3 of 15 outcomes (2, 5, 7)``."""
        if self.of == "range":
            return {"all": "throughout the range", "none": "nowhere in the range"}.get(
                self.word, "in part of the range" if self.word == "some" else self.word
            )
        if self.of == "belief" or self.word in ("undefined", "undecided"):
            return {"all": "holds", "none": "does not hold", "undefined": "not defined", "undecided": "not decided"}[
                self.word
            ]
        noun = "outcome" if self.total == 1 else "outcomes"
        named = f" ({', '.join(map(str, self.which))})" if self.word == "some" and self.which else ""
        part = f", in part of {', '.join(map(str, self.partly))}" if self.partly else ""
        return f"{self.word}: {self.holding} of {self.total} {noun}{named}{part}"


@dataclass(frozen=True)
class Flip:
    """The nearest value of a parameter at which the answer changes, above or below its default."""

    parameter: str
    default: Rational
    direction: str
    threshold: Rational | None
    low: Rational
    high: Rational
    answer_beyond: str


@dataclass(frozen=True)
class Search:
    """What a search for flips looked at: ``parameter`` at ``values`` from ``low`` to ``high``, the others held.

    ``stopped`` why the search ended before ``values`` were done, else None. A change that begins and ends between two
    of the values is not seen.
    """

    parameter: str
    default: Rational
    low: Rational
    high: Rational
    values: tuple[Rational, ...]
    stopped: str | None = None


@dataclass(frozen=True)
class Verdict:
    """What a statement about a game comes to.

    ``answer``   "yes", "no", "undefined", "undecided", "cannot" (``reason`` says why) or "range" (see ``intervals``)
    ``reach``    how far the comparison reaches, independent of the author's quantifier; None when it cannot be asked
    ``extent``   in how many equilibria the comparison holds: "all", "some", "none"; None without a quantifier
    ``outcomes`` one entry per equilibrium outcome asked
    ``witness``  an equilibrium that shows the answer (an example for "yes", a counterexample for "no"), from
                 outcome ``witness_outcome``
    ``intervals`` of a statement with ``over``: where it holds, where not, where not defined, exactly
    ``flips``    the nearest changes found; ``searched`` what was looked at, found or not
    ``complete`` False when the solver's list of equilibria is not proved to be all
    """

    statement: str
    answer: str
    words: str
    extent: str | None = None
    outcomes: tuple[OutcomeTruth, ...] = ()
    witness: Assessment | None = None
    witness_outcome: int | None = None
    intervals: tuple[Interval, ...] = ()
    flips: tuple[Flip, ...] = ()
    complete: bool = True
    reason: str | None = None
    reach: Reach | None = None
    searched: tuple[Search, ...] = ()

    @property
    def as_stated(self) -> bool | None:
        """Whether it holds as its author stated it, quantifier included; of a range: throughout. None: no answer."""
        if self.answer == "range":
            return self.reach is not None and self.reach.word == "all"
        return {"yes": True, "no": False}.get(self.answer)

    def outcome_ids(self, extent: str) -> tuple[int, ...]:
        """The ids of the outcomes with that extent."""
        return tuple(truth.outcome_id for truth in self.outcomes if truth.extent == extent)
