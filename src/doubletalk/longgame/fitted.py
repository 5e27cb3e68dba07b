"""A fit as ArviZ InferenceData: what is in it, whether it has converged, the stance over time and what moved it.

Sources: Vehtari, Gelman, Simpson, Carpenter and Bürkner (2021), Bayesian Analysis 16 (R-hat, bulk and tail ESS);
Kumar, Carroll, Hartikainen and Martin (2019), JOSS 4 (ArviZ).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from doubletalk.longgame.coordinates import Coordinates
from doubletalk.longgame.declaration import LongGame
from doubletalk.longgame.parts import Chains
from doubletalk.longgame.stance import after_deed, smoothed

if TYPE_CHECKING:
    from doubletalk.evidence.coding import CodedRecord
    from doubletalk.longgame.importance import Weighted
    from doubletalk.longgame.posterior import Posterior

__all__ = ["STORED_FIT", "Diagnosis", "Move", "Row", "diagnose", "game_changed", "inference_data", "prior_records",
           "quick_chains", "stance_moves", "stored_part", "write_netcdf"]  # fmt: skip

Floats = npt.NDArray[np.float64]

STORED_FIT = Path("fit") / "posterior.nc"
"""In a case folder: draws of a fit, which studies and forecasts read."""

MOST_RHAT, LEAST_ESS = 1.01, 400


@dataclass(frozen=True)
class Row:
    """One coefficient: posterior mean, sd, 90 % interval, diagnostics, and what the file says that it means."""

    name: str
    mean: float
    sd: float
    low: float
    high: float
    rhat: float
    ess_bulk: float
    ess_tail: float
    means: str


@dataclass(frozen=True)
class Diagnosis:
    """The table of coefficients, the divergences, and the draws whose play was not an equilibrium to the tolerance."""

    rows: tuple[Row, ...]
    divergences: int
    draws: int

    @property
    def converged(self) -> bool:
        """R-hat below 1.01, bulk and tail ESS above 400 for every coefficient, and no divergences."""
        return not self.faults

    @property
    def attributes(self) -> dict[str, str]:
        """The worst R-hat, the least effective sample sizes and the divergences, for the file."""
        return {
            "most_rhat": f"{max(row.rhat for row in self.rows):.4f}",
            "least_ess_bulk": f"{min(row.ess_bulk for row in self.rows):.0f}",
            "least_ess_tail": f"{min(row.ess_tail for row in self.rows):.0f}",
            "divergences": str(self.divergences), "draws": str(self.draws),
        }  # fmt: skip

    @property
    def faults(self) -> tuple[str, ...]:
        """Why not, one reason each, with the number of coefficients and the worst."""
        found = []
        for name, bad, worst in (
            ("R-hat", [r for r in self.rows if not r.rhat < MOST_RHAT], max(self.rows, key=lambda r: r.rhat)),
            (
                "bulk ESS",
                [r for r in self.rows if not r.ess_bulk > LEAST_ESS],
                min(self.rows, key=lambda r: r.ess_bulk),
            ),
            (
                "tail ESS",
                [r for r in self.rows if not r.ess_tail > LEAST_ESS],
                min(self.rows, key=lambda r: r.ess_tail),
            ),
        ):
            if bad:
                value = {"R-hat": f"{worst.rhat:.3f}", "bulk ESS": f"{worst.ess_bulk:.0f}"}.get(
                    name, f"{worst.ess_tail:.0f}"
                )
                limit = f"not below {MOST_RHAT}" if name == "R-hat" else f"not above {LEAST_ESS}"
                found.append(f"{name} {limit} for {len(bad)} of {len(self.rows)} (worst {value}, {worst.name})")
        if self.divergences:
            found.append(f"{self.divergences} of {self.draws} draws diverged")
        return tuple(found)


@dataclass(frozen=True)
class Move:
    """What the informed actor's deed in a period did to the belief.

    change, low, high   in log odds of the last stance: mean and 90 % interval over the draws
    before, after       mean beliefs
    rows                of the chronicle, that made the move
    """

    quarter: str
    move: str
    change: float
    low: float
    high: float
    before: float
    after: float
    rows: tuple[str, ...]


def stance_moves(game: LongGame, beliefs: Floats, hazard: Floats, coded: CodedRecord) -> tuple[Move, ...]:
    """Each period's move of the belief, from draws of beliefs [N, T + 1] and hazards [N, 2], in order of time."""
    before, after = beliefs[:, :-1], after_deed(beliefs, hazard)
    with np.errstate(divide="ignore"):
        change = np.log(after / (1 - after)) - np.log(before / (1 - before))
    low, high = np.quantile(change, (0.05, 0.95), axis=0)
    found = []
    for t, quarter in enumerate(coded.quarters[: change.shape[1]]):
        made = coded.move(quarter, game.informed)
        found.append(Move(quarter, made.move, float(change[:, t].mean()), float(low[t]), float(high[t]),
                          float(before[:, t].mean()), float(after[:, t].mean()), made.made_by))  # fmt: skip
    return tuple(found)


