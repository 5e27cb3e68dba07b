"""The long game in a study: claims against plain loops and exact numbers, policies weighed, the report's section."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

jax = pytest.importorskip("jax")

from typer.testing import CliRunner  # noqa: E402

from doubletalk.case import study as study_module  # noqa: E402
from doubletalk.case.language import ClaimError  # noqa: E402
from doubletalk.case.loading import load_case  # noqa: E402
from doubletalk.case.long_claims import answer_long, chain_happens, check_long_statement, estimate_of  # noqa: E402
from doubletalk.case.long_events import Names  # noqa: E402
from doubletalk.case.long_language import parse_long_statement  # noqa: E402
from doubletalk.case.study import StudyResult, study  # noqa: E402
from doubletalk.cli import app  # noqa: E402
from doubletalk.errors import InputError  # noqa: E402
from doubletalk.longgame import solving  # noqa: E402
from doubletalk.longgame.declaration import Counter, Policy, PolicyRule  # noqa: E402
from doubletalk.longgame.estimate import mean_of, ratio_of  # noqa: E402
from doubletalk.longgame.reading import long_game_from_text  # noqa: E402
from doubletalk.longgame.room import Room, Scene, Setting, worth_at_start  # noqa: E402
from doubletalk.longgame.solution import solve_long_game  # noqa: E402
from doubletalk.longgame.weighing import mechanisms, sensitivity, weigh  # noqa: E402
from doubletalk.report.html import page_content, write_report  # noqa: E402
from doubletalk.report.page import page_html  # noqa: E402
from doubletalk.report.sections.longgame import longgame  # noqa: E402

SMALL = """
doubletalk_longgame: 1
title: Small
period: quarter
discount: 0.8
beliefs: 3
informed: {actor: client, stances: {low: {leaves: 0.05}, high: {leaves: 0.05}}, belief: 1/2}
actors:
  client: {moves: [hold, strike]}
  west: {moves: [hold, punish, ease]}
states:
  fear: {levels: [calm, tense], rules: [{when: {client: strike}, up: 1/2}, {down: 1/4}]}
  walls: {levels: [none, some], rules: [{when: {west: punish}, up: 1}, {when: {west: ease}, down: 1}]}
  luck: {levels: [good, bad], markov: [[0.9, 0.1], [0.3, 0.7]]}
coefficients:
  gain: {value: 0.5, prior: {half_normal: 1}, means: striking pays where there is luck}
  price: {value: 1, prior: {half_normal: 1}, means: striking has a price}
  walls_hurt: {value: 0.7, prior: {normal: [0, 1]}, means: walls hurt}
  mind: {value: 0.6, prior: {normal: [0, 1]}, means: the west minds tension}
payoffs:
  client:
    - {coefficient: gain, when: {client: strike, luck: good}}
    - {coefficient: price, add: -1, when: {client: strike}}
    - {coefficient: walls_hurt, add: -1, when: {walls: some, stance: high}}
  west: [{coefficient: mind, add: -1, when: {fear: tense}}]
policies:
  ease: {actor: west, means: always ease, otherwise: ease}
  answer: {actor: west, rules: [{when: {client: strike, walls: none}, move: punish}], otherwise: hold}
  wait: {actor: west, counters: {quiet: {most: 2, when: {client: hold}}},
         rules: [{when: {quiet: 2}, move: ease}], otherwise: punish}
outcomes:
  strikes: {when: {client: strike}}
"""
GAME = """
doubletalk: 1
title: Talk
sender: {name: speaker, types: {good: 1/3, bad: 2/3}, messages: [hello, silence]}
audiences: {hearer: {actions: [trust, shun]}}
payoffs:
  speaker: [{when: {hearer: trust}, add: 1}, {when: {message: hello}, add: -1/10}]
  hearer: [{when: {type: good, hearer: trust}, add: 1}, {when: {type: bad, hearer: trust}, add: -1}]
"""
CASE = """
doubletalk_case: 1
title: A case
games: {talk: talk.yaml}
claims: claims.yaml
longgame:
  file: small.yaml
  cycle: client=strike then west=punish then west=ease then client=strike
  worse: fear
  within: 20
  relief: west=ease
  from: walls=some
  periods: 6
