"""The long game's forecasts: exact distributions, calibration, nothing from the future, seeds, dates, later events."""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from forecast_case import CODING, HEAD, LONG_GAME, deeds, make_case, row  # noqa: E402
from longgame_games import random_game  # noqa: E402

import doubletalk  # noqa: E402
from doubletalk.case.loading import load_case  # noqa: E402
from doubletalk.errors import InputError  # noqa: E402
from doubletalk.evidence.chronicle import load_chronicle  # noqa: E402
from doubletalk.evidence.coding import coded_record  # noqa: E402
from doubletalk.evidence.plover import plover_rows, plover_text  # noqa: E402
from doubletalk.evidence.uncertainty import exact_interval  # noqa: E402
from doubletalk.evidence.vocabulary_file import vocabulary_of  # noqa: E402
from doubletalk.forecast import evaluate  # noqa: E402
from doubletalk.forecast.case_forecast import Options, make_forecast, score  # noqa: E402
from doubletalk.forecast.compare import verdicts  # noqa: E402
from doubletalk.forecast.draws import padded, quick_draws, sequential_draws  # noqa: E402
from doubletalk.forecast.evaluate import RollingOptions, evaluated, fingerprint, rolling_blocks  # noqa: E402
from doubletalk.forecast.later import came_from_file, came_from_record  # noqa: E402
from doubletalk.forecast.origin import known_before, states_of  # noqa: E402
from doubletalk.forecast.paths import beginning, look_ahead, spread_levels  # noqa: E402
from doubletalk.forecast.predict import predict  # noqa: E402
from doubletalk.forecast.scores import log_scores, reliability  # noqa: E402
from doubletalk.longgame import sequential  # noqa: E402
from doubletalk.longgame.declaration import Actor, Coefficient, LongGame, Prior, Rule, Term, Variable  # noqa: E402
from doubletalk.longgame.likelihood import observed_from  # noqa: E402
from doubletalk.longgame.posterior import Posterior  # noqa: E402
from doubletalk.longgame.reading import long_game_from_text  # noqa: E402
from doubletalk.longgame.simulate import simulate  # noqa: E402
from doubletalk.longgame.solution import solve_long_game  # noqa: E402

PROCESS = "forecast"
SHIPPED = Path(doubletalk.__file__).parent / "cases" / "belarus"
QUICK = Options(quarters=4, draws=40, paths=2000, points=3)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small case, its chronicle from 2003 to 2015."""
    return make_case(tmp_path_factory.mktemp("case"), deeds(2003, 2016, 1))


def forecast_of(folder: Path, date: str | None = "2013-01-01", options: Options = QUICK):
    """The forecast of the small case."""
    long = load_case(folder).long
    assert long is not None
    return make_forecast(folder, long.game, None if date is None else dt.date.fromisoformat(date), options)


# ---- probabilities ---------------------------------------------------------------------------------------------------


def two_state_game() -> LongGame:
    """One actor, two states: it may push, which turns the state with chance 0.6; in state b pushing pays."""
    term = Term("worth", 1.0, {"x": (1,), "s": (1,)})
    turn = Rule({"x": (1,)}, ((None, 0, 0.0), (None, 1, 0.6)))
    back = Rule({"x": (0,)}, ((None, 0, 0.3),))
    return LongGame(
        "toy", "", "quarter", (Actor("x", ("stay", "push"), {}, 0.7, (term,)),),
        (Variable("s", ("a", "b"), 0, (turn, back)),), (Coefficient("worth", 0.8, Prior("normal", (0.0, 1.0))),),
    )  # fmt: skip


def test_a_two_state_chain_has_the_powers_of_its_matrix():
    """In the toy, k-step distributions are matrix powers, within 4 errors; the first move's is exact."""
    game = two_state_game()
    solved = solve_long_game(game)
    push = solved.probabilities("x")[:, 1, 0]
    chain = np.array([[1 - 0.6 * push[0], 0.6 * push[0]], [0.3 * (1 - push[1]), 1 - 0.3 * (1 - push[1])]])
    known = beginning(game, solved.tables, np.array([0]), np.array([0]), np.array([0]))
    ahead = look_ahead(game, solved.tables, solved.play, [known], np.zeros(1), paths=20_000, periods=6, seed=3)
    for k in range(7):
        exact = np.linalg.matrix_power(chain, k)[0]
        error = 4 * np.sqrt(ahead.levels_noise[0][0, k]) + 1e-9
        assert (np.abs(ahead.levels[0][0, k] - exact) <= error).all()
        if k < 6:
            error = 4 * np.sqrt(ahead.moves_noise[0][0, k, 1]) + 1e-9
            assert abs(ahead.moves[0][0, k, 1] - exact @ push) <= error
    np.testing.assert_allclose(ahead.moves[0][0, 0], [1 - push[0], push[0]], atol=1e-9)


