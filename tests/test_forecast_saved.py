"""Forecasts from a saved fit: draws are used as they are, weighted by what came since; what does not fit is refused."""

from __future__ import annotations

import datetime as dt
import hashlib
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

jax = pytest.importorskip("jax")
xr = pytest.importorskip("xarray")
pytest.importorskip("h5netcdf")

from forecast_case import deeds, make_case  # noqa: E402

from doubletalk.case.loading import load_case  # noqa: E402
from doubletalk.commands.forecast_view import about  # noqa: E402
from doubletalk.errors import InputError  # noqa: E402
from doubletalk.evidence.coding import coded_record  # noqa: E402
from doubletalk.forecast.case_forecast import Options, make_forecast  # noqa: E402
from doubletalk.longgame.fitted import STORED_FIT  # noqa: E402

PROCESS = "forecast"
FROM = dt.date(2013, 1, 1)


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small case, its chronicle from 2003 to 2015."""
    return make_case(tmp_path_factory.mktemp("case"), deeds(2003, 2016, 1))


def digest(case):
    """Of the long game's file, as a fit keeps it."""
    return hashlib.sha256((case / "longgame.yaml").read_bytes()).hexdigest()[:16]


def save(path, case, quarters, draws, names, lens="mixed", change=None, mark=""):
    """A fit as `doubletalk fit` stores it: draws [chain, draw, d], what was observed, attributes."""
    coded = coded_record(case)
    quarter = {"quarter": list(coded.quarters[:quarters])}
    chosen = coded.chosen[:quarters].copy()
    if change is not None:
        chosen[change] = (chosen[change] + 1) % 2
    attrs = {"method": "NUTS", "lens": lens, "beliefs": "3", "sha256 of longgame.yaml": mark or digest(case)}
    xr.Dataset(attrs=attrs).to_netcdf(path, engine="h5netcdf")
    posterior = xr.Dataset({name: (("chain", "draw"), draws[..., k]) for k, name in enumerate(names)})
    posterior.to_netcdf(path, group="posterior", mode="a", engine="h5netcdf")
    seen = {name: ("quarter", chosen[:, a]) for a, name in enumerate(coded.actors)}
    xr.Dataset(seen, quarter).to_netcdf(path, group="observed_data", mode="a", engine="h5netcdf")
    return path


@pytest.fixture(scope="module")
def drawn(case):
    """Names and draws [2, 8, d] of the coefficients."""
    game = load_case(case).long.game
    values = np.array(game.values) + 0.3 * np.random.default_rng(4).standard_normal((2, 8, len(game.values)))
    return [c.name for c in game.coefficients], values


def forecast_with(case, path, **options):
    """The forecast from 2013 with a saved fit."""
    game = load_case(case).long.game
    return make_forecast(case, game, FROM, Options(4, points=3, draws=6, paths=300, fit=str(path), **options))


def test_draws_of_a_saved_fit_are_spaced_evenly_and_weighted_by_what_came_since(case, drawn, tmp_path):
    """Six of sixteen draws, the first and the last among them; four quarters later than the fit weigh them."""
    names, values = drawn
    found = forecast_with(case, save(tmp_path / "fit.nc", case, 32, values, names)).draws
    flat = values.reshape(16, -1)
    np.testing.assert_allclose(found.coefficients, flat[[0, 3, 6, 9, 12, 15]], atol=1e-12)
    logs = np.array([p.terms[32:36].sum() for p in found.points])
    weights = np.exp(logs - logs.max())
    np.testing.assert_allclose(found.at(36).weights, weights / weights.sum())
    assert found.method == "draws of fit.nc (NUTS)"


def test_a_fit_to_all_that_is_known_has_equal_weights(case, drawn, tmp_path):
    """The forecast is then the plain mean over draws."""
    names, values = drawn
    found = forecast_with(case, save(tmp_path / "fit.nc", case, 36, values, names))
    np.testing.assert_allclose(found.draws.at(36).weights, np.full(6, 1 / 6))
    assert found.prediction.effective == pytest.approx(6)
    for quantity in found.prediction.quantities:
        np.testing.assert_allclose(quantity.probability.sum(axis=1), 1, atol=1e-9)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"quarters": 37}, r"up to 2013Q1, but the forecast may know none after 2012Q4"),
        ({"change": (5, 1)}, "was fitted to another record than this coding gives"),
        ({"mark": "0123456789abcdef"}, "was fitted to a long game that has been changed since"),
        ({"lens": "high"}, "was fitted under the lens high, not mixed; give --lens high"),
        ({"names": ["price", "walls_hurt", "court_cost", "mind", "other"]}, "has no draws of effort: it was made with"),
    ],
)
def test_a_fit_that_must_not_be_used_is_refused(case, drawn, tmp_path, changes, told):
    """Later quarters, another record, lens or game: one error each, before anything is solved."""
    given = {"quarters": 36, "names": drawn[0], **changes}
    path = save(tmp_path / "fit.nc", case, given.pop("quarters"), drawn[1], given.pop("names"), **given)
    with pytest.raises(InputError, match=told):
        forecast_with(case, path)


def test_a_case_s_own_fit_is_used_where_it_can_be(case, drawn, tmp_path):
    """Without --fit: the folder's fit, from dates at which it knows no more than the forecast; else quick, with why."""
    folder = tmp_path / "case"
    shutil.copytree(case, folder)
    options = Options(2, points=3, draws=6, paths=300, fit="auto")
    game = load_case(folder).long.game
    assert make_forecast(folder, game, FROM, options).draws.method.startswith("quick")
    (folder / "fit").mkdir()
    save(folder / STORED_FIT, folder, 36, drawn[1], drawn[0])
    found = make_forecast(folder, game, FROM, options)
    assert (found.draws.method, found.unread) == ("draws of posterior.nc (NUTS)", "")
    before = make_forecast(folder, game, dt.date(2012, 7, 1), options)
    assert before.draws.method.startswith("quick")
    assert "the forecast may know none after 2012Q2" in before.unread
    assert any("was not used" in line for line in about(before))


def test_what_is_no_fit_is_refused(case, tmp_path):
    """A file of another kind, or none."""
    told = "no such file; expected auto, quick, sequential, file, or a fit saved by doubletalk fit"
    with pytest.raises(InputError, match=told):
        forecast_with(case, tmp_path / "none.nc")
    (tmp_path / "text.nc").write_text("hello", encoding="utf-8")
    with pytest.raises(InputError, match="is no saved fit"):
        forecast_with(case, tmp_path / "text.nc")


def test_the_file_s_coefficients_need_no_fit(case):
    """`--fit file` has one draw, that of the game file, and a band without width."""
    game = load_case(case).long.game
    found = make_forecast(case, game, FROM, replace(Options(4, points=3, draws=6, paths=300), fit="file"))
    np.testing.assert_allclose(found.draws.coefficients[0], game.values)
    for quantity in found.prediction.quantities:
        np.testing.assert_allclose(quantity.low, quantity.high, atol=1e-9)
