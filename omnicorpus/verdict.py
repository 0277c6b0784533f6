"""The compiled half of `omnicorpus.body`: what stands before and behind the one product of matrices that is worth a
library. A page has some hundred rows, so that each further call of numpy would cost more than its arithmetic."""

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


@compiled("floats", "longs", "floats", "floats")
def probability(
    values: NDArray[np.float32], widths: NDArray[np.int64], weights: NDArray[np.float32], biases: NDArray[np.float32]
) -> Any:
    """The probability of each row behind the first product of a network: `widths` are those of all layers, `weights` of
    all but the first and `biases` of all, flat."""
    first = widths[0]
    found = np.empty(len(values) // first, dtype=np.float32)
    inside, outside = np.empty(widths.max(), dtype=np.float32), np.empty(widths.max(), dtype=np.float32)
    for row in range(len(found)):
        for unit in range(first):
            inside[unit] = values[row * first + unit] + biases[unit]
        weight, bias, width = 0, first, first
        for further in widths[1:]:
            outside[:further] = biases[bias : bias + further]
            for unit in range(width):
                value = inside[unit]
                if value > 0:
                    for other in range(further):
                        outside[other] += value * weights[weight + other]
                weight += further
            bias += further
            width = further
            inside, outside = outside, inside
        found[row] = np.float32(1) / (np.float32(1) + np.exp(-inside[0]))
    return found


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
