"""Claims answered: one statement, one game, one verdict that says where it holds and what shows it.

The rule for conditions that never occur: an equilibrium in which the condition of a probability, or the message of a
belief, never occurs is set apart and counted as *not defined*. It neither supports nor contradicts. ``every`` asks
about all equilibria in which the statement is defined; where there is none the answer is ``not defined``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from doubletalk.case.asked import Asked, constant, difference_of, labels_of, reply_to_best
from doubletalk.case.decide import Truth, decide
from doubletalk.case.evaluation import Evaluator, FamilySpace
from doubletalk.case.language import parse_statement
from doubletalk.case.sweep import Interval, exact_sweep
from doubletalk.case.syntax import Best, ClaimError, Statement
from doubletalk.equilibrium.solution import Assessment, Solution
from doubletalk.errors import InputError
from doubletalk.exact import Rational
from doubletalk.game.model import Game
from doubletalk.refinement.names import NAMES

__all__ = ["Flip", "GameRoom", "OutcomeTruth", "Verdict", "answer"]

ANSWERS = {
    "yes": "holds",
    "no": "does not hold",
    "undefined": "not defined",
    "cannot": "cannot be asked",
    "range": "holds on a range",
    "undecided": "not decided",
}


@dataclass(frozen=True)
class OutcomeTruth:
    """Where the comparison stands in one outcome: "all", "some", "none", "undefined" or "undecided"."""

    outcome_id: int
    extent: str
    undefined_somewhere: bool
    low: Rational | None
    high: Rational | None


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
class Verdict:
    """What a statement about a game comes to.

    ``answer``   "yes", "no", "undefined", "undecided", "cannot" (``reason`` says why) or "range" (see ``intervals``)
    ``extent``   in how many equilibria the comparison holds: "all", "some", "none"; None without a quantifier
    ``outcomes`` one entry per equilibrium outcome asked
    ``witness``  an equilibrium that shows the answer (an example for "yes", a counterexample for "no"), from
                 outcome ``witness_outcome``
    ``intervals`` of a statement with ``over``: where it holds, where not, where not defined, exactly
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

    def outcome_ids(self, extent: str) -> tuple[int, ...]:
        """The ids of the outcomes with that extent."""
        return tuple(truth.outcome_id for truth in self.outcomes if truth.extent == extent)


@dataclass
class GameRoom:
    """A game for any parameter values, each solved at most once.

    ``make``   parameter overrides -> game; raises ``InputError`` where there is none
    ``solver`` game -> solution
    ``crossings`` what ``candidates.crossings`` found, kept from claim to claim
    """

    make: Callable[[Mapping[str, Rational]], Game]
    solver: Callable[[Game], Solution]
    crossings: dict[Any, tuple[Rational, ...]] = field(default_factory=dict)
    _games: dict[tuple[tuple[str, str], ...], Game] = field(default_factory=dict)
    _solved: dict[tuple[tuple[str, str], ...], Evaluator] = field(default_factory=dict)

    @staticmethod
    def _key(overrides: Mapping[str, Rational]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted((name, str(value)) for name, value in overrides.items()))

    def game(self, overrides: Mapping[str, Rational]) -> Game:
        """The game at these values."""
        key = self._key(overrides)
        if key not in self._games:
            self._games[key] = self.make(overrides)
        return self._games[key]

    def solved(self, overrides: Mapping[str, Rational]) -> Evaluator:
        """The evaluator over all equilibria at these values."""
        key = self._key(overrides)
        if key not in self._solved:
            self._solved[key] = Evaluator(self.solver(self.game(overrides)))
        return self._solved[key]

    def surviving(self, overrides: Mapping[str, Rational], names: tuple[str, ...]) -> Evaluator:
        """The evaluator with every outcome judged by these refinements (each computed once)."""
        evaluator = self.solved(overrides)
        missing = [n for n in names if any(n not in outcome.survives for outcome in evaluator.solution.outcomes)]
        if missing:
            from doubletalk.refinement import refine

            evaluator.solution = refine(evaluator.solution, missing)
        return evaluator


def _refinements(parsed: Statement) -> tuple[str, ...]:
    """The refinements after ``surviving``; an unknown one is an error with its place."""
    for name, at in parsed.surviving:
        if name not in NAMES:
            raise ClaimError(f"found '{name}', expected a refinement: {', '.join(NAMES)}", parsed.source, at)
    return tuple(name for name, _ in parsed.surviving)


def answer(statement: str | Statement, room: GameRoom, overrides: Mapping[str, Rational] | None = None) -> Verdict:
    """The verdict on a statement about the game of *room*, with parameter *overrides* under those of the statement."""
    parsed = parse_statement(statement) if isinstance(statement, str) else statement
    base = dict(overrides or {})
    known = room.game(base).parameters
    for name, expression, at in parsed.overrides:
        if name not in known:
            raise ClaimError(f"found '{name}', expected a parameter: {', '.join(known)}", parsed.source, at)
        base[name] = constant(expression, {**known, **base}, parsed.source)
    _check_use(parsed)
    if parsed.sweep is not None:
        return _swept(parsed, room, base)
    return _once(Asked(parsed, {}), room, base)