def test_expected_moves_are_those_of_counting_paths():
    """With types and beliefs, probabilities met on the way agree with counts of simulated moves and levels."""
    game = random_game(4)
    solved = solve_long_game(game)
    start = [v.start for v in game.variables]
    begin = tuple(np.eye(len(v.levels))[v.start] for v in game.variables)
    ahead = look_ahead(game, solved.tables, solved.play, [begin], np.array([0.3]), paths=20_000, periods=5, seed=1)
    run = simulate(
        game,
        solved.tables,
        solved.play,
        paths=20_000,
        periods=5,
        seed=9,
        start=np.tile(start, (20_000, 1)),
        belief=np.full(20_000, 0.3),
    )
    for i, actor in enumerate(game.actors):
        for k in range(len(actor.moves)):
            count = (run.moves[:, :, i] == k).mean(axis=1)
            error = 4 * np.sqrt(count * (1 - count) / 20_000 + ahead.moves_noise[i][0, :, k]) + 1e-9
            assert (np.abs(ahead.moves[i][0, :, k] - count) <= error).all()
    for v, variable in enumerate(game.variables):
        for k in range(len(variable.levels)):
            count = (run.levels[:, :, v] == k).mean(axis=1)
            error = 4 * np.sqrt(count * (1 - count) / 20_000 + ahead.levels_noise[v][0, :, k]) + 1e-9
            assert (np.abs(ahead.levels[v][0, :, k] - count) <= error).all()


def test_levels_to_begin_with_come_as_often_as_their_chances():
    """Systematic draws give each level its share of the paths, to within one path."""
    begin = (np.array([0.25, 0.5, 0.25]), np.array([0.0, 1.0]))
    drawn = spread_levels(begin, 1000, np.random.default_rng(2))
    assert (np.abs(np.bincount(drawn[:, 0], minlength=3) - [250, 500, 250]) <= 1).all()
    assert (drawn[:, 1] == 1).all()


def test_forecasts_of_a_known_game_are_calibrated_and_beat_base_rates():
    """With the true coefficients, moves happen as often as said in every bin, and log scores beat base rates by what
    the forecasts themselves expect to gain.
    """
    game = random_game(4)
    solved = solve_long_game(game)
    run = simulate(game, solved.tables, solved.play, paths=1, periods=1645, seed=5)
    origins = range(40, 1640, 8)
    states = [tuple(np.eye(len(v.levels))[run.levels[t, 0, k]] for k, v in enumerate(game.variables)) for t in origins]
    beliefs = run.beliefs[list(origins), 0]
    found = look_ahead(game, solved.tables, solved.play, states, beliefs, paths=100, periods=5, seed=2)
    stated, came, gains, promised = [], [], [], []
    for group, t in enumerate(origins):
        for i, tables in enumerate(found.moves):
            made, table = run.moves[t : t + 5, 0, i], tables[group]
            stated.append(table.ravel())
            came.append(np.eye(table.shape[1])[made].ravel())
            counts = np.bincount(run.moves[:t, 0, i], minlength=table.shape[1]) + 1 / table.shape[1]
            base = np.tile(counts / counts.sum(), (5, 1))
            gains.append((log_scores(table, made) - log_scores(base, made)).mean())
            promised.append((table * np.log(np.maximum(table, 1e-12) / base)).sum(axis=1).mean())
    for bin_ in reliability(np.concatenate(stated), np.concatenate(came)):
        low, high = exact_interval(round(bin_.happened * bin_.count), bin_.count, 0.9999)
        assert low <= bin_.forecast <= high
    gains, promised = np.array(gains), np.array(promised)
    error = (gains - promised).std() / np.sqrt(len(gains))
    assert gains.mean() > 2 * gains.std() / np.sqrt(len(gains))
    assert abs((gains - promised).mean()) < 4 * error


