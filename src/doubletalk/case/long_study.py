"""The long game of a case, studied: does its cycle arise and for which coefficients, what relief does, which policy.

Everything is simulated with fixed seeds; every number has its Monte-Carlo error. Shares with and without a mechanism
are from the same random numbers, so that their difference is sharper than either.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from doubletalk.case.long_claims import PATHS, LongVerdict, answer_long, estimate_of
from doubletalk.case.long_events import Names
from doubletalk.case.long_language import Quantity, parse_long_statement
from doubletalk.case.long_plan import LongPlan
from doubletalk.errors import DoubletalkError
from doubletalk.exact import decimal

if TYPE_CHECKING:
    from doubletalk.longgame.declaration import LongGame
    from doubletalk.longgame.estimate import Estimate
    from doubletalk.longgame.policies import PolicyOutcomes
    from doubletalk.longgame.room import Room, Setting
    from doubletalk.longgame.weighing import Weighed

__all__ = ["DEPTHS", "MEMORY_POINTS", "CycleRow", "LongStudy", "Response", "needs_jax", "study_long_game"]

Floats = npt.NDArray[np.float64]
Tell = Callable[[float, str], None]

DEPTHS = ("quick", "all", "none")
"""How much is asked of the long game. ``quick``: policies with counters on fewer beliefs than the file's; ``all``: on
the file's; ``none``: nothing."""

MEMORY_POINTS = 5
"""Beliefs on which policies with counters, which make the game several times larger, are solved in ``quick``."""


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
    ``memory_points``  beliefs on which policies with counters were solved
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
    memory_points: int = 0


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
    versions, (actor, names, left_out) = _versions(plan, asked), _compared(plan.game)
    with room.preparing(_needed(plan.game, asked, versions, names)):
        verdicts, failed = _answers(room, asked, paths, lambda share, words: tell(0.1 + 0.35 * share, words))
        tell(0.45, "following a move of the long game")
        responses = tuple(_responses(plan, room, paths))
        again = {name: asked[name] for name in verdicts if _as_filed(asked[name])}
        without: dict[str, dict[str, str]] = {name: {} for name in again}
        cycle = []
        for k, version in enumerate(versions):
            tell(0.5 + 0.3 * k / len(versions), f"solving the long game: {version.name}")
            if plan.cycle:
                cycle.append(_cycle_row(plan, room, paths, version, versions[0]))
            for claim, statement in again.items() if version.value is not None else ():
                found = answer_long(statement, room, paths=paths, batches=(1,), changes=dict(version.changes))
                without[claim][version.name] = found.answer
            if k:
                room.drop(version.setting)
        verdicts.update({name: replace(verdicts[name], without=without[name]) for name in again})
        tell(0.8, f"comparing policies of {actor}")
        weighed, outcomes = _weighed(plan.game, room, names, paths)
    return LongStudy(
        plan, "", tuple(cycle), responses, weighed, outcomes, left_out, room.residual, room.solved, paths, verdicts,
        failed, room.memory_points or plan.game.points,
    )  # fmt: skip


@dataclass(frozen=True)
class _Version:
    """The game as filed, under a lens, or with coefficients set to zero; ``value`` what one of them is in the file."""

    name: str
    value: float | None = None
    lens: str = ""
    changes: tuple[tuple[str, float], ...] = ()

    @property
    def setting(self) -> Setting:
        from doubletalk.longgame.room import Setting

        return Setting(self.changes, self.lens)


def _versions(plan: LongPlan, claims: Mapping[str, str]) -> list[_Version]:
    """Those in which the cycle is looked for, the game as filed first."""
    from doubletalk.longgame.weighing import mechanisms

    game, found = plan.game, mechanisms(plan.game)
    versions = [_Version("filed")]
    if plan.cycle:
        versions += [_Version(f"lens {stance}", lens=stance) for stance in game.stances if len(game.stances) == 2]
        versions.append(_Version("nothing", changes=tuple(sorted((name, 0.0) for name in found))))
    if plan.cycle or any(map(_as_filed, claims.values())):
        values = {c.name: c.value for c in game.coefficients}
        versions += [_Version(name, values[name], changes=((name, 0.0),)) for name in found]
    return versions