"""
CLAIMS = """
sides: {me: Myself}
claims:
  - {id: dear, who: me, says: Luck makes bold., of: X,
     statement: "long game: P(client=strike | luck=good, walls=some) > P(client=strike | luck=bad)"}
  - {id: waits, who: me, says: Waiting pays., statement: "long game: payoff(west under wait) > payoff(west under ease)"}
  - {id: never, who: me, says: It never is., statement: "long game: P(client=strike | fear=calm, fear=tense) > 0"}
"""


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """A small case with a long game."""
    for name, text in (("talk.yaml", GAME), ("small.yaml", SMALL), ("case.yaml", CASE), ("claims.yaml", CLAIMS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def room() -> Room:
    """The small game's equilibria, shared."""
    return Room(long_game_from_text(SMALL))


# ---- the language ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("P(client=strke) > 0", r"unknown value of 'client' 'strke'; did you mean 'strike'\?"),
        ("P(clent=strike) > 0", r"'clent'; did you mean 'client'\?"),
        ("P(strke) > 0", r"did you mean 'strike'\?"),
        ("P(hold) > 0", "'hold' is a value of client, west; say which"),
        ("with gian=1: P(client=strike) > 0", r"unknown coefficient 'gian'; did you mean 'gain'\?"),
        ("lens hgh: P(client=strike) > 0", r"unknown stance 'hgh'; did you mean 'high'\?"),
        ("payoff(wst) > 0", r"unknown actor 'wst'; did you mean 'west'\?"),
        ("payoff(west under esae) > 0", r"unknown policy 'esae'; did you mean 'ease'\?"),
        ("mean(fears after 2) > 0", r"did you mean 'fear'\?"),
        ("mean(fear) > 0", "expected 'after' and a number of quarters"),
        ("mean(fear after 3/2) > 0", "expected"),
        ("mean(fear after 900) > 0", "from 1 to 200"),
        ("mean(fear after 2 from fear=calmer) > 0", r"did you mean 'calm'\?"),
        ("mean(fear after 2 from belief=2) > 0", "a number from 0 to 1"),
        ("P(client=strike) = 1/2", "a simulation cannot show that two numbers are equal"),
        ("P(client=strike then west=ease) > 0", "expected 'within' and a number of quarters"),
        ("P(client=strike within 2 | fear=calm imposing west=ease) > 0", "cannot go together"),
        ("P(client=strike) > 0 > 1", "one comparison a statement"),
        ("1 > 0", "compares two numbers"),
        ("chance(client=strike) > 0", r"one of P\(...\), count\(...\), mean\(...\), payoff\(...\)"),
        ("P(belief=1/2) > 0", "."),
    ],
)
def test_bad_statements_are_told_what_is_wrong(room: Room, statement: str, told: str) -> None:
    """Each wrong statement is one error that names what was found, the nearest known name, and the character."""
    with pytest.raises(ClaimError, match=told) as caught:
        check_long_statement(f"long game: {statement}", room.game)
    assert caught.value.at is not None
    assert caught.value.at >= len("long game:")