@pytest.mark.long
def test_forecasts_after_a_fit_are_calibrated(full):
    """Coefficients drawn from the prior, 60 quarters to fit them to, the next four forecast: as often as said.

    Doubt about the coefficients is then part of the game, and the forecasts must have it in them.
    """
    game, random = long_game_from_text(LONG_GAME), np.random.default_rng(11)
    stated, came, gains = [], [], []
    for n in range(60 if full else 2):
        truth = {c.name: float(random.normal()) for c in game.coefficients}
        solved = solve_long_game(game, truth)
        run = simulate(game, solved.tables, solved.play, paths=1, periods=64, seed=n)
        observed = observed_from(game, run.levels[:-1, 0], run.moves[:, 0])
        draws = quick_draws(game, observed, 60, count=40, seed=n, points=3)
        state = tuple(np.eye(len(v.levels))[run.levels[60, 0, k]] for k, v in enumerate(game.variables))
        (found,) = predict(draws, [(60, state)], [True] * 3, horizon=4, paths=2000, seed=n)
        for i, table in enumerate(found.moves()):
            made = run.moves[60:64, 0, i]
            stated.append(table.ravel())
            came.append(np.eye(table.shape[1])[made].ravel())
            counts = np.bincount(run.moves[:60, 0, i], minlength=table.shape[1]) + 1 / table.shape[1]
            gains.append((log_scores(table, made) - log_scores(np.tile(counts / counts.sum(), (4, 1)), made)).mean())
    for bin_ in reliability(np.concatenate(stated), np.concatenate(came)):
        low, high = exact_interval(round(bin_.happened * bin_.count), bin_.count, 0.9999)
        assert low <= bin_.forecast <= high
    if full:
        assert np.mean(gains) > 0


def test_probabilities_add_up(case):
    """Rows of every quantity sum to one, parts are sums of moves, bands hold the mean, the first luck is chance's."""
    found = forecast_of(case)
    for quantity in found.prediction.quantities:
        np.testing.assert_allclose(quantity.probability.sum(axis=1), 1, atol=1e-9)
        assert (quantity.low <= quantity.probability + 1e-9).all()
        assert (quantity.probability <= quantity.high + 1e-9).all()
        assert (quantity.error < 0.05).all()
    moves, deed = found.prediction.named("move", "client"), found.prediction.named("part", "client: deed")
    strikes = [k for k, move in enumerate(moves.labels) if move.startswith("strike")]
    np.testing.assert_allclose(deed.probability[:, 1], moves.probability[:, strikes].sum(axis=1), atol=1e-12)
    luck = found.prediction.named("level", "luck")
    assert luck.when == "in"
    np.testing.assert_allclose(luck.probability[0], [0.9, 0.1], atol=1e-12)
    for tables in found.rivals.values():
        for table in tables:
            np.testing.assert_allclose(table.sum(axis=1), 1, atol=1e-9)


@pytest.mark.parametrize(("fit", "seeds"), [("quick", 6), ("file", 12)])
def test_the_monte_carlo_error_is_that_of_other_seeds(case, fit, seeds):
    """Means of forecasts with other seeds scatter as their Monte-Carlo errors say, also those of one draw."""
    options = [replace(QUICK, seed=s, fit=fit) for s in range(1, seeds + 1)]
    found = [forecast_of(case, options=each).prediction.named("level", "walls") for each in options]
    means, errors = (np.stack([getattr(q, part)[1:] for q in found]) for part in ("probability", "error"))
    assert errors.min() > 0
    ratio = means.std(axis=0, ddof=1) / errors.mean(axis=0)
    assert 0.4 < ratio.mean() < 2


