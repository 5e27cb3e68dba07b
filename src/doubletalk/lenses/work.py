"""Lenses compared on a record: evidence, leave-future-out scores, and how both stand under other priors and codings.

The order of work is that in which a reader would miss it: the evidence for every lens, then other priors, other
codings and other initial beliefs, then the scores. What is kept is not worked out again; Ctrl-C keeps what was found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from doubletalk.errors import DoubletalkError, InputError
from doubletalk.lenses.declaration import EITHER, Lens, Lenses
from doubletalk.lenses.evidence import Draws, LensEvidence, SavedFit, Variant, evidence_of, reweighed
from doubletalk.lenses.future import FutureScores, leave_future_out
from doubletalk.lenses.keeping import Kept, fingerprint
from doubletalk.lenses.restricting import under
from doubletalk.lenses.saved import evidence_saved
from doubletalk.longgame.coordinates import Coordinates, with_priors_scaled
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.likelihood import Observed
from doubletalk.longgame.posterior import Posterior
from doubletalk.longgame.sequential import METHOD, Stage, particles_of, stages
from doubletalk.longgame.smoothing import TRUSTED

__all__ = ["Asked", "Compared", "Record", "Variation", "compare_lenses"]

Floats = npt.NDArray[np.float64]
Tell = Callable[[float, str], None]

LENGTH = 20
"""States of a chain of the sequential runs: fewer and longer chains than for forecasts state their errors better."""


@dataclass(frozen=True)
class Asked:
    """How much is asked.

    draws, fewer    around each lens's mode, and for each of the variations; 0: Laplace alone
    chains          of the sequential runs from which the scores are
    either          draws for lenses with either stance, whose equilibria are several times larger; None: as many
    points          beliefs on the grid while fitting, None for the file's
    origin          the first period that is predicted, None: no scores; ``scales`` of the priors, ``beliefs`` at the
                    start for lenses with either stance
    workers         threads over which the lenses as they are are shared
    """

    draws: int = 2000
    fewer: int = 500
    either: int | None = None
    points: int | None = 4
    origin: int | None = None
    scales: tuple[float, ...] = (0.5, 2.0)
    beliefs: tuple[float, ...] = (0.25, 0.75)
    seed: int = 1
    workers: int = 1
    chains: int = 50


@dataclass(frozen=True)
class Record:
    """A coded record: the coding's name, the periods' names, and what was observed."""

    coding: str
    quarters: tuple[str, ...]
    observed: Observed


@dataclass(frozen=True)
class Variation:
    """The evidence for a lens with one thing changed: ``kind`` "priors", "coding" or "belief", ``value`` to what.

    change   against the lens as it is, with ``change_error``; ``method`` "reweighting" of the lens's own draws,
             "importance sampling" after a fit of its own, or "Laplace"
    settled  whether the fit that it rests on settled; ``pareto_k`` of the weights, nan by Laplace
    """

    lens: str
    kind: str
    value: str
    method: str
    log_evidence: float
    error: float
    change: float
    change_error: float
    pareto_k: float
    settled: bool

    @property
    def trusted(self) -> bool:
        """Whether the number can be believed as far as its error says."""
        return self.settled and (self.method == "Laplace" or self.pareto_k < TRUSTED)


@dataclass(frozen=True)
class Compared:
    """What was found. ``stopped`` says why it is not whole, "" where it is; ``failed`` lens or variation -> why not."""

    game: LongGame
    lenses: Lenses
    record: Record
    asked: Asked
    evidence: Mapping[str, LensEvidence] = field(default_factory=dict)
    scores: Mapping[str, FutureScores] = field(default_factory=dict)
    variations: tuple[Variation, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    stopped: str = ""

    @property
    def actors(self) -> tuple[str, ...]:
        """The actors, in order of play."""
        return tuple(actor.name for actor in self.game.actors)


@dataclass(frozen=True)
class _Task:
    """A lens with one thing changed, or with nothing changed (``kind`` "")."""

    lens: Lens
    game: LongGame
    record: Record
    kind: str = ""
    value: str = ""

    @property
    def name(self) -> str:
        return self.lens.name if not self.kind else f"{self.lens.name}, {self.kind} {self.value}"


def compare_lenses(
    game: LongGame, lenses: Lenses, records: tuple[Record, ...], asked: Asked, kept: Kept, tell: Tell,
    saved: Mapping[str, SavedFit] | None = None,
) -> Compared:  # fmt: skip
    """Compare on the first record; the others are alternative codings. *tell* gets the share done and the doing.

    ``saved``  lens -> a converged fit with a marginal likelihood, whose draws are taken instead of new ones
    """
    if not records:
        raise InputError("there is no coded record to compare lenses on")
    found = Compared(game, lenses, records[0], asked)
    work = _Work(found, records, kept, tell, saved or {})
    try:
        work.everything()
    except KeyboardInterrupt:
        return replace(work.result(), stopped=f"interrupted while {work.doing.partition(':')[0]}")
    return work.result()


class _Work:
    def __init__(
        self, found: Compared, records: tuple[Record, ...], kept: Kept, tell: Tell, saved: Mapping[str, SavedFit]
    ) -> None:
        self.found, self.records, self.kept, self.tell, self.saved = found, records, kept, tell, saved
        self.evidence: dict[str, LensEvidence] = {}
        self.scores: dict[str, FutureScores] = {}
        self.variations: list[Variation] = []
        self.failed: dict[str, str] = {}
        self.share, self.doing, self.halted = 0.0, "beginning", False

    def result(self) -> Compared:
        return replace(
            self.found, evidence=dict(self.evidence), scores=dict(self.scores), variations=tuple(self.variations),
            failed=dict(self.failed),
        )  # fmt: skip

    def say(self, words: str) -> None:
        if self.halted:
            raise KeyboardInterrupt
        self.doing = words
        self.tell(self.share, words)

    def everything(self) -> None:
        asked, lenses = self.found.asked, self.found.lenses.lenses
        first, others = list(self.main_tasks()), list(self.varied_tasks())
        scored = [] if asked.origin is None else list(lenses)
        # A sequential run goes through all stages of the record: about as long as six variations.
        steps = 3 * len(first) + len(others) + 6 * len(scored)
        self.first(first, 3 / steps)
        for task in others:
            changed = self.attempt(task.name, lambda task=task: self.varied(task))
            if changed is not None:
                self.variations.append(changed)
            self.share += 1 / steps
        for lens in scored:
            ahead = self.attempt(f"{lens.name}, scores", lambda lens=lens: self.future(lens, 6 / steps))
            if ahead is not None:
                self.scores[lens.name] = ahead
        self.share = 1.0
        self.say("done")

    def first(self, tasks: list[_Task], weight: float) -> None:
        """The lenses as they are, shared by the workers; an interruption in one ends all and keeps what was found."""
        found: dict[str, LensEvidence] = {}

        def work(task: _Task) -> None:
            if self.halted:
                return
            try:
                item = self.attempt(task.name, lambda: self.one(task, self.drawn(task)))
            except BaseException:
                self.halted = True
                raise
            if item is not None:
                found[task.lens.name] = item
            self.share += weight

        names = [task.lens.name for task in tasks]
        try:
            with ThreadPoolExecutor(max(self.found.asked.workers, 1)) as pool:
                try:
                    for done in [pool.submit(work, task) for task in tasks]:
                        done.result()
                except BaseException:
                    self.halted = True
                    raise
        finally:
            self.evidence = {name: found[name] for name in names if name in found}

    def drawn(self, task: _Task) -> int:
        """How many draws a lens as it is gets."""
        asked = self.found.asked
        return asked.draws if len(task.game.stances) == 1 or asked.either is None else asked.either

    def attempt(self, name: str, work):  # type: ignore[no-untyped-def]
        try:
            return work()
        except (DoubletalkError, np.linalg.LinAlgError) as wrong:
            self.failed[name] = str(wrong)
            return None

    def main_tasks(self) -> Iterator[_Task]:
        for lens in self.found.lenses.lenses:
            yield _Task(lens, under(self.found.game, lens), self.found.record)

    def varied_tasks(self) -> Iterator[_Task]:
        for task in self.main_tasks():
            for scale in self.found.asked.scales:
                yield replace(task, game=with_priors_scaled(task.game, scale), kind="priors", value=f"{scale:g}")
        for record in self.records[1:]:
            for task in self.main_tasks():
                yield replace(task, record=record, kind="coding", value=record.coding)
        for task in self.main_tasks():
            for belief in self.beliefs(task):
                yield replace(task, game=replace(task.game, belief=belief), kind="belief", value=f"{belief:g}")

    def beliefs(self, task: _Task) -> tuple[float, ...]:
        """Other beliefs at the start, where the lens has one."""
        either = task.lens.stance == EITHER and len(task.game.stances) == 2
        return self.found.asked.beliefs if either else ()

    def variants(self, task: _Task) -> tuple[Variant, ...]:
        """What the draws of a lens as it is are also weighed under: other codings, then other beliefs."""
        others = [Variant(record.observed, task.game.belief) for record in self.records[1:]]
        return (*others, *(Variant(task.record.observed, belief) for belief in self.beliefs(task)))

    def one(self, task: _Task, draws: int) -> LensEvidence:
        self.say(f"weighing {task.name}")
        asked, base = self.found.asked, self.evidence.get(task.lens.name)
        variants = () if task.kind else self.variants(task)
        if not task.kind and task.lens.name in self.saved:
            return evidence_saved(
                task.lens.name, task.game, task.record.observed, self.saved[task.lens.name], points=asked.points,
                tell=lambda more: self.say(f"weighing {task.name}: {more}"), variants=variants,
            )  # fmt: skip
        given = draws, asked.points, asked.seed
        mark = fingerprint(task.game, task.record.observed, *given, variants=variants)
        found = self.kept.evidence(mark)
        if found is None:
            words, begin = f"weighing {task.name}", None if base is None else self.moved(task, base)
            found = evidence_of(
                task.lens.name, task.game, task.record.observed, draws=draws, points=asked.points, seed=asked.seed,
                begin=begin, tell=lambda more: self.say(f"{words}: {more}"), variants=variants,
            )  # fmt: skip
            self.kept.keep_evidence(mark, found)
        return replace(found, name=task.lens.name)

    def moved(self, task: _Task, base: LensEvidence) -> Floats:
        """The mode of the lens as it is, in the coordinates of a task with other priors."""
        return Coordinates.of(task.game).at(Coordinates.of(under(self.found.game, task.lens)).free(base.fit.u))

    def varied(self, task: _Task) -> Variation | None:
        """The lens with one thing changed: its own draws reweighed, or fitted again where they do not carry it."""
        base, asked = self.evidence.get(task.lens.name), self.found.asked
        if base is None:
            return None
        names = task.lens.name, task.kind, task.value
        if base.draws is not None:
            value, error, k, change, change_error = reweighed(base, self.ratio(task, base.draws))
            found = Variation(*names, "reweighting", value, error, change, change_error, k, base.fit.settled)
            if found.trusted or (not asked.fewer and len(task.game.stances) == 2):
                return found
        again = self.one(task, asked.fewer)
        value, error, method = again.best
        before, before_error = (base.laplace, np.nan) if method == "Laplace" else base.best[:2]
        return Variation(*names, method, value, error, value - before, float(np.hypot(error, before_error)),
                         again.pareto_k, again.fit.settled)  # fmt: skip

    def ratio(self, task: _Task, draws: Draws) -> Floats:
        """[N] log of the posterior with the thing changed over the posterior as it is, not normalised."""
        if task.kind == "priors":
            before = Coordinates.of(under(self.found.game, task.lens))
            return Coordinates.of(task.game).log_density(draws.free) - before.log_density(draws.free)
        names = [record.coding for record in self.records[1:]]
        names += [f"{belief:g}" for belief in self.beliefs(task)]
        with np.errstate(invalid="ignore"):
            return np.asarray(draws.others[:, names.index(task.value)] - draws.likelihood)

    def future(self, lens: Lens, weight: float) -> FutureScores:
        asked, record, begun = self.found.asked, self.found.record, self.share
        first, words = asked.origin or 1, f"predicting with {lens.name}"
        game = under(self.found.game, lens)
        mark = fingerprint(
            game, record.observed, asked.chains, LENGTH, METHOD, asked.points, asked.seed, "scores", first
        )
        found = self.kept.scores(mark)
        if found is None:

            def at(share: float, more: str) -> None:
                self.share = begun + weight * share
                self.say(f"{words}: {more}")

            found = leave_future_out(self.stages(game, mark, first, at), first)
            self.kept.keep_scores(mark, found)
            self.kept.keep_stage(mark, None)
        self.share = begun + weight
        return found

    def stages(self, game: LongGame, mark: str, first: int, tell: Tell) -> Iterator[Stage]:
        """The stages of a lens's sequential run, each kept as soon as it is there, from the one that is kept on."""
        asked = self.found.asked
        posterior, begin = Posterior(game, self.found.record.observed, asked.points), self.kept.stage(mark)
        run = stages(
            particles_of(posterior), len(posterior.names), asked.chains, seed=asked.seed, length=LENGTH, counted=first,
            begin=begin, tell=tell,
        )  # fmt: skip
        for stage in run:
            if stage is not begin:
                self.kept.keep_stage(mark, stage)
            yield stage
