"""Intervals of shares, adjusted p-values, and the questions that are put to a record without a model."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import doubletalk
from doubletalk.errors import InputError
from doubletalk.evidence.lenses_table import answer_table, load_tells_apart
from doubletalk.evidence.permutation import Plan
from doubletalk.evidence.questions import ask, load_questions
from doubletalk.evidence.record import load_record
from doubletalk.evidence.uncertainty import exact_interval, holm

SHIPPED = Path(doubletalk.__file__).parent / "cases" / "belarus"
QUICK = Plan(draws=199)
ONE = """questions:
  - id: one
    question: Does it?
    statements:
      - "record: rate(lift within 12 months after release) > base"
    cannot_show: much
"""


def _tail(k: int, n: int, share: float) -> float:
    """P(at least k of n)."""
    return sum(math.comb(n, i) * share**i * (1 - share) ** (n - i) for i in range(k, n + 1))


@pytest.mark.parametrize(("k", "n"), [(0, 7), (3, 7), (7, 7), (1, 30)])
def test_exact_interval_leaves_a_twentieth_on_either_side(k: int, n: int) -> None:
    """At each end of the 90% interval the data's own tail has probability 0.05, or the end is 0 or 1."""
    low, high = exact_interval(k, n)
    assert low == 0.0 if k == 0 else _tail(k, n, low) == pytest.approx(0.05)
    assert high == 1.0 if k == n else 1 - _tail(k + 1, n, high) == pytest.approx(0.05)


def test_exact_interval_covers_at_least_as_often_as_it_says() -> None:
    """Summed over all outcomes of 12 trials, a 90% interval holds the true share with probability 0.9 or more."""
    for share in (0.05, 0.3, 0.5, 0.77):
        covered = sum(
            math.comb(12, k) * share**k * (1 - share) ** (12 - k)
            for k in range(13)
            if exact_interval(k, 12)[0] <= share <= exact_interval(k, 12)[1]
        )
        assert covered >= 0.9


@pytest.mark.parametrize(("k", "n"), [(1, 0), (-1, 3), (4, 3)])
def test_a_count_that_cannot_be_is_refused(k: int, n: int) -> None:
    """More successes than trials, none at all, or fewer than none are a ValueError."""
    with pytest.raises(ValueError, match="expected a count"):
        exact_interval(k, n)


def test_holm_by_hand() -> None:
    """0.01, 0.04, 0.03, 0.005 become 0.03, 0.06, 0.06, 0.02; what was not tested does not count."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.01, None, 0.02]) == [pytest.approx(0.02), None, pytest.approx(0.02)]
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]


def test_shipped_questions_cover_the_record_tests_without_a_model() -> None:
    """Each question is answered; shares lie in their interval; adjusted p-values are never below the raw ones."""
    questions = load_questions(SHIPPED / "questions.yaml")
    assert [q.id for q in questions] == [
        "repression-and-relief", "relief-after-release", "courting-and-bargains", "alarm-and-courting",
        "who-moves-first", "support-and-integration", "after-a-sanction", "squeeze-and-courting",
        "repression-and-votes",
    ]  # fmt: skip
    answered = ask(questions, load_record(SHIPPED), QUICK)
    assert len(answered) == sum(len(q.statements) for q in questions)
    for item in answered:
        if item.interval is not None:
            assert item.interval[0] <= item.answer.left <= item.interval[1]
        assert item.p_holm is not None
        assert item.answer.p is not None
        assert item.p_holm >= item.answer.p
    assert sum(item.interval is not None for item in answered) >= 6


def test_the_table_gives_adjusted_p_values_beside_the_raw_ones() -> None:
    """Every tested statement of the table that tells the sides apart has Holm's p, in its words as well."""
    rows = answer_table(load_tells_apart(SHIPPED / "tells_apart.yaml"), load_record(SHIPPED), QUICK)
    answers = [answer for row in rows for answer in row.answers]
    assert [a.p_holm for a in answers] == holm([a.p for a in answers])
    assert all(f"(Holm): p = {a.p_holm:.3f}" in a.words for a in answers if a.p_holm is not None)
    assert sum(a.p_holm is not None for a in answers) == len(answers)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("release)", "relese)", r":5: .*did you mean 'release'"),
        ("cannot_show: much", "canot_show: much", r":6: .*did you mean 'cannot_show'"),
        ("    question: Does it?\n", "", r"'question' is missing"),
    ],
)
def test_a_wrong_question_is_reported_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    """A misspelt word in a statement, a wrong key and a missing one are reported with file and line."""
    path = tmp_path / "questions.yaml"
    path.write_text(ONE.replace(old, new))
    with pytest.raises(InputError, match=message):
        load_questions(path)
