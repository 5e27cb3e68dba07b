"""The fitted long game of a case: its lenses compared on the coded record, and claims about the posterior answered.

``quick``: draws around the mode of each lens, other priors and codings by Laplace alone, no predictive scores. What a
reader is shown of the coefficients and of the stance is under the first lens with either stance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from doubletalk.case.syntax import ClaimError
from doubletalk.errors import DoubletalkError, InputError

if TYPE_CHECKING:
    from doubletalk.case.loading import Case
    from doubletalk.case.posterior_claims import PosteriorVerdict
    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.lenses.evidence import Draws, SavedFit
    from doubletalk.lenses.work import Asked, Compared, Record
    from doubletalk.longgame.likelihood import Observed

__all__ = ["EVIDENCE", "CoefficientRow", "PosteriorStudy", "StanceRow", "coded_records", "quick_asked", "saved_fit",
           "study_posterior"]  # fmt: skip

Floats = npt.NDArray[np.float64]
Tell = Callable[[float, str], None]

EVIDENCE = ("quick", "none")
"""How much of the record is fitted in a study."""

QUICK_DRAWS, QUICK_EITHER = 400, 200
"""Draws around the mode of a lens with one stance, and of one with either, which take ten times as long."""

INTERVAL = (0.05, 0.5, 0.95)


@dataclass(frozen=True)
class CoefficientRow:
    """A coefficient under the lens that is shown: posterior median and 90 % interval, and the same of its prior.

    positive  posterior probability that it is above zero, nan where the prior leaves no doubt of that
    """

    name: str
    means: str
    median: float
    low: float
    high: float
    prior: tuple[float, float, float]
    positive: float


@dataclass(frozen=True)
class StanceRow:
    """The last stance in one quarter: mean probability after its deeds with a 90 % interval, and with hindsight.

    shift     mean log odds by which the quarter's deeds moved it, with its 90 % interval
    events    rows of the chronicle that made the informed actor's move
    """

    quarter: str
    move: str
    then: float
    low: float
    high: float
    hindsight: float
    shift: float
    shift_low: float
    shift_high: float
    events: tuple[str, ...]


@dataclass(frozen=True)
class PosteriorStudy:
    """What the study says of the fitted long game; ``missing`` says why there is nothing, the rest is then empty.

    lens      under which coefficients and stance are shown; ``coded`` the record as it was fitted
    verdicts  claim id -> its answer; ``failed`` claim id -> why it has none
    saved     the saved fit that coefficients and stance are from, None for the draws of this study
    unread    why the fit that the case folder holds was not read, "" where it was or there is none
    """

    missing: str = ""
    compared: Compared | None = None
    coded: CodedRecord | None = None
    lens: str = ""
    coefficients: tuple[CoefficientRow, ...] = ()
    stance: tuple[StanceRow, ...] = ()
    verdicts: Mapping[str, PosteriorVerdict] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    saved: SavedFit | None = None
    unread: str = ""


def quick_asked() -> Asked:
    """How much a study asks of its lenses."""
    from doubletalk.lenses.work import Asked

    return Asked(draws=QUICK_DRAWS, fewer=0, either=QUICK_EITHER, workers=2)


def coded_records(case: Case, first: str | None = None) -> tuple[Record, ...]:
    """The record under each coding of the case that fits its long game, *first* in front.

    Raises ``InputError`` where the case has no long game, no coding, or the first coding does not fit the game; another
    one that does not fit is left out.
    """
    from doubletalk.lenses.work import Record

    return tuple(Record(coded.coding, coded.quarters, observed) for coded, observed in _coded(case, first))


def _coded(case: Case, first: str | None = None) -> list[tuple[CodedRecord, Observed]]:
    """Pairs of a coded record and what was observed."""
    from doubletalk.case.beside import coding_files
    from doubletalk.evidence.coding import coded_record
    from doubletalk.longgame.likelihood import observed_from

    if case.long is None:
        raise InputError("the case has no long game", str(case.folder))
    files: list[str | Path] = list(coding_files(case.folder))
    if first is not None:
        files = [first, *(name for name in files if str(name) != first)]
    if not files:
        raise InputError("the case has no coding.yaml, so there is no record to fit", str(case.folder))
    found: list[tuple[CodedRecord, Observed]] = []
    for name in files:
        coded = coded_record(case.folder, name, case.as_of)
        try:
            _same_names(case, coded.moves, coded.variables)
            observed = observed_from(case.long.game, coded.levels, coded.chosen, coded.quarters)
        except InputError as wrong:
            if found:
                continue
            raise InputError(f"{name}: {wrong.message}", str(case.folder)) from None
        found.append((coded, observed))
    return found


def _same_names(case: Case, moves: Mapping[str, Sequence[str]], levels: Mapping[str, Sequence[str]]) -> None:
    """The coding's actors, moves, variables and levels are those of the long game, in the same order."""
    assert case.long is not None
    game = case.long.game
    for what, here, there in (
        ("actors and their moves", {a.name: a.moves for a in game.actors}, moves),
        ("state variables and their levels", {v.name: v.levels for v in game.variables}, levels),
    ):
        own, other = [(k, tuple(v)) for k, v in here.items()], [(k, tuple(v)) for k, v in there.items()]
        if own != other:
            raise InputError(f"the {what} of the coding are {other}; those of the long game are {own}")


