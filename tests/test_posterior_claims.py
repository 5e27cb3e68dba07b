"""Claims about the fitted long game: their language, and answers against numbers worked out by hand."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

jax = pytest.importorskip("jax")
pytest.importorskip("h5netcdf")
xarray = pytest.importorskip("xarray")

from lens_case import write_case  # noqa: E402

from doubletalk.case import study as study_module  # noqa: E402
from doubletalk.case.finding import find_case  # noqa: E402
from doubletalk.case.language import ClaimError  # noqa: E402
from doubletalk.case.loading import load_case  # noqa: E402
from doubletalk.case.posterior_claims import Findings, answer_posterior  # noqa: E402
from doubletalk.case.posterior_fit import read_fit  # noqa: E402
from doubletalk.case.posterior_language import check_posterior, parse_posterior  # noqa: E402
from doubletalk.case.study import StudyResult, study  # noqa: E402
from doubletalk.errors import DoubletalkError, InputError  # noqa: E402
from doubletalk.lenses.declaration import Lens, Lenses  # noqa: E402
from doubletalk.lenses.evidence import Draws, LensEvidence  # noqa: E402
from doubletalk.lenses.future import FutureScores  # noqa: E402
from doubletalk.longgame.fitting import QuickFit  # noqa: E402
from doubletalk.longgame.stance import stance_over_time  # noqa: E402
from doubletalk.report.html import page_content  # noqa: E402
from doubletalk.report.page import page_html  # noqa: E402

NAMES = {
    "lenses": ("mixed", "captive"), "stances": ("captive", "hedger"), "coefficients": ("pain", "pride"),
    "actors": ("client", "west"), "quarters": ("2019Q4", "2020Q1"),
}  # fmt: skip


# ---- the language ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "told", "near"),
    [
        ("P(hegder at 2020Q1) > 1/2", r"unknown stance 'hegder'; did you mean 'hedger'", "hegder"),
        ("P(hedger at 2020Q5) > 1/2", r"unknown quarter '2020Q5'; did you mean '2020Q1'", "2020Q5"),
        ("P(hedger at) > 1/2", "expected a quarter such as 2020Q2", ")"),
        ("P(hedger at 2020Q1 with insight) > 1/2", "'hindsight' after 'with'", "insight"),
        ("P(coefficient pane > 0) > 1/2", r"unknown coefficient 'pane'; did you mean 'pain'", "pane"),
        ("P(pain > 0) > 1/2", "or 'coefficient' and a name", "pain > 0"),
        ("P(coefficient pain) > 1/2", "expected a comparison", ")"),
        ("P(2 > 1) > 1/2", "compares two numbers", "P("),
        ("mean(2) > 1", "the mean of a number", "mean"),
        ("evidence(mxed) > evidence(captive)", r"unknown lens 'mxed'; did you mean 'mixed'", "mxed"),
        ("lens mxed: mean(coefficient pain) > 1", r"unknown lens 'mxed'", "mxed"),
        ("score(mixed, wset) > 0", r"unknown actor 'wset'; did you mean 'west'", "wset"),
        ("probability(coefficient pain > 0) > 1", r"one of P\(\.\.\.\), mean\(\.\.\.\)", "probability"),
        ("evidence(mixed) = evidence(captive)", "no two equal numbers", "="),
        ("2 > 1", "compares two numbers", ""),
        ("evidence(mixed) > evidence(captive) > 1", "the end of the statement", "> 1"),
    ],
)
def test_a_wrong_statement_points_at_the_character(statement: str, told: str, near: str) -> None:
    """The complaint says what was expected, with the nearest name, and where."""
    source = f"posterior: {statement}"
    with pytest.raises(ClaimError, match=told) as caught:
        check_posterior(source, **NAMES)
    if near:
        assert source[caught.value.at :].startswith(near)


def test_what_is_read_is_what_was_written() -> None:
    """Lens, stance, quarter, hindsight, sums of coefficients, actors' scores."""
    parsed = parse_posterior(
        "posterior: lens captive: P(hedger at 2020Q1 with hindsight) - mean(2*coefficient pain) >= score(mixed, west)"
    )
    stance, mean, score = parsed.quantities()
    assert (parsed.lens, parsed.sign) == ("captive", ">=")
    assert (stance.name, stance.quarter, stance.hindsight) == ("hedger", "2020Q1", True)
    assert mean.kind == "mean"
    assert (score.name, score.actor) == ("mixed", "west")
    assert parse_posterior("posterior: P('a b' at 'year 3') > 0").quantities()[0].quarter == "year 3"


