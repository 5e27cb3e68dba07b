"""Crisis signalling: numerics, equilibria, estimators, on simulated data; on the sanctions data where it is given."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import mpmath
import numpy as np
import pytest
from scipy.special import ndtr, owens_t
from typer.testing import CliRunner

from doubletalk.cli import app
from doubletalk.crisis import CrisisSpecification, fit_crisis, frame_of, load_data, read_specification, with_outcomes
from doubletalk.crisis.bivariate import bivariate_normal, bivariate_normal_cdf
from doubletalk.crisis.branch import along
from doubletalk.crisis.design import build_design
from doubletalk.crisis.equilibria import find_equilibria
from doubletalk.crisis.outcomes import Indices, index_likelihood, log_probabilities
from doubletalk.crisis.pseudo import Beliefs, best_reply
from doubletalk.crisis.reply import game_of, reply
from doubletalk.crisis.simulate import simulate_counts
from doubletalk.errors import InputError

SPEC = CrisisSpecification(
    {"SA": "x - 1", "VA": "1", "CB": "1 + y", "barWA": "1 + x", "barWB": "1 + y", "bara": "1", "VB": "0"}
)
TRUTH = np.array([0.3, 0.8, -1.2, 0.5, -1.0, 0.4, -0.5, 0.3, -1.2])


def simulated(games: int, plays: int, seed: int):
    """Data from the model at TRUTH."""
    generator = np.random.default_rng(seed)
    columns = frame_of({"x": generator.normal(size=games), "y": generator.normal(size=games)})
    design = build_design(SPEC, with_outcomes(columns, np.zeros((games, 4))))
    return with_outcomes(columns, simulate_counts(design, TRUTH, plays, seed)), design


def owen(h, k, r):
    """Owen's (1956) expression for F2, by scipy's T function."""
    root = np.sqrt((1 - r) * (1 + r))
    parts = owens_t(h, (k - r * h) / (h * root)) + owens_t(k, (h - r * k) / (k * root))
    return 0.5 * (ndtr(h) + ndtr(k)) - parts - np.where(h * k < 0, 0.5, 0.0)


@pytest.mark.parametrize("r", [0.5**0.5, -(0.5**0.5), 0.0, 0.89, 0.95, -0.999])
def test_bivariate_normal_agrees_with_owens_function(r):
    """F2 equals Owen's expression to 1e-13 at thousands of points, tails included."""
    h, k = np.random.default_rng(1).normal(scale=2.5, size=(2, 3000))
    assert np.abs(bivariate_normal_cdf(h, k, r) - owen(h, k, r)).max() < 1e-13


def test_bivariate_normal_agrees_with_high_precision_and_its_derivatives_with_differences():
    """F2 agrees to 1e-13 with 30-digit integration, its partial derivatives with central differences."""
    mpmath.mp.dps = 30
    for h, k, r in ((0.3, -0.2, 0.5**0.5), (-6.0, -5.0, 0.5**0.5), (1.0, 1.001, 0.999999), (-3.0, 2.9, -0.99999)):
        root = mpmath.sqrt(1 - mpmath.mpf(r) ** 2)
        points = sorted({-12.0, *(p for p in (k / r - 0.05, k / r, k / r + 0.05, -1.0) if -12 < p < h), h})
        value = mpmath.quad(lambda x, k=k, r=r, root=root: mpmath.npdf(x) * mpmath.ncdf((k - r * x) / root), points)
        assert abs(float(value) - bivariate_normal_cdf(h, k, r)) < 1e-13
    at, step = (0.4, -0.7, 0.6), 1e-5
    for place, slope in enumerate(bivariate_normal(*at)[1:]):
        up, down = list(at), list(at)
        up[place] += step
        down[place] -= step
        difference = (bivariate_normal_cdf(*up) - bivariate_normal_cdf(*down)) / (2 * step)
        assert abs(difference - slope) < 1e-9


