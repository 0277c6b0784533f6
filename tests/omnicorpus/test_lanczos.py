"""Our resize is Pillow's, pixel by pixel."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from omnicorpus import lanczos

SIDES = st.integers(1, 200)


@given(SIDES, SIDES, st.integers(1, 40), st.integers(1, 40), st.integers(0, 999))
def test_every_shape_is_resized_as_pillow_does_it(rows: int, columns: int, width: int, height: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 256, (rows, columns), np.uint8)
    expected = np.asarray(Image.fromarray(values).resize((width, height), Image.Resampling.LANCZOS))
    assert np.array_equal(lanczos.resized(values, width, height), expected)


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 999))
def test_the_loops_stay_within_their_arrays(rows: int, columns: int, seed: int) -> None:
    """Uncompiled they would raise where they don't."""
    values = np.random.default_rng(seed).integers(0, 256, rows * columns, np.uint8)
    first, taps, weights = lanczos._weights(columns, 8)
    narrow = lanczos.across.py_func(values, columns, first, taps, weights)  # type: ignore[attr-defined]
    assert np.array_equal(narrow, lanczos.across(values, columns, first, taps, weights))
    first, taps, weights = lanczos._weights(rows, 8)
    small = lanczos.upright.py_func(narrow, 8, first, taps, weights)  # type: ignore[attr-defined]
    assert np.array_equal(small, lanczos.upright(narrow, 8, first, taps, weights))