# ---- nothing from the future, and nothing by accident ----------------------------------------------------------------


def told(found):
    """All numbers of a forecast."""
    tables = [
        (q.kind, q.name, *(part.tolist() for part in (q.probability, q.error, q.low, q.high)))
        for q in found.prediction.quantities
    ]
    return tables, found.prediction.belief, found.rivals["base rates"][0].tolist()


def test_later_rows_change_nothing(case, tmp_path):
    """With other deeds from the date on, and with a longer record, the forecast is the same to the last digit."""
    rows = deeds(2003, 2013, 1)
    other = make_case(tmp_path, rows + deeds(2013, 2018, 77, "x"), as_of="2017-12-31")
    assert told(forecast_of(other)) == told(forecast_of(case))
    assert coded_record(other).chosen.tolist() != coded_record(case).chosen.tolist()


def test_the_seed_decides(case):
    """The same seed gives the same numbers, another seed others."""
    assert told(forecast_of(case)) == told(forecast_of(case))
    assert told(forecast_of(case, options=replace(QUICK, seed=2))) != told(forecast_of(case))


def test_a_coding_looks_back_only():
    """Cut at any date, the shipped record is coded as its beginning is in the whole record."""
    whole = coded_record(SHIPPED)
    for year in (2008, 2011, 2014, 2020, 2021):
        cut = coded_record(SHIPPED, as_of=dt.date(year, 9, 30))
        n = len(cut.quarters)
        assert whole.quarters[:n] == cut.quarters
        np.testing.assert_array_equal(whole.chosen[:n], cut.chosen)
        np.testing.assert_array_equal(whole.levels[:n], cut.levels)
        known = cut.after >= 0
        np.testing.assert_array_equal(whole.levels[n][known], cut.after[known])


def test_weights_between_fits_are_those_of_the_longer_record(case):
    """Weights brought up to a later quarter are the posterior's ratio, evaluated anew at each draw."""
    game, coded = load_case(case).long.game, coded_record(case)
    observed = observed_from(game, coded.levels, coded.chosen)
    draws = quick_draws(game, observed, 30, count=12, seed=3, points=3)
    later = Posterior(game, padded(observed), 3, until=34)
    logs = draws.log_weights + [later(p.u, 1e-8).value - draws.posterior(p.u, 1e-8).value for p in draws.points]
    weights = np.exp(logs - logs.max())
    np.testing.assert_allclose(draws.at(34).weights, weights / weights.sum(), rtol=1e-4)
    np.testing.assert_allclose(draws.at(30).weights.sum(), 1)


# ---- where a forecast may begin --------------------------------------------------------------------------------------


def test_the_quarter_in_which_the_date_lies_is_the_first(case):
    """In mid-quarter the quarter itself is forecast, its first days unused; the last origin is the record's end."""
    assert known_before(case, dt.date(2013, 1, 1)).coded.quarters[-1] == "2012Q4"
    inside = known_before(case, dt.date(2013, 2, 20))
    assert (inside.coded.quarters[-1], inside.quarters(2), inside.begun) == ("2012Q4", ("2013Q1", "2013Q2"), True)
    end = known_before(case)
    assert (end.coded.quarters[-1], end.quarters(1), end.begun) == ("2015Q4", ("2016Q1",), False)


@pytest.mark.parametrize(
    ("date", "told"),
    [
        ("2016-04-01", r"in 2016Q2, but the record is known to the end of 2015Q4 only.*at 2016-01-01 and ask for 2"),
        ("2005-10-01", r"leaves 7 coded quarters before it and a forecast needs 8.*begin at 2006-01-01 or later"),
        ("1990-01-01", r"leaves 0 coded quarters"),
    ],
)  # fmt: skip
def test_dates_that_cannot_be_forecast_from(case, date, told):
    """Beyond the record's end or before enough history is an error that says where a forecast may begin."""
    with pytest.raises(InputError, match=told):
        known_before(case, dt.date.fromisoformat(date))


