"""Files of lenses and ``doubletalk lenses`` as an analyst meets them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
import yaml

jax = pytest.importorskip("jax")

from lens_case import LENSES, write_case  # noqa: E402
from typer.testing import CliRunner  # noqa: E402

from doubletalk.case.finding import find_case  # noqa: E402
from doubletalk.case.loading import load_case  # noqa: E402
from doubletalk.cli import app  # noqa: E402
from doubletalk.errors import InputError  # noqa: E402
from doubletalk.lenses.reading import load_lenses  # noqa: E402
from doubletalk.lenses.restricting import directions, free_names, under  # noqa: E402


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small case, written once."""
    return write_case(tmp_path_factory.mktemp("doors"))


@pytest.mark.parametrize(
    ("old", "new", "line", "told"),
    [
        ("stance: hedger", "stance: hegder", 6, "lens 'hedger': stance: unknown stance 'hegder'; did you mean"),
        ("mind: {at", "mnd: {at", 11, r"lens 'bare': held: unknown coefficient 'mnd'; did you mean 'mind'"),
        ("at: 0, because: not named", "at: none, because: not named", 11, "expected a number"),
        ("at: 0, because: not named, ", "at: 0, ", 11, "the key 'because' is missing"),
        ("{half_normal: 2}", "{half_normal: -2}", 12, "scales and shapes above 0"),
        ("priors: {cost", "priors: {mind", 12, "'mind' is held, so it takes no prior"),
        ("source: book, sentence", "source: bok, sentence", 6, "unknown source 'bok'; did you mean 'book'"),
        ("who: me", "who: em", 6, "unknown side 'em'"),
        ("means: either", "means: either, belief: 2", 5, "a number from 0 to 1"),
        ("means: no prize", "means: no prize\n    belief: 0.3", 9, "goes with 'stance: either' only"),
        ("doubletalk_lenses: 1", "doubletalk_lenses: 2", 1, "expected 1, the version"),
        ("means: no prize", "mens: no prize", 8, "unknown key 'mens'; did you mean 'means'"),
    ],
)
def test_a_wrong_file_is_told_with_its_line(
    case: Path, tmp_path: Path, old: str, new: str, line: int, told: str
) -> None:
    """Every fault names the file, the line, and the nearest known word."""
    found = load_case(case)
    place = tmp_path / "lenses.yaml"
    assert old in LENSES
    place.write_text(LENSES.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError, match=told) as caught:
        load_lenses(place, found.long.game, ("book",), {"me": "Myself"})
    assert str(caught.value).startswith(f"{place}:{line}:")


def test_lenses_need_a_long_game(case: Path, tmp_path: Path) -> None:
    """A case without a long game takes no file of lenses."""
    write_case(tmp_path)
    text = (tmp_path / "case.yaml").read_text(encoding="utf-8")
    (tmp_path / "case.yaml").write_text(text.replace("longgame: long.yaml\n", "").replace("claims: claims.yaml\n", ""))
    with pytest.raises(InputError, match="lenses: goes with 'longgame'"):
        load_case(tmp_path)


def test_the_accounts_of_the_shipped_case_have_the_same_freedom() -> None:
    """Hedger and captive leave as many coefficients and directions open as each other; held ones have a reason."""
    case = load_case(find_case("belarus"))
    games = {lens.name: under(case.long.game, lens) for lens in case.lenses.lenses}
    free = {name: len(free_names(game)) for name, game in games.items()}
    assert free == {"mixed": 25, "hedger": 23, "captive": 23, "sejersen": 18}
    assert directions(games["hedger"]) == directions(games["captive"]) == 22
    for lens in case.lenses.lenses:
        assert lens.means
        assert all(len(item.because) > 20 and item.source for item in lens.held.values())
    assert {lens.who for lens in case.lenses.lenses} == {"", "article", "reply", "scholarship"}


def run(*words: str):
    """The command in this process."""
    return CliRunner().invoke(app, ["lenses", *words], env={"COLUMNS": "200"})


@pytest.fixture(scope="module")
def done(case: Path, tmp_path_factory: pytest.TempPathFactory):
    """One run with scores, and its folder."""
    folder = tmp_path_factory.mktemp("out")
    asked = ("--draws", "200", "--fewer", "80", "--origin", "2013Q4", "--chains", "20")
    return run(str(case), *asked, "--json", "--out", str(folder)), folder, asked


