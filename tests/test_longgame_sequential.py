"""Sequential Monte Carlo over a record: exact models, quadrature, another sampler, no look ahead, resuming."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

jax = pytest.importorskip("jax")

from lens_games import lens_game, quadrature, record_of  # noqa: E402

from doubletalk.errors import DoubletalkError  # noqa: E402
from doubletalk.lenses.declaration import Held, Lens  # noqa: E402
from doubletalk.lenses.restricting import one_stance, under  # noqa: E402
from doubletalk.longgame.fitting import fit_mode  # noqa: E402
from doubletalk.longgame.importance import DEGREES, Part, importance, moments_of_groups  # noqa: E402
from doubletalk.longgame.posterior import Posterior  # noqa: E402
from doubletalk.longgame.sequential import (  # noqa: E402
    _Chains,
    keep_stage,
    kept_stage,
    particles_of,
    stages,
)

PERIODS, SIZE, NOISE = 30, 4, 0.5


def linear(seed: int = 0):
    """Two actors whose moves are numbers y = X u + noise: the evaluation, y [2 T], X [2 T, d] in order of play."""
    random = np.random.default_rng(seed)
    x = random.standard_normal((PERIODS, 2, SIZE))
    y = x @ random.standard_normal(SIZE) + NOISE * random.standard_normal((PERIODS, 2))
    return lambda u: (norm.logpdf(y, x @ u, NOISE), np.zeros(PERIODS + 1)), y.ravel(), x.reshape(-1, SIZE)


def exact_evidence(y, x, count: int) -> float:
    """Log density of the first *count* numbers with the coefficients summed out."""
    return float(multivariate_normal(cov=NOISE**2 * np.eye(count) + x[:count] @ x[:count].T).logpdf(y[:count]))


# ---- against what is known exactly -----------------------------------------------------------------------------------


def test_every_score_and_the_evidence_are_the_formula_s_within_the_stated_error() -> None:
    """Over seeds the errors of a linear model's scores have mean zero and the size that each run states."""
    evaluate, y, x = linear()
    logs = np.array([0.0, *(exact_evidence(y, x, n) for n in range(1, len(y) + 1))])
    exact, first = np.diff(logs).reshape(PERIODS, 2), 10
    off, stated = [], []
    for seed in range(24):
        *_, last = stages(evaluate, SIZE, 40, seed=seed, counted=first)
        whole = last.scored()
        away = whole.scores - exact
        off.append([*away[first:].sum(axis=0), away[first:].sum(), away.sum()])
        stated.append(np.sqrt(whole.variances))
        assert abs(last.log_evidence - logs[-1] - away.sum()) < 1e-9
    found, errors = np.array(off), np.sqrt((np.array(stated) ** 2).mean(axis=0))
    assert (np.abs(found.mean(axis=0)) < 4 * errors / np.sqrt(24)).all()
    ratio = found.std(axis=0, ddof=1) / errors
    assert ((ratio > 0.4) & (ratio < 1.4)).all()


def test_the_posterior_at_every_period_is_the_formula_s() -> None:
    """Weighted particles have the mean and the spread of the linear model's posterior, whatever period is known."""
    evaluate, y, x = linear(1)
    met = []
    for stage in stages(evaluate, SIZE, 200, seed=3):
        for period in range(PERIODS + 1):
            if not stage.holds(period) or period in met:
                continue
            met.append(period)
            known = slice(0, 2 * period)
            covariance = np.linalg.inv(np.eye(SIZE) + x[known].T @ x[known] / NOISE**2)
            mean, weights = covariance @ x[known].T @ y[known] / NOISE**2, stage.weights(period)
            sd = np.sqrt(np.diag(covariance))
            assert (np.abs(weights @ stage.u - mean) < 0.3 * sd).all()
            assert np.allclose(np.sqrt(weights @ (stage.u - mean) ** 2), sd, rtol=0.3)
            assert 1 / (weights**2).sum() >= 0.49 * len(stage.u)
    assert met == list(range(PERIODS + 1))


