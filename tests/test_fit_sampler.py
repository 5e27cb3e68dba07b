"""The sampler on a small simulated game: its moments, resuming, checkpoints that do not fit, the whole command."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("jax")
pytest.importorskip("numpyro")

from longgame_games import random_game

from doubletalk.commands.fit_output import figure_files, fitted_json, printed
from doubletalk.errors import DoubletalkError, InputError
from doubletalk.evidence.coding import CodedRecord, MoveMade, PartMade
from doubletalk.longgame.chain import pooled_root, work
from doubletalk.longgame.chains import Progress, run_chains
from doubletalk.longgame.coordinates import held
from doubletalk.longgame.fitted import (
    diagnose,
    inference_data,
    prior_records,
    stance_moves,
    write_netcdf,
)
from doubletalk.longgame.fitting import fit_mode
from doubletalk.longgame.fitting_run import Request, _bridged, _with_checks
from doubletalk.longgame.importance import importance
from doubletalk.longgame.likelihood import observed_from
from doubletalk.longgame.parts import Begin, Plan, claim_folder, kernel_of, read_parts, stored_begin
from doubletalk.longgame.posterior import Posterior
from doubletalk.longgame.simulate import simulate
from doubletalk.longgame.solution import solve_long_game

PLAN = Plan(chains=2, warmup=80, draws=250, seed=3)


@pytest.fixture(scope="module")
def sampled(tmp_path_factory):
    """A small game with three coefficients, its mode, and two chains run in this process."""
    game = random_game(2, points=3)
    game = held(game, {c.name: c.value for c in game.coefficients[3:]})
    solved = solve_long_game(game)
    run = simulate(game, solved.tables, solved.play, paths=1, periods=40, seed=9)
    observed = observed_from(game, run.levels[:-1, 0], run.moves[:, 0])
    posterior = Posterior(game, observed)
    fit = fit_mode(posterior)
    folder = tmp_path_factory.mktemp("fit") / "small.nc.parts"
    told: list[Progress] = []
    begin = Begin.of(fit, importance(posterior, fit, 300, 2), PLAN)
    chains = run_chains(posterior, begin, PLAN, folder, {"game": "small"}, workers=0, progress=told.append)
    return posterior, fit, folder, chains, told


def test_the_sampler_agrees_with_importance_sampling(sampled):
    """Means and spreads of the draws are those of weighted draws around the mode, within four Monte-Carlo errors."""
    import arviz as az

    posterior, fit, _, chains, _ = sampled
    weighted = importance(posterior, fit, 1500, 5)
    u = np.array([p.u for p in weighted.points])
    mean = weighted.mean(u)
    spread = np.sqrt(weighted.mean((u - mean) ** 2))
    for k in range(len(mean)):
        error = spread[k] * np.hypot(1 / np.sqrt(float(az.ess(chains.u[..., k]))), 1 / np.sqrt(weighted.effective))
        assert abs(chains.u[..., k].mean() - mean[k]) < 4 * error
        assert abs(chains.u[..., k].std() / spread[k] - 1) < 0.2
    assert not chains.stats["diverging"].any()
    assert float(az.rhat(chains.u[..., 0])) < 1.03


def test_progress_counts_all_draws(sampled):
    """The last report says that every draw of every chain is done."""
    told = sampled[4]
    assert told[-1].done == told[-1].whole == PLAN.chains * (PLAN.warmup + PLAN.draws)
    assert "0 divergences" in str(told[-1])


def test_a_resumed_chain_is_the_chain_that_was_not_interrupted(sampled, tmp_path):
    """Stopped in the warm-up, where chains meet, and after it, a chain draws bit for bit what it had without."""
    _, _, folder, chains, _ = sampled
    there = tmp_path / "again.parts"
    there.mkdir()
    for name in ("plan.json", "posterior.pkl"):
        (there / name).write_bytes((folder / name).read_bytes())
    kernel, _, plan, _ = kernel_of(there)
    blocks_to_meeting = 2 * -(-kernel.windows()[0] // 5)
    for blocks in (7, blocks_to_meeting - 7, 1, 40, 10_000):
        for n, _ in enumerate(work(there, [0, 1], lambda: False)):
            if n + 1 == blocks:
                break
    for chain in range(plan.chains):
        with np.load(there / f"chain_{chain}.npz") as stored:
            assert np.array_equal(stored["row_u"], chains.u[chain])
            assert np.array_equal(stored["row_moves"], chains.moves[chain])


def test_where_a_window_ends_chains_take_up_what_all_have_drawn(sampled, tmp_path):
    """A chain waits for the others; the root is that of the shrunken pooled covariance, and the draw stays."""
    import arviz as az

    from doubletalk.longgame.chain import Bench, _Chain

    there = tmp_path / "meet.parts"
    there.mkdir()
    for name in ("plan.json", "posterior.pkl"):
        (there / name).write_bytes((sampled[2] / name).read_bytes())
    bench = Bench(there)
    kernel, plan = bench.kernel, bench.plan
    first, second = _Chain(bench, 0), _Chain(bench, 1)
    meeting = kernel.windows()[0]
    while first.done < meeting:
        assert first.ready()
        first.block(lambda: False)
    assert first.done == meeting
    assert not first.ready()
    assert pooled_root(there, plan, meeting) is None
    while second.done < meeting:
        second.block(lambda: False)
    before, slope = np.array(first.warm[-1]), np.array(first.state.z_grad)
    assert first.ready()
    assert np.allclose(posterior_of(first), before, atol=1e-12)
    old = np.linalg.solve(kernel.root.T, slope)
    assert np.allclose(np.linalg.solve(first.kernel.root.T, np.array(first.state.z_grad)), old, atol=1e-6)
    u = np.stack([np.array(chain.warm)[meeting // 3 :] for chain in (first, second)])
    n, d = np.median([float(az.ess(u[..., k])) for k in range(u.shape[2])]), u.shape[2]
    wanted = np.cov(np.concatenate(u).T) * np.where(np.eye(d), 1.0, n / (n + d))
    assert np.allclose(first.kernel.root @ first.kernel.root.T, wanted, atol=2e-6)
    assert int(first.state.i) == meeting


def posterior_of(chain) -> np.ndarray:
    """The coordinates at which a chain stands."""
    return np.asarray(chain.kernel.begin.u) + chain.kernel.root @ np.asarray(chain.state.z)


def test_after_the_time_limit_what_was_drawn_is_the_fit(sampled, tmp_path):
    """No draw is begun after the deadline; those kept are the first of the whole fit."""
    posterior, _, folder, chains, _ = sampled
    there = tmp_path / "short.parts"
    there.mkdir()
    for name in ("plan.json", "posterior.pkl"):
        (there / name).write_bytes((folder / name).read_bytes())
    begin = stored_begin(there)
    with pytest.raises(DoubletalkError, match="fewer than 4 draws"):
        run_chains(posterior, begin, PLAN, there, {"game": "small"}, workers=0, deadline=-np.inf)
    for n, _ in enumerate(work(there, [0, 1], lambda: False)):
        if n + 1 == 36:
            break
    short = run_chains(posterior, begin, PLAN, there, {"game": "small"}, workers=0, deadline=-np.inf)
    assert chains.whole
    assert not short.whole
    assert short.u.shape[1] == 7  # blocks end where chains meet, after 12 and 72 draws
    assert np.array_equal(short.u, chains.u[:, :7])


def test_bridge_sampling_and_importance_sampling_agree(sampled):
    """The two roads to the marginal likelihood differ by no more than four of their errors."""
    weighted, chains = stored_begin(sampled[2]).weighted, sampled[3]
    posterior, fit = sampled[:2]
    value, error = _bridged(posterior, fit, chains, 1, lambda share, words: None)
    assert error < 0.1
    assert abs(value - weighted.log_evidence) < 4 * np.hypot(error, weighted.error)


def test_every_draw_has_what_its_point_says(sampled):
    """Terms, beliefs and lp of a draw are those of a fresh evaluation at its coordinates, to 1e-3."""
    posterior, _, _, chains, _ = sampled
    point = posterior(chains.u[0, 17], 1e-9)
    assert abs(point.value - chains.stats["lp"][0, 17]) < 1e-3
    assert np.abs(point.terms - chains.terms[0, 17]).max() < 1e-2
    assert np.abs(point.beliefs - chains.beliefs[0, 17]).max() < 1e-2


def test_checkpoints_of_another_fit_are_refused(sampled, tmp_path):
    """Other settings or other files: one error that names the difference; ``restart`` begins anew."""
    folder = sampled[2]
    with pytest.raises(InputError, match=r"its seed is 3, now it is 4.*--restart"):
        claim_folder(folder, replace(PLAN, seed=4), {"game": "small"}, False)
    with pytest.raises(InputError, match="its game is small, now it is large"):
        claim_folder(folder, PLAN, {"game": "large"}, False)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b.txt").write_text("mine")
    with pytest.raises(InputError, match="holds no checkpoints"):
        claim_folder(tmp_path / "a", PLAN, {}, True)


def test_a_damaged_checkpoint_is_named(sampled, tmp_path):
    """Half a file is an error that says which, and what to do."""
    half = (sampled[2] / "chain_0.npz").read_bytes()[:2000]
    (tmp_path / "chain_0.npz").write_bytes(half)
    with pytest.raises(DoubletalkError, match=r"chain_0.npz: the checkpoint is damaged; give --restart"):
        read_parts(tmp_path / "chain_0.npz")


def test_the_sampler_sees_the_posterior_and_its_gradient(sampled):
    """After a step the sampler's energy and slope, in whitened coordinates, are those of the posterior at its draw."""
    posterior = sampled[0]
    kernel, _, _, starts = kernel_of(sampled[2])
    state, drawn = kernel.next(kernel.first(77, starts[0]))
    point = posterior(drawn.u, 1e-9)
    assert abs(float(state.potential_energy) + point.value) < 1e-3
    assert np.abs(np.asarray(state.z_grad) + point.slope @ kernel.root).max() < 5e-2


