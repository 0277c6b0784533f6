"""Bands: which pairs become candidates."""

from __future__ import annotations

import numpy as np
import pytest

from omnicorpus.band import Bands, bands, buckets


def test_the_steepest_bands_that_find_the_pairs_at_the_threshold_are_taken() -> None:
    assert bands(0.8, 128) == Bands(18, 7)
    assert bands(0.8, 256) == Bands(28, 9)
    assert bands(0.8, 128, recall=0.9) == Bands(16, 8)


def test_too_few_permutations_are_refused() -> None:
    with pytest.raises(ValueError, match="take more of them"):
        bands(0.1, 8)


def test_the_curve_is_printed() -> None:
    assert Bands(14, 8).curve() == (
        "14 bands of 8 rows: P(candidate) 0.053 at 0.5, 0.211 at 0.6, 0.565 at 0.7, 0.924 at 0.8, 1.000 at 0.9"
    )


def test_pairs_meet_as_often_as_the_curve_says() -> None:
    random, settings, jaccard = np.random.default_rng(5), Bands(18, 7), 0.7
    first = random.integers(0, 1 << 32, (4000, 128), dtype=np.uint32)
    second = np.where(random.random(first.shape) < jaccard, first, first + np.uint32(1))
    met = (buckets(first, settings) == buckets(second, settings)).any(axis=1).mean()
    # Four standard errors of a share of 4,000.
    assert abs(met - settings.probability(jaccard)) < 4 * (0.787 * 0.213 / 4000) ** 0.5


def test_buckets_of_different_bands_are_different_even_for_equal_rows() -> None:
    assert len(set(buckets(np.zeros((1, 8), np.uint32), Bands(4, 2))[0].tolist())) == 4


def test_the_order_of_rows_within_a_band_counts() -> None:
    signed = np.array([[1, 2], [2, 1]], np.uint32)
    first, second = buckets(signed, Bands(1, 2)).ravel().tolist()
    assert first != second


def test_bands_that_need_more_rows_than_there_are_are_refused() -> None:
    with pytest.raises(ValueError, match="more than 8 permutations"):
        buckets(np.zeros((1, 8), np.uint32), Bands(3, 3))