def prior_records(
    posterior: Posterior, near: Any, count: int, seed: int, tick: Any = None
) -> tuple[Floats, npt.NDArray[Any], npt.NDArray[Any], int]:
    """*count* draws from the prior [count, d] with a simulated record each: levels, moves; and how many were dropped.

    Dropped are draws at which no equilibrium was found from the mode.
    """
    from doubletalk.longgame.density import MOST_RESIDUAL, played

    random = np.random.default_rng(seed)
    begin = posterior.begin(near, near.u, along=False)
    kept: list[tuple[Any, ...]] = []
    failed = 0
    while len(kept) < count and failed < 4 * count + 20:
        u = posterior.coordinates.draw(1, random)[0]
        told, play = played(posterior.shape, posterior.problem, begin, u, 1e-3)
        if not float(told.residual) <= MOST_RESIDUAL:
            failed += 1
            continue
        kept.append((u, *posterior.replicate(u, play, seed * 100_000 + len(kept))))
        if tick is not None:
            tick(len(kept), count)
    return np.array([k[0] for k in kept]), np.array([k[1] for k in kept]), np.array([k[2] for k in kept]), failed


def quick_chains(posterior: Posterior, weighted: Weighted, count: int, seed: int) -> Chains:
    """Weighted draws resampled by weight (systematically) to one chain of *count*, each with a simulated record."""
    random = np.random.default_rng(seed)
    places = np.searchsorted(np.cumsum(weighted.weights), (np.arange(count) + random.random()) / count * (1 - 1e-12))
    points = [weighted.points[min(int(k), len(weighted.points) - 1)] for k in places]
    plays = {int(k): posterior.play(weighted.points[int(k)]) for k in set(places.tolist())}
    records = [
        posterior.replicate(point.u, plays[int(k)], seed * 100_000 + n)
        for n, (k, point) in enumerate(zip(places, points, strict=True))
    ]

    def together(rows: list[Any]) -> npt.NDArray[Any]:
        return np.array(rows)[None]

    return Chains(
        together([p.u for p in points]), {"lp": together([p.value for p in points])},
        together([p.terms for p in points]), together([p.beliefs for p in points]),
        together([levels for levels, _ in records]), together([moves for _, moves in records]), 0.0, 0,
    )  # fmt: skip


