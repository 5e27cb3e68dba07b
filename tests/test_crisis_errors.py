"""Standard errors and mixtures of the crisis estimators against computations of their own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import ndtr, owens_t
from test_crisis_estimation import SPEC, simulated
from test_crisis_inference import games_with_several

from doubletalk.crisis import fit_crisis, with_outcomes
from doubletalk.crisis.equilibria import find_equilibria
from doubletalk.crisis.full import full_terms, maximise_full
from doubletalk.crisis.outcomes import log_probabilities
from doubletalk.crisis.reply import game_of, indices_at
from doubletalk.report.crisis_tables import crisis_html, crisis_latex, latex_escaped

GAMES = 30


@pytest.fixture(scope="module")
def data():
    """Thirty games, with first-stage columns near the truth."""
    made, _ = simulated(GAMES, 80, 31)
    return made


def bivariate(h, k):
    """F2(h, k, 1/sqrt 2) by Owen's T function."""
    r = np.sqrt(0.5)
    parts = owens_t(h, (k / h - r) / r) + owens_t(k, (h / k - r) / r)
    return 0.5 * (ndtr(h) + ndtr(k)) - parts - np.where(h * k < 0, 0.5, 0.0)


def outcomes_of(resist, firm, u):
    """Log probabilities of sq, cd, sf, bd from beliefs, written down from the model and nothing else."""
    sa, va, _, wa, _, back, _ = u.T
    c = (sa - (1 - resist) * va) / resist
    challenge = 1 - ndtr(c - wa) * ndtr(c - back)
    stand = bivariate((wa - back) / np.sqrt(2), wa - c) / challenge
    return challenge, stand


def by_hand(design, theta, counts):
    """Log-likelihood by game at the equilibrium that best replies lead to."""
    u = design.utilities(theta)
    resist = np.full(len(u), 0.5)
    for _ in range(60):
        _, firm = outcomes_of(resist, None, u)
        resist = 0.3 * resist + 0.7 * ndtr((firm * u[:, 4] + (1 - firm) * u[:, 6] - u[:, 2]) / firm)
    challenge, firm = outcomes_of(resist, None, u)
    p = [1 - challenge, challenge * (1 - resist), challenge * resist * firm, challenge * resist * (1 - firm)]
    return (counts * np.log(np.stack(p, axis=1))).sum(axis=1)


def differences(function, at, step=1e-4):
    """Central differences along every coordinate, stacked."""
    moves = step * np.eye(len(at))
    return np.stack([(function(at + move) - function(at - move)) / (2 * step) for move in moves])


def test_errors_of_the_full_likelihood_agree_with_differences_of_a_likelihood_by_hand(data):
    """Information and by-game errors equal those from differences of a likelihood solved by iterated best replies."""
    plain, robust = (fit_crisis(SPEC, data, "ml", robust=flag) for flag in (False, True))
    design, counts = plain.with_data()
    at = plain.estimates
    assert np.abs(by_hand(design, at, counts).sum() - plain.log_likelihood) < 1e-7
    scores = differences(lambda t: by_hand(design, t, counts), at)
    hessian = differences(lambda t: differences(lambda s: by_hand(design, s, counts).sum(), t), at)
    bread = np.linalg.inv(-hessian)
    assert np.allclose(plain.standard_errors, np.sqrt(np.diag(bread)), rtol=2e-3)
    assert np.allclose(robust.standard_errors, np.sqrt(np.diag(bread @ scores @ scores.T @ bread)), rtol=2e-3)
    assert robust.errors_account_for == "by game (sandwich)"
    assert not np.allclose(plain.standard_errors, robust.standard_errors, rtol=0.02)


def test_the_constrained_problem_honours_robust(data):
    """MPEC's errors are those of the full likelihood at the same maximum, with scores by game or without."""
    for flag in (False, True):
        ml, mpec = (fit_crisis(SPEC, data, method, robust=flag) for method in ("ml", "mpec"))
        assert mpec.errors_account_for == ml.errors_account_for
        assert np.allclose(mpec.standard_errors, ml.standard_errors, rtol=1e-3)


def given(data, resist, firm):
    """The data with first-stage columns."""
    columns = {**data.columns, "r": resist, "f": firm}
    return with_outcomes(columns, data.counts)


def test_two_step_errors_agree_with_refitting_under_moved_beliefs(data):
    """With a first-stage covariance S, the errors are the uncorrected ones plus D S D', D found by refitting."""
    spec = replace(SPEC, first_stage=("r", "f"))
    npl = fit_crisis(SPEC, data, "npl")
    beliefs = np.concatenate([npl.resist, npl.firm])
    root = np.random.default_rng(4).normal(size=(2 * GAMES, 2 * GAMES)) * 0.01
    covariance = root @ root.T
    start = given(data, npl.resist, npl.firm)
    plain = fit_crisis(spec, start, "pl")
    corrected = fit_crisis(spec, start, "pl", first_stage_covariance=covariance)
    assert plain.errors_account_for.startswith("NOT corrected")
    assert "covariance given" in corrected.errors_account_for

    def refitted(b):
        return fit_crisis(spec, given(data, b[:GAMES], b[GAMES:]), "pl").estimates

    moved = differences(refitted, beliefs, 1e-5).T
    expected = plain.covariance + moved @ covariance @ moved.T
    assert np.allclose(corrected.covariance, expected, rtol=1e-3, atol=1e-5 * np.abs(expected).max())
    assert (corrected.standard_errors > plain.standard_errors).all()


