"""Forecasters that know no game, their scores, and evaluation from rolling origins."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest

from doubletalk.errors import DoubletalkError
from doubletalk.evidence.uncertainty import exact_interval
from doubletalk.forecast.baselines import BaseRates, MarkovChain, MultinomialLogit
from doubletalk.forecast.compare import ALL_ACTORS, compared, verdict, verdicts
from doubletalk.forecast.history import History
from doubletalk.forecast.rolling import rolling_origin
from doubletalk.forecast.scores import MeanScore, brier_scores, calibration, log_scores, mean_score


def make(chosen, sizes, covariates=None):
    chosen = np.asarray(chosen, dtype=np.int64)
    periods = tuple(f"q{t}" for t in range(len(chosen)))
    moves = tuple(tuple(f"m{k}" for k in range(size)) for size in sizes)
    if covariates is None:
        covariates = np.zeros((len(chosen), 0))
    return History(periods, tuple(f"a{i}" for i in range(len(sizes))), moves, chosen, covariates)


def chain(length, seed, stay=0.9):
    """Two actors; the first keeps its move with probability `stay`, the second copies the first's last move."""
    random = np.random.default_rng(seed)
    rows = [[0, 0]]
    for _ in range(length - 1):
        mine = rows[-1][0] if random.random() < stay else 1 - rows[-1][0]
        rows.append([mine, rows[-1][0]])
    return make(rows, [2, 2])


def test_scores_by_hand():
    """Log and Brier scores equal their definitions on a forecast worked by hand."""
    stated, came = np.array([[0.5, 0.25, 0.25], [0.1, 0.8, 0.1]]), np.array([1, 1])
    np.testing.assert_allclose(log_scores(stated, came), [math.log(0.25), math.log(0.8)])
    np.testing.assert_allclose(brier_scores(stated, came), [0.25 + 0.5625 + 0.0625, 0.01 + 0.04 + 0.01])


def test_both_scores_are_proper():
    """In expectation under p no other forecast on a grid of the simplex scores better than p itself."""
    truth = np.array([0.2, 0.5, 0.3])
    grid = [np.array([a, b, 20 - a - b]) / 20 for a, b in itertools.product(range(1, 20), repeat=2) if a + b < 20]
    outcomes = np.arange(3)
    best_log = max(grid, key=lambda p: truth @ log_scores(np.tile(p, (3, 1)), outcomes))
    best_brier = min(grid, key=lambda p: truth @ brier_scores(np.tile(p, (3, 1)), outcomes))
    np.testing.assert_allclose(best_log, truth)
    np.testing.assert_allclose(best_brier, truth)


def test_a_move_ruled_out_that_comes_scores_minus_infinity():
    """A probability of zero for what happened gives -inf, not an error and not a large number."""
    assert log_scores(np.array([[1.0, 0.0]]), np.array([1]))[0] == -math.inf


@pytest.mark.parametrize("stated", [[[0.5, 0.6]], [[-0.1, 1.1]]])
def test_what_is_no_distribution_is_refused(stated):
    """Rows that are negative or do not sum to one are an error."""
    with pytest.raises(DoubletalkError, match="sum to 1"):
        log_scores(np.array(stated), np.array([0]))


def test_newey_west_by_brute_force():
    """The standard error of a mean with overlap equals the double sum over pairs with Bartlett weights."""
    scores = np.random.default_rng(1).normal(size=30).cumsum()
    n, overlap = len(scores), 3
    centred = scores - scores.mean()
    total = sum(max(0.0, 1 - abs(i - j) / (overlap + 1)) * centred[i] * centred[j] for i in range(n) for j in range(n))
    assert mean_score(scores, overlap).error == pytest.approx(math.sqrt(total / n / (n - 1)))
    assert mean_score(scores).error == pytest.approx(scores.std(ddof=1) / math.sqrt(n))