def test_the_kernel_leaves_its_own_t_as_it_is() -> None:
    """Where the posterior is the kernel's t every proposal is accepted, and the spread stays that of the t."""
    random, d, count = np.random.default_rng(0), 3, 4000
    root = np.array([[1.0, 0, 0], [0.7, 0.5, 0], [-0.2, 0.1, 2.0]])
    part = Part(np.array([1.0, -1.0, 0.5]), root, count)

    def terms(u):
        return np.array([[part.log_density(u[None])[0] + 0.5 * u @ u]])

    u = part.draw(random)
    for step in (0.3, 1.0):
        chains = _Chains(
            u, np.array([terms(each) for each in u]), np.zeros((count, 2)), lambda t: float(t.sum()), part, step
        )
        chains.sweep(lambda u: (terms(u), np.zeros(2)), random, None)
        assert chains.accepted == count
        z = np.linalg.solve(root, (chains.u - part.centre).T)
        assert np.allclose(np.cov(z), np.eye(d) * DEGREES / (DEGREES - 2), atol=0.12)
        kept = np.mean(z * np.linalg.solve(root, (u - part.centre).T)) / np.mean(z**2)
        assert abs(kept - np.sqrt(1 - step**2)) < 0.05


def test_moments_of_groups_count_groups_and_not_draws() -> None:
    """Repeating every draw within its group changes nothing; more groups, or true correlations, are shrunk less."""
    random, d = np.random.default_rng(1), 12
    root = np.linalg.cholesky(0.2 * np.eye(d) + 0.8)
    apart = ~np.eye(d, dtype=bool)

    def kept(u, groups) -> float:
        """How much of the correlations is left."""
        _, covariance = moments_of_groups(u, np.zeros(len(u)), groups)
        sd = np.sqrt(np.diag(covariance))
        assert np.allclose(sd, u.std(axis=0))
        assert np.linalg.eigvalsh(covariance).min() > 0
        return float((covariance / np.outer(sd, sd))[apart].sum() / np.corrcoef(u.T)[apart].sum())

    few = random.standard_normal((60, d))
    once = moments_of_groups(few, random.standard_normal(60) * 0.1, np.arange(60))
    logs = np.random.default_rng(1)
    logs.standard_normal((60, d))
    again = moments_of_groups(
        np.repeat(few, 5, axis=0), np.repeat(logs.standard_normal(60) * 0.1, 5), np.repeat(np.arange(60), 5)
    )
    assert all(np.allclose(a, b) for a, b in zip(once, again, strict=True))
    alike, unlike = few @ root.T, few
    assert kept(unlike, np.arange(60)) < 0.2
    assert kept(alike, np.arange(60)) > 0.7
    many = random.standard_normal((3000, d))
    many = many + 0.15 * many @ np.roll(np.eye(d), 1, axis=0)
    assert kept(many, np.arange(3000)) > kept(many[:300], np.arange(300)) > kept(many[:60], np.arange(60))
    assert kept(many, np.arange(3000) // 50) < kept(many, np.arange(3000))


def test_the_evidence_is_that_of_quadrature_with_the_equilibrium_inside() -> None:
    """Two coefficients of a game of one stance: the sum of the scores against Gauss-Hermite quadrature."""
    held = {"mind": Held(0.7, "why"), "trade": Held(0.3, "why")}
    posterior = Posterior(under(lens_game(), Lens("last", stance="last", held=held)), record_of(lens_game(), 40, 5))
    assert posterior.names == ("cost", "prize")
    exact = quadrature(posterior, 24)
    *_, last = stages(particles_of(posterior), 2, 50, seed=1)
    assert last.error < 0.2
    assert abs(last.log_evidence - exact) < 4 * last.error + 1e-2


def test_importance_sampling_around_the_mode_agrees() -> None:
    """With the stance unknown evidence and posterior means are those of many weighted draws around the mode."""
    game = lens_game()
    posterior = Posterior(game, record_of(game, 40, 6))
    *_, last = stages(particles_of(posterior), len(posterior.names), 60, seed=2)
    fit = fit_mode(posterior)
    other = importance(posterior, fit, 800, 1)
    assert other.trusted
    assert abs(last.log_evidence - other.log_evidence) < 4 * np.hypot(last.error, other.error) + 1e-2
    weights = last.weights(40)
    sd = np.sqrt(np.diag(other.moments()[1]))
    assert (np.abs(weights @ last.u - other.mean(other.u)) < 0.5 * sd).all()


# ---- nothing later, nothing by accident ------------------------------------------------------------------------------


def test_stages_do_not_depend_on_what_comes_after_them() -> None:
    """With other moves from a period on, every stage that ends before it is the same to the last digit."""
    game = one_stance(lens_game(), "last")
    observed, turn = record_of(lens_game(), 40, 7), 20
    moves = np.array(observed.moves)
    moves[turn:] = 1 - moves[turn:]
    runs = []
    for each in (observed, observed._replace(moves=moves)):
        posterior = Posterior(game, each)
        runs.append(list(stages(particles_of(posterior), len(posterior.names), 20, seed=1)))
    early = [s for s in runs[0] if s.end[0] < 2 * turn]
    assert len(early) >= 2
    for one, other in zip(early, runs[1], strict=False):
        assert np.array_equal(one.u, other.u)
        assert one.end == other.end
        assert np.array_equal(one.scored().scores[: one.end[0] // 2], other.scored().scores[: one.end[0] // 2])
    assert runs[0][-1].log_evidence != runs[1][-1].log_evidence


def test_a_kept_stage_is_gone_on_from_to_the_last_digit(tmp_path) -> None:
    """From any stage, kept and read again, the rest is what it was; another's mark or a damaged file is not read."""
    evaluate, _, _ = linear()
    whole = list(stages(evaluate, SIZE, 10, seed=5, counted=4))
    assert len(whole) > 3
    place = tmp_path / "stage.npz"
    keep_stage(place, whole[2], "mark")
    assert kept_stage(place, "other") is None
    begin = kept_stage(place, "mark")
    assert begin is not None
    again = list(stages(evaluate, SIZE, 10, seed=5, counted=4, begin=begin))
    assert len(again) == len(whole) - 2
    for one, other in zip(whole[2:], again, strict=True):
        assert np.array_equal(one.u, other.u)
        assert np.array_equal(one.scored().variances, other.scored().variances)
        assert one.log_evidence == other.log_evidence
    assert all(b.number == a.number + 1 for a, b in pairwise(whole))
    place.write_bytes(b"PK\x03\x04 no archive")
    assert kept_stage(place, "mark") is None
    assert kept_stage(tmp_path / "none.npz", "mark") is None


def test_progress_tells_how_long_it_will_take() -> None:
    """Shares do not fall, and once some of the record is done the time left is told."""
    evaluate, _, _ = linear()
    told = []
    list(stages(evaluate, SIZE, 5, seed=1, tell=lambda share, words: told.append((share, words))))
    shares = [share for share, _ in told]
    assert shares == sorted(shares)
    assert "s left" in told[-1][1]
    assert "draws from the prior: 1 of 50" in told[0][1]


# ---- no equilibrium --------------------------------------------------------------------------------------------------


def test_where_there_is_no_equilibrium_there_is_no_likelihood() -> None:
    """A prior cut off at a plane: the evidence is that over what is left of it, and failures are counted."""
    evaluate, y, x = linear(2)
    cut = -1.0

    def sometimes(u):
        return evaluate(u) if u[0] > cut else None

    *_, last = stages(sometimes, SIZE, 60, seed=1)
    covariance = np.linalg.inv(np.eye(SIZE) + x.T @ x / NOISE**2)
    mean = covariance @ x.T @ y / NOISE**2
    exact = exact_evidence(y, x, len(y)) + norm.logsf(cut, mean[0], np.sqrt(covariance[0, 0]))
    assert last.failed > 0
    assert (last.u[:, 0] > cut).all()
    assert abs(last.log_share - norm.logsf(cut)) < 0.2
    assert abs(last.log_evidence - exact) < 4 * last.error


def test_too_many_failures_are_an_error() -> None:
    """Where most draws from the prior have no equilibrium there is nothing to begin with."""
    with pytest.raises(DoubletalkError, match="no equilibrium found at 11 of 11 draws from the prior"):
        next(stages(lambda u: None, 2, 2))
