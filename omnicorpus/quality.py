"""How sharp, how varied and how plain a picture is: three numbers from its pixels, without a model. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from omnicorpus.native import compiled


def sharpness(levels: np.ndarray) -> float:
    """The variance of the Laplacian (4 neighbours) of gray values 0–255, of the pixels that have all neighbours.

    0 for one gray; blurred photographs are under 100, sharp ones and screenshots have hundreds and thousands (Pech-
    Pacheco et al. 2000 propose the measure; no threshold fits all pictures). Pictures under 3 pixels have 0.
    """
    if min(levels.shape) < 3:
        return 0.0
    total, squares = curvature(levels.ravel(), levels.shape[1])
    count = (levels.shape[0] - 2) * (levels.shape[1] - 2)
    return max(0.0, float(squares / count - (total / count) ** 2))


@compiled("bytes", "int")
def curvature(values: np.ndarray, columns: int) -> tuple[int, int]:
    """The sum of the Laplacian, and of its squares, over the pixels of a flat picture that have all neighbours."""
    total = squares = 0
    for start in range(columns, values.size - columns, columns):
        above, row = values[start - columns : start], values[start : start + columns]
        below = values[start + columns : start + 2 * columns]
        for place in range(1, columns - 1):
            curved = above[place] + below[place] + row[place - 1] + row[place + 1] - 4 * row[place]
            total += curved
            squares += curved * curved
    return total, squares


def entropy(histogram: Sequence[int]) -> float:
    """Bits a pixel of the distribution of gray values, given how often each is seen: 0 for one gray, 8 where all 256
    are as frequent."""
    counts = np.array(histogram, dtype=np.float64)
    shares = counts[counts > 0] / max(1.0, counts.sum())
    return max(0.0, float(-(shares * np.log2(shares)).sum()))


SHADES = 5
"""Bits a channel by which colours are told apart: 32 shades each, so that the noise of a JPEG is no new colour."""


def main_colour(pixels: np.ndarray) -> float:
    """The share, 0–1, of the most frequent colour among pixels, uint8 of shape (..., 3): 1 for a plain surface."""
    shades = (pixels.reshape(-1, 3) >> (8 - SHADES)).astype(np.int32)
    colours = (shades[:, 0] << (2 * SHADES)) | (shades[:, 1] << SHADES) | shades[:, 2]
    return float(np.bincount(colours).max(initial=0)) / max(1, len(colours))
