"""Sketches: the similarity of two sets from the least of their hashes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from omnicorpus import sketch
from omnicorpus.sketch import SIZE, Hashes, Sizes

MEMBERS = st.sets(st.integers(0, 600), max_size=500)


def sketches(*sets: set[int]) -> tuple[Hashes, Sizes]:
    rows = sketch.empty(len(sets))
    for row, members in zip(rows, sets, strict=True):
        sketch.fill(row, np.array(sorted(members), np.uint32))
    return rows, np.array([len(members) for members in sets])


def similarity(first: set[int], second: set[int]) -> float:
    rows, sizes = sketches(first, second)
    return float(sketch.similarity(rows[:1], sizes[:1], rows[1:], sizes[1:])[0])


def random_pair(size: int, shared: int, seed: int) -> tuple[set[int], set[int]]:
    members = np.random.default_rng(seed).choice(1 << 32, 2 * size - shared, replace=False).tolist()
    return set(members[:size]), set(members[size - shared :])


@given(MEMBERS, MEMBERS)
def test_small_sets_are_compared_exactly(first: set[int], second: set[int]) -> None:
    first, second = set(sorted(first)[:SIZE]), set(sorted(second)[:SIZE])
    expected = len(first & second) / len(first | second) if first | second else 0.0
    assert similarity(first, second) == expected


@given(MEMBERS, MEMBERS)
def test_large_sets_are_compared_by_the_least_of_their_union(first: set[int], second: set[int]) -> None:
    if len(first) <= SIZE and len(second) <= SIZE:
        return
    least = sorted(first | second)[:SIZE]
    assert similarity(first, second) == sum(member in first and member in second for member in least) / len(least)


def test_a_set_is_like_itself_and_the_empty_set_like_nothing() -> None:
    assert similarity({1, 2}, {1, 2}) == 1.0
    assert similarity(set(), set()) == 0.0
    assert similarity(set(), {1}) == 0.0


@pytest.mark.parametrize("size", [300, 520, 3_000])
def test_estimates_scatter_as_the_allowance_says(size: int) -> None:
    shared = round(size * 1.6 / 1.8)
    pairs = [random_pair(size, shared, seed) for seed in range(300)]
    rows, sizes = sketches(*(members for pair in pairs for members in pair))
    found = sketch.similarity(rows[::2], sizes[::2], rows[1::2], sizes[1::2])
    error = sketch.allowance(0.8, sizes[::2], sizes[1::2], kept=0.8413447)[0]
    assert abs(found.mean() - shared / (2 * size - shared)) < 4 * error / 300**0.5
    assert 0.8 < found.std() / error < 1.2


def test_nothing_is_allowed_for_sets_that_are_compared_exactly() -> None:
    sizes = np.array([SIZE, SIZE + 1, 5_000])
    allowed = sketch.allowance(0.8, sizes, sizes, kept=0.9)
    assert allowed[0] == 0.0
    assert 0.0 < allowed[1] < allowed[2] < 0.04


def test_many_pairs_are_compared_in_parts() -> None:
    rows, sizes = sketches({1, 2, 3}, {2, 3, 4})
    many = 10_000
    found = sketch.similarity(
        np.repeat(rows[:1], many, axis=0),
        np.repeat(sizes[:1], many),
        np.repeat(rows[1:], many, axis=0),
        np.repeat(sizes[1:], many),
    )
    assert found.tolist() == [0.5] * many
