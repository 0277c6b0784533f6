"""Bottom-k sketches: the least k of a set's hashes. They tell the Jaccard similarity of two sets better than a
signature.

A sketch is a sample of the set without replacement, so that its error falls with the part of the set that it holds,
and is none where it holds all: for sets of 522 words the standard error at 0.8 is 0.019 with 256 numbers, against
0.035 of a MinHash of 128 and 0.025 of one of 256 (Cohen and Kaplan, Summarizing Data Using Bottom-k Sketches, PODC
2007; Thorup, Bottom-k and Priority Sampling, STOC 2013). A signature has bands, and a sketch has none: one finds
pairs, the other judges them.
"""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import numpy.typing as npt

SIZE = 256
"""Numbers of a sketch, 1 kB: two texts of up to 260 words are compared exactly."""

_NONE = np.uint32(0xFFFFFFFF)

_ROWS_AT_ONCE = 4_096
"""Pairs compared at once: 8 MB."""

Hashes = npt.NDArray[np.uint32]
Sizes = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]


def empty(rows: int) -> Hashes:
    """Sketches of empty sets: rows x SIZE, all places filled with the greatest number, which stands for none."""
    return np.full((rows, SIZE), _NONE, np.uint32)


def fill(row: Hashes, hashes: Hashes) -> None:
    """Put the sketch of a set, given in ascending order without repetition, into an empty row."""
    row[: len(hashes)] = hashes[:SIZE]


def similarity(first: Hashes, first_sizes: Sizes, second: Hashes, second_sizes: Sizes) -> Shares:
    """The Jaccard similarity of each pair of rows, 0 to 1; exact where both sets have at most SIZE members.

    Empty sets are like nothing. Else it is the share of the union's least SIZE members that are in both sets.
    """
    found = np.zeros(len(first), np.float64)
    for start in range(0, len(first), _ROWS_AT_ONCE):
        part = slice(start, start + _ROWS_AT_ONCE)
        whole = (first_sizes[part] <= SIZE) & (second_sizes[part] <= SIZE)
        both, union = _counts(first[part], second[part], np.where(whole, 2 * SIZE, SIZE))
        found[part] = both / np.maximum(union, 1)
    return found


def _counts(first: Hashes, second: Hashes, limit: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], ...]:
    """Of the least `limit` members of each union: how many are in both sets, and how many there are."""
    merged = np.sort(np.concatenate((first, second), axis=1), axis=1)
    new = np.ones(merged.shape, bool)
    np.not_equal(merged[:, 1:], merged[:, :-1], out=new[:, 1:])
    new &= merged != _NONE
    place = np.cumsum(new, axis=1, dtype=np.int16)
    within = place <= limit[:, None]
    twice = ~new & within & (merged != _NONE)
    return twice.sum(axis=1), (new & within).sum(axis=1)


def allowance(jaccard: float, first_sizes: Sizes, second_sizes: Sizes, *, kept: float) -> Shares:
    """How far the estimate of a pair at `jaccard` may fall below it by chance, so that the share `kept` of them still
    holds.

    The standard error of sampling SIZE of the union's members without replacement, times the normal quantile. `kept` is
    in (0, 1); 0.5 allows nothing.
    """
    union = (first_sizes + second_sizes) / (1 + jaccard)
    whole = (first_sizes <= SIZE) & (second_sizes <= SIZE)
    left = np.where(whole, 0.0, np.maximum(0.0, 1 - SIZE / np.maximum(union, 1)))
    return np.asarray(NormalDist().inv_cdf(kept) * np.sqrt(jaccard * (1 - jaccard) / SIZE * left), np.float64)