# ---- answers ---------------------------------------------------------------------------------------------------------


def evidence_of(name: str, seed: int, level: float, *, settled: bool = True, k: float = 0.3) -> LensEvidence:
    """A lens with 400 made-up weighted draws of two coefficients and of beliefs over two quarters."""
    random = np.random.default_rng(seed)
    free = random.normal([0.5, -0.2], 1.0, size=(400, 2))
    logs = random.normal(level, 0.3, size=400)
    beliefs = random.uniform(0.3, 0.6, size=(400, 3))
    zero = np.zeros(2)
    fit = QuickFit(("pain", "pride"), zero, zero, zero, 0.0, 0.0, level, 0.0, 0.0, True, 1, zero, zero, zero,
                   np.eye(2), 0.0 if settled else 1.0)  # fmt: skip
    draws = Draws(("pain", "pride"), free, free, logs, logs, np.zeros((400, 0)), np.zeros((400, 2, 2)), beliefs)
    mean = float(np.log(np.exp(logs).mean()))
    error = float(np.exp(logs - mean).std(ddof=1) / 20)
    return LensEvidence(name, ("pain", "pride"), 2, fit, draws, mean, error, 390.0, k)


@pytest.fixture(scope="module")
def found() -> Findings:
    """Two lenses with draws, one without, and scores."""
    case = load_case(find_case("belarus"))
    game = replace(case.long.game, hazard=(0.01, 0.02))
    coefficients = tuple(
        replace(c, name=name) for c, name in zip(game.coefficients[:2], ("pain", "pride"), strict=True)
    )
    game = replace(game, coefficients=coefficients)
    lenses = Lenses("", (Lens("captive", stance="captive"), Lens("mixed"), Lens("bare")))
    evidence = {"captive": evidence_of("captive", 1, -3.0), "mixed": evidence_of("mixed", 2, -2.0),
                "bare": replace(evidence_of("bare", 3, -2.0), draws=None)}  # fmt: skip
    scores = FutureScores(np.arange(2), np.array([[-1.0, -2.0, -1.0], [-1.5, -0.5, 0.0]]), np.zeros(2), (0,),
                          np.array([0.1, 0.2, 0.1, 0.3]))  # fmt: skip
    return Findings(game, lenses, ("2019Q4", "2020Q1"), evidence, {"mixed": scores})


def weighted(item: LensEvidence, values: np.ndarray) -> tuple[float, float]:
    """A self-normalised mean and its error, written out."""
    weights = item.draws.weights()[0]
    mean = (weights * values).sum()
    return float(mean), float(np.sqrt((weights**2 * (values - mean) ** 2).sum()))


def agree(value: float, error: float, exact: tuple[float, float]) -> None:
    """The same mean, and the same error but for the degree of freedom."""
    assert abs(value - exact[0]) < 1e-9
    assert abs(error / exact[1] - 1) < 3e-3


def test_numbers_are_weighted_means_with_their_errors(found: Findings) -> None:
    """Probabilities, means and stances equal the sums written out; errors of two quantities of one lens are joined."""
    item = found.evidence["mixed"]
    pain, pride = item.draws.free.T
    share = answer_posterior("posterior: P(coefficient pain + 1/2*coefficient pride > 0.1) > 1/2", found)
    agree(share.left, share.left_error, weighted(item, pain + pride / 2 > 0.1))
    mean = answer_posterior("posterior: mean(coefficient pain*coefficient pride) < mean(coefficient pain)", found)
    agree(mean.difference, mean.difference_error, weighted(item, pain * pride - pain))
    over = stance_over_time(item.draws.beliefs, found.game.hazard)
    then = answer_posterior("posterior: P(captive at 2020Q1) > 1/2", found)
    agree(then.left, then.left_error, weighted(item, 1 - over.then[:, 1]))
    later = answer_posterior("posterior: P(hedger at 2019Q4 with hindsight) > P(hedger at 2019Q4)", found)
    assert np.allclose(later.difference, weighted(item, over.hindsight[:, 0] - over.then[:, 0])[0], rtol=1e-9)


def test_evidence_of_two_lenses_has_independent_errors(found: Findings) -> None:
    """The difference of two log marginal likelihoods has the root of the sum of both squared errors."""
    one, other = found.evidence["mixed"], found.evidence["captive"]
    told = answer_posterior("posterior: evidence(mixed) > evidence(captive) + 1/2", found)
    assert told.answer == "yes"
    assert abs(told.difference - (one.log_evidence - other.log_evidence - 0.5)) < 1e-9
    assert abs(told.difference_error / np.hypot(one.error, other.error) - 1) < 0.01
    assert answer_posterior("posterior: evidence(mixed) < evidence(captive)", found).answer == "no"
    level = one.log_evidence - other.log_evidence
    near = answer_posterior(f"posterior: evidence(mixed) > evidence(captive) + {level:.4f}", found)
    assert near.answer == "undecided"