def study_posterior(
    case: Case, claims: Mapping[str, str], asked: Asked, tell: Tell, fit: Path | None = None
) -> PosteriorStudy:
    """Fit, compare, and answer the claims (id -> statement). An interruption leaves what was found, see ``stopped``."""
    from doubletalk.case.posterior_claims import Findings, answer_posterior, usual_lens
    from doubletalk.lenses.keeping import Kept
    from doubletalk.lenses.work import Record, compare_lenses
    from doubletalk.longgame.fitted import STORED_FIT

    assert case.long is not None
    assert case.lenses is not None
    try:
        pairs = _coded(case)
    except InputError as wrong:
        return PosteriorStudy(f"the record cannot be fitted: {wrong}")
    lens, coded = usual_lens(case.lenses), pairs[0][0]
    saved, unread = (None, "") if fit is None else (saved_fit(case, lens, coded.quarters, fit, coded), "")
    if fit is None and (case.folder / STORED_FIT).is_file():
        try:
            saved = saved_fit(case, lens, coded.quarters, case.folder / STORED_FIT, coded)
        except InputError as wrong:
            unread = str(wrong)
    records = tuple(Record(coded.coding, coded.quarters, observed) for coded, observed in pairs)
    known = {} if saved is None or saved.evidence is None or not saved.converged else {lens: saved}
    compared = compare_lenses(case.long.game, case.lenses, records, asked, Kept(), tell, known)
    if saved is not None:
        compared = with_saved(compared, lens, saved)
    found = Findings(case.long.game, case.lenses, records[0].quarters, compared.evidence, compared.scores,
                     {} if saved is None else {lens: saved})  # fmt: skip
    verdicts, failed = {}, {}
    for name, statement in claims.items():
        try:
            verdicts[name] = answer_posterior(statement, found)
        except ClaimError:
            raise
        except DoubletalkError as wrong:
            failed[name] = str(wrong)
    item = compared.evidence.get(lens)
    draws = saved.draws if saved is not None else None if item is None else item.draws
    if draws is None:
        return PosteriorStudy("", compared, coded, lens, (), (), verdicts, failed, saved, unread)
    shown = _coefficients(case, compared, lens, draws), _stance(case, compared, lens, coded, draws)
    return PosteriorStudy("", compared, coded, lens, *shown, verdicts, failed, saved, unread)