def _check_use(parsed: Statement) -> None:
    best = isinstance(parsed.comparison.left, Best)
    if best and parsed.quantifier is not None:
        raise ClaimError(
            "best(...) is asked at a stated belief, not in an equilibrium; leave out 'in ... equilibrium:'",
            parsed.source,
            0,
        )
    if not best and parsed.quantifier is None:
        raise ClaimError(
            "say 'in every equilibrium:', 'in some equilibrium:' or 'in no equilibrium:' first", parsed.source, 0
        )


def _once(asked: Asked, room: GameRoom, overrides: Mapping[str, Rational]) -> Verdict:
    parsed = asked.statement
    if isinstance(parsed.comparison.left, Best):
        return _best_verdict(asked, room.game(overrides))
    evaluator = room.surviving(overrides, _refinements(parsed))
    blocked = _blocked(parsed, evaluator.solution)
    if blocked is not None:
        return Verdict(parsed.source, "cannot", f"Cannot be asked: {blocked}", reason=blocked)
    return _equilibrium_verdict(asked, evaluator)


def _best_verdict(asked: Asked, game: Game) -> Verdict:
    parsed = asked.statement
    found = reply_to_best(asked, game)
    wanted = labels_of(asked, found)
    sign = parsed.comparison.sign
    holds = {
        "=": set(found.possible) == set(wanted),
        "!=": not set(found.possible) & set(wanted),
        "includes": set(wanted) <= set(found.possible),
    }.get(sign)
    if holds is None:
        raise ClaimError("best(...) is compared with =, != or includes", parsed.source, parsed.comparison.at)
    tie = " or ".join(found.possible)
    return Verdict(parsed.source, "yes" if holds else "no", f"The best response of {found.audience} is {tie}.")


def _blocked(parsed: Statement, solution: Solution) -> str | None:
    for name, _ in parsed.surviving:
        if solution.outcomes and all(outcome.survives.get(name) is None for outcome in solution.outcomes):
            return f"the refinement '{name}' does not apply to this game"
    return None


def _equilibrium_verdict(asked: Asked, evaluator: Evaluator) -> Verdict:
    parsed, solution = asked.statement, evaluator.solution
    kept = {o.id for o in solution.outcomes if all(o.survives.get(name) for name, _ in parsed.surviving)}
    truths: dict[int, list[tuple[FamilySpace, Truth]]] = {}
    for space in evaluator.spaces:
        if space.outcome_id in kept:
            difference = difference_of(asked, evaluator, space)
            truths.setdefault(space.outcome_id, []).append(
                (space, decide(difference, parsed.comparison.sign, space.sizes))
            )
    outcomes = tuple(_outcome_truth(outcome_id, items) for outcome_id, items in truths.items())
    extent = _extent([truth.extent for truth in outcomes])
    verdict = _answered(str(parsed.quantifier), extent)
    shown = [pair for items in truths.values() for pair in items]
    wants_true = verdict == ("no" if parsed.quantifier == "no" else "yes")
    witness, where = _witness(shown, wants_true)
    reason = next((truth.why for _, truth in shown if truth.why), None) if verdict == "undecided" else None
    words = _words(verdict, outcomes, solution)
    if not solution.complete:
        reason = solution.why_incomplete
    return Verdict(
        parsed.source, verdict, words, extent, outcomes, witness, where, complete=solution.complete, reason=reason
    )


def _outcome_truth(outcome_id: int, items: list[tuple[FamilySpace, Truth]]) -> OutcomeTruth:
    true = any(truth.true_at is not None for _, truth in items)
    false = any(truth.false_at is not None for _, truth in items)
    undecided = any(not truth.decided for _, truth in items)
    if true and false:
        extent = "some"
    elif undecided:
        extent = "undecided"
    else:
        extent = "all" if true else "none" if false else "undefined"
    lows = [truth.low for _, truth in items if truth.low is not None]
    highs = [truth.high for _, truth in items if truth.high is not None]
    gap = any(truth.undefined_at is not None for _, truth in items)
    return OutcomeTruth(outcome_id, extent, gap, min(lows, default=None), max(highs, default=None))


def _extent(extents: list[str]) -> str:
    kinds = set(extents) - {"undefined"}
    if not kinds:
        return "undefined"
    if "some" in kinds or {"all", "none"} <= kinds:
        return "some"
    if "undecided" in kinds:
        return "undecided"
    return "all" if kinds == {"all"} else "none"