def test_a_lens_of_one_stance_knows_it(found: Findings) -> None:
    """Under a stance known to all its probability is one; scores have the error of their draws."""
    assert answer_posterior("posterior: lens captive: P(captive at 2020Q1) > 0.99", found).answer == "yes"
    score = answer_posterior("posterior: score(mixed) > score(mixed, kremlin) - 10", found)
    assert abs(score.left - (-6.0)) < 1e-12
    assert abs(score.left_error - 0.3) < 1e-12
    assert abs(score.right - (-11.0)) < 1e-12


def test_what_cannot_be_believed_is_not_decided(found: Findings) -> None:
    """A fit that did not settle, or weights with a heavy tail, leave the answer open and say why."""
    for changed, told in (
        (evidence_of("mixed", 2, -2.0, settled=False), "did not settle"),
        (evidence_of("mixed", 2, -2.0, k=0.9), "Pareto k 0.90"),
        (replace(evidence_of("mixed", 2, -2.0), effective=6.0), "only 6 effective draws"),
    ):
        broken = replace(found, evidence={**found.evidence, "mixed": changed})
        answer = answer_posterior("posterior: P(coefficient pain > -9) > 1/2", broken)
        assert answer.answer == "undecided"
        assert told in answer.words
    with pytest.raises(DoubletalkError, match="nothing was drawn under the lens 'bare'"):
        answer_posterior("posterior: evidence(bare) > -9", found)
    with pytest.raises(DoubletalkError, match="no leave-future-out score"):
        answer_posterior("posterior: score(bare) > -9", found)


def test_a_share_of_all_draws_has_an_error(found: Findings) -> None:
    """Where every draw agrees the error is one over the effective number of draws, not nought."""
    told = answer_posterior("posterior: P(coefficient pain < 99) > 1/2", found)
    assert told.left == pytest.approx(1.0)
    assert told.left_error == pytest.approx(1 / 390.0)


# ---- in a case -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> StudyResult:
    """The small case studied with its record fitted."""
    folder = write_case(tmp_path_factory.mktemp("doors"))
    return study(folder, flips="none", long="none")


def test_claims_are_answered_in_the_study(doors: StudyResult) -> None:
    """Each claim has an answer with its approximation, or the reason why not."""
    answers = {item.claim.id: item for item in doors.claims}
    assert answers["liked"].posterior_answer.answer in ("yes", "no", "undecided")
    assert "draws under 'mixed'" in answers["priced"].posterior_answer.method
    assert answers["idle"].cannot == "under the lens 'bare' the coefficient 'prize' is held or plays no part"


def test_the_section_holds_what_was_found(doors: StudyResult) -> None:
    """Its first line says that it is approximate; lenses, quarters and coefficients are there, with links to events."""
    content = page_content(doors)
    page = page_html(content)
    section = page[page.index('<section id="evidence"') :].split("<section id")[1]
    text = re.sub(r"<[^>]+>", "", section)
    first = "Importance sampling, 400 draws (200 where the stance may be either) around the mode"
    assert text.split("Approximate.")[1].strip().startswith(first)
    assert "both have as many free coefficients" in text
    assert "has 2 free coefficients more than" in text
    assert len(re.findall(r'class="chart (?:wide|narrow)"', section)) == 2
    assert 'href="https://example.org/2' in section
    assert "Of those under mixed" in text
    evidence = doors.evidence
    assert [row.name for row in evidence.coefficients] == ["cost", "prize", "mind"]
    assert len(evidence.stance) == 28
    for row in evidence.stance:
        assert row.low <= row.high
        assert 0 <= row.hindsight <= 1
    moved = sorted(evidence.stance, key=lambda row: -abs(row.shift))[:6]
    assert all(row.quarter in text for row in moved)
    assert np.isnan(evidence.coefficients[0].positive)  # half-normal: of one sign by its prior
    assert 0 <= evidence.coefficients[1].positive <= 1


def test_the_posterior_is_between_what_the_draws_say(doors: StudyResult) -> None:
    """Medians lie in their intervals, and the stance's mean is that of the weighted draws."""
    evidence = doors.evidence
    for row in evidence.coefficients:
        assert row.low < row.median < row.high
    draws = evidence.compared.evidence["mixed"].draws
    weights = draws.weights()[0]
    over = stance_over_time(draws.beliefs, (0.02, 0.03))
    assert abs(evidence.stance[5].then - float(weights @ over.then[:, 5])) < 1e-12


