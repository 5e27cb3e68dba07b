"""The long game of a case, studied: does its cycle arise and for which coefficients, what relief does, which policy.

Everything is simulated with fixed seeds; every number has its Monte-Carlo error. Shares with and without a mechanism
are from the same random numbers, so that their difference is sharper than either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from doubletalk.case.long_claims import LongVerdict, answer_long, estimate_of
from doubletalk.case.long_events import Names
from doubletalk.case.long_language import Quantity, parse_long_statement
from doubletalk.case.long_plan import LongPlan
from doubletalk.errors import DoubletalkError

if TYPE_CHECKING:
    from doubletalk.longgame.estimate import Estimate
    from doubletalk.longgame.policies import PolicyOutcomes
    from doubletalk.longgame.room import Room
    from doubletalk.longgame.weighing import Weighed

__all__ = ["DEPTHS", "MEMORY_POINTS", "CycleRow", "LongStudy", "Response", "needs_jax", "study_long_game"]

Floats = npt.NDArray[np.float64]
Tell = Callable[[float, str], None]

DEPTHS = ("quick", "all", "none")
"""``quick``: policies with counters on fewer beliefs; ``all``: on the file's; ``none``: nothing is asked."""

MEMORY_POINTS = 7
"""Beliefs on which policies with counters, which make the game several times larger, are solved in ``quick``."""

PATHS = 20_000


@dataclass(frozen=True)
class CycleRow:
    """How often the cycle arises in one version of the game.

    name    "filed", "lens STANCE", "nothing" (no mechanism at all) or the coefficient that is set to zero
    share, worse   of paths with the whole cycle, and with a worse end; ``*_error`` the standard errors
    change, change_error   of ``share`` against the game as filed, from the same random numbers
    """

    name: str
    value: float | None
    share: float
    error: float
    worse: float | None
    worse_error: float | None
    change: float
    change_error: float


@dataclass(frozen=True)
class Response:
    """What a move changes: the mean level of a variable with the move less without it, [periods + 1], for one stance.

    ``plain`` the mean level without the move; ``top`` the variable's highest level, the lowest being 0
    """

    stance: str
    variable: str
    top: int
    change: Floats
    error: Floats
    plain: Floats


@dataclass(frozen=True)
class LongStudy:
    """What the study says of the long game. ``missing`` says why there is nothing; the rest is then empty.

    ``left_out``  policy -> why it is not compared; ``residual`` the largest of the ``solved`` equilibria
    ``verdicts``  claim id -> its answer; ``failed`` claim id -> why it has none
    """

    plan: LongPlan
    missing: str = ""
    cycle: tuple[CycleRow, ...] = ()
    responses: tuple[Response, ...] = ()
    weighed: Weighed | None = None
    outcomes: PolicyOutcomes | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)
    residual: float = 0.0
    solved: int = 0
    paths: int = PATHS
    verdicts: Mapping[str, LongVerdict] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)


def needs_jax() -> str:
    """Why the long game cannot be solved here; "" where it can."""
    try:
        import jax  # noqa: F401
    except ImportError:
        return "jax is not installed: pip install 'doubletalk[longgame]'"
    return ""


def study_long_game(
    plan: LongPlan, room: Room, tell: Tell, *, claims: Mapping[str, str] | None = None, paths: int = PATHS
) -> LongStudy:
    """The claims (id -> statement), the cycle, the responses and the policies.

    *tell* is called with the share done and what is being done. A claim that names no lens and no policy is asked again
    with each mechanism in turn set to zero, in equilibria that the cycle needs anyway.
    """
    asked = claims or {}
    tell(0.0, "solving the long game")
    room.solution()
    verdicts: dict[str, LongVerdict] = {}
    failed: dict[str, str] = {}
    for k, (name, statement) in enumerate(asked.items()):
        tell(0.1 + 0.35 * k / len(asked), f"asking {name} of the long game")
        try:
            verdicts[name] = answer_long(statement, room, paths=paths)
        except DoubletalkError as wrong:
            failed[name] = str(wrong)
    again = {name: asked[name] for name in verdicts if _as_filed(asked[name])}
    without: dict[str, dict[str, str]] = {name: {} for name in again}
    tell(0.45, "following a move of the long game")
    responses = tuple(_responses(plan, room, paths))
    cycle = tuple(_versions(plan, room, lambda share, words: tell(0.45 + 0.3 * share, words), paths, again, without))
    verdicts.update({name: replace(verdicts[name], without=without[name]) for name in again})

    def last(share: float, words: str) -> None:
        tell(0.75 + 0.25 * share, words)

    weighed, outcomes, left_out = _policies(plan, room, paths, last)
    return LongStudy(
        plan, "", cycle, responses, weighed, outcomes, left_out, room.residual, room.solved, paths, verdicts, failed
    )


def _as_filed(statement: str) -> bool:
    """Whether a claim is about the game as filed: no lens, no coefficients of its own, no policy."""
    parsed = parse_long_statement(statement)
    return not parsed.lens and not parsed.changes and not any(q.policy for q in parsed.quantities())