def test_words_of_another_game_are_refused(case, tmp_path):
    """A coding with moves that the game does not have is told so before anything is fitted."""
    other = make_case(tmp_path, deeds(2003, 2016, 1), coding=CODING.replace("strike", "hit"))
    with pytest.raises(InputError, match=r"actors and moves of the coding 'coding' are not those of the long game"):
        forecast_of(other)


@pytest.mark.parametrize("bad", [{"quarters": 0}, {"draws": 1}, {"points": 1}, {"draws": 100, "paths": 150}])
def test_numbers_out_of_range(bad):
    """Counts that make no forecast are refused by name."""
    with pytest.raises(InputError, match=rf"{list(bad)[-1]}: found"):
        Options(**bad)


# ---- scoring ---------------------------------------------------------------------------------------------------------


def test_the_record_s_own_quarters_score_a_forecast(case):
    """Scores are means of ln p of what the record holds, worked by hand from the tables."""
    found = forecast_of(case)
    came = came_from_record(case, found.known.first, 4)
    assert came.quarters == ("2013Q1", "2013Q2", "2013Q3", "2013Q4")
    rows = score(found, came).rows
    for i, (actor, table) in enumerate(zip(("client", "west"), found.prediction.moves(), strict=True)):
        mine = next(r for r in rows if (r.forecaster, r.actor) == ("long game", actor))
        assert mine.log_score.mean == pytest.approx(np.mean(np.log([table[k, came.chosen[k, i]] for k in range(4)])))
    total = next(r for r in rows if (r.forecaster, r.actor) == ("long game", "all actors"))
    parts = [r.log_score.mean for r in rows if r.forecaster == "long game" and r.actor != "all actors"]
    assert total.log_score.mean == pytest.approx(sum(parts))
    states = score(found, came).states
    for v, name in enumerate(("fear", "walls", "luck")):
        table = found.prediction.named("level", name).probability
        mine = next(r for r in states if (r.forecaster, r.actor) == ("long game", name))
        assert mine.log_score.mean == pytest.approx(np.mean(np.log([table[k, came.levels[k, v]] for k in range(4)])))
    base = next(r for r in states if (r.forecaster, r.actor) == ("base rates", "luck"))
    past = states_of(found.known.coded).chosen[:, 2]
    rate = (np.bincount(past, minlength=2) + 0.5) / (len(past) + 1)
    assert base.brier.mean == pytest.approx(np.mean([2 * (1 - rate[came.levels[k, 2]]) ** 2 for k in range(4)]))
    assert states[-1].actor == "all states"
    one = score(found, came_from_record(case, found.known.first, 1))
    assert all("no error from one period" in words for words in verdicts(one.rows, "long game"))
    assert came_from_record(case, known_before(case).first, 4).quarters == ()


def test_later_events_score_it_like_the_record_does(case, tmp_path):
    """Rows in a file of their own score as they do inside the record; the file speaks from its first event on."""
    whole = came_from_record(case, known_before(case, dt.date(2014, 1, 1)).first, 8)
    lines = (case / "chronicle.csv").read_text().splitlines(keepends=True)
    later = tmp_path / "later.csv"
    later.write_text(lines[0] + "".join(line for line in lines[1:] if line.split(",")[1] >= "2014-02-01"))
    first = known_before(case, dt.date(2014, 1, 1)).first
    came = came_from_file(case, later, first, 8, until=dt.date(2015, 12, 31))
    assert came.quarters == whole.quarters
    np.testing.assert_array_equal(came.chosen, whole.chosen)
    np.testing.assert_array_equal(came.levels, whole.levels)


