"""What the refinements look at: the unsent messages of each outcome and the payoffs that types compare with.

A component in which the outcome varies is looked at family by family (a *view* each): the payoffs u* that the sender's
types can have there (a polytope, because u* is linear in the responses), the messages that some point leaves unsent
and those that every point leaves unsent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from doubletalk.equilibrium.desk import desk_of
from doubletalk.equilibrium.polyhedra import hull_extremes
from doubletalk.equilibrium.response import ResponseComplex
from doubletalk.equilibrium.solution import Family, Outcome, Solution
from doubletalk.equilibrium.summary import play
from doubletalk.exact import text
from doubletalk.refinement.deviation import Deviation, Point
from doubletalk.refinement.reason import Finding, Reason, Ruling

__all__ = ["Setting", "Test", "View"]

MOST_POINTS = 16
"""Payoffs at which a component without one verdict is looked at for examples."""
SAID = {True: "survives", False: "fails"}

Test = Callable[[Deviation, Sequence[Point]], Finding]


@dataclass(frozen=True)
class View:
    """One family of an outcome: extreme u*, stations that some point and that every point leaves unreached."""

    points: tuple[Point, ...]
    maybe: tuple[int, ...]
    surely: tuple[int, ...]


class Setting:
    """A solution prepared for refinements; ``announced`` and ``vectors`` keep what single refinements worked out."""

    def __init__(self, solution: Solution) -> None:
        self.solution, self.game = solution, solution.game
        self._deviations: dict[int, Deviation] = {}
        self._views: dict[int, tuple[View, ...]] = {}
        self.announced: dict[Point, Reason] = {}
        self.vectors: dict[int, tuple[Point, ...]] = {}
        self.cells = self.game.cells()

    @cached_property
    def complex(self) -> ResponseComplex:
        """The response complex that the solver used."""
        return desk_of(self.game, self.solution.solver_class, "sequential", nash=False).complex

    def deviation(self, station: int) -> Deviation:
        """The station of an unsent message."""
        if station not in self._deviations:
            self._deviations[station] = Deviation(self.game, self.complex, station)
        return self._deviations[station]

    def unfit(self, station: int) -> str | None:
        """Why beliefs at the station cannot be judged, in words; None when they can."""
        cell = self.cells[station]
        if len(cell.audiences) < len(self.game.audiences):
            return f"audiences observe different things, and '{cell.key}' is seen by some of them only"
        if len(cell.messages) > 1:
            return f"several messages look alike at '{cell.key}'"
        curved = getattr(self.complex, "curved", ())
        if len(self.complex.stations) != len(self.cells) or any(c.station == station for c in curved):
            return f"not all rational responses to '{cell.key}' are known"
        return None

    def views(self, outcome: Outcome) -> tuple[View, ...]:
        """The families of the outcome as the tests see them, equal ones once."""
        return tuple(dict.fromkeys(self.family_views(outcome)))

    def family_views(self, outcome: Outcome) -> tuple[View, ...]:
        """One view for each family of the outcome, in their order."""
        if outcome.id not in self._views:
            self._views[outcome.id] = tuple(self._view(outcome, family) for family in outcome.families)
        return self._views[outcome.id]

    def _view(self, outcome: Outcome, family: Family) -> View:
        labels = [{self.game.messages[m] for m in cell.messages} for cell in self.cells]
        missed = []
        for sender in family.sender_extremes:
            sent = {m for plan in sender.values() for m in plan}
            missed.append({n for n, here in enumerate(labels) if sent.isdisjoint(here)})
        maybe, surely = set.union(*missed), set.intersection(*missed)
        return View(self._points(outcome, family), tuple(sorted(maybe)), tuple(sorted(surely)))

    def _points(self, outcome: Outcome, family: Family) -> tuple[Point, ...]:
        given = outcome.payoffs[self.game.sender] if outcome.payoffs is not None else None
        if given is not None and not isinstance(given, type(self.game.prior[0])):
            return (tuple(given[t] for t in self.game.types),)
        replies = family.reply_extremes[0] if family.reply_extremes else {}
        found = []
        for response in family.response_extremes:
            _, payoffs = play(self.game, family.sender_extremes[0], response, replies)
            by_type = payoffs[self.game.sender]
            assert not isinstance(by_type, type(self.game.prior[0]))
            found.append(tuple(by_type[t] for t in self.game.types))
        return tuple(hull_extremes(found))

    # ---- from messages to outcomes -----------------------------------------------------------------------------------

    def judge(self, outcome: Outcome, test: Test) -> Reason:
        """The outcome's verdict from a *test* of one unsent message.

        True when every message that any point of the outcome leaves unsent passes; False when every point leaves some
        message unsent that fails; None otherwise.
        """
        reasons = [self._judge_view(view, test) for view in self.views(outcome)]
        verdicts = {reason.verdict for reason in reasons}
        undecided = [r for r in reasons if r.verdict is None]
        if len(verdicts) == 1 and not undecided:
            return reasons[0]
        parted = self._parted(outcome, test)
        if undecided:
            return replace(undecided[0], words=f"{undecided[0].words}{f'; {parted}' if parted else ''}")
        return Reason(None, parted or "some outcomes in this component survive and others do not")

    def _parted(self, outcome: Outcome, test: Test) -> str:
        """Where in a component in which payoffs vary the outcome survives and where it fails, by example; "" elsewhere.

        Looked at are the extreme points of u* in every view and the mean of each.
        """
        views = self.views(outcome)
        if all(view.points == views[0].points and len(view.points) == 1 for view in views):
            return ""
        shown: dict[bool, Point] = {}
        asked = 0
        for view in views:
            mean = tuple(sum(column[1:], column[0]) / len(column) for column in zip(*view.points, strict=True))
            for point in dict.fromkeys((mean, *view.points)):
                asked += 1
                if asked > MOST_POINTS or len(shown) == 2:
                    break
                verdict = self._judge_view(View((point,), view.maybe, view.surely), test).verdict
                if verdict is not None:
                    shown.setdefault(verdict, point)
        told = [f"{SAID[verdict]} where {self._payoffs(shown[verdict])}" for verdict in sorted(shown, reverse=True)]
        if len(told) == 1:
            return f"at the payoffs tried it {told[0].replace(' where ', ', for instance where ', 1)}"
        return f"it {' and '.join(told)}" if told else ""

    def _payoffs(self, point: Point) -> str:
        return ", ".join(f"{t} gets {text(u)}" for t, u in zip(self.game.types, point, strict=True))

    def _judge_view(self, view: View, test: Test) -> Reason:
        findings: dict[str, Finding] = {}
        failed: list[str] = []
        for station in view.maybe:
            why = self.unfit(station)
            if why is not None:
                findings[self.cells[station].key] = Finding(None, why)
                continue
            deviation = self.deviation(station)
            finding = test(deviation, view.points)
            findings[deviation.message] = finding
            if finding.verdict is False and station in view.surely:
                failed.append(deviation.message)
        believed = {m: f.believed for m, f in findings.items() if f.believed}
        rulings: tuple[Ruling, ...] = tuple(r for f in findings.values() for r in f.ruled_out)
        if failed:
            first = findings[failed[0]]
            return Reason(False, first.words, first.type, failed[0], first.deviation, believed, rulings)
        for message, finding in findings.items():
            if finding.verdict is None:
                return Reason(None, finding.words, finding.type, message, finding.deviation, believed, rulings)
            if finding.verdict is False:
                words = f"outcomes here that leave '{message}' unsent fail ({finding.words}), others send it"
                return Reason(None, words, finding.type, message, finding.deviation, believed, rulings)
        if not findings:
            return Reason(True, "every observation is reached: there is no belief to restrict")
        words = "; ".join(finding.words for finding in findings.values())
        return Reason(True, words, beliefs=believed, ruled_out=rulings)
