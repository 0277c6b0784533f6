"""The compiled half of `omnicorpus.body`: a page has so few rows that each call of numpy but products of matrices costs
more than its arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnicorpus.native import compiled

CLIP = np.float32(4)
"""Scaled measures beyond this, on either side, count as this."""


@compiled("matrix", "longs", "floats", "floats", "int")
def scaled(
    rows: NDArray[np.float32],
    positions: NDArray[np.int64],
    mean: NDArray[np.float32],
    scale: NDArray[np.float32],
    batch: int,
) -> Any:
    """The rows at some positions, less `mean`, over `scale`, clipped: (batches, batch, columns), zeros at the end."""
    count, width = len(positions), rows.shape[1]
    batches = -(-count // batch)
    values = np.empty((batches * batch, width), dtype=np.float32)
    for index in range(count):
        row, value = rows[positions[index]], values[index]
        for column in range(width):
            value[column] = min(max((row[column] - mean[column]) / scale[column], -CLIP), CLIP)
    values[count:] = 0
    return values.reshape((batches, batch, width))


@compiled("matrix", "floats", "floats", "floats", "floats")
def alone(
    rows: NDArray[np.float32],
    mean: NDArray[np.float32],
    scale: NDArray[np.float32],
    weights: NDArray[np.float32],
    bias: NDArray[np.float32],
) -> Any:
    """The probability of each row where a network is one layer of one unit."""
    found = np.empty(len(rows), dtype=np.float32)
    for index in range(len(rows)):
        row = rows[index]
        total = np.float64(bias[0])
        for column in range(len(weights)):
            total += min(max((row[column] - mean[column]) / scale[column], -CLIP), CLIP) * weights[column]
        found[index] = 1 / (1 + np.exp(-total))
    return found


@compiled("doubles", "doubles")
def best_set(probability: NDArray[np.float64], weight: NDArray[np.float64]) -> Any:
    """See `omnicorpus.body.best_set`."""
    order = np.argsort(-probability, kind="mergesort")
    common = chosen = true = 0.0
    for item in range(len(order)):
        true += probability[item] * weight[item]
    best = -1.0
    threshold = 2.0
    for item in order:
        common += probability[item] * weight[item]
        chosen += weight[item]
        expected = 2 * common / (chosen + true + 1e-9)
        if expected > best:
            best, threshold = expected, probability[item]
    return probability >= threshold