def inference_data(
    posterior: Posterior, coded: CodedRecord, chains: Chains, attributes: dict[str, str],
    prior: tuple[Floats, npt.NDArray[Any], npt.NDArray[Any]] | None = None,
) -> Any:  # fmt: skip
    """Everything of a fit: see docs/fitting.md for the groups and the variables."""
    import arviz as az

    game, coordinates = posterior.game, posterior.coordinates
    quarters = list(coded.quarters)
    actors, variables = [a.name for a in game.actors], [v.name for v in game.variables]
    levels, moves = np.asarray(posterior.observed.levels), np.asarray(posterior.observed.moves)
    draws = _named(coordinates, chains.u)
    dims: dict[str, list[str]] = {}
    if len(game.stances) == 2:
        hazard = coordinates.whole(chains.u)[..., -2:]
        draws["belief"] = chains.beliefs[..., :-1]
        draws["belief_after_last"] = chains.beliefs[..., -1]
        draws["stance_smoothed"] = smoothed(chains.beliefs, hazard)
        dims |= {"belief": ["quarter"], "stance_smoothed": ["quarter"]}
    groups: dict[str, Any] = {
        "posterior": draws,
        "sample_stats": dict(chains.stats),
        "log_likelihood": {name: chains.terms[..., i] for i, name in enumerate(actors)},
        "posterior_predictive": _records(variables, actors, chains.levels, chains.moves),
        "observed_data": {
            k: v[0, 0] for k, v in _records(variables, actors, levels[None, None], moves[None, None]).items()
        },
    }
    if prior is not None:
        groups["prior"] = _named(coordinates, prior[0][None])
        groups["prior_predictive"] = _records(variables, actors, prior[1][None], prior[2][None])
    for name in (*actors, *variables):
        dims[name] = ["quarter"]
    found = az.from_dict(**groups, coords={"quarter": quarters}, dims=dims)
    found.attrs.update(attributes)
    return found


def _named(coordinates: Coordinates, u: Floats) -> dict[str, Any]:
    values = coordinates.free(u)
    return {name: values[..., k] for k, name in enumerate(coordinates.names)}


def _records(variables: list[str], actors: list[str], levels: Any, moves: Any) -> dict[str, Any]:
    found = {name: levels[..., k] for k, name in enumerate(variables)}
    return found | {name: moves[..., k] for k, name in enumerate(actors)}


def diagnose(data: Any, coordinates: Coordinates) -> Diagnosis:
    """R-hat, effective sample sizes and moments of every coefficient."""
    import arviz as az

    names = list(coordinates.names)
    chosen = data.posterior[names]
    rhat, bulk, tail = az.rhat(chosen), az.ess(chosen, method="bulk"), az.ess(chosen, method="tail")
    rows = []
    for coefficient in coordinates.coefficients:
        values = np.asarray(chosen[coefficient.name]).reshape(-1)
        low, high = np.quantile(values, (0.05, 0.95))
        rows.append(Row(
            coefficient.name, float(values.mean()), float(values.std(ddof=1)), float(low), float(high),
            float(rhat[coefficient.name]), float(bulk[coefficient.name]), float(tail[coefficient.name]),
            coefficient.means,
        ))  # fmt: skip
    diverging = np.asarray(data.sample_stats["diverging"])
    return Diagnosis(tuple(rows), int(diverging.sum()), int(diverging.size))


STORED = 500
"""Draws of a fit that are stored in a case folder, all chains together."""


def game_changed(game: LongGame, attributes: Mapping[str, Any]) -> bool:
    """Whether the file of the long game is another than when a fit with these attributes was made, where both tell."""
    if not game.path or not Path(game.path).is_file():
        return False
    now = hashlib.sha256(Path(game.path).read_bytes()).hexdigest()
    return not now.startswith(str(attributes.get("sha256 of longgame.yaml", now)))


def stored_part(data: Any) -> Any:
    """What a case folder keeps of a fit: ``STORED`` draws evenly spaced in the chains, without simulated records."""
    chains, draws = data.posterior.sizes["chain"], data.posterior.sizes["draw"]
    places = np.unique(np.linspace(0, draws - 1, max(STORED // chains, 1)).round().astype(int))
    kept = data.copy()
    for group in kept.groups():
        if group not in ("posterior", "log_likelihood", "observed_data"):
            del kept[group]
    kept.posterior = kept.posterior.isel(draw=places).drop_vars("stance_smoothed", errors="ignore")
    kept.log_likelihood = kept.log_likelihood.isel(draw=places).astype(np.float32)
    return kept


def write_netcdf(data: Any, path: Path) -> None:
    """Write the file so that it is there whole or not at all."""
    draft = path.with_name(path.name + ".draft")
    data.to_netcdf(str(draft), engine="h5netcdf")
    draft.replace(path)
