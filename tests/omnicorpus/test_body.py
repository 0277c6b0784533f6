from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus.blocks import read
from omnicorpus.body import Network, choose, model
from omnicorpus.features import Hints, measure
from omnicorpus.verdict import best_set, probability


def test_sure_items_are_chosen_and_hopeless_ones_are_not() -> None:
    assert best_set(np.array([0.99, 0.01, 0.98]), np.array([50.0, 50.0, 5.0])).tolist() == [True, False, True]


def test_a_page_of_doubt_keeps_its_likeliest_items() -> None:
    assert best_set(np.array([0.2, 0.05]), np.array([50.0, 50.0])).tolist() == [True, False]


@given(
    st.lists(st.tuples(st.floats(0.001, 1), st.integers(1, 500)), min_size=1, max_size=7),
)
def test_no_other_threshold_has_a_larger_expected_f1(items: list[tuple[float, int]]) -> None:
    likely = np.array([each[0] for each in items])
    weight = np.array([float(each[1]) for each in items])

    def expected(chosen: np.ndarray) -> float:
        return float(2 * (likely * weight)[chosen].sum() / (weight[chosen].sum() + (likely * weight).sum()))

    best = expected(best_set(likely, weight))
    assert all(best >= expected(likely >= threshold) - 1e-6 for threshold in likely)


@pytest.mark.parametrize("widths", [(5, 1), (13, 6, 1), (253, 64, 32, 1)])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_a_network_is_its_products_of_matrices(widths: tuple[int, ...], count: int) -> None:
    dice = np.random.default_rng(3)
    layers = tuple((dice.normal(0, 0.2, each), dice.normal(size=each[1])) for each in pairwise(widths))
    mean, scale = dice.uniform(0.5, 2, size=(2, widths[0])).astype(np.float32)
    rows = dice.normal(size=(9, widths[0])).astype(np.float32)
    positions = dice.permutation(9)[:count]
    values = np.clip((rows[positions] - mean) / scale, -4, 4)
    for place, (weight, bias) in enumerate(layers):
        values = (np.maximum(values, 0) if place else values) @ weight + bias
    found = probability(rows, positions, *Network(mean, scale, layers).flat)
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-values[:, 0])), rtol=1e-3, atol=1e-5)


def test_a_page_without_items_chooses_nothing() -> None:
    assert choose(read("<body></body>"), Hints(), {}).tolist() == []


def test_the_shipped_weights_fit_the_columns() -> None:
    page = read("<body><p>One sentence.</p><img src=a><p>Another one.</p></body>")
    measured = measure(page, Hints())
    assert measured.rows.shape == (3, model().text.mean.size)
    assert np.isfinite(measured.rows).all()