def test_the_command_writes_what_it_prints(done) -> None:
    """JSON on standard output is the file's; tables have a row for each lens, pair, variation and predicted quarter."""
    result, folder, _ = done
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)
    assert content == json.loads((folder / "lenses.json").read_text(encoding="utf-8"))
    rows = {path.name: list(csv.DictReader(io.StringIO(path.read_text()))) for path in folder.glob("lens-*.csv")}
    assert [row["lens"] for row in rows["lens-evidence.csv"]] == ["mixed", "hedger", "bare"]
    assert [row["free"] for row in rows["lens-evidence.csv"]] == ["3", "3", "1"]
    assert len(rows["lens-factors.csv"]) == 3
    assert len(rows["lens-scores.csv"]) == 3 * 5
    changed = {(row["changed"], row["to"]) for row in rows["lens-sensitivity.csv"]}
    assert changed == {("priors", "0.5"), ("priors", "2"), ("coding", "coding-strict"), ("belief", "0.25"),
                       ("belief", "0.75")}  # fmt: skip
    status = {(row["lens"], row["coefficient"]): row["status"] for row in rows["lens-restrictions.csv"]}
    assert status["bare", "mind"] == "held"
    assert status["bare", "prize"] == "idle"
    assert status["mixed", "prize"] == "free"
    assert all(float(row["monte_carlo_error"]) < 1 for row in rows["lens-evidence.csv"])
    for row in rows["lens-evidence.csv"]:
        error = np.hypot(float(row["sequential_error"]), float(row["monte_carlo_error"]))
        assert abs(float(row["sequential"]) - float(row["log_evidence"])) < 4 * error


def test_the_second_run_reads_what_is_kept_and_prints_tables(case: Path, done, monkeypatch) -> None:
    """With the same folder nothing is fitted; the view names method, freedom, words and paired scores."""
    from doubletalk.lenses import work

    def never(*given, **options):
        raise AssertionError("fitted again")

    monkeypatch.setattr(work, "evidence_of", never)
    monkeypatch.setattr(work, "stages", never)
    _, folder, asked = done
    again = run(str(case), *asked, "--out", str(folder))
    assert again.exit_code == 0, again.stderr
    words = " ".join(again.stdout.split())
    assert words.startswith("Importance sampling, 200 draws around the mode of each lens, on 4 points of belief")
    assert "hedger against bare" in words
    assert "hedger has 2 free coefficients more" in words
    assert "(paired)" in words
    assert "by the sequential run from which the scores are" in words
    assert "coding-strict" in words


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--lens", "hegder"), "unknown lens 'hegder'; did you mean 'hedger'"),
        (("--origin", "2013Q5"), "unknown quarter '2013Q5'"),
        (("--coding", "coding-strickt.yaml"), "coding-strickt.yaml"),
    ],
)
def test_wrong_words_are_told(case: Path, tmp_path: Path, given: tuple[str, ...], told: str) -> None:
    """A lens, quarter or coding that is not there is an error before any work, and nothing is written."""
    result = run(str(case), *given, "--out", str(tmp_path / "x"))
    assert isinstance(result.exception, InputError)
    assert told in str(result.exception)
    assert not (tmp_path / "x").exists()


def test_a_case_without_a_long_game_is_told(tmp_path: Path) -> None:
    """The command says what is missing."""
    write_case(tmp_path)
    text = (tmp_path / "case.yaml").read_text(encoding="utf-8")
    for line in ("longgame: long.yaml\n", "lenses: lenses.yaml\n", "claims: claims.yaml\n"):
        text = text.replace(line, "")
    (tmp_path / "case.yaml").write_text(text, encoding="utf-8")
    result = run(str(tmp_path))
    assert "the case has no long game" in str(result.exception)


def test_schema_and_reader_agree(case: Path, tmp_path: Path) -> None:
    """The shipped file and the small one satisfy the schema that the program prints; what it refuses is refused."""
    printed = CliRunner().invoke(app, ["schema", "lenses"])
    schema = jsonschema.Draft202012Validator(json.loads(printed.stdout))
    shipped = find_case("belarus") / "lenses.yaml"
    for text in (LENSES, shipped.read_text(encoding="utf-8")):
        assert list(schema.iter_errors(yaml.safe_load(text))) == []
    game = load_case(case).long.game
    place = tmp_path / "lenses.yaml"
    for old, new in (("because: not named, ", ""), ("{half_normal: 2}", "{half_norml: 2}"), ("means:", "mens:")):
        wrong = LENSES.replace(old, new, 1)
        place.write_text(wrong, encoding="utf-8")
        assert list(schema.iter_errors(yaml.safe_load(wrong)))
        with pytest.raises(InputError):
            load_lenses(place, game)
