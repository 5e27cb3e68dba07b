"""The long game and its rivals evaluated from rolling origins over a record, in blocks that can be kept and resumed.

From each origin only the quarters before it are used. One sequential Monte Carlo run over the record
(:mod:`doubletalk.longgame.sequential`) has the posterior at every origin: its particles are weighted by what was done
and renewed where fewer than half would be effective. What is served by the particles of one stage is a block.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doubletalk.errors import InputError
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
    from doubletalk.longgame.posterior import Posterior
    from doubletalk.longgame.sequential import Stage

__all__ = ["FORMAT", "Block", "OriginForecast", "RollingOptions", "blocks_of", "evaluated", "fingerprint",
           "rolling_blocks"]  # fmt: skip

Floats = npt.NDArray[np.float64]
Tell = Callable[[float | None, str], None]

FORMAT = 2
"""Raised whenever the same inputs would give other numbers, so that stored results are known to be stale."""

SEQUENTIAL = 2
"""The same for sequential runs: ``METHOD`` of :mod:`doubletalk.longgame.sequential`, which cannot do without jax."""


@dataclass(frozen=True)
class RollingOptions:
    """How the evaluation is made.

    first    the first origin; ``horizon`` quarters are forecast from each
    draws    of the coefficients behind a forecast, as many as there are chains; ``length`` states of each are particles
    paths    simulated from each origin, shared among the draws
    """

    first: str = "2010Q1"
    horizon: int = 4
    lens: str = "mixed"
    points: int = 5
    draws: int = 100
    paths: int = 5_000
    seed: int = 1
    length: int = 10

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name, low, high in (("horizon", 1, 20), ("points", 2, 101), ("draws", 2, 100_000), ("length", 2, 1000)):
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
    """The origins served by one stage.

    fitted    the quarter within which the stage begins; ``settled`` True; ``pareto_k`` None, weights being even enough
    mode      [d] mean of the particles' coordinates
    accepted  share of the proposals accepted where the particles were renewed
    """

    fitted: str
    settled: bool
    pareto_k: float | None
    mode: Sequence[float]
    origins: tuple[OriginForecast, ...]
    accepted: float = 1.0


def fingerprint(game: LongGame, coded: CodedRecord, options: RollingOptions | Mapping[str, Any]) -> str:
    """What a stored result hangs on: the game's rules and priors, the coded record, the options, the method."""
    rules: list[object] = [game.actors, game.variables, game.coefficients, game.informed, game.stances]
    rules += [game.belief, game.hazard]
    rules += [game.at_once] if game.at_once else []
    rules += [each for each in game.unobserved if each.prior.family != "fixed"]
    told = dict(options) if isinstance(options, Mapping) else asdict(options)
    if "length" in told or told.get("fit") == "sequential":
        told["method"] = SEQUENTIAL
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
    game: LongGame, coded: CodedRecord, options: RollingOptions, done: Sequence[Block] = (), tell: Tell | None = None,
    store: Path | None = None,
) -> Iterator[Block]:  # fmt: skip
    """The blocks after those that are *done*, one by one; the stage reached is kept in *store* and gone on from."""
    from doubletalk.longgame.likelihood import observed_from
    from doubletalk.longgame.posterior import Posterior
    from doubletalk.longgame.sequential import keep_stage, kept_stage, particles_of, stages

    check_words(game, coded)
    first, count = first_origin(coded, options), len(coded.quarters)
    reached = first + sum(len(block.origins) for block in done)
    if reached >= count:
        return
    observed = observed_from(game, coded.levels, coded.chosen, coded.quarters)
    posterior = Posterior(lens_of(game, options.lens), observed, options.points)
    mark = fingerprint(game, coded, options)
    begin = None if store is None else kept_stage(store, mark)
    if begin is not None and begin.before(reached) < (begin.datum, begin.share):
        begin = None
    run = stages(
        particles_of(posterior), len(posterior.names), options.draws, seed=options.seed, length=options.length,
        begin=begin, tell=tell,
    )  # fmt: skip
    for stage in run:
        if store is not None and stage is not begin:
            keep_stage(store, stage, mark)
        served = [t for t in range(reached, count) if stage.holds(t)]
        if served:
            yield _block(stage, posterior, coded, served, options, tell)
            reached = served[-1] + 1
        if reached == count:
            return


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
    stage: Stage, posterior: Posterior, coded: CodedRecord, served: Sequence[int], options: RollingOptions,
    tell: Tell | None,
) -> Block:  # fmt: skip
    from doubletalk.forecast.draws import stage_draws
    from doubletalk.forecast.predict import predict

    draws = stage_draws(stage, posterior, options.draws)

    def ahead(t: int) -> OriginForecast:
        (found,) = predict(
            draws, [(t, _state(draws, coded, t))], coded.at_start, horizon=options.horizon, paths=options.paths,
            seed=int(np.random.SeedSequence([options.seed, t, 1]).generate_state(1)[0]),
            tell=None if tell is None else lambda share: tell(
                t / len(coded.quarters), f"{coded.quarters[t]}, simulating {share:.0%}"
            ),
        )  # fmt: skip
        return _told(coded, t, found)

    return Block(
        coded.quarters[stage.datum // len(coded.actors)],
        True,
        None,
        [float(f"{x:.6g}") for x in draws.mode],
        tuple(map(ahead, served)),
        round(stage.accepted, 4),
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
