"""The compiled half of `omnicorpus.body`: a page has so few rows that each call of numpy costs more than its
arithmetic, and so does a library for products of matrices, which copies the weights for each."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from omnicorpus.native import compiled, inlined, summing

CLIP = np.float32(4)
"""Scaled measures beyond this, on either side, count as this."""
_ZERO, _ONE = np.float32(0), np.float32(1)


@summing
def _layer(
    first: NDArray[np.float32],
    second: NDArray[np.float32],
    width: int,
    weights: NDArray[np.float32],
    biases: NDArray[np.float32],
    of_first: NDArray[np.float32],
    of_second: NDArray[np.float32],
    units: int,
) -> None:
    """One layer for two rows of `width` values at once, four units at once: eight sums that share what they load.
    `weights` has those of a unit side by side."""
    unit = 0
    while unit + 4 <= units:
        a = weights[unit * width : (unit + 1) * width]
        b = weights[(unit + 1) * width : (unit + 2) * width]
        c = weights[(unit + 2) * width : (unit + 3) * width]
        d = weights[(unit + 3) * width : (unit + 4) * width]
        first_a = first_b = first_c = first_d = second_a = second_b = second_c = second_d = _ZERO
        for index in range(width):
            one, two = first[index], second[index]
            first_a += one * a[index]
            first_b += one * b[index]
            first_c += one * c[index]
            first_d += one * d[index]
            second_a += two * a[index]
            second_b += two * b[index]
            second_c += two * c[index]
            second_d += two * d[index]
        of_first[unit : unit + 4] = (first_a, first_b, first_c, first_d)
        of_second[unit : unit + 4] = (second_a, second_b, second_c, second_d)
        unit += 4
    while unit < units:
        a = weights[unit * width : (unit + 1) * width]
        first_a = second_a = _ZERO
        for index in range(width):
            first_a += first[index] * a[index]
            second_a += second[index] * a[index]
        of_first[unit], of_second[unit] = first_a, second_a
        unit += 1
    for unit in range(units):
        of_first[unit] += biases[unit]
        of_second[unit] += biases[unit]


@inlined
def _scale(
    row: NDArray[np.float32], mean: NDArray[np.float32], scale: NDArray[np.float32], to: NDArray[np.float32]
) -> None:
    for column in range(len(mean)):
        to[column] = min(max((row[column] - mean[column]) / scale[column], -CLIP), CLIP)


@compiled("matrix", "longs", "floats", "floats", "longs", "floats", "floats")
def probability(
    rows: NDArray[np.float32],
    positions: NDArray[np.int64],
    mean: NDArray[np.float32],
    scale: NDArray[np.float32],
    widths: NDArray[np.int64],
    weights: NDArray[np.float32],
    biases: NDArray[np.float32],
) -> Any:
    """The probability of the rows at some positions: less `mean`, over `scale`, clipped, then through layers of
    `widths` (that of the rows first, then the units of each layer) with ReLU between them. `weights` are those of all
    layers, one unit behind the other, `biases` likewise."""
    count = len(positions)
    found = np.empty(count, dtype=np.float32)
    values = np.empty((4, widths.max()), dtype=np.float32)
    for index in range(0, count, 2):
        first, second, of_first, of_second = values[0], values[1], values[2], values[3]
        other = min(index + 1, count - 1)
        _scale(rows[positions[index]], mean, scale, first)
        _scale(rows[positions[other]], mean, scale, second)
        weight = bias = 0
        for layer in range(1, len(widths)):
            width, units = widths[layer - 1], widths[layer]
            if layer > 1:
                for unit in range(width):
                    first[unit], second[unit] = max(first[unit], _ZERO), max(second[unit], _ZERO)
            _layer(first, second, width, weights[weight:], biases[bias:], of_first, of_second, units)
            weight += width * units
            bias += units
            first, second, of_first, of_second = of_first, of_second, first, second
        found[index], found[other] = first[0], second[0]
    for index in range(count):
        found[index] = _ONE / (_ONE + np.exp(-found[index]))
    return found


@compiled("doubles", "doubles")
def best_set(probability: NDArray[np.float64], weight: NDArray[np.float64]) -> Any:
    """The items whose choice has the largest expected F1, where item i belongs to the truth with `probability[i]`.

    `weight` is the tokens of each item. The choice is the most probable items down to some rank; the rank is found by
    trying all (E[F1] is taken as 2 E[common] / (chosen + E[true])).
    """
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


@compiled("matrix", "flags", "floats", "floats", "floats", "longs", "floats", "floats")
def chosen(
    rows: NDArray[np.float32],
    is_text: NDArray[np.bool_],
    tokens: NDArray[np.float32],
    mean: NDArray[np.float32],
    scale: NDArray[np.float32],
    widths: NDArray[np.int64],
    weights: NDArray[np.float32],
    biases: NDArray[np.float32],
) -> Any:
    """For each row, whether it is a text of the best set of all texts; the last five as in `probability`."""
    positions = np.flatnonzero(is_text)
    found = np.zeros(len(rows), dtype=np.bool_)
    if len(positions):
        likely = probability(rows, positions, mean, scale, widths, weights, biases)
        found[positions] = best_set(likely.astype(np.float64), tokens[positions].astype(np.float64))
    return found