def test_later_events_beyond_the_record(case, tmp_path):
    """Only quarters that had ended are coded; a file that ends in mid-quarter says how to say that it is complete."""
    later, first = tmp_path / "later.csv", known_before(case).first
    head = (case / "chronicle.csv").read_text().splitlines(keepends=True)[0]
    later.write_text(head + row("n1", dt.date(2016, 1, 9), "BLR", "BLR", "repress")
                     + row("n2", dt.date(2016, 5, 2), "EU", "BLR", "sanction"))  # fmt: skip
    came = came_from_file(case, later, first, 8)
    assert came.quarters == ("2016Q1",)
    assert came.chosen.tolist() == [[2, 0]]
    assert any("taken to be complete to 2016-05-02" in words for words in came.notes)
    full = came_from_file(case, later, first, 8, until=dt.date(2016, 9, 30))
    assert full.chosen.tolist() == [[2, 0], [0, 1], [0, 0]]
    assert any("no event at all in 2016Q3" in words for words in full.notes)
    later.write_text(head + row("n1", dt.date(2016, 1, 9), "BLR", "BLR", "repress"))
    with pytest.raises(InputError, match=r"reach to 2016-01-09, its last event.*--score-until 2016-03-31"):
        came_from_file(case, later, first, 8)
    later.write_text(head + row("n1", dt.date(2015, 12, 9), "BLR", "BLR", "repress"))
    with pytest.raises(InputError, match="no event on or after 2016-01-01"):
        came_from_file(case, later, first, 8)


def test_event_data_score_a_forecast(case, tmp_path):
    """CAMEO rows with a table of actors become moves by the same coding."""
    events, actors, first = tmp_path / "events.csv", tmp_path / "actors.csv", known_before(case).first
    events.write_text(
        "id,date,source,target,code,goldstein\n1,2016-01-05,BLRGOV,BLROPP,175,-9\n2,2016-02-05,EUR,BLR,163,-8\n"
    )
    actors.write_text("code,role,country,sector,name\nOPP,home,BLR,opp,\nBLR,client,BLR,,\nEU,west,EUR,,\n")
    came = came_from_file(case, events, first, 1, layout="cameo", actors=actors, until=dt.date(2016, 3, 31))
    assert came.chosen.tolist() == [[2, 1]]


WORDS = """
doubletalk_vocabulary: 1
actions: {shell: {meaning: the border is shelled, like: provoke}}
actors:
  ARM: {meaning: "Armenia, its government", country: ARM, sector: GOV}
  AZE: Azerbaijan
"""
TABLE = "code,role,country,sector,name\nARM,client,ARM,,\nAZE,other,AZE,,\nEU,west,EUR,,\n"


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of another dispute: its client is no actor of the standard words, nor is what it does."""
    folder = tmp_path_factory.mktemp("elsewhere")
    coding = CODING.replace("repress", "shell").replace("by: BLR", "by: ARM")
    make_case(folder, translated(deeds(2003, 2016, 1)), coding=coding)
    (folder / "vocabulary.yaml").write_text(WORDS, encoding="utf-8")
    (folder / "case.yaml").write_text((folder / "case.yaml").read_text() + "eras: [2009-01-01]\n", encoding="utf-8")
    return folder


def translated(rows: str) -> str:
    """Rows of the small case as rows of the other dispute."""
    return rows.replace("repress", "shell").replace("BLR,BLR", "ARM,AZE").replace("BLR", "ARM")


def test_later_events_are_read_in_the_case_s_own_words(elsewhere, tmp_path):
    """Wherever the file lies, in our columns and in PLOVER's, it is coded as the same rows of the case would be."""
    first = known_before(elsewhere).first
    later, gone = tmp_path / "later.csv", tmp_path / "later.tsv"
    rows = translated(deeds(2016, 2018, 7, "n"))
    later.write_text(HEAD + rows, encoding="utf-8")
    came = came_from_file(elsewhere, later, first, 8, until=dt.date(2017, 12, 31))
    longer = tmp_path / "longer"
    shutil.copytree(elsewhere, longer)
    (longer / "chronicle.csv").write_text((elsewhere / "chronicle.csv").read_text() + rows, encoding="utf-8")
    (longer / "case.yaml").write_text((elsewhere / "case.yaml").read_text().replace("2015", "2017"), encoding="utf-8")
    whole = came_from_record(longer, first, 8)
    assert came.quarters == whole.quarters
    np.testing.assert_array_equal(came.chosen, whole.chosen)
    np.testing.assert_array_equal(came.levels, whole.levels)
    assert came.chosen.any(axis=0).all()
    words = vocabulary_of(elsewhere)
    gone.write_text(plover_text(plover_rows(load_chronicle(later, words), words)), encoding="utf-8")
    back = came_from_file(elsewhere, gone, first, 8, layout="plover", until=dt.date(2017, 12, 31))
    np.testing.assert_array_equal(back.chosen, whole.chosen)
    np.testing.assert_array_equal(back.levels, whole.levels)


