"""Claims answered: one statement, one game, one verdict that says where it holds and what shows it.

The rule for conditions that never occur: an equilibrium in which the condition of a probability, or the message of a
belief, never occurs is set apart and counted as *not defined*. It neither supports nor contradicts. ``every`` asks
about all equilibria in which the statement is defined; where there is none the answer is ``not defined``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from doubletalk.case.asked import Asked, constant, difference_of, labels_of, reply_to_best
from doubletalk.case.decide import Truth, decide
from doubletalk.case.evaluation import Evaluator, FamilySpace
from doubletalk.case.language import parse_statement
from doubletalk.case.room import GameRoom
from doubletalk.case.sweep import Interval, exact_sweep
from doubletalk.case.syntax import Best, ClaimError, Statement
from doubletalk.case.verdict import Flip, OutcomeTruth, Reach, Search, Verdict
from doubletalk.equilibrium.solution import Assessment, Solution
from doubletalk.errors import InputError
from doubletalk.exact import Rational
from doubletalk.game.model import Game
from doubletalk.refinement.names import NAMES
from doubletalk.refinement.refine import explain

__all__ = ["Flip", "GameRoom", "OutcomeTruth", "Reach", "Search", "Verdict", "answer", "answer_at"]


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


def answer_at(parsed: Statement, room: GameRoom, values: Mapping[str, Rational]) -> Verdict:
    """The verdict at one point: *values* of parameters, and of the variable of the statement's own ``over`` among them.

    An ``over`` whose variable is not given is asked as it stands.
    """
    own = parsed.sweep.variable if parsed.sweep is not None else None
    known = room.game({}).parameters
    overrides = {name: value for name, value in values.items() if name in known}
    if own is None or own not in values:
        return answer(parsed, room, overrides)
    for name, expression, _ in parsed.overrides:
        overrides[name] = constant(expression, {**known, **overrides}, parsed.source)
    _check_use(parsed)
    variables = {} if own in known else {own: values[own]}
    return _once(Asked(replace(parsed, sweep=None), variables), room, overrides)


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
    words = f"The best response of {found.audience} is {tie}."
    reach = Reach("all" if holds else "none", "belief", int(holds), 1)
    return Verdict(parsed.source, "yes" if holds else "no", words, reach=reach)


def _blocked(parsed: Statement, solution: Solution) -> str | None:
    """Why a refinement judges no outcome at all, in its own words; None when each judges some."""
    for name, _ in parsed.surviving:
        if solution.outcomes and all(outcome.survives.get(name) is None for outcome in solution.outcomes):
            why = _why_open(solution, name, solution.outcomes[0].id)
            return f"the refinement '{name}' does not apply to this game or leaves it open: {why}"
    return None


def _why_open(solution: Solution, name: str, outcome_id: int) -> str:
    return explain(solution, name, outcome_id)[outcome_id].words


def _equilibrium_verdict(asked: Asked, evaluator: Evaluator) -> Verdict:
    """The verdict over the outcomes that survive. Those that a refinement leaves open may survive or not: where the
    answer turns on them it is undecided."""
    parsed, solution = asked.statement, evaluator.solution
    kept, unjudged = _survivors(parsed, solution)
    truths: dict[int, list[tuple[FamilySpace, Truth]]] = {}
    for space in evaluator.spaces:
        if space.outcome_id in kept or space.outcome_id in unjudged:
            difference = difference_of(asked, evaluator, space)
            truths.setdefault(space.outcome_id, []).append(
                (space, decide(difference, parsed.comparison.sign, space.sizes))
            )
    found = [_outcome_truth(outcome_id, items) for outcome_id, items in truths.items()]
    outcomes = tuple(truth for truth in found if truth.outcome_id in kept)
    extent, widest = (_extent([truth.extent for truth in each]) for each in (outcomes, found))
    verdict = _answered(str(parsed.quantifier), extent)
    shown = [pair for outcome_id, items in truths.items() if outcome_id in kept for pair in items]
    wants_true = verdict == ("no" if parsed.quantifier == "no" else "yes")
    witness, where = _witness(shown, wants_true)
    reason = next((truth.why for _, truth in shown if truth.why), None) if verdict == "undecided" else None
    words = _words(verdict, outcomes, solution)
    if extent != widest:
        first, name = next(iter(unjudged.items()))
        reason = (
            f"the refinement '{name}' leaves outcome {first} open, and the answer turns on it: "
            f"{_why_open(solution, name, first)}"
        )
        if verdict != _answered(str(parsed.quantifier), widest):
            verdict, witness, where = "undecided", None, None
        extent, words = "undecided", f"{words} Not decided: {reason}."
    if not solution.complete:
        reason = solution.why_incomplete
    return Verdict(
        parsed.source,
        verdict,
        words,
        extent,
        outcomes,
        witness,
        where,
        complete=solution.complete,
        reason=reason,
        reach=_reach(extent, outcomes, shown),
    )


def _survivors(parsed: Statement, solution: Solution) -> tuple[set[int], dict[int, str]]:
    """The ids of the outcomes that survive; those that may (some refinement leaves them open, none rules them out)."""
    kept, unjudged = set(), {}
    for outcome in solution.outcomes:
        verdicts = {name: outcome.survives.get(name) for name, _ in parsed.surviving}
        if all(verdicts.values()):
            kept.add(outcome.id)
        elif False not in verdicts.values():
            unjudged[outcome.id] = next(name for name, verdict in verdicts.items() if verdict is None)
    return kept, unjudged


def _reach(extent: str, outcomes: tuple[OutcomeTruth, ...], shown: list[tuple[FamilySpace, Truth]]) -> Reach:
    """How far the comparison reaches over the outcomes, with an example and a counterexample where there are any."""

    def ids(kind: str) -> tuple[int, ...]:
        return tuple(truth.outcome_id for truth in outcomes if truth.extent == kind)

    holding, undefined = ids("all"), ids("undefined")
    example, example_at = _witness(shown, True)
    against, against_at = _witness(shown, False)
    return Reach(
        extent,
        "outcomes",
        len(holding),
        len(outcomes) - len(undefined),
        holding,
        ids("some"),
        undefined,
        example,
        example_at,
        against,
        against_at,
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
    noun = "equilibrium outcome" if count == 1 else "equilibrium outcomes"
    found = noun if solution.complete else f"{noun} found (the list is not proved complete)"
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
    quick = room.quick()

    def at(x: Rational) -> str:
        variables = {} if is_parameter else {sweep.variable: x}
        overrides = {**base, sweep.variable: x} if is_parameter else base
        try:
            return _once(Asked(parsed, variables), quick, overrides).answer
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
        reach=_reach_of_range(intervals),
    )


def _reach_of_range(intervals: tuple[Interval, ...]) -> Reach:
    """How far a statement holds on its range; single points at which it does not hold count as well."""
    asked = [interval for interval in intervals if interval.answer != "undefined"]
    held = sum(interval.answer == "yes" for interval in asked)
    if any(interval.answer == "undecided" for interval in asked):
        return Reach("undecided", "range", held, len(asked))
    word = "undefined" if not asked else "all" if held == len(asked) else "some" if held else "none"
    return Reach(word, "range", held, len(asked))