def _compared(game: LongGame) -> tuple[str, tuple[str, ...], dict[str, str]]:
    """The actor with most policies, they, and why any other is left out. All of them: regret depends on the set."""
    actors = [policy.actor for policy in game.policies]
    actor = max(dict.fromkeys(actors), key=actors.count, default="")
    left_out = {p.name: f"it is a policy of {p.actor}" for p in game.policies if p.actor != actor}
    names = tuple(policy.name for policy in game.policies if policy.name not in left_out)
    return (actor, names, left_out) if len(names) > 1 else (actor, (), left_out)


def _needed(
    game: LongGame, claims: Mapping[str, str], versions: list[_Version], names: tuple[str, ...]
) -> list[Setting]:
    """Every equilibrium that will be asked for, those that take longest first."""
    from doubletalk.longgame.room import Setting

    found = [Setting(policy=name) for name in names]
    for statement in claims.values():
        parsed = parse_long_statement(statement)
        changes = tuple(sorted((name, decimal(x)) for name, x, _ in parsed.changes))
        found += [Setting(changes, parsed.lens, quantity.policy) for quantity in parsed.quantities()]
    found += [version.setting for version in versions]
    large = {policy.name for policy in game.policies if policy.has_memory}
    return sorted(dict.fromkeys(found), key=lambda setting: setting.policy not in large)


def _answers(
    room: Room, claims: Mapping[str, str], paths: int, tell: Tell
) -> tuple[dict[str, LongVerdict], dict[str, str]]:
    verdicts: dict[str, LongVerdict] = {}
    failed: dict[str, str] = {}
    order = sorted(claims, key=lambda name: not _as_filed(claims[name]))  # the others are being solved meanwhile
    for k, name in enumerate(order):
        tell(k / len(order), f"asking {name} of the long game")
        try:
            verdicts[name] = answer_long(claims[name], room, paths=paths)
        except DoubletalkError as wrong:
            failed[name] = str(wrong)
    return {name: verdicts[name] for name in claims if name in verdicts}, failed


def _as_filed(statement: str) -> bool:
    """Whether a claim is about the game as filed: no lens, no coefficients of its own, no policy."""
    parsed = parse_long_statement(statement)
    return not parsed.lens and not parsed.changes and not any(q.policy for q in parsed.quantities())


def _cycle_row(plan: LongPlan, room: Room, paths: int, version: _Version, filed: _Version) -> CycleRow:
    def chance(at: _Version, worse: bool) -> Estimate:
        head = f"long game: lens {at.lens}:" if at.lens else "long game:"
        return estimate_of(f"{head} {plan.chain(worse=worse)} > 0", room, paths=paths, changes=dict(at.changes))

    share = chance(version, False)
    change = share - chance(filed, False)
    worse = chance(version, True) if plan.worse else None
    return CycleRow(
        version.name, version.value, share.value, share.error, None if worse is None else worse.value,
        None if worse is None else worse.error, change.value, 0.0 if version is filed else change.error,
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


def _weighed(
    game: LongGame, room: Room, names: tuple[str, ...], paths: int
) -> tuple[Weighed | None, PolicyOutcomes | None]:
    from doubletalk.longgame.policies import outcomes_of
    from doubletalk.longgame.room import Setting
    from doubletalk.longgame.weighing import weigh

    if not names:
        return None, None
    solved = [room.solution(Setting(policy=name)) for name in ("", *names)]
    outcomes = outcomes_of(game, [None, *names], paths=paths, periods=40, solutions=solved)
    return weigh(room, names, paths=paths, periods=40), outcomes
