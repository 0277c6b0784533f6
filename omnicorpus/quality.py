"""How sharp, how varied and how plain a picture is: three numbers from its pixels, without a model. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def sharpness(levels: np.ndarray) -> float:
    """The variance of the Laplacian (4 neighbours) of gray values 0–255, of the pixels that have all neighbours.

    0 for one gray; blurred photographs are under 100, sharp ones and screenshots have hundreds and thousands (Pech-
    Pacheco et al. 2000 propose the measure; no threshold fits all pictures). Pictures under 3 pixels have 0.
    """
    if min(levels.shape) < 3:
        return 0.0
    values = levels.astype(np.int16)
    middle = values[1:-1, 1:-1]
    curved = values[:-2, 1:-1] + values[2:, 1:-1] + values[1:-1, :-2] + values[1:-1, 2:] - (middle << 2)
    flat = curved.astype(np.float32).ravel()
    # Sums of squares of whole numbers under 2^20: float32 adds them in blocks, exact to six digits.
    return max(0.0, float(np.dot(flat, flat)) / flat.size - float(curved.mean(dtype=np.float64)) ** 2)


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