def test_a_bad_claim_is_found_before_anything_is_solved(case: Path) -> None:
    """A misspelt level in claims.yaml and a misspelt move in case.yaml are errors with file and line when a case is
    read."""
    text = CLAIMS.replace("walls=some", "walls=sme")
    (case / "claims.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"claims.yaml:5: claim 'dear': unknown value of 'walls' 'sme'; did you mean"):
        load_case(case)
    (case / "claims.yaml").write_text(CLAIMS, encoding="utf-8")
    (case / "case.yaml").write_text(CASE.replace("west=punish", "west=punnish"), encoding="utf-8")
    with pytest.raises(InputError, match=r"case.yaml:8: longgame: cycle: .*did you mean 'punish'"):
        load_case(case)


def test_characters_are_counted_in_the_whole_statement() -> None:
    """The place of an error is that in the text of the file, prefix included."""
    statement = "long game:   mean(fear when 2) > 0"
    with pytest.raises(ClaimError) as caught:
        parse_long_statement(statement)
    assert statement[caught.value.at :].startswith("when 2")


# ---- numbers ---------------------------------------------------------------------------------------------------------


def test_errors_of_ratios_and_differences_are_those_of_repeated_samples() -> None:
    """The delta method's error of (a/b - mean c) agrees with the spread over two thousand samples, to a tenth."""
    random = np.random.default_rng(3)

    def once() -> tuple[float, float]:
        below = random.poisson(4, 400) + 1.0
        above = random.binomial(below.astype(int), 0.3).astype(float)
        found = ratio_of(above, below) - mean_of(0.1 * above)
        return found.value, found.error

    values, errors = np.array([once() for _ in range(2000)]).T
    assert values.std() == pytest.approx(errors.mean(), rel=0.1)


def test_a_share_of_nothing_has_an_error() -> None:
    """No case out of N is no proof of none: the error is 1/N, not zero; and nothing out of nothing is not defined."""
    assert mean_of(np.zeros(50)).error == pytest.approx(1 / 50)
    assert not ratio_of(np.zeros(5), np.zeros(5)).defined


def test_chances_of_an_exogenous_chain_are_exact(room: Room) -> None:
    """The simulated chance of bad luck after n quarters lies within four errors of the power of its matrix; claims just
    below and just above are answered yes and no, one at the exact number is left open."""
    matrix = np.array([[0.9, 0.1], [0.3, 0.7]])
    for n in (1, 3, 8):
        exact = np.linalg.matrix_power(matrix, n)[0, 1]
        found = estimate_of(f"long game: P(luck=bad after {n}) > 0", room)
        assert abs(found.value - exact) < 4 * found.error
        for share, answer in ((0.9, "yes"), (1.1, "no"), (1.0, "undecided")):
            verdict = answer_long(f"long game: P(luck=bad after {n}) > {exact * share:.9f}", room)
            assert verdict.answer == answer


def paths_of(random: np.random.Generator, quarters: int, count: int) -> SimpleNamespace:
    """Made-up paths over the small game's axes."""
    sizes, moves = (2, 2, 2), (2, 3)
    return SimpleNamespace(
        levels=np.stack([random.integers(0, k, (quarters + 1, count)) for k in sizes], axis=-1),
        moves=np.stack([random.integers(0, k, (quarters, count)) for k in moves], axis=-1),
        beliefs=random.random((quarters + 1, count)),
        stances=random.integers(0, 2, (quarters + 1, count)),
    )


@pytest.mark.parametrize("more", [None, 0])
def test_ordered_steps_are_found_wherever_brute_force_finds_them(room: Room, more: int | None) -> None:
    """On random paths the search agrees with trying every choice of quarters, with and without a worse end."""
    names = Names(room.game)
    text = "P(client=strike then west=punish then west=ease then client=strike within 7)"
    events = parse_long_statement(f"long game: {text} > 0").quantities()[0].events
    steps = [(names.truth(event), names.moment(event)) for event in events]
    run = paths_of(np.random.default_rng(8), 7, 300)
    happens = [truth(run) for truth, _ in steps]
    moments = [moment for _, moment in steps]
    found = chain_happens(run, steps, 7, more)

    def brute(path: int) -> bool:
        for at in itertools.combinations_with_replacement(range(7), 4):
            pairs = zip(at, at[1:], moments, moments[1:], strict=False)
            later = all(a < b or (a == b and m < n) for a, b, m, n in pairs)
            worse = more is None or run.levels[at[3] + 1, path, more] > run.levels[at[0] + 1, path, more]
            if later and worse and all(truth[quarter, path] for truth, quarter in zip(happens, at, strict=True)):
                return True
        return False

    wanted = [brute(path) for path in range(300)]
    assert found.tolist() == wanted
    assert 0 < sum(wanted) < 300


def test_shares_of_quarters_are_those_of_plain_loops(room: Room) -> None:
    """P(event | condition) and P(event within n | condition) equal counts by loops over the same simulated paths."""
    run = room.paths(Setting(), Scene(), paths=10_000)
    strike, some = run.moves[:, :500, 0] == 1, run.levels[:-1, :500, 1] == 1
    cut = SimpleNamespace(
        levels=run.levels[:, :500], moves=run.moves[:, :500], beliefs=run.beliefs[:, :500], stances=run.stances[:, :500]
    )
    small = SimpleNamespace(game=room.game, solution=room.solution, paths=lambda *a, **k: cut)
    share = estimate_of("long game: P(client=strike | walls=some) > 0", small)
    assert share.value == pytest.approx(strike[some].mean())
    cases = follows = 0
    for path, quarter in itertools.product(range(500), range(40 - 3)):
        if some[quarter, path]:
            cases += 1
            follows += strike[quarter + 1 : quarter + 4, path].any()
    within = estimate_of("long game: P(client=strike within 3 | walls=some) > 0", small)
    assert within.value == pytest.approx(follows / cases)


def test_a_condition_that_never_occurs_is_not_defined(room: Room) -> None:
    """A probability under an impossible condition has no answer rather than one of zero."""
    assert answer_long("long game: P(client=strike | fear=calm, fear=tense) > 0", room).answer == "undefined"


# ---- policies --------------------------------------------------------------------------------------------------------


def test_a_rule_written_as_bars_is_the_same_equilibrium(room: Room) -> None:
    """For rules without counters, barring every other move gives the values of following the rule, to 1e-8, and
    compiles nothing beyond the first solve; the rules differ."""
    room.solution()
    count = solving.compilations()
    barred = [np.asarray(room.solution(Setting(policy=name)).unknown.values) for name in ("ease", "answer")]
    assert solving.compilations() == count
    for name, found in zip(("ease", "answer"), barred, strict=True):
        ruled = np.asarray(solve_long_game(room.game, policy=name).unknown.values)
        assert np.abs(ruled - found).max() < 1e-8
    assert np.abs(barred[0] - barred[1]).max() > 1e-3


def test_no_answer_depends_on_what_was_solved_before(room: Room) -> None:
    """Equilibria solved in the background equal, bit for bit, those solved one by one in another order."""
    wanted = [Setting(policy="answer"), Setting((("gain", 0.0),)), Setting(policy="wait"), Setting(lens="high")]
    ahead, alone = Room(room.game), Room(room.game)
    alone.solution()
    with ahead.preparing(wanted):
        first = [ahead.solution(each) for each in wanted]
    second = [alone.solution(each) for each in reversed(wanted)][::-1]
    for one, other in zip(first, second, strict=True):
        assert (np.asarray(one.unknown.values) == np.asarray(other.unknown.values)).all()


def test_regret_and_the_best_by_belief_follow_from_the_values(room: Room) -> None:
    """Regrets are zero for the best of each stance and positive for others; stretches name the policy of most value."""
    names = ["ease", "answer", "wait"]
    found = weigh(room, names, paths=10_000)
    assert (found.regret >= 0).all()
    assert (found.regret.min(axis=0) == 0).all()
    np.testing.assert_allclose(found.regret, found.worth.max(axis=0) - found.worth, atol=1e-12)
    assert found.choice.minimax == int(np.argmin(found.regret.max(axis=1)))
    for k, name in enumerate(names):
        exact = worth_at_start(room.solution(Setting(policy=name)), "west")
        np.testing.assert_allclose(found.by_belief[k], exact)
    for stretch in found.stretches:
        middle = (stretch.low + stretch.high) / 2
        at = [np.interp(middle, found.beliefs, row) for row in found.by_belief]
        assert names[int(np.argmax(at))] == stretch.policy


def test_worth_by_stance_averages_to_the_value(room: Room) -> None:
    """The simulated worths of both stances, weighted with the belief, are the value at that belief, within four errors:
    the value function is an expectation over the stance (0.8 to the power of 40 is nothing)."""
    found = weigh(room, ["ease", "answer"], paths=10_000)
    mixed = found.worth.mean(axis=1)
    exact = [np.interp(0.5, found.beliefs, row) for row in found.by_belief]
    error = np.hypot(*found.worth_error.T) / 2
    assert (np.abs(mixed - exact) < 4 * error).all()


def test_sensitivities_point_at_what_matters() -> None:
    """Where a payoff falls on the west whatever anybody does, its coefficient has all of the variance and one that only
    the client feels has next to none."""
    text = SMALL.replace("west: [{coefficient: mind, add: -1, when: {fear: tense}}]",
                         "west: [{coefficient: mind, add: -1, when: {luck: bad}}]")  # fmt: skip
    found = sensitivity(Room(long_game_from_text(text)), ["ease", "answer"], sample=32, only=("mind", "walls_hurt"))
    index = dict(zip(found.names, found.total, strict=True))
    assert index["mind"] == pytest.approx(1, abs=0.2)
    assert abs(index["walls_hurt"]) < 1e-6
    assert found.total_low[found.names.index("mind")] <= index["mind"] <= found.total_high[found.names.index("mind")]
    with pytest.raises(InputError, match="power of two"):
        sensitivity(Room(long_game_from_text(SMALL)), ["ease", "answer"], sample=3)


def test_mechanisms_are_not_prices_of_moves() -> None:
    """A coefficient of the mover's own move alone is a price; everything that is more than that is a mechanism."""
    assert mechanisms(long_game_from_text(SMALL)) == ("gain", "walls_hurt", "mind")


def test_the_policies_command_gives_regret_and_sensitivities(tmp_path: Path) -> None:
    """The CSV and the JSON hold outcomes, regrets by stance, the smallest largest regret and Sobol indices; a sample
    that is no power of two is refused."""
    file, run = tmp_path / "small.yaml", CliRunner()
    file.write_text(SMALL, encoding="utf-8")
    args = ["longgame", "policies", str(file), "--paths", "300", "--periods", "5", "--policy", "ease", "--policy"]
    args += ["answer", "--draws", "2", "--sobol", "2", "--vary", "mind", "--vary", "gain"]
    found = run.invoke(app, args)
    assert found.exit_code == 0, found.output
    rows = {(r["policy"], r["measure"]): r for r in csv.DictReader(io.StringIO(found.stdout))}
    assert {("ease", "strikes"), ("answer", "regret_if_high"), ("(best)", "sobol_total_mind")} <= set(rows)
    assert sum(float(rows[name, "minimax_choice"]["value"]) for name in ("ease", "answer")) == 1
    data = json.loads(run.invoke(app, [*args, "--json", "--beliefs", "4"]).stdout)
    assert len(data["weighed"]["beliefs"]) == 4
    assert data["weighed"]["draws"] == 2
    assert len(data["weighed"]["policies"]) == 2
    wrong = run.invoke(app, ["longgame", "policies", str(file), "--policy", "ease", "--paths", "9", "--sobol", "3"])
    assert isinstance(wrong.exception, InputError)


# ---- the study -------------------------------------------------------------------------------------------------------


def test_a_small_case_is_studied_and_reported(case: Path, tmp_path: Path) -> None:
    """Claims, cycle, responses and policies arrive in the result, the JSON, the CSV files and the page; a second study
    gives the same numbers to the last digit."""
    result = study(case, flips="none")
    answers = {item.claim.id: item for item in result.claims}
    assert answers["dear"].long_answer.answer == "yes"
    assert set(answers["dear"].long_answer.without) == {"gain", "walls_hurt", "mind"}
    assert answers["dear"].long_answer.without["gain"] == "undecided"
    assert answers["never"].short == "not defined"
    found = result.long
    names = [row.name for row in found.cycle]
    assert names == ["filed", "lens low", "lens high", "nothing", "gain", "walls_hurt", "mind"]
    assert all(0 <= row.worse <= row.share <= 1 for row in found.cycle)
    assert {each.variable for each in found.responses} == {"fear", "walls"}
    assert found.weighed.policies == ("ease", "answer", "wait")
    data = json.loads(result.to_json())
    assert data["long_game"]["cycle"]["rows"][0]["share"] == pytest.approx(found.cycle[0].share, abs=1e-6)
    write_report(result, tmp_path / "out")
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    section = page[page.index('<section id="longgame"') :].split("<section id")[1]
    for words in ("Does the cycle arise?", "always ease", "largest regret", f"{found.cycle[0].share:.3f}"):
        assert words in section
    rows = list(csv.DictReader(io.StringIO((tmp_path / "out" / "longgame-cycle.csv").read_text(encoding="utf-8"))))
    assert [row["version"] for row in rows] == names
    again = json.loads(study(case, flips="none").to_json())
    assert again["long_game"] == data["long_game"]
    assert again["claims"] == data["claims"]


def test_without_jax_the_report_says_so_in_a_line(case: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing fails where jax is missing: the claims say why they have no answer, and so does the section."""
    why = "jax is not installed: pip install 'doubletalk[longgame]'"
    monkeypatch.setattr(study_module, "needs_jax", lambda: why)
    result = study(case, flips="none")
    assert {item.cannot for item in result.claims} == {why}
    page = page_html(page_content(result))
    section = page[page.index('<section id="longgame"') :].split("<section id")[1]
    assert "It was not solved here: jax is not installed" in section
    assert "<h3>" not in section
    left_out = study(case, flips="none", long="none")
    assert left_out.long.missing.startswith("not asked")


def test_a_case_without_a_long_game_has_no_section(case: Path) -> None:
    """The section and its files are absent, and a claim of the long game says that there is none."""
    (case / "case.yaml").write_text(CASE.split("longgame:")[0], encoding="utf-8")
    result = study(case, flips="none")
    assert result.long is None
    assert all(item.cannot == "the case has no long game (longgame: in case.yaml)" for item in result.claims)
    assert 'id="longgame"' not in page_html(page_content(result))


# ---- the shipped case ------------------------------------------------------------------------------------------------


def test_both_sides_ask_the_long_game_alike(belarus: StudyResult) -> None:
    """As many claims of the one side as of the other, each with the sentence it stands for and its source; comparisons
    that are read both ways get opposite answers."""
    asked = [item for item in belarus.claims if item.claim.kind == "long game"]
    count = {side: sum(item.claim.who == side for item in asked) for side in ("article", "reply")}
    assert count["article"] == count["reply"] == 8
    assert all(item.claim.of and item.claim.source for item in asked)
    answers = {item.claim.id: item.long_answer.answer for item in asked}
    opposite = {"yes": "no", "no": "yes", "undecided": "undecided"}
    for one, other in (
        ("a5-sanction-then-hostility", "b7-own-choice"),
        ("a6-relief-calms", "b6-relief-does-not-calm"),
        ("a7-engage-pays", "b11-demands-pay"),
    ):
        assert answers[one] == opposite[answers[other]]


def test_answers_are_numbers_with_their_errors(belarus: StudyResult) -> None:
    """Every answer follows from its difference and the error of the simulation by the rule of three errors."""
    found = [item.long_answer for item in belarus.claims if item.long_answer is not None]
    assert len(found) == 18
    for answer in found:
        assert answer.residual < 1e-10
        assert (abs(answer.difference) > 3 * answer.difference_error) == (answer.answer in ("yes", "no"))
        assert f"± {answer.left_error:.4f}" in answer.words


def test_the_cycle_of_the_shipped_case_is_in_the_report(belarus: StudyResult) -> None:
    """The table has every mechanism of the file once; the page gives the share by chance beside the share as filed, and
    shows the policies of both sides."""
    found = belarus.long
    values = [row.name for row in found.cycle if row.value is not None]
    assert sorted(values) == sorted(mechanisms(found.plan.game))
    assert {"engage", "five_demands"} <= set(found.weighed.policies)
    section = longgame(page_content(belarus)).body
    rows = {row.name: row for row in found.cycle}
    for row in (rows["filed"], rows["nothing"]):
        assert f"{100 * row.share:.1f} ± {100 * row.error:.1f} per cent" in section
    assert len(re.findall(r'class="chart (?:wide|narrow)"', section)) == 2
    claim = next(item.long_answer for item in belarus.claims if item.claim.id == "b1-cycle")
    assert abs(claim.left - rows["filed"].worse) < 4 * np.hypot(claim.left_error, rows["filed"].worse_error)


def test_a_policy_with_counters_is_weighed_by_its_own_program(room: Room) -> None:
    """A counter makes a policy one with memory, and so does a look at the belief; a plain rule has none."""
    plain = Policy("p", "w", (PolicyRule({"x": (1,)}, 1),), 0)
    assert not plain.has_memory
    assert replace(plain, counters=(Counter("n", 2, {}),)).has_memory
    assert replace(plain, rules=(PolicyRule({}, 1, (0.0, 0.5)),)).has_memory
    assert [policy.has_memory for policy in room.game.policies] == [False, False, True]