def test_event_data_of_others_are_read_in_the_case_s_own_words(elsewhere, tmp_path):
    """The table of actors may name the case's actors, wherever it lies; what is not used is counted with its reason."""
    first = known_before(elsewhere).first
    events, table = tmp_path / "events.csv", tmp_path / "who.csv"
    events.write_text(
        "id,date,source,target,code,goldstein\n0,2015-02-05,EUR,ARM,163,-8\n1,2016-01-05,ARMGOV,EUR,036,4\n"
        "2,2016-02-05,EUR,ARM,163,-8\n3,2016-02-06,XXX,ARM,163,-8\n"
    )
    table.write_text(TABLE)
    came = came_from_file(elsewhere, events, first, 1, layout="cameo", actors=table, until=dt.date(2016, 3, 31))
    assert came.chosen.tolist() == [[1, 1]]
    assert any("1 rows left out; the first, line 5" in words for words in came.notes)
    assert any("1 events before 2016-01-01" in words for words in came.notes)


# ---- from rolling origins --------------------------------------------------------------------------------------------

ROLLING = RollingOptions(first="2012Q1", horizon=3, points=3, draws=20, paths=320)


@pytest.fixture(scope="module")
def rolled(case):
    """Game, record and blocks of the small case."""
    game, coded = load_case(case).long.game, coded_record(case)
    return game, coded, list(rolling_blocks(game, coded, ROLLING))


def test_blocks_cover_every_origin_once(rolled):
    """From the first origin to the last quarter, three quarters ahead, half of the draws effective or more."""
    _, coded, blocks = rolled
    origins = [origin.quarter for block in blocks for origin in block.origins]
    assert origins == list(coded.quarters[coded.quarters.index("2012Q1") :])
    assert len(blocks) > 1
    assert all(0.3 * ROLLING.draws < origin.effective <= ROLLING.draws for b in blocks for origin in b.origins)
    assert all(len(origin.moves["west"]) == 3 for block in blocks for origin in block.origins)


def test_an_interrupted_evaluation_goes_on_as_it_would_have(rolled, tmp_path, monkeypatch):
    """Resumed after any block, with the stage it kept or without, the later blocks are the same to the last digit."""
    game, coded, blocks = rolled
    assert list(rolling_blocks(game, coded, ROLLING, blocks[:1])) == blocks[1:]
    store = tmp_path / "stage.npz"
    run = rolling_blocks(game, coded, ROLLING, store=store)
    assert next(run) == blocks[0]
    run.close()
    monkeypatch.setattr(sequential, "first_stage", None)
    assert list(rolling_blocks(game, coded, ROLLING, blocks[:1], store=store)) == blocks[1:]


def test_the_posterior_at_an_origin_is_that_of_the_shorter_record(rolled):
    """Particles that went through the quarters before an origin alone are those with which it was forecast from."""
    game, coded, blocks = rolled
    observed = observed_from(game, coded.levels, coded.chosen)
    origin = blocks[0].origins[-1]
    draws = sequential_draws(game, observed, coded.quarters.index(origin.quarter), count=20, seed=1, points=3)
    standing = draws.at(coded.quarters.index(origin.quarter))
    assert standing.effective == pytest.approx(origin.effective, abs=1e-3)
    assert float(standing.weights @ standing.beliefs) == pytest.approx(origin.belief, abs=1e-5)


def test_rolling_origins_see_only_what_came_before(rolled, tmp_path):
    """Other deeds from 2013 on leave every forecast made before 2013 as it was."""
    game, coded, blocks = rolled
    other = make_case(tmp_path, deeds(2003, 2013, 1) + deeds(2013, 2016, 5, "x"))
    changed = coded_record(other)
    assert changed.chosen.tolist() != coded.chosen.tolist()
    early = [origin for block in blocks for origin in block.origins if origin.quarter <= "2013Q1"]
    assert len(early) == 5
    again = [o for b in rolling_blocks(game, changed, ROLLING) for o in b.origins if o.quarter <= "2013Q1"]
    assert again == early