def _versions(
    plan: LongPlan, room: Room, tell: Tell, paths: int, claims: Mapping[str, str], without: dict[str, dict[str, str]]
) -> Iterator[CycleRow]:
    """The cycle in every version of the game; *without* is filled with the claims' answers on the way."""
    from doubletalk.longgame.room import Setting
    from doubletalk.longgame.weighing import mechanisms

    game = plan.game
    found = mechanisms(game)
    values = {c.name: c.value for c in game.coefficients}
    versions: list[tuple[str, float | None, str, dict[str, float]]] = [("filed", None, "", {})]
    if plan.cycle and len(game.stances) == 2:
        versions += [(f"lens {stance}", None, stance, {}) for stance in game.stances]
    if plan.cycle:
        versions.append(("nothing", None, "", dict.fromkeys(found, 0.0)))
    versions += [(name, values[name], "", {name: 0.0}) for name in found if plan.cycle or claims]
    filed: Estimate | None = None
    for k, (name, value, lens, changes) in enumerate(versions):
        tell(k / len(versions), f"solving the long game: {name}")
        if plan.cycle:
            filed, row = _cycle_row(plan, room, paths, (name, value, lens, changes), filed)
            yield row
        for claim, statement in claims.items() if name in values else ():
            without[claim][name] = answer_long(statement, room, paths=paths, batches=(1,), changes=changes).answer
        if k:
            room.drop(Setting(tuple(sorted(changes.items())), lens))


def _cycle_row(
    plan: LongPlan, room: Room, paths: int, version: tuple[str, float | None, str, dict[str, float]],
    filed: Estimate | None,
) -> tuple[Estimate, CycleRow]:  # fmt: skip
    name, value, lens, changes = version
    head = f"long game: lens {lens}:" if lens else "long game:"
    share = estimate_of(f"{head} {plan.chain()} > 0", room, paths=paths, changes=changes)
    worse = None
    if plan.worse:
        worse = estimate_of(f"{head} {plan.chain(worse=True)} > 0", room, paths=paths, changes=changes)
    first = share if filed is None else filed
    change = share - first
    return first, CycleRow(
        name, value, share.value, share.error, None if worse is None else worse.value,
        None if worse is None else worse.error, change.value, 0.0 if filed is None else change.error,
    )  # fmt: skip


def _responses(plan: LongPlan, room: Room, paths: int) -> list[Response]:
    if not plan.relief:
        return []
    from doubletalk.longgame.room import Scene, Setting

    game = plan.game
    begin = f" from {plan.start}" if plan.start else ""
    text = f"long game: mean({game.variables[0].name} after {plan.periods}{begin} imposing {plan.relief}) > 0"
    parsed = parse_long_statement(text).left
    assert isinstance(parsed, Quantity)
    assert parsed.imposed is not None
    names = Names(game, text)
    levels, belief, _ = names.beginning(parsed.start)
    rows = []
    for stance, label in enumerate(game.stances):
        scene = Scene(levels, belief, stance if len(game.stances) == 2 else None)
        plain = room.paths(Setting(), scene, paths=paths)
        moved = room.paths(Setting(), replace(scene, imposed=names.move(parsed.imposed)), paths=paths)
        for v, variable in enumerate(game.variables):
            if variable.markov is not None:
                continue
            without = plain.levels[: plan.periods + 1, :, v]
            change = moved.levels[: plan.periods + 1, :, v].astype(float) - without
            rows.append(
                Response(
                    label, variable.name, len(variable.levels) - 1, change.mean(axis=1),
                    change.std(axis=1, ddof=1) / np.sqrt(paths), without.mean(axis=1),
                )
            )  # fmt: skip
    return rows


def _policies(
    plan: LongPlan, room: Room, paths: int, tell: Tell
) -> tuple[Weighed | None, PolicyOutcomes | None, dict[str, str]]:
    """Policies of the actor who has the most of them."""
    from doubletalk.longgame.policies import outcomes_of
    from doubletalk.longgame.room import Setting
    from doubletalk.longgame.weighing import weigh

    game = plan.game
    if len(game.policies) < 2:
        return None, None, {}
    actors = [policy.actor for policy in game.policies]
    actor = max(dict.fromkeys(actors), key=actors.count)
    names, left_out = [], {}
    for policy in game.policies:
        if policy.actor != actor:
            left_out[policy.name] = f"a policy of {policy.actor}"
        else:
            names.append(policy.name)
    if len(names) < 2:
        return None, None, left_out
    solved = []
    for k, name in enumerate(["", *names]):
        tell(k / (len(names) + 1), f"solving the long game under {name or 'no policy'}")
        solved.append(room.solution(Setting(policy=name)))
    outcomes = outcomes_of(game, [None, *names], paths=paths, periods=40, solutions=solved)
    return weigh(room, names, paths=paths, periods=40), outcomes, left_out
