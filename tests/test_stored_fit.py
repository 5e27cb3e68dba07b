"""A fit that a case folder holds: made by the sampler, stored thinned, read by a study, refused for another record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("jax")
pytest.importorskip("numpyro")

from lens_case import write_case

from doubletalk.case.loading import load_case
from doubletalk.case.posterior_study import coded_records, store_case_fit
from doubletalk.case.study import study
from doubletalk.errors import InputError
from doubletalk.lenses.evidence import evidence_of
from doubletalk.longgame.coordinates import with_priors_scaled
from doubletalk.longgame.fitted import STORED_FIT
from doubletalk.longgame.fitting_run import Request, fit_case
from doubletalk.longgame.parts import Plan
from doubletalk.longgame.place import long_game_in
from doubletalk.report.html import page_content
from doubletalk.report.page import page_html


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """The small case with a fit in it, and the fit itself."""
    folder = write_case(tmp_path_factory.mktemp("doors"))
    target = folder.parent / f"{folder.name}.nc"
    asked = Request(folder, plan=Plan(chains=2, warmup=60, draws=400), prior_draws=0)
    fitted = fit_case(asked, target.with_name("parts"), workers=0)
    fitted.write(target)
    store_case_fit(folder, target, "coding.yaml")
    return folder, target, fitted, study(folder, flips="none", long="none")


def test_what_is_stored_says_how_the_whole_fit_stood(stored) -> None:
    """250 draws of each chain are kept; R-hat and effective draws are those of all 400."""
    import arviz as az

    folder, _, fitted, found = stored
    kept = az.from_netcdf(str(folder / STORED_FIT))
    assert kept.posterior.sizes["draw"] == 250
    assert sorted(kept.groups()) == ["log_likelihood", "observed_data", "posterior"]
    rows = fitted.diagnosis.rows
    assert kept.attrs["most_rhat"] == f"{max(row.rhat for row in rows):.4f}"
    saved = found.evidence.saved
    least = min(min(row.ess_bulk, row.ess_tail) for row in rows)
    assert f"at least {least:.0f} effective draws" in saved.words
    assert saved.converged
    whole = np.asarray(fitted.data.posterior["prize"])
    places = np.round(np.linspace(0, 399, 250)).astype(int)
    assert np.array_equal(np.asarray(kept.posterior["prize"]), whole[:, places])


def test_a_study_takes_its_evidence_from_it(stored) -> None:
    """The lens with either stance has the fit's marginal likelihood, near that of its own draws, and other priors and
    codings by reweighting, near fits of their own."""
    folder, _, fitted, found = stored
    compared = found.evidence.compared
    item = compared.evidence["mixed"]
    assert item.best[:2] == pytest.approx(fitted.bridged, abs=1e-4)
    assert item.trusted
    case = load_case(folder)
    game, records = case.long.game, coded_records(case)
    own = evidence_of("mixed", game, records[0].observed, draws=300, points=4, seed=3)
    assert abs(item.best[0] - own.log_evidence) < 4 * np.hypot(item.best[1], own.error)
    rows = {(row.kind, row.value): row for row in compared.variations if row.lens == "mixed"}
    others = {
        ("priors", "0.5"): (with_priors_scaled(game, 0.5), records[0]),
        ("coding", records[1].coding): (game, records[1]),
        ("belief", "0.25"): (replace(game, belief=0.25), records[0]),
    }
    for key, (changed, record) in others.items():
        again = evidence_of("mixed", changed, record.observed, draws=300, points=4, seed=4)
        row = rows[key]
        assert row.method == "reweighting"
        assert abs(row.log_evidence - again.log_evidence) < 4 * np.hypot(row.error, again.error) + 0.1
    page = page_html(page_content(found))
    assert "by bridge sampling, from the saved fit" in page
    assert "are from the saved fit posterior.nc: NUTS, 800 draws in 2 chains" in page


def test_a_fit_of_another_record_is_not_read(stored, tmp_path: Path) -> None:
    """A study of a changed chronicle fits the record itself and says why; to store such a fit is an error."""
    folder, target, _, _ = stored
    other = write_case(tmp_path)
    (other / "fit").mkdir()
    (other / STORED_FIT).write_bytes((folder / STORED_FIT).read_bytes())
    lines = (other / "chronicle.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if "-eu-sanction-" not in line or line.startswith("2008")]
    assert len(kept) < len(lines)
    (other / "chronicle.csv").write_text("\n".join(kept) + "\n", encoding="utf-8")
    found = study(other, flips="none", long="none").evidence
    assert found.saved is None
    assert "a fit of another record: moves of west are not those of coding" in found.unread
    assert found.compared.evidence["mixed"].bridged is None
    with pytest.raises(InputError, match="a fit of another record"):
        store_case_fit(other, target, "coding.yaml")


def test_the_long_game_is_the_file_that_the_case_names(tmp_path: Path) -> None:
    """Whatever it is called; without one the error says what to write."""
    folder = write_case(tmp_path)
    assert long_game_in(folder).file == folder / "long.yaml"
    (folder / "case.yaml").unlink()
    with pytest.raises(InputError, match=r"no file longgame.yaml; name one with longgame: in case.yaml"):
        long_game_in(folder)
    (folder / "longgame.yaml").write_bytes((folder / "long.yaml").read_bytes())
    assert long_game_in(folder) == (folder / "longgame.yaml", "")


def test_a_quick_fit_of_the_same_record(stored, tmp_path: Path) -> None:
    """``--quick`` ends with draws resampled by their weights, whose means are those of the sampler's within errors."""
    folder, _, fitted, _ = stored
    quick = fit_case(Request(folder, plan=Plan(seed=2), quick=True, prior_draws=0), tmp_path / "none")
    assert quick.diagnosis is None
    assert quick.settled
    assert quick.chains.u.shape == (1, 200, 3)
    assert not (tmp_path / "none").exists()
    weighted = quick.weighted
    mean = weighted.mean(weighted.u)
    spread = np.sqrt(weighted.mean((weighted.u - mean) ** 2))
    assert np.all(np.abs(quick.chains.u[0].mean(axis=0) - mean) < 0.35 * spread)
    own = fitted.chains.u.reshape(-1, 3)
    assert np.all(np.abs(own.mean(axis=0) - mean) < 0.35 * spread)
    quick.write(tmp_path / "quick.nc")
    assert (tmp_path / "quick.nc").is_file()