def test_outcome_probabilities_sum_to_one_and_have_the_derivatives_stated():
    """The four probabilities sum to 1; gradient and Hessian of the likelihood agree with central differences."""
    generator = np.random.default_rng(2)
    z1, d, w = generator.normal(size=(3, 200)) * np.array([[3], [2], [2]])
    counts = generator.integers(0, 6, size=(200, 4)).astype(float)
    assert np.abs(np.exp(log_probabilities(Indices(z1, z1 + d, d, w))).sum(axis=1) - 1).max() < 1e-14

    def at(z1, z2, w):
        return index_likelihood(Indices(z1, z2, z2 - z1, w), counts)

    centre, step = [z1, z1 + d, w], 1e-5
    base = at(*centre)
    for place in range(3):
        up, down = (at(*(x + sign * step * (j == place) for j, x in enumerate(centre))) for sign in (1, -1))
        assert np.abs((up.value - down.value) / (2 * step) - base.gradient[:, place]).max() < 1e-6
        error = np.abs((up.gradient - down.gradient) / (2 * step) - base.hessian[:, place])
        assert (error / (1 + np.abs(base.hessian[:, place]))).max() < 1e-6


def many_games(count: int):
    """Utilities among which some games have three equilibria."""
    utilities = np.random.default_rng(3).normal(size=(count, 7)) * np.array([1, 1.5, 2, 2, 2, 2, 0.3])
    utilities[:, [3, 5, 2]] -= 2 * (np.arange(count) < count // 3)[:, None]
    utilities[: count // 3, 0] += 1
    return utilities


def test_all_equilibria_are_found_and_proved_to_be_all():
    """The certified numbers of equilibria equal the sign changes on a dense grid, games with three among them."""
    games = game_of(many_games(1500))
    found = find_equilibria(games)
    number = found.number()
    assert found.certified.all()
    assert (number == 3).any()
    inside = np.abs(found.q) < 24.99
    residual = np.abs(reply(games.rows(found.game), found.q).value - found.q)
    # W may be so steep that q's last digit matters: what is small is the distance to the root
    assert (residual / (1 + np.abs(found.slope)))[inside].max() < 1e-9
    grid = np.linspace(-24.99, 24.99, 10001)
    for game in [*np.flatnonzero(number > 1), *range(0, 1500, 25)]:
        gap = reply(games.rows(np.full(len(grid), game)), grid).value - grid
        assert (np.sign(gap[1:]) != np.sign(gap[:-1])).sum() == inside[found.game == game].sum()


def test_the_likelihood_along_an_equilibrium_has_the_derivatives_stated():
    """Implicit gradient and Hessian in the utilities agree with re-solving the equilibrium nearby."""
    utilities = np.random.default_rng(5).normal(size=(100, 7)) * 0.7
    counts = np.random.default_rng(6).integers(0, 6, size=(100, 4)).astype(float)

    def at(moved):
        games = game_of(moved)
        found = find_equilibria(games)
        first = np.concatenate([[0], np.cumsum(found.number())[:-1]])
        inside.append(np.abs(found.q[first]) < 3)
        return along(games, found.q[first], counts)

    inside: list[np.ndarray] = []
    base, step = at(utilities), 1e-5
    for place in range(7):
        up, down = (at(utilities + sign * step * (np.arange(7) == place)) for sign in (1, -1))
        scale = 1 + np.abs(base.gradient[:, place])
        assert (np.abs((up.value - down.value) / (2 * step) - base.gradient[:, place]) / scale)[inside[0]].max() < 1e-5
        scale = 1 + np.abs(base.hessian[:, place])
        error = np.abs((up.gradient - down.gradient) / (2 * step) - base.hessian[:, place]) / scale
        assert error[inside[0]].max() < 1e-4


def test_estimators_agree_with_each_other_and_recover_the_truth():
    """Full likelihood is at least as high as NPL, MPEC reaches the same maximum, NPL rests at its fixed point."""
    data, design = simulated(300, 200, 7)
    npl, ml, mpec = (fit_crisis(SPEC, data, method) for method in ("npl", "ml", "mpec"))
    assert npl.converged
    assert ml.converged
    assert ml.log_likelihood >= npl.log_likelihood - 1e-9
    assert abs(ml.log_likelihood - mpec.log_likelihood) < 1e-5
    moved = best_reply(design.utilities(npl.estimates), Beliefs(npl.resist, npl.firm))
    assert np.abs(moved.resist - npl.resist).max() < 1e-9
    for fit in (npl, ml):
        assert (np.abs(fit.estimates - TRUTH) < 4.5 * fit.standard_errors).all()


def test_beliefs_that_go_round_in_circles_are_given_up_early(monkeypatch):
    """NPL says that beliefs still move; the full likelihood is climbed all the same, to the same maximum."""
    data, _ = simulated(30, 100, 2)
    expected = fit_crisis(SPEC, data, "ml")
    turns = [0]

    def back_and_forth(utilities, beliefs):
        turns[0] += 1
        return Beliefs(*np.full((2, len(utilities)), 0.4 if turns[0] % 2 else 0.6))

    monkeypatch.setattr("doubletalk.crisis.fit.best_reply", back_and_forth)
    npl = fit_crisis(SPEC, data, "npl")
    assert not npl.converged
    assert npl.iterations < 250
    assert "beliefs still move by" in npl.message
    ml = fit_crisis(SPEC, data, "ml")
    assert ml.converged
    assert ml.log_likelihood == pytest.approx(expected.log_likelihood, abs=1e-6)


def test_intervals_cover_at_their_rate():
    """Over 40 simulated data sets 90% intervals of the full likelihood cover the truth in 82 to 97 of 100 cases."""
    covered = []
    for seed in range(40):
        data, _ = simulated(100, 50, 100 + seed)
        fit = fit_crisis(SPEC, data, "ml")
        if fit.converged:
            covered.append(np.abs(fit.estimates - TRUTH) < 1.6449 * fit.standard_errors)
    assert len(covered) > 30
    assert 0.82 < np.mean(covered) < 0.97


def test_a_wrong_file_is_refused_by_line(tmp_path):
    """A missing column is named with its nearest; wrong counts and empty cells by line; unknown functions refused."""
    path = tmp_path / "data.csv"
    path.write_text("sq,cd,sf,bd,x,yy\n1,2,3,4,0.5,1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"no column 'y' \(did you mean 'yy'\?\)"):
        load_data(path, SPEC)
    path.write_text("sq,cd,sf,bd,x,y\n1,2,3,4,0.5,1\n1,-2,3,4,,1\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"(?s)line 3, column x.*line 3, column cd"):
        load_data(path, SPEC)
    with pytest.raises(InputError, match="unknown function 'open'"):
        replace(SPEC, formulas={**SPEC.formulas, "VA": "open(x)"})


def test_template_reads_and_a_bad_specification_is_refused_with_its_line(tmp_path):
    """What ``crisis template`` prints is a specification; an unknown utility is named with file and line."""
    text = CliRunner().invoke(app, ["crisis", "template"]).stdout
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    assert read_specification(path).formulas["VB"] == "0"
    path.write_text(text.replace("  barWA:", "  barWX:"), encoding="utf-8")
    with pytest.raises(InputError, match=r"spec\.yaml:\d+: utilities: unknown key 'barWX'; did you mean 'barW"):
        read_specification(path)


SANCTIONS = os.environ.get("DOUBLETALK_SANCTIONS", "")


def test_published_fixed_point_of_the_sanctions_data(tmp_path):
    """On the sanctions data, where DOUBLETALK_SANCTIONS names the file, NPL moves the published beliefs by < 1e-7."""
    if not SANCTIONS:
        pytest.skip("DOUBLETALK_SANCTIONS names no file")
    sanctions = CrisisSpecification(
        {
            "SA": "sqrt(senderecondep) + senderdemocracy + contig + ally - 1",
            "VA": "anticipatedsendercosts",
            "CB": "sqrt(targetecondep) + anticipatedtargetcosts + contig + ally",
            "barWA": "sqrt(senderecondep) + senderdemocracy + lncaprat",
            "barWB": "targetdemocracy + lncaprat",
            "bara": "senderdemocracy",
            "VB": "0",
        },
        first_stage=("PRnpl", "PFnpl"),
    )
    data = load_data(Path(SANCTIONS), sanctions)
    pl, npl, ml = (fit_crisis(sanctions, data, method) for method in ("pl", "npl", "ml"))
    assert np.abs(npl.resist - pl.resist).max() < 1e-7
    assert ml.log_likelihood >= npl.log_likelihood
    assert ml.equilibria.certified.all()
