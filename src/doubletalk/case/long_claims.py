"""Claims about the long game, answered from simulated play with their Monte-Carlo error.

Both sides of a comparison are simulated with the same random numbers, so that their difference is sharper than either.
The answer is "yes" or "no" where the difference is more than ``SURE`` standard errors from zero, else "undecided"; more
paths are drawn before that is said. "undefined": a condition never occurred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from doubletalk.case.long_events import Names, Truth
from doubletalk.case.long_language import (
    Arithmetic,
    Figure,
    LongExpression,
    LongStatement,
    Quantity,
    parse_long_statement,
)
from doubletalk.case.sides import Sides
from doubletalk.case.syntax import Always, ClaimError
from doubletalk.exact import decimal
from doubletalk.longgame.declaration import STANCE, LongGame
from doubletalk.longgame.estimate import Estimate, constant, mean_of, ratio_of

if TYPE_CHECKING:
    from doubletalk.longgame.room import Room, Scene, Setting
    from doubletalk.longgame.simulate import Paths

__all__ = ["PATHS", "SURE", "LongVerdict", "answer_long", "chain_happens", "check_long_statement", "estimate_of"]

Floats = npt.NDArray[np.float64]

SURE = 3.0
"""Standard errors by which a difference has to be away from zero: by luck alone about one answer in 370 is wrong."""

PATHS = 10_000
BATCHES = (2, 8)
"""So many batches of ``PATHS`` are drawn, the second number only where the first leaves the answer open."""

PERIODS = 40
NOTHING = "nothing"


@dataclass(frozen=True)
class LongVerdict(Sides):
    """What a statement about the long game comes to.

    answer      "yes", "no", "undecided" (within the error) or "undefined" (a condition never occurred); errors are
                those of the simulation
    paths       how many were drawn for each quantity; ``residual`` the largest of the equilibria asked
    without     coefficient -> the answer when it is set to zero; empty where that was not asked
    """

    paths: int
    residual: float
    without: Mapping[str, str]


def check_long_statement(statement: str | LongStatement, game: LongGame) -> LongStatement:
    """Look up every name of a statement; ``ClaimError`` at the character of the first that the game lacks."""
    parsed = parse_long_statement(statement) if isinstance(statement, str) else statement
    names = Names(game, parsed.source)
    known = [coefficient.name for coefficient in game.coefficients]
    for name, _, at in parsed.changes:
        names.one("coefficient", name, known, at)
    if parsed.lens:
        names.labels(STANCE, parsed.lens_at)
        names.one("stance", parsed.lens, list(game.stances), parsed.lens_at)
    for quantity in parsed.quantities():
        _check_quantity(names, quantity)
    return parsed


def _check_quantity(names: Names, quantity: Quantity) -> None:
    game = names.game
    for event in (*quantity.events, quantity.given):
        names.truth(event)
    names.beginning(quantity.start)
    if quantity.kind == "mean":
        names.variable(quantity.subject, quantity.at)
    if quantity.kind == "payoff":
        names.one("actor", quantity.subject, list(names.actors), quantity.at)
    if quantity.more:
        names.variable(quantity.more, quantity.at)
    if quantity.policy:
        names.one("policy", quantity.policy, [policy.name for policy in game.policies], quantity.policy_at)
    if quantity.imposed is not None:
        if quantity.imposed.name != NOTHING:
            names.move(quantity.imposed)
        if not isinstance(quantity.given, Always):
            raise ClaimError(
                "'|' and 'imposing' cannot go together; the imposed move is made in the first quarter",
                names.source,
                quantity.at,
            )


def answer_long(
    statement: str | LongStatement, room: Room, *, paths: int = PATHS, batches: tuple[int, ...] = BATCHES,
    changes: Mapping[str, float] | None = None,
) -> LongVerdict:  # fmt: skip
    """The verdict on a statement in the game of *room*, with *changes* of coefficients under those of the statement."""
    parsed = check_long_statement(statement, room.game)
    for count in batches:
        asker = _Asker(parsed, room, paths, count, dict(changes or {}))
        left, right = asker.value(parsed.left), asker.value(parsed.right)
        difference = left - right
        answer = _decided(parsed.sign, difference)
        if answer != "undecided":
            break
    return LongVerdict(
        parsed.source, answer, _words(answer, left, right, difference, paths * count), left.value, left.error,
        right.value, right.error, difference.value, difference.error, paths * count, asker.residual, {},
    )  # fmt: skip


def estimate_of(
    statement: str, room: Room, *, paths: int = PATHS, changes: Mapping[str, float] | None = None
) -> Estimate:
    """The left side of a statement as a number with its error."""
    parsed = check_long_statement(statement, room.game)
    return _Asker(parsed, room, paths, 1, dict(changes or {})).value(parsed.left)


def _decided(sign: str, difference: Estimate) -> str:
    if not difference.defined:
        return "undefined"
    if abs(difference.value) <= SURE * difference.error or difference.value == 0:
        return "undecided"
    return "yes" if (difference.value > 0) == (sign in (">", ">=")) else "no"


def _words(answer: str, left: Estimate, right: Estimate, difference: Estimate, paths: int) -> str:
    if answer == "undefined":
        return "Not defined: a condition never occurs in the simulated play, or a divisor is zero."
    exact = {id(side): not side.influence.any() and not side.floor for side in (left, right)}

    def shown(side: Estimate) -> str:
        return f"{side.value:.4g}" if exact[id(side)] else f"{side.value:.4f} ± {side.error:.4f}"

    told = {
        "yes": "The difference is",
        "no": "The difference, the other way, is",
        "undecided": "Within the error: the difference is",
    }[answer]
    return (
        f"{shown(left)} against {shown(right)}. {told} {difference.value:.4f} ± {difference.error:.4f} "
        f"({paths} simulated paths; ± is one standard error)."
    )


class _Asker:
    """The quantities of one statement, each from ``batches`` times ``count`` paths."""

    def __init__(
        self, parsed: LongStatement, room: Room, count: int, batches: int, changes: dict[str, float]
    ) -> None:
        self.parsed, self.room, self.count, self.batches = parsed, room, count, batches
        stated = {name: decimal(value) for name, value, _ in parsed.changes}
        self.changes = tuple(sorted({**changes, **stated}.items()))
        self.names = Names(room.game, parsed.source)
        self.residual = 0.0

    def value(self, part: LongExpression) -> Estimate:
        if isinstance(part, Figure):
            return constant(decimal(part.value))
        if isinstance(part, Arithmetic):
            left, right = self.value(part.left), self.value(part.right)
            if part.sign in "+-":
                return left + right if part.sign == "+" else left - right
            return left * right if part.sign == "*" else left / right
        return self.quantity(part)

    def quantity(self, asked: Quantity) -> Estimate:
        from doubletalk.longgame.room import Setting

        setting = Setting(self.changes, self.parsed.lens, asked.policy)
        solved = self.room.solution(setting)
        self.residual = max(self.residual, solved.residual)
        measure = self._measure(asked, setting)
        pairs = [measure(self._run(asked, setting, seed)) for seed in range(1, self.batches + 1)]
        above = np.concatenate([each[0] for each in pairs])
        if pairs[0][1] is None:
            return mean_of(above)
        return ratio_of(above, np.concatenate([each[1] for each in pairs if each[1] is not None]))

    def _run(self, asked: Quantity, setting: Setting, seed: int) -> Paths:
        return self.room.paths(setting, self._scene(asked), paths=self.count, periods=_periods(asked), seed=seed)

    def _scene(self, asked: Quantity) -> Scene:
        from doubletalk.longgame.room import Scene

        start, belief, stance = self.names.beginning(asked.start)
        if self.parsed.lens:
            stance = self.room.game.stances.index(self.parsed.lens)
        free = asked.imposed is None or asked.imposed.name == NOTHING
        return Scene(start, belief, stance, None if free or asked.imposed is None else self.names.move(asked.imposed))

    def _measure(self, asked: Quantity, setting: Setting):  # type: ignore[no-untyped-def]
        """Paths -> (what is counted a path, the cases it is counted over or None for the mean over paths)."""
        from doubletalk.longgame.room import payoffs_along

        names, n = self.names, asked.count
        if asked.kind == "payoff":
            solved = self.room.solution(setting)
            return lambda run: (payoffs_along(solved, run, asked.subject, n or PERIODS), None)
        if asked.kind == "mean":
            place = names.variable(asked.subject, asked.at)
            return lambda run: (run.levels[n, :, place].astype(float), None)
        if len(asked.events) > 1:
            steps = [(names.truth(event), names.moment(event)) for event in asked.events]
            more = names.variable(asked.more, asked.at) if asked.more else None
            return lambda run: (chain_happens(run, steps, n, more).astype(float), None)
        event, given = names.truth(asked.events[0]), names.truth(asked.given)
        if asked.kind == "count":
            return lambda run: (event(run)[:n].sum(axis=0).astype(float), None)
        if asked.time == "after":
            return lambda run: (event(run)[n].astype(float), None)
        if asked.time == "within":
            if asked.imposed is not None:
                return lambda run: (event(run)[1 : n + 1].any(axis=0).astype(float), None)
            return lambda run: _followed(event(run), given(run), n)
        return lambda run: ((event(run) & given(run)).sum(axis=0).astype(float), given(run).sum(axis=0).astype(float))


def _periods(asked: Quantity) -> int:
    """How many quarters have to be simulated; ``PERIODS`` where that is enough, so that paths are shared."""
    if asked.time == "within" and len(asked.events) == 1 and asked.imposed is None:
        return max(PERIODS, 2 * asked.count)
    return max(PERIODS, asked.count + (asked.kind == "P" and len(asked.events) == 1))


def _followed(event: npt.NDArray[np.bool_], given: npt.NDArray[np.bool_], within: int) -> tuple[Floats, Floats]:
    """How often the event follows in one of the next quarters, and how often the condition held with so many ahead."""
    ahead = np.concatenate([np.zeros((1, event.shape[1]), int), event.cumsum(axis=0)])
    last = len(event) - within
    follows = ahead[1 + within : 1 + within + last] > ahead[1 : 1 + last]
    return (follows & given[:last]).sum(axis=0).astype(float), given[:last].sum(axis=0).astype(float)


def chain_happens(
    run: Paths, steps: list[tuple[Truth, int]], within: int, more: int | None = None
) -> npt.NDArray[np.bool_]:
    """Whether the steps happen in order within the first quarters of each path [N].

    A step may fall in the quarter of the one before it when it is known later in that quarter (its moment is greater).
    With ``more`` the level of that variable at the end of the last step's quarter is above that at the end of the first
    step's. Steps in between are taken as early as they come, which misses no chain.
    """
    happens = [truth(run)[:within] for truth, _ in steps]
    moments = [moment for _, moment in steps]
    if more is None:
        return _ordered(happens, moments)
    ends = run.levels[1 : within + 1, :, more]
    found = np.zeros(ends.shape[1], dtype=bool)
    for level in range(int(ends.max())):  # from the highest level nothing is more
        found |= _ordered([happens[0] & (ends == level), *happens[1:-1], happens[-1] & (ends > level)], moments)
    return found


def _ordered(happens: list[npt.NDArray[np.bool_]], moments: list[int]) -> npt.NDArray[np.bool_]:
    reached = np.zeros(happens[0].shape[1], dtype=int)  # how many steps are done
    moment = np.full(happens[0].shape[1], -2)  # when in this quarter the last one was
    for quarter in range(len(happens[0])):
        moment[:] = -2
        for step, truth in enumerate(happens):
            now = (reached == step) & truth[quarter] & (moment < moments[step])
            reached[now] += 1
            moment[now] = moments[step]
    return np.asarray(reached == len(happens))