def coded_of(posterior) -> CodedRecord:
    """The simulated record as a coding would have given it, with one row behind every move of the informed actor."""
    game, observed = posterior.game, posterior.observed
    levels, moves = np.asarray(observed.levels), np.asarray(observed.moves)
    quarters = tuple(f"{2000 + t // 4}Q{t % 4 + 1}" for t in range(len(moves)))
    made = tuple(
        MoveMade(q, actor.name, actor.moves[moves[t, k]], "rule", (PartMade("deed", "x", (f"row-{t}",), ()),))
        for t, q in enumerate(quarters) for k, actor in enumerate(game.actors)
    )  # fmt: skip
    return CodedRecord(
        quarters, {a.name: a.moves for a in game.actors}, moves, {v.name: v.levels for v in game.variables}, levels,
        (True,) * levels.shape[1], levels[-1], made, (), (), (), "coding.yaml", "simulated", dt.date(2010, 1, 1),
    )  # fmt: skip


@pytest.fixture(scope="module")
def fitted(sampled, tmp_path_factory):
    """The whole result of the fit, with prior draws, as the command has it."""
    posterior, fit, folder, chains, _ = sampled
    weighted = stored_begin(folder).weighted
    request, coded = Request(tmp_path_factory.mktemp("case"), plan=PLAN, beliefs=3), coded_of(posterior)
    *drawn, dropped = prior_records(posterior, posterior(fit.u, 1e-6), 30, 1)
    data = inference_data(posterior, coded, chains, {"method": "NUTS"}, tuple(drawn))
    diagnosis = diagnose(data, posterior.coordinates)
    return _with_checks(
        request, posterior.game, coded, fit, weighted, diagnosis, (-1.0, 0.1), chains, data,
        tuple(drawn), dropped, folder, posterior,
    )