def test_without_fitting_the_claims_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``evidence="none"`` and a missing jax both leave one line in the report, and the reason on every claim."""
    write_case(tmp_path)
    left = study(tmp_path, flips="none", long="none", evidence="none")
    assert {item.cannot for item in left.claims} == {"not asked: the study was told not to fit the record"}
    assert "The record was not fitted: not asked" in page_html(page_content(left))
    monkeypatch.setattr(study_module, "needs_jax", lambda: "jax is not installed")
    assert study(tmp_path, flips="none").evidence.missing == "jax is not installed"
    with pytest.raises(InputError, match="expected one of quick, none"):
        study(tmp_path, evidence="nuts")


def test_a_wrong_claim_is_found_when_the_case_is_read(tmp_path: Path) -> None:
    """The file, the line and the nearest name."""
    write_case(tmp_path)
    place = tmp_path / "claims.yaml"
    place.write_text(place.read_text().replace("coefficient cost", "coefficient cots"), encoding="utf-8")
    with pytest.raises(InputError, match=r"claims.yaml:5: claim 'priced': unknown coefficient 'cots'; did you mean"):
        load_case(tmp_path)


def test_both_sides_ask_the_posterior_alike() -> None:
    """As many claims of the one side as of the other; those that are read both ways are there twice."""
    case = load_case(find_case("belarus"))
    asked = [claim for claim in case.claims if claim.kind == "posterior"]
    count = {side: sum(claim.who == side for claim in asked) for side in ("article", "reply")}
    assert count["article"] == count["reply"] == 6
    assert all(claim.of and claim.source for claim in asked)
    ids = {claim.id for claim in asked}
    pointed = [re.search(r"counterpart of ([a-z0-9-]+)", claim.note or "") for claim in asked]
    assert all(match is None or match[1] in ids for match in pointed)
    assert sum(match is not None for match in pointed) == 10


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("P(hedger at 2012Q1) > 1/2", "P(captive at 2012Q1) > 1/2"),
        ("P(coefficient mind > 0) > 1/2", "P(coefficient mind <= 0) > 1/2"),
        ("P(coefficient cost > coefficient prize) > 1/2", "P(coefficient prize > coefficient cost) > 1/2"),
        ("evidence(hedger) > evidence(bare)", "evidence(bare) > evidence(hedger)"),
    ],
)
def test_a_comparison_read_both_ways_gets_opposite_answers(doors: StudyResult, one: str, other: str) -> None:
    """One number cannot favour both readers: the answers are yes and no, or both are open."""
    compared = doors.evidence.compared
    found = Findings(compared.game, compared.lenses, compared.record.quarters, compared.evidence)
    answers = [answer_posterior(f"posterior: {statement}", found) for statement in (one, other)]
    opposite = {"yes": "no", "no": "yes", "undecided": "undecided"}
    assert answers[0].answer == opposite[answers[1].answer]
    assert abs(answers[0].difference_error - answers[1].difference_error) < 1e-9
    if "P(" in one:
        assert abs(answers[0].left + answers[1].left - 1) < 1e-9


# ---- a saved fit -----------------------------------------------------------------------------------------------------


def saved_file(path: Path, case, *, lens: str = "mixed", shift: float = 0.0, drop: str = "", quarters=None) -> Path:
    """A fit as ``doubletalk fit`` writes it: 4 chains of 100 independent draws."""
    random, size = np.random.default_rng(6), (4, 100)
    names = quarters or [f"{year}Q{quarter}" for year in range(2008, 2015) for quarter in range(1, 5)]
    periods = len(names)
    posterior = {name: (("chain", "draw"), random.normal(level, 1.0, size) + shift * np.arange(4)[:, None])
                 for name, level in (("cost", 1.0), ("prize", 0.5), ("mind", -0.2))}  # fmt: skip
    posterior["belief"] = (("chain", "draw", "quarter"), random.uniform(0.3, 0.6, (*size, periods)))
    posterior["belief_after_last"] = (("chain", "draw"), random.uniform(0.3, 0.6, size))
    posterior.pop(drop, None)
    terms = {name: (("chain", "draw", "quarter"), random.normal(-1, 0.1, (*size, periods)))
             for name in ("client", "west")}  # fmt: skip
    at = {"quarter": list(names)}
    digest = hashlib.sha256(Path(case.long.game.path).read_bytes()).hexdigest()[:16]
    told = {"method": "NUTS", "lens": lens, "sha256 of longgame.yaml": digest}
    xarray.Dataset(attrs=told).to_netcdf(path, engine="h5netcdf")
    xarray.Dataset(posterior, coords=at).to_netcdf(path, group="posterior", mode="a", engine="h5netcdf")
    xarray.Dataset(terms, coords=at).to_netcdf(path, group="log_likelihood", mode="a", engine="h5netcdf")
    return path


def test_a_saved_fit_speaks_for_coefficients_and_stance(doors: StudyResult, tmp_path: Path) -> None:
    """Means are those of the file's draws, errors those of its effective draws; evidence stays with the lens's own."""
    case, compared = doors.case, doors.evidence.compared
    place = saved_file(tmp_path / "fit.nc", case)
    quarters = compared.record.quarters
    saved = read_fit(place, case.long.game, case.lenses.named("mixed"), ("cost", "prize", "mind"), quarters)
    assert saved.converged
    assert saved.words.startswith("NUTS, 4 chains of 100 draws, R-hat at most ")
    own = Findings(compared.game, compared.lenses, quarters, compared.evidence)
    found = replace(own, saved={"mixed": saved})
    told = answer_posterior("posterior: mean(coefficient prize) > 0", found)
    assert abs(told.left - saved.draws.free[:, 1].mean()) < 1e-12
    plain = saved.draws.free[:, 1].std(ddof=1) / 20
    assert 0.99 < told.left_error / plain < 1.4
    assert "fit.nc under 'mixed' (NUTS" in told.method
    stance = answer_posterior("posterior: P(hedger at 2014Q4) > 0.99", found)
    over = stance_over_time(saved.draws.beliefs, (0.02, 0.03))
    assert abs(stance.left - over.then[:, -1].mean()) < 1e-12
    for statement in ("evidence(mixed) > evidence(hedger)", "lens hedger: mean(coefficient prize) > 0"):
        here, there = (answer_posterior(f"posterior: {statement}", each) for each in (own, found))
        assert here.difference == there.difference
        assert abs(here.difference_error / there.difference_error - 1) < 1e-3


def test_chains_that_disagree_leave_the_answer_open(doors: StudyResult, tmp_path: Path) -> None:
    """A fit whose chains lie apart has not converged, and says so instead of answering."""
    case, compared = doors.case, doors.evidence.compared
    place = saved_file(tmp_path / "fit.nc", case, shift=3.0)
    quarters = compared.record.quarters
    saved = read_fit(place, case.long.game, case.lenses.named("mixed"), ("cost", "prize", "mind"), quarters)
    assert not saved.converged
    found = Findings(compared.game, compared.lenses, quarters, compared.evidence, saved={"mixed": saved})
    told = answer_posterior("posterior: mean(coefficient cost) > -99", found)
    assert told.answer == "undecided"
    assert "has not converged" in told.words


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"lens": "hedger"}, "a fit under 'hedger'; expected one under 'mixed'"),
        ({"drop": "mind"}, "the variable 'mind' is missing"),
        ({"quarters": ["2008Q1", "2008Q2"]}, "a fit of the quarters 2008Q1 to 2008Q2; the record has 2008Q1 to 2014Q4"),
    ],
)
def test_a_fit_of_something_else_is_refused(doors: StudyResult, tmp_path: Path, changed: dict, told: str) -> None:
    """Another lens, a lacking coefficient, other quarters; a file that is no fit; a game changed since."""
    case, quarters = doors.case, doors.evidence.compared.record.quarters
    given = (case.long.game, case.lenses.named("mixed"), ("cost", "prize", "mind"), quarters)
    with pytest.raises(InputError, match=told):
        read_fit(saved_file(tmp_path / "fit.nc", case, **changed), *given)
    (tmp_path / "no.nc").write_text("no fit")
    with pytest.raises(InputError, match="is no saved fit"):
        read_fit(tmp_path / "no.nc", *given)


def test_a_fit_of_an_older_game_is_refused(tmp_path: Path) -> None:
    """The fingerprint of the long game's file in the fit has to be that of the file."""
    case = load_case(write_case(tmp_path))
    place = saved_file(tmp_path / "fit.nc", case)
    (tmp_path / "long.yaml").write_text((tmp_path / "long.yaml").read_text() + "\n")
    quarters = [f"{year}Q{quarter}" for year in range(2008, 2015) for quarter in range(1, 5)]
    with pytest.raises(InputError, match="has been changed since"):
        read_fit(place, case.long.game, case.lenses.named("mixed"), ("cost",), quarters)
