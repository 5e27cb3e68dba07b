"""The long game and its rivals evaluated from rolling origins over a record, in blocks that can be kept and resumed.

From each origin only the quarters before it are used. The long game is refitted every few quarters, each fit starting
from the mode of the last; in between the draws are weighted anew by what was done since. Where the draws run thin, with
an effective number below a tenth of those asked for, it is refitted at once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.evidence.coding import CodedRecord
from doubletalk.forecast.case_forecast import LONG_GAME, RIVALS, lens_of
from doubletalk.forecast.compare import ALL_ACTORS, ALL_STATES
from doubletalk.forecast.history import History
from doubletalk.forecast.origin import LEAST_HISTORY, check_words, history_of, states_of
from doubletalk.forecast.rolling import Evaluation, rolling_origin

if TYPE_CHECKING:
    from doubletalk.forecast.draws import Draws
    from doubletalk.forecast.paths import Beginning
    from doubletalk.forecast.predict import Prediction
    from doubletalk.longgame.declaration import LongGame

__all__ = ["FORMAT", "Block", "OriginForecast", "RollingOptions", "blocks_of", "evaluated", "fingerprint",
           "rolling_blocks"]  # fmt: skip

Floats = npt.NDArray[np.float64]
Tell = Callable[[float | None, str], None]

FORMAT = 2
"""Raised whenever the same inputs would give other numbers, so that stored results are known to be stale."""

THIN = 0.1
"""Share of the draws asked for below which the effective number brings the next fit forward."""


@dataclass(frozen=True)
class RollingOptions:
    """How the evaluation is made; ``first`` is the first origin, ``every`` how many quarters pass between fits."""

    first: str = "2010Q1"
    every: int = 4
    horizon: int = 4
    lens: str = "mixed"
    points: int = 5
    draws: int = 100
    paths: int = 5_000
    seed: int = 1

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, low, high in (("every", 1, 40), ("horizon", 1, 20), ("points", 2, 101), ("draws", 2, 100_000)):
            value = getattr(self, name)
            if not low <= value <= high:
                raise InputError(f"{name}: found {value}, expected {low} to {high}")
        if self.paths < 2 * self.draws:
            raise InputError(f"paths: found {self.paths}, expected at least two for each of {self.draws} draws")


@dataclass(frozen=True)
class OriginForecast:
    """The long game's forecast from one origin.

    moves    actor -> [H, moves]; ``levels`` variable -> [H, levels]
    belief   P(last stance), or None
    """

    quarter: str
    effective: float
    belief: float | None
    moves: Mapping[str, Sequence[Sequence[float]]]
    levels: Mapping[str, Sequence[Sequence[float]]] = field(default_factory=dict)


@dataclass(frozen=True)
class Block:
    """The origins served by one fit, made at the first of them. ``mode`` [d] is where the next fit starts."""

    fitted: str
    settled: bool
    pareto_k: float | None
    mode: Sequence[float]
    origins: tuple[OriginForecast, ...]


def fingerprint(game: LongGame, coded: CodedRecord, options: RollingOptions | Mapping[str, Any]) -> str:
    """What a stored result hangs on: the game's rules and priors, the coded record, the options, the method."""
    rules: list[object] = [game.actors, game.variables, game.coefficients, game.informed, game.stances]
    rules += [game.belief, game.hazard]
    rules += [game.at_once] if game.at_once else []
    rules += [each for each in game.unobserved if each.prior.family != "fixed"]
    told = options if isinstance(options, Mapping) else asdict(options)
    record = [list(coded.quarters), coded.chosen.tolist(), coded.levels.tolist(), coded.after.tolist()]
    text = json.dumps([FORMAT, repr(rules), record, {name: told[name] for name in sorted(told)}])
    return hashlib.sha256(text.encode()).hexdigest()


def blocks_of(content: Mapping[str, Any]) -> list[Block]:
    """Blocks from the JSON of a stored result."""
    return [
        Block(**{**block, "origins": tuple(OriginForecast(**origin) for origin in block["origins"])})
        for block in content["blocks"]
    ]


def rolling_blocks(
    game: LongGame, coded: CodedRecord, options: RollingOptions, done: Sequence[Block] = (), tell: Tell | None = None
) -> Iterator[Block]:
    """The blocks after those that are *done*, one by one."""
    from doubletalk.longgame.likelihood import observed_from

    check_words(game, coded)
    first, count = first_origin(coded, options), len(coded.quarters)
    observed = observed_from(game, coded.levels, coded.chosen, coded.quarters)
    begin = np.array(done[-1].mode) if done else None
    origin = first + sum(len(block.origins) for block in done)
    while origin < count:

        def say(share: float | None, words: str, at: int = origin) -> None:
            if tell is not None:
                tell((at - first) / (count - first), f"{coded.quarters[at]}, {words}")

        block = _block(game, coded, observed, origin, begin, options, say)
        yield block
        begin, origin = np.array(block.mode), origin + len(block.origins)


