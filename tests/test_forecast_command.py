"""The command ``forecast`` and the report's section: files, errors, interruption, what is stale."""

from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest

jax = pytest.importorskip("jax")

from forecast_case import HEAD, deeds, make_case  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from doubletalk.case.study import study  # noqa: E402
from doubletalk.cli import app  # noqa: E402
from doubletalk.errors import InputError  # noqa: E402
from doubletalk.evidence.coding import coded_record  # noqa: E402
from doubletalk.forecast import evaluate  # noqa: E402
from doubletalk.report.forecast_data import fans  # noqa: E402
from doubletalk.report.html import page_content  # noqa: E402
from doubletalk.report.sections.forecast import forecast as forecast_section  # noqa: E402

PROCESS = "forecast"
FAST = ["--draws", "12", "--paths", "768", "--beliefs", "3"]
ROLL = ["--draws", "12", "--paths", "192", "--beliefs", "3"]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small case, its chronicle from 2003 to 2015."""
    return make_case(tmp_path_factory.mktemp("case"), deeds(2003, 2016, 1))


def test_the_command_writes_what_it_says(case, tmp_path):
    """JSON, CSV and figures agree; a forecast inside the record is scored by the record; panels read back."""
    out = tmp_path / "out"
    ask = ["forecast", str(case), "--from", "2013-02-05", "--quarters", "3", *FAST, "--out", str(out)]
    run = CliRunner().invoke(app, ask)
    assert run.exit_code == 0, run.output
    assert "2013Q1 had begun on 2013-02-05" in run.output
    assert "Scored over 2013Q1, 2013Q2, 2013Q3" in run.output
    content = json.loads((out / "forecast.json").read_text())
    rows = list(csv.DictReader(io.StringIO((out / "forecast.csv").read_text())))
    assert len(rows) == len(content["forecast"]) == 3 * (4 + 2 + 2 + 3 + 2 + 2 + 2)
    assert [float(r["probability"]) for r in rows] == [r["probability"] for r in content["forecast"]]
    assert sum(r["came"] == "1" for r in rows) == 3 * 7
    panels = fans(content)
    assert [p.title for p in panels] == [
        "client: deed", "client: message", "west", "fear, at the end of the quarter",
        "walls, at the end of the quarter", "luck",
    ]  # fmt: skip
    coded = coded_record(case)
    at = coded.quarters.index("2012Q4")
    assert panels[2].past["2012Q4"] == coded.moves["west"][coded.chosen[at, 1]]
    assert panels[3].past["2012Q4"] == coded.variables["fear"][coded.levels[at + 1, 0]]
    assert panels[3].came["2013Q1"] == coded.variables["fear"][coded.levels[at + 2, 0]]
    assert {p.name for p in out.iterdir()} == {
        "forecast.json", "forecast.csv", "forecast.svg", "forecast.png", "forecast.html", "scores.csv",
        "state-scores.csv", "calibration.csv",
    }  # fmt: skip
    scores = {(r["forecaster"], r["actor"]) for r in content["scores"]["rows"]}
    assert scores == {(f, a) for f in ("long game", "base rates", "Markov chain", "multinomial logit")
                      for a in ("client", "west", "all actors")}  # fmt: skip


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        (["--from", "soon"], 2, "expected a date as YYYY-MM-DD"),
        (["--format", "cameo"], 2, "goes with --score"),
        (["--rolling", "--from", "2013-01-01"], 2, "does not go with --rolling"),
        (["--rolling", "--first", "2004Q2"], 1, "leaves 1 coded quarters"),
        (["--lens", "lo"], 1, "unknown lens 'lo'; did you mean 'low'"),
        (["--fit", "fast"], 1, "no such file; expected auto, quick, sequential, file, or a fit saved"),
        (["--quarters", "0"], 1, "quarters: found 0, expected 1 to 80"),
        (["--figure", "x.pdf"], 1, r"found the ending '\.pdf'"),
    ],
)
def test_bad_commands_are_told_what_is_wrong(case, options, code, told):
    """One error with what was found and what was expected, before anything is fitted."""
    run = CliRunner().invoke(app, ["forecast", str(case), *FAST, *options])
    assert run.exit_code == (code if code == 2 else 1)
    assert re.search(told, run.output + str(run.exception)), run.output


def test_later_events_are_read_before_anything_is_fitted(case, tmp_path, monkeypatch):
    """A file that cannot score costs no fit."""
    monkeypatch.setattr("doubletalk.forecast.case_forecast.make_forecast", None)
    later = tmp_path / "later.csv"
    later.write_text(HEAD + "n1,2016-01-03,day,BLR,EU,cuort,2,Text,,,recalled\n")
    run = CliRunner().invoke(app, ["forecast", str(case), "--score", str(later)])
    assert run.exit_code == 1
    assert "did you mean 'court'?" in str(run.exception)


def test_rolling_by_command_is_kept_and_gone_on_with(case, tmp_path, monkeypatch):
    """Interrupted after the first block it keeps it; asked again it ends with what it would have been at once."""
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    ask = ["forecast", str(case), "--rolling", "--first", "2014Q1", "--quarters", "3", *ROLL]
    assert CliRunner().invoke(app, [*ask, "--out", str(whole)]).exit_code == 0
    real = evaluate.rolling_blocks

    def once(*given, **options):
        yield next(iter(real(*given, **options)))
        raise KeyboardInterrupt

    monkeypatch.setattr(evaluate, "rolling_blocks", once)
    run = CliRunner().invoke(app, [*ask, "--out", str(cut)])
    assert run.exit_code == 130
    assert not json.loads((cut / "rolling.json").read_text())["complete"]
    monkeypatch.setattr(evaluate, "rolling_blocks", real)
    run = CliRunner().invoke(app, [*ask, "--out", str(cut)])
    assert run.exit_code == 0
    assert re.search(r"\d origins are in", run.output)
    assert "120 particles in 12 chains" in " ".join(run.output.split())
    assert (cut / "rolling.json").read_text() == (whole / "rolling.json").read_text()
    content = json.loads((whole / "rolling.json").read_text())
    assert sum(len(b["origins"]) for b in content["blocks"]) == 8
    assert not (cut / "rolling-particles.npz").exists()
    run = CliRunner().invoke(app, [*ask, "--seed", "2", "--every", "4", "--out", str(cut)])
    assert "--every is no longer used" in run.output
    assert "was made from another record, game or options" in run.output


def test_the_report_shows_stored_forecasts_and_says_when_they_are_stale(case, tmp_path):
    """The study reads them from the case folder; after a change of the record the section says that they are stale."""
    folder = make_case(tmp_path, (case / "chronicle.csv").read_text().split("\n", 1)[1])
    out = ["--out", str(folder / "forecast")]
    assert CliRunner().invoke(app, ["forecast", str(folder), "--quarters", "3", *FAST, *out]).exit_code == 0
    ask = ["forecast", str(folder), "--rolling", "--first", "2014Q1", "--quarters", "3", *ROLL, *out]
    assert CliRunner().invoke(app, ask).exit_code == 0
    section = forecast_section(page_content(study(folder, flips="none", long="none")))
    assert section is not None
    assert "How such forecasts have fared" in section.body
    assert "stale" not in section.body
    assert set(section.files) == {"forecast.csv", "forecast-scores.csv", "forecast-calibration.csv"}
    make_case(tmp_path, deeds(2003, 2016, 2))
    section = forecast_section(page_content(study(folder, flips="none", long="none")))
    assert section.body.count("is stale") == 2
    (folder / "forecast" / "rolling.json").write_text("{}", encoding="utf-8")
    with pytest.raises(InputError, match="is no stored forecast"):
        study(folder, flips="none", long="none")
