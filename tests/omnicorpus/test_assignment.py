"""Every image its own sentence: the sum is the greatest there is."""

from __future__ import annotations

from itertools import permutations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus.assignment import assign


def test_the_second_best_gives_way_where_the_sum_gains() -> None:
    gains = np.array([[0.9, 0.8], [0.7, 0.1]])
    assert assign(gains) == [1, 0]


def test_rows_without_a_column_go_without() -> None:
    assert assign(np.array([[0.1], [0.9], [0.5]])) == [None, 0, None]
    assert assign(np.empty((2, 0))) == [None, None]
    assert assign(np.empty((0, 2))) == []


@given(st.integers(1, 5), st.integers(1, 5), st.integers(0, 10_000))
def test_no_other_assignment_is_better(rows: int, columns: int, seed: int) -> None:
    gains = np.random.default_rng(seed).normal(size=(rows, columns)).round(1)
    found = assign(gains)
    taken = [column for column in found if column is not None]
    assert len(taken) == len(set(taken)) == min(rows, columns)
    total = sum(gains[row, column] for row, column in enumerate(found) if column is not None)
    small, large = (gains, columns) if rows <= columns else (gains.T, rows)
    best = max(sum(small[i, j] for i, j in enumerate(order)) for order in permutations(range(large), len(small)))
    assert total == np.float64(best) or abs(total - best) < 1e-9