def test_npl_errors_by_game_agree_with_weighing_each_game_a_little_less(data):
    """NPL's by-game covariance is the sum of squared moves of the estimate as each game's counts shrink a little."""
    robust = fit_crisis(SPEC, data, "npl", robust=True)
    step = 1e-4

    def moved(game, sign):
        counts = data.counts * (1 + sign * step * (np.arange(GAMES) == game))[:, None]
        return fit_crisis(SPEC, replace(data, counts=counts), "npl").estimates

    influence = np.stack([(moved(game, 1) - moved(game, -1)) / (2 * step) for game in range(GAMES)])
    assert np.allclose(influence.T @ influence, robust.covariance, rtol=2e-3, atol=1e-4 * robust.covariance.max())


def mixed():
    """Games most of which have three equilibria, and counts of which each game's are from one of them."""
    design = games_with_several()
    games = game_of(design.utilities(np.ones(7)))
    found = find_equilibria(games)
    generator = np.random.default_rng(12)
    first = np.cumsum(found.number()) - found.number()
    shift = np.where(found.number() > 1, generator.choice([0, 1, 2], p=[0.6, 0.1, 0.3], size=len(first)), 0)
    row = np.minimum(first + shift, first + found.number() - 1)
    p = np.exp(log_probabilities(indices_at(games.rows(found.game[row]), found.q[row])))
    counts = generator.multinomial(30, p / p.sum(axis=1, keepdims=True)).astype(float)
    return design, counts


def test_the_mixture_likelihood_is_a_sum_over_equilibria_with_the_derivatives_stated():
    """Value equals log sum of share times likelihood, worked out game by game; derivatives equal differences."""
    design, counts = mixed()
    at = np.concatenate([np.ones(7), [-1.2, 0.4]])
    games = game_of(design.utilities(at[:7]))
    found = find_equilibria(games)
    total = 0.0
    for game in range(design.games):
        rows = np.flatnonzero(found.game == game)
        place = [0] if len(rows) == 1 else [0, *[1] * (len(rows) - 2), 2]
        weight = np.exp(np.array([0.0, at[7], at[8]])[place])
        logs = log_probabilities(indices_at(games.rows(found.game[rows]), found.q[rows]))
        total += np.log((weight / weight.sum() * np.exp(logs @ counts[game])).sum())
    terms = full_terms(design, counts, at, "mixture")
    assert terms.value == pytest.approx(total, rel=1e-12)

    def slope(theta):
        return full_terms(design, counts, theta, "mixture").scores.sum(axis=0)

    value = differences(lambda t: np.array([full_terms(design, counts, t, "mixture").value]), at, 1e-6)[:, 0]
    assert np.allclose(slope(at), value, rtol=1e-4, atol=1e-3)
    curve = differences(slope, at, 1e-6)
    assert np.allclose(terms.hessian, curve, rtol=1e-3, atol=1e-4 * np.abs(curve).max())


def test_a_mixture_climbs_and_stays_below_the_best_of_the_equilibria():
    """A few steps raise the mixture's likelihood; at any coefficients it is at most that of 'best'."""
    design, counts = mixed()
    start = np.concatenate([np.ones(7), [0.0, 0.0]])
    found, terms = maximise_full(design, counts, start, "mixture", steps=6)
    assert found.value > full_terms(design, counts, start, "mixture").value + 0.1
    assert found.value <= full_terms(design, counts, found.point[:7], "best").value + 1e-9
    assert (terms.equilibria.number() > 1).any()
    assert not found.converged
    assert found.message == "stopped after 6 steps"


def test_tables_escape_what_latex_and_html_read_as_commands(data):
    """Names with signs of LaTeX and HTML, method names among them, are written out in both tables."""
    fit = fit_crisis(SPEC, data, "npl")
    hostile = ("a_b & 5% $x$ #1 {y} ~ ^ \\z", "<b>bold</b> | \"q\" 'r'")
    odd = replace(fit, names=(*hostile, *fit.names[2:]), errors_account_for="50% & more_so")
    latex, html = crisis_latex([odd]), crisis_html([odd])
    assert r"a\_b \& 5\% \$x\$ \#1 \{y\} \textasciitilde{} \textasciicircum{} \textbackslash{}z" in latex
    assert r"50\% \& more\_so" in latex
    assert latex.count(r"\\") == latex.count("\n") - latex.count(r"\hline") - 2 or r"\\" in latex
    assert "<b>" not in html
    assert "&lt;b&gt;bold&lt;/b&gt; | &quot;q&quot;" in html
    assert latex_escaped("<|>") == r"\textless{}\textbar{}\textgreater{}"