def _answered(quantifier: str, extent: str) -> str:
    if extent in ("undefined", "undecided"):
        return extent
    holds = {"every": extent == "all", "some": extent != "none", "no": extent == "none"}[quantifier]
    return "yes" if holds else "no"


def _witness(shown: list[tuple[FamilySpace, Truth]], wants_true: bool) -> tuple[Assessment | None, int | None]:
    for space, truth in shown:
        point = truth.true_at if wants_true else truth.false_at
        if point is not None:
            return space.assessment(point, truth.factors), space.outcome_id
    return None, None


def _words(verdict: str, outcomes: tuple[OutcomeTruth, ...], solution: Solution) -> str:
    def listed(extent: str) -> str:
        return ", ".join(str(truth.outcome_id) for truth in outcomes if truth.extent == extent)

    count = len(outcomes)
    defined = [truth for truth in outcomes if truth.extent != "undefined"]
    parts = {
        "all": "throughout outcome",
        "some": "in part of outcome",
        "none": "nowhere in outcome",
        "undecided": "not decided in outcome",
        "undefined": "not defined in outcome",
    }
    where = "; ".join(f"{words} {listed(extent)}" for extent, words in parts.items() if listed(extent))
    found = (
        "equilibrium outcomes" if solution.complete else "equilibrium outcomes found (the list is not proved complete)"
    )
    if not outcomes:
        return "No equilibrium is left to ask."
    if not defined:
        return f"In none of the {count} {found} does the condition occur."
    return f"Of {count} {found} the comparison holds {where}."


def _swept(parsed: Statement, room: GameRoom, base: Mapping[str, Rational]) -> Verdict:
    sweep = parsed.sweep
    assert sweep is not None
    known = room.game(base).parameters
    values = {**known, **base}
    low, high = constant(sweep.low, values, parsed.source), constant(sweep.high, values, parsed.source)
    if not low < high:
        raise ClaimError(f"the range of '{sweep.variable}' is empty: from {low} to {high}", parsed.source, sweep.at)
    is_parameter = sweep.variable in known

    def at(x: Rational) -> str:
        variables = {} if is_parameter else {sweep.variable: x}
        overrides = {**base, sweep.variable: x} if is_parameter else base
        try:
            return _once(Asked(parsed, variables), room, overrides).answer
        except ClaimError:
            raise
        except InputError:
            return "undefined"

    middle = (low + high) / 2
    probe = _once(
        Asked(parsed, {} if is_parameter else {sweep.variable: middle}),
        room,
        {**base, sweep.variable: middle} if is_parameter else base,
    )
    if probe.answer == "cannot":
        return probe
    intervals = exact_sweep(at, low, high)
    held = [str(interval) for interval in intervals if interval.answer == "yes"]
    words = (
        f"Holds for {sweep.variable} in {' and '.join(held)}."
        if held
        else f"Holds for no {sweep.variable} in [{low}, {high}]."
    )
    exact = all(interval.exact for interval in intervals)
    return Verdict(
        parsed.source,
        "range",
        words,
        intervals=intervals,
        complete=probe.complete,
        reason=None if exact else "an end is only bracketed",
    )


def as_data(verdict: Verdict) -> dict[str, Any]:
    """The verdict as plain data for JSON: exact numbers as text."""

    def show(value: Rational | None) -> str | None:
        return None if value is None else str(value)

    witness = None
    if verdict.witness is not None:
        witness = {
            "outcome": verdict.witness_outcome,
            "sender": {t: {m: str(p) for m, p in plan.items()} for t, plan in verdict.witness.sender.items()},
            "responses": {
                who: {where: {a: str(p) for a, p in mix.items()} for where, mix in plan.items()}
                for who, plan in verdict.witness.responses.items()
            },
            "beliefs": {key: {t: str(p) for t, p in belief.items()} for key, belief in verdict.witness.beliefs.items()},
        }
    return {
        "statement": verdict.statement,
        "answer": verdict.answer,
        "words": verdict.words,
        "extent": verdict.extent,
        "outcomes": [
            {
                "id": t.outcome_id,
                "extent": t.extent,
                "undefined_somewhere": t.undefined_somewhere,
                "low": show(t.low),
                "high": show(t.high),
            }
            for t in verdict.outcomes
        ],
        "witness": witness,
        "intervals": [
            {
                "low": str(i.low),
                "high": str(i.high),
                "low_closed": i.low_closed,
                "high_closed": i.high_closed,
                "answer": i.answer,
                "exact": i.exact,
            }
            for i in verdict.intervals
        ],
        "flips": [
            {
                "parameter": f.parameter,
                "default": str(f.default),
                "direction": f.direction,
                "threshold": show(f.threshold),
                "low": str(f.low),
                "high": str(f.high),
                "answer_beyond": f.answer_beyond,
            }
            for f in verdict.flips
        ],
        "complete": verdict.complete,
        "reason": verdict.reason,
    }