def first_origin(coded: CodedRecord, options: RollingOptions) -> int:
    """The number of quarters known at the first origin."""
    if options.first not in coded.quarters:
        raise InputError(
            f"--first: found {options.first!r}, expected a coded quarter, {coded.quarters[0]} to {coded.quarters[-1]}"
        )
    first = coded.quarters.index(options.first)
    if first < LEAST_HISTORY:
        raise InputError(
            f"--first {options.first} leaves {first} coded quarters before it and a forecast needs {LEAST_HISTORY}; "
            f"begin with {coded.quarters[min(LEAST_HISTORY, len(coded.quarters) - 1)]} or later"
        )
    return first


def _block(
    game: LongGame, coded: CodedRecord, observed: Any, origin: int, begin: Floats | None, options: RollingOptions,
    say: Tell,
) -> Block:  # fmt: skip
    from doubletalk.forecast.draws import quick_draws
    from doubletalk.forecast.predict import predict

    seed = [options.seed, origin]
    try:
        draws = quick_draws(
            lens_of(game, options.lens), observed, origin, count=options.draws,
            seed=int(np.random.SeedSequence(seed).generate_state(1)[0]), points=options.points, begin=begin, tell=say,
        )  # fmt: skip
    except DoubletalkError as wrong:
        raise DoubletalkError(f"the fit to what was known before {coded.quarters[origin]}: {wrong}") from None
    last = origin + 1
    while last < min(origin + options.every, len(coded.quarters)):
        if draws.at(last).effective < THIN * options.draws:
            break
        last += 1
    origins = [(t, _state(draws, coded, t)) for t in range(origin, last)]
    found = predict(
        draws, origins, coded.at_start, horizon=options.horizon, paths=options.paths,
        seed=int(np.random.SeedSequence([*seed, 1]).generate_state(1)[0]),
        tell=lambda share: say(share, "simulating"),
    )  # fmt: skip
    k = float(draws.pareto_k)
    return Block(
        coded.quarters[origin],
        draws.settled,
        round(k, 6) if np.isfinite(k) else None,
        [float(x) for x in draws.mode],
        tuple(_told(coded, t, prediction) for (t, _), prediction in zip(origins, found, strict=True)),
    )


def _state(draws: Draws, coded: CodedRecord, period: int) -> Beginning:
    """The state with which *period* begins, as it was known before it."""
    from doubletalk.forecast.paths import beginning

    known = np.where(np.array(coded.at_start), coded.levels[period], -1)
    posterior = draws.posterior
    return beginning(posterior.game, posterior.tables, coded.levels[period - 1], coded.chosen[period - 1], known)


def _told(coded: CodedRecord, period: int, prediction: Prediction) -> OriginForecast:
    def plain(table: Floats) -> list[list[float]]:
        return [[float(f"{p:.6g}") for p in row] for row in table]

    moves = {actor: plain(table) for actor, table in zip(coded.actors, prediction.moves(), strict=True)}
    levels = {name: plain(prediction.named("level", name).probability) for name in coded.variables}
    belief = None if prediction.belief is None else round(prediction.belief[0], 6)
    return OriginForecast(coded.quarters[period], round(prediction.effective, 3), belief, moves, levels)


@dataclass(frozen=True)
class _Stored:
    """The long game's forecasts by the number of quarters known."""

    tables: Mapping[int, tuple[Floats, ...]]
    name: str = LONG_GAME

    def forecast(self, history: History, horizon: int, covariates: Floats) -> tuple[Floats, ...]:
        """Those made with as many quarters known as the history has."""
        return tuple(
            table[:horizon] / table[:horizon].sum(axis=1, keepdims=True) for table in self.tables[len(history)]
        )


def evaluated(
    coded: CodedRecord, options: RollingOptions, blocks: Sequence[Block], tell: Tell | None = None, *,
    states: bool = False,
) -> Evaluation:  # fmt: skip
    """Scores of the long game and its rivals from all origins of the blocks, each by what came after it.

    Of the actors' moves, or with *states* of the levels of the state; the rivals look at levels as they do at moves.
    """
    history, first = states_of(coded) if states else history_of(coded), first_origin(coded, options)
    tables = {
        coded.quarters.index(origin.quarter): tuple(
            np.array((origin.levels if states else origin.moves)[name]) for name in history.actors
        )
        for block in blocks
        for origin in block.origins
    }
    say = None if tell is None else lambda n, total: tell(n / total, "scoring")
    return rolling_origin(
        history, [_Stored(tables), *RIVALS], first, options.horizon, say, first + len(tables),
        ALL_STATES if states else ALL_ACTORS,
    )  # fmt: skip