def test_the_file_has_what_the_docs_promise(fitted, tmp_path):
    """Groups, named variables and dimensions survive writing and reading."""
    import arviz as az

    write_netcdf(fitted.data, tmp_path / "fit.nc")
    data = az.from_netcdf(str(tmp_path / "fit.nc"))
    wanted = {"posterior", "sample_stats", "log_likelihood", "observed_data", "posterior_predictive", "prior",
              "prior_predictive"}  # fmt: skip
    assert wanted <= set(data.groups())
    assert data.posterior["c0"].dims == ("chain", "draw")
    assert data.posterior["belief"].dims == ("chain", "draw", "quarter")
    assert list(data.posterior["quarter"].values) == list(fitted.coded.quarters)
    assert data.log_likelihood["w"].shape == (2, 250, 40)
    assert data.posterior_predictive["c"].shape == (2, 250, 40)
    stats = {"lp", "energy", "diverging", "tree_depth", "n_steps", "acceptance_rate", "step_size"}
    assert stats <= set(data.sample_stats)
    assert ((data.posterior["stance_smoothed"] >= 0) & (data.posterior["stance_smoothed"] <= 1)).all()


def test_the_first_line_is_the_verdict(fitted):
    """Too few draws for 400 effective ones: not converged, with the number of coefficients and the worst."""
    first = printed(fitted, stance=True, most=3).splitlines()[0]
    assert first.startswith("NOT CONVERGED: ")
    assert "ESS not above 400 for" in first
    good = tuple(replace(row, rhat=1.0, ess_bulk=500.0, ess_tail=500.0) for row in fitted.diagnosis.rows)
    well = replace(fitted, diagnosis=replace(fitted.diagnosis, rows=good))
    assert printed(well, stance=False, most=3).startswith("converged: ")
    diverged = replace(well, diagnosis=replace(well.diagnosis, divergences=2))
    assert printed(diverged, stance=False, most=3).startswith("NOT CONVERGED: 2 of 500 draws diverged")