def test_calibrated_forecasts_lie_inside_their_bins():
    """Outcomes drawn from the forecasts themselves happen as often as stated in every bin, at a level of 4 sigma."""
    random = np.random.default_rng(3)
    stated = random.dirichlet(np.ones(3), size=4000)
    came = np.array([random.choice(3, p=row) for row in stated])
    for bin_ in calibration(stated, came):
        low, high = exact_interval(round(bin_.happened * bin_.count), bin_.count, 0.99994)
        assert low <= bin_.forecast <= high
    assert sum(bin_.count for bin_ in calibration(stated, came)) == 3 * 4000


def test_base_rates_and_chain_by_hand():
    """Smoothed shares and chain rows equal the formulas on a short history."""
    history = make([[0], [1], [1], [1]], [2])
    shares = BaseRates(pseudo=2.0).forecast(history, 2, np.zeros((2, 0)))[0]
    np.testing.assert_allclose(shares, [[2 / 6, 4 / 6]] * 2)
    ahead = MarkovChain(pseudo=2.0).forecast(history, 2, np.zeros((2, 0)))[0]
    from_0, from_1 = np.array([2 / 3, 1 + 4 / 3]) / 3, np.array([2 / 3, 2 + 4 / 3]) / 4
    np.testing.assert_allclose(ahead[0], from_1)
    np.testing.assert_allclose(ahead[1], from_1[0] * from_0 + from_1[1] * from_1)


def test_logit_joint_propagation_agrees_with_simulation():
    """Three periods ahead, the logit's exact marginals equal those of a long simulation from its own coefficients."""
    history = chain(80, 5)
    model = MultinomialLogit()
    exact = model.forecast(history, 3, np.zeros((3, 0)))
    weights = [model._fit(history, a) for a in range(2)]
    random = np.random.default_rng(0)
    now = np.tile(history.chosen[-1], (200_000, 1))
    for _ in range(3):
        design = np.hstack([np.eye(2)[now[:, 0]], np.eye(2)[now[:, 1]], np.ones((len(now), 1))])
        logits = [design @ weight for weight in weights]
        chance = [np.exp(x[:, 1]) / np.exp(x).sum(axis=1) for x in logits]
        now = np.column_stack([random.random(len(now)) < p for p in chance]).astype(int)
    for a in range(2):
        assert now[:, a].mean() == pytest.approx(exact[a][2][1], abs=5e-3)


def test_logit_with_much_data_finds_the_true_chances():
    """With 4000 periods of a known process the fitted one-step chances are within 0.03 of the truth."""
    history = chain(4000, 9)
    ahead = MultinomialLogit().forecast(history, 1, np.zeros((1, 0)))
    last = history.chosen[-1, 0]
    assert ahead[0][0][last] == pytest.approx(0.9, abs=0.03)
    assert ahead[1][0][last] > 0.97


def test_covariates_move_the_logit():
    """A covariate that decides the move is used, and its future value decides the forecast."""
    random = np.random.default_rng(2)
    flag = random.integers(0, 2, size=(300, 1)).astype(float)
    history = make(flag.astype(int), [2], flag)
    on, off = (MultinomialLogit().forecast(history, 1, np.array([[x]]))[0][0][1] for x in (1.0, 0.0))
    assert on > 0.9
    assert off < 0.1


def test_rolling_origin_uses_only_the_past():
    """Changing what happens after an origin changes no forecast made from it."""
    history = chain(40, 11)
    changed = history.chosen.copy()
    changed[30:] = 1 - changed[30:]
    other = History(history.periods, history.actors, history.moves, changed, history.covariates)
    for model in (BaseRates(), MarkovChain(), MultinomialLogit()):
        for mine, theirs in zip(
            model.forecast(history.before(30), 4, np.zeros((4, 0))),
            model.forecast(other.before(30), 4, np.zeros((4, 0))),
            strict=True,
        ):
            np.testing.assert_array_equal(mine, theirs)