def with_saved(compared: Compared, lens: str, saved: SavedFit) -> Compared:
    """With the marginal likelihood of the saved fit for its lens, where it has one."""
    known = dict(compared.evidence)
    if lens in known:
        known[lens] = known[lens].with_fit(saved)
    return replace(compared, evidence=known)


def saved_fit(
    case: Case, lens: str, quarters: Sequence[str], path: Path, coded: CodedRecord | None = None
) -> SavedFit:
    """The draws of a file, of a fit of the case's record under a lens; ``InputError`` where they are of another."""
    from doubletalk.case.posterior_fit import read_fit
    from doubletalk.lenses.restricting import free_names, under

    assert case.long is not None
    assert case.lenses is not None
    chosen, game = case.lenses.named(lens), case.long.game
    return read_fit(path, game, chosen, free_names(under(game, chosen)), quarters, coded)


def store_case_fit(folder: Path, path: Path, coding: str) -> Path:
    """Put draws of a saved fit into the case folder, where studies find it; ``InputError`` where it is of another."""
    from doubletalk.case.loading import load_case
    from doubletalk.case.posterior_claims import usual_lens
    from doubletalk.case.posterior_fit import store_fit
    from doubletalk.lenses.restricting import free_names, under

    case = load_case(folder)
    coded = _coded(case, coding)[0][0]
    assert case.long is not None
    assert case.lenses is not None
    game, chosen = case.long.game, case.lenses.named(usual_lens(case.lenses))
    return store_fit(case.folder, path, game, chosen, free_names(under(game, chosen)), coded)


def _coefficients(case: Case, compared: Compared, lens: str, draws: Draws) -> tuple[CoefficientRow, ...]:
    from doubletalk.lenses.restricting import under
    from doubletalk.longgame.coordinates import Coordinates

    assert case.long is not None
    game = under(case.long.game, compared.lenses.named(lens))
    coordinates = Coordinates.of(game)
    z = np.array([-1.6448536269514722, 0.0, 1.6448536269514722])
    prior = coordinates.free(np.repeat(z[:, None], len(draws.names), axis=1))
    low, median, high = draws.quantiles(draws.free, INTERVAL)
    means = {c.name: c.means for c in game.coefficients}
    rows = []
    for k, name in enumerate(draws.names):
        edge = float(coordinates.free(np.full((1, len(draws.names)), -8.0))[0, k])
        positive = draws.mean((draws.free[:, k] > 0).astype(float))[0] if edge < 0 else float("nan")
        rows.append(CoefficientRow(name, means[name], float(median[k]), float(low[k]), float(high[k]),
                                   (float(prior[0, k]), float(prior[1, k]), float(prior[2, k])), positive))  # fmt: skip
    return tuple(rows)


def _stance(case: Case, compared: Compared, lens: str, coded: CodedRecord, draws: Draws) -> tuple[StanceRow, ...]:
    from doubletalk.lenses.declaration import EITHER
    from doubletalk.lenses.evidence import only_draws
    from doubletalk.longgame.stance import stance_over_time

    assert case.long is not None
    game = case.long.game
    either = len(game.stances) == 2 and compared.lenses.named(lens).stance == EITHER
    if not either:
        return ()
    weights, _ = draws.weights()
    live = weights > 0
    over = stance_over_time(draws.beliefs[live], game.hazard)
    kept = only_draws(draws, live)
    then, shift = kept.quantiles(over.then, (0.05, 0.95)), kept.quantiles(over.shift, (0.05, 0.95))
    share = kept.weights()[0]
    rows = []
    for t, quarter in enumerate(coded.quarters):
        made = coded.move(quarter, game.informed)
        rows.append(StanceRow(
            quarter, made.move, float(share @ over.then[:, t]), float(then[0, t]), float(then[1, t]),
            float(share @ over.hindsight[:, t]), float(share @ over.shift[:, t]), float(shift[0, t]),
            float(shift[1, t]), made.made_by,
        ))  # fmt: skip
    return tuple(rows)
