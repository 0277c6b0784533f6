"""Rates, their intervals, and budgets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus.audit import ReviewSettings, Rule, Tally, wilson


def tally(bad: int, good: int, weight: float = 1.0) -> Tally:
    """Labels of one weight, each of its own document."""
    found = Tally()
    for number, is_bad in enumerate([True] * bad + [False] * good):
        found.add(f"document {number}", weight, bad=is_bad)
    return found


def test_wilson_by_the_book() -> None:
    """Newcombe 1998, table I: 81 of 263, 15 of 148, 0 of 20, 1 of 29, by the score method."""
    for bad, of, low, high in [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ]:
        assert [round(end, 4) for end in wilson(bad / of, of, 0.975)] == [low, high]


@given(st.integers(0, 50), st.integers(0, 50), st.floats(0.01, 1000))
def test_the_interval_holds_the_rate_and_weights_of_one_size_say_nothing(bad: int, good: int, weight: float) -> None:
    found = tally(bad, good, weight)
    if not bad + good:
        assert (found.rate, found.interval(), found.lower(0.95)) == (None, None, None)
        return
    low, high = found.interval() or (0, 0)
    assert found.rate == pytest.approx(bad / (bad + good))
    assert found.effective == pytest.approx(bad + good)
    assert 0 <= low <= found.rate + 1e-9
    assert found.rate - 1e-9 <= high <= 1
    assert found.lower(0.5) == pytest.approx(found.rate)


def test_unequal_weights_move_the_rate_and_cost_labels() -> None:
    found = tally(1, 0, 9.0)
    found.add("another", 1.0, bad=False)
    assert (found.rate, round(found.effective, 3)) == (0.9, 1.22)


@pytest.mark.parametrize(
    ("documents", "effective"),
    [
        # 12 labels in each row, of which 6 are bad: with p = 1/2 the variance of one label is 1/4.
        ([(6, 0), (0, 6)], 2),  # nothing but agreement within a document: two documents say what two labels say
        ([(3, 3), (3, 3)], 12),  # documents are alike: the labels say as much as if independent, and no more
        ([(2, 1), (1, 2), (2, 1), (1, 2)], 12),  # labels of a document differ more than by chance
        ([(3, 0), (2, 1), (1, 2), (0, 3)], 5.4),  # by hand: 2 * (1.5² + 0.5²) = 5 apart; 0.25 / (4/3 * 5 / 144)
    ],
)
def test_labels_of_one_document_say_less_the_more_they_agree(
    documents: list[tuple[int, int]], effective: float
) -> None:
    found = Tally()
    for number, (bad, good) in enumerate(documents):
        for is_bad in [True] * bad + [False] * good:
            found.add(f"document {number}", 1.0, bad=is_bad)
    assert (found.labelled, found.rate) == (12, 0.5)
    assert found.effective == pytest.approx(effective)


@pytest.mark.parametrize("bad", [True, False])
def test_where_all_labels_agree_their_documents_are_counted(bad: bool) -> None:
    found = Tally()
    for number in range(3):
        for _ in range(20):
            found.add(f"document {number}", 1.0, bad=bad)
    assert found.effective == pytest.approx(3)
    assert found.interval() == pytest.approx(wilson(float(bad), 3, 0.975))


@pytest.mark.parametrize(
    ("bad", "good", "certainty", "standing"),
    [
        (10, 0, 0.95, "over"),
        (1, 9, 0.95, "over?"),
        (1, 9, 0.5, "over"),
        (0, 10, 0.5, "within"),
        (1, 99, 0.95, "within"),
        (0, 0, 0.95, ""),
    ],
)
def test_a_rule_is_over_its_budget_where_that_is_certain_enough(
    bad: int, good: int, certainty: float, standing: str
) -> None:
    assert Rule("refine", "byline", False, 20, tally(bad, good), budget=0.05).standing(certainty) == standing
    assert Rule("refine", "byline", False, 20, own=tally(bad, good), miss_budget=0.05).standing(certainty) == standing
    assert Rule("refine", "byline", False, 20, tally(bad, good)).standing(certainty) == ""


@pytest.mark.parametrize(
    "wrong", [{"certainty": 0.4}, {"certainty": 1.0}, {"budgets": {"byline": 1.5}}, {"misses": {"byline": -0.1}}]
)
def test_impossible_budgets_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"certainty|budget of byline"):
        ReviewSettings(**wrong)  # type: ignore[arg-type]
