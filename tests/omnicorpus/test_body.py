from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus.blocks import read
from omnicorpus.body import best_set, choose, model
from omnicorpus.features import Hints, measure


def test_sure_items_are_chosen_and_hopeless_ones_are_not() -> None:
    assert best_set(np.array([0.99, 0.01, 0.98]), np.array([50.0, 50.0, 5.0])).tolist() == [True, False, True]


def test_a_page_of_doubt_keeps_its_likeliest_items() -> None:
    assert best_set(np.array([0.2, 0.05]), np.array([50.0, 50.0])).tolist() == [True, False]


@given(
    st.lists(st.tuples(st.floats(0.001, 1), st.integers(1, 500)), min_size=1, max_size=7),
)
def test_no_other_threshold_has_a_larger_expected_f1(items: list[tuple[float, int]]) -> None:
    probability = np.array([each[0] for each in items])
    weight = np.array([float(each[1]) for each in items])

    def expected(chosen: np.ndarray) -> float:
        return float(2 * (probability * weight)[chosen].sum() / (weight[chosen].sum() + (probability * weight).sum()))

    best = expected(best_set(probability, weight))
    assert all(best >= expected(probability >= threshold) - 1e-6 for threshold in probability)


def test_a_page_without_items_chooses_nothing() -> None:
    assert choose(read("<body></body>"), Hints(), {}) == []


def test_the_shipped_weights_fit_the_columns() -> None:
    page = read("<body><p>One sentence.</p><img src=a><p>Another one.</p></body>")
    measured = measure(page, Hints())
    assert measured.rows.shape == (3, model().text.mean.size)
    assert np.isfinite(measured.rows).all()