def test_rolling_scores_are_those_of_the_stored_tables(rolled):
    """The long game's row equals a plain loop over origins; the evaluation of the first blocks alone is allowed."""
    _, coded, blocks = rolled
    result = evaluated(coded, ROLLING, blocks)
    logs = []
    for origin in (origin for block in blocks for origin in block.origins):
        t = coded.quarters.index(origin.quarter)
        if t + 3 <= len(coded.quarters):
            logs.append(np.log(origin.moves["west"][2][coded.chosen[t + 2, 1]]))
    mine = next(r for r in result.rows if (r.forecaster, r.actor, r.ahead) == ("long game", "west", 3))
    assert mine.log_score.mean == pytest.approx(np.mean(logs), abs=1e-6)
    begun = evaluated(coded, ROLLING, blocks[:1]).origins
    assert begun == tuple(origin.quarter for origin in blocks[0].origins)


def test_states_are_scored_at_the_quarters_end_or_in_it(rolled):
    """The long game's rows for levels equal plain loops: of a level that quarters begin with, the next quarter's."""
    _, coded, blocks = rolled
    result, size = evaluated(coded, ROLLING, blocks, states=True), len(coded.quarters)
    for v, name in enumerate(coded.variables):
        logs = []
        for origin in (origin for block in blocks for origin in block.origins):
            t = coded.quarters.index(origin.quarter) + 1
            if t < size:
                at_end = coded.levels[t + 1, v] if t + 1 < size else coded.after[v]
                table = np.array(origin.levels[name][1])
                logs.append(np.log(table[at_end if coded.at_start[v] else coded.levels[t, v]] / table.sum()))
        mine = next(r for r in result.rows if (r.forecaster, r.actor, r.ahead) == ("long game", name, 2))
        assert mine.log_score.mean == pytest.approx(np.mean(logs), abs=1e-9)
    assert any(row.actor == "all states" for row in result.rows) == (len(coded.variables) > 1)


def test_the_fingerprint_is_that_of_what_matters(rolled):
    """A new title changes nothing; another prior, record or option makes a stored result stale."""
    game, coded, _ = rolled
    mine = fingerprint(game, coded, ROLLING)
    assert fingerprint(replace(game, title="Other", path="elsewhere"), coded, ROLLING) == mine
    wider = (replace(game.coefficients[0], prior=Prior("normal", (0.0, 2.0))), *game.coefficients[1:])
    moved = replace(coded, chosen=1 - np.minimum(coded.chosen, 1))
    for other in ((replace(game, coefficients=wider), coded, ROLLING), (game, moved, ROLLING),
                  (game, coded, replace(ROLLING, length=4))):  # fmt: skip
        assert fingerprint(*other) != mine


def test_another_sequential_method_makes_only_what_it_made_stale(rolled, monkeypatch):
    """The method's number is the sampler's own, and counts for rolling forecasts and ``--fit sequential`` alone."""
    game, coded, _ = rolled
    assert evaluate.SEQUENTIAL == sequential.METHOD
    several = (ROLLING, {"fit": "sequential", "draws": 5}, {"fit": "quick", "draws": 5})
    before = [fingerprint(game, coded, options) for options in several]
    monkeypatch.setattr(evaluate, "SEQUENTIAL", 99)
    after = [fingerprint(game, coded, options) for options in several]
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, False, True]


def test_first_origins_that_cannot_be(rolled):
    """An unknown quarter, or one with too little before it, is refused."""
    game, coded, _ = rolled
    with pytest.raises(InputError, match="--first: found '2030Q1', expected a coded quarter, 2004Q1 to 2015Q4"):
        next(rolling_blocks(game, coded, replace(ROLLING, first="2030Q1")))
    with pytest.raises(InputError, match=r"leaves 4 coded quarters.*begin with 2006Q1"):
        next(rolling_blocks(game, coded, replace(ROLLING, first="2005Q1")))
