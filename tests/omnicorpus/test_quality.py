"""Measures of pixels: known pictures have known numbers."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from omnicorpus import quality

GRAYS = arrays.arrays(np.uint8, st.tuples(st.integers(1, 12), st.integers(1, 12)))


def test_one_gray_is_neither_sharp_nor_varied() -> None:
    plain = np.full((20, 30), 77, np.uint8)
    assert quality.sharpness(plain) == 0.0
    assert quality.entropy([0] * 77 + [600] + [0] * 178) == 0.0
    assert quality.main_colour(np.full((4, 5, 3), 77, np.uint8)) == 1.0


def test_an_edge_is_sharper_than_a_slope() -> None:
    edge = np.zeros((20, 20), np.uint8)
    edge[:, 10:] = 200
    slope = np.tile(np.linspace(0, 200, 20).astype(np.uint8), (20, 1))
    assert quality.sharpness(edge) > 100 * max(quality.sharpness(slope), 0.01)


def test_a_single_bright_point_has_the_laplacian_of_its_kernel() -> None:
    point = np.zeros((5, 5), np.uint8)
    point[2, 2] = 1
    # Nine places that have all neighbours: -4 once, 1 four times, 0 four times; their mean is 0.
    assert round(quality.sharpness(point), 5) == round((16 + 4) / 9, 5)


def test_pictures_without_a_middle_are_not_sharp() -> None:
    assert quality.sharpness(np.zeros((2, 9), np.uint8)) == 0.0


def test_entropy_is_bits_of_the_distribution() -> None:
    assert quality.entropy([5, 5]) == 1.0
    assert quality.entropy([7] * 256) == 8.0
    assert quality.entropy([]) == 0.0


def test_shades_of_a_colour_are_one_colour() -> None:
    pixels = np.array([[[8, 8, 8], [15, 8, 8]], [[16, 8, 8], [255, 0, 0]]], np.uint8)
    assert quality.main_colour(pixels) == 0.5


@given(GRAYS)
def test_sharpness_is_the_variance_of_the_laplacian(levels: np.ndarray) -> None:
    values = levels.astype(float)
    if min(levels.shape) < 3:
        assert quality.sharpness(levels) == 0.0
        return
    curved = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:] - 4 * values[1:-1, 1:-1]
    assert np.isclose(quality.sharpness(levels), curved.var(), rtol=1e-4, atol=0.1)