def test_moves_of_the_belief_are_those_of_the_odds(fitted):
    """Without hazards the changes in log odds would add up to the whole; each names its rows; the table has all."""
    for move in fitted.moves[:10]:
        assert move.low <= move.change <= move.high
        assert move.rows[0].startswith("row-")
    game, chains = fitted.game, fitted.chains
    beliefs = chains.beliefs.reshape(-1, 41)[:1]
    found = stance_moves(game, beliefs, np.array([game.hazard]), fitted.coded)
    after = (beliefs[0, 1:] - game.hazard[0]) / (1 - sum(game.hazard))
    odds = np.log(after / (1 - after)) - np.log(beliefs[0, :-1] / (1 - beliefs[0, :-1]))
    assert [m.change for m in found] == pytest.approx(odds.tolist())
    assert len(printed(fitted, stance=True, most=3).splitlines()) > 40 + len(fitted.diagnosis.rows)


def test_figures_and_json_are_complete(fitted):
    """Checks, shares and stance as SVG and PNG, the table with a row for each statistic, JSON without nan."""
    files = figure_files(fitted)
    assert {"checks.csv", "posterior_checks.svg", "prior_checks.svg", "shares.svg", "stance.svg"} <= set(files)
    assert files["stance.png"][:4] == b"\x89PNG"
    rows = files["checks.csv"].splitlines()
    assert len(rows) == 1 + 2 * len(fitted.posterior_checks) + len(fitted.shares)
    content = json.loads(json.dumps(fitted_json(fitted), allow_nan=False))
    assert content["converged"] is False
    assert [c["name"] for c in content["coefficients"]] == ["c0", "c1", "c2"]


def test_plans_that_make_no_sense_are_refused():
    """No chain, or too few draws to say anything."""
    with pytest.raises(InputError, match="chains: found 0, expected at least 1"):
        Plan(chains=0)
    with pytest.raises(InputError, match="draws: found 1, expected at least 4"):
        Plan(draws=1)
    assert json.dumps(PLAN.__dict__)


def test_wrong_command_lines_are_refused(capsys):
    """An ending that is not .nc, a grid of one belief, an unknown lens: one line each."""
    from typer.testing import CliRunner

    from doubletalk.cli import app

    for arguments, words in (
        (["--out", "a.json"], "expected .nc"),
        (["--beliefs", "1"], "expected at least 2"),
        (["--chains", "0"], "expected at least 1"),
        (["--lens", "nobody", "--quick"], "nobody"),
    ):
        result = CliRunner().invoke(app, ["fit", "src/doubletalk/cases/belarus", *arguments])
        assert isinstance(result.exception, InputError)
        assert words in str(result.exception)


def test_the_force_on_a_trajectory_is_bounded():
    """Up to four times the root of the dimension it is the slope itself; beyond, its direction with that size."""
    from doubletalk.longgame.nuts import bounded_force

    short, long = np.array([3.0, -4.0, 0.0]), np.array([300.0, -400.0, 0.0])
    assert np.array_equal(np.asarray(bounded_force(short)), short)
    assert np.allclose(np.asarray(bounded_force(long)), short / 5 * 4 * np.sqrt(3))
    assert np.array_equal(np.asarray(bounded_force(np.zeros(3))), np.zeros(3))