def test_rolling_scores_equal_a_plain_loop():
    """Means over origins equal those of a loop written out; the reference's own gain is zero."""
    history = chain(30, 4)
    result = rolling_origin(history, [BaseRates(), MarkovChain()], 10, 3)
    for row in [row for row in result.rows if row.actor != ALL_ACTORS]:
        model = {"base rates": BaseRates(), "Markov chain": MarkovChain()}[row.forecaster]
        a = history.actors.index(row.actor)
        logs = []
        for origin in range(10, 30):
            if origin + row.ahead <= 30:
                table = model.forecast(history.before(origin), row.ahead, np.zeros((row.ahead, 0)))[a]
                logs.append(math.log(table[-1][history.chosen[origin + row.ahead - 1, a]]))
        assert row.log_score.mean == pytest.approx(np.mean(logs))
        assert row.log_score.count == len(logs)
        if row.forecaster == "base rates":
            assert row.gain.mean == 0


def test_the_chain_wins_where_moves_persist_and_not_where_they_do_not():
    """On a persistent process the chain's one-step gain over base rates is clear; on coin tosses it is not positive."""
    gains = {}
    for stay in (0.9, 0.5):
        result = rolling_origin(chain(300, 8, stay), [BaseRates(), MarkovChain()], 50, 1)
        row = next(r for r in result.rows if r.forecaster == "Markov chain" and r.actor == "a0")
        gains[stay] = row.gain
    assert gains[0.9].mean > 4 * gains[0.9].error
    assert gains[0.5].mean < 2 * gains[0.5].error


def test_comparisons_are_paired_and_added_up_over_actors():
    """Scores, their sum over actors and paired differences equal those written out."""
    mine = [np.array([[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]]), np.array([[0.3, 0.7], [0.5, 0.5], [0.6, 0.4]])]
    other = [np.full((3, 2), 0.5), np.full((3, 2), 0.5)]
    came = np.array([[0, 1], [0, 1], [1, 0]])
    rows = {(r.forecaster, r.actor): r for r in compared(["mine", "other"], ["a", "b"], [mine, other], came, 0)}
    logs = [np.log([0.5, 0.9, 0.8]), np.log([0.7, 0.5, 0.6])]
    assert rows["mine", "a"].log_score.mean == pytest.approx(logs[0].mean())
    assert rows["mine", "b"].brier.mean == pytest.approx(np.mean([2 * 0.09, 0.5, 2 * 0.16]))
    assert rows["mine", ALL_ACTORS].log_score.mean == pytest.approx(sum(logs).mean())
    gain = 2 * math.log(0.5) - sum(logs)
    assert rows["other", ALL_ACTORS].gain.mean == pytest.approx(gain.mean())
    assert rows["other", ALL_ACTORS].gain.error == pytest.approx(gain.std(ddof=1) / math.sqrt(3))
    assert rows["other", ALL_ACTORS].brier_gain.mean > 0
    assert rows["mine", "a"].gain.mean == 0


def test_a_difference_counts_beyond_two_errors_and_either_way():
    """Wins, losses and neither are told by the same rule, also where one forecaster ruled out what came."""
    assert verdict(MeanScore(0.3, 0.1, 9)) == "better"
    assert verdict(MeanScore(-0.3, 0.1, 9)) == "worse"
    assert verdict(MeanScore(-0.15, 0.1, 9)) == "no difference beyond the error"
    assert verdict(MeanScore(0.4, math.nan, 1)) == "no error from one period"
    ruled_out, fair = [np.array([[1.0, 0.0]] * 2)], [np.array([[0.5, 0.5]] * 2)]
    rows = compared(["bold", "fair"], ["a"], [ruled_out, fair], np.array([[0], [1]]), 1)
    assert verdicts(rows, "bold") == ["One period ahead, bold against fair: a -inf (worse)."]


def test_bad_histories_are_refused():
    """Shapes that disagree, moves out of range and impossible origins are one clear error each."""
    with pytest.raises(DoubletalkError, match="out of range"):
        make([[2]], [2])
    with pytest.raises(DoubletalkError, match="covariates"):
        make([[0], [1]], [2], np.zeros((3, 1)))
    with pytest.raises(DoubletalkError, match="first origin"):
        rolling_origin(chain(10, 1), [BaseRates()], 10, 1)
